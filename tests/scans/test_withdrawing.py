"""A rule found wrong: what it left out comes back once, on its day and at its place, and the numbers say so."""

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.errors import Conflict, NotFound
from qrmerch.scans.correcting import RULE
from qrmerch.scans.line import GS1, make_line
from qrmerch.scans.models import CodeHour, Correction, DayTotal, HourTotal
from qrmerch.scans.queries import Span, count_corrected
from qrmerch.scans.withdrawing import Withdrawn, list_withdrawn, withdraw_rule
from tests.conftest import NOON
from tests.scans.shop import PHONE, ROBOT, Shop, totals
from tests.scans.test_loader import load, outcomes

# Rule 37 takes words that a till's browser wears for a robot's; 2 is the version, and the number of a rule as well.
TILL = "bot word 37 2 desktop windows"
FETCHER = "fetcher library 40 2 other other"


def withdraw(database: Database, rule: int = 37) -> Withdrawn:
    with database.write() as db:
        done = withdraw_rule(db, rule, why="the kiosks browser", by="test", at=NOON)
        db.commit()
    return done


def test_what_a_rule_left_out_comes_back_on_its_day_and_at_its_place(
    database: Database, db: Session, shop: Shop
) -> None:
    yesterday = NOON - timedelta(days=1)
    shop.write(shop.scan(yesterday, agent=TILL), shop.scan(agent=TILL, code=shop.berlin_code), shop.scan(agent=ROBOT))
    shop.write(shop.scan(), shop.scan(agent=TILL, manner="head"))
    load(database, shop)
    before = outcomes(db)

    done = withdraw(database)

    assert (done.hits, done.since) == (2, yesterday)
    assert totals(db) == {"scan": 3, "bot": 1, "head": 1}
    scans = [row for row in db.scalars(select(DayTotal)) if row.kind == "scan"]
    back = {row.on: (row.store_id, row.code_id, row.count) for row in scans}
    assert back[date(2026, 11, 17)] == (shop.riverside.id, shop.code.id, 1)
    assert outcomes(db) == before, "raw scans stay as they are"


def test_from_then_on_it_leaves_nobody_out(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan(agent=TILL))
    load(database, shop)
    withdraw(database)

    shop.write(shop.scan(NOON + timedelta(hours=1), agent=TILL), shop.view(agent=TILL), shop.scan(agent=ROBOT))
    load(database, shop)

    assert totals(db) == {"scan": 2, "view": 1, "bot": 1}


def test_each_comes_back_once(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan(agent=TILL))
    load(database, shop)
    withdraw(database)

    with pytest.raises(Conflict, match="withdrawn before"):
        withdraw(database)

    assert totals(db) == {"scan": 1, "bot": 0}
    assert len(db.scalars(select(Correction)).all()) == 2


@pytest.mark.parametrize("is_seen_before", [True, False])
def test_what_was_fetched_ahead_and_seen_is_one_scan_whichever_came_first(
    database: Database, db: Session, shop: Shop, is_seen_before: bool
) -> None:
    shop.write(shop.scan(agent=FETCHER, visit="a" * 28), shop.scan(agent=FETCHER, visit="b" * 28))
    view = shop.view(NOON + timedelta(minutes=1), visit="a" * 28)
    if is_seen_before:
        shop.write(view)
    load(database, shop)
    done = withdraw(database, 40)
    if not is_seen_before:
        shop.write(view)
    load(database, shop)

    assert done.hits == (1 if is_seen_before else 2)
    assert totals(db) == {"scan": 2, "fetcher": 0, "view": 1}


@pytest.mark.parametrize(("rule", "refusal"), [(61, Conflict), (4_711, NotFound), (-1, NotFound)])
def test_only_a_rule_that_leaves_somebody_out_can_be_withdrawn(
    database: Database, shop: Shop, rule: int, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        withdraw(database, rule)


def test_a_rule_of_an_earlier_version_is_known_by_what_it_left_out(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan(agent="preview chat 21 1 other"))
    load(database, shop)

    assert withdraw(database, 21).hits == 1
    assert list_withdrawn(db) == {"21"}


def test_the_numbers_tell_how_many_came_back(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan(agent=TILL), shop.scan(agent=TILL, code=shop.berlin_code), shop.scan(agent=PHONE))
    load(database, shop)
    withdraw(database)
    span = Span(shop.retailer.id, date(2026, 11, 18), date(2026, 11, 19))

    assert count_corrected(db, span, RULE) == 2
    assert count_corrected(db, Span(span.retailer_id, span.since, span.until, store_id=shop.berlin.id), RULE) == 1
    assert count_corrected(db, Span(span.retailer_id, span.since, span.until, item_id=shop.cap.id), RULE) == 0
    assert count_corrected(db, Span(span.retailer_id, date(2026, 11, 17), span.since), RULE) == 0
    row = db.scalars(select(Correction).where(Correction.kind == "bot")).first()
    assert row is not None and (row.difference, row.why) == (-1, "the kiosks browser")


def test_an_agent_of_too_few_words_is_in_nobodys_way(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan(agent=""), shop.scan(agent="bot"), shop.scan(agent=TILL))
    load(database, shop)

    assert withdraw(database).hits == 1
    assert totals(db) == {"scan": 1, "bot": 2}


def test_an_opening_at_a_house_that_is_not_there_is_in_nobodys_way(database: Database, db: Session, shop: Shop) -> None:
    at_s = NOON.timestamp()
    shop.write(shop.scan(agent=TILL), make_line(GS1, "", at_s, agent=TILL, retailer_id="gone"))
    shop.write(make_line(GS1, "", at_s, agent=TILL))
    load(database, shop)

    assert withdraw(database).hits == 3
    assert totals(db) == {"scan": 3, "bot": 0}
    assert {row.retailer_id for row in db.scalars(select(Correction))} == {shop.retailer.id}


ZONES = ("America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin", "Asia/Kathmandu")


@pytest.mark.parametrize("seed", range(4))
def test_whatever_zone_a_store_changes_to_what_is_taken_away_is_what_was_added(
    database: Database, db: Session, shop: Shop, seed: int
) -> None:
    """Openings by the time zone in which each was counted, reckoned here once more in the plainest way."""
    draw = random.Random(seed)
    places = {shop.code: shop.riverside, shop.berlin_code: shop.berlin}
    counted: list[list[Any]] = []
    waiting: list[tuple[list[Any], str]] = []
    withdrawn: set[int] = set()
    at = NOON - timedelta(hours=20)

    for step in range(24):
        for _ in range(draw.randrange(1, 6)):
            at += timedelta(minutes=draw.randrange(1, 20))
            code, agent = draw.choice(list(places)), draw.choice((PHONE, TILL, FETCHER))
            visit = f"{step:02x}{len(counted):02x}" + "a" * 24
            shop.write(shop.scan(at, code=code, agent=agent, visit=visit))
            rule = {TILL: 37, FETCHER: 40}.get(agent, 0)
            kind = "scan" if rule in withdrawn or not rule else "bot" if agent == TILL else "fetcher"
            counted.append([kind, at, places[code].time_zone, places[code].id, rule])
            if kind == "fetcher":
                waiting.append((counted[-1], visit))
        if waiting and draw.random() < 0.6:
            row, visit = waiting.pop(draw.randrange(len(waiting)))
            shop.write(shop.view(at, visit=visit))
            # Four hours, and half an hour of nothing: else it is a view of a visit that has ended.
            row[0] = "scan"
        load(database, shop)
        if draw.random() < 0.5:
            for store in (shop.riverside, shop.berlin):
                store.time_zone = draw.choice(ZONES)
            db.commit()
        if step in (11, 17):
            rule = 37 if step == 11 else 40
            withdraw(database, rule)
            withdrawn.add(rule)
            for row in counted:
                row[0] = "scan" if row[4] == rule else row[0]
            waiting.clear()
        check_totals(db, counted)


def check_totals(db: Session, counted: list[list[Any]]) -> None:
    days: Counter[tuple[date, str, str]] = Counter()
    hours: Counter[tuple[date, int, str, str]] = Counter()
    for kind, at, zone, store_id, _ in counted:
        local = at.astimezone(ZoneInfo(zone))
        days[local.date(), kind, store_id] += 1
        hours[local.date(), local.hour, kind, store_id] += 1
    kinds = ("scan", "bot", "fetcher")
    fresh = {"populate_existing": True}
    day_rows = [row for row in db.scalars(select(DayTotal).execution_options(**fresh)) if row.kind in kinds]
    hour_rows = [row for row in db.scalars(select(HourTotal).execution_options(**fresh)) if row.kind in kinds]
    found_days: Counter[tuple[date, str, str]] = Counter()
    for row in day_rows:
        found_days[row.on, row.kind, row.store_id] += row.count
    found_hours: Counter[tuple[date, int, str, str]] = Counter()
    for each in hour_rows:
        found_hours[each.on, each.hour, each.kind, each.store_id] += each.count
    code_hours = sum(db.scalars(select(CodeHour.count)))
    db.commit()

    assert min([row.count for row in day_rows] + [row.count for row in hour_rows]) >= 0
    assert {key: count for key, count in found_days.items() if count} == days
    assert {key: count for key, count in found_hours.items() if count} == hours
    assert code_hours == sum(count for (_, kind, _), count in days.items() if kind == "scan")
