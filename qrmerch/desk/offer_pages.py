"""What the desk's pages about offers receive."""

from dataclasses import dataclass

from markupsafe import Markup

from qrmerch.desk.paging import Paging


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer in the list; figures in words."""

    title: str
    href: str
    sub: str
    state: str
    label: str
    when: str
    claimed: str
    used: str
    left: str


@dataclass(frozen=True, slots=True)
class OffersPage:
    """`desk/offers.html`"""

    lede: str
    # (word, address, is the present one)
    states: tuple[tuple[str, str, bool], ...]
    rows: tuple[OfferRow, ...]
    paging: Paging
    csv: str
    is_filtered: bool
    may_edit: bool


@dataclass(frozen=True, slots=True)
class WordsIn:
    """The offer's words in one language, as typed."""

    locale: str
    language: str
    direction: str
    headline: str
    terms: str
    is_needed: bool


@dataclass(frozen=True, slots=True)
class Worst:
    """What an offer can cost at most: a figure, how it comes about, and what is unknown."""

    figure: str
    say: str
    rows: tuple[tuple[str, str], ...]
    hint: str


@dataclass(frozen=True, slots=True)
class OfferPage:
    """`desk/offer.html`: the editor, or for who may only look the same in words."""

    title: str
    lede: str
    # As `ui/status.html` knows it, and the word; empty for an offer that is not set up yet.
    state: str
    label: str
    say: Markup
    action: str
    submit_label: str
    # Where it is paused or goes on, and what the button says; empty where neither makes sense.
    pause_href: str
    pause_label: str
    may_edit: bool
    kinds: tuple[tuple[str, str], ...]
    # Field name to what was typed.
    typed: dict[str, str]
    currency: str
    words: tuple[WordsIn, ...]
    max_headline_chars: int
    max_terms_chars: int
    # Items to choose from, those chosen first; `finds` where there are more than can be shown.
    items: tuple[tuple[str, str], ...]
    chosen: tuple[str, ...]
    finds: bool
    found: str
    stores: tuple[tuple[str, str], ...]
    chosen_stores: tuple[str, ...]
    zone: str
    other_zones: str
    worst: Worst | None
    facts: tuple[tuple[str, str], ...]
    tills: tuple[tuple[str, str], ...]
    # Field name to sentence.
    problems: dict[str, str]
