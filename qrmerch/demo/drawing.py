"""Drawing products: shapes through points, with light on cloth, leather and brass, and shadows on a pale ground.

One visual language for all pictures: light from the upper left, a ground without a horizon, soft folds, fine seams.
A sheet is 1,200 wide. Points are written "x,y x,y", a corner as "x,y!"; a shape that begins with M is a path already.
"""

import re
from math import hypot, pi, sin
from typing import Final

import resvg_py

from qrmerch.rendering.brand import mix

WIDTH: Final = 1200
# Pixels: sharp across a phone at any density, and drawn in a second.
_PICTURE_PX, _DETAIL_PX = 1000, 780
_LIGHT, _DARK = "#fff8ec", "#17122b"
_NUMBER: Final = re.compile(r"-?\d+\.?\d*")
# Width, height, path and stroke of what repeats in a surface.
_SURFACES: Final = {
    "knit": (24, 20, "M1 2Q5 12 12 17M23 2Q19 12 12 17", 5),
    "fine": (12, 11, "M1 1Q3 7 6 9M11 1Q9 7 6 9", 2.2),
    "rib": (18, 40, "M5 0V40", 7),
    "twill": (10, 10, "M-2 12L12 -2M-2 2L2 -2M8 12L12 8", 2.2),
    "mesh": (15, 13, "M4 3h.1M11.5 9.5h.1", 5),
    "cork": (46, 38, "M5 8h4M20 4h2M34 10h5M12 20h3M27 17h4M41 24h2M6 31h5M22 30h2M35 33h4M16 12h1M44 4h1", 4),
    "grain": (22, 22, "M3 5h1M12 3h1.5M18 9h1M7 12h1.5M14 16h1M4 19h1M19 19h1", 2.2),
    "weave": (16, 16, "M0 4H8M8 12H16", 4),
}


def curve(points: str, *, closed: bool = True) -> str:
    """A smooth path through points."""
    if points.startswith("M"):
        return points
    spots = [(float(x), float(y.rstrip("!")), "!" in y) for x, y in (each.split(",") for each in points.split())]
    ring = [spots[-1], *spots, spots[0], spots[1]] if closed else [spots[0], *spots, spots[-1]]
    path = f"M{spots[0][0]:.1f} {spots[0][1]:.1f}"
    for at in range(1, len(spots) + (1 if closed else 0)):
        before, start, end, after = ring[at - 1 : at + 3]
        reach = hypot(end[0] - start[0], end[1] - start[1]) * 0.36
        out, back = _handle(before, start, end, reach), _handle(start, end, after, -reach)
        path += f"C{out[0]:.1f} {out[1]:.1f} {back[0]:.1f} {back[1]:.1f} {end[0]:.1f} {end[1]:.1f}"
    return path + ("Z" if closed else "")


def _handle(
    one: tuple[float, ...], spot: tuple[float, ...], other: tuple[float, ...], reach: float
) -> tuple[float, float]:
    across, down = other[0] - one[0], other[1] - one[1]
    length = hypot(across, down)
    if spot[2] or not length:
        return spot[0], spot[1]
    return spot[0] + across / length * reach, spot[1] + down / length * reach


def _fold(points: str, width: float) -> str:
    """A line through points that swells towards its middle."""
    spots = [(float(x), float(y)) for x, y in (each.split(",") for each in points.split())]
    last = len(spots) - 1
    sides: tuple[list[str], list[str]] = ([], [])
    for at, (x, y) in enumerate(spots):
        (x0, y0), (x1, y1) = spots[max(0, at - 1)], spots[min(last, at + 1)]
        swell = width * sin(pi * at / last) / (2 * max(1.0, hypot(x1 - x0, y1 - y0)))
        for side, way in zip(sides, (swell, -swell), strict=True):
            side.append(f"{x - (y1 - y0) * way:.0f},{y + (x1 - x0) * way:.0f}")
    return curve(" ".join([f"{sides[0][0]}!", *sides[0][1:-1], f"{sides[0][-1]}!", *reversed(sides[1][1:-1])]))


def flip(points: str) -> str:
    """Points, or folds, as in a mirror at x=600."""
    return re.sub(r"(-?[\d.]+),", lambda found: f"{WIDTH - float(found[1]):g},", points)


def both(left: str) -> str:
    """The left half's points from the top down, and the right half's back up: what is symmetrical about x=600."""
    each = left.split()
    return " ".join(each + [flip(point) for point in reversed(each) if not point.startswith("600,")])


class Sheet:
    """One picture in the making."""

    def __init__(self, ground: str, *, height: int = 1500) -> None:
        self.height, self._ground = height, ground
        self._defs: list[str] = []
        self._body: list[str] = []
        fill = self.ramp(mix("#ffffff", ground, 0.7), mix(_DARK, ground, 0.03), turn="0 0 0 1")
        self.add(f'<path d="M0 0h{WIDTH}v{height}H0z" fill="{fill}"/>')

    def add(self, svg: str) -> None:
        self._body.append(svg)

    def begin(self, turn: str) -> None:
        """Move or turn all that follows until `end`."""
        self.add(f'<g transform="{turn}">')

    def begin_inside(self, shape: str) -> None:
        """Show of all that follows, until `end`, only what lies in a shape."""
        self.add(f'<g clip-path="url(#{self._clip(curve(shape))})">')

    def end(self) -> None:
        self.add("</g>")

    def _clip(self, path: str) -> str:
        return self._define(f'<clipPath id=""><path d="{path}"/></clipPath>')

    def _define(self, svg: str) -> str:
        key = f"d{len(self._defs)}"
        self._defs.append(svg.replace(' id=""', f' id="{key}"', 1))
        return key

    def _soft(self, svg: str, blur: float, covers: str, *, inside: str = "") -> str:
        """Blurred mark-up, of which only what lies `inside` a path shows.

        Blurring takes most of the time, so it is kept to what the path `covers` reaches.
        """
        numbers = [float(each) for each in _NUMBER.findall(covers)]
        across, down, room = numbers[::2], numbers[1::2], blur * 2.6
        key = self._define(
            f'<filter id="" color-interpolation-filters="sRGB" filterUnits="userSpaceOnUse"'
            f' x="{min(across) - room:.0f}" width="{max(across) - min(across) + 2 * room:.0f}"'
            f' y="{min(down) - room:.0f}" height="{max(down) - min(down) + 2 * room:.0f}">'
            f'<feGaussianBlur stdDeviation="{blur:g}"/></filter>'
        )
        clip = f' clip-path="url(#{self._clip(inside)})"' if inside else ""
        return f'<g filter="url(#{key})"{clip}>{svg}</g>'

    def ramp(self, *colours: str, turn: str = "0 0 1 1") -> str:
        """A gradient over a shape; `turn` is its direction in shares of the shape."""
        x1, y1, x2, y2 = turn.split()
        stops = "".join(
            f'<stop offset="{at / (len(colours) - 1):.3f}" stop-color="{colour}"/>' for at, colour in enumerate(colours)
        )
        key = self._define(f'<linearGradient id="" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}">{stops}</linearGradient>')
        return f"url(#{key})"

    def glow(self, *colours: str, at: str = ".35 .3") -> str:
        """A round gradient over a shape, from where the light falls outwards."""
        x, y = at.split()
        stops = "".join(
            f'<stop offset="{place / (len(colours) - 1):.3f}" stop-color="{each}"/>'
            for place, each in enumerate(colours)
        )
        return f'url(#{self._define(f"""<radialGradient id="" cx="{x}" cy="{y}" r=".8">{stops}</radialGradient>""")})'

    def shade(
        self, shape: str, *, by: tuple[float, float] = (20, 34), blur: float = 24, strength: float = 0.34
    ) -> None:
        """The shadow on the ground of something that lies or hangs before it."""
        path, dark = curve(shape), mix(_DARK, self._ground, 0.72)
        for step in (4, 9):
            close = f'fill="{dark}" fill-opacity="{strength * 0.34:.3f}" transform="translate({step * 0.6:.1f} {step})"'
            self.add(f'<path d="{path}" {close}/>')
        far = self._soft(f'<path d="{path}" fill="{dark}" fill-opacity="{strength}"/>', blur, path)
        self.add(f'<g transform="translate({by[0]} {by[1]})">{far}</g>')

    def floor(self, x: float, y: float, wide: float, high: float, *, strength: float = 0.42) -> None:
        """The shadow under something that stands at (x, y)."""
        dark = mix(_DARK, self._ground, 0.8)
        for grow, blur, force in ((1.3, 30, strength * 0.6), (1.0, 12, strength)):
            box = f"{x - wide * grow} {y - high * grow} {x + wide * grow + 10} {y + high * grow}"
            oval = f'<ellipse cx="{x + 30 * (grow - 1):.0f}" cy="{y}" rx="{wide * grow:.0f}" ry="{high * grow:.0f}"'
            self.add(self._soft(f'{oval} fill="{dark}" fill-opacity="{force:.3f}"/>', blur, box))

    def piece(
        self,
        shape: str,
        colour: str,
        surface: str = "",
        *,
        folds: str = "",
        width: float = 60,
        rim: float = 1.0,
        depth: float = 1.0,
        shine: float = 1.0,
        fill: str = "",
    ) -> None:
        """A shape of one material.

        :param folds: lines through points, separated by "|", `width` wide in their middle.
        :param rim: how far shadow and light reach in from its edge; `depth` and `shine` how strong they are.
        """
        path, light, dark = curve(shape), mix(_LIGHT, colour, 0.34 * shine), mix(_DARK, colour, 0.34 * depth)
        fill = fill or self.ramp(mix(_LIGHT, colour, 0.12 * shine), colour, mix(_DARK, colour, 0.12 * depth))
        inside = (
            f'<g fill="none" stroke-linejoin="round"><path d="{path}" stroke="{dark}" stroke-width="{44 * rim:.0f}"'
            f' stroke-opacity="{0.66 * min(1.4, depth):.2f}" transform="translate({-12 * rim:.1f} {-15 * rim:.1f})"/>'
            f'<path d="{path}" stroke="{light}" stroke-width="{30 * rim:.0f}" stroke-opacity=".6"'
            f' transform="translate({11 * rim:.1f} {13 * rim:.1f})"/></g>'
        )
        for fold in filter(None, (each.strip() for each in folds.split("|"))):
            lens, aside = _fold(fold, width), f"translate({-width * 0.7:.0f} {-width * 0.1:.0f})"
            inside += f'<path d="{lens}" fill="{dark}" fill-opacity=".5"/>'
            inside += f'<path d="{lens}" fill="{light}" fill-opacity=".42" transform="{aside}"/>'
        self.add(f'<path d="{path}" fill="{fill}"/>{self._soft(inside, max(3, 12 * rim), path, inside=path)}')
        if surface:
            self.add(f'<path d="{path}" fill="{self.surface(surface, dark)}"/>')
        self.add(f'<path d="{path}" fill="none" stroke="{dark}" stroke-width="2" stroke-opacity=".55"/>')

    def surface(self, name: str, colour: str, *, opacity: float = 0.3) -> str:
        """What repeats in a surface, in a colour."""
        wide, high, path, stroke = _SURFACES[name]
        key = self._define(
            f'<pattern id="" width="{wide}" height="{high}" patternUnits="userSpaceOnUse"><path d="{path}" fill="none"'
            f' stroke="{colour}" stroke-width="{stroke}" stroke-linecap="round" stroke-opacity="{opacity}"/></pattern>'
        )
        return f"url(#{key})"

    def line(
        self, points: str, colour: str, width: float = 3, *, dash: str = "", opacity: float = 1, blur: float = 0
    ) -> None:
        """A stitch, a lace, a light: lines through points, separated by "|"."""
        path = "".join(curve(each.strip(), closed=False) for each in points.split("|"))
        drawn = (
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-opacity="{opacity}"'
            f' stroke-dasharray="{dash or "none"}" stroke-linecap="round" stroke-linejoin="round"/>'
        )
        self.add(self._soft(drawn, blur, path) if blur else drawn)

    def seam(self, points: str, colour: str, width: float = 4) -> None:
        """A pressed line in cloth: dark, with a light beside it."""
        self.line(points, mix(_LIGHT, colour, 0.4), width, opacity=0.6)
        self.begin("translate(2.5 2)")
        self.line(points, mix(_DARK, colour, 0.38), width, opacity=0.6)
        self.end()

    def knob(self, x: float, y: float, r: float, colour: str) -> None:
        """A button, a stone, a rivet, with its small shadow."""
        below = f'cx="{x + r * 0.2:.1f}" cy="{y + r * 0.32:.1f}" r="{r * 1.06:.1f}"'
        self.add(f'<circle {below} fill="{_DARK}" fill-opacity=".35"/>')
        fill = self.glow(mix("#ffffff", colour, 0.75), colour, mix(_DARK, colour, 0.55))
        self.add(f'<circle cx="{x}" cy="{y}" r="{r}" fill="{fill}"/>')

    def stone(self, x: float, y: float, r: float, colour: str) -> None:
        """A set stone: a knob in a metal ring, with a glint."""
        self.knob(x, y, r + 5, "#8f949e")
        self.knob(x, y, r, colour)
        glint = f'cx="{x - r * 0.3:.1f}" cy="{y - r * 0.35:.1f}" r="{r * 0.22:.1f}"'
        self.add(f'<circle {glint} fill="#ffffff" fill-opacity=".85"/>')

    def png(self, part: tuple[int, int, int] | None = None, *, pixels: int | None = None) -> bytes:
        """The picture, or a part of it (x, y, width; five high for four wide) seen closer; `pixels` wide."""
        x, y, wide = part or (0, 0, WIDTH)
        high = wide * 5 // 4 if part else self.height
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x} {y} {wide} {high}">'
            f"<defs>{''.join(self._defs)}</defs>{''.join(self._body)}</svg>"
        )
        pixels = pixels or (_DETAIL_PX if part else _PICTURE_PX)
        return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=pixels, skip_system_fonts=True))
