"""What the desk's pages about files of stores, places, prices and stock receive."""

from dataclasses import dataclass

from qrmerch.imports.feed_models import FeedRun
from qrmerch.imports.shown import ChangeLine, Finding, ProblemLine


@dataclass(frozen=True, slots=True)
class FeedLine:
    """A file in the list."""

    run: FeedRun
    href: str
    kind: str
    said: str
    at: str


@dataclass(frozen=True, slots=True)
class FeedsPage:
    """`desk/feeds.html`: files of one room, stores or items."""

    title: str
    lede: str
    # Where the list is, and what stands above it in the navigation.
    address: str
    crumb: tuple[str, str]
    kinds: tuple[tuple[str, str], ...]
    kind: str
    # Of stores whose row names no country; of figures whose file names no instant. One of them is asked for.
    country: str
    as_of: str
    asks_country: bool
    needs: tuple[tuple[str, str], ...]
    runs: tuple[FeedLine, ...]
    problems: dict[str, str]
    max_mb: int
    max_rows: str
    # Hours for which a figure of stock counts, as typed; empty where the page does not ask.
    stock_limit: str
    stock_limit_said: str
    is_running: bool


@dataclass(frozen=True, slots=True)
class FeedColumn:
    """How one column was read."""

    name: str
    goes_to: str
    sample: str


@dataclass(frozen=True, slots=True)
class FeedPage:
    """`desk/feed.html`"""

    run: FeedRun
    address: str
    sent: str
    # The list it stands in, and where what was taken in can be seen.
    back: tuple[str, str]
    result: tuple[str, str]
    step: int
    finding: Finding | None
    verdict: str
    is_running: bool
    problems: tuple[ProblemLine, ...]
    more_problems: str
    changes: tuple[ChangeLine, ...]
    more_changes: str
    read_as: str
    columns: tuple[FeedColumn, ...]
    unused: str
