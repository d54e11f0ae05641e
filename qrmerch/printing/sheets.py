"""Sheets of labels as PDF: thousands in one go, page after page, and what every label's code lies under.

In: labels, one after the other; how they are put on paper. Out: a PDF of its paper's size, fonts inside, codes in
vectors. Each kind of symbol is checked at its size before the first is drawn; every single one is read back from the
finished pages (`readback`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from itertools import islice
from typing import Any, BinaryIO, Final, TypeVar

from qrmerch.codes.artwork import MIN_SIZE_MM, POINTS_PER_MM, Level, Symbol, draw_symbol, draw_symbols
from qrmerch.codes.preflight import ArtworkRefused, Report, Verdict, check_fit, check_symbol
from qrmerch.errors import FormError
from qrmerch.printing import lettering
from qrmerch.printing.labels import INK, MARGIN_MM, Label, Wording, code_size_mm, draw_label, has_missing
from qrmerch.printing.paper import Paper
from qrmerch.printing.stocks import Stock

Each = TypeVar("Each")
MAX_LABELS: Final = 20_000
MAX_COPIES: Final = 100
MAX_MOVE_MM: Final = 20.0
LEAST_STRETCH, MOST_STRETCH = 0.95, 1.05
_MARK_MM, _MARK_GAP_MM = 5.0, 2.0
# Rounded measures of a list may add up to so much beyond the paper (`stocks`).
_OVERHANG_MM, _ROUNDING_MM = 0.65, 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How labels are put on paper: from which label of the first sheet (1 is the first), how often each, and what the
    printer needs: moved by how much, stretched by which share across and down.

    :raises FormError: a value that no sheet has.
    """

    stock: Stock
    start: int = 1
    right_mm: float = 0.0
    down_mm: float = 0.0
    copies: int = 1
    across: float = 1.0
    along: float = 1.0

    def __post_init__(self) -> None:
        problems = {}
        if not 1 <= self.start <= self.stock.per_sheet:
            problems["start"] = f"A sheet has the labels 1 to {self.stock.per_sheet}."
        if not 1 <= self.copies <= MAX_COPIES:
            problems["copies"] = f"Between 1 and {MAX_COPIES} of each."
        for name, value in (("right", self.right_mm), ("down", self.down_mm)):
            if not abs(value) <= MAX_MOVE_MM:
                problems[name] = f"A sheet can be moved by {MAX_MOVE_MM:g} mm at most."
        for name, value in (("across", self.across), ("along", self.along)):
            if not LEAST_STRETCH <= value <= MOST_STRETCH:
                problems[name] = f"Between {LEAST_STRETCH * 100:g} and {MOST_STRETCH * 100:g} %."
        if problems:
            raise FormError(problems)

    def count_pages(self, labels: int) -> int:
        """How many sheets this many labels need, copies included."""
        return -(-(labels * self.copies + self.start - 1) // self.stock.per_sheet)

    @property
    def margin_mm(self) -> float:
        """What lies round the paper on a page for a print shop: bleed, and the marks where it is cut."""
        return self.stock.bleed + _MARK_GAP_MM + _MARK_MM if self.stock.bleed else 0.0

    @property
    def page_mm(self) -> tuple[float, float]:
        """Width and height of a page of the file."""
        return self.stock.paper[0] + 2 * self.margin_mm, self.stock.paper[1] + 2 * self.margin_mm

    def box_on_page(self, place: int) -> tuple[float, float, float, float]:
        """Where a label lies on the finished page, mm from its upper left: left, top, right, bottom."""
        x, y = self.stock.corner_of(place)
        left, top = x * self.across + self.right_mm, y * self.along + self.down_mm
        width, height = self.stock.label[0] * self.across, self.stock.label[1] * self.along
        margin = self.margin_mm
        return left + margin, top + margin, left + margin + width, top + margin + height


def check_on_paper(run: Run) -> None:
    """Refuse a setting of the printer that moves what is printed over the edge of the paper, or over the cut.

    :raises FormError: a label's words or code would leave the page; the message says by how much.
    """
    stock, (width, height) = run.stock, run.stock.paper
    margin = run.margin_mm
    boxes = [run.box_on_page(place) for place in (0, stock.per_sheet - 1)]
    left, top = (min(box[axis] for box in boxes) + MARGIN_MM - margin for axis in (0, 1))
    right, bottom = (max(box[axis] for box in boxes) - MARGIN_MM - margin for axis in (2, 3))
    # What a stock's own labels overhang is the stock's, not the printer's.
    own_left, own_top = (min(each, 0.0) for each in stock.first)
    over_x = max(own_left - left, right - width - _OVERHANG_MM, 0.0)
    over_y = max(own_top - top, bottom - height - _OVERHANG_MM, 0.0)
    problems = {}
    for name, over in (("right", over_x), ("down", over_y)):
        if over > _ROUNDING_MM:
            problems[name] = f"This moves labels {over:.1f} mm over the edge of the paper. Move or stretch them less."
    if problems:
        raise FormError(problems)


def check_on_label(run: Run) -> None:
    """Refuse a setting of a label printer that moves what is printed over the edge of its label.

    :raises FormError: words or code would leave the label; the message says by how much.
    """
    problems = {}
    moved = (run.right_mm, run.across), (run.down_mm, run.along)
    for name, side, (by, stretch) in zip(("right", "down"), run.stock.label, moved, strict=True):
        begin, end = MARGIN_MM * stretch + by, (side - MARGIN_MM) * stretch + by
        over = max(-begin, end - side)
        if over > _ROUNDING_MM:
            problems[name] = f"This moves words {over:.1f} mm over the edge of the label. Move or stretch them less."
    if problems:
        raise FormError(problems)


@dataclass(frozen=True, slots=True)
class Printed:
    """What was put on paper; the names of which letters had to be left out, and those that were cut to fit."""

    labels: int
    pages: int
    incomplete: tuple[str, ...]
    cut: tuple[str, ...] = ()


@dataclass(slots=True)
class Sheets:
    """Sheets that are being written: add labels, then finish."""

    paper: Paper
    run: Run
    wording: Wording
    labels: int = 0
    incomplete: dict[str, None] = field(default_factory=dict)
    cut: dict[str, None] = field(default_factory=dict)
    _kinds: set[int] = field(default_factory=set)

    @classmethod
    def begun(cls, file: BinaryIO, run: Run, *, wording: Wording) -> "Sheets":
        return cls(Paper(file, title=_title_of(run)), run, wording)

    @classmethod
    def resumed(cls, file: BinaryIO, marked: dict[str, Any], run: Run, *, wording: Wording) -> "Sheets":
        """What was written up to a mark, to go on with the label after it."""
        paper = Paper.resumed(file, marked["paper"], title=_title_of(run))
        incomplete, cut = dict.fromkeys(marked["incomplete"]), dict.fromkeys(marked["cut"])
        return cls(paper, run, wording, marked["labels"], incomplete, cut)

    def mark(self) -> dict[str, Any]:
        """How to go on from here, as JSON; only between two pages."""
        names = {"incomplete": list(self.incomplete), "cut": list(self.cut)}
        return {"paper": self.paper.mark(), "labels": self.labels, **names}

    def add_page(self, labels: Sequence[Label]) -> None:
        """Draw one sheet; no more labels than `room` says.

        :raises ArtworkRefused: a code would not scan at the size that the stock has room for.
        """
        stock = self.run.stock
        first = self.run.start - 1 if not self.labels else 0
        _begin_page(self.paper, self.run)
        drawn: dict[str, Symbol] = {}
        for symbol in draw_symbols(dict.fromkeys(label.address for label in labels), level=self.wording.level):
            self._check(symbol)
            drawn[symbol.address] = symbol
        for place, label in enumerate(labels, start=first):
            symbol = drawn[label.address]
            is_complete = draw_label(self.paper, label, symbol, stock, self.wording, _corner(self.run, place))
            if has_missing(label, self.wording):
                self.incomplete[label.title] = None
            elif not is_complete:
                self.cut[label.title] = None
        self.paper.add("Q")
        self.paper.end_page()
        self.labels += len(labels)

    @property
    def room(self) -> int:
        """How many labels the next sheet takes."""
        return self.run.stock.per_sheet - (self.run.start - 1 if not self.labels else 0)

    def finish(self) -> Printed:
        """Write the end of the file; it is not closed."""
        self.paper.finish()
        return Printed(self.labels, self.paper.page_count, tuple(self.incomplete), tuple(self.cut))

    def _check(self, symbol: Symbol) -> None:
        """Look at one symbol of each size: colour, quiet zone and modules are the same for all of a size."""
        if symbol.modules in self._kinds:
            return
        size_mm = max(code_size_mm(symbol, self.run.stock), MIN_SIZE_MM)
        # The second readers were asked when the design was made; here their libraries would weigh more than the sheet.
        report = check_symbol(symbol, size_mm=size_mm, asked=self.wording.asked(size_mm), asks_others=False)
        if report.verdict == Verdict.REFUSE:
            raise ArtworkRefused(report)
        self._kinds.add(symbol.modules)


def sheet(labels: Iterable[Label], stock: Stock, *, wording: Wording | None = None, run: Run | None = None) -> bytes:
    """Sheets of labels as a PDF; see `write_sheets`."""
    file = BytesIO()
    write_sheets(file, labels, run or Run(stock=stock), wording=wording or Wording())
    return file.getvalue()


def write_sheets(file: BinaryIO, labels: Iterable[Label], run: Run, *, wording: Wording) -> Printed:
    """Draw labels on as many sheets as they need.

    :param file: where the PDF goes; not closed.
    :raises ArtworkRefused: a code would not scan at the size that the stock has room for.
    """
    sheets = Sheets.begun(file, run, wording=wording)
    left = with_copies(labels, run.copies)
    while some := list(islice(left, sheets.room)):
        sheets.add_page(some)
    return sheets.finish()


def with_copies(labels: Iterable[Label], copies: int) -> Iterator[Label]:
    """Each label as often as it is to be printed, one after the other."""
    return (label for label in labels for _ in range(copies))


def outline_page(run: Run) -> bytes:
    """The outlines of a sheet's labels, to be printed on plain paper and held against the stock."""
    file = BytesIO()
    paper = Paper(file, title=_title_of(run))
    _begin_page(paper, run)
    paper.add("0.08 G 0.25 w")
    width, height = (side * POINTS_PER_MM for side in run.stock.label)
    for place in range(run.stock.per_sheet):
        x, y = (each * POINTS_PER_MM for each in _corner(run, place))
        paper.add(f"{x:.3f} {y:.3f} {width:.3f} {height:.3f} re S")
        middle, centre, arm = x + width / 2, y + height / 2, min(6.0, width / 4, height / 4)
        paper.add(f"{middle - arm:.3f} {centre:.3f} m {middle + arm:.3f} {centre:.3f} l S")
        paper.add(f"{middle:.3f} {centre - arm:.3f} m {middle:.3f} {centre + arm:.3f} l S")
        size = min(8.0, height / 3, width / 4)
        lettering.draw(paper, str(place + 1), x + 4, y + height - 3 - size, size, colour=INK)
    _say_setting(paper, run)
    paper.add("Q")
    paper.end_page()
    paper.finish()
    return file.getvalue()


def _say_setting(paper: Paper, run: Run) -> None:
    """In the first label, which stock this is and how it is moved."""
    said = f"{run.stock.said}. Moved right {run.right_mm:g} mm, down {run.down_mm:g} mm, "
    said += f"{run.across * 100:g} % across, {run.along * 100:g} % down. Print at 100 %."
    x, y = (each * POINTS_PER_MM for each in _corner(run, 0))
    width, height = (side * POINTS_PER_MM for side in run.stock.label)
    lines = lettering.wrap(lettering.printable(said), 6, max(width - 22, 40), max_lines=max(1, int(height // 8) - 1))
    for number, line in enumerate(lines):
        lettering.draw(paper, line, x + 16, y + height - 10 - 8 * number, 6, colour=INK)


def check_stock(address: str, stock: Stock, *, level: Level = Level.M) -> Report:
    """What is to be said of codes as long as this address on a stock, by their size alone."""
    symbol = _symbol_of(address, level=level)
    return check_fit(symbol, size_mm=max(code_size_mm(symbol, stock), MIN_SIZE_MM))


# A list of stocks asks about one address again and again.
_symbol_of: Final = lru_cache(maxsize=8)(draw_symbol)


def list_incomplete(titles: Iterable[str]) -> list[str]:
    """The names of which letters have to be left out on paper, because no face here has them."""
    return [title for title in dict.fromkeys(titles) if lettering.list_missing(title)]


def _title_of(run: Run) -> str:
    return f"Labels, {run.stock.name}"


def _begin_page(paper: Paper, run: Run) -> None:
    """A page of the run's paper, moved and stretched as its printer needs; with marks where a print shop cuts."""
    width, height = (side * POINTS_PER_MM for side in run.stock.paper)
    margin, bleed = run.margin_mm * POINTS_PER_MM, run.stock.bleed * POINTS_PER_MM
    if not bleed:
        paper.begin_page((width, height))
    else:
        trim = (margin, margin, margin + width, margin + height)
        edge = (trim[0] - bleed, trim[1] - bleed, trim[2] + bleed, trim[3] + bleed)
        paper.begin_page((width + 2 * margin, height + 2 * margin), bleed=edge, trim=trim)
        paper.add(_cut_marks(trim, bleed))
    right, down = run.right_mm * POINTS_PER_MM, run.down_mm * POINTS_PER_MM
    up = margin + height - height * run.along - down
    paper.add(f"q {run.across:.5f} 0 0 {run.along:.5f} {margin + right:.4f} {up:.4f} cm")


def _cut_marks(trim: tuple[float, float, float, float], bleed: float) -> str:
    """Two hair lines at each corner, outside the bleed."""
    near, far = bleed + _MARK_GAP_MM * POINTS_PER_MM, bleed + (_MARK_GAP_MM + _MARK_MM) * POINTS_PER_MM
    lines = []
    for x, outward in ((trim[0], -1), (trim[2], 1)):
        for y, upward in ((trim[1], -1), (trim[3], 1)):
            lines.append(f"{x + outward * near:.3f} {y:.3f} m {x + outward * far:.3f} {y:.3f} l S")
            lines.append(f"{x:.3f} {y + upward * near:.3f} m {x:.3f} {y + upward * far:.3f} l S")
    return "q 0 G 0.25 w " + " ".join(lines) + " Q"


def _corner(run: Run, place: int) -> tuple[float, float]:
    """The lower left corner of a label, mm from the lower left of the paper, as PDF counts; before it is moved."""
    x, y = run.stock.corner_of(place)
    return x, run.stock.paper[1] - y - run.stock.label[1]
