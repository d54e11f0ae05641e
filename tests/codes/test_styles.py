"""Every look says the same as the plain one, and nothing of it stands where it must not."""

from io import BytesIO
from itertools import product

import pypdfium2
import pytest
import resvg_py
import zxingcpp
from PIL import Image, ImageDraw

from qrmerch.codes import artwork
from qrmerch.codes.artwork import Level, SizeNotPossible, Symbol, draw_symbol, draw_symbols
from qrmerch.codes.models import Finders, Modules
from qrmerch.codes.styles import PLAIN, Logo, Style, logo_of

ADDRESS = "https://fashiontown.example/q/7K3M9QXRB"
DARK = "#7a1f4f"
SHAPES = list(product(Modules, Finders))


def make_logo(width: int = 200, height: int = 200) -> Logo:
    picture = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    ImageDraw.Draw(picture).ellipse((4, 4, width - 4, height - 4), fill="#b02060")
    file = BytesIO()
    picture.save(file, "WEBP")
    logo = logo_of(file.getvalue())
    assert logo is not None
    return logo


def drawn_as(kind: str, symbol: Symbol, style: Style) -> Image.Image:
    """The finished file in 10 pixels a module."""
    size_mm = symbol.side * 25.4 / 30
    if kind == "svg":
        drawing = artwork.svg_of(symbol, size_mm=size_mm, dark=DARK, style=style)
        return Image.open(BytesIO(resvg_py.svg_to_bytes(svg_string=drawing, dpi=300))).convert("RGB")
    if kind == "png":
        data = artwork.png_of(symbol, size_mm=size_mm, dpi=300, dark=DARK, style=style)
        return Image.open(BytesIO(data)).convert("RGB")
    document = pypdfium2.PdfDocument(artwork.pdf_of(symbol, size_mm=size_mm, dark=DARK, style=style))
    picture = document[0].render(scale=300 / 72).to_pil().convert("RGB")
    document.close()
    return picture


@pytest.mark.parametrize(("modules", "finders"), SHAPES)
@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
@pytest.mark.parametrize("has_logo", [False, True])
def test_every_look_is_read_and_has_its_modules_and_its_margin(
    modules: Modules, finders: Finders, kind: str, has_logo: bool
) -> None:
    symbol = draw_symbol(ADDRESS, level=Level.H if has_logo else Level.M)
    style = Style(modules, finders, make_logo() if has_logo else None)

    picture = drawn_as(kind, symbol, style)

    assert [each.text for each in zxingcpp.read_barcodes(picture.convert("L"), try_invert=False)] == [ADDRESS]
    grey, look = picture.convert("L"), artwork.look_of(symbol, style)
    box = look.box or (0, 0, 0, 0)
    # The outermost module of a finder that is rounded has its middle outside.
    ends = {(x, y) for x in (0, 6, symbol.modules - 7, symbol.modules - 1) for y in (0, 6)}
    ends |= {(y, x) for x, y in ends}
    for y, row in enumerate(symbol.rows):
        for x, module in enumerate(row):
            is_logo = box[0] <= x < box[0] + box[2] and box[1] <= y < box[1] + box[3]
            if not is_logo and (x, y) not in ends:
                assert (grey.getpixel(((x + 4) * 10 + 5, (y + 4) * 10 + 5)) < 128) is bool(module), (x, y)  # type: ignore[operator]
    ink = Image.eval(grey, lambda value: 255 if value < 200 else 0).getbbox()
    assert ink is not None
    assert min(ink[0], ink[1]) >= 40
    assert max(ink[2], ink[3]) <= 40 + symbol.modules * 10 + (kind == "pdf")


@pytest.mark.parametrize(("modules", "finders"), SHAPES[1:])
def test_a_look_without_a_logo_has_two_colours_in_whole_dots_and_a_small_drawing(
    modules: Modules, finders: Finders
) -> None:
    (symbol,) = draw_symbols([ADDRESS])
    style = Style(modules, finders)

    data = artwork.png_of(symbol, size_mm=25, dpi=300, dark=DARK, style=style)

    picture = Image.open(BytesIO(data))
    assert data[24] == 1, "one bit a pixel"
    assert picture.width % symbol.side == 0
    assert {colour for _, colour in picture.convert("RGB").getcolors() or ()} == {(255, 255, 255), (0x7A, 0x1F, 0x4F)}
    assert len(artwork.svg_of(symbol, size_mm=25, style=style)) < 13_000


def test_the_plain_style_is_what_is_drawn_without_one() -> None:
    symbol = draw_symbol(ADDRESS)

    assert artwork.svg_of(symbol, size_mm=25, style=Style()) == artwork.svg_of(symbol, size_mm=25)
    assert Style(Modules.SQUARE, Finders.SQUARE) == PLAIN
    # The slow way of drawing squares comes to the same dots.
    assert artwork.look_of(symbol, PLAIN).dots(1).tobytes().count(255) == sum(map(sum, symbol.rows))


def test_a_logo_in_a_pdf_of_many_codes_is_kept_once() -> None:
    from reportlab.pdfgen.canvas import Canvas

    style, sizes = Style(logo=make_logo()), []
    for count in (1, 20):
        file = BytesIO()
        canvas = Canvas(file, pagesize=(600, 600), pageCompression=1, invariant=1)
        for number, symbol in enumerate(draw_symbols([ADDRESS] * count, level=Level.H)):
            artwork.draw_on(canvas, symbol, x=100 * (number % 5), y=100 * (number // 5), side=90, style=style)
        canvas.showPage()
        canvas.save()
        document = pypdfium2.PdfDocument(file.getvalue())
        picture = document[0].render(scale=4).to_pil().convert("L")
        document.close()
        assert len(zxingcpp.read_barcodes(picture, try_invert=False)) == count
        sizes.append(file.getvalue().count(b"/Subtype /Image"))

    assert sizes == [1, 1]


@pytest.mark.parametrize(
    "data", [b"", b"RIFF....WEBP", b"<svg/>", b"\x89PNG\r\n\x1a\n" + b"\0" * 40], ids=["empty", "webp", "svg", "png"]
)
def test_a_logo_that_is_no_picture_is_none(data: bytes) -> None:
    assert logo_of(data) is None


def test_a_wordmark_too_long_to_be_seen_is_none() -> None:
    picture = Image.new("RGB", (600, 60), "#123456")
    file = BytesIO()
    picture.save(file, "WEBP")

    assert logo_of(file.getvalue()) is None


def test_a_style_is_known_by_all_that_shows() -> None:
    logos = make_logo(), make_logo(300, 200)
    styles = [Style(*shape, logo) for shape in SHAPES for logo in (None, *logos)]

    assert len({each.digest for each in styles}) == len(styles)
    assert Style(logo=make_logo()).digest == Style(logo=make_logo()).digest


def test_a_picture_in_a_style_has_an_end() -> None:
    for style in (Style(Modules.DOTS), Style(logo=make_logo())):
        with pytest.raises(SizeNotPossible, match="6,000 is the most"):
            artwork.png(ADDRESS, size_mm=600, dpi=300, style=style)
