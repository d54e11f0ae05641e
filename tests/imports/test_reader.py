"""Reading a sheet of any shape: encodings, separators, quotes, and files that are no sheets."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qrmerch.imports.reader import Sheet, SheetRejected, clean_cell, read_sheet
from qrmerch.imports.workbook import is_workbook

MAX_ROWS = 100


def read(data: bytes, *, max_rows: int = MAX_ROWS) -> Sheet:
    return read_sheet(data, max_rows=max_rows)


@pytest.mark.parametrize(
    ("codec", "mark", "said"),
    [
        ("utf-8", b"", "UTF-8"),
        ("utf-8-sig", b"", "UTF-8"),
        ("utf-16", b"", "UTF-16"),
        ("utf-16-le", b"", "UTF-16"),
        ("utf-16-be", b"", "UTF-16"),
        ("utf-16-be", b"\xfe\xff", "UTF-16"),
        ("cp1252", b"", "Windows-1252 (Western Europe)"),
    ],
)
def test_each_encoding_that_spreadsheets_write_is_read(codec: str, mark: bytes, said: str) -> None:
    sheet = read(mark + "style;title\nFT-1;Blouse à fleurs, 20 €\n".encode(codec))

    assert (sheet.encoding, sheet.delimiter) == (said, ";")
    assert sheet.header == ("style", "title")
    assert sheet.rows[0].cells == ("FT-1", "Blouse à fleurs, 20 €")


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_found(mark: str) -> None:
    sheet = read(f"style{mark}title\nFT-1{mark}Top\n".encode())

    assert sheet.delimiter == mark
    assert sheet.rows[0].cells == ("FT-1", "Top")


def test_a_separator_inside_quotes_of_the_header_is_not_counted() -> None:
    sheet = read(b'"style, with, many, commas";title\nFT-1;Top\n')

    assert sheet.delimiter == ";"


def test_the_line_in_which_excel_names_its_separator_is_no_row() -> None:
    sheet = read(b"sep=;\r\nstyle;title, short\r\nFT-1;Top\r\n")

    assert sheet.header == ("style", "title, short")
    assert sheet.rows[0].number == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read(end: str) -> None:
    sheet = read(end.join(["style,title", 'FT-1,"one', 'two"', "FT-2,Top"]).encode())

    assert [row.cells[0] for row in sheet.rows] == ["FT-1", "FT-2"]
    assert sheet.rows[0].cells[1] == f"one{end}two"


def test_rows_have_the_numbers_a_spreadsheet_shows() -> None:
    sheet = read(b'style,title\nFT-1,"one\ntwo"\n\n , \nFT-2,Top\n')

    assert [(row.number, row.cells[0]) for row in sheet.rows] == [(2, "FT-1"), (5, "FT-2")]


def test_empty_columns_at_the_end_of_the_header_are_left_out() -> None:
    assert read(b"style , title,,\nFT-1,Top,,\n").header == ("style", "title")


def test_a_sheet_that_is_too_wide_is_refused_with_what_to_do() -> None:
    wide = ",".join(f"c{number}" for number in range(501))

    with pytest.raises(SheetRejected, match=r"has 501 columns; at most 500 are read\. Remove those"):
        read(f"{wide}\nFT-1\n".encode())


def test_columns_without_a_name_at_the_end_do_not_count() -> None:
    wide = ",".join(f"c{number}" for number in range(500))

    assert len(read(f"{wide}{',' * 16_000}\nFT-1\n".encode()).header) == 500


def test_a_cell_of_100_kb_is_read() -> None:
    words = "warm " * 20_000

    sheet = read(f'style,title\nFT-1,"{words}"\nFT-2,Top\n'.encode())

    assert sheet.rows[0].cells[1] == words
    assert len(sheet.rows) == 2


def test_a_cell_longer_than_can_be_read_is_named_with_its_line() -> None:
    with pytest.raises(SheetRejected, match="row that begins in line 3 has more than 131,072 characters"):
        read(f"style,title\nFT-1,Top\nFT-2,{'x' * 140_000}\n".encode())


@pytest.mark.parametrize("rest", ["FT-3,Top\n", "FT-3,Top\n" * 20])
def test_a_quote_that_is_never_closed_is_named_with_its_line(rest: str) -> None:
    with pytest.raises(SheetRejected, match="opened in line 3 is never closed"):
        read(f'style,title\nFT-1,Top\nFT-2,"Slouch\n{rest}'.encode())


def test_a_closed_cell_over_the_last_lines_is_no_open_quote() -> None:
    sheet = read(b'style,title\nFT-1,"one\ntwo"')

    assert sheet.rows[0].cells == ("FT-1", "one\ntwo")


def test_more_rows_than_are_taken_are_refused() -> None:
    with pytest.raises(SheetRejected, match="more than 3 rows"):
        read(b"style,title\n" + b"FT-1,Top\n" * 4, max_rows=3)


def test_as_many_rows_as_are_taken_are_read() -> None:
    assert len(read(b"style,title\n" + b"FT-1,Top\n" * 3, max_rows=3).rows) == 3


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b" \r\n\t\n", "empty"),
        (b"\xef\xbb\xbf", "no rows"),
        (b"style,title\n\n , \n", "Below the header in row 1 there is nothing"),
        (b"PK\x03\x04rest", "a ZIP archive, not a list"),
        (b"\xd0\xcf\x11\xe0rest", "This workbook cannot be read"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\xff\xd8\xff\xe0rest", "picture"),
        (b"\x00\x00\x00\x20ftypisom", "picture or a video"),
        (b"\x1f\x8brest", "compressed"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"  <html><body>Sign in", "web page"),
        (b"<table><tr><td>style</td></tr></table>", "web page"),
        (b'<?xml version="1.0"?><rss/>', "no list of items in this XML"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><rss/>', "no list of items in this XML"),
        (b'[{"style": "FT-1"', "is not well written"),
        (b'\xef\xbb\xbf{"style": "FT-1"}', "no list of items in this JSON"),
        (b"style,title\nFT-1,\x01\x02\x03\n", "not a text file"),
        (b"style,title\nFT-1,To\x00p\n", "not a text file"),
        ("style,title\nFT-1,To\0p\n".encode("utf-16"), "not a text file"),
    ],
)
def test_what_is_no_sheet_is_refused_with_what_it_is(data: bytes, said: str) -> None:
    with pytest.raises(SheetRejected, match=said):
        read(data)


def test_a_nul_far_down_never_reaches_a_database() -> None:
    rows = "".join(f"FT-{number},Top\n" for number in range(1, 1200))

    sheet = read(f"style,title\n{rows}FT-X,Slo\0uch\n".encode("utf-16"), max_rows=2000)

    assert sheet.rows[-1].cells == ("FT-X", "Slouch")


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        (" Top ", "Top"),
        ('="0950600013"', "0950600013"),
        ("'=1+1", "=1+1"),
        ("'-10 %", "-10 %"),
        ("'＝1", "＝1"),
        ("'t Hooft", "'t Hooft"),
        ("=1+1", "=1+1"),
    ],
)
def test_what_spreadsheets_put_around_a_text_is_taken_off(cell: str, meant: str) -> None:
    assert clean_cell(cell) == meant


# Its authors changed this number in the answer only.
CHANGED = "Contact Phone Number"


@pytest.mark.shared_data
def test_the_awkward_files_read_as_their_authors_say(shared_data: Path) -> None:
    files = sorted((shared_data / "csv").glob("*.csv"))

    found = {}
    for file in files:
        sheet = read(file.read_bytes())
        found[file.stem] = [_plain(dict(zip(sheet.header, row.cells, strict=True))) for row in sheet.rows]

    assert len(found) == 12
    for stem, rows in found.items():
        said = json.loads((shared_data / "csv" / "expected" / f"{stem}.json").read_text())
        assert rows == [_plain(row) for row in (said if isinstance(said, list) else [said])], stem


def _plain(row: dict[str, str]) -> dict[str, str]:
    return {name: text.replace("\r\n", "\n") for name, text in row.items() if name != CHANGED}


def test_the_modules_own_limit_is_what_the_sentence_says() -> None:
    assert csv.field_size_limit() == 131_072


@pytest.mark.parametrize(
    ("number", "said"),
    [
        # ijson's parser in C takes the whole process down with it.
        ("1" * 5000, "thousands of digits"),
        ("-" + "1" * 5000, "thousands of digits"),
        (" " * 1_048_000 + "1" * 5000, "thousands of digits"),
        ("1e99999999999999999999", "not well written"),
    ],
)
def test_a_number_that_python_cannot_read_is_refused(number: str, said: str) -> None:
    with pytest.raises(SheetRejected, match=said):
        list(read_sheet(f'[{{"title": "Top", "price": {number}}}]'.encode(), max_rows=10).rows)


@pytest.mark.parametrize("variants", ["3", "true", "1.5", '"three"', "[]", "null", "[1, 2]"])
def test_what_is_called_variants_and_lists_none_is_a_cell(variants: str) -> None:
    data = f'[{{"title": "Top", "variants": {variants}}}]'.encode()

    assert [row.cells[0] for row in read_sheet(data, max_rows=10).rows] == ["Top"]


def test_an_object_with_more_variants_than_anything_has_is_refused() -> None:
    data = b'[{"title": "Top", "variants": [' + b",".join([b'{"sku": "A"}'] * 2501) + b"]}]"

    with pytest.raises(SheetRejected, match="lists 2,501 variants"):
        read_sheet(data, max_rows=50_000)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"sku,title\nA,Top\n" + b"ab," * 2_000_000, "more than 5,000,000 characters"),
        (b"<r><item><a>1</a></item><item>" + b"<a>1</a>" * 10_001 + b"</item></r>", "more than 10,000 values"),
        (b"<r>" + b"".join(b'<a%d b="1"/>' % number for number in range(5_001)) + b"</r>", "no list of like elements"),
        (b'<r><item><a b="' + b"x" * 1_200_000 + b'"/></item></r>', "goes on for more than 1 MB"),
    ],
)
def test_one_row_cannot_fill_the_memory(data: bytes, said: str) -> None:
    with pytest.raises(SheetRejected, match=said):
        read_sheet(data, max_rows=100)


def test_a_long_text_in_xml_is_no_endless_tag() -> None:
    data = b"<r><item><a>" + b"x" * 3_000_000 + b"</a></item><item><a>y</a></item></r>"

    assert [row.cells[0][:1] for row in read_sheet(data, max_rows=10).rows] == ["x", "y"]


def test_an_archive_that_hides_the_length_of_its_list_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qrmerch.imports.workbook.zipfile.ZipFile", lambda *_: pytest.fail("it was opened"))
    in_long = b"PK\x06\x06" + bytes(36) + (2_000_000).to_bytes(8, "little") + bytes(8)
    path = tmp_path / "list.xlsx"
    path.write_bytes(b"PK\x03\x04" + in_long + b"PK\x06\x07" + bytes(16) + b"PK\x05\x06" + bytes(18))

    assert not is_workbook(path)


_ONE_ITEM = "Look whether each item is an object of its own in the list, and export it again."


def _names(count: int) -> str:
    return ",".join(f'"k{number}":1' for number in range(count))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: f'[{{"title":"Top",{_names(1_500_000)}}}]', f"more than 200,000 names and values. {_ONE_ITEM}"),
        (lambda: f'{{"title":"Top"}}\n{{{_names(1_500_000)}}}', "more than 200,000 names and values"),
        (lambda: f'{{"title":"Top",{_names(1_500_000)}}}', "more than 200,000 names and values"),
        (lambda: '[{"title":"Top","tags":[' + "1," * 8_000_000 + "1]}]", "more than 200,000 names and values"),
        (lambda: '[{"title":"Top"},[' + "1," * 8_000_000 + "1]]", "more than 200,000 names and values"),
        (lambda: '{"a":[[[' + "1," * 8_000_000 + '1]],[{"title":"Top"}]]}', "more than 200,000 names and values"),
        (lambda: '{"a":1}\n{"":{},' + ',"":{},'.join([_names(90_000)] * 9) + "}", "more than 200,000 names and values"),
        (lambda: '[{"a":["' + '","'.join(["x" * 100_000] * 51) + '"]}]', f"5,000,000 characters. {_ONE_ITEM}"),
        (lambda: '[{"' + "k" * 1_000_000 + f'":{{{_names(90_000)}}}}}]', "a name of thousands of characters"),
    ],
    ids=["names", "names in a line", "no list", "list in an item", "list for an item", "list before the items",
         "one name over and over", "characters", "a name"],
)  # fmt: skip
def test_one_item_of_json_cannot_fill_the_memory(tmp_path: Path, make: Callable[[], str], said: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(make())

    answer, cpu_s, grown_kb = _reading(path)

    assert said in answer
    assert cpu_s < 2
    assert grown_kb < 32 * 1024


def test_an_item_of_json_with_all_the_variants_that_are_read_is_no_endless_one(tmp_path: Path) -> None:
    variants = [{f"field {place}": f"{number}" for place in range(38)} for number in range(2_500)]
    other = {"facets": dict.fromkeys(map(str, range(150_000)), 1)}
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"products": [{"title": "Top", "variants": variants}] * 2, **other}))

    answer, _, grown_kb = _reading(path)

    assert answer == "5000 rows"
    assert grown_kb < 64 * 1024


_READ = """
import re, sys, time
from pathlib import Path
from qrmerch.imports.problems import SheetRejected
from qrmerch.imports.reader import open_sheet

def peak_kb():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

rest_kb, begun_s = peak_kb(), time.process_time()
try:
    print(sum(1 for _ in open_sheet(Path(sys.argv[1]), max_rows=50_000).rows), "rows")
except SheetRejected as refused:
    print(refused)
print(time.process_time() - begun_s, peak_kb() - rest_kb)
"""


def _reading(path: Path) -> tuple[str, float, int]:
    """What comes of reading a file in a process of its own, CPU seconds, and by how much (KiB) its memory grew."""
    order = [sys.executable, "-W", "ignore", "-c", _READ, str(path)]
    answer, figures = subprocess.run(order, capture_output=True, check=True, text=True).stdout.splitlines()
    cpu_s, grown_kb = figures.split()
    return answer, float(cpu_s), int(grown_kb)
