"""Mail addresses that shoppers leave: written one way, counted by their mailbox, kept as digests when they are gone."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Final

_MOST_CHARS, _MOST_LOCAL_CHARS, _MOST_DOMAIN_CHARS = 254, 64, 253
# So much is looked at, with room for blanks around it and for letters that take more than one in ASCII.
_MOST_TYPED: Final = 4 * _MOST_CHARS
# RFC 5322's dot-atom; quoted names and comments are legal, and nobody's.
_LOCAL: Final = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# At least two labels, the last one no number: addresses of machines are no mail addresses here.
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z]){_LABEL}", re.ASCII)
# Where dots in the name mean nothing.
_DOTLESS: Final = "gmail.com"
# Two domains, one mailbox.
_SAME: Final = {"googlemail.com": _DOTLESS}
# What IDNA of 2003, which Python has, turns into other letters or drops, and IDNA of 2008 does not: it would be
# somebody else's domain. Who has one types its ASCII form.
_TWO_READINGS: Final = frozenset("ßς\u200c\u200d")


def clean_address(text: str) -> str:
    """A mail address as it is kept: lower case, a domain of other letters than ours in its ASCII form.

    :raises ValueError: it is none, or one that needs more than plain mail.
    """
    if len(text) > _MOST_TYPED or not _TWO_READINGS.isdisjoint(text.lower()):
        raise ValueError("no mail address")
    local, at, domain = text.strip().lower().rpartition("@")
    try:
        plain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError("no domain") from None
    address = f"{local}@{plain}"
    is_short = len(address) <= _MOST_CHARS and len(local) <= _MOST_LOCAL_CHARS and len(plain) <= _MOST_DOMAIN_CHARS
    if not (at and is_short and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(plain)):
        raise ValueError("no mail address")
    return address


def mailbox(address: str) -> str:
    """The mailbox behind a clean address: what many ways of writing it have in common."""
    local, _, domain = address.rpartition("@")
    domain, local = _SAME.get(domain, domain), local.partition("+")[0] or local
    return f"{local.replace('.', '') if domain == _DOTLESS else local}@{domain}"


def mask(address: str) -> str:
    """An address so that its owner knows it and nobody else learns it: `v…@example.com`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def address_hash(address: str, purpose: str, key: str) -> str:
    """A digest of an address that says nothing without the key, and cannot be compared with one of another purpose."""
    return hmac.new(key.encode(), f"{purpose}\n{address}".encode(), hashlib.sha256).hexdigest()


def address_hashes(address: str, purpose: str, keys: Sequence[str]) -> list[str]:
    """The digests under each of the installation's keys, the present one first."""
    return [address_hash(address, purpose, key) for key in keys]
