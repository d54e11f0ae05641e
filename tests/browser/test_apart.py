"""A look's and an event's page on a phone: hearts, the address bar, the visit that goes on; with script and without."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.codes import service as codes
from qrmerch.codes.models import Code
from qrmerch.db import Database
from qrmerch.parties.models import Vendor
from qrmerch.scans.line import PAGE, SCAN
from qrmerch.wishlists.models import WishlistItem
from tests.axe import list_problems
from tests.browser.conftest import OpenPhone
from tests.factories import make_occasion
from tests.landing.aisle import Aisle, hear, lines, make_aisle, stock

SCREENS = [(390, 844, "light", "en-US"), (1280, 900, "dark", "ar")]


@pytest.fixture
def aisle(app: Flask, db: Session, draw: Callable[[Vendor, str], str]) -> Aisle:
    """A shop with pictures and a look of two, that the server has heard of."""
    made = make_aisle(db, draw=draw)
    stock(db, made.sandal, made.store, 0, 0)
    made.look.words = {"en": "For the pier.", "ar": "للرصيف."}
    db.commit()
    hear(app)
    return made


@pytest.fixture
def code(app: Flask, db: Session, aisle: Aisle) -> Code:
    made = codes.make_code(db, aisle.look, at=now(), store_id=aisle.store.id)
    db.commit()
    hear(app)
    return made


def kept(database: Database) -> list[str]:
    with database.read() as db:
        return list(db.scalars(select(WishlistItem.item_id).where(WishlistItem.removed_at.is_(None))))


def test_a_heart_on_a_look_is_kept_and_the_visit_goes_on_with_the_item(
    app: Flask, database: Database, open_phone: OpenPhone, aisle: Aisle, code: Code
) -> None:
    page = open_phone().page
    page.goto(f"/q/{code.token}")
    expect(page).to_have_url(re.compile(f"/look/{aisle.look.public_id}\\?at={aisle.store.public_id}&lang=en$"))
    heart = page.locator(f'[data-keep="{aisle.top.public_id}"]')

    with page.expect_response(re.compile("/keep")):
        heart.click()
    expect(page.locator(".count")).to_have_text("1")
    expect(heart).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(heart).to_have_attribute("aria-pressed", "true")
    page.goto(f"/q/{code.token}")
    # The same bytes for everybody; the first second brings the hearts.
    expect(heart).to_have_attribute("aria-pressed", "true")
    link = page.locator(f'.lines a[href*="/i/{aisle.top.public_id}"]')
    expect(link).to_have_attribute("href", re.compile("[?&]v="))
    link.click()
    page.wait_for_url(re.compile(f"/i/{aisle.top.public_id}"))

    assert kept(database) == [aisle.top.id]
    # What the worker on the phone brought ahead is nobody's look.
    said = [line for line in lines(app) if not line.manner]
    scans = [line for line in said if line.kind == SCAN]
    opened = [line for line in said if line.kind == PAGE]
    assert len(scans) == 2, "a reload is no scan"
    assert opened[-1].visit == scans[-1].visit and not opened[-1].is_new_visit


def test_without_script_a_heart_comes_back_to_the_look(
    database: Database, open_phone: OpenPhone, aisle: Aisle, code: Code
) -> None:
    page = open_phone(java_script_enabled=False).page
    page.goto(f"/q/{code.token}")

    page.locator(f'[data-keep="{aisle.top.public_id}"]').click()

    expect(page).to_have_url(re.compile(f"/look/{aisle.look.public_id}\\?.*#look$"))
    expect(page.locator(f'[data-keep="{aisle.top.public_id}"]')).to_have_attribute("aria-pressed", "true")
    assert kept(database) == [aisle.top.id]


@pytest.mark.parametrize(("width", "height", "scheme", "locale"), SCREENS)
def test_looks_events_and_what_stands_in_their_place_are_readable_by_everybody(
    app: Flask, db: Session, open_phone: OpenPhone, aisle: Aisle, code: Code,
    width: int, height: int, scheme: str, locale: str,
) -> None:  # fmt: skip
    coming = make_occasion(db, aisle.store, title="Late night")
    over = make_occasion(db, aisle.store, title="Long ago", begins="2020-05-01T18:00", ends="2020-05-01T20:00")
    gone = codes.make_code(db, aisle.look, at=now())
    codes.retire_code(db, gone, at=now(), actor=None)
    db.commit()
    hear(app)
    page = open_phone(
        viewport={"width": width, "height": height}, color_scheme=scheme, locale=locale, is_mobile=width < 500
    ).page

    apart = [f"/event/{each.public_id}?at={aisle.store.public_id}" for each in (coming, over)]
    for address in (f"/q/{code.token}", f"/look/{aisle.look.public_id}", f"/q/{gone.token}", *apart):
        page.goto(address)
        assert list_problems(page) == [], address
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{address} is wider than the screen"
