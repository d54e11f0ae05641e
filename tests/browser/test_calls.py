"""A call in a real browser: what the script fills in and asks anew, what holds without it, and without a signal."""

import re

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.calls import service
from qrmerch.calls.models import Call, Why
from qrmerch.clock import now
from qrmerch.db import Database
from tests.axe import list_problems
from tests.browser.conftest import Draw, OpenPhone
from tests.browsing import PHONE
from tests.factories import Person, let_call, make_code, make_fixture, make_person
from tests.landing.aisle import Aisle, hear, make_aisle

BUTTON = "Bring my size"
HEART = ".bar [data-keep]"
# What a browser says of a line that is cut; the page is about it.
CUT = re.compile("ERR_INTERNET_DISCONNECTED|ERR_FAILED")


@pytest.fixture
def aisle(app: Flask, db: Session, draw: Draw) -> Aisle:
    made = make_aisle(db, draw=draw)
    let_call(db, made.store, most_open=50)
    made.code = make_code(db, made.top, fixture=make_fixture(db, made.store, name="Shoe wall"))
    db.commit()
    hear(app)
    return made


@pytest.fixture
def page(open_phone: OpenPhone) -> Page:
    """A phone that says what it is: a browser without windows is taken for a robot, which calls nobody."""
    return open_phone(user_agent=PHONE).page


@pytest.fixture
def ada(db: Session, aisle: Aisle) -> Person:
    made = make_person(db, Role.ASSOCIATE, name="Ada", retailer=aisle.retailer, stores=(aisle.store,))
    db.commit()
    return made


def call(page: Page, aisle: Aisle, *, size: str = "S") -> None:
    """Scan the tag, choose a size and call."""
    page.goto(aisle.printed)
    page.get_by_text(size, exact=True).first.click()
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have heard you")


def list_calls(database: Database) -> list[Call]:
    with database.read() as db:
        return list(db.scalars(select(Call).order_by(Call.id)))


def take(database: Database, person: Person) -> None:
    with database.write() as db:
        made = db.scalars(select(Call).order_by(Call.id.desc())).first()
        assert made is not None
        service.take(db, made, person.user.id, at=now())
        db.commit()


def test_a_call_says_where_its_code_hangs_and_what_becomes_of_it(
    page: Page, aisle: Aisle, ada: Person, database: Database
) -> None:
    page.clock.install()
    call(page, aisle)
    expect(page.get_by_text("Shoe wall")).to_be_visible()
    page.evaluate("window.isSame = true")

    take(database, ada)
    page.clock.run_for(4_100)

    expect(page.get_by_role("heading", level=1)).to_have_text("Somebody is on the way")
    expect(page.locator("[data-live]")).to_have_attribute("aria-live", "polite")
    assert page.title().startswith("Somebody is on the way")
    # In its place: the page did not come anew.
    assert page.evaluate("window.isSame")
    page.get_by_role("button", name="Never mind").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nobody comes")


def test_without_a_script_the_page_comes_anew_by_itself(
    open_phone: OpenPhone, aisle: Aisle, ada: Person, database: Database
) -> None:
    page = open_phone(user_agent=PHONE, java_script_enabled=False).page
    call(page, aisle)
    (made,) = list_calls(database)
    assert made.fixture_id == aisle.code.fixture_id

    take(database, ada)

    expect(page.get_by_role("heading", level=1)).to_have_text("Somebody is on the way", timeout=60_000)


def test_a_call_without_a_signal_is_not_made_later(open_phone: OpenPhone, aisle: Aisle, database: Database) -> None:
    phone = open_phone(user_agent=PHONE)
    page = phone.page
    page.goto(aisle.printed)
    page.locator(HEART).click()
    expect(page.locator(".count")).to_have_text("1")
    for _ in range(200):
        if page.evaluate("async (address) => !!(await caches.match(address))", aisle.page):
            break
        page.wait_for_timeout(50)
    page.context.set_offline(True)
    page.get_by_text("S", exact=True).first.click()
    with page.expect_event("requestfailed", lambda request: request.method == "POST" and "/call" in request.url):
        page.get_by_role("button", name=BUTTON).click()

    page.context.set_offline(False)
    page.goto(aisle.page)
    # A heart goes out behind all that waits: when it has arrived, nothing waits any more.
    expect(page.locator(HEART)).to_have_attribute("aria-pressed", "true")
    page.locator(HEART).click()
    expect(page.locator(".count")).to_be_hidden()

    assert list_calls(database) == []
    phone.complaints[:] = [each for each in phone.complaints if not CUT.search(each)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_a_call_is_against_the_rules(
    open_phone: OpenPhone, aisle: Aisle, ada: Person, db: Session, database: Database, scheme: str
) -> None:
    page = open_phone(user_agent=PHONE, color_scheme=scheme, reduced_motion="reduce").page
    found = {}
    page.goto(aisle.printed)
    expect(page.get_by_role("button", name=BUTTON)).to_be_visible()
    found["item"] = list_problems(page)
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Which one shall we bring?")
    found["size"] = list_problems(page)
    page.goto(aisle.page)
    page.get_by_text("S", exact=True).first.click()
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_label("Where in the store are you?")).to_be_visible()
    found["asked"] = list_problems(page)
    page.get_by_role("button", name="Here I am").click()
    expect(page.get_by_label("Where in the store are you?")).to_have_count(0)
    take(database, ada)
    page.reload()
    found["taken"] = list_problems(page)
    with database.write() as other:
        made = other.scalars(select(Call)).one()
        service.give_up(other, made, Why.NONE_HERE, ada.user.id, at=now())
        other.commit()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("It is not here today")
    found["over"] = list_problems(page)

    assert {name: problems for name, problems in found.items() if problems} == {}


def test_a_second_tap_before_the_answer_leaves_the_call_its_page(
    open_phone: OpenPhone, aisle: Aisle, database: Database
) -> None:
    # A phone that is not to be told apart: the server could not lead its second call to the first one's page.
    page = open_phone(user_agent=PHONE, extra_http_headers={"Sec-GPC": "1"}).page
    page.goto(aisle.printed)
    page.get_by_text("S", exact=True).first.click()
    button = page.get_by_role("button", name=BUTTON)

    refused = button.evaluate(
        """(button) => {
          let refused = 0;
          addEventListener('submit', (event) => { refused += event.defaultPrevented; });
          button.click();
          button.click();
          return refused;
        }"""
    )

    assert refused == 1
    expect(page.get_by_role("heading", level=1)).to_have_text("We have heard you")
    assert len(list_calls(database)) == 1
