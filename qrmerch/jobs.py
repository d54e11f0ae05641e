"""Background work, handed over after a commit and finished though the process dies.

A room declares its bodies with `@job`, and with `@sweep` which rows still wait for one: what was committed but
never queued (the process died in between) is found again. The same name and id are one job, however often it is
asked for. A body runs again from its beginning after a kill, so it commits its own progress and tolerates that
its row has gone.

DBOS carries the queue, on SQLite in a file of its own beside the shop's, on PostgreSQL in a schema of its own.
Three of its defaults would lose or endanger jobs: values are JSON here, never pickles; the application version is
a constant, or jobs begun before an upgrade would wait for ever; so is the executor's name, for the same reason.
"""

import fcntl
import json
import logging
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, Final, TypeVar

from dbos import DBOS, DBOSClient, DBOSConfig, Serializer
from sqlalchemy import event, make_url
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
# A body that raises is tried again after 1, 3, 9 and 27 s; then it waits for a person.
TRIES: Final = 5
_FIRST_WAIT_S: Final = 1.0
_WAIT_GROWS: Final = 3.0
_AT_ONCE: Final = 2
_POLL_S: Final = 0.25
_STOP_WAIT_S: Final = 8
_AT_A_TIME: Final = 500
_QUEUE: Final = "qrmerch"
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
class Order:
    """One job asked for."""

    name: str
    id: str
    values: Values

    @property
    def workflow_id(self) -> str:
        return f"{self.name}:{self.id}"


_bodies: dict[str, Callable[..., None]] = {}
_sweeps: dict[str, Waiting] = {}
_chores: list[Callable[[Work], None]] = []
_queues: dict[str, "Queue"] = {}


def job(name: str) -> Callable[[Body], Body]:
    """Declare the body of a job: called with `Work` and the order's values by name."""

    def declare(body: Body) -> Body:
        _bodies[name] = body
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
    for order in orders:
        try:
            queue.put(order)
        # The row is committed; the sweep finds it, and nobody's request fails for the queue's sake.
        except Exception:
            log.warning("%s was not queued and waits for the sweep", order.workflow_id, exc_info=True)


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
        self._client = DBOSClient(
            system_database_url=queue_url(settings.database_url),
            serializer=_Json(),
            application_name=_APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )

    def put(self, order: Order) -> None:
        """Queue a job, unless it was queued before."""
        self._client.enqueue(
            {
                "workflow_name": _WORKFLOW,
                "queue_name": _QUEUE,
                "workflow_id": order.workflow_id,
                "app_version": _VERSION,
            },
            order.name,
            order.values,
        )

    def count_waiting(self) -> int:
        """How many jobs nobody has begun yet."""
        return len(self._client.list_queued_workflows(queue_name=_QUEUE, status="ENQUEUED", load_input=False))

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
        DBOS.register_queue(_QUEUE, worker_concurrency=_AT_ONCE, polling_interval_sec=_POLL_S)
        attach(work.database, work.settings)
        _watch(work, ended)
    finally:
        detach(work.database)
        DBOS.destroy(workflow_completion_timeout_sec=_STOP_WAIT_S)
        _working.remove(work)


_working: list[Work] = []


def _run_job(name: str, values: Values) -> None:
    """The one workflow: a body as a step that is tried again."""

    def run_body() -> None:
        _bodies[name](_working[0], **values)

    DBOS.run_step(
        {
            "name": name,
            "retries_allowed": True,
            "max_attempts": TRIES,
            "interval_seconds": _FIRST_WAIT_S,
            "backoff_rate": _WAIT_GROWS,
        },
        run_body,
    )


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
        for order in orders:
            queue.put(order)


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
