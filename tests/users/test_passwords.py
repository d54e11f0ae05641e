"""Which passwords may be chosen, and how they are kept."""

import pytest
from argon2 import PasswordHasher
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from qrmerch.users import passwords
from qrmerch.users.passwords import hash_password, is_outdated, is_password, password_problem

KNOWN = ("Vera Quince", "vera@sunnyside.example", "Fashiontown")


def problem(password: str) -> str | None:
    return password_problem(password, known_words=KNOWN)


def test_sec_A01_nine_characters_are_too_few_and_128_are_taken() -> None:
    assert "At least 10 characters" in str(problem("marmalade"))
    assert problem("marmalades sing") is None
    assert problem("m4rmalad" * 16) is None
    assert problem("m4rmalad" * 16 + "x") == "At most 128 characters."


def test_sec_A01_characters_are_counted_and_not_bytes() -> None:
    assert problem("ماربا السفرجل اللذيذ") is None
    assert "At least 10" in str(problem("🍐🍏🍊🍋🍌🍉🍇🍓🫐"))
    assert problem("🍐🍏🍊🍋🍌🍉🍇🍓🫐🍈") is None


def test_sec_A01_every_character_matters_and_none_is_changed() -> None:
    long = "quince marmalade " * 5
    kept = hash_password(long)

    assert len(long) == 85
    assert is_password(kept, long)
    assert not is_password(kept, long[:72])
    assert not is_password(kept, f"{long[:72]}X{long[73:]}")
    assert not is_password(kept, long.upper())
    assert not is_password(kept, long.strip())


def test_sec_A02_common_passwords_are_refused() -> None:
    fit = [each for each in list(FREQUENCY_LISTS["passwords"]) if len(each) >= passwords.MIN_CHARS][:3000]

    assert len(fit) > 1000
    assert [each for each in fit if problem(each) is None] == []


@pytest.mark.parametrize(
    "password",
    ["PassWord123!", "sunshine2024", "  iloveyou!!", "aaaaaaaaaaaa", "1111122222", "QWERTYUIOP", "ababababab"],
)
def test_sec_A02_a_common_word_in_trimmings_is_refused(password: str) -> None:
    assert "tried first" in str(problem(password))


@pytest.mark.parametrize(
    "password",
    [
        "qrmerch1234",
        "QRMERCH-2026",
        "Fashiontown1",
        "fashiontown!",
        "VeraQuince12",
        "quincevera#1",
        "sunnyside123",
        "vera@sunnyside.example",
    ],
)
def test_sec_A02_little_more_than_a_known_name_is_refused(password: str) -> None:
    assert "a name that is known here" in str(problem(password))


@pytest.mark.parametrize(
    "password", ["Vera likes marmalade", "fashiontown rhymes with nothing", "korrekt pferd batterie"]
)
def test_a_name_in_a_sentence_does_no_harm(password: str) -> None:
    assert problem(password) is None


def test_a_known_word_may_be_anything() -> None:
    assert password_problem("quince marmalade", known_words=("", "  ", "a", "!!", "*")) is None


def test_sec_A03_hashes_are_argon2id_with_enough_memory_and_passes() -> None:
    kept = hash_password("quince marmalade")

    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not is_outdated(kept)
    assert is_outdated(PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("quince marmalade"))


def test_nothing_is_the_password_of_nobody() -> None:
    assert not is_password(None, "")
    assert not is_password(None, "\0nobody")
    assert not is_password("not a hash", "quince marmalade")
