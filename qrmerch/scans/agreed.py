"""Phones whose owners agreed that they are known again: on how many days each was seen, and which of them came back.

What a day comes to follows from the days that are known of a phone, in whatever order they are learnt: each new one
adds the difference. A key that nobody was given, or that was taken back, counts for nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from qrmerch.scans import kinds
from qrmerch.scans.line import Line
from qrmerch.scans.models import AgreedDay
from qrmerch.scans.places import Place, Places
from qrmerch.scans.totals import Tally
from qrmerch.visitors.agreed import lock_agreed

RETURNS_WITHIN: Final = timedelta(days=90)
# A line that comes later than this is counted for no phone: the days before it may be gone.
_LATEST: Final = timedelta(days=31)
# One day more, as stores may be a date ahead of this clock.
KEPT_FOR: Final = RETURNS_WITHIN + _LATEST + timedelta(days=1)
_BEGINNINGS: Final = frozenset((kinds.SCAN, *kinds.MAYBE, kinds.VISIT, kinds.FRIEND))
# A repeat begins nothing, and yet the phone was there.
_SEEN: Final = _BEGINNINGS | {kinds.PAGE, kinds.REPEAT, kinds.BURST}
_ASKED_AT_ONCE: Final = 500
# By retailer and key, as everything of a phone here.
_Phone = tuple[str, str]
_Day = tuple[date, str]


class Agreed:
    """The phones that agreed among the lines of one batch."""

    def __init__(self, db: Session, lines: Iterable[Line], *, today: date) -> None:
        """:param today: in UTC; what is more than a month older, or later than tomorrow, is not counted."""
        self._db, self._since, self._last = db, today - _LATEST, today + timedelta(days=1)
        self._live = lock_agreed(db, {said.phone for said in lines if said.phone})
        self._seen: defaultdict[_Phone, set[_Day]] = defaultdict(set)

    def see(self, said: Line, outcome: str, place: Place, quarter: int, tally: Tally) -> None:
        """Take in a line that names a phone, with what it came to and where.

        :param quarter: in quarters of an hour since 1970.
        """
        phone = (place.retailer_id, said.phone)
        if outcome not in _SEEN or said.traits.has_gpc or phone not in self._live:
            return
        on, _ = tally.local(place.zone, quarter)
        if not self._since <= on <= self._last:
            return
        self._seen[phone].add((on, place.store_id))
        if outcome in _BEGINNINGS:
            tally.add(kinds.AGREED_VISIT, place, quarter)

    def store(self, places: Places, tally: Tally) -> None:
        """Keep the days on which phones were seen, and add to the totals what they change."""
        known, rows = _list_days(self._db, self._seen), []
        for (retailer_id, key), seen in sorted(self._seen.items()):
            before = known[retailer_id, key]
            for (kind, store_id, on), count in (_reckon(before | seen) - _reckon(before)).items():
                tally.add_day(kind, places.of_store(retailer_id, store_id), on, count)
            rows += [
                {"retailer_id": retailer_id, "phone": key, "on": on, "store_id": store_id}
                for on, store_id in sorted(seen - before)
            ]
        if rows:
            self._db.execute(insert(AgreedDay), rows)


def _reckon(days: Collection[_Day]) -> Counter[tuple[str, str, date]]:
    """What the days of one phone come to, by kind, store and date."""
    dates = sorted({on for on, _ in days})
    returned = {later for earlier, later in pairwise(dates) if later - earlier <= RETURNS_WITHIN}
    return Counter(
        [(kinds.AGREED, store_id, on) for on, store_id in days]
        + [(kinds.RETURNED, store_id, on) for on, store_id in days if on in returned]
        + [(kinds.AGREED_HOUSE, "", on) for on in dates]
        + [(kinds.RETURNED_HOUSE, "", on) for on in returned]
    )


def _list_days(db: Session, phones: Collection[_Phone]) -> defaultdict[_Phone, set[_Day]]:
    found: defaultdict[_Phone, set[_Day]] = defaultdict(set)
    keys = sorted({key for _, key in phones})
    for begin in range(0, len(keys), _ASKED_AT_ONCE):
        some = keys[begin : begin + _ASKED_AT_ONCE]
        for row in db.scalars(select(AgreedDay).where(AgreedDay.phone.in_(some))):
            found[row.retailer_id, row.phone].add((row.on, row.store_id))
    return found


def list_days_of(db: Session, retailer_id: str, key: str) -> Sequence[tuple[date, str]]:
    """On which dates and in which stores (an empty id: in none) a phone was seen, as far as it is kept."""
    wanted = select(AgreedDay.on, AgreedDay.store_id).where(
        AgreedDay.retailer_id == retailer_id, AgreedDay.phone == key
    )
    return [(on, store_id) for on, store_id in db.execute(wanted.order_by(AgreedDay.on, AgreedDay.store_id))]


def erase_days_of(db: Session, retailer_id: str, key: str) -> None:
    """Delete on which days a phone was seen; the totals stay. After `visitors.agreed.take_back`; the caller commits."""
    db.execute(delete(AgreedDay).where(AgreedDay.retailer_id == retailer_id, AgreedDay.phone == key))
