"""Two people at once: the same order, the same codes, the same host, the same link; on both databases.

Where one read before the other wrote, the order is played out by hand on PostgreSQL: writers of SQLite never overlap.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, Variant
from qrmerch.catalog.queries import list_variants
from qrmerch.codes import carrying, gs1_service, runs, service
from qrmerch.codes.gs1_models import Gs1Link, GtinAnswer, LinkHost
from qrmerch.codes.models import Code, CodeDraft, CodeRun, CodeState, RunState
from qrmerch.codes.runs import RunOver, cancel_run, get_run, make_chunk, start_run
from qrmerch.codes.service import CodeIsRetired, CodesInCircle
from qrmerch.db import Database
from qrmerch.errors import NotFound
from qrmerch.parties.models import Fixture, Proof, Retailer, RetailerHost
from qrmerch.parties.own_hosts import HostPrinted, HostTaken, LookedJustNow, begin_look, claim_host
from qrmerch.parties.proving import Look
from tests.conftest import NOON
from tests.factories import make_fixture, make_item, make_retailer, make_store
from tests.threads import at_once

ORDER, HOST = "01999999-0000-7000-8000-000000000001", "qr.fashiontown.example"
THREADS = 6
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def floor(database: Database) -> tuple[str, str]:
    """The ids of an item and of a shelf, committed."""
    with database.write() as db:
        shop = make_retailer(db)
        item, shelf = make_item(db, shop), make_fixture(db, make_store(db, shop))
        db.commit()
        return item.id, shelf.id


@pytest.fixture
def two(database: Database) -> Iterator[tuple[Session, Session]]:
    """Two people's transactions, open at the same time."""
    with ExitStack() as stack:
        yield stack.enter_context(database.write()), stack.enter_context(database.write())


def count(database: Database, table: type[Code] | type[CodeDraft] | type[CodeRun] | type[LinkHost]) -> int:
    with database.read() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def lead(db: Session, floor: tuple[str, str]) -> tuple[list[Item], list[Fixture]]:
    return [db.get_one(Item, floor[0])], [db.get_one(Fixture, floor[1])]


def finish(database: Database, run_id: str) -> None:
    is_more = True
    while is_more:
        with database.write() as db:
            is_more = make_chunk(db, run_id, at=NOON)
            db.commit()


def test_an_order_sent_by_two_clicks_at_once_is_one_run(database: Database, floor: tuple[str, str]) -> None:
    def order(db: Session, _: int) -> str:
        items, shelves = lead(db, floor)
        return start_run(db, items, shelves, at=NOON, run_id=ORDER).id

    assert at_once(database, THREADS, order) == [ORDER] * THREADS
    assert count(database, CodeRun) == 1


def test_runs_for_the_same_places_that_end_at_once_make_each_code_once(
    database: Database, floor: tuple[str, str]
) -> None:
    with database.write() as db:
        items, shelves = lead(db, floor)
        asked = [start_run(db, items, shelves, at=NOON).id for _ in range(THREADS)]
        db.commit()
    for run_id in asked:
        with database.write() as db:
            make_chunk(db, run_id, at=NOON)
            db.commit()

    at_once(database, THREADS, lambda db, place: make_chunk(db, asked[place], at=NOON))

    with database.read() as db:
        assert sorted(get_run(db, run_id).made for run_id in asked) == [0] * (THREADS - 1) + [1]
    assert (count(database, Code), count(database, CodeDraft)) == (1, 0)


def test_two_workers_with_one_run_make_each_code_once(
    database: Database, floor: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "CHUNK", 1)
    with database.write() as db:
        item, shelf = lead(db, floor)
        shelves = [
            *shelf,
            *(make_fixture(db, make_store(db, db.get_one(Retailer, item[0].retailer_id))) for _ in "123"),
        ]
        run_id = start_run(db, item, shelves, at=NOON).id
        db.commit()

    at_once(database, THREADS, lambda db, _: make_chunk(db, run_id, at=NOON))
    finish(database, run_id)

    assert (count(database, Code), count(database, CodeDraft)) == (4, 0)


def test_a_run_that_is_cancelled_while_it_ends_is_there_whole_or_not_at_all(
    database: Database, floor: tuple[str, str]
) -> None:
    with database.write() as db:
        items, shelves = lead(db, floor)
        run_id = start_run(db, items, shelves, at=NOON).id
        make_chunk(db, run_id, at=NOON)
        db.commit()

    def end(db: Session, place: int) -> None:
        try:
            cancel_run(db, get_run(db, run_id), at=NOON, actor=None) if place % 2 else make_chunk(db, run_id, at=NOON)
        except RunOver:
            db.rollback()

    at_once(database, THREADS, end)

    with database.read() as db:
        state = get_run(db, run_id).state
    assert (state, count(database, Code)) in ((RunState.DONE, 1), (RunState.CANCELLED, 0))
    assert count(database, CodeDraft) == 0


@ON_POSTGRESQL
def test_two_who_replace_each_others_code_make_no_circle(
    database: Database, floor: tuple[str, str], two: tuple[Session, Session]
) -> None:
    with database.write() as db:
        item = db.get_one(Item, floor[0])
        first, second = (service.make_code(db, item, at=NOON).id for _ in range(2))
        db.commit()
    one, other = two
    seen = [(db.get_one(Code, first), db.get_one(Code, second)) for db in two]

    service.replace_code(one, *seen[0], at=NOON, actor=None)
    one.commit()

    with pytest.raises(CodesInCircle):
        service.replace_code(other, *reversed(seen[1]), at=NOON, actor=None)


@ON_POSTGRESQL
def test_no_code_is_replaced_by_one_that_was_retired_meanwhile(
    database: Database, floor: tuple[str, str], two: tuple[Session, Session]
) -> None:
    with database.write() as db:
        item = db.get_one(Item, floor[0])
        first, second = (service.make_code(db, item, at=NOON).id for _ in range(2))
        db.commit()
    one, other = two
    seen = [(db.get_one(Code, first), db.get_one(Code, second)) for db in two]

    service.retire_code(one, seen[0][1], at=NOON, actor=None)
    one.commit()

    with pytest.raises(CodeIsRetired):
        service.replace_code(other, *seen[1], at=NOON, actor=None)
    assert seen[1][0].state == CodeState.ACTIVE


@ON_POSTGRESQL
def test_a_host_that_is_proven_and_printed_while_somebody_takes_it_away_stays(
    database: Database, floor: tuple[str, str], two: tuple[Session, Session]
) -> None:
    with database.write() as db:
        retailer = db.get_one(Retailer, db.get_one(Item, floor[0]).retailer_id)
        row_id = claim_host(db, retailer, HOST, shared_host="shared.example", at=NOON, actor=None).id
        db.commit()
    one, other = two
    seen = other.get_one(RetailerHost, row_id)

    carrying.settle(one, one.get_one(RetailerHost, row_id), Look(Proof.DNS), at=NOON, actor=None)
    assert service.make_code(one, one.get_one(Item, floor[0]), at=NOON).host == HOST
    one.commit()

    with pytest.raises(HostPrinted):
        carrying.remove_host(other, seen, at=NOON, actor=None)


def test_of_houses_that_prove_one_host_at_once_one_has_it(database: Database) -> None:
    with database.write() as db:
        rows = [
            claim_host(db, make_retailer(db), HOST, shared_host="shared.example", at=NOON, actor=None).id
            for _ in range(THREADS)
        ]
        db.commit()

    def prove(db: Session, place: int) -> bool:
        try:
            return carrying.settle(db, db.get_one(RetailerHost, rows[place]), Look(Proof.DNS), at=NOON, actor=None)
        except HostTaken:
            db.rollback()
            return False

    assert sorted(at_once(database, THREADS, prove)) == [False] * (THREADS - 1) + [True]


def test_of_many_looks_for_a_hosts_proof_at_once_one_is_made(database: Database) -> None:
    with database.write() as db:
        row_id = claim_host(db, make_retailer(db), HOST, shared_host="shared.example", at=NOON, actor=None).id
        db.commit()

    def look(db: Session, _: int) -> bool:
        try:
            begin_look(db, db.get_one(RetailerHost, row_id), at=NOON)
        except LookedJustNow:
            return False
        return True

    assert sorted(at_once(database, THREADS, look)) == [False] * (THREADS - 1) + [True]


def draft(**values: object) -> gs1_service.LinkDraft:
    return gs1_service.LinkDraft(**{"link_type": "faqs", "title": "Questions", "href": "/help", **values})  # type: ignore[arg-type]


def test_links_that_are_each_made_the_default_at_once_leave_one(database: Database, floor: tuple[str, str]) -> None:
    def add(db: Session, place: int) -> str:
        item = db.get_one(Item, floor[0])
        return gs1_service.add_link(db, item, draft(title=f"No. {place}", is_default=True), at=NOON, actor=None).id

    made = at_once(database, THREADS, add)

    with database.read() as db:
        assert sorted(db.get_one(Gs1Link, each).is_default for each in made) == [False] * (THREADS - 1) + [True]


@ON_POSTGRESQL
@pytest.mark.parametrize("is_changed", [True, False])
def test_a_link_that_is_gone_is_not_changed_and_not_taken_away_twice(
    database: Database, floor: tuple[str, str], two: tuple[Session, Session], is_changed: bool
) -> None:
    with database.write() as db:
        link_id = gs1_service.add_link(db, db.get_one(Item, floor[0]), draft(), at=NOON, actor=None).id
        db.commit()
    one, other = two
    seen = other.get_one(Gs1Link, link_id)
    gs1_service.remove_link(one, one.get_one(Gs1Link, link_id), at=NOON, actor=None)
    one.commit()

    with pytest.raises(NotFound):
        if is_changed:
            gs1_service.change_link(
                other, other.get_one(Item, floor[0]), seen, draft(title="Mine"), at=NOON, actor=None
            )
        else:
            gs1_service.remove_link(other, seen, at=NOON, actor=None)


def test_a_host_allowed_and_an_answer_marked_by_several_at_once_are_there_once(
    database: Database, floor: tuple[str, str]
) -> None:
    with database.write() as db:
        item = db.get_one(Item, floor[0])
        retailer_id, twin = item.retailer_id, make_item(db, db.get_one(Retailer, item.retailer_id))
        variants = [list_variants(db, found.id)[0] for found in (item, twin)]
        for each in variants:
            each.gtin = "09506000134352"
        chosen = [each.id for each in variants]
        db.commit()

    def allow(db: Session, place: int) -> None:
        gs1_service.allow_host(db, retailer_id, "help.example.com", at=NOON + timedelta(seconds=place), actor=None)
        gs1_service.mark_answer(db, db.get_one(Variant, chosen[place % 2]), at=NOON, actor=None)

    at_once(database, THREADS, allow)

    assert count(database, LinkHost) == 1
    with database.read() as db:
        assert db.scalar(select(func.count(GtinAnswer.id))) == 1
