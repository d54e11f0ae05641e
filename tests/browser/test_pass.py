"""A code for the till in a real browser: what the till did to it shows by itself, and the screen stays awake for it."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.clock import now
from qrmerch.users.service import open_session
from tests.axe import list_problems
from tests.browser.conftest import Draw, OpenPhone
from tests.browsing import PHONE
from tests.chromium import wait_until
from tests.factories import Person, make_person
from tests.landing.aisle import Aisle, add_offer, hear, lines, make_aisle

# A browser without windows keeps no screen awake: what it is asked for, and whether that was let go.
NOTE_LOCKS = """
    window.locks = [];
    WakeLock.prototype.request = async (type) => {
      const lock = { type, released: false, release: async () => { lock.released = true; } };
      window.locks.push(lock);
      return lock;
    };
"""
HELD = "locks.map((lock) => lock.released ? 'released' : lock.type)"
HIDE = """(isHidden) => {
    Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
}"""


IS_KEPT_AS_USED = """async () => {
    const kept = await caches.match(location.href);
    return !!kept && (await kept.text()).includes('data-pass="used"');
}"""


class Pass:
    """A pass that is open on a phone whose clock moves only when told to."""

    def __init__(self, page: Page) -> None:
        self.page = page
        # What its script was answered, one status after the other.
        self.heard: list[int] = []
        self.asked = 0
        page.on("request", lambda request: self._note(request.resource_type, request.url, 0))
        page.on("response", lambda answer: self._note(answer.request.resource_type, answer.url, answer.status))

    def _note(self, kind: str, address: str, status: int) -> None:
        if kind == "fetch" and "/my/claims/" in address:
            self.asked += not status
            self.heard += [status] if status else []

    @property
    def code(self) -> str:
        return self.page.locator(".text bdi").inner_text()

    def move_on(self, *, until: str) -> None:
        """Let the seconds go by until the line above the pass says so."""
        line = self.page.locator(".now")
        wait_until(self.page, lambda: self._is_past(lambda: line.inner_text() == until), line.inner_text)

    def hear(self, *, times: int) -> None:
        """Let the seconds go by until so many answers came."""
        wait_until(self.page, lambda: self._is_past(lambda: len(self.heard) >= times), lambda: str(self.heard))

    def assert_calm(self) -> None:
        """However long it is open, nothing is asked."""
        before = self.asked
        self.page.clock.run_for(30_000)
        # Requests are told in their order: this one behind all that went out before it.
        self.page.evaluate("fetch('/my/kept').catch(() => {})")
        assert self.asked == before

    def _is_past(self, is_done: Callable[[], bool]) -> bool:
        self.page.clock.run_for(5_100)
        return is_done()


@pytest.fixture
def aisle(app: Flask, db: Session, draw: Draw) -> Aisle:
    made = make_aisle(db, draw=draw)
    add_offer(db, made.top)
    db.commit()
    hear(app)
    return made


@pytest.fixture
def ada(db: Session, aisle: Aisle) -> Person:
    made = make_person(db, Role.ASSOCIATE, name="Ada", retailer=aisle.retailer, stores=(aisle.store,))
    db.commit()
    return made


def take(page: Page, aisle: Aisle, lang: str = "en") -> Pass:
    """Take the code on the item's page."""
    page.clock.install()
    page.add_init_script(NOTE_LOCKS)
    page.goto(f"{aisle.page}&lang={lang}")
    page.locator(".bar .btn").click()
    page.wait_for_url("**/my/claims/**")
    expect(page.locator("[data-pass=valid]")).to_be_visible()
    return Pass(page)


def when(page: Page, holds: str) -> None:
    """Wait until something holds in a page."""
    wait_until(page, lambda: page.evaluate(holds), lambda: f"it never held: {holds}")


def use(page: Page, db: Session, person: Person, code: str) -> None:
    """What the associate does at the till."""
    secret = open_session(db, person.user, person.membership, at=now()).secret
    db.commit()
    page.context.add_cookies([{"name": "qs", "value": secret, "domain": "127.0.0.1", "path": "/"}])
    page.goto(f"/associate#{code}")
    expect(page.locator("[name=code]")).to_have_value(code)
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Used")


@pytest.mark.parametrize(("lang", "used"), [("en", "Used"), ("ar", "مستخدم")])
def test_a_pass_shows_by_itself_that_it_was_used(
    lang: str, used: str, app: Flask, open_phone: OpenPhone, aisle: Aisle, ada: Person, db: Session
) -> None:
    shown = take(open_phone(user_agent=PHONE).page, aisle, lang)
    page = shown.page
    when(page, f"{HELD}.join() === 'screen'")
    seen = len(lines(app))
    page.evaluate("window.isSame = true")
    shown.hear(times=3)
    assert set(shown.heard[1:]) == {304}, shown.heard

    use(open_phone().page, db, ada, shown.code)
    shown.move_on(until=used)

    expect(page.locator("[data-pass=used] .mark")).to_be_visible()
    expect(page.locator(".qr")).to_have_count(0)
    assert page.evaluate("window.isSame"), "in its place: the page did not come anew"
    assert page.locator(".now").get_attribute("role") == "status"
    when(page, f"{HELD}.join() === 'released'")
    shown.assert_calm()
    assert len(lines(app)) == seen, "no scan, no view, no visit"
    assert list_problems(page) == []
    # The phone's own copy is no code any more either.
    when(page, IS_KEPT_AS_USED)


def test_a_pass_that_nobody_looks_at_asks_nothing(open_phone: OpenPhone, aisle: Aisle) -> None:
    shown = take(open_phone(user_agent=PHONE).page, aisle)
    shown.page.evaluate(HIDE, True)

    shown.assert_calm()
    shown.page.evaluate(HIDE, False)

    # At once: the clock stands.
    wait_until(shown.page, lambda: shown.heard == [200], lambda: str(shown.heard))


def test_a_pass_from_the_phone_itself_asks_nothing(open_phone: OpenPhone, aisle: Aisle) -> None:
    phone = open_phone(user_agent=PHONE)
    shown = take(phone.page, aisle)
    page = shown.page
    when(page, "caches.match(location.href).then((kept) => !!kept)")
    phone.forgive("ERR_INTERNET_DISCONNECTED")
    phone.forgive("ERR_FAILED")
    page.context.set_offline(True)
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-kept", "1")
    expect(page.locator("[data-pass=valid] .qr")).to_be_visible()
    shown.assert_calm()


def test_without_a_script_a_pass_leads_to_itself(open_phone: OpenPhone, aisle: Aisle, ada: Person, db: Session) -> None:
    page = open_phone(user_agent=PHONE, java_script_enabled=False).page
    page.goto(aisle.page)
    page.locator(".bar .btn").click()
    code = page.locator(".text bdi").inner_text()

    use(open_phone().page, db, ada, code)
    page.get_by_role("link", name="Look again").click()

    expect(page.locator(".now")).to_have_text("Used")
    expect(page.get_by_role("link", name="Look again")).to_have_count(0)
