"""Cutting a text into segments: never longer than any other cut, and a GTIN's address in version 2."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qrmerch.codes.artwork import Level, draw_symbol
from qrmerch.codes.segments import Mode, Segment, count_bits, split

_ALPHABET = "0A-a"


def every_cut(text: str) -> list[tuple[Segment, ...]]:
    """Each way to give every character an alphabet that has it, neighbours of one alphabet joined."""
    takes = {"0": (*Mode,), "A": (Mode.ALPHANUMERIC, Mode.BYTE), "-": (Mode.ALPHANUMERIC, Mode.BYTE)}
    cuts = []
    for modes in product(*(takes.get(each, (Mode.BYTE,)) for each in text)):
        segments: list[Segment] = []
        for mode, each in zip(modes, text, strict=True):
            if segments and segments[-1].mode == mode:
                segments[-1] = Segment(mode, segments[-1].data + each.encode())
            else:
                segments.append(Segment(mode, each.encode()))
        cuts.append(tuple(segments))
    return cuts


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=_ALPHABET, min_size=1, max_size=7), st.sampled_from((9, 26, 40)))
def test_no_other_cut_of_a_short_text_is_shorter(text: str, version: int) -> None:
    best = min(count_bits(cut, version=version) for cut in every_cut(text))

    assert count_bits(split(text, version=version), version=version) == best


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_nothing_is_lost_and_no_cut_in_one_alphabet_is_shorter(text: str) -> None:
    cut = split(text)

    assert b"".join(each.data for each in cut) == text.encode()
    assert not text or count_bits(cut) <= count_bits((Segment(Mode.BYTE, text.encode()),))


def test_a_long_number_between_words_gets_an_alphabet_of_its_own() -> None:
    cut = split("https://id.example.com/01/09506000134352?17=261231")

    assert [(each.mode, each.data) for each in cut] == [
        (Mode.BYTE, b"https://id.example.com/01/"),
        (Mode.NUMERIC, b"09506000134352"),
        (Mode.BYTE, b"?17="),
        (Mode.NUMERIC, b"261231"),
    ]


@pytest.mark.parametrize(
    ("address", "level", "version"),
    [
        ("HTTPS://ID.EXAMPLE.COM/01/09506000134352", Level.M, 2),
        ("HTTPS://ID.EXAMPLE.COM/01/09506000134352", Level.L, 2),
        ("HTTPS://ID.EXAMPLE.COM/01/09506000134352", Level.Q, 3),
        ("HTTPS://ID.EXAMPLE.COM/01/09506000134352/10/LOT42", Level.M, 3),
        ("https://id.example.com/01/09506000134352", Level.M, 3),
        ("HTTPS://Q.RS/01/09506000134352", Level.M, 2),
        ("x" * 500, Level.M, 17),
    ],
)
def test_an_address_gets_the_version_it_can_have(address: str, level: Level, version: int) -> None:
    assert draw_symbol(address, level=level).version == version
