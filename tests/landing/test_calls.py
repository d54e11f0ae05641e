"""Calling an associate from an item's page, and the page of that call: for whoever holds its address."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch.access import Role
from qrmerch.calls import service
from qrmerch.calls.models import Call, CallState, Staffed, Why
from qrmerch.catalog.service import retire_item
from qrmerch.clock import now
from qrmerch.content.models import Style
from qrmerch.content.publishing import take_down
from qrmerch.landing import calls as landing_calls
from qrmerch.parties.models import RetailerHost
from qrmerch.parties.service import set_networks
from qrmerch.rendering.service import render_item_page
from qrmerch.scans.models import Event
from qrmerch.scans.visits import VisitIds
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import (
    let_call,
    make_code,
    make_fixture,
    make_item,
    make_person,
    make_retailer,
    make_store,
    make_template,
    publish_page,
)
from tests.landing.aisle import Aisle, add_offer, hear, make_aisle, stock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BUTTON, ADVISOR, COLLEAGUE = "Bring my size", "Ask an advisor to join you", "Ask a colleague to come"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.fixture
def aisle(app: Flask, db: Session) -> Aisle:
    made = make_aisle(db)
    let_call(db, made.store)
    db.commit()
    hear(app)
    return made


def call(browser: Browser, aisle: Aisle, **said: str) -> TestResponse:
    fields = {"at": aisle.store.public_id, "lang": "en", "variant": "s", **said}
    return browser.post(f"/i/{aisle.top.public_id}/call", fields)


def list_calls(db: Session) -> list[Call]:
    found = list(db.scalars(select(Call).order_by(Call.id)))
    db.commit()
    return found


def visit_now() -> str:
    return VisitIds().draw(now().timestamp())


def bar_of(html: str) -> str:
    """The words of the one action."""
    found = re.search(r'<div class="bar">\s*<(?:button|a) class="btn"[^>]*>(.*?)</(?:button|a)>', html, re.DOTALL)
    assert found, html[:2000]
    return re.sub("<[^>]+>", "", found[1]).strip()


def title_of(page: TestResponse) -> str:
    found = re.search("<h1>(.*?)</h1>", page.text)
    assert found, page.text[:2000]
    return found[1]


# --- the button ----------------------------------------------------------------------------------------


def test_the_action_is_there_where_it_is_switched_on(browser: Browser, aisle: Aisle) -> None:
    assert bar_of(browser.get(aisle.printed).text) == BUTTON
    assert bar_of(browser.get(aisle.page).text) == BUTTON


def test_in_no_store_and_in_another_one_the_old_action_stands(browser: Browser, aisle: Aisle, db: Session) -> None:
    other = make_store(db, aisle.retailer, short_name="Galleria")
    db.commit()

    for page in (f"/i/{aisle.top.public_id}", f"/i/{aisle.top.public_id}?at={other.public_id}"):
        assert bar_of(browser.get(page).text).startswith("Keep on my list")


def test_it_is_off_unless_somebody_switched_it_on(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    hear(app)

    assert bar_of(browser.get(aisle.printed).text).startswith("Keep on my list")
    assert call(browser, aisle).status_code == 409
    assert list_calls(db) == []


def test_a_kept_page_hears_of_the_switch_at_the_next_scan(
    app: Flask, browser: Browser, aisle: Aisle, db: Session
) -> None:
    assert bar_of(browser.get(aisle.printed).text) == BUTTON

    service.stop_coming(db, aisle.store, actor=None, at=now())
    db.commit()
    hear(app)
    assert bar_of(browser.get(aisle.printed).text).startswith("Keep on my list")

    service.come(db, aisle.store, actor=None, at=now())
    db.commit()
    hear(app)
    assert bar_of(browser.get(aisle.printed).text) == BUTTON


@pytest.mark.parametrize("staffed", list(Staffed))
def test_a_page_ends_when_nobody_comes_any_more(aisle: Aisle, db: Session, staffed: Staffed) -> None:
    aisle.store.weekly = [[[600, 1200]]] * 7
    let_call(db, aisle.store, staffed=staffed, at=NOON)
    if staffed == Staffed.SWITCH:
        service.come(db, aisle.store, actor=None, at=NOON)
    closes = datetime(2026, 11, 19, 1, tzinfo=UTC)

    def render(at: datetime) -> tuple[bool, datetime]:
        page = render_item_page(db, item_id=aisle.top.id, store_id=aisle.store.id, locale="en", at=at)
        return BUTTON in page.html.decode(), page.until

    assert render(NOON) == (True, closes)
    assert not render(closes)[0]


@pytest.mark.parametrize(
    ("style", "words"), [(Style.EVERYDAY, "Get the 10% code"), (Style.EDITORIAL, BUTTON), (Style.QUIET, ADVISOR)]
)
def test_with_an_offer_the_style_says_which_comes_first(
    app: Flask, browser: Browser, db: Session, style: Style, words: str
) -> None:
    aisle = make_aisle(db)
    let_call(db, aisle.store)
    item = make_item(db, aisle.retailer, vendor=aisle.vendor, title="Larch")
    publish_page(db, item, template=make_template(db, aisle.retailer, style=style))
    offer = add_offer(db, item)
    db.commit()
    hear(app)

    page = browser.get(f"/i/{item.public_id}?at={aisle.store.public_id}").text

    assert bar_of(page) == words
    # The offer can be had all the same, by one button.
    assert page.count(f'value="{offer.public_id}"') == 1


def test_what_has_no_sizes_is_not_brought_in_one(app: Flask, browser: Browser, aisle: Aisle, db: Session) -> None:
    bag = make_item(db, aisle.retailer, vendor=aisle.vendor, sizes=("One size",))
    db.commit()
    hear(app)

    assert bar_of(browser.get(f"/i/{bag.public_id}?at={aisle.store.public_id}").text) == COLLEAGUE


def test_what_is_not_here_cannot_be_brought(app: Flask, browser: Browser, aisle: Aisle, db: Session) -> None:
    stock(db, aisle.top, aisle.store, 0, 0)
    db.commit()
    hear(app)

    assert bar_of(browser.get(aisle.page).text) == COLLEAGUE


def test_a_friends_link_calls_nobody(aisle: Aisle, db: Session) -> None:
    page = render_item_page(
        db, item_id=aisle.top.id, store_id=aisle.store.id, locale="en", at=now(), is_away=True
    ).html.decode()

    assert BUTTON not in page


# --- calling -------------------------------------------------------------------------------------------


def test_a_call_is_made_and_its_page_has_the_number_and_no_cookie(browser: Browser, aisle: Aisle, db: Session) -> None:
    answer = call(browser, aisle)
    page = browser.follow(answer)

    (made,) = list_calls(db)
    assert answer.headers["Location"] == f"/call/{made.public_id}?of=fashiontown&lang=en"
    assert title_of(page) == "We have heard you"
    assert '<p class="number"><bdi>1</bdi></p>' in page.text
    assert '<noscript><meta http-equiv="refresh"' in page.text
    assert "<dd><bdi>S</bdi></dd>" in page.text
    assert browser.cookies() == []
    assert page.headers["Cache-Control"] == "private, no-cache"
    assert '<meta name="robots" content="noindex">' in page.text


def test_a_size_that_was_not_chosen_is_asked_for(browser: Browser, aisle: Aisle, db: Session) -> None:
    asked = call(browser, aisle, variant="", bring="size")

    assert (asked.status_code, title_of(asked), list_calls(db)) == (200, "Which one shall we bring?", [])
    assert "none here" in asked.text
    browser.send(asked, action="/call", variant="m")
    (made,) = list_calls(db)
    assert made.variant_id


def test_who_does_not_know_the_size_is_come_to_all_the_same(browser: Browser, aisle: Aisle, db: Session) -> None:
    asked = call(browser, aisle, variant="", bring="size")

    browser.send(asked, action="/call", variant="any")

    (made,) = list_calls(db)
    assert made.variant_id is None


def test_the_place_is_where_the_code_hangs_as_its_script_or_its_address_says(
    browser: Browser, aisle: Aisle, db: Session
) -> None:
    wall = make_fixture(db, aisle.store, name="Shoe wall")
    code = make_code(db, aisle.top, fixture=wall)
    db.commit()
    browser.get(f"/q/{code.token}")

    call(browser, aisle, **{"from": code.token, "v": visit_now()})
    browser.post(
        f"/i/{aisle.top.public_id}/call",
        {"at": aisle.store.public_id, "variant": "s"},
        Referer=f"http://localhost/q/{code.token}",
    )

    assert [each.fixture_id for each in list_calls(db)] == [wall.id, wall.id]


def test_a_code_of_another_store_says_nothing_of_the_place(browser: Browser, aisle: Aisle, db: Session) -> None:
    elsewhere = make_fixture(db, make_store(db, aisle.retailer))
    code = make_code(db, aisle.top, fixture=elsewhere)
    db.commit()
    browser.get(f"/q/{code.token}")

    call(browser, aisle, **{"from": code.token})

    assert [each.fixture_id for each in list_calls(db)] == [None]


def test_who_calls_says_where_they_stand_when_no_code_does(browser: Browser, aisle: Aisle, db: Session) -> None:
    wall = make_fixture(db, aisle.store, name="Shoe wall")
    make_fixture(db, make_store(db, aisle.retailer), name="Not here")
    db.commit()
    page = browser.follow(call(browser, aisle))
    assert "Shoe wall" in page.text
    assert "Not here" not in page.text

    # Of another store: nothing happens.
    browser.send(page, action="/place", place="Not here")
    said = browser.follow(browser.send(page, action="/place", place="Shoe wall"))

    assert [each.fixture_id for each in list_calls(db)] == [wall.id]
    assert "Where in the store are you?" not in said.text
    assert "Shoe wall" in said.text


def test_a_second_press_in_a_visit_leads_to_the_first_call(browser: Browser, aisle: Aisle, db: Session) -> None:
    visit = visit_now()

    places = [call(browser, aisle, v=visit).headers["Location"] for _ in range(3)]

    assert len(set(places)) == 1
    assert len(list_calls(db)) == 1


def test_without_a_visit_a_phone_like_this_one_calls_once_and_sees_nobody_elses_call(
    browser: Browser, aisle: Aisle, db: Session
) -> None:
    call(browser, aisle)
    second = call(browser.another(), aisle)

    (made,) = list_calls(db)
    assert (second.status_code, title_of(second)) == (409, "Somebody is called already")
    assert made.public_id not in second.text


def test_a_visit_of_its_own_calls_from_the_same_network(browser: Browser, aisle: Aisle, db: Session) -> None:
    call(browser, aisle, v=visit_now())

    assert call(browser.another(), aisle, v=visit_now()).status_code == 303
    assert [each.number for each in list_calls(db)] == [1, 2]


def test_when_all_are_busy_the_page_says_so(browser: Browser, aisle: Aisle, db: Session) -> None:
    let_call(db, aisle.store, most_open=1)
    db.commit()
    call(browser, aisle, v=visit_now())

    busy = call(browser, aisle, v=visit_now())

    assert (busy.status_code, title_of(busy)) == (409, "Everybody is with somebody")
    assert "Back to" in busy.text


@pytest.mark.parametrize(
    "headers",
    [{"User-Agent": GOOGLEBOT}, {"User-Agent": ""}, {"Sec-Purpose": "prefetch"}, {"User-Agent": "WhatsApp/2.23"}],
)
def test_programs_and_previews_call_nobody(
    browser: Browser, aisle: Aisle, db: Session, headers: dict[str, str]
) -> None:
    answer = browser.post(f"/i/{aisle.top.public_id}/call", {"at": aisle.store.public_id, "variant": "s"}, **headers)

    assert answer.status_code == 404
    assert list_calls(db) == []


def test_another_sites_page_calls_nobody(browser: Browser, aisle: Aisle, db: Session) -> None:
    address = f"/i/{aisle.top.public_id}/call?at={aisle.store.public_id}&variant=s"

    assert browser.raw_post(address, {"Sec-Fetch-Site": "cross-site", "User-Agent": "Safari"}) == 400
    assert list_calls(db) == []


@pytest.mark.parametrize(("networks", "last"), [([], 429), (["198.51.100.0/28"], 303)])
def test_one_network_calls_so_often_and_no_more_unless_it_is_the_stores_own(
    app: Flask, browser: Browser, db: Session, monkeypatch: pytest.MonkeyPatch, networks: list[str], last: int
) -> None:
    aisle = make_aisle(db)
    let_call(db, aisle.store)
    set_networks(db, aisle.store, networks)
    db.commit()
    hear(app)
    monkeypatch.setattr(landing_calls, "_MOST_CALLS", 2)
    door = app.wsgi_app

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return door({**environ, "REMOTE_ADDR": "198.51.100.7"}, start_response)

    browser._client.application = answer

    statuses = [call(browser, aisle, v=visit_now()).status_code for _ in range(3)]

    assert statuses == [303, 303, last]


def test_what_is_no_longer_sold_is_not_brought(browser: Browser, aisle: Aisle, db: Session) -> None:
    retire_item(db, aisle.top, at=now())
    db.commit()

    assert call(browser, aisle).status_code == 410


def test_nobody_is_called_to_what_was_taken_down_while_its_page_was_open(
    browser: Browser, aisle: Aisle, db: Session
) -> None:
    take_down(db, aisle.top, reason="Recalled", actor=None, at=now())
    db.commit()

    page = call(browser, aisle)

    assert page.status_code == 409
    assert title_of(page) == "Not available at the moment"
    assert list_calls(db) == []


def test_a_call_counts_as_what_a_shopper_does(browser: Browser, aisle: Aisle, db: Session) -> None:
    visit = visit_now()
    call(browser, aisle, v=visit)

    event = db.scalars(select(Event)).one()
    assert (event.kind, event.visit, event.detail) == ("call", visit, "")


def test_the_houses_own_people_count_for_nothing(browser: Browser, aisle: Aisle, db: Session) -> None:
    mia = make_person(db, Role.MERCHANDISER, name="Mia", retailer=aisle.retailer)
    db.commit()

    assert call(browser.sign_in(*mia), aisle).status_code == 303
    assert db.scalars(select(Event)).all() == []


# --- the call's page -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("says_name", "title"), [(False, "Somebody is on the way"), (True, "\u2068Ada\u2069 is on the way")]
)
def test_who_comes_is_named_only_where_the_house_says_so(
    browser: Browser, aisle: Aisle, db: Session, says_name: bool, title: str
) -> None:
    let_call(db, aisle.store, says_name=says_name)
    ada = make_person(db, Role.ASSOCIATE, name="Ada Brook", retailer=aisle.retailer, stores=(aisle.store,))
    db.commit()
    page = browser.follow(call(browser, aisle))
    (made,) = list_calls(db)

    service.take(db, made, ada.user.id, at=now())
    db.commit()

    now_said = browser.get(f"/call/{made.public_id}")
    assert title_of(now_said) == title
    assert "Brook" not in now_said.text
    assert page.text != now_said.text


@pytest.mark.parametrize(
    ("why", "title"),
    [
        (Why.NONE_HERE, "It is not here today"),
        (Why.ALL_BUSY, "Everybody is with somebody"),
        (Why.NOT_FOUND, "We did not find you"),
    ],
)
def test_what_is_not_possible_is_said_in_plain_words(
    browser: Browser, aisle: Aisle, db: Session, why: Why, title: str
) -> None:
    ada = make_person(db, Role.ASSOCIATE, name="Ada", retailer=aisle.retailer, stores=(aisle.store,))
    db.commit()
    call(browser, aisle)
    (made,) = list_calls(db)
    service.give_up(db, made, why, ada.user.id, at=now())
    db.commit()

    page = browser.get(f"/call/{made.public_id}")

    assert title_of(page) == title
    # It is over: nothing to withdraw, and it comes anew no more.
    assert "Never mind" not in page.text
    assert "http-equiv" not in page.text


def test_never_mind_withdraws_it(browser: Browser, aisle: Aisle, db: Session) -> None:
    page = browser.follow(call(browser, aisle))

    after = browser.follow(browser.send(page, action="/withdraw"))

    assert title_of(after) == "Nobody comes"
    assert [each.state for each in list_calls(db)] == [CallState.WITHDRAWN]
    assert call(browser, aisle).status_code == 303


def test_a_call_that_nobody_came_for_says_so(browser: Browser, aisle: Aisle, db: Session) -> None:
    call(browser, aisle)
    (made,) = list_calls(db)
    made = db.get_one(Call, made.id)
    made.lapses_at = now() - timedelta(seconds=1)
    db.commit()

    assert title_of(browser.get(f"/call/{made.public_id}")) == "Nobody could come in time"


def test_a_guessed_address_is_none(browser: Browser, aisle: Aisle) -> None:
    for guess in ("0" * 16, "short", "../i"):
        assert browser.get(f"/call/{guess}").status_code == 404
        assert browser.post(f"/call/{guess}/withdraw").status_code == 404
        assert browser.post(f"/call/{guess}/place").status_code == 404


def test_on_another_houses_host_there_is_no_such_call(app: Flask, browser: Browser, aisle: Aisle, db: Session) -> None:
    other = make_retailer(db, slug="other")
    db.add(RetailerHost(retailer_id=other.id, host="other.example", is_primary=True, proven_at=NOON))
    db.commit()
    hear(app)
    call(browser, aisle)
    (made,) = list_calls(db)

    assert browser.get(f"/call/{made.public_id}", Host="other.example").status_code == 404
    assert browser.post(f"/call/{made.public_id}/withdraw", Host="other.example").status_code == 404


def test_in_arabic_it_runs_from_the_right_and_speaks_it(browser: Browser, aisle: Aisle, db: Session) -> None:
    page = browser.follow(call(browser, aisle, lang="ar"))

    assert 'lang="ar"' in page.text
    assert 'dir="rtl"' in page.text
    assert title_of(page) == "وصلنا طلبك"
