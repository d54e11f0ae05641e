"""Reads of totals. Everything is by business date; the raw scans are never counted here.

Counts come by the words of `kinds.py`. Each word that also has totals of a code comes once more with `OF_SCAN`
behind it: what belongs to a visit that began with a scan of that very item, so that steps can be compared.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from qrmerch.codes.models import Carrier, Code
from qrmerch.scans.kinds import SCAN
from qrmerch.scans.models import CodeHour, Correction, DayTotal, Event, HourTotal, LogFile

OF_SCAN: Final = "_of_scan"
# A literal, not a parameter: PostgreSQL must see the same expression where it is selected and grouped by.
_HAS_CODE = DayTotal.code_id != literal_column("''")


@dataclass(frozen=True, slots=True)
class Span:
    """Whose totals, from `since` (counted) to `until` (not counted); of one store or item where one is named."""

    retailer_id: str
    since: date
    until: date
    store_id: str = ""
    item_id: str = ""


@dataclass(frozen=True, slots=True)
class UseTotal:
    """What codes of one campaign ("": none) on one carrier were scanned, those that nobody scanned among them."""

    campaign: str
    carrier: Carrier
    codes: int
    scans: int


@dataclass(frozen=True, slots=True)
class Reading:
    """How counting stands: when a line was last read, what was lost, since when an action waits, how many nodes write.

    `nodes` are those whose files were last read in the days asked about.
    """

    read_at: datetime | None
    lost_lines: int
    bad_lines: int
    waiting: int
    waiting_since: datetime | None
    nodes: int = 1


def count_by_kind(db: Session, span: Span) -> dict[str, int]:
    """Totals of each kind in the whole span."""
    return _sum(db, span).get((), {})


def count_by_day(db: Session, span: Span) -> dict[date, dict[str, int]]:
    """Totals of each kind on each day that has any."""
    return {on: counts for (on,), counts in _sum(db, span, DayTotal.on).items()}


def count_by_item(db: Session, span: Span) -> dict[str, dict[str, int]]:
    """Totals of each kind by item id; an empty id: the pages of stores, looks and events, shared lists."""
    return {item_id: counts for (item_id,), counts in _sum(db, span, DayTotal.item_id).items()}


def count_by_store(db: Session, span: Span) -> dict[str, dict[str, int]]:
    """Totals of each kind by store id; an empty id is a place without a store."""
    return {store_id: counts for (store_id,), counts in _sum(db, span, DayTotal.store_id).items()}


def count_by_day_and_store(db: Session, span: Span) -> dict[tuple[date, str], dict[str, int]]:
    """Totals of each kind by (day, store id), where there are any."""
    found = _sum(db, span, DayTotal.on, DayTotal.store_id)
    return {(on, store_id): counts for (on, store_id), counts in found.items()}


def count_by_fixture(db: Session, span: Span) -> dict[tuple[str, str], dict[str, int]]:
    """Totals of each kind by (store id, fixture id); empty texts where there is none."""
    found = _sum(db, span, DayTotal.store_id, DayTotal.fixture_id)
    return {(store_id, fixture_id): counts for (store_id, fixture_id), counts in found.items()}


def count_by_code(db: Session, span: Span) -> dict[str, dict[str, int]]:
    """Totals of each kind by code id; what belongs to no code is not among them."""
    return {code_id: counts for (code_id,), counts in _sum(db, span, DayTotal.code_id).items() if code_id}


def count_scans_by_code(db: Session, span: Span, code_ids: Collection[str] | None = None) -> dict[str, int]:
    """Scans of each code that has any; of these alone, where some are named."""
    wanted = _scans_by_code(span)
    if code_ids is not None:
        wanted = wanted.where(DayTotal.code_id.in_(code_ids))
    return {code_id: int(count) for code_id, count in db.execute(wanted)}


def count_scans_by_use(db: Session, span: Span, wanted: Select[str]) -> list[UseTotal]:
    """Codes and their scans by campaign and carrier, in no order.

    :param wanted: which codes, as `codes.queries.select_ids` says it.
    """
    scans = _scans_by_code(span).subquery()
    found = select(Code.campaign, Code.carrier, func.count(Code.id), func.coalesce(func.sum(scans.c.scans), 0))
    found = found.outerjoin(scans, scans.c.code_id == Code.id).where(Code.id.in_(wanted))
    rows = db.execute(found.group_by(Code.campaign, Code.carrier))
    return [UseTotal(campaign, carrier, codes, int(count)) for campaign, carrier, codes, count in rows]


def count_by_hour(db: Session, span: Span, kind: str) -> dict[tuple[date, int], int]:
    """Totals of one kind by day and the place's own hour; by store, not by item."""
    wanted = (
        select(HourTotal.on, HourTotal.hour, func.sum(HourTotal.count))
        .where(
            HourTotal.retailer_id == span.retailer_id,
            HourTotal.on >= span.since,
            HourTotal.on < span.until,
            HourTotal.kind == kind,
        )
        .group_by(HourTotal.on, HourTotal.hour)
    )
    if span.store_id:
        wanted = wanted.where(HourTotal.store_id == span.store_id)
    return {(on, hour): int(count) for on, hour, count in db.execute(wanted)}


def count_by_hour_of_item(db: Session, span: Span) -> dict[tuple[date, int], int]:
    """Scans of an item's codes by day and the place's own hour; kept for two weeks."""
    wanted = select(CodeHour.on, CodeHour.hour, func.sum(CodeHour.count)).where(
        CodeHour.retailer_id == span.retailer_id,
        CodeHour.item_id == span.item_id,
        CodeHour.on >= span.since,
        CodeHour.on < span.until,
    )
    if span.store_id:
        wanted = wanted.where(CodeHour.store_id == span.store_id)
    return {(on, hour): int(count) for on, hour, count in db.execute(wanted.group_by(CodeHour.on, CodeHour.hour))}


def count_corrected(db: Session, span: Span, cause: str) -> int:
    """By how many scans the totals of a span were changed afterwards.

    :param cause: `correcting.RULE` or `correcting.LATE`.
    """
    wanted = select(func.coalesce(func.sum(Correction.difference), 0)).where(
        Correction.retailer_id == span.retailer_id,
        Correction.on >= span.since,
        Correction.on < span.until,
        Correction.kind == SCAN,
        Correction.cause == cause,
    )
    if span.store_id:
        wanted = wanted.where(Correction.store_id == span.store_id)
    if span.item_id:
        wanted = wanted.where(Correction.item_id == span.item_id)
    return int(db.scalar(wanted) or 0)


def read_state(db: Session, retailer_id: str, *, since: datetime, until: datetime) -> Reading:
    """How far counting has come; the log is the installation's, the waiting actions are the retailer's.

    :param since: what was lost is told of files last read from here on; aware.
    :param until: and before here; aware.
    """
    read_at = db.scalar(select(func.max(LogFile.read_at)))
    of_log = select(
        func.coalesce(func.sum(LogFile.lost_lines), 0),
        func.coalesce(func.sum(LogFile.bad_lines), 0),
        func.count(LogFile.node.distinct()),
    ).where(LogFile.read_at >= since, LogFile.read_at < until)
    lost, bad, nodes = db.execute(of_log).one()
    of_events = select(func.count(Event.id), func.min(Event.at))
    waiting, waiting_since = db.execute(of_events.where(Event.retailer_id == retailer_id, ~Event.is_counted)).one()
    return Reading(read_at, int(lost), int(bad), waiting, waiting_since, nodes)


def _scans_by_code(span: Span) -> Select[str, int]:
    # Day by day, so that both databases can read the scans of each along the key, and no other kind.
    days = [span.since + timedelta(days=number) for number in range((span.until - span.since).days)]
    return (
        select(DayTotal.code_id, func.sum(DayTotal.count).label("scans"))
        .where(
            DayTotal.retailer_id == span.retailer_id,
            DayTotal.on.in_(days),
            DayTotal.kind == SCAN,
            DayTotal.code_id != "",
        )
        .group_by(DayTotal.code_id)
    )


def _sum(db: Session, span: Span, *by: InstrumentedAttribute[Any]) -> dict[tuple[Any, ...], dict[str, int]]:
    """Counts by kind for each combination of the columns `by`."""
    wanted = select(*by, DayTotal.kind, _HAS_CODE, func.sum(DayTotal.count))
    wanted = wanted.where(*_within(span)).group_by(*by, DayTotal.kind, _HAS_CODE)
    found: dict[tuple[Any, ...], dict[str, int]] = {}
    for *key, kind, has_code, count in db.execute(wanted):
        counts = found.setdefault(tuple(key), {})
        counts[kind] = counts.get(kind, 0) + int(count)
        if has_code:
            counts[kind + OF_SCAN] = int(count)
    return found


def _within(span: Span) -> list[ColumnElement[bool]]:
    conditions = [DayTotal.retailer_id == span.retailer_id, DayTotal.on >= span.since, DayTotal.on < span.until]
    if span.store_id:
        conditions.append(DayTotal.store_id == span.store_id)
    if span.item_id:
        conditions.append(DayTotal.item_id == span.item_id)
    return conditions
