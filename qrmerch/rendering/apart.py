"""What the pages of looks and of events share: their own picture, what stands where they show no more, their bytes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.i18n import format_time, format_whole_day, translator
from qrmerch.media.models import Asset, AssetState
from qrmerch.media.queries import pictures_of
from qrmerch.media.rights import list_rights_edges
from qrmerch.occasions.models import Occasion
from qrmerch.occasions.queries import Held, list_coming
from qrmerch.parties.models import Store
from qrmerch.rendering.frame import APART_SHEETS, House, build_frame, language_links, pick_text
from qrmerch.rendering.kept import RenderedPage
from qrmerch.rendering.listing import list_live
from qrmerch.rendering.pages import Coming, LookPage, NoMorePage, OccasionPage, Picture
from qrmerch.rendering.pictures import whole_picture
from qrmerch.rendering.service import KEPT_AT_MOST, list_cards, said_in
from qrmerch.rendering.style import StyleBlock, page_policy
from qrmerch.rendering.templates import render_html
from qrmerch.rendering.wording import other_language

Edges = list[datetime | None]
_MOST_PIECES: Final = 4
_MOST_COMING: Final = 3
# A picture that is still being made is looked for so soon again.
_SOON: Final = timedelta(seconds=1)


def find_open_store(db: Session, retailer_id: str, store_id: str | None) -> Store | None:
    """The store with this id, if it is the retailer's and open."""
    store = db.get(Store, store_id) if store_id else None
    return store if store and store.retailer_id == retailer_id and store.is_open else None


def own_picture(db: Session, asset_id: str | None, title: str, locale: str, *, at: datetime) -> Picture | None:
    """The picture that stands for a look or an event; None where there is none that is ready and may be shown.

    :param title: what it is called where nobody described it.
    """
    found = pictures_of(db, [asset_id], at=at).get(asset_id) if asset_id else None
    if found is None:
        return None
    picture = whole_picture(found, locale)
    return picture if picture.alt else replace(picture, alt=title)


def picture_edges(db: Session, asset_id: str | None, *, at: datetime) -> Edges:
    """The instants at which that picture may come or go by itself."""
    asset = db.get(Asset, asset_id) if asset_id else None
    if asset is None:
        return []
    edges: Edges = [*list_rights_edges(db, [asset.id], at=at)]
    return [*edges, at + _SOON] if asset.state == AssetState.CHECKING else edges


def make_no_more_page(
    db: Session,
    house: House,
    *,
    title: str,
    words: str,
    store: Store | None,
    items: Sequence[Item],
    address: Callable[[str], str],
    locale: str,
    at: datetime,
    coming: Sequence[Held] = (),
) -> tuple[NoMorePage, StyleBlock, Edges]:
    """A page that helps where something shows no more, with the instants at which it may change.

    :param items: to go on with; the newest that show there where there are none.
    :param address: the page's own, in a language.
    """
    edges: Edges = []
    if not items:
        listing = list_live(db, str(house.retailer_id), store=store, locale=locale, at=at)
        items, edges = listing.items[:_MOST_PIECES], [*listing.edges]
    lang = house.lang(locale)
    frame, block = build_frame(
        house,
        locale=locale,
        title=title,
        sheets=APART_SHEETS,
        here=address(lang),
        languages=language_links(house.locales, locale, address("")),
    )
    page = NoMorePage(
        t=translator(locale),
        frame=frame,
        title=title,
        words=words,
        pieces=list_cards(db, items, locale=locale, store=store, kept=(), at=at),
        coming=word_coming(coming, house, locale, store=store),
    )
    return page, block, [*edges, *(each.ends_at for each in coming)]


def list_others_coming(db: Session, house: House, *, store: Store | None, at: datetime, but: Occasion) -> list[Held]:
    """The next events there, without one."""
    store_id = store.id if store else None
    return list_coming(db, str(house.retailer_id), store_id=store_id, at=at, limit=_MOST_COMING, but=[but.id])


def word_coming(coming: Iterable[Held], house: House, locale: str, *, store: Store | None) -> tuple[Coming, ...]:
    """Events to come as links; each says its store where that is not the one they are looked at in."""
    found = []
    for held in coming:
        place = "" if store is not None and store.id == held.store.id else held.store.short_name
        when = word_time(held, locale)
        found.append(
            Coming(
                title=pick_text(held.occasion.title, locale, house.locales),
                language=other_language(held.occasion.title, locale, house.locales),
                when=translator(locale)("{when}, {store}").format(when=when, store=place) if place else when,
                href=occasion_address(held.occasion, held.store, house.lang(locale)),
            )
        )
    return tuple(found)


def occasion_address(occasion: Occasion, store: Store | None, lang: str = "") -> str:
    """The address of an event's page, which is no printed one."""
    return f"/event/{occasion.public_id}{said_in(store, lang)}"


def word_time(held: Held, locale: str) -> str:
    """When something is, by the clock of its store: one day with its hours, or from one day to another."""
    t, zone = translator(locale), held.store.time_zone
    days = [format_whole_day(each, locale, zone) for each in (held.begins_at, held.ends_at)]
    times = [format_time(each, locale, zone) for each in (held.begins_at, held.ends_at)]
    if held.occasion.begins[:10] == held.occasion.ends[:10]:
        return t("{day}, {begin} to {end}").format(day=days[0], begin=times[0], end=times[1])
    return t("{day}, {begin}, to {last}, {end}").format(day=days[0], begin=times[0], last=days[1], end=times[1])


def render_apart(
    page: LookPage | OccasionPage | NoMorePage,
    block: StyleBlock,
    *,
    locale: str,
    edges: Iterable[datetime | None],
    own_id: str,
    others: tuple[str, ...],
    at: datetime,
    is_preview: bool = False,
) -> RenderedPage:
    """The page as bytes with their headers.

    :param edges: the instants at which it may change by itself; those that are past or None say nothing.
    """
    if is_preview:
        page = replace(page, frame=replace(page.frame, script="", is_indexed=False))
    return RenderedPage(
        html=render_html(page.template, page).encode(),
        headers=(page_policy(block, is_preview=is_preview), ("Content-Language", locale)),
        until=min(each for each in (*edges, at + KEPT_AT_MOST) if each is not None and each > at),
        item_id=own_id,
        others=others,
    )
