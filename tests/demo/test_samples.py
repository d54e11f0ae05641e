"""The made-up scans: plausible, and never more of a step than of the one before it."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.codes.models import Code
from qrmerch.db import Database
from qrmerch.demo import facts
from qrmerch.offers.models import Claim, ClaimState, OfferCounter
from qrmerch.parties.models import Retailer, Store
from qrmerch.scans import kinds
from qrmerch.scans.models import DayTotal, Event, HourTotal, Scan
from tests.conftest import NOON

_STEPS = (
    ("view", "scan"),
    ("engaged", "view"),
    ("keep", "engaged"),
    ("share", "engaged"),
    ("claim", "engaged"),
    ("redeem", "claim"),
)


def by_code_and_day(db: Session) -> dict[tuple[str, date], Counter[str]]:
    found: dict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    for row in db.scalars(select(DayTotal).where(DayTotal.code_id != "")):
        found[row.code_id, row.on][row.kind] += row.count
    return found


def test_no_step_has_more_than_the_one_before_it_on_any_day(seeded: Database) -> None:
    with seeded.read() as db:
        counts = by_code_and_day(db)

    assert sum(each["redeem"] for each in counts.values()) > 0
    for key, each in counts.items():
        for step, before in _STEPS:
            assert each[step] <= each[before], (key, step)
        assert each["refuse"] <= each["redeem"]
        assert each[kinds.MAYBE_REPEAT] <= each["scan"]


def test_hours_add_up_to_days(seeded: Database) -> None:
    def sums(db: Session, table: type[DayTotal] | type[HourTotal]) -> dict[tuple[object, ...], int]:
        by = (table.retailer_id, table.on, table.kind, table.store_id, table.fixture_id)
        return {tuple(key): count for *key, count in db.execute(select(*by, func.sum(table.count)).group_by(*by))}

    with seeded.read() as db:
        assert sums(db, DayTotal) == sums(db, HourTotal)


def test_the_weeks_grow_and_saturdays_lead(seeded: Database) -> None:
    with seeded.read() as db:
        shop = db.scalars(select(Retailer).where(Retailer.slug == facts.FASHIONTOWN)).one()
        wanted = select(DayTotal.on, func.sum(DayTotal.count)).where(
            DayTotal.retailer_id == shop.id, DayTotal.kind == "scan"
        )
        days = dict(db.execute(wanted.group_by(DayTotal.on)).all())

    today = NOON.astimezone(ZoneInfo(shop.time_zone)).date()
    newer = sum(count for on, count in days.items() if on > today - timedelta(days=28))
    older = sum(count for on, count in days.items() if on <= today - timedelta(days=28))
    weekdays = Counter({day: sum(count for on, count in days.items() if on.weekday() == day) for day in range(7)})
    assert 55 <= len(days) <= 57
    assert newer > older * 1.3
    assert weekdays.most_common(1)[0][0] == 5
    assert 3_000 < newer + older < 12_000


def test_nothing_is_counted_at_night_in_a_shop_or_after_now(seeded: Database) -> None:
    with seeded.read() as db:
        riverside = db.scalars(select(Store).where(Store.code == "FT-001")).one()
        hours = set(db.scalars(select(HourTotal.hour).where(HourTotal.store_id == riverside.id)))
        latest = db.scalar(select(func.max(DayTotal.on)))
        local = NOON.astimezone(ZoneInfo(riverside.time_zone))
        today = db.scalars(
            select(HourTotal.hour).where(HourTotal.store_id == riverside.id, HourTotal.on == local.date())
        ).all()

    assert min(hours) >= 9
    assert max(hours) < 20
    assert latest is not None
    assert latest <= NOON.astimezone(ZoneInfo("Asia/Riyadh")).date()
    assert all(hour <= local.hour for hour in today)


def test_a_code_is_not_scanned_before_it_hangs(seeded: Database) -> None:
    with seeded.read() as db:
        zones = dict(db.execute(select(Store.id, Store.time_zone)).all())
        codes = {code.id: code for code in db.scalars(select(Code))}
        counts = by_code_and_day(db)

    for code_id, on in counts:
        code = codes[code_id]
        hung_on = code.created_at.astimezone(ZoneInfo(zones[code.store_id or ""])).date()
        assert on >= hung_on


def test_no_raw_scan_is_made_up_and_every_shop_says_that_its_totals_are(seeded: Database) -> None:
    with seeded.read() as db:
        assert db.scalar(select(func.count()).select_from(Scan)) == 0
        assert all(db.scalars(select(Retailer.has_sample_scans)))


def test_claims_and_uses_in_the_totals_are_those_of_the_offers(seeded: Database) -> None:
    with seeded.read() as db:
        claims = db.scalar(select(func.count()).select_from(Claim))
        used = db.scalar(select(func.count()).select_from(Claim).where(Claim.state == ClaimState.REDEEMED))
        counters = db.scalar(select(func.sum(OfferCounter.used)))
        by_kind = select(DayTotal.kind, func.sum(DayTotal.count)).group_by(DayTotal.kind)
        totals = dict(db.execute(by_kind).all())
        waiting = db.scalar(select(func.count()).select_from(Event).where(~Event.is_counted))

    assert totals["claim"] == claims
    assert totals["redeem"] == used == counters
    # What the loader would count again on top of the totals.
    assert waiting == 0
