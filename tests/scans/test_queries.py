"""Totals as they are read: of one house, from a day to a day, by what is asked for."""

from datetime import date, timedelta

from sqlalchemy.orm import Session

from qrmerch.codes.models import Carrier
from qrmerch.codes.queries import Wanted, select_ids
from qrmerch.codes.service import make_code
from qrmerch.db import Database, scope
from qrmerch.scans.models import DayTotal, HourTotal, LogFile
from qrmerch.scans.places import LocalHours
from qrmerch.scans.queries import (
    OF_SCAN,
    Span,
    count_by_code,
    count_by_day,
    count_by_fixture,
    count_by_hour,
    count_by_item,
    count_by_kind,
    count_by_store,
    count_scans_by_code,
    count_scans_by_use,
    read_state,
)
from qrmerch.scans.service import record_event
from tests.conftest import NOON
from tests.factories import make_item, make_retailer
from tests.scans.shop import Shop

DAY = date(2026, 11, 18)


def count(db: Session, shop: Shop, kind: str, number: int, **more: object) -> None:
    said = {"on": DAY, "store_id": shop.riverside.id, "fixture_id": shop.wall.id, "item_id": shop.top.id, "code_id": ""}
    db.add(DayTotal(**{"retailer_id": shop.retailer.id, "kind": kind, "count": number, **said, **more}))


def span(shop: Shop, **more: object) -> Span:
    return Span(**{"retailer_id": shop.retailer.id, "since": DAY, "until": DAY + timedelta(days=1), **more})


def test_counts_come_by_what_is_asked_for(db: Session, shop: Shop) -> None:
    count(db, shop, "scan", 5, code_id=shop.code.id)
    count(db, shop, "scan", 2, store_id=shop.berlin.id, fixture_id="", code_id=shop.berlin_code.id)
    count(db, shop, "view", 4, code_id=shop.code.id)
    count(db, shop, "view", 3)
    count(db, shop, "scan", 1, item_id=shop.cap.id, store_id="", fixture_id="")
    db.flush()
    all_ = span(shop)

    assert count_by_kind(db, all_) == {"scan": 8, "scan_of_scan": 7, "view": 7, "view_of_scan": 4}
    assert count_by_kind(db, span(shop, store_id=shop.berlin.id)) == {"scan": 2, f"scan{OF_SCAN}": 2}
    assert count_by_kind(db, span(shop, item_id=shop.cap.id)) == {"scan": 1}
    assert count_by_day(db, all_)[DAY]["scan"] == 8
    assert {item: counts["scan"] for item, counts in count_by_item(db, all_).items()} == {
        shop.top.id: 7,
        shop.cap.id: 1,
    }
    assert {store: counts["scan"] for store, counts in count_by_store(db, all_).items()} == {
        shop.riverside.id: 5,
        shop.berlin.id: 2,
        "": 1,
    }
    assert count_by_fixture(db, all_)[shop.riverside.id, shop.wall.id] == {
        "scan": 5,
        "scan_of_scan": 5,
        "view": 7,
        "view_of_scan": 4,
    }
    assert {code: counts["scan"] for code, counts in count_by_code(db, all_).items()} == {
        shop.code.id: 5,
        shop.berlin_code.id: 2,
    }


def test_scans_of_codes_are_those_of_their_days_alone_and_come_by_campaign_and_carrier(db: Session, shop: Shop) -> None:
    magazine = make_code(db, shop.top, at=NOON, campaign="Magazine", carrier=Carrier.NFC)
    silent = make_code(db, shop.top, at=NOON, campaign="Magazine")
    elsewhere = make_code(db, make_item(db, make_retailer(db)), at=NOON, campaign="Magazine")
    for code, number in ((shop.code, 5), (magazine, 3), (elsewhere, 40)):
        count(db, shop, "scan", number, code_id=code.id)
    count(db, shop, "scan", 2, code_id=shop.code.id, fixture_id="")
    count(db, shop, "scan", 70, code_id=shop.code.id, on=DAY - timedelta(days=1))
    count(db, shop, "view", 11, code_id=magazine.id)
    count(db, shop, "scan", 13)
    db.flush()

    assert count_scans_by_code(db, span(shop)) == {shop.code.id: 7, magazine.id: 3, elsewhere.id: 40}
    assert count_scans_by_code(db, span(shop), [magazine.id, silent.id]) == {magazine.id: 3}
    assert count_scans_by_code(db, span(shop), []) == {}
    wanted = select_ids(Wanted(shop.retailer.id, item_id=shop.top.id))
    mine = {
        (each.campaign, each.carrier): (each.codes, each.scans) for each in count_scans_by_use(db, span(shop), wanted)
    }
    assert mine["Magazine", Carrier.NFC] == (1, 3) and mine["Magazine", Carrier.PRINT] == (1, 0)
    assert mine["", Carrier.PRINT][1] == 7


def test_the_end_of_a_span_is_not_counted_and_its_beginning_is(db: Session, shop: Shop) -> None:
    for days in range(-1, 3):
        count(db, shop, "scan", 10 ** (days + 1), on=DAY + timedelta(days=days))
    db.flush()

    assert count_by_kind(db, span(shop, until=DAY + timedelta(days=2))) == {"scan": 110}
    assert count_by_kind(db, span(shop, until=DAY)) == {}


def test_another_houses_totals_are_never_read(db: Session, shop: Shop) -> None:
    count(db, shop, "scan", 5, retailer_id=make_retailer(db).id)
    db.flush()

    assert count_by_kind(db, span(shop)) == {} and count_by_day(db, span(shop)) == {}


def test_hours_are_of_one_kind_and_one_store_if_asked(db: Session, shop: Shop) -> None:
    for store_id, hour, kind, number in (
        (shop.riverside.id, 12, "scan", 3),
        (shop.berlin.id, 12, "scan", 2),
        (shop.riverside.id, 13, "view", 9),
    ):
        db.add(
            HourTotal(
                retailer_id=shop.retailer.id,
                on=DAY,
                hour=hour,
                kind=kind,
                store_id=store_id,
                fixture_id="",
                count=number,
            )
        )
    db.flush()

    assert count_by_hour(db, span(shop), "scan") == {(DAY, 12): 5}
    assert count_by_hour(db, span(shop, store_id=shop.berlin.id), "scan") == {(DAY, 12): 2}


def test_losses_are_told_of_the_days_asked_for_and_waiting_actions_of_the_house(
    database: Database, db: Session, shop: Shop
) -> None:
    other = make_retailer(db)
    stranger = make_item(db, other)
    for name, days, lost, bad in (("a", 40, 7, 0), ("b", 2, 3, 1), ("c", 0, 0, 2)):
        db.add(LogFile(name=name, offset=0, lost_lines=lost, bad_lines=bad, read_at=NOON - timedelta(days=days)))
    for item in (shop.top, stranger, stranger):
        record_event(db, kind="keep", retailer_id=item.retailer_id, item_id=item.id, at=NOON)
    db.commit()

    with database.read() as session:
        # As a request does; and as a command that is scoped to nobody.
        plain = read_state(session, shop.retailer.id, since=NOON - timedelta(days=3), until=NOON + timedelta(days=1))
        scope(session, retailer_ids=(shop.retailer.id,), vendor_id=None)
        scoped = read_state(session, shop.retailer.id, since=NOON - timedelta(days=3), until=NOON + timedelta(days=1))
        none = read_state(session, other.id, since=NOON + timedelta(days=1), until=NOON + timedelta(days=2))

    assert plain == scoped
    assert (plain.read_at, plain.lost_lines, plain.bad_lines) == (NOON, 3, 3)
    assert (plain.waiting, plain.waiting_since) == (1, NOON)
    assert (none.lost_lines, none.waiting, none.waiting_since) == (0, 0, None)


def test_a_quarter_of_an_hour_has_one_date_and_hour_in_each_zone() -> None:
    hours = LocalHours()
    quarter = int(NOON.timestamp()) // 900

    assert hours.of("America/New_York", quarter) == (DAY, 12)
    assert hours.of("Asia/Kathmandu", quarter) == (DAY, 22), "a zone of 5:45 hours"
    assert hours.of("Asia/Kathmandu", quarter + 1) == (DAY, 23)
    assert hours.of("Pacific/Kiritimati", quarter) == (DAY + timedelta(days=1), 7)
    assert hours.of("UTC", quarter) is hours.of("UTC", quarter), "remembered"
