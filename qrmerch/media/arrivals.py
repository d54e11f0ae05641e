"""Files that come in pieces, so that a lost line costs a piece and not an hour.

In: pieces of a file, each with the place where it begins. Out: the whole file, once, for who takes it.
Never: a size believed. How much is here is what lies on the disk, and a piece that does not begin there is refused.
"""

import fcntl
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.config import Settings
from qrmerch.db import get_one
from qrmerch.errors import Conflict, FormError, TooLarge
from qrmerch.media.films import making_folder
from qrmerch.media.models import Arrival
from qrmerch.media.service import shown_name
from qrmerch.text import clean_line

PIECE_BYTES: Final = 4_000_000
MAX_PIECE_BYTES: Final = 8_000_000
KEPT_FOR: Final = timedelta(hours=48)
_MAX_OPEN: Final = 20
# Kept free on the disk besides twice the file: it is stored under its digest and then worked on.
_SPARE_BYTES: Final = 500_000_000
_READ_BYTES: Final = 1 << 18


class OtherOffset(Conflict):
    """A piece does not begin where the file ends so far; `received` says where that is."""

    slug = "other_offset"

    def __init__(self, received: int) -> None:
        super().__init__(f"{received:,} bytes are here; the next piece begins there.")
        self.received = received


def begin(
    db: Session,
    *,
    vendor_id: str,
    user_id: str | None,
    kind: str,
    file_name: str,
    size_bytes: int,
    stamp: str,
    max_bytes: int,
    settings: Settings,
    at: datetime,
) -> Arrival:
    """Announce a file; the same one that is half here already is gone on with. The caller commits.

    :param stamp: when the file was changed last, as its sender says; with name and size it tells the same file.
    :raises TooLarge: more than this kind may have.
    :raises FormError: it is empty, too many are half here, or the disk is full.
    """
    if size_bytes < 1:
        raise FormError({"file": "This file is empty. Choose another."})
    if size_bytes > max_bytes:
        raise TooLarge(
            f"This file has {size_bytes / 1_000_000:,.0f} MB; {max_bytes // 1_000_000:,} MB are taken. Make it smaller."
        )
    name, mark = shown_name(file_name), clean_line(stamp[:200], 200)[:40]
    same = select(Arrival).where(Arrival.vendor_id == vendor_id, Arrival.kind == kind, Arrival.file_name == name)
    kept = db.scalars(same.where(Arrival.size_bytes == size_bytes, Arrival.stamp == mark).limit(1)).first()
    if kept is not None:
        return kept
    if (db.scalar(select(func.count()).where(Arrival.vendor_id == vendor_id)) or 0) >= _MAX_OPEN:
        raise FormError({"file": f"{_MAX_OPEN} files are half here already. Finish or cancel some of them first."})
    waiting = db.scalar(select(func.coalesce(func.sum(Arrival.size_bytes), 0)).where(Arrival.vendor_id == vendor_id))
    if int(waiting or 0) + size_bytes > settings.vendor_quota_bytes:
        raise FormError({"file": "Too much is half here already for this file. Finish or cancel some of that first."})
    if shutil.disk_usage(settings.uploads_dir).free < int(waiting or 0) + 2 * size_bytes + _SPARE_BYTES:
        raise FormError({"file": "There is no room for this file at the moment. Tell who runs this installation."})
    arrival = Arrival(
        id=ids.new(),
        vendor_id=vendor_id,
        kind=kind,
        file_name=name,
        size_bytes=size_bytes,
        stamp=mark,
        user_id=user_id,
        created_at=at,
    )
    db.add(arrival)
    db.flush()
    return arrival


def get_arrival(db: Session, arrival_id: str) -> Arrival:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, Arrival, arrival_id, "This upload is not here any more. Choose the file again.")


def list_arrivals(db: Session, vendor_id: str) -> list[Arrival]:
    """A vendor's files that are on their way, newest first."""
    wanted = select(Arrival).where(Arrival.vendor_id == vendor_id).order_by(Arrival.created_at.desc())
    return list(db.scalars(wanted))


def list_ids(db: Session) -> set[str]:
    """The ids of all files that are on their way."""
    return set(db.scalars(select(Arrival.id)))


def forget(db: Session, arrival: Arrival) -> None:
    """Let a file not be on its way any more; remove its bytes (`drop_file`) after the commit."""
    db.delete(arrival)


def forget_old(db: Session, *, at: datetime) -> None:
    """Forget what was begun too long ago. The caller commits."""
    db.execute(delete(Arrival).where(Arrival.created_at < at - KEPT_FOR))


# --- the bytes -------------------------------------------------------------------------------------


def path_of(settings: Settings, arrival_id: str) -> Path:
    """Where the bytes of a file lie that is on its way; perhaps nothing is there yet."""
    return settings.uploads_dir / "arrivals" / arrival_id


def received(settings: Settings, arrival_id: str) -> int:
    """How many bytes are here."""
    try:
        return path_of(settings, arrival_id).stat().st_size
    except FileNotFoundError:
        return 0


@contextmanager
def held(settings: Settings, arrival_id: str) -> Iterator[BinaryIO]:
    """The file, at its end, for this process alone.

    :raises OtherOffset: another piece is being written at this moment.
    """
    path = path_of(settings, arrival_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OtherOffset(received(settings, arrival_id)) from None
        yield file


def append(file: BinaryIO, stream: BinaryIO, *, offset: int, size_bytes: int) -> int:
    """Write a piece behind what is here, as much of it as comes; how much is here then.

    What came before the line broke stays: the next piece begins there.

    :param file: as `held` gives it.
    :param offset: where the sender thinks the piece begins.
    :param size_bytes: of the whole file; nothing is written beyond it.
    :raises OtherOffset: it does not begin where the file ends.
    """
    here = os.fstat(file.fileno()).st_size
    if offset != here:
        raise OtherOffset(here)
    try:
        while here < size_bytes and (chunk := stream.read(min(_READ_BYTES, size_bytes - here))):
            file.write(chunk)
            here += len(chunk)
    finally:
        file.flush()
        os.fsync(file.fileno())
    return here


def drop_file(settings: Settings, arrival_id: str) -> None:
    """Remove the bytes of a file that is not on its way any more."""
    path_of(settings, arrival_id).unlink(missing_ok=True)


def sweep_files(settings: Settings, kept: Collection[str], *, at: datetime) -> None:
    """Remove bytes that belong to nothing, and workplaces that a killed process left; fresh ones stay a while."""
    places = [*(settings.uploads_dir / "arrivals").glob("*"), *making_folder(settings).glob("*")]
    for path in places:
        if path.name in kept:
            continue
        try:
            is_old = datetime.fromtimestamp(path.stat().st_mtime, UTC) < at - KEPT_FOR / 8
        except FileNotFoundError:
            continue
        if is_old and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif is_old:
            path.unlink(missing_ok=True)
