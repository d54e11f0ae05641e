"""A PDF written straight to a file: pages of any size in millimetres, type, pictures and codes, and nothing kept.

Each page and each picture goes to the file as soon as it is there; a picture that stands on ten pages is in it once,
as the JPEG that it is. Faces come last, with the glyphs that were used and no others. Places are millimetres from
the upper left corner of the finished page, as one measures it with a ruler.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image

from qrmerch.codes.artwork import POINTS_PER_MM, Symbol, pdf_drawing, pdf_ink
from qrmerch.codes.styles import PLAIN, Style
from qrmerch.printing.pdf import Objects, text_string, write_font, written_advance
from qrmerch.printing.shaping import Cut
from qrmerch.printing.sign_type import Line, Run

CROP_MM: Final = 5.0
# Crop marks stand off the page, so that a cut that is a little wide shows none of them.
_CROP_GAP_MM: Final = 1.0
_CROP_STROKE_MM: Final = 0.09
_CHUNK_BYTES: Final = 1 << 20
_ROUND: Final = 0.5523


class NotAJpeg(ValueError):
    """A file whose size in pixels cannot be found."""


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a page: its upper left corner and its sides, mm."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def inset(self, by: float) -> "Box":
        return Box(self.x + by, self.y + by, self.width - 2 * by, self.height - 2 * by)


@dataclass(frozen=True, slots=True)
class Laid:
    """A picture that is in the file: what pages call it, and its pixels."""

    name: str
    width: int
    height: int


class Paper:
    """One PDF on its way to a file that is open for writing; `close` ends it, and leaves the file open."""

    def __init__(self, file: BinaryIO, *, title: str, language: str) -> None:
        self._objects = Objects(file)
        self._pages: list[int] = []
        self._pictures: dict[str, tuple[int, Laid]] = {}
        # Of each cut, what pages call it and which of its glyphs stand for what.
        self._faces: dict[Cut, tuple[str, dict[int, str]]] = {}
        self._title, self._language = title, language
        self._tree, self._resources = self._objects.take(), self._objects.take()
        file.write(b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n")

    def add_jpeg(self, key: str, path: Path) -> Laid:
        """A picture's file, put in as it is; the same key twice is in it once.

        :raises NotAJpeg: it is none.
        """
        if key in self._pictures:
            return self._pictures[key][1]
        with path.open("rb") as file:
            width, height, parts = read_jpeg_size(file)
            colours = {1: "/DeviceGray", 3: "/DeviceRGB"}.get(parts)
            if colours is None:
                raise NotAJpeg(f"{parts} colours")
            size = file.seek(0, 2)
            file.seek(0)
            said = f"/Filter/DCTDecode/ColorSpace{colours}/BitsPerComponent 8/Width {width}/Height {height}"
            number, out = self._objects.begin(), self._objects.file
            out.write(f"{number} 0 obj\n<</Type/XObject/Subtype/Image{said}/Length {size}>>\nstream\n".encode())
            while chunk := file.read(_CHUNK_BYTES):
                out.write(chunk)
            out.write(b"\nendstream\nendobj\n")
        return self._keep_picture(key, number, width, height)

    def add_drawing(self, key: str, image: Image.Image) -> Laid:
        """A small picture of our own making, such as a logo, with what is transparent in it."""
        if key in self._pictures:
            return self._pictures[key][1]
        layer = image.convert("RGBA")
        kind = f"/Type/XObject/Subtype/Image/Width {layer.width}/Height {layer.height}/BitsPerComponent 8"
        mask = self._objects.stream(f"{kind}/ColorSpace/DeviceGray", layer.getchannel("A").tobytes())
        number = self._objects.stream(f"{kind}/ColorSpace/DeviceRGB/SMask {mask} 0 R", layer.convert("RGB").tobytes())
        return self._keep_picture(key, number, layer.width, layer.height)

    @contextmanager
    def page(self, width: float, height: float, *, bleed: float = 0.0) -> Iterator["Page"]:
        """A page to draw on; where it has a bleed, it gets crop marks around it.

        :param width: of the finished page, mm.
        :param bleed: how far what reaches the edge is drawn beyond it, mm.
        """
        page = Page(width, height, bleed, self._glyph_name)
        yield page
        number = self._objects.stream("", page.content)
        margin = page.margin
        media = f"0 0 {_points(width + 2 * margin)} {_points(height + 2 * margin)}"
        trim = _corners(margin, margin, width, height)
        around = _corners(margin - bleed, margin - bleed, width + 2 * bleed, height + 2 * bleed)
        self._pages.append(
            self._objects.put(
                f"<</Type/Page/Parent {self._tree} 0 R/MediaBox[{media}]/TrimBox[{trim}]/BleedBox[{around}]"
                f"/Resources {self._resources} 0 R/Contents {number} 0 R>>"
            )
        )

    def close(self) -> int:
        """Write what all pages share, and the end; how many pages there are."""
        put = self._objects.put
        faces = self._faces.items()
        fonts = "".join(f"/{name} {write_font(self._objects, cut, said)} 0 R" for cut, (name, said) in faces)
        pictures = "".join(f"/{laid.name} {number} 0 R" for number, laid in self._pictures.values())
        put(f"<</Font<<{fonts}>>/XObject<<{pictures}>>>>", self._resources)
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        put(f"<</Type/Pages/Count {len(self._pages)}/Kids[{kids}]>>", self._tree)
        root = put(
            f"<</Type/Catalog/Pages {self._tree} 0 R/Lang {text_string(self._language)}"
            "/ViewerPreferences<</DisplayDocTitle true/PrintScaling/None>>>>"
        )
        about = put(f"<</Title {text_string(self._title)}/Producer(qrmerch)>>")
        self._objects.end(root=root, about=about)
        return len(self._pages)

    def _glyph_name(self, run: Run) -> str:
        """What pages call a run's face; its glyphs are noted as used."""
        name, said = self._faces.setdefault(run.cut, (f"F{len(self._faces)}", {}))
        for glyph in run.glyphs:
            said[glyph.id] = said.get(glyph.id) or glyph.text
        return name

    def _keep_picture(self, key: str, number: int, width: int, height: int) -> Laid:
        laid = Laid(f"P{len(self._pictures) + 1}", width, height)
        self._pictures[key] = (number, laid)
        return laid


class Page:
    """One page that is being drawn; places are mm from the finished page's upper left corner."""

    def __init__(self, width: float, height: float, bleed: float, name_of: Callable[[Run], str]) -> None:
        self.width, self.height, self.bleed = width, height, bleed
        self.margin = bleed + CROP_MM + _CROP_GAP_MM if bleed else 0.0
        self._name_of = name_of
        self._parts: list[str] = []

    @property
    def whole(self) -> Box:
        """The page with its bleed, for what reaches the edge."""
        return Box(-self.bleed, -self.bleed, self.width + 2 * self.bleed, self.height + 2 * self.bleed)

    @property
    def content(self) -> bytes:
        """The page's drawing, crop marks and all."""
        margin = _points(self.margin)
        begin = f"q {POINTS_PER_MM:.6f} 0 0 {POINTS_PER_MM:.6f} {margin} {margin} cm"
        return "\n".join([begin, *self._parts, _crop_marks(self) if self.bleed else "", "Q"]).encode()

    def fill(self, box: Box, colour: str, *, radius: float = 0.0) -> None:
        """A box of one colour."""
        self._parts.append(f"q {pdf_ink(colour)} {self._outline(box, radius)} f Q")

    def frame(self, box: Box, colour: str, *, stroke: float, radius: float = 0.0, dash: float = 0.0) -> None:
        """The outline of a box."""
        dashes = f"[{dash:g} {dash:g}] 0 d " if dash else ""
        ink = pdf_ink(colour).upper()
        self._parts.append(f"q {ink} {stroke:.3f} w {dashes}{self._outline(box, radius)} S Q")

    def rule(
        self, x: float, y: float, to_x: float, to_y: float, colour: str, *, stroke: float, dash: float = 0
    ) -> None:
        """A straight line."""
        dashes = f"[{dash:g} {dash:g}] 0 d " if dash else ""
        line = f"{x:.3f} {self.height - y:.3f} m {to_x:.3f} {self.height - to_y:.3f} l S"
        self._parts.append(f"q {pdf_ink(colour).upper()} {stroke:.3f} w {dashes}{line} Q")

    def picture(self, laid: Laid, box: Box, *, focus: tuple[float, float] = (0.5, 0.5), fits: bool = False) -> None:
        """A picture that covers a box, cut around its focus; or, where it `fits`, whole in the middle of it."""
        shares = (box.width / laid.width, box.height / laid.height)
        share = min(shares) if fits else max(shares)
        width, height = laid.width * share, laid.height * share
        across, down = (0.5, 0.5) if fits else focus
        left, top = box.x + (box.width - width) * across, box.y + (box.height - height) * down
        place = f"{width:.3f} 0 0 {height:.3f} {left:.3f} {self.height - top - height:.3f} cm"
        self._parts.append(f"q {self._outline(box, 0)} W n {place} /{laid.name} Do Q")

    def symbol(self, symbol: Symbol, x: float, y: float, side: float, *, dark: str, style: Style = PLAIN) -> None:
        """A code with its quiet zone on white; the place for a logo in it is left free."""
        self.fill(Box(x, y, side, side), "#ffffff")
        self._parts.append(pdf_drawing(symbol, x=x, y=self.height - y - side, side=side, dark=dark, style=style))

    def text(self, line: Line, x: float, y: float, size: float, *, colour: str, align: str = "left") -> None:
        """A line of type; `y` is its base line, `align` says which part of it stands at `x`."""
        x -= {"left": 0.0, "centre": 0.5, "right": 1.0}[align] * line.width(size)
        for run in line.runs:
            if not run.glyphs:
                continue
            name = self._name_of(run)
            shown = _show(run, size, line.tracking)
            self._parts.append(
                f"BT {pdf_ink(colour)} /{name} {size:.3f} Tf 1 0 0 1 {x:.3f} {self.height - y:.3f} Tm {shown} ET"
            )
            x += (run.advance + line.tracking * len(run.glyphs)) * size / 1000

    def part(self, width: float, height: float) -> "Page":
        """A piece of this page to draw on by itself; see `insert`."""
        return Page(width, height, 0.0, self._name_of)

    def insert(self, part: "Page", x: float, y: float, *, is_upside_down: bool = False) -> None:
        """Put a part to its place, given by its upper left corner."""
        left, low = x, self.height - y - part.height
        if is_upside_down:
            matrix = f"-1 0 0 -1 {left + part.width:.3f} {low + part.height:.3f} cm"
        else:
            matrix = f"1 0 0 1 {left:.3f} {low:.3f} cm"
        self._parts += ["q", matrix, *part._parts, "Q"]

    def mirror(self) -> None:
        """Turn all that was drawn so far round, as what is read through the back of a film."""
        self._parts = [f"q -1 0 0 1 {self.width:.3f} 0 cm", *self._parts, "Q"]

    def _outline(self, box: Box, radius: float) -> str:
        x, y, width, height = box.x, self.height - box.bottom, box.width, box.height
        if not radius:
            return f"{x:.3f} {y:.3f} {width:.3f} {height:.3f} re"
        r = min(radius, width / 2, height / 2)
        k, right, top = r * (1 - _ROUND), x + width, y + height
        parts = (
            f"{x + r:.3f} {y:.3f} m {right - r:.3f} {y:.3f} l",
            f"{right - k:.3f} {y:.3f} {right:.3f} {y + k:.3f} {right:.3f} {y + r:.3f} c {right:.3f} {top - r:.3f} l",
            f"{right:.3f} {top - k:.3f} {right - k:.3f} {top:.3f} {right - r:.3f} {top:.3f} c {x + r:.3f} {top:.3f} l",
            f"{x + k:.3f} {top:.3f} {x:.3f} {top - k:.3f} {x:.3f} {top - r:.3f} c {x:.3f} {y + r:.3f} l",
            f"{x:.3f} {y + k:.3f} {x + k:.3f} {y:.3f} {x + r:.3f} {y:.3f} c h",
        )
        return " ".join(parts)


def read_jpeg_size(file: BinaryIO) -> tuple[int, int, int]:
    """A JPEG's width, height and number of colours, from its head.

    :raises NotAJpeg: they cannot be found.
    """
    if file.read(2) != b"\xff\xd8":
        raise NotAJpeg("no JPEG")
    while len(head := file.read(4)) == 4:
        marker, length = head[1], struct.unpack(">H", head[2:])[0]
        if head[0] != 0xFF or length < 2:
            break
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            frame = file.read(6)
            if len(frame) < 6:
                break
            height, width, parts = struct.unpack(">xHHB", frame)
            return width, height, parts
        file.seek(length - 2, 1)
    raise NotAJpeg("no frame")


def _show(run: Run, size: float, tracking: float) -> str:
    """The operators that put glyphs down, moved as the shaper says; the pen stands at the run's beginning."""
    parts: list[str] = []
    shown: list[str] = []
    rise, owed = 0.0, 0.0
    for glyph in run.glyphs:
        if abs(glyph.y - rise) > 0.01:
            parts.append(f"[{''.join(shown)}] TJ {glyph.y * size / 1000:.3f} Ts")
            shown, rise = [], glyph.y
        before = owed + glyph.x
        if abs(before) > 0.01:
            shown.append(f"{-before:.1f}")
        shown.append(f"<{glyph.id:04x}>")
        owed = glyph.advance + tracking - glyph.x - written_advance(run.cut, glyph.id)
    parts.append(f"[{''.join(shown)}] TJ" + (" 0 Ts" if rise else ""))
    return " ".join(parts)


def _crop_marks(page: Page) -> str:
    """Eight short lines that say where to cut."""
    gap, end = page.bleed + _CROP_GAP_MM, page.margin
    lines = []
    for x in (0.0, page.width):
        for y, to_y in ((-gap, -end), (page.height + gap, page.height + end)):
            lines.append(f"{x:.3f} {y:.3f} m {x:.3f} {to_y:.3f} l S")
    for y in (0.0, page.height):
        for x, to_x in ((-gap, -end), (page.width + gap, page.width + end)):
            lines.append(f"{x:.3f} {y:.3f} m {to_x:.3f} {y:.3f} l S")
    return f"q 0 G {_CROP_STROKE_MM} w {' '.join(lines)} Q"


def _points(mm: float) -> str:
    return f"{mm * POINTS_PER_MM:.3f}"


def _corners(x: float, y: float, width: float, height: float) -> str:
    return f"{_points(x)} {_points(y)} {_points(x + width)} {_points(y + height)}"


def mm_of(points: float) -> float:
    """A measure of type in mm."""
    return points / POINTS_PER_MM
