"""Everybody at once: who takes a call, how many are open, and one phone that presses twice, on both databases."""

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.calls import service
from qrmerch.calls.models import Call, CallState
from qrmerch.calls.service import CallGone, CallRefused, Refusal
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.db import Database
from qrmerch.parties.models import Store
from tests.factories import let_call, make_call, make_item, make_person, make_retailer, make_store
from tests.threads import at_once

THREADS, MOST, ROUNDS = 8, 3, 3


def open_floor(database: Database) -> tuple[str, str, list[str]]:
    """The ids of a store where so many may call, of an item, and of everybody who works there."""
    with database.write() as db:
        shop = make_retailer(db)
        store, item = make_store(db, shop), make_item(db, shop)
        let_call(db, store, most_open=MOST)
        people = [
            make_person(db, Role.ASSOCIATE, name=f"Ada{n}", retailer=shop, stores=(store,)) for n in range(THREADS)
        ]
        db.commit()
        return store.id, item.id, [each.user.id for each in people]


def try_to_call(db: Session, store_id: str, item_id: str, caller: str) -> str:
    try:
        make_call(db, db.get_one(Store, store_id), db.get_one(Item, item_id), caller=caller)
    except CallRefused as refused:
        db.rollback()
        return refused.refusal.value
    return "made"


def test_of_all_who_take_a_call_exactly_one_has_it(database: Database) -> None:
    store_id, item_id, people = open_floor(database)
    for _ in range(ROUNDS):
        with database.write() as db:
            call_id = make_call(db, db.get_one(Store, store_id), db.get_one(Item, item_id)).id
            db.commit()

        def take(db: Session, place: int, call_id: str = call_id) -> str:
            try:
                service.take(db, db.get_one(Call, call_id), people[place], at=now())
            except CallGone as gone:
                db.rollback()
                return gone.detail
            return people[place]

        answers = at_once(database, THREADS, take)

        with database.write() as db:
            made = db.get_one(Call, call_id)
            assert [each for each in answers if each in people] == [made.taken_by]
            assert sum("has taken number" in each for each in answers) == THREADS - 1
            service.finish(db, made, at=now())
            db.commit()


def test_no_more_calls_are_open_than_may_be_and_no_number_is_given_twice(database: Database) -> None:
    store_id, item_id, _ = open_floor(database)

    answers = at_once(database, THREADS, lambda db, place: try_to_call(db, store_id, item_id, f"phone-{place}"))

    assert Counter(answers) == {"made": MOST, Refusal.ALL_BUSY: THREADS - MOST}
    with database.read() as db:
        assert sorted(db.scalars(select(Call.number))) == list(range(1, MOST + 1))


def test_one_phone_that_presses_often_calls_once(database: Database) -> None:
    store_id, item_id, _ = open_floor(database)

    answers = at_once(database, THREADS, lambda db, _: try_to_call(db, store_id, item_id, "one phone"))

    assert Counter(answers) == {"made": 1, Refusal.OPEN_ALREADY: THREADS - 1}


def test_of_taking_and_withdrawing_one_is_first_and_the_other_knows_it(database: Database) -> None:
    store_id, item_id, people = open_floor(database)
    with database.write() as db:
        call_id = make_call(db, db.get_one(Store, store_id), db.get_one(Item, item_id)).id
        db.commit()

    def act(db: Session, place: int) -> str:
        made = db.get_one(Call, call_id)
        try:
            if place:
                service.withdraw(db, made, at=now())
            else:
                service.take(db, made, people[0], at=now())
        except CallGone as gone:
            db.rollback()
            return gone.detail
        return ""

    taken, _ = at_once(database, 2, act)

    with database.read() as db:
        assert db.get_one(Call, call_id).state == CallState.WITHDRAWN
    assert taken == "" or "withdrawn" in taken
