"""A new release comes in under load: nobody goes without an answer, and nothing answered is lost."""

import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from threading import Event

import pytest

from tests.drills.shop import Shop, children_called, web_workers

_PHONES = 8
# A call that waits at the door of a worker in the very moment when it closes is cut off, and then made again; a new
# worker that has all its pages to render may refuse some first.
_MOST_TRIES = 50
pytestmark = pytest.mark.drill


def test_sec_j10_other_processes_take_over_and_every_phone_is_answered(shop: Shop) -> None:
    shop.stock(codes=4)
    server = shop.serve()
    shop.warm_up()

    def family() -> set[int]:
        roles = ("web", "loader", "worker")
        children = {each.pid for role in roles for each in children_called(server.pid, role)}
        return children | {each.pid for each in web_workers(server.pid)}

    before, is_over = family(), Event()

    def phone(number: int) -> Counter[str]:
        """One that scans on and on, each time on a new line, and asks again as the page that refuses it does."""
        told: Counter[str] = Counter()
        path = f"/q/{shop.tokens[number % len(shop.tokens)]}"
        while not is_over.is_set():
            answers = (shop.fetch(path)[0] for _ in range(_MOST_TRIES))
            refused = len(list(takewhile(lambda status: status != 200, answers)))
            told.update(answered=1, refused=refused, without=refused == _MOST_TRIES)
        return told

    with ThreadPoolExecutor(_PHONES) as phones:
        asked = [phones.submit(phone, number) for number in range(_PHONES)]
        server.send_signal(signal.SIGUSR2)
        shop.wait_for(lambda: not before & family() and len(family()) >= len(before), "the old processes stay")
        is_over.set()
        told = sum((each.result() for each in asked), Counter())
    shop.settle()

    assert told["without"] == 0
    assert told["answered"] <= shop.count("scan") + shop.count("repeat") <= told["answered"] + told["refused"]
    assert not list(shop.settings.data_dir.glob("ready-*"))
