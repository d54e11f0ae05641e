"""The jobs that take files in: a checked catalogue some products at a time, an archive picture by picture."""

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.errors import NotFound
from qrmerch.files import FileStore
from qrmerch.imports import archives, service
from qrmerch.imports.archives import File
from qrmerch.imports.matching import load_names
from qrmerch.imports.models import ImportRun, RunState
from qrmerch.jobs import Work, job, sweep
from qrmerch.media.archives import ArchiveRejected, EntryRejected, OpenArchive, is_needed, open_archive
from qrmerch.media.models import Archive, ArchiveState


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


@job("imports.archive")
def take_archive(work: Work, *, archive_id: str) -> None:
    """Take an archive's pictures in, each with its line in one transaction; a cut run goes on where it was."""
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
        work.files.delete(archive.file_key)


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
