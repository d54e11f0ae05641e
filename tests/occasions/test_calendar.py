"""An event in the calendar of a phone: the right hour, wherever the store and the phone are."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from qrmerch.occasions.calendar import Words, write_calendar
from qrmerch.occasions.queries import hold_in
from tests.factories import make_occasion, make_retailer, make_store

WORDS = Words("Late night", "Riverside, 12 Quay Street", "One; two, three\nfour \\ five", "https://x.example/e/1")


def lines_of(file: bytes) -> list[str]:
    """The lines of a calendar, unfolded."""
    assert file.endswith(b"\r\n")
    return file.replace(b"\r\n ", b"").decode().split("\r\n")[:-1]


def written(db: Session, zone: str, begins: str, ends: str, words: Words = WORDS) -> bytes:
    store = make_store(db, make_retailer(db), time_zone=zone)
    return write_calendar(hold_in(make_occasion(db, store, begins=begins, ends=ends), store), words)


def test_it_says_the_hour_of_the_stores_own_clock_with_its_zone(db: Session) -> None:
    lines = lines_of(written(db, "America/New_York", "2026-12-10T18:00", "2026-12-10T21:30"))

    assert lines[0] == "BEGIN:VCALENDAR" and lines[-1] == "END:VCALENDAR"
    assert "DTSTART;TZID=America/New_York:20261210T180000" in lines
    assert "DTEND;TZID=America/New_York:20261210T213000" in lines
    assert "TZID:America/New_York" in lines
    assert "DESCRIPTION:One\\; two\\, three\\nfour \\\\ five" in lines
    assert "LOCATION:Riverside\\, 12 Quay Street" in lines


@pytest.mark.parametrize(
    ("zone", "begins", "turns"),
    [
        # The turns of the year before it, to the minute, from and to how far from UTC.
        (
            "America/New_York",
            "2026-12-10T18:00",
            [("20260308T020000", "-0500", "-0400"), ("20261101T020000", "-0400", "-0500")],
        ),
        (
            "Europe/Berlin",
            "2026-07-01T18:00",
            [("20251026T030000", "+0200", "+0100"), ("20260329T020000", "+0100", "+0200")],
        ),
        ("Asia/Riyadh", "2026-07-01T18:00", []),
    ],
)
def test_the_turns_of_the_clock_are_written_out(
    db: Session, zone: str, begins: str, turns: list[tuple[str, str, str]]
) -> None:
    lines = lines_of(written(db, zone, begins, begins.replace("18:00", "20:00")))

    begin = [line.removeprefix("DTSTART:") for line in lines if line.startswith("DTSTART:")]
    before = [line.removeprefix("TZOFFSETFROM:") for line in lines if line.startswith("TZOFFSETFROM:")]
    after = [line.removeprefix("TZOFFSETTO:") for line in lines if line.startswith("TZOFFSETTO:")]
    told = list(zip(begin, before, after, strict=True))
    assert told[1:] == turns, "the first says how it stood before"
    assert lines.count("BEGIN:DAYLIGHT") == lines.count("END:DAYLIGHT") and "BEGIN:STANDARD" in lines


def test_long_lines_are_folded_and_no_character_is_cut(db: Session) -> None:
    words = Words("ليلة " * 30, "", "", "https://x.example/e/1")

    file = written(db, "Asia/Riyadh", "2026-07-01T18:00", "2026-07-01T20:00", words)

    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
    assert all(line.decode() is not None for line in file.split(b"\r\n"))
    assert f"SUMMARY:{'ليلة ' * 30}" in lines_of(file)


def test_an_hour_that_comes_twice_is_the_first_and_one_that_never_comes_is_some_hour(db: Session) -> None:
    store = make_store(db, make_retailer(db), time_zone="Europe/Berlin")

    twice = hold_in(make_occasion(db, store, begins="2026-10-25T02:30", ends="2026-10-25T05:00"), store)
    never = hold_in(make_occasion(db, store, begins="2026-03-29T02:30", ends="2026-03-29T05:00"), store)

    assert twice.begins_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert never.begins_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC) < never.ends_at
