"""Jobs: asked for after a commit, run once, found again when nobody was asked."""

import errno
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Lock, Thread

import pytest
from dbos import EnqueueOptions
from sqlalchemy import event
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

    def put(self, *orders: Order) -> None:
        self.orders += orders

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
    def refuse(*orders: Order) -> None:
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


def test_a_sweep_over_what_is_queued_already_writes_nothing(settings: Settings) -> None:
    jobs.prepare(settings)
    queue = jobs.Queue(settings)
    orders = [Order("test.job", str(number), {}) for number in range(7)]
    written: list[str] = []
    event.listen(queue._engine, "before_cursor_execute", lambda *told: written.append(told[2]))

    queue.put_missing(orders[:6])
    first = [each for each in written if "INSERT" in each]
    written.clear()
    queue.put_missing(orders[:6])
    again = list(written)
    queue.put_missing(orders)

    assert len(first) >= 6
    assert again
    assert not [each for each in again if "INSERT" in each or "UPDATE" in each]
    assert queue.count_waiting() == 7
    queue.close()


def test_of_very_many_a_sweep_queues_the_first_and_the_next_sweep_the_next(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_AT_A_TIME", 2)
    jobs.prepare(settings)
    queue = jobs.Queue(settings)
    orders = [Order("test.job", str(number), {}) for number in range(5)]

    waiting = []
    for _ in range(4):
        queue.put_missing(orders)
        waiting.append(queue.count_waiting())

    assert waiting == [2, 4, 5, 5]
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

    monkeypatch.setattr(jobs, "_FIRST_WAIT_S", 0.01)
    declare(monkeypatch, "test.stubborn", body, jobs.PEOPLE, [("1", {"row": "1"})])
    jobs.prepare(settings)
    queue = jobs.Queue(settings)

    with working(settings, database):
        await_that(lambda: queue.list_failed(10) == ["test.stubborn:1"])
        failed_after = len(tries)
        is_mended.set()
        queue.retry("test.stubborn:1")
        await_that(lambda: not queue.list_failed(10) and len(tries) > failed_after)
    forgotten = queue.forget_done(before=now() + timedelta(minutes=1))
    queue.close()

    assert failed_after == jobs.TRIES
    assert len(tries) == jobs.TRIES + 1
    assert forgotten == 1


def test_who_waits_for_a_job_is_told_once_that_it_failed_at_every_try(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []

    def body(work: jobs.Work, *, row: str) -> None:
        raise OSError(errno.ENOSPC, "no room") if row == "full" else Stubborn(row)

    monkeypatch.setattr(jobs, "_FIRST_WAIT_S", 0.01)
    declare(monkeypatch, "test.told", body, jobs.PEOPLE, [(row, {"row": row}) for row in ("full", "odd")])
    monkeypatch.setitem(jobs._given_up, "test.told", lambda work, *, row, said: told.append((row, said)))
    jobs.prepare(settings)
    queue = jobs.Queue(settings)

    with working(settings, database):
        await_that(lambda: set(queue.list_failed(10)) == {"test.told:full", "test.told:odd"})
    queue.close()

    assert sorted(row for row, _ in told) == ["full", "odd"]
    said = dict(told)
    assert said["full"] == "The disk of this machine is full. Make room on it, then try again."
    assert "The log of the worker says more" in said["odd"]


@dataclass
class Busy:
    """Bodies that work until they are let go, and how many of each job worked at the same time."""

    is_free: Event = field(default_factory=Event)
    working: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def body(self, name: str) -> Callable[..., None]:
        def work(work: jobs.Work) -> None:
            with self._lock:
                self.working[name] += 1
                self.most[name] = max(self.most[name], self.working[name])
            self.is_free.wait(60)
            with self._lock:
                self.working[name] -= 1
                self.done[name] += 1

        return work


def test_films_and_pictures_and_what_people_wait_for_do_not_wait_for_each_other(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, came_in = Busy(), Event()
    declare(monkeypatch, "test.film", busy.body("film"), jobs.FILMS, numbered(3))
    declare(monkeypatch, "test.picture", busy.body("picture"), jobs.PICTURES, numbered(6))
    declare(monkeypatch, "test.catalogue", lambda work: came_in.set(), jobs.PEOPLE, numbered(1))
    jobs.prepare(settings)

    with working(settings, database):
        await_that(lambda: busy.working == {"film": 1, "picture": 2})
        await_that(came_in.is_set)
        done_meanwhile = busy.done.total()
        busy.is_free.set()
        await_that(lambda: busy.done == {"film": 3, "picture": 6})

    assert done_meanwhile == 0
    assert busy.most == {"film": 1, "picture": 2}


def test_what_another_release_left_in_its_one_queue_is_done(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Busy()
    busy.is_free.set()
    jobs.prepare(settings)
    queue = jobs.Queue(settings)
    for name, lane in (("film", jobs.FILMS), ("picture", jobs.PICTURES), ("catalogue", jobs.PEOPLE)):
        declare(monkeypatch, f"test.{name}", busy.body(name), lane, numbered(2))
        for id, values in numbered(2):
            put_as_before(queue, Order(f"test.{name}", id, values))

    with working(settings, database):
        await_that(lambda: busy.done == {"film": 2, "picture": 2, "catalogue": 2})

    assert busy.most["film"] == 1
    queue.close()


def test_films_and_pictures_have_lanes_of_their_own() -> None:
    from qrmerch import application  # noqa: F401

    assert jobs._lanes["media.transcode"] == jobs.FILMS
    assert [name for name, lane in jobs._lanes.items() if lane == jobs.PICTURES] == ["media.render", "media.look"]
    assert jobs._lanes["imports.check"] == jobs._lanes["imports.commit"] == jobs._lanes["imports.feed"] == jobs.PEOPLE


def put_as_before(queue: jobs.Queue, order: Order) -> None:
    """Queue as the releases did that had one queue."""
    options: EnqueueOptions = {
        "workflow_name": "qrmerch.job",
        "queue_name": "qrmerch",
        "workflow_id": order.workflow_id,
        "app_version": "1",
    }
    queue._client.enqueue(options, order.name, order.values)


def numbered(count: int) -> list[tuple[str, Values]]:
    return [(str(number), {}) for number in range(count)]


def declare(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    body: Callable[..., None],
    lane: jobs.Lane,
    waiting: list[tuple[str, Values]],
) -> None:
    """Declare a job for this test, with the rows that wait for one."""
    monkeypatch.setitem(jobs._bodies, name, body)
    monkeypatch.setitem(jobs._lanes, name, lane)
    monkeypatch.setitem(jobs._sweeps, name, lambda db: waiting)


@contextmanager
def working(settings: Settings, database: Database) -> Iterator[None]:
    """A worker at work on the jobs of this test; none but these are swept, often."""
    ended = Event()
    work = jobs.Work(settings, database, FileStore(settings.uploads_dir))
    worker = Thread(target=jobs._run, args=(work, ended))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "_chores", [])
        patch.setattr(jobs, "_sweeps", {name: it for name, it in jobs._sweeps.items() if name.startswith("test.")})
        patch.setattr(jobs, "SWEEP_EVERY", timedelta(seconds=0.1))
        worker.start()
        try:
            yield
        finally:
            ended.set()
            worker.join()


def await_that(holds: Callable[[], bool]) -> None:
    """Wait for what another thread does; gives up after a minute."""
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)
