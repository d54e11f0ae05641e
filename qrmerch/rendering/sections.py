"""From a template's sections and a revision's values to the sections of one page, in the template's order."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from markupsafe import Markup

from qrmerch.content.library import HEAD_KINDS
from qrmerch.content.slots import for_shoppers
from qrmerch.i18n import direction, translator
from qrmerch.rendering.frame import pick_language, pick_text
from qrmerch.rendering.pages import (
    Call,
    Details,
    Fact,
    Feedback,
    Fold,
    Invitation,
    Link,
    LookSection,
    OfferCard,
    Picture,
    Plate,
    Plates,
    Played,
    Recording,
    ReviewSection,
    Section,
    SignUp,
    Specification,
    Story,
    Table,
    Words,
)
from qrmerch.rendering.wording import other_language, say_language
from qrmerch.text import is_link, rich_text

_FIGURES, _FIGURE_CHARS = 3, 18
_FOLDED: Final = frozenset(("care", "delivery", "legal", "size_guide", "passport", "downloads"))
_CALLS: Final = frozenset(("question", "signup", "contact"))
# What in a row or a link is by locale.
_PARTS: Final = frozenset(("name", "value", "words"))
_FORM: Final = re.compile(r"\.([a-z0-9]{2,5})\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """What a page's sections are made from: the template's list, the values of its slots, the product's copy.

    However it is made, nothing in it is for associates only: that is cut out here, for every page of a shopper's.
    """

    sections: Sequence[Mapping[str, Any]]
    slots: Mapping[str, Any]
    facts: Sequence[Mapping[str, str]]
    locale: str
    fallbacks: tuple[str, ...]
    # What pictures were said to show when the page was approved, by asset id; others speak for themselves.
    alts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    # What was approved of films and sounds, by asset id; others speak for themselves.
    recordings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sections, slots = for_shoppers(self.sections, self.slots)
        object.__setattr__(self, "sections", sections)
        object.__setattr__(self, "slots", slots)

    def has(self, kind: str) -> bool:
        return any(section["kind"] == kind for section in self.sections)

    def values(self, section: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Any]]:
        """The slots of a section that have a value, with it, in order."""
        found = []
        for slot in section.get("slots", ()):
            value = self.slots.get(f"{section['key']}.{slot['key']}")
            if is_choice_slot(slot):
                value = _content_of_choice(slot, value)
            if slot.get("when_missing") == "hidden":
                value = self._own(value)
            if value not in (None, "", [], {}):
                found.append((slot, value))
        return found

    def _own(self, value: Any) -> Any:
        """Of a value what is in the page's own language; nothing of a row or a link that is not."""
        if isinstance(value, list):
            own = [self._own(each) if isinstance(each, Mapping) else each for each in value]
            return [each for each in own if each]
        if not isinstance(value, Mapping):
            return value
        parts = {name: self._own(each) for name, each in value.items() if name in _PARTS}
        if parts:
            return {**value, **parts} if all(parts.values()) else {}
        return {locale: value[locale] for locale in (self.locale, self.locale.split("-")[0]) if value.get(locale)}

    def text(self, value: Any) -> str:
        """A text slot's words in the page's language."""
        return pick_text(value, self.locale, self.fallbacks) if isinstance(value, Mapping) else str(value)

    def language(self, value: Any) -> str:
        """The language that a text slot's words are in, where that is not the page's; else empty."""
        return other_language(value, self.locale, self.fallbacks) if isinstance(value, Mapping) else ""

    def html(self, slot: Mapping[str, Any], value: Any) -> Markup:
        """A text slot as safe HTML: Markdown where the slot takes it, else paragraphs with the lines as they are."""
        html = _as_html(slot, self.text(value))
        language = self.language(value)
        return Markup('<div lang="{}" dir="auto">{}</div>').format(language, html) if html and language else html

    def fact(self, row: Mapping[str, Any]) -> Fact | None:
        """A row in the page's language; None where it has only one half. A bare text is the product's own, in the
        first language, its name in ours where we know it."""
        name, value = self.text(row.get("name", "")), self.text(row.get("value", ""))
        if not name or not value:
            return None
        known = translator(self.locale)(name)
        return Fact(known, value, self._spoken(row["name"]) if known == name else "", self._spoken(row["value"]))

    def _spoken(self, value: Any) -> str:
        first = self.fallbacks[0] if self.fallbacks else ""
        return self.language(value if isinstance(value, Mapping) else {first: str(value)})

    def table(self, value: Any) -> Table | None:
        """A table in the page's language, or in the next best."""
        spoken = pick_language(value, self.locale, self.fallbacks) if isinstance(value, Mapping) else ""
        rows = [tuple(str(cell) for cell in row) for row in value[spoken] if isinstance(row, list)] if spoken else []
        if len(rows) < 2:
            return None
        language = self.language(value)
        return Table(rows[0], tuple(rows[1:]), language, direction(language) if language else "")

    def link(self, value: Any) -> Link | None:
        """A link, or a file, in the page's language; None where its address is none that we lead to."""
        if not isinstance(value, Mapping):
            return None
        href, words = str(value.get("url") or ""), value.get("words") or value.get("name") or {}
        if not is_link(href) or not self.text(words):
            return None
        form = _FORM.search(urlsplit(href).path) if "name" in value else None
        return Link(self.text(words), href, self.language(words), form[1].upper() if form else "")

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
    # The thanks for an answer by one tap.
    thanks: str = ""
    # The size guide stands beside the sizes, and does not fold among the details once more.
    is_guide_apart: bool = False
    # The facts are a table of their own.
    has_specification: bool = False
    # Of the field for the retailer's news: its short name in addresses, the page that tells more, and the words beside
    # the button.
    of: str = ""
    news_href: str = ""
    news: str = ""


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
    return str(slot.get("kind", "")) == "choice" or slot.get("lock") == "choose"


def _content_of_choice(slot: Mapping[str, Any], value: Any) -> Any:
    """What the option that was chosen puts on the page; None where it is none of the list any more."""
    for option in slot.get("options", ()):
        if option["value"] == value:
            return option.get("content", option["label"])
    return None


def is_words_slot(slot: Mapping[str, Any]) -> bool:
    """Whether what a slot puts on the page is a text by locale."""
    is_other = is_picture_slot(slot) or is_recording_slot(slot) or is_facts_slot(slot)
    return not is_other and str(slot.get("kind", "")) not in ("table", "files", "link")


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
            if not is_words_slot(slot):
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
    found: dict[str, Fact] = {}
    for row in rows:
        fact = source.fact(row)
        if fact is not None:
            # By its name in the first language, which is the one the product speaks.
            found[_in_first(row["name"], source)] = fact
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
        whole = None if fold else _whole(source, section, extras, facts)
        if whole is not None:
            close_group()
            built.append(whole)
    close_group()
    return tuple(built)


def _fold(source: Source, section: Mapping[str, Any], extras: Extras, facts: Sequence[Fact]) -> list[Fold]:
    t = translator(source.locale)
    kind = section["kind"]
    if (kind == "facts" and extras.has_specification) or (kind == "size_guide" and extras.is_guide_apart):
        return []
    if kind in ("facts", "specification"):
        return [Fold(source.title(section, t("Facts")), rows=tuple(facts))] if facts else []
    if kind == "store":
        return list(extras.stores)
    if kind in _FOLDED:
        folded = _folded(source, section, _title_of(source, section))
        return [folded] if folded.rows or folded.text or folded.table or folded.links else []
    return []


def _title_of(source: Source, section: Mapping[str, Any]) -> str:
    t = translator(source.locale)
    titles = {
        "care": t("Care"),
        "delivery": t("Delivery and returns"),
        "legal": t("Small print"),
        "size_guide": t("Size guide"),
        "passport": t("Product passport"),
        "downloads": t("Downloads"),
    }
    return source.title(section, titles[section["kind"]])


def _folded(source: Source, section: Mapping[str, Any], title: str) -> Fold:
    """What the slots of a section hold, whichever kinds they are of."""
    rows: list[Fact | None] = []
    texts: list[Markup] = []
    links: list[Link | None] = []
    table = None
    for slot, value in source.values(section):
        kind = str(slot.get("kind", ""))
        if is_facts_slot(slot):
            rows += [source.fact(row) for row in value]
        elif kind == "choice":
            rows.append(source.fact({"name": slot.get("title") or slot.get("label", ""), "value": value}))
        elif kind == "table":
            table = table or source.table(value)
        elif kind == "files":
            links += [source.link(each) for each in value]
        elif kind == "link":
            links.append(source.link(value))
        elif is_words_slot(slot):
            texts += [_said_language(source, section, value), source.html(slot, value)]
    return Fold(
        title,
        rows=tuple(each for each in rows if each),
        text=Markup("").join(texts),
        table=table,
        links=tuple(each for each in links if each),
    )


def _said_language(source: Source, section: Mapping[str, Any], value: Any) -> Markup:
    """Of small print in another language than the page's: which one it is in, for it never falls back unsaid."""
    said = say_language(source.language(value), source.locale) if section["kind"] == "legal" else ""
    return Markup('<p class="label">{}</p>').format(said) if said else Markup()


def read_guide(source: Source) -> Fold | None:
    """The size guide; None where there is none, or nothing in it."""
    section = next((each for each in source.sections if each["kind"] == "size_guide"), None)
    guide = _folded(source, section, _title_of(source, section)) if section else None
    return guide if guide and (guide.table or guide.text or guide.rows) else None


def read_contact(source: Source) -> Link | None:
    """The link of the section that says how to ask; None where there is none."""
    section = next((each for each in source.sections if each["kind"] == "contact"), None)
    call = _call(source, section) if section else None
    return call.link if call else None


def _whole(source: Source, section: Mapping[str, Any], extras: Extras, facts: Sequence[Fact]) -> Section | None:
    kind = section["kind"]
    if kind == "facts":
        title = source.title(section, "")
        return Specification(title, tuple(facts)) if facts and extras.has_specification else None
    if kind == "size_guide":
        return None
    if kind == "feedback":
        return Feedback(extras.thanks) if extras.thanks else None
    if kind == "look":
        return extras.look
    if kind == "reviews":
        return extras.reviews
    if kind in ("event", "invitation"):
        return Invitation(extras.invitation) if extras.invitation else None
    if kind in HEAD_KINDS and kind != "story":
        return None
    if kind in _CALLS:
        return _call(source, section) or _sign_up(source, section, extras)
    if any(is_recording_slot(slot) for slot in section.get("slots", ())):
        return _played(source, section, extras)
    plates = _plates(source, section, extras)
    if plates is not None or kind == "story":
        return plates
    texts = [source.html(slot, value) for slot, value in source.values(section) if is_words_slot(slot)]
    return Words(source.title(section), Markup("").join(texts)) if any(texts) else None


def _call(source: Source, section: Mapping[str, Any]) -> Call | None:
    """A few words and a link; None without the link, for then there is nothing to do. A first line is its title where
    the section has none."""
    values = source.values(section)
    links = [source.link(value) for slot, value in values if str(slot.get("kind", "")) == "link"]
    link = next((each for each in links if each), None)
    if link is None:
        return None
    title, language = source.title(section), ""
    texts: list[Markup] = []
    for slot, value in values:
        if not is_words_slot(slot):
            continue
        if not title and not texts and slot.get("kind") == "line":
            title, language = source.text(value), source.language(value)
        else:
            texts.append(source.html(slot, value))
    return Call(title, language, Markup("").join(texts), link)


def _sign_up(source: Source, section: Mapping[str, Any], extras: Extras) -> SignUp | None:
    """The field for the retailer's news, where its section leads to no page of its own."""
    if section["kind"] != "signup" or not extras.of:
        return None
    texts = [source.html(slot, value) for slot, value in source.values(section) if is_words_slot(slot)]
    title = source.title(section) or translator(source.locale)("Sign up")
    return SignUp(title, Markup("").join(texts), extras.of, extras.news_href, extras.news)


def _played(source: Source, section: Mapping[str, Any], extras: Extras) -> Played | None:
    """The section's film or sound under its first words, or under its title; None where none is ready."""
    values = source.values(section)
    ids = [asset_id for slot, value in values if is_recording_slot(slot) for asset_id in asset_ids(value)]
    recording = next((extras.recordings[each] for each in ids if each in extras.recordings), None)
    if recording is None:
        return None
    words = next((value for slot, value in values if is_words_slot(slot)), "")
    title = source.text(words)
    return Played(title or source.title(section), source.language(words) if title else "", recording)


def _plates(source: Source, section: Mapping[str, Any], extras: Extras) -> Plates | None:
    """The section's pictures as plates; the words of a slot are those of the picture before it."""
    plates: list[Plate] = []
    for slot, value in source.values(section):
        if is_picture_slot(slot):
            plates += [Plate(extras.pictures[each]) for each in asset_ids(value) if each in extras.pictures]
        elif section["kind"] != "story" and is_words_slot(slot) and plates and not plates[-1].words:
            plates[-1] = Plate(plates[-1].picture, source.text(value), source.language(value))
    return Plates(source.title(section), tuple(plates)) if plates else None
