"""Sheets of labels one can buy, as facts in millimetres. No two printers draw in alike: a sheet can be moved."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from qrmerch.errors import NotFound

MAX_ACROSS: Final = 60
LEAST_LABEL_MM, MAX_PAPER_MM, MAX_BLEED_MM = 5.0, 1_300.0, 10.0
# Lists of stocks give measures to a hundredth, and thirty rounded ones may add up to a few tenths.
_SLACK_MM: Final = 0.65


class Shape(StrEnum):
    """How a label is laid out: the code beside its words, as a tag with a hole on top, or in the middle of a round."""

    LABEL = "label"
    TAG = "tag"
    ROUND = "round"


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
    # How far a print shop wants the ground to go beyond the cut; more than none asks for marks where to cut as well.
    bleed: float = 0.0

    @property
    def per_sheet(self) -> int:
        return self.columns * self.rows

    @property
    def said(self) -> str:
        """The stock in words: "Avery 5160, 30 of 66.7 × 25.4 mm"."""
        size = " × ".join(said_mm(side) for side in self.label)
        if self.shape == Shape.ROUND and self.label[0] == self.label[1]:
            size = f"⌀ {said_mm(self.label[0])}"
        number = f"{self.per_sheet} of " if self.per_sheet > 1 else ""
        return f"{self.name}, {number}{size} mm"

    @property
    def is_tall(self) -> bool:
        """Whether words have more room under the code than beside it."""
        return self.shape == Shape.LABEL and self.label[0] < self.label[1] * 0.75

    def corner_of(self, place: int) -> tuple[float, float]:
        """The upper left corner of the label at this place, counted from 0 along the rows, mm."""
        row, column = divmod(place, self.columns)
        return self.first[0] + column * self.step[0], self.first[1] + row * self.step[1]

    @property
    def problems(self) -> dict[str, str]:
        """What of its measures no sheet can have, by field; empty where it fits its paper."""
        return dict(_find_problems(self))

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "shape": self.shape.value}


def stock_from_json(said: Mapping[str, Any]) -> Stock:
    """What `as_json` wrote."""
    pairs = {name: tuple(said[name]) for name in ("paper", "label", "first", "step")}
    return Stock(**{**said, **pairs, "shape": Shape(said["shape"])})


def said_mm(value: float) -> str:
    """A measure to a tenth: "66.7", "38"."""
    return f"{value:.1f}".removesuffix(".0")


def _find_problems(stock: Stock) -> Iterator[tuple[str, str]]:
    """Sentences about what does not go together; the first that is wrong of each direction."""
    if not 1 <= stock.columns <= MAX_ACROSS:
        yield "columns", f"Between 1 and {MAX_ACROSS} labels across."
    if not 1 <= stock.rows <= MAX_ACROSS:
        yield "rows", f"Between 1 and {MAX_ACROSS} labels down."
    for side, paper, name in (
        (stock.label[0], stock.paper[0], "width"),
        (stock.label[1], stock.paper[1], "height"),
    ):
        if not LEAST_LABEL_MM <= side <= MAX_PAPER_MM:
            yield name, f"A label is between {LEAST_LABEL_MM:g} and {MAX_PAPER_MM:,.0f} mm."
        elif not LEAST_LABEL_MM <= paper <= MAX_PAPER_MM:
            yield f"paper_{name}", f"Paper is between {LEAST_LABEL_MM:g} and {MAX_PAPER_MM:,.0f} mm."
    if not 0 <= stock.corner <= min(stock.label) / 2:
        yield "corner", "A corner is rounded by half the shorter side at most."
    if not 0 <= stock.bleed <= MAX_BLEED_MM:
        yield "bleed", f"Bleed is between 0 and {MAX_BLEED_MM:g} mm."
    elif stock.bleed and stock.per_sheet > 1:
        yield "bleed", "Bleed is for one label to a page, which a print shop cuts out."
    yield from _find_overhang(stock)


def _find_overhang(stock: Stock) -> Iterator[tuple[str, str]]:
    sides = (
        ("left", "step_across", "right edge", "columns", 0, stock.columns),
        ("top", "step_down", "lower edge", "rows", 1, stock.rows),
    )
    for start, step, edge, number, axis, count in sides:
        if count < 1:
            continue
        first, between, label, paper = stock.first[axis], stock.step[axis], stock.label[axis], stock.paper[axis]
        if first < -_SLACK_MM:
            yield start, "The first label begins on the paper: 0 or more."
        if count > 1 and between < label - _SLACK_MM:
            yield step, f"From one label to the next is at least a label: {said_mm(label)} mm or more."
        end = first + (count - 1) * between + label
        if end > paper + _SLACK_MM:
            over = said_mm(end - paper)
            yield number, f"The last label ends {over} mm beyond the {edge}. Fewer {number}, or less between them."


_A4, _LETTER = (210.0, 297.0), (215.9, 279.4)
# Papers by the names that lists and forms give them.
PAPERS: Final = {
    "a3": (297.0, 420.0),
    "a4": _A4,
    "a5": (148.0, 210.0),
    "a6": (105.0, 148.0),
    "us-letter": _LETTER,
    "us-legal": (215.9, 355.6),
    "us-tabloid": (279.4, 431.8),
}

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


def find_stock(key: str) -> Stock | None:
    """The stock of that key among those that everybody has."""
    return _BY_KEY.get(key)


def get_stock(key: str) -> Stock:
    """:raises StockNotFound: there is none of that key."""
    stock = _BY_KEY.get(key)
    if stock is None:
        raise StockNotFound("This label stock is not known. Choose one from the list.")
    return stock
