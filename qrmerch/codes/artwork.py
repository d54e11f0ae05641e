"""A code as artwork: one symbol, drawn as SVG, PNG and PDF at a size in millimetres.

Every drawing has the quiet zone of 4 modules inside, is dark on white, and has whole modules: runs of them as
rectangles in vectors, whole printer dots in pixels. Nothing here is released before `preflight` has read it back.

A single symbol is drawn by `qrcode`; thousands by zxing-cpp, which is twenty times as fast. Both are given the same
segments and level, and a test holds them to the same modules.
"""

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from io import BytesIO
from typing import Any, Final
from xml.sax.saxutils import escape

import qrcode
import zxingcpp
from qrcode.util import MODE_8BIT_BYTE, MODE_ALPHA_NUM, QRData
from reportlab.pdfgen.canvas import Canvas

from qrmerch.codes.tokens import LENGTH
from qrmerch.errors import DomainError

QUIET_MODULES: Final = 4
BLACK: Final = "#000000"
# Also keeps the contrast in the red light of a till's scanner above .53, where .40 is the least (ISO/IEC 15415).
MIN_CONTRAST: Final = 7.0
MM_PER_INCH: Final = 25.4
POINTS_PER_MM: Final = 72 / MM_PER_INCH
MIN_SIZE_MM, MAX_SIZE_MM = 5.0, 1_000.0
_MAX_DOTS: Final = 12_000
_DARK_RUN: Final = re.compile(rb"\x01+")
# From grey to module: black is dark.
_DARK_IS_1: Final = b"\x01" + bytes(255)
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")


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
        return (self.modules - 17) // 4

    @cached_property
    def runs(self) -> tuple[tuple[int, int, int], ...]:
        """Each run of dark modules as (x, y, length), from the artwork's top left corner."""
        return tuple(
            (run.start() + QUIET_MODULES, y, run.end() - run.start())
            for y, row in enumerate(self.rows, start=QUIET_MODULES)
            for run in _DARK_RUN.finditer(row)
        )

    def module_mm(self, size_mm: float) -> float:
        """The side of one module, if the artwork is this large."""
        return size_mm / self.side

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


def draw_symbol(address: str, *, level: Level = Level.M) -> Symbol:
    """The symbol that says `address`."""
    drawn: Any = qrcode.QRCode(error_correction=_QRCODE_LEVELS[level], border=0)
    for part in _segments(address):
        drawn.add_data(part, optimize=0)
    drawn.make(fit=True)
    return Symbol(address, level, tuple(bytes(row) for row in drawn.modules))


def draw_symbols(addresses: Iterable[str], *, level: Level = Level.M) -> Iterator[Symbol]:
    """Many symbols, fast, in the order given."""
    for address in addresses:
        drawn = zxingcpp.create_barcode(address, zxingcpp.BarcodeFormat.QRCode, ec_level=level.value)
        image: Any = memoryview(drawn.to_image(scale=1, add_quiet_zones=False))  # type: ignore[arg-type]
        modules, side = image.tobytes().translate(_DARK_IS_1), image.shape[0]
        rows = tuple(modules[at : at + side] for at in range(0, side * side, side))
        yield Symbol(address, level, rows)


def svg(address: str, *, size_mm: float = 25.0, dark: str = BLACK, level: Level = Level.M, title: str = "") -> str:
    """A code as SVG of this size, quiet zone included.

    :param dark: `#rrggbb`, at least 7:1 on white.
    :param title: what a reader of the screen is told; the address where it is empty.
    :raises ColourTooPale: it is not.
    :raises SizeNotPossible: smaller than 5 mm or larger than a metre.
    """
    return svg_of(draw_symbol(address, level=level), size_mm=size_mm, dark=dark, title=title)


def svg_of(symbol: Symbol, *, size_mm: float, dark: str = BLACK, title: str = "") -> str:
    """As `svg`, of a symbol that is drawn already."""
    colour, size = check_colour(dark), f"{check_size(size_mm):g}mm"
    side = symbol.side
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for x, y, length in symbol.runs)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 {side} {side}" '
        f'shape-rendering="crispEdges" role="img"><title>{escape(title or symbol.address)}</title>'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="{colour}" d="{path}"/></svg>'
    )


def png(address: str, *, size_mm: float = 25.0, dpi: int = 300, dark: str = BLACK, level: Level = Level.M) -> bytes:
    """A code as PNG of one bit a pixel, whole printer dots a module, with its resolution written inside.

    It is as large as whole dots allow, at most `size_mm`.

    :raises ColourTooPale: `dark` has less than 7:1 on white.
    :raises SizeNotPossible: the printer's dots are too coarse, or the picture would have no end.
    """
    return png_of(draw_symbol(address, level=level), size_mm=size_mm, dpi=dpi, dark=dark)


def png_of(symbol: Symbol, *, size_mm: float, dpi: int, dark: str = BLACK) -> bytes:
    """As `png`, of a symbol that is drawn already."""
    colour = check_colour(dark)
    dots = dots_per_module(symbol, size_mm=check_size(size_mm), dpi=dpi)
    pixels = symbol.side * dots
    if pixels > _MAX_DOTS:
        raise SizeNotPossible(
            f"At {dpi} dpi this would be {pixels:,} dots wide; {_MAX_DOTS:,} is the most. Take the SVG or the PDF."
        )
    light = b"\0" + b"\xff" * ((pixels + 7) // 8)
    lines = [light * (QUIET_MODULES * dots)]
    lines += [_bit_row(row, dots, pixels) * dots for row in symbol.rows]
    lines.append(lines[0])
    per_metre = round(dpi * 1000 / MM_PER_INCH)
    palette = bytes.fromhex(colour[1:]) + b"\xff\xff\xff"
    head = struct.pack(">IIBBBBB", pixels, pixels, 1, 3, 0, 0, 0)
    parts = [(b"IHDR", head), (b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)), (b"PLTE", palette)]
    parts += [(b"IDAT", zlib.compress(b"".join(lines), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def dots_per_module(symbol: Symbol, *, size_mm: float, dpi: int) -> int:
    """How many whole printer dots a module of a code gets, if it is to be at most this large.

    :raises SizeNotPossible: not even one.
    """
    dots = int(size_mm / MM_PER_INCH * dpi / symbol.side + 1e-6)
    if dots < 1:
        raise SizeNotPossible(f"A printer of {dpi} dpi has no dot fine enough for a code of {size_mm:g} mm.")
    return dots


def snap_to_dots(symbol: Symbol, *, size_mm: float, dpi: int = 300) -> float:
    """The largest size up to this one at which every module is a whole number of printer dots, mm.

    Where not even one dot fits, the size as it was: a vector can still be drawn, and preflight says the rest.
    """
    dots = int(size_mm / MM_PER_INCH * dpi / symbol.side + 1e-6)
    return dots * symbol.side * MM_PER_INCH / dpi if dots else size_mm


def pdf(address: str, *, size_mm: float = 25.0, dark: str = BLACK, level: Level = Level.M, title: str = "") -> bytes:
    """A code as a PDF page of its own size, in vectors.

    :raises ColourTooPale: `dark` has less than 7:1 on white.
    :raises SizeNotPossible: smaller than 5 mm or larger than a metre.
    """
    return pdf_of(draw_symbol(address, level=level), size_mm=size_mm, dark=dark, title=title)


def pdf_of(symbol: Symbol, *, size_mm: float, dark: str = BLACK, title: str = "") -> bytes:
    """As `pdf`, of a symbol that is drawn already."""
    points = check_size(size_mm) * POINTS_PER_MM
    file = BytesIO()
    canvas: Any = Canvas(file, pagesize=(points, points), pageCompression=1, invariant=1)
    canvas.setTitle(title or symbol.address)
    canvas.addLiteral(pdf_drawing(symbol, x=0, y=0, side=points, dark=dark))
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def pdf_drawing(symbol: Symbol, *, x: float, y: float, side: float, dark: str = BLACK) -> str:
    """The artwork as a piece of a PDF content stream, its white ground included.

    :param x, y: the artwork's lower left corner, points.
    :param side: its side, points.
    """
    scale = side / symbol.side
    ink = pdf_ink(check_colour(dark))
    return (
        f"q {scale:.6f} 0 0 {scale:.6f} {x:.4f} {y:.4f} cm 1 g 0 0 {symbol.side} {symbol.side} re f "
        f"{ink} {symbol.pdf_path} Q"
    )


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
    if not _COLOUR.fullmatch(colour):
        raise ColourTooPale(f"{colour} is not a colour. Write # and six digits or letters a to f, such as #7a1f4f.")
    ratio = contrast_on_white(colour)
    if ratio < MIN_CONTRAST:
        raise ColourTooPale(
            f"{colour} on white has a contrast of {ratio:.1f}; codes need {MIN_CONTRAST:.0f}. Take a darker shade."
        )
    return colour


def contrast_on_white(colour: str) -> float:
    """The contrast ratio of `#rrggbb` on white, 1 to 21, as WCAG counts it."""
    shares = (0.2126, 0.7152, 0.0722)
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return float(1.05 / (sum(share * each for share, each in zip(shares, linear, strict=True)) + 0.05))


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


def _segments(address: str) -> list[Any]:
    """The slash and the token in the symbol's denser alphabet, which at some lengths of host saves a version."""
    text = address.encode()
    token = text[-LENGTH - 1 :]
    if token[:1] != b"/" or not re.fullmatch(rb"/[0-9A-Z]+", token):
        return [QRData(text, mode=MODE_8BIT_BYTE)]
    return [QRData(text[: -len(token)], mode=MODE_8BIT_BYTE), QRData(token, mode=MODE_ALPHA_NUM)]


def _bit_row(row: bytes, dots: int, pixels: int) -> bytes:
    """One line of a PNG: 0 bits are dark, 1 bits the white ground."""
    quiet = "1" * (QUIET_MODULES * dots)
    bits = quiet + "".join(("0" if module else "1") * dots for module in row) + quiet
    size = (pixels + 7) // 8
    return b"\0" + int(bits.ljust(size * 8, "1"), 2).to_bytes(size)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
