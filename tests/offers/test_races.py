"""Everybody at once: limits, tills and keys under threads, on both databases; the heavy round is a drill."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.catalog.models import Item
from qrmerch.db import Database
from qrmerch.offers import service
from qrmerch.offers.models import Claim, Offer, Outcome, Redemption
from qrmerch.offers.queries import get_counter
from qrmerch.offers.service import ClaimRefused, LimitBelowUsed, Refusal, Till
from qrmerch.parties.models import Store
from qrmerch.scans.models import Event
from qrmerch.visitors.models import Visitor
from tests.conftest import NOON
from tests.factories import (
    TILL_KEYS,
    make_claim,
    make_code_of,
    make_item,
    make_offer,
    make_retailer,
    make_store,
    make_visitor,
)
from tests.offers.books import assert_books_fit
from tests.threads import at_once

Answer = TypeVar("Answer")
THREADS, LEFT, ROUNDS = 12, 5, 3


def try_to_claim(db: Session, offer_id: str, item_id: str, visitor_id: str) -> str:
    offer, item = db.get_one(Offer, offer_id), db.get_one(Item, item_id)
    try:
        return make_claim(db, offer, item, visitor=db.get_one(Visitor, visitor_id)).id
    except ClaimRefused as refused:
        db.rollback()
        return refused.refusal.value


def claim_by_many(database: Database, *, threads: int, left: int, taken: int = 0) -> Offer:
    """`threads` phones want an offer of which `left` are left; exactly so many get it."""
    with database.write() as db:
        shop = make_retailer(db)
        item = make_item(db, shop)
        offer = make_offer(db, item, limit_total=left + taken)
        for _ in range(taken):
            make_claim(db, offer, item)
        visitor_ids = [make_visitor(db, shop).id for _ in range(threads)]
        db.commit()
        offer_id, item_id = offer.id, item.id

    answers = at_once(database, threads, lambda db, place: try_to_claim(db, offer_id, item_id, visitor_ids[place]))

    got = [each for each in answers if each != Refusal.EXHAUSTED]
    with database.read() as db:
        offer = db.get_one(Offer, offer_id)
        claims = set(db.scalars(select(Claim.id).where(Claim.offer_id == offer_id)))
        assert len(got) == len(set(got)) == left
        assert set(got) <= claims
        assert len(claims) == left + taken
        assert get_counter(db, offer_id).left == 0
        assert db.scalar(select(func.count(Event.id)).where(Event.detail.in_(got))) == left
        assert_books_fit(db, offer)
    return offer


def test_sec_g03_exactly_as_many_claims_as_are_left(database: Database) -> None:
    for _ in range(ROUNDS):
        claim_by_many(database, threads=THREADS, left=LEFT, taken=2)


@pytest.mark.drill
@pytest.mark.timeout(1800)
def test_sec_g03_exactly_as_many_claims_as_are_left_at_full_figures(
    database: Database, at_scale: Callable[[int, int], int], note_result: Callable[..., None]
) -> None:
    threads, rounds = at_scale(24, 50), at_scale(3, 20)
    for _ in range(rounds):
        claim_by_many(database, threads=threads, left=threads // 3)
    note_result(threads=threads, rounds=rounds, left=threads // 3, codes_too_many_or_too_few=0)


def test_many_taps_of_one_phone_are_one_claim(database: Database) -> None:
    with database.write() as db:
        shop = make_retailer(db)
        item = make_item(db, shop)
        offer, visitor = make_offer(db, item, limit_total=50, limit_per_visitor=3), make_visitor(db, shop)
        db.commit()

    answers = at_once(database, 8, lambda db, _: try_to_claim(db, offer.id, item.id, visitor.id))

    assert len(set(answers)) == 1
    with database.read() as db:
        assert get_counter(db, offer.id).held == 1
        assert_books_fit(db, offer)


class Counters:
    """A code in a shopper's hand, and tills in two stores."""

    def __init__(self, database: Database) -> None:
        with database.write() as db:
            shop = make_retailer(db)
            item = make_item(db, shop)
            self.offer = make_offer(db, item, limit_total=5)
            self.claim = make_claim(db, self.offer, item)
            self.code = make_code_of(self.claim)
            self.stores: list[Store] = [make_store(db, shop), make_store(db, shop)]
            db.commit()

    def redeem(self, db: Session, *, till: int, key: str) -> service.Verdict:
        return service.redeem(
            db, self.code, till=Till(self.stores[till % 2], None), idempotency_key=key, keys=TILL_KEYS, at=NOON
        )

    def reverse(self, db: Session, *, key: str) -> service.Verdict:
        return service.reverse(
            db, self.code, till=Till(self.stores[0], None), idempotency_key=key, keys=TILL_KEYS, at=NOON
        )


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_sec_g05_two_tills_at_once_honour_a_code_once(database: Database, _round: int) -> None:
    counters = Counters(database)

    told = at_once(database, 6, lambda db, place: counters.redeem(db, till=place, key=ids.public()).outcome)

    assert Counter(told) == {"redeemed": 1, "refused": 5}
    with database.read() as db:
        assert get_counter(db, counters.offer.id).used == 1
        assert_books_fit(db, counters.offer)


def test_sec_g04_the_same_key_at_once_has_one_effect_and_one_answer(database: Database) -> None:
    counters = Counters(database)

    def press(db: Session, _: int) -> tuple[str, str, bool]:
        verdict = counters.redeem(db, till=0, key="one press")
        assert verdict.row is not None
        return verdict.outcome, verdict.row.id, verdict.is_replayed

    told = at_once(database, 20, press)

    assert len({(outcome, row_id) for outcome, row_id, _ in told}) == 1
    assert Counter(is_replayed for *_, is_replayed in told) == {True: 19, False: 1}
    with database.read() as db:
        assert db.scalar(select(func.count(Redemption.id))) == 1
        assert_books_fit(db, counters.offer)


def test_two_who_undo_at_once_undo_once(database: Database) -> None:
    counters = Counters(database)
    with database.write() as db:
        counters.redeem(db, till=0, key="use")
        db.commit()

    told = at_once(database, 6, lambda db, _: counters.reverse(db, key=ids.public()).outcome)

    assert Counter(told) == {"reversed": 1, "refused": 5}
    with database.read() as db:
        assert get_counter(db, counters.offer.id).held == 1
        assert_books_fit(db, counters.offer)


def test_using_and_undoing_at_once_keeps_the_books(database: Database) -> None:
    counters = Counters(database)

    def do(db: Session, place: int) -> str:
        if place % 2:
            return counters.reverse(db, key=ids.public()).outcome
        return counters.redeem(db, till=0, key=ids.public()).outcome

    told = Counter(at_once(database, 8, do))

    with database.read() as db:
        rows = Counter(db.scalars(select(Redemption.outcome)))
        assert (rows[Outcome.REDEEMED], rows[Outcome.REVERSED]) == (told["redeemed"], told["reversed"])
        assert get_counter(db, counters.offer.id).used == told["redeemed"] - told["reversed"]
        assert_books_fit(db, counters.offer)


def test_lapsed_codes_are_given_back_once_by_whoever_comes(database: Database) -> None:
    with database.write() as db:
        item = make_item(db, make_retailer(db))
        offer = make_offer(db, item, limit_total=20, claim_hours=1)
        for _ in range(7):
            make_claim(db, offer, item)
        db.commit()

    freed = at_once(database, 5, lambda db, _: service.free_expired(db, at=NOON + timedelta(hours=1)))

    with database.write() as db:
        # A sweep passes over what another one holds at that moment; the next takes what is left.
        assert sum(freed) + service.free_expired(db, at=NOON + timedelta(hours=1)) == 7
        assert get_counter(db, offer.id).left == 20
        assert_books_fit(db, offer)


def test_claims_and_a_lowered_limit_never_cross(database: Database) -> None:
    with database.write() as db:
        shop = make_retailer(db)
        item = make_item(db, shop)
        offer = make_offer(db, item, limit_total=10)
        visitor_ids = [make_visitor(db, shop).id for _ in range(7)]
        db.commit()

    def do(db: Session, place: int) -> str:
        if place < 7:
            return try_to_claim(db, offer.id, item.id, visitor_ids[place])
        try:
            service.change_limit(db, db.get_one(Offer, offer.id), 3, actor=None, at=NOON)
        except LimitBelowUsed:
            db.rollback()
            return "refused"
        return "lowered"

    at_once(database, 8, do)

    with database.read() as db:
        assert_books_fit(db, offer)
        assert get_counter(db, offer.id).limit == db.get_one(Offer, offer.id).limit_total
