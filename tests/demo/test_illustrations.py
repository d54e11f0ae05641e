"""The drawn pictures."""

import io

import pytest
from PIL import Image

from qrmerch.demo.drawing import both, curve, flip
from qrmerch.demo.facts import list_styles
from qrmerch.demo.illustrations import draw, find_detail, list_names


def test_every_style_has_a_drawing_and_every_drawing_a_style() -> None:
    assert sorted(list_names()) == sorted(style.drawing for style in list_styles())


@pytest.mark.parametrize("name", list_names())
def test_a_drawing_fills_the_sheet_on_a_light_ground(name: str) -> None:
    picture = Image.open(io.BytesIO(draw(name, pixels=120))).convert("RGB")

    width, height = picture.size
    corners = [picture.getpixel((x, y)) for x in (1, width - 2) for y in (1, height - 2)]
    assert (width, height) in ((120, 150), (120, 180))
    assert all(min(corner) > 200 for corner in corners)
    # Something is drawn: no ground has that many colours.
    assert len(picture.getcolors(1 << 16) or []) > 500


@pytest.mark.parametrize("name", [name for name in list_names() if find_detail(name)])
def test_a_detail_is_another_picture_than_the_whole(name: str) -> None:
    whole, detail = (Image.open(io.BytesIO(draw(name, is_detail=each, pixels=120))) for each in (False, True))

    assert detail.size == (120, 150)
    assert detail.convert("RGB").tobytes() != whole.convert("RGB").resize(detail.size).tobytes()


def test_what_is_drawn_in_a_shop_is_as_wide_as_a_page_needs() -> None:
    picture = Image.open(io.BytesIO(draw("mabkhara")))

    assert picture.size == (1000, 1250)


def test_an_unknown_picture_is_an_error() -> None:
    with pytest.raises(KeyError):
        draw("unicorn")


def test_a_left_half_becomes_a_whole() -> None:
    assert both("600,10 500,20! 600,90") == "600,10 500,20! 600,90 700,20!"


def test_a_mirror_turns_points_and_folds() -> None:
    assert flip("500,20! 400,30 | 300,1") == "700,20! 800,30 | 900,1"


def test_a_corner_has_no_bend() -> None:
    assert curve("0,0! 30,0! 30,30!", closed=False) == "M0.0 0.0C0.0 0.0 30.0 0.0 30.0 0.0C30.0 0.0 30.0 30.0 30.0 30.0"
