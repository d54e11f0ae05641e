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
    """One message; `state` is a word of `ui/status.html`, `fate` why it did not leave, empty where it did."""

    subject: str
    channel: str
    recipient: str
    at: str
    state: str
    label: str
    fate: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class OutboxPage:
    """`desk/outbox.html`; `stuck` says that mail does not leave, empty where it does."""

    lede: str
    stuck: str
    rows: tuple[MessageRow, ...]
    paging: Paging


@dataclass(frozen=True, slots=True)
class TermsText:
    """What vendors agree to, in one language."""

    locale: str
    language: str
    direction: str
    text: str


@dataclass(frozen=True, slots=True)
class VendorRule:
    """What of one vendor's is approved without a reviewer, and whether it agreed to the terms ("": there are none)."""

    name: str
    href: str
    rule: str
    terms: str


@dataclass(frozen=True, slots=True)
class RulesPage:
    """`desk/rules.html`; values as they hold or as they were typed."""

    allows_own: bool
    may_allow_own: bool
    answer_hours: str
    terms: tuple[TermsText, ...]
    max_chars: int
    has_terms: bool
    vendors: tuple[VendorRule, ...]
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class MeasuringPage:
    """`desk/measuring.html`; `modes` are pairs of (value, label)."""

    mode: str
    modes: tuple[tuple[str, str], ...]
    may_change: bool
    is_test_phone: bool
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class ToldRow:
    """Something that happened: what, what to do next, and when."""

    id: str
    title: str
    next: str
    at: str
    is_unread: bool


@dataclass(frozen=True, slots=True)
class MessagesPage:
    """`desk/messages.html`; `until` is when the list was made, in ISO."""

    rows: tuple[ToldRow, ...]
    unread: int
    until: str
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
    # Everything that was done to the same thing.
    all_href: str
    detail: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """`desk/audit.html`; `state` of the chain is a word of `ui/status.html`."""

    lede: str
    action: str
    actions: tuple[tuple[str, str], ...]
    person: str
    people: tuple[tuple[str, str], ...]
    kind: str
    kinds: tuple[tuple[str, str], ...]
    # Days as they were typed.
    since: str
    until: str
    # The one thing that was asked for, what it is called, and the address of all.
    subject: str
    subject_say: str
    without_subject: str
    is_filtered: bool
    problems: dict[str, str]
    rows: tuple[EntryRow, ...]
    paging: Paging
    csv_href: str
    state: str
    said: str
    check_href: str
