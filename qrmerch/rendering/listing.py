"""Which of a retailer's items have a live page, in one store or in any; all of them, or those with some words.

In: a retailer, perhaps a store, words, an instant. Out: one page of the list and the instants at which it may change.
Never: an item whose page does not show there.
"""

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, VendorProduct
from qrmerch.content.holding import list_edges_in, shows_in, shows_somewhere
from qrmerch.db import has_part
from qrmerch.i18n import counter, translator
from qrmerch.parties.models import Store
from qrmerch.rendering.pages import Search

PER_PAGE: Final = 24
_MOST_WORDS: Final = 6


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of items, newest first, with how many there are, and when that may change by itself."""

    items: list[Item]
    total: int
    page: int
    edges: list[datetime]

    @property
    def has_after(self) -> bool:
        return self.page * PER_PAGE < self.total


def list_live(
    db: Session, retailer_id: str, *, store: Store | None, locale: str, at: datetime, find: str = "", page: int = 1
) -> Listing:
    """One page of the items that are sold and have a page of their own.

    :param store: only what shows in this store; None for what shows in any.
    :param page: the last one stands for any behind it.
    :param find: words that all stand in the title, the maker's name or the category; empty for everything.
    """
    shows = shows_in(db, store, locale, at=at) if store else shows_somewhere(db, at=at, retailer_id=retailer_id)
    wanted = select(Item).where(
        Item.retailer_id == retailer_id,
        Item.is_retired.is_(False),
        shows,
        *(_has_word(word) for word in find.split()[:_MOST_WORDS]),
    )
    wanted = wanted.join(VendorProduct, VendorProduct.id == Item.product_id)
    total = db.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    page = min(page, _last_page(total))
    rows = wanted.order_by(Item.created_at.desc(), Item.id).offset((page - 1) * PER_PAGE).limit(PER_PAGE)
    edges = list_edges_in(db, store, locale, at=at) if store else []
    return Listing(list(db.scalars(rows)), total, page, edges)


def _last_page(total: int) -> int:
    return max(1, ceil(total / PER_PAGE))


def _has_word(word: str) -> ColumnElement[bool]:
    return or_(has_part(Item.title, word), has_part(VendorProduct.maker, word), has_part(Item.category, word))


def word_search(listing: Listing, locale: str, *, path: str, lang: str, find: str, of: str = "") -> Search:
    """The field to look for items, what it found in words, and the neighbouring pages.

    :param of: the short name of the brand that the page is in, where its address says so.
    """
    t = translator(locale)
    said = ""
    if find:
        found = counter(locale)(listing.total, "1 item", "{count} items").format(count=listing.total)
        said = t("{items} with “{words}”").format(items=found, words=find) if listing.total else ""

    def address(number: int) -> str:
        return _address(path, find=find, of=of, lang=lang, page=str(number) if number > 1 else "")

    return Search(
        path=path,
        find=find,
        said=said,
        of=of,
        lang=lang,
        all=_address(path, of=of, lang=lang) if find else "",
        before=address(listing.page - 1) if listing.page > 1 else "",
        after=address(listing.page + 1) if listing.has_after else "",
    )


def _address(path: str, **values: str) -> str:
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{query}" if query else path
