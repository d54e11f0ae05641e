"""Application identifiers: which there are, what their values may be, and which stand for a thing by themselves.

In: an identifier and a value. Out: None, or why the value cannot be one, as a reason and a sentence.

The table follows the General Specifications 26, section 3. A line is: identifiers, the parts of the value, and after a
bar what is looked at besides. A part is a character set with a length: `N6` six digits, `X..20` up to 20 of the 82
characters, `Y` the 39 of component numbers, `Z` the 64 of base64; in brackets it may be missing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple

from qrmerch.gs1.numbers import check_digit, has_check_digit

_CSET82: Final = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_CSET32: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_SETS: Final = {
    "N": "[0-9]",
    "X": "[" + re.escape(_CSET82) + "]",
    "Y": r"[#\-/0-9A-Z]",
    "Z": r"[A-Za-z0-9_\-=]",
}
_PRIMES: Final = (83, 79, 73, 71, 67, 61, 59, 53, 47, 43, 41, 37, 31, 29, 23, 19, 17, 13, 11, 7, 5, 3, 2)
# Identifiers that begin so have values of a fixed length that every reader knows: no separator follows them.
_KNOWN_LENGTHS: Final = frozenset(
    ("00", "01", "02", "03", "04", *(f"{each}" for each in range(11, 21)), "31", "32", "33", "34", "35", "36", "41")
)

_TABLE: Final = """
00          N18             | csum
01 02 03    N14             | csum
10 21 22    X..20
11-13 15-17 N6              | date0
20          N2
235         X..28
240 241     X..30
242         N..6
243         X..20
250 251     X..30
253         N13 [X..17]     | csum13
254         X..20
255         N13 [N..12]     | csum13
30 37       N..8
3100-3105 3110-3115 3120-3125 3130-3135 3140-3145 3150-3155 3160-3165 N6
3200-3205 3210-3215 3220-3225 3230-3235 3240-3245 3250-3255 3260-3265 3270-3275 3280-3285 3290-3295 N6
3300-3305 3310-3315 3320-3325 3330-3335 3340-3345 3350-3355 3360-3365 3370-3375 N6
3400-3405 3410-3415 3420-3425 3430-3435 3440-3445 3450-3455 3460-3465 3470-3475 3480-3485 3490-3495 N6
3500-3505 3510-3515 3520-3525 3530-3535 3540-3545 3550-3555 3560-3565 3570-3575 N6
3600-3605 3610-3615 3620-3625 3630-3635 3640-3645 3650-3655 3660-3665 3670-3675 3680-3685 3690-3695 N6
3900-3909 3920-3929 N..15
3910-3919 3930-3939 N3 N..15
3940-3943   N4
3950-3955   N6
400 403     X..30
401         X..30           | prefix
402         N17             | csum
410-417     N13             | csum
420         X..20
421         N3 X..9
422 424 426 N3
423 425     N3 [N..12]      | countries
427         X..3
4300 4301 4310 4311 4320 X..35
4302-4306 4312-4316 X..70
4307 4317   X2              | country2
4308 4319   X..30
4309        N20
4318        X..20
4321-4323   N1              | yes_no
4324 4325   N10             | date0_time
4326        N6              | date
4330-4333   N6 [X1]         | minus
7001        N13
7002        X..30
7003        N10             | date_time
7004        N..4
7005        X..12
7006        N6              | date
7007        N6 [N6]         | dates
7008        X..3
7009        X..10
7010        X..2
7011        N6 [N4]         | date_time_perhaps
7020-7022   X..20
7023        X..30           | prefix
7030-7039   N3 X..27
7040        N1 X3
7041        X..4
710-717     X..20
7230-7239   X2 X..28
7240        X..20
7241        N2
7242        X..25
7250        N8              | date8
7251        N12
7252        N1
7253 7254   X..40
7255        X..10
7256        X..90
7257        X..70
7258        X3
7259        X..40
8001        N14
8002        X..20
8003        N14 [X..16]     | csum14_0
8004        X..30           | prefix
8005        N6
8006 8026   N18             | piece
8007        X..34           | iban
8008        N8 [N..4]       | date_time8
8009        X..50
8010        Y..30           | prefix
8011        N..12           | no_zero_first
8012        X..20
8013        X..25           | model
8014        X..25
8017 8018   N18             | csum
8019        N..10
8020        X..25
8030        Z..90
8110 8112   X..70
8111        N4
8200        X..70
90          X..30
91-99       X..90
"""

# What stands for a thing by itself, the one that is meant first where several could be, and what may follow it in the
# address: alternatives, each in its order.
KEYS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "01": (("22", "10", "21"), ("235",)),
    "8006": (("22", "10", "21"),),
    "8013": (),
    "8010": (("8011",),),
    "414": (("254",), ("7040",)),
    "415": (("8020",),),
    "417": (("7040",),),
    "8017": (("8019",),),
    "8018": (("8019",),),
    "255": (),
    "00": (),
    "253": (),
    "401": (),
    "402": (),
    "8003": (),
    "8004": (("7040",),),
}
# The words that stood for identifiers until release 1.3 of the syntax.
# fmt: off
ALPHAS: Final = frozenset((
    "gtin", "itip", "gmn", "cpid", "gln", "payto", "glnx", "gsrnp", "gsrn", "gcn", "sscc", "gdti", "ginc", "gsin",
    "grai", "giai", "cpv", "lot", "ser", "cpsn", "srin", "refno", "partygln", "upui",
))
# fmt: on
# What means nothing without one of those behind it, and what cannot stand beside it.
_NEEDS: Final[Mapping[str, frozenset[str]]] = {
    "02": frozenset(("37",)),
    "10": frozenset(("01", "02", "03", "8006", "8026")),
    "21": frozenset(("01", "03", "8006")),
    "22": frozenset(("01", "8006")),
    "235": frozenset(("01",)),
    "254": frozenset(("414",)),
    "37": frozenset(("02", "8026")),
    "415": frozenset(("8020",)),
    "8011": frozenset(("8010",)),
    "8019": frozenset(("8017", "8018")),
    "8020": frozenset(("415",)),
}
_EXCLUDES: Final[Mapping[str, frozenset[str]]] = {
    "01": frozenset(("02", "37", "255")),
    "21": frozenset(("235",)),
    "8006": frozenset(("01", "37")),
}


class Reason(StrEnum):
    """Why something is no Digital Link, no element string or no value."""

    BAD_SCHEME = "bad_scheme"
    BAD_HOST = "bad_host"
    NO_PRIMARY_KEY = "no_primary_key"
    ALPHA_KEY = "alpha_key"
    ODD_PATH = "odd_path"
    EMPTY_VALUE = "empty_value"
    BAD_ENCODING = "bad_encoding"
    BAD_CHARSET = "bad_charset"
    BAD_LENGTH = "bad_length"
    VALUE_TOO_LONG = "value_too_long"
    NOT_14_DIGITS = "gtin_not_14_digits"
    BAD_CHECK_DIGIT = "bad_check_digit"
    BAD_DATE = "bad_date"
    BAD_VALUE = "bad_value"
    UNKNOWN_AI = "unknown_ai"
    DUPLICATE_AI = "duplicate_ai"
    ATTRIBUTE_IN_PATH = "attribute_in_path"
    QUALIFIER_IN_QUERY = "qualifier_in_query"
    QUALIFIER_NOT_FOR_KEY = "qualifier_not_for_key"
    BAD_ORDER = "bad_qualifier_order"
    MISSING_AI = "missing_ai"
    EXCLUDED_AI = "excluded_ai"
    RESTRICTED = "restricted_circulation"
    BAD_EPC = "bad_epc"


class Problem(ValueError):
    """Why something is not valid: a reason for programs, a sentence for people."""

    def __init__(self, reason: Reason, said: str) -> None:
        super().__init__(said)
        self.reason, self.said = reason, said


class _Part(NamedTuple):
    kind: str
    least: int
    most: int
    is_optional: bool


@dataclass(frozen=True, slots=True)
class Identifier:
    """One application identifier."""

    ai: str
    parts: tuple[_Part, ...]
    checks: tuple[str, ...]
    form: re.Pattern[str]
    characters: re.Pattern[str]

    @property
    def is_fixed(self) -> bool:
        """Whether every reader knows the length of its value, so that no separator follows."""
        return self.ai[:2] in _KNOWN_LENGTHS

    @property
    def most_chars(self) -> int:
        return sum(part.most for part in self.parts)


@cache
def identifiers() -> Mapping[str, Identifier]:
    """All of them by their digits."""
    found = {}
    for line in _TABLE.strip().splitlines():
        head, _, checks = line.partition("|")
        words = head.split()
        numbers = [word for word in words if word[0].isdigit()]
        parts = tuple(_read_part(word) for word in words if not word[0].isdigit())
        for ai in (each for number in numbers for each in _range(number)):
            found[ai] = _identifier(ai, parts, tuple(checks.split()))
    return found


def find_identifier(ai: str) -> Identifier | None:
    """An identifier by its digits, or None where there is no such one."""
    return identifiers().get(ai)


def check_value(ai: str, value: str) -> None:
    """Let a value through that its identifier can have.

    :raises Problem: the identifier is unknown, or the value is not one of its.
    """
    known = find_identifier(ai)
    if known is None:
        raise Problem(Reason.UNKNOWN_AI, f"There is no application identifier {ai[:8]}.")
    if not value:
        raise Problem(Reason.EMPTY_VALUE, f"Nothing is said for ({ai}).")
    if not known.characters.fullmatch(value):
        raise Problem(Reason.BAD_CHARSET, f"The value of ({ai}) holds a character that it cannot have.")
    if len(value) > known.most_chars:
        if ai == "01":
            raise Problem(
                Reason.NOT_14_DIGITS, f"{value[:20]} has {len(value)} digits; a GTIN is written with 14 here."
            )
        raise Problem(
            Reason.VALUE_TOO_LONG, f"The value of ({ai}) has {len(value)} characters; {known.most_chars} is the most."
        )
    if not known.form.fullmatch(value):
        if ai == "01" and len(value) != 14:
            raise Problem(Reason.NOT_14_DIGITS, f"{value} has {len(value)} digits; a GTIN is written with 14 here.")
        raise Problem(Reason.BAD_LENGTH, f"The value of ({ai}) is not of a length or kind that it can have.")
    for check in known.checks:
        _CHECKS[check](ai, value)


def check_company(elements: Mapping[str, str]) -> None:
    """Let identifiers through that can stand together.

    :raises Problem: one needs another that is missing, or excludes one that is there.
    """
    for ai in elements:
        needed = _NEEDS.get(ai)
        if needed is not None and not needed & elements.keys():
            raise Problem(Reason.MISSING_AI, f"({ai}) needs {_listed(needed)} beside it.")
        other = next(iter(sorted(_EXCLUDES.get(ai, frozenset()) & elements.keys())), None)
        if other is not None:
            raise Problem(Reason.EXCLUDED_AI, f"({ai}) and ({other}) cannot stand together.")


def _listed(ais: frozenset[str]) -> str:
    return " or ".join(f"({ai})" for ai in sorted(ais))


def _range(number: str) -> list[str]:
    first, _, last = number.partition("-")
    return [f"{each:0{len(first)}d}" for each in range(int(first), int(last or first) + 1)]


def _read_part(word: str) -> _Part:
    is_optional, word = word.startswith("["), word.strip("[]")
    kind, length = word[0], word[1:]
    if length.startswith(".."):
        return _Part(kind, 1, int(length[2:]), is_optional)
    return _Part(kind, int(length), int(length), is_optional)


def _identifier(ai: str, parts: tuple[_Part, ...], checks: tuple[str, ...]) -> Identifier:
    form = "".join(
        f"(?:{_SETS[part.kind]}{{{part.least},{part.most}}}){'?' if part.is_optional else ''}" for part in parts
    )
    sets = "|".join(dict.fromkeys(_SETS[part.kind] for part in parts))
    return Identifier(ai, parts, checks, re.compile(form), re.compile(f"(?:{sets})+"))


# --- what is looked at besides the characters ------------------------------------------------------


def _sum_of(ai: str, digits: str) -> None:
    if not has_check_digit(digits):
        right = check_digit(digits[:-1])
        raise Problem(Reason.BAD_CHECK_DIGIT, f"The check digit of {digits} in ({ai}) should be {right}.")


def _grai(ai: str, value: str) -> None:
    if value[0] != "0":
        raise Problem(Reason.BAD_VALUE, f"The value of ({ai}) begins with 0.")
    _sum_of(ai, value[:14])


def _piece(ai: str, value: str) -> None:
    _sum_of(ai, value[:14])
    piece, total = int(value[14:16]), int(value[16:18])
    if not 0 < piece <= total:
        raise Problem(Reason.BAD_VALUE, f"({ai}) says piece {piece} of {total}.")


def _company_prefix(ai: str, value: str) -> None:
    if not re.match("[0-9]{4}", value):
        raise Problem(Reason.BAD_VALUE, f"The value of ({ai}) begins with the digits of a company’s prefix.")


def _model(ai: str, value: str) -> None:
    """The two check characters of a global model number (General Specifications 7.9.5)."""
    _company_prefix(ai, value)
    body = value[:-2]
    if len(value) < 6:
        raise Problem(Reason.BAD_LENGTH, f"The value of ({ai}) is too short.")
    weights = _PRIMES[-len(body) :]
    total = sum(_CSET82.index(each) * weight for each, weight in zip(body, weights, strict=True)) % 1021
    right = _CSET32[total >> 5] + _CSET32[total & 31]
    if value[-2:] != right:
        raise Problem(Reason.BAD_CHECK_DIGIT, f"The last two characters of {value} in ({ai}) should be {right}.")


def _iban(ai: str, value: str) -> None:
    if re.fullmatch("[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}", value):
        turned = value[4:] + value[:4]
        if int("".join(str(int(each, 36)) for each in turned)) % 97 == 1:
            return
    raise Problem(Reason.BAD_VALUE, f"({ai}) holds no account number that adds up.")


def _day(ai: str, digits: str, *, is_open: bool = False) -> None:
    """A day as yymmdd or yyyymmdd; `is_open`: day 00 stands for the whole month."""
    year, month, day = digits[:-4], int(digits[-4:-2]), int(digits[-2:])
    number = int(year) + (2000 if len(year) == 2 else 0)
    is_leap = number % 4 == 0 and (number % 100 != 0 or number % 400 == 0)
    days = (31, 29 if is_leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if not 1 <= month <= 12 or not (0 if is_open else 1) <= day <= days[month - 1]:
        raise Problem(Reason.BAD_DATE, f"{digits} in ({ai}) is no day.")


def _time(ai: str, digits: str) -> None:
    limits = (23, 59, 59)
    parts = [int(digits[at : at + 2]) for at in range(0, len(digits), 2)]
    if len(digits) % 2 or any(part > limit for part, limit in zip(parts, limits, strict=False)):
        raise Problem(Reason.BAD_DATE, f"{digits} in ({ai}) is no time of the day.")


def _date_time(ai: str, value: str) -> None:
    _day(ai, value[:6])
    _time(ai, value[6:])


def _days(ai: str, value: str) -> None:
    _day(ai, value[:6])
    if value[6:]:
        _day(ai, value[6:])


def _open_day_time(ai: str, value: str) -> None:
    _day(ai, value[:6], is_open=True)
    # 9999 says that no time was agreed.
    if value[6:] != "9999":
        _time(ai, value[6:])


def _countries(ai: str, value: str) -> None:
    if len(value) % 3:
        raise Problem(Reason.BAD_LENGTH, f"({ai}) holds countries of three digits each.")


def _matches(pattern: str) -> Callable[[str, str], None]:
    form = re.compile(pattern)

    def check(ai: str, value: str) -> None:
        if not form.fullmatch(value):
            raise Problem(Reason.BAD_VALUE, f"The value of ({ai}) is none that it can have.")

    return check


_CHECKS: Final[Mapping[str, Callable[[str, str], None]]] = {
    "csum": _sum_of,
    "csum13": lambda ai, value: _sum_of(ai, value[:13]),
    "csum14_0": _grai,
    "piece": _piece,
    "prefix": _company_prefix,
    "model": _model,
    "iban": _iban,
    "date": _day,
    "date0": lambda ai, value: _day(ai, value, is_open=True),
    "date8": _day,
    "dates": _days,
    "date_time": _date_time,
    "date_time_perhaps": _date_time,
    "date_time8": _date_time,
    "date0_time": _open_day_time,
    "countries": _countries,
    "country2": _matches("[A-Z]{2}"),
    "yes_no": _matches("[01]"),
    "minus": _matches("[0-9]{6}-?"),
    "no_zero_first": _matches("[1-9][0-9]*|0"),
}
