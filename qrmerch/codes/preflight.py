"""Whether artwork will scan: read back before it is released, and measured against what printers and phones need.

In: finished artwork, or a symbol and the size it is drawn at. Out: findings, each with what would put it right.
Never: artwork that was not read back, or says anything but its address.

The limits. A module under 0.33 mm is fewer than 4 dots of a 300 dpi printer, which cannot draw it evenly: refused.
Under 0.396 mm it is smaller than GS1's General Specifications (26, table 5-46) want at a till: a phone reads it at
arm's length only with a good print, so it is warned of. 4 modules of quiet zone: ISO/IEC 18004. From version 7 on a
symbol grows extra parts, and a tag of 20 mm is too small for it. It is a preflight and no grade: what a press makes
of a drawing needs a verifier.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Final

import resvg_py
import zxingcpp
from PIL import Image

from qrmerch.codes.artwork import (
    BLACK,
    MIN_CONTRAST,
    MM_PER_INCH,
    QUIET_MODULES,
    Level,
    Symbol,
    check_colour,
    check_size,
    contrast_on_white,
    draw_symbol,
    pdf_of,
    png_of,
    svg_of,
)
from qrmerch.errors import DomainError

LEAST_MODULE_MM: Final = 0.33
GOOD_MODULE_MM: Final = 0.396
MAX_USUAL_VERSION: Final = 6
PRINTER_DPI: Final = 300
# The greys that pass for paper, and those that pass for ink.
_LIGHTS, _DARKS = bytes(range(224, 256)), bytes(range(128))
_DOTS_READ: Final = (3, 12)
_ROUNDING_MM: Final = 1e-6
_READ_PIXELS, _SCREEN_DPI = 1_600, 96
_ONLY_QR: Final = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])


class Verdict(StrEnum):
    """What preflight says of artwork, or of one thing about it."""

    PASS = "pass"  # noqa: S105 - a verdict, no secret
    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked; `said` is what is wrong and what would put it right, empty where it passes."""

    name: str
    verdict: Verdict
    said: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked of one piece of artwork, and its figures."""

    size_mm: float
    module_mm: float
    version: int
    least_size_mm: float
    good_size_mm: float
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        verdicts = {finding.verdict for finding in self.findings}
        return next(each for each in (Verdict.REFUSE, Verdict.WARN, Verdict.PASS) if each in verdicts)

    @property
    def said(self) -> tuple[str, ...]:
        """The sentences of what does not pass, refusals first."""
        order = (Verdict.REFUSE, Verdict.WARN)
        return tuple(finding.said for verdict in order for finding in self.findings if finding.verdict == verdict)


class ArtworkRefused(DomainError):
    """Artwork would not scan; the message says why and what would."""

    status = 422
    slug = "artwork_refused"

    def __init__(self, report: Report) -> None:
        refused = [finding.said for finding in report.findings if finding.verdict == Verdict.REFUSE]
        super().__init__(" ".join(refused))
        self.report = report


@dataclass(frozen=True, slots=True)
class _Raster:
    """Artwork as pixels, 0 to 255, row by row; `dots` of them to a module."""

    pixels: bytes
    width: int
    dots: float


def release_svg(
    address: str, *, size_mm: float = 25.0, dark: str = BLACK, level: Level = Level.M, title: str = ""
) -> str:
    """A code as SVG that was read back.

    :raises ArtworkRefused: it would not scan at this size.
    :raises ColourTooPale: `dark` has less than 7:1 on white.
    :raises SizeNotPossible: smaller than 5 mm or larger than a metre.
    """
    symbol = draw_symbol(address, level=level)
    drawing = svg_of(symbol, size_mm=size_mm, dark=dark, title=title)
    _insist(check_svg(drawing, symbol, size_mm=size_mm))
    return drawing


def release_png(
    address: str, *, size_mm: float = 25.0, dpi: int = 300, dark: str = BLACK, level: Level = Level.M
) -> bytes:
    """A code as PNG that was read back; see `release_svg` for what it refuses."""
    symbol = draw_symbol(address, level=level)
    picture = png_of(symbol, size_mm=size_mm, dpi=dpi, dark=dark)
    _insist(check_png(picture, symbol, dpi=dpi))
    return picture


def release_pdf(
    address: str, *, size_mm: float = 25.0, dark: str = BLACK, level: Level = Level.M, title: str = ""
) -> bytes:
    """A code as PDF whose drawing was read back; see `release_svg` for what it refuses."""
    symbol = draw_symbol(address, level=level)
    _insist(check_symbol(symbol, size_mm=size_mm, dark=dark))
    return pdf_of(symbol, size_mm=size_mm, dark=dark, title=title)


def check_svg(drawing: str, symbol: Symbol, *, size_mm: float) -> Report:
    """What is to be said of a finished SVG that shall show this symbol at this size."""
    # At this resolution the drawing is a whole number of pixels wide, and none of them is cut off.
    dpi = symbol.side * _dots_read(symbol, size_mm) * MM_PER_INCH / size_mm
    picture = resvg_py.svg_to_bytes(svg_string=drawing, dpi=dpi, background="#ffffff", skip_system_fonts=True)
    return _report(symbol, size_mm, _raster_of(picture, symbol))


def check_png(picture: bytes, symbol: Symbol, *, dpi: int) -> Report:
    """What is to be said of a finished PNG that shall show this symbol on a printer of this resolution."""
    raster = _raster_of(picture, symbol)
    return _report(symbol, raster.width * MM_PER_INCH / dpi, raster, dpi=dpi)


def check_symbol(symbol: Symbol, *, size_mm: float, dark: str = BLACK) -> Report:
    """What is to be said of a symbol drawn from its own modules at this size, as sheets and PDFs are."""
    grey = min(255, round(255 * (1.05 / contrast_on_white(check_colour(dark)) - 0.05)))
    dots = _dots_read(symbol, size_mm)
    shades = bytes((255, grey))
    quiet = b"\xff" * (QUIET_MODULES * dots)
    blank = b"\xff" * (symbol.side * dots) * (QUIET_MODULES * dots)
    lines = (quiet + b"".join(shades[module : module + 1] * dots for module in row) + quiet for row in symbol.rows)
    pixels = blank + b"".join(line * dots for line in lines) + blank
    return _report(symbol, size_mm, _Raster(pixels, symbol.side * dots, dots))


def check_fit(symbol: Symbol, *, size_mm: float) -> Report:
    """What is to be said of the size alone, without reading anything; the same for every address as long."""
    return _sized(symbol, size_mm, ())


def read_file(path: Path) -> list[str]:
    """What the codes in a picture say, read as a phone reads them: dark on light, any number of them.

    :param path: a PNG, JPEG or SVG; an empty list is the answer for anything else too.
    """
    data = path.read_bytes()
    try:
        if path.suffix.lower() == ".svg":
            drawing = data.decode("utf-8")
            data = resvg_py.svg_to_bytes(svg_string=drawing, width=_READ_PIXELS, background="#ffffff", dpi=_SCREEN_DPI)
        with Image.open(BytesIO(data), formats=("PNG", "JPEG")) as picture:
            grey = picture.convert("L")
    except (OSError, ValueError, Image.DecompressionBombError):
        return []
    view = memoryview(grey.tobytes()).cast("B", (grey.height, grey.width))
    return [each.text for each in zxingcpp.read_barcodes(view, formats=_ONLY_QR, try_invert=False)]


def _insist(report: Report) -> None:
    if report.verdict == Verdict.REFUSE:
        raise ArtworkRefused(report)


def _report(symbol: Symbol, size_mm: float, raster: _Raster, *, dpi: int | None = None) -> Report:
    checks: tuple[Callable[[Symbol, _Raster], Finding], ...] = (_check_reading, _check_quiet_zone, _check_contrast)
    return _sized(symbol, size_mm, tuple(check(symbol, raster) for check in checks), dpi=dpi)


def _sized(symbol: Symbol, size_mm: float, findings: tuple[Finding, ...], *, dpi: int | None = None) -> Report:
    check_size(size_mm)
    least_mm, good_mm = (_size_for(symbol, each, dpi) for each in (LEAST_MODULE_MM, GOOD_MODULE_MM))
    module = _check_module(symbol.module_mm(size_mm), size_mm, least_mm=least_mm, good_mm=good_mm)
    return Report(
        size_mm=size_mm,
        module_mm=symbol.module_mm(size_mm),
        version=symbol.version,
        least_size_mm=least_mm,
        good_size_mm=good_mm,
        findings=(*findings, module, _check_version(symbol)),
    )


def _check_reading(symbol: Symbol, raster: _Raster) -> Finding:
    view = memoryview(raster.pixels).cast("B", (raster.width, raster.width))
    # Phones look for dark codes on light ground; a reader that also tries the inverse would hide a fault.
    found = zxingcpp.read_barcodes(view, formats=_ONLY_QR, try_rotate=False, try_downscale=False, try_invert=False)
    texts = [each.text for each in found]
    if texts == [symbol.address]:
        return Finding("Reads back", Verdict.PASS)
    if not texts:
        said = "The finished artwork cannot be read back. Make it larger, or in black."
    else:
        said = f"The finished artwork says {', '.join(texts)} instead of {symbol.address}. Make it anew."
    return Finding("Reads back", Verdict.REFUSE, said)


def _check_quiet_zone(symbol: Symbol, raster: _Raster) -> Finding:
    """Whether the outermost 4 modules are light on all sides, as drawn."""
    margin, width, pixels = int(QUIET_MODULES * raster.dots), raster.width, raster.pixels
    edges = [pixels[: margin * width], pixels[(width - margin) * width :]]
    edges += [pixels[x::width] for x in (*range(margin), *range(width - margin, width))]
    if not any(edge.strip(_LIGHTS) for edge in edges):
        return Finding("Quiet zone", Verdict.PASS)
    return Finding(
        "Quiet zone",
        Verdict.REFUSE,
        f"Something stands in the {QUIET_MODULES} modules round the code. They must stay white, inside the artwork.",
    )


def _check_contrast(symbol: Symbol, raster: _Raster) -> Finding:
    has_dark = len(raster.pixels.translate(None, _DARKS)) < len(raster.pixels)
    if not has_dark or raster.pixels[0] not in _LIGHTS:
        return Finding(
            "Contrast",
            Verdict.REFUSE,
            f"Dark and light are too close. Print at {MIN_CONTRAST:.0f}:1 or more, dark on white.",
        )
    return Finding("Contrast", Verdict.PASS)


def _check_module(module_mm: float, size_mm: float, *, least_mm: float, good_mm: float) -> Finding:
    is_at = f"At {size_mm:.1f} mm a module is {module_mm:.2f} mm"
    if module_mm < LEAST_MODULE_MM - _ROUNDING_MM:
        said = f"{is_at}, under {LEAST_MODULE_MM}: printers blur it. The least size is {least_mm:.1f} mm; "
        return Finding("Module", Verdict.REFUSE, f"{said}from {good_mm:.1f} mm on it reads well.")
    if module_mm < GOOD_MODULE_MM - _ROUNDING_MM:
        said = f"{is_at}: fine from a hand’s width and a good printer, tight at arm’s length. "
        return Finding("Module", Verdict.WARN, f"{said}From {good_mm:.1f} mm on it reads well.")
    return Finding("Module", Verdict.PASS)


def _check_version(symbol: Symbol) -> Finding:
    if symbol.version <= MAX_USUAL_VERSION:
        return Finding("Density", Verdict.PASS)
    return Finding(
        "Density",
        Verdict.WARN,
        f"The address has {len(symbol.address)} characters, so the code has {symbol.modules} modules a side. "
        "A shorter host makes a code that reads from further away.",
    )


def _raster_of(picture: bytes, symbol: Symbol) -> _Raster:
    with Image.open(BytesIO(picture)) as opened:
        grey = opened.convert("L")
    if grey.width != grey.height:
        raise ValueError(f"a code is square, this is {grey.width} by {grey.height}")
    return _Raster(grey.tobytes(), grey.width, grey.width / symbol.side)


def _dots_read(symbol: Symbol, size_mm: float) -> int:
    """How many pixels a module is read with: as many as a printer has dots there, within reason."""
    least, most = _DOTS_READ
    wanted = int(check_size(size_mm) / MM_PER_INCH * PRINTER_DPI / symbol.side)
    return min(max(wanted, least), most)


def _size_for(symbol: Symbol, module_mm: float, dpi: int | None) -> float:
    """The size at which a module is this large, or the whole printer dots that make it so; up to a tenth, mm."""
    if dpi:
        module_mm = math.ceil(module_mm * dpi / MM_PER_INCH) * MM_PER_INCH / dpi
    return math.ceil(round(symbol.side * module_mm * 10, 6)) / 10
