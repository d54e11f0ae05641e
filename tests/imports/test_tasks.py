"""The job that takes a file in, and the sweep that finds what was never asked for."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from qrmerch import jobs
from qrmerch.catalog.models import VendorProduct
from qrmerch.catalog.queries import list_product_variants
from qrmerch.imports import checking, service, tasks
from qrmerch.imports.checking import Reading, check
from qrmerch.imports.models import ImportRun, RunState
from qrmerch.imports.sheets import store_sheet
from qrmerch.jobs import Work
from tests.conftest import NOON
from tests.factories import make_vendor
from tests.imports.sheets import csv_of, top
from tests.imports.taking_in import send


def start_run(work: Work, text: str) -> ImportRun:
    with work.database.write() as db:
        run = send(db, make_vendor(db), text, work.settings)
        service.start(db, run, at=NOON)
        db.commit()
        return run


def state_of(work: Work, run: ImportRun) -> ImportRun:
    with work.database.read() as db:
        return db.get_one(ImportRun, run.id)


def test_a_started_run_is_found_and_taken_in_once(work: Work) -> None:
    run = start_run(work, csv_of(top()))

    first, second = jobs.run_all(work), jobs.run_all(work)

    assert (first, second) == (1, 0)
    assert state_of(work, run).written["created"] == 1


def test_a_run_that_only_waits_is_left_alone(work: Work) -> None:
    with work.database.write() as db:
        run = send(db, make_vendor(db), csv_of(top()), work.settings)
        db.commit()

    assert jobs.run_all(work) == 0
    tasks.commit(work, run_id=run.id)

    assert state_of(work, run).state == RunState.CHECKED


def test_the_job_goes_on_where_it_was_cut(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "CHUNK_GROUPS", 4)
    rows = (top(style=f"ST-{number}", title="Top") for number in range(service.CHUNK_GROUPS * 2 + 1))
    run = start_run(work, csv_of(*rows))
    calls = []

    def dies_at_the_second(*given: object, **named: object) -> bool:
        calls.append(given)
        if len(calls) == 2:
            raise OSError("the power is gone")
        return real(*given, **named)  # type: ignore[arg-type]

    real = service.commit_chunk
    monkeypatch.setattr(service, "commit_chunk", dies_at_the_second)
    with pytest.raises(OSError, match="power"):
        jobs.run_all(work)
    assert state_of(work, run).done_groups == service.CHUNK_GROUPS

    jobs.run_all(work)

    done = state_of(work, run)
    with work.database.read() as db:
        products = db.scalar(select(func.count()).select_from(VendorProduct))
    assert (done.state, done.written["created"], products) == (RunState.DONE, 9, 9)


def test_a_run_whose_file_is_gone_says_so(work: Work) -> None:
    run = start_run(work, csv_of(top()))
    work.files.delete(run.file_key)

    jobs.run_all(work)

    assert state_of(work, run).state == RunState.FAILED


def test_a_job_whose_run_is_gone_ends(work: Work) -> None:
    tasks.commit(work, run_id="nobody")


def test_columns_chosen_before_are_those_taken_in(work: Work) -> None:
    text = csv_of(["A", "Top", "31.00", "28.00"], header=["style", "title", "net", "price"])
    with work.database.write() as db:
        vendor = make_vendor(db)
        run = send(db, vendor, text, work.settings)
        chosen = Reading("EUR", {"net": "price"})
        service.read_again(db, run, chosen)
        service.record_check(db, run, check(db, vendor.id, text.encode(), chosen, settings=work.settings))
        service.start(db, run, at=NOON)
        db.commit()

    jobs.run_all(work)

    with work.database.read() as db:
        variants = list_product_variants(db, db.scalars(select(VendorProduct)).one().id)
    assert [(each.price_minor, each.currency) for each in variants] == [(3100, "EUR")]


# --- checking a long file ----------------------------------------------------------------------------


def ask_for_check(work: Work, text: str, *, currency: str = "USD") -> ImportRun:
    """A long file that has come and that the job is to check."""
    key = store_sheet(io.BytesIO(text.encode()), store=work.files, settings=work.settings)
    with work.database.write() as db:
        run = service.receive_run(
            db, vendor_id=make_vendor(db).id, file_key=key, file_name="long.csv",
            reading=Reading(currency, may_lack_columns=True), list_at_id=None, user_id=None, at=NOON,
        )  # fmt: skip
        service.ask_for_check(db, run, at=NOON)
        db.commit()
        return run


def test_a_long_file_is_checked_by_the_job_and_waits_then(work: Work) -> None:
    run = ask_for_check(work, csv_of(top(), top(size="M", price="dear")))
    assert run.state == RunState.UPLOADED

    jobs.run_all(work)

    checked = state_of(work, run)
    assert (checked.state, checked.counts["rows"], checked.counts["errors"]) == (RunState.CHECKED, 2, 1)
    assert jobs.run_all(work) == 0


def test_a_check_tells_how_far_it_is_and_ends_when_its_run_is_left(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "LOOKUP_GROUPS", 2)
    monkeypatch.setattr(tasks, "_TELL_EVERY", timedelta(0))
    run = ask_for_check(work, csv_of(*(top(style=f"ST-{number}") for number in range(9))))
    told = []

    def leave_after_two(**_: object) -> dict[str, object]:
        far = state_of(work, run)
        told.append((far.state, far.done_rows, far.total_rows))
        if len(told) == 2:
            with work.database.write() as db:
                service.cancel(db, db.get_one(ImportRun, run.id), at=NOON)
                db.commit()
        return {}

    real = checking.read_products_by_key
    monkeypatch.setattr(checking, "read_products_by_key", lambda *given: leave_after_two() or real(*given))
    jobs.run_all(work)

    assert told == [(RunState.UPLOADED, 0, 0), (RunState.MAPPED, 2, 9)]
    left = state_of(work, run)
    assert (left.state, left.counts["rows"]) == (RunState.CANCELLED, 0)


def test_a_long_file_that_cannot_be_read_says_why(work: Work) -> None:
    run = ask_for_check(work, 'style,title\nA,"Top')

    jobs.run_all(work)

    failed = state_of(work, run)
    assert (failed.state, failed.ended_at is not None) == (RunState.FAILED, True)
    assert "opened in line 2 is never closed" in failed.failure


def test_a_check_that_was_asked_for_anew_forgets_the_first(work: Work) -> None:
    run = ask_for_check(work, csv_of(["A", "Top", "31.00", "28.00"], header=["style", "title", "net", "price"]))
    with work.database.write() as db:
        again = db.get_one(ImportRun, run.id)
        service.read_again(db, again, Reading("EUR", {"net": "price"}, may_lack_columns=True))
        service.ask_for_check(db, again, at=NOON + timedelta(seconds=5))
        db.commit()

    jobs.run_all(work)

    read = state_of(work, run)
    assert (read.state, read.currency) == (RunState.CHECKED, "EUR")
    assert {each["name"]: each["field"] for each in read.columns}["net"] == "price"
