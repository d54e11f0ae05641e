"""What stands near the goods and at the till: shelf talkers, table tents, the counter card, the associates' guide."""

from typing import Final

from qrmerch.printing.easel import BOLD, GREY, INK, PLAIN, SEMI, TIGHT, TIGHTER, WHITE, Easel
from qrmerch.printing.posters import ground_of, price_of
from qrmerch.printing.sign_paper import Box
from qrmerch.printing.signs import Sign, SignKind, code_side_mm

_TALKER: Final = (148.0, 105.0)
_STEPS: Final = 3


def largest_card_code(sign: Sign) -> float:
    """How large a code a talker, a tent or a card has room for, mm."""
    if sign.shape.kind == SignKind.TALKER:
        return 46.0
    return 68.0 if sign.shape.kind == SignKind.TENT else 72.0


def draw_talker(easel: Easel) -> None:
    """A card on a shelf."""
    page = easel.page
    page.fill(page.whole, ground_of(easel.sign).colour)
    _draw_talker(easel, page.width, page.height, page.bleed)


def draw_tent(easel: Easel) -> None:
    """Two faces of a sheet that is folded across its middle, the upper one upside down."""
    page, half = easel.page, easel.page.height / 2
    page.fill(page.whole, ground_of(easel.sign).colour)
    for top, is_upside_down in ((half, False), (0.0, True)):
        with easel.window(0, top, page.width, half, is_upside_down=is_upside_down) as face:
            _draw_talker(face, page.width, half, 0.0)
    ink = ground_of(easel.sign).ink
    for x in (0.0, page.width - 6):
        page.rule(x, half, x + 6, half, ink, stroke=0.2, dash=1)


def _draw_talker(easel: Easel, width: float, height: float, bleed: float) -> None:
    sign, item, ground = easel.sign, easel.sign.items[0], ground_of(easel.sign)
    s = min(width / _TALKER[0], height / _TALKER[1])
    margin = 8 * s
    side = code_side_mm(easel.symbol_of(item), sign.distance)
    code_x, code_y = width - margin + 2 * s - side, height - margin + 2 * s - side
    split = width * 0.54
    frame = Box(split, -bleed, width - split + bleed, code_y - 5 * s + bleed)
    has_picture = easel.picture(item, frame)
    is_quiet = sign.dress.is_quiet
    top = easel.wordmark(margin, margin, 5 * s, colour=ground.ink, has_logo=ground.colour == WHITE)
    room = (split if has_picture else width) - 2 * margin + 3 * s
    price = easel.fit(price_of(item), 7 * s, room, weight=PLAIN if is_quiet else SEMI, tracking=-10, is_never_cut=True)
    price_y = height - margin - price.height + 1.2 * s
    head = easel.fit(
        sign.headline or item.title,
        (11 if is_quiet else 15) * s,
        room,
        weight=PLAIN if is_quiet else BOLD,
        max_lines=4,
        height=(price_y - top) * 0.62,
        least=5 * s,
        leading=1.08 if is_quiet else 0.96,
        tracking=-8 if is_quiet else TIGHTER,
        is_heading=True,
    )
    y = easel.put(head, margin - head.size * 0.03, top + 6 * s, colour=ground.ink) + 3 * s
    if price_y - y > 12 * s:
        line = easel.fit(
            item.line, 4.5 * s, room, max_lines=3, height=price_y - y - 4 * s, leading=1.22, is_balanced=True
        )
        easel.put(line, margin, y, colour=ground.faint)
    easel.put(price, margin, price_y, colour=ground.ink)
    easel.code(item, code_x, code_y, side)
    _words_beside(easel, margin + price.lines[0].width(price.size) if price.lines else margin, code_x, code_y, s)


def _words_beside(easel: Easel, left: float, code_x: float, code_y: float, s: float) -> None:
    """What a scan gives, the address and the notice, at the code's side."""
    sign, item, ground = easel.sign, easel.sign.items[0], ground_of(easel.sign)
    right, foot = code_x - 3.5 * s, code_y + code_side_mm(easel.symbol_of(item), sign.distance) - 2 * s
    room = min(right - left - 5 * s, 62 * s)
    parts = [
        (easel.fit(sign.call, 4 * s, room, weight=SEMI, max_lines=3, leading=1.16, least=2.8 * s), ground.ink),
        (easel.fit(item.short_address, 2.5 * s, room, max_lines=2, leading=1.35, least=1.7 * s), ground.faint),
        (easel.fit(sign.notice, 2.5 * s, room, max_lines=3, leading=1.35, least=1.7 * s), ground.faint),
    ]
    y = foot - sum(part.height for part, _ in parts) - 1.2 * s
    for at, (part, ink) in enumerate(parts):
        y = easel.put(part, right, y, colour=ink, align="right") + (1.2 * s if at == 0 else 0)


def draw_card(easel: Easel) -> None:
    """How to scan, for the counter: three steps and a code to try it on."""
    sign, page, item = easel.sign, easel.page, easel.sign.items[0]
    ground, words, margin = ground_of(sign), sign.words, 13.0
    page.fill(page.whole, ground.colour)
    side = code_side_mm(easel.symbol_of(item), sign.distance)
    room = page.width - 2 * margin
    top = easel.wordmark(margin, margin, 7, colour=ground.ink, has_logo=ground.colour == WHITE)
    head = easel.fit(
        words["title"],
        24,
        room,
        weight=PLAIN if sign.dress.is_quiet else BOLD,
        max_lines=2,
        leading=0.96,
        tracking=TIGHTER,
        is_heading=True,
    )
    y = easel.put(head, margin - 0.8, top + 9, colour=ground.ink) + 7
    for number in range(1, _STEPS + 1):
        step = easel.fit(
            words[f"step_{number}"], 6.4, room - 12, max_lines=2, leading=1.2, tracking=-8, is_balanced=True
        )
        easel.word(str(number), margin, y, 6.4, colour=ground.ink, weight=BOLD)
        y = easel.put(step, margin + 12, y, colour=ground.ink) + 2.6
    foot = page.height - margin
    code_y = foot - side
    easel.code(item, margin, code_y, side)
    left = margin + side + 7
    beside = page.width - margin - left
    parts = [
        (easel.fit(words["try"], 6.4, beside, weight=SEMI, max_lines=4, leading=1.15, tracking=TIGHT), ground.ink),
        (easel.fit(words["help"], 3.6, beside, max_lines=6, leading=1.35), ground.faint),
        (easel.fit(item.short_address, 3, beside, max_lines=2, leading=1.35), ground.faint),
        (easel.fit(sign.notice, 3, beside, max_lines=3, leading=1.35), ground.faint),
    ]
    y = foot - sum(part.height for part, _ in parts) - 4
    for part, ink in parts:
        y = easel.put(part, left, y, colour=ink) + 1.3


def draw_guide(easel: Easel) -> None:
    """One page that an associate reads once: what the codes do, what shoppers ask, what to do when one fails."""
    sign, page, item = easel.sign, easel.page, easel.sign.items[0]
    words, margin = sign.words, 20.0
    page.fill(page.whole, WHITE)
    room = page.width - 2 * margin
    y = easel.wordmark(margin, margin, 6, colour=INK)
    head = easel.fit(words["guide"], 15, room, weight=BOLD, max_lines=2, leading=1.0, tracking=TIGHTER, is_heading=True)
    y = easel.put(head, margin - 0.5, y + 9, colour=INK) + 3
    lede = easel.fit(words["guide_lede"], 5, room, max_lines=3, leading=1.35, is_balanced=True)
    y = easel.put(lede, margin, y, colour=GREY) + 6
    for number in range(1, 6):
        page.rule(margin, y, page.width - margin, y, "#d9d9d4", stroke=0.25)
        title = easel.fit(words[f"ask_{number}"], 4.6, 48, weight=SEMI, max_lines=3, leading=1.25)
        easel.put(title, margin, y + 4, colour=INK)
        answer = easel.fit(words[f"answer_{number}"], 4.2, room - 54, max_lines=6, leading=1.38)
        end = easel.put(answer, margin + 54, y + 4, colour=INK)
        y = max(end, y + 4 + title.height) + 5
    page.rule(margin, y, page.width - margin, y, "#d9d9d4", stroke=0.25)
    side = code_side_mm(easel.symbol_of(item), sign.distance)
    foot = page.height - margin
    easel.code(item, margin - 2, foot - side, side)
    tried = easel.fit(words["guide_try"], 4.6, room - side - 6, weight=SEMI, max_lines=3, leading=1.3)
    small = easel.fit(f"{item.short_address}", 3.2, room - side - 6, leading=1.35)
    notice = easel.fit(sign.notice, 3.2, room - side - 6, max_lines=2, leading=1.35)
    y = foot - tried.height - small.height - notice.height - 4
    for part, ink in ((tried, INK), (small, GREY), (notice, GREY)):
        y = easel.put(part, margin + side + 4, y, colour=ink) + 1
