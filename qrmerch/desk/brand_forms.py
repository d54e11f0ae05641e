"""The brand's form: what it says, the files that come with it, and the same as an address."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import BinaryIO, TypeVar, cast

from werkzeug.datastructures import FileStorage, MultiDict

from qrmerch.config import Settings
from qrmerch.files import FileStore
from qrmerch.media.images import Unusable
from qrmerch.media.marks import KeptFont, Mark, find_font, find_mark, receive_font, receive_mark
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import BrandKit, Corners, Display, Retailer, Tone
from qrmerch.parties.service import Brand
from qrmerch.parties.social import NETWORKS
from qrmerch.web import parse_form_instant

Word = TypeVar("Word", Display, Corners, Tone)
# How far the shapes of the two logos may differ, since both stand in one place.
_MOST_APART = 0.12
_LOGOS = ("logo", "logo_dark")


@dataclass(frozen=True, slots=True)
class Sent:
    """The files that came with a form, by field, as they are kept now; and what is wrong with the others."""

    marks: Mapping[str, Mark] = field(default_factory=dict)
    font: KeptFont | None = None
    problems: Mapping[str, str] = field(default_factory=dict)


def receive_files(files: MultiDict[str, FileStorage], *, store: FileStore, settings: Settings) -> Sent:
    """Keep what came as files. It needs no database, and is done before one is asked: decoding takes its time."""
    marks: dict[str, Mark] = {}
    font: KeptFont | None = None
    problems: dict[str, str] = {}
    for name in (*_LOGOS, "font"):
        upload = files.get(name)
        if upload is None or not upload.filename:
            continue
        try:
            if name == "font":
                font = receive_font(cast(BinaryIO, upload.stream), store=store)
            else:
                marks[name] = receive_mark(cast(BinaryIO, upload.stream), store=store, settings=settings)
        except Unusable as refused:
            problems[name] = str(refused)
    return Sent(marks, font, problems)


def brand_of(kit: BrandKit) -> Brand:
    """The brand of a kit that is kept."""
    return Brand(
        colour=kit.colour,
        display=kit.display,
        corners=kit.corners,
        tone=kit.tone,
        wordmark=kit.wordmark,
        legal=dict(kit.legal),
        social=dict(kit.social),
        logo_key=kit.logo_key,
        logo_dark_key=kit.logo_dark_key,
        logo_ratio=kit.logo_ratio,
        font_key=kit.font_key,
        font_name=kit.font_name,
        font_scripts=tuple(kit.font_scripts),
    )


def read_brand(fields: Mapping[str, str], retailer: Retailer, present: Brand, *, store: FileStore) -> Brand:
    """The brand that a form or an address describes; what it does not say stays as it is."""
    locales = locales_of(retailer)
    # Lines in languages that are not offered at the moment are kept for when they are.
    resting = {locale: line for locale, line in present.legal.items() if locale not in locales}
    said = replace(
        present,
        colour=fields.get("colour", present.colour).strip(),
        corners=_chosen(fields, "corners", Corners, present.corners),
        tone=_chosen(fields, "tone", Tone, present.tone),
        wordmark=fields.get("wordmark", present.wordmark),
        legal=resting | {each: fields.get(f"legal-{each}", present.legal.get(each, "")) for each in locales},
        social={each.key: fields.get(f"social-{each.key}", present.social.get(each.key, "")) for each in NETWORKS},
    )
    said = _read_font(_read_logos(said, fields, store), fields, store)
    display = _chosen(fields, "display", Display, present.display)
    return replace(said, display=display if said.font_key or display != Display.FONT else Display.SANS)


def _chosen(fields: Mapping[str, str], name: str, words: type[Word], present: Word) -> Word:
    asked = fields.get(name, "")
    return words(asked) if asked in set(words) else present


def _read_logos(brand: Brand, fields: Mapping[str, str], store: FileStore) -> Brand:
    """The logos by the keys that an earlier answer put into the form."""
    for name in _LOGOS:
        present = getattr(brand, f"{name}_key")
        key = fields.get(f"{name}_key", present)
        if key != present:
            mark = find_mark(store, key)
            brand = _with_mark(brand, name, mark) if mark else _with_mark(brand, name, Mark("", brand.logo_ratio))
    return brand


def _with_mark(brand: Brand, name: str, mark: Mark) -> Brand:
    if name == "logo":
        return replace(brand, logo_key=mark.key, logo_ratio=mark.ratio)
    return replace(brand, logo_dark_key=mark.key)


def _read_font(brand: Brand, fields: Mapping[str, str], store: FileStore) -> Brand:
    key = fields.get("font_key", brand.font_key)
    return brand if key == brand.font_key else _with_font(brand, find_font(store, key))


def _with_font(brand: Brand, font: KeptFont | None) -> Brand:
    if font is None:
        display = Display.SANS if brand.display == Display.FONT else brand.display
        return replace(brand, font_key="", font_name="", font_scripts=(), display=display)
    return replace(brand, font_key=font.key, font_name=font.name, font_scripts=font.scripts)


def add_files(brand: Brand, sent: Sent, fields: Mapping[str, str], *, store: FileStore) -> tuple[Brand, dict[str, str]]:
    """The brand with the files that came, and without those that are to go; and what is wrong with them."""
    problems = dict(sent.problems)
    if fields.get("no_logo"):
        brand = replace(brand, logo_key="", logo_dark_key="")
    if fields.get("no_logo_dark"):
        brand = replace(brand, logo_dark_key="")
    if fields.get("no_font"):
        brand = _with_font(brand, None)
    for name, mark in sent.marks.items():
        brand = _with_mark(brand, name, mark)
    if sent.font:
        # Whoever sends a font wants to see it.
        brand = replace(_with_font(brand, sent.font), display=Display.FONT)
    dark = find_mark(store, brand.logo_dark_key) if brand.logo_dark_key and brand.logo_key else None
    if dark and abs(dark.ratio / brand.logo_ratio - 1) > _MOST_APART and not problems.keys() & set(_LOGOS):
        problems["logo_dark"] = (
            f"The two logos have different shapes: {_shape(brand.logo_ratio)} and {_shape(dark.ratio)}."
            " Send both in the same one, since they stand in the same place."
        )
    return brand, problems


def _shape(ratio: int) -> str:
    return f"{ratio / 1000:.1f} times as wide as high"


def read_from(fields: Mapping[str, str], retailer: Retailer) -> tuple[datetime | None, dict[str, str]]:
    """From when on the brand is to hold, None for now; and what is wrong with that."""
    try:
        return parse_form_instant(fields.get("from", ""), retailer.time_zone), {}
    except ValueError:
        return None, {"from": "This is no date and time. Write it as 2026-12-24T09:00, or leave it empty for now."}


def say_brand(brand: Brand) -> dict[str, str]:
    """What `read_brand` reads, for an address."""
    said = {
        "colour": brand.colour,
        "display": brand.display.value,
        "corners": brand.corners.value,
        "tone": brand.tone.value,
        "wordmark": brand.wordmark,
        "logo_key": brand.logo_key,
        "logo_dark_key": brand.logo_dark_key,
        "font_key": brand.font_key,
    }
    legal = {f"legal-{locale}": line for locale, line in brand.legal.items()}
    return said | legal | {f"social-{key}": address for key, address in brand.social.items()}
