"""A line of text as glyphs, in any script: which face, which glyphs, in which order they stand on paper, how wide.

Letters are joined, stacked, kerned and put in order by HarfBuzz, at any weight that a face can have, so that a line
is as sharp at the height of a door as on a tag. In: a text and a weight. Out: runs of glyphs from left to right.
Never: a box for a letter that no face has; ask `lettering.list_missing` first.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from qrmerch.printing.bidi import Stretch, in_visual_order
from qrmerch.printing.faces import Face, find_face
from qrmerch.printing.shaping import Cut, cut_at, lay, units_per_em

_KEPT: Final = 4_096
_ELLIPSIS: Final = "…"
_NARROWER: Final = 0.97
_RIGHT: Final = frozenset(("R", "AL"))


@dataclass(frozen=True, slots=True)
class Glyph:
    """One glyph of a face: how far the next one stands, and where it lies itself, in thousandths of the size."""

    id: int
    advance: float
    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """Glyphs of one cut, from left to right."""

    cut: Cut
    glyphs: tuple[Glyph, ...]

    @property
    def advance(self) -> float:
        return sum(glyph.advance for glyph in self.glyphs)


@dataclass(frozen=True, slots=True)
class Line:
    """A text that is ready to be put down; `tracking` moves its letters apart or together, thousandths of the size."""

    text: str
    runs: tuple[Run, ...]
    tracking: float

    def width(self, size: float) -> float:
        """How wide it is at a size, in the size's own unit."""
        glyphs = sum(len(run.glyphs) for run in self.runs)
        return (sum(run.advance for run in self.runs) + self.tracking * max(0, glyphs - 1)) * size / 1000


@lru_cache(maxsize=_KEPT)
def shape(text: str, weight: int = 400, *, direction: str = "ltr", tracking: float = 0.0, house: str = "") -> Line:
    """A printable text as a line.

    :param direction: of the line it stands in, `ltr` or `rtl`.
    :param tracking: left out for scripts whose letters join.
    :param house: the file of a retailer's own face, for the letters it has; empty for none.
    """
    runs: list[Run] = []
    is_joined = False
    for stretch in stretches_of(text, direction):
        pieces = _by_face(stretch.text, house)
        for face, piece in reversed(pieces) if stretch.is_rtl else pieces:
            cut = cut_at(face.path, weight)
            runs.append(Run(cut, _glyphs(cut, piece, stretch.is_rtl)))
            is_joined = is_joined or any(map(_is_joined, piece))
    return Line(text, tuple(runs), 0.0 if is_joined else tracking)


def wrap(
    text: str,
    size: float,
    width: float,
    weight: int,
    *,
    max_lines: int,
    direction: str = "ltr",
    tracking: float = 0,
    house: str = "",
) -> list[Line]:
    """A printable text in at most so many lines of this width; what does not fit ends in an ellipsis."""

    def line_of(words: str) -> Line:
        return shape(words, weight, direction=direction, tracking=tracking, house=house)

    lines: list[Line] = []
    left = _break(text)
    while left and len(lines) < max_lines:
        taken = 1
        while taken < len(left) and line_of(_join(left[: taken + 1])).width(size) <= width:
            taken += 1
        words, left = _join(left[:taken]), left[taken:]
        is_cut = bool(left) and len(lines) == max_lines - 1
        lines.append(_cut(words, size, width, line_of, is_cut=is_cut))
    return lines


def wrap_balanced(
    text: str,
    size: float,
    width: float,
    weight: int,
    *,
    max_lines: int,
    direction: str = "ltr",
    tracking: float = 0,
    house: str = "",
) -> list[Line]:
    """As `wrap`, with lines of about one length."""
    how: dict[str, Any] = {"max_lines": max_lines, "direction": direction, "tracking": tracking, "house": house}
    lines = wrap(text, size, width, weight, **how)
    said = [line.text for line in lines]
    while len(lines) > 1:
        width *= _NARROWER
        tighter = wrap(text, size, width, weight, **how)
        fits = all(line.width(size) <= width for line in tighter)
        if not fits or len(tighter) > len(lines) or "".join(_bare(tighter)) != "".join(_bare(said)):
            break
        lines = tighter
    return lines


def is_tall(text: str) -> bool:
    """Whether a text's letters reach so far up or down that its lines need more room between them."""
    return any(_is_joined(each) or unicodedata.east_asian_width(each) == "W" for each in text)


def is_whole(text: str, lines: list[Line]) -> bool:
    """Whether lines say all of a text."""
    return "".join(_bare(lines)) == "".join(text.split())


@lru_cache(maxsize=_KEPT)
def _glyphs(cut: Cut, text: str, is_rtl: bool) -> tuple[Glyph, ...]:
    infos, positions = lay(text, cut, is_rtl=is_rtl)
    share = 1000 / units_per_em(cut)
    starts = sorted({info.cluster for info in infos})
    ends = dict(zip(starts, [*starts[1:], len(text)], strict=True))
    said: set[int] = set()
    glyphs = []
    for info, place in zip(infos, positions, strict=True):
        words = "" if info.cluster in said else text[info.cluster : ends[info.cluster]]
        said.add(info.cluster)
        glyphs.append(
            Glyph(info.codepoint, place.x_advance * share, place.x_offset * share, place.y_offset * share, words)
        )
    return tuple(glyphs)


def _by_face(text: str, house: str) -> list[tuple[Face, str]]:
    """A text in pieces that each have a face, in the order they are read."""
    whole = find_face(text, house)
    if whole:
        return [(whole, text)]
    pieces: list[tuple[Face, str]] = []
    for character in text:
        # What combines stays with its letter; after a letter that was lent, the own face goes on.
        stays = (
            bool(pieces) and (not house or unicodedata.category(character)[0] in "MC") and pieces[-1][0].has(character)
        )
        face = pieces[-1][0] if pieces and (character.isspace() or stays) else find_face(character, house)
        if face is None:
            continue
        if pieces and face is pieces[-1][0]:
            pieces[-1] = (face, pieces[-1][1] + character)
        else:
            pieces.append((face, character))
    return pieces


def stretches_of(text: str, direction: str) -> list[Stretch]:
    """A text's parts as they stand on paper from left to right, in a line that runs this way."""
    return in_visual_order(text, is_rtl=direction == "rtl", kinds=_kinds_of(text))


def _kinds_of(text: str) -> list[str]:
    """Each character's kind. An address is one word that runs to the right, whatever it begins with."""
    kinds: list[str] = []
    for word in re.split(r"(\s+)", text):
        is_address = word.isascii() and "/" in word[1:]
        kinds += ["L" if is_address else unicodedata.bidirectional(each) for each in word]
    return kinds


def _is_joined(character: str) -> bool:
    """Whether a letter belongs to a script whose letters must not be moved apart."""
    return unicodedata.bidirectional(character) in _RIGHT or unicodedata.category(character).startswith("M")


def _break(text: str) -> list[str]:
    """A text in the parts between which a line may end; Chinese, Japanese and Korean may end after any letter."""
    parts: list[str] = []
    for word in text.split():
        parts.append(f" {word}")
        if any(unicodedata.east_asian_width(each) == "W" for each in word):
            parts[-1:] = [f" {word[0]}", *word[1:]]
    return parts


def _join(parts: list[str]) -> str:
    return "".join(parts).strip()


def _bare(lines: list[Line] | list[str]) -> list[str]:
    return ["".join((line if isinstance(line, str) else line.text).split()) for line in lines]


def _cut(words: str, size: float, width: float, line_of: Any, *, is_cut: bool) -> Line:
    """The line, shortened from its end until it fits with an ellipsis, if it has to be."""
    line: Line = line_of(words)
    if not is_cut and line.width(size) <= width:
        return line
    while words and line_of(words + _ELLIPSIS).width(size) > width:
        words = words[:-1].rstrip()
    return line_of(words + _ELLIPSIS)  # type: ignore[no-any-return]
