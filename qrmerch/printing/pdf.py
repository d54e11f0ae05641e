"""The parts of a PDF that every page here is made of: numbered objects, written as they come, and faces cut to size.

In: bodies of objects; which glyphs of a cut were used and what they stand for. Out: bytes in a file, and at the end the
table of where each object begins. Nothing here knows a page.
"""

import hashlib
import zlib
from array import array
from collections.abc import Iterable
from typing import BinaryIO, Final

from qrmerch.printing.shaping import Cut, advance_of, metrics_of, subset

_PACKED: Final = 6
_MAPPED_AT_ONCE: Final = 100


class Objects:
    """The objects of a PDF that is being written into a file, which begins with it."""

    def __init__(self, file: BinaryIO, offsets: Iterable[int] = (0,)) -> None:
        self.file = file
        # Where each object begins; 0 for those that are written later.
        self.offsets = array("Q", offsets)

    def take(self) -> int:
        """A number for an object that is written later."""
        self.offsets.append(0)
        return len(self.offsets) - 1

    def begin(self, number: int | None = None) -> int:
        """Note that an object's bytes come next; its number, a new one unless it was taken before."""
        number = self.take() if number is None else number
        self.offsets[number] = self.file.tell()
        return number

    def put(self, body: str | bytes, number: int | None = None) -> int:
        """Write an object; its number."""
        number = self.begin(number)
        self.file.write(b"%d 0 obj\n%b\nendobj\n" % (number, body.encode("ascii") if isinstance(body, str) else body))
        return number

    def stream(self, entries: str, data: bytes) -> int:
        """Write an object that is a packed stream."""
        packed = zlib.compress(data, _PACKED)
        head = f"<<{entries}/Filter/FlateDecode/Length {len(packed)}>>stream\n".encode("ascii")
        return self.put(head + packed + b"\nendstream")

    def end(self, *, root: int, about: int) -> None:
        """Write the table of all objects; the file is a PDF from now on."""
        start = self.file.tell()
        lines = [f"xref\n0 {len(self.offsets)}\n0000000000 65535 f \n"]
        lines += [f"{offset:010d} 00000 n \n" for offset in self.offsets[1:]]
        trailer = f"<</Size {len(self.offsets)}/Root {root} 0 R/Info {about} 0 R>>"
        self.file.write(f"{''.join(lines)}trailer\n{trailer}\nstartxref\n{start}\n%%EOF\n".encode("ascii"))


def write_font(objects: Objects, cut: Cut, said: dict[int, str]) -> int:
    """A cut with the glyphs that were used and no others, as objects; the number of the first.

    :param said: what each glyph stands for, as far as one can say.
    """
    data, is_cff = subset(cut, set(said))
    name = f"/{_tag_of(data)}+QM{cut.weight}"
    kind = "/Subtype/OpenType" if is_cff else f"/Length1 {len(data)}"
    file = objects.stream(kind, data)
    up, down = metrics_of(cut)
    descriptor = objects.put(
        f"<</Type/FontDescriptor/FontName{name}/Flags 4/FontBBox[-1000 {down} 2000 {up}]/ItalicAngle 0"
        f"/Ascent {up}/Descent {down}/CapHeight 700/StemV 80/{'FontFile3' if is_cff else 'FontFile2'} {file} 0 R>>"
    )
    widths = " ".join(f"{glyph}[{written_advance(cut, glyph):.1f}]" for glyph in sorted(said))
    subtype, mapped = ("/CIDFontType0", "") if is_cff else ("/CIDFontType2", "/CIDToGIDMap/Identity")
    inner = objects.put(
        f"<</Type/Font/Subtype{subtype}/BaseFont{name}{mapped}/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
        f"/Supplement 0>>/FontDescriptor {descriptor} 0 R/DW 1000/W[{widths}]>>"
    )
    words = objects.stream("", _words_of(said))
    return objects.put(
        f"<</Type/Font/Subtype/Type0/BaseFont{name}/Encoding/Identity-H/DescendantFonts[{inner} 0 R]"
        f"/ToUnicode {words} 0 R>>"
    )


def written_advance(cut: Cut, glyph: int) -> float:
    """How far a reader of the file moves the pen for a glyph: in thousandths of an em, rounded as it is written."""
    return round(1000 * advance_of(cut, glyph), 1)


def text_string(text: str) -> str:
    """A text as PDF writes titles and languages."""
    return f"<feff{text.encode('utf-16-be').hex()}>"


def _tag_of(data: bytes) -> str:
    """Six letters before the name of a subset, as PDF asks."""
    digest = hashlib.sha256(data).digest()
    return "".join(chr(ord("A") + each % 26) for each in digest[:6])


def _words_of(said: dict[int, str]) -> bytes:
    """A table from glyphs to what they stand for, for who searches the file or hears it read."""
    lines = [f"<{glyph:04x}><{text.encode('utf-16-be').hex()}>" for glyph, text in sorted(said.items()) if text]
    blocks = []
    for begin in range(0, len(lines), _MAPPED_AT_ONCE):
        part = lines[begin : begin + _MAPPED_AT_ONCE]
        blocks.append(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar")
    return (
        "/CIDInit/ProcSet findresource begin 12 dict begin begincmap /CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)"
        "/Supplement 0>>def /CMapName/Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000><ffff> endcodespacerange\n" + "\n".join(blocks) + "\nendcmap end end"
    ).encode("ascii")
