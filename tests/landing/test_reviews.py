"""A review: written by a shopper, read by a person, shown at the next scan; and all of them page by page."""

import random
import re
from datetime import timedelta

import brotli
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.service import retire_item
from qrmerch.clock import now
from qrmerch.content.models import Style
from qrmerch.offers.service import claim as take
from qrmerch.reviews.models import Review, ReviewState
from qrmerch.reviews.queries import MOST_WAITING
from qrmerch.reviews.service import publish
from qrmerch.visitors.queries import find_visitor
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import (
    TILL_KEYS,
    make_item,
    make_offer,
    make_person,
    make_retailer,
    make_review,
    make_template,
    make_use,
    make_vendor,
    publish_page,
)
from tests.landing.aisle import Aisle, hear, make_aisle

GOOD = {"stars": "2", "text": "Pulled a thread on day two.", "alias": "K."}


class Ann:
    """Somebody at the desk."""

    user_id = "ann"


def write(browser: Browser, aisle: Aisle, **fields: str) -> str:
    """Send a review from the top's page in the store; where the answer leads."""
    values = {"at": aisle.store.public_id, **GOOD, **fields}
    answer = browser.post(f"/i/{aisle.top.public_id}/review", values)
    assert answer.status_code == 303, answer.text[:300]
    return answer.headers["Location"]


def reviews(db: Session) -> list[Review]:
    found = list(db.scalars(select(Review).execution_options(populate_existing=True)))
    db.commit()
    return found


def test_a_review_shows_at_the_next_scan_after_a_person_has_read_it(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    leads_to = write(browser, aisle)
    hear(app)
    before = browser.get(aisle.printed).text
    (review,) = reviews(db)
    publish(db, review, actor=Ann(), at=now())
    db.commit()
    hear(app)
    after = browser.get(aisle.printed).text

    assert leads_to.endswith("#wrote")
    assert 'id="wrote"' in browser.get(leads_to).text
    assert review.state == ReviewState.PUBLISHED
    assert GOOD["text"] not in before
    assert GOOD["text"] in after
    assert "K." in after
    assert 'aria-label="2 of 5 stars"' in after


def test_writing_a_review_leaves_nothing_of_who_wrote_it(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    write(browser, aisle, alias="")

    (review,) = reviews(db)
    assert browser.cookies() == []
    assert (review.alias, review.bought_store_id) == ("", None)


def test_a_second_press_is_the_same_review(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    write(browser, aisle)
    write(browser, aisle)

    assert len(reviews(db)) == 1


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"stars": ""}, "Choose one to five stars."),
        ({"stars": "0"}, "Choose one to five stars."),
        ({"stars": "6"}, "Choose one to five stars."),
        ({"stars": "9" * 5000}, "Choose one to five stars."),
        ({"text": " \n "}, "Write a sentence: stars alone help nobody."),
        ({"text": "a" * 2001}, "That is too long: 2000 characters at most."),
        ({"alias": "a" * 61}, "That is too long: 60 characters at most."),
        ({"stars": "", "lang": "ar"}, "اختر من نجمة إلى خمس نجوم."),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_lost(
    fields: dict[str, str], problem: str, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)

    answer = browser.post(f"/i/{aisle.top.public_id}/review", {**GOOD, **fields})

    assert answer.status_code == 422
    assert problem in answer.text
    assert {**GOOD, **fields}["alias"] in answer.text
    assert reviews(db) == []


def test_sec_e04_what_a_shopper_writes_is_text(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    write(browser, aisle, text="<script>alert(1)</script>\n</p><b>x", alias='"><img src=x>')
    (review,) = reviews(db)
    publish(db, review, actor=Ann(), at=now())
    db.commit()
    hear(app)

    for address in (aisle.printed, f"/i/{aisle.top.public_id}/reviews"):
        page = browser.get(address).text
        assert "<script>alert" not in page
        assert "<img src=x>" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize("role", [Role.VENDOR_EDITOR, Role.ASSOCIATE])
def test_nobody_reviews_what_they_make_or_sell(role: Role, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    person = make_person(db, role, retailer=aisle.retailer, vendor=aisle.vendor, stores=(aisle.store,))
    db.commit()
    browser.sign_in(*person)

    answer = browser.post(f"/i/{aisle.top.public_id}/review", GOOD)

    assert answer.status_code == 422
    assert "You are signed in as somebody who makes or sells it." in answer.text
    assert reviews(db) == []


@pytest.mark.parametrize(("lang", "words"), [("en", "makes what shops sell"), ("ar", "يصنعون ما تبيعه المتاجر")])
def test_no_maker_reviews_what_another_makes(lang: str, words: str, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    rival = make_person(db, Role.VENDOR_EDITOR, retailer=aisle.retailer, vendor=make_vendor(db, make_retailer(db)))
    db.commit()
    browser.sign_in(*rival)

    answer = browser.post(f"/i/{aisle.top.public_id}/review", {**GOOD, "lang": lang})

    assert answer.status_code == 422
    assert words in answer.text
    assert reviews(db) == []


def test_a_network_that_writes_without_end_is_slowed(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    sent = [
        browser.post(f"/i/{aisle.top.public_id}/review", {**GOOD, "text": f"Words {number}"}).status_code
        for number in range(25)
    ]

    assert sent[0] == 303
    assert sent[-1] == 429
    assert len(reviews(db)) <= 21


def test_a_heap_that_nobody_can_read_does_not_grow(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    for number in range(MOST_WAITING):
        make_review(db, aisle.top, text=f"Words {number}")
    make_review(db, aisle.sandal)
    db.commit()

    answer = browser.post(f"/i/{aisle.top.public_id}/review", GOOD)
    other = browser.post(f"/i/{aisle.sandal.public_id}/review", GOOD)

    assert answer.status_code == 422
    assert "no more can wait" in answer.text
    assert GOOD["text"] in answer.text
    assert other.status_code == 303
    assert len(reviews(db)) == MOST_WAITING + 2


@pytest.mark.parametrize("said", ["3", "1000", "9" * 5000])
def test_a_page_behind_the_last_is_the_last(said: str, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    for number in range(12):
        at = NOON - timedelta(days=number)
        make_review(db, aisle.top, text=f"Words {number:02}", state=ReviewState.PUBLISHED, written_at=at)
    db.commit()

    page = browser.get(f"/i/{aisle.top.public_id}/reviews?page={said}").text

    assert re.findall(r"Words \d\d", page) == ["Words 10", "Words 11"]
    assert 'rel="prev"' in page
    assert "page=2" not in page
    assert 'rel="next"' not in page


@pytest.mark.parametrize("said", ["", "0", "-1", "NaN", "1e3", "٢"])
def test_no_page_number_is_the_first_page(said: str, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    make_review(db, aisle.top, text="The first.", state=ReviewState.PUBLISHED)
    db.commit()

    page = browser.get(f"/i/{aisle.top.public_id}/reviews?page={said}")

    assert page.status_code == 200
    assert "The first." in page.text


def test_somebody_of_another_house_is_a_shopper(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    otto = make_person(db, Role.OWNER, name="Otto", retailer=make_retailer(db))
    db.commit()
    browser.sign_in(*otto)

    write(browser, aisle)

    assert len(reviews(db)) == 1


def test_a_phone_that_used_a_code_for_it_says_where_it_was_bought(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    browser.post(aisle.keep, {"keep": "yes"})
    secret = browser._client.get_cookie("qm", domain="localhost")
    assert secret
    visitor = find_visitor(db, aisle.retailer.id, secret.value)
    assert visitor
    offer = make_offer(db, aisle.top)
    claim = take(db, offer, aisle.top, visitor, store_id=None, visit=None, keys=TILL_KEYS, at=NOON, variant="")
    make_use(db, claim, aisle.store)
    db.commit()

    write(browser, aisle, alias="Ines")
    write(browser.another(), aisle, alias="Moira")

    by_alias = {each.alias: each for each in reviews(db)}
    assert by_alias["Ines"].bought_store_id == aisle.store.id
    assert by_alias["Moira"].bought_store_id is None
    for review in by_alias.values():
        publish(db, review, actor=Ann(), at=now())
    db.commit()
    hear(app)
    page = browser.another().get(aisle.printed).text
    assert page.count("<bdi>Bought at Riverside</bdi>") == 1
    assert page.index("Bought at Riverside") < page.index("<bdi>Ines</bdi>")


def test_a_name_that_claims_a_purchase_does_not_stand_where_one_does(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    claim = "Moira, bought at Riverside"
    make_review(db, aisle.top, alias=claim, state=ReviewState.PUBLISHED)
    make_review(
        db, aisle.top, alias="Moira", text="Truly.", state=ReviewState.PUBLISHED, bought_store_id=aisle.store.id
    )
    make_review(db, aisle.top, alias=claim, text="Claims it.")
    mia = make_person(db, Role.MERCHANDISER, name="Mia", retailer=aisle.retailer)
    db.commit()
    hear(app)

    page = browser.get(aisle.printed).text
    browser.sign_in(*mia)
    waiting, shown = browser.get("/desk/reviews").text, browser.get("/desk/reviews?state=published").text

    assert page.count(claim) == 1
    assert page.count("<bdi>Bought at Riverside</bdi>") == 1
    assert f"<bdi>“{claim}”</bdi>, " in waiting
    assert "<bdi>“Moira”</bdi>, bought at Riverside" in shown


def test_the_longest_reviews_do_not_burst_the_first_view(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    letters = random.Random(6)
    for number in range(3):
        text, reply = ("".join(chr(letters.randrange(0x4E00, 0x9FA5)) for _ in range(most)) for most in (1_990, 990))
        make_review(
            db,
            aisle.top,
            text=f"{text} End {number}",
            reply=reply,
            reply_by="Fashiontown",
            is_reply_shown=True,
            state=ReviewState.PUBLISHED,
        )
    db.commit()
    hear(app)

    page = browser.get(aisle.page).text
    link = re.search(r'href="(/i/[^"]+/reviews[^"]*)">Read on', page)
    assert link
    whole = browser.get(link[1].replace("&amp;", "&")).text

    assert len(brotli.compress(page.encode())) <= 14 * 1024
    assert "End 0" not in page
    assert all(f"End {number}" in whole for number in range(3))


def test_an_item_whose_page_has_no_place_for_reviews_takes_none(browser: Browser, db: Session) -> None:
    retailer = make_retailer(db, name="Corvane")
    item = make_item(db, retailer)
    publish_page(db, item, template=make_template(db, retailer, style=Style.QUIET))
    plain = make_item(db, retailer)
    db.commit()

    for each in (item, plain):
        assert browser.post(f"/i/{each.public_id}/review", GOOD).status_code == 404
        assert browser.get(f"/i/{each.public_id}/reviews").status_code == 404
    assert reviews(db) == []


def test_an_item_that_is_no_longer_sold_takes_no_review(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    retire_item(db, aisle.top, at=now())
    db.commit()

    assert browser.post(f"/i/{aisle.top.public_id}/review", GOOD).status_code == 404


def test_all_reviews_are_read_page_by_page_newest_first(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    for number in range(12):
        at = NOON - timedelta(days=number)
        make_review(db, aisle.top, text=f"Words {number:02}", state=ReviewState.PUBLISHED, written_at=at)
    make_review(db, aisle.top, text="Nobody read it")
    db.commit()

    page = browser.get(aisle.page).text
    link = re.search(r'href="(/i/[^"]+/reviews\?[^"]+)">All 12 reviews', page)
    assert link
    first = browser.get(link[1].replace("&amp;", "&")).text
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = browser.get(older[1].replace("&amp;", "&")).text

    assert page.count('class="stars"') == 3
    assert re.findall(r"Words \d\d", first) == [f"Words {number:02}" for number in range(10)]
    assert re.findall(r"Words \d\d", second) == ["Words 10", "Words 11"]
    assert 'rel="next"' not in second
    assert 'rel="prev"' in second
    assert "Nobody read it" not in first + second


def test_the_form_has_a_page_of_its_own_too(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    page = browser.get(f"/i/{aisle.top.public_id}/review?at={aisle.store.public_id}")
    answer = browser.send(page, action="/review", **GOOD)

    assert answer.headers["Location"].startswith(aisle.page)
    assert len(reviews(db)) == 1
