"""The one style block of a page, and the header that allows it and nothing else."""

import base64
import hashlib
import re

import pytest

from qrmerch.config import data_folder
from qrmerch.rendering.brand import derive_colours
from qrmerch.rendering.style import Ground, build_style, minify, page_policy

COLOURS = derive_colours("#7a1f4f")


def test_the_policy_names_the_blocks_digest() -> None:
    block = build_style(COLOURS, "shop")

    name, value = page_policy(block)

    digest = base64.b64encode(hashlib.sha256(block.css.encode()).digest()).decode()
    assert name == "Content-Security-Policy"
    assert f"style-src 'sha256-{digest}';" in value
    assert "frame-ancestors 'none'" in value
    assert "unsafe" not in value


def test_a_preview_may_be_framed_by_us_alone() -> None:
    _, value = page_policy(build_style(COLOURS, "shop"), is_preview=True)

    assert "frame-ancestors 'self'" in value


@pytest.mark.parametrize("name", ["shop", "errands", "apart"])
def test_minifying_loses_no_rule(name: str) -> None:
    css = (data_folder("static") / "css" / f"{name}.css").read_text()

    small = minify(css)

    bare = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    for character in "{}:":
        assert small.count(character) == bare.count(character)
    assert re.sub(r"[\s;]", "", small) == re.sub(r"[\s;]", "", bare)
    assert len(small) < len(css) * 0.9


@pytest.mark.parametrize(
    ("css", "small"),
    [
        ("a > b { x: y }", "a>b{x:y}"),
        ("p { width: calc(100% - 2 * var(--a)) }", "p{width:calc(100% - 2 * var(--a))}"),
        ("/* no */ a { b: c; }", "a{b:c}"),
        (".a .b :is(.c, .d) { e: f }", ".a .b :is(.c,.d){e:f}"),
    ],
)
def test_spaces_that_mean_something_stay(css: str, small: str) -> None:
    assert minify(css) == small


@pytest.mark.parametrize(
    "ground",
    [
        Ground(colour="red;}body{display:none"),
        Ground(colour="#12345"),
        Ground(placeholder="data:image/webp;base64,AAAA)}</style><script>"),
        Ground(placeholder="https://evil.example/x.png"),
        Ground(focus=((1, 2.0, 0.5), (2, -1.0, 0.0))),
    ],
)
def test_a_ground_that_is_none_writes_nothing(ground: Ground) -> None:
    assert build_style(COLOURS, "shop", ground=ground).css == build_style(COLOURS, "shop").css


def test_a_ground_is_written() -> None:
    css = build_style(
        COLOURS, "shop", ground=Ground("#ddc020", "data:image/webp;base64,AAAA", focus=((2, 0.25, 0.75),))
    ).css

    assert ":root{--pic:#ddc020}" in css
    assert "#g1{background:url(data:image/webp;base64,AAAA) 50%/cover}" in css
    assert "#g2 img{object-position:25% 75%}" in css


def test_the_shoppers_styles_stay_small() -> None:
    item = len(build_style(COLOURS, "shop").css)
    errand = len(build_style(COLOURS, "shop", "errands").css)

    assert item < 27_000
    assert errand < 36_000
    assert len(build_style(COLOURS, "shop", "apart").css) < 29_500
