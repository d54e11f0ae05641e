"""Any file of a retailer's -> one table of text: CSV, an Excel workbook, or JSON objects.

In: bytes. Out: a header and numbered rows, or a `SheetRejected` that says what the file is and what to do.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from qrmerch.config import Settings
from qrmerch.imports.feed_workbook import is_workbook, read_workbook
from qrmerch.imports.reader import SheetRejected, read_sheet

_MAX_COLUMNS: Final = 500
_MAX_DEPTH: Final = 3
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class FeedTable:
    """A file's header and its rows with their numbers: as a spreadsheet shows them, or an object's place."""

    format: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_table(data: bytes, *, settings: Settings) -> FeedTable:
    """The table in a file.

    :raises SheetRejected: empty, of another kind, not readable to its end, too long or too wide.
    """
    if is_workbook(data):
        header, rows = read_workbook(data, max_rows=settings.max_sheet_rows)
        return FeedTable("Excel", "UTF-8", ",", header, rows)
    plain = data.removeprefix(_BOM).lstrip()
    if plain[:1] in (b"[", b"{"):
        header, rows = _read_objects(plain, max_rows=settings.max_sheet_rows)
        return FeedTable("JSON", "UTF-8", ",", header, rows)
    sheet = read_sheet(data, max_rows=settings.max_sheet_rows)
    return FeedTable(
        "CSV",
        sheet.encoding,
        sheet.delimiter,
        tuple(sheet.header),
        tuple((row.number, row.cells) for row in sheet.rows),
    )


def _read_objects(data: bytes, *, max_rows: int) -> tuple[tuple[str, ...], tuple[tuple[int, tuple[str, ...]], ...]]:
    """A list of objects, one object that holds such a list, or one object on each line."""
    objects = _objects_of(data)
    if not objects:
        raise SheetRejected("This JSON file holds no objects. Export it again and look into it before sending.")
    if len(objects) > max_rows:
        raise SheetRejected(f"This file has more than {max_rows:,} objects. Split it and send the parts.")
    flat: list[dict[str, str]] = []
    for number, each in enumerate(objects, 1):
        if not isinstance(each, dict):
            raise SheetRejected(f"Entry {number} of this JSON file is no object in braces. Each store or item is one.")
        flat.append(dict(_flat(each)))
    header = tuple(dict.fromkeys(name for each in flat for name in each))
    if len(header) > _MAX_COLUMNS:
        raise SheetRejected(f"The objects have {len(header):,} fields; at most {_MAX_COLUMNS} are read.")
    rows = ((number, tuple(each.get(name, "") for name in header)) for number, each in enumerate(flat, 1))
    return header, tuple(rows)


def _objects_of(data: bytes) -> list[Any]:
    try:
        whole = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return _objects_of_lines(data, error)
    if isinstance(whole, dict):
        lists = [value for value in whole.values() if isinstance(value, list) and value]
        return lists[0] if len(lists) == 1 and isinstance(lists[0][0], dict) else [whole]
    return list(whole)


def _objects_of_lines(data: bytes, error: orjson.JSONDecodeError) -> list[Any]:
    lines = [line for line in data.splitlines() if line.strip()]
    try:
        return [orjson.loads(line) for line in lines]
    except orjson.JSONDecodeError:
        raise SheetRejected(f"This JSON file ends or breaks in line {error.lineno}. Export it again.") from None


def _flat(value: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterable[tuple[str, str]]:
    """A nested object's values by their path: `location.lat`; what lies deeper than any list of stores is left out."""
    for name, each in value.items():
        path = f"{before}{name}".replace("\0", "")
        if isinstance(each, dict) and depth < _MAX_DEPTH:
            yield from _flat(each, f"{path}.", depth + 1)
        else:
            yield path, _text(each)


def _text(value: Any) -> str:
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(_text(each) for each in value if not isinstance(each, list | dict))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    # No database keeps a NUL.
    return str(value).replace("\0", "")
