"""Visit ids: known again for as long as a visit lasts, and by nothing but themselves."""

from datetime import timedelta

import pytest

from qrmerch.scans.visits import VISIT_LASTS, VisitIds, find_visit
from tests.conftest import NOON


def draw(count: int = 1) -> list[str]:
    ids = VisitIds()
    return [ids.draw(NOON.timestamp()) for _ in range(count)]


def test_no_two_are_alike_and_each_tells_its_minute() -> None:
    drawn = draw(1000)

    assert len(set(drawn)) == 1000
    assert {int(each[:8], 16) for each in drawn} == {int(NOON.timestamp()) // 60}
    assert {len(each) for each in drawn} == {28}


def test_a_visit_is_taken_up_while_it_can_last() -> None:
    (visit,) = draw()

    assert find_visit(visit, at=NOON) == visit
    assert find_visit(visit, at=NOON + VISIT_LASTS) == visit
    assert find_visit(visit, at=NOON + VISIT_LASTS + timedelta(minutes=2)) is None


def test_another_nodes_clock_may_be_a_little_ahead_but_not_more() -> None:
    (visit,) = draw()

    assert find_visit(visit, at=NOON - timedelta(minutes=2)) == visit
    assert find_visit(visit, at=NOON - timedelta(minutes=4)) is None


def test_what_a_web_server_in_front_gave_out_is_taken_up_for_as_long() -> None:
    visit = f"{int(NOON.timestamp())}{'0f' * 10}"

    assert find_visit(visit, at=NOON) == visit
    assert find_visit(visit, at=NOON + VISIT_LASTS) == visit
    assert find_visit(visit, at=NOON + VISIT_LASTS + timedelta(minutes=2)) is None
    assert find_visit(visit.upper(), at=NOON) is None


@pytest.mark.parametrize(
    "text", [None, "", "x", "0" * 27, "0" * 29, "0" * 32, "G" * 28, "٠" * 28, "A" * 28, "0" * 27 + "\n", " " * 28]
)
def test_what_is_no_id_of_ours_is_no_visit(text: str | None) -> None:
    assert find_visit(text, at=NOON) is None
