"""Whatever colour a retailer gives, what is written in it can be read."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrmerch.config import data_folder
from qrmerch.rendering import brand
from qrmerch.rendering.brand import contrast, derive_colours, mix

RANDOM = random.Random(20_261_125)
COLOURS = [f"#{RANDOM.randrange(1 << 24):06x}" for _ in range(300)]
EDGES = ["#000000", "#ffffff", "#ffcc00", "#ff0000", "#00ff00", "#0000ff", "#7f7f7f", "#808080", "#ffff00", "#111111"]


def problems_of(colour: str) -> list[str]:
    """The ratios that a brand colour does not keep."""
    found = derive_colours(colour)
    pairs = {
        "text on a button, by day": (found.on_fill.light, found.fill.light, 4.5),
        "text on a button, in the dark": (found.on_fill.dark, found.fill.dark, 4.5),
        "a button's edge, by day": (found.edge.light, "#f1eee9", 3),
        "a button's edge, in the dark": (found.edge.dark, "#262320", 3),
        "ink on the hardest ground, by day": (found.accent.light, "#f1eee9", 4.5),
        "ink on the hardest ground, in the dark": (found.accent.dark, "#262320", 4.5),
        "ink on a ticket, by day": (found.accent.light, mix(found.accent.light, "#ffffff", 0.09), 4.5),
        "ink on a ticket, in the dark": (found.accent.dark, mix(found.accent.dark, "#1d1b19", 0.09), 4.5),
        "a printed code": (found.code, "#ffffff", 7),
    }
    return [
        f"{name}: {contrast(one, other):.2f}"
        for name, (one, other, least) in pairs.items()
        if contrast(one, other) < least
    ]


@pytest.mark.parametrize("colour", [*EDGES, *COLOURS])
def test_every_colour_keeps_its_ratios(colour: str) -> None:
    assert problems_of(colour) == []


@given(st.integers(0, (1 << 24) - 1))
def test_no_colour_is_found_that_does_not(number: int) -> None:
    assert problems_of(f"#{number:06x}") == []


def test_a_colour_that_is_safe_already_stays() -> None:
    found = derive_colours("#7a1f4f")

    assert found.fill.light == "#7a1f4f"
    assert not found.is_moved


def test_a_colour_that_had_to_move_says_so() -> None:
    assert derive_colours("#ff5a5a").is_moved == (derive_colours("#ff5a5a").fill.light != "#ff5a5a")
    assert derive_colours("#ffcc00").fill.light == "#ffcc00"
    assert derive_colours("#ffcc00").on_fill.light == brand.NEAR_BLACK


def test_a_colour_without_hue_changes_places_with_the_paper() -> None:
    found = derive_colours("#161616")

    assert (found.fill.light, found.on_fill.light) == ("#161616", "#ffffff")
    assert (found.fill.dark, found.on_fill.dark) == ("#f2f1ef", "#161616")


@pytest.mark.parametrize("text", ["", "red", "#fff", "#12345g", "#1234567", "red;}", "#ffffff;x:y", " #ffffff"])
def test_sec_e03_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a colour"):
        derive_colours(text)


def test_the_grounds_that_are_reckoned_with_are_those_of_the_styles() -> None:
    css = (data_folder("static") / "css" / "shop.css").read_text()

    pairs = re.findall(r"--(?:ground|card|sunk): light-dark\((#\w+), (#\w+)\)", css)

    assert len(pairs) >= 9
    lights = [f"#{one[1] * 2}{one[2] * 2}{one[3] * 2}" if len(one) == 4 else one for one, _ in pairs]
    assert min(brand.luminance(one) for one in lights) >= brand.luminance("#f1eee9")
    assert max(brand.luminance(dark) for _, dark in pairs) <= brand.luminance("#262320") + 0.001
