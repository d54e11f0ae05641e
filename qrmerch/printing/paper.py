"""Pages of a PDF, written as they are drawn: the file grows, memory does not.

In: operators, shaped words, a picture. Out: pages one after the other, then the faces they used, each with only the
glyphs that were used. What was cut off goes on where it was last `marked`: bytes behind that are cut away.
No page is ever held but the one that is being drawn, and nothing here depends on the day, so that the same labels make
the same file.
"""

import hashlib
import os
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from qrmerch.printing.pdf import Objects, text_string, write_font
from qrmerch.printing.shaping import BOLD_STROKE, Cut, Piece

_CATALOG, _PAGES, _RESOURCES, _INFO = 1, 2, 3, 4
_KIDS_AT_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to be placed: rows of red, green and blue, and how much of each dot covers the paper."""

    width: int
    height: int
    rgb: bytes
    alpha: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.rgb + self.alpha).hexdigest()


class Paper:
    """A PDF that is being written into a file."""

    def __init__(self, file: BinaryIO, *, title: str) -> None:
        self._title = title
        # Those that are written last keep the first numbers.
        self._objects = Objects(file, [0] * 5)
        self._nodes: list[int] = []
        self._kids: list[list[int]] = []
        self._fonts: dict[Cut, int] = {}
        self._said: dict[Cut, dict[int, str]] = {}
        self._pictures: dict[str, int] = {}
        self._content: list[str] = []
        self._boxes = ""
        self.page_count = 0
        file.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    # --- drawing -----------------------------------------------------------------------------------

    def begin_page(
        self,
        size: tuple[float, float],
        *,
        bleed: tuple[float, float, float, float] | None = None,
        trim: tuple[float, float, float, float] | None = None,
    ) -> None:
        """Begin a page.

        :param size: width and height, points.
        :param bleed: how far colour goes, for a print shop: left, bottom, right, top; `trim`: where it is cut.
        """
        self._boxes = f"/MediaBox[0 0 {size[0]:.3f} {size[1]:.3f}]"
        for name, box in (("BleedBox", bleed), ("TrimBox", trim)):
            if box:
                self._boxes += f"/{name}[{' '.join(f'{each:.3f}' for each in box)}]"
        self._content.clear()

    def add(self, operators: str) -> None:
        """Put operators of a content stream on the page."""
        self._content.append(operators)

    def show(self, piece: Piece, x: float, y: float, size: float, *, ink: str) -> None:
        """Set a piece of words; `x` and `y` in points, `ink` the operator of its colour."""
        number = self._fonts.get(piece.cut)
        if number is None:
            number = self._fonts[piece.cut] = len(self._fonts)
            self._said[piece.cut] = {}
        said = self._said[piece.cut]
        said.update(piece.says)
        over = f" {ink.upper()} {BOLD_STROKE * size:.3f} w 2 Tr" if piece.cut.is_stroked else ""
        self._content.append(
            f"q {ink}{over} BT /F{number} 1 Tf {size:.4f} 0 0 {size:.4f} {x:.3f} {y:.3f} Tm {piece.shown} ET Q"
        )

    def place(self, picture: Picture, x: float, y: float, width: float, height: float) -> None:
        """Put a picture on the page; in the file it lies once, however often it is placed."""
        number = self._pictures.get(picture.digest)
        if number is None:
            number = self._pictures[picture.digest] = self._write_picture(picture)
        self._content.append(f"q {width:.3f} 0 0 {height:.3f} {x:.3f} {y:.3f} cm /P{number} Do Q")

    def end_page(self) -> None:
        """Write the page that was begun."""
        if not self._kids or len(self._kids[-1]) == _KIDS_AT_MOST:
            self._nodes.append(self._objects.take())
            self._kids.append([])
        content = self._objects.stream("", "\n".join(self._content).encode("latin-1"))
        page = f"<</Type/Page/Parent {self._nodes[-1]} 0 R{self._boxes}"
        page += f"/Resources {_RESOURCES} 0 R/Contents {content} 0 R>>"
        self._kids[-1].append(self._objects.put(page))
        self._content.clear()
        self.page_count += 1

    # --- marking and going on ----------------------------------------------------------------------

    def mark(self) -> dict[str, Any]:
        """What is needed to go on from here with the bytes that are in the file by now, as JSON."""
        file = self._objects.file
        file.flush()
        os.fsync(file.fileno())
        return {
            "bytes": file.tell(),
            "offsets": self._objects.offsets.tolist(),
            "nodes": self._nodes,
            "kids": self._kids,
            "fonts": [
                [cut.path, cut.weight, cut.is_stroked, {str(glyph): text for glyph, text in self._said[cut].items()}]
                for cut in self._fonts
            ],
            "pictures": self._pictures,
            "pages": self.page_count,
        }

    @classmethod
    def resumed(cls, file: BinaryIO, marked: dict[str, Any], *, title: str) -> "Paper":
        """The writing that was marked, whatever was written after it."""
        file.seek(marked["bytes"])
        file.truncate()
        paper = cls.__new__(cls)
        paper._objects, paper._title = Objects(file, marked["offsets"]), title
        paper._nodes, paper._kids = list(marked["nodes"]), [list(each) for each in marked["kids"]]
        paper._fonts, paper._said = {}, {}
        for path, weight, is_stroked, said in marked["fonts"]:
            cut = Cut(path, weight, is_stroked)
            paper._fonts[cut] = len(paper._fonts)
            paper._said[cut] = {int(glyph): text for glyph, text in said.items()}
        paper._pictures = dict(marked["pictures"])
        paper._content, paper._boxes = [], ""
        paper.page_count = marked["pages"]
        return paper

    # --- the end -----------------------------------------------------------------------------------

    def finish(self) -> None:
        """Write the faces and the tables at the end; the file is a PDF from now on."""
        put = self._objects.put
        fonts = "".join(
            f"/F{number} {write_font(self._objects, cut, self._said[cut])} 0 R" for cut, number in self._fonts.items()
        )
        pictures = "".join(f"/P{number} {number} 0 R" for number in self._pictures.values())
        put(f"<</Font<<{fonts}>>/XObject<<{pictures}>>>>", _RESOURCES)
        for node, kids in zip(self._nodes, self._kids, strict=True):
            listed = " ".join(f"{each} 0 R" for each in kids)
            put(f"<</Type/Pages/Parent {_PAGES} 0 R/Count {len(kids)}/Kids[{listed}]>>", node)
        listed = " ".join(f"{each} 0 R" for each in self._nodes)
        put(f"<</Type/Pages/Count {self.page_count}/Kids[{listed}]>>", _PAGES)
        put(f"<</Type/Catalog/Pages {_PAGES} 0 R/ViewerPreferences<</PrintScaling/None>>>>", _CATALOG)
        put(f"<</Title{text_string(self._title)}/Producer(qrmerch)>>", _INFO)
        self._objects.end(root=_CATALOG, about=_INFO)
        self._objects.file.flush()

    def _write_picture(self, picture: Picture) -> int:
        size = f"/Type/XObject/Subtype/Image/Width {picture.width}/Height {picture.height}/BitsPerComponent 8"
        mask = self._objects.stream(f"{size}/ColorSpace/DeviceGray", picture.alpha)
        return self._objects.stream(f"{size}/ColorSpace/DeviceRGB/SMask {mask} 0 R", picture.rgb)
