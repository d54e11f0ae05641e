"""The job that takes a checked catalogue in, some products at a time."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.errors import NotFound
from qrmerch.files import FileStore
from qrmerch.imports import service
from qrmerch.imports.models import ImportRun, RunState
from qrmerch.imports.queries import list_sheet_keys
from qrmerch.jobs import Work, job, sweep
from qrmerch.leftovers import names_files
from qrmerch.quota import takes_room


@job("imports.commit")
def commit(work: Work, *, run_id: str) -> None:
    """Write a run's products, each chunk with its progress in one transaction; a cut run goes on where it was."""
    with work.database.read() as db:
        run = db.get(ImportRun, run_id)
        if run is None or run.state != RunState.COMMITTING:
            return
        key, reading = run.file_key, service.reading_of(run)
    try:
        with work.files.open(key) as file:
            parsed = service.parse(file.read(), reading, settings=work.settings)
    except NotFound:
        with work.database.write() as db:
            service.fail(db, run_id, at=now())
            db.commit()
        return
    is_more = True
    while is_more:
        with work.database.write() as db:
            is_more = service.commit_chunk(db, run_id, parsed.understood.groups, at=now())
            db.commit()


@sweep("imports.commit")
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Runs that were to be taken in and are not at their end."""
    for run_id in db.scalars(select(ImportRun.id).where(ImportRun.state == RunState.COMMITTING)):
        yield run_id, {"run_id": run_id}


@names_files("sheets")
def needed_sheets(db: Session, at: datetime) -> Iterable[str]:
    """Those whose import is not long over; the others are deleted as orphans."""
    return list_sheet_keys(db, at=at)


@takes_room
def room_of_sheets(db: Session, vendor_id: str, store: FileStore) -> int:
    return sum(map(store.size, list_sheet_keys(db, at=now(), vendor_id=vendor_id)))
