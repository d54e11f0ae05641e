"""The way in: a retailer's start page, or the doors of the demo."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, cast

from flask import Blueprint, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import allow_anyone
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.content.holding import shows_somewhere
from qrmerch.errors import NotFound
from qrmerch.i18n import translator
from qrmerch.landing.pages import DemoDoors, DoorsPage, StartPage
from qrmerch.landing.shopper import choose_locale, load_host_house, respond
from qrmerch.rendering.frame import House, build_frame, errand_languages
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


def _find_doors(db: Session) -> DemoDoors | None:
    """The demo's doors; None where this is no demo, or what they show has been taken out of it."""
    find = cast("Callable[[Session], DemoDoors | None] | None", services().parts.get("demo_doors"))
    try:
        return find(db) if find is not None else None
    except NotFound:
        return None


def list_start_pieces(db: Session, house: House, locale: str, *, limit: int, at: datetime) -> tuple[Piece, ...]:
    """What a retailer shows now, newest first: items that are sold and have a page of their own."""
    wanted = select(Item).where(
        Item.retailer_id == house.retailer_id,
        Item.is_retired.is_(False),
        shows_somewhere(db, at=at, retailer_id=house.retailer_id),
    )
    items = list(db.scalars(wanted.order_by(Item.created_at.desc(), Item.id).limit(limit)))
    return list_cards(db, items, locale=locale, store=None, kept=(), at=at)
