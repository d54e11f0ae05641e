"""ZIPs made in a test, good ones and hostile ones."""

import io
import struct
import zipfile

from tests.media.pictures import picture


def zip_of(*files: tuple[str, bytes], kind: int = zipfile.ZIP_STORED) -> bytes:
    """A ZIP with these files in it."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", kind) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=kind)
    return kept.getvalue()


def shot(number: int) -> bytes:
    """A small picture that no other number has."""
    return picture(120 + number, 110)


def locked(data: bytes) -> bytes:
    """The archive with its first file said to be locked with a password."""
    return _with_flags(data, 0x1)


def _with_flags(data: bytes, flags: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into("<H", changed, 6, flags)
    struct.pack_into("<H", changed, data.index(b"PK\x01\x02") + 8, flags)
    return bytes(changed)


def said_larger(data: bytes, size: int) -> bytes:
    """The archive with a list that gives its first file another size."""
    changed = bytearray(data)
    struct.pack_into("<I", changed, data.index(b"PK\x01\x02") + 24, size)
    return bytes(changed)


def with_long_list(files: int) -> bytes:
    """An archive of nothing but a list: so many files that are all the first one."""
    one = zip_of(("a.jpg", b"x"))
    start = one.index(b"PK\x01\x02")
    end = one.index(b"PK\x05\x06")
    entry = one[start:end]
    listed = entry * files
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, files % 65536, files % 65536, len(listed), start, 0)
    return one[:start] + listed + tail
