"""Lines and events into rows and totals, each once, however often the loader is killed.

In: the scan log's files of this node; the events that rooms recorded. Out: a row for each line, totals by
business date and by local hour. How far a file was read is stored in the same transaction, and so is which
events were counted. While the database is away, the files wait.
"""

import gc
import logging
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import itemgetter
from pathlib import Path
from threading import Event as Flag
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, cast, delete, exists, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.db import Database, lock_for_chain
from qrmerch.parties.models import Store
from qrmerch.parties.service import forget_old_changes
from qrmerch.scans import agreed, line
from qrmerch.scans.agreed import Agreed
from qrmerch.scans.correcting import CLOSED_AFTER, LATE, LATE_WHY, list_corrections
from qrmerch.scans.day_hashes import forget_old_keys
from qrmerch.scans.folding import fold_events
from qrmerch.scans.line import BadLine, Line, read_line, read_lines
from qrmerch.scans.log import PATTERN, node_of
from qrmerch.scans.models import AgreedDay, CodeHour, DayHash, Event, LogFile, OpenVisit, Scan
from qrmerch.scans.months import HELD, drop_months, make_months_ahead
from qrmerch.scans.places import LocalHours, Places
from qrmerch.scans.reckoning import Identified, Reckoning
from qrmerch.scans.repeats import Repeats
from qrmerch.scans.storing import add_totals, make_room
from qrmerch.scans.totals import Tally
from qrmerch.scans.withdrawing import list_withdrawn
from qrmerch.visitors.agreed import end_old_agreements

EVERY_S: Final = 0.5
FILES_KEPT_FOR: Final = timedelta(days=7)
VISITS_KEPT_FOR: Final = timedelta(days=1)
CODE_HOURS_KEPT_FOR: Final = timedelta(days=14)
_HOUSEKEEPING_EVERY: Final = timedelta(hours=1)
_OFFSET_BITS: Final = 40  # a file has less than a terabyte
# Half a second of the database's one writer at most, and each total is added to once for so many lines.
_MAX_BYTES: Final = 8_000_000
_MAX_EVENTS: Final = 5_000
_LINE_BYTES: Final = 1024
_HOUR_MS: Final = 3_600_000
_LATEST_MS: Final = 1 << 53
_RECALLED_BYTES: Final = 4_000_000
_RECALLED_FOR_S: Final = 600
_LOOKED_AT_BYTES: Final = 65_536
log = logging.getLogger("qrmerch.loader")


@dataclass(slots=True)
class Batch:
    """What one transaction takes in: lines with their identity, and how far each file was read."""

    lines: list[Identified] = field(default_factory=list)
    is_caught_up: bool = True
    sizes: dict[str, int] = field(default_factory=dict)
    offsets: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """How much one turn took in, and whether it left something for the next."""

    lines: int
    events: int
    is_behind: bool = False

    def __bool__(self) -> bool:
        return bool(self.lines or self.events or self.is_behind)


class Loader:
    """Reads one folder of logs into one database; a second one for the same folder does no harm."""

    def __init__(self, database: Database, folder: Path, *, max_bytes: int = _MAX_BYTES) -> None:
        """:param max_bytes: about the most that one transaction reads."""
        self._database, self._folder, self._max_bytes = database, folder, max_bytes
        self._hours, self._node = LocalHours(), ""
        self._forget()

    def load(self, at: datetime) -> Loaded:
        """Take in what was written since the last turn, up to a batch, in one transaction."""
        try:
            if not self._has_news():
                return Loaded(0, 0)
            with _no_collecting():
                return self._load_batch(at)
        except BaseException:
            # What was remembered of repeats may never have been stored.
            self._forget()
            raise

    def _load_batch(self, at: datetime) -> Loaded:
        with self._database.write() as db:
            lock_for_chain(db, "scans.loader")
            make_room(db)
            # Read before the lines: a visit's scan line is on disk before its first action is committed.
            events = _uncounted(db)
            batch = self._read_files(db, at)
            counted = self._store(db, batch, events if batch.is_caught_up else [], at)
            db.commit()
        self._sizes.update(batch.sizes)
        self._offsets.update(batch.offsets)
        return Loaded(len(batch.lines), counted, is_behind=not batch.is_caught_up)

    def _forget(self) -> None:
        self._sizes: dict[str, int] = {}
        self._offsets: dict[str, int] = {}
        self._repeats = Repeats()
        self._has_recalled = False

    def _has_news(self) -> bool:
        if any(self._sizes.get(name) != size for name, size in _sizes_in(self._folder).items()):
            return True
        with self._database.read() as db:
            return db.scalar(select(Event.id).where(_UNCOUNTED).limit(1)) is not None

    def _read_files(self, db: Session, at: datetime) -> Batch:
        self._node = self._node or node_of(self._folder)
        sizes = _sizes_in(self._folder)
        changed = [name for name, size in sizes.items() if self._sizes.get(name) != size]
        files = {row.name: row for row in db.scalars(select(LogFile).where(LogFile.name.in_(changed)))}
        # What another loader took in meanwhile has to be remembered here as well.
        if not self._has_recalled or any(self._offsets.get(name, 0) != row.offset for name, row in files.items()):
            self._recall(files, list_withdrawn(db))
        batch, parts = Batch(), []
        for name in changed:
            file = files.get(name)
            if file is None:
                file = LogFile(name=name, offset=0, bad_lines=0, lost_lines=0, read_at=at, node=self._node)
                db.add(file)
                db.flush()
            parts.append(_Part(self._folder / name, file, sizes[name]))
        self._take(parts, batch)
        for part in parts:
            file = part.file
            if file.offset > part.began:
                file.read_at = at
            batch.offsets[file.name] = file.offset
            if file.offset + _torn(part.path, file.offset, part.size) >= part.size:
                batch.sizes[file.name] = part.size
            else:
                batch.is_caught_up = False
        return batch

    def _take(self, parts: Sequence["_Part"], batch: Batch) -> None:
        """Take in what fits into a batch: all there is, or the earliest lines, whatever file they stand in."""
        left = self._max_bytes
        groups = [parts] if sum(part.unread for part in parts) <= left else _by_hour(parts)
        for group in groups:
            fits = sum(part.unread for part in group) <= left
            for part in group:
                part.read(left if fits else max(1, left // len(group)))
            # Of several files that are longer: up to where the one ends that came least far, and that one wholly.
            first = min((part for part in group if part.is_cut), key=_Part.ends_ms, default=None)
            until_ms = first.ends_ms() if first else _LATEST_MS
            for part in group:
                left -= part.take(batch, _LATEST_MS if part is first else until_ms)
            if first or left <= 0:
                break

    def _store(self, db: Session, batch: Batch, events: Sequence[Event], at: datetime) -> int:
        # Workers' files are read one after another; repeats are a matter of time.
        batch.lines.sort(key=itemgetter(0))
        places, tally = Places(db, [said for _, _, said in batch.lines]), Tally(self._hours)
        phones = Agreed(db, (said for _, _, said in batch.lines), today=at.date())
        reckoning = Reckoning(db, batch.lines, places, tally, agreed=phones, withdrawn=list_withdrawn(db))
        reckoning.store(self._repeats)
        counted = fold_events(db, events, places, tally)
        add_totals(db, tally)
        late = tally.days_closed(at, CLOSED_AFTER)
        db.add_all(list_corrections(late, places, cause=LATE, why=LATE_WHY, at=at))
        return counted

    def _recall(self, files: dict[str, LogFile], withdrawn: Collection[str]) -> None:
        """What the last lines already loaded, by whomever, say about repeats, from the files."""
        lines: list[Line] = []
        for name, file in files.items():
            path = self._folder / name
            if not file.offset or now().timestamp() - path.stat().st_mtime > _RECALLED_FOR_S:
                continue
            begin = max(0, file.offset - _RECALLED_BYTES)
            with path.open("rb") as opened:
                opened.seek(begin)
                data = opened.read(file.offset - begin)
            lines += [said for _, said in islice(read_lines(data), 1 if begin else 0, None) if said]
        self._repeats = Repeats()
        self._repeats.recall(lines, withdrawn)
        self._has_recalled = True


class _Part:
    """What is read of one file in one batch: whole lines from where the file was left."""

    def __init__(self, path: Path, file: LogFile, size: int) -> None:
        self.path, self.file, self.size, self.began = path, file, size, file.offset
        self.is_cut = False
        self._data = b""

    @property
    def unread(self) -> int:
        return max(0, self.size - self.began)

    def begins_ms(self) -> int:
        """The time of the first line; 0 if that is none of ours."""
        with self.path.open("rb") as opened:
            opened.seek(self.began)
            return _time_of(opened.readline(_LINE_BYTES))

    def ends_ms(self) -> int:
        """The time of the last line that was read; 0 if that is none of ours."""
        return _time_of(self._data[self._data.rfind(b"\n", 0, -1) + 1 :])

    def read(self, length: int) -> None:
        """Read about so many bytes, to the end of a line."""
        with self.path.open("rb") as opened:
            opened.seek(self.began)
            data = opened.read(min(length, self.unread))
            # A line that does not end within what was read: a little more, it is less than a kilobyte.
            if not data.endswith(b"\n"):
                data += opened.readline(_LINE_BYTES)
            self.is_cut = bool(opened.read(1)) and self.began + len(data) < self.size
            is_at_end = not self.is_cut
        # No line of ours is that long: what stands there is passed over, or nothing behind it would ever be read.
        if b"\n" in data or is_at_end:
            data = data[: data.rfind(b"\n") + 1]
        self._data = data

    def take(self, batch: Batch, until_ms: int) -> int:
        """Take in lines up to the first one that is later than `until_ms`; how many bytes they had."""
        file, offset = self.file, self.began
        base = file.number << _OFFSET_BITS
        for length, said in read_lines(self._data):
            if said is None:
                file.bad_lines += 1
            elif said.at_ms > until_ms:
                break
            elif said.traits.kind == line.LOST:
                file.lost_lines += said.traits.lost
            else:
                batch.lines.append((said.at_ms, base + offset, said))
            offset += length
        if self._data[-1:] not in (b"", b"\n"):
            # More than any line of ours has, and no end in it.
            file.bad_lines += 1
            offset += len(self._data)
        file.offset = offset
        self._data = b""
        return offset - self.began


def _by_hour(parts: Sequence[_Part]) -> list[list[_Part]]:
    """Those with something to read, in the order of the hours that they go on in: no file is written for longer."""
    hours: defaultdict[int, list[_Part]] = defaultdict(list)
    for part in parts:
        if part.unread:
            hours[part.begins_ms() // _HOUR_MS].append(part)
    return [some for _, some in sorted(hours.items())]


def _time_of(raw: bytes) -> int:
    try:
        return read_line(raw).at_ms
    except BadLine:
        return 0


@contextmanager
def _no_collecting() -> Iterator[None]:
    """No looking for garbage meanwhile: a batch makes many small things and no circle, and a third of its time goes."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def load_all(database: Database, folder: Path) -> int:
    """Load until nothing is left; how many lines."""
    loader, lines = Loader(database, folder), 0
    while loaded := loader.load(now()):
        lines += loaded.lines
    return lines


def follow(
    database: Database,
    folder: Path,
    *,
    retention: timedelta,
    keys: Path | None = None,
    ended: Flag | None = None,
    every_s: float = EVERY_S,
) -> None:
    """Load for ever, or until `ended` is set; while the database is away, wait.

    :param retention: raw scans older than this are deleted; their totals stay.
    :param keys: where the keys of days lie, which go two days after they were made, whether anybody scans or not.
    """
    ended = ended or Flag()
    loader, kept_house_at, is_away = Loader(database, folder), datetime.min.replace(tzinfo=UTC), False
    while not ended.is_set():
        try:
            loaded = loader.load(now())
            if now() - kept_house_at > _HOUSEKEEPING_EVERY:
                keep_house(database, folder, retention=retention, at=now())
                if keys is not None:
                    forget_old_keys(keys, at_s=now().timestamp())
                kept_house_at = now()
            is_away = _tell(is_away, None)
        except DBAPIError as error:
            is_away = _tell(is_away, error)
            loaded = Loaded(0, 0)
        except OSError:
            # A file that went away while it was looked at, a disk that does not answer: the next look may do better.
            log.warning("the scan log could not be read", exc_info=True)
            loaded = Loaded(0, 0)
        if database.is_sqlite:
            # A database file that went away must be missed: an open connection would go on writing into it.
            database.close()
        if not loaded:
            ended.wait(every_s)


def keep_house(database: Database, folder: Path, *, retention: timedelta, at: datetime) -> None:
    """Delete what is no longer needed: ended visits, old page changes, loaded files, scans past their retention.

    Of a file, when it was read last long enough ago; of a whole month on PostgreSQL at once, when all of it is past.
    """
    with database.write() as db:
        lock_for_chain(db, "scans.loader")
        make_months_ahead(db, at)
        db.commit()
    _drop_months(database, before=at - retention)
    with database.write() as db:
        db.execute(delete(OpenVisit).where(OpenVisit.began_at < at - VISITS_KEPT_FOR))
        _forget_phones(db, at)
        db.execute(delete(AgreedDay).where(AgreedDay.on < at.date() - agreed.KEPT_FOR))
        end_old_agreements(db, at=at)
        db.execute(delete(CodeHour).where(CodeHour.on < at.date() - CODE_HOURS_KEPT_FOR))
        forget_old_changes(db, at=at)
        db.commit()
    _delete_files(database, folder, before=at - FILES_KEPT_FOR)
    _forget_files(database, folder, before=at - max(retention, FILES_KEPT_FOR + timedelta(days=1)))


def _forget_phones(db: Session, at: datetime) -> None:
    """Delete the phones of the days before yesterday, where each store is."""
    for zone in list(db.scalars(select(Store.time_zone).distinct())):
        yesterday = at.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
        there = select(Store.id).where(Store.time_zone == zone)
        db.execute(delete(DayHash).where(DayHash.on < yesterday, DayHash.store_id.in_(there)))
    # Of stores that are gone as well.
    db.execute(delete(DayHash).where(DayHash.on < at.date() - timedelta(days=2)))


def _delete_files(database: Database, folder: Path, *, before: datetime) -> None:
    """Delete files that were written last before an instant and are loaded."""
    with database.read() as db:
        read = dict(db.execute(select(LogFile.name, LogFile.offset)).all())
    for path in folder.glob(PATTERN):
        about = path.stat()
        is_old = about.st_mtime < before.timestamp()
        if is_old and about.st_size <= read.get(path.name, 0) + _torn(path, read.get(path.name, 0), about.st_size):
            path.unlink(missing_ok=True)


def _forget_files(database: Database, folder: Path, *, before: datetime) -> None:
    """Delete the scans of files that were read last before an instant, and the rows of those that are gone.

    Never the row of a file that may still be there, or it would be read again from its beginning when this node is
    started again, or the one it lies on: of another node's files nobody else knows.
    """
    first = cast(LogFile.number, BigInteger) * (1 << _OFFSET_BITS)
    has_scans = exists().where(Scan.id >= first, Scan.id < first + (1 << _OFFSET_BITS))
    with database.write() as db:
        is_old = LogFile.read_at < before
        for number in list(db.scalars(select(LogFile.number).where(is_old, has_scans))):
            begin = number << _OFFSET_BITS
            db.execute(delete(Scan).where(Scan.id >= begin, Scan.id < begin + (1 << _OFFSET_BITS)))
        own = select(LogFile).where(is_old, LogFile.node.in_(("", node_of(folder))))
        for file in list(db.scalars(own)):
            if not (folder / file.name).exists():
                db.delete(file)
        db.commit()


def _drop_months(database: Database, *, before: datetime) -> None:
    with database.write() as db:
        lock_for_chain(db, "scans.loader")
        try:
            drop_months(db, before)
            db.commit()
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") != HELD:
                raise
            # Somebody copies the database: the next look will do.
            log.info("old months of scans stay until the next hour: somebody holds them")


def _uncounted(db: Session) -> list[Event]:
    return list(db.scalars(select(Event).where(_UNCOUNTED).order_by(Event.id).limit(_MAX_EVENTS)))


def _sizes_in(folder: Path) -> dict[str, int]:
    """The size of each file by name, in order; one that goes away meanwhile is left out."""
    sizes = {}
    for path in sorted(folder.glob(PATTERN)):
        with suppress(FileNotFoundError):
            sizes[path.name] = path.stat().st_size
    return sizes


def _torn(path: Path, offset: int, size: int) -> int:
    """How many bytes after `offset` belong to a line that was never finished; 0 if a whole line follows."""
    left = size - offset
    with path.open("rb") as opened:
        opened.seek(offset)
        while left > 0:
            some = opened.read(min(left, _LOOKED_AT_BYTES))
            if b"\n" in some:
                return 0
            if not some:
                break
            left -= len(some)
    return size - offset


def _tell(was_away: bool, error: DBAPIError | None) -> bool:
    if error is not None and not was_away:
        log.warning("the database is away, the scan log waits: %s", error.orig)
    if error is None and was_away:
        log.warning("the database is back, the scan log is being loaded")
    return error is not None


_UNCOUNTED: Final = text("NOT is_counted")
