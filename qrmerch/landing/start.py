"""The way in: a retailer's start page, or the doors of the demo."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.content.holding import shows_somewhere
from qrmerch.errors import NotFound
from qrmerch.i18n import translator
from qrmerch.landing.pages import DemoDoors, DoorsPage, StartPage
from qrmerch.landing.shopper import choose_locale, is_public_id, load_host_house, respond
from qrmerch.parties.models import Store
from qrmerch.parties.queries import find_store_by_public_id
from qrmerch.rendering.frame import House, build_frame, errand_languages, language_links
from qrmerch.rendering.opening import word_opening
from qrmerch.rendering.pages import Piece
from qrmerch.rendering.service import list_cards
from qrmerch.web import get_db, services

blueprint = Blueprint("landing_start", __name__)
_MOST: Final = 24


@blueprint.get("/")
@allow_anyone
def show_start() -> Response:
    """On a retailer's host what it shows now; on the demo's the doors; else a field for a code."""
    db, at = get_db(), now()
    house = load_host_house(db, at=at)
    locale = choose_locale(house)
    t = translator(locale)
    store = _find_store(db, house.retailer_id)
    if store is not None:
        return _show_store(db, house, store, locale, at=at)
    doors = _find_doors(db) if house.retailer_id is None else None
    if doors is not None:
        frame, block = build_frame(house, locale=locale, title=t("Demo"))
        return respond("landing/doors.html", DoorsPage(t, frame, doors), block)
    pieces = list_start_pieces(db, house, locale, limit=_MOST, at=at) if house.retailer_id else ()
    title = t("In our stores now") if pieces else t("Find an item by its code")
    frame, block = build_frame(
        house, locale=locale, title=title, languages=errand_languages(house, locale, "/"), is_indexed=True
    )
    return respond("landing/start.html", StartPage(t, frame, title, house.slug, pieces), block)


def store_address(slug: str, public_id: str) -> str:
    """The page of one store: where it is, when it is open, what is shown there."""
    return f"/?{urlencode({'of': slug, 'at': public_id})}"


def _find_store(db: Session, retailer_id: str | None) -> Store | None:
    said = request.args.get("at", "")
    return find_store_by_public_id(db, retailer_id, said) if retailer_id and is_public_id(said) else None


def _show_store(db: Session, house: House, store: Store, locale: str, *, at: datetime) -> Response:
    here = store_address(house.slug, store.public_id)
    languages = language_links(house.locales, locale, here)
    frame, block = build_frame(house, locale=locale, title=store.name, languages=languages, is_indexed=True)
    lines = [store.address, store.town, word_opening(store, locale, at), store.hours]
    page = StartPage(
        translator(locale),
        frame,
        store.name,
        house.slug,
        list_start_pieces(db, house, locale, limit=_MOST, at=at, store=store),
        tuple(line for line in lines if line),
    )
    return respond("landing/start.html", page, block)


def _find_doors(db: Session) -> DemoDoors | None:
    """The demo's doors; None where this is no demo, or what they show has been taken out of it."""
    find = cast("Callable[[Session], DemoDoors | None] | None", services().parts.get("demo_doors"))
    try:
        return find(db) if find is not None else None
    except NotFound:
        return None


def list_start_pieces(
    db: Session, house: House, locale: str, *, limit: int, at: datetime, store: Store | None = None
) -> tuple[Piece, ...]:
    """What a retailer shows now, newest first: items that are sold and have a page of their own.

    :param store: where they are looked at; None for nowhere in particular.
    """
    wanted = select(Item).where(
        Item.retailer_id == house.retailer_id,
        Item.is_retired.is_(False),
        shows_somewhere(db, at=at, retailer_id=house.retailer_id),
    )
    items = list(db.scalars(wanted.order_by(Item.created_at.desc(), Item.id).limit(limit)))
    return list_cards(db, items, locale=locale, store=store, kept=(), at=at)
