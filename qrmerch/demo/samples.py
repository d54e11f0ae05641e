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
from qrmerch.scans.storing import add_totals
from qrmerch.scans.totals import Tally

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

_VIEWED, _SHARED = 0.91, 0.022
# What is kept most; everything else is kept by seven in a hundred who see it.
_KEPT: Final = {"FT-TOP-01": 0.15, "FT-RUN-01": 0.12, "FT-BAG-01": 0.13, "SD-DAL-01": 0.14, "CV-WAT-04": 0.18}
_KEPT_ELSE: Final = 0.07
_CLAIMED: Final = {OfferKind.PERCENT: 0.075, OfferKind.AMOUNT: 0.1, OfferKind.GIFT: 0.03, OfferKind.EXPERIENCE: 0.05}
# Of the claims; an invitation is kept on another day. Of the used ones, those shown at a till once more.
_USED, _SHOWN_AGAIN = 0.48, 0.07
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
_ENGAGED: Final = 0.55
_ARRIVED, _BY_FRIEND = 0.05, 0.012


@dataclass(frozen=True, slots=True)
class SampleClaim:
    """An offer that was claimed in the sample, when it was used if it was, and whether it was refused after that."""

    placement: Placement
    offer: OfferFacts
    claimed_at: datetime
    used_at: datetime | None
    refused_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Spot:
    """A code in its place, and what is promised there on a day."""

    placement: Placement
    place: Place
    offer: Callable[[datetime], OfferFacts | None]


class _Play:
    """The totals and claims played so far, none at or after `until`."""

    def __init__(self, until: datetime) -> None:
        self.tally, self.claims, self.until = Tally(LocalHours()), list[SampleClaim](), until

    def count(self, kind: str, place: Place, instant: datetime) -> None:
        if instant < self.until:
            self.tally.add(kind, place, int(instant.timestamp()) // _QUARTER_S)


def add_sample_totals(db: Session, shops: Shops, codes: Mapping[str, Code], *, at: datetime) -> list[SampleClaim]:
    """Write the totals of the last eight weeks, today's until now.

    :return: the claims among them, oldest first.
    """
    play = _Play(at)
    for placement in facts.list_placements():
        spot = _spot(shops, placement, codes[placement.name], at)
        today = at.astimezone(ZoneInfo(spot.place.zone)).date()
        for back in range(min(facts.SAMPLE_DAYS, placement.hung_days_ago)):
            _play_day(play, spot, today - timedelta(days=back), hung_for=placement.hung_days_ago - back)
    add_totals(db, play.tally)
    return sorted(play.claims, key=lambda claim: claim.claimed_at)


def _spot(shops: Shops, placement: Placement, code: Code, at: datetime) -> _Spot:
    store = shops.stores[placement.store]
    place = Place(code.retailer_id, code.id, code.item_id or "", store.id, code.fixture_id or "", store.time_zone)
    running = [
        (offer, *offer.period(at, facts.house(offer.retailer).time_zone))
        for offer in facts.OFFERS
        if placement.style in offer.styles and (not offer.stores or placement.store in offer.stores)
    ]

    def offer_at(instant: datetime) -> OfferFacts | None:
        return next((offer for offer, begins, ends in running if begins <= instant < ends), None)

    return _Spot(placement, place, offer_at)


def _play_day(play: _Play, spot: _Spot, on: date, *, hung_for: int) -> None:
    opens, closes = _HOURS[spot.placement.store][on.weekday()]
    if opens == closes:
        return
    closing = min(play.until, _at(on, closes, 0, spot.place.zone))
    chance = random.Random(f"{spot.placement.name} {on.isoformat()}")  # noqa: S311 - sample figures
    # Of its own: what is promised that day must not move the scans.
    steps = random.Random(f"{spot.placement.name} {on.isoformat()} steps")  # noqa: S311 - sample figures
    for _ in range(_poisson(chance, _expected(spot.placement, on, hung_for))):
        instant = _instant(chance, spot, on, opens, closes)
        if instant < play.until:
            _play_scan(play, steps, spot, instant, closing)
    for kind, share in _LEFT_OUT.items():
        for _ in range(_poisson(chance, spot.placement.scans_a_day * share)):
            play.count(kind, spot.place, _instant(chance, spot, on, opens, closes))
    if chance.random() < spot.placement.scans_a_day / 120:
        nowhere = spot.place._replace(code_id="", item_id="", store_id="", fixture_id="")
        play.count(kinds.ORPHAN, nowhere, _instant(chance, spot, on, opens, closes))
    _play_arrivals(play, chance, spot, on)


def _expected(placement: Placement, on: date, hung_for: int) -> float:
    """Scans to expect: the week's course, a poster that is new, a shop that gets used to codes, the weather."""
    week = _WEEKS.get(placement.store, _SHOP_WEEK)[on.weekday()]
    novelty = 1 + 0.5 * exp(-hung_for / 4)
    habit = 0.72 + 0.28 * min(1.0, hung_for / 45)
    weather = random.Random(f"{placement.store} {on.isoformat()}").uniform(0.82, 1.18)  # noqa: S311 - sample figures
    return placement.scans_a_day * week * novelty * habit * weather


def _play_scan(play: _Play, chance: random.Random, spot: _Spot, instant: datetime, closing: datetime) -> None:
    play.count(kinds.SCAN, spot.place, instant)
    if spot.placement.store == "FT-001" and chance.random() < _OWN_NETWORK_REPEAT:
        play.count(kinds.MAYBE_REPEAT, spot.place, instant)
    if chance.random() >= _VIEWED:
        return
    play.count(kinds.VIEW, spot.place, instant)
    # Of its own as well: how long somebody looks must not move what they do.
    looks = random.Random(f"{spot.placement.name} {instant.isoformat()} looks")  # noqa: S311 - sample figures
    has_acted = False
    if chance.random() < _SHARED:
        has_acted = True
        play.count("share", spot.place, instant)
    if chance.random() < _KEPT.get(spot.placement.style, _KEPT_ELSE):
        has_acted = True
        play.count("keep", spot.place, instant)
    offer = spot.offer(instant)
    if offer is not None and chance.random() < _CLAIMED[offer.kind]:
        has_acted = True
        _play_claim(play, chance, spot, offer, instant, closing)
    if has_acted or looks.random() < _ENGAGED:
        play.count(kinds.ENGAGED, spot.place, instant)


def _play_claim(
    play: _Play, chance: random.Random, spot: _Spot, offer: OfferFacts, instant: datetime, closing: datetime
) -> None:
    used_at: datetime | None = instant + timedelta(minutes=chance.randrange(12, 55))
    if offer.kind == OfferKind.EXPERIENCE or used_at is None or used_at >= closing or chance.random() >= _USED:
        used_at = None
    refused_at = used_at + timedelta(minutes=4) if used_at and chance.random() < _SHOWN_AGAIN else None
    if refused_at and refused_at >= closing:
        refused_at = None
    play.claims.append(SampleClaim(spot.placement, offer, instant, used_at, refused_at))
    for kind, when in (("claim", instant), ("redeem", used_at), ("refuse", refused_at)):
        if when is not None:
            play.count(kind, spot.place, when)


def _play_arrivals(play: _Play, chance: random.Random, spot: _Spot, on: date) -> None:
    """Visits without a code: from home, by an address or a friend's link."""
    nowhere = spot.place._replace(code_id="", store_id="", fixture_id="")
    for kind, share in ((kinds.VISIT, _ARRIVED), (kinds.FRIEND, _BY_FRIEND)):
        for _ in range(_poisson(chance, spot.placement.scans_a_day * share)):
            instant = _at(on, chance.randrange(8, 23), chance.randrange(60), spot.place.zone)
            play.count(kind, nowhere, instant)
            if chance.random() < _VIEWED:
                play.count(kinds.VIEW, nowhere, instant)
            if chance.random() < _KEPT_ELSE:
                play.count("keep", nowhere, instant)


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
