"""Fonts that come as WOFF2: asked whether they are what they say, and stripped of what is no part of the font.

In: bytes of unknown content. Out: a font whose every length adds up, without metadata and private data; its name and
the scripts that it has letters of. Never: a glyph drawn here; browsers do that, after checks of their own.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import brotli

from qrmerch.text import clean_line

MAX_BYTES: Final = 30 * 1024
TOO_LARGE: Final = (
    "A font may have 30 KB, since each shopper waits for it. Keep only the letters you need: the foundry's download, or"
    " a tool such as Glyphhanger or Transfonter, offers a “Latin subset” as WOFF2."
)
_NOT_WOFF2: Final = (
    "This is not a WOFF2 font. Ask for the web font, a file that ends in .woff2; it is the smallest kind."
)
_DAMAGED: Final = "This font is damaged: its parts do not add up. Export or download it again and send that."
_HEADER: Final = struct.Struct(">4sIIHHIIHHIIIII")
_MAX_TABLES: Final = 40
# Far more than any font of 30 KB unpacks to.
_MAX_UNPACKED: Final = 1_000_000
_FLAVOURS: Final = (0x00010000, 0x4F54544F)
# The tables that the directory names by their place here, four letters each.
_TAG_LIST: Final = (
    "cmapheadhheahmtxmaxpnameOS/2postcvt fpgmglyflocaprepCFF VORGEBDTEBLCgasphdmxkernLTSH"
    "PCLTVDMXvheavmtxBASEGDEFGPOSGSUBEBSCJSTFMATHCBDTCBLCCOLRCPALSVG sbixacntavarbdatbloc"
    "bslncvarfdscfeatfmtxfvargvarhstyjustlcarmortmorxopbdproptrakZapfSilfGlatGlocFeatSill"
)
_TAGS: Final = tuple(_TAG_LIST[at : at + 4] for at in range(0, len(_TAG_LIST), 4))
_NEEDED: Final = ("cmap", "head", "hhea", "hmtx", "maxp", "name", "OS/2", "post")
# What may hold drawings and scripts of its own.
_REFUSED: Final = ("SVG ",)
_MAX_NAME_CHARS: Final = 80
# A letter that every font of a script has, and the ranges in which browsers look for the script's letters.
SCRIPTS: Final = {
    "latin": ("A", "U+21-24F,U+1E00-1EFF,U+2010-205E,U+20A0-20CF,U+2122"),
    "greek": ("Γ", "U+370-3FF"),
    "cyrillic": ("Б", "U+400-52F"),
    "hebrew": ("א", "U+590-5FF"),
    "arabic": ("ب", "U+600-6FF,U+750-77F,U+FB50-FDFF,U+FE70-FEFC"),
    "devanagari": ("क", "U+900-97F"),
    "thai": ("ก", "U+E00-E7F"),
}


class BadFont(Exception):
    """The font cannot be taken; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Font:
    """A font that can be served: its bytes, what it calls itself, and keys of `SCRIPTS`."""

    data: bytes
    name: str
    scripts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a font: where it lies, and whether it is written in WOFF2's own way."""

    tag: str
    offset: int
    length: int
    is_changed: bool


def read_font(data: bytes) -> Font:
    """A font from a file's bytes.

    :raises BadFont: larger than 30 KB, another kind of file, damaged, or without letters that are known.
    """
    if len(data) > MAX_BYTES:
        raise BadFont(TOO_LARGE)
    if len(data) < _HEADER.size or data[:4] != b"wOF2":
        raise BadFont(_NOT_WOFF2)
    try:
        tables, unpacked, end = unpack(data)
        parts = {each.tag: unpacked[each.offset : each.offset + each.length] for each in tables}
        _check_parts(parts)
        scripts = _scripts_of(parts["cmap"])
        name = _name_of(parts["name"])
    except (struct.error, IndexError, brotli.error):
        raise BadFont(_DAMAGED) from None
    if not scripts:
        raise BadFont("This font has no letters of a script that pages are set in. Send one for text.")
    return Font(_without_remarks(data, end), name or "Your font", scripts)


def unicode_range(scripts: Iterable[str]) -> str:
    """The value of `unicode-range` for a font of these scripts, so that no other text fetches it."""
    return ",".join(SCRIPTS[each][1] for each in scripts if each in SCRIPTS)


def unpack(data: bytes) -> tuple[list[Table], bytes, int]:
    """The tables, what they hold one after the other, and where in the file the font ends.

    :raises BadFont: a length is not what it should be.
    """
    header = _HEADER.unpack_from(data)
    _, flavour, length, count, reserved, _, packed = header[:7]
    if flavour not in _FLAVOURS:
        raise BadFont("This file holds a collection of fonts. Send the one that headings are set in.")
    if length != len(data) or reserved != 0 or not 0 < count <= _MAX_TABLES:
        raise BadFont(_DAMAGED)
    tables, begin = _read_directory(data, count)
    end = begin + packed
    whole = sum(each.length for each in tables)
    if packed == 0 or end > len(data) or whole > _MAX_UNPACKED:
        raise BadFont(_DAMAGED)
    for offset, size in ((header[9], header[10]), (header[12], header[13])):
        if (offset or size) and not end <= offset <= offset + size <= len(data):
            raise BadFont(_DAMAGED)
    reader = brotli.Decompressor()
    unpacked = reader.process(data[begin:end], output_buffer_limit=whole + 1)
    if len(unpacked) != whole or not reader.is_finished():
        raise BadFont(_DAMAGED)
    return tables, unpacked, end


def _read_directory(data: bytes, count: int) -> tuple[list[Table], int]:
    """The tables as the directory names them, and where it ends."""
    at, offset = _HEADER.size, 0
    found: list[Table] = []
    for _ in range(count):
        flags = data[at]
        at += 1
        if flags & 0x3F == 0x3F:
            tag = data[at : at + 4].decode("latin-1")
            at += 4
        else:
            tag = _TAGS[flags & 0x3F]
        length, at = _read_number(data, at)
        version = flags >> 6
        is_changed = version != 3 if tag in ("glyf", "loca") else version != 0
        if version not in ((0, 3) if tag in ("glyf", "loca") else (0, 1) if tag == "hmtx" else (0,)):
            raise BadFont(_DAMAGED)
        if is_changed:
            length, at = _read_number(data, at)
        if tag == "loca" and is_changed and length != 0:
            raise BadFont(_DAMAGED)
        if tag in {each.tag for each in found}:
            raise BadFont(_DAMAGED)
        found.append(Table(tag, offset, length, is_changed))
        offset += length
    return found, at


def _read_number(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to five bytes (UIntBase128), and where it ends."""
    number = 0
    for place in range(5):
        byte = data[at + place]
        if place == 0 and byte == 0x80:
            break
        number = number << 7 | byte & 0x7F
        if number > 0xFFFFFFFF:
            break
        if not byte & 0x80:
            return number, at + place + 1
    raise BadFont(_DAMAGED)


def _check_parts(parts: dict[str, bytes]) -> None:
    if any(tag not in parts for tag in _NEEDED) or not (
        {"glyf", "loca"} <= parts.keys() or parts.keys() & {"CFF ", "CFF2"}
    ):
        raise BadFont("This font lacks parts that browsers need. Export it as a web font again and send that.")
    if any(tag in parts for tag in _REFUSED):
        raise BadFont("This font holds SVG drawings, which are not taken. Send the one without colours.")
    if struct.unpack_from(">I", parts["head"], 12)[0] != 0x5F0F3CF5 or not 16 <= _two(parts["head"], 18) <= 16384:
        raise BadFont(_DAMAGED)


def _without_remarks(data: bytes, end: int) -> bytes:
    """The same font without metadata and private data behind it, which no browser reads."""
    header = list(_HEADER.unpack_from(data))
    padded = -(-end // 4) * 4
    header[2] = padded
    header[9:14] = [0, 0, 0, 0, 0]
    return _HEADER.pack(*header) + data[_HEADER.size : end].ljust(padded - _HEADER.size, b"\0")


def _two(part: bytes, at: int) -> int:
    number: int = struct.unpack_from(">H", part, at)[0]
    return number


def _name_of(part: bytes) -> str:
    """The full name, else the family's; empty where neither is said in UTF-16."""
    count, texts = _two(part, 2), _two(part, 4)
    found: dict[int, str] = {}
    for place in range(min(count, 400)):
        platform, _, _, name_id, length, offset = struct.unpack_from(">6H", part, 6 + 12 * place)
        if platform in (0, 3) and name_id in (1, 4):
            text = part[texts + offset : texts + offset + length].decode("utf-16-be", errors="ignore")
            found.setdefault(name_id, clean_line(text[:_MAX_NAME_CHARS], _MAX_NAME_CHARS))
    return found.get(4) or found.get(1) or ""


def _scripts_of(part: bytes) -> tuple[str, ...]:
    """The scripts whose tell-tale letter the font has."""
    wanted = {ord(letter): script for script, (letter, _) in SCRIPTS.items()}
    found: set[str] = set()
    for place in range(min(_two(part, 2), 20)):
        (offset,) = struct.unpack_from(">I", part, 4 + 8 * place + 4)
        kind = _two(part, offset)
        spans = _spans_of_4(part, offset) if kind == 4 else _spans_of_12(part, offset) if kind == 12 else ()
        for first, last in spans:
            found |= {script for letter, script in wanted.items() if first <= letter <= last}
    return tuple(script for script in SCRIPTS if script in found)


def _spans_of_4(part: bytes, offset: int) -> list[tuple[int, int]]:
    double = _two(part, offset + 6)
    ends, starts = offset + 14, offset + 16 + double
    return [(_two(part, starts + at), _two(part, ends + at)) for at in range(0, double, 2)]


def _spans_of_12(part: bytes, offset: int) -> list[tuple[int, int]]:
    (count,) = struct.unpack_from(">I", part, offset + 12)
    groups = [struct.unpack_from(">II", part, offset + 16 + 12 * place) for place in range(min(count, 10_000))]
    return [(first, last) for first, last in groups]
