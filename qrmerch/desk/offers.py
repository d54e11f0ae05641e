"""A retailer's offers: how they stand, set up, said anew, paused."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, READERS, allow, current_principal
from qrmerch.clock import now
from qrmerch.desk.offer_forms import read_terms
from qrmerch.desk.offer_pages import OfferRow, OffersPage
from qrmerch.desk.offer_view import Sent, blank, headline, offer_page, state_words, word_value
from qrmerch.desk.paging import here, page_number, paging
from qrmerch.desk.times import said_at
from qrmerch.downloads import Cell, csv_response
from qrmerch.errors import FormError
from qrmerch.offers import service
from qrmerch.offers.models import Offer
from qrmerch.offers.queries import STATES, OfferLine, count_offers, get_offer, list_offers
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer
from qrmerch.web import get_db, notice, redirect_to, render

blueprint = Blueprint("desk_offers", __name__)
_PER_PAGE: Final = 25
_READ_AT_ONCE: Final = 200
_MAX_ITEMS: Final = 500
_WORDS: Final = {"live": "Live", "scheduled": "To come", "paused": "Paused", "ended": "Ended"}
_CSV_HEADS: Final = ("Offer", "Gives", "State", "From", "Until", "Codes in all", "Claimed", "Used", "Held", "Left")


@blueprint.get("/desk/offers")
@allow(*READERS)
def show_list() -> Response:
    """All offers, or those in one state."""
    db, at, principal = get_db(), now(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    state, number = _state(), page_number()
    counts = count_offers(db, retailer.id, at=at)
    lines, total = list_offers(db, retailer.id, state=state, at=at, page=number, per_page=_PER_PAGE)
    tabs = [("All", "/desk/offers", not state)]
    tabs += [(f"{_WORDS[each]} {counts[each]:,}", f"/desk/offers?state={each}", state == each) for each in STATES]
    page = OffersPage(
        lede=_lede(counts),
        states=tuple(tabs),
        rows=tuple(_row(line, retailer, at=at) for line in lines),
        paging=paging("offer", shown=len(lines), total=total, number=number, per_page=_PER_PAGE),
        csv=here("/desk/offers/export"),
        is_filtered=bool(state),
        may_edit=_may_edit(),
    )
    return render("desk/offers.html", page)


@blueprint.get("/desk/offers/export")
@allow(*READERS)
def export() -> Response:
    """The same offers as a file."""
    db, at = get_db(), now()
    retailer = get_retailer(db, current_principal().retailer_id)
    said = ("Claimed: every code ever given. Held: given, not used, its time not up.",)
    rows = _csv_rows(db, retailer, _state(), at=at)
    return csv_response(f"{retailer.slug} offers", said=said, heads=_CSV_HEADS, rows=rows)


@blueprint.get("/desk/offers/new")
@allow(*PUBLISHERS)
def show_new() -> Response:
    """The form of a new offer; `item` in the address chooses items beforehand."""
    db, at, retailer_id = get_db(), now(), str(current_principal().retailer_id)
    sent = blank(get_retailer(db, retailer_id), request.args.getlist("item")[:_MAX_ITEMS], at=at)
    return _page(db, None, sent, at=at)


@blueprint.post("/desk/offers")
@allow(*PUBLISHERS)
def add() -> Response:
    """Set an offer up."""
    db, at, principal = get_db(), now(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    if _only_looks():
        return _page(db, None, _sent({}), at=at)
    try:
        terms = read_terms(request.form, retailer, store_ids=request.form.getlist("stores"))
        offer = service.add_offer(db, retailer.id, terms, item_ids=_item_ids(), actor=principal, at=at)
    except FormError as error:
        db.rollback()
        return _page(db, None, _sent(error.problems), at=at, status=422)
    db.commit()
    begins = said_at(offer.from_at, now=at, zone=retailer.time_zone)
    notice("It is live." if offer.from_at <= at < offer.until_at else f"It is set up and begins {begins}.")
    return redirect_to(f"/desk/offers/{offer.id}")


@blueprint.get("/desk/offers/<offer_id>")
@allow(*READERS)
def show(offer_id: str) -> Response:
    """One offer: its form, or for who may only look the same in words."""
    db = get_db()
    return _page(db, get_offer(db, offer_id), None, at=now())


@blueprint.post("/desk/offers/<offer_id>")
@allow(*PUBLISHERS)
def change(offer_id: str) -> Response:
    """Say an offer anew; codes that were taken keep what they were taken for."""
    db, at, principal = get_db(), now(), current_principal()
    offer = get_offer(db, offer_id)
    if _only_looks():
        return _page(db, offer, _sent({}), at=at)
    try:
        retailer = get_retailer(db, principal.retailer_id)
        terms = read_terms(request.form, retailer, store_ids=request.form.getlist("stores"))
        service.change_offer(db, offer, terms, item_ids=_item_ids(), actor=principal, at=at)
    except FormError as error:
        db.rollback()
        return _page(db, get_offer(db, offer_id), _sent(error.problems), at=at, status=422)
    db.commit()
    notice("Saved. Shoppers see it at once; codes that were taken keep what they were taken for.")
    return redirect_to(f"/desk/offers/{offer.id}")


@blueprint.post("/desk/offers/<offer_id>/pause")
@allow(*PUBLISHERS)
def pause(offer_id: str) -> Response:
    """Give no more codes for now, and let tills hold those that were taken."""
    db, at = get_db(), now()
    offer = get_offer(db, offer_id)
    service.pause(db, offer, actor=current_principal(), at=at)
    db.commit()
    notice("Paused. No more codes are given, and tills hold the ones that were taken until it goes on.")
    return redirect_to(f"/desk/offers/{offer.id}")


@blueprint.post("/desk/offers/<offer_id>/resume")
@allow(*PUBLISHERS)
def resume(offer_id: str) -> Response:
    """Let a paused offer go on."""
    db, at = get_db(), now()
    offer = get_offer(db, offer_id)
    service.resume(db, offer, actor=current_principal(), at=at)
    db.commit()
    notice("It goes on. Codes that were taken are good again.")
    return redirect_to(f"/desk/offers/{offer.id}")


def _page(db: Session, offer: Offer | None, sent: Sent | None, *, at: datetime, status: int = 200) -> Response:
    retailer_id = str(current_principal().retailer_id)
    page = offer_page(db, retailer_id, offer, sent=sent, may_edit=_may_edit(), at=at)
    return render("desk/offer.html", page, status=status)


def _only_looks() -> bool:
    """Whether the form came to look for items or for the cost: it is shown again, and nothing is written."""
    return request.form.get("do") in ("find", "cost")


def _sent(problems: dict[str, str]) -> Sent:
    """The form of this request."""
    return Sent(request.form.to_dict(), _item_ids(), request.form.getlist("stores"), problems)


def _item_ids() -> list[str]:
    return request.form.getlist("items")[:_MAX_ITEMS]


def _may_edit() -> bool:
    return current_principal().role in PUBLISHERS


def _state() -> str:
    state = request.args.get("state", "")
    return state if state in STATES else ""


def _lede(counts: dict[str, int]) -> str:
    if not sum(counts.values()):
        return "None yet."
    words = ((each, _WORDS[each].lower()) for each in STATES)
    said = ", ".join(f"{counts[each]:,} {word}" for each, word in words if counts[each])
    return f"{said[:1].upper()}{said[1:]}."


def _row(line: OfferLine, retailer: Retailer, *, at: datetime) -> OfferRow:
    offer, zone = line.offer, retailer.time_zone
    state, label = state_words(line, at=at)
    edge = f"From {said_at(offer.from_at, now=at, zone=zone)}" if at < offer.from_at else ""
    stores = "every store" if offer.store_ids is None else _count(len(offer.store_ids), "store")
    return OfferRow(
        title=headline(offer.headline, retailer),
        href=f"/desk/offers/{offer.id}",
        sub=f"{word_value(offer)}, {_count(line.items, 'item')}, {stores}",
        state=state,
        label=label,
        when=edge or said_at(offer.until_at, now=at, zone=zone),
        claimed=f"{line.claimed:,}",
        used=f"{line.count.used:,}",
        left=f"{line.count.left:,} of {line.count.limit:,}",
    )


def _csv_rows(db: Session, retailer: Retailer, state: str, *, at: datetime) -> Iterator[list[Cell]]:
    number = 1
    while True:
        lines, total = list_offers(db, retailer.id, state=state, at=at, page=number, per_page=_READ_AT_ONCE)
        for line in lines:
            offer, count = line.offer, line.count
            words = [headline(offer.headline, retailer), word_value(offer), state_words(line, at=at)[1]]
            days = [offer.from_at.isoformat(), offer.until_at.isoformat()]
            yield [*words, *days, count.limit, line.claimed, count.used, count.held, count.left]
        if number * _READ_AT_ONCE >= total:
            return
        number += 1


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
