"""What numbers say."""

import pytest

from qrmerch.insights import sentences


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (113, 100, "13 % more than the day before (100)."),
        (87, 100, "13 % less than the day before (100)."),
        (100, 100, "As many as the day before (100)."),
        (5, 0, "None the day before."),
        (0, 0, "None then either."),
        (5, None, ""),
    ],
)
def test_a_figure_is_set_beside_the_one_before(now: int, before: int | None, said: str) -> None:
    assert sentences.change_words(now, before, "the day before") == said


def test_few_are_said_as_counts_and_many_as_a_share() -> None:
    assert sentences.of_hundred(3, 7, "scans", "were looked at") == "3 of 7 scans were looked at."
    assert sentences.of_hundred(638, 697, "scans", "were looked at") == "92 of 100 scans were looked at."
    assert sentences.of_hundred(0, 0, "scans", "were looked at") == "No scans to compare with."


def test_one_is_not_many() -> None:
    assert sentences.counted(1, "scan") == "1 scan"
    assert sentences.counted(1234, "scan") == "1,234 scans"
