"""Rows of a sheet -> products with their variants, and what is wrong with each row.

Shopify: the first row of a handle speaks for the product, the others for a variant or one more picture.
Ours: every row is a variant and repeats the product's words. Rows of one product need not stand together.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from qrmerch.catalog.drafts import ProductDraft, VariantDraft
from qrmerch.imports.cells import OPTION_MAX_CHARS, Cells, Refused, cut_line, read_words
from qrmerch.imports.columns import CHOICE, FACT, SHOPIFY, TEXT_FIELDS, WOOCOMMERCE, Columns
from qrmerch.imports.grouping import label_of, plan_rows
from qrmerch.imports.problems import Problem
from qrmerch.imports.reader import Sheet

_LINES: Final = {"title": 200, "maker": 80}
_CATEGORY_MAX_CHARS: Final = 120
_PATHS_MAX_CHARS: Final = 2000
_FACT_MAX_CHARS: Final = 300
_IMAGE_MAX_CHARS: Final = 1000
_MAX_IMAGES: Final = 60
_MAX_SPLIT: Final = 1000
# Several pictures in one cell; a comma may stand in an address.
_BETWEEN_IMAGES: Final = re.compile(
    r"[|;\n]|[,\s]\s*(?=https?://)|(?:(?<=\.jpg)|(?<=\.png)|(?<=\.jpeg)|(?<=\.webp)|(?<=\.avif)|(?<=\.gif)),",
    re.IGNORECASE,
)
# Ten colours in thirty sizes; the largest catalogue we know of has 15 for one item.
_MAX_VARIANTS: Final = 300
_VARIANT_KEY_MAX_CHARS: Final = 200
_ONLY: Final = "one"
# Without a unit these say nothing.
_MEASURED: Final = ("Weight", "Dimensions", "Heel height")
_BARE_NUMBER: Final = re.compile(r"[\d.,]+")
# A row that speaks for an item and is no size of it.
_PARENT_KINDS: Final = frozenset(("variable", "configurable", "grouped", "bundle", "parent"))


@dataclass(frozen=True, slots=True)
class Group:
    """One product's rows, understood.

    `row_keys` has, for each row that can be taken in, the key of its variant ("" where the row adds but a picture);
    `problems` has what is odd about each row, errors and warnings.
    """

    draft: ProductDraft
    rows: tuple[int, ...]
    row_keys: dict[int, str]
    problems: dict[int, list[Problem]]


class Understood:
    """A whole sheet: its products, and the problems of rows that belong to none.

    `groups` can be gone through again. A product comes when its last row has been read, so that of a long sheet only
    those are in memory whose rows stand apart. `count` is how many there are, `rows` how many rows the sheet has.
    """

    def __init__(self, sheet: Sheet, columns: Columns, *, currency: str) -> None:
        """:param currency: of prices that name none.
        :raises SheetRejected: the sheet cannot be read to its end.
        """
        self._sheet, self._columns, self._currency = sheet, columns, currency
        self._plan = plan_rows(sheet.rows, columns)
        self.stray: dict[int, list[Problem]] = self._plan.stray
        self.rows = len(self._plan.keys)
        self.count = len(self._plan.last)

    @property
    def groups(self) -> Iterator[Group]:
        waiting: dict[str, list[Cells]] = {}
        for place, row in enumerate(self._sheet.rows):
            key = self._plan.keys[place]
            if key is None:
                continue
            cells = Cells(self._columns, row, self._currency)
            cells.told_options = self._plan.options.get(cells.text("sku"), ()) if self._plan.options else ()
            waiting.setdefault(key, []).append(cells)
            if self._plan.last[key] == place:
                yield _group(key, waiting.pop(key), self._columns)


def _group(key: str, members: list[Cells], columns: Columns) -> Group:
    # A row that names its articles speaks for the item, wherever it stands.
    members.sort(key=lambda each: not _speaks_for_item(each))
    said = {name: _first(cells.line(name, most) for cells in members) for name, most in _LINES.items()}
    category = _first(_category_of(cells, is_list=columns.has_category_paths) for cells in members)
    texts = {name: _first(cells.block(name) for cells in members) for name in TEXT_FIELDS}
    variants = _variants(members, columns)
    draft = ProductDraft(
        key=key,
        title=said["title"],
        maker=said["maker"],
        category=category,
        description=_first(cells.block("description") for cells in members),
        texts={name: text for name, text in texts.items() if text},
        facts=tuple(_facts(members).items()),
        image_urls=tuple(_images(members)),
        variants=tuple(
            variants[cells.row.number] for cells in members if cells.is_good and cells.row.number in variants
        ),
        is_partial=columns.is_report,
    )
    row_keys = {
        cells.row.number: variants[cells.row.number].key if cells.row.number in variants else ""
        for cells in members
        if cells.is_good
    }
    numbers = tuple(sorted(cells.row.number for cells in members))
    return Group(draft, numbers, row_keys, {cells.row.number: cells.problems for cells in members if cells.problems})


def _speaks_for_item(cells: Cells) -> bool:
    return bool(cells.text("variations")) or cells.text("kind").lower() in _PARENT_KINDS


def _category_of(cells: Cells, *, is_list: bool) -> str | None:
    """A category, or the end of a path: of "Shop/Women/Tops, Shop/Sale" the first one's, "Tops"."""
    if not is_list and " > " not in cells.text("category"):
        return cells.line("category", _CATEGORY_MAX_CHARS)
    said = cells.line("category", _PATHS_MAX_CHARS) or ""
    if is_list:
        said = said.split(",")[0]
    end = re.split(r">" if ">" in said else r"/", said)[-1].strip()
    if len(end) > _CATEGORY_MAX_CHARS:
        cells.note("TOO_LONG", "category", f"At most {_CATEGORY_MAX_CHARS} characters; this has {len(end)}.")
        return None
    return end or None


def _first(values: Iterable[str | None]) -> str | None:
    """The first that is said; all are read, so that each row's problems are noted."""
    return next((each for each in list(values) if each), None)


def _facts(members: list[Cells]) -> dict[str, str]:
    facts: dict[str, str] = {}
    for cells in members:
        for name, column, text in cells.texts(FACT):
            if name.removeprefix(FACT) in _MEASURED and _BARE_NUMBER.fullmatch(text):
                continue
            try:
                facts.setdefault(name.removeprefix(FACT), read_words(text, _FACT_MAX_CHARS))
            except Refused as refused:
                # Of what is no more than a fact, a very long one is no reason to leave the item out.
                left_out = f"{refused} It is left out."
                cells.problems.append(Problem(refused.code, column, left_out, text, is_error=False))
        if _has_only_facts(cells):
            facts.update(_numbered_options(cells, {}))
    return {name: value for name, value in facts.items() if value}


def _has_only_facts(cells: Cells) -> bool:
    """Whether what looks like a choice is none: WooCommerce's attributes of an item that comes in one way."""
    return cells.columns.format == WOOCOMMERCE and cells.text("kind").lower() not in (*_PARENT_KINDS, "variation")


def _images(members: list[Cells]) -> Iterable[str]:
    """Addresses or file names of pictures, each once; those beyond the limit are left out with a warning."""
    found: dict[str, None] = {}
    for cells in members:
        named = [part for _, _, text in cells.texts("image") for part in _pictures_in(text)]
        for each in named:
            if len(found) < _MAX_IMAGES and 0 < len(each) <= _IMAGE_MAX_CHARS:
                found[each] = None
        if len(found) == _MAX_IMAGES and not found.keys() >= set(filter(None, named)):
            cells.note(
                "TOO_MANY",
                "image",
                f"An item keeps {_MAX_IMAGES} pictures; the others of this row are left out.",
                is_error=False,
            )
    return found


# Each size of an item may repeat all of its pictures.
@lru_cache(maxsize=64)
def _pictures_in(text: str) -> tuple[str, ...]:
    """What a cell names; what stands behind far too many stays one piece, and is too long to be a name."""
    return tuple(part.strip() for part in _BETWEEN_IMAGES.split(text, maxsplit=_MAX_SPLIT))


def _variants(members: list[Cells], columns: Columns) -> dict[int, VariantDraft]:
    """The variant of each row that has one, by row number.

    Two rows with the same options are an error of the later, and so is each row beyond the limit.
    """
    option_names = {
        n: _first(cells.line(f"option{n}.name", OPTION_MAX_CHARS) for cells in members) for n in columns.option_numbers
    }
    choices = next((names for cells in members if (names := cells.parts("choices.names"))), [])
    drafts = {cells.row.number: _variant(cells, option_names, choices) for cells in members if _has_variant(cells)}
    drafts = _without_parent(drafts)
    are_told_by_sku = sum(1 for each in drafts.values() if each.key == _ONLY) > 1
    found: dict[int, VariantDraft] = {}
    row_of_key: dict[str, int] = {}
    for cells in members:
        variant = drafts.get(cells.row.number)
        if variant is None:
            continue
        if are_told_by_sku and variant.key == _ONLY and variant.sku:
            variant = replace(variant, key=_short(variant.sku.casefold()))
        if variant.key in row_of_key:
            cells.problems.append(_twice(variant, row_of_key[variant.key]))
            continue
        if len(found) == _MAX_VARIANTS:
            cells.problems.append(_one_too_many(variant))
            continue
        row_of_key[variant.key] = cells.row.number
        found[cells.row.number] = variant
    return found


def _has_variant(cells: Cells) -> bool:
    """Whether a row is a size or colour, not only the item's words or one more picture."""
    if _speaks_for_item(cells):
        return False
    is_shopify = cells.columns.format == SHOPIFY
    return not is_shopify or any(cells.text(name) for name in ("option1.value", "sku", "price", "gtin"))


def _without_parent(drafts: dict[int, VariantDraft]) -> dict[int, VariantDraft]:
    """The variants without the row that speaks for all of them: it alone has neither a choice nor a price."""
    bare = [row for row, each in drafts.items() if not each.options and each.price_minor is None and not each.gtin]
    if len(bare) == 1 and len(drafts) > 1 and all(each.options for row, each in drafts.items() if row != bare[0]):
        return {row: each for row, each in drafts.items() if row != bare[0]}
    return drafts


def _twice(variant: VariantDraft, row: int) -> Problem:
    what = " / ".join(value for _, value in variant.options) or "no size or colour"
    sentence = f"Row {row} is this item in {what} already. Remove one, or change its size or colour."
    return Problem("DUPLICATE_KEY", "", sentence, what)


def _one_too_many(variant: VariantDraft) -> Problem:
    sentence = (
        f"An item has at most {_MAX_VARIANTS} sizes and colours; this is one more. Remove it, or give it to an item of"
        " its own with another style."
    )
    return Problem("TOO_MANY", "", sentence, " / ".join(value for _, value in variant.options))


def _short(key: str) -> str:
    """A variant's key as it is kept: a very long one by its beginning and a digest of all of it."""
    if len(key) <= _VARIANT_KEY_MAX_CHARS:
        return key
    return f"{key[:160]}…{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def _variant(cells: Cells, option_names: Mapping[int, str | None], choices: list[str]) -> VariantDraft:
    options = tuple(_options(cells, option_names, choices))
    currency = cells.currency()
    price, was_price = _prices(cells, currency)
    gtin, vendor_code = cells.gtin()
    return VariantDraft(
        key=_short("/".join(value.casefold() for _, value in options)) or _ONLY,
        options=options,
        currency=currency,
        sku=cells.sku(),
        gtin=gtin,
        vendor_code=vendor_code,
        price_minor=price,
        was_price_minor=was_price,
    )


def _prices(cells: Cells, currency: str) -> tuple[int | None, int | None]:
    """What is asked for now and what it was before, in minor units."""
    price, was_price = cells.money("price", currency), cells.money("was_price", currency)
    sale_price = cells.money("sale_price", currency)
    if sale_price is not None and (price is None or sale_price < price):
        price, was_price = sale_price, price
    if was_price is not None and (price is None or was_price <= price):
        # Shop systems fill the column with the price itself, or 0, where nothing is reduced.
        if price is not None and was_price < price:
            cells.note("SALE_NOT_LOWER", "was_price", "This is below the price, so it is left out.", is_error=False)
        was_price = None
    return price, was_price


def _options(cells: Cells, names: Mapping[int, str | None], choices: list[str]) -> Iterable[tuple[str, str]]:
    for field_name, label in (("colour", "Colour"), ("size", "Size")):
        value = cells.line(field_name, OPTION_MAX_CHARS)
        if value:
            yield label, value
    if not _has_only_facts(cells):
        yield from _numbered_options(cells, names)
    for name, _, text in cells.texts(CHOICE):
        if value := cut_line(text, OPTION_MAX_CHARS):
            yield name.removeprefix(CHOICE), value
    yield from zip(map(label_of, choices), cells.parts("choices.values"), strict=False)
    yield from (
        (cut_line(label, OPTION_MAX_CHARS), cut_line(value, OPTION_MAX_CHARS)) for label, value in cells.told_options
    )


def _numbered_options(cells: Cells, names: Mapping[int, str | None]) -> Iterator[tuple[str, str]]:
    """The choices in columns like "Option1 Value" that a row makes."""
    for number in cells.columns.option_numbers:
        value = cells.line(f"option{number}.value", OPTION_MAX_CHARS)
        # Shopify's word for "there is nothing to choose".
        if value and value != "Default Title":
            name = cells.line(f"option{number}.name", OPTION_MAX_CHARS) or names.get(number)
            yield name or f"Option {number}", value
