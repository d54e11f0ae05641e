"""The job that takes a sheet of pages in, and which of these sheets are still kept."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.errors import DomainError
from qrmerch.files import FileStore
from qrmerch.imports import slot_sheets
from qrmerch.imports.queries import SHEETS_KEPT_FOR
from qrmerch.imports.sheets import path_of_sheet
from qrmerch.imports.slot_judging import Judged
from qrmerch.imports.slot_models import FillRun, FillState
from qrmerch.jobs import Work, job, sweep
from qrmerch.leftovers import names_files
from qrmerch.parties.queries import get_retailer
from qrmerch.quota import takes_room


@job(slot_sheets.COMMIT)
def fill(work: Work, *, fill_id: str) -> None:
    """Write a file's rows into drafts, each chunk with its progress; a cut run goes on where it was."""
    judged = _judge_all(work, fill_id)
    if judged is None:
        with work.database.write() as db:
            slot_sheets.fail(db, fill_id, at=now())
            db.commit()
        return
    is_more = True
    while is_more:
        with work.database.write() as db:
            is_more = slot_sheets.commit_chunk(db, fill_id, judged, at=now())
            db.commit()


def _judge_all(work: Work, fill_id: str) -> Sequence[Judged] | None:
    """All rows of a file against the pages as they stand now; None where it cannot be read any more."""
    with work.database.read() as db:
        run = db.get(FillRun, fill_id)
        if run is None or run.state != FillState.COMMITTING:
            return []
        try:
            source = path_of_sheet(run.file_key, store=work.files)
            retailer = get_retailer(db, run.retailer_id)
            prepared = slot_sheets.prepare(db, retailer, run.vendor_id, source, settings=work.settings)
            return slot_sheets.check(db, prepared, marks=run.marks).judged
        except DomainError:
            return None


@sweep(slot_sheets.COMMIT)
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Files that were to be taken in and are not at their end."""
    for fill_id in db.scalars(select(FillRun.id).where(FillRun.state == FillState.COMMITTING)):
        yield fill_id, {"fill_id": fill_id}


@names_files("sheets")
def needed_sheets(db: Session, at: datetime) -> Iterable[str]:
    """Those whose taking in is not long over."""
    return _keys(db, at=at)


@takes_room
def room_of_sheets(db: Session, vendor_id: str, store: FileStore) -> int:
    return sum(map(store.size, _keys(db, at=now(), vendor_id=vendor_id)))


def _keys(db: Session, *, at: datetime, vendor_id: str = "") -> list[str]:
    wanted = select(FillRun.file_key).where(or_(FillRun.ended_at.is_(None), FillRun.ended_at > at - SHEETS_KEPT_FOR))
    if vendor_id:
        wanted = wanted.where(FillRun.vendor_id == vendor_id)
    return list(db.scalars(wanted.distinct()))
