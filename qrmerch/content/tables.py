"""Tables, files and links as they are typed or pasted: lines of cells between `|` or tabs."""

import re
from collections.abc import Sequence
from typing import Any, Final

from qrmerch.text import clean_line

MAX_COLUMNS: Final = 8
_BETWEEN: Final = re.compile(r"\s*[|\t]\s*")


def as_text(value: Any) -> str:
    """A text or a number as a text; a program's null is an empty one.

    :raises ValueError: it is something else, which nobody could have meant as words.
    """
    if value is None:
        return ""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise ValueError("it takes words, and this is something else.")
    return str(value)


def split_rows(text: str) -> list[list[str]]:
    """The cells of each line that is not empty; a sheet's rows arrive so when they are copied."""
    lines = (line.strip(" \r\n") for line in text.split("\n"))
    return [_BETWEEN.split(line.strip("|").strip(" ")) for line in lines if line.strip("| \t")]


def join_rows(rows: Sequence[Sequence[str]]) -> str:
    """Rows as they are typed."""
    return "\n".join(" | ".join(row) for row in rows)


def clean_table(value: Any, *, max_rows: int, max_chars: int) -> list[list[str]]:
    """A table as it is kept: rows of as many cells each, the first of which names the columns.

    :param value: rows of cells, or a text of them.
    :param max_rows: how many there may be below the first; 0 for any number.
    :param max_chars: how long a cell may be.
    :raises ValueError: it is no table, or too large.
    """
    rows = split_rows(value) if isinstance(value, str) else value
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise ValueError("it takes rows of cells.")
    texts = [[as_text(cell) for cell in row] for row in rows]
    cells = [[clean_line(text, max(len(text) * 4, 1)) for text in row] for row in texts]
    cells = [row for row in cells if any(row)]
    if not cells:
        return []
    width = max(len(row) for row in cells)
    if width > MAX_COLUMNS:
        raise ValueError(f"{MAX_COLUMNS} columns at most, so that a phone can show them; this has {width}.")
    if width < 2:
        raise ValueError("a table has two columns at least. Put | between the cells of a row.")
    if max_rows and len(cells) - 1 > max_rows:
        raise ValueError(f"{max_rows} rows at most below the first; this has {len(cells) - 1}.")
    for number, row in enumerate(cells, 1):
        long = next((cell for cell in row if len(cell) > max_chars), "")
        if long:
            raise ValueError(f"row {number} has a cell of {len(long)} characters where {max_chars} fit.")
    return [row + [""] * (width - len(row)) for row in cells]


def read_files(value: Any) -> Any:
    """Files that were typed as one text, "Name | address" a line, as rows; anything else as it is."""
    if not isinstance(value, str):
        return value
    return [{"name": " ".join(row[:-1]), "url": row[-1]} for row in split_rows(value)]


def read_link(value: Any) -> Any:
    """A link that was typed as one text, "Words | address", as its parts; anything else as it is."""
    if not isinstance(value, str):
        return value
    rows = split_rows(value)
    return {"words": " ".join(rows[0][:-1]), "url": rows[0][-1]} if len(rows) == 1 else {"url": value.strip()}
