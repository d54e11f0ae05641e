"""Excel workbooks made by hand, part by part, so that a test can also make wrong ones."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def workbook(
    rows: Sequence[Sequence[object]],
    *,
    extra: Mapping[str, bytes] | None = None,
    sheet: str = "",
    others: Mapping[str, Sequence[Sequence[object]]] | None = None,
) -> bytes:
    """A workbook with a sheet called List.

    :param extra: further parts, or others in place of the usual ones, by name.
    :param sheet: the sheet's own XML, instead of `rows`.
    :param others: further sheets after it, by name.
    """
    names = ["List", *(others or {})]
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(names, 1))
    parts: dict[str, bytes] = {
        "[Content_Types].xml": (
            f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>'
        ).encode(),
        "_rels/.rels": _relations("officeDocument", ["xl/workbook.xml"]),
        "xl/workbook.xml": (
            f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>'
        ).encode(),
        "xl/_rels/workbook.xml.rels": _relations(
            "worksheet", [f"worksheets/sheet{n + 1}.xml" for n in range(len(names))]
        ),
        "xl/worksheets/sheet1.xml": (sheet or sheet_of(rows)).encode(),
    }
    for number, more in enumerate((others or {}).values(), 2):
        parts[f"xl/worksheets/sheet{number}.xml"] = sheet_of(more).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**parts, **(extra or {})}.items():
            archive.writestr(name, data)
    return out.getvalue()


def sheet_of(rows: Sequence[Sequence[object]], *, before: str = "") -> str:
    """A sheet's XML; texts stand in the cells themselves."""
    body = "".join(
        f'<row r="{number}">{"".join(_cell(number, place, value) for place, value in enumerate(row))}</row>'
        for number, row in enumerate(rows, 1)
    )
    return f'{_XML}{before}<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'


def _cell(number: int, place: int, value: object) -> str:
    at = f"{chr(65 + place)}{number}"
    if isinstance(value, int | float):
        return f'<c r="{at}"><v>{value}</v></c>'
    return f'<c r="{at}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'


def _relations(kind: str, targets: Sequence[str]) -> bytes:
    each = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>' for n, target in enumerate(targets, 1)
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{each}</Relationships>'.encode()
