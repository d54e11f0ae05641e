"""Instants and ages as the desk says them: the clock for today and yesterday, else the day."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def said_at(at: datetime, *, now: datetime, zone: str) -> str:
    """`Today 10:41`, `Yesterday 16:20`, `3 November 09:00`, with the year where it is not this one."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    clock = f"{local:%H:%M}"
    if local.date() == today:
        return f"Today {clock}"
    if local.date() == today - timedelta(days=1):
        return f"Yesterday {clock}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {local:%B}{year} {clock}"


def said_in_text(at: datetime, *, now: datetime, zone: str) -> str:
    """The same within a sentence: `today at 10:41`, `on 3 November at 09:00`."""
    said = said_at(at, now=now, zone=zone)
    day, _, clock = said.rpartition(" ")
    return f"{day.lower() if day in ('Today', 'Yesterday') else f'on {day}'} at {clock}"


def said_age(age: timedelta) -> str:
    """How long something has waited: `4 min`, `5 h`, `3 days`."""
    minutes = max(0, int(age.total_seconds()) // 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"


def clock_of(zone: str) -> str:
    """What people call the time of an IANA time zone: `New York time`; a zone without a place in it is its own name."""
    place = zone.rpartition("/")[2].replace("_", " ")
    return f"{place} time" if "/" in zone and not zone.startswith("Etc/") else zone
