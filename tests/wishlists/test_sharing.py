"""Sharing a whole list: one address at a time, its end, and what friends say they bring."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.db import Database
from qrmerch.jobs import Work
from qrmerch.parties.queries import get_retailer
from qrmerch.visitors.models import Visitor
from qrmerch.wishlists import service
from qrmerch.wishlists.models import SHARE_LASTS, Bringing, ListShare
from qrmerch.wishlists.queries import find_list_share, find_share_of, list_bringings, list_brought_by, list_kept
from qrmerch.wishlists.service import (
    ENDED_KEPT,
    bring,
    copy_list,
    end_lapsed,
    end_share,
    erase_list,
    keep,
    let_go,
    share_list,
    take_back,
)
from qrmerch.wishlists.tasks import end_lapsed_shares
from tests.conftest import NOON
from tests.factories import make_item, make_retailer, make_store, make_visitor

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@dataclass
class Present:
    """A shared list with one thing on it, its owner, and two friends."""

    owner: Visitor
    friend: Visitor
    other: Visitor
    item: Item
    share: ListShare


@pytest.fixture
def present(db: Session) -> Present:
    retailer = make_retailer(db)
    owner, friend, other = (make_visitor(db, retailer) for _ in range(3))
    item = make_item(db, retailer)
    keep(db, owner, item, store_id=None, at=NOON)
    return Present(owner, friend, other, item, share_list(db, owner, at=NOON))


def test_an_address_is_128_random_bits_and_names_nobody(db: Session, present: Present) -> None:
    secrets = {share_list(db, visitor, at=NOON).secret for visitor in (present.friend, present.other)}

    said = present.share.secret or ""
    assert len(secrets | {said}) == 3
    assert len(bytes.fromhex(said)) == 16
    assert not {said} & {present.share.public_id, present.share.id, present.owner.id, present.owner.secret_hash}


def test_sharing_again_is_the_same_address_for_longer(db: Session, present: Present) -> None:
    before, until = present.share.secret, present.share.until_at

    again = share_list(db, present.owner, at=NOON + DAY)

    assert again.secret == before
    assert again.until_at == until + DAY


def test_a_stopped_address_stays_known_by_its_digest_alone(db: Session, present: Present) -> None:
    secret = present.share.secret or ""

    end_share(db, present.share, at=NOON)
    again = share_list(db, present.owner, at=NOON)

    ended = find_list_share(db, secret)
    assert ended is not None
    assert (ended.secret, ended.visitor_id, ended.ended_at) == (None, None, NOON)
    assert not ended.holds(NOON)
    assert again.secret not in (None, secret)


def test_an_address_ends_by_itself_and_the_next_is_another(db: Session, present: Present) -> None:
    secret = present.share.secret
    last, over = NOON + SHARE_LASTS - SECOND, NOON + SHARE_LASTS

    assert present.share.holds(last)
    assert not present.share.holds(over)
    assert share_list(db, present.owner, at=over).secret != secret
    assert present.share.ended_at == over


def test_what_is_shared_too_long_is_ended_and_what_ended_long_ago_forgotten(
    db: Session, present: Present, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_ENDED_AT_ONCE", 1)
    young = share_list(db, present.other, at=NOON + SECOND)
    bring(db, present.share, present.friend, present.item, at=NOON)
    over = NOON + SHARE_LASTS

    assert [end_lapsed(db, at=over) for _ in range(2)] == [1, 0]

    assert (present.share.ended_at, young.ended_at) == (over, None)
    assert list_brought_by(db, present.friend.id) == []
    end_lapsed(db, at=over + ENDED_KEPT - SECOND)
    assert db.scalar(select(func.count()).select_from(ListShare)) == 2
    end_lapsed(db, at=over + ENDED_KEPT)
    assert db.scalar(select(func.count()).select_from(ListShare)) == 1


def test_the_chore_ends_all_that_lapsed(db: Session, work: Work, database: Database) -> None:
    share = share_list(db, make_visitor(db, make_retailer(db)), at=now() - SHARE_LASTS)
    db.commit()

    end_lapsed_shares(work)

    assert end_lapsed_shares in jobs._chores
    with database.read() as reading:
        assert reading.get_one(ListShare, share.id).ended_at is not None


def test_each_item_is_brought_by_one_friend_who_alone_can_undo_it(db: Session, present: Present) -> None:
    share, item = present.share, present.item

    assert bring(db, share, present.friend, item, at=NOON)
    assert bring(db, share, present.friend, item, at=NOON)
    assert not bring(db, share, present.other, item, at=NOON)
    assert not take_back(db, share, present.other, item)
    assert len(list_bringings(db, share.id)) == 1

    assert take_back(db, share, present.friend, item)
    assert not take_back(db, share, present.friend, item)
    assert bring(db, share, present.other, item, at=NOON)


def test_the_database_itself_lets_one_friend_bring_an_item(db: Session, present: Present) -> None:
    bring(db, present.share, present.friend, present.item, at=NOON)
    retailer_id = present.share.retailer_id
    second = {"retailer_id": retailer_id, "share_id": present.share.id, "item_id": present.item.id, "at": NOON}

    db.add(Bringing(visitor_id=present.other.id, **second))
    with pytest.raises(IntegrityError):
        db.flush()


def test_the_database_itself_keeps_no_owner_of_an_ended_list(db: Session, present: Present) -> None:
    present.share.ended_at = NOON

    with pytest.raises(IntegrityError):
        db.flush()


def test_sec_h04_erasing_takes_the_address_and_the_marks_along(db: Session, present: Present) -> None:
    theirs = share_list(db, present.other, at=NOON)
    bring(db, present.share, present.friend, present.item, at=NOON)
    bring(db, theirs, present.owner, present.item, at=NOON)

    erase_list(db, present.owner, at=NOON)

    assert find_share_of(db, present.owner.id) is None
    assert db.scalar(select(func.count()).select_from(Bringing)) == 0
    assert present.share.secret is None
    assert theirs.holds(NOON)


def test_copying_adds_what_is_missing_in_the_same_order_and_leaves_the_rest(db: Session, present: Present) -> None:
    retailer = get_retailer(db, present.owner.retailer_id)
    store, items = make_store(db, retailer), [make_item(db, retailer) for _ in range(4)]
    here, gone, first, second = items
    keep(db, present.friend, here, store_id=None, at=NOON)
    keep(db, present.friend, gone, store_id=None, at=NOON)
    let_go(db, present.friend, gone, at=NOON)
    db.flush()

    copied = copy_list(db, [first, here, gone, second], present.friend, store_id=store.id, at=NOON + DAY)
    again = copy_list(db, [first, here, gone, second], present.friend, store_id=None, at=NOON + 2 * DAY)

    assert (copied.items, copied.is_full) == ((first, gone, second), False)
    assert (again.items, again.is_full) == ((), False)
    rows = {row.item_id: row for row in list_kept(db, present.friend.id)}
    assert {row.added_at for row in rows.values()} == {NOON, NOON + DAY}
    assert rows[here.id].added_at == NOON
    assert (rows[gone.id].removed_at, rows[gone.id].store_id) == (None, store.id)
    assert [row.item_id for row in list_kept(db, present.friend.id)][-1] == here.id


def test_copying_stops_where_the_list_is_full(db: Session, present: Present, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_KEPT", 2)
    items = [make_item(db, get_retailer(db, present.owner.retailer_id)) for _ in range(3)]

    copied = copy_list(db, items, present.friend, store_id=None, at=NOON)

    assert (copied.items, copied.is_full) == (tuple(items[:2]), True)
    assert copy_list(db, items, present.friend, store_id=None, at=NOON).items == ()
