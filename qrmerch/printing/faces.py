"""Typefaces for print: which there are, and which of them has the letters of a text.

They come with qrmerch as packages: Noto Sans (Latin, Greek, Cyrillic, Vietnamese, Devanagari), Noto Sans Arabic (with
Persian and Urdu), Heebo for Hebrew, Noto Sans Thai, and Noto Sans CJK for Chinese, Japanese and Korean, in the shapes
that Taiwan writes. For other scripts, further `fontpkg-…` packages that are installed and then the machine's own fonts
are looked through, once, when a text first needs one. A letter that no face has is never drawn as a box: nothing is
printed before somebody has agreed to leave it out.
"""

import logging
import mmap
import os
import struct
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Final

import reportlab

log = logging.getLogger("qrmerch.printing")

# A letter is set in the first of these that has it; the largest file comes last and is seldom read.
_PACKAGED: Final = (
    ("fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf"),
    ("fontpkg_noto_sans_arabic", "files/NotoSansArabic[wdth,wght].ttf"),
    ("fontpkg_heebo", "files/Heebo[wght].ttf"),
    ("fontpkg_noto_sans_thai", "files/NotoSansThai[wdth,wght].ttf"),
    ("cvttf_NotoSansCJK_Regular", "NotoSansCJKtc-Regular.otf"),
)
_GROUP: Final = "fontpkg.family"
_SUFFIXES: Final = (".ttf", ".otf", ".ttc")
# Words in a file's name that say it is not the upright, regular kind a label wants.
_UNWANTED: Final = (
    "italic",
    "oblique",
    "bold",
    "black",
    "light",
    "thin",
    "medium",
    "mono",
    "condensed",
    "serif",
    "emoji",
    "math",
)
_MAX_FACES: Final = 400


@dataclass(frozen=True, slots=True)
class Face:
    """One font file and the code points it has a glyph for."""

    path: str
    covers: frozenset[int]

    def has(self, text: str) -> bool:
        return all(ord(character) in self.covers for character in text)


class NotAFont(ValueError):
    """A file whose table of characters cannot be read."""


@cache
def base_face() -> Face:
    """The face that names are set in wherever it has their letters; PDFs carry it inside.

    Where its package is missing, the one that reportlab brings, which knows western Latin only.
    """
    face = _packaged_face(*_PACKAGED[0])
    if face is not None:
        return face
    log.warning("the package fontpkg-noto-sans is missing: labels are set in Vera, with western letters only")
    return _read(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf")


def find_face(text: str, house: str = "") -> Face | None:
    """The first face that has every character of a text; None where there is no such face.

    :param house: the file of a face that comes before all others; empty for none.
    """
    wanted = "".join(character for character in text if not character.isspace())
    for face in _faces(house):
        if face.has(wanted):
            return face
    return None


def face_of(text: str, house: str = "") -> Face:
    """The face that a piece of `split_by_face` is set in."""
    return find_face(text, house) or base_face()


def is_usable(path: Path) -> bool:
    """Whether a font file's letters can be told."""
    try:
        return bool(_read(path).covers)
    except (OSError, ValueError):
        return False


def split_by_face(text: str, house: str = "") -> list[str]:
    """A text in pieces that each have a face of their own, in the order they are read; mostly one.

    Spaces and what combines with the letter before stay with it. Characters that no face has must be gone: see
    `lettering.printable`.
    """
    if not house and base_face().has("".join(text.split())):
        return [text]
    pieces: list[str] = []
    face: Face | None = None
    for character in text:
        if face is not None and (character.isspace() or (_stays(character) and face.has(character))):
            pieces[-1] += character
            continue
        found = find_face(character, house) or base_face()
        if found is face:
            pieces[-1] += character
        else:
            pieces.append(character)
        face = found
    return pieces


def _stays(character: str) -> bool:
    """Whether a character goes with the letter before it: accents, and joiners that nobody sees."""
    return unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf")


def _faces(house: str = "") -> Iterator[Face]:
    if house:
        yield _read(Path(house))
    yield base_face()
    for package, name in _PACKAGED[1:]:
        face = _packaged_face(package, name)
        if face is not None:
            yield face
    yield from _found_faces()


@cache
def _packaged_face(package: str, name: str) -> Face | None:
    try:
        return _read(Path(str(files(package))) / name)
    except (ModuleNotFoundError, OSError, ValueError) as error:
        log.warning("the typeface %s cannot be used: %s", package, error)
        return None


@cache
def _found_faces() -> tuple[Face, ...]:
    """Faces of further packages, then the machine's."""
    packages = [Path(str(files(each.value))) / "files" for each in entry_points(group=_GROUP)]
    known = {Path(name).name for _, name in _PACKAGED}
    paths = [path for path in _list_fonts(packages) if path.name not in known]
    found = []
    for path in [*paths, *_list_fonts(_font_folders())][:_MAX_FACES]:
        try:
            found.append(_read(path))
        except (OSError, ValueError):
            continue
    return tuple(found)


def _list_fonts(folders: list[Path]) -> list[Path]:
    """The upright, regular fonts in these folders, sans first."""
    paths = {
        path for folder in folders if folder.is_dir() for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES
    }
    plain = [path for path in paths if not any(word in path.stem.lower() for word in _UNWANTED)]
    return sorted(plain, key=lambda path: ("sans" not in path.stem.lower(), path.stem, str(path)))


def _font_folders() -> list[Path]:
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), Path.home() / "Library" / "Fonts"]
    if sys.platform == "win32":
        return [Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts"]


@cache
def _read(path: Path) -> Face:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return Face(str(path), read_characters(data))


def read_characters(data: bytes | mmap.mmap) -> frozenset[int]:
    """The code points that a TrueType or OpenType file, or the first of a collection, has glyphs for.

    :raises NotAFont: it cannot be read.
    """
    try:
        start = struct.unpack_from(">I", data, 12)[0] if data[:4] == b"ttcf" else 0
        count = struct.unpack_from(">H", data, start + 4)[0]
        tables = (struct.unpack_from(">4sIII", data, start + 12 + 16 * at) for at in range(count))
        at = next(offset for tag, _, offset, _ in tables if tag == b"cmap")
        return frozenset(_characters_at(data, at))
    except (struct.error, StopIteration) as error:
        raise NotAFont(str(error)) from None


def _characters_at(data: bytes | mmap.mmap, cmap: int) -> Iterator[int]:
    """The characters of the best Unicode subtable: format 12 if there is one, else format 4."""
    count = struct.unpack_from(">H", data, cmap + 2)[0]
    subtables = {}
    for at in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", data, cmap + 4 + 8 * at)
        if platform == 0 or (platform == 3 and encoding in (1, 10)):
            subtables[struct.unpack_from(">H", data, cmap + offset)[0]] = cmap + offset
    if 12 in subtables:
        yield from _format_12(data, subtables[12])
    elif 4 in subtables:
        yield from _format_4(data, subtables[4])
    else:
        raise NotAFont("no table of Unicode characters")


def _format_12(data: bytes | mmap.mmap, at: int) -> Iterator[int]:
    count = struct.unpack_from(">I", data, at + 12)[0]
    for group in range(count):
        first, last, glyph = struct.unpack_from(">III", data, at + 16 + 12 * group)
        yield from range(first if glyph else first + 1, min(last, sys.maxunicode) + 1)


def _format_4(data: bytes | mmap.mmap, at: int) -> Iterator[int]:
    count = struct.unpack_from(">H", data, at + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", data, at + 14)
    starts = struct.unpack_from(f">{count}H", data, at + 16 + 2 * count)
    deltas = struct.unpack_from(f">{count}H", data, at + 16 + 4 * count)
    ranges_at = at + 16 + 6 * count
    ranges = struct.unpack_from(f">{count}H", data, ranges_at)
    for segment in range(count):
        for code in range(starts[segment], ends[segment] + 1):
            if ranges[segment]:
                place = ranges_at + 2 * segment + ranges[segment] + 2 * (code - starts[segment])
                glyph = struct.unpack_from(">H", data, place)[0]
            else:
                glyph = (code + deltas[segment]) & 0xFFFF
            if glyph and code != 0xFFFF:
                yield code
