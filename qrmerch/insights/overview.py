"""The overview: what was scanned in all stores or one, by day, hour, item, vendor and store, and what was left out."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from qrmerch import charts
from qrmerch.charts import Chart, Point
from qrmerch.insights import common, figures
from qrmerch.insights.figures import NO_ITEM, NO_ITEM_SAYS, Counts, House, Listed
from qrmerch.insights.filters import Filters
from qrmerch.insights.pages import ItemsPage, LeftOut, OverviewPage, Ranking, Tile, VendorsPage
from qrmerch.insights.phones import read_agreed, read_phones
from qrmerch.insights.rankings import Entry, rank
from qrmerch.insights.sentences import WORDS, counted, of_hundred, share
from qrmerch.scans import queries
from qrmerch.scans.correcting import LATE, RULE
from qrmerch.scans.kinds import MAYBE_REPEAT

ACTION = "/desk/insights"
ITEMS_ACTION = "/desk/insights/items"
VENDORS_ACTION = "/desk/insights/vendors"
SHOWN = 10
LINES_A_PAGE = 50
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Overview:
    """All numbers of the overview; its page and its files are made from it."""

    house: House
    filters: Filters
    now: list[Counts]
    before: list[Counts] | None
    items: list[tuple[Listed, Counts, Counts | None]]
    stores: list[tuple[str, Counts, Counts | None]]
    hours: Mapping[tuple[date, int], int]
    left_out: list[tuple[str, int]]
    maybe: int
    corrected: int
    late: int
    reading: queries.Reading


def read_overview(db: Session, house: House, filters: Filters) -> Overview:
    """Read the numbers of a view."""
    now = figures.span_of(house, filters, filters.period)
    before = figures.span_of(house, filters, filters.compared) if filters.compared else None
    by_day = queries.count_by_day(db, now)
    kinds = sum((Counter(counts) for counts in by_day.values()), Counter())
    return Overview(
        house=house,
        filters=filters,
        now=common.daily(filters.period, by_day),
        before=common.daily(filters.compared, queries.count_by_day(db, before))
        if before and filters.compared
        else None,
        items=read_items(db, house, filters),
        stores=_pairs(queries.count_by_store(db, now), queries.count_by_store(db, before) if before else None, house),
        hours=queries.count_by_hour(db, now, "scan"),
        left_out=figures.left_out(kinds),
        maybe=kinds.get(MAYBE_REPEAT, 0),
        corrected=queries.count_corrected(db, now, RULE),
        late=queries.count_corrected(db, now, LATE),
        reading=figures.read_state(db, house, filters.period),
    )


def read_items(db: Session, house: House, filters: Filters) -> list[tuple[Listed, Counts, Counts | None]]:
    """Every item of the retailer with its counts, also those never scanned; retired ones if anything was counted.

    Behind them `NO_ITEM`, if anything was counted there: together they are all that was counted.
    """
    now = queries.count_by_item(db, figures.span_of(house, filters, filters.period))
    compared = filters.compared
    before = queries.count_by_item(db, figures.span_of(house, filters, compared)) if compared else None
    found = [
        (
            item,
            Counts.of(now.get(item.item_id, {})),
            None if before is None else Counts.of(before.get(item.item_id, {})),
        )
        for item in [*figures.list_items(db, house.retailer.id), NO_ITEM]
    ]
    return [
        (item, counts, earlier)
        for item, counts, earlier in found
        if (item is not NO_ITEM and not item.is_retired) or counts != Counts() or (earlier or Counts()) != Counts()
    ]


def vendor_entries(items: list[tuple[Listed, Counts, Counts | None]]) -> list[Entry]:
    """The same counts by who supplies each item today, by vendor name; what belongs to no item is of no vendor."""
    supplied: dict[str, list[tuple[Listed, Counts, Counts | None]]] = {}
    for each in items:
        supplied.setdefault(each[0].vendor_id, []).append(each)
    entries = [_vendor_entry(theirs) for theirs in supplied.values()]
    return sorted(entries, key=lambda entry: (not entry.id, entry.name.casefold(), entry.id))


def _vendor_entry(items: list[tuple[Listed, Counts, Counts | None]]) -> Entry:
    (first, _, _), is_compared = items[0], items[0][2] is not None
    return Entry(
        first.vendor,
        sum((now for _, now, _ in items), Counts()),
        sum((before for _, _, before in items if before), Counts()) if is_compared else None,
        sub=counted(len(items), "item") if first.vendor_id else NO_ITEM_SAYS,
        id=first.vendor_id,
    )


def _pairs(
    now: Mapping[str, Mapping[str, int]], before: Mapping[str, Mapping[str, int]] | None, house: House
) -> list[tuple[str, Counts, Counts | None]]:
    """Stores with their counts; a place without a store only where something was counted there."""
    store_ids = [*house.stores, *([""] if "" in now else [])]
    return [
        (
            store_id,
            Counts.of(now.get(store_id, {})),
            None if before is None else Counts.of(before.get(store_id, {})),
        )
        for store_id in store_ids
    ]


def overview_page(db: Session, view: Overview, problems: dict[str, str]) -> OverviewPage:
    """The numbers as the page shows them."""
    filters, house = view.filters, view.house
    items = items_ranking(view.items, filters, action=ACTION, limit=SHOWN)
    return OverviewPage(
        filters=common.filter_form(ACTION, house, filters, problems),
        lede=common.lede(house, filters),
        is_sample=house.retailer.has_sample_scans,
        has_scans=any(counts.scans for counts in view.now),
        tiles=_tiles(view),
        days=common.days_chart(house, filters, view.now, view.before),
        hours=hours_chart("When shoppers scan", view.hours, days=view.filters.period.days),
        items=_with_images(db, items, house),
        all_items_href=f"{ITEMS_ACTION}?{filters.query()}",
        least_href=f"{ITEMS_ACTION}?{filters.query(sort='scans')}",
        vendors=vendors_ranking(vendor_entries(view.items), filters, action=ACTION, limit=SHOWN),
        all_vendors_href=f"{VENDORS_ACTION}?{filters.query()}",
        stores=_stores_ranking(view),
        phones=read_phones(db, house, filters),
        agreed=read_agreed(db, house, filters),
        left_out=_left_out(view),
        quality=common.quality(
            house,
            view.reading,
            left_out=sum(count for _, count in view.left_out),
            scans=sum(day.scans for day in view.now),
            maybe=view.maybe,
            corrected=view.corrected,
            late=view.late,
        ),
        words=WORDS,
        csv=csv_addresses(ACTION, filters, ("days", "hours", "items", "vendors", "stores", "left_out")),
    )


def items_page(db: Session, house: House, filters: Filters, problems: dict[str, str], *, number: int) -> ItemsPage:
    """All items, ranked, a page of them at once.

    :param number: of the page, from 1.
    """
    items = read_items(db, house, filters)
    skip = (number - 1) * LINES_A_PAGE
    ranked = items_ranking(items, filters, action=ITEMS_ACTION, limit=LINES_A_PAGE, skip=skip)
    noun = "line" if any(item is NO_ITEM for item, _, _ in items) else "item"
    return ItemsPage(
        filters=common.filter_form(ITEMS_ACTION, house, filters, problems),
        lede=common.lede(house, filters),
        is_sample=house.retailer.has_sample_scans,
        items=_with_images(db, ranked, house),
        paging=_paging(ITEMS_ACTION, filters, number, ranked, noun=noun),
        overview_href=f"{ACTION}?{filters.query(sort='')}",
        words=WORDS,
        csv=csv_addresses(ACTION, filters, ("items",)),
    )


def vendors_page(db: Session, house: House, filters: Filters, problems: dict[str, str], *, number: int) -> VendorsPage:
    """All vendors, ranked, a page of them at once.

    :param number: of the page, from 1.
    """
    entries = vendor_entries(read_items(db, house, filters))
    skip = (number - 1) * LINES_A_PAGE
    ranked = vendors_ranking(entries, filters, action=VENDORS_ACTION, limit=LINES_A_PAGE, skip=skip)
    noun = "vendor" if all(entry.id for entry in entries) else "line"
    return VendorsPage(
        filters=common.filter_form(VENDORS_ACTION, house, filters, problems),
        lede=common.lede(house, filters),
        is_sample=house.retailer.has_sample_scans,
        vendors=ranked,
        paging=_paging(VENDORS_ACTION, filters, number, ranked, noun=noun),
        overview_href=f"{ACTION}?{filters.query(sort='')}",
        words=WORDS,
        csv=csv_addresses(ACTION, filters, ("vendors",)),
    )


def _with_images(db: Session, ranking: Ranking, house: House) -> Ranking:
    return ranking.with_images(figures.list_images(db, [row.id for row in ranking.rows], at=house.at))


def _paging(action: str, filters: Filters, number: int, ranked: Ranking, *, noun: str) -> tuple[str, str, str]:
    def address(page: int) -> str:
        return f"{action}?{filters.query(page=f'{page}')}"

    return (
        f"{len(ranked.rows):,} of {counted(ranked.total, noun)}",
        address(number - 1) if number > 1 else "",
        address(number + 1) if number * LINES_A_PAGE < ranked.total else "",
    )


def csv_addresses(action: str, filters: Filters, tables: tuple[str, ...]) -> dict[str, str]:
    """Where each table can be downloaded, for the same view."""
    return {table: f"{action}/export/{table}?{filters.query(sort='')}" for table in tables}


def _tiles(view: Overview) -> tuple[Tile, ...]:
    total, than = sum(view.now, Counts()), view.filters.compared_name
    before = None if view.before is None else sum(view.before, Counts())
    return (
        common.tile("Scans", [day.scans for day in view.now], before.scans if before else None, than),
        common.tile(
            "Visits",
            [day.visits for day in view.now],
            None,
            than,
            say=f"{total.scans:,} began with a code, {total.arrivals:,} with an address or a friend’s link.",
        ),
        common.tile(
            "Views",
            [day.views for day in view.now],
            None,
            than,
            say=of_hundred(total.scan_views, total.scans, "scans", "were looked at"),
        ),
        common.tile("Kept on a list", [day.kept for day in view.now], before.kept if before else None, than),
        common.tile(
            "Codes used",
            [day.used for day in view.now],
            None,
            than,
            say=common.claims_say(total),
            small=f"of {total.claimed:,}",
        ),
    )


def items_ranking(
    items: list[tuple[Listed, Counts, Counts | None]], filters: Filters, *, action: str, limit: int, skip: int = 0
) -> Ranking:
    """Items by scans, or as the address sorts them."""
    query = filters.query(sort="")
    entries = [
        Entry(item.title, now, before, href=_item_href(item, query), sub=_sub(item), id=item.item_id)
        for item, now, before in items
    ]
    return rank(
        "Items by scans",
        _items_say(entries),
        entries,
        name="Item",
        filters=filters,
        action=action,
        limit=limit,
        skip=skip,
    )


def _item_href(item: Listed, query: str) -> str:
    return f"{ITEMS_ACTION}/{item.item_id}?{query}" if item.item_id else ""


def _sub(item: Listed) -> str:
    if item is NO_ITEM:
        return NO_ITEM_SAYS
    return f"{item.vendor}, retired" if item.is_retired else item.vendor


def _items_say(entries: list[Entry]) -> str:
    total = sum(entry.now.scans for entry in entries)
    if not total:
        return "None of them was scanned in these days."
    best = max(entries, key=lambda entry: entry.now.scans)
    silent = sum(1 for entry in entries if entry.id and not entry.now.scans)
    said = f"{best.name} brings {share(best.now.scans, total)} of 100 scans."
    if silent:
        said += f" {counted(silent, 'item was', 'items were')} not scanned at all."
    return said


def vendors_ranking(entries: list[Entry], filters: Filters, *, action: str, limit: int, skip: int = 0) -> Ranking:
    """Vendors by scans of their items, or as the address sorts them."""
    return rank(
        "Vendors by scans",
        _vendors_say(entries),
        entries,
        name="Vendor",
        filters=filters,
        action=action,
        limit=limit,
        skip=skip,
    )


def _vendors_say(entries: list[Entry]) -> str:
    """Who brings most; that items count for who supplies them today."""
    total = sum(entry.now.scans for entry in entries)
    vendors = [entry for entry in entries if entry.id]
    best = max(vendors, key=lambda entry: entry.now.scans, default=None)
    if best is None or not best.now.scans:
        return "No vendor’s item was scanned in these days."
    said = f"{best.name} brings {share(best.now.scans, total)} of 100 scans."
    if silent := sum(1 for entry in vendors if not entry.now.scans):
        said += f" {counted(silent, 'vendor was', 'vendors were')} not scanned at all."
    return f"{said} Items count for the vendor that supplies them today."


def _stores_ranking(view: Overview) -> Ranking:
    filters = view.filters
    entries = [
        Entry(view.house.store_name(store_id), now, before, href=_store_href(filters, store_id))
        for store_id, now, before in view.stores
        if not filters.store_id or store_id == filters.store_id
    ]
    best = max(entries, key=lambda entry: entry.now.scans, default=None)
    total = sum(entry.now.scans for entry in entries)
    say = (
        f"{best.name} brings {share(best.now.scans, total)} of 100 scans."
        if best and total and len(entries) > 1
        else ""
    )
    return rank("Stores by scans", say, entries, name="Store", filters=filters, action=ACTION)


def _store_href(filters: Filters, store_id: str) -> str:
    return f"{ACTION}?{filters.query(store=store_id)}" if store_id else ""


def hours_chart(title: str, counted_by_hour: Mapping[tuple[date, int], int], *, days: int) -> Chart:
    """When shoppers scan: by weekday and hour for a week or more, by hour for less; local time of each place."""
    by_slot: dict[tuple[int, int], int] = {}
    for (on, hour), count in counted_by_hour.items():
        slot = (on.weekday(), hour)
        by_slot[slot] = by_slot.get(slot, 0) + count
    hours = _shown_hours([hour for _, hour in by_slot])
    if days < 7:
        by_hour = [Point(f"{hour}", sum(by_slot.get((day, hour), 0) for day in range(7))) for hour in hours]
        return charts.bars(title, _hours_say(by_slot), by_hour)
    return charts.heat(
        title,
        _hours_say(by_slot),
        row_labels=_WEEKDAYS,
        column_labels=[f"{hour}" for hour in hours],
        values=[[by_slot.get((day, hour), 0) for hour in hours] for day in range(7)],
    )


def _shown_hours(seen: list[int]) -> list[int]:
    """From 9 to 20, and further where something was scanned."""
    return list(range(min([9, *seen]), max([20, *seen]) + 1))


def _hours_say(by_slot: Mapping[tuple[int, int], int]) -> str:
    if not by_slot:
        return "Nothing was counted by the hour in these days."
    (day, hour), most = max(by_slot.items(), key=lambda each: each[1])
    name = date(2024, 1, 1 + day).strftime("%A")
    return f"Busiest on {name}s from {hour}:00 to {hour + 1}:00, {counted(most, 'scan')} in all. Time of the place."


def _left_out(view: Overview) -> LeftOut:
    total = sum(count for _, count in view.left_out)
    scans = sum(day.scans for day in view.now)
    say = f"{counted(total, 'opening')} beside {counted(scans, 'scan')}. No figure above holds them."
    rows = tuple((*figures.reason_words(kind), f"{count:,}") for kind, count in view.left_out)
    return LeftOut(say if total else "Nothing had to be left out in these days.", rows)
