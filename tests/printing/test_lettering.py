"""Words on paper: in any script, shaped, never as boxes, never cut where they must not be."""

from collections.abc import Iterator

import pytest
from reportlab.pdfbase.ttfonts import TTFontFile

from qrmerch.printing import faces, lettering

ARABIC, HEBREW, HINDI = "توب ماريغولد الواسع", "שמלה כחולה", "मैरीगोल्ड टॉप"


@pytest.fixture
def only_ours(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without any font of its own."""
    monkeypatch.setattr(faces, "_found_faces", tuple)
    forget()
    yield
    forget()


def forget() -> None:
    for kept in (lettering.printable, lettering.width_of, lettering._is_base, lettering._pieces, lettering._picture):
        kept.cache_clear()


def test_the_reader_of_fonts_agrees_with_reportlab() -> None:
    face = faces.base_face()

    assert face.covers == frozenset(TTFontFile(face.path).charToGlyph)
    assert len(face.covers) > 2_000


@pytest.mark.parametrize("data", [b"", b"ttcf", b"\0\1\0\0" + b"\xff" * 40, b"%PDF-1.7" * 20])
def test_a_file_that_is_no_font_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(faces.NotAFont):
        faces.read_characters(data)


@pytest.mark.usefixtures("only_ours")
@pytest.mark.parametrize(
    "text",
    ["Marigold Slouch Top", "Żółty płaszcz", "Ελληνικά", "Шапка №7", "Áo ạ ễ", "Top (2.0) 50 % & more…", ARABIC, HINDI],
)
def test_names_of_many_scripts_are_printed_whole_on_a_bare_machine(text: str) -> None:
    assert lettering.printable(text) == text
    assert lettering.width_of(text, 10) > 0


@pytest.mark.usefixtures("only_ours")
def test_a_letter_that_no_face_has_is_left_out_and_never_a_box() -> None:
    assert lettering.printable("日本のシャツ Top 🔥 red") == "Top red"
    assert lettering.printable("🔥") == ""


@pytest.mark.usefixtures("only_ours")
def test_scripts_that_join_are_left_out_where_they_cannot_be_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "has_raqm", lambda: False)

    assert lettering.printable(f"Top {ARABIC} 4") == "Top 4"
    assert lettering.printable("Żółty Шапка") == "Żółty Шапка"


def test_arabic_letters_are_joined() -> None:
    word = "بيت"

    assert lettering.width_of(word, 10) < sum(lettering.width_of(letter, 10) for letter in word)


@pytest.mark.usefixtures("only_ours")
def test_two_scripts_that_no_face_has_together_are_set_in_pieces() -> None:
    text = f"{HINDI} {ARABIC}"

    assert lettering.printable(text) == text
    assert faces.split_by_face(text) == [f"{HINDI} ", ARABIC]
    assert lettering.width_of(text, 10) == pytest.approx(
        lettering.width_of(f"{HINDI} ", 10) + lettering.width_of(ARABIC, 10)
    )


def test_lines_are_as_wide_as_allowed_and_what_is_cut_says_so() -> None:
    text = "Deckhand Denim Capri with cargo pockets and a long name"

    lines = lettering.wrap(text, 10, 100, max_lines=2)

    assert len(lines) == 2
    assert all(lettering.width_of(line, 10) <= 100 for line in lines)
    assert lines[1].endswith("…")
    assert lettering.wrap(text, 10, 1_000, max_lines=2) == [text]


def test_a_word_longer_than_the_line_is_cut() -> None:
    (line,) = lettering.wrap("Donaudampfschifffahrtskapitän", 10, 50, max_lines=1)

    assert lettering.width_of(line, 10) <= 50
    assert line.endswith("…")


def test_a_title_is_balanced_over_its_lines() -> None:
    text, room = "Marigold Slouch Top", lettering.width_of("Marigold Slouch", 14) + 1

    assert lettering.wrap(text, 14, room, max_lines=3) == ["Marigold Slouch", "Top"]
    assert lettering.wrap_balanced(text, 14, room, max_lines=3) == ["Marigold", "Slouch Top"]
