"""Tokens: random, told apart from every slip of hand and eye, read however they are written."""

import itertools
from collections import Counter

import pytest

from qrmerch.codes.tokens import ALPHABET, LENGTH, address_of, find_token, group, make_token

_TOKENS = [make_token() for _ in range(50)]
# The 99.9th percentile of chi squared with 31 degrees of freedom.
_CHI_SQUARED_31 = 61.1


def test_every_single_wrong_character_is_caught() -> None:
    wrong = [
        token[:at] + other + token[at + 1 :]
        for token in _TOKENS[:10]
        for at in range(LENGTH)
        for other in ALPHABET
        if other != token[at]
    ]

    assert len(wrong) == 10 * LENGTH * 31
    assert not [each for each in wrong if find_token(each)]


def test_every_swap_of_two_different_characters_is_caught() -> None:
    for token, (first, second) in itertools.product(_TOKENS, itertools.combinations(range(LENGTH), 2)):
        if token[first] == token[second]:
            continue
        swapped = list(token)
        swapped[first], swapped[second] = swapped[second], swapped[first]

        assert find_token("".join(swapped)) is None


def test_what_hands_and_eyes_make_of_a_character_is_forgiven() -> None:
    token = next(each for each in iter(make_token, "") if "0" in each and "1" in each)

    assert find_token(token.replace("0", "O").replace("1", "I")) == token
    assert find_token(token.replace("0", "o").replace("1", "l")) == token
    assert find_token(token.lower()) == token
    assert find_token(group(token)) == token
    assert find_token(f"{token[:4]}-{token[4:8]}-{token[8]}") == token


@pytest.mark.parametrize(
    "text", ["", "U" * 9, "7K3M9QXR", "7K3M9QXRBB", "７Ｋ３Ｍ９ＱＸＲＢ", "٧K3M9QXRB", "7K3M9QXR\n"]
)
def test_what_cannot_be_a_token_is_none(text: str) -> None:
    assert find_token(text) is None


def test_a_token_stands_in_groups_of_four() -> None:
    assert group("7K3M9QXRB") == "7K3M 9QXR B"


def test_the_address_of_a_code_is_fixed_for_ever() -> None:
    assert address_of("https://fashiontown.example", "7K3M9QXRB") == "https://fashiontown.example/q/7K3M9QXRB"


def test_sec_c06_a_thousand_tokens_look_random_and_tell_no_order() -> None:
    tokens = [make_token() for _ in range(1_000)]

    assert len(set(tokens)) == 1_000
    for place in range(LENGTH):
        counts = Counter(token[place] for token in tokens)
        expected = len(tokens) / len(ALPHABET)
        chi_squared = sum((counts[each] - expected) ** 2 / expected for each in ALPHABET)
        assert chi_squared < _CHI_SQUARED_31 * 1.5, f"place {place} is not even"
