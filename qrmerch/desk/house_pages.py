"""What the desk's pages about the house receive: today, the outbox, the log."""

from dataclasses import dataclass

from qrmerch.desk.paging import Paging


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: what, why, since when or how much, and where it is done."""

    title: str
    why: str
    small: str
    href: str
    action: str


@dataclass(frozen=True, slots=True)
class DayFigure:
    """What was counted of one kind: yesterday with its sentence, and today until now."""

    name: str
    yesterday: str
    say: str
    today: str


@dataclass(frozen=True, slots=True)
class TodayPage:
    """`desk/today.html`"""

    greeting: str
    lede: str
    waiting: tuple[Waiting, ...]
    calm: str
    # Empty where this person does not read numbers.
    figures: tuple[DayFigure, ...]
    figures_say: str
    yesterday_href: str
    today_href: str
    is_sample: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message; a link where it has an address."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message; `state` is a word of `ui/status.html`."""

    subject: str
    channel: str
    recipient: str
    at: str
    state: str
    label: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class OutboxPage:
    """`desk/outbox.html`"""

    lede: str
    rows: tuple[MessageRow, ...]
    paging: Paging


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of the log: its number, when, who, what was done to what, and what else was noted."""

    number: int
    at: str
    who: str
    what: str
    subject: str
    href: str
    detail: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """`desk/audit.html`; `state` of the chain is a word of `ui/status.html`."""

    lede: str
    action: str
    actions: tuple[tuple[str, str], ...]
    rows: tuple[EntryRow, ...]
    paging: Paging
    state: str
    said: str
    check_href: str
