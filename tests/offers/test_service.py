"""Offers: set up, changed, claimed, given back; every limit exact and every promise kept."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.audit import AuditEntry, find_break
from qrmerch.catalog.models import Item
from qrmerch.catalog.service import retire_item
from qrmerch.content.publishing import take_down
from qrmerch.errors import FormError
from qrmerch.offers import service
from qrmerch.offers.models import Claim, ClaimState, Offer, OfferKind
from qrmerch.offers.promises import Promise
from qrmerch.offers.queries import count_offers, get_counter, list_item_ids, list_offers, list_offers_on, state_of
from qrmerch.offers.service import ClaimRefused, LimitBelowUsed, Refusal
from qrmerch.offers.terms import BrandForbidsDiscount, OfferTerms
from qrmerch.parties.models import PageChange
from qrmerch.scans.models import Event
from tests.conftest import NOON
from tests.factories import (
    TILL_KEYS,
    Doer,
    make_claim,
    make_code_of,
    make_item,
    make_offer,
    make_person,
    make_retailer,
    make_store,
    make_use,
    make_visitor,
)
from tests.offers.books import assert_books_fit

SECOND = timedelta(seconds=1)
TERMS = OfferTerms(
    kind=OfferKind.PERCENT,
    value=10,
    headline={"en": "10 % off any yellow top"},
    terms={"en": "One code each."},
    from_at=NOON,
    until_at=NOON + timedelta(days=7),
    limit_total=20,
)


def changes_of(db: Session, item: Item) -> int:
    """How often an item's pages were said to be out of date, by itself or with all of the retailer's."""
    changes = select(func.count(PageChange.id)).where(PageChange.at >= NOON, PageChange.item_id == item.id)
    return db.scalar(changes) or 0


def refused(db: Session, offer: Offer, item: Item, **more: object) -> Refusal:
    """Why a new phone does not get the offer."""
    with pytest.raises(ClaimRefused) as caught:
        make_claim(db, offer, item, **more)  # type: ignore[arg-type]
    return caught.value.refusal


# --- setting up ------------------------------------------------------------------------------------


def test_an_offer_holds_for_its_items_and_is_written_down(db: Session) -> None:
    shop = make_retailer(db)
    item, other = make_item(db, shop), make_item(db, shop)
    mia = make_person(db, Role.MERCHANDISER, name="Mia", retailer=shop)

    offer = service.add_offer(db, shop.id, TERMS, item_ids=[item.id], actor=Doer(mia.user.id), at=NOON)

    assert list_item_ids(db, offer.id) == [item.id]
    assert (offer.kind, offer.value, offer.currency) == (OfferKind.PERCENT, 10, "USD")
    assert (offer.created_by, offer.limit_total) == (mia.user.id, 20)
    assert get_counter(db, offer.id).left == 20
    assert (changes_of(db, item), changes_of(db, other)) == (1, 0)
    entry = db.scalars(select(AuditEntry).where(AuditEntry.action == "offer.add")).one()
    assert (entry.subject_id, entry.actor) == (offer.id, f"user:{mia.user.id}")
    assert find_break(db, shop.id) is None


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("value", {"value": 0}),
        ("value", {"value": 101}),
        ("value", {"kind": OfferKind.AMOUNT, "value": 0}),
        ("value", {"kind": OfferKind.AMOUNT, "value": 10**13}),
        ("until", {"until_at": NOON}),
        ("until", {"until_at": NOON - SECOND}),
        ("limit", {"limit_total": 0}),
        ("limit", {"limit_total": 1_000_001}),
        ("per_visitor", {"limit_per_visitor": 0}),
        ("hours", {"claim_hours": 0}),
        ("stores", {"store_ids": ()}),
        ("stores", {"store_ids": ("0" * 36,)}),
        ("headline-en", {"headline": {}}),
        ("headline-en", {"headline": {"en": "  \u200e "}}),
        ("headline-en", {"headline": {"en": "x" * 81}}),
        ("terms-en", {"terms": {"en": "x" * 401}}),
    ],
)
def test_terms_that_make_no_sense_are_named(db: Session, field: str, changes: dict[str, object]) -> None:
    item = make_item(db, make_retailer(db))

    with pytest.raises(FormError) as caught:
        service.add_offer(db, item.retailer_id, replace(TERMS, **changes), item_ids=[item.id], actor=None, at=NOON)

    assert field in caught.value.problems
    assert db.scalar(select(func.count(Offer.id))) == 0


@pytest.mark.parametrize("per_cent", [1, 100])
def test_one_and_a_hundred_per_cent_are_taken(db: Session, per_cent: int) -> None:
    item = make_item(db, make_retailer(db))

    assert make_offer(db, item, value=per_cent).value == per_cent


def test_an_offer_needs_an_item_of_its_own_retailer(db: Session) -> None:
    shop, other = make_retailer(db), make_retailer(db)
    foreign = make_item(db, other)

    for item_ids in ([], [foreign.id], [make_item(db, shop).id, foreign.id]):
        with pytest.raises(FormError) as caught:
            service.add_offer(db, shop.id, TERMS, item_ids=item_ids, actor=None, at=NOON)
        assert "items" in caught.value.problems


def test_a_store_of_another_retailer_is_not_taken(db: Session) -> None:
    item, theirs = make_item(db, make_retailer(db)), make_store(db, make_retailer(db))

    with pytest.raises(FormError) as caught:
        make_offer(db, item, stores=(theirs,))

    assert "stores" in caught.value.problems


@pytest.mark.parametrize("kind", [OfferKind.PERCENT, OfferKind.AMOUNT])
def test_a_retailer_that_does_not_discount_makes_no_money_offers(db: Session, kind: OfferKind) -> None:
    item = make_item(db, make_retailer(db, no_discount=True))

    with pytest.raises(BrandForbidsDiscount) as caught:
        make_offer(db, item, kind=kind)

    assert (caught.value.slug, caught.value.status) == ("brand_forbids_discount", 422)
    assert make_offer(db, item, kind=OfferKind.GIFT).value == 0


def test_only_languages_of_the_retailer_are_kept(db: Session) -> None:
    item = make_item(db, make_retailer(db, locales=["en", "ar"]))

    offer = make_offer(db, item, headline={"en": "A gift", "ar": "هدية", "fr": "Un cadeau"}, terms={})

    assert offer.headline == {"en": "A gift", "ar": "هدية"}


def test_a_change_reaches_the_pages_it_left_and_the_pages_it_came_to(db: Session) -> None:
    shop = make_retailer(db)
    was, becomes = make_item(db, shop), make_item(db, shop)
    offer = make_offer(db, was)

    same = replace(TERMS, limit_total=offer.limit_total)
    service.change_offer(db, offer, same, item_ids=[becomes.id], actor=None, at=NOON)

    assert list_item_ids(db, offer.id) == [becomes.id]
    assert (changes_of(db, was), changes_of(db, becomes)) == (1, 1)


def test_a_change_never_touches_a_code_that_was_taken(db: Session) -> None:
    shop = make_retailer(db)
    item, store = make_item(db, shop), make_store(db, shop)
    offer = make_offer(db, item, headline="10 % off", value=10)
    claim = make_claim(db, offer, item)
    promised, ends_at = Promise.of_claim(claim), claim.expires_at

    worse = replace(TERMS, value=1, headline={"en": "1 % off"}, store_ids=(make_store(db, shop).id,))
    worse = replace(worse, from_at=NOON + timedelta(days=1), until_at=NOON + timedelta(days=2))
    service.change_offer(db, offer, worse, item_ids=[make_item(db, shop).id], actor=None, at=NOON)
    db.expire_all()

    assert Promise.of_claim(claim) == promised
    assert claim.expires_at == ends_at
    assert make_use(db, claim, store).claim_id == claim.id


def test_a_limit_is_not_lowered_below_what_is_taken(db: Session) -> None:
    shop = make_retailer(db)
    item, store = make_item(db, shop), make_store(db, shop)
    offer = make_offer(db, item, limit_total=10)
    make_use(db, make_claim(db, offer, item), store)
    make_claim(db, offer, item)

    with pytest.raises(LimitBelowUsed) as caught:
        service.change_limit(db, offer, 1, actor=None, at=NOON)
    service.change_limit(db, offer, 2, actor=None, at=NOON)

    assert (caught.value.slug, caught.value.status) == ("limit_below_used", 409)
    assert "2 codes are taken" in caught.value.problems["limit"]
    assert get_counter(db, offer.id).left == 0
    assert refused(db, offer, item) == Refusal.EXHAUSTED
    service.change_limit(db, offer, 3, actor=None, at=NOON)
    assert make_claim(db, offer, item).state == ClaimState.ISSUED
    assert_books_fit(db, offer)


def test_a_lowered_limit_first_takes_back_what_lapsed(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    offer = make_offer(db, item, limit_total=10, claim_hours=1)
    make_claim(db, offer, item)

    service.change_limit(db, offer, 1, actor=None, at=NOON + timedelta(hours=1))

    assert get_counter(db, offer.id).left == 1


def test_a_pause_and_its_end_are_told_once(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    offer = make_offer(db, item)

    for _ in range(2):
        service.pause(db, offer, actor=None, at=NOON)
    paused = refused(db, offer, item)
    for _ in range(2):
        service.resume(db, offer, actor=None, at=NOON)

    assert paused == Refusal.PAUSED
    assert changes_of(db, item) == 2
    assert make_claim(db, offer, item).state == ClaimState.ISSUED


# --- how offers stand ------------------------------------------------------------------------------


def test_states_follow_the_clock_to_the_second(db: Session) -> None:
    shop = make_retailer(db)
    offer = make_offer(db, make_item(db, shop), from_at=NOON, until_at=NOON + timedelta(hours=1))
    hour = timedelta(hours=1)

    told = [state_of(offer, at=NOON + each) for each in (-SECOND, timedelta(0), hour - SECOND, hour)]

    assert told == ["scheduled", "live", "live", "ended"]
    for at, state in zip((NOON - SECOND, NOON, NOON + hour - SECOND, NOON + hour), told, strict=True):
        assert {each: count for each, count in count_offers(db, shop.id, at=at).items() if count} == {state: 1}
    service.pause(db, offer, actor=None, at=NOON)
    assert state_of(offer, at=NOON) == "paused"
    assert state_of(offer, at=NOON + hour) == "ended"


def test_a_list_tells_claimed_used_and_left(db: Session) -> None:
    shop = make_retailer(db)
    item, store = make_item(db, shop), make_store(db, shop)
    offer = make_offer(db, item, limit_total=10, claim_hours=1)
    make_use(db, make_claim(db, offer, item), store)
    make_claim(db, offer, item)
    make_claim(db, offer, item)
    service.free_expired(db, at=NOON + timedelta(hours=2))
    make_claim(db, offer, item, at=NOON + timedelta(hours=2))
    make_offer(db, make_item(db, make_retailer(db)))

    (line,), total = list_offers(db, shop.id, at=NOON)

    assert total == 1
    assert (line.claimed, line.count.used, line.count.held, line.count.left, line.items) == (4, 1, 1, 8, 1)


# --- claiming --------------------------------------------------------------------------------------


def test_a_claim_holds_one_unit_and_is_counted(db: Session) -> None:
    shop = make_retailer(db)
    item, store = make_item(db, shop), make_store(db, shop)
    offer = make_offer(db, item, limit_total=5)
    visit = "0" * 28

    claim = make_claim(db, offer, item, store=store, visit=visit, variant="m")

    assert get_counter(db, offer.id).held == 1
    assert (claim.state, claim.store_id, claim.visit) == (ClaimState.ISSUED, store.id, visit)
    assert Promise.of_claim(claim) == Promise.of_offer(offer, variant="m")
    code = make_code_of(claim)
    assert claim.code_tail == code[-4:]
    assert code not in repr({column.name: getattr(claim, column.name) for column in Claim.__table__.columns})
    event = db.scalars(select(Event)).one()
    assert (event.kind, event.item_id, event.store_id, event.visit) == ("claim", item.id, store.id, visit)
    assert event.detail == claim.id
    assert_books_fit(db, offer)


def test_a_second_tap_gives_the_same_code(db: Session) -> None:
    shop = make_retailer(db)
    item, other = make_item(db, shop), make_item(db, shop)
    offer, visitor = make_offer(db, item, other, limit_total=1), make_visitor(db, shop)

    first = make_claim(db, offer, item, visitor=visitor)
    again = make_claim(db, offer, item, visitor=visitor, at=NOON + timedelta(hours=1))
    from_another_item = make_claim(db, offer, other, visitor=visitor)

    assert first.id == again.id == from_another_item.id
    assert again.expires_at == NOON + timedelta(hours=24)
    assert get_counter(db, offer.id).held == 1
    assert db.scalar(select(func.count(Event.id))) == 1


def test_a_phone_may_use_an_offer_as_often_as_it_says(db: Session) -> None:
    shop = make_retailer(db)
    item, store = make_item(db, shop), make_store(db, shop)
    offer, visitor = make_offer(db, item, limit_per_visitor=2), make_visitor(db, shop)

    first = make_claim(db, offer, item, visitor=visitor)
    make_use(db, first, store)
    second = make_claim(db, offer, item, visitor=visitor)
    make_use(db, second, store)

    assert first.id != second.id
    with pytest.raises(ClaimRefused) as caught:
        make_claim(db, offer, item, visitor=visitor)
    assert (caught.value.refusal, caught.value.status, caught.value.slug) == (
        Refusal.VISITOR_LIMIT,
        409,
        "per_customer_limit",
    )
    assert caught.value.used is not None and caught.value.used.visitor_id == visitor.id
    assert make_claim(db, offer, item).visitor_id != visitor.id
    assert_books_fit(db, offer)


def test_two_items_of_one_offer_are_two_uses_where_two_are_allowed(db: Session) -> None:
    shop = make_retailer(db)
    item, other = make_item(db, shop), make_item(db, shop)
    offer, visitor = make_offer(db, item, other, limit_per_visitor=2), make_visitor(db, shop)

    claims = {make_claim(db, offer, each, visitor=visitor).id for each in (item, other, item, other)}

    assert len(claims) == 2


def test_an_offer_that_is_all_taken_is_refused_and_leaves_nothing(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    offer = make_offer(db, item, limit_total=2)
    make_claim(db, offer, item)
    assert changes_of(db, item) == 0
    make_claim(db, offer, item)

    refusal = refused(db, offer, item)

    assert refusal == Refusal.EXHAUSTED
    assert changes_of(db, item) == 1, "the page no longer shows what is all taken"
    assert list_offers_on(db, item.id, store_id=None, at=NOON) == []
    assert db.scalar(select(func.count(Claim.id))) == 2
    assert_books_fit(db, offer)


def test_an_offer_is_taken_from_its_begin_until_before_its_end(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    hour = timedelta(hours=1)
    offer = make_offer(db, item, from_at=NOON, until_at=NOON + hour)

    assert refused(db, offer, item, at=NOON - SECOND) == Refusal.NOT_STARTED
    assert make_claim(db, offer, item, at=NOON).issued_at == NOON
    assert make_claim(db, offer, item, at=NOON + hour - SECOND).expires_at == NOON + hour
    assert refused(db, offer, item, at=NOON + hour) == Refusal.ENDED


def test_a_code_ends_after_its_hours_and_never_after_the_offer(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    offer = make_offer(db, item, until_at=NOON + timedelta(hours=30), claim_hours=24)

    early, late = make_claim(db, offer, item), make_claim(db, offer, item, at=NOON + timedelta(hours=10))

    assert early.expires_at == NOON + timedelta(hours=24)
    assert late.expires_at == NOON + timedelta(hours=30)


def test_an_offer_of_other_stores_is_refused_here(db: Session) -> None:
    shop = make_retailer(db)
    item, here, there = make_item(db, shop), make_store(db, shop), make_store(db, shop)
    offer = make_offer(db, item, stores=(there,))

    assert refused(db, offer, item, store=here) == Refusal.WRONG_STORE
    assert make_claim(db, offer, item, store=there).store_id == there.id
    assert make_claim(db, offer, item).store_id is None


def test_an_offer_is_not_taken_for_another_item(db: Session) -> None:
    shop = make_retailer(db)
    item, other, foreign = make_item(db, shop), make_item(db, shop), make_item(db, make_retailer(db))
    offer = make_offer(db, item)

    assert refused(db, offer, other) == Refusal.WRONG_ITEM
    assert refused(db, offer, foreign) == Refusal.WRONG_ITEM


def test_nothing_is_promised_on_an_item_no_longer_sold(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    offer = make_offer(db, item)
    retire_item(db, item, at=NOON)

    assert refused(db, offer, item) == Refusal.ITEM_RETIRED


def test_nothing_is_promised_on_an_item_that_is_taken_down(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    offer = make_offer(db, item)
    take_down(db, item, reason="Recalled", actor=None, at=NOON)

    assert refused(db, offer, item) == Refusal.ITEM_DOWN


def test_a_retailer_that_stopped_discounting_gives_no_more_codes(db: Session) -> None:
    shop = make_retailer(db)
    item = make_item(db, shop)
    offer, gift = make_offer(db, item), make_offer(db, item, kind=OfferKind.GIFT)
    shop.no_discount = True

    assert refused(db, offer, item) == Refusal.NO_DISCOUNT
    assert make_claim(db, gift, item).offer_id == gift.id


# --- given back ------------------------------------------------------------------------------------


def test_what_a_lapsed_code_held_is_given_back_once(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    offer = make_offer(db, item, limit_total=2, claim_hours=1)
    claim = make_claim(db, offer, item)
    ends_at = NOON + timedelta(hours=1)

    freed = [service.free_expired(db, at=at) for at in (ends_at - SECOND, ends_at, ends_at, ends_at + SECOND)]

    assert freed == [0, 1, 0, 0]
    db.refresh(claim)
    assert (claim.state, claim.freed_at) == (ClaimState.ISSUED, ends_at)
    assert get_counter(db, offer.id).left == 2
    assert_books_fit(db, offer)


def test_a_lapsed_code_makes_way_before_the_chore_comes(db: Session) -> None:
    shop = make_retailer(db)
    item, visitor = make_item(db, shop), make_visitor(db, shop)
    offer = make_offer(db, item, limit_total=1, claim_hours=1)
    lapsed = make_claim(db, offer, item, visitor=visitor)

    again = make_claim(db, offer, item, visitor=visitor, at=NOON + timedelta(hours=1))

    assert again.id != lapsed.id
    assert_books_fit(db, offer)


def test_pages_are_told_when_something_is_left_again(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    offer = make_offer(db, item, limit_total=1, claim_hours=1)
    make_claim(db, offer, item)
    before = changes_of(db, item)

    service.free_expired(db, at=NOON + timedelta(hours=1))

    assert changes_of(db, item) == before + 1
    assert list_offers_on(db, item.id, store_id=None, at=NOON) == [offer]


def test_a_used_code_is_never_given_back_by_time(db: Session) -> None:
    shop = make_retailer(db)
    item, store = make_item(db, shop), make_store(db, shop)
    offer = make_offer(db, item, claim_hours=1)
    make_use(db, make_claim(db, offer, item), store)

    assert service.free_expired(db, at=NOON + timedelta(days=2)) == 0
    assert get_counter(db, offer.id).used == 1


def test_a_forgotten_phone_gives_its_codes_back(db: Session) -> None:
    shop = make_retailer(db)
    item, store, visitor = make_item(db, shop), make_store(db, shop), make_visitor(db, shop)
    open_offer, used_offer = make_offer(db, item), make_offer(db, item)
    held = make_claim(db, open_offer, item, visitor=visitor)
    used = make_claim(db, used_offer, item, visitor=visitor)
    make_use(db, used, store)
    others = make_claim(db, open_offer, item)

    voided = service.void_claims(db, visitor, at=NOON)

    for claim in (held, used, others):
        db.refresh(claim)
    assert voided == 1
    assert (held.state, used.state, others.state) == (ClaimState.VOID, ClaimState.REDEEMED, ClaimState.ISSUED)
    assert_books_fit(db, open_offer)
    assert_books_fit(db, used_offer)
    assert service.free_expired(db, at=NOON + timedelta(days=2)) == 1


def test_many_lapsed_codes_are_given_back_in_turns(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_FREED_AT_ONCE", 2)
    item = make_item(db, make_retailer(db))
    offer = make_offer(db, item, claim_hours=1)
    for _ in range(5):
        make_claim(db, offer, item)

    freed = [service.free_expired(db, at=NOON + timedelta(hours=1)) for _ in range(4)]

    assert freed == [2, 2, 1, 0]
    assert_books_fit(db, offer)


def test_codes_are_made_under_the_present_key(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    offer = make_offer(db, item)

    claim = make_claim(db, offer, item, keys=("a newer key", *TILL_KEYS))

    assert make_code_of(claim, keys=("a newer key",))
