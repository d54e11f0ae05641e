"""Which of the eight masks a symbol is to wear: the one that disturbs readers least (ISO/IEC 18004, 7.8.3).

A symbol is one whole number here, a bit for each module, row after row, 1 for dark. So a rule looks at all places at
once, by laying the number over itself some modules further on. Further on is towards the first module, which is the
highest bit; every rule reads the same from both ends.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

MASKS: Final = range(8)
# What each thing costs that a reader could stumble over, and a module more of a long run.
_LONG_RUN, _BLOCK, _FALSE_FINDER, _ONE_SIDED = 3, 3, 40, 10
_LONGER: Final = 1
# A finder's line, dark, light, three dark, light, dark, with four light modules before or behind.
_FALSE_FINDER_MODULES: Final = 11


def best_of(symbols: Iterable[int], *, side: int) -> int:
    """The one with the least penalty; of several as good, the first.

    :param side: modules along a side.
    """
    return min(symbols, key=lambda symbol: penalty(symbol, side=side))


def penalty(symbol: int, *, side: int) -> int:
    """How much there is in a symbol that a reader could stumble over; 0 is best."""
    grid = _grid(side)
    dark, light = symbol, symbol ^ grid.all
    across, down = (dark ^ light >> 1) & grid.pairs_across, (dark ^ light >> side) & grid.pairs_down
    return (
        _long_runs(across, 1)
        + _long_runs(down, side)
        + _BLOCK * (across & across >> side & down).bit_count()
        + _false_finders(dark, light, 1, grid.finders_across)
        + _false_finders(dark, light, side, grid.finders_down)
        + _ONE_SIDED * (abs(20 * dark.bit_count() - 10 * side * side) // (side * side))
    )


def _long_runs(alike: int, step: int) -> int:
    """What five modules or more of one colour in a line cost.

    :param alike: where a module has the colour of the next one.
    """
    three = alike & alike >> step
    five = three & three >> 2 * step
    return _LONG_RUN * five.bit_count() - (_LONG_RUN - _LONGER) * (five & five >> step).bit_count()


def _false_finders(dark: int, light: int, step: int, places: int) -> int:
    """What lines cost that look like the middle of a finder.

    :param places: where such a line could begin.
    """
    finder = dark & light >> step & dark >> 2 * step & dark >> 3 * step & dark >> 4 * step & light >> 5 * step
    finder &= dark >> 6 * step
    two = light & light >> step
    four = two & two >> 2 * step
    return _FALSE_FINDER * sum(
        (each & places).bit_count() for each in (finder & four >> 7 * step, four & finder >> 4 * step)
    )


@dataclass(frozen=True)
class _Grid:
    """Where in a symbol of one size something can begin that does not end in another row, or below the last one."""

    all: int
    pairs_across: int
    pairs_down: int
    finders_across: int
    finders_down: int


@cache
def _grid(side: int) -> _Grid:
    def across(modules: int) -> int:
        row = (1 << side - modules + 1) - 1
        return sum(row << y * side for y in range(side))

    def down(modules: int) -> int:
        return (1 << side * (side - modules + 1)) - 1

    return _Grid(down(1), across(2), down(2), across(_FALSE_FINDER_MODULES), down(_FALSE_FINDER_MODULES))
