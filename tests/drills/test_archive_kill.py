"""An archive whose worker is killed, while it is read and while its pictures are made ready, comes in once."""

import io
import time
from collections.abc import Callable

import psutil
import pytest
from sqlalchemy import func, select

from qrmerch import jobs
from qrmerch.catalog.models import ProductPicture
from qrmerch.clock import now
from qrmerch.files import FileStore
from qrmerch.imports.models import ArchiveLine
from qrmerch.media.archives import receive_archive
from qrmerch.media.models import Archive, ArchiveState, Asset, AssetState, Rendition
from tests.drills.shop import Shop, kill
from tests.factories import make_product, make_vendor
from tests.figures import IS_FULL, when_full
from tests.imports.archives import zip_of
from tests.media.pictures import picture

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]
_WAIT_S = 600 if IS_FULL else 150


@when_full
def test_an_archive_survives_the_death_of_its_workers(
    shop: Shop, at_scale: Callable[[int, int], int], note_result: Callable[..., None]
) -> None:
    pictures = at_scale(24, 400)
    archive_id = _send(shop, pictures)

    seen = []
    for ready in (0, 1):
        worker = shop.start_worker()
        # The first dies while it reads, the second while it makes pictures ready.
        _await(shop, lambda ready=ready: _archive(shop, archive_id).done_entries > 0 and _ready(shop) >= ready)
        kill([psutil.Process(worker.pid)])
        worker.wait()
        seen.append((_archive(shop, archive_id).done_entries, _ready(shop)))
    shop.start_worker()
    _await(shop, lambda: _archive(shop, archive_id).state == ArchiveState.DONE and _ready(shop) == pictures)

    counts = _counts(shop)
    note_result(pictures=pictures, killed_after=seen, rows=counts)
    assert seen[-1][1] < pictures, "too quick to be killed in the middle"
    # Two sizes of page and one of card, each as AVIF and JPEG, and the preview.
    assert counts == {
        "archive_line": pictures,
        "asset": pictures,
        "product_picture": pictures,
        "rendition": pictures * 7,
    }


def _send(shop: Shop, pictures: int) -> str:
    files = [(f"marigold-{number}.jpg", picture(500 + number, 400)) for number in range(pictures)]
    jobs.attach(shop.database, shop.settings)
    with shop.database.write() as db:
        vendor = make_vendor(db)
        make_product(db, vendor, key="marigold")
        archive = receive_archive(
            db,
            vendor_id=vendor.id,
            user_id=None,
            stream=io.BytesIO(zip_of(*files)),
            file_name="photos.zip",
            store=FileStore(shop.settings.uploads_dir),
            settings=shop.settings,
            at=now(),
        )
        db.commit()
    jobs.detach(shop.database)
    return archive.id


def _archive(shop: Shop, archive_id: str) -> Archive:
    with shop.database.read() as db:
        return db.get_one(Archive, archive_id)


def _ready(shop: Shop) -> int:
    with shop.database.read() as db:
        return db.scalar(select(func.count()).select_from(Asset).where(Asset.state == AssetState.READY)) or 0


def _await(shop: Shop, is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + _WAIT_S
    while not is_so():
        assert time.monotonic() < until, (shop.settings.data_dir / "output.txt").read_text()[-3000:]
        time.sleep(0.01)


def _counts(shop: Shop) -> dict[str, int]:
    with shop.database.read() as db:
        return {
            str(table.__tablename__): db.scalar(select(func.count()).select_from(table)) or 0
            for table in (ArchiveLine, Asset, ProductPicture, Rendition)
        }
