"""Sheets written in a test, and the way one is read."""

import csv
import io
from collections.abc import Mapping, Sequence

from qrmerch.imports.columns import Columns, read_header
from qrmerch.imports.problems import Problem
from qrmerch.imports.reader import read_sheet
from qrmerch.imports.rows import Group, Understood

HEADER = ("style", "sku", "gtin", "title", "colour", "size", "price", "was_price", "description")
MAX_ROWS = 50_000


def top(**cells: str) -> dict[str, str]:
    """A row that can be taken in, but for what the test is about."""
    return {"style": "FT-TOP-01", "sku": "FT-TOP-01-S", "title": "Marigold Top", "size": "S", "price": "28.00", **cells}


def csv_of(
    *rows: Mapping[str, str] | Sequence[str], header: Sequence[str] = HEADER, delimiter: str = ",", end: str = "\n"
) -> str:
    """A sheet with a header; a row is its cells, or cells by the header's names."""
    kept = io.StringIO(newline="")
    writer = csv.writer(kept, delimiter=delimiter, lineterminator=end)
    writer.writerow(header)
    for row in rows:
        writer.writerow([row.get(name, "") for name in header] if isinstance(row, Mapping) else row)
    return kept.getvalue()


def columns_of(*names: str, **chosen: str) -> tuple[Columns, list[Problem]]:
    """How a header is read."""
    return read_header(names, {name.replace("_", " "): field for name, field in chosen.items()})


def read(text: str | bytes, *, currency: str = "USD") -> Understood:
    """The products in a sheet."""
    sheet = read_sheet(text.encode() if isinstance(text, str) else text, max_rows=MAX_ROWS)
    columns, _ = read_header(sheet.header)
    return Understood(sheet, columns, currency=currency)


def groups_in(text: str | bytes, *, currency: str = "USD") -> list[Group]:
    """The products in a sheet, in memory."""
    return list(read(text, currency=currency).groups)


def only_group(text: str | bytes, *, currency: str = "USD") -> Group:
    """The one product of a sheet."""
    groups = groups_in(text, currency=currency)
    assert len(groups) == 1, [each.draft.key for each in groups]
    return groups[0]


def codes(problems: Mapping[int, list[Problem]]) -> dict[int, list[str]]:
    """The codes of what is odd, by row."""
    return {row: [each.code for each in found] for row, found in problems.items()}
