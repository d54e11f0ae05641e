"""The demo's own pictures, drawn from `drawings.txt`.

One line is one stroke: a verb, what it is made of, then after colons the points and the folds. An indented further
line that begins with ":" or "|" or a point goes on with the one before.

    colour NAME #rrggbb        or NAME OVER SHARE UNDER: the first colour mixed into the second
    ramp NAME COLOUR…          a gradient to fill with
    shape NAME : POINTS        "sym" before points mirrors them at x=600
    shade : SHAPE              its shadow;  floor X,Y WIDE HIGH  that of something standing
    piece COLOUR [SURFACE] : SHAPE : FOLDS      line, seam COLOUR [WIDTH] : LINES      knob, stone X,Y RADIUS COLOUR
    sides STROKE               the stroke, and the same mirrored
    begin TURN, inside SHAPE, repeat TIMES by X,Y or turn DEGREES,X,Y … end          use PART
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from qrmerch.demo.drawing import Sheet, both, flip
from qrmerch.rendering.brand import mix

_FILE = Path(__file__).with_name("drawings.txt")


@dataclass(frozen=True, slots=True)
class Drawing:
    """One picture's lines; `detail` is the part (x, y, width) worth a second look."""

    ground: str
    height: int
    detail: tuple[int, int, int] | None
    lines: tuple[str, ...]


def list_names() -> list[str]:
    """The names of all pictures."""
    return [name for name, drawing in _read().items() if drawing.ground]


def find_detail(name: str) -> tuple[int, int, int] | None:
    """The part of a picture worth a second look: x, y and width."""
    return _read()[name].detail


def draw(name: str, *, is_detail: bool = False, pixels: int | None = None) -> bytes:
    """A picture as PNG, or its detail.

    :param pixels: how wide; as wide as shops need it where left out.
    :raises KeyError: there is no picture of that name.
    """
    drawing = _read()[name]
    sheet = Sheet(drawing.ground, height=drawing.height)
    _Pen(sheet).draw(list(drawing.lines))
    return sheet.png(drawing.detail if is_detail else None, pixels=pixels)


@cache
def _read() -> dict[str, Drawing]:
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for raw in _FILE.read_text(encoding="utf-8").splitlines():
        text = raw.strip()
        if not text or text.startswith("#"):
            continue
        if not raw.startswith(" "):
            lines = found[text] = []
        elif lines and (text[0] in ":|<" or text[0].isdigit() or text.startswith("fill=")):
            lines[-1] += f" {text}"
        else:
            lines.append(text)
    return dict(_drawing(head.split(), lines) for head, lines in found.items())


def _drawing(head: list[str], lines: list[str]) -> tuple[str, Drawing]:
    kind, name, *more = head
    height = int(more[1]) if len(more) > 1 and more[1].isdigit() else 1500
    detail = tuple(int(each) for each in more[-1].split(",")) if "detail" in more else None
    return name, Drawing(more[0] if kind == "picture" else "", height, detail, tuple(lines))  # type: ignore[arg-type]


class _Pen:
    """Draws lines of the notation on a sheet."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._names: dict[str, str] = {}

    def draw(self, lines: list[str]) -> None:
        rest = iter(lines)
        for line in rest:
            head, *shapes = (part.strip() for part in line.split(" : ")) if not line.startswith("svg") else (line,)
            verb, *words = head.split()
            if verb == "repeat":
                self._repeat(words, _until_end(rest))
            elif verb == "sides":
                self._stroke(words[0], words[1:], shapes, turn=str)
                self._stroke(words[0], words[1:], shapes, turn=flip)
            else:
                self._stroke(verb, words, shapes, turn=str)

    def _repeat(self, words: list[str], lines: list[str]) -> None:
        x, y, *about = (float(each) for each in words[2].split(","))
        for at in range(int(words[0])):
            turn = f"translate({x * at:g} {y * at:g})" if words[1] == "by" else f"rotate({x * at:g} {y:g} {about[0]:g})"
            self._sheet.begin(turn)
            self.draw(lines)
            self._sheet.end()

    def _stroke(self, verb: str, words: list[str], shapes: list[str], *, turn: Callable[[str], str]) -> None:
        sheet = self._sheet
        if verb == "svg":
            sheet.add(" ".join(words).format_map(self._names))
            return
        plain = [self._names.get(word, word) for word in words if "=" not in word]
        options: dict[str, Any] = {}
        for name, value in (word.split("=") for word in words if "=" in word):
            value = self._names.get(value, value)
            options[name] = value if name in ("fill", "turn", "dash") else _number(value)
        points = [turn(self._points(shape)) for shape in shapes]
        match verb:
            case "colour":
                self._names[words[0]] = mix(plain[1], plain[3], float(plain[2])) if len(plain) == 4 else plain[1]
            case "ramp":
                self._names[words[0]] = sheet.ramp(*plain[1:], turn=options.get("turn", "0,0,1,1").replace(",", " "))
            case "shape":
                self._names[words[0]] = points[0]
            case "begin":
                sheet.begin(" ".join(words))
            case "inside":
                sheet.begin_inside(plain[0])
            case "end":
                sheet.end()
            case "use":
                self.draw(list(_read()[words[0]].lines))
            case "floor":
                sheet.floor(*_pair(plain[0]), float(plain[1]), float(plain[2]))
            case "shade":
                sheet.shade(points[0], **options)
            case "piece":
                sheet.piece(points[0], *plain, folds=points[1] if len(points) > 1 else "", **options)
            case "line" | "seam":
                getattr(sheet, verb)(points[0], plain[0], *(float(each) for each in plain[1:]), **options)
            case "knob" | "stone":
                getattr(sheet, verb)(*_pair(turn(plain[0])), float(plain[1]), plain[2])
            case _:
                raise ValueError(f"{verb} is no stroke")

    def _points(self, text: str) -> str:
        text = self._names.get(text, text)
        return both(text.removeprefix("sym ")) if text.startswith("sym ") else text


def _until_end(lines: Iterator[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        if line == "end":
            return found
        found.append(line)
    raise ValueError("a repeat has no end")


def _pair(text: str) -> tuple[float, float]:
    x, y = text.split(",")
    return float(x), float(y)


def _number(text: str) -> Any:
    return _pair(text) if "," in text else float(text)


if __name__ == "__main__":
    # The child's program: a picture's name, where to write it, and perhaps --detail.
    Path(sys.argv[2]).write_bytes(draw(sys.argv[1], is_detail="--detail" in sys.argv))
