"""What stands on one label: the code, what it is about, where it hangs, what a scan gives, and what a scan keeps.

In: a label and a box of millimetres. Out: marks on a canvas. The words are drawn, never read as mark-up. Where
letters are missing, the code still stands with its address in words.
"""

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any, Final

from PIL import Image
from reportlab.lib.utils import ImageReader

from qrmerch.codes.artwork import POINTS_PER_MM, Symbol, pdf_drawing, snap_to_dots
from qrmerch.codes.queries import CodeLine, said_by
from qrmerch.codes.tokens import group
from qrmerch.printing import lettering
from qrmerch.printing.stocks import Shape, Stock

INK, GREY = "#141414", "#585854"
# A code larger than this is read no better at arm's length, and the words need the room.
_MAX_CODE_MM: Final = 36.0
# What a printer may be off by before it cuts into the artwork.
_MARGIN_MM: Final = 1.6
_TAG_MARGIN_MM, _TAG_HOLE_MM, _TAG_CODE_MM = 4.5, 11.0, 30.0
_EDGE_MM: Final = 2.0
# As wide and as high as a logo gets on a tag; its pixels are then about 400 to the inch.
_LOGO_MM: Final = (32.0, 9.0)
_LEADING: Final = 1.2
# The height of words, points, at which they have their usual size, and how far they grow or shrink with it.
_USUAL_HEIGHT: Final = 60.0
_SCALES: Final = (0.9, 1.35)
_SHRINKS: Final = (1.0, 0.93, 0.86, 0.8, 0.74, 0.68)
_FITTED: Final = (1.0, 0.9, 0.82)
_SQUEEZED: Final = (0.74, 0.66, 0.58, 0.5, 0.4)
_CODE_SHARE: Final = 0.4
_BASE_LINE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Label:
    """One label to print. `address` is what its symbol says; the rest are words, each may be empty."""

    address: str
    token: str
    title: str
    place: str


@dataclass(frozen=True, slots=True)
class Wording:
    """What all labels of a sheet say, and in which colour their codes are.

    `house` stands on hang tags, or in its place `logo`, a picture's bytes as they are served; `call` says what a scan
    gives; `notice` what it keeps; `direction` is `ltr` or `rtl`.
    """

    house: str = ""
    logo: bytes = b""
    call: str = ""
    notice: str = ""
    dark: str = "#000000"
    direction: str = "ltr"
    shows_place: bool = True


@dataclass(frozen=True, slots=True)
class _Box:
    """A label's place on the paper, points, from its lower left corner."""

    left: float
    bottom: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of words, its size and what stands between it and the next, points."""

    text: str
    size: float
    colour: str = INK
    is_bold: bool = False

    @property
    def leading(self) -> float:
        return self.size * _LEADING


def label_of(line: CodeLine, base: str) -> Label:
    """What a code's label says.

    :param base: the installation's own scheme and host, for codes that carry none of their retailer's.
    """
    token = line.code.token
    return Label(said_by(line.code, base), token, line.item_title, line.place if line.store_name else "")


def code_size_mm(symbol: Symbol, stock: Stock) -> float:
    """How large a code is on this stock: what there is room for, in whole dots of a 300 dpi printer."""
    if stock.shape == Shape.TAG:
        return snap_to_dots(symbol, size_mm=_TAG_CODE_MM)
    room = min(stock.label[1] - 2 * _MARGIN_MM, stock.label[0] * _CODE_SHARE, _MAX_CODE_MM)
    return snap_to_dots(symbol, size_mm=room)


def draw_label(
    canvas: Any, label: Label, symbol: Symbol, stock: Stock, wording: Wording, corner: tuple[float, float]
) -> None:
    """Draw one label.

    :param corner: its lower left corner on the paper, mm.
    """
    left, bottom = (each * POINTS_PER_MM for each in corner)
    width, height = (each * POINTS_PER_MM for each in stock.label)
    box = _Box(left, bottom, width, height)
    side = code_size_mm(symbol, stock) * POINTS_PER_MM
    if stock.shape == Shape.TAG:
        _draw_tag(canvas, label, symbol, wording, box, side)
    else:
        _draw_beside(canvas, label, symbol, wording, box, side)


def short_address(label: Label) -> str:
    """The address for eyes and hands: `fashiontown.example/q/ 7K3M 9QXR B`."""
    host = label.address.removesuffix(label.token).partition("://")[2]
    return f"{host} {group(label.token)}"


def _draw_beside(canvas: Any, label: Label, symbol: Symbol, wording: Wording, box: _Box, side: float) -> None:
    """The code at the side where reading begins, the words beside it: name on top, small print at the foot."""
    is_rtl = wording.direction == "rtl"
    margin, edge = _MARGIN_MM * POINTS_PER_MM, _EDGE_MM * POINTS_PER_MM
    code_x = box.left + (box.width - margin - side if is_rtl else margin)
    code_y = box.bottom + (box.height - side) / 2
    canvas.addLiteral(pdf_drawing(symbol, x=code_x, y=code_y, side=side, dark=wording.dark))
    top, foot = _words_beside(label, wording, box.width - side - 3 * margin, box.height - 2 * edge)
    x = code_x - margin / 2 if is_rtl else code_x + side + margin / 2
    align = "right" if is_rtl else "left"
    _draw_lines(canvas, top, x, box.bottom + box.height - edge, align)
    _draw_lines(canvas, foot, x, box.bottom + edge + _height(foot), align)


def _words_beside(label: Label, wording: Wording, room: float, height: float) -> tuple[list[_Line], list[_Line]]:
    """The lines at the top and at the foot, as large as they can be without meeting."""
    usual = min(max(height / _USUAL_HEIGHT, _SCALES[0]), _SCALES[1])
    # What a scan gives is said whole or not at all; the name, the address and the notice are always there.
    for call, shrink in [(wording.call, each) for each in _SHRINKS[:4]] + [("", each) for each in _SHRINKS]:
        scale = usual * shrink
        top = _fit(label.title, 9.5 * scale, room, max_lines=2, is_bold=True)
        if wording.shows_place:
            top += _fit(label.place, 7 * scale, room, colour=GREY)
        foot = _fit(call, 7 * scale, room, max_lines=2)
        foot += _address_lines(label, 7 * scale, room)
        foot += _fit(wording.notice, 5.6 * scale, room, max_lines=2, colour=GREY, is_never_cut=True)
        if _height(top) + _height(foot) <= height:
            return top, foot
    return [], foot


def _draw_tag(canvas: Any, label: Label, symbol: Symbol, wording: Wording, box: _Box, side: float) -> None:
    """Words above the code and under it, in the middle; the hole stays free."""
    room, x = box.width - 2 * _TAG_MARGIN_MM * POINTS_PER_MM, box.left + box.width / 2
    logo = _read_logo(wording.logo)
    width, height = _logo_size(logo, room) if logo else (0.0, 0.0)
    head = [_Line("", height / _LEADING)] if logo else _fit(wording.house, 11, room, is_bold=True)
    head += [_Line("", 6)] * bool(head)
    head += _fit(label.title, 14, room, max_lines=3, is_bold=True, is_balanced=True)
    if wording.shows_place and label.place:
        head += [_Line("", 1.5), *_fit(label.place, 7.5, room, colour=GREY)]
    foot = _fit(wording.call, 9, room, max_lines=2, is_bold=True, is_balanced=True, colour=wording.dark)
    foot += [_Line("", 2.5)] * bool(foot)
    foot += _address_lines(label, 5.8, room, colour=GREY)
    foot += _fit(wording.notice, 5.8, room, max_lines=2, colour=GREY, is_never_cut=True)
    top = box.bottom + box.height - _TAG_HOLE_MM * POINTS_PER_MM
    foot_top = box.bottom + _TAG_MARGIN_MM * POINTS_PER_MM + _height(foot)
    if logo:
        canvas.drawImage(logo, x - width / 2, top - height, width, height, mask="auto")
    _draw_lines(canvas, head, x, top, "centre")
    _draw_lines(canvas, foot, x, foot_top, "centre")
    canvas.addLiteral(pdf_drawing(symbol, x=x - side / 2, y=foot_top, side=side, dark=wording.dark))


@lru_cache(maxsize=8)
def _read_logo(data: bytes) -> ImageReader | None:
    """A logo to be drawn; None where there is none, or one that cannot be read: then the name stands."""
    try:
        with Image.open(BytesIO(data), formats=["WEBP"]) as image:
            return ImageReader(image.convert("RGBA")) if data else None
    except OSError:
        return None


def _logo_size(logo: ImageReader, room: float) -> tuple[float, float]:
    """Width and height, points, in which a logo of this shape stands on a tag."""
    across, down = logo.getSize()
    share = min(
        room / across, *(most * POINTS_PER_MM / side for most, side in zip(_LOGO_MM, (across, down), strict=True))
    )
    return across * share, down * share


def _address_lines(label: Label, size: float, room: float, *, colour: str = INK) -> list[_Line]:
    """The address in one line where it fits; else the host above the token. Neither is ever cut."""
    whole, token = short_address(label), group(label.token)
    share = room / lettering.width_of(whole, size)
    if share >= _FITTED[-1]:
        return [_Line(whole, size * min(share, 1.0), colour)]
    host = whole.removesuffix(token).strip()
    share = room / lettering.width_of(host, size)
    return [_Line(host, size * min(share, 1.0), colour), _Line(token, size, colour)]


def _fit(
    text: str,
    size: float,
    room: float,
    *,
    max_lines: int = 1,
    colour: str = INK,
    is_bold: bool = False,
    is_balanced: bool = False,
    is_never_cut: bool = False,
) -> list[_Line]:
    """A text as lines that fit, a little smaller if that saves a line or saves it from being cut."""
    size, lines = _lines_of(text, size, room, max_lines, is_bold, is_balanced, is_never_cut)
    return [_Line(line, size, colour, is_bold) for line in lines]


# Names, places and the words of a sheet come again and again.
@lru_cache(maxsize=4_096)
def _lines_of(
    text: str, size: float, room: float, max_lines: int, is_bold: bool, is_balanced: bool, is_never_cut: bool
) -> tuple[float, tuple[str, ...]]:
    text = lettering.printable(text)
    if not text or not max_lines:
        return size, ()
    wrap = lettering.wrap_balanced if is_balanced else lettering.wrap
    shares = (*_FITTED, *_SQUEEZED) if is_never_cut else _FITTED
    lines: list[str] = []
    for line_count in range(1, max_lines + 1):
        for share in shares if line_count == max_lines else _FITTED[:2]:
            lines = wrap(text, size * share, room, max_lines=line_count, is_bold=is_bold)
            if " ".join(lines) == text:
                return size * share, tuple(lines)
    return size * shares[-1], tuple(lines)


def _height(lines: list[_Line]) -> float:
    return sum(line.leading for line in lines)


def _draw_lines(canvas: Any, lines: list[_Line], x: float, top: float, align: str) -> None:
    for line in lines:
        top -= line.leading
        y = top + line.size * _BASE_LINE
        lettering.draw(canvas, line.text, x, y, line.size, colour=line.colour, is_bold=line.is_bold, align=align)
