"""The content editor in a real browser: it saves itself, and loses nothing to a second tab or an expired sign-in."""

from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.content.drafts import write_slots
from qrmerch.content.models import Content
from qrmerch.content.queries import list_revisions, slots_of
from qrmerch.db import Database
from qrmerch.parties.models import Vendor
from qrmerch.users.models import StaffSession
from qrmerch.users.service import open_session
from tests.browser.conftest import OpenPhone
from tests.chromium import Watched
from tests.factories import Person, make_asset, make_item, make_person, make_retailer, make_template, make_vendor

_DESK = {"viewport": {"width": 1280, "height": 900}, "is_mobile": False, "has_touch": False}


@dataclass
class Studio:
    """Vera at her desk: an item to write about, and a way to sign in."""

    item: Item
    vera: Person
    database: Database
    address: str

    def sign_in(self, page: Page, base: str) -> None:
        with self.database.write() as db:
            secret = open_session(db, self.vera.user, self.vera.membership, at=now()).secret
            db.commit()
        page.context.add_cookies([{"name": "qs", "value": secret, "url": base}])

    def end_sessions(self) -> None:
        with self.database.write() as db:
            db.execute(delete(StaffSession))
            db.commit()

    @property
    def values(self) -> dict[str, Any]:
        """What the newest revision says by now."""
        with self.database.read() as db:
            content_id = db.scalars(select(Content.id).where(Content.item_id == self.item.id)).one()
            return slots_of(list_revisions(db, content_id)[0])


@pytest.fixture
def studio(db: Session, database: Database) -> Studio:
    retailer = make_retailer(db, name="Fashiontown", locales=["en", "ar"])
    make_template(db, retailer)
    vendor = make_vendor(db, retailer)
    item = make_item(db, retailer, vendor=vendor)
    vera = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=vendor)
    db.commit()
    return Studio(item, vera, database, f"/studio/content/new?item={item.id}")


@pytest.fixture
def editor(studio: Studio, open_phone: OpenPhone, live_server: str) -> Watched:
    """The editor of a page that is not begun, open in Vera's browser."""
    watched = open_phone(**_DESK)
    studio.sign_in(watched.page, live_server)
    watched.page.goto(studio.address)
    return watched


def write(page: Page, text: str, name: str = "story.lede") -> None:
    page.locator(f'[name="{name}"]').fill(text)


def write_and_save(page: Page, text: str, name: str = "story.lede") -> None:
    """Wait for the answer: of what is kept already, a page says "Saved" from the beginning."""
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        write(page, text, name)


def said(page: Page) -> Any:
    return expect(page.locator("[data-save]"))


def write_and_see(page: Page, text: str) -> None:
    """Wait until it is saved and drawn: nothing is on its way any more when a sign-in ends or the line is cut."""
    write(page, text)
    said(page).to_contain_text("Saved")
    expect(page.frame_locator("iframe[data-live]").get_by_text(text)).to_be_visible()


def test_a_page_saves_itself_and_is_drawn_again(studio: Studio, editor: Watched) -> None:
    page = editor.page

    write(page, "Typed by hand")

    said(page).to_contain_text("Saved")
    assert "/studio/content/new" not in page.url
    assert studio.values["story.lede"] == {"en": "Typed by hand"}
    expect(page.frame_locator("iframe[data-live]").get_by_text("Typed by hand")).to_be_visible()
    expect(page.locator("[data-part=standing]")).to_contain_text("Pictures: choose a picture.")


def test_more_than_fits_stays_and_is_told(studio: Studio, editor: Watched) -> None:
    page = editor.page

    write(page, "x" * 95)

    said(page).to_contain_text("80 characters at most; this has 95.")
    expect(page.locator('[data-count="f-story.lede"]')).to_have_text("95 of 80")
    expect(page.locator('[name="story.lede"]')).to_have_value("x" * 95)
    editor.expect_complaint("422")


def test_a_link_waits_for_what_was_typed(studio: Studio, editor: Watched) -> None:
    page = editor.page
    write(page, "Typed just now")

    page.get_by_role("link", name="Arabic").first.click()

    page.wait_for_url("**locale=ar**")
    assert studio.values["story.lede"] == {"en": "Typed just now"}


def test_two_tabs_in_different_slots_both_stay(studio: Studio, editor: Watched) -> None:
    first = editor.page
    write(first, "From the first")
    said(first).to_contain_text("Saved")
    second = first.context.new_page()
    second.goto(first.url)
    write_and_save(second, "From the second", "care.text")
    said(second).to_contain_text("Saved")

    write(first, "From the first again")
    expect(first.locator('[name="care.text"]')).to_have_value("From the second")
    write(first, "From the first at last")
    said(first).to_contain_text("Saved")
    expect(first.frame_locator("iframe[data-live]").get_by_text("From the first at last")).to_be_visible()

    assert studio.values["story.lede"] == {"en": "From the first at last"}
    assert studio.values["care.text"] == {"en": "From the second"}


def test_a_second_tab_is_told_and_shows_both(studio: Studio, editor: Watched) -> None:
    first = editor.page
    write(first, "From the first")
    said(first).to_contain_text("Saved")
    second = first.context.new_page()
    second.goto(first.url)
    write_and_save(second, "From the second")
    said(second).to_contain_text("Saved")

    write(first, "From the first again")
    said(first).to_contain_text("Press Save to see both.")
    first.locator(".send button[value=save]").click()

    both = first.locator(".both")
    expect(both.locator("ins")).to_have_text(["again", "second"])
    expect(first.locator('[name="story.lede"]')).to_have_value("From the first again")
    assert studio.values["story.lede"] == {"en": "From the second"}
    both.get_by_label("Take theirs").check()
    first.locator(".send button[value=save]").click()
    expect(both).to_have_count(0)
    expect(first.locator('[name="story.lede"]')).to_have_value("From the second")
    expect(first.locator("[data-kept]")).to_be_hidden()
    editor.expect_complaint("409")


def test_what_was_typed_without_a_line_survives_the_closed_browser_tab(studio: Studio, editor: Watched) -> None:
    page = editor.page
    write_and_see(page, "Before")
    address, context = page.url, page.context
    context.set_offline(True)
    write(page, "Typed in a tunnel")
    said(page).to_contain_text("no line")
    page.close()
    context.set_offline(False)
    with studio.database.write() as db:
        colleague = db.merge(studio.item)
        write_slots(db, colleague, {"care.text": "Wash cool."}, edit=None, author_id=None, at=now(), path="form")
        db.commit()

    again = context.new_page()
    again.goto(address)
    expect(again.locator("[data-kept-texts]")).to_contain_text("Typed in a tunnel")
    again.get_by_role("button", name="Put it back").click()

    expect(again.locator('[name="story.lede"]')).to_have_value("Typed in a tunnel")
    expect(again.locator("[data-kept]")).to_be_hidden()
    assert studio.values["story.lede"] == {"en": "Typed in a tunnel"}
    assert studio.values["care.text"] == {"en": "Wash cool."}
    assert again.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('draft '))") == []
    editor.expect_complaint("ERR_INTERNET_DISCONNECTED")


def test_the_order_of_pictures_is_kept_without_a_line_too(studio: Studio, editor: Watched) -> None:
    page = editor.page
    with studio.database.write() as db:
        item = db.merge(studio.item)
        ids = [make_asset(db, db.get_one(Vendor, item.vendor_id)).id for _ in range(2)]
        write_slots(db, item, {"gallery.pictures": ids}, edit=None, author_id=None, at=now(), path="form")
        db.commit()
    address, context = studio.address, page.context
    # These pictures are rows without files.
    context.route("**/media/**", lambda route: route.fulfill(status=200, body=""))
    page.goto(address)
    context.set_offline(True)
    page.locator('button[value^="down:gallery.pictures:"]').first.click()
    said(page).to_contain_text("no line")
    page.close()
    context.set_offline(False)

    again = context.new_page()
    again.goto(address)
    again.get_by_role("button", name="Put it back").click()

    expect(again.locator("[data-kept]")).to_be_hidden()
    expect(again.locator('[name="gallery.pictures"][value]:not([value=""])').first).to_have_value(ids[1])
    assert studio.values["gallery.pictures"] == [ids[1], ids[0]]
    # What is drawn beside the form may be asked for when the line is gone.
    editor.forgive("ERR_INTERNET_DISCONNECTED")


def test_what_a_colleague_typed_in_this_browser_is_not_offered_to_another(
    studio: Studio, editor: Watched, live_server: str, db: Session
) -> None:
    page = editor.page
    write_and_see(page, "Before")
    address, context = page.url, page.context
    context.set_offline(True)
    write(page, "Vera's secret")
    said(page).to_contain_text("no line")
    page.close()
    context.set_offline(False)
    context.clear_cookies()
    ben = make_person(db, Role.VENDOR_EDITOR, name="Ben", vendor=db.get_one(Vendor, studio.item.vendor_id))
    db.commit()
    Studio(studio.item, ben, studio.database, studio.address).sign_in(again := context.new_page(), live_server)

    again.goto(address)

    expect(again.locator('[name="story.lede"]')).to_have_value("Before")
    expect(again.locator("[data-kept]")).to_be_hidden()
    editor.expect_complaint("ERR_INTERNET_DISCONNECTED")


def test_an_expired_sign_in_loses_nothing(studio: Studio, editor: Watched, live_server: str) -> None:
    page = editor.page
    write_and_see(page, "Before")
    studio.end_sessions()

    write(page, "While signed out")
    said(page).to_contain_text("you are signed out")
    studio.sign_in(page, live_server)
    write(page, "After signing in again")

    said(page).to_contain_text("Saved")
    assert studio.values["story.lede"] == {"en": "After signing in again"}
    editor.expect_complaint("401")
    editor.expect_complaint("400")


def test_a_preview_that_a_sign_in_took_the_place_of_is_drawn_again(
    studio: Studio, editor: Watched, live_server: str
) -> None:
    page = editor.page
    write_and_see(page, "Before")
    studio.end_sessions()
    page.evaluate("document.querySelector('iframe[data-live]').contentWindow.location.reload()")
    page.wait_for_function("() => !document.querySelector('iframe[data-live]').contentDocument")
    studio.sign_in(page, live_server)

    write_and_see(page, "After signing in again")

    assert studio.values["story.lede"] == {"en": "After signing in again"}
    # The sign-in may stand in no frame; the form's token was of the one before.
    editor.expect_complaint("frame-ancestors")
    editor.expect_complaint("400")


def test_what_could_not_be_saved_is_offered_when_the_page_is_opened_again(
    studio: Studio, editor: Watched, live_server: str
) -> None:
    page = editor.page
    write_and_see(page, "Before")
    address = page.url
    studio.end_sessions()
    write(page, "Typed for an hour")
    said(page).to_contain_text("you are signed out")
    page.goto(address)
    assert "/sign-in" in page.url

    studio.sign_in(page, live_server)
    page.goto(address)
    page.get_by_role("button", name="Put it back").click()

    expect(page.locator('[name="story.lede"]')).to_have_value("Typed for an hour")
    assert studio.values["story.lede"] == {"en": "Typed for an hour"}
    editor.expect_complaint("401")
