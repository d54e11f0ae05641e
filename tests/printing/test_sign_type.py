"""Lines of type: the order in which scripts that run both ways stand on paper, and where lines end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from qrmerch.printing.lettering import printable
from qrmerch.printing.sign_type import is_whole, shape, stretches_of, wrap, wrap_balanced

LETTERS = "abc 12,5 €عود شא"


def order_of(text: str, direction: str) -> str:
    """A text as it stands on paper from left to right, each part in the order it is read."""
    parts = [each.text.strip() for each in stretches_of(text, direction)]
    return "|".join(part for part in parts if part)


@pytest.mark.parametrize(
    ("text", "direction", "said"),
    [
        ("Marigold Top 2", "ltr", "Marigold Top 2"),
        ("عطر عود", "rtl", "عطر عود"),
        ("عطر Hora 4", "rtl", "Hora 4|عطر"),
        ("Hora عطر 4", "ltr", "Hora|4|عطر"),
        ("390.00 ر.س", "rtl", "ر.س|390.00"),
        ("سعر 390.00", "rtl", "390.00|سعر"),
        ("لا أنت. 1881.example/privacy", "rtl", "1881.example/privacy|لا أنت."),
        ("1881.example/q/ 7K3M 9QXR 4", "rtl", "1881.example/q/ 7K3M 9QXR 4"),
        ("", "rtl", ""),
    ],
)
def test_parts_stand_as_their_readers_expect(text: str, direction: str, said: str) -> None:
    assert order_of(text, direction) == said


@settings(max_examples=60, deadline=None)
@given(some.text(LETTERS, max_size=40), some.sampled_from(["ltr", "rtl"]))
def test_no_letter_is_lost_or_doubled(text: str, direction: str) -> None:
    line = shape(printable(text), direction=direction)

    said = sorted(each for run in line.runs for glyph in run.glyphs for each in glyph.text)

    assert said == sorted(printable(text))


@settings(max_examples=40, deadline=None)
@given(some.lists(some.text("abcdefgh", min_size=1, max_size=9), min_size=1, max_size=12), some.integers(8, 80))
def test_lines_are_no_wider_than_their_place(words: list[str], width: int) -> None:
    text = " ".join(words)

    for lines in (wrap(text, 4, width, 700, max_lines=3), wrap_balanced(text, 4, width, 700, max_lines=3)):
        assert len(lines) <= 3
        assert all(line.width(4) <= width or line.text == "…" for line in lines)
        assert is_whole(text, lines) or any(line.text.endswith("…") for line in lines)


def test_letters_that_join_are_never_moved_apart() -> None:
    assert shape("عطر", tracking=-30).tracking == 0
    assert shape("Top", tracking=-30).tracking == -30
