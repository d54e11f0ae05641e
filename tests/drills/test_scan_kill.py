"""Every answered scan is counted, and none twice, whatever is killed meanwhile."""

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from qrmerch.scans import kinds
from tests.drills.shop import Counted, Shop, children_called, family, kill, web_workers

pytestmark = [pytest.mark.drill, pytest.mark.timeout(2700)]
_VICTIMS = ("web worker", "everything", "loader", "supervisor")


def test_answered_scans_survive_kills(
    shop: Shop, at_scale: Callable[[int, int], int], note_result: Callable[..., None]
) -> None:
    kills, phones = at_scale(4, 50), at_scale(8, 64)
    wanted = at_scale(40, 20_000)
    shop.stock(codes=20)
    server = shop.serve()
    shop.warm_up()
    counted, killed = Counted(), dict.fromkeys(_VICTIMS, 0)

    async def storm() -> None:
        nonlocal server
        is_over = asyncio.Event()
        scanning = asyncio.create_task(shop.storm(phones, counted, is_over))
        for turn in range(kills):
            await asyncio.sleep(random.uniform(1.2, 2.2))
            victim = _VICTIMS[turn % len(_VICTIMS)]
            killed[victim] += 1
            kill(_find(victim, server.pid))
            if victim in ("everything", "supervisor"):
                server.wait()
                server = await asyncio.to_thread(shop.serve)
        await asyncio.sleep(1)
        while len(counted.answered) < wanted:
            await asyncio.sleep(0.1)
        is_over.set()
        await scanning

    # In a thread of its own: in this one a browser of another test may have left its loop.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, storm()).result()
    shop.settle()

    rows = shop.visits(kinds.SCAN, kinds.REPEAT, kinds.BURST)
    lost, twice = set(counted.answered) - set(rows), len(rows) - len(set(rows))
    totals = sum(shop.count(kind) for kind in (kinds.SCAN, kinds.REPEAT, kinds.BURST))
    note_result(
        killed=killed,
        answered=len(counted.answered),
        cut_off=counted.cut_off,
        counted=len(rows),
        answered_but_not_counted=len(lost),
        counted_twice=twice,
        day_totals=totals,
        hour_totals=sum(shop.count_hours(kind) for kind in (kinds.SCAN, kinds.REPEAT, kinds.BURST)),
        torn_lines=shop.bad_lines(),
    )
    assert len(counted.answered) >= wanted
    assert not lost
    assert not twice
    assert len(counted.answered) <= len(rows) <= len(counted.answered) + counted.cut_off
    assert totals == len(rows) == shop.count_hours(kinds.SCAN) + shop.count_hours(kinds.REPEAT)


def test_nothing_but_a_printed_code_is_a_scan(shop: Shop) -> None:
    shop.stock(codes=2)
    shop.serve()
    origin = {"Sec_Fetch_Site": "same-origin"}

    assert shop.fetch(f"/q/{shop.tokens[0]}")[0] == 200
    for path in (f"/i/{shop.public_id}", f"/i/{shop.public_id}?lang=en", "/", "/my", "/help", "/privacy"):
        assert shop.fetch(path)[0] == 200, path
    assert shop.fetch("/q/AAAAAAAAA")[0] == 404
    assert shop.fetch(f"/i/{shop.public_id}/keep", data=b"keep=yes", **origin)[0] == 200
    shared = shop.fetch(f"/i/{shop.public_id}/share", data=b"", **{**origin, "Accept": "application/json"})
    link = shared[2].decode().partition("/s/")[2][:16]
    assert shop.fetch(f"/s/{link}")[0] == 200
    assert shop.fetch("/v", data=f"page=/i/{shop.public_id}".encode(), **origin)[0] == 200
    shop.fetch(f"/q/{shop.tokens[1]}", Sec_Purpose="prefetch;prerender")
    shop.fetch(f"/q/{shop.tokens[1]}", agent="WhatsApp/2.23.20.0")
    shop.settle()

    assert shop.count(kinds.SCAN) == 1
    assert shop.count(kinds.PREFETCH) == 1
    assert shop.count("preview") == 1
    assert shop.count(kinds.ORPHAN) == 1
    assert shop.count(kinds.FRIEND) == 1


def _find(victim: str, pid: int) -> list[psutil.Process]:
    """The processes to be killed; a supervisor's children notice that it is gone and end themselves."""
    if victim == "everything":
        return family(pid)
    if victim == "supervisor":
        return family(pid)[:1]
    if victim == "loader":
        return children_called(pid, "loader")
    # Granian gives up when one worker dies twice within seconds: the oldest.
    return web_workers(pid)[:1]
