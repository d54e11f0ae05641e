"""The associate's phone: a code is checked, used, taken back, and the day is told; own stores only."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.offers import service
from qrmerch.offers.models import Claim, ClaimState, Offer, OfferKind, Outcome, Redemption
from qrmerch.offers.till_codes import make_code
from qrmerch.parties.models import Retailer, Store
from qrmerch.users.models import StaffSession
from tests.browsing import Browser
from tests.factories import (
    Person,
    make_claim,
    make_code_of,
    make_item,
    make_offer,
    make_person,
    make_retailer,
    make_store,
    make_use,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Counter:
    """A till in Riverside, Ada behind it, and a code in a shopper's hand."""

    retailer: Retailer
    riverside: Store
    galleria: Store
    item: Item
    offer: Offer
    claim: Claim
    ada: Person
    keys: tuple[str, ...]

    @property
    def code(self) -> str:
        return make_code_of(self.claim, keys=self.keys)

    @property
    def address(self) -> str:
        return f"/associate/codes/{self.claim.public_id}"


@pytest.fixture
def counter(db: Session, settings: Settings) -> Counter:
    at, keys = now(), settings.secret_keys
    shop = make_retailer(db, slug="fashiontown", name="Fashiontown")
    riverside = make_store(db, shop, code="1", short_name="Riverside")
    galleria = make_store(db, shop, code="2", short_name="Galleria")
    item = make_item(db, shop, title="Marigold Slouch Top", price_minor=2800)
    offer = make_offer(db, item, from_at=at - 9 * DAY, until_at=at + 9 * DAY)
    claim = make_claim(db, offer, item, store=riverside, keys=keys, at=at, variant="m")
    ada = make_person(db, Role.ASSOCIATE, name="Ada", retailer=shop, stores=(riverside,))
    db.commit()
    return Counter(shop, riverside, galleria, item, offer, claim, ada, keys)


@pytest.fixture
def till(browser: Browser, counter: Counter) -> Browser:
    return browser.sign_in(*counter.ada)


def check(till: Browser, code: str, **more: str) -> TestResponse:
    """The verdict on a code that was typed on the till's page."""
    answer = till.send(till.get("/associate"), action="/associate/check", code=code, **more)
    return till.follow(answer)


def state_of(db: Session, claim: Claim) -> ClaimState:
    found = db.scalars(select(Claim.state).where(Claim.id == claim.id)).one()
    db.commit()
    return found  # type: ignore[no-any-return]


def rows_of(db: Session) -> list[tuple[str, str]]:
    found = [(row.outcome.value, row.reason) for row in db.scalars(select(Redemption).order_by(Redemption.id))]
    db.commit()
    return found


def title_of(page: TestResponse) -> str:
    found = re.search(r'<h1 id="verdict">.*?</svg> ([^<]+)</h1>', page.text, re.DOTALL)
    assert found, page.text[:2000]
    return found[1]


# --- from code to used and back --------------------------------------------------------------------


def test_a_code_is_checked_used_and_taken_back(till: Browser, counter: Counter, db: Session) -> None:
    valid = check(till, counter.code.lower())
    assert (valid.status_code, title_of(valid)) == (200, "Valid")
    assert "10 % off any yellow top" in valid.text
    assert "Takes $2.80 off Marigold Slouch Top, M at $28.00." in valid.text
    assert rows_of(db) == []

    used = till.follow(till.send(valid, action="/use"))
    assert title_of(used) == "Used"
    assert "It can be undone until" in used.text
    assert state_of(db, counter.claim) == ClaimState.REDEEMED

    undone = till.follow(till.send(used, action="/undo"))
    assert title_of(undone) == "Undone"
    assert "The code is the shopper’s again" in undone.text
    assert state_of(db, counter.claim) == ClaimState.ISSUED
    assert rows_of(db) == [("redeemed", ""), ("reversed", "")]

    again = re.search(r'href="(/associate/codes/[^"]+)">Use it again', undone.text)
    assert again
    assert title_of(till.get(again[1])) == "Valid"


def test_pressing_use_twice_is_one_use_and_one_answer(till: Browser, counter: Counter, db: Session) -> None:
    valid = check(till, counter.code)

    answers = [till.send(valid, action="/use").headers["Location"] for _ in range(3)]

    assert len(set(answers)) == 1
    assert rows_of(db) == [("redeemed", "")]


def test_pressing_undo_twice_is_one_undo(till: Browser, counter: Counter, db: Session) -> None:
    used = till.follow(till.send(check(till, counter.code), action="/use"))

    answers = [till.send(used, action="/undo").headers["Location"] for _ in range(2)]

    assert len(set(answers)) == 1
    assert rows_of(db) == [("redeemed", ""), ("reversed", "")]


def test_going_back_and_pressing_use_again_says_already_used(till: Browser, counter: Counter, db: Session) -> None:
    first, second = check(till, counter.code), check(till, counter.code)
    till.send(first, action="/use")

    told = till.follow(till.send(second, action="/use"))

    assert title_of(told) == "Already used"
    assert "See the first use" in told.text
    assert rows_of(db) == [("redeemed", ""), ("refused", "already_redeemed")]


def test_reading_a_verdict_again_changes_nothing(till: Browser, counter: Counter, db: Session) -> None:
    used = till.send(check(till, counter.code), action="/use").headers["Location"]
    before = rows_of(db)

    for address in (used, f"{counter.address}?store={counter.riverside.id}", "/associate", "/associate/today"):
        assert till.get(address).status_code == 200
        assert till.head(address).status_code == 200

    assert rows_of(db) == before


def test_an_undo_after_its_window_is_refused(till: Browser, counter: Counter, db: Session) -> None:
    use = make_use(db, counter.claim, counter.riverside, keys=counter.keys, at=now() - timedelta(minutes=16))
    db.commit()

    page = till.get(f"/associate/tries/{use.id}")
    told = till.follow(till.post(f"/associate/tries/{use.id}/undo"))

    assert "/undo" not in page.text
    assert title_of(told) == "Too late to undo"
    assert state_of(db, counter.claim) == ClaimState.REDEEMED


def test_a_refusal_is_not_undone(till: Browser, counter: Counter, db: Session) -> None:
    refusal = check(till, "7K3M-9QW4-T2A")
    row_id = db.scalars(select(Redemption.id)).one()
    db.commit()

    assert title_of(refusal) == "One symbol off"
    assert till.post(f"/associate/tries/{row_id}/undo").status_code == 404


def test_the_code_stands_in_no_address(till: Browser, counter: Counter) -> None:
    answer = till.send(till.get("/associate"), action="/associate/check", code=counter.code)
    used = till.send(till.follow(answer), action="/use")

    for address in (answer.headers["Location"], used.headers["Location"]):
        assert counter.code not in address.replace("-", "").upper()


# --- refused, in words that help -------------------------------------------------------------------


def test_already_used_says_when_where_and_by_whom(till: Browser, counter: Counter, db: Session) -> None:
    tom = make_person(db, Role.ASSOCIATE, name="Tom Okafor", retailer=counter.retailer, stores=(counter.galleria,))
    make_use(db, counter.claim, counter.galleria, by=tom, keys=counter.keys, at=now() - 5 * DAY)
    db.commit()

    page = check(till, counter.code)

    assert title_of(page) == "Already used"
    # Of a year before, the year is said as well.
    assert re.search(r"On \w+day \d+ \w+( \d{4})? at \d\d:\d\d, Galleria", page.text)
    assert "Tom Okafor took it." in page.text
    assert "“This code was used on" in page.text
    assert "See the first use" not in page.text, "it was another store's"


def test_an_expired_code_says_by_how_much_and_what_would_be_good(till: Browser, counter: Counter, db: Session) -> None:
    claim = db.get_one(Claim, counter.claim.id)
    claim.expires_at = now() - timedelta(minutes=4, seconds=30)
    db.commit()

    page = check(till, counter.code)

    assert title_of(page) == "Time is up"
    assert "It came 4 minutes too late." in page.text
    assert "the offer still runs" in page.text
    assert "Would be valid now" in page.text


def test_a_code_of_other_stores_names_them(till: Browser, counter: Counter, db: Session) -> None:
    offer = make_offer(db, counter.item, stores=(counter.galleria,), until_at=now() + DAY, headline="Galleria only")
    claim = make_claim(db, offer, counter.item, keys=counter.keys, at=now())
    db.commit()

    page = check(till, make_code_of(claim, keys=counter.keys))

    assert title_of(page) == "Not in this store"
    assert "It holds at Galleria" in page.text


def test_a_paused_offer_sends_to_a_manager(till: Browser, counter: Counter, db: Session) -> None:
    service.pause(db, db.get_one(Offer, counter.offer.id), actor=None, at=now())
    db.commit()

    assert "Ask a manager" in check(till, counter.code).text


@pytest.mark.parametrize("typed", ["7K3M-9QW4-T2A", "hello", "'; drop table claim", "٧٧٧", "<script>alert(1)</script>"])
def test_a_slip_is_told_kindly(till: Browser, counter: Counter, typed: str) -> None:
    page = check(till, typed)

    assert title_of(page) == "One symbol off"
    assert "<script>alert" not in page.text


def test_a_code_of_another_shop_is_not_one_of_ours(till: Browser, counter: Counter, db: Session) -> None:
    other = make_item(db, make_retailer(db))
    theirs = make_claim(db, make_offer(db, other, until_at=now() + DAY), other, keys=counter.keys, at=now())
    db.commit()

    page = check(till, make_code_of(theirs, keys=counter.keys))

    assert title_of(page) == "Not one of ours"
    assert state_of(db, theirs) == ClaimState.ISSUED


def test_no_verdict_ever_says_invalid(till: Browser, counter: Counter, db: Session) -> None:
    pages = [check(till, each).text for each in (counter.code, "7K3M-9QW4-T2A", make_code("no", "x"))]

    assert not [page for page in pages if "invalid" in page.lower().replace('aria-invalid="true"', "")]


def test_nothing_typed_is_asked_for(till: Browser, counter: Counter, db: Session) -> None:
    answer = till.send(till.get("/associate"), action="/associate/check", code="  ")

    assert answer.status_code == 422
    assert "Type the code, or scan it." in answer.text
    assert rows_of(db) == []


def test_a_gift_says_to_hand_it_over(till: Browser, counter: Counter, db: Session) -> None:
    gift = make_offer(db, counter.item, kind=OfferKind.GIFT, headline="Free gait check", until_at=now() + DAY)
    claim = make_claim(db, gift, counter.item, keys=counter.keys, at=now())
    db.commit()

    assert "Hand it over with the sale." in check(till, make_code_of(claim, keys=counter.keys)).text


# --- stores ----------------------------------------------------------------------------------------


def test_an_associate_of_several_stores_says_where_they_stand(browser: Browser, counter: Counter, db: Session) -> None:
    both = make_person(
        db, Role.ASSOCIATE, name="Bo", retailer=counter.retailer, stores=(counter.riverside, counter.galleria)
    )
    db.commit()
    till = browser.sign_in(*both)
    page = till.get("/associate")
    assert "You stand in" in page.text

    valid = check(till, counter.code, store=counter.galleria.id)
    till.send(valid, action="/use")

    row = db.scalars(select(Redemption)).one()
    assert (row.store_id, row.associate_id) == (counter.galleria.id, both.user.id)
    db.commit()
    assert f'value="{counter.galleria.id}" selected' in till.get("/associate").text, "where they stood last"


def test_a_store_that_is_not_ones_own_is_not_there(till: Browser, counter: Counter, db: Session) -> None:
    use = make_use(db, counter.claim, counter.galleria, keys=counter.keys, at=now())
    db.commit()
    there = counter.galleria.id

    told = [
        till.get(f"/associate?store={there}"),
        till.get(f"/associate/today?store={there}"),
        till.get(f"{counter.address}?store={there}"),
        till.post("/associate/check", {"code": counter.code, "store": there}),
        till.post(f"{counter.address}/use", {"store": there}),
        till.get(f"/associate/tries/{use.id}"),
        till.post(f"/associate/tries/{use.id}/undo"),
    ]

    assert {answer.status_code for answer in told} == {404}
    assert rows_of(db) == [("redeemed", "")]


def test_an_associate_without_a_store_is_told_whom_to_ask(browser: Browser, counter: Counter, db: Session) -> None:
    nobody = make_person(db, Role.ASSOCIATE, retailer=counter.retailer)
    db.commit()

    page = browser.sign_in(*nobody).get("/associate")

    assert page.status_code == 409
    assert "Ask the owner" in page.text


# --- who may ---------------------------------------------------------------------------------------


def test_ottos_associate_finds_nothing(browser: Browser, counter: Counter, db: Session) -> None:
    theirs = make_retailer(db)
    store = make_store(db, theirs)
    otto = make_person(db, Role.ASSOCIATE, name="Otto", retailer=theirs, stores=(store,))
    use = make_use(db, counter.claim, counter.riverside, keys=counter.keys, at=now())
    db.commit()
    till = browser.sign_in(*otto)

    told = [
        till.get(counter.address),
        till.post(f"{counter.address}/use", {"key": "k"}),
        till.get(f"/associate/tries/{use.id}"),
        till.post(f"/associate/tries/{use.id}/undo"),
    ]

    assert {answer.status_code for answer in told} == {404}
    assert title_of(check(till, counter.code)) == "Not one of ours"
    assert state_of(db, counter.claim) == ClaimState.REDEEMED


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ASSOCIATE])
def test_only_associates_stand_at_the_till(browser: Browser, counter: Counter, db: Session, role: Role) -> None:
    person = make_person(db, role, retailer=counter.retailer, stores=(counter.riverside,))
    db.commit()
    visitor = browser.sign_in(*person)

    told = [visitor.get("/associate"), visitor.get("/associate/today"), visitor.post(f"{counter.address}/use")]

    assert {answer.status_code for answer in told} == {404}
    assert state_of(db, counter.claim) == ClaimState.ISSUED


def test_the_address_of_the_symbol_leads_to_the_till(browser: Browser, counter: Counter) -> None:
    assert browser.get("/associate/").headers["Location"].startswith("/sign-in?next=/associate")
    assert browser.sign_in(*counter.ada).get("/associate/").status_code == 200


# --- guessing --------------------------------------------------------------------------------------


def test_sec_g02_too_many_wrong_codes_end_the_session_and_the_store_goes_on(
    till: Browser, counter: Counter, db: Session
) -> None:
    colleague = make_person(db, Role.ASSOCIATE, name="Cleo", retailer=counter.retailer, stores=(counter.riverside,))
    db.commit()
    other = till.another().sign_in(*colleague)
    for number in range(10):
        till.post("/associate/check", {"code": make_code("not the key", str(number))})

    told = till.post("/associate/check", {"code": make_code("not the key", "10")})

    assert told.status_code == 429
    assert "Sign in again" in told.text
    assert till.get("/associate").status_code == 303, "signed out"
    assert db.scalar(select(func.count()).where(StaffSession.user_id == counter.ada.user.id)) == 0
    assert db.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.action == "till.guessing")) == 1
    assert db.scalar(select(func.count(Redemption.id)).where(Redemption.outcome == Outcome.REFUSED)) == 11
    db.commit()
    assert title_of(check(other, counter.code)) == "Valid"
    assert title_of(check(till.sign_in(*counter.ada), counter.code)) == "Valid"


# --- the day ---------------------------------------------------------------------------------------


def test_today_tells_what_this_store_did(till: Browser, counter: Counter, db: Session) -> None:
    at = now()
    others = [make_claim(db, counter.offer, counter.item, keys=counter.keys, at=at) for _ in range(3)]
    make_use(db, others[0], counter.riverside, by=counter.ada, keys=counter.keys, at=at)
    make_use(db, others[1], counter.galleria, keys=counter.keys, at=at)
    make_use(db, others[2], counter.riverside, keys=counter.keys, at=at - 2 * DAY)
    db.commit()
    used = till.follow(till.send(check(till, counter.code), action="/use"))
    till.send(used, action="/undo")
    check(till, "7K3M-9QW4-T2A")

    page = till.get("/associate/today").text

    assert "1 used, 1 refused, 1 undone." in page
    assert re.findall(r'<span class="st \w+">(\w+)</span>', page) == ["Refused", "Undone", "Used"]
    assert "one symbol off" in page


def test_a_day_without_codes_says_so(till: Browser, counter: Counter) -> None:
    assert "No code was shown at this store’s tills yet." in till.get("/associate/today").text


def test_a_day_of_many_codes_asks_as_often_as_a_quiet_one(till: Browser, counter: Counter, db: Session, app) -> None:  # type: ignore[no-untyped-def]
    from sqlalchemy import event

    asked: list[str] = []
    engine = app.extensions["qrmerch"].database.engine
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    till.get("/associate/today")
    quiet = len(asked)
    for _ in range(12):
        make_use(
            db,
            make_claim(db, counter.offer, counter.item, keys=counter.keys, at=now()),
            counter.riverside,
            keys=counter.keys,
            at=now(),
        )
    db.commit()
    asked.clear()

    till.get("/associate/today")

    assert len(asked) == quiet


def test_pages_of_the_till_are_kept_by_nobody(till: Browser, counter: Counter) -> None:
    page = check(till, counter.code)

    assert page.headers["Cache-Control"] == "no-store"
    assert "camera=(self)" in page.headers["Permissions-Policy"]
