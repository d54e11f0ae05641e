"""Which product a picture shows, by what its file is called.

A file is called as a product's feed names its picture, or after a SKU, a GTIN or the vendor's own key, with or without
what people put behind: a number, a view, a colour. Case, accents and separators do not count; the longest name wins.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import ProductVariant, VendorProduct

IMAGE: Final = "image"
SKU: Final = "sku"
GTIN: Final = "gtin"
KEY: Final = "key"
# A name that is shorter says too little to begin another one: "A" begins "A-line skirt".
_LEAST_CHARS: Final = 3
_GTIN: Final = re.compile(r"\d{8}|\d{12,14}", re.ASCII)
# The width that shop systems put behind the name of a picture: 1024x1024, 1200x.
_MEASURE: Final = re.compile(r"\d{2,5}x\d{0,5}|x\d{2,5}", re.ASCII)
# What people put behind an item's name: which view, which use, which colour.
_BEHIND_WORDS: Final = """
    front back side left right top bottom inside outside detail details close closeup up zoom main hero alt view angle
    model worn flat lay packshot pack lifestyle look studio swatch label sole print full half low high on off body white
    grey gray black navy blue red green yellow orange pink purple brown beige cream ivory gold silver olive teal mint
    mustard coral tan khaki burgundy turquoise lilac charcoal multi dark light copy final new web edit edited retouched
    small large big medium thumb thumbnail original img image photo pic picture
    vorne hinten seite detailansicht avant arriere dos face cote frente lado
"""
_BEHIND: Final = frozenset(_BEHIND_WORDS.split())


@dataclass(frozen=True, slots=True)
class Match:
    """What a name was found by ("" by nothing), and the products it may mean; several of one name are no answer."""

    by: str
    products: tuple[VendorProduct, ...]

    @property
    def is_clear(self) -> bool:
        """Whether the products are the ones: one, or those whose feed names this very file."""
        return len(self.products) == 1 or (self.by == IMAGE and bool(self.products))


NOTHING: Final = Match("", ())


@dataclass(frozen=True, slots=True)
class Names:
    """All that a vendor's products may be called by: by kind, then by the name as it is compared."""

    products: Mapping[str, VendorProduct]
    images: Mapping[str, set[str]]
    others: Mapping[str, dict[str, str]]
    # What the options of each product's variants say, word by word.
    options: Mapping[str, set[str]] = field(default_factory=dict)

    def match(self, name: str) -> Match:
        """The product that a file shows, by its name and where that says nothing by its folders."""
        *folders, file = name.split("/")
        stem = _words(file.rpartition(".")[0] or file)
        found = self._image(stem)
        if found.products:
            return found
        for words in (stem, *(_words(folder) for folder in reversed(folders))):
            found = self._begins(words)
            if found.products:
                return found
        return NOTHING

    def _image(self, words: Sequence[str]) -> Match:
        ids = self.images.get("".join(_without_measure(words)), set())
        return Match(IMAGE, self._in_order(ids)) if ids else NOTHING

    def _begins(self, words: Sequence[str]) -> Match:
        """What the first words name; the more of them the better."""
        for count in range(len(words), 0, -1):
            joined, behind = "".join(words[:count]), words[count:]
            ids = self.others.get(joined) or self.others.get(joined.lstrip("0") if _GTIN.fullmatch(joined) else "")
            if not ids or (behind and len(joined) < _LEAST_CHARS):
                continue
            fitting = {each: by for each, by in ids.items() if self._is_usual(words[:count], behind, each)}
            if fitting:
                best = min(fitting.values(), key=(SKU, GTIN, KEY).index)
                return Match(best, self._in_order(fitting))
        return NOTHING

    def _is_usual(self, named: Sequence[str], behind: Sequence[str], product_id: str) -> bool:
        """Whether what stands behind a name is what people put there, or the name is so much its own that it does not
        matter: a code with digits, or words enough.
        """
        joined = "".join(named)
        is_own = len(joined) >= 4 and any(each.isdigit() for each in joined)
        if is_own or len(named) >= 3:
            return True
        known = self.options.get(product_id, set())
        return all(each in _BEHIND or each in known or each.isdigit() or len(each) <= 2 for each in behind)

    def _in_order(self, ids: Iterable[str]) -> tuple[VendorProduct, ...]:
        return tuple(sorted((self.products[each] for each in ids), key=lambda product: (product.title, product.id)))


def load_names(db: Session, vendor_id: str) -> Names:
    """What a vendor's pictures may be called after."""
    products = {each.id: each for each in db.scalars(select(VendorProduct).where(VendorProduct.vendor_id == vendor_id))}
    images: dict[str, set[str]] = defaultdict(set)
    others: dict[str, dict[str, str]] = defaultdict(dict)
    options: dict[str, set[str]] = defaultdict(set)
    for product in products.values():
        others[_joined(product.key)][product.id] = KEY
        for address in product.image_urls:
            if name := image_name(str(address)):
                images[name].add(product.id)
    variants = select(ProductVariant.product_id, ProductVariant.sku, ProductVariant.gtin, ProductVariant.options)
    for product_id, sku, gtin, said in db.execute(variants.where(ProductVariant.vendor_id == vendor_id)):
        if gtin:
            others[gtin.lstrip("0")][product_id] = GTIN
        if sku:
            others[_joined(sku)][product_id] = SKU
        options[product_id].update(word for value in (said or {}).values() for word in _words(str(value)))
    others.pop("", None)
    return Names(products, dict(images), dict(others), dict(options))


def find_product(db: Session, vendor_id: str, text: str) -> Match:
    """The vendor's product that somebody names by its key, a SKU or a GTIN, written out."""
    names = load_names(db, vendor_id)
    joined = _joined(text)
    ids = names.others.get(joined) or names.others.get(joined.lstrip("0")) or {}
    products = tuple(names.products[each] for each in ids)
    return Match(next(iter(ids.values()), ""), products)


def image_name(address: str) -> str:
    """The last part of a picture's address as it is compared, without ending and measure."""
    last = unquote(urlsplit(address).path if "//" in address else address.partition("?")[0]).rpartition("/")[2]
    return "".join(_without_measure(_words(last.rpartition(".")[0] or last)))


def _joined(text: str) -> str:
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    """Letters and digits in small letters without accents, cut where something else stands."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return "".join(c if c.isalnum() else " " for c in plain).split()


def _without_measure(words: Sequence[str]) -> Sequence[str]:
    return words[:-1] if len(words) > 1 and _MEASURE.fullmatch(words[-1]) else words
