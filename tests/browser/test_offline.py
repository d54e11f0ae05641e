"""What a phone has of us without a signal: what was opened, kept and taken; what waits, and what is forgotten."""

import re
import threading
from functools import wraps

import pytest
from flask import Flask, request
from flask.typing import ResponseReturnValue
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.db import Database
from qrmerch.messages.models import LinkKind, Purpose
from qrmerch.messages.service import Sending, Wish, ask
from qrmerch.outbox import OutboxMessage
from qrmerch.scans.line import SCAN, VIEW
from qrmerch.scans.models import Event
from qrmerch.wishlists.models import WishlistItem
from tests.browser.conftest import Draw, OpenPhone, stand_still
from tests.chromium import PATIENCE_MS, Watched, wait_until
from tests.factories import TILL_KEYS
from tests.landing.aisle import Aisle, add_offer, hear, lines, make_aisle
from tests.messages.shop import secret_in

KEEP = "Keep on my list"
HEART = ".bar [data-keep]"
AS_OF = re.compile(r"^As of .+, from this phone: the network does not answer\.")
HELD = "async (address) => !!(await caches.match(address))"
# Asks the worker to keep the page that is open, as its script does, and waits for the answer.
HOLD_HERE = """async () => {
  const { hold } = await import(document.body.dataset.holder);
  return hold({ page: location.pathname + location.search });
}"""
# The same with the list, behind the code on the tag; the answer is waited for later, in `asked`.
HOLD_WITH_LIST = """async (code) => {
  const { hold } = await import(document.body.dataset.holder);
  const mine = document.querySelector('[data-list]').href;
  window.asked = hold({ page: location.pathname + location.search, code, mine });
}"""
KEPT = """async () => {
  const caught = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
  return caught.flat().map(({ url }) => url);
}"""
WORKERS = "navigator.serviceWorker.getRegistrations().then((all) => all.length)"
# What a browser says of a line that is cut, while it is and after; the pages are about it.
CUT = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")


@pytest.fixture
def aisle(app: Flask, db: Session, draw: Draw) -> Aisle:
    made = make_aisle(db, draw=draw)
    hear(app)
    return made


@pytest.fixture
def phone(open_phone: OpenPhone) -> Watched:
    """A phone whose clock stands still: nothing is told that a test does not wait for."""
    watched = open_phone()
    stand_still(watched.page)
    return watched


def hold(page: Page, address: str) -> None:
    """Wait until the worker keeps an address."""
    wait_until(page, lambda: page.evaluate(HELD, address), lambda: f"{address} is not kept; {page.evaluate(KEPT)}")


def let_go(page: Page, address: str) -> None:
    """Wait until the worker keeps an address no more."""
    wait_until(page, lambda: not page.evaluate(HELD, address), lambda: f"{address} is kept still")


def keep(page: Page, aisle: Aisle) -> None:
    """Scan the tag and press the heart; the page and the list are on the phone."""
    page.goto(aisle.printed)
    page.locator(HEART).click()
    expect(page.locator(".count")).to_have_text("1")
    hold(page, "/my?of=fashiontown&lang=en")
    hold(page, aisle.printed)


def kept(database: Database) -> list[str]:
    with database.read() as db:
        return list(db.scalars(select(WishlistItem.item_id).where(WishlistItem.removed_at.is_(None))))


def kinds(app: Flask) -> list[str]:
    """What the log says of people, in order; what a worker brings ahead is none of it."""
    return [line.kind for line in lines(app) if not line.manner]


def cut(phone: Watched) -> None:
    """Cut the line; the browser complains of that, then or later."""
    for each in CUT:
        phone.forgive(each)
    phone.page.context.set_offline(True)


def mend(phone: Watched) -> None:
    phone.page.context.set_offline(False)


def test_sec_b05_no_worker_before_something_is_kept_or_wished_for(page: Page, aisle: Aisle) -> None:
    with page.expect_response("**/v"):
        page.goto(aisle.printed)
    page.goto("/my?of=fashiontown")
    page.goto("/help")
    page.wait_for_load_state("networkidle")

    assert page.evaluate(WORKERS) == 0
    assert page.evaluate("caches.keys()") == []


def test_the_list_and_its_items_are_there_without_a_signal(app: Flask, phone: Watched, aisle: Aisle) -> None:
    page = phone.page
    keep(page, aisle)
    cut(phone)

    page.goto("/my?of=fashiontown&lang=en")

    expect(page.get_by_role("heading", name="My list")).to_be_visible()
    expect(page.locator("main > [role=status]")).to_have_text(AS_OF)
    expect(page.get_by_role("button", name="Keep Marigold Slouch Top")).to_have_attribute("aria-pressed", "true")
    page.locator(".kept h2 a").click()
    expect(page.get_by_role("heading", name="Marigold Slouch Top")).to_be_visible()
    expect(page.locator(HEART)).to_have_attribute("aria-pressed", "true")
    mend(phone)


def test_an_opening_from_the_phone_is_no_scan_then_or_later(app: Flask, phone: Watched, aisle: Aisle) -> None:
    page = phone.page
    keep(page, aisle)
    page.clock.run_for(1_000)
    wait_until(page, lambda: VIEW in kinds(app), lambda: f"only {kinds(app)}")
    cut(phone)

    page.goto(aisle.printed)
    expect(page.locator("main > [role=status]")).to_have_text(AS_OF)
    page.goto(f"/q/{aisle.code.token.lower()}")
    expect(page.get_by_role("heading", name="Marigold Slouch Top")).to_be_visible()
    page.clock.run_for(60_000)
    mend(phone)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.goto("/help")

    assert kinds(app) == [SCAN, VIEW]


def test_with_a_worker_and_a_signal_a_scan_is_one_scan_with_its_visit(app: Flask, page: Page, aisle: Aisle) -> None:
    keep(page, aisle)
    before = len(lines(app))

    page.goto(aisle.printed)

    expect(page.locator("main > [role=status]")).to_have_count(0)
    (scan,) = [line for line in lines(app)[before:] if line.kind == SCAN]
    expect(page.locator("input[name=v]")).to_have_value(scan.visit)


def test_a_page_that_is_brought_ahead_is_no_visit(app: Flask, phone: Watched, aisle: Aisle) -> None:
    keep(phone.page, aisle)

    ahead = [line for line in lines(app) if line.manner]

    assert [(line.subject, line.manner) for line in ahead] == [(aisle.top.public_id, "prefetch")]


def test_a_heart_without_a_signal_waits_and_goes_out_once(
    phone: Watched, aisle: Aisle, database: Database, db: Session
) -> None:
    page = phone.page
    keep(page, aisle)
    page.goto(f"/i/{aisle.sandal.public_id}?lang=en")
    hold(page, f"/i/{aisle.sandal.public_id}?lang=en")
    cut(phone)

    page.goto(f"/i/{aisle.sandal.public_id}?lang=en")
    page.locator(HEART).click()
    expect(page.locator(".toast")).to_have_text("Kept on this phone. It goes out with the next connection.")
    expect(page.locator(".count")).to_have_text("2")
    page.goto("/my?of=fashiontown&lang=en")
    expect(page.locator("main > [role=status]")).to_contain_text("next connection: Silver Cross Sandal")
    assert kept(database) == [aisle.top.id]
    mend(phone)
    page.goto("/my?of=fashiontown&lang=en")

    expect(page.locator(".kept li")).to_have_count(1)
    wait_until(page, lambda: len(kept(database)) == 2, lambda: "what waited is not sent")
    page.reload()
    expect(page.locator(".kept li")).to_have_count(2)
    assert sorted(kept(database)) == sorted([aisle.top.id, aisle.sandal.id])
    assert [each.kind for each in db.scalars(select(Event).order_by(Event.id))] == ["keep", "keep"]


def test_the_last_word_on_an_item_is_the_one_that_is_sent(phone: Watched, aisle: Aisle, database: Database) -> None:
    page = phone.page
    keep(page, aisle)
    cut(phone)

    for count in ("", "1", ""):
        page.locator(HEART).click()
        expect(page.locator(".count")).to_have_text(count)
    mend(phone)
    page.evaluate("dispatchEvent(new Event('online'))")

    wait_until(page, lambda: kept(database) == [], lambda: "what waited is not sent")


def test_a_code_that_was_taken_is_there_at_a_till_without_a_signal(
    app: Flask, phone: Watched, aisle: Aisle, db: Session
) -> None:
    add_offer(db, aisle.top)
    db.commit()
    hear(app)
    page = phone.page
    page.goto(aisle.printed)
    page.locator(".bar .btn").click()
    expect(page.locator(".pass .text")).to_be_visible()
    code = page.locator(".pass .text").inner_text()
    hold(page, page.url)
    cut(phone)

    page.reload()

    expect(page.locator(".pass .text")).to_have_text(code)
    expect(page.locator(".pass .qr svg")).to_be_visible()
    expect(page.locator("main > [role=status]")).to_have_text(AS_OF)
    mend(phone)


def test_a_page_can_be_kept_without_keeping_the_item(phone: Watched, aisle: Aisle) -> None:
    page = phone.page
    page.goto(aisle.printed)

    page.get_by_role("button", name="Keep for offline").click()

    expect(page.locator(".toast")).to_have_text("Kept on this phone.")
    assert page.context.cookies() == []
    cut(phone)
    page.goto(aisle.printed)
    expect(page.get_by_role("heading", name="Marigold Slouch Top")).to_be_visible()
    mend(phone)


def test_what_is_on_the_list_stays_however_many_pages_are_opened(phone: Watched, aisle: Aisle) -> None:
    page = phone.page
    keep(page, aisle)
    fill = """async (most) => {
      const pages = await caches.open('pages');
      for (let i = 0; i < most; i++) await pages.put(`/i/other${i}`, new Response(''));
    }"""
    page.evaluate(fill, 60)

    page.goto(f"/i/{aisle.sandal.public_id}?lang=en")
    hold(page, f"/i/{aisle.sandal.public_id}?lang=en")
    let_go(page, "/i/other0")
    cut(phone)
    page.goto("/my?of=fashiontown&lang=en")
    page.get_by_role("link", name="Marigold Slouch Top").first.click()

    expect(page.get_by_role("heading", name="Marigold Slouch Top", level=1)).to_be_visible()
    mend(phone)


def test_what_was_never_opened_leads_to_the_list(phone: Watched, aisle: Aisle) -> None:
    page = phone.page
    keep(page, aisle)
    cut(phone)

    page.goto(f"/i/{aisle.sandal.public_id}?lang=en")

    expect(page.get_by_role("heading", name="My list")).to_be_visible()
    mend(phone)


def test_thanks_for_an_address_are_never_from_the_phone(phone: Watched, aisle: Aisle) -> None:
    page = phone.page
    keep(page, aisle)
    form = f"/i/{aisle.top.public_id}/tell?at={aisle.store.public_id}&lang=en"
    page.goto(f"{form}&asked=1")
    expect(page.get_by_role("heading", name="Check your e-mail")).to_be_visible()
    page.goto(aisle.printed)
    hold(page, aisle.printed)
    cut(phone)

    page.goto(form)

    expect(page.get_by_role("heading", name="My list")).to_be_visible()
    assert not page.evaluate(HELD, f"{form}&asked=1")
    mend(phone)


def test_sec_h03_no_page_behind_a_mails_link_is_on_the_phone(
    app: Flask, phone: Watched, aisle: Aisle, db: Session
) -> None:
    page = phone.page
    keep(page, aisle)
    ask(
        db, aisle.retailer, "ann@example.com", Wish(Purpose.NEWSLETTER),
        shown_text="News", locale="en", sending=Sending("http://localhost", TILL_KEYS), at=now(),
    )  # fmt: skip
    db.commit()
    (body,) = db.scalars(select(OutboxMessage.body).where(OutboxMessage.contact_id.is_not(None)))
    db.commit()

    for kind, path in ((LinkKind.CONFIRM, "confirm"), (LinkKind.STOP, "u")):
        page.goto(f"/{path}/{secret_in(body, kind)}")
        expect(page.get_by_text("a…@example.com")).to_be_visible()
        assert page.evaluate(HOLD_HERE)

    assert [each for each in page.evaluate(KEPT) if re.search("/(confirm|u)/", each)] == []


def test_a_server_that_is_away_gives_way_to_the_page_on_the_phone(phone: Watched, aisle: Aisle) -> None:
    page = phone.page
    keep(page, aisle)
    page.context.route("**/my?*", lambda route: route.fulfill(status=503, body="away"))

    page.goto("/my?of=fashiontown&lang=en")

    expect(page.get_by_role("heading", name="My list")).to_be_visible()
    expect(page.locator("main > [role=status]")).to_have_text(AS_OF)


def test_what_is_gone_is_gone_from_the_phone_as_well(phone: Watched, aisle: Aisle) -> None:
    page = phone.page
    keep(page, aisle)
    address = f"{aisle.page}&lang=en"
    page.context.route("**/i/*", lambda route: route.fulfill(status=404, content_type="text/html", body="gone"))

    page.goto(address)

    expect(page.locator("body")).to_have_text("gone")
    let_go(page, address)
    phone.expect_complaint("404")


def test_an_arabic_page_says_as_of_when_in_arabic(open_phone: OpenPhone, aisle: Aisle) -> None:
    phone = open_phone(locale="ar")
    page = phone.page
    page.goto(aisle.printed)
    page.get_by_role("button", name="احفظ في قائمتي").click()
    hold(page, aisle.printed)
    cut(phone)

    page.goto(aisle.printed)

    expect(page.locator("main > [role=status]")).to_contain_text("من هذا الهاتف: الشبكة لا تستجيب")
    mend(phone)


def test_sec_h04_being_forgotten_leaves_nothing_on_the_phone(phone: Watched, aisle: Aisle) -> None:
    page = phone.page
    keep(page, aisle)
    page.goto("/my?of=fashiontown&lang=en")
    page.get_by_role("button", name="Forget this phone").first.click()
    page.get_by_role("button", name="Forget it all").click()
    expect(page.get_by_text("Forgotten.")).to_be_visible()
    page.goto("/help")

    assert page.evaluate("caches.keys()") == []
    assert page.evaluate(WORKERS) == 0
    assert page.context.cookies() == []


def test_a_heart_under_way_does_not_outlive_being_forgotten(
    app: Flask, phone: Watched, aisle: Aisle, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = phone.page
    keep(page, aisle)
    page.goto(f"/i/{aisle.sandal.public_id}?lang=en")
    arrived, is_forgotten = threading.Event(), threading.Event()
    keep_item, forget_me = app.view_functions["landing_item.keep_item"], app.view_functions["landing_my.forget_me"]

    @wraps(keep_item)
    def keep_late(**values: str) -> ResponseReturnValue:
        arrived.set()
        # A slow line: what is sent after it may be there before it.
        is_forgotten.wait(2)
        return app.ensure_sync(keep_item)(**values)

    @wraps(forget_me)
    def forget_at_once() -> ResponseReturnValue:
        answer = app.ensure_sync(forget_me)()
        is_forgotten.set()
        return answer

    monkeypatch.setitem(app.view_functions, "landing_item.keep_item", keep_late)
    monkeypatch.setitem(app.view_functions, "landing_my.forget_me", forget_at_once)
    page.locator(HEART).click()
    assert arrived.wait(PATIENCE_MS / 1000)
    page.goto("/my?of=fashiontown&lang=en")
    page.get_by_role("button", name="Forget this phone").first.click()
    page.get_by_role("button", name="Forget it all").click()
    expect(page.get_by_text("Forgotten.")).to_be_visible()
    page.goto("/help")

    assert page.context.cookies() == []
    assert page.evaluate("caches.keys()") == []


def test_what_is_being_brought_ahead_does_not_outlive_being_forgotten(
    app: Flask, phone: Watched, aisle: Aisle, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = phone.page
    keep(page, aisle)
    is_forgotten = threading.Event()
    show_mine = app.view_functions["landing_my.show_mine"]

    @wraps(show_mine)
    def show_late() -> ResponseReturnValue:
        if request.headers.get("X-Purpose") == "prefetch":
            is_forgotten.wait(PATIENCE_MS / 1000)
        return app.ensure_sync(show_mine)()

    monkeypatch.setitem(app.view_functions, "landing_my.show_mine", show_late)
    # The printed page is kept by its code once the list is there as well.
    page.evaluate(HOLD_WITH_LIST, aisle.code.token)
    other = page.context.new_page()
    # By another address: a browser asks for one at a time.
    other.goto("/my?of=fashiontown")
    other.get_by_role("button", name="Forget this phone").first.click()
    other.get_by_role("button", name="Forget it all").click()
    expect(other.get_by_text("Forgotten.")).to_be_visible()
    is_forgotten.set()
    page.evaluate("() => window.asked")

    assert page.evaluate("caches.keys()") == []


def test_staff_pages_and_foreign_writes_pass_the_worker_by(phone: Watched, aisle: Aisle) -> None:
    page = phone.page
    keep(page, aisle)

    page.goto("/sign-in")

    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert not page.evaluate(HELD, "/sign-in")
