"""A retailer's files in: a dry run of every row first, then the writing in chunks that a killed worker goes on with.

In: a file of stores, places, prices or stock as it is. Out: a `FeedRun` that says what would change; after `start`,
the rows. Never: a write in the dry run, a row written twice, or an older figure over a newer one.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import ids, jobs
from qrmerch.config import Settings
from qrmerch.errors import Conflict, DomainError, FormError
from qrmerch.files import FileStore
from qrmerch.imports.feed_columns import FeedColumns, read_header
from qrmerch.imports.feed_figures import judge_prices, judge_stock, read_prices, read_stock, write_prices, write_stock
from qrmerch.imports.feed_fixtures import judge_fixtures, read_fixtures, write_fixtures
from qrmerch.imports.feed_lines import FeedReading, Judged, Line
from qrmerch.imports.feed_models import FeedKind, FeedRun, FeedState
from qrmerch.imports.feed_places import judge_places, read_places, write_places
from qrmerch.imports.feed_table import FeedTable, read_table
from qrmerch.imports.problems import Problem
from qrmerch.imports.reader import Source
from qrmerch.imports.sheets import forget_sheet, store_sheet
from qrmerch.media.service import shown_name
from qrmerch.parties.models import Retailer

COMMIT: Final = "imports.feed"
_MAX_PROBLEMS: Final = 1000
_MAX_CHANGES: Final = 300
_OUTCOMES: Final = ("created", "updated", "unchanged", "older")


class FeedOver(Conflict):
    """The file was taken in or cancelled already."""

    slug = "feed_over"


class NothingToTakeIn(Conflict):
    """No row of the file can be taken in as it is."""

    slug = "nothing_to_take_in"


@dataclass(frozen=True, slots=True)
class _Way:
    """How files of one kind are read, judged and written, and how many rows one transaction holds."""

    read: Callable[[Session, Retailer, FeedTable, FeedColumns, FeedReading], list[Line[Any]]]
    judge: Callable[[Session, Retailer, Sequence[Line[Any]]], list[Judged]]
    write: Callable[..., list[str]]
    chunk_rows: int


_WAYS: Final[Mapping[FeedKind, _Way]] = {
    FeedKind.STORES: _Way(read_places, judge_places, write_places, 100),
    FeedKind.FIXTURES: _Way(read_fixtures, judge_fixtures, write_fixtures, 200),
    FeedKind.PRICES: _Way(read_prices, judge_prices, write_prices, 2000),
    FeedKind.STOCK: _Way(read_stock, judge_stock, write_stock, 2000),
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file whose rows are understood; row statuses come with the judgement or the writing."""

    kind: FeedKind
    reading: FeedReading
    table: FeedTable
    columns: FeedColumns
    header_problems: tuple[Problem, ...]
    lines: tuple[Line[Any], ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a dry run found. Row statuses are `created`, `updated`, `unchanged`, `older` or `error`."""

    prepared: Prepared
    statuses: Mapping[int, str]
    changes: Sequence[dict[str, Any]]
    confirmed: int

    @property
    def counts(self) -> dict[str, int]:
        """Rows in all and by status, those with warnings, and figures that were only counted again."""
        by_status = Counter(self.statuses.values())
        lines = self.prepared.lines
        return {
            "rows": len(lines),
            **{name: by_status[name] for name in _OUTCOMES},
            "errors": by_status["error"],
            "warnings": sum(1 for line in lines if line.problems and not line.is_error),
            "confirmed": self.confirmed,
        }


def prepare(
    db: Session, retailer: Retailer, kind: FeedKind, source: Source, reading: FeedReading, *, settings: Settings
) -> Prepared:
    """A file's rows, understood; nothing is written.

    :raises SheetRejected: it cannot be read, or its header lacks what is needed.
    """
    table = read_table(source, settings=settings)
    columns, odd = read_header(kind, table.header)
    lines = _WAYS[kind].read(db, retailer, table, columns, reading)
    return Prepared(kind, reading, table, columns, tuple(odd), tuple(lines))


def check(
    db: Session, retailer: Retailer, kind: FeedKind, source: Source, reading: FeedReading, *, settings: Settings
) -> Checked:
    """What taking a file in would do, row by row; writes nothing.

    :raises SheetRejected: as `prepare`.
    """
    prepared = prepare(db, retailer, kind, source, reading, settings=settings)
    good = [line for line in prepared.lines if line.is_good]
    statuses = {line.number: "error" if line.is_error else "unchanged" for line in prepared.lines}
    changes: list[dict[str, Any]] = []
    confirmed = 0
    for line, judged in zip(good, _WAYS[kind].judge(db, retailer, good), strict=True):
        statuses[line.number] = judged.outcome
        confirmed += judged.is_confirmed
        if judged.remark:
            line.warn("OLDER", "", judged.remark)
        if len(changes) < _MAX_CHANGES:
            changes += [
                {"row": line.number, "title": each.title, "field": each.field, "now": each.now, "after": each.after}
                for each in judged.differences
            ]
    return Checked(prepared, statuses, changes[:_MAX_CHANGES], confirmed)


def record_run(
    db: Session,
    *,
    retailer: Retailer,
    checked: Checked,
    file_key: str,
    file_name: str,
    user_id: str | None,
    at: datetime,
) -> FeedRun:
    """Keep a dry run, for its pages and for taking it in later; the caller commits."""
    prepared = checked.prepared
    table, columns = prepared.table, prepared.columns
    first = table.rows[0][1] if table.rows else ()
    run = FeedRun(
        id=ids.new(),
        retailer_id=retailer.id,
        kind=prepared.kind,
        state=FeedState.CHECKED,
        file_name=shown_name(file_name),
        file_key=file_key,
        format=table.format,
        encoding=table.encoding,
        delimiter=table.delimiter,
        as_of=prepared.reading.as_of,
        country=prepared.reading.country,
        columns=[
            {"name": name, "field": field, "sample": first[place][:120] if place < len(first) else ""}
            for place, (name, field) in enumerate(zip(columns.names, columns.fields, strict=True))
        ],
        counts=checked.counts,
        problems=_as_json(prepared, checked.statuses),
        changes=list(checked.changes),
        written={},
        done_rows=0,
        user_id=user_id,
        created_at=at,
        ended_at=None,
    )
    db.add(run)
    db.flush()
    return run


def reading_of(run: FeedRun) -> FeedReading:
    """How a run's file was read when it was checked; it is taken in just so."""
    return FeedReading(run.as_of, run.created_at, run.country)


def receive_file(
    db: Session,
    *,
    retailer: Retailer,
    kind: FeedKind,
    stream: BinaryIO,
    file_name: str,
    as_of: datetime | None,
    country: str,
    user_id: str | None,
    store: FileStore,
    settings: Settings,
    at: datetime,
) -> FeedRun:
    """Store a file, run it dry and keep what was found, in one session; the caller commits.

    :param as_of: when what it says held; now unless given.
    :raises FormError: `as_of` has not come yet.
    :raises TooLarge: more than `settings.max_sheet_bytes`.
    :raises SheetRejected: the file as a whole cannot be read; nothing is kept.
    """
    reading = make_reading(as_of, country=country, at=at)
    key = store_sheet(stream, store=store, settings=settings)
    try:
        checked = check(db, retailer, kind, store.path(key), reading, settings=settings)
    except DomainError:
        forget_sheet(db, key, store=store)
        raise
    return record_run(db, retailer=retailer, checked=checked, file_key=key, file_name=file_name, user_id=user_id, at=at)


def make_reading(as_of: datetime | None, *, country: str, at: datetime) -> FeedReading:
    """:raises FormError: what the file says is of an instant that has not come."""
    if as_of is not None and as_of > at:
        raise FormError({"as_of": "That instant has not come yet. Say when the figures were taken."})
    return FeedReading(as_of or at, at, country)


def start(db: Session, run: FeedRun) -> None:
    """Ask for a checked run to be taken in; the job begins after the caller's commit.

    :raises FeedOver: it is under way, done or cancelled.
    :raises NothingToTakeIn: every row needs fixing first.
    """
    _lock(db, run)
    if run.state != FeedState.CHECKED:
        raise FeedOver("This file was taken in or cancelled already. Send it again to take it in once more.")
    if run.counts["errors"] == run.counts["rows"]:
        raise NothingToTakeIn("Every row needs fixing first. Download the rows to fix and send that file.")
    run.state = FeedState.COMMITTING
    run.written = dict.fromkeys((*_OUTCOMES, "left_out"), 0)
    jobs.enqueue(db, COMMIT, run.id, {"run_id": run.id})


def cancel(db: Session, run: FeedRun, *, at: datetime) -> None:
    """Leave a run: nothing more of it is written; what was written stays.

    :raises FeedOver: it is done or cancelled.
    """
    _lock(db, run)
    if run.state not in (FeedState.CHECKED, FeedState.COMMITTING):
        raise FeedOver("This file is over already.")
    run.state, run.ended_at = FeedState.CANCELLED, at


def _lock(db: Session, run: FeedRun) -> None:
    """Let nobody else change a run until this transaction ends, and see what the last one made of it."""
    db.flush()
    db.refresh(run, with_for_update=True)


def commit_chunk(db: Session, run_id: str, prepared: Prepared, *, at: datetime) -> bool:
    """Write the next rows of a run in this transaction, with how far it came; whether more are left.

    Calling it again after a cut goes on where the last commit ended.
    """
    run = db.scalars(select(FeedRun).where(FeedRun.id == run_id).with_for_update()).one_or_none()
    if run is None or run.state != FeedState.COMMITTING:
        return False
    way, retailer = _WAYS[run.kind], db.get_one(Retailer, run.retailer_id)
    chunk = prepared.lines[run.done_rows : run.done_rows + way.chunk_rows]
    good = [line for line in chunk if line.is_good]
    counted: Counter[str] = Counter(run.written)
    counted["left_out"] += sum(1 for line in chunk if line.is_error)
    counted["unchanged"] += sum(1 for line in chunk if line.is_repeat and not line.is_error)
    if good:
        counted.update(way.write(db, retailer, good, prepared.reading, at=at))
    run.written = dict(counted)
    run.done_rows += len(chunk)
    if run.done_rows < len(prepared.lines):
        return True
    run.state, run.ended_at = FeedState.DONE, at
    return False


def fail(db: Session, run_id: str, *, at: datetime) -> None:
    """Note that a run cannot go on because its file is gone."""
    run = db.get(FeedRun, run_id)
    if run is not None and run.state == FeedState.COMMITTING:
        run.state, run.ended_at = FeedState.FAILED, at


def _as_json(prepared: Prepared, statuses: Mapping[int, str]) -> list[dict[str, Any]]:
    """Problems as they are kept: of the columns first (row 1), then of the rows, errors before warnings."""
    header = [each.as_json() for each in prepared.header_problems]
    odd = [line for line in prepared.lines if line.problems]
    odd.sort(key=lambda line: (statuses[line.number] != "error", line.number))
    listed = [
        {"row": line.number, "problems": [each.as_json() for each in line.problems]} for line in odd[:_MAX_PROBLEMS]
    ]
    return [{"row": 1, "problems": header}, *listed] if header else listed
