"""An event's own page: what it is, when by the store's own clock, and where; of one that is over, what comes next.

In: an occasion, a store (or none) and an instant. Out: the bytes that every phone gets, and until when they are true.
Never: an occasion that is not published.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.i18n import translator
from qrmerch.occasions.models import Occasion
from qrmerch.occasions.queries import Held, get_occasion, hold_in, list_stores_of
from qrmerch.parties.models import Retailer, Store
from qrmerch.rendering.apart import (
    Edges,
    find_open_store,
    list_others_coming,
    make_no_more_page,
    occasion_address,
    own_picture,
    picture_edges,
    render_apart,
    word_coming,
    word_time,
)
from qrmerch.rendering.frame import APART_SHEETS, House, build_frame, language_links, load_house, pick_text
from qrmerch.rendering.kept import RenderedPage
from qrmerch.rendering.listing import list_live
from qrmerch.rendering.pages import NoMorePage, OccasionPage, OccasionPlace
from qrmerch.rendering.queries import default_style
from qrmerch.rendering.service import list_cards, said_in
from qrmerch.rendering.store_page import store_address
from qrmerch.rendering.style import StyleBlock
from qrmerch.rendering.wording import other_language

_MOST_PIECES: Final = 4


@dataclass(frozen=True, slots=True)
class _Seen:
    """An occasion where and as somebody sees it; `here` where it takes place in the store they are in."""

    occasion: Occasion
    house: House
    store: Store | None
    held: tuple[Held, ...]
    locale: str
    at: datetime

    @property
    def here(self) -> Held | None:
        return next((each for each in self.held if self.store and each.store.id == self.store.id), None)

    @property
    def shown(self) -> tuple[Held, ...]:
        return (self.here,) if self.here else self.held

    def address(self, lang: str = "") -> str:
        return occasion_address(self.occasion, self.store, lang)


def render_occasion_page(
    db: Session,
    *,
    occasion_id: str,
    store_id: str | None,
    locale: str,
    at: datetime,
    is_retired: bool = False,
    is_preview: bool = False,
) -> RenderedPage:
    """An event's page as a phone gets it; of one that shows no more, or by a code that is retired, what comes instead.

    :param store_id: where it is seen; None for nowhere in particular.
    :param is_preview: for our own desk: as if it were published, may be framed, runs no script, sends no form.
    :raises NotFound: there is no such occasion.
    """
    occasion = get_occasion(db, occasion_id)
    retailer = db.get_one(Retailer, occasion.retailer_id)
    house, store = load_house(db, retailer.id, at=at), find_open_store(db, retailer.id, store_id)
    held = tuple(hold_in(occasion, each) for each in list_stores_of(db, occasion.id) if each.is_open)
    seen = _Seen(occasion, house, store, held, locale, at)
    page: OccasionPage | NoMorePage
    if held and not is_retired and (occasion.is_published or is_preview):
        page, block, edges = _make_page(db, seen)
    else:
        page, block, edges = _make_no_more_page(db, seen)
    return render_apart(
        page, block, locale=locale, edges=(*edges, house.until), own_id=occasion.id,
        # Whatever of the retailer's comes or goes may come to this page or leave it.
        others=(retailer.id,), at=at, is_preview=is_preview,
    )  # fmt: skip


def _make_page(db: Session, seen: _Seen) -> tuple[OccasionPage, StyleBlock, Edges]:
    occasion, house, locale, at = seen.occasion, seen.house, seen.locale, seen.at
    title = pick_text(occasion.title, locale, house.locales)
    is_over = all(each.is_over(at) for each in seen.shown)
    first = seen.shown[0]
    frame, block = build_frame(
        house,
        locale=locale,
        title=title,
        description=word_time(first, locale),
        style=default_style(db, str(house.retailer_id)),
        sheets=APART_SHEETS,
        here=seen.address(house.lang(locale)),
        languages=language_links(house.locales, locale, seen.address()),
        is_indexed=occasion.is_published and not is_over,
    )
    edges: Edges = [*(edge for each in seen.held for edge in (each.begins_at, each.ends_at))]
    edges += picture_edges(db, occasion.picture_id, at=at)
    coming = list_others_coming(db, house, store=seen.store, at=at, but=occasion) if is_over else []
    edges += [each.ends_at for each in coming]
    items = []
    if is_over:
        listing = list_live(db, str(house.retailer_id), store=seen.store, locale=locale, at=at)
        items, edges = listing.items[:_MOST_PIECES], [*edges, *listing.edges]
    words = pick_text(occasion.words, locale, house.locales)
    page = OccasionPage(
        t=translator(locale),
        frame=frame,
        public_id=occasion.public_id,
        title=title,
        title_language=other_language(occasion.title, locale, house.locales),
        when=word_time(first, locale),
        begins_at=first.begins_at.isoformat(),
        words=tuple(line for line in words.split("\n") if line),
        words_language=other_language(occasion.words, locale, house.locales) if words else "",
        spot=pick_text(occasion.spot, locale, house.locales),
        spot_language=other_language(occasion.spot, locale, house.locales) if occasion.spot else "",
        places=tuple(_place(each, seen) for each in seen.shown),
        picture=own_picture(db, occasion.picture_id, title, locale, at=at),
        state=_word_state(seen, is_over=is_over),
        is_over=is_over,
        coming=word_coming(coming, house, locale, store=seen.store),
        pieces=list_cards(db, items, locale=locale, store=seen.store, kept=(), at=at),
    )
    return page, block, edges


def _place(held: Held, seen: _Seen) -> OccasionPlace:
    lang = seen.house.lang(seen.locale)
    return OccasionPlace(
        name=held.store.name,
        lines=tuple(line for line in (held.store.address, held.store.town) if line),
        href=store_address(held.store, lang),
        calendar=""
        if held.is_over(seen.at)
        else f"/event/{held.occasion.public_id}/calendar.ics{said_in(held.store, lang)}",
    )


def _word_state(seen: _Seen, *, is_over: bool) -> str:
    t = translator(seen.locale)
    if is_over:
        return t("This is over.")
    is_on = any(each.begins_at <= seen.at < each.ends_at for each in seen.shown)
    return t("It is on now") if is_on else ""


def _make_no_more_page(db: Session, seen: _Seen) -> tuple[NoMorePage, StyleBlock, Edges]:
    t = translator(seen.locale)
    coming = list_others_coming(db, seen.house, store=seen.store, at=seen.at, but=seen.occasion)
    return make_no_more_page(
        db,
        seen.house,
        title=t("This event is no longer here"),
        words=t("Your code is still good: here is what comes next.")
        if coming
        else t("Your code is still good: here is what we show now."),
        store=seen.store,
        items=(),
        address=seen.address,
        locale=seen.locale,
        at=seen.at,
        coming=coming,
    )
