"""A WOFF2 font as the plain file that print sets type from: its tables one after the other, outlines as they were.

In: a font that `fonts.read_font` has taken. Out: an OpenType file. WOFF2 keeps outlines in an order of its own that
packs better; here they are put back, as the W3C's recommendation says (WOFF File Format 2.0, sections 5.1 to 5.4).
Never: a font whose maker forbids it to be put into documents.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

import brotli

from qrmerch.media.fonts import BadFont, unpack

_DAMAGED: Final = "This font is damaged: its outlines do not add up."
_FORBIDDEN: Final = "This font's maker does not let it be put into documents."
# Of `fsType` in OS/2: only licensed for installing, unless one of the milder bits stands beside it.
_RESTRICTED, _MILDER = 0x0002, 0x000C
_ON_CURVE: Final = 0x01
_WORDS, _SCALE, _MORE, _TWO_SCALES, _MATRIX, _HAS_CODE = 0x0001, 0x0008, 0x0020, 0x0040, 0x0080, 0x0100
_MOST_POINTS: Final = 20_000


class _Reader:
    """Bytes that are read one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        part = self._data[self._at : self._at + count]
        if len(part) != count:
            raise BadFont(_DAMAGED)
        self._at += count
        return part

    def byte(self) -> int:
        return self.take(1)[0]

    def word(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def signed(self) -> int:
        return int.from_bytes(self.take(2), "big", signed=True)

    def short(self) -> int:
        """A number of one to three bytes (255UInt16)."""
        code = self.byte()
        if code == 253:
            return self.word()
        return self.byte() + {255: 253, 254: 506}[code] if code >= 254 else code


@dataclass(frozen=True, slots=True)
class _Streams:
    """The parts of a table of outlines, each read on its own."""

    contours: _Reader
    counts: _Reader
    flags: _Reader
    glyphs: _Reader
    composites: _Reader
    boxes: _Reader
    code: _Reader


def as_opentype(data: bytes) -> bytes:
    """The font as an OpenType file.

    :raises BadFont: its outlines do not add up, or it must not be put into documents.
    """
    try:
        tables, whole, _ = unpack(data)
        parts = {each.tag: whole[each.offset : each.offset + each.length] for each in tables}
        changed = {each.tag for each in tables if each.is_changed}
        if _is_forbidden(parts["OS/2"]):
            raise BadFont(_FORBIDDEN)
        if "glyf" in changed:
            glyphs = list(_read_glyphs(parts["glyf"]))
            _put_back(parts, glyphs)
            if "hmtx" in changed:
                parts["hmtx"] = _put_back_widths(parts, glyphs)
        elif "hmtx" in changed:
            raise BadFont(_DAMAGED)
    except (struct.error, IndexError, brotli.error):
        raise BadFont(_DAMAGED) from None
    return _written(data[4:8], parts)


def _is_forbidden(os2: bytes) -> bool:
    kind = int.from_bytes(os2[8:10], "big")
    return bool(kind & _RESTRICTED) and not kind & _MILDER


def _put_back(parts: dict[str, bytes], glyphs: list[bytes]) -> None:
    """Outlines, where each begins, and in the head that this is said in four bytes each."""
    parts["glyf"] = b"".join(glyphs)
    parts["loca"] = struct.pack(f">{len(glyphs) + 1}I", 0, *accumulate(map(len, glyphs)))
    head = parts["head"]
    parts["head"] = head[:50] + b"\0\1" + head[52:]


def _read_glyphs(table: bytes) -> Iterator[bytes]:
    """Each glyph as OpenType writes it."""
    sizes = struct.unpack_from(">7I", table, 8)
    count = int.from_bytes(table[4:6], "big")
    begins = [36, *accumulate(sizes, initial=36)][1:]
    if begins[-1] > len(table):
        raise BadFont(_DAMAGED)
    parts = [table[begin:end] for begin, end in pairwise(begins)]
    bitmap_bytes = 4 * ((count + 31) // 32)
    bitmap = parts[5][:bitmap_bytes]
    streams = _Streams(*map(_Reader, (*parts[:5], parts[5][bitmap_bytes:], parts[6])))
    for number in range(count):
        has_box = bool(bitmap[number >> 3] & (0x80 >> (number & 7)))
        contours = streams.contours.signed()
        box = streams.boxes.take(8) if has_box else b""
        if contours == 0:
            yield b""
        elif contours == -1:
            yield _read_composite(streams, box)
        else:
            yield _read_simple(streams, contours, box)


def _read_simple(streams: _Streams, contours: int, box: bytes) -> bytes:
    if contours < 0:
        raise BadFont(_DAMAGED)
    ends = [each - 1 for each in accumulate(streams.counts.short() for _ in range(contours))]
    if not ends or not 0 <= ends[-1] < _MOST_POINTS:
        raise BadFont(_DAMAGED)
    flags, across, up = bytearray(), list[int](), list[int]()
    for _ in range(ends[-1] + 1):
        flag = streams.flags.byte()
        x, y = _read_step(flag & 0x7F, streams.glyphs)
        flags.append(0 if flag & 0x80 else _ON_CURVE)
        across.append(x)
        up.append(y)
    code = streams.code.take(streams.glyphs.short())
    if not box:
        xs, ys = list(accumulate(across)), list(accumulate(up))
        box = struct.pack(">4h", min(xs), min(ys), max(xs), max(ys))
    said = struct.pack(f">h8s{contours}HH", contours, box, *ends, len(code)) + code + bytes(flags)
    said += struct.pack(f">{len(across)}h{len(up)}h", *across, *up)
    return said + bytes(-len(said) % 4)


def _read_step(flag: int, glyphs: _Reader) -> tuple[int, int]:
    """How far a point lies from the one before: one to four bytes, as its flag says (section 5.2)."""
    if flag < 10:
        return 0, _signed(flag, ((flag & 14) << 7) + glyphs.byte())
    if flag < 20:
        return _signed(flag, (((flag - 10) & 14) << 7) + glyphs.byte()), 0
    if flag < 84:
        kind, both = flag - 20, glyphs.byte()
        x, y = 1 + (kind & 0x30) + (both >> 4), 1 + ((kind & 0x0C) << 2) + (both & 0x0F)
    elif flag < 120:
        kind = flag - 84
        x, y = 1 + (kind // 12 << 8) + glyphs.byte(), 1 + ((kind % 12 >> 2) << 8) + glyphs.byte()
    elif flag < 124:
        first, middle, last = glyphs.take(3)
        x, y = (first << 4) + (middle >> 4), ((middle & 0x0F) << 8) + last
    else:
        x, y = glyphs.word(), glyphs.word()
    return _signed(flag, x), _signed(flag >> 1, y)


def _signed(flag: int, value: int) -> int:
    return value if flag & 1 else -value


def _read_composite(streams: _Streams, box: bytes) -> bytes:
    """A glyph that is made of others; it always says its box."""
    if not box:
        raise BadFont(_DAMAGED)
    said, has_code, has_more = b"", False, True
    while has_more:
        flags = streams.composites.word()
        size = 2 + (4 if flags & _WORDS else 2)
        size += 2 if flags & _SCALE else 4 if flags & _TWO_SCALES else 8 if flags & _MATRIX else 0
        said += struct.pack(">H", flags) + streams.composites.take(size)
        has_code, has_more = has_code or bool(flags & _HAS_CODE), bool(flags & _MORE)
    if has_code:
        length = streams.glyphs.short()
        said += struct.pack(">H", length) + streams.code.take(length)
    said = struct.pack(">h", -1) + box + said
    return said + bytes(-len(said) % 4)


def _put_back_widths(parts: dict[str, bytes], glyphs: list[bytes]) -> bytes:
    """Widths with the left edges that were left out: those of the outlines (section 5.4)."""
    reader, count = _Reader(parts["hmtx"]), int.from_bytes(parts["hhea"][34:36], "big")
    lacks = reader.byte()
    widths = [reader.word() for _ in range(count)]
    edges = [int.from_bytes(glyph[2:4], "big", signed=True) for glyph in glyphs]
    if not lacks & 1:
        edges[:count] = [reader.signed() for _ in range(count)]
    if not lacks & 2:
        edges[count:] = [reader.signed() for _ in range(len(glyphs) - count)]
    pairs = b"".join(struct.pack(">Hh", width, edge) for width, edge in zip(widths, edges, strict=False))
    return pairs + b"".join(struct.pack(">h", edge) for edge in edges[count:])


def _written(flavour: bytes, parts: dict[str, bytes]) -> bytes:
    """Tables as a file; nobody here reads its check sums, which are left at nothing."""
    count = len(parts)
    power = count.bit_length() - 1
    head = flavour + struct.pack(">4H", count, 16 << power, power, (count << 4) - (16 << power))
    at, body = len(head) + 16 * count, b""
    for tag in sorted(parts):
        data = parts[tag]
        head += struct.pack(">4sIII", tag.encode("latin-1"), 0, at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    return head + body
