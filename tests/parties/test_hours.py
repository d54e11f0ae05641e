"""Opening hours: what is read, and what is refused."""

from pathlib import Path
from random import Random

import orjson
import pytest

from qrmerch.parties.hours import ALL_DAY, DAY, LATEST, HoursUnclear, Span, Week, format_week, parse_hours


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon: 10-9; Tue: 10-9", "Mon-Tue 10:00-21:00"),
        ("Mon-Sat 10:00-21:00", "Mon-Sat 10:00-21:00"),
        ("Sun: 11-7", "Sun 11:00-19:00"),
        ("Thurs: 10-9:30", "Thu 10:00-21:30"),
        ("Mon: 9:30-9", "Mon 09:30-21:00"),
        ("Fri 12-8", "Fri 12:00-20:00"),
        ("Mon-Sat 09:30-19:00; Sun 11:00-17:00", "Mon-Sat 09:30-19:00; Sun 11:00-17:00"),
        ("Daily 10:00-18:00", "Mon-Sun 10:00-18:00"),
        ("Daily 10-18; Sun closed", "Mon-Sat 10:00-18:00"),
        ("Sun closed; daily 10-18", "Mon-Sat 10:00-18:00"),
        ("24 h", "Mon-Sun 00:00-24:00"),
        ("24/7", "Mon-Sun 00:00-24:00"),
        ("Open 24 hours", "Mon-Sun 00:00-24:00"),
        ("Sat 24 h", "Sat 00:00-24:00"),
        ("Mon–Fri 9am–5.30pm, Sat 10am-noon; Sun closed", "Mon-Fri 09:00-17:30; Sat 10:00-12:00"),
        ("Mon 12 noon - midnight", "Mon 12:00-24:00"),
        ("Mon 12-5pm", "Mon 12:00-17:00"),
        ("Mon 9-5pm", "Mon 09:00-17:00"),
        ("Mon 1-5pm", "Mon 13:00-17:00"),
        ("Fri 6pm-2am", "Fri 18:00-02:00"),
        ("Mon-Sun 18:00-02:00", "Mon-Sun 18:00-02:00"),
        ("Mo-Fr 09:00-12:00, 13:00-18:00; Sa 10:00-14:00", "Mon-Fri 09:00-12:00, 13:00-18:00; Sat 10:00-14:00"),
        ("Mon-Fri 8-18; Sat 8-12", "Mon-Fri 08:00-18:00; Sat 08:00-12:00"),
        ("Mo bis Fr 9 bis 18 Uhr", "Mon-Fri 09:00-18:00"),
        ("Sat-Mon 10:00-18:00", "Mon 10:00-18:00; Sat-Sun 10:00-18:00"),
        ("Weekdays 9am to 6pm | weekend 10am to 4pm", "Mon-Fri 09:00-18:00; Sat-Sun 10:00-16:00"),
        ("Mon & Wed, Fri: 10 a.m. - 6 p.m.", "Mon 10:00-18:00; Wed 10:00-18:00; Fri 10:00-18:00"),
        ("MONDAY 10:00AM-9:00PM\nSUNDAY 11:00AM-7:00PM", "Mon 10:00-21:00; Sun 11:00-19:00"),
        ("Mon closed", "Mon-Sun closed"),
        ("Mon ٠٩:٠٠-١٧:٣٠", "Mon 09:00-17:30"),
        ("Sat 18:00-00:00", "Sat 18:00-24:00"),
    ],
)
def test_hours_as_stores_write_them_are_read(text: str, expected: str) -> None:
    hours = parse_hours(text)

    assert format_week(hours.week) == expected
    assert not hours.notes


@pytest.mark.parametrize(
    ("text", "expected", "note"),
    [
        ("Fri: 9-10", "Fri 09:00-22:00", "“9-10” is read as 09:00 to 22:00."),
        ("Fri: 7-7", "Fri 07:00-19:00", "“7-7” is read as 07:00 to 19:00."),
        ("Fri: 9am-11", "Fri 09:00-23:00", "“9am-11” is read as 09:00 to 23:00."),
    ],
)
def test_a_choice_that_was_made_is_said(text: str, expected: str, note: str) -> None:
    hours = parse_hours(text)

    assert format_week(hours.week) == expected
    assert hours.notes == (note,)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no hours"),
        ("10-9", "on which days"),
        ("by appointment", "“by”"),
        ("Mon-Fri 9-5, public holidays closed", "“public”"),
        ("Mon 10:00-", "from and until"),
        ("Mon", "from and until"),
        ("Sat 8-12", "noon or at midnight"),
        ("Mon 10am-12", "noon or at night"),
        ("Mon 1-5", "night or in the afternoon"),
        ("Mon 7-11pm", "morning or in the evening"),
        ("Mon 6pm-8am", "middle of the next day"),
        ("Mon 10:00-10:00", "afternoon or the next morning"),
        ("Mon-Fri 9-18; Sat 10:00-4:00", "afternoon or the next morning"),
        ("Mon 10-9; Mon 9-8", "Mon is said twice"),
        ("Daily 10-18; daily 9-17", "Mon is said twice"),
        ("Mon 9:00-13:00, 12:00-18:00", "begins before the other ends"),
        ("Mon 18:00-03:00; Tue 02:00-10:00", "begins before the other ends"),
        ("Mon 26-30", "no time of day"),
        ("Mon 10-9:75", "no time of day"),
        ("Mon 13pm-15pm", "no time of day"),
        ("Mon 9-11, 1-4pm", ""),
        ("<script>alert(1)</script>", "no time and no day"),
        ("Пн-Пт 9-18", "no day and no time"),
    ],
)
def test_what_can_be_read_in_two_ways_stays_a_text(text: str, why: str) -> None:
    with pytest.raises(HoursUnclear) as refusal:
        parse_hours(text)

    assert why in str(refusal.value)


def random_week(chance: Random) -> Week:
    """Any week that stores could have: up to three spans a day, into the night at its end."""
    days: list[tuple[Span, ...]] = []
    for _ in range(7):
        marks = sorted(chance.sample(range(0, DAY, 5), 2 * chance.randrange(4)))
        spans = list(zip(marks[::2], marks[1::2], strict=True))
        if chance.random() < 0.1:
            spans = list(ALL_DAY)
        elif spans and chance.random() < 0.2:
            begin = spans[-1][0]
            spans[-1] = (begin, chance.choice((DAY, min(chance.randrange(DAY + 5, LATEST + 1, 5), begin + DAY - 5))))
        days.append(tuple(spans))
    return tuple(
        tuple((begin, min(end, DAY + days[(on + 1) % 7][0][0]) if days[(on + 1) % 7] else end) for begin, end in spans)
        for on, spans in enumerate(days)
    )


def test_every_week_is_printed_so_that_it_reads_as_the_same() -> None:
    chance = Random(20261129)

    for _ in range(3000):
        week = random_week(chance)

        again = parse_hours(format_week(week))

        assert again.week == week, format_week(week)
        assert not again.notes


def test_noise_is_read_or_refused_and_never_anything_else() -> None:
    chance = Random(7)
    words = [
        "Mon", "Tue-Thu", "fri", "10", "9", "9:30", "21:00", "08:00", "-", "–", "to", ",", ";", ":", "closed", "noon",
        "midnight", "24 h", "am", "pm", "&", "daily", "x", "1", "12", "\n", "|", ".", "٣", "24",
    ]  # fmt: skip
    read = 0

    for _ in range(20_000):
        text = " ".join(chance.choices(words, k=chance.randrange(1, 12)))
        try:
            hours = parse_hours(text)
        except HoursUnclear:
            continue
        read += 1
        assert parse_hours(format_week(hours.week)).week == hours.week, text

    assert read > 50


@pytest.mark.shared_data
def test_hours_of_150_real_stores_are_all_read(shared_data: Path) -> None:
    stores = orjson.loads((shared_data / "stores" / "bestbuy_stores_150.json").read_bytes())

    weeks = [parse_hours(each["hours"]) for each in stores]

    assert len(weeks) == 150
    # A Sunday of eight hours is none of one: "11-7".
    assert all(7 * 60 <= end - begin <= 14 * 60 for each in weeks for day in each.week for begin, end in day)
