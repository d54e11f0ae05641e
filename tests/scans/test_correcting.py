"""What is counted when its day is closed is in the total, and told beside it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.scans.correcting import LATE, RULE
from qrmerch.scans.line import ORPHAN, make_line
from qrmerch.scans.loader import Loader
from qrmerch.scans.models import Correction
from qrmerch.scans.queries import Span, count_corrected
from qrmerch.scans.service import record_event
from tests.conftest import NOON
from tests.scans.shop import PHONE, Shop, totals

# The end of the 18th at Riverside, which keeps New York's time, and in Berlin.
RIVERSIDE_ENDS = datetime(2026, 11, 19, 5, tzinfo=UTC)
BERLIN_ENDS = datetime(2026, 11, 18, 23, tzinfo=UTC)
DAY = (date(2026, 11, 18), date(2026, 11, 19))


def told(db: Session) -> dict[tuple[str, str], int]:
    """Differences by kind and store."""
    found = {(row.kind, row.store_id): row.difference for row in db.scalars(select(Correction))}
    db.commit()
    return found


@pytest.mark.parametrize("late", [timedelta(seconds=-1), timedelta(0), timedelta(days=40)], ids=str)
def test_a_day_is_closed_seventy_two_hours_after_its_end_where_it_was(
    database: Database, db: Session, shop: Shop, late: timedelta
) -> None:
    shop.write(shop.scan(), shop.scan(NOON + timedelta(seconds=1)), shop.scan(code=shop.berlin_code))

    Loader(database, shop.folder).load(RIVERSIDE_ENDS + timedelta(hours=72) + late)

    assert totals(db) == {"scan": 3}
    riverside = {("scan", shop.riverside.id): 2} if late >= timedelta(0) else {}
    assert told(db) == {("scan", shop.berlin.id): 1, **riverside}
    span = Span(shop.retailer.id, *DAY)
    assert count_corrected(db, span, LATE) == 1 + sum(riverside.values())
    assert count_corrected(db, span, RULE) == 0


def test_what_is_in_time_is_no_correction_and_what_follows_late_is(database: Database, db: Session, shop: Shop) -> None:
    """A view that comes after days makes a scan of what was fetched ahead, on the day of that opening."""
    shop.write(shop.scan(manner="prefetch", visit="a" * 28))
    Loader(database, shop.folder).load(BERLIN_ENDS)
    assert told(db) == {}
    shop.write(shop.view(NOON + timedelta(minutes=1), visit="a" * 28), name="scan-b.jsonl")

    Loader(database, shop.folder).load(NOON + timedelta(days=9))

    assert totals(db) == {"prefetch": 0, "scan": 1, "view": 1}
    assert {kind: count for (kind, _), count in told(db).items()} == {"prefetch": -1, "scan": 1, "view": 1}


def test_an_action_that_waited_is_told_as_well(database: Database, db: Session, shop: Shop) -> None:
    record_event(db, kind="keep", retailer_id=shop.retailer.id, item_id=shop.top.id, at=NOON, store_id=shop.berlin.id)
    db.commit()

    Loader(database, shop.folder).load(BERLIN_ENDS + timedelta(hours=72))

    assert told(db) == {("keep", shop.berlin.id): 1, ("keep_loose", shop.berlin.id): 1}


def test_whose_house_is_not_there_holds_nothing_up(database: Database, db: Session, shop: Shop) -> None:
    at_s = NOON.timestamp()
    shop.write(make_line(ORPHAN, "", at_s, agent=PHONE), make_line(ORPHAN, "", at_s, agent=PHONE, retailer_id="gone"))

    Loader(database, shop.folder).load(NOON + timedelta(days=9))

    assert totals(db) == {"orphan": 2}
    assert told(db) == {}
