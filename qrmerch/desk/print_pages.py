"""What the templates of print batches, label stocks and vendors' requests receive."""

from dataclasses import dataclass

Options = tuple[tuple[str, str], ...]
Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch in the list."""

    href: str
    name: str
    sub: str
    state: str
    state_said: str
    labels: str
    stock: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A vendor's request in the list."""

    href: str
    vendor: str
    items: str
    stock: str
    state: str
    state_said: str
    at: str


@dataclass(frozen=True, slots=True)
class PrintsPage:
    """`desk/prints.html`"""

    lede: str
    rows: tuple[BatchRow, ...]
    requests: tuple[AskedRow, ...]
    said: str
    previous: str
    next: str
    is_running: bool


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label of a batch: what it is about, whether its code has ended, and where it stands in the file."""

    code_id: str
    title: str
    ended: str
    place: str
    token_words: str
    where: str


@dataclass(frozen=True, slots=True)
class BatchPage:
    """`desk/print_batch.html`"""

    id: str
    name: str
    lede: str
    state: str
    state_said: str
    may_print: bool
    is_running: bool
    stage: str
    done: int
    total: int
    problem: str
    left_out: tuple[str, ...]
    cut: tuple[str, ...]
    facts: Facts
    stores: Facts
    # That codes of a batch which may leave were retired or replaced since; empty where none was.
    ended: str
    may_try: bool
    # Whether it can be made once more without those.
    has_rest: bool
    # The vendor that it is released to; empty for the retailer's own printers.
    vendor: str
    request_href: str
    look_src: str
    look_alt: str
    look_size: tuple[int, int]
    file_said: str
    again_of: Options
    again: Options
    find: str
    rows: tuple[LabelRow, ...]
    rows_said: str
    previous: str
    next: str
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class RequestPage:
    """`desk/print_request.html`"""

    id: str
    vendor: str
    lede: str
    state: str
    state_said: str
    facts: Facts
    items: Options
    batch: Options
    # The batch of which tags were damaged or lost.
    before: Options
    note: str
    reason: str
    stocks: Options
    stock: str
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class StockRow:
    """A label stock in the list; `href` is empty for those that everybody has."""

    href: str
    name: str
    about: str
    size: str
    per_sheet: str
    paper: str
    fits: str
    verdict: str


@dataclass(frozen=True, slots=True)
class StocksPage:
    """`desk/stocks.html`"""

    lede: str
    find: str
    rows: tuple[StockRow, ...]
    said: str
    previous: str
    next: str
    shipped: tuple[StockRow, ...]
    fits: tuple[tuple[str, str, str, str], ...]
    problems: dict[str, str]
    found: Facts
    rejected: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class StockPage:
    """`desk/stock.html`"""

    id: str
    title: str
    lede: str
    values: dict[str, str]
    papers: Options
    shapes: Options
    problems: dict[str, str]
    verdict: str
    said: tuple[str, ...]
    test_href: str
    # Corners and size of the labels on the paper, mm; empty while the measures do not go together.
    marks: tuple[tuple[float, float], ...]
    paper: tuple[float, float]
    label: tuple[float, float]
    corner: float
    is_round: bool
