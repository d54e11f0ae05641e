"""What a vendor says about a picture."""

import pytest

from qrmerch.errors import FormError
from qrmerch.media.forms import read_description

LOCALES = ["en", "ar"]


def test_words_are_read_by_language_and_the_focus_as_shares() -> None:
    read = read_description({"alt.en": " A  top ", "alt.ar": "قميص", "x": "48", "y": "100"}, LOCALES)

    assert (read.alt, read.is_decorative) == ({"en": "A top", "ar": "قميص"}, False)
    assert (read.focus_x, read.focus_y) == (0.48, 1.0)


def test_the_first_language_is_needed_and_the_others_are_not() -> None:
    assert read_description({"alt.en": "A top"}, LOCALES).alt == {"en": "A top"}
    with pytest.raises(FormError) as refused:
        read_description({"alt.ar": "قميص"}, LOCALES)

    assert list(refused.value.problems) == ["alt.en"]


def test_decoration_needs_no_words_and_keeps_none() -> None:
    read = read_description({"alt.en": "A top", "is_decorative": "1"}, LOCALES)

    assert (read.alt, read.is_decorative) == ({}, True)


def test_words_that_are_too_long_are_refused_in_their_language() -> None:
    with pytest.raises(FormError) as refused:
        read_description({"alt.en": "A top", "alt.ar": "x" * 201}, LOCALES)

    assert refused.value.problems == {"alt.ar": "At most 200 characters; this has 201."}


@pytest.mark.parametrize(
    ("text", "share"), [("0", 0), ("101", 1), ("999999999", 1), ("9" * 5000, 1), ("", 0.5), ("-5", 0.5), ("٥", 0.5)]
)
def test_a_focus_is_always_inside(text: str, share: float) -> None:
    assert read_description({"alt.en": "A top", "x": text}, LOCALES).focus_x == share
