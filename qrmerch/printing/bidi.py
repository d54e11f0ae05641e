"""In which order the parts of a line stand on paper, where scripts of both directions meet in it.

The rules of Unicode's bidirectional algorithm (annex 9) for one line of plain text: W1 to W7, N1 and N2, I1 and I2,
L1 and L2. Characters that embed or isolate are expected to be gone, and pairs of brackets (N0) go by their neighbours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from unicodedata import bidirectional

_STRONG: Final = {"L": "L", "R": "R", "AL": "R"}
_NEUTRAL: Final = ("B", "S", "WS", "ON", "BN")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a line that runs one way, in the order it is read."""

    text: str
    is_rtl: bool


def runs_rtl(text: str) -> bool:
    """Whether a text as a whole begins at the right: its first letter says so."""
    return next((_STRONG[kind] for kind in map(bidirectional, text) if kind in _STRONG), "L") == "R"


def in_visual_order(text: str, *, is_rtl: bool | None = None, kinds: Sequence[str] = ()) -> list[Stretch]:
    """The parts of a line from left to right.

    :param is_rtl: which way the whole line runs; as its first letter says where it is left out.
    :param kinds: of each character, where they are not Unicode's own, as for an address, whose signs belong to it.
    """
    kinds = kinds or [bidirectional(each) for each in text]
    if not is_rtl and not any(each in ("R", "AL", "AN") for each in kinds):
        return [Stretch(text, False)] if text else []
    base = 1 if (runs_rtl(text) if is_rtl is None else is_rtl) else 0
    levels = _levels(text, kinds, base)
    stretches: list[tuple[int, str]] = []
    at = 0
    for level, group in groupby(levels):
        length = len(list(group))
        stretches.append((level, text[at : at + length]))
        at += length
    for level in range(max(levels, default=0), 0, -1):
        stretches = _reversed_from(stretches, level)
    return [Stretch(part, level % 2 == 1) for level, part in stretches]


def _reversed_from(stretches: list[tuple[int, str]], level: int) -> list[tuple[int, str]]:
    """L2 for one level: neighbours of at least that level change places."""
    made: list[tuple[int, str]] = []
    for is_high, group in groupby(stretches, key=lambda each: each[0] >= level):
        part = list(group)
        made += reversed(part) if is_high else part
    return made


def _levels(text: str, kinds: Sequence[str], base: int) -> list[int]:
    sides = _resolve_neutral(_resolve_weak(list(kinds), base), base)
    levels = [_level_of(side, base) for side in sides]
    # L1: what is empty at the end of the line stands where the line ends.
    for at in range(len(text) - 1, -1, -1):
        if not text[at].isspace():
            break
        levels[at] = base
    return levels


def _level_of(side: str, base: int) -> int:
    if base == 0:
        return {"L": 0, "R": 1}.get(side, 2)
    return 1 if side == "R" else 2


def _resolve_weak(kinds: list[str], base: int) -> list[str]:
    outside = "R" if base else "L"
    before, strong = outside, outside
    for at, kind in enumerate(kinds):
        if kind == "NSM":
            kind = before
        if kind in _STRONG:
            strong = kind
        if kind == "EN" and strong == "AL":
            kind = "AN"
        kinds[at] = before = kind
    kinds = ["R" if kind == "AL" else kind for kind in kinds]
    for at in range(1, len(kinds) - 1):
        around = {kinds[at - 1], kinds[at + 1]}
        if (kinds[at] == "ES" and around == {"EN"}) or (kinds[at] == "CS" and around in ({"EN"}, {"AN"})):
            kinds[at] = kinds[at - 1]
    for order in (range(1, len(kinds)), range(len(kinds) - 2, -1, -1)):
        for at in order:
            if kinds[at] == "ET" and kinds[at - order.step] == "EN":
                kinds[at] = "EN"
    strong = outside
    for at, kind in enumerate(kinds):
        if kind in ("L", "R"):
            strong = kind
        elif kind in ("ES", "ET", "CS"):
            kinds[at] = "ON"
        elif kind == "EN" and strong == "L":
            kinds[at] = "L"
    return kinds


def _resolve_neutral(kinds: list[str], base: int) -> list[str]:
    """N1 and N2: what has no direction takes that of both neighbours, or the line's."""
    outside = "R" if base else "L"
    at = 0
    while at < len(kinds):
        if kinds[at] not in _NEUTRAL:
            at += 1
            continue
        end = at
        while end < len(kinds) and kinds[end] in _NEUTRAL:
            end += 1
        left = _side(kinds[at - 1]) if at else outside
        right = _side(kinds[end]) if end < len(kinds) else outside
        kinds[at:end] = [left if left == right else outside] * (end - at)
        at = end
    return kinds


def _side(kind: str) -> str:
    return "L" if kind == "L" else "R"
