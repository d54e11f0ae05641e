"""Pictures of a printed code as a phone takes them in a shop: turned, tilted, round a bottle, in half shadow, noisy.

In: finished artwork as greys, and how many pixels of it a module has. Out: so many small grey pictures, each time the
same ones for the same seed. Never: more than a comparison between designs. The camera is a model whose ranges were
set by hand so that about every picture of a plain black code reads; it says which design reads less often, not what
a certain phone does.

Each picture draws all of the following anew, evenly between two bounds (`TYPICAL`): how many pixels of the camera a
module gets, the turn, the tilt, how far the label bends round a cylinder, the blur in modules, what is left of the
contrast, how light it is, the depth of a shadow's soft edge, the noise of the sensor, the quality of the JPEG.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageChops, ImageFilter

# What is measured belongs to a version of this model: change one, and what was kept counts no more.
VERSION: Final = 1
TYPICAL_SHOTS: Final = 128
# The picture is this many times as wide as the artwork.
_FRAME: Final = 1.5
_OVERSAMPLED: Final = 2
# How far the camera is away, in widths of the artwork.
_DISTANCE: Final = 2.2
_STRIPS: Final = 16
# Black in a picture is never quite black, and the shelf behind a label is a little darker than its paper.
_HAZE: Final = 0.06
_SHELF: Final = 0.93
# The steepness of a shadow's edge, over the width of the picture.
_EDGE: Final = 40.0
_LEVELS: Final = 256
# The spread of the mean of two bytes that are each drawn evenly.
_NOISE_SPREAD: Final = 52.1

Row = tuple[float, float, float]
Matrix = tuple[Row, Row, Row]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between what each picture's values are drawn."""

    pixels_per_module: tuple[float, float]
    turn: tuple[float, float]
    tilt: tuple[float, float]
    bend: tuple[float, float]
    blur: tuple[float, float]
    contrast: tuple[float, float]
    light: tuple[float, float]
    shadow: tuple[float, float]
    noise: tuple[float, float]
    quality: tuple[float, float]


TYPICAL: Final = Bounds(
    pixels_per_module=(3, 6),
    turn=(-180, 180),
    tilt=(0, 35),
    bend=(0, 40),
    blur=(0.1, 0.35),
    contrast=(0.55, 0.95),
    light=(0.75, 1.1),
    shadow=(0, 0.4),
    noise=(2, 7),
    quality=(65, 92),
)


def take_shots(
    artwork: Image.Image, *, module: float, count: int = TYPICAL_SHOTS, seed: str = "", bounds: Bounds = TYPICAL
) -> Iterator[Image.Image]:
    """So many pictures of artwork, each drawn from `seed` and its number alone.

    :param artwork: greys, square, its quiet zone inside.
    :param module: how many of its pixels a module has.
    """
    paper = artwork.tobytes()[0]
    for number in range(count):
        yield _take(artwork, module, random.Random(f"{VERSION} {seed} {number}"), bounds, paper)  # noqa: S311


def _take(artwork: Image.Image, module: float, chance: random.Random, bounds: Bounds, paper: int) -> Image.Image:
    camera = chance.uniform(*bounds.pixels_per_module)
    size = math.ceil(artwork.width / module * camera * _FRAME)
    picture = _seen(
        _bent(artwork, math.radians(chance.uniform(*bounds.bend)), paper),
        size * _OVERSAMPLED,
        scale=camera / module * _OVERSAMPLED,
        turn=math.radians(chance.uniform(*bounds.turn)),
        tilt=math.radians(chance.uniform(*bounds.tilt)),
        chance=chance,
        shelf=round(paper * _SHELF),
    ).reduce(_OVERSAMPLED)
    picture = picture.point(_tones(chance.uniform(*bounds.contrast)))
    picture = picture.filter(ImageFilter.GaussianBlur(chance.uniform(*bounds.blur) * camera))
    picture = ImageChops.multiply(picture, _shadow(size, chance.uniform(*bounds.shadow), chance))
    light = chance.uniform(*bounds.light)
    picture = picture.point([min(255, round(grey * light)) for grey in range(_LEVELS)])
    picture = _with_noise(picture, chance.uniform(*bounds.noise), chance)
    return _as_jpeg(picture, round(chance.uniform(*bounds.quality)))


def _bent(artwork: Image.Image, angle: float, paper: int) -> Image.Image:
    """A label round a cylinder, of which it covers this angle, seen from the front and again as wide as before."""
    if angle < math.radians(1):
        return artwork
    half, side = angle / 2, artwork.width
    mesh = []
    for strip in range(_STRIPS):
        left, right = side * strip // _STRIPS, side * (strip + 1) // _STRIPS
        on_label = [(math.asin((2 * at / side - 1) * math.sin(half)) / half + 1) / 2 * side for at in (left, right)]
        quad = (on_label[0], 0, on_label[0], side, on_label[1], side, on_label[1], 0)
        mesh.append(((left, 0, right, side), quad))
    return artwork.transform(
        artwork.size, Image.Transform.MESH, mesh, resample=Image.Resampling.BILINEAR, fillcolor=paper
    )


def _seen(
    artwork: Image.Image, size: int, *, scale: float, turn: float, tilt: float, chance: random.Random, shelf: int
) -> Image.Image:
    """The artwork turned in its plane and tilted about an axis in it, in the middle of a picture of this size."""
    axis = chance.uniform(0, 2 * math.pi)
    drift_x, drift_y = (chance.uniform(-_OVERSAMPLED, _OVERSAMPLED) for _ in range(2))
    half = artwork.width / 2
    sin, cos = math.sin(turn - axis), math.cos(turn - axis)
    back_sin, back_cos = math.sin(axis), math.cos(axis)
    # From the artwork, its middle at the origin, to the picture: turned, tilted, turned back, seen from a distance.
    across, down = (cos, -sin), (sin, cos)
    depth = [each * math.sin(tilt) for each in down]
    tilted = [each * math.cos(tilt) for each in down]
    flat_x = [back_cos * across[at] - back_sin * tilted[at] for at in range(2)]
    flat_y = [back_sin * across[at] + back_cos * tilted[at] for at in range(2)]
    far = _DISTANCE * artwork.width
    middle_x, middle_y = size / 2 + drift_x, size / 2 + drift_y
    below: Row = (depth[0] / far, depth[1] / far, 1.0)
    forward: Matrix = (
        (scale * flat_x[0] + middle_x * below[0], scale * flat_x[1] + middle_x * below[1], middle_x),
        (scale * flat_y[0] + middle_y * below[0], scale * flat_y[1] + middle_y * below[1], middle_y),
        below,
    )
    back = _inverse(forward)
    # Pillow asks where in the artwork, counted from its corner, a point of the picture comes from.
    rows = [[row[at] for at in range(3)] for row in back]
    for row in rows[:2]:
        for at in range(3):
            row[at] += half * back[2][at]
    unit = rows[2][2]
    coefficients = [each / unit for row in rows for each in row][:8]
    return artwork.transform(
        (size, size), Image.Transform.PERSPECTIVE, coefficients, resample=Image.Resampling.BILINEAR, fillcolor=shelf
    )


def _inverse(matrix: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    whole = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    rows = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    first, second, third = ((x / whole, y / whole, z / whole) for x, y, z in rows)
    return first, second, third


def _tones(contrast: float) -> list[int]:
    """For each grey what the camera makes of it: lifted by haze, and nearer to the middle."""
    hazed = (_HAZE + grey / 255 * (1 - _HAZE) for grey in range(_LEVELS))
    return [round(min(1.0, max(0.0, 0.5 + (each - 0.5) * contrast)) * 255) for each in hazed]


@lru_cache(maxsize=1)
def _ramp() -> Image.Image:
    return Image.linear_gradient("L")


def _shadow(size: int, depth: float, chance: random.Random) -> Image.Image:
    """Light that falls off across a soft edge through the middle, in any direction."""
    # The ramp runs from 0 to 255 over the picture's diagonal, so that no corner is left out when it is turned.
    diagonal = math.ceil(size * math.sqrt(2)) + 2
    ramp = _ramp().resize((diagonal, diagonal), Image.Resampling.BILINEAR)
    turned = ramp.rotate(chance.uniform(0, 360), resample=Image.Resampling.BILINEAR, fillcolor=128)
    edge = (diagonal - size) // 2
    ramp = turned.crop((edge, edge, edge + size, edge + size))
    falls = [
        round(255 * (1 - depth / (1 + math.exp(-(grey / 255 - 0.5) * diagonal / size * _EDGE))))
        for grey in range(_LEVELS)
    ]
    return ramp.point(falls)


def _with_noise(picture: Image.Image, spread: float, chance: random.Random) -> Image.Image:
    count = picture.width * picture.height
    one, other = (Image.frombytes("L", picture.size, chance.randbytes(count)) for _ in range(2))
    scale = spread / _NOISE_SPREAD
    noise = Image.blend(one, other, 0.5).point([round(128 + (grey - 127.5) * scale) for grey in range(_LEVELS)])
    return ImageChops.add(picture, noise, scale=1, offset=-128)


def _as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    file = BytesIO()
    picture.save(file, "JPEG", quality=quality)
    with Image.open(file, formats=["JPEG"]) as opened:
        return opened.convert("L")
