"""The one clock: asked at the edge, passed down as `at`."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import available_timezones


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


@cache
def time_zones() -> frozenset[str]:
    """Every time zone's name; found once, since it means to walk through all their files."""
    return frozenset(available_timezones())
