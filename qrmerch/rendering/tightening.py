"""Compressing kept pages a second time, as small as they get, while nobody waits for them."""

import logging
import time
from threading import Event, Thread
from typing import Final

from qrmerch.rendering.kept import Pages

# A page that changes within its first minute may well change again.
AFTER_S: Final = 60.0
# One page takes some 100 ms of processor: a twentieth of one, while there are any.
EVERY_S: Final = 2.0
_END_WAIT_S: Final = 5.0
log = logging.getLogger("qrmerch.tightening")


class Tightening:
    """Does so for the pages of one process, one after the other, in a thread."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._ended = Event()
        self._thread = Thread(target=self._run, daemon=True, name="page-tightening")

    def start(self) -> None:
        """Begin; ended by `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """End after the page that is being done."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(_END_WAIT_S)

    def _run(self) -> None:
        while not self._ended.wait(EVERY_S):
            try:
                self._pages.tighten(before_s=time.time() - AFTER_S)
            except Exception:
                # The pages as they are serve as well.
                log.exception("a page was not compressed again")
