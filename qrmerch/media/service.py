"""Taking pictures in, making what is served, describing and deleting.

In: a vendor's stream. Out: an asset in state `checking`, whose renditions a job makes.
Never: an original served, or a file name from outside on the disk.
"""

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qrmerch import ids, jobs, quota
from qrmerch.config import Settings
from qrmerch.db import unscoped
from qrmerch.errors import Conflict, DomainError
from qrmerch.files import FileStore
from qrmerch.media import images, picture_codes
from qrmerch.media.forms import ALT_MAX_CHARS, Description
from qrmerch.media.models import Asset, AssetState, Recording, Rendition
from qrmerch.parties.queries import get_brand, list_supplied
from qrmerch.text import clean_line

RENDER = "media.render"
LOOK = "media.look"


class ImageRejected(DomainError):
    """The upload is no picture that can be taken; the message says why and what to do."""

    status = 422
    slug = "image_rejected"


class AssetInUse(Conflict):
    """The picture is on a page and cannot be deleted."""

    slug = "asset_in_use"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A rendition in the file store."""

    purpose: str
    format: str
    width: int
    height: int
    key: str
    size_bytes: int
    part: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of decoding an asset: its files, or the sentence why there are none."""

    rendered: images.Rendered | None
    files: tuple[StoredFile, ...]
    problem: str | None
    ground: str = images.WHITE
    # As `Asset.codes` keeps them.
    codes: tuple[dict[str, object], ...] = ()


def receive_upload(
    db: Session,
    *,
    vendor_id: str,
    stream: BinaryIO,
    file_name: str,
    store: FileStore,
    settings: Settings,
    at: datetime,
    alt: Mapping[str, str] | None = None,
    is_decorative: bool = False,
) -> Asset:
    """Take in one picture from a vendor and ask for its renditions; the caller commits.

    The same bytes from the same vendor are the same asset; one that was refused is tried again.

    :param stream: the upload, at its first byte; read once, not closed.
    :param alt: what it shows, by locale; may follow later (`describe`).
    :return: the asset in state `checking`; its renditions appear when the job is done.
    :raises TooLarge: more than `settings.max_image_bytes`.
    :raises ImageRejected: not a picture of a kind and size that is taken; nothing is kept.
    :raises QuotaFull: the vendor's files take all the room there is.
    """
    quota.refuse_when_full(db, vendor_id, store=store, settings=settings)
    key = store.put(stream, "incoming", max_bytes=settings.max_image_bytes)
    digest = key.rpartition("/")[2]
    kept = _find_same(db, vendor_id, digest)
    if kept is not None:
        return _received_again(db, kept, size=store.path(key).stat().st_size, at=at)
    try:
        header = images.examine(store.path(key), max_pixels=settings.max_image_pixels)
    except images.Unusable as refused:
        if not _is_anybodys(db, key):
            store.delete(key)
        raise ImageRejected(str(refused)) from None
    asset = Asset(
        id=ids.new(),
        vendor_id=vendor_id,
        state=AssetState.CHECKING,
        digest=digest,
        source_key=key,
        source_bytes=store.path(key).stat().st_size,
        file_name=shown_name(file_name),
        width=header.width,
        height=header.height,
        is_decorative=is_decorative,
        received_at=at,
    )
    _set_alt(
        asset, {} if is_decorative else {word: clean_line(text, ALT_MAX_CHARS) for word, text in (alt or {}).items()}
    )
    return _add_once(db, asset)


def _add_once(db: Session, asset: Asset) -> Asset:
    """The asset, with its job asked for; or the same file, where it came twice at once and the other was first."""
    try:
        with db.begin_nested():
            db.add(asset)
    except IntegrityError:
        kept = _find_same(db, asset.vendor_id, asset.digest)
        if kept is None:
            raise
        return kept
    jobs.enqueue(db, RENDER, order_id(asset), {"asset_id": asset.id})
    return asset


def order_id(asset: Asset) -> str:
    """What the job that makes an asset's renditions is known by; another one each time the file comes."""
    return order_id_of(asset.id, asset.received_at)


def order_id_of(asset_id: str, received_at: datetime) -> str:
    """As `order_id`, for whoever has read no more of the asset."""
    return f"{asset_id}:{int(received_at.timestamp())}"


def shown_name(file_name: str) -> str:
    """A file's name as its sender called it, without folders, safe to show; never used as a path."""
    last = file_name.replace("\\", "/").rpartition("/")[2]
    return clean_line(last, max(len(last), 1))[:200] or "Unnamed"


def prepare(
    store: FileStore, source_key: str, *, focus: tuple[float, float] | None, ground: str, settings: Settings
) -> Prepared:
    """Decode a source in a child process and store what is made of it; touches no database.

    :param focus: as `find_focus` says; None: guessed.
    :param ground: what transparent parts are laid on, as `find_ground` says.
    :return: the files, or a problem; the same source gives the same files.
    """
    if not store.exists(source_key):
        return Prepared(None, (), "This file is gone from the store. Send it again.")
    with tempfile.TemporaryDirectory(prefix="qrmerch-") as folder:
        try:
            rendered = images.render(
                store.path(source_key), Path(folder), max_pixels=settings.max_image_pixels, focus=focus, ground=ground
            )
        except images.Unusable as refused:
            return Prepared(None, (), str(refused))
        files = tuple(keep_file(store, Path(folder), made) for made in rendered.files)
    return Prepared(rendered, files, None, ground, picture_codes.kept(rendered.codes, base_url=settings.base_url))


def record_renditions(db: Session, asset: Asset, prepared: Prepared) -> None:
    """Write what `prepare` found: the asset becomes `ready` with renditions, or `refused` with its problem."""
    db.execute(delete(Rendition).where(Rendition.asset_id == asset.id))
    if prepared.rendered is None:
        asset.state = AssetState.REFUSED
        asset.problem = (prepared.problem or "")[:300]
        db.flush()
        return
    db.add_all(
        Rendition(
            asset_id=asset.id,
            purpose=each.purpose,
            format=each.format,
            width=each.width,
            height=each.height,
            key=each.key,
            size_bytes=each.size_bytes,
        )
        for each in prepared.files
    )
    if find_focus(asset) is None:
        asset.focus_x, asset.focus_y = prepared.rendered.focus
    asset.is_light_above = prepared.rendered.is_light_above
    asset.width, asset.height = prepared.rendered.width, prepared.rendered.height
    asset.colour = prepared.rendered.colour
    asset.placeholder = prepared.rendered.placeholder
    asset.codes = list(prepared.codes)
    asset.ground = prepared.ground if prepared.rendered.is_see_through else None
    asset.state = AssetState.READY
    asset.problem = None
    db.flush()


def render_asset(db: Session, asset: Asset, *, store: FileStore, settings: Settings) -> Asset:
    """Make and record an asset's renditions at once, for setting up a shop; the job does it in two steps."""
    ground = find_ground(db, asset.vendor_id, at=asset.received_at)
    prepared = prepare(store, asset.source_key, focus=find_focus(asset), ground=ground, settings=settings)
    record_renditions(db, asset, prepared)
    return asset


def find_focus(asset: Asset) -> tuple[float, float] | None:
    """What must stay of a picture when it is cropped; None while nobody has said and none was guessed."""
    focus = (asset.focus_x, asset.focus_y)
    return None if asset.state == AssetState.CHECKING and focus == images.CENTRE else focus


def find_ground(db: Session, vendor_id: str, *, at: datetime) -> str:
    """What cut-out pictures are laid on: the ground that the pages of all the vendor's retailers share, else white."""
    grounds = {get_brand(db, retailer.id, at=at).tone.grounds[0] for retailer in list_supplied(db, vendor_id)}
    return grounds.pop() if len(grounds) == 1 else images.WHITE


def drop_source(db: Session, asset: Asset) -> str | None:
    """Let go of what a refused picture came as; the caller commits.

    :return: its key, to be deleted from the store; None where another vendor's picture came as the same bytes.
    """
    others = select(Asset.id).where(
        Asset.source_key == asset.source_key, Asset.id != asset.id, Asset.state != AssetState.REFUSED
    )
    asset.source_bytes = 0
    return None if db.scalar(others.limit(1)) else asset.source_key


def describe(db: Session, asset: Asset, description: Description) -> None:
    """Say what a picture shows and what must stay when it is cropped.

    A new focus asks for new renditions; the old ones serve until then.
    """
    _set_alt(asset, description.alt)
    asset.is_decorative = description.is_decorative
    focus = (description.focus_x, description.focus_y)
    if focus == (asset.focus_x, asset.focus_y):
        return
    asset.focus_x, asset.focus_y = focus
    if asset.state == AssetState.READY:
        jobs.enqueue(db, RENDER, f"{asset.id}:{ids.new()}", {"asset_id": asset.id})


def delete_asset(db: Session, asset: Asset, *, used_in: Collection[str]) -> list[str]:
    """Remove a picture, film or sound with its renditions.

    :param used_in: titles of what shows it now or in a draft, from who knows.
    :return: keys of files that nothing needs any more; delete them from the store after the commit.
    :raises AssetInUse: something shows it.
    """
    if used_in:
        places = ", ".join(list(used_in)[:3]) + (" and others" if len(used_in) > 3 else "")
        raise AssetInUse(f"This {asset.kind.noun} is used in {places}. Replace it there first.")
    film = db.scalar(
        select(Asset.file_name).join(Recording, Recording.asset_id == Asset.id).where(Recording.poster_id == asset.id)
    )
    if film is not None:
        raise AssetInUse(f"This picture stands in front of the film {film}. Choose another one there first.")
    db.execute(delete(Recording).where(Recording.asset_id == asset.id))
    mine = {each.key for each in db.scalars(select(Rendition).where(Rendition.asset_id == asset.id))}
    db.execute(delete(Rendition).where(Rendition.asset_id == asset.id))
    db.delete(asset)
    db.flush()
    still = set(db.scalars(select(Rendition.key).where(Rendition.key.in_(mine))))
    freed = mine - still
    if not _is_anybodys(db, asset.source_key):
        freed.add(asset.source_key)
    return sorted(freed)


def _is_anybodys(db: Session, source_key: str) -> bool:
    """Whether some vendor's picture came as this file, also one that the session does not see."""
    with unscoped(db):
        return db.scalar(select(Asset.id).where(Asset.source_key == source_key).limit(1)) is not None


def _find_same(db: Session, vendor_id: str, digest: str) -> Asset | None:
    return db.scalars(select(Asset).where(Asset.vendor_id == vendor_id, Asset.digest == digest)).one_or_none()


def _received_again(db: Session, asset: Asset, *, size: int, at: datetime) -> Asset:
    """The asset that these bytes are already; what failed then may have been our own trouble."""
    if asset.kind.is_recording:
        raise ImageRejected(f"This is a {asset.kind.noun}, and it is here already.")
    if asset.state == AssetState.REFUSED:
        asset.source_bytes = size
        asset.state, asset.problem, asset.received_at = AssetState.CHECKING, None, at
        jobs.enqueue(db, RENDER, order_id(asset), {"asset_id": asset.id})
    return asset


def _set_alt(asset: Asset, alt: dict[str, str]) -> None:
    asset.alt = {locale: text for locale, text in alt.items() if text}
    asset.alt_text = "\n".join(asset.alt.values())


def keep_file(store: FileStore, folder: Path, made: images.Made, *, part: str = "") -> StoredFile:
    """Put a file that was made into the store."""
    path = folder / made.name
    with path.open("rb") as file:
        key = store.put(file, "renditions")
    return StoredFile(made.purpose, made.format, made.width, made.height, key, path.stat().st_size, part)
