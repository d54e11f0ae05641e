"""GS1 numbers: trade items (GTIN) and locations (GLN), by the General Specifications' check digit."""

_LENGTHS = (8, 12, 13, 14)


def check_digit(digits: str) -> str:
    """The check digit that follows `digits` (weights 3 and 1 from the right; GS1 General Specifications 7.9)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


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
