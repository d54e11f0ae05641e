"""A phone in the aisle whose size is gone: it asks, says yes from its mail, is told, stops; with and without script."""

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.catalog.models import Stock
from qrmerch.clock import now
from qrmerch.jobs import Work
from qrmerch.messages.models import Subscription, SubscriptionState
from qrmerch.outbox import OutboxMessage
from tests.axe import list_problems
from tests.browser.conftest import Draw, OpenPhone
from tests.factories import make_item, publish_page
from tests.landing.aisle import Aisle, hear, make_aisle, stock, variants_of

# The offer on the page, the field, its button, what comes then, the button in the mail, and the one that stops.
WORDS = {
    "en": ("Tell me when it is back", "E-mail", "Tell me", "Check your e-mail", "Yes, tell me", "Stop this"),
    "ar": ("أخبرني حين تعود", "البريد الإلكتروني", "أخبرني", "انظر في بريدك", "نعم، أخبرني", "أوقف هذا"),
}


@pytest.fixture
def aisle(app: Flask, db: Session, draw: Draw) -> Aisle:
    made = make_aisle(db, draw=draw)
    hear(app)
    return made


def link_in(db: Session, path: str, place: int = -1) -> str:
    """The path of a link in what was written to the shopper last."""
    wanted = select(OutboxMessage.body).where(OutboxMessage.contact_id.is_not(None))
    bodies = list(db.scalars(wanted.order_by(OutboxMessage.created_at, OutboxMessage.id)))
    db.commit()
    found = re.search(rf"http://localhost(/{path}/\S+)", bodies[place])
    assert found, bodies[place]
    return found[1]


def fill_up(db: Session, aisle: Aisle) -> None:
    """The size that was gone, as if its pieces had come twenty minutes ago."""
    (row,) = db.scalars(select(Stock).where(Stock.variant_id == variants_of(db, aisle.top)[1].id))
    row.pieces, row.came_at = 4, now() - timedelta(minutes=20)
    db.commit()


def keep_picture(page: Page, name: str) -> None:
    """With SHOTS=folder, the page as a picture, by day and in the dark, on a phone and on a desk."""
    folder = os.environ.get("SHOTS")
    if not folder:
        return
    size = page.viewport_size
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            page.screenshot(path=Path(folder, f"{name}-{width}-{scheme}.png"), full_page=True)
    page.emulate_media(color_scheme="light")
    if size:
        page.set_viewport_size(size)


@pytest.mark.parametrize(("locale", "has_script"), [("en", True), ("en", False), ("ar", False)])
def test_asking_to_be_told_and_all_that_follows(
    locale: str, has_script: bool, open_phone: OpenPhone, aisle: Aisle, db: Session, work: Work
) -> None:
    offer, field, button, asked, yes, _ = WORDS[locale]
    gone = variants_of(db, aisle.top)[1].key
    db.commit()
    page = open_phone(java_script_enabled=has_script, reduced_motion="reduce").page
    page.goto(f"{aisle.page}&lang={locale}")

    expect(page.get_by_role("link", name=offer)).to_be_hidden()
    page.locator(f"label:has(input[value='{gone}'])").click()
    keep_picture(page, f"item-{locale}")
    page.get_by_role("link", name=offer).click()
    keep_picture(page, f"tell-{locale}")
    page.get_by_label(field).fill("ann@example.com")
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(asked)
    keep_picture(page, f"asked-{locale}")
    jobs.run_all(work)
    page.goto(link_in(db, "confirm"))
    keep_picture(page, f"confirm-{locale}")
    page.get_by_role("button", name=yes).click()
    expect(page.get_by_role("button", name=yes)).to_have_count(0)
    keep_picture(page, f"confirmed-{locale}")
    fill_up(db, aisle)
    jobs.run_all(work)
    page.goto(link_in(db, "i"))
    expect(page.locator("h1")).to_have_text("Marigold Slouch Top")
    expect(page.locator(f"input[value='{gone}']")).to_be_checked()
    page.goto(link_in(db, "u", 0))
    keep_picture(page, f"over-{locale}")

    (subscription,) = db.scalars(select(Subscription))
    assert subscription.state == SubscriptionState.FIRED
    assert page.context.cookies() == []


@pytest.mark.parametrize("locale", ["en", "ar"])
def test_the_news_on_an_items_page_and_their_end(
    locale: str, open_phone: OpenPhone, app: Flask, aisle: Aisle, db: Session, draw: Draw
) -> None:
    _, field, _, asked, yes, stop = WORDS[locale]
    item = make_item(db, aisle.retailer, vendor=aisle.vendor, title="Buttercup Cardigan")
    publish_page(db, item, slots={"gallery.pictures": [draw(aisle.vendor, "cardigan")]})
    db.commit()
    hear(app)
    page = open_phone(java_script_enabled=False).page
    page.goto(f"/i/{item.public_id}?at={aisle.store.public_id}&lang={locale}")

    keep_picture(page, f"section-{locale}")
    page.get_by_label(field).fill("ann@example.com")
    page.locator("form[action='/sign-up'] button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(asked)
    page.goto(f"/sign-up?of=fashiontown&lang={locale}")
    keep_picture(page, f"sign-up-{locale}")
    page.goto(link_in(db, "confirm"))
    page.get_by_role("button", name=yes).click()
    page.goto(link_in(db, "u"))
    keep_picture(page, f"stop-{locale}")
    page.get_by_role("button", name=stop).click()
    expect(page.get_by_role("button", name=stop)).to_have_count(0)
    keep_picture(page, f"stopped-{locale}")

    (subscription,) = db.scalars(select(Subscription))
    assert subscription.state == SubscriptionState.UNSUBSCRIBED
    assert page.context.cookies() == []


def test_what_is_wrong_with_an_address_is_said_where_it_is(open_phone: OpenPhone, aisle: Aisle, db: Session) -> None:
    watched = open_phone()
    page = watched.page
    page.goto("/sign-up?of=fashiontown")
    page.locator("form.field").evaluate("(form) => { form.noValidate = true }")

    page.get_by_label("E-mail").fill("ann at example")
    page.keyboard.press("Enter")

    expect(page.get_by_text("This is not an e-mail address.")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value("ann at example")
    watched.expect_complaint("422")
    keep_picture(page, "wrong")
    assert list_problems(page) == []
    assert not list(db.scalars(select(Subscription)))


def test_of_a_long_list_of_sizes_the_one_that_is_gone_is_asked_for(
    open_phone: OpenPhone, app: Flask, aisle: Aisle, db: Session
) -> None:
    sizes = tuple(f"Size {number} of many" for number in range(14))
    item = make_item(db, aisle.retailer, vendor=aisle.vendor, title="Buttercup Cardigan", sizes=sizes)
    stock(db, item, aisle.store, *[4] * 13, 0)
    last = variants_of(db, item)[-1].key
    db.commit()
    hear(app)
    page = open_phone(java_script_enabled=False).page
    page.goto(f"/i/{item.public_id}?at={aisle.store.public_id}")
    offer = page.get_by_role("button", name="Tell me when it is back")

    expect(offer).to_be_hidden()
    page.locator("select").select_option(last)
    expect(offer).to_be_visible()
    offer.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Tell me when it is back at Riverside")
    expect(page.locator("main")).to_contain_text("Size 13 of many")
    assert page.locator("input[name=pick]").input_value() == last
