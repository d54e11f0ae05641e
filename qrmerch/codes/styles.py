"""How a symbol looks: the shape of its modules and finders, and a logo in the middle.

In: a symbol's modules. Out: the same as outlines, which `artwork` writes as SVG and PDF, and as dots of a printer.
Never: a shape over the quiet zone, or a logo on what finds and times a symbol. Only shapes that were measured to read
as well as squares are here; `preflight` measures each design again.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from io import BytesIO
from typing import Final

from PIL import Image

from qrmerch.codes.blocks import alignment_centres, damage
from qrmerch.codes.models import Finders, Modules

# The share of a module's side that a dot is wide.
DOT: Final = 0.92
_CORNER: Final = 0.5
# The least that a logo leaves of the error correction of the worst block (ISO/IEC 15415, grade B), and the largest
# share of the symbol that it covers at a level, which measured as safe as none.
LEAST_UNUSED: Final = 0.5
_MOST_COVERED: Final = {"L": 0.0, "M": 0.02, "Q": 0.04, "H": 0.05}
_LOGO_RATIOS: Final = (0.5, 5.0)
_LOGO_PIXELS: Final = 220
# How much white stands around a logo, modules.
_LOGO_MARGIN: Final = 0.35
_FINDER: Final = 7
# How far the control points of a quarter circle lie from its ends, of the radius.
_ARC: Final = 0.5523

# From here on the middles of modules are whole numbers, which are shorter.
_TO_MIDDLES: Final = "q 1 0 0 1 .5 .5 cm"

# A path: M and L with a point, C (a quarter circle) with three, Z with none; in modules, from the artwork's top left.
Step = tuple[str, tuple[float, ...]]
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture for the middle of a symbol, flat on white: a small PNG, and its size in pixels."""

    data: bytes
    width: int
    height: int

    @property
    def ratio(self) -> float:
        return self.width / self.height


@dataclass(frozen=True, slots=True)
class Style:
    """How a symbol looks, but for its colour and its level."""

    modules: Modules = Modules.SQUARE
    finders: Finders = Finders.SQUARE
    logo: Logo | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is the plain one, which is drawn several times as fast."""
        return self == PLAIN

    @property
    def digest(self) -> str:
        """The same for what looks the same."""
        said = blake2b(f"{self.modules} {self.finders} ".encode(), digest_size=16)
        said.update(self.logo.data if self.logo else b"")
        return said.hexdigest()


PLAIN: Final = Style()


def logo_of(data: bytes) -> Logo | None:
    """A retailer's logo as it is served (WebP), made ready for the middle of a symbol; None where it cannot be read.

    A long wordmark would be a line of specks there: only pictures up to five times as wide as high are taken.
    """
    try:
        with Image.open(BytesIO(data), formats=["WEBP", "PNG"]) as opened:
            layer = opened.convert("RGBA")
    except OSError:
        return None
    if not _LOGO_RATIOS[0] <= layer.width / layer.height <= _LOGO_RATIOS[1]:
        return None
    layer.thumbnail((_LOGO_PIXELS, _LOGO_PIXELS), Image.Resampling.LANCZOS)
    flat = Image.new("RGBA", layer.size, "white")
    flat.alpha_composite(layer)
    kept = BytesIO()
    flat.convert("RGB").quantize(64, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        kept, "PNG", optimize=True
    )
    return Logo(kept.getvalue(), *layer.size)


def open_logo(logo: Logo) -> Image.Image:
    """A logo as a picture in its colours."""
    with Image.open(BytesIO(logo.data), formats=["PNG"]) as opened:
        return opened.convert("RGB")


@lru_cache(maxsize=256)
def logo_box(version: int, level: str, ratio: float) -> Box | None:
    """The largest place in the middle for a logo of this shape, as (x, y, width, height) in modules of the symbol.

    None where even the smallest would cost more than half of a block's correction, or lie on a pattern.
    """
    side, found = 17 + 4 * version, None
    for high in range(3, side // 2, 2):
        wide = max(3, math.floor(high * ratio / 2) * 2 + 1)
        box = ((side - wide) // 2, (side - high) // 2, wide, high)
        if wide * high > _MOST_COVERED[level] * side * side or wide > side - 2 * (_FINDER + 2):
            break
        spared = damage(version, level, covered_by(box))
        if not spared.hits_fixed and spared.unused >= LEAST_UNUSED:
            found = box
    return found


def covered_by(box: Box) -> Iterator[tuple[int, int]]:
    """The modules of a box, as (column, row)."""
    x, y, wide, high = box
    return ((column, row) for row in range(y, y + high) for column in range(x, x + wide))


@dataclass(frozen=True)
class Look:
    """A symbol's modules in a style: what is drawn where. `box` is the logo's place, or None."""

    rows: tuple[bytes, ...]
    style: Style
    box: Box | None
    quiet: int

    @property
    def _version(self) -> int:
        return (len(self.rows) - 17) // 4

    @cached_property
    def cleared(self) -> tuple[bytes, ...]:
        """The rows without what lies under the logo."""
        if not self.box:
            return self.rows
        x, y, wide, high = self.box
        return tuple(
            row[:x] + bytes(wide) + row[x + wide :] if y <= at < y + high else row for at, row in enumerate(self.rows)
        )

    @property
    def logo_frame(self) -> tuple[float, float, float, float] | None:
        """Where the logo's picture itself stands, as (x, y, width, height), from the artwork's top left corner."""
        if not self.box or not self.style.logo:
            return None
        x, y, wide, high = self.box
        room_wide, room_high = wide - 2 * _LOGO_MARGIN, high - 2 * _LOGO_MARGIN
        ratio = self.style.logo.ratio
        width = min(room_wide, room_high * ratio)
        height = width / ratio
        return self.quiet + x + (wide - width) / 2, self.quiet + y + (high - height) / 2, width, height

    @cached_property
    def outlines(self) -> tuple[Step, ...]:
        """What is to be filled by the even-odd rule: all that is dark, but for the dots."""
        return (*self.corners, *(step for part in self._parts() for step in part))

    @property
    def corners(self) -> tuple[Step, ...]:
        """The finders alone, to be filled by the even-odd rule."""
        return tuple(step for corner in _finder_corners(len(self.rows)) for step in self._finder(*corner))

    @cached_property
    def points(self) -> tuple[tuple[float, float], ...]:
        """The middles of the dots, each `DOT` wide, from the artwork's top left corner."""
        if self.style.modules != Modules.DOTS:
            return ()
        shift = self.quiet + 0.5
        return tuple((x + shift, y + shift) for x, y in self._data() if (x, y) not in self._solid)

    @property
    def bars(self) -> Iterator[tuple[int, int, int, int]]:
        """Lines as wide as a module and with round ends that together are the rounded modules, finders left out.

        From the middle of which module to that of which other: column, row, column, row, from the artwork's top left
        corner. What has no neighbour is a line to itself.
        """
        dark, shift = set(self._data()), self.quiet
        for x, y in sorted(dark):
            right, below = (x + 1, y) in dark, (x, y + 1) in dark
            left, above = (x - 1, y) in dark, (x, y - 1) in dark
            if right and not left:
                yield x + shift, y + shift, x + shift + _count(dark, x, y, 1, 0), y + shift
            if below and not above:
                yield x + shift, y + shift, x + shift, y + shift + _count(dark, x, y, 0, 1)
            if not (right or below or left or above):
                yield x + shift, y + shift, x + shift, y + shift

    @property
    def _solid(self) -> frozenset[tuple[int, int]]:
        """The modules that stay squares among dots."""
        return _alignment_modules(self._version)

    def _parts(self) -> Iterator[Sequence[Step]]:
        quiet, rows = self.quiet, self.cleared
        for x, y, length in self._runs():
            corners: tuple[float, ...] = (0.0,) * 4
            if self.style.modules == Modules.ROUNDED:
                corners = _free_corners(rows, x, y, length)
            yield _rectangle(x + quiet, y + quiet, length, 1, corners)

    def _data(self) -> Iterator[tuple[int, int]]:
        """The dark modules outside the finders, as (column, row)."""
        finders = _finder_modules(len(self.rows))
        for y, row in enumerate(self.cleared):
            for x, module in enumerate(row):
                if module and (x, y) not in finders:
                    yield x, y

    def _runs(self) -> Iterator[tuple[int, int, int]]:
        """Dark modules beside each other as (column, row, length); among dots only those that stay squares."""
        has_dots = self.style.modules == Modules.DOTS
        begin, last = (0, 0), (-2, -1)
        for x, y in self._data():
            if has_dots and (x, y) not in self._solid:
                continue
            if (x, y) != (last[0] + 1, last[1]):
                if last[1] >= 0:
                    yield *begin, last[0] - begin[0] + 1
                begin = (x, y)
            last = (x, y)
        if last[1] >= 0:
            yield *begin, last[0] - begin[0] + 1

    def _finder(self, x: int, y: int) -> Iterator[Step]:
        x, y = x + self.quiet, y + self.quiet
        for inset, radius in zip((0, 1, 2), _FINDER_RADII[self.style.finders], strict=True):
            side = _FINDER - 2 * inset
            yield from _rectangle(x + inset, y + inset, side, side, (radius,) * 4)

    def dots(self, size: int) -> Image.Image:
        """All that is dark as a mask of so many dots a module: 255 for ink, 0 for paper; no greys between."""
        rows, quiet = self.cleared, self.quiet
        sheet = Image.new("L", ((len(rows) + 2 * quiet) * size,) * 2, 0)
        finder = _stamp(_FINDER * size, size, self.style.finders)
        for x, y in _finder_corners(len(rows)):
            sheet.paste(finder, ((x + quiet) * size, (y + quiet) * size))
        for x, y in self._data():
            corners: tuple[float, ...] = (0.0,) * 4
            if self.style.modules == Modules.ROUNDED:
                corners = _free_corners(rows, x, y, 1)
            is_dot = self.style.modules == Modules.DOTS and (x, y) not in self._solid
            sheet.paste(_dot(size) if is_dot else _tile(size, corners), ((x + quiet) * size, (y + quiet) * size))
        return sheet


_FINDER_RADII: Final = {
    Finders.SQUARE: (0.0, 0.0, 0.0),
    Finders.ROUNDED: (2.0, 1.2, 0.9),
}


def _finder_corners(side: int) -> tuple[tuple[int, int], ...]:
    return (0, 0), (side - _FINDER, 0), (0, side - _FINDER)


def _count(dark: set[tuple[int, int]], x: int, y: int, across: int, down: int) -> int:
    """How many dark modules follow one in a direction."""
    count = 0
    while (x + across, y + down) in dark:
        x, y, count = x + across, y + down, count + 1
    return count


@lru_cache(maxsize=40)
def _finder_modules(side: int) -> frozenset[tuple[int, int]]:
    return frozenset((x + dx, y + dy) for x, y in _finder_corners(side) for dx in range(7) for dy in range(7))


@lru_cache(maxsize=40)
def _alignment_modules(version: int) -> frozenset[tuple[int, int]]:
    spread = range(-2, 3)
    return frozenset((x + dx, y + dy) for x, y in alignment_centres(version) for dx in spread for dy in spread)


def _free_corners(rows: Sequence[bytes], x: int, y: int, length: int) -> tuple[float, ...]:
    """The radii of a run's corners, clockwise from the top left: round where no neighbour touches."""
    above = rows[y - 1] if y else bytes(len(rows))
    below = rows[y + 1] if y + 1 < len(rows) else bytes(len(rows))
    last = x + length - 1
    has_left, has_right = bool(x and rows[y][x - 1]), bool(last + 1 < len(rows) and rows[y][last + 1])
    taken = (
        has_left or above[x],
        has_right or above[last],
        has_right or below[last],
        has_left or below[x],
    )
    return tuple(0.0 if each else _CORNER for each in taken)


def _rectangle(
    x: float, y: float, wide: float, high: float, corners: Sequence[float] = (0.0, 0.0, 0.0, 0.0)
) -> list[Step]:
    """A rectangle; its corners' radii are given clockwise from the top left."""
    ends = ((x, y, 1, 0), (x + wide, y, 0, 1), (x + wide, y + high, -1, 0), (x, y + high, 0, -1))
    steps: list[Step] = []
    for (corner_x, corner_y, on_x, on_y), radius in zip(ends, corners, strict=True):
        # Towards the corner the way is the one that leaves it, turned back by a quarter.
        to_x, to_y = on_y, -on_x
        enter = (corner_x - to_x * radius, corner_y - to_y * radius)
        leave = (corner_x + on_x * radius, corner_y + on_y * radius)
        steps.append(("L" if steps else "M", enter))
        if radius:
            near = radius * (1 - _ARC)
            bend = (corner_x - to_x * near, corner_y - to_y * near, corner_x + on_x * near, corner_y + on_y * near)
            steps.append(("C", (*bend, *leave)))
    return [*steps, ("Z", ())]


def write_svg(steps: Iterable[Step]) -> str:
    """The path as SVG writes it, to a thousandth of a module, each step from where the one before ended."""
    said, (x, y) = [], (0.0, 0.0)
    for name, at in steps:
        if name == "Z":
            said.append("z")
            continue
        to_x, to_y = at[-2:]
        way = _numbers(to_x - x, to_y - y)
        if name == "M":
            said.append("M" + _numbers(to_x, to_y))
        elif name == "L":
            said.append(f"l{way}")
        else:
            radius = _numbers(abs(to_x - x))
            said.append(f"a{radius} {radius} 0 0 1 {way}")
        x, y = to_x, to_y
    return "".join(said)


def write_points(points: Iterable[tuple[float, float]]) -> str:
    """Dots as strokes of almost no length, which round ends make discs, in SVG."""
    return "".join(f"M{_numbers(x, y)}h.01" for x, y in points)


def _numbers(*values: float) -> str:
    """Numbers as short as SVG allows."""
    said = ""
    for value in values:
        text = f"{round(value, 3) + 0.0:g}".replace("0.", ".", 1) if abs(value) < 1 else f"{round(value, 3):g}"
        said += text if not said or text[0] == "-" else f" {text}"
    return said


def write_pdf(look: Look, side: int) -> str:
    """A look as a piece of a PDF content stream, from the artwork's lower left corner, in modules; the ink is set."""
    operators = {"M": "m", "L": "l", "C": "c", "Z": "h"}
    said = []
    is_rounded = look.style.modules == Modules.ROUNDED
    for name, at in look.corners if is_rounded else look.outlines:
        turned = (side - each if place % 2 else each for place, each in enumerate(at))
        said.append(" ".join((*(f"{round(each, 3):g}" for each in turned), operators[name])))
    said.append("f*")
    if is_rounded:
        # A quarter of the bytes that the same outlines would take.
        said.append(f"1 J 1 w {_TO_MIDDLES}")
        for x, y, to_x, to_y in look.bars:
            # A line to itself is drawn by no one; one of a hundredth is a dot.
            end = f"{to_x + 0.01:g}" if (x, y) == (to_x, to_y) else f"{to_x}"
            said.append(f"{x} {side - y - 1} m {end} {side - to_y - 1} l")
        said.append("S Q")
    if look.points:
        # Dots beside each other are one line of dashes with round ends: half the bytes of a line for each.
        said.append(f"1 J {DOT} w [.01 .99] 0 d {_TO_MIDDLES}")
        for left, top, count in _lines_of(look.points):
            said.append(f"{left - 0.5:g} {side - top - 0.5:g} m {left + count - 1.49:g} {side - top - 0.5:g} l")
        said.append("S Q")
    return " ".join(said)


def _lines_of(points: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float, int]]:
    """Points that are one apart as lines: where each begins, and how many points it has."""
    begin, count = (0.0, 0.0), 0
    for x, y in points:
        if count and (x, y) == (begin[0] + count, begin[1]):
            count += 1
            continue
        if count:
            yield *begin, count
        begin, count = (x, y), 1
    if count:
        yield *begin, count


@lru_cache(maxsize=64)
def _dot(size: int) -> Image.Image:
    return _painted(size, lambda x, y: math.hypot(x - 0.5, y - 0.5) <= DOT / 2)


@lru_cache(maxsize=256)
def _tile(size: int, corners: tuple[float, ...]) -> Image.Image:
    return _painted(size, lambda x, y: _is_inside(x, y, 1, corners))


@lru_cache(maxsize=64)
def _stamp(size: int, dots: int, finders: Finders) -> Image.Image:
    """A finder: dark where an odd number of its three squares lie."""
    radii = _FINDER_RADII[finders]

    def is_dark(x: float, y: float) -> bool:
        x, y = x * _FINDER, y * _FINDER
        inside = (
            _is_inside(x - inset, y - inset, _FINDER - 2 * inset, (radius,) * 4)
            for inset, radius in zip((0, 1, 2), radii, strict=True)
        )
        return sum(inside) % 2 == 1

    return _painted(size, is_dark)


def _painted(size: int, is_dark: Callable[[float, float], bool]) -> Image.Image:
    """A square of dots; each is dark where its middle is."""
    middles = [(at + 0.5) / size for at in range(size)]
    return Image.frombytes("L", (size, size), bytes(255 if is_dark(x, y) else 0 for y in middles for x in middles))


def _is_inside(x: float, y: float, side: float, corners: Sequence[float]) -> bool:
    """Whether a point lies in a square of this side, whose corners' radii are given clockwise from the top left."""
    if not (0 <= x <= side and 0 <= y <= side):
        return False
    is_right, is_low = x > side / 2, y > side / 2
    radius = corners[(2 if is_right else 3) if is_low else (1 if is_right else 0)]
    across, down = (side - x if is_right else x), (side - y if is_low else y)
    return across >= radius or down >= radius or math.hypot(radius - across, radius - down) <= radius
