"""Many phones that ask at once for a page that nobody has: it is rendered once."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.landing import scanning
from qrmerch.landing.turns import Turns
from qrmerch.parties.service import changed
from tests.browsing import Browser
from tests.landing.aisle import hear, make_aisle, scan_path

_PHONES = 3


class Slowly:
    """Renders when it may, and counts."""

    def __init__(self, render: Callable[..., Any]) -> None:
        self._render, self.count = render, 0
        self.has_begun, self.may_end = Event(), Event()

    def __call__(self, *args: Any, **more: Any) -> Any:
        self.count += 1
        page = self._render(*args, **more)
        self.has_begun.set()
        assert self.may_end.wait(20)
        return page


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> Slowly:
    made = Slowly(scanning.render_key)
    monkeypatch.setattr(scanning, "render_key", made)
    return made


def wait_for(is_so: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < until_s
        time.sleep(0.005)


def waiting(app: Flask) -> int:
    """How many are at a turn or wait for it."""
    return sum(there for _, there in scan_path(app).turns._at_work.values())


def test_one_renders_for_all_who_ask_meanwhile(app: Flask, slowly: Slowly, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    hear(app)
    with ThreadPoolExecutor(_PHONES) as threads:
        asked = [threads.submit(Browser(app).get, aisle.printed) for _ in range(_PHONES)]
        wait_for(lambda: waiting(app) == _PHONES)
        slowly.may_end.set()
        answers = [each.result(20) for each in asked]

    assert [each.status_code for each in answers] == [200] * _PHONES
    assert len({each.data for each in answers}) == 1
    assert slowly.count == 1
    assert len(scan_path(app).turns) == 0


def test_who_waited_gets_nothing_from_before_a_change(app: Flask, slowly: Slowly, db: Session) -> None:
    aisle = make_aisle(db)
    hear(app)
    with ThreadPoolExecutor(_PHONES) as threads:
        asked = [threads.submit(Browser(app).get, aisle.printed) for _ in range(_PHONES)]
        assert slowly.has_begun.wait(20)
        wait_for(lambda: waiting(app) == _PHONES)
        aisle.retailer.name = aisle.retailer.wordmark = "Harbour & Sons"
        changed(db, aisle.retailer.id, at=now())
        db.commit()
        hear(app)
        slowly.may_end.set()
        answers = [each.result(20) for each in asked]

    assert all(b"Harbour &amp; Sons" in each.data for each in answers)
    assert slowly.count == 2


def test_whoever_fails_leaves_the_turn_to_the_next() -> None:
    turns = Turns(wait_s=20)
    with pytest.raises(ZeroDivisionError), turns.of("page"):
        _ = 1 / 0

    with turns.of("page"):
        assert len(turns) == 1
    assert len(turns) == 0


def test_nobody_waits_for_ever() -> None:
    turns, may_end, is_in = Turns(wait_s=0.01), Event(), Event()

    def take_long() -> None:
        with turns.of("page"):
            is_in.set()
            assert may_end.wait(20)

    with ThreadPoolExecutor(1) as threads:
        long = threads.submit(take_long)
        assert is_in.wait(20)
        with turns.of("page"):
            assert not long.done()
        may_end.set()
        long.result(20)
    assert len(turns) == 0


def test_other_pages_wait_for_nobody() -> None:
    turns = Turns(wait_s=20)
    with turns.of("page"), turns.of("another"):
        assert len(turns) == 2
