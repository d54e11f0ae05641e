"""What the templates of filling pages from a sheet receive."""

from dataclasses import dataclass

from qrmerch.imports.shown import ChangeLine, Finding, ProblemLine
from qrmerch.imports.slot_models import FillRun
from qrmerch.studio.pages import Progress


@dataclass(frozen=True, slots=True)
class FillLine:
    """A file that was sent: the retailer, what came of it, and when."""

    run: FillRun
    retailer: str
    said: str
    at: str


@dataclass(frozen=True, slots=True)
class FillsPage:
    """`studio/fills.html`"""

    lede: str
    runs: tuple[FillLine, ...]
    # Id and name, and the addresses of a new sheet as workbook and as CSV.
    retailers: tuple[tuple[str, str], ...]
    retailer_id: str
    problems: dict[str, str]
    max_mb: int
    is_running: bool


@dataclass(frozen=True, slots=True)
class FillPage:
    """`studio/fill.html`: what a file would do, does or did."""

    run: FillRun
    address: str
    retailer: str
    sent: str
    step: int
    # Before it is taken in.
    finding: Finding | None
    # While it is.
    work: Progress | None
    verdict: str
    # How many rows can be downloaded to be fixed.
    to_fix: int
    problems: tuple[ProblemLine, ...]
    more_problems: int
    changes: tuple[ChangeLine, ...]
    more_changes: int
