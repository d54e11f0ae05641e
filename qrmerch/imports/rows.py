"""Rows of a sheet -> products with their variants, and what is wrong with each row.

Shopify: the first row of a handle speaks for the product, the others for a variant or one more picture.
Ours: every row is a variant and repeats the product's words. Rows of one product need not stand together.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from babel.numbers import list_currencies

from qrmerch import gs1
from qrmerch.catalog.drafts import ProductDraft, VariantDraft
from qrmerch.imports.columns import FACT, SHOPIFY, TEXT_FIELDS, Columns
from qrmerch.imports.markup import to_characters, to_text
from qrmerch.imports.problems import Problem
from qrmerch.imports.reader import Row, Sheet, clean_cell
from qrmerch.money import parse_money
from qrmerch.text import clean_block, clean_line

Value = TypeVar("Value")
_Options = tuple[tuple[str, str], ...]
CURRENCIES: Final = frozenset(list_currencies())
_LINES: Final = {"title": 200, "maker": 80, "category": 120}
_PATHS_MAX_CHARS: Final = 2000
_KEY_MAX_CHARS: Final = 120
_BLOCK_MAX_CHARS: Final = 8000
# With its mark-up; ten times what a text may hold.
_SOURCE_MAX_CHARS: Final = 80_000
_OPTION_MAX_CHARS: Final = 60
_FACT_MAX_CHARS: Final = 300
_IMAGE_MAX_CHARS: Final = 1000
_MAX_IMAGES: Final = 60
# Ten colours in thirty sizes; the largest catalogue we know of has 15 for one item.
_MAX_VARIANTS: Final = 300
_VARIANT_KEY_MAX_CHARS: Final = 200
# Looked at by a pattern that would take its time with a long one.
_AMOUNT_MAX_CHARS: Final = 40
_AMOUNT: Final = re.compile(r"(?:([A-Z]{3})\s*)?(-?[\d.,\s\u00a0']+?)\s*([A-Z]{3})?")
_ONLY: Final = "one"
# Without a unit these say nothing.
_MEASURED: Final = ("Weight", "Dimensions", "Heel height")
_BARE_NUMBER: Final = re.compile(r"[\d.,]+")


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


@dataclass(frozen=True, slots=True)
class Understood:
    """A whole sheet: its products in the order they begin, and the problems of rows that belong to none."""

    groups: tuple[Group, ...]
    stray: dict[int, list[Problem]]


def understand(sheet: Sheet, columns: Columns, *, currency: str) -> Understood:
    """The products in a sheet.

    :param currency: of prices that name none.
    """
    members: dict[str, list[_Cells]] = {}
    stray: dict[int, list[Problem]] = {}
    rows = [_Cells(columns, row, currency) for row in sheet.rows]
    keys: list[str | None] = []
    for cells in rows:
        keys.append(_key_of(cells, keys[-1] if keys else None))
    articles = _articles(rows, keys) if columns.has("variations") else {}
    for cells, key in zip(rows, keys, strict=True):
        if cells.text("sku") in articles:
            key, cells.told_options = articles[cells.text("sku")]
        if too_wide := cells.width_problem():
            # Its cells stand under the wrong heads; nothing else of it can be believed.
            stray[cells.row.number] = [too_wide]
        elif key is None:
            if not cells.problems:
                cells.note("VARIANT_ORPHAN", "key", "This row does not say which item it belongs to. Write it here.")
            stray[cells.row.number] = cells.problems
        else:
            members.setdefault(key, []).append(cells)
    for several in members.values():
        # A row that names its articles speaks for the item, wherever it stands.
        several.sort(key=lambda each: not each.text("variations"))
    return Understood(tuple(_group(key, cells, columns) for key, cells in members.items()), stray)


def _key_of(cells: "_Cells", above: str | None) -> str | None:
    """What the item of a row is known by; a row that names neither item nor title continues the one above."""
    if cells.text("key"):
        return cells.line("key", _KEY_MAX_CHARS)
    if cells.columns.is_key_optional:
        return cells.line("sku", _KEY_MAX_CHARS)
    is_continued = cells.columns.format != SHOPIFY and not cells.text("title")
    return above if is_continued else None


def _articles(rows: "list[_Cells]", keys: list[str | None]) -> "dict[str, tuple[str, _Options]]":
    """For each article that another row names as its size or colour: that row's key, and the options."""
    found = {}
    for cells, key in zip(rows, keys, strict=True):
        for part in cells.text("variations").split("|") if key else ():
            said = dict(pair.split("=", 1) for pair in part.split(",") if "=" in pair)
            article = said.pop("sku", "").strip()
            if key and article and article != cells.text("sku"):
                found[article] = (key, tuple((_label(name), text.strip()) for name, text in said.items()))
    return found


def _label(name: str) -> str:
    plain = name.strip().lower()
    return "Colour" if plain == "color" else plain.replace("_", " ").capitalize()


class _Refused(Exception):
    """A cell cannot be taken."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class _Cells:
    """One row, asked field by field; what is wrong is noted, not raised."""

    columns: Columns
    row: Row
    default_currency: str
    problems: list[Problem] = field(default_factory=list)
    # Options that another row says of this one.
    told_options: "_Options" = ()

    @property
    def is_good(self) -> bool:
        return not any(each.is_error for each in self.problems)

    def text(self, name: str) -> str:
        """The cell of a field as it was meant; empty where there is no such column or cell."""
        if name not in self.columns.fields:
            return ""
        place = self.columns.fields.index(name)
        return clean_cell(self.row.cells[place]) if place < len(self.row.cells) else ""

    def texts(self, prefix: str) -> Iterator[tuple[str, str, str]]:
        """Field, vendor's column and cell of every filled column whose field begins with `prefix`."""
        for place, name in enumerate(self.columns.fields):
            if name.startswith(prefix) and place < len(self.row.cells) and (text := clean_cell(self.row.cells[place])):
                yield name, self.columns.names[place], text

    def parts(self, name: str) -> list[str]:
        """The short lines of a cell that holds several with bars between."""
        found = self._read(
            name, lambda text: [_limited(clean_line, part, _OPTION_MAX_CHARS) for part in text.split("|")]
        )
        return [each for each in found or [] if each]

    def line(self, name: str, max_chars: int) -> str | None:
        """One clean line, or None where the cell is empty or cannot be taken."""
        return self._read(name, lambda text: _limited(clean_line, to_characters(text), max_chars)) or None

    def block(self, name: str) -> str | None:
        """Some paragraphs, or None where the cell is empty or cannot be taken."""
        return self._read(name, lambda text: _words(clean_block, text, _BLOCK_MAX_CHARS)) or None

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
        """An amount in minor units."""
        return self._read(name, lambda text: _parse_amount(text, currency))

    def gtin(self) -> tuple[str | None, str | None]:
        """The GTIN in 14 digits, and what to keep instead where it is none."""
        text = self.text("gtin").replace(" ", "").replace("-", "")
        problem = gs1.gtin_problem(text) if text else None
        if problem is None:
            return (gs1.gtin14(text), None) if text else (None, None)
        if "E+" in text.upper():
            self.note("GTIN_SCIENTIFIC", "gtin", f"{problem} Until then it is left out.", is_error=False)
            return None, None
        code = "GTIN_CHECK" if text.isascii() and text.isdigit() else "GTIN_LENGTH"
        if text.isascii() and text.isdigit() and len(text) not in (8, 12, 13, 14):
            code = "GTIN_LENGTH"
            if gs1.is_gtin("0" + text):
                code, problem = "GTIN_LEADING_ZERO", f"{text} lost the zero it began with. 0{text} would be right."
        self.note(code, "gtin", f"{problem} It is kept as your own code, not as a GTIN.", is_error=False)
        return None, self._read("gtin", lambda cell: _limited(clean_line, cell, 60))

    def width_problem(self) -> Problem | None:
        """What is wrong when the row has more cells than the header."""
        most = len(self.columns.names)
        if not any(cell.strip() for cell in self.row.cells[most:]):
            return None
        return Problem(
            "ROW_WIDTH",
            "",
            f"This row has {len(self.row.cells)} cells, the header has {most}."
            " A text with the separating mark in it needs quotes around it.",
            "",
        )

    def note(self, code: str, name: str, message: str, *, is_error: bool = True) -> None:
        self.problems.append(Problem(code, self.columns.name_of(name), message, self.text(name), is_error))

    def _read(self, name: str, parse: Callable[[str], Value]) -> Value | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return parse(text)
        except _Refused as refused:
            self.note(refused.code, name, str(refused))
            return None


def _limited(clean: Callable[[str, int], str], text: str, max_chars: int) -> str:
    try:
        return clean(text, max_chars)
    except ValueError as error:
        raise _Refused("TOO_LONG", str(error)) from None


def _words(clean: Callable[[str, int], str], source: str, max_chars: int) -> str:
    """The clean words of a cell that may hold HTML; one far too long is not even read."""
    if len(source) > _SOURCE_MAX_CHARS:
        raise _Refused("TOO_LONG", f"At most {max_chars} characters; this has {len(source)}.")
    return _limited(clean, to_text(source), max_chars)


def _find_amount(text: str) -> re.Match[str] | None:
    return _AMOUNT.fullmatch(text) if len(text) <= _AMOUNT_MAX_CHARS else None


def _currency_in(text: str) -> str:
    found = _find_amount(text)
    return (found[1] or found[3] or "") if found else ""


def _parse_amount(text: str, currency: str) -> int:
    found = _find_amount(text)
    if found is None:
        raise _Refused(
            "MONEY", "This is not an amount we can read. Write 28.00, and set the currency once for the file."
        )
    named = found[1] or found[3]
    if named and named != currency:
        raise _Refused("MONEY_CURRENCY", f"This is in {named}, the rest of the row in {currency}. Use one of them.")
    try:
        return parse_money(found[2].replace("'", ""), currency)
    except ValueError as error:
        raise _Refused("MONEY", str(error)) from None


def _group(key: str, members: list[_Cells], columns: Columns) -> Group:
    said: dict[str, str | None] = {
        name: _first(
            cells.line(name, _PATHS_MAX_CHARS if name == "category" and columns.has_category_paths else most)
            for cells in members
        )
        for name, most in _LINES.items()
    }
    texts = {name: _first(cells.block(name) for cells in members) for name in TEXT_FIELDS}
    description = _first(cells.block("description") for cells in members)
    variants = _variants(members, columns)
    good = tuple(variants[cells.row.number] for cells in members if cells.is_good and cells.row.number in variants)
    draft = ProductDraft(
        key=key,
        title=said["title"],
        maker=said["maker"],
        category=_last_of_path(said["category"]) if columns.has_category_paths else said["category"],
        description=description,
        texts={name: text for name, text in texts.items() if text},
        facts=tuple(_facts(members).items()),
        image_urls=tuple(_images(members)),
        variants=good,
    )
    row_keys = {
        cells.row.number: variants[cells.row.number].key if cells.row.number in variants else ""
        for cells in members
        if cells.is_good
    }
    numbers = tuple(cells.row.number for cells in members)
    return Group(draft, numbers, row_keys, {cells.row.number: cells.problems for cells in members if cells.problems})


def _last_of_path(categories: str | None) -> str | None:
    """Of "Shop/Women/Tops, Shop/Sale" the first path's end: "Tops"."""
    last = re.split(r"[/>]", (categories or "").split(",")[0])[-1].strip()
    return last[: _LINES["category"]] or None


def _first(values: Iterable[str | None]) -> str | None:
    """The first that is said; all are read, so that each row's problems are noted."""
    return next((each for each in list(values) if each), None)


def _facts(members: list[_Cells]) -> dict[str, str]:
    facts: dict[str, str] = {}
    for cells in members:
        for name, column, text in cells.texts(FACT):
            if name.removeprefix(FACT) in _MEASURED and _BARE_NUMBER.fullmatch(text):
                continue
            try:
                facts.setdefault(name.removeprefix(FACT), _words(clean_line, text, _FACT_MAX_CHARS))
            except _Refused as refused:
                cells.problems.append(Problem(refused.code, column, str(refused), text))
    return facts


def _images(members: list[_Cells]) -> Iterable[str]:
    """Addresses or file names of pictures, each once; those beyond the limit are left out with a warning."""
    found: dict[str, None] = {}
    for cells in members:
        named = [part.strip() for part in re.split(r"[|;\n]", cells.text("image"))]
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


def _variants(members: list[_Cells], columns: Columns) -> dict[int, VariantDraft]:
    """The variant of each row that has one, by row number.

    Two rows with the same options are an error of the later, and so is each row beyond the limit.
    """
    option_names = [_first(cells.line(f"option{n}.name", _OPTION_MAX_CHARS) for cells in members) for n in (1, 2, 3)]
    choices = next((names for cells in members if (names := cells.parts("choices.names"))), [])
    drafts = {cells.row.number: _variant(cells, option_names, choices) for cells in members if _has_variant(cells)}
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


def _has_variant(cells: _Cells) -> bool:
    """Whether a row is a size or colour, not only the item's words or one more picture."""
    if cells.text("variations"):
        return False
    is_shopify = cells.columns.format == SHOPIFY
    return not is_shopify or any(cells.text(name) for name in ("option1.value", "sku", "price", "gtin"))


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


def _variant(cells: _Cells, option_names: list[str | None], choices: list[str]) -> VariantDraft:
    options = tuple(_options(cells, option_names, choices))
    currency = cells.currency()
    price, was_price = cells.money("price", currency), cells.money("was_price", currency)
    if was_price is not None and (price is None or was_price <= price):
        # Shop systems fill the column with the price itself, or 0, where nothing is reduced.
        if price is not None and 0 < was_price < price:
            cells.note("SALE_NOT_LOWER", "was_price", "This is below the price, so it is left out.", is_error=False)
        was_price = None
    gtin, vendor_code = cells.gtin()
    return VariantDraft(
        key=_short("/".join(value.casefold() for _, value in options)) or _ONLY,
        options=options,
        currency=currency,
        sku=cells.line("sku", _KEY_MAX_CHARS),
        gtin=gtin,
        vendor_code=vendor_code,
        price_minor=price,
        was_price_minor=was_price,
    )


def _options(cells: _Cells, names: list[str | None], choices: list[str]) -> Iterable[tuple[str, str]]:
    for field_name, label in (("colour", "Colour"), ("size", "Size")):
        value = cells.line(field_name, _OPTION_MAX_CHARS)
        if value:
            yield label, value
    for number, name in enumerate(names, start=1):
        value = cells.line(f"option{number}.value", _OPTION_MAX_CHARS)
        # Shopify's word for "there is nothing to choose".
        if value and (name, value) != ("Title", "Default Title") and value != "Default Title":
            yield name or f"Option {number}", value
    yield from zip(map(_label, choices), cells.parts("choices.values"), strict=False)
    yield from ((label[:_OPTION_MAX_CHARS], value[:_OPTION_MAX_CHARS]) for label, value in cells.told_options)
