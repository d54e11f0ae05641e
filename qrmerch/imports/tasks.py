"""Jobs about catalogue files: checking long ones, and writing what was checked."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.errors import DomainError, NotFound
from qrmerch.imports import service
from qrmerch.imports.checking import check as check_rows
from qrmerch.imports.models import ImportRun, RunState
from qrmerch.jobs import Work, job, sweep

_TELL_EVERY = timedelta(seconds=1)


class _Cancelled(Exception):
    """Its sender has left the run."""


@job(service.CHECK)
def check(work: Work, *, run_id: str) -> None:
    """Run a file dry; nothing is written but what was found."""
    with work.database.read() as db:
        run = db.get(ImportRun, run_id)
        if run is None or run.state not in (RunState.UPLOADED, RunState.MAPPED):
            return
        asked_at, reading, vendor_id, key = run.begun_at, service.reading_of(run), run.vendor_id, run.file_key
    told_at = now()

    def tell(done: int, total: int) -> None:
        nonlocal told_at
        if now() - told_at < _TELL_EVERY:
            return
        told_at = now()
        with work.database.write() as db:
            here = (ImportRun.id == run_id, ImportRun.begun_at == asked_at, ImportRun.state.in_(_UNCHECKED))
            values = {"done_rows": done, "total_rows": total, "state": RunState.MAPPED}
            done_now = db.execute(update(ImportRun).where(*here).values(values))
            if done_now.rowcount != 1:  # type: ignore[attr-defined]
                raise _Cancelled
            db.commit()

    try:
        with work.database.read() as db:
            checked = check_rows(db, vendor_id, _source(work, key), reading, settings=work.settings, tell=tell)
    except _Cancelled:
        return
    except DomainError as refused:
        _fail(work, run_id, refused.detail)
        return
    with work.database.write() as db:
        run = db.get(ImportRun, run_id)
        if run is not None and run.state in _UNCHECKED and run.begun_at == asked_at:
            service.record_check(db, run, checked)
            db.commit()


@job(service.COMMIT)
def commit(work: Work, *, run_id: str) -> None:
    """Write what is left of a run, chunk by chunk; running again goes on where it was cut off."""
    with work.database.read() as db:
        run = db.get(ImportRun, run_id)
        if run is None or run.state != RunState.COMMITTING:
            return
        key, reading, done = run.file_key, service.reading_of(run), run.done_groups
    try:
        groups = service.groups_left(_source(work, key), reading, done=done, settings=work.settings)
    except DomainError as refused:
        _fail(work, run_id, refused.detail)
        return
    is_more = True
    while is_more:
        with work.database.write() as db:
            is_more = service.commit_chunk(db, run_id, groups, at=now())
            db.commit()


@sweep(service.CHECK)
def unchecked(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Runs whose file was to be checked by a job and is not."""
    wanted = select(ImportRun).where(ImportRun.state.in_(_UNCHECKED), ImportRun.begun_at.is_not(None))
    for run in db.scalars(wanted):
        yield service.check_id(run), {"run_id": run.id}


@sweep(service.COMMIT)
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Runs that were to be taken in and are not at their end."""
    for run_id in db.scalars(select(ImportRun.id).where(ImportRun.state == RunState.COMMITTING)):
        yield run_id, {"run_id": run_id}


def _source(work: Work, key: str) -> Path:
    """Where a sheet lies.

    :raises NotFound: it is gone.
    """
    if not work.files.exists(key):
        raise NotFound("The file is gone. Send it again.")
    return work.files.path(key)


def _fail(work: Work, run_id: str, reason: str) -> None:
    with work.database.write() as db:
        service.fail(db, run_id, reason, at=now())
        db.commit()


_UNCHECKED = (RunState.UPLOADED, RunState.MAPPED)
