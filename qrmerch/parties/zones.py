"""Which clock a store goes by, where nobody says so: only what its country and region leave no doubt about."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.core import get_global

from qrmerch.clock import time_zones

_EARTH_KM: Final = 6371.0
# Regions of large countries that lie in one zone as a whole; those that are cut in two are left out.
_REGIONS: Final = {
    "US": {
        "America/New_York": "CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV",
        "America/Chicago": "AL AR IA IL LA MN MO MS OK WI",
        "America/Denver": "CO MT NM UT WY",
        "America/Phoenix": "AZ",
        "America/Los_Angeles": "CA NV WA",
        "Pacific/Honolulu": "HI",
        "America/Puerto_Rico": "PR",
    },
    "CA": {
        "America/Halifax": "NS PE",
        "America/Moncton": "NB",
        "America/Winnipeg": "MB",
        "America/Edmonton": "AB",
        "America/Whitehorse": "YT",
    },
    "AU": {
        "Australia/Sydney": "ACT",
        "Australia/Melbourne": "VIC",
        "Australia/Brisbane": "QLD",
        "Australia/Adelaide": "SA",
        "Australia/Darwin": "NT",
        "Australia/Hobart": "TAS",
    },
}
# States that are cut in two, by (latitude or longitude, from, until): near the line nobody is sure.
_PARTS: Final[dict[str, tuple[tuple[str, float, float, str], ...]]] = {
    "FL": (("lon", -84.7, 0, "America/New_York"), ("lon", -180, -85.4, "America/Chicago")),
    "ID": (("lat", 0, 44.9, "America/Boise"), ("lat", 46.2, 90, "America/Los_Angeles")),
    "IN": (("lon", -86.2, 0, "America/Indiana/Indianapolis"),),
    "KS": (("lon", -100.9, 0, "America/Chicago"),),
    "KY": (("lon", -84.9, 0, "America/New_York"), ("lon", -180, -86.7, "America/Chicago")),
    "MI": (("lon", -87.0, 0, "America/Detroit"),),
    "ND": (("lon", -100.2, 0, "America/Chicago"),),
    "NE": (("lon", -100.1, 0, "America/Chicago"), ("lon", -180, -102.2, "America/Denver")),
    "OR": (("lon", -180, -118.4, "America/Los_Angeles"),),
    "SD": (("lon", -99.8, 0, "America/Chicago"), ("lon", -180, -101.8, "America/Denver")),
    "TN": (("lon", -84.3, 0, "America/New_York"), ("lon", -180, -85.8, "America/Chicago")),
    "TX": (("lon", -104.7, 0, "America/Chicago"), ("lon", -180, -105.1, "America/Denver")),
}
_NAMES: Final = {
    "US": {
        "alabama": "AL", "arizona": "AZ", "arkansas": "AR", "california": "CA", "colorado": "CO", "connecticut": "CT",
        "delaware": "DE", "district of columbia": "DC", "georgia": "GA", "hawaii": "HI", "illinois": "IL", "iowa": "IA",
        "louisiana": "LA", "maine": "ME", "maryland": "MD", "massachusetts": "MA", "minnesota": "MN",
        "mississippi": "MS", "missouri": "MO", "montana": "MT", "nevada": "NV", "new hampshire": "NH",
        "new jersey": "NJ", "new mexico": "NM", "new york": "NY", "north carolina": "NC", "ohio": "OH",
        "oklahoma": "OK", "pennsylvania": "PA", "puerto rico": "PR", "rhode island": "RI", "south carolina": "SC",
        "utah": "UT", "vermont": "VT", "virginia": "VA", "washington": "WA", "west virginia": "WV", "wisconsin": "WI",
        "wyoming": "WY", "florida": "FL", "idaho": "ID", "indiana": "IN", "kansas": "KS", "kentucky": "KY",
        "michigan": "MI", "north dakota": "ND", "nebraska": "NE", "oregon": "OR", "south dakota": "SD",
        "tennessee": "TN", "texas": "TX",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something is, in degrees."""

    latitude: float
    longitude: float

    def km_to(self, other: "Spot") -> float:
        """How far away another one is, as the crow flies."""
        here, there = math.radians(self.latitude), math.radians(other.latitude)
        across = math.radians(other.longitude - self.longitude)
        cosine = math.sin(here) * math.sin(there) + math.cos(here) * math.cos(there) * math.cos(across)
        return _EARTH_KM * math.acos(max(-1.0, min(1.0, cosine)))


@cache
def find_zone(country: str, region: str, spot: Spot | None = None) -> str | None:
    """The zone that a whole country or region goes by, or this part of one; None where that is not certain.

    :param country: two letters.
    :param region: as it stands in an address: `CA`, `California`.
    """
    code = _code_of(country, region)
    for zone, codes in _REGIONS.get(country, {}).items():
        if code in codes.split():
            return zone
    if country == "US" and spot is not None:
        for axis, begin, end, zone in _PARTS.get(code, ()):
            if begin <= (spot.latitude if axis == "lat" else spot.longitude) <= end:
                return zone
    return _zone_of_country(country)


def is_cut(country: str, region: str) -> bool:
    """Whether a region is known to go by two clocks, so that one store of it says nothing of another."""
    return country == "US" and _code_of(country, region) in _PARTS


def find_country(zone: str) -> str | None:
    """The country that a zone lies in; None for one that is no country's."""
    return next((str(country) for country, zones in get_global("territory_zones").items() if zone in zones), None)


def _code_of(country: str, region: str) -> str:
    name = region.strip().casefold()
    return _NAMES.get(country, {}).get(name, name.upper())


def _zone_of_country(country: str) -> str | None:
    """The one zone of a country; several that show the same time all year are one."""
    zones: Sequence[str] = [each for each in get_global("territory_zones").get(country, ()) if each in time_zones()]
    if not zones or len({_clock_of(zone) for zone in zones}) > 1:
        return None
    return str(zones[0])


def _clock_of(zone: str) -> tuple[str, ...]:
    """What a zone shows over a year: its distance from UTC in the middle of each month."""
    year = datetime.now(UTC).year
    return tuple(
        str(datetime(year, month, 15, tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()) for month in range(1, 13)
    )
