"""At the till: a code is honoured once, taken back exactly, and refused with a reason that helps."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.catalog.models import Item
from qrmerch.idempotency import IdempotencyKey, KeyUsedDifferently
from qrmerch.offers import service
from qrmerch.offers.models import Claim, ClaimState, Offer, Outcome, Redemption
from qrmerch.offers.queries import get_counter, list_free_places
from qrmerch.offers.service import REVERSAL_WINDOW, Till
from qrmerch.offers.till_codes import make_code
from qrmerch.offers.verdicts import Reason, Verdict
from qrmerch.parties.models import Retailer, Store
from qrmerch.scans.models import Event
from tests.conftest import NOON
from tests.factories import (
    TILL_KEYS,
    Person,
    make_claim,
    make_code_of,
    make_item,
    make_offer,
    make_person,
    make_retailer,
    make_store,
    make_visitor,
)
from tests.offers.books import assert_books_fit

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@dataclass
class Shop:
    """A shop with one offer, one code in a shopper's hand, and an associate at a till."""

    db: Session
    retailer: Retailer
    item: Item
    store: Store
    offer: Offer
    claim: Claim
    ada: Person
    keys: tuple[str, ...] = TILL_KEYS

    @property
    def till(self) -> Till:
        return Till(self.store, self.ada.user.id)

    @property
    def code(self) -> str:
        return make_code_of(self.claim, keys=self.keys)

    def check(self, code: str = "", *, till: Till | None = None, at=NOON) -> Verdict:  # type: ignore[no-untyped-def]
        return service.check(self.db, code or self.code, till=till or self.till, keys=self.keys, at=at)

    def redeem(self, code: str = "", *, key: str = "", till: Till | None = None, at=NOON) -> Verdict:  # type: ignore[no-untyped-def]
        return service.redeem(
            self.db,
            code or self.code,
            till=till or self.till,
            idempotency_key=key or ids.public(),
            keys=self.keys,
            at=at,
        )

    def reverse(self, *, key: str = "", till: Till | None = None, at=NOON, use_id: str | None = None) -> Verdict:  # type: ignore[no-untyped-def]
        return service.reverse(
            self.db,
            self.code,
            till=till or self.till,
            idempotency_key=key or ids.public(),
            keys=self.keys,
            at=at,
            use_id=use_id,
        )

    def another_till(self, retailer: Retailer | None = None) -> Till:
        retailer = retailer or self.retailer
        store = make_store(self.db, retailer, short_name="Galleria")
        tom = make_person(self.db, Role.ASSOCIATE, name="Tom", retailer=retailer, stores=(store,))
        return Till(store, tom.user.id)


@pytest.fixture
def shop(db: Session) -> Shop:
    retailer = make_retailer(db)
    item, store = make_item(db, retailer), make_store(db, retailer, short_name="Riverside")
    offer = make_offer(db, item, limit_total=5, until_at=NOON + 48 * HOUR)
    ada = make_person(db, Role.ASSOCIATE, name="Ada", retailer=retailer, stores=(store,))
    claim = make_claim(db, offer, item, store=store, visit="0" * 28)
    return Shop(db, retailer, item, store, offer, claim, ada)


def rows_of(db: Session) -> list[tuple[str, str]]:
    return [(row.outcome.value, row.reason) for row in db.scalars(select(Redemption).order_by(Redemption.id))]


def events_of(db: Session) -> list[str]:
    return list(db.scalars(select(Event.kind).order_by(Event.id)))


# --- honoured --------------------------------------------------------------------------------------


def test_a_good_code_is_valid_and_looking_changes_nothing(db: Session, shop: Shop) -> None:
    verdict = shop.check()

    assert (verdict.outcome, verdict.reason, verdict.status, verdict.claim) == ("valid", None, 200, shop.claim)
    assert rows_of(db) == []
    assert get_counter(db, shop.offer.id).held == 1


@pytest.mark.parametrize(
    "spell", [str.lower, lambda code: f" {code[:4]} {code[4:]} ", lambda code: f"x/associate/#{code}"]
)
def test_a_code_is_read_whatever_way_it_is_typed(shop: Shop, spell) -> None:  # type: ignore[no-untyped-def]
    assert shop.check(spell(shop.code)).outcome == "valid"


def test_a_code_is_honoured_once(db: Session, shop: Shop) -> None:
    first, second = shop.redeem(), shop.redeem(at=NOON + HOUR)

    assert (first.outcome, first.status) == ("redeemed", 200)
    assert (second.reason, second.status) == (Reason.ALREADY_REDEEMED, 409)
    assert second.use == first.row
    assert (shop.claim.state, shop.claim.redeemed_at) == (ClaimState.REDEEMED, NOON)
    assert (get_counter(db, shop.offer.id).used, get_counter(db, shop.offer.id).held) == (1, 0)
    assert rows_of(db) == [("redeemed", ""), ("refused", "already_redeemed")]
    assert_books_fit(db, shop.offer)


def test_a_use_is_counted_where_the_till_stands_with_the_visit_of_the_claim(db: Session, shop: Shop) -> None:
    there = shop.another_till()

    shop.redeem(till=there)

    event = db.scalars(select(Event).where(Event.kind == "redeem")).one()
    assert (event.store_id, event.item_id, event.visit) == (there.store.id, shop.item.id, shop.claim.visit)
    assert (event.detail, event.at) == (shop.claim.id, NOON)


def test_who_took_it_where_and_when_is_kept(db: Session, shop: Shop) -> None:
    row = shop.redeem().row

    assert row is not None
    assert (row.store_id, row.associate_id, row.at, row.claim_id) == (
        shop.store.id,
        shop.ada.user.id,
        NOON,
        shop.claim.id,
    )


def test_a_code_of_an_older_key_is_honoured(db: Session, shop: Shop) -> None:
    code = shop.code
    shop.keys = ("a new key", *TILL_KEYS)

    assert shop.redeem(code).outcome == "redeemed"


def test_a_code_of_a_lost_key_is_unknown(shop: Shop) -> None:
    code = shop.code
    shop.keys = ("a new key",)

    assert shop.check(code).reason == Reason.CODE_UNKNOWN


# --- the same request twice ------------------------------------------------------------------------


def test_the_same_key_has_one_effect_and_one_answer(db: Session, shop: Shop) -> None:
    first = shop.redeem(key="press 1")
    again = shop.redeem(key="press 1", at=NOON + timedelta(days=900))

    assert not first.is_replayed
    assert again.is_replayed
    assert (again.outcome, again.row) == (first.outcome, first.row)
    assert rows_of(db) == [("redeemed", "")]
    assert events_of(db) == ["claim", "redeem"]
    assert db.scalars(select(IdempotencyKey)).one().until is None, "kept for ever"


def test_a_refusal_is_the_same_answer_too(db: Session, shop: Shop) -> None:
    shop.redeem()
    first = shop.redeem(key="press 2")
    shop.reverse()

    again = shop.redeem(key="press 2")

    assert (again.reason, again.row, again.is_replayed) == (Reason.ALREADY_REDEEMED, first.row, True)
    assert again.use == first.use
    assert shop.claim.state == ClaimState.ISSUED


def test_the_same_key_for_another_code_or_store_is_refused(db: Session, shop: Shop) -> None:
    shop.redeem(key="press 3")
    other = make_claim(db, shop.offer, shop.item)

    with pytest.raises(KeyUsedDifferently):
        shop.redeem(make_code_of(other), key="press 3")
    with pytest.raises(KeyUsedDifferently):
        shop.redeem(key="press 3", till=Till(make_store(db, shop.retailer), shop.ada.user.id))
    with pytest.raises(KeyUsedDifferently):
        shop.reverse(key="press 3")
    db.refresh(other)
    assert other.state == ClaimState.ISSUED


def test_a_key_belongs_to_its_caller(db: Session, shop: Shop) -> None:
    other = make_claim(db, shop.offer, shop.item)

    first = shop.redeem(key="press 4")
    second = shop.redeem(make_code_of(other), key="press 4", till=shop.another_till())

    assert (first.outcome, second.outcome) == ("redeemed", "redeemed")


def test_a_key_outlives_the_key_that_codes_are_made_under(db: Session, shop: Shop) -> None:
    code = shop.code
    first = shop.redeem(code, key="press 5")
    shop.keys = ("a new key", *TILL_KEYS)

    assert shop.redeem(code, key="press 5").row == first.row


# --- refused ---------------------------------------------------------------------------------------


def test_a_code_is_good_until_before_its_end(db: Session, shop: Shop) -> None:
    ends_at = shop.claim.expires_at

    assert shop.check(at=ends_at - SECOND).outcome == "valid"
    late = shop.redeem(at=ends_at)

    assert (late.reason, late.status) == (Reason.EXPIRED, 410)
    assert get_counter(db, shop.offer.id).used == 0
    assert shop.redeem(at=ends_at - SECOND).outcome == "redeemed"


def test_a_code_whose_budget_is_given_back_stays_over_though_clocks_differ(db: Session, shop: Shop) -> None:
    service.free_expired(db, at=shop.claim.expires_at)
    db.refresh(shop.claim)

    assert shop.redeem(at=shop.claim.expires_at - SECOND).reason == Reason.EXPIRED
    assert_books_fit(db, shop.offer)


def test_a_code_is_not_good_before_the_offer_began(db: Session, shop: Shop) -> None:
    offer = make_offer(db, shop.item, from_at=NOON)
    shop.claim = make_claim(db, offer, shop.item)

    early = shop.check(at=NOON - SECOND)

    assert (early.reason, early.status) == (Reason.NOT_STARTED, 409)
    assert shop.check(at=NOON).outcome == "valid"


def test_a_code_is_good_in_its_stores_only(db: Session, shop: Shop) -> None:
    there = shop.another_till()
    offer = make_offer(db, shop.item, stores=(shop.store,))
    shop.claim = make_claim(db, offer, shop.item)

    elsewhere = shop.redeem(till=there)

    assert (elsewhere.reason, elsewhere.status) == (Reason.WRONG_STORE, 422)
    assert shop.redeem().outcome == "redeemed"


def test_tills_hold_codes_of_a_paused_offer(db: Session, shop: Shop) -> None:
    service.pause(db, shop.offer, actor=None, at=NOON)
    held = shop.redeem()
    service.resume(db, shop.offer, actor=None, at=NOON)

    assert (held.reason, held.status) == (Reason.PAUSED, 423)
    assert shop.redeem().outcome == "redeemed"


def test_a_code_given_back_is_worth_nothing(db: Session, shop: Shop) -> None:
    visitor = make_visitor(db, shop.retailer)
    shop.claim = make_claim(db, shop.offer, shop.item, visitor=visitor)
    service.void_claims(db, visitor, at=NOON)
    db.refresh(shop.claim)

    assert shop.redeem().reason == Reason.VOID
    assert_books_fit(db, shop.offer)


def test_a_slip_is_told_without_asking_the_database(db: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(service, "find_claim_by_code", lambda *_: asked.append(1))
    code = shop.code
    slip = ("0" if code[0] != "0" else "1") + code[1:]

    verdict = shop.check(slip)

    assert (verdict.reason, verdict.status, verdict.claim) == (Reason.CHECK_DIGIT, 422, None)
    assert not asked
    assert rows_of(db) == [("refused", "check_digit")]


@pytest.mark.parametrize(
    "typed", ["", "   ", "HELLO", "7K3M9QXRB", "'; DROP TABLE claim; --", "٧K3M-9QW4-T2F", "x" * 9999]
)
def test_what_is_no_code_at_all_is_a_slip(shop: Shop, typed: str) -> None:
    assert shop.check(typed or " ").reason == Reason.CHECK_DIGIT


def test_a_code_that_nobody_has_is_unknown(db: Session, shop: Shop) -> None:
    verdict = shop.check(make_code("another key", "x"))

    assert (verdict.reason, verdict.status, verdict.claim) == (Reason.CODE_UNKNOWN, 404, None)
    assert rows_of(db) == [("refused", "code_unknown")]
    assert events_of(db) == ["claim"], "no item is known, so nothing is counted"


def test_another_retailers_till_does_not_know_the_code(db: Session, shop: Shop) -> None:
    theirs = shop.another_till(make_retailer(db))

    checked, redeemed = shop.check(till=theirs), shop.redeem(till=theirs)

    assert (checked.reason, redeemed.reason) == (Reason.CODE_UNKNOWN, Reason.CODE_UNKNOWN)
    assert (redeemed.claim, shop.claim.state) == (None, ClaimState.ISSUED)


def test_a_refusal_is_a_row_and_an_event(db: Session, shop: Shop) -> None:
    shop.redeem()

    verdict = shop.check(at=NOON + HOUR)

    row = verdict.row
    assert row is not None
    assert (row.outcome, row.reason, row.claim_id) == (Outcome.REFUSED, "already_redeemed", shop.claim.id)
    assert (row.store_id, row.associate_id) == (shop.store.id, shop.ada.user.id)
    refusal = db.scalars(select(Event).where(Event.kind == "refuse")).one()
    assert (refusal.item_id, refusal.store_id, refusal.visit) == (shop.item.id, shop.store.id, shop.claim.visit)


def test_a_double_press_of_check_is_one_refusal(db: Session, shop: Shop) -> None:
    shop.redeem()

    rows = [shop.check(at=NOON + timedelta(seconds=each)).row for each in (0, 1, 60)]

    assert rows[0] == rows[1] != rows[2]


# --- taken back ------------------------------------------------------------------------------------


def test_what_is_taken_back_is_exactly_what_was_taken(db: Session, shop: Shop) -> None:
    before = get_counter(db, shop.offer.id)
    use = shop.redeem().row

    verdict = shop.reverse(at=NOON + HOUR / 6)

    assert verdict.outcome == "reversed"
    assert verdict.row is not None and use is not None
    assert verdict.row.reverses_id == use.id
    assert use.undone_at == NOON + HOUR / 6
    assert get_counter(db, shop.offer.id) == before
    assert (shop.claim.state, shop.claim.redeemed_at) == (ClaimState.ISSUED, None)
    assert events_of(db) == ["claim", "redeem", "reverse"]
    assert shop.redeem(at=NOON + HOUR / 5).outcome == "redeemed"
    assert_books_fit(db, shop.offer)


def test_a_use_is_taken_back_once(db: Session, shop: Shop) -> None:
    shop.redeem()
    shop.reverse()

    again = shop.reverse()

    assert (again.reason, again.status) == (Reason.NOT_REDEEMED, 409)
    assert get_counter(db, shop.offer.id).held == 1


def test_what_was_never_used_cannot_be_taken_back(shop: Shop) -> None:
    assert shop.reverse().reason == Reason.NOT_REDEEMED


def test_a_till_takes_back_within_its_window(db: Session, shop: Shop) -> None:
    shop.redeem()

    late = shop.reverse(at=NOON + REVERSAL_WINDOW)

    assert late.reason == Reason.UNDO_TOO_LATE
    assert shop.claim.state == ClaimState.REDEEMED
    assert shop.reverse(at=NOON + REVERSAL_WINDOW - SECOND).outcome == "reversed"


def test_a_use_is_taken_back_where_it_was_made(db: Session, shop: Shop) -> None:
    shop.redeem()

    elsewhere = shop.reverse(till=shop.another_till())

    assert (elsewhere.reason, shop.claim.state) == (Reason.UNDO_ELSEWHERE, ClaimState.REDEEMED)
    colleague = make_person(db, Role.ASSOCIATE, name="Cleo", retailer=shop.retailer, stores=(shop.store,))
    assert shop.reverse(till=Till(shop.store, colleague.user.id)).outcome == "reversed"


def test_an_old_page_does_not_undo_a_later_use(db: Session, shop: Shop) -> None:
    first = shop.redeem().row
    shop.reverse()
    shop.redeem()

    assert first is not None
    assert shop.reverse(use_id=first.id).reason == Reason.NOT_REDEEMED
    assert shop.claim.state == ClaimState.REDEEMED


def test_undoing_a_code_whose_time_is_up_frees_its_budget_at_once(db: Session, shop: Shop) -> None:
    ends_at = shop.claim.expires_at
    shop.redeem(at=ends_at - SECOND)

    verdict = shop.reverse(at=ends_at)

    assert verdict.outcome == "reversed"
    assert (shop.claim.state, shop.claim.freed_at) == (ClaimState.ISSUED, ends_at)
    assert get_counter(db, shop.offer.id).left == 5
    assert service.free_expired(db, at=ends_at + HOUR) == 0
    assert shop.redeem(at=ends_at).reason == Reason.EXPIRED
    assert_books_fit(db, shop.offer)


def test_a_use_taken_back_still_counts_as_the_phones_one(db: Session, shop: Shop) -> None:
    visitor = make_visitor(db, shop.retailer)
    shop.claim = make_claim(db, shop.offer, shop.item, visitor=visitor)
    shop.redeem()
    shop.reverse()

    assert list_free_places(db, shop.offer, f"v:{visitor.id}") == []
    assert make_claim(db, shop.offer, shop.item, visitor=visitor).id == shop.claim.id


# --- guessing --------------------------------------------------------------------------------------


def guesses(number: int) -> list[str]:
    return [make_code("not the key", str(each)) for each in range(number)]


def test_sec_g02_ten_wrong_codes_in_an_hour_then_sign_in_again(db: Session, shop: Shop) -> None:
    told = [shop.check(each).must_sign_in for each in guesses(11)]

    assert told == [False] * 10 + [True]
    alarm = db.scalars(select(AuditEntry).where(AuditEntry.action == "till.guessing")).one()
    assert (alarm.subject_id, alarm.detail) == (shop.store.id, {"associate": shop.ada.user.id})
    assert shop.check().outcome == "valid", "what is right is honoured"
    another = Till(shop.store, make_person(db, Role.ASSOCIATE, retailer=shop.retailer, stores=(shop.store,)).user.id)
    assert not shop.check(guesses(12)[11], till=another).must_sign_in, "the store goes on"


def test_sec_g02_slips_of_the_hand_are_not_guesses(shop: Shop) -> None:
    slips = [f"{code[:-1]}{'0' if code[-1] != '0' else '1'}" for code in guesses(20)]

    assert not any(shop.check(each).must_sign_in for each in slips)


def test_sec_g02_a_hundred_wrong_codes_in_a_store_then_whoever_types_the_next(
    db: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "WRONG_CODES_PER_STORE", 6)
    tills = [
        Till(shop.store, make_person(db, Role.ASSOCIATE, retailer=shop.retailer, stores=(shop.store,)).user.id)
        for _ in range(4)
    ]
    typed = iter(guesses(10))

    told = [shop.check(next(typed), till=till).must_sign_in for till in tills for _ in range(2)]

    assert told == [False] * 6 + [True, True]


def test_wrong_codes_are_forgiven_with_time(shop: Shop) -> None:
    for each in guesses(10):
        shop.check(each)

    assert not shop.check(guesses(11)[10], at=NOON + HOUR / 10).must_sign_in


# --- the last line of defence ----------------------------------------------------------------------


def test_the_database_itself_refuses_a_second_standing_use(db: Session, shop: Shop) -> None:
    shop.redeem()
    second = Redemption(
        retailer_id=shop.retailer.id,
        claim_id=shop.claim.id,
        outcome=Outcome.REDEEMED,
        idempotency_key="another",
        store_id=shop.store.id,
        at=NOON,
    )

    with pytest.raises(IntegrityError), db.begin_nested():
        db.add(second)
        db.flush()

    assert db.scalar(select(func.count(Redemption.id))) == 1
