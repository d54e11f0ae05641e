"""Records with fields of their own -> a table: one column for each field, one row for each record.

JSON and XML give records. A record's field is a text; what nests inside it gets a name with dots
(`price.currency`), what repeats stands in one cell with bars between, a way through categories with ">".
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from qrmerch.imports.problems import SheetRejected

Record = dict[str, str]

_MAX_DEEP: Final = 6
# What an object inside a list is known by, the first that it has.
_NAMES: Final = ("name", "title", "label", "value", "url", "src", "href", "id")
_VARIANTS: Final = ("variants", "skus", "variations")
_WAYS: Final = ("category", "categories", "categorypath", "breadcrumbs", "producttype")
# A number with more digits than any price or code has is left as it was written.
_MOST_DIGITS: Final = 40
# More than any list is read with; nobody needs to know how many more.
_MANY_FIELDS: Final = 1000
# Each variant is a row with all that its item says; no shop system lets an item have more.
_MAX_VARIANTS: Final = 2_500


def header_of(records: Iterator[Record]) -> tuple[str, ...]:
    """All fields, in the order in which they come up first; a plain one goes where it has a twin with `g:`."""
    found: dict[str, None] = {}
    for record in records:
        if not found.keys() >= record.keys():
            found.update(dict.fromkeys(record))
        if len(found) > _MANY_FIELDS:
            break
    return tuple(each for each in found if f"g:{each}" not in found)


def flatten(value: Mapping[str, Any]) -> Iterator[Record]:
    """The rows of one object: one, or one for each of the variants that it lists, with its own fields before.

    :raises SheetRejected: it lists more variants than any shop system has of one item.
    """
    own = {name: each for name, each in value.items() if name not in _VARIANTS or not _is_objects(each)}
    shared = dict(_fields("", own, 0))
    variants = [each for name in _VARIANTS if name not in own for each in value.get(name, ())]
    if len(variants) > _MAX_VARIANTS:
        raise SheetRejected(
            f"One item of this file lists {len(variants):,} variants; at most {_MAX_VARIANTS:,} are read. Divide it."
        )
    if not variants:
        yield shared
    for each in variants:
        yield {**shared, **{f"variant.{name}": text for name, text in _fields("", each, 0)}}


def _fields(prefix: str, value: Mapping[str, Any], depth: int) -> Iterator[tuple[str, str]]:
    for name, each in value.items():
        if isinstance(each, Mapping) and depth < _MAX_DEEP:
            yield from _fields(f"{prefix}{name}.", each, depth + 1)
        else:
            # No database keeps a NUL.
            yield f"{prefix}{name}".replace("\0", ""), _text(each, name)


def _text(value: Any, name: str) -> str:
    """A value in one cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        return f"{value:f}" if isinstance(exponent, int) and abs(exponent) < _MOST_DIGITS else str(value)
    if isinstance(value, list):
        mark = " > " if name.lower().replace("_", "") in _WAYS else " | "
        return mark.join(filter(None, (_text(_name_of(each), "") for each in value)))
    # No database keeps a NUL.
    return "" if isinstance(value, Mapping) else str(value).replace("\0", "")


def _name_of(value: Any) -> Any:
    """What an object in a list is known by; anything else as it is, but for a list in a list."""
    if isinstance(value, Mapping):
        return next((value[name] for name in _NAMES if isinstance(value.get(name), str | int | Decimal)), None)
    return None if isinstance(value, list) else value


def _is_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)
