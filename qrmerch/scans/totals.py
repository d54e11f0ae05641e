"""Counts of a batch, gathered until they are added to the totals by `storing.py`."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from qrmerch.scans.places import LocalHours, Place

# Of one place, by kind and quarter of an hour since 1970.
Counts = defaultdict[tuple[str, int], int]
DayKey = tuple[str, str, str, str, str, str, str]
HourKey = tuple[str, str, int, str, str, str]


class Tally:
    """Counts of one batch, by kind, place and quarter of an hour."""

    def __init__(self, hours: LocalHours) -> None:
        self._hours = hours
        self._counts: dict[Place, Counts] = {}

    def of(self, place: Place) -> Counts:
        """The counts of one place, to be added to."""
        return self._counts.setdefault(place, defaultdict(int))

    def add(self, kind: str, place: Place, quarter: int, count: int = 1) -> None:
        """Count one, or another number; `quarter` in quarters of an hour since 1970."""
        self.of(place)[kind, quarter] += count

    def days(self) -> Mapping[DayKey, int]:
        """Counts by the key of `DayTotal`, its columns in their order."""
        found: defaultdict[DayKey, int] = defaultdict(int)
        for place, counts in self._counts.items():
            retailer_id, code_id, item_id, store_id, fixture_id, zone = place
            for (kind, quarter), count in counts.items():
                on = _said(self._hours.of(zone, quarter)[0])
                found[retailer_id, on, kind, store_id, fixture_id, item_id, code_id] += count
        return found

    def hours(self) -> Mapping[HourKey, int]:
        """Counts by the key of `HourTotal`, its columns in their order."""
        found: defaultdict[HourKey, int] = defaultdict(int)
        for place, counts in self._counts.items():
            for (kind, quarter), count in counts.items():
                on, hour = self._hours.of(place.zone, quarter)
                found[place.retailer_id, _said(on), hour, kind, place.store_id, place.fixture_id] += count
        return found


def _said(on: date) -> str:
    return on.isoformat()
