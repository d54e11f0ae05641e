"""Films and sounds: taking them in, keeping what was made of them, what stands in front of them, captions.

In: a vendor's stream. Out: an asset in state `checking`, of which a job makes what is served.
Never: an original served, or a file name from outside on the disk.
"""

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qrmerch import ids, jobs
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.errors import Conflict, DomainError, FormError, TooLarge
from qrmerch.files import FileStore
from qrmerch.media import images, recordings
from qrmerch.media.captions import BadCaptions, read_captions, words_of, write_captions
from qrmerch.media.models import Asset, AssetKind, AssetState, Recording, Rendition
from qrmerch.media.playing import get_recording
from qrmerch.media.service import StoredFile, keep_file, order_id, shown_name
from qrmerch.text import clean_block

TRANSCODE: Final = "media.transcode"
POSTER: Final = "media.poster"
MAX_TRANSCRIPT_CHARS: Final = 30_000
# Renditions of what stands in front of a film, made anew when another frame is chosen.
_POSTER_PURPOSES: Final = ("page", "card", "preview")


class RecordingRejected(DomainError):
    """The upload is no film or sound that can be taken; the message says why and what to do."""

    status = 422
    slug = "recording_rejected"


class NotRunning(Conflict):
    """There is nothing to be stopped or begun again."""

    slug = "not_running"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A film or sound that lies in the store and can be played."""

    key: str
    size_bytes: int
    facts: recordings.Facts


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of a film or sound: its files, or the sentence why there are none."""

    outcome: recordings.Outcome | None
    poster: images.Rendered | None
    files: tuple[StoredFile, ...]
    problem: str | None


def accept(database: Database, store: FileStore, stream: BinaryIO, *, settings: Settings) -> Accepted:
    """Store a film or sound and look into it, without holding the database: that takes seconds.

    :param stream: the upload, at its first byte; read once, not closed.
    :raises TooLarge: more than a film or a sound may have.
    :raises RecordingRejected: nothing that can be played within the limits; nothing is kept.
    """
    key = store.put(stream, "incoming", max_bytes=settings.max_video_bytes)
    size = store.path(key).stat().st_size
    try:
        facts = recordings.examine(store.path(key), max_s=settings.max_recording_s)
        if not facts.is_film and size > settings.max_audio_bytes:
            raise TooLarge(
                f"This sound has {size / 1_000_000:,.0f} MB; {settings.max_audio_bytes // 1_000_000} MB are taken."
                " Export it as MP3 with 128 kbit/s."
            )
    except recordings.Unusable as refused:
        forget(database, store, key)
        raise RecordingRejected(str(refused)) from None
    except TooLarge:
        forget(database, store, key)
        raise
    return Accepted(key, size, facts)


def forget(database: Database, store: FileStore, key: str) -> None:
    """Delete what came as a film or sound and is not to be kept, unless it is somebody's already."""
    with database.read() as db:
        is_used = db.scalar(select(Asset.id).where(Asset.source_key == key).limit(1)) is not None
    if not is_used:
        store.delete(key)


def keep(db: Session, accepted: Accepted, *, vendor_id: str, file_name: str, at: datetime) -> Asset:
    """Keep a film or sound as a vendor's asset and ask for what is served of it; the caller commits.

    The same bytes from the same vendor are the same asset; one that was refused or stopped is begun again.

    :return: the asset in state `checking`, or `ready` where it was here already.
    """
    digest = accepted.key.rpartition("/")[2]
    kept = _find_same(db, vendor_id, digest)
    if kept is not None:
        if kept.state == AssetState.REFUSED:
            start_again(db, kept, at=at)
        return kept
    asset = Asset(
        id=ids.new(),
        vendor_id=vendor_id,
        kind=AssetKind.FILM if accepted.facts.is_film else AssetKind.SOUND,
        state=AssetState.CHECKING,
        digest=digest,
        source_key=accepted.key,
        source_bytes=accepted.size_bytes,
        file_name=shown_name(file_name),
        width=accepted.facts.width or None,
        height=accepted.facts.height or None,
        alt={},
        # Players have controls with names of their own; what is said is for captions and transcripts.
        is_decorative=True,
        received_at=at,
    )
    try:
        with db.begin_nested():
            db.add(asset)
            db.flush()
            db.add(Recording(asset_id=asset.id, duration_ms=accepted.facts.duration_ms, captions={}, transcript={}))
    except IntegrityError:
        # The same file came twice at once; the other one was first.
        kept = _find_same(db, vendor_id, digest)
        if kept is None:
            raise
        return kept
    jobs.enqueue(db, TRANSCODE, order_id(asset), {"asset_id": asset.id})
    return asset


def _find_same(db: Session, vendor_id: str, digest: str) -> Asset | None:
    return db.scalars(select(Asset).where(Asset.vendor_id == vendor_id, Asset.digest == digest)).one_or_none()


# --- making ----------------------------------------------------------------------------------------


def prepare(
    store: FileStore,
    asset: Asset,
    *,
    duration_ms: int,
    settings: Settings,
    tell: Callable[[float], bool],
) -> Prepared:
    """Make what is served of a film or sound, in a child process, and store it; touches no database.

    :param tell: called about once a second with the part that is done; whether it is still wanted.
    :raises recordings.Stopped: it is not wanted any more.
    """
    if not store.exists(asset.source_key):
        return Prepared(None, None, (), "This file is gone from the store. Send it again.")
    with _workplace(settings, asset.id) as folder:
        try:
            outcome = recordings.make(
                store.path(asset.source_key),
                folder,
                duration_ms=duration_ms,
                max_s=settings.max_recording_s,
                tell=tell,
            )
            rendered = None
            if outcome.best_frame:
                frame = next(each for each in outcome.files if each.part == outcome.best_frame)
                rendered = images.render(folder / frame.name, folder, max_pixels=settings.max_image_pixels)
        except (recordings.Unusable, images.Unusable) as refused:
            return Prepared(None, None, (), str(refused))
        files = [keep_file(store, folder, _plain(each), part=each.part) for each in outcome.files]
        files += [keep_file(store, folder, each) for each in (rendered.files if rendered else ())]
    return Prepared(outcome, rendered, tuple(files), None)


def _plain(made: recordings.Made) -> images.Made:
    return images.Made(made.purpose, made.format, made.width, made.height, made.name)


@contextmanager
def _workplace(settings: Settings, asset_id: str) -> Iterator[Path]:
    """A folder to make one asset's files in; what a process that was killed left of it is gone first."""
    place = making_folder(settings)
    place.mkdir(parents=True, exist_ok=True)
    for left in place.glob(f"{asset_id}-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = place / f"{asset_id}-{ids.public()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def making_folder(settings: Settings) -> Path:
    """Where films and sounds are made before they are stored."""
    return settings.data_dir / "making"


def tell_progress(db: Session, asset_id: str, done: float) -> bool:
    """Note how far the making of an asset is; whether it is still wanted. The caller commits."""
    state = db.scalar(select(Asset.state).where(Asset.id == asset_id))
    percent = max(0, min(99, int(done * 100)))
    db.execute(update(Recording).where(Recording.asset_id == asset_id).values(done_percent=percent))
    return state == AssetState.CHECKING


def record(db: Session, asset: Asset, prepared: Prepared) -> None:
    """Write what `prepare` made: the asset becomes `ready`, or `refused` with its problem. The caller commits."""
    if prepared.outcome is None:
        asset.state, asset.problem = AssetState.REFUSED, (prepared.problem or "")[:300]
        return
    # Captions stay: they were there before, or came while this was made.
    _replace_files(db, asset, prepared.files, purposes=("film", "sound", "frame", *_POSTER_PURPOSES))
    recording = get_recording(db, asset.id)
    recording.duration_ms, recording.done_percent = prepared.outcome.duration_ms, 100
    recording.frame = recording.frame_made = prepared.outcome.best_frame
    asset.width, asset.height = prepared.outcome.width or None, prepared.outcome.height or None
    _set_look(asset, prepared.poster)
    asset.state, asset.problem = AssetState.READY, None
    db.flush()


def _set_look(asset: Asset, poster: images.Rendered | None) -> None:
    asset.colour = poster.colour if poster else None
    asset.placeholder = poster.placeholder if poster else None
    asset.is_light_above = bool(poster and poster.is_light_above)


def _replace_files(db: Session, asset: Asset, files: Sequence[StoredFile], *, purposes: Sequence[str]) -> None:
    db.execute(delete(Rendition).where(Rendition.asset_id == asset.id, Rendition.purpose.in_(purposes)))
    db.add_all(
        Rendition(
            asset_id=asset.id,
            purpose=each.purpose,
            part=each.part,
            format=each.format,
            width=each.width,
            height=each.height,
            key=each.key,
            size_bytes=each.size_bytes,
        )
        for each in files
    )


def stop(db: Session, asset: Asset) -> None:
    """Let a film or sound not be made; what came of it so far is dropped by the job. The caller commits.

    :raises NotRunning: it is done, or was stopped already.
    """
    if asset.state != AssetState.CHECKING:
        raise NotRunning(f"{asset.file_name} is not being made ready any more.")
    asset.state, asset.problem = AssetState.REFUSED, "You stopped this. Begin again, or delete it."


def start_again(db: Session, asset: Asset, *, at: datetime) -> None:
    """Try once more to make a film or sound that was refused or stopped. The caller commits.

    :raises NotRunning: it is neither.
    """
    if asset.state != AssetState.REFUSED or not asset.kind.is_recording:
        raise NotRunning(f"{asset.file_name} need not be begun again.")
    asset.state, asset.problem, asset.received_at = AssetState.CHECKING, None, at
    recording = get_recording(db, asset.id)
    recording.done_percent, recording.begun_at = 0, None
    jobs.enqueue(db, TRANSCODE, order_id(asset), {"asset_id": asset.id})


# --- what stands in front of a film ----------------------------------------------------------------


def choose_frame(db: Session, asset: Asset, frame: str) -> None:
    """Let one of a film's frames stand in front of it; its pictures follow by a job. The caller commits.

    :raises FormError: there is no such frame.
    """
    recording = get_recording(db, asset.id)
    if find_frame(db, asset.id, frame) is None:
        raise FormError({"frame": "This frame is not there any more. Choose one of those below."})
    recording.frame, recording.poster_id = frame, None
    if recording.frame != recording.frame_made:
        jobs.enqueue(db, POSTER, f"{asset.id}:{ids.new()}", {"asset_id": asset.id})


def choose_picture(db: Session, asset: Asset, picture: Asset) -> None:
    """Let a picture of the vendor's stand in front of a film. The caller commits.

    :raises FormError: it cannot be shown.
    """
    if picture.kind != AssetKind.PICTURE or picture.state != AssetState.READY or picture.vendor_id != asset.vendor_id:
        raise FormError({"frame": "This picture cannot be shown. Choose another, or one of the frames."})
    get_recording(db, asset.id).poster_id = picture.id


def find_frame(db: Session, asset_id: str, frame: str) -> Rendition | None:
    """The file of one of a film's frames."""
    wanted = select(Rendition).where(Rendition.asset_id == asset_id, Rendition.purpose == "frame")
    return db.scalars(wanted.where(Rendition.part == frame)).one_or_none()


def prepare_poster(store: FileStore, frame_key: str, *, settings: Settings) -> tuple[images.Rendered, list[StoredFile]]:
    """The pictures that stand in front of a film, made of one of its frames; touches no database.

    :raises images.Unusable: the frame is gone or damaged.
    """
    if not store.exists(frame_key):
        raise images.Unusable("This frame is gone from the store.")
    with tempfile.TemporaryDirectory(prefix="qrmerch-") as folder:
        rendered = images.render(store.path(frame_key), Path(folder), max_pixels=settings.max_image_pixels)
        return rendered, [keep_file(store, Path(folder), each) for each in rendered.files]


def record_poster(
    db: Session, asset: Asset, frame: str, rendered: images.Rendered, files: Sequence[StoredFile]
) -> None:
    """Write what `prepare_poster` made of a frame. The caller commits."""
    _replace_files(db, asset, files, purposes=_POSTER_PURPOSES)
    get_recording(db, asset.id).frame_made = frame
    _set_look(asset, rendered)
    db.flush()


# --- what is said ----------------------------------------------------------------------------------


def set_captions(db: Session, asset: Asset, locale: str, data: bytes, *, file_name: str, store: FileStore) -> None:
    """Take a file of captions for one language; it takes the place of the one before. The caller commits.

    :raises FormError: it is no WebVTT or SRT; the message names the line.
    """
    recording = get_recording(db, asset.id)
    try:
        cues = read_captions(data, duration_ms=recording.duration_ms)
    except BadCaptions as error:
        raise FormError({f"captions.{locale}": str(error)}) from None
    text = write_captions(cues).encode()
    key = store.put(io.BytesIO(text), "renditions")
    part = key.rpartition("/")[2][:16]
    wanted = select(Rendition).where(Rendition.asset_id == asset.id, Rendition.purpose == "captions")
    if db.scalars(wanted.where(Rendition.part == part)).one_or_none() is None:
        stored = StoredFile("captions", "vtt", 0, 0, key, len(text), part)
        _replace_files(db, asset, [stored], purposes=())
    # The words stand beside the file for who compares two versions of a page.
    words = words_of(cues)[:MAX_TRANSCRIPT_CHARS]
    said = {"key": key, "file_name": shown_name(file_name), "cues": len(cues), "words": words}
    recording.captions = {**recording.captions, locale: said}


def drop_captions(db: Session, asset: Asset, locale: str) -> None:
    """Let a language have no captions; pages that were approved with them keep them. The caller commits."""
    recording = get_recording(db, asset.id)
    recording.captions = {each: said for each, said in recording.captions.items() if each != locale}


def set_words(db: Session, asset: Asset, transcript: Mapping[str, str], *, is_speechless: bool) -> None:
    """Say what is spoken, by language, or that nobody speaks. The caller commits.

    :raises FormError: longer than anybody reads.
    """
    recording = get_recording(db, asset.id)
    problems, kept = {}, {}
    for locale, text in transcript.items():
        try:
            words = clean_block(text, MAX_TRANSCRIPT_CHARS)
        except ValueError as error:
            problems[f"transcript.{locale}"] = str(error)
            continue
        if words:
            kept[locale] = words
    if problems:
        raise FormError(problems)
    recording.transcript, recording.is_speechless = kept, is_speechless
