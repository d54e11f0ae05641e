"""Labels in the language of Zebra's printers, and such labels drawn back.

In: labels, one after the other. Out: ZPL II. The code is a bitmap of our own symbol in whole dots of the printer, so
that it is the one that was checked; plain western words are set in the printer's own face with every other character
written in hex, and words in other letters are bitmaps too. What a field says can therefore never be a command.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from io import BytesIO
from typing import BinaryIO, Final

from PIL import Image

from qrmerch.codes.artwork import (
    MIN_SIZE_MM,
    MM_PER_INCH,
    POINTS_PER_MM,
    QUIET_MODULES,
    Symbol,
    dots_per_module,
    draw_symbols,
    png_of,
)
from qrmerch.codes.preflight import ArtworkRefused, Verdict, check_fit, check_png
from qrmerch.errors import DomainError
from qrmerch.printing import lettering
from qrmerch.printing.labels import MARGIN_MM, Label, Wording, Words, code_size_mm, has_missing, lay_out
from qrmerch.printing.paper import Paper
from qrmerch.printing.reading import render_page
from qrmerch.printing.sheets import Run

RESOLUTIONS: Final = (203, 300)
_POINTS_PER_INCH: Final = 72
_WORDS_DARK: Final = 140
_PLAIN: Final = re.compile(r"[A-Za-z0-9 .,/:-]")
# What the printer's own face has for certain.
_LAST_LATIN: Final = 0xFF
# Of a letter's size: how far it reaches above its base line in the printer's face.
_ABOVE: Final = 0.78
_REPEATS: Final = {
    **{20 * times: chr(ord("g") + times - 1) for times in range(20, 0, -1)},
    **{times: chr(ord("G") + times - 1) for times in range(19, 0, -1)},
}
_COUNTS: Final = {letter: times for times, letter in _REPEATS.items()}
_RUN: Final = re.compile(r"(.)\1{2,}")
_GRAPHIC: Final = re.compile(rb"\^FO(\d+),(\d+)\^GFA,(\d+),(\d+),(\d+),([^\^]*)\^FS")
_FIELD: Final = re.compile(rb"\^FH\^FD([^\^]*)\^FS")
_SIZE: Final = re.compile(rb"\^PW(\d+)\^LL(\d+)")
_COPIES: Final = re.compile(rb"\^PQ(\d+)")


class ZplUnreadable(DomainError):
    """Something that is no ZPL of ours."""

    status = 422
    slug = "zpl_unreadable"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A label as its printer draws it: the bitmaps in place, the words of its text fields, and how often it comes."""

    picture: Image.Image
    words: tuple[str, ...]
    copies: int


@dataclass(slots=True)
class Zebra:
    """A file of labels that is being written."""

    file: BinaryIO
    run: Run
    wording: Wording
    dpi: int
    incomplete: dict[str, None] = field(default_factory=dict)
    cut: dict[str, None] = field(default_factory=dict)
    _kinds: set[int] = field(default_factory=set)

    @property
    def names(self) -> dict[str, list[str]]:
        """The names of which letters were left out, and those that were cut to fit, as JSON."""
        return {"incomplete": list(self.incomplete), "cut": list(self.cut)}

    def add(self, labels: list[Label]) -> None:
        """Write labels; the names of those of which something was left out or cut are kept.

        :raises ArtworkRefused: a code would not scan at what this printer makes of it.
        """
        # Such printers have no greys: where a tag has a logo, the name stands.
        # Its plain letters are set in the printer's own face.
        wording = replace(self.wording, logo=b"", face="")
        for label, symbol in zip(labels, draw_symbols(label.address for label in labels), strict=True):
            self._check(symbol)
            text, is_complete = write_label(label, symbol, self.run, wording, dpi=self.dpi)
            self.file.write(text)
            if has_missing(label, wording):
                self.incomplete[label.title] = None
            elif not is_complete:
                self.cut[label.title] = None

    def _check(self, symbol: Symbol) -> None:
        if symbol.modules in self._kinds:
            return
        room_mm = max(code_size_mm(symbol, self.run.stock), MIN_SIZE_MM)
        dots = dots_per_module(symbol, size_mm=room_mm, dpi=self.dpi)
        size_mm = symbol.side * dots * MM_PER_INCH / self.dpi
        if size_mm < MIN_SIZE_MM:
            report = check_fit(symbol, size_mm=MIN_SIZE_MM)
        else:
            report = check_png(png_of(symbol, size_mm=size_mm, dpi=self.dpi), symbol, dpi=self.dpi, asks_others=False)
        if report.verdict == Verdict.REFUSE:
            raise ArtworkRefused(report)
        self._kinds.add(symbol.modules)


def write_label(label: Label, symbol: Symbol, run: Run, wording: Wording, *, dpi: int) -> tuple[bytes, bool]:
    """One label from `^XA` to `^XZ` with its copies, and whether all its words are on it.

    Code and words go where the printer needs them, moved and stretched; their own size stays, in whole dots.
    """
    laid, grid = lay_out(label, symbol, run.stock, wording), _Grid(run, dpi)
    code = _picture_of(symbol, dots_per_module(symbol, size_mm=code_size_mm(symbol, run.stock), dpi=dpi))
    middle, centre = grid.place(laid.code_x + laid.side / 2, laid.code_y + laid.side / 2)
    fields = [_graphic(code, round(middle - code.width / 2), round(centre - code.height / 2))]
    fields += [_words(each, grid) for each in laid.words if each.line.text]
    return f"{grid.head}{''.join(fields)}^PQ{run.copies}^XZ\n".encode("ascii"), laid.is_complete


def outline_label(run: Run, *, dpi: int) -> bytes:
    """A frame as far inside a label's edges on all sides as its words are, to be printed and measured."""
    grid, margin = _Grid(run, dpi), MARGIN_MM * POINTS_PER_MM
    width, height = (side * POINTS_PER_MM for side in run.stock.label)
    left, top = (round(each) for each in grid.place(margin, height - margin))
    right, bottom = (round(each) for each in grid.place(width - margin, margin))
    return f"{grid.head}^FO{left},{top}^GB{right - left},{bottom - top},2^FS^PQ1^XZ\n".encode("ascii")


@dataclass(frozen=True, slots=True)
class _Grid:
    """The dots of one printer's labels."""

    run: Run
    dpi: int

    @property
    def head(self) -> str:
        width, height = (round(side / MM_PER_INCH * self.dpi) for side in self.run.stock.label)
        return f"^XA^CI28^LH0,0^PW{width}^LL{height}\n"

    @property
    def dots_a_point(self) -> float:
        return self.dpi / _POINTS_PER_INCH

    def place(self, x: float, y: float) -> tuple[float, float]:
        """From points, counted from a label's lower left corner, to dots from its upper left one."""
        run, down = self.run, self.run.stock.label[1] * POINTS_PER_MM - y
        right_dots, down_dots = (each / MM_PER_INCH * self.dpi for each in (run.right_mm, run.down_mm))
        return (
            x * self.dots_a_point * run.across + right_dots,
            down * self.dots_a_point * run.along + down_dots,
        )


def read_labels(file: BinaryIO) -> Iterator[Drawn]:
    """The labels of a file as they will be printed, one after the other.

    :raises ZplUnreadable: it is none of ours, or ends in the middle of a label.
    """
    rest = b""
    while chunk := file.read(1 << 16):
        *whole, rest = (rest + chunk).split(b"^XZ\n")
        yield from (_draw(each) for each in whole)
    if rest:
        raise ZplUnreadable("The file ends in the middle of a label. Make it anew.")


def field_text(text: str) -> str:
    """A text as the data of a `^FH` field: what is not a plain letter, digit or mark is written in hex."""
    return "".join(
        each if _PLAIN.fullmatch(each) else "".join(f"_{byte:02X}" for byte in each.encode("utf-8")) for each in text
    )


def pack(rows: list[bytes]) -> str:
    """Rows of bits as Zebra's compressed hex: repeats as a count and a digit, empty ends and equal rows as one mark."""
    packed, before = [], ""
    for row in rows:
        digits = row.hex().upper()
        if digits == before:
            packed.append(":")
            continue
        before = digits
        bare = digits.rstrip("0")
        end = "," if len(bare) < len(digits) else ""
        packed.append(_RUN.sub(lambda run: _times(len(run.group())) + run.group(1), bare) + end)
    return "".join(packed)


def unpack(text: str, row_bytes: int) -> list[bytes]:
    """What `pack` made, as rows again.

    :raises ZplUnreadable: it is no such text.
    """
    rows: list[bytes] = []
    digits, times = "", 0
    for letter in text:
        if letter in _COUNTS:
            times += _COUNTS[letter]
            continue
        if letter == ":" and rows and not digits:
            rows.append(rows[-1])
            continue
        if letter == ",":
            digits = digits.ljust(2 * row_bytes, "0")
        elif letter in "0123456789ABCDEF":
            digits += letter * max(times, 1)
        else:
            raise ZplUnreadable(f"{letter} means nothing in a bitmap. Make the file anew.")
        times = 0
        if len(digits) >= 2 * row_bytes:
            rows.append(bytes.fromhex(digits[: 2 * row_bytes]))
            digits = digits[2 * row_bytes :]
    return rows


def _times(count: int) -> str:
    """A number as its letters: those of the twenties first."""
    written = ""
    for times, letter in _REPEATS.items():
        while count >= times:
            written += letter
            count -= times
    return written


def _picture_of(symbol: Symbol, dots: int) -> Image.Image:
    """The symbol in whole dots, quiet zone included, dark as 1."""
    side = symbol.side
    grey = Image.new("L", (side, side), 0)
    modules = Image.frombytes("L", (symbol.modules, symbol.modules), b"".join(symbol.rows).translate(_DARK_AS_255))
    grey.paste(modules, (QUIET_MODULES, QUIET_MODULES))
    return grey.resize((side * dots, side * dots), Image.Resampling.NEAREST).convert("1", dither=Image.Dither.NONE)


_DARK_AS_255: Final = bytes((0, 255)) + bytes(254)


def _graphic(picture: Image.Image, x: int, y: int) -> str:
    """A bitmap field; what would lie off the label's upper left is cut away."""
    if x < 0 or y < 0:
        picture = picture.crop((max(-x, 0), max(-y, 0), picture.width, picture.height))
        x, y = max(x, 0), max(y, 0)
    row_bytes = (picture.width + 7) // 8
    data = picture.tobytes()
    rows = [data[at : at + row_bytes] for at in range(0, len(data), row_bytes)]
    return f"^FO{x},{y}^GFA,{len(data)},{len(data)},{row_bytes},{pack(rows)}^FS\n"


def _words(words: Words, grid: _Grid) -> str:
    line, scale = words.line, grid.dots_a_point
    width = lettering.width_of(line.text, line.size, is_bold=line.is_bold)
    begin = words.x - {"left": 0.0, "centre": 0.5, "right": 1.0}[words.align] * width
    left, base = grid.place(begin, words.y)
    if all(ord(each) <= _LAST_LATIN for each in line.text):
        size, room = round(line.size * scale), round(width * scale) + 1
        align = {"left": "L", "centre": "C", "right": "R"}[words.align]
        top = max(round(base - line.size * scale * _ABOVE), 0)
        begun = f"^FO{max(round(left), 0)},{top}^A0N,{size},{size}^FB{room},1,0,{align}"
        return f"{begun}^FH^FD{field_text(line.text)}^FS\n"
    picture, drop = _bitmap_of(line.text, line.size, line.is_bold, grid.dpi)
    return _graphic(picture, round(left), round(base) - picture.height + drop)


@lru_cache(maxsize=512)
def _bitmap_of(text: str, size: float, is_bold: bool, dpi: int) -> tuple[Image.Image, int]:
    """A line as bits, and how many of their rows lie under its base line."""
    file = BytesIO()
    paper = Paper(file, title="")
    width, drop = lettering.width_of(text, size, is_bold=is_bold) + size, size * 0.5
    paper.begin_page((width, size * 2))
    lettering.draw(paper, text, 0, drop, size, colour="#000000", is_bold=is_bold)
    paper.end_page()
    paper.finish()
    grey = render_page(file.getvalue(), 0, dpi)
    bits = grey.point(lambda value: 255 if value < _WORDS_DARK else 0).convert("1", dither=Image.Dither.NONE)
    return bits, round(drop * dpi / _POINTS_PER_INCH)


def _draw(label: bytes) -> Drawn:
    size = _SIZE.search(label)
    if size is None or not label.startswith(b"^XA"):
        raise ZplUnreadable("This is no label of ours. Make the file anew.")
    width, height = (int(each) for each in size.groups())
    picture = Image.new("1", (width, height), 1)
    for x, y, _, length, row_bytes, data in _GRAPHIC.findall(label):
        rows = unpack(data.decode("ascii"), int(row_bytes))
        if sum(map(len, rows)) != int(length):
            raise ZplUnreadable("A bitmap of this label is not whole. Make the file anew.")
        bits = Image.frombytes("1", (8 * int(row_bytes), len(rows)), b"".join(rows))
        picture.paste(0, (int(x), int(y)), bits)
    words = tuple(_said(each) for each in _FIELD.findall(label))
    copies = _COPIES.search(label)
    return Drawn(picture.convert("L"), words, int(copies.group(1)) if copies else 1)


def _said(field: bytes) -> str:
    return re.sub(rb"_([0-9A-F]{2})", lambda two: bytes.fromhex(two.group(1).decode()), field).decode("utf-8")
