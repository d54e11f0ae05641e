"""A line of text as glyphs, in any script: which face, which glyphs, in which order they stand on paper, how wide.

Letters are joined, stacked, kerned and put in order by HarfBuzz, at any weight that a face can have, so that a line
is as sharp at the height of a door as on a tag. In: a text and a weight. Out: runs of glyphs from left to right.
Never: a box for a letter that no face has; ask `list_missing` first.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

import uharfbuzz

from qrmerch.printing.faces import Face, find_face, without_unknown

_KEPT: Final = 4_096
_ELLIPSIS: Final = "…"
_NARROWER: Final = 0.97
# What stands alone between two words of another direction takes the direction of the line.
_RIGHT: Final = frozenset(("R", "AL"))
_NUMBERS: Final = frozenset(("EN", "AN"))
_AROUND_NUMBERS: Final = frozenset(("ES", "ET", "CS"))


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
    """Glyphs of one face and weight, from left to right."""

    path: str
    weight: int
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
def shape(text: str, weight: int = 400, *, direction: str = "ltr", tracking: float = 0.0) -> Line:
    """A printable text as a line.

    :param direction: of the line it stands in, `ltr` or `rtl`.
    :param tracking: left out for scripts whose letters join.
    """
    runs: list[Run] = []
    is_joined = False
    for level, part in _levels_of(text, is_rtl=direction == "rtl"):
        pieces = _by_face(part)
        for face, piece in pieces if level % 2 == 0 else reversed(pieces):
            runs.append(Run(face.path, weight, _glyphs(face.path, weight, piece, level % 2 == 1)))
            is_joined = is_joined or any(map(_is_joined, piece))
    return Line(text, tuple(runs), 0.0 if is_joined else tracking)


def printable(text: str) -> str:
    """All of a text that some face has letters for, spaces joined."""
    return without_unknown(" ".join(text.split()))


def list_missing(text: str) -> list[str]:
    """The characters of a text that no face has, each once."""
    return [each for each in dict.fromkeys(text) if not each.isspace() and without_unknown(each) == ""]


def wrap(
    text: str, size: float, width: float, weight: int, *, max_lines: int, direction: str = "ltr", tracking: float = 0
) -> list[Line]:
    """A printable text in at most so many lines of this width; what does not fit ends in an ellipsis."""

    def line_of(words: str) -> Line:
        return shape(words, weight, direction=direction, tracking=tracking)

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
    text: str, size: float, width: float, weight: int, *, max_lines: int, direction: str = "ltr", tracking: float = 0
) -> list[Line]:
    """As `wrap`, with lines of about one length."""
    how: dict[str, Any] = {"max_lines": max_lines, "direction": direction, "tracking": tracking}
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


@lru_cache(maxsize=64)
def font_of(path: str, weight: int) -> Any:
    """A face at a weight, as HarfBuzz has it."""
    face = uharfbuzz.Face(_blob(path), 0)
    font = uharfbuzz.Font(face)
    axes = {axis.tag: axis for axis in face.axis_infos}
    if "wght" in axes:
        font.set_variations({"wght": float(min(max(weight, axes["wght"].min_value), axes["wght"].max_value))})
    return font


@cache
def _blob(path: str) -> Any:
    return uharfbuzz.Blob.from_file_path(path)


@lru_cache(maxsize=_KEPT)
def _glyphs(path: str, weight: int, text: str, is_rtl: bool) -> tuple[Glyph, ...]:
    font = font_of(path, weight)
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if is_rtl else "ltr"
    uharfbuzz.shape(font, buffer)
    share = 1000 / font.face.upem
    starts = sorted({info.cluster for info in buffer.glyph_infos})
    ends = dict(zip(starts, [*starts[1:], len(text)], strict=True))
    said: set[int] = set()
    glyphs = []
    for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        words = "" if info.cluster in said else text[info.cluster : ends[info.cluster]]
        said.add(info.cluster)
        glyphs.append(
            Glyph(info.codepoint, place.x_advance * share, place.x_offset * share, place.y_offset * share, words)
        )
    return tuple(glyphs)


def _by_face(text: str) -> list[tuple[Face, str]]:
    """A text in pieces that each have a face, in the order they are read."""
    whole = find_face(text)
    if whole:
        return [(whole, text)]
    pieces: list[tuple[Face, str]] = []
    for character in text:
        if pieces and (character.isspace() or pieces[-1][0].has(character)):
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + character)
        elif (face := find_face(character)) is not None:
            pieces.append((face, character))
    return pieces


def _levels_of(text: str, *, is_rtl: bool) -> list[tuple[int, str]]:
    """A text's parts from left to right with their level: even ones run to the right, odd ones to the left.

    The rule of Unicode (UAX 9) without explicit marks, which no name of ours may hold.
    """
    base = 1 if is_rtl else 0
    levels = _resolve(_kinds_of(text), base)
    parts: list[tuple[int, str]] = []
    for level, character in zip(levels, text, strict=True):
        if parts and parts[-1][0] == level:
            parts[-1] = (level, parts[-1][1] + character)
        else:
            parts.append((level, character))
    for turned in range(max((level for level, _ in parts), default=0), 0, -1):
        parts = _turned(parts, turned)
    return parts


def _kinds_of(text: str) -> list[str]:
    """Each character's kind. An address is one word that runs to the right, whatever it begins with."""
    kinds: list[str] = []
    for word in re.split(r"(\s+)", text):
        is_address = word.isascii() and "/" in word[1:]
        kinds += ["L" if is_address else unicodedata.bidirectional(each) for each in word]
    return kinds


def _turned(parts: list[tuple[int, str]], least: int) -> list[tuple[int, str]]:
    """Stretches of parts of at least this level, each the other way round."""
    out: list[tuple[int, str]] = []
    stretch: list[tuple[int, str]] = []
    for part in [*parts, (0, "")]:
        if part[0] >= least:
            stretch.append(part)
            continue
        out += [*stretch[::-1], part]
        stretch = []
    return out[:-1]


def _resolve(kinds: list[str], base: int) -> list[int]:
    kinds = _with_numbers(kinds, base)
    levels = [_own_level(kind, base) for kind in kinds]
    ways = [None if level is None else kind == "L" for kind, level in zip(kinds, levels, strict=True)]
    return [_between(ways, at, base) if level is None else level for at, level in enumerate(levels)]


def _own_level(kind: str, base: int) -> int | None:
    if kind in _RIGHT:
        return 1
    if kind == "L":
        return 0 if base == 0 else 2
    return 2 if kind in _NUMBERS else None


def _with_numbers(kinds: list[str], base: int) -> list[str]:
    """Signs inside and beside numbers made numbers, marks what they sit on, numbers after western letters letters."""
    kinds = list(kinds)
    strong = "R" if base else "L"
    for at, kind in enumerate(kinds):
        if kind == "NSM":
            kinds[at] = kinds[at - 1] if at else "ON"
        before, after = kinds[at - 1] if at else "", kinds[at + 1] if at + 1 < len(kinds) else ""
        if kind in ("ES", "CS") and before in _NUMBERS and after in _NUMBERS:
            kinds[at] = before
        elif kind == "ET" and (before == "EN" or after == "EN"):
            kinds[at] = "EN"
        strong = kinds[at] if kinds[at] in ("L", "R", "AL") else strong
        if kinds[at] == "EN" and strong == "L":
            kinds[at] = "L"
    return ["ON" if kind in _AROUND_NUMBERS else kind for kind in kinds]


def _between(ways: list[bool | None], at: int, base: int) -> int:
    """The level of what has no direction: that of both its neighbours where they agree, else the line's.

    :param ways: whether each character runs to the right; None for those that have no direction.
    """
    line = base == 0
    before = next((way for way in reversed(ways[:at]) if way is not None), line)
    after = next((way for way in ways[at + 1 :] if way is not None), line)
    if before != after:
        return base
    return (0 if base == 0 else 2) if before else 1


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
