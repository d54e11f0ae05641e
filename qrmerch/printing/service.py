"""Writes about print: a batch asked for, followed, released or cancelled; what printers need; stocks of one's own.

A batch is drawn by a job from the rows that are written here, so that it is the same batch however often the job is
cut off. Nothing leaves before every code of the finished file was read back, and somebody has released it. The caller
commits.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from qrmerch import audit, ids, jobs
from qrmerch.audit import Actor
from qrmerch.codes.artwork import Level
from qrmerch.codes.models import CodeState, Finders, Modules
from qrmerch.codes.queries import list_by_id
from qrmerch.codes.service import insist_active, mark_printed
from qrmerch.codes.styles import Style, logo_of
from qrmerch.db import lock_for_chain
from qrmerch.errors import Conflict, FormError
from qrmerch.parties.models import Retailer
from qrmerch.printing.labels import Wording
from qrmerch.printing.models import BatchState, LabelStock, Medium, PrintBatch, PrinterFit, PrintLine
from qrmerch.printing.queries import count_by_store, find_own_stock, has_active, list_code_ids, list_ended
from qrmerch.printing.sheets import MAX_LABELS, Printed, Run, check_on_label, check_on_paper
from qrmerch.printing.stocks import Stock, find_stock, said_mm, stock_from_json
from qrmerch.text import clean_line

DRAW: Final = "printing.draw"
MAX_NAME_CHARS: Final = 80
# The same form sent again so soon was tapped twice.
TAPS_WITHIN: Final = timedelta(seconds=15)
MAX_PRINTER_CHARS: Final = 40
# The widest rolls that label printers take have 8½ inches; no label on one is longer than a metre.
MAX_ROLL_MM, MAX_ROLL_LENGTH_MM = 216.0, 1_000.0
_NAMES_KEPT: Final = 100
_ROWS_AT_ONCE: Final = 1_000


class BatchOver(Conflict):
    """A batch is not in the state that this needs."""

    slug = "batch_over"


class StockTaken(Conflict):
    """A stock of that name is there already."""

    slug = "stock_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a batch is to be: which codes in which order, how they are put on paper, and what stands beside them."""

    name: str
    code_ids: Sequence[str]
    run: Run
    wording: Wording
    base_url: str
    logo_key: str = ""
    font_key: str = ""
    medium: Medium = Medium.PDF
    dpi: int = 0
    vendor_id: str | None = None
    # The batch of which it is a part once more; its words and looks are taken as they are kept there.
    again_of: PrintBatch | None = None

    @property
    def labels(self) -> int:
        return len(self.code_ids) * self.run.copies


def ask_batch(db: Session, retailer: Retailer, order: Order, *, at: datetime, actor: Actor | None) -> PrintBatch:
    """Ask for a batch; a job draws it after the caller's commit. Asked for twice in one breath, it is one.

    :raises FormError: no label, or more than one file holds; the name is too long; it leaves the paper, or the label
        is larger than a label printer takes.
    """
    check_number(order.labels)
    check_place(order.run, order.medium)
    if order.medium == Medium.ZPL:
        check_printable(order.run.stock, order.wording.style)
    try:
        name = clean_line(order.name, MAX_NAME_CHARS) or "Labels"
    except ValueError as error:
        raise FormError({"name": str(error)}) from None
    lock_for_chain(db, f"prints of {retailer.id}")
    same = _find_same(db, retailer, order, name, at=at, actor=actor)
    if same is not None:
        return same
    batch = PrintBatch(
        id=ids.new(),
        retailer_id=retailer.id,
        name=name,
        state=BatchState.DRAWING,
        medium=order.medium,
        dpi=order.dpi,
        stock=order.run.stock.as_json(),
        run={each: getattr(order.run, each) for each in _RUN_FIELDS},
        wording=_wording_of(order),
        base_url=order.base_url,
        codes=len(order.code_ids),
        tries=0,
        labels=order.labels,
        pages=order.run.count_pages(len(order.code_ids)) if order.medium == Medium.PDF else 0,
        stores=[list(each) for each in count_by_store(db, order.code_ids)],
        vendor_id=order.vendor_id,
        again_of_id=order.again_of.id if order.again_of else None,
        user_id=actor.user_id if actor else None,
        created_at=at,
    )
    db.add(batch)
    db.flush()
    rows = [
        {"batch_id": batch.id, "place": place, "code_id": code_id, "retailer_id": retailer.id}
        for place, code_id in enumerate(order.code_ids)
    ]
    for begin in range(0, len(rows), _ROWS_AT_ONCE):
        db.execute(insert(PrintLine), rows[begin : begin + _ROWS_AT_ONCE])
    detail: dict[str, object] = {"codes": batch.codes, "labels": batch.labels, "stock": order.run.stock.name}
    _record(db, batch, "print.ask", at=at, actor=actor, detail=detail)
    jobs.enqueue(db, DRAW, batch.job_id, {"batch_id": batch.id})
    return batch


def _find_same(
    db: Session, retailer: Retailer, order: Order, name: str, *, at: datetime, actor: Actor | None
) -> PrintBatch | None:
    """The batch that the same person asked for a moment ago with the same form: a second tap, not a second batch."""
    if actor is None:
        return None
    wanted = select(PrintBatch).where(
        PrintBatch.retailer_id == retailer.id,
        PrintBatch.user_id == actor.user_id,
        PrintBatch.created_at > at - TAPS_WITHIN,
        PrintBatch.state.in_((BatchState.DRAWING, BatchState.CHECKED)),
        PrintBatch.name == name,
        PrintBatch.labels == order.labels,
        PrintBatch.medium == order.medium,
        PrintBatch.dpi == order.dpi,
    )
    run, wording = {each: getattr(order.run, each) for each in _RUN_FIELDS}, _wording_of(order)
    for batch in db.scalars(wanted):
        is_alike = batch.run == run and batch.wording == wording and run_of(batch).stock == order.run.stock
        if is_alike and list_code_ids(db, batch.id) == list(order.code_ids):
            return batch
    return None


def ask_again(
    db: Session, retailer: Retailer, batch: PrintBatch, code_ids: Sequence[str], *, at: datetime, actor: Actor | None
) -> PrintBatch:
    """Ask for labels of a batch once more, one of each, as they were; for one that was damaged or lost.

    :raises FormError: none of them is of this batch, or what it stands for has ended.
    """
    # Of the batch, and what hangs in a shop and was ended meanwhile is not printed again.
    of_batch = set(list_code_ids(db, batch.id))
    wanted = [code_id for code_id in dict.fromkeys(code_ids) if code_id in of_batch]
    active = {code.id for code in list_by_id(db, wanted) if code.state == CodeState.ACTIVE}
    wanted = [code_id for code_id in wanted if code_id in active]
    if not wanted:
        raise FormError({"pick": "Choose at least one label whose code is active."})
    before = run_of(batch)
    run = Run(
        stock=before.stock,
        right_mm=before.right_mm,
        down_mm=before.down_mm,
        across=before.across,
        along=before.along,
    )
    return ask_batch(db, retailer, _order_like(batch, "again", wanted, run), at=at, actor=actor)


def ask_rest(db: Session, retailer: Retailer, batch: PrintBatch, *, at: datetime, actor: Actor | None) -> PrintBatch:
    """Ask for a batch once more without its codes that have ended; else as it was asked for.

    It stays on record what was released or could not be made; what was only checked is cancelled.

    :raises BatchOver: it is under way or cancelled, or none or all of its codes have ended.
    """
    _lock(db, batch)
    if not may_ask_rest(db, batch):
        raise BatchOver("Of this batch there is no rest to print. Reload the page to see how it stands.")
    wanted = [code.id for code in list_by_id(db, list_code_ids(db, batch.id)) if code.state == CodeState.ACTIVE]
    made = ask_batch(db, retailer, _order_like(batch, "the rest", wanted, run_of(batch)), at=at, actor=actor)
    if batch.state == BatchState.CHECKED:
        cancel_batch(db, batch, at=at, actor=actor)
    return made


def may_ask_rest(db: Session, batch: PrintBatch) -> bool:
    """Whether some codes of a batch have ended, which keeps it from leaving or from being made, and others have not."""
    states = BatchState.CHECKED, BatchState.RELEASED, BatchState.FAILED
    return batch.state in states and bool(list_ended(db, batch.id)) and has_active(db, batch.id)


def _order_like(batch: PrintBatch, which: str, code_ids: Sequence[str], run: Run) -> Order:
    """Some labels of a batch with its words and for its printer, under its name and what they are."""
    return Order(
        name=f"{batch.name[: MAX_NAME_CHARS - len(which) - 2]}, {which}",
        code_ids=code_ids,
        run=run,
        wording=wording_of(batch),
        logo_key=str(batch.wording.get("logo_key", "")),
        font_key=str(batch.wording.get("font_key", "")),
        base_url=batch.base_url,
        medium=batch.medium,
        dpi=batch.dpi,
        vendor_id=batch.vendor_id,
        again_of=batch,
    )


def check_number(labels: int) -> None:
    """:raises FormError: no label, or more than one file holds."""
    if not labels:
        raise FormError({"": "None of these codes is active. Go back to the list and choose others."})
    if labels > MAX_LABELS:
        raise FormError(
            {"": f"{labels:,} labels are more than one file holds. {MAX_LABELS:,} is the most: print fewer at once."}
        )


def check_place(run: Run, medium: Medium) -> None:
    """:raises FormError: what the printer needs moves labels off the sheet, or words off the label of a roll."""
    if medium == Medium.ZPL:
        check_on_label(run)
    else:
        check_on_paper(run)


def check_printable(stock: Stock, style: Style) -> None:
    """:raises FormError: no label printer takes a label of this size, or draws a code like this."""
    if not style.is_plain:
        raise FormError({"design": "A label printer has one ink and draws codes plain. Choose Plain, or print sheets."})
    width, height = stock.label
    if width > MAX_ROLL_MM or height > MAX_ROLL_LENGTH_MM:
        size = " × ".join(said_mm(side) for side in stock.label)
        raise FormError(
            {
                "as": f"A label printer takes {MAX_ROLL_MM:g} × {MAX_ROLL_LENGTH_MM:g} mm at most, not {size}. "
                "Print it as sheets."
            }
        )


def cancel_batch(db: Session, batch: PrintBatch, *, at: datetime, actor: Actor | None) -> None:
    """Leave a batch that is being drawn, or that nobody has released: no file of it is kept, and no label counted.

    :raises BatchOver: it was released, or is over.
    """
    _lock(db, batch)
    if batch.state not in (BatchState.DRAWING, BatchState.CHECKED):
        raise BatchOver("This batch is over already: what was released stays on record.")
    batch.state, batch.ended_at = BatchState.CANCELLED, at
    batch.file_key, batch.file_bytes, batch.drawn, batch.read = "", 0, 0, 0
    db.execute(delete(PrintLine).where(PrintLine.batch_id == batch.id))
    _record(db, batch, "print.cancel", at=at, actor=actor)


def release_batch(db: Session, batch: PrintBatch, *, at: datetime, actor: Actor | None) -> None:
    """Let a batch leave: from now on its file can be downloaded, and its codes count as printed.

    :raises BatchOver: not every code of it was read back, or it was cancelled.
    """
    _lock(db, batch)
    if batch.state == BatchState.RELEASED:
        return
    if batch.state != BatchState.CHECKED:
        raise BatchOver("This batch cannot be released: not every code of it has been read back.")
    insist_none_ended(db, batch.id)
    batch.state, batch.released_at = BatchState.RELEASED, at
    batch.released_by_id = actor.user_id if actor else None
    mark_printed(db, list_by_id(db, list_code_ids(db, batch.id)), at=at, actor=actor)
    detail: dict[str, object] = {"labels": batch.labels, "digest": batch.digest}
    _record(db, batch, "print.release", at=at, actor=actor, detail=detail)


def insist_none_ended(db: Session, batch_id: str) -> None:
    """:raises CodeEnded: a code of a batch was retired or replaced since it was asked for."""
    insist_active(list_ended(db, batch_id), _say_rest(db, batch_id))


def check_leaves(db: Session, batch: PrintBatch) -> None:
    """Let the file of a batch go only while all of its codes lead to what they stand beside.

    :raises CodeEnded: one was retired or replaced since.
    """
    insist_active(list_ended(db, batch.id), _say_rest(db, batch.id))


def _say_rest(db: Session, batch_id: str) -> str:
    if has_active(db, batch_id):
        return "Print the rest: the others become a batch of their own."
    return "Choose others in the list of codes, and make a new batch."


def try_again(db: Session, batch: PrintBatch, *, at: datetime, actor: Actor | None) -> None:
    """Have a batch that could not be made drawn once more, as it was asked for.

    :raises BatchOver: it did not fail, or it is a vendor's, whose request waits for an answer again.
    :raises CodeEnded: one of its codes was retired or replaced since.
    """
    _lock(db, batch)
    if batch.state != BatchState.FAILED or batch.vendor_id:
        raise BatchOver("This batch cannot be tried again. Reload the page to see how it stands.")
    insist_none_ended(db, batch.id)
    batch.state, batch.ended_at, batch.problem = BatchState.DRAWING, None, ""
    batch.drawn, batch.read, batch.tries = 0, 0, batch.tries + 1
    _record(db, batch, "print.again", at=at, actor=actor)
    jobs.enqueue(db, DRAW, batch.job_id, {"batch_id": batch.id})


def note_progress(db: Session, batch_id: str, *, drawn: int, read: int) -> bool:
    """Say how far a batch has come; whether it is still wanted."""
    wanted = update(PrintBatch).where(PrintBatch.id == batch_id, PrintBatch.state == BatchState.DRAWING)
    done = db.execute(wanted.values(drawn=drawn, read=read).execution_options(synchronize_session=False))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def note_checked(db: Session, batch_id: str, printed: Printed, *, file_key: str, file_bytes: int, at: datetime) -> bool:
    """Every code of the file was read back; whether the batch is still wanted."""
    batch = db.scalars(select(PrintBatch).where(PrintBatch.id == batch_id).with_for_update()).one_or_none()
    if batch is None or batch.state != BatchState.DRAWING:
        return False
    batch.state, batch.ended_at = BatchState.CHECKED, at
    batch.drawn = batch.read = printed.labels
    batch.pages, batch.file_key, batch.file_bytes = printed.pages, file_key, file_bytes
    batch.incomplete = list(printed.incomplete[:_NAMES_KEPT])
    batch.cut = list(printed.cut[:_NAMES_KEPT])
    _record(db, batch, "print.checked", at=at, actor=None, detail={"digest": batch.digest})
    return True


def note_failed(db: Session, batch_id: str, problem: str, *, at: datetime) -> PrintBatch | None:
    """A batch cannot be made; the sentence says why and what would help. The batch, if it was still wanted."""
    batch = db.scalars(select(PrintBatch).where(PrintBatch.id == batch_id).with_for_update()).one_or_none()
    if batch is None or batch.state != BatchState.DRAWING:
        return None
    batch.state, batch.ended_at, batch.problem = BatchState.FAILED, at, problem[:500]
    _record(db, batch, "print.failed", at=at, actor=None)
    return batch


def run_of(batch: PrintBatch) -> Run:
    """How a batch is put on paper."""
    return Run(stock=stock_from_json(batch.stock), **batch.run)


def wording_of(batch: PrintBatch, *, logo: bytes = b"", face: str = "") -> Wording:
    """What stands beside the codes of a batch, and how they look.

    :param logo: of its `logo_key`, which stands on tags, and in the codes of a design with a logo.
    :param face: the file of its `font_key` on this machine.
    """
    own = ("logo_key", "font_key", "style", "level")
    said = {name: value for name, value in batch.wording.items() if name not in own}
    kept = batch.wording.get("style") or {}
    style = Style(
        Modules(kept.get("modules", Modules.SQUARE)),
        Finders(kept.get("finders", Finders.SQUARE)),
        logo_of(logo) if kept.get("has_logo") else None,
    )
    return Wording(logo=logo, face=face, style=style, level=Level(batch.wording.get("level", Level.M)), **said)


_RUN_FIELDS: Final = ("start", "copies", "right_mm", "down_mm", "across", "along")


def _wording_of(order: Order) -> dict[str, Any]:
    """What stands beside the codes of an order, as JSON."""
    if order.again_of:
        return dict(order.again_of.wording)
    wording, own = order.wording, ("logo", "style", "face")
    said = {each.name: getattr(wording, each.name) for each in fields(wording) if each.name not in own}
    style = wording.style
    look = {"modules": style.modules.value, "finders": style.finders.value, "has_logo": style.logo is not None}
    return {**said, "level": wording.level.value, "style": look, "logo_key": order.logo_key, "font_key": order.font_key}


def _lock(db: Session, batch: PrintBatch) -> None:
    """Let nobody else change a batch until this transaction ends, and see what the last one made of it."""
    db.flush()
    db.refresh(batch, with_for_update=True)


def _record(
    db: Session,
    batch: PrintBatch,
    action: str,
    *,
    at: datetime,
    actor: Actor | None,
    detail: dict[str, object] | None = None,
) -> None:
    audit.record(db, actor, action, ("print_batch", batch.id), at=at, retailer_id=batch.retailer_id, detail=detail)


# --- printers ----------------------------------------------------------------------------------------


def keep_fit(
    db: Session,
    retailer: Retailer,
    printer: str,
    run: Run,
    *,
    medium: Medium = Medium.PDF,
    at: datetime,
    actor: Actor | None,
) -> PrinterFit:
    """Remember what a printer needs so that a stock is hit; said again, the last one holds.

    :param medium: what the printer takes.
    :raises FormError: the printer has no name, or too long a one; labels would leave the paper.
    """
    try:
        name = clean_line(printer, MAX_PRINTER_CHARS)
    except ValueError as error:
        raise FormError({"printer": str(error)}) from None
    if not name:
        raise FormError({"printer": "Name the printer, such as Back office."})
    check_place(run, medium)
    key = run.stock.key
    wanted = select(PrinterFit).where(
        PrinterFit.retailer_id == retailer.id, PrinterFit.printer == name, PrinterFit.stock_key == key
    )
    fit = db.scalars(wanted).one_or_none()
    if fit is None:
        fit = PrinterFit(id=ids.new(), retailer_id=retailer.id, printer=name, stock_key=key)
        db.add(fit)
    fit.right_mm, fit.down_mm, fit.across, fit.along = run.right_mm, run.down_mm, run.across, run.along
    db.flush()
    detail: dict[str, object] = {"stock": run.stock.name, "right_mm": run.right_mm, "down_mm": run.down_mm}
    audit.record(db, actor, "printer.fit", ("printer_fit", fit.id), at=at, retailer_id=retailer.id, detail=detail)
    return fit


# --- stocks ------------------------------------------------------------------------------------------


def key_of(name: str) -> str:
    """A stock's name as a key: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:90] or "stock"


def add_stock(
    db: Session, retailer: Retailer, stock: Stock, *, at: datetime, actor: Actor | None, about: str = ""
) -> LabelStock:
    """A stock of the retailer's own.

    :raises FormError: its measures do not fit its paper.
    :raises StockTaken: there is one of that name.
    """
    _refuse_misfit(stock)
    if find_stock(stock.key) is not None or find_own_stock(db, retailer.id, stock.key) is not None:
        raise StockTaken(f"There is a stock called {stock.name} already. Give this one another name.")
    row = LabelStock(
        id=ids.new(),
        retailer_id=retailer.id,
        key=stock.key,
        name=stock.name,
        about=about,
        measures=stock.as_json(),
        created_at=at,
    )
    db.add(row)
    db.flush()
    audit.record(
        db, actor, "stock.add", ("label_stock", row.id), at=at, retailer_id=retailer.id, detail={"name": row.name}
    )
    return row


def change_stock(db: Session, row: LabelStock, stock: Stock, *, at: datetime, actor: Actor | None) -> None:
    """Other measures for a stock; batches that were printed keep those they were printed with.

    :raises FormError: the measures do not fit the paper.
    """
    _refuse_misfit(stock)
    before, after = dict(row.measures), {**stock.as_json(), "key": row.key}
    row.name, row.measures = stock.name, after
    detail = audit.changes(before, after)
    audit.record(db, actor, "stock.change", ("label_stock", row.id), at=at, retailer_id=row.retailer_id, detail=detail)


def remove_stock(db: Session, row: LabelStock, *, at: datetime, actor: Actor | None) -> None:
    """Take a stock from the list, with what printers need for it; batches keep theirs."""
    audit.record(
        db,
        actor,
        "stock.remove",
        ("label_stock", row.id),
        at=at,
        retailer_id=row.retailer_id,
        detail={"name": row.name},
    )
    db.execute(delete(PrinterFit).where(PrinterFit.retailer_id == row.retailer_id, PrinterFit.stock_key == row.key))
    db.delete(row)


def _refuse_misfit(stock: Stock) -> None:
    if stock.problems:
        raise FormError(stock.problems)
