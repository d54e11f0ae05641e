"""How the desk names the clock that a form is typed in."""

import pytest

from qrmerch.desk.times import clock_of


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("America/New_York", "New York time"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires time"),
        ("Asia/Riyadh", "Riyadh time"),
        ("UTC", "UTC"),
        ("Etc/GMT+3", "Etc/GMT+3"),
    ],
)
def test_a_time_zone_is_named_after_its_place(zone: str, said: str) -> None:
    assert clock_of(zone) == said
