"""Whether artwork will scan: read back before it is released, and measured against what printers and phones need.

In: finished artwork, or a symbol and how it is drawn. Out: findings, each with its figure, the rule it is held
against and what would put it right. Never: artwork that was not read back, or says anything but its address.

The rules, by use. *In the hand* (a hang tag): a module under 0.33 mm is fewer than 4 dots of a 300 dpi printer, which
cannot draw it evenly, and is refused; under 0.396 mm it is warned of. *At a till*: 0.396 to 0.990 mm, square modules
only, and contrast in red light of .40 at least and .55 for a pass (GS1 General Specifications 26, table 5-46; ISO/IEC
15415). *On a shelf* and *on a poster*: with its margin a code is a tenth of the distance wide, and refused under a
twentieth. Always: 4 modules of quiet zone (ISO/IEC 18004); a logo leaves half of the error correction of the worst
block and touches no pattern; and of 128 typical pictures of a design (`shots`) zxing-cpp reads 93 in 100. It is a
preflight and no grade: what a press makes of a drawing needs a verifier.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Final

import resvg_py
from PIL import Image

from qrmerch.codes import readers, shots
from qrmerch.codes.artwork import (
    BLACK,
    MIN_CONTRAST,
    MM_PER_INCH,
    QUIET_MODULES,
    WHITE,
    Level,
    Symbol,
    check_colour,
    check_size,
    draw_symbol,
    look_of,
    paint,
    pdf_of,
    png_of,
    svg_of,
)
from qrmerch.codes.blocks import damage
from qrmerch.codes.inks import GOOD_CONTRAST, LEAST_CONTRAST, phone_contrast, ratio, red_contrast
from qrmerch.codes.models import Modules, Use
from qrmerch.codes.styles import LEAST_UNUSED, PLAIN, Style, covered_by
from qrmerch.errors import DomainError

LEAST_MODULE_MM: Final = 0.33
GOOD_MODULE_MM: Final = 0.396
MOST_MODULE_AT_TILL_MM: Final = 0.990
MAX_USUAL_VERSION: Final = 6
PRINTER_DPI: Final = 300
LEAST_DOTS: Final = 4
# How many of a design's typical pictures have to be read: plain black ones at level M read 98 in 100.
LEAST_READ: Final = 0.93
# A code is this part of the distance wide from which it is read; half as much is the least.
DISTANCE_RATIO: Final = 10
# The greys that pass for paper, and those that pass for ink.
_LIGHTS, _DARKS = bytes(range(224, 256)), bytes(range(128))
_DOTS_READ: Final = (3, 12)
_ROUNDING_MM: Final = 1e-6
_DOT_TOLERANCE: Final = 0.02
_READ_PIXELS, _SCREEN_DPI = 1_600, 96
_ISO: Final = "ISO/IEC 15415"


# From how far it is usually read, mm; 0 where the hand decides.
USUAL_DISTANCE_MM: Final = {Use.HANG_TAG: 0.0, Use.TILL: 0.0, Use.SHELF: 300.0, Use.POSTER: 1_000.0}


class Verdict(StrEnum):
    """What preflight says of artwork, or of one thing about it."""

    PASS = "pass"  # noqa: S105 - a verdict, no secret
    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked; `said` is what is wrong and what would put it right, empty where it passes.

    `measured` is its figure and `rule` what it is held against, in words; empty where nothing has a figure.
    """

    name: str
    verdict: Verdict
    said: str = ""
    measured: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked of one piece of artwork, and its figures; `notes` say what could not be checked here."""

    size_mm: float
    module_mm: float
    version: int
    least_size_mm: float
    good_size_mm: float
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a code is drawn, and what it is for.

    :param dpi: of the printer, where it is known; whole dots are asked for then.
    :param distance_mm: from which it is read; 0 for the usual one of its use.
    :param paper: `#rrggbb`, where no white is printed under the code.
    """

    size_mm: float
    dark: str = BLACK
    style: Style = PLAIN
    use: Use = Use.HANG_TAG
    distance_mm: float = 0.0
    dpi: int | None = None
    paper: str = WHITE

    @property
    def read_from_mm(self) -> float:
        """From how far, or 0 where the hand or the till decides."""
        return 0.0 if self.use == Use.TILL else self.distance_mm or USUAL_DISTANCE_MM[self.use]


@dataclass(frozen=True, slots=True)
class Reading:
    """How many of a design's typical pictures were read."""

    read: int
    taken: int

    @property
    def share(self) -> float:
        return self.read / self.taken


@dataclass(frozen=True, slots=True)
class _Raster:
    """Artwork as pixels, 0 to 255, row by row; `dots` of them to a module."""

    pixels: bytes
    width: int
    dots: float

    @property
    def picture(self) -> Image.Image:
        return Image.frombytes("L", (self.width, self.width), self.pixels)


def release_svg(
    address: str,
    *,
    size_mm: float = 25.0,
    dark: str = BLACK,
    level: Level = Level.M,
    title: str = "",
    asked: Asked | None = None,
) -> str:
    """A code as SVG that was read back.

    :param asked: a whole design, in place of size and colour.
    :raises ArtworkRefused: it would not scan at this size.
    :raises ColourTooPale: `dark` has less than 7:1 on white.
    :raises SizeNotPossible: smaller than 5 mm or larger than a metre.
    """
    symbol, asked = draw_symbol(address, level=level), asked or Asked(size_mm=size_mm, dark=dark)
    drawing = svg_of(symbol, size_mm=asked.size_mm, dark=asked.dark, title=title, style=asked.style)
    _insist(check_svg(drawing, symbol, size_mm=asked.size_mm, asked=asked))
    return drawing


def release_png(
    address: str,
    *,
    size_mm: float = 25.0,
    dpi: int = PRINTER_DPI,
    dark: str = BLACK,
    level: Level = Level.M,
    asked: Asked | None = None,
) -> bytes:
    """A code as PNG that was read back; see `release_svg` for what it refuses."""
    symbol, asked = draw_symbol(address, level=level), asked or Asked(size_mm=size_mm, dark=dark)
    picture = png_of(symbol, size_mm=asked.size_mm, dpi=dpi, dark=asked.dark, style=asked.style)
    _insist(check_png(picture, symbol, dpi=dpi, asked=asked))
    return picture


def release_pdf(
    address: str,
    *,
    size_mm: float = 25.0,
    dark: str = BLACK,
    level: Level = Level.M,
    title: str = "",
    asked: Asked | None = None,
) -> bytes:
    """A code as PDF whose drawing was read back; see `release_svg` for what it refuses."""
    symbol, asked = draw_symbol(address, level=level), asked or Asked(size_mm=size_mm, dark=dark)
    drawing = pdf_of(symbol, size_mm=asked.size_mm, dark=asked.dark, title=title, style=asked.style)
    _insist(check_pdf(drawing, symbol, asked))
    return drawing


def check_svg(drawing: str, symbol: Symbol, *, size_mm: float, asked: Asked | None = None) -> Report:
    """What is to be said of a finished SVG that shall show this symbol at this size."""
    # At this resolution the drawing is a whole number of pixels wide, and none of them is cut off.
    dpi = symbol.side * _dots_read(symbol, size_mm) * MM_PER_INCH / size_mm
    picture = resvg_py.svg_to_bytes(svg_string=drawing, dpi=dpi, background=WHITE, skip_system_fonts=True)
    return _report(symbol, replace(asked or Asked(size_mm=size_mm), size_mm=size_mm), _raster_of(picture, symbol))


def check_png(
    picture: bytes, symbol: Symbol, *, dpi: int, asked: Asked | None = None, asks_others: bool = True
) -> Report:
    """What is to be said of a finished PNG that shall show this symbol on a printer of this resolution.

    :param asks_others: whether further readers are asked as well; they take 40 MB of memory.
    """
    raster = _raster_of(picture, symbol)
    size_mm = raster.width * MM_PER_INCH / dpi
    asked = replace(asked or Asked(size_mm=size_mm), size_mm=size_mm, dpi=dpi)
    return _report(symbol, asked, raster, asks_others=asks_others)


def check_pdf(drawing: bytes, symbol: Symbol, asked: Asked) -> Report:
    """What is to be said of a finished PDF page of a code's own size that shall show this symbol."""
    import pypdfium2

    dots = _dots_read(symbol, asked.size_mm)
    with readers.pdfium_alone:
        document = pypdfium2.PdfDocument(drawing)
        try:
            page = document[0]
            picture = page.render(scale=symbol.side * dots / page.get_width()).to_pil().convert("L")
        finally:
            document.close()
    # The renderer rounds a page's sides up.
    picture = picture.crop((0, 0, symbol.side * dots, symbol.side * dots))
    return _report(symbol, asked, _Raster(picture.tobytes(), picture.width, dots))


def check_symbol(
    symbol: Symbol, *, size_mm: float, dark: str = BLACK, asked: Asked | None = None, asks_others: bool = True
) -> Report:
    """What is to be said of a symbol drawn from its own modules at this size, as sheets are.

    :param asked: a whole design, in place of size and colour.
    :param asks_others: whether further readers are asked as well; they take 40 MB of memory.
    """
    asked = asked or Asked(size_mm=size_mm, dark=dark)
    check_colour(asked.dark)
    return _report(symbol, asked, _drawn(symbol, asked), asks_others=asks_others)


def check_fit(symbol: Symbol, *, size_mm: float, asked: Asked | None = None) -> Report:
    """What is to be said of the size alone, without reading anything; the same for every address as long."""
    return _sized(symbol, asked or Asked(size_mm=size_mm), ())


def take_reading(symbol: Symbol, asked: Asked, *, count: int = shots.TYPICAL_SHOTS) -> Reading:
    """How many typical pictures of a design zxing-cpp reads; some 15 ms of processor for each."""
    dots = _dots_read(symbol, asked.size_mm)
    artwork = paint(symbol, dots=dots, dark=asked.dark, style=asked.style, ground=asked.paper).convert("L")
    taken = shots.take_shots(artwork, module=dots, count=count, seed=design_digest(symbol, asked))
    return Reading(sum(symbol.address in readers.read_all(picture) for picture in taken), count)


def design_digest(symbol: Symbol, asked: Asked) -> str:
    """The same for all codes whose typical pictures are alike: style, logo, ink, paper, level, version, dots."""
    said = f"{asked.style.digest} {asked.dark} {asked.paper} {symbol.level} {symbol.version}"
    said += f" {_dots_read(symbol, asked.size_mm)} {shots.VERSION}"
    return blake2b(said.encode(), digest_size=16).hexdigest()


def with_reading(report: Report, reading: Reading) -> Report:
    """A report that also says how often a design's typical pictures were read."""
    return replace(report, findings=(*report.findings, _judge_reading(reading)))


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
    return readers.read_all(grey)


def _insist(report: Report) -> None:
    if report.verdict == Verdict.REFUSE:
        raise ArtworkRefused(report)


def _report(symbol: Symbol, asked: Asked, raster: _Raster, *, asks_others: bool = True) -> Report:
    second = _check_second(symbol, raster) if asks_others else ()
    findings = [_check_reading(symbol, raster), *second, _check_quiet_zone(raster)]
    findings.append(_check_tones(raster) or _check_contrast(asked))
    if asked.use == Use.TILL:
        findings += [_check_red_light(asked), _check_shape(asked)]
    if asked.style.logo:
        findings.append(_check_logo(symbol, asked.style))
    absent = readers.say_absent() if asks_others else ""
    return replace(_sized(symbol, asked, findings), notes=(absent,) if absent else ())


def _sized(symbol: Symbol, asked: Asked, findings: Iterable[Finding]) -> Report:
    size_mm = check_size(asked.size_mm)
    least_mm, good_mm = _wanted_sizes(symbol, asked)
    sizes = [_check_module(symbol, asked, least_mm=least_mm, good_mm=good_mm), _check_version(symbol)]
    if asked.dpi:
        sizes.append(_check_dots(symbol, size_mm, asked.dpi))
    return Report(
        size_mm=size_mm,
        module_mm=symbol.module_mm(size_mm),
        version=symbol.version,
        least_size_mm=least_mm,
        good_size_mm=good_mm,
        findings=(*findings, *sizes),
    )


def _wanted_sizes(symbol: Symbol, asked: Asked) -> tuple[float, float]:
    """The least size for a use, and the one from which it passes, mm."""
    least, good = (GOOD_MODULE_MM,) * 2 if asked.use == Use.TILL else (LEAST_MODULE_MM, GOOD_MODULE_MM)
    good = max(good, asked.read_from_mm / DISTANCE_RATIO / symbol.side)
    least = max(least, asked.read_from_mm / DISTANCE_RATIO / 2 / symbol.side)
    return _size_for(symbol, least, asked.dpi), _size_for(symbol, good, asked.dpi)


def _check_reading(symbol: Symbol, raster: _Raster) -> Finding:
    name, rule = "Reads back", "zxing-cpp reads it to the recorded address"
    view = memoryview(raster.pixels).cast("B", (raster.width, raster.width))
    texts = readers.read_all(view, is_upright=True)
    if texts == [symbol.address]:
        return Finding(name, Verdict.PASS, measured="Read", rule=rule)
    if not texts:
        said = "The finished artwork cannot be read back. Make it larger, or in black."
        return Finding(name, Verdict.REFUSE, said, "Not read", rule)
    said = f"The finished artwork says {', '.join(texts)} instead of {symbol.address}. Make it anew."
    return Finding(name, Verdict.REFUSE, said, "Another text", rule)


def _check_second(symbol: Symbol, raster: _Raster) -> Iterable[Finding]:
    """What each further reader of this machine makes of it."""
    for name, read in readers.others().items():
        rule = f"{name} reads it too"
        if symbol.address in read(raster.picture):
            yield Finding("Second reader", Verdict.PASS, measured="Read", rule=rule)
        else:
            said = f"{name} does not read what zxing-cpp reads, so some phones may not. Make it plainer or larger."
            yield Finding("Second reader", Verdict.WARN, said, "Not read", rule)


def _check_quiet_zone(raster: _Raster) -> Finding:
    """Whether the outermost 4 modules are light on all sides, as drawn."""
    name, rule = "Quiet zone", f"{QUIET_MODULES} modules inside the artwork (ISO/IEC 18004)"
    width, pixels = raster.width, raster.pixels
    clear = 0
    for modules in range(1, QUIET_MODULES + 1):
        margin = int(modules * raster.dots)
        edges = [pixels[: margin * width], pixels[(width - margin) * width :]]
        edges += [pixels[x::width] for x in (*range(margin), *range(width - margin, width))]
        if any(edge.strip(_LIGHTS) for edge in edges):
            break
        clear = modules
    if clear == QUIET_MODULES:
        return Finding(name, Verdict.PASS, measured=f"{clear} modules", rule=rule)
    return Finding(
        name,
        Verdict.REFUSE,
        f"Something stands in the {QUIET_MODULES} modules round the code. They must stay white, inside the artwork.",
        f"{clear} modules",
        rule,
    )


def _check_tones(raster: _Raster) -> Finding | None:
    """What is wrong with the drawing's own tones, whatever it was asked to be."""
    has_dark = len(raster.pixels.translate(None, _DARKS)) < len(raster.pixels)
    if has_dark and raster.pixels[0] in _LIGHTS:
        return None
    return Finding(
        "Contrast",
        Verdict.REFUSE,
        f"Dark and light are too close. Print at {MIN_CONTRAST:.0f}:1 or more, dark on white.",
        rule="dark on light",
    )


def _check_contrast(asked: Asked) -> Finding:
    """How a phone sees the ink on its paper."""
    seen, times = phone_contrast(asked.dark, asked.paper), ratio(asked.dark, asked.paper)
    measured = f"{seen:.2f}, {times:.1f}:1"
    rule = f"at least {LEAST_CONTRAST:.2f}, good from {GOOD_CONTRAST:.2f} ({_ISO}); {MIN_CONTRAST:.0f}:1 for phones"
    if seen < LEAST_CONTRAST or times < MIN_CONTRAST:
        said = f"{asked.dark} on {asked.paper} is too pale. Print it darker, black is best, or put white under it."
        return Finding("Contrast", Verdict.REFUSE, said, measured, rule)
    if seen < GOOD_CONTRAST:
        said = (
            f"The paper takes contrast away: {seen:.2f} where {GOOD_CONTRAST:.2f} is good. Print white under the code."
        )
        return Finding("Contrast", Verdict.WARN, said, measured, rule)
    return Finding("Contrast", Verdict.PASS, measured=measured, rule=rule)


def _check_red_light(asked: Asked) -> Finding:
    seen = red_contrast(asked.dark, asked.paper)
    rule = f"at least {LEAST_CONTRAST:.2f}, good from {GOOD_CONTRAST:.2f} at 660 nm ({_ISO})"
    if seen >= GOOD_CONTRAST:
        return Finding("Red light", Verdict.PASS, measured=f"{seen:.2f}", rule=rule)
    said = (
        f"A till’s scanner sees by red light, in which {asked.dark} has {seen:.2f} of the contrast of black on white. "
    )
    said += "Print the code in black, or in a blue or green as dark."
    verdict = Verdict.REFUSE if seen < LEAST_CONTRAST else Verdict.WARN
    return Finding("Red light", verdict, said, f"{seen:.2f}", rule)


def _check_shape(asked: Asked) -> Finding:
    rule = "square modules at a till"
    if asked.style.modules == Modules.SQUARE:
        return Finding("Shape", Verdict.PASS, measured="square", rule=rule)
    said = "Scanners at tills are made for square modules. Choose squares for this use."
    return Finding("Shape", Verdict.REFUSE, said, asked.style.modules.value, rule)


def _check_logo(symbol: Symbol, style: Style) -> Finding:
    rule = (
        f"half of the worst block’s error correction unused (at least {LEAST_UNUSED:.2f}, {_ISO}), no pattern touched"
    )
    look = look_of(symbol, style)
    if look.box is None:
        said = f"This code has no room for this logo at level {symbol.level}. "
        said += (
            "Choose level H, a squarer logo, or none." if symbol.level != Level.H else "Choose a squarer one, or none."
        )
        return Finding("Logo", Verdict.REFUSE, said, "no room", rule)
    spared = damage(symbol.version, symbol.level.value, covered_by(look.box))
    return Finding(
        "Logo", Verdict.PASS, measured=f"{spared.unused:.2f} unused, {spared.codewords} codewords", rule=rule
    )


def _judge_reading(reading: Reading) -> Finding:
    rule = f"{LEAST_READ:.0%} of {reading.taken} typical pictures"
    measured = f"{reading.share:.0%}"
    if reading.share >= LEAST_READ:
        return Finding("Typical pictures", Verdict.PASS, measured=measured, rule=rule)
    said = f"Phones would read this design too seldom: {reading.read} of {reading.taken} pictures. "
    said += "Take square modules, a darker ink, whiter paper or no logo."
    return Finding("Typical pictures", Verdict.REFUSE, said, measured, rule)


def _check_module(symbol: Symbol, asked: Asked, *, least_mm: float, good_mm: float) -> Finding:
    module_mm, size_mm = symbol.module_mm(asked.size_mm), asked.size_mm
    measured = f"{module_mm:.2f} mm"
    is_at = f"At {size_mm:.1f} mm a module is {module_mm:.2f} mm"
    if asked.use == Use.TILL:
        return _check_at_till(symbol, module_mm, is_at, measured, least_mm=least_mm)
    distance = asked.read_from_mm
    rule = f"at least {LEAST_MODULE_MM:.2f} mm, good from {GOOD_MODULE_MM:.3f} mm"
    if module_mm < LEAST_MODULE_MM - _ROUNDING_MM:
        said = f"{is_at}, under {LEAST_MODULE_MM}: printers blur it. The least size is {least_mm:.1f} mm; "
        return Finding("Module", Verdict.REFUSE, f"{said}from {good_mm:.1f} mm on it reads well.", measured, rule)
    if distance:
        rule = f"with its margin a tenth of the {distance / 1000:.2g} m it is read from, refused under half of that"
        width = module_mm * symbol.side
        if width < distance / DISTANCE_RATIO - _ROUNDING_MM:
            is_refused = width < distance / DISTANCE_RATIO / 2 - _ROUNDING_MM
            said = f"From {distance / 1000:.2g} m a code of {size_mm:.0f} mm is small. "
            said += f"The least size is {least_mm:.0f} mm; from {good_mm:.0f} mm on it reads well."
            verdict = Verdict.REFUSE if is_refused else Verdict.WARN
            return Finding("Module", verdict, said, measured, rule)
    elif module_mm < GOOD_MODULE_MM - _ROUNDING_MM:
        said = f"{is_at}: fine from a hand’s width and a good printer, tight at arm’s length. "
        return Finding("Module", Verdict.WARN, f"{said}From {good_mm:.1f} mm on it reads well.", measured, rule)
    return Finding("Module", Verdict.PASS, measured=measured, rule=rule)


def _check_at_till(symbol: Symbol, module_mm: float, is_at: str, measured: str, *, least_mm: float) -> Finding:
    rule = f"{GOOD_MODULE_MM:.3f} to {MOST_MODULE_AT_TILL_MM:.3f} mm at a till (GS1 General Specifications)"
    most_mm = MOST_MODULE_AT_TILL_MM * symbol.side
    if GOOD_MODULE_MM - _ROUNDING_MM <= module_mm <= MOST_MODULE_AT_TILL_MM + _ROUNDING_MM:
        return Finding("Module", Verdict.PASS, measured=measured, rule=rule)
    said = f"{is_at}; a till’s scanner wants {GOOD_MODULE_MM} to {MOST_MODULE_AT_TILL_MM:.2f}. "
    said += f"Make the code {least_mm:.1f} to {most_mm:.1f} mm wide."
    return Finding("Module", Verdict.REFUSE, said, measured, rule)


def _check_dots(symbol: Symbol, size_mm: float, dpi: int) -> Finding:
    dots = symbol.module_mm(size_mm) * dpi / MM_PER_INCH
    whole = round(dots)
    measured, rule = f"{dots:.2f} dots", f"whole dots of {dpi} dpi, {LEAST_DOTS} or more"
    if abs(dots - whole) <= _DOT_TOLERANCE and whole >= LEAST_DOTS:
        return Finding("Whole dots", Verdict.PASS, measured=f"{whole} dots", rule=rule)
    sizes = [max(LEAST_DOTS, each) * symbol.side * MM_PER_INCH / dpi for each in (math.floor(dots), math.ceil(dots))]
    said = f"A module is {dots:.2f} dots at {dpi} dpi, and uneven so. Make the code "
    said += " or ".join(dict.fromkeys(f"{each:.2f}" for each in sizes)) + " mm wide."
    return Finding("Whole dots", Verdict.WARN, said, measured, rule)


def _check_version(symbol: Symbol) -> Finding:
    measured, rule = f"version {symbol.version}", f"version {MAX_USUAL_VERSION} or less"
    if symbol.version <= MAX_USUAL_VERSION:
        return Finding("Density", Verdict.PASS, measured=measured, rule=rule)
    return Finding(
        "Density",
        Verdict.WARN,
        f"The address has {len(symbol.address)} characters, so the code has {symbol.modules} modules a side. "
        "A shorter host makes a code that reads from further away.",
        measured,
        rule,
    )


def _drawn(symbol: Symbol, asked: Asked) -> _Raster:
    """The artwork as printed on its paper, in greys."""
    dots = _dots_read(symbol, asked.size_mm)
    if not asked.style.is_plain or asked.paper != WHITE:
        # On coloured paper the tones are judged by `_check_contrast`; here white stands for it.
        picture = paint(symbol, dots=dots, dark=asked.dark, style=asked.style).convert("L")
        return _Raster(picture.tobytes(), picture.width, dots)
    grey = min(255, round(255 * (1.05 / ratio(asked.dark) - 0.05)))
    shades = bytes((255, grey))
    quiet = b"\xff" * (QUIET_MODULES * dots)
    blank = b"\xff" * (symbol.side * dots) * (QUIET_MODULES * dots)
    lines = (quiet + b"".join(shades[module : module + 1] * dots for module in row) + quiet for row in symbol.rows)
    pixels = blank + b"".join(line * dots for line in lines) + blank
    return _Raster(pixels, symbol.side * dots, dots)


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
        module_mm = math.ceil(round(module_mm * dpi / MM_PER_INCH, 6)) * MM_PER_INCH / dpi
    return math.ceil(round(symbol.side * module_mm * 10, 6)) / 10
