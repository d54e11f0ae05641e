"""What the kinds of feeds share: a row that was understood, what it would do, and how its values are read."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Final, Generic, TypeVar
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global

from qrmerch.catalog.bulk import VariantKey
from qrmerch.gs1 import gtin14, gtin_problem
from qrmerch.imports.feed_columns import FeedColumns
from qrmerch.imports.problems import Problem
from qrmerch.parties.models import Retailer

Value = TypeVar("Value")
# Clocks of two machines differ by so much without anybody being wrong.
_CLOCKS_DIFFER: Final = timedelta(minutes=10)
_DAY_FIRST: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)", re.DOTALL)
_SLASHED: Final = re.compile(r"\d{1,2}/\d{1,2}/\d{2,4}.*", re.DOTALL)
_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class FeedReading:
    """How a file is read: when what it says held, when it came, and where stores are whose row does not say."""

    as_of: datetime
    arrived_at: datetime
    country: str = ""


@dataclass(slots=True)
class Line(Generic[Value]):
    """A row: what it says, or what is wrong with it. A repeat says once more what an earlier row said."""

    number: int
    value: Value | None = None
    problems: list[Problem] = field(default_factory=list)
    is_repeat: bool = False

    @property
    def is_error(self) -> bool:
        return any(each.is_error for each in self.problems)

    @property
    def is_good(self) -> bool:
        """Whether there is something to take in."""
        return self.value is not None and not self.is_repeat and not self.is_error

    def refuse(self, code: str, column: str, message: str, value: str = "") -> None:
        self.problems.append(Problem(code, column, message, value))

    def warn(self, code: str, column: str, message: str, value: str = "") -> None:
        self.problems.append(Problem(code, column, message, value, is_error=False))


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that would change."""

    title: str
    field: str
    now: str
    after: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What a good line would do: `created`, `updated`, `unchanged` or `older`."""

    outcome: str
    differences: tuple[Difference, ...] = ()
    # Nothing differs, and yet it is worth taking in: a figure that was counted again.
    is_confirmed: bool = False
    # Why it is left out, where it is older than what is kept.
    remark: str = ""


class VariantFinder:
    """A retailer's variants by what files call them."""

    def __init__(self, variants: list[VariantKey], columns: FeedColumns) -> None:
        self._columns = columns
        self._by: dict[str, dict[str, list[VariantKey]]] = {"sku": {}, "gtin": {}, "address": {}}
        for each in variants:
            if each.sku:
                self._by["sku"].setdefault(each.sku.casefold(), []).append(each)
            if each.gtin:
                self._by["gtin"].setdefault(each.gtin, []).append(each)
            self._by["address"].setdefault(f"{each.public_id}#{each.key}".casefold(), []).append(each)
            self._by["address"].setdefault(each.public_id, []).append(each)

    def find(self, said: dict[str, str], line: Line[Value]) -> VariantKey | None:
        """The one variant that a row names; what is wrong with the names goes to the line."""
        named: dict[str, str] = {name: said[name] for name in ("sku", "gtin", "address") if name in said}
        if not named:
            line.refuse("REQUIRED", self._columns.name_of("sku"), "The row names no item. Give its SKU or its GTIN.")
            return None
        left: list[VariantKey] | None = None
        for name, text in named.items():
            key = self._key_of(name, text, line)
            found = self._by[name].get(key, []) if key else []
            if not found:
                if key:
                    line.refuse("UNKNOWN_ITEM", self._columns.name_of(name), _unknown(name, text), text)
                return None
            both = found if left is None else [each for each in found if each in left]
            if not both:
                message = f"{' and '.join(named.values())} are two different items."
                line.refuse("KEYS_DIFFER", self._columns.name_of(name), message, text)
                return None
            left = both
        if left and len(left) > 1:
            self._refuse_shared(named, left, line)
            return None
        return left[0] if left else None

    def _key_of(self, name: str, text: str, line: Line[Value]) -> str:
        if name == "sku":
            return text.casefold()
        if name == "address":
            return text.rpartition("/i/")[2].partition("?")[0].casefold() if "#" not in text else _anchored(text)
        digits = re.sub(r"[\s-]", "", text)
        # A spreadsheet takes the zeros off a number's front.
        padded = digits.rjust(8, "0") if digits.isdigit() and len(digits) < 8 else digits
        padded = padded.rjust(12, "0") if 8 < len(padded) < 12 else padded
        problem = gtin_problem(padded)
        if problem:
            line.refuse("GTIN_CHECK", self._columns.name_of("gtin"), problem, text)
            return ""
        return gtin14(padded)

    def _refuse_shared(self, named: dict[str, str], found: list[VariantKey], line: Line[Value]) -> None:
        names = "; ".join(each.name for each in found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        name, text = next(iter(named.items()))
        message = (
            f"{text} is {len(found)} variants: {names}{more}. Name one by its address from the export of items,"
            " such as /i/abc#m."
        )
        line.refuse("KEY_SHARED", self._columns.name_of(name), message, text)


def read_as_of(
    text: str, line: Line[Value], columns: FeedColumns, reading: FeedReading, retailer: Retailer
) -> datetime:
    """The instant a row speaks of; the file's where it names none. What is wrong goes to the line."""
    if not text:
        return reading.as_of
    column = columns.name_of("as_of")
    at = parse_instant(text, retailer.time_zone)
    if at is None:
        is_slashed = _SLASHED.fullmatch(text) is not None
        why = "can be read in two ways" if is_slashed else "is no date and time"
        line.refuse("DATE", column, f"{text[:40]} {why}. Write it like 2026-11-29 06:00.", text)
        return reading.as_of
    if at > reading.arrived_at + _CLOCKS_DIFFER:
        line.refuse("DATE_AHEAD", column, f"{text[:40]} has not come yet. Say when it was counted or set.", text)
    return min(at, reading.arrived_at)


def parse_instant(text: str, zone: str) -> datetime | None:
    """`2026-11-29 06:00`, with or without a zone, or `29.11.2026 06:00`; None for anything else.

    :param zone: of a text that names none.
    """
    german = _DAY_FIRST.fullmatch(text.strip())
    plain = f"{german[3]}-{german[2]:0>2}-{german[1]:0>2}{german[4]}" if german else text.strip()
    try:
        at = datetime.fromisoformat(plain)
    except ValueError:
        return None
    try:
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(ZoneInfo("UTC"))
    except (OverflowError, ValueError):
        return None


@cache
def country_code(text: str) -> str:
    """The two letters of a country that is written as two, three or in words; as it was where it is none."""
    plain = text.strip()
    aliases = get_global("territory_aliases")
    if len(plain) == 3 and plain.upper() in aliases:
        return str(aliases[plain.upper()][0])
    names = {str(name).casefold(): code for code, name in Locale("en").territories.items() if len(code) == 2}
    return str(names.get(plain.casefold(), plain.upper() if len(plain) == 2 else plain))


def _anchored(text: str) -> str:
    address, _, key = text.rpartition("#")
    return f"{address.rpartition('/')[2].partition('?')[0]}#{key}".casefold()


def _unknown(name: str, text: str) -> str:
    word = {"sku": "SKU", "gtin": "GTIN"}.get(name)
    return f"You have no item with the {word} {text[:60]}." if word else f"There is no item at {text[:80]}."
