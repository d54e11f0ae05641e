"""Any file of a retailer's -> one table of text, in the ways in which catalogues are read (`reader.py`)."""

from dataclasses import dataclass

from qrmerch.config import Settings
from qrmerch.imports.reader import Source, open_sheet


@dataclass(frozen=True, slots=True)
class FeedTable:
    """A file's header and its rows with their numbers, as a spreadsheet shows them."""

    format: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_table(source: Source, *, settings: Settings) -> FeedTable:
    """The table in a file.

    :raises SheetRejected: empty, of another kind, not readable to its end, too long or too wide.
    """
    sheet = open_sheet(source, max_rows=settings.max_sheet_rows, has_header=True)
    rows = tuple((row.number, row.cells) for row in sheet.rows)
    return FeedTable(sheet.kind, sheet.encoding, sheet.delimiter, sheet.header, rows)
