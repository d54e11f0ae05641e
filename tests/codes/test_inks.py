"""How ink stands out: for a phone, and at a till, where red is nearly white."""

import pytest

from qrmerch.codes.inks import GOOD_CONTRAST, PAPERS, darkened, is_colour, phone_contrast, ratio, red_contrast
from qrmerch.codes.models import Paper


@pytest.mark.parametrize(
    ("ink", "paper", "contrast"),
    [
        ("#ff0000", "#ffffff", 0.0),
        ("#ffa500", "#ffffff", 0.0),
        ("#000080", "#ffffff", 1.0),
        ("#004d00", "#ffffff", 1.0),
        ("#000000", "#ff0000", 1.0),
        ("#0000ff", "#00ff00", 0.0),
    ],
)
def test_red_light_sees_what_eyes_do_not(ink: str, paper: str, contrast: float) -> None:
    assert red_contrast(ink, paper) == pytest.approx(contrast, abs=0.01)


def test_a_colour_is_darkened_no_further_than_it_must_be_and_keeps_its_hue() -> None:
    phone = darkened("#e00000", lambda shade: ratio(shade) >= 7)
    till = darkened("#e00000", lambda shade: ratio(shade) >= 7 and red_contrast(shade) >= 0.55)

    assert darkened("#7a1f4f", lambda shade: ratio(shade) >= 7) == "#7a1f4f"
    assert 7 <= ratio(phone) < 7.2
    assert red_contrast(till) >= 0.55 > red_contrast(phone)
    assert phone[3:] == till[3:] == "0000"
    assert darkened("#e00000", lambda _: False) == "#000000"


def test_black_reads_on_every_paper_and_best_on_white() -> None:
    seen = [phone_contrast("#000000", PAPERS[paper]) for paper in Paper]

    assert seen == sorted(seen, reverse=True)
    assert all(ratio("#000000", PAPERS[paper]) >= 7 for paper in Paper)
    assert seen[-1] < GOOD_CONTRAST < seen[-2]


@pytest.mark.parametrize("text", ["", "red", "#fff", "#GG0000", "#FFFFFF", "#ffffff ", "#fffffff"])
def test_what_is_no_colour_is_none(text: str) -> None:
    assert not is_colour(text)
