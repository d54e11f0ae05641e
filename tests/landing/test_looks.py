"""A look's page, from a scan to a heart: what stands on it, what is counted, and how soon it changes."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.catalog.service import retire_item, set_price, unretire_item
from qrmerch.clock import now
from qrmerch.codes import service as codes
from qrmerch.codes.models import Code
from qrmerch.content.publishing import take_down
from qrmerch.db import Database
from qrmerch.looks import service
from qrmerch.looks.models import Look
from qrmerch.media.rights import Rights, set_rights
from qrmerch.parties.service import add_host, set_open
from qrmerch.scans.kinds import SCAN as COUNTED
from qrmerch.scans.line import PAGE, SCAN
from qrmerch.scans.loader import load_all
from qrmerch.scans.queries import Span, count_by_code
from qrmerch.web import Services
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_asset, make_item, make_look, make_retailer, make_store, publish_page
from tests.landing.aisle import Aisle, hear, lines, make_aisle, stock, variants_of

QUESTION = "Which store are you in?"


@pytest.fixture
def aisle(db: Session) -> Aisle:
    """A shop with a look of a top and a sandal, both in stock at Riverside."""
    made = make_aisle(db)
    stock(db, made.sandal, made.store, 8, 8)
    made.look.words = {"en": "For the pier.", "ar": "للرصيف."}
    db.commit()
    return made


@pytest.fixture
def code(db: Session, aisle: Aisle) -> Code:
    """The look's code at Riverside."""
    made = codes.make_code(db, aisle.look, at=now(), store_id=aisle.store.id)
    db.commit()
    return made


def address(aisle: Aisle, at: str | None = None) -> str:
    return f"/look/{aisle.look.public_id}?at={at if at is not None else aisle.store.public_id}"


def reduce_price(db: Session, item: Item, price_minor: int) -> None:
    for variant in variants_of(db, item):
        set_price(db, variant, price_minor, at=now())


def total_of(page: str) -> str:
    """What all comes to, as it stands on the page."""
    found = re.search('<p class="sum">(.*?)</p>', page, re.DOTALL)
    return " ".join(re.sub("<[^>]+>", " ", found[1]).split()) if found else ""


def test_a_scan_shows_all_of_it_with_prices_stock_and_one_sum(browser: Browser, aisle: Aisle, code: Code) -> None:
    page = browser.get(f"/q/{code.token}").text

    assert "Complete the look" in page and "For the pier." in page
    assert page.count("$28.00") == 2 and page.count("In stock at Riverside") == 2
    assert total_of(page) == "$56.00 together"
    for item in (aisle.top, aisle.sandal):
        assert f'href="/i/{item.public_id}?at={aisle.store.public_id}&amp;lang=en"' in page
        assert f'formaction="/i/{item.public_id}/keep#look"' in page
    assert f'data-here="/look/{aisle.look.public_id}?at={aisle.store.public_id}&amp;lang=en"' in page
    assert QUESTION not in page


def test_each_scan_is_counted_once_for_its_code_and_place_whichever_way_it_was_answered(
    app: Flask, browser: Browser, database: Database, services: Services, aisle: Aisle, code: Code
) -> None:
    first = browser.get(f"/q/{code.token}")
    kept = browser.get(f"/q/{code.token.lower()}")
    there = browser.get(address(aisle))

    assert first.data == kept.data and there.status_code == 200
    assert "Server-Timing" in first.headers and "Server-Timing" not in there.headers
    assert [(line.kind, line.subject) for line in lines(app)] == [(SCAN, code.token)] * 2
    load_all(database, services.settings.log_dir)
    with database.read() as db:
        today = now().date()
        span = Span(aisle.retailer.id, today - timedelta(days=2), today + timedelta(days=2))
        # The second within 30 seconds is the same phone's.
        assert count_by_code(db, span)[code.id][COUNTED] == 1


def test_the_visit_of_a_scan_goes_on_with_items(app: Flask, browser: Browser, aisle: Aisle, code: Code) -> None:
    visit = re.search('desc="([^"]+)"', browser.get(f"/q/{code.token}").headers["Server-Timing"])[1]  # type: ignore[index]

    browser.get(f"{aisle.page}&v={visit}")

    scan, page = lines(app)
    assert (scan.kind, page.kind, page.visit, page.is_new_visit) == (SCAN, PAGE, scan.visit, False)


def test_a_saving_is_said_in_figures(browser: Browser, db: Session, aisle: Aisle, code: Code) -> None:
    reduce_price(db, aisle.sandal, 2000)
    db.commit()

    page = browser.get(f"/q/{code.token}").text

    assert total_of(page) == "$48.00 together You save $8.00"
    assert "Struck: the lowest price of the 30 days before" in page


def test_a_house_that_does_not_discount_says_no_saving(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db, no_discount=True)
    reduce_price(db, aisle.sandal, 2000)
    db.commit()

    page = browser.get(address(aisle)).text

    assert "You save" not in page and total_of(page).startswith("$48 together")


def test_sizes_that_differ_in_price_give_a_sum_from_which_it_begins(
    browser: Browser, db: Session, aisle: Aisle, code: Code
) -> None:
    set_price(db, variants_of(db, aisle.sandal)[0], 1000, at=now())
    db.commit()

    assert total_of(browser.get(f"/q/{code.token}").text).startswith("from $38.00 together")


def test_what_is_not_here_today_is_said_and_not_in_the_sum(browser: Browser, db: Session, aisle: Aisle) -> None:
    third = make_item(db, aisle.retailer, vendor=aisle.vendor, title="Corner Cap")
    publish_page(db, third)
    service.add_item(db, aisle.look, third, at=now(), actor=None)
    stock(db, third, aisle.store, 0, 0)
    db.commit()

    page = browser.get(address(aisle)).text

    assert "Corner Cap" in page and "None at Riverside today" in page
    assert total_of(page) == "$56.00 together, without what is not here today"
    assert 'class="out"' in page


def test_what_is_no_longer_sold_or_not_published_is_left_out_and_said(
    app: Flask, browser: Browser, db: Session, aisle: Aisle, code: Code
) -> None:
    cap = make_item(db, aisle.retailer, vendor=aisle.vendor, title="Corner Cap")
    service.add_item(db, aisle.look, cap, at=now(), actor=None)
    db.commit()
    browser.get(f"/q/{code.token}")

    retire_item(db, aisle.sandal, at=now(), actor=None)
    db.commit()
    hear(app)
    page = browser.get(f"/q/{code.token}").text
    unretire_item(db, aisle.sandal, at=now(), actor=None)
    db.commit()
    hear(app)
    again = browser.get(f"/q/{code.token}").text

    assert "Silver Cross Sandal" not in page and "Corner Cap" not in page
    assert "2 of these are no longer to be had here." in page and total_of(page) == ""
    assert "Silver Cross Sandal" in again and "One of these is no longer to be had here." in again


def test_changes_show_at_the_next_scan(app: Flask, browser: Browser, db: Session, aisle: Aisle, code: Code) -> None:
    browser.get(f"/q/{code.token}")

    service.change_look(db, aisle.retailer, aisle.look, service.Said({"en": "On the pier"}), at=now(), actor=None)
    service.move_earlier(db, aisle.look, aisle.sandal, at=now(), actor=None)
    db.commit()
    hear(app)
    page = browser.get(f"/q/{code.token}").text

    assert "On the pier" in page and page.index("Silver Cross") < page.index("Marigold")


def test_a_look_that_is_taken_back_helps_and_shows_what_is_here(
    app: Flask, browser: Browser, db: Session, aisle: Aisle, code: Code
) -> None:
    item = browser.get(aisle.page).text
    browser.get(f"/q/{code.token}")

    service.take_back(db, aisle.look, at=now(), actor=None)
    db.commit()
    hear(app)
    answer = browser.get(f"/q/{code.token}")

    assert answer.status_code == 200 and "This look is no longer here" in answer.text
    assert "For the pier." not in answer.text and "Marigold Slouch Top" in answer.text
    assert "Complete the look" in item and "Complete the look" not in browser.get(aisle.page).text
    assert "This look is no longer here" in browser.get(address(aisle)).text


def test_a_retired_code_says_so_and_shows_what_was_in_it(
    app: Flask, browser: Browser, db: Session, aisle: Aisle, code: Code
) -> None:
    browser.get(f"/q/{code.token}")

    codes.retire_code(db, code, at=now(), actor=None)
    db.commit()
    hear(app)
    answer = browser.get(f"/q/{code.token}")

    assert answer.status_code == 200 and "Your code is still good: here is what was in it." in answer.text
    assert "Silver Cross Sandal" in answer.text and total_of(answer.text) == ""
    assert total_of(browser.get(address(aisle)).text), "the look itself is as it was"


def test_a_look_of_which_nothing_shows_helps_as_well(browser: Browser, db: Session, aisle: Aisle, code: Code) -> None:
    for item in (aisle.top, aisle.sandal):
        take_down(db, item, reason="Recalled", actor=None, at=now())
    db.commit()

    page = browser.get(f"/q/{code.token}").text

    assert "This look is no longer here" in page and "Marigold" not in page


def test_a_code_of_one_look_can_follow_one_of_an_item(
    app: Flask, browser: Browser, db: Session, aisle: Aisle, code: Code
) -> None:
    codes.replace_code(db, aisle.code, code, at=now(), actor=None)
    db.commit()
    hear(app)

    assert "For the pier." in browser.get(aisle.printed).text


def test_a_code_that_hangs_in_no_store_asks_once(app: Flask, browser: Browser, db: Session, aisle: Aisle) -> None:
    anywhere = codes.make_code(db, aisle.look, at=now())
    db.commit()

    page = browser.get(f"/q/{anywhere.token}?lang=en").text
    there = re.search(r'href="([^"]+)"><bdi>Riverside', page)[1].replace("&amp;", "&")  # type: ignore[index]
    nowhere = f"/look/{aisle.look.public_id}?at=none"

    assert QUESTION in page and QUESTION not in browser.get(there).text
    assert QUESTION not in browser.get(nowhere).text and "at=none" in browser.get(nowhere).text
    set_open(db, aisle.store, False, at=now())
    db.commit()
    hear(app)
    assert QUESTION not in browser.get(f"/q/{anywhere.token}").text, "no open store, no question"


def test_of_many_stores_one_is_looked_for(browser: Browser, db: Session, aisle: Aisle) -> None:
    for number in range(70):
        make_store(db, aisle.retailer, short_name=f"Mall {number}")
    db.commit()

    page = browser.get(f"/look/{aisle.look.public_id}?lang=en").text
    where = re.search(r'href="(/look/[^"]+/where[^"]*)"', page)[1].replace("&amp;", "&")  # type: ignore[index]
    found = browser.get(f"{where}&find=mall+69").text

    assert found.count('<li><a href="/look/') == 1 and "Mall 69" in found
    assert f'action="/look/{aisle.look.public_id}/where"' in found
    assert browser.get("/look/0000000000000000/where").status_code == 404


def test_a_heart_without_script_comes_back_to_the_look(browser: Browser, aisle: Aisle, code: Code) -> None:
    page = browser.get(f"/q/{code.token}").text
    form = dict(re.findall(r'<input type="hidden" name="(at|back|lang)" value="([^"]*)"', page))

    back = browser.post(f"/i/{aisle.sandal.public_id}/keep", {**form, "keep": "yes"})
    mine = browser.get(back.location).text

    assert back.location == f"/look/{aisle.look.public_id}?at={aisle.store.public_id}&lang=en"
    assert mine.count('value="no"') == 1 and 'aria-label="My list, 1"' in mine
    assert browser.get(back.location).headers["Cache-Control"] == "private, no-cache"
    other = browser.post(f"/i/{aisle.sandal.public_id}/keep", {**form, "back": "/look/../../evil", "keep": "no"})
    assert other.location.startswith(f"/i/{aisle.sandal.public_id}?")


def test_hearts_are_told_to_the_pages_script(browser: Browser, aisle: Aisle) -> None:
    where = {"page": address(aisle), "v": "", "code": ""}

    before = browser.post("/v", where, Accept="application/json").json
    browser.post(f"/i/{aisle.top.public_id}/keep", {"keep": "yes"})
    after = browser.post("/v", where, Accept="application/json").json

    assert before == {"v": ""} and after == {"v": "", "kept": [aisle.top.public_id]}
    assert browser.post("/v", {**where, "page": "/look/0000000000000000"}, Accept="application/json").json == {"v": ""}


def test_one_picture_of_all_of_it_stands_alone_until_its_rights_end(
    app: Flask, browser: Browser, db: Session, aisle: Aisle, code: Code
) -> None:
    asset = make_asset(db, aisle.vendor)
    service.set_picture(db, aisle.look, asset.id, at=now(), actor=None)
    db.commit()

    shown = browser.get(f"/q/{code.token}").text
    set_rights(asset, Rights(None, NOON))
    service.move_earlier(db, aisle.look, aisle.sandal, at=now(), actor=None)
    db.commit()
    hear(app)
    after = browser.get(f"/q/{code.token}").text

    assert '<div class="plate">' in shown and '<ul class="look' not in shown
    assert '<div class="plate">' not in after and '<ul class="look of2">' in after


def test_another_language_has_its_words_and_direction(browser: Browser, aisle: Aisle, code: Code) -> None:
    page = browser.get(f"/q/{code.token}", Accept_Language="ar").text

    assert 'dir="rtl"' in page and "للرصيف." in page and "معًا" in page
    assert '<h1 dir="auto" lang="en">Complete the look</h1>' in page, "it has no Arabic title"


def test_an_items_page_leads_to_the_whole_look(browser: Browser, aisle: Aisle) -> None:
    page = browser.get(aisle.page).text

    assert f'href="/look/{aisle.look.public_id}?at={aisle.store.public_id}&amp;lang=en">See the whole look' in page


def test_another_houses_host_does_not_know_it(
    app: Flask, browser: Browser, db: Session, aisle: Aisle, code: Code
) -> None:
    other = make_retailer(db, slug="next-door")
    make_look(db, *(make_item(db, other) for _ in range(2)))
    add_host(db, other, "nextdoor.example", is_primary=True, proven_at=NOON)
    db.commit()
    hear(app)

    assert browser.get(f"/q/{code.token}", Host="nextdoor.example").status_code == 404
    assert browser.get(address(aisle), Host="nextdoor.example").status_code == 404
    assert browser.get(address(aisle)).status_code == 200
    assert browser.get("/look/0000000000000000").status_code == 404
    assert browser.get("/look/x").status_code == 404


def test_a_look_without_codes_shows_its_changes_too(app: Flask, browser: Browser, db: Session, aisle: Aisle) -> None:
    look: Look = make_look(db, aisle.sandal, aisle.top, title="Back to front")
    db.commit()
    page = f"/look/{look.public_id}"
    browser.get(page)

    service.change_look(db, aisle.retailer, look, service.Said({"en": "Front to back"}), at=now(), actor=None)
    db.commit()
    hear(app)

    assert "Front to back" in browser.get(page).text
