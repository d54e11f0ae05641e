"""What a till says of an instant, as one says it across the counter."""

from datetime import datetime, timedelta

import pytest

from qrmerch.offers.till_words import said_until, said_when
from tests.conftest import NOON

NEW_YORK = "America/New_York"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("at", "when", "until"),
    [
        (NOON - 2 * HOUR, "today at 10:00", "10:00"),
        (NOON - DAY, "yesterday at 12:00", "yesterday, 12:00"),
        (NOON + DAY, "tomorrow at 12:00", "tomorrow, 12:00"),
        (NOON - 18 * DAY, "on Saturday 31 October at 13:00", "Saturday 31 October, 13:00"),
        (NOON + 60 * DAY, "on Sunday 17 January 2027 at 12:00", "Sunday 17 January 2027, 12:00"),
        (NOON + 12 * HOUR, "tomorrow at 00:00", "the end of today"),
        (NOON - 12 * HOUR, "today at 00:00", "the end of yesterday"),
        (NOON + 132 * HOUR, "on Tuesday 24 November at 00:00", "the end of Monday 23 November"),
    ],
)
def test_an_instant_is_said_from_where_one_stands(at: datetime, when: str, until: str) -> None:
    assert said_when(at, now=NOON, zone=NEW_YORK) == when
    assert said_until(at, now=NOON, zone=NEW_YORK) == until


def test_each_store_has_its_own_today() -> None:
    at = NOON + 13 * HOUR

    assert said_when(at, now=NOON, zone=NEW_YORK) == "tomorrow at 01:00"
    assert said_when(at, now=NOON, zone="America/Los_Angeles") == "today at 22:00"
