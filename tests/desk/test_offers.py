"""Offers at the desk: how they stand, set up without script, said anew, paused; who may, and what it can cost."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.offers import service
from qrmerch.offers.models import Offer, OfferKind
from qrmerch.offers.promises import Promise
from qrmerch.offers.queries import get_counter, list_item_ids
from qrmerch.parties.models import Retailer, Store
from tests.browsing import Browser, find_form
from tests.factories import (
    TILL_KEYS,
    make_claim,
    make_code_of,
    make_item,
    make_offer,
    make_person,
    make_retailer,
    make_store,
    make_use,
)

DAY = timedelta(days=1)


@dataclass
class Desk:
    """Mia's desk: a shop with two items and two stores."""

    retailer: Retailer
    top: Item
    cardigan: Item
    riverside: Store
    galleria: Store
    mia: Browser

    def open_form(self) -> dict[str, object]:
        """The form of a new offer, filled in."""
        form = find_form(self.mia.get("/desk/offers/new").text, "/desk/offers")
        return {
            **{name: value for name, value in form.fields.items() if name != "csrf"},
            "kind": "percent",
            "value": "10",
            "items": [self.top.id, self.cardigan.id],
            "from": "2026-11-22T04:00",
            "until": "2090-12-06T18:59",
            "limit": "200",
            "headline-en": "10 % off any yellow top",
            "headline-ar": "خصم ٪10",
            "terms-en": "One code each.\nWhile they last.",
        }

    def add(self, **changes: object) -> TestResponse:
        return self.mia.post("/desk/offers", {**self.open_form(), **changes})


@pytest.fixture
def desk(browser: Browser, db: Session) -> Desk:
    shop = make_retailer(db, name="Fashiontown", locales=["en", "ar"])
    top = make_item(db, shop, title="Marigold Slouch Top", price_minor=2800)
    cardigan = make_item(db, shop, title="Buttercup Cardigan", price_minor=3600)
    stores = make_store(db, shop, short_name="Riverside"), make_store(db, shop, short_name="Galleria")
    mia = make_person(db, Role.MERCHANDISER, name="Mia", retailer=shop)
    db.commit()
    return Desk(shop, top, cardigan, *stores, browser.sign_in(*mia))


def only_offer(db: Session) -> Offer:
    """The one there is; the session holds no lock afterwards that a request would wait for."""
    found = db.scalars(select(Offer).execution_options(populate_existing=True)).one()
    db.commit()
    return found


def count_offers(db: Session) -> int:
    found = db.scalar(select(func.count(Offer.id))) or 0
    db.commit()
    return found


# --- setting up ------------------------------------------------------------------------------------


def test_an_offer_is_set_up_with_a_plain_form(desk: Desk, db: Session) -> None:
    page = desk.mia.follow(desk.add())

    offer = only_offer(db)
    assert page.status_code == 200
    assert "It is live." in page.text
    assert (offer.kind, offer.value, offer.limit_total) == (OfferKind.PERCENT, 10, 200)
    assert offer.headline == {"en": "10 % off any yellow top", "ar": "خصم ٪10"}
    assert offer.terms == {"en": "One code each.\nWhile they last."}
    assert offer.store_ids is None
    assert sorted(list_item_ids(db, offer.id)) == sorted([desk.top.id, desk.cardigan.id])
    entry = db.scalars(select(AuditEntry).where(AuditEntry.action == "offer.add")).one()
    assert entry.actor.startswith("user:")


def test_instants_are_typed_in_the_retailers_own_time(desk: Desk, db: Session) -> None:
    desk.add()

    offer = only_offer(db)
    assert offer.from_at == datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    page = desk.mia.get(f"/desk/offers/{offer.id}").text
    assert 'value="2026-11-22T04:00"' in page
    assert "New York time; " in page


def test_a_form_that_is_saved_as_it_came_changes_nothing(desk: Desk, db: Session) -> None:
    at = datetime(2026, 11, 22, 9, 0, 59, tzinfo=UTC)
    offer = make_offer(db, desk.top, from_at=at, until_at=at + 90 * DAY, stores=(desk.galleria,), claim_hours=72)
    before = {column.name: getattr(offer, column.name) for column in Offer.__table__.columns}
    db.commit()
    page = desk.mia.get(f"/desk/offers/{offer.id}").text
    editor = page[page.rindex("<form", 0, page.index('class="offer"')) :]

    form = find_form(editor, f"/desk/offers/{offer.id}")
    answer = desk.mia.post(form.action, {**form.fields, **_ticked(editor)})

    assert answer.status_code == 303
    found = only_offer(db)
    assert {column.name: getattr(found, column.name) for column in Offer.__table__.columns} == before
    assert list_item_ids(db, offer.id) == [desk.top.id]


def _ticked(html: str) -> dict[str, list[str]]:
    """The boxes that are ticked on a page, all of each name; the test browser keeps the last one only."""
    ticked: dict[str, list[str]] = {"items": [], "stores": []}
    for name, value in re.findall(r'name="(items|stores)" value="([^"]+)" checked', html):
        ticked[name].append(value)
    return ticked


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("value", "", "from 1 to 100"),
        ("value", "101", "from 1 to 100"),
        ("value", "ten", "from 1 to 100"),
        ("value", "9" * 40, "from 1 to 100"),
        ("kind", "free", "Choose what the offer gives"),
        ("from", "", "A day and a time"),
        ("until", "soon", "A day and a time"),
        ("until", "2026-11-22T04:00", "ends before it begins"),
        ("limit", "many", "A whole number"),
        ("limit", "0", "from 1 to 1,000,000"),
        ("per_visitor", "-1", "A whole number"),
        ("hours", "", "A whole number"),
        ("items", [], "at least one item"),
        ("headline-en", "", "Say in a few words"),
        ("headline-en", "x" * 81, "At most 80 characters"),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_is_kept(
    desk: Desk, db: Session, field: str, value: object, words: str
) -> None:
    answer = desk.add(**{field: value, "terms-en": "Kept words."})

    assert answer.status_code == 422
    assert words in answer.text
    assert f'href="#f-{field}"' in answer.text
    assert "Kept words." in answer.text
    assert count_offers(db) == 0


def test_amounts_are_typed_as_people_write_them(desk: Desk, db: Session) -> None:
    desk.add(kind="amount", value="5,00")

    offer = only_offer(db)
    assert (offer.kind, offer.value, offer.currency) == (OfferKind.AMOUNT, 500, "USD")
    assert 'value="5.00"' in desk.mia.get(f"/desk/offers/{offer.id}").text


def test_an_offer_may_hold_in_some_stores_only(desk: Desk, db: Session) -> None:
    nowhere = desk.add(where="some")
    desk.add(where="some", stores=[desk.galleria.id])

    assert nowhere.status_code == 422
    assert "Choose at least one store" in nowhere.text
    assert only_offer(db).store_ids == [desk.galleria.id]


def test_words_are_words(desk: Desk, db: Session) -> None:
    desk.add(**{"headline-en": "<b>{{ 7 * 7 }}</b>"})

    for address in ("/desk/offers", f"/desk/offers/{only_offer(db).id}"):
        page = desk.mia.get(address).text
        assert "&lt;b&gt;{{ 7 * 7 }}&lt;/b&gt;" in page
        assert "<b>{{" not in page
    csv = desk.mia.get("/desk/offers/export").text
    assert "<b>{{ 7 * 7 }}</b>" in csv


def test_a_formula_is_no_formula_in_the_file(desk: Desk, db: Session) -> None:
    desk.add(**{"headline-en": "=1+1"})

    assert "'=1+1" in desk.mia.get("/desk/offers/export").text


def test_a_retailer_that_does_not_discount_is_offered_no_discounts(desk: Desk, db: Session) -> None:
    db.get_one(Retailer, desk.retailer.id).no_discount = True
    db.commit()

    page = desk.mia.get("/desk/offers/new").text
    answer = desk.add()

    assert "Per cent off" not in page
    assert answer.status_code == 422
    assert "does not discount" in answer.text
    assert count_offers(db) == 0


def test_items_are_found_among_many_without_losing_what_was_typed(desk: Desk, db: Session) -> None:
    for number in range(30):
        make_item(db, desk.retailer, title=f"Plain Sock {number:02}")
    db.commit()
    page = desk.mia.get("/desk/offers/new").text
    assert "Find items" in page
    assert "Plain Sock 07" not in page

    form = {**desk.open_form(), "items": [desk.top.id], "find": "sock 07", "do": "find", "value": "33"}
    found = desk.mia.post("/desk/offers", form)

    assert found.status_code == 200
    assert "1 item fits “sock 07”." in found.text
    assert "Plain Sock 07" in found.text
    assert f'name="items" value="{desk.top.id}" checked' in found.text
    assert 'value="33"' in found.text
    assert count_offers(db) == 0


def test_items_may_be_chosen_by_the_address(desk: Desk) -> None:
    page = desk.mia.get(f"/desk/offers/new?item={desk.top.id}&item={'0' * 36}").text

    assert f'name="items" value="{desk.top.id}" checked' in page
    assert f'name="items" value="{desk.cardigan.id}">' in page


# --- what it can cost ------------------------------------------------------------------------------


def test_the_worst_case_is_told_before_it_is_set_up(desk: Desk, db: Session) -> None:
    page = desk.add(do="cost")

    assert page.status_code == 200
    assert "$720.00" in page.text
    assert "if all 200 codes are used on Buttercup Cardigan" in page.text
    assert "$3.60 off $36.00" in page.text
    assert "Unknown: no hold-out" in page.text
    assert count_offers(db) == 0


def test_an_amount_never_takes_more_than_the_price(desk: Desk) -> None:
    assert "$7,200.00" in desk.add(do="cost", kind="amount", value="500.00").text


def test_a_gift_has_no_worst_case_in_money(desk: Desk) -> None:
    page = desk.add(do="cost", kind="gift", value="").text

    assert "200 gifts" in page
    assert "$" not in page.partition("At worst")[2].partition("</section>")[0]


def test_what_was_used_is_no_longer_to_come(desk: Desk, db: Session) -> None:
    desk.add(limit="10")
    offer = only_offer(db)
    make_use(db, make_claim(db, offer, desk.cardigan, at=now()), desk.riverside, at=now())
    db.commit()

    page = desk.mia.get(f"/desk/offers/{offer.id}").text

    assert "$32.40 at most" in page
    assert "1 used and 0 held of 10; 9 left" in page


# --- changing --------------------------------------------------------------------------------------


def test_codes_that_were_taken_keep_what_they_were_taken_for(desk: Desk, db: Session) -> None:
    desk.add()
    offer = only_offer(db)
    claim = make_claim(db, offer, desk.top, at=now())
    promised = Promise.of_claim(claim)
    db.commit()

    answer = desk.mia.post(f"/desk/offers/{offer.id}", {**desk.open_form(), "value": "1", "headline-en": "1 % off"})

    assert answer.status_code == 303
    db.refresh(claim)
    assert Promise.of_claim(claim) == promised
    assert only_offer(db).value == 1


def test_a_limit_below_what_is_taken_is_refused_with_the_least(desk: Desk, db: Session) -> None:
    desk.add()
    offer = only_offer(db)
    for _ in range(3):
        make_claim(db, offer, desk.top, at=now())
    db.commit()

    answer = desk.mia.post(f"/desk/offers/{offer.id}", {**desk.open_form(), "limit": "2"})

    assert answer.status_code == 422
    assert "3 codes are taken already" in answer.text
    assert get_counter(db, offer.id).limit == 200


def test_an_offer_is_paused_and_goes_on(desk: Desk, db: Session) -> None:
    desk.add()
    address = f"/desk/offers/{only_offer(db).id}"

    paused = desk.mia.follow(desk.mia.send(desk.mia.get(address), action="/pause"))
    was_paused = only_offer(db).is_paused
    desk.mia.send(paused, action="/resume")

    assert "Paused. No more codes are given" in paused.text
    assert (was_paused, only_offer(db).is_paused) == (True, False)
    actions = list(db.scalars(select(AuditEntry.action).order_by(AuditEntry.number)))
    assert actions[-2:] == ["offer.pause", "offer.resume"]


# --- the list --------------------------------------------------------------------------------------


def test_the_list_says_how_offers_stand(desk: Desk, db: Session) -> None:
    at = now()
    live = make_offer(db, desk.top, headline="Live one", until_at=at + DAY, limit_total=5)
    make_offer(db, desk.top, headline="One to come", from_at=at + DAY, until_at=at + 2 * DAY)
    make_offer(db, desk.top, headline="One that ended", until_at=at - DAY)
    full = make_offer(db, desk.top, headline="One all taken", until_at=at + DAY, limit_total=1)
    paused = make_offer(db, desk.top, headline="Paused one", until_at=at + DAY)
    service.pause(db, paused, actor=None, at=at)
    make_claim(db, full, desk.top, at=at)
    make_claim(db, live, desk.top, at=at)
    make_offer(db, make_item(db, make_retailer(db)), headline="Not ours", until_at=at + DAY)
    db.commit()

    page = desk.mia.get("/desk/offers").text

    assert "2 live, 1 to come, 1 paused, 1 ended." in page
    for word in ("All taken", "To come", "Paused", "Ended", "4 of 5", "0 of 1"):
        assert word in page
    assert "Not ours" not in page
    only_ended = desk.mia.get("/desk/offers?state=ended").text
    assert "One that ended" in only_ended
    assert "Live one" not in only_ended
    assert desk.mia.get("/desk/offers?state=nonsense&page=9").status_code == 200


def test_a_desk_without_offers_says_how_to_begin(desk: Desk) -> None:
    assert "No offer yet" in desk.mia.get("/desk/offers").text


def test_the_file_has_every_offer(desk: Desk, db: Session) -> None:
    for number in range(30):
        make_offer(db, desk.top, headline=f"Offer {number}", until_at=now() + DAY)
    db.commit()

    lines = desk.mia.get("/desk/offers/export").text.strip().splitlines()

    assert len(lines) == 30 + 3
    assert "26 of" not in desk.mia.get("/desk/offers").text


def test_tills_refusals_are_told_by_reason(desk: Desk, db: Session) -> None:
    desk.add()
    offer = only_offer(db)
    claim = make_claim(db, offer, desk.top, at=now())
    make_use(db, claim, desk.riverside, at=now())
    till = service.Till(desk.riverside, None)
    for minutes in (1, 2):
        at = now() + timedelta(minutes=minutes)
        service.check(db, make_code_of(claim), till=till, keys=TILL_KEYS, at=at)
    db.commit()

    page = desk.mia.get(f"/desk/offers/{offer.id}").text

    assert "Refused at tills" in page
    assert "<dt>Used already</dt><dd>2</dd>" in page


# --- who may ---------------------------------------------------------------------------------------


def test_an_analyst_looks_and_changes_nothing(desk: Desk, db: Session) -> None:
    desk.add()
    offer = only_offer(db)
    ana = make_person(db, Role.ANALYST, name="Ana", retailer=desk.retailer)
    db.commit()
    analyst = desk.mia.another().sign_in(*ana)

    page, listed = analyst.get(f"/desk/offers/{offer.id}"), analyst.get("/desk/offers")
    told = [
        analyst.get("/desk/offers/new"),
        analyst.post("/desk/offers", desk.open_form()),
        analyst.post(f"/desk/offers/{offer.id}", desk.open_form()),
        analyst.post(f"/desk/offers/{offer.id}/pause"),
        analyst.post(f"/desk/offers/{offer.id}/resume"),
    ]

    assert (page.status_code, listed.status_code, analyst.get("/desk/offers/export").status_code) == (200, 200, 200)
    assert "10 % off" in page.text
    assert "Buttercup Cardigan and Marigold Slouch Top" in page.text
    assert f'action="/desk/offers/{offer.id}' not in page.text
    assert "/desk/offers/new" not in listed.text
    assert {answer.status_code for answer in told} == {404}
    assert (count_offers(db), only_offer(db).is_paused) == (1, False)


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ASSOCIATE, Role.VENDOR_ADMIN, Role.VENDOR_EDITOR, Role.OPERATOR])
def test_nobody_else_finds_offers(browser: Browser, db: Session, role: Role) -> None:
    shop = make_retailer(db)
    item = make_item(db, shop)
    offer, person = make_offer(db, item), make_person(db, role, retailer=shop, vendor=None)
    db.commit()
    visitor = browser.sign_in(*person)

    told = [visitor.get("/desk/offers"), visitor.get(f"/desk/offers/{offer.id}"), visitor.get("/desk/offers/export")]

    assert {answer.status_code for answer in told} == {404}


def test_otto_finds_nothing_and_changes_nothing(desk: Desk, db: Session) -> None:
    desk.add()
    offer = only_offer(db)
    otto = make_person(db, Role.OWNER, name="Otto", retailer=make_retailer(db))
    db.commit()
    outsider = desk.mia.another().sign_in(*otto)
    before = {column.name: getattr(offer, column.name) for column in Offer.__table__.columns}

    told = [
        outsider.get(f"/desk/offers/{offer.id}"),
        outsider.post(f"/desk/offers/{offer.id}", desk.open_form()),
        outsider.post(f"/desk/offers/{offer.id}/pause"),
        outsider.post(f"/desk/offers/{offer.id}/resume"),
    ]
    borrowed = outsider.post("/desk/offers", desk.open_form())

    assert {answer.status_code for answer in told} == {404}
    assert borrowed.status_code == 422, "the items are not Otto's"
    found = only_offer(db)
    assert {column.name: getattr(found, column.name) for column in Offer.__table__.columns} == before


def test_another_retailers_ids_in_the_form_are_not_taken(desk: Desk, db: Session) -> None:
    other = make_retailer(db)
    item, store = make_item(db, other), make_store(db, other)
    db.commit()

    told = [
        desk.add(items=[item.id]),
        desk.add(items=[desk.top.id, item.id]),
        desk.add(where="some", stores=[store.id]),
    ]

    assert {answer.status_code for answer in told} == {422}
    assert count_offers(db) == 0
