"""Prices and stock by file: rows -> figures of variants, what each would change, and the writing."""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from qrmerch.catalog.bulk import (
    Compared,
    PriceFigure,
    StockFigure,
    VariantKey,
    compare_prices,
    compare_stock,
    list_variant_keys,
    put_prices,
    put_stock,
)
from qrmerch.imports.feed_columns import FeedColumns
from qrmerch.imports.feed_lines import Difference, FeedReading, Judged, Line, VariantFinder, read_as_of
from qrmerch.imports.feed_table import FeedTable
from qrmerch.money import format_money, parse_money
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import list_stores, list_warehouses

_MOST_PIECES: Final = 10_000_000
_PIECES: Final = re.compile(r"(-?)(\d{1,3}(?:[,'’]\d{3})+|\d+)(?:[.,]0+)?")
_NAMED: Final = 6


@dataclass(frozen=True, slots=True)
class PriceLine:
    """A price with the variant it is of."""

    figure: PriceFigure
    title: str


@dataclass(frozen=True, slots=True)
class StockLine:
    """A count with the variant and the place it is of."""

    figure: StockFigure
    title: str
    place: str


Figure = TypeVar("Figure", PriceLine, StockLine)
Key = TypeVar("Key", bound=Hashable)


# --- prices ----------------------------------------------------------------------------------------


def read_prices(
    db: Session, retailer: Retailer, table: FeedTable, columns: FeedColumns, reading: FeedReading
) -> list[Line[PriceLine]]:
    """Each row's price; one that several variants share, or is in another currency, is an error."""
    finder = VariantFinder(list_variant_keys(db, retailer.id), columns)
    first: dict[str, Line[PriceLine]] = {}
    return [
        _read_price(number, columns.read(cells), finder, first, retailer, columns, reading)
        for number, cells in table.rows
    ]


def _read_price(
    number: int,
    said: dict[str, str],
    finder: VariantFinder,
    first: dict[str, Line[PriceLine]],
    retailer: Retailer,
    columns: FeedColumns,
    reading: FeedReading,
) -> Line[PriceLine]:
    line: Line[PriceLine] = Line(number)
    variant = finder.find(said, line)
    price = _price_of(said, line, columns, retailer)
    as_of = read_as_of(said.get("as_of", ""), line, columns, reading, retailer)
    if variant is None or price is None or line.is_error:
        return line
    line.value = PriceLine(PriceFigure(variant.id, variant.item_id, price, as_of), variant.name)
    _heed_first(line, first, variant.id, columns.name_of("price"), said.get("price", ""))
    return line


def _price_of(said: dict[str, str], line: Line[PriceLine], columns: FeedColumns, retailer: Retailer) -> int | None:
    text, currency = said.get("price", ""), said.get("currency", "").upper()
    column = columns.name_of("price")
    # A currency beside the amount counts as said: "12.34 EUR".
    named = re.fullmatch(r"([A-Za-z]{3})?\s*([\d.,'\s]+?)\s*([A-Za-z]{3})?", text)
    beside = ((named[1] or named[3] or "") if named else "").upper()
    if not text:
        line.refuse("REQUIRED", column, "The row has no price. Leave the row out to keep the present one.")
        return None
    if wrong := next((each for each in (beside, currency) if each and each != retailer.currency), ""):
        place = columns.name_of("currency") if currency else column
        line.refuse("MONEY_CURRENCY", place, f"Your prices are in {retailer.currency}; this one is in {wrong}.", wrong)
        return None
    try:
        return parse_money(named[2] if named else text, retailer.currency)
    except ValueError as error:
        line.refuse("MONEY", column, str(error), text)
        return None


def judge_prices(db: Session, retailer: Retailer, lines: Sequence[Line[PriceLine]]) -> list[Judged]:
    """What each good line would do."""
    values = [line.value for line in lines if line.value]
    compared = compare_prices(db, [each.figure for each in values])
    return [
        Judged(found.outcome, _price_difference(each, found, retailer), remark=_remark(found, retailer.time_zone))
        for each, found in zip(values, compared, strict=True)
    ]


def _price_difference(value: PriceLine, found: Compared, retailer: Retailer) -> tuple[Difference, ...]:
    if found.outcome != "updated" or found.now is None:
        return ()
    now, after = (format_money(each, retailer.currency) for each in (found.now, value.figure.price_minor))
    return (Difference(value.title, "Price", now, after),)


def write_prices(
    db: Session, retailer: Retailer, lines: Sequence[Line[PriceLine]], reading: FeedReading, *, at: datetime
) -> list[str]:
    """Take good lines in; the outcome of each."""
    figures = [line.value.figure for line in lines if line.value]
    return [found.outcome for found in put_prices(db, retailer.id, figures, at=at)]


# --- stock -----------------------------------------------------------------------------------------


def read_stock(
    db: Session, retailer: Retailer, table: FeedTable, columns: FeedColumns, reading: FeedReading
) -> list[Line[StockLine]]:
    """Each row's count; a place is a store or a warehouse by its code."""
    finder = VariantFinder(list_variant_keys(db, retailer.id), columns)
    places = {each.code.casefold(): (each.id, each.short_name, False) for each in list_stores(db, retailer.id)}
    places |= {each.code.casefold(): (each.id, each.name, True) for each in list_warehouses(db, retailer.id)}
    first: dict[tuple[str, str], Line[StockLine]] = {}
    lines = []
    for number, cells in table.rows:
        said = columns.read(cells)
        line: Line[StockLine] = Line(number)
        variant = finder.find(said, line)
        place = _place_of(said.get("store", ""), places, line, columns)
        pieces = _pieces_of(said.get("pieces", ""), line, columns)
        as_of = read_as_of(said.get("as_of", ""), line, columns, reading, retailer)
        if variant and place and pieces is not None and not line.is_error:
            line.value = _stock_line(variant, place, pieces, as_of)
            key = (place[0], variant.id)
            _heed_first(line, first, key, columns.name_of("pieces"), said.get("pieces", ""))
        lines.append(line)
    return lines


def _stock_line(variant: VariantKey, place: tuple[str, str, bool], pieces: int, as_of: datetime) -> StockLine:
    place_id, name, is_warehouse = place
    return StockLine(
        StockFigure(place_id, is_warehouse, variant.id, variant.item_id, pieces, as_of), variant.name, name
    )


def _place_of(
    text: str, places: dict[str, tuple[str, str, bool]], line: Line[StockLine], columns: FeedColumns
) -> tuple[str, str, bool] | None:
    column = columns.name_of("store")
    if not text:
        line.refuse("REQUIRED", column, "The row names no store. Give the code of a store or a warehouse.")
        return None
    found = places.get(text.casefold())
    if found is None:
        known = ", ".join(code.upper() for code in list(places)[:_NAMED]) or "none yet"
        line.refuse("UNKNOWN_STORE", column, f"You have no store or warehouse {text[:40]}. Known: {known}.", text)
    return found


def _pieces_of(text: str, line: Line[StockLine], columns: FeedColumns) -> int | None:
    column = columns.name_of("pieces")
    if not text:
        line.refuse("REQUIRED", column, "The row says no number of pieces. Leave it out where nobody counted.")
        return None
    match = _PIECES.fullmatch(text)
    if match is None:
        line.refuse("NUMBER", column, f"{text[:40]} is no whole number of pieces.", text)
        return None
    count = int(re.sub(r"\D", "", match[2]))
    if count > _MOST_PIECES:
        line.refuse("NUMBER", column, f"{text[:40]} is more than any store holds.", text)
        return None
    if match[1] and count:
        line.warn("NEGATIVE", column, f"{text} is below nothing and counts as 0.", text)
        return 0
    return count


def judge_stock(db: Session, retailer: Retailer, lines: Sequence[Line[StockLine]]) -> list[Judged]:
    """What each good line would do."""
    values = [line.value for line in lines if line.value]
    compared = compare_stock(db, [each.figure for each in values])
    judged = []
    for each, found in zip(values, compared, strict=True):
        is_confirmed = found.outcome == "unchanged" and found.as_of is not None and found.as_of < each.figure.as_of
        differences: tuple[Difference, ...] = ()
        if found.outcome == "updated":
            differences = (
                Difference(each.title, f"Pieces, {each.place}", f"{found.now:,}", f"{each.figure.pieces:,}"),
            )
        judged.append(Judged(found.outcome, differences, is_confirmed, _remark(found, retailer.time_zone)))
    return judged


def write_stock(
    db: Session, retailer: Retailer, lines: Sequence[Line[StockLine]], reading: FeedReading, *, at: datetime
) -> list[str]:
    """Take good lines in; the outcome of each."""
    figures = [line.value.figure for line in lines if line.value]
    limit = timedelta(hours=retailer.stock_limit_hours)
    return [found.outcome for found in put_stock(db, retailer.id, figures, limit=limit, at=at)]


# --- what both share -------------------------------------------------------------------------------


def _remark(found: Compared, zone: str) -> str:
    """Why a figure is left out though nothing is wrong with it."""
    if found.outcome != "older" or found.as_of is None:
        return ""
    return f"A newer figure, of {found.as_of.astimezone(ZoneInfo(zone)):%d %B %Y %H:%M}, is kept."


def _heed_first(line: Line[Figure], firsts: dict[Key, Line[Figure]], key: Key, column: str, text: str) -> None:
    """Of rows about the same thing the newest holds; two of one instant that differ are a contradiction."""
    first = firsts.setdefault(key, line)
    if first is line or first.value is None or line.value is None:
        return
    if first.value == line.value or first.value.figure.as_of > line.value.figure.as_of:
        line.is_repeat = True
    elif first.value.figure.as_of < line.value.figure.as_of:
        first.is_repeat = True
        firsts[key] = line
    else:
        message = f"Row {first.number} says something else of the same item and place. Keep one of them."
        line.refuse("DUPLICATE_KEY", column, message, text)
