"""Tables handed out as CSV: what the words mean above the numbers, no cell that a spreadsheet takes for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from flask import Response

from qrmerch.text import spreadsheet_cell

Cell = str | int | None


def csv_response(name: str, *, said: Sequence[str], heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """A file to download.

    :param said: what the table is about and what its words mean: one line each, above the heads and a line apart.
    """
    # The mark at the beginning tells a spreadsheet that this is UTF-8.
    body = "\ufeff" + csv_text(said=said, heads=heads, rows=rows)
    response = Response(body, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name(name)}"'
    return response


def csv_text(*, said: Sequence[str], heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The lines of the file; an unknown number is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out)
    for sentence in said:
        writer.writerow([spreadsheet_cell(sentence)])
    if said:
        writer.writerow([])
    writer.writerow([spreadsheet_cell(head) for head in heads])
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: Cell) -> str | int:
    if value is None:
        return ""
    return spreadsheet_cell(value) if isinstance(value, str) else value


def file_name(name: str) -> str:
    """A name of plain characters, for any file system and header."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") + ".csv"
