"""Files of stores, places, prices and stock: sending one, reading what it would do, taking it in."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final, cast

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.desk.feed_pages import FeedsPage
from qrmerch.desk.feed_view import (
    KINDS,
    NEEDS,
    OF_ITEMS,
    OF_STORES,
    address_of,
    feed_line,
    feed_page,
    list_address,
)
from qrmerch.desk.item_view import said_hours
from qrmerch.errors import DomainError, FormError
from qrmerch.imports import feeds
from qrmerch.imports.feed_lines import parse_instant
from qrmerch.imports.feed_models import FeedKind, FeedState
from qrmerch.imports.feed_queries import get_feed, list_feeds
from qrmerch.imports.feed_report import report
from qrmerch.imports.sheets import forget_sheet, store_sheet
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer, list_stores
from qrmerch.parties.service import set_stock_limit
from qrmerch.parties.zones import find_country
from qrmerch.web import get_db, notice, reading_session, redirect_to, render, services

blueprint = Blueprint("desk_feeds", __name__)


@dataclass(frozen=True, slots=True)
class _Room:
    """A list of files: of stores and places, or of prices and stock."""

    title: str
    address: str
    crumb: tuple[str, str]
    kinds: tuple[FeedKind, ...]
    empty: str


_STORES: Final = _Room(
    "Stores by file",
    "/desk/stores/files",
    ("Stores", "/desk/stores"),
    OF_STORES,
    "A list of your stores, or of the places in them, as you have it. Nothing is written before you have seen what"
    " would change.",
)
_ITEMS: Final = _Room(
    "Prices and stock by file",
    "/desk/items/files",
    ("Items", "/desk/items"),
    OF_ITEMS,
    "What your till or warehouse system exports, as it is. Nothing is written before you have seen what would change.",
)


@blueprint.get("/desk/stores/files")
@allow(*PUBLISHERS)
def show_of_stores() -> Response:
    """The form to send a file of stores or places with, and those sent so far."""
    return _render_list(get_db(), _STORES, {})


@blueprint.post("/desk/stores/files")
@allow(*PUBLISHERS)
def send_of_stores() -> Response:
    """Check a file of stores or places without writing any of it."""
    return _send(_STORES)


@blueprint.get("/desk/items/files")
@allow(*PUBLISHERS)
def show_of_items() -> Response:
    """The form to send a file of prices or stock with, and those sent so far."""
    return _render_list(get_db(), _ITEMS, {})


@blueprint.post("/desk/items/files")
@allow(*PUBLISHERS)
def send_of_items() -> Response:
    """Check a file of prices or stock without writing any of it."""
    return _send(_ITEMS)


@blueprint.post("/desk/items/files/limit")
@allow(*PUBLISHERS)
def limit_stock() -> Response:
    """Say for how long a figure of stock counts."""
    db, principal, at = get_db(), current_principal(), now()
    retailer = get_retailer(db, principal.retailer_id)
    text, before = request.form.get("hours", "").strip(), {"hours": retailer.stock_limit_hours}
    try:
        is_changed = set_stock_limit(db, retailer, int(text) if text.isdecimal() and len(text) < 6 else 0, at=at)
    except FormError as error:
        return _render_list(db, _ITEMS, error.problems, status=422)
    if is_changed:
        detail = audit.changes(before, {"hours": retailer.stock_limit_hours})
        subject = ("retailer", retailer.id)
        audit.record(db, principal, "stock.limit", subject, at=at, retailer_id=retailer.id, detail=detail)
    db.commit()
    notice(
        f"Figures of stock count for {said_hours(retailer.stock_limit_hours)}. After that, shoppers are told to ask."
    )
    return redirect_to(f"{_ITEMS.address}#limit")


@blueprint.get("/desk/stores/files/<feed_id>")
@blueprint.get("/desk/items/files/<feed_id>")
@allow(*PUBLISHERS)
def show(feed_id: str) -> Response:
    """What a file would do, does or did."""
    db = get_db()
    return render("desk/feed.html", feed_page(db, get_feed(db, feed_id), at=now()))


@blueprint.post("/desk/stores/files/<feed_id>/take-in")
@blueprint.post("/desk/items/files/<feed_id>/take-in")
@allow(*PUBLISHERS)
def take_in(feed_id: str) -> Response:
    """Let the job write what was checked."""
    db, principal = get_db(), current_principal()
    run = get_feed(db, feed_id)
    feeds.start(db, run)
    detail: dict[str, object] = {"kind": run.kind.value, "file": run.file_name}
    audit.record(
        db, principal, "feed.start", ("feed_run", run.id), at=now(), retailer_id=run.retailer_id, detail=detail
    )
    db.commit()
    return redirect_to(address_of(run))


@blueprint.post("/desk/stores/files/<feed_id>/cancel")
@blueprint.post("/desk/items/files/<feed_id>/cancel")
@allow(*PUBLISHERS)
def cancel(feed_id: str) -> Response:
    """Leave a file; what was written of it stays."""
    db, principal, at = get_db(), current_principal(), now()
    run = get_feed(db, feed_id)
    feeds.cancel(db, run, at=at)
    audit.record(db, principal, "feed.cancel", ("feed_run", run.id), at=at, retailer_id=run.retailer_id)
    db.commit()
    notice(f"{run.file_name} is cancelled.", "info")
    return redirect_to(list_address(run.kind))


@blueprint.get("/desk/stores/files/<feed_id>/rows-to-fix.csv")
@blueprint.get("/desk/items/files/<feed_id>/rows-to-fix.csv")
@allow(*PUBLISHERS)
def download(feed_id: str) -> Response:
    """The rows that cannot be taken in, in the file's own columns, to be fixed and sent again."""
    db, made_with = get_db(), services()
    text = report(db, get_feed(db, feed_id), store=made_with.files, settings=made_with.settings)
    # A byte order mark: without it spreadsheets read UTF-8 as something else.
    response = Response("\ufeff" + text, mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="rows-to-fix.csv"'
    return response


def _send(room: _Room) -> Response:
    principal, at, made_with = current_principal(), now(), services()
    upload = request.files.get("file")
    with reading_session() as reading:
        retailer = get_retailer(reading, principal.retailer_id)
        try:
            if upload is None or not upload.filename:
                raise FormError({"file": "Choose a file first."})
            how = feeds.make_reading(_as_of(retailer), country=_country(), at=at)
            stream = cast(BinaryIO, upload.stream)
            key = store_sheet(stream, store=made_with.files, settings=made_with.settings)
            try:
                source = made_with.files.path(key)
                checked = feeds.check(reading, retailer, _kind(room), source, how, settings=made_with.settings)
            except DomainError:
                forget_sheet(reading, key, store=made_with.files)
                raise
        except FormError as error:
            return _render_list(reading, room, error.problems, status=error.status)
        except DomainError as error:
            return _render_list(reading, room, {"file": error.detail}, status=error.status)
    db = get_db()
    run = feeds.record_run(
        db,
        retailer=retailer,
        checked=checked,
        file_key=key,
        file_name=upload.filename,
        user_id=principal.user_id,
        at=at,
    )
    db.commit()
    return redirect_to(address_of(run))


def _kind(room: _Room) -> FeedKind:
    """What the form says the file is; the room's first kind for anything else."""
    asked = request.form.get("kind", "")
    return FeedKind(asked) if asked in set(room.kinds) else room.kinds[0]


def _as_of(retailer: Retailer) -> datetime | None:
    text = request.form.get("as_of", "").strip()
    if not text:
        return None
    at = parse_instant(text, retailer.time_zone)
    if at is None:
        raise FormError({"as_of": f"{text[:40]} is no date and time. Write it like 2026-11-29 06:00."})
    return at


def _country() -> str:
    text = request.form.get("country", "").strip().upper()
    if text and not (len(text) == 2 and text.isascii() and text.isalpha()):
        raise FormError({"country": "A country is its two letters, such as US."})
    return text


def _usual_country(db: Session, retailer: Retailer) -> str:
    """Where most of the stores are; without any, where the retailer's clock stands."""
    counted = Counter(store.country for store in list_stores(db, retailer.id))
    return counted.most_common(1)[0][0] if counted else find_country(retailer.time_zone) or ""


def _render_list(db: Session, room: _Room, problems: dict[str, str], *, status: int = 200) -> Response:
    at = now()
    retailer = get_retailer(db, current_principal().retailer_id)
    runs = list_feeds(db, retailer.id, room.kinds)
    page = FeedsPage(
        title=room.title,
        lede=_lede(room, len(runs), sum(1 for run in runs if run.state == FeedState.CHECKED)),
        address=room.address,
        crumb=room.crumb,
        kinds=tuple((kind.value, KINDS[kind]) for kind in room.kinds),
        kind=request.values.get("kind", room.kinds[0].value),
        country=request.form.get("country", _usual_country(db, retailer)),
        as_of=request.form.get("as_of", ""),
        asks_country=room is _STORES,
        needs=tuple(pair for kind in room.kinds for pair in NEEDS[kind]),
        runs=tuple(feed_line(run, at=at, zone=retailer.time_zone) for run in runs),
        problems=problems,
        max_mb=services().settings.max_sheet_bytes // 1_000_000,
        max_rows=f"{services().settings.max_sheet_rows:,}",
        stock_limit=request.form.get("hours", str(retailer.stock_limit_hours)) if room is _ITEMS else "",
        stock_limit_said=said_hours(retailer.stock_limit_hours),
        # What answers a form must not be loaded again by itself: the form would be sent again.
        is_running=status == 200 and any(run.state == FeedState.COMMITTING for run in runs),
    )
    return render("desk/feeds.html", page, status=status)


def _lede(room: _Room, runs: int, waiting: int) -> str:
    if not runs:
        return room.empty
    if waiting:
        return (
            "1 file is checked and waits for you." if waiting == 1 else f"{waiting} files are checked and wait for you."
        )
    return "Every file you sent is taken in or cancelled."
