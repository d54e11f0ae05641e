"""The films and sounds of a page: those of its slots that are ready, with what was approved of their words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qrmerch.i18n import direction, language_name
from qrmerch.media.models import AssetKind
from qrmerch.media.playing import Playable, playables_of, said_length
from qrmerch.media.queries import Picture, media_url, own_pictures_of
from qrmerch.rendering.frame import pick_language
from qrmerch.rendering.pages import Recording, Track
from qrmerch.rendering.sections import Source, asset_ids, is_recording_slot


def load_recordings(db: Session, source: Source, *, at: datetime) -> dict[str, Recording]:
    """What plays on a page at an instant, by asset id; what is not ready or may not be shown is left out."""
    found = playables_of(db, list_played(source), at=at)
    if not found:
        return {}
    fronts = {asset_id: _front_id(each, source.recordings.get(asset_id)) for asset_id, each in found.items()}
    pictures = own_pictures_of(db, {*found, *(each for each in fronts.values() if each)}, at=at)
    return {
        asset_id: _recording(each, source, pictures.get(fronts[asset_id]) or pictures.get(asset_id))
        for asset_id, each in found.items()
    }


def list_played(source: Source) -> list[str]:
    """The ids of all films and sounds in a page's slots."""
    return [
        asset_id
        for section in source.sections
        for slot, value in source.values(section)
        if is_recording_slot(slot)
        for asset_id in asset_ids(value)
    ]


def list_fronts(source: Source) -> list[str]:
    """The ids of pictures that were approved to stand in front of a page's films."""
    return [str(each["poster_id"]) for each in source.recordings.values() if each.get("poster_id")]


def _front_id(playable: Playable, sealed: Mapping[str, Any] | None) -> str:
    """The picture that stands in front of a film, as it was approved; empty for the film's own frame."""
    chosen = sealed.get("poster_id") if sealed is not None else playable.poster_id
    return str(chosen or "")


def _recording(playable: Playable, source: Source, front: Picture | None) -> Recording:
    sealed = source.recordings.get(playable.asset_id)
    captions: Mapping[str, str] = playable.captions
    transcript: Mapping[str, str] = playable.transcript
    if sealed is not None:
        captions = {locale: media_url(said["key"], "vtt") for locale, said in (sealed.get("captions") or {}).items()}
        transcript = sealed.get("transcript") or {}
    spoken = pick_language(transcript, source.locale, source.fallbacks) if transcript else ""
    return Recording(
        is_film=playable.kind == AssetKind.FILM,
        src=playable.url,
        media_type=playable.media_type,
        width=playable.width,
        height=playable.height,
        poster=front.fallback.url if front else "",
        length=said_length(playable.duration_ms),
        duration_s=max(1, round(playable.duration_ms / 1000)),
        tracks=_tracks(captions, source.locale, source.fallbacks),
        transcript=tuple(each for each in transcript.get(spoken, "").split("\n") if each.strip()),
        transcript_language="" if spoken.split("-")[0] == source.locale.split("-")[0] else spoken,
        transcript_direction=direction(spoken) if spoken else "",
        sent_at=playable.received_at.date().isoformat(),
    )


def _tracks(captions: Mapping[str, str], locale: str, fallbacks: tuple[str, ...]) -> tuple[Track, ...]:
    """The captions, those in the page's language (or the nearest there is) first and shown without asking."""
    if not captions:
        return ()
    first = pick_language(captions, locale, fallbacks)
    order = sorted(captions, key=lambda each: (each != first, each))
    return tuple(Track(each, language_name(each), captions[each], is_default=each == first) for each in order)
