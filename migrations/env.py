"""Alembic's way in: called with an open connection by `qrmerch.migrate`, never through an ini file."""

from typing import Any, Literal

from alembic import context

from qrmerch.migrate import metadata
from qrmerch.tables import Instant, Word


def render_item(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """A migration stays as it is, whatever becomes of our own column types."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Word):
        return f"sa.String(length={Word.MAX_CHARS})"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata(),
    # SQLite cannot alter a column: the table is copied.
    render_as_batch=connection.dialect.name == "sqlite" and not context.config.attributes.get("is_first"),
    render_item=render_item,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
