"""What each of the studio's templates receives."""

from dataclasses import dataclass

from qrmerch.catalog.models import VendorProduct
from qrmerch.imports.models import ImportRun
from qrmerch.media.models import Asset
from qrmerch.media.queries import Picture
from qrmerch.studio.standing import Standing, Use


@dataclass(frozen=True, slots=True)
class Paging:
    """What stands under a list: what is shown of how many, and the addresses of its neighbours ("": none)."""

    said: str
    previous: str
    next: str


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do, with the sentence why, and the button's word."""

    title: str
    why: str
    href: str
    action: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item at a retailer, with its picture's address ("" where it has none)."""

    standing: Standing
    style: str
    variants: int
    image: str


@dataclass(frozen=True, slots=True)
class RetailerItems:
    """A retailer's part of the home page: its first items, how many there are, how many live."""

    retailer_id: str
    name: str
    rows: tuple[ItemRow, ...]
    total: int
    live: int


@dataclass(frozen=True, slots=True)
class HomePage:
    """`studio/home.html`"""

    greeting: str
    lede: str
    todos: tuple[Todo, ...]
    retailers: tuple[RetailerItems, ...]
    products: int
    running: tuple[ImportRun, ...]


@dataclass(frozen=True, slots=True)
class RunLine:
    """An import in the list."""

    run: ImportRun
    said: str
    at: str


@dataclass(frozen=True, slots=True)
class ImportsPage:
    """`studio/imports.html`"""

    lede: str
    runs: tuple[RunLine, ...]
    retailers: tuple[tuple[str, str], ...]
    retailer_id: str
    currencies: tuple[tuple[str, str], ...]
    currency: str
    problems: dict[str, str]
    max_mb: int


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """One problem of one row, as shown."""

    row: int
    code: str
    column: str
    value: str
    message: str
    is_error: bool


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One value that an import changes."""

    title: str
    row: int
    field: str
    now: str
    after: str


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """How one of the vendor's columns was read."""

    name: str
    goes_to: str
    sample: str


@dataclass(frozen=True, slots=True)
class ImportPage:
    """`studio/import.html`"""

    run: ImportRun
    sent: str
    taken: int
    step: int
    verdict: str
    retailer_name: str
    problems: tuple[ProblemLine, ...]
    more_problems: int
    changes: tuple[ChangeLine, ...]
    columns: tuple[ColumnLine, ...]
    unused: tuple[str, ...]
    separated_by: str


@dataclass(frozen=True, slots=True)
class AssetRow:
    """A picture in the list."""

    asset: Asset
    picture: Picture | None
    shows: str
    size: str
    uses: tuple[Use, ...]
    href: str


@dataclass(frozen=True, slots=True)
class AssetPanel:
    """The picture beside the list, with its form."""

    asset: Asset
    picture: Picture | None
    alt: tuple[tuple[str, str, str], ...]
    is_decorative: bool
    across: int
    down: int
    uses: tuple[Use, ...]
    received: str
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class AssetsPage:
    """`studio/assets.html`"""

    lede: str
    rows: tuple[AssetRow, ...]
    paging: Paging
    panel: AssetPanel | None
    find: str
    state: str
    problems: dict[str, str]
    refused: tuple[tuple[str, str], ...]
    is_checking: bool
    used: str


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product in the list, with how it stands at each retailer."""

    product: VendorProduct
    variants: int
    image: str
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class ProductsPage:
    """`studio/products.html`"""

    lede: str
    rows: tuple[ProductRow, ...]
    paging: Paging
    find: str
    retailer_id: str
    retailers: tuple[tuple[str, str], ...]
    is_filtered: bool


@dataclass(frozen=True, slots=True)
class VariantLine:
    """A size and colour, with the price its vendor proposes."""

    name: str
    sku: str
    gtin: str
    price: str
    was_price: str


@dataclass(frozen=True, slots=True)
class ProductPage:
    """`studio/product.html`"""

    product: VendorProduct
    lede: str
    variants: tuple[VariantLine, ...]
    texts: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    standings: tuple[Standing, ...]
    unlisted: tuple[tuple[str, str], ...]
