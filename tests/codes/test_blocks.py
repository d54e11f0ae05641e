"""Where codewords lie, and what covering some of them costs."""

from collections.abc import Iterable

import pytest
import qrcode
import zxingcpp
from PIL import Image
from qrcode import util
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q

from qrmerch.codes.artwork import Level, Symbol, draw_symbol
from qrmerch.codes.blocks import block_of, codeword_places, damage, fixed_modules, unused_correction
from qrmerch.codes.styles import covered_by, logo_box

ADDRESS = "https://fashiontown.example/q/7K3M9QXRB"
LEVELS = {"L": ERROR_CORRECT_L, "M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}
_MASK = 3


# Where a symbol says its level and mask (ISO/IEC 18004), as (row, column).
_FORMAT = [(8, 0), (8, 1), (8, 2), (8, 3), (8, 4), (8, 5), (8, 7), (8, 8), (7, 8)]
_FORMAT_MASK, _BITS = 0x5412, 15


def mask_of(symbol: Symbol) -> int:
    bits = 0
    for row, column in _FORMAT:
        bits = bits << 1 | symbol.rows[row][column]
    return (bits ^ _FORMAT_MASK >> (_BITS - len(_FORMAT))) >> 4 & 7


def read(rows: Iterable[Iterable[int]]) -> list[str]:
    modules = [list(row) for row in rows]
    side = len(modules) + 8
    picture = Image.new("L", (side, side), 255)
    for y, row in enumerate(modules):
        for x, module in enumerate(row):
            if module:
                picture.putpixel((x + 4, y + 4), 0)
    large = picture.resize((side * 6, side * 6), Image.Resampling.NEAREST)
    return [each.text for each in zxingcpp.read_barcodes(large, try_invert=False)]


@pytest.mark.parametrize("version", [1, 2, 3, 5, 6, 7, 10, 14, 25])
@pytest.mark.parametrize("level", "LMQH")
def test_codewords_lie_where_another_maker_puts_them(version: int, level: str) -> None:
    drawn = qrcode.QRCode(version=version, error_correction=LEVELS[level], border=0, mask_pattern=_MASK)
    drawn.add_data("A")
    drawn.make(fit=False)
    masked = util.mask_func(_MASK)

    # The bits of a codeword are met in an order of their own: as a number of bits set they are compared.
    found: dict[int, int] = {}
    for y, row in enumerate(codeword_places(version)):
        for x, number in enumerate(row):
            if number >= 0:
                found[number] = found.get(number, 0) + (bool(drawn.modules[y][x]) != masked(y, x))

    wanted = util.create_data(version, LEVELS[level], drawn.data_list)
    assert [found[number] for number in range(len(wanted))] == [each.bit_count() for each in wanted]
    assert len(block_of(version, level)) == len(wanted)


@pytest.mark.parametrize("level", "MQH")
def test_as_many_codewords_of_a_block_may_go_as_its_correction_mends(level: str) -> None:
    symbol = draw_symbol(ADDRESS, level=Level(level))
    places, turns = codeword_places(symbol.version), block_of(symbol.version, level)
    first = [number for number, block in enumerate(turns) if block == 0]

    def spoilt(count: int) -> tuple[list[list[int]], list[tuple[int, int]]]:
        gone = set(first[:count])
        covered = [(x, y) for y, row in enumerate(places) for x, number in enumerate(row) if number in gone]
        rows = [list(row) for row in symbol.rows]
        for x, y in covered:
            rows[y][x] ^= 1
        return rows, covered

    for count in (0, 1, 4):
        rows, covered = spoilt(count)
        left = unused_correction([bytes(row) for row in rows], level, mask_of(symbol))
        assert left == pytest.approx(damage(symbol.version, level, covered).unused)
    mended = max(count for count in range(len(first)) if damage(symbol.version, level, spoilt(count)[1]).unused >= 0)
    assert read(spoilt(mended)[0]) == [ADDRESS]
    assert read(spoilt(mended + 1)[0]) == []


def test_patterns_hold_no_codeword_and_are_named_when_hit() -> None:
    for version in (1, 2, 7, 14):
        places = codeword_places(version)
        assert {places[y][x] for x, y in fixed_modules(version)} == {-1}
    assert damage(3, "M", [(0, 0)]).hits_fixed
    assert not damage(3, "M", [(12, 12)]).hits_fixed
    assert damage(3, "M", []).unused == 1


@pytest.mark.parametrize("level", "LMQH")
@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.5, 5.0])
def test_a_logo_leaves_half_of_the_worst_block_and_touches_no_pattern(level: str, ratio: float) -> None:
    boxes = {version: logo_box(version, level, ratio) for version in range(1, 15)}

    for version, box in boxes.items():
        if box:
            spared = damage(version, level, covered_by(box))
            assert spared.unused >= 0.5
            assert not spared.hits_fixed
            assert box[2] * box[3] <= 0.05 * (17 + 4 * version) ** 2
    # From version 7 on a pattern stands in the very middle.
    assert not any(boxes[version] for version in range(7, 14))
    assert any(boxes.values()) is (level != "L" and not (level == "M" and ratio == 5))
