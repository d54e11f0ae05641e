"""How fast and how small a dry run of a long catalogue is.

    .venv/bin/python -m bench.imports [rows]

Prints and writes `bench/results/imports.json`: rows for each CPU-second and the peak of memory of a process that does
nothing else, for a catalogue of sizes and colours in three shapes; beside it the same file through `csv.reader` alone,
which no importer can beat, and the ratio.
"""

import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from qrmerch import ids
from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.imports import service
from qrmerch.imports.checking import Reading, check
from qrmerch.imports.models import RunState
from qrmerch.migrate import upgrade
from qrmerch.parties.models import Vendor

_RESULTS = Path(__file__).parent / "results" / "imports.json"
_WORDS = "loose knit cotton with a dropped shoulder and a scooped neck that sits over high waists".split()  # noqa: SIM905
_OWN = "style,sku,gtin,title,brand,category,colour,size,price,was_price,description,material,image"
_SIZES = ("XS", "S", "M", "L", "XL")


def own_rows(rows: int) -> Iterator[list[str]]:
    """Our own shape: every row a size that repeats the item's words, with GTINs."""
    yield _OWN.split(",")
    for number in range(rows):
        style, size = divmod(number, len(_SIZES))
        words = " ".join(_WORDS[(style + place) % len(_WORDS)] for place in range(30))
        yield [
            f"ST-{style:05}",
            f"ST-{style:05}-{_SIZES[size]}",
            _gtin(number),
            f"Marigold Top {style}",
            f"Brand {style % 40}",
            "Tops",
            ("Marigold", "Navy", "Olive")[style % 3],
            _SIZES[size],
            f"{20 + style % 80}.00",
            f"{40 + style % 80}.00",
            f"<p>{words.capitalize()}.</p><ul><li>Washable</li><li>Item {style}</li></ul>",
            "Cotton 95 %, elastane 5 %",
            f"st-{style:05}-front.jpg|st-{style:05}-back.jpg",
        ]


def shopify_rows(rows: int) -> Iterator[list[str]]:
    """Shopify's shape: 24 columns, the first row of a handle speaks for the item."""
    head = "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value"
    head += ",Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,Variant Compare At Price,Variant Barcode"
    head += ",Image Src,Image Position,Gift Card,SEO Title,SEO Description,Variant Image,Status"
    yield head.split(",")
    for row in own_rows(rows):
        if row[0] == "style":
            continue
        style, sku, gtin, title, brand, category, colour, size, price, was_price, description, _, image = row
        is_first = size == _SIZES[0]
        words = [title, description, brand, category, "knit, top", "TRUE"] if is_first else [""] * 6
        yield [style.lower(), *words, "Color" if is_first else "", colour, "Size" if is_first else "", size, sku, "300",
               "12", price, was_price, gtin, image.split("|")[0] if is_first else "", "1", "FALSE", "", "", "",
               "active"]  # fmt: skip


def _gtin(number: int) -> str:
    digits = f"95200{number:07}"
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def _measure(path: Path, folder: Path) -> dict[str, float]:
    """In a process of its own: a dry run of the file, on a fresh shop."""
    settings = Settings(mode="demo", data_dir=folder / "var", uploads_dir=folder / "up", max_sheet_rows=10**6).ready()
    upgrade(settings)
    database = Database(settings.database_url)
    with database.write() as db:
        vendor = Vendor(id=ids.new(), name="Bench", created_at=now())
        db.add(vendor)
        db.commit()
        vendor_id = vendor.id
    begun_s = time.process_time()
    with path.open(newline="") as file:
        rows = sum(1 for _ in csv.reader(file)) - 1
    plain_s = time.process_time() - begun_s
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun_s = time.process_time()
    with database.read() as db:
        checked = check(db, vendor_id, path, Reading("USD"), settings=settings)
    took_s = time.process_time() - begun_s
    assert checked.counts["created"] == rows, checked.counts
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    written_s = _take_in(database, settings, vendor_id, path)
    begun_s = time.process_time()
    with database.read() as db:
        again = check(db, vendor_id, path, Reading("USD"), settings=settings)
    again_s = time.process_time() - begun_s
    assert again.counts["unchanged"] == rows, again.counts
    database.close()
    return {
        "rows": rows,
        "cpu_s": round(took_s, 2),
        "rows_for_each_cpu_s": round(rows / took_s),
        "rows_of_the_same_file_again_for_each_cpu_s": round(rows / again_s),
        "rows_written_for_each_cpu_s": round(rows / written_s),
        "times_csv_reader_alone": round(took_s / plain_s, 1),
        "peak_mb": round(peak_kb / 1024),
        "of_it_before_the_file_mb": round(before_kb / 1024),
    }


def _take_in(database: Database, settings: Settings, vendor_id: str, path: Path) -> float:
    """Write the file's products as the job does; CPU-seconds."""
    reading = Reading("USD")
    begun_s = time.process_time()
    with database.write() as db:
        run = service.receive_run(
            db, vendor_id=vendor_id, file_key=f"sheets/{'0' * 64}", file_name=path.name, reading=reading,
            list_at_id=None, user_id=None, at=now(),
        )  # fmt: skip
        run.state = RunState.COMMITTING
        db.commit()
    groups = service.groups_left(path, reading, done=0, settings=settings)
    is_more = True
    while is_more:
        with database.write() as db:
            is_more = service.commit_chunk(db, run.id, groups, at=now())
            db.commit()
    return time.process_time() - begun_s


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    found = {}
    with tempfile.TemporaryDirectory() as name:
        for shape, make in (("own", own_rows), ("shopify", shopify_rows)):
            path = Path(name) / f"{shape}.csv"
            with path.open("w", newline="") as file:
                csv.writer(file).writerows(make(rows))
            command = [sys.executable, "-m", "bench.imports", "--measure", str(path), f"{name}/{shape}"]
            answer = subprocess.run(command, check=True, stdout=subprocess.PIPE)
            found[shape] = json.loads(answer.stdout)
            print(shape, json.dumps(found[shape]))
    _RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(_measure(Path(sys.argv[2]), Path(sys.argv[3]))))
    else:
        main()
