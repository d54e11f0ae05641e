"""Adding to totals and to open visits: one statement for each table, on SQLite and PostgreSQL alike."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import case
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from qrmerch.scans.models import DayTotal, HourTotal, OpenVisit
from qrmerch.scans.places import LocalHours, Place

_DAY_KEY: Final = ("retailer_id", "on", "kind", "store_id", "fixture_id", "item_id", "code_id")
_HOUR_KEY: Final = ("retailer_id", "on", "hour", "kind", "store_id", "fixture_id")


class Tally:
    """Counts of one batch, by kind, place and quarter of an hour."""

    def __init__(self, hours: LocalHours) -> None:
        self._hours = hours
        self._counts: Counter[tuple[str, Place, int]] = Counter()

    def add(self, kind: str, place: Place, quarter: int) -> None:
        """Count one; `quarter` in quarters of an hour since 1970."""
        self._counts[kind, place, quarter] += 1

    def days(self) -> Counter[Any]:
        """Counts by the key of `DayTotal`."""
        found: Counter[Any] = Counter()
        for (kind, place, quarter), count in self._counts.items():
            on, _ = self._hours.of(place.zone, quarter)
            key = (place.retailer_id, on, kind, place.store_id, place.fixture_id, place.item_id, place.code_id)
            found[key] += count
        return found

    def hours(self) -> Counter[Any]:
        """Counts by the key of `HourTotal`."""
        found: Counter[Any] = Counter()
        for (kind, place, quarter), count in self._counts.items():
            on, hour = self._hours.of(place.zone, quarter)
            found[place.retailer_id, on, hour, kind, place.store_id, place.fixture_id] += count
        return found


def add_totals(db: Session, tally: Tally) -> None:
    """Add a batch's counts to the totals."""
    _add(db, DayTotal, _DAY_KEY, tally.days())
    _add(db, HourTotal, _HOUR_KEY, tally.hours())


def open_visits(db: Session, visits: Sequence[dict[str, Any]]) -> None:
    """Take in visits as columns of `OpenVisit`; one that is open already was only seen again."""
    if not visits:
        return
    statement = _insert(db, OpenVisit)
    seen_at = statement.excluded.seen_at
    latest = case((seen_at > OpenVisit.seen_at, seen_at), else_=OpenVisit.seen_at)
    statement = statement.on_conflict_do_update(index_elements=["visit"], set_={"seen_at": latest})
    db.connection().execute(statement, sorted(visits, key=lambda visit: str(visit["visit"])))


def _add(db: Session, table: Any, key: Sequence[str], counts: Counter[Any]) -> None:
    if not counts:
        return
    statement = _insert(db, table)
    added = {"count": table.count + statement.excluded.count}
    statement = statement.on_conflict_do_update(index_elements=list(key), set_=added)
    # In one order for all loaders, so that two of them wait for each other and never for both.
    rows = [{**dict(zip(key, values, strict=True)), "count": count} for values, count in sorted(counts.items())]
    db.connection().execute(statement, rows)


def _insert(db: Session, table: Any) -> Any:
    dialect = sqlite if db.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(table)
