"""Jobs about films and sounds: making what is served, outside of any request and any transaction."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.jobs import FILMS, Work, chore, job, sweep
from qrmerch.media import arrivals, films, images
from qrmerch.media.models import Asset, AssetKind, AssetState, Recording
from qrmerch.media.playing import get_recording
from qrmerch.media.recordings import Stopped
from qrmerch.media.service import order_id
from qrmerch.parties.queries import list_supplied
from qrmerch.parties.service import changed

_RECORDINGS = (AssetKind.FILM, AssetKind.SOUND)


@job(films.TRANSCODE, lane=FILMS)
def transcode(work: Work, *, asset_id: str) -> None:
    """Make what is served of a film or sound; a killed one begins anew and leaves one asset with one set of files."""
    with work.database.write() as db:
        asset = db.get(Asset, asset_id)
        if asset is None or asset.state != AssetState.CHECKING:
            return
        recording = get_recording(db, asset_id)
        recording.begun_at, recording.done_percent = now(), 0
        order, duration_ms = order_id(asset), recording.duration_ms
        db.commit()

    def tell(done: float) -> bool:
        with work.database.write() as db:
            is_wanted = films.tell_progress(db, asset_id, done)
            db.commit()
        return is_wanted

    try:
        prepared = films.prepare(work.files, asset, duration_ms=duration_ms, settings=work.settings, tell=tell)
    except Stopped:
        return
    with work.database.write() as db:
        kept = db.get(Asset, asset_id)
        # Stopped in the last second, and perhaps begun again: then that order makes it.
        if kept is None or kept.state != AssetState.CHECKING or order_id(kept) != order:
            return
        films.record(db, kept, prepared)
        db.commit()


@sweep(films.TRANSCODE)
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Films and sounds that were never made."""
    wanted = select(Asset).where(Asset.state == AssetState.CHECKING, Asset.kind.in_(_RECORDINGS))
    for asset in db.scalars(wanted):
        yield order_id(asset), {"asset_id": asset.id}


@job(films.POSTER)
def make_poster(work: Work, *, asset_id: str) -> None:
    """Make the pictures in front of a film from the frame that was chosen last."""
    with work.database.read() as db:
        asset = db.get(Asset, asset_id)
        recording = get_recording(db, asset_id) if asset else None
        frame = recording.frame if recording else ""
        chosen = films.find_frame(db, asset_id, frame)
    if recording is None or chosen is None or frame == recording.frame_made:
        return
    try:
        rendered, files = films.prepare_poster(work.files, chosen.key, settings=work.settings)
    except images.Unusable:
        # The pictures of before stay; the frame that made them is the chosen one again.
        rendered, files = None, []
    with work.database.write() as db:
        asset = db.get(Asset, asset_id)
        if asset is None:
            return
        recording = get_recording(db, asset_id)
        is_outdated = recording.frame != frame
        if rendered is None:
            recording.frame = recording.frame_made
        elif not is_outdated:
            films.record_poster(db, asset, frame, rendered, files)
            for retailer in list_supplied(db, asset.vendor_id):
                changed(db, retailer.id, at=now())
        db.commit()
    if is_outdated:
        make_poster(work, asset_id=asset_id)


@sweep(films.POSTER)
def waiting_posters(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Films of which another frame was chosen than the one that is shown."""
    wanted = (
        select(Recording.asset_id, Recording.frame)
        .join(Asset, Asset.id == Recording.asset_id)
        .where(Asset.state == AssetState.READY, Recording.frame != Recording.frame_made)
    )
    for asset_id, frame in db.execute(wanted):
        # The same frame may be chosen again after another one. Once an hour: one that fails is not tried all day long.
        yield f"{asset_id}:{frame}:{now():%Y%m%d%H}", {"asset_id": asset_id}


@chore
def forget_arrivals(work: Work) -> None:
    """Drop what was begun to be sent two days ago and never came whole, and what killed processes left."""
    with work.database.write() as db:
        arrivals.forget_old(db, at=now())
        db.commit()
        kept = arrivals.list_ids(db)
    arrivals.sweep_files(work.settings, kept, at=now())
