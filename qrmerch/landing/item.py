"""An item's page, printed or not, and what a shopper does on it: keep, share."""

from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from flask import Blueprint, Response, jsonify, request

from qrmerch.access import allow_anyone
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.db import get_one
from qrmerch.i18n import translator
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
    count_view,
    get_scan_path,
)
from qrmerch.landing.shopper import (
    Place,
    find_host_retailer_id,
    find_place,
    find_said_visit,
    find_shopper,
    give_cookie,
    is_public_id,
    is_script,
    load_personal,
    read_secret,
    respond,
)
from qrmerch.parties.models import Store
from qrmerch.rendering.frame import build_frame
from qrmerch.rendering.service import render_item_page
from qrmerch.scans.service import record_event
from qrmerch.visitors.service import remember
from qrmerch.web import base_address, get_db, redirect_to, services
from qrmerch.wishlists.queries import find_share_link
from qrmerch.wishlists.service import keep, let_go, share

blueprint = Blueprint("landing_item", __name__)
_MAX_TYPED_CHARS: Final = 40


@blueprint.get("/q/<text>")
@blueprint.get("/Q/<text>")
@allow_anyone
def show_printed(text: str) -> Response:
    """A printed code's page after a miss of the front door; a helpful page where no code has this address."""
    answer = answer_scan(text)
    if answer is not None:
        return answer
    count_orphan(find_host_retailer_id(), text)
    return answer_missing(typed=text[:_MAX_TYPED_CHARS])


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
    store = codes.find_store(request.args.get("at", ""), item.retailer_id)
    wanted = request.args.get("lang", "")
    is_offered = wanted in (retailer.default_locale, *retailer.locales)
    locale = wanted if is_offered else retailer.locale_for[request.headers.get("Accept-Language", "")]
    return Shown(item, store.store_id if store else "", locale)


def _shown(place: Place) -> Shown:
    known = KnownItem(place.item.id, place.item.public_id, place.item.retailer_id)
    return Shown(known, place.store_id or "", place.locale)


def _personal_page(place: Place, headers: tuple[tuple[str, str], ...]) -> Response:
    """The item's page with this shopper's hearts, for nobody else to keep."""
    db, at = get_db(), now()
    visitor = find_shopper(db, place.item.retailer_id)
    page = render_item_page(
        db,
        item_id=place.item.id,
        store_id=place.store_id,
        locale=place.locale,
        at=at,
        base_url=services().settings.base_url,
        personal=load_personal(db, visitor) if visitor else None,
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
    secret = read_secret()
    if request.form.get("keep") == "no":
        visitor = find_shopper(db, place.item.retailer_id)
        is_changed = visitor is not None and let_go(db, visitor, place.item, at=at)
    else:
        t = translator(place.locale)
        known = remember(
            db,
            place.item.retailer_id,
            secret,
            shown_text=f"{t('Keep on my list')}. {t(KEEPING_NOTICE)}",
            locale=place.locale,
            at=at,
        )
        visitor, secret = known.visitor, known.secret
        is_changed = keep(db, visitor, place.item, store_id=place.store_id, at=at)
    if is_changed:
        record_event(
            db,
            kind="unkeep" if request.form.get("keep") == "no" else "keep",
            retailer_id=place.item.retailer_id,
            item_id=place.item.id,
            store_id=place.store_id,
            visit=find_said_visit(at=at),
            at=at,
        )
    kept = list(load_personal(db, visitor).kept) if visitor else []
    db.commit()
    response = jsonify(kept=kept) if is_script() else redirect_to(_back(place))
    if visitor is not None and secret:
        give_cookie(response, secret)
    return response


# Stands on every page that has a heart, and is kept with the consent.
KEEPING_NOTICE: Final = (
    "Keeping something sets one cookie on this phone, so that your list can be found again. It holds no name."
)


@blueprint.post("/i/<public_id>/share")
@allow_anyone
def share_item(public_id: str) -> Response:
    """Make a link to hand on: for the script as JSON, else on a page of its own."""
    db, at = get_db(), now()
    place = find_place(db, public_id, at=at)
    if place is None:
        return answer_missing()
    link = share(db, place.item, store_id=place.store_id, at=at)
    record_event(
        db,
        kind="share",
        retailer_id=place.item.retailer_id,
        item_id=place.item.id,
        store_id=place.store_id,
        visit=find_said_visit(at=at),
        at=at,
    )
    db.commit()
    if is_script():
        return jsonify(url=f"{base_address()}/s/{link.public_id}")
    return redirect_to(f"/i/{public_id}/share/{link.public_id}?{_query(place)}")


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
    url = f"{base_address()}/s/{link.public_id}"
    page = SharePage(
        t=t,
        frame=frame,
        title=place.item.title,
        url=url,
        mail=f"mailto:?subject={quote(place.item.title)}&body={quote(url)}",
        sms=f"sms:?&body={quote(f'{place.item.title} {url}')}",
        back=_back(place),
    )
    return respond("landing/share.html", page, block)


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
    return _personal_page(Place(item, store, place.house, place.locale), headers)


@blueprint.post("/v")
@allow_anyone
def see_page() -> Response:
    """A page was on the screen for a second: its visit, and what this shopper keeps."""
    said = urlsplit(request.form.get("page", ""))
    public_id = said.path.removeprefix("/i/")
    with services().database.read() as db:
        item = get_scan_path().codes.items.get(public_id) or _find_unprinted(public_id)
        if item is None:
            return answer_missing()
        query = dict(part.partition("=")[::2] for part in said.query.split("&"))
        store = get_scan_path().codes.find_store(query.get("at", ""), item.retailer_id)
        visit = count_view(
            item,
            store.store_id if store else "",
            said=request.form.get("v", ""),
            text=request.form.get("code", "")[:_MAX_TYPED_CHARS],
        )
        visitor = find_shopper(db, item.retailer_id)
        if visitor is None:
            return jsonify(v=visit)
        return jsonify(v=visit, kept=list(load_personal(db, visitor).kept))


def _find_unprinted(public_id: str) -> KnownItem | None:
    with services().database.read() as db:
        place = find_place(db, public_id, at=now())
    return KnownItem(place.item.id, place.item.public_id, place.item.retailer_id) if place else None


def _query(place: Place) -> str:
    values = {"at": place.store.public_id} if place.store else {}
    return urlencode({**values, "lang": place.locale})


def _back(place: Place) -> str:
    """The page a form was sent from: its own item's, in the same store and language."""
    said = request.values.get("back", "")
    if said == "my":
        return f"/my?lang={place.locale}"
    return f"/i/{said if is_public_id(said) else place.item.public_id}?{_query(place)}"
