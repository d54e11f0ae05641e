"""From a template's sections and a revision's values to the sections of one page, in the template's order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from markupsafe import Markup

from qrmerch.i18n import translator
from qrmerch.rendering.frame import pick_language, pick_text
from qrmerch.rendering.pages import (
    Details,
    Fact,
    Fold,
    Invitation,
    LookSection,
    OfferCard,
    Picture,
    Plate,
    Plates,
    Played,
    Recording,
    ReviewSection,
    Section,
    Story,
    Words,
)
from qrmerch.text import rich_text

# Sections that stand in the head of the page, wherever the template lists them.
HEAD_KINDS: Final = frozenset(("gallery", "headline", "price", "stock", "variants", "offer", "story", "privacy"))
_FIGURES, _FIGURE_CHARS = 3, 18


@dataclass(frozen=True, slots=True)
class Source:
    """What a page's sections are made from: the template's list, the values of its slots, the product's copy."""

    sections: Sequence[Mapping[str, Any]]
    slots: Mapping[str, Any]
    facts: Sequence[Mapping[str, str]]
    locale: str
    fallbacks: tuple[str, ...]
    # What pictures were said to show when the page was approved, by asset id; others speak for themselves.
    alts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    # What was approved of films and sounds, by asset id; others speak for themselves.
    recordings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def has(self, kind: str) -> bool:
        return any(section["kind"] == kind for section in self.sections)

    def values(self, section: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Any]]:
        """The slots of a section that have a value, with it, in order."""
        found = []
        for slot in section.get("slots", ()):
            value = self.slots.get(f"{section['key']}.{slot['key']}")
            if is_choice_slot(slot):
                value = _words_of_choice(slot, value)
            if value not in (None, "", [], {}):
                found.append((slot, value))
        return found

    def text(self, value: Any) -> str:
        """A text slot's words in the page's language."""
        return pick_text(value, self.locale, self.fallbacks) if isinstance(value, Mapping) else str(value)

    def language(self, value: Any) -> str:
        """The language that a text slot's words are in, where that is not the page's; else empty."""
        spoken = pick_language(value, self.locale, self.fallbacks) if isinstance(value, Mapping) else ""
        return "" if spoken.split("-")[0] == self.locale.split("-")[0] else spoken

    def html(self, slot: Mapping[str, Any], value: Any) -> Markup:
        """A text slot as safe HTML: Markdown where the slot takes it, else paragraphs with the lines as they are."""
        html = _as_html(slot, self.text(value))
        language = self.language(value)
        return Markup('<div lang="{}" dir="auto">{}</div>').format(language, html) if html and language else html

    def title(self, section: Mapping[str, Any], default: str = "") -> str:
        """What stands above a section: the template's title, or label, in the page's language; "" for nothing."""
        label = section["title"] if "title" in section else section.get("label")
        if isinstance(label, Mapping):
            return pick_text(label, self.locale, self.fallbacks)
        return translator(self.locale)(str(label)) if label else default


@dataclass(frozen=True, slots=True)
class Extras:
    """Sections that come from other rooms; None where there is nothing to show."""

    look: LookSection | None
    reviews: ReviewSection | None
    invitation: OfferCard | None
    pictures: Mapping[str, Picture]
    stores: tuple[Fold, ...]
    recordings: Mapping[str, Recording] = field(default_factory=dict)


def _as_html(slot: Mapping[str, Any], text: str) -> Markup:
    if "rich" in str(slot.get("kind", "")):
        return rich_text(text)
    paragraphs = (Markup("<br>").join(each.splitlines()) for each in text.split("\n\n") if each.strip())
    return Markup().join(Markup("<p>{}</p>").format(each) for each in paragraphs)


def asset_ids(value: Any) -> list[str]:
    """The asset ids in a picture slot's value, whether it holds one or several, bare or with words."""
    each = value if isinstance(value, list) else [value]
    found = [part.get("asset") or part.get("asset_id") if isinstance(part, Mapping) else part for part in each]
    return [str(part) for part in found if part]


def is_picture_slot(slot: Mapping[str, Any]) -> bool:
    return any(word in str(slot.get("kind", "")) for word in ("picture", "image", "gallery"))


def is_recording_slot(slot: Mapping[str, Any]) -> bool:
    return str(slot.get("kind", "")) in ("video", "audio")


def is_choice_slot(slot: Mapping[str, Any]) -> bool:
    return str(slot.get("kind", "")) == "choice"


def _words_of_choice(slot: Mapping[str, Any], value: Any) -> Any:
    """The words by locale of the option that was chosen; None where it is none of the list any more."""
    return next((option["label"] for option in slot.get("options", ()) if option["value"] == value), None)


def is_facts_slot(slot: Mapping[str, Any]) -> bool:
    return "fact" in str(slot.get("kind", "")) or "row" in str(slot.get("kind", ""))


def read_gallery(source: Source) -> list[str]:
    """The asset ids of the page's pictures, first one first."""
    galleries = [section for section in source.sections if section["kind"] == "gallery"]
    found = [
        asset_ids(value) for section in galleries for slot, value in source.values(section) if is_picture_slot(slot)
    ]
    return [asset_id for ids in found for asset_id in ids]


def read_story(source: Source) -> Story:
    """The line that stands alone and the paragraph: the first plain and the first longer text of the story."""
    lede, language, text = "", "", Markup()
    for section in source.sections:
        if section["kind"] not in ("story", "headline"):
            continue
        for slot, value in source.values(section):
            if is_picture_slot(slot) or is_facts_slot(slot):
                continue
            is_line = str(slot.get("kind", "")) in ("line", "short_text", "text") and not lede
            if is_line and slot.get("key") != "text":
                lede, language = source.text(value), source.language(value)
            elif not text:
                text = source.html(slot, value)
    return Story(lede, text, language)


def read_facts(source: Source) -> tuple[Fact, ...]:
    """The product's facts, then those of the page; one of the same name takes the place of the product's."""
    rows: list[Mapping[str, Any]] = list(source.facts)
    for section in source.sections:
        if section["kind"] in ("facts", "specification"):
            for slot, value in source.values(section):
                if is_facts_slot(slot):
                    rows += value
                elif is_choice_slot(slot):
                    rows.append({"name": slot.get("title") or slot.get("label", ""), "value": value})
    t = translator(source.locale)
    found: dict[str, Fact] = {}
    for row in rows:
        name, value = source.text(row.get("name", "")), source.text(row.get("value", ""))
        if name and value:
            # By its name in the first language, which is the one the product speaks.
            found[_in_first(row["name"], source)] = Fact(t(name), value)
    return tuple(found.values())


def _in_first(name: Any, source: Source) -> str:
    return pick_text(name, source.fallbacks[0]) if isinstance(name, Mapping) and source.fallbacks else str(name)


def pick_figures(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """The first facts short enough to stand side by side; none where there are not three."""
    short = [fact for fact in facts if len(fact.value) <= _FIGURE_CHARS and len(fact.name) <= _FIGURE_CHARS]
    return tuple(short[:_FIGURES]) if len(short) >= _FIGURES else ()


def build_sections(source: Source, extras: Extras, facts: Sequence[Fact]) -> tuple[Section, ...]:
    """The sections below the head, in the template's order; what folds and stands together folds in one group."""
    built: list[Section] = []
    folds: list[Fold] = []

    def close_group() -> None:
        if folds:
            built.append(Details(tuple(folds)))
            folds.clear()

    for section in source.sections:
        fold = _fold(source, section, extras, facts)
        folds += fold
        whole = None if fold else _whole(source, section, extras)
        if whole is not None:
            close_group()
            built.append(whole)
    close_group()
    return tuple(built)


def _fold(source: Source, section: Mapping[str, Any], extras: Extras, facts: Sequence[Fact]) -> list[Fold]:
    t = translator(source.locale)
    kind = section["kind"]
    if kind in ("facts", "specification"):
        return [Fold(source.title(section, t("Facts")), rows=tuple(facts))] if facts else []
    if kind == "store":
        return list(extras.stores)
    if kind in ("care", "delivery", "legal"):
        titles = {"care": t("Care"), "delivery": t("Delivery and returns"), "legal": t("Small print")}
        texts = [source.html(slot, value) for slot, value in source.values(section) if not is_picture_slot(slot)]
        return [Fold(source.title(section, titles[kind]), text=Markup("").join(texts))] if any(texts) else []
    return []


def _whole(source: Source, section: Mapping[str, Any], extras: Extras) -> Section | None:
    kind = section["kind"]
    if kind == "look":
        return extras.look
    if kind == "reviews":
        return extras.reviews
    if kind in ("event", "invitation"):
        return Invitation(extras.invitation) if extras.invitation else None
    if kind in HEAD_KINDS and kind != "story":
        return None
    if any(is_recording_slot(slot) for slot in section.get("slots", ())):
        return _played(source, section, extras)
    plates = _plates(source, section, extras)
    if plates is not None or kind == "story":
        return plates
    texts = [source.html(slot, value) for slot, value in source.values(section) if not is_picture_slot(slot)]
    return Words(source.title(section), Markup("").join(texts)) if any(texts) else None


def _played(source: Source, section: Mapping[str, Any], extras: Extras) -> Played | None:
    """The section's film or sound under its first words, or under its title; None where none is ready."""
    values = source.values(section)
    ids = [asset_id for slot, value in values if is_recording_slot(slot) for asset_id in asset_ids(value)]
    recording = next((extras.recordings[each] for each in ids if each in extras.recordings), None)
    if recording is None:
        return None
    words = next((value for slot, value in values if not is_recording_slot(slot)), "")
    title = source.text(words)
    return Played(title or source.title(section), source.language(words) if title else "", recording)


def _plates(source: Source, section: Mapping[str, Any], extras: Extras) -> Plates | None:
    """The section's pictures as plates; the words of a slot are those of the picture before it."""
    plates: list[Plate] = []
    for slot, value in source.values(section):
        if is_picture_slot(slot):
            plates += [Plate(extras.pictures[each]) for each in asset_ids(value) if each in extras.pictures]
        elif section["kind"] != "story" and plates and not plates[-1].words:
            plates[-1] = Plate(plates[-1].picture, source.text(value))
    return Plates(source.title(section), tuple(plates)) if plates else None
