"""The child process that opens artwork from elsewhere: every code on every page, read and measured.

In: a PDF, PNG or JPEG of unknown content. Out: JSON on standard output: the pages' sizes and, for each code, what it
says, where it stands, and what was measured of it. Never: more memory, time or pages than allowed, or another file
opened because this one says so.

The child knows no folder to import from, so nothing of ours is imported and all of it stands in this one file.

A page is drawn at 300 dpi, cut to where it will be trimmed; beyond that the ground counts as grey, so that a quiet zone
which the knife takes away is missed. A large sheet is read in pieces that overlap, and once more as a whole, smaller.
"""

import json
import math
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import zxingcpp
from PIL import Image, JpegImagePlugin, PngImagePlugin

__all__ = ["JpegImagePlugin", "PngImagePlugin"]
Image.MAX_IMAGE_PIXELS = None

MEMORY_BYTES: Final = 1_500_000_000
CPU_S: Final = 120
MAX_PAGES: Final = 40
MAX_CODES: Final = 500
MAX_PIXELS: Final = 60_000_000
_NICENESS: Final = 10
_DPI: Final = 300
_MM_PER_INCH: Final = 25.4
_POINTS_PER_INCH: Final = 72
_PIECE: Final = 3_600
_OVERLAP: Final = 900
_MAX_PIECES: Final = 120
_MAX_PAGE_MM: Final = 6_000
# The flat cut of a code that is measured: so many pixels a module, so many modules of ground around it.
_CUT_PIXELS, _GROUND_MODULES = 8, 6
_SHELF: Final = 128
_NOISE_SHARE: Final = 0.03
_TONE_STEP: Final = 0.35
_FORMATS: Final = zxingcpp.BarcodeFormats(
    [
        zxingcpp.BarcodeFormat.QRCodeModel2,
        zxingcpp.BarcodeFormat.DataMatrix,
        zxingcpp.BarcodeFormat.EAN13,
        zxingcpp.BarcodeFormat.EAN8,
        zxingcpp.BarcodeFormat.UPCA,
    ]
)
_UNREADABLE: Final = "This file cannot be opened. It may be damaged or cut off; export it again and send that."

Point = tuple[float, float]


class Refused(Exception):
    """The file cannot be taken; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """One code: its page (from 1), kind and text, its box in mm of the page, and for a QR code what was measured.

    Sizes are 0 where the file does not say how large it is printed.
    """

    page: int
    kind: str
    text: str
    box: tuple[float, float, float, float]
    is_read: bool = True
    version: int = 0
    level: str = ""
    module_mm: float = 0.0
    quiet_modules: int = 0
    contrast: float = 0.0
    red_contrast: float = 0.0
    is_inverted: bool = False
    # Its modules as they look, row after row, 1 for dark, and the mask that lies on them.
    modules: str = ""
    mask: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """A page's size as trimmed, mm; 0 where the file does not say."""

    width_mm: float
    height_mm: float


@dataclass(slots=True)
class Proof:
    """What was found in a file."""

    pages: list[Page] = field(default_factory=list)
    codes: list[Found] = field(default_factory=list)
    left_out_pages: int = 0


@dataclass(frozen=True, slots=True)
class _View:
    """A piece of a page in colours: where its corner lies on the page, and how many pixels a mm has; 0 for unknown."""

    picture: Image.Image
    left: float
    top: float
    per_mm: float


def read_pdf(path: Path) -> Proof:
    """Every code on the pages of a PDF."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Refused("This PDF is locked with a password. Export it without one.") from None
        raise Refused(_UNREADABLE) from None
    count = len(document)
    proof = Proof(left_out_pages=max(0, count - MAX_PAGES))
    for number in range(min(count, MAX_PAGES)):
        page = document[number]
        left, bottom, right, top = _trimmed(page)
        width, height = ((high - low) / _POINTS_PER_INCH * _MM_PER_INCH for low, high in ((left, right), (bottom, top)))
        if not (0 < width <= _MAX_PAGE_MM and 0 < height <= _MAX_PAGE_MM):
            raise Refused(f"Page {number + 1} is {width:,.0f} × {height:,.0f} mm large. Export it in its printed size.")
        proof.pages.append(Page(round(width, 2), round(height, 2)))
        _collect(proof, number + 1, _pdf_views(page, (left, bottom, right, top), width, height))
        page.close()
    return proof


def _trimmed(page: Any) -> tuple[float, float, float, float]:
    """Where a page will be cut, inside of what is shown of it, points."""
    # Which way round a reader shows it changes nothing in print.
    page.set_rotation(0)
    shown, trim = page.get_cropbox(), page.get_trimbox()
    left, bottom = max(shown[0], trim[0]), max(shown[1], trim[1])
    right, top = min(shown[2], trim[2]), min(shown[3], trim[3])
    box: tuple[float, float, float, float] = (left, bottom, right, top) if left < right and bottom < top else shown
    return box


def _pdf_views(page: Any, box: tuple[float, float, float, float], width: float, height: float) -> Iterator[_View]:
    """Pieces of a page at 300 dpi, and the whole of a large one smaller."""
    per_point = _DPI / _POINTS_PER_INCH
    across, down = (math.ceil(each / _MM_PER_INCH * _DPI) for each in (width, height))
    whole = min(1.0, _PIECE / max(across, down))
    if whole < 1:
        yield _pdf_view(page, box, (0, 0, across, down), per_point, whole)
    step = _PIECE - _OVERLAP
    pieces = [
        (x, y) for y in range(0, max(1, down - _OVERLAP), step) for x in range(0, max(1, across - _OVERLAP), step)
    ]
    for x, y in pieces[:_MAX_PIECES]:
        yield _pdf_view(page, box, (x, y, min(x + _PIECE, across), min(y + _PIECE, down)), per_point, 1.0)


def _pdf_view(
    page: Any, box: tuple[float, float, float, float], piece: tuple[int, int, int, int], per_point: float, scale: float
) -> _View:
    shown = page.get_cropbox()
    left, top, right, bottom = (each / per_point for each in piece)
    # How much is cut off at the left, bottom, right and top of what is shown of the page.
    crop = (
        box[0] - shown[0] + left,
        box[3] - bottom - shown[1],
        shown[2] - box[0] - right,
        shown[3] - box[3] + top,
    )
    bitmap = page.render(scale=per_point * scale, crop=tuple(max(0.0, each) for each in crop))
    mm = _MM_PER_INCH / _DPI
    return _View(bitmap.to_pil().convert("RGB"), piece[0] * mm, piece[1] * mm, scale / mm)


def read_picture(path: Path, kind: str, width_mm: float) -> Proof:
    """Every code in a picture.

    :param width_mm: how wide it is printed; 0 takes what the file says, if it says anything.
    """
    with Image.open(path, formats=[kind]) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise Refused(
                f"This picture has {opened.width:,} × {opened.height:,} pixels; {MAX_PIXELS // 1_000_000} million are"
                " the most. Export it at 300 dpi, or send the PDF."
            )
        said = opened.info.get("dpi", (0, 0))[0]
        picture = _on_white(opened)
    dpi = float(said) if said and said > 1 else 0.0
    # 72 and 96 are what programs write that know nothing of print.
    per_mm = picture.width / width_mm if width_mm else (dpi / _MM_PER_INCH if dpi not in (72.0, 96.0) else 0.0)
    proof = Proof(pages=[Page(*((round(each / per_mm, 2) if per_mm else 0.0) for each in picture.size))])
    _collect(proof, 1, _picture_views(picture, per_mm))
    return proof


def _on_white(opened: Image.Image) -> Image.Image:
    if opened.mode.startswith("I"):
        return opened.point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if not opened.has_transparency_data:
        return opened.convert("RGB")
    layer = opened.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    ground.alpha_composite(layer)
    return ground.convert("RGB")


def _picture_views(picture: Image.Image, per_mm: float) -> Iterator[_View]:
    whole = min(1.0, _PIECE / max(picture.size))
    if whole < 1:
        small = picture.resize(
            (max(1, round(picture.width * whole)), max(1, round(picture.height * whole))), Image.Resampling.BOX
        )
        yield _View(small, 0.0, 0.0, per_mm * whole)
    step = _PIECE - _OVERLAP
    for top in range(0, max(1, picture.height - _OVERLAP), step):
        for left in range(0, max(1, picture.width - _OVERLAP), step):
            piece = picture.crop((left, top, min(left + _PIECE, picture.width), min(top + _PIECE, picture.height)))
            yield _View(piece, left / (per_mm or 1.0), top / (per_mm or 1.0), per_mm)


def _collect(proof: Proof, number: int, views: Iterator[_View]) -> None:
    """Add what is found in views of one page, each code once: as the view shows it that has most pixels of it."""
    found: list[Found] = []
    for view in views:
        for each in _codes_in(view, number):
            same = next((at for at, other in enumerate(found) if _is_same(each, other)), None)
            if same is None:
                found.append(each)
            elif each.quiet_modules >= found[same].quiet_modules:
                # Later views are finer; one whose edge cuts into the quiet zone is not.
                found[same] = each
    proof.codes += found
    if len(proof.codes) > MAX_CODES:
        raise Refused(f"This file holds more than {MAX_CODES} codes. Split it, and send the parts.")


def _is_same(one: Found, other: Found) -> bool:
    """Whether two finds are one code: they overlap by more than half, and say the same if both were read."""
    if one.is_read and other.is_read and one.text != other.text:
        return False
    width = min(one.box[0] + one.box[2], other.box[0] + other.box[2]) - max(one.box[0], other.box[0])
    height = min(one.box[1] + one.box[3], other.box[1] + other.box[3]) - max(one.box[1], other.box[1])
    least = min(one.box[2] * one.box[3], other.box[2] * other.box[3])
    return width > 0 and height > 0 and width * height > least / 2


def _codes_in(view: _View, number: int) -> Iterator[Found]:
    grey = view.picture.convert("L")
    for each in zxingcpp.read_barcodes(grey, formats=_FORMATS, return_errors=True):
        if not each.valid and "QR" not in str(each.format):
            # Half of a line of bars is no code that somebody meant.
            continue
        corners = [
            (float(point.x), float(point.y))
            for point in (
                each.position.top_left,
                each.position.top_right,
                each.position.bottom_right,
                each.position.bottom_left,
            )
        ]
        scale = view.per_mm or 1.0
        across, down = ([corner[at] for corner in corners] for at in (0, 1))
        box = (
            round(view.left + min(across) / scale, 2),
            round(view.top + min(down) / scale, 2),
            round((max(across) - min(across)) / scale, 2),
            round((max(down) - min(down)) / scale, 2),
        )
        kind = str(each.format).rpartition(".")[2]
        extra: Any = each.extra or {}
        said_version = str(extra.get("Version", ""))
        version = int(said_version) if "QR" in kind and said_version.isdecimal() else 0
        if not version:
            yield Found(number, kind, each.text, box, is_read=each.valid)
            continue
        said: dict[str, Any] = {
            "is_read": each.valid,
            "version": version,
            "level": each.ec_level,
            "mask": int(extra.get("DataMask", 0)),
        }
        yield Found(number, "QR", each.text, box, **said, **_measured(view, corners, 17 + 4 * version))


def _measured(view: _View, corners: list[Point], modules: int) -> dict[str, Any]:
    """Module, quiet zone and contrast of a QR code."""
    sides = [math.dist(corners[at], corners[at - 1]) for at in range(4)]
    module = sum(sides) / 4 / modules
    cut = _flat(view.picture, corners, modules)
    bands = [_linear(band) for band in (cut.convert("L"), cut.getchannel("R"))]
    greys, reds = (_middles(band, modules) for band in bands)
    low, high = _ends(greys)
    red_low, red_high = _ends(reds)
    # The corner of a finder is dark, the ring inside of it light.
    is_inverted = greys[0] > greys[modules + 1]
    ground, middle = low if is_inverted else high, (low + high) / 2
    return {
        "modules": "".join("1" if (value < middle) != is_inverted else "0" for value in greys),
        "module_mm": round(module / view.per_mm, 4) if view.per_mm else 0.0,
        "quiet_modules": _quiet(bands[0], ground, (high - low) * _TONE_STEP),
        "contrast": round(high - low, 3),
        "red_contrast": round(red_high - red_low, 3),
        "is_inverted": is_inverted,
    }


def _flat(picture: Image.Image, corners: list[Point], modules: int) -> Image.Image:
    """The code seen from straight above, with ground around it; what lies beyond the picture is grey."""
    side = (modules + 2 * _GROUND_MODULES) * _CUT_PIXELS
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
    # The unit square onto the four corners (Heckbert), then shifted and scaled to the cut.
    sum_x, sum_y = ax - bx + cx - dx, ay - by + cy - dy
    px, py, qx, qy = bx - cx, by - cy, dx - cx, dy - cy
    whole = px * qy - qx * py or 1e-9
    g, h = (sum_x * qy - qx * sum_y) / whole, (px * sum_y - sum_x * py) / whole
    rows = ((bx - ax + g * bx, dx - ax + h * dx, ax), (by - ay + g * by, dy - ay + h * dy, ay), (g, h, 1.0))
    scale, shift = 1 / (modules * _CUT_PIXELS), -_GROUND_MODULES / modules
    placed = [(a * scale, b * scale, c + (a + b) * shift) for a, b, c in rows]
    unit = placed[2][2]
    coefficients = [each / unit for row in placed for each in row][:8]
    return picture.transform(
        (side, side), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR, fillcolor=(_SHELF,) * 3
    )


def _linear(band: Image.Image) -> Image.Image:
    """A channel as light, 0 to 255 again."""
    return band.point([round(255 * _lit(value / 255)) for value in range(256)])


def _lit(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _middles(band: Image.Image, modules: int) -> list[float]:
    """The light of each module at its middle, 0 to 1, row by row."""
    edge = _GROUND_MODULES * _CUT_PIXELS
    inner = band.crop((edge, edge, edge + modules * _CUT_PIXELS, edge + modules * _CUT_PIXELS))
    # The outer quarters of a module blur into its neighbours.
    quarter = _CUT_PIXELS // 4
    data, side = inner.tobytes(), inner.width
    values = []
    for y in range(modules):
        for x in range(modules):
            at = (y * _CUT_PIXELS + quarter) * side + x * _CUT_PIXELS + quarter
            spots = [data[at + dy * side + dx] for dy in (0, 2, 3) for dx in (0, 2, 3)]
            values.append(sum(spots) / len(spots) / 255)
    return values


def _ends(values: list[float]) -> tuple[float, float]:
    """The dark and the light end, without the outermost three in a hundred."""
    ordered = sorted(values)
    skip = len(ordered) * 3 // 100
    return ordered[skip], ordered[-1 - skip]


def _quiet(band: Image.Image, ground: float, tolerance: float) -> int:
    """How many modules around the code are of its ground, up to six."""
    # As much as the edge of a corner found may be off.
    slack = 3
    data, side = band.tobytes(), band.width
    low, high = (ground - tolerance) * 255, (ground + tolerance) * 255
    for ring in range(1, _GROUND_MODULES + 1):
        outer = (_GROUND_MODULES - ring) * _CUT_PIXELS + slack
        thick = _CUT_PIXELS - 2 * slack + 1
        last = side - outer
        rows = [data[y * side + outer : y * side + last] for t in range(thick) for y in (outer + t, last - 1 - t)]
        columns = [data[outer * side + x : last * side : side] for t in range(thick) for x in (outer + t, last - 1 - t)]
        values = b"".join(rows + columns)
        if sum(not low <= value <= high for value in values) > len(values) * _NOISE_SHARE:
            return ring - 1
    return _GROUND_MODULES


def _limit_this_process() -> None:
    """Take memory, time and disk away from this process, where the system can, and let others go first."""
    if sys.platform == "win32":
        return
    import resource

    os.nice(_NICENESS)
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):
            # macOS knows no limit on address space; time is limited by the parent as well.
            continue


def _run(arguments: list[str]) -> int:
    """The child: read the file that the arguments name, and answer in JSON."""
    kind, name, width_mm = arguments
    warnings.simplefilter("ignore")
    _limit_this_process()
    path = Path(name)
    answer: dict[str, Any]
    try:
        proof = read_pdf(path) if kind == "PDF" else read_picture(path, kind, float(width_mm))
        answer = asdict(proof)
    except Refused as refused:
        answer = {"problem": str(refused)}
    except MemoryError:
        answer = {"problem": "This file needs too much memory to draw. Export it at 300 dpi, page by page."}
    # Decoders meet hostile bytes here; whatever they raise, the file is not usable.
    except Exception:
        answer = {"problem": _UNREADABLE}
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1:]))
