"""Reading a sheet of any shape into rows of text.

In: bytes that somebody calls a CSV file. Out: a header and numbered rows, or a `SheetRejected` that says what
the file is instead and what to do. Never: a guess about what a column means (`columns.py`).
"""

import csv
import io
import re
from dataclasses import dataclass
from typing import Final

from qrmerch.errors import DomainError

_DELIMITERS: Final = (",", ";", "\t", "|")
_SAVE_AS: Final = "Open it in your spreadsheet and save it as “CSV UTF-8”, then send that file."
_FOREIGN: Final[tuple[tuple[bytes, str], ...]] = (
    (rb"PK\x03\x04", f"This is an Excel workbook or a ZIP archive, not a CSV file. {_SAVE_AS}"),
    (rb"\xd0\xcf\x11\xe0", f"This is an old Excel workbook, not a CSV file. {_SAVE_AS}"),
    (rb"%PDF", "This is a PDF. Ask for the list as a spreadsheet, and save that as “CSV UTF-8”."),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF|II\*\x00|MM\x00\*|BM.{4}\x00|.{4}ftyp",
     "This is a picture or a video, not a CSV file. Pictures go to “Pictures”."),
    (rb"\x1f\x8b|7z\xbc\xaf|Rar!|\xfd7zXZ|BZh", "This file is compressed. Unpack it and send the CSV file inside."),
    (rb"(?i)\s*<(!doctype html|html|head|body|script|style|meta|table)",
     "This is a web page, not a CSV file. Download the export again; if it is a sign-in page, sign in first."),
    (rb"\s*<\?xml|\s*<(rss|feed)", f"This is an XML file, which is not read yet. {_SAVE_AS}"),
    (rb"\s*[{\[]\s*[\"{\[\]}]", "This is a JSON file, which is not read. Export the list as CSV."),
)  # fmt: skip
# What a spreadsheet would run; `report.py` guards such cells with an apostrophe.
_GUARDED: Final = re.compile(r"'\s*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")
_WORD: Final = re.compile(r"\S")
# What Excel writes above the header where the separator is not its own; it never shows that line.
_NAMED_DELIMITER: Final = re.compile(r"sep=([,;\t|])\r?\n")
# More control characters than this share are no slip of a shop system.
_MOST_CONTROL_ONE_IN: Final = 100
# The widest export of a real shop system has 70; each one more is read with every row.
_MAX_COLUMNS: Final = 500
_AS_TEXT: Final = re.compile(r'="([^"]*)"')


class SheetRejected(DomainError):
    """The file as a whole cannot be read; the message says what it is and what to send instead."""

    status = 422
    slug = "sheet_rejected"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet shows it (the header is 1), and its cells as they were written."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's header and rows; blank rows are left out, but counted in the numbers."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]


def read_sheet(data: bytes, *, max_rows: int) -> Sheet:
    """The sheet in a file of UTF-8, UTF-16 or Windows-1252 with commas, semicolons, tabs or bars.

    :raises SheetRejected: empty, another kind of file, not readable to its end, too long or too wide.
    """
    if not data.strip():
        raise SheetRejected("This file is empty. Export it again and look into it before sending.")
    beginning = data[:512].removeprefix(b"\xef\xbb\xbf")
    for pattern, sentence in _FOREIGN:
        if re.match(pattern, beginning, re.DOTALL):
            raise SheetRejected(sentence)
    text, encoding = _decoded(data)
    sample = text[:10_000]
    if len(_CONTROL.findall(sample)) * _MOST_CONTROL_ONE_IN > len(sample):
        raise SheetRejected(f"This is not a text file. {_SAVE_AS}")
    # A stray one is cleaned away with its cell; but no database keeps a NUL.
    text = text.replace("\0", "")
    named = _NAMED_DELIMITER.match(text)
    delimiter = named[1] if named else _delimiter_of(text)
    text = text[named.end() :] if named else text
    records = _records(text, delimiter, max_rows)
    if not records:
        raise SheetRejected("This file has no rows. Export it again and look into it before sending.")
    number, header = records[0]
    names = tuple(each.strip() for each in header)
    while names and not names[-1]:
        names = names[:-1]
    if len(names) > _MAX_COLUMNS:
        raise SheetRejected(
            f"This file has {len(names):,} columns; at most {_MAX_COLUMNS} are read. Remove those that say nothing"
            " about your items and send it again."
        )
    rows = tuple(Row(at, cells) for at, cells in records[1:])
    if not rows:
        raise SheetRejected(f"Below the header in row {number} there is nothing. Export the file with its rows.")
    return Sheet(encoding, delimiter, names, rows)


def clean_cell(text: str) -> str:
    """What a cell says, without what spreadsheets put around it to keep it as text."""
    plain = text.strip()
    if _GUARDED.match(plain):
        return plain[1:].strip()
    as_text = _AS_TEXT.fullmatch(plain)
    return as_text[1].strip() if as_text else plain


def _decoded(data: bytes) -> tuple[str, str]:
    """The text, and the name of its encoding as people know it."""
    if data.startswith(b"\xef\xbb\xbf"):
        return _decode(data, "utf-8-sig", "UTF-8"), "UTF-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decode(data, "utf-16", "UTF-16"), "UTF-16"
    sample = data[:2000]
    if sample[1::2].count(0) > len(sample) // 4:
        return _decode(data, "utf-16-le", "UTF-16"), "UTF-16"
    if sample[::2].count(0) > len(sample) // 4:
        return _decode(data, "utf-16-be", "UTF-16"), "UTF-16"
    if b"\0" in data:
        raise SheetRejected(f"This is not a text file. {_SAVE_AS}")
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        return _decode(data, "cp1252", "UTF-8 nor Windows-1252"), "Windows-1252"


def _decode(data: bytes, codec: str, name: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SheetRejected(f"Near line {line} there are characters that are not {name}. {_SAVE_AS}") from None


def _delimiter_of(text: str) -> str:
    """What stands between cells: the mark that is most often outside quotes in the first line with text."""
    begin = _WORD.search(text)
    first = text[begin.start() :].partition("\n")[0] if begin else ""
    outside = re.sub(r'"[^"]*"', "", first)
    return max(_DELIMITERS, key=outside.count)


def _records(text: str, delimiter: str, max_rows: int) -> list[tuple[int, tuple[str, ...]]]:
    """All rows that are not blank, with their numbers.

    :raises SheetRejected: an open quote, an endless cell, or too many rows.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found: list[tuple[int, tuple[str, ...]]] = []
    number, began = 0, 1
    try:
        for cells in reader:
            number += 1
            began, last_began = reader.line_num + 1, began
            if any(cell.strip() for cell in cells):
                found.append((number, tuple(cells)))
            if len(found) > max_rows + 1:
                raise SheetRejected(f"This file has more than {max_rows:,} rows. Split it and send the parts.")
    except csv.Error:
        raise SheetRejected(_endless_cell(began)) from None
    if number and reader.line_num > last_began and _ends_inside_quotes(text, last_began, delimiter):
        raise SheetRejected(_open_quote(last_began))
    return found


def _endless_cell(line: int) -> str:
    return (
        f"A cell in the row that begins in line {line} has more than {csv.field_size_limit():,} characters. Shorten it;"
        ' or, if it should be short, close the quote (") that is opened there.'
    )


def _open_quote(line: int) -> str:
    return (
        f'The quote (") opened in line {line} is never closed: the rest of the file reads as one cell. Close it there.'
    )


def _ends_inside_quotes(text: str, began: int, delimiter: str) -> bool:
    """Whether the last row, which begins in that line, runs over the end of the file."""
    lines = io.StringIO(text, newline="").readlines()
    try:
        for _ in csv.reader(lines[began - 1 :], delimiter=delimiter, strict=True):
            continue
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False
