"""Who is let in when a worker has more to do than it can: a scan always, shoppers before staff."""

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder, run_wsgi_app

from qrmerch.landing.shedding import TRANSFERS, WAITING, WAITING_FOR_PAGES, Shedding, threads_for
from tests.browsing import Browser
from tests.landing.aisle import make_aisle

Answer = tuple[Any, str, Any]
LONG = 1_000_001


class Slow:
    """An application whose answers wait until they are let go."""

    def __init__(self, *, length: int | None = 2) -> None:
        self.begun, self.may_end, self.length = 0, Event(), length
        self.closed = 0
        self._counting = Lock()
        self._more = Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self._counting:
            self.begun += 1
        self._more.set()
        if "fail" in environ["PATH_INFO"]:
            raise ZeroDivisionError
        if "long" not in environ["PATH_INFO"]:
            assert self.may_end.wait(20)
        headers = [("Content-Length", str(LONG if "long" in environ["PATH_INFO"] else 2))]
        start_response("200 OK", [] if self.length is None else headers)
        return self

    def __iter__(self) -> Iterator[bytes]:
        return iter((b"o", b"k"))

    def close(self) -> None:
        self.closed += 1

    def await_begun(self, count: int) -> None:
        """Wait until so many answers are being worked on."""
        while self.begun < count:
            self._more.clear()
            if self.begun < count:
                assert self._more.wait(20)


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    yield made
    made.may_end.set()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as made:
        yield made


def shed(
    application: Any, *, wait_s: float = 20.0, page_wait_s: float = 20.0, flask: int = 3, staff: int = 2
) -> Shedding:
    return Shedding(
        application,
        flask_threads=flask,
        staff_threads=staff,
        headers=[("X-Content-Type-Options", "nosniff")],
        wait_s=wait_s,
        page_wait_s=page_wait_s,
    )


def ask(application: Any, path: str, **more: Any) -> Answer:
    body, status, headers = run_wsgi_app(application, EnvironBuilder(path=path, **more).get_environ())
    return b"".join(body), status, headers


def many(threads: ThreadPoolExecutor, application: Any, path: str, count: int) -> "list[Future[Answer]]":
    return [threads.submit(ask, application, path) for _ in range(count)]


def test_staff_beyond_their_places_are_told_to_come_again_and_shoppers_are_let_in(
    slow: Slow, threads: ThreadPoolExecutor
) -> None:
    door = shed(slow)
    staff = many(threads, door, "/desk/insights", 2)
    slow.await_begun(2)
    waiting = many(threads, door, "/desk/insights", WAITING - 1)
    while door._waiting_staff._value:
        pass

    body, status, headers = ask(door, "/studio")
    shopper = threads.submit(ask, door, "/my")
    slow.await_begun(3)

    assert status == "503 Service Unavailable"
    assert (headers["Retry-After"], headers["X-Content-Type-Options"]) == ("1", "nosniff")
    assert b"The page comes by itself" in body
    slow.may_end.set()
    assert [each.result(20)[0] for each in (*staff, *waiting, shopper)] == [b"ok"] * (3 + WAITING - 1)


def test_what_nobody_waits_for_is_done_while_most_places_are_free(slow: Slow, threads: ThreadPoolExecutor) -> None:
    door = shed(slow)
    before = door.has_room()
    many(threads, door, "/my", 1)
    slow.await_begun(1)
    with_one = door.has_room()
    many(threads, door, "/my", 1)
    slow.await_begun(2)

    assert (before, with_one, door.has_room()) == (True, True, False)


@pytest.mark.parametrize("path", ["/q/7K3M9WX2C", "/Q/7K3M9WX2C", "/i/some-item"])
def test_many_wait_for_pages_that_are_not_kept_and_take_no_place_from_others(slow: Slow, path: str) -> None:
    with ThreadPoolExecutor(WAITING_FOR_PAGES + WAITING + 4) as threads:
        door = shed(slow, wait_s=20.0)
        busy = many(threads, door, path, 2)
        slow.await_begun(2)
        waiting = many(threads, door, path, WAITING_FOR_PAGES)
        while door._waiting_for_pages._value:
            pass

        refused = ask(door, path)[1][:3]
        # A till, a form that is sent, and what is no page.
        till = threads.submit(ask, door, "/associate/check", method="POST")
        slow.await_begun(3)
        others = [threads.submit(ask, door, path, method="POST"), threads.submit(ask, door, "/my")]
        while door._waiting._value:
            pass
        slow.may_end.set()

        assert refused == "503"
        assert {each.result(60)[1][:3] for each in (*busy, *waiting, till, *others)} == {"200"}


def test_who_waits_for_a_page_in_vain_is_told_so(slow: Slow, threads: ThreadPoolExecutor) -> None:
    door = shed(slow, page_wait_s=0.01)
    many(threads, door, "/my", 3)
    slow.await_begun(3)

    body, status, _ = ask(door, "/q/7K3M9WX2C")

    assert status[:3] == "503" and b"The page comes by itself" in body


def test_a_till_does_not_wait_for_those_who_read_numbers(slow: Slow, threads: ThreadPoolExecutor) -> None:
    door = shed(slow, wait_s=0.01)
    many(threads, door, "/desk/insights", 2)
    slow.await_begun(2)

    till = threads.submit(ask, door, "/associate/check", method="POST")
    slow.await_begun(3)

    slow.may_end.set()
    assert till.result(20)[1][:3] == "200"


def test_who_waits_in_vain_is_told_so(slow: Slow, threads: ThreadPoolExecutor) -> None:
    door = shed(slow, wait_s=0.01, flask=2, staff=1)
    busy = many(threads, door, "/my", 2)
    slow.await_begun(2)

    statuses = [ask(door, path)[1][:3] for path in ("/my", "/desk", "/v")]

    assert statuses == ["503"] * 3
    slow.may_end.set()
    assert [each.result(20)[1][:3] for each in busy] == ["200"] * 2
    assert ask(door, "/desk")[1][:3] == "200"


def test_machines_that_ask_whether_a_node_lives_are_answered_when_all_else_is_full(
    slow: Slow, threads: ThreadPoolExecutor
) -> None:
    door = shed(slow, wait_s=0.01)
    many(threads, door, "/my", 3)
    slow.await_begun(3)

    alive = threads.submit(ask, door, "/healthz")
    slow.await_begun(4)

    slow.may_end.set()
    assert alive.result(20)[1][:3] == "200"


def test_a_node_lives_while_its_database_says_nothing(slow: Slow, threads: ThreadPoolExecutor) -> None:
    door = shed(slow, wait_s=0.01)
    threads.submit(ask, door, "/readyz")
    slow.await_begun(1)

    alive = threads.submit(ask, door, "/healthz")
    slow.await_begun(2)

    slow.may_end.set()
    assert alive.result(20)[1][:3] == "200"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_many_who_ask_whether_a_node_lives_do_not_hold_its_threads(
    path: str, slow: Slow, threads: ThreadPoolExecutor
) -> None:
    door = shed(slow)
    first = threads.submit(ask, door, path)
    slow.await_begun(1)
    waiting = many(threads, door, path, WAITING - 1)
    while door._waiting_staff._value:
        pass

    # In this very thread: without a place to wait in, the answer is there at once.
    assert ask(door, path)[1][:3] == "503"

    slow.may_end.set()
    assert [each.result(20)[1][:3] for each in (first, *waiting)] == ["200"] * WAITING


def test_an_upload_that_takes_its_time_takes_no_place_of_others(slow: Slow, threads: ThreadPoolExecutor) -> None:
    door = shed(slow, wait_s=0.01, flask=2, staff=1)
    upload: dict[str, Any] = {"method": "POST", "environ_overrides": {"CONTENT_LENGTH": str(LONG)}}
    uploads = [threads.submit(ask, door, "/studio/archives", **upload) for _ in range(TRANSFERS)]
    slow.await_begun(TRANSFERS)

    refused = ask(door, "/studio/archives", **upload)
    page = threads.submit(ask, door, "/desk")
    slow.await_begun(TRANSFERS + 1)

    slow.may_end.set()
    assert refused[1][:3] == "503"
    assert [each.result(20)[1][:3] for each in (*uploads, page)] == ["200"] * (TRANSFERS + 1)


def test_a_film_on_its_way_takes_no_place_of_others_and_ends_whichever_way(slow: Slow) -> None:
    door = shed(slow, wait_s=0.01, flask=2, staff=1)
    slow.may_end.set()
    environ = EnvironBuilder(path="/long").get_environ()
    films = [door(dict(environ), lambda *said: None) for _ in range(TRANSFERS + 1)]

    # The last found no place among the films on their way, and holds one of those for answers.
    assert door._flask._value == 1
    assert not door._transfers._value
    assert b"".join(films[0]) == b"ok"
    films[1].close()  # type: ignore[attr-defined]
    del films

    assert (door._flask._value, door._transfers._value) == (2, TRANSFERS)
    assert slow.closed == 1


def test_a_failure_leaves_its_place(slow: Slow) -> None:
    door = shed(slow, wait_s=0.01, flask=2, staff=1)
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            ask(door, "/desk/fail")
    slow.may_end.set()

    assert ask(door, "/desk")[1][:3] == "200"


def test_an_answer_of_no_said_length_is_passed_on_piece_by_piece() -> None:
    slow = Slow(length=None)
    slow.may_end.set()
    door = shed(slow)

    answer = door(EnvironBuilder(path="/my").get_environ(), lambda *said: None)

    assert list(answer) == [b"o", b"k"]
    assert door._flask._value == 3


def test_there_are_more_threads_than_places() -> None:
    assert threads_for(4) == 4 + TRANSFERS + WAITING + WAITING_FOR_PAGES + 3


@pytest.mark.parametrize(
    ("accept", "language", "said"),
    [
        ("text/html", "ar", '<html lang="ar" dir="rtl">'),
        ("text/html", "fr-CA", '<html lang="fr" dir="ltr">'),
        ("text/html", "de-AT,en;q=0.8", "Gerade fragen sehr viele an."),
        ("text/html", "it", "Very many are asking"),
        ("application/json", "en", '"status":503'),
    ],
)
def test_what_is_said_is_said_in_the_shoppers_language(accept: str, language: str, said: str) -> None:
    slow = Slow()
    door = shed(slow, wait_s=0.01, flask=1, staff=1)
    assert door._flask.acquire(blocking=False)

    body = ask(door, "/my", headers={"Accept": accept, "Accept-Language": language})[0]

    assert said in body.decode()
    assert ask(door, "/my", method="HEAD")[0] == b""


def test_a_page_that_was_refused_comes_by_itself_and_a_form_is_not_sent_again() -> None:
    door = shed(Slow(), wait_s=0.01, flask=1, staff=1)
    assert door._flask.acquire(blocking=False)

    page, form = ask(door, "/q/0123456AB")[0].decode(), ask(door, "/my", method="POST")[0].decode()

    assert re.search('<meta http-equiv="refresh" content="[123]">', page)
    assert "refresh" not in form and "Try again in a second." in form


def test_a_kept_page_is_served_and_counted_while_every_place_is_taken(
    app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    assert browser.get(aisle.printed).status_code == 200
    door: Shedding = app.wsgi_app._application  # type: ignore[attr-defined]
    while door._flask.acquire(blocking=False):
        pass
    door._wait_s = 0.01

    assert browser.get(aisle.printed).status_code == 200
    assert browser.get("/my").status_code == 503
    assert browser.get("/desk").status_code == 503
