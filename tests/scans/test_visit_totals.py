"""Visits counted exactly: a scan or an opening, and what follows within half an hour, four hours at most."""

import contextlib
import random
from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.insights.figures import Counts
from qrmerch.scans import kinds
from qrmerch.scans.line import ENGAGED, make_line
from qrmerch.scans.loader import Loader
from qrmerch.scans.models import CodeHour, DayTotal, HourTotal, LogFile, OpenVisit, Scan, ScanPlace
from qrmerch.scans.service import record_event
from tests.conftest import NOON
from tests.scans.shop import PHONE, Shop, totals
from tests.scans.test_loader import load, outcomes

VISIT = "a" * 28
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.mark.parametrize("max_bytes", [1, 2_000_000], ids=["line by line", "at once"])
def test_a_page_asked_for_after_half_an_hour_begins_another_visit_there(
    database: Database, db: Session, shop: Shop, max_bytes: int
) -> None:
    second = timedelta(seconds=1)
    shop.write(
        shop.scan(visit=VISIT),
        shop.page(NOON + HALF_AN_HOUR, visit=VISIT, item=shop.cap),
        shop.page(NOON + 2 * HALF_AN_HOUR + second, visit=VISIT, item=shop.cap, store_id=shop.berlin.id),
        shop.page(NOON + 3 * HALF_AN_HOUR, visit=VISIT),
    )

    load(database, shop, max_bytes=max_bytes)

    assert outcomes(db) == ["scan", "page", "visit", "page"]
    began, place = db.execute(
        select(OpenVisit, ScanPlace).join(ScanPlace, ScanPlace.number == OpenVisit.place_number)
    ).one()
    assert (began.began_at, place.item_id, place.store_id) == (
        NOON + 2 * HALF_AN_HOUR + second,
        shop.cap.id,
        shop.berlin.id,
    )


@pytest.mark.parametrize("max_bytes", [1, 2_000_000], ids=["line by line", "at once"])
def test_a_visit_lasts_four_hours_and_is_engaged_once_each_time(
    database: Database, db: Session, shop: Shop, max_bytes: int
) -> None:
    def engaged(at: datetime) -> bytes:
        return make_line(ENGAGED, shop.top.public_id, at.timestamp(), agent=PHONE, visit=VISIT)

    shop.write(shop.scan(visit=VISIT))
    for number in range(1, 13):
        at = NOON + number * timedelta(minutes=25)
        shop.write(shop.page(at, visit=VISIT), engaged(at), engaged(at))

    load(database, shop, max_bytes=max_bytes)

    assert totals(db) == {"scan": 1, "page": 11, "visit": 1, "engaged": 2}


def test_what_was_seen_or_done_keeps_a_visit_open_and_what_came_too_late_does_not(
    database: Database, db: Session, shop: Shop
) -> None:
    minute = timedelta(minutes=1)
    shop.write(shop.scan(visit=VISIT), shop.view(NOON + 20 * minute, visit=VISIT))
    load(database, shop)
    more = {"retailer_id": shop.retailer.id, "item_id": shop.top.id, "visit": VISIT}
    record_event(db, kind="keep", at=NOON + 45 * minute, **more)
    db.commit()
    load(database, shop)
    shop.write(shop.page(NOON + 74 * minute, visit=VISIT), shop.view(NOON + 105 * minute, visit=VISIT))
    load(database, shop)
    shop.write(shop.page(NOON + 106 * minute, visit=VISIT))
    load(database, shop)

    assert totals(db) == {"scan": 1, "view": 2, "keep": 1, "engaged": 1, "page": 1, "visit": 1}


def test_pages_of_a_phone_that_is_not_to_be_told_apart_begin_none(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan(has_gpc=True), *(shop.page(is_new_visit=True, has_gpc=True) for _ in range(3)))

    load(database, shop)

    assert totals(db) == {"scan": 1, "page": 3}
    assert Counts.of(totals(db)).visits == 1


def recount(db: Session) -> Counter[tuple[str, str]]:
    """Visits by item and store from the rows alone: each id's lines in their order, cut where they had ended."""
    found: Counter[tuple[str, str]] = Counter()
    began: dict[str, datetime] = {}
    seen: dict[str, datetime] = {}
    wanted = select(Scan, ScanPlace).join(ScanPlace, ScanPlace.number == Scan.place_number)
    for row, place in db.execute(wanted.order_by(Scan.at, Scan.id)):
        is_opening = row.entry == "print"
        if row.visit and row.visit in seen:
            goes_on = row.at - seen[row.visit] <= HALF_AN_HOUR and row.at - began[row.visit] <= timedelta(hours=4)
            if goes_on:
                seen[row.visit] = row.at
            if goes_on or row.outcome not in (kinds.PAGE, kinds.VISIT):
                continue
        elif not row.visit and not is_opening:
            continue
        found[place.item_id, place.store_id] += 1
        began[row.visit] = seen[row.visit] = row.at
    return found


@pytest.mark.parametrize("seed", range(3))
def test_visits_are_what_the_rows_come_to(
    seed: int, database: Database, db: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day of phones that come back sooner or later, and loaders that end in the middle."""
    dice, at, commits = random.Random(seed), NOON, Session.commit
    going: list[str] = []

    def die(session: Session) -> None:
        when = dice.random()
        if when > 0.4:
            commits(session)
        if when < 0.7:
            raise KeyboardInterrupt

    for number in range(400):
        at += timedelta(seconds=dice.randrange(240))
        visit = dice.choice(going) if going and dice.random() < 0.7 else ""
        item, store = dice.choice([shop.top, shop.cap]), dice.choice([shop.riverside, shop.berlin]).id
        if not visit:
            visit = dice.choice(["", f"{number:028x}", f"{number:028x}", f"{number:028x}"])
            going = [*going, visit][-12:] if visit else going
            opened = shop.page(at, visit=visit, item=item, store_id=store, is_new_visit=True, entry="link")
            shop.write(dice.choice([shop.scan(at, visit=visit, code=shop.berlin_code), opened]))
        else:
            what = {"item": item, "visit": visit, "store_id": store}
            engaged = make_line(ENGAGED, item.public_id, at.timestamp(), agent=PHONE, visit=visit, store_id=store)
            shop.write(dice.choice([shop.page(at, **what), shop.page(at, **what), shop.view(at, **what), engaged]))
        if dice.random() < 0.1:
            with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
                patch.setattr(Session, "commit", die)
                Loader(database, shop.folder, max_bytes=dice.choice([500, 40_000])).load(NOON)
    load(database, shop)

    counted: Counter[tuple[str, str]] = Counter()
    for row in db.scalars(select(DayTotal).where(DayTotal.kind.in_((kinds.SCAN, kinds.VISIT, kinds.FRIEND)))):
        counted[row.item_id, row.store_id] += row.count
    assert counted == recount(db)
    assert counted.total() == Counts.of(totals(db)).visits
    assert totals(db)[kinds.VISIT] > 20


@pytest.mark.parametrize("seed", range(3))
def test_a_loader_that_is_behind_takes_the_lines_of_all_files_in_the_order_of_their_time(
    seed: int, database: Database, db: Session, shop: Shop
) -> None:
    """Three workers, a file for each and for each hour, read after hours in batches of a few lines."""
    dice, at = random.Random(seed), NOON
    going: list[str] = []
    for number in range(400):
        at += timedelta(seconds=dice.randrange(1, 240))
        visit = dice.choice(going) if going and dice.random() < 0.7 else ""
        if visit:
            line = dice.choice([shop.page, shop.view])(at, visit=visit, store_id=shop.berlin.id)
        else:
            visit = f"{number:028x}"
            line = shop.scan(at, visit=visit, code=shop.berlin_code, manner=dice.choice(["", "", "prefetch"]))
            going = [*going, visit][-12:]
        shop.write(line, name=f"scan-{at:%Y%m%dT%H}-{dice.choice('123')}.jsonl")

    load(database, shop, max_bytes=dice.choice([1, 900, 9_000]))
    told, visits = totals(db), recount(db).total()
    for table in (Scan, ScanPlace, OpenVisit, LogFile, DayTotal, HourTotal, CodeHour):
        db.execute(delete(table))
    db.commit()
    load(database, shop)

    assert told == totals(db), "as when it is all read at once"
    assert told[kinds.SCAN] + told[kinds.PREFETCH] + told[kinds.VISIT] == visits
    assert min(told[kinds.PREFETCH], told[kinds.VISIT]) > 10


def test_a_clock_that_was_set_back_holds_up_no_loader_that_is_behind(
    database: Database, db: Session, shop: Shop
) -> None:
    hour, torn = timedelta(hours=1), b'{"t":17\n'
    for name in ("scan-1.jsonl", "scan-2.jsonl"):
        shop.write(*(shop.scan(NOON - number * hour) for number in range(6)), torn, torn, name=name)
    shop.write(shop.scan(NOON + 999 * hour), shop.scan(), shop.scan()[:40], name="scan-3.jsonl")

    load(database, shop, max_bytes=300)

    assert totals(db) == {"scan": 14}
