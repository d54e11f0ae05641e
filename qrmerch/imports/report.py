"""The file of rows to fix: the vendor's own columns in their order, then `_row`, `_status`, `_errors`.

It is sent again as it is once fixed: those three columns are left out on reading.
"""

import csv
import io
from collections.abc import Mapping

from qrmerch.imports.columns import OWN_COLUMNS, Columns
from qrmerch.imports.problems import Problem
from qrmerch.imports.reader import Sheet

# A spreadsheet would run what begins with these.
_ACTIVE = ("=", "+", "-", "@", "\t", "\r")


def write_report(sheet: Sheet, columns: Columns, problems: Mapping[int, list[Problem]]) -> str:
    """The rows with errors, as text to be saved in UTF-8 with a byte order mark."""
    own = [place for place, name in enumerate(sheet.header) if name not in OWN_COLUMNS]
    option_names = _option_names(sheet, columns)
    kept = io.StringIO(newline="")
    writer = csv.writer(kept, delimiter=sheet.delimiter, lineterminator="\r\n")
    writer.writerow([*(guarded(sheet.header[place]) for place in own), *OWN_COLUMNS])
    for row in sheet.rows:
        found = problems.get(row.number, [])
        if not any(each.is_error for each in found):
            continue
        cells = [_cell(row.cells, place) or option_names.get((_key(row.cells, columns), place), "") for place in own]
        lines = ";".join(each.line() for each in found)
        writer.writerow([*(guarded(cell) for cell in cells), row.number, "error", guarded(lines)])
    return kept.getvalue()


def guarded(cell: str) -> str:
    """The cell as text that no spreadsheet runs."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_ACTIVE) else cell


def _cell(cells: tuple[str, ...], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def _key(cells: tuple[str, ...], columns: Columns) -> str:
    return _cell(cells, columns.fields.index("key")).strip() if columns.has("key") else ""


def _option_names(sheet: Sheet, columns: Columns) -> dict[tuple[str, int], str]:
    """Shopify names the options in the first row of a handle only; a row that travels alone needs them."""
    places = [
        place for place, field in enumerate(columns.fields) if field.startswith("option") and field.endswith(".name")
    ]
    names: dict[tuple[str, int], str] = {}
    for row in sheet.rows:
        for place in places:
            if text := _cell(row.cells, place).strip():
                names.setdefault((_key(row.cells, columns), place), text)
    return names
