"""The sections that a page template can be built from, and what makes a list of them a template.

In: sections as the desk's builder or `content.shipped` writes them. Out: the same, clean, as a version keeps them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from qrmerch.content.slots import (
    ASSET_KINDS,
    WORD_KINDS,
    Audience,
    Bounds,
    Kind,
    Lock,
    WhenMissing,
    clean_value,
    is_empty,
    read_ratio,
    read_slots,
)
from qrmerch.errors import FormError
from qrmerch.i18n import is_locale
from qrmerch.text import MAX_RICH_CHARS, clean_block, clean_line

Json = dict[str, Any]

MAX_SECTIONS: Final = 40
MAX_SLOTS: Final = 12
MAX_OPTIONS: Final = 24
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LABEL_CHARS, _HELP_CHARS, _NOTE_CHARS = 60, 240, 240
# The most that a limit may be. A page with more would be none for a phone.
_MOST: Final = {
    "min_chars": MAX_RICH_CHARS,
    "max_chars": MAX_RICH_CHARS,
    "min_count": 24,
    "max_count": 60,
    "min_rows": 40,
    "min_width": 6000,
    "min_height": 6000,
    "max_seconds": 600,
}
_ALIKE: Final = (("min_chars", "max_chars"), ("min_count", "max_count"), ("min_rows", "max_count"))
_WORDS: Final = WORD_KINDS
# What an associate's page can show; pictures and films stay with shoppers.
STAFF_KINDS: Final = frozenset((*WORD_KINDS, Kind.FACTS, Kind.TABLE, Kind.CHOICE))
# Which limits say something about which kind of slot.
LIMITS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.LINE: ("min_chars", "max_chars"),
    Kind.TEXT: ("min_chars", "max_chars"),
    Kind.RICH_TEXT: ("min_chars", "max_chars"),
    Kind.PICTURES: ("min_count", "max_count", "min_width", "min_height", "ratio"),
    Kind.VIDEO: ("max_count", "max_seconds"),
    Kind.AUDIO: ("max_count", "max_seconds"),
    Kind.FACTS: ("max_chars", "min_rows", "max_count"),
    Kind.TABLE: ("max_chars", "min_rows", "max_count"),
    Kind.FILES: ("max_chars", "min_rows", "max_count"),
    Kind.LINK: ("max_chars",),
    Kind.CHOICE: (),
}


@dataclass(frozen=True, slots=True)
class SectionKind:
    """A kind of section: what the builder calls it and says of it, and what it begins with."""

    kind: str
    name: str
    sentence: str
    # Which kinds of slot it draws; none where all of it comes from elsewhere.
    takes: frozenset[Kind] = frozenset()
    slots: tuple[Json, ...] = ()
    # By locale, what shoppers read above it; None where the page says it in their language by itself.
    title: Mapping[str, str] | None = None
    # Stands where the style puts it: whether it is there counts, where in the list it is does not.
    is_head: bool = False
    may_repeat: bool = False

    def begin(self, key: str) -> Json:
        """A new section of this kind, as a template keeps it."""
        section: Json = {"key": key, "kind": self.kind, "label": self.name}
        if self.title is not None:
            section["title"] = dict(self.title)
        if not self.takes:
            section["note"] = self.sentence
        return {**section, "slots": deepcopy(list(self.slots))}


def words_slot(key: str, kind: str, label: str, help: str, max_chars: int, **more: Any) -> Json:
    """A slot for words; `more` are other fields of it, such as its lock."""
    slot: Json = {"key": key, "kind": kind, "lock": "edit", "label": label, "help": help, "is_required": False}
    return {**slot, "max_chars": max_chars, **more}


def rows_slot(key: str, kind: str, label: str, help: str, max_count: int, max_chars: int, **more: Any) -> Json:
    """A slot for facts, a table or files."""
    return words_slot(key, kind, label, help, max_chars, max_count=max_count, **more)


def _pictures(label: str, help: str, max_count: int, **more: Any) -> Json:
    slot: Json = {"key": "pictures", "kind": "pictures", "lock": "edit", "label": label, "help": help}
    return {**slot, "is_required": False, "min_count": 0, "max_count": max_count, **more}


def _recording(key: str, kind: str, label: str, help: str, max_seconds: int) -> Json:
    slot: Json = {"key": key, "kind": kind, "lock": "edit", "label": label, "help": help}
    return {**slot, "is_required": False, "max_count": 1, "max_seconds": max_seconds}


def link_slot(help: str, **more: Any) -> Json:
    """A slot for one link."""
    return words_slot("link", "link", "Link", help, 60, **more)


def staff_slots() -> tuple[Json, ...]:
    """What associates are told of an item."""
    return (
        words_slot(
            "selling", "text", "Selling points", "Three reasons to pick it up, one a line.", 400, audience="staff"
        ),
        words_slot(
            "fit", "text", "Fit advice", "How it runs, and what to bring when it does not fit.", 300, audience="staff"
        ),
        words_slot(
            "ask", "text", "What to ask", "The question that tells you what a shopper looks for.", 200, audience="staff"
        ),
    )


_ALL: Final = (
    SectionKind(
        "gallery",
        "Pictures",
        "The pictures of the item, large, at the top of the page.",
        frozenset((Kind.PICTURES,)),
        (
            _pictures(
                "Pictures",
                "The first one is what a shopper sees before anything else.",
                6,
                is_required=True,
                min_count=1,
                min_width=390,
                min_height=390,
            ),
        ),
        is_head=True,
    ),
    SectionKind("headline", "Name", "The item’s name, as you call it, and who makes it.", is_head=True),
    SectionKind(
        "price",
        "Price",
        "Your price; a struck one only where it was the lowest of the 30 days before.",
        is_head=True,
    ),
    SectionKind("stock", "Stock", "In stock, few or none, in the store the shopper stands in.", is_head=True),
    SectionKind(
        "variants",
        "Sizes and colours",
        "The variants that are not hidden, each with its stock.",
        is_head=True,
    ),
    SectionKind("offer", "Offer", "The offer that runs for the item; nothing where none does.", is_head=True),
    SectionKind(
        "story",
        "Story",
        "One line that stands alone, and a paragraph under it.",
        _WORDS | {Kind.PICTURES},
        (
            words_slot("lede", "line", "One line", "Why someone in the aisle would pick it up.", 80, is_required=True),
            words_slot("text", "rich_text", "Story", "Leave about a third free: other languages run longer.", 600),
        ),
        is_head=True,
    ),
    SectionKind(
        "words",
        "Words",
        "A paragraph of its own under a title, such as how it is made.",
        _WORDS,
        (words_slot("text", "rich_text", "Words", "What cannot be seen in a picture.", 800),),
        title={},
        may_repeat=True,
    ),
    SectionKind(
        "plates",
        "Large picture",
        "A further picture from edge to edge, with a line under it.",
        frozenset((Kind.PICTURES, Kind.LINE)),
        (
            _pictures("Large picture", "Stands edge to edge, after the words.", 1, min_width=780, min_height=390),
            words_slot("words", "line", "Words under it", "What it shows that the eye may miss.", 120),
        ),
        title={},
        may_repeat=True,
    ),
    SectionKind(
        "film",
        "Film",
        "A film that plays when a shopper asks, with captions.",
        frozenset((Kind.VIDEO, Kind.LINE)),
        (
            _recording("video", "video", "Film", "How it moves, fits or is used. It plays when a shopper asks.", 180),
            words_slot("words", "line", "Words above the film", "What it shows, in a few words.", 60),
        ),
        title={},
        may_repeat=True,
    ),
    SectionKind(
        "sound",
        "Sound",
        "Something to hear, with its words to read.",
        frozenset((Kind.AUDIO, Kind.LINE)),
        (
            _recording("audio", "audio", "Sound", "Its maker’s own voice, or how it sounds.", 300),
            words_slot("words", "line", "Words above the sound", "Who speaks, or what is heard.", 60),
        ),
        title={},
        may_repeat=True,
    ),
    SectionKind(
        "facts",
        "Facts",
        "The facts of the catalogue, and what the vendor adds to them.",
        frozenset((Kind.FACTS, Kind.CHOICE)),
        (
            rows_slot(
                "rows",
                "facts",
                "More facts",
                "Besides those of your catalogue. A row of the same name takes the place of the catalogue’s.",
                12,
                120,
            ),
        ),
    ),
    SectionKind(
        "size_guide",
        "Size guide",
        "A table of sizes and measures that folds open, with a line on how to measure.",
        _WORDS | {Kind.TABLE},
        (
            rows_slot(
                "table",
                "table",
                "Sizes",
                "The first row names the columns, such as Size, Chest, Length; say the unit there too.",
                16,
                24,
                min_rows=1,
            ),
            words_slot("words", "text", "How to measure", "Where the tape goes, or what to do between two sizes.", 240),
        ),
    ),
    SectionKind(
        "care",
        "Care",
        "How to wash, oil or store it; folds open.",
        _WORDS,
        (words_slot("text", "rich_text", "Care", "How to wash, oil or store it.", 400),),
    ),
    SectionKind(
        "passport",
        "Product passport",
        "Where it comes from, what it is made of, how it is repaired and what becomes of it; folds open.",
        _WORDS | {Kind.FACTS, Kind.CHOICE, Kind.LINK},
        (
            rows_slot(
                "rows",
                "facts",
                "Where it comes from",
                "Origin, recycled share, repair, certificates with their numbers: what you can prove.",
                12,
                160,
            ),
        ),
    ),
    SectionKind(
        "downloads",
        "Downloads",
        "Files on your own pages, such as a manual; folds open.",
        _WORDS | {Kind.FILES},
        (
            rows_slot(
                "files",
                "files",
                "Files",
                "Each with its name as a shopper reads it, and its https address on the retailer’s pages.",
                6,
                80,
            ),
        ),
    ),
    SectionKind(
        "delivery",
        "Delivery and returns",
        "What you promise on every page; folds open.",
        _WORDS,
        (
            words_slot(
                "text", "rich_text", "Delivery and returns", "What you promise on every page.", 600, lock="fixed"
            ),
        ),
    ),
    SectionKind("look", "Complete the look", "Items that you put together as a look."),
    SectionKind("store", "This store", "Address and hours of the store the shopper stands in, and who else has it."),
    SectionKind("invitation", "Invitation", "An experience that you offer, as an invitation; nothing where none runs."),
    SectionKind(
        "question",
        "Question",
        "One question, with a link to the page of yours that takes the answer; nothing without the link.",
        _WORDS | {Kind.LINK},
        (
            words_slot("words", "line", "Question", "One question that can be answered standing up.", 120),
            link_slot("Where the answer is given, on the retailer’s pages, and what the link says.", lock="fixed"),
        ),
        title={},
        may_repeat=True,
    ),
    SectionKind(
        "signup",
        "Sign-up",
        "A field for your news, confirmed by mail; with a link, the way to a page of yours where people sign up.",
        _WORDS | {Kind.LINK},
        (
            words_slot("words", "text", "Words", "What they get, and how often.", 200, lock="fixed"),
            link_slot("Instead of the field: the page where people sign up, and what the link says.", lock="fixed"),
        ),
        title={
            "en": "Stay in touch",
            "ar": "ابقَ على تواصل",
            "de": "In Verbindung bleiben",
            "fr": "Restons en contact",
            "es": "Sigamos en contacto",
        },
    ),
    SectionKind(
        "contact",
        "Ask us",
        "A line and a link: to your chat, your mail or your telephone; nothing without the link.",
        _WORDS | {Kind.LINK},
        (
            words_slot("words", "line", "Words", "When somebody answers, and how fast.", 120, lock="fixed"),
            link_slot("Where a shopper asks: a page, mailto: or tel:, and what the link says.", lock="fixed"),
        ),
    ),
    SectionKind(
        "reviews",
        "Reviews",
        "What shoppers say, the worst of three among them, and the way to say something. You read it first.",
    ),
    SectionKind(
        "feedback", "One tap", "“Did this page help you decide?”, answered by one tap; you read the sums, never who."
    ),
    SectionKind(
        "legal",
        "Small print",
        "What the law wants said on every page. Where it is not in the page’s language, it says which one it is in.",
        _WORDS,
        (
            words_slot(
                "text",
                "text",
                "Small print",
                "What the law or your lawyers want said on every page.",
                600,
                lock="fixed",
            ),
        ),
    ),
    SectionKind(
        "staff",
        "For associates",
        "Selling points, fit advice, what to ask. Filled and reviewed like the rest; no shopper ever gets it.",
        STAFF_KINDS,
        staff_slots(),
    ),
)

# By kind, in the order in which a builder offers them.
LIBRARY: Final[Mapping[str, SectionKind]] = {each.kind: each for each in _ALL}
# Sections that stand in the head of the page, wherever the template lists them.
HEAD_KINDS: Final = frozenset(each.kind for each in _ALL if each.is_head)


def check_sections(sections: Sequence[Mapping[str, Any]]) -> list[Json]:
    """A whole version of a template, as it is kept: what it does not know is left out, numbers are numbers.

    :raises FormError: by "section.slot.field", by "section.field" for what is wrong with a section, by "" for the
        whole; a section or slot without a key is called by its number, from 1.
    """
    problems: dict[str, str] = {}
    if not sections:
        problems[""] = "A template needs a section. Add one from the list."
    if len(sections) > MAX_SECTIONS:
        problems[""] = f"{MAX_SECTIONS} sections at most; this has {len(sections)}."
    _check_keys(sections, "", problems)
    _check_repeats(sections, problems)
    found = [_clean_section(each, number, problems) for number, each in enumerate(sections[:MAX_SECTIONS], 1)]
    if problems:
        raise FormError(problems)
    read_slots(found)
    return found


def _name_of(each: Mapping[str, Any], number: int) -> str:
    return str(each.get("key") or "")[:60] or str(number)


def _check_keys(rows: Iterable[Mapping[str, Any]], above: str, problems: dict[str, str]) -> None:
    seen: set[str] = set()
    for number, each in enumerate(rows, 1):
        key = str(each.get("key") or "")
        at = f"{above}{_name_of(each, number)}.key"
        if not _KEY.fullmatch(key):
            problems[at] = "A key is small letters, digits and _, begins with a letter, and has at most 40 of them."
        elif key in seen:
            problems[at] = f"There are two called {key}. Give one of them another key."
        seen.add(key)


def _check_repeats(sections: Sequence[Mapping[str, Any]], problems: dict[str, str]) -> None:
    seen: set[str] = set()
    for number, each in enumerate(sections, 1):
        kind = LIBRARY.get(str(each.get("kind")))
        if kind is not None and kind.kind in seen and not kind.may_repeat:
            problems[f"{_name_of(each, number)}.kind"] = f"{kind.name} can stand on a page once. Remove one of them."
        seen.add(str(each.get("kind")))


def _clean_section(section: Mapping[str, Any], number: int, problems: dict[str, str]) -> Json:
    name = _name_of(section, number)
    kind = LIBRARY.get(str(section.get("kind")))
    if kind is None:
        problems[f"{name}.kind"] = f"There is no section of the kind {str(section.get('kind'))[:40]}."
        return {}
    field = _Fields(section, name, problems)
    cleaned: Json = {"key": name, "kind": kind.kind, "label": field.line("label", _LABEL_CHARS) or kind.name}
    if "title" in section:
        cleaned["title"] = field.by_locale("title", _LABEL_CHARS)
    if section.get("note"):
        cleaned["note"] = field.line("note", _NOTE_CHARS)
    slots = list(section.get("slots") or ())
    if len(slots) > MAX_SLOTS:
        problems[f"{name}.slots"] = f"{MAX_SLOTS} slots at most; {cleaned['label']} has {len(slots)}."
    if not slots and kind.takes:
        problems[f"{name}.slots"] = f"{cleaned['label']} needs a slot, or nothing will ever stand there."
    _check_keys(slots, f"{name}.", problems)
    cleaned["slots"] = [
        _clean_slot(kind, each, _Fields(each, f"{name}.{_name_of(each, place)}", problems))
        for place, each in enumerate(slots[:MAX_SLOTS], 1)
    ]
    return cleaned


def _clean_slot(kind: SectionKind, slot: Mapping[str, Any], field: "_Fields") -> Json:
    slot_kind = field.one_of("kind", Kind, None)
    lock = field.one_of("lock", Lock, Lock.EDIT)
    audience = Audience.STAFF if kind.kind == Audience.STAFF else field.one_of("audience", Audience, Audience.SHOPPER)
    when_missing = field.one_of("when_missing", WhenMissing, WhenMissing.FALLBACK)
    label = field.line("label", _LABEL_CHARS)
    if not label:
        field.refuse("label", "Say what the vendor reads above it, such as One line.")
    cleaned: Json = {
        "key": str(slot.get("key") or ""),
        "kind": slot_kind,
        "lock": lock,
        "label": label,
        "help": field.line("help", _HELP_CHARS),
        "is_required": slot.get("is_required") is True,
    }
    if not slot_kind or not lock or not audience or not when_missing:
        return cleaned
    takes = STAFF_KINDS if audience == Audience.STAFF else kind.takes
    if slot_kind not in takes:
        field.refuse("kind", _no_such_slot(kind, slot_kind, audience))
    if audience == Audience.STAFF:
        cleaned["audience"] = str(Audience.STAFF)
    if slot.get("needed_in") == "all":
        cleaned["needed_in"] = "all"
    elif slot.get("needed_in") not in (None, "", "first"):
        field.refuse("needed_in", "It is needed in the first language, or in all.")
    if when_missing != WhenMissing.FALLBACK:
        cleaned["when_missing"] = when_missing
    if "title" in slot:
        cleaned["title"] = field.by_locale("title", _LABEL_CHARS)
    cleaned |= field.limits(Kind(slot_kind))
    cleaned |= field.languages()
    if slot_kind == Kind.CHOICE or lock == Lock.CHOOSE:
        cleaned |= _clean_options(slot, Kind(slot_kind), Lock(lock), cleaned, field)
    return cleaned


def _no_such_slot(kind: SectionKind, slot_kind: str, audience: str) -> str:
    word = slot_kind.replace("_", " ")
    if audience == Audience.STAFF:
        return f"Associates’ pages show words, facts, tables and choices; {word} cannot be for them only."
    if not kind.takes:
        return f"{kind.name} shows what is known of the item; nothing can be filled in there."
    listed = ", ".join(sorted(each.replace("_", " ") for each in kind.takes))
    return f"{kind.name} has no place for {word}. It takes {listed}."


def _clean_options(slot: Mapping[str, Any], kind: Kind, lock: Lock, cleaned: Json, field: "_Fields") -> Json:
    if kind in ASSET_KINDS:
        field.refuse("lock", "Pictures, films and sounds are the vendor’s own. Let the vendor fill this slot.")
        return {}
    if kind == Kind.CHOICE and lock == Lock.EDIT:
        field.refuse("lock", "A choice is made from your list: lock it to choose, or fix it.")
    given = slot.get("options") or ()
    if not isinstance(given, list | tuple) or not given:
        field.refuse("options", "List what can be chosen, two at least.")
        return {}
    if not 2 <= len(given) <= MAX_OPTIONS:
        field.refuse("options", f"2 to {MAX_OPTIONS} options; this has {len(given)}.")
    found, seen = [], set()
    for number, each in enumerate(given[:MAX_OPTIONS], 1):
        option = _clean_option(each, number, kind, cleaned, field)
        if option and option["value"] in seen:
            field.refuse("options", f"There are two options called {option['value']}.")
        if option:
            seen.add(option["value"])
            found.append(option)
    return {"options": found}


def _clean_option(option: Any, number: int, kind: Kind, cleaned: Json, field: "_Fields") -> Json | None:
    if not isinstance(option, Mapping) or not _KEY.fullmatch(str(option.get("value") or "")):
        field.refuse("options", f"Option {number} needs a value: small letters, digits and _, such as runs_small.")
        return None
    most = int(cleaned.get("max_chars") or 0) if kind in WORD_KINDS else 0
    label = field.words(option.get("label"), "options", most or _LABEL_CHARS, is_block=kind != Kind.CHOICE)
    if not label:
        field.refuse("options", f"Option {number} has no words. Say what is read when it is chosen.")
        return None
    found: Json = {"value": str(option["value"]), "label": label}
    if kind in (*WORD_KINDS, Kind.CHOICE):
        return found
    free = read_slots([{"key": "s", "kind": "words", "slots": [{**cleaned, "lock": "edit"}]}]).popitem()[1]
    try:
        content = clean_value(free, option.get("content"), Bounds(tuple(label), None, {}))
    except (ValueError, TypeError, AttributeError) as error:
        field.refuse("options", f"Option {number}: {error}")
        return None
    if is_empty(content):
        field.refuse("options", f"Option {number} is empty. Say what stands on the page when it is chosen.")
        return None
    return {**found, "content": content}


class _Fields:
    """Reads the fields of one section or slot, and says what is wrong with them by its name."""

    def __init__(self, given: Mapping[str, Any], name: str, problems: dict[str, str]) -> None:
        self.given, self.name, self.problems = given, name, problems

    def refuse(self, field: str, sentence: str) -> None:
        self.problems.setdefault(f"{self.name}.{field}", sentence)

    def line(self, field: str, most: int) -> str:
        text = str(self.given.get(field) or "")
        words = clean_line(text, max(len(text) * 4, 1))
        if len(words) > most:
            self.refuse(field, f"{most} characters at most; this has {len(words)}.")
        return words

    def by_locale(self, field: str, most: int) -> dict[str, str] | str:
        """Words by locale; "" where it was said that there are none."""
        given = self.given.get(field)
        return "" if given in (None, "") else self.words(given, field, most)

    def words(self, given: Any, field: str, most: int, *, is_block: bool = False) -> dict[str, str]:
        if not isinstance(given, Mapping):
            self.refuse(field, "Say it by language.")
            return {}
        found = {}
        for locale, text in given.items():
            room = max(len(str(text)) * 4, 1)
            words = clean_block(str(text), room).strip() if is_block else clean_line(str(text), room)
            if not is_locale(str(locale)):
                self.refuse(field, f"{str(locale)[:12]} is not a language.")
            elif len(words) > most:
                self.refuse(field, f"{most} characters at most; this has {len(words)}.")
            elif words:
                found[str(locale)] = words
        return found

    def one_of(
        self, field: str, words: type[Kind] | type[Lock] | type[Audience] | type[WhenMissing], default: str | None
    ) -> str:
        said = str(self.given.get(field) or default or "")
        if said not in list(words):
            self.refuse(field, f"It is one of {', '.join(each.replace('_', ' ') for each in words)}.")
            return ""
        return said

    def number(self, field: str) -> int:
        said = self.given.get(field) or 0
        number = said if isinstance(said, int) and not isinstance(said, bool) else None
        if number is None and isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < 9:
            number = int(said)
        if number is None or number < 0:
            self.refuse(field, "A whole number, 0 for no limit.")
            return 0
        if number > _MOST[field]:
            self.refuse(field, f"{_MOST[field]:,} at most.")
        return number

    def limits(self, kind: Kind) -> Json:
        """The limits that say something about this kind; others are refused."""
        found: Json = {}
        for field in _MOST:
            number = self.number(field)
            if number and field not in LIMITS[kind]:
                self.refuse(field, f"It says nothing about {kind.replace('_', ' ')}. Leave it out.")
            elif number or (field in LIMITS[kind] and field in self.given):
                found[field] = number
        for least, most in _ALIKE:
            if found.get(most) and found.get(least, 0) > found[most]:
                self.refuse(least, f"The least, {found[least]:,}, is more than the most, {found[most]:,}.")
        if kind == Kind.LINE and not found.get("max_chars"):
            self.refuse("max_chars", "Say how long a line may be, so that it fits.")
        if kind in (Kind.VIDEO, Kind.AUDIO) and found.get("max_count", 1) != 1:
            self.refuse("max_count", "One film or sound fits a slot. Add another section for a second one.")
        return found | self._ratios(kind)

    def _ratios(self, kind: Kind) -> Json:
        given = self.given.get("ratio") or ()
        if given and kind != Kind.PICTURES:
            self.refuse("ratio", "Only pictures have a shape. Leave it out.")
            return {}
        found = []
        for each in [given] if isinstance(given, str) else given:
            try:
                width, height = read_ratio(str(each))
            except ValueError as error:
                self.refuse("ratio", f"{str(each)[:20]} cannot be taken: {error}")
                continue
            found.append(f"{width}:{height}")
        return {"ratio": list(dict.fromkeys(found))} if found else {}

    def languages(self) -> Json:
        given = self.given.get("locales")
        if given in (None, "", []):
            return {}
        if not isinstance(given, list | tuple):
            self.refuse("locales", "List the languages it is written in, or none for all.")
            return {}
        bad = [str(each) for each in given if not is_locale(str(each))]
        if bad:
            self.refuse("locales", f"{bad[0][:12]} is not a language.")
        return {"locales": list(dict.fromkeys(str(each) for each in given))}
