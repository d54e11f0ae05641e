"""Calling an associate to an item, and the page of that call: for whoever holds its address, and nobody else.

No cookie, no name, no number of a phone. A call is made when its form arrives and never later: nothing keeps it back.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Final
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone
from qrmerch.calls import service
from qrmerch.calls.models import Call, CallState, Why
from qrmerch.calls.queries import find_call, find_rule
from qrmerch.calls.service import CallGone, CallRefused, Refusal
from qrmerch.catalog.models import Item, Variant
from qrmerch.catalog.queries import list_variants
from qrmerch.clock import now
from qrmerch.codes.tokens import find_token
from qrmerch.i18n import format_time, translator
from qrmerch.landing.call_pages import CallPage, CallSizePage, NobodyPage
from qrmerch.landing.counting import is_internal, is_program
from qrmerch.landing.helpful import answer_missing
from qrmerch.landing.scanning import get_scan_path
from qrmerch.landing.shopper import (
    Place,
    choose_locale,
    find_host_retailer_id,
    find_place,
    find_said_visit,
    is_public_id,
    respond,
    slow_down,
)
from qrmerch.parties.models import Fixture, Store
from qrmerch.parties.queries import get_retailer, list_fixtures
from qrmerch.rendering.frame import House, build_frame, load_house
from qrmerch.rendering.pages import Fact, Translate
from qrmerch.rendering.queries import load_shelves, stock_limit
from qrmerch.rendering.service import item_address
from qrmerch.rendering.wording import word_choice, word_variant
from qrmerch.users.models import User
from qrmerch.web import get_db, redirect_to, services

blueprint = Blueprint("landing_calls", __name__)
# What a network that is not the store's own calls in ten minutes: a family may, a script does more.
_MOST_CALLS: Final = 12
# Instead of a size: somebody shall come and help to find it.
_ANY: Final = "any"
_MAX_TYPED_CHARS: Final = 200
_MOST_PLACES: Final = 60


@blueprint.post("/i/<public_id>/call")
@allow_anyone
def call_somebody(public_id: str) -> Response:
    """Call an associate to an item in a store; asks for the size first where that is what shall be brought."""
    db, at = get_db(), now()
    place = find_place(db, public_id, at=at)
    if place is None or place.store is None or is_program(request.environ):
        return answer_missing()
    said = request.form.get("variant", "")
    variants = [each for each in list_variants(db, place.item.id) if not each.is_hidden]
    variant = next((each for each in variants if each.key == said), variants[0] if len(variants) == 1 else None)
    if variant is None and said != _ANY and request.form.get("bring") == "size":
        return _ask_size(db, place, place.store, at=at)
    _slow_down(place)
    visit = find_said_visit(at=at)
    try:
        made = service.call(
            db,
            place.store,
            place.item,
            variant=variant,
            fixture=_find_fixture(db, place.store),
            caller=_name_caller(place.store, visit),
            visit=visit,
            at=at,
            is_counted=not is_internal(request.environ),
        )
    except CallRefused as refused:
        db.rollback()
        if refused.held is not None and visit is not None:
            # The visit's own call: a second press of the same button.
            return redirect_to(_address_of(refused.held, place.house, place.locale))
        return _answer_refused(refused, place)
    db.commit()
    return redirect_to(_address_of(made, place.house, place.locale))


@blueprint.get("/call/<public_id>")
@allow_anyone
def show_call(public_id: str) -> Response:
    """What has become of a call, for whoever holds its address."""
    db = get_db()
    found = _find_call(db, public_id)
    return answer_missing() if found is None else _show(db, found, at=now())


@blueprint.post("/call/<public_id>/withdraw")
@allow_anyone
def withdraw_call(public_id: str) -> Response:
    """Nobody needs to come any more."""
    db, at = get_db(), now()
    found = _find_call(db, public_id)
    if found is None:
        return answer_missing()
    service.withdraw(db, found, at=at)
    db.commit()
    return _back_to(db, found, at=at)


@blueprint.post("/call/<public_id>/place")
@allow_anyone
def say_place(public_id: str) -> Response:
    """Where in the store the shopper stands, where no code said it."""
    db, at = get_db(), now()
    found = _find_call(db, public_id)
    if found is None:
        return answer_missing()
    name = request.form.get("place", "")
    fixture = next((each for each in _list_places(db, found) if each.name == name), None)
    if fixture is not None:
        try:
            service.say_place(db, found, fixture, at=at)
        except CallGone:
            # What has become of it meanwhile stands on its page.
            db.rollback()
        db.commit()
    return _back_to(db, found, at=at)


# --- who, where, which -----------------------------------------------------------------------------


def _find_call(db: Session, public_id: str) -> Call | None:
    found = find_call(db, public_id) if is_public_id(public_id) else None
    return found if found and find_host_retailer_id() in (None, found.retailer_id) else None


def _slow_down(place: Place) -> None:
    address = request.remote_addr or ""
    if not get_scan_path().codes.is_own_network(place.store_id or "", address):
        slow_down("calls", translator(place.locale), most=_MOST_CALLS)


def _name_caller(store: Store, visit: str | None) -> str:
    """Tells one visit from others; without one a phone's address and browser, which many on one network may share."""
    who = visit or f"{request.remote_addr} {request.headers.get('User-Agent', '')}"
    key = services().settings.secret_keys[0].encode()
    return hmac.new(key, f"call {store.id} {who}".encode(), hashlib.sha256).hexdigest()


def _find_fixture(db: Session, store: Store) -> Fixture | None:
    """Where the code hangs that the page was opened by: as its script says, or without one the page's own address."""
    said = request.form.get("from", "") or _printed_path(request.headers.get("Referer", ""))
    token = find_token(said[:_MAX_TYPED_CHARS])
    code = get_scan_path().codes.find(token) if token else None
    if code is None or code.store_id != store.id or not code.fixture_id:
        return None
    return db.get(Fixture, code.fixture_id)


def _printed_path(address: str) -> str:
    try:
        path = urlsplit(address).path
    except ValueError:
        return ""
    return path[3:] if path[:3].lower() == "/q/" else ""


def _list_places(db: Session, made: Call) -> list[Fixture]:
    return [each for each in list_fixtures(db, made.retailer_id) if each.store_id == made.store_id]


def _address_of(made: Call, house: House, locale: str) -> str:
    return house.address(f"/call/{made.public_id}", locale)


def _back_to(db: Session, made: Call, *, at: datetime) -> Response:
    house = load_house(db, made.retailer_id, at=at)
    return redirect_to(_address_of(made, house, choose_locale(house, db.get(Store, made.store_id))))


# --- pages -----------------------------------------------------------------------------------------


def _ask_size(db: Session, place: Place, store: Store, *, at: datetime) -> Response:
    """Which one shall be brought, with what the store has of each."""
    retailer = get_retailer(db, store.retailer_id)
    shelf = load_shelves(db, [place.item], {retailer.id: [store]}, {retailer.id: stock_limit(retailer)}, at=at)
    choice = word_choice(shelf[place.item.id], store, place.locale)
    if choice is None:
        return answer_missing()
    t = translator(place.locale)
    frame, block = build_frame(place.house, locale=place.locale, title=t("Which one shall we bring?"))
    kept = ("at", "lang", "v", "from")
    token = request.form.get("from", "") or _printed_path(request.headers.get("Referer", ""))
    said = {**{name: request.form.get(name, "") for name in kept}, "from": token, "bring": "size"}
    page = CallSizePage(
        t=t,
        frame=frame,
        item=place.item.title,
        item_href=place.page,
        action=f"/i/{place.item.public_id}/call",
        fields=tuple((name, value[:_MAX_TYPED_CHARS]) for name, value in said.items() if value),
        choice=choice,
    )
    return respond("landing/call_size.html", page, block)


def _answer_refused(refused: CallRefused, place: Place) -> Response:
    t = translator(place.locale)
    title, words = _word_refusal(refused.refusal, t)
    frame, block = build_frame(place.house, locale=place.locale, title=title)
    page = NobodyPage(t, frame, title, words, item=place.item.title, item_href=place.page)
    return respond("landing/call_refused.html", page, block, status=refused.status)


def _word_refusal(refusal: Refusal, t: Translate) -> tuple[str, str]:
    """What is wrong, in a few words and in a sentence or two."""
    sentences = {
        Refusal.ALL_BUSY: (
            t("Everybody is with somebody"),
            t("As many are waiting as we can come to. Try again in a few minutes, or ask at the till."),
        ),
        Refusal.OPEN_ALREADY: (
            t("Somebody is called already"),
            t("A phone like this one called from the same network, and somebody comes there first. Ask at the till."),
        ),
        Refusal.ITEM_RETIRED: (t("No longer sold"), t("The item’s page shows what took its place.")),
        Refusal.ITEM_DOWN: (t("Not available at the moment"), t("A colleague in the store can tell you more.")),
    }
    nobody = (t("Nobody can come at the moment"), t("Ask at the till, or try again later."))
    return sentences.get(refusal, nobody)


def _show(db: Session, made: Call, *, at: datetime) -> Response:
    store, item = db.get_one(Store, made.store_id), db.get_one(Item, made.item_id)
    house = load_house(db, made.retailer_id, at=at)
    locale = choose_locale(house, store)
    t, state = translator(locale), made.state_at(at)
    is_open = state in (CallState.ASKED, CallState.TAKEN)
    variant = db.get(Variant, made.variant_id) if made.variant_id else None
    fixture = db.get(Fixture, made.fixture_id) if made.fixture_id else None
    now_words, title, words = _word_state(made, state, _find_name(db, made), t)
    frame, block = build_frame(
        house, locale=locale, title=f"{title}. {t('Your number: {number}').format(number=made.number)}"
    )
    said = urlencode({"lang": locale})
    facts = [
        (t("Item"), item.title),
        (t("Which one"), word_variant(variant, locale) if variant else ""),
        (t("Where"), fixture.name if fixture else ""),
        (t("Store"), store.short_name),
        (t("Asked at"), format_time(made.asked_at, locale, store.time_zone)),
    ]
    page = CallPage(
        t=t,
        frame=frame,
        mark=f"{state} {made.fixture_id or ''}",
        is_open=is_open,
        number=str(made.number),
        now=now_words,
        title=title,
        words=words,
        facts=tuple(Fact(name, value) for name, value in facts if value),
        withdraw=f"/call/{made.public_id}/withdraw?{said}",
        place=f"/call/{made.public_id}/place?{said}",
        places=_name_places(db, made) if is_open and fixture is None else (),
        item=item.title,
        item_href=item_address(item, store, house.lang(locale)),
    )
    return respond("landing/call.html", page, block)


def _name_places(db: Session, made: Call) -> tuple[str, ...]:
    return tuple(each.name for each in _list_places(db, made))[:_MOST_PLACES]


def _find_name(db: Session, made: Call) -> str:
    """The first name of who comes, where the store lets shoppers read it."""
    rule = find_rule(db, made.store_id)
    user = db.get(User, made.taken_by) if made.taken_by and rule and rule.says_name else None
    return user.name.split()[0] if user and user.name.split() else ""


def _word_state(made: Call, state: CallState, name: str, t: Translate) -> tuple[str, str, str]:
    """The state in a word or two, as a heading, and in a sentence or two."""
    if state == CallState.ASKED:
        return (
            t("Asked"),
            t("We have heard you"),
            t("Everybody who works here can see it now. Stay where you are: this page says when somebody comes."),
        )
    if state == CallState.TAKEN:
        title = t("{name} is on the way").format(name=f"\u2068{name}\u2069") if name else t("Somebody is on the way")
        return t("On the way"), title, t("Stay where you are, and show this number.")
    if state == CallState.IMPOSSIBLE:
        return (t("Not possible"), *_word_why(made.why, t))
    ends = {
        CallState.DONE: (t("Done"), t("We were there"), t("If you need somebody again, the item’s page calls them.")),
        CallState.WITHDRAWN: (t("Withdrawn"), t("Nobody comes"), t("You said that you need nobody any more.")),
    }
    lapsed = (
        t("Over"),
        t("Nobody could come in time"),
        t("We are sorry. Ask at the till, or call again from the item’s page."),
    )
    return ends.get(state, lapsed)


def _word_why(why: Why | None, t: Translate) -> tuple[str, str]:
    sentences = {
        Why.NONE_HERE: (t("It is not here today"), t("We have looked. The item’s page says which store has it.")),
        Why.NOT_FOUND: (t("We did not find you"), t("Call again from where you stand, or ask at the till.")),
    }
    busy = t("Everybody is with somebody"), t("Try again in a few minutes, or ask at the till.")
    return sentences.get(why, busy) if why else busy
