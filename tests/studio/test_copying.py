"""Copying from another item's page, or from the same item's page at another retailer."""

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import get_product
from qrmerch.catalog.service import list_at
from qrmerch.content.models import Content, Style
from qrmerch.content.queries import slots_of
from qrmerch.db import Database
from qrmerch.parties.service import add_supply
from tests.browsing import Browser, find_form
from tests.conftest import NOON
from tests.factories import make_item, make_person, make_retailer, make_revision, make_template, make_vendor
from tests.studio.desks import Desk, begin, latest, make_desk


@pytest.fixture
def desk(db: Session) -> Desk:
    return make_desk(db)


@pytest.fixture
def other(desk: Desk, db: Session) -> Item:
    """Another item of the vendor's at the same retailer, with a page."""
    item = make_item(db, desk.retailer, vendor=desk.vendor, title="Buttercup Cardigan")
    slots = {
        "gallery.pictures": [desk.asset.id],
        "story.lede": {"en": "The cardigan", "ar": "سترة"},
        "care.text": {"en": "Wash cool."},
        "facts.rows": [{"name": {"en": "Made in", "ar": "صنع في"}, "value": {"en": "Porto", "ar": "بورتو"}}],
    }
    make_revision(db, item, author=desk.vera, slots=slots)
    db.commit()
    return item


def take(browser: Browser, page: TestResponse, **values: object) -> TestResponse:
    """Send the form beside the list of pages, with what is ticked unless said otherwise."""
    form = find_form(page.text.partition('aria-labelledby="source"')[2], "/copy")
    return browser.post(form.action, {**form.fields, **values})


def test_what_fits_is_ticked_where_it_is_empty_and_taken(
    desk: Desk, browser: Browser, other: Item, database: Database
) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"story.lede": "The top"})

    page = browser.get(f"{address}/copy")
    done = take(browser, page)

    assert "Buttercup Cardigan at Fashiontown" in page.text
    assert "<del>The top</del>" in page.text
    assert done.status_code == 303
    values = slots_of(latest(database, desk.item))
    assert values["story.lede"] == {"en": "The top", "ar": "سترة"}
    assert values["gallery.pictures"] == [desk.asset.id]
    assert values["facts.rows"][0]["value"] == {"en": "Porto", "ar": "بورتو"}


def test_what_would_replace_something_is_taken_when_it_is_ticked(
    desk: Desk, browser: Browser, other: Item, database: Database
) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"story.lede": "The top"})

    take(browser, browser.get(f"{address}/copy"), part=["story.lede:en"])

    values = slots_of(latest(database, desk.item))
    assert values["story.lede"] == {"en": "The cardigan"}
    assert "gallery.pictures" not in values
    assert "copied from another page: One line" in browser.get(f"{address}/saves").text


def test_a_page_that_is_not_begun_begins_with_a_copy(
    desk: Desk, browser: Browser, other: Item, database: Database
) -> None:
    browser.sign_in(*desk.vera)

    page = browser.get(f"/studio/content/new/copy?item={desk.item.id}")
    done = take(browser, page, part=["gallery.pictures:"])

    assert done.headers["Location"] == f"/studio/content/{latest(database, desk.item).content_id}"
    assert slots_of(latest(database, desk.item))["gallery.pictures"] == [desk.asset.id]


def test_the_same_products_page_elsewhere_says_what_does_not_fit(
    desk: Desk, browser: Browser, db: Session, database: Database
) -> None:
    house = make_retailer(db, name="Grand Stores", locales=["en", "de"])
    make_template(db, house, style=Style.QUIET)
    add_supply(db, house, desk.vendor)
    item = list_at(db, get_product(db, desk.item.product_id), house.id, NOON)
    slots = {
        "story.lede": {"en": "x" * 100, "de": "Das Strickteil"},
        "care.text": {"en": "Dry flat."},
        "facts.edition": "limited_edition",
        "facts.rows": [{"name": {"en": "Made in", "de": "Aus"}, "value": {"en": "Porto", "de": "Porto"}}],
    }
    make_revision(db, item, author=desk.vera, slots=slots)
    db.commit()
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"care.text": ""})

    page = browser.get(f"{address}/copy")
    take(browser, page)

    assert "the same product, draft" in page.text
    assert "80 characters at most; this has 100." in page.text
    assert "German is not a language of this retailer’s." in page.text
    assert "this template has no such slot." in page.text
    values = slots_of(latest(database, desk.item))
    assert values["care.text"] == {"en": "Dry flat."}
    assert values["facts.rows"] == [{"name": {"en": "Made in"}, "value": {"en": "Porto"}}]
    assert "facts.edition" not in values


def test_pages_are_found_by_name(desk: Desk, browser: Browser, other: Item, db: Session) -> None:
    third = make_item(db, desk.retailer, vendor=desk.vendor, title="Deckhand Capri 100%")
    make_revision(db, third, author=desk.vera)
    db.commit()
    browser.sign_in(*desk.vera)

    found = browser.get(f"/studio/content/new/copy?item={desk.item.id}&find=100%25")
    none = browser.get(f"/studio/content/new/copy?item={desk.item.id}&find=sandal")

    assert "Deckhand Capri 100%" in found.text
    assert "Buttercup Cardigan" not in found.text
    assert "No page of yours is called so." in none.text


def test_nothing_ticked_is_said_and_changed_meanwhile_overwrites_nothing(
    desk: Desk, browser: Browser, other: Item, database: Database
) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"story.lede": "The top"})
    page = browser.get(f"{address}/copy")
    browser.send(browser.get(address), action=address, do="save", **{"story.lede": "The best top"})

    nothing = take(browser, page, part=[])
    late = take(browser, page, part=["story.lede:en"])

    assert (nothing.status_code, late.status_code) == (422, 409)
    assert "Nothing is ticked." in nothing.text
    assert slots_of(latest(database, desk.item))["story.lede"] == {"en": "The best top"}


def test_another_vendors_page_is_no_source(desk: Desk, browser: Browser, db: Session, database: Database) -> None:
    rival = make_vendor(db, desk.retailer, name="Rival")
    theirs = make_revision(db, make_item(db, desk.retailer, vendor=rival, title="Rival Top"))
    olga = make_person(db, Role.VENDOR_EDITOR, name="Olga", vendor=rival)
    content_id = db.get_one(Content, theirs.content_id).id
    db.commit()
    browser.sign_in(*desk.vera)
    address = begin(browser, desk)
    said = {"number": "1", "edit": "1", "from": content_id, "part": "story.lede:en"}

    assert "Rival Top" not in browser.get(f"{address}/copy").text
    assert browser.get(f"{address}/copy?from={content_id}").status_code == 404
    assert browser.post(f"{address}/copy", said).status_code == 404
    assert browser.another().sign_in(*olga).get(f"{address}/copy").status_code == 404
    assert slots_of(latest(database, desk.item))["story.lede"] == {"en": "The loose knit."}
