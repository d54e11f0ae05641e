"""Print files in the studio: a vendor asks a retailer for tags of its own items, and downloads what was released."""

from flask import Blueprint, Response, request, send_file
from sqlalchemy.orm import Session

from qrmerch.access import VENDOR, allow, current_principal
from qrmerch.clock import now
from qrmerch.codes.service import insist_active
from qrmerch.errors import FormError, NotFound
from qrmerch.i18n import format_date
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import find_supply, list_supplied
from qrmerch.printing import requests
from qrmerch.printing.models import PrintRequest, RequestState
from qrmerch.printing.package import file_name
from qrmerch.printing.queries import (
    Asked,
    get_any_stock,
    get_released,
    get_request,
    list_ended,
    list_request_items,
    list_requests,
    list_stocks,
)
from qrmerch.quota import in_words
from qrmerch.studio.pages import PrintFileRow, PrintRetailer, PrintsPage
from qrmerch.text import whole_number
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("studio_prints", __name__, url_prefix="/studio/prints")

_STATES = {
    RequestState.ASKED: ("waiting", "Asked"),
    RequestState.MAKING: ("waiting", "Being made"),
    RequestState.RELEASED: ("pass", "Released"),
    RequestState.REFUSED: ("refused", "Refused"),
}
_TAG = "hang-tag"
_MOST_STOCKS = 100


@blueprint.get("")
@allow(*VENDOR)
def show() -> Response:
    """What was asked for, and the form to ask for more, or for some again."""
    db, allowing = get_db(), _allowing(get_db())
    found = (_find_before(db, request.args.get("again", ""), each) for each in allowing)
    before = next((each for each in found if each), None)
    if before is None:
        return _show(db, {}, {})
    return _show(db, {"stock": before.stock_key}, {}, retailer_id=before.retailer_id, before=before)


@blueprint.post("")
@allow(*VENDOR)
def ask() -> Response:
    """Ask a retailer for print files."""
    db, principal = get_db(), current_principal()
    retailer = _find_retailer(db, request.form.get("retailer", ""))
    before = _find_before(db, request.form.get("again", ""), retailer)
    values = {name: request.form.get(name, "")[:400] for name in ("stock", "copies", "note")}
    try:
        made = requests.ask(
            db,
            retailer,
            str(principal.vendor_id),
            request.form.getlist("item"),
            stock=get_any_stock(db, retailer.id, values["stock"]),
            copies=whole_number(values["copies"], most=10_000) or 0,
            note=values["note"],
            again_of=before,
            at=now(),
            actor=principal,
        )
    except FormError as refused:
        return _show(db, values, refused.problems, retailer_id=retailer.id, before=before)
    db.commit()
    notice(f"{retailer.name} is asked for print files on {made.stock_said}. You are told when they answer.")
    return redirect_to("/studio/prints")


@blueprint.get("/<request_id>/file")
@allow(*VENDOR)
def download(request_id: str) -> Response:
    """The print file of a request that was released.

    :raises NotFound: it is another vendor's, or was not released.
    :raises CodeEnded: a code of it was retired or replaced since.
    """
    db = get_db()
    batch = get_released(db, get_request(db, request_id))
    insist_active(list_ended(db, batch.id), "Ask for the others anew.")
    path = services().files.path(batch.file_key)
    if not path.is_file():
        raise NotFound("The file is gone. Ask for it again.")
    return send_file(
        path, mimetype="application/pdf", as_attachment=True, download_name=file_name(batch), etag=batch.digest
    )


def _find_retailer(db: Session, retailer_id: str) -> Retailer:
    """:raises NotFound: the vendor does not supply it."""
    found = next((each for each in _allowing(db) if each.id == retailer_id), None)
    if found is None:
        raise NotFound("This retailer is not here.")
    return found


def _find_before(db: Session, request_id: str, retailer: Retailer) -> PrintRequest | None:
    """The request of which tags are wanted again, if this retailer has released its file."""
    found = db.get(PrintRequest, request_id) if request_id else None
    is_out = found is not None and found.retailer_id == retailer.id and found.state == RequestState.RELEASED
    return found if is_out else None


def _allowing(db: Session) -> list[Retailer]:
    """The retailers that take requests of this vendor."""
    vendor_id = str(current_principal().vendor_id)
    supplied = list_supplied(db, vendor_id)
    return [each for each in supplied if requests.may_ask(find_supply(db, each.id, vendor_id))]


def _show(
    db: Session,
    values: dict[str, str],
    problems: dict[str, str],
    *,
    retailer_id: str = "",
    before: PrintRequest | None = None,
) -> Response:
    vendor_id = str(current_principal().vendor_id)
    asked, allowing = list_requests(db, vendor_id=vendor_id), _allowing(db)
    names = {each.id: each.name for each in list_supplied(db, vendor_id)}
    wanted = retailer_id or request.args.get("retailer", "")
    chosen = next((each for each in allowing if each.id == wanted), allowing[0] if allowing else None)
    page = PrintsPage(
        lede=_lede(bool(allowing), asked),
        retailer=_asking(db, chosen, vendor_id, before) if chosen else None,
        again=before.id if before else "",
        others=tuple((f"/studio/prints?retailer={each.id}", each.name) for each in allowing if each is not chosen),
        rows=tuple(_row(db, each, names, {each.id for each in allowing}) for each in asked),
        values={"stock": _TAG, "copies": "1", "note": "", **values},
        chosen=tuple(request.form.getlist("item")) if request.method == "POST" else (),
        problems=problems,
    )
    return render("studio/prints.html", page, status=422 if problems else 200)


def _asking(db: Session, retailer: Retailer, vendor_id: str, before: PrintRequest | None) -> PrintRetailer:
    stocks, items = list_stocks(db, retailer.id), requests.list_askable(db, retailer.id, vendor_id)
    if before is not None:
        had = {item.id for item in list_request_items(db, before)}
        items = [item for item in items if item.id in had]
    # Tags first: they are what is put on where goods are made.
    stocks.sort(key=lambda each: each.shape != "tag")
    return PrintRetailer(
        id=retailer.id,
        name=retailer.name,
        items=tuple((item.id, item.title) for item in items),
        stocks=tuple((each.key, each.said) for each in stocks[:_MOST_STOCKS]),
    )


def _row(db: Session, asked: Asked, names: dict[str, str], allowing: set[str]) -> PrintFileRow:
    made = asked.request
    state, said = _STATES[made.state]
    # Where the vendor is suspended, what was released to it is out of its reach.
    batch = get_released(db, made) if made.state == RequestState.RELEASED and made.retailer_id in names else None
    items = f"{asked.items:,} item" if asked.items == 1 else f"{asked.items:,} items"
    return PrintFileRow(
        retailer=names.get(made.retailer_id, ""),
        items=f"{items}, {made.copies:,} of each",
        stock=made.stock_said,
        state=state,
        state_said=said,
        reason=made.reason,
        at=format_date(made.created_at.date(), "en"),
        href=f"/studio/prints/{made.id}/file" if batch else "",
        size=in_words(batch.file_bytes) if batch else "",
        again_href=f"/studio/prints?again={made.id}#ask" if batch and made.retailer_id in allowing else "",
    )


def _lede(may_ask: bool, asked: list[Asked]) -> str:
    ready = sum(1 for each in asked if each.request.state == RequestState.RELEASED)
    if ready:
        return "One print file is released to you." if ready == 1 else f"{ready:,} print files are released to you."
    if may_ask:
        return "Tags that you put on where your goods are made. The retailer releases each file."
    return "No retailer takes requests for print files from you. Ask your contact there to allow it."
