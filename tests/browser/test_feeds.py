"""A file of stores in a real browser: sent, read, taken in, while the page follows by itself."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.clock import now
from qrmerch.jobs import Work
from qrmerch.users.service import open_session
from tests.browser.conftest import OpenPhone
from tests.factories import make_person, make_retailer

_SHEET = "code,name,country,hours\nRUH-1,الرياض بارك,SA,Daily 10:00-23:00\nRUH-2,,SA,\nRUH-3,Mall,SA,Fri 9-10\n"


@pytest.mark.parametrize("width", [390, 1280])
def test_a_file_is_sent_read_and_taken_in(
    open_phone: OpenPhone, live_server: str, db: Session, work: Work, width: int
) -> None:
    retailer = make_retailer(db, name="Fashiontown")
    mia = make_person(db, Role.MERCHANDISER, name="Mia", retailer=retailer)
    secret = open_session(db, mia.user, mia.membership, at=now()).secret
    db.commit()
    page = open_phone(viewport={"width": width, "height": 900}).page
    page.context.add_cookies([{"name": "qs", "value": secret, "url": live_server}])

    page.goto("/desk/stores")
    page.get_by_role("link", name=re.compile("Send a (file|list of them)")).first.click()
    page.get_by_label("Drop your file here, or choose").set_input_files(
        {"name": "stores.csv", "mimeType": "text/csv", "buffer": _SHEET.encode()}
    )
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("2 of 3 rows")).to_be_visible()
    expect(page.get_by_text("A store needs a name.")).to_be_visible()
    refuse_sideways(page)
    with page.expect_download() as fix:
        page.get_by_role("link", name="Download the row to fix").click()
    page.get_by_role("button", name="Take in 2 rows").click()
    expect(page.get_by_text("It is safe to close this page.")).to_be_visible()
    jobs.run_all(work)

    # Nobody reloads: the page asks again by itself.
    expect(page.get_by_text("2 new, 0 changed, 0 as before; 1 row left out.")).to_be_visible()
    refuse_sideways(page)
    assert "RUH-2" in fix.value.path().read_text(encoding="utf-8-sig")
    page.get_by_role("link", name="Your stores").click()
    expect(page.get_by_role("link", name="الرياض بارك")).to_be_visible()
    refuse_sideways(page)


def refuse_sideways(page: Page) -> None:
    """No page is wider than its window."""
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
