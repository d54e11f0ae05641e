"""A store's own page: where it is, whether it is open, and what shows in it now.

In: a store and an instant. Out: the bytes that every phone gets, and until when they are true.
Never: an item whose page does not show in this store.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qrmerch.db import get_one
from qrmerch.i18n import translator
from qrmerch.parties.models import Retailer, Store
from qrmerch.rendering.frame import build_frame, language_links, load_house
from qrmerch.rendering.kept import RenderedPage
from qrmerch.rendering.listing import Listing, list_live, word_search
from qrmerch.rendering.opening import opening_edges, word_opening
from qrmerch.rendering.pages import StorePage
from qrmerch.rendering.queries import find_stock_edge, list_card_edges, stock_limit
from qrmerch.rendering.service import KEPT_AT_MOST, list_cards
from qrmerch.rendering.style import StyleBlock, page_policy
from qrmerch.rendering.templates import render_html


def store_address(store: Store, lang: str = "") -> str:
    """The address of a store's page, which is no printed one."""
    return f"/store/{store.public_id}" + (f"?lang={lang}" if lang else "")


def render_store_page(db: Session, *, store_id: str, locale: str, at: datetime) -> RenderedPage:
    """A store's page as a phone gets it.

    :raises NotFound: there is no such store.
    """
    store = get_one(db, Store, store_id)
    retailer = db.get_one(Retailer, store.retailer_id)
    made = make_store_page(db, store, locale, at=at)
    ids = [item.id for item in made.listing.items]
    too_old = find_stock_edge(db, ids, limit=stock_limit(retailer), at=at) if ids else None
    edges = [*made.listing.edges, *list_card_edges(db, ids, store_id=store.id, locale=locale, at=at)]
    ends = [*edges, *opening_edges(store, at), too_old or at + KEPT_AT_MOST, at + KEPT_AT_MOST]
    return RenderedPage(
        html=render_html(made.page.template, made.page).encode(),
        headers=(page_policy(made.block), ("Content-Language", locale)),
        until=min(end for end in (*ends, made.until or at + KEPT_AT_MOST) if end > at),
        item_id=store.id,
        # Whatever of the retailer's changes may come to this page or leave it.
        others=(*ids, retailer.id),
    )


@dataclass(frozen=True, slots=True)
class MadeStorePage:
    """A store's page before it is HTML, with what stands on it; `until`: when another brand takes over."""

    page: StorePage
    block: StyleBlock
    listing: Listing
    until: datetime | None


def make_store_page(
    db: Session, store: Store, locale: str, *, at: datetime, find: str = "", number: int = 1
) -> MadeStorePage:
    """What stands on a store's page: what shows in it now, newest first; of a closed store, what shows anywhere.

    :param find: only items with these words; such a page, and any but the first, is for no search engine.
    """
    house = load_house(db, store.retailer_id, at=at)
    t = translator(locale)
    place = store if store.is_open else None
    listing = list_live(db, store.retailer_id, store=place, locale=locale, at=at, find=find, page=number)
    lang = house.lang(locale)
    frame, block = build_frame(
        house,
        locale=locale,
        title=store.name,
        description=t("What {store} shows now. {place}").format(store=store.name, place=_word_place(store)).strip(),
        here=store_address(store, lang) if not find and number == 1 else "",
        languages=language_links(house.locales, locale, store_address(store)),
        is_indexed=store.is_open and not find and number == 1,
    )
    lines = (store.address, store.town, word_opening(store, locale, at), store.hours) if store.is_open else ()
    page = StorePage(
        t=t,
        frame=frame,
        title=store.name,
        lines=tuple(line for line in lines if line),
        closed="" if store.is_open else t("This store is closed. Here is what the others show."),
        pieces=list_cards(db, listing.items, locale=locale, store=place, kept=(), at=at),
        search=word_search(listing, locale, path=f"/store/{store.public_id}", lang=lang, find=find),
    )
    return MadeStorePage(page, block, listing, house.until)


def _word_place(store: Store) -> str:
    return ", ".join(part for part in (store.address, store.town) if part) if store.is_open else ""
