"""Bringing a database to the present tables, and asking whether it has them."""

import importlib
from typing import Any, Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect, text

from qrmerch import audit, jobs
from qrmerch.config import Settings, data_folder
from qrmerch.db import Database
from qrmerch.tables import Base

# Every module that has tables; the structure test compares it with the code.
WITH_TABLES: Final = (
    "audit",
    "idempotency",
    "limits",
    "outbox",
    "parties.models",
    "users.models",
    "visitors.models",
    "media.models",
    "catalog.models",
    "looks.models",
    "occasions.models",
    "content.models",
    "codes.models",
    "codes.gs1_models",
    "printing.sign_models",
    "imports.models",
    "imports.feed_models",
    "imports.slot_models",
    "scans.models",
    "offers.models",
    "wishlists.models",
    "reviews.models",
    "calls.models",
    "printing.models",
    "messages.models",
)


def metadata() -> MetaData:
    """All tables."""
    for name in WITH_TABLES:
        importlib.import_module(f"qrmerch.{name}")
    return Base.metadata


def upgrade(settings: Settings, *, to: str = "head") -> None:
    """Make the database if it is missing, and bring its tables and the job queue's to a revision."""
    database = Database(settings.database_url, create=True)
    try:
        with database.engine.connect() as connection:
            move(connection, to)
            connection.commit()
    finally:
        database.close()
    jobs.prepare(settings)


def move(connection: Connection, to: str) -> None:
    """Up or down to a revision (`head`, `base`, a number), in the connection's transaction."""
    config = _config(connection)
    if connection.dialect.name == "sqlite":
        # A table that is copied is dropped for a moment; what points to it must not mind.
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    is_down = to == "base" or to in _revisions_below(connection)
    (command.downgrade if is_down else command.upgrade)(config, to)
    if inspect(connection).has_table(audit.AuditEntry.__tablename__):
        audit.protect(connection)


def list_revisions() -> list[str]:
    """All revisions, first one first."""
    return [each.revision for each in reversed(list(ScriptDirectory.from_config(_config(None)).walk_revisions()))]


def find_drift(connection: Connection) -> list[Any]:
    """How the tables of this database differ from the models; empty when they do not."""
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return [each for each in compare_metadata(context, metadata()) if not _is_part(connection, each)]


def is_current(connection: Connection) -> bool:
    """Whether the database has the latest revision."""
    return MigrationContext.configure(connection).get_current_revision() == list_revisions()[-1]


def _is_part(connection: Connection, difference: Any) -> bool:
    """Whether a difference is only that the database has a part of a table, which the models do not name."""
    if connection.dialect.name != "postgresql" or difference[0] not in ("remove_table", "remove_index"):
        return False
    parts = "SELECT relname FROM pg_class WHERE relispartition"
    return difference[1].name in set(connection.scalars(text(parts)))


def _revisions_below(connection: Connection) -> set[str]:
    present = MigrationContext.configure(connection).get_current_revision()
    revisions = list_revisions()
    return set(revisions[: revisions.index(present)]) if present in revisions else set()


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(data_folder("migrations")))
    config.attributes["connection"] = connection
    return config
