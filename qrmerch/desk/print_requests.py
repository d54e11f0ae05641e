"""Vendors' requests for print files at the desk: looked at, made and released, or refused with a reason."""

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.codes.preflight import Verdict
from qrmerch.codes.tokens import address_of, make_token
from qrmerch.desk.code_pages import count_of, moment_of
from qrmerch.desk.print_pages import RequestPage
from qrmerch.desk.prints import REQUEST_SAID
from qrmerch.errors import FormError
from qrmerch.parties.models import Retailer, Vendor
from qrmerch.parties.queries import get_brand, get_retailer, printed_base
from qrmerch.printing import requests
from qrmerch.printing.house_face import font_key_of
from qrmerch.printing.labels import Wording
from qrmerch.printing.models import PrintRequest, RequestState
from qrmerch.printing.queries import get_any_stock, get_request, list_request_items, list_stocks, name_of
from qrmerch.printing.service import Order
from qrmerch.printing.sheets import Run, check_stock, list_incomplete
from qrmerch.printing.sign_words import Holds, choose_call
from qrmerch.printing.stocks import Stock, StockNotFound
from qrmerch.printing.wording import refuse_unset, word_labels
from qrmerch.web import get_db, notice, redirect_to, render, services

# How many names with missing letters a sentence says.
_NAMED = 5
blueprint = Blueprint("desk_print_requests", __name__, url_prefix="/desk/prints/requests")


@blueprint.get("/<request_id>")
@allow(*PUBLISHERS)
def show(request_id: str) -> Response:
    """One request."""
    return _show(get_request(get_db(), request_id))


@blueprint.post("/<request_id>/make")
@allow(*PUBLISHERS)
def make(request_id: str) -> Response:
    """Have its files made; they are released from their batch."""
    db, principal, at = get_db(), current_principal(), now()
    asked = get_request(db, request_id)
    retailer = get_retailer(db, principal.retailer_id)
    try:
        order = _order(db, retailer, asked, request.form.get("stock", asked.stock_key))
        batch = requests.answer_with_batch(db, retailer, asked, order, at=at, actor=principal)
    except FormError as refused:
        return _show(asked, problems=refused.problems)
    db.commit()
    return redirect_to(f"/desk/prints/{batch.id}")


@blueprint.post("/<request_id>/refuse")
@allow(*PUBLISHERS)
def refuse(request_id: str) -> Response:
    """Say no, and why."""
    db, principal, at = get_db(), current_principal(), now()
    asked, reason = get_request(db, request_id), request.form.get("reason", "")
    try:
        requests.refuse(db, asked, reason, at=at, actor=principal)
    except FormError as refused:
        return _show(asked, problems=refused.problems, reason=reason)
    db.commit()
    notice(f"Refused. {db.get_one(Vendor, asked.vendor_id).name} was told why.")
    return redirect_to("/desk/prints")


def _order(db: Session, retailer: Retailer, asked: PrintRequest, stock_key: str) -> Order:
    brand, base = (
        get_brand(db, retailer.id, at=now()),
        printed_base(db, retailer.id, base_url=services().settings.base_url),
    )
    # Tags go to any store: they say what every page holds.
    call = choose_call(Holds(), retailer.default_locale)
    stock = get_any_stock(db, retailer.id, stock_key)
    wording = word_labels(retailer.default_locale, house=brand.wordmark, base=base, call=call)
    _refuse_unprintable(db, asked, stock, wording, address_of(base, make_token()))
    return Order(
        name=f"{db.get_one(Vendor, asked.vendor_id).name[:60]}, tags{' again' if asked.again_of_id else ''}",
        code_ids=(),
        run=Run(stock=stock, copies=asked.copies),
        wording=wording,
        base_url=services().settings.base_url,
        logo_key=brand.logo_key,
        font_key=font_key_of(brand),
    )


def _refuse_unprintable(db: Session, asked: PrintRequest, stock: Stock, wording: Wording, address: str) -> None:
    """:raises FormError: codes would not scan on this stock, or letters of a name are in no face here."""
    refuse_unset(wording)
    report = check_stock(address, stock)
    if report.verdict == Verdict.REFUSE:
        raise FormError({"stock": " ".join(report.said)})
    missing = list_incomplete(item.title for item in list_request_items(db, asked))
    if missing:
        named = ", ".join(missing[:_NAMED]) + ("" if len(missing) <= _NAMED else " and others")
        raise FormError({"": f"No font here has all letters of {named}. Install one for that script first."})


def _show(asked: PrintRequest, *, problems: dict[str, str] | None = None, reason: str = "") -> Response:
    db = get_db()
    retailer = get_retailer(db, asked.retailer_id)
    zone, vendor = retailer.time_zone, db.get_one(Vendor, asked.vendor_id)
    items, before = list_request_items(db, asked), requests.find_before(db, asked)
    state, said = REQUEST_SAID[asked.state]
    by, at = name_of(db, asked.user_id), moment_of(asked.created_at, zone)
    facts = [("Asked", f"{at}, {by}" if by else at), ("Stock", asked.stock_said), ("Of each", f"{asked.copies:,}")]
    if asked.answered_at:
        facts.append(("Answered", moment_of(asked.answered_at, zone)))
    page = RequestPage(
        id=asked.id,
        vendor=vendor.name,
        lede=_lede(asked, vendor.name, len(items)),
        state=state,
        state_said=said,
        facts=tuple(facts),
        items=tuple((f"/desk/items/{item.id}", item.title) for item in items),
        batch=((f"/desk/prints/{asked.batch_id}", "The batch"),) if asked.batch_id else (),
        before=((f"/desk/prints/{before.id}", moment_of(before.created_at, zone)),) if before else (),
        note=asked.note,
        reason=asked.reason or reason,
        stocks=tuple((each.key, each.said) for each in list_stocks(db, retailer.id)),
        stock=_usable_stock(db, retailer, asked),
        problems=problems or {},
    )
    return render("desk/print_request.html", page, status=422 if problems else 200)


def _usable_stock(db: Session, retailer: Retailer, asked: PrintRequest) -> str:
    """The stock that was asked for; the first of the list where it was taken away meanwhile."""
    try:
        return get_any_stock(db, retailer.id, asked.stock_key).key
    except StockNotFound:
        return list_stocks(db, retailer.id)[0].key


def _lede(asked: PrintRequest, vendor: str, items: int) -> str:
    many = count_of(items, "item")
    if asked.state == RequestState.ASKED:
        return f"{vendor} wants to put tags on {many} where they are made. It gets the file when you release the batch."
    if asked.state == RequestState.MAKING:
        return f"Print files of {many} are being made. Release their batch, and {vendor} can download it."
    if asked.state == RequestState.RELEASED:
        return f"{vendor} can download the print files of {many}."
    return f"{vendor} was told why it gets no print files of {many}."
