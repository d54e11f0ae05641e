"""Items at the desk: found, priced, counted, described, retired; by whom, and of whom."""

import csv
import io
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.catalog.drafts import ProductDraft, VariantDraft
from qrmerch.catalog.models import Item, PriceHistory, Stock, Variant, VendorProduct
from qrmerch.catalog.service import list_at, put_product, set_price
from qrmerch.clock import now
from qrmerch.content.publishing import take_down
from qrmerch.parties.models import PageChange
from qrmerch.parties.queries import find_supply
from qrmerch.parties.service import end_supply
from tests.browsing import Browser, find_form
from tests.conftest import NOON
from tests.desk.house import House, again, count_entries, seen
from tests.factories import make_item, make_revision, make_store, make_template, publish_page
from tests.landing.aisle import hear

KEPT_OUT = (Role.REVIEWER, Role.ANALYST, Role.ASSOCIATE, Role.VENDOR_ADMIN)


def variants_of(db: Session, item: Item) -> list[Variant]:
    return seen(db, select(Variant).where(Variant.item_id == item.id).order_by(Variant.place))


# --- the list --------------------------------------------------------------------------------------


def test_a_merchandiser_finds_items_by_name_style_sku_and_gtin(browser: Browser, db: Session, house: House) -> None:
    make_item(db, house.retailer, title="Corner Cap", key="FT-HAT-01")
    variants_of(db, house.item)[0].gtin = "09506000136011"
    db.commit()
    browser.sign_in(*house.mia)

    for text in ("slouch", "FT-TOP-01", "ft-top-01-s", "09506000136011", "9506000136011"):
        page = browser.get(f"/desk/items?find={text}").text
        assert "Marigold Slouch Top" in page and "Corner Cap" not in page, text


def test_a_word_that_fits_nothing_says_what_to_do(browser: Browser, house: House) -> None:
    page = browser.sign_in(*house.mia).get("/desk/items?find=100%25_off").text

    assert "No item fits" in page


def test_items_are_filtered_by_what_shoppers_see(browser: Browser, db: Session, house: House) -> None:
    plain = make_item(db, house.retailer, title="Plain Cap")
    retired = make_item(db, house.retailer, title="Retired Belt")
    waiting = make_item(db, house.retailer, title="Waiting Bag")
    template = make_template(db, house.retailer)
    publish_page(db, house.item, template=template)
    make_revision(db, waiting, template=template, state="submitted")
    retired.is_retired = True
    db.commit()
    browser.sign_in(*house.mia)

    def shown(state: str) -> set[str]:
        page = browser.get(f"/desk/items?state={state}").text
        titles = (house.item.title, plain.title, retired.title, waiting.title)
        return {title for title in titles if title in page}

    assert shown("") == {house.item.title, plain.title, waiting.title}
    assert shown("live") == {house.item.title}
    assert shown("plain") == {plain.title, waiting.title}
    assert shown("waiting") == {waiting.title}
    assert shown("retired") == {retired.title}
    assert shown("nonsense") == shown("")


def test_a_taken_down_page_and_a_suspended_vendors_are_not_live(browser: Browser, db: Session, house: House) -> None:
    other = make_item(db, house.retailer, title="Of another vendor")
    template = make_template(db, house.retailer)
    publish_page(db, house.item, template=template)
    publish_page(db, other, template=template)
    db.commit()
    browser.sign_in(*house.mia)
    assert house.item.title in browser.get("/desk/items?state=live").text

    take_down(db, house.item, reason="Wrong photograph", actor=None, at=now())
    supply = find_supply(db, house.retailer.id, other.vendor_id)
    assert supply
    end_supply(db, supply, at=now())
    db.commit()

    page = browser.get("/desk/items?state=live").text
    assert house.item.title not in page and other.title not in page


def test_a_publication_that_has_not_begun_or_has_ended_is_not_live(browser: Browser, db: Session, house: House) -> None:
    later, over = make_item(db, house.retailer, title="Begins later"), make_item(db, house.retailer, title="Is over")
    template = make_template(db, house.retailer)
    publish_page(db, later, template=template, at=NOON, from_at=now() + timedelta(days=1))
    publish_page(db, over, template=template, at=NOON, until_at=NOON + timedelta(days=1))
    db.commit()

    page = browser.sign_in(*house.mia).get("/desk/items?state=live").text

    assert later.title not in page and over.title not in page


def test_many_items_are_shown_page_by_page(browser: Browser, db: Session, house: House) -> None:
    for number in range(60):
        make_item(db, house.retailer, vendor=house.vendor, title=f"Sock {number:03}", sizes=("S",))
    db.commit()
    browser.sign_in(*house.mia)

    first = browser.get("/desk/items?find=sock").text
    third = browser.get("/desk/items?find=sock&page=3").text

    assert "25 of 60 items" in first and "Sock 024" in first and "Sock 025" not in first
    assert "10 of 60 items" in third and "Sock 059" in third
    assert 'href="/desk/items?find=sock&amp;page=2"' in first
    assert browser.get("/desk/items?page=-7").status_code == 200
    assert browser.get("/desk/items?page=99999999999999999999").status_code == 200


def test_the_file_has_a_line_for_each_variant_and_no_formula(browser: Browser, db: Session, house: House) -> None:
    db.get_one(Item, house.item.id).title = "=1+1"
    db.commit()

    response = browser.sign_in(*house.mia).get("/desk/items/export")

    rows = list(csv.reader(io.StringIO(response.text.removeprefix("\ufeff"))))
    assert response.mimetype == "text/csv"
    assert rows[0][:3] == ["Item", "Vendor", "Style"]
    assert [row[5] for row in rows[1:]] == ["S", "M"]
    assert rows[1][0] == "'=1+1" and rows[1][8] == "28.00"


# --- one item --------------------------------------------------------------------------------------


def test_an_item_says_what_shoppers_see_and_where_to_go_on(browser: Browser, db: Session, house: House) -> None:
    publish_page(db, house.item, at=NOON)
    db.commit()

    page = browser.sign_in(*house.mia).get(f"/desk/items/{house.item.id}").text

    assert "Revision 1 shows everywhere since" in page
    assert f'href="/i/{house.item.public_id}"' in page
    assert f'href="/desk/items/{house.item.id}/publications"' in page
    assert f'href="/desk/codes?item={house.item.id}"' in page


def test_a_price_is_changed_kept_and_logged(browser: Browser, db: Session, house: House) -> None:
    small, medium = variants_of(db, house.item)
    browser.sign_in(*house.mia)
    page = browser.get(f"/desk/items/{house.item.id}")

    response = browser.send(page, action="/prices", **{f"price-{small.id}": "24,50"})

    assert "1 variant is changed" in browser.follow(response).text
    small, medium = variants_of(db, house.item)
    assert (small.price_minor, medium.price_minor) == (2450, 2800)
    kept = seen(db, select(PriceHistory.price_minor).where(PriceHistory.variant_id == small.id))
    assert sorted(kept) == [2450, 2800]
    (entry,) = seen(db, select(AuditEntry).where(AuditEntry.action == "item.price"))
    assert entry.detail["variants"][0] | {"variant": ""} == {
        "variant": "",
        "is_hidden": False,
        "from": 2800,
        "to": 2450,
        "currency": "USD",
    }
    assert seen(db, select(PageChange).where(PageChange.item_id == house.item.id))


def test_what_is_struck_is_the_lowest_of_thirty_days_and_says_so(browser: Browser, db: Session, house: House) -> None:
    small, _ = variants_of(db, house.item)
    at = now()
    set_price(db, small, 4500, at=at - timedelta(days=20))
    set_price(db, small, 4000, at=at - timedelta(days=10))
    set_price(db, small, 3500, at=at - timedelta(days=1))
    db.commit()

    page = browser.sign_in(*house.mia).get(f"/desk/items/{house.item.id}").text

    # 28.00 held until 20 days ago, which is within the 30 days before yesterday: nothing may be struck.
    assert "<s>" not in page
    set_price(db, small, 2000, at=at)
    db.commit()
    page = browser.get(f"/desk/items/{house.item.id}").text
    assert "<s>$28.00</s>" in page and "Lowest of the 30 days before" in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("free", "is not an amount"),
        ("-1", "is not an amount that can be asked for"),
        ("1.234", "more decimals than USD has"),
        ("99999999999999", "too large for a price"),
        ("1e999999999", "is not an amount"),
        ("NaN", "is not an amount"),
        ("", "A price is not taken away again"),
    ],
)
def test_a_price_that_is_none_is_named_at_its_field_and_nothing_changes(
    browser: Browser, db: Session, house: House, text: str, said: str
) -> None:
    small, medium = variants_of(db, house.item)
    browser.sign_in(*house.mia)
    page = browser.get(f"/desk/items/{house.item.id}")

    response = browser.send(page, action="/prices", **{f"price-{small.id}": text, f"price-{medium.id}": "19.00"})

    assert response.status_code == 422
    assert said in response.text and f'id="f-price-{small.id}-err"' in response.text
    assert 'value="19.00"' in response.text, "what was typed is kept"
    assert [each.price_minor for each in variants_of(db, house.item)] == [2800, 2800]


def test_a_variant_is_hidden_and_shown_but_never_the_last_one(browser: Browser, db: Session, house: House) -> None:
    small, medium = variants_of(db, house.item)
    browser.sign_in(*house.mia)
    page = browser.get(f"/desk/items/{house.item.id}")

    browser.send(page, action="/prices", hidden=[small.id])
    both = browser.send(page, action="/prices", hidden=[small.id, medium.id])

    assert [each.is_hidden for each in variants_of(db, house.item)] == [True, False]
    assert both.status_code == 422 and "Nothing would be left to show" in both.text
    browser.send(page, action="/prices")
    assert not any(each.is_hidden for each in variants_of(db, house.item))


def test_sec_c05_what_a_vendor_adds_is_hidden_until_somebody_shows_it(
    app: Flask, browser: Browser, db: Session, house: House
) -> None:
    product = db.get_one(VendorProduct, house.item.product_id)
    added = VariantDraft("xl", (("Size", "BUY AT EVIL"),), "USD", price_minor=1)
    put_product(db, product.vendor_id, ProductDraft(product.key, variants=(added,)), at=now())
    list_at(db, product, house.retailer.id, now())
    db.commit()
    browser.sign_in(*house.mia)

    before = browser.get(f"/i/{house.item.public_id}").text
    waiting, found = browser.get("/desk").text, browser.get("/desk/items?state=proposed").text
    page = browser.get(f"/desk/items/{house.item.id}")
    browser.send(page, action="/prices", hidden=[])
    hear(app)

    assert "EVIL" not in before and "$0.01" not in before
    assert f"{house.item.title} has new choices" in waiting and house.item.title in found
    assert "New from the vendor" in page.text
    assert [each.is_hidden for each in variants_of(db, house.item)] == [False] * 3
    assert "BUY AT EVIL" in browser.get(f"/i/{house.item.public_id}").text
    assert "has new choices" not in browser.get("/desk").text


def test_the_same_prices_again_change_nothing(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)
    page = browser.get(f"/desk/items/{house.item.id}")

    again = browser.follow(browser.send(page, action="/prices"))

    assert "Nothing was different" in again.text
    assert not count_entries(db, "item.price")


def test_stock_of_one_store_is_counted_and_the_rest_stays(browser: Browser, db: Session, house: House) -> None:
    small, _ = variants_of(db, house.item)
    browser.sign_in(*house.mia)
    page = browser.get(f"/desk/items/{house.item.id}?store={house.store.id}")

    response = browser.send(page, action="/stock", **{f"pieces-{small.id}": "12"})

    assert "Counted in Riverside" in browser.follow(response).text
    assert [(row.variant_id, row.pieces) for row in seen(db, select(Stock))] == [(small.id, 12)]


@pytest.mark.parametrize("text", ["-1", "1.5", "many", "1000001", "99999999999999999999", "١٢"])
def test_pieces_that_are_no_number_are_named(browser: Browser, db: Session, house: House, text: str) -> None:
    small, _ = variants_of(db, house.item)
    browser.sign_in(*house.mia)
    page = browser.get(f"/desk/items/{house.item.id}?store={house.store.id}")

    response = browser.send(page, action="/stock", **{f"pieces-{small.id}": text})

    assert response.status_code == 422 and "is not a number of pieces" in response.text
    assert not seen(db, select(Stock))


def test_stock_cannot_be_counted_in_another_houses_store(browser: Browser, db: Session, house: House) -> None:
    foreign = make_store(db, house.other)
    db.commit()
    small, _ = variants_of(db, house.item)
    browser.sign_in(*house.mia)

    response = browser.post(f"/desk/items/{house.item.id}/stock", {"store": foreign.id, f"pieces-{small.id}": "5"})

    assert response.status_code == 404
    assert browser.get(f"/desk/items/{house.item.id}?store={foreign.id}").status_code == 404
    assert not seen(db, select(Stock))


def test_a_variant_of_another_item_cannot_be_priced_through_this_one(
    browser: Browser, db: Session, house: House
) -> None:
    stranger = make_item(db, house.other)
    db.commit()
    variant = variants_of(db, stranger)[0]
    browser.sign_in(*house.mia)

    browser.post(f"/desk/items/{house.item.id}/prices", {f"price-{variant.id}": "1.00"})

    assert variants_of(db, stranger)[0].price_minor == 2800


def test_name_category_and_template_are_the_retailers(browser: Browser, db: Session, house: House) -> None:
    template = make_template(db, house.retailer, name="Quiet", is_default=False)
    db.commit()
    browser.sign_in(*house.mia)
    page = browser.get(f"/desk/items/{house.item.id}")

    browser.send(page, action="/details", title="  Der  Gelbe \u202eTop ", category="Strick", template=template.id)

    item = again(db, house.item)
    assert (item.title, item.category, item.template_id) == ("Der Gelbe Top", "Strick", template.id)


@pytest.mark.parametrize(("title", "said"), [("", "Every item needs a name."), ("x" * 201, "At most 200 characters")])
def test_a_name_that_cannot_be_taken_is_named(
    browser: Browser, db: Session, house: House, title: str, said: str
) -> None:
    browser.sign_in(*house.mia)

    response = browser.post(f"/desk/items/{house.item.id}/details", {"title": title, "category": "Tops"})

    assert response.status_code == 422 and said in response.text


def test_another_houses_template_is_not_there(browser: Browser, db: Session, house: House) -> None:
    foreign = make_template(db, house.other)
    db.commit()
    browser.sign_in(*house.mia)

    response = browser.post(f"/desk/items/{house.item.id}/details", {"title": "Top", "template": foreign.id})

    assert response.status_code == 404
    assert again(db, house.item).template_id is None


def test_no_field_of_a_form_sets_what_the_form_does_not_show(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)
    said = {"title": "Top", "retailer_id": house.other.id, "vendor_id": "x", "is_retired": "1", "public_id": "mine"}

    browser.post(f"/desk/items/{house.item.id}/details", said)

    item = again(db, house.item)
    assert item.retailer_id == house.retailer.id and item.vendor_id == house.vendor.id
    assert not item.is_retired and item.public_id == house.item.public_id


def test_an_item_is_retired_and_taken_back_and_twice_is_once(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)

    for action in ("retire", "retire"):
        assert browser.post(f"/desk/items/{house.item.id}/{action}").status_code == 303
    assert again(db, house.item).is_retired
    assert "Take it back into the range" in browser.get(f"/desk/items/{house.item.id}").text
    browser.post(f"/desk/items/{house.item.id}/unretire")
    assert not again(db, house.item).is_retired
    assert count_entries(db, "item.retire") == 1


# --- who may ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", KEPT_OUT)
def test_who_does_not_look_after_items_does_not_see_them(browser: Browser, house: House, role: Role) -> None:
    browser.sign_in(*house.people[role])

    for address in ("/desk/items", "/desk/items/export", f"/desk/items/{house.item.id}"):
        assert browser.get(address).status_code == 404
    assert browser.post(f"/desk/items/{house.item.id}/retire").status_code == 404


def test_otto_finds_none_of_our_items_and_changes_none(browser: Browser, db: Session, house: House) -> None:
    small, _ = variants_of(db, house.item)
    browser.sign_in(*house.otto)

    assert house.item.title not in browser.get("/desk/items").text
    assert house.item.title not in browser.get("/desk/items/export").text
    assert browser.get(f"/desk/items/{house.item.id}").status_code == 404
    for action in ("prices", "stock", "details", "retire", "unretire"):
        said = {f"price-{small.id}": "1.00", "title": "Mine", "store": house.store.id}
        assert browser.post(f"/desk/items/{house.item.id}/{action}", said).status_code == 404
    assert again(db, house.item).title == "Marigold Slouch Top"
    assert variants_of(db, house.item)[0].price_minor == 2800


def test_a_form_without_its_token_changes_nothing(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)

    response = browser.post(f"/desk/items/{house.item.id}/retire", {"csrf": "0" * 64})

    assert response.status_code == 400
    assert not again(db, house.item).is_retired


def test_every_field_of_the_form_comes_back_as_it_was(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)
    page = browser.get(f"/desk/items/{house.item.id}")

    form = find_form(page.text, "/details")

    assert form.fields["title"] == "Marigold Slouch Top" and form.fields["category"] == "Tops"
