"""A vendor's sheet that fills its pages at a retailer: a new one to fill in, a dry run, the writing in chunks.

In: a CSV or workbook with a row for each item and a column for each slot. Out: a `FillRun` that says what would change;
after `start`, drafts. Never: a write in the dry run, a page sent or published, a slot of the retailer's, or something
overwritten that somebody else changed meanwhile.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import ids, jobs
from qrmerch.catalog.models import Item
from qrmerch.catalog.service import NotSupplied
from qrmerch.config import Settings
from qrmerch.content.drafts import write_slots
from qrmerch.content.slots import SlotLocked
from qrmerch.db import get_one, lock_for_chain
from qrmerch.errors import Conflict, DomainError, FormError
from qrmerch.files import FileStore
from qrmerch.imports.problems import Problem
from qrmerch.imports.reader import Sheet, Source, open_sheet
from qrmerch.imports.sheets import forget_sheet, store_sheet
from qrmerch.imports.slot_columns import Columns, read_columns
from qrmerch.imports.slot_judging import CHANGED, LOCKED, Judge, Judged
from qrmerch.imports.slot_models import FillRun, FillState
from qrmerch.imports.slot_pages import House, load_house
from qrmerch.media.service import shown_name
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import find_supply

COMMIT: Final = "imports.fill"
MAX_ROWS: Final = 10_000
CHUNK_ROWS: Final = 25
_MAX_PROBLEMS: Final = 1000
_MAX_CHANGES: Final = 300
OUTCOMES: Final = ("created", "changed", "unchanged")


class FillOver(Conflict):
    """The file was taken in or cancelled already."""

    slug = "fill_over"


class NothingToFill(Conflict):
    """No row of the file would change anything as it is."""

    slug = "nothing_to_fill"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file whose columns are understood, and the pages it is about as they stand."""

    house: House
    sheet: Sheet
    columns: Columns


@dataclass(frozen=True, slots=True)
class Checked:
    """What a dry run found, row by row."""

    prepared: Prepared
    judged: Sequence[Judged]

    @property
    def counts(self) -> dict[str, int]:
        by_outcome = Counter(each.outcome for each in self.judged)
        return {
            "rows": len(self.judged),
            **{name: by_outcome[name] for name in OUTCOMES},
            "errors": by_outcome["error"],
        }


def load_pages(db: Session, retailer: Retailer, vendor_id: str) -> House:
    """What a vendor may fill at a retailer.

    :raises NotSupplied: the vendor does not supply the retailer any more.
    """
    supply = find_supply(db, retailer.id, vendor_id)
    if supply is None or supply.ended_at is not None:
        raise NotSupplied("This retailer does not take your pages at the moment. Ask them before you go on.")
    return load_house(db, retailer, vendor_id)


def prepare(db: Session, retailer: Retailer, vendor_id: str, source: Source, *, settings: Settings) -> Prepared:
    """A file's columns, understood.

    :raises SheetRejected: it cannot be read, or its header does not say what is needed.
    :raises SlotLocked: a column names a slot that the retailer fills on every page.
    :raises NotSupplied: as `load_pages`.
    """
    house = load_pages(db, retailer, vendor_id)
    sheet = open_sheet(source, max_rows=min(MAX_ROWS, settings.max_sheet_rows), has_header=True)
    return Prepared(house, sheet, read_columns(sheet.header, house))


def check(db: Session, prepared: Prepared, *, marks: Mapping[str, str] | None = None) -> Checked:
    """What taking a file in would do, row by row; writes nothing.

    :param marks: how pages stood when the file came, by key of the item; how they stand now where left out.
    :raises SheetRejected: it cannot be read to its end.
    """
    judge = Judge(db, prepared.house, prepared.columns, marks)
    return Checked(prepared, [judge.judge(row) for row in prepared.sheet.rows])


def receive_file(
    db: Session,
    *,
    retailer: Retailer,
    vendor_id: str,
    stream: BinaryIO,
    file_name: str,
    user_id: str | None,
    store: FileStore,
    settings: Settings,
    at: datetime,
) -> FillRun:
    """Store a file, run it dry and keep what was found; the caller commits.

    :raises TooLarge: more than `settings.max_sheet_bytes`.
    :raises SheetRejected: the file as a whole cannot be read; nothing is kept.
    :raises SlotLocked: a column names a slot that the retailer fills on every page; nothing is kept.
    :raises NotSupplied: the vendor does not supply the retailer any more.
    """
    key = store_sheet(stream, store=store, settings=settings)
    checked = check_stored(db, retailer, vendor_id, key, store=store, settings=settings)
    return record_run(db, checked, file_key=key, file_name=file_name, vendor_id=vendor_id, user_id=user_id, at=at)


def check_stored(
    db: Session, retailer: Retailer, vendor_id: str, key: str, *, store: FileStore, settings: Settings
) -> Checked:
    """A dry run of a file that lies in the store; one that cannot be read is deleted there.

    :raises DomainError: as `receive_file`.
    """
    try:
        return check(db, prepare(db, retailer, vendor_id, store.path(key), settings=settings))
    except DomainError:
        forget_sheet(db, key, store=store)
        raise


def record_run(
    db: Session, checked: Checked, *, file_key: str, file_name: str, vendor_id: str, user_id: str | None, at: datetime
) -> FillRun:
    """Keep a dry run, for its pages and for taking it in later; the caller commits."""
    run = FillRun(
        id=ids.new(),
        retailer_id=checked.prepared.house.retailer.id,
        vendor_id=vendor_id,
        state=FillState.CHECKED,
        file_name=shown_name(file_name),
        file_key=file_key,
        counts=checked.counts,
        problems=_as_json(checked),
        changes=[line for each in checked.judged for line in each.differences][:_MAX_CHANGES],
        marks={each.key: each.page.mark for each in checked.judged if each.page is not None},
        written={},
        done_rows=0,
        user_id=user_id,
        created_at=at,
    )
    db.add(run)
    db.flush()
    return run


def get_fill(db: Session, fill_id: str) -> FillRun:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, FillRun, fill_id, "This file is not here.")


def list_fills(db: Session, vendor_id: str, *, limit: int = 20) -> list[FillRun]:
    """A vendor's latest files, newest first."""
    wanted = select(FillRun).where(FillRun.vendor_id == vendor_id)
    return list(db.scalars(wanted.order_by(FillRun.created_at.desc(), FillRun.id.desc()).limit(limit)))


def start(db: Session, run: FillRun, *, at: datetime) -> None:
    """Ask for a checked file to be taken in; the job begins after the caller's commit.

    :raises FillOver: it is under way, done or cancelled.
    :raises NothingToFill: no row would change anything.
    """
    db.refresh(run, with_for_update=True)
    if run.state != FillState.CHECKED:
        raise FillOver("This file was taken in or cancelled already. Send it again to take it in once more.")
    if not run.counts["created"] + run.counts["changed"]:
        raise NothingToFill("No row would change a page. Fix the rows that need you, or fill in something new.")
    run.state, run.begun_at = FillState.COMMITTING, at
    run.written = dict.fromkeys((*OUTCOMES, "left_out"), 0)
    jobs.enqueue(db, COMMIT, run.id, {"fill_id": run.id})


def cancel(db: Session, run: FillRun, *, at: datetime) -> None:
    """Leave a file: nothing more of it is written; what was written stays.

    :raises FillOver: it is done or cancelled.
    """
    db.refresh(run, with_for_update=True)
    if run.state not in (FillState.CHECKED, FillState.COMMITTING):
        raise FillOver("This file is over already.")
    run.state, run.ended_at = FillState.CANCELLED, at


def commit_chunk(db: Session, fill_id: str, judged: Sequence[Judged], *, at: datetime) -> bool:
    """Write the next rows of a file in this transaction, with how far it came; whether more are left.

    :param judged: all rows of the file. Calling it again after a cut goes on where the last commit ended.
    """
    run = db.scalars(select(FillRun).where(FillRun.id == fill_id).with_for_update()).one_or_none()
    if run is None or run.state != FillState.COMMITTING:
        return False
    chunk = list(islice(judged, run.done_rows, run.done_rows + CHUNK_ROWS))
    counted: Counter[str] = Counter(run.written)
    late: dict[int, Problem] = {}
    # In one order for everybody who writes several pages at once.
    for item_id in sorted({each.page.item.id for each in chunk if each.page is not None}):
        lock_for_chain(db, f"content {item_id}")
    for each in chunk:
        item = each.page.item if each.page is not None and each.outcome in ("created", "changed") else None
        problem = _write(db, run, each, item, at) if item is not None else None
        if problem is not None:
            late[each.row.number] = problem
        elif each.is_changed_elsewhere:
            late[each.row.number] = each.problems[0]
        is_out = problem is not None or each.outcome == "error"
        counted["left_out" if is_out else each.outcome] += 1
    run.written = dict(counted)
    run.problems = _with_late(run.problems, late)
    run.done_rows += len(chunk)
    if run.done_rows < len(judged):
        return True
    run.state, run.ended_at = FillState.DONE, at
    return False


def fail(db: Session, fill_id: str, *, at: datetime) -> None:
    """Note that a file cannot be taken in any further because it is gone, or nobody takes its pages any more."""
    run = db.get(FillRun, fill_id)
    if run is not None and run.state == FillState.COMMITTING:
        run.state, run.ended_at = FillState.FAILED, at


def _write(db: Session, run: FillRun, row: Judged, item: Item, at: datetime) -> Problem | None:
    """Put a row into its page's draft; why it could not, where somebody or something was faster."""
    try:
        with db.begin_nested():
            write_slots(
                db,
                item,
                row.values,
                edit=row.edit,
                number=row.number,
                author_id=run.user_id,
                at=at,
                path="sheet",
            )
    except SlotLocked as error:
        return Problem(LOCKED, "", error.detail, "")
    except FormError as error:
        return Problem("SLOT", "", " ".join(error.problems.values()), "")
    except Conflict as error:
        return Problem(CHANGED, "", f"{error.detail} Look at the page, then send this row again.", "")
    return None


def _with_late(problems: Iterable[Mapping[str, Any]], late: Mapping[int, Problem]) -> list[dict[str, Any]]:
    """The problems of a file with those that came up while it was taken in."""
    known = {each["row"]: dict(each) for each in problems}
    for row, problem in late.items():
        entry = known.setdefault(row, {"row": row, "problems": []})
        if not any(each["code"] == problem.code for each in entry["problems"]):
            entry["problems"] = [*entry["problems"], problem.as_json()]
    return [known[row] for row in sorted(known)][:_MAX_PROBLEMS]


def _as_json(checked: Checked) -> list[dict[str, Any]]:
    """Problems as they are kept: of the columns first (row 1), then of the rows."""
    remarks = [each.as_json() for each in checked.prepared.columns.remarks]
    listed = [
        {"row": each.row.number, "problems": [one.as_json() for one in each.problems]}
        for each in checked.judged
        if each.problems
    ][:_MAX_PROBLEMS]
    return [{"row": 1, "problems": remarks}, *listed] if remarks else listed
