"""The brand's page: the choices in their fields, what becomes of the colour, the brands to come and those before."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from flask import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.content.holding import shows_somewhere
from qrmerch.desk.brand_forms import say_brand
from qrmerch.desk.brand_pages import BrandForm, BrandPage, FontField, KitRow, LegalField, LogoField, ShownPage, Swatch
from qrmerch.desk.times import clock_of, said_at, said_in_text
from qrmerch.i18n import language_name
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import BrandKit, Corners, Display, Retailer, Tone
from qrmerch.parties.queries import list_coming_brands
from qrmerch.parties.service import Brand
from qrmerch.parties.social import NETWORKS
from qrmerch.rendering.brand import BrandColours, contrast, derive_colours
from qrmerch.rendering.frame import dress, load_house
from qrmerch.rendering.style import theme_colours
from qrmerch.web import render

_DISPLAYS: Final = {Display.SANS: "Plain", Display.SERIF: "With serifs", Display.FONT: "Your font"}
_CORNERS: Final = {Corners.SHARP: "Sharp", Corners.SOFT: "Soft", Corners.ROUND: "Round"}
_TONES: Final = {Tone.PLAIN: "Plain white", Tone.WARM: "Warm paper", Tone.LUXURY: "Quiet and wide"}
_SCRIPTS: Final = {"latin": "Latin", "greek": "Greek", "cyrillic": "Cyrillic", "hebrew": "Hebrew", "arabic": "Arabic"}
_SHOWN_PAST, _OPEN_SOCIAL = 6, 2


def find_sample(db: Session, retailer_id: str, at: datetime) -> Item | None:
    """An item to show the brand on: one with a live page, else any."""
    items = select(Item).where(Item.retailer_id == retailer_id, Item.is_retired.is_(False)).order_by(Item.created_at)
    live = db.scalars(items.where(shows_somewhere(db, at=at)).limit(1)).one_or_none()
    return live or db.scalars(items.limit(1)).one_or_none()


def render_brand(
    db: Session,
    retailer: Retailer,
    brand: Brand,
    *,
    at: datetime,
    begins: str = "",
    is_tried: bool = False,
    problems: dict[str, str] | None = None,
) -> Response:
    """The page, with a brand in its fields.

    :param begins: what stands in the field of the instant from which it is to hold.
    :param problems: by field.
    """
    problems = problems or {}
    sample = find_sample(db, retailer.id, at)
    kits = select(BrandKit).where(BrandKit.retailer_id == retailer.id, BrandKit.from_at <= at)
    newest = list(db.scalars(kits.order_by(BrandKit.from_at.desc()).limit(_SHOWN_PAST + 1)))
    coming = list_coming_brands(db, retailer.id, at=at)
    page = BrandPage(
        lede=_lede(newest, coming, retailer, at=at, is_tried=is_tried),
        form=_form(db, retailer, brand, at=at, begins=begins, problems=problems),
        displays=tuple((key.value, word) for key, word in _DISPLAYS.items() if key != Display.FONT or brand.font_key),
        corners=tuple((key.value, word) for key, word in _CORNERS.items()),
        tones=tuple((key.value, word) for key, word in _TONES.items()),
        shown=show_colours(brand.colour, tone=brand.tone.value),
        sample_src=f"/desk/brand/sample?{urlencode(say_brand(brand))}" if sample else "",
        sample_title=sample.title if sample else "",
        zone=clock_of(retailer.time_zone),
        is_tried=is_tried,
        coming=tuple(_row(kit, at=at, zone=retailer.time_zone) for kit in coming),
        past=tuple(_row(kit, at=at, zone=retailer.time_zone) for kit in newest[1:]),
        problems=problems,
    )
    return render("desk/brand.html", page, status=422 if problems else 200)


def _lede(newest: list[BrandKit], coming: list[BrandKit], retailer: Retailer, *, at: datetime, is_tried: bool) -> str:
    if is_tried:
        return "Tried on: nothing is changed yet."
    since = said_in_text(newest[0].from_at, now=at, zone=retailer.time_zone).removeprefix("on ") if newest else ""
    said = f"It holds since {since}." if since else "It holds."
    if not coming:
        return said
    return f"{said} The next one takes over {said_in_text(coming[0].from_at, now=at, zone=retailer.time_zone)}."


def _form(
    db: Session, retailer: Retailer, brand: Brand, *, at: datetime, begins: str, problems: dict[str, str]
) -> BrandForm:
    try:
        house = dress(load_house(db, retailer.id, at=at), brand)
    # A colour that is none, which is said at its field.
    except ValueError:
        house = dress(load_house(db, retailer.id, at=at), replace(brand, colour="#161616"))
    social = [
        (each.key, each.name, brand.social.get(each.key, ""), problems.get(f"social-{each.key}", ""))
        for each in NETWORKS
    ]
    open_social = {key for key, _, address, problem in social if address or problem}
    open_social |= {each.key for each in NETWORKS[: max(0, _OPEN_SOCIAL - len(open_social))]}
    names = [language_name(each, "en") for each in locales_of(retailer)]
    return BrandForm(
        colour=brand.colour,
        display=brand.display.value,
        corners=brand.corners.value,
        tone=brand.tone.value,
        wordmark=brand.wordmark,
        logo=LogoField(brand.logo_key, brand.logo_dark_key, house.logo, theme_colours(brand.tone.value)),
        font=FontField(brand.font_key, brand.font_name, _say_scripts(brand.font_scripts)),
        legal=tuple(
            LegalField(
                locale=each,
                language=language_name(each, "en"),
                line=brand.legal.get(each, ""),
                help="" if each == retailer.default_locale else f"Empty: the {names[0]} line stands, in {names[0]}.",
                problem=problems.get(f"legal-{each}", ""),
            )
            for each in locales_of(retailer)
        ),
        social=tuple(each for each in social if each[0] in open_social),
        more_social=tuple(each for each in social if each[0] not in open_social),
        begins=begins,
    )


def _say_scripts(scripts: tuple[str, ...]) -> str:
    names = [_SCRIPTS.get(each, each.capitalize()) for each in scripts]
    return f"{' and '.join(names)} letters" if names else ""


def _row(kit: BrandKit, *, at: datetime, zone: str) -> KitRow:
    parts = [_DISPLAYS[kit.display], _CORNERS[kit.corners].lower(), _TONES[kit.tone].lower()]
    mark = f"{kit.wordmark}, with a logo" if kit.logo_key else kit.wordmark
    return KitRow(kit.id, said_at(kit.from_at, now=at, zone=zone), kit.colour, f"{', '.join(parts)}. {mark}")


# --- what becomes of the colour ----------------------------------------------------------------------


def show_colours(colour: str, *, tone: str = "plain") -> ShownPage:
    """What becomes of a colour, or why it is none."""
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
            _swatch("Focus by day", day, colours.focus.light, colours.focus.light, colours, shape="ring"),
            _swatch("Focus in the dark", dark, colours.focus.dark, colours.focus.dark, colours, shape="ring"),
            _swatch("Charts by day", "#ffffff", colours.chart.light, colours.chart.light, colours, shape="bars"),
            _swatch("Charts in the dark", "#161514", colours.chart.dark, colours.chart.dark, colours, shape="bars"),
            _swatch("Printed codes", "#ffffff", colours.code, colours.code, colours),
        ),
        problem="",
    )


def _swatch(name: str, ground: str, ink: str, colour: str, colours: BrandColours, *, shape: str = "words") -> Swatch:
    ratio = f"{contrast(ground, ink):.1f}:1"
    # Where no words are written in it, the colour is said beside it.
    moved = ratio if shape == "words" else f"{colour}, {ratio}"
    return Swatch(name, ground, ink, colour, f"As given, {ratio}" if colour == colours.brand else moved, shape)


def _say(colours: BrandColours) -> str:
    """Where the colour that is shown differs from the one given, and why."""
    given = colours.brand
    moved = [
        (colours.fill.light, f"buttons by day are {colours.fill.light}, so that the words on them can be read"),
        (colours.accent.light, f"as words it is {colours.accent.light}, so that it can be read on paper"),
        (colours.fill.dark, f"in the dark buttons are {colours.fill.dark}, so that they stand out"),
        (colours.focus.light, f"the ring around what has the focus is {colours.focus.light}, so that it is seen"),
        (colours.chart.light, f"bars of charts are {colours.chart.light}, for the same reason"),
        (colours.code, f"codes are printed in {colours.code}, so that a phone reads them"),
    ]
    said = [words for colour, words in moved if colour != given]
    if not said:
        return f"{given} is shown everywhere just as it is."
    sentence = "; ".join(said)
    return f"{given} is kept wherever it can be read. Else its hue stays and it gets lighter or darker: {sentence}."
