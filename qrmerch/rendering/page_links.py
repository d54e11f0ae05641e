"""What an item's page gives, said as GS1 link types: an offer, reviews, a film; only what it really has now.

In: an item, a language and an instant. Out: link types with the place on the page and words for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.i18n import translator
from qrmerch.rendering.kept import Pages
from qrmerch.rendering.pages import Translate
from qrmerch.rendering.queries import Scene, list_shown_look, load_scene
from qrmerch.rendering.recordings import load_recordings
from qrmerch.rendering.service import split_offers
from qrmerch.reviews.queries import summarise_reviews

_MOST_KEPT: Final = 10_000
_KEPT_FOR: Final = timedelta(seconds=30)
# Sections that fold open, with what they give.
_FOLDED: Final = {"care": "consumerHandlingStorageInfo", "downloads": "instructions"}


@dataclass(frozen=True, slots=True)
class PageLink:
    """Something that a page gives; `anchor` is the place on it, empty for its beginning."""

    link_type: str
    title: str
    anchor: str = ""


def list_page_links(db: Session, item: Item, *, locale: str, at: datetime) -> tuple[PageLink, ...]:
    """What an item's page gives wherever it is looked at, the page itself first."""
    return _look_at(db, item, locale=locale, at=at).links


class KeptPageLinks:
    """What pages of items give, remembered for a short while: a look takes some twenty statements.

    It is forgotten with the next change of any page, as kept pages are, and at the next edge in time of its own.
    """

    def __init__(self, pages: Pages) -> None:
        """:param pages: the kept pages of this process, which hear of changes."""
        self._pages = pages
        self._kept: dict[tuple[str, str], _Seen] = {}

    def get(self, db: Session, item: Item, *, locale: str, at: datetime, as_of: int) -> tuple[PageLink, ...]:
        """As `list_page_links` says it, or said it a moment ago.

        :param as_of: the pages' `epoch` as it was before the session's first read.
        """
        at_s, key = at.timestamp(), (item.id, locale)
        seen = self._kept.get(key)
        if seen is not None and at < seen.until and seen.epoch == self._pages.epoch and not self._pages.is_stale(at_s):
            return seen.links
        seen = _look_at(db, item, locale=locale, at=at, epoch=as_of)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = seen
        return seen.links


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a page gives, until when that may hold, and how many changes had been heard of before the look."""

    links: tuple[PageLink, ...]
    until: datetime
    epoch: int


def _look_at(db: Session, item: Item, *, locale: str, at: datetime, epoch: int = 0) -> _Seen:
    page = PageLink("pip", item.title)
    if item.is_retired:
        return _Seen((page,), at + _KEPT_FOR, epoch)
    scene = load_scene(db, item_id=item.id, store_id=None, locale=locale, at=at)
    if scene.is_down:
        return _Seen((page,), min((*scene.edges, at + _KEPT_FOR)), epoch)
    links = (page, *_of_scene(db, scene, translator(locale), at))
    return _Seen(links, min((*scene.edges, at + _KEPT_FOR)), epoch)


def _of_scene(db: Session, scene: Scene, t: Translate, at: datetime) -> Iterator[PageLink]:
    source = scene.source
    main, invitation = split_offers(scene)
    if main is not None:
        yield PageLink("promotion", t("Offer"), "offer")
    elif invitation is not None:
        yield PageLink("promotion", t("Invitation"), "invitation")
    if source.has("reviews") and summarise_reviews(db, scene.item.id).count:
        yield PageLink("review", t("Reviews"), "reviews")
    if any(each.is_film for each in load_recordings(db, source, at=at).values()):
        yield PageLink("relatedVideo", t("Film"))
    if source.has("look") and list_shown_look(db, scene.item, store_id=None, locale=source.locale, at=at)[1]:
        yield PageLink("purchaseSuppliesOrAccessories", t("Complete the look"), "look")
    if source.has("store") and any(count > 0 for count in scene.shelf.pieces.values()):
        yield PageLink("hasRetailers", t("Stores that have it"))
    titles = {"care": t("Care"), "downloads": t("Downloads")}
    for kind, link_type in _FOLDED.items():
        section = next((each for each in source.sections if each["kind"] == kind and source.values(each)), None)
        if section is not None:
            yield PageLink(link_type, source.title(section, titles[kind]) or titles[kind])
