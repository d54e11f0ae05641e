"""A code as artwork: one symbol, drawn as SVG, PNG and PDF at a size in millimetres.

Every drawing has the quiet zone of 4 modules inside, is dark on white, and has whole modules: runs of them as
rectangles in vectors, whole printer dots in pixels. Nothing here is released before `preflight` has read it back.

A style (`styles`) gives modules and finders another shape and the middle a logo; without one a code is drawn plain.
A single symbol is drawn by `qrcode`; thousands by zxing-cpp, under the mask that `masks` chooses. Both cut an address
into the same segments, and a test holds them to the same modules.
"""

import base64
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from io import BytesIO
from typing import Any, Final
from xml.sax.saxutils import escape

import qrcode
import zxingcpp
from PIL import Image
from qrcode.util import MODE_8BIT_BYTE, MODE_ALPHA_NUM, MODE_NUMBER, QRData
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from qrmerch.codes import masks
from qrmerch.codes.inks import is_colour, ratio
from qrmerch.codes.segments import LAST_VERSIONS, Mode, split
from qrmerch.codes.styles import DOT, PLAIN, Logo, Look, Style, logo_box, open_logo, write_pdf, write_points, write_svg
from qrmerch.errors import DomainError

QUIET_MODULES: Final = 4
BLACK: Final = "#000000"
WHITE: Final = "#ffffff"
# As WCAG counts it; how a till's scanner sees a colour is another matter (`inks`).
MIN_CONTRAST: Final = 7.0
MM_PER_INCH: Final = 25.4
POINTS_PER_MM: Final = 72 / MM_PER_INCH
MIN_SIZE_MM, MAX_SIZE_MM = 5.0, 1_000.0
_MAX_DOTS: Final = 12_000
# What has a style is drawn in bytes, not in bits, before it is packed.
_MAX_STYLED_DOTS: Final = 6_000
# From grey to module, black is dark; from modules to the digits of a number, and back.
_DARK_IS_1: Final = b"\x01" + bytes(255)
_TO_DIGITS: Final = b"01" + bytes(254)
_FROM_DIGITS: Final = bytes(ord("1")) + b"\x01" + bytes(255 - ord("1"))
# Where a line repeats the one above, which plain codes say so, a third larger than at 9 and ten times as fast.
_PACKING: Final = 3
# How a line of a PNG is written: its bytes, or their difference to those above.
_AS_IT_IS, _LIKE_ABOVE = b"\0", b"\2"
_BITS: Final = 8
_MAX_SIDE: Final = 177 + 2 * QUIET_MODULES
# A run as SVG says it, but for its row: thousands of codes have the same few.
_BEGINS: Final = tuple(f"M{x} " for x in range(_MAX_SIDE))
_ENDS: Final = tuple(f"h{length}v1h-{length}z" for length in range(_MAX_SIDE))
_INK_TO_PAPER: Final = bytes(range(255, -1, -1))


class Level(StrEnum):
    """How much of a symbol may be unreadable: about 7, 15, 25 and 30 %."""

    L = "L"
    M = "M"
    Q = "Q"
    H = "H"


class ColourTooPale(DomainError):
    """A code in this colour would not be read by every phone."""

    status = 422
    slug = "colour_too_pale"


class SizeNotPossible(DomainError):
    """No printer makes a code of this size."""

    status = 422
    slug = "size_not_possible"


@dataclass(frozen=True)
class Symbol:
    """The modules of one code, without its quiet zone; each row one byte a module, 1 for dark."""

    address: str
    level: Level
    rows: tuple[bytes, ...]

    @property
    def modules(self) -> int:
        """Modules along a side, without the quiet zone."""
        return len(self.rows)

    @property
    def side(self) -> int:
        """Modules along a side of the artwork, with the quiet zone."""
        return self.modules + 2 * QUIET_MODULES

    @property
    def version(self) -> int:
        return _version(self.modules)

    def module_mm(self, size_mm: float) -> float:
        """The side of one module, if the artwork is this large."""
        return size_mm / self.side

    @cached_property
    def svg_path(self) -> str:
        """A rectangle for each run of dark modules as the data of an SVG path, from the artwork's upper left corner."""
        rectangles: list[str] = []
        for y, row in enumerate(self.rows, start=QUIET_MODULES):
            x = QUIET_MODULES
            # As in `pdf_path`.
            for run in row.split(b"\0"):
                if run:
                    rectangles.append(f"{_BEGINS[x]}{y}{_ENDS[len(run)]}")
                    x += len(run)
                x += 1
        return "".join(rectangles)

    @cached_property
    def pdf_path(self) -> str:
        """Filled rectangles as a PDF content stream, in modules, from the artwork's lower left corner."""
        rectangles: list[str] = []
        for y, row in enumerate(self.rows, start=QUIET_MODULES + 1):
            x, tail = QUIET_MODULES, f" {self.side - y} "
            # A run ends at each light module; most of a page's time goes into this loop.
            for run in row.split(b"\0"):
                if run:
                    rectangles.append(f"{x}{tail}{len(run)} 1 re")
                    x += len(run)
                x += 1
        return " ".join(rectangles) + " f"


def _version(modules: int) -> int:
    return (modules - 17) // 4


def draw_symbol(address: str, *, level: Level = Level.M) -> Symbol:
    """The symbol that says `address`."""
    return Symbol(address, level, tuple(bytes(row) for row in _draw(address, level).modules))


def draw_symbols(addresses: Iterable[str], *, level: Level = Level.M, mask: int | None = None) -> Iterator[Symbol]:
    """Many symbols, fast, in the order given.

    :param mask: one of `masks.MASKS` for all of them; without it each has the one that suits it best.
    """
    for address in addresses:
        modules, side = _make(address, level, mask or 0)
        if mask is None:
            plain = _number(modules)
            best = masks.best_of((plain ^ change for change in _changes(side, level)), side=side)
            modules = f"{best:0{side * side}b}".encode().translate(_FROM_DIGITS)
        yield Symbol(address, level, tuple(modules[at : at + side] for at in range(0, side * side, side)))


def _make(text: str, level: Level, mask: int, **size: int) -> tuple[bytes, int]:
    """The modules of a symbol, row after row, 1 for dark, and how many make a row."""
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=level.value, data_mask=mask, **size)
    image: Any = memoryview(made.to_image(scale=1, add_quiet_zones=False))  # type: ignore[arg-type]
    return image.tobytes().translate(_DARK_IS_1), image.shape[0]


def _number(modules: bytes) -> int:
    return int(modules.translate(_TO_DIGITS), 2)


@lru_cache(maxsize=64)
def _changes(side: int, level: Level) -> tuple[int, ...]:
    """What each mask changes in a symbol under the first; it is the same whatever the symbol says."""
    plain, *others = (_number(_make("0", level, mask, version=_version(side))[0]) for mask in masks.MASKS)
    return 0, *(plain ^ other for other in others)


def svg(
    address: str,
    *,
    size_mm: float = 25.0,
    dark: str = BLACK,
    level: Level = Level.M,
    title: str = "",
    style: Style = PLAIN,
) -> str:
    """A code as SVG of this size, quiet zone included.

    :param dark: `#rrggbb`, at least 7:1 on white.
    :param title: what a reader of the screen is told; the address where it is empty.
    :raises ColourTooPale: it is not.
    :raises SizeNotPossible: smaller than 5 mm or larger than a metre.
    """
    return svg_of(draw_symbol(address, level=level), size_mm=size_mm, dark=dark, title=title, style=style)


def svg_of(symbol: Symbol, *, size_mm: float, dark: str = BLACK, title: str = "", style: Style = PLAIN) -> str:
    """As `svg`, of a symbol that is drawn already."""
    colour, size = check_colour(dark), f"{check_size(size_mm):g}mm"
    side = symbol.side
    edges = "crispEdges" if style.is_plain else "geometricPrecision"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 {side} {side}" '
        f'shape-rendering="{edges}" role="img"><title>{escape(title or symbol.address)}</title>'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/>{_svg_ink(symbol, colour, style)}</svg>'
    )


def _svg_ink(symbol: Symbol, colour: str, style: Style) -> str:
    if style.is_plain:
        return f'<path fill="{colour}" d="{symbol.svg_path}"/>'
    look = look_of(symbol, style)
    drawn = f'<path fill="{colour}" fill-rule="evenodd" d="{write_svg(look.outlines)}"/>'
    if look.points:
        stroke = f'stroke="{colour}" stroke-width="{DOT}" stroke-linecap="round"'
        drawn += f'<path {stroke} d="{write_points(look.points)}"/>'
    if style.logo and look.logo_frame:
        x, y, width, height = (round(each, 3) for each in look.logo_frame)
        picture = base64.b64encode(style.logo.data).decode()
        drawn += (
            f'<image x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" href="data:image/png;base64,{picture}"/>'
        )
    return drawn


def png(
    address: str,
    *,
    size_mm: float = 25.0,
    dpi: int = 300,
    dark: str = BLACK,
    level: Level = Level.M,
    style: Style = PLAIN,
) -> bytes:
    """A code as PNG of one bit a pixel, whole printer dots a module, with its resolution written inside.

    It is as large as whole dots allow, at most `size_mm`. With a logo it has colours; what is no logo has no greys.

    :raises ColourTooPale: `dark` has less than 7:1 on white.
    :raises SizeNotPossible: the printer's dots are too coarse, or the picture would have no end.
    """
    return png_of(draw_symbol(address, level=level), size_mm=size_mm, dpi=dpi, dark=dark, style=style)


def png_of(symbol: Symbol, *, size_mm: float, dpi: int, dark: str = BLACK, style: Style = PLAIN) -> bytes:
    """As `png`, of a symbol that is drawn already."""
    colour = check_colour(dark)
    dots = dots_per_module(symbol, size_mm=check_size(size_mm), dpi=dpi)
    pixels = check_dots(symbol, dots=dots, dpi=dpi, style=style)
    if style.logo:
        return _coloured_png(paint(symbol, dots=dots, dark=colour, style=style), dpi)
    lines = _plain_lines(symbol, dots, pixels) if style.is_plain else _styled_lines(symbol, dots, style)
    return _two_colour_png(b"".join(lines), pixels, dpi, colour)


def _plain_lines(symbol: Symbol, dots: int, pixels: int) -> list[bytes]:
    """The lines of a PNG: of each row of modules the first as it is, the others as no different from the one above."""
    size = _in_bytes(pixels)
    same = _LIKE_ABOVE + bytes(size)
    again, margin = same * (dots - 1), _AS_IT_IS + b"\xff" * size + same * (QUIET_MODULES * dots - 1)
    wide = _widened(dots)
    # Eight modules are a byte here, and as many bytes in the picture as a module has dots.
    step = _in_bytes(symbol.side)
    left, right = b"0" * QUIET_MODULES, b"0" * (step * _BITS - QUIET_MODULES - symbol.modules)
    digits = b"".join([left + row.translate(_TO_DIGITS) + right for row in symbol.rows])
    packed = int(digits, 2).to_bytes(step * symbol.modules)
    lines = [margin]
    for at in range(0, len(packed), step):
        line = b"".join([wide[eight] for eight in packed[at : at + step]])
        lines += (_AS_IT_IS, line[:size], again)
    return [*lines, margin]


@lru_cache(maxsize=32)
def _widened(dots: int) -> tuple[bytes, ...]:
    """For each byte of eight modules, 1 for dark, the same with so many dots a module, 0 for dark."""
    return tuple(
        int("".join("10"[module == "1"] * dots for module in f"{eight:08b}"), 2).to_bytes(dots) for eight in range(256)
    )


def _styled_lines(symbol: Symbol, dots: int, style: Style) -> list[bytes]:
    mask = look_of(symbol, style).dots(dots)
    packed = mask.point(_INK_TO_PAPER).convert("1", dither=Image.Dither.NONE).tobytes()
    size = _in_bytes(mask.width)
    return [_AS_IT_IS + packed[at : at + size] for at in range(0, len(packed), size)]


def _in_bytes(bits: int) -> int:
    return -(-bits // _BITS)


def _coloured_png(picture: Image.Image, dpi: int) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG", optimize=True, dpi=(dpi, dpi))
    return file.getvalue()


def _two_colour_png(lines: bytes, pixels: int, dpi: int, colour: str) -> bytes:
    per_metre = round(dpi * 1000 / MM_PER_INCH)
    palette = bytes.fromhex(colour[1:]) + b"\xff\xff\xff"
    head = struct.pack(">IIBBBBB", pixels, pixels, 1, 3, 0, 0, 0)
    parts = [(b"IHDR", head), (b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)), (b"PLTE", palette)]
    parts += [(b"IDAT", zlib.compress(lines, _PACKING)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def dots_per_module(symbol: Symbol, *, size_mm: float, dpi: int) -> int:
    """How many whole printer dots a module of a code gets, if it is to be at most this large.

    :raises SizeNotPossible: not even one.
    """
    dots = int(size_mm / MM_PER_INCH * dpi / symbol.side + 1e-6)
    if dots < 1:
        raise SizeNotPossible(f"A printer of {dpi} dpi has no dot fine enough for a code of {size_mm:g} mm.")
    return dots


def check_dots(symbol: Symbol, *, dots: int, dpi: int, style: Style = PLAIN) -> int:
    """How many pixels a PNG with so many dots a module has along a side.

    :raises SizeNotPossible: more than any printer is sent.
    """
    pixels, most = symbol.side * dots, _MAX_DOTS if style.is_plain else _MAX_STYLED_DOTS
    if pixels > most:
        raise SizeNotPossible(
            f"At {dpi} dpi this would be {pixels:,} dots wide; {most:,} is the most. Take the SVG or the PDF."
        )
    return pixels


def snap_to_dots(symbol: Symbol, *, size_mm: float, dpi: int = 300) -> float:
    """The largest size up to this one at which every module is a whole number of printer dots, mm.

    Where not even one dot fits, the size as it was: a vector can still be drawn, and preflight says the rest.
    """
    dots = int(size_mm / MM_PER_INCH * dpi / symbol.side + 1e-6)
    return dots * symbol.side * MM_PER_INCH / dpi if dots else size_mm


def pdf(
    address: str,
    *,
    size_mm: float = 25.0,
    dark: str = BLACK,
    level: Level = Level.M,
    title: str = "",
    style: Style = PLAIN,
) -> bytes:
    """A code as a PDF page of its own size, in vectors.

    :raises ColourTooPale: `dark` has less than 7:1 on white.
    :raises SizeNotPossible: smaller than 5 mm or larger than a metre.
    """
    return pdf_of(draw_symbol(address, level=level), size_mm=size_mm, dark=dark, title=title, style=style)


def pdf_of(symbol: Symbol, *, size_mm: float, dark: str = BLACK, title: str = "", style: Style = PLAIN) -> bytes:
    """As `pdf`, of a symbol that is drawn already."""
    points = check_size(size_mm) * POINTS_PER_MM
    file = BytesIO()
    canvas: Any = Canvas(file, pagesize=(points, points), pageCompression=1, invariant=1)
    canvas.setTitle(title or symbol.address)
    draw_on(canvas, symbol, x=0, y=0, side=points, dark=dark, style=style)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def draw_on(
    canvas: Any, symbol: Symbol, *, x: float, y: float, side: float, dark: str = BLACK, style: Style = PLAIN
) -> None:
    """Draw the artwork on a page of reportlab's, its logo included; see `pdf_drawing`. One logo is kept once a file."""
    canvas.addLiteral(pdf_drawing(symbol, x=x, y=y, side=side, dark=dark, style=style))
    frame = look_of(symbol, style).logo_frame if style.logo else None
    if style.logo and frame:
        scale = side / symbol.side
        left, top, width, height = (each * scale for each in frame)
        canvas.drawImage(_pdf_picture(style.logo), x + left, y + side - top - height, width, height)


def pdf_drawing(symbol: Symbol, *, x: float, y: float, side: float, dark: str = BLACK, style: Style = PLAIN) -> str:
    """The artwork as a piece of a PDF content stream, its white ground included.

    Of a logo only the free place is in it, for a picture is no part of a stream: `draw_on` draws both.

    :param x, y: the artwork's lower left corner, points.
    :param side: its side, points.
    """
    scale = side / symbol.side
    colour = check_colour(dark)
    ink = pdf_ink(colour)
    path = symbol.pdf_path if style.is_plain else f"{ink.upper()} {write_pdf(look_of(symbol, style), symbol.side)}"
    return f"q {scale:.6f} 0 0 {scale:.6f} {x:.4f} {y:.4f} cm 1 g 0 0 {symbol.side} {symbol.side} re f {ink} {path} Q"


def look_of(symbol: Symbol, style: Style) -> Look:
    """A symbol in a style, with the largest place for its logo that its error correction spares."""
    return _look_of(symbol.rows, symbol.level, style)


@lru_cache(maxsize=8)
def _look_of(rows: tuple[bytes, ...], level: Level, style: Style) -> Look:
    box = logo_box(_version(len(rows)), level.value, style.logo.ratio) if style.logo else None
    return Look(rows, style, box, QUIET_MODULES)


def paint(symbol: Symbol, *, dots: int, dark: str = BLACK, style: Style = PLAIN, ground: str = WHITE) -> Image.Image:
    """The artwork in colours, so many dots a module, as it lies on paper of this colour."""
    look = look_of(symbol, style)
    picture = Image.new("RGB", (symbol.side * dots,) * 2, ground)
    picture.paste(dark, (0, 0), look.dots(dots))
    if style.logo and look.logo_frame:
        x, y, width, height = (round(each * dots) for each in look.logo_frame)
        logo = _picture(style.logo).resize((max(1, width), max(1, height)), Image.Resampling.LANCZOS)
        picture.paste(logo, (x, y))
    return picture


_picture: Final = lru_cache(maxsize=8)(open_logo)


@lru_cache(maxsize=8)
def _pdf_picture(logo: Logo) -> ImageReader:
    return ImageReader(_picture(logo))


def pdf_ink(colour: str) -> str:
    """The operator that fills with `#rrggbb`; black as grey, so that a press prints it with black ink alone."""
    if colour == BLACK:
        return "0 g"
    return " ".join(f"{int(colour[at : at + 2], 16) / 255:.4f}" for at in (1, 3, 5)) + " rg"


def check_colour(colour: str) -> str:
    """The colour of the dark modules, lower case.

    :raises ColourTooPale: less than 7:1 on white, or no colour at all.
    """
    colour = colour.lower()
    if not is_colour(colour):
        raise ColourTooPale(f"{colour} is not a colour. Write # and six digits or letters a to f, such as #7a1f4f.")
    contrast = contrast_on_white(colour)
    if contrast < MIN_CONTRAST:
        raise ColourTooPale(
            f"{colour} on white has a contrast of {contrast:.1f}; codes need {MIN_CONTRAST:.0f}. Take a darker shade."
        )
    return colour


def contrast_on_white(colour: str) -> float:
    """The contrast ratio of `#rrggbb` on white, 1 to 21, as WCAG counts it."""
    return ratio(colour)


def check_size(size_mm: float) -> float:
    """A size in millimetres that artwork can have.

    :raises SizeNotPossible: smaller than 5 mm or larger than a metre.
    """
    if not MIN_SIZE_MM <= size_mm <= MAX_SIZE_MM:
        raise SizeNotPossible(f"A code is between {MIN_SIZE_MM:g} and {MAX_SIZE_MM:,.0f} mm wide, not {size_mm:g}.")
    return size_mm


_QRCODE_LEVELS: Final = {
    Level.L: qrcode.constants.ERROR_CORRECT_L,
    Level.M: qrcode.constants.ERROR_CORRECT_M,
    Level.Q: qrcode.constants.ERROR_CORRECT_Q,
    Level.H: qrcode.constants.ERROR_CORRECT_H,
}
_QRCODE_MODES: Final = {
    Mode.NUMERIC: MODE_NUMBER,
    Mode.ALPHANUMERIC: MODE_ALPHA_NUM,
    Mode.BYTE: MODE_8BIT_BYTE,
}


def _draw(address: str, level: Level) -> Any:
    """The symbol as `qrcode` draws it, from the segments that take the fewest bits."""
    for last in LAST_VERSIONS:
        drawn: Any = qrcode.QRCode(error_correction=_QRCODE_LEVELS[level], border=0)
        for part in split(address, version=last):
            drawn.add_data(QRData(part.data, mode=_QRCODE_MODES[part.mode]), optimize=0)
        drawn.make(fit=True)
        if drawn.version <= last:
            break
    return drawn


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
