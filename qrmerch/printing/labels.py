"""What stands on one label: the code, what it is about, where it hangs, what a scan gives, and what a scan keeps.

In: a label and a box of millimetres. Out: marks on paper. The words are drawn, never read as mark-up. Where
letters are missing, the code still stands with its address in words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import Image

from qrmerch.codes.artwork import POINTS_PER_MM, WHITE, Level, Symbol, look_of, pdf_drawing, snap_to_dots
from qrmerch.codes.preflight import Asked
from qrmerch.codes.queries import CodeLine, said_by
from qrmerch.codes.styles import PLAIN, Style, open_logo
from qrmerch.codes.styles import Logo as CodeLogo
from qrmerch.codes.tokens import group
from qrmerch.printing import lettering
from qrmerch.printing.paper import Paper, Picture
from qrmerch.printing.stocks import Shape, Stock

INK, GREY = "#141414", "#585854"
# A code larger than this is read no better at arm's length, and the words need the room.
_MAX_CODE_MM: Final = 36.0
# What a printer may be off by before it cuts into the artwork.
MARGIN_MM: Final = 1.6
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
_TALL_CODE_SHARE: Final = 0.62
# Of a round label: the largest square with room for a line of words below it.
_ROUND_CODE_SHARE, _ROUND_WORDS_SHARE = 0.62, 0.55
_DOT: Final = 72 / 300
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
    gives; `notice` what it keeps; `direction` is `ltr` or `rtl`. `style`, `level` and `ground`, the colour of
    the paper where no white is printed first, are a design's. `face` is the file of the retailer's own font, in which
    names and headings are set.
    """

    house: str = ""
    logo: bytes = b""
    call: str = ""
    notice: str = ""
    dark: str = "#000000"
    direction: str = "ltr"
    shows_place: bool = True
    style: Style = PLAIN
    level: Level = Level.M
    ground: str = WHITE
    face: str = ""

    def asked(self, size_mm: float) -> Asked:
        """What preflight is asked of a code of this size."""
        return Asked(size_mm=size_mm, dark=self.dark, style=self.style, paper=self.ground)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of words, its size and what stands between it and the next, points."""

    text: str
    size: float
    colour: str = INK
    is_bold: bool = False
    face: str = ""

    @property
    def leading(self) -> float:
        return self.size * _LEADING


@dataclass(frozen=True, slots=True)
class Words:
    """A line and where it stands: its beginning, end or middle, as `align` says, and its base line."""

    line: _Line
    x: float
    y: float
    align: str


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture and where it stands."""

    picture: Picture
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Laid:
    """What stands where on one label, points from its lower left corner."""

    code_x: float
    code_y: float
    side: float
    words: tuple[Words, ...]
    logo: Logo | None
    is_complete: bool


def label_of(line: CodeLine, base: str) -> Label:
    """What a code's label says.

    :param base: the installation's own scheme and host, for codes that carry none of their retailer's.
    """
    token = line.code.token
    return Label(said_by(line.code, base), token, line.item_title, line.place if line.store_name else "")


def has_missing(label: Label, wording: Wording) -> bool:
    """Whether letters of a label's name or place are in no face here, and are left out."""
    place = label.place if wording.shows_place else ""
    return bool(lettering.list_missing(label.title) or lettering.list_missing(place))


def code_size_mm(symbol: Symbol, stock: Stock) -> float:
    """How large a code is on this stock: what there is room for, in whole dots of a 300 dpi printer."""
    width, height = stock.label
    if stock.shape == Shape.TAG:
        room = min(_TAG_CODE_MM, width - 2 * MARGIN_MM, height * _CODE_SHARE)
    elif stock.shape == Shape.ROUND:
        room = min(min(stock.label) * _ROUND_CODE_SHARE, _MAX_CODE_MM)
    elif stock.is_tall:
        room = min(width - 2 * MARGIN_MM, height * _TALL_CODE_SHARE, _MAX_CODE_MM)
    else:
        room = min(height - 2 * MARGIN_MM, width * _CODE_SHARE, _MAX_CODE_MM)
    return snap_to_dots(symbol, size_mm=room)


def draw_label(
    paper: Paper, label: Label, symbol: Symbol, stock: Stock, wording: Wording, corner: tuple[float, float]
) -> bool:
    """Draw one label; whether all its words are on it, none of them cut.

    :param corner: its lower left corner on the paper, mm.
    """
    left, bottom = (each * POINTS_PER_MM for each in corner)
    laid = lay_out(label, symbol, stock, wording)
    # Codes begin on whole dots of a 300 dpi printer.
    x, y = (round(each / _DOT) * _DOT for each in (left + laid.code_x, bottom + laid.code_y))
    paper.add(pdf_drawing(symbol, x=x, y=y, side=laid.side, dark=wording.dark, style=wording.style))
    if wording.style.logo:
        _place_code_logo(paper, symbol, wording.style, x, y, laid.side)
    if laid.logo:
        paper.place(laid.logo.picture, left + laid.logo.x, bottom + laid.logo.y, laid.logo.width, laid.logo.height)
    for words in laid.words:
        line = words.line
        x, y = left + words.x, bottom + words.y
        lettering.draw(
            paper,
            line.text,
            x,
            y,
            line.size,
            colour=line.colour,
            is_bold=line.is_bold,
            align=words.align,
            house=line.face,
        )
    return laid.is_complete


def _place_code_logo(paper: Paper, symbol: Symbol, style: Style, x: float, y: float, side: float) -> None:
    """The logo in the middle of a code; in the file it lies once."""
    frame = look_of(symbol, style).logo_frame
    if style.logo is None or frame is None:
        return
    left, top, width, height = (each * side / symbol.side for each in frame)
    paper.place(_picture_of(style.logo), x + left, y + side - top - height, width, height)


@lru_cache(maxsize=8)
def _picture_of(logo: CodeLogo) -> Picture:
    flat = open_logo(logo)
    return Picture(flat.width, flat.height, flat.tobytes(), b"\xff" * (flat.width * flat.height))


def lay_out(label: Label, symbol: Symbol, stock: Stock, wording: Wording) -> Laid:
    """Where everything stands on a label."""
    width, height = (each * POINTS_PER_MM for each in stock.label)
    side = code_size_mm(symbol, stock) * POINTS_PER_MM
    if stock.shape == Shape.TAG:
        return _lay_tag(label, wording, width, height, side)
    if stock.shape == Shape.ROUND:
        return _lay_round(label, width, height, side)
    if stock.is_tall:
        return _lay_under(label, wording, width, height, side)
    return _lay_beside(label, wording, width, height, side)


def short_address(label: Label) -> str:
    """The address for eyes and hands: `fashiontown.example/q/ 7K3M 9QXR B`."""
    host = label.address.removesuffix(label.token).partition("://")[2]
    return f"{host} {group(label.token)}"


def _lay_beside(label: Label, wording: Wording, width: float, height: float, side: float) -> Laid:
    """The code at the side where reading begins, the words beside it: name on top, small print at the foot."""
    is_rtl = wording.direction == "rtl"
    margin, edge = MARGIN_MM * POINTS_PER_MM, _EDGE_MM * POINTS_PER_MM
    code_x = width - margin - side if is_rtl else margin
    top, foot = _words_beside(label, wording, width - side - 3 * margin, height - 2 * edge)
    x = code_x - margin / 2 if is_rtl else code_x + side + margin / 2
    align = "right" if is_rtl else "left"
    words = _placed(top, x, height - edge, align) + _placed(foot, x, edge + _height(foot), align)
    return Laid(code_x, (height - side) / 2, side, words, None, _is_complete(top, label, wording))


def _lay_under(label: Label, wording: Wording, width: float, height: float, side: float) -> Laid:
    """The code on top, the words in the middle under it; for labels that are higher than wide."""
    margin = MARGIN_MM * POINTS_PER_MM
    code_y = height - margin - side
    top, foot = _words_beside(label, wording, width - 2 * margin, code_y - 1.5 * margin)
    words = _placed(top, width / 2, code_y - margin / 2, "centre")
    words += _placed(foot, width / 2, margin + _height(foot), "centre")
    return Laid((width - side) / 2, code_y, side, words, None, _is_complete(top, label, wording))


def _lay_round(label: Label, width: float, height: float, side: float) -> Laid:
    """The code in the middle of a round or oval label, its text under it; there is no room for more."""
    code_y = (height - side) / 2
    room = min(width, height) * _ROUND_WORDS_SHARE
    token = group(label.token)
    size = min(8.0, room / lettering.width_of(token, 1.0))
    return Laid(
        (width - side) / 2, code_y, side, _placed([_Line(token, size)], width / 2, code_y, "centre"), None, True
    )


def _is_complete(words: list[_Line], label: Label, wording: Wording) -> bool:
    """Whether name and place stand in these lines whole."""
    place = label.place if wording.shows_place else ""
    wanted = "".join((lettering.printable(label.title) + lettering.printable(place)).split())
    return "".join("".join(line.text for line in words).split()) == wanted


def _words_beside(label: Label, wording: Wording, room: float, height: float) -> tuple[list[_Line], list[_Line]]:
    """The lines at the top and at the foot, as large as they can be without meeting."""
    usual = min(max(height / _USUAL_HEIGHT, _SCALES[0]), _SCALES[1])
    for call, notice, shrink in _ways_to_fit(wording):
        scale = usual * shrink
        top = _fit(label.title, 9.5 * scale, room, max_lines=2, is_bold=True, face=wording.face)
        if wording.shows_place:
            top += _fit(label.place, 7 * scale, room, colour=GREY)
        foot = _fit(call, 7 * scale, room, max_lines=2)
        foot += _address_lines(label, 7 * scale, room)
        foot += _fit(notice, 5.6 * scale, room, max_lines=2, colour=GREY, is_never_cut=True)
        if _height(top) + _height(foot) <= height:
            return top, foot
    return [], foot if _height(foot) <= height else []


def _ways_to_fit(wording: Wording) -> Iterator[tuple[str, str, float]]:
    """Call, notice and size, from the best. The call is said whole or not at all, and goes first; the notice is left
    out on the smallest labels only, where the address under which it is read has no room beside it."""
    yield from ((wording.call, wording.notice, shrink) for shrink in _SHRINKS[:4])
    yield from (("", wording.notice, shrink) for shrink in _SHRINKS)
    yield from (("", "", shrink) for shrink in _SHRINKS)


def _lay_tag(label: Label, wording: Wording, width: float, height: float, side: float) -> Laid:
    """Words above the code and under it, in the middle; the hole stays free."""
    room, middle = width - 2 * _TAG_MARGIN_MM * POINTS_PER_MM, width / 2
    picture = _read_logo(wording.logo)
    across, down = _logo_size(picture, room) if picture else (0.0, 0.0)
    head = [_Line("", down / _LEADING)] if picture else _fit(wording.house, 11, room, is_bold=True, face=wording.face)
    head += [_Line("", 6)] * bool(head)
    head += _fit(label.title, 14, room, max_lines=3, is_bold=True, is_balanced=True, face=wording.face)
    if wording.shows_place and label.place:
        head += [_Line("", 1.5), *_fit(label.place, 7.5, room, colour=GREY)]
    foot = _fit(wording.call, 9, room, max_lines=2, is_bold=True, is_balanced=True, colour=wording.dark)
    foot += [_Line("", 2.5)] * bool(foot)
    foot += _address_lines(label, 5.8, room, colour=GREY)
    foot += _fit(wording.notice, 5.8, room, max_lines=2, colour=GREY, is_never_cut=True)
    top, foot_top = height - _TAG_HOLE_MM * POINTS_PER_MM, _TAG_MARGIN_MM * POINTS_PER_MM + _height(foot)
    return Laid(
        code_x=middle - side / 2,
        code_y=foot_top,
        side=side,
        words=_placed(head, middle, top, "centre") + _placed(foot, middle, foot_top, "centre"),
        logo=Logo(picture, middle - across / 2, top - down, across, down) if picture else None,
        is_complete=all(not line.text.endswith(lettering.ELLIPSIS) for line in head),
    )


@lru_cache(maxsize=8)
def _read_logo(data: bytes) -> Picture | None:
    """A logo to be drawn; None where there is none, or one that cannot be read: then the name stands."""
    try:
        with Image.open(BytesIO(data), formats=["WEBP"]) as image:
            opened = image.convert("RGBA")
    except OSError:
        return None
    return Picture(opened.width, opened.height, opened.convert("RGB").tobytes(), opened.getchannel("A").tobytes())


def _logo_size(logo: Picture, room: float) -> tuple[float, float]:
    """Width and height, points, in which a logo of this shape stands on a tag."""
    across, down = logo.width, logo.height
    share = min(
        room / across, *(most * POINTS_PER_MM / side for most, side in zip(_LOGO_MM, (across, down), strict=True))
    )
    return across * share, down * share


def _address_lines(label: Label, size: float, room: float, *, colour: str = INK) -> list[_Line]:
    """The address in one line where it fits; else the host above the token. Neither is ever cut."""
    whole, token = short_address(label), group(label.token)
    host = whole.removesuffix(token).strip()
    # The host is the same on all labels, so that each of them asks for the width of its token only.
    wide = lettering.width_of(f"{host} ", size) + lettering.width_of(token, size)
    share = room / wide
    if share >= _FITTED[-1]:
        return [_Line(whole, size * min(share, 1.0), colour)]
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
    face: str = "",
) -> list[_Line]:
    """A text as lines that fit, a little smaller if that saves a line or saves it from being cut."""
    size, lines = _lines_of(text, size, room, max_lines, is_bold, is_balanced, is_never_cut, face)
    return [_Line(line, size, colour, is_bold, face) for line in lines]


# Names, places and the words of a sheet come again and again.
@lru_cache(maxsize=4_096)
def _lines_of(
    text: str,
    size: float,
    room: float,
    max_lines: int,
    is_bold: bool,
    is_balanced: bool,
    is_never_cut: bool,
    face: str,
) -> tuple[float, tuple[str, ...]]:
    text = lettering.printable(text)
    if not text or not max_lines:
        return size, ()
    wrap = lettering.wrap_balanced if is_balanced else lettering.wrap
    shares = (*_FITTED, *_SQUEEZED) if is_never_cut else _FITTED
    lines: list[str] = []
    for line_count in range(1, max_lines + 1):
        for share in shares if line_count == max_lines else _FITTED[:2]:
            lines = wrap(text, size * share, room, max_lines=line_count, is_bold=is_bold, house=face)
            if lettering.is_whole(lines, text):
                return size * share, tuple(lines)
    return size * shares[-1], tuple(lines)


def _height(lines: list[_Line]) -> float:
    return sum(line.leading for line in lines)


def _placed(lines: list[_Line], x: float, top: float, align: str) -> tuple[Words, ...]:
    """Lines one under the other."""
    placed = []
    for line in lines:
        top -= line.leading
        placed.append(Words(line, x, top + line.size * _BASE_LINE, align))
    return tuple(placed)
