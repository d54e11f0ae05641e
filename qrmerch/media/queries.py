"""Reads about pictures, and about all assets in one list."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from qrmerch.db import get_one
from qrmerch.media.models import Asset, AssetKind, AssetState, Recording, Rendition

# The media type of each format that is served; nothing else is.
MEDIA_TYPES = {
    "avif": "image/avif",
    "jpeg": "image/jpeg",
    "mp4": "video/mp4",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "vtt": "text/vtt",
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
    db: Session, vendor_id: str, *, find: str = "", state: str = "", kind: str = "", page: int = 1, per_page: int = 30
) -> tuple[list[Asset], int]:
    """A vendor's pictures, films and sounds, newest first, and how many there are in all pages.

    :param find: part of the file's name or of what it shows.
    :param kind: a word of AssetKind; empty for all.
    :param state: `undescribed`, or a word of AssetState; empty for all.
    """
    conditions: list[ColumnElement[bool]] = [Asset.vendor_id == vendor_id]
    if find:
        part = f"%{_escaped(find.lower())}%"
        conditions.append(
            or_(
                func.lower(Asset.file_name).like(part, escape="\\"),
                func.lower(Asset.alt_text).like(part, escape="\\"),
            )
        )
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
        .order_by(Asset.received_at.desc(), Asset.id.desc())
        .limit(per_page)
        .offset((page - 1) * per_page)
    )
    return list(rows), total


def count_undescribed(db: Session, vendor_id: str) -> int:
    """Usable pictures of which nobody has said what they show."""
    wanted = select(func.count()).select_from(Asset)
    return (
        db.scalar(wanted.where(Asset.vendor_id == vendor_id, _IS_UNDESCRIBED, Asset.state != AssetState.REFUSED)) or 0
    )


def count_bytes(db: Session, vendor_id: str) -> int:
    """Bytes of all that a vendor sent and that is kept."""
    return db.scalar(select(func.coalesce(func.sum(Asset.source_bytes), 0)).where(Asset.vendor_id == vendor_id)) or 0


def list_refused(db: Session, vendor_id: str) -> list[Asset]:
    """Pictures that turned out to be unusable, newest first."""
    wanted = select(Asset).where(Asset.vendor_id == vendor_id, Asset.state == AssetState.REFUSED)
    return list(db.scalars(wanted.order_by(Asset.received_at.desc())))


def pictures_of(db: Session, asset_ids: Collection[str]) -> dict[str, Picture]:
    """The pictures among these assets that are ready, by asset id; others are left out.

    A film is represented by what stands in front of it.
    """
    if not asset_ids:
        return {}
    chosen = select(Recording.asset_id, Recording.poster_id).where(
        Recording.asset_id.in_(set(asset_ids)), Recording.poster_id.is_not(None)
    )
    posters = {asset_id: str(poster_id) for asset_id, poster_id in db.execute(chosen)}
    found = own_pictures_of(db, {*asset_ids, *posters.values()})
    for asset_id, poster_id in posters.items():
        if asset_id in found and poster_id in found:
            found[asset_id] = replace(found[poster_id], asset_id=asset_id)
    return {asset_id: picture for asset_id, picture in found.items() if asset_id in asset_ids}


def own_pictures_of(db: Session, asset_ids: Collection[str]) -> dict[str, Picture]:
    """As `pictures_of`, a film by its own frame even where a picture was chosen to stand in front of it."""
    if not asset_ids:
        return {}
    wanted = select(Asset).where(
        Asset.id.in_(set(asset_ids)), Asset.state == AssetState.READY, Asset.kind != AssetKind.SOUND
    )
    assets = {each.id: each for each in db.scalars(wanted)}
    files: dict[str, list[Rendition]] = {each: [] for each in assets}
    renditions = select(Rendition).where(Rendition.asset_id.in_(list(assets)))
    for rendition in db.scalars(renditions.order_by(Rendition.width, Rendition.format)):
        files[rendition.asset_id].append(rendition)
    return {asset_id: _picture(asset, files[asset_id]) for asset_id, asset in assets.items()}


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
        placeholder=asset.placeholder,
        sources=of("page"),
        card=of("card"),
        # Messengers read JPEG.
        preview=next((each for each in of("preview") if each.format == "jpeg"), None),
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_IS_UNDESCRIBED = (Asset.alt_text == "") & Asset.is_decorative.is_(False)
