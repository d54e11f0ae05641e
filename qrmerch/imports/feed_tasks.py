"""The job that takes a retailer's file in."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.errors import NotFound
from qrmerch.imports import feeds
from qrmerch.imports.feed_models import FeedRun, FeedState
from qrmerch.imports.queries import SHEETS_KEPT_FOR
from qrmerch.imports.sheets import path_of_sheet
from qrmerch.jobs import Work, job, sweep
from qrmerch.leftovers import names_files
from qrmerch.parties.queries import get_retailer


@job("imports.feed")
def commit(work: Work, *, run_id: str) -> None:
    """Write a run's rows, each chunk with its progress in one transaction; a cut run goes on where it was."""
    with work.database.read() as db:
        run = db.get(FeedRun, run_id)
        if run is None or run.state != FeedState.COMMITTING:
            return
        try:
            source = path_of_sheet(run.file_key, store=work.files)
        except NotFound:
            prepared = None
        else:
            retailer = get_retailer(db, run.retailer_id)
            prepared = feeds.prepare(db, retailer, run.kind, source, feeds.reading_of(run), settings=work.settings)
    if prepared is None:
        with work.database.write() as db:
            feeds.fail(db, run_id, at=now())
            db.commit()
        return
    is_more = True
    while is_more:
        with work.database.write() as db:
            is_more = feeds.commit_chunk(db, run_id, prepared, at=now())
            db.commit()


@sweep("imports.feed")
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Files that were to be taken in and are not at their end."""
    for run_id in db.scalars(select(FeedRun.id).where(FeedRun.state == FeedState.COMMITTING)):
        yield run_id, {"run_id": run_id}


@names_files("sheets")
def needed_sheets(db: Session, at: datetime) -> Iterable[str]:
    """Those whose taking in is not long over."""
    wanted = select(FeedRun.file_key).where(or_(FeedRun.ended_at.is_(None), FeedRun.ended_at > at - SHEETS_KEPT_FOR))
    return db.scalars(wanted.distinct())
