"""Sheets of labels one can buy, as facts in millimetres. No two printers draw in alike: a sheet can be moved."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from qrmerch.errors import NotFound


class Shape(StrEnum):
    """How a label is laid out: the code beside its words, or under them."""

    LABEL = "label"
    TAG = "tag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """One kind of sheet; millimetres, from the upper left corner of the paper."""

    key: str
    name: str
    shape: Shape
    paper: tuple[float, float]
    label: tuple[float, float]
    columns: int
    rows: int
    # Of the first label's corner, and from one label to the next.
    first: tuple[float, float]
    step: tuple[float, float]
    corner: float = 0.0

    @property
    def per_sheet(self) -> int:
        return self.columns * self.rows

    @property
    def said(self) -> str:
        """The stock in words: "Avery 5160, 30 of 66.7 × 25.4 mm"."""
        size = " × ".join(f"{side:.1f}".removesuffix(".0") for side in self.label)
        number = f"{self.per_sheet} of " if self.per_sheet > 1 else ""
        return f"{self.name}, {number}{size} mm"

    def corner_of(self, place: int) -> tuple[float, float]:
        """The upper left corner of the label at this place, counted from 0 along the rows, mm."""
        row, column = divmod(place, self.columns)
        return self.first[0] + column * self.step[0], self.first[1] + row * self.step[1]


_A4, _LETTER = (210.0, 297.0), (215.9, 279.4)

STOCKS: Final = (
    Stock(
        key="avery-5160",
        name="Avery 5160",
        shape=Shape.LABEL,
        paper=_LETTER,
        label=(66.67, 25.4),
        columns=3,
        rows=10,
        first=(4.76, 12.7),
        step=(69.85, 25.4),
        corner=1.6,
    ),
    Stock(
        key="avery-5163",
        name="Avery 5163",
        shape=Shape.LABEL,
        paper=_LETTER,
        label=(101.6, 50.8),
        columns=2,
        rows=5,
        first=(3.97, 12.7),
        step=(106.36, 50.8),
        corner=3.2,
    ),
    Stock(
        key="avery-l7160",
        name="Avery L7160",
        shape=Shape.LABEL,
        paper=_A4,
        label=(63.5, 38.1),
        columns=3,
        rows=7,
        first=(7.25, 15.15),
        step=(66.0, 38.1),
        corner=1.8,
    ),
    Stock(
        key="avery-l7163",
        name="Avery L7163",
        shape=Shape.LABEL,
        paper=_A4,
        label=(99.1, 38.1),
        columns=2,
        rows=7,
        first=(4.65, 15.15),
        step=(101.6, 38.1),
        corner=1.8,
    ),
    Stock(
        key="zweckform-3474",
        name="Zweckform 3474",
        shape=Shape.LABEL,
        paper=_A4,
        label=(70.0, 37.0),
        columns=3,
        rows=8,
        first=(0.0, 0.5),
        step=(70.0, 37.0),
    ),
    Stock(
        key="hang-tag",
        name="Hang tag",
        shape=Shape.TAG,
        paper=(50.0, 90.0),
        label=(50.0, 90.0),
        columns=1,
        rows=1,
        first=(0.0, 0.0),
        step=(50.0, 90.0),
    ),
)
_BY_KEY: Final = {stock.key: stock for stock in STOCKS}


class StockNotFound(NotFound):
    """No sheet of that name is known."""

    slug = "stock_not_found"


def get_stock(key: str) -> Stock:
    """:raises StockNotFound: there is none of that key."""
    stock = _BY_KEY.get(key)
    if stock is None:
        raise StockNotFound("This label stock is not known. Choose one from the list.")
    return stock
