"""Money in whole minor units, with its currency."""

import re
from dataclasses import dataclass
from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency, get_currency_precision, get_currency_symbol

# 10 million of any major unit: beyond it a price is a slip of the keyboard.
MAX_MINOR = 10**12
# Plain digits of any script: no exponent, which could stand for more digits than any machine holds.
_AMOUNT = re.compile(r"[+-]?(\d[\d,]{0,23}(\.\d{0,12})?|\.\d{1,12})")
_SHOWN_CHARS = 40
_LETTER_BEFORE_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, fils) of an ISO 4217 currency."""

    minor: int
    currency: str

    def text(self, locale: str = "en") -> str:
        return format_money(self.minor, self.currency, locale)


def format_money(minor: int, currency: str, locale: str = "en", *, is_round: bool = False) -> str:
    """The amount as people of `locale` write it; whole amounts keep their decimals.

    :param is_round: whole amounts do without: "$4,800".
    """
    amount = Decimal(minor).scaleb(-get_currency_precision(currency))
    spoken = _locale_for(currency, locale)
    pattern = str(spoken.currency_formats["standard"].pattern)
    if is_round and amount == amount.to_integral_value():
        pattern = pattern.replace(".00", "")
    text = str(format_currency(amount, currency, pattern, locale=spoken, currency_digits=".00" in pattern))
    return _LETTER_BEFORE_DIGIT.sub("\u00a0", text)


def _locale_for(currency: str, locale: str) -> Locale:
    """The locale, but English where a right-to-left one has no sign of its own for the currency.

    "55.00 US$" falls apart among letters that run the other way; "$55.00" stays whole.
    """
    spoken = Locale.parse(locale, sep="-")
    has_own_sign = any("\u0590" <= character <= "\u08ff" for character in get_currency_symbol(currency, spoken))
    return spoken if spoken.text_direction == "ltr" or has_own_sign else Locale("en")


def plain_amount(minor: int, currency: str) -> str:
    """The amount as machines read it: `28.00`."""
    return str(Decimal(minor).scaleb(-get_currency_precision(currency)))


def parse_money(text: str, currency: str) -> int:
    """Minor units from a plain decimal with a point or a comma before the decimals.

    :raises ValueError: not an amount, negative, too large, or more decimals than the currency has.
    """
    plain = text.strip().replace("\u00a0", "").replace(" ", "")
    if plain.count(",") == 1 and "." not in plain and len(plain) - plain.index(",") <= 3:
        plain = plain.replace(",", ".")
    if not _AMOUNT.fullmatch(plain):
        raise ValueError(f"{text[:_SHOWN_CHARS]!r} is not an amount. Write it like 1234.50.")
    amount = Decimal(plain.replace(",", ""))
    if amount < 0:
        raise ValueError(f"{text!r} is not an amount that can be asked for.")
    minor = amount.scaleb(get_currency_precision(currency))
    if minor != minor.to_integral_value():
        raise ValueError(f"{text!r} has more decimals than {currency} has.")
    if minor > MAX_MINOR:
        raise ValueError(f"{text!r} is too large for a price.")
    return int(minor)
