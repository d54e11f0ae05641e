"""A JSON list of objects, read item by item: `[{…}, …]`, `{"products": [{…}, …]}` or one object a line."""

import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final

import ijson

from qrmerch.imports.encodings import Encoding
from qrmerch.imports.problems import SheetRejected
from qrmerch.imports.records import Record, flatten

_FIRST_LINE_BYTES: Final = 1 << 20
_LINES: Final = ""
_MAX_DEEP: Final = 40
# An item of as many variants as are read (`records.py`), each with some forty fields.
_MAX_VALUES: Final = 200_000
# As many as in a row of a CSV file.
_MAX_CHARS: Final = 5_000_000
# Of each value ijson's way to the items makes a text of all names that it stands in.
_MAX_NAME_CHARS: Final = 1_000
# A text is looked at from its beginning again with each part that comes.
_READ_AT_ONCE: Final = 1 << 18
# Python reads 4,300 digits, unless it is told otherwise.
_MAX_DIGITS: Final = 1_000
_ENDLESS_NUMBER: Final = re.compile(rb"[0-9]{%d}" % _MAX_DIGITS)
# The last of an endless exponent.
_BROKEN: Final = (ijson.JSONError, UnicodeDecodeError, ArithmeticError)
_ITEMS_APART: Final = "Look whether each item is an object of its own in the list, and export it again."


class _Screened:
    """A file without endless numbers: of a whole number that Python refuses to read, ijson's parser in C goes on with
    the error unanswered, and the process dies.

    :raises SheetRejected: while reading: so many digits in a row, in a number or elsewhere.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._tail = b""

    def read(self, size: int) -> bytes:
        part = self._file.read(size)
        if _ENDLESS_NUMBER.search(self._tail + part):
            raise SheetRejected("There is a number of thousands of digits in this JSON file. Export it again.")
        self._tail = (self._tail + part)[-_MAX_DIGITS:]
        return part


class _Survey:
    """What a JSON file is like, event by event, before any of it is kept: where its items are, and that none is more
    than can be kept. What stands before the first item is measured as if it were one.

    :param prefix: the path of the items, where that is known.
    :raises SheetRejected: while going on: deeper or larger than any catalogue's.
    """

    def __init__(self, prefix: str | None) -> None:
        self.prefix = prefix
        self._path, self._opened = "", list[str]()
        self._before = ""
        self._values = self._chars = 0
        self._item_depth: int | None = None

    def take(self, event: str, value: Any) -> None:
        if event == "map_key":
            self._name(value)
        elif event in ("start_map", "start_array"):
            self._open(event)
        elif event in ("end_map", "end_array"):
            self._close()
        if self._item_depth is not None or self.prefix is None:
            self._measure(value)
        self._before = event

    def _name(self, name: str) -> None:
        if len(name) > _MAX_NAME_CHARS:
            raise SheetRejected("There is a name of thousands of characters in this JSON file. Export it again.")
        # In an item there are no others to be found.
        if self._item_depth is None:
            self._path = f"{self._opened[-1]}.{name}" if len(self._opened) > 1 else name

    def _open(self, event: str) -> None:
        if self.prefix is None and event == "start_map" and self._before == "start_array":
            self.prefix = self._path
        if self._item_depth is None and self._path == self.prefix:
            self._item_depth = len(self._opened)
            self._values = self._chars = 0
        self._opened.append(self._path)
        if len(self._opened) > _MAX_DEEP:
            raise SheetRejected(f"This JSON file nests more than {_MAX_DEEP} lists. Export a plain list of items.")
        if event == "start_array":
            self._path = f"{self._path}.item" if self._path else "item"

    def _close(self) -> None:
        self._path = self._opened.pop()
        if len(self._opened) == self._item_depth:
            self._item_depth = None

    def _measure(self, value: Any) -> None:
        self._values += 1
        if self._values > _MAX_VALUES:
            raise SheetRejected(
                f"One item of this JSON file has more than {_MAX_VALUES:,} names and values. {_ITEMS_APART}"
            )
        if isinstance(value, str):
            self._chars += len(value)
            if self._chars > _MAX_CHARS:
                raise SheetRejected(
                    f"One item of this JSON file has more than {_MAX_CHARS:,} characters. {_ITEMS_APART}"
                )


class _Utf8(io.RawIOBase):
    """A text as its bytes in UTF-8."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        super().__init__()
        self._text = text

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        # No character has more than four bytes.
        part = self._text.read(max(1, len(buffer) // 4)).encode("utf-8", "replace")
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._text.close()
        super().close()


class JsonList:
    """The records of a JSON file; can be gone through again.

    :raises SheetRejected: there is no list of objects in it, or (while going through) it breaks off.
    """

    def __init__(self, open_file: Callable[[], BinaryIO], encoding: Encoding) -> None:
        self._open, self._encoding = open_file, encoding
        self._prefix = self._find_list()

    def __iter__(self) -> Iterator[Record]:
        count = 0
        try:
            with self._utf8() as file:
                for count, value in enumerate(self._values(file), start=1):
                    if not isinstance(value, dict):
                        raise SheetRejected(f"Entry {count:,} of this JSON list is not an object with named values.")
                    yield from flatten(value)
        except _BROKEN:
            raise SheetRejected(
                f"This JSON file breaks off or is not well written after {count:,} items. Export it again."
            ) from None

    def _values(self, file: BinaryIO) -> Iterator[Any]:
        return iter(ijson.items(file, self._prefix, multiple_values=self._prefix == _LINES))

    def _find_list(self) -> str:
        """Where the objects are, as ijson calls it."""
        with self._utf8() as file:
            survey = _Survey(_LINES if self._is_one_a_line(file) else None)
        try:
            with self._utf8() as file:
                for event, value in ijson.basic_parse(_Screened(file), multiple_values=True, buf_size=_READ_AT_ONCE):
                    survey.take(event, value)
        except _BROKEN:
            raise SheetRejected("This JSON file is not well written. Export it again, or export CSV.") from None
        if survey.prefix is None:
            raise SheetRejected("There is no list of items in this JSON file. It should look like [{…}, {…}].")
        return survey.prefix

    def _is_one_a_line(self, file: BinaryIO) -> bool:
        line = file.readline(_FIRST_LINE_BYTES).strip()
        try:
            return line.startswith(b"{") and isinstance(json.loads(line), dict) and file.read(1) == b"{"
        except (ValueError, RecursionError):
            return False

    def _utf8(self) -> BinaryIO:
        file = self._open()
        if self._encoding.codec == "utf-8" and self._encoding.errors == "strict":
            return file
        return io.BufferedReader(_Utf8(io.TextIOWrapper(file, self._encoding.codec, self._encoding.errors)))
