"""What the desk's page about shoppers who asked to be told receives."""

from dataclasses import dataclass

from qrmerch.desk.paging import Paging


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """How many wait for a variant in a store, and since when the first of them does."""

    item: str
    href: str
    variant: str
    store: str
    count: str
    since: str


@dataclass(frozen=True, slots=True)
class AlertsPage:
    """`desk/alerts.html`; nobody's address stands on it."""

    lede: str
    rows: tuple[WaitingRow, ...]
    paging: Paging
    # How many want the news, and the page where they say so.
    readers: str
    sign_up: str
    # An owner takes the list and answers people who ask about their address.
    is_owner: bool
    # What was typed, and what is wrong with it.
    typed: str
    problems: dict[str, str]
