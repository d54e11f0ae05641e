"""A visit as the loader knows it while it takes in the lines of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from qrmerch.scans.places import Place
from qrmerch.scans.visits import VISIT_IDLES, VISIT_LASTS

_IDLES_MS: Final = int(VISIT_IDLES.total_seconds() * 1000)
_LASTS_MS: Final = int(VISIT_LASTS.total_seconds() * 1000)


@dataclass(slots=True)
class Visit:
    """Where and when a visit began and was last seen: in milliseconds since 1970, and as their columns' text.

    `waiting` is the outcome of an opening that becomes a scan once its page is seen; empty for all others.
    """

    id: str
    place: Place
    place_number: int
    began_ms: int
    seen_ms: int
    began: str
    seen: str
    waiting: str = ""
    is_engaged: bool = False

    @classmethod
    def of(cls, row: Sequence[Any]) -> "Visit":
        """:param row: as `storing.list_visits` gives it."""
        visit, number, began_at, seen_at, waiting, is_engaged, *place = row
        said = _ms_of(began_at), _ms_of(seen_at), str(began_at), str(seen_at)
        return cls(visit, Place(*place), number, *said, waiting, bool(is_engaged))

    def see(self, at_ms: int, at: str) -> bool:
        """Note that something happened at an instant, unless it had ended by then; whether it still belongs to it."""
        if at_ms - self.seen_ms > _IDLES_MS or at_ms - self.began_ms > _LASTS_MS:
            return False
        if at_ms > self.seen_ms:
            self.seen_ms, self.seen = at_ms, at
        return True


def _ms_of(instant: datetime | str) -> int:
    if isinstance(instant, str):
        instant = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    return int(instant.timestamp() * 1000 + 0.5)
