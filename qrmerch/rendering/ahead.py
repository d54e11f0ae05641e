"""Rendering pages before a phone asks for them: after a change, and before they end.

In: what the kept pages want (`Pages.find_wanted`). Out: pages kept for now, or for the instant at which the present
ones end. One at a time in each process, while there is room for it, a quarter of a processor at the most. A page that
fails is set aside for a minute, then for longer, told once, and goes on where it can be rendered again.
Never: a page that a change was heard about while it was rendered; a word to a database that is away.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Final

from qrmerch.clock import now
from qrmerch.db import AWAY, Database
from qrmerch.errors import DomainError
from qrmerch.rendering.kept import Pages
from qrmerch.rendering.keys import render_key

EVERY_S: Final = 1.0
# After each page it rests for so many times as long as that took.
_RESTS: Final = 3.0
_END_WAIT_S: Final = 5.0
log = logging.getLogger("qrmerch.ahead")


class Ahead:
    """Does so for the pages of one process, one after the other, in a thread."""

    def __init__(self, pages: Pages, database_url: str, *, base_url: str) -> None:
        self._pages, self._base_url = pages, base_url
        # Its own, so that no request waits for a connection because of it.
        self._database = Database(database_url, pool_size=1)
        self._has_room: Callable[[], bool] = bool
        self._ended = Event()
        self._thread = Thread(target=self._run, daemon=True, name="pages-ahead")

    def start(self, has_room: Callable[[], bool]) -> None:
        """Begin; ended by `stop`.

        :param has_room: whether this process has time for what nobody waits for.
        """
        self._has_room = has_room
        self._thread.start()

    def stop(self) -> None:
        """End after the page that is being rendered, and close what it read with."""
        self._ended.set()
        self._pages.has_dropped.set()
        if self._thread.is_alive():
            self._thread.join(_END_WAIT_S)
        self._database.close()

    def work(self, at: datetime) -> bool:
        """Let begin what has begun, and render one page that is wanted; whether there was one and the database too."""
        at_s = at.timestamp()
        self._pages.turn(at_s)
        wanted = None if self._pages.is_stale(at_s) else self._pages.find_wanted(at_s)
        if wanted is None:
            return False
        shown_at = datetime.fromtimestamp(wanted.from_s, UTC) if wanted.from_s else at
        as_of = self._pages.epoch
        try:
            with self._database.read() as db:
                rendered = render_key(db, wanted.key, at=shown_at, base_url=self._base_url)
            if rendered.until <= shown_at:
                raise ValueError(f"{wanted.key} ends as it begins")
        except AWAY:
            return False
        except DomainError:
            self._pages.give_up(wanted.key)
            return True
        # Whatever is wrong with one page keeps no other from being rendered.
        except Exception:
            if self._pages.set_aside(wanted.key, at_s):
                log.exception("%s was not rendered ahead, and is set aside", wanted.key)
            return True
        finally:
            if self._database.is_sqlite:
                # A file that is gone must be missed.
                self._database.close()
        page = self._pages.make(wanted.key, rendered, at_s=at_s, from_s=wanted.from_s)
        self._pages.keep(page, as_of=as_of, is_asked=False)
        return True

    def _run(self) -> None:
        while not self._ended.is_set():
            began_s = time.monotonic()
            self._pages.has_dropped.clear()
            try:
                has_worked = self._has_room() and self.work(now())
            except Exception:
                log.exception("a page was not rendered ahead")
                has_worked = False
            if has_worked:
                self._ended.wait((time.monotonic() - began_s) * _RESTS)
            else:
                self._pages.has_dropped.wait(EVERY_S)
