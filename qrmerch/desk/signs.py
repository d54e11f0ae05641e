"""Posters, talkers, tents, clings, walls and cards: asked for, looked at, fetched for the printer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response, request
from PIL import Image
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import list_items
from qrmerch.clock import now
from qrmerch.codes.designs import keep_reading
from qrmerch.codes.models import Code
from qrmerch.codes.queries import list_by_id
from qrmerch.codes.service import Place, make_codes
from qrmerch.desk.code_pages import Filter, address, moment_of
from qrmerch.desk.design_view import Drawn, design_options, find_worn, measure_drawn, refuse_unread
from qrmerch.desk.picking import (
    ITEMS_SHOWN,
    NO_PLACE,
    load_items,
    load_places,
    place_value,
    read_filter,
    show_picks,
)
from qrmerch.desk.sign_pages import SignMakePage, SignPage, SignRow, SignsPage
from qrmerch.desk.sign_view import dress_of, find_codes, gather, read_hangs_until, say_place, with_codes
from qrmerch.errors import FormError, NotFound
from qrmerch.files import FileStore
from qrmerch.i18n import direction, language_name
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer, printed_base
from qrmerch.printing import sign_service
from qrmerch.printing.sign_drawing import asked_of, check_sign, symbols_of
from qrmerch.printing.sign_models import SignRun, SignState
from qrmerch.printing.sign_queries import FILES_KEPT_FOR, get_sign, list_signs
from qrmerch.printing.sign_service import SignNotReady, ask_for_sign, cancel_sign, note_fetched
from qrmerch.printing.sign_words import (
    MAX_CALL_CHARS,
    MAX_HEADLINE_CHARS,
    MAX_LINE_CHARS,
    choose_call,
    usual_headline,
    word_card,
    word_guide,
    word_hanging,
    word_notice,
)
from qrmerch.printing.signs import FORMATS, MAX_WALL_ITEMS, Dress, Format, Shown, Sign, SignKind, find_format
from qrmerch.printing.walls import grid_of
from qrmerch.text import clean_line
from qrmerch.web import get_db, notice, reading_session, redirect_to, render, services

blueprint = Blueprint("desk_signs", __name__, url_prefix="/desk/codes/signs")

_MAX_TEXT_CHARS: Final = 120
_DISTANCES: Final = (0.1, 20.0)
_USUAL_FORMAT: Final = "poster-a3"
_GROUNDS: Final = (("brand", "Brand colour"), ("white", "White"))
_STATES: Final = {
    SignState.DRAWING: ("checking", "Being drawn"),
    SignState.READY: ("ready", "Ready"),
    SignState.FAILED: ("failed", "Not made"),
    SignState.CANCELLED: ("ended", "Cancelled"),
}
_PART_BYTES: Final = 1 << 20
_PDF: Final = "application/pdf"
_FIELDS: Final = (
    "format",
    "locale",
    "headline",
    "line",
    "call",
    "distance",
    "ground",
    "inside",
    "design",
    "hangs_until",
)


@dataclass(frozen=True, slots=True)
class _Draft:
    """What the form says."""

    filter: Filter
    item_ids: tuple[str, ...]
    place: str
    values: dict[str, str]

    @property
    def format(self) -> Format:
        return find_format(self.values["format"]) or FORMATS[0]


@blueprint.get("")
@allow(*PUBLISHERS)
def show_all() -> Response:
    """The signs made so far, newest first."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    runs = list_signs(db, retailer.id)
    running = sum(1 for run in runs if run.state == SignState.DRAWING)
    ready = sum(1 for run in runs if run.state == SignState.READY)
    lede = f"{ready} ready to print{f', {running} being drawn' if running else ''}." if runs else ""
    rows = tuple(_row_of(run, retailer) for run in runs)
    return render("desk/signs.html", SignsPage(lede, rows, is_running=bool(running)))


@blueprint.get("/make")
@allow(*PUBLISHERS)
def ask() -> Response:
    """The form; the address may have chosen items, a place and all else already."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    draft = _read(retailer, request.args)
    if not draft.item_ids and draft.place not in ("", NO_PLACE):
        draft = replace(draft, item_ids=_items_at(db, retailer, draft.place))
    return _form(db, retailer, draft, {})


@blueprint.post("/make")
@allow(*PUBLISHERS)
def make() -> Response:
    """Keep what the sign shows, make codes where there are none, and have it drawn."""
    principal, at = current_principal(), now()
    # What many items show takes its time to gather; nobody's writing waits for it.
    with reading_session() as reading:
        retailer = get_retailer(reading, principal.retailer_id)
        draft = _read(retailer, request.form)
        try:
            items, place = _load(reading, retailer, draft)
            sign = _compose(reading, retailer, draft, items, place, at=at)
            check_sign(sign)
        except FormError as refused:
            return _form(reading, retailer, draft, refused.problems)
        drawn = _drawn_on(reading, retailer, sign, draft.values["design"])
        found = measure_drawn(reading, retailer.id, drawn)
    db = get_db()
    retailer = get_retailer(db, principal.retailer_id)
    for digest, taken in found.items():
        keep_reading(db, retailer.id, digest, taken, at=at)
    refuse_unread(db, retailer.id, drawn)
    try:
        items, place = _load(db, retailer, draft)
        codes = _codes_for(db, items, place, sign.shape, at=at)
        if codes:
            sign = replace(sign, items=with_codes(sign.items, codes, base_url=services().settings.base_url))
        run = ask_for_sign(db, sign, codes, retailer_id=retailer.id, user_id=principal.user_id, at=at, actor=principal)
    except FormError as refused:
        return _form(db, retailer, draft, refused.problems)
    db.commit()
    return redirect_to(f"/desk/codes/signs/{run.id}")


@blueprint.get("/<sign_id>")
@allow(*PUBLISHERS)
def show(sign_id: str) -> Response:
    """One sign: what its pages look like, what was checked, its file."""
    db = get_db()
    run = get_sign(db, sign_id)
    return render("desk/sign.html", _page_of(db, run))


@blueprint.get("/<sign_id>/picture")
@allow(*PUBLISHERS)
def show_picture(sign_id: str) -> Response:
    """A page of a sign, to look at; `page` counts from 1."""
    run = get_sign(get_db(), sign_id)
    said = request.args.get("page", "1")
    number = int(said) if said.isdecimal() and len(said) < 4 else 0
    if not 1 <= number <= len(run.preview_keys):
        raise NotFound("This sign has no picture of that page.")
    with services().files.open(run.preview_keys[number - 1]) as file:
        data = file.read()
    return Response(data, mimetype="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


@blueprint.post("/<sign_id>/cancel")
@allow(*PUBLISHERS)
def cancel(sign_id: str) -> Response:
    """Leave a sign that is being drawn."""
    db = get_db()
    cancel_sign(db, get_sign(db, sign_id), at=now(), actor=current_principal())
    db.commit()
    notice("Cancelled. Its codes stay, and wait to be printed.", "info")
    return redirect_to(f"/desk/codes/signs/{sign_id}")


@blueprint.post("/<sign_id>/again")
@allow(*PUBLISHERS)
def try_again(sign_id: str) -> Response:
    """Have a sign that could not be made drawn once more, as it was asked for.

    :raises CodeEnded: one of its codes was retired or replaced since.
    """
    db = get_db()
    sign_service.try_again(db, get_sign(db, sign_id), at=now(), actor=current_principal())
    db.commit()
    return redirect_to(f"/desk/codes/signs/{sign_id}")


@blueprint.post("/<sign_id>/file")
@allow(*PUBLISHERS)
def fetch(sign_id: str) -> Response:
    """The PDF. With the first time, its codes are noted as printed.

    :raises SignNotReady: there is none, or none any more.
    :raises CodeEnded: one of its codes was retired or replaced since.
    """
    db, store = get_db(), services().files
    run = get_sign(db, sign_id)
    note_fetched(db, run, at=now(), actor=current_principal())
    if not store.exists(run.file_key):
        raise SignNotReady(f"Files of signs are kept for {FILES_KEPT_FOR.days} days. Make this one again.")
    key, name = run.file_key, f"{run.format}-{run.created_at:%Y-%m-%d}.pdf"
    db.commit()
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(_parts_of(store, key), mimetype=_PDF, headers=headers)


def _parts_of(store: FileStore, key: str) -> Iterator[bytes]:
    """A file little by little: a wall may be long."""
    with store.open(key) as file:
        while part := file.read(_PART_BYTES):
            yield part


def _read(retailer: Retailer, said: MultiDict[str, str]) -> _Draft:
    usual = {"format": _USUAL_FORMAT, "locale": retailer.default_locale, "ground": "brand"}
    values = {name: said.get(name, usual.get(name, ""))[:200] for name in _FIELDS}
    if find_format(values["format"]) is None:
        values["format"] = _USUAL_FORMAT
    if values["locale"] not in locales_of(retailer):
        values["locale"] = retailer.default_locale
    return _Draft(
        read_filter(said),
        item_ids=tuple(dict.fromkeys(said.getlist("item")))[: MAX_WALL_ITEMS + 1],
        place=said.get("place", ""),
        values=values,
    )


def _load(db: Session, retailer: Retailer, draft: _Draft) -> tuple[list[Item], Place]:
    """The items and the place that a form names.

    :raises FormError: none, too many, or no longer sold.
    :raises NotFound: one is not there, or another retailer's.
    """
    shape = draft.format
    if not shape.takes_items:
        return [], None
    problems = {}
    most = MAX_WALL_ITEMS if shape.kind == SignKind.WALL else 1
    if not 1 <= len(draft.item_ids) <= most:
        one = "Choose the one item that it shows."
        problems["item"] = one if most == 1 else f"Choose between 1 and {most} items for a wall."
    if not draft.place:
        problems["place"] = "Choose where it hangs, or No place."
    if problems:
        raise FormError(problems)
    items = load_items(db, draft.item_ids)
    gone = next((item.title for item in items if item.is_retired), None)
    if gone is not None:
        raise FormError({"item": f"{gone} is no longer sold. Take it off, or bring the item back first."})
    order = {item_id: at for at, item_id in enumerate(draft.item_ids)}
    return sorted(items, key=lambda item: order[item.id]), load_places(db, [draft.place])[0]


def _compose(
    db: Session, retailer: Retailer, draft: _Draft, items: Sequence[Item], place: Place, *, at: datetime
) -> Sign:
    """The sign that a form asks for, with places for the addresses of its codes.

    :raises FormError: a word or a number that cannot be taken.
    """
    values, shape, locale = draft.values, draft.format, draft.values["locale"]
    base, texts, ends = _base(db, retailer), _read_texts(values), ""
    if shape.takes_items:
        until = read_hangs_until(values["hangs_until"], at=at, zone=retailer.time_zone)
        how: dict[str, Any] = {"retailer": retailer, "locale": locale, "base": base, "at": at}
        gathered = gather(db, items, place, hangs_until=until, **how)
        is_wall = shape.kind == SignKind.WALL
        shown = gathered.items
        if texts["line"] and not is_wall:
            shown = tuple(replace(each, line=texts["line"]) for each in shown)
        if gathered.holds.offer_until and not texts["call"]:
            ends = gathered.holds.offer_until.isoformat()
        call = texts["call"] or choose_call(gathered.holds, locale, is_wall=is_wall)
        headline = texts["headline"] or usual_headline(locale, is_wall=is_wall)
        words = word_hanging(locale, grid_of(len(shown)).sheets) if is_wall else {}
    else:
        shown, call, headline = (Shown(f"{base}/help", "", ""),), "", ""
        words = word_card(locale) if shape.kind == SignKind.CARD else word_guide(locale)
    return Sign(
        format=shape.key,
        locale=locale,
        direction=direction(locale),
        dress=_dress(db, retailer, values["design"], at=at),
        items=shown,
        headline=headline,
        call=call,
        notice=word_notice(locale, base),
        place=say_place(db, place),
        ground=values["ground"] if values["ground"] in dict(_GROUNDS) else _GROUNDS[0][0],
        distance=_read_distance(values["distance"], shape),
        is_inside=shape.kind == SignKind.CLING and bool(values["inside"]),
        words=words,
        offer_until=ends,
        hangs_until=values["hangs_until"].strip(),
    )


def _dress(db: Session, retailer: Retailer, design_id: str, *, at: datetime) -> Dress:
    """The brand on paper, its codes in the design that is chosen."""
    dress, worn = dress_of(db, retailer, store=services().files, at=at), find_worn(db, retailer, design_id)
    if worn is None:
        return dress
    style = worn.asked.style
    return replace(
        dress,
        code=worn.asked.dark,
        modules=style.modules.value,
        finders=style.finders.value,
        has_code_logo=style.logo is not None,
        level=worn.level.value,
        paper=worn.asked.paper,
        design=design_id,
    )


def _drawn_on(db: Session, retailer: Retailer, sign: Sign, design_id: str) -> list[Drawn]:
    """A sign's codes as they are drawn in the design that is chosen, one of each size; none without one."""
    worn = find_worn(db, retailer, design_id)
    if worn is None:
        return []
    symbols = {symbol.version: symbol for symbol in symbols_of(sign).values()}
    return [(symbol, asked_of(sign, symbol, worn.asked.style)) for symbol in symbols.values()]


def _read_texts(values: dict[str, str]) -> dict[str, str]:
    texts, problems = {}, {}
    for name, most in (("headline", MAX_HEADLINE_CHARS), ("line", MAX_LINE_CHARS), ("call", MAX_CALL_CHARS)):
        try:
            texts[name] = clean_line(values[name], most)
        except ValueError as error:
            problems[name] = str(error)
    if problems:
        raise FormError(problems)
    return texts


def _read_distance(text: str, shape: Format) -> float:
    """Metres; what is usual for the format where nothing is said."""
    if not text.strip():
        return shape.distance
    try:
        metres = float(text.strip().replace(",", "."))
    except ValueError:
        metres = float("nan")
    if not _DISTANCES[0] <= metres <= _DISTANCES[1]:
        raise FormError({"distance": f"{text[:20]} is no distance. Write metres between 0.1 and 20, such as 1.5."})
    return round(metres, 2)


def _codes_for(db: Session, items: Sequence[Item], place: Place, shape: Format, *, at: datetime) -> list[Code]:
    """One active code of each item at the place, made where there is none."""
    if not items:
        return []
    there = dict(find_codes(db, items, place))
    missing = [item for item in items if item.id not in there]
    if missing:
        make_codes(db, missing, [place], at=at, batch=shape.name, actor=current_principal())
        # Those that somebody else made in the meantime are there as well.
        there = dict(find_codes(db, items, place))
    return [there[item.id] for item in items]


def _base(db: Session, retailer: Retailer) -> str:
    return printed_base(db, retailer.id, base_url=services().settings.base_url)


def _items_at(db: Session, retailer: Retailer, place: str) -> tuple[str, ...]:
    """The items whose codes hang at a place already, which a wall there shows."""
    found = load_places(db, [place])[0]
    lines, _ = list_items(db, retailer.id, per_page=ITEMS_SHOWN)
    items = [line.item for line in lines if not line.item.is_retired]
    there = find_codes(db, items, found)
    return tuple(item.id for item in items if item.id in there)


def _form(db: Session, retailer: Retailer, draft: _Draft, problems: dict[str, str]) -> Response:
    picks = show_picks(db, retailer, draft.filter, draft.item_ids, is_sold_only=True)
    shown_places = {value for group in picks.places for value, _ in group.places} | {NO_PLACE}
    page = SignMakePage(
        picks=picks,
        place=draft.place,
        hidden_place="" if draft.place in shown_places else draft.place,
        formats=tuple((each.key, each.name) for each in FORMATS),
        locales=tuple((each, language_name(each)) for each in locales_of(retailer)),
        grounds=_GROUNDS,
        designs=design_options(db, retailer),
        values=draft.values,
        problems=problems,
    )
    return render("desk/sign_make.html", page, status=422 if problems else 200)


def _row_of(run: SignRun, retailer: Retailer) -> SignRow:
    sign = Sign.from_json(run.sign)
    state, words = _STATES[run.state]
    return SignRow(
        href=f"/desk/codes/signs/{run.id}",
        title=run.title,
        format=sign.shape.name,
        place=sign.place,
        state=state,
        state_words=words,
        made=moment_of(run.created_at, retailer.time_zone),
        picture=f"/desk/codes/signs/{run.id}/picture" if run.preview_keys else "",
    )


def _page_of(db: Session, run: SignRun) -> SignPage:
    retailer, sign = get_retailer(db, run.retailer_id), Sign.from_json(run.sign)
    state, words = _STATES[run.state]
    shape = sign.shape
    is_kept = run.ended_at is None or run.ended_at > now() - FILES_KEPT_FOR
    return SignPage(
        sign_id=run.id,
        title=run.title,
        lede=f"{shape.name}, made {moment_of(run.created_at, retailer.time_zone)}.",
        state=state,
        state_words=words,
        is_running=run.state == SignState.DRAWING,
        is_ready=run.state == SignState.READY and is_kept,
        done=run.done_items,
        items=run.items,
        problem=run.problem,
        findings=tuple((each["verdict"], each["name"], each["said"]) for each in run.findings),
        facts=_facts(run, sign, retailer),
        pictures=_pictures(run, shape) if is_kept else (),
        advice=_advice(sign, on=moment_of(run.created_at, retailer.time_zone)),
        file_label=f"Download the PDF, {max(1, run.file_bytes // 1000):,} KB",
        again_href=address("/desk/codes/signs/make", _fields_of(db, run, sign)),
    )


def _facts(run: SignRun, sign: Sign, retailer: Retailer) -> tuple[tuple[str, str], ...]:
    shape = sign.shape
    facts = [("Place", sign.place or "No place")] if shape.takes_items else []
    facts += [
        ("Finished size", f"{shape.width:g} × {shape.height:g} mm"),
        ("Read from", f"{sign.distance:g} m"),
        ("Codes", f"{len(sign.items):,}"),
        ("Language", language_name(sign.locale, "en")),
    ]
    if run.pages:
        facts.append(("Pages", str(run.pages)))
    facts.append(("Fetched", moment_of(run.fetched_at, retailer.time_zone) or "Not yet"))
    return tuple(facts)


def _pictures(run: SignRun, shape: Format) -> tuple[tuple[str, str, int, int], ...]:
    found = []
    for number, key in enumerate(run.preview_keys, 1):
        try:
            with services().files.open(key) as file, Image.open(file, formats=["JPEG"]) as image:
                width, height = image.size
        except (NotFound, OSError):
            continue
        is_last = shape.kind == SignKind.WALL and number == run.pages
        said = "How the wall hangs" if is_last else f"Page {number} of {run.pages}"
        found.append((f"/desk/codes/signs/{run.id}/picture?page={number}", said, width, height))
    return tuple(found)


def _advice(sign: Sign, *, on: str) -> tuple[str, ...]:
    """What a print shop has to be told, and who hangs it.

    :param on: when it was made.
    """
    shape = sign.shape
    if shape.kind == SignKind.GUIDE:
        return ("Print it at 100 % on the office’s printer and hang it where associates meet.",)
    said = ["Print at 100 %, never “fit to page”. 3 mm bleed and crop marks are in the file."]
    if shape.takes_items:
        said.append(f"Prices and pictures are those of {on}. When they change, make it again: its codes stay the same.")
    if shape.kind == SignKind.WALL:
        said.append("The last page, A4, is for who hangs the wall: which sheet goes where.")
    if shape.kind == SignKind.TENT:
        said.append("Fold across the middle, where the short dashes are.")
    if shape.kind == SignKind.CLING:
        said.append("On clear film the white under the code has to be printed as well: say “white ink, or white film”.")
    if sign.is_inside:
        said.append("It is the other way round on purpose: stuck to the inside, it reads right from the street.")
    return tuple(said)


def _fields_of(db: Session, run: SignRun, sign: Sign) -> list[tuple[str, str]]:
    """What the form says to mean this sign again."""
    codes = {code.id: code for code in list_by_id(db, run.code_ids)}
    fields = [("item", codes[each].subject_id) for each in run.code_ids if each in codes]
    fields += [("place", place_value(code)) for code in list(codes.values())[:1]]
    values = {
        "format": sign.format,
        "locale": sign.locale,
        "headline": sign.headline,
        # What was chosen from the pages is chosen anew.
        "call": "" if sign.offer_until else sign.call,
        "distance": f"{sign.distance:g}",
        "ground": sign.ground,
        "inside": "1" if sign.is_inside else "",
        "design": sign.dress.design,
        "hangs_until": sign.hangs_until,
    }
    return fields + [(name, value) for name, value in values.items() if value]
