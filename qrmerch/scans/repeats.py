"""The same phone opening the same code again, or more codes than a person can, as far as 32 bits can tell."""

from collections.abc import Collection, Iterable
from typing import Final

from qrmerch.scans import line
from qrmerch.scans.line import Line

REPEAT_MS: Final = 30_000
BURST_MS: Final = 60_000
# As many scans in a minute somebody who walks along a wall may make, and no more.
BURST_SCANS: Final = 30
_REMEMBERED: Final = 200_000


class Repeats:
    """When each (near, token) was last seen, and each near lately. Hits are told in the order of their time."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], int] = {}
        self._lately: dict[str, list[int]] = {}

    def is_repeat(self, said: Line) -> bool:
        """Remember a hit of a printed address by a person; whether it comes within 30 s of the one before."""
        if not said.near:
            return False
        key = (said.near, said.subject or said.traits.store_id)
        before = self._seen.get(key)
        if len(self._seen) >= _REMEMBERED:
            self._seen = {each: at_ms for each, at_ms in self._seen.items() if said.at_ms - at_ms < REPEAT_MS}
        is_repeat = before is not None and abs(said.at_ms - before) < REPEAT_MS
        # A time far ahead was a clock's mistake, now set right: only within the span does the later one stay.
        self._seen[key] = max(said.at_ms, before) if is_repeat and before else said.at_ms
        return is_repeat

    def is_burst(self, said: Line) -> bool:
        """Remember a hit that is no repeat; whether `BURST_SCANS` others came within the minute before it."""
        if not said.near:
            return False
        lately = self._lately.get(said.near)
        if lately is None:
            if len(self._lately) >= _REMEMBERED:
                self._lately = {
                    each: times for each, times in self._lately.items() if said.at_ms - times[-1] < BURST_MS
                }
            self._lately[said.near] = [said.at_ms]
            return False
        is_burst = len(lately) == BURST_SCANS and abs(said.at_ms - lately[0]) < BURST_MS
        lately.append(said.at_ms)
        if len(lately) > BURST_SCANS:
            del lately[0]
        return is_burst

    def recall(self, lines: Iterable[Line], withdrawn: Collection[str] = ()) -> None:
        """Remember what earlier lines say, counting nothing; rules that are withdrawn leave nobody out."""
        for said in sorted(lines):
            traits = said.traits
            if traits.kind in line.PRINTED and traits.is_human(withdrawn) and not traits.manner:
                _ = self.is_repeat(said) or self.is_burst(said)
