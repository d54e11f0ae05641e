"""Names for rows: ordered ones inside, random ones for addresses a stranger may see."""

import re
import secrets

import uuid_utils

_FORM = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new() -> str:
    """A UUIDv7 as 36 characters; tells its time of birth, so it never stands in a public address."""
    return str(uuid_utils.uuid7())


def is_new(text: str) -> bool:
    """Whether a text has the form of what `new` gives."""
    return _FORM.fullmatch(text) is not None


def public() -> str:
    """16 random characters of Crockford's base 32 (80 bits), for addresses."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))


def secret() -> str:
    """32 random characters (128 bits), for what is shown to one house and looked for elsewhere."""
    return secrets.token_hex(16)
