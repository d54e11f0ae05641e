"""Five times as many at once as a server has places for: scans go on, staff are told to come again, memory stays."""

import asyncio
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psutil
import pytest

from qrmerch.access import Role
from qrmerch.clock import now
from qrmerch.scans import kinds
from qrmerch.users.service import open_session
from tests.browsing import PHONE
from tests.drills.shop import Shop, family, visit_in
from tests.factories import make_code, make_fixture, make_item, make_person, make_retailer, make_store, publish_page

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]
_TIMES = 5


@dataclass
class Asked:
    """What one kind of caller was answered: milliseconds by status."""

    took_ms: dict[int, list[float]] = field(default_factory=dict)
    visits: list[str] = field(default_factory=list)

    def share(self, status: int) -> float:
        return round(len(self.took_ms.get(status, ())) / max(1, sum(len(each) for each in self.took_ms.values())), 3)

    def said(self) -> dict[str, object]:
        """Answers, and the middle and the 99th hundredth of how long they took, by status."""
        return {
            str(status): {
                "answers": len(took),
                "p50_ms": round(statistics.median(took), 1),
                "p99_ms": round(sorted(took)[int(len(took) * 0.99)], 1),
            }
            for status, took in sorted(self.took_ms.items())
        }


def test_an_overload_is_shed_at_the_desk_first(
    shop: Shop, at_scale: Callable[[int, int], int], note_result: Callable[..., None]
) -> None:
    seconds, cookie = at_scale(4, 60), _stock(shop)
    server = shop.serve()
    shop.warm_up()
    places = shop.settings.flask_threads * shop.settings.workers
    alone, scans, shoppers, staff = Asked(), Asked(), Asked(), Asked()
    peak_bytes = 0

    async def storm() -> None:
        nonlocal peak_bytes
        await _call_on(shop, alone, 4, seconds / 4, lambda n: f"/q/{shop.tokens[n % len(shop.tokens)]}")
        memory = asyncio.create_task(asyncio.to_thread(_watch, server.pid, seconds))
        await asyncio.gather(
            _call_on(shop, scans, 4, seconds, lambda n: f"/q/{shop.tokens[n % len(shop.tokens)]}"),
            # A shopper's page that no worker has kept.
            _call_on(shop, shoppers, 2, seconds, lambda n: "/my"),
            _call_on(shop, staff, _TIMES * places, seconds, lambda n: "/desk/insights", cookie=f"qs={cookie}"),
        )
        peak_bytes = await memory

    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, storm()).result()
    shop.settle()
    counted = set(shop.visits(kinds.SCAN, kinds.REPEAT, kinds.MAYBE_REPEAT))

    note_result(
        seconds=seconds,
        places=places,
        staff_at_once=_TIMES * places,
        scans_alone=alone.said(),
        scans=scans.said(),
        shoppers=shoppers.said(),
        staff=staff.said(),
        peak_memory_mb=round(peak_bytes / 1e6),
    )
    assert scans.took_ms.keys() == {200}
    assert staff.took_ms.keys() == {200, 503}
    assert shoppers.share(200) > staff.share(200)
    assert set(scans.visits) <= counted
    assert shop.fetch("/readyz")[0] == 200


def _stock(shop: Shop) -> str:
    """A shop with codes, and the cookie of somebody at its desk."""
    with shop.database.write() as db:
        retailer = make_retailer(db)
        item = make_item(db, retailer)
        publish_page(db, item)
        shelf = make_fixture(db, make_store(db, retailer))
        shop.tokens = [make_code(db, item, fixture=shelf).token for _ in range(10)]
        user, membership = make_person(db, Role.MERCHANDISER, retailer=retailer)
        secret = open_session(db, user, membership, at=now()).secret
        db.commit()
    return secret


async def _call_on(
    shop: Shop, asked: Asked, callers: int, seconds: float, path: Callable[[int], str], *, cookie: str = ""
) -> None:
    """So many ask on and on, each on a new connection each time, as phones do."""
    until = time.monotonic() + seconds

    async def call(caller: int) -> None:
        turn = caller
        while time.monotonic() < until:
            began = time.monotonic()
            status, visit = await _ask(shop, path(turn), cookie)
            asked.took_ms.setdefault(status, []).append((time.monotonic() - began) * 1000)
            asked.visits += [visit] if visit else []
            turn += 1

    await asyncio.gather(*(call(caller) for caller in range(callers)))


async def _ask(shop: Shop, path: str, cookie: str) -> tuple[int, str]:
    address = urlsplit(shop.settings.base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = [f"GET {path} HTTP/1.1", f"Host: {address.netloc}", f"User-Agent: {PHONE}", "Accept: text/html"]
    more = [f"Cookie: {cookie}"] if cookie else []
    writer.write("\r\n".join([*head, *more, "Connection: close", "", ""]).encode())
    try:
        answer = await asyncio.wait_for(reader.read(), 60)
    finally:
        writer.close()
    told = answer.partition(b"\r\n\r\n")[0].decode("latin-1").lower()
    return int(told.split(" ", 2)[1]), visit_in(told.partition("server-timing: ")[2].partition("\r")[0])


def _watch(pid: int, seconds: float) -> int:
    """The most memory that the server and all its processes had at once, bytes."""
    until, most = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        used = 0
        for process in family(pid):
            try:
                used += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        most = max(most, used)
        time.sleep(0.2)
    return most
