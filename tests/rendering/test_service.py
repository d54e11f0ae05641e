"""An item's page, rendered: what stands on it, until when it is true, and what makes it out of date."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from markupsafe import Markup
from sqlalchemy import event
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.catalog.service import set_price
from qrmerch.clock import now
from qrmerch.content.models import Style
from qrmerch.content.publishing import take_down
from qrmerch.content.templates import set_fixed
from qrmerch.offers.models import OfferKind
from qrmerch.parties.models import Retailer, RetailerHost, Store
from qrmerch.parties.queries import find_supply
from qrmerch.parties.service import end_supply
from qrmerch.rendering.kept import PageKey, RenderedPage
from qrmerch.rendering.preview import safe_json
from qrmerch.rendering.service import KEPT_AT_MOST, Personal, render_item_page
from qrmerch.reviews.models import Review, ReviewState
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import (
    make_asset,
    make_item,
    make_look,
    make_offer,
    make_retailer,
    make_store,
    make_template,
    make_vendor,
    publish_page,
)
from tests.landing.aisle import hear, make_aisle, scan_path, stock, variants_of

HOUR = timedelta(hours=1)
PutDown = Callable[[Session, Item], None]
BASE = "https://shop.example"


def render(db: Session, item: Item, *, store: Store | None = None, locale: str = "en", **more: Any) -> RenderedPage:
    values: dict[str, Any] = {"at": NOON, "base_url": BASE, **more}
    db.flush()
    return render_item_page(db, item_id=item.id, store_id=store.id if store else None, locale=locale, **values)


def html_of(db: Session, item: Item, **more: Any) -> str:
    return render(db, item, **more).html.decode()


def publish_in(db: Session, style: Style, **slots: object) -> Item:
    """An item with a page in one of the three styles."""
    retailer = make_retailer(db, name="Fashiontown")
    item = make_item(db, retailer, vendor=make_vendor(db, retailer, name="Sunny Side"), title="Marigold Slouch Top")
    publish_page(db, item, template=make_template(db, retailer, style=style), slots=slots)
    return item


def add_reviews(db: Session, item: Item, *stars: int) -> None:
    for place, count in enumerate(stars):
        db.add(
            Review(
                retailer_id=item.retailer_id,
                item_id=item.id,
                stars=count,
                title=f"Title {place}",
                text=f"Words {place}",
                alias="Ines",
                locale="en",
                state=ReviewState.PUBLISHED,
                written_at=NOON - timedelta(days=place),
            )
        )


# --- until when -------------------------------------------------------------------------------------


def test_a_page_without_edges_is_good_for_a_day(db: Session) -> None:
    item = publish_in(db, Style.EVERYDAY)

    assert render(db, item).until == NOON + KEPT_AT_MOST


@pytest.mark.parametrize(("begins", "ends"), [(-1, 3), (3, 9)])
def test_a_page_is_good_until_an_offer_begins_or_ends(begins: int, ends: int, db: Session) -> None:
    item = publish_in(db, Style.EVERYDAY)
    make_offer(db, item, from_at=NOON + begins * HOUR, until_at=NOON + ends * HOUR)

    assert render(db, item).until == NOON + 3 * HOUR


def test_a_page_is_good_until_the_next_one_is_published_or_it_ends_itself(db: Session) -> None:
    retailer = make_retailer(db)
    ending = make_item(db, retailer)
    publish_page(db, ending, until_at=NOON + 2 * HOUR)
    coming = make_item(db, retailer, vendor=make_vendor(db, retailer))
    publish_page(db, coming, from_at=NOON + 4 * HOUR)

    assert render(db, ending).until == NOON + 2 * HOUR
    assert render(db, coming).until == NOON + 4 * HOUR


def test_what_begins_shows_from_its_instant_on(db: Session) -> None:
    item = publish_in(db, Style.EVERYDAY)
    make_offer(db, item, headline="Ten off", from_at=NOON + HOUR, until_at=NOON + 2 * HOUR)

    shown = ["Ten off" in html_of(db, item, at=NOON + each * HOUR) for each in (0, 1, 2)]

    assert shown == [False, True, False]


def test_an_offer_of_another_store_is_not_on_this_ones_page(db: Session) -> None:
    item = publish_in(db, Style.EVERYDAY)
    retailer = db.get_one(Retailer, item.retailer_id)
    here, there = make_store(db, retailer), make_store(db, retailer)
    make_offer(db, item, headline="Ten off", stores=(there,))

    assert "Ten off" not in html_of(db, item, store=here)
    assert "Ten off" in html_of(db, item, store=there)


# --- out of date ------------------------------------------------------------------------------------


def test_a_price_on_a_card_is_never_older_than_a_look(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    hear(app)
    assert "$28.00" in browser.get(aisle.page).text
    for variant in variants_of(db, aisle.sandal):
        set_price(db, variant, 1999, at=now())
    db.commit()

    hear(app)

    assert "$19.99" in browser.get(aisle.page).text


def test_a_page_from_disk_remembers_what_stands_on_it(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    hear(app)
    browser.get(aisle.page)
    pages = scan_path(app).pages
    key = PageKey(aisle.top.id, aisle.store.id, "en")
    kept = pages.find_old(key)
    assert kept is not None

    again = pages._read(pages._path(key))

    assert again.others == kept.others == (aisle.sandal.id,)


# --- what stands there ------------------------------------------------------------------------------


@pytest.mark.parametrize("style", Style)
def test_each_style_says_what_matters(style: Style, db: Session) -> None:
    item = publish_in(db, style)

    page = html_of(db, item)

    for words in ("Marigold Slouch Top", "Sunny Side", "$28.00", "The loose knit that makes jeans", "Keep on my list"):
        assert words in page
    assert page.count("<h1") == 1
    assert 'fetchpriority="high"' in page


@pytest.mark.parametrize("style", Style)
def test_each_style_bears_having_nothing(style: Style, db: Session) -> None:
    retailer = make_retailer(db)
    item = make_item(db, retailer, title="X")
    make_template(db, retailer, style=style)
    for variant in variants_of(db, item):
        variant.price_minor = None

    page = html_of(db, item)

    assert "still being written" in page
    assert 'class="blank"' in page


def test_a_template_that_has_no_page_yet_lends_its_style(db: Session) -> None:
    retailer = make_retailer(db)
    item = make_item(db, retailer)
    make_template(db, retailer, style=Style.QUIET)

    assert 'data-style="quiet"' in html_of(db, item)


def _take_down(db: Session, item: Item) -> None:
    take_down(db, item, reason="Recalled", actor=None, at=NOON - HOUR)


def _suspend(db: Session, item: Item) -> None:
    supply = find_supply(db, item.retailer_id, item.vendor_id)
    assert supply is not None
    end_supply(db, supply, at=NOON - HOUR)


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("put_down", [_take_down, _suspend])
def test_of_what_is_down_stands_its_name_alone(style: Style, put_down: PutDown, db: Session) -> None:
    item = publish_in(db, style)
    store = make_store(db, db.get_one(Retailer, item.retailer_id))
    stock(db, item, store, *(4 for _ in variants_of(db, item)))
    make_offer(db, item)
    before = html_of(db, item, store=store)
    put_down(db, item)

    page = html_of(db, item, store=store)

    assert "Marigold Slouch Top" in page
    assert "Not available at the moment" in page
    assert 'content="noindex"' in page
    for gone in ("The loose knit", "/media/", "$", "/claim", "10%", "In stock", 'name="variant"', "priceCurrency"):
        assert gone not in page, gone
    assert "$" in before


@pytest.mark.parametrize("put_down", [_take_down, _suspend])
def test_a_look_leaves_out_what_is_down_and_hears_when_it_is_back(put_down: PutDown, db: Session) -> None:
    retailer = make_retailer(db)
    items = [make_item(db, retailer, vendor=make_vendor(db, retailer), title=f"Piece {n}") for n in range(3)]
    make_look(db, *items)
    for item in items:
        publish_page(db, item)
    put_down(db, items[2])

    page = render(db, items[0])

    assert b"Piece 1" in page.html
    assert b"Piece 2" not in page.html
    assert items[2].id in page.others


def test_a_page_that_is_published_again_is_up_again(db: Session) -> None:
    item = publish_in(db, Style.EVERYDAY)
    _take_down(db, item)

    publish_page(db, item)

    assert "Not available" not in html_of(db, item)


def test_a_house_that_does_not_discount_shows_no_discount_and_its_invitation(db: Session) -> None:
    retailer = make_retailer(db, no_discount=True)
    item = make_item(db, retailer)
    publish_page(db, item, template=make_template(db, retailer, style=Style.QUIET))
    make_offer(db, item, kind=OfferKind.EXPERIENCE, value=0, headline="An evening with the restorers")

    page = html_of(db, item)

    assert "An evening with the restorers" in page
    assert "Accept the invitation" in page
    assert "<s>" not in page


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize(("kind", "value"), [(OfferKind.GIFT, 0), (OfferKind.PERCENT, 10)])
def test_every_style_says_what_is_promised_till_when_and_its_terms(
    kind: OfferKind, value: int, style: Style, db: Session
) -> None:
    item = publish_in(db, style)
    offer = make_offer(db, item, kind=kind, value=value, headline="A silk pouch with it", terms="One pouch each.")

    page = html_of(db, item)
    (promise,) = re.findall(r'id="offer".*?(?=id="terms")', page, re.DOTALL)

    assert "A silk pouch with it" in promise
    assert f'datetime="{offer.until_at.isoformat()}"' in promise
    assert 'type="button" popovertarget="terms">' in promise
    assert page.count(f'name="offer" value="{offer.public_id}"') == 1
    assert "One pouch each." in page[page.index('id="terms"') :]


def test_an_invitation_is_the_offer_where_the_template_has_no_place_for_it(db: Session) -> None:
    item = publish_in(db, Style.EVERYDAY)
    make_offer(db, item, kind=OfferKind.EXPERIENCE, value=0, headline="An evening with the restorers")

    page = html_of(db, item)

    assert 'class="ticket"' in page
    assert "Accept the invitation" in page


def test_no_average_is_shown_of_fewer_than_three_reviews(db: Session) -> None:
    item = publish_in(db, Style.EVERYDAY)

    none = html_of(db, item)
    add_reviews(db, item, 4)
    one = html_of(db, item)
    add_reviews(db, item, 5, 2)
    three = html_of(db, item)

    assert "Nobody has said anything yet" in none
    assert 'href="#reviews"' not in none
    assert "1 review" in one
    assert "<meter" not in one
    assert "3.7 of 5, 3 reviews" in three
    assert three.count("<meter") == 5


def test_the_least_pleased_is_among_the_three_reviews_shown(db: Session) -> None:
    item = publish_in(db, Style.EVERYDAY)
    add_reviews(db, item, 5, 5, 5, 4, 1)

    page = html_of(db, item)

    assert page.count('class="stars"') == 3
    assert "1 of 5 stars" in page


def test_a_fixed_text_shows_from_its_instant_on_every_page(db: Session) -> None:
    retailer = make_retailer(db)
    item = make_item(db, retailer)
    template = make_template(db, retailer)
    publish_page(db, item, template=template)
    set_fixed(db, template, "delivery.text", {"en": "Returns within 60 days."}, at=NOON, actor=None)

    assert "Returns within 60 days." not in html_of(db, item, at=NOON - HOUR)
    assert "Returns within 60 days." in html_of(db, item, at=NOON)


def test_only_a_persons_own_page_has_pressed_hearts(db: Session) -> None:
    item = publish_in(db, Style.EVERYDAY)

    mine = html_of(db, item, personal=Personal(kept=[item.public_id]))

    assert re.search(r'<button class="btn"[^>]*aria-pressed="true"', mine)
    assert re.search(r'<button class="btn"[^>]*aria-pressed="false"', html_of(db, item))


def test_a_page_that_is_tried_on_runs_no_script(db: Session) -> None:
    item = publish_in(db, Style.EVERYDAY)

    assert "<script defer" in html_of(db, item)
    assert "<script defer" not in html_of(db, item, is_preview=True)


def test_every_picture_has_its_size_and_its_words(db: Session) -> None:
    item = publish_in(db, Style.EVERYDAY)

    page = html_of(db, item)

    pictures = re.findall(r"<img [^>]*>", page)
    assert pictures
    assert all(re.search(r'width="\d+" height="\d+" alt="[^"]+"', each) for each in pictures)


def test_the_statements_of_a_page_are_few(db: Session) -> None:
    aisle = make_aisle(db)
    stock(db, aisle.top, aisle.store, 3, 4)
    said: list[str] = []

    def hear_statement(_c: object, _k: object, statement: str, *_: object) -> None:
        said.append(statement)

    db.flush()
    db.expire_all()
    engine = db.get_bind()
    event.listen(engine, "before_cursor_execute", hear_statement)
    render(db, aisle.top, store=aisle.store, at=now())
    event.remove(engine, "before_cursor_execute", hear_statement)

    assert len(said) <= 55


# --- what machines read -----------------------------------------------------------------------------


def facts_of(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert found
    facts: dict[str, Any] = json.loads(found[1])
    return facts


@pytest.mark.parametrize(
    "text",
    ["</script><script>alert(1)</script>", "<!--", "a & b", "\u2028\u2029", '"quoted" \\ back', "{{7*7}}", "قميص"],
)
def test_sec_e04_json_in_a_page_cannot_end_its_element(text: str) -> None:
    written = safe_json({"name": text})

    assert not re.search("[<>&\u2028\u2029]", written)
    assert isinstance(written, Markup)
    assert json.loads(written) == {"name": text}


def test_sec_e04_a_hostile_name_is_a_name_everywhere(db: Session) -> None:
    name = "</script><script>alert(1)</script><b>\"'"
    item = publish_in(db, Style.EVERYDAY)
    item.title = name

    page = html_of(db, item)

    assert "<script>alert" not in page
    assert '<b>"' not in page
    assert facts_of(page)["name"] == name


def test_machines_are_told_the_price_and_the_stock_of_the_place(db: Session) -> None:
    item = publish_in(db, Style.EVERYDAY)
    store = make_store(db, db.get_one(Retailer, item.retailer_id))
    stock(db, item, store, 1, 0)
    add_reviews(db, item, 5, 4, 4)

    facts = facts_of(html_of(db, item, store=store))

    assert facts["offers"]["price"] == "28.00"
    assert facts["offers"]["priceCurrency"] == "USD"
    assert facts["offers"]["availability"] == "https://schema.org/LimitedAvailability"
    assert facts["aggregateRating"] == {"@type": "AggregateRating", "ratingValue": 4.3, "reviewCount": 3}
    assert facts["url"] == f"{BASE}/i/{item.public_id}"


def test_addresses_for_others_are_of_the_retailers_own_host(db: Session) -> None:
    item = publish_in(db, Style.EVERYDAY)
    db.add(RetailerHost(retailer_id=item.retailer_id, host="fashiontown.example", is_primary=True, proven_at=NOON))

    page = html_of(db, item)

    assert f'<link rel="canonical" href="https://fashiontown.example/i/{item.public_id}">' in page
    assert "shop.example" not in page


def test_sec_d05_no_page_leads_to_a_vendors_site(db: Session) -> None:
    item = publish_in(db, Style.EVERYDAY)

    page = html_of(db, item)

    hosts = set(re.findall(r'(?:href|src|action)="(?:https?:)?//([^/"]+)', page))
    assert hosts <= {"shop.example"}


def test_a_look_shows_only_what_is_sold(db: Session) -> None:
    retailer = make_retailer(db)
    vendor = make_vendor(db, retailer)
    items = [make_item(db, retailer, vendor=vendor, title=f"Piece {place}") for place in range(3)]
    items[2].is_retired = True
    make_look(db, *items)
    for item in items:
        publish_page(db, item, slots={"gallery.pictures": [make_asset(db, vendor).id]})

    page = html_of(db, items[0])

    assert "For Saturday" in page
    assert "Piece 1" in page
    assert "Piece 2" not in page
