"""Names for rows: ordered ones inside, random ones for addresses a stranger may see."""

import secrets

import uuid_utils

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new() -> str:
    """A UUIDv7 as 36 characters; tells its time of birth, so it never stands in a public address."""
    return str(uuid_utils.uuid7())


def public() -> str:
    """16 random characters of Crockford's base 32 (80 bits), for addresses."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))
