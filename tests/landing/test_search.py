"""Looking for an item on a retailer's page and on a store's: live items only, a page at a time, by address."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import get_product
from qrmerch.catalog.service import retire_item
from qrmerch.clock import now
from qrmerch.content.publishing import publish
from qrmerch.parties.models import Store
from qrmerch.rendering.listing import PER_PAGE
from tests.browsing import Browser
from tests.factories import make_item, make_retailer, make_revision, make_store, publish_page
from tests.landing.aisle import Aisle, lines, make_aisle

ALL_DAY = [[0, 1440]]


def titles(page: str) -> list[str]:
    """What stands on the cards."""
    return re.findall(r"<b><bdi>([^<]+)</bdi></b>", page)


def add(db: Session, aisle: Aisle, title: str, *, maker: str = "", category: str = "", days: int = 0) -> Item:
    item = make_item(db, aisle.retailer, vendor=aisle.vendor, title=title)
    item.category, item.created_at = category, now() - timedelta(days=days)
    product = get_product(db, item.product_id)
    product.maker = maker or product.maker
    publish_page(db, item)
    return item


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("corduroy", ["Corduroy Jacket"]),
        ("CORDUROY", ["Corduroy Jacket"]),
        ("jacket corduroy", ["Corduroy Jacket"]),
        ("halden", ["Corduroy Jacket"]),
        ("outerwear jacket", ["Corduroy Jacket"]),
        ("100%", []),
        ("_", []),
        ("corduroy skirt", []),
    ],
)
def test_an_item_is_found_by_title_maker_and_category(
    words: str, found: list[str], browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    add(db, aisle, "Corduroy Jacket", maker="Halden", category="Outerwear")
    db.commit()

    for path in ("/?of=fashiontown", f"/store/{aisle.store.public_id}?"):
        page = browser.get(f"{path}&find={words.replace('%', '%25')}")

        assert page.status_code == 200
        assert titles(page.text) == found
        assert '<meta name="robots" content="noindex">' in page.text


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Ölzeug Jacke", "Ölzeug"),
        ("Ölzeug Jacke", "ölzeug"),
        ("ÖLZEUG", "ölzeug"),
        ("ölzeug", "ÖLZEUG"),
        ("Зимняя Куртка", "Куртка"),
        ("Зимняя Куртка", "зимняя куртка"),
        ("Παλτό", "παλτό"),
    ],
)
def test_letters_of_every_script_are_found_whatever_their_case(
    title: str, words: str, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    add(db, aisle, title)
    db.commit()

    page = browser.get("/?" + urlencode({"of": "fashiontown", "find": words}))

    assert titles(page.text) == [title]


def test_what_is_not_found_says_so_and_leads_back(browser: Browser, db: Session) -> None:
    make_aisle(db)

    page = browser.get("/?of=fashiontown&lang=en&find=<b>boots").text

    assert "Nothing of ours has “&lt;b&gt;boots” in its name." in page
    assert 'href="/?of=fashiontown&amp;lang=en"' in page


def test_only_live_items_are_found(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    retired = add(db, aisle, "Corduroy Skirt")
    retire_item(db, retired, at=now())
    make_item(db, aisle.retailer, vendor=aisle.vendor, title="Corduroy Cap, unwritten")
    other = make_retailer(db, slug="corvane")
    publish_page(db, make_item(db, other, title="Corduroy Coat, of another house"))
    db.commit()

    assert titles(browser.get("/?of=fashiontown&find=corduroy").text) == []


def test_a_store_finds_what_shows_in_it(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    elsewhere: Store = make_store(db, aisle.retailer, short_name="Galleria")
    item = make_item(db, aisle.retailer, vendor=aisle.vendor, title="Corduroy Jacket")
    revision = make_revision(db, item, state="approved")
    publish(db, revision, actor=None, at=now(), store_ids=[elsewhere.id])
    db.commit()

    assert titles(browser.get(f"/store/{aisle.store.public_id}?find=corduroy").text) == []
    assert titles(browser.get(f"/store/{elsewhere.public_id}?find=corduroy").text) == ["Corduroy Jacket"]


def test_a_long_range_is_read_page_by_page(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    for number in range(PER_PAGE + 3):
        add(db, aisle, f"Sock {number:02}", days=number + 1)
    db.commit()

    for start in ("/?of=fashiontown&find=sock", f"/store/{aisle.store.public_id}?find=sock"):
        last = browser.get(f"{start}&page=1000").text
        assert titles(last) == [f"Sock {number:02}" for number in range(PER_PAGE, PER_PAGE + 3)]
        assert 'rel="next"' not in last
        first = browser.get(start).text
        link = re.search(r'rel="next" href="([^"]+)"', first)
        assert link
        second = browser.get(link[1].replace("&amp;", "&")).text

        assert titles(first) == [f"Sock {number:02}" for number in range(PER_PAGE)]
        assert titles(second) == [f"Sock {number:02}" for number in range(PER_PAGE, PER_PAGE + 3)]
        assert 'rel="next"' not in second


def test_an_old_range_is_found_behind_many_that_are_newer_and_elsewhere(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    elsewhere = make_store(db, aisle.retailer, short_name="Galleria")
    add(db, aisle, "Corduroy Skirt", days=2)
    for number in range(250):
        item = make_item(db, aisle.retailer, vendor=aisle.vendor, title=f"Cap {number}")
        publish(db, make_revision(db, item, state="approved"), actor=None, at=now(), store_ids=[elsewhere.id])
    db.commit()

    here = browser.get(f"/store/{aisle.store.public_id}").text
    there = browser.get(f"/store/{elsewhere.public_id}?find=cap").text

    assert "Corduroy Skirt" in titles(here)
    assert "250 items" in there


@pytest.mark.parametrize(
    ("limits", "is_here"),
    [
        ({"locales": ["en"]}, True),
        ({"locales": ["ar"]}, False),
        ({"weekly": [ALL_DAY] * 7}, True),
        ({"weekly": [ALL_DAY if (day - now().weekday()) % 7 == 3 else [] for day in range(7)]}, False),
    ],
)
def test_a_store_finds_only_what_shows_there_now(
    limits: dict[str, Any], is_here: bool, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    item = make_item(db, aisle.retailer, vendor=aisle.vendor, title="Corduroy Jacket")
    publish(db, make_revision(db, item, state="approved"), actor=None, at=now(), **limits)
    db.commit()

    assert ("Corduroy Jacket" in browser.get(f"/store/{aisle.store.public_id}").text) == is_here


def test_the_stores_own_page_has_the_field_and_the_next_page(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    for number in range(PER_PAGE):
        add(db, aisle, f"Sock {number:02}", days=number + 1)
    db.commit()

    page = browser.get(f"/store/{aisle.store.public_id}")
    found = browser.get(f"/store/{aisle.store.public_id}?page=2")

    assert f'<form class="field find" method="get" action="/store/{aisle.store.public_id}"' in page.text
    assert "noindex" not in page.text
    assert (
        '<meta name="description" content="What Fashiontown Riverside shows now. 12 Quay Street, Riverside">'
        in page.text
    )
    assert len(titles(found.text)) == 2
    assert "noindex" in found.text


def test_looking_for_something_is_no_scan(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    browser.get("/?of=fashiontown&find=top")
    browser.get(f"/store/{aisle.store.public_id}?find=top")
    browser.get(f"/compare?i={aisle.top.public_id}&i={aisle.sandal.public_id}")

    assert lines(browser.app) == []
    assert browser.cookies() == []
