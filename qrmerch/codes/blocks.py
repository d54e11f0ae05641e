"""Where the codewords of a symbol lie, and what is left of their error correction when part of it is covered.

In: a version, a level, the modules that something lies on. Out: which share of each Reed-Solomon block's correction is
still unused, worst block first (ISO/IEC 18004 for the places, ISO/IEC 15415 for the figure).

A codeword counts as damaged when any of its modules is covered, whatever colour lies there: half of them would read
right by luck, and luck differs from code to code.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from qrcode.base import EXP_TABLE, LOG_TABLE, rs_blocks
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.util import mask_func, pattern_position

# What finds, times, straightens or describes the symbol; bits left over hold nothing.
FIXED: Final = -1
_LEFT_OVER: Final = -2
_LEVELS: Final = {"L": ERROR_CORRECT_L, "M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}
_TIMING: Final = 6
_FIRST_WITH_VERSION: Final = 7


@dataclass(frozen=True, slots=True)
class Damage:
    """What covering modules does; `unused` is the share of correction left in the worst block, 1 for no damage."""

    codewords: int
    unused: float
    hits_fixed: bool


@lru_cache(maxsize=40)
def fixed_modules(version: int) -> frozenset[tuple[int, int]]:
    """The modules of a version that hold no data, as (column, row): finders, timing, alignment, format, version."""
    side = 17 + 4 * version
    last = side - 1
    fixed = {(x, y) for x in range(9) for y in range(9)}
    fixed |= {(last - x, y) for x in range(8) for y in range(9)} | {(x, last - y) for x in range(9) for y in range(8)}
    fixed |= {(_TIMING, at) for at in range(side)} | {(at, _TIMING) for at in range(side)}
    for x, y in alignment_centres(version):
        fixed |= {(x + dx, y + dy) for dx in range(-2, 3) for dy in range(-2, 3)}
    if version >= _FIRST_WITH_VERSION:
        strip = {(x, last - y) for x in range(6) for y in range(8, 11)}
        fixed |= strip | {(y, x) for x, y in strip}
    return frozenset(fixed)


@lru_cache(maxsize=40)
def alignment_centres(version: int) -> tuple[tuple[int, int], ...]:
    """The middles of a version's alignment patterns; those that a finder lies on are none."""
    lines, last = pattern_position(version), 16 + 4 * version
    corners = {(_TIMING, _TIMING), (_TIMING, last - _TIMING), (last - _TIMING, _TIMING)}
    return tuple((x, y) for x in lines for y in lines if (x, y) not in corners)


@lru_cache(maxsize=40)
def codeword_places(version: int) -> tuple[tuple[int, ...], ...]:
    """For each row, for each column: the number of the codeword there, in the order they are placed."""
    side, fixed = 17 + 4 * version, fixed_modules(version)
    places = [[FIXED] * side for _ in range(side)]
    total = sum(block.total_count for block in rs_blocks(version, ERROR_CORRECT_M))
    for bit, (x, y) in enumerate(each for each in _upward_and_down(side) if each not in fixed):
        places[y][x] = bit // 8 if bit // 8 < total else _LEFT_OVER
    return tuple(tuple(row) for row in places)


@lru_cache(maxsize=160)
def block_of(version: int, level: str) -> tuple[int, ...]:
    """For each codeword, in the order they are placed: which block it belongs to. Blocks take turns, data first."""
    blocks = rs_blocks(version, _LEVELS[level])
    turns: list[int] = []
    for counts in (
        [block.data_count for block in blocks],
        [block.total_count - block.data_count for block in blocks],
    ):
        turns += [number for turn in range(max(counts)) for number, count in enumerate(counts) if turn < count]
    return tuple(turns)


def damage(version: int, level: str, covered: Iterable[tuple[int, int]]) -> Damage:
    """What is left when these modules, as (column, row) within the symbol, say nothing any more."""
    places, turns = codeword_places(version), block_of(version, level)
    blocks = rs_blocks(version, _LEVELS[level])
    hit = {places[y][x] for x, y in covered}
    codewords = {each for each in hit if each >= 0}
    lost = [0] * len(blocks)
    for each in codewords:
        lost[turns[each]] += 1
    unused = min(
        1 - 2 * count / (block.total_count - block.data_count) for count, block in zip(lost, blocks, strict=True)
    )
    return Damage(len(codewords), unused, FIXED in hit)


def unused_correction(rows: Sequence[bytes], level: str, mask: int) -> float:
    """How much of the worst block's correction a symbol as it was seen leaves, 1 for none used, 0 for all.

    :param rows: its modules as they look, each row one byte a module, 1 for dark.
    :param mask: which of the eight masks lies on it.
    """
    version = (len(rows) - 17) // 4
    places, turns, masked = codeword_places(version), block_of(version, level), mask_func(mask)
    codewords = [0] * len(turns)
    for y, x in ((y, x) for x, y in _upward_and_down(len(rows))):
        if places[y][x] >= 0:
            codewords[places[y][x]] = codewords[places[y][x]] << 1 | (rows[y][x] ^ bool(masked(y, x)))
    shares = []
    for number, block in enumerate(rs_blocks(version, _LEVELS[level])):
        spare = block.total_count - block.data_count
        own = [each for each, turn in zip(codewords, turns, strict=True) if turn == number]
        shares.append(1 - 2 * _count_errors(own, spare) / spare)
    least: float = min(shares)
    return max(0.0, least)


def _count_errors(codewords: Sequence[int], spare: int) -> int:
    """How many codewords of a block are wrong (Berlekamp and Massey); more than can be mended come out as many."""
    syndromes = []
    for power in range(spare):
        value = 0
        for each in codewords:
            value = _times(value, EXP_TABLE[power]) ^ each
        syndromes.append(value)
    locator, before = [1], [1]
    count, since, last = 0, 1, 1
    for at in range(spare):
        gap = syndromes[at]
        for step in range(1, min(count, len(locator) - 1) + 1):
            gap ^= _times(locator[step], syndromes[at - step])
        if not gap:
            since += 1
            continue
        factor = _times(gap, EXP_TABLE[255 - LOG_TABLE[last]])
        shifted = [0] * since + [_times(factor, each) for each in before]
        size = max(len(locator), len(shifted))
        together = [
            (locator[step] if step < len(locator) else 0) ^ (shifted[step] if step < len(shifted) else 0)
            for step in range(size)
        ]
        if 2 * count <= at:
            count, before, last, since = at + 1 - count, locator, gap, 1
        else:
            since += 1
        locator = together
    return count


def _times(one: int, other: int) -> int:
    if not one or not other:
        return 0
    product: int = EXP_TABLE[(LOG_TABLE[one] + LOG_TABLE[other]) % 255]
    return product


def _upward_and_down(side: int) -> Iterator[tuple[int, int]]:
    """The modules in the order in which bits are placed: columns in pairs from the right, up, then down."""
    upward = True
    for right in range(side - 1, 0, -2):
        if right <= _TIMING:
            right -= 1
        for y in range(side - 1, -1, -1) if upward else range(side):
            yield right, y
            yield right - 1, y
        upward = not upward
