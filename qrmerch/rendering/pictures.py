"""The pictures of a page: those of its slots that are ready, in the sizes a phone chooses from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.media import queries as media
from qrmerch.media.rights import list_rights_edges
from qrmerch.rendering.pages import Picture
from qrmerch.rendering.queries import list_first_pictures
from qrmerch.rendering.recordings import list_fronts, list_played
from qrmerch.rendering.sections import Source, asset_ids, is_picture_slot, read_gallery
from qrmerch.rendering.style import Ground

_CENTRE: Final = (0.5, 0.5)
# The proportions of a card, and how near to an edge of the picture its subject has to be to be shown from there.
_CARD_RATIO: Final = 0.8
_NEAR: Final = 0.3
_MAX_GALLERY, _PLACEHOLDER_CHARS = 8, 1200


def as_approved(found: media.Picture, alt: Mapping[str, str] | None) -> media.Picture:
    """A picture with what it was said to show when the page was approved, whatever is said of it since."""
    return found if alt is None else replace(found, alt=alt)


def card_picture(found: media.Picture, title: str, locale: str) -> Picture:
    """A picture at the size of a card; a decorative one is called by its item, as the card is a link."""
    jpeg = next(each for each in found.card if each.format == "jpeg")
    return Picture(
        alt=found.alt_for(locale) or title,
        src=found.card_url,
        width=jpeg.width,
        height=jpeg.height,
        avif=found.card_avif_url,
        edge=_edge_of(found),
    )


def list_card_addresses(db: Session, items: Collection[Item], *, at: datetime) -> dict[str, str]:
    """The address of the small picture of each item's page, by item id, for lists of staff; without one: left out."""
    first = list_first_pictures(db, items, store_ids={}, locale=None, at=at)
    ready = media.pictures_of(db, {each.asset_id for each in first.values()}, at=at)
    return {item_id: ready[each.asset_id].card_url for item_id, each in first.items() if each.asset_id in ready}


class PagePictures:
    """The pictures of a page's slots, the ready ones, and what the first one's ground is."""

    def __init__(self, db: Session, source: Source, *, at: datetime) -> None:
        """:param at: pictures that may not be shown then are left out, and the next ones move up."""
        gallery = read_gallery(source)
        others = [
            asset_id
            for section in source.sections
            for slot, value in source.values(section)
            if is_picture_slot(slot)
            for asset_id in asset_ids(value)
        ]
        # Instants after `at` from which it shows others.
        shown = [*gallery, *others, *list_played(source), *list_fronts(source)]
        self.edges = list_rights_edges(db, shown, at=at)
        found = {
            asset_id: as_approved(each, source.alts.get(asset_id))
            for asset_id, each in media.pictures_of(db, [*gallery, *others], at=at).items()
        }
        self.by_asset = {asset_id: whole_picture(each, source.locale) for asset_id, each in found.items()}
        ready = [asset_id for asset_id in gallery if asset_id in found][:_MAX_GALLERY]
        self.gallery = tuple(self.by_asset[asset_id] for asset_id in ready)
        self._first = found[ready[0]] if ready else None
        self.preview = self._first.preview if self._first else None
        self.ground = Ground(self._colour, self._placeholder, _focus([found[each] for each in ready]), self._ratio)

    @property
    def is_light(self) -> bool:
        """Whether dark words can stand on the first one's top."""
        return self._first is not None and self._first.is_light_above

    @property
    def _colour(self) -> str | None:
        return self._first.colour if self._first else None

    @property
    def _ratio(self) -> float:
        return self._first.width / self._first.height if self._first else 0.0

    @property
    def _placeholder(self) -> str | None:
        text = self._first.placeholder if self._first else None
        return text if text and len(text) <= _PLACEHOLDER_CHARS else None


def whole_picture(found: media.Picture, locale: str) -> Picture:
    """A picture in all of its sizes."""
    return Picture(
        alt=found.alt_for(locale),
        src=found.fallback.url,
        width=found.width,
        height=found.height,
        avif=found.srcset("avif"),
        jpeg=found.srcset("jpeg"),
    )


def _focus(shown: Sequence[media.Picture]) -> tuple[tuple[int, float, float], ...]:
    """Where the subject of each picture is, by its place in the row; centred ones are left out."""
    return tuple((place, *each.focus) for place, each in enumerate(shown, 1) if each.focus != _CENTRE)


def _edge_of(found: media.Picture) -> str:
    """The edge by which a picture's subject is, of the two that a card cuts off; empty for neither."""
    is_wide = found.width > found.height * _CARD_RATIO
    share = found.focus[0] if is_wide else found.focus[1]
    if _NEAR <= share <= 1 - _NEAR:
        return ""
    return ("left" if share < _NEAR else "right") if is_wide else ("top" if share < _NEAR else "low")
