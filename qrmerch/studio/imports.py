"""Catalogue files in the studio: sending one, reading what it would do, taking it in."""

from datetime import datetime
from typing import BinaryIO, Final, cast

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch import audit, quota
from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.clock import now
from qrmerch.errors import DomainError, FormError, NotFound
from qrmerch.imports import service
from qrmerch.imports.cells import CURRENCIES
from qrmerch.imports.checking import Checked, Reading, check
from qrmerch.imports.columns import CHOOSABLE, choices, named
from qrmerch.imports.encodings import CHOICES
from qrmerch.imports.models import AT_WORK, ImportRun, RunState
from qrmerch.imports.queries import SHEETS_KEPT_FOR, get_run, is_sheet_kept, list_runs, remembered_columns
from qrmerch.imports.sheets import forget_sheet, path_of_sheet, store_sheet
from qrmerch.imports.shown import problem_lines
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import list_supplied
from qrmerch.studio.fetching import fetching_of
from qrmerch.studio.findings import (
    OF_COLUMNS,
    change_lines,
    column_lines,
    field_name,
    finding_of,
    lacking_of,
    news_lines,
    progress_of,
    read_as,
    verdict,
)
from qrmerch.studio.pages import ImportPage, ImportsPage, RunLine
from qrmerch.studio.times import house_zone, said_at
from qrmerch.users.models import User
from qrmerch.web import get_db, notice, reading_session, redirect_to, render, services

blueprint = Blueprint("studio_imports", __name__)

_SHOWN_PROBLEMS: Final = 100
_SHOWN_CHANGES: Final = 50
_DELETED: Final = f"The file itself was deleted {SHEETS_KEPT_FOR.days} days after its import. Send it again."
# What stands first in the list of currencies; any other can be chosen too.
_COMMON: Final = ("USD", "EUR", "GBP", "CHF", "SAR", "AED", "JPY")
_ENCODING_CHOICES: Final = tuple((each, each) for each in CHOICES)
_STEPS: Final = {
    RunState.UPLOADED: 1,
    RunState.MAPPED: 2,
    RunState.CHECKED: 2,
    RunState.CANCELLED: 2,
    RunState.COMMITTING: 3,
    RunState.DONE: 4,
}
_CURRENCY_CHOICES: Final = tuple((each, each) for each in (*_COMMON, *sorted(CURRENCIES - set(_COMMON))))


@blueprint.get("/studio/import")
@allow(*VENDOR)
def show_list() -> Response:
    """The form to send a file with, and the files sent so far."""
    return _render_list(get_db(), {})


@blueprint.post("/studio/import")
@allow(*VENDOR)
def send() -> Response:
    """Check a file without writing any of it into the catalogue, and show what it would do."""
    principal, at = current_principal(), now()
    vendor_id, upload, made_with = str(principal.vendor_id), request.files.get("file"), services()
    key, checked = "", None
    with reading_session() as reading:
        try:
            asked = Reading(request.form.get("currency", ""), remembered_columns(reading, vendor_id), True)
            if upload is None or not upload.filename:
                raise FormError({"file": "Choose a file first."})
            if asked.currency not in CURRENCIES:
                raise FormError({"currency": f"{asked.currency} is not a currency's three letters, such as EUR."})
            quota.refuse_when_full(reading, vendor_id, store=made_with.files, settings=made_with.settings, waits=False)
            key = store_sheet(cast(BinaryIO, upload.stream), store=made_with.files, settings=made_with.settings)
            checked = _check(reading, key, asked)
        except FormError as error:
            return _render_list(reading, error.problems, status=error.status)
        except DomainError as error:
            return _render_list(reading, {"file": error.detail}, status=error.status)
    db = get_db()
    try:
        # Another file may have come while this one was read.
        quota.refuse_when_full(db, vendor_id, store=made_with.files, settings=made_with.settings)
    except quota.QuotaFull as error:
        forget_sheet(db, key, store=made_with.files)
        return _render_list(db, {"file": error.detail}, status=error.status)
    run = service.receive_run(
        db,
        vendor_id=vendor_id,
        file_key=key,
        file_name=upload.filename,
        reading=asked,
        list_at_id=request.form.get("retailer", "") or None,
        user_id=principal.user_id,
        at=at,
    )
    _record(db, run, checked, at=at)
    db.commit()
    return redirect_to(f"/studio/import/{run.id}")


@blueprint.get("/studio/import/<run_id>")
@allow(*VENDOR)
def show(run_id: str) -> Response:
    """What a file would do, does or did."""
    db, at = get_db(), now()
    run = get_run(db, run_id)
    zone = house_zone(list_supplied(db, run.vendor_id))
    problems = problem_lines(run.problems, told_elsewhere=OF_COLUMNS)
    shown = problems[:_SHOWN_PROBLEMS]
    rows_shown = len({line.row for line in shown if line.row > 1})
    changes, news = change_lines(run), news_lines(run)
    show = request.args.get("show", "")
    show = show if show in ("changed", "new") else "changed" if changes or not news else "new"
    columns, is_open = column_lines(run), run.state == RunState.CHECKED
    page = ImportPage(
        run=run,
        seen=service.mark_of_reading(run),
        sent=_sent(db, run, at=at, zone=zone),
        step=1 if lacking_of(run) and is_open else _STEPS.get(run.state, 1),
        finding=finding_of(run, _listed_at(db, run)) if is_open else None,
        verdict=verdict(run),
        lacking=lacking_of(run),
        work=progress_of(run, at=at),
        fetching=fetching_of(db, run, is_on=services().settings.fetch_pictures, at=at),
        deleted="" if is_sheet_kept(run, at=at) else _DELETED,
        problems=tuple(shown),
        more_problems=max(0, _count_odd_rows(run) - rows_shown),
        show=show,
        shows=tuple(
            (label, f"/studio/import/{run.id}?show={each}#changes", show == each)
            for each, label, lines in (("changed", "Changed", changes), ("new", "New", news))
            if lines
        ),
        changes=tuple(changes[:_SHOWN_CHANGES]),
        more_changes=max(0, len(changes) - _SHOWN_CHANGES),
        news=tuple(news[:_SHOWN_CHANGES]),
        more_news=max(0, len(news) - _SHOWN_CHANGES),
        read_as=read_as(run),
        columns=tuple(each for each in columns if each.field or (each.remark and is_open)),
        unused=tuple(each for each in columns if not each.field and not (each.remark and is_open)),
        fields=(("", "Not used"), *((each, field_name(each)) for each in CHOOSABLE)),
        currencies=_CURRENCY_CHOICES,
        encodings=_ENCODING_CHOICES if run.kind in ("CSV", "JSON") else (),
        encoding=run.said["encoding"] or (run.encoding if run.encoding in CHOICES else ""),
        has_header=run.has_header,
    )
    return render("studio/import.html", page)


@blueprint.post("/studio/import/<run_id>/columns")
@allow(*VENDOR)
def read_again(run_id: str) -> Response:
    """Read a checked file again with other columns or another currency."""
    with reading_session() as reading:
        run = get_run(reading, run_id)
        header = tuple(each["name"] for each in run.columns)
        asked = Reading(
            request.form.get("currency", ""),
            choices(header, _said(run)),
            may_lack_columns=True,
            encoding=_said_encoding(run),
            has_header=bool(request.form.get("has_header")) if run.kind in ("CSV", "Excel") else None,
        )
        checked = _check(reading, run.file_key, asked)
    db, at = get_db(), now()
    run = get_run(db, run_id)
    service.read_again(db, run, asked)
    _record(db, run, checked, at=at)
    db.commit()
    return redirect_to(f"/studio/import/{run_id}")


@blueprint.post("/studio/import/<run_id>/take-in")
@allow(*VENDOR)
def take_in(run_id: str) -> Response:
    """Let the job write what was checked."""
    db, principal = get_db(), current_principal()
    run = get_run(db, run_id)
    service.start(db, run, at=now(), seen=request.form.get("seen", ""))
    audit.record(db, principal, "import.start", ("import_run", run.id), at=now(), retailer_id=run.list_at_id)
    db.commit()
    return redirect_to(f"/studio/import/{run.id}")


@blueprint.post("/studio/import/<run_id>/cancel")
@allow(*VENDOR)
def cancel(run_id: str) -> Response:
    """Leave a file; what was written of it stays."""
    db = get_db()
    run = get_run(db, run_id)
    service.cancel(db, run, at=now())
    db.commit()
    notice(f"{run.file_name} is cancelled.", "info")
    return redirect_to("/studio/import")


@blueprint.get("/studio/import/<run_id>/rows-to-fix.csv")
@allow(*VENDOR)
def download(run_id: str) -> Response:
    """The rows that cannot be taken in, in the vendor's own columns, to be fixed and sent again."""
    db, made_with = get_db(), services()
    run = get_run(db, run_id)
    if not is_sheet_kept(run, at=now()):
        raise NotFound(_DELETED)
    lines = service.report(db, run, store=made_with.files, settings=made_with.settings)
    # A byte order mark: without it spreadsheets read UTF-8 as something else.
    response = Response("\ufeff" + "".join(lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="rows-to-fix.csv"'
    return response


def _check(db: Session, key: str, reading: Reading) -> Checked | None:
    """A dry run of a stored file, None for a long one, which is a job's; what cannot be read at all is not kept."""
    made_with = services()
    source = path_of_sheet(key, store=made_with.files)
    if source.stat().st_size > service.CHECKED_AT_ONCE_BYTES:
        return None
    try:
        vendor_id = str(current_principal().vendor_id)
        return check(db, vendor_id, source, reading, settings=made_with.settings)
    except DomainError:
        forget_sheet(db, key, store=made_with.files)
        raise


def _record(db: Session, run: ImportRun, checked: Checked | None, *, at: datetime) -> None:
    """Keep what was found, or let the job find it."""
    if checked is None:
        service.ask_for_check(db, run, at=at)
    else:
        service.record_check(db, run, checked)


def _said_encoding(run: ImportRun) -> str:
    """What the form says that the file is in, if that is another than was found."""
    said = request.form.get("encoding", "")
    is_found = said == run.encoding and not run.said["encoding"]
    return said if said in CHOICES and not is_found else ""


def _said(run: ImportRun) -> dict[str, str]:
    """What the form says that each column is; a word it does not offer leaves the column as it is."""
    said = {}
    for place, column in enumerate(run.columns):
        value = request.form.get(f"column.{place}", column["field"])
        if column["name"]:
            # What is called as its column is may stand without that name.
            is_kept = value not in ("", *CHOOSABLE) or named(value, column["name"]) == column["field"]
            said[column["name"]] = column["field"] if is_kept else value
    return said


def _render_list(db: Session, problems: dict[str, str], *, status: int = 200) -> Response:
    vendor_id, at = str(current_principal().vendor_id), now()
    retailers = list_supplied(db, vendor_id)
    zone = house_zone(retailers)
    runs = list_runs(db, vendor_id)
    waiting = sum(1 for run in runs if run.state == RunState.CHECKED)
    page = ImportsPage(
        lede=_list_lede(len(runs), waiting),
        runs=tuple(RunLine(run, verdict(run), said_at(run.created_at, now=at, zone=zone)) for run in runs),
        retailers=(("", "No retailer yet"), *((each.id, each.name) for each in retailers)),
        retailer_id=request.form.get("retailer", retailers[0].id if retailers else ""),
        currencies=_CURRENCY_CHOICES,
        currency=request.form.get("currency", retailers[0].currency if retailers else "USD"),
        problems=problems,
        max_mb=services().settings.max_sheet_bytes // 1_000_000,
        # What answers a form must not be loaded again by itself: the form would be sent again.
        is_running=status == 200 and any(run.state in AT_WORK for run in runs),
    )
    return render("studio/imports.html", page, status=status)


def _list_lede(runs: int, waiting: int) -> str:
    if not runs:
        return "A shop's export or a plain CSV, as it is. Nothing is written before you have seen what would change."
    if waiting:
        return (
            "1 file is checked and waits for you." if waiting == 1 else f"{waiting} files are checked and wait for you."
        )
    return "Every file you sent is taken in or cancelled."


def _listed_at(db: Session, run: ImportRun) -> str:
    """The name of the retailer that a run's items are to be listed at; empty where there is none."""
    retailer = db.get(Retailer, run.list_at_id) if run.list_at_id else None
    return retailer.name if retailer else ""


def _sent(db: Session, run: ImportRun, *, at: datetime, zone: str) -> str:
    counts = run.counts
    sender = db.get(User, run.user_id) if run.user_id else None
    if not counts["rows"]:
        return f"Sent{' by ' + sender.name if sender else ''} {said_at(run.created_at, now=at, zone=zone)}"
    rows = "1 row" if counts["rows"] == 1 else f"{counts['rows']:,} rows"
    items = "1 item" if counts["products"] == 1 else f"{counts['products']:,} items"
    by = f" by {sender.name}" if sender else ""
    return f"{rows}, {items}, sent{by} {said_at(run.created_at, now=at, zone=zone)}"


def _count_odd_rows(run: ImportRun) -> int:
    return int(run.counts["errors"]) + int(run.counts["warnings"])
