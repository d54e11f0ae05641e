"""The same phone opening the same code again, as far as 32 bits can tell."""

from collections.abc import Iterable
from typing import Final

from qrmerch.scans import line
from qrmerch.scans.line import Line

REPEAT_MS: Final = 30_000
_REMEMBERED: Final = 200_000


class Repeats:
    """When each (near, token) was last seen. Hits are told in the order of their time."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], int] = {}

    def is_repeat(self, said: Line) -> bool:
        """Remember a hit of a printed address by a person; whether it comes within 30 s of the one before."""
        if not said.near:
            return False
        key = (said.near, said.subject or said.store_id)
        before = self._seen.get(key)
        if len(self._seen) >= _REMEMBERED:
            self._seen = {each: at_ms for each, at_ms in self._seen.items() if said.at_ms - at_ms < REPEAT_MS}
        self._seen[key] = max(said.at_ms, before or 0)
        return before is not None and abs(said.at_ms - before) < REPEAT_MS

    def recall(self, lines: Iterable[Line]) -> None:
        """Remember what earlier lines say, counting nothing."""
        for said in sorted(lines):
            if said.kind in line.PRINTED and said.is_human and not said.manner:
                self.is_repeat(said)
