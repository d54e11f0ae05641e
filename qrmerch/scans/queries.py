"""Reads of totals. Everything is by business date; the raw scans are never counted here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from qrmerch.scans.models import DayTotal, Event, HourTotal, LogFile


@dataclass(frozen=True, slots=True)
class Span:
    """Whose totals, from `since` (counted) to `until` (not counted); of one store or item where one is named."""

    retailer_id: str
    since: date
    until: date
    store_id: str = ""
    item_id: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the loader stands: when it last read, and what it could not."""

    read_at: datetime | None
    bad_lines: int
    uncounted_events: int


def count_by_kind(db: Session, span: Span) -> dict[str, int]:
    """Totals of each kind in the whole span."""
    return {kind: count for kind, count in _sum(db, span)}


def count_by_day(db: Session, span: Span) -> dict[date, dict[str, int]]:
    """Totals of each kind on each day that has any."""
    return _nested(_sum(db, span, DayTotal.on))


def count_by_item(db: Session, span: Span) -> dict[str, dict[str, int]]:
    """Totals of each kind by item id; what belongs to no item is not among them."""
    return {item_id: kinds for item_id, kinds in _nested(_sum(db, span, DayTotal.item_id)).items() if item_id}


def count_by_store(db: Session, span: Span) -> dict[str, dict[str, int]]:
    """Totals of each kind by store id; an empty id is a place without a store."""
    return _nested(_sum(db, span, DayTotal.store_id))


def count_by_fixture(db: Session, span: Span) -> dict[tuple[str, str], dict[str, int]]:
    """Totals of each kind by (store id, fixture id); empty texts where there is none."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for store_id, fixture_id, kind, count in _sum(db, span, DayTotal.store_id, DayTotal.fixture_id):
        found.setdefault((store_id, fixture_id), {})[kind] = count
    return found


def count_by_code(db: Session, span: Span) -> dict[str, dict[str, int]]:
    """Totals of each kind by code id; what belongs to no code is not among them."""
    return {code_id: kinds for code_id, kinds in _nested(_sum(db, span, DayTotal.code_id)).items() if code_id}


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


def read_state(db: Session) -> Reading:
    """How far counting has come."""
    read_at, bad = db.execute(select(func.max(LogFile.read_at), func.coalesce(func.sum(LogFile.bad_lines), 0))).one()
    waiting = db.scalar(select(func.count()).select_from(Event).where(~Event.is_counted)) or 0
    return Reading(read_at, int(bad), waiting)


def _sum(db: Session, span: Span, *by: InstrumentedAttribute[Any]) -> Iterable[Any]:
    """Rows of (by…, kind, count)."""
    wanted = select(*by, DayTotal.kind, func.sum(DayTotal.count)).where(*_within(span)).group_by(*by, DayTotal.kind)
    return ((*row[:-1], int(row[-1])) for row in db.execute(wanted))


def _within(span: Span) -> list[ColumnElement[bool]]:
    conditions = [DayTotal.retailer_id == span.retailer_id, DayTotal.on >= span.since, DayTotal.on < span.until]
    if span.store_id:
        conditions.append(DayTotal.store_id == span.store_id)
    if span.item_id:
        conditions.append(DayTotal.item_id == span.item_id)
    return conditions


def _nested(rows: Iterable[Any]) -> dict[Any, dict[str, int]]:
    found: dict[Any, dict[str, int]] = {}
    for key, kind, count in rows:
        found.setdefault(key, {})[kind] = count
    return found
