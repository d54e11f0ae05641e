"""Words as glyphs: which shapes of which face stand where, in any script and both directions.

HarfBuzz joins, stacks and reorders letters; the order of stretches that run different ways is `bidi`'s. What comes out
has no size: one em is 1. It goes into a PDF as text of an embedded face (`paper`), or as outlines on any canvas.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, Final

import uharfbuzz as hb

from qrmerch.printing.bidi import in_visual_order
from qrmerch.printing.faces import face_of, split_by_face

BOLD_WEIGHT, PLAIN_WEIGHT, WIDTH = 600, 400, 100
# Where a face has one weight, its stroke, this share of the size thick, makes the bolder one.
BOLD_STROKE: Final = 0.03
# Names come again after hundreds of labels, each of which has words of its own.
_KEPT: Final = 4_096
_NEAR: Final = 0.0004
# What a glyph says that is but a part of a letter: nothing that anybody sees.
_UNSEEN: Final = "\u200b"
# What shapes and describes; in a PDF the glyphs are chosen already.
_NOT_IN_PDF: Final = tuple(
    int.from_bytes(tag.encode(), "big")
    for tag in ("GSUB", "GPOS", "GDEF", "STAT", "meta", "DSIG", "BASE", "vhea", "vmtx", "VORG")
)


@dataclass(frozen=True, slots=True)
class Cut:
    """A face at one weight; `is_stroked` where it has no such weight and its outline is drawn over."""

    path: str
    weight: int
    is_stroked: bool


@dataclass(frozen=True, slots=True)
class Glyph:
    """A shape and where it stands: ems from the beginning of its piece, and above the base line."""

    number: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Piece:
    """Letters of one cut that stand together, as glyphs from left to right; `width` in ems.

    `shown` is what a PDF writes to show them at size 1; `says` what each glyph stands for, as far as one can say.
    """

    cut: Cut
    width: float
    shown: str
    says: dict[int, str]


@lru_cache(maxsize=_KEPT)
def shape(text: str, is_bold: bool = False, house: str = "") -> tuple[Piece, ...]:
    """A line as pieces, from left to right. Characters that no face has must be gone.

    :param house: the file of a retailer's own face, for the letters it has; empty for none.
    """
    return tuple(
        Piece(cut, width, _shown(_font_of(cut), glyphs), says)
        for cut, glyphs, width, says in _laid_pieces(text, is_bold, house)
    )


_LaidPiece = tuple[Cut, list[Glyph], float, dict[int, str]]


def _laid_pieces(text: str, is_bold: bool, house: str = "") -> Iterator[_LaidPiece]:
    for stretch in in_visual_order(text):
        parts = split_by_face(stretch.text, house)
        for part in reversed(parts) if stretch.is_rtl else parts:
            path = face_of(part, house).path
            # A retailer's own face is as bold as it wants to be.
            cut = cut_at(path, BOLD_WEIGHT) if path == house else cut_of(path, is_bold)
            yield _lay_piece(part, cut, stretch.is_rtl)


@cache
def cut_of(path: str, is_bold: bool) -> Cut:
    """The cut of a face file that is nearest to what is wanted."""
    cut = cut_at(path, BOLD_WEIGHT if is_bold else PLAIN_WEIGHT)
    return cut if cut.weight else replace(cut, is_stroked=is_bold)


@cache
def cut_at(path: str, weight: int) -> Cut:
    """A face file at the weight it has that is nearest; weight 0 where it has but one."""
    axis = next((axis for axis in _face(path).axis_infos if axis.tag == "wght"), None)
    return Cut(path, round(min(max(weight, axis.min_value), axis.max_value)) if axis else 0, False)


def subset(cut: Cut, numbers: set[int]) -> tuple[bytes, bool]:
    """The font file of a cut with these glyphs only, numbered as before, and whether its outlines are CFF's."""
    face = _face(cut.path)
    wanted = hb.SubsetInput()
    wanted.flags = hb.SubsetFlags.RETAIN_GIDS | hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE
    if "CFF " in face.table_tags:
        wanted.flags |= hb.SubsetFlags.CFF_IDENTITY_CHARSET | hb.SubsetFlags.DESUBROUTINIZE
    wanted.glyph_set.update({0, *numbers})
    wanted.drop_table_tag_set.update(_NOT_IN_PDF)
    _pin(wanted, cut)
    return wanted.subset(face).blob.data, "CFF " in face.table_tags


@cache
def can_be_set(path: str) -> bool:
    """Whether a font file can be shaped and put into a document; asked of those that come from outside."""
    try:
        data, _ = subset(cut_at(path, BOLD_WEIGHT), {1})
        return bool(data) and _face(path).glyph_count > 1
    except (RuntimeError, ValueError):
        return False


def whole(cut: Cut) -> bytes:
    """The font file of a cut with all its glyphs, at its one weight."""
    wanted = hb.SubsetInput()
    wanted.keep_everything()
    wanted.drop_table_tag_set.update(_NOT_IN_PDF)
    _pin(wanted, cut)
    return bytes(wanted.subset(_face(cut.path)).blob.data)


def _pin(wanted: Any, cut: Cut) -> None:
    if cut.weight:
        for axis in _face(cut.path).axis_infos:
            wanted.pin_axis_location(_face(cut.path), axis.tag, _location(cut, axis.tag, axis.default_value))


def metrics_of(cut: Cut) -> tuple[int, int]:
    """How far a cut's letters reach above the base line and below it, in thousandths of an em."""
    font = _font_of(cut)
    extents = font.font.get_font_extents("ltr")
    return round(extents.ascender * 1000 / font.upem), round(extents.descender * 1000 / font.upem)


def advance_of(cut: Cut, number: int) -> float:
    """How far a glyph moves the pen by itself, ems."""
    return _font_of(cut).advance(number)


@lru_cache(maxsize=_KEPT)
def outline_of(cut: Cut, number: int) -> str:
    """A glyph's outline as a PDF path over an em of 1, to be filled."""
    upem = _face(cut.path).upem
    path: list[str] = []
    at = (0.0, 0.0)

    def write(operator: str, *numbers: float) -> None:
        nonlocal at
        at = numbers[-2:] or at  # type: ignore[assignment]
        path.append(" ".join((*(f"{each / upem:.4f}" for each in numbers), operator)))

    def bend(x1: float, y1: float, x2: float, y2: float, _: Any) -> None:
        x0, y0 = at
        write(
            "c", x0 + (x1 - x0) * 2 / 3, y0 + (y1 - y0) * 2 / 3, x2 + (x1 - x2) * 2 / 3, y2 + (y1 - y2) * 2 / 3, x2, y2
        )

    functions = hb.DrawFuncs()
    functions.set_move_to_func(lambda x, y, _: write("m", x, y))
    functions.set_line_to_func(lambda x, y, _: write("l", x, y))
    functions.set_quadratic_to_func(bend)
    functions.set_cubic_to_func(lambda x1, y1, x2, y2, x, y, _: write("c", x1, y1, x2, y2, x, y))
    functions.set_close_path_func(lambda _: path.append("h"))
    _font_of(cut).font.draw_glyph(number, functions)
    return " ".join(path)


@cache
def _face(path: str) -> Any:
    return hb.Face(hb.Blob.from_file_path(path))


class _Font:
    """HarfBuzz's font of a cut, at one unit for each of the face's, and how wide its glyphs are."""

    def __init__(self, cut: Cut) -> None:
        face = _face(cut.path)
        self.font = hb.Font(face)
        self.upem: int = face.upem
        self._advances: dict[int, float] = {}
        if cut.weight:
            axes = {axis.tag: _location(cut, axis.tag, axis.default_value) for axis in face.axis_infos}
            self.font.set_variations(axes)

    def advance(self, number: int) -> float:
        found = self._advances.get(number)
        if found is None:
            found = self._advances[number] = float(self.font.get_glyph_h_advance(number)) / self.upem
        return found


@cache
def _font_of(cut: Cut) -> _Font:
    return _Font(cut)


def _location(cut: Cut, tag: str, default: float) -> float:
    return {"wght": float(cut.weight), "wdth": float(WIDTH)}.get(tag, default)


def lay(text: str, cut: Cut, *, is_rtl: bool) -> tuple[Any, Any]:
    """HarfBuzz's glyphs of a text in one cut, and their places in the face's units, from left to right."""
    buffer = hb.Buffer()
    buffer.add_codepoints([ord(each) for each in text])
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if is_rtl else "ltr"
    hb.shape(_font_of(cut).font, buffer)
    return buffer.glyph_infos, buffer.glyph_positions


def units_per_em(cut: Cut) -> int:
    """How many of a face's units make an em."""
    return _font_of(cut).upem


def _lay_piece(text: str, cut: Cut, is_rtl: bool) -> _LaidPiece:
    upem = units_per_em(cut)
    infos, positions = lay(text, cut, is_rtl=is_rtl)
    glyphs, pen = [], 0.0
    for info, position in zip(infos, positions, strict=True):
        x_offset, y_offset, x_advance = position.x_offset, position.y_offset, position.x_advance
        glyphs.append(Glyph(info.codepoint, pen + x_offset / upem, y_offset / upem))
        pen += x_advance / upem
    return cut, glyphs, pen, _says(text, infos, positions)


def _shown(font: _Font, glyphs: list[Glyph]) -> str:
    """The operators that show glyphs; where one does not stand where the pen is, the pen is moved."""
    parts, letters, pen, rise = ["["], list[str](), 0.0, 0.0
    for glyph in glyphs:
        off, lift = glyph.x - pen, glyph.y - rise
        if abs(off) > _NEAR or abs(lift) > _NEAR:
            if letters:
                parts.append(f"<{''.join(letters)}>")
                letters.clear()
            if abs(lift) > _NEAR:
                parts.append(f"]TJ {glyph.y:.4f} Ts[")
                rise = glyph.y
            if abs(off) > _NEAR:
                parts.append(f"{-1000 * off:.1f}")
                pen += off
        letters.append(f"{glyph.number:04x}")
        pen += font.advance(glyph.number)
    parts.append(f"<{''.join(letters)}>]TJ" if letters else "]TJ")
    return "".join((*parts, " 0 Ts" if rise else ""))


def _says(text: str, infos: Any, positions: Any) -> dict[int, str]:
    """What each glyph stands for: of those that share letters, the widest has them all."""
    ends = dict(pairwise([*sorted({info.cluster for info in infos}), len(text)]))
    widest: dict[int, tuple[int, int]] = {}
    for info, position in zip(infos, positions, strict=True):
        if position.x_advance > widest.get(info.cluster, (-1, 0))[0]:
            widest[info.cluster] = (position.x_advance, info.codepoint)
    said = {info.codepoint: _UNSEEN for info in infos}
    for cluster, (_, number) in widest.items():
        said[number] = text[cluster : ends[cluster]]
    return said


def outlines(text: str, *, is_bold: bool = False) -> Iterator[tuple[float, float, str, bool]]:
    """A line's glyphs as paths: where each begins, ems, its outline, and whether that is drawn over."""
    left = 0.0
    for cut, glyphs, width, _ in _laid_pieces(text, is_bold):
        for glyph in glyphs:
            yield left + glyph.x, glyph.y, outline_of(cut, glyph.number), cut.is_stroked
        left += width
