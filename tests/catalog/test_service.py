"""Products, listing, prices, stock and retirement: what changes, what stays, what is told to shoppers' pages."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.audit import AuditEntry
from qrmerch.catalog.drafts import ProductDraft, VariantDraft
from qrmerch.catalog.models import Item, PriceHistory, ProductVariant, Stock, Variant, VendorProduct
from qrmerch.catalog.queries import list_product_variants, list_variants, stock_of
from qrmerch.catalog.service import (
    NotSupplied,
    list_at,
    put_product,
    retire_item,
    set_price,
    set_stock,
    unretire_item,
)
from qrmerch.errors import FormError, NotFound
from qrmerch.parties.models import PageChange
from qrmerch.parties.queries import find_supply
from tests.conftest import NOON
from tests.factories import make_item, make_product, make_retailer, make_store, make_vendor


def count(db: Session, table: type) -> int:
    return db.scalar(select(func.count()).select_from(table)) or 0


def draft(*sizes: str, **values: object) -> ProductDraft:
    variants = tuple(VariantDraft(each.lower(), (("Size", each),), "USD", price_minor=2800) for each in sizes)
    return ProductDraft("TOP", **{"title": "Top", "variants": variants, **values})  # type: ignore[arg-type]


def changes_of(db: Session, item: Item) -> int:
    return db.scalar(select(func.count()).where(PageChange.item_id == item.id)) or 0


def test_a_product_is_made_changed_or_left_as_it_is(db: Session) -> None:
    vendor = make_vendor(db)

    product, made = put_product(db, vendor.id, draft("S"), at=NOON)
    _, same = put_product(db, vendor.id, draft("S"), at=NOON + timedelta(hours=1))
    unchanged_at = product.updated_at
    _, changed = put_product(db, vendor.id, draft("S", "M"), at=NOON + timedelta(hours=2))

    assert (made, same, changed) == ("created", "unchanged", "updated")
    assert (unchanged_at, product.updated_at) == (NOON, NOON + timedelta(hours=2))
    assert [each.key for each in list_product_variants(db, product.id)] == ["s", "m"]


def test_a_new_product_needs_a_title(db: Session) -> None:
    with pytest.raises(FormError, match="needs a name"):
        put_product(db, make_vendor(db).id, draft("S", title=None), at=NOON)

    assert count(db, VendorProduct) == 0


def test_options_and_texts_keep_their_order(db: Session) -> None:
    variant = VariantDraft("marigold/s", (("Colour", "Marigold"), ("Size", "S"), ("Fit", "Loose")), "USD")
    product, _ = put_product(
        db, make_vendor(db).id, draft(variants=(variant,), texts={"story": "A", "care": "B", "blurb": "C"}), at=NOON
    )
    db.commit()
    db.expire_all()

    assert list(list_product_variants(db, product.id)[0].options) == ["Colour", "Size", "Fit"]
    assert list(product.texts) == ["story", "care", "blurb"]


def test_a_price_beyond_21_million_is_kept(db: Session) -> None:
    retailer = make_retailer(db)
    item = make_item(db, retailer, price_minor=999_999_999_999)
    db.commit()
    db.expire_all()

    assert list_variants(db, item.id)[0].price_minor == 999_999_999_999


def test_listing_makes_an_item_with_every_size_and_its_first_price(db: Session) -> None:
    retailer = make_retailer(db)
    vendor = make_vendor(db, retailer)
    product = make_product(db, vendor, sizes=("S", "M"))

    item = list_at(db, product, retailer.id, NOON)

    assert (item.retailer_id, item.vendor_id, item.title, item.category) == (
        retailer.id, vendor.id, product.title, "Tops",
    )  # fmt: skip
    assert [(each.key, each.price_minor) for each in list_variants(db, item.id)] == [("s", 2800), ("m", 2800)]
    assert [(each.price_minor, each.from_at) for each in db.scalars(select(PriceHistory))] == [(2800, NOON)] * 2
    assert changes_of(db, item) == 1


def test_listing_again_changes_nothing(db: Session) -> None:
    retailer = make_retailer(db)
    vendor = make_vendor(db, retailer)
    product = make_product(db, vendor)
    first = list_at(db, product, retailer.id, NOON)

    again = list_at(db, product, retailer.id, NOON + timedelta(days=1))

    assert again.id == first.id
    assert (count(db, Item), count(db, Variant), count(db, PriceHistory)) == (1, 2, 2)
    assert changes_of(db, first) == 1


def test_listing_again_adds_new_sizes_and_leaves_what_the_retailer_set(db: Session) -> None:
    retailer = make_retailer(db)
    vendor = make_vendor(db, retailer)
    product, _ = put_product(db, vendor.id, draft("S"), at=NOON)
    item = list_at(db, product, retailer.id, NOON)
    item.title, item.category = "Our Top", "Summer"
    set_price(db, list_variants(db, item.id)[0], 3500, at=NOON + timedelta(hours=1))

    put_product(db, vendor.id, draft("S", "M", title="Renamed", category="Other"), at=NOON + timedelta(hours=2))
    list_at(db, product, retailer.id, NOON + timedelta(hours=2))

    assert (item.title, item.category) == ("Our Top", "Summer")
    small, medium = list_variants(db, item.id)
    assert (small.key, small.price_minor, small.is_hidden, small.is_proposed) == ("s", 3500, False, False)
    assert (medium.key, medium.price_minor, medium.is_hidden, medium.is_proposed) == ("m", 2800, True, True)


def test_a_price_in_another_currency_is_no_first_price(db: Session) -> None:
    retailer = make_retailer(db)
    vendor = make_vendor(db, retailer)
    euro = VariantDraft("s", (("Size", "S"),), "EUR", price_minor=2800)
    product, _ = put_product(db, vendor.id, draft(variants=(euro,)), at=NOON)

    item = list_at(db, product, retailer.id, NOON)

    assert [(each.price_minor, each.currency) for each in list_variants(db, item.id)] == [(None, "USD")]
    assert count(db, PriceHistory) == 0


def test_the_same_product_is_another_item_at_each_retailer(db: Session) -> None:
    one, other = make_retailer(db), make_retailer(db)
    product = make_product(db, make_vendor(db, one, other))

    items = [list_at(db, product, retailer.id, NOON) for retailer in (one, other)]

    assert len({each.id for each in items}) == len({each.public_id for each in items}) == 2


def test_a_retailer_that_is_not_supplied_lists_nothing(db: Session) -> None:
    retailer = make_retailer(db, name="Harbour & Pine")
    product = make_product(db, make_vendor(db))

    with pytest.raises(NotSupplied, match="Ask Harbour & Pine to add the vendor"):
        list_at(db, product, retailer.id, NOON)

    assert count(db, Item) == 0


def test_a_supply_that_ended_lists_nothing_more(db: Session) -> None:
    retailer = make_retailer(db)
    vendor = make_vendor(db, retailer)
    product = make_product(db, vendor)
    supply = find_supply(db, retailer.id, vendor.id)
    assert supply is not None
    supply.ended_at = NOON
    db.flush()

    with pytest.raises(NotSupplied):
        list_at(db, product, retailer.id, NOON)


def test_a_retailer_that_is_not_there_is_not_found(db: Session) -> None:
    with pytest.raises(NotFound):
        list_at(db, make_product(db, make_vendor(db)), "nobody", NOON)


def test_a_price_holds_from_its_instant_and_is_told_to_the_page(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    variant = list_variants(db, item.id)[0]
    before = changes_of(db, item)

    set_price(db, variant, 2400, at=NOON)

    assert variant.price_minor == 2400
    assert changes_of(db, item) == before + 1


def test_the_price_it_has_already_is_no_new_price(db: Session) -> None:
    item = make_item(db, make_retailer(db), price_minor=2800)
    variant = list_variants(db, item.id)[0]
    before = changes_of(db, item)

    set_price(db, variant, 2800, at=NOON)

    assert db.scalar(select(func.count()).where(PriceHistory.variant_id == variant.id)) == 1
    assert changes_of(db, item) == before


def test_a_history_can_be_entered_in_any_order(db: Session) -> None:
    variant = list_variants(db, make_item(db, make_retailer(db), price_minor=2800).id)[0]

    set_price(db, variant, 2400, at=NOON)
    set_price(db, variant, 3000, at=NOON - timedelta(days=10))

    assert variant.price_minor == 2400


@pytest.mark.parametrize("price", [-1, 10**12 + 1])
def test_a_price_that_is_none_is_refused(db: Session, price: int) -> None:
    variant = list_variants(db, make_item(db, make_retailer(db)).id)[0]

    with pytest.raises(FormError):
        set_price(db, variant, price, at=NOON)

    assert variant.price_minor == 2800


def test_nothing_may_be_free(db: Session) -> None:
    variant = list_variants(db, make_item(db, make_retailer(db)).id)[0]

    set_price(db, variant, 0, at=NOON)

    assert variant.price_minor == 0


def test_stock_is_the_newest_figure_of_a_store(db: Session) -> None:
    retailer = make_retailer(db)
    item, store = make_item(db, retailer), make_store(db, retailer)
    variant = list_variants(db, item.id)[0]

    set_stock(db, variant, store, 7, as_of=NOON)
    set_stock(db, variant, store, 4, as_of=NOON - timedelta(seconds=1))
    older = stock_of(db, item.id, store.id)
    set_stock(db, variant, store, 3, as_of=NOON)

    assert older == {variant.id: 7}
    assert stock_of(db, item.id, store.id) == {variant.id: 3}
    assert count(db, Stock) == 1


def test_a_count_made_hours_ago_is_told_to_pages_when_it_is_said(db: Session) -> None:
    retailer = make_retailer(db)
    item, store = make_item(db, retailer), make_store(db, retailer)

    set_stock(db, list_variants(db, item.id)[0], store, 7, as_of=NOON - timedelta(hours=6), at=NOON)

    told = db.scalars(select(PageChange.at).where(PageChange.item_id == item.id).order_by(PageChange.at.desc()))
    assert told.first() == NOON


def test_an_older_figure_is_not_told_to_pages(db: Session) -> None:
    retailer = make_retailer(db)
    item, store = make_item(db, retailer), make_store(db, retailer)
    variant = list_variants(db, item.id)[0]
    set_stock(db, variant, store, 7, as_of=NOON)
    before = changes_of(db, item)

    set_stock(db, variant, store, 4, as_of=NOON - timedelta(hours=1))

    assert changes_of(db, item) == before


def test_fewer_than_no_pieces_and_another_retailers_store_are_refused(db: Session) -> None:
    retailer = make_retailer(db)
    variant = list_variants(db, make_item(db, retailer).id)[0]

    with pytest.raises(FormError):
        set_stock(db, variant, make_store(db, retailer), -1, as_of=NOON)
    with pytest.raises(NotFound):
        set_stock(db, variant, make_store(db, make_retailer(db)), 1, as_of=NOON)

    assert count(db, Stock) == 0


def test_an_item_is_retired_once_and_taken_back(db: Session) -> None:
    item = make_item(db, make_retailer(db))
    before = changes_of(db, item)

    retire_item(db, item, at=NOON)
    retire_item(db, item, at=NOON)
    was_retired = item.is_retired
    unretire_item(db, item, at=NOON)

    done = list(
        db.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == item.id).order_by(AuditEntry.number))
    )
    assert (was_retired, item.is_retired) == (True, False)
    assert done == ["item.retire", "item.unretire"]
    assert changes_of(db, item) == before + 2


def test_a_product_of_two_vendors_with_one_key_is_two_products(db: Session) -> None:
    for vendor in (make_vendor(db), make_vendor(db)):
        put_product(db, vendor.id, draft("S"), at=NOON)

    assert (count(db, VendorProduct), count(db, ProductVariant)) == (2, 2)
