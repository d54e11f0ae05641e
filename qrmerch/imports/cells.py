"""One row of a sheet, asked field by field; what is wrong with a cell is noted, not raised."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import Final, TypeVar, cast

from babel.numbers import get_currency_symbol, list_currencies

from qrmerch import gs1
from qrmerch.imports.columns import SKU_GTIN, Columns
from qrmerch.imports.markup import to_text
from qrmerch.imports.problems import Problem
from qrmerch.imports.reader import Row, clean_cell
from qrmerch.money import parse_money
from qrmerch.text import clean_block, clean_line, to_characters

Value = TypeVar("Value")
Limit = TypeVar("Limit", int, str)
Options = tuple[tuple[str, str], ...]
CURRENCIES: Final = frozenset(list_currencies())
KEY_MAX_CHARS: Final = 120
OPTION_MAX_CHARS: Final = 60
_BLOCK_MAX_CHARS: Final = 8000
# With its mark-up; ten times what a text may hold.
_SOURCE_MAX_CHARS: Final = 80_000
_CODE_MAX_CHARS: Final = 60
# Choices in one cell; no item has so many.
_MAX_PARTS: Final = 20
# Looked at by a pattern that would take its time with a long one.
_AMOUNT_MAX_CHARS: Final = 40
_AMOUNT: Final = re.compile(r"(?:([A-Z]{3})\s*)?(-?[\d.,\s\u00a0\u202f'’]+?)\s*([A-Z]{3})?")
_SYMBOL: Final = re.compile(r"\s*([^\w\s.,'’+-]{1,2}|kr|zł|Kč|R\$)\s*")
# The signs that several currencies share.
_SHARED_SYMBOLS: Final = {
    "$": ("USD", "CAD", "AUD", "NZD", "MXN", "SGD", "HKD", "ARS", "CLP", "COP"),
    "¥": ("JPY", "CNY"),
    "£": ("GBP", "EGP"),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
}
# "1.299,00": the last mark parts the decimals.
_COMMA_DECIMALS: Final = re.compile(r"-?\d{1,3}(?:\.\d{3})+,\d+")
# A number that went through a spreadsheet's column of decimals.
_POINT_ZERO: Final = re.compile(r"\d+\.0")


class Refused(Exception):
    """A cell cannot be taken."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Cells:
    """One row, understood by its columns."""

    columns: Columns
    row: Row
    default_currency: str
    problems: list[Problem] = field(default_factory=list)
    # Options that another row says of this one.
    told_options: Options = ()

    @property
    def is_good(self) -> bool:
        return not any(each.is_error for each in self.problems)

    def text(self, name: str) -> str:
        """The cell of a field as it was meant; empty where there is no such column or cell."""
        place = self.columns.places.get(name)
        if place is None or place >= len(self.row.cells):
            return ""
        return clean_cell(self.row.cells[place])

    def texts(self, prefix: str) -> Iterator[tuple[str, str, str]]:
        """Field, vendor's column and cell of every filled column whose field begins with `prefix`."""
        for place in self.columns.places_of(prefix):
            if place < len(self.row.cells) and (text := clean_cell(self.row.cells[place])):
                yield self.columns.fields[place], self.columns.names[place], text

    def parts(self, name: str) -> list[str]:
        """The short lines of a cell that holds several with bars between."""
        found = self._read(
            name, lambda text: [read_line(part, OPTION_MAX_CHARS) for part in text.split("|", _MAX_PARTS)[:_MAX_PARTS]]
        )
        return [each for each in found or [] if each]

    def line(self, name: str, max_chars: int) -> str | None:
        """One clean line, or None where the cell is empty or cannot be taken."""
        return self._read(name, lambda text: read_line(text, max_chars)) or None

    def block(self, name: str) -> str | None:
        """Some paragraphs, or None where the cell is empty or cannot be taken."""
        return self._read(name, lambda text: _read_block(text, _BLOCK_MAX_CHARS)) or None

    def sku(self) -> str | None:
        """The vendor's own number of the article."""
        return self.line("sku" if self.columns.has("sku") else SKU_GTIN, KEY_MAX_CHARS)

    def currency(self) -> str:
        """The three letters that this row's prices are in."""
        named = self.text("currency").upper()
        if not named:
            named = _currency_in(self.text("price"))
        if named and named not in CURRENCIES:
            self.note("MONEY_CURRENCY", "currency", f"{named} is not a currency's three letters, such as EUR.")
            return self.default_currency
        return named or self.default_currency

    def money(self, name: str, currency: str) -> int | None:
        """An amount in minor units; 0 is no price."""
        return self._read(name, lambda text: _parse_amount(text, currency)) or None

    def gtin(self) -> tuple[str | None, str | None]:
        """The GTIN in 14 digits, and what to keep instead where it is none."""
        name = "gtin" if self.columns.has("gtin") else SKU_GTIN
        text = self.text(name).replace(" ", "").replace("-", "")
        if _POINT_ZERO.fullmatch(text):
            text = text[:-2]
        problem = gs1.gtin_problem(text) if text else None
        if problem is None:
            return (gs1.gtin14(text), None) if text else (None, None)
        if "E+" in text.upper():
            self.note("GTIN_SCIENTIFIC", name, f"{problem} Until then it is left out.", is_error=False)
            return None, None
        code = "GTIN_CHECK" if text.isascii() and text.isdigit() else "GTIN_LENGTH"
        if text.isascii() and text.isdigit() and len(text) not in (8, 12, 13, 14):
            code = "GTIN_LENGTH"
            if gs1.is_gtin("0" + text):
                code, problem = "GTIN_LEADING_ZERO", f"{text} lost the zero it began with. 0{text} would be right."
        self.note(code, name, f"{problem} It is kept as your own code, not as a GTIN.", is_error=False)
        return None, self._read(name, lambda cell: _limited(clean_line, cell, _CODE_MAX_CHARS))

    def note(self, code: str, name: str, message: str, *, is_error: bool = True) -> None:
        """Say what is wrong with a field's cell."""
        self.problems.append(Problem(code, self.columns.name_of(name), message, self.text(name), is_error))

    def _read(self, name: str, parse: Callable[[str], Value]) -> Value | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return parse(text)
        except Refused as refused:
            self.note(refused.code, name, str(refused))
            return None


def _remembered(maxsize: int) -> Callable[[Callable[[str, Limit], Value]], Callable[[str, Limit], Value]]:
    """As `lru_cache`, which forgets what is refused: a text that is too long may stand in thousands of rows too."""

    def decorate(read: Callable[[str, Limit], Value]) -> Callable[[str, Limit], Value]:
        @lru_cache(maxsize=maxsize)
        def ask(text: str, limit: Limit) -> tuple[Value | None, str, str]:
            try:
                return read(text, limit), "", ""
            except Refused as refused:
                return None, refused.code, str(refused)

        @wraps(read)
        def answer(text: str, limit: Limit) -> Value:
            found, code, message = ask(text, limit)
            if code:
                raise Refused(code, message)
            return cast(Value, found)

        return answer

    return decorate


def cut_line(text: str, max_chars: int) -> str:
    """The beginning of a cell as one clean line."""
    return clean_line(text[: max_chars * 10], max_chars * 40)[:max_chars]


# Rows of one item repeat its words; those of a catalogue its brands, categories and sizes.
@_remembered(maxsize=512)
def read_line(text: str, max_chars: int) -> str:
    """One clean line of a cell.

    :raises Refused: too long.
    """
    _refuse_endless(text, max_chars)
    return _limited(clean_line, to_characters(text) if "&" in text else text, max_chars)


@_remembered(maxsize=64)
def read_words(source: str, max_chars: int) -> str:
    """The clean words of a cell that may hold HTML, in one line.

    :raises Refused: too long.
    """
    return _limited(clean_line, _words_of(source, max_chars), max_chars)


@_remembered(maxsize=64)
def _read_block(source: str, max_chars: int) -> str:
    return _limited(clean_block, _words_of(source, max_chars), max_chars)


def _words_of(source: str, max_chars: int) -> str:
    """The words of a cell that may hold HTML; one far too long is not even read."""
    _refuse_endless(source, max_chars)
    return to_text(source)


def _refuse_endless(source: str, max_chars: int) -> None:
    if len(source) > _SOURCE_MAX_CHARS:
        raise Refused("TOO_LONG", f"At most {max_chars} characters; this has {len(source)}.")


def _limited(clean: Callable[[str, int], str], text: str, max_chars: int) -> str:
    try:
        return clean(text, max_chars)
    except ValueError as error:
        raise Refused("TOO_LONG", str(error)) from None


def _find_amount(text: str) -> re.Match[str] | None:
    return _AMOUNT.fullmatch(text) if len(text) <= _AMOUNT_MAX_CHARS else None


def _currency_in(text: str) -> str:
    found = _find_amount(text)
    return (found[1] or found[3] or "") if found else ""


@_remembered(maxsize=512)
def _parse_amount(text: str, currency: str) -> int:
    found = _find_amount(_without_symbol(text, currency))
    if found is None:
        raise Refused(
            "MONEY", "This is not an amount we can read. Write 28.00, and set the currency once for the file."
        )
    named = found[1] or found[3]
    if named and named != currency:
        raise Refused("MONEY_CURRENCY", f"This is in {named}, the rest of the row in {currency}. Use one of them.")
    plain = re.sub(r"[\s'’]", "", found[2])
    if _COMMA_DECIMALS.fullmatch(plain):
        plain = plain.replace(".", "").replace(",", ".")
    try:
        return parse_money(plain, currency)
    except ValueError as error:
        raise Refused("MONEY", str(error)) from None


def _without_symbol(text: str, currency: str) -> str:
    """An amount without the sign of its currency.

    :raises Refused: the sign is another currency's.
    """
    found = _SYMBOL.search(text) if len(text) <= _AMOUNT_MAX_CHARS and not text.isalnum() else None
    if found is None:
        return text
    symbol = found[1]
    if symbol == get_currency_symbol(currency, "en") or currency in _SHARED_SYMBOLS.get(symbol, ()):
        return text[: found.start()] + text[found.end() :]
    if symbol in _SHARED_SYMBOLS or not symbol.isascii():
        raise Refused(
            "MONEY_CURRENCY", f"This is in {symbol}, and the file in {currency}. Set the currency of the file below."
        )
    return text
