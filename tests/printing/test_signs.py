"""Posters, walls and cards on paper: every code reads from the finished page, every word and picture stands whole."""

import io
import re
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image, ImageChops

from qrmerch.codes.artwork import MM_PER_INCH, POINTS_PER_MM
from qrmerch.codes.preflight import Verdict
from qrmerch.errors import FormError
from qrmerch.i18n import SPOKEN, translator
from qrmerch.printing import faces
from qrmerch.printing.reading import render_page
from qrmerch.printing.sign_drawing import CodeNotRead, Drawn, check_sign, draw_sign, judge, read_back
from qrmerch.printing.sign_paper import NotAJpeg, Page, read_jpeg_size
from qrmerch.printing.sign_words import MAX_CALL_CHARS, Holds, choose_call, word_card, word_guide, word_hanging
from qrmerch.printing.signs import FORMATS, READING_RATIO, Dress, Format, PictureFile, Shown, Sign, SignKind
from qrmerch.printing.walls import grid_of, list_cells, split_sheets
from tests.figures import IS_FULL

PLAIN = Dress("Fashiontown", "#7a1f4f", "#ffffff", "#7a1f4f")
QUIET = Dress("Corvane", "#1b1b1b", "#ffffff", "#000000", tone="luxury")
# One of each kind; posters of the sizes between are those of the ends.
_UNLIKE = [shape for shape in FORMATS if shape.key[-2:] not in ("a1", "a2", "a3", "a4", "a5")]
NOTICE = "Counts a look, not you. fashiontown.example/privacy"
Draw = Callable[..., tuple[Path, Drawn]]


def shown(number: int = 0, *, title: str = "Marigold Slouch Top", picture: PictureFile | None = None) -> Shown:
    token = f"{number:04d}9QXRB"
    address = f"https://fashiontown.example/q/{token}"
    return Shown(address, token, title, "$28.00", line="Loose, light, the colour of July.", picture=picture)


def sign_of(format: str, *items: Shown, locale: str = "en", dress: Dress = PLAIN, **more: object) -> Sign:
    shape = next(each for each in FORMATS if each.key == format)
    words = {**word_card(locale), **word_guide(locale), **word_hanging(locale, 2)}
    values: dict[str, object] = {"distance": shape.distance, "call": "Scan: is your size here?", "notice": NOTICE}
    direction = "rtl" if locale == "ar" else "ltr"
    return Sign(format, locale, direction, dress, items or (shown(),), **{**values, "words": words, **more})  # type: ignore[arg-type]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photograph of 900 by 1,200 pixels."""
    path = tmp_path / "photo.jpeg"
    Image.effect_noise((900, 1200), 60).convert("RGB").save(path, "JPEG", quality=90)
    return path


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Draws a sign into a file, with one picture for all items that have one."""

    def made(sign: Sign, picture: Path | None = None) -> tuple[Path, Drawn]:
        path = tmp_path / "sign.pdf"
        with path.open("wb") as file:
            drawn = draw_sign(file, sign, fetch=lambda _: picture, logo=None, step=lambda _: None)
        return path, drawn

    return made


def words_of(pdf: Path) -> str:
    document = pypdfium2.PdfDocument(pdf)
    said = "\n".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return " ".join(said.split())


# --- codes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("locale", "dress"), [("en", PLAIN), ("ar", QUIET)], ids=["en-plain", "ar-luxury"])
@pytest.mark.parametrize("shape", FORMATS if IS_FULL else _UNLIKE, ids=lambda shape: shape.key)
def test_every_format_scans_in_both_directions_and_tones(
    draw: Draw, photo: Path, shape: Format, locale: str, dress: Dress
) -> None:
    file = PictureFile("a", 900, 1200)
    items = [shown(number, picture=file) for number in range(3 if shape.kind == SignKind.WALL else 1)]
    sign = sign_of(shape.key, *items, locale=locale, dress=dress)
    check_sign(sign)

    pdf, drawn = draw(sign, photo)
    findings = read_back(pdf, sign, drawn)

    assert [each.verdict for each in findings] == [Verdict.PASS] * 2
    assert {each.address for each in drawn.codes} == {item.address for item in sign.items}
    assert not drawn.cut


@pytest.mark.parametrize("locale", [each for each in SPOKEN if each not in ("en", "ar")])
@pytest.mark.parametrize("format", ["card", "guide", "wall"])
def test_what_is_said_of_scanning_fits_in_every_language(draw: Draw, format: str, locale: str) -> None:
    sign = sign_of(format, shown(), locale=locale, call=choose_call(Holds(sizes=True, stock=True), locale))
    check_sign(sign)

    pdf, drawn = draw(sign)

    assert not drawn.cut
    assert format != "wall" or translator(locale)("How the wall hangs") in words_of(pdf)


def test_a_module_is_as_large_as_the_distance_asks_measured_on_the_page(draw: Draw) -> None:
    sign = sign_of("poster-a3", distance=1.0)
    pdf, drawn = draw(sign)
    dpi, box = 100.0, drawn.codes[0].box
    page = render_page(pdf, 0, dpi)
    margin = Page(1, 1, sign.shape.bleed, lambda run: "").margin
    left, top, right, bottom = ((each + margin) * dpi / MM_PER_INCH for each in (box.x, box.y, box.right, box.bottom))

    code = page.crop((round(left), round(top), round(right), round(bottom)))
    dark = ImageChops.invert(code).point(lambda value: 255 if value > 128 else 0).getbbox()

    assert dark is not None
    assert (dark[2] - dark[0]) * MM_PER_INCH / dpi == pytest.approx(1000 / READING_RATIO, abs=0.6)
    assert dark[0] * MM_PER_INCH / dpi == pytest.approx(4 * 100 / 29, abs=0.6)


def test_a_distance_that_has_no_room_is_refused_with_what_would_do() -> None:
    with pytest.raises(FormError) as refused:
        check_sign(sign_of("poster-a4", distance=2.0))

    said = refused.value.problems["distance"]
    furthest = float(re.search(r"at most ([\d.]+) m", said)[1])  # type: ignore[index]
    assert "Poster, A1" in said
    check_sign(sign_of("poster-a4", distance=furthest))
    check_sign(sign_of("poster-a1", distance=2.0))
    with pytest.raises(FormError):
        check_sign(sign_of("poster-a4", distance=furthest + 0.1))


def test_a_page_whose_code_says_something_else_is_not_let_out(draw: Draw) -> None:
    pdf, drawn = draw(sign_of("talker", shown(1)))
    other = sign_of("talker", shown(2))
    swapped = replace(drawn, codes=tuple(replace(each, address=other.items[0].address) for each in drawn.codes))

    with pytest.raises(CodeNotRead, match=r"says https://fashiontown\.example/q/00019QXRB on page 1"):
        read_back(pdf, other, swapped)


def test_a_page_without_its_code_is_not_let_out(draw: Draw) -> None:
    sign = sign_of("talker")
    pdf, drawn = draw(sign)
    moved = replace(drawn, codes=tuple(replace(each, box=replace(each.box, x=0.0, y=0.0)) for each in drawn.codes))

    with pytest.raises(CodeNotRead, match="cannot be read on page 1"):
        read_back(pdf, sign, moved)


def test_a_cling_for_the_inside_is_the_other_one_in_a_mirror(draw: Draw) -> None:
    outside, inside = sign_of("cling", ground="white"), sign_of("cling", ground="white", is_inside=True)
    right = render_page(draw(outside)[0], 0, 60)
    pdf, drawn = draw(inside)

    difference = ImageChops.difference(right, render_page(pdf, 0, 60).transpose(Image.Transpose.FLIP_LEFT_RIGHT))

    # Nothing but the edges of letters, which fall on other halves of dots.
    assert sum(difference.point(lambda value: 1 if value > 100 else 0).tobytes()) < right.width * right.height / 500
    assert read_back(pdf, inside, drawn)[0].verdict == Verdict.PASS


# --- paper ------------------------------------------------------------------------------------------


def test_a_page_for_a_press_says_where_to_cut(draw: Draw) -> None:
    document = pypdfium2.PdfDocument(draw(sign_of("poster-a2"))[0])
    page = document[0]
    boxes = [
        [each / POINTS_PER_MM for each in box] for box in (page.get_mediabox(), page.get_trimbox(), page.get_bleedbox())
    ]
    document.close()

    media, trim, bleed = boxes
    assert [trim[2] - trim[0], trim[3] - trim[1]] == pytest.approx([420, 594], abs=0.01)
    assert [bleed[2] - bleed[0], bleed[3] - bleed[1]] == pytest.approx([426, 600], abs=0.01)
    assert media[2] - media[0] == pytest.approx(420 + 2 * 9, abs=0.01)


def test_what_reaches_the_edge_is_drawn_beyond_it(draw: Draw) -> None:
    page = render_page(draw(sign_of("poster-a4"))[0], 0, 50)
    mm = 50 / MM_PER_INCH

    ink = page.getpixel((round(100 * mm), round((9 - 2.5) * mm)))
    paper = page.getpixel((round(100 * mm), round(4 * mm)))

    assert (ink < 120, paper) == (True, 255)  # type: ignore[operator]


def test_words_can_be_searched_and_their_faces_are_inside(draw: Draw) -> None:
    said = words_of(draw(sign_of("poster-a3", headline="That yellow."))[0])
    arabic = words_of(draw(sign_of("poster-a3", shown(title="عطر عود السدرة"), locale="ar"))[0])
    data = draw(sign_of("poster-a3"))[0].read_bytes()

    for each in ("That yellow.", "Marigold Slouch Top", "$28.00", "fashiontown.example/q/ 0000 9QXR B", "/privacy"):
        assert each in said
    assert set("السدرة") <= set(arabic)
    assert data.count(b"/FontFile2") == data.count(b"/Type/FontDescriptor") > 0


def test_a_picture_is_in_the_file_once_as_it_is(draw: Draw, photo: Path) -> None:
    file = PictureFile("a", 900, 1200)

    data = draw(sign_of("wall", *(shown(n, picture=file) for n in range(20))), photo)[0].read_bytes()

    assert data.count(photo.read_bytes()) == 1
    assert len(data) < photo.stat().st_size + 250_000


def test_a_wall_of_many_pictures_takes_no_more_memory_than_one_of_few(tmp_path: Path) -> None:
    heavy = tmp_path / "heavy.jpeg"
    Image.effect_noise((600, 800), 90).convert("RGB").save(heavy, "JPEG", quality=95)
    peaks = []
    for count in (12, 36):
        items = [shown(n, picture=PictureFile(str(n), 600, 800)) for n in range(count)]
        sign = sign_of("wall", *items)
        tracemalloc.start()
        with (tmp_path / "wall.pdf").open("wb") as file:
            draw_sign(file, sign, fetch=lambda _: heavy, logo=None, step=lambda _: None)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert (tmp_path / "wall.pdf").stat().st_size > 36 * heavy.stat().st_size
    assert peaks[1] < peaks[0] + 2_000_000


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xc0\0\x05ab", b"\xff\xd8\xff\xe0\0\0", b"GIF89a" * 9]
)
def test_a_file_that_is_no_jpeg_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(NotAJpeg):
        read_jpeg_size(io.BytesIO(data))


# --- words and pictures -----------------------------------------------------------------------------


def test_letters_that_no_face_has_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "_found_faces", tuple)

    with pytest.raises(FormError, match="No typeface here has ཀཁ in “ཀཁ top”"):
        check_sign(sign_of("talker", shown(title="ཀཁ top")))


def test_a_name_that_does_not_fit_ends_in_an_ellipsis_and_is_listed(draw: Draw) -> None:
    long = "The Very Long Name of a Marigold Slouch Top " * 8
    sign = sign_of("talker", shown(title=long.strip()))

    pdf, drawn = draw(sign)

    assert drawn.cut == (long.strip(),)
    assert "…" in words_of(pdf)
    assert any("end in an ellipsis" in each.said for each in judge(sign, drawn))


def test_a_picture_with_too_few_pixels_for_its_size_is_warned_of(draw: Draw, photo: Path) -> None:
    item = shown(picture=PictureFile("a", 900, 1200))
    large, small = sign_of("poster-a1", item), sign_of("poster-a6", item)

    warned = judge(large, draw(large, photo)[1])[0]
    fine = judge(small, draw(small, photo)[1])[0]

    assert warned.verdict == Verdict.WARN
    assert re.search(r"The picture of Marigold Slouch Top has \d\d dots to the inch", warned.said)
    assert fine.verdict == Verdict.PASS


def test_a_picture_whose_rights_end_is_warned_of(draw: Draw, photo: Path) -> None:
    sign = sign_of("talker", shown(picture=PictureFile("a", 900, 1200, until="2026-12-06")))

    findings = judge(sign, draw(sign, photo)[1])

    assert any("may be shown until 2026-12-06" in each.said for each in findings)


def test_an_item_without_an_approved_picture_is_said_to_have_none(draw: Draw) -> None:
    sign = sign_of("poster-a4")

    findings = judge(sign, draw(sign)[1])

    assert any("No approved picture shows Marigold Slouch Top." in each.said for each in findings)


@pytest.mark.parametrize(
    ("holds", "said"),
    [
        (Holds(sizes=True, stock=True), "Scan: is your size here?"),
        (Holds(sizes=True, film=True), "Scan: sizes and colours"),
        (Holds(film=True, look=True), "Scan: see it in motion"),
        (Holds(look=True), "Scan: what goes with it"),
        (Holds(), "Scan: all about it"),
    ],
)
def test_a_call_promises_what_the_page_holds(holds: Holds, said: str) -> None:
    assert choose_call(holds, "en") == said
    assert len({choose_call(holds, locale) for locale in SPOKEN}) == len(SPOKEN)


@pytest.mark.parametrize("locale", SPOKEN)
def test_a_call_is_no_longer_than_one_that_is_typed(locale: str) -> None:
    last = Holds(offer_until=date(2026, 12, 28)), Holds(offer_until=date(2026, 9, 28))
    others = Holds(sizes=True, stock=True), Holds(sizes=True), Holds(film=True), Holds(look=True), Holds()

    calls = [choose_call(holds, locale, is_wall=is_wall) for holds in (*last, *others) for is_wall in (False, True)]

    assert [call for call in calls if len(call) > MAX_CALL_CHARS] == []


# --- walls ------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(some.integers(1, 240))
def test_a_wall_shows_each_item_once_and_leaves_no_hole(count: int) -> None:
    sign = sign_of("wall", *(shown(n) for n in range(count)))

    sheets = list(split_sheets(sign))

    assert [item for _, _, items in sheets for item in items] == list(sign.items)
    assert len(sheets) == grid_of(count).sheets == -(-count // 12)
    for _, _, items in sheets:
        cells = list(list_cells(sign, len(items)))
        rows: dict[float, list[float]] = {}
        for cell in cells:
            rows.setdefault(cell.y, []).append(cell.right)
        assert len({round(max(each), 3) for each in rows.values()}) == 1
        assert max(map(len, rows.values())) - min(map(len, rows.values())) <= 1
    assert max(len(items) for *_, items in sheets) - min(len(items) for *_, items in sheets) <= 1


def test_the_sheets_of_a_wall_are_numbered_and_the_last_page_says_how_they_hang(draw: Draw) -> None:
    sign = sign_of("wall", *(shown(n) for n in range(14)), headline="Shop the wall.", place="Station Wall, Panel A")

    pdf, drawn = draw(sign)
    document = pypdfium2.PdfDocument(pdf)
    sizes = [[round(each / POINTS_PER_MM) for each in page.get_size()] for page in document]
    document.close()

    assert drawn.pages == 3
    assert sizes == [[1207, 859], [1207, 859], [297, 210]]
    assert "How the wall hangs Station Wall, Panel A" in words_of(pdf)


def test_a_sign_is_the_same_again_from_its_kept_values() -> None:
    sign = sign_of("wall", shown(picture=PictureFile("a", 3, 4)), shown(1), headline="Shop the wall.")

    assert Sign.from_json(sign.to_json()) == sign
    assert sign.shape.kind == SignKind.WALL


def test_a_price_is_shown_whole_or_not_at_all(draw: Draw) -> None:
    huge = replace(shown(), price="$" + ",".join(["000"] * 40))

    for format in ("poster-a6", "talker", "wall"):
        path, drawn = draw(sign_of(format, huge))
        (said,) = [each for each in drawn.cut if each.startswith("$")]
        assert said == huge.price
        assert "$" not in words_of(path)
        fits = replace(shown(), price="$1,000,000,000,000.00")
        assert fits.price in words_of(draw(sign_of(format, fits))[0])


def test_marks_that_turn_words_round_are_not_printed(draw: Draw) -> None:
    path, _ = draw(sign_of("poster-a4", shown(title="Top \u202e.evil.moc\u202c")))

    assert ".evil.moc" in words_of(path).replace(" ", "")


def test_a_small_code_on_a_large_poster_is_read_at_its_own_place(draw: Draw) -> None:
    sign = sign_of("poster-a0", shown(), distance=0.1)

    path, drawn = draw(sign)

    assert [each.verdict for each in read_back(path, sign, drawn)] == [Verdict.PASS, Verdict.PASS]
