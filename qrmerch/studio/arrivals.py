"""Large files in pieces: begun, gone on with after a lost line or a closed tab, and handed over when they are whole.

A script sends them; without one, a form of the page sends the file in one request. Who takes a whole file is said in
`KINDS`, a line for each kind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from flask import Blueprint, Response, jsonify, request

from qrmerch import quota
from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.db import scope
from qrmerch.errors import DomainError, FormError
from qrmerch.media import arrivals, films
from qrmerch.media.archives import receive_archive
from qrmerch.media.models import Arrival, Asset, AssetState
from qrmerch.text import whole_number
from qrmerch.web import answer_refusal, get_db, notice, redirect_to, services, wants_json

blueprint = Blueprint("studio_arrivals", __name__)

_MAX_SIZE: Final = 10**12


@dataclass(frozen=True, slots=True)
class Whole:
    """A file that is here whole, and whose it is."""

    path: Path
    file_name: str
    vendor_id: str
    user_id: str | None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that may come in pieces: how large it may be, and who takes it when it is whole.

    `take` writes with `get_db()`, does not commit, and returns the address at which to look at what came of it.
    """

    max_bytes: Callable[[Settings], int]
    take: Callable[[Whole], str]


@blueprint.url_value_preprocessor
def _limit_body(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """How much may come in one request; asked before the guard reads the form's token."""
    if request.method != "POST":
        return
    if endpoint == "studio_arrivals.append":
        request.max_content_length = arrivals.MAX_PIECE_BYTES
    elif endpoint == "studio_arrivals.send_recording":
        request.max_content_length = services().settings.max_video_bytes + 1_000_000


@blueprint.post("/studio/arrivals")
@allow(*VENDOR)
def begin() -> Response:
    """Announce a file by `kind`, `name`, `size` and `stamp`: 201, or 200 where a part of it is here already."""
    db, principal, settings = get_db(), current_principal(), services().settings
    kind = KINDS.get(request.form.get("kind", ""))
    size = whole_number(request.form.get("size", ""), most=_MAX_SIZE)
    if kind is None or size is None:
        raise FormError({"file": "This upload does not say what it is. Load the page again and choose the file anew."})
    quota.refuse_when_full(
        db,
        str(principal.vendor_id),
        store=services().files,
        settings=settings,
        more_bytes=0 if request.form["kind"] == "pictures" else size,
    )
    arrival = arrivals.begin(
        db,
        vendor_id=str(principal.vendor_id),
        user_id=principal.user_id,
        kind=request.form["kind"],
        file_name=request.form.get("name", ""),
        size_bytes=size,
        stamp=request.form.get("stamp", ""),
        max_bytes=kind.max_bytes(settings),
        settings=settings,
        at=now(),
    )
    db.commit()
    response = _state(arrival, arrivals.received(settings, arrival.id))
    response.status_code = 200 if arrivals.path_of(settings, arrival.id).exists() else 201
    response.headers["Location"] = f"/studio/arrivals/{arrival.id}"
    return response


@blueprint.get("/studio/arrivals/<arrival_id>")
@allow(*VENDOR)
def show(arrival_id: str) -> Response:
    """How much of a file is here."""
    return _state(_find(arrival_id), arrivals.received(services().settings, arrival_id))


@blueprint.post("/studio/arrivals/<arrival_id>")
@allow(*VENDOR)
def append(arrival_id: str) -> Response:
    """Take one piece, the bare body, that begins at `offset`; with the last one the file is handed over.

    An empty piece at the end hands it over again, where that was interrupted.
    """
    settings, arrival = services().settings, _find(arrival_id)
    offset = whole_number(request.args.get("offset", ""), most=_MAX_SIZE)
    if offset is None:
        raise FormError({"file": "This piece does not say where it begins. Load the page again and go on."})
    with arrivals.held(settings, arrival_id) as file:
        received = arrivals.append(file, cast(BinaryIO, request.stream), offset=offset, size_bytes=arrival.size_bytes)
        done = _hand_over(arrival) if received == arrival.size_bytes else ""
    return _state(arrival, received, done=done)


@blueprint.post("/studio/arrivals/<arrival_id>/cancel")
@allow(*VENDOR)
def cancel(arrival_id: str) -> Response:
    """Drop what is here of a file."""
    db = get_db()
    arrival = arrivals.get_arrival(db, arrival_id)
    name = arrival.file_name
    arrivals.forget(db, arrival)
    db.commit()
    arrivals.drop_file(services().settings, arrival_id)
    if wants_json():
        return jsonify(cancelled=True)
    notice(f"{name} is not waited for any more.", "info")
    return redirect_to("/studio/assets")


@blueprint.post("/studio/recordings")
@allow(*VENDOR)
def send_recording() -> Response:
    """A film or sound in one request, for browsers without script."""
    upload = request.files.get("recording")
    if upload is None or not upload.filename:
        notice("Choose a film or a sound first.", "wrong")
        return redirect_to("/studio/assets#films")
    try:
        asset = _take_in(cast(BinaryIO, upload.stream), upload.filename)
    except DomainError as refused:
        notice(f"{upload.filename[:100]} was not taken. {refused.detail}", "wrong")
        return redirect_to("/studio/assets#films")
    get_db().commit()
    return redirect_to(_panel_of(asset))


@blueprint.errorhandler(arrivals.OtherOffset)
def answer_offset(error: arrivals.OtherOffset) -> Response:
    """A piece that begins elsewhere: where the file ends."""
    if not wants_json():
        return answer_refusal(error)
    response = jsonify(type=error.slug, status=error.status, detail=error.detail, received=error.received)
    response.status_code = error.status
    return response


def _find(arrival_id: str) -> Arrival:
    """A file on its way, without holding the database while a piece of it comes slowly."""
    principal = current_principal()
    with services().database.read() as db:
        scope(db, retailer_ids=principal.seen_retailer_ids, vendor_id=principal.vendor_id)
        return arrivals.get_arrival(db, arrival_id)


def _state(arrival: Arrival, received: int, *, done: str = "") -> Response:
    return jsonify(
        address=f"/studio/arrivals/{arrival.id}",
        name=arrival.file_name,
        size=arrival.size_bytes,
        received=received,
        piece=arrivals.PIECE_BYTES,
        done=done,
    )


def _hand_over(arrival: Arrival) -> str:
    """Give a whole file to who takes its kind; the address of what came of it. One that is refused is dropped."""
    settings = services().settings
    whole = Whole(arrivals.path_of(settings, arrival.id), arrival.file_name, arrival.vendor_id, arrival.user_id)
    refused: DomainError | None = None
    address = ""
    try:
        address = KINDS[arrival.kind].take(whole)
    except DomainError as error:
        get_db().rollback()
        refused = error
    db = get_db()
    arrivals.forget(db, arrivals.get_arrival(db, arrival.id))
    db.commit()
    arrivals.drop_file(settings, arrival.id)
    if refused is not None:
        raise refused
    return address


def _take_recording(whole: Whole) -> str:
    with whole.path.open("rb") as stream:
        return _panel_of(_take_in(stream, whole.file_name))


def _take_archive(whole: Whole) -> str:
    made_with = services()
    with whole.path.open("rb") as stream:
        archive = receive_archive(
            get_db(),
            vendor_id=whole.vendor_id,
            user_id=whole.user_id,
            stream=stream,
            file_name=whole.file_name,
            store=made_with.files,
            settings=made_with.settings,
            at=now(),
        )
    return f"/studio/assets/archives/{archive.id}"


def _take_in(stream: BinaryIO, file_name: str) -> Asset:
    made_with = services()
    vendor_id = str(current_principal().vendor_id)
    with made_with.database.read() as reading:
        quota.refuse_when_full(reading, vendor_id, store=made_with.files, settings=made_with.settings, waits=False)
    accepted = films.accept(made_with.database, made_with.files, stream, settings=made_with.settings)
    db = get_db()
    try:
        # Others may have come while this one was looked into.
        quota.refuse_when_full(db, vendor_id, store=made_with.files, settings=made_with.settings)
    except quota.QuotaFull:
        films.forget(made_with.database, made_with.files, accepted.key)
        raise
    asset = films.keep(db, accepted, vendor_id=vendor_id, file_name=file_name, at=now())
    is_here = asset.state == AssetState.READY
    notice(f"This {asset.kind.noun} is here already." if is_here else f"{asset.file_name} is here whole.")
    return asset


def _panel_of(asset: Asset) -> str:
    return f"/studio/assets?id={asset.id}#panel"


# Who takes what: one line for each kind of large file.
KINDS: Final = {
    "recording": Kind(lambda settings: settings.max_video_bytes, _take_recording),
    "pictures": Kind(lambda settings: settings.max_archive_bytes, _take_archive),
}
