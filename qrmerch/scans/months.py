"""Raw scans by the month: on PostgreSQL each month of UTC is a table of its own, so that an old one goes in one step.

Made ahead by housekeeping, and by the loader for whatever month a line names: a clock that is wrong by years has its
month as well, and no line is without one. SQLite keeps one table, and nothing here is done there.
All in the caller's transaction, which holds the loader's lock.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from qrmerch.scans.models import Scan
from qrmerch.scans.storing import is_sqlite

_AHEAD: Final = 2
_TABLE: Final = Scan.__tablename__
_THERE: Final = text(
    "SELECT relname FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid WHERE inhparent = 'scan'::regclass"
)
_NAMED: Final = re.compile(rf"{_TABLE}_([0-9]{{4}})_([0-9]{{2}})")
# What PostgreSQL calls a lock that was not to be had in time.
HELD: Final = "55P03"
# Whoever copies the whole database holds every table for a while: what waits for that would hold up all others.
_NO_WAITING: Final = text("SET LOCAL lock_timeout = '2s'")


def make_months(db: Session, months: Iterable[str]) -> None:
    """Make the tables that are missing.

    :param months: `2026-11`, of UTC.
    """
    if is_sqlite(db):
        return
    there = set(db.scalars(_THERE))
    for month in sorted(months):
        begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        name = f"{_TABLE}_{begin:%Y_%m}"
        if name not in there:
            # To attach a table disturbs nobody who reads or writes the others; to create it as a part would.
            db.execute(text(f"CREATE TABLE {name} (LIKE {_TABLE} INCLUDING ALL)"))
            limits = f"FROM ('{begin.isoformat()}') TO ('{_next(begin).isoformat()}')"
            db.execute(text(f"ALTER TABLE {_TABLE} ATTACH PARTITION {name} FOR VALUES {limits}"))


def make_months_ahead(db: Session, at: datetime) -> None:
    """Make the tables of this month and of the next ones."""
    months = [at.astimezone(UTC)]
    for _ in range(_AHEAD):
        months.append(_next(months[-1]))
    make_months(db, [f"{month:%Y-%m}" for month in months])


def drop_months(db: Session, before: datetime) -> int:
    """Drop the months that had ended before an instant; how many.

    :raises OperationalError: with `HELD` as its state: somebody reads the whole table just now.
    """
    if is_sqlite(db):
        return 0
    db.execute(_NO_WAITING)
    old = [name for name in db.scalars(_THERE) if _end_of(name) <= before]
    for name in old:
        db.execute(text(f"DROP TABLE {name}"))
    return len(old)


def _end_of(name: str) -> datetime:
    found = _NAMED.fullmatch(name)
    # A part that somebody else made: it is not ours to drop.
    return _next(datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC)) if found else datetime.max.replace(tzinfo=UTC)


def _next(month: datetime) -> datetime:
    return datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)
