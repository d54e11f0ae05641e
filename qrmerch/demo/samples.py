"""Eight weeks of made-up scans, written as totals and labelled as samples wherever they are shown.

Each scan is played from the door to the till, so that no step has more than the one before it: a page is opened,
seen, kept, an offer claimed, the claim used. How often a code is scanned on a day depends on that day, the code and
how long it has hung, on nothing else.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import exp
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from qrmerch.codes.models import Code
from qrmerch.demo import facts
from qrmerch.demo.facts import OfferFacts, Placement
from qrmerch.demo.shops import Shops
from qrmerch.offers.models import OfferKind
from qrmerch.scans import kinds
from qrmerch.scans.places import LocalHours, Place
from qrmerch.scans.totals import Tally, add_totals

_QUARTER_S: Final = 900
# Opening hours by weekday, Monday first; (0, 0) is closed.
_DOWNTOWN: Final = ((10, 19),) * 6 + ((11, 17),)
_HOURS: Final[Mapping[str, tuple[tuple[int, int], ...]]] = {
    "FT-001": _DOWNTOWN,
    "FT-002": ((10, 20),) * 6 + ((12, 18),),
    "FT-004": ((6, 23),) * 7,
    "CV-PAR": ((0, 0), *((11, 19),) * 5, (0, 0)),
    "CV-HAM": ((0, 0), *((10, 18),) * 5, (0, 0)),
    "SD-RUH": (*((10, 23),) * 4, (16, 23), (10, 23), (10, 23)),
    "SD-JED": (*((10, 23),) * 4, (16, 23), (10, 23), (10, 23)),
}
# How busy a day is, Monday first: shops at the weekend, a station on working days.
_SHOP_WEEK: Final = (0.8, 0.78, 0.84, 0.92, 1.18, 1.62, 1.2)
_STATION_WEEK: Final = (1.15, 1.18, 1.16, 1.2, 1.3, 0.62, 0.55)
_RIYADH_WEEK: Final = (0.8, 0.85, 0.95, 1.35, 1.5, 1.3, 0.75)
_WEEKS: Final = {"FT-004": _STATION_WEEK, "SD-RUH": _RIYADH_WEEK, "SD-JED": _RIYADH_WEEK}

_VIEWED, _SHARED, _WENT_ON = 0.91, 0.022, 0.24
# What is kept most; everything else is kept by seven in a hundred who see it.
_KEPT: Final = {"FT-TOP-01": 0.15, "FT-RUN-01": 0.12, "FT-BAG-01": 0.13, "SD-DAL-01": 0.14, "CV-WAT-04": 0.18}
_KEPT_ELSE: Final = 0.07
_CLAIMED: Final = {OfferKind.PERCENT: 0.16, OfferKind.AMOUNT: 0.2, OfferKind.GIFT: 0.09, OfferKind.EXPERIENCE: 0.11}
_USED, _REFUSED = 0.46, 0.03
# Openings that are no scans, for each scan there is.
_LEFT_OUT: Final = {
    kinds.REPEAT: 0.055,
    "bot": 0.028,
    "preview": 0.014,
    kinds.PREFETCH: 0.009,
    kinds.HEAD: 0.006,
    "fetcher": 0.005,
    kinds.NO_AGENT: 0.003,
}
_OWN_NETWORK_REPEAT: Final = 0.03
_ARRIVED, _BY_FRIEND = 0.05, 0.012


@dataclass(frozen=True, slots=True)
class _Spot:
    """A code in its place, and what is promised there on a day."""

    placement: Placement
    place: Place
    offer: Callable[[datetime], OfferFacts | None]


def add_sample_totals(db: Session, shops: Shops, codes: Mapping[str, Code], *, at: datetime) -> None:
    """Write the totals of the last eight weeks, today's until now."""
    tally = Tally(LocalHours())
    for placement in facts.list_placements():
        spot = _spot(shops, placement, codes[placement.name], at)
        today = at.astimezone(ZoneInfo(spot.place.zone)).date()
        for back in range(min(facts.SAMPLE_DAYS, placement.hung_days_ago)):
            on = today - timedelta(days=back)
            _play_day(tally, spot, on, hung_for=placement.hung_days_ago - back, until=at)
    add_totals(db, tally)


def _spot(shops: Shops, placement: Placement, code: Code, at: datetime) -> _Spot:
    store = shops.stores[placement.store]
    place = Place(code.retailer_id, code.id, code.item_id, store.id, code.fixture_id or "", store.time_zone)
    running = [
        (offer, *offer.period(at, facts.house(offer.retailer).time_zone))
        for offer in facts.OFFERS
        if placement.style in offer.styles and (not offer.stores or placement.store in offer.stores)
    ]

    def offer_at(instant: datetime) -> OfferFacts | None:
        return next((offer for offer, begins, ends in running if begins <= instant < ends), None)

    return _Spot(placement, place, offer_at)


def _play_day(tally: Tally, spot: _Spot, on: date, *, hung_for: int, until: datetime) -> None:
    opens, closes = _HOURS[spot.placement.store][on.weekday()]
    if opens == closes:
        return
    closing = min(until, _at(on, closes, 0, spot.place.zone))
    chance = random.Random(f"{spot.placement.name} {on.isoformat()}")  # noqa: S311 - sample figures
    # Of its own: what is promised that day must not move the scans.
    steps = random.Random(f"{spot.placement.name} {on.isoformat()} steps")  # noqa: S311 - sample figures
    for _ in range(_poisson(chance, _expected(spot.placement, on, hung_for))):
        instant = _instant(chance, spot, on, opens, closes)
        if instant < until:
            _play_scan(tally, steps, spot, instant, closing)
    for kind, share in _LEFT_OUT.items():
        for _ in range(_poisson(chance, spot.placement.scans_a_day * share)):
            _count(tally, kind, spot.place, _instant(chance, spot, on, opens, closes), until)
    if chance.random() < spot.placement.scans_a_day / 120:
        nowhere = spot.place._replace(code_id="", item_id="", store_id="", fixture_id="")
        _count(tally, kinds.ORPHAN, nowhere, _instant(chance, spot, on, opens, closes), until)
    _play_arrivals(tally, chance, spot, on, until)


def _expected(placement: Placement, on: date, hung_for: int) -> float:
    """Scans to expect: the week's course, a poster that is new, a shop that gets used to codes, the weather."""
    week = _WEEKS.get(placement.store, _SHOP_WEEK)[on.weekday()]
    novelty = 1 + 0.5 * exp(-hung_for / 4)
    habit = 0.72 + 0.28 * min(1.0, hung_for / 45)
    weather = random.Random(f"{placement.store} {on.isoformat()}").uniform(0.82, 1.18)  # noqa: S311 - sample figures
    return placement.scans_a_day * week * novelty * habit * weather


def _play_scan(tally: Tally, chance: random.Random, spot: _Spot, instant: datetime, closing: datetime) -> None:
    _count(tally, kinds.SCAN, spot.place, instant)
    if spot.placement.store == "FT-001" and chance.random() < _OWN_NETWORK_REPEAT:
        _count(tally, kinds.MAYBE_REPEAT, spot.place, instant)
    if chance.random() >= _VIEWED:
        return
    _count(tally, kinds.VIEW, spot.place, instant)
    if chance.random() < _WENT_ON:
        _count(tally, kinds.PAGE, spot.place._replace(code_id="", fixture_id=""), instant)
    if chance.random() < _SHARED:
        _count(tally, "share", spot.place, instant)
    if chance.random() < _KEPT.get(spot.placement.style, _KEPT_ELSE):
        _count(tally, "keep", spot.place, instant)
    offer = spot.offer(instant)
    if offer is None or chance.random() >= _CLAIMED[offer.kind]:
        return
    _count(tally, "claim", spot.place, instant)
    later = instant + timedelta(minutes=chance.randrange(12, 70))
    if later < closing and chance.random() < _USED:
        _count(tally, "redeem", spot.place, later)
    elif later < closing and chance.random() < _REFUSED:
        _count(tally, "refuse", spot.place, later)


def _play_arrivals(tally: Tally, chance: random.Random, spot: _Spot, on: date, until: datetime) -> None:
    """Visits without a code: from home, by an address or a friend's link."""
    nowhere = spot.place._replace(code_id="", store_id="", fixture_id="")
    for kind, share in ((kinds.VISIT, _ARRIVED), (kinds.FRIEND, _BY_FRIEND)):
        for _ in range(_poisson(chance, spot.placement.scans_a_day * share)):
            instant = _at(on, chance.randrange(8, 23), chance.randrange(60), spot.place.zone)
            _count(tally, kind, nowhere, instant, until)
            if chance.random() < _VIEWED:
                _count(tally, kinds.VIEW, nowhere, instant, until)


def _count(tally: Tally, kind: str, place: Place, instant: datetime, until: datetime | None = None) -> None:
    if until is None or instant < until:
        tally.add(kind, place, int(instant.timestamp()) // _QUARTER_S)


def _instant(chance: random.Random, spot: _Spot, on: date, opens: int, closes: int) -> datetime:
    hours = range(opens, closes)
    weights = [_busy(spot.placement.store, hour, opens, closes) for hour in hours]
    return _at(on, chance.choices(hours, weights)[0], chance.randrange(60), spot.place.zone)


def _busy(store: str, hour: int, opens: int, closes: int) -> float:
    """How busy an hour is: two rushes in a station, a quiet beginning and a full late afternoon elsewhere."""
    if store == "FT-004":
        return 0.25 + exp(-((hour - 8) ** 2) / 3) + 1.25 * exp(-((hour - 17.5) ** 2) / 5)
    middle = opens + (closes - opens) * 0.66
    lunch = 0.35 * exp(-((hour - 12.5) ** 2) / 2)
    return 0.3 + lunch + exp(-((hour - middle) ** 2) / 9)


def _at(on: date, hour: int, minute: int, zone: str) -> datetime:
    return datetime.combine(on, time(hour, minute), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _poisson(chance: random.Random, expected: float) -> int:
    """How many of something rare happen, where so many are expected."""
    limit, product, count = exp(-expected), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count
