"""What the templates of codes and print receive, and how addresses say which codes are meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from qrmerch.codes.models import Carrier, CodeRun, CodeState
from qrmerch.codes.preflight import Report
from qrmerch.codes.queries import NO_STORE, Batch, CodeLine, Wanted
from qrmerch.codes.tokens import group
from qrmerch.i18n import format_date, format_time
from qrmerch.parties.models import Store
from qrmerch.printing.stocks import Stock

Options = tuple[tuple[str, str], ...]

PER_PAGE = 50
_MAX_PAGE = 10_000
_MAX_TEXT_CHARS = 120
# The name of a field in an address and what it is in a `Wanted`.
_FIELDS = {
    "find": "find",
    "item": "item_id",
    "leads": "subject_id",
    "store": "store_id",
    "place": "fixture_id",
    "state": "state",
    "batch": "batch",
    "carrier": "carrier",
    "printed": "printed",
    "campaign": "campaign",
}


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code in the list."""

    href: str
    token: str
    token_words: str
    title: str
    place: str
    state: str
    batch: str
    printed: str
    # Of the last 28 days.
    scans: str


@dataclass(frozen=True, slots=True)
class OrderRow:
    """Codes that are being made."""

    href: str
    name: str
    said: str


@dataclass(frozen=True, slots=True)
class OrderPage:
    """`desk/code_order.html`"""

    title: str
    lede: str
    state: str
    said: str
    done: int
    total: int
    cancel_href: str
    codes_href: str
    sheet_href: str


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A print batch in the list; `sheet_href` is empty for those who may not print."""

    name: str
    href: str
    sheet_href: str
    codes: str
    printed: str
    made: str


@dataclass(frozen=True, slots=True)
class UseRow:
    """Codes of one campaign or on one carrier: how many, their scans, and how many for each code."""

    name: str
    # Empty where the list cannot be narrowed to them, or is already.
    href: str
    codes: str
    scans: str
    mean: str


@dataclass(frozen=True, slots=True)
class Uses:
    """What the codes of a filtered list were scanned in the last 28 days; `campaigns` is empty where none is named."""

    say: str
    campaigns: tuple[UseRow, ...]
    carriers: tuple[UseRow, ...]


@dataclass(frozen=True, slots=True)
class CodesPage:
    """`desk/codes.html`"""

    lede: str
    may_print: bool
    has_any: bool
    is_filtered: bool
    find: str
    item_id: str
    # Of the look or event whose codes alone are shown.
    subject_id: str
    item_title: str
    store_id: str
    stores: Options
    state: str
    states: Options
    batch: str
    batches: Options
    printed: str
    carrier: str
    carriers: Options
    campaign: str
    # None where nothing is filtered, or no code fits.
    uses: Uses | None
    rows: tuple[CodeRow, ...]
    said: str
    previous: str
    next: str
    csv_href: str
    nfc_href: str
    orders: tuple[OrderRow, ...]
    sheet_href: str
    sheet_label: str
    make_href: str
    batch_rows: tuple[BatchRow, ...]


@dataclass(frozen=True, slots=True)
class CodePage:
    """`desk/code.html`"""

    code_id: str
    title: str
    token: str
    token_words: str
    lede: str
    state: str
    address: str
    facts: tuple[tuple[str, str], ...]
    # Where a poster of the item at this place is made; empty where it leads elsewhere.
    sign_href: str
    leads_href: str
    codes_href: str
    scans: str
    scans_href: str
    followed_by: Options
    follows: Options
    may_print: bool
    report: Report
    size: str
    colour: str
    colours: Options
    # Empty where the retailer has none of its own.
    designs: Options
    formats: Options
    candidates: Options
    problems: dict[str, str]
    what: str
    typed: str


@dataclass(frozen=True, slots=True)
class PlaceGroup:
    """The places of one store that can be chosen: pairs of value and name."""

    name: str
    places: Options


@dataclass(frozen=True, slots=True)
class Filter:
    """Which items and places are there to choose from."""

    find: str = ""
    category: str = ""
    store_id: str = ""


@dataclass(frozen=True, slots=True)
class Picks:
    """What `desk/_picks.html` shows: the filter, the items and the places it leaves, and which items are ticked."""

    filter: Filter
    categories: Options
    stores: Options
    items: Options
    items_total: int
    places: tuple[PlaceGroup, ...]
    left_out_places: int
    chosen_items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MakePage:
    """`desk/code_make.html`"""

    picks: Picks
    chosen_places: tuple[str, ...]
    takes_all: bool
    batch: str
    campaign: str
    carrier: str
    leads: str
    # Of the looks and events to choose from, and which is chosen.
    looks: Options
    look_id: str
    occasions: Options
    occasion_id: str
    order_id: str
    again: bool
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class Mark:
    """A label on the little picture of a sheet, mm; its code's side, or 0 where nothing is printed."""

    x: float
    y: float
    code: float


@dataclass(frozen=True, slots=True)
class SheetPage:
    """`desk/code_sheet.html`"""

    lede: str
    stock: Stock
    stocks: Options
    # A stock that would do where this one is too small, in words.
    better: str
    # What is kept of printers for this stock, and the name of one that is to be kept.
    fits: Options
    printer: str
    languages: Options
    media: Options
    marks: tuple[Mark, ...]
    # A symbol for the little picture, in modules, and how many mm a module has.
    qr_path: str
    qr_scale: float
    report: Report
    verdict: str
    facts: tuple[tuple[str, str], ...]
    incomplete: tuple[str, ...]
    codes: int
    sheets: int
    # Whether it is for a label printer, one label after the other.
    is_roll: bool
    # A picture of the first label, empty where none can be drawn, and its size in pixels as large as it is printed.
    label_src: str
    label_size: tuple[int, int]
    hidden: tuple[tuple[str, str], ...]
    values: dict[str, str]
    colours: Options
    # Designs to draw the codes in; empty where there is none.
    designs: Options
    first_href: str
    test_href: str
    back_href: str
    # label, tag or round
    shape: str
    problems: dict[str, str]


def read_wanted(retailer_id: str, args: MultiDict[str, str]) -> Wanted:
    """Which codes an address means; what it says wrongly means nothing."""
    said = {name: args.get(field, "")[:_MAX_TEXT_CHARS].strip() for field, name in _FIELDS.items()}
    if said["state"] not in list(CodeState):
        said["state"] = ""
    if said["carrier"] not in list(Carrier):
        said["carrier"] = ""
    if said["printed"] not in ("yes", "no"):
        said["printed"] = ""
    return Wanted(retailer_id, **said)


def say_wanted(wanted: Wanted) -> dict[str, str]:
    """The fields of an address that mean these codes."""
    said = {field: str(getattr(wanted, name)) for field, name in _FIELDS.items()}
    return {field: value for field, value in said.items() if value}


def address(path: str, fields: Mapping[str, object] | Sequence[tuple[str, str]]) -> str:
    """A path of ours with these fields."""
    query = urlencode(fields)
    return f"{path}?{query}" if query else path


def page_number(args: MultiDict[str, str]) -> int:
    """The page asked for, from 1; 1 where the address says anything else."""
    text = args.get("page", "1")
    return min(max(int(text), 1), _MAX_PAGE) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def count_of(number: int, noun: str, nouns: str = "") -> str:
    """`1 code`, `1,284 codes`; `nouns` where its plural is another."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {nouns or noun + 's'}"


def day_of(at: datetime | None, zone: str) -> str:
    """The day of an instant as it is said in lists; empty for none."""
    return format_date(at.astimezone(ZoneInfo(zone)).date(), "en") if at else ""


def moment_of(at: datetime | None, zone: str) -> str:
    """The day and the minute of an instant; empty for none."""
    return f"{day_of(at, zone)}, {format_time(at, 'en', zone)}" if at else ""


def store_options(stores: Sequence[Store]) -> Options:
    """The choice of a store in a filter."""
    return (("", "All stores"), *((store.id, store.short_name) for store in stores), (NO_STORE, "No store"))


def code_row(line: CodeLine, zone: str, *, scans: int) -> CodeRow:
    """A code as it stands in the list, with its scans of the last 28 days."""
    code = line.code
    return CodeRow(
        href=f"/desk/codes/{code.id}",
        token=code.token,
        token_words=group(code.token),
        title=line.item_title,
        place=line.place,
        state=code.state,
        batch=code.batch,
        printed=day_of(code.printed_at, zone) or "Not yet",
        scans=f"{scans:,}",
    )


def order_address(run: CodeRun) -> str:
    """The page of codes that are being made together."""
    return f"/desk/codes/orders/{run.id}"


def order_row(run: CodeRun) -> OrderRow:
    """Codes that are being made, as they stand above the list."""
    return OrderRow(order_address(run), run.batch or "Codes", f"{run.done:,} of {run.total:,} are gone through")


def batch_row(batch: Batch, zone: str, *, may_print: bool) -> BatchRow:
    """A print batch as it stands in the list."""
    fields = {"batch": batch.name}
    if batch.printed == batch.codes:
        printed = "All"
    else:
        printed = f"{batch.printed:,} of {batch.codes:,}" if batch.printed else "Not yet"
    return BatchRow(
        name=batch.name,
        href=address("/desk/codes", fields),
        sheet_href=address("/desk/codes/sheet", fields) if may_print else "",
        codes=f"{batch.codes:,}",
        printed=printed,
        made=day_of(batch.made_at, zone),
    )
