"""Phones that agreed: each counted once a day and store, known again on a later day, in whatever order lines come."""

import contextlib
import random
import threading
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.scans import kinds
from qrmerch.scans.agreed import KEPT_FOR, Agreed, erase_days_of, list_days_of
from qrmerch.scans.loader import Loader, keep_house
from qrmerch.scans.models import AgreedDay, Correction, DayTotal, HourTotal
from qrmerch.visitors.agreed import (
    AGREEMENT_LASTS,
    agree,
    draw_number,
    find_agreed_phone,
    phone_key,
    take_back,
)
from qrmerch.visitors.models import AgreedPhone
from tests.conftest import NOON
from tests.factories import make_code, make_item, make_retailer, make_store
from tests.scans.shop import ROBOT, Shop
from tests.scans.test_loader import load

DAY = timedelta(days=1)
OF_PHONES = (kinds.AGREED, kinds.RETURNED, kinds.AGREED_HOUSE, kinds.RETURNED_HOUSE)


def make_phone(db: Session, retailer_id: str, *, at: datetime = NOON) -> str:
    """A phone whose owner said yes, committed; its key."""
    key = phone_key(draw_number(), retailer_id)
    agree(db, retailer_id, key, shown_text="May we?", locale="en", at=at)
    db.commit()
    return key


def told(db: Session, *wanted: str) -> dict[tuple[str, str, int], int]:
    """Totals of these kinds by kind, store and day of the month."""
    rows = db.scalars(select(DayTotal).where(DayTotal.kind.in_(wanted or OF_PHONES)))
    found: Counter[tuple[str, str, int]] = Counter()
    for row in rows:
        found[row.kind, row.store_id, row.on.day] += row.count
    db.commit()
    return dict(+found)


def test_a_phone_that_comes_back_on_another_day_is_told_once_a_day_and_store(
    database: Database, db: Session, shop: Shop
) -> None:
    key = make_phone(db, shop.retailer.id)
    here, berlin = shop.riverside.id, shop.berlin.id
    yesterday = NOON - DAY
    shop.write(shop.scan(yesterday, phone=key), shop.scan(yesterday + timedelta(minutes=5), phone=key))
    load(database, shop)
    shop.write(shop.scan(phone=key), shop.scan(phone=key), shop.scan(phone=key, code=shop.berlin_code))
    shop.write(shop.page(phone=key, visit="a" * 28))
    other = make_phone(db, shop.retailer.id)
    shop.write(shop.scan(near="89abcdef"), shop.scan(NOON + timedelta(seconds=5), near="89abcdef", phone=other))

    load(database, shop)

    assert told(db) == {
        ("agreed", here, 17): 1,
        ("agreed_house", "", 17): 1,
        ("agreed", here, 18): 2,
        ("agreed", berlin, 18): 1,
        ("agreed", "", 18): 1,
        ("returned", here, 18): 1,
        ("returned", berlin, 18): 1,
        ("returned", "", 18): 1,
        ("agreed_house", "", 18): 2,
        ("returned_house", "", 18): 1,
    }
    assert sum(told(db, kinds.AGREED_VISIT).values()) == 5, "a further page begins no visit, and a repeat none"
    assert not db.scalar(select(func.count()).select_from(HourTotal).where(HourTotal.kind.in_(OF_PHONES)))


@pytest.mark.parametrize("how", ["forged", "taken back", "another house's", "objects", "robot", "of the house"])
def test_a_key_that_nobody_was_given_counts_for_nothing(database: Database, db: Session, shop: Shop, how: str) -> None:
    key = make_phone(db, make_retailer(db).id if how == "another house's" else shop.retailer.id)
    more = {"agent": ROBOT} if how == "robot" else {"manner": "internal"} if how == "of the house" else {}
    if how == "objects":
        more = {"has_gpc": True}
    if how == "taken back":
        phone = find_agreed_phone(db, shop.retailer.id, key)
        assert phone
        take_back(db, phone, shown_text="No more", locale="en", at=NOON)
        db.commit()
    keys = [f"{number:016x}" for number in range(700)] if how == "forged" else [key]
    shop.write(*(shop.scan(NOON + timedelta(minutes=n), phone=each, **more) for n, each in enumerate(keys)))

    load(database, shop)

    assert told(db, *OF_PHONES, kinds.AGREED_VISIT) == {}
    assert not db.scalars(select(AgreedDay)).all()


@pytest.mark.parametrize(("days", "is_back"), [(1, True), (90, True), (91, False)])
def test_back_is_who_was_here_in_the_ninety_days_before(
    database: Database, db: Session, shop: Shop, days: int, is_back: bool
) -> None:
    key = make_phone(db, shop.retailer.id)
    loader, before = Loader(database, shop.folder), NOON - days * DAY
    shop.write(shop.scan(before, phone=key))
    loader.load(before)
    shop.write(shop.scan(NOON, phone=key))

    loader.load(NOON)

    assert ("returned_house", "", NOON.day) in told(db) if is_back else not told(db, kinds.RETURNED_HOUSE)


@pytest.mark.parametrize("days", [-2, 32])
def test_what_comes_a_month_late_or_from_a_wrong_clock_is_of_no_phone(
    database: Database, db: Session, shop: Shop, days: int
) -> None:
    key = make_phone(db, shop.retailer.id)
    shop.write(shop.scan(NOON - days * DAY, phone=key))

    load(database, shop)

    assert told(db) == {}
    assert sum(told(db, kinds.SCAN).values()) == 1


@pytest.mark.parametrize("seed", range(5))
def test_totals_are_what_the_days_come_to_in_any_order_and_whoever_dies(
    seed: int, database: Database, db: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice, commits = random.Random(seed), Session.commit
    other = make_retailer(db)
    other_code = make_code(db, make_item(db, other), store=make_store(db, other))
    phones = [(shop.retailer.id, make_phone(db, shop.retailer.id), shop.code) for _ in range(4)]
    phones += [(other.id, make_phone(db, other.id), other_code)]
    seen: set[tuple[str, str, str, date]] = set()

    def die(session: Session) -> None:
        when = dice.random()
        if when > 0.4:
            commits(session)
        if when < 0.7:
            raise KeyboardInterrupt

    for number in range(120):
        retailer_id, key, code = dice.choice(phones)
        code = dice.choice([code, shop.berlin_code]) if code is shop.code else code
        at = NOON - DAY * dice.randrange(25)
        shop.write(shop.scan(at, phone=key, code=code), name=f"scan-{dice.choice('abc')}.jsonl")
        seen.add((retailer_id, key, str(code.store_id), at.date()))
        if number % 10 == 0:
            with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
                patch.setattr(Session, "commit", die)
                Loader(database, shop.folder, max_bytes=dice.choice([1_000, 40_000])).load(NOON)
    load(database, shop)
    assert not Loader(database, shop.folder).load(NOON + timedelta(seconds=1)).lines

    assert {
        (row.retailer_id, row.kind, row.store_id, row.on): row.count
        for row in db.scalars(select(DayTotal).where(DayTotal.kind.in_(OF_PHONES)))
    } == dict(recount(seen))
    rows = {(row.retailer_id, row.phone, row.store_id, row.on) for row in db.scalars(select(AgreedDay))}
    assert rows == seen
    visits = select(func.sum(DayTotal.count)).where(DayTotal.kind == kinds.AGREED_VISIT)
    assert db.scalar(visits) == 120


def recount(seen: set[tuple[str, str, str, date]]) -> Counter[tuple[str, str, str, date]]:
    """Totals of phones, each day asked for by itself."""
    found: Counter[tuple[str, str, str, date]] = Counter()
    for retailer_id, key, on in {(house, key, on) for house, key, _, on in seen}:
        was_here = any(
            (house, other) == (retailer_id, key) and timedelta(0) < on - before <= 90 * DAY
            for house, other, _, before in seen
        )
        stores = [store for house, other, store, when in seen if (house, other, when) == (retailer_id, key, on)]
        found[retailer_id, kinds.AGREED_HOUSE, "", on] += 1
        found.update((retailer_id, kinds.AGREED, store, on) for store in stores)
        if was_here:
            found[retailer_id, kinds.RETURNED_HOUSE, "", on] += 1
            found.update((retailer_id, kinds.RETURNED, store, on) for store in stores)
    return found


def test_a_phone_counted_late_is_told_beside_the_number(database: Database, db: Session, shop: Shop) -> None:
    key = make_phone(db, shop.retailer.id)
    shop.write(shop.scan(NOON - 5 * DAY, phone=key))

    load(database, shop)

    late = {row.kind: row.difference for row in db.scalars(select(Correction))}
    assert late == {kinds.SCAN: 1, kinds.AGREED_VISIT: 1, kinds.AGREED: 1, kinds.AGREED_HOUSE: 1}


def test_taking_back_deletes_days_and_keeps_totals_and_what_is_loaded_later_is_of_nobody(
    database: Database, db: Session, shop: Shop
) -> None:
    key, other = make_phone(db, shop.retailer.id), make_phone(db, shop.retailer.id)
    shop.write(shop.scan(NOON - DAY, phone=key), shop.scan(phone=other))
    load(database, shop)
    before = told(db)
    shop.write(shop.scan(phone=key))
    phone = find_agreed_phone(db, shop.retailer.id, key)
    assert phone

    take_back(db, phone, shown_text="No more", locale="en", at=NOON)
    erase_days_of(db, shop.retailer.id, key)
    db.commit()
    load(database, shop)

    assert told(db) == before
    assert db.scalars(select(AgreedDay.phone)).all() == [other]
    assert list_days_of(db, shop.retailer.id, key) == []
    assert db.scalars(select(AgreedPhone.key).order_by(AgreedPhone.key.is_(None))).all() == [other, None]


def test_who_takes_it_back_while_it_is_counted_leaves_no_day(
    database: Database, db: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, store = make_phone(db, shop.retailer.id), Agreed.store
    shop.write(shop.scan(phone=key))

    def withdraw() -> None:
        with database.write() as other:
            phone = find_agreed_phone(other, shop.retailer.id, key)
            assert phone
            take_back(other, phone, shown_text="No more", locale="en", at=NOON)
            erase_days_of(other, shop.retailer.id, key)
            other.commit()

    thread = threading.Thread(target=withdraw)

    def meanwhile(self: Agreed, *more: Any) -> None:
        thread.start()
        # Long enough for one whom nobody holds; who is held ends after the batch.
        thread.join(0.3)
        store(self, *more)

    monkeypatch.setattr(Agreed, "store", meanwhile)
    load(database, shop)
    thread.join()

    assert not db.scalars(select(AgreedDay)).all()
    assert told(db, kinds.AGREED_HOUSE) == {("agreed_house", "", 18): 1}


def test_days_go_after_four_months_and_keys_with_their_cookie(database: Database, db: Session, shop: Shop) -> None:
    old = make_phone(db, shop.retailer.id, at=NOON - AGREEMENT_LASTS - DAY)
    young = make_phone(db, shop.retailer.id, at=NOON - AGREEMENT_LASTS)
    said = {"retailer_id": shop.retailer.id, "store_id": "", "phone": young}
    db.add_all(AgreedDay(on=(NOON - age).date(), **said) for age in (KEPT_FOR, KEPT_FOR + DAY, DAY))
    db.commit()

    keep_house(database, shop.folder, retention=timedelta(days=396), at=NOON)

    assert db.scalars(select(AgreedDay.on).order_by(AgreedDay.on)).all() == [
        (NOON - KEPT_FOR).date(),
        (NOON - DAY).date(),
    ]
    assert find_agreed_phone(db, shop.retailer.id, old) is None
    assert find_agreed_phone(db, shop.retailer.id, young)


def test_one_number_is_another_key_at_each_house() -> None:
    number = draw_number()

    assert len(number) == 32 and number != draw_number()
    assert phone_key(number, "one") != phone_key(number, "two")
    assert len(phone_key(number, "one")) == 16 and phone_key(number, "one") not in number
