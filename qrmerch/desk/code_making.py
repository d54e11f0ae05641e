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

from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import list_categories, list_items
from qrmerch.clock import now
from qrmerch.codes.models import Carrier, Code
from qrmerch.codes.service import MAX_AT_ONCE, MAX_NAME_CHARS, Place, make_codes
from qrmerch.desk.code_pages import MakePage, Options, PlaceGroup, address, count_of
from qrmerch.errors import FormError, NotFound
from qrmerch.i18n import format_date
from qrmerch.parties.models import Fixture, Retailer, Store
from qrmerch.parties.queries import get_retailer, list_fixtures, list_stores
from qrmerch.web import get_db, notice, redirect_to, render

blueprint = Blueprint("desk_code_making", __name__, url_prefix="/desk/codes/make")

NO_PLACE: Final = "none"
_ITEMS_SHOWN: Final = 100
_PLACES_SHOWN: Final = 300
_MAX_TEXT_CHARS: Final = 120
_READ_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a form says: `takes_all` means every item that the filter shows, whatever is ticked."""

    find: str = ""
    category: str = ""
    store_id: str = ""
    item_ids: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    takes_all: bool = False
    batch: str = ""
    campaign: str = ""
    carrier: str = Carrier.PRINT
    again: bool = False


@blueprint.get("")
@allow(*PUBLISHERS)
def ask() -> Response:
    """The form; the address may have chosen an item or a place already."""
    db, principal = get_db(), current_principal()
    retailer = get_retailer(db, principal.retailer_id)
    draft = _Draft(
        find=request.args.get("find", "")[:_MAX_TEXT_CHARS],
        category=request.args.get("category", "")[:_MAX_TEXT_CHARS],
        store_id=request.args.get("store", ""),
        item_ids=tuple(request.args.getlist("item")),
        places=tuple(request.args.getlist("place")),
        batch=_usual_batch(retailer, now()),
    )
    return _form(db, retailer, draft, {})


@blueprint.post("")
@allow(*PUBLISHERS)
def make() -> Response:
    """Make the codes that the form asks for; a place that has one already is left out unless told otherwise."""
    db, principal, at = get_db(), current_principal(), now()
    retailer = get_retailer(db, principal.retailer_id)
    draft = _read()
    try:
        items = _load_items(db, retailer, draft)
        places = load_places(db, draft.places)
        codes = make_codes(
            db,
            items,
            places,
            at=at,
            batch=draft.batch,
            campaign=draft.campaign,
            actor=principal,
            carrier=Carrier(draft.carrier),
            again=draft.again,
        )
    except FormError as refused:
        return _form(db, retailer, draft, refused.problems)
    db.commit()
    notice(_say_made(len(codes), len(items) * len(places)), "good" if codes else "info")
    if len(codes) == 1:
        return redirect_to(f"/desk/codes/{codes[0].id}")
    return redirect_to(address("/desk/codes", {"batch": draft.batch.strip()} if codes and draft.batch.strip() else {}))


def _read() -> _Draft:
    form = request.form
    carrier = form.get("carrier", Carrier.PRINT)
    return _Draft(
        find=form.get("find", "")[:_MAX_TEXT_CHARS],
        category=form.get("category", "")[:_MAX_TEXT_CHARS],
        store_id=form.get("store", ""),
        item_ids=tuple(form.getlist("item")),
        places=tuple(form.getlist("place")),
        takes_all=form.get("which") == "all",
        batch=form.get("batch", ""),
        campaign=form.get("campaign", ""),
        carrier=carrier if carrier in list(Carrier) else Carrier.PRINT,
        again="again" in form,
    )


def _load_items(db: Session, retailer: Retailer, draft: _Draft) -> list[Item]:
    """The items to make codes for, each once.

    :raises NotFound: one is not there, or another retailer's.
    """
    if draft.takes_all:
        lines, _ = list_items(db, retailer.id, find=draft.find, category=draft.category, per_page=MAX_AT_ONCE + 1)
        return [line.item for line in lines]
    return load_items(db, draft.item_ids)


def load_items(db: Session, item_ids: Sequence[str]) -> list[Item]:
    """The items with these ids, each once, in no order.

    :raises NotFound: one is not there, or another retailer's.
    """
    ids = list(dict.fromkeys(item_ids))
    found: list[Item] = []
    for begin in range(0, len(ids), _READ_AT_ONCE):
        found += db.scalars(select(Item).where(Item.id.in_(ids[begin : begin + _READ_AT_ONCE])))
    if len(found) < len(ids):
        raise NotFound("One of these items is not here any more. Reload the page and choose again.")
    return found


def load_places(db: Session, values: Sequence[str]) -> list[Place]:
    """The places that the form names, each once: `store:ID`, `place:ID` or `none`.

    :raises NotFound: one is not there, or another retailer's.
    """
    wanted = list(dict.fromkeys(values))
    stores = {store.id: store for store in db.scalars(select(Store).where(Store.id.in_(_ids(wanted, "store"))))}
    fixtures: dict[str, Fixture] = {}
    fixture_ids = _ids(wanted, "place")
    for begin in range(0, len(fixture_ids), _READ_AT_ONCE):
        some = select(Fixture).where(Fixture.id.in_(fixture_ids[begin : begin + _READ_AT_ONCE]))
        fixtures.update({fixture.id: fixture for fixture in db.scalars(some)})
    places: list[Place] = []
    for value in wanted:
        kind, _, row_id = value.partition(":")
        place = stores.get(row_id) if kind == "store" else fixtures.get(row_id)
        if place is None and value != NO_PLACE:
            raise NotFound("One of these places is not here any more. Reload the page and choose again.")
        places.append(place)
    return places


def place_value(code: Code) -> str:
    """What a form calls the place of a code."""
    if code.fixture_id:
        return f"place:{code.fixture_id}"
    return f"store:{code.store_id}" if code.store_id else NO_PLACE


def _ids(values: Sequence[str], kind: str) -> list[str]:
    return [value.partition(":")[2] for value in values if value.startswith(f"{kind}:")]


def _form(db: Session, retailer: Retailer, draft: _Draft, problems: dict[str, str]) -> Response:
    stores = list_stores(db, retailer.id)
    lines, total = list_items(db, retailer.id, find=draft.find, category=draft.category, per_page=_ITEMS_SHOWN)
    shown = {line.item.id: line.item.title for line in lines}
    # What was chosen before stays chosen, though the filter shows something else.
    missing = [each for each in draft.item_ids if each not in shown][:_READ_AT_ONCE]
    chosen = {item.id: item.title for item in db.scalars(select(Item).where(Item.id.in_(missing)))}
    places, left_out = list_places(db, retailer, stores, draft.store_id)
    page = MakePage(
        find=draft.find,
        category=draft.category,
        categories=(("", "All categories"), *((each, each) for each in list_categories(db, retailer.id))),
        store_id=draft.store_id,
        stores=(("", "All stores"), *((store.id, store.short_name) for store in stores)),
        items=tuple({**chosen, **shown}.items()),
        items_total=total,
        places=places,
        left_out_places=left_out,
        chosen_items=draft.item_ids,
        chosen_places=draft.places,
        takes_all=draft.takes_all,
        batch=draft.batch[:MAX_NAME_CHARS],
        campaign=draft.campaign[:MAX_NAME_CHARS],
        carrier=draft.carrier,
        again=draft.again,
        problems=problems,
    )
    return render("desk/code_make.html", page, status=422 if problems else 200)


def list_places(
    db: Session, retailer: Retailer, stores: Sequence[Store], store_id: str
) -> tuple[tuple[PlaceGroup, ...], int]:
    """The places to choose from, store by store, and how many more there are."""
    by_store: dict[str, list[Fixture]] = defaultdict(list)
    for fixture in list_fixtures(db, retailer.id):
        by_store[fixture.store_id].append(fixture)
    groups: list[PlaceGroup] = []
    shown = left_out = 0
    for store in stores:
        if store_id and store.id != store_id:
            continue
        fixtures = by_store[store.id]
        if shown + len(fixtures) > _PLACES_SHOWN and groups:
            left_out += len(fixtures)
            continue
        shown += len(fixtures)
        own: Options = tuple((f"place:{fixture.id}", fixture.name) for fixture in fixtures)
        groups.append(PlaceGroup(store.short_name, ((f"store:{store.id}", "The store as a whole"), *own)))
    return tuple(groups), left_out


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
