"""How far the loader is behind the scan log of this node."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.scans.line import BadLine, read_line
from qrmerch.scans.log import PATTERN
from qrmerch.scans.models import Event, LogFile

# No line is longer.
_LINE_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Lag:
    """What stands in the files and in no total yet; a line that was torn by a kill is not waited for.

    `oldest_at_s`: when the first of it was written, seconds since 1970; None if all was read.
    """

    unread_bytes: int
    oldest_at_s: float | None


@dataclass(frozen=True, slots=True)
class Losses:
    """Lines that the disk did not take, and that nobody could read, of the files whose record is kept; actions that
    wait to be counted.
    """

    lost_lines: int
    bad_lines: int
    waiting_events: int


def list_offsets(db: Session) -> dict[str, int]:
    """How far each file was read, by its name."""
    found: dict[str, int] = dict(db.execute(select(LogFile.name, LogFile.offset)).all())
    return found


def count_losses(db: Session) -> Losses:
    """What was lost, in the whole installation."""
    of_log = select(func.coalesce(func.sum(LogFile.lost_lines), 0), func.coalesce(func.sum(LogFile.bad_lines), 0))
    lost, bad = db.execute(of_log).one()
    waiting = db.scalar(select(func.count(Event.id)).where(~Event.is_counted))
    return Losses(int(lost), int(bad), int(waiting or 0))


def list_sizes(folder: Path) -> list[int]:
    """How large each file of the log is, bytes."""
    sizes = []
    for path in folder.glob(PATTERN):
        with suppress(OSError):
            sizes.append(path.stat().st_size)
    return sizes


def measure_lag(folder: Path, offsets: Mapping[str, int]) -> Lag:
    """How much of a folder's files is still to be read.

    :param offsets: how far each file was read; one that is missing was not begun.
    """
    unread, oldest = 0, None
    for path in folder.glob(PATTERN):
        # A file that is read to its end may be deleted meanwhile.
        with suppress(OSError):
            left, begun_at_s = _left_of(path, offsets.get(path.name, 0))
            unread += left
            if left and (oldest is None or begun_at_s < oldest):
                oldest = begun_at_s
    return Lag(unread, oldest)


def _left_of(path: Path, offset: int) -> tuple[int, float]:
    """Bytes from an offset on, and when its first line was written; (0, …) if no whole line is there."""
    about = path.stat()
    if about.st_size <= offset:
        return 0, 0.0
    with path.open("rb") as file:
        file.seek(offset)
        line, is_whole, _ = file.read(_LINE_BYTES).partition(b"\n")
    if not is_whole:
        return 0, 0.0
    try:
        return about.st_size - offset, read_line(line).at_ms / 1000
    except BadLine:
        return about.st_size - offset, about.st_mtime
