"""Catalogue files in the studio: sending one, reading what it would do, taking it in."""

from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.clock import now
from qrmerch.errors import DomainError, FormError, NotFound
from qrmerch.i18n import format_datetime
from qrmerch.imports import service
from qrmerch.imports.columns import FACT
from qrmerch.imports.models import ImportRun, RunState
from qrmerch.imports.queries import get_run, list_runs
from qrmerch.imports.rows import CURRENCIES
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import list_supplied
from qrmerch.studio.pages import ChangeLine, ColumnLine, ImportPage, ImportsPage, ProblemLine, RunLine
from qrmerch.users.models import User
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("studio_imports", __name__)

_SHOWN_PROBLEMS: Final = 100
_SHOWN_CHANGES: Final = 50
# What stands first in the list of currencies; any other can be chosen too.
_COMMON: Final = ("USD", "EUR", "GBP", "CHF", "SAR", "AED", "JPY")
_SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_FIELDS: Final = {
    "key": "Item",
    "sku": "SKU",
    "gtin": "GTIN",
    "title": "Name",
    "maker": "Brand",
    "category": "Category",
    "colour": "Colour",
    "size": "Size",
    "price": "Price",
    "currency": "Currency",
    "was_price": "Was-price",
    "description": "Description",
    "blurb": "In one line",
    "story": "Story",
    "care": "Care",
    "image": "Pictures",
}
_CHANGED: Final = {
    "title": "Name",
    "maker": "Brand",
    "price_minor": "Price",
    "was_price_minor": "Was-price",
    "image_urls": "Pictures",
    "texts": "Texts",
    "gtin": "GTIN",
    "sku": "SKU",
    "vendor_code": "Own code",
}


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
    vendor_id, made_with = str(principal.vendor_id), services()
    upload = request.files.get("file")
    currency = request.form.get("currency", "")
    retailer_id = request.form.get("retailer", "") or None
    with made_with.database.read() as reading:
        try:
            if upload is None or not upload.filename:
                raise FormError({"file": "Choose a file first."})
            key = service.store_sheet(upload.stream, store=made_with.files, settings=made_with.settings)
            with made_with.files.open(key) as file:
                data = file.read()
            # Checked before the writing transaction begins, so that nobody waits for a long file.
            checked = service.check(reading, vendor_id, data, currency=currency, settings=made_with.settings)
        except FormError as error:
            return _render_list(reading, error.problems, status=error.status)
        except NotFound:
            raise
        except DomainError as error:
            return _render_list(reading, {"file": error.detail}, status=error.status)
    db = get_db()
    run = service.record_run(
        db,
        vendor_id=vendor_id,
        checked=checked,
        file_key=key,
        file_name=upload.filename,
        currency=currency,
        list_at_id=retailer_id,
        user_id=principal.user_id,
        at=at,
    )
    db.commit()
    return redirect_to(f"/studio/import/{run.id}")


@blueprint.get("/studio/import/<run_id>")
@allow(*VENDOR)
def show(run_id: str) -> Response:
    """What a file would do, does or did."""
    db, principal = get_db(), current_principal()
    run = get_run(db, run_id)
    retailer = db.get(Retailer, run.list_at_id) if run.list_at_id else None
    zone = _zone(list_supplied(db, str(principal.vendor_id)))
    problems = [line for line in _problem_lines(run) if line.code != "HEADER_UNKNOWN"]
    sender = db.get(User, run.user_id) if run.user_id else None
    page = ImportPage(
        run=run,
        sent=_sent(run, sender, zone),
        taken=run.counts["rows"] - run.counts["errors"],
        step={RunState.CHECKED: 1, RunState.CANCELLED: 1}.get(run.state, 2),
        verdict=_verdict(run),
        retailer_name=retailer.name if retailer else "",
        problems=tuple(problems[:_SHOWN_PROBLEMS]),
        more_problems=max(0, run.counts["errors"] + run.counts["warnings"] - _SHOWN_PROBLEMS),
        changes=tuple(_change_lines(run)[:_SHOWN_CHANGES]),
        columns=tuple(
            ColumnLine(each["name"], _goes_to(each["field"]), each["sample"]) for each in run.columns if each["field"]
        ),
        unused=tuple(each["name"] for each in run.columns if not each["field"] and each["name"]),
        separated_by=_SEPARATORS.get(run.delimiter, "comma"),
    )
    return render("studio/import.html", page)


@blueprint.post("/studio/import/<run_id>/take-in")
@allow(*VENDOR)
def take_in(run_id: str) -> Response:
    """Let the job write what was checked."""
    db, principal = get_db(), current_principal()
    run = get_run(db, run_id)
    service.start(db, run)
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
    text = service.report(db, get_run(db, run_id), store=made_with.files, settings=made_with.settings)
    # A byte order mark: without it spreadsheets read UTF-8 as something else.
    response = Response("\ufeff" + text, mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="rows-to-fix.csv"'
    return response


def _render_list(db: Session, problems: dict[str, str], *, status: int = 200) -> Response:
    principal = current_principal()
    vendor_id = str(principal.vendor_id)
    retailers = list_supplied(db, vendor_id)
    zone = _zone(retailers)
    runs = list_runs(db, vendor_id)
    preferred = retailers[0].currency if retailers else "USD"
    waiting = sum(1 for run in runs if run.state == RunState.CHECKED)
    others = sorted(CURRENCIES - set(_COMMON))
    page = ImportsPage(
        lede=_list_lede(len(runs), waiting),
        runs=tuple(RunLine(run, _verdict(run), format_datetime(run.created_at, "en", zone)) for run in runs),
        retailers=(("", "No retailer yet"), *((each.id, each.name) for each in retailers)),
        retailer_id=request.form.get("retailer", retailers[0].id if retailers else ""),
        currencies=tuple((each, each) for each in (*_COMMON, *others)),
        currency=request.form.get("currency", preferred),
        problems=problems,
        max_mb=services().settings.max_sheet_bytes // 1_000_000,
    )
    return render("studio/imports.html", page, status=status)


def _list_lede(runs: int, waiting: int) -> str:
    if not runs:
        return "A Shopify export or a plain CSV, as it is. Nothing is written before you have seen what would change."
    if waiting:
        return (
            "1 file is checked and waits for you." if waiting == 1 else f"{waiting} files are checked and wait for you."
        )
    return "Every file you sent is taken in or cancelled."


def _zone(retailers: list[Retailer]) -> str:
    return retailers[0].time_zone if retailers else "UTC"


def _sent(run: ImportRun, sender: User | None, zone: str) -> str:
    counts = run.counts
    rows = "1 row" if counts["rows"] == 1 else f"{counts['rows']:,} rows"
    items = "1 item" if counts["products"] == 1 else f"{counts['products']:,} items"
    by = f" by {sender.name}" if sender else ""
    return f"{rows}, {items}, sent{by} on {format_datetime(run.created_at, 'en', zone)}"


def _verdict(run: ImportRun) -> str:
    """What became of a file, in one line."""
    if run.state == RunState.CHECKED:
        return "Checked, nothing written yet"
    if run.state == RunState.CANCELLED:
        return "Cancelled"
    if run.state == RunState.FAILED:
        return "Stopped: the file is gone. Send it again"
    parts = [f"{run.written.get(name, 0):,} {word}" for name, word in (("created", "new"), ("updated", "changed"))]
    said = f"{', '.join(parts)}, {run.written.get('unchanged', 0):,} as before"
    if run.state == RunState.COMMITTING:
        return f"{run.done_groups:,} of {run.counts['products']:,} items so far: {said}"
    return f"{said}; {run.counts['errors']:,} rows left out" if run.counts["errors"] else said


def _problem_lines(run: ImportRun) -> list[ProblemLine]:
    return [
        ProblemLine(entry["row"], each["code"], each["column"], each["value"], each["message"], each["is_error"])
        for entry in run.problems
        for each in sorted(entry["problems"], key=lambda problem: not problem["is_error"])
    ]


def _change_lines(run: ImportRun) -> list[ChangeLine]:
    return [
        ChangeLine(
            title=each["title"] if each["variant"] in ("", "one") else f"{each['title']}, {each['variant'].upper()}",
            row=each["row"],
            field=_CHANGED.get(each["field"], each["field"].capitalize()),
            now=each["now"],
            after=each["after"],
        )
        for each in run.changes
    ]


def _goes_to(field: str) -> str:
    if field.startswith(FACT):
        return f"Fact: {field.removeprefix(FACT)}"
    if field.startswith("option"):
        return f"Option {field[6]}, {field.rpartition('.')[2]}"
    return _FIELDS.get(field, field)
