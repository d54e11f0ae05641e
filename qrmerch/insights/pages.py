"""What each page of numbers receives."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from markupsafe import Markup

from qrmerch.charts import Chart


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The form of GET fields that every page of numbers begins with; its address is the page's state."""

    action: str
    store: str
    stores: tuple[tuple[str, str], ...]
    since: str
    until: str
    comparison: str
    comparisons: tuple[tuple[str, str], ...]
    sort: str
    problems: dict[str, str]
    # (label, address, is the present one)
    presets: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """The one figure, and the sentence under it."""

    name: str
    value: str
    say: str
    spark: Markup
    small: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """A column: its word, where sorting by it leads, and how it is sorted now (as `aria-sort` says it)."""

    label: str
    href: str
    sorted: str


@dataclass(frozen=True, slots=True)
class RankedRow:
    """One line of a ranked table: a name with its bar, then figures; `change` also has a class (up, dn, fl)."""

    title: str
    href: str
    sub: str
    id: str
    image: str
    bar: Markup
    scans: str
    change: str
    change_class: str
    viewed: str
    kept: str
    claimed: str
    used: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """A ranked table: sentence, heads, lines, and how many there are in all."""

    title: str
    say: str
    heads: tuple[Head, ...]
    rows: tuple[RankedRow, ...]
    total: int
    has_images: bool = False

    def with_images(self, images: Mapping[str, str]) -> "Ranking":
        """The same with pictures, by the id of each line."""
        rows = tuple(replace(row, image=images.get(row.id, "")) for row in self.rows)
        return replace(self, rows=rows, has_images=bool(images))


@dataclass(frozen=True, slots=True)
class Quality:
    """One thing to know before trusting the numbers; `state` is a word of `ui/status.html`."""

    state: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Openings that were not counted, by reason."""

    say: str
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class PhonesRow:
    """How many phones one store saw on one day, at least, and how good that number is: a state and words."""

    day: str
    store: str
    phones: str
    state: str
    quality: str


@dataclass(frozen=True, slots=True)
class AgreedRow:
    """Phones that agreed on one day, how many had been there before, their share of visits, and how good that is."""

    day: str
    phones: str
    returned: str
    share: str
    state: str
    quality: str


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """`insights/overview.html`"""

    filters: FilterForm
    lede: str
    is_sample: bool
    has_scans: bool
    tiles: tuple[Tile, ...]
    days: Chart
    hours: Chart
    items: Ranking
    all_items_href: str
    least_href: str
    vendors: Ranking
    all_vendors_href: str
    stores: Ranking
    # Only where phones are told apart; each row stands for itself.
    phones: tuple[PhonesRow, ...]
    # Only where phones are asked whether they may be known again; each row stands for itself.
    agreed: tuple[AgreedRow, ...]
    left_out: LeftOut
    quality: tuple[Quality, ...]
    words: tuple[tuple[str, str], ...]
    # Table name to the address of its CSV.
    csv: dict[str, str]


@dataclass(frozen=True, slots=True)
class ItemsPage:
    """`insights/items.html`"""

    filters: FilterForm
    lede: str
    is_sample: bool
    items: Ranking
    # What is shown of how many, and the addresses of the pages before and after ("": none).
    paging: tuple[str, str, str]
    overview_href: str
    words: tuple[tuple[str, str], ...]
    csv: dict[str, str]


@dataclass(frozen=True, slots=True)
class VendorsPage:
    """`insights/vendors.html`"""

    filters: FilterForm
    lede: str
    is_sample: bool
    vendors: Ranking
    # What is shown of how many, and the addresses of the pages before and after ("": none).
    paging: tuple[str, str, str]
    overview_href: str
    words: tuple[tuple[str, str], ...]
    csv: dict[str, str]


@dataclass(frozen=True, slots=True)
class ItemPage:
    """`insights/item.html`"""

    filters: FilterForm
    title: str
    lede: str
    image: str
    is_sample: bool
    has_scans: bool
    overview_href: str
    items_href: str
    page_href: str
    # Where the item and its codes are looked after; empty for who may not.
    item_href: str
    codes_href: str
    finding: Markup
    tiles: tuple[Tile, ...]
    funnel: Chart
    # What happened in any order: (step, count, whose).
    loose: tuple[tuple[str, str, str], ...]
    loose_say: str
    days: Chart
    hours: Chart
    stores: Ranking
    places: Ranking
    quality: tuple[Quality, ...]
    words: tuple[tuple[str, str], ...]
    csv: dict[str, str]
