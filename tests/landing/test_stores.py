"""Codes that lead to a variant or a store, and the one question that a code without a place asks."""

import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from qrmerch.catalog.service import set_hidden
from qrmerch.clock import now
from qrmerch.codes import service
from qrmerch.codes.models import Code
from qrmerch.content.models import Style
from qrmerch.content.publishing import publish
from qrmerch.parties.models import Store
from qrmerch.parties.service import changed, set_open
from qrmerch.scans.line import PAGE, SCAN
from tests.browsing import Browser
from tests.factories import make_item, make_revision, make_store
from tests.landing.aisle import Aisle, hear, lines, make_aisle, variants_of

QUESTION = "Which store are you in?"


def nowhere_code(db: Session, aisle: Aisle) -> Code:
    """A code on a billboard, committed."""
    code = service.make_code(db, aisle.top, at=now())
    db.commit()
    return code


def href_of(page: str, name: str) -> str:
    """Where the link of this name leads."""
    found = re.search(rf'href="([^"]+)">(?:<bdi>|<b><bdi>)?{re.escape(name)}', page)
    assert found, name
    return found[1].replace("&amp;", "&")


@pytest.mark.parametrize("style", Style)
def test_a_code_without_a_place_asks_once_and_the_answer_stays_in_the_address(
    style: Style, app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db, style=style)
    code = nowhere_code(db, aisle)

    scanned = browser.get(f"/q/{code.token}?lang=en").text
    answer = href_of(scanned, "Riverside")
    there = browser.get(answer).text

    assert QUESTION in scanned and "at=" not in re.search('data-here="([^"]+)"', scanned)[1]  # type: ignore[index]
    assert f"at={aisle.store.public_id}" in answer
    assert QUESTION not in there and "In stock here, at Riverside" in there
    # A quiet page shows no look.
    if style != Style.QUIET:
        look = re.search(r'href="(/i/[^"]+)"', there[there.index("Complete the look") :])
        assert look and f"at={aisle.store.public_id}" in look[1]
    assert [line.kind for line in lines(app)] == [SCAN, PAGE], "the answer is no scan"


def test_who_is_in_no_store_is_not_asked_again_on_any_page(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    scanned = browser.get(f"/q/{nowhere_code(db, aisle).token}").text

    page = browser.get(href_of(scanned, "I am in no store"))
    kept = browser.get(href_of(scanned, "I am in no store"))
    look = re.search(r'href="(/i/[^"]+)"', page.text[page.text.index("Complete the look") :])
    form = dict(re.findall(r'<input type="hidden" name="(at|back|lang)" value="([^"]*)"', page.text))
    back = browser.post(aisle.keep, {**form, "keep": "yes"}, Sec_Fetch_Site="same-origin")

    assert page.text == kept.text and QUESTION not in page.text
    assert look and "at=none" in look[1] and QUESTION not in browser.get(look[1].replace("&amp;", "&")).text
    assert form["at"] == "none" and "at=none" in back.location
    assert QUESTION not in browser.get(back.location).text


def test_a_code_that_hangs_in_a_store_asks_nothing_and_one_store_is_no_reason_to_guess(
    browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)

    assert QUESTION not in browser.get(aisle.printed).text
    assert QUESTION in browser.get(f"/q/{nowhere_code(db, aisle).token}").text
    set_open(db, aisle.store, False, at=now())
    db.commit()
    assert QUESTION not in browser.get(f"/i/{aisle.sandal.public_id}").text, "no open store, no question"


@pytest.mark.parametrize("style", Style)
def test_of_many_stores_one_is_looked_for_by_its_name_or_town(
    style: Style, app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db, style=style)
    for number in range(70):
        make_store(db, aisle.retailer, short_name=f"Mall {number}")
    code = nowhere_code(db, aisle)
    # A worker that read the shop before these stores knows them after its next look.
    hear(app)

    scanned = browser.get(f"/q/{code.token}").text
    where = href_of(scanned, QUESTION)
    listed = browser.get(where).text
    found = browser.get(f"{where}&find=mall+69").text
    none = browser.get(f"{where}&find=%25").text

    assert "There are 11 more" in listed
    assert found.count('<li><a href="/i/') == 1 and "Mall 69" in found
    assert "No store of ours has that" in none
    assert QUESTION not in browser.get(href_of(found, "Fashiontown Mall 69")).text
    assert [line.kind for line in lines(app)] == [SCAN, PAGE]
    assert browser.get("/i/0000000000000000/where").status_code == 404


def test_a_variants_code_opens_the_page_with_that_variant_chosen(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    medium = variants_of(db, aisle.top)[1]
    code = service.make_code(db, medium, at=now(), store_id=aisle.store.id)
    db.commit()

    first, kept = (browser.get(f"/q/{code.token}").text for _ in range(2))
    here = re.search('data-here="([^"]+)"', first)[1].replace("&amp;", "&")  # type: ignore[index]
    item = browser.get(aisle.printed).text

    assert first == kept
    assert re.findall('value="([^"]+)" checked', first) == ["m"]
    assert "pick=m" in here and re.findall('value="([^"]+)" checked', browser.get(here).text) == ["m"]
    assert " checked" not in item
    assert [(line.kind, line.subject) for line in lines(app)][:2] == [(SCAN, code.token)] * 2
    set_hidden(db, medium, True, at=now())
    db.commit()
    hear(app)
    assert browser.get(f"/q/{code.token}").status_code == browser.get(here).status_code == 200
    assert " checked" not in browser.get(here).text


def test_a_variant_that_is_none_is_not_kept_as_a_page_of_its_own(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    pages = app.extensions["qrmerch"].parts["scan_path"].pages

    for number in range(5):
        assert browser.get(f"/i/{aisle.top.public_id}?pick=no-such-{number}").status_code == 200

    assert len(pages) == 1


def store_code(db: Session, aisle: Aisle) -> Code:
    code = service.make_code(db, aisle.store, at=now(), store_id=aisle.store.id)
    db.commit()
    return code


def test_a_stores_code_shows_the_store_and_what_shows_in_it_now(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    make_item(db, aisle.retailer, title="Plain Sock")
    code = store_code(db, aisle)

    scanned = browser.get(f"/q/{code.token}")
    kept = browser.get(f"/q/{code.token}")
    own = browser.get(f"/store/{aisle.store.public_id}")

    assert scanned.status_code == 200 and scanned.text == kept.text == own.text
    assert f'data-here="/store/{aisle.store.public_id}' in scanned.text
    assert "Fashiontown Riverside" in scanned.text and "12 Quay Street" in scanned.text
    assert "Marigold Slouch Top" in scanned.text and "Silver Cross Sandal" in scanned.text
    assert "Plain Sock" not in scanned.text, "it has no page of its own"
    assert f"at={aisle.store.public_id}" in scanned.text
    assert [(line.kind, line.subject) for line in lines(app)] == [(SCAN, code.token)] * 2


def test_what_is_published_after_it_was_kept_comes_to_the_stores_page(
    app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    sock = make_item(db, aisle.retailer, vendor=aisle.vendor, title="Plain Sock")
    code = store_code(db, aisle)
    hear(app)
    before = browser.get(f"/q/{code.token}").text

    publish(db, make_revision(db, sock, state="approved"), actor=None, at=now())
    db.commit()
    hear(app)

    assert "Plain Sock" not in before
    assert "Plain Sock" in browser.get(f"/q/{code.token}").text


def test_a_closed_store_says_so_and_a_strange_one_is_a_helpful_404(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    code = store_code(db, aisle)
    set_open(db, aisle.store, False, at=now())
    service.retire_code(db, code, at=now(), actor=None)
    db.commit()
    hear(app)

    page = browser.get(f"/q/{code.token}")

    assert page.status_code == 200
    assert "This store is closed" in page.text and "Marigold Slouch Top" in page.text
    assert "12 Quay Street" not in page.text
    for strange in ("0000000000000000", "x", aisle.top.public_id):
        assert browser.get(f"/store/{strange}").status_code == 404


def test_a_page_of_a_store_that_was_seen_counts_nothing_and_fails_nothing(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    said = browser.post("/v", {"page": f"/store/{aisle.store.public_id}"}, Sec_Fetch_Site="same-origin")

    assert (said.status_code, said.json) == (200, {"v": ""})


def test_a_code_that_was_never_scanned_is_found_though_a_run_made_it(app: Flask, browser: Browser, db: Session) -> None:
    from qrmerch.codes.runs import make_chunk, start_run

    aisle = make_aisle(db)
    hear(app)
    run = start_run(db, [aisle.top, aisle.sandal], [aisle.store, None], at=now(), batch="Wall")
    while make_chunk(db, run.id, at=now()):
        pass
    db.commit()
    pages = app.extensions["qrmerch"].parts["scan_path"].pages
    browser.get(aisle.printed)
    kept = len(pages)

    hear(app)

    codes = app.extensions["qrmerch"].parts["scan_path"].codes
    made = [code for code in codes.by_path.values() if code.token != aisle.code.token]
    assert len(made) == 3 and len(pages) == kept, "known by heart, and no page was dropped for it"
    assert {browser.get(f"/q/{code.token}").status_code for code in made} == {200}


def test_the_store_of_another_house_is_not_chosen(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    other = db.get_one(Store, make_store(db, make_item(db, aisle.retailer) and aisle.retailer).id)
    db.commit()
    # A worker that looked between the two knows the second store half a minute later.
    app.extensions["qrmerch"].parts["scan_path"].codes._parties_s = float("-inf")
    hear(app)

    assert QUESTION not in browser.get(f"/i/{aisle.top.public_id}?at={other.public_id}").text
    assert QUESTION in browser.get(f"/i/{aisle.top.public_id}?at=0123456789abcdef").text


# --- the language of a store --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "spoken"),
    [("fr", "ar"), ("", "ar"), ("en-US,ar;q=0.5", "en"), ("ar", "ar"), ("de;q=0.9, en;q=0.1", "en")],
)
def test_a_store_speaks_its_own_language_to_a_phone_that_speaks_none_of_the_houses(
    accept: str, spoken: str, app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    aisle.store.locale = "ar"
    changed(db, aisle.retailer.id, at=now())
    store_code = service.make_code(db, aisle.store, at=now(), store_id=aisle.store.id)
    db.commit()
    hear(app)

    for address in (aisle.printed, f"/q/{store_code.token}"):
        assert f'<html lang="{spoken}"' in browser.get(address, Accept_Language=accept).text


def test_a_language_that_the_house_gave_up_is_its_first_again(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    aisle.store.locale = "de"
    changed(db, aisle.retailer.id, at=now())
    db.commit()
    hear(app)

    assert '<html lang="en"' in browser.get(aisle.printed, Accept_Language="fr").text


@pytest.mark.parametrize(
    "said, asked, expected",
    [("", "fr", "ar"), ("", "en-GB,en;q=0.8", "en"), ("en", "ar", "en"), ("fr", "fr", "ar")],
)
def test_a_page_speaks_as_its_store_does_where_nothing_else_fits(
    said: str, asked: str, expected: str, app: Flask, browser: Browser, db: Session
) -> None:
    """Chosen, then the browser's, then the store's, then the retailer's; the same on every way to its pages."""
    aisle = make_aisle(db)
    aisle.store.locale = "ar"
    changed(db, aisle.store.retailer_id, at=now())
    db.commit()
    hear(app)
    lang = f"lang={said}" if said else ""
    item = f"/i/{aisle.top.public_id}"
    addresses = [f"{item}?at={aisle.store.public_id}&{lang}", f"/store/{aisle.store.public_id}?{lang}"]

    # Once rendered, once as it is kept.
    answers = [browser.get(each, Accept_Language=asked) for each in addresses * 2]
    nowhere = browser.get(f"{item}?{lang}", Accept_Language=asked)
    browser.post(f"{item}/keep", {"keep": "yes", "at": aisle.store.public_id})
    own = browser.get(addresses[0], Accept_Language=asked)

    assert [each.headers["Content-Language"] for each in answers] == [expected] * 4
    assert all("Accept-Language" in each.headers["Vary"] for each in answers)
    assert own.headers["Content-Language"] == expected, "with a shopper's own hearts too"
    assert nowhere.headers["Content-Language"] == (said if said == "en" else "en"), "of no store: the retailer's first"
