"""A retailer's stores and the places in them: where codes hang, whose hours count, which Wi-Fi is its own."""

from collections import Counter
from functools import cache
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import PUBLISHERS, allow, current_principal
from qrmerch.calls.service import set_rule
from qrmerch.clock import now, time_zones
from qrmerch.codes.models import Code, CodeState
from qrmerch.db import get_one
from qrmerch.desk.own_texts import Sent
from qrmerch.desk.paging import page_number, paging
from qrmerch.desk.store_calls import calls_form, read_terms
from qrmerch.desk.store_pages import NewStorePage, PlaceRow, StoreForm, StorePage, StoreRow, StoresPage, WarehouseRow
from qrmerch.errors import FormError
from qrmerch.i18n import language_name
from qrmerch.parties import service
from qrmerch.parties.hours import HoursUnclear, format_week, parse_hours
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Fixture, FixtureKind, Retailer, Store
from qrmerch.parties.queries import get_retailer, list_fixtures, list_networks, list_stores, list_warehouses
from qrmerch.parties.service import StoreDetails
from qrmerch.web import get_db, notice, redirect_to, render, search_words

blueprint = Blueprint("desk_stores", __name__)

# What the log keeps both sides of.
_NOTED = (
    *("code", "name", "short_name", "address", "city", "region", "postcode", "country"),
    *("time_zone", "gln", "hours", "locale"),
)

_FIELDS: Final = (
    "code", "name", "short_name", "address", "city", "region", "postcode", "country", "time_zone", "gln", "hours",
    "locale",
)  # fmt: skip
_KINDS: Final = {
    FixtureKind.SHELF: "Shelf",
    FixtureKind.WINDOW: "Window",
    FixtureKind.POSTER: "Poster",
    FixtureKind.HANGTAG: "Rail with hang tags",
    FixtureKind.QUEUE: "Till queue",
    FixtureKind.WALL: "Wall of items",
    FixtureKind.SCREEN: "Screen",
}
_PER_PAGE: Final = 25
_STATES: Final = (("", "All"), ("open", "Open"), ("closed", "Closed"), ("zone", "Without a time zone"))
_NOT_PLACES: Final = ("Etc/", "SystemV/", "posix/", "right/")


@blueprint.get("/desk/stores")
@allow(*PUBLISHERS)
def show_list() -> Response:
    """All stores."""
    db, retailer_id = get_db(), str(current_principal().retailer_id)
    stores = list_stores(db, retailer_id)
    find, state, number = search_words(request.args.get("find", "")), request.args.get("state", ""), page_number()
    found = [each for each in stores if _is_found(each, find.casefold(), state)]
    shown = found[(number - 1) * _PER_PAGE : number * _PER_PAGE]
    places = Counter(each.store_id for each in list_fixtures(db, retailer_id))
    codes = _codes_by(db, retailer_id, "store")
    rows = tuple(
        StoreRow(
            name=each.name,
            href=f"/desk/stores/{each.id}",
            code=each.code,
            city=each.city,
            places=f"{places[each.id]:,}",
            codes=f"{codes.get(each.id, 0):,}",
            codes_href=f"/desk/codes?store={each.id}",
            is_open=each.is_open,
            is_zone_guessed=each.is_zone_guessed,
        )
        for each in shown
    )
    warehouses = tuple(WarehouseRow(each.name, each.code) for each in list_warehouses(db, retailer_id))
    page = StoresPage(
        lede=_list_lede(stores),
        find=find,
        state=state,
        states=_STATES,
        is_long=len(stores) > _PER_PAGE or bool(find or state),
        is_filtered=bool(find or state),
        rows=rows,
        paging=paging("store", shown=len(rows), total=len(found), number=number, per_page=_PER_PAGE),
        warehouses=warehouses,
    )
    return render("desk/stores.html", page)


def _is_found(store: Store, words: str, state: str) -> bool:
    """Whether a store has these words in its name, code or city, and is in this state."""
    told = {"open": store.is_open, "closed": not store.is_open, "zone": store.is_zone_guessed}
    return told.get(state, True) and words in f"{store.name} {store.code} {store.city}".casefold()


def _list_lede(stores: list[Store]) -> str:
    closed = sum(1 for each in stores if not each.is_open)
    said = "1 store" if len(stores) == 1 else f"{len(stores):,} stores"
    lede = f"{said}, {closed} closed." if closed else f"{said}, all open." if stores else "No store yet."
    if guessed := sum(1 for each in stores if each.is_zone_guessed):
        lede += " 1 waits for its time zone." if guessed == 1 else f" {guessed:,} wait for their time zone."
    return lede


@blueprint.get("/desk/stores/new")
@allow(*PUBLISHERS)
def show_new() -> Response:
    """The form of a new store."""
    retailer = get_retailer(get_db(), current_principal().retailer_id)
    form = StoreForm(**{**dict.fromkeys(_FIELDS, ""), "time_zone": retailer.time_zone})
    return render("desk/store_new.html", NewStorePage(form, _zones(), _languages(retailer), {}))


@blueprint.post("/desk/stores")
@allow(*PUBLISHERS)
def add() -> Response:
    """Add a store."""
    db, principal, at = get_db(), current_principal(), now()
    retailer = get_retailer(db, principal.retailer_id)
    try:
        store = service.add_store(db, retailer, _details(), at=at)
    except FormError as error:
        page = NewStorePage(_typed(), _zones(), _languages(retailer), error.problems)
        return render("desk/store_new.html", page, status=422)
    audit.record(db, principal, "store.add", ("store", store.id), at=at, retailer_id=retailer.id)
    db.commit()
    notice(f"{store.name} is added. Name the places in it where codes will hang.")
    return redirect_to(f"/desk/stores/{store.id}#places")


@blueprint.get("/desk/stores/<store_id>")
@allow(*PUBLISHERS)
def show(store_id: str) -> Response:
    """One store."""
    return _render(get_db(), _get_store(store_id))


@blueprint.post("/desk/stores/<store_id>")
@allow(*PUBLISHERS)
def change(store_id: str) -> Response:
    """Say something else of a store."""
    db, principal, at = get_db(), current_principal(), now()
    store = _get_store(store_id)
    before = audit.state_of(store, *_NOTED)
    try:
        service.change_store(db, get_retailer(db, store.retailer_id), store, _details(), at=at)
    except FormError as error:
        return _render(db, store, Sent("details", request.form, error.problems))
    detail = audit.changes(before, audit.state_of(store, *_NOTED))
    audit.record(
        db, principal, "store.change", ("store", store.id), at=at, retailer_id=store.retailer_id, detail=detail
    )
    db.commit()
    notice(f"{store.name} is changed.")
    return redirect_to(f"/desk/stores/{store.id}")


@blueprint.post("/desk/stores/<store_id>/networks")
@allow(*PUBLISHERS)
def set_networks(store_id: str) -> Response:
    """Say which addresses the store's own Wi-Fi leaves from."""
    db, principal, at = get_db(), current_principal(), now()
    store = _get_store(store_id)
    try:
        service.set_networks(db, store, request.form.get("networks", "").replace(",", "\n").split("\n"))
    except FormError as error:
        return _render(db, store, Sent("networks", request.form, error.problems))
    audit.record(db, principal, "store.networks", ("store", store.id), at=at, retailer_id=store.retailer_id)
    db.commit()
    notice("Known. Scans are told apart by it from the next minute on.")
    return redirect_to(f"/desk/stores/{store.id}#networks")


@blueprint.post("/desk/stores/<store_id>/calls")
@allow(*PUBLISHERS)
def set_calls(store_id: str) -> Response:
    """Say whether shoppers may call an associate here, and when somebody comes."""
    db, principal, at = get_db(), current_principal(), now()
    store = _get_store(store_id)
    try:
        set_rule(db, store, read_terms(request.form), actor=principal, at=at)
    except FormError as error:
        db.rollback()
        return _render(db, _get_store(store_id), Sent("calls", request.form, error.problems))
    db.commit()
    notice("Saved. Shoppers’ pages say it at their next scan.")
    return redirect_to(f"/desk/stores/{store_id}#calls")


@blueprint.post("/desk/stores/<store_id>/places")
@allow(*PUBLISHERS)
def add_place(store_id: str) -> Response:
    """Add a shelf, window or poster."""
    db, principal, at = get_db(), current_principal(), now()
    store = _get_store(store_id)
    try:
        place = service.add_fixture(db, store, name=request.form.get("name", ""), kind=_kind())
    except FormError as error:
        return _render(db, store, Sent("place", request.form, error.problems))
    audit.record(db, principal, "place.add", ("fixture", place.id), at=at, retailer_id=store.retailer_id)
    db.commit()
    notice(f"{place.name} is added. Codes can be made for it now.")
    return redirect_to(f"/desk/stores/{store.id}#places")


@blueprint.post("/desk/places/<fixture_id>")
@allow(*PUBLISHERS)
def change_place(fixture_id: str) -> Response:
    """Call a place something else; its codes and its numbers stay with it."""
    db, principal, at = get_db(), current_principal(), now()
    place = get_one(db, Fixture, fixture_id, "This place is not here.")
    store = _get_store(place.store_id)
    before = audit.state_of(place, "name", "kind")
    try:
        service.change_fixture(db, place, name=request.form.get("name", ""), kind=_kind(), at=at)
    except FormError as error:
        return _render(db, store, Sent(place.id, request.form, error.problems))
    detail = audit.changes(before, audit.state_of(place, "name", "kind"))
    subject = ("fixture", place.id)
    audit.record(db, principal, "place.change", subject, at=at, retailer_id=store.retailer_id, detail=detail)
    db.commit()
    notice(f"{place.name} is changed.")
    return redirect_to(f"/desk/stores/{store.id}#places")


@blueprint.post("/desk/stores/<store_id>/close")
@allow(*PUBLISHERS)
def close(store_id: str) -> Response:
    """No longer name a store on shoppers' pages; its codes go on working."""
    return _set_open(store_id, False, "Shoppers’ pages no longer name {store}. Its codes go on working.")


@blueprint.post("/desk/stores/<store_id>/open")
@allow(*PUBLISHERS)
def reopen(store_id: str) -> Response:
    """Name a store on shoppers' pages again."""
    return _set_open(store_id, True, "{store} is open. Shoppers’ pages name it again.")


def _set_open(store_id: str, is_open: bool, said: str) -> Response:
    db, principal, at = get_db(), current_principal(), now()
    store = _get_store(store_id)
    service.set_open(db, store, is_open, at=at)
    action = "store.open" if is_open else "store.close"
    audit.record(db, principal, action, ("store", store.id), at=at, retailer_id=store.retailer_id)
    db.commit()
    notice(said.format(store=store.short_name))
    return redirect_to(f"/desk/stores/{store.id}")


def _get_store(store_id: str) -> Store:
    return get_one(get_db(), Store, store_id, "This store is not here.")


def _details() -> StoreDetails:
    said = {name: request.form.get(name, "") for name in _FIELDS}
    return StoreDetails(**{**said, "gln": said["gln"].strip() or None})  # type: ignore[arg-type]


def _typed() -> StoreForm:
    return StoreForm(**{name: request.form.get(name, "") for name in _FIELDS})


def _kind() -> FixtureKind:
    asked = request.form.get("kind", "")
    return FixtureKind(asked) if asked in set(FixtureKind) else FixtureKind.SHELF


def _render(db: Session, store: Store, sent: Sent | None = None) -> Response:
    sent = sent or Sent()
    places = [each for each in list_fixtures(db, store.retailer_id) if each.store_id == store.id]
    codes = _codes_by(db, store.retailer_id, "fixture")
    is_new_place = sent.form == "place"
    page = StorePage(
        id=store.id,
        name=store.name,
        lede=_lede(store, len(places), _codes_by(db, store.retailer_id, "store").get(store.id, 0)),
        is_open=store.is_open,
        form=_typed() if sent.form == "details" else _form_of(store),
        zones=_zones(),
        languages=_languages(get_retailer(db, store.retailer_id)),
        is_zone_guessed=store.is_zone_guessed,
        hours_said=_hours_said(store),
        networks=sent.typed.get("networks", "") if sent.form == "networks" else "\n".join(list_networks(db, store.id)),
        places=tuple(_place_row(each, codes.get(each.id, 0), sent) for each in places),
        kinds=tuple((kind.value, word) for kind, word in _KINDS.items()),
        new_place=sent.typed.get("name", "") if is_new_place else "",
        new_kind=sent.typed.get("kind", "") if is_new_place else FixtureKind.SHELF.value,
        calls=calls_form(db, store, sent.typed if sent.form == "calls" else None, at=now()),
        insights_href=f"/desk/insights?store={store.id}",
        problems=dict(sent.problems),
        wrong_form=sent.form,
    )
    return render("desk/store.html", page, status=422 if sent.problems else 200)


def _hours_said(store: Store) -> str:
    """How a store's hours are understood, or why they stay a text."""
    if not store.hours or store.is_zone_guessed:
        return ""
    try:
        hours = parse_hours(store.hours)
    except HoursUnclear as error:
        return f"Shoppers read them as they stand, without “open until”. {error}"
    return f"Understood as {format_week(hours.week)}, so that pages can say “open until”."


def _form_of(store: Store) -> StoreForm:
    return StoreForm(**{name: getattr(store, name) or "" for name in _FIELDS})


def _place_row(place: Fixture, codes: int, sent: Sent) -> PlaceRow:
    is_wrong = sent.form == place.id
    return PlaceRow(
        id=place.id,
        name=sent.typed.get("name", "") if is_wrong else place.name,
        kind=sent.typed.get("kind", "") if is_wrong else place.kind.value,
        codes=codes,
        codes_href=f"/desk/codes?place={place.id}",
        problem=sent.problems.get("name", "") if is_wrong else "",
    )


def _lede(store: Store, places: int, codes: int) -> str:
    where = f"{store.address}, {store.city}" if store.address and store.city else store.address or store.city
    said = f"{places} {'place' if places == 1 else 'places'}, {codes:,} {'code' if codes == 1 else 'codes'} in use."
    return f"{where}. {said}" if where else said


def _codes_by(db: Session, retailer_id: str, what: str) -> dict[str, int]:
    """How many codes in use hang in each store, or at each fixture."""
    column = Code.store_id if what == "store" else Code.fixture_id
    wanted = select(column, func.count()).where(
        Code.retailer_id == retailer_id, Code.state == CodeState.ACTIVE, column.is_not(None)
    )
    return {str(row_id): count for row_id, count in db.execute(wanted.group_by(column))}


def _languages(retailer: Retailer) -> tuple[tuple[str, str], ...]:
    """What a store may speak where a phone speaks none of the retailer's languages; nothing where there is but one."""
    first, *others = locales_of(retailer)
    if not others:
        return ()
    return (("", f"{language_name(first, 'en')}, your first"), *((each, language_name(each, "en")) for each in others))


@cache
def _zones() -> tuple[str, ...]:
    """The time zones that are called after a place."""
    return tuple(sorted(each for each in time_zones() if "/" in each and not each.startswith(_NOT_PLACES)))
