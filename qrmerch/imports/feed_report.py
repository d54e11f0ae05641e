"""The file of a feed's rows to fix: its own columns in their order, then `_row`, `_status`, `_errors`.

It is sent again as it is once fixed: those three columns are left out on reading. A workbook's and a JSON file's rows
come as CSV.
"""

import csv
import io

from sqlalchemy.orm import Session

from qrmerch.config import Settings
from qrmerch.files import FileStore
from qrmerch.imports.columns import OWN_COLUMNS
from qrmerch.imports.feed_models import FeedRun
from qrmerch.imports.feeds import Prepared, prepare, reading_of
from qrmerch.imports.report import guarded
from qrmerch.imports.sheets import path_of_sheet
from qrmerch.parties.queries import get_retailer


def report(db: Session, run: FeedRun, *, store: FileStore, settings: Settings) -> str:
    """The rows of a run's file that cannot be taken in as things are now.

    :raises NotFound: the file is gone.
    """
    source, retailer = path_of_sheet(run.file_key, store=store), get_retailer(db, run.retailer_id)
    return report_of(prepare(db, retailer, run.kind, source, reading_of(run), settings=settings))


def report_of(prepared: Prepared) -> str:
    """The rows to fix of a file, as text to be saved in UTF-8 with a byte order mark."""
    header = prepared.table.header
    own = [place for place, name in enumerate(header) if name not in OWN_COLUMNS]
    cells_of = dict(prepared.table.rows)
    kept = io.StringIO(newline="")
    writer = csv.writer(kept, delimiter=prepared.table.delimiter, lineterminator="\r\n")
    writer.writerow([*(guarded(header[place]) for place in own), *OWN_COLUMNS])
    for line in prepared.lines:
        if not line.is_error:
            continue
        cells = cells_of[line.number]
        said = [cells[place] if place < len(cells) else "" for place in own]
        told = (str(line.number), "error", ";".join(each.line() for each in line.problems))
        # What did not fit under the header is not lost.
        writer.writerow([guarded(cell) for cell in (*said, *told, *cells[len(header) :])])
    return kept.getvalue()
