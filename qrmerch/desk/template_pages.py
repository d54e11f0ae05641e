"""What the pages of the template builder receive."""

from dataclasses import dataclass

from qrmerch.content.models import Migration
from qrmerch.desk.review_pages import Phone

Links = tuple[tuple[str, str, bool], ...]
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SectionRow:
    """A section in the builder's list. `who` is Edit, Choose or Fixed; `sub` says what is in it."""

    key: str
    label: str
    sub: str
    who: str
    href: str
    is_open: bool
    is_first: bool
    is_last: bool


@dataclass(frozen=True, slots=True)
class WordField:
    """Words in one language."""

    name: str
    language: str
    locale: str
    direction: str
    value: str
    problem: str


@dataclass(frozen=True, slots=True)
class NumberField:
    """A limit of a slot, as typed."""

    name: str
    label: str
    value: str
    problem: str


@dataclass(frozen=True, slots=True)
class SlotForm:
    """A slot of the open section; lists of choices are empty where there is nothing to choose.

    `name` is "section.slot". `options` is None where nothing is chosen from a list; `locales` are triples of code,
    language and whether it is one.
    """

    name: str
    key: str
    label: str
    kind_name: str
    help: str
    kinds: Pairs
    kind: str
    locks: Pairs
    lock: str
    needed: str
    needs: Pairs
    audiences: Pairs
    audience: str
    missing: Pairs
    when_missing: str
    limits: tuple[NumberField, ...]
    ratio: str | None
    options: str | None
    option_help: str
    option_rows: int
    titles: tuple[WordField, ...]
    locales: Links
    is_first: bool
    is_last: bool


@dataclass(frozen=True, slots=True)
class OpenSection:
    """The section whose slots are on the form."""

    key: str
    kind_name: str
    label: str
    sentence: str
    is_head: bool
    titles: tuple[WordField, ...]
    slots: tuple[SlotForm, ...]
    add_slots: Pairs


@dataclass(frozen=True, slots=True)
class FateLine:
    """One outcome of releasing: how many pages, and why, each reason with how many pages it is said of."""

    state: str
    label: str
    count: int
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class BuilderPage:
    """`desk/template_edit.html`. `locales` are those of options and words, first one first."""

    title: str
    lede: str
    address: str
    edit: int
    number: int
    is_draft: bool
    saved: str
    rows: tuple[SectionRow, ...]
    add: Pairs
    section: OpenSection | None
    locale_codes: tuple[str, ...]
    problems: dict[str, str]
    fates: tuple[FateLine, ...]
    pages: int
    is_counted: bool
    phone: Phone | None
    items: Pairs
    # What was looked for among the items, and whether there are more than these.
    find: str
    has_more: bool
    item_id: str
    locales: Links
    schemes: Links
    scheme: str
    locale: str


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """`desk/template_release.html`: what the next version changes, and what it means for each page."""

    title: str
    lede: str
    address: str
    edit: int
    number: int
    is_draft: bool
    differences: tuple[tuple[str, tuple[str, ...]], ...]
    fates: tuple[FateLine, ...]
    pages: int
    before: Phone | None
    after: Phone | None


@dataclass(frozen=True, slots=True)
class PageLine:
    """A page and what becomes of it."""

    title: str
    href: str
    state: str
    label: str
    reasons: tuple[str, ...]
    look: str


@dataclass(frozen=True, slots=True)
class MovingPage:
    """`desk/template_moving.html`: what moves, what is moving, what has moved."""

    title: str
    lede: str
    address: str
    migration: Migration | None
    said: str
    is_running: bool
    fates: tuple[FateLine, ...]
    movable: int
    rows: tuple[PageLine, ...]
    more: str
    only: Links
    before: Phone | None
    after: Phone | None
    looked_at: str
