"""Colours that follow from a retailer's one brand colour, with contrast made safe.

The hue is kept; lightness moves only as far as a ratio needs, in OKLCH, where equal steps look equal.
Text on a filled control has 4.5:1, its border 3:1 against the page, the colour as ink 4.5:1 on the hardest
of the page's grounds, the ring around what has the focus and the bars of charts 3:1 there, a printed code 7:1 on white.
A colour without hue changes places with the paper in the dark.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

WHITE, NEAR_BLACK = "#ffffff", "#131211"
# The hardest grounds of the design language: what can be read on them can be read on the page and on cards.
_SUNK_LIGHT, _SUNK_DARK = "#f1eee9", "#242424"
_CARD_LIGHT, _CARD_DARK = "#ffffff", "#1d1b19"
# A ticket's ground is this share of the accent over the card, as `--tint` in shop.css says.
_TINT_SHARE = 0.09
_HUELESS_CHROMA = 0.02
_LIGHTNESS_STEP = 0.005
_TEXT, _BORDER, _PRINTED = 4.5, 3.0, 7.0
# Charts stand on the desk, whose grounds are other ones; as in staff.css.
_DESK_LIGHT, _DESK_DARK = ("#ffffff", "#f5f2ee"), ("#161514", "#24211f")


@dataclass(frozen=True, slots=True)
class Pair:
    """One colour by day and one in the dark, each `#rrggbb`."""

    light: str
    dark: str

    @property
    def css(self) -> str:
        return self.light if self.light == self.dark else f"light-dark({self.light},{self.dark})"


@dataclass(frozen=True, slots=True)
class BrandColours:
    """What a page, and a printed code, take from a brand colour."""

    brand: str
    fill: Pair
    on_fill: Pair
    edge: Pair
    accent: Pair
    focus: Pair
    chart: Pair
    code: str

    @property
    def is_moved(self) -> bool:
        """Whether a page by day shows another colour than the one given."""
        return self.fill.light != self.brand


@dataclass(frozen=True, slots=True)
class _Oklch:
    lightness: float
    chroma: float
    hue: float


@lru_cache(maxsize=512)
def derive_colours(brand: str) -> BrandColours:
    """The safe colours of a brand.

    :param brand: `#rrggbb`.
    :raises ValueError: it is not that.
    """
    brand = brand.lower()
    if not re.fullmatch("#[0-9a-f]{6}", brand):
        raise ValueError(f"{brand!r} is not a colour like #7a1f4f.")
    code = _fit(brand, _PRINTED, lambda _: (WHITE,), darker=True)
    if _to_oklch(brand).chroma < _HUELESS_CHROMA:
        return _hueless(brand, code)
    fill_light, on_light = _fill(brand, _text_on(brand), darker=_text_on(brand) == WHITE)
    raised = _fit(brand, _BORDER, lambda _: (_SUNK_DARK,), darker=False)
    fill_dark, on_dark = _fill(raised, _text_on(raised), darker=False)
    return BrandColours(
        brand=brand,
        fill=Pair(fill_light, fill_dark),
        on_fill=Pair(on_light, on_dark),
        edge=Pair(_fit(fill_light, _BORDER, lambda _: (_SUNK_LIGHT,), darker=True), fill_dark),
        accent=Pair(
            _fit(brand, _TEXT, lambda ink: (_SUNK_LIGHT, mix(ink, _CARD_LIGHT, _TINT_SHARE)), darker=True),
            _fit(brand, _TEXT, lambda ink: (_SUNK_DARK, mix(ink, _CARD_DARK, _TINT_SHARE)), darker=False),
        ),
        focus=_seen(brand, (_SUNK_LIGHT, _CARD_LIGHT), (_SUNK_DARK, _CARD_DARK)),
        chart=_seen(brand, (_SUNK_LIGHT, *_DESK_LIGHT), (_SUNK_DARK, *_DESK_DARK)),
        code=code,
    )


def _seen(brand: str, light: tuple[str, ...], dark: tuple[str, ...]) -> Pair:
    """The colour where it stands as a shape on any of these grounds, by day and in the dark."""
    return Pair(_fit(brand, _BORDER, lambda _: light, darker=True), _fit(brand, _BORDER, lambda _: dark, darker=False))


def _hueless(brand: str, code: str) -> BrandColours:
    ink = brand if contrast(brand, _SUNK_LIGHT) >= _PRINTED else "#161616"
    pair, other = Pair(ink, "#f2f1ef"), Pair(WHITE, "#161616")
    return BrandColours(
        brand=brand, fill=pair, on_fill=other, edge=pair, accent=pair, focus=pair, chart=pair, code=code
    )


def _text_on(fill: str) -> str:
    return max((WHITE, NEAR_BLACK), key=lambda text: contrast(text, fill))


def _fill(colour: str, text: str, *, darker: bool) -> tuple[str, str]:
    """The colour, moved until `text` can be read on it; and the text that then reads best."""
    if not darker and text == WHITE and contrast(text, colour) < _TEXT:
        text = NEAR_BLACK
    moved = _fit(colour, _TEXT, lambda _: (text,), darker=darker)
    return moved, text


def _fit(colour: str, ratio: float, grounds: Callable[[str], tuple[str, ...]], *, darker: bool) -> str:
    """The nearest lightness of `colour` that has `ratio` against all its grounds (which may depend on it)."""

    def holds(shade: str) -> bool:
        return all(contrast(shade, ground) >= ratio for ground in grounds(shade))

    if holds(colour):
        return colour
    start = _to_oklch(colour)
    step = -_LIGHTNESS_STEP if darker else _LIGHTNESS_STEP
    lightness = start.lightness
    while 0 < lightness < 1:
        lightness += step
        shade = _from_oklch(_Oklch(min(1.0, max(0.0, lightness)), start.chroma, start.hue))
        if holds(shade):
            return shade
    return "#000000" if darker else WHITE


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two `#rrggbb` colours, 1 to 21, as WCAG counts it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """How light `#rrggbb` is, 0 to 1, as WCAG counts it."""
    red, green, blue = (_to_linear(part) for part in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mix(one: str, other: str, share: float) -> str:
    """`share` of `one` in `other`, mixed in OKLab as `color-mix()` does."""
    first, second = _to_oklab(one), _to_oklab(other)
    return _from_oklab(*(a * share + b * (1 - share) for a, b in zip(first, second, strict=True)))


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _to_linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _to_gamma(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else float(1.055 * channel ** (1 / 2.4) - 0.055)


def _to_oklab(colour: str) -> tuple[float, float, float]:
    red, green, blue = (_to_linear(part) for part in _channels(colour))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _linear_from_oklab(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _from_oklab(lightness: float, a: float, b: float) -> str:
    channels = (_to_gamma(min(1.0, max(0.0, part))) for part in _linear_from_oklab(lightness, a, b))
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def _to_oklch(colour: str) -> _Oklch:
    lightness, a, b = _to_oklab(colour)
    return _Oklch(lightness, math.hypot(a, b), math.atan2(b, a))


def _from_oklch(colour: _Oklch) -> str:
    """The colour with as much of its chroma as a screen can show."""
    chroma = colour.chroma
    for _ in range(40):
        a, b = chroma * math.cos(colour.hue), chroma * math.sin(colour.hue)
        if all(-1e-4 <= part <= 1.0001 for part in _linear_from_oklab(colour.lightness, a, b)):
            return _from_oklab(colour.lightness, a, b)
        chroma -= colour.chroma / 40
    return _from_oklab(colour.lightness, 0.0, 0.0)
