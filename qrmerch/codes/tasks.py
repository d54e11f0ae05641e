"""The job that makes many codes, chunk by chunk."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.codes.models import CodeRun, RunState
from qrmerch.codes.runs import JOB, make_chunk
from qrmerch.jobs import Work, job, sweep


@job(JOB)
def make(work: Work, *, run_id: str) -> None:
    """Go on with a run until its codes are there; a killed worker's successor goes on from the last chunk."""
    is_more = True
    while is_more:
        with work.database.write() as db:
            is_more = make_chunk(db, run_id, at=now())
            db.commit()


@sweep(JOB)
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Runs that are not at their end."""
    for run_id in db.scalars(select(CodeRun.id).where(CodeRun.state == RunState.MAKING)):
        yield run_id, {"run_id": run_id}
