"""What the clock on a store's wall makes of its week."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from qrmerch.parties.hours import parse_hours
from qrmerch.parties.opening import Opening, opening_at, week_of

NEW_YORK = "America/New_York"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(NEW_YORK)).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "now", "is_open", "changes"),
    [
        ("Mon-Sat 10:00-21:00", "2026-11-18T09:59", False, "2026-11-18T10:00"),
        ("Mon-Sat 10:00-21:00", "2026-11-18T10:00", True, "2026-11-18T21:00"),
        ("Mon-Sat 10:00-21:00", "2026-11-18T21:00", False, "2026-11-19T10:00"),
        ("Mon-Sat 10:00-21:00", "2026-11-21T22:00", False, "2026-11-23T10:00"),
        ("Fri 18:00-02:00", "2026-11-21T01:59", True, "2026-11-21T02:00"),
        ("Mon-Fri 09:00-12:00, 13:00-18:00", "2026-11-18T12:30", False, "2026-11-18T13:00"),
        ("Mon-Sat 00:00-24:00", "2026-11-18T03:00", True, "2026-11-22T00:00"),
        # The clocks go back at 2:00 on 1 November: the night is an hour longer, the wall says the same.
        ("Daily 10:00-18:00", "2026-10-31T20:00", False, "2026-11-01T10:00"),
        ("Sat 18:00-03:00", "2026-10-31T23:00", True, "2026-11-01T03:00"),
    ],
)
def test_a_store_is_open_by_its_own_clock(text: str, now: str, is_open: bool, changes: str) -> None:
    assert opening_at(parse_hours(text).week, NEW_YORK, at(now)) == Opening(is_open, at(changes))


def test_what_never_closes_or_never_opens_has_no_change() -> None:
    now = at("2026-11-18T12:00")

    assert opening_at(parse_hours("24/7").week, NEW_YORK, now) == Opening(True, None)
    assert opening_at(parse_hours("Mon-Sun closed").week, NEW_YORK, now) == Opening(False, None)


def test_a_week_comes_back_from_the_lists_a_row_keeps() -> None:
    week = parse_hours("Mon-Fri 09:00-12:00, 13:00-18:00").week

    assert week_of([[list(span) for span in day] for day in week]) == week
    assert week_of([]) is None
