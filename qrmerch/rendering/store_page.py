"""A store's own page: where it is, whether it is open, and what shows in it now.

In: a store and an instant. Out: the bytes that every phone gets, and until when they are true.
Never: an item whose page does not show in this store.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.content.holding import hold, shows_somewhere
from qrmerch.db import get_one
from qrmerch.i18n import translator
from qrmerch.parties.models import Retailer, Store
from qrmerch.rendering.frame import build_frame, language_links, load_house
from qrmerch.rendering.kept import RenderedPage
from qrmerch.rendering.opening import opening_edges, word_opening
from qrmerch.rendering.pages import StorePage
from qrmerch.rendering.queries import find_stock_edge, stock_limit
from qrmerch.rendering.service import KEPT_AT_MOST, list_cards
from qrmerch.rendering.style import page_policy
from qrmerch.rendering.templates import render_html

_MOST: Final = 48


def store_address(store: Store, lang: str = "") -> str:
    """The address of a store's page, which is no printed one."""
    return f"/store/{store.public_id}" + (f"?lang={lang}" if lang else "")


def render_store_page(db: Session, *, store_id: str, locale: str, at: datetime) -> RenderedPage:
    """A store's page as a phone gets it.

    :raises NotFound: there is no such store.
    """
    store = get_one(db, Store, store_id)
    retailer = db.get_one(Retailer, store.retailer_id)
    house = load_house(db, retailer.id, at=at)
    t = translator(locale)
    items, edges = _list_shown(db, store, locale, at)
    place = store if store.is_open else None
    frame, block = build_frame(
        house,
        locale=locale,
        title=store.name,
        here=store_address(store, house.lang(locale)),
        languages=language_links(house.locales, locale, store_address(store)),
        is_indexed=store.is_open,
    )
    page = StorePage(
        t=t,
        frame=frame,
        title=store.name,
        lines=tuple(line for line in (store.address, store.town, word_opening(store, locale, at), store.hours) if line)
        if store.is_open
        else (),
        closed="" if store.is_open else t("This store is closed. Here is what the others show."),
        pieces=list_cards(db, items, locale=locale, store=place, kept=(), at=at),
    )
    ids = [item.id for item in items]
    too_old = find_stock_edge(db, ids, limit=stock_limit(retailer), at=at) if ids else None
    ends = [*edges, *opening_edges(store, at), too_old or at + KEPT_AT_MOST, at + KEPT_AT_MOST]
    return RenderedPage(
        html=render_html(page.template, page).encode(),
        headers=(page_policy(block), ("Content-Language", locale)),
        until=min(end for end in (*ends, house.until or at + KEPT_AT_MOST) if end > at),
        item_id=store.id,
        # Whatever of the retailer's changes may come to this page or leave it.
        others=(*ids, retailer.id),
    )


def _list_shown(db: Session, store: Store, locale: str, at: datetime) -> tuple[list[Item], list[datetime]]:
    """What shows in a store, newest first, and when that changes by itself; of a closed store, what shows anywhere."""
    wanted = select(Item).where(
        Item.retailer_id == store.retailer_id,
        Item.is_retired.is_(False),
        shows_somewhere(db, at=at, retailer_id=store.retailer_id),
    )
    items = list(db.scalars(wanted.order_by(Item.created_at.desc(), Item.id).limit(_MOST)))
    held = hold(
        db,
        items,
        store_ids={item.id: store.id if store.is_open else None for item in items},
        locale=locale,
        at=at,
    )
    edges = [edge for each in held.values() for edge in each.edges]
    return [item for item in items if held[item.id].revision is not None], edges
