"""The file of rows to fix: only those, in the vendor's own columns, sent again as it is; and no cell that runs."""

import csv
import io

import pytest
from sqlalchemy.orm import Session

from qrmerch.config import Settings
from qrmerch.imports.report import guarded
from tests.factories import make_vendor
from tests.imports.sheets import HEADER, csv_of, top
from tests.imports.taking_in import report_of, send, take_in


def rows_of(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", " =", "  @"])
def test_sec_e05_a_cell_that_would_run_is_guarded(start: str) -> None:
    assert guarded(f"{start}cmd") == f"'{start}cmd"


@pytest.mark.parametrize("cell", ["-5", "+49", "-1.5", "Top", "", "a=b", "'=1"])
def test_a_number_and_plain_words_are_not_guarded(cell: str) -> None:
    assert guarded(cell) == cell


def test_only_rows_with_errors_are_in_it(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)
    text = csv_of(top(), top(size="M", price="dear"), top(size="L", gtin="123"))

    run = send(db, vendor, text, settings)

    found = rows_of(report_of(run, db, settings))
    assert [(row["size"], row["price"], row["_row"], row["_status"]) for row in found] == [("M", "dear", "3", "error")]
    assert found[0]["_errors"].startswith("MONEY|price|This is not an amount")


def test_the_columns_and_the_separator_are_the_vendors_own(db: Session, settings: Settings) -> None:
    header = ["Size", "Style", "Shelf", "Name", "Price"]

    run = send(db, make_vendor(db), csv_of(["S", "A", "7b", "Top", "dear"], header=header, delimiter=";"), settings)

    text = report_of(run, db, settings)
    assert text.splitlines()[0] == "Size;Style;Shelf;Name;Price;_row;_status;_errors"
    assert rows_of(text, ";")[0]["Shelf"] == "7b"


def test_once_fixed_and_sent_again_nothing_is_left_to_fix(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)
    run = take_in(db, vendor, csv_of(top(), top(size="M", price="dear"), top(size="L", price="x")), settings)

    fixed = report_of(run, db, settings).replace("dear", "29.00").replace(",x,", ",30.00,")
    again = take_in(db, vendor, "\ufeff" + fixed, settings)

    assert again.counts["errors"] == 0
    assert again.counts["created"] == 2
    assert again.written == {"created": 0, "updated": 1, "unchanged": 0, "listed": 0}


def test_the_report_of_a_fixed_report_is_empty(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)
    fixed = report_of(send(db, vendor, csv_of(top(price="dear")), settings), db, settings).replace("dear", "28")

    assert len(report_of(send(db, vendor, fixed, settings), db, settings).splitlines()) == 1


def test_a_report_sent_again_unfixed_reports_the_same(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)
    text = csv_of(top(title="=1+1", price="dear", description="@now -x"))
    once = report_of(send(db, vendor, text, settings), db, settings)

    twice = report_of(send(db, vendor, once, settings), db, settings)

    assert [row["title"] for row in rows_of(once)] == ["'=1+1"]
    assert twice == once


def test_a_size_that_travels_alone_takes_the_names_of_its_options_along(db: Session, settings: Settings) -> None:
    header = ["Handle", "Title", "Option1 Name", "Option1 Value", "Variant Price"]
    text = csv_of(["top", "Top", "Size", "S", "28"], ["top", "", "", "M", "dear"], header=header)

    run = send(db, make_vendor(db), text, settings)

    assert rows_of(report_of(run, db, settings))[0]["Option1 Name"] == "Size"


def test_a_continued_row_that_travels_alone_says_which_item_it_continues(db: Session, settings: Settings) -> None:
    run = send(db, make_vendor(db), csv_of(top(), {"size": "M", "price": "dear"}), settings)

    assert rows_of(report_of(run, db, settings))[0]["style"] == "FT-TOP-01"


def test_cells_beyond_the_header_are_not_lost(db: Session, settings: Settings) -> None:
    wide = ["FT-1", "A", "", "Top", "", "S", "28", "", "Loose", " knit", "soft"]

    run = send(db, make_vendor(db), csv_of(wide, top()), settings)

    row = next(csv.reader(report_of(run, db, settings).splitlines()[1:]))
    assert row[: len(HEADER)] == wide[: len(HEADER)]
    assert row[len(HEADER) : len(HEADER) + 2] == ["2", "error"]
    assert row[len(HEADER) + 3 :] == [" knit", "soft"]
