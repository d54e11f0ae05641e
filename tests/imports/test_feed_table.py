"""A retailer's file, whatever it is, as one table of text."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from qrmerch.config import Settings
from qrmerch.imports.feed_table import FeedTable, read_table
from qrmerch.imports.problems import SheetRejected
from tests.imports.workbooks import sheet_of, workbook

SETTINGS = Settings(max_sheet_rows=1000)
ROWS = [["code", "name", "hours"], [1000, "Mall", "Mon 10-9"], ["007", "Zoë’s", ""]]


def read(data: bytes) -> FeedTable:
    return read_table(data, settings=SETTINGS)


def test_a_csv_a_workbook_and_json_say_the_same() -> None:
    sheet = read("code,name,hours\n1000,Mall,Mon 10-9\n007,Zoë’s,\n".encode())
    book = read(workbook(ROWS))
    objects = read(
        '[{"code": 1000, "name": "Mall", "hours": "Mon 10-9"},'
        ' {"code": "007", "name": "Zoë’s", "hours": null}]'.encode()
    )

    assert [each.format for each in (sheet, book, objects)] == ["CSV", "Excel", "JSON"]
    assert sheet.header == book.header == objects.header == ("code", "name", "hours")
    cells = [[row for _, row in each.rows] for each in (sheet, book, objects)]
    assert cells[0] == cells[1] == cells[2] == [("1000", "Mall", "Mon 10-9"), ("007", "Zoë’s", "")]


def test_rows_have_the_numbers_that_excel_shows() -> None:
    book = read(workbook([[""], ["code"], [""], ["A"], ["B"]]))

    assert book.header == ("code",)
    assert book.rows == ((4, ("A",)), (5, ("B",)))


def test_numbers_of_a_workbook_are_as_they_were_typed() -> None:
    book = read(workbook([["a", "b", "c"], [5012345678900, 12.5, "=1+1"]]))

    assert book.rows[0][1] == ("5012345678900", "12.5", "=1+1")


def test_one_object_on_each_line_and_a_list_inside_an_object_are_read() -> None:
    lines = read(b'{"id": 1, "location": {"lat": 44.5}}\n{"id": 2, "tags": ["a", "b"]}\n')
    inside = read(b'{"total": 1, "stores": [{"id": 1}]}')

    assert lines.header == ("id", "location.lat", "tags")
    assert [row for _, row in lines.rows] == [("1", "44.5", ""), ("2", "", "a | b")]
    assert inside.rows == ((2, ("1",)),)


@pytest.mark.shared_data
def test_150_real_stores_are_150_rows(shared_data: Path) -> None:
    table = read((shared_data / "stores" / "bestbuy_stores_150.json").read_bytes())

    assert len(table.rows) == 150
    assert {"id", "location.lat", "hours", "zip"} <= set(table.header)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"[]", "no list of items"),
        (b"[1, 2]", "there is nothing"),
        (b'[{"code": 1}', "not well written"),
        (b'{"a": ' * 2000, "nests more than 40"),
        (workbook([]), "no rows"),
        (workbook([["code"]]), "there is nothing"),
        (workbook(ROWS)[:-40], ""),
        (workbook(ROWS)[:200], ""),
        (workbook(ROWS, extra={"xl/worksheets/sheet1.xml": b"<worksheet><sheet"}), ""),
        (workbook(ROWS, extra={"xl/workbook.xml": b"not xml"}), ""),
        (workbook([["x"]] * 1003), "more than 1,000 rows"),
        (b"[" + b",".join([b'{"a": 1}'] * 1001) + b"]", "more than 1,000 rows"),
        (workbook(ROWS, extra={f"xl/media/{n}.png": b"" for n in range(1000)}), "1,005 parts"),
        (workbook([], sheet=sheet_of(ROWS, before="<!DOCTYPE x [<!ENTITY a 'b'>]>")), "entities"),
    ],
)
def test_sec_f11_what_cannot_be_read_is_refused_with_a_sentence(data: bytes, why: str) -> None:
    with pytest.raises(SheetRejected) as refusal:
        read(data)

    assert why in refusal.value.detail


def test_sec_f11_a_workbook_that_unpacks_into_too_much_is_refused_while_it_is_measured() -> None:
    bomb = workbook(ROWS, extra={"xl/media/image1.bmp": b"\0" * 101_000_000})
    tracemalloc.start()

    with pytest.raises(SheetRejected, match="more than 100 MB"):
        read(bomb)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32_000_000


def test_sec_f11_a_part_that_lies_about_its_size_is_measured_and_refused() -> None:
    bomb = bytearray(workbook(ROWS, extra={"xl/media/image1.bmp": b"\0" * 101_000_000}))
    size = (101_000_000).to_bytes(4, "little")
    while (place := bomb.find(size)) >= 0:
        bomb[place : place + 4] = (1000).to_bytes(4, "little")

    with pytest.raises(SheetRejected):
        read(bytes(bomb))


@pytest.mark.parametrize("far", ["A1048576", "XFD1", "XFD1048576", "SF9999"])
def test_sec_f11_two_cells_in_far_corners_do_not_fill_the_memory(far: str) -> None:
    sheet = sheet_of([["code"]]).replace("</sheetData>", f'<row><c r="{far}"><v>1</v></c></row></sheetData>')
    limit = replace(SETTINGS, max_sheet_rows=100)

    if far == "A1048576":
        assert read_table(workbook([], sheet=sheet), settings=limit).rows == ((1048576, ("1",)),)
        return
    with pytest.raises(SheetRejected, match=r"columns|reaches to"):
        read_table(workbook([], sheet=sheet), settings=limit)


def test_sec_f11_a_workbook_with_a_list_of_parts_without_end_is_no_workbook() -> None:
    many = workbook(ROWS, extra={f"xl/media/{'x' * 200}{n}.png": b"" for n in range(5000)})

    with pytest.raises(SheetRejected):
        read(many)


@pytest.mark.parametrize("value", ["[" * 30 + "]" * 30, '{"a":' * 30 + "1" + "}" * 30])
def test_what_lies_deep_in_an_object_is_left_out(value: str) -> None:
    table = read(f'[{{"id": 1, "deep": {value}}}]'.encode())

    assert table.rows[0][1][0] == "1"
    assert not any(table.rows[0][1][1:])


def test_a_formatted_cell_far_below_the_list_does_no_harm() -> None:
    sheet = sheet_of([["code"], ["A"]]).replace(
        "</sheetData>", '<row r="1048576"><c r="XFD1048576" s="3"/></row></sheetData>'
    )

    assert read(workbook([], sheet=sheet)).rows == ((2, ("A",)),)
