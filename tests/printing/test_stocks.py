"""Label stocks: those of everybody, one's own, and lists of hundreds; a sheet lies where its stock says."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.codes.preflight import Verdict
from qrmerch.errors import FormError
from qrmerch.printing.labels import Wording
from qrmerch.printing.models import LabelStock, PrinterFit
from qrmerch.printing.queries import get_any_stock, list_fits, list_stocks
from qrmerch.printing.readback import read_pages
from qrmerch.printing.reading import open_pages, render_page
from qrmerch.printing.service import StockTaken, add_stock, change_stock, keep_fit, remove_stock
from qrmerch.printing.sheets import Run, check_stock, outline_page, sheet
from qrmerch.printing.stock_lists import read_list, take_in
from qrmerch.printing.stocks import STOCKS, Shape, Stock, StockNotFound, get_stock, stock_from_json
from tests.conftest import NOON
from tests.factories import make_retailer
from tests.printing.test_sheets import make_label, make_labels

AVERY = get_stock("avery-5160")
OWN = replace(AVERY, key="drawer-3", name="Drawer 3", label=(60.0, 30.0), step=(65.0, 30.0), rows=8)
_DPI = 600


def lines_at(picture: Image.Image, *, down: bool, at_mm: float, near: list[float]) -> list[float]:
    """Where thin lines that cross a row or a column of dots have their middle, mm; the nearest to each of `near`."""
    at = round(at_mm / 25.4 * _DPI)
    strip = picture.crop((at, 0, at + 1, picture.height)) if down else picture.crop((0, at, picture.width, at + 1))
    dark = [place for place, value in enumerate(strip.tobytes()) if value < 128]
    runs: list[list[int]] = []
    for place in dark:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    middles = [(run[0] + run[-1] + 1) / 2 * 25.4 / _DPI for run in runs]
    return [min(middles, key=lambda middle, wanted=each: abs(middle - wanted)) for each in near]  # type: ignore[misc]


def test_an_avery_5160_sheet_is_within_a_tenth_of_a_millimetre() -> None:
    picture = render_page(outline_page(Run(stock=AVERY)), 0, _DPI)

    lefts = [AVERY.corner_of(column)[0] for column in range(3)]
    edges = sorted([*lefts, *(left + AVERY.label[0] for left in lefts)])
    # A row of dots below the numbers and above the crosses.
    found = lines_at(picture, down=False, at_mm=AVERY.first[1] + 8, near=edges)
    tops = [AVERY.corner_of(3 * row)[1] for row in range(10)]
    rows = lines_at(picture, down=True, at_mm=AVERY.first[0] + 12, near=[*tops, tops[-1] + AVERY.label[1]])

    # As published: 2 5/8 by 1 inch, three across and ten down on US Letter.
    assert AVERY.label == (pytest.approx(66.675, abs=0.01), 25.4)
    assert picture.size == (5100, pytest.approx(6600, abs=1))
    assert found == pytest.approx(edges, abs=0.1)
    assert rows == pytest.approx([*tops, tops[-1] + AVERY.label[1]], abs=0.1)


def test_a_printers_offset_and_stretch_move_every_label_as_said() -> None:
    run = Run(stock=AVERY, right_mm=0.6, down_mm=-0.4, across=1.004, along=0.996)
    picture = render_page(outline_page(run), 0, _DPI)
    boxes = [run.box_on_page(place) for place in range(30)]

    wanted = [box[0] for box in boxes[:3]]
    found = lines_at(picture, down=False, at_mm=boxes[0][1] + 8, near=wanted)
    tops = [box[1] for box in boxes[::3]]

    assert wanted[2] == pytest.approx((AVERY.first[0] + 2 * AVERY.step[0]) * 1.004 + 0.6)
    assert found == pytest.approx(wanted, abs=0.1)
    assert lines_at(picture, down=True, at_mm=boxes[0][0] + 12, near=tops) == pytest.approx(tops, abs=0.1)
    labels = make_labels(30)
    with open_pages(sheet(labels, AVERY, run=run)) as pages:
        assert list(read_pages(pages, run, [label.address for label in labels])) == [30]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"columns": 0}, "columns"),
        ({"rows": 61}, "rows"),
        ({"columns": 4}, "columns"),
        ({"rows": 11}, "rows"),
        ({"label": (2.0, 20.0)}, "width"),
        ({"label": (20.0, float("nan"))}, "height"),
        ({"first": (-3.0, 12.7)}, "left"),
        ({"first": (4.76, 60.0)}, "rows"),
        ({"step": (50.0, 25.4)}, "step_across"),
        ({"corner": 20.0}, "corner"),
        ({"bleed": 3.0}, "bleed"),
        ({"paper": (0.0, 279.4)}, "paper_width"),
    ],
)
def test_a_stock_that_does_not_fit_its_paper_says_which_measure(changes: dict[str, object], field: str) -> None:
    assert AVERY.problems == {}
    assert field in replace(AVERY, **changes).problems  # type: ignore[arg-type]


def test_a_stock_is_the_same_after_json() -> None:
    assert [stock_from_json(each.as_json()) for each in STOCKS] == list(STOCKS)
    assert all(each.problems == {} for each in STOCKS)


def test_ones_own_stock_is_kept_changed_and_taken_away(db: Session) -> None:
    retailer, other = make_retailer(db), make_retailer(db)

    row = add_stock(db, retailer, OWN, at=NOON, actor=None)
    keep_fit(db, retailer, "Back office", Run(stock=OWN, right_mm=0.4), at=NOON, actor=None)

    assert get_any_stock(db, retailer.id, "drawer-3") == OWN
    assert list_stocks(db, retailer.id) == [*STOCKS, OWN]
    for stock in (OWN, AVERY):
        with pytest.raises(StockTaken):
            add_stock(db, retailer, stock, at=NOON, actor=None)
    with pytest.raises(StockNotFound):
        get_any_stock(db, other.id, "drawer-3")
    with pytest.raises(FormError):
        change_stock(db, row, replace(OWN, rows=20), at=NOON, actor=None)
    change_stock(db, row, replace(OWN, rows=7, key="other"), at=NOON, actor=None)
    assert get_any_stock(db, retailer.id, "drawer-3").rows == 7
    remove_stock(db, row, at=NOON, actor=None)
    db.flush()
    assert db.scalar(select(func.count(LabelStock.id))) == 0
    assert db.scalar(select(func.count(PrinterFit.id))) == 0


def test_what_a_printer_needs_is_kept_once_for_each_stock(db: Session) -> None:
    retailer = make_retailer(db)

    for right in (0.4, 0.7):
        keep_fit(db, retailer, " Back  office ", Run(stock=AVERY, right_mm=right), at=NOON, actor=None)
    keep_fit(db, retailer, "Back office", Run(stock=OWN), at=NOON, actor=None)

    assert [(fit.printer, fit.right_mm) for fit in list_fits(db, retailer.id, AVERY.key)] == [("Back office", 0.7)]
    with pytest.raises(FormError):
        keep_fit(db, retailer, "x" * 41, Run(stock=AVERY), at=NOON, actor=None)


@pytest.mark.shared_data
def test_all_549_stocks_of_a_list_come_in_and_come_in_once(db: Session, shared_data: Path) -> None:
    retailer = make_retailer(db)
    data = (shared_data / "labels" / "label_stocks.csv").read_bytes()

    listed = read_list(data)
    first = take_in(db, retailer, listed.stocks, at=NOON, actor=None)
    second = take_in(db, retailer, read_list(data).stocks, at=NOON, actor=None)

    assert (len(listed.stocks), listed.rejected) == (549, ())
    assert (first.created, first.changed, first.unchanged) == (549, 0, 0)
    assert (second.created, second.changed, second.unchanged) == (0, 0, 549)
    with io.TextIOWrapper(io.BytesIO(data), encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    assert [each.stock.per_sheet for each in listed.stocks] == [int(row["per_sheet"]) for row in rows]
    # Each is usable, or says the least size that a code needs.
    address = make_label().address
    reports = [check_stock(address, each.stock) for each in listed.stocks]
    small = [report for report in reports if report.verdict == Verdict.REFUSE]
    assert all("The least size is" in report.said[0] for report in small)
    assert 0 < len(small) < 150


@pytest.mark.shared_data
def test_a_label_of_every_size_in_the_list_is_read_back(db: Session, shared_data: Path) -> None:
    listed = read_list((shared_data / "labels" / "label_stocks.csv").read_bytes()).stocks
    by_size: dict[tuple[object, ...], Stock] = {}
    for each in listed:
        stock = each.stock
        # One of each shape and about each size, alone on its paper: hundreds of sheets would say no more.
        alone = replace(stock, columns=1, rows=1, first=(0.0, 0.0), step=stock.label, paper=stock.label, corner=0.0)
        by_size.setdefault((stock.shape, *(side // 12 for side in stock.label)), alone)
    wording = Wording(call="Scan: more about it", notice="Counts a look, not you. fashiontown.example/privacy")
    label, tried = make_label(title="Marigold Slouch Top with a long name"), 0

    for stock in by_size.values():
        if check_stock(label.address, stock).verdict == Verdict.REFUSE or max(stock.label) > 160:
            continue
        tried += 1
        with open_pages(sheet([label], stock, wording=wording)) as pages:
            assert list(read_pages(pages, Run(stock=stock), [label.address], dpi=203)) == [1], stock

    assert tried > 15
    assert {Shape.ROUND, Shape.LABEL} <= {stock.shape for stock in by_size.values()}


HEADER = "brand,part,paper,shape,w_mm,h_mm,cols,rows,x0_mm,y0_mm,dx_mm,dy_mm\n"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("A,1,A9,,50,30,1,1,0,0,0,0", "paper A9 is not known"),
        ("A,1,A4,star,50,30,1,1,0,0,0,0", "shape star is not known"),
        ("A,1,A4,,wide,30,1,1,0,0,0,0", "w_mm wide is not a number"),
        ("A,1,A4,,inf,30,1,1,0,0,0,0", "w_mm inf is not a number"),
        ("A,1,A4,,50,30,1.5,1,0,0,0,0", "cols 1.5 is not a whole number"),
        ("A,1,A4,,50,30,5,1,0,0,50,0", "cols: The last label ends 40 mm beyond the right edge"),
        ("A,,A4,,50,30,1,1,0,0,0,0", "part is empty"),
    ],
)
def test_a_row_that_cannot_be_used_says_why_and_the_others_come_in(row: str, said: str) -> None:
    listed = read_list(f"{HEADER}{row}\nB,2,A4,,50,30,1,1,0,0,0,0\n".encode())

    assert [each.stock.name for each in listed.stocks] == ["B 2"]
    ((number, reason),) = listed.rejected
    assert number == 2
    assert said in reason


def test_a_list_without_its_columns_names_them() -> None:
    with pytest.raises(FormError, match="part, paper, w_mm"):
        read_list(b"name,size\nA,1\n")


def test_a_list_changes_what_differs_and_leaves_what_was_written_by_hand(db: Session) -> None:
    retailer = make_retailer(db)
    add_stock(db, retailer, replace(OWN, key="c-3", name="C 3"), at=NOON, actor=None)
    rows = "A,1,A4,,50,30,1,1,0,0,0,0\nB,2,A4,,50,30,1,1,0,0,0,0\nC,3,A4,,50,30,1,1,0,0,0,0\n"
    take_in(db, retailer, read_list(f"{HEADER}{rows}".encode()).stocks, at=NOON, actor=None)

    changed = read_list(f"{HEADER}{rows.replace('B,2,A4,,50', 'B,2,A4,,60')}".encode())
    done = take_in(db, retailer, changed.stocks, at=NOON, actor=None)

    assert (done.created, done.changed, done.unchanged) == (0, 1, 2)
    assert get_any_stock(db, retailer.id, "b-2").label == (60.0, 30.0)
    assert get_any_stock(db, retailer.id, "c-3").label == OWN.label
