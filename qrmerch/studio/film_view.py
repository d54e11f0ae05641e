"""What is shown of a film or sound beside the list of assets, and of files that are half here."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.config import Settings
from qrmerch.i18n import direction, language_name
from qrmerch.media import arrivals
from qrmerch.media.models import Asset, AssetKind, AssetState, Recording
from qrmerch.media.playing import (
    frames_of,
    get_recording,
    lacking,
    playables_of,
    recordings_of,
    said_length,
)
from qrmerch.media.queries import list_assets, media_url, pictures_of
from qrmerch.studio.film_pages import ArrivalLine, FilmPanel, FrontChoice, LanguageWords, Player
from qrmerch.studio.times import in_a_row, said_at, said_left

_OFFERED: Final = 12
_MEGABYTE: Final = 1_000_000


def film_panel(
    db: Session,
    asset: Asset,
    locales: Sequence[str],
    *,
    at: datetime,
    posted: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> FilmPanel:
    """A film or sound as it is kept, or as it was just typed (`posted`) where that cannot be taken."""
    recording, is_ready = get_recording(db, asset.id), asset.state == AssetState.READY
    is_film = asset.kind == AssetKind.FILM
    pictures = _own_pictures(db, asset, recording) if is_film and is_ready else ()
    front = recording.poster_id or recording.frame
    return FilmPanel(
        noun=asset.kind.noun,
        is_film=is_film,
        percent=recording.done_percent,
        said=_said_progress(recording, at=at),
        player=_player(db, asset, recording) if is_ready else None,
        lacks=_sentence(lacking(asset, recording, locales), asset) if is_ready else "",
        frames=_frames(db, asset, recording) if is_film and is_ready else (),
        pictures=pictures,
        front=posted.get("front", front) if posted else front,
        words=tuple(_words(recording, locale, posted) for locale in locales),
        is_speechless=bool(posted.get("is_speechless")) if posted else recording.is_speechless,
        length=said_length(recording.duration_ms),
        problems=dict(problems or {}),
    )


def film_lines(db: Session, assets: Collection[Asset], locales: Sequence[str]) -> dict[str, tuple[str, str]]:
    """What the list says of its films and sounds, and what they lack, by asset id."""
    recordings = recordings_of(db, [each.id for each in assets if each.kind.is_recording])
    found = {}
    for asset in assets:
        recording = recordings.get(asset.id)
        if recording is None:
            continue
        said = f"{asset.kind.noun.capitalize()}, {said_length(recording.duration_ms)}"
        if asset.state == AssetState.CHECKING and recording.begun_at:
            said += f", {recording.done_percent} % done"
        lack = lacking(asset, recording, locales) if asset.state == AssetState.READY else ""
        found[asset.id] = (
            said,
            "No captions yet" if lack and asset.kind == AssetKind.FILM else lack and "No words yet",
        )
    return found


def arrival_lines(
    db: Session, vendor_id: str, settings: Settings, *, at: datetime, zone: str
) -> tuple[ArrivalLine, ...]:
    """The vendor's files that are half here, newest first."""
    lines = []
    for each in arrivals.list_arrivals(db, vendor_id):
        here = arrivals.received(settings, each.id)
        said = (
            f"{here / _MEGABYTE:,.0f} of {each.size_bytes / _MEGABYTE:,.0f} MB are here, begun"
            f" {said_at(each.created_at, now=at, zone=zone)}. Choose the same file again to go on."
        )
        percent = here * 100 // each.size_bytes
        lines.append(ArrivalLine(each.id, each.file_name, each.size_bytes, each.stamp, percent, said))
    return tuple(lines)


def _sentence(lack: str, asset: Asset) -> str:
    return f"This {asset.kind.noun} {lack}" if lack else ""


def _said_progress(recording: Recording, *, at: datetime) -> str:
    if recording.begun_at is None:
        return "It waits for its turn. You may close this page."
    done = recording.done_percent
    if done < 3:
        return "It has just begun. You may close this page."
    left = said_left(done, 100, since=recording.begun_at, now=at)
    return in_a_row(f"{done} % done.", left, "You may close this page.")


def _player(db: Session, asset: Asset, recording: Recording) -> Player | None:
    playable = playables_of(db, [asset.id]).get(asset.id)
    if playable is None:
        return None
    picture = pictures_of(db, [asset.id]).get(asset.id)
    tracks = tuple((locale, language_name(locale), address) for locale, address in sorted(playable.captions.items()))
    return Player(playable, picture.fallback.url if picture else "", tracks)


def _frames(db: Session, asset: Asset, recording: Recording) -> tuple[FrontChoice, ...]:
    frames = frames_of(db, asset.id)
    return tuple(
        FrontChoice(
            value=each.part,
            image=media_url(each.key, each.format),
            width=each.width,
            height=each.height,
            label=f"At {said_length(round(recording.duration_ms * (place + 0.5) / len(frames)))}",
        )
        for place, each in enumerate(frames)
    )


def _own_pictures(db: Session, asset: Asset, recording: Recording) -> tuple[FrontChoice, ...]:
    """The vendor's newest pictures, and in any case the one that stands in front."""
    found, _ = list_assets(db, asset.vendor_id, state=AssetState.READY, kind=AssetKind.PICTURE, per_page=_OFFERED)
    names = {each.id: each.file_name for each in found}
    if recording.poster_id and recording.poster_id not in names:
        chosen = db.get(Asset, recording.poster_id)
        names = {recording.poster_id: chosen.file_name if chosen else "", **names}
    pictures = pictures_of(db, list(names))
    return tuple(
        FrontChoice(asset_id, pictures[asset_id].card_url, 96, 96, name)
        for asset_id, name in names.items()
        if asset_id in pictures
    )


def _words(recording: Recording, locale: str, posted: Mapping[str, str] | None) -> LanguageWords:
    captions = recording.captions.get(locale)
    count = captions["cues"] if captions else 0
    said = f"{captions['file_name']}, {count:,} {'line' if count == 1 else 'lines'}" if captions else ""
    transcript = recording.transcript.get(locale, "")
    return LanguageWords(
        locale=locale,
        language=language_name(locale, "en"),
        direction=direction(locale),
        captions=said,
        transcript=posted.get(f"transcript.{locale}", transcript) if posted else transcript,
    )
