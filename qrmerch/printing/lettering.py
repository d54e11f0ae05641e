"""Lines of text on paper, in any script.

What the base face has and needs no joining is set as text that a PDF can be searched for. All else (Arabic joins its
letters, Hebrew runs the other way, Thai stacks its marks) is shaped by Pillow with raqm and set as a picture of one
bit at 600 dpi, which is as fine as the printer. Where raqm is missing, such scripts count as unknown: better no name
than one in broken letters.
"""

import base64
import logging
import unicodedata
import zlib
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont, features
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from qrmerch.codes.artwork import pdf_ink
from qrmerch.printing.faces import base_face, find_face, split_by_face, without_unknown

log = logging.getLogger("qrmerch.printing")

BASE: Final = "qrmerch-base"
_DPI: Final = 600
_POINTS_PER_INCH: Final = 72
_BOLD_WEIGHT, _WIDTH = 600, 100
# Above these, or with a mark that combines, letters take shapes and places from their neighbours.
_LAST_SIMPLE: Final = 0x058F
_SIMPLE_TOO: Final = range(0x1E00, 0x2C00)
_INK_THRESHOLD: Final = 128
_PICTURES_KEPT: Final = 1_000
_KEPT: Final = 4_096
_ELLIPSIS: Final = "…"
_NARROWER: Final = 0.96
# The base face has one weight; its stroke, this share of the size thick, makes the bolder one.
BOLD_STROKE: Final = 0.03


@dataclass(frozen=True, slots=True)
class Picture:
    """A line drawn as an image mask: a piece of a PDF content stream over the unit square, and where it lies.

    All in points; `left` and `bottom` from where the line begins on its base line.
    """

    stream: str
    left: float
    bottom: float
    width: float
    height: float


@lru_cache(maxsize=_KEPT)
def printable(text: str) -> str:
    """What can be printed of a text: all of it, or without the characters that no face here has."""
    text = " ".join(text.split())
    if not has_raqm():
        text = "".join(each for each in text if _is_simple(each) or not _is_joined(each))
    return without_unknown(text)


@cache
def has_raqm() -> bool:
    """Whether scripts that join or reorder letters can be set on this machine."""
    found = bool(features.check("raqm"))
    if not found:
        log.warning("the library fribidi is missing: Arabic, Hebrew, Thai and Indic names are left out on labels")
    return found


@lru_cache(maxsize=_KEPT)
def width_of(text: str, size: float, *, is_bold: bool = False) -> float:
    """How wide a printable text is, points.

    :param size: points.
    """
    pieces = _pieces(text)
    if len(pieces) > 1:
        return sum(width_of(piece, size, is_bold=is_bold) for piece in pieces)
    if _is_base(text):
        register_base()
        return float(pdfmetrics.stringWidth(text, BASE, size)) + (BOLD_STROKE * size if is_bold else 0)
    return float(_font(_path_for(text), size, is_bold).getlength(text)) * _POINTS_PER_INCH / _DPI


def wrap(text: str, size: float, width: float, *, max_lines: int, is_bold: bool = False) -> list[str]:
    """A printable text in at most so many lines of this width, points; what does not fit ends in an ellipsis."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < max_lines:
        taken = 1
        is_last = len(lines) == max_lines - 1
        while taken < len(words) and width_of(" ".join(words[: taken + 1]), size, is_bold=is_bold) <= width:
            taken += 1
        line, words = " ".join(words[:taken]), words[taken:]
        is_cut = bool(is_last and words)
        lines.append(_cut(line, size, width, is_cut=is_cut, is_bold=is_bold))
    return lines


def wrap_balanced(text: str, size: float, width: float, *, max_lines: int, is_bold: bool = False) -> list[str]:
    """As `wrap`, with lines of about one length, as a title wants them."""
    lines = wrap(text, size, width, max_lines=max_lines, is_bold=is_bold)
    while len(lines) > 1 and width > 0:
        width *= _NARROWER
        tighter = wrap(text, size, width, max_lines=max_lines, is_bold=is_bold)
        if len(tighter) > len(lines) or " ".join(tighter) != " ".join(lines):
            break
        lines = tighter
    return lines


def draw(
    canvas: Any,
    text: str,
    x: float,
    y: float,
    size: float,
    *,
    colour: str,
    is_bold: bool = False,
    align: str = "left",
) -> None:
    """Put a printable text on a canvas.

    :param x: where it begins, ends or has its middle, as `align` says (`left`, `right`, `centre`); points.
    :param y: its base line.
    :param colour: `#rrggbb`.
    """
    if not text:
        return
    x -= {"left": 0.0, "centre": 0.5, "right": 1.0}[align] * width_of(text, size, is_bold=is_bold)
    pieces = _pieces(text)
    if len(pieces) > 1:
        for piece in pieces:
            draw(canvas, piece, x, y, size, colour=colour, is_bold=is_bold)
            x += width_of(piece, size, is_bold=is_bold)
        return
    ink = pdf_ink(colour)
    if not _is_base(text):
        picture = _picture(text, size, is_bold)
        corner = f"{x + picture.left:.3f} {y + picture.bottom:.3f}"
        place = f"{picture.width:.3f} 0 0 {picture.height:.3f} {corner} cm"
        canvas.addLiteral(f"q {ink} {place} {picture.stream} Q")
        return
    register_base()
    # Outlines are drawn in the colour of strokes, whose operators are those of fills in upper case.
    bolder = f"{ink.upper()} {BOLD_STROKE * size:.3f} w 2 Tr" if is_bold else ""
    canvas.addLiteral(f"q {ink} {bolder}")
    written = canvas.beginText(x, y)
    written.setFont(BASE, size)
    written.textOut(text)
    canvas.drawText(written)
    canvas.addLiteral("Q")


@cache
def register_base() -> None:
    """Make the base face known to reportlab, once a process."""
    pdfmetrics.registerFont(TTFont(BASE, base_face().path))


@lru_cache(maxsize=_KEPT)
def _pieces(text: str) -> tuple[str, ...]:
    """The parts of a text that need faces of their own, from left to right; nearly always one."""
    pieces = split_by_face(text)
    first_strong = next((kind for kind in map(unicodedata.bidirectional, text) if kind in ("L", "R", "AL")), "L")
    return tuple(pieces if first_strong == "L" else reversed(pieces))


@lru_cache(maxsize=_KEPT)
def _is_base(text: str) -> bool:
    return all(map(_is_simple, text)) and base_face().has(text)


def _is_simple(character: str) -> bool:
    code = ord(character)
    return (code <= _LAST_SIMPLE or code in _SIMPLE_TOO) and not unicodedata.category(character).startswith("M")


def _is_joined(character: str) -> bool:
    """Whether a script needs its letters joined, stacked or reordered; Chinese, Japanese and Korean do not."""
    return unicodedata.east_asian_width(character) not in "WF" and ord(character) > _LAST_SIMPLE


def _path_for(text: str) -> str:
    face = find_face(text)
    return (face or base_face()).path


@lru_cache(maxsize=64)
def _font(path: str, size: float, is_bold: bool) -> ImageFont.FreeTypeFont:
    layout = ImageFont.Layout.RAQM if has_raqm() else ImageFont.Layout.BASIC
    font = ImageFont.truetype(path, round(size / _POINTS_PER_INCH * _DPI), layout_engine=layout)
    try:
        axes = font.get_variation_axes()
    except OSError:
        return font
    wanted = {b"Weight": _BOLD_WEIGHT if is_bold else 400, b"Width": _WIDTH}
    font.set_variation_by_axes([wanted.get(axis["name"] or b"", axis["default"] or 0) for axis in axes])
    return font


@lru_cache(maxsize=_PICTURES_KEPT)
def _picture(text: str, size: float, is_bold: bool) -> Picture:
    font = _font(_path_for(text), size, is_bold)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text, anchor="ls"))
    drawn = Image.new("L", (max(1, right - left), max(1, bottom - top)), 0)
    ImageDraw.Draw(drawn).text((-left, -top), text, fill=255, font=font, anchor="ls")
    bits = drawn.point(lambda value: 255 if value >= _INK_THRESHOLD else 0).convert("1", dither=Image.Dither.NONE)
    data = base64.a85encode(zlib.compress(bits.tobytes(), 9), wrapcol=0).decode("ascii")
    stream = f"BI /W {bits.width} /H {bits.height} /IM true /BPC 1 /D [1 0] /F [/A85 /Fl] ID\n{data}~>\nEI"
    points = _POINTS_PER_INCH / _DPI
    return Picture(stream, left * points, -bottom * points, bits.width * points, bits.height * points)


def _cut(line: str, size: float, width: float, *, is_cut: bool, is_bold: bool) -> str:
    """The line, shortened from its end until it fits with an ellipsis, if it has to be."""
    if not is_cut and width_of(line, size, is_bold=is_bold) <= width:
        return line
    while line and width_of(line + _ELLIPSIS, size, is_bold=is_bold) > width:
        line = line[:-1].rstrip()
    return line + _ELLIPSIS
