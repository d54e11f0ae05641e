"""Calls: who may call and when, one at a time and so many in all, what becomes of a call, and what is forgotten."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.calls import service
from qrmerch.calls.models import Call, CallRule, CallState, Staffed, Why
from qrmerch.calls.queries import count_asked, find_coming, get_call, list_days, list_waiting
from qrmerch.calls.service import LASTS, CallGone, CallRefused, CallTerms, Refusal
from qrmerch.calls.tasks import forget_calls
from qrmerch.catalog.models import Item
from qrmerch.catalog.service import retire_item
from qrmerch.config import Settings
from qrmerch.content.publishing import take_down
from qrmerch.db import Database
from qrmerch.errors import Conflict, FormError, NotFound
from qrmerch.files import FileStore
from qrmerch.jobs import Work
from qrmerch.parties.models import PageChange, Store
from qrmerch.parties.service import set_open
from qrmerch.scans.models import Event
from tests.conftest import NOON
from tests.factories import Person, let_call, make_call, make_item, make_person, make_retailer, make_store

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# Ten to eight in the evening, every day.
OPEN_HOURS = [[[600, 1200]]] * 7
# NOON is 12:00 there, in New York: the store closes at 01:00 UTC.
CLOSES = datetime.fromisoformat("2026-11-19T01:00:00+00:00")


@dataclass
class Floor:
    """A store where shoppers may call, an item in it, and two who work there."""

    store: Store
    item: Item
    ada: Person
    bea: Person


@pytest.fixture
def floor(db: Session) -> Floor:
    shop = make_retailer(db)
    store = make_store(db, shop, short_name="Riverside")
    store.weekly = OPEN_HOURS
    item = make_item(db, shop)
    people = [make_person(db, Role.ASSOCIATE, name=name, retailer=shop, stores=(store,)) for name in ("Ada", "Bea")]
    let_call(db, store, at=NOON - HOUR)
    db.flush()
    return Floor(store, item, *people)


def call(db: Session, floor: Floor, *, caller: str = "", at: datetime = NOON) -> Call:
    return make_call(db, floor.store, floor.item, caller=caller, at=at)


def refusal(db: Session, floor: Floor, *, caller: str = "", at: datetime = NOON) -> Refusal | None:
    try:
        call(db, floor, caller=caller, at=at)
    except CallRefused as refused:
        return refused.refusal
    return None


def count(db: Session, table: type) -> int:
    return db.scalar(select(func.count()).select_from(table)) or 0


# --- whether somebody comes --------------------------------------------------------------------------


def test_nobody_comes_where_nothing_was_said(db: Session) -> None:
    store = make_store(db, make_retailer(db))

    assert not find_coming(db, store, at=NOON).is_possible


def test_by_hours_somebody_comes_while_the_store_is_open(db: Session, floor: Floor) -> None:
    let_call(db, floor.store, staffed=Staffed.HOURS)

    assert find_coming(db, floor.store, at=NOON).is_possible
    assert find_coming(db, floor.store, at=NOON).changes_at == CLOSES
    closed = find_coming(db, floor.store, at=CLOSES)
    assert not closed.is_possible
    assert closed.changes_at == CLOSES + 14 * HOUR


def test_by_hours_that_nobody_understands_nobody_comes(db: Session, floor: Floor) -> None:
    let_call(db, floor.store, staffed=Staffed.HOURS)
    floor.store.weekly = []

    assert not find_coming(db, floor.store, at=NOON).is_possible


def test_what_associates_say_ends_when_the_store_closes(db: Session, floor: Floor) -> None:
    until = service.come(db, floor.store, actor=None, at=NOON)

    assert until == CLOSES
    assert find_coming(db, floor.store, at=CLOSES - MINUTE).is_possible
    assert not find_coming(db, floor.store, at=CLOSES).is_possible


def test_said_before_the_doors_open_it_ends_when_the_store_closes(db: Session, floor: Floor) -> None:
    opens = datetime.fromisoformat("2026-11-18T15:00:00+00:00")

    assert service.come(db, floor.store, actor=None, at=opens - MINUTE) == CLOSES


def test_said_after_the_store_has_closed_it_ends_with_the_day(db: Session, floor: Floor) -> None:
    assert service.come(db, floor.store, actor=None, at=CLOSES) == CLOSES + 4 * HOUR


@pytest.mark.parametrize("weekly", [[], [[] for _ in range(7)]])
def test_where_hours_say_nothing_it_ends_with_the_stores_own_day(
    db: Session, floor: Floor, weekly: list[list[list[int]]]
) -> None:
    floor.store.weekly = weekly

    # Midnight in New York.
    assert service.come(db, floor.store, actor=None, at=NOON) == datetime.fromisoformat("2026-11-19T05:00:00+00:00")


def test_associates_switch_only_what_is_theirs_to_switch(db: Session, floor: Floor) -> None:
    let_call(db, floor.store, staffed=Staffed.HOURS)

    with pytest.raises(Conflict):
        service.come(db, floor.store, actor=None, at=NOON)


def test_in_a_store_that_is_closed_for_good_nobody_comes(db: Session, floor: Floor) -> None:
    set_open(db, floor.store, False, at=NOON)

    assert refusal(db, floor) == Refusal.NOBODY


def test_every_change_of_the_rule_is_in_the_log_and_told_to_pages(db: Session, floor: Floor) -> None:
    told, noted = count(db, PageChange), count(db, AuditEntry)
    terms = CallTerms(is_on=False, staffed=Staffed.HOURS, most_open=3, says_name=True)

    assert service.set_rule(db, floor.store, terms, actor=None, at=NOON)
    assert not service.set_rule(db, floor.store, terms, actor=None, at=NOON)

    assert count(db, PageChange) == told + 1
    assert count(db, AuditEntry) == noted + 1
    entry = db.scalars(select(AuditEntry).where(AuditEntry.action == "store.calls").order_by(AuditEntry.number)).all()[
        -1
    ]
    assert entry.detail["after"] == {"is_on": False, "staffed": "hours", "most_open": 3, "says_name": True}


def test_switching_is_in_the_log_and_told_to_pages(db: Session, floor: Floor) -> None:
    told = count(db, PageChange)

    service.stop_coming(db, floor.store, actor=None, at=NOON)
    service.stop_coming(db, floor.store, actor=None, at=NOON)
    service.come(db, floor.store, actor=None, at=NOON)

    actions = db.scalars(select(AuditEntry.action).order_by(AuditEntry.number)).all()
    assert actions[-2:] == ["store.calls_stop", "store.calls_come"]
    assert count(db, PageChange) == told + 2


@pytest.mark.parametrize("most", [0, 51])
def test_a_limit_that_is_none_is_refused(db: Session, floor: Floor, most: int) -> None:
    with pytest.raises(FormError):
        service.set_rule(db, floor.store, CallTerms(True, Staffed.HOURS, most, False), actor=None, at=NOON)


# --- calling -----------------------------------------------------------------------------------------


def test_a_call_has_the_days_next_number(db: Session, floor: Floor) -> None:
    numbers = [call(db, floor, at=NOON).number for _ in range(2)]
    # 00:10 of the next day in New York.
    next_day = call(db, floor, at=NOON + 12 * HOUR + 10 * MINUTE)

    assert numbers == [1, 2]
    assert (next_day.on.isoformat(), next_day.number) == ("2026-11-19", 1)


def test_a_call_is_an_event_that_names_nobody(db: Session, floor: Floor) -> None:
    made = call(db, floor, caller="a digest")

    event = db.scalars(select(Event)).one()
    assert (event.kind, event.item_id, event.store_id, event.detail) == ("call", floor.item.id, floor.store.id, "")
    assert made.id not in (event.detail, event.visit)


def test_somebody_of_the_house_is_answered_and_not_counted(db: Session, floor: Floor) -> None:
    service.call(
        db, floor.store, floor.item, variant=None, fixture=None, caller="x", visit=None, at=NOON, is_counted=False
    )

    assert (count(db, Call), count(db, Event)) == (1, 0)


def test_one_call_of_a_caller_is_open_at_once(db: Session, floor: Floor) -> None:
    first = call(db, floor, caller="one")

    with pytest.raises(CallRefused) as refused:
        call(db, floor, caller="one")

    assert refused.value.refusal == Refusal.OPEN_ALREADY
    assert refused.value.held is first
    service.withdraw(db, first, at=NOON)
    assert refusal(db, floor, caller="one") is None


def test_so_many_calls_are_open_at_once_and_no_more(db: Session, floor: Floor) -> None:
    let_call(db, floor.store, most_open=2, at=NOON - HOUR)
    first, _ = call(db, floor), call(db, floor)
    service.take(db, first, floor.ada.user.id, at=NOON)

    assert refusal(db, floor) == Refusal.ALL_BUSY

    service.finish(db, first, at=NOON)
    assert refusal(db, floor) is None


def test_nobody_comes_for_what_is_no_longer_sold(db: Session, floor: Floor) -> None:
    retire_item(db, floor.item, at=NOON)

    assert refusal(db, floor) == Refusal.ITEM_RETIRED


def test_nobody_comes_for_what_is_taken_down(db: Session, floor: Floor) -> None:
    take_down(db, floor.item, reason="Recalled", actor=None, at=NOON)

    assert refusal(db, floor) == Refusal.ITEM_DOWN
    assert count(db, Call) == 0


def test_nobody_comes_for_another_houses_item(db: Session, floor: Floor) -> None:
    floor.item = make_item(db, make_retailer(db))

    assert refusal(db, floor) == Refusal.ITEM_RETIRED


# --- what becomes of it ------------------------------------------------------------------------------


def test_a_call_is_taken_and_done(db: Session, floor: Floor) -> None:
    made = call(db, floor)

    service.take(db, made, floor.ada.user.id, at=NOON + MINUTE)
    assert (made.state, made.taken_by, made.lapses_at) == (CallState.TAKEN, floor.ada.user.id, NOON + MINUTE + LASTS)

    service.finish(db, made, at=NOON + 3 * MINUTE)
    assert (made.state, made.ended_at, made.caller) == (CallState.DONE, NOON + 3 * MINUTE, None)


def test_who_comes_second_is_told_who_was_first(db: Session, floor: Floor) -> None:
    made = call(db, floor)
    service.take(db, made, floor.ada.user.id, at=NOON)

    with pytest.raises(CallGone, match="Ada has taken number 1 already"):
        service.take(db, made, floor.bea.user.id, at=NOON)

    assert made.taken_by == floor.ada.user.id
    # Her own second press is no mistake.
    service.take(db, made, floor.ada.user.id, at=NOON)


def test_what_is_not_taken_is_not_done(db: Session, floor: Floor) -> None:
    with pytest.raises(CallGone, match="Take number 1 first"):
        service.finish(db, call(db, floor), at=NOON)


def test_what_is_not_possible_says_why_and_who_found_out(db: Session, floor: Floor) -> None:
    made = call(db, floor)

    service.give_up(db, made, Why.NONE_HERE, floor.bea.user.id, at=NOON + MINUTE)

    assert (made.state, made.why) == (CallState.IMPOSSIBLE, Why.NONE_HERE)
    assert (made.taken_by, made.taken_at) == (floor.bea.user.id, NOON + MINUTE)
    with pytest.raises(CallGone, match="Bea has said already"):
        service.give_up(db, made, Why.ALL_BUSY, floor.ada.user.id, at=NOON + MINUTE)


def test_what_was_withdrawn_is_nobodys_to_take(db: Session, floor: Floor) -> None:
    made = call(db, floor)
    service.withdraw(db, made, at=NOON)

    with pytest.raises(CallGone, match="withdrawn"):
        service.take(db, made, floor.ada.user.id, at=NOON)


def test_withdrawing_what_is_over_changes_nothing(db: Session, floor: Floor) -> None:
    made = call(db, floor)
    service.take(db, made, floor.ada.user.id, at=NOON)
    service.finish(db, made, at=NOON)

    service.withdraw(db, made, at=NOON + MINUTE)

    assert (made.state, made.ended_at) == (CallState.DONE, NOON)


def test_a_call_dies_after_twenty_minutes(db: Session, floor: Floor) -> None:
    made = call(db, floor, caller="one")
    late = NOON + LASTS

    assert made.state_at(late - MINUTE) == CallState.ASKED
    assert made.state_at(late) == CallState.LAPSED
    assert list_waiting(db, floor.store.id, at=late) == []
    assert count_asked(db, [floor.store.id], at=late) == 0
    with pytest.raises(CallGone, match="waited for too long"):
        service.take(db, made, floor.ada.user.id, at=late)
    assert refusal(db, floor, caller="one", at=late) is None


def test_who_took_it_late_has_time_to_come(db: Session, floor: Floor) -> None:
    made = call(db, floor)
    service.take(db, made, floor.ada.user.id, at=NOON + LASTS - MINUTE)

    assert made.state_at(NOON + LASTS + MINUTE) == CallState.TAKEN


# --- reading -----------------------------------------------------------------------------------------


def test_who_waits_longest_stands_first(db: Session, floor: Floor) -> None:
    late, early = call(db, floor, at=NOON), call(db, floor, at=NOON - MINUTE)

    assert [each.call.id for each in list_waiting(db, floor.store.id, at=NOON)] == [early.id, late.id]


def test_another_stores_call_is_not_there(db: Session, floor: Floor) -> None:
    made = call(db, floor)

    assert get_call(db, made.id, store_ids=[floor.store.id]) is made
    with pytest.raises(NotFound):
        get_call(db, made.id, store_ids=["another"])


def test_half_of_a_days_calls_waited_no_longer_than_the_median(db: Session, floor: Floor) -> None:
    for minutes in (1, 2, 9):
        service.take(db, call(db, floor), floor.ada.user.id, at=NOON + minutes * MINUTE)
    call(db, floor)
    call(db, floor, at=NOON - DAY)

    today, yesterday = list_days(db, floor.store.id, since=(NOON - DAY).date())

    assert (today.calls, today.taken, today.median_wait) == (4, 3, 2 * MINUTE)
    assert (yesterday.calls, yesterday.taken, yesterday.median_wait) == (1, 0, None)
    assert list_days(db, floor.store.id, since=NOON.date()) == [today]


def test_the_chore_ends_what_nobody_came_for_and_forgets_what_is_old(
    db: Session, database: Database, settings: Settings, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_call(db, floor.store, at=NOON - 40 * DAY, until=NOON + DAY)
    call(db, floor, at=NOON - 30 * DAY - MINUTE)
    call(db, floor, at=NOON - 30 * DAY + MINUTE)
    open_yet = call(db, floor, at=NOON - MINUTE)
    db.commit()
    monkeypatch.setattr("qrmerch.calls.tasks.now", lambda: NOON)

    forget_calls(Work(settings, database, FileStore(settings.uploads_dir)))

    kept = db.scalars(select(Call).order_by(Call.asked_at)).all()
    assert [each.state for each in kept] == [CallState.LAPSED, CallState.ASKED]
    assert (kept[0].caller, kept[0].ended_at) == (None, kept[0].lapses_at)
    assert kept[1].id == open_yet.id
    assert count(db, CallRule) == 1
