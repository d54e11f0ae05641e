"""A rule found wrong: what it left out comes back once, on its day and at its place, and the numbers say so."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.errors import Conflict, NotFound
from qrmerch.scans.correcting import RULE
from qrmerch.scans.line import GS1, make_line
from qrmerch.scans.models import Correction, DayTotal
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
