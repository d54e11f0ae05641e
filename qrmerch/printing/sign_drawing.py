"""A sign as a PDF, and the proof that it scans: every code on the finished pages is read back before anybody has them.

In: a sign, and where its pictures lie. Out: a file, what was found, pictures of its pages. Pictures are asked for
one after the other and put into the file at once, so that a wall of hundreds takes no more memory than a poster.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import zxingcpp
from PIL import Image, ImageFilter

from qrmerch.codes.artwork import MM_PER_INCH, Level, Symbol, draw_symbols
from qrmerch.codes.models import Use
from qrmerch.codes.preflight import ArtworkRefused, Asked, Finding, Verdict, check_symbol
from qrmerch.codes.styles import Logo, Style, open_logo
from qrmerch.errors import DomainError, FormError
from qrmerch.printing.cards import draw_card, draw_guide, draw_talker, draw_tent, largest_card_code
from qrmerch.printing.easel import Easel, Look, Notes, Placed
from qrmerch.printing.lettering import list_missing
from qrmerch.printing.posters import draw_cling, draw_poster, largest_cling_code, largest_poster_code
from qrmerch.printing.reading import render_page
from qrmerch.printing.sign_paper import Laid, NotAJpeg, Page, Paper
from qrmerch.printing.signs import FORMATS, GOOD_DPI, Format, Shown, Sign, SignKind, code_side_mm, distance_of
from qrmerch.printing.walls import draw_overview, draw_sheet, largest_wall_code, split_sheets

Fetch = Callable[[Shown], Path | None]
_OVERVIEW: Final = (297.0, 210.0)
_PIXELS_A_MODULE: Final = 5.0
_MIN_DPI: Final = 60.0
_AROUND_MM: Final = 1.0
# A phone's camera: so many pixels across what it sees, which at any distance is 1.27 times as wide as the distance.
_PHONE_PIXELS, _PHONE_VIEW = 1_920, 1.27
_BLUR_PIXELS: Final = 0.8
_ONLY_QR: Final = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_LARGEST: Final[Mapping[SignKind, Callable[[Sign], float]]] = {
    SignKind.POSTER: largest_poster_code,
    SignKind.CLING: largest_cling_code,
    SignKind.WALL: largest_wall_code,
}
_DRAWN: Final[Mapping[SignKind, Callable[[Easel], None]]] = {
    SignKind.POSTER: draw_poster,
    SignKind.CLING: draw_cling,
    SignKind.TALKER: draw_talker,
    SignKind.TENT: draw_tent,
    SignKind.CARD: draw_card,
    SignKind.GUIDE: draw_guide,
}


class CodeNotRead(DomainError):
    """A code on a finished page says something else than it has to, or nothing; the message says which."""

    status = 422
    slug = "code_not_read"


@dataclass(frozen=True, slots=True)
class Drawn:
    """What came of a sign: its pages, its codes, texts that were cut, and how many dots to the inch pictures have."""

    pages: int
    codes: tuple[Placed, ...]
    cut: tuple[str, ...]
    dpi: Mapping[str, float]


def check_sign(sign: Sign) -> None:
    """Refuse a sign that cannot be as it is asked for.

    :raises FormError: the distance is more than its code has room for, or letters are in no face here.
    """
    largest = largest_code(sign)
    symbol = max(symbols_of(sign).values(), key=lambda each: each.side)
    furthest = distance_of(symbol, largest)
    if sign.distance > furthest:
        raise FormError({"distance": _say_too_far(sign, symbol, furthest)})
    typed = {"headline": sign.headline, "call": sign.call}
    texts = [*typed.items(), ("", sign.notice), ("", sign.dress.wordmark), ("place", sign.place)]
    for item in sign.items:
        texts += [("", item.title), ("line", item.line), ("", item.price)]
    texts += [("", text) for text in sign.words.values()]
    for field, text in texts:
        if letters := "".join(list_missing(text)):
            said = f"No typeface here has {letters} in “{text}”. Install one for that script, or write it otherwise."
            raise FormError({field: said})


def largest_code(sign: Sign) -> float:
    """How large a code a sign has room for, quiet zone included, mm."""
    return _LARGEST.get(sign.shape.kind, largest_card_code)(sign)


def draw_sign(
    file: BinaryIO,
    sign: Sign,
    *,
    fetch: Fetch,
    logo: Image.Image | None,
    step: Callable[[int], None],
    code_logo: Logo | None = None,
    face: str = "",
) -> Drawn:
    """Draw a sign.

    :param file: open for writing; not closed.
    :param fetch: where the JPEG of an item's picture lies, asked for when its turn comes; None for none.
    :param code_logo: the brand's logo, for the middle of codes whose design has it.
    :param face: the file of the retailer's own font, for headings; empty for none.
    :param step: told how many items are done; what it raises ends the drawing.
    :raises ArtworkRefused: a code would not scan at its size.
    """
    symbols = symbols_of(sign)
    style = sign.dress.style(code_logo)
    for symbol in symbols.values():
        asked = asked_of(sign, symbol, style)
        report = check_symbol(symbol, size_mm=asked.size_mm, asked=asked)
        if report.verdict == Verdict.REFUSE:
            raise ArtworkRefused(report)
    notes, shape = Notes(), sign.shape
    paper = Paper(file, title=f"{shape.name}: {sign.headline or sign.items[0].title}", language=sign.locale)
    laid_logo = paper.add_drawing("logo", logo) if logo else None
    pictures: dict[str, Laid] = {}
    look = Look(style, paper.add_drawing("code-logo", open_logo(style.logo)) if style.logo else None, face)
    how: dict[str, Any] = {"pictures": pictures, "logo": laid_logo, "symbols": symbols, "look": look}

    def easel_on(page: Page, number: int) -> Easel:
        return Easel(page, sign, notes, number=number, scale=shape.scale, **how)

    if shape.kind != SignKind.WALL:
        if shape.shows_pictures:
            _add_pictures(paper, sign.items[:1], pictures, fetch)
        with paper.page(shape.width, shape.height, bleed=shape.bleed) as page:
            _DRAWN[shape.kind](easel_on(page, 0))
        step(1)
    else:
        _draw_wall(paper, sign, pictures, fetch, easel_on, step)
    return Drawn(paper.close(), tuple(notes.codes), tuple(dict.fromkeys(notes.cut)), dict(notes.dpi))


def asked_of(sign: Sign, symbol: Symbol, style: Style) -> Asked:
    """What preflight is asked of a code on a sign."""
    return Asked(
        size_mm=code_side_mm(symbol, sign.distance),
        dark=sign.dress.code,
        style=style,
        use=Use.POSTER,
        distance_mm=sign.distance * 1000,
        paper=sign.dress.paper,
    )


def read_back(pdf: Path, sign: Sign, drawn: Drawn) -> tuple[Finding, ...]:
    """Read every code from the rendered pages, as printed and as a phone sees it from the sign's distance.

    :raises CodeNotRead: one says something else than it has to, or nothing.
    """
    far: list[str] = []
    for number in sorted({placed.page for placed in drawn.codes}):
        codes = [placed for placed in drawn.codes if placed.page == number]
        dpi = _reading_dpi(sign, codes)
        for placed in codes:
            cut = _cut_out(pdf, number, placed, dpi, sign)
            texts = _read(cut)
            if texts != [placed.address]:
                said = f"says {', '.join(texts)}" if texts else "cannot be read"
                raise CodeNotRead(f"The code for {placed.address} {said} on page {number + 1}. Make the sign anew.")
            if _read(as_seen(cut, dpi, sign.distance)) != [placed.address]:
                far.append(placed.address)
    count = len(drawn.codes)
    said = f"{count} codes" if count > 1 else "The code"
    findings = [Finding("Reads back from the finished pages", Verdict.PASS)]
    if far:
        findings.append(
            Finding(
                "Reads from its distance",
                Verdict.WARN,
                f"{said}: {len(far)} did not read in a picture as a phone takes it from {sign.distance:g} m. "
                "Choose a shorter distance to stand at, or a larger format.",
            )
        )
    else:
        findings.append(Finding("Reads from its distance", Verdict.PASS))
    return tuple(findings)


def judge(sign: Sign, drawn: Drawn) -> tuple[Finding, ...]:
    """What is to be said of a sign's pictures and words."""
    coarse = {title: dpi for title, dpi in drawn.dpi.items() if dpi < GOOD_DPI}
    findings = [Finding("Pictures", Verdict.PASS)] if drawn.dpi else []
    if coarse:
        worst, dpi = min(coarse.items(), key=lambda each: each[1])
        others = f" So are {len(coarse) - 1} more." if len(coarse) > 1 else ""
        findings = [
            Finding(
                "Pictures",
                Verdict.WARN,
                f"The picture of {worst} has {dpi:.0f} dots to the inch at this size; under {GOOD_DPI} it looks soft "
                f"from near by.{others} Ask the vendor for a larger picture, or take a smaller format.",
            )
        ]
    bare = [item.title for item in sign.items if item.title not in drawn.dpi] if sign.shape.shows_pictures else []
    if bare:
        more = f" and {len(bare) - 1} more" if len(bare) > 1 else ""
        findings.append(
            Finding(
                "Approved pictures", Verdict.WARN, f"No approved picture shows {bare[0]}{more}. Publish a page first."
            )
        )
    ends = {item.picture.until: item.title for item in sign.items if item.picture and item.picture.until}
    if ends:
        first = min(ends)
        said = f"The picture of {ends[first]} may be shown until {first}. Take the sign down before, or ask for longer."
        findings.append(Finding("Rights", Verdict.WARN, said))
    if sign.offer_until:
        said = f"It speaks of an offer whose last day is {sign.offer_until}. Take the sign down by then."
        findings.append(Finding("Offer", Verdict.WARN, said))
    if drawn.cut:
        listed = " · ".join(drawn.cut[:5])
        findings.append(
            Finding("Words", Verdict.WARN, f"These did not fit and end in an ellipsis: {listed}. Write them shorter.")
        )
    return tuple(findings)


def as_seen(code: Image.Image, dpi: float, distance: float) -> Image.Image:
    """A piece of a page as a phone's camera has it from so many metres away: few pixels, a little out of focus."""
    pixels_per_mm = _PHONE_PIXELS / (_PHONE_VIEW * distance * 1000)
    share = min(1.0, pixels_per_mm * MM_PER_INCH / dpi)
    size = (max(1, round(code.width * share)), max(1, round(code.height * share)))
    return code.resize(size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(_BLUR_PIXELS))


def read_logo(data: bytes) -> Image.Image | None:
    """A logo's bytes as it is served, to be drawn; None where there is none, or it cannot be read."""
    if not data:
        return None
    try:
        with Image.open(BytesIO(data), formats=["WEBP"]) as image:
            return image.convert("RGBA")
    except OSError:
        return None


def symbols_of(sign: Sign) -> dict[str, Symbol]:
    """The code of each address on a sign."""
    addresses = list(dict.fromkeys(item.address for item in sign.items))
    return dict(zip(addresses, draw_symbols(addresses, level=Level(sign.dress.level)), strict=True))


def _say_too_far(sign: Sign, symbol: Symbol, furthest: float) -> str:
    """What can be done where a code would have to be larger than there is room for."""
    if furthest < 0.1:
        return "There are too many items for codes that scan. Put fewer on one wall."
    said = f"On this format a code reads from at most {furthest:g} m."
    needed = code_side_mm(symbol, sign.distance)
    for each in FORMATS:
        is_larger = each.kind == sign.shape.kind and each.width > sign.shape.width
        if is_larger and largest_code(replace(sign, format=each.key)) >= needed:
            return f"{said} Take {each.name}, or stand closer."
    return f"{said} Choose that or less."


def _add_pictures(paper: Paper, items: tuple[Shown, ...], pictures: dict[str, Laid], fetch: Fetch) -> None:
    for item in items:
        if item.picture is None or item.picture.key in pictures:
            continue
        path = fetch(item)
        if path is None:
            continue
        try:
            pictures[item.picture.key] = paper.add_jpeg(item.picture.key, path)
        except NotAJpeg:
            continue


def _draw_wall(
    paper: Paper,
    sign: Sign,
    pictures: dict[str, Laid],
    fetch: Fetch,
    easel_on: Callable[[Page, int], Easel],
    step: Callable[[int], None],
) -> None:
    done = 0
    shape = sign.shape
    for sheet, first, items in split_sheets(sign):
        for item in items:
            _add_pictures(paper, (item,), pictures, fetch)
            done += 1
            step(done)
        with paper.page(shape.width, shape.height, bleed=shape.bleed) as page:
            draw_sheet(easel_on(page, sheet), sheet, first, items)
    with paper.page(*_OVERVIEW) as page:
        words = [sign.words[name] for name in sorted(sign.words) if name.startswith("hang")]
        draw_overview(easel_on(page, sheet + 1), words)


def _margin_of(shape: Format) -> float:
    return Page(1, 1, shape.bleed, lambda run: "").margin


def _reading_dpi(sign: Sign, codes: list[Placed]) -> float:
    """As coarse as codes may be rendered so that each module has enough pixels."""
    symbols = symbols_of(sign)
    module = min(placed.box.width / symbols[placed.address].side for placed in codes)
    return max(_MIN_DPI, _PIXELS_A_MODULE / module * MM_PER_INCH)


def _cut_out(pdf: Path, number: int, placed: Placed, dpi: float, sign: Sign) -> Image.Image:
    """A code's place on a rendered page, with a little of what is around it; of a large page nothing else is drawn."""
    margin, box = _margin_of(sign.shape), placed.box
    left, right = box.x - _AROUND_MM + margin, box.right + _AROUND_MM + margin
    if sign.is_inside:
        across = sign.shape.width + 2 * margin
        left, right = across - right, across - left
    place = (left, box.y - _AROUND_MM + margin, right, box.bottom + _AROUND_MM + margin)
    cut = render_page(pdf, number, dpi, box_mm=place)
    return cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if sign.is_inside else cut


def _read(image: Image.Image) -> list[str]:
    view = memoryview(image.tobytes()).cast("B", (image.height, image.width))
    return [each.text for each in zxingcpp.read_barcodes(view, formats=_ONLY_QR, try_invert=False)]
