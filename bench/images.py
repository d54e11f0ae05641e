"""What making a picture's files costs, beside the plainest way to make the same with Pillow.

    python bench/images.py [--photos FOLDER] [--rounds N] [--write]

Each run is a process of its own, as in the worker; CPU seconds and the largest memory are what the system counted
for it, its start included. `plain` decodes once with draft mode and makes each width from the one above, AVIF at
quality 55 and speed 8 beside JPEG at 80, and nothing else. `ours` makes everything that a picture gets: the same
widths and formats, card, preview, colour and placeholder, without metadata; `pages` is ours without those extras.
The runs alternate, and the least of each counts: what else the machine does only adds.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image
from PIL import __version__ as pillow_version

RESULTS = Path(__file__).parent / "results" / "images.json"
WIDTHS = (1170, 780, 390)
MEGAPIXELS_12 = (4000, 3000)
MAX_PIXELS = 50_000_000
GOAL_CPU_S, GOAL_MB, GOAL_RATIO = 1.6, 80, 1.0


@dataclass(frozen=True)
class Cost:
    """What one run took, and the bytes of the pages' files it made."""

    cpu_s: float
    peak_mb: float
    page_bytes: int


def make_photo(path: str, _folder: str) -> None:
    """A JPEG of some 1.8 MB: broad shapes, texture and the noise of a sensor in each channel."""
    width, height = size = MEGAPIXELS_12
    channels = []
    for _ in range(3):
        broad = Image.effect_noise((width // 40, height // 40), 90).resize(size, Image.Resampling.BICUBIC)
        texture = Image.effect_noise((width // 6, height // 6), 45).resize(size, Image.Resampling.BICUBIC)
        channels.append(Image.blend(Image.blend(broad, texture, 0.4), Image.effect_noise(size, 14), 0.35))
    Image.merge("RGB", channels).save(path, "JPEG", quality=80)


def plain(source: str, folder: str) -> None:
    """The plain cascade."""
    with Image.open(source) as image:
        image.draft("RGB", (WIDTHS[0], WIDTHS[0]))
        picture = image.convert("RGB")
    for width in WIDTHS:
        if picture.width > width:
            height = round(picture.height * width / picture.width)
            picture = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        picture.save(f"{folder}/page-{picture.width}.avif", "AVIF", quality=55, speed=8)
        picture.save(f"{folder}/page-{picture.width}.jpeg", "JPEG", quality=80)


def pages(source: str, folder: str) -> None:
    """Ours, with nothing but the plain cascade's files."""
    # What the child of `render` runs, without its card, preview, colour and placeholder.
    from qrmerch.media import images

    name = images.examine(Path(source), max_pixels=MAX_PIXELS).format
    decoded = images._decode(name, Path(source), max_pixels=MAX_PIXELS, ground=images.WHITE)
    picture = decoded.picture
    for width in WIDTHS:
        picture = images._scaled(picture, width)
        if width == WIDTHS[0]:
            picture = decoded.in_srgb(picture)
        for kind in ("avif", "jpeg"):
            images._save(picture, Path(folder), "page", kind)


def orders(source: Path, folder: str) -> Iterator[tuple[str, list[str]]]:
    """What is run: its name, and the command."""
    from qrmerch.media import images

    name = images.examine(source, max_pixels=MAX_PIXELS).format
    own = [name, str(source), folder, str(MAX_PIXELS), "0.5", "0.5", images.WHITE, str(images.RENDER_MEMORY_BYTES)]
    yield "plain", [sys.executable, __file__, "--only", "plain", str(source), folder]
    yield "pages", [sys.executable, __file__, "--only", "pages", str(source), folder]
    yield "ours", [sys.executable, "-I", images.__file__, *own]


def run(command: list[str], folder: str) -> Cost:
    """One process, and what the system counted for it."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    made = list(Path(folder).glob("page-*"))
    # ru_maxrss: kilobytes, on macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(
        used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1_000_000, sum(each.stat().st_size for each in made)
    )


def measure(source: Path, rounds: int) -> dict[str, Cost]:
    """The least that each way took."""
    found: dict[str, list[Cost]] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as outer:
            for way in ("plain", "pages", "ours"):
                folder = Path(outer) / way
                folder.mkdir()
                command = dict(orders(source, str(folder)))[way]
                found.setdefault(way, []).append(run(command, str(folder)))
    return {way: min(costs, key=lambda each: each.cpu_s) for way, costs in found.items()}


def figures(costs: dict[str, Cost]) -> dict[str, Any]:
    """Costs as they are written down."""
    told: dict[str, Any] = {
        way: {"cpu_s": round(each.cpu_s, 3), "peak_mb": round(each.peak_mb, 1), "page_kb": each.page_bytes // 1000}
        for way, each in costs.items()
    }
    told["ratio_ours"] = round(costs["ours"].cpu_s / costs["plain"].cpu_s, 2)
    told["ratio_pages"] = round(costs["pages"].cpu_s / costs["plain"].cpu_s, 2)
    return told


def main() -> int:
    """Measure, say what was found, and fail where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, help="a folder of real photographs; the twelve largest files count")
    parser.add_argument("--rounds", type=int, default=5, help="how often each way is run")
    parser.add_argument("--write", action="store_true", help=f"keep the figures in {RESULTS.name}")
    parser.add_argument("--only", nargs=3, metavar=("WAY", "SOURCE", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        way, source, folder = asked.only
        {"make": make_photo, "plain": plain, "pages": pages}[way](source, folder)
        return 0
    told: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "pillow": pillow_version,
        "rounds": asked.rounds,
    }
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "12-megapixels.jpg"
        # In a process of its own: a child is counted with the memory of whom it was born of.
        run([sys.executable, __file__, "--only", "make", str(source), folder], folder)
        told["12 megapixels, made"] = figures(measure(source, asked.rounds))
    if asked.photos:
        files = sorted(asked.photos.glob("*.jp*g"), key=lambda each: -each.stat().st_size)[:12]
        sums = [measure(each, asked.rounds) for each in files]
        total = {
            way: Cost(
                sum(each[way].cpu_s for each in sums),
                max(each[way].peak_mb for each in sums),
                sum(each[way].page_bytes for each in sums),
            )
            for way in ("plain", "pages", "ours")
        }
        told[f"{len(files)} photographs"] = figures(total)
    print(json.dumps(told, indent=2))
    if asked.write:
        RESULTS.write_text(json.dumps(told, indent=2) + "\n")
    own = told["12 megapixels, made"]
    is_met = (
        own["ours"]["cpu_s"] <= GOAL_CPU_S and own["ours"]["peak_mb"] <= GOAL_MB and own["ratio_ours"] <= GOAL_RATIO
    )
    print("The goals are met." if is_met else "The goals are missed.")
    return 0 if is_met else 1


if __name__ == "__main__":
    raise SystemExit(main())
