"""What each column of a sheet is: a vendor's names for things -> our fields.

In: a header. Out: the format and a field for each column; unknown columns are left out with a warning.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final

from qrmerch.imports.problems import Problem
from qrmerch.text import clean_line

SHOPIFY: Final = "Shopify"
WOOCOMMERCE: Final = "WooCommerce"
MAGENTO: Final = "Magento"
GOOGLE: Final = "Google Merchant"
PLAIN: Final = "CSV"

# Our fields, and what others call them; compared in lower case without spaces, accents and marks.
_SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "key": ("style", "handle", "style key", "style number", "style code", "item key", "product id", "product code",
            "item group id", "article group", "url handle", "slug", "model number", "modell", "modele", "modelo"),
    "sku": ("sku", "variant sku", "article number", "article", "item number", "product code/sku", "reference", "id",
            "object id", "item id", "reference #", "artikelnummer", "artikelnr", "artikel nr", "art nr", "ref",
            "referencia", "codice", "codigo", "stock code", "variant id", "code"),
    "gtin": ("gtin", "gtin14", "gtin13", "gtin12", "ean", "ean13", "ean 13", "ean8", "upc", "upc code", "upc a",
             "barcode", "variant barcode", "ean code", "gtin upc ean or isbn", "product upc/ean", "barcode id", "isbn",
             "ean upc", "code barre", "strichcode"),
    "title": ("title", "name", "product name", "product title", "item name", "bezeichnung", "artikelbezeichnung",
              "produktname", "designation", "nom", "nombre", "nome", "titel", "titre", "titulo", "titolo", "item"),
    "maker": ("vendor", "brand", "maker", "manufacturer", "label", "brand name", "vendor name", "marke", "hersteller",
              "marque", "marca", "brands"),
    "category": ("category", "type", "product type", "department", "group", "categories", "kategorie", "warengruppe",
                 "categorie", "categoria", "google product category", "category path", "breadcrumbs"),
    "colour": ("colour", "color", "variant colour", "variant color", "colour name", "color name", "farbe", "couleur",
               "colore"),
    "size": ("size", "variant size", "size name", "grosse", "grosze", "groesse", "taille", "talla", "taglia"),
    "price": ("price", "variant price", "rrp", "retail price", "list price", "unit price", "price tax included",
              "price value", "price amount", "msrp", "uvp", "preis", "prix", "precio", "prezzo", "vk preis",
              "regular price", "original price"),
    "sale_price": ("sale price", "special price", "discount price", "aktionspreis", "prix promo"),
    "currency": ("currency", "price currency", "currency code", "wahrung", "waehrung", "devise", "moneda", "valuta"),
    "was_price": ("was price", "compare at", "compare at price", "variant compare at price", "old price",
                  "strike price", "streichpreis", "prix barre"),
    "description": ("description", "body html", "body", "long description", "details", "product description",
                    "beschreibung", "descripcion", "descrizione"),
    "blurb": ("blurb", "short description", "summary", "teaser", "tagline", "kurzbeschreibung"),
    "story": ("story", "about"),
    "care": ("care", "care instructions", "washing", "pflege", "pflegehinweise", "entretien"),
    "image": ("image", "images", "picture", "pictures", "photo", "photos", "file name", "product image url", "assets",
              "base image", "bild", "bilder"),
    # Vendure: several names and values in one cell each, with bars between.
    "choices.names": ("option groups",),
    "choices.values": ("option values",),
    # Magento: an item's row names the articles that are its sizes and colours, each a row of its own.
    "variations": ("configurable variations",),
    # An article names the row that it is a size or colour of: by its SKU, or by "id:" and its ID.
    "parent": ("parent", "parent sku", "parent id"),
}  # fmt: skip
_FACTS: Final[dict[str, tuple[str, ...]]] = {
    "Material": ("material", "materials", "fabric", "composition", "fibre content", "fiber content", "materiale"),
    "Fit": ("fit",),
    "Origin": ("origin", "country of origin", "made in"),
    "Season": ("season", "collection"),
    "Weight": ("net weight", "weight"),
    "Dimensions": ("dimensions", "measurements"),
    "Warranty": ("warranty", "guarantee"),
    "Heel height": ("heel height",),
    "Lining": ("lining",),
    "Sole": ("sole",),
    "Pattern": ("pattern",),
    "Model": ("model", "mpn"),
    "Ingredients": ("ingredients",),
}
_OPTION: Final = re.compile(
    r"(?:variant )?(?:option|attribute) ?([1-9]) ?(name|value|values|value s)?|"
    r"(?:option|attribute) (name|value) ([1-9])"
)
_IMAGE: Final = re.compile(
    r"((product|base|main|additional|large|hosted|variant) )?(images?|pictures?|photos?)"
    r"( (file|src|urls?|links?|name))?( ?\d{1,2})?( (src|urls?|links?))?"
)
# What a shop system means by a name that others use for something else.
_MEANT_BY: Final = {
    SHOPIFY: {"type": "category", "product category": ""},
    WOOCOMMERCE: {"type": "kind", "id": "row_id", "brands": "maker"},
    MAGENTO: {"product type": "kind", "thumbnail image": "", "small image": ""},
    GOOGLE: {"id": "sku", "google product category": ""},
    PLAIN: {},
}
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
# A choice besides colour and size, called as its column is.
CHOICE: Final = "choice:"
# One column that is the article number and the barcode.
SKU_GTIN: Final = "sku_gtin"
# What a person can say that a column is, in the order it is offered; "fact:" and "choice:" under the column's name.
CHOOSABLE: Final = (
    "key", "sku", "gtin", SKU_GTIN, "title", "maker", "category", "colour", "size", CHOICE, "price", "sale_price",
    "currency", "was_price", "description", "blurb", "story", "care", "image", "parent",
    *(FACT + fact for fact in _FACTS), FACT,
)  # fmt: skip
# More exact than any guess.
_CHOSEN: Final = -1
# Google's name for what groups sizes; empty there means an item of one size.
_OPTIONAL_KEY: Final = "item group id"
# Lists that are not of items, by words of their headers: what they are, words that tell it, words that speak against.
_OTHER_LISTS: Final = (
    ("reviews of items", ({"review", "rating value"}, {"review", "rating"}), {"price"}),
    ("stores", ({"address", "city", "hours"}, {"store id"}, {"address", "lat"}), {"price", "sku"}),
)


@dataclass(frozen=True)
class Columns:
    """A header, understood: for each column its field, or "" where it is not used.

    Facts are fields like `fact:Material`; Shopify's options like `option1.name`.
    """

    format: str
    names: tuple[str, ...]
    fields: tuple[str, ...]

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The first column of each field."""
        return {field: place for place, field in reversed(list(enumerate(self.fields))) if field}

    def places_of(self, prefix: str) -> tuple[int, ...]:
        """All columns whose field begins with `prefix`."""
        if prefix not in self._by_prefix:
            self._by_prefix[prefix] = tuple(n for n, field in enumerate(self.fields) if field.startswith(prefix))
        return self._by_prefix[prefix]

    @cached_property
    def _by_prefix(self) -> dict[str, tuple[int, ...]]:
        return {}

    def name_of(self, field: str) -> str:
        """What the vendor calls a field; the field's own name where there is no such column."""
        return self.names[self.places[field]] if field in self.places else field

    def has(self, field: str) -> bool:
        return field in self.places

    @cached_property
    def is_report(self) -> bool:
        """Whether this is a file of rows to fix of ours, so that other rows of its items stay behind."""
        return all(name in self.names for name in OWN_COLUMNS)

    @cached_property
    def option_numbers(self) -> tuple[int, ...]:
        """Which of "Option1 Value" and so on there are."""
        return tuple(number for number in range(1, 10) if self.has(f"option{number}.value"))

    @cached_property
    def has_category_paths(self) -> bool:
        """Whether categories are lists of paths, as shop systems write them."""
        return _plain(self.name_of("category")) == "categories"

    @cached_property
    def is_key_optional(self) -> bool:
        """Whether a row without a key is an item of its own."""
        return not self.has("key") or _plain(self.name_of("key")) == _OPTIONAL_KEY


def find_header(rows: Sequence[Sequence[str]]) -> int | None:
    """Which of a sheet's first rows names its columns; None if none does, for the first one is an item already.

    The first row is taken unless it knows at most one of our names and a later one knows more: above a header people
    write the catalogue's name and season.
    """
    known = [sum(1 for cell in row if _is_known(_plain(cell))) for row in rows]
    best = max(range(len(rows)), key=known.__getitem__)
    if known[0] >= 2 or known[best] < 2:
        return None if not known[0] and any(map(_is_value, rows[0])) else 0
    return best


def read_header(
    header: tuple[str, ...], chosen: Mapping[str, str] = MappingProxyType({})
) -> tuple[Columns, list[Problem]]:
    """The columns of a sheet, with what is odd about them.

    A problem with code HEADER_MISSING, HEADER_DUPLICATE or NOT_ITEMS is an error: nothing can be taken in.

    :param chosen: the field ("" for none) that a person said a column is, by its name; the others are guessed.
    """
    plain = [_plain(name) for name in header]
    shape = _format_of(header, set(plain))
    words = set(plain)
    meant = [
        (named(chosen[name], name), _CHOSEN)
        # Those of our own report say nothing about items, whatever a person says of them.
        if name in chosen and name not in OWN_COLUMNS
        else _meaning(word, shape, words)
        for name, word in zip(header, plain, strict=True)
    ]
    problems: list[Problem] = list(_other_list(words))
    fields: list[str] = []
    best: dict[str, tuple[int, int]] = {}
    for place, (field, rank) in enumerate(meant):
        if field:
            best[field] = min(best.get(field, (rank, place)), (rank, place))
    for place, (name, word, (field, _)) in enumerate(zip(header, plain, meant, strict=True)):
        if field and best[field][1] != place and not _may_repeat(field):
            problems.append(_double(name, header[best[field][1]]))
            field = ""
        elif not field and name not in chosen and not _is_unread(word, shape):
            problems.append(_unknown(name, word))
        fields.append(field)
    columns = Columns(shape, header, tuple(_settled(fields)))
    return columns, problems + list(_missing(columns))


def choices(header: tuple[str, ...], said: Mapping[str, str]) -> dict[str, str]:
    """What a person said of columns, by name, as far as it is not what would be guessed anyway."""
    guessed = dict(zip(header, read_header(header)[0].fields, strict=True))
    return {name: field for name, field in said.items() if guessed.get(name) != field}


def named(field: str, name: str) -> str:
    """A field with the name that it has from its column; most have none."""
    return field + (clean_line(name, 10_000)[:40] or "More") if field in (FACT, CHOICE) else field


def _may_repeat(field: str) -> bool:
    return field.startswith((FACT, CHOICE)) or field == "image"


def _settled(fields: list[str]) -> list[str]:
    """The fields, where one stands in for another that is not there: the barcode for a number, what is asked for now
    for the price.
    """
    stands_for = {}
    if not {"key", "sku", SKU_GTIN} & set(fields):
        stands_for["gtin"] = SKU_GTIN
    if "price" not in fields:
        stands_for["sale_price"] = "price"
    return [stands_for.get(field, field) for field in fields]


def _format_of(header: tuple[str, ...], words: set[str]) -> str:
    if "handle" in words and words & {"variant price", "option1 value", "body html"}:
        return SHOPIFY
    if {"type", "sku"} <= words and words & {"parent", "attribute 1 name", "regular price"}:
        return WOOCOMMERCE
    if "configurable variations" in words or {"attribute set code", "product type"} <= words:
        return MAGENTO
    if any(name.startswith("g:") for name in header) or {"id", "title", "image link", "availability"} <= words:
        return GOOGLE
    return PLAIN


def _other_list(words: set[str]) -> Iterable[Problem]:
    for what, tells, against in _OTHER_LISTS:
        if any(each <= words for each in tells) and not against & words:
            sentence = f"These are {what}, not items: the first row reads {', '.join(sorted(words)[:6])}."
            yield Problem("NOT_ITEMS", "", f"{sentence} Send the list of the items themselves here.", "")


def _double(name: str, other: str) -> Problem:
    if _plain(name) == _plain(other):
        return Problem("HEADER_DUPLICATE", name, f"There are two columns called {name}. Remove one.", "")
    return _unused(name, f"{other} is read for this already; {name} is left out.")


def _is_unread(word: str, shape: str) -> bool:
    """Whether nobody misses a column."""
    if (shape == SHOPIFY and _SHOPIFY_UNUSED.match(word)) or word in _MEANT_BY[shape]:
        return True
    return not word or word in _OWN_WORDS


def _missing(columns: Columns) -> Iterable[Problem]:
    said = ", ".join(name[:30] for name in columns.names[:6] if name)
    if not any(map(columns.has, ("key", "sku", SKU_GTIN))):
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
    if columns.has(SKU_GTIN) and not columns.has("key"):
        yield Problem(
            "KEY_IS_BARCODE",
            columns.name_of(SKU_GTIN),
            "No column has an article number of your own, so the barcode stands for it. Two rows with the same barcode"
            " are then one item.",
            "",
            is_error=False,
        )
    elif columns.has("sku") and not any(map(columns.has, ("key", "variations", "parent"))):
        yield Problem(
            "GROUP_MISSING",
            columns.name_of("sku"),
            "No column says which sizes and colours belong together, so each row becomes an item of its own. If that is"
            " wrong, add a column called “style” that says the same in every row of an item.",
            "",
            is_error=False,
        )


def _meaning(word: str, shape: str, words: set[str]) -> tuple[str, int]:
    """The field that a column's name means ("" for none), and how exactly: of two, the lower number is read.

    :param words: all names of the header.
    """
    if word in _MEANT_BY[shape]:
        return _MEANT_BY[shape][word], 0
    if word == "regular price" and "price" in words and "sale price" not in words:
        return "was_price", 0
    option = _OPTION.fullmatch(word)
    if option:
        part = option[2] or option[3] or "value"
        return f"option{option[1] or option[4]}.{'name' if part == 'name' else 'value'}", 0
    if word in _FIELD_OF:
        return _FIELD_OF[word]
    if _IMAGE.fullmatch(word) and not (shape == SHOPIFY and word == "variant image"):
        return "image", 0
    return "", 0


def _is_known(word: str) -> bool:
    return bool(word) and (word in _FIELD_OF or word in _OWN_WORDS or bool(_OPTION.fullmatch(word)))


def _is_value(cell: str) -> bool:
    """Whether a cell says something about an item, and names no column: a number, a price, an address, a long text."""
    text = cell.strip()
    return len(text) > 60 or bool(_VALUE.fullmatch(text))


def _unknown(name: str, word: str) -> Problem:
    near = difflib.get_close_matches(word, _OFFERED, n=1, cutoff=0.8)
    if near:
        sentence = f"{name} is not a column we know and is left out. If it is the {near[0]}, call it “{near[0]}”."
        return _unused(name, sentence, _OFFERED[near[0]])
    return _unused(name, f"{name} is not a column we know and is left out.")


def _unused(name: str, sentence: str, near: str = "") -> Problem:
    """:param near: the field that it may be."""
    return Problem("HEADER_UNKNOWN", name, sentence, near, is_error=False)


def _plain(name: str) -> str:
    words = _CAMEL.sub(" ", _PREFIX.sub("", name)).casefold()
    if not words.isascii():
        words = "".join(c for c in unicodedata.normalize("NFKD", words) if not unicodedata.combining(c))
    return " ".join(_MARKS.sub(" ", words).split())


_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PREFIX: Final = re.compile(r"^\s*g:")
_MARKS: Final = re.compile(r"[^\w/#]+|_")
_VALUE: Final = re.compile(r"https?://\S+|[^\w\s]{0,3}\s?-?\d[\d.,\s]*\s?(?:[A-Z]{3}|[^\w\s]{1,3})?")
_OWN_WORDS: Final = frozenset(map(_plain, OWN_COLUMNS))
# By a name: its field, and how exactly it means that.
_FIELD_OF: Final = {
    word: (field, rank)
    for field, words in reversed([*_SYNONYMS.items(), *((FACT + fact, each) for fact, each in _FACTS.items())])
    for rank, word in enumerate(words)
}
_OFFERED: Final = {word: field for word, (field, _) in _FIELD_OF.items() if field in CHOOSABLE}
