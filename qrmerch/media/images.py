"""Pictures from outside, turned into pictures of our own.

In: a file of unknown content. Out: small, clean AVIF and JPEG files, a colour and a placeholder.
Never: metadata of the original, its bytes, or more pixels decoded than allowed.

`examine` reads the header only. `render`, `render_mark`, `render_print` and `read_codes` decode in a child process that
has little memory and little time; this file is the child's program as well, so it imports nothing of ours.
"""

import base64
import io
import json
import os
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

# The two formats that Pillow would else find only by loading all of its fifty readers.
from PIL import AvifImagePlugin, Image, ImageChops, ImageFilter, ImageStat, WebPImagePlugin

__all__ = ["WebPImagePlugin"]
# A decoder with a thread for each core asks for memory for each, and a machine with many would run into the limit.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
# Our own limit is asked before any pixel is decoded; Pillow's is higher and only warns.
Image.MAX_IMAGE_PIXELS = None

PAGE_WIDTHS: Final = (390, 780, 1170)
# Cards stand 4:5 wherever they stand, and cover that with the whole picture.
CARD_SIZE: Final = (300, 375)
_MAX_CARD_WIDTH: Final = 780
PREVIEW_SIZE: Final = (1200, 630)
# What is less wide than this would lose its head and feet in the preview; so much of what is taller stands in it.
_CUT_FROM: Final = 1.25
_STANDS_FROM: Final = 0.8
_CALM_ROWS: Final = 64
CENTRE: Final = (0.5, 0.5)
# Looking for what a picture is of: at so many pixels, by how far a colour is from those along the edge (0 to 255), in a
# window of so much of the picture; a guess that is hardly off the centre is the centre.
_SUBJECT_SIDE: Final = 64
_SUBJECT_DISTANCE: Final = 36
_SUBJECT_SHARES: Final = (0.01, 0.75)
_SUBJECT_WINDOW: Final = 0.7
_SUBJECT_TAIL: Final = 0.02
_OFF_CENTRE: Final = 0.15
# Where a header stands on a cover: the part of it in these proportions, and of that the top. Dark words are read on it
# where nothing is darker than this (0 to 255) and little differs.
_COVER_RATIO: Final = 0.96
_HEADER_SHARE: Final = 0.16
_LIGHT_ENOUGH: Final = 165
_CALM_ENOUGH: Final = 22
MIN_SIDE: Final = 100
MAX_SIDE: Final = 20_000
RENDER_CPU_S: Final = 40
# Pages go first, so that a child may wait long for its time on the processor.
RENDER_TIMEOUT_S: Final = 160
_NICENESS: Final = 10
# 50 megapixels of WebP with transparency take 830 MB of it, the most of all that is taken.
RENDER_MEMORY_BYTES: Final = 1_000_000_000
_AVIF_QUALITY: Final = 55
# A third of the time of 8, as near to the original, and a few per cent more bytes; beyond 9 nothing is gained.
_AVIF_SPEED: Final = 9
_JPEG_QUALITY: Final = 80
_PLACEHOLDER_WIDTH: Final = 24
_PLACEHOLDER_MAX_CHARS: Final = 500
# How much wider than the largest file a picture stays before it is drawn to size, and how many rows are made smaller
# at a time: a large one is never held twice.
_REDUCING_GAP: Final = 2.0
_STRIP_ROWS: Final = 256
_NEEDED_WIDTH: Final = max(*PAGE_WIDTHS, PREVIEW_SIZE[0])
WHITE: Final = "#ffffff"
# A retailer's logo: how small and how long it may be, how heavy as served, and the sizes it is tried in, largest first.
MARK_MIN_SIDE: Final = 40
MARK_RATIOS: Final = (0.5, 8.0)
MARK_MAX_BYTES: Final = 12 * 1024
MARK_TIMEOUT_S: Final = 15
_MARK: Final = "mark"
# For paper: so long may a picture stay, and how little of it may be lost.
PRINT_MAX_SIDE: Final = 6_000
_PRINT: Final = "print"
_PRINT_QUALITY: Final = 90
# Codes are looked for in what shoppers get to see, at its largest; of what one says so much is kept.
CODE_MAX_CHARS: Final = 300
_LOOK: Final = "look"
_MARK_SIZES: Final = ((504, 108), (336, 72), (252, 54), (168, 36))
_MARK_WAYS: Final[tuple[dict[str, Any], ...]] = ({"lossless": True}, {"quality": 90}, {"quality": 75})
# What the child runs.
_PROGRAM: Final = __file__

_HEIC_BRANDS: Final = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_HEIC: Final = "This is an HEIC picture, as iPhones make them. Export it as JPEG and send that."
_TOO_LONG: Final = "This picture took too long to read. Export it as JPEG, 3,000 pixels wide or less."
_UNKNOWN: Final = "This is not a picture that can be shown. Send a JPEG, PNG, WebP or AVIF file."
# What else people send, told by its first bytes, with what would make it right.
_REFUSED: Final[tuple[tuple[bytes, str], ...]] = (
    (rb"(?i)\s*<[^\x00]{0,2000}<?svg[\s>/]", "an SVG drawing. Export it as PNG"),
    (rb"(?i)\s*<(!doctype html|html|head|body|script|!--)", "a web page. Save the picture itself"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "an EPS file. Export it as PNG or JPEG"),
    (rb"%PDF", "a PDF. Export its picture as JPEG"),
    (rb"II[*+]\x00|MM\x00[*+]", "a TIFF picture. Export it as JPEG or PNG"),
    (rb"BM", "a BMP picture. Export it as PNG"),
    (rb"\x00\x00\x01\x00", "an icon file. Export it as PNG"),
    (rb"8BPS", "a Photoshop file. Export it as JPEG or PNG"),
    (rb"PK\x03\x04", "a ZIP archive. Unpack it and send the pictures"),
    (rb"\x01\xda", "an SGI picture. Export it as PNG"),
    (rb".{4}ftyp", "a video. Send a picture"),
)


class Unusable(Exception):
    """The picture cannot be taken; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture's first bytes say: Pillow's name of the format, and pixels as stored."""

    format: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Made:
    """One file that `render` made: its purpose, format, size in pixels and name in the folder."""

    purpose: str
    format: str
    width: int
    height: int
    name: str


@dataclass(frozen=True, slots=True)
class Code:
    """A code that can be read in a picture: zxing-cpp's name of its kind, and what it says.

    `text` has at most 300 characters, from the beginning or, where an address stands later, from that.
    """

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Looked:
    """The codes of a picture, each once."""

    codes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came of a picture: its size as seen, a colour, a placeholder (data URI), its codes and the files.

    `is_see_through`: parts of it were transparent and lie on the ground that was asked for. `focus`: what stays when it
    is cropped, as asked for or as guessed. `is_light_above`: dark words are read on its top.
    """

    width: int
    height: int
    is_see_through: bool
    is_light_above: bool
    focus: tuple[float, float]
    colour: str
    placeholder: str | None
    codes: tuple[Code, ...]
    files: tuple[Made, ...]


def examine(path: Path, *, max_pixels: int, min_side: int = MIN_SIDE) -> Header:
    """A picture's format and size from its header; no pixel is decoded, name and extension are not asked.

    :param min_side: pixels that it has to have each way.
    :raises Unusable: another kind of file, unreadable, too small or too large.
    """
    with path.open("rb") as file:
        first = file.read(2048)
    wanted = _format_of(first)
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=[wanted]) as image:
            width, height = image.size
    # A broken header breaks the parsers in many ways (struct.error, SyntaxError, TypeError, ...).
    except Exception:
        raise Unusable("The beginning of this picture is damaged. Export it again and send that.") from None
    if width * height > max_pixels:
        raise Unusable(
            f"This picture has {width:,} × {height:,} pixels; at most {max_pixels // 1_000_000} million are taken."
            " Export it smaller, 3,000 pixels wide is plenty."
        )
    if max(width, height) > MAX_SIDE:
        raise Unusable(f"This picture is {max(width, height):,} pixels long; at most {MAX_SIDE:,} are taken. Cut it.")
    if min(width, height) < min_side:
        raise Unusable(
            f"This picture has {width:,} × {height:,} pixels; it needs {min_side} each way. Send a larger one."
        )
    return Header(wanted, width, height)


def _format_of(first: bytes) -> str:
    """Pillow's name for one of the formats taken, by the first bytes.

    :raises Unusable: it is another format.
    """
    if not first:
        raise Unusable("This file is empty. Choose the picture again.")
    if first.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if first.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if first.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if first[:4] == b"RIFF" and first[8:12] == b"WEBP":
        return "WEBP"
    if first[4:8] == b"ftyp":
        brands = first[8:64]
        if b"avif" in brands or b"avis" in brands:
            return "AVIF"
        if first[8:12] in _HEIC_BRANDS:
            raise Unusable(_HEIC)
    for pattern, name in _REFUSED:
        if re.match(pattern, first, re.DOTALL):
            raise Unusable(f"This is {name}.")
    raise Unusable(_UNKNOWN)


def render(
    source: Path,
    folder: Path,
    *,
    max_pixels: int,
    focus: tuple[float, float] | None = CENTRE,
    ground: str = WHITE,
    timeout_s: float = RENDER_TIMEOUT_S,
    max_memory_bytes: int = RENDER_MEMORY_BYTES,
) -> Rendered:
    """Make a picture's files in `folder`, in a child process that is ended when it takes too long or too much.

    :param focus: what must stay when it is cropped, as shares of width and height; None: guessed, which may be wrong.
    :param ground: what transparent parts are laid on, `#rrggbb`.
    :raises Unusable: it cannot be decoded within the limits.
    """
    header = examine(source, max_pixels=max_pixels)
    around = "" if focus is None else f"{focus[0]} {focus[1]}"
    order = [header.format, str(source), str(folder), str(max_pixels), around, ground]
    answer = _ask_child([*order, str(max_memory_bytes)], timeout_s=timeout_s)
    files = tuple(Made(**each) for each in answer.pop("files"))
    return Rendered(**answer | {"focus": tuple(answer["focus"]), "codes": _codes_of(answer)}, files=files)


def render_mark(source: Path, folder: Path, *, max_pixels: int) -> Made:
    """Make a logo in `folder`, in the same child process: WebP, cut to what can be seen, transparent where it was.

    :raises Unusable: it cannot be decoded, nothing of it can be seen, it is too long, or stays too heavy however small.
    """
    header = examine(source, max_pixels=max_pixels, min_side=MARK_MIN_SIDE)
    order = [header.format, str(source), str(folder), str(max_pixels), _MARK, str(RENDER_MEMORY_BYTES)]
    return Made(**_ask_child(order, timeout_s=MARK_TIMEOUT_S))


def render_print(source: Path, folder: Path, *, max_pixels: int, ground: str, longest: int) -> Made:
    """Make a picture for paper in `folder`, in the same child process: a JPEG in sRGB, upright, hardly packed.

    :param ground: what transparent parts are laid on, `#rrggbb`.
    :param longest: pixels of its longer side, if it has so many; at most 6,000.
    :raises Unusable: it cannot be decoded within the limits.
    """
    header = examine(source, max_pixels=max_pixels)
    most = str(min(longest, PRINT_MAX_SIDE))
    order = [header.format, str(source), str(folder), str(max_pixels), _PRINT, ground, most, str(RENDER_MEMORY_BYTES)]
    return Made(**_ask_child(order, timeout_s=RENDER_TIMEOUT_S))


def read_codes(source: Path, *, max_pixels: int) -> tuple[Code, ...]:
    """The codes in a picture that was rendered before, in the same child process.

    :param source: a file that `render` made.
    :raises Unusable: it cannot be decoded within the limits.
    """
    header = examine(source, max_pixels=max_pixels, min_side=1)
    order = [header.format, str(source), "", str(max_pixels), _LOOK, str(RENDER_MEMORY_BYTES)]
    return _codes_of(_ask_child(order, timeout_s=RENDER_TIMEOUT_S))


def _codes_of(answer: dict[str, Any]) -> tuple[Code, ...]:
    return tuple(Code(**each) for each in answer["codes"])


def _ask_child(order: list[str], *, timeout_s: float) -> dict[str, Any]:
    """What the child answers to an order.

    :raises Unusable: the child says so, fails, or takes too long.
    """
    # Whoever takes over a decoder finds no secret of ours in the child's memory.
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR")}
    try:
        # -I: the child looks at no variable, user folder or current folder.
        child = subprocess.run(
            [sys.executable, "-I", _PROGRAM, *order],
            capture_output=True,
            timeout=timeout_s,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise Unusable(_TOO_LONG) from None
    # The system ends it so when it has used up its time on the processor.
    if child.returncode == -signal.SIGKILL:
        raise Unusable(_TOO_LONG)
    if child.returncode != 0:
        raise Unusable("This picture cannot be read to its end. Open it, export it as JPEG again, and send that.")
    answer: dict[str, Any] = json.loads(child.stdout)
    if "problem" in answer:
        raise Unusable(answer["problem"])
    return answer


def _render_mark_here(name: str, source: Path, folder: Path, *, max_pixels: int) -> Made:
    """The work of `render_mark`, in this process."""
    with Image.open(source, formats=[name]) as opened:
        if opened.width * opened.height > max_pixels:
            raise Unusable("This picture has too many pixels.")
        turn, profile = _orientation(opened), opened.info.get("icc_profile")
        opened.load()
        layer = _eight_bits(opened)
    mask = layer.getchannel("A") if layer.mode == "RGBA" else None
    seen = _plain_rgb(layer.convert("RGB") if mask else layer, profile)
    seen.putalpha(mask or Image.new("L", layer.size, 255))
    seen = _turned(seen, turn)
    # What is fainter than this is the edge of a shadow.
    box = seen.getchannel("A").point(lambda value: 255 if value > 8 else 0).getbbox()
    if box is None:
        raise Unusable("Nothing can be seen in this logo: all of it is transparent. Export it again and send that.")
    seen = seen.crop(box)
    if not MARK_RATIOS[0] <= seen.width / seen.height <= MARK_RATIOS[1]:
        raise Unusable(
            f"This logo is {seen.width:,} × {seen.height:,} pixels where it shows something. It may be at most"
            f" {MARK_RATIOS[1]:g} times as wide as high, or twice as high as wide."
        )
    return _save_mark(seen, folder)


def _save_mark(seen: Image.Image, folder: Path) -> Made:
    for sides in _MARK_SIZES:
        small = seen.copy()
        small.thumbnail(sides, Image.Resampling.LANCZOS)
        for how in _MARK_WAYS:
            kept = io.BytesIO()
            small.save(kept, "WEBP", method=6, **how)
            if kept.tell() <= MARK_MAX_BYTES:
                (folder / "mark.webp").write_bytes(kept.getvalue())
                return Made("mark", "webp", small.width, small.height, "mark.webp")
    raise Unusable(
        "This logo stays heavier than 12 KB however small it gets. Send a plainer one, without a photograph."
    )


def _render_here(
    name: str, source: Path, folder: Path, *, max_pixels: int, focus: tuple[float, float] | None, ground: str
) -> Rendered:
    """The work of `render`, in this process."""
    decoded = _decode(name, source, max_pixels=max_pixels, ground=ground)
    picture = decoded.picture
    focus = focus or _guess_focus(decoded)
    made = [_save(_previewed(decoded, focus), folder, "preview", "jpeg")]
    widths = _page_widths(picture.width)
    picture = decoded.in_srgb(_scaled(picture, widths[0]))
    card = _scaled(picture, _card_width(picture))
    codes = _find_codes(picture)
    # Each size is made from the one above it: the large one is read once.
    for width in widths:
        picture = _scaled(picture, width)
        made += [_save(picture, folder, "page", kind) for kind in ("avif", "jpeg")]
    is_light_above = _is_light_above(picture, focus)
    made += [_save(card, folder, "card", kind) for kind in ("avif", "jpeg")]
    return Rendered(
        width=decoded.width,
        height=decoded.height,
        is_see_through=decoded.is_see_through,
        is_light_above=is_light_above,
        focus=focus,
        colour=_colour_of(card),
        placeholder=_placeholder_of(card),
        codes=codes,
        files=tuple(made),
    )


def _render_print_here(name: str, source: Path, folder: Path, *, max_pixels: int, ground: str, longest: int) -> Made:
    """The work of `render_print`, in this process."""
    decoded = _decode(name, source, max_pixels=max_pixels, ground=ground, needed=longest)
    picture = decoded.in_srgb(decoded.picture)
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=3.0)
    # One scan and whole colours: what a press reads without asking back.
    picture.save(folder / "print.jpeg", "JPEG", quality=_PRINT_QUALITY, subsampling=0, optimize=True)
    return Made(_PRINT, "jpeg", picture.width, picture.height, "print.jpeg")


def _look_here(name: str, source: Path, *, max_pixels: int) -> Looked:
    """The work of `read_codes`, in this process."""
    decoded = _decode(name, source, max_pixels=max_pixels, ground=WHITE)
    return Looked(_find_codes(decoded.in_srgb(_scaled(decoded.picture, PAGE_WIDTHS[-1]))))


def _find_codes(picture: Image.Image) -> tuple[Code, ...]:
    """What a phone could read in it: turned, small, light on dark."""
    # The web server has this file too, and never looks.
    import zxingcpp

    known = zxingcpp.BarcodeFormat
    matrix = [known.QRCode, known.MicroQRCode, known.RMQRCode, known.DataMatrix, known.Aztec]
    wanted = zxingcpp.BarcodeFormats([*matrix, known.EAN13, known.EAN8, known.UPCA, known.UPCE])
    greys = picture.convert("L")
    seen = memoryview(greys.tobytes()).cast("B", (greys.height, greys.width))
    found = [Code(each.format.name, _shortened(each.text)) for each in zxingcpp.read_barcodes(seen, formats=wanted)]
    return tuple(dict.fromkeys(found))


def _shortened(text: str) -> str:
    begin = text.lower().find("http")
    return text[max(0, begin) if begin + len("https://") > CODE_MAX_CHARS // 2 else 0 :][:CODE_MAX_CHARS]


def _page_widths(width: int) -> list[int]:
    """The widths made of a picture that is `width` wide, largest first; none larger than it is."""
    made = [each for each in PAGE_WIDTHS if each <= width]
    # A picture between two sizes is also kept at its own, if that is noticeably more.
    if not made or (width < PAGE_WIDTHS[-1] and width > made[-1] * 1.2):
        made.append(width)
    return made[::-1]


@dataclass(frozen=True, slots=True)
class _Decoded:
    """The first frame, upright, in 8 bits and without transparency, at least as wide as needed; its size as seen."""

    picture: Image.Image
    width: int
    height: int
    is_see_through: bool
    profile: bytes | None

    def in_srgb(self, picture: Image.Image) -> Image.Image:
        """A part of it as RGB, by its colour profile where that is usable, and nothing else attached."""
        return _plain_rgb(picture, self.profile)


def _decode(name: str, source: Path, *, max_pixels: int, ground: str, needed: int = _NEEDED_WIDTH) -> _Decoded:
    with Image.open(source, formats=[name]) as opened:
        if opened.width * opened.height > max_pixels:
            raise Unusable("This picture has too many pixels.")
        turn = _orientation(opened)
        width, height = opened.size[::-1] if turn >= 5 else opened.size
        scale = min(1.0, needed / width)
        # JPEG decodes straight to a half, a quarter or an eighth.
        opened.draft(None, (max(1, round(opened.width * scale)), max(1, round(opened.height * scale))))
        opened.load()
        profile = opened.info.get("icc_profile")
        across = opened.height if turn >= 5 else opened.width
        picture = _reduced(opened, max(1, int(across / (needed * _REDUCING_GAP))))
    is_see_through = picture.mode == "RGBA" and picture.getchannel("A").getextrema()[0] != 255
    if picture.mode == "RGBA":
        picture, profile = _laid_on(picture, ground, profile), None
    return _Decoded(_turned(picture, turn), width, height, is_see_through, profile)


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """The frame in 8 bits for each channel and a whole factor smaller, made strip by strip."""
    is_plain = image.mode in ("RGB", "L", "CMYK") and not image.has_transparency_data
    if factor == 1 and (is_plain or image.mode == "RGBA"):
        return image
    reduced: Image.Image | None = None
    for top, strip in _strips(image, _STRIP_ROWS * factor):
        small = strip if factor == 1 else strip.reduce(factor)
        if reduced is None:
            reduced = Image.new(small.mode, (small.width, -(-image.height // factor)))
        reduced.paste(small, (0, top // factor))
    return reduced or image


def _strips(image: Image.Image, rows: int) -> Iterator[tuple[int, Image.Image]]:
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        yield top, _eight_bits(strip)


def _eight_bits(image: Image.Image) -> Image.Image:
    """RGB, RGBA, L or CMYK, whatever the file has."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in ("RGB", "L", "CMYK") else image.convert("RGB")


def _laid_on(layer: Image.Image, ground: str, profile: bytes | None) -> Image.Image:
    """The layer's colours in sRGB, on a ground of one colour."""
    mask = layer.getchannel("A")
    laid = Image.new("RGB", layer.size, ground)
    laid.paste(_plain_rgb(layer.convert("RGB"), profile), mask=mask)
    return laid


def _orientation(image: Image.Image) -> int:
    """How the camera was held, 1 to 8; 1 where the note about it is unreadable."""
    try:
        turn = int(image.getexif().get(0x0112, 1))
    # Camera data come broken in every imaginable way; the picture is still good.
    except Exception:
        return 1
    return turn if 1 <= turn <= 8 else 1


def _turned(picture: Image.Image, turn: int) -> Image.Image:
    ways = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    return picture.transpose(ways[turn]) if turn in ways else picture


def _plain_rgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    plain = _by_profile(picture, profile) if profile and picture.mode in ("RGB", "CMYK") else None
    plain = plain or picture.convert("RGB")
    plain.info.clear()
    return plain


def _by_profile(picture: Image.Image, profile: bytes) -> Image.Image | None:
    """The picture in sRGB, or None where the profile is of no use."""
    # Few pictures have one, and loading what reads them takes its time.
    from PIL import ImageCms

    try:
        return ImageCms.profileToProfile(picture, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _scaled(picture: Image.Image, width: int) -> Image.Image:
    if picture.width <= width:
        return picture
    height = max(1, round(picture.height * width / picture.width))
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _card_width(picture: Image.Image) -> int:
    """Wide enough to cover a card, whatever its proportions; no wider than the picture."""
    covering = max(CARD_SIZE[0], round(CARD_SIZE[1] * picture.width / picture.height))
    return min(picture.width, _MAX_CARD_WIDTH, covering)


def _previewed(decoded: _Decoded, focus: tuple[float, float]) -> Image.Image:
    """The picture as chats show it: around its focus where it is wide; else standing, its own edges drawn out."""
    picture = decoded.picture
    if picture.width >= picture.height * _CUT_FROM:
        return decoded.in_srgb(_cropped(picture, focus))
    rows = min(picture.height, picture.width / _STANDS_FROM)
    top = (picture.height - rows) * focus[1]
    height = min(PREVIEW_SIZE[1], max(1, round(rows)))
    size = (max(1, round(height * picture.width / rows)), height)
    box = (0, top, picture.width, min(top + rows, picture.height))
    standing = decoded.in_srgb(picture.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0))
    laid = Image.new("RGB", (round(height * PREVIEW_SIZE[0] / PREVIEW_SIZE[1]), height), WHITE)
    left = (laid.width - standing.width) // 2
    right = left + standing.width
    edge = max(1, standing.width // 50)
    for begin, end, at in ((0, left, 0), (right, laid.width, standing.width - edge)):
        line = standing.crop((at, 0, at + edge, height)).resize((1, height), Image.Resampling.BOX)
        laid.paste(_calmed(line).resize((end - begin, height)), (begin, 0))
    laid.paste(standing, (left, 0))
    return laid


def _calmed(line: Image.Image) -> Image.Image:
    """One column without what only crosses it, such as a strap: the middle of its neighbours, blurred."""
    block = line.resize((_CALM_ROWS // 2, _CALM_ROWS), Image.Resampling.BOX).filter(ImageFilter.MedianFilter(31))
    middle = block.width // 2
    calm = block.crop((middle, 0, middle + 1, _CALM_ROWS)).filter(ImageFilter.GaussianBlur(2))
    return calm.resize(line.size, Image.Resampling.BICUBIC)


def _guess_focus(decoded: _Decoded) -> tuple[float, float]:
    """Where what differs from the picture's edge is, so that it stays when the picture is cropped; else the centre."""
    picture = decoded.picture
    scale = _SUBJECT_SIDE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    differs = _differing(decoded.in_srgb(picture.resize(size, Image.Resampling.BOX, reducing_gap=3.0)))
    share = ImageStat.Stat(differs).mean[0] / 255
    if not _SUBJECT_SHARES[0] <= share <= _SUBJECT_SHARES[1]:
        return CENTRE
    across = differs.resize((differs.width, 1), Image.Resampling.BOX).tobytes()
    down = differs.resize((1, differs.height), Image.Resampling.BOX).tobytes()
    return _window_at(across, keeps_begin=False), _window_at(down, keeps_begin=picture.height > picture.width)


def _differing(small: Image.Image) -> Image.Image:
    """White where the colour is none of those that most of the edge has."""
    width, height = small.size
    edge = Image.new("RGB", (2 * (width + height), 1))
    for begin, strip in (
        (0, small.crop((0, 0, width, 1))),
        (width, small.crop((0, height - 1, width, height))),
        (2 * width, small.crop((0, 0, 1, height)).transpose(Image.Transpose.ROTATE_90)),
        (2 * width + height, small.crop((width - 1, 0, width, height)).transpose(Image.Transpose.ROTATE_90)),
    ):
        edge.paste(strip, (begin, 0))
    few = edge.quantize(colors=4)
    palette = few.getpalette() or []
    nearest = Image.new("L", small.size, 255)
    for count, place in few.getcolors() or []:
        # What only crosses the edge, such as a strap, is what the picture is of.
        if isinstance(place, int) and count * 8 >= edge.width:
            ground = Image.new("RGB", small.size, tuple(palette[place * 3 : place * 3 + 3]))
            bands = ImageChops.difference(small, ground).split()
            farthest = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
            nearest = ImageChops.darker(nearest, farthest)
    return nearest.point(lambda value: 255 if value > _SUBJECT_DISTANCE else 0)


def _window_at(weights: bytes, *, keeps_begin: bool) -> float:
    """Where a window lies that holds most of the weight, as a share of the way that it can move.

    :param keeps_begin: of what is longer than the window, its beginning stays, as a head does; else its middle.
    """
    total, seen = sum(weights), list(accumulate(weights))
    first = sum(each <= total * _SUBJECT_TAIL for each in seen) / len(weights)
    last = (sum(each < total * (1 - _SUBJECT_TAIL) for each in seen) + 1) / len(weights)
    middle = (first + last) / 2
    if keeps_begin and last - first > _SUBJECT_WINDOW:
        middle = first + _SUBJECT_WINDOW / 2
    share = min(1.0, max(0.0, (middle - _SUBJECT_WINDOW / 2) / (1 - _SUBJECT_WINDOW)))
    return 0.5 if abs(share - 0.5) < _OFF_CENTRE else round(share, 2)


def _is_light_above(picture: Image.Image, focus: tuple[float, float]) -> bool:
    """Whether dark words can stand on the top of a picture that covers a page's head: light there, and plain."""
    width = min(picture.width, picture.height * _COVER_RATIO)
    height = width / _COVER_RATIO
    left, top = (picture.width - width) * focus[0], (picture.height - height) * focus[1]
    box = (left, top, min(left + width, picture.width), min(top + height * _HEADER_SHARE, picture.height))
    grey = picture.convert("L").resize((64, 10), Image.Resampling.BOX, box=box)
    found = ImageStat.Stat(grey)
    return found.extrema[0][0] >= _LIGHT_ENOUGH and found.stddev[0] <= _CALM_ENOUGH


def _cropped(picture: Image.Image, focus: tuple[float, float]) -> Image.Image:
    """The part around the focus in the preview's proportions, no larger than the picture gives."""
    scale = min(1.0, picture.width / PREVIEW_SIZE[0], picture.height / PREVIEW_SIZE[1])
    size = (max(1, round(PREVIEW_SIZE[0] * scale)), max(1, round(PREVIEW_SIZE[1] * scale)))
    shrink = min(picture.width / size[0], picture.height / size[1])
    width, height = size[0] * shrink, size[1] * shrink
    left, top = (picture.width - width) * focus[0], (picture.height - height) * focus[1]
    box = (left, top, min(left + width, picture.width), min(top + height, picture.height))
    return picture.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)


def _save(picture: Image.Image, folder: Path, purpose: str, kind: str) -> Made:
    name = f"{purpose}-{picture.width}.{kind}"
    if kind == "avif":
        picture.save(folder / name, "AVIF", quality=_AVIF_QUALITY, speed=_AVIF_SPEED, max_threads=1)
    else:
        picture.save(folder / name, "JPEG", quality=_JPEG_QUALITY, optimize=True, progressive=True)
    return Made(purpose, kind, picture.width, picture.height, name)


def _colour_of(picture: Image.Image) -> str:
    """The colour that covers most of the picture, `#rrggbb`."""
    few = picture.resize((48, 48)).quantize(colors=6)
    counted = few.getcolors() or [(1, 0)]
    palette = few.getpalette() or [255, 255, 255]
    place = max(counted)[1]
    if not isinstance(place, int):
        return WHITE
    red, green, blue = palette[place * 3 : place * 3 + 3]
    return f"#{red:02x}{green:02x}{blue:02x}"


def _placeholder_of(picture: Image.Image) -> str | None:
    """A tiny blurred copy as a data URI, or None where it would not stay tiny."""
    height = max(1, min(48, round(picture.height * _PLACEHOLDER_WIDTH / picture.width)))
    tiny = picture.resize((_PLACEHOLDER_WIDTH, height)).filter(ImageFilter.GaussianBlur(1))
    kept = io.BytesIO()
    tiny.save(kept, "WEBP", quality=20, method=6)
    uri = "data:image/webp;base64," + base64.b64encode(kept.getvalue()).decode()
    return uri if len(uri) <= _PLACEHOLDER_MAX_CHARS else None


def _limit_this_process(max_memory_bytes: int) -> None:
    """Take memory, time and disk away from this process, where the system can, and let others go first."""
    if sys.platform == "win32":
        return
    import resource

    os.nice(_NICENESS)
    for kind, most in (
        (resource.RLIMIT_AS, max_memory_bytes),
        (resource.RLIMIT_CPU, RENDER_CPU_S),
        (resource.RLIMIT_FSIZE, 50_000_000),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):
            # macOS knows no limit on address space; time is limited by the parent as well.
            continue


def _run(arguments: list[str]) -> int:
    """The child: render what the arguments name, and answer in JSON."""
    name, source, folder, max_pixels, *how, max_memory_bytes = arguments
    warnings.simplefilter("ignore")
    _limit_this_process(int(max_memory_bytes))
    paths, most = (Path(source), Path(folder)), int(max_pixels)
    try:
        made: Rendered | Made | Looked
        if how == [_LOOK]:
            made = _look_here(name, paths[0], max_pixels=most)
        elif how == [_MARK]:
            made = _render_mark_here(name, *paths, max_pixels=most)
        elif how[0] == _PRINT:
            made = _render_print_here(name, *paths, max_pixels=most, ground=how[1], longest=int(how[2]))
        else:
            around, ground = how
            across, _, down = around.partition(" ")
            focus = (float(across), float(down)) if around else None
            made = _render_here(name, *paths, max_pixels=most, focus=focus, ground=ground)
    except Unusable as refused:
        answer: dict[str, object] = {"problem": str(refused)}
    except MemoryError:
        answer = {"problem": "This picture needs too much memory to read. Export it as JPEG, 3,000 pixels wide."}
    # Decoders meet hostile bytes here; whatever they raise, the picture is not usable.
    except Exception:
        return 1
    else:
        answer = asdict(made)
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1:]))
