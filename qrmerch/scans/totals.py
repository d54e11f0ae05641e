"""Counts of a batch, gathered until they are added to the totals by `storing.py`."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from qrmerch.scans.kinds import SCAN
from qrmerch.scans.places import LocalHours, Place

_QUARTER_S: Final = 900
# Of one place, by kind and quarter of an hour since 1970.
Counts = defaultdict[tuple[str, int], int]
DayKey = tuple[str, str, str, str, str, str, str]
HourKey = tuple[str, str, int, str, str, str]
CodeHourKey = tuple[str, str, str, int, str, str]


class Totals(NamedTuple):
    """What is to be added to each table of totals: the columns of its key in their order, and how many."""

    days: Mapping[DayKey, int]
    hours: Mapping[HourKey, int]
    code_hours: Mapping[CodeHourKey, int]


class Tally:
    """Counts of one batch, by kind, place and quarter of an hour."""

    def __init__(self, hours: LocalHours) -> None:
        self._hours = hours
        self._counts: dict[Place, Counts] = {}
        # What counts for a whole day, by its date as its column's text.
        self._days: defaultdict[tuple[Place, str, str], int] = defaultdict(int)
        self._said: dict[tuple[str, int], tuple[str, int]] = {}

    def of(self, place: Place) -> Counts:
        """The counts of one place, to be added to."""
        return self._counts.setdefault(place, defaultdict(int))

    def local(self, zone: str, quarter: int) -> tuple[date, int]:
        """The business date and the hour that a quarter of an hour has in a time zone."""
        return self._hours.of(zone, quarter)

    def add(self, kind: str, place: Place, quarter: int, count: int = 1) -> None:
        """Count one, or another number; `quarter` in quarters of an hour since 1970."""
        self.of(place)[kind, quarter] += count

    def add_day(self, kind: str, place: Place, on: date, count: int) -> None:
        """Count what belongs to a business date and to none of its hours."""
        self._days[place, kind, on.isoformat()] += count

    def total(self) -> "Totals":
        """All counts by the keys of the three tables of totals."""
        days: defaultdict[DayKey, int] = defaultdict(int)
        hours: defaultdict[HourKey, int] = defaultdict(int)
        code_hours: defaultdict[CodeHourKey, int] = defaultdict(int)
        say = self._said_of
        for (retailer_id, code_id, item_id, store_id, fixture_id, zone), counts in self._counts.items():
            for (kind, quarter), count in counts.items():
                on, hour = say(zone, quarter)
                days[retailer_id, on, kind, store_id, fixture_id, item_id, code_id] += count
                hours[retailer_id, on, hour, kind, store_id, fixture_id] += count
                if kind == SCAN and code_id:
                    code_hours[retailer_id, item_id, on, hour, store_id, code_id] += count
        for (place, kind, on), count in self._days.items():
            days[_day_key(place, kind, on)] += count
        return Totals(days, hours, code_hours)

    def days_closed(self, at: datetime, after: timedelta) -> Mapping[DayKey, int]:
        """Counts of days that had ended `after` or longer before `at`, where they were, by the key of `DayTotal`."""
        closed = int((at - after).timestamp()) // _QUARTER_S
        found: defaultdict[DayKey, int] = defaultdict(int)
        for (retailer_id, code_id, item_id, store_id, fixture_id, zone), counts in self._counts.items():
            for (kind, quarter), count in counts.items():
                if quarter >= closed:
                    continue
                on, _ = self._said_of(zone, quarter)
                if on < self._said_of(zone, closed)[0]:
                    found[retailer_id, on, kind, store_id, fixture_id, item_id, code_id] += count
        for (place, kind, on), count in self._days.items():
            if on < self._said_of(place.zone, closed)[0]:
                found[_day_key(place, kind, on)] += count
        return found

    def _said_of(self, zone: str, quarter: int) -> tuple[str, int]:
        """The business date as its column's text, and the hour."""
        found = self._said.get((zone, quarter))
        if found is None:
            on, hour = self._hours.of(zone, quarter)
            found = self._said[zone, quarter] = (on.isoformat(), hour)
        return found


def _day_key(place: Place, kind: str, on: str) -> DayKey:
    return place.retailer_id, on, kind, place.store_id, place.fixture_id, place.item_id, place.code_id
