"""A job whose worker is killed is finished by the next one, with one effect, even by the next release."""

import io
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from sqlalchemy import func, select

import qrmerch
from qrmerch import jobs
from qrmerch.catalog.models import Item, ProductVariant, VendorProduct
from qrmerch.clock import now
from qrmerch.files import FileStore
from qrmerch.imports import service
from qrmerch.imports.models import ImportRun, RunState
from tests.drills.shop import Shop, copy_package, kill
from tests.factories import make_retailer, make_vendor
from tests.figures import IS_FULL, on_both_when_full

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]
_WAIT_S = 600 if IS_FULL else 120


def test_an_import_survives_the_death_of_its_workers(
    shop: Shop, at_scale: Callable[[int, int], int], note_result: Callable[..., None]
) -> None:
    products, kills = at_scale(400, 5000), at_scale(2, 6)
    run_id = _start_import(shop, products)

    seen = []
    for turn in range(kills):
        worker = shop.start_worker()
        _await_progress(shop, run_id, beyond=seen[-1] if seen else 0)
        kill([psutil.Process(worker.pid)])
        worker.wait()
        seen.append(_run(shop, run_id).done_groups)
        assert _run(shop, run_id).state == RunState.COMMITTING or turn == kills - 1, (
            "too quick to be killed in the middle"
        )
    shop.start_worker()
    _await_end(shop, run_id)

    run = _run(shop, run_id)
    counts = _counts(shop)
    note_result(products=products, kills=kills, killed_after_products=seen, written=run.written, rows=counts)
    assert run.state == RunState.DONE
    assert run.written["created"] == products
    assert counts == {"products": products, "variants": products, "items": products}


_SLOWLY = """
import time

service.CHUNK_GROUPS = 10
_quickly = service.commit_chunk


def _slowly(*args, **more):
    time.sleep(0.2)
    return _quickly(*args, **more)


service.commit_chunk = _slowly
"""


@on_both_when_full
def test_a_job_begun_by_another_release_is_finished_by_this_one(shop: Shop, tmp_path: Path) -> None:
    run_id = _start_import(shop, 200)
    older = copy_package(Path(qrmerch.__file__).parent, tmp_path)
    tasks = older / "imports" / "tasks.py"
    # The other release is slower, and its code is not the same.
    tasks.write_text(tasks.read_text() + _SLOWLY)

    worker = shop.start_worker(PYTHONPATH=str(tmp_path))
    _await_progress(shop, run_id)
    kill([psutil.Process(worker.pid)])
    worker.wait()
    begun = _run(shop, run_id).done_groups
    shop.start_worker()
    _await_end(shop, run_id)

    assert 0 < begun < 200
    assert _run(shop, run_id).written["created"] == 200
    assert _counts(shop) == {"products": 200, "variants": 200, "items": 200}


def _start_import(shop: Shop, products: int) -> str:
    rows = "".join(f"style-{n},Jumper {n},28.00,M\n" for n in range(products))
    jobs.attach(shop.database, shop.settings)
    with shop.database.write() as db:
        retailer = make_retailer(db)
        vendor = make_vendor(db, retailer)
        run = service.receive_sheet(
            db,
            vendor_id=vendor.id,
            stream=io.BytesIO(("style,title,price,size\n" + rows).encode()),
            file_name="jumpers.csv",
            currency="USD",
            list_at_id=retailer.id,
            user_id=None,
            store=FileStore(shop.settings.uploads_dir),
            settings=shop.settings,
            at=now(),
        )
        service.start(db, run, at=now())
        db.commit()
        run_id = run.id
    jobs.detach(shop.database)
    return run_id


def _run(shop: Shop, run_id: str) -> ImportRun:
    with shop.database.read() as db:
        return db.get_one(ImportRun, run_id)


def _await_progress(shop: Shop, run_id: str, *, beyond: int = 0) -> None:
    """Until some products more are written."""
    until = time.monotonic() + _WAIT_S
    while _run(shop, run_id).done_groups <= beyond:
        assert time.monotonic() < until, (shop.settings.data_dir / "output.txt").read_text()[-3000:]
        time.sleep(0.01)


def _await_end(shop: Shop, run_id: str) -> None:
    until = time.monotonic() + _WAIT_S
    while _run(shop, run_id).state == RunState.COMMITTING:
        assert time.monotonic() < until, (shop.settings.data_dir / "output.txt").read_text()[-3000:]
        time.sleep(0.05)


def _counts(shop: Shop) -> dict[str, int]:
    with shop.database.read() as db:
        tables = {"products": VendorProduct, "variants": ProductVariant, "items": Item}
        return {name: db.scalar(select(func.count()).select_from(table)) or 0 for name, table in tables.items()}
