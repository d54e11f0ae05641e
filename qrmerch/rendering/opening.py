"""Whether the store is open, in words of the page's language, and when those words stop being true."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from qrmerch.i18n import format_day, format_time, translator
from qrmerch.parties.models import Store
from qrmerch.parties.opening import opening_at, week_of


def word_opening(store: Store, locale: str, at: datetime) -> str:
    """`Open until 21:00`, `Opens at 10:00 tomorrow`; empty where the store's hours are a text only."""
    week = week_of(store.weekly)
    if week is None or not any(week):
        return ""
    t, zone = translator(locale), store.time_zone
    opening = opening_at(week, zone, at)
    if opening.changes_at is None:
        return t("Open around the clock") if opening.is_open else ""
    time = format_time(opening.changes_at, locale, zone)
    if opening.is_open:
        return t("Open until {time}").format(time=time)
    days = (_day_of(opening.changes_at, zone) - _day_of(at, zone)).days
    if days == 0:
        return t("Opens at {time}").format(time=time)
    if days == 1:
        return t("Opens at {time} tomorrow").format(time=time)
    return t("Opens {day} at {time}").format(day=format_day(opening.changes_at, locale, zone), time=time)


def opening_edges(store: Store, at: datetime) -> list[datetime]:
    """The instants after `at` at which `word_opening` says something else."""
    week = week_of(store.weekly)
    if week is None or not any(week):
        return []
    opening = opening_at(week, store.time_zone, at)
    edges = [opening.changes_at] if opening.changes_at else []
    # What was tomorrow is today from midnight on.
    return edges if opening.is_open else [*edges, _next_midnight(at, store.time_zone)]


def _day_of(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)


def _next_midnight(at: datetime, zone: str) -> datetime:
    return (_day_of(at, zone) + timedelta(days=1)).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
