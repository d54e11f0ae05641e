"""Prices, stock, variants and offers in words."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from qrmerch.catalog.models import Variant
from qrmerch.money import format_money
from qrmerch.offers.models import Offer, OfferKind
from qrmerch.parties.models import Store
from qrmerch.rendering.wording import (
    FEW_PIECES,
    Shelf,
    is_live,
    list_other_stores,
    stock_state,
    word_choice,
    word_offer,
    word_price,
    word_stock,
    word_stock_at,
)
from tests.conftest import NOON

RIVERSIDE = Store(id="riverside", short_name="Riverside")
GALLERIA = Store(id="galleria", short_name="Galleria")


def variant(key: str, price_minor: int | None = 2800, currency: str = "USD", **options: str) -> Variant:
    return Variant(
        id=key, key=key, sku="", price_minor=price_minor, currency=currency, options=options or {"Size": key}
    )


def shelf(
    *variants: Variant,
    was: dict[str, int] | None = None,
    pieces: dict[tuple[str, str], int] | None = None,
    stores: Sequence[Store] = (RIVERSIDE, GALLERIA),
) -> Shelf:
    return Shelf(variants, was or {}, pieces or {}, stores)


def offer(kind: OfferKind = OfferKind.PERCENT, value: int = 10, **more: object) -> Offer:
    values: dict[str, object] = {
        "public_id": "o",
        "currency": "USD",
        "headline": {"en": "10% off"},
        "terms": {},
        "store_ids": None,
        "from_at": NOON,
        "until_at": NOON + timedelta(days=1),
        **more,
    }
    return Offer(kind=kind, value=value, **values)


# --- prices -----------------------------------------------------------------------------------------


def test_one_price_for_all_variants_is_the_price() -> None:
    price = word_price(shelf(variant("S"), variant("M")), "en", offer=None, hides_reductions=False)

    assert price is not None
    assert (price.now, price.was, price.with_offer) == ("$28.00", None, None)


@pytest.mark.parametrize(
    ("price_minor", "locale", "text"),
    [(480_000, "en", "€4,800"), (480_000, "de", "4.800 €"), (480_050, "en", "€4,800.50"), (480_000, "ar", "€4,800")],
)
def test_a_house_that_does_not_discount_writes_whole_prices_without_noughts(
    price_minor: int, locale: str, text: str
) -> None:
    price = word_price(shelf(variant("S", price_minor, "EUR")), locale, offer=None, hides_reductions=True)

    assert price is not None
    assert price.now.replace("\u00a0", " ") == text


def test_different_prices_begin_with_the_lowest_and_strike_nothing() -> None:
    stocked = shelf(variant("S", 3200), variant("M", 2800), was={"S": 4000, "M": 4000})

    price = word_price(stocked, "en", offer=offer(), hides_reductions=False)

    assert price is not None
    assert (price.now, price.was, price.with_offer) == ("from $28.00", None, None)


def test_no_variant_with_a_price_has_no_price() -> None:
    assert word_price(shelf(variant("S", None)), "en", offer=None, hides_reductions=False) is None
    assert word_price(shelf(), "en", offer=None, hides_reductions=False) is None


def test_a_variant_without_a_price_does_not_count() -> None:
    price = word_price(shelf(variant("S", None), variant("M", 2800)), "en", offer=None, hides_reductions=False)

    assert price is not None
    assert price.now == "$28.00"


def test_a_was_price_is_struck_only_where_every_variant_had_it() -> None:
    both = shelf(variant("S"), variant("M"), was={"S": 3500, "M": 3500})
    one = shelf(variant("S"), variant("M"), was={"S": 3500})
    other = shelf(variant("S"), variant("M"), was={"S": 3500, "M": 4000})

    struck = [word_price(each, "en", offer=None, hides_reductions=False) for each in (both, one, other)]

    assert [each.was for each in struck if each] == ["$35.00", None, None]


def test_a_house_that_does_not_discount_strikes_nothing() -> None:
    price = word_price(shelf(variant("S"), was={"S": 3500}), "en", offer=offer(), hides_reductions=True)

    assert price is not None
    assert (price.was, price.with_offer) == (None, None)


@pytest.mark.parametrize(
    ("kind", "value", "price_minor", "expected"),
    [
        (OfferKind.PERCENT, 10, 2800, "$25.20 with the code"),
        (OfferKind.PERCENT, 33, 1999, "$13.39 with the code"),
        (OfferKind.PERCENT, 15, 10, "$0.09 with the code"),
        (OfferKind.PERCENT, 100, 2800, "$0.00 with the code"),
        (OfferKind.AMOUNT, 500, 2800, "$23.00 with the code"),
        (OfferKind.AMOUNT, 2800, 2800, "$0.00 with the code"),
        (OfferKind.AMOUNT, 2801, 2800, None),
        (OfferKind.GIFT, 0, 2800, None),
        (OfferKind.EXPERIENCE, 0, 2800, None),
    ],
)
def test_the_price_with_the_code(kind: OfferKind, value: int, price_minor: int, expected: str | None) -> None:
    price = word_price(shelf(variant("S", price_minor)), "en", offer=offer(kind, value), hides_reductions=False)

    assert price is not None
    assert price.with_offer == expected


def test_money_of_another_currency_takes_nothing_off() -> None:
    stocked = shelf(variant("S", 2800, "EUR"))

    price = word_price(stocked, "en", offer=offer(OfferKind.AMOUNT, 500), hides_reductions=False)

    assert price is not None
    assert price.with_offer is None


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "text"),
    [
        (5500, "USD", "en", "$55.00"),
        (5500, "USD", "ar", "$55.00"),
        (550000, "EUR", "ar", "€5,500.00"),
        (5500, "AED", "ar", "\u200f55.00\u00a0د.إ.\u200f"),
        (5500, "AED", "en", "AED\u00a055.00"),
        (5500, "CHF", "en", "CHF\u00a055.00"),
        (5500, "JPY", "en", "¥5,500"),
        (5500, "KWD", "en", "KWD\u00a05.500"),
        (123456, "EUR", "de", "1.234,56\u00a0€"),
    ],
)
def test_money_stays_whole_in_every_direction(minor: int, currency: str, locale: str, text: str) -> None:
    assert format_money(minor, currency, locale) == text


# --- stock ------------------------------------------------------------------------------------------


def test_stock_is_said_without_its_number() -> None:
    states = [stock_state(pieces) for pieces in (-1, 0, 1, FEW_PIECES, FEW_PIECES + 1, 10_000)]

    assert states == ["none", "none", "few", "few", "in_stock", "in_stock"]


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        (8, None, ("in_stock", "In stock here, at Riverside")),
        (2, 9, ("few", "Few left here, at Riverside")),
        (0, 9, ("none", "None here today. In stock at Galleria")),
        (0, 1, ("none", "None here today. In stock at Galleria")),
        (0, 0, ("none", "None here today, at Riverside")),
        (None, 9, ("", "")),
        (None, None, ("", "")),
        (-4, None, ("none", "None here today, at Riverside")),
    ],
)
def test_stock_where_the_shopper_stands(here: int | None, there: int | None, expected: tuple[str, str]) -> None:
    pieces = {("riverside", "S"): here, ("galleria", "S"): there}
    stocked = shelf(variant("S"), pieces={key: count for key, count in pieces.items() if count is not None})

    assert word_stock(stocked, RIVERSIDE, "en") == expected


def test_a_minus_of_one_variant_takes_nothing_from_another() -> None:
    stocked = shelf(variant("S"), variant("M"), pieces={("riverside", "S"): -9, ("riverside", "M"): 5})

    assert word_stock(stocked, RIVERSIDE, "en")[0] == "in_stock"


def test_stock_nowhere_in_particular_names_the_stores_that_have_it() -> None:
    stocked = shelf(variant("S"), pieces={("riverside", "S"): 1, ("galleria", "S"): 9})

    assert word_stock(stocked, None, "en") == ("in_stock", "In stock at Riverside and Galleria")
    assert word_stock(stocked, None, "ar") == ("in_stock", "متوفر في Riverside وGalleria")


def test_many_stores_are_named_in_part_and_counted() -> None:
    stores = [Store(id=str(n), short_name=f"Store {n}") for n in range(1, 41)]
    stocked = shelf(variant("S"), pieces={(store.id, "S"): 9 for store in stores}, stores=stores)

    _, words = word_stock(stocked, None, "en")
    rows = list_other_stores(stocked, stores[0], "en")

    assert words == "In stock at Store 1, Store 2, Store 3 and 37 more"
    assert len(rows) == 13
    assert (rows[-1].name, rows[-1].value) == ("And more", "27 other stores")


def test_on_a_list_nobody_stands_here() -> None:
    stocked = shelf(variant("S"), pieces={("riverside", "S"): 2})

    assert word_stock_at(stocked, RIVERSIDE, "en") == ("few", "Few left at Riverside")
    assert word_stock_at(shelf(variant("S")), RIVERSIDE, "en") == ("", "")


def test_the_other_stores_are_listed_with_what_they_have() -> None:
    pieces = {("riverside", "S"): 9, ("galleria", "S"): 0, ("galleria", "M"): 4, ("galleria", "L"): 1}
    stocked = shelf(variant("S"), variant("M"), variant("L"), pieces=pieces)

    (row,) = list_other_stores(stocked, RIVERSIDE, "en")

    assert (row.name, row.value) == ("Galleria", "M, L")


# --- variants ---------------------------------------------------------------------------------------


def test_one_variant_is_no_choice() -> None:
    assert word_choice(shelf(variant("S")), RIVERSIDE, "en") is None


def test_a_choice_says_what_differs() -> None:
    sizes = word_choice(
        shelf(variant("a", Size="S", Colour="Marigold"), variant("b", Size="M", Colour="Marigold")), None, "en"
    )
    both = word_choice(
        shelf(variant("a", Size="S", Colour="Marigold"), variant("b", Size="M", Colour="White")), None, "ar"
    )

    assert sizes is not None
    assert both is not None
    assert (sizes.legend, [chip.label for chip in sizes.chips]) == ("Size", ["S", "M"])
    assert (both.legend, both.chips[0].label) == ("المقاس واللون", "S، Marigold")


def test_variants_that_differ_in_nothing_are_told_by_their_key() -> None:
    choice = word_choice(shelf(variant("a", Size="S"), variant("b", Size="S")), None, "en")

    assert choice is not None
    assert (choice.legend, [chip.label for chip in choice.chips]) == ("Version", ["a", "b"])


def test_what_is_gone_here_says_where_it_is() -> None:
    pieces = {("riverside", "S"): 0, ("galleria", "S"): 9, ("riverside", "M"): 0, ("riverside", "L"): 9}
    choice = word_choice(shelf(variant("S"), variant("M"), variant("L"), pieces=pieces), RIVERSIDE, "en")

    assert choice is not None
    assert [(chip.stock, chip.elsewhere) for chip in choice.chips] == [
        ("none", "In stock at Galleria"),
        ("none", "In no store today"),
        ("in_stock", ""),
    ]


@pytest.mark.parametrize(
    ("labels", "width"),
    [
        (["S", "M"], ""),
        (["36", "37", "38", "39", "40"], "dense"),
        ([str(n) for n in range(24)], "dense"),
        ([str(n) for n in range(25)], "list"),
        (["Small", "Extra large"], "long"),
        ([f"Waist {n}" for n in range(12)], ""),
        ([f"Waist {n}" for n in range(13)], "list"),
    ],
)
def test_how_many_chips_there_are_decides_how_they_stand(labels: list[str], width: str) -> None:
    choice = word_choice(shelf(*(variant(label) for label in labels)), None, "en")

    assert choice is not None
    assert choice.width == width


# --- offers -----------------------------------------------------------------------------------------


def test_an_offer_ends_in_the_places_own_time() -> None:
    until = datetime(2026, 12, 7, 0, 0, tzinfo=UTC)

    card = word_offer(offer(until_at=until), "en", "America/New_York", retailer="Fashiontown", fallbacks=("en",))

    assert card.ends.replace("\u202f", " ") == "Ends Sunday, December 6, 7:00 PM"
    assert card.ends_at == "2026-12-07T00:00:00+00:00"


def test_an_end_at_midnight_is_the_end_of_the_day_before() -> None:
    until = datetime(2026, 12, 7, 5, 0, tzinfo=UTC)

    here = word_offer(offer(until_at=until), "en", "America/New_York", retailer="F", fallbacks=("en",))
    there = word_offer(offer(until_at=until), "ar", "UTC", retailer="F", fallbacks=("en",))

    assert here.ends == "Through Sunday, December 6"
    assert there.ends == "ينتهي الاثنين، 7 ديسمبر، 5:00 ص"


def test_an_invitation_does_not_press() -> None:
    card = word_offer(offer(OfferKind.EXPERIENCE, 0), "en", "UTC", retailer="F", fallbacks=("en",))

    assert card.ends.startswith("Until ")


@pytest.mark.parametrize(
    ("kind", "value", "action"),
    [
        (OfferKind.PERCENT, 10, "Get the 10% code"),
        (OfferKind.AMOUNT, 500, "Get the $5.00 code"),
        (OfferKind.GIFT, 0, "Get the code"),
        (OfferKind.EXPERIENCE, 0, "Accept the invitation"),
    ],
)
def test_the_button_says_what_one_gets(kind: OfferKind, value: int, action: str) -> None:
    card = word_offer(offer(kind, value), "en", "UTC", retailer="Fashiontown", fallbacks=("en",))

    assert card.action == action
    assert card.is_invitation == (kind == OfferKind.EXPERIENCE)


def test_an_offer_of_some_stores_does_not_promise_it_in_all() -> None:
    everywhere = word_offer(offer(), "en", "UTC", retailer="Fashiontown", fallbacks=())
    somewhere = word_offer(offer(store_ids=["riverside"]), "en", "UTC", retailer="Fashiontown", fallbacks=())

    assert everywhere.how == "Show the code at the till in any Fashiontown store."
    assert somewhere.how == "Show the code at the till."


def test_an_offer_without_words_in_the_language_speaks_the_houses_first() -> None:
    card = word_offer(offer(headline={"en": "10% off", "fr": "10 %"}), "ar", "UTC", retailer="F", fallbacks=("en",))

    assert card.headline == "10% off"


def test_the_end_of_an_offer_is_not_counted() -> None:
    made = offer()

    assert [is_live(made, at) for at in (made.from_at - timedelta(seconds=1), made.from_at, made.until_at)] == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "Through Sunday, December 6"),
        ("ar", "حتى نهاية الأحد، 6 ديسمبر"),
    ],
)
def test_the_day_of_an_offers_end_is_written_out(locale: str, text: str) -> None:
    until = datetime(2026, 12, 7, 5, tzinfo=UTC)

    card = word_offer(offer(until_at=until), locale, "America/New_York", retailer="Fashiontown", fallbacks=("en",))

    assert card.ends == text


def test_on_a_card_many_stores_are_one_name_and_a_number() -> None:
    stores = [Store(id=name, short_name=name) for name in ("Riverside", "Galleria", "Harbor")]
    two = shelf(variant("S"), pieces={(each.id, "S"): 9 for each in stores[:2]}, stores=stores)
    three = shelf(variant("S"), pieces={(each.id, "S"): 9 for each in stores}, stores=stores)

    said = [word_stock_at(each, None, "en", is_short=True)[1] for each in (two, three)]

    assert said == ["In stock at Riverside and Galleria", "In stock at Riverside and 2 more"]
