"""Who waits for somebody in the associate's store: take it, bring it, or say why not; and whether anybody can come."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import Role, allow, current_principal
from qrmerch.associates.pages import CallCard, CallPage, CallsPage
from qrmerch.associates.stores import get_till, here
from qrmerch.calls import service
from qrmerch.calls.models import Call, CallRule, CallState, Staffed, Why
from qrmerch.calls.queries import Coming, Waiting, find_coming, find_rule, get_call, list_waiting
from qrmerch.calls.service import CallGone
from qrmerch.clock import now
from qrmerch.errors import FormError
from qrmerch.offers.service import Till
from qrmerch.offers.till_words import said_until
from qrmerch.parties.queries import get_retailer
from qrmerch.rendering.pictures import list_card_addresses
from qrmerch.rendering.queries import load_shelves, stock_limit
from qrmerch.rendering.wording import Shelf, word_variant
from qrmerch.web import get_db, notice, redirect_to, render

blueprint = Blueprint("associate_calls", __name__)
_WHY: Final = (
    (Why.NONE_HERE, "It is not here"),
    (Why.ALL_BUSY, "Nobody is free"),
    (Why.NOT_FOUND, "Nobody stands there"),
)


@blueprint.get("/associate/calls")
@allow(Role.ASSOCIATE)
def show_calls() -> Response:
    """Who waits in this store, the longest first."""
    db, at = get_db(), now()
    till = _till(db, request.args.get("store", ""))
    rule, coming = find_rule(db, till.store.id), find_coming(db, till.store, at=at)
    page = CallsPage(
        here=here(db, current_principal(), till),
        said=_word_coming(rule, coming, till, at=at),
        can_switch=rule is not None and rule.is_on and rule.staffed == Staffed.SWITCH,
        comes=coming.is_possible,
        cards=_cards(db, list_waiting(db, till.store.id, at=at), till, at=at),
    )
    return render("associates/calls.html", page)


@blueprint.get("/associate/calls/<call_id>")
@allow(Role.ASSOCIATE)
def show_call(call_id: str) -> Response:
    """One call: what is wanted and where, and what can be done about it."""
    db, at = get_db(), now()
    made, till = _find(db, call_id)
    waiting = [each for each in list_waiting(db, till.store.id, at=at) if each.call.id == made.id]
    if not waiting:
        notice(f"Number {made.number} is over.", "info")
        return redirect_to(_queue(till))
    (card,) = _cards(db, waiting, till, at=at)
    about = f"/associate/items/{made.item_id}?{urlencode({'store': till.store.id})}"
    why = tuple((each.value, word) for each, word in _WHY)
    return render("associates/call.html", CallPage(here(db, current_principal(), till), card, about, why))


@blueprint.post("/associate/calls/<call_id>/take")
@allow(Role.ASSOCIATE)
def take_call(call_id: str) -> Response:
    """Go there; of two at once, one does."""
    associate_id = current_principal().user_id

    def take(db: Session, made: Call, at: datetime) -> str:
        service.take(db, made, associate_id, at=at)
        return f"Number {made.number} is yours."

    return _do(call_id, take)


@blueprint.post("/associate/calls/<call_id>/done")
@allow(Role.ASSOCIATE)
def finish_call(call_id: str) -> Response:
    """Somebody was there, or brought it."""

    def finish(db: Session, made: Call, at: datetime) -> str:
        service.finish(db, made, at=at)
        return f"Number {made.number} is done."

    return _do(call_id, finish)


@blueprint.post("/associate/calls/<call_id>/refuse")
@allow(Role.ASSOCIATE)
def refuse_call(call_id: str) -> Response:
    """It is not possible, and the shopper reads why."""
    associate_id, said = current_principal().user_id, request.form.get("why", "")

    def refuse(db: Session, made: Call, at: datetime) -> str:
        if said not in set(Why):
            raise FormError({"why": "Say why it is not possible."})
        service.give_up(db, made, Why(said), associate_id, at=at)
        return f"Number {made.number} reads why it is not possible."

    return _do(call_id, refuse)


@blueprint.post("/associate/calls/come")
@allow(Role.ASSOCIATE)
def come() -> Response:
    """From now on somebody comes, until the store closes."""
    db, at = get_db(), now()
    till = _till(db, request.form.get("store", ""))
    until = service.come(db, till.store, actor=current_principal(), at=at)
    db.commit()
    notice(f"Shoppers can call you until {said_until(until, now=at, zone=till.store.time_zone)}.")
    return redirect_to(_queue(till))


@blueprint.post("/associate/calls/stop")
@allow(Role.ASSOCIATE)
def stop() -> Response:
    """Nobody can come for now; who waits already still does."""
    db, at = get_db(), now()
    till = _till(db, request.form.get("store", ""))
    service.stop_coming(db, till.store, actor=current_principal(), at=at)
    db.commit()
    notice("The button is gone from shoppers’ pages. Who waits already still does.")
    return redirect_to(_queue(till))


def _till(db: Session, wanted: str) -> Till:
    return get_till(db, current_principal(), wanted)


def _queue(till: Till) -> str:
    return f"/associate/calls?{urlencode({'store': till.store.id})}"


def _find(db: Session, call_id: str) -> tuple[Call, Till]:
    made = get_call(db, call_id, store_ids=current_principal().store_ids)
    return made, _till(db, made.store_id)


def _do(call_id: str, work: Callable[[Session, Call, datetime], str]) -> Response:
    """Do something about a call, and say what came of it above the queue."""
    db, at = get_db(), now()
    made, till = _find(db, call_id)
    address = _queue(till)
    try:
        said = work(db, made, at)
    except CallGone as gone:
        db.rollback()
        notice(gone.detail, "careful")
        return redirect_to(address)
    db.commit()
    notice(said)
    return redirect_to(address)


# --- words -----------------------------------------------------------------------------------------


def _word_coming(rule: CallRule | None, coming: Coming, till: Till, *, at: datetime) -> str:
    """Whether shoppers can call now, and why not."""
    if rule is None or not rule.is_on:
        return "Shoppers cannot call in this store. The desk can let them, on the store’s page."
    if coming.is_possible and coming.changes_at is not None:
        return f"Shoppers can call you until {said_until(coming.changes_at, now=at, zone=till.store.time_zone)}."
    if coming.is_possible:
        return "Shoppers can call you at any time."
    if rule.staffed == Staffed.SWITCH:
        return "Shoppers cannot call now: nobody has said that you can come."
    return "Shoppers cannot call now: by its hours the store is closed."


def _cards(db: Session, waiting: list[Waiting], till: Till, *, at: datetime) -> tuple[CallCard, ...]:
    items = list({each.item.id: each.item for each in waiting}.values())
    retailer = get_retailer(db, till.store.retailer_id)
    images = list_card_addresses(db, items, at=at)
    shelves = load_shelves(db, items, {retailer.id: [till.store]}, {retailer.id: stock_limit(retailer)}, at=at)
    return tuple(_card(each, till, shelves[each.item.id], images.get(each.item.id, ""), at=at) for each in waiting)


def _card(each: Waiting, till: Till, shelf: Shelf, image: str, *, at: datetime) -> CallCard:
    made, local = each.call, each.call.asked_at.astimezone(ZoneInfo(till.store.time_zone))
    is_mine = each.is_taken and made.taken_by == till.associate_id
    return CallCard(
        id=made.id,
        number=made.number,
        title=each.item.title,
        image=image,
        variant=word_variant(each.variant, "en") if each.variant else "No size chosen",
        stock=_word_stock(each, till, shelf),
        where=each.fixture or "Nobody said where",
        waits=_word_wait(at, made),
        since=f"{local:%H:%M}",
        state="active" if made.state == CallState.TAKEN else "waiting",
        state_said=("You are going" if is_mine else f"{each.associate} is going") if each.is_taken else "Waiting",
        is_taken=each.is_taken,
        is_mine=is_mine,
        href=f"/associate/calls/{made.id}",
    )


def _word_stock(each: Waiting, till: Till, shelf: Shelf) -> str:
    wanted = [each.variant.id] if each.variant else shelf.variant_ids
    known = [shelf.pieces[till.store.id, variant] for variant in wanted if (till.store.id, variant) in shelf.pieces]
    state = shelf.state_at(till.store.id, wanted)
    if state == "ask":
        return "last counted too long ago"
    if not known:
        return "never counted here"
    return f"{max(0, sum(known)):,} here by the count"


def _word_wait(at: datetime, made: Call) -> str:
    minutes = int((at - made.asked_at).total_seconds()) // 60
    return f"{minutes} min" if minutes > 0 else "just now"
