"""Sheets of labels as PDF: thousands in one go, every code read back before it is drawn.

In: labels, one after the other; a stock. Out: a PDF of its paper's size, fonts inside, codes in vectors. A page is
packed as soon as it is full, so memory does not grow with what a page is drawn with.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Any, BinaryIO, Final, TypeVar

from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFName, PDFStream, PDFZCompress
from reportlab.pdfgen.canvas import Canvas

from qrmerch.codes.artwork import POINTS_PER_MM, Symbol, draw_symbol, draw_symbols
from qrmerch.codes.preflight import ArtworkRefused, Report, Verdict, check_fit, check_symbol
from qrmerch.errors import FormError
from qrmerch.printing import lettering
from qrmerch.printing.labels import INK, Label, Wording, code_size_mm, draw_label
from qrmerch.printing.stocks import Stock

Each = TypeVar("Each")
MAX_LABELS: Final = 5_000
MAX_COPIES: Final = 100
MAX_MOVE_MM: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How labels are put on paper: from which label of the first sheet (1 is the first), moved by how much, how often.

    :raises FormError: a value that no sheet has.
    """

    stock: Stock
    start: int = 1
    right_mm: float = 0.0
    down_mm: float = 0.0
    copies: int = 1

    def __post_init__(self) -> None:
        problems = {}
        if not 1 <= self.start <= self.stock.per_sheet:
            problems["start"] = f"A sheet has the labels 1 to {self.stock.per_sheet}."
        if not 1 <= self.copies <= MAX_COPIES:
            problems["copies"] = f"Between 1 and {MAX_COPIES} of each."
        for name, value in (("right", self.right_mm), ("down", self.down_mm)):
            if not abs(value) <= MAX_MOVE_MM:
                problems[name] = f"A sheet can be moved by {MAX_MOVE_MM:g} mm at most."
        if problems:
            raise FormError(problems)

    def count_pages(self, labels: int) -> int:
        """How many sheets this many labels need, copies included."""
        return -(-(labels * self.copies + self.start - 1) // self.stock.per_sheet)


@dataclass(frozen=True, slots=True)
class Printed:
    """What was put on paper, and the names of which letters had to be left out."""

    labels: int
    pages: int
    incomplete: tuple[str, ...]


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
    canvas = _open_canvas(file, run.stock)
    place, count, incomplete = run.start - 1, 0, dict[str, None]()
    for label, symbol in _with_symbols(labels, run.stock, dark=wording.dark):
        if lettering.printable(label.title) != label.title:
            incomplete[label.title] = None
        for _ in range(run.copies):
            if place == run.stock.per_sheet:
                _end_page(canvas)
                place = 0
            draw_label(canvas, label, symbol, run.stock, wording, _corner(run, place))
            place, count = place + 1, count + 1
    if count:
        _end_page(canvas)
    pages = canvas.getPageNumber() - 1
    canvas.save()
    return Printed(count, pages, tuple(incomplete))


def outline_page(run: Run) -> bytes:
    """The outlines of a sheet's labels, to be printed on plain paper and held against the stock."""
    file = BytesIO()
    canvas = _open_canvas(file, run.stock)
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(0.25)
    width, height = (side * POINTS_PER_MM for side in run.stock.label)
    for place in range(run.stock.per_sheet):
        x, y = (each * POINTS_PER_MM for each in _corner(run, place))
        canvas.roundRect(x, y, width, height, run.stock.corner * POINTS_PER_MM)
        canvas.line(x + width / 2 - 6, y + height / 2, x + width / 2 + 6, y + height / 2)
        canvas.line(x + width / 2, y + height / 2 - 6, x + width / 2, y + height / 2 + 6)
        lettering.draw(canvas, str(place + 1), x + 6, y + height - 12, 8, colour=INK)
    said = f"{run.stock.said}. Moved right {run.right_mm:g} mm, down {run.down_mm:g} mm. Print at 100 %."
    x, y = (each * POINTS_PER_MM for each in _corner(run, 0))
    for number, line in enumerate(lettering.wrap(said, 7, width - 12, max_lines=4)):
        lettering.draw(canvas, line, x + 6, y + height - 22 - 9 * number, 7, colour=INK)
    _end_page(canvas)
    canvas.save()
    return file.getvalue()


def check_stock(address: str, stock: Stock) -> Report:
    """What is to be said of codes as long as this address on a stock, by their size alone."""
    symbol = draw_symbol(address)
    return check_fit(symbol, size_mm=code_size_mm(symbol, stock))


def list_incomplete(titles: Iterable[str]) -> list[str]:
    """The names of which letters have to be left out on paper, because no face here has them."""
    return [title for title in dict.fromkeys(titles) if lettering.printable(title) != title]


def _with_symbols(labels: Iterable[Label], stock: Stock, *, dark: str) -> Iterator[tuple[Label, Symbol]]:
    """Labels with their symbols, each read back at the size it will have."""
    for some in _batches(labels, 100):
        for label, symbol in zip(some, draw_symbols(label.address for label in some), strict=True):
            report = check_symbol(symbol, size_mm=code_size_mm(symbol, stock), dark=dark)
            if report.verdict == Verdict.REFUSE:
                raise ArtworkRefused(report)
            yield label, symbol


def _batches(all_of_them: Iterable[Each], size: int) -> Iterator[Sequence[Each]]:
    left = iter(all_of_them)
    while some := list(islice(left, size)):
        yield some


def _open_canvas(file: BinaryIO, stock: Stock) -> Any:
    lettering.register_base()
    paper = tuple(side * POINTS_PER_MM for side in stock.paper)
    canvas: Any = Canvas(file, pagesize=paper, pageCompression=1, invariant=1, initialFontName=lettering.BASE)
    canvas.setTitle(f"Labels, {stock.name}")
    return canvas


def _end_page(canvas: Any) -> None:
    """Close the page and pack it. Left to itself, reportlab keeps all pages unpacked until the end."""
    canvas.showPage()
    page = canvas._doc.Pages.pages[-1]
    packed = PDFDictionary({"Filter": PDFName(PDFZCompress.pdfname)})
    page.Contents = PDFStream(packed, PDFZCompress.encode(page.stream))
    page.stream = None


def _corner(run: Run, place: int) -> tuple[float, float]:
    """The lower left corner of a label, mm from the lower left of the paper, as PDF counts."""
    x, y = run.stock.corner_of(place)
    return x + run.right_mm, run.stock.paper[1] - y - run.stock.label[1] - run.down_mm
