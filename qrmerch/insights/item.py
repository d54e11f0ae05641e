"""One item's numbers: from scan to sale, by day, store and place."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup
from sqlalchemy.orm import Session

from qrmerch import charts
from qrmerch.catalog.models import Item, VendorProduct
from qrmerch.charts import Chart, Step
from qrmerch.db import get_one
from qrmerch.insights import common, figures
from qrmerch.insights.figures import Counts, House
from qrmerch.insights.filters import Filters, Period, last_days
from qrmerch.insights.overview import ACTION, ITEMS_ACTION, csv_addresses, hours_chart
from qrmerch.insights.pages import ItemPage, Ranking, Tile
from qrmerch.insights.rankings import Entry, rank
from qrmerch.insights.sentences import WORDS, change_words, counted, of_hundred, share
from qrmerch.parties.models import Vendor
from qrmerch.scans import queries
from qrmerch.scans.correcting import LATE, RULE
from qrmerch.scans.kinds import MAYBE_REPEAT

_HOURS_KEPT_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class ItemView:
    """All numbers of an item's page; its page and its files are made from it."""

    house: House
    filters: Filters
    item: Item
    style: str
    vendor: str
    now: list[Counts]
    before: list[Counts] | None
    stores: list[Entry]
    places: list[Entry]
    # The same, of visits that began with a scan of this item.
    of_scan: Counts
    all_scans: int
    left_out: int
    maybe: int
    corrected: int
    late: int
    # Of the last two weeks, whichever days are asked for.
    hours: Mapping[tuple[date, int], int]
    reading: queries.Reading

    @property
    def total(self) -> Counts:
        return sum(self.now, Counts())

    @property
    def total_before(self) -> Counts | None:
        return None if self.before is None else sum(self.before, Counts())


def read_item(db: Session, house: House, filters: Filters, item_id: str) -> ItemView:
    """Read the numbers of one item.

    :raises NotFound: no such item, or another retailer's.
    """
    item = get_one(db, Item, item_id)
    now = figures.span_of(house, filters, filters.period, item_id=item.id)
    before = figures.span_of(house, filters, filters.compared, item_id=item.id) if filters.compared else None
    everything = queries.count_by_kind(db, figures.span_of(house, filters, filters.period))
    by_fixture = queries.count_by_fixture(db, now)
    by_fixture_before = queries.count_by_fixture(db, before) if before else None
    mine = queries.count_by_kind(db, now)
    return ItemView(
        house=house,
        filters=filters,
        item=item,
        style=get_one(db, VendorProduct, item.product_id).key,
        vendor=get_one(db, Vendor, item.vendor_id).name,
        now=common.daily(filters.period, queries.count_by_day(db, now)),
        before=common.daily(filters.compared, queries.count_by_day(db, before))
        if before and filters.compared
        else None,
        stores=_stores(house, by_fixture, by_fixture_before),
        places=_places(house, figures.fixture_names(db, house.retailer.id), by_fixture, by_fixture_before),
        of_scan=Counts.of(mine, suffix=queries.OF_SCAN),
        all_scans=everything.get("scan", 0),
        left_out=sum(count for _, count in figures.left_out(mine)),
        maybe=mine.get(MAYBE_REPEAT, 0),
        corrected=queries.count_corrected(db, now, RULE),
        late=queries.count_corrected(db, now, LATE),
        hours=queries.count_by_hour_of_item(db, figures.span_of(house, filters, _two_weeks(house), item_id=item.id)),
        reading=figures.read_state(db, house, filters.period),
    )


def _two_weeks(house: House) -> Period:
    return last_days(_HOURS_KEPT_DAYS, today=house.local.date())


ByPlace = Mapping[tuple[str, str], Mapping[str, int]]


def _stores(house: House, now: ByPlace, before: ByPlace | None) -> list[Entry]:
    def of_store(store_id: str, found: ByPlace) -> Counts:
        return sum((Counts.of(kinds) for (store, _), kinds in found.items() if store == store_id), Counts())

    return [
        Entry(
            house.store_name(store_id), of_store(store_id, now), None if before is None else of_store(store_id, before)
        )
        for store_id in sorted({store_id for store_id, _ in now})
    ]


def _places(house: House, names: Mapping[str, str], now: ByPlace, before: ByPlace | None) -> list[Entry]:
    return [
        Entry(
            names.get(fixture_id, "No place named"),
            Counts.of(kinds),
            None if before is None else Counts.of(before.get((store_id, fixture_id), {})),
            sub=house.store_name(store_id),
        )
        for (store_id, fixture_id), kinds in sorted(now.items())
    ]


def item_page(db: Session, view: ItemView, problems: dict[str, str], *, may_change: bool) -> ItemPage:
    """The numbers as the page shows them.

    :param may_change: whether the reader also looks after items and codes.
    """
    house, filters, item = view.house, view.filters, view.item
    action = f"{ITEMS_ACTION}/{item.id}"
    return ItemPage(
        filters=common.filter_form(action, house, filters, problems),
        title=item.title,
        lede=f"{view.style}, {view.vendor}. {common.lede(house, filters)}",
        image=figures.list_images(db, [item.id], at=house.at).get(item.id, ""),
        is_sample=house.retailer.has_sample_scans,
        has_scans=view.total.scans > 0 or any(entry.now != Counts() for entry in view.places),
        overview_href=f"{ACTION}?{filters.query(sort='')}",
        items_href=f"{ITEMS_ACTION}?{filters.query(sort='')}",
        page_href=f"/i/{item.public_id}",
        item_href=f"/desk/items/{item.id}" if may_change else "",
        codes_href=f"/desk/codes?item={item.id}" if may_change else "",
        finding=_finding(view),
        tiles=_tiles(view),
        funnel=funnel_chart(view),
        loose=_loose(view.total),
        loose_say=_loose_say(view.total),
        days=common.days_chart(house, filters, view.now, view.before),
        hours=hours_chart("When it is scanned, in the last two weeks", view.hours, days=_HOURS_KEPT_DAYS),
        stores=_ranking("Stores by scans", "Store", view.stores, filters, action),
        places=_ranking("Where it is scanned", "Place", view.places, filters, action),
        quality=common.quality(
            house,
            view.reading,
            left_out=view.left_out,
            scans=view.total.scans,
            maybe=view.maybe,
            corrected=view.corrected,
            late=view.late,
        ),
        words=WORDS,
        csv=csv_addresses(action, filters, ("days", "funnel", "stores", "places")),
    )


def _finding(view: ItemView) -> Markup:
    total, before = view.total, view.total_before
    said = Markup("<b>{}</b>, {} of 100 of all scans here.").format(
        counted(total.scans, "scan"), share(total.scans, view.all_scans)
    )
    if before is not None:
        said += " " + change_words(total.scans, before.scans, view.filters.compared_name)
    return said


def _tiles(view: ItemView) -> tuple[Tile, ...]:
    total, than = view.total, view.filters.compared_name
    before = view.total_before
    return (
        common.tile("Scans", [day.scans for day in view.now], before.scans if before else None, than),
        common.tile(
            "Views",
            [day.views for day in view.now],
            None,
            than,
            say=of_hundred(total.scan_views, total.scans, "scans", "were looked at"),
        ),
        common.tile("Kept", [day.kept for day in view.now], before.kept if before else None, than),
        common.tile(
            "Codes used",
            [day.used for day in view.now],
            None,
            than,
            say=common.claims_say(total),
            small=f"of {total.claimed:,}",
        ),
    )


def funnel_chart(view: ItemView) -> Chart:
    """From scan to sale in one visit, each step beside the one before; sales are not connected."""
    mine = view.of_scan
    steps = [Step("Scanned", view.total.scans, _places_say(view))]
    before, name = view.total.scans, "scans"
    for label, count, next_name in (
        ("Viewed", mine.views, "views"),
        ("Engaged", mine.engaged, "engaged"),
        ("Kept", mine.kept, "kept"),
        ("Claimed", mine.claimed, "claimed"),
        ("Used", mine.used, "used"),
    ):
        steps.append(Step(label, count, _of(count, before, name)))
        before, name = count, next_name
    steps.append(Step("Bought", None, "Not connected"))
    return charts.funnel("From scan to sale, in one visit", _funnel_say(view), steps)


def _of(count: int, before: int, name: str) -> str:
    if not before:
        return f"None were {name}" if name not in ("scans", "views") else f"No {name}"
    return f"{share(count, before)} % of {name}" if count <= before else f"More than {name}: some skip a step"


def _places_say(view: ItemView) -> str:
    stores = sum(1 for entry in view.stores if entry.now.scans)
    places = sum(1 for entry in view.places if entry.now.scans)
    return f"{counted(places, 'place')}, {counted(stores, 'store')}"


def _funnel_say(view: ItemView) -> str:
    if not view.total.scans:
        return "Nothing was scanned in these days."
    mine = view.of_scan
    return f"Of {counted(view.total.scans, 'scan')}, {mine.kept:,} ended on a list and {mine.used:,} at a till."


def _loose(total: Counts) -> tuple[tuple[str, str, str], ...]:
    return (
        ("Viewed", f"{total.views:,}", "also without a code: from a list, a link, another item’s page"),
        ("Engaged", f"{total.engaged:,}", "visits that began here, with or without a code"),
        ("Played", f"{total.plays:,}", f"films and recordings begun; {total.played:,} came to the end"),
        ("Kept", f"{total.kept:,}", "also from shared links and on a later day"),
        ("Claimed", f"{total.claimed:,}", "also without keeping"),
        ("Used", f"{total.used:,}", "also in another store or on a later day; undone uses taken off"),
        ("Refused", f"{total.refused:,}", "codes that a till did not take"),
        ("Shared", f"{total.shared:,}", "links handed on"),
    )


def _loose_say(total: Counts) -> str:
    if not total.loose:
        return ""
    came = counted(total.loose, "action came without script", "actions came without script")
    return f"{came} and cannot be placed in a visit. They are counted in any order only."


def _ranking(title: str, name: str, entries: list[Entry], filters: Filters, action: str) -> Ranking:
    best = max(entries, key=lambda entry: entry.now.scans, default=None)
    total = sum(entry.now.scans for entry in entries)
    where = f"{best.name}, {best.sub}," if best and best.sub else best.name if best else ""
    say = f"{where} brings {share(best.now.scans, total)} of 100 scans." if best and total and len(entries) > 1 else ""
    return rank(title, say, entries, name=name, filters=filters, action=action)
