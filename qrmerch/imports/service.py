"""Taking a vendor's catalogue in: a dry run of every row first, then the writing in chunks.

In: a file as it is. Out: an `ImportRun` that says what would change; after `start`, products and items.
Never: a write in the dry run, or half a product.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import ids, jobs, quota
from qrmerch.catalog.service import list_at, put_product
from qrmerch.config import Settings
from qrmerch.errors import Conflict, DomainError, NotFound
from qrmerch.files import FileStore
from qrmerch.imports import fetching
from qrmerch.imports.checking import (
    Checked,
    Reading,
    as_json,
    check,
    is_nameless,
    parse,
    with_known,
)
from qrmerch.imports.models import ImportRun, RunState
from qrmerch.imports.reader import Source
from qrmerch.imports.report import write_report
from qrmerch.imports.rows import Group
from qrmerch.imports.sheets import forget_sheet, path_of_sheet, store_sheet
from qrmerch.media.service import shown_name
from qrmerch.parties.queries import list_supplied

CHECK: Final = "imports.check"
COMMIT: Final = "imports.commit"
CHUNK_GROUPS: Final = 50
# A file up to this is checked while its sender waits.
CHECKED_AT_ONCE_BYTES: Final = 1_000_000
_OPEN: Final = (RunState.UPLOADED, RunState.MAPPED, RunState.CHECKED)


class RunOver(Conflict):
    """The import was taken in or cancelled already."""

    slug = "run_over"


class ReadAnew(Conflict):
    """What was shown of the file is not what it would do now."""

    slug = "read_anew"


class NothingToTakeIn(Conflict):
    """No row of the file can be taken in as it is."""

    slug = "nothing_to_take_in"


def receive_run(
    db: Session,
    *,
    vendor_id: str,
    file_key: str,
    file_name: str,
    reading: Reading,
    list_at_id: str | None,
    user_id: str | None,
    at: datetime,
) -> ImportRun:
    """Keep a stored file as a run that is not checked yet; the caller commits.

    The same file that still waits for somebody is the same run: a second tap of the button makes no second one.

    :param list_at_id: the retailer that the products shall be listed at, or None.
    :raises NotFound: the vendor does not supply that retailer.
    """
    if list_at_id and list_at_id not in {each.id for each in list_supplied(db, vendor_id)}:
        raise NotFound("You do not supply this retailer.")
    same = select(ImportRun).where(
        ImportRun.vendor_id == vendor_id,
        ImportRun.file_key == file_key,
        ImportRun.list_at_id == list_at_id,
        ImportRun.state.in_(_OPEN),
    )
    # Locked: somebody may press "take in" at this moment, and what is being written is read in no other way.
    run = db.scalars(same.order_by(ImportRun.created_at).limit(1).with_for_update()).one_or_none()
    if run is None:
        run = ImportRun(
            id=ids.new(),
            vendor_id=vendor_id,
            file_name=shown_name(file_name),
            file_key=file_key,
            list_at_id=list_at_id,
            user_id=user_id,
            created_at=at,
            columns=[],
            counts={"rows": 0, "products": 0, "errors": 0, "warnings": 0},
            problems=[],
            changes=[],
            news=[],
            written={},
            done_groups=0,
        )
        db.add(run)
    _read_as(run, reading)
    db.flush()
    return run


def ask_for_check(db: Session, run: ImportRun, *, at: datetime) -> None:
    """Let the job check a run; it begins after the caller's commit."""
    run.done_rows, run.total_rows, run.begun_at = 0, 0, at
    jobs.enqueue(db, CHECK, check_id(run), {"run_id": run.id})


def check_id(run: ImportRun) -> str:
    """What the job that checks a run is known by; another one for each way of reading it."""
    begun_at = int(run.begun_at.timestamp() * 1000) if run.begun_at else 0
    return f"{run.id}:{begun_at}"


def record_check(db: Session, run: ImportRun, checked: Checked) -> None:
    """Keep what a dry run found, for its pages and for taking it in later; the caller commits.

    :raises RunOver: it is under way, done or cancelled.
    """
    _lock(db, run)
    if run.state not in _OPEN:
        raise RunOver("This file was taken in or cancelled already. Send it again to read it in another way.")
    for name, value in _findings(checked).items():
        setattr(run, name, value)
    run.state, run.begun_at = RunState.CHECKED, None


def read_again(db: Session, run: ImportRun, reading: Reading) -> None:
    """Read a run's file in another way; it is to be checked again. The caller commits.

    :raises RunOver: it is under way, done or cancelled.
    """
    _lock(db, run)
    if run.state not in _OPEN:
        raise RunOver("This file was taken in or cancelled already. Send it again to read it in another way.")
    _read_as(run, reading)


def _read_as(run: ImportRun, reading: Reading) -> None:
    run.state, run.currency = RunState.UPLOADED, reading.currency
    run.said = {
        "encoding": reading.encoding,
        "has_header": reading.has_header,
        "columns": dict(reading.chosen),
    }


def reading_of(run: ImportRun) -> Reading:
    """How a run's file is to be read; once checked, it is taken in just so."""
    said = run.said
    chosen = {each["name"]: each["field"] for each in run.columns if each["name"]} or said["columns"]
    if run.state in (RunState.UPLOADED, RunState.MAPPED):
        chosen = said["columns"]
    return Reading(run.currency, chosen, True, said["encoding"], said["has_header"])


def receive_sheet(
    db: Session,
    *,
    vendor_id: str,
    stream: BinaryIO,
    file_name: str,
    currency: str,
    list_at_id: str | None,
    user_id: str | None,
    store: FileStore,
    settings: Settings,
    at: datetime,
) -> ImportRun:
    """Store a file, run it dry and keep what was found, in one session; the caller commits.

    :raises TooLarge: more than `settings.max_sheet_bytes`.
    :raises SheetRejected: the file as a whole cannot be read; nothing is kept.
    :raises QuotaFull: the vendor's files take all the room there is.
    """
    quota.refuse_when_full(db, vendor_id, store=store, settings=settings)
    key = store_sheet(stream, store=store, settings=settings)
    reading = Reading(currency)
    try:
        checked = check(db, vendor_id, store.path(key), reading, settings=settings)
    except DomainError:
        forget_sheet(db, key, store=store)
        raise
    run = receive_run(
        db,
        vendor_id=vendor_id,
        file_key=key,
        file_name=file_name,
        reading=reading,
        list_at_id=list_at_id,
        user_id=user_id,
        at=at,
    )
    record_check(db, run, checked)
    return run


def mark_of_reading(run: ImportRun) -> str:
    """What tells one way of reading a run's file from another."""
    fields = [[each["name"], each["field"]] for each in run.columns]
    way = json.dumps([run.currency, run.said["encoding"], run.has_header, fields])
    return hashlib.sha256(way.encode()).hexdigest()[:16]


def start(db: Session, run: ImportRun, *, at: datetime, seen: str = "") -> None:
    """Ask for a checked run to be taken in; the job begins after the caller's commit.

    :param seen: `mark_of_reading` as it was shown to who asks; empty where nobody looked.
    :raises RunOver: it is under way, done or cancelled.
    :raises ReadAnew: somebody had it read in another way since.
    :raises NothingToTakeIn: every row needs fixing first.
    """
    _lock(db, run)
    if run.state != RunState.CHECKED:
        raise RunOver("This file was taken in or cancelled already. Send it again to import it once more.")
    if seen and seen != mark_of_reading(run):
        raise ReadAnew("Somebody had this file read in another way since. Look at what it does now, then take it in.")
    if run.counts["errors"] == run.counts["rows"]:
        raise NothingToTakeIn("Every row needs fixing first. Download the rows to fix and send that file.")
    run.state, run.begun_at = RunState.COMMITTING, at
    run.written = {"created": 0, "updated": 0, "unchanged": 0, "listed": 0}
    jobs.enqueue(db, COMMIT, run.id, {"run_id": run.id})


def cancel(db: Session, run: ImportRun, *, at: datetime) -> None:
    """Leave a run: nothing more of it is written; what was written stays.

    :raises RunOver: it is done or cancelled.
    """
    _lock(db, run)
    if run.state not in (*_OPEN, RunState.COMMITTING):
        raise RunOver("This import is over already.")
    run.state, run.ended_at = RunState.CANCELLED, at


def _lock(db: Session, run: ImportRun) -> None:
    """Let nobody else change a run until this transaction ends, and see what the last one made of it."""
    db.flush()
    db.refresh(run, with_for_update=True)


def commit_chunk(db: Session, run_id: str, groups: Iterator[Group], *, at: datetime) -> bool:
    """Write the next products of a run in this transaction, with how far it came; whether more are left.

    A product that is written twice does not change.

    :param groups: the products of the run's file from the first that is not written yet (`groups_left`); moves on.
    """
    run = db.scalars(select(ImportRun).where(ImportRun.id == run_id).with_for_update()).one_or_none()
    if run is None or run.state != RunState.COMMITTING:
        return False
    chunk = list(islice(groups, CHUNK_GROUPS))
    counted: Counter[str] = Counter(run.written)
    # A supply that ended since the dry run leaves the products unlisted, and the run goes on.
    is_listing = run.list_at_id in {each.id for each in list_supplied(db, run.vendor_id)}
    addresses: dict[str, tuple[str, ...]] = {}
    for group, known in with_known(db, run.vendor_id, chunk):
        if is_nameless(group, known) or not group.row_keys:
            continue
        product, outcome = put_product(db, run.vendor_id, group.draft, at=at, known=known)
        counted[outcome] += 1
        addresses[product.id] = group.draft.image_urls
        if run.list_at_id and is_listing:
            list_at(db, product, run.list_at_id, at)
            counted["listed"] += 1
    fetching.note_addresses(db, run, addresses)
    run.written = dict(counted)
    run.done_groups += len(chunk)
    if len(chunk) == CHUNK_GROUPS:
        return True
    run.state, run.ended_at = RunState.DONE, at
    fetching.ask(db, run)
    return False


def groups_left(source: Source, reading: Reading, *, done: int, settings: Settings) -> Iterator[Group]:
    """The products of a file but for those that are written already.

    :param reading: as it was checked.
    :raises SheetRejected: the file cannot be read any more as it was checked.
    """
    return islice(parse(source, reading, settings=settings).groups, done, None)


def fail(db: Session, run_id: str, reason: str, *, at: datetime) -> None:
    """Note that a run cannot go on, and why."""
    run = db.get(ImportRun, run_id)
    if run is not None and run.state in (*_OPEN, RunState.COMMITTING):
        run.state, run.ended_at, run.failure = RunState.FAILED, at, reason[:500]


def report(db: Session, run: ImportRun, *, store: FileStore, settings: Settings) -> Iterator[str]:
    """The rows of a run's file that cannot be taken in as things are now, to be fixed and sent again, line by line."""
    source = path_of_sheet(run.file_key, store=store)
    checked = check(db, run.vendor_id, source, reading_of(run), settings=settings)
    return report_of(checked)


def report_of(checked: Checked) -> Iterator[str]:
    """The rows to fix of a dry run, line by line."""
    return write_report(checked.parsed.sheet, checked.parsed.columns, checked.problems, checked.item_of)


def _findings(checked: Checked) -> dict[str, Any]:
    """The columns of a run that say what its file holds."""
    reading, sheet, columns = checked.parsed.reading, checked.parsed.sheet, checked.parsed.columns
    first = next(iter(sheet.rows)).cells
    return {
        "kind": sheet.kind,
        "format": columns.format,
        "encoding": sheet.encoding,
        "is_guessed_encoding": sheet.is_guessed_encoding,
        "has_header": sheet.has_header,
        "delimiter": sheet.delimiter,
        "currency": reading.currency,
        "columns": [
            {
                "name": name,
                "field": field_name,
                "sample": first[place][:120] if place < len(first) else "",
                "is_chosen": name in reading.chosen,
            }
            for place, (name, field_name) in enumerate(zip(columns.names, columns.fields, strict=True))
        ],
        "counts": checked.counts,
        "problems": as_json(checked),
        "changes": list(checked.changes),
        "news": list(checked.news),
    }
