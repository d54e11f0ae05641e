"""Whatever colour a retailer gives, what is written in it can be read."""

import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrmerch.config import data_folder
from qrmerch.rendering import brand
from qrmerch.rendering.brand import contrast, derive_colours, mix

RANDOM = random.Random(20_261_125)
COLOURS = [f"#{RANDOM.randrange(1 << 24):06x}" for _ in range(300)]
EDGES = ["#000000", "#ffffff", "#ffcc00", "#ff0000", "#00ff00", "#0000ff", "#7f7f7f", "#808080", "#ffff00", "#111111"]


# What stands on a page of each tone, by day and in the dark, and on the desk: (ground, card, sunk).
TONES = {
    "plain": (("#ffffff", "#ffffff", "#f3f3f1"), ("#121212", "#1b1b1b", "#242424")),
    "warm": (("#fbfaf8", "#ffffff", "#f1eee9"), ("#131211", "#1d1b19", "#262320")),
    "luxury": (("#ffffff", "#ffffff", "#f6f5f3"), ("#0e0e0e", "#0e0e0e", "#1a1a19")),
}
DESK = (("#ffffff", "#f5f2ee"), ("#161514", "#1f1d1b", "#24211f"))


def problems_in_tones(colour: str) -> list[str]:
    """The ratios that a brand colour does not keep on the grounds of a tone, or on the desk's."""
    found = derive_colours(colour)
    roles = {"edge": (found.edge, 3.0), "ink": (found.accent, 4.5), "focus": (found.focus, 3.0)}
    wanted = [
        (f"{role} on {tone}", pair, least, grounds)
        for tone, grounds in TONES.items()
        for role, (pair, least) in roles.items()
    ]
    wanted.append(("charts on the desk", found.chart, 3.0, DESK))
    wanted.append(("text on a button", found.on_fill, 4.5, ((found.fill.light,), (found.fill.dark,))))
    return [
        f"{name}, {light}: {shade} on {ground}"
        for name, pair, least, (day, dark) in wanted
        for light, shade, grounds in (("by day", pair.light, day), ("in the dark", pair.dark, dark))
        for ground in grounds
        if contrast(shade, ground) < least
    ] + [f"code: {found.code}" for _ in range(contrast(found.code, "#ffffff") < 7)]


def test_random_colours_keep_every_ratio_of_every_role_in_every_tone(
    at_scale: Callable[[int, int], int], note_result: Callable[..., None]
) -> None:
    number = at_scale(400, 10_000)
    colours = [f"#{RANDOM.randrange(1 << 24):06x}" for _ in range(number)]

    broken = {colour: problems for colour in colours if (problems := problems_in_tones(colour) + problems_of(colour))}

    note_result(colours=number, roles=7, tones=len(TONES), broken=len(broken))
    assert broken == {}


def test_the_tones_and_the_desk_are_those_of_the_styles() -> None:
    shop = (data_folder("static") / "css" / "shop.css").read_text()
    for tone, (day, dark) in TONES.items():
        rules = shop if tone == "plain" else shop.partition(f'[data-tone="{tone}"]')[2]
        for place, name in enumerate(("ground", "card", "sunk")):
            found = re.search(rf"--{name}: light-dark\((#\w+), (#\w+)\)", rules)
            assert found and [_long(each) for each in found.groups()] == [day[place], dark[place]], f"{tone} {name}"
    staff = (data_folder("static") / "css" / "staff.css").read_text()
    for light, dark in re.findall(r"--(?:paper|sunk|raise):\s+light-dark\((#\w+), (#\w+)\)", staff):
        assert light in DESK[0] and dark in DESK[1]


def _long(colour: str) -> str:
    return "#" + "".join(each * 2 for each in colour[1:]) if len(colour) == 4 else colour


def problems_of(colour: str) -> list[str]:
    """The ratios that a brand colour does not keep."""
    found = derive_colours(colour)
    pairs = {
        "text on a button, by day": (found.on_fill.light, found.fill.light, 4.5),
        "text on a button, in the dark": (found.on_fill.dark, found.fill.dark, 4.5),
        "a button's edge, by day": (found.edge.light, "#f1eee9", 3),
        "a button's edge, in the dark": (found.edge.dark, "#242424", 3),
        "ink on the hardest ground, by day": (found.accent.light, "#f1eee9", 4.5),
        "ink on the hardest ground, in the dark": (found.accent.dark, "#242424", 4.5),
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
    assert max(brand.luminance(dark) for _, dark in pairs) <= brand.luminance("#242424")
