"""Instants in a page, as one says them: today and yesterday with the clock, else the day."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from qrmerch.i18n import format_date
from qrmerch.parties.models import Retailer


def house_zone(retailers: list[Retailer]) -> str:
    """The time zone a vendor's pages are written in: that of the first retailer it supplies."""
    return retailers[0].time_zone if retailers else "UTC"


def said_at(at: datetime, *, now: datetime, zone: str) -> str:
    """ "today at 10:32", "yesterday at 16:20", "Nov 3, 2026"."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    if local.date() == today:
        return f"today at {local:%H:%M}"
    if local.date() == today - timedelta(days=1):
        return f"yesterday at {local:%H:%M}"
    return format_date(local.date(), "en")
