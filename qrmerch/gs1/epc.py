"""Compressed Digital Links (EPC-binary compression 1.0): what an RFID tag holds, as the end of an address.

In: `eh` with the bits in hexadecimal, or `ex` with them in URI-safe base 64. Out: the number and the serial that they
say (EPC Tag Data Standard: SGTIN-96 and SGTIN-198), or a `Problem`.
"""

import re
from typing import Final

from qrmerch.gs1.ai import Problem, Reason, check_value
from qrmerch.gs1.numbers import check_digit

_COMPRESSED: Final = re.compile("e[hx][0-9A-Za-z_-]*")
_HEX: Final = re.compile("[0-9A-Fa-f]+")
_BASE_64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUES: Final = {character: value for value, character in enumerate(_BASE_64)}
_SGTIN_96, _SGTIN_198 = 0x30, 0x36
# How many bits there are in all, by the first eight.
_BITS: Final = {_SGTIN_96: 96, _SGTIN_198: 198}
# By partition: digits and bits of the company's prefix, digits and bits of the article's reference.
_PARTITIONS: Final = (
    (12, 40, 1, 4), (11, 37, 2, 7), (10, 34, 3, 10), (9, 30, 4, 14), (8, 27, 5, 17), (7, 24, 6, 20), (6, 20, 7, 24),
)  # fmt: skip
_SERIAL_CHARS, _CHAR_BITS = 20, 7


def is_compressed(segment: str) -> bool:
    """Whether a part of a path is written as a compressed address, right or wrong."""
    return _COMPRESSED.fullmatch(segment) is not None


def read_compressed(segment: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """The number and the serial of a compressed address.

    :raises Problem: it is cut off, or of a kind that is not read.
    """
    is_hex = segment.startswith("eh")
    bits = _from_hex(segment[2:]) if is_hex else _from_base_64(segment[2:])
    kind = int(bits[:8], 2)
    length = _BITS.get(kind)
    if length is None:
        raise _problem("This kind of tag is not read here, only SGTIN-96 and SGTIN-198.")
    # Characters hold four or six bits, so that some of the last one may be left over.
    if not 0 <= len(bits) - length < (4 if is_hex else 6) or "1" in bits[length:]:
        raise _problem("This is cut off, or too long.")
    # Three bits after the kind say how the thing is packed, which means nothing here.
    gtin, rest = _read_number(bits[11:length])
    serial = str(int(rest, 2)) if kind == _SGTIN_96 else _read_serial(rest)
    check_value("21", serial)
    return ("01", gtin), ("21", serial)


def _from_hex(text: str) -> str:
    if not _HEX.fullmatch(text) or len(text) < 2:
        raise _problem("Behind eh stand hexadecimal digits.")
    return "".join(f"{int(character, 16):04b}" for character in text)


def _from_base_64(text: str) -> str:
    if len(text) < 2:
        raise _problem("Behind ex stand letters, digits, hyphens and underscores.")
    return "".join(f"{_VALUES[character]:06b}" for character in text)


def _read_number(bits: str) -> tuple[str, str]:
    """A GTIN, its check digit worked out, and the bits behind it."""
    partition = int(bits[:3], 2)
    if partition >= len(_PARTITIONS):
        raise _problem("Where the company's prefix ends is not said.")
    company_digits, company_bits, article_digits, article_bits = _PARTITIONS[partition]
    end = 3 + company_bits
    company = f"{int(bits[3:end], 2):0{company_digits}}"
    article = f"{int(bits[end : end + article_bits], 2):0{article_digits}}"
    if len(company) > company_digits or len(article) > article_digits:
        raise _problem("A number is larger than its place.")
    # The reference begins with the digit that stands in front of the whole.
    body = f"{article[0]}{company}{article[1:]}"
    return body + check_digit(body), bits[end + article_bits :]


def _read_serial(bits: str) -> str:
    """Letters of seven bits up to the first that is zero; nothing may stand behind it."""
    codes = [int(bits[at : at + _CHAR_BITS], 2) for at in range(0, _SERIAL_CHARS * _CHAR_BITS, _CHAR_BITS)]
    used = codes.index(0) if 0 in codes else len(codes)
    if not used or any(codes[used:]):
        raise _problem("The serial is empty, or goes on behind its end.")
    return "".join(map(chr, codes[:used]))


def _problem(said: str) -> Problem:
    return Problem(Reason.BAD_EPC, f"This compressed address cannot be read. {said}")
