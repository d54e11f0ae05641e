"""Files that no row names, found and deleted; rows whose file is gone, found and told.

A room declares with `@names_files` which keys of an area its rows name. What all of them leave out is an orphan: the
process died between writing and committing, or what named it is gone. An area that nobody declares is never touched,
nor is a file of less than a day: somebody may be about to commit the row.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.db import Database
from qrmerch.files import FileStore
from qrmerch.jobs import Work, chore

SPARED_FOR: Final = timedelta(hours=24)
SWEEP_EVERY: Final = timedelta(hours=6)
_MARK: Final = "files.swept"
_TOLD: Final = 20

Named = Callable[[Session, datetime], Iterable[str]]
_named: dict[str, list[Named]] = {}
log = logging.getLogger("qrmerch.leftovers")


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in the store and what should. `orphans` are old enough to be deleted; `missing` are named in vain."""

    files: int
    size_bytes: int
    orphans: tuple[str, ...]
    orphan_bytes: int
    missing: tuple[str, ...]


def names_files(area: str) -> Callable[[Named], Named]:
    """Declare which keys of an area are needed at an instant; several rooms may, each for its own rows."""

    def declare(named: Named) -> Named:
        _named.setdefault(area, []).append(named)
        return named

    return declare


def look(database: Database, store: FileStore, *, at: datetime) -> Found:
    """Compare files with rows; changes nothing."""
    found = [_look_into(database, store, area, at) for area in _named]
    return Found(
        files=sum(each.files for each in found),
        size_bytes=sum(each.size_bytes for each in found),
        orphans=tuple(key for each in found for key in each.orphans),
        orphan_bytes=sum(each.orphan_bytes for each in found),
        missing=tuple(key for each in found for key in each.missing),
    )


def sweep(database: Database, store: FileStore, *, at: datetime) -> int:
    """Delete orphans and what was half written; how many files."""
    before, deleted = at - SPARED_FOR, 0
    for area in _named:
        deleted += store.delete_parts(area, before=before)
        deleted += sum(store.delete_old(key, before=before) for key in _look_into(database, store, area, at).orphans)
    return deleted


@chore
def sweep_now_and_then(work: Work) -> None:
    """Sweep some times a day, and tell the log which rows miss their file."""
    at, mark = now(), work.settings.data_dir / _MARK
    if mark.exists() and at.timestamp() - mark.stat().st_mtime < SWEEP_EVERY.total_seconds():
        return
    deleted = sweep(work.database, work.files, at=at)
    work.files.trim()
    missing = look(work.database, work.files, at=at).missing
    if deleted:
        log.info("%s files that nothing names were deleted", deleted)
    if missing:
        log.warning("%s rows name files that are gone, such as %s", len(missing), ", ".join(missing[:_TOLD]))
    mark.touch()


def _look_into(database: Database, store: FileStore, area: str, at: datetime) -> Found:
    """The files first, then the rows: a file that is put meanwhile is new, and a row that comes meanwhile is read."""
    there = {each.key: each for each in store.list_files(area)}
    with database.read() as db:
        needed = {key for named in _named[area] for key in named(db, at)}
    orphans = [each for key, each in there.items() if key not in needed and each.put_at < at - SPARED_FOR]
    return Found(
        files=len(there),
        size_bytes=sum(each.size_bytes for each in there.values()),
        orphans=tuple(sorted(each.key for each in orphans)),
        orphan_bytes=sum(each.size_bytes for each in orphans),
        missing=tuple(sorted(key for key in needed - there.keys() if not store.exists(key))),
    )
