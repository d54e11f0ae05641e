"""Many codes at once: all of them or none, once each, whoever dies or asks again meanwhile."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.audit import AuditEntry
from qrmerch.catalog.models import Item
from qrmerch.codes import runs, service
from qrmerch.codes.models import Carrier, Code, CodeDraft, CodeRun, RunState, Subject
from qrmerch.codes.queries import Wanted, each_code
from qrmerch.codes.runs import NEW_CODES, RunOver, cancel_run, get_run, make_chunk, start_run
from qrmerch.codes.tokens import find_token
from qrmerch.db import Database, scope
from qrmerch.errors import FormError
from qrmerch.parties.models import Fixture, PageChange
from qrmerch.parties.service import add_host
from tests.conftest import NOON
from tests.factories import make_fixture, make_item, make_retailer, make_store, make_vendor
from tests.figures import on_both_when_full


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "CHUNK", 4)


def make_floor(db: Session, *, items: int = 3, places: int = 5) -> tuple[list[Item], list[Fixture]]:
    """A shop's items, and places to hang codes of them."""
    shop = make_retailer(db)
    vendor, store = make_vendor(db, shop), make_store(db, shop)
    made = [make_item(db, shop, vendor=vendor, sizes=("M",)) for _ in range(items)]
    return made, [make_fixture(db, store) for _ in range(places)]


def finish(db: Session, run: CodeRun) -> CodeRun:
    """Do what the job does until it ends; each chunk is committed."""
    while make_chunk(db, run.id, at=NOON + timedelta(minutes=1)):
        db.commit()
    db.commit()
    return get_run(db, run.id)


def count(db: Session, table: type[Code] | type[CodeDraft]) -> int:
    return db.scalar(select(func.count()).select_from(table)) or 0


def test_a_run_makes_what_making_at_once_makes(db: Session, small_chunks: None) -> None:
    items, places = make_floor(db)
    retailer_id = items[0].retailer_id
    shop_host = "qr.fashiontown.example"
    add_host(db, db.get_one(type(make_retailer(db)), retailer_id), shop_host, is_primary=True, proven_at=NOON)
    at_once = {
        (code.subject_id, code.store_id, code.fixture_id, code.item_id, code.host)
        for code in service.make_codes(db, items, places, at=NOON, carrier=Carrier.SCREEN)
    }
    run = start_run(db, items, places, at=NOON, batch=" Winter ", campaign="yellow")
    db.commit()

    run = finish(db, run)

    lines = list(each_code(db, Wanted(retailer_id, batch="Winter")))
    made = [line.code for line in lines]
    assert (run.state, run.made, run.done, run.total) == (RunState.DONE, 15, 15, 15)
    assert {(c.subject_id, c.store_id, c.fixture_id, c.item_id, c.host) for c in made} == at_once
    assert len({code.token for code in made}) == 15
    assert all(find_token(code.token) == code.token for code in made)
    assert {(c.carrier, c.campaign, c.subject_kind, c.printed_at) for c in made} == {
        (Carrier.PRINT, "yellow", Subject.ITEM, None)
    }
    assert {code.created_at for code in made} == {NOON + timedelta(minutes=1)}
    assert count(db, CodeDraft) == 0


def test_no_code_shows_before_all_are_there(db: Session, small_chunks: None) -> None:
    items, places = make_floor(db)
    run = start_run(db, items, places, at=NOON)
    db.commit()

    while get_run(db, run.id).done < run.total:
        assert make_chunk(db, run.id, at=NOON)
        db.commit()
        assert count(db, Code) == 0
    finish(db, run)

    assert count(db, Code) == 15


def test_a_run_cancelled_at_sixty_percent_leaves_nothing(db: Session, small_chunks: None) -> None:
    items, places = make_floor(db, items=4)
    run = start_run(db, items, places, at=NOON, batch="Winter")
    for _ in range(3):
        make_chunk(db, run.id, at=NOON)
        db.commit()
    assert (get_run(db, run.id).done, count(db, CodeDraft)) == (12, 12)

    cancel_run(db, run, at=NOON, actor=None)
    db.commit()

    assert (finish(db, run).state, count(db, CodeDraft), count(db, Code)) == (RunState.CANCELLED, 0, 0)
    with pytest.raises(RunOver):
        cancel_run(db, run, at=NOON, actor=None)


def test_what_was_not_committed_when_a_worker_died_is_done_again_once(db: Session, small_chunks: None) -> None:
    items, places = make_floor(db)
    run = start_run(db, items, places, at=NOON)
    db.commit()
    make_chunk(db, run.id, at=NOON)
    db.commit()
    make_chunk(db, run.id, at=NOON)
    db.rollback()

    run = finish(db, run)

    assert (run.made, count(db, Code)) == (15, 15)


def test_an_end_that_was_not_committed_is_done_again_once(db: Session) -> None:
    items, places = make_floor(db)
    run = start_run(db, items, places, at=NOON)
    db.commit()
    make_chunk(db, run.id, at=NOON)
    db.commit()
    assert not make_chunk(db, run.id, at=NOON)
    db.rollback()
    assert count(db, Code) == 0

    assert finish(db, run).made == count(db, Code) == 15


def test_asking_twice_makes_nothing_twice(db: Session) -> None:
    items, places = make_floor(db)
    first, second = (start_run(db, items, places, at=NOON) for _ in range(2))
    db.commit()
    # Both are drawn up before either ends.
    make_chunk(db, first.id, at=NOON)
    make_chunk(db, second.id, at=NOON)
    db.commit()

    made = finish(db, first).made, finish(db, second).made
    again = finish(db, start_run(db, items, places, at=NOON, again=True)).made

    assert made == (15, 0)
    assert (again, count(db, Code)) == (15, 30)


def test_one_order_that_comes_twice_is_one_run(db: Session) -> None:
    items, places = make_floor(db)
    order = "01999999-0000-7000-8000-000000000001"

    first = start_run(db, items, places, at=NOON, run_id=order)
    second = start_run(db, items, places, at=NOON, run_id=order)
    others, there = make_floor(db)
    db.commit()
    # As on a request: the other house's order is out of sight, and still in the way.
    scope(db, retailer_ids=(others[0].retailer_id,), vendor_id=None)
    foreign = start_run(db, others, there, at=NOON, run_id=order)

    assert first is second
    assert foreign.id != order, "another house's order is its own"


def test_tokens_that_were_taken_meanwhile_are_drawn_again(db: Session) -> None:
    items, places = make_floor(db)
    other = make_item(db, make_retailer(db))
    run = start_run(db, items, places, at=NOON)
    make_chunk(db, run.id, at=NOON)
    drafts = list(db.scalars(select(CodeDraft).order_by(CodeDraft.id)))
    taken = service.make_code(db, other, at=NOON)
    drafts[0].token = taken.token
    drafts[1].token = drafts[2].token
    db.commit()

    finish(db, run)

    assert len(set(db.scalars(select(Code.token)))) == count(db, Code) == 16


def test_a_run_says_once_what_was_made_and_drops_no_page(db: Session) -> None:
    items, places = make_floor(db)
    since = NOON + timedelta(seconds=30)

    finish(db, start_run(db, items, places, at=NOON, batch="Winter"))

    changes = db.scalars(select(PageChange.item_id).where(PageChange.at > since)).all()
    entries = db.scalars(select(AuditEntry).where(AuditEntry.action == "code.make")).all()
    assert changes == [NEW_CODES]
    assert [(entry.subject_id, entry.detail) for entry in entries] == [("Winter", {"codes": 15, "items": 3})]


def test_more_than_a_run_holds_is_refused_with_the_number(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    items, places = make_floor(db)
    monkeypatch.setattr(runs, "MAX_IN_RUN", 14)

    with pytest.raises(FormError, match="15 codes"):
        start_run(db, items, places, at=NOON)


@pytest.mark.timeout(900)
@on_both_when_full
def test_fifty_thousand_codes_are_one_run(
    database: Database, at_scale: Callable[[int, int], int], note_result: Callable[..., None]
) -> None:
    import resource
    import time

    with database.write() as db:
        items, places = make_floor(db, items=at_scale(20, 250), places=at_scale(25, 200))
        run = start_run(db, items, places, at=NOON)
        db.commit()
    began_s, longest_s = time.process_time(), 0.0
    is_more = True
    while is_more:
        step_s = time.monotonic()
        with database.write() as db:
            is_more = make_chunk(db, run.id, at=NOON)
            db.commit()
        longest_s = max(longest_s, time.monotonic() - step_s)
    cpu_s = time.process_time() - began_s

    total = len(items) * len(places)
    with database.read() as db:
        assert get_run(db, run.id).made == count(db, Code) == total
    note_result(
        codes=total,
        cpu_s=round(cpu_s, 2),
        longest_transaction_s=round(longest_s, 2),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )
