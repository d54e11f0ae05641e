"""A list of label stocks as a file: brand and number, paper, and measures in millimetres, a row for each.

In: a CSV or a workbook with the columns brand, part, paper, w_mm, h_mm, cols, rows, x0_mm, y0_mm, dx_mm, dy_mm, and
perhaps equiv, description, shape and corner_mm. Out: the stocks it holds and the rows that cannot be used, each with
its reason; after `take_in`, rows of the retailer's. Taken in again, it changes only what differs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import isfinite
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.audit import Actor
from qrmerch.errors import FormError
from qrmerch.imports.reader import Source, open_sheet
from qrmerch.parties.models import Retailer
from qrmerch.printing.models import LabelStock
from qrmerch.printing.service import key_of
from qrmerch.printing.stocks import PAPERS, STOCKS, Shape, Stock
from qrmerch.text import clean_line

MAX_ROWS: Final = 5_000
_NEEDED: Final = ("part", "paper", "w_mm", "h_mm", "cols", "rows", "x0_mm", "y0_mm")
_MEASURES: Final = ("w_mm", "h_mm", "x0_mm", "y0_mm", "dx_mm", "dy_mm", "corner_mm")
_SHAPES: Final = {"": Shape.LABEL, "rectangle": Shape.LABEL, "round": Shape.ROUND, "ellipse": Shape.ROUND}
# What the fields of a stock are called in such a file.
_COLUMNS: Final = {
    "width": "w_mm",
    "height": "h_mm",
    "columns": "cols",
    "rows": "rows",
    "left": "x0_mm",
    "top": "y0_mm",
    "step_across": "dx_mm",
    "step_down": "dy_mm",
    "corner": "corner_mm",
    "paper_width": "paper",
    "paper_height": "paper",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A stock of a list, with what it can be used instead of and what it is sold as."""

    stock: Stock
    equal_to: str
    about: str


@dataclass(frozen=True, slots=True)
class StockList:
    """What a file holds: stocks, and the rows (the header is 1) that cannot be used."""

    stocks: tuple[Listed, ...]
    rejected: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What taking a list in did."""

    created: int
    changed: int
    unchanged: int


def read_list(source: Source) -> StockList:
    """The stocks in a file.

    :raises FormError: columns are missing.
    :raises SheetRejected: it is no table that can be read.
    """
    sheet = open_sheet(source, max_rows=MAX_ROWS, has_header=True)
    names = [name.strip().lower() for name in sheet.header]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise FormError({"file": f"The columns {', '.join(missing)} are missing. Name them as in the list below."})
    found: list[Listed] = []
    rejected: list[tuple[int, str]] = []
    keys = {stock.key: 1 for stock in STOCKS}
    for row in sheet.rows:
        said = dict(zip(names, (cell.strip() for cell in row.cells), strict=False))
        try:
            found.append(_unique(_read_row(said), keys))
        except ValueError as error:
            rejected.append((row.number, str(error)))
    return StockList(tuple(found), tuple(rejected))


def take_in(db: Session, retailer: Retailer, listed: Sequence[Listed], *, at: datetime, actor: Actor | None) -> TakenIn:
    """Keep the stocks of a list as the retailer's own, but for what was written down by hand; the caller commits."""
    wanted = select(LabelStock).where(LabelStock.retailer_id == retailer.id)
    there = {row.key: row for row in db.scalars(wanted)}
    fresh: list[dict[str, Any]] = []
    changed = unchanged = 0
    for each in listed:
        values: dict[str, Any] = {"name": each.stock.name, "equal_to": each.equal_to, "about": each.about}
        values |= {"measures": each.stock.as_json()}
        row = there.get(each.stock.key)
        if row is None:
            made = {"id": ids.new(), "retailer_id": retailer.id, "key": each.stock.key}
            fresh.append({**made, **values, "is_listed": True, "created_at": at})
        elif row.is_listed and any(_plain(getattr(row, name)) != _plain(value) for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            changed += 1
        else:
            unchanged += 1
    if fresh:
        db.execute(insert(LabelStock), fresh)
    if fresh or changed:
        detail: dict[str, object] = {"created": len(fresh), "changed": changed}
        audit.record(db, actor, "stock.list", ("retailer", retailer.id), at=at, retailer_id=retailer.id, detail=detail)
    return TakenIn(len(fresh), changed, unchanged)


def _plain(value: Any) -> Any:
    """A value as it comes back from JSON, where pairs are lists."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _unique(listed: Listed, keys: dict[str, int]) -> Listed:
    """The same with a key that no other of the file has."""
    key = listed.stock.key
    keys[key] = keys.get(key, 0) + 1
    if keys[key] == 1:
        return listed
    return replace(listed, stock=replace(listed.stock, key=f"{key}-{keys[key]}"))


def _read_row(said: dict[str, str]) -> Listed:
    """:raises ValueError: something of it cannot be used; the sentence says what."""
    name = clean_line(" ".join(part for part in (said.get("brand", ""), said["part"]) if part), 80)
    if not said["part"]:
        raise ValueError("part is empty. Give each stock its number or name.")
    paper = PAPERS.get(said["paper"].lower())
    if paper is None:
        raise ValueError(f"paper {said['paper'][:20]} is not known. Known are {', '.join(_names(PAPERS))}.")
    shape = _SHAPES.get(said.get("shape", "").lower())
    if shape is None:
        raise ValueError(f"shape {said.get('shape', '')[:20]} is not known. Known are rectangle, round and ellipse.")
    measure = {each: _number(each, said.get(each, "")) for each in _MEASURES}
    stock = Stock(
        key=key_of(name),
        name=name,
        shape=shape,
        paper=paper,
        label=(measure["w_mm"], measure["h_mm"]),
        columns=_count("cols", said["cols"]),
        rows=_count("rows", said["rows"]),
        first=(measure["x0_mm"], measure["y0_mm"]),
        step=(measure["dx_mm"], measure["dy_mm"]),
        corner=measure["corner_mm"],
    )
    for field, sentence in stock.problems.items():
        raise ValueError(f"{_COLUMNS.get(field, field)}: {sentence}")
    return Listed(stock, clean_line(said.get("equiv", ""), 40), clean_line(said.get("description", ""), 80))


def _names(papers: Iterable[str]) -> list[str]:
    return sorted(papers)


def _number(name: str, text: str) -> float:
    try:
        value = float(text.replace(",", ".")) if text else 0.0
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise ValueError(f"{name} {text[:20]} is not a number. Write millimetres, such as 38.1.")
    return value


def _count(name: str, text: str) -> int:
    value = _number(name, text)
    if value % 1:
        raise ValueError(f"{name} {text[:20]} is not a whole number.")
    return int(value)
