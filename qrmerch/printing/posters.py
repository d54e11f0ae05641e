"""Posters of any size and window clings: one item, said so that it is read from across the street.

The words lead, the picture reaches the edge, and the code is as large as the distance asks. A luxury house shows the
picture first and speaks low.
"""

from dataclasses import dataclass
from typing import Any, Final

from qrmerch.printing.easel import BOLD, GREY, INK, PLAIN, SEMI, TIGHT, TIGHTER, WHITE, Easel, Fitted
from qrmerch.printing.sign_paper import Box
from qrmerch.printing.signs import Shown, Sign, code_side_mm

_MARGIN: Final = 20.0
_GAP: Final = 13.0
_COLUMN: Final = 98.0
_LEAST_PICTURE_SHARE: Final = 0.34
_QUIET_PICTURE_SHARE: Final = 0.6
_CLING_CODE_SHARE: Final = 0.6


@dataclass(frozen=True, slots=True)
class Ground:
    """What a sign stands on and what is read on it."""

    colour: str
    ink: str
    faint: str


def ground_of(sign: Sign) -> Ground:
    """A sign's ground: the brand's colour, or white."""
    if sign.ground == "brand" and not sign.dress.is_quiet:
        return Ground(sign.dress.fill, sign.dress.on_fill, sign.dress.on_fill)
    return Ground(WHITE, INK, GREY)


def largest_poster_code(sign: Sign) -> float:
    """How large a code a poster has room for beside its picture, mm."""
    shape = sign.shape
    if sign.dress.is_quiet:
        return shape.height * (1 - _QUIET_PICTURE_SHARE) - 58 * shape.scale
    return shape.width * (1 - _LEAST_PICTURE_SHARE) - (_MARGIN + _GAP) * shape.scale


def largest_cling_code(sign: Sign) -> float:
    """How large a code a cling has room for, mm."""
    return sign.shape.width * _CLING_CODE_SHARE


def draw_poster(easel: Easel) -> None:
    """One item on a poster."""
    if easel.sign.dress.is_quiet:
        _draw_quiet(easel)
    else:
        _draw_loud(easel)


def _draw_loud(easel: Easel) -> None:
    sign, page, s = easel.sign, easel.page, easel.scale
    item, ground = sign.items[0], ground_of(sign)
    margin, width = _MARGIN * s, page.width
    side = code_side_mm(easel.symbol_of(item), sign.distance)
    page.fill(page.whole, ground.colour)
    has_white = ground.colour == WHITE
    top = easel.wordmark(margin, margin, 12 * s, colour=ground.ink, has_logo=has_white)
    head = easel.fit(
        sign.headline or item.title,
        78 * s,
        width - 2 * margin,
        weight=BOLD,
        max_lines=3,
        height=page.height * 0.37,
        least=24 * s,
        leading=0.94,
        tracking=TIGHTER,
        is_heading=True,
    )
    below = easel.put(head, margin - head.size * 0.045, top + 13 * s, colour=ground.ink) + 15 * s
    column = max(side, _COLUMN * s)
    left = margin + column + _GAP * s
    low = max(below, page.height * 0.42)
    has_picture = easel.picture(item, Box(left, low, width - left + page.bleed, page.height - low + page.bleed))
    room = column if has_picture else width - 2 * margin
    foot = page.height - 16 * s
    foot = _small_print(easel, item, margin, foot, room, s, ground)
    foot = _call(easel, margin, foot, room, 10 * s, ground.ink)
    easel.code(item, margin, foot - side, side)
    _say(easel, item, margin, low, room, foot - side - 6 * s - low, s, ground)


def _small_print(
    easel: Easel, item: Shown, x: float, foot: float, room: float, s: float, ground: Ground, *, align: str = "left"
) -> float:
    """The address in words and the notice, upwards from `foot`; where they begin."""
    size = 4.2 * s
    lines = [easel.fit(item.short_address, size, room, max_lines=2, least=size * 0.7, leading=1.35)]
    lines += [easel.fit(easel.sign.notice, size, room, max_lines=3, least=size * 0.7, leading=1.35)]
    top = foot - sum(each.height for each in lines)
    y = top
    for each in lines:
        y = easel.put(each, x, y, colour=ground.faint, align=align)
    return top - 3 * s


def _call(easel: Easel, x: float, foot: float, room: float, size: float, ink: str, *, align: str = "left") -> float:
    """What a scan gives, upwards from `foot`; where it begins, with room for the code above it."""
    call = easel.fit(
        easel.sign.call, size, room, weight=SEMI, max_lines=3, leading=1.12, tracking=TIGHT, is_balanced=True
    )
    top = foot - call.height
    easel.put(call, x, top, colour=ink, align=align)
    return top - size * 0.45 if call.lines else top


def _say(easel: Easel, item: Shown, x: float, y: float, room: float, height: float, s: float, ground: Ground) -> None:
    """Name, price and line at the head of the column, as much as there is room for."""
    size = 10 * s
    named = item.title if easel.sign.headline and easel.sign.headline != item.title else ""
    how: dict[str, Any] = {"leading": 1.18, "tracking": -10, "is_balanced": True}
    for text, weight, ink, lines in (
        (named, SEMI, ground.ink, 4),
        (price_of(item), SEMI, ground.ink, 1),
        (item.line, PLAIN, ground.faint, 4),
    ):
        if not text or height < size * 1.2:
            continue
        part = easel.fit(
            text, size, room, weight=weight, max_lines=lines, height=height, is_never_cut=lines == 1, **how
        )
        y = easel.put(part, x, y, colour=ink) + 1.5 * s
        height -= part.height + 1.5 * s


def price_of(item: Shown) -> str:
    """The price as it is said; a former one is not struck on paper, it is left to the page."""
    return item.price


def _draw_quiet(easel: Easel) -> None:
    sign, page, s = easel.sign, easel.page, easel.scale
    item, margin = sign.items[0], 22 * s
    side = code_side_mm(easel.symbol_of(item), sign.distance)
    page.fill(page.whole, WHITE)
    low = page.height * _QUIET_PICTURE_SHARE
    whole = page.whole
    if not easel.picture(item, Box(whole.x, whole.y, whole.width, low - whole.y)):
        low = margin
    right = page.width - margin
    foot = page.height - margin
    easel.code(item, right - side, low + 18 * s, side)
    room = right - side - margin - 12 * s
    easel.wordmark(margin, foot - 7 * s, 7 * s, colour=INK)
    head = easel.fit(
        sign.headline or item.title,
        17 * s,
        room,
        weight=PLAIN,
        max_lines=3,
        height=60 * s,
        leading=1.1,
        tracking=-8,
        is_heading=True,
    )
    y = easel.put(head, margin, low + 18 * s, colour=INK) + 4 * s
    for text, ink, lines in ((item.line, GREY, 3), (price_of(item), INK, 1)):
        part = easel.fit(
            text,
            7 * s,
            room,
            max_lines=lines,
            height=max(9.1 * s, foot - 14 * s - y),
            leading=1.3,
            is_balanced=True,
            is_never_cut=lines == 1,
        )
        y = easel.put(part, margin, y, colour=ink) + 2.5 * s
    y = low + 18 * s + side + 3 * s
    for text, size, ink in (
        (sign.call, 5.2 * s, INK),
        (item.short_address, 3.3 * s, GREY),
        (sign.notice, 3.3 * s, GREY),
    ):
        part = easel.fit(text, size, max(side, 60 * s), max_lines=3, least=size * 0.7, leading=1.3)
        y = easel.put(part, right, y, colour=ink, align="right") + (1.5 * s if size > 4 * s else 0)


def draw_cling(easel: Easel) -> None:
    """A square for the glass of a door or a window; printed the other way round, it is stuck on from the inside."""
    sign, page, s = easel.sign, easel.page, easel.scale
    item, ground = sign.items[0], ground_of(sign)
    margin, middle = 13 * s, page.width / 2
    side = code_side_mm(easel.symbol_of(item), sign.distance)
    page.fill(page.whole, ground.colour)
    top = easel.wordmark(middle, margin, 9 * s, colour=ground.ink, align="centre", has_logo=ground.colour == WHITE)
    room = page.width - 2 * margin
    size = 3.3 * s
    small = [
        easel.fit(text, size, room, leading=1.35, least=size * 0.7, max_lines=2)
        for text in (item.short_address, sign.notice)
    ]
    foot = page.height - margin + 2 * s - sum(each.height for each in small)
    y = foot
    for each in small:
        y = easel.put(each, middle, y, colour=ground.faint, align="centre")
    call = easel.fit(sign.call, 8.5 * s, room, weight=SEMI, max_lines=2, leading=1.12, tracking=TIGHT, is_balanced=True)
    foot -= call.height + 2.5 * s
    easel.put(call, middle, foot, colour=ground.ink, align="centre")
    space = foot - top
    head = _headline_of_cling(easel, item, room, space - side - 12 * s)
    gap = (space - side - head.height) / 3
    y = easel.put(head, middle, top + gap, colour=ground.ink, align="centre")
    easel.code(item, middle - side / 2, y + gap, side)
    if sign.is_inside:
        page.mirror()


def _headline_of_cling(easel: Easel, item: Shown, room: float, height: float) -> Fitted:
    weight = PLAIN if easel.sign.dress.is_quiet else BOLD
    return easel.fit(
        easel.sign.headline or item.title,
        20 * easel.scale,
        room,
        weight=weight,
        max_lines=2,
        height=max(height, 10 * easel.scale),
        least=7 * easel.scale,
        leading=1.0,
        tracking=TIGHTER,
        is_balanced=True,
        is_heading=True,
    )
