"""What the desk's pages about items receive."""

from dataclasses import dataclass

from qrmerch.desk.paging import Paging
from qrmerch.desk.standing import Standing
from qrmerch.desk.take_down import TakeDown


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item in the list; `price` is in words, `image` an address or empty."""

    title: str
    href: str
    sub: str
    vendor: str
    category: str
    price: str
    standing: Standing
    image: str


@dataclass(frozen=True, slots=True)
class ItemsPage:
    """`desk/items.html`"""

    lede: str
    find: str
    category: str
    categories: tuple[tuple[str, str], ...]
    vendor_id: str
    vendors: tuple[tuple[str, str], ...]
    state: str
    states: tuple[tuple[str, str], ...]
    rows: tuple[ItemRow, ...]
    paging: Paging
    csv: str
    is_filtered: bool


@dataclass(frozen=True, slots=True)
class Showing:
    """What shoppers see of an item now: a state, a sentence, and what else there is to know about it."""

    state: str
    label: str
    say: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A variant with its price as typed, what may be struck beside it and why."""

    id: str
    name: str
    sku: str
    gtin: str
    price: str
    price_problem: str
    was: str
    was_why: str
    is_hidden: bool
    is_proposed: bool


@dataclass(frozen=True, slots=True)
class PastPrice:
    """A price that held from a day on."""

    name: str
    price: str
    since: str


@dataclass(frozen=True, slots=True)
class StockColumn:
    """A store's or a warehouse's figures; `href` leads to where they are changed, `said` is when they were counted."""

    store_id: str
    name: str
    href: str
    said: str
    is_old: bool


@dataclass(frozen=True, slots=True)
class StockCell:
    """Pieces as text ("": nobody counted), and as they are typed where this store is being changed."""

    pieces: str
    typed: str
    problem: str
    is_changing: bool


@dataclass(frozen=True, slots=True)
class StockRow:
    """A variant's figures, one for each column."""

    id: str
    name: str
    cells: tuple[StockCell, ...]


@dataclass(frozen=True, slots=True)
class ItemPage:
    """`desk/item.html`"""

    id: str
    title: str
    lede: str
    image: str
    page_href: str
    publications_href: str
    codes_href: str
    insights_href: str
    showing: Showing
    # None where nothing shows or is going to.
    take_down: TakeDown | None
    facts: tuple[tuple[str, str], ...]
    currency: str
    prices: tuple[PriceRow, ...]
    past: tuple[PastPrice, ...]
    stores: tuple[StockColumn, ...]
    stock: tuple[StockRow, ...]
    # Every store by id and name, where they are too many to stand side by side.
    countable: tuple[tuple[str, str], ...]
    # For how long a count is told to shoppers, in words.
    stock_limit: str
    changing_store: str
    changing_name: str
    item_title: str
    category: str
    categories: tuple[str, ...]
    template_id: str
    templates: tuple[tuple[str, str], ...]
    is_retired: bool
    # Field name to sentence, and which of the page's forms came back.
    problems: dict[str, str]
    wrong_form: str
