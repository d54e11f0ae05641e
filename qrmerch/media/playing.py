"""Reads about films and sounds: what plays, what is said in it, what it still lacks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.errors import NotFound
from qrmerch.i18n import language_name
from qrmerch.media.models import Asset, AssetKind, AssetState, Recording, Rendition
from qrmerch.media.queries import MEDIA_TYPES, media_url
from qrmerch.media.rights import is_allowed


@dataclass(frozen=True, slots=True)
class Playable:
    """A film or sound that can be shown: its one file, and by locale its captions' addresses and its transcript."""

    asset_id: str
    kind: AssetKind
    url: str
    media_type: str
    width: int
    height: int
    duration_ms: int
    size_bytes: int
    captions: Mapping[str, str]
    transcript: Mapping[str, str]
    poster_id: str | None
    received_at: datetime


def get_recording(db: Session, asset_id: str) -> Recording:
    """What a film or sound has besides what every asset has.

    :raises NotFound: the asset is a picture, or is none.
    """
    found = db.scalars(select(Recording).where(Recording.asset_id == asset_id)).one_or_none()
    if found is None:
        raise NotFound("This is no film or sound.")
    return found


def recordings_of(db: Session, asset_ids: Collection[str]) -> dict[str, Recording]:
    """What the films and sounds among these assets have besides, by asset id."""
    if not asset_ids:
        return {}
    found = db.scalars(select(Recording).where(Recording.asset_id.in_(set(asset_ids))))
    return {each.asset_id: each for each in found}


def playables_of(db: Session, asset_ids: Collection[str], *, at: datetime | None = None) -> dict[str, Playable]:
    """The films and sounds among these assets that are ready, by asset id; others are left out.

    :param at: for whom they are shown to: those that may not be shown at this instant are left out too.
    """
    if not asset_ids:
        return {}
    wanted = (
        select(Asset, Recording, Rendition)
        .join(Recording, Recording.asset_id == Asset.id)
        .join(Rendition, Rendition.asset_id == Asset.id)
        .where(Asset.id.in_(set(asset_ids)), Asset.state == AssetState.READY)
        .where(Rendition.purpose.in_(("film", "sound")))
    )
    if at is not None:
        wanted = wanted.where(is_allowed(at))
    return {asset.id: _playable(asset, recording, file) for asset, recording, file in db.execute(wanted)}


def _playable(asset: Asset, recording: Recording, file: Rendition) -> Playable:
    return Playable(
        asset_id=asset.id,
        kind=asset.kind,
        url=media_url(file.key, file.format),
        media_type=MEDIA_TYPES[file.format],
        width=file.width,
        height=file.height,
        duration_ms=recording.duration_ms,
        size_bytes=file.size_bytes,
        captions={locale: media_url(said["key"], "vtt") for locale, said in recording.captions.items()},
        transcript=dict(recording.transcript),
        poster_id=recording.poster_id,
        received_at=asset.received_at,
    )


def frames_of(db: Session, asset_id: str) -> list[Rendition]:
    """The frames of a film that may stand in front of it, in order of time."""
    wanted = select(Rendition).where(Rendition.asset_id == asset_id, Rendition.purpose == "frame")
    return list(db.scalars(wanted.order_by(Rendition.part)))


def lacking(asset: Asset, recording: Recording, locales: Sequence[str]) -> str:
    """What a shopper who cannot hear would miss, as a sentence; empty where nothing is missing.

    A film needs captions, a sound its words, in the first language; what nobody speaks in needs neither.

    :param locales: the retailer's languages, first one first.
    """
    if recording.is_speechless:
        return ""
    first = locales[0]
    kept = recording.captions if asset.kind == AssetKind.FILM else recording.transcript
    if first in kept or first.split("-")[0] in kept:
        return ""
    language = language_name(first, "en")
    if asset.kind == AssetKind.FILM:
        return f"has no captions in {language}. Add them, or say that nobody speaks."
    return f"has no transcript in {language}. Write down what is said, or say that nobody speaks."


def said_length(milliseconds: int) -> str:
    """A length as players show it: `1:05`."""
    seconds = round(milliseconds / 1000)
    return f"{seconds // 60}:{seconds % 60:02}"
