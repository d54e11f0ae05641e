"""Every single wrong character and every swap of neighbours is said to be mistyped, and nothing else is "unknown"."""

import random
import string

from flask import Flask
from sqlalchemy.orm import Session

from qrmerch.codes.tokens import ALPHABET, LENGTH, find_token, make_token
from qrmerch.landing.helpful import explain
from qrmerch.landing.typed import plain_token
from tests.browsing import Browser
from tests.landing.aisle import make_aisle

MISTYPED, UNKNOWN, NO_CODE = "One letter off, perhaps", "That code is not one of ours", "That is not a whole code"
# What a person may type for a character of a tag: letters that no tag has, small ones, marks.
_TYPED = (string.ascii_letters + string.digits + "*+_ßé").replace("%", "")


def wrong_ones(token: str) -> set[str]:
    """Every text with one character of the token wrong that is not read as the token itself."""
    made = {token[:at] + other + token[at + 1 :] for at in range(LENGTH) for other in _TYPED}
    return {each for each in made if find_token(each) != token}


def swapped_ones(token: str) -> set[str]:
    """Every text with two neighbours of the token swapped."""
    return {token[:at] + token[at + 1] + token[at] + token[at + 2 :] for at in range(LENGTH - 1)} - {token}


def test_every_slip_is_called_mistyped_and_none_unknown() -> None:
    said = {
        (explain(plain_token(each), None, "en")[0], find_token(each))
        for token in (make_token() for _ in range(100))
        for each in wrong_ones(token) | swapped_ones(token)
    }

    assert said == {(MISTYPED, None)}


def test_a_character_too_few_or_too_many_is_a_slip_as_well() -> None:
    token = make_token()

    assert explain(token[:-1], None, "en")[0] == explain(token + "7", None, "en")[0] == MISTYPED


def test_unknown_is_said_only_where_the_check_holds() -> None:
    drawn = ["".join(random.choices(ALPHABET, k=LENGTH)) for _ in range(2_000)]

    for text in drawn:
        assert explain(text, None, "en")[0] == (UNKNOWN if find_token(text) else MISTYPED)
    assert explain("SHOES", None, "en")[0] == explain("7K3M9QXRB7K3M", None, "en")[0] == NO_CODE


def test_through_http_a_slip_is_a_helpful_404_in_every_place(app: Flask, browser: Browser, db: Session) -> None:
    token = make_aisle(db).code.token
    slips = [*swapped_ones(token), *random.sample(sorted(wrong_ones(token) - {"/"}), 20)]

    for each in slips:
        answer = browser.get(f"/q/{each}")

        assert answer.status_code == 404
        assert MISTYPED in answer.text and UNKNOWN not in answer.text
    spread = f"{token[:3]}-{token[3:5]} {token[5:]}".lower().replace("0", "o").replace("1", "l")
    assert browser.get(f"/q/{spread}").status_code == 200
