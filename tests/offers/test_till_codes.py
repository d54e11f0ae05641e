"""Codes for the till: shown again, found by a keyed hash, read whatever the hand did to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrmerch import ids
from qrmerch.codes.tokens import ALPHABET
from qrmerch.offers.till_codes import (
    LENGTH,
    find_code_of,
    group_code,
    is_code,
    make_code,
    make_lookup,
    plain_code,
)

KEY, OLDER = "the present key of this installation", "the key before"


def test_a_code_is_the_same_each_time_it_is_shown() -> None:
    claim_id = ids.new()

    assert make_code(KEY, claim_id) == make_code(KEY, claim_id)
    assert make_code(KEY, claim_id) != make_code(OLDER, claim_id)
    assert make_code(KEY, claim_id) != make_code(KEY, ids.new())


def test_a_code_has_ten_symbols_and_one_that_checks_them() -> None:
    codes = {make_code(KEY, ids.new()) for _ in range(500)}

    assert len(codes) == 500
    assert all(len(code) == LENGTH and set(code) <= set(ALPHABET) and is_code(code) for code in codes)


def test_all_fifty_bits_are_used() -> None:
    places = list(zip(*(make_code(KEY, ids.new())[:-1] for _ in range(2000)), strict=True))

    assert len(places) == 10
    assert all(set(place) == set(ALPHABET) for place in places)


def test_what_is_kept_does_not_tell_the_code() -> None:
    code = make_code(KEY, ids.new())

    assert code not in make_lookup(KEY, code).upper()
    assert make_lookup(KEY, code) != make_lookup(OLDER, code)


def test_a_claim_of_an_older_key_is_still_shown() -> None:
    claim_id = ids.new()
    code = make_code(OLDER, claim_id)

    assert find_code_of((KEY, OLDER), claim_id, make_lookup(OLDER, code)) == code
    assert find_code_of((KEY,), claim_id, make_lookup(OLDER, code)) is None


@pytest.mark.parametrize(
    "typed",
    [
        "7K3M-9QW4-T2F",
        "7k3m9qw4t2f",
        " 7K3M 9QW4 T2F ",
        "7K3M\u20119QW4\u2011T2F",
        "https://shop.example/associate/#7K3M-9QW4-T2F",
        "HTTPS://SHOP.EXAMPLE/ASSOCIATE/#7K3M-9QW4-T2F",
    ],
)
def test_what_a_hand_or_a_scanner_makes_of_a_code_is_understood(typed: str) -> None:
    assert plain_code(typed) == "7K3M9QW4T2F"


def test_letters_that_no_code_has_are_the_digits_they_look_like() -> None:
    assert plain_code("oil0-1abc-def") == "0110" + "1ABCDEF"


def test_nothing_typed_is_too_long_or_too_strange_to_be_refused() -> None:
    for typed in ("", "x" * 100_000, "\u0000", "７Ｋ３Ｍ９ＱＷ４Ｔ２Ｆ", "𝟕K3M9QW4T2F", "ß" * 11):
        assert not is_code(plain_code(typed)), typed[:20]


@given(st.integers(0, 2**50 - 1), st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_each_single_slip_is_caught(number: int, place: int, symbol: str) -> None:
    code = make_code(KEY, str(number))

    slip = code[:place] + symbol + code[place + 1 :]

    assert is_code(slip) == (slip == code)


@given(st.integers(0, 2**50 - 1), st.integers(0, LENGTH - 2))
def test_two_neighbours_changed_round_are_caught(number: int, place: int) -> None:
    code = make_code(KEY, str(number))

    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]

    assert is_code(swapped) == (swapped == code)


def test_a_code_is_read_aloud_in_groups() -> None:
    assert group_code("7K3M9QW4T2F") == "7K3M-9QW4-T2F"
