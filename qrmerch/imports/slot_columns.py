"""The columns of a sheet that fills pages: `item`, then one for each open slot and language."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from qrmerch.content.slots import Slot, SlotLocked
from qrmerch.i18n import language_name
from qrmerch.imports.columns import OWN_COLUMNS
from qrmerch.imports.problems import Problem, SheetRejected
from qrmerch.imports.slot_cells import has_languages
from qrmerch.imports.slot_pages import House

ITEM: Final = "item"
NAME: Final = "name"
# How a page stood when the file was made: who changes it meanwhile is not overwritten.
VERSION: Final = "_version"
_LEADING: Final = (ITEM, NAME, VERSION)


@dataclass(frozen=True, slots=True)
class Column:
    """A column that fills a slot, in a language where the slot has several."""

    place: int
    # As it is called in the file.
    name: str
    slot: str
    locale: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A header, understood: where items and versions stand, and what fills which slot."""

    item: int
    version: int | None
    filling: tuple[Column, ...]
    remarks: tuple[Problem, ...]


def header_of(house: House) -> list[str]:
    """The header of a new sheet: every open slot of the templates that the pages are written in."""
    return [*_LEADING, *(column.name for column in columns_of(house))]


def columns_of(house: House) -> list[Column]:
    """The filling columns of a new sheet, in the templates' order."""
    slots = {name: slot for name, slot in _slots_of(house).items() if not all(each.is_fixed for each in slot)}
    names = [
        (name, locale, f"{name}.{locale}" if place else name)
        for name, several in slots.items()
        for place, locale in enumerate(_languages(several[0], house))
    ]
    return [Column(len(_LEADING) + place, each[2], each[0], each[1]) for place, each in enumerate(names)]


def read_columns(header: Sequence[str], house: House) -> Columns:
    """What each column of a file fills.

    :raises SlotLocked: a column names a slot that the retailer fills on every page.
    :raises SheetRejected: no column says which item, two are the same, or one names no slot of the retailer's.
    """
    places: dict[str, int] = {}
    filling, remarks, slots = [], [], _slots_of(house)
    for place, written in enumerate(header):
        name = written.strip().casefold()
        if not name or name in OWN_COLUMNS:
            continue
        if name in places:
            raise SheetRejected(f"There are two columns called {written.strip()[:60]}. Remove one.")
        places[name] = place
        if "." in name:
            filling.append(_read_column(place, written.strip(), slots, house))
        elif name not in _LEADING:
            sentence = f"The column {written.strip()[:60]} names no slot and is not read."
            remarks.append(Problem("COLUMN_UNUSED", written.strip(), sentence, "", is_error=False))
    if ITEM not in places:
        raise SheetRejected("No column is called “item”. Download the sheet again: it says which item each row is.")
    _refuse_twice(filling)
    if not filling:
        raise SheetRejected("No column names a slot, such as story.text. Download the sheet again and fill that in.")
    return Columns(places[ITEM], places.get(VERSION), tuple(filling), tuple(remarks))


def _slots_of(house: House) -> dict[str, list[Slot]]:
    """The slots of all templates in use by name, in the order in which they come."""
    found: dict[str, list[Slot]] = {}
    for slots in _distinct(page.slots for page in house.pages.values()):
        for name, slot in slots.items():
            found.setdefault(name, []).append(slot)
    return found


def _distinct(several: Iterable[Mapping[str, Slot]]) -> list[Mapping[str, Slot]]:
    return list({id(each): each for each in several}.values())


def _languages(slot: Slot, house: House) -> tuple[str, ...]:
    locales = slot.languages(house.locales)
    return locales if has_languages(slot) else locales[:1] or house.locales[:1]


def _read_column(place: int, written: str, slots: Mapping[str, Sequence[Slot]], house: House) -> Column:
    section, _, rest = written.partition(".")
    key, _, said = rest.partition(".")
    name = f"{section}.{key}".casefold()
    shop = house.retailer.name
    if name not in slots:
        near = get_close_matches(name, [each for each, found in slots.items() if not found[0].is_fixed], n=1)
        hint = f" Do you mean {near[0]}?" if near else ""
        raise SheetRejected(f"The templates of {shop} have no slot {written[:60]}.{hint} Remove or rename the column.")
    if all(each.is_fixed for each in slots[name]):
        label = slots[name][0].label
        raise SlotLocked(
            f"The column {written[:60]} cannot be filled: {label} comes from {shop}, the same on every page. "
            "Remove the column."
        )
    if not said:
        return Column(place, written, name, next(iter(_languages(slots[name][0], house)), house.locales[0]))
    locale = next((each for each in house.locales if each.casefold() == said.casefold()), "")
    if not locale:
        spoken = ", ".join(f"{each} ({language_name(each, 'en')})" for each in house.locales)
        raise SheetRejected(f"{said[:20]} in {written[:60]} is not among the languages of {shop}. These are: {spoken}.")
    if not has_languages(slots[name][0]):
        raise SheetRejected(f"{written[:60]} has no languages: call the column {name}.")
    return Column(place, written, name, locale)


def _refuse_twice(filling: Sequence[Column]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for column in filling:
        before = seen.setdefault((column.slot, column.locale), column.name)
        if before != column.name:
            raise SheetRejected(f"The columns {before[:60]} and {column.name[:60]} fill the same. Remove one.")
