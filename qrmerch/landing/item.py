"""An item's page, printed or not, and what a shopper does on it: keep, share."""

from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.codes.tokens import find_token
from qrmerch.db import get_one
from qrmerch.i18n import translator
from qrmerch.landing.counting import is_internal
from qrmerch.landing.guessing import note_miss, refuse_guessing
from qrmerch.landing.helpful import answer_missing
from qrmerch.landing.pages import SharePage
from qrmerch.landing.printed import KnownItem
from qrmerch.landing.scanning import (
    Shown,
    answer_item,
    answer_scan,
    count_orphan,
    count_page,
    count_share,
    get_scan_path,
)
from qrmerch.landing.shopper import (
    Place,
    find_host_retailer_id,
    find_place,
    find_said_visit,
    find_shopper,
    give_cookie,
    is_list_secret,
    is_public_id,
    is_script,
    list_shoppers,
    load_personal,
    read_secret,
    respond,
    shared_list_address,
    slow_down,
)
from qrmerch.landing.typed import plain_token
from qrmerch.parties.models import Store
from qrmerch.parties.queries import printed_base
from qrmerch.rendering.frame import KEEPING_NOTICE, build_frame
from qrmerch.rendering.kept import NOWHERE
from qrmerch.rendering.service import list_cards, render_item_page
from qrmerch.scans.service import record_event
from qrmerch.visitors.models import Visitor
from qrmerch.visitors.service import remember
from qrmerch.web import base_address, get_db, redirect_to, services
from qrmerch.wishlists.queries import find_share_link
from qrmerch.wishlists.service import ListFull, keep, let_go, share

blueprint = Blueprint("landing_item", __name__)
_MAX_TYPED_CHARS: Final = 40
_LOOK: Final = "/look/"


@blueprint.get("/q/<path:text>")
@blueprint.get("/Q/<path:text>")
@allow_anyone
def show_printed(text: str) -> Response:
    """A printed code's page after a miss of the front door; a helpful page where no code has this address."""
    typed = plain_token(text)
    answer = answer_scan(typed)
    if answer is not None:
        return answer
    refuse_guessing()
    note_miss()
    count_orphan(find_host_retailer_id(), typed)
    return answer_missing(typed=typed)


@blueprint.get("/q/")
@allow_anyone
def find_typed() -> Response:
    """A code from the field of a form: on to its address; without one, to help."""
    typed = plain_token(request.args.get("code", ""))
    token = find_token(typed)
    if token:
        return redirect_to(f"/q/{token}")
    said = urlencode({name: request.args[name][:_MAX_TYPED_CHARS] for name in ("of", "lang") if request.args.get(name)})
    return redirect_to(f"/q/{quote(typed)}?{said}" if typed else f"/help?{said}")


@blueprint.get("/i/<public_id>")
@allow_anyone
def show_item(public_id: str) -> Response:
    """An item's page reached without a printed code; with the shopper's hearts where they have a cookie."""
    if read_secret() is None and (shown := _find_known(public_id)) is not None:
        return answer_item(shown)
    db, at = get_db(), now()
    place = find_place(db, public_id, at=at)
    if place is None:
        return answer_missing()
    shown = _shown(place)
    if find_shopper(db, place.item.retailer_id) is None:
        return answer_item(shown)
    return _personal_page(place, count_page(shown))


def _find_known(public_id: str) -> Shown | None:
    """What to show, without asking the database: items with printed codes are known by heart."""
    codes = get_scan_path().codes
    item = codes.items.get(public_id)
    retailer = codes.retailers.get(item.retailer_id) if item else None
    if item is None or retailer is None or find_host_retailer_id() not in (None, item.retailer_id):
        return None
    if request.args.get("pick"):
        # Only the database knows which variants there are.
        return None
    store = codes.find_store(request.args.get("at", ""), item.retailer_id)
    wanted = request.args.get("lang", "")
    is_offered = wanted in (retailer.default_locale, *retailer.locales)
    accept, local = request.headers.get("Accept-Language", ""), store.locale if store else ""
    locale = wanted if is_offered else retailer.choose_locale(accept, local)
    return Shown(item, store.store_id if store else "", locale, request.args.get("at") == NOWHERE)


def _shown(place: Place) -> Shown:
    known = KnownItem(place.item.id, place.item.public_id, place.item.retailer_id)
    return Shown(known, place.store_id or "", place.locale, place.is_nowhere, place.pick)


def _personal_page(place: Place, headers: tuple[tuple[str, str], ...], *, is_away: bool = False) -> Response:
    """The item's page with this shopper's hearts, for nobody else to keep.

    :param is_away: they need not stand in the place's store.
    """
    db, at = get_db(), now()
    visitor = find_shopper(db, place.item.retailer_id)
    page = render_item_page(
        db,
        item_id=place.item.id,
        store_id=place.store_id,
        locale=place.locale,
        at=at,
        is_nowhere=place.is_nowhere,
        pick=place.pick,
        base_url=services().settings.base_url,
        personal=load_personal(db, visitor) if visitor else None,
        is_away=is_away,
    )
    response = Response(page.html, mimetype="text/html")
    response.headers.extend([*page.headers, *headers])
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.post("/i/<public_id>/keep")
@allow_anyone
def keep_item(public_id: str) -> Response:
    """Keep an item or let it go, as the form says; the phone gets its cookie with the first one kept."""
    db, at = get_db(), now()
    place = find_place(db, public_id, at=at)
    if place is None:
        return answer_missing()
    try:
        visitor, secret = _keep(db, place, at) if request.form.get("keep") != "no" else _let_go(db, place, at)
    except ListFull as full:
        return _answer_full(full, place)
    kept = _list_kept(db, visitor)
    db.commit()
    response = jsonify(kept=kept) if is_script() else redirect_to(_back(place))
    if visitor is not None and secret:
        give_cookie(response, secret)
    return response


def _list_kept(db: Session, visitor: Visitor | None) -> list[str]:
    """Whose hearts the page shows: this retailer's, or on the list those of every retailer in it."""
    shoppers = list_shoppers(db) if request.form.get("back") == "my" else [visitor] if visitor else []
    return [public_id for each in shoppers for public_id in load_personal(db, each).kept]


def _keep(db: Session, place: Place, at: datetime) -> tuple[Visitor, str]:
    t = translator(place.locale)
    known = remember(
        db,
        place.item.retailer_id,
        read_secret(),
        shown_text=f"{t('Keep on my list')}. {t(KEEPING_NOTICE)}",
        locale=place.locale,
        at=at,
    )
    if known.is_new:
        slow_down("phones", t)
    if keep(db, known.visitor, place.item, store_id=place.store_id, at=at):
        _record(db, "keep", place, at)
    return known.visitor, known.secret


def _let_go(db: Session, place: Place, at: datetime) -> tuple[Visitor | None, str | None]:
    visitor = find_shopper(db, place.item.retailer_id)
    if visitor is not None and let_go(db, visitor, place.item, at=at):
        _record(db, "unkeep", place, at)
    return visitor, read_secret()


def _record(db: Session, kind: str, place: Place, at: datetime) -> None:
    if is_internal(request.environ):
        return
    record_event(
        db,
        kind=kind,
        retailer_id=place.item.retailer_id,
        item_id=place.item.id,
        store_id=place.store_id,
        visit=find_said_visit(at=at),
        at=at,
    )


def _answer_full(full: ListFull, place: Place) -> Response:
    if not is_script() and is_list_secret(request.values.get("back", "")):
        return redirect_to(_back(place, full="1"))
    if not is_script():
        return redirect_to(f"/my?{_said(place, full='1')}")
    words = translator(place.locale)("The list is full. Let one go to keep another.")
    response = jsonify(type=full.slug, status=full.status, detail=words)
    response.status_code = full.status
    return response


@blueprint.post("/i/<public_id>/share")
@allow_anyone
def share_item(public_id: str) -> Response:
    """Make a link to hand on: for the script as JSON, else on a page of its own."""
    db, at = get_db(), now()
    place = find_place(db, public_id, at=at)
    if place is None:
        return answer_missing()
    slow_down("links", translator(place.locale))
    link = share(db, place.item, store_id=place.store_id, at=at)
    _record(db, "share", place, at)
    db.commit()
    page = f"/i/{public_id}/share/{link.public_id}?{_query(place)}"
    if is_script():
        return jsonify(url=_share_url(db, place, link.public_id), page=page)
    return redirect_to(page)


@blueprint.get("/i/<public_id>/share/<link_id>")
@allow_anyone
def show_share(public_id: str, link_id: str) -> Response:
    """The link to hand on, to copy or to send."""
    db, at = get_db(), now()
    place = find_place(db, public_id, at=at)
    link = find_share_link(db, link_id) if is_public_id(link_id) else None
    if place is None or link is None or link.item_id != place.item.id:
        return answer_missing()
    t = translator(place.locale)
    frame, block = build_frame(place.house, locale=place.locale, title=t("Share"))
    url = _share_url(db, place, link.public_id)
    (card,) = list_cards(db, [place.item], locale=place.locale, store=place.store, kept=(), at=at)
    page = SharePage(
        t=t,
        frame=frame,
        title=place.item.title,
        picture=card.picture,
        url=url,
        mail=f"mailto:?subject={quote(place.item.title)}&body={quote(url)}",
        sms=f"sms:?&body={quote(f'{place.item.title} {url}')}",
        back=_back(place),
    )
    return respond("landing/share.html", page, block)


def _share_url(db: Session, place: Place, link_id: str) -> str:
    """A link to hand on: at the retailer's own host where it has one, else at the one this request came to."""
    return f"{printed_base(db, place.item.retailer_id, base_url=base_address())}/s/{link_id}"


@blueprint.get("/s/<link_id>")
@allow_anyone
def show_shared(link_id: str) -> Response:
    """The page a friend was sent: a visit, never a scan."""
    db, at = get_db(), now()
    link = find_share_link(db, link_id) if is_public_id(link_id) else None
    if link is None or find_host_retailer_id() not in (None, link.retailer_id):
        return answer_missing()
    item = get_one(db, Item, link.item_id)
    place = find_place(db, item.public_id, at=at)
    if place is None:
        return answer_missing()
    store = db.get(Store, link.store_id) if link.store_id else None
    headers = count_share(link.retailer_id, link.public_id)
    return _personal_page(Place(item, store, place.house, place.locale), headers, is_away=True)


def _said(place: Place, **more: str) -> str:
    """The query of an address of the list: the brand and the language the form was in, and more."""
    brand = request.values.get("of", place.house.slug)[:_MAX_TYPED_CHARS]
    lang = request.values.get("lang", place.locale)[:_MAX_TYPED_CHARS]
    return urlencode({name: value for name, value in {"of": brand, "lang": lang, **more}.items() if value})


def _query(place: Place) -> str:
    values = {"at": _at(place), "lang": place.locale, "pick": place.pick}
    return urlencode({name: value for name, value in values.items() if value})


def _at(place: Place) -> str:
    return place.store.public_id if place.store else NOWHERE if place.is_nowhere else ""


def _back(place: Place, *, full: str = "") -> str:
    """The page a form was sent from: the list, a friend's, or an item's or a look's in the same store and language."""
    said = request.values.get("back", "")
    if is_list_secret(said):
        visit, store = request.form.get("v", "")[:_MAX_TYPED_CHARS], _at(place)
        return shared_list_address(
            said, store=store, locale=place.locale, visit=visit, place=place.item.public_id, full=full
        )
    if said == "my":
        return f"/my?{_said(place, gone=place.item.public_id if request.form.get('keep') == 'no' else '')}"
    page = said if said.startswith(_LOOK) and is_public_id(said.removeprefix(_LOOK)) else ""
    return f"{page or f'/i/{said if is_public_id(said) else place.item.public_id}'}?{_query(place)}"
