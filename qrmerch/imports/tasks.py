"""Jobs about files that come in: checking long catalogues, writing what was checked, fetching the pictures they name,
and taking archives in picture by picture.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.errors import DomainError, NotFound
from qrmerch.fetch import AddressPrivate, FetchFailed, fetch
from qrmerch.files import FileStore
from qrmerch.imports import archives, fetching, service
from qrmerch.imports.archives import File
from qrmerch.imports.checking import check as check_rows
from qrmerch.imports.matching import load_names
from qrmerch.imports.models import ImportRun, RunState
from qrmerch.imports.queries import list_sheet_keys
from qrmerch.imports.sheets import path_of_sheet
from qrmerch.jobs import FETCHES, Work, job, sweep
from qrmerch.leftovers import names_files
from qrmerch.media.archives import ArchiveRejected, EntryRejected, OpenArchive, is_needed, open_archive
from qrmerch.media.models import Archive, ArchiveState
from qrmerch.quota import takes_room

FETCH_TIMEOUT_S: Final = 10
_AT_A_TIME: Final = 20
_PICTURES: Final = "image/avif,image/webp,image/jpeg,image/png,image/gif;q=0.9,image/*;q=0.5"

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
    return path_of_sheet(key, store=work.files)


def _fail(work: Work, run_id: str, reason: str) -> None:
    with work.database.write() as db:
        service.fail(db, run_id, reason, at=now())
        db.commit()


_UNCHECKED = (RunState.UPLOADED, RunState.MAPPED)


@job(fetching.FETCH, lane=FETCHES)
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


@job("imports.archive")
def take_archive(work: Work, *, archive_id: str) -> None:
    """Take an archive's pictures in, each with its line in one transaction; a cut run goes on where it was."""
    begun_at = now()
    with work.database.read() as db:
        archive = db.get(Archive, archive_id)
    if archive is None:
        return
    if archive.state == ArchiveState.TAKING:
        problem = ""
        try:
            with open_archive(_path_of(work.files, archive)) as opened:
                _take_rest(work, archive, opened)
        except (NotFound, FileNotFoundError):
            problem = "The file is gone from the store. Send it again; what is in stays."
        except ArchiveRejected as refused:
            problem = refused.detail
        with work.database.write() as db:
            archive = db.get_one(Archive, archive_id)
            if archive.state == ArchiveState.TAKING:
                archives.end(archive, at=now(), problem=problem)
            db.commit()
    with work.database.read() as db:
        is_over = not is_needed(db, archive.file_key)
    if is_over:
        # What came again meanwhile is about to be taken in once more.
        work.files.delete_old(archive.file_key, before=begun_at)


def _path_of(store: FileStore, archive: Archive) -> Path:
    return store.path(archive.file_key)


def _take_rest(work: Work, archive: Archive, opened: OpenArchive) -> None:
    """Take what is left of an open archive, until somebody stops it."""
    with work.database.read() as db:
        names = load_names(db, archive.vendor_id)
    for entry in opened.from_place(archive.done_entries):
        data, problem = b"", ""
        try:
            data = opened.read(entry, max_bytes=work.settings.max_image_bytes)
        except EntryRejected as refused:
            problem = str(refused)
        with work.database.write() as db:
            present = db.get_one(Archive, archive.id)
            if present.state != ArchiveState.TAKING or present.done_entries != entry.place:
                return
            file = File(entry.place, entry.name, data, problem)
            archives.take_file(db, present, file, names, store=work.files, settings=work.settings, at=now())
            db.commit()


@sweep("imports.archive")
def waiting_archives(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Archives that are not at their end."""
    for archive_id in db.scalars(select(Archive.id).where(Archive.state == ArchiveState.TAKING)):
        yield archive_id, {"archive_id": archive_id}
