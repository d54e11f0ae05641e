"""What each column of a retailer's file is: other systems' names for things -> our fields.

In: a kind of file and a header. Out: a field for each column; unknown columns are left out with a warning.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from qrmerch.imports.columns import OWN_COLUMNS
from qrmerch.imports.feed_models import FeedKind
from qrmerch.imports.problems import Problem, SheetRejected
from qrmerch.imports.reader import clean_cell

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_STORE_CODE: Final = ("store code", "store number", "store no", "store id", "store key", "storeid", "branch",
                      "shop code", "location code", "location id", "site")  # fmt: skip
_VARIANT: Final = {
    "sku": ("sku", "article number", "article", "item number", "variant sku", "item no", "product code", "id"),
    "gtin": ("gtin", "gtin14", "gtin13", "gtin12", "ean", "ean13", "upc", "barcode", "variant barcode"),
    "address": ("address", "page", "link", "page address", "item page"),
}
_AS_OF: Final = ("as of", "counted at", "counted", "updated at", "last updated", "timestamp", "valid from", "date")
# Our fields, and what others call them; compared in lower case without marks. Of two, the one named first is read.
_SYNONYMS: Final[dict[FeedKind, dict[str, tuple[str, ...]]]] = {
    FeedKind.STORES: {
        "code": ("code", *_STORE_CODE, "id", "number", "store"),
        "name": ("name", "store name", "business name", "title"),
        "short_name": ("short name", "nickname", "called"),
        "address": ("address", "street", "street address", "address 1", "address line 1", "addr"),
        "address2": ("address2", "address 2", "address line 2", "suite", "unit"),
        "city": ("city", "town", "locality", "place"),
        "region": ("region", "state", "province", "canton", "county", "administrative area", "state province"),
        "postcode": ("postcode", "zip", "zip code", "postal code", "zipcode", "plz"),
        "country": ("country", "country code"),
        "time_zone": ("time zone", "timezone", "tz", "zone"),
        "locale": ("language", "locale", "lang", "language code", "store language"),
        "gln": ("gln", "global location number", "location number"),
        "hours": ("hours", "opening hours", "open hours", "store hours", "openinghours"),
        "kind": ("kind", "type", "place type", "store type"),
        "latitude": ("latitude", "lat", "location lat", "geo lat", "coordinates lat"),
        "longitude": ("longitude", "lon", "lng", "long", "location lon", "location lng", "geo lng", "geo lon",
                      "coordinates lon", "coordinates lng"),
        **{day: (day, f"{day} hours", f"hours {day}", day[:3], f"hours {day[:3]}") for day in DAYS},
    },
    FeedKind.FIXTURES: {
        "store": (*_STORE_CODE, "store", "shop"),
        "name": ("name", "fixture", "spot", "place", "fixture name", "place name", "location", "position"),
        "kind": ("kind", "type", "fixture kind", "fixture type", "place type"),
    },
    FeedKind.PRICES: {
        **_VARIANT,
        "price": ("price", "retail price", "sales price", "unit price", "new price", "amount", "variant price", "rrp"),
        "currency": ("currency", "price currency"),
        "as_of": _AS_OF,
    },
    FeedKind.STOCK: {
        **_VARIANT,
        "store": (*_STORE_CODE, "store", "warehouse", "warehouse code", "location", "shop", "code"),
        "pieces": ("pieces", "quantity", "qty", "stock", "on hand", "quantity on hand", "available", "units", "count",
                   "stock level", "inventory"),
        "as_of": _AS_OF,
    },
}  # fmt: skip
# Each of these is needed, in one of the fields given, and what it is called when it is missed.
_NEEDED: Final[dict[FeedKind, tuple[tuple[tuple[str, ...], str], ...]]] = {
    FeedKind.STORES: ((("code",), "the store’s code. Name one “code”"),),
    FeedKind.FIXTURES: (
        (("store",), "the store’s code. Name one “store”"),
        (("name",), "the place’s name. Name one “place”"),
    ),
    FeedKind.PRICES: (
        (("sku", "gtin", "address"), "the item. Name one “SKU”, “GTIN” or “address”"),
        (("price",), "the price. Name one “price”"),
    ),
    FeedKind.STOCK: (
        (("sku", "gtin", "address"), "the item. Name one “SKU”, “GTIN” or “address”"),
        (("store",), "the store or warehouse. Name one “store”"),
        (("pieces",), "how many there are. Name one “pieces”"),
    ),
}


@dataclass(frozen=True, slots=True)
class FeedColumns:
    """A header, understood: for each column its field, or "" where it is not used."""

    names: tuple[str, ...]
    fields: tuple[str, ...]

    def name_of(self, field: str) -> str:
        """What the file calls a field; the field's own name where there is no such column."""
        return self.names[self.fields.index(field)] if field in self.fields else field

    def has(self, field: str) -> bool:
        return field in self.fields

    def read(self, cells: tuple[str, ...]) -> dict[str, str]:
        """A row's cells by field; a field without a column, or an empty cell, is left out."""
        said = {}
        for field, cell in zip(self.fields, cells, strict=False):
            if field and (text := clean_cell(cell)):
                said[field] = text
        return said


def read_header(kind: FeedKind, header: tuple[str, ...]) -> tuple[FeedColumns, list[Problem]]:
    """The columns of a file of this kind, with a warning for each that is not used.

    :raises SheetRejected: what is needed is missing.
    """
    found = [_meaning(kind, name) for name in header]
    best: dict[str, tuple[int, int]] = {}
    for place, (field, rank) in enumerate(found):
        if field:
            best[field] = min(best.get(field, (rank, place)), (rank, place))
    fields = tuple(field if field and best[field][1] == place else "" for place, (field, _) in enumerate(found))
    columns = FeedColumns(header, fields)
    missing = [said for any_of, said in _NEEDED[kind] if not any(map(columns.has, any_of))]
    if missing:
        named = ", ".join(name[:30] for name in header[:8] if name)
        wanted = " ".join(f"No column has {each} in the first row." for each in missing)
        raise SheetRejected(f"{wanted} It reads: {named}.")
    return columns, list(_unused(kind, columns, found, best))


def _unused(
    kind: FeedKind, columns: FeedColumns, found: list[tuple[str, int]], best: dict[str, tuple[int, int]]
) -> Iterator[Problem]:
    known = {word: field for field, words in _SYNONYMS[kind].items() for word in words}
    for name, field, (meant, _) in zip(columns.names, columns.fields, found, strict=True):
        if field or not name or name in OWN_COLUMNS:
            continue
        if meant:
            other = columns.names[best[meant][1]]
            sentence = f"{other} is read for this already; {name} is left out."
        else:
            near = difflib.get_close_matches(_plain(name), known, n=1, cutoff=0.85)
            hint = f" If it is the {near[0]}, call it “{near[0]}”." if near else ""
            sentence = f"{name} is not used.{hint}"
        yield Problem("HEADER_UNKNOWN", name, sentence, "", is_error=False)


def _meaning(kind: FeedKind, name: str) -> tuple[str, int]:
    """The field that a column's name means ("" for none), and how exactly: of two, the lower number is read."""
    word = _plain(name)
    for field, words in _SYNONYMS[kind].items():
        if word in words:
            return field, words.index(word)
    return "", 0


def _plain(name: str) -> str:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[^\w]+|_", " ", apart.casefold()).split())
