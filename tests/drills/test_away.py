"""PostgreSQL is stopped in the middle of a storm: pages go on, also of a worker that starts meanwhile; none is lost."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qrmerch import jobs
from qrmerch.config import Settings
from qrmerch.scans import kinds
from tests.drills.shop import Counted, Shop, kill, web_workers
from tests.postgres import Postgres

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1200)]


def test_scans_go_on_and_are_counted_once_while_postgresql_is_stopped(
    tmp_path: Path, at_scale: Callable[[int, int], int], note_result: Callable[..., None]
) -> None:
    # A server of its own: the one that tests share must not stop.
    with Postgres.started() as server:
        server.make_template()
        with server.database() as url:
            settings = Settings(
                mode="demo", data_dir=tmp_path / "var", uploads_dir=tmp_path / "up", database_url=url
            ).ready()
            jobs.prepare(settings)
            shop = Shop(settings)
            try:
                _storm(shop, server, at_scale, note_result)
            finally:
                shop.end()


def _storm(shop: Shop, server: Postgres, at_scale: Callable[[int, int], int], note_result: Callable[..., None]) -> None:
    phones, seconds, wanted = at_scale(8, 64), at_scale(3, 60), at_scale(30, 1000)
    shop.stock(codes=20)
    process = shop.serve()
    shop.warm_up()
    before, away, after = Counted(), Counted(), Counted()

    async def storm(counted: Counted, seconds: float) -> None:
        is_over = asyncio.Event()
        scanning = asyncio.create_task(shop.storm(phones, counted, is_over))
        await asyncio.sleep(seconds)
        while len(counted.answered) < wanted:
            await asyncio.sleep(0.05)
        is_over.set()
        await scanning

    async def run() -> None:
        await storm(before, 1)
        stopping = asyncio.create_task(asyncio.to_thread(server.stop))
        outage = asyncio.create_task(storm(away, seconds))
        await stopping
        await asyncio.sleep(seconds / 2)
        kill(web_workers(process.pid)[:1])
        await outage
        await asyncio.to_thread(server.start_again)
        await storm(after, 1)

    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, run()).result()
    shop.settle()

    answered = [*before.answered, *away.answered, *after.answered]
    cut_off = before.cut_off + away.cut_off + after.cut_off
    rows = shop.visits(kinds.SCAN, kinds.REPEAT, kinds.MAYBE_REPEAT)
    lost, twice = set(answered) - set(rows), len(rows) - len(set(rows))
    note_result(
        seconds_away=seconds,
        connections=phones,
        answered=len(answered),
        answered_while_away=len(away.answered),
        cut_off=cut_off,
        counted=len(rows),
        answered_but_not_counted=len(lost),
        counted_twice=twice,
        p99_ms={"before": _p99(before), "away": _p99(away), "after": _p99(after)},
    )
    assert len(away.answered) >= wanted
    assert not lost
    assert not twice
    assert len(answered) <= len(rows) <= len(answered) + cut_off
    assert shop.fetch("/readyz")[0] == 200


def _p99(counted: Counted) -> float:
    return round(sorted(counted.waited_ms)[int(len(counted.waited_ms) * 0.99)], 1)
