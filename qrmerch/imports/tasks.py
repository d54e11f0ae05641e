"""The jobs that take a checked catalogue in, some products at a time, and fetch the pictures it names, one by one."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.errors import NotFound
from qrmerch.fetch import AddressPrivate, FetchFailed, fetch
from qrmerch.files import FileStore
from qrmerch.imports import fetching, service
from qrmerch.imports.models import ImportRun, RunState
from qrmerch.imports.queries import list_sheet_keys
from qrmerch.jobs import Work, job, sweep
from qrmerch.leftovers import names_files
from qrmerch.quota import takes_room

FETCH_TIMEOUT_S: Final = 10
_AT_A_TIME: Final = 20
_PICTURES: Final = "image/avif,image/webp,image/jpeg,image/png,image/gif;q=0.9,image/*;q=0.5"


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


@job(fetching.FETCH)
def fetch_pictures(work: Work, *, vendor_id: str) -> None:
    """Fetch what a vendor's files name, one after the other, each with what became of it in one transaction.

    Where somebody fetches for this vendor already, that one goes on with what is new. With `fetch_pictures` off
    nothing is fetched, and nothing waits.
    """
    if not work.settings.fetch_pictures:
        with work.database.write() as db:
            fetching.leave(db, vendor_id=vendor_id, at=now())
            db.commit()
        return
    for count in range(1, _AT_A_TIME + 1):
        taken = _take_next(work, vendor_id)
        if taken is None:
            return
        _fetch_one(work, taken)
        if count == _AT_A_TIME:
            with work.database.write() as db:
                fetching.ask_for_more(db, vendor_id, after=taken)
                db.commit()


def _take_next(work: Work, vendor_id: str) -> fetching.Taken | None:
    with work.database.write() as db:
        taken = fetching.take_next(db, vendor_id, store=work.files, settings=work.settings, at=now())
        db.commit()
        return taken


def _fetch_one(work: Work, taken: fetching.Taken) -> None:
    try:
        fetched = fetch(taken.url, max_bytes=work.settings.max_image_bytes, timeout_s=FETCH_TIMEOUT_S, accept=_PICTURES)
    except FetchFailed as failed:
        code = "URL_PRIVATE" if isinstance(failed, AddressPrivate) else "IMG_FETCH"
        with work.database.write() as db:
            fetching.note_failure(db, taken, fetching.Problem(code, failed.detail), at=now())
            db.commit()
        return
    with work.database.write() as db:
        fetching.keep_fetched(db, taken, fetched, store=work.files, settings=work.settings, at=now())
        db.commit()


@sweep(fetching.FETCH)
def waiting_to_fetch(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Vendors whose addresses nobody fetches; asked for under another name each minute, for a killed one is over."""
    at = now()
    minute = int(at.timestamp() // fetching.TAKEN_FOR.total_seconds())
    for vendor_id in fetching.list_waiting_vendors(db, at=at):
        yield f"{vendor_id}:{minute}", {"vendor_id": vendor_id}


@names_files("sheets")
def needed_sheets(db: Session, at: datetime) -> Iterable[str]:
    """Those whose import is not long over; the others are deleted as orphans."""
    return list_sheet_keys(db, at=at)


@takes_room
def room_of_sheets(db: Session, vendor_id: str, store: FileStore) -> int:
    return sum(map(store.size, list_sheet_keys(db, at=now(), vendor_id=vendor_id)))
