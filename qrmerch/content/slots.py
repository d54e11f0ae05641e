"""The slots of a page template: what may stand in them, and what is said when something else does.

Values by slot name ("section.slot"): words by locale for `line`, `text` and `rich_text`; a list of asset ids for
`pictures`, of one for `video` and `audio`; a list of {"name", "value"}, each by locale, for `facts`; by locale a list
of rows of cells, the first of which names the columns, for `table`; {"url", "words"}, the words by locale, for `link`;
a list of {"url", "name"}, the name by locale, for `files`; the value of an option for `choice`, and for a slot of any
kind that is locked to `choose`.
A table, a link and files may also come as one text: a line for a row, its cells between `|` or tabs.
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
from qrmerch.content.tables import as_text, clean_table, read_files, read_link
from qrmerch.errors import DomainError, FormError
from qrmerch.i18n import language_name
from qrmerch.media.models import Asset, AssetKind, AssetState, Recording
from qrmerch.media.rights import rights_problem
from qrmerch.text import MAX_RICH_CHARS, clean_block, clean_line, rich_links

_FACT_NAME_CHARS: Final = 40
_CELL_CHARS, _FILE_CHARS, _LINK_CHARS, _ADDRESS_CHARS = 40, 80, 60, 500
# What no browser copies as a part of an address.
_NO_ADDRESS: Final = frozenset("\"'<>`\\{}")
_FILE_NAME: Final = re.compile(
    r"\S+\.(jpe?g|png|webp|avif|gif|heic|tiff?)|(img|dsc|dscn|dscf|pxl|image|photo|picture)[\s_-]*\d+", re.IGNORECASE
)
# How far a picture may be from a shape: a pixel or two of a phone's crop.
_SHAPE_TOLERANCE: Final = 0.02
_RATIO: Final = re.compile(r"([1-9][0-9]?):([1-9][0-9]?)", re.ASCII)


class Kind(StrEnum):
    """What a slot holds."""

    LINE = "line"
    TEXT = "text"
    RICH_TEXT = "rich_text"
    PICTURES = "pictures"
    VIDEO = "video"
    AUDIO = "audio"
    FACTS = "facts"
    TABLE = "table"
    FILES = "files"
    LINK = "link"
    CHOICE = "choice"


WORD_KINDS: Final = frozenset((Kind.LINE, Kind.TEXT, Kind.RICH_TEXT))
# What of the vendor's library each kind of slot takes.
ASSET_KINDS: Final = {Kind.PICTURES: AssetKind.PICTURE, Kind.VIDEO: AssetKind.FILM, Kind.AUDIO: AssetKind.SOUND}


class Lock(StrEnum):
    """Who fills a slot: the retailer for every page, the vendor from a list, or the vendor."""

    FIXED = "fixed"
    CHOOSE = "choose"
    EDIT = "edit"


class Audience(StrEnum):
    """Who reads a slot: shoppers, or only the retailer's associates."""

    SHOPPER = "shopper"
    STAFF = "staff"


class WhenMissing(StrEnum):
    """What becomes of a slot in a language it is not written in: another one is shown, nothing is, or it cannot be."""

    FALLBACK = "fallback"
    HIDDEN = "hidden"
    REQUIRED = "required"


class SlotLocked(DomainError):
    """A slot that the retailer fills was written by somebody else."""

    status = 422
    slug = "slot_locked"


@dataclass(frozen=True, slots=True)
class Option:
    """One of the values of a `choose` slot, and its words by locale.

    `content` is what stands in the slot when it is chosen, in the shape of the slot's kind; the words where it is None.
    """

    value: str
    label: Mapping[str, str]
    content: Any = None

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
    min_chars: int = 0
    # Of facts, files and tables; the row that names a table's columns does not count.
    min_rows: int = 0
    # Which shapes a picture may have, as width and height; any where there is none.
    ratios: tuple[tuple[int, int], ...] = ()
    # The languages it is written in; None for all of the retailer's.
    locales: tuple[str, ...] | None = None
    when_missing: WhenMissing = WhenMissing.FALLBACK
    audience: Audience = Audience.SHOPPER

    @property
    def is_choice(self) -> bool:
        """Whether it holds the value of an option."""
        return self.kind == Kind.CHOICE or self.lock == Lock.CHOOSE

    @property
    def is_words(self) -> bool:
        """Whether it holds words by locale."""
        return self.kind in WORD_KINDS and not self.is_choice

    @property
    def is_assets(self) -> bool:
        """Whether it holds pictures, films or sounds of the vendor's."""
        return self.kind in ASSET_KINDS and not self.is_choice

    @property
    def is_recording(self) -> bool:
        """Whether it holds a film or a sound."""
        return self.kind in (Kind.VIDEO, Kind.AUDIO) and not self.is_choice

    @property
    def is_rows(self) -> bool:
        """Whether it holds rows of a name and something."""
        return self.kind in (Kind.FACTS, Kind.FILES) and not self.is_choice

    @property
    def is_by_locale(self) -> bool:
        """Whether it holds something for each language: words, or a table."""
        return self.is_words or (self.kind == Kind.TABLE and not self.is_choice)

    @property
    def is_fixed(self) -> bool:
        return self.lock == Lock.FIXED

    @property
    def is_for_staff(self) -> bool:
        return self.audience == Audience.STAFF

    def languages(self, locales: Iterable[str]) -> tuple[str, ...]:
        """Of these languages those that it is written in."""
        return tuple(each for each in locales if self.locales is None or each in self.locales)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a value is checked against: the retailer's languages, first one first, and hosts; the vendor's pictures."""

    locales: tuple[str, ...]
    # None for anywhere over https, for the retailer's own words.
    hosts: Collection[str] | None
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
                options=tuple(
                    Option(str(one["value"]), one["label"], one.get("content")) for one in each.get("options", ())
                ),
                min_chars=int(each.get("min_chars", 0)),
                min_rows=int(each.get("min_rows", 0)),
                ratios=tuple(read_ratio(str(one)) for one in each.get("ratio") or ()),
                locales=tuple(each["locales"]) if each.get("locales") else None,
                when_missing=WhenMissing(each.get("when_missing", WhenMissing.FALLBACK)),
                audience=audience_of(section, each),
            )
    return found


def audience_of(section: Mapping[str, Any], slot: Mapping[str, Any]) -> Audience:
    """Who reads a slot of a template; every slot of a `staff` section is for associates."""
    if section["kind"] == Audience.STAFF:
        return Audience.STAFF
    return Audience(slot.get("audience", Audience.SHOPPER))


def for_shoppers(
    sections: Iterable[Mapping[str, Any]], values: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A template's sections and a page's values without any slot that only associates read, and without its value."""
    kept_sections, kept = [], {}
    for section in sections:
        if section["kind"] == Audience.STAFF:
            continue
        slots = [each for each in section.get("slots", ()) if audience_of(section, each) == Audience.SHOPPER]
        kept_sections.append({**section, "slots": slots})
        names = (f"{section['key']}.{each['key']}" for each in slots)
        kept.update({name: values[name] for name in names if name in values})
    return kept_sections, kept


def read_ratio(text: str) -> tuple[int, int]:
    """Width and height of "4:5".

    :raises ValueError: it is no such thing.
    """
    found = _RATIO.fullmatch(text.strip())
    if found is None:
        raise ValueError("a shape is two numbers, such as 4:5.")
    return int(found[1]), int(found[2])


def is_empty(value: Any) -> bool:
    """Whether a value is no value: nothing, no words in any language, an empty list."""
    if isinstance(value, Mapping):
        return all(is_empty(each) for each in value.values())
    return not value.strip() if isinstance(value, str) else value in (None, [])


def has_shape(slot: Slot, value: Any) -> bool:
    """Whether a value that was kept is of the slot's kind, perhaps from before the kind was changed."""
    if slot.is_choice:
        return isinstance(value, str)
    if slot.is_rows:
        halves = {"name", "value" if slot.kind == Kind.FACTS else "url"}
        return isinstance(value, list) and all(isinstance(each, Mapping) and halves <= each.keys() for each in value)
    if slot.is_assets:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if not isinstance(value, Mapping):
        return False
    if slot.kind == Kind.LINK:
        return not value or "url" in value
    return all(isinstance(each, list if slot.kind == Kind.TABLE else str) for each in value.values())


def keep_shaped(slots: Mapping[str, Slot], values: Mapping[str, Any]) -> dict[str, Any]:
    """Of values that were kept under other slots those that are of the kind of these: no option's name is a text."""
    return {name: value for name, value in values.items() if name in slots and has_shape(slots[name], value)}


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
    if slot.is_choice:
        return _clean_choice(slot, value)
    if slot.is_words:
        return _clean_words(slot, value, bounds)
    if slot.is_recording:
        return clean_recordings(value, ASSET_KINDS[slot.kind], bounds.assets)
    cleaners = {
        Kind.PICTURES: _clean_pictures,
        Kind.FACTS: _clean_rows,
        Kind.TABLE: _clean_table,
        Kind.FILES: _clean_files,
        Kind.LINK: _clean_link,
    }
    return cleaners[slot.kind](slot, value, bounds)


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
    """The slots with words, or a table, in the first language and none in this one, though they are written in it."""
    return [
        slot
        for name, slot in slots.items()
        if slot.is_by_locale
        and not slot.is_fixed
        and slot.languages((locale,))
        and (values.get(name) or {}).get(first)
        and not values[name].get(locale)
    ]


# --- words -----------------------------------------------------------------------------------------


def _clean_words(slot: Slot, value: Any, bounds: Bounds) -> dict[str, str]:
    by_locale = {_first_of(slot, bounds): value} if isinstance(value, str) else value
    if not isinstance(by_locale, Mapping):
        raise ValueError("it takes words by language.")
    found = {}
    for locale, words in by_locale.items():
        _check_spoken(locale, bounds)
        try:
            text = clean_words(slot, as_text(words), bounds.hosts)
            if text:
                _check_language(slot, locale, bounds)
        except ValueError as error:
            raise ValueError(_in_language(locale, bounds, str(error))) from None
        if text:
            found[locale] = text
    return found


def _first_of(slot: Slot, bounds: Bounds) -> str:
    return next(iter(slot.languages(bounds.locales)), bounds.first)


def _check_spoken(locale: Any, bounds: Bounds) -> None:
    if locale not in bounds.locales:
        raise ValueError(f"{str(locale)[:12]} is not a language of this retailer’s.")


def _check_language(slot: Slot, locale: str, bounds: Bounds) -> None:
    if not slot.languages((locale,)):
        listed = " and ".join(language_name(each, "en") for each in slot.languages(bounds.locales))
        raise ValueError(f"it is written in {listed or 'none of these languages'} only. Leave it empty here.")


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
            _check_link(link, hosts)
    return words


def _check_link(link: str, hosts: Collection[str] | None) -> None:
    if problem := link_problem(link, hosts):
        raise ValueError(problem)


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
        row = {part: _clean_part(slot, each.get(part, ""), most, bounds, number) for part, most in limits}
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


def _clean_part(slot: Slot, value: Any, most: int, bounds: Bounds, number: int) -> dict[str, str]:
    """A part of a row, or of a link (`number` 0), by locale."""
    by_locale = value if isinstance(value, Mapping) else {_first_of(slot, bounds): value}
    found = {}
    for locale, words in by_locale.items():
        _check_spoken(locale, bounds)
        words = as_text(words)
        line = clean_line(words, max(len(words) * 4, 1))
        if len(line) > most:
            subject = f"row {number} has" if number else "the words of the link have"
            raise ValueError(f"{subject} {len(line)} characters where {most} fit.")
        if line:
            _check_language(slot, locale, bounds)
            found[locale] = line
    return found


def _clean_table(slot: Slot, value: Any, bounds: Bounds) -> dict[str, list[list[str]]]:
    by_locale = value if isinstance(value, Mapping) else {_first_of(slot, bounds): value}
    found = {}
    for locale, rows in by_locale.items():
        _check_spoken(locale, bounds)
        try:
            table = clean_table(rows, max_rows=slot.max_count, max_chars=slot.max_chars or _CELL_CHARS)
            if table:
                _check_language(slot, locale, bounds)
        except ValueError as error:
            raise ValueError(_in_language(locale, bounds, str(error))) from None
        if table:
            found[locale] = table
    return found


def _clean_files(slot: Slot, value: Any, bounds: Bounds) -> list[dict[str, Any]]:
    value = read_files(value)
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise ValueError("it takes rows of a name and an address.")
    rows = []
    for number, each in enumerate(value, 1):
        name = _clean_part(slot, each.get("name", ""), slot.max_chars or _FILE_CHARS, bounds, number)
        url = _clean_address(each.get("url", ""))
        if not name and not url:
            continue
        if not url or not name:
            raise ValueError(f"row {number} has only one half. Give the file a name and its address.")
        if not url.startswith("https://"):
            raise ValueError(f"the address {url[:60]} of row {number} cannot be taken. It begins with https://.")
        _check_link(url, bounds.hosts)
        rows.append({"name": name, "url": url})
    if slot.max_count and len(rows) > slot.max_count:
        raise ValueError(f"{_count(slot.max_count, 'file')} at most; this has {len(rows)}.")
    return rows


def _clean_link(slot: Slot, value: Any, bounds: Bounds) -> dict[str, Any]:
    value = read_link(value or {})
    if not isinstance(value, Mapping):
        raise ValueError("it takes an address and its words.")
    words = _clean_part(slot, value.get("words", ""), slot.max_chars or _LINK_CHARS, bounds, 0)
    url = _clean_address(value.get("url", ""))
    if not words and not url:
        return {}
    if not url or not words:
        raise ValueError("it has only one half. A link needs its address and the words it is read by.")
    _check_link(url, bounds.hosts)
    return {"url": url, "words": words}


def _clean_address(value: Any) -> str:
    text = as_text(value)
    url = clean_line(text, max(len(text) * 4, 1))
    if len(url) > _ADDRESS_CHARS:
        raise ValueError(f"an address has {_ADDRESS_CHARS} characters at most; this has {len(url):,}.")
    if any(character.isspace() or character in _NO_ADDRESS for character in url):
        raise ValueError(f"the address {url[:60]} cannot be taken. Copy it from your browser’s address bar.")
    return url


def _clean_choice(slot: Slot, value: Any) -> str:
    if is_empty(value):
        return ""
    if value not in [option.value for option in slot.options]:
        listed = ", ".join(option.words for option in slot.options)
        raise ValueError(f"choose one of the retailer’s list: {listed}.")
    return str(value)


# --- what is missing -------------------------------------------------------------------------------


def _missing_in(slot: Slot, value: Any, bounds: Bounds) -> str:
    """The sentence on what is missing in a slot; empty when nothing is."""
    if slot.kind == Kind.PICTURES and slot.is_assets:
        return _missing_pictures(slot, value or [], bounds)
    if slot.is_recording and value:
        return _missing_in_recording(slot, value[0], bounds)
    if is_empty(value) and not slot.is_required:
        return ""
    if slot.is_by_locale:
        return _missing_by_locale(slot, value or {}, bounds)
    if is_empty(value):
        return "nothing is chosen yet." if slot.is_choice or slot.is_assets else "nothing is written yet."
    if slot.is_rows and len(value) < slot.min_rows:
        return f"{_count(slot.min_rows, 'row')} at least; this has {len(value)}."
    lacking = _lacking_in_parts(slot, value, bounds)
    return f"{language_name(lacking, 'en')} is missing." if lacking else ""


def _missing_by_locale(slot: Slot, value: Mapping[str, Any], bounds: Bounds) -> str:
    """What is missing in words, or in a table, that are required or begun."""
    written = slot.languages(bounds.locales)
    is_needed_in_all = slot.when_missing == WhenMissing.REQUIRED or (slot.is_required and slot.is_needed_in_all)
    wanted = written if is_needed_in_all else written[:1] if slot.is_required else ()
    lacking = [locale for locale in wanted if not value.get(locale)]
    if lacking:
        if lacking[0] == written[0]:
            return "nothing is written yet."
        return f"{language_name(lacking[0], 'en')} is missing."
    for locale, each in value.items():
        if slot.is_words and len(each) < slot.min_chars:
            said = f"{_count(slot.min_chars, 'character')} at least; this has {len(each)}."
            return _in_language(locale, bounds, said)
        if not slot.is_words and len(each) - 1 < slot.min_rows:
            said = f"{_count(slot.min_rows, 'row')} at least below the first; this has {len(each) - 1}."
            return _in_language(locale, bounds, said)
    return ""


def _lacking_in_parts(slot: Slot, value: Any, bounds: Bounds) -> str:
    """The first language that rows or a link are not written in, though they have to be."""
    if slot.when_missing != WhenMissing.REQUIRED and not (slot.is_required and slot.is_needed_in_all):
        return ""
    if slot.is_rows:
        parts = [row["name"] for row in value]
    elif slot.kind == Kind.LINK and not slot.is_choice:
        parts = [value["words"]]
    else:
        return ""
    written = slot.languages(bounds.locales)
    return next((locale for locale in written for part in parts if not part.get(locale)), "")


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
    if not _has_shape(slot, asset):
        listed = " or ".join(f"{width}:{height}" for width, height in slot.ratios)
        return f"is {asset.width} × {asset.height} pixels; its shape has to be {listed}. Crop it, or choose another."
    if asset.is_decorative:
        return ""
    words = alt_for(asset.alt, bounds.first)
    if not words:
        return "has no words for shoppers who cannot see it. Say what it shows."
    if is_file_name(words):
        return f"is described as “{words[:40]}”, which is a file’s name. Say what can be seen."
    return ""


def _has_shape(slot: Slot, asset: Asset) -> bool:
    if not slot.ratios or not asset.width or not asset.height:
        return True
    return any(
        abs(asset.width * height / (asset.height * width) - 1) <= _SHAPE_TOLERANCE for width, height in slot.ratios
    )


def alt_for(alt: Mapping[str, str], locale: str) -> str:
    """What a picture shows, in a language or its bare one."""
    return alt.get(locale) or alt.get(locale.split("-")[0]) or ""


def is_file_name(words: str) -> bool:
    """Whether words for a picture are but the name of its file."""
    return _FILE_NAME.fullmatch(words.strip()) is not None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
