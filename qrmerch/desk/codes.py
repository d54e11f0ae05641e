"""Codes at the desk: the list, one code with its artwork, and what becomes of old prints."""

from dataclasses import replace
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, RETAILER_STAFF, Principal, allow, current_principal
from qrmerch.catalog.queries import get_item
from qrmerch.clock import now
from qrmerch.codes import preflight
from qrmerch.codes.artwork import BLACK, SizeNotPossible, draw_symbol
from qrmerch.codes.chips import chip_bytes, ndef_message
from qrmerch.codes.designs import Design, NotMeasured, check_design, design_of, get_design, list_designs
from qrmerch.codes.models import Carrier, Code, CodeDesign, CodeState, Ink, Subject
from qrmerch.codes.queries import (
    Batch,
    CodeLine,
    Wanted,
    count_by_state,
    count_codes,
    each_code,
    find_code,
    find_gtin,
    get_code,
    get_line,
    list_batches,
    list_candidates,
    list_codes,
    list_replaced_by,
    said_by,
)
from qrmerch.codes.runs import list_running
from qrmerch.codes.service import bring_back, insist_active, mark_printed, replace_code, retire_code
from qrmerch.codes.tokens import LENGTH, find_token, group
from qrmerch.desk.code_pages import (
    PER_PAGE,
    CodePage,
    CodesPage,
    Options,
    address,
    batch_row,
    code_row,
    count_of,
    day_of,
    moment_of,
    order_row,
    page_number,
    read_wanted,
    say_wanted,
    store_options,
)
from qrmerch.desk.code_uses import CARRIERS, DAYS, lately, read_uses
from qrmerch.desk.design_pages import not_shown
from qrmerch.desk.design_view import load_asked, show_design
from qrmerch.desk.picking import place_value
from qrmerch.downloads import csv_response
from qrmerch.errors import FormError, NotFound
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_brand, get_retailer, list_stores, printed_base
from qrmerch.printing.pieces import Words, release_piece
from qrmerch.printing.sheets import MAX_LABELS
from qrmerch.printing.wording import word_labels
from qrmerch.rendering.brand import derive_colours
from qrmerch.scans.kinds import SCAN
from qrmerch.scans.queries import Span, count_by_code, count_scans_by_code
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("desk_codes", __name__, url_prefix="/desk/codes")

_LEADS: Final = {
    Subject.ITEM: "The item’s page",
    Subject.VARIANT: "The item’s page, with this variant chosen",
    Subject.STORE: "The store’s own page",
    Subject.LOOK: "The look’s page",
    Subject.OCCASION: "The event’s page",
}
# What old prints say whose code is retired, where it led to no item.
_GONE: Final = {
    Subject.LOOK: "look is no longer here, and show what was in it",
    Subject.OCCASION: "event is no longer here, and show what comes next",
}
# Where the desk shows what is no item.
_PAGES: Final = {Subject.STORE: "/desk/stores", Subject.LOOK: "/desk/looks", Subject.OCCASION: "/desk/events"}
_STATES: Final[Options] = (
    ("", "All states"),
    (CodeState.ACTIVE, "Active"),
    (CodeState.REPLACED, "Replaced"),
    (CodeState.RETIRED, "Retired"),
)
_KINDS: Final = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
_USUAL_SIZE_MM: Final = "25"
_DPI: Final = 300
_MAX_TYPED_CHARS: Final = 40


@blueprint.get("")
@allow(*RETAILER_STAFF)
def show_all() -> Response:
    """The retailer's codes, filtered as the address says."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    wanted = read_wanted(retailer.id, request.args)
    number = page_number(request.args)
    lines, total = list_codes(db, wanted, page=number, per_page=PER_PAGE)
    span = lately(retailer, at=now())
    scans = count_scans_by_code(db, span, [line.code.id for line in lines])
    batches = list_batches(db, retailer.id)
    states = count_by_state(db, retailer.id)
    fields, may_print = say_wanted(wanted), principal.role in PUBLISHERS
    printable = count_codes(db, wanted.active) if may_print else 0
    page = CodesPage(
        lede=_lede(states, count_codes(db, Wanted(retailer.id, printed="no"))),
        may_print=may_print,
        has_any=bool(states),
        is_filtered=wanted.is_filtered,
        find=wanted.find,
        item_id=wanted.item_id,
        subject_id=wanted.subject_id,
        item_title=get_item(db, wanted.item_id).title if wanted.item_id else "",
        store_id=wanted.store_id,
        stores=store_options(list_stores(db, retailer.id)),
        state=wanted.state,
        states=_STATES,
        batch=wanted.batch,
        batches=_batch_options(batches, wanted.batch),
        printed=wanted.printed,
        carrier=wanted.carrier,
        carriers=(("", "All carriers"), *CARRIERS.items()),
        campaign=wanted.campaign,
        uses=read_uses(db, wanted, span),
        rows=tuple(code_row(line, retailer.time_zone, scans=scans.get(line.code.id, 0)) for line in lines),
        said=f"{len(lines):,} of {count_of(total, 'code')}",
        previous=address("/desk/codes", {**fields, "page": number - 1}) if number > 1 else "",
        next=address("/desk/codes", {**fields, "page": number + 1}) if number * PER_PAGE < total else "",
        csv_href=address("/desk/codes/export", fields),
        nfc_href=_nfc_href(db, wanted),
        orders=tuple(order_row(run) for run in list_running(db, retailer.id)),
        sheet_href=address("/desk/codes/sheet", fields) if 0 < printable <= MAX_LABELS else "",
        sheet_label="Sheet of one code" if printable == 1 else f"Sheet of all {printable:,}",
        make_href=address("/desk/codes/make", {"item": wanted.item_id} if wanted.item_id else {}),
        batch_rows=tuple(batch_row(batch, retailer.time_zone, may_print=may_print) for batch in batches),
    )
    return render("desk/codes.html", page)


@blueprint.get("/export")
@allow(*RETAILER_STAFF)
def export() -> Response:
    """The codes that the address means, with their addresses, for a printer or a spreadsheet."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    base = services().settings.base_url
    lines = each_code(db, read_wanted(retailer.id, request.args))
    scans = count_scans_by_code(db, lately(retailer, at=now()))
    heads = ("Code", "Address", "Item", "Store", "Place", "Carrier", "State", "Batch", "Campaign", "Made", "Printed")
    rows = (_export_row(line, base, retailer.time_zone, scans.get(line.code.id, 0)) for line in lines)
    return csv_response(f"codes {retailer.slug}", said=(), heads=(*heads, f"Scans in {DAYS} days"), rows=rows)


@blueprint.get("/nfc")
@allow(*RETAILER_STAFF)
def export_nfc() -> Response:
    """The addresses of the active codes on NFC chips, as an encoder takes them: text, and ready message in hex."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    wanted = replace(read_wanted(retailer.id, request.args).active, carrier=Carrier.NFC)
    heads = ("Address", "Code", "Item", "Store", "Place", "NDEF message (hex)", "Bytes on the chip")
    base = services().settings.base_url
    rows = ((*_nfc_row(line, base),) for line in each_code(db, wanted))
    return csv_response(f"nfc {retailer.slug}", said=(), heads=heads, rows=rows)


@blueprint.get("/<code_id>")
@allow(*RETAILER_STAFF)
def show(code_id: str) -> Response:
    """One code."""
    return _show(get_line(get_db(), code_id))


@blueprint.get("/<code_id>/preview.svg")
@allow(*RETAILER_STAFF)
def preview(code_id: str) -> Response:
    """The code's symbol to look at."""
    db, principal = get_db(), current_principal()
    code = get_code(db, code_id)
    drawing = preflight.release_svg(_address(code), dark=_colour(db, principal, request.args.get("colour", "")))
    return Response(drawing, mimetype=_KINDS["svg"])


@blueprint.get("/<code_id>/shown")
@allow(*PUBLISHERS)
def show_artwork(code_id: str) -> Response:
    """The code as its form says now, with what preflight says of it, for the page's script."""
    db, principal = get_db(), current_principal()
    code = get_code(db, code_id)
    retailer = get_retailer(db, principal.retailer_id)
    try:
        design = _chosen_design(db)
    except SizeNotPossible as refused:
        return render("desk/_code_design_shown.html", not_shown(refused.detail))
    shown, _ = show_design(db, retailer, design, draw_symbol(_address(code), level=design.level))
    return render("desk/_code_design_shown.html", shown)


@blueprint.get("/<code_id>/artwork")
@allow(*PUBLISHERS)
def download(code_id: str) -> Response:
    """The code's artwork as a file that was read back.

    :raises ArtworkRefused: it would not scan at this size.
    :raises CodeEnded: it was retired or replaced.
    """
    db, principal = get_db(), current_principal()
    code = get_code(db, code_id)
    if code.state != CodeState.ACTIVE:
        insist_active([code.token], "Bring it back first, or print the code that took its place.")
    kind = request.args.get("as", "svg")
    if kind not in _KINDS:
        raise NotFound("Artwork comes as SVG, PNG or PDF.")
    design_id = request.args.get("design", "")
    data = _designed(db, code, kind, get_design(db, design_id)) if design_id else _plain(db, principal, code, kind)
    response = Response(data, mimetype=_KINDS[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="code-{code.token}.{kind}"'
    return response


def _plain(db: Session, principal: Principal, code: Code, kind: str) -> str | bytes:
    """The artwork without a design, at the width and in the colour that the address says."""
    size_mm = _read_size(request.args.get("size", _USUAL_SIZE_MM))
    dark, said = _colour(db, principal, request.args.get("colour", "")), _address(code)
    if kind == "svg":
        return preflight.release_svg(said, size_mm=size_mm, dark=dark)
    if kind == "png":
        return preflight.release_png(said, size_mm=size_mm, dpi=_DPI, dark=dark)
    return preflight.release_pdf(said, size_mm=size_mm, dark=dark)


def _designed(db: Session, code: Code, kind: str, kept: CodeDesign) -> str | bytes:
    """The artwork in a design, which brings its width, ink and words.

    :raises NotMeasured: nobody has read its typical pictures as it looks now.
    """
    retailer, design = get_retailer(db, code.retailer_id), design_of(kept)
    asked, said = load_asked(db, retailer, design), _address(code)
    symbol = draw_symbol(said, level=design.level)
    report, is_measured = check_design(db, retailer.id, symbol, asked)
    if report.verdict == preflight.Verdict.REFUSE:
        raise preflight.ArtworkRefused(report)
    if not is_measured:
        raise NotMeasured(f"{kept.name} was not measured yet as its codes look now. Open the design and read them.")
    words = Words(
        caption=design.caption,
        number=_number(db, code) if design.shows_gtin else "",
        notice=_notice(db, retailer) if design.shows_notice else "",
        has_frame=design.has_frame,
    )
    if not words.is_empty:
        return release_piece(kind, symbol, asked, words, title=said, dpi=_DPI)
    if kind == "svg":
        return preflight.release_svg(said, level=design.level, asked=asked)
    if kind == "png":
        return preflight.release_png(said, level=design.level, dpi=_DPI, asked=asked)
    return preflight.release_pdf(said, level=design.level, asked=asked)


def _number(db: Session, code: Code) -> str:
    """The trade number as it stands under a code; nothing where what the code leads to has none."""
    gtin = find_gtin(db, code.item_id) if code.item_id else ""
    return f"(01) {gtin}" if gtin else ""


def _notice(db: Session, retailer: Retailer) -> str:
    """What a scan keeps, in the retailer's first language."""
    base = printed_base(db, retailer.id, base_url=services().settings.base_url)
    return word_labels(retailer.default_locale, house="", base=base).notice


@blueprint.post("/<code_id>/end")
@allow(*PUBLISHERS)
def end(code_id: str) -> Response:
    """Say what old prints of a code show from now on: another code's page, or that the item is no longer here."""
    db, principal, at = get_db(), current_principal(), now()
    line = get_line(db, code_id)
    what, typed = request.form.get("what", ""), request.form.get("code", "")[:_MAX_TYPED_CHARS]
    try:
        if what == "replace":
            by = _find_other(db, line.code, request.form.get("by", ""), typed)
            replace_code(db, line.code, by, at=at, actor=principal)
            said = f"Old prints of {group(line.code.token)} show the page of {group(by.token)} from the next scan on."
        elif what == "retire":
            retire_code(db, line.code, at=at, actor=principal)
            said = f"{group(line.code.token)} is retired. Old prints say so and show what is like it."
        else:
            raise FormError({"what": "Choose what old prints shall show."})
    except FormError as refused:
        return _show(line, problems=refused.problems, what=what, typed=typed)
    db.commit()
    notice(said)
    return redirect_to(f"/desk/codes/{code_id}")


@blueprint.post("/<code_id>/bring-back")
@allow(*PUBLISHERS)
def bring_it_back(code_id: str) -> Response:
    """Let a replaced or retired code lead to its own page again."""
    db, principal = get_db(), current_principal()
    code = get_code(db, code_id)
    bring_back(db, code, at=now(), actor=principal)
    db.commit()
    notice(f"{group(code.token)} leads to its own page again.")
    return redirect_to(f"/desk/codes/{code_id}")


@blueprint.post("/<code_id>/printed")
@allow(*PUBLISHERS)
def note_printed(code_id: str) -> Response:
    """Note that a code was printed by other means than a sheet."""
    db, principal = get_db(), current_principal()
    code = get_code(db, code_id)
    mark_printed(db, [code], at=now(), actor=principal)
    db.commit()
    notice(f"{group(code.token)} is noted as printed.")
    return redirect_to(f"/desk/codes/{code_id}")


def _sign_href(code: Code) -> str:
    """Where a poster of the item at this place is made; empty where the code leads elsewhere."""
    if code.subject_kind != Subject.ITEM:
        return ""
    return address("/desk/codes/signs/make", {"item": code.subject_id, "place": place_value(code)})


def _show(line: CodeLine, *, problems: dict[str, str] | None = None, what: str = "", typed: str = "") -> Response:
    db, principal, code = get_db(), current_principal(), line.code
    retailer = get_retailer(db, principal.retailer_id)
    said = _address(code)
    older = list_replaced_by(db, code)
    after = get_code(db, code.replaced_by_id) if code.replaced_by_id else None
    scans = _count_scans(db, code, retailer)
    designs = list_designs(db, retailer.id)
    page = CodePage(
        code_id=code.id,
        title=line.item_title,
        token=code.token,
        token_words=group(code.token),
        lede=_say_state(code, line.place),
        state=code.state,
        address=said,
        facts=_facts(line, retailer),
        sign_href=_sign_href(code),
        leads_href=_leads_href(code),
        codes_href=address("/desk/codes", {"item": code.item_id}) if code.item_id else "",
        scans=count_of(scans, "scan"),
        scans_href=f"/desk/insights/items/{code.item_id}" if code.item_id else "",
        followed_by=tuple((f"/desk/codes/{each.id}", group(each.token)) for each in older),
        follows=((f"/desk/codes/{after.id}", group(after.token)),) if after else (),
        may_print=principal.role in PUBLISHERS,
        report=preflight.check_symbol(draw_symbol(said), size_mm=float(_USUAL_SIZE_MM)),
        size=_USUAL_SIZE_MM,
        colour="",
        colours=(("", "Black"), ("brand", "Brand colour")),
        designs=(("", "Plain"), *((each.id, each.name) for each in designs)) if designs else (),
        formats=(("svg", "SVG"), ("pdf", "PDF"), ("png", f"PNG, {_DPI} dpi")),
        candidates=tuple(
            (each.code.id, f"{group(each.code.token)}: {each.item_title}, {each.place}")
            for each in list_candidates(db, code)
        ),
        problems=problems or {},
        what=what,
        typed=typed,
    )
    return render("desk/code.html", page, status=422 if problems else 200)


def _facts(line: CodeLine, retailer: Retailer) -> tuple[tuple[str, str], ...]:
    code, zone = line.code, retailer.time_zone
    printed = moment_of(code.printed_at, zone) or "Not yet"
    facts = [("Leads to", _LEADS[code.subject_kind]), ("Hangs", line.place), ("Carrier", CARRIERS[code.carrier])]
    facts += [(name, value) for name, value in (("Batch", code.batch), ("Campaign", code.campaign)) if value]
    return (*facts, ("Made", moment_of(code.created_at, zone)), ("Printed", printed))


def _say_state(code: Code, place: str) -> str:
    if code.state == CodeState.RETIRED:
        what = _GONE.get(code.subject_kind, "item is no longer here, and show what is like it")
        return f"Retired. Old prints say that the {what}."
    if code.state == CodeState.REPLACED:
        return "Replaced. Old prints show another code’s page; their scans still count here."
    return f"Active. {place}." if place != "No place" else "Active. It hangs in no store."


def _count_scans(db: Session, code: Code, retailer: Retailer) -> int:
    zone = ZoneInfo(retailer.time_zone)
    since, until = code.created_at.astimezone(zone).date(), now().astimezone(zone).date()
    # A day more on each side: a store's own date may differ from the retailer's.
    span = Span(retailer.id, since - timedelta(days=1), until + timedelta(days=2), item_id=code.item_id or "")
    return count_by_code(db, span).get(code.id, {}).get(SCAN, 0)


def _find_other(db: Session, code: Code, by_id: str, typed: str) -> Code:
    """The code that old prints shall follow: the one typed, else the one chosen."""
    if typed.strip():
        found = find_code(db, typed)
        if found is None:
            raise FormError({"code": _say_unknown(typed)})
    elif by_id:
        found = get_code(db, by_id)
    else:
        raise FormError({"code": "Choose the code that old prints shall follow, or type it."})
    if found.id == code.id:
        raise FormError({"code": "That is this code itself. Name the other one."})
    return found


def _say_unknown(typed: str) -> str:
    if find_token(typed):
        return "There is no code of yours with this text."
    if sum(character.isalnum() for character in typed) == LENGTH:
        return "One character is off: the last one checks the others. Look at the tag again."
    return f"A code has {LENGTH} characters, such as 7K3M 9QXR B."


def _address(code: Code) -> str:
    return said_by(code, services().settings.base_url)


def _colour(db: Session, principal: Principal, wanted: str) -> str:
    """The colour of a code's dark modules: black, or the brand's, darkened until it can be read."""
    if wanted != "brand":
        return BLACK
    return derive_colours(get_brand(db, str(principal.retailer_id), at=now()).colour).code


def _chosen_design(db: Session) -> Design:
    """The design that the address names, else the plain one it describes."""
    if design_id := request.args.get("design", ""):
        return design_of(get_design(db, design_id))
    ink = Ink.BRAND if request.args.get("colour") == "brand" else Ink.BLACK
    return Design(name="", ink=ink, size_mm=_read_size(request.args.get("size", _USUAL_SIZE_MM)))


def _read_size(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise SizeNotPossible(f"{text[:20]} is not a size. Write the width in millimetres, such as 25.") from None


def _lede(states: dict[CodeState, int], unprinted: int) -> str:
    total = sum(states.values())
    if not total:
        return "A code is one item at one place: on a tag, a shelf, a window, a poster."
    active = states.get(CodeState.ACTIVE, 0)
    said = (
        f"{count_of(total, 'code')}, all active."
        if active == total
        else f"{count_of(total, 'code')}, {active:,} active."
    )
    if unprinted == 1:
        return f"{said} One waits to be printed."
    return f"{said} {unprinted:,} wait to be printed." if unprinted else said


def _batch_options(batches: list[Batch], chosen: str) -> Options:
    names = [batch.name for batch in batches]
    if chosen and chosen not in names:
        names.append(chosen)
    return (("", "All batches"), *((name, name) for name in names))


def _export_row(line: CodeLine, base: str, zone: str, scans: int) -> tuple[str | int, ...]:
    code = line.code
    return (
        code.token,
        said_by(code, base),
        line.item_title,
        line.store_name,
        line.fixture_name,
        code.carrier,
        code.state,
        code.batch,
        code.campaign,
        day_of(code.created_at, zone),
        day_of(code.printed_at, zone),
        scans,
    )


def _nfc_row(line: CodeLine, base: str) -> tuple[str | int, ...]:
    said = said_by(line.code, base)
    message = ndef_message(said)
    places = (line.store_name, line.fixture_name)
    return said, line.code.token, line.item_title, *places, message.hex().upper(), chip_bytes(message)


def _nfc_href(db: Session, wanted: Wanted) -> str:
    """Where the addresses for an encoder are; empty where no code that is shown is on a chip."""
    if wanted.carrier not in ("", Carrier.NFC) or not count_codes(db, replace(wanted.active, carrier=Carrier.NFC)):
        return ""
    return address("/desk/codes/nfc", say_wanted(wanted))


def _leads_href(code: Code) -> str:
    if code.item_id:
        return f"/desk/items/{code.item_id}"
    return f"{_PAGES[code.subject_kind]}/{code.subject_id}"
