"""Jobs: asked for after a commit, run once, found again when nobody was asked."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Event, Thread

import pytest
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.files import FileStore
from qrmerch.jobs import Order, Values
from tests.factories import make_vendor


class Remembering:
    """A queue that only remembers what it is given."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    def put(self, order: Order) -> None:
        self.orders.append(order)

    def close(self) -> None:
        return


@pytest.fixture
def queue(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Remembering]:
    remembering = Remembering()
    monkeypatch.setitem(jobs._queues, database.url, remembering)
    yield remembering


def test_a_job_is_handed_over_after_the_commit(db: Session, queue: Remembering) -> None:
    jobs.enqueue(db, "test.job", "1", {"row": "1"})
    assert not queue.orders

    make_vendor(db)
    db.commit()

    assert queue.orders == [Order("test.job", "1", {"row": "1"})]


def test_nothing_is_handed_over_after_a_rollback(db: Session, queue: Remembering) -> None:
    make_vendor(db)
    jobs.enqueue(db, "test.job", "1", {})

    db.rollback()
    db.commit()

    assert not queue.orders


def test_the_end_of_a_part_of_a_transaction_hands_nothing_over(db: Session, queue: Remembering) -> None:
    jobs.enqueue(db, "test.job", "1", {})
    with db.begin_nested():
        make_vendor(db)
    assert not queue.orders

    db.commit()

    assert len(queue.orders) == 1


def test_a_queue_that_fails_does_not_fail_the_request(
    db: Session, queue: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(order: Order) -> None:
        raise OSError("no room")

    monkeypatch.setattr(queue, "put", refuse)
    vendor = make_vendor(db)
    jobs.enqueue(db, "test.job", "1", {})

    db.commit()

    assert vendor.name


def test_the_queue_lies_beside_a_sqlite_database_and_inside_postgresql() -> None:
    assert jobs.queue_url("sqlite:////data/qrmerch.db") == "sqlite:////data/qrmerch.jobs.db"
    assert jobs.queue_url("postgresql+psycopg://me:secret@db/shop") == "postgresql://me:secret@db/shop"


def test_the_same_job_is_queued_once(settings: Settings) -> None:
    jobs.prepare(settings)
    queue = jobs.Queue(settings)
    values: Values = {"row": "1"}

    queue.put(Order("test.job", "1", values))
    queue.put(Order("test.job", "1", values))
    queue.put(Order("test.job", "2", values))

    assert queue.count_waiting() == 2
    queue.close()


def test_every_job_has_a_sweep_that_finds_what_was_not_queued() -> None:
    from qrmerch import application  # noqa: F401

    assert set(jobs._bodies) == set(jobs._sweeps)


class Stubborn(Exception):
    """What a body raises that cannot succeed."""


def test_a_body_that_fails_at_every_try_waits_for_a_person_and_can_be_tried_again(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    is_mended = Event()

    def body(work: jobs.Work, *, row: str) -> None:
        tries.append(row)
        if not is_mended.is_set():
            raise Stubborn(row)

    monkeypatch.setattr(jobs, "_bodies", {"test.stubborn": body})
    monkeypatch.setattr(jobs, "_sweeps", {"test.stubborn": lambda db: [("1", {"row": "1"})]})
    monkeypatch.setattr(jobs, "_chores", [])
    monkeypatch.setattr(jobs, "_FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(jobs, "SWEEP_EVERY", timedelta(seconds=0.1))
    jobs.prepare(settings)
    queue, ended = jobs.Queue(settings), Event()
    work = jobs.Work(settings, database, FileStore(settings.uploads_dir))
    worker = Thread(target=jobs._run, args=(work, ended))
    worker.start()

    try:
        await_that(lambda: queue.list_failed(10) == ["test.stubborn:1"])
        failed_after = len(tries)
        is_mended.set()
        queue.retry("test.stubborn:1")
        await_that(lambda: not queue.list_failed(10) and len(tries) > failed_after)
    finally:
        ended.set()
        worker.join()
    forgotten = queue.forget_done(before=now() + timedelta(minutes=1))
    queue.close()

    assert failed_after == jobs.TRIES
    assert len(tries) == jobs.TRIES + 1
    assert forgotten == 1


def await_that(holds: Callable[[], bool]) -> None:
    """Wait for what another thread does; gives up after a minute."""
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)
