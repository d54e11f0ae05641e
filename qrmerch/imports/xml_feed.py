"""An XML feed (Google Merchant, or any list of like elements) as records, read piece by piece.

Declarations of entities are refused, so nothing can grow or be fetched. Feeds that are not well-formed, because of a
bare "&" or HTML's names of characters, are read after a repair, and that is said.
"""

import codecs
import html.entities
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final
from xml.parsers import expat

from qrmerch.imports.encodings import Encoding
from qrmerch.imports.problems import Problem, SheetRejected
from qrmerch.imports.records import Record

_READ_AT_ONCE: Final = 1 << 16
_MAX_DEEP: Final = 40
_MAX_FIELD_CHARS: Final = 200_000
# A feed names its elements the same way over and over, and an item has no more values than a list has columns.
_MAX_PATHS: Final = 5_000
_MAX_VALUES: Final = 10_000
# expat reads what is between "<" and ">" from its beginning again with each part that comes.
_MAX_TAG_BYTES: Final = 1_000_000
_RECORDS: Final = ("item", "entry", "product", "offer", "shopitem", "article", "variant")
_REFERENCE: Final = re.compile(
    r"&(?!(?:#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)([a-zA-Z][a-zA-Z0-9]{1,30};)?"
)
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# As long as the longest reference that is looked for.
_TAIL_CHARS: Final = 40


class XmlFeed:
    """The records of an XML file; can be gone through again. `remarks` says what was repaired.

    :param find_encoding: asked for the encoding when the file's own word for it does not hold.
    :raises SheetRejected: not well-formed beyond repair, with entities of its own, or without a list of elements.
    """

    def __init__(self, open_file: Callable[[], BinaryIO], find_encoding: Callable[[], Encoding]) -> None:
        self._open = open_file
        self._repairing: Encoding | None = None
        self.remarks: tuple[Problem, ...] = ()
        try:
            self._path = self._find_path()
        except expat.ExpatError as error:
            self._repairing = find_encoding()
            self.remarks = (_repaired(error),)
            self._path = self._find_path_repaired()

    @property
    def encoding(self) -> str:
        return self._repairing.name if self._repairing else "UTF-8"

    def __iter__(self) -> Iterator[Record]:
        reader = _Reader(self._path)
        try:
            for part in self._parts():
                reader.feed(part)
                yield from reader.take()
            reader.parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise _broken(error) from None
        yield from reader.take()

    def _find_path(self) -> tuple[str, ...]:
        counter = _Counter()
        for part in self._parts():
            counter.feed(part)
        counter.parser.Parse(b"", True)
        return counter.path()

    def _find_path_repaired(self) -> tuple[str, ...]:
        try:
            return self._find_path()
        except expat.ExpatError as error:
            raise _broken(error) from None

    def _parts(self) -> Iterator[bytes]:
        with self._open() as file:
            if self._repairing is None:
                while part := file.read(_READ_AT_ONCE):
                    yield part
                return
            decoder = codecs.getincrementaldecoder(self._repairing.codec)(self._repairing.errors)
            text = ""
            while part := file.read(_READ_AT_ONCE):
                text += decoder.decode(part)
                cut = text.rfind("&", len(text) - _TAIL_CHARS) if len(text) > _TAIL_CHARS else 0
                cut = len(text) if cut < 0 else cut
                yield _mend(text[:cut])
                text = text[cut:]
            yield _mend(text + decoder.decode(b"", final=True))


def _mend(text: str) -> bytes:
    """`text` as XML in UTF-8 that a strict parser reads: what is no reference is a plain "&"."""
    text = re.sub(r"^\ufeff?\s*<\?xml[^>]*\?>", "", text) if "<?xml" in text[:200] else text
    return _NOT_XML.sub(" ", _REFERENCE.sub(_referred, text)).encode("utf-8", "replace")


def _referred(found: re.Match[str]) -> str:
    named = html.entities.html5.get(found[1] or "") if found[1] else None
    if named:
        return "".join(f"&#{ord(character)};" for character in named)
    return "&amp;" + (found[1] or "")


def _repaired(error: expat.ExpatError) -> Problem:
    return Problem(
        "XML_REPAIRED",
        "",
        f"This file is not well-formed XML: line {error.lineno:,} has a bare “&” or a character that XML does not know"
        " there. It was read as if it were written right; look at that item.",
        "",
        is_error=False,
    )


def _broken(error: expat.ExpatError) -> SheetRejected:
    cause = expat.errors.messages.get(error.code, "not well-formed")
    return SheetRejected(
        f"This XML file cannot be read on after line {error.lineno:,}: {cause}. Export it again; if it was cut off,"
        " download it once more."
    )


class _Parser:
    """What both readings of a file share: no declarations, no endless depth."""

    def __init__(self) -> None:
        # "utf-8" would overrule the file's own word; None believes it.
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse_declarations
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self._stack: list[str] = []
        self._fed = 0

    def feed(self, part: bytes) -> None:
        """Read on.

        :raises SheetRejected: a tag or remark has no end for longer than any feed's.
        """
        self.parser.Parse(part, False)
        self._fed += len(part)
        if self._fed - self.parser.CurrentByteIndex > _MAX_TAG_BYTES:
            raise SheetRejected(
                f"In line {self.parser.CurrentLineNumber:,} of this XML file something is opened with “<” and goes on"
                " for more than 1 MB. Export it again."
            )

    def _refuse_declarations(self, *_: object) -> None:
        raise SheetRejected("This XML file declares a document type, which feeds do not need. Export it without.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._stack.append(name)
        if len(self._stack) > _MAX_DEEP:
            raise SheetRejected(f"This XML file nests more than {_MAX_DEEP} elements. Export a plain list of items.")

    def _end(self, name: str) -> None:
        self._stack.pop()


class _Counter(_Parser):
    """Finds which element is the record."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: Counter[tuple[str, ...]] = Counter()
        self._has_children: list[bool] = []

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        super()._start(name, attributes)
        if self._has_children:
            self._has_children[-1] = True
        self._has_children.append(bool(attributes) and len(self._stack) > 1)

    def _end(self, name: str) -> None:
        if self._has_children.pop() and len(self._stack) > 1:
            self._counts[tuple(self._stack)] += 1
            if len(self._counts) > _MAX_PATHS:
                raise SheetRejected("This XML file is no list of like elements: each is called in a way of its own.")
        super()._end(name)

    def path(self) -> tuple[str, ...]:
        """The record's element with those around it: a usual name first, then what repeats, then the outermost."""
        if not self._counts:
            raise SheetRejected("There is no list of items in this XML file.")
        return min(
            self._counts,
            key=lambda path: (
                path[-1].rpartition(":")[2].lower() not in _RECORDS,
                self._counts[path] < 2,
                len(path),
                -self._counts[path],
            ),
        )


class _Reader(_Parser):
    """Collects the records at one path."""

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__()
        self.parser.CharacterDataHandler = self._characters
        self._path = list(path)
        self._depth = len(path)
        self._record: dict[str, list[str]] | None = None
        self._text: list[str] = []
        self._length = self._values = 0
        self._done: list[Record] = []

    def take(self) -> list[Record]:
        """The records that are complete since the last call."""
        done, self._done = self._done, []
        return done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        super()._start(name, attributes)
        if self._record is None:
            if self._stack == self._path:
                self._record = {key: [value] for key, value in attributes.items() if not key.startswith("xmlns")}
                self._values = 0
        else:
            self._values += 1 + len(attributes)
            if self._values > _MAX_VALUES:
                raise SheetRejected(f"An item of this XML file has more than {_MAX_VALUES:,} values. Export it again.")
            self._text, self._length = [], 0
            for key, value in attributes.items():
                self._record.setdefault(f"{self._field()}.{key}", []).append(value)

    def _end(self, name: str) -> None:
        if self._record is not None:
            if len(self._stack) == self._depth:
                self._done.append({key: " | ".join(filter(None, texts)) for key, texts in self._record.items()})
                self._record = None
            else:
                text = "".join(self._text).strip()
                if text or self._field() not in self._record:
                    self._record.setdefault(self._field(), []).append(text)
                self._text, self._length = [], 0
        super()._end(name)

    def _characters(self, text: str) -> None:
        if self._record is not None and len(self._stack) > self._depth and self._length < _MAX_FIELD_CHARS:
            self._text.append(text)
            self._length += len(text)

    def _field(self) -> str:
        return ".".join(self._stack[self._depth :])
