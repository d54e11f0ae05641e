"""How far ink stands out from paper: for a phone's camera, and in the red light of a till's scanner.

A colour that eyes see well may be as light as paper at 660 nm: red on white has 5:1 as WCAG counts it, and fails at
every till. The red channel, in linear light, stands in for that lamp; real inks need a verifier.
"""

import re
from collections.abc import Callable
from typing import Final

from qrmerch.codes.models import Paper

# ISO/IEC 15415: symbol contrast of grade D and of grade B.
LEAST_CONTRAST: Final = 0.40
GOOD_CONTRAST: Final = 0.55
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
_SHARES: Final = (0.2126, 0.7152, 0.0722)
_STEPS: Final = 200


# About how paper looks.
PAPERS: Final = {
    Paper.WHITE: "#ffffff",
    Paper.CREAM: "#f6eedd",
    Paper.GREY: "#dcdad5",
    Paper.KRAFT: "#c9a678",
}


def is_colour(text: str) -> bool:
    """Whether a text is `#rrggbb`, in lower case."""
    return bool(_COLOUR.fullmatch(text))


def ratio(ink: str, paper: str = "#ffffff") -> float:
    """The contrast ratio of two colours, 1 to 21, as WCAG counts it."""
    low, high = sorted((luminance(ink), luminance(paper)))
    return (high + 0.05) / (low + 0.05)


def phone_contrast(ink: str, paper: str = "#ffffff") -> float:
    """How much less light ink sends back than paper, as a camera sees it; 1 for black on white, below 0 inverted."""
    return luminance(paper) - luminance(ink)


def red_contrast(ink: str, paper: str = "#ffffff") -> float:
    """The same in red light, as a till's scanner sees it."""
    return _linear(paper)[0] - _linear(ink)[0]


def luminance(colour: str) -> float:
    """How light `#rrggbb` is, 0 to 1."""
    return sum(share * each for share, each in zip(_SHARES, _linear(colour), strict=True))


def darkened(ink: str, is_enough: Callable[[str], bool]) -> str:
    """The lightest shade of a colour, of one hue, that is enough; black where none is."""
    linear = _linear(ink)
    for step in range(_STEPS, 0, -1):
        shade = "#" + "".join(f"{round(_gamma(each * step / _STEPS) * 255):02x}" for each in linear)
        if is_enough(shade):
            return shade
    return "#000000"


def _linear(colour: str) -> tuple[float, float, float]:
    red, green, blue = (_lit(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return red, green, blue


def _lit(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _gamma(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else float(1.055 * channel ** (1 / 2.4) - 0.055)
