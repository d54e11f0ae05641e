"""What a shopper's phone does with a page: hearts, sharing, the address bar, the visit, with script and without."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, Response, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.content.models import Style
from qrmerch.db import Database
from qrmerch.parties.models import Vendor
from qrmerch.scans.line import PAGE, SCAN, SHARE, VIEW, Line
from qrmerch.scans.models import Event
from qrmerch.wishlists.models import WishlistItem
from tests.browser.conftest import OpenPhone, stand_still
from tests.chromium import wait_until
from tests.factories import make_code, make_item, make_template, publish_page
from tests.landing.aisle import Aisle, add_offer, hear, lines, make_aisle

KEEP = "Keep on my list"
HEART = ".bar [data-keep]"
# Hearts arrive when the test lets them; a view is answered at once, by a server that has not heard of them.
SLOW_HEARTS = """
    const real = window.fetch;
    window.fetch = async (address, options) => {
      if (String(address).endsWith('/v')) {
        const said = async () => { setTimeout(() => { window.isSeen = true; }); return { v: '', kept: [] }; };
        return { ok: true, json: said };
      }
      await new Promise((done) => { window.arrive = done; });
      return real(address, options);
    };
"""


@pytest.fixture
def aisle(app: Flask, db: Session, draw: Callable[[Vendor, str], str]) -> Aisle:
    """A shop with pictures, that the server has heard of."""
    made = make_aisle(db, draw=draw)
    hear(app)
    return made


def kept(database: Database) -> list[str]:
    """The ids of the items on all lists."""
    with database.read() as db:
        return list(db.scalars(select(WishlistItem.item_id).where(WishlistItem.removed_at.is_(None))))


def seen(app: Flask, page: Page) -> list[Line]:
    """The log once a page was seen for a second."""
    wait_until(
        page,
        lambda: any(line.kind == VIEW for line in lines(app)),
        lambda: f"only {[line.kind for line in lines(app)]}",
    )
    return lines(app)


def press(page: Page, *, times: int) -> None:
    """Press the heart so often, one press after the other, and wait until each is answered."""
    answered: list[str] = []

    def is_last(answer: Response) -> bool:
        answered.extend([answer.url] if answer.url.endswith("/keep") else [])
        return len(answered) == times

    with page.expect_response(is_last):
        page.locator(HEART).click(click_count=times)


def is_pressed(page: Page, selector: str = HEART) -> bool:
    return page.locator(selector).first.get_attribute("aria-pressed") == "true"


# --- the address and the visit ----------------------------------------------------------------------


def test_the_printed_address_gives_way_to_the_pages_own(page: Page, aisle: Aisle) -> None:
    page.goto(aisle.printed)

    assert page.url.endswith(f"{aisle.page}&lang=en")


def test_one_scan_is_one_scan_however_often_the_page_is_reloaded(app: Flask, page: Page, aisle: Aisle) -> None:
    page.goto(aisle.printed)
    page.reload()
    page.reload()

    assert [line.kind for line in lines(app) if line.kind != VIEW] == [SCAN, PAGE, PAGE]


def test_a_page_seen_for_a_second_is_a_view_of_the_same_visit(app: Flask, page: Page, aisle: Aisle) -> None:
    page.goto(aisle.printed)

    scan, view = [line for line in seen(app, page) if line.kind in (SCAN, VIEW)]

    assert (scan.kind, view.kind) == (SCAN, VIEW)
    assert view.visit == scan.visit != ""
    assert (view.subject, view.token) == (aisle.top.public_id, aisle.code.token)


def test_a_page_left_within_a_second_is_no_view(app: Flask, page: Page, aisle: Aisle) -> None:
    stand_still(page)
    page.goto(aisle.printed)
    page.clock.run_for(900)
    page.goto("/help")
    page.clock.run_for(1_300)

    assert [line.kind for line in lines(app)] == [SCAN]


def test_a_page_in_a_tab_behind_is_no_view(app: Flask, page: Page, aisle: Aisle) -> None:
    page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => !window.isShown })")
    stand_still(page)
    page.goto(aisle.printed)
    page.clock.run_for(60_000)
    assert [line.kind for line in lines(app)] == [SCAN]

    page.evaluate("window.isShown = true; document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.run_for(1_000)

    assert [line.kind for line in seen(app, page)] == [SCAN, VIEW]


def test_the_visit_goes_along_to_the_next_page_and_out_of_its_address(app: Flask, page: Page, aisle: Aisle) -> None:
    page.goto(aisle.printed)
    page.get_by_role("link", name="Silver Cross Sandal").last.click()
    expect(page.get_by_role("heading", name="Silver Cross Sandal", level=1)).to_be_visible()
    page.wait_for_function("() => !/[?&]v=/.test(location.search)")

    scan, further = [line for line in lines(app) if line.kind != VIEW]
    assert (scan.kind, further.kind) == (SCAN, PAGE)
    assert further.visit == scan.visit != ""


def test_where_the_header_cannot_be_read_the_view_brings_the_visit(app: Flask, page: Page, aisle: Aisle) -> None:
    # As over plain http, where browsers keep the header to themselves.
    page.add_init_script("Object.defineProperty(PerformanceNavigationTiming.prototype, 'serverTiming', { value: [] })")
    page.goto(aisle.printed)

    (view,) = [line for line in seen(app, page) if line.kind == VIEW]

    assert view.is_new_visit
    assert view.token == aisle.code.token
    expect(page.locator("input[name=v]")).to_have_value(view.visit)


def test_back_from_another_page_is_no_scan(app: Flask, page: Page, aisle: Aisle) -> None:
    page.goto(aisle.printed)
    page.goto("/help")
    page.go_back()

    assert page.url.endswith(f"{aisle.page}&lang=en")
    assert [line.kind for line in lines(app)].count(SCAN) == 1


# --- hearts -----------------------------------------------------------------------------------------


def test_sec_b05_the_cookie_jar_is_empty_before_the_heart(page: Page, aisle: Aisle, database: Database) -> None:
    with page.expect_response("**/v"):
        page.goto(aisle.printed)
    assert page.context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]

    page.get_by_role("button", name=KEEP).click()

    expect(page.locator(".count")).to_have_text("1")
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("qm", True, "Lax")
    assert kept(database) == [aisle.top.id]


def test_a_heart_flips_at_once_and_tells_its_visit(page: Page, aisle: Aisle, database: Database) -> None:
    page.add_init_script(SLOW_HEARTS)
    page.goto(aisle.printed)

    page.locator(HEART).click()

    assert is_pressed(page)
    assert kept(database) == []
    page.evaluate("arrive()")
    expect(page.locator(".count")).to_have_text("1")
    with database.read() as db:
        event = db.scalars(select(Event)).one()
    assert event.kind == "keep"
    assert event.visit


def test_a_double_tap_keeps_and_lets_go_in_order(page: Page, aisle: Aisle, database: Database) -> None:
    page.goto(aisle.printed)

    press(page, times=2)

    assert not is_pressed(page)
    expect(page.locator(".count")).to_be_hidden()
    assert kept(database) == []


def test_many_taps_end_where_the_last_one_was(page: Page, aisle: Aisle, database: Database) -> None:
    page.goto(aisle.printed)

    # Each tap is told, one after the other; in between the list is empty and full again.
    press(page, times=5)

    expect(page.locator(".count")).to_have_text("1")
    assert is_pressed(page)
    assert kept(database) == [aisle.top.id]


def test_a_view_that_is_answered_meanwhile_does_not_undo_a_press(page: Page, aisle: Aisle, database: Database) -> None:
    page.add_init_script(SLOW_HEARTS)
    stand_still(page)
    page.goto(aisle.printed)

    page.clock.run_for(500)
    page.locator(HEART).click()
    page.clock.run_for(600)
    page.wait_for_function("() => window.isSeen")

    assert is_pressed(page)
    page.evaluate("arrive()")
    expect(page.locator(".count")).to_have_text("1")
    assert kept(database) == [aisle.top.id]


def test_without_connection_the_heart_flips_back_and_says_why(
    open_phone: OpenPhone, aisle: Aisle, database: Database
) -> None:
    phone = open_phone()
    page = phone.page
    page.goto(aisle.printed)
    page.context.set_offline(True)

    page.locator(HEART).click()

    expect(page.locator(".toast")).to_have_text("Not kept: no connection. Try again.")
    assert not is_pressed(page)
    phone.expect_complaint("ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(False)
    page.locator(HEART).click()
    expect(page.locator(".count")).to_have_text("1")
    assert kept(database) == [aisle.top.id]


def test_hearts_of_a_shopper_who_keeps_things_show_on_a_printed_page(page: Page, aisle: Aisle) -> None:
    page.goto(aisle.printed)
    page.locator(HEART).click()
    expect(page.locator(".count")).to_have_text("1")

    page.goto(aisle.printed)

    expect(page.locator(HEART)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".count")).to_have_text("1")


def test_a_page_that_was_put_aside_learns_what_is_kept_now(page: Page, aisle: Aisle) -> None:
    stand_still(page)
    page.goto(aisle.printed)
    page.locator(HEART).click()
    expect(page.locator(".count")).to_have_text("1")
    fetch = "(address) => fetch(address, { method: 'POST', body: new URLSearchParams({ keep: 'no' }) })"
    page.evaluate(fetch, aisle.keep)

    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")

    expect(page.locator(HEART)).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".count")).to_be_hidden()


def test_the_list_keeps_its_row_until_it_is_opened_again(page: Page, aisle: Aisle, database: Database) -> None:
    page.goto(aisle.printed)
    page.locator(HEART).click()
    expect(page.locator(".count")).to_have_text("1")
    # With its script: without one the row goes.
    with page.expect_navigation(wait_until="load"):
        page.get_by_role("link", name="My list").click()
    expect(page.get_by_role("heading", name="My list")).to_be_visible()

    page.get_by_role("button", name="Keep Marigold Slouch Top").click()
    expect(page.locator(".count")).to_be_hidden()
    assert kept(database) == []
    page.get_by_role("button", name="Keep Marigold Slouch Top").click()

    expect(page.locator(".count")).to_have_text("1")
    assert kept(database) == [aisle.top.id]


def test_being_forgotten_takes_a_second_thought_and_empties_the_jar(
    page: Page, aisle: Aisle, database: Database
) -> None:
    page.goto(aisle.printed)
    page.locator(HEART).click()
    expect(page.locator(".count")).to_have_text("1")
    page.goto("/my?of=fashiontown")

    page.get_by_role("button", name="Forget this phone").first.click()
    page.get_by_role("button", name="Forget it all").click()

    expect(page.get_by_text("Forgotten.")).to_be_visible()
    assert page.context.cookies() == []
    assert kept(database) == []


# --- sharing ----------------------------------------------------------------------------------------


def test_sharing_uses_the_phones_own_sheet(app: Flask, page: Page, aisle: Aisle) -> None:
    page.add_init_script("navigator.share = async (what) => { window.shared = what; }")
    page.goto(aisle.printed)

    page.get_by_role("button", name="Share this item").click()

    page.wait_for_function("() => window.shared")
    shared = page.evaluate("window.shared")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/s/[0-9a-z]{16}", shared["url"])
    assert shared["title"] == "Marigold Slouch Top, Fashiontown"
    page.goto(shared["url"])
    assert page.url.endswith(f"{aisle.page}&lang=en")
    assert [line.kind for line in lines(app) if line.kind != VIEW] == [SCAN, SHARE]


def test_a_sheet_that_will_not_open_gives_way_to_the_page_with_the_link(page: Page, aisle: Aisle) -> None:
    page.add_init_script("navigator.share = () => Promise.reject(new DOMException('', 'NotAllowedError'))")
    page.goto(aisle.printed)

    page.get_by_role("button", name="Share this item").click()

    expect(page.get_by_label("The link")).to_have_value(re.compile("/s/[0-9a-z]{16}$"))


def test_a_sheet_that_is_closed_again_changes_nothing(page: Page, aisle: Aisle) -> None:
    page.add_init_script(
        """navigator.share = () => {
          setTimeout(() => { window.isClosed = true; });
          return Promise.reject(new DOMException('', 'AbortError'));
        };"""
    )
    page.goto(aisle.printed)
    before = page.url

    page.get_by_role("button", name="Share this item").click()
    page.wait_for_function("() => window.isClosed")

    assert page.url == before


def test_where_there_is_no_sheet_the_link_can_be_copied(open_phone: OpenPhone, aisle: Aisle) -> None:
    page = open_phone(permissions=["clipboard-read", "clipboard-write"]).page
    page.add_init_script("delete Navigator.prototype.share")
    page.goto(aisle.printed)
    page.get_by_role("button", name="Share this item").click()
    link = page.get_by_label("The link").input_value()

    page.get_by_role("button", name="Copy the link").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link


# --- pictures, offers, language ---------------------------------------------------------------------


def test_later_pictures_come_when_somebody_reaches_for_them(page: Page, aisle: Aisle) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(aisle.printed)
    page.wait_for_load_state("networkidle")
    second = page.locator("#g2 img")
    assert not second.evaluate("(image) => image.complete && image.naturalWidth > 0")

    page.locator(".thumbs a").nth(1).click()

    page.wait_for_function("() => document.querySelector('#g2 img').naturalWidth > 0")
    expect(page.locator(".thumbs a").nth(1)).to_have_attribute("aria-current", "true")
    assert page.url.endswith("lang=en")


def test_an_offer_that_ends_today_says_how_long_is_left(app: Flask, page: Page, aisle: Aisle, db: Session) -> None:
    add_offer(db, aisle.top, until_at=now() + timedelta(hours=3))
    db.commit()
    hear(app)

    page.goto(aisle.page)

    expect(page.locator(".ticket time")).to_have_text(re.compile(r"^Ends in 2 h 5\d min$"))
    page.get_by_role("button", name="Terms").click()
    expect(page.get_by_text("Once each.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Once each.")).to_be_hidden()


def test_an_arabic_phone_gets_an_arabic_page(open_phone: OpenPhone, aisle: Aisle) -> None:
    page = open_phone(locale="ar").page
    page.goto(aisle.printed)

    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    page.get_by_role("button", name="احفظ في قائمتي").click()
    expect(page.locator(".count")).to_have_text("1")
    page.get_by_role("link", name="قائمتي").click()
    expect(page.get_by_role("heading", name="قائمتي")).to_be_visible()


# --- without script ---------------------------------------------------------------------------------


def test_sec_d08_without_script_a_heart_is_a_form(open_phone: OpenPhone, aisle: Aisle, database: Database) -> None:
    page = open_phone(java_script_enabled=False).page
    page.goto(aisle.printed)

    with page.expect_navigation():
        page.get_by_role("button", name=KEEP).click()

    assert page.url.split("#")[0].endswith(f"{aisle.page}&lang=en")
    assert is_pressed(page)
    assert kept(database) == [aisle.top.id]
    page.locator("#look [data-keep]").click()
    expect(page.locator("#look [data-keep]")).to_have_attribute("aria-pressed", "true")
    assert len(kept(database)) == 2
    page.get_by_role("link", name="My list, 2").click()
    page.get_by_role("button", name="Keep Marigold Slouch Top").click()
    expect(page.get_by_text("Taken off the list.")).to_be_visible()
    page.get_by_role("button", name="Put it back").click()
    expect(page.get_by_role("button", name="Put it back")).to_have_count(0)
    assert len(kept(database)) == 2


def test_sec_d08_without_script_everything_can_be_read_and_shared(
    app: Flask, open_phone: OpenPhone, aisle: Aisle, db: Session
) -> None:
    add_offer(db, aisle.top)
    db.commit()
    hear(app)
    page = open_phone(java_script_enabled=False).page
    page.goto(aisle.printed)

    expect(page.get_by_text("10% off any yellow top").first).to_be_visible()
    expect(page.locator("#g2 img")).to_be_attached()
    page.get_by_role("button", name="Terms").click()
    expect(page.get_by_text("Once each.")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_text("M", exact=True).click()
    expect(page.get_by_text("In no store today")).to_be_visible()
    page.get_by_role("button", name="Share this item").click()
    expect(page.get_by_label("The link")).to_have_value(re.compile("/s/[0-9a-z]{16}$"))


# --- every size -------------------------------------------------------------------------------------

LONG = "Handwoven Double-Faced Reversible Merino Donaudampfschifffahrtsgesellschaftskapitänsmütze " * 2


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("locale", ["en", "ar"])
def test_no_page_is_wider_than_its_screen(
    style: Style,
    locale: str,
    app: Flask,
    open_phone: OpenPhone,
    aisle: Aisle,
    db: Session,
    draw: Callable[[Vendor, str], str],
) -> None:
    item = make_item(db, aisle.retailer, vendor=aisle.vendor, title=LONG[:190], price_minor=1_234_567_890)
    template = make_template(db, aisle.retailer, style=style, is_default=False)
    rows = [{"name": {"en": "Donaudampfschifffahrtsgesellschaft"}, "value": {"en": LONG[:110]}}]
    slots = {"gallery.pictures": [draw(aisle.vendor, "long")], "story.lede": {"en": LONG[:80]}, "facts.rows": rows}
    publish_page(db, item, template=template, slots=slots)
    add_offer(db, item, headline={"en": LONG[:100]})
    code = make_code(db, item, store=aisle.store)
    db.commit()
    hear(app)
    page = open_phone(locale=locale).page

    own = [f"/i/{item.public_id}?at=none", f"/store/{aisle.store.public_id}"]
    # A quiet page takes no reviews.
    own += [f"/i/{item.public_id}/review"] if style != Style.QUIET else []
    compared = f"/compare?i={item.public_id}&i={aisle.top.public_id}&i={aisle.sandal.public_id}"
    pages = (f"/q/{code.token}", "/my?of=fashiontown", "/help", "/privacy", "/?of=fashiontown", compared, *own)
    for address in pages:
        page.goto(address)
        # No script of ours asks how wide the screen is: a page that is turned is as one that is opened so.
        for width in (320, 390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{address} at {width}"
