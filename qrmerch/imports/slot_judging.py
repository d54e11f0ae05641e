"""One row of a sheet that fills pages, judged against how its page stands: what would change, or why it cannot."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.orm import Session

from qrmerch.content.earlier import find_base
from qrmerch.content.merging import Base, Merged, Part, merge_three
from qrmerch.content.slots import Slot, clean_value, is_empty
from qrmerch.i18n import language_name
from qrmerch.imports.problems import Problem
from qrmerch.imports.reader import Row, clean_cell
from qrmerch.imports.slot_cells import CellProblem, told, value_of
from qrmerch.imports.slot_columns import Column, Columns
from qrmerch.imports.slot_pages import House, Page, mark_of

LOCKED: Final = "slot_locked"
CHANGED: Final = "CHANGED"
_MARK: Final = re.compile(r"v(\d{1,9})s(\d{1,9})", re.ASCII)
_SHOWN_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with what became of it: `created`, `changed`, `unchanged` or `error`.

    `values` are what its cells say, by slot, to be written upon the save that `number` and `edit` name. `after` is all
    that the page would say, with the row's side of what two people changed.
    """

    row: Row
    key: str
    outcome: str
    page: Page | None = None
    problems: tuple[Problem, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0
    edit: int = 0
    differences: tuple[dict[str, Any], ...] = ()
    after: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_changed_elsewhere(self) -> bool:
        return any(each.code == CHANGED for each in self.problems)


class Judge:
    """Judges the rows of one file, in order: an item that comes twice is filled by its first row."""

    def __init__(self, db: Session, house: House, columns: Columns, marks: Mapping[str, str] | None = None) -> None:
        """:param marks: how pages stood when the file was checked, by key; how they stand now where left out."""
        self.db, self.house, self.columns, self.marks = db, house, columns, marks or {}
        self._seen: dict[str, int] = {}

    def judge(self, row: Row) -> Judged:
        """What a row would do; nothing is written."""
        key = cell(row, self.columns.item)
        problem = self._problem_of_item(row, key)
        page = self.house.pages.get(key)
        if problem or page is None:
            return Judged(row, key, "error", None, (problem,) if problem else ())
        values, cleaned, problems = self._values(row, page)
        mark = _MARK.fullmatch(self._mark(row, page))
        if mark is None:
            said = "This is not how a page’s version is written. Leave the cells of this column as they were, or empty."
            problems.append(Problem("VERSION", "_version", said, self._mark(row, page)))
        if problems or mark is None:
            return Judged(row, key, "error", page, tuple(problems))
        number, edit = int(mark[1]), int(mark[2])
        merged = self._merge(page, values, cleaned, number, edit)
        conflicts = tuple(self._conflict(page, part, each.theirs) for each in merged.conflicts for part in [each.part])
        outcome = (
            "error" if conflicts else "unchanged" if not merged.changed else "changed" if page.is_begun else "created"
        )
        differences = tuple(self._differences(row, page, merged)) if outcome in ("created", "changed") else ()
        return Judged(row, key, outcome, page, conflicts, values, number, edit, differences, merged.slots)

    def _problem_of_item(self, row: Row, key: str) -> Problem | None:
        shop = self.house.retailer.name
        if not key:
            return Problem("ITEM_MISSING", "item", "Say which item this row is, as the sheet you downloaded does.", "")
        page = self.house.pages.get(key)
        if page is None:
            said = f"You list no item {key[:60]} at {shop}. Copy its name from the sheet you downloaded."
            return Problem("ITEM_UNKNOWN", "item", said, key)
        if key in self._seen:
            said = f"Row {self._seen[key]} fills this item already. Put both into one row."
            return Problem("ITEM_TWICE", "item", said, key)
        self._seen[key] = row.number
        if page.is_waiting:
            said = f"This page waits for an answer from {shop}. Take it back in the studio, then send the row again."
            return Problem("WAITING", "", said, "")
        return None

    def _mark(self, row: Row, page: Page) -> str:
        said = "" if self.columns.version is None else cell(row, self.columns.version)
        return said or self.marks.get(page.key, "") or page.mark

    def _values(self, row: Row, page: Page) -> tuple[dict[str, Any], dict[str, Any], list[Problem]]:
        """What the cells say, the same as it is kept, and what is wrong with them."""
        values: dict[str, Any] = {}
        cleaned: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, columns in self._filled(row).items():
            problem = _refusal(page, name, columns[0], self.house.retailer.name)
            if problem:
                problems.append(Problem(*problem, cell(row, columns[0].place)))
                continue
            slot = page.slots[name]
            first = next(iter(slot.languages(self.house.locales)), self.house.locales[0])
            # Words and tables are looked at one language at a time, so that a problem stands at its own column.
            for each in [(column,) for column in columns] if slot.is_by_locale else [columns]:
                try:
                    said = {column.locale: cell(row, column.place) for column in each}
                    value = value_of(slot, said, page.values.get(name), self.house.library, first=first)
                    kept = clean_value(slot, value, self.house.bounds)
                except (CellProblem, ValueError) as error:
                    written = cell(row, each[0].place)
                    problems.append(Problem("SLOT", each[0].name, f"{slot.label}: {error}", written))
                    continue
                values[name] = {**values.get(name, {}), **value} if slot.is_by_locale else value
                if not is_empty(kept):
                    cleaned[name] = {**cleaned.get(name, {}), **kept} if slot.is_by_locale else kept
        return values, cleaned, problems

    def _filled(self, row: Row) -> dict[str, list[Column]]:
        """The columns in which the row says something, by slot."""
        found: dict[str, list[Column]] = {}
        for column in self.columns.filling:
            if cell(row, column.place):
                found.setdefault(column.slot, []).append(column)
        return found

    def _merge(
        self, page: Page, values: Mapping[str, Any], cleaned: Mapping[str, Any], number: int, edit: int
    ) -> Merged:
        base = Base(page.values)
        if mark_of(number, edit) != page.mark:
            base = find_base(self.db, page.content_id, page.slots, number=number, edit=edit)
        return merge_three(page.slots, base, cleaned, page.values, cleared=_cleared(page.slots, values, cleaned))

    def _conflict(self, page: Page, part: Part, theirs: Any) -> Problem:
        slot = page.slots[part[0]]
        column = next(each for each in self.columns.filling if each.slot == slot.name)
        named = next((each for each in self.columns.filling if (each.slot, each.locale) == part), column)
        there = (
            theirs
            if isinstance(theirs, str)
            else told(slot, page.values.get(slot.name), self.house.locales, self.house.library)
        )
        said = f"{slot.label} was changed in the studio meanwhile"
        said += f" and says “{there[:80]}” now." if there else " and is empty now."
        return Problem(
            CHANGED, named.name, f"{said} Nothing was overwritten: look at it, then send this row again.", ""
        )

    def _differences(self, row: Row, page: Page, merged: Merged) -> list[dict[str, Any]]:
        found = []
        for name in dict.fromkeys(part[0] for part in sorted(merged.changed)):
            slot = page.slots[name]
            for locale in sorted({key for each, key in merged.changed if each == name}) if slot.is_by_locale else [""]:
                order = [locale] if locale else list(self.house.locales)
                now, after = (
                    told(slot, values.get(name), order, self.house.library)[:_SHOWN_CHARS]
                    for values in (page.values, merged.slots)
                )
                is_first = locale in ("", self.house.locales[0])
                label = slot.label if is_first else f"{slot.label}, {language_name(locale, 'en')}"
                found.append({"row": row.number, "title": page.item.title, "field": label, "now": now, "after": after})
        return found


def cell(row: Row, place: int) -> str:
    """What a row says in a column, without what spreadsheets put around it."""
    return clean_cell(row.cells[place]) if place < len(row.cells) else ""


def _refusal(page: Page, name: str, column: Column, retailer: str) -> tuple[str, str, str] | None:
    slot = page.slots.get(name)
    if slot is None:
        return "SLOT_MISSING", column.name, f"This item’s template has no slot {name}. Empty the cell."
    if slot.is_fixed:
        said = f"{slot.label} is filled by {retailer} on this item’s page. Empty the cell."
        return LOCKED, column.name, said
    return None


def _cleared(slots: Mapping[str, Slot], values: Mapping[str, Any], cleaned: Mapping[str, Any]) -> Sequence[Part]:
    """The parts that cells name and that hold nothing then."""
    found: list[Part] = []
    for name, value in values.items():
        if slots[name].is_by_locale:
            found += [(name, locale) for locale in value if locale not in cleaned.get(name, ())]
        elif name not in cleaned:
            found.append((name, ""))
    return found
