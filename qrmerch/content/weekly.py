"""Hours of the week in which something holds, by the clock on a place's wall.

In: a sentence such as "Mon-Fri 07:00-11:00; Sun 12-18", and later an instant. Out: seven lists of spans of minutes,
Monday first, and whether the clock on the wall shows one of them. An hour that comes twice, when clocks are set back,
holds twice; one that never comes holds never.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from qrmerch.parties.hours import DAY, HoursUnclear, format_week, parse_hours
from qrmerch.parties.opening import week_of

Weekly = Sequence[Sequence[Sequence[int]]]
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ReadWeek:
    """Hours as they are kept (None: always), and what had to be decided to read them, in sentences."""

    weekly: list[list[list[int]]] | None
    notes: tuple[str, ...] = ()


def read_weekly(text: str) -> ReadWeek:
    """The hours that a text says; an empty one means always.

    :raises HoursUnclear: they can be read in two ways, or never come; the message is a sentence.
    """
    if not text.strip():
        return ReadWeek(None)
    hours = parse_hours(text)
    if not any(hours.week):
        raise HoursUnclear("These hours never come. Name a day with its times, or leave them empty for always.")
    return ReadWeek([[list(span) for span in day] for day in hours.week], hours.notes)


def say_weekly(weekly: Weekly | None) -> str:
    """Hours in few words, `Mon-Fri 07:00-11:00`; empty for always."""
    week = week_of(weekly)
    return format_week(week) if week else ""


def is_within(weekly: Weekly | None, zone: str, at: datetime) -> bool:
    """Whether the clock on a wall of that zone shows one of these hours; true where there are none."""
    if weekly is None:
        return True
    local = at.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    today, yesterday = weekly[local.weekday()], weekly[(local.weekday() - 1) % 7]
    return any(begin <= minute < end for begin, end in today) or any(
        begin <= minute + DAY < end for begin, end in yesterday
    )


def list_turns(weekly: Weekly | None, zone: str, *, since: datetime, until: datetime) -> list[datetime]:
    """The instants after `since` and up to `until` at which `is_within` may say something else, in order."""
    if weekly is None:
        return []
    first, last = (each.astimezone(ZoneInfo(zone)).date() for each in (since, until))
    turns = set(_clock_changes(zone, since, until))
    for days in range(-2, (last - first).days + 2):
        on = first + timedelta(days=days)
        for minutes in {minute for span in weekly[on.weekday()] for minute in span}:
            turns.update(_instants(on, minutes, zone))
    return sorted(each for each in turns if since < each <= until)


def _instants(on: date, minutes: int, zone: str) -> Iterator[datetime]:
    """When a wall's clock shows so many minutes after that day's midnight: once, or twice."""
    wall = datetime.combine(on, time()) + timedelta(minutes=minutes)
    for fold in (0, 1):
        yield wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def _clock_changes(zone: str, since: datetime, until: datetime) -> Iterator[datetime]:
    """The instants at which the clocks of a zone are set."""

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(ZoneInfo(zone)).utcoffset()

    day = since.astimezone(UTC).replace(second=0, microsecond=0)
    while day < until:
        low, high = day, day + timedelta(days=1)
        if offset(low) != offset(high):
            while high - low > _MINUTE:
                middle = low + (high - low) // _MINUTE // 2 * _MINUTE
                low, high = (low, middle) if offset(middle) != offset(low) else (middle, high)
            yield high
        day += timedelta(days=1)
