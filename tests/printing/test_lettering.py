"""Words on paper: in any script, shaped, never as boxes, broken and cut only where they may be."""

import csv
import html
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageChops
from reportlab.pdfbase.ttfonts import TTFontFile
from reportlab.pdfgen.canvas import Canvas

from qrmerch.printing import breaking, faces, lettering, shaping
from qrmerch.printing.bidi import in_visual_order
from qrmerch.printing.paper import Paper
from qrmerch.printing.reading import render_page

ARABIC, HEBREW, HINDI, THAI = "توب ماريغولد الواسع", "שמלה כחולה", "मैरीगोल्ड टॉप", "เค้กมะม่วงโยเกิร์ต"
CHINESE, JAPANESE, KOREAN, PERSIAN = "新亞姜糖薄荷味", "フルーツグラノラ朝摘み", "오미자 감식초", "گل‌های پارچه‌ای"
ALL = (
    *("Marigold Slouch Top", "Żółty płaszcz", "Ελληνικά", "Шапка №7", "Áo ạ ễ", "Top (2.0) 50 % & more…"),
    *(ARABIC, HEBREW, HINDI, THAI, CHINESE, JAPANESE, KOREAN, PERSIAN),
)


@pytest.fixture
def only_ours(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without any font of its own."""
    monkeypatch.setattr(faces, "_found_faces", tuple)
    forget()
    yield
    forget()


def forget() -> None:
    for kept in (lettering.printable, lettering.list_missing, lettering.width_of, lettering._is_base, shaping.shape):
        kept.cache_clear()


def page_of(*lines: str, is_bold: bool = False) -> bytes:
    """Lines under each other on a page of their own."""
    file = BytesIO()
    paper = Paper(file, title="Words")
    paper.begin_page((400, 30 * len(lines) + 20))
    for number, line in enumerate(lines, start=1):
        lettering.draw(paper, line, 10, 30 * (len(lines) - number) + 20, 16, colour="#000000", is_bold=is_bold)
    paper.end_page()
    paper.finish()
    return file.getvalue()


def words_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    words = "\n".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return words.replace("\r\n", "\n")


def test_the_reader_of_fonts_agrees_with_reportlab() -> None:
    face = faces.base_face()

    assert face.covers == frozenset(TTFontFile(face.path).charToGlyph)
    assert len(face.covers) > 2_000


@pytest.mark.parametrize("data", [b"", b"ttcf", b"\0\1\0\0" + b"\xff" * 40, b"%PDF-1.7" * 20])
def test_a_file_that_is_no_font_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(faces.NotAFont):
        faces.read_characters(data)


@pytest.mark.usefixtures("only_ours")
@pytest.mark.parametrize("text", ALL)
@pytest.mark.parametrize("is_bold", [False, True])
def test_names_of_many_scripts_are_printed_whole_on_a_bare_machine(text: str, is_bold: bool) -> None:
    assert lettering.printable(text) == text
    assert lettering.list_missing(text) == ()
    # 0 is the box that a font shows for what it has not.
    assert all("<0000" not in piece.shown for piece in shaping.shape(text, is_bold))
    assert lettering.width_of(text, 10, is_bold=is_bold) > 0


@pytest.mark.usefixtures("only_ours")
@pytest.mark.shared_data
def test_real_names_have_no_boxes_and_are_on_the_page(shared_data: Path) -> None:
    with (shared_data / "catalogues" / "openfoodfacts_scripts.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    names = [" ".join(html.unescape(row["product_name"]).split()) for row in rows]

    missing = {name: lettering.list_missing(name) for name in names if lettering.list_missing(name)}
    boxed = [name for name in names for piece in shaping.shape(lettering.printable(name)) if 0 in piece.says]

    assert {row["script"] for row in rows} >= {"rtl", "cjk", "hangul", "thai", "cyrillic"}
    assert (missing, boxed) == ({}, [])
    page = render_page(page_of(*map(lettering.printable, names)), 0, 72)
    for number in range(len(names)):
        strip = page.crop((0, 30 * number, page.width, 30 * number + 30))
        assert strip.getextrema()[0] < 128, names[number]


@pytest.mark.usefixtures("only_ours")
def test_a_letter_that_no_face_has_is_named_and_never_a_box() -> None:
    assert lettering.list_missing("Top 🔥 red 🔥") == ("🔥",)
    assert lettering.printable("日本のシャツ Top 🔥 red") == "日本のシャツ Top red"
    assert lettering.printable("🔥") == ""


def test_marks_that_only_steer_the_direction_are_not_missing() -> None:
    text = "\u202b\u200fTop\u202c\ufeff"

    assert (lettering.printable(text), lettering.list_missing(text)) == ("Top", ())


def test_arabic_letters_are_joined() -> None:
    word = "بيت"

    assert lettering.width_of(word, 10) < sum(lettering.width_of(letter, 10) for letter in word)


def test_persian_joiners_are_kept_and_unseen() -> None:
    apart, joined = lettering.width_of("گل‌های", 10), lettering.width_of("گلهای", 10)

    assert apart > joined


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Top", [("Top", False)]),
        ("توب", [("توب", True)]),
        ("Top توب red", [("Top ", False), ("توب", True), (" red", False)]),
        ("توب Top أصفر", [(" أصفر", True), ("Top", False), ("توب ", True)]),
        # Numbers run from left to right within either.
        ("توب 250 أصفر", [(" أصفر", True), ("250", False), ("توب ", True)]),
        ("שמלה 12.5%", [("12.5%", False), ("שמלה ", True)]),
        ("", []),
    ],
)
def test_stretches_of_both_directions_stand_as_they_are_read(text: str, parts: list[tuple[str, bool]]) -> None:
    assert [(each.text, each.is_rtl) for each in in_visual_order(text)] == parts


@pytest.mark.parametrize("text", ALL)
def test_words_can_be_found_in_the_file(text: str) -> None:
    # Of scripts whose marks are glyphs of their own, readers find the letters.
    letters = set("".join(text.split()))

    found = set(words_of(page_of(text)))

    assert len(letters & found) > 0.6 * len(letters)
    if text.isascii():
        assert text in words_of(page_of(text))


def test_a_face_is_in_the_file_with_the_glyphs_that_are_used_only() -> None:
    one, two = page_of("新"), page_of("新亞姜糖薄荷味")

    assert b"/FontFile3" in one
    assert len(one) < len(two) < 90_000


def test_the_bold_face_is_bolder() -> None:
    for text in ("Marigold Marigold", THAI * 2, CHINESE * 2, ARABIC * 2):
        plain = render_page(page_of(text), 0, 150).histogram()
        bold = render_page(page_of(text, is_bold=True), 0, 150).histogram()
        assert sum(bold[:128]) > 1.1 * sum(plain[:128]), text


def test_two_scripts_that_no_face_has_together_are_set_in_pieces() -> None:
    text = f"{HINDI} {ARABIC}"

    assert lettering.printable(text) == text
    assert faces.split_by_face(text) == [f"{HINDI} ", ARABIC]
    assert lettering.width_of(text, 10) == pytest.approx(
        lettering.width_of(f"{HINDI} ", 10) + lettering.width_of(ARABIC, 10)
    )


@pytest.mark.parametrize("text", ["Marigold Top", THAI, ARABIC, CHINESE])
@pytest.mark.parametrize("is_bold", [False, True])
def test_a_canvas_of_reportlabs_shows_the_same(text: str, is_bold: bool) -> None:
    file = BytesIO()
    canvas = Canvas(file, pagesize=(400, 50))
    lettering.draw(canvas, text, 10, 20, 16, colour="#000000", is_bold=is_bold)
    canvas.save()

    ours, theirs = (render_page(pdf, 0, 100) for pdf in (page_of(text, is_bold=is_bold), file.getvalue()))

    different = ImageChops.difference(ours, theirs).point(lambda value: 255 if value > 160 else 0)
    dark = sum(ours.histogram()[:128])
    assert ours.size == theirs.size
    assert dark > 100
    assert sum(different.histogram()[128:]) < 0.4 * dark


def test_lines_are_as_wide_as_allowed_and_what_is_cut_says_so() -> None:
    text = "Deckhand Denim Capri with cargo pockets and a long name"

    lines = lettering.wrap(text, 10, 100, max_lines=2)

    assert len(lines) == 2
    assert all(lettering.width_of(line, 10) <= 100 for line in lines)
    assert lines[1].endswith("…")
    assert not lettering.is_whole(lines, text)
    assert lettering.wrap(text, 10, 1_000, max_lines=2) == [text]


def test_a_word_longer_than_the_line_is_cut() -> None:
    (line,) = lettering.wrap("Donaudampfschifffahrtskapitän", 10, 50, max_lines=1)

    assert lettering.width_of(line, 10) <= 50
    assert line.endswith("…")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Slouch Top", ("Slouch ", "Top")),
        # Between words, which Thai does not part.
        ("เค้กมะม่วงโยเกิร์ต ตรา", ("เค้ก", "มะม่วง", "โยเกิร์ต ", "ตรา")),
        ("ขนมปังแผ่น 7เฟรช", ("ขนมปังแผ่น ", "7", "เฟรช")),
        # No mark begins a line, and no bracket ends one.
        ("飛行（咖啡）糖。", ("飛", "行", "（咖", "啡）", "糖。")),
        ("ネオソフト", ("ネ", "オ", "ソ", "フ", "ト")),
        ("レーズン", ("レー", "ズ", "ン")),
        ("오미자 감식초", ("오미자 ", "감식초")),
        ("", ()),
    ],
)
def test_a_line_may_end_where_its_language_lets_it(text: str, parts: tuple[str, ...]) -> None:
    assert breaking.parts_of(text) == parts
    assert "".join(breaking.parts_of(text)) == text


def test_thai_is_wrapped_between_words_and_never_within_a_cluster() -> None:
    text = "มันฝรั่งแผ่นทอดกรอบรสซาวครีมและหัวหอม"

    lines = lettering.wrap(text, 10, 90, max_lines=4)

    assert len(lines) > 1
    assert "".join(lines) == text
    assert all(lettering.width_of(line, 10) <= 90 for line in lines)
    assert all(line[0] not in "ะัาำิีึืุู็่้๊๋์" for line in lines)


def test_a_title_is_balanced_over_its_lines() -> None:
    text, room = "Marigold Slouch Top", lettering.width_of("Marigold Slouch", 14) + 1

    assert lettering.wrap(text, 14, room, max_lines=3) == ["Marigold Slouch", "Top"]
    assert lettering.wrap_balanced(text, 14, room, max_lines=3) == ["Marigold", "Slouch Top"]


def test_a_picture_of_a_page_is_as_large_as_its_resolution_says() -> None:
    picture = render_page(page_of("Top"), 0, 144)

    assert picture.mode == "L"
    assert picture.size == (800, 100)
    assert Image.frombytes("L", picture.size, picture.tobytes()).getextrema() == (0, 255)
