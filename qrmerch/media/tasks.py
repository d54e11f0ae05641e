"""Jobs about pictures: decoding what came in, outside of any request and any transaction."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.jobs import Work, job, sweep
from qrmerch.media import service
from qrmerch.media.models import Asset, AssetState


@job("media.render")
def render(work: Work, *, asset_id: str) -> None:
    """Make an asset's renditions; running again gives the same files and rows."""
    with work.database.read() as db:
        asset = db.get(Asset, asset_id)
        if asset is None or asset.state == AssetState.REFUSED:
            return
        source_key, focus = asset.source_key, (asset.focus_x, asset.focus_y)
    prepared = service.prepare(work.files, source_key, focus=focus, settings=work.settings)
    with work.database.write() as db:
        asset = db.get(Asset, asset_id)
        if asset is None:
            return
        service.record_renditions(db, asset, prepared)
        db.commit()


@sweep("media.render")
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Assets whose renditions were never made."""
    for asset_id in db.scalars(select(Asset.id).where(Asset.state == AssetState.CHECKING)):
        yield asset_id, {"asset_id": asset_id}
