"""Beyond one's own shelf: who has it, what is here instead, where it hangs; guide, table, sum, the way to ask."""

import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, Variant
from qrmerch.catalog.service import set_price
from qrmerch.clock import now
from qrmerch.codes.models import CodeState
from qrmerch.content.library import LIBRARY
from qrmerch.content.models import Style
from qrmerch.content.templates import add_template
from qrmerch.parties.models import Fixture, FixtureKind, Retailer, RetailerHost, Store
from qrmerch.rendering.around import sort_nearest
from qrmerch.rendering.preview import graph_locale
from qrmerch.rendering.service import render_item_page
from qrmerch.reviews.models import ReviewState
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import (
    make_code,
    make_fixture,
    make_item,
    make_look,
    make_offer,
    make_retailer,
    make_review,
    make_store,
    make_template,
    make_vendor,
    publish_page,
)
from tests.landing.aisle import hear, make_aisle, stock, variants_of


def html_of(db: Session, item: Item, *, store: Store | None = None, locale: str = "en", **more: Any) -> str:
    db.flush()
    values: dict[str, Any] = {"at": NOON, "base_url": "https://shop.example", **more}
    page = render_item_page(db, item_id=item.id, store_id=store.id if store else None, locale=locale, **values)
    return page.html.decode()


def make_house(
    db: Session,
    *,
    style: Style = Style.EVERYDAY,
    locales: list[str] | None = None,
    slots: dict[str, object] | None = None,
) -> tuple[Retailer, Item]:
    retailer = make_retailer(db, name="Fashiontown", locales=locales)
    item = make_item(db, retailer, vendor=make_vendor(db, retailer, name="Sunny Side"), title="Marigold Slouch Top")
    publish_page(db, item, template=make_template(db, retailer, style=style), slots=slots)
    return retailer, item


def facts_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert found
    return json.loads(found[1])  # type: ignore[no-any-return]


# --- who has it -------------------------------------------------------------------------------------------


def place(
    db: Session, retailer: Retailer, name: str, city: str, region: str, country: str, postcode: str = ""
) -> Store:
    store = make_store(db, retailer, short_name=name)
    store.city, store.region, store.country, store.postcode = city, region, country, postcode
    return store


def test_the_nearest_store_is_in_the_same_town_then_region_then_country(db: Session) -> None:
    retailer = make_retailer(db)
    here = place(db, retailer, "Here", "Minneapolis", "MN", "US", "55401")
    abroad = place(db, retailer, "Abroad", "Minneapolis", "MN", "CA")
    far = place(db, retailer, "Far", "Boston", "MA", "US")
    region = place(db, retailer, "Region", "Duluth", "MN", "US")
    town = place(db, retailer, "Town", "minneapolis", "", "US", "55499")
    street = place(db, retailer, "Street", "Minneapolis", "MN", "US", "55402")

    found = sort_nearest([abroad, far, region, town, street], here)

    assert [each.short_name for each in found] == ["Street", "Town", "Region", "Far", "Abroad"]


@pytest.mark.parametrize("style", Style)
def test_what_is_not_here_leads_to_the_stores_that_have_it_nearest_first(style: Style, db: Session) -> None:
    retailer, item = make_house(db, style=style)
    far = place(db, retailer, "Boston", "Boston", "MA", "US")
    near = place(db, retailer, "Galleria", "Riverside", "CA", "US")
    here = place(db, retailer, "Riverside", "Riverside", "CA", "US")
    for store, pieces in ((here, 0), (near, 5), (far, 5)):
        stock(db, item, store, pieces, pieces)

    page = html_of(db, item, store=here, at=now())

    assert page.count("None here today, at Riverside") == 1
    links = re.findall(r'<a class="link" href="(/i/[^"]+)"><bdi>(\w+)</bdi>', page)
    assert [name for _, name in links[:2]] == ["Galleria", "Boston"]
    assert f"at={near.public_id}" in links[0][0]


@pytest.mark.parametrize("style", Style)
def test_what_is_here_names_nobody_else(style: Style, db: Session) -> None:
    retailer, item = make_house(db, style=style)
    here, other = make_store(db, retailer), make_store(db, retailer, short_name="Galleria")
    stock(db, item, here, 5, 0)
    stock(db, item, other, 5, 5)

    assert "In stock at:" not in html_of(db, item, store=here, at=now())


# --- where in the store it is ------------------------------------------------------------------------------


def hang(db: Session, item: Item, store: Store, *names: str, kind: FixtureKind = FixtureKind.SHELF) -> list[Fixture]:
    """Active codes of the item on places of these names."""
    places = [make_fixture(db, store, name=name, kind=kind) for name in names]
    for each in places:
        make_code(db, item, fixture=each)
    return places


def spot_of(page: str) -> str:
    """The line under the name, as it is read."""
    found = re.search(r'<p class="spot">.*?</svg>(.*?)</p>', page, re.DOTALL)
    return re.sub(r"<[^>]+>", "", found[1]) if found else ""


def test_the_place_in_the_store_stands_under_the_name(db: Session) -> None:
    _, item = make_house(db)
    here = make_store(db, db.get_one(Retailer, item.retailer_id), short_name="Riverside")
    other = make_store(db, db.get_one(Retailer, item.retailer_id), short_name="Galleria")
    stock(db, item, here, 8, 8)
    hang(db, item, here, "Ground floor, rail 12", kind=FixtureKind.HANGTAG)
    hang(db, item, here, "Window 1", kind=FixtureKind.WINDOW)
    hang(db, item, other, "Shoe wall")
    make_code(db, item, fixture=make_fixture(db, here, name="Old table"), state=CodeState.RETIRED)

    assert spot_of(html_of(db, item, store=here, at=now())) == "In stock here, at Riverside. Ground floor, rail 12"
    assert "rail 12" not in html_of(db, item, store=here, at=now(), is_away=True), "nobody need be there"
    assert "rail 12" not in html_of(db, item)


def test_of_several_places_two_are_named_and_the_rest_counted(db: Session) -> None:
    _, item = make_house(db)
    here = make_store(db, db.get_one(Retailer, item.retailer_id), short_name="Riverside")
    hang(db, item, here, "Denim table", "Shoe wall")

    two = spot_of(html_of(db, item, store=here))
    hang(db, item, here, "Tops wall", "Till")
    four = spot_of(html_of(db, item, store=here))

    assert two == "Riverside. Denim table and Shoe wall", "nothing was ever counted here"
    assert four == "Riverside. Denim table and 3 more"


def test_of_what_is_not_here_no_place_is_said(db: Session) -> None:
    _, item = make_house(db)
    here = make_store(db, db.get_one(Retailer, item.retailer_id), short_name="Riverside")
    stock(db, item, here, 0, 0)
    hang(db, item, here, "Shoe wall")

    assert "Shoe wall" not in html_of(db, item, store=here, at=now())


def test_a_quiet_page_says_the_place_above_the_name(db: Session) -> None:
    _, item = make_house(db, style=Style.QUIET, locales=["en", "ar"])
    here = make_store(db, db.get_one(Retailer, item.retailer_id), short_name="Riverside")
    hang(db, item, here, "Silk drawer")

    assert '<p class="label"><bdi>Riverside</bdi>, <bdi>Silk drawer</bdi></p>' in html_of(db, item, store=here)
    assert "<bdi>Riverside</bdi>، <bdi>Silk drawer</bdi>" in html_of(db, item, store=here, locale="ar")


# --- what is here instead ---------------------------------------------------------------------------------


def make_alike(db: Session, item: Item, title: str, store: Store, pieces: int) -> Item:
    other = make_item(db, db.get_one(Retailer, item.retailer_id), title=title)
    other.category = item.category = "Tops"
    publish_page(db, other)
    stock(db, other, store, pieces, pieces)
    return other


def test_an_item_that_is_gone_here_shows_what_is_like_it_and_here(db: Session) -> None:
    retailer, item = make_house(db)
    store = make_store(db, retailer, short_name="Riverside")
    stock(db, item, store, 0, 0)
    here = make_alike(db, item, "Buttercup Cardigan", store, 4)
    make_alike(db, item, "Lemon Vest", store, 0)

    page = html_of(db, item, store=store, at=now())
    stock(db, item, store, 4, 4)
    again = html_of(db, item, store=store, at=now())

    assert "Here today instead" in page
    assert "Buttercup Cardigan" in page
    assert "Lemon Vest" not in page
    assert f'href="/compare?i={item.public_id}&amp;i={here.public_id}&amp;at={store.public_id}"' in page
    assert "Here today instead" not in again


def test_what_goes_with_it_does_not_stand_for_it(db: Session) -> None:
    aisle = make_aisle(db)
    aisle.top.category, aisle.sandal.category = "Tops", "Sandals"
    stock(db, aisle.top, aisle.store, 0, 0)
    stock(db, aisle.sandal, aisle.store, 9, 9)

    assert "Here today instead" not in html_of(db, aisle.top, store=aisle.store, at=now())


def test_one_that_comes_in_shows_at_the_next_scan(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    stock(db, aisle.top, aisle.store, 0, 0)
    other = make_alike(db, aisle.top, "Buttercup Cardigan", aisle.store, 0)
    db.commit()
    hear(app)
    before = browser.get(aisle.printed).text

    stock(db, other, aisle.store, 6, 6)
    db.commit()
    hear(app)

    assert "Here today instead" not in before
    assert "Here today instead" in browser.get(aisle.printed).text


@pytest.mark.parametrize("style", list(Style))
def test_only_editorial_sets_another_beside_it(style: Style, db: Session) -> None:
    retailer, item = make_house(
        db, style=style, slots={"facts.rows": [{"name": {"en": "Fit"}, "value": {"en": "Loose"}}]}
    )
    store = make_store(db, retailer)
    stock(db, item, store, 4, 4)
    other = make_alike(db, item, "Buttercup Cardigan", store, 4)

    page = render_item_page(
        db, item_id=item.id, store_id=store.id, locale="en", at=now(), base_url="https://shop.example"
    )
    html = page.html.decode()

    assert ("Another like it" in html) == (style == Style.EDITORIAL)
    if style == Style.EDITORIAL:
        assert f'href="/compare?i={item.public_id}&amp;i={other.public_id}&amp;at={store.public_id}"' in html
        assert html.index('id="spec-h"') < html.index('id="beside-h"') < html.index('id="reviews-h"')
        # Whatever changes of it drops the page.
        assert other.id in page.others


# --- where it hangs ---------------------------------------------------------------------------------------


def test_somebody_in_no_store_reads_where_it_hangs_and_keeps_it_for_the_visit(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    closed = make_store(db, aisle.retailer, short_name="Closed")
    closed.is_open = False
    retired = make_store(db, aisle.retailer, short_name="Took it down")
    make_code(db, aisle.top, store=closed)
    make_code(db, aisle.top, store=retired, state=CodeState.RETIRED)
    db.commit()

    page = browser.get(f"/i/{aisle.top.public_id}?at=none&lang=en")
    button = re.search(r'formaction="(/i/[^"]+/keep\?at=[^"]+)"[^>]*>Keep for my visit', page.text)
    assert button
    answer = browser.send(page, action="/keep", keep="yes")
    kept = browser.post(button[1], {"keep": "yes", "at": "none", "lang": "en"})

    assert answer.status_code == 303
    hanging = page.text[page.text.index("Where to see it") :].partition("</section>")[0]
    assert "12 Quay Street" in hanging
    assert "Closed" not in hanging and "Took it down" not in hanging
    assert kept.headers["Location"].startswith(f"/i/{aisle.top.public_id}?at={aisle.store.public_id}")
    assert "In stock at Riverside" in browser.get("/my").text


def test_somebody_in_the_store_is_not_told_where_it_hangs(db: Session) -> None:
    aisle = make_aisle(db)

    assert "Where to see it" not in html_of(db, aisle.top, store=aisle.store)
    assert "Where to see it" in html_of(db, aisle.top)
    assert "Where to see it" not in html_of(db, aisle.top, is_preview=True)


# --- guide, table, sum, the way to ask --------------------------------------------------------------------


def test_the_size_guide_stands_beside_the_sizes_and_once(db: Session) -> None:
    retailer = make_retailer(db)
    item = make_item(db, retailer)
    sections = [LIBRARY[kind].begin(kind) for kind in ("gallery", "variants", "story", "size_guide")]
    template = add_template(db, retailer.id, name="Sizes", style=Style.EVERYDAY, at=NOON, sections=sections)
    table = {"en": [["Size", "Bust, in"], ["M", "35 to 37"]]}
    publish_page(
        db, item, template=template, slots={"size_guide.table": table, "size_guide.words": {"en": "At its widest."}}
    )

    page = html_of(db, item)
    for variant in variants_of(db, item)[1:]:
        variant.is_hidden = True
    alone = html_of(db, item)

    assert 'popovertarget="guide">Size guide</button>' in page
    assert page.count("35 to 37") == 1
    assert "35 to 37" in page[page.index('id="guide" popover') :]
    # Without sizes to choose from it folds among the details.
    assert 'id="guide"' not in alone
    assert alone.count("35 to 37") == 1


@pytest.mark.parametrize("style", list(Style))
def test_only_editorial_gives_the_facts_a_table_of_their_own(style: Style, db: Session) -> None:
    retailer = make_retailer(db)
    item = make_item(db, retailer)
    rows = [{"name": {"en": "Drop"}, "value": {"en": "8 mm"}}]
    publish_page(db, item, template=make_template(db, retailer, style=style), slots={"facts.rows": rows})

    page = html_of(db, item)

    assert ('id="spec-h"' in page) == (style == Style.EDITORIAL)
    if style == Style.EDITORIAL:
        assert re.search(r'<th scope="row">Drop</th><td><bdi>8 mm</bdi></td>', page)
        assert ">Specification</h2>" in page


def test_a_look_says_what_it_comes_to_where_every_piece_has_one_price(db: Session) -> None:
    retailer, item = make_house(db)
    capri, sandal = make_item(db, retailer, title="Capri"), make_item(db, retailer, title="Sandal")
    make_look(db, item, capri, sandal)

    page = html_of(db, item)
    first = db.scalars(select(Variant).where(Variant.item_id == sandal.id).order_by(Variant.place)).first()
    assert first
    set_price(db, first, 9_900, at=now())
    open_ = html_of(db, item, at=now())

    assert re.search(
        r'class="sum"><b class="num"><bdi>\$84\.00</bdi></b> <span class="label">together, with this one', page
    )
    assert 'class="sum"' not in open_


@pytest.mark.parametrize("has_offer", [True, False])
def test_the_way_to_ask_is_the_action_of_a_page_without_an_offer(has_offer: bool, db: Session) -> None:
    retailer = make_retailer(db, name="Corvane")
    db.add(RetailerHost(retailer_id=retailer.id, host="corvane.example", proven_at=NOON))
    item = make_item(db, retailer)
    sections = [LIBRARY[kind].begin(kind) for kind in ("gallery", "headline", "offer", "story", "contact")]
    for slot in sections[-1]["slots"]:
        slot["lock"] = "edit"
    template = add_template(db, retailer.id, name="Ask", style=Style.QUIET, at=NOON, sections=sections)
    link = {"url": "https://corvane.example/ask", "words": {"en": "Ask an advisor to join you"}}
    publish_page(db, item, template=template, slots={"contact.link": link})
    if has_offer:
        make_offer(db, item)

    page = html_of(db, item)
    bar = page[page.index('class="bar"') :].partition("</div>")[0]

    assert ("Ask an advisor to join you" in bar) is not has_offer
    assert 'data-keep="' in bar
    assert 'href="https://corvane.example/ask"' in page


# --- what machines are told -------------------------------------------------------------------------------


def test_machines_get_the_numbers_of_the_one_variant_that_is_meant(db: Session) -> None:
    _, item = make_house(db)
    small, medium = variants_of(db, item)
    small.gtin, medium.gtin = "04006381333931", "04006381333948"

    several = facts_of(html_of(db, item))
    picked = facts_of(html_of(db, item, pick=medium.key))

    assert "gtin" not in several and "sku" not in several
    assert (picked["gtin"], picked["sku"]) == (medium.gtin, medium.sku)


def test_machines_are_told_until_when_the_price_holds(db: Session) -> None:
    _, item = make_house(db)
    make_offer(db, item, until_at=NOON.replace(hour=20))

    offered = facts_of(html_of(db, item))["offers"]

    # The offer ends today in New York; without one, a page is kept for a day.
    assert offered["priceValidUntil"] == NOON.date().isoformat()


def test_languages_are_told_to_chats_and_search_engines(db: Session) -> None:
    _, item = make_house(db, locales=["en", "ar"])

    page = html_of(db, item, locale="ar")
    base = f"https://shop.example/i/{item.public_id}"

    assert '<meta property="og:locale" content="ar_EG">' in page
    assert '<meta property="og:locale:alternate" content="en_US">' in page
    assert f'<link rel="canonical" href="{base}?lang=ar">' in page
    assert f'<link rel="alternate" hreflang="en" href="{base}?lang=en">' in page
    assert f'<link rel="alternate" hreflang="ar" href="{base}?lang=ar">' in page
    assert f'<link rel="alternate" hreflang="x-default" href="{base}">' in page


def test_a_page_in_one_language_tells_of_no_others(db: Session) -> None:
    _, item = make_house(db)

    page = html_of(db, item)

    assert "hreflang" not in page
    assert "og:locale:alternate" not in page
    assert f'<link rel="canonical" href="https://shop.example/i/{item.public_id}">' in page


@pytest.mark.parametrize(
    ("locale", "graph"),
    [("en", "en_US"), ("en-GB", "en_GB"), ("ar", "ar_EG"), ("de", "de_DE"), ("zh-Hant-TW", "zh_TW")],
)
def test_a_language_is_written_as_open_graph_wants_it(locale: str, graph: str) -> None:
    assert graph_locale(locale) == graph


def test_a_figure_that_does_not_show_is_not_told(db: Session) -> None:
    retailer = make_retailer(db)
    item = make_item(db, retailer)
    publish_page(db, item, template=make_template(db, retailer, style=Style.QUIET))
    for _ in range(3):
        make_review(db, item, stars=5, state=ReviewState.PUBLISHED)

    assert "aggregateRating" not in facts_of(html_of(db, item))
