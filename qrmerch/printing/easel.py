"""What all signs are drawn with: type that fits its place, pictures cut to theirs, and the mirror for scripts that
run the other way.

Places are given as if everything ran to the right; `Easel` turns them round where it does not.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from qrmerch.codes.artwork import MM_PER_INCH, Symbol, look_of
from qrmerch.codes.styles import PLAIN as PLAIN_STYLE
from qrmerch.codes.styles import Style
from qrmerch.printing.lettering import printable
from qrmerch.printing.sign_paper import Box, Laid, Page
from qrmerch.printing.sign_type import Line, is_tall, is_whole, shape, wrap, wrap_balanced
from qrmerch.printing.signs import Shown, Sign

INK, GREY, WHITE = "#141414", "#585854", "#ffffff"
BOLD, SEMI, PLAIN = 800, 600, 400
TIGHT, TIGHTER = -15.0, -38.0
_STEP: Final = 0.94
_BASE_LINE: Final = 0.78
_TALL_LEADING: Final = 1.3
# A logo's pixels are few: larger than this it would be blurred, and the name is set in type.
LOGO_DPI: Final = 150


@dataclass(frozen=True, slots=True)
class Placed:
    """A code on a page: what it has to say, its place as measured on the finished page, mm."""

    address: str
    page: int
    box: Box


@dataclass(frozen=True, slots=True)
class Look:
    """How the codes of a sign look, the logo in them as the file has it, and the file of the retailer's own face."""

    style: Style = PLAIN_STYLE
    logo: Laid | None = None
    face: str = ""


@dataclass(slots=True)
class Notes:
    """What was found while drawing: codes put down, texts that had to be cut, how many dots pictures have."""

    codes: list[Placed] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    dpi: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines of type at the size at which they fit."""

    lines: tuple[Line, ...]
    size: float
    leading: float

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * self.leading


class Easel:
    """One page of a sign; `scale` is how much larger it is than designed."""

    def __init__(
        self,
        page: Page,
        sign: Sign,
        notes: Notes,
        *,
        number: int,
        pictures: Mapping[str, Laid],
        logo: Laid | None,
        symbols: Mapping[str, Symbol],
        scale: float,
        look: Look,
    ) -> None:
        self.page, self.sign, self.notes = page, sign, notes
        self.number, self.pictures, self.logo, self.symbols = number, pictures, logo, symbols
        self.scale, self.look = scale, look
        self._turn: tuple[float, float, bool, bool] = (0.0, 0.0, False, False)

    def turned(self, box: Box) -> Box:
        """A place on the other side where the sign runs to the left."""
        return replace(box, x=self.page.width - box.right) if self.sign.is_rtl else box

    def fill(self, box: Box, colour: str, *, radius: float = 0.0) -> None:
        self.page.fill(self.turned(box), colour, radius=radius)

    def fit(
        self,
        text: str,
        size: float,
        width: float,
        *,
        weight: int = PLAIN,
        max_lines: int = 1,
        height: float = 0.0,
        least: float = 0.0,
        leading: float = 1.2,
        tracking: float = 0.0,
        is_balanced: bool = False,
        is_never_cut: bool = False,
        is_heading: bool = False,
    ) -> Fitted:
        """A text as large as it can be, at most `size`, whole; at `least` it is cut, and noted.

        A price `is_never_cut`: half of one is another price. It is left out instead, and noted.

        :param height: of the place it has; 0 for any.
        :param least: the smallest size; 0 for 60 % of the largest.
        :param is_heading: set in the retailer's own face where it has one.
        """
        text = printable(text)
        if not text:
            return Fitted((), size, leading)
        least = least or size * 0.6
        leading = max(leading, _TALL_LEADING) if is_tall(text) else leading
        how = {"max_lines": max_lines, "direction": self.sign.direction, "tracking": tracking}
        how["house"] = self.look.face if is_heading else ""
        while True:
            lines = wrap(text, size, width, weight, **how)  # type: ignore[arg-type]
            fits = is_whole(text, lines) and (not height or len(lines) * size * leading <= height)
            if fits or size * _STEP < least:
                break
            size *= _STEP
        if not fits:
            rows = max(1, min(max_lines, int(height / (size * leading)))) if height else max_lines
            lines = wrap(text, size, width, weight, **{**how, "max_lines": rows})  # type: ignore[arg-type]
            if not is_whole(text, lines):
                self.notes.cut.append(text)
                lines = [] if is_never_cut else lines
        elif is_balanced:
            lines = wrap_balanced(text, size, width, weight, **how)  # type: ignore[arg-type]
        return Fitted(tuple(lines), size, leading)

    def put(self, fitted: Fitted, x: float, y: float, *, colour: str, align: str = "left") -> float:
        """Lines of type below `y`; where they end.

        :param align: which part of the lines stands at `x`, as if the sign ran to the right.
        """
        if self.sign.is_rtl:
            x = self.page.width - x
            align = {"left": "right", "right": "left"}.get(align, align)
        for line in fitted.lines:
            room = fitted.size * fitted.leading
            base = y + room / 2 + fitted.size * (_BASE_LINE - 0.5) + fitted.size * 0.08
            self.page.text(line, x, base, fitted.size, colour=colour, align=align)
            y += room
        return y

    def word(
        self, text: str, x: float, y: float, size: float, *, colour: str, weight: int = PLAIN, **how: str
    ) -> float:
        """One line that always fits, below `y`; where it ends."""
        line = shape(printable(text), weight, direction=self.sign.direction)
        return self.put(Fitted((line,), size, 1.2), x, y, colour=colour, **how)

    def wordmark(
        self, x: float, y: float, size: float, *, colour: str, align: str = "left", has_logo: bool = True
    ) -> float:
        """How the retailer writes itself: its logo where that is sharp enough and lies on white, else its name."""
        height = size * 1.5
        if self.logo and has_logo:
            height = min(height, self.logo.height * MM_PER_INCH / LOGO_DPI)
            width = height * self.logo.width / self.logo.height
            if height >= size * 0.9:
                left = x - {"left": 0.0, "centre": 0.5, "right": 1.0}[align] * width
                self.page.picture(self.logo, self.turned(Box(left, y, width, height)), fits=True)
                return y + height
        is_quiet = self.sign.dress.is_quiet
        weight, tracking = (SEMI, 40.0) if is_quiet else (BOLD, TIGHTER)
        text = printable(self.sign.dress.wordmark)
        line = shape(text, weight, direction=self.sign.direction, tracking=tracking, house=self.look.face)
        return self.put(Fitted((line,), size, 1.0), x, y, colour=colour, align=align)

    def picture(self, item: Shown, box: Box) -> bool:
        """An item's picture, cut to a place around its focus; whether there is one."""
        laid = self.pictures.get(item.picture.key) if item.picture else None
        if item.picture is None or laid is None:
            return False
        place = self.turned(box)
        self.page.picture(laid, place, focus=(item.picture.focus_x, item.picture.focus_y))
        # Of the picture as it came: how it was made ready here says nothing of what it holds.
        mm_per_pixel = max(box.width / item.picture.width, box.height / item.picture.height)
        dpi = MM_PER_INCH / mm_per_pixel
        self.notes.dpi[item.title] = min(dpi, self.notes.dpi.get(item.title, dpi))
        return True

    def symbol_of(self, item: Shown) -> Symbol:
        return self.symbols[item.address]

    def code(self, item: Shown, x: float, y: float, side: float) -> Box:
        """An item's code at a place of this side, noted to be read back; the place."""
        place = self.turned(Box(x, y, side, side))
        symbol, style = self.symbol_of(item), self.look.style
        self.page.symbol(symbol, place.x, place.y, side, dark=self.sign.dress.code, style=style)
        frame = look_of(symbol, style).logo_frame if self.look.logo else None
        if self.look.logo and frame:
            left, top, width, height = (each * side / symbol.side for each in frame)
            self.page.picture(self.look.logo, Box(place.x + left, place.y + top, width, height), fits=True)
        self.notes.codes.append(Placed(item.address, self.number, self._on_page(place)))
        return Box(x, y, side, side)

    @contextmanager
    def window(
        self, x: float, y: float, width: float, height: float, *, is_upside_down: bool = False
    ) -> Iterator["Easel"]:
        """A part of the page as a page of its own, upright or turned over."""
        inner = self.page.part(width, height)
        easel = Easel(
            inner,
            self.sign,
            self.notes,
            number=self.number,
            pictures=self.pictures,
            logo=self.logo,
            symbols=self.symbols,
            scale=self.scale,
            look=self.look,
        )
        easel._turn = (x, y, is_upside_down, True)
        yield easel
        self.page.insert(inner, x, y, is_upside_down=is_upside_down)

    def _on_page(self, box: Box) -> Box:
        x, y, is_upside_down, is_window = self._turn
        if not is_window:
            return box
        if is_upside_down:
            box = replace(box, x=self.page.width - box.right, y=self.page.height - box.bottom)
        return replace(box, x=box.x + x, y=box.y + y)
