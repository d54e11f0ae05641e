"""Raw scans by the month on PostgreSQL: a line always finds its month, and an old one goes in one step."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qrmerch import migrate
from qrmerch.db import Database
from qrmerch.scans.loader import Loader, keep_house
from qrmerch.scans.models import LogFile, Scan
from qrmerch.scans.months import drop_months, make_months, make_months_ahead
from tests.conftest import NOON
from tests.scans.shop import ROBOT, Shop, totals
from tests.scans.test_loader import load
from tests.scans.test_withdrawing import withdraw

RETENTION = timedelta(days=396)
_PARTS = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'scan'::regclass")


def rows(db: Session) -> int:
    found = db.scalar(select(func.count()).select_from(Scan)) or 0
    db.commit()
    return found


def months(database: Database) -> set[str]:
    """The tables of months that are there; of SQLite, which has none, nothing."""
    if database.is_sqlite:
        return set()
    with database.read() as db:
        return set(db.scalars(_PARTS))


def test_raw_scans_are_gone_after_thirteen_months_and_their_totals_stay(
    database: Database, db: Session, shop: Shop
) -> None:
    began = datetime(2025, 9, 30, 23, 30, tzinfo=UTC)
    for number in range(60):
        at = began + timedelta(days=number)
        path = shop.write(shop.scan(at), shop.scan(at + timedelta(minutes=50)), name=f"scan-{number:02}.jsonl")
        os.utime(path, times=(at.timestamp(), at.timestamp()))
        Loader(database, shop.folder).load(at + timedelta(hours=1))

    for hour in range(24 * 14):
        at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=6 * hour)
        keep_house(database, shop.folder, retention=RETENTION, at=at)
        kept = db.scalars(select(Scan.at).order_by(Scan.at)).all()
        db.commit()
        assert not kept or kept[0] >= at - RETENTION - timedelta(hours=1), "older than it may be"
        due = sum(
            1 for day in range(60) for late in (0, 50) if began + timedelta(days=day, minutes=late) >= at - RETENTION
        )
        assert len(kept) >= due, "gone before its time"
    assert rows(db) == 0 and not db.scalars(select(LogFile)).all()
    assert totals(db) == {"scan": 120}
    assert not months(database) & {"scan_2025_09", "scan_2025_10", "scan_2025_11"}


def test_a_month_that_is_wholly_past_goes_in_one_step(database: Database, db: Session, shop: Shop) -> None:
    """Not row by row: what its files' rows say of when they were read does not matter."""
    shop.write(shop.scan(datetime(2025, 9, 1, tzinfo=UTC)), shop.scan(datetime(2025, 9, 30, tzinfo=UTC)), shop.scan())
    load(database, shop)

    with database.write() as changing:
        dropped = drop_months(changing, datetime(2025, 9, 30, 23, 59, tzinfo=UTC))
        dropped += drop_months(changing, datetime(2025, 10, 1, tzinfo=UTC))
        changing.commit()

    assert dropped == (0 if database.is_sqlite else 1)
    assert rows(db) == (3 if database.is_sqlite else 1)


def test_clocks_that_are_wrong_by_years_lose_no_line(database: Database, db: Session, shop: Shop) -> None:
    odd = [datetime(1970, 1, 1, 0, 1, tzinfo=UTC), datetime(2000, 2, 29, 23, 59, 59, 999_000, tzinfo=UTC)]
    odd += [datetime(2099, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)]
    shop.write(*(shop.scan(at) for at in odd), shop.scan())

    load(database, shop)

    assert rows(db) == 5
    assert totals(db) == {"scan": 5}
    if not database.is_sqlite:
        assert {"scan_1970_01", "scan_2000_02", "scan_2099_12", "scan_2027_01"} <= months(database)


def test_a_place_in_a_file_is_a_row_once(database: Database, db: Session, shop: Shop) -> None:
    """Two things hold it: how far a file was read, in the same transaction; and the key, if that were ever wrong."""
    shop.write(shop.scan(), shop.scan(NOON + timedelta(days=20)))
    load(database, shop)
    before = totals(db)
    db.execute(text('UPDATE log_file SET "offset" = 0'))
    db.commit()

    with pytest.raises(IntegrityError):
        Loader(database, shop.folder).load(NOON)

    assert rows(db) == 2
    assert totals(db) == before


def test_a_batch_at_the_turn_of_months_lies_in_both_and_counts_once(
    database: Database, db: Session, shop: Shop
) -> None:
    turn = datetime(2026, 12, 1, tzinfo=UTC)
    shop.write(*(shop.scan(turn + timedelta(seconds=n), agent=ROBOT) for n in range(-5, 5)))
    load(database, shop, max_bytes=900)

    assert totals(db) == {"bot": 10}
    assert withdraw(database, 30).hits == 10, "a rule is withdrawn in all months"
    assert totals(db) == {"bot": 0, "scan": 10}
    if not database.is_sqlite:
        lies = db.execute(text("SELECT tableoid::regclass::text, count(*) FROM scan GROUP BY 1")).all()
        assert dict(lies) == {"scan_2026_11": 5, "scan_2026_12": 5}
        db.commit()


def test_months_are_there_before_their_first_line(database: Database, shop: Shop) -> None:
    for _ in range(2):
        keep_house(database, shop.folder, retention=RETENTION, at=datetime(2029, 11, 30, 23, 59, tzinfo=UTC))

    if not database.is_sqlite:
        assert {"scan_2029_11", "scan_2029_12", "scan_2030_01"} <= months(database)
        assert "scan_2030_02" not in months(database)


def test_whoever_copies_the_database_holds_up_no_counting(database: Database, db: Session, shop: Shop) -> None:
    """As `pg_dump` does: it reads all tables in one long transaction, in which nothing may go."""
    shop.write(shop.scan(datetime(2025, 9, 1, tzinfo=UTC)), name="scan-old.jsonl")
    load(database, shop)
    shop.write(shop.scan(datetime(2028, 5, 1, tzinfo=UTC)), name="scan-new.jsonl")
    with database.read() as copying:
        assert copying.scalar(select(func.count()).select_from(Scan)) == 1

        keep_house(database, shop.folder, retention=RETENTION, at=NOON)
        load(database, shop)

        assert totals(db) == {"scan": 2}
    if not database.is_sqlite:
        assert "scan_2025_09" in months(database)
        keep_house(database, shop.folder, retention=RETENTION, at=NOON)
        assert "scan_2025_09" not in months(database)


def test_the_tables_of_months_are_no_difference_from_the_models(database: Database, db: Session) -> None:
    make_months(db, ["2031-02"])
    make_months_ahead(db, datetime(2031, 12, 31, tzinfo=UTC))
    db.commit()

    with database.engine.connect() as connection:
        assert migrate.find_drift(connection) == []
