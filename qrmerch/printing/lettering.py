"""Lines of text on paper, in any script: what can be set, how wide it is, where it wraps, and setting it.

Words go into sheets as text of embedded faces, which a PDF can be searched for. Onto a canvas of reportlab's, the base
face goes as text too, and every other script as outlines.
"""

import unicodedata
from functools import cache, lru_cache
from io import BytesIO
from typing import Any, Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from qrmerch.codes.artwork import pdf_ink
from qrmerch.printing.breaking import parts_of
from qrmerch.printing.faces import base_face, find_face
from qrmerch.printing.paper import Paper
from qrmerch.printing.shaping import BOLD_STROKE, cut_of, outlines, shape, whole

BASE, BOLD = "qrmerch-base", "qrmerch-base-bold"
# Above these, or with a mark that combines, letters take shapes and places from their neighbours.
_LAST_SIMPLE: Final = 0x058F
_SIMPLE_TOO: Final = range(0x1E00, 0x2C00)
_KEPT: Final = 2_048
ELLIPSIS: Final = "…"
_NARROWER: Final = 0.96
# Joiners that shape the letters beside them, and are seen by nobody.
_UNSEEN: Final = "\u200c\u200d"


@lru_cache(maxsize=_KEPT)
def printable(text: str) -> str:
    """What can be printed of a text: all of it, or without the characters that no face here has."""
    kept = (each for each in _composed(text) if each.isspace() or each in _UNSEEN or find_face(each))
    return " ".join("".join(kept).split())


@lru_cache(maxsize=_KEPT)
def list_missing(text: str) -> tuple[str, ...]:
    """The characters of a text that no face here has, each once."""
    letters = (each for each in _composed(text) if not each.isspace() and each not in _UNSEEN)
    return tuple(dict.fromkeys(each for each in letters if not find_face(each)))


def is_whole(lines: list[str], text: str) -> bool:
    """Whether lines that were made of a printable text have all of it."""
    return "".join("".join(lines).split()) == "".join(text.split())


def _composed(text: str) -> str:
    """A text with letters and their accents in one where Unicode has that, without marks that only steer."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(each for each in composed if each in _UNSEEN or unicodedata.category(each) != "Cf")


@lru_cache(maxsize=_KEPT)
def width_of(text: str, size: float, *, is_bold: bool = False, house: str = "") -> float:
    """How wide a printable text is, points.

    :param size: points.
    :param house: the file of a retailer's own face, for the letters it has; empty for none.
    """
    return size * sum(piece.width + BOLD_STROKE * piece.cut.is_stroked for piece in shape(text, is_bold, house))


def wrap(text: str, size: float, width: float, *, max_lines: int, is_bold: bool = False, house: str = "") -> list[str]:
    """A printable text in at most so many lines of this width, points; what does not fit ends in an ellipsis."""
    lines: list[str] = []
    parts = parts_of(text)
    while parts and len(lines) < max_lines:
        taken = 1
        is_last = len(lines) == max_lines - 1
        while taken < len(parts) and _fits(parts[: taken + 1], size, width, is_bold, house):
            taken += 1
        line, parts = "".join(parts[:taken]).rstrip(), parts[taken:]
        lines.append(_cut(line, size, width, is_cut=bool(is_last and parts), is_bold=is_bold, house=house))
    return lines


def _fits(parts: tuple[str, ...], size: float, width: float, is_bold: bool, house: str) -> bool:
    return width_of("".join(parts).rstrip(), size, is_bold=is_bold, house=house) <= width


def wrap_balanced(
    text: str, size: float, width: float, *, max_lines: int, is_bold: bool = False, house: str = ""
) -> list[str]:
    """As `wrap`, with lines of about one length, as a title wants them."""
    lines = wrap(text, size, width, max_lines=max_lines, is_bold=is_bold, house=house)
    while len(lines) > 1 and width > 0:
        width *= _NARROWER
        tighter = wrap(text, size, width, max_lines=max_lines, is_bold=is_bold, house=house)
        if len(tighter) > len(lines) or not is_whole(tighter, "".join(lines)):
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
    house: str = "",
) -> None:
    """Put a printable text on paper, or on a canvas of reportlab's.

    :param x: where it begins, ends or has its middle, as `align` says (`left`, `right`, `centre`); points.
    :param y: its base line.
    :param colour: `#rrggbb`.
    :param house: the file of a retailer's own face, for the letters it has; on paper only.
    """
    if not text:
        return
    if align != "left":
        x -= {"centre": 0.5, "right": 1.0}[align] * width_of(text, size, is_bold=is_bold, house=house)
    if isinstance(canvas, Paper):
        for piece in shape(text, is_bold, house):
            canvas.show(piece, x, y, size, ink=pdf_ink(colour))
            x += piece.width * size
    elif _is_base(text):
        _draw_base(canvas, text, x, y, size, colour, is_bold)
    else:
        _draw_outlines(canvas, text, x, y, size, colour, is_bold)


def _draw_base(canvas: Any, text: str, x: float, y: float, size: float, colour: str, is_bold: bool) -> None:
    register_base()
    canvas.addLiteral(f"q {pdf_ink(colour)}")
    written = canvas.beginText(x, y)
    written.setFont(BOLD if is_bold else BASE, size)
    written.textOut(text)
    canvas.drawText(written)
    canvas.addLiteral("Q")


def _draw_outlines(canvas: Any, text: str, x: float, y: float, size: float, colour: str, is_bold: bool) -> None:
    ink = pdf_ink(colour)
    canvas.addLiteral(f"q {ink} {ink.upper()} {BOLD_STROKE:.3f} w {size:.4f} 0 0 {size:.4f} {x:.3f} {y:.3f} cm")
    for left, up, path, is_stroked in outlines(text, is_bold=is_bold):
        if path:
            canvas.addLiteral(f"q 1 0 0 1 {left:.4f} {up:.4f} cm {path} {'B' if is_stroked else 'f'} Q")
    canvas.addLiteral("Q")


@cache
def register_base() -> None:
    """Make the base face known to reportlab in both weights, once a process."""
    for name, is_bold in ((BASE, False), (BOLD, True)):
        font = TTFont(name, BytesIO(whole(cut_of(base_face().path, is_bold))))
        # Both come from one file; reportlab takes fonts of one name for one font.
        font.face.name = name.encode()
        pdfmetrics.registerFont(font)


@lru_cache(maxsize=_KEPT)
def _is_base(text: str) -> bool:
    return all(map(_is_simple, text)) and base_face().has(text)


def _is_simple(character: str) -> bool:
    code = ord(character)
    return (code <= _LAST_SIMPLE or code in _SIMPLE_TOO) and not unicodedata.category(character).startswith("M")


def _cut(line: str, size: float, width: float, *, is_cut: bool, is_bold: bool, house: str) -> str:
    """The line, shortened from its end until it fits with an ellipsis, if it has to be."""
    if not is_cut and width_of(line, size, is_bold=is_bold, house=house) <= width:
        return line
    while line and width_of(line + ELLIPSIS, size, is_bold=is_bold, house=house) > width:
        line = line[:-1].rstrip()
    return line + ELLIPSIS
