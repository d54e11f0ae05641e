"""How many phones a store saw on a day, at least, and how many of those that agreed came back.

Each number stands for itself, for none may be added up.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy.orm import Session

from qrmerch.insights import figures
from qrmerch.insights.figures import House
from qrmerch.insights.filters import Filters, Period, short_date
from qrmerch.insights.pages import AgreedRow, PhonesRow
from qrmerch.parties.models import Measurement
from qrmerch.scans import kinds, queries

# Above so many phones more and more look like another one; research/engagement.md 4.2 sees three in four of 1,000.
_MANY_PHONES = 200
_MUCH_WIFI, _SOME_WIFI = 0.5, 0.1
# Below so many phones one more or less changes what they say; below such a share of visits they speak for few.
_FEW_AGREED = 30
_SMALL_SHARE = 0.2


def read_phones(db: Session, house: House, filters: Filters) -> tuple[PhonesRow, ...]:
    """Of one store every day of the period; of all stores the last day alone. The newest first, then by store."""
    if house.retailer.measurement is not Measurement.ESTIMATE:
        return ()
    period = filters.period if filters.store_id else Period(filters.period.last_on, filters.period.until_on)
    found = queries.count_by_day_and_store(db, figures.span_of(house, filters, period))
    return tuple(_rows(house, found))


def _rows(house: House, found: Mapping[tuple[date, str], Mapping[str, int]]) -> Iterable[PhonesRow]:
    named = [(on, house.store_name(store_id), counts) for (on, store_id), counts in found.items()]
    for on, name, counts in sorted(named, key=lambda each: (-each[0].toordinal(), each[1])):
        phones = counts.get(kinds.ESTIMATED, 0)
        if phones:
            state, quality = _quality(phones, counts)
            yield PhonesRow(short_date(on), name, f"{phones:,}", state, quality)


def _quality(phones: int, counts: Mapping[str, int]) -> tuple[str, str]:
    wifi = counts.get(kinds.OWN_NETWORK, 0) / max(1, counts.get(kinds.SCAN, 0))
    if wifi >= _MUCH_WIFI:
        return "warn", "Mostly the store’s own Wi-Fi: there all phones look alike"
    if wifi >= _SOME_WIFI:
        return "draft", "Partly the store’s own Wi-Fi: low"
    if phones > _MANY_PHONES:
        return "draft", "So many that some look alike: low"
    return "pass", "Good"


def read_agreed(db: Session, house: House, filters: Filters) -> tuple[AgreedRow, ...]:
    """Of each day, the newest first, the phones that agreed: in one store, or in the house as a whole."""
    if house.retailer.measurement is not Measurement.CONSENTED:
        return ()
    found = queries.count_by_day(db, figures.span_of(house, filters, filters.period))
    days = [_agreed_row(on, counts, filters.store_id) for on, counts in sorted(found.items(), reverse=True)]
    return tuple(row for row in days if row is not None)


def _agreed_row(on: date, counts: Mapping[str, int], store_id: str) -> AgreedRow | None:
    one, two = (kinds.AGREED, kinds.RETURNED) if store_id else (kinds.AGREED_HOUSE, kinds.RETURNED_HOUSE)
    phones, visits = counts.get(one, 0), sum(counts.get(kind, 0) for kind in (kinds.SCAN, kinds.VISIT, kinds.FRIEND))
    if not phones:
        return None
    share = counts.get(kinds.AGREED_VISIT, 0) / max(1, visits)
    state, quality = _quality_of_agreed(phones, share)
    said = f"{100 * share:.0f} % of {visits:,} visits" if visits else "No visit began"
    return AgreedRow(short_date(on), f"{phones:,}", f"{counts.get(two, 0):,}", said, state, quality)


def _quality_of_agreed(phones: int, share: float) -> tuple[str, str]:
    if phones < _FEW_AGREED:
        return "warn", "Few: one phone more or less changes it"
    if share < _SMALL_SHARE:
        return "draft", "A small share: it says little of the others"
    return "pass", "Good, for those who agreed"
