"""What an item's forms say, as values; a field that cannot be taken is named with its sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from qrmerch.catalog.models import Variant
from qrmerch.errors import FormError
from qrmerch.money import parse_money, plain_amount

_MAX_PIECES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class VariantChange:
    """What becomes of a variant: another price (None: as before), shown or not."""

    variant: Variant
    price_minor: int | None
    is_hidden: bool


def typed_price(variant: Variant) -> str:
    """A variant's price as it stands in its field."""
    return plain_amount(variant.price_minor, variant.currency) if variant.price_minor is not None else ""


def read_prices(
    fields: Mapping[str, str], variants: Sequence[Variant], *, hidden_ids: Sequence[str]
) -> list[VariantChange]:
    """The variants that differ after this form.

    :raises FormError: a price is no amount of its currency or was emptied, or nothing would be left to show.
    """
    problems: dict[str, str] = {}
    changes = []
    for variant in variants:
        price = _read_price(fields, variant, problems)
        is_hidden = variant.id in hidden_ids
        if price is not None or is_hidden != variant.is_hidden or variant.is_proposed:
            changes.append(VariantChange(variant, price, is_hidden))
    if variants and all(variant.id in hidden_ids for variant in variants):
        problems["hidden"] = "Nothing would be left to show. Retire the item instead, or show one variant."
    if problems:
        raise FormError(problems)
    return changes


def _read_price(fields: Mapping[str, str], variant: Variant, problems: dict[str, str]) -> int | None:
    name = f"price-{variant.id}"
    text = fields.get(name, "").strip()
    if name not in fields or text == typed_price(variant):
        return None
    if not text:
        problems[name] = "A price is not taken away again. Hide the variant, or write what it costs."
        return None
    try:
        price_minor = parse_money(text, variant.currency)
    except ValueError as error:
        problems[name] = str(error)
        return None
    return None if price_minor == variant.price_minor else price_minor


def read_pieces(fields: Mapping[str, str], variants: Sequence[Variant]) -> dict[str, int]:
    """Pieces by variant id, of those whose field was filled in.

    :raises FormError: one is no whole number from 0 to a million.
    """
    problems, pieces = {}, {}
    for variant in variants:
        name = f"pieces-{variant.id}"
        text = fields.get(name, "").strip()
        if not text:
            continue
        if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) > _MAX_PIECES:
            problems[name] = f"{text[:20]} is not a number of pieces, from 0 to 1,000,000."
        else:
            pieces[variant.id] = int(text)
    if problems:
        raise FormError(problems)
    return pieces
