"""Walls to shop from: a grid of pictures, names, prices and codes over as many A0 sheets as it takes.

Sheets hang side by side; each but the last has a strip at its end that the next one covers. A page at the end says
which sheet hangs where.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from qrmerch.printing.easel import BOLD, GREY, INK, PLAIN, SEMI, TIGHT, TIGHTER, WHITE, Easel
from qrmerch.printing.sign_paper import Box
from qrmerch.printing.signs import Shown, Sign, code_side_mm

GROUND: Final = "#f3f3f1"
OVERLAP_MM: Final = 15.0
_MARGIN: Final = 26.0
_GAP: Final = 10.0
_HEAD: Final = 48.0
_FOOT: Final = 20.0
# Columns and rows of a sheet, from few to many.
_GRIDS: Final = ((1, 1), (2, 1), (2, 2), (3, 2), (4, 2), (4, 3))
_PER_SHEET: Final = 12
_LARGEST_SHARE: Final = 0.56
_USUAL_SHARE: Final = 0.27
# A code never touches the picture beside it.
_AROUND: Final = 4.0
# Above the code stand number, name and price.
_WORDS_SHARE: Final = 0.4


@dataclass(frozen=True, slots=True)
class Grid:
    """How a wall is divided: sheets, and columns and rows of each."""

    sheets: int
    columns: int
    rows: int

    @property
    def per_sheet(self) -> int:
        return self.columns * self.rows


def grid_of(items: int) -> Grid:
    """The division of a wall: no more sheets than needed, all alike, as few cells left empty as can be."""
    sheets = max(1, -(-items // _PER_SHEET))
    each = -(-max(1, items) // sheets)
    columns, rows = next(grid for grid in _GRIDS if grid[0] * grid[1] >= each)
    return Grid(sheets, columns, rows)


def cell_of(sign: Sign, grid: Grid) -> tuple[float, float]:
    """A cell's sides, mm; the same on all sheets."""
    width = sign.shape.width - 2 * _MARGIN - (OVERLAP_MM if grid.sheets > 1 else 0)
    height = sign.shape.height - 2 * _MARGIN - _HEAD - _FOOT - 2 * _GAP
    return (
        (width - (grid.columns - 1) * _GAP) / grid.columns,
        (height - (grid.rows - 1) * _GAP) / grid.rows,
    )


def largest_wall_code(sign: Sign) -> float:
    """How large a code a wall of so many items has room for, mm."""
    width, height = cell_of(sign, grid_of(len(sign.items)))
    return min(width * _LARGEST_SHARE - _AROUND, height * (1 - _WORDS_SHARE))


def split_sheets(sign: Sign) -> Iterator[tuple[int, int, Sequence[Shown]]]:
    """Each sheet's number, from 0, that of its first item, from 1, and its items: as many on each as can be."""
    done = 0
    for sheet, count in enumerate(_share_out(len(sign.items), grid_of(len(sign.items)).sheets)):
        yield sheet, done + 1, sign.items[done : done + count]
        done += count


def list_cells(sign: Sign, items: int) -> Iterator[Box]:
    """The places of so many items on a sheet. Rows with fewer have wider ones, so that no hole is left."""
    grid = grid_of(len(sign.items))
    width, height = cell_of(sign, grid)
    whole = grid.columns * width + (grid.columns - 1) * _GAP
    for row, count in enumerate(_share_out(items, min(items, grid.rows))):
        across = (whole - (count - 1) * _GAP) / max(1, count)
        for column in range(count):
            y = _MARGIN + _HEAD + _GAP + row * (height + _GAP)
            yield Box(_MARGIN + column * (across + _GAP), y, across, height)


def _share_out(items: int, parts: int) -> list[int]:
    """So many parts of about one size, the larger ones first."""
    each, more = divmod(items, max(1, parts))
    return [each + (1 if part < more else 0) for part in range(max(1, parts))]


def draw_sheet(easel: Easel, sheet: int, first: int, items: Sequence[Shown]) -> None:
    """One sheet of a wall.

    :param first: the number of its first item.
    """
    sign, page = easel.sign, easel.page
    grid = grid_of(len(sign.items))
    page.fill(page.whole, GROUND)
    end = page.width - (OVERLAP_MM if grid.sheets > 1 else 0)
    _draw_head(easel, sheet, end)
    _draw_foot(easel, end)
    for number, (item, box) in enumerate(zip(items, list_cells(sign, len(items)), strict=True), first):
        _draw_cell(easel, item, number, box)
    if sheet < grid.sheets - 1:
        seam = easel.turned(Box(end, 0, 0, 0)).x
        for y in (0.0, page.height - 12):
            page.rule(seam, y, seam, y + 12, GREY, stroke=0.4, dash=2)
        easel.word(f"{sheet + 2}", end + 2, page.height - 12, 6, colour=GREY)


def _draw_head(easel: Easel, sheet: int, end: float) -> None:
    sign = easel.sign
    is_quiet = sign.dress.is_quiet
    text = sign.headline if sheet == 0 else ""
    size = 46.0
    if text:
        head = easel.fit(
            text,
            size,
            (end - 2 * _MARGIN) * 0.58,
            weight=PLAIN if is_quiet else BOLD,
            leading=1.0,
            tracking=TIGHTER,
            least=18,
            is_heading=True,
        )
        easel.put(head, _MARGIN - head.size * 0.04, _MARGIN + _HEAD - head.height - 2, colour=INK)
    else:
        easel.wordmark(_MARGIN, _MARGIN + _HEAD - 30, 26, colour=INK)
    call = easel.fit(
        sign.call,
        15,
        (end - 2 * _MARGIN) * 0.38,
        weight=SEMI,
        max_lines=2,
        tracking=TIGHT,
        is_balanced=True,
        leading=1.25,
    )
    easel.put(call, end - _MARGIN, _MARGIN + _HEAD - call.height - 3, colour=INK, align="right")


def _draw_foot(easel: Easel, end: float) -> None:
    sign, low = easel.sign, easel.page.height - _MARGIN
    easel.wordmark(_MARGIN, low - 17, 19, colour=INK)
    room = (end - 2 * _MARGIN) * 0.6
    notice = easel.fit(sign.notice, 10, room, leading=1.25)
    easel.put(notice, end - _MARGIN, low - notice.height - 1, colour=GREY, align="right")


def _draw_cell(easel: Easel, item: Shown, number: int, box: Box) -> None:
    """Picture, and beside it number, name, price, code and address."""
    sign = easel.sign
    symbol = easel.symbol_of(item)
    # Where there is room, a code is larger than it has to be.
    side = max(code_side_mm(symbol, sign.distance), min(box.width * _USUAL_SHARE, box.height * (1 - _WORDS_SHARE)))
    easel.fill(box, WHITE)
    column = max(side + _AROUND, box.width * 0.3)
    frame = Box(box.x, box.y, box.width - column, box.height)
    if not easel.picture(item, frame):
        easel.fill(frame, "#e6e6e2")
        initial = easel.fit(item.title[:1], box.height * 0.4, frame.width, weight=BOLD)
        easel.put(initial, frame.x + frame.width / 2, box.y + box.height * 0.28, colour=WHITE, align="centre")
    unit = min(box.height / 222, column / 84)
    left, room = frame.right + 6 * unit, column - 12 * unit
    code_x = frame.right + (column - side) / 2
    address = easel.fit(item.short_address, 4.6 * unit, room, max_lines=2, least=2.6 * unit)
    code_y = box.bottom - side - address.height - 2.5 * unit
    easel.code(item, code_x, code_y, side)
    easel.put(address, frame.right + column / 2, box.bottom - address.height - 3.5 * unit, colour=GREY, align="centre")
    easel.word(str(number), left, box.y + 7 * unit, 11 * unit, colour=GREY)
    space = code_y - box.y - 24 * unit
    price = easel.fit(item.price, 12 * unit, room, weight=PLAIN, least=6 * unit, is_never_cut=True)
    title = easel.fit(
        item.title,
        12.5 * unit,
        room,
        weight=SEMI,
        max_lines=4,
        height=space - price.height,
        least=6.5 * unit,
        leading=1.12,
        tracking=TIGHT,
    )
    y = code_y - title.height - price.height - 1.5 * unit
    y = easel.put(title, left, y, colour=INK)
    easel.put(price, left, y + 0.5 * unit, colour=INK)


def draw_overview(easel: Easel, words: Sequence[str]) -> None:
    """An A4 page for who hangs the wall: its sheets side by side, and what to do.

    :param words: a heading, then one sentence each.
    """
    sign, page = easel.sign, easel.page
    grid = grid_of(len(sign.items))
    margin = 15.0
    page.fill(page.whole, WHITE)
    title = easel.fit(words[0], 9, page.width - 2 * margin, weight=BOLD, tracking=TIGHT)
    y = easel.put(title, margin, margin, colour=INK) + 2
    about = easel.fit(sign.place, 4.5, page.width - 2 * margin)
    y = easel.put(about, margin, y, colour=GREY) + 6
    shape = sign.shape
    share = min((page.width - 2 * margin) / (grid.sheets * shape.width), 70 / shape.height)
    for sheet, first, items in split_sheets(sign):
        left = margin + sheet * (shape.width - (OVERLAP_MM if grid.sheets > 1 else 0)) * share
        easel.fill(Box(left, y, shape.width * share, shape.height * share), GROUND)
        page.frame(easel.turned(Box(left, y, shape.width * share, shape.height * share)), INK, stroke=0.25)
        easel.word(str(sheet + 1), left + 2, y + 1, 5, colour=INK, weight=BOLD)
        for number, cell in enumerate(list_cells(sign, len(items)), first):
            place = Box(left + cell.x * share, y + cell.y * share, cell.width * share, cell.height * share)
            easel.fill(place, WHITE)
            easel.word(str(number), place.x + 0.8, place.y + 0.6, min(4.0, place.height * 0.4), colour=GREY)
    y += shape.height * share + 6
    for sentence in words[1:]:
        part = easel.fit(sentence, 4.2, page.width - 2 * margin, max_lines=3, leading=1.3)
        y = easel.put(part, margin, y, colour=INK) + 1.2
    _list_items(easel, sign, y + 3, margin)


def _list_items(easel: Easel, sign: Sign, y: float, margin: float) -> None:
    """Number and name of each item, in columns, as small as they have to be."""
    page = easel.page
    rows_room = page.height - margin - y
    columns = min(4, max(1, -(-len(sign.items) // 8)))
    per_column = -(-len(sign.items) // columns)
    step = min(5.2, rows_room / max(1, per_column))
    width = (page.width - 2 * margin) / columns
    for place, item in enumerate(sign.items):
        x = margin + (place // per_column) * width
        top = y + (place % per_column) * step
        line = easel.fit(f"{place + 1}  {item.title}", step * 0.68, width - 4, least=step * 0.5, leading=1.0)
        easel.put(line, x, top, colour=INK)
