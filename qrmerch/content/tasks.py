"""The job that moves a template's pages to a newer version."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.content.models import Migration, MigrationState
from qrmerch.content.moving import move_chunk
from qrmerch.jobs import Work, job, sweep


@job("content.migrate")
def migrate(work: Work, *, migration_id: str) -> None:
    """Move page after page, each chunk with its progress in one transaction; a cut move goes on where it was."""
    is_more = True
    while is_more:
        with work.database.write() as db:
            is_more = move_chunk(db, migration_id, at=now())
            db.commit()


@sweep("content.migrate")
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Templates whose pages are on their way."""
    for migration_id in db.scalars(select(Migration.id).where(Migration.state == MigrationState.RUNNING)):
        yield migration_id, {"migration_id": migration_id}
