"""Fonts made in a test as WOFF2: whole ones, and ones whose parts do not add up."""

import struct
from collections.abc import Mapping

import brotli

_PLACES = {
    "cmap": 0,
    "head": 1,
    "hhea": 2,
    "hmtx": 3,
    "maxp": 4,
    "name": 5,
    "OS/2": 6,
    "post": 7,
    "glyf": 10,
    "loca": 11,
}


def number(value: int) -> bytes:
    """UIntBase128."""
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(value & 0x7F | 0x80)
    return bytes(reversed(parts))


def cmap(first: str, last: str, *, glyph: int | None = None) -> bytes:
    """A character map of one run of letters (format 4), the first of which is this glyph."""
    shift = glyph - ord(first) if glyph is not None else 0
    ends, starts = [ord(last), 0xFFFF], [ord(first), 0xFFFF]
    body = struct.pack(">4H", 4, 4, 1, 0) + struct.pack(">2H", *ends) + b"\0\0" + struct.pack(">2H", *starts)
    body += struct.pack(">2h", shift, 1) + struct.pack(">2H", 0, 0)
    table = struct.pack(">3H", 4, 6 + len(body), 0) + body
    return struct.pack(">HHHHI", 0, 1, 3, 1, 12) + table


def name_table(text: str) -> bytes:
    said = text.encode("utf-16-be")
    return struct.pack(">HHH", 0, 1, 18) + struct.pack(">6H", 3, 1, 0x409, 4, len(said), 0) + said


def tables(first: str = "A", last: str = "Z", name: str = "Maison Grotesk") -> dict[str, bytes]:
    return {
        "cmap": cmap(first, last),
        "head": struct.pack(">4I", 0x00010000, 0, 0, 0x5F0F3CF5) + struct.pack(">HH", 0, 1000) + bytes(34),
        "hhea": bytes(36),
        "hmtx": bytes(4),
        "maxp": bytes(6),
        "name": name_table(name),
        "OS/2": bytes(96),
        "post": bytes(32),
        "glyf": bytes(range(256)),
        "loca": bytes(4),
    }


def woff2(
    parts: Mapping[str, bytes] | None = None,
    *,
    flavour: int = 0x00010000,
    length_off: int = 0,
    claims: int = 0,
    behind: bytes = b"",
    more: Mapping[str, bytes] | None = None,
) -> bytes:
    """A font; `claims` more bytes in its last table than there are, `behind` as metadata behind it."""
    found = dict(parts if parts is not None else tables())
    directory, stream = b"", b""
    for place, (tag, data) in enumerate([*found.items(), *(more or {}).items()]):
        is_last = place == len(found) + len(more or {}) - 1
        known = _PLACES.get(tag, 0x3F)
        directory += bytes([known | (3 << 6 if tag in ("glyf", "loca") else 0)])
        directory += tag.encode().ljust(4) if known == 0x3F else b""
        directory += number(len(data) + (claims if is_last else 0))
        stream += data
    packed = brotli.compress(stream)
    end = 48 + len(directory) + len(packed)
    padding = bytes(-end % 4)
    whole = end + len(padding) + len(behind)
    meta = (end + len(padding), len(behind), len(behind)) if behind else (0, 0, 0)
    header = struct.pack(
        ">4sIIHHIIHHIIIII",
        b"wOF2", flavour, whole + length_off, len(found) + len(more or {}), 0, len(stream) + 12, len(packed), 1, 0,
        *meta, 0, 0,
    )  # fmt: skip
    return header + directory + packed + padding + behind


Outline = tuple[tuple[int, int], ...]


def outlined(letters: Mapping[str, Outline], *, lacks: int = 0, post: int = 0x00030000) -> bytes:
    """A font with real outlines, packed as WOFF2 packs them: one closed line of points for each letter from A on.

    :param lacks: so many bytes at the end of the table of outlines are gone.
    :param post: the version of that table; HarfBuzz makes no subset of a font with version 0.
    """
    table = _changed_glyf(list(letters.values()))
    count = len(letters) + 1
    parts = tables() | {
        "cmap": cmap("A", chr(ord("A") + len(letters) - 1), glyph=1),
        "maxp": struct.pack(">IH", 0x00010000, count) + bytes(26),
        "hhea": struct.pack(">I", 0x00010000) + bytes(30) + struct.pack(">H", count),
        # Widths alone: the left edges are those of the outlines.
        "hmtx": b"\3" + struct.pack(f">{count}H", 500, *[800] * len(letters)),
        "glyf": table[: len(table) - lacks],
        "loca": b"",
        "post": struct.pack(">I", post) + bytes(28),
    }
    return _packed(parts, changed={"glyf": 4 * count + len(table) * 2, "loca": 4 * (count + 1), "hmtx": 4 * count})


def _packed(parts: Mapping[str, bytes], *, changed: Mapping[str, int]) -> bytes:
    """A font of which some tables are written in WOFF2's own way; `changed` says how long they are otherwise."""
    directory, stream = b"", b""
    for tag, data in parts.items():
        version = (1 if tag == "hmtx" else 0) if tag in changed else 0
        directory += bytes([_PLACES[tag] | version << 6]) + number(changed.get(tag, len(data)))
        directory += number(len(data)) if tag in changed else b""
        stream += data
    packed = brotli.compress(stream)
    end = 48 + len(directory) + len(packed)
    padding = bytes(-end % 4)
    header = struct.pack(
        ">4sIIHHIIHHIIIII",
        b"wOF2", 0x00010000, end + len(padding), len(parts), 0, len(stream) + 12, len(packed), 1, 0, 0, 0, 0, 0, 0,
    )  # fmt: skip
    return header + directory + packed + padding


def _changed_glyf(outlines: list[Outline]) -> bytes:
    contours, counts, flags, steps = struct.pack(">h", 0), b"", b"", b""
    for outline in outlines:
        contours += struct.pack(">h", 1)
        counts += bytes([len(outline)])
        at = (0, 0)
        for point in outline:
            x, y = point[0] - at[0], point[1] - at[1]
            # Two bytes each way, their signs in the flag.
            flags += bytes([124 | (x >= 0) | (y >= 0) << 1])
            steps += struct.pack(">HH", abs(x), abs(y))
            at = point
        steps += b"\0"
    bitmap = bytes(4 * ((len(outlines) + 32) // 32))
    sizes = struct.pack(">7I", len(contours), len(counts), len(flags), len(steps), 0, len(bitmap), 0)
    return struct.pack(">4H", 0, 0, len(outlines) + 1, 0) + sizes + contours + counts + flags + steps + bitmap
