"""Reading a catalogue file of any shape into rows of text.

In: a file that somebody calls their catalogue: CSV in any encoding and with any mark between cells, a workbook, JSON,
XML. Out: a header and numbered rows that can be gone through again and are never all in memory, or a `SheetRejected`
that says what the file is instead and what to do. Never: a guess about what a column means (`columns.py`).
"""

import csv
import io
import re
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from qrmerch.imports import workbook
from qrmerch.imports.columns import find_header
from qrmerch.imports.encodings import Encoding, find_encoding
from qrmerch.imports.json_list import JsonList
from qrmerch.imports.problems import Problem, SheetRejected
from qrmerch.imports.records import Record, header_of
from qrmerch.imports.xml_feed import XmlFeed

CSV: Final = "CSV"
WORKBOOK: Final = "Excel"
JSON: Final = "JSON"
XML: Final = "XML"

_DELIMITERS: Final = (",", ";", "\t", "|")
_SAVE_AS: Final = "Open it in your spreadsheet and save it as “CSV UTF-8”, then send that file."
_FOREIGN: Final[tuple[tuple[bytes, str], ...]] = (
    (rb"PK\x03\x04|PK\x05\x06",
     "This is a ZIP archive, not a list. Pictures go to “Pictures”; a list is sent unpacked."),
    (rb"%PDF", "This is a PDF. Ask for the list as a spreadsheet, and save that as “CSV UTF-8”."),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF|II\*\x00|MM\x00\*|BM.{4}\x00|.{4}ftyp",
     "This is a picture or a video, not a list. Pictures go to “Pictures”."),
    (rb"\x1f\x8b|7z\xbc\xaf|Rar!|\xfd7zXZ|BZh", "This file is compressed. Unpack it and send the file inside."),
    (rb"(?i)\s*<(!doctype html|html|head|body|script|style|meta|table)",
     "This is a web page, not a list. Download the export again; if it is a sign-in page, sign in first."),
)  # fmt: skip
_IS_XML: Final = re.compile(rb"\s*<(\?xml|rss|feed|[a-zA-Z][\w.:-]*[\s/>])")
_IS_JSON: Final = re.compile(rb"\s*(\[\s*[\]{]|\{\s*[\"}])")
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"
# What a spreadsheet would run; `report.py` guards such cells with an apostrophe.
_GUARDED: Final = re.compile(r"'\s*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")
# What Excel writes above the header where the separator is not its own; it never shows that line.
_NAMED_DELIMITER: Final = re.compile(r"sep=([,;\t|])\r?\n")
# More control characters than this share are no slip of a shop system.
_MOST_CONTROL_ONE_IN: Final = 100
# The widest export of a real shop system has 70; each one more is read with every row.
_MAX_COLUMNS: Final = 500
_AS_TEXT: Final = re.compile(r'="([^"]*)"')
_SAMPLE_CHARS: Final = 10_000
# Some dozen of the longest cells; one row alone must not fill the memory.
_MAX_ROW_CHARS: Final = 5_000_000
# A header stands among the first rows that say anything, below a title or two.
_HEADER_WITHIN: Final = 10

Source = bytes | Path


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet shows it (the header is 1), and its cells as they were written."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's header and rows; blank rows are left out, but counted in the numbers.

    `rows` can be gone through again; a `SheetRejected` may come while doing so. `remarks` is what is odd about the
    whole. Without a header, columns are called "Column 1" and so on.
    """

    kind: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    rows: Iterable[Row]
    remarks: tuple[Problem, ...] = ()
    is_guessed_encoding: bool = False
    has_header: bool = True


def read_sheet(data: bytes, *, max_rows: int) -> Sheet:
    """As `open_sheet`, with all rows in memory; for short files.

    :raises SheetRejected: empty, another kind of file, not readable to its end, too long or too wide.
    """
    sheet = open_sheet(data, max_rows=max_rows)
    return replace(sheet, rows=tuple(sheet.rows))


def open_sheet(source: Source, *, max_rows: int, encoding: str = "", has_header: bool | None = None) -> Sheet:
    """The sheet in a file.

    :param encoding: what its vendor says it is in, a key of `encodings.CHOICES`; empty to find out.
    :param has_header: whether its first row names the columns; None to find out.
    :raises SheetRejected: empty, another kind of file, not readable, too long or too wide.
    """
    open_file = partial(_open, source)
    with open_file() as file:
        beginning = file.read(4096)
    if not beginning.strip() and _is_blank(open_file):
        raise SheetRejected("This file is empty. Export it again and look into it before sending.")
    if beginning.startswith((b"PK\x03\x04", _OLD_WORKBOOK)) and (book := _workbook(source, max_rows)):
        return _of_workbook(book, max_rows, has_header)
    bare = beginning.removeprefix(b"\xef\xbb\xbf")
    for pattern, sentence in _FOREIGN:
        if re.match(pattern, bare, re.DOTALL):
            raise SheetRejected(sentence)
    if bare.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in bare[:8]:
        bare = bare.replace(b"\0", b"").lstrip(b"\xff\xfe")
    if _IS_XML.match(bare):
        feed = XmlFeed(open_file, partial(find_encoding, open_file, said=encoding))
        return _of_records(XML, feed.encoding, feed, max_rows, feed.remarks)
    found = find_encoding(open_file, said=encoding)
    if _IS_JSON.match(bare):
        return _of_records(JSON, found.name, JsonList(open_file, found), max_rows, _slips(found))
    return _of_text(open_file, found, max_rows, has_header)


def clean_cell(text: str) -> str:
    """What a cell says, without what spreadsheets put around it to keep it as text."""
    plain = text.strip()
    if not plain or plain[0] not in "'=":
        return plain
    if _GUARDED.match(plain):
        return plain[1:].strip()
    as_text = _AS_TEXT.fullmatch(plain)
    return as_text[1].strip() if as_text else plain


def _open(source: Source) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _is_blank(open_file: Callable[[], BinaryIO]) -> bool:
    with open_file() as file:
        return not any(part.strip() for part in iter(partial(file.read, 1 << 20), b""))


def _of_text(open_file: Callable[[], BinaryIO], found: Encoding, max_rows: int, has_header: bool | None) -> Sheet:
    with _text_of(open_file, found) as text:
        sample = text.read(_SAMPLE_CHARS)
    if len(_CONTROL.findall(sample)) * _MOST_CONTROL_ONE_IN > len(sample):
        raise SheetRejected(f"This is not a text file. {_SAVE_AS}")
    named = _NAMED_DELIMITER.match(sample)
    delimiter = named[1] if named else _delimiter_of(sample)
    rows = _CsvRows(partial(_text_of, open_file, found), delimiter, max_rows, is_delimiter_named=bool(named))
    sheet = Sheet(CSV, found.name, delimiter, (), rows, _slips(found), found.is_guess)
    return _headed(sheet, has_header)


def _workbook(source: Source, max_rows: int) -> workbook.Workbook | None:
    """The workbook that a file is, or None for another archive.

    :raises SheetRejected: it cannot be read.
    """
    if isinstance(source, bytes):
        with workbook.as_file(source) as path:
            return _workbook(path, max_rows)
    try:
        with source.open("rb") as file:
            is_old = file.read(4) == _OLD_WORKBOOK
        if not is_old and not workbook.is_workbook(source):
            return None
        return workbook.read_workbook(source, max_rows=max_rows)
    except workbook.Unreadable as refused:
        raise SheetRejected(str(refused)) from None


def _of_workbook(book: workbook.Workbook, max_rows: int, has_header: bool | None) -> Sheet:
    remarks: tuple[Problem, ...] = ()
    if book.others:
        sentence = f"Only the sheet “{book.sheet}” is read; {', '.join(book.others[:5])} is not."
        remarks = (Problem("SHEET_CHOSEN", "", sentence, "", is_error=False),)
    text_of = partial(_text_of, partial(_open, book.path), Encoding("UTF-8", "utf-8"))
    rows = _CsvRows(text_of, ",", max_rows)
    # The text goes with the last who could read it.
    weakref.finalize(rows, book.path.unlink, missing_ok=True)
    return _headed(Sheet(WORKBOOK, "UTF-8", ",", (), rows, remarks), has_header)


def _of_records(
    kind: str, encoding: str, records: Iterable[Record], max_rows: int, remarks: tuple[Problem, ...]
) -> Sheet:
    header = header_of(iter(records))
    if not header:
        raise SheetRejected(f"This {kind} file has no items. Export it again and look into it before sending.")
    _refuse_wide(len(header))
    return Sheet(kind, encoding, ",", header, _RecordRows(records, header, max_rows), remarks)


def _headed(sheet: Sheet, has_header: bool | None) -> Sheet:
    """The sheet with its header taken off its rows."""
    first = list(islice(sheet.rows, _HEADER_WITHIN))
    if not first:
        raise SheetRejected("This file has no rows. Export it again and look into it before sending.")
    place = find_header([row.cells for row in first]) if has_header is None else 0 if has_header else None
    if place is None:
        width = max(len(row.cells) for row in first)
        _refuse_wide(width)
        return replace(sheet, header=tuple(f"Column {n}" for n in range(1, width + 1)), has_header=False)
    names = tuple(each.strip() for each in first[place].cells)
    while names and not names[-1]:
        names = names[:-1]
    _refuse_wide(len(names))
    if len(first) == place + 1:
        raise SheetRejected(
            f"Below the header in row {first[place].number} there is nothing. Export the file with its rows."
        )
    return replace(sheet, header=names, rows=_Below(sheet.rows, first[place].number))


def _refuse_wide(columns: int) -> None:
    if columns > _MAX_COLUMNS:
        raise SheetRejected(
            f"This file has {columns:,} columns; at most {_MAX_COLUMNS} are read. Remove those that say nothing"
            " about your items and send it again."
        )


def _slips(found: Encoding) -> tuple[Problem, ...]:
    if not found.slips:
        return ()
    lines = ", ".join(f"{each:,}" for each in found.slips[:5]) + (" and others" if len(found.slips) > 5 else "")
    sentence = (
        f"This file is UTF-8, but line {lines} is not quite: what did not fit was read as Windows-1252. Look at"
        " the names there."
    )
    return (Problem("ENCODING_MIXED", "", sentence, "", is_error=False),)


def _text_of(open_file: Callable[[], BinaryIO], found: Encoding) -> io.TextIOWrapper:
    return io.TextIOWrapper(open_file(), encoding=found.codec, errors=found.errors, newline="")


def _delimiter_of(sample: str) -> str:
    """What stands between cells: the mark that parts the first rows most evenly into most cells."""
    return max(_DELIMITERS, key=partial(_evenness, _first_records(sample)))


def _first_records(sample: str) -> list[str]:
    """The first rows with text, each without what stands in quotes."""
    bare = re.sub(r'"[^"]*("|$)', "", sample)
    return [line for line in bare.splitlines() if line.strip()][:20]


def _evenness(records: Sequence[str], mark: str) -> tuple[int, int]:
    """In how many rows a mark stands as often as in the first that has it (up to 20), and how often that is."""
    counts = [line.count(mark) for line in records]
    usual = next((each for each in counts if each), 0)
    return (sum(1 for each in counts if each == usual) if usual else 0, usual)


@dataclass(frozen=True)
class _Below:
    """The rows below one."""

    rows: Iterable[Row]
    number: int

    def __iter__(self) -> Iterator[Row]:
        return (row for row in self.rows if row.number > self.number)


@dataclass(frozen=True)
class _RecordRows:
    """Records as rows of a table with this header."""

    records: Iterable[Record]
    header: tuple[str, ...]
    max_rows: int

    def __iter__(self) -> Iterator[Row]:
        for number, record in enumerate(self.records, start=2):
            if number > self.max_rows + 1:
                raise _too_long(self.max_rows)
            yield Row(number, tuple(record.get(name, "") for name in self.header))


class _CsvRows:
    """All rows of a text that are not blank, with their numbers.

    :raises SheetRejected: while going through: an open quote, an endless cell, or too many rows.
    """

    def __init__(
        self,
        text_of: Callable[[], io.TextIOWrapper],
        delimiter: str,
        max_rows: int,
        *,
        is_delimiter_named: bool = False,
    ) -> None:
        self._text_of, self._delimiter, self._max_rows = text_of, delimiter, max_rows
        self._is_delimiter_named = is_delimiter_named

    def __iter__(self) -> Iterator[Row]:
        with self._text_of() as text:
            if self._is_delimiter_named:
                text.readline()
            yield from self._rows(_Lines(text))

    def _rows(self, lines: "_Lines") -> Iterator[Row]:
        reader = csv.reader(lines, delimiter=self._delimiter)
        number = found = began = 0
        try:
            for cells in reader:
                number += 1
                if lines.is_at_end:
                    self._refuse_open_quote(lines, began + 1)
                began = reader.line_num
                lines.forget()
                if not any(cells) or not any(cell.strip() for cell in cells):
                    continue
                found += 1
                # One more for the header.
                if found > self._max_rows + 1:
                    raise _too_long(self._max_rows)
                yield Row(number, tuple(cells))
        except csv.Error:
            raise SheetRejected(_endless_cell(began + 1)) from None

    def _refuse_open_quote(self, lines: "_Lines", began: int) -> None:
        """Where the text ended within a cell."""
        try:
            for _ in csv.reader(lines.current, delimiter=self._delimiter, strict=True):
                continue
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                raise SheetRejected(_open_quote(began)) from None


class _Lines:
    """A text's lines, which remembers those of the row that is being read."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.current: list[str] = []
        self.is_at_end = False
        self._length = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(_MAX_ROW_CHARS + 1)
        self._length += len(line)
        if self._length > _MAX_ROW_CHARS:
            raise SheetRejected(
                f"One row of this file has more than {_MAX_ROW_CHARS:,} characters. Look whether each row stands in a"
                " line of its own, and export it again."
            )
        if not line:
            self.is_at_end = True
            raise StopIteration
        # No database keeps a NUL.
        line = line.replace("\0", "")
        self.current.append(line)
        return line

    def forget(self) -> None:
        """A row is complete."""
        self.current.clear()
        self._length = 0


def _too_long(max_rows: int) -> SheetRejected:
    return SheetRejected(f"This file has more than {max_rows:,} rows. Split it and send the parts.")


def _endless_cell(line: int) -> str:
    return (
        f"A cell in the row that begins in line {line} has more than {csv.field_size_limit():,} characters. Shorten it;"
        ' or, if it should be short, close the quote (") that is opened there.'
    )


def _open_quote(line: int) -> str:
    return (
        f'The quote (") opened in line {line} is never closed: the rest of the file reads as one cell. Close it there.'
    )
