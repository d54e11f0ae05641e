"""A vendor's products in the studio: found, read, offered to a retailer; and nobody else's."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.audit import AuditEntry
from qrmerch.catalog.models import Item, VendorProduct
from tests.browsing import Browser
from tests.factories import make_item, make_product, make_retailer, make_revision, make_vendor
from tests.studio.people import Studio, end_supply, kept, make_studio, rows, scan


@pytest.fixture
def studio(db: Session) -> Studio:
    made = make_studio(db)
    db.commit()
    return made


def items(browser: Browser) -> list[Item]:
    return kept(browser, select(Item))


def test_products_are_listed_with_their_state_at_each_retailer(browser: Browser, db: Session, studio: Studio) -> None:
    make_revision(db, make_item(db, studio.retailer, vendor=studio.vendor, title="Marigold Top", key="FT-1"))
    make_product(db, studio.vendor, title="Loose Cap")
    make_product(db, studio.other, title="Olga's Sandal")
    db.commit()

    page = browser.sign_in(*studio.vera).get("/studio/products").text

    assert "2 products in your catalogue, once for all retailers." in page
    assert ">Marigold Top</a><small>FT-1</small>" in page
    assert ">Fashiontown</a>" in page
    assert ">Draft</span>" in page
    assert "Not listed yet" in page
    assert "Olga" not in page


def test_products_are_found_by_address(browser: Browser, db: Session, studio: Studio) -> None:
    make_item(db, studio.retailer, vendor=studio.vendor, title="Marigold Top")
    make_product(db, studio.vendor, title="Loose Cap")
    db.commit()
    browser.sign_in(*studio.vera)

    found = browser.get("/studio/products?find=marigold").text
    unlisted = browser.get("/studio/products?retailer=none").text
    nothing = browser.get("/studio/products?find=zebra").text

    assert ("Marigold Top" in found, "Loose Cap" in found) == (True, False)
    assert ("Marigold Top" in unlisted, "Loose Cap" in unlisted) == (False, True)
    assert "No product fits" in nothing


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999", "9" * 5000, "²"], ids=ascii)
def test_a_page_number_that_is_none_breaks_nothing(browser: Browser, studio: Studio, page: str) -> None:
    assert browser.sign_in(*studio.vera).get(f"/studio/products?page={page}").status_code == 200


def test_a_long_list_comes_in_pages_that_keep_the_filter(browser: Browser, db: Session, studio: Studio) -> None:
    for number in range(27):
        make_product(db, studio.vendor, title=f"Top {number:02}")
    db.commit()
    browser.sign_in(*studio.vera)

    first = browser.get("/studio/products?find=top").text
    second = browser.get("/studio/products?find=top&page=2").text

    assert "25 of 27 products" in first
    assert 'href="/studio/products?find=top&amp;page=2" rel="next"' in first
    assert ("Top 26" in second, "Top 00" in second) == (True, False)


def test_a_product_shows_what_was_sent(browser: Browser, db: Session, studio: Studio) -> None:
    product = make_product(db, studio.vendor, title="Marigold <Top>", sizes=("S", "M"))
    product.texts = {"story": "Very **warm** <script>x</script>", "care": ""}
    product.image_urls = ["https://cdn.example/top.jpg"]
    db.commit()

    page = browser.sign_in(*studio.vera).get(f"/studio/products/{product.id}").text

    assert "<h1>Marigold &lt;Top&gt;</h1>" in page
    assert "<strong>warm</strong>" in page
    assert "<script>x" not in page
    assert ">$28.00</td>" in page
    assert "https://cdn.example/top.jpg</li>" in page
    assert 'src="https://cdn.example' not in page


def test_a_product_is_offered_to_a_retailer_once(browser: Browser, db: Session, studio: Studio) -> None:
    product = make_product(db, studio.vendor, title="Marigold Top")
    db.commit()
    browser.sign_in(*studio.vera)
    address = f"/studio/products/{product.id}"

    form = browser.get(address)
    page = browser.follow(browser.send(form, action="/list"))
    again = browser.send(form, action="/list")

    assert "Marigold Top is listed at Fashiontown. Shoppers see a plain page until yours is approved." in page.text
    assert f'action="{address}/list"' not in page.text
    assert again.status_code == 303
    assert [each.retailer_id for each in items(browser)] == [studio.retailer.id]
    assert "item.list" in kept(browser, select(AuditEntry.action))


def test_scans_stand_beside_each_retailer(browser: Browser, db: Session, studio: Studio) -> None:
    item = make_item(db, studio.retailer, vendor=studio.vendor)
    scan(db, item, 61)
    db.commit()

    page = browser.sign_in(*studio.vera).get(f"/studio/products/{item.product_id}").text

    assert 'data-l="Scans" class="num">61</td>' in page


def test_a_retailer_that_is_not_supplied_cannot_be_offered_to(browser: Browser, db: Session, studio: Studio) -> None:
    stranger, product = make_retailer(db), make_product(db, studio.vendor)
    db.commit()
    browser.sign_in(*studio.vera)

    for retailer_id in (stranger.id, "", "nobody"):
        response = browser.post(f"/studio/products/{product.id}/list", {"retailer": retailer_id})
        assert response.status_code == 404

    assert items(browser) == []


def test_an_ended_supply_offers_nothing_more(browser: Browser, db: Session, studio: Studio) -> None:
    listed = make_item(db, studio.retailer, vendor=studio.vendor, title="Marigold Top")
    loose = make_product(db, studio.vendor, title="Loose Cap")
    end_supply(db, studio)
    db.commit()
    browser.sign_in(*studio.vera)

    page = browser.get(f"/studio/products/{listed.product_id}").text
    response = browser.post(f"/studio/products/{loose.id}/list", {"retailer": studio.retailer.id})

    assert "Fashiontown" not in page
    assert "No retailer works with you yet" in page
    assert response.status_code == 404
    assert len(items(browser)) == 1


def test_an_empty_catalogue_says_what_to_do(browser: Browser, studio: Studio) -> None:
    page = browser.sign_in(*studio.vera).get("/studio/products").text

    assert "Your catalogue is empty" in page
    assert 'class="b go" href="/studio/import"' in page


def test_sec_c02_olga_cannot_see_or_offer_veras_product(browser: Browser, db: Session, studio: Studio) -> None:
    product = make_product(db, studio.vendor)
    db.commit()
    before = rows(browser, VendorProduct)
    olga = browser.sign_in(*studio.olga)

    answers = [
        olga.get(f"/studio/products/{product.id}"),
        olga.post(f"/studio/products/{product.id}/list", {"retailer": studio.retailer.id}),
    ]

    assert [each.status_code for each in answers] == [404, 404]
    assert items(browser) == []
    assert rows(browser, VendorProduct) == before


def test_a_vendor_at_another_retailer_only_is_shown_no_item_here(browser: Browser, db: Session, studio: Studio) -> None:
    elsewhere = make_retailer(db, name="Harbour & Pine")
    vendor = make_vendor(db, elsewhere)
    item = make_item(db, elsewhere, vendor=vendor, title="Pine Knit")
    db.commit()

    assert browser.sign_in(*studio.vera).get(f"/studio/products/{item.product_id}").status_code == 404
