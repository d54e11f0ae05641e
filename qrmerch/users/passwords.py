"""Passwords: which may be chosen, how they are kept and checked.

Argon2id with 19 MiB and two passes (OWASP ASVS 11.4.2); a hash with older parameters is renewed at the next sign-in.
"""

from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn.frequency_lists import FREQUENCY_LISTS

MIN_CHARS: Final = 10
MAX_CHARS: Final = 128
# What people put before and after a common word, and whoever guesses does too.
_TRIMMINGS: Final = "0123456789!?.,:;*#$@&+-_ "
_MIN_COMMON, _MIN_DIFFERENT = 4, 4
_COMMON: Final = frozenset(FREQUENCY_LISTS["passwords"])
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def password_problem(password: str, *, known_words: tuple[str, ...]) -> str | None:
    """What is wrong with a chosen password, in a sentence; None when nothing is.

    :param known_words: names a stranger would try first: the person's, the retailer's.
    """
    if len(password) < MIN_CHARS:
        return f"At least {MIN_CHARS} characters; a sentence is easier to remember than a word."
    if len(password) > MAX_CHARS:
        return f"At most {MAX_CHARS} characters."
    plain = password.casefold()
    core = plain.strip(_TRIMMINGS)
    if plain in _COMMON or (core in _COMMON and len(core) >= _MIN_COMMON) or len(set(plain)) < _MIN_DIFFERENT:
        return "This is among the passwords that are tried first. Choose another."
    words = [part for word in (*known_words, "qrmerch") for part in _parts(word)]
    rest = plain
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest.strip(_TRIMMINGS)) < MIN_CHARS // 2 and rest != plain:
        return "This is little more than a name that is known here. Choose another."
    return None


def _parts(word: str) -> list[str]:
    parts = [word, *word.replace("@", " ").replace(".", " ").split()]
    return [part.casefold() for part in parts if len(part) >= 3]


def hash_password(password: str) -> str:
    """What is kept of a password."""
    return _HASHER.hash(password)


def is_password(kept: str | None, given: str) -> bool:
    """Whether `given` is the password of which `kept` is the hash; takes as long where there is none."""
    try:
        _HASHER.verify(kept or _nobody(), given)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


@cache
def _nobody() -> str:
    """A hash that no password fits, to be checked where no account is."""
    return _HASHER.hash("\0nobody")
