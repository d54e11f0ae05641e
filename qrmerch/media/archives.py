"""ZIP archives of pictures: taken in whole, read file by file, never unpacked by name.

In: a vendor's stream. Out: an `Archive` and the job that goes through it; for the job, each file's name and bytes.
Never: a name from outside on the disk, an archive in an archive, or more bytes than were allowed.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import ids, jobs, quota
from qrmerch.config import Settings
from qrmerch.db import get_one
from qrmerch.errors import Conflict, DomainError
from qrmerch.files import FileStore
from qrmerch.media.models import Archive, ArchiveState
from qrmerch.media.service import shown_name
from qrmerch.text import clean_line

TAKE_IN: Final = "imports.archive"
MAX_ENTRIES: Final = 2_000
MAX_UNPACKED_BYTES: Final = 1_000_000_000
MAX_RATIO: Final = 100
MAX_NAME_CHARS: Final = 300
# The list of files at an archive's end; 2,000 names of 255 bytes take an eighth of it.
_MAX_LIST_BYTES: Final = 4_000_000
_ENCRYPTED: Final = 0x1
_NAMED_IN_UTF8: Final = 0x800
# What a Mac, Windows or an editor leaves in folders, and nobody sent on purpose.
_OWN: Final = re.compile(r"(^|/)(__MACOSX/|\.(?!\.?/)|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
_DAMAGED: Final = "This archive is damaged or was not sent to its end. Pack it again as ZIP and send that."


class ArchiveRejected(DomainError):
    """The upload is no archive that can be taken; the message says why and what to do."""

    status = 422
    slug = "archive_rejected"


class ArchiveOver(Conflict):
    """The archive was taken in or stopped already."""

    slug = "archive_over"


class EntryRejected(Exception):
    """A file in an archive cannot be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in an archive: its place among those that count, and its name with folders, safe to show."""

    place: int
    name: str
    info: zipfile.ZipInfo


def is_archive(first: bytes) -> bool:
    """Whether a file that begins so is a ZIP, an empty one too."""
    return first.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def receive_archive(
    db: Session,
    *,
    vendor_id: str,
    user_id: str | None,
    stream: BinaryIO,
    file_name: str,
    store: FileStore,
    settings: Settings,
    at: datetime,
) -> Archive:
    """Keep a ZIP of pictures and ask for its files to be taken in; the caller commits.

    :param stream: the upload, at its first byte; read once, not closed.
    :raises TooLarge: more than `settings.max_archive_bytes`.
    :raises ArchiveRejected: no archive of pictures, or too many or too large files in it; nothing is kept.
    :raises QuotaFull: the vendor's files take all the room there is.
    """
    quota.refuse_when_full(db, vendor_id, store=store, settings=settings)
    key = store.put(stream, "archives", max_bytes=settings.max_archive_bytes)
    try:
        with open_archive(store.path(key)) as entries:
            count = len(entries)
    except ArchiveRejected:
        if not db.scalar(select(Archive.id).where(Archive.file_key == key, _IS_NEEDED).limit(1)):
            store.delete(key)
        raise
    archive = Archive(
        id=ids.new(),
        vendor_id=vendor_id,
        state=ArchiveState.TAKING,
        file_name=shown_name(file_name),
        file_key=key,
        file_bytes=store.path(key).stat().st_size,
        entries=count,
        user_id=user_id,
        created_at=at,
    )
    db.add(archive)
    db.flush()
    jobs.enqueue(db, TAKE_IN, archive.id, {"archive_id": archive.id})
    return archive


class OpenArchive:
    """The files of an archive that is open, in the order of their names, numbers by their value."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        named = sorted(((_name_of(info), info) for info in _own_left_out(archive)), key=lambda each: _order(each[0]))
        self._entries = [Entry(place, name, info) for place, (name, info) in enumerate(named)]

    def __len__(self) -> int:
        return len(self._entries)

    def from_place(self, place: int) -> Iterator[Entry]:
        """The files from a place on."""
        yield from self._entries[place:]

    def read(self, entry: Entry, *, max_bytes: int) -> bytes:
        """A file's bytes.

        :raises EntryRejected: locked, packed in a way that is not taken, too large, a bomb, or damaged.
        """
        info = entry.info
        if info.flag_bits & _ENCRYPTED:
            raise EntryRejected("It is locked with a password. Pack the archive without one.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise EntryRejected("It is packed in a way that is not read here. Pack the archive as plain ZIP.")
        if info.file_size > max_bytes:
            raise EntryRejected(f"It is larger than the {max_bytes // 1_000_000} MB taken here. Export it smaller.")
        if info.file_size > MAX_RATIO * max(info.compress_size, 1):
            raise EntryRejected("It unpacks to more than a hundred times its size, as no picture does. Leave it out.")
        try:
            with self._archive.open(info) as file:
                # zipfile gives no more than the list of files says, and compares the check sum at the end.
                return file.read(max_bytes + 1)
        # Damaged archives break the reader in many ways (BadZipFile, zlib.error, EOFError, ...).
        except Exception:
            raise EntryRejected("It is damaged in this archive. Pack it again.") from None


@contextmanager
def open_archive(path: Path) -> Iterator[OpenArchive]:
    """An archive's files, while it is open.

    :raises ArchiveRejected: it cannot be read, holds nothing, or more than is taken.
    """
    with path.open("rb") as file:
        try:
            reader = _Sipping(file)
            archive = zipfile.ZipFile(reader)
            reader.is_listed = True
        except ArchiveRejected:
            raise
        # Hostile lists of files break the reader in many ways (BadZipFile, struct.error, OverflowError, ...).
        except Exception:
            raise ArchiveRejected(_DAMAGED) from None
        with archive:
            found = OpenArchive(archive)
            _check_size(found)
            yield found


def get_archive(db: Session, archive_id: str) -> Archive:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, Archive, archive_id, "This archive is not here.")


def list_archives(db: Session, vendor_id: str, *, limit: int = 5) -> list[Archive]:
    """A vendor's latest archives, newest first."""
    wanted = select(Archive).where(Archive.vendor_id == vendor_id)
    return list(db.scalars(wanted.order_by(Archive.created_at.desc(), Archive.id.desc()).limit(limit)))


def stop(archive: Archive, *, at: datetime) -> None:
    """Take no more files out of an archive; what is in stays.

    :raises ArchiveOver: it is at its end already.
    """
    if archive.state != ArchiveState.TAKING:
        raise ArchiveOver("This archive is at its end already. Open the page again.")
    archive.state, archive.ended_at = ArchiveState.CANCELLED, at


def is_needed(db: Session, file_key: str) -> bool:
    """Whether an archive's file is still to be read."""
    return db.scalar(select(Archive.id).where(Archive.file_key == file_key, _IS_NEEDED).limit(1)) is not None


def list_archive_keys(db: Session) -> Iterable[str]:
    """Keys of all archives that are still to be read."""
    return db.scalars(select(Archive.file_key).where(_IS_NEEDED).distinct())


class _Sipping:
    """A file of which little is read at once until its list of files is known: no list can fill the memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.is_listed = False

    def read(self, size: int = -1) -> bytes:
        if self.is_listed:
            return self._file.read(size)
        data = self._file.read(_MAX_LIST_BYTES + 1 if size < 0 else min(size, _MAX_LIST_BYTES + 1))
        if len(data) > _MAX_LIST_BYTES:
            raise ArchiveRejected(_too_many(None))
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _own_left_out(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The entries without folders and what the sender's system put in by itself."""
    return [
        each for each in archive.infolist() if not each.is_dir() and not _OWN.search(each.filename.replace("\\", "/"))
    ]


def _check_size(found: OpenArchive) -> None:
    if not len(found):
        raise ArchiveRejected("There is no file in this archive. Pack the pictures themselves.")
    if len(found) > MAX_ENTRIES:
        raise ArchiveRejected(_too_many(len(found)))
    unpacked = sum(each.info.file_size for each in found.from_place(0))
    if unpacked > MAX_UNPACKED_BYTES:
        raise ArchiveRejected(
            f"Unpacked this archive has {unpacked / 1_000_000:,.0f} MB; at most {MAX_UNPACKED_BYTES // 1_000_000:,} are"
            " taken. Send it in parts."
        )


def _too_many(files: int | None) -> str:
    said = f"{files:,} files" if files else "too many files"
    return f"This archive has {said}; at most {MAX_ENTRIES:,} are taken. Send it in parts."


def _name_of(info: zipfile.ZipInfo) -> str:
    """A name as its sender reads it: some programs write UTF-8 and forget to say so."""
    name = info.filename
    if not info.flag_bits & _NAMED_IN_UTF8:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = info.filename
    parts = (clean_line(each, max(len(each), 1)) for each in name.replace("\\", "/").split("/"))
    return "/".join(each for each in parts if each not in ("", ".", ".."))[-MAX_NAME_CHARS:] or "Unnamed"


def _order(name: str) -> list[tuple[int, str]]:
    return [
        (int(part[:18]), "") if part.isdecimal() and part.isascii() else (0, part)
        for part in re.split(r"(\d+)", name.casefold())
    ]


_IS_NEEDED = Archive.state == ArchiveState.TAKING
