"""What a page's script reports: seen for a second, on the screen for ten, a film or a recording played so far."""

from typing import Final
from urllib.parse import parse_qs

from flask import Blueprint, Response, jsonify, request

from qrmerch.access import allow_anyone
from qrmerch.clock import now
from qrmerch.db import AWAY
from qrmerch.errors import FormError
from qrmerch.landing.helpful import answer_missing
from qrmerch.landing.printed import KnownItem
from qrmerch.landing.scanning import count_engaged, count_play, count_view, get_scan_path
from qrmerch.landing.shopper import (
    find_host_retailer_id,
    find_place,
    find_shopper,
    is_public_id,
    load_personal,
    read_secret,
)
from qrmerch.looks.queries import find_look
from qrmerch.scans.line import STEPS
from qrmerch.web import services

blueprint = Blueprint("seen", __name__)
# What `s` says of a page that was on the screen for so many seconds.
_ENGAGED: Final = "10"
_MAX_TYPED_CHARS: Final = 40
# Where pages begin that are no item's.
_NO_ITEMS: Final = ("/store/", "/look/", "/event/")


@blueprint.post("/v")
@allow_anyone
def see_page() -> Response:
    """A page was on the screen for a second: its visit, and what this shopper keeps. With `s=10`, for ten seconds."""
    page = request.form.get("page", "")
    if page.startswith(_NO_ITEMS):
        # A page of a store, a look or an event is no item's: its scan is counted, and that it was seen says no more.
        kept = _find_kept_on(page)
        return jsonify(v="") if kept is None else jsonify(v="", kept=kept)
    item, store_id = _find_page()
    if item is None:
        return answer_missing()
    said = request.form.get("v", "")
    if request.form.get("s") == _ENGAGED:
        count_engaged(item, store_id, said=said)
        return Response(status=204)
    visit = count_view(item, store_id, said=said, text=request.form.get("code", "")[:_MAX_TYPED_CHARS])
    kept = _find_kept(item.retailer_id)
    return jsonify(v=visit) if kept is None else jsonify(v=visit, kept=kept)


@blueprint.post("/p")
@allow_anyone
def play_recording() -> Response:
    """A film or a recording on a page was begun, or played so far: counted, and nobody with it."""
    item, store_id = _find_page()
    if item is None:
        return answer_missing()
    said = request.form.get("s", "")
    if said not in map(str, STEPS):
        raise FormError({"s": "How far it was played is 0, 25, 50, 75 or 100."})
    count_play(item, store_id, step=int(said))
    return Response(status=204)


def _find_page() -> tuple[KnownItem | None, str]:
    """The item and the store of the page that a report is about; None for no page of this host's."""
    address, _, query = request.form.get("page", "").partition("?")
    public_id = address.removeprefix("/i/")
    codes = get_scan_path().codes
    item = codes.items.get(public_id) or _find_unprinted(public_id)
    if item is None or find_host_retailer_id() not in (None, item.retailer_id):
        return None, ""
    store = codes.find_store(parse_qs(query).get("at", [""])[0], item.retailer_id)
    return item, store.store_id if store else ""


def _find_kept(retailer_id: str) -> list[str] | None:
    """Public ids of what this phone keeps; None where nothing is known of it, or the database is away."""
    try:
        with services().database.read() as db:
            visitor = find_shopper(db, retailer_id)
            return list(load_personal(db, visitor).kept) if visitor else None
    except AWAY:
        return None


def _find_kept_on(page: str) -> list[str] | None:
    """As `_find_kept`, for the hearts on a look's page; None for a page without hearts."""
    public_id = page.partition("?")[0].removeprefix("/look/")
    if not page.startswith("/look/") or not is_public_id(public_id) or read_secret() is None:
        return None
    try:
        with services().database.read() as db:
            look = find_look(db, public_id)
    except AWAY:
        return None
    if look is None or find_host_retailer_id() not in (None, look.retailer_id):
        return None
    return _find_kept(look.retailer_id)


def _find_unprinted(public_id: str) -> KnownItem | None:
    with services().database.read() as db:
        place = find_place(db, public_id, at=now())
    return KnownItem(place.item.id, place.item.public_id, place.item.retailer_id) if place else None
