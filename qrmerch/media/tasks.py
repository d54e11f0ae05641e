"""Jobs about pictures: decoding what came in, outside of any request and any transaction."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.jobs import Work, job, sweep
from qrmerch.media import service
from qrmerch.media.models import Asset, AssetKind, AssetState
from qrmerch.parties.queries import list_supplied
from qrmerch.parties.service import changed


@job("media.render")
def render(work: Work, *, asset_id: str) -> None:
    """Make an asset's renditions; running again gives the same files and rows."""
    with work.database.read() as db:
        asset = db.get(Asset, asset_id)
        if asset is None or asset.state == AssetState.REFUSED or asset.kind.is_recording:
            return
        source_key, focus = asset.source_key, (asset.focus_x, asset.focus_y)
    prepared = service.prepare(work.files, source_key, focus=focus, settings=work.settings)
    with work.database.write() as db:
        asset = db.get(Asset, asset_id)
        if asset is None:
            return
        is_outdated = (asset.focus_x, asset.focus_y) != focus
        if not is_outdated:
            _record(db, asset, prepared)
            db.commit()
    if is_outdated:
        render(work, asset_id=asset_id)


def _record(db: Session, asset: Asset, prepared: service.Prepared) -> None:
    was_shown = asset.state == AssetState.READY
    if was_shown and prepared.rendered is None:
        # It was made before and stays as it is: pages show it.
        return
    service.record_renditions(db, asset, prepared)
    if was_shown:
        # Shoppers' pages name the files of before.
        for retailer in list_supplied(db, asset.vendor_id):
            changed(db, retailer.id, at=now())


@sweep("media.render")
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Pictures whose renditions were never made."""
    wanted = select(Asset).where(Asset.state == AssetState.CHECKING, Asset.kind == AssetKind.PICTURE)
    for asset in db.scalars(wanted):
        yield service.order_id(asset), {"asset_id": asset.id}
