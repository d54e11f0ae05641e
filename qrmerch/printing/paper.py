"""Pages of a PDF, written as they are drawn: the file grows, memory does not.

In: operators, shaped words, a picture. Out: pages one after the other, then the faces they used, each with only the
glyphs that were used. What was cut off goes on where it was last `marked`: bytes behind that are cut away.
No page is ever held but the one that is being drawn, and nothing here depends on the day, so that the same labels make
the same file.
"""

import hashlib
import os
import zlib
from array import array
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from qrmerch.printing.shaping import BOLD_STROKE, Cut, Piece, advance_of, metrics_of, subset

_CATALOG, _PAGES, _RESOURCES, _INFO = 1, 2, 3, 4
_KIDS_AT_MOST: Final = 64
_PACKED: Final = 6
_BYTES_OF_A_RANGE: Final = 100


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
        self._file = file
        self._title = title
        # Where each object begins; those that are written last keep their place.
        self._offsets = array("Q", [0] * 5)
        self._nodes: list[int] = []
        self._kids: list[list[int]] = []
        self._fonts: dict[Cut, int] = {}
        self._said: dict[Cut, dict[int, str]] = {}
        self._pictures: dict[str, int] = {}
        self._content: list[str] = []
        self._boxes = ""
        self.page_count = 0
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

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
            self._nodes.append(self._take())
            self._kids.append([])
        content = self._stream("", "\n".join(self._content).encode("latin-1"))
        page = f"<</Type/Page/Parent {self._nodes[-1]} 0 R{self._boxes}"
        page += f"/Resources {_RESOURCES} 0 R/Contents {content} 0 R>>"
        self._kids[-1].append(self._object(page))
        self._content.clear()
        self.page_count += 1

    # --- marking and going on ----------------------------------------------------------------------

    def mark(self) -> dict[str, Any]:
        """What is needed to go on from here with the bytes that are in the file by now, as JSON."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return {
            "bytes": self._file.tell(),
            "offsets": self._offsets.tolist(),
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
        paper._file, paper._title = file, title
        paper._offsets = array("Q", marked["offsets"])
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
        fonts = "".join(f"/F{number} {self._write_font(cut)} 0 R" for cut, number in self._fonts.items())
        pictures = "".join(f"/P{number} {number} 0 R" for number in self._pictures.values())
        self._object(f"<</Font<<{fonts}>>/XObject<<{pictures}>>>>", _RESOURCES)
        for node, kids in zip(self._nodes, self._kids, strict=True):
            listed = " ".join(f"{each} 0 R" for each in kids)
            self._object(f"<</Type/Pages/Parent {_PAGES} 0 R/Count {len(kids)}/Kids[{listed}]>>", node)
        listed = " ".join(f"{each} 0 R" for each in self._nodes)
        self._object(f"<</Type/Pages/Count {self.page_count}/Kids[{listed}]>>", _PAGES)
        self._object(f"<</Type/Catalog/Pages {_PAGES} 0 R/ViewerPreferences<</PrintScaling/None>>>>", _CATALOG)
        title = ("\ufeff" + self._title).encode("utf-16-be").hex()
        self._object(f"<</Title<{title}>/Producer(qrmerch)>>", _INFO)
        start = self._file.tell()
        lines = [f"xref\n0 {len(self._offsets)}\n0000000000 65535 f \n"]
        lines += [f"{offset:010d} 00000 n \n" for offset in self._offsets[1:]]
        self._write("".join(lines).encode("ascii"))
        trailer = f"<</Size {len(self._offsets)}/Root {_CATALOG} 0 R/Info {_INFO} 0 R>>"
        self._write(f"trailer\n{trailer}\nstartxref\n{start}\n%%EOF\n".encode("ascii"))
        self._file.flush()

    def _write_font(self, cut: Cut) -> int:
        said = self._said[cut]
        data, is_cff = subset(cut, set(said))
        name = f"/{_tag_of(data)}+QM{cut.weight}"
        kind = "/Subtype/OpenType" if is_cff else f"/Length1 {len(data)}"
        file = self._stream(kind, data)
        up, down = metrics_of(cut)
        descriptor = self._object(
            f"<</Type/FontDescriptor/FontName{name}/Flags 4/FontBBox[-1000 {down} 2000 {up}]/ItalicAngle 0"
            f"/Ascent {up}/Descent {down}/CapHeight 700/StemV 80/{'FontFile3' if is_cff else 'FontFile2'} {file} 0 R>>"
        )
        widths = " ".join(f"{glyph}[{1000 * advance_of(cut, glyph):.1f}]" for glyph in sorted(said))
        subtype, mapped = ("/CIDFontType0", "") if is_cff else ("/CIDFontType2", "/CIDToGIDMap/Identity")
        inner = self._object(
            f"<</Type/Font/Subtype{subtype}/BaseFont{name}{mapped}/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
            f"/Supplement 0>>/FontDescriptor {descriptor} 0 R/DW 1000/W[{widths}]>>"
        )
        words = self._stream("", _words_of(said))
        return self._object(
            f"<</Type/Font/Subtype/Type0/BaseFont{name}/Encoding/Identity-H/DescendantFonts[{inner} 0 R]"
            f"/ToUnicode {words} 0 R>>"
        )

    def _write_picture(self, picture: Picture) -> int:
        size = f"/Type/XObject/Subtype/Image/Width {picture.width}/Height {picture.height}/BitsPerComponent 8"
        mask = self._stream(f"{size}/ColorSpace/DeviceGray", picture.alpha)
        return self._stream(f"{size}/ColorSpace/DeviceRGB/SMask {mask} 0 R", picture.rgb)

    def _take(self) -> int:
        self._offsets.append(0)
        return len(self._offsets) - 1

    def _stream(self, entries: str, data: bytes) -> int:
        packed = zlib.compress(data, _PACKED)
        head = f"<<{entries}/Filter/FlateDecode/Length {len(packed)}>>stream\n".encode("ascii")
        return self._object(head + packed + b"\nendstream")

    def _object(self, body: str | bytes, number: int | None = None) -> int:
        number = self._take() if number is None else number
        self._offsets[number] = self._file.tell()
        data = body.encode("ascii") if isinstance(body, str) else body
        self._write(b"%d 0 obj\n%b\nendobj\n" % (number, data))
        return number

    def _write(self, data: bytes) -> None:
        self._file.write(data)


def _tag_of(data: bytes) -> str:
    """Six letters before the name of a subset, as PDF asks."""
    digest = hashlib.sha256(data).digest()
    return "".join(chr(ord("A") + each % 26) for each in digest[:6])


def _words_of(said: dict[int, str]) -> bytes:
    """A table from glyphs to what they stand for, for who searches the file or hears it read."""
    lines = [f"<{glyph:04x}><{text.encode('utf-16-be').hex()}>" for glyph, text in sorted(said.items()) if text]
    blocks = []
    for begin in range(0, len(lines), _BYTES_OF_A_RANGE):
        part = lines[begin : begin + _BYTES_OF_A_RANGE]
        blocks.append(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar")
    return (
        "/CIDInit/ProcSet findresource begin 12 dict begin begincmap /CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)"
        "/Supplement 0>>def /CMapName/Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000><ffff> endcodespacerange\n" + "\n".join(blocks) + "\nendcmap end end"
    ).encode("ascii")
