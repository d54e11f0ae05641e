"""A run of codes whose worker is killed in the middle is finished by the next one: every code once."""

import time
from collections.abc import Callable

import psutil
import pytest
from sqlalchemy import func, select

from qrmerch import jobs
from qrmerch.clock import now
from qrmerch.codes.models import Code, CodeDraft, CodeRun, RunState
from qrmerch.codes.runs import start_run
from tests.drills.shop import Shop, kill
from tests.factories import make_fixture, make_item, make_retailer, make_store, make_vendor
from tests.figures import IS_FULL, when_full

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]
_WAIT_S = 600 if IS_FULL else 120


@when_full
def test_a_run_of_codes_survives_the_death_of_its_workers(
    shop: Shop, at_scale: Callable[[int, int], int], note_result: Callable[..., None]
) -> None:
    items, kills = at_scale(50, 500), at_scale(1, 5)
    run_id = _order(shop, items=items, places=200)

    seen: list[int] = []
    for _ in range(kills):
        worker = shop.start_worker()
        _await(shop, run_id, lambda run: run.done > (seen[-1] if seen else 0))
        kill([psutil.Process(worker.pid)])
        worker.wait()
        seen.append(_run(shop, run_id).done)
    was_cut = _run(shop, run_id).state == RunState.MAKING
    with shop.database.read() as db:
        shown_early = db.scalar(select(func.count(Code.id)))
    shop.start_worker()
    _await(shop, run_id, lambda run: run.state != RunState.MAKING)

    run = _run(shop, run_id)
    with shop.database.read() as db:
        codes, tokens = db.execute(select(func.count(Code.id), func.count(Code.token.distinct()))).one()
        spots = db.execute(select(Code.subject_id, Code.fixture_id).distinct()).all()
        drafts = db.scalar(select(func.count(CodeDraft.id)))
    note_result(codes=codes, kills=kills, killed_after=seen)
    assert was_cut, "too quick to be killed in the middle"
    assert (run.state, run.made, shown_early, drafts) == (RunState.DONE, items * 200, 0, 0)
    assert codes == tokens == len(spots) == items * 200


def _order(shop: Shop, *, items: int, places: int) -> str:
    jobs.attach(shop.database, shop.settings)
    with shop.database.write() as db:
        retailer = make_retailer(db)
        vendor, store = make_vendor(db, retailer), make_store(db, retailer)
        leads = [make_item(db, retailer, vendor=vendor, sizes=("M",)) for _ in range(items)]
        run = start_run(db, leads, [make_fixture(db, store) for _ in range(places)], at=now(), batch="Wall")
        db.commit()
        run_id = run.id
    jobs.detach(shop.database)
    return run_id


def _run(shop: Shop, run_id: str) -> CodeRun:
    with shop.database.read() as db:
        return db.get_one(CodeRun, run_id)


def _await(shop: Shop, run_id: str, is_there: Callable[[CodeRun], bool]) -> None:
    until = time.monotonic() + _WAIT_S
    while not is_there(_run(shop, run_id)):
        assert time.monotonic() < until, (shop.settings.data_dir / "output.txt").read_text()[-3000:]
        time.sleep(0.005)
