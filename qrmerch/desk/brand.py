"""A retailer's brand: five choices, what the colour becomes where it must be read, and the legal lines."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import OWNERS, allow, current_principal
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.content.holding import shows_somewhere
from qrmerch.desk.brand_pages import BrandForm, BrandPage, PastKit, ShownPage, Swatch
from qrmerch.desk.times import said_at, said_in_text
from qrmerch.errors import FormError, NotFound
from qrmerch.i18n import language_name
from qrmerch.parties.models import BrandKit, Corners, Display, Retailer, Tone
from qrmerch.parties.queries import get_brand, get_retailer
from qrmerch.parties.service import Brand, check_brand, set_brand
from qrmerch.rendering.brand import BrandColours, contrast, derive_colours
from qrmerch.rendering.frame import load_house
from qrmerch.rendering.service import render_item_page
from qrmerch.rendering.style import theme_colours
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("desk_brand", __name__)

_DISPLAYS: Final = {Display.SANS: "Plain", Display.SERIF: "With serifs"}
_CORNERS: Final = {Corners.SHARP: "Sharp", Corners.SOFT: "Soft", Corners.ROUND: "Round"}
_TONES: Final = {Tone.PLAIN: "Plain white", Tone.WARM: "Warm paper", Tone.LUXURY: "Quiet and wide"}
_SHOWN_PAST: Final = 6


@blueprint.get("/desk/brand")
@allow(*OWNERS)
def show() -> Response:
    """The brand that holds now."""
    db, at = get_db(), now()
    kit = get_brand(db, str(current_principal().retailer_id), at=at)
    return _render(db, _brand_of(kit), at=at)


@blueprint.post("/desk/brand")
@allow(*OWNERS)
def change() -> Response:
    """Try a brand on, or let it hold from now on."""
    db, principal, at = get_db(), current_principal(), now()
    retailer = get_retailer(db, principal.retailer_id)
    present = get_brand(db, retailer.id, at=at)
    brand, before = _read(request.form, retailer, present), asdict(_brand_of(present))
    try:
        if request.form.get("do") == "try":
            return _render(db, check_brand(brand), at=at, is_tried=True)
        set_brand(db, retailer, brand, at=at)
    except FormError as error:
        db.rollback()
        return _render(db, brand, at=at, problems=error.problems)
    detail = audit.changes(before, asdict(brand))
    audit.record(db, principal, "brand.set", ("retailer", retailer.id), at=at, retailer_id=retailer.id, detail=detail)
    db.commit()
    notice("The brand holds from now on, on every page and on codes printed from now on.")
    return redirect_to("/desk/brand")


@blueprint.get("/desk/brand/shown")
@allow(*OWNERS)
def show_colours() -> Response:
    """What becomes of a colour, for the page's script."""
    return render("desk/_brand_shown.html", _shown(request.args.get("colour", "").strip().lower()))


@blueprint.get("/desk/brand/sample")
@allow(*OWNERS)
def show_sample() -> Response:
    """A real page of the retailer's in the brand that the address describes."""
    db, at = get_db(), now()
    retailer = get_retailer(db, current_principal().retailer_id)
    item = _find_sample(db, retailer.id, at)
    if item is None:
        raise NotFound("There is no item yet to show the brand on.")
    present = get_brand(db, retailer.id, at=at)
    try:
        brand = check_brand(_read(request.args, retailer, present))
    except FormError:
        brand = _brand_of(present)
    house = replace(
        load_house(db, retailer.id, at=at),
        colours=derive_colours(brand.colour),
        display=brand.display.value,
        corners=brand.corners.value,
        tone=brand.tone.value,
        wordmark=brand.wordmark,
        legal=brand.legal,
    )
    page = render_item_page(
        db,
        item_id=item.id,
        store_id=None,
        locale=retailer.default_locale,
        at=at,
        is_preview=True,
        house=house,
        base_url=services().settings.base_url,
    )
    response = Response(page.html, mimetype="text/html")
    response.headers.extend(dict(page.headers))
    return response


def _read(fields: Mapping[str, str], retailer: Retailer, present: BrandKit) -> Brand:
    """The brand that a form or an address describes; what it does not say stays as it is."""

    def chosen(name: str, words: type[Display] | type[Corners] | type[Tone]) -> str:
        asked = fields.get(name, "")
        return asked if asked in set(words) else getattr(present, name)

    return Brand(
        colour=fields.get("colour", present.colour).strip(),
        display=Display(chosen("display", Display)),
        corners=Corners(chosen("corners", Corners)),
        tone=Tone(chosen("tone", Tone)),
        wordmark=fields.get("wordmark", present.wordmark),
        legal={each: fields.get(f"legal-{each}", present.legal.get(each, "")) for each in retailer.locales},
    )


def _brand_of(kit: BrandKit) -> Brand:
    return Brand(kit.colour, kit.display, kit.corners, kit.tone, kit.wordmark, dict(kit.legal))


def _find_sample(db: Session, retailer_id: str, at: datetime) -> Item | None:
    """An item to show the brand on: one with a live page, else any."""
    items = select(Item).where(Item.retailer_id == retailer_id, Item.is_retired.is_(False)).order_by(Item.created_at)
    live = db.scalars(items.where(shows_somewhere(db, at=at)).limit(1)).one_or_none()
    return live or db.scalars(items.limit(1)).one_or_none()


def _render(
    db: Session, brand: Brand, *, at: datetime, is_tried: bool = False, problems: dict[str, str] | None = None
) -> Response:
    problems = problems or {}
    retailer = get_retailer(db, current_principal().retailer_id)
    sample = _find_sample(db, retailer.id, at)
    kits = select(BrandKit).where(BrandKit.retailer_id == retailer.id, BrandKit.from_at <= at)
    newest = list(db.scalars(kits.order_by(BrandKit.from_at.desc()).limit(_SHOWN_PAST + 1)))
    since = said_in_text(newest[0].from_at, now=at, zone=retailer.time_zone)
    page = BrandPage(
        lede="Tried on: nothing is changed yet." if is_tried else f"It holds since {since.removeprefix('on ')}.",
        form=BrandForm(
            brand.colour,
            brand.display.value,
            brand.corners.value,
            brand.tone.value,
            brand.wordmark,
            tuple(
                (each, language_name(each, "en"), brand.legal.get(each, ""), problems.get(f"legal-{each}", ""))
                for each in retailer.locales
            ),
        ),
        displays=tuple((key.value, word) for key, word in _DISPLAYS.items()),
        corners=tuple((key.value, word) for key, word in _CORNERS.items()),
        tones=tuple((key.value, word) for key, word in _TONES.items()),
        shown=_shown(brand.colour, tone=brand.tone.value),
        sample_src=f"/desk/brand/sample?{urlencode(_said(brand))}" if sample else "",
        sample_title=sample.title if sample else "",
        is_tried=is_tried,
        past=tuple(_past(kit, at=at, zone=retailer.time_zone) for kit in newest[1:]),
        problems=problems,
    )
    return render("desk/brand.html", page, status=422 if problems else 200)


def _said(brand: Brand) -> dict[str, str]:
    return {
        "colour": brand.colour,
        "display": brand.display.value,
        "corners": brand.corners.value,
        "tone": brand.tone.value,
        "wordmark": brand.wordmark,
        **{f"legal-{locale}": line for locale, line in brand.legal.items()},
    }


def _past(kit: BrandKit, *, at: datetime, zone: str) -> PastKit:
    words = f"{_DISPLAYS[kit.display]}, {_CORNERS[kit.corners].lower()}, {_TONES[kit.tone].lower()}. {kit.wordmark}"
    return PastKit(said_at(kit.from_at, now=at, zone=zone), kit.colour, words)


# --- what becomes of the colour ----------------------------------------------------------------------


def _shown(colour: str, *, tone: str = "plain") -> ShownPage:
    try:
        colours = derive_colours(colour)
    except ValueError:
        return ShownPage("", (), "A colour is # and six digits or letters a to f, such as #7a1f4f.")
    day, dark = theme_colours(tone)
    fill, on_fill, accent = colours.fill, colours.on_fill, colours.accent
    return ShownPage(
        say=_say(colours),
        swatches=(
            _swatch("Buttons by day", fill.light, on_fill.light, fill.light, colours),
            _swatch("Buttons in the dark", fill.dark, on_fill.dark, fill.dark, colours),
            _swatch("Words by day", day, accent.light, accent.light, colours),
            _swatch("Words in the dark", dark, accent.dark, accent.dark, colours),
            _swatch("Printed codes", "#ffffff", colours.code, colours.code, colours),
        ),
        problem="",
    )


def _swatch(name: str, ground: str, ink: str, colour: str, colours: BrandColours) -> Swatch:
    ratio = f"{contrast(ground, ink):.1f}:1"
    return Swatch(name, ground, ink, colour, f"As given, {ratio}" if colour == colours.brand else ratio)


def _say(colours: BrandColours) -> str:
    """Where the colour that is shown differs from the one given, and why."""
    given = colours.brand
    moved = [
        (colours.fill.light, f"buttons by day are {colours.fill.light}, so that the words on them can be read"),
        (colours.accent.light, f"as words it is {colours.accent.light}, so that it can be read on paper"),
        (colours.fill.dark, f"in the dark buttons are {colours.fill.dark}, so that they stand out"),
        (colours.code, f"codes are printed in {colours.code}, so that a phone reads them"),
    ]
    said = [words for colour, words in moved if colour != given]
    if not said:
        return f"{given} is shown everywhere just as it is."
    sentence = "; ".join(said)
    return f"{given} is kept wherever it can be read. Else its hue stays and it gets lighter or darker: {sentence}."
