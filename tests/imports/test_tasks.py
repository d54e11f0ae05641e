"""The job that takes a file in, and the sweep that finds what was never asked for."""

import pytest
from sqlalchemy import func, select

from qrmerch import jobs
from qrmerch.catalog.models import VendorProduct
from qrmerch.catalog.queries import list_product_variants
from qrmerch.imports import service, tasks
from qrmerch.imports.checking import Reading, check
from qrmerch.imports.models import ImportRun, RunState
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
