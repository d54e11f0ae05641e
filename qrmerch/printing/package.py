"""A batch as a print shop wants it: the file, a list of what stands where, and a page of instructions, in one ZIP.

The instructions hold the file's digest, so that what is printed can be told from what was checked.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from qrmerch.printing.models import Medium, PrintBatch
from qrmerch.printing.queries import Line
from qrmerch.printing.service import run_of
from qrmerch.printing.sheets import Run
from qrmerch.printing.stocks import said_mm
from qrmerch.text import spreadsheet_cell

HEADS = ("Page", "Label", "Copy", "Code", "Address", "Item", "Store", "Place")
# Nothing in the ZIP tells when it was made: the same batch is the same file.
_NO_DAY = (1980, 1, 1, 0, 0, 0)


def file_name(batch: PrintBatch) -> str:
    """What the file is called in a download; plain characters only."""
    return f"labels-{batch.created_at:%Y-%m-%d}-{batch.id[-6:]}.{batch.medium}"


def write_package(out: BinaryIO, batch: PrintBatch, lines: Iterable[Line], file: Path) -> None:
    """Write the ZIP; `lines` are all labels of the batch in their order."""
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(_entry("README.txt"), _instructions(batch))
        with archive.open(_entry("manifest.csv"), "w") as manifest:
            _write_manifest(manifest, batch, lines)
        with archive.open(_entry(file_name(batch)), "w", force_zip64=True) as copy, file.open("rb") as source:
            while chunk := source.read(1 << 20):
                copy.write(chunk)


def places_of(run: Run, code: int) -> Sequence[tuple[int, int]]:
    """On which pages and at which labels of them the copies of a code stand, all counted from 1."""
    first = run.start - 1 + code * run.copies
    return [(at // run.stock.per_sheet + 1, at % run.stock.per_sheet + 1) for at in range(first, first + run.copies)]


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _NO_DAY)
    # A PDF is packed already.
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(".pdf") else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _write_manifest(manifest: object, batch: PrintBatch, lines: Iterable[Line]) -> None:
    run = run_of(batch)
    # The mark at the beginning tells a spreadsheet that this is UTF-8.
    text = io.TextIOWrapper(manifest, encoding="utf-8-sig", newline="")  # type: ignore[type-var]
    writer = csv.writer(text)
    writer.writerow(HEADS)
    for line in lines:
        words = [spreadsheet_cell(each) for each in (line.title, line.store, line.fixture)]
        for copy, (page, label) in enumerate(places_of(run, line.place), start=1):
            where = (page, label) if batch.medium == Medium.PDF else ("", line.place * run.copies + copy)
            writer.writerow([*where, copy, line.token, line.address, *words])
    text.flush()
    text.detach()


def _instructions(batch: PrintBatch) -> str:
    run = run_of(batch)
    said = [f"{batch.name}", "", f"File: {file_name(batch)}", f"SHA-256: {batch.digest}"]
    said += [f"Labels: {batch.labels:,} of {batch.codes:,} codes", f"Stock: {run.stock.said}"]
    if batch.medium == Medium.ZPL:
        said += [f"Printer: ZPL II, {batch.dpi} dots to the inch", "", "Send the file to the printer as it is."]
    else:
        paper = " × ".join(said_mm(side) for side in run.stock.paper)
        said += [f"Pages: {batch.pages:,} of {paper} mm", "", 'Print at 100 %, never "fit to page".']
        if run.stock.bleed:
            said.append(f"Cut at the marks; the ground goes {said_mm(run.stock.bleed)} mm beyond (TrimBox, BleedBox).")
    said += ["Codes must stay as they are: dark on white, with the white round them, not scaled, not recoloured.", ""]
    said += ["manifest.csv lists every label: where it stands, its code, its address, and what it is about.", ""]
    return "\r\n".join(said)
