"""The way in: a retailer's start page, or the doors of the demo."""

from collections.abc import Callable
from datetime import datetime
from typing import cast

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone
from qrmerch.clock import now
from qrmerch.errors import NotFound
from qrmerch.i18n import translator
from qrmerch.landing.pages import DemoDoors, DoorsPage, StartPage
from qrmerch.landing.shopper import choose_locale, load_host_house, page_number, respond
from qrmerch.rendering.frame import House, build_frame, errand_languages
from qrmerch.rendering.listing import list_live, word_search
from qrmerch.rendering.pages import Frame, Piece
from qrmerch.rendering.service import list_cards
from qrmerch.rendering.style import StyleBlock
from qrmerch.web import get_db, search_words, services

blueprint = Blueprint("landing_start", __name__)


@blueprint.get("/")
@allow_anyone
def show_start() -> Response:
    """On a retailer's host what it shows, or what was looked for; on the demo's the doors; else a field for a code."""
    db, at = get_db(), now()
    house = load_host_house(db, at=at)
    locale = choose_locale(house)
    t = translator(locale)
    doors = _find_doors(db) if house.retailer_id is None else None
    if doors is not None:
        frame, block = build_frame(house, locale=locale, title=t("Demo"))
        return respond("landing/doors.html", DoorsPage(t, frame, doors), block)
    if house.retailer_id is None:
        title = t("Find an item by its code")
        frame, block = _frame_of(house, locale, title)
        return respond("landing/start.html", StartPage(t, frame, title, house.slug, (), None), block)
    find, number = search_words(request.args.get("find", "")), page_number()
    listing = list_live(db, house.retailer_id, store=None, locale=locale, at=at, find=find, page=number)
    pieces = list_cards(db, listing.items, locale=locale, store=None, kept=(), at=at)
    title = t("In our stores now") if pieces or find else t("Find an item by its code")
    search = word_search(listing, locale, path="/", lang=house.lang(locale), find=find, of=house.slug)
    frame, block = _frame_of(house, locale, title, is_first=not find and number == 1)
    return respond("landing/start.html", StartPage(t, frame, title, house.slug, pieces, search), block)


def _frame_of(house: House, locale: str, title: str, *, is_first: bool = True) -> tuple[Frame, StyleBlock]:
    """:param is_first: a page that search engines may keep: neither a further one nor what somebody looked for."""
    words = translator(locale)("What {house} shows in its stores now: prices, stock and offers.")
    return build_frame(
        house,
        locale=locale,
        title=title,
        description=words.format(house=house.name) if house.retailer_id else "",
        languages=errand_languages(house, locale, "/"),
        is_indexed=is_first,
    )


def _find_doors(db: Session) -> DemoDoors | None:
    """The demo's doors; None where this is no demo, or what they show has been taken out of it."""
    find = cast("Callable[[Session], DemoDoors | None] | None", services().parts.get("demo_doors"))
    try:
        return find(db) if find is not None else None
    except NotFound:
        return None


def list_start_pieces(db: Session, house: House, locale: str, *, limit: int, at: datetime) -> tuple[Piece, ...]:
    """The first few of what a retailer shows now, newest first; nothing where no retailer is meant."""
    if house.retailer_id is None:
        return ()
    items = list_live(db, house.retailer_id, store=None, locale=locale, at=at).items[:limit]
    return list_cards(db, items, locale=locale, store=None, kept=(), at=at)
