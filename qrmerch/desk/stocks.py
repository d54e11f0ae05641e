"""Label stocks at the desk: one's own written down, a whole list taken in, and what printers need to hit them."""

from math import isfinite
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.codes.preflight import Verdict
from qrmerch.codes.tokens import address_of, make_token
from qrmerch.desk.code_pages import address, count_of, page_number
from qrmerch.desk.print_pages import StockPage, StockRow, StocksPage
from qrmerch.errors import Conflict, DomainError, FormError
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer, printed_base
from qrmerch.printing import service
from qrmerch.printing.models import LabelStock, PrinterFit
from qrmerch.printing.queries import get_own_stock, list_fits, list_own_stocks
from qrmerch.printing.sheets import check_stock
from qrmerch.printing.stock_lists import StockList, read_list, take_in
from qrmerch.printing.stocks import PAPERS, STOCKS, Shape, Stock, find_stock, said_mm, stock_from_json
from qrmerch.text import clean_line
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("desk_stocks", __name__, url_prefix="/desk/stocks")

PER_PAGE: Final = 50
_MAX_CHARS: Final = 80
# How much of what was typed a sentence about it repeats.
_MAX_SAID: Final = 20
_PAPERS: Final = (
    ("a4", "A4, 210 × 297 mm"),
    ("us-letter", "US Letter, 215.9 × 279.4 mm"),
    ("a5", "A5, 148 × 210 mm"),
    ("a6", "A6, 105 × 148 mm"),
    ("a3", "A3, 297 × 420 mm"),
    ("us-legal", "US Legal, 215.9 × 355.6 mm"),
    ("us-tabloid", "US Tabloid, 279.4 × 431.8 mm"),
    ("own", "Another, as written below"),
)
_SHAPES: Final = (
    (Shape.LABEL.value, "Rectangle: code beside the words"),
    (Shape.TAG.value, "Hang tag: hole on top, code in the middle"),
    (Shape.ROUND.value, "Round or oval: code alone"),
)
_USUAL: Final = {
    **{"name": "", "shape": Shape.LABEL.value, "paper": "a4", "paper_width": "", "paper_height": ""},
    **{"width": "", "height": "", "columns": "1", "rows": "1", "left": "0", "top": "0", "step_across": ""},
    **{"step_down": "", "corner": "0", "bleed": "0"},
}
_MEASURES: Final = ("width", "height", "left", "top", "step_across", "step_down", "corner", "bleed")
_SHOWN_REJECTED: Final = 50


@blueprint.get("")
@allow(*PUBLISHERS)
def show_all() -> Response:
    """The stocks that everybody has, and the retailer's own."""
    return _show_all(get_db())


@blueprint.post("/file")
@allow(*PUBLISHERS)
def send() -> Response:
    """Take a list of stocks in; rows that cannot be used are named, the others are kept."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    upload = request.files.get("file")
    try:
        if upload is None or not upload.filename:
            raise FormError({"file": "Choose a file first."})
        data = upload.stream.read(services().settings.max_sheet_bytes + 1)
        if len(data) > services().settings.max_sheet_bytes:
            raise FormError({"file": "This file is too large for a list of stocks."})
        listed = read_list(data)
    except FormError as refused:
        return _show_all(db, problems=refused.problems)
    except DomainError as refused:
        return _show_all(db, problems={"file": refused.detail})
    done = take_in(db, retailer, listed.stocks, at=now(), actor=principal)
    db.commit()
    if listed.rejected:
        return _show_all(db, rejected=listed)
    said = f"{count_of(done.created, 'stock')} new, {done.changed:,} changed, {done.unchanged:,} as before."
    notice(f"Taken in: {said}")
    return redirect_to("/desk/stocks")


@blueprint.get("/new")
@allow(*PUBLISHERS)
def ask() -> Response:
    """The form of a new stock."""
    return _form(get_db(), None, _USUAL, {})


@blueprint.post("")
@allow(*PUBLISHERS)
def add() -> Response:
    """Write a stock down."""
    db, principal, values = get_db(), current_principal(), _values()
    retailer = get_retailer(db, principal.retailer_id)
    try:
        stock = _read_stock(values)
        row = service.add_stock(db, retailer, stock, at=now(), actor=principal)
    except FormError as refused:
        return _form(db, None, values, refused.problems)
    except Conflict as refused:
        return _form(db, None, values, {"name": refused.detail})
    db.commit()
    notice(f"{row.name} is on your list. Print its test page and hold it against the sheet.")
    return redirect_to(f"/desk/stocks/{row.id}")


@blueprint.get("/<stock_id>")
@allow(*PUBLISHERS)
def show(stock_id: str) -> Response:
    """One of the retailer's own."""
    db = get_db()
    row = get_own_stock(db, stock_id)
    return _form(db, row, _said(stock_from_json(row.measures)), {})


@blueprint.post("/<stock_id>")
@allow(*PUBLISHERS)
def change(stock_id: str) -> Response:
    """Give it other measures."""
    db, principal, values = get_db(), current_principal(), _values()
    row = get_own_stock(db, stock_id)
    try:
        service.change_stock(db, row, _read_stock(values), at=now(), actor=principal)
    except FormError as refused:
        return _form(db, row, values, refused.problems)
    db.commit()
    notice(f"{row.name} is changed. What was printed stays as it was.")
    return redirect_to(f"/desk/stocks/{row.id}")


@blueprint.post("/<stock_id>/remove")
@allow(*PUBLISHERS)
def remove(stock_id: str) -> Response:
    """Take it from the list."""
    db, principal = get_db(), current_principal()
    row = get_own_stock(db, stock_id)
    service.remove_stock(db, row, at=now(), actor=principal)
    db.commit()
    notice(f"{row.name} is off your list. Batches that were printed on it stay.", "info")
    return redirect_to("/desk/stocks")


def _values() -> dict[str, str]:
    return {name: request.form.get(name, usual).strip() for name, usual in _USUAL.items()}


def _read_stock(values: dict[str, str]) -> Stock:
    """:raises FormError: something is missing, no number, or does not fit the paper."""
    problems: dict[str, str] = {}
    numbers = {name: _number(values, name, problems) for name in _MEASURES if not name.startswith("step_")}
    columns, rows = (_whole(values, name, problems) for name in ("columns", "rows"))
    steps = [
        _number(values, name, problems) if values[name] else label
        for name, label in (("step_across", numbers["width"]), ("step_down", numbers["height"]))
    ]
    paper = PAPERS.get(values["paper"])
    if paper is None:
        paper = (_number(values, "paper_width", problems), _number(values, "paper_height", problems))
    try:
        name = clean_line(values["name"], _MAX_CHARS)
    except ValueError as error:
        name, problems["name"] = "", str(error)
    if not name:
        problems.setdefault("name", "Give it the name that stands on the pack, such as Avery 5160.")
    if problems:
        raise FormError(problems)
    stock = Stock(
        key=service.key_of(name),
        name=name,
        shape=Shape(values["shape"]) if values["shape"] in list(Shape) else Shape.LABEL,
        paper=paper,
        label=(numbers["width"], numbers["height"]),
        columns=columns,
        rows=rows,
        first=(numbers["left"], numbers["top"]),
        step=(steps[0], steps[1]),
        corner=numbers["corner"],
        bleed=numbers["bleed"],
    )
    if stock.problems:
        raise FormError(stock.problems)
    return stock


def _number(values: dict[str, str], name: str, problems: dict[str, str]) -> float:
    try:
        value = float(values[name].replace(",", "."))
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        problems[name] = f"{values[name][:_MAX_SAID] or 'Nothing'} is no measure. Write millimetres, such as 38.1."
        return 0.0
    return value


def _whole(values: dict[str, str], name: str, problems: dict[str, str]) -> int:
    text = values[name]
    if not (text.isascii() and text.isdecimal() and len(text) < 4):
        problems[name] = f"{text[:_MAX_SAID] or 'Nothing'} is no whole number."
        return 1
    return int(text)


def _said(stock: Stock) -> dict[str, str]:
    """A stock as its form says it."""
    paper = next((name for name, size in PAPERS.items() if size == stock.paper), "own")
    measures = {
        "width": stock.label[0],
        "height": stock.label[1],
        "left": stock.first[0],
        "top": stock.first[1],
        "step_across": stock.step[0],
        "step_down": stock.step[1],
        "corner": stock.corner,
        "bleed": stock.bleed,
        "paper_width": stock.paper[0],
        "paper_height": stock.paper[1],
    }
    said = {name: f"{value:g}" for name, value in measures.items()}
    words = {"name": stock.name, "shape": stock.shape.value, "paper": paper}
    return {**words, **said, "columns": str(stock.columns), "rows": str(stock.rows)}


def _form(db: Session, row: LabelStock | None, values: dict[str, str], problems: dict[str, str]) -> Response:
    retailer = get_retailer(db, current_principal().retailer_id)
    try:
        stock = None if problems or not values["width"] else _read_stock(values)
    except FormError:
        stock = None
    report = check_stock(_address(db, retailer), stock) if stock else None
    page = StockPage(
        id=row.id if row else "",
        title=row.name if row else "New stock",
        lede=stock.said if stock else "Measure a sheet with a ruler, or copy the measures from its pack.",
        values=values,
        papers=_PAPERS,
        shapes=_SHAPES,
        problems=problems,
        verdict=report.verdict.value if report else "",
        said=report.said if report else (),
        test_href=address("/desk/codes/sheet/test", {"stock": row.key, "sent": "1"}) if row and stock else "",
        marks=tuple(stock.corner_of(place) for place in range(stock.per_sheet)) if stock else (),
        paper=stock.paper if stock else (0.0, 0.0),
        label=stock.label if stock else (0.0, 0.0),
        corner=stock.corner if stock else 0.0,
        is_round=bool(stock and stock.shape == Shape.ROUND),
    )
    return render("desk/stock.html", page, status=422 if problems else 200)


def _show_all(db: Session, *, problems: dict[str, str] | None = None, rejected: StockList | None = None) -> Response:
    retailer = get_retailer(db, current_principal().retailer_id)
    number, find = page_number(request.args), request.args.get("find", "")[:_MAX_CHARS].strip()
    rows, total = list_own_stocks(db, retailer.id, find=find, page=number, per_page=PER_PAGE)
    fits, said_address = list_fits(db, retailer.id), _address(db, retailer)
    fields = {"find": find} if find else {}
    page = StocksPage(
        lede=_lede(total, find),
        find=find,
        rows=tuple(_row(stock_from_json(row.measures), row, fits, said_address) for row in rows),
        said=f"{len(rows):,} of {count_of(total, 'stock')}",
        previous=address("/desk/stocks", {**fields, "page": number - 1}) if number > 1 else "",
        next=address("/desk/stocks", {**fields, "page": number + 1}) if number * PER_PAGE < total else "",
        shipped=tuple(_row(stock, None, fits, said_address) for stock in STOCKS) if number == 1 and not find else (),
        fits=tuple(_say_fit(db, retailer, fit) for fit in fits),
        problems=problems or {},
        found=(("Kept", f"{len(rejected.stocks):,}"), ("Not kept", f"{len(rejected.rejected):,}")) if rejected else (),
        rejected=rejected.rejected[:_SHOWN_REJECTED] if rejected else (),
    )
    return render("desk/stocks.html", page, status=422 if problems else 200)


def _row(stock: Stock, row: LabelStock | None, fits: list[PrinterFit], said_address: str) -> StockRow:
    report = check_stock(said_address, stock)
    printers = [fit.printer for fit in fits if fit.stock_key == stock.key]
    about = [row.about, f"equals {row.equal_to}" if row.equal_to else ""] if row else []
    return StockRow(
        href=f"/desk/stocks/{row.id}" if row else "",
        name=stock.name,
        about=", ".join(each for each in about if each),
        size=" × ".join(said_mm(side) for side in stock.label),
        per_sheet=f"{stock.per_sheet:,}",
        paper=" × ".join(said_mm(side) for side in stock.paper),
        fits=", ".join(printers),
        verdict=report.verdict.value if report.verdict != Verdict.PASS else "pass",
    )


def _say_fit(db: Session, retailer: Retailer, fit: PrinterFit) -> tuple[str, str, str, str]:
    """A printer, its stock, what it needs in words, and where its sheet form is."""
    shipped = find_stock(fit.stock_key)
    name = shipped.name if shipped else fit.stock_key
    needs = f"right {fit.right_mm:g} mm, down {fit.down_mm:g} mm, {fit.across * 100:g} % × {fit.along * 100:g} %"
    return fit.printer, name, needs, address("/desk/codes/sheet/test", {"stock": fit.stock_key, "fit": fit.id})


def _address(db: Session, retailer: Retailer) -> str:
    return address_of(printed_base(db, retailer.id, base_url=services().settings.base_url), make_token())


def _lede(total: int, find: str) -> str:
    if find:
        return f"{count_of(total, 'stock')} of yours with these words."
    own = f"{count_of(total, 'stock')} of your own, and " if total else ""
    return f"{own}{count_of(len(STOCKS), 'stock')} that everybody has.".capitalize()
