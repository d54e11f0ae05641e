"""Sheets of labels: for chosen codes or a whole list, on a stock, as a PDF; then noted as printed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.codes.artwork import BLACK, draw_symbol
from qrmerch.codes.models import CodeState
from qrmerch.codes.queries import CodeLine, Wanted, count_codes, each_code, list_by_id, list_by_token
from qrmerch.codes.service import MAX_AT_ONCE, mark_printed
from qrmerch.codes.tokens import address_of, make_token
from qrmerch.db import scope
from qrmerch.desk.code_pages import Mark, SheetPage, address, count_of, read_wanted, say_wanted
from qrmerch.errors import FormError
from qrmerch.media.marks import find_mark
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_brand, get_retailer, printed_base
from qrmerch.printing.labels import Label, Wording, label_of
from qrmerch.printing.sheets import MAX_LABELS, Run, check_stock, list_incomplete, outline_page, sheet, write_sheets
from qrmerch.printing.stocks import STOCKS, Shape, get_stock
from qrmerch.printing.wording import MAX_CALL_CHARS, usual_call, word_labels
from qrmerch.rendering.brand import derive_colours
from qrmerch.web import get_db, render, services

blueprint = Blueprint("desk_code_sheets", __name__, url_prefix="/desk/codes/sheet")

PDF: Final = "application/pdf"
_MAX_PICKED: Final = 200


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Which codes a sheet is of: those picked, else all that the list shows."""

    wanted: Wanted
    picked: tuple[str, ...]

    def lines(self, db: Session) -> Iterable[CodeLine]:
        """The active ones among them: a retired or replaced code is not printed again."""
        if self.picked:
            lines = list_by_token(db, self.wanted.retailer_id, self.picked)
            return [line for line in lines if line.code.state == CodeState.ACTIVE]
        return each_code(db, self.wanted.active)

    def count(self, db: Session) -> int:
        return len(list(self.lines(db))) if self.picked else count_codes(db, self.wanted.active)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """What an address or a form says to mean the same codes."""
        if self.picked:
            return [("pick", token) for token in self.picked]
        return list(say_wanted(self.wanted).items())


@blueprint.get("")
@allow(*PUBLISHERS)
def ask() -> Response:
    """How the sheet is to be."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    chosen = _read_chosen(retailer, request.args)
    return _form(db, retailer, chosen, _values(retailer, request.args), {})


@blueprint.get("/first")
@allow(*PUBLISHERS)
def show_first() -> Response:
    """The first sheet as it will be, to look at; nothing is noted as printed."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    chosen, values = _read_chosen(retailer, request.args), _values(retailer, request.args)
    _refuse_number(min(chosen.count(db), MAX_LABELS))
    run = _read_run(values)
    room = -(-(run.stock.per_sheet - run.start + 1) // run.copies)
    labels = [label for label, _ in zip(_labels(db, chosen), range(room), strict=False)]
    data = sheet(labels, run.stock, wording=_wording(db, retailer, values), run=run)
    return Response(data, mimetype=PDF, headers={"Content-Disposition": 'inline; filename="first-sheet.pdf"'})


@blueprint.get("/test")
@allow(*PUBLISHERS)
def show_test() -> Response:
    """The outlines of a stock's labels, to be held against it."""
    db, principal = get_db(), current_principal()
    run = _read_run(_values(get_retailer(db, principal.retailer_id), request.args))
    headers = {"Content-Disposition": 'inline; filename="test-page.pdf"'}
    return Response(outline_page(run), mimetype=PDF, headers=headers)


@blueprint.post("")
@allow(*PUBLISHERS)
def make() -> Response:
    """The PDF; its codes are noted as printed.

    :raises ArtworkRefused: a code would not scan on this stock.
    """
    principal, at, file, printed = current_principal(), now(), BytesIO(), list[str]()
    # Thousands of labels take seconds; nobody's writing waits for them.
    with services().database.read() as reading:
        scope(reading, retailer_ids=principal.seen_retailer_ids, vendor_id=None)
        retailer = get_retailer(reading, principal.retailer_id)
        chosen, values = _read_chosen(retailer, request.form), _values(retailer, request.form)
        try:
            run = _read_run(values)
            _refuse_number(chosen.count(reading) * run.copies)
            labels = _labels(reading, chosen, noted=printed)
            write_sheets(file, labels, run, wording=_wording(reading, retailer, values))
        except FormError as refused:
            return _form(reading, retailer, chosen, values, refused.problems)
    db = get_db()
    mark_printed(db, list_by_id(db, printed), at=at, actor=principal)
    db.commit()
    headers = {"Content-Disposition": f'attachment; filename="labels-{at:%Y-%m-%d}-{run.stock.key}.pdf"'}
    return Response(file.getvalue(), mimetype=PDF, headers=headers)


def _read_chosen(retailer: Retailer, said: MultiDict[str, str]) -> _Chosen:
    picked = tuple(dict.fromkeys(token[:20] for token in said.getlist("pick")))
    return _Chosen(read_wanted(retailer.id, said), picked[:_MAX_PICKED])


def _refuse_number(labels: int) -> None:
    """:raises FormError: no label, or more than one file holds."""
    if not labels:
        raise FormError({"": "None of these codes is active. Go back to the list and choose others."})
    if labels > MAX_LABELS:
        raise FormError(
            {"": f"{labels:,} labels are more than one file holds. {MAX_LABELS:,} is the most: print fewer at once."}
        )


def _labels(db: Session, chosen: _Chosen, *, noted: list[str] | None = None) -> Iterator[Label]:
    """One label for each chosen code; the codes' ids are added to `noted` as they come."""
    base = services().settings.base_url
    for line in chosen.lines(db):
        if noted is not None:
            noted.append(line.code.id)
        yield label_of(line, base)


def _values(retailer: Retailer, said: MultiDict[str, str]) -> dict[str, str]:
    """The fields of the form as typed, or as they usually are. A form that was sent has all its ticks in it."""
    is_sent = "sent" in said
    usual = {"stock": STOCKS[0].key, "start": "1", "copies": "1", "right": "0", "down": "0"}
    usual |= {"call": usual_call(retailer.default_locale), "colour": "black"}
    values = {name: said.get(name, value)[:MAX_CALL_CHARS] for name, value in usual.items()}
    for tick in ("shows_place", "shows_notice"):
        values[tick] = said.get(tick, "" if is_sent else "1")[:1]
    return values


def _read_run(values: dict[str, str]) -> Run:
    """:raises FormError: a number that is none, or that no sheet has."""
    problems = {}
    numbers: dict[str, float] = {}
    for name in ("start", "copies", "right", "down"):
        try:
            numbers[name] = float(values[name].replace(",", ".") or "nan")
        except ValueError:
            numbers[name] = float("nan")
        if numbers[name] != numbers[name] or (name in ("start", "copies") and numbers[name] % 1):
            problems[name] = f"{values[name] or 'Nothing'} is not a number we can read."
    if problems:
        raise FormError(problems)
    return Run(
        stock=get_stock(values["stock"]),
        start=int(numbers["start"]),
        copies=int(numbers["copies"]),
        right_mm=numbers["right"],
        down_mm=numbers["down"],
    )


def _wording(db: Session, retailer: Retailer, values: dict[str, str]) -> Wording:
    brand = get_brand(db, retailer.id, at=now())
    return word_labels(
        retailer.default_locale,
        house=brand.wordmark,
        logo=_read_logo(brand.logo_key),
        base=printed_base(db, retailer.id, base_url=services().settings.base_url),
        call=values["call"],
        dark=derive_colours(brand.colour).code if values["colour"] == "brand" else BLACK,
        has_notice=bool(values["shows_notice"]),
        shows_place=bool(values["shows_place"]),
    )


def _read_logo(key: str) -> bytes:
    """A logo's bytes; empty where there is none."""
    store = services().files
    if find_mark(store, key) is None:
        return b""
    with store.open(key) as file:
        return file.read()


def _form(
    db: Session, retailer: Retailer, chosen: _Chosen, values: dict[str, str], problems: dict[str, str]
) -> Response:
    stock = get_stock(values["stock"])
    codes = chosen.count(db)
    if not problems:
        problems = _find_problems(codes, values)
    run = Run(stock=stock) if problems else _read_run(values)
    base = printed_base(db, retailer.id, base_url=services().settings.base_url)
    symbol = draw_symbol(address_of(base, make_token()))
    report = check_stock(symbol.address, stock)
    fields = [*chosen.fields, ("sent", "1"), *((name, value) for name, value in values.items() if value)]
    titles = (line.item_title for line in chosen.lines(db)) if codes <= MAX_AT_ONCE else ()
    page = SheetPage(
        lede=_lede(codes, run),
        stock=stock,
        stocks=tuple((each.key, each.said) for each in STOCKS),
        marks=_marks(run, codes, report.size_mm),
        qr_path="".join(f"M{x} {y}h{length}v1h-{length}z" for x, y, length in symbol.runs),
        qr_scale=report.module_mm,
        report=report,
        verdict=report.verdict.value,
        facts=_facts(report.size_mm, report.module_mm, report.version, report.least_size_mm),
        incomplete=tuple(list_incomplete(titles)[:20]),
        codes=codes,
        sheets=run.count_pages(codes),
        hidden=tuple(chosen.fields),
        values=values,
        colours=(("black", "Black"), ("brand", "Brand colour")),
        first_href=address("/desk/codes/sheet/first", fields),
        test_href=address("/desk/codes/sheet/test", fields),
        back_href=address("/desk/codes", say_wanted(chosen.wanted)),
        is_tag=stock.shape == Shape.TAG,
        problems=problems,
    )
    return render("desk/code_sheet.html", page, status=422 if problems and request.method == "POST" else 200)


def _find_problems(codes: int, values: dict[str, str]) -> dict[str, str]:
    try:
        _refuse_number(codes * _read_run(values).copies)
    except FormError as refused:
        return refused.problems
    return {}


def _marks(run: Run, codes: int, code_mm: float) -> tuple[Mark, ...]:
    """The first sheet, label by label; those before the start and after the last are left empty."""
    stock, last = run.stock, run.start - 1 + codes * run.copies
    return tuple(
        Mark(*stock.corner_of(place), code_mm if run.start - 1 <= place < last else 0)
        for place in range(stock.per_sheet)
    )


def _facts(size_mm: float, module_mm: float, version: int, least_mm: float) -> tuple[tuple[str, str], ...]:
    dots = round(module_mm * 300 / 25.4)
    return (
        ("Code", f"{size_mm:.1f} mm, version {version}, level M"),
        ("Module", f"{module_mm:.2f} mm, {dots} dots at 300 dpi"),
        ("Quiet zone", "4 modules, inside"),
        ("Least size", f"{least_mm:.1f} mm"),
    )


def _lede(codes: int, run: Run) -> str:
    said = f"{count_of(codes, 'code')} on {count_of(run.count_pages(codes), 'sheet')} of {run.stock.name}."
    if run.stock.per_sheet == 1:
        said = f"{count_of(codes, 'code')}, one to each {run.stock.name.lower()}."
    return f"{said} Each is read back before it is drawn, and noted as printed when the file is made."
