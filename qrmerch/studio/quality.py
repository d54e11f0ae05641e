"""What would make a page better once it is complete, and what it would weigh on a phone: for the editor, no score."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from qrmerch.catalog.queries import get_product
from qrmerch.content.slots import ASSET_KINDS, Bounds, Kind, Slot, alt_for, is_empty
from qrmerch.content.weights import Part, Weight, kilobytes, weigh_page
from qrmerch.i18n import language_name
from qrmerch.studio.subject import Subject
from qrmerch.text import plain, rich_text

# A story that a shopper reads while standing: two or three sentences.
_STORY_CHARS: Final = 120
# "A top" says less than the picture.
_ALT_CHARS: Final = 15
# The largest file made of a picture; a smaller picture looks soft on a fine screen.
_FINE_PX: Final = 1170
_FACTS: Final = 3
_SHOWN_PARTS: Final = 3
_SHOWN_WISHES: Final = 5
_KB: Final = 1000


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that would make the page better, and where."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class HeavyPart:
    """One of the heaviest parts of a page, and how to make it lighter ("": not worth it)."""

    label: str
    weight: str
    advice: str
    href: str


@dataclass(frozen=True, slots=True)
class QualityPart:
    """`studio/_content_quality.html`: wishes, then the weight of the first view against what the retailer allows."""

    wishes: tuple[Wish, ...]
    # "88 of 110 KB", and the same as a share.
    weighs: str
    weight_kb: int
    budget_kb: int
    whole: str
    first_paint: str
    # Empty where there is no picture.
    first_picture: str
    parts: tuple[HeavyPart, ...]
    # Why it could not be sent as it is, and where to begin; empty where it is light enough.
    too_heavy: str
    heaviest_href: str


def quality_of(
    db: Session, subject: Subject, slots: Mapping[str, Slot], values: Mapping[str, Any], bounds: Bounds
) -> QualityPart:
    """How good a draft is besides being complete, in at most five wishes, and its weight."""
    weight = weigh_page(db, subject.version, slots, values, budget_bytes=subject.template.budget_bytes)
    own = {name: slot for name, slot in slots.items() if not slot.is_fixed}
    wishes = [
        *_of_story(own, values, bounds),
        *_of_pictures(own, values, bounds),
        *_of_recordings(own, values, bounds),
        *_of_facts(db, subject, own, values),
    ]
    over = weight.first_bytes - weight.budget_bytes
    return QualityPart(
        wishes=tuple(wishes[:_SHOWN_WISHES]),
        weighs=f"{max(1, round(weight.first_bytes / _KB)):,} of {kilobytes(weight.budget_bytes)}",
        weight_kb=round(weight.first_bytes / _KB),
        budget_kb=round(weight.budget_bytes / _KB),
        whole=kilobytes(weight.whole_bytes),
        first_paint=_seconds(weight.first_paint_ms),
        first_picture=_seconds(weight.first_picture_ms) if weight.parts else "",
        parts=tuple(_heavy(part) for part in weight.parts[:_SHOWN_PARTS]),
        too_heavy=f"The page is {kilobytes(over)} heavier than {subject.retailer.name} allows" if over > 0 else "",
        heaviest_href=_href(weight),
    )


def _of_story(own: Mapping[str, Slot], values: Mapping[str, Any], bounds: Bounds) -> list[Wish]:
    slot, first = own.get("story.text"), bounds.first
    words = (values.get("story.text") or {}).get(first, "") if slot is not None and slot.is_words else ""
    count = len(plain(str(rich_text(words))))
    if slot is None or not 0 < count < min(_STORY_CHARS, slot.max_chars):
        return []
    said = f"Tell a little more in the story: it has {count} characters, and about {_STORY_CHARS} are read at a glance"
    return [Wish(said, "#f-story.text")]


def _of_pictures(own: Mapping[str, Slot], values: Mapping[str, Any], bounds: Bounds) -> list[Wish]:
    found = []
    for name, slot in own.items():
        if slot.kind != Kind.PICTURES or not slot.is_assets:
            continue
        for place, asset_id in enumerate(values.get(name) or [], 1):
            asset = bounds.assets.get(asset_id)
            if asset is None:
                continue
            which = f"picture {place}" if slot.max_count != 1 else slot.label[:1].lower() + slot.label[1:]
            words = "" if asset.is_decorative else alt_for(asset.alt, bounds.first)
            if 0 < len(words) < _ALT_CHARS:
                found.append(Wish(f"Say more of what {which} shows than “{words}”", f"#f-{name}"))
            if slot.min_width <= (asset.width or 0) < _FINE_PX:
                said = f"Send {which} at {_FINE_PX} px or wider: at {asset.width} it looks soft on fine screens"
                found.append(Wish(said, f"#f-{name}"))
    return found


def _of_recordings(own: Mapping[str, Slot], values: Mapping[str, Any], bounds: Bounds) -> list[Wish]:
    found = []
    for name, slot in own.items():
        for asset_id in (values.get(name) or []) if slot.is_recording else []:
            recording = bounds.recordings.get(asset_id)
            if recording is None or recording.is_speechless:
                continue
            is_film = slot.kind == Kind.VIDEO
            said = recording.captions if is_film else recording.transcript
            lacking = [language_name(each, "en") for each in bounds.locales if each not in said]
            if said and lacking:
                what = "captions" if is_film else "a transcript"
                wish = f"Add {what} in {' and '.join(lacking)} to the {ASSET_KINDS[slot.kind].noun}"
                found.append(Wish(wish, f"/studio/assets?id={asset_id}#panel"))
    return found


def _of_facts(db: Session, subject: Subject, own: Mapping[str, Slot], values: Mapping[str, Any]) -> list[Wish]:
    name = next((each for each, slot in own.items() if slot.kind == Kind.FACTS and slot.is_rows), "")
    if not name or not is_empty(values.get(name)):
        return []
    count = len(get_product(db, subject.item.product_id).facts)
    if count >= _FACTS:
        return []
    lacking = _FACTS - count
    return [
        Wish(
            f"Add {lacking} {'fact' if lacking == 1 else 'facts'} that can be checked, such as what it is made of",
            f"#f-{name}",
        )
    ]


def _heavy(part: Part) -> HeavyPart:
    worth = part.save_bytes >= _KB
    advice = f"{part.advice} saves {kilobytes(part.save_bytes)}" if worth else ""
    return HeavyPart(
        part.label[:1].upper() + part.label[1:],
        kilobytes(part.first_bytes),
        advice[:1].upper() + advice[1:],
        f"#f-{part.slot}",
    )


def _href(weight: Weight) -> str:
    return f"#f-{weight.parts[0].slot}" if weight.parts else ""


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.1f} s"
