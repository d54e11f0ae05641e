"""A film whose worker is killed while it is made is made by the next one, once, and nothing is left lying about."""

import io
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

import psutil
import pytest
from sqlalchemy import select

from qrmerch import jobs
from qrmerch.clock import now
from qrmerch.files import FileStore
from qrmerch.media import films
from qrmerch.media.models import Asset, AssetState, Recording, Rendition
from tests.drills.shop import Shop, kill
from tests.factories import make_vendor
from tests.figures import on_both_when_full
from tests.media.films import film

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]
_WAIT_S = 240


@on_both_when_full
def test_a_film_survives_the_death_of_its_workers(
    shop: Shop, at_scale: Callable[[int, int], int], note_result: Callable[..., None]
) -> None:
    seconds, kills = at_scale(15, 120), at_scale(2, 6)
    store = FileStore(shop.settings.uploads_dir)
    asset_id = _send(shop, store, film(640, 480, seconds=seconds, codec="mpeg4"))

    killed_at, children = [], []
    for _ in range(kills):
        before = now()
        worker = shop.start_worker()
        begun = _await(shop, asset_id, partial(_has_begun, before))
        children += _await_children(worker.pid)
        kill([psutil.Process(worker.pid)])
        worker.wait()
        killed_at.append(begun.done_percent)
    _, alive = psutil.wait_procs(children, timeout=30)
    shop.start_worker()
    _await(shop, asset_id, lambda asset, recording: asset.state != AssetState.CHECKING)

    with shop.database.read() as db:
        asset = db.get_one(Asset, asset_id)
        files = list(db.scalars(select(Rendition)))
    note_result(seconds=seconds, kills=kills, killed_at_percent=killed_at, state=asset.state, files=len(files))
    assert children
    assert alive == [], "a child outlives its worker"
    assert asset.state == AssetState.READY
    assert [each.purpose for each in files].count("film") == 1
    assert {path.name for path in store.root.rglob("*") if path.is_file()} == {
        each.key.rpartition("/")[2] for each in files
    } | {asset.digest}
    assert list(films.making_folder(shop.settings).iterdir()) == []


def _send(shop: Shop, store: FileStore, data: bytes) -> str:
    jobs.attach(shop.database, shop.settings)
    accepted = films.accept(shop.database, store, io.BytesIO(data), settings=shop.settings)
    with shop.database.write() as db:
        asset = films.keep(db, accepted, vendor_id=make_vendor(db).id, file_name="film.mp4", at=now())
        db.commit()
        asset_id = asset.id
    jobs.detach(shop.database)
    return asset_id


def _has_begun(since: datetime, _asset: Asset, recording: Recording) -> bool:
    return recording.begun_at is not None and recording.begun_at > since


def _await(shop: Shop, asset_id: str, holds: Callable[[Asset, Recording], bool]) -> Recording:
    """Until something is true of the film."""
    until = time.monotonic() + _WAIT_S
    while True:
        with shop.database.read() as db:
            asset = db.get_one(Asset, asset_id)
            recording = db.scalars(select(Recording).where(Recording.asset_id == asset_id)).one()
        if holds(asset, recording):
            return recording
        assert time.monotonic() < until, (shop.settings.data_dir / "output.txt").read_text()[-3000:]
        time.sleep(0.02)


def _await_children(pid: int) -> list[psutil.Process]:
    """The processes that a worker lets do the making."""
    until = time.monotonic() + _WAIT_S
    while time.monotonic() < until:
        found = [each for each in psutil.Process(pid).children(recursive=True) if _is_decoding(each)]
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("nothing is being made")


def _is_decoding(process: psutil.Process) -> bool:
    try:
        return any("decoding.py" in each for each in process.cmdline())
    except psutil.Error:
        return False
