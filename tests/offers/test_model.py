"""Whatever is done in whatever order, the database says what a plain model says: counters, states, answers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.db import Database
from qrmerch.offers import service
from qrmerch.offers.models import Claim
from qrmerch.offers.queries import get_counter
from qrmerch.offers.service import REVERSAL_WINDOW, ClaimRefused, LimitBelowUsed, Till
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
from tests.figures import IS_FULL
from tests.offers.books import assert_books_fit

VISITORS = 3
HOLDS, LASTS = timedelta(hours=2), timedelta(hours=9)
EXAMPLES = 700 if IS_FULL else 20

who = st.integers(0, VISITORS - 1)
which = st.integers(0, 5)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), who),
        st.tuples(st.just("claim"), who),
        st.tuples(st.just("redeem"), which),
        st.tuples(st.just("redeem"), which),
        st.tuples(st.just("reverse"), which),
        st.tuples(st.just("wait"), st.sampled_from([1, 14, 15, 59, 119, 120])),
        st.tuples(st.just("sweep"), st.just(0)),
        st.tuples(st.just("limit"), st.integers(1, 5)),
        st.tuples(st.just("pause"), st.integers(0, 1)),
    ),
    max_size=40,
)


@dataclass
class Held:
    """A code in the model: whose, until when, and since when it is used."""

    visitor: int
    ends_at: datetime
    used_at: datetime | None = None


@dataclass
class Model:
    """What an offer should do, said without a database."""

    limit: int
    per_visitor: int
    at: datetime = NOON
    is_paused: bool = False
    claims: list[Held] = field(default_factory=list)

    def is_open(self, held: Held) -> bool:
        return held.used_at is None and self.at < held.ends_at

    @property
    def used(self) -> int:
        return sum(held.used_at is not None for held in self.claims)

    @property
    def held(self) -> int:
        return sum(self.is_open(held) for held in self.claims)

    def claim(self, visitor: int) -> str:
        own = [place for place, held in enumerate(self.claims) if held.visitor == visitor]
        for place in own:
            if self.is_open(self.claims[place]):
                return f"claim {place}"
        if self.at >= NOON + LASTS:
            return "expired"
        if self.is_paused:
            return "paused"
        if sum(self.claims[place].used_at is not None for place in own) >= self.per_visitor:
            return "per_customer_limit"
        if self.used + self.held >= self.limit:
            return "budget_exhausted"
        self.claims.append(Held(visitor, min(self.at + HOLDS, NOON + LASTS)))
        return f"claim {len(self.claims) - 1}"

    def redeem(self, place: int) -> str:
        held = self.claims[place]
        if held.used_at is not None:
            return "already_redeemed"
        if self.at >= held.ends_at:
            return "expired"
        if self.is_paused:
            return "paused"
        held.used_at = self.at
        return "redeemed"

    def reverse(self, place: int) -> str:
        held = self.claims[place]
        if held.used_at is None:
            return "not_redeemed"
        if self.at >= held.used_at + REVERSAL_WINDOW:
            return "undo_too_late"
        held.used_at = None
        return "reversed"

    def set_limit(self, limit: int) -> str:
        if self.used + self.held > limit:
            return "limit_below_used"
        self.limit = limit
        return "set"


class Shop:
    """The same, in the database."""

    def __init__(self, db: Session, model: Model) -> None:
        self.db = db
        shop = make_retailer(db)
        self.item, self.till = make_item(db, shop), Till(make_store(db, shop), None)
        self.offer = make_offer(
            db,
            self.item,
            limit_total=model.limit,
            limit_per_visitor=model.per_visitor,
            claim_hours=HOLDS // timedelta(hours=1),
            until_at=NOON + LASTS,
        )
        self.visitors = [make_visitor(db, shop) for _ in range(VISITORS)]
        self.claims: list[Claim] = []

    def claim(self, visitor: int, at: datetime) -> str:
        try:
            claim = make_claim(self.db, self.offer, self.item, visitor=self.visitors[visitor], at=at)
        except ClaimRefused as refused:
            return refused.slug
        if claim not in self.claims:
            self.claims.append(claim)
        return f"claim {self.claims.index(claim)}"

    def redeem(self, place: int, at: datetime) -> str:
        code, key = make_code_of(self.claims[place]), ids.public()
        verdict = service.redeem(self.db, code, till=self.till, idempotency_key=key, keys=TILL_KEYS, at=at)
        return verdict.reason or verdict.outcome

    def reverse(self, place: int, at: datetime) -> str:
        code, key = make_code_of(self.claims[place]), ids.public()
        verdict = service.reverse(self.db, code, till=self.till, idempotency_key=key, keys=TILL_KEYS, at=at)
        return verdict.reason or verdict.outcome

    def set_limit(self, limit: int, at: datetime) -> str:
        try:
            service.change_limit(self.db, self.offer, limit, actor=None, at=at)
        except LimitBelowUsed as refused:
            return refused.slug
        return "set"


def do(step: tuple[str, int], model: Model, shop: Shop) -> tuple[str, str]:
    """What the model and the database answer to one step."""
    name, value = step
    if name == "wait":
        model.at += timedelta(minutes=value)
    elif name == "sweep":
        service.free_expired(shop.db, at=model.at, offer_id=shop.offer.id)
    elif name == "pause":
        model.is_paused = bool(value)
        (service.pause if value else service.resume)(shop.db, shop.offer, actor=None, at=model.at)
    elif name == "claim":
        return model.claim(value), shop.claim(value, model.at)
    elif name == "limit":
        return model.set_limit(value), shop.set_limit(value, model.at)
    elif value < len(model.claims):
        return getattr(model, name)(value), getattr(shop, name)(value, model.at)
    return "", ""


@pytest.fixture
def note_steps(note_result: Callable[..., None]) -> Iterator[Callable[[int], None]]:
    """Count the steps of all examples."""
    taken: list[int] = []
    yield taken.append
    note_result(examples=len(taken), steps=sum(taken), differences=0)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(limit=st.integers(1, 4), per_visitor=st.integers(1, 2), wanted=steps)
@pytest.mark.drill
@pytest.mark.timeout(1800)
def test_sec_j12_the_database_says_what_a_plain_model_says(
    database: Database, note_steps: Callable[[int], None], limit: int, per_visitor: int, wanted: list[tuple[str, int]]
) -> None:
    model = Model(limit, per_visitor)
    with database.write() as db:
        shop = Shop(db, model)

        for step in wanted:
            expected, told = do(step, model, shop)

            assert told == expected, step
            # What lapsed counts as held until a sweep; a sweep at any moment must come to the model's figures.
            service.free_expired(db, at=model.at, offer_id=shop.offer.id)
            count = get_counter(db, shop.offer.id)
            assert (count.used, count.held, count.limit) == (model.used, model.held, model.limit)
            assert_books_fit(db, shop.offer)
        db.rollback()
    note_steps(len(wanted))
