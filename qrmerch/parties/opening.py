"""Whether a store is open: what the clock on its wall makes of its week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from qrmerch.parties.hours import DAY, Week


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether a store is open at an instant, and when that changes; None where it never does."""

    is_open: bool
    changes_at: datetime | None


def opening_at(week: Week, zone: str, at: datetime) -> Opening:
    """What a store with these hours does at an instant, by its own clock; the change is within eight days."""
    spans = _spans_around(week, zone, at)
    for begins_at, ends_at in spans:
        if begins_at <= at < ends_at:
            is_endless = ends_at - at > timedelta(days=8)
            return Opening(True, None if is_endless else ends_at)
        if begins_at > at:
            return Opening(False, begins_at)
    return Opening(False, None)


def week_of(kept: Sequence[Sequence[Sequence[int]]] | None) -> Week | None:
    """A week as a row keeps it (lists of lists); None where nothing is known."""
    if not kept:
        return None
    return tuple(tuple((span[0], span[1]) for span in day) for day in kept)


def _spans_around(week: Week, zone: str, at: datetime) -> list[tuple[datetime, datetime]]:
    """The open spans from yesterday to in ten days, those that touch made one."""
    today = at.astimezone(ZoneInfo(zone)).date()
    found: list[tuple[datetime, datetime]] = []
    for days in range(-1, 11):
        on = today + timedelta(days=days)
        for begin, end in week[on.weekday()]:
            begins_at, ends_at = _instant(on, begin, zone), _instant(on, end, zone)
            if found and found[-1][1] >= begins_at:
                found[-1] = found[-1][0], max(found[-1][1], ends_at)
            else:
                found.append((begins_at, ends_at))
    return found


def _instant(on: date, minutes: int, zone: str) -> datetime:
    """When the clock on the wall shows so many minutes after that day's midnight."""
    days, minutes = divmod(minutes, DAY)
    wall = datetime.combine(on + timedelta(days=days), datetime.min.time()) + timedelta(minutes=minutes)
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
