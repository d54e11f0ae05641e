"""Making codes: choose items, choose places, get one code for each pair."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from qrmerch import ids
from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.catalog.models import Item, Variant
from qrmerch.catalog.queries import list_items
from qrmerch.clock import now
from qrmerch.codes.models import Carrier, Code, RunState, Subject
from qrmerch.codes.runs import MAX_IN_RUN, MAX_WHILE_WAITING, cancel_run, get_run, start_run
from qrmerch.codes.service import MAX_NAME_CHARS, Lead, Place, make_codes
from qrmerch.desk.code_pages import Filter, MakePage, OrderPage, address, count_of, order_address
from qrmerch.desk.picking import READ_AT_ONCE, load_items, load_places, read_filter, show_picks
from qrmerch.errors import FormError
from qrmerch.i18n import format_date
from qrmerch.looks.queries import get_look, list_looks
from qrmerch.occasions.queries import get_occasion, list_occasions
from qrmerch.parties.models import Fixture, Retailer
from qrmerch.parties.queries import get_retailer, list_stores
from qrmerch.web import get_db, notice, redirect_to, render

blueprint = Blueprint("desk_code_making", __name__)

_MOST_STORE_PLACES: Final = 5_000


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a form says: `takes_all` means every item that the filter shows, whatever is ticked."""

    filter: Filter
    item_ids: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    takes_all: bool = False
    batch: str = ""
    campaign: str = ""
    carrier: str = Carrier.PRINT
    # What the codes lead to.
    leads: str = Subject.ITEM
    # The look or the event, where they lead to one.
    look_id: str = ""
    occasion_id: str = ""
    # Stands in the form, so that one that is sent twice is one order.
    order_id: str = ""
    again: bool = False


@blueprint.get("/desk/codes/make")
@allow(*PUBLISHERS)
def ask() -> Response:
    """The form; the address may have chosen an item or a place already."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    draft = _Draft(
        read_filter(request.args),
        item_ids=tuple(request.args.getlist("item")),
        places=tuple(request.args.getlist("place")),
        batch=_usual_batch(retailer, now()),
        leads=_read_leads(request.args),
        look_id=request.args.get("look", ""),
        occasion_id=request.args.get("event", ""),
    )
    return _form(db, retailer, draft, {})


@blueprint.post("/desk/codes/make")
@allow(*PUBLISHERS)
def make() -> Response:
    """Make the codes that the form asks for; a place that has one already is left out unless told otherwise."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    draft = _read()
    try:
        places = load_places(db, draft.places)
        if draft.leads == Subject.STORE:
            codes, asked = _make_for_stores(db, places, draft), len(places)
        else:
            leads = _load_leads(db, retailer, draft)
            asked = len(leads) * len(places)
            if asked > MAX_WHILE_WAITING:
                return _order(db, leads, places, draft)
            codes = _make(db, leads, places, draft)
    except FormError as refused:
        db.rollback()
        return _form(db, retailer, draft, refused.problems)
    db.commit()
    notice(_say_made(len(codes), asked), "good" if codes else "info")
    if len(codes) == 1:
        return redirect_to(f"/desk/codes/{codes[0].id}")
    return redirect_to(address("/desk/codes", {"batch": draft.batch.strip()} if codes and draft.batch.strip() else {}))


@blueprint.get("/desk/codes/orders/<order_id>")
@allow(*PUBLISHERS)
def show_order(order_id: str) -> Response:
    """How far the making of many codes is, or what came of it."""
    run = get_run(get_db(), order_id)
    name = run.batch or "Codes without a batch"
    said = {
        RunState.MAKING: f"{run.done:,} of {run.total:,} are gone through. None shows before all are there",
        RunState.DONE: _say_made(run.made, run.total),
        RunState.CANCELLED: "Cancelled. None of these codes was made",
    }[run.state]
    fields = {"batch": run.batch} if run.batch else {}
    page = OrderPage(
        title=name,
        lede=f"{count_of(len(run.leads), str(run.leads[0][0]))} at {count_of(len(run.places), 'place')}.",
        state=run.state.value,
        said=said.rstrip("."),
        done=run.done,
        total=run.total,
        cancel_href=f"{order_address(run)}/cancel",
        codes_href=address("/desk/codes", fields),
        sheet_href=address("/desk/codes/sheet", fields) if run.made and run.batch else "",
    )
    return render("desk/code_order.html", page)


@blueprint.post("/desk/codes/orders/<order_id>/cancel")
@allow(*PUBLISHERS)
def cancel_order(order_id: str) -> Response:
    """Stop making codes; none of the order is left."""
    db, principal = get_db(), current_principal()
    run = get_run(db, order_id)
    cancel_run(db, run, at=now(), actor=principal)
    db.commit()
    notice("Cancelled. None of these codes was made.", "info")
    return redirect_to("/desk/codes")


def _make(db: Session, leads: Sequence[Lead], places: Sequence[Place], draft: _Draft) -> list[Code]:
    return make_codes(
        db,
        leads,
        places,
        at=now(),
        batch=draft.batch,
        campaign=draft.campaign,
        actor=current_principal(),
        carrier=Carrier(draft.carrier),
        again=draft.again,
    )


def _make_for_stores(db: Session, places: Sequence[Place], draft: _Draft) -> list[Code]:
    """A code at each place that leads to the page of the store it is in."""
    by_store: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        if place is None:
            raise FormError({"place": "A store’s page needs a store: choose places, or a store as a whole."})
        by_store[place.store_id if isinstance(place, Fixture) else place.id].append(place)
    if not by_store:
        raise FormError({"place": "Choose at least one place."})
    if len(places) > _MOST_STORE_PLACES:
        raise FormError({"place": f"{_MOST_STORE_PLACES:,} places at once are the most. Choose fewer."})
    stores = {store.id: store for store in list_stores(db, str(current_principal().retailer_id))}
    return [code for each, there in by_store.items() for code in _make(db, [stores[each]], there, draft)]


def _order(db: Session, leads: Sequence[Lead], places: Sequence[Place], draft: _Draft) -> Response:
    """Let the job make them, and show how far it is."""
    run = start_run(
        db,
        leads,
        places,
        at=now(),
        run_id=draft.order_id,
        batch=draft.batch,
        campaign=draft.campaign,
        actor=current_principal(),
        carrier=Carrier(draft.carrier),
        again=draft.again,
    )
    db.commit()
    return redirect_to(order_address(run))


def _load_leads(db: Session, retailer: Retailer, draft: _Draft) -> list[Lead]:
    """What the codes lead to: a look, an event, the chosen items, or each of their variants that shoppers see.

    :raises FormError: no look or event is chosen.
    :raises NotFound: what is chosen is not there, or another retailer's.
    """
    if draft.leads == Subject.LOOK:
        if not draft.look_id:
            raise FormError({"look": "Choose the look."})
        return [get_look(db, draft.look_id)]
    if draft.leads == Subject.OCCASION:
        if not draft.occasion_id:
            raise FormError({"event": "Choose the event."})
        return [get_occasion(db, draft.occasion_id)]
    items = _load_items(db, retailer, draft)
    if draft.leads != Subject.VARIANT:
        return [*items]
    leads: list[Lead] = []
    for begin in range(0, len(items), READ_AT_ONCE):
        some = [item.id for item in items[begin : begin + READ_AT_ONCE]]
        shown = select(Variant).where(Variant.item_id.in_(some), Variant.is_hidden.is_(False))
        leads += db.scalars(shown.order_by(Variant.item_id, Variant.place, Variant.id))
    return leads


def _read() -> _Draft:
    form = request.form
    carrier = form.get("carrier", Carrier.PRINT)
    order_id = form.get("order_id", "")
    return _Draft(
        read_filter(form),
        item_ids=tuple(form.getlist("item")),
        places=tuple(form.getlist("place")),
        takes_all=form.get("which") == "all",
        batch=form.get("batch", ""),
        campaign=form.get("campaign", ""),
        carrier=carrier if carrier in list(Carrier) else Carrier.PRINT,
        leads=_read_leads(form),
        look_id=form.get("look", ""),
        occasion_id=form.get("event", ""),
        order_id=order_id if ids.is_new(order_id) else "",
        again="again" in form,
    )


def _read_leads(said: MultiDict[str, str]) -> str:
    leads = said.get("leads", "")
    return leads if leads in list(Subject) else Subject.ITEM


def _load_items(db: Session, retailer: Retailer, draft: _Draft) -> list[Item]:
    """The items to make codes for, each once.

    :raises NotFound: one is not there, or another retailer's.
    """
    if draft.takes_all:
        wanted = draft.filter
        lines, _ = list_items(db, retailer.id, find=wanted.find, category=wanted.category, per_page=MAX_IN_RUN + 1)
        return [line.item for line in lines]
    return load_items(db, draft.item_ids)


def _form(db: Session, retailer: Retailer, draft: _Draft, problems: dict[str, str]) -> Response:
    page = MakePage(
        picks=show_picks(db, retailer, draft.filter, draft.item_ids),
        chosen_places=draft.places,
        takes_all=draft.takes_all,
        batch=draft.batch[:MAX_NAME_CHARS],
        campaign=draft.campaign[:MAX_NAME_CHARS],
        carrier=draft.carrier,
        leads=draft.leads,
        looks=tuple((each.id, each.name) for each in list_looks(db, retailer.id)),
        look_id=draft.look_id,
        occasions=tuple((each.id, each.name) for each in list_occasions(db, retailer.id)),
        occasion_id=draft.occasion_id,
        order_id=draft.order_id or ids.new(),
        again=draft.again,
        problems=problems,
    )
    return render("desk/code_make.html", page, status=422 if problems else 200)


def _usual_batch(retailer: Retailer, at: datetime) -> str:
    """A name that is there already: the day, in the retailer's time."""
    return format_date(at.astimezone(ZoneInfo(retailer.time_zone)).date(), "en", "long")


def _say_made(made: int, asked: int) -> str:
    if not made:
        return "Nothing was made: every place has an active code of these items already."
    said = f"{count_of(made, 'code')} made."
    left_out = asked - made
    if left_out == 1:
        return f"{said} One place had one already."
    return f"{said} {left_out:,} places had one already." if left_out else said
