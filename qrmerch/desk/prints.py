"""Print batches at the desk: the list, one batch on its way, its release, its files, and one label printed again."""

import hashlib
import tempfile
from io import BytesIO
from typing import Final, cast

from flask import Blueprint, Response, request, send_file
from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, RETAILER_STAFF, allow, current_principal
from qrmerch.clock import now
from qrmerch.codes.models import CodeState
from qrmerch.codes.service import CodeEnded
from qrmerch.codes.tokens import group
from qrmerch.desk.code_pages import address, count_of, moment_of, page_number
from qrmerch.desk.print_pages import AskedRow, BatchPage, BatchRow, LabelRow, PrintsPage
from qrmerch.errors import FormError, NotFound
from qrmerch.parties.models import Vendor
from qrmerch.parties.queries import get_retailer
from qrmerch.printing import requests, service
from qrmerch.printing.models import BatchState, Medium, PrintBatch, RequestState
from qrmerch.printing.package import file_name, places_of, write_package
from qrmerch.printing.queries import (
    Asked,
    Line,
    each_line,
    find_request_of,
    get_batch,
    list_again,
    list_batches,
    list_lines,
    list_requests,
    name_of,
)
from qrmerch.printing.reading import PageUnreadable, open_pages
from qrmerch.printing.sheets import Run
from qrmerch.quota import in_words
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("desk_prints", __name__, url_prefix="/desk/prints")

PER_PAGE: Final = 50
BATCH_SAID: Final = {
    BatchState.DRAWING: ("checking", "On its way"),
    BatchState.CHECKED: ("waiting", "Checked"),
    BatchState.RELEASED: ("pass", "Released"),
    BatchState.CANCELLED: ("ended", "Cancelled"),
    BatchState.FAILED: ("failed", "Stopped"),
}
REQUEST_SAID: Final = {
    RequestState.ASKED: ("waiting", "Waits for you"),
    RequestState.MAKING: ("checking", "Being made"),
    RequestState.RELEASED: ("pass", "Released"),
    RequestState.REFUSED: ("refused", "Refused"),
}
_TYPES: Final = {Medium.PDF: "application/pdf", Medium.ZPL: "application/octet-stream"}
_MAX_FIND_CHARS: Final = 80
_MAX_AGAIN: Final = 200
_LOOK_PIXELS: Final = 900
_SPOOLED_BYTES: Final = 8_000_000


@blueprint.get("")
@allow(*RETAILER_STAFF)
def show_all() -> Response:
    """The retailer's batches, newest first, and what vendors ask for."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    number = page_number(request.args)
    batches, total = list_batches(db, retailer.id, page=number, per_page=PER_PAGE)
    asked = list_requests(db, retailer_id=retailer.id)
    waiting = sum(1 for each in asked if each.request.state == RequestState.ASKED)
    page = PrintsPage(
        lede=_lede(total, waiting),
        rows=tuple(_row(db, each, retailer.time_zone) for each in batches),
        requests=tuple(_asked_row(each, retailer.time_zone) for each in asked),
        said=f"{len(batches):,} of {count_of(total, 'batch', 'batches')}",
        previous=address("/desk/prints", {"page": number - 1}) if number > 1 else "",
        next=address("/desk/prints", {"page": number + 1}) if number * PER_PAGE < total else "",
        is_running=any(each.state == BatchState.DRAWING for each in batches),
    )
    return render("desk/prints.html", page)


@blueprint.get("/<batch_id>")
@allow(*RETAILER_STAFF)
def show(batch_id: str) -> Response:
    """One batch."""
    return _show(get_batch(get_db(), batch_id))


@blueprint.get("/<batch_id>/look.png")
@allow(*RETAILER_STAFF)
def look(batch_id: str) -> Response:
    """Its first page as it will be printed."""
    batch = get_batch(get_db(), batch_id)
    if batch.medium != Medium.PDF or not batch.file_key:
        raise NotFound("There is no page to look at yet.")
    out, run = BytesIO(), service.run_of(batch)
    try:
        with open_pages(services().files.path(batch.file_key)) as pages:
            drawn = pages.render(0, _look_dpi(run))
    except PageUnreadable:
        raise NotFound("The file of this batch is gone.") from None
    drawn.save(out, "PNG")
    # A page of a retailer's own; what it shows cannot change.
    response = Response(out.getvalue(), mimetype="image/png")
    response.headers["ETag"] = f'"{hashlib.sha256(batch.file_key.encode()).hexdigest()[:16]}"'
    return response


@blueprint.post("/<batch_id>/release")
@allow(*PUBLISHERS)
def release(batch_id: str) -> Response:
    """Let a checked batch leave; its codes count as printed from now on."""
    db, principal, at = get_db(), current_principal(), now()
    batch = get_batch(db, batch_id)
    service.release_batch(db, batch, at=at, actor=principal)
    was_told = requests.release_to_vendor(db, batch, at=at)
    db.commit()
    to = f" to {_vendor_name(db, batch)}, who was told" if was_told else ""
    notice(f"{batch.name} is released{to}. Its {count_of(batch.codes, 'code')} count as printed.")
    return redirect_to(f"/desk/prints/{batch_id}")


@blueprint.post("/<batch_id>/cancel")
@allow(*PUBLISHERS)
def cancel(batch_id: str) -> Response:
    """Leave a batch that nobody has released; nothing of it stays but that it was asked for."""
    db, principal, at = get_db(), current_principal(), now()
    batch = get_batch(db, batch_id)
    service.cancel_batch(db, batch, at=at, actor=principal)
    requests.ask_anew(db, batch)
    db.commit()
    notice(f"{batch.name} is cancelled. No file is kept, and no code counts as printed.", "info")
    return redirect_to(f"/desk/prints/{batch_id}")


@blueprint.post("/<batch_id>/try")
@allow(*PUBLISHERS)
def try_again(batch_id: str) -> Response:
    """Have a batch that could not be made drawn once more, as it was asked for.

    :raises BatchOver: it did not fail.
    :raises CodeEnded: one of its codes was retired or replaced since.
    """
    db = get_db()
    service.try_again(db, get_batch(db, batch_id), at=now(), actor=current_principal())
    db.commit()
    return redirect_to(f"/desk/prints/{batch_id}")


@blueprint.post("/<batch_id>/rest")
@allow(*PUBLISHERS)
def print_rest(batch_id: str) -> Response:
    """Have a batch made once more without its codes that have ended.

    :raises BatchOver: there is no rest of it.
    :raises PrintsNotAllowed: its vendor was suspended, or may not have print files any more.
    """
    db, principal, at = get_db(), current_principal(), now()
    batch = get_batch(db, batch_id)
    retailer = get_retailer(db, principal.retailer_id)
    made = requests.answer_with_rest(db, retailer, batch, at=at, actor=principal)
    db.commit()
    notice(f"The rest of {batch.name} is on its way: {count_of(made.codes, 'code')} of {batch.codes:,}.")
    return redirect_to(f"/desk/prints/{made.id}")


@blueprint.post("/<batch_id>/again")
@allow(*PUBLISHERS)
def print_again(batch_id: str) -> Response:
    """Ask for chosen labels once more, one of each, as they were."""
    db, principal, at = get_db(), current_principal(), now()
    batch = get_batch(db, batch_id)
    retailer = get_retailer(db, principal.retailer_id)
    picked = list(dict.fromkeys(request.form.getlist("pick")))[:_MAX_AGAIN]
    try:
        made = service.ask_again(db, retailer, batch, picked, at=at, actor=principal)
    except FormError as refused:
        return _show(batch, problems=refused.problems)
    db.commit()
    return redirect_to(f"/desk/prints/{made.id}")


@blueprint.get("/<batch_id>/file")
@allow(*PUBLISHERS)
def download(batch_id: str) -> Response:
    """The file of a released batch.

    :raises NotFound: it was not released.
    :raises CodeEnded: one of its codes was retired or replaced since.
    """
    return send_batch(_get_released(get_db(), batch_id))


@blueprint.get("/<batch_id>/package.zip")
@allow(*PUBLISHERS)
def download_package(batch_id: str) -> Response:
    """The file of a released batch with its list and instructions, for a print shop."""
    db = get_db()
    return send_package(db, _get_released(db, batch_id))


def send_batch(batch: PrintBatch) -> Response:
    """The file of a batch, to be kept.

    :raises NotFound: it is gone.
    """
    path = services().files.path(batch.file_key)
    if not path.is_file():
        raise NotFound("The file of this batch is gone. Print its labels again.")
    name, kind = file_name(batch), _TYPES[batch.medium]
    return send_file(path, mimetype=kind, as_attachment=True, download_name=name, etag=batch.digest)


def send_package(db: Session, batch: PrintBatch) -> Response:
    """The ZIP for a print shop."""
    path = services().files.path(batch.file_key)
    if not path.is_file():
        raise NotFound("The file of this batch is gone. Print its labels again.")
    # Large ones go to the disk; the answer reads them from there and they are gone with it.
    out = tempfile.SpooledTemporaryFile(max_size=_SPOOLED_BYTES)  # noqa: SIM115 - the answer closes it
    write_package(cast(BytesIO, out), batch, each_line(db, batch.id, base_url=batch.base_url), path)
    out.seek(0)
    name = f"{file_name(batch).rpartition('.')[0]}.zip"
    return send_file(cast(BytesIO, out), mimetype="application/zip", as_attachment=True, download_name=name)


def _get_released(db: Session, batch_id: str) -> PrintBatch:
    batch = get_batch(db, batch_id)
    if batch.state != BatchState.RELEASED:
        raise NotFound("This batch is not released yet. Release it first: every code of it must have been read back.")
    service.check_leaves(db, batch)
    return batch


def _show(batch: PrintBatch, *, problems: dict[str, str] | None = None) -> Response:
    db, principal = get_db(), current_principal()
    zone, run = get_retailer(db, principal.retailer_id).time_zone, service.run_of(batch)
    number, find = page_number(request.args), request.args.get("find", "")[:_MAX_FIND_CHARS].strip()
    lines, total = list_lines(db, batch.id, base_url=batch.base_url, page=number, per_page=PER_PAGE, find=find)
    here, fields = f"/desk/prints/{batch.id}", {"find": find} if find else {}
    state, said = BATCH_SAID[batch.state]
    stage, done = _progress(batch)
    asked = find_request_of(db, batch.id)
    # What could not be made for a vendor has given its request back to be answered.
    has_rest = service.may_ask_rest(db, batch) and not (batch.vendor_id and batch.state == BatchState.FAILED)
    before = get_batch(db, batch.again_of_id) if batch.again_of_id else None
    page = BatchPage(
        id=batch.id,
        name=batch.name,
        lede=_say_batch(batch, run),
        state=state,
        state_said=said,
        may_print=principal.role in PUBLISHERS,
        is_running=batch.state == BatchState.DRAWING and not problems,
        stage=stage,
        done=done,
        total=2 * batch.labels,
        problem=batch.problem,
        left_out=tuple(batch.incomplete),
        cut=tuple(batch.cut),
        facts=_facts(db, batch, run, zone),
        stores=tuple((name or "No store", f"{labels:,}") for name, labels in batch.stores[:PER_PAGE]),
        ended=_say_ended(db, batch),
        may_try=batch.state == BatchState.FAILED and not batch.vendor_id and not has_rest,
        has_rest=has_rest,
        vendor=_vendor_name(db, batch) if asked else "",
        request_href=f"/desk/prints/requests/{asked.id}" if asked else "",
        look_src=f"{here}/look.png" if batch.file_key and batch.medium == Medium.PDF else "",
        look_alt=f"The first of {batch.pages:,} pages" if batch.pages > 1 else "Its only page",
        look_size=_look_size(run),
        file_said=f"{batch.medium.upper()}, {in_words(batch.file_bytes)}",
        again_of=((f"/desk/prints/{before.id}", before.name),) if before else (),
        again=tuple((f"/desk/prints/{each.id}", moment_of(each.created_at, zone)) for each in list_again(db, batch)),
        find=find,
        rows=tuple(_label_row(line, batch, run) for line in lines),
        rows_said=f"{len(lines):,} of {count_of(total, 'code')}",
        previous=address(here, {**fields, "page": number - 1}) if number > 1 else "",
        next=address(here, {**fields, "page": number + 1}) if number * PER_PAGE < total else "",
        problems=problems or {},
    )
    return render("desk/print_batch.html", page, status=422 if problems else 200)


def _say_ended(db: Session, batch: PrintBatch) -> str:
    """Why the file of a batch does not leave any more: codes of it were retired or replaced since."""
    if batch.state not in (BatchState.CHECKED, BatchState.RELEASED):
        return ""
    try:
        if batch.state == BatchState.CHECKED:
            service.insist_none_ended(db, batch.id)
        service.check_leaves(db, batch)
    except CodeEnded as ended:
        return ended.detail
    return ""


def _progress(batch: PrintBatch) -> tuple[str, int]:
    """What is being done, in words, and how much of drawing and reading is done."""
    if batch.drawn < batch.labels:
        return f"{batch.drawn:,} of {batch.labels:,} labels drawn", batch.drawn
    return f"All drawn; {batch.read:,} of {batch.labels:,} codes read back from the pages", batch.drawn + batch.read


def _say_batch(batch: PrintBatch, run: Run) -> str:
    labels = count_of(batch.labels, "label")
    if batch.state == BatchState.DRAWING:
        return f"{labels} on {run.stock.name}. You can close this page; the batch goes on."
    if batch.state == BatchState.CHECKED:
        return f"{labels} on {run.stock.name}. Every code was read back from the finished pages. Release it to print."
    if batch.state == BatchState.RELEASED:
        return f"{labels} on {run.stock.name}. Every code was read back before it was released."
    if batch.state == BatchState.CANCELLED:
        return f"{labels} on {run.stock.name} were asked for. Nothing was printed."
    return f"{labels} on {run.stock.name} were asked for. Nothing was printed."


def _facts(db: Session, batch: PrintBatch, run: Run, zone: str) -> tuple[tuple[str, str], ...]:
    asked = moment_of(batch.created_at, zone)
    by, released_by = name_of(db, batch.user_id), name_of(db, batch.released_by_id)
    facts = [("Asked for", f"{asked}, {by}" if by else asked), ("Labels", f"{batch.labels:,}")]
    if run.copies > 1:
        facts.append(("Codes", f"{batch.codes:,}, {run.copies} of each"))
    facts.append(("Stock", run.stock.said))
    facts.append(("For", "Sheets" if batch.medium == Medium.PDF else f"Label printer, ZPL, {batch.dpi} dpi"))
    if batch.medium == Medium.PDF:
        facts.append(("Pages", f"{batch.pages:,}"))
    if vendor := _vendor_name(db, batch):
        facts.append(("Vendor", vendor))
    if batch.released_at:
        at = moment_of(batch.released_at, zone)
        facts.append(("Released", f"{at}, {released_by}" if released_by else at))
    if batch.digest:
        facts.append(("SHA-256", f"{batch.digest[:16]}…"))
    return tuple(facts)


def _row(db: Session, batch: PrintBatch, zone: str) -> BatchRow:
    state, said = BATCH_SAID[batch.state]
    if batch.state == BatchState.DRAWING:
        said = f"{100 * (batch.drawn + batch.read) // max(2 * batch.labels, 1)} %"
    vendor = _vendor_name(db, batch)
    stores = [name or "No store" for name, _ in batch.stores]
    sub = f"For {vendor}" if vendor else ", ".join(stores[:3]) + (f" and {len(stores) - 3} more" if stores[3:] else "")
    return BatchRow(
        href=f"/desk/prints/{batch.id}",
        name=batch.name,
        sub=sub,
        state=state,
        state_said=said,
        labels=f"{batch.labels:,}",
        stock=service.run_of(batch).stock.name,
        by=name_of(db, batch.user_id),
        at=moment_of(batch.created_at, zone),
    )


def _asked_row(asked: Asked, zone: str) -> AskedRow:
    state, said = REQUEST_SAID[asked.request.state]
    return AskedRow(
        href=f"/desk/prints/requests/{asked.request.id}",
        vendor=asked.vendor_name,
        items=f"{count_of(asked.items, 'item')}, {asked.request.copies:,} of each",
        stock=asked.request.stock_said,
        state=state,
        state_said=said,
        at=moment_of(asked.request.created_at, zone),
    )


def _label_row(line: Line, batch: PrintBatch, run: Run) -> LabelRow:
    place = ", ".join(name for name in (line.store, line.fixture) if name) or "No place"
    page, label = places_of(run, line.place)[0]
    where = f"Page {page:,}, label {label}" if batch.medium == Medium.PDF else f"Label {line.place * run.copies + 1:,}"
    ended = "" if line.state == CodeState.ACTIVE else line.state.value.capitalize()
    return LabelRow(line.code_id, line.title, ended, place, group(line.token), where)


def _vendor_name(db: Session, batch: PrintBatch) -> str:
    vendor = db.get(Vendor, batch.vendor_id) if batch.vendor_id else None
    return vendor.name if vendor else ""


def _look_dpi(run: Run) -> float:
    return _LOOK_PIXELS / max(run.page_mm) * 25.4


def _look_size(run: Run) -> tuple[int, int]:
    """Width and height of the picture of a page."""
    scale = _LOOK_PIXELS / max(run.page_mm)
    return round(run.page_mm[0] * scale), round(run.page_mm[1] * scale)


def _lede(batches: int, waiting: int) -> str:
    if waiting == 1:
        return "One vendor asks for print files."
    if waiting:
        return f"{waiting} requests of vendors wait for an answer."
    if not batches:
        return "Labels that are printed together, with who asked, when, and for which stores."
    said = count_of(batches, "batch", "batches")
    return f"{said}. Every code is read back from the finished pages before a file can be had."
