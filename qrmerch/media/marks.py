"""A retailer's own files: its logo on light and on dark ground, and the font of its headings.

In: an upload. Out: the key of a file of our own making, small and of one fixed kind.
Never: the bytes of a picture as they came, or a name from outside.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image

from qrmerch.config import Settings
from qrmerch.errors import NotFound
from qrmerch.files import FileStore, is_key
from qrmerch.media import fonts, images

AREA: Final = "brands"
# What is made here, and so what may be named in an address of this area.
KINDS: Final = ("webp", "woff2")
MAX_LOGO_BYTES: Final = 4_000_000
_COPIED_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Mark:
    """A logo as it is kept; `ratio` is width over height in thousandths."""

    key: str
    ratio: int


@dataclass(frozen=True, slots=True)
class KeptFont:
    """A font as it is kept: what it calls itself, and the scripts it has letters of."""

    key: str
    name: str
    scripts: tuple[str, ...]


def receive_mark(stream: BinaryIO, *, store: FileStore, settings: Settings) -> Mark:
    """Take in a logo; the caller has a day to commit a row that names it.

    :param stream: the upload, at its first byte.
    :raises Unusable: too large, no picture that is taken, nothing to see in it, or too heavy however small.
    """
    with tempfile.TemporaryDirectory(prefix="qrmerch-") as name:
        folder = Path(name)
        source = folder / "source"
        source.write_bytes(_read(stream, MAX_LOGO_BYTES, "A logo may have 4 MB. Export it smaller, 1,000 pixels wide."))
        made = images.render_mark(source, folder, max_pixels=settings.max_image_pixels)
        with (folder / made.name).open("rb") as file:
            return Mark(store.put(file, AREA), _ratio(made.width, made.height))


def receive_font(stream: BinaryIO, *, store: FileStore) -> KeptFont:
    """Take in a font; the caller has a day to commit a row that names it.

    :raises Unusable: no WOFF2 font with letters in it, or larger than 30 KB.
    """
    data = _read(stream, fonts.MAX_BYTES, fonts.TOO_LARGE)
    try:
        font = fonts.read_font(data)
    except fonts.BadFont as refused:
        raise images.Unusable(str(refused)) from None
    with tempfile.TemporaryFile() as file:
        file.write(font.data)
        file.seek(0)
        return KeptFont(store.put(file, AREA), font.name, font.scripts)


def find_mark(store: FileStore, key: str) -> Mark | None:
    """The logo of a key; None where there is none, or something else."""
    if not _is_ours(store, key):
        return None
    try:
        with store.open(key) as file, Image.open(file, formats=["WEBP"]) as image:
            return Mark(key, _ratio(*image.size))
    # Another file of ours: a font.
    except OSError:
        return None


def find_font(store: FileStore, key: str) -> KeptFont | None:
    """The font of a key; None where there is none, or something else."""
    if not _is_ours(store, key):
        return None
    with store.open(key) as file:
        try:
            font = fonts.read_font(file.read(fonts.MAX_BYTES + 1))
        except fonts.BadFont:
            return None
    return KeptFont(key, font.name, font.scripts)


def _is_ours(store: FileStore, key: str) -> bool:
    if not key.startswith(f"{AREA}/") or not is_key(key):
        return False
    try:
        return store.size(key) > 0
    except NotFound:
        return False


def _read(stream: BinaryIO, most: int, refusal: str) -> bytes:
    """All of a stream.

    :raises Unusable: it holds more than `most` bytes.
    """
    parts, size = [], 0
    while part := stream.read(_COPIED_BYTES):
        size += len(part)
        if size > most:
            raise images.Unusable(refusal)
        parts.append(part)
    return b"".join(parts)


def _ratio(width: int, height: int) -> int:
    return round(width * 1000 / height)
