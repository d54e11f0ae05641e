"""A look's page reached without a printed code, and in which store somebody sees it."""

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone
from qrmerch.clock import now
from qrmerch.landing.helpful import answer_missing
from qrmerch.landing.scanning import answer_page
from qrmerch.landing.shopper import (
    choose_locale,
    find_host_retailer_id,
    find_said_store,
    find_shopper,
    is_nowhere,
    is_public_id,
    load_personal,
)
from qrmerch.landing.stores import show_where
from qrmerch.looks.models import Look
from qrmerch.looks.queries import find_look
from qrmerch.rendering.frame import load_house
from qrmerch.rendering.kept import LOOK, NOWHERE, PageKey
from qrmerch.rendering.look_page import render_look_page
from qrmerch.rendering.service import look_address
from qrmerch.web import get_db

blueprint = Blueprint("landing_looks", __name__)


@blueprint.get("/look/<public_id>")
@allow_anyone
def show_look(public_id: str) -> Response:
    """A look's page, with the shopper's hearts where they have a cookie; nothing is counted."""
    db, at = get_db(), now()
    look = _find(db, public_id)
    if look is None:
        return answer_missing()
    store = find_said_store(db, look.retailer_id)
    locale = choose_locale(load_house(db, look.retailer_id, at=at), store)
    store_id = store.id if store else None
    visitor = find_shopper(db, look.retailer_id)
    if visitor is None:
        return answer_page(PageKey(look.id, store_id or (NOWHERE if is_nowhere() else ""), locale, LOOK))
    page = render_look_page(
        db,
        look_id=look.id,
        store_id=store_id,
        locale=locale,
        at=at,
        is_nowhere=is_nowhere(),
        personal=load_personal(db, visitor),
    )
    response = Response(page.html, mimetype="text/html")
    response.headers.extend(page.headers)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.get("/look/<public_id>/where")
@allow_anyone
def ask_where(public_id: str) -> Response:
    """The stores of a look's retailer, to say in which one somebody stands; found by name or town."""
    db, at = get_db(), now()
    look = _find(db, public_id)
    if look is None:
        return answer_missing()
    house = load_house(db, look.retailer_id, at=at)
    lang = house.lang(choose_locale(house))
    return show_where(
        db,
        house,
        f"/look/{look.public_id}/where",
        lambda store: look_address(look, store, lang, is_nowhere=store is None),
    )


def _find(db: Session, public_id: str) -> Look | None:
    """The look of an address, if the host that was asked answers for its retailer."""
    look = find_look(db, public_id) if is_public_id(public_id) else None
    return look if look and find_host_retailer_id() in (None, look.retailer_id) else None
