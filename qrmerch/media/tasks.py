"""Jobs about pictures: decoding what came in, outside of any request and any transaction; what is due by the clock."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.files import FileStore
from qrmerch.jobs import PICTURES, Work, chore, enqueue, job, sweep
from qrmerch.leftovers import names_files
from qrmerch.media import picture_codes, service
from qrmerch.media.archives import list_archive_keys
from qrmerch.media.images import read_codes
from qrmerch.media.marks import AREA
from qrmerch.media.models import Asset, AssetKind, AssetState
from qrmerch.media.queries import count_bytes, find_largest_key, list_rendition_keys, list_source_keys
from qrmerch.media.reminders import write_reminders
from qrmerch.parties.models import BrandKit
from qrmerch.parties.queries import list_supplied
from qrmerch.parties.service import changed
from qrmerch.quota import takes_room


@job(service.RENDER, lane=PICTURES)
def render(work: Work, *, asset_id: str) -> None:
    """Make an asset's renditions; running again gives the same files and rows."""
    begun_at = now()
    with work.database.read() as db:
        asset = db.get(Asset, asset_id)
        if asset is None or asset.state == AssetState.REFUSED or asset.kind.is_recording:
            return
        source_key, focus = asset.source_key, service.find_focus(asset)
        ground = service.find_ground(db, asset.vendor_id, at=now())
    prepared = service.prepare(work.files, source_key, focus=focus, ground=ground, settings=work.settings)
    unneeded = None
    with work.database.write() as db:
        asset = db.get(Asset, asset_id)
        if asset is None:
            return
        is_outdated = service.find_focus(asset) != focus
        if not is_outdated:
            unneeded = _record(db, asset, prepared)
            db.commit()
    if unneeded:
        # What came again meanwhile is about to be tried again.
        work.files.delete_old(unneeded, before=begun_at)
    if is_outdated:
        render(work, asset_id=asset_id)


def _record(db: Session, asset: Asset, prepared: service.Prepared) -> str | None:
    """Write it down; the key of a file that nothing needs any more, if there is one."""
    was_shown = asset.state == AssetState.READY
    if was_shown and prepared.rendered is None:
        # It was made before and stays as it is: pages show it.
        return None
    service.record_renditions(db, asset, prepared)
    if was_shown:
        # Shoppers' pages name the files of before.
        for retailer in list_supplied(db, asset.vendor_id):
            changed(db, retailer.id, at=now())
    return service.drop_source(db, asset) if prepared.rendered is None else None


@sweep(service.RENDER)
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Pictures whose renditions were never made, first come first."""
    # Thousands may wait: nothing but what is needed is read of them.
    wanted = select(Asset.id, Asset.received_at).where(
        Asset.state == AssetState.CHECKING, Asset.kind == AssetKind.PICTURE
    )
    for asset_id, received_at in db.execute(wanted.order_by(Asset.received_at, Asset.id)):
        yield service.order_id_of(asset_id, received_at), {"asset_id": asset_id}


@job(service.LOOK, lane=PICTURES)
def look(work: Work, *, asset_id: str) -> None:
    """Look for codes in a picture that was rendered before that was done with each."""
    with work.database.read() as db:
        asset = db.get(Asset, asset_id)
        if asset is None or asset.codes is not None or asset.state != AssetState.READY or asset.kind.is_recording:
            return
        key = find_largest_key(db, asset_id)
    # What is gone from the store is seen by no shopper either.
    is_there = key is not None and work.files.exists(key)
    codes = read_codes(work.files.path(str(key)), max_pixels=work.settings.max_image_pixels) if is_there else ()
    with work.database.write() as db:
        asset = db.get(Asset, asset_id)
        if asset is not None and asset.codes is None:
            asset.codes = list(picture_codes.kept(codes, base_url=work.settings.base_url))
            db.commit()


@sweep(service.LOOK)
def not_looked_at(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Pictures in which nobody has looked for codes, newest first."""
    wanted = select(Asset.id).where(
        Asset.state == AssetState.READY, Asset.kind == AssetKind.PICTURE, Asset.codes.is_(None)
    )
    for asset_id in db.scalars(wanted.order_by(Asset.received_at.desc(), Asset.id)):
        yield asset_id, {"asset_id": asset_id}


@names_files("incoming")
def needed_sources(db: Session, _at: datetime) -> Iterable[str]:
    return list_source_keys(db)


@names_files("renditions")
def needed_renditions(db: Session, _at: datetime) -> Iterable[str]:
    return list_rendition_keys(db)


@names_files("archives")
def needed_archives(db: Session, _at: datetime) -> Iterable[str]:
    return list_archive_keys(db)


@names_files(AREA)
def needed_brand_files(db: Session, _at: datetime) -> Iterable[str]:
    """Logos and fonts of every brand that holds, held or waits."""
    for column in (BrandKit.logo_key, BrandKit.logo_dark_key, BrandKit.font_key):
        yield from db.scalars(select(column).where(column != "").distinct())


@takes_room
def room_of_pictures(db: Session, vendor_id: str, _store: FileStore) -> int:
    return count_bytes(db, vendor_id)


@chore
def remind_of_rights(work: Work) -> None:
    """Tell vendors whose pictures soon may not be shown any more."""
    with work.database.write() as db:
        write_reminders(db, at=now(), base_url=work.settings.base_url)
        db.commit()


@chore
def lay_on_new_grounds(work: Work) -> None:
    """Ask again for cut-out pictures whose vendor's retailers have changed the ground of their pages."""
    with work.database.write() as db:
        for order_id, values in list_outdated_grounds(db, at=now()):
            enqueue(db, service.RENDER, order_id, values)
        db.commit()


def list_outdated_grounds(db: Session, *, at: datetime) -> list[tuple[str, dict[str, object]]]:
    """Jobs for the cut-out pictures that lie on another ground than they would if they came now."""
    grounds: dict[str, str] = {}
    found: list[tuple[str, dict[str, object]]] = []
    for asset in db.scalars(select(Asset).where(Asset.ground.is_not(None), Asset.state == AssetState.READY)):
        if asset.vendor_id not in grounds:
            grounds[asset.vendor_id] = service.find_ground(db, asset.vendor_id, at=at)
        if asset.ground != grounds[asset.vendor_id]:
            # Once an hour: a picture that fails stays as it is and is not tried all day long.
            found.append((f"{asset.id}:{grounds[asset.vendor_id]}:{at:%Y%m%d%H}", {"asset_id": asset.id}))
    return found
