"""A store's own page, and which store a shopper is in who came by a code that hangs in none."""

from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone
from qrmerch.clock import now
from qrmerch.i18n import counter, format_number, translator
from qrmerch.landing.helpful import answer_missing
from qrmerch.landing.pages import StoreChoice, WherePage
from qrmerch.landing.scanning import answer_store
from qrmerch.landing.shopper import (
    choose_locale,
    find_host_retailer_id,
    find_place,
    is_public_id,
    page_number,
    respond,
)
from qrmerch.parties.models import Store
from qrmerch.parties.queries import find_store, search_stores
from qrmerch.rendering.frame import House, build_frame, load_house
from qrmerch.rendering.service import item_address
from qrmerch.rendering.store_page import make_store_page
from qrmerch.web import get_db, search_words

blueprint = Blueprint("landing_stores", __name__)
_MOST: Final = 60


@blueprint.get("/store/<public_id>")
@allow_anyone
def show_store(public_id: str) -> Response:
    """A store's page reached without a printed code; or a further page of it, or what was looked for in it."""
    db = get_db()
    store = find_store(db, public_id) if is_public_id(public_id) else None
    if store is None or find_host_retailer_id() not in (None, store.retailer_id):
        return answer_missing()
    at = now()
    locale = choose_locale(load_house(db, store.retailer_id, at=at), store)
    find, number = search_words(request.args.get("find", "")), page_number()
    if not find and number == 1:
        return answer_store(store.id, locale)
    made = make_store_page(db, store, locale, at=at, find=find, number=number)
    return respond(made.page.template, made.page, made.block)


@blueprint.get("/i/<public_id>/where")
@allow_anyone
def ask_where(public_id: str) -> Response:
    """The stores of an item's retailer, to say in which one somebody stands; found by name or town."""
    db, at = get_db(), now()
    place = find_place(db, public_id, at=at)
    if place is None:
        return answer_missing()
    item, lang, pick = place.item, place.house.lang(place.locale), place.pick
    return show_where(
        db,
        place.house,
        f"/i/{public_id}/where",
        lambda store: item_address(item, store, lang, is_nowhere=store is None, pick=pick),
        pick=pick,
    )


def show_where(
    db: Session, house: House, action: str, address: Callable[[Store | None], str], *, pick: str = ""
) -> Response:
    """The stores of a house, each leading back to a page as it is there; found by name or town.

    :param action: the address of this very list.
    :param address: the page in a store, or (None) for somebody who is in none.
    :param pick: handed on when a store is looked for.
    """
    locale = choose_locale(house)
    t, find = translator(locale), search_words(request.args.get("find", ""))
    stores, total = search_stores(db, str(house.retailer_id), find, limit=_MOST)
    frame, block = build_frame(house, locale=locale, title=t("Which store are you in?"))
    page = WherePage(
        t=t,
        frame=frame,
        action=action,
        pick=pick,
        find=find,
        stores=tuple(StoreChoice(each.name, each.town, address(each)) for each in stores),
        more=_word_more(total - len(stores), locale),
        nowhere=address(None),
    )
    return respond("landing/where.html", page, block)


def _word_more(more: int, locale: str) -> str:
    if more <= 0:
        return ""
    words = counter(locale)(
        more,
        "There is one more. Write a part of the name or the town.",
        "There are {count} more. Write a part of the name or the town.",
    )
    return words.format(count=format_number(more, locale))
