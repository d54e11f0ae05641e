"""Instants and times as the studio's pages say them."""

from datetime import datetime, timedelta

import pytest

from qrmerch.studio.times import said_alone, said_at, said_left
from tests.conftest import NOON


@pytest.mark.parametrize(
    ("done", "total", "after", "said"),
    [
        (50, 100, timedelta(seconds=2), "About 5 seconds left."),
        (50, 100, timedelta(seconds=41), "About 40 seconds left."),
        (50, 100, timedelta(seconds=60), "About a minute left."),
        (50, 100, timedelta(seconds=130), "About 2 minutes left."),
        (3, 3_000, timedelta(minutes=10), "About 9,990 minutes left."),
        (2, 100, timedelta(minutes=1), ""),
        (100, 100, timedelta(minutes=1), ""),
        (50, 100, timedelta(), ""),
    ],
)
def test_the_time_left_is_said_once_it_can_be_known(done: int, total: int, after: timedelta, said: str) -> None:
    assert said_left(done, total, since=NOON - after, now=NOON, told_after=3) == said


def test_what_has_not_begun_has_no_time_left() -> None:
    assert said_left(50, 100, since=None, now=NOON) == ""


@pytest.mark.parametrize(
    ("at", "said", "alone"),
    [
        (NOON, "today at 12:00", "Today at 12:00"),
        (NOON - timedelta(hours=20), "yesterday at 16:00", "Yesterday at 16:00"),
        (NOON - timedelta(days=72), "7 September", "7 September"),
        (NOON - timedelta(days=365), "18 November 2025", "18 November 2025"),
    ],
)
def test_instants_are_said_as_the_desk_says_them(at: datetime, said: str, alone: str) -> None:
    assert said_at(at, now=NOON, zone="America/New_York") == said
    assert said_alone(at, now=NOON, zone="America/New_York") == alone
