"""Codes for the till: ten symbols and one that checks them, read aloud or scanned from a shopper's phone.

A code is a truncated HMAC of its claim's id, so it can be shown again and need not be kept. What is kept is another
HMAC to find the claim by, and the last four symbols for people. Codes of older keys are found and shown as before.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from qrmerch.codes.tokens import ALPHABET, check_character

LENGTH: Final = 11
TAIL_CHARS: Final = 4
_BITS_OF_SYMBOL: Final = 5
_GROUP: Final = 4
# Longer than the address that a hand scanner reads from the symbol.
_MAX_TYPED_CHARS: Final = 400
_MEANT: Final = str.maketrans("OIL", "011", "- \t\u00a0\u2010\u2011\u2013.")


def make_code(key: str, claim_id: str) -> str:
    """The code of a claim under a key: eleven symbols, without hyphens."""
    bits = _BITS_OF_SYMBOL * (LENGTH - 1)
    number = int.from_bytes(_sign(key, "till code", claim_id)) >> (256 - bits)
    body = "".join(ALPHABET[number >> shift & 31] for shift in range(0, bits, _BITS_OF_SYMBOL))
    return body + check_character(body)


def make_lookup(key: str, code: str) -> str:
    """What is kept to find a claim by its code."""
    return _sign(key, "till lookup", code).hex()


def find_code_of(keys: Sequence[str], claim_id: str, lookup: str) -> str | None:
    """The code that a claim was given, by whichever of the keys made it; None if that key is lost."""
    for key in keys:
        code = make_code(key, claim_id)
        if hmac.compare_digest(make_lookup(key, code), lookup):
            return code
    return None


def plain_code(typed: str) -> str:
    """What was meant by what was typed or read from the symbol: upper case, without hyphens and spaces.

    Letters that no code has are the digits they look like. Of an address only its fragment counts.
    """
    return typed[:_MAX_TYPED_CHARS].rpartition("#")[2].strip().upper().translate(_MEANT)


def is_code(plain: str) -> bool:
    """Whether a plain text can be a code at all; most slips of a hand are told by the last symbol."""
    if len(plain) != LENGTH or not all(symbol in ALPHABET for symbol in plain):
        return False
    return check_character(plain[:-1]) == plain[-1]


def group_code(code: str) -> str:
    """A code as eyes and voices like it: `7K3M-9QW4-T2F`."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def _sign(key: str, purpose: str, text: str) -> bytes:
    return hmac.new(key.encode(), f"{purpose} {text}".encode(), hashlib.sha256).digest()
