"""One shopper with one tag in hand: whatever else they do, one scan is counted."""

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from qrmerch.scans.line import ENGAGED, KINDS, PAGE, SCAN, SHARE, VIEW
from qrmerch.scans.loader import load_all
from qrmerch.scans.models import DayTotal
from qrmerch.web import Services
from tests.browser.conftest import Draw, OpenPhone
from tests.browsing import PHONE
from tests.chromium import wait_until
from tests.landing.aisle import Aisle, hear, lines, make_aisle

HELD = "async (address) => !!(await caches.match(address, { ignoreSearch: true }))"


@pytest.fixture
def aisle(app: Flask, db: Session, draw: Draw) -> Aisle:
    made = make_aisle(db, draw=draw)
    hear(app)
    return made


def counted(app: Flask, db: Session) -> dict[str, int]:
    """What the totals say once everything is loaded."""
    services: Services = app.extensions["qrmerch"]
    load_all(services.database, services.settings.log_dir)
    totals: dict[str, int] = {}
    with services.database.read() as reading:
        for kind, count in reading.query(DayTotal.kind, DayTotal.count):
            totals[kind] = totals.get(kind, 0) + count
    return totals


def by_kind(app: Flask) -> dict[str, int]:
    said = [line.kind for line in lines(app) if not line.manner]
    return {kind: said.count(kind) for kind in KINDS if kind in said}


def _look_around(page: Page, aisle: Aisle) -> None:
    """All that leads to a page without a tag."""
    page.reload()
    page.goto("/help")
    page.go_back()
    page.go_back()
    page.go_forward()
    page.get_by_role("link", name="Silver Cross Sandal").last.click()
    expect(page.get_by_role("heading", name="Silver Cross Sandal")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="العربية").click()
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    # As a browser does that expects the next touch.
    ahead = "(address) => fetch(address, { headers: { 'X-Purpose': 'prefetch' } }).then((answer) => answer.text())"
    page.evaluate(ahead, aisle.printed)
    page.evaluate(ahead, aisle.page)
    page.evaluate("(address) => fetch(address, { method: 'HEAD' })", aisle.printed)


def test_one_tag_is_one_scan_whatever_its_holder_does(
    app: Flask, open_phone: OpenPhone, aisle: Aisle, db: Session
) -> None:
    phone = open_phone(user_agent=PHONE)
    page = phone.page
    page.add_init_script("navigator.share = async (what) => { window.shared = what; }")
    page.goto(aisle.printed)
    _look_around(page, aisle)
    page.locator(".bar [data-keep]").click()
    expect(page.locator(".count")).to_have_text("1")
    page.get_by_role("button", name="Share this item").click()
    page.wait_for_function("() => window.shared")
    shared = page.evaluate("window.shared.url")
    page.goto("/my?of=fashiontown&lang=en")
    page.locator(".kept h2 a").click()
    expect(page.get_by_role("heading", name="Marigold Slouch Top", level=1)).to_be_visible()
    wait_until(page, lambda: page.evaluate(HELD, aisle.page), lambda: "the page is not on the phone")
    phone.forgive("ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    page.goto(aisle.page)
    expect(page.locator("main > [role=status]")).to_contain_text("from this phone")
    page.context.set_offline(False)
    open_phone(user_agent=PHONE).page.goto(shared)

    said = by_kind(app)
    assert said[SCAN] == 1
    assert said[SHARE] == 1
    assert said[PAGE] >= 5
    totals = counted(app, db)
    assert totals["scan"] == 1
    assert totals["prefetch"] == totals["head"] == 1
    assert totals["friend"] == 1


def test_one_tag_is_one_scan_without_script(app: Flask, open_phone: OpenPhone, aisle: Aisle, db: Session) -> None:
    page = open_phone(user_agent=PHONE, java_script_enabled=False).page
    page.goto(aisle.printed)

    # Without script the printed address stays: the form leads away from it, so that what follows is none.
    page.get_by_role("button", name="Keep on my list").click()
    page.wait_for_url("**/i/**")
    page.reload()
    page.locator("#look [data-keep]").click()
    page.wait_for_url("**#look")
    page.get_by_role("link", name="العربية").click()
    page.wait_for_url("**lang=ar")
    page.go_back()
    page.get_by_role("link", name="Silver Cross Sandal").last.click()
    expect(page.get_by_role("heading", name="Silver Cross Sandal", level=1)).to_be_visible()
    page.get_by_role("button", name="Share this item").click()
    expect(page.get_by_label("The link")).to_be_visible()

    assert by_kind(app)[SCAN] == 1
    assert VIEW not in by_kind(app)
    assert counted(app, db)["scan"] == 1


def test_a_page_from_the_browsers_own_store_is_no_scan(app: Flask, open_phone: OpenPhone, aisle: Aisle) -> None:
    page = open_phone().page
    with page.expect_response("**/v"):
        page.goto(aisle.printed)

    # Put aside whole: nothing is asked for but what is kept.
    with page.expect_response("**/my/kept*"):
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    page.goto("/help")

    assert [line.kind for line in lines(app)][:2] == [SCAN, VIEW]
    # Who looks on for ten seconds is told of as ever.
    assert not [line for line in lines(app)[2:] if line.kind != ENGAGED]
