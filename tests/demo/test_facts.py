"""What the sample shops consist of."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from qrmerch.demo import facts
from qrmerch.gs1 import check_digit, is_gtin
from qrmerch.offers.models import OfferKind

DAYS = [
    pytest.param(datetime(2026, 11, 25, 9, 30, tzinfo=UTC), id="an ordinary day"),
    pytest.param(datetime(2027, 1, 31, 23, 30, tzinfo=UTC), id="the end of a month"),
    pytest.param(datetime(2028, 2, 29, 12, 0, tzinfo=UTC), id="a leap day"),
    pytest.param(datetime(2027, 3, 14, 7, 30, tzinfo=UTC), id="clocks go forward in New York"),
    pytest.param(datetime(2026, 11, 1, 5, 30, tzinfo=UTC), id="clocks go back in New York"),
    pytest.param(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), id="clocks go back in Paris"),
    pytest.param(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), id="the last second of a year"),
]


@pytest.mark.parametrize("at", DAYS)
def test_of_fashiontowns_offers_one_is_live_one_over_and_one_to_come(at: datetime) -> None:
    periods = [offer.period(at, "America/New_York") for offer in facts.OFFERS if offer.retailer == facts.FASHIONTOWN]

    assert any(begins <= at < ends for begins, ends in periods)
    assert any(ends <= at for _, ends in periods)
    assert any(at < begins for begins, _ in periods)


@pytest.mark.parametrize("days", [0, 1, 20, 100, 299])
def test_they_still_are_months_later(days: int) -> None:
    at = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
    later = at + timedelta(days=days)
    periods = [offer.period(at, "America/New_York") for offer in facts.OFFERS if offer.retailer == facts.FASHIONTOWN]

    assert any(begins <= later < ends for begins, ends in periods)
    assert any(ends <= later for _, ends in periods)
    assert any(later < begins for begins, _ in periods)


@pytest.mark.parametrize("at", DAYS)
def test_an_offer_begins_at_midnight_of_its_house_also_where_the_clocks_change(at: datetime) -> None:
    for offer in facts.OFFERS:
        zone = facts.house(offer.retailer).time_zone
        begins, ends = offer.period(at, zone)

        assert begins.astimezone(UTC).astimezone(ZoneInfo(zone)).hour == 0
        assert ends.astimezone(UTC).astimezone(ZoneInfo(zone)).hour == offer.until_hour
        assert begins < ends


def test_twelve_styles_of_five_vendors_have_46_different_valid_gtins() -> None:
    supplied = [style for style in facts.list_styles() if style.retailer == facts.FASHIONTOWN and style.vendor]
    gtins = [variant.gtin for style in supplied for variant in style.variants]

    assert (len(supplied), len({style.vendor for style in supplied})) == (12, 5)
    assert len(gtins) == len(set(gtins)) == 46
    assert all(len(gtin) == 14 and is_gtin(gtin) for gtin in gtins)


def test_every_other_gtin_is_valid_too_and_nobodys_else() -> None:
    gtins = [variant.gtin for style in facts.list_styles() for variant in style.variants]

    assert all(is_gtin(gtin) for gtin in gtins)
    assert len(gtins) == len(set(gtins))


def test_every_store_has_a_valid_location_number() -> None:
    glns = [row["gln"] for row in facts.rows("stores")]

    assert len([row for row in facts.rows("stores") if row["retailer"] == facts.FASHIONTOWN]) == 4
    assert all(len(gln) == 13 and check_digit(gln[:-1]) == gln[-1] for gln in glns)
    assert len(glns) == len(set(glns))


def test_every_style_has_words_in_each_language_of_its_house() -> None:
    for style in facts.list_styles():
        wanted = facts.house(style.retailer).locales

        assert tuple(style.words) == wanted, style.key
        assert all(words.blurb and words.story and words.care and words.alt for words in style.words.values())
        assert len({len(words.facts) for words in style.words.values()}) == 1, style.key


def test_every_offer_speaks_the_languages_of_its_house() -> None:
    for offer in facts.OFFERS:
        locales = set(facts.house(offer.retailer).locales)

        assert set(offer.headline) == set(offer.terms) == locales


def test_the_house_that_does_not_discount_promises_an_experience() -> None:
    kinds = {offer.kind for offer in facts.OFFERS if offer.retailer == facts.CORVANE}

    assert kinds == {OfferKind.EXPERIENCE}


def test_sixteen_codes_hang_at_fashiontown_where_there_is_a_store_and_a_style() -> None:
    stores = {row["code"] for row in facts.rows("stores")}
    styles = {style.key: style.retailer for style in facts.list_styles()}
    placements = facts.list_placements()

    assert len([each for each in placements if each.retailer == facts.FASHIONTOWN]) == 16
    assert all(each.store in stores and styles[each.style] == each.retailer for each in placements)
