"""Filling pages from a sheet: a new one to download, sending it, reading what it would do, taking it in."""

from datetime import datetime
from typing import BinaryIO, Final, cast

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch import audit, quota
from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.clock import now
from qrmerch.content.slots import SlotLocked
from qrmerch.downloads import file_name
from qrmerch.errors import DomainError, FormError, NotFound
from qrmerch.imports import slot_sheets
from qrmerch.imports.queries import SHEETS_KEPT_FOR
from qrmerch.imports.sheets import forget_sheet, path_of_sheet, store_sheet
from qrmerch.imports.shown import ChangeLine, Finding, problem_lines
from qrmerch.imports.slot_files import sheet_rows, write_csv, write_report, write_workbook
from qrmerch.imports.slot_models import FillRun, FillState
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import list_supplied
from qrmerch.studio.filling_pages import FillLine, FillPage, FillsPage
from qrmerch.studio.pages import Progress
from qrmerch.studio.times import house_zone, said_at, said_left
from qrmerch.users.models import User
from qrmerch.web import get_db, notice, reading_session, redirect_to, render, services

blueprint = Blueprint("studio_filling", __name__)

_SHOWN_PROBLEMS: Final = 100
_SHOWN_CHANGES: Final = 50
_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_STEPS: Final = {FillState.CHECKED: 1, FillState.CANCELLED: 1, FillState.COMMITTING: 2, FillState.DONE: 3}
_WORDS: Final = (("created", "begun"), ("changed", "changed"), ("unchanged", "as before"))


@blueprint.get("/studio/fill")
@allow(*VENDOR)
def show_list() -> Response:
    """A new sheet to download, the form to send one with, and the files sent so far."""
    return _render_list(get_db(), {})


@blueprint.get("/studio/fill/pages.csv")
@allow(*VENDOR)
def download_csv() -> Response:
    """The pages at a retailer as they stand, as CSV."""
    retailer, rows = _new_sheet(get_db())
    return _file(write_csv(rows), f"{retailer.name} pages", "text/csv")


@blueprint.get("/studio/fill/pages.xlsx")
@allow(*VENDOR)
def download_workbook() -> Response:
    """The same as an Excel workbook."""
    retailer, rows = _new_sheet(get_db())
    return _file(write_workbook(rows, sheet=retailer.name), f"{retailer.name} pages", _WORKBOOK)


@blueprint.post("/studio/fill")
@allow(*VENDOR)
def send() -> Response:
    """Check a file without writing any of it into a page, and show what it would do."""
    principal, at, made_with = current_principal(), now(), services()
    vendor_id, upload = str(principal.vendor_id), request.files.get("file")
    with reading_session() as reading:
        try:
            retailer = _asked_retailer(reading, request.form.get("retailer", ""))
            if upload is None or not upload.filename:
                raise FormError({"file": "Choose a file first."})
            quota.refuse_when_full(reading, vendor_id, store=made_with.files, settings=made_with.settings, waits=False)
            key = store_sheet(cast(BinaryIO, upload.stream), store=made_with.files, settings=made_with.settings)
            checked = slot_sheets.check_stored(
                reading, retailer, vendor_id, key, store=made_with.files, settings=made_with.settings
            )
        except FormError as error:
            return _render_list(reading, error.problems, status=error.status)
        except NotFound:
            raise
        except DomainError as error:
            said = f"{error.detail} ({error.slug})" if isinstance(error, SlotLocked) else error.detail
            return _render_list(reading, {"file": said}, status=error.status)
    db = get_db()
    try:
        # Another file may have come while this one was read.
        quota.refuse_when_full(db, vendor_id, store=made_with.files, settings=made_with.settings)
    except quota.QuotaFull as error:
        forget_sheet(db, key, store=made_with.files)
        return _render_list(db, {"file": error.detail}, status=error.status)
    run = slot_sheets.record_run(
        db,
        checked,
        file_key=key,
        file_name=upload.filename,
        vendor_id=vendor_id,
        user_id=principal.user_id,
        at=at,
    )
    db.commit()
    return redirect_to(f"/studio/fill/{run.id}")


@blueprint.get("/studio/fill/<fill_id>")
@allow(*VENDOR)
def show(fill_id: str) -> Response:
    """What a file would do, does or did."""
    db, at = get_db(), now()
    run = slot_sheets.get_fill(db, fill_id)
    retailer = db.get_one(Retailer, run.retailer_id)
    problems = problem_lines(run.problems, told_elsewhere=())
    wrong = len({each.row for each in problems if each.is_error})
    page = FillPage(
        run=run,
        address=f"/studio/fill/{run.id}",
        retailer=retailer.name,
        sent=_sent(db, run, retailer, at),
        step=_STEPS.get(run.state, 1),
        finding=_finding(run) if run.state == FillState.CHECKED else None,
        work=_progress(run, at),
        verdict=_verdict(run),
        to_fix=max(wrong, int(run.written.get("left_out", run.counts["errors"]))) if _is_kept(run, at) else 0,
        problems=tuple(problems[:_SHOWN_PROBLEMS]),
        more_problems=max(0, len(problems) - _SHOWN_PROBLEMS),
        changes=tuple(
            ChangeLine(each["title"], each["row"], each["field"], each["now"], each["after"])
            for each in run.changes[:_SHOWN_CHANGES]
        ),
        more_changes=max(0, len(run.changes) - _SHOWN_CHANGES),
    )
    return render("studio/fill.html", page)


@blueprint.post("/studio/fill/<fill_id>/take-in")
@allow(*VENDOR)
def take_in(fill_id: str) -> Response:
    """Let the job write what was checked into drafts."""
    db, principal, at = get_db(), current_principal(), now()
    run = slot_sheets.get_fill(db, fill_id)
    slot_sheets.start(db, run, at=at)
    detail: dict[str, object] = {"rows": run.counts["rows"]}
    audit.record(db, principal, "fill.start", ("fill_run", run.id), at=at, retailer_id=run.retailer_id, detail=detail)
    db.commit()
    return redirect_to(f"/studio/fill/{run.id}")


@blueprint.post("/studio/fill/<fill_id>/cancel")
@allow(*VENDOR)
def cancel(fill_id: str) -> Response:
    """Leave a file; what was written of it stays."""
    db = get_db()
    run = slot_sheets.get_fill(db, fill_id)
    slot_sheets.cancel(db, run, at=now())
    db.commit()
    notice(f"{run.file_name} is cancelled.", "info")
    return redirect_to("/studio/fill")


@blueprint.get("/studio/fill/<fill_id>/rows-to-fix.csv")
@allow(*VENDOR)
def download_report(fill_id: str) -> Response:
    """The rows that cannot be taken in as the pages stand now, in the file's own columns, to be sent again."""
    db, made_with = get_db(), services()
    run = slot_sheets.get_fill(db, fill_id)
    if not _is_kept(run, now()):
        raise NotFound(f"The file was deleted {SHEETS_KEPT_FOR.days} days after it was taken in. Send it again.")
    source, retailer = path_of_sheet(run.file_key, store=made_with.files), db.get_one(Retailer, run.retailer_id)
    prepared = slot_sheets.prepare(db, retailer, run.vendor_id, source, settings=made_with.settings)
    return _file(write_report(slot_sheets.check(db, prepared, marks=run.marks)), "rows to fix", "text/csv")


# --- what they share -------------------------------------------------------------------------------


def _asked_retailer(db: Session, retailer_id: str) -> Retailer:
    """:raises NotFound: the vendor does not supply such a retailer."""
    supplied = list_supplied(db, str(current_principal().vendor_id))
    found = next((each for each in supplied if each.id == retailer_id), None)
    if found is None:
        raise NotFound("You do not supply this retailer. Choose one of yours.")
    return found


def _new_sheet(db: Session) -> tuple[Retailer, list[list[str]]]:
    retailer = _asked_retailer(db, request.args.get("retailer", ""))
    house = slot_sheets.load_pages(db, retailer, str(current_principal().vendor_id))
    return retailer, list(sheet_rows(house))


def _file(data: bytes, name: str, kind: str) -> Response:
    ending = ".xlsx" if kind == _WORKBOOK else ".csv"
    response = Response(data, mimetype=kind)
    called = file_name(name).removesuffix(".csv") + ending
    response.headers["Content-Disposition"] = f'attachment; filename="{called}"'
    return response


def _render_list(db: Session, problems: dict[str, str], *, status: int = 200) -> Response:
    vendor_id, at = str(current_principal().vendor_id), now()
    retailers = list_supplied(db, vendor_id)
    names = {each.id: each.name for each in retailers}
    zone, runs = house_zone(retailers), slot_sheets.list_fills(db, vendor_id)
    asked = request.values.get("retailer", "")
    page = FillsPage(
        lede="Download your pages as a sheet, fill in what you like, and send it back. "
        "Nothing is written before you have seen what would change, and nothing is sent to a retailer.",
        runs=tuple(
            FillLine(run, names.get(run.retailer_id, ""), _verdict(run), said_at(run.created_at, now=at, zone=zone))
            for run in runs
        ),
        retailers=tuple(names.items()),
        retailer_id=asked if asked in names else next(iter(names), ""),
        problems=problems,
        max_mb=services().settings.max_sheet_bytes // 1_000_000,
        # What answers a form must not be loaded again by itself: the form would be sent again.
        is_running=status == 200 and any(run.state == FillState.COMMITTING for run in runs),
    )
    return render("studio/fills.html", page, status=status)


def _is_kept(run: FillRun, at: datetime) -> bool:
    return run.ended_at is None or run.ended_at > at - SHEETS_KEPT_FOR


def _finding(run: FillRun) -> Finding:
    counts = run.counts
    taken, errors = counts["rows"] - counts["errors"], counts["errors"]
    writes = counts["created"] + counts["changed"]
    said = "Nothing has been written yet. What you take in lands in your drafts; you look at each page and send it."
    same = (
        "The other rows say what their pages say already." if errors else "Every row says what its page says already."
    )
    return Finding(
        counted=f"{taken:,} of {_count(counts['rows'], 'row')}",
        split=", ".join(f"{counts[name]:,} {word}" for name, word in _WORDS if counts[name]),
        need=f"{_count(errors, 'row')} {'needs' if errors == 1 else 'need'} you." if errors else "",
        consequence=said if writes else "There is nothing to take in: every row needs you." if not taken else same,
        take_in=f"Fill {_count(writes, 'page')}" if writes else "",
        fix=f"Download the {_count(errors, 'row') if errors > 1 else 'row'} to fix" if errors else "",
    )


def _verdict(run: FillRun) -> str:
    """What became of a file, in one line."""
    if run.state == FillState.CHECKED:
        return f"{_count(run.counts['created'] + run.counts['changed'], 'page')} would change"
    if run.state == FillState.FAILED:
        return "Stopped: the file is gone, or the retailer does not take your pages any more"
    said = ", ".join(f"{run.written.get(name, 0):,} {word}" for name, word in _WORDS)
    if run.state == FillState.COMMITTING:
        return f"{run.done_rows:,} of {_count(run.counts['rows'], 'row')} so far: {said}"
    if run.state == FillState.CANCELLED:
        return (
            f"Cancelled after {_count(run.done_rows, 'row')}: {said}" if run.done_rows else "Cancelled, nothing written"
        )
    left = int(run.written.get("left_out", 0))
    return f"{said}; {_count(left, 'row')} left out" if left else said


def _progress(run: FillRun, at: datetime) -> Progress | None:
    if run.state != FillState.COMMITTING:
        return None
    left = said_left(run.done_rows, run.counts["rows"], since=run.begun_at or run.created_at, now=at)
    said = f"{_verdict(run)}. {left} It is safe to close this page.".replace("  ", " ")
    return Progress(f"Filling pages from {run.file_name}", said, run.done_rows, run.counts["rows"])


def _sent(db: Session, run: FillRun, retailer: Retailer, at: datetime) -> str:
    sender = db.get(User, run.user_id) if run.user_id else None
    when = said_at(run.created_at, now=at, zone=house_zone([retailer]))
    return (
        f"{_count(run.counts['rows'], 'row')} for {retailer.name}, sent{' by ' + sender.name if sender else ''} {when}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
