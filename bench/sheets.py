"""What a sheet of labels costs, beside reportlab drawing the same plainly; the reading back timed and told apart.

    python bench/sheets.py [--labels N] [--write]

Each run is a process of its own; CPU seconds and the largest memory are what the system counted for it, its start
included. `ours` draws as the job does: names shaped, faces embedded, pages written as they are full. `plain` puts each
symbol's modules as one path of rectangles and two lines of text on reportlab's canvas, with symbols from the same
encoder. `read` draws every page of ours at 300 dpi and reads each code at its label. The runs alternate, and the least
of each counts: what else the machine does only adds.
"""

import argparse
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "sheets.json"
GOAL_A_SECOND, GOAL_RATIO, GOAL_MB, GOAL_BYTES = 600, 3.0, 100, 1_024
_BASE = "https://fashiontown.example"
_STOCK = "zweckform-3474"


def _labels(count: int) -> Iterator[Any]:
    """Labels of 400 items in 40 places, as a retailer has them; the same in every run."""
    import random

    from qrmerch.codes.tokens import address_of, check_character
    from qrmerch.printing.labels import Label

    chance = random.Random(7)
    for number in range(count):
        body = "".join(chance.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=8))
        token = body + check_character(body)
        yield Label(
            address_of(_BASE, token), token, f"Marigold Slouch Top {number % 400}", f"Riverside, Bay {number % 40}"
        )


def _draw_ours(path: Path, count: int) -> None:
    from qrmerch.printing.labels import Wording
    from qrmerch.printing.sheets import Run, write_sheets
    from qrmerch.printing.stocks import get_stock

    wording = Wording(call="Scan: sizes here", notice="Counts a look, not you. fashiontown.example/privacy")
    with path.open("wb") as file:
        write_sheets(file, _labels(count), Run(stock=get_stock(_STOCK)), wording=wording)


def _draw_plain(path: Path, count: int) -> None:
    from reportlab.pdfgen.canvas import Canvas

    from qrmerch.codes.artwork import POINTS_PER_MM, draw_symbols
    from qrmerch.printing.stocks import get_stock

    stock = get_stock(_STOCK)
    canvas = Canvas(str(path), pagesize=tuple(side * POINTS_PER_MM for side in stock.paper), pageCompression=1)
    labels = list(_labels(count))
    for number, (label, symbol) in enumerate(zip(labels, draw_symbols(each.address for each in labels), strict=True)):
        place = number % stock.per_sheet
        if number and place == 0:
            canvas.showPage()
        left, top = (each * POINTS_PER_MM for each in stock.corner_of(place))
        bottom = stock.paper[1] * POINTS_PER_MM - top - stock.label[1] * POINTS_PER_MM
        size = 28 * POINTS_PER_MM / symbol.modules
        drawn = canvas.beginPath()
        for y, row in enumerate(symbol.rows):
            for run in re.finditer(rb"\x01+", row):
                width = run.end() - run.start()
                drawn.rect(left + 4 + run.start() * size, bottom + 4 + (symbol.modules - y) * size, width * size, size)
        canvas.drawPath(drawn, stroke=0, fill=1)
        canvas.setFont("Helvetica", 8)
        canvas.drawString(left + 88, bottom + 70, label.title)
        canvas.drawString(left + 88, bottom + 58, label.token)
    canvas.showPage()
    canvas.save()


def _read_ours(path: Path, count: int) -> None:
    from qrmerch.printing.readback import read_pages
    from qrmerch.printing.reading import open_pages
    from qrmerch.printing.sheets import Run
    from qrmerch.printing.stocks import get_stock

    with open_pages(path) as pages:
        read = max(read_pages(pages, Run(stock=get_stock(_STOCK)), (label.address for label in _labels(count))))
    assert read == count


_WAYS = {"ours": _draw_ours, "plain": _draw_plain, "read": _read_ours}


def _run(way: str, path: Path, count: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--way", way, "--file", str(path), "--labels", str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "."})
    told: dict[str, float] = json.loads(done.stdout)
    return told


def _measure(count: int, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        ours, plain = Path(folder, "ours.pdf"), Path(folder, "plain.pdf")
        runs = [(_run("ours", ours, count), _run("plain", plain, count)) for _ in range(rounds)]
        tenth = _run("ours", Path(folder, "tenth.pdf"), count // 10)
        read = _run("read", ours, count)
        cpu, plain_cpu = (min(each[at]["cpu_s"] for each in runs) for at in (0, 1))
        peak = max(each[0]["peak_mb"] for each in runs)
        return {
            "labels": count,
            "labels_per_cpu_s": round(count / cpu),
            "plain_labels_per_cpu_s": round(count / plain_cpu),
            "ratio": round(plain_cpu / cpu, 2),
            "peak_mb": round(peak),
            "peak_mb_of_a_tenth": round(tenth["peak_mb"]),
            "bytes_a_label": round(ours.stat().st_size / count),
            "plain_bytes_a_label": round(plain.stat().st_size / count),
            "read_per_cpu_s": round(count / read["cpu_s"]),
            "read_peak_mb": round(read["peak_mb"]),
        }


def main() -> None:
    """Measure, or be one of the runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--way", choices=_WAYS)
    parser.add_argument("--file", type=Path)
    asked = parser.parse_args()
    if asked.way:
        _WAYS[asked.way](asked.file, asked.labels)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"cpu_s": time.process_time(), "peak_mb": peak_mb}))
        return
    found = _measure(asked.labels, asked.rounds)
    goals = {"labels_per_cpu_s": GOAL_A_SECOND, "ratio": GOAL_RATIO, "peak_mb": GOAL_MB, "bytes_a_label": GOAL_BYTES}
    told = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "python": platform.python_version(), **found}
    print(json.dumps({**told, "goals": goals}, indent=2))
    if asked.write:
        RESULTS.write_text(json.dumps({**told, "goals": goals}, indent=2) + "\n")


if __name__ == "__main__":
    main()
