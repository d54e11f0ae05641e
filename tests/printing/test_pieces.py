"""A code with its words under it: read back from the finished file, its margin clear, its words whole."""

import io

import pypdfium2
import pytest
import resvg_py
import zxingcpp
from PIL import Image

from qrmerch.codes.artwork import Level, SizeNotPossible, draw_symbol
from qrmerch.codes.models import Finders, Modules, Use
from qrmerch.codes.preflight import ArtworkRefused, Asked
from qrmerch.codes.styles import Style
from qrmerch.printing.pieces import Words, release_piece

ADDRESS = "https://fashiontown.example/q/7K3M9QXRB"
WORDS = Words("Scan: sizes, the look, today’s offer", "(01) 09506000134352", "Counts a look, not you.", has_frame=True)
STYLE = Style(Modules.DOTS, Finders.ROUNDED)


def drawn(kind: str, data: bytes) -> Image.Image:
    """A finished file at 300 dpi."""
    if kind == "png":
        return Image.open(io.BytesIO(data)).convert("L")
    if kind == "svg":
        return Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=data.decode(), dpi=300))).convert("L")
    document = pypdfium2.PdfDocument(data)
    picture = document[0].render(scale=300 / 72).to_pil().convert("L")
    document.close()
    return picture


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
@pytest.mark.parametrize("words", [WORDS, Words("Scan"), Words(has_frame=True)], ids=["all", "a line", "a frame"])
def test_a_piece_is_read_and_nothing_stands_in_its_margin(kind: str, words: Words) -> None:
    symbol = draw_symbol(ADDRESS)

    picture = drawn(kind, release_piece(kind, symbol, Asked(size_mm=25, style=STYLE), words, title="Marigold <Top>"))

    (found,) = zxingcpp.read_barcodes(picture, try_invert=False)
    assert found.text == ADDRESS
    corners = found.position.top_left, found.position.bottom_right
    module = (corners[1].x - corners[0].x) / symbol.modules
    left, top, right, bottom = (
        round(each)
        for each in (
            corners[0].x - 3.7 * module,
            corners[0].y - 3.7 * module,
            corners[1].x + 3.7 * module,
            corners[1].y + 3.7 * module,
        )
    )
    edge = round(3.2 * module)
    for box in ((left, top, right, top + edge), (left, bottom - edge, right, bottom), (left, top, left + edge, bottom)):
        assert picture.crop(box).getextrema()[0] > 200  # type: ignore[operator]


def test_words_grow_with_the_code_and_are_cut_with_a_mark() -> None:
    symbol, long = draw_symbol(ADDRESS), Words("Every size and colour " * 12)

    small, large = (
        pypdfium2.PdfDocument(release_piece("pdf", symbol, Asked(size_mm=size_mm, use=Use.POSTER), WORDS))[0].get_size()
        for size_mm in (100, 200)
    )
    document = pypdfium2.PdfDocument(release_piece("pdf", symbol, Asked(size_mm=25), long))
    said = document[0].get_textpage().get_text_range()
    document.close()

    assert large[1] == pytest.approx(2 * small[1], rel=0.02)
    assert said.rstrip().endswith("…")


def test_arabic_words_stand_under_a_code_too() -> None:
    words = Words("امسح الرمز: المقاسات والألوان")

    picture = drawn("svg", release_piece("svg", draw_symbol(ADDRESS), Asked(size_mm=30), words))

    below = picture.crop((0, picture.width, picture.width, picture.height))
    assert below.getextrema()[0] < 100  # type: ignore[operator]


def test_a_piece_whose_code_would_not_scan_is_refused() -> None:
    with pytest.raises(ArtworkRefused, match="least size"):
        release_piece("pdf", draw_symbol(ADDRESS, level=Level.H), Asked(size_mm=11), WORDS)


def test_hostile_words_stay_words_in_a_drawing() -> None:
    words = Words("</svg><script>alert(1)</script>", "&amp;\"'>")

    drawing = release_piece("svg", draw_symbol(ADDRESS), Asked(size_mm=40), words).decode()

    assert "<script" not in drawing
    assert drawing.count("</svg>") == 2


def test_a_piece_of_a_metre_is_drawn_within_bounds_and_a_picture_of_it_refused() -> None:
    asked = Asked(size_mm=1_000, use=Use.POSTER, style=STYLE)

    drawing = release_piece("svg", draw_symbol(ADDRESS), asked, WORDS)
    page = release_piece("pdf", draw_symbol(ADDRESS), asked, WORDS)

    assert len(drawing) < 400_000
    assert len(page) < 100_000
    with pytest.raises(SizeNotPossible, match="Take the SVG or the PDF"):
        release_piece("png", draw_symbol(ADDRESS), asked, WORDS)
