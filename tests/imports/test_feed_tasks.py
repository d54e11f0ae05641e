"""The job that takes a retailer's file in: cut off, found again, cancelled, run beside another."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from qrmerch import jobs
from qrmerch.catalog.models import Stock
from qrmerch.clock import now
from qrmerch.errors import Conflict
from qrmerch.imports import feed_tasks, feeds
from qrmerch.imports.feed_models import FeedKind, FeedRun, FeedState
from qrmerch.jobs import Work
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.queries import list_warehouses
from qrmerch.parties.service import add_warehouse
from tests.conftest import NOON
from tests.factories import make_item, make_retailer, make_store
from tests.imports.feeding import prepared_of, send


def start_stores(work: Work, count: int) -> FeedRun:
    text = "code,name,country\n" + "".join(f"S{n},Store {n},DE\n" for n in range(count))
    with work.database.write() as db:
        run = send(db, make_retailer(db), FeedKind.STORES, text, work.settings)
        feeds.start(db, run)
        db.commit()
        return run


def state_of(work: Work, run: FeedRun) -> FeedRun:
    with work.database.read() as db:
        return db.get_one(FeedRun, run.id)


def count_stores(work: Work) -> int:
    with work.database.read() as db:
        return db.scalar(select(func.count()).select_from(Store)) or 0


def test_a_started_file_is_found_and_taken_in_once(work: Work) -> None:
    run = start_stores(work, 3)

    assert (jobs.run_all(work), jobs.run_all(work)) == (1, 0)
    assert (state_of(work, run).state, state_of(work, run).written["created"]) == (FeedState.DONE, 3)


def test_the_job_goes_on_where_it_was_cut(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start_stores(work, 250)
    calls = []

    def dies_at_the_second(*given: object, **named: object) -> bool:
        calls.append(given)
        if len(calls) == 2:
            raise OSError("the power is gone")
        return real(*given, **named)  # type: ignore[arg-type]

    real = feeds.commit_chunk
    monkeypatch.setattr(feeds, "commit_chunk", dies_at_the_second)
    with pytest.raises(OSError, match="power"):
        jobs.run_all(work)
    assert (state_of(work, run).done_rows, count_stores(work)) == (100, 100)

    jobs.run_all(work)

    assert (state_of(work, run).state, state_of(work, run).written["created"]) == (FeedState.DONE, 250)
    assert count_stores(work) == 250


def test_a_cancelled_file_writes_no_more(work: Work) -> None:
    run = start_stores(work, 250)
    with work.database.write() as db:
        feeds.commit_chunk(db, run.id, prepared_of(db, run, work.settings), at=NOON)
        db.commit()
    with work.database.write() as db:
        feeds.cancel(db, db.get_one(FeedRun, run.id), at=NOON)
        db.commit()

    feed_tasks.commit(work, run_id=run.id)

    assert (state_of(work, run).state, count_stores(work)) == (FeedState.CANCELLED, 100)


def test_a_file_is_started_once_and_not_after_its_end(work: Work) -> None:
    run = start_stores(work, 1)

    with work.database.write() as db, pytest.raises(feeds.FeedOver):
        feeds.start(db, db.get_one(FeedRun, run.id))
    jobs.run_all(work)
    with work.database.write() as db, pytest.raises(feeds.FeedOver):
        feeds.cancel(db, db.get_one(FeedRun, run.id), at=NOON)


def test_a_file_of_errors_cannot_be_started(work: Work) -> None:
    with work.database.write() as db:
        run = send(db, make_retailer(db), FeedKind.STORES, "code,name\n,Nameless\n", work.settings)
        with pytest.raises(feeds.NothingToTakeIn):
            feeds.start(db, run)


def test_a_file_that_is_gone_says_so(work: Work) -> None:
    run = start_stores(work, 1)
    work.files.delete(run.file_key)

    jobs.run_all(work)

    assert state_of(work, run).state == FeedState.FAILED


def test_a_job_whose_file_is_nowhere_ends(work: Work) -> None:
    feed_tasks.commit(work, run_id="nobody")


def test_what_became_impossible_meanwhile_is_left_out(work: Work) -> None:
    run = start_stores(work, 2)
    with work.database.read() as db:
        prepared = prepared_of(db, run, work.settings)
    with work.database.write() as db:
        add_warehouse(db, db.get_one(Retailer, run.retailer_id), code="S0", name="North")
        db.commit()

    with work.database.write() as db:
        feeds.commit_chunk(db, run.id, prepared, at=NOON)
        db.commit()

    done = state_of(work, run)
    assert (done.state, done.written["created"], done.written["left_out"]) == (FeedState.DONE, 1, 1)
    assert count_stores(work) == 1
    with work.database.read() as db:
        assert [each.name for each in list_warehouses(db, run.retailer_id)] == ["North"]


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_two_stock_files_at_once_the_newest_figures_stay(work: Work, newest_first: bool) -> None:
    at = now()
    with work.database.write() as db:
        retailer = make_retailer(db)
        make_store(db, retailer, code="FT-1")
        make_item(db, retailer, key="TOP", sizes=tuple(str(n) for n in range(60)))
        runs = []
        for pieces, hours in ((7, 1), (3, 5)):
            text = "sku,store,qty\n" + "".join(f"TOP-{n},FT-1,{pieces}\n" for n in range(60))
            run = send(db, retailer, FeedKind.STOCK, text, work.settings, as_of=at - timedelta(hours=hours), at=at)
            feeds.start(db, run)
            runs.append(run.id)
        db.commit()
    ordered = runs if newest_first else runs[::-1]

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda run_id: feed_tasks.commit(work, run_id=run_id), ordered))

    with work.database.read() as db:
        rows = db.execute(select(Stock.pieces, Stock.as_of)).all()
    assert {(pieces, as_of) for pieces, as_of in rows} == {(7, at - timedelta(hours=1))}
    assert len(rows) == 60


def test_two_starts_at_once_are_one(work: Work) -> None:
    with work.database.write() as db:
        run = send(db, make_retailer(db), FeedKind.STORES, "code,name,country\nA,A,DE\n", work.settings)
        db.commit()

    def tap(_: int) -> bool:
        with work.database.write() as db:
            try:
                feeds.start(db, db.get_one(FeedRun, run.id))
            except Conflict:
                return False
            db.commit()
            return True

    with ThreadPoolExecutor(2) as pool:
        taps = list(pool.map(tap, range(2)))
    jobs.run_all(work)

    assert sorted(taps) == [False, True]
    assert count_stores(work) == 1
