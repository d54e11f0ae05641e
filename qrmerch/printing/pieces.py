"""A code with its words under it as one piece of artwork: a line, the trade number, what a scan keeps, a frame.

In: a symbol in a design, and words. Out: SVG, PNG or PDF, read back from the finished file. Codes are drawn as
`codes.artwork` draws them; words in a PDF are letters, in an SVG a picture at 600 dpi, which is as fine as the
printer and needs no font where it is opened.
"""

import base64
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final
from xml.sax.saxutils import escape

import resvg_py
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from qrmerch.codes import preflight, readers
from qrmerch.codes.artwork import (
    POINTS_PER_MM,
    Symbol,
    check_dots,
    dots_per_module,
    draw_on,
    paint,
    svg_of,
)
from qrmerch.codes.models import Modules
from qrmerch.codes.preflight import ArtworkRefused, Asked, Finding, Report, Verdict
from qrmerch.codes.styles import Style
from qrmerch.printing import lettering
from qrmerch.printing.reading import render_page

INK, GREY = "#141414", "#585854"
# At this width words have their usual size; they grow with the code and never get smaller.
_USUAL_MM: Final = 25.0
_CAPTION_PT, _NUMBER_PT, _NOTICE_PT = 7.5, 6.5, 5.2
_MAX_LINES: Final = 3
_LEADING: Final = 1.25
_PAD_MM, _LINE_MM, _CORNER_MM = 1.6, 0.35, 2.0
_WORDS_DPI: Final = 600
# The widest picture that is drawn to read a piece back, and of its words: those of a poster need no finer dots.
_READ_PIXELS, _WORDS_PIXELS = 2_400, 4_800
_POINTS_PER_INCH: Final = 72
# A PNG with words has as many dots at most as one with a style.
_IN_BYTES: Final = Style(Modules.DOTS)


@dataclass(frozen=True, slots=True)
class Words:
    """What stands under a code; empty words are left out."""

    caption: str = ""
    number: str = ""
    notice: str = ""
    has_frame: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.caption or self.number or self.notice or self.has_frame)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: float
    colour: str
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand, points from the lower left corner of the piece."""

    width: float
    height: float
    code_x: float
    code_y: float
    side: float
    scale: float
    lines: tuple[_Line, ...]


def release_piece(
    kind: str, symbol: Symbol, asked: Asked, words: Words, *, title: str = "", dpi: int = preflight.PRINTER_DPI
) -> bytes:
    """The piece as a finished file that was read back.

    :param kind: `svg`, `png` or `pdf`.
    :raises ArtworkRefused: its code would not scan, or not from the finished file.
    """
    report = preflight.check_symbol(symbol, size_mm=asked.size_mm, asked=asked)
    if report.verdict == Verdict.REFUSE:
        raise ArtworkRefused(report)
    page = _draw_pdf(symbol, asked, words, title)
    if kind == "pdf":
        data, seen = page, _render(page, _dpi_within(asked, words, preflight.PRINTER_DPI, _READ_PIXELS))
    elif kind == "png":
        dots = dots_per_module(symbol, size_mm=asked.size_mm, dpi=dpi)
        check_dots(symbol, dots=dots, dpi=dpi, style=_IN_BYTES)
        picture = _draw_png(page, symbol, asked, words, dpi)
        data, seen = _as_png(picture, dpi), picture
    else:
        drawing = _draw_svg(symbol, asked, words, title)
        data, seen = (
            drawing.encode(),
            _seen_svg(drawing, _dpi_within(asked, words, preflight.PRINTER_DPI, _READ_PIXELS)),
        )
    _insist(report, symbol, seen)
    return data


def _dpi_within(asked: Asked, words: Words, dpi: float, pixels: int) -> float:
    """A resolution at which the piece is at most so many pixels wide."""
    return min(dpi, pixels / _lay_out(asked, words).width * _POINTS_PER_INCH)


def _insist(report: Report, symbol: Symbol, seen: Image.Image) -> None:
    said = readers.read_all(seen.convert("L"))
    if said != [symbol.address]:
        fault = Finding("Reads back", Verdict.REFUSE, "The finished artwork cannot be read back. Make it larger.")
        raise ArtworkRefused(Report(**{**_fields(report), "findings": (fault,)}))


def _fields(report: Report) -> dict[str, Any]:
    return {name: getattr(report, name) for name in Report.__dataclass_fields__}


def _lay_out(asked: Asked, words: Words) -> _Layout:
    side = asked.size_mm * POINTS_PER_MM
    scale = max(1.0, asked.size_mm / _USUAL_MM)
    pad = (_PAD_MM + _LINE_MM) * POINTS_PER_MM * scale if words.has_frame else 0.0
    lines = [
        *_fit(words.caption, _CAPTION_PT * scale, side, INK, is_bold=True),
        *_fit(words.number, _NUMBER_PT * scale, side, INK),
        *_fit(words.notice, _NOTICE_PT * scale, side, GREY),
    ]
    text = sum(line.size * _LEADING for line in lines)
    below = text + _PAD_MM * POINTS_PER_MM * scale * 0.5 if lines else 0.0
    height = side + below + 2 * pad
    return _Layout(side + 2 * pad, height, pad, height - pad - side, side, scale, tuple(lines))


def _fit(text: str, size: float, room: float, colour: str, *, is_bold: bool = False) -> list[_Line]:
    """A text as lines, a little smaller where that saves it from being cut."""
    text = lettering.printable(text)
    if not text:
        return []
    lines: list[str] = []
    for share in (1.0, 0.9, 0.8, 0.7, 0.6):
        lines = lettering.wrap_balanced(text, size * share, room, max_lines=_MAX_LINES, is_bold=is_bold)
        if " ".join(lines) == text:
            return [_Line(line, size * share, colour, is_bold) for line in lines]
    return [_Line(line, size * share, colour, is_bold) for line in lines]


def _draw_pdf(symbol: Symbol, asked: Asked, words: Words, title: str, *, has_code: bool = True) -> bytes:
    layout, file = _lay_out(asked, words), BytesIO()
    canvas: Any = Canvas(file, pagesize=(layout.width, layout.height), pageCompression=1, invariant=1)
    canvas.setTitle(title or symbol.address)
    if words.has_frame and has_code:
        _draw_frame(canvas, layout)
    if has_code:
        draw_on(canvas, symbol, x=layout.code_x, y=layout.code_y, side=layout.side, dark=asked.dark, style=asked.style)
    top = layout.code_y
    for line in layout.lines:
        top -= line.size * _LEADING
        y = top + line.size * (_LEADING - 1)
        lettering.draw(
            canvas, line.text, layout.width / 2, y, line.size, colour=line.colour, is_bold=line.is_bold, align="centre"
        )
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def _draw_frame(canvas: Any, layout: _Layout) -> None:
    line, corner = (each * POINTS_PER_MM * layout.scale for each in (_LINE_MM, _CORNER_MM))
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(line)
    canvas.roundRect(line / 2, line / 2, layout.width - line, layout.height - line, corner, stroke=1, fill=0)


def _render(page: bytes, dpi: float) -> Image.Image:
    return render_page(page, 0, dpi, has_colour=True).convert("RGB")


def _draw_png(page: bytes, symbol: Symbol, asked: Asked, words: Words, dpi: int) -> Image.Image:
    """The piece in pixels; its code in whole dots, laid where the page has it."""
    layout, per_point = _lay_out(asked, words), dpi / _POINTS_PER_INCH
    picture = _render(page, dpi)
    side = round(layout.side * per_point)
    left, top = round(layout.code_x * per_point), picture.height - round((layout.code_y + layout.side) * per_point)
    code = paint(
        symbol, dots=dots_per_module(symbol, size_mm=asked.size_mm, dpi=dpi), dark=asked.dark, style=asked.style
    )
    picture.paste("#ffffff", (left, top, left + side, top + side))
    slack = (side - code.width) // 2
    picture.paste(code, (left + slack, top + slack))
    return picture


def _as_png(picture: Image.Image, dpi: int) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG", optimize=True, dpi=(dpi, dpi))
    return file.getvalue()


def _draw_svg(symbol: Symbol, asked: Asked, words: Words, title: str) -> str:
    layout = _lay_out(asked, words)
    width, height, x, side = (
        each / POINTS_PER_MM for each in (layout.width, layout.height, layout.code_x, layout.side)
    )
    top = (layout.height - layout.code_y - layout.side) / POINTS_PER_MM
    parts = [f'<path fill="#fff" d="M0 0h{width:.3f}v{height:.3f}H0z"/>']
    if words.has_frame:
        line, corner = _LINE_MM * layout.scale, _CORNER_MM * layout.scale
        parts.append(
            f'<rect x="{line / 2:.3f}" y="{line / 2:.3f}" width="{width - line:.3f}" height="{height - line:.3f}"'
            f' rx="{corner:.3f}" fill="none" stroke="{INK}" stroke-width="{line:.3f}"/>'
        )
    code = svg_of(symbol, size_mm=asked.size_mm, dark=asked.dark, style=asked.style)
    _, _, inside = code.partition(">")
    inside = inside.partition("</title>")[2].removesuffix("</svg>")
    edges = "crispEdges" if asked.style.is_plain else "geometricPrecision"
    parts.append(
        f'<svg x="{x:.3f}" y="{top:.3f}" width="{side:.3f}" height="{side:.3f}" viewBox="0 0 {symbol.side}'
        f' {symbol.side}" shape-rendering="{edges}">{inside}</svg>'
    )
    if layout.lines:
        below = layout.code_y / POINTS_PER_MM
        picture = base64.b64encode(_words_picture(symbol, asked, words, layout)).decode()
        parts.append(
            f'<image x="0" y="{height - below:.3f}" width="{width:.3f}" height="{below:.3f}"'
            f' href="data:image/png;base64,{picture}"><title>{escape(" ".join(each.text for each in layout.lines))}'
            "</title></image>"
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.3f}mm" height="{height:.3f}mm"'
        f' viewBox="0 0 {width:.3f} {height:.3f}" role="img"><title>{escape(title or symbol.address)}</title>'
        f"{''.join(parts)}</svg>"
    )


def _words_picture(symbol: Symbol, asked: Asked, words: Words, layout: _Layout) -> bytes:
    """The words alone as a small picture, transparent where nothing is said."""
    dpi = _dpi_within(asked, words, _WORDS_DPI, _WORDS_PIXELS)
    page = _render(_draw_pdf(symbol, asked, words, "", has_code=False), dpi)
    below = round(layout.code_y / _POINTS_PER_INCH * dpi)
    strip = page.crop((0, page.height - below, page.width, page.height)).convert("L")
    # Black in sixteen strengths: the greys of the notice, and edges that are no stairs.
    layer = Image.new("LA", strip.size)
    layer.putalpha(strip.point([255 - value & 0xF0 | 15 - (value >> 4) for value in range(256)]))
    file = BytesIO()
    layer.save(file, "PNG", optimize=True)
    return file.getvalue()


def _seen_svg(drawing: str, dpi: float) -> Image.Image:
    data = resvg_py.svg_to_bytes(svg_string=drawing, dpi=dpi, background="#ffffff", skip_system_fonts=True)
    with Image.open(BytesIO(data), formats=["PNG"]) as opened:
        return opened.convert("RGB")
