"""A reviewer’s words in a real browser: they stay over another language, a reload and a sign-in, and all go along."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.clock import now
from qrmerch.content.models import Approval, Revision
from qrmerch.db import Database
from qrmerch.users.models import StaffSession
from qrmerch.users.service import open_session
from tests.browser.conftest import OpenPhone
from tests.chromium import wait_until
from tests.factories import Person, make_item, make_person, make_retailer, make_revision, make_template, make_vendor

_LEDE_EN, _LEDE_AR, _WHOLE = "comment.story.lede@en", "comment.story.lede@ar", "comment."

# Taps on buttons, each once the one before is on its way.
_TAP = """async (actions) => {
  const form = document.querySelector('#answer');
  for (const action of actions) {
    form.requestSubmit(form.querySelector(`[formaction$=${action}]`));
    await new Promise((done) => setTimeout(done));
  }
}"""


@dataclass
class Desk:
    """Rob before a page that waits in two languages."""

    rob: Person
    waiting: Revision
    database: Database

    @property
    def address(self) -> str:
        return f"/desk/review/{self.waiting.id}"

    def sign_in(self, page: Page, base: str) -> None:
        with self.database.write() as db:
            secret = open_session(db, self.rob.user, self.rob.membership, at=now()).secret
            db.commit()
        page.context.add_cookies([{"name": "qs", "value": secret, "url": base}])

    def end_sessions(self) -> None:
        with self.database.write() as db:
            db.execute(delete(StaffSession))
            db.commit()

    def answers(self) -> list[Approval]:
        with self.database.read() as db:
            return list(db.scalars(select(Approval)))


@pytest.fixture
def desk(db: Session, database: Database) -> Desk:
    retailer = make_retailer(db, locales=["en", "ar"])
    make_template(db, retailer)
    item = make_item(db, retailer, vendor=make_vendor(db, retailer))
    words = {"story.lede": {"en": "A loose knit.", "ar": "حياكة واسعة."}}
    waiting = make_revision(db, item, state="submitted", slots=words)
    rob = make_person(db, Role.REVIEWER, retailer=retailer)
    db.commit()
    return Desk(rob, waiting, database)


@pytest.fixture
def page(desk: Desk, open_phone: OpenPhone, live_server: str) -> Page:
    """The page that waits, in Rob's browser."""
    page = open_phone(viewport={"width": 1280, "height": 900}, is_mobile=False, has_touch=False).page
    # What the phones beside the words show is not looked at.
    page.route("**/media/**", lambda route: route.fulfill(status=200, body=""))
    desk.sign_in(page, live_server)
    page.goto(desk.address)
    return page


def write(page: Page, name: str, words: str) -> None:
    field = page.locator(f'[name="{name}"]')
    if not field.is_visible():
        field.locator("xpath=ancestor::details[1]/summary").click()
    field.fill(words)


def test_comments_stay_over_another_language_and_go_with_the_answer(desk: Desk, page: Page) -> None:
    write(page, _LEDE_EN, "Could it name the silk?")
    write(page, _WHOLE, "Nearly there.")
    page.get_by_role("link", name="Arabic 1").click()
    expect(page.locator(f'textarea[name="{_WHOLE}"]')).to_have_value("Nearly there.")
    write(page, _LEDE_AR, "And in Arabic.")

    page.get_by_role("button", name="Return with comments").click()
    page.wait_for_url("**/desk/review")

    (answer,) = desk.answers()
    assert {(each.get("locale", ""), each["text"]) for each in answer.comments} == {
        ("en", "Could it name the silk?"),
        ("ar", "And in Arabic."),
        ("", "Nearly there."),
    }


def test_a_second_tap_on_a_button_is_the_same_tap(desk: Desk, page: Page) -> None:
    write(page, _WHOLE, "Nearly there.")
    sent: list[str] = []
    # No content: the page stays, as it does while an answer is on its way.
    page.route("**/return", lambda route: (sent.append("return"), route.fulfill(status=204)))
    page.route("**/reject", lambda route: (sent.append("reject"), route.fulfill(status=204)))

    page.evaluate(_TAP, ["return", "return"])
    wait_until(page, lambda: "return" in sent, lambda: "nothing was sent")
    page.evaluate(_TAP, ["reject"])
    wait_until(page, lambda: "reject" in sent, lambda: f"sent was {sent}")

    assert sent == ["return", "reject"]


def test_comments_are_there_again_after_a_sign_in(desk: Desk, page: Page, live_server: str) -> None:
    write(page, _LEDE_EN, "Could it name the silk?")
    desk.end_sessions()
    page.goto(desk.address)
    assert "/sign-in" in page.url
    desk.sign_in(page, live_server)

    page.goto(desk.address)

    field = page.locator(f'[name="{_LEDE_EN}"]')
    expect(field).to_be_visible()
    expect(field).to_have_value("Could it name the silk?")


def test_a_comment_that_was_emptied_stays_empty(desk: Desk, page: Page) -> None:
    write(page, _WHOLE, "Nearly there.")
    write(page, _WHOLE, "")

    page.reload()

    expect(page.locator(f'textarea[name="{_WHOLE}"]')).to_have_value("")
    page.get_by_role("button", name="Approve", exact=False).first.click()
    page.wait_for_url("**/desk/review")
    (answer,) = desk.answers()
    assert answer.verdict == "approved"
