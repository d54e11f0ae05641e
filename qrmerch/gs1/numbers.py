"""GS1 numbers: trade items (GTIN), locations (GLN) and logistic units (SSCC), by the General Specifications' check
digit."""

import re
from typing import Final

_LENGTHS: Final = (8, 12, 13, 14)
_DIGITS: Final = re.compile("[0-9]+")
# In a GTIN of 14 digits: those of a company or a store for its own use (02, 04, 20 to 29 as a GTIN-13 begins; 2 and 0
# as a GTIN-8 does). They mean something else in the next shop.
_RESTRICTED_13: Final = re.compile("0(02|04|2[0-9])[0-9]{11}")
_RESTRICTED_8: Final = re.compile("000000[02][0-9]{7}")


def check_digit(digits: str) -> str:
    """The check digit that follows `digits` (weights 3 and 1 from the right; GS1 General Specifications 7.9)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def has_check_digit(text: str) -> bool:
    """Whether a text of two or more ASCII digits ends with the check digit of the others."""
    return len(text) > 1 and _DIGITS.fullmatch(text) is not None and text[-1] == check_digit(text[:-1])


def gtin_problem(text: str) -> str | None:
    """What is wrong with a GTIN, in a sentence that says what would be right; None when nothing is."""
    if "E+" in text.upper() and text.upper().replace("E+", "").replace(".", "").isdigit():
        return f"{text} is how a spreadsheet shortens a long number. Format the column as text and enter it again."
    if not (text.isascii() and text.isdigit()):
        return f"{text} holds something other than digits."
    if len(text) not in _LENGTHS:
        return f"{text} has {len(text)} digits; a GTIN has 8, 12, 13 or 14."
    expected = check_digit(text[:-1])
    if text[-1] != expected:
        return f"The check digit of {text} should be {expected}."
    return None


def is_gtin(text: str) -> bool:
    """Whether `text` is a GTIN of 8, 12, 13 or 14 digits with the right check digit."""
    return gtin_problem(text) is None


def gtin14(text: str) -> str:
    """A valid GTIN in its 14-digit form."""
    return text.rjust(14, "0")


def gtin_format(text: str) -> str:
    """What a valid GTIN is without the zeros in front: `GTIN-8`, `GTIN-12`, `GTIN-13` or `GTIN-14`."""
    digits = len(gtin14(text).lstrip("0"))
    return f"GTIN-{next(each for each in _LENGTHS if digits <= each)}"


def is_restricted(text: str) -> bool:
    """Whether a valid GTIN is for use inside one shop or company, so that no address outside may be made of it."""
    number = gtin14(text)
    return bool(_RESTRICTED_13.fullmatch(number) or _RESTRICTED_8.fullmatch(number))


def is_gln(text: str) -> bool:
    """Whether `text` is a location number of 13 digits with the right check digit."""
    return len(text) == 13 and has_check_digit(text)


def is_sscc(text: str) -> bool:
    """Whether `text` is the number of a logistic unit, 18 digits with the right check digit."""
    return len(text) == 18 and has_check_digit(text)
