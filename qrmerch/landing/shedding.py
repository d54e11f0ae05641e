"""Who waits when there is more to do than a worker can: staff before shoppers, and never a kept page.

In: whatever the front door does not answer itself. Out: Flask's answer, or at once a 503 that says when to try again.

A worker has a fixed number of threads. The front door answers a kept page within microseconds; Flask holds its thread
for as long as the database, the template or the line takes. So there are places: for answers that are worked on, for
staff among them, for files that are long on their way, for some who wait; all together fewer than there are threads.
A scan always finds a thread. Who has opened a code whose page is not kept yet waits longer than others, and many may:
each such page is rendered once, and whoever is refused comes again anyway.
"""

import random
from collections.abc import Iterable, Iterator
from threading import Semaphore
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from qrmerch.i18n import SPOKEN, direction, negotiate, translator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Files on their way at once: films going out, archives coming in.
TRANSFERS: Final = 2
# Who may wait for a place; staff leave the last of these to shoppers.
WAITING: Final = 2
# Who may wait for a page that a code or a card leads to, besides, and for how long.
WAITING_FOR_PAGES: Final = 32
_PAGE_WAIT_S: Final = 3.0
# One more than all places: for kept pages.
_FOR_SCANS, _FOR_MACHINES, _FOR_WAITING_SCANS = 1, 2, 16
_WAIT_S: Final = 1.0
_RETRY_AFTER_S: Final = 1
# A page that was asked for comes by itself; not all of those who wait for theirs ask in the same second.
_AGAIN: Final = tuple(f'<meta http-equiv="refresh" content="{seconds}">' for seconds in (1, 2, 3))
# A body of more bytes than these, in either direction, is on its way for as long as the other end likes.
_LONG_BYTES: Final = 1_000_000
# At the till a shopper stands waiting: what an associate asks is none of it.
_STAFF: Final = ("/desk", "/studio", "/account", "/sign-in", "/sign-out")
# What is kept once it was rendered.
_PAGES: Final = ("/q/", "/Q/", "/i/")
# Asked by machines that decide whether this node lives: a place beside all others for what asks nobody else, and one
# for what asks the database, which may be long in saying nothing.
_ALIVE: Final = "/healthz"
_ASKED: Final = ("/readyz", "/metrics")
_PAGE: Final = (
    '<!doctype html><html lang="{locale}" dir="{way}"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">{again}'
    "<title>503</title><p>{words}</p></html>\n"
)


def threads_for(flask_threads: int, *, waits_for_disk: bool = False) -> int:
    """How many threads a worker needs, so that one is always free for scans.

    :param flask_threads: how many of Flask's answers it works on at once.
    :param waits_for_disk: a scan is answered when its line lies on the disk: many wait for one flush.
    """
    for_scans = _FOR_WAITING_SCANS if waits_for_disk else _FOR_SCANS
    return flask_threads + TRANSFERS + WAITING + WAITING_FOR_PAGES + _FOR_MACHINES + for_scans


class Shedding:
    """A WSGI application in front of Flask that lets in as many as there are places."""

    def __init__(
        self,
        application: "WSGIApplication",
        *,
        flask_threads: int,
        staff_threads: int,
        headers: Iterable[tuple[str, str]] = (),
        wait_s: float = _WAIT_S,
        page_wait_s: float = _PAGE_WAIT_S,
    ) -> None:
        """:param flask_threads: answers worked on at once. :param staff_threads: of those, at most so many for staff.
        :param headers: what every answer carries. :param wait_s: how long somebody waits for a place.
        :param page_wait_s: how long somebody who waits for a page does.
        """
        self._application, self._wait_s, self._headers = application, wait_s, tuple(headers)
        self._flask, self._staff = _Counted(flask_threads), Semaphore(min(staff_threads, flask_threads))
        self._most = flask_threads
        self._transfers = Semaphore(TRANSFERS)
        self._waiting, self._waiting_staff = Semaphore(WAITING), Semaphore(WAITING - 1)
        # One place is left to others, who would stand behind all those who wait for pages: a till is among them.
        self._pages = Semaphore(max(1, flask_threads - 1))
        self._page_wait_s, self._waiting_for_pages = page_wait_s, Semaphore(WAITING_FOR_PAGES)
        self._alive, self._machines = Semaphore(1), Semaphore(_FOR_MACHINES - 1)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        places = self._find_places(environ)
        if places is None:
            return self._refuse(environ, start_response)
        said: list[tuple[str, str]] = []

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            said[:] = headers
            return start_response(status, headers, *more)

        try:
            body = self._application(environ, start)
            if _is_short(said):
                # Read to its end here and now: no phone that is slow holds a place.
                whole = _joined(body)
                places.leave()
                return [whole]
        except BaseException:
            places.leave()
            raise
        if self._transfers.acquire(blocking=False):
            places.change_to(self._transfers)
        return _Streamed(body, places)

    def has_room(self) -> bool:
        """Whether most places for answers are free, so that what nobody waits for can be done."""
        return self._flask.free * 2 > self._most

    def _find_places(self, environ: "WSGIEnvironment") -> "_Places | None":
        path = environ["PATH_INFO"]
        if path == _ALIVE or path in _ASKED:
            wanted: tuple[Semaphore, ...] = (self._alive if path == _ALIVE else self._machines,)
            return _Places.take(*wanted) or self._wait(*wanted)
        if _is_long_upload(environ):
            return _Places.take(self._transfers)
        if path.startswith(_PAGES) and environ["REQUEST_METHOD"] == "GET":
            wanted = (self._pages, self._flask)
            return _Places.take(*wanted) or self._wait_in((self._waiting_for_pages,), wanted, self._page_wait_s)
        wanted = (self._staff, self._flask) if path.startswith(_STAFF) else (self._flask,)
        return _Places.take(*wanted) or self._wait(*wanted)

    def _wait(self, *wanted: Semaphore) -> "_Places | None":
        # Machines as well: whoever sends many of such questions must not hold all threads.
        waiting = (self._waiting,) if wanted == (self._flask,) else (self._waiting_staff, self._waiting)
        return self._wait_in(waiting, wanted, self._wait_s)

    @staticmethod
    def _wait_in(seats: tuple[Semaphore, ...], wanted: tuple[Semaphore, ...], wait_s: float) -> "_Places | None":
        seat = _Places.take(*seats)
        if seat is None:
            return None
        try:
            return _Places.take(*wanted, wait_s=wait_s)
        finally:
            seat.leave()

    def _refuse(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        locale = negotiate(environ.get("HTTP_ACCEPT_LANGUAGE", ""), SPOKEN)
        t, again = translator(locale), ""
        words = t("Very many are asking at this moment. Try again in a second.")
        if environ["REQUEST_METHOD"] == "GET":
            words = t("Very many are asking at this moment. The page comes by itself in a second or two.")
            again = random.choice(_AGAIN)  # noqa: S311
        if "json" in environ.get("HTTP_ACCEPT", ""):
            kind, text = "application/problem+json", f'{{"type":"busy","status":503,"detail":"{words}"}}'
        else:
            kind, text = (
                "text/html; charset=utf-8",
                _PAGE.format(locale=locale, way=direction(locale), again=again, words=words),
            )
        body = text.encode()
        headers = [
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Retry-After", str(_RETRY_AFTER_S)),
            *self._headers,
        ]
        start_response("503 Service Unavailable", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


class _Counted(Semaphore):
    """Places, and how many of them are free at this moment."""

    @property
    def free(self) -> int:
        return self._value


class _Places:
    """Places that one request has taken."""

    def __init__(self, held: tuple[Semaphore, ...]) -> None:
        self._held = held

    @classmethod
    def take(cls, *wanted: Semaphore, wait_s: float = 0.0) -> "_Places | None":
        """One place of each kind, or none at all."""
        until_s, held = monotonic() + wait_s, cls(())
        for each in wanted:
            left_s = until_s - monotonic()
            if not (each.acquire(timeout=left_s) if left_s > 0 else each.acquire(blocking=False)):
                held.leave()
                return None
            held._held += (each,)
        return held

    def leave(self) -> None:
        """Let go of what is held; a second time does nothing."""
        held, self._held = self._held, ()
        for each in held:
            each.release()

    def change_to(self, taken: Semaphore) -> None:
        """Hold this place, which has been taken, in the stead of all others."""
        self.leave()
        self._held = (taken,)


class _Streamed:
    """A long answer, piece by piece; its places are free when it ends, whichever way the server ends it."""

    def __init__(self, body: Iterable[bytes], places: _Places) -> None:
        self._body, self._places = body, places
        self._pieces = iter(body)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:
            self._places.leave()
            raise

    def close(self) -> None:
        """End the answer beneath as well."""
        self._places.leave()
        _close(self._body)

    def __del__(self) -> None:
        self._places.leave()


def _is_long_upload(environ: "WSGIEnvironment") -> bool:
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdecimal():
        return int(length) > _LONG_BYTES
    return environ["REQUEST_METHOD"] not in ("GET", "HEAD", "OPTIONS") and bool(environ.get("HTTP_TRANSFER_ENCODING"))


def _is_short(headers: Iterable[tuple[str, str]]) -> bool:
    return any(name.lower() == "content-length" and int(value) <= _LONG_BYTES for name, value in headers)


def _joined(body: Iterable[bytes]) -> bytes:
    try:
        return b"".join(body)
    finally:
        _close(body)


def _close(body: Any) -> None:
    if hasattr(body, "close"):
        body.close()
