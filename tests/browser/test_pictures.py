"""Pictures in a real browser: dropped anywhere, pasted, each with its own line; the focal point by keyboard."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.clock import now
from qrmerch.db import Database
from qrmerch.jobs import Work
from qrmerch.media.models import Archive, Asset
from qrmerch.users.service import open_session
from tests.browser.conftest import OpenPhone
from tests.chromium import Watched
from tests.factories import Person, make_person, make_retailer, make_template, make_vendor
from tests.imports.archives import shot, zip_of
from tests.media.pictures import picture

_DESK = {"viewport": {"width": 1280, "height": 900}, "is_mobile": False, "has_touch": False}
# Files made in the page and handed to it as a drop or a paste would.
_GIVE = """([kind, files, target]) => {
  const given = new DataTransfer();
  for (const [name, type, data] of files) {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    given.items.add(new File([bytes], name, { type }));
  }
  const place = document.querySelector(target);
  if (kind === 'paste') {
    place.dispatchEvent(new ClipboardEvent('paste', { clipboardData: given, bubbles: true, cancelable: true }));
    return;
  }
  for (const name of ['dragenter', 'dragover', 'drop']) {
    place.dispatchEvent(new DragEvent(name, { dataTransfer: given, bubbles: true, cancelable: true }));
  }
}"""


@pytest.fixture
def vera(db: Session) -> Person:
    retailer = make_retailer(db, name="Fashiontown")
    make_template(db, retailer)
    person = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=make_vendor(db, retailer))
    db.commit()
    return person


@pytest.fixture
def library(vera: Person, database: Database, open_phone: OpenPhone, live_server: str) -> Watched:
    """Vera's pictures, open in her browser."""
    watched = open_phone(**_DESK)
    with database.write() as db:
        secret = open_session(db, vera.user, vera.membership, at=now()).secret
        db.commit()
    watched.page.context.add_cookies([{"name": "qs", "value": secret, "url": live_server}])
    watched.page.goto("/studio/assets")
    return watched


def give(page: Page, kind: str, *files: tuple[str, str, bytes], target: str = "h1") -> None:
    packed = [[name, type_, base64.b64encode(data).decode()] for name, type_, data in files]
    page.evaluate(_GIVE, [kind, packed, target])


def lines(page: Page) -> list[str]:
    return page.locator("[data-sent] li").all_inner_texts()


def names(database: Database) -> set[str]:
    with database.read() as db:
        return set(db.scalars(select(Asset.file_name)))


@pytest.mark.parametrize("target", ["h1", "[data-drop]"])
def test_what_is_dropped_anywhere_is_sent_once_each_with_its_own_line(
    library: Watched, database: Database, target: str
) -> None:
    files = [(f"{number}.jpg", "image/jpeg", shot(number)) for number in range(4)]

    give(library.page, "drop", *files, ("page.jpg", "image/jpeg", b"<html>"), target=target)

    expect(library.page.locator("[data-sent] .live")).to_have_count(4)
    expect(library.page.locator("[data-sent] .refuse")).to_have_count(1)
    assert "This is a web page. Save the picture itself." in " ".join(lines(library.page))
    assert len(lines(library.page)) == 5
    assert names(database) == {"0.jpg", "1.jpg", "2.jpg", "3.jpg"}
    # The list stands there without loading the page again.
    expect(library.page.locator("[data-list]").get_by_text("3.jpg")).to_be_visible()
    library.expect_complaint("422")


def test_the_page_shows_where_files_may_fall(library: Watched) -> None:
    library.page.evaluate(
        "() => { const given = new DataTransfer(); given.items.add(new File(['x'], 'x.jpg'));"
        " document.body.dispatchEvent(new DragEvent('dragenter', { dataTransfer: given, bubbles: true })); }"
    )

    expect(library.page.locator("body")).to_have_class("over")


def test_a_pasted_picture_is_sent_under_a_name_that_says_so(library: Watched, database: Database) -> None:
    give(library.page, "paste", ("image.png", "image/png", picture(kind="PNG")))

    expect(library.page.locator("[data-sent] .live")).to_have_count(1)
    assert names(database) == {"Pasted picture.png"}


def test_pasted_words_are_left_to_the_field(library: Watched) -> None:
    library.page.evaluate(
        "() => { const given = new DataTransfer(); given.setData('text/plain', 'words');"
        " window.wasTaken = !document.querySelector('h1').dispatchEvent("
        "new ClipboardEvent('paste', { clipboardData: given, bubbles: true, cancelable: true })); }"
    )

    assert library.page.evaluate("() => window.wasTaken") is False
    assert lines(library.page) == []


def test_chosen_files_go_at_once_and_a_zip_leads_to_its_report(
    library: Watched, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "photos.zip"
    path.write_bytes(zip_of(("a.jpg", shot(1)), ("b.jpg", shot(2))))

    library.page.locator("#f-files").set_input_files(str(path))

    link = library.page.locator("[data-sent] a")
    expect(link).to_have_text("photos.zip")
    with database.read() as db:
        [archive] = db.scalars(select(Archive))
    assert link.get_attribute("href") == f"/studio/assets/archives/{archive.id}"
    expect(library.page.locator("[data-list] .job")).to_contain_text("0 of 2 files")


def test_a_session_that_is_over_is_said_at_the_file(library: Watched, database: Database) -> None:
    library.page.context.clear_cookies()

    give(library.page, "drop", ("a.jpg", "image/jpeg", picture()))

    expect(library.page.locator("[data-sent] .why")).to_contain_text("You are signed out.")
    assert names(database) == set()
    library.expect_complaint("40")


def test_the_focal_point_moves_by_keyboard_on_the_picture(library: Watched, work: Work, database: Database) -> None:
    give(library.page, "drop", ("top.jpg", "image/jpeg", picture(400, 500)))
    expect(library.page.locator("[data-sent] .live")).to_have_count(1)
    jobs.run_all(work)
    with database.read() as db:
        [asset] = db.scalars(select(Asset))
    page = library.page
    page.goto(f"/studio/assets?id={asset.id}")
    page.locator(".focal").focus()

    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowUp", "ArrowDown"):
        page.keyboard.press(key)

    expect(page.locator("[data-focal=x]")).to_have_value("52")
    expect(page.locator("[data-focal=y]")).to_have_value("41")
    expect(page.locator(".focal circle.o")).to_have_attribute("cx", "52%")
    expect(page.locator(".focal")).to_have_attribute("aria-label", "What must stay: 52 % across, 41 % down")
    for _ in range(8):
        page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator("[data-focal=x]")).to_have_value("0")
    page.get_by_label("What it shows, English").fill("A yellow top")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("is saved")).to_be_visible()
    with database.read() as db:
        kept = db.get_one(Asset, asset.id)
    assert (kept.focus_x, kept.focus_y) == (0.0, 0.41)
