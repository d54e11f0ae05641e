"""Keeping items, letting them go, sharing them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.visitors.models import Visitor
from qrmerch.wishlists import service
from qrmerch.wishlists.models import WishlistItem
from qrmerch.wishlists.queries import find_share_link, list_ever_kept, list_kept, list_kept_public_ids
from qrmerch.wishlists.service import ListFull, erase_list, keep, let_go, share
from tests.conftest import NOON
from tests.factories import make_item, make_retailer, make_store, make_visitor

MINUTE = timedelta(minutes=1)


def test_the_newest_stands_first(db: Session) -> None:
    retailer = make_retailer(db)
    visitor = make_visitor(db, retailer)
    items = [make_item(db, retailer) for _ in range(3)]

    for place, item in enumerate(items):
        assert keep(db, visitor, item, store_id=None, at=NOON + place * MINUTE)

    assert list_kept_public_ids(db, visitor.id) == [item.public_id for item in reversed(items)]


def test_keeping_again_changes_nothing(db: Session) -> None:
    retailer = make_retailer(db)
    visitor, item = make_visitor(db, retailer), make_item(db, retailer)
    keep(db, visitor, item, store_id=None, at=NOON)

    assert not keep(db, visitor, item, store_id=None, at=NOON + MINUTE)

    (row,) = list_kept(db, visitor.id)
    assert row.added_at == NOON


def test_what_was_let_go_can_be_kept_anew_where_one_is_now(db: Session) -> None:
    retailer = make_retailer(db)
    visitor, item, store = make_visitor(db, retailer), make_item(db, retailer), make_store(db, retailer)
    keep(db, visitor, item, store_id=None, at=NOON)
    assert let_go(db, visitor, item, at=NOON + MINUTE)
    db.flush()
    assert list_kept(db, visitor.id) == []

    assert keep(db, visitor, item, store_id=store.id, at=NOON + 2 * MINUTE)

    (row,) = list_ever_kept(db, visitor.id)
    assert (row.added_at, row.removed_at, row.store_id) == (NOON + 2 * MINUTE, None, store.id)


def test_what_is_not_kept_cannot_be_let_go(db: Session) -> None:
    retailer = make_retailer(db)
    visitor, item = make_visitor(db, retailer), make_item(db, retailer)
    assert not let_go(db, visitor, item, at=NOON)
    keep(db, visitor, item, store_id=None, at=NOON)
    let_go(db, visitor, item, at=NOON)

    assert not let_go(db, visitor, item, at=NOON)


def test_a_list_has_an_end_and_what_was_let_go_does_not_count(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_KEPT", 2)
    retailer = make_retailer(db)
    visitor = make_visitor(db, retailer)
    one, two, three = (make_item(db, retailer) for _ in range(3))
    keep(db, visitor, one, store_id=None, at=NOON)
    keep(db, visitor, two, store_id=None, at=NOON)

    with pytest.raises(ListFull, match="The list holds 2 items"):
        keep(db, visitor, three, store_id=None, at=NOON)

    let_go(db, visitor, one, at=NOON)
    db.flush()
    assert keep(db, visitor, three, store_id=None, at=NOON)


def test_erasing_leaves_no_trace_of_what_was_ever_kept(db: Session) -> None:
    retailer = make_retailer(db)
    visitor, other = make_visitor(db, retailer), make_visitor(db, retailer)
    one, two = make_item(db, retailer), make_item(db, retailer)
    for each in (visitor, other):
        keep(db, each, one, store_id=None, at=NOON)
        keep(db, each, two, store_id=None, at=NOON)
        let_go(db, each, two, at=NOON)

    erase_list(db, visitor, at=NOON)

    assert list_ever_kept(db, visitor.id) == []
    assert len(list_ever_kept(db, other.id)) == 2


def test_a_link_is_tied_to_nobody(db: Session) -> None:
    item = make_item(db, make_retailer(db))

    link = share(db, item, store_id=None, at=NOON)

    assert find_share_link(db, link.public_id) is link
    assert {column.name for column in link.__table__.columns} == {
        "id",
        "public_id",
        "retailer_id",
        "item_id",
        "store_id",
        "created_at",
    }


def test_the_same_press_many_times_at_once_is_one_row(database: Database, db: Session) -> None:
    retailer = make_retailer(db)
    visitor, item = make_visitor(db, retailer), make_item(db, retailer)
    db.commit()

    def press(_number: int) -> bool:
        with database.write() as session:
            is_new = keep(session, session.get_one(Visitor, visitor.id), item, store_id=None, at=NOON)
            session.commit()
            return is_new

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(press, range(16)))

    assert answers.count(True) == 1
    with database.read() as reading:
        assert reading.scalar(select(func.count()).select_from(WishlistItem)) == 1
