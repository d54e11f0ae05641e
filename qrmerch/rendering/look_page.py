"""A look's own page: its items as one, what they come to, and whether they are here.

In: a look, a store (or none) and an instant. Out: the bytes that every phone gets, and until when they are true.
Never: an item whose page does not show in this store, or a look that is not published.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.content.holding import hold
from qrmerch.i18n import translator
from qrmerch.looks.models import Look
from qrmerch.looks.queries import get_look, list_items
from qrmerch.money import format_money
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.queries import list_stores
from qrmerch.rendering.apart import (
    Edges,
    find_open_store,
    make_no_more_page,
    own_picture,
    picture_edges,
    render_apart,
)
from qrmerch.rendering.frame import APART_SHEETS, House, build_frame, language_links, load_house, pick_text
from qrmerch.rendering.kept import NOWHERE, RenderedPage
from qrmerch.rendering.pages import LookPage, NoMorePage, Piece, StoreQuestion, Together
from qrmerch.rendering.queries import default_style, find_stock_edge, stock_limit
from qrmerch.rendering.service import Personal, list_cards, look_address
from qrmerch.rendering.style import StyleBlock
from qrmerch.rendering.wording import other_language

# More stores than this are looked for by name.
_LISTED_STORES: Final = 24


@dataclass(frozen=True, slots=True)
class _Seen:
    """A look where and as somebody sees it."""

    look: Look
    retailer: Retailer
    house: House
    store: Store | None
    locale: str
    at: datetime
    is_nowhere: bool
    personal: Personal | None

    @property
    def lang(self) -> str:
        return self.house.lang(self.locale)

    def address(self, lang: str = "") -> str:
        return look_address(self.look, self.store, lang, is_nowhere=self.is_nowhere)


def render_look_page(
    db: Session,
    *,
    look_id: str,
    store_id: str | None,
    locale: str,
    at: datetime,
    is_retired: bool = False,
    is_nowhere: bool = False,
    personal: Personal | None = None,
    is_preview: bool = False,
) -> RenderedPage:
    """A look's page as a phone gets it; of one that shows no more, or by a code that is retired, what is there instead.

    :param store_id: where it is seen; None for nowhere in particular.
    :param is_nowhere: the shopper said that they are in no store, and is not asked again.
    :param personal: marks what one shopper keeps; such bytes are that shopper's alone.
    :param is_preview: for our own desk: as if it were published, may be framed, runs no script, sends no form.
    :raises NotFound: there is no such look.
    """
    look = get_look(db, look_id)
    retailer = db.get_one(Retailer, look.retailer_id)
    store = find_open_store(db, retailer.id, store_id)
    house = load_house(db, retailer.id, at=at)
    seen = _Seen(look, retailer, house, store, locale, at, is_nowhere and store is None, personal)
    items = list_items(db, look.id)
    held = hold(db, items, store_ids={item.id: store.id for item in items if store}, locale=locale, at=at)
    shown = [item for item in items if not item.is_retired and held[item.id].revision is not None]
    page: LookPage | NoMorePage
    if shown and not is_retired and (look.is_published or is_preview):
        page, block = _make_look_page(db, seen, items, shown)
        others: tuple[str, ...] = tuple(item.id for item in items)
        edges: Edges = [edge for each in held.values() for edge in each.edges]
        edges += picture_edges(db, look.picture_id, at=at)
    else:
        page, block, edges = _make_no_more_page(db, seen, shown if look.is_published else ())
        # Whatever of the retailer's comes or goes may come to this page or leave it.
        others = (*(item.id for item in items), retailer.id)
    if others and (too_old := find_stock_edge(db, others, limit=stock_limit(retailer), at=at)):
        edges.append(too_old)
    return render_apart(
        page, block, locale=locale, edges=(*edges, house.until), own_id=look.id, others=others, at=at,
        is_preview=is_preview,
    )  # fmt: skip


def _make_look_page(
    db: Session, seen: _Seen, items: Sequence[Item], shown: Sequence[Item]
) -> tuple[LookPage, StyleBlock]:
    look, house, locale, store = seen.look, seen.house, seen.locale, seen.store
    t = translator(locale)
    kept: Collection[str] = seen.personal.kept if seen.personal else ()
    pieces = list_cards(db, shown, locale=locale, store=store, kept=kept, at=seen.at, is_nowhere=seen.is_nowhere)
    title, words = pick_text(look.title, locale, house.locales), pick_text(look.words, locale, house.locales)
    frame, block = build_frame(
        house,
        locale=locale,
        title=title,
        description=words,
        style=default_style(db, seen.retailer.id),
        sheets=APART_SHEETS,
        here=seen.address(seen.lang),
        languages=language_links(house.locales, locale, seen.address()),
        kept=seen.personal.count if seen.personal else None,
        is_indexed=look.is_published,
    )
    picture = own_picture(db, look.picture_id, title, locale, at=seen.at)
    pictured = tuple(piece for piece in pieces if piece.picture)
    gone = len(items) - len(shown)
    left_out = "" if not gone else t("One of these is no longer to be had here.")
    if gone > 1:
        left_out = t("{count} of these are no longer to be had here.").format(count=gone)
    page = LookPage(
        t=t,
        frame=frame,
        public_id=look.public_id,
        at=store.public_id if store else NOWHERE if seen.is_nowhere else "",
        place=store.short_name if store else "",
        title=title,
        title_language=other_language(look.title, locale, house.locales),
        words=words,
        words_language=other_language(look.words, locale, house.locales) if words else "",
        picture=picture,
        pictured=pictured if picture is None and len(pictured) > 1 else (),
        pieces=pieces,
        left_out=left_out,
        together=_reckon(pieces, locale, is_round=seen.retailer.no_discount),
        question=_ask_store(db, seen),
    )
    return page, block


def _reckon(pieces: Sequence[Piece], locale: str, *, is_round: bool) -> Together | None:
    """What these come to, without what is not here today; None where one has no price, or another currency.

    Where sizes of one differ in price, the sum is that of the lowest.
    """
    t = translator(locale)
    here = [piece for piece in pieces if piece.stock != "none"]
    currencies = {piece.currency for piece in here}
    if len(here) < 2 or len(currencies) != 1 or any(piece.low_minor is None for piece in here):
        return None
    [currency] = currencies
    total = format_money(sum(piece.low_minor or 0 for piece in here), currency, locale, is_round=is_round)
    if any(piece.price_minor is None for piece in here):
        total = t("from {price}").format(price=total)
    saved = sum(piece.was_minor - (piece.low_minor or 0) for piece in here if piece.was_minor is not None)
    saving = t("You save {amount}").format(amount=format_money(saved, currency, locale)) if saved > 0 else ""
    words = t("together") if len(here) == len(pieces) else t("together, without what is not here today")
    return Together(total, words, saving)


def _ask_store(db: Session, seen: _Seen) -> StoreQuestion | None:
    """The question where somebody stands, if nobody knows; never a guess."""
    if seen.store is not None or seen.is_nowhere:
        return None
    stores = [store for store in list_stores(db, seen.retailer.id) if store.is_open]
    if not stores:
        return None
    listed = stores if len(stores) <= _LISTED_STORES else ()
    where = f"/look/{seen.look.public_id}/where" + (f"?lang={seen.lang}" if seen.lang else "")
    return StoreQuestion(
        stores=tuple((each.short_name, look_address(seen.look, each, seen.lang)) for each in listed),
        nowhere=look_address(seen.look, None, seen.lang, is_nowhere=True),
        find=where,
    )


def _make_no_more_page(db: Session, seen: _Seen, shown: Sequence[Item]) -> tuple[NoMorePage, StyleBlock, Edges]:
    """In place of a look that shows no more: what was in it and is still here, else what is."""
    t = translator(seen.locale)
    title = pick_text(seen.look.title, seen.locale, seen.house.locales) if shown else ""
    return make_no_more_page(
        db,
        seen.house,
        title=title or t("This look is no longer here"),
        words=t("Your code is still good: here is what was in it.")
        if shown
        else t("Your code is still good: here is what we show now."),
        store=seen.store,
        items=shown,
        address=seen.address,
        locale=seen.locale,
        at=seen.at,
    )
