"""How a text is cut into a QR code's segments so that it takes the fewest bits (ISO/IEC 18004, 7.4).

Digits take 3⅓ bits, capitals and a few signs 5½, anything else 8 for each byte; every change costs a header, whose
length grows with the version. So the best cut is found by trying all of them from left to right, three ways at a time.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import groupby
from typing import Final

# Versions whose headers are of one length, by the last of them.
LAST_VERSIONS: Final = (9, 26, 40)
_ALPHANUMERIC: Final = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
_DIGITS: Final = frozenset(b"0123456789")
_SIXTHS_OF_BIT: Final = 6


class Mode(StrEnum):
    """A segment's alphabet."""

    NUMERIC = "numeric"
    ALPHANUMERIC = "alphanumeric"
    BYTE = "byte"


# Sixths of a bit for each character, and the bits that say how many there are, by the versions above.
_COSTS: Final = {Mode.NUMERIC: 20, Mode.ALPHANUMERIC: 33, Mode.BYTE: 48}
_COUNT_BITS: Final = {Mode.NUMERIC: (10, 12, 14), Mode.ALPHANUMERIC: (9, 11, 13), Mode.BYTE: (8, 16, 16)}
_MODE_BITS: Final = 4


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of bytes in one alphabet."""

    mode: Mode
    data: bytes


@lru_cache(maxsize=512)
def split(text: str, *, version: int = 9) -> tuple[Segment, ...]:
    """The segments of a text that take the fewest bits in a symbol of about this version.

    :param version: the last one that it may come to; versions 1 to 9, 10 to 26 and 27 to 40 cut alike.
    """
    data = text.encode()
    group = next(place for place, last in enumerate(LAST_VERSIONS) if version <= last)
    modes = _choose_modes(data, group)
    at, segments = 0, []
    for mode, run in groupby(modes):
        size = len(list(run))
        segments.append(Segment(mode, data[at : at + size]))
        at += size
    return tuple(segments)


def count_bits(segments: tuple[Segment, ...], *, version: int = 9) -> int:
    """How many bits these segments take in a symbol of about this version."""
    group = next(place for place, last in enumerate(LAST_VERSIONS) if version <= last)
    return sum(
        _MODE_BITS + _COUNT_BITS[each.mode][group] + -(-len(each.data) * _COSTS[each.mode] // _SIXTHS_OF_BIT)
        for each in segments
    )


def _choose_modes(data: bytes, group: int) -> list[Mode]:
    """The alphabet of each byte on the cheapest way through all of them."""
    heads = {mode: (_MODE_BITS + bits[group]) * _SIXTHS_OF_BIT for mode, bits in _COUNT_BITS.items()}
    # What the cheapest way costs that ends in each alphabet, and from which one it came at each byte.
    costs: dict[Mode, int] = dict(heads)
    ways: list[dict[Mode, Mode]] = []
    for byte in data:
        stayed = {mode: costs[mode] + _COSTS[mode] for mode in costs if _takes(mode, byte)}
        ways.append({mode: mode for mode in stayed})
        # After this byte one may go on in another alphabet; a segment's last bit is a whole one.
        costs = dict(stayed)
        for mode, head in heads.items():
            before = min(stayed, key=lambda each: _whole(stayed[each]))
            changed = _whole(stayed[before]) + head
            if mode not in stayed or changed < stayed[mode]:
                costs[mode], ways[-1][mode] = changed, before
    modes: list[Mode] = []
    mode = min(costs, key=lambda each: costs[each])
    for way in reversed(ways):
        mode = way[mode]
        modes.append(mode)
    return modes[::-1]


def _whole(sixths: int) -> int:
    return -(-sixths // _SIXTHS_OF_BIT) * _SIXTHS_OF_BIT


def _takes(mode: Mode, byte: int) -> bool:
    return mode == Mode.BYTE or byte in (_DIGITS if mode == Mode.NUMERIC else _ALPHANUMERIC)
