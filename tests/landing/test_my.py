"""The shopper's own page: the list, what is known of the phone, a copy of it, and being forgotten."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.db import Database
from qrmerch.offers.models import Claim, ClaimState
from qrmerch.parties.models import RetailerHost
from qrmerch.visitors.models import ConsentAction, ConsentEvent, Visitor
from qrmerch.visitors.queries import find_visitor
from qrmerch.web import Services
from qrmerch.wishlists.models import WishlistItem
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_claim, make_item, make_offer, make_retailer
from tests.landing.aisle import Aisle, carry, make_aisle, stock, variants_of

SCRIPT = {"Accept": "application/json"}
DAY = timedelta(days=1)


def keep(browser: Browser, aisle: Aisle, *, of_sandal: bool = False) -> None:
    item = aisle.sandal if of_sandal else aisle.top
    answer = browser.post(f"/i/{item.public_id}/keep", {"keep": "yes", "at": aisle.store.public_id})
    assert answer.status_code == 303


def secret_of(browser: Browser) -> str:
    cookie = browser._client.get_cookie("qm", domain="localhost")
    assert cookie
    return cookie.value


def test_an_empty_list_says_how_to_fill_it(browser: Browser, db: Session) -> None:
    make_aisle(db)

    page = browser.get("/my?of=fashiontown")

    assert "Nothing kept yet" in page.text
    assert "Nothing is kept of this phone." in page.text
    assert 'href="/?of=fashiontown&amp;lang=en"' in page.text


def test_the_list_shows_what_was_kept_newest_first_with_todays_stock(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    stock(db, aisle.sandal, aisle.store, 2, 0)
    db.commit()
    keep(browser, aisle)
    keep(browser, aisle, of_sandal=True)

    page = browser.get("/my").text

    assert page.index("Silver Cross Sandal") < page.index("Marigold Slouch Top")
    assert '<p class="few">Few left at Riverside</p>' in page
    assert '<p class="good">In stock at Riverside</p>' in page
    assert "$28.00" in page


def test_the_list_says_what_it_comes_to_where_every_price_is_known(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    keep(browser, aisle)
    alone = browser.get("/my").text
    keep(browser, aisle, of_sandal=True)
    both = browser.get("/my").text
    for variant in variants_of(db, aisle.sandal):
        variant.price_minor = None
    db.commit()
    unpriced = browser.get("/my").text

    told = '<p class="sum"><b class="num"><bdi>$56.00</bdi></b>'
    assert told in both
    assert 'class="sum"' not in alone + unpriced


def test_a_kept_item_leads_back_to_where_it_was_seen(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    keep(browser, aisle)

    page = browser.get("/my?lang=ar")

    assert f'href="{aisle.page}&amp;lang=ar"' in page.text
    assert 'dir="rtl"' in page.text


def test_an_item_taken_off_can_be_put_back(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    keep(browser, aisle)
    form = {"back": "my", "of": "fashiontown", "lang": "en"}

    gone = browser.follow(browser.post(f"{aisle.keep}?at={aisle.store.public_id}", {**form, "keep": "no"}))
    back = browser.follow(browser.post(f"{aisle.keep}?at={aisle.store.public_id}", {**form, "keep": "yes"}))

    assert "Taken off the list." in gone.text
    assert "Nothing kept yet" in gone.text
    assert "Taken off the list." not in back.text
    assert "In stock at Riverside" in back.text


@pytest.mark.parametrize("gone", ["", "nonsense", "0" * 16])
def test_nothing_was_taken_off_that_this_phone_never_kept(gone: str, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    keep(browser, aisle)

    page = browser.get(f"/my?gone={gone or aisle.sandal.public_id}")

    assert "Taken off the list." not in page.text


def test_a_shared_host_shows_every_shops_list_and_the_named_ones_brand(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    corvane = make_retailer(db, slug="corvane", name="Corvane")
    camera = make_item(db, corvane, title="Press Camera")
    db.commit()
    keep(browser, aisle)
    browser.post(f"/i/{camera.public_id}/keep", {"keep": "yes"})

    page = browser.get("/my?of=corvane").text

    assert "<title>My list, Corvane</title>" in page
    assert page.index("<h2><bdi>Corvane</bdi></h2>") < page.index("<h2><bdi>Fashiontown</bdi></h2>")
    assert "Corvane and Fashiontown" in page
    assert 'aria-label="My list, 2"' in page


def test_a_shops_own_host_shows_its_own_list_only(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    corvane = make_retailer(db, slug="corvane", name="Corvane")
    camera = make_item(db, corvane, title="Press Camera")
    db.add(RetailerHost(retailer_id=corvane.id, host="corvane.example", is_primary=True, proven_at=NOON))
    db.commit()
    keep(browser, aisle)
    browser.post(f"/i/{camera.public_id}/keep", {"keep": "yes"})
    there = carry(browser.another(), secret_of(browser), host="corvane.example")

    page = there.get("/my?of=fashiontown", Host="corvane.example").text

    assert "Press Camera" in page
    assert "Marigold Slouch Top" not in page
    assert "<title>My list, Corvane</title>" in page


@pytest.mark.parametrize("of", ["", "nobody", "x" * 500, "../", "Fashiontown"])
def test_without_a_known_name_the_brand_is_nobodys(of: str, browser: Browser, db: Session) -> None:
    make_aisle(db)

    page = browser.get(f"/my?of={of}")

    assert page.status_code == 200
    assert "<title>My list, qrmerch</title>" in page.text


def test_hearts_from_the_list_keep_the_other_shops_lit(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    camera = make_item(db, make_retailer(db, slug="corvane", name="Corvane"), title="Press Camera")
    db.commit()
    keep(browser, aisle)
    browser.post(f"/i/{camera.public_id}/keep", {"keep": "yes"})

    told = browser.post(aisle.keep, {"keep": "no", "back": "my"}, **SCRIPT)

    assert told.json == {"kept": [camera.public_id]}


def test_the_hearts_of_a_page_put_aside_can_be_asked_for(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    keep(browser, aisle)

    told = browser.get("/my/kept", **SCRIPT)

    assert told.json == {"kept": [aisle.top.public_id]}
    assert told.headers["Cache-Control"] == "private, no-cache"
    assert browser.another().get("/my/kept", **SCRIPT).json == {"kept": []}


@pytest.mark.parametrize("address", ["/my", "/my/kept", "/my/data"])
def test_what_is_a_persons_is_kept_by_no_cache_between(address: str, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    keep(browser, aisle)

    answer = browser.get(address)

    assert answer.headers["Cache-Control"].startswith("private, ")


def test_what_is_known_of_the_phone_is_said(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    keep(browser, aisle)
    keep(browser, aisle, of_sandal=True)
    browser.post(f"/i/{aisle.sandal.public_id}/keep", {"keep": "no"})

    page = browser.get("/my").text

    assert "What is kept of this phone" in page
    assert "a random number, no name" in page
    assert "<dt>Taken off it again</dt><dd>1</dd>" in page
    assert "Keeping something sets one cookie on this phone" in page


def test_sec_h04_a_person_can_take_all_of_it(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    keep(browser, aisle)
    browser.post(aisle.keep, {"keep": "no"})

    answer = browser.get("/my/data")

    (known,) = json.loads(answer.text)["kept_of_this_phone"]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-list.json"'
    assert known["retailer"] == "Fashiontown"
    assert known["list"][0]["item"] == "Marigold Slouch Top"
    assert known["list"][0]["kept_in"] == "Fashiontown Riverside"
    assert known["list"][0]["taken_off_at"]
    assert known["agreed"][0]["action"] == "grant"


def test_sec_h04_being_forgotten_leaves_nothing_of_the_phone(browser: Browser, db: Session, database: Database) -> None:
    aisle = make_aisle(db)
    keep(browser, aisle)
    secret = secret_of(browser)

    answer = browser.post("/my/forget", {"of": "fashiontown", "lang": "en"})

    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    page = browser.follow(answer)
    assert "Forgotten." in page.text
    assert "Nothing kept yet" in page.text
    assert browser.cookies() == []
    with database.read() as reading:
        assert list(reading.scalars(select(WishlistItem))) == []
        assert find_visitor(reading, aisle.retailer.id, secret) is None
        (visitor,) = reading.scalars(select(Visitor))
        assert visitor.forgotten_at is not None
        actions = reading.scalars(select(ConsentEvent.action).order_by(ConsentEvent.at, ConsentEvent.id))
        assert list(actions) == [ConsentAction.GRANT, ConsentAction.WITHDRAW]


def test_an_old_cookie_begins_anew_after_being_forgotten(browser: Browser, db: Session, database: Database) -> None:
    aisle = make_aisle(db)
    keep(browser, aisle)
    old = carry(browser.another(), secret_of(browser))
    browser.post("/my/forget")

    page = old.get("/my")
    keep(old, aisle)

    assert "Nothing kept yet" in page.text
    with database.read() as reading:
        assert len(list(reading.scalars(select(Visitor)))) == 2


def test_being_forgotten_at_one_shops_host_leaves_the_others(browser: Browser, db: Session, database: Database) -> None:
    aisle = make_aisle(db)
    corvane = make_retailer(db, slug="corvane", name="Corvane")
    camera = make_item(db, corvane, title="Press Camera")
    db.add(RetailerHost(retailer_id=corvane.id, host="corvane.example", is_primary=True, proven_at=NOON))
    db.commit()
    keep(browser, aisle)
    browser.post(f"/i/{camera.public_id}/keep", {"keep": "yes"})
    there = carry(browser.another(), secret_of(browser), host="corvane.example")

    there.post("/my/forget", Host="corvane.example")

    with database.read() as reading:
        kept = list(reading.scalars(select(WishlistItem.item_id)))
    assert kept == [aisle.top.id]


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_sec_d01_nobody_else_can_have_a_phone_forgotten(
    site: str, browser: Browser, db: Session, database: Database
) -> None:
    aisle = make_aisle(db)
    keep(browser, aisle)

    answer = browser.post("/my/forget", Sec_Fetch_Site=site)

    assert answer.status_code == 400
    with database.read() as reading:
        assert len(list(reading.scalars(select(WishlistItem)))) == 1


def test_the_codes_of_the_phone_stand_with_what_they_are_good_for(
    browser: Browser, db: Session, database: Database
) -> None:
    aisle = make_aisle(db)
    keep(browser, aisle)
    mine = db.scalars(select(Visitor)).one()
    at = now()
    good = make_offer(db, aisle.top, headline={"en": "10% off any yellow top"}, from_at=at - DAY, until_at=at + DAY)
    used = make_offer(db, aisle.top, headline={"en": "A free gait check"}, from_at=at - DAY, until_at=at + DAY)
    over = make_offer(db, aisle.top, headline={"en": "Last season"}, from_at=at - 9 * DAY, until_at=at - 7 * DAY)
    make_claim(db, over, aisle.top, visitor=mine, at=at - 8 * DAY)
    redeemed = make_claim(db, used, aisle.top, visitor=mine, at=at)
    redeemed.state, redeemed.redeemed_at = ClaimState.REDEEMED, at
    claim = make_claim(db, good, aisle.top, visitor=mine, at=at)
    db.commit()

    page = browser.get("/my").text

    assert f'href="/my/claims/{claim.public_id}?lang=en"' in page
    assert page.index("Good until") < page.index("Used ") < page.index("Ended ")
    assert page.index("10% off any yellow top") < page.index("A free gait check") < page.index("Last season")
    assert "<dt>Codes for the till</dt><dd>3</dd>" in page
    assert len(json.loads(browser.get("/my/data").text)["kept_of_this_phone"][0]["codes"]) == 3


def test_a_code_not_used_is_given_back_when_a_phone_is_forgotten(
    browser: Browser, db: Session, database: Database
) -> None:
    aisle = make_aisle(db)
    keep(browser, aisle)
    at = now()
    offer = make_offer(db, aisle.top, from_at=at - DAY, until_at=at + DAY)
    claim = make_claim(db, offer, aisle.top, visitor=db.scalars(select(Visitor)).one(), at=at)
    db.commit()

    browser.post("/my/forget")

    with database.read() as reading:
        (kept,) = reading.scalars(select(Claim))
        assert (kept.id, kept.state) == (claim.id, ClaimState.VOID)
    assert "10% off" not in browser.get("/my").text


def test_forgetting_a_phone_that_is_not_known_is_no_error(browser: Browser) -> None:
    answer = browser.post("/my/forget")

    assert "Forgotten." in browser.follow(answer).text


def test_a_stranger_sees_nothing_of_a_list(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    keep(browser, aisle)

    stranger = carry(browser.another(), "a" * 43)

    assert "Marigold Slouch Top" not in stranger.get("/my").text
    assert json.loads(stranger.get("/my/data").text) == {"kept_of_this_phone": [], "known_again": []}


def test_the_statements_of_the_list_do_not_grow_with_it(
    browser: Browser, db: Session, services: Services, database: Database
) -> None:
    aisle = make_aisle(db)
    keep(browser, aisle)
    keep(browser, aisle, of_sandal=True)
    short = count_statements(browser, services)
    more = [make_item(db, aisle.retailer, vendor=aisle.vendor) for _ in range(20)]
    db.commit()
    for item in more:
        browser.post(f"/i/{item.public_id}/keep", {"keep": "yes"})

    long = count_statements(browser, services)

    assert long == short


def count_statements(browser: Browser, services: Services) -> int:
    """How many statements the list takes."""
    said: list[str] = []
    engine = services.database.engine

    def hear(_c: object, _k: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            said.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    assert browser.get("/my").status_code == 200
    event.remove(engine, "before_cursor_execute", hear)
    return len(said)
