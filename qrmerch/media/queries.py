"""Reads about pictures, and about all assets in one list."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from qrmerch.db import get_one, has_part
from qrmerch.media.models import Asset, AssetKind, AssetState, Recording, Rendition
from qrmerch.media.rights import is_allowed

# What a list of pictures can be sorted by.
SORTS: Final[Mapping[str, ColumnElement[Any]]] = {
    "name": func.lower(Asset.file_name),
    "size": Asset.width * Asset.height,
    "rights": Asset.rights_until.expression,
}
# The media type of each format that is served; nothing else is.
MEDIA_TYPES = {
    "avif": "image/avif",
    "jpeg": "image/jpeg",
    "mp4": "video/mp4",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "vtt": "text/vtt",
    "webp": "image/webp",
    "woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a picture: format, pixels, address."""

    format: str
    width: int
    height: int
    url: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that can be shown: its words by locale, its size as seen and its files, small ones first."""

    asset_id: str
    alt: Mapping[str, str]
    is_decorative: bool
    width: int
    height: int
    colour: str
    is_light_above: bool
    # What stays when it is cropped, as shares of width and height.
    focus: tuple[float, float]
    placeholder: str | None
    sources: tuple[Source, ...]
    card: tuple[Source, ...]
    preview: Source | None

    def srcset(self, kind: str) -> str:
        """The `srcset` of the page's sizes in one format, `avif` or `jpeg`."""
        return ", ".join(f"{each.url} {each.width}w" for each in self.sources if each.format == kind)

    def alt_for(self, locale: str) -> str:
        """What the picture shows, in `locale` or the nearest language there is; empty for decoration."""
        return self.alt.get(locale) or self.alt.get(locale.split("-")[0]) or next(iter(self.alt.values()), "")

    @property
    def fallback(self) -> Source:
        """The file for browsers that read neither `srcset` nor AVIF: the JPEG nearest to 780 wide."""
        return min((each for each in self.sources if each.format == "jpeg"), key=lambda each: abs(each.width - 780))

    @property
    def card_url(self) -> str:
        """The card's JPEG."""
        return next(each.url for each in self.card if each.format == "jpeg")

    @property
    def card_avif_url(self) -> str:
        return next(each.url for each in self.card if each.format == "avif")

    @property
    def preview_url(self) -> str:
        """What messengers show for a shared page."""
        return self.preview.url if self.preview else self.fallback.url


def get_asset(db: Session, asset_id: str) -> Asset:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, Asset, asset_id, "This picture is not here any more.")


def list_assets(
    db: Session,
    vendor_id: str,
    *,
    find: str = "",
    state: str = "",
    kind: str = "",
    only: Sequence[ColumnElement[bool]] = (),
    sort: str = "",
    page: int = 1,
    per_page: int = 30,
) -> tuple[list[Asset], int]:
    """A vendor's pictures, films and sounds, newest first, and how many there are in all pages.

    :param find: part of the file's name or of what it shows.
    :param kind: a word of AssetKind; empty for all.
    :param state: `undescribed`, or a word of AssetState; empty for all.
    :param only: what else must hold of a picture, such as `rights.rights_condition`.
    :param sort: a word of `SORTS`, with "-" before it the other way round; empty for newest first.
    """
    conditions: list[ColumnElement[bool]] = [Asset.vendor_id == vendor_id, *only]
    if find:
        conditions.append(has_part(Asset.file_name, find) | has_part(Asset.alt_text, find))
    if kind in set(AssetKind):
        conditions.append(Asset.kind == AssetKind(kind))
    if state == "undescribed":
        conditions += [_IS_UNDESCRIBED, Asset.state != AssetState.REFUSED]
    elif state in set(AssetState):
        conditions.append(Asset.state == AssetState(state))
    total = db.scalar(select(func.count()).select_from(Asset).where(*conditions)) or 0
    rows = db.scalars(
        select(Asset)
        .where(*conditions)
        .order_by(*_order(sort), Asset.received_at.desc(), Asset.id.desc())
        .limit(per_page)
        .offset((page - 1) * per_page)
    )
    return list(rows), total


def _order(sort: str) -> list[ColumnElement[Any]]:
    column = SORTS.get(sort.removeprefix("-"))
    if column is None:
        return []
    # What has no such value stands last, whichever way round.
    return [column.is_(None), column.desc() if sort.startswith("-") else column.asc()]


def list_by_ids(db: Session, asset_ids: Sequence[str]) -> list[Asset]:
    """These assets in the order given; what is not there is left out."""
    found = {each.id: each for each in db.scalars(select(Asset).where(Asset.id.in_(asset_ids)))} if asset_ids else {}
    return [found[each] for each in asset_ids if each in found]


def count_undescribed(db: Session, vendor_id: str) -> int:
    """Usable pictures of which nobody has said what they show."""
    wanted = select(func.count()).select_from(Asset)
    return (
        db.scalar(wanted.where(Asset.vendor_id == vendor_id, _IS_UNDESCRIBED, Asset.state != AssetState.REFUSED)) or 0
    )


def count_bytes(db: Session, vendor_id: str) -> int:
    """Bytes of all pictures of a vendor's that are kept, with what is made of them."""
    sources = select(func.coalesce(func.sum(Asset.source_bytes), 0)).where(Asset.vendor_id == vendor_id, _HAS_SOURCE)
    made = select(func.coalesce(func.sum(Rendition.size_bytes), 0)).join(Asset, Rendition.asset_id == Asset.id)
    return int(db.scalar(sources) or 0) + int(db.scalar(made.where(Asset.vendor_id == vendor_id)) or 0)


def list_source_keys(db: Session) -> Iterable[str]:
    """Keys of all originals that are still needed: that of a refused picture is not; a film can be begun again."""
    return db.scalars(select(Asset.source_key).where(_HAS_SOURCE).distinct())


def list_rendition_keys(db: Session) -> Iterable[str]:
    """Keys of all that is served of pictures."""
    return db.scalars(select(Rendition.key).distinct())


def find_largest_key(db: Session, asset_id: str) -> str | None:
    """Where the largest JPEG that pages show of a picture lies in the file store."""
    wanted = select(Rendition.key).where(
        Rendition.asset_id == asset_id, Rendition.purpose == "page", Rendition.format == "jpeg"
    )
    return db.scalar(wanted.order_by(Rendition.width.desc()).limit(1))


def list_refused(db: Session, vendor_id: str) -> list[Asset]:
    """Pictures that turned out to be unusable, newest first."""
    wanted = select(Asset).where(Asset.vendor_id == vendor_id, Asset.state == AssetState.REFUSED)
    return list(db.scalars(wanted.order_by(Asset.received_at.desc())))


def pictures_of(db: Session, asset_ids: Collection[str], *, at: datetime | None = None) -> dict[str, Picture]:
    """The pictures among these assets that are ready, by asset id; others are left out.

    A film is represented by what stands in front of it.

    :param at: for whom they are shown to: those that may not be shown at this instant are left out too.
    """
    if not asset_ids:
        return {}
    chosen = select(Recording.asset_id, Recording.poster_id).where(
        Recording.asset_id.in_(set(asset_ids)), Recording.poster_id.is_not(None)
    )
    posters = {asset_id: str(poster_id) for asset_id, poster_id in db.execute(chosen)}
    found = own_pictures_of(db, {*asset_ids, *posters.values()}, at=at)
    for asset_id, poster_id in posters.items():
        if asset_id in found and poster_id in found:
            found[asset_id] = replace(found[poster_id], asset_id=asset_id)
    return {asset_id: picture for asset_id, picture in found.items() if asset_id in asset_ids}


def own_pictures_of(db: Session, asset_ids: Collection[str], *, at: datetime | None = None) -> dict[str, Picture]:
    """As `pictures_of`, a film by its own frame even where a picture was chosen to stand in front of it."""
    if not asset_ids:
        return {}
    wanted = select(Asset).where(
        Asset.id.in_(set(asset_ids)), Asset.state == AssetState.READY, Asset.kind != AssetKind.SOUND
    )
    if at is not None:
        wanted = wanted.where(is_allowed(at))
    assets = {each.id: each for each in db.scalars(wanted)}
    files: dict[str, list[Rendition]] = {each: [] for each in assets}
    renditions = select(Rendition).where(Rendition.asset_id.in_(list(assets)))
    for rendition in db.scalars(renditions.order_by(Rendition.width, Rendition.format)):
        files[rendition.asset_id].append(rendition)
    return {asset_id: _picture(asset, files[asset_id]) for asset_id, asset in assets.items()}


def list_usable_ids(db: Session, asset_ids: Collection[str], *, at: datetime) -> set[str]:
    """Those of these assets that are ready and may be shown at an instant."""
    if not asset_ids:
        return set()
    wanted = select(Asset.id).where(Asset.id.in_(set(asset_ids)), Asset.state == AssetState.READY, is_allowed(at))
    return set(db.scalars(wanted))


def media_url(key: str, kind: str) -> str:
    """The address of a rendition in the file store."""
    return f"/media/{key.rpartition('/')[2]}.{kind}"


def _picture(asset: Asset, files: list[Rendition]) -> Picture:
    def of(purpose: str) -> tuple[Source, ...]:
        return tuple(
            Source(each.format, each.width, each.height, media_url(each.key, each.format))
            for each in files
            if each.purpose == purpose
        )

    return Picture(
        asset_id=asset.id,
        alt={} if asset.is_decorative else dict(asset.alt),
        is_decorative=asset.is_decorative,
        width=asset.width or 1,
        height=asset.height or 1,
        colour=asset.colour or "#ffffff",
        is_light_above=asset.is_light_above,
        focus=(asset.focus_x, asset.focus_y),
        placeholder=asset.placeholder,
        sources=of("page"),
        card=of("card"),
        # Messengers read JPEG.
        preview=next((each for each in of("preview") if each.format == "jpeg"), None),
    )


_HAS_SOURCE = or_(Asset.state != AssetState.REFUSED, Asset.kind != AssetKind.PICTURE)
_IS_UNDESCRIBED = (Asset.alt_text == "") & Asset.is_decorative.is_(False)
