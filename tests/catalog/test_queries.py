"""Reads of items, products and prices: the 30-day rule at its edges, lists in pages, whose rows they are."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from qrmerch.catalog.models import PriceHistory, Variant
from qrmerch.catalog.queries import (
    gtins_in_use,
    list_categories,
    list_items,
    list_product_variants,
    list_products,
    list_variants,
    lowest_price_30_days,
    was_prices,
)
from qrmerch.catalog.service import list_at, set_price
from tests.conftest import NOON
from tests.factories import make_item, make_product, make_retailer, make_vendor

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def priced(db: Session, *history: tuple[int, datetime]) -> Variant:
    """A variant with exactly this history."""
    variant = list_variants(db, make_item(db, make_retailer(db)).id)[0]
    db.execute(delete(PriceHistory).where(PriceHistory.variant_id == variant.id))
    for price, at in history:
        set_price(db, variant, price, at=at)
    return variant


def test_the_prior_price_is_the_lowest_of_thirty_days(db: Session) -> None:
    variant = priced(db, (4500, NOON - 90 * DAY), (3900, NOON - 20 * DAY), (4200, NOON - 10 * DAY))

    assert lowest_price_30_days(db, variant.id, NOON) == 3900


def test_a_price_that_held_from_before_the_period_counts(db: Session) -> None:
    variant = priced(db, (4500, NOON - 90 * DAY))

    assert lowest_price_30_days(db, variant.id, NOON) == 4500


def test_a_price_that_ended_when_the_period_began_does_not_count(db: Session) -> None:
    ended = priced(db, (2000, NOON - 60 * DAY), (4500, NOON - 30 * DAY))
    lasted = priced(db, (2000, NOON - 60 * DAY), (4500, NOON - 30 * DAY + SECOND))

    assert lowest_price_30_days(db, ended.id, NOON) == 4500
    assert lowest_price_30_days(db, lasted.id, NOON) == 2000


def test_the_reduction_itself_is_not_looked_at(db: Session) -> None:
    variant = priced(db, (4500, NOON - 60 * DAY), (3000, NOON))

    assert lowest_price_30_days(db, variant.id, NOON) == 4500


def test_without_an_earlier_price_there_is_no_prior_price(db: Session) -> None:
    variant = priced(db, (4500, NOON))

    assert lowest_price_30_days(db, variant.id, NOON) is None


def test_the_was_price_is_the_lowest_before_the_present_price_began(db: Session) -> None:
    variant = priced(db, (4500, NOON - 90 * DAY), (4200, NOON - 25 * DAY), (3600, NOON - 5 * DAY))

    assert was_prices(db, [variant.id], NOON) == {variant.id: 4200}


@pytest.mark.parametrize("began", [NOON, NOON - 5 * DAY])
def test_a_present_price_that_is_not_lower_has_no_was_price(db: Session, began: datetime) -> None:
    raised = priced(db, (3600, NOON - 90 * DAY), (4500, began))
    dipped = priced(db, (4500, NOON - 90 * DAY), (3000, began - 20 * DAY), (3600, began))

    assert was_prices(db, [raised.id, dipped.id], NOON) == {}


def test_a_price_that_begins_later_is_not_yet_the_present_one(db: Session) -> None:
    variant = priced(db, (4500, NOON - 90 * DAY), (3600, NOON + SECOND))

    assert was_prices(db, [variant.id], NOON) == {}
    assert was_prices(db, [variant.id], NOON + SECOND) == {variant.id: 4500}


def test_an_old_low_price_does_not_spoil_the_was_price_after_thirty_days(db: Session) -> None:
    began = NOON - 5 * DAY
    spoilt = priced(db, (3000, NOON - 90 * DAY), (4500, began - 30 * DAY + SECOND), (3600, began))
    clear = priced(db, (3000, NOON - 90 * DAY), (4500, began - 30 * DAY), (3600, began))

    assert was_prices(db, [spoilt.id, clear.id], NOON) == {clear.id: 4500}


def test_items_are_found_by_words_sku_gtin_and_style(db: Session) -> None:
    retailer = make_retailer(db)
    top = make_item(db, retailer, title="Marigold Top", key="FT-TOP-01")
    make_item(db, retailer, title="Corner Cap", key="FT-HAT-01")
    list_variants(db, top.id)[0].gtin = "09506000136011"
    db.flush()

    for find in ("marigold", "ft-top", "FT-TOP-01-M", "9506000136011", "09506000136011"):
        lines, total = list_items(db, retailer.id, find=find)
        assert ([line.item.id for line in lines], total) == ([top.id], 1), find


def test_a_percent_sign_is_looked_for_as_it_is(db: Session) -> None:
    retailer = make_retailer(db)
    make_item(db, retailer, title="100% Wool")
    make_item(db, retailer, title="100 Wool")

    assert list_items(db, retailer.id, find="100%")[1] == 1
    assert list_items(db, retailer.id, find="_")[1] == 0


def test_a_list_of_items_comes_in_pages_with_its_figures(db: Session) -> None:
    retailer = make_retailer(db)
    for title in ("cap", "Apron", "Belt"):
        make_item(db, retailer, title=title)

    first, total = list_items(db, retailer.id, per_page=2)
    last, _ = list_items(db, retailer.id, per_page=2, page=2)

    assert total == 3
    assert [line.item.title for line in (*first, *last)] == ["Apron", "Belt", "cap"]
    assert (first[0].variants, first[0].from_price_minor, first[0].currency) == (2, 2800, "USD")


def test_retired_items_are_left_out_unless_asked_for(db: Session) -> None:
    retailer = make_retailer(db)
    make_item(db, retailer).is_retired = True
    make_item(db, retailer)
    db.flush()

    counts = [list_items(db, retailer.id, is_retired=which)[1] for which in (False, True, None)]

    assert counts == [1, 1, 2]


def test_another_retailers_items_and_categories_are_not_listed(db: Session) -> None:
    mine, other = make_retailer(db), make_retailer(db)
    make_item(db, other)

    assert list_items(db, mine.id) == ([], 0)
    assert list_categories(db, mine.id) == []
    assert list_categories(db, other.id) == ["Tops"]


def test_products_are_listed_with_their_items_and_by_where_they_are_listed(db: Session) -> None:
    retailer = make_retailer(db)
    vendor = make_vendor(db, retailer)
    listed, loose = make_product(db, vendor, title="Top"), make_product(db, vendor, title="Cap", sizes=("One",))
    item = list_at(db, listed, retailer.id, NOON)
    make_product(db, make_vendor(db), title="Olga's")

    lines, total = list_products(db, vendor.id)

    assert total == 2
    assert [(line.product.id, line.variants, [each.id for each in line.items]) for line in lines] == [
        (loose.id, 1, []),
        (listed.id, 2, [item.id]),
    ]
    assert [line.product.id for line in list_products(db, vendor.id, retailer_id="none")[0]] == [loose.id]
    assert [line.product.id for line in list_products(db, vendor.id, retailer_id=retailer.id)[0]] == [listed.id]


def test_a_gtin_is_looked_for_among_the_vendors_own(db: Session) -> None:
    vera, olga = make_vendor(db), make_vendor(db)
    for vendor in (vera, olga):
        product = make_product(db, vendor, key=f"{vendor.name}-style")
        list_product_variants(db, product.id)[0].gtin = "09506000136011"
    db.flush()

    assert gtins_in_use(db, vera.id, ["09506000136011", "x"]) == {"09506000136011": {f"{vera.name}-style"}}
