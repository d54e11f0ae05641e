"""The short text in a printed address: eight random characters and one that checks them.

The alphabet is Crockford's base 32, which a voice can say and a hand can type. The check character is Damm's
scheme over the field of 32 elements, `state = 2 * (state + digit)`, and a whole token ends in state 0. As 2 has
order 31 there, each single slip and each swap of two characters, however far apart, is caught.
"""

import secrets
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 9
_GROUP: Final = 4
_VALUES: Final = {character: value for value, character in enumerate(ALPHABET)}
# What a hand or an eye makes of a character (Crockford); a hyphen or a space is there for reading only.
_MEANT: Final = str.maketrans("OIL", "011", "- ")
# 2 * x modulo x^5 + x^2 + 1.
_DOUBLED: Final = tuple((value << 1) ^ (0x25 if value & 16 else 0) for value in range(32))


def make_token() -> str:
    """A new token with 40 random bits; whether it is taken already is the database's to say."""
    bits = secrets.randbits(5 * (LENGTH - 1))
    body = "".join(ALPHABET[bits >> shift & 31] for shift in range(0, 5 * (LENGTH - 1), 5))
    return body + check_character(body)


def check_character(body: str) -> str:
    """The character that checks the ones before it; `body` in `ALPHABET`, shorter than 31."""
    return ALPHABET[_state(body)]


def find_token(text: str) -> str | None:
    """The token somebody meant by `text`, in its one printed form; None if it cannot be one."""
    token = text.upper().translate(_MEANT)
    if len(token) != LENGTH or not all(character in _VALUES for character in token) or _state(token):
        return None
    return token


def group(token: str) -> str:
    """A token as it stands beside its symbol, for eyes and voices: `7K3M 9QXR B`."""
    return " ".join(token[at : at + _GROUP] for at in range(0, len(token), _GROUP))


def address_of(base: str, token: str) -> str:
    """What the symbol of a code says.

    :param base: scheme and host without a slash at its end, as `printed_base` gives it.
    """
    return f"{base}/q/{token}"


def _state(text: str) -> int:
    state = 0
    for character in text:
        state = _DOUBLED[state ^ _VALUES[character]]
    return state
