"""The file of rows to fix: the vendor's own columns in their order, then `_row`, `_status`, `_errors`.

It is sent again as it is once fixed: those three columns are left out on reading. What came as XML or JSON goes back
as CSV, with the same names.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping

from qrmerch.imports.columns import CHOICE, OWN_COLUMNS, Columns
from qrmerch.imports.problems import Problem
from qrmerch.imports.reader import Sheet
from qrmerch.text import spreadsheet_cell


def write_report(
    sheet: Sheet, columns: Columns, problems: Mapping[int, list[Problem]], item_of: Mapping[int, str]
) -> Iterator[str]:
    """The rows with errors, line by line, as text to be saved in UTF-8 with a byte order mark.

    :param item_of: the key of each row's item, by row number.
    """
    own = [place for place, name in enumerate(sheet.header) if name not in OWN_COLUMNS]
    carried = _carried(sheet, columns, item_of)
    kept = io.StringIO(newline="")
    writer = csv.writer(kept, delimiter=sheet.delimiter, lineterminator="\r\n")
    writer.writerow([*(guarded(sheet.header[place]) for place in own), *OWN_COLUMNS])
    variations = columns.places.get("variations")
    wrong = {row for row, found in problems.items() if any(each.is_error for each in found)}
    wrong_items = {item_of.get(row, "") for row in wrong}
    whole_items = _told_by_sku(sheet, columns, item_of) & wrong_items
    for row in sheet.rows:
        item = item_of.get(row.number, "")
        # Only its item's row says which choices an article is; it travels with it.
        speaks = variations is not None and item in wrong_items and bool(_cell(row.cells, variations).strip())
        if row.number not in wrong and not speaks and item not in whole_items:
            continue
        cells = [cell if (cell := _cell(row.cells, place)).strip() else carried.get((item, place), "") for place in own]
        if "parent" in columns.places and item:
            # Its parent stays behind, so a number that only the whole file explains is written out.
            place = own.index(columns.places["parent"])
            cells[place] = item if cells[place] else ""
        # What did not fit under the header is not lost.
        beyond = row.cells[len(sheet.header) :]
        found = problems.get(row.number, [])
        status = "error" if row.number in wrong else "as before"
        told = (str(row.number), status, ";".join(each.line() for each in found))
        writer.writerow([guarded(cell) for cell in (*cells, *told, *beyond)])
        yield kept.getvalue()
        kept.seek(0)
        kept.truncate()
    yield kept.getvalue()


def guarded(cell: str) -> str:
    """The cell as text that no spreadsheet runs, also behind spaces."""
    bare = cell.lstrip(" ")
    return cell if spreadsheet_cell(bare) == bare else f"'{cell}"


def _told_by_sku(sheet: Sheet, columns: Columns, item_of: Mapping[int, str]) -> set[str]:
    """The items of several rows without any choice: a row of theirs that travels alone would not be known again."""
    if columns.has("variations"):
        return set()
    prefixes = ("colour", "size", "option", "choices.values", CHOICE)
    places = [place for prefix in prefixes for place in columns.places_of(prefix)]
    counts: Counter[str] = Counter()
    chosen: set[str] = set()
    for row in sheet.rows:
        item = item_of.get(row.number, "")
        counts[item] += 1
        if any(_cell(row.cells, place).strip() for place in places):
            chosen.add(item)
    return {item for item, count in counts.items() if item and count > 1 and item not in chosen}


def _cell(cells: tuple[str, ...], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def _carried(sheet: Sheet, columns: Columns, item_of: Mapping[int, str]) -> dict[tuple[str, int], str]:
    """What only the first row of an item says, by item and column: a row that travels alone needs it."""
    places = [
        place
        for place, field in enumerate(columns.fields)
        if field in ("key", "choices.names") or (field.startswith("option") and field.endswith(".name"))
    ]
    said: dict[tuple[str, int], str] = {}
    for row in sheet.rows if places else ():
        item = item_of.get(row.number, "")
        for place in places:
            if text := _cell(row.cells, place).strip():
                said.setdefault((item, place), text)
    return said
