"""Many presses at once: one address of a list, and one friend who brings an item."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.db import Database
from qrmerch.visitors.models import Visitor
from qrmerch.wishlists.models import Bringing, ListShare, ShareMode
from qrmerch.wishlists.queries import find_list_share
from qrmerch.wishlists.service import bring, end_share, keep, share_list
from tests.conftest import NOON
from tests.factories import make_item, make_retailer, make_visitor


def test_the_same_press_many_times_at_once_is_one_address(database: Database, db: Session) -> None:
    visitor = make_visitor(db, make_retailer(db))
    db.commit()

    def press(_number: int) -> str | None:
        with database.write() as session:
            secret = share_list(session, session.get_one(Visitor, visitor.id), at=NOON).secret
            session.commit()
            return secret

    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(press, range(16)))

    assert len(secrets) == 1
    with database.read() as reading:
        assert reading.scalars(select(ListShare.secret)).all() == list(secrets)


def make_present(db: Session) -> tuple[ListShare, Item, list[str]]:
    """A shared list with one thing on it, committed, and eight friends' phones."""
    retailer = make_retailer(db)
    owner, item = make_visitor(db, retailer), make_item(db, retailer)
    keep(db, owner, item, store_id=None, at=NOON)
    share = share_list(db, owner, at=NOON)
    share.mode = ShareMode.GIFT
    friends = [make_visitor(db, retailer).id for _ in range(8)]
    db.commit()
    return share, item, friends


def test_of_many_friends_at_once_one_brings_it(database: Database, db: Session) -> None:
    share, item, friends = make_present(db)
    secret, item_id = share.secret or "", item.id

    def press(visitor_id: str) -> bool:
        with database.write() as session:
            share = find_list_share(session, secret, to_change=True)
            assert share is not None
            friend, item = session.get_one(Visitor, visitor_id), session.get_one(Item, item_id)
            is_mine = bring(session, share, friend, item, at=NOON)
            session.commit()
            return is_mine

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(press, friends))

    assert told.count(True) == 1
    with database.read() as reading:
        assert reading.scalar(select(func.count()).select_from(Bringing)) == 1


def test_nothing_is_brought_of_a_list_that_ends_meanwhile(database: Database, db: Session) -> None:
    share, item, friends = make_present(db)
    secret, item_id = share.secret or "", item.id

    def press(visitor_id: str) -> None:
        with database.write() as session:
            known = find_list_share(session, secret, to_change=True)
            if known is not None and known.holds(NOON):
                bring(session, known, session.get_one(Visitor, visitor_id), session.get_one(Item, item_id), at=NOON)
                session.commit()

    def stop() -> None:
        with database.write() as session:
            known = find_list_share(session, secret, to_change=True)
            assert known is not None
            end_share(session, known, at=NOON)
            session.commit()

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(press, each) for each in friends[:4]] + [pool.submit(stop)]
        jobs += [pool.submit(press, each) for each in friends[4:]]
        for job in jobs:
            job.result()

    with database.read() as reading:
        assert reading.scalar(select(func.count()).select_from(Bringing)) == 0
