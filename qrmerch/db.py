"""The database: how it is opened, how sessions begin, and whose rows they see.

SQLite: write-ahead log, `synchronous=NORMAL`, foreign keys on, writers begin immediately (a deferred
transaction that turns into a writer dies with "database is locked" however long it may wait), and a
missing file is an error, never a new and empty shop. PostgreSQL: plain transactions.
"""

import sqlite3
import string
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, create_engine, event, func, make_url, or_, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import InstrumentedAttribute, ORMExecuteState, Session, with_loader_criteria

from qrmerch.errors import NotFound
from qrmerch.tables import Base, RetailerScoped, VendorScoped

Row = TypeVar("Row", bound=Base)
BUSY_TIMEOUT_S = 10
# How long a request waits for a connection before the database counts as away, seconds.
POOL_TIMEOUT_S = 5
CONNECT_TIMEOUT_S = 3
# A server whose machine is gone says nothing for ever: what was sent must be acknowledged, a silent line asked after.
_LINE: dict[str, int] = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
_A_TO_Z = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
# What is raised when the database cannot be asked: it does not answer, or all connections to it are in use.
AWAY = (DBAPIError, PoolTimeout)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a session sees: of these retailers (None: all), of this vendor (None: all)."""

    retailer_ids: tuple[str, ...] | None
    vendor_id: str | None


class Database:
    """One database, and sessions that read it or write it."""

    def __init__(self, url: str, *, create: bool = False, pool_size: int = 5) -> None:
        """:param create: make a missing SQLite file; only the command that sets up a shop does."""
        self.url = url
        # Where the pages of this installation are, for links in mails; empty until a process says so.
        self.base_url = ""
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine = _open_sqlite(url, create=create) if self.is_sqlite else _open_postgresql(url, pool_size)
        self._writing = self.engine.execution_options(writes=True)

    def read(self) -> Session:
        """A session that only reads; close it."""
        return Session(self.engine, expire_on_commit=False, info={"database": self})

    def write(self) -> Session:
        """A session that writes; the caller commits, and what raised before that leaves nothing."""
        return Session(self._writing, expire_on_commit=False, info={"database": self})

    def empty_log(self) -> None:
        """Have SQLite's log hold nothing that was erased since: bring it into the file, unless somebody is in the way.

        What is in the log stays readable in it until it is written over, on a quiet day for long.
        """
        if not self.is_sqlite:
            return
        with closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            # Who would have to be waited for keeps everybody from writing meanwhile.
            cursor.execute("PRAGMA busy_timeout=0")
            try:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000}")

    def close(self) -> None:
        self.engine.dispose()


def _open_sqlite(url: str, *, create: bool) -> Engine:
    path = make_url(url).database or ""
    mode = "rwc" if create else "rw"

    def connect() -> sqlite3.Connection:
        address = f"{Path(path).absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)

    pool: dict[str, Any] = {"pool_size": 8, "max_overflow": 24, "pool_timeout": POOL_TIMEOUT_S}
    engine = create_engine("sqlite://", creator=connect, poolclass=_queue_pool(), hide_parameters=True, **pool)

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        # What is erased is overwritten, not only let go of.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _queue_pool() -> Any:
    from sqlalchemy.pool import QueuePool

    return QueuePool


def _open_postgresql(url: str, pool_size: int) -> Engine:
    pool: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 20, "pool_timeout": POOL_TIMEOUT_S}
    # What the URL says of the line goes first.
    line = {name: value for name, value in _LINE.items() if name not in make_url(url).query}
    # Errors are logged, and what a statement wrote is addresses and secrets.
    return create_engine(url, pool_pre_ping=True, connect_args=line, hide_parameters=True, **pool)


def scope(session: Session, *, retailer_ids: tuple[str, ...] | None, vendor_id: str | None) -> None:
    """From now on this session reads, changes and deletes only rows of these retailers and this vendor.

    A row that has a vendor is found by its vendor alone where a vendor asks, since it may lie at several
    retailers; a row that only has a retailer, by the retailer.
    """
    session.info["scope"] = Scope(retailer_ids, vendor_id)


@contextmanager
def unscoped(session: Session) -> Iterator[Session]:
    """The session without its tenant's condition, for what belongs to nobody: sign-in, page changes."""
    kept = session.info.pop("scope", None)
    try:
        yield session
    finally:
        if kept is not None:
            session.info["scope"] = kept


@event.listens_for(Session, "do_orm_execute")
def _keep_to_scope(state: ORMExecuteState) -> None:
    kept: Scope | None = state.session.info.get("scope")
    if kept is None or state.is_column_load or state.is_relationship_load or state.is_insert:
        return
    options = []
    if kept.retailer_ids is not None:
        retailer_ids = kept.retailer_ids
        options.append(
            with_loader_criteria(
                RetailerScoped, lambda table: table.retailer_id.in_(retailer_ids), include_aliases=True
            )
        )
    if kept.vendor_id is not None:
        vendor_id = kept.vendor_id
        options.append(
            with_loader_criteria(VendorScoped, lambda table: table.vendor_id == vendor_id, include_aliases=True)
        )
    if options:
        state.statement = state.statement.options(*options)


def get_one(session: Session, model: type[Row], row_id: str, detail: str | None = None) -> Row:
    """The row with this id among those the session may see.

    :raises NotFound: there is none, or it is another tenant's.
    """
    row = session.get(model, row_id) if row_id else None
    if row is None:
        raise NotFound(detail) if detail else NotFound()
    return row


def reread(session: Session, row: Base) -> None:
    """The row as the database has it now, after whatever of it was changed here was written; used behind a lock.

    :raises InvalidRequestError: it is gone.
    """
    session.flush()
    session.refresh(row)


def has_part(column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None], part: str) -> ColumnElement[bool]:
    """Whether a column's text has `part` in it, whatever the case; no character of it stands for others."""
    lowered = func.lower(column)
    return or_(*(lowered.contains(each, autoescape=True) for each in _cases(part)))


def is_text(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Whether a column's text is this one, whatever the case."""
    return func.lower(column).in_(_cases(text))


def _cases(part: str) -> list[str]:
    """How `part` may stand in a lowered text: SQLite lowers A to Z only, and leaves Ö and Ж as they are."""
    forms = (part.lower(), part, part.upper(), part.title())
    return list(dict.fromkeys(form.translate(_A_TO_Z) for form in forms))


def lock_for_chain(session: Session, name: str) -> None:
    """Make this transaction the only one that appends to a chain called `name`, until it ends.

    SQLite's writers already come one at a time.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})
