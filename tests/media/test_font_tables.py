"""Fonts unpacked for print: outlines come back as they were before WOFF2 packed them, or the font is refused."""

import struct

import pytest
import uharfbuzz as hb

from qrmerch.media.font_tables import as_opentype
from qrmerch.media.fonts import BadFont
from tests.media.webfonts import outlined, tables, woff2

SQUARE = ((0, 0), (0, 700), (700, 700), (700, 0))
KITE = ((100, 0), (40, 333), (350, 1200), (660, 200))


def drawn(data: bytes, letter: str) -> list[tuple[float, float]]:
    """The points of a letter as HarfBuzz draws it."""
    font = hb.Font(hb.Face(data))
    points: list[tuple[float, float]] = []
    functions = hb.DrawFuncs()
    functions.set_move_to_func(lambda x, y, _: points.append((x, y)))
    functions.set_line_to_func(lambda x, y, _: points.append((x, y)))
    glyph = font.get_nominal_glyph(ord(letter))
    assert glyph is not None
    font.draw_glyph(glyph, functions)
    return points


def test_outlines_come_back_as_they_were() -> None:
    font = as_opentype(outlined({"A": SQUARE, "B": KITE}))

    assert set(drawn(font, "A")) == set(SQUARE)
    assert set(drawn(font, "B")) == set(KITE)
    face = hb.Face(font)
    assert (face.upem, face.glyph_count) == (1000, 3)
    assert hb.Font(face).get_glyph_h_advance(1) == 800


def test_left_edges_that_were_left_out_are_those_of_the_outlines() -> None:
    font = hb.Font(hb.Face(as_opentype(outlined({"A": SQUARE, "B": KITE}))))

    assert [font.get_glyph_extents(glyph).x_bearing for glyph in (1, 2)] == [0, 40]


def test_a_font_that_is_not_packed_in_the_own_way_stays_as_it_is() -> None:
    font = as_opentype(woff2())

    assert hb.Face(font).reference_table("glyf").data == bytes(range(256))


@pytest.mark.parametrize("cut", [1, 9, 30])
def test_outlines_that_do_not_add_up_are_refused(cut: int) -> None:
    with pytest.raises(BadFont):
        as_opentype(outlined({"A": SQUARE, "B": KITE}, lacks=cut))


def test_a_font_that_must_not_lie_in_documents_is_refused() -> None:
    forbidden = tables() | {"OS/2": bytes(8) + struct.pack(">H", 2) + bytes(86)}
    allowed = tables() | {"OS/2": bytes(8) + struct.pack(">H", 2 | 8) + bytes(86)}

    with pytest.raises(BadFont, match="does not let it be put into documents"):
        as_opentype(woff2(forbidden))
    assert as_opentype(woff2(allowed))
