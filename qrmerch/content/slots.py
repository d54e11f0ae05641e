"""The slots of a page template: what may stand in them, and what is said when something else does.

Values by slot name ("section.slot"): words by locale for `line`, `text` and `rich_text`; a list of asset ids for
`pictures`, of one for `video` and `audio`; a list of {"name", "value"}, each by locale, for `facts`; the value of an
option for `choice`.
Locks hold here, on every path: whoever writes a revision goes through `clean`.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from qrmerch.content.links import link_problem
from qrmerch.content.recorded import clean_recordings, recording_problem
from qrmerch.errors import DomainError, FormError
from qrmerch.i18n import language_name
from qrmerch.media.models import Asset, AssetKind, AssetState, Recording
from qrmerch.media.rights import rights_problem
from qrmerch.text import MAX_RICH_CHARS, clean_block, clean_line, rich_links

_FACT_NAME_CHARS: Final = 40
_FILE_NAME: Final = re.compile(
    r"\S+\.(jpe?g|png|webp|avif|gif|heic|tiff?)|(img|dsc|dscn|dscf|pxl|image|photo|picture)[\s_-]*\d+", re.IGNORECASE
)


class Kind(StrEnum):
    """What a slot holds."""

    LINE = "line"
    TEXT = "text"
    RICH_TEXT = "rich_text"
    PICTURES = "pictures"
    VIDEO = "video"
    AUDIO = "audio"
    FACTS = "facts"
    CHOICE = "choice"


# What of the vendor's library each kind of slot takes.
ASSET_KINDS: Final = {Kind.PICTURES: AssetKind.PICTURE, Kind.VIDEO: AssetKind.FILM, Kind.AUDIO: AssetKind.SOUND}


class Lock(StrEnum):
    """Who fills a slot: the retailer for every page, the vendor from a list, or the vendor."""

    FIXED = "fixed"
    CHOOSE = "choose"
    EDIT = "edit"


class SlotLocked(DomainError):
    """A slot that the retailer fills was written by somebody else."""

    status = 422
    slug = "slot_locked"


@dataclass(frozen=True, slots=True)
class Option:
    """One of the values of a `choose` slot, and its words by locale."""

    value: str
    label: Mapping[str, str]

    @property
    def words(self) -> str:
        """As staff read it."""
        return self.label.get("en") or next(iter(self.label.values()), self.value)


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot with its lock and its limits. `name` is "section.slot"; limits are 0 where there is none."""

    name: str
    section: str
    kind: Kind
    lock: Lock
    label: str
    help: str = ""
    is_required: bool = False
    # Required in every language of the retailer's rather than in its first one.
    is_needed_in_all: bool = False
    max_chars: int = 0
    min_count: int = 0
    max_count: int = 0
    min_width: int = 0
    min_height: int = 0
    max_seconds: int = 0
    options: tuple[Option, ...] = ()

    @property
    def is_words(self) -> bool:
        """Whether it holds words by locale."""
        return self.kind in (Kind.LINE, Kind.TEXT, Kind.RICH_TEXT)

    @property
    def is_assets(self) -> bool:
        """Whether it holds pictures, films or sounds of the vendor's."""
        return self.kind in ASSET_KINDS

    @property
    def is_recording(self) -> bool:
        """Whether it holds a film or a sound."""
        return self.kind in (Kind.VIDEO, Kind.AUDIO)

    @property
    def is_fixed(self) -> bool:
        return self.lock == Lock.FIXED


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a value is checked against: the retailer's languages, first one first, and hosts; the vendor's pictures."""

    locales: tuple[str, ...]
    hosts: Collection[str]
    assets: Mapping[str, Asset]
    # What the films and sounds among them have besides, by asset id.
    recordings: Mapping[str, Recording] = field(default_factory=dict)
    # When the assets are to be shown, and whose days their rights are told in; None where that is not asked.
    at: datetime | None = None
    zone: str = "UTC"

    @property
    def first(self) -> str:
        return self.locales[0]


def read_slots(sections: Iterable[Mapping[str, Any]]) -> dict[str, Slot]:
    """The slots of a template's sections by name, in order."""
    found = {}
    for section in sections:
        for each in section.get("slots", ()):
            name = f"{section['key']}.{each['key']}"
            found[name] = Slot(
                name=name,
                section=str(section.get("label") or section["key"]),
                kind=Kind(each["kind"]),
                lock=Lock(each.get("lock", Lock.EDIT)),
                label=str(each.get("label") or each["key"]),
                help=str(each.get("help", "")),
                is_required=bool(each.get("is_required")),
                is_needed_in_all=each.get("needed_in") == "all",
                max_chars=int(each.get("max_chars", 0)),
                min_count=int(each.get("min_count", 0)),
                max_count=int(each.get("max_count", 0)),
                min_width=int(each.get("min_width", 0)),
                min_height=int(each.get("min_height", 0)),
                max_seconds=int(each.get("max_seconds", 0)),
                options=tuple(Option(str(one["value"]), one["label"]) for one in each.get("options", ())),
            )
    return found


def is_empty(value: Any) -> bool:
    """Whether a value is no value: nothing, no words in any language, an empty list."""
    if isinstance(value, Mapping):
        return not any(str(words).strip() for words in value.values())
    return value in (None, "", [])


def asset_ids_in(
    slots: Mapping[str, Slot], values: Mapping[str, Any], kinds: Collection[Kind] = tuple(ASSET_KINDS)
) -> list[str]:
    """The pictures, films and sounds among these values, or those in slots of some kinds, in order."""
    lists = [values.get(name) for name, slot in slots.items() if slot.kind in kinds]
    return [str(each) for one in lists if isinstance(one, list) for each in one]


def clean(slots: Mapping[str, Slot], values: Mapping[str, Any], bounds: Bounds) -> dict[str, Any]:
    """The values as they are kept; what is empty is left out.

    A value may still be missing or too few: that is for `list_missing`.

    :raises SlotLocked: one of the slots is the retailer's to fill.
    :raises FormError: by slot name, what cannot stand there.
    """
    for name in values:
        if name in slots and slots[name].is_fixed:
            raise SlotLocked(f"{slots[name].label} is filled by the retailer, the same on every page. Leave it out.")
    problems: dict[str, str] = {}
    kept: dict[str, Any] = {}
    for name, value in values.items():
        if name not in slots:
            problems[name] = (
                f"This template has no slot {name[:60]}. Open the page again: the template may have changed."
            )
            continue
        try:
            value = clean_value(slots[name], value, bounds)
        except ValueError as error:
            problems[name] = f"{slots[name].label}: {error}"
            continue
        if not is_empty(value):
            kept[name] = value
    if problems:
        raise FormError(problems)
    return kept


def clean_value(slot: Slot, value: Any, bounds: Bounds) -> Any:
    """One slot's value as it is kept.

    :raises ValueError: it cannot stand there; the message says what would.
    """
    if slot.is_words:
        return _clean_words(slot, value, bounds)
    if slot.kind == Kind.PICTURES:
        return _clean_pictures(slot, value, bounds)
    if slot.is_recording:
        return clean_recordings(value, ASSET_KINDS[slot.kind], bounds.assets)
    if slot.kind == Kind.FACTS:
        return _clean_rows(slot, value, bounds)
    return _clean_choice(slot, value)


def list_missing(slots: Mapping[str, Slot], values: Mapping[str, Any], bounds: Bounds) -> dict[str, str]:
    """What stands in the way of sending these values, by slot name; empty when nothing does.

    :param values: as `clean` returned them.
    """
    found: dict[str, str] = {}
    for name, slot in slots.items():
        if slot.is_fixed:
            continue
        problem = _missing_in(slot, values.get(name), bounds)
        if problem:
            found[name] = f"{slot.label}: {problem}"
    return found


def list_untranslated(slots: Mapping[str, Slot], values: Mapping[str, Any], locale: str, first: str) -> list[Slot]:
    """The slots with words in the first language and none in this one."""
    return [
        slot
        for name, slot in slots.items()
        if slot.is_words and not slot.is_fixed and (values.get(name) or {}).get(first) and not values[name].get(locale)
    ]


# --- words -----------------------------------------------------------------------------------------


def _clean_words(slot: Slot, value: Any, bounds: Bounds) -> dict[str, str]:
    by_locale = {bounds.first: value} if isinstance(value, str) else value
    if not isinstance(by_locale, Mapping):
        raise ValueError("it takes words by language.")
    found = {}
    for locale, words in by_locale.items():
        if locale not in bounds.locales:
            raise ValueError(f"{str(locale)[:12]} is not a language of this retailer’s.")
        try:
            text = clean_words(slot, str(words), bounds.hosts)
        except ValueError as error:
            raise ValueError(_in_language(locale, bounds, str(error))) from None
        if text:
            found[locale] = text
    return found


def clean_words(slot: Slot, text: str, hosts: Collection[str] | None) -> str:
    """Words as they are kept, in one language.

    :param hosts: where links may lead; None for anywhere over https.
    :raises ValueError: too long, or with a link that leads elsewhere.
    """
    most = slot.max_chars or MAX_RICH_CHARS
    room = max(len(text) * 4, 1)
    words = clean_line(text, room) if slot.kind == Kind.LINE else clean_block(text, room).strip()
    if len(words) > most:
        raise ValueError(f"{most:,} characters at most; this has {len(words):,}.")
    if slot.kind == Kind.RICH_TEXT:
        for link in rich_links(words):
            if problem := link_problem(link, hosts):
                raise ValueError(problem)
    return words


def _in_language(locale: str, bounds: Bounds, sentence: str) -> str:
    return sentence if locale == bounds.first else f"in {language_name(locale, 'en')}, {sentence}"


# --- pictures, facts, choices ----------------------------------------------------------------------


def _clean_pictures(slot: Slot, value: Any, bounds: Bounds) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError("it takes a list of pictures.")
    ids = [each for each in dict.fromkeys(value) if each]
    if any(each not in bounds.assets or bounds.assets[each].kind != AssetKind.PICTURE for each in ids):
        raise ValueError("one of the pictures is not among yours any more. Choose another.")
    if slot.max_count and len(ids) > slot.max_count:
        raise ValueError(f"{_count(slot.max_count, 'picture')} at most; this has {len(ids)}.")
    return ids


def _clean_rows(slot: Slot, value: Any, bounds: Bounds) -> list[dict[str, dict[str, str]]]:
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise ValueError("it takes rows of a name and a value.")
    rows = []
    for number, each in enumerate(value, 1):
        limits = (("name", _FACT_NAME_CHARS), ("value", slot.max_chars or 120))
        row = {part: _clean_part(each.get(part, ""), most, bounds, number) for part, most in limits}
        if not row["name"] and not row["value"]:
            continue
        for locale in {*row["name"], *row["value"]}:
            if not row["name"].get(locale) or not row["value"].get(locale):
                raise ValueError(
                    _in_language(locale, bounds, f"row {number} has only one half. Fill in both or neither.")
                )
        rows.append(row)
    if slot.max_count and len(rows) > slot.max_count:
        raise ValueError(f"{_count(slot.max_count, 'row')} at most; this has {len(rows)}.")
    return rows


def _clean_part(value: Any, most: int, bounds: Bounds, number: int) -> dict[str, str]:
    by_locale = value if isinstance(value, Mapping) else {bounds.first: value}
    found = {}
    for locale, words in by_locale.items():
        if locale not in bounds.locales:
            raise ValueError(f"{str(locale)[:12]} is not a language of this retailer’s.")
        line = clean_line(str(words), max(len(str(words)) * 4, 1))
        if len(line) > most:
            raise ValueError(f"row {number} has {len(line)} characters where {most} fit.")
        if line:
            found[locale] = line
    return found


def _clean_choice(slot: Slot, value: Any) -> str:
    if value == "":
        return ""
    if value not in [option.value for option in slot.options]:
        listed = ", ".join(option.words for option in slot.options)
        raise ValueError(f"choose one of the retailer’s list: {listed}.")
    return str(value)


# --- what is missing -------------------------------------------------------------------------------


def _missing_in(slot: Slot, value: Any, bounds: Bounds) -> str:
    """The sentence on what is missing in a slot; empty when nothing is."""
    if slot.kind == Kind.PICTURES:
        return _missing_pictures(slot, value or [], bounds)
    if slot.is_recording and value:
        return _missing_in_recording(slot, value[0], bounds)
    if not slot.is_required:
        return ""
    if slot.is_words:
        wanted = bounds.locales if slot.is_needed_in_all else bounds.locales[:1]
        lacking = [locale for locale in wanted if not (value or {}).get(locale)]
        if not lacking:
            return ""
        if lacking[0] == bounds.first:
            return "nothing is written yet."
        return f"{language_name(lacking[0], 'en')} is missing."
    return "nothing is chosen yet." if is_empty(value) else ""


def _missing_pictures(slot: Slot, ids: Sequence[str], bounds: Bounds) -> str:
    least = slot.min_count or (1 if slot.is_required else 0)
    if len(ids) < least:
        return "choose a picture." if least == 1 else f"{least} pictures at least; this has {len(ids)}."
    for place, asset_id in enumerate(ids, 1):
        asset = bounds.assets.get(asset_id)
        problem = picture_problem(slot, asset, bounds) if asset else "is not among yours any more. Choose another."
        if problem:
            return f"picture {place} {problem}"
    return ""


def _missing_in_recording(slot: Slot, asset_id: str, bounds: Bounds) -> str:
    noun, asset = ASSET_KINDS[slot.kind].noun, bounds.assets.get(asset_id)
    if asset is None:
        return f"the {noun} is not among yours any more. Choose another."
    problem = recorded_problem(slot, asset, bounds)
    return f"the {noun} {problem}" if problem else ""


def recorded_problem(slot: Slot, asset: Asset, bounds: Bounds) -> str:
    """As `picture_problem`, of a film or sound."""
    recording = bounds.recordings.get(asset.id)
    problem = recording_problem(asset, recording, bounds.locales, max_seconds=slot.max_seconds)
    if not problem and bounds.at is not None:
        return rights_problem(asset, at=bounds.at, zone=bounds.zone)
    return problem


def picture_problem(slot: Slot, asset: Asset, bounds: Bounds) -> str:
    """Why a picture cannot stand in a slot, as the end of a sentence that begins with it; empty when it can."""
    if asset.state == AssetState.CHECKING:
        return "is still being made ready. Wait a moment."
    if asset.state == AssetState.REFUSED:
        return "cannot be shown. Choose another."
    if bounds.at is not None and (problem := rights_problem(asset, at=bounds.at, zone=bounds.zone)):
        return problem
    if (asset.width or 0) < slot.min_width or (asset.height or 0) < slot.min_height:
        return (
            f"is {asset.width} × {asset.height} pixels; {slot.min_width} × {slot.min_height} is the least. "
            "Send a larger one."
        )
    if asset.is_decorative:
        return ""
    words = alt_for(asset.alt, bounds.first)
    if not words:
        return "has no words for shoppers who cannot see it. Say what it shows."
    if is_file_name(words):
        return f"is described as “{words[:40]}”, which is a file’s name. Say what can be seen."
    return ""


def alt_for(alt: Mapping[str, str], locale: str) -> str:
    """What a picture shows, in a language or its bare one."""
    return alt.get(locale) or alt.get(locale.split("-")[0]) or ""


def is_file_name(words: str) -> bool:
    """Whether words for a picture are but the name of its file."""
    return _FILE_NAME.fullmatch(words.strip()) is not None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
