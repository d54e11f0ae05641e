"""How many codes are drawn in a second of processor, beside `qrcode`'s own writers in the same run.

    python bench/codes.py [--codes N] [--rounds N] [--write]

`ours` draws as sheets and bulk downloads do, without preflight: symbols by the fast maker, then SVG, PNG of one bit at
300 dpi, or a piece of a PDF. `qrcode` draws the same addresses with the same segments and level by its own factories,
SvgPath and Pillow, at as many pixels a module. `mask given` spares both the choice of a mask, which is most of qrcode's
work; then every symbol of ours is held to qrcode's, module for module. Those with a mask of their own choice are read
back by zxing-cpp, and by OpenCV where it is installed. Both is done outside the clock; what differs, or zxing-cpp does
not read, ends the run. The rounds alternate; the best of each counts, for what else the machine does only takes away.
CPU seconds of this process.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import qrcode
from PIL import Image
from qrcode.image.pil import PilImage
from qrcode.image.svg import SvgPathImage
from qrcode.util import QRData

from qrmerch.codes import artwork, readers
from qrmerch.codes.artwork import Symbol, draw_symbols, pdf_drawing, png_of, svg_of
from qrmerch.codes.models import Finders, Modules
from qrmerch.codes.segments import split
from qrmerch.codes.styles import Style
from qrmerch.codes.tokens import address_of, make_token

RESULTS = Path(__file__).parent / "results" / "codes.json"
# As long as research/performance.md measured: 49 characters, version 4 at level M.
BASE = "https://tags.fashiontown-stores.example"
SIZE_MM, DPI = 25.0, 300
GOAL_A_SECOND, GOAL_RATIO = 1_000, 10
# One of the eight, where it is given.
MASK = 2
DOTS = Style(Modules.DOTS, Finders.ROUNDED)

Draw = Callable[[Iterable[str]], int]


def our_svg(addresses: Iterable[str], mask: int | None = None) -> int:
    return sum(len(svg_of(symbol, size_mm=SIZE_MM)) for symbol in draw_symbols(addresses, mask=mask))


def our_png(addresses: Iterable[str], mask: int | None = None) -> int:
    return sum(len(png_of(symbol, size_mm=SIZE_MM, dpi=DPI)) for symbol in draw_symbols(addresses, mask=mask))


def our_pdf(addresses: Iterable[str]) -> int:
    return sum(len(pdf_drawing(symbol, x=0, y=0, side=70)) for symbol in draw_symbols(addresses))


def our_dots_svg(addresses: Iterable[str]) -> int:
    return sum(len(svg_of(symbol, size_mm=SIZE_MM, style=DOTS)) for symbol in draw_symbols(addresses))


def our_dots_png(addresses: Iterable[str]) -> int:
    return sum(len(png_of(symbol, size_mm=SIZE_MM, dpi=DPI, style=DOTS)) for symbol in draw_symbols(addresses))


def their_code(address: str, dots: int, mask: int | None = None) -> qrcode.QRCode:
    made = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=dots, border=4, mask_pattern=mask)
    for part in split(address):
        made.add_data(QRData(part.data, mode=artwork._QRCODE_MODES[part.mode]), optimize=0)
    made.make(fit=True)
    return made


def their_svg(addresses: Iterable[str], mask: int | None = None) -> int:
    factory = SvgPathImage
    return sum(len(their_code(each, 10, mask).make_image(image_factory=factory).to_string()) for each in addresses)


def their_png(addresses: Iterable[str], mask: int | None = None) -> int:
    some, size = list(addresses), 0
    (symbol,) = draw_symbols(some[:1])
    dots = artwork.dots_per_module(symbol, size_mm=SIZE_MM, dpi=DPI)
    for each in some:
        file = BytesIO()
        their_code(each, dots, mask).make_image(image_factory=PilImage).save(file)
        size += file.tell()
    return size


# How each is drawn, and what part of the codes: a slow one is measured on fewer.
WAYS: dict[str, tuple[Draw, float]] = {
    "ours SVG": (our_svg, 1),
    "qrcode SVG": (their_svg, 0.1),
    "ours PNG": (our_png, 1),
    "qrcode PNG": (their_png, 0.1),
    "ours SVG, mask given": (lambda some: our_svg(some, MASK), 1),
    "qrcode SVG, mask given": (lambda some: their_svg(some, MASK), 0.1),
    "ours PNG, mask given": (lambda some: our_png(some, MASK), 1),
    "qrcode PNG, mask given": (lambda some: their_png(some, MASK), 0.1),
    "ours PDF": (our_pdf, 1),
    "ours SVG, dots": (our_dots_svg, 0.2),
    "ours PNG, dots": (our_dots_png, 0.2),
}


def measure(addresses: list[str], rounds: int) -> dict[str, dict[str, float]]:
    """For each way: codes a CPU second, best of the rounds, and bytes a code."""
    found: dict[str, dict[str, float]] = {}
    for _ in range(rounds):
        for name, (draw, share) in WAYS.items():
            some = addresses[: max(10, int(len(addresses) * share))]
            begin = time.process_time()
            size = draw(some)
            rate = len(some) / (time.process_time() - begin)
            if rate > found.get(name, {}).get("codes_a_cpu_s", 0):
                found[name] = {"codes_a_cpu_s": round(rate), "bytes_a_code": round(size / len(some))}
    return found


def read_back(symbols: Iterable[Symbol]) -> dict[str, int]:
    """How many of the finished PNGs each reader reads; all of them, or the run ends."""
    counts = {"codes": 0, "zxing-cpp": 0, **dict.fromkeys(readers.others(), 0)}
    for symbol in symbols:
        with Image.open(BytesIO(png_of(symbol, size_mm=SIZE_MM, dpi=DPI))) as opened:
            picture = opened.convert("L")
        counts["codes"] += 1
        counts["zxing-cpp"] += readers.read_all(picture) == [symbol.address]
        for name, read in readers.others().items():
            counts[name] += symbol.address in read(picture)
    assert counts["zxing-cpp"] == counts["codes"], counts
    return counts


def count_equal(addresses: list[str]) -> int:
    """How many symbols are qrcode's, module for module, under the same mask; all of them, or the run ends."""
    for symbol in draw_symbols(addresses, mask=MASK):
        assert symbol.rows == tuple(bytes(row) for row in their_code(symbol.address, 1, MASK).modules), symbol.address
    return len(addresses)


def main() -> int:
    """Measure, say what was found, and fail where a goal is missed."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--codes", type=int, default=1_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--write", action="store_true")
    said = asked.parse_args()
    addresses = [address_of(BASE, make_token()) for _ in range(said.codes)]
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "codes": said.codes,
        "characters": len(addresses[0]),
        "ways": measure(addresses, said.rounds),
        "equal_with_mask_given": count_equal(addresses[:200]),
        "read_back": read_back(draw_symbols(addresses[:200])),
        "without": readers.say_absent(),
    }
    ways, is_met = told["ways"], True
    for kind in ("SVG", "PNG", "SVG, mask given", "PNG, mask given"):
        ours, theirs = (ways[f"{who} {kind}"]["codes_a_cpu_s"] for who in ("ours", "qrcode"))
        told[f"{kind}: ratio"] = round(ours / theirs, 1)
        is_met &= (held := ours >= GOAL_A_SECOND and ours / theirs >= GOAL_RATIO)
        print(f"{kind}: {ours:,} a CPU second, {ours / theirs:.1f} times qrcode: {'holds' if held else 'FALLS SHORT'}")
    print(json.dumps(told, indent=2))
    if said.write:
        RESULTS.write_text(json.dumps(told, indent=2) + "\n")
    return 0 if is_met else 1


if __name__ == "__main__":
    raise SystemExit(main())
