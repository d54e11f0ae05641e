"""A file of stock whose worker is killed in mid-commit is finished by the next one, with one effect."""

import io
import time
from collections.abc import Callable

import psutil
import pytest
from sqlalchemy import func, select

from qrmerch import jobs
from qrmerch.catalog.models import Stock
from qrmerch.clock import now
from qrmerch.files import FileStore
from qrmerch.imports import feeds
from qrmerch.imports.feed_models import FeedKind, FeedRun, FeedState
from tests.drills.shop import Shop, kill
from tests.factories import make_item, make_retailer, make_store, make_vendor
from tests.figures import IS_FULL, when_full

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]
_WAIT_S = 600 if IS_FULL else 120
_SIZES = 200


@when_full
def test_a_file_of_stock_survives_the_death_of_its_workers(
    shop: Shop, at_scale: Callable[[int, int], int], note_result: Callable[..., None]
) -> None:
    stores, kills = at_scale(40, 250), at_scale(1, 6)
    rows = stores * _SIZES
    run_id = _start_stock(shop, stores)

    seen: list[int] = []
    for _ in range(kills):
        worker = shop.start_worker()
        _await_progress(shop, run_id, beyond=seen[-1] if seen else 0)
        kill([psutil.Process(worker.pid)])
        worker.wait()
        seen.append(_run(shop, run_id).done_rows)
    was_cut = _run(shop, run_id).state == FeedState.COMMITTING
    shop.start_worker()
    _await_end(shop, run_id)

    run = _run(shop, run_id)
    with shop.database.read() as db:
        count, pieces = db.execute(select(func.count(), func.sum(Stock.pieces)).select_from(Stock)).one()
    note_result(rows=rows, kills=kills, killed_after_rows=seen, written=run.written, rows_kept=count)
    assert was_cut, "too quick to be killed in the middle"
    assert run.state == FeedState.DONE
    assert run.written == {"created": rows, "updated": 0, "unchanged": 0, "older": 0, "left_out": 0}
    assert (count, int(pieces)) == (rows, stores * sum(range(_SIZES)))


def _start_stock(shop: Shop, stores: int) -> str:
    jobs.attach(shop.database, shop.settings)
    with shop.database.write() as db:
        retailer = make_retailer(db)
        vendor = make_vendor(db, retailer)
        make_item(db, retailer, vendor=vendor, key="TOP", sizes=tuple(str(n) for n in range(_SIZES)))
        for number in range(stores):
            make_store(db, retailer, code=f"S{number}")
        db.commit()
    text = "sku,store,qty\n" + "".join(f"TOP-{n},S{store},{n}\n" for store in range(stores) for n in range(_SIZES))
    with shop.database.write() as db:
        run = feeds.receive_file(
            db,
            retailer=retailer,
            kind=FeedKind.STOCK,
            stream=io.BytesIO(text.encode()),
            file_name="stock.csv",
            as_of=None,
            country="",
            user_id=None,
            store=FileStore(shop.settings.uploads_dir),
            settings=shop.settings,
            at=now(),
        )
        feeds.start(db, run)
        db.commit()
        run_id = run.id
    jobs.detach(shop.database)
    return run_id


def _run(shop: Shop, run_id: str) -> FeedRun:
    with shop.database.read() as db:
        return db.get_one(FeedRun, run_id)


def _await_progress(shop: Shop, run_id: str, *, beyond: int) -> None:
    """Until some rows more are written."""
    until = time.monotonic() + _WAIT_S
    while _run(shop, run_id).done_rows <= beyond:
        assert time.monotonic() < until, (shop.settings.data_dir / "output.txt").read_text()[-3000:]
        time.sleep(0.005)


def _await_end(shop: Shop, run_id: str) -> None:
    until = time.monotonic() + _WAIT_S
    while _run(shop, run_id).state == FeedState.COMMITTING:
        assert time.monotonic() < until, (shop.settings.data_dir / "output.txt").read_text()[-3000:]
        time.sleep(0.05)
