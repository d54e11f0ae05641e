"""Instants in a page, as one says them: today and yesterday with the clock, else the day."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from qrmerch.parties.models import Retailer


def house_zone(retailers: list[Retailer]) -> str:
    """The time zone a vendor's pages are written in: that of the first retailer it supplies."""
    return retailers[0].time_zone if retailers else "UTC"


def said_left(done: int, total: int, *, since: datetime | None, now: datetime, told_after: int = 1) -> str:
    """How long work goes on that is `done` of `total` far: "About 40 seconds left."; empty while nobody can know.

    :param told_after: less than this much of it says nothing about how long the rest takes.
    """
    elapsed_s = (now - since).total_seconds() if since else 0
    if done < told_after or done >= total or elapsed_s < 1:
        return ""
    seconds = elapsed_s * (total - done) / done
    if seconds < 55:
        return f"About {max(5, round(seconds / 5) * 5)} seconds left."
    minutes = round(seconds / 60)
    return "About a minute left." if minutes <= 1 else f"About {minutes:,} minutes left."


def in_a_row(*sentences: str) -> str:
    """Sentences behind each other, without those that are empty."""
    return " ".join(filter(None, sentences))


def said_at(at: datetime, *, now: datetime, zone: str) -> str:
    """ "today at 10:32", "yesterday at 16:20", "3 November", with the year where it is not this one."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    if local.date() == today:
        return f"today at {local:%H:%M}"
    if local.date() == today - timedelta(days=1):
        return f"yesterday at {local:%H:%M}"
    return f"{local.day} {local:%B}{'' if local.year == today.year else f' {local.year}'}"


def said_alone(at: datetime, *, now: datetime, zone: str) -> str:
    """The same where no sentence goes before it: "Today at 10:32"."""
    said = said_at(at, now=now, zone=zone)
    return f"{said[:1].upper()}{said[1:]}"
