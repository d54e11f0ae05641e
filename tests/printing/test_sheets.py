"""Sheets: every code on every page says its address, at the place where its label is."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from qrmerch.codes.preflight import ArtworkRefused, Verdict
from qrmerch.codes.tokens import address_of, group, make_token
from qrmerch.errors import FormError
from qrmerch.media.images import render_mark
from qrmerch.printing.labels import Label, Wording
from qrmerch.printing.sheets import Run, check_stock, list_incomplete, outline_page, sheet, write_sheets
from qrmerch.printing.stocks import STOCKS, Shape, Stock, StockNotFound, get_stock
from qrmerch.printing.wording import word_labels
from tests.media.test_marks import logo

BASE = "https://fashiontown.example"
DPI = 300
WORDING = Wording(
    house="Fashiontown",
    call="Scan: sizes here, and what goes with it",
    notice="Counts a look, not you. fashiontown.example/privacy",
    dark="#7a1f4f",
)
AVERY = get_stock("avery-5160")


def make_label(title: str = "Marigold Slouch Top", place: str = "Riverside, Tops wall", base: str = BASE) -> Label:
    token = make_token()
    return Label(address_of(base, token), token, title, place)


def make_labels(count: int) -> list[Label]:
    return [make_label(f"Marigold Slouch Top {number % 7}") for number in range(count)]


def pages_of(pdf: bytes) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.render(scale=DPI / 72).to_pil().convert("L") for page in document]
    document.close()
    return pages


def words_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    words = "\n".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return words


def read(page: Image.Image) -> dict[str, tuple[float, float]]:
    """Each code's address on a page and its middle, mm from the upper left."""
    found = {}
    for each in zxingcpp.read_barcodes(page, try_invert=False):
        corners = (each.position.top_left, each.position.bottom_right)
        x, y = (sum(values) / 2 * 25.4 / DPI for values in zip(*((at.x, at.y) for at in corners), strict=True))
        found[each.text] = (x, y)
    return found


@pytest.mark.parametrize("stock", STOCKS, ids=lambda stock: stock.key)
def test_every_code_on_a_sheet_is_read_back_inside_its_own_label(stock: Stock) -> None:
    labels = make_labels(stock.per_sheet)

    (page,) = pages_of(sheet(labels, stock, wording=WORDING))

    assert page.size == tuple(pytest.approx(side / 25.4 * DPI, abs=2) for side in stock.paper)
    found = read(page)
    assert found.keys() == {label.address for label in labels}
    for place, label in enumerate(labels):
        x, y = stock.corner_of(place)
        code_x, code_y = found[label.address]
        assert x < code_x < x + stock.label[0]
        assert y < code_y < y + stock.label[1]


@pytest.mark.parametrize("stock", STOCKS, ids=lambda stock: stock.key)
def test_labels_lie_on_the_paper_and_not_on_each_other(stock: Stock) -> None:
    for place in range(stock.per_sheet):
        x, y = stock.corner_of(place)
        assert 0 <= x <= stock.paper[0] - stock.label[0] + 0.01
        assert 0 <= y <= stock.paper[1] - stock.label[1] + 0.01
    assert stock.step[0] >= stock.label[0] - 0.01
    assert stock.step[1] >= stock.label[1] - 0.01


@pytest.mark.parametrize("stock", STOCKS, ids=lambda stock: stock.key)
def test_a_usual_address_passes_on_every_stock_in_whole_dots(stock: Stock) -> None:
    report = check_stock(make_label().address, stock)

    assert report.verdict == Verdict.PASS
    dots = report.module_mm * 300 / 25.4
    assert dots == pytest.approx(round(dots))
    assert report.size_mm <= min(stock.label)


def test_printing_begins_at_the_label_asked_for() -> None:
    labels = make_labels(28)

    first, second = pages_of(sheet(labels, AVERY, run=Run(stock=AVERY, start=5)))

    assert len(read(first)) == 26
    assert read(second).keys() == {label.address for label in labels[26:]}
    x, y = AVERY.corner_of(4)
    code_x, code_y = read(first)[labels[0].address]
    assert x < code_x < x + AVERY.label[0]
    assert y < code_y < y + AVERY.label[1]


def test_a_sheet_is_moved_as_asked() -> None:
    label = make_label()

    (still,) = pages_of(sheet([label], AVERY))
    (moved,) = pages_of(sheet([label], AVERY, run=Run(stock=AVERY, right_mm=2, down_mm=-1)))

    (x, y), (moved_x, moved_y) = read(still)[label.address], read(moved)[label.address]
    assert moved_x - x == pytest.approx(2, abs=0.2)
    assert moved_y - y == pytest.approx(-1, abs=0.2)


def test_copies_follow_each_other_and_pages_are_counted() -> None:
    run = Run(stock=AVERY, start=29, copies=3)

    pages = pages_of(sheet(make_labels(11), AVERY, run=run))

    assert len(pages) == run.count_pages(11) == 3
    codes = [each.text for page in pages for each in zxingcpp.read_barcodes(page)]
    assert len(codes) == 33
    assert all(codes.count(code) == 3 for code in codes)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"start": 0}, "start"),
        ({"start": 31}, "start"),
        ({"copies": 0}, "copies"),
        ({"copies": 101}, "copies"),
        ({"right_mm": 21.0}, "right"),
        ({"down_mm": float("nan")}, "down"),
    ],
)
def test_a_value_that_no_sheet_has_is_said_beside_its_field(values: dict[str, float], field: str) -> None:
    with pytest.raises(FormError) as refused:
        Run(stock=AVERY, **values)  # type: ignore[arg-type]

    assert list(refused.value.problems) == [field]


def test_an_unknown_stock_is_not_found() -> None:
    with pytest.raises(StockNotFound):
        get_stock("avery-0000")


def test_a_label_says_name_place_call_address_and_notice() -> None:
    label = make_label()

    words = words_of(sheet([label], AVERY, wording=WORDING))

    for said in (label.title, label.place, "fashiontown.example/q/", group(label.token), "Counts a look, not you."):
        assert said in words
    assert "fashiontown.example/privacy" in words
    assert "Scan: sizes here" in words


@pytest.mark.parametrize("stock", STOCKS, ids=lambda stock: stock.key)
def test_the_address_is_never_cut_however_long_the_host(stock: Stock) -> None:
    label = make_label(title="A very long name " * 10, base="https://tags.a-rather-long-retailer.example.com")

    words = words_of(sheet([label], stock, wording=WORDING))

    assert "tags.a-rather-long-retailer.example.com/q/" in words
    assert group(label.token) in words


@pytest.mark.parametrize("title", ["<b>Top</b> & (more) \\n", "Top) Tj ET Q q (", "^XA~JR", "{{7*7}}"])
def test_sec_e07_a_name_is_drawn_as_text_and_never_as_mark_up(title: str) -> None:
    label = make_label(title=title)

    pdf = sheet([label, make_label()], AVERY, wording=WORDING)

    assert title in words_of(pdf)
    assert len(read(pages_of(pdf)[0])) == 2


def test_fonts_are_inside_the_file() -> None:
    pdf = sheet([make_label()], AVERY, wording=WORDING)

    assert b"/FontFile2" in pdf


def test_an_arabic_name_is_on_the_label_and_the_code_at_the_side_where_reading_begins() -> None:
    plain, named = make_label(title="", place=""), make_label(title="توب ماريغولد الواسع", place="")
    arabic = Wording(direction="rtl")

    (without,) = pages_of(sheet([plain], AVERY, wording=arabic))
    (page,) = pages_of(sheet([named], AVERY, wording=arabic))

    x, y = AVERY.corner_of(0)
    assert read(page)[named.address][0] > x + AVERY.label[0] / 2

    def ink(image: Image.Image) -> int:
        """Dark dots in the upper part of the label beside the code, where the name stands."""
        edges = (x + 1, y + 1, x + AVERY.label[0] - 25, y + 9)
        part = image.crop(tuple(round(edge / 25.4 * DPI) for edge in edges))  # type: ignore[arg-type]
        return sum(part.point(lambda value: value < 128, mode="1").tobytes().hex().count(digit) for digit in "f")

    assert ink(without) == 0
    assert ink(page) > 0


def test_words_are_in_the_retailers_language_and_run_its_way() -> None:
    arabic = word_labels("ar", house="Fashiontown", base=BASE)
    english = word_labels("en", house="Fashiontown", base=BASE, call="", has_notice=False)

    assert (arabic.direction, english.direction) == ("rtl", "ltr")
    assert arabic.notice.endswith("fashiontown.example/privacy")
    assert not arabic.notice.startswith("Counts")
    assert arabic.call != word_labels("en", house="", base=BASE).call
    assert (english.call, english.notice) == ("", "")
    assert len(pages_of(sheet([make_label("توب أصفر")], AVERY, wording=arabic))) == 1


def test_names_with_letters_that_no_face_has_are_told() -> None:
    strange = "Top \U000f0000 red"

    assert list_incomplete(["Top", strange, "توب", strange]) == [strange]


def test_a_code_that_would_not_scan_stops_the_sheet() -> None:
    with pytest.raises(ArtworkRefused, match="The least size is"):
        sheet([make_label(base="https://" + "a" * 250 + ".example")], AVERY)


def test_the_size_of_a_code_leaves_room_for_words() -> None:
    for stock in STOCKS:
        symbol_mm = check_stock(make_label().address, stock).size_mm
        assert symbol_mm <= stock.label[0] * 0.61


def test_five_thousand_labels_are_made_and_each_page_is_full(tmp_path: object) -> None:
    labels = make_labels(5_000)
    path = f"{tmp_path}/labels.pdf"

    with open(path, "wb") as file:  # noqa: PTH123
        printed = write_sheets(file, iter(labels), Run(stock=AVERY), wording=WORDING)

    assert (printed.labels, printed.pages, printed.incomplete) == (5_000, 167, ())
    document = pypdfium2.PdfDocument(path)
    assert len(document) == 167
    for number in (0, 80, 166):
        page = document[number].render(scale=DPI / 72).to_pil().convert("L")
        assert read(page).keys() == {label.address for label in labels[number * 30 : number * 30 + 30]}
    document.close()


def test_memory_grows_by_the_packed_page_only() -> None:
    def stream(count: int) -> Iterator[Label]:
        return (make_label() for _ in range(count))

    peaks = []
    sheet(stream(60), AVERY, wording=WORDING)
    for count in (300, 1_200):
        tracemalloc.start()
        sheet(stream(count), AVERY, wording=WORDING)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    # The file itself is about 1.3 KB a label and is there twice while it is joined; unpacked it would be 9 KB more.
    assert (peaks[1] - peaks[0]) / 900 < 6_000


def test_a_test_page_shows_every_label_of_the_stock() -> None:
    pdf = outline_page(Run(stock=AVERY, right_mm=0.4))

    words = words_of(pdf)
    assert len(pages_of(pdf)) == 1
    assert "30" in words
    assert "Moved right 0.4 mm" in words.replace("\r\n", " ").replace("\n", " ")


def test_a_logo_stands_on_a_tag_in_place_of_the_name_and_the_code_is_read(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(logo(colour="#00ff00"))
    made = render_mark(tmp_path / "logo.png", tmp_path, max_pixels=1_000_000)
    stock = next(each for each in STOCKS if each.shape == Shape.TAG)
    labels = make_labels(stock.per_sheet * 2)
    wording = replace(WORDING, logo=(tmp_path / made.name).read_bytes())

    pdf = sheet(labels, stock, wording=wording)

    assert "Fashiontown" not in words_of(pdf).replace("fashiontown.example", "")
    assert len(pdf) < len(sheet(labels, stock, wording=WORDING)) + 60_000, "one picture, however many tags"
    document = pypdfium2.PdfDocument(pdf)
    page = document[1].render(scale=DPI / 72).to_pil().convert("RGB")
    document.close()
    left, top = (round(side / 25.4 * DPI) for side in stock.corner_of(0))
    right, bottom = (round(side / 25.4 * DPI) for side in stock.label)
    green = page.crop((left, top, left + right, top + bottom // 3)).getcolors(1_000_000) or []
    assert sum(count for count, colour in green if colour == (0, 255, 0)) > 10_000
    assert read(page.convert("L")).keys() == {label.address for label in labels[stock.per_sheet :]}


@pytest.mark.parametrize("broken", [b"no picture", b"RIFF\0\0\0\0WEBP"])
def test_a_logo_that_cannot_be_read_leaves_the_name(broken: bytes) -> None:
    stock = next(each for each in STOCKS if each.shape == Shape.TAG)

    assert "Fashiontown" in words_of(sheet(make_labels(1), stock, wording=replace(WORDING, logo=broken)))
