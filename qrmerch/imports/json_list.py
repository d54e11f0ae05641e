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
_LINES: Final = "lines"
_MAX_DEEP: Final = 40
_READ_AT_ONCE: Final = 1 << 20
# Python reads 4,300 digits, unless it is told otherwise.
_MAX_DIGITS: Final = 1_000
_ENDLESS_NUMBER: Final = re.compile(rb"[0-9]{%d}" % _MAX_DIGITS)
# The last of an endless exponent.
_BROKEN: Final = (ijson.JSONError, UnicodeDecodeError, ArithmeticError)


def _refuse_endless_numbers(file: BinaryIO) -> None:
    """Ask before ijson reads a file: of a whole number that Python refuses to read, its parser in C goes on with the
    error unanswered, and the process dies.

    :raises SheetRejected: so many digits in a row, in a number or elsewhere.
    """
    tail = b""
    while part := file.read(_READ_AT_ONCE):
        if _ENDLESS_NUMBER.search(tail + part):
            raise SheetRejected("There is a number of thousands of digits in this JSON file. Export it again.")
        tail = (tail + part)[-_MAX_DIGITS:]


def _refuse_deep(file: BinaryIO) -> None:
    """Ask of a file what costs ijson more than it gives: how deep it nests.

    :raises SheetRejected: deeper than any catalogue.
    """
    depth = 0
    for event, _ in ijson.basic_parse(file, multiple_values=True):
        if event in ("start_map", "start_array"):
            depth += 1
            if depth > _MAX_DEEP:
                raise SheetRejected(f"This JSON file nests more than {_MAX_DEEP} lists. Export a plain list of items.")
        elif event in ("end_map", "end_array"):
            depth -= 1


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
        if self._prefix == _LINES:
            return iter(ijson.items(file, "", multiple_values=True))
        return iter(ijson.items(file, self._prefix))

    def _find_list(self) -> str:
        """Where the objects are, as ijson calls it."""
        try:
            with self._utf8() as file:
                _refuse_endless_numbers(file)
            with self._utf8() as file:
                _refuse_deep(file)
            with self._utf8() as file:
                if self._is_one_a_line(file):
                    return _LINES
            with self._utf8() as file:
                before = ("", "")
                for prefix, event, _ in ijson.parse(file):
                    if event == "start_map" and before[1] == "start_array":
                        return str(prefix)
                    before = (prefix, event)
        except _BROKEN:
            raise SheetRejected("This JSON file is not well written. Export it again, or export CSV.") from None
        raise SheetRejected("There is no list of items in this JSON file. It should look like [{…}, {…}].")

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
