"""What the desk's timeline receives."""

from dataclasses import dataclass

from qrmerch.desk.paging import Paging
from qrmerch.desk.review_pages import Phone
from qrmerch.desk.take_down import TakeDown


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a lane: past, live, soon or down; places are per cent of the lane."""

    kind: str
    left: float
    width: float
    text: str
    # What it is in a sentence, for who points at it.
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    """What was said for an item at one scope (its stores, languages and hours), over four weeks."""

    title: str
    href: str
    image: str
    scope: str
    bars: tuple[Bar, ...]
    # The bars as one sentence, for who does not see them.
    said: str
    now: str
    begins: str
    until: str


@dataclass(frozen=True, slots=True)
class Moment:
    """What shows of an item at one instant in one store and language."""

    bold: str
    say: str
    # What comes next, and what is blocked.
    notes: tuple[str, ...]
    phone: Phone
    take_down: TakeDown | None
    publications_href: str


@dataclass(frozen=True, slots=True)
class MomentForm:
    """Which moment is asked for, as typed."""

    items: tuple[tuple[str, str], ...]
    item_id: str
    stores: tuple[tuple[str, str], ...]
    store_id: str
    locales: tuple[tuple[str, str], ...]
    locale: str
    day: str
    time: str
    zone: str
    problem: str


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """`desk/timeline.html`"""

    lede: str
    find: str
    stores: tuple[tuple[str, str], ...]
    store_id: str
    locales: tuple[tuple[str, str], ...]
    locale: str
    first_day: str
    heading: str
    say: str
    is_filtered: bool
    # Four weeks: what stands above each, and where it begins in per cent.
    weeks: tuple[tuple[str, float], ...]
    # Where now is in per cent, and in words; None where it lies outside.
    now: float | None
    now_said: str
    lanes: tuple[Lane, ...]
    before_href: str
    after_href: str
    paging: Paging
    csv_href: str
    asked: MomentForm
    moment: Moment | None
