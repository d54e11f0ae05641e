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


def cmap(first: str, last: str) -> bytes:
    """A character map of one run of letters (format 4)."""
    ends, starts = [ord(last), 0xFFFF], [ord(first), 0xFFFF]
    body = struct.pack(">4H", 4, 4, 1, 0) + struct.pack(">2H", *ends) + b"\0\0" + struct.pack(">2H", *starts)
    body += struct.pack(">2h", 0, 1) + struct.pack(">2H", 0, 0)
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
