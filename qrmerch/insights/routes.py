"""The addresses of the numbers. Every view is its address; every table is a file as well."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from flask import Blueprint, Response, request

from qrmerch.access import PUBLISHERS, READERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.downloads import Cell, csv_response
from qrmerch.errors import NotFound
from qrmerch.insights import common, figures
from qrmerch.insights.figures import Counts, House
from qrmerch.insights.filters import Filters, read_filters
from qrmerch.insights.item import ItemView, funnel_chart, item_page, read_item
from qrmerch.insights.overview import (
    Overview,
    items_page,
    overview_page,
    read_overview,
    vendor_entries,
    vendors_page,
)
from qrmerch.insights.rankings import SORTS, Entry
from qrmerch.insights.sentences import WORDS
from qrmerch.web import get_db, render

blueprint = Blueprint("insights", __name__, url_prefix="/desk/insights")

_COUNT_HEADS: Final = ("Scans", "Scans before", "Visits", "Views", "Kept", "Claimed", "Used", "Shared")
Table = tuple[Sequence[str], Sequence[Sequence[Cell]]]
View = TypeVar("View")


def blueprints() -> list[Blueprint]:
    """What `create_app` registers."""
    return [blueprint]


@blueprint.get("")
@allow(*READERS)
def show_overview() -> Response:
    """All stores or one, a period beside another."""
    house, filters, problems = _view()
    page = overview_page(get_db(), read_overview(get_db(), house, filters), problems)
    return render("insights/overview.html", page, status=422 if problems else 200)


@blueprint.get("/export/<table>")
@allow(*READERS)
def export_overview(table: str) -> Response:
    """One table of the overview as a file."""
    house, filters, _ = _view()
    heads, rows = _pick(_OVERVIEW_TABLES, table)(read_overview(get_db(), house, filters))
    return csv_response(f"{house.retailer.slug} {table}", said=_about(house, filters), heads=heads, rows=rows)


@blueprint.get("/items")
@allow(*READERS)
def show_items() -> Response:
    """All items, ranked."""
    house, filters, problems = _view()
    page = items_page(get_db(), house, filters, problems, number=_page_number())
    return render("insights/items.html", page, status=422 if problems else 200)


@blueprint.get("/vendors")
@allow(*READERS)
def show_vendors() -> Response:
    """All vendors, ranked by the scans of their items."""
    house, filters, problems = _view()
    page = vendors_page(get_db(), house, filters, problems, number=_page_number())
    return render("insights/vendors.html", page, status=422 if problems else 200)


@blueprint.get("/items/<item_id>")
@allow(*READERS)
def show_item(item_id: str) -> Response:
    """One item, from scan to sale."""
    house, filters, problems = _view()
    may_change = current_principal().role in PUBLISHERS
    page = item_page(get_db(), read_item(get_db(), house, filters, item_id), problems, may_change=may_change)
    return render("insights/item.html", page, status=422 if problems else 200)


@blueprint.get("/items/<item_id>/export/<table>")
@allow(*READERS)
def export_item(item_id: str, table: str) -> Response:
    """One table of an item's page as a file."""
    house, filters, _ = _view()
    view = read_item(get_db(), house, filters, item_id)
    heads, rows = _pick(_ITEM_TABLES, table)(view)
    said = [view.item.title, *_about(house, filters)]
    return csv_response(f"{house.retailer.slug} {view.item.title} {table}", said=said, heads=heads, rows=rows)


def _page_number() -> int:
    """The page asked for, from 1; 1 where the address says anything else."""
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _view() -> tuple[House, Filters, dict[str, str]]:
    house = figures.get_house(get_db(), current_principal().retailer_id, at=now())
    filters, problems = read_filters(request.args, today=house.local.date(), store_ids=list(house.stores), sorts=SORTS)
    return house, filters, problems


def _pick(tables: dict[str, Callable[[View], Table]], name: str) -> Callable[[View], Table]:
    if name not in tables:
        raise NotFound()
    return tables[name]


def _about(house: House, filters: Filters) -> list[str]:
    """What stands above the heads of a file: whose numbers, which days, and what the words mean."""
    compared = f"Compared with {filters.compared.text()}." if filters.compared else ""
    sample = "These scans are samples, made up for a demo." if house.retailer.has_sample_scans else ""
    lines = [f"{house.retailer.name}. {common.lede(house, filters)}", compared, sample]
    return [line for line in lines if line] + [f"{word}: {meaning}" for word, meaning in WORDS]


def _numbers(now: Counts, before: Counts | None) -> list[Cell]:
    earlier = None if before is None else before.scans
    return [now.scans, earlier, now.visits, now.views, now.kept, now.claimed, now.used, now.shared]


def _days(view: Overview | ItemView) -> Table:
    dates = view.filters.period.dates()
    before: Sequence[Counts | None] = view.before or [None] * len(dates)
    rows = [[f"{day}", *_numbers(now, then)] for day, now, then in zip(dates, view.now, before, strict=True)]
    return ("Day", *_COUNT_HEADS), rows


def _hours(view: Overview) -> Table:
    rows: list[Sequence[Cell]] = [[f"{on}", hour, count] for (on, hour), count in sorted(view.hours.items())]
    return ("Day", "Hour", "Scans"), rows


def _items(view: Overview) -> Table:
    rows = [[item.title, item.vendor, *_numbers(now, before)] for item, now, before in view.items]
    return ("Item", "Vendor", *_COUNT_HEADS), rows


def _vendors(view: Overview) -> Table:
    rows = [[each.name, *_numbers(each.now, each.before)] for each in vendor_entries(view.items)]
    return ("Vendor", *_COUNT_HEADS), rows


def _stores(view: Overview) -> Table:
    rows = [[view.house.store_name(store_id), *_numbers(now, before)] for store_id, now, before in view.stores]
    return ("Store", *_COUNT_HEADS), rows


def _left_out(view: Overview) -> Table:
    rows: list[Sequence[Cell]] = [[*figures.reason_words(kind), count] for kind, count in view.left_out]
    return ("Reason", "What it means", "Openings"), rows


def _funnel(view: ItemView) -> Table:
    chart = funnel_chart(view)
    return chart.heads, [list(row) for row in chart.rows]


def _entries(name: str, entries: list[Entry]) -> Table:
    return (name, "Store", *_COUNT_HEADS), [[each.name, each.sub, *_numbers(each.now, each.before)] for each in entries]


_OVERVIEW_TABLES: Final[dict[str, Callable[[Overview], Table]]] = {
    "days": _days,
    "hours": _hours,
    "items": _items,
    "vendors": _vendors,
    "stores": _stores,
    "left_out": _left_out,
}
_ITEM_TABLES: Final[dict[str, Callable[[ItemView], Table]]] = {
    "days": _days,
    "funnel": _funnel,
    "stores": lambda view: _entries("Store", view.stores),
    "places": lambda view: _entries("Place", view.places),
}
