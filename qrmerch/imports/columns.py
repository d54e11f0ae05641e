"""What each column of a sheet is: a vendor's names for things -> our fields.

In: a header. Out: the format and a field for each column; unknown columns are left out with a warning.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from qrmerch.imports.problems import Problem

SHOPIFY: Final = "Shopify"
PLAIN: Final = "CSV"

# Our fields, and what others call them; compared in lower case without spaces and marks.
_SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "key": ("style", "handle", "style key", "style number", "style code", "item key", "product id", "product code",
            "item group id", "parent sku", "article group", "url handle", "slug"),
    "sku": ("sku", "variant sku", "article number", "article", "item number", "id"),
    "gtin": ("gtin", "gtin14", "gtin13", "gtin12", "ean", "ean13", "upc", "barcode", "variant barcode"),
    "title": ("title", "name", "product name", "product title", "item name"),
    "maker": ("vendor", "brand", "maker", "manufacturer", "label"),
    "category": ("category", "type", "product type", "department", "group", "categories"),
    "colour": ("colour", "color", "colour name", "color name"),
    "size": ("size", "size name"),
    "price": ("price", "variant price", "rrp", "retail price", "list price", "unit price"),
    "currency": ("currency", "price currency"),
    "was_price": ("was price", "compare at", "compare at price", "variant compare at price", "old price",
                  "regular price"),
    "description": ("description", "body html", "body", "long description", "details", "product description"),
    "blurb": ("blurb", "short description", "summary", "teaser", "tagline"),
    "story": ("story", "about"),
    "care": ("care", "care instructions", "washing"),
    "image": ("image", "images", "image src", "image url", "image link", "picture", "pictures", "photo", "file name",
              "product image url", "assets", "base image"),
    # Vendure: several names and values in one cell each, with bars between.
    "choices.names": ("option groups", "optiongroups"),
    "choices.values": ("option values", "optionvalues"),
    # Magento: an item's row names the articles that are its sizes and colours, each a row of its own.
    "variations": ("configurable variations",),
}  # fmt: skip
_FACTS: Final[dict[str, tuple[str, ...]]] = {
    "Material": ("material", "materials", "fabric", "composition", "fibre content", "fiber content"),
    "Fit": ("fit",),
    "Origin": ("origin", "country of origin", "made in"),
    "Season": ("season", "collection"),
    "Weight": ("net weight", "weight"),
    "Dimensions": ("dimensions", "measurements"),
    "Warranty": ("warranty", "guarantee"),
    "Heel height": ("heel height",),
    "Lining": ("lining",),
    "Sole": ("sole",),
}
_OPTION: Final = re.compile(r"option ?([1-3]) ?(name|value)")
# What Shopify writes and a page has no use for; left out without a word.
_SHOPIFY_UNUSED: Final = re.compile(
    r"(google shopping|seo|variant (grams|inventory|fulfillment|requires|taxable|weight|tax|image|unit)|cost per|"
    r"price |compare at price |included|status|published|gift card|tags|image (position|alt)|"
    r"product category|option\d linked|unit price|.*\bmetafields?\b)"
)
# Our own report's columns: a repaired report is sent again as it is.
OWN_COLUMNS: Final = ("_row", "_status", "_errors")
TEXT_FIELDS: Final = ("blurb", "story", "care")
FACT: Final = "fact:"
# What a person can say that a column is, in the order it is offered.
CHOOSABLE: Final = (
    "key", "sku", "gtin", "title", "maker", "category", "colour", "size", "price", "currency", "was_price",
    "description", "blurb", "story", "care", "image", *(FACT + fact for fact in _FACTS),
)  # fmt: skip
# There it says "simple" or "configurable".
_MAGENTO_KIND: Final = "product type"
# More exact than any guess.
_CHOSEN: Final = -1
# Google's name for what groups sizes; empty there means an item of one size.
_OPTIONAL_KEY: Final = "item group id"


@dataclass(frozen=True, slots=True)
class Columns:
    """A header, understood: for each column its field, or "" where it is not used.

    Facts are fields like `fact:Material`; Shopify's options like `option1.name`.
    """

    format: str
    names: tuple[str, ...]
    fields: tuple[str, ...]

    def name_of(self, field: str) -> str:
        """What the vendor calls a field; the field's own name where there is no such column."""
        return self.names[self.fields.index(field)] if field in self.fields else field

    def has(self, field: str) -> bool:
        return field in self.fields

    @property
    def has_category_paths(self) -> bool:
        """Whether categories are lists of paths, as shop systems write them."""
        return _plain(self.name_of("category")) == "categories"

    @property
    def is_key_optional(self) -> bool:
        """Whether a row without a key is an item of its own."""
        return not self.has("key") or _plain(self.name_of("key")) == _OPTIONAL_KEY


def read_header(
    header: tuple[str, ...], chosen: Mapping[str, str] = MappingProxyType({})
) -> tuple[Columns, list[Problem]]:
    """The columns of a sheet, with what is odd about them.

    A problem with code HEADER_MISSING or HEADER_DUPLICATE is an error: nothing can be taken in.

    :param chosen: the field ("" for none) that a person said a column is, by its name; the others are guessed.
    """
    plain = [_plain(name) for name in header]
    is_shopify = "handle" in plain and ("variant price" in plain or "option1 value" in plain or "body html" in plain)
    is_magento = "configurable variations" in plain
    meant = [
        (chosen[name], _CHOSEN) if name in chosen else _meaning(word, is_shopify=is_shopify, is_magento=is_magento)
        for name, word in zip(header, plain, strict=True)
    ]
    problems: list[Problem] = []
    fields: list[str] = []
    best: dict[str, tuple[int, int]] = {}
    for place, (field, rank) in enumerate(meant):
        if field:
            best[field] = min(best.get(field, (rank, place)), (rank, place))
    for place, (name, word, (field, _)) in enumerate(zip(header, plain, meant, strict=True)):
        if field and best[field][1] != place and not field.startswith(FACT):
            problems.append(_double(name, header[best[field][1]]))
            field = ""
        elif not field and name not in chosen and not _is_unread(word, is_shopify=is_shopify, is_magento=is_magento):
            problems.append(_unknown(name, word))
        fields.append(field)
    columns = Columns(SHOPIFY if is_shopify else PLAIN, header, tuple(fields))
    return columns, problems + list(_missing(columns))


def choices(header: tuple[str, ...], said: Mapping[str, str]) -> dict[str, str]:
    """What a person said of columns, by name, as far as it is not what would be guessed anyway."""
    guessed = dict(zip(header, read_header(header)[0].fields, strict=True))
    return {name: field for name, field in said.items() if guessed.get(name) != field}


def _double(name: str, other: str) -> Problem:
    if _plain(name) == _plain(other):
        return Problem("HEADER_DUPLICATE", name, f"There are two columns called {name}. Remove one.", "")
    return _unused(name, f"{other} is read for this already; {name} is left out.")


def _is_unread(word: str, *, is_shopify: bool, is_magento: bool) -> bool:
    """Whether nobody misses a column."""
    if (is_shopify and _SHOPIFY_UNUSED.match(word)) or (is_magento and word == _MAGENTO_KIND):
        return True
    return not word or word in map(_plain, OWN_COLUMNS)


def _missing(columns: Columns) -> Iterable[Problem]:
    said = ", ".join(name[:30] for name in columns.names[:6] if name)
    if not columns.has("key") and not columns.has("sku"):
        yield Problem(
            "HEADER_MISSING",
            "style",
            "No column says which rows belong to one item. In the first row, call one “style”, “handle” or at least"
            " “sku”.",
            said,
        )
    if not columns.has("title"):
        sentence = "No column has the item's name. Name one “title” (or “name”) in the first row."
        yield Problem("HEADER_MISSING", "title", sentence, said)
    if columns.has("sku") and not columns.has("key") and not columns.has("variations"):
        yield Problem(
            "GROUP_MISSING",
            columns.name_of("sku"),
            "No column says which sizes and colours belong together, so each row becomes an item of its own. If that is"
            " wrong, add a column called “style” that says the same in every row of an item.",
            "",
            is_error=False,
        )


def _meaning(word: str, *, is_shopify: bool, is_magento: bool) -> tuple[str, int]:
    """The field that a column's name means ("" for none), and how exactly: of two, the lower number is read."""
    option = _OPTION.fullmatch(word)
    if option:
        return f"option{option[1]}.{option[2]}", 0
    if is_shopify and word == "type":
        return "category", 0
    if is_magento and word == _MAGENTO_KIND:
        return "", 0
    for field, words in _SYNONYMS.items():
        if word in words:
            return field, words.index(word)
    for fact, words in _FACTS.items():
        if word in words:
            return FACT + fact, words.index(word)
    return "", 0


def _unknown(name: str, word: str) -> Problem:
    fields = {**_SYNONYMS, **{FACT + fact: words for fact, words in _FACTS.items()}}
    known = {each: field for field, words in fields.items() if field in CHOOSABLE for each in words}
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.8)
    if near:
        sentence = f"{name} is not a column we know and is left out. If it is the {near[0]}, call it “{near[0]}”."
        return _unused(name, sentence, known[near[0]])
    return _unused(name, f"{name} is not a column we know and is left out.")


def _unused(name: str, sentence: str, near: str = "") -> Problem:
    """:param near: the field that it may be."""
    return Problem("HEADER_UNKNOWN", name, sentence, near, is_error=False)


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[^\w/]+|_", " ", name.casefold()).split())
