"""Reading an Excel workbook into rows of text; what would unpack into too much is refused before it is parsed.

Formulas are not run: what the workbook says they came to is the cell.
"""

import io
import re
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import python_calamine

from qrmerch.imports.reader import SheetRejected

_MAX_UNPACKED_BYTES: Final = 100_000_000
_MAX_PARTS: Final = 1000
# A thousand parts with names as long as those of real workbooks; what says it has more is no workbook.
_MAX_DIRECTORY_BYTES: Final = 1_000_000
_MAX_COLUMNS: Final = 500
_MAX_CELLS: Final = 3_000_000
_READ_BYTES: Final = 1 << 20
_DECLARED: Final = re.compile(rb"(?i)<!\s*(doctype|entity)")
# Cells and rows that hold something; those without an end of their own inside the tag.
_CELLS: Final = re.compile(rb"<(?:\w+:)?(?:c|row)(\s[^<>]*[^<>/]|)>")
_PLACE: Final = re.compile(rb"\sr\s*=\s*[\"']([A-Z]{0,3})(\d{1,7})[\"']")
_LONGEST_TAG: Final = 400
_BROKEN: Final = "This workbook cannot be opened. Save it again as .xlsx, or as “CSV UTF-8”, and send that."


def is_workbook(data: bytes) -> bool:
    """Whether a file is a ZIP with an Excel workbook in it."""
    if not data.startswith(b"PK\x03\x04") or _directory_bytes(data) > _MAX_DIRECTORY_BYTES:
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name.lower() == "xl/workbook.xml" for name in archive.namelist()[: _MAX_PARTS + 1])
    except (zipfile.BadZipFile, ValueError):
        return False


def read_workbook(data: bytes, *, max_rows: int) -> tuple[tuple[str, ...], tuple[tuple[int, tuple[str, ...]], ...]]:
    """Header and numbered rows of the first sheet that holds any, hidden ones left out.

    :raises SheetRejected: it unpacks into too much, declares entities, cannot be read, or is too long or too wide.
    """
    _refuse_bombs(data)
    try:
        book = python_calamine.load_workbook(io.BytesIO(data))
        sheet = _first_sheet(book)
        if sheet.width > _MAX_COLUMNS:
            raise SheetRejected(f"This sheet has {sheet.width:,} columns; at most {_MAX_COLUMNS} are read.")
        rows = _numbered(sheet, max_rows)
    except python_calamine.CalamineError:
        raise SheetRejected(_BROKEN) from None
    if not rows:
        raise SheetRejected("This workbook has no rows. Look into it before sending.")
    (number, header), *rest = rows
    names = tuple(each.strip() for each in header)
    while names and not names[-1]:
        names = names[:-1]
    if not rest:
        raise SheetRejected(f"Below the header in row {number} there is nothing. Send the workbook with its rows.")
    return names, tuple(rest)


def _directory_bytes(data: bytes) -> int:
    """How long the archive's list of parts says it is: opening an archive makes an object of each entry."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 66_000))
    return int.from_bytes(data[end + 12 : end + 16], "little") if end >= 0 else 0


def _refuse_bombs(data: bytes) -> None:
    """Unpack each part to nowhere and measure, since what a part says of its own size need not be true."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > _MAX_PARTS:
                raise SheetRejected(f"This workbook has {len(parts):,} parts; at most {_MAX_PARTS:,} are read.")
            left = _MAX_UNPACKED_BYTES
            if sum(part.file_size for part in parts) > left:
                raise SheetRejected(_too_large())
            for part in parts:
                left -= _measure(archive, part, left)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise SheetRejected(_BROKEN) from None


def _measure(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    """How many bytes a part unpacks into."""
    name, size, tail = part.filename.lower(), 0, b""
    right = bottom = 1
    with archive.open(part) as stream:
        while chunk := stream.read(_READ_BYTES):
            # A declaration can only stand before the first element.
            if size == 0 and name.endswith((".xml", ".rels")) and _DECLARED.search(chunk[:4096]):
                raise SheetRejected("This workbook declares entities, which no spreadsheet does. Save it again.")
            size += len(chunk)
            if size > left:
                raise SheetRejected(_too_large())
            if name.startswith("xl/worksheets/"):
                seen = tail + chunk
                right, bottom = _reach(seen, right, bottom)
                tail = seen[-_LONGEST_TAG:]
    return size


def _reach(seen: bytes, right: int, bottom: int) -> tuple[int, int]:
    """How far cells with something in them reach, columns and rows.

    The parser makes room for the whole rectangle, so that two cells in far corners would fill any memory.
    """
    for tag in _CELLS.finditer(seen):
        if found := _PLACE.search(tag[1]):
            column = 0
            for letter in found[1]:
                column = column * 26 + letter - 64
            right, bottom = max(right, column), max(bottom, int(found[2] or 1))
    if right > _MAX_COLUMNS:
        raise SheetRejected(f"This sheet has {right:,} columns; at most {_MAX_COLUMNS} are read.")
    if right * bottom > _MAX_CELLS:
        raise SheetRejected(
            f"This sheet reaches to row {bottom:,}, column {right:,}. Delete what lies far from the list, and save it."
        )
    return right, bottom


def _too_large() -> str:
    return f"This workbook unpacks into more than {_MAX_UNPACKED_BYTES // 1_000_000} MB. Split it and send the parts."


def _first_sheet(book: Any) -> Any:
    for at, about in enumerate(book.sheets_metadata):
        is_shown = about.visible == python_calamine.SheetVisibleEnum.Visible
        if is_shown and about.typ == python_calamine.SheetTypeEnum.WorkSheet:
            sheet = book.get_sheet_by_index(at)
            if sheet.height:
                return sheet
    raise SheetRejected("This workbook has no rows. Look into it before sending.")


def _numbered(sheet: Any, max_rows: int) -> list[tuple[int, tuple[str, ...]]]:
    """Rows that are not blank, each with the number that Excel shows beside it."""
    found: list[tuple[int, tuple[str, ...]]] = []
    for number, cells in enumerate(sheet.iter_rows(), 1):
        texts = tuple(_text(each) for each in cells)
        if any(text.strip() for text in texts):
            found.append((number, texts))
            if len(found) > max_rows + 1:
                raise SheetRejected(f"This sheet has more than {max_rows:,} rows. Split it and send the parts.")
    return found


def _text(value: Any) -> str:
    """A cell as somebody would type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    if isinstance(value, timedelta):
        return str(value)
    return str(value)
