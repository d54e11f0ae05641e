"""The files that a vendor gets: its pages as a sheet to fill in, as CSV or workbook, and the rows of one that need it.

A cell that a spreadsheet would run is kept as text by an apostrophe, which is taken off when it comes back.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

from qrmerch.imports.columns import OWN_COLUMNS
from qrmerch.imports.report import guarded
from qrmerch.imports.slot_cells import cell_of
from qrmerch.imports.slot_columns import Column, columns_of, header_of
from qrmerch.imports.slot_judging import Judged
from qrmerch.imports.slot_pages import House, Page
from qrmerch.imports.slot_sheets import Checked

_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# What no XML may hold; the rest of the control characters cannot stand in a slot either.
_UNSPEAKABLE: Final = dict.fromkeys(each for each in range(32) if each not in (9, 10, 13))


def sheet_rows(house: House) -> Iterator[list[str]]:
    """The header, then a row for each item with what its page says now."""
    yield header_of(house)
    columns = columns_of(house)
    for page in house.pages.values():
        yield [page.key, page.item.title, page.mark, *(_cell(page, each, house) for each in columns)]


def write_csv(rows: Iterable[Sequence[str]], *, delimiter: str = ",") -> bytes:
    """Rows as a file in UTF-8 with a byte order mark: without it spreadsheets read UTF-8 as something else."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    for row in rows:
        writer.writerow([guarded(each) for each in row])
    return ("\ufeff" + out.getvalue()).encode()


def write_workbook(rows: Iterable[Sequence[str]], *, sheet: str) -> bytes:
    """Rows as an Excel workbook of texts, its header frozen.

    :param sheet: the name of the one sheet; what Excel does not take in a name is left out.
    """
    name = "".join(each for each in sheet if each not in "[]:*?/\\'")[:31] or "Pages"
    body = "".join(
        f'<row r="{number}">{"".join(map(_text_cell, row))}</row>' for number, row in enumerate(rows, start=1)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        f'"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
        f'ContentType="{_TYPE}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" '
        f'ContentType="{_TYPE}.worksheet+xml"/></Types>',
        "_rels/.rels": _relation("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="{escape(name)}" '
        'sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relation("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane '
        'ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"<sheetData>{body}</sheetData></worksheet>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, text in parts.items():
            archive.writestr(place, _XML + text)
    return out.getvalue()


def write_report(checked: Checked) -> bytes:
    """The rows that cannot be taken in, in their file's own columns, then `_row`, `_status`, `_errors`.

    It is sent again as it is once fixed. A row whose page was changed in the studio meanwhile comes as the page stands
    now, with the row's own words where both changed the same, so that sending it again takes nothing back.
    """
    prepared = checked.prepared
    header = prepared.sheet.header
    own = [place for place, name in enumerate(header) if name not in OWN_COLUMNS]
    rows = [[*(header[place] for place in own), *OWN_COLUMNS]]
    for each in checked.judged:
        if each.outcome != "error":
            continue
        cells = _fresh(each, checked) if each.is_changed_elsewhere else list(each.row.cells)
        said = [cells[place] if place < len(cells) else "" for place in own]
        told = ";".join(one.line() for one in each.problems)
        rows.append([*said, str(each.row.number), "error", told, *each.row.cells[len(header) :]])
    return write_csv(rows, delimiter=prepared.sheet.delimiter)


def _fresh(judged: Judged, checked: Checked) -> list[str]:
    columns, house, page = checked.prepared.columns, checked.prepared.house, judged.page
    cells = list(judged.row.cells) + [""] * (len(checked.prepared.sheet.header) - len(judged.row.cells))
    if page is None:
        return cells
    for column in columns.filling:
        if column.slot in page.slots and cells[column.place].strip():
            value = judged.after.get(column.slot)
            cells[column.place] = cell_of(page.slots[column.slot], value, column.locale, house.library)
    if columns.version is not None:
        cells[columns.version] = page.mark
    return cells


def _cell(page: Page, column: Column, house: House) -> str:
    slot = page.slots.get(column.slot)
    if slot is None or slot.is_fixed:
        return ""
    return cell_of(slot, page.values.get(column.slot), column.locale, house.library)


def _text_cell(text: str) -> str:
    said = escape(guarded(text).translate(_UNSPEAKABLE))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{said}</t></is></c>'


def _relation(kind: str, target: str) -> str:
    return (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_OFFICE}/{kind}" '
        f'Target="{target}"/></Relationships>'
    )
