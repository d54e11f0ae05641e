"""The same phone opening the same code again."""

import pytest

from qrmerch.scans import repeats
from qrmerch.scans.line import Line, read_line, scan_line
from qrmerch.scans.repeats import Repeats


def hit(
    at_s: float, *, near: str = "89abcdef", code: str = "7K3M9QW4T", manner: str = "", agent: str = "human x"
) -> Line:
    return read_line(
        scan_line(
            code,
            1_795_626_000 + at_s,
            agent=agent,
            is_own_network=False,
            visit="",
            near=near,
            manner=manner,
            has_gpc=False,
        )
    )


def told(*hits: Line) -> list[bool]:
    seen = Repeats()
    return [seen.is_repeat(each) for each in hits]


def test_within_thirty_seconds_of_the_last_it_is_the_same_phone_again() -> None:
    assert told(hit(0), hit(29.999), hit(59.9), hit(89.9)) == [False, True, True, False]


def test_another_code_or_phone_is_no_repeat() -> None:
    assert told(hit(0), hit(1, code="ZZZZZZZZZ"), hit(2, near="00000000")) == [False, False, False]


def test_a_phone_that_is_not_to_be_told_apart_never_repeats() -> None:
    assert told(hit(0, near=""), hit(1, near="")) == [False, False]


def test_lines_a_little_out_of_order_are_seen_all_the_same() -> None:
    assert told(hit(10), hit(5), hit(41)) == [False, True, False]


def test_what_is_recalled_is_not_counted_but_remembered() -> None:
    seen = Repeats()

    seen.recall([hit(3), hit(0), hit(1, manner="head"), hit(2, agent="bot x")])

    assert seen.is_repeat(hit(20)) and not seen.is_repeat(hit(60))


def test_memory_is_bounded_and_keeps_what_may_still_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "_REMEMBERED", 100)
    seen = Repeats()
    for number in range(1000):
        seen.is_repeat(hit(number, near=f"{number:08x}"))

    assert len(seen._seen) <= 101
    assert seen.is_repeat(hit(1000, near=f"{990:08x}"))


# --- bursts -------------------------------------------------------------------------------------------


def bursts(*hits: Line) -> list[bool]:
    seen = Repeats()
    return [seen.is_burst(each) for each in hits]


def test_the_thirty_first_scan_within_a_minute_begins_a_burst() -> None:
    said = bursts(*(hit(n, code=f"CODE{n:05d}") for n in range(40)))

    assert said == [False] * 30 + [True] * 10


def test_thirty_scans_a_minute_for_an_hour_are_no_burst() -> None:
    assert not any(bursts(*(hit(2 * n, code=f"CODE{n:05d}") for n in range(1800))))


def test_another_phones_scans_are_not_added_and_none_are_where_none_is_told_apart() -> None:
    assert not any(bursts(*(hit(n / 2, near=f"{n % 2:08x}") for n in range(60))))
    assert not any(bursts(*(hit(n / 10, near="") for n in range(60))))


def test_memory_of_bursts_is_bounded_and_keeps_the_last_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "_REMEMBERED", 100)
    seen = Repeats()
    for number in range(1000):
        seen.is_burst(hit(number, near=f"{number:08x}"))

    assert len(seen._lately) <= 101 and f"{990:08x}" in seen._lately


# --- a clock that ran ahead and is set right ----------------------------------------------------------


def test_a_day_that_was_never_there_hides_no_repeat() -> None:
    assert told(hit(86_400), hit(0), hit(1), hit(2)) == [False, False, True, True]


def test_a_day_that_was_never_there_makes_no_burst() -> None:
    ahead = [hit(86_400 + 2 * n, code=f"CODE{n:05d}") for n in range(30)]

    assert not any(bursts(*ahead, *(hit(2 * n, code=f"CODE{n:05d}") for n in range(60))))
