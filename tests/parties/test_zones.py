"""Which clock a store goes by where nobody says so."""

import pytest

from qrmerch.parties.zones import Spot, find_country, find_zone


@pytest.mark.parametrize(
    ("country", "region", "expected"),
    [
        ("DE", "", "Europe/Berlin"),
        ("SA", "", "Asia/Riyadh"),
        ("GB", "", "Europe/London"),
        ("US", "CA", "America/Los_Angeles"),
        ("US", "minnesota", "America/Chicago"),
        ("US", "AZ", "America/Phoenix"),
        ("US", "TX", None),
        ("US", "", None),
        ("ES", "", None),
        ("CA", "ON", None),
        ("XX", "", None),
        ("", "", None),
    ],
)
def test_a_zone_is_found_where_there_is_only_one(country: str, region: str, expected: str | None) -> None:
    assert find_zone(country, region) == expected


@pytest.mark.parametrize(
    ("region", "spot", "expected"),
    [
        ("TX", Spot(31.77, -106.49), "America/Denver"),  # El Paso
        ("TX", Spot(29.76, -95.37), "America/Chicago"),  # Houston
        ("FL", Spot(25.76, -80.19), "America/New_York"),  # Miami
        ("FL", Spot(30.42, -87.22), "America/Chicago"),  # Pensacola
        ("FL", Spot(30.16, -85.0), None),  # on the line
        ("TN", Spot(36.16, -86.78), "America/Chicago"),  # Nashville
        ("TN", Spot(35.96, -83.92), "America/New_York"),  # Knoxville
        ("ID", Spot(43.6, -116.2), "America/Boise"),
        ("IN", Spot(41.6, -87.34), None),  # Gary, by Chicago's clock
    ],
)
def test_a_state_of_two_zones_is_told_by_the_place_and_not_near_the_line(
    region: str, spot: Spot, expected: str | None
) -> None:
    assert find_zone("US", region, spot) == expected


def test_a_country_is_found_by_its_zone() -> None:
    assert find_country("America/New_York") == "US"
    assert find_country("Europe/Berlin") == "DE"
    assert find_country("UTC") is None


def test_a_distance_is_that_on_a_ball() -> None:
    assert Spot(0, 0).km_to(Spot(0, 90)) == pytest.approx(10_007, abs=2)
    assert Spot(44.85, -93.24).km_to(Spot(44.85, -93.24)) == pytest.approx(0, abs=0.01)
