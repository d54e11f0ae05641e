"""What a page would weigh on a shopper's phone, and how soon something would be seen: predicted, nothing is rendered.

In: a template's version, a page's values, the files made of its pictures. Out: bytes by part, heaviest first, with what
each could save. The phone is the one that research/web.md measures with, 412 px wide at 1.75 (Lighthouse's mobile
preset), on its slow 4G line. It takes the first picture at 780 px, small ones of all in the row below it, and what
stands in front of films; other pictures wait until they are near. A film itself is fetched when somebody plays it.
"""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.content.models import TemplateVersion
from qrmerch.content.slots import Kind, Slot, asset_ids_in
from qrmerch.errors import FormError
from qrmerch.media.models import Recording, Rendition

# Markup, style and script of a page without content: 12.8 to 14.7 KB in the three styles, for versions nobody measured.
USUAL_OWN_BYTES: Final = 15_000
# Slow 4G as research/web.md says it, and the turns before the first byte: name, connection, TLS, request.
LINE_BITS_PER_S: Final = 1_600_000
ROUND_TRIP_MS: Final = 150
_TURNS: Final = 4
# 412 px at 1.75; of the row below, 44 px at that.
_LARGE_PX, _SMALL_PX = 721, 77
# What a picture of 780 px weighs that is neither noisy nor full of small things (research/web.md).
CALM_PICTURE_BYTES: Final = 25_000
_NAMED: Final = 3
# Of a row or a link; other names in a value are languages.
_PARTS: Final = frozenset({"name", "value", "url", "words"})
_KB: Final = 1000


@dataclass(frozen=True, slots=True)
class Files:
    """What a phone may fetch of one asset, bytes: large and small as shown on pages, and in front of a film."""

    large: int
    small: int
    front: int


@dataclass(frozen=True, slots=True)
class Part:
    """One thing on a page: its bytes before anybody scrolls, and the most that can be saved, with how."""

    slot: str
    label: str
    first_bytes: int
    save_bytes: int
    advice: str


@dataclass(frozen=True, slots=True)
class Weight:
    """A page's bytes as a phone gets them, and when it sees something; `parts` are heaviest first.

    `first_bytes` is what comes before anybody scrolls and is held against the budget; `whole_bytes` what comes when
    somebody reads to the end.
    """

    own_bytes: int
    first_bytes: int
    whole_bytes: int
    budget_bytes: int
    first_paint_ms: int
    first_picture_ms: int
    parts: tuple[Part, ...]

    @property
    def is_heavy(self) -> bool:
        return self.first_bytes > self.budget_bytes


def weigh_page(
    db: Session,
    version: TemplateVersion,
    slots: Mapping[str, Slot],
    values: Mapping[str, Any],
    *,
    budget_bytes: int,
) -> Weight:
    """The weight of a page with these values, its files looked up."""
    return weigh(version, slots, values, load_files(db, asset_ids_in(slots, values)), budget_bytes=budget_bytes)


def weigh(
    version: TemplateVersion,
    slots: Mapping[str, Slot],
    values: Mapping[str, Any],
    files: Mapping[str, Files],
    *,
    budget_bytes: int,
) -> Weight:
    """The weight of a page with these values; of a picture that has no files yet, nothing.

    What only associates are told is on no shopper's page and weighs nothing.
    """
    slots = {name: slot for name, slot in slots.items() if not slot.is_for_staff}
    own = version.weight_bytes or USUAL_OWN_BYTES
    words = _words_bytes(slots, values)
    row = [each for name in _row_slots(version) for each in _ids(slots, values, name) if each in files]
    parts = _row_parts(slots, values, version, row, files) + _front_parts(slots, values, files)
    pictures = sum(part.first_bytes for part in parts)
    first = own + words + pictures
    later = sum(files[each].large for each in row[1:])
    others = [each for name in slots if name not in _row_slots(version) for each in _ids(slots, values, name)]
    later += sum(files[each].large for each in others if each in files)
    paint_ms = _TURNS * ROUND_TRIP_MS + _line_ms(own + words)
    return Weight(
        own_bytes=own + words,
        first_bytes=first,
        whole_bytes=first + later,
        budget_bytes=budget_bytes,
        first_paint_ms=paint_ms,
        first_picture_ms=paint_ms + (ROUND_TRIP_MS + _line_ms(pictures) if pictures else 0),
        parts=tuple(sorted(parts, key=lambda part: -part.first_bytes)),
    )


def refuse_heavy(weight: Weight, *, retailer: str) -> None:
    """Let no page through that is over its budget.

    :raises FormError: by the heaviest slot, what it would weigh, its heaviest parts, and what each could save.
    """
    if not weight.is_heavy:
        return
    said = (
        f"This page would weigh {kilobytes(weight.first_bytes)} on a phone, and {retailer} allows "
        f"{kilobytes(weight.budget_bytes)}."
    )
    if not weight.parts or weight.own_bytes > weight.budget_bytes:
        raise FormError(
            {"": f"{said} Without pictures it has {kilobytes(weight.own_bytes)} already: ask {retailer} to allow more."}
        )
    named = "; ".join(_told(part) for part in weight.parts[:_NAMED])
    raise FormError({weight.parts[0].slot: f"{said} Heaviest: {named}."})


def kilobytes(count: int) -> str:
    """Bytes as staff read them: whole KB of 1,000, the smallest 1."""
    return f"{max(1, round(count / _KB)):,} KB"


def load_files(db: Session, asset_ids: Collection[str]) -> dict[str, Files]:
    """What a phone fetches of these assets, by asset id; those without files are left out."""
    if not asset_ids:
        return {}
    chosen = select(Recording.asset_id, Recording.poster_id).where(Recording.asset_id.in_(set(asset_ids)))
    posters: dict[str, str | None] = dict(db.execute(chosen).all())
    wanted = {*asset_ids, *(each for each in posters.values() if each)}
    pages = select(Rendition).where(Rendition.asset_id.in_(wanted), Rendition.purpose == "page")
    made: dict[str, list[Rendition]] = {}
    for each in db.scalars(pages.order_by(Rendition.width)):
        made.setdefault(each.asset_id, []).append(each)
    found = {}
    for asset_id in asset_ids:
        if asset_id in posters:
            front = made.get(posters[asset_id] or asset_id) or made.get(asset_id)
            if front:
                found[asset_id] = Files(0, 0, _nearest(_of(front, "jpeg"), 780))
        elif asset_id in made:
            modern = _of(made[asset_id], "avif") or made[asset_id]
            found[asset_id] = Files(_at_least(modern, _LARGE_PX), _at_least(modern, _SMALL_PX), 0)
    return found


def _row_slots(version: TemplateVersion) -> list[str]:
    """The slots whose pictures stand in the row at the head of the page."""
    return [
        f"{section['key']}.{slot['key']}"
        for section in version.sections
        if section["kind"] == "gallery"
        for slot in section.get("slots", ())
        if slot["kind"] == Kind.PICTURES
    ]


def _row_parts(
    slots: Mapping[str, Slot],
    values: Mapping[str, Any],
    version: TemplateVersion,
    row: Sequence[str],
    files: Mapping[str, Files],
) -> list[Part]:
    slot_of = {each: name for name in _row_slots(version) for each in _ids(slots, values, name)}
    parts = []
    for place, asset_id in enumerate(row):
        small = files[asset_id].small if len(row) > 1 else 0
        if place:
            parts.append(Part(slot_of[asset_id], f"picture {place + 1}", small, small, "leaving it out"))
        else:
            save, advice = _first_saving(row, files)
            parts.append(Part(slot_of[asset_id], "picture 1", files[asset_id].large + small, save, advice))
    return parts


def _first_saving(row: Sequence[str], files: Mapping[str, Files]) -> tuple[int, str]:
    """The most that another first picture saves, and which one."""
    large = files[row[0]].large
    place, lightest = min(enumerate((files[each].large for each in row), 1), key=lambda each: each[1])
    calmer = max(0, large - CALM_PICTURE_BYTES)
    if large - lightest >= max(calmer, _KB):
        return large - lightest, f"putting picture {place} first"
    return calmer, f"a calmer or cropped one of about {kilobytes(CALM_PICTURE_BYTES)}"


def _front_parts(slots: Mapping[str, Slot], values: Mapping[str, Any], files: Mapping[str, Files]) -> list[Part]:
    return [
        Part(name, f"the picture in front of {slot.label[:1].lower()}{slot.label[1:]}", front, front, "leaving it out")
        for name, slot in slots.items()
        for asset_id in _ids(slots, values, name)
        if asset_id in files and (front := files[asset_id].front)
    ]


def _ids(slots: Mapping[str, Slot], values: Mapping[str, Any], name: str) -> list[str]:
    return asset_ids_in({name: slots[name]}, values) if name in slots else []


def _words_bytes(slots: Mapping[str, Slot], values: Mapping[str, Any]) -> int:
    """The words of the longest language, compressed as a page is."""
    by_locale: dict[str, list[str]] = {}
    for name, slot in slots.items():
        for locale, text in () if slot.is_assets else _words_in(values.get(name), ""):
            by_locale.setdefault(locale, []).append(text)
    return max((len(zlib.compress("\n".join(each).encode())) for each in by_locale.values()), default=0)


def _words_in(value: Any, locale: str) -> Iterable[tuple[str, str]]:
    """Every text in a value with its language, where it has one."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _words_in(each, locale if key in _PARTS else str(key))
    elif isinstance(value, list):
        for each in value:
            yield from _words_in(each, locale)
    elif value:
        yield locale, str(value)


def _line_ms(count: int) -> int:
    return round(count * 8 * 1000 / LINE_BITS_PER_S)


def _told(part: Part) -> str:
    saving = f" ({part.advice} saves {kilobytes(part.save_bytes)})" if part.save_bytes >= _KB else ""
    return f"{part.label}, {kilobytes(part.first_bytes)}{saving}"


def _of(made: Sequence[Rendition], kind: str) -> list[Rendition]:
    return [each for each in made if each.format == kind]


def _at_least(made: Sequence[Rendition], width: int) -> int:
    return next((each.size_bytes for each in made if each.width >= width), made[-1].size_bytes)


def _nearest(made: Sequence[Rendition], width: int) -> int:
    return min(made, key=lambda each: abs(each.width - width)).size_bytes if made else 0
