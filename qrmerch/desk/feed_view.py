"""What a file of the retailer's found, did and would do, in words."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.desk.feed_pages import FeedColumn, FeedLine, FeedPage
from qrmerch.desk.times import said_at, said_in_text
from qrmerch.imports.feed_columns import DAYS
from qrmerch.imports.feed_models import FeedKind, FeedRun, FeedState
from qrmerch.imports.shown import ChangeLine, Finding, problem_lines
from qrmerch.parties.queries import get_retailer
from qrmerch.users.models import User

KINDS: Final = {
    FeedKind.STORES: "Stores",
    FeedKind.FIXTURES: "Places in stores",
    FeedKind.STOCK: "Stock",
    FeedKind.PRICES: "Prices",
}
OF_STORES: Final = (FeedKind.STORES, FeedKind.FIXTURES)
OF_ITEMS: Final = (FeedKind.STOCK, FeedKind.PRICES)
# What a file of each kind needs: pairs of a word and a sentence.
NEEDS: Final[dict[FeedKind, tuple[tuple[str, str], ...]]] = {
    FeedKind.STORES: (
        ("Stores", "A column “code” with your own number of each store; a new one needs a name too."),
        ("The rest, as you have it", "Address, city, state, postal code, country, time zone, language, hours and"
         " location number are found by their names. What a file does not speak of stays."),
        ("Warehouses", "Rows whose “kind” says warehouse. Their stock is seen here, and by no shopper."),
    ),
    FeedKind.FIXTURES: (
        ("Places in stores", "Columns “store” and “place”, and “kind” where it is no shelf: window, poster, hangtag,"
         " queue, wall or screen."),
    ),
    FeedKind.STOCK: (
        ("Stock", "Columns “SKU” or “GTIN”, “store” with the code of a store or a warehouse, and “pieces”."),
        ("When it was counted", "A column “as of”, or the field above, or else the moment the file comes. An older"
         " figure never replaces a newer one."),
    ),
    FeedKind.PRICES: (
        ("Prices", "Columns “SKU” or “GTIN”, and “price” like 12.34 or 12,34 in your currency. The export of Items can"
         " be changed and sent as it is."),
    ),
}  # fmt: skip
_STEPS: Final = {FeedState.CHECKED: 1, FeedState.CANCELLED: 1, FeedState.DONE: 3}
_SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_FIELDS: Final = {
    "code": "Store code",
    "short_name": "Short name",
    "address2": "Address, second line",
    "postcode": "Postal code",
    "time_zone": "Time zone",
    "locale": "Language",
    "gln": "Location number",
    "sku": "SKU",
    "gtin": "GTIN",
    "as_of": "As of",
}
_SHOWN_PROBLEMS: Final = 100
_SHOWN_CHANGES: Final = 50


def list_address(kind: FeedKind) -> str:
    """Where files of this kind are sent."""
    return "/desk/stores/files" if kind in OF_STORES else "/desk/items/files"


def address_of(run: FeedRun) -> str:
    """A file's own page."""
    return f"{list_address(run.kind)}/{run.id}"


def feed_page(db: Session, run: FeedRun, *, at: datetime) -> FeedPage:
    """One file."""
    zone = get_retailer(db, run.retailer_id).time_zone
    is_open = run.state == FeedState.CHECKED
    problems, changes = problem_lines(run.problems, told_elsewhere=("HEADER_UNKNOWN",)), _change_lines(run)
    shown = problems[:_SHOWN_PROBLEMS]
    rows_left = run.counts["errors"] + run.counts["warnings"] - len({line.row for line in shown if line.row > 1})
    is_of_stores = run.kind in OF_STORES
    return FeedPage(
        run=run,
        sent=_sent(db, run, at=at, zone=zone),
        address=address_of(run),
        back=("Stores by file" if is_of_stores else "Prices and stock by file", list_address(run.kind)),
        result=("Your stores", "/desk/stores") if is_of_stores else ("Your items", "/desk/items"),
        step=_STEPS.get(run.state, 2),
        finding=_finding(run, at=at, zone=zone) if is_open else None,
        verdict=verdict(run),
        is_running=run.state == FeedState.COMMITTING,
        problems=tuple(shown),
        more_problems=_more(rows_left, "more row") if rows_left > 0 else "",
        changes=tuple(changes[:_SHOWN_CHANGES]),
        more_changes=_more_changes(run, len(changes)),
        read_as=_read_as(run),
        columns=tuple(
            FeedColumn(each["name"], _field_name(each["field"]), each["sample"])
            for each in run.columns
            if each["field"]
        ),
        unused=", ".join(each["name"] for each in run.columns if each["name"] and not each["field"]),
    )


def feed_line(run: FeedRun, *, at: datetime, zone: str) -> FeedLine:
    """One file in the list."""
    return FeedLine(run, address_of(run), KINDS[run.kind], verdict(run), said_at(run.created_at, now=at, zone=zone))


def verdict(run: FeedRun) -> str:
    """What became of a file, in one line."""
    counts = run.counts
    if run.state == FeedState.CHECKED:
        taken = counts["rows"] - counts["errors"]
        return f"{taken:,} of {_count(counts['rows'], 'row')} can be taken in"
    if run.state == FeedState.FAILED:
        return "Stopped: the file is gone. Send it again"
    words = (("created", "new"), ("updated", "changed"))
    parts = [f"{run.written.get(name, 0):,} {word}" for name, word in words]
    said = f"{', '.join(parts)}, {run.written.get('unchanged', 0):,} as before"
    if older := run.written.get("older", 0):
        said += f", {older:,} older than what is kept"
    far = f"{run.done_rows:,} of {_count(counts['rows'], 'row')}"
    if run.state == FeedState.COMMITTING:
        return f"{far} so far: {said}"
    if run.state == FeedState.CANCELLED:
        return f"Cancelled after {far}, which stay: {said}" if run.done_rows else "Cancelled, nothing written"
    left_out = run.written.get("left_out", 0)
    return f"{said}; {_count(left_out, 'row')} left out" if left_out else said


def _finding(run: FeedRun, *, at: datetime, zone: str) -> Finding:
    counts = run.counts
    taken, errors = counts["rows"] - counts["errors"], counts["errors"]
    words = (
        ("created", "new"),
        ("updated", "changed"),
        ("unchanged", "as before"),
        ("older", "older than what is kept"),
    )
    is_new = bool(counts["created"] or counts["updated"] or counts["confirmed"])
    consequence = f"Nothing has been written yet. {_consequence(run, at=at, zone=zone)}" if taken else ""
    if taken and not is_new:
        consequence = "Every row is as it was, so there is nothing to take in."
        if counts["older"]:
            consequence = "What is kept is newer than what this file says, so there is nothing to take in."
    return Finding(
        counted=f"{taken:,} of {_count(counts['rows'], 'row')}",
        split=", ".join(f"{counts[name]:,} {word}" for name, word in words if counts[name]),
        need=f"{_count(errors, 'row')} {'needs' if errors == 1 else 'need'} you." if errors else "",
        consequence=consequence,
        take_in=f"Take in {_count(taken, 'row')}" if taken and is_new else "",
        fix=f"Download the {_count(errors, 'row') if errors > 1 else 'row'} to fix" if errors else "",
    )


def _consequence(run: FeedRun, *, at: datetime, zone: str) -> str:
    if run.kind == FeedKind.STORES:
        return "Shoppers’ pages name the stores as soon as they are in."
    if run.kind == FeedKind.FIXTURES:
        return "Codes can be made for the places as soon as they are in."
    of = said_in_text(run.as_of, now=at, zone=zone)
    if run.kind == FeedKind.PRICES:
        return f"Prices that differ begin {of}; the others stay as they are."
    return f"Shoppers see the stock at once; it was counted {of}, where a row does not say."


def _sent(db: Session, run: FeedRun, *, at: datetime, zone: str) -> str:
    sender = db.get(User, run.user_id) if run.user_id else None
    by = f" by {sender.name}" if sender else ""
    rows = _count(run.counts["rows"], "row")
    return f"{KINDS[run.kind]}: {rows}, sent{by} {said_in_text(run.created_at, now=at, zone=zone)}."


def _change_lines(run: FeedRun) -> list[ChangeLine]:
    return [ChangeLine(each["title"], each["row"], each["field"], each["now"], each["after"]) for each in run.changes]


def _more_changes(run: FeedRun, kept: int) -> str:
    """What a list that ends says; rows, where not every change was kept."""
    if kept <= _SHOWN_CHANGES:
        return ""
    rows = len({each["row"] for each in run.changes[:_SHOWN_CHANGES]})
    return _more(run.counts["updated"] - rows, "more row") if run.counts["updated"] > rows else ""


def _more(count: int, noun: str) -> str:
    return f"And {_count(count, noun)}"


def _read_as(run: FeedRun) -> str:
    if run.format == "Excel":
        return "Read as an Excel workbook: its first sheet with rows."
    if run.format == "JSON":
        return "Read as JSON objects: what lies inside another is named with a point between."
    if run.format == "XML":
        return "Read as XML: each element of the list is a row."
    said = f"Read as a CSV file in {run.encoding}, with {_SEPARATORS.get(run.delimiter, 'commas')} between cells."
    # What is neither proves nothing: it is a guess.
    if run.encoding not in ("UTF-8", "UTF-16"):
        said += " If names look wrong, save the file as “CSV UTF-8” and send that."
    return said


def _field_name(field: str) -> str:
    if field in DAYS:
        return f"Hours on {field.capitalize()}"
    return _FIELDS.get(field, field.replace("_", " ").capitalize())


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
