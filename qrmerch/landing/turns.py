"""One at a time for one thing: of many phones that ask for a page that is not kept, one renders it for all.

In: what is to be made, by a key. Out: a turn, taken one after the other in this process.
Never: a wait that is longer than making it oneself would be likely to take.
"""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

WAIT_S: Final = 2.0


class Turns:
    """The locks of those things that somebody makes at this moment, and no others."""

    def __init__(self, *, wait_s: float = WAIT_S) -> None:
        """:param wait_s: whoever has waited so long goes on beside the one who is at it."""
        self._wait_s = wait_s
        self._at_work: dict[Hashable, tuple[Lock, int]] = {}
        self._guard = Lock()

    def __len__(self) -> int:
        return len(self._at_work)

    @contextmanager
    def of(self, key: Hashable) -> Iterator[None]:
        """While nobody else has this turn, or after the longest wait."""
        with self._guard:
            turn, there = self._at_work.get(key, (Lock(), 0))
            self._at_work[key] = (turn, there + 1)
        has_turn = turn.acquire(timeout=self._wait_s)
        try:
            yield
        finally:
            if has_turn:
                turn.release()
            with self._guard:
                there = self._at_work.pop(key)[1]
                if there > 1:
                    self._at_work[key] = (turn, there - 1)
