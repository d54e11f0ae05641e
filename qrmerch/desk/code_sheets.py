"""Sheets of labels: for chosen codes or a whole list, on a stock; asked for as a print batch."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import islice
from math import isfinite
from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.catalog.queries import get_item
from qrmerch.clock import now
from qrmerch.codes.artwork import BLACK, MIN_SIZE_MM, MM_PER_INCH, Level, Symbol, draw_symbol
from qrmerch.codes.designs import keep_reading
from qrmerch.codes.models import CodeState
from qrmerch.codes.preflight import ArtworkRefused, Reading, Report, Verdict
from qrmerch.codes.queries import CodeLine, Wanted, count_codes, each_code, list_by_token
from qrmerch.codes.service import MAX_AT_ONCE
from qrmerch.codes.tokens import address_of, make_token
from qrmerch.desk.code_pages import Mark, SheetPage, address, count_of, read_wanted, say_wanted
from qrmerch.desk.design_view import Drawn, design_options, find_worn, measure_drawn, refuse_unread, sample_symbols
from qrmerch.desk.sign_view import held_by_all, read_hangs_until
from qrmerch.errors import FormError, NotFound
from qrmerch.i18n import format_date, language_name
from qrmerch.media.marks import find_mark
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_brand, get_retailer, printed_base
from qrmerch.printing.house_face import faces_folder, font_key_of, unpack_font
from qrmerch.printing.labels import Label, Wording, code_size_mm, label_of
from qrmerch.printing.models import Medium
from qrmerch.printing.queries import get_any_stock, list_fits, list_stocks
from qrmerch.printing.readback import read_pages
from qrmerch.printing.reading import open_pages, render_page
from qrmerch.printing.service import MAX_NAME_CHARS, Order, ask_batch, check_number, check_place, keep_fit
from qrmerch.printing.sheets import (
    MAX_LABELS,
    Run,
    check_on_paper,
    check_stock,
    list_incomplete,
    outline_page,
    sheet,
    with_copies,
)
from qrmerch.printing.sign_words import Holds, choose_call
from qrmerch.printing.stocks import STOCKS, Stock, said_mm
from qrmerch.printing.wording import refuse_unset, word_labels
from qrmerch.printing.zpl import outline_label
from qrmerch.rendering.brand import derive_colours
from qrmerch.web import get_db, notice, reading_session, redirect_to, render, services

blueprint = Blueprint("desk_code_sheets", __name__, url_prefix="/desk/codes/sheet")

PDF: Final = "application/pdf"
ZPL: Final = "application/octet-stream"
_MAX_PICKED: Final = 200
# A suggestion is worth a second look at so many pages.
_LOOKED_INTO: Final = 24
# What a printer of sheets has at least.
_SHEET_DPI: Final = 300
# How many pixels a browser lays on an inch.
_SCREEN_DPI: Final = 96
_MOST_PIXELS: Final = 1_200
# How many names with missing letters a sentence says.
_NAMED: Final = 5
# What the file is for, and a label printer's dots to the inch.
_MEDIA: Final = {"pdf": (Medium.PDF, 0), "zpl-203": (Medium.ZPL, 203), "zpl-300": (Medium.ZPL, 300)}
_MEDIA_NAMES: Final = (
    ("pdf", "Sheets (PDF)"),
    ("zpl-203", "Zebra, 203 dpi (ZPL)"),
    ("zpl-300", "Zebra, 300 dpi (ZPL)"),
)


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
    return _form(db, retailer, chosen, _values(db, retailer, request.args), {})


@blueprint.get("/first")
@allow(*PUBLISHERS)
def show_first() -> Response:
    """The first sheet as it will be, to look at; nothing is recorded.

    :raises CodeNotReadBack: a code on it cannot be read.
    """
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    chosen, values = _read_chosen(retailer, request.args), _values(db, retailer, request.args)
    check_number(min(chosen.count(db), MAX_LABELS))
    run = _read_run(db, retailer, values)
    check_on_paper(run)
    room = run.stock.per_sheet - run.start + 1
    drawn = _drawn_on(db, retailer, run.stock, values)
    refuse_unread(db, retailer.id, drawn, found=measure_drawn(db, retailer.id, drawn))
    labels = list(islice(with_copies(_labels(db, chosen), run.copies), room))
    data = sheet(labels, run.stock, wording=_wording(db, retailer, values), run=replace(run, copies=1))
    with open_pages(data) as pages:
        deque(read_pages(pages, run, (label.address for label in labels)), maxlen=0)
    return Response(data, mimetype=PDF, headers={"Content-Disposition": 'inline; filename="first-sheet.pdf"'})


@blueprint.get("/label.png")
@allow(*PUBLISHERS)
def show_label() -> Response:
    """The first label as it will be printed, two pixels to a dot of a usual screen.

    :raises NotFound: no code is chosen.
    :raises ArtworkRefused: it would not scan on this stock.
    """
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    chosen, values = _read_chosen(retailer, request.args), _values(db, retailer, request.args)
    label = next(_labels(db, chosen), None)
    if label is None:
        raise NotFound("None of these codes is active. Go back to the list and choose others.")
    run, out = Run(stock=_read_run(db, retailer, values).stock), BytesIO()
    data = sheet([label], run.stock, wording=_wording(db, retailer, values), run=run)
    dpi = min(2 * _SCREEN_DPI, _MOST_PIXELS / max(run.stock.label) * MM_PER_INCH)
    render_page(data, 0, dpi, has_colour=True, box_mm=run.box_on_page(0)).save(out, "PNG")
    return Response(out.getvalue(), mimetype="image/png")


@blueprint.get("/test")
@allow(*PUBLISHERS)
def show_test() -> Response:
    """The outlines of a stock's labels, to be held against it; for a label printer, a frame on one label."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    values = _values(db, retailer, request.args)
    run, (medium, dpi) = _read_run(db, retailer, values), _MEDIA[values["as"]]
    if medium == Medium.ZPL:
        headers = {"Content-Disposition": 'attachment; filename="test-label.zpl"'}
        return Response(outline_label(run, dpi=dpi), mimetype=ZPL, headers=headers)
    headers = {"Content-Disposition": 'inline; filename="test-page.pdf"'}
    return Response(outline_page(run), mimetype=PDF, headers=headers)


@blueprint.post("/fit")
@allow(*PUBLISHERS)
def keep() -> Response:
    """Remember what a printer needs for this stock."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    chosen, values = _read_chosen(retailer, request.form), _values(db, retailer, request.form)
    try:
        run = _read_run(db, retailer, values)
        medium, name = _MEDIA[values["as"]][0], request.form.get("printer", "")
        fit = keep_fit(db, retailer, name, run, medium=medium, at=now(), actor=principal)
    except FormError as refused:
        return _form(db, retailer, chosen, values, refused.problems, printer=request.form.get("printer", ""))
    db.commit()
    notice(f"Kept: {fit.printer} prints {run.stock.name} like this.")
    fields = [*chosen.fields, ("sent", "1"), *((name, value) for name, value in values.items() if value)]
    fields = [(name, value) for name, value in fields if name not in ("fit", "fitted")]
    return redirect_to(address("/desk/codes/sheet", [*fields, ("fit", fit.id), ("fitted", fit.id)]))


@blueprint.post("")
@allow(*PUBLISHERS)
def make() -> Response:
    """Ask for the batch; a job draws it and reads every code back.

    :raises ArtworkRefused: a code would not scan on this stock.
    """
    principal = current_principal()
    # Reading a design's typical pictures takes seconds; nobody's writing waits for it.
    with reading_session() as reading:
        found = _measure(reading, get_retailer(reading, principal.retailer_id))
    db = get_db()
    retailer = get_retailer(db, principal.retailer_id)
    chosen, values = _read_chosen(retailer, request.form), _values(db, retailer, request.form)
    for digest, taken in found.items():
        keep_reading(db, retailer.id, digest, taken, at=now())
    try:
        read_hangs_until(values["hangs_until"], at=now(), zone=retailer.time_zone)
        run = _read_run(db, retailer, values)
        check_number(chosen.count(db) * run.copies)
        _refuse_missing(db, chosen, values, _wording(db, retailer, values))
        _refuse_too_small(db, retailer, run.stock, values)
        batch = ask_batch(db, retailer, _order(db, retailer, chosen, values, run), at=now(), actor=principal)
    except FormError as refused:
        return _form(db, retailer, chosen, values, refused.problems)
    db.commit()
    return redirect_to(f"/desk/prints/{batch.id}")


def _order(db: Session, retailer: Retailer, chosen: _Chosen, values: dict[str, str], run: Run) -> Order:
    medium, dpi = _MEDIA[values["as"]]
    brand = get_brand(db, retailer.id, at=now())
    return Order(
        name=values["name"],
        code_ids=[line.code.id for line in chosen.lines(db)],
        run=run,
        wording=replace(_wording(db, retailer, values), logo=b""),
        base_url=services().settings.base_url,
        logo_key=brand.logo_key,
        font_key=font_key_of(brand),
        medium=medium,
        dpi=dpi,
    )


def _refuse_missing(db: Session, chosen: _Chosen, values: dict[str, str], wording: Wording) -> None:
    """:raises FormError: words have letters that no face has, and nobody said to leave them out of the names."""
    refuse_unset(wording)
    if values["leaves_out"]:
        return
    missing = list_incomplete(_names(chosen.lines(db), values))
    if missing:
        many = "This name has" if len(missing) == 1 else f"{len(missing):,} names have"
        named = ", ".join(missing[:_NAMED]) + ("" if len(missing) <= _NAMED else " and others")
        raise FormError(
            {
                "leaves_out": f"{many} letters that no font here has: {named}. Say that they are left out, or change "
                "the names."
            }
        )


def _names(lines: Iterable[CodeLine], values: dict[str, str]) -> Iterator[str]:
    """The names that stand on the labels: of items, and of places where those are shown."""
    for line in lines:
        yield line.item_title
        if values["shows_place"] and line.store_name:
            yield line.place


def _refuse_too_small(db: Session, retailer: Retailer, stock: Stock, values: dict[str, str]) -> None:
    """:raises ArtworkRefused: codes would not scan on this stock, or not in this design."""
    wording = _wording(db, retailer, values)
    base = printed_base(db, retailer.id, base_url=services().settings.base_url)
    report = check_stock(address_of(base, make_token()), stock, level=wording.level)
    if report.verdict == Verdict.REFUSE:
        raise ArtworkRefused(report)
    refuse_unread(db, retailer.id, _drawn_on(db, retailer, stock, values))


def _measure(db: Session, retailer: Retailer) -> dict[str, Reading]:
    """What is read of the typical pictures of the design that the form names, at its size on the stock."""
    values = _values(db, retailer, request.form)
    stock = get_any_stock(db, retailer.id, values["stock"])
    return measure_drawn(db, retailer.id, _drawn_on(db, retailer, stock, values))


def _drawn_on(db: Session, retailer: Retailer, stock: Stock, values: dict[str, str]) -> list[Drawn]:
    """Codes of each size as they are drawn on a stock in the design that is chosen; none without one."""
    if find_worn(db, retailer, values["design"]) is None:
        return []
    wording = _wording(db, retailer, values)
    sizes = [(symbol, code_size_mm(symbol, stock)) for symbol in sample_symbols(db, retailer, wording.level)]
    return [(symbol, wording.asked(max(size_mm, MIN_SIZE_MM))) for symbol, size_mm in sizes]


def _read_chosen(retailer: Retailer, said: MultiDict[str, str]) -> _Chosen:
    picked = tuple(dict.fromkeys(token[:20] for token in said.getlist("pick")))
    return _Chosen(read_wanted(retailer.id, said), picked[:_MAX_PICKED])


def _labels(db: Session, chosen: _Chosen) -> Iterator[Label]:
    """One label for each chosen code."""
    return (label_of(line, services().settings.base_url) for line in chosen.lines(db))


def _values(db: Session, retailer: Retailer, said: MultiDict[str, str]) -> dict[str, str]:
    """The fields of the form as typed, or as they usually are. A form that was sent has all its ticks in it."""
    is_sent = "sent" in said
    usual = {"stock": STOCKS[0].key, "start": "1", "copies": "1", "right": "0", "down": "0", "across": "100"}
    usual |= {"along": "100", "call": "", "colour": "black", "as": "pdf", "language": retailer.default_locale}
    usual |= {"name": said.get("batch", "") or format_date(now().astimezone(ZoneInfo(retailer.time_zone)).date(), "en")}
    usual |= {"fit": "", "fitted": "", "said_in": "", "design": "", "hangs_until": ""}
    values = {name: said.get(name, value)[:MAX_NAME_CHARS] for name, value in usual.items()}
    if values["language"] not in retailer.locales:
        values["language"] = retailer.default_locale
    if values["as"] not in _MEDIA:
        values["as"] = "pdf"
    # Another language brings its own words, another last day perhaps an offer; so does the first look.
    said_in = f"{values['language']} {values['hangs_until']}".strip()
    if not is_sent or (values["said_in"] and values["said_in"] != said_in):
        is_said = "call" in said and not is_sent
        values["call"] = said.get("call", "") if is_said else _suggest_call(db, retailer, said, values)
    values["said_in"] = said_in
    for tick in ("shows_place", "shows_notice"):
        values[tick] = said.get(tick, "" if is_sent else "1")[:1]
    values["leaves_out"] = said.get("leaves_out", "")[:1]
    return _fitted(db, retailer, values)


def _suggest_call(db: Session, retailer: Retailer, said: MultiDict[str, str], values: dict[str, str]) -> str:
    """What a scan gives, in words that are true of the pages of all chosen codes; of very many, what all pages hold."""
    language, at = values["language"], now()
    lines = list(islice(_read_chosen(retailer, said).lines(db), _LOOKED_INTO + 1))
    hung = dict.fromkeys((line.code.item_id, line.code.store_id) for line in lines)
    if len(lines) > _LOOKED_INTO or any(item_id is None for item_id, _ in hung):
        return choose_call(Holds(), language)
    pages = [(get_item(db, item_id or ""), store_id) for item_id, store_id in hung]
    try:
        until = read_hangs_until(values["hangs_until"], at=at, zone=retailer.time_zone)
    except FormError:
        until = None
    held = held_by_all(db, pages, retailer=retailer, locale=language, at=at, hangs_until=until)
    return choose_call(held, language)


def _fitted(db: Session, retailer: Retailer, values: dict[str, str]) -> dict[str, str]:
    """The values with what the chosen printer needs for this stock, when it was just chosen."""
    fits = {fit.id: fit for fit in list_fits(db, retailer.id, values["stock"])}
    fit = fits.get(values["fit"])
    if fit is not None and values["fitted"] != fit.id:
        values |= {"right": f"{fit.right_mm:g}", "down": f"{fit.down_mm:g}"}
        values |= {"across": f"{fit.across * 100:g}", "along": f"{fit.along * 100:g}"}
    values["fit"] = values["fitted"] = fit.id if fit is not None else ""
    return values


def _read_run(db: Session, retailer: Retailer, values: dict[str, str]) -> Run:
    """:raises FormError: a number that is none, or that no sheet has."""
    problems = {}
    numbers: dict[str, float] = {}
    for name in ("start", "copies", "right", "down", "across", "along"):
        try:
            numbers[name] = float(values[name].replace(",", ".") or "nan")
        except ValueError:
            numbers[name] = float("nan")
        if not isfinite(numbers[name]) or (name in ("start", "copies") and numbers[name] % 1):
            problems[name] = f"{values[name] or 'Nothing'} is not a number we can read."
    if problems:
        raise FormError(problems)
    return Run(
        stock=get_any_stock(db, retailer.id, values["stock"]),
        start=int(numbers["start"]),
        copies=int(numbers["copies"]),
        right_mm=numbers["right"],
        down_mm=numbers["down"],
        across=numbers["across"] / 100,
        along=numbers["along"] / 100,
    )


def _wording(db: Session, retailer: Retailer, values: dict[str, str]) -> Wording:
    made_with = services()
    brand, worn = get_brand(db, retailer.id, at=now()), find_worn(db, retailer, values["design"])
    colour = derive_colours(brand.colour).code if values["colour"] == "brand" else BLACK
    words = word_labels(
        values["language"],
        house=brand.wordmark,
        logo=_read_logo(brand.logo_key),
        base=printed_base(db, retailer.id, base_url=services().settings.base_url),
        call=values["call"],
        dark=worn.asked.dark if worn else colour,
        has_notice=bool(values["shows_notice"]),
        shows_place=bool(values["shows_place"]),
    )
    words = replace(words, face=unpack_font(made_with.files, font_key_of(brand), faces_folder(made_with.settings)))
    return replace(words, style=worn.asked.style, level=worn.level, ground=worn.asked.paper) if worn else words


def _read_logo(key: str) -> bytes:
    """A logo's bytes; empty where there is none."""
    store = services().files
    if find_mark(store, key) is None:
        return b""
    with store.open(key) as file:
        return file.read()


def _form(
    db: Session,
    retailer: Retailer,
    chosen: _Chosen,
    values: dict[str, str],
    problems: dict[str, str],
    *,
    printer: str = "",
) -> Response:
    stock = get_any_stock(db, retailer.id, values["stock"])
    codes = chosen.count(db)
    if not problems:
        problems = _find_problems(db, retailer, codes, values)
    run = Run(stock=stock) if problems else _read_run(db, retailer, values)
    medium, dpi = _MEDIA[values["as"]]
    base = printed_base(db, retailer.id, base_url=services().settings.base_url)
    worn = find_worn(db, retailer, values["design"])
    symbol = draw_symbol(address_of(base, make_token()), level=worn.level if worn else Level.M)
    report = check_stock(symbol.address, stock, level=symbol.level)
    fields = [*chosen.fields, ("sent", "1"), *((name, value) for name, value in values.items() if value)]
    names = _names(chosen.lines(db), values) if codes <= MAX_AT_ONCE else ()
    page = SheetPage(
        lede=_lede(codes, run, medium),
        stock=stock,
        stocks=tuple((each.key, each.said) for each in list_stocks(db, retailer.id)),
        better=_find_better(symbol, stock, list_stocks(db, retailer.id)) if report.verdict == Verdict.REFUSE else "",
        fits=(("", "As it comes"), *((fit.id, fit.printer) for fit in list_fits(db, retailer.id, stock.key))),
        printer=printer,
        languages=tuple((each, language_name(each, "en")) for each in retailer.locales),
        media=_MEDIA_NAMES,
        marks=_marks(run, codes, report.size_mm),
        qr_path=symbol.svg_path,
        qr_scale=report.module_mm,
        report=report,
        verdict=report.verdict.value,
        facts=_facts(report, symbol.level, dpi),
        incomplete=tuple(list_incomplete(names)[:20]),
        codes=codes,
        sheets=run.count_pages(codes),
        is_roll=medium == Medium.ZPL,
        hidden=tuple(chosen.fields),
        values=values,
        colours=(("black", "Black"), ("brand", "Brand colour")),
        designs=design_options(db, retailer),
        label_src=""
        if problems or not codes or medium == Medium.ZPL
        else address("/desk/codes/sheet/label.png", fields),
        label_size=(_on_screen(stock.label[0]), _on_screen(stock.label[1])),
        first_href=address("/desk/codes/sheet/first", fields),
        test_href=address("/desk/codes/sheet/test", fields),
        back_href=address("/desk/codes", say_wanted(chosen.wanted)),
        shape=stock.shape.value,
        problems=problems,
    )
    return render("desk/code_sheet.html", page, status=422 if problems and request.method == "POST" else 200)


def _on_screen(side_mm: float) -> int:
    return round(side_mm / MM_PER_INCH * _SCREEN_DPI)


def _find_problems(db: Session, retailer: Retailer, codes: int, values: dict[str, str]) -> dict[str, str]:
    try:
        read_hangs_until(values["hangs_until"], at=now(), zone=retailer.time_zone)
        run = _read_run(db, retailer, values)
        check_number(codes * run.copies)
        check_place(run, _MEDIA[values["as"]][0])
    except FormError as refused:
        return refused.problems
    return {}


def _find_better(symbol: Symbol, stock: Stock, stocks: Sequence[Stock]) -> str:
    """A stock on which codes like this one read, in words: the smallest; empty for none."""
    fitting = [
        each
        for each in stocks
        if each.key != stock.key and check_stock(symbol.address, each, level=symbol.level).verdict == Verdict.PASS
    ]
    smallest = min(fitting, key=lambda each: each.label[0] * each.label[1], default=None)
    return f"Another stock that would do: {smallest.said}." if smallest else ""


def _marks(run: Run, codes: int, code_mm: float) -> tuple[Mark, ...]:
    """The first sheet, label by label; those before the start and after the last are left empty."""
    stock, last = run.stock, run.start - 1 + codes * run.copies
    return tuple(
        Mark(*stock.corner_of(place), code_mm if run.start - 1 <= place < last else 0)
        for place in range(stock.per_sheet)
    )


def _facts(report: Report, level: Level, dpi: int) -> tuple[tuple[str, str], ...]:
    """What is to be known of a code on the stock.

    :param dpi: of a label printer, which draws in whole dots of its own; 0 for sheets.
    """
    dots = int(report.module_mm * (dpi or _SHEET_DPI) / MM_PER_INCH + 1e-6)
    share = dots * MM_PER_INCH / dpi / report.module_mm if dpi else 1.0
    return (
        ("Code", f"{report.size_mm * share:.1f} mm, version {report.version}, level {level}"),
        ("Module", f"{report.module_mm * share:.2f} mm, {dots} dots at {dpi or _SHEET_DPI} dpi"),
        ("Quiet zone", "4 modules, inside"),
        ("Least size", f"{report.least_size_mm:.1f} mm"),
    )


def _lede(codes: int, run: Run, medium: Medium) -> str:
    if medium == Medium.ZPL:
        size = " × ".join(said_mm(side) for side in run.stock.label)
        return (
            f"{count_of(codes, 'code')}, each on a label of {size} mm. Every code is read back before the file leaves."
        )
    said = f"{count_of(codes, 'code')} on {count_of(run.count_pages(codes), 'sheet')} of {run.stock.name}."
    if run.stock.per_sheet == 1:
        said = f"{count_of(codes, 'code')}, one to each {run.stock.name.lower()}."
    return f"{said} Every code is read back from the finished pages before the file can be released."
