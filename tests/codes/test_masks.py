"""The mask is chosen by the standard's four rules, counted as an independent maker counts them."""

from random import Random

import pytest
from qrcode.util import lost_point

from qrmerch.codes.masks import best_of, penalty


def number(rows: list[list[int]]) -> int:
    return int("".join(str(module) for row in rows for module in row), 2)


@pytest.mark.parametrize("side", [21, 25, 33, 57])
@pytest.mark.parametrize("shade", [0.1, 0.4, 0.5, 0.9])
def test_a_penalty_is_what_another_maker_counts(side: int, shade: float) -> None:
    dice = Random(side)
    for _ in range(20):
        rows = [[int(dice.random() < shade) for _ in range(side)] for _ in range(side)]

        assert penalty(number(rows), side=side) == lost_point(rows)


@pytest.mark.parametrize("line", ["10111010000", "00001011101", "1011101", "11111", "0000010111010000"])
def test_a_line_costs_as_much_wherever_it_lies(line: str) -> None:
    side = 21
    ground = [[(x + y) % 2 for x in range(side)] for y in range(side)]
    for y in (0, 9, side - 1):
        for x in (0, 1, side - len(line)):
            across = [list(row) for row in ground]
            across[y][x : x + len(line)] = map(int, line)
            down = [list(column) for column in zip(*across, strict=True)]

            assert penalty(number(across), side=side) == lost_point(across)
            assert penalty(number(down), side=side) == penalty(number(across), side=side)


def test_all_dark_and_all_light_cost_the_same_and_more_than_a_chessboard() -> None:
    side = 21
    chessboard = number([[(x + y) % 2 for x in range(side)] for y in range(side)])
    dark = (1 << side * side) - 1

    assert penalty(dark, side=side) == penalty(0, side=side)
    assert best_of([dark, chessboard, 0], side=side) == chessboard
