"""Which rows of a sheet are one product, however they stand: below each other, apart, under a parent or before it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from qrmerch.imports.cells import KEY_MAX_CHARS, Cells, Options, cut_line
from qrmerch.imports.columns import SHOPIFY, Columns
from qrmerch.imports.problems import Problem
from qrmerch.imports.reader import Row

_ROW_ID: str = "id:"


@dataclass(slots=True)
class RowPlan:
    """For each row, in the order of the sheet, what its product is known by; None for a row of none (`stray`).

    `last` is the place of each product's last row; `options` what another row says of an article's choices, by SKU.
    """

    keys: list[str | None] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)
    options: dict[str, Options] = field(default_factory=dict)
    stray: dict[int, list[Problem]] = field(default_factory=dict)


def plan_rows(rows: Iterable[Row], columns: Columns) -> RowPlan:
    """Read a sheet once, for nothing but what belongs together.

    :raises SheetRejected: it cannot be read to its end.
    """
    plan = RowPlan()
    # Of the articles that another row speaks for: that row's key. Of rows: what they name as their parent.
    told: dict[str, str] = {}
    parents: dict[int, tuple[int, str]] = {}
    ids: dict[str, str] = {}
    skus: list[str] = []
    above: str | None = None
    for place, row in enumerate(rows):
        cells = Cells(columns, row, "")
        key = _key_of(cells, above)
        if too_wide := _width_problem(cells):
            # Its cells stand under the wrong heads; nothing else of it can be believed.
            plan.stray[row.number] = [too_wide]
            key = None
        elif key is None:
            if not cells.problems:
                cells.note("VARIANT_ORPHAN", "key", "This row does not say which item it belongs to. Write it here.")
            plan.stray[row.number] = cells.problems
        else:
            _note_articles(cells, key, told, plan.options)
            if parent := cut_line(cells.text("parent"), KEY_MAX_CHARS):
                parents[place] = (row.number, parent)
            elif row_id := cut_line(cells.text("row_id"), KEY_MAX_CHARS):
                ids[_ROW_ID + row_id] = key
        above = key
        plan.keys.append(key)
        if told or columns.has("variations"):
            skus.append(cells.text("sku"))
    for place, sku in enumerate(skus):
        if sku in told and plan.keys[place] is not None:
            plan.keys[place] = told[sku]
    for place, (_, parent) in parents.items():
        plan.keys[place] = ids.get(parent.replace(" ", ""), parent)
    for place, found in enumerate(plan.keys):
        if found is not None:
            plan.last[found] = place
    return plan


def _key_of(cells: Cells, above: str | None) -> str | None:
    """What the item of a row is known by; a row that names neither item nor title continues the one above."""
    if cells.text("key"):
        return cells.line("key", KEY_MAX_CHARS)
    if cells.columns.is_key_optional:
        if key := cells.sku():
            return key
        row_id = cut_line(cells.text("row_id"), KEY_MAX_CHARS - len(_ROW_ID))
        return _ROW_ID + row_id if row_id and not cells.problems else None
    is_continued = cells.columns.format != SHOPIFY and not cells.text("title")
    return above if is_continued else None


def _note_articles(cells: Cells, key: str, told: dict[str, str], options: dict[str, Options]) -> None:
    """Remember the articles that a row names as its sizes and colours, each with its options."""
    for part in cells.text("variations").split("|"):
        said = dict(pair.split("=", 1) for pair in part.split(",") if "=" in pair)
        article = said.pop("sku", "").strip()
        if article and article != cells.text("sku"):
            told[article] = key
            options[article] = tuple((label_of(name), text.strip()) for name, text in said.items())


def label_of(name: str) -> str:
    """What a choice is called on the page: "color" in a file is "Colour"."""
    plain = name.strip().lower()
    return "Colour" if plain == "color" else plain.replace("_", " ").capitalize()


def _width_problem(cells: Cells) -> Problem | None:
    """What is wrong when a row has more cells than the header."""
    most = len(cells.columns.names)
    if len(cells.row.cells) <= most or not any(cell.strip() for cell in cells.row.cells[most:]):
        return None
    return Problem(
        "ROW_WIDTH",
        "",
        f"This row has {len(cells.row.cells)} cells, the header has {most}."
        " A text with the separating mark in it needs quotes around it.",
        "",
    )
