"""Background work, handed over after a commit and finished though the process dies.

A room declares its bodies with `@job`, and with `@sweep` which rows still wait for one: what was committed but
never queued (the process died in between) is found again. The same name and id are one job, however often it is
asked for. A body runs again from its beginning after a kill, so it commits its own progress and tolerates that
its row has gone. A job has a lane: it waits for those of its lane and for no others, so that a catalogue somebody
looks at comes in while thousands of pictures and a film are made.

DBOS carries the queue, on SQLite in a file of its own beside the shop's, on PostgreSQL in a schema of its own.
Three of its defaults would lose or endanger jobs: values are JSON here, never pickles; the application version is
a constant, or jobs begun before an upgrade would wait for ever; so is the executor's name, for the same reason.
"""

import errno
import fcntl
import json
import logging
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from threading import BoundedSemaphore, Event
from typing import Any, Final, TypeVar

from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, Serializer, StepOptions
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qrmerch.buckets import open_store
from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.files import FileStore

Body = TypeVar("Body", bound=Callable[..., None])
Values = dict[str, Any]
Waiting = Callable[[Session], Iterable[tuple[str, Values]]]

SWEEP_EVERY: Final = timedelta(seconds=10)
CHORES_EVERY: Final = timedelta(minutes=5)
DONE_KEPT_FOR: Final = timedelta(days=7)
# A body that raises is tried again after 1, 3, 9 and 27 s; then who waits for it is told (`given_up`), and it waits
# for a person.
TRIES: Final = 5
_FIRST_WAIT_S: Final = 1.0
_WAIT_GROWS: Final = 3.0
_POLL_S: Final = 0.25
_STOP_WAIT_S: Final = 8
_AT_A_TIME: Final = 500
_BUSY_WAIT_MS: Final = 30_000
_WORKFLOW: Final = "qrmerch.job"
_APPLICATION: Final = "qrmerch"
_VERSION: Final = "1"
log = logging.getLogger("qrmerch.jobs")


@dataclass(frozen=True, slots=True)
class Work:
    """What a body works with."""

    settings: Settings
    database: Database
    files: FileStore


@dataclass(frozen=True, slots=True)
class Lane:
    """Jobs that wait for each other.

    `at_once` bodies run; `ahead` more are taken already, so that one begins when another ends and not at the next look.
    """

    queue: str
    at_once: int
    ahead: int = 0
    # Looking costs a little of the processor, also when nothing waits.
    look_every_s: float = 1.0


# What somebody waits for at a page: catalogues, feeds, archives.
PEOPLE: Final = Lane("qrmerch.people", at_once=4, look_every_s=0.25)
# This queue was once the only one, and whatever another release left in it is done.
PICTURES: Final = Lane("qrmerch", at_once=2, ahead=2, look_every_s=0.5)
FILMS: Final = Lane("qrmerch.films", at_once=1)
# What waits for other people's servers; mail for itself, for one that is away may keep each try for many seconds.
FETCHES: Final = Lane("qrmerch.fetches", at_once=2)
MAIL: Final = Lane("qrmerch.mail", at_once=2, look_every_s=0.5)
# Ten thousand labels take half a minute of the processor: one batch after the other.
PRINTS: Final = Lane("qrmerch.prints", at_once=1, look_every_s=0.5)
_LANES: Final = (PEOPLE, PICTURES, FILMS, FETCHES, MAIL, PRINTS)


@dataclass(frozen=True, slots=True)
class Order:
    """One job asked for."""

    name: str
    id: str
    values: Values

    @property
    def workflow_id(self) -> str:
        return f"{self.name}:{self.id}"


_bodies: dict[str, Callable[..., None]] = {}
_lanes: dict[str, Lane] = {}
_sweeps: dict[str, Waiting] = {}
_given_up: dict[str, Callable[..., None]] = {}
_chores: list[Callable[[Work], None]] = []
_queues: dict[str, "Queue"] = {}


def job(name: str, *, lane: Lane = PEOPLE) -> Callable[[Body], Body]:
    """Declare the body of a job: called with `Work` and the order's values by name."""

    def declare(body: Body) -> Body:
        _bodies[name], _lanes[name] = body, lane
        return body

    return declare


def given_up(name: str) -> Callable[[Body], Body]:
    """Declare what is to be done when a job has failed at every try: whoever waits for it is told.

    Called with `Work`, the order's values by name, and `said`: what went wrong at the last try, in a sentence.
    """

    def declare(body: Body) -> Body:
        _given_up[name] = body
        return body

    return declare


def sweep(name: str) -> Callable[[Waiting], Waiting]:
    """Declare which jobs of that name should have been asked for: yields id and values of each."""

    def declare(waiting: Waiting) -> Waiting:
        _sweeps[name] = waiting
        return waiting

    return declare


def chore(body: Callable[[Work], None]) -> Callable[[Work], None]:
    """Declare something to be done every few minutes, and to be done again without harm."""
    _chores.append(body)
    return body


def enqueue(db: Session, name: str, id: str, values: Values) -> None:
    """Ask for a job after `db` has committed; nothing is asked for if it does not.

    :param id: derived from the row it serves; the same name and id run once.
    :param values: plain JSON.
    """
    db.info.setdefault("orders", []).append(Order(name, id, values))


@event.listens_for(Session, "after_commit")
def _hand_over(session: Session) -> None:
    if session.in_nested_transaction():
        return
    orders: list[Order] = session.info.pop("orders", [])
    database: Database | None = session.info.get("database")
    queue = _queues.get(database.url) if database and orders else None
    if queue is None:
        return
    try:
        queue.put(*orders)
    # The rows are committed; the sweep finds them, and nobody's request fails for the queue's sake.
    except Exception:
        first, more = orders[0].workflow_id, len(orders) - 1
        log.warning("%s and %d more were not queued and wait for the sweep", first, more, exc_info=True)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop("orders", None)


class _Json(Serializer):
    """Values as JSON; an error as its words."""

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=str)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data)

    def name(self) -> str:
        return "qrmerch_json"


class Queue:
    """The hand-over of one process."""

    def __init__(self, settings: Settings) -> None:
        self._engine = _open(settings)
        self._client = DBOSClient(
            system_database_engine=self._engine,
            serializer=_Json(),
            application_name=_APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )

    def put(self, *orders: Order) -> None:
        """Queue jobs, except those that were queued before."""
        for part in _parts(orders):
            # One transaction: many small ones, one after the other, let nobody else write to SQLite for seconds.
            with self._engine.begin() as connection:
                for order in part:
                    self._client.enqueue_in_transaction(connection, _options(order), order.name, order.values)

    def put_missing(self, orders: Sequence[Order]) -> None:
        """Queue those that were never queued; of very many the first, for the next sweep comes soon."""
        missing = (order for part in _parts(orders) for order in self._list_unknown(part))
        self.put(*islice(missing, _AT_A_TIME))

    def _list_unknown(self, orders: Sequence[Order]) -> list[Order]:
        ids = [order.workflow_id for order in orders]
        found = self._client.list_workflows(workflow_ids=ids, load_input=False, load_output=False)
        known = {each.workflow_id for each in found}
        return [order for order in orders if order.workflow_id not in known]

    def count_waiting(self) -> int:
        """How many jobs nobody has begun yet."""
        queues = [lane.queue for lane in _LANES]
        return len(self._client.list_queued_workflows(queue_name=queues, status="ENQUEUED", load_input=False))

    def list_failed(self, limit: int) -> list[str]:
        """Names and ids of jobs that failed at every try, newest first."""
        found = self._client.list_workflows(status="ERROR", sort_desc=True, limit=limit, load_input=False)
        return [each.workflow_id for each in found]

    def retry(self, name_and_id: str) -> None:
        """Forget that a job failed: the next sweep asks for it again."""
        self._client.delete_workflows([name_and_id])

    def forget_done(self, *, before: datetime) -> int:
        """Delete the records of jobs that ended well before an instant; how many."""
        done = 0
        while ids := [
            each.workflow_id
            for each in self._client.list_workflows(
                status="SUCCESS",
                completed_before=before.isoformat(),
                limit=_AT_A_TIME,
                load_input=False,
                load_output=False,
            )
        ]:
            self._client.delete_workflows(ids)
            done += len(ids)
        return done

    def close(self) -> None:
        self._client.destroy()
        self._engine.dispose()


def _parts(orders: Sequence[Order]) -> Iterator[Sequence[Order]]:
    for start in range(0, len(orders), _AT_A_TIME):
        yield orders[start : start + _AT_A_TIME]


def _options(order: Order) -> EnqueueOptions:
    return {
        "workflow_name": _WORKFLOW,
        "queue_name": _lane_of(order.name).queue,
        "workflow_id": order.workflow_id,
        "app_version": _VERSION,
    }


def _open(settings: Settings) -> Engine:
    """The queue's database, as DBOS opens it."""
    url = make_url(queue_url(settings.database_url))
    if url.get_backend_name() == "postgresql":
        return create_engine(url.set(drivername="postgresql+psycopg"), max_overflow=0, pool_pre_ping=True)
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in (f"busy_timeout={_BUSY_WAIT_MS}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def attach(database: Database, settings: Settings) -> None:
    """From now on, what sessions of this database ask for is queued at their commit, and mails lead to our pages."""
    database.base_url = settings.base_url
    _queues[database.url] = Queue(settings)


def detach(database: Database) -> None:
    """Undo `attach`; what is asked for waits for a sweep."""
    queue = _queues.pop(database.url, None)
    if queue:
        queue.close()


def queue_url(database_url: str) -> str:
    """Where the queue lies: a file beside a SQLite database, else the same database."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{Path(url.database or '').with_suffix('.jobs.db')}"
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def prepare(settings: Settings) -> None:
    """Make or upgrade the queue's own tables."""
    DBOS.migrate(queue_url(settings.database_url))


def run_all(work: Work) -> int:
    """Run in this process, one after another, all that the sweeps find; how many. For commands and tests."""
    ran = 0
    for name, waiting in list(_sweeps.items()):
        with work.database.read() as db:
            orders = [Order(name, id, values) for id, values in waiting(db)]
        for order in orders:
            _bodies[order.name](work, **order.values)
            ran += 1
    return ran


def run_worker(settings: Settings) -> None:
    """Run jobs until SIGTERM or Ctrl-C. One worker for each node: a second one waits for the first to end."""
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with (settings.data_dir / "worker.lock").open("a") as lock:
        while not _is_mine(lock.fileno()):
            if ended.wait(_POLL_S):
                return
        database = Database(settings.database_url)
        work = Work(settings, database, open_store(settings))
        _run(work, ended)
        database.close()


def _is_mine(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _run(work: Work, ended: Event) -> None:
    DBOS(config=_configuration(work.settings))
    DBOS.workflow(name=_WORKFLOW)(_run_job)
    _working.append(work)
    DBOS.launch()
    try:
        for lane in _LANES:
            taken = lane.at_once + lane.ahead
            DBOS.register_queue(lane.queue, worker_concurrency=taken, polling_interval_sec=lane.look_every_s)
        attach(work.database, work.settings)
        _watch(work, ended)
    finally:
        detach(work.database)
        DBOS.destroy(workflow_completion_timeout_sec=_STOP_WAIT_S)
        _working.remove(work)


_working: list[Work] = []
_room: Final = {lane: BoundedSemaphore(lane.at_once) for lane in _LANES}


def _lane_of(name: str) -> Lane:
    # A command knows no more rooms than it needs; whatever lies in whichever queue, `_room` keeps the number of each.
    return _lanes.get(name, PEOPLE)


def _run_job(name: str, values: Values) -> None:
    """The one workflow: a body as a step that is tried again."""

    last: list[Exception] = []

    def run_body() -> None:
        # By the job's own lane: what another release put in the one queue of before shares it with pictures.
        with _room[_lane_of(name)]:
            try:
                _bodies[name](_working[0], **values)
            except Exception as error:
                last[:] = [error]
                raise

    try:
        DBOS.run_step(_tried(name), run_body)
    except Exception as error:
        give_up = _given_up.get(name)
        if give_up:
            said = say_failure(last[0] if last else error)
            DBOS.run_step(_tried(f"{name} given up"), lambda: give_up(_working[0], said=said, **values))
        raise


def _tried(name: str) -> StepOptions:
    """A step that is tried again."""
    return {
        "name": name,
        "retries_allowed": True,
        "max_attempts": TRIES,
        "interval_seconds": _FIRST_WAIT_S,
        "backoff_rate": _WAIT_GROWS,
    }


def say_failure(error: Exception) -> str:
    """What went wrong, for whoever waits; details of the machine stay in the log."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk of this machine is full. Make room on it, then try again."
    if isinstance(error, MemoryError):
        return "This machine has too little memory for it. Try again with less at once."
    return "Something went wrong that we did not foresee. The log of the worker says more; try again."


def _configuration(settings: Settings) -> DBOSConfig:
    return {
        "name": _APPLICATION,
        "system_database_url": queue_url(settings.database_url),
        "application_version": _VERSION,
        "executor_id": settings.node,
        "serializer": _Json(),
        "enable_otlp": False,
        "log_level": "WARNING",
    }


def _watch(work: Work, ended: Event) -> None:
    """Sweep and do the chores until `ended`."""
    next_sweep_s = next_chores_s = 0.0
    while not ended.wait(_POLL_S):
        now_s = time.monotonic()
        if now_s >= next_sweep_s:
            next_sweep_s = now_s + SWEEP_EVERY.total_seconds()
            _tolerantly(_sweep_all, work)
        if now_s >= next_chores_s:
            next_chores_s = now_s + CHORES_EVERY.total_seconds()
            for body in (*_chores, _forget_done):
                _tolerantly(body, work)


def _sweep_all(work: Work) -> None:
    queue = _queues[work.database.url]
    for name, waiting in list(_sweeps.items()):
        with work.database.read() as db:
            orders = [Order(name, id, values) for id, values in waiting(db)]
        queue.put_missing(orders)


def _forget_done(work: Work) -> None:
    _queues[work.database.url].forget_done(before=now() - DONE_KEPT_FOR)


def _tolerantly(body: Callable[[Work], None], work: Work) -> None:
    try:
        body(work)
    except DBAPIError as error:
        log.warning("the database is away: %s", error.orig)
    # A chore that fails is done again with the next round; the worker goes on.
    except Exception:
        log.exception("%s failed", getattr(body, "__name__", body))
