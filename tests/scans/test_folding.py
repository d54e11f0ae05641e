"""Actions into totals: each once, at the place where its visit began."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.scans.loader import Loader
from qrmerch.scans.models import DayTotal, Event, OpenVisit
from qrmerch.scans.service import record_event
from tests.conftest import NOON
from tests.factories import make_item, make_retailer
from tests.scans.shop import Shop, totals

VISIT = "a" * 28


def act(db: Session, shop: Shop, kind: str = "keep", **more: Any) -> Event:
    """Somebody does something a minute after noon."""
    said = {"item_id": shop.top.id, "at": NOON + timedelta(minutes=1), "visit": VISIT, **more}
    made = record_event(db, kind=kind, retailer_id=shop.retailer.id, **said)
    db.commit()
    return made


def load(database: Database, shop: Shop) -> Loader:
    made = Loader(database, shop.folder)
    while made.load(NOON):
        pass
    return made


def places_of(db: Session, kind: str) -> list[tuple[str, str, str, str]]:
    """(store, fixture, item, code) of what was counted of a kind."""
    rows = db.scalars(select(DayTotal).where(DayTotal.kind == kind))
    return [(row.store_id, row.fixture_id, row.item_id, row.code_id) for row in rows]


def test_an_action_counts_where_its_visit_began_whatever_the_page_said(
    database: Database, db: Session, shop: Shop
) -> None:
    shop.write(shop.scan(visit=VISIT))
    act(db, shop, store_id=shop.berlin.id)

    load(database, shop)

    assert places_of(db, "keep") == [(shop.riverside.id, shop.wall.id, shop.top.id, shop.code.id)]
    assert totals(db) == {"scan": 1, "keep": 1, "engaged": 1}


def test_a_further_item_of_the_visit_has_its_place_but_not_its_code(
    database: Database, db: Session, shop: Shop
) -> None:
    shop.write(shop.scan(visit=VISIT))
    act(db, shop, item_id=shop.cap.id)

    load(database, shop)

    assert places_of(db, "keep") == [(shop.riverside.id, shop.wall.id, shop.cap.id, "")]


def test_an_action_without_a_known_visit_counts_where_the_page_said_and_as_loose(
    database: Database, db: Session, shop: Shop
) -> None:
    act(db, shop, visit=None, store_id=shop.berlin.id)
    act(db, shop, visit="f" * 28)

    load(database, shop)

    assert totals(db) == {"keep": 2, "keep_loose": 2}
    assert sorted(places_of(db, "keep")) == sorted([(shop.berlin.id, "", shop.top.id, ""), ("", "", shop.top.id, "")])


@pytest.mark.parametrize(
    ("after", "is_linked"),
    [
        (timedelta(minutes=29), True),
        (timedelta(minutes=31), False),
        (timedelta(hours=5), False),
    ],
)
def test_a_visit_idles_for_half_an_hour(
    database: Database, db: Session, shop: Shop, after: timedelta, is_linked: bool
) -> None:
    shop.write(shop.scan(visit=VISIT))
    act(db, shop, at=NOON + after)

    load(database, shop)

    assert ("keep_loose" in totals(db)) is not is_linked


def test_each_action_keeps_its_visit_open_for_four_hours_in_all(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan(visit=VISIT))
    for quarter in range(1, 20):
        act(db, shop, at=NOON + timedelta(minutes=15 * quarter))

    load(database, shop)

    # 16 quarters are four hours; the other three come later.
    assert totals(db) == {"scan": 1, "keep": 19, "keep_loose": 3, "engaged": 1}
    assert db.scalars(select(OpenVisit.seen_at)).one() == NOON + timedelta(hours=4)


def test_an_action_is_counted_once_however_often_loading_is_done(
    database: Database, db: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write(shop.scan(visit=VISIT))
    act(db, shop)
    reader = Loader(database, shop.folder)
    commit = Session.commit
    with monkeypatch.context() as patch:

        def die(session: Session) -> None:
            raise KeyboardInterrupt

        patch.setattr(Session, "commit", die)
        with pytest.raises(KeyboardInterrupt):
            reader.load(NOON)
    assert Session.commit is commit

    load(database, shop)
    load(database, shop)

    assert totals(db) == {"scan": 1, "keep": 1, "engaged": 1}
    assert db.scalars(select(Event.is_counted)).all() == [True]


def test_actions_wait_until_the_lines_before_them_are_read(database: Database, db: Session, shop: Shop) -> None:
    shop.write(*(shop.scan(NOON + timedelta(seconds=n)) for n in range(50)), shop.scan(visit=VISIT))
    act(db, shop)
    reader = Loader(database, shop.folder, max_bytes=500)

    first = reader.load(NOON)
    while reader.load(NOON):
        pass

    assert first.events == 0
    assert totals(db) == {"scan": 51, "keep": 1, "engaged": 1}


def test_what_a_till_does_counts_at_the_till(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan(visit=VISIT))
    act(db, shop, "redeem", store_id=shop.riverside.id, at=NOON + timedelta(hours=3))
    act(db, shop, "refuse", store_id=shop.berlin.id, at=NOON + timedelta(hours=3))

    load(database, shop)

    assert places_of(db, "redeem") == [(shop.riverside.id, shop.wall.id, shop.top.id, shop.code.id)]
    assert places_of(db, "refuse") == [(shop.berlin.id, "", shop.top.id, "")]
    assert totals(db) == {"scan": 1, "redeem": 1, "refuse": 1}


def test_another_houses_visit_lends_no_place(database: Database, db: Session, shop: Shop) -> None:
    other = make_retailer(db)
    stranger = make_item(db, other)
    shop.write(shop.scan(visit=VISIT))
    record_event(
        db, kind="keep", retailer_id=other.id, item_id=stranger.id, at=NOON + timedelta(minutes=1), visit=VISIT
    )
    db.commit()

    load(database, shop)

    assert places_of(db, "keep") == [("", "", stranger.id, "")]
    assert totals(db) == {"scan": 1, "keep": 1, "keep_loose": 1}


def test_what_is_no_action_is_not_recorded(db: Session, shop: Shop) -> None:
    with pytest.raises(ValueError, match="not an action"):
        act(db, shop, "scan")
