"""Pictures made in a test, good ones and hostile ones."""

import io
import struct
import zlib
from pathlib import Path
from random import Random
from typing import Any

import zxingcpp
from PIL import Image

from qrmerch.jobs import Work
from qrmerch.media import service
from tests.conftest import NOON
from tests.factories import make_retailer, make_vendor

SCRIPT = b"<script>alert(document.domain)</script>"


def picture(
    width: int = 160, height: int = 120, *, kind: str = "JPEG", mode: str = "RGB", colour: Any = None, **saved: Any
) -> bytes:
    """A picture with something to see: a gradient, unless it is to be of one colour."""
    if colour is not None:
        image = Image.new(mode, (width, height), colour)
    else:
        image = Image.linear_gradient("L").resize((width, height)).convert(mode)
    kept = io.BytesIO()
    image.save(kept, kind, **saved)
    return kept.getvalue()


def camera_data() -> bytes:
    """Camera data with a place in it."""
    exif = Image.Exif()
    exif[0x010F] = "Camera of <script>"
    exif.get_ifd(0x8825)[1] = "N"
    return exif.tobytes()


def flag(orientation: int, *, kind: str = "JPEG") -> bytes:
    """A picture that is red on the left, blue on the right and green below, as a camera held so would store it."""
    upright = Image.new("RGB", (120, 160), "red")
    upright.paste("blue", (60, 0, 120, 160))
    upright.paste("green", (0, 120, 120, 160))
    back = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    kept = io.BytesIO()
    (upright.transpose(back) if back is not None else upright).save(kept, kind, exif=exif, quality=95)
    return kept.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is so large, with hardly anything in it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + _chunk(b"IEND", b"")
    )


def with_png_text(data: bytes, word: bytes, text: bytes) -> bytes:
    """A PNG with a text chunk after its header."""
    end = 8 + 25
    return data[:end] + _chunk(b"tEXt", word + b"\0" + text) + data[end:]


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def written(folder: Path, data: bytes, name: str = "picture") -> Path:
    """The bytes as a file."""
    path = folder / name
    path.write_bytes(data)
    return path


def photo(width: int = 1600, height: int = 2000) -> Image.Image:
    """Something like a photograph: light that changes, with grain, the same each time."""
    grain = Image.frombytes("L", (width // 8, height // 8), Random(7).randbytes((width // 8) * (height // 8)))
    light = Image.linear_gradient("L").resize((width, height))
    return Image.blend(light, grain.resize((width, height), Image.Resampling.BICUBIC), 0.4).convert("RGB")


def code_of(text: str, side: int, *, kind: str = "QRCode") -> Image.Image:
    """A code with its quiet zone, so many pixels wide."""
    symbol = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
    drawn = memoryview(symbol.to_image(scale=8, add_quiet_zones=True))
    image = Image.frombytes("L", (drawn.shape[1], drawn.shape[0]), drawn.tobytes())
    return image.resize((side, round(side * image.height / image.width)), Image.Resampling.LANCZOS).convert("RGB")


def stripes(width: int = 1600, height: int = 2000) -> Image.Image:
    """A striped cloth, in which a reader of codes may see bars."""
    chance, drawn = Random(7), Image.new("RGB", (width, height), "white")
    left = 0
    while left < width:
        wide = chance.choice((6, 9, 12, 18))
        drawn.paste("navy", (left, 0, min(left + wide, width), height))
        left += wide + chance.choice((6, 9, 12, 18))
    return drawn


def with_codes(*codes: tuple[Image.Image, tuple[int, int]], on: Image.Image | None = None) -> bytes:
    """A JPEG of a photograph with pictures of codes laid on it, each at its left and top."""
    laid = (on or photo()).copy()
    for code, place in codes:
        laid.paste(code, place)
    kept = io.BytesIO()
    laid.save(kept, "JPEG", quality=85)
    return kept.getvalue()


def receive(work: Work, data: bytes) -> str:
    """Take a picture in as a vendor of its own would send it; the id of its asset."""
    with work.database.write() as db:
        asset = service.receive_upload(
            db,
            vendor_id=make_vendor(db, make_retailer(db)).id,
            stream=io.BytesIO(data),
            file_name="top.jpg",
            store=work.files,
            settings=work.settings,
            at=NOON,
        )
        db.commit()
        return asset.id
