"""What the desk's pages about stores receive."""

from dataclasses import dataclass

from qrmerch.desk.paging import Paging


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A store in the list."""

    name: str
    href: str
    code: str
    city: str
    places: str
    codes: str
    codes_href: str
    is_open: bool
    is_zone_guessed: bool


@dataclass(frozen=True, slots=True)
class WarehouseRow:
    """A warehouse in the list."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class StoresPage:
    """`desk/stores.html`"""

    lede: str
    find: str
    state: str
    states: tuple[tuple[str, str], ...]
    # Whether there are more than fit on a page, so that one looks for some.
    is_long: bool
    is_filtered: bool
    rows: tuple[StoreRow, ...]
    paging: Paging
    warehouses: tuple[WarehouseRow, ...]


@dataclass(frozen=True, slots=True)
class StoreForm:
    """What stands in the fields of a store."""

    code: str
    name: str
    short_name: str
    address: str
    city: str
    region: str
    postcode: str
    country: str
    time_zone: str
    gln: str
    hours: str
    locale: str


@dataclass(frozen=True, slots=True)
class NewStorePage:
    """`desk/store_new.html`"""

    form: StoreForm
    zones: tuple[str, ...]
    # What it may speak where a phone speaks none of them; empty where the retailer has one language.
    languages: tuple[tuple[str, str], ...]
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A shelf, window or poster, as it can be changed; `codes` hang there, `problem` is with its name."""

    id: str
    name: str
    kind: str
    codes: int
    codes_href: str
    problem: str


@dataclass(frozen=True, slots=True)
class CallDayRow:
    """The calls of one day: how many, how many somebody took, and half of these waited no longer than this."""

    on: str
    calls: str
    taken: str
    wait: str


@dataclass(frozen=True, slots=True)
class CallsForm:
    """Whether and when shoppers may call associates in a store, and what came of it in the last days."""

    is_on: bool
    staffed: str
    ways: tuple[tuple[str, str], ...]
    most_open: str
    says_name: bool
    # Whether somebody comes at this moment.
    comes: bool
    # Why nobody can be called though it is on; empty for nothing.
    careful: str
    days: tuple[CallDayRow, ...]


@dataclass(frozen=True, slots=True)
class StorePage:
    """`desk/store.html`"""

    id: str
    name: str
    lede: str
    is_open: bool
    form: StoreForm
    zones: tuple[str, ...]
    languages: tuple[tuple[str, str], ...]
    is_zone_guessed: bool
    # How its hours are understood; empty where there are none.
    hours_said: str
    networks: str
    places: tuple[PlaceRow, ...]
    kinds: tuple[tuple[str, str], ...]
    new_place: str
    new_kind: str
    calls: CallsForm
    insights_href: str
    # Field name to sentence, and which of the page's forms came back.
    problems: dict[str, str]
    wrong_form: str
