"""Many phones at once at pages that no worker has: how many are refused, and when each has its page."""

import asyncio
import random
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from tests.drills.shop import Shop
from tests.drills.test_overload import Asked, _ask, _call_on
from tests.factories import make_code, make_fixture, make_item, make_retailer, make_store, publish_page
from tests.figures import when_full

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]
_PHONES = 100
# As the page of a refusal says it.
_AGAIN_S = (1, 2, 3)
_LONGEST_S = 120


@dataclass
class Waited:
    """How phones came to their pages: how many were refused at first, and how long each waited in all, seconds."""

    refused: int = 0
    refusals: int = 0
    page_s: list[float] = field(default_factory=list)

    def said(self) -> dict[str, float]:
        took = sorted(self.page_s)
        return {
            "refused_at_first": self.refused,
            "refusals": self.refusals,
            "p50_s": round(statistics.median(took), 2),
            "p99_s": round(took[int(len(took) * 0.99)], 2),
        }


@when_full
@pytest.mark.parametrize("pages", [1, _PHONES])
def test_everybody_comes_to_a_page_that_nobody_has_and_scans_go_on(
    shop: Shop, note_result: Callable[..., None], pages: int
) -> None:
    kept, cold = _stock(shop, pages)
    shop.serve()
    for _ in range(8):
        assert shop.fetch(f"/q/{kept}", agent="Googlebot/2.1 (+http://www.google.com/bot.html)")[0] == 200
    waited, alone, scans = Waited(), Asked(), Asked()

    async def storm() -> None:
        await _call_on(shop, alone, 4, 3, lambda n: f"/q/{kept}")
        beside = asyncio.create_task(_call_on(shop, scans, 4, 12, lambda n: f"/q/{kept}"))
        await asyncio.gather(*(_come(shop, cold[n % len(cold)], waited) for n in range(_PHONES)))
        await beside

    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, storm()).result()

    note_result(pages=pages, phones=_PHONES, cold=waited.said(), scans_alone=alone.said(), scans=scans.said())
    assert len(waited.page_s) == _PHONES
    assert scans.took_ms.keys() == {200}


def _stock(shop: Shop, pages: int) -> tuple[str, list[str]]:
    """The code of a page that will be kept, and codes of so many others."""
    with shop.database.write() as db:
        retailer = make_retailer(db)
        shelf = make_fixture(db, make_store(db, retailer))
        tokens = []
        for _ in range(pages + 1):
            item = make_item(db, retailer)
            publish_page(db, item)
            tokens.append(make_code(db, item, fixture=shelf).token)
        db.commit()
    return tokens[0], tokens[1:]


async def _come(shop: Shop, token: str, waited: Waited) -> None:
    """One phone, which asks again as the page that refuses it does."""
    began, is_first = time.monotonic(), True
    while time.monotonic() - began < _LONGEST_S:
        status, _ = await _ask(shop, f"/q/{token}", "")
        if status == 200:
            waited.page_s.append(time.monotonic() - began)
            return
        assert status == 503
        waited.refused += is_first
        waited.refusals += 1
        is_first = False
        await asyncio.sleep(random.choice(_AGAIN_S))
