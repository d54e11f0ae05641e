"""Fixtures by file: rows -> shelves, windows and posters in stores, what would change, and the writing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.errors import FormError
from qrmerch.imports.feed_columns import FeedColumns
from qrmerch.imports.feed_lines import Difference, FeedReading, Judged, Line
from qrmerch.imports.feed_table import FeedTable
from qrmerch.parties import service
from qrmerch.parties.models import Fixture, FixtureKind, Retailer, Store
from qrmerch.parties.queries import list_fixtures, list_stores
from qrmerch.text import clean_line

_NAMED: Final = 6
_KIND_WORDS: Final = {
    "hang tag": FixtureKind.HANGTAG,
    "tag": FixtureKind.HANGTAG,
    "rail": FixtureKind.HANGTAG,
    "rail with hang tags": FixtureKind.HANGTAG,
    "till": FixtureKind.QUEUE,
    "till queue": FixtureKind.QUEUE,
    "checkout": FixtureKind.QUEUE,
    "display": FixtureKind.SCREEN,
    "table": FixtureKind.SHELF,
    "wall of items": FixtureKind.WALL,
    "shop window": FixtureKind.WINDOW,
} | {kind.value: kind for kind in FixtureKind}


@dataclass(frozen=True, slots=True)
class FixtureLine:
    """A fixture as it shall be; `kind` is None where the row does not say."""

    store: Store
    name: str
    kind: FixtureKind | None


def read_fixtures(
    db: Session, retailer: Retailer, table: FeedTable, columns: FeedColumns, reading: FeedReading
) -> list[Line[FixtureLine]]:
    """Each row's place in a store, by the store's code and its own name."""
    stores = {each.code.casefold(): each for each in list_stores(db, retailer.id)}
    first: dict[tuple[str, str], Line[FixtureLine]] = {}
    lines = []
    for number, cells in table.rows:
        said = columns.read(cells)
        line: Line[FixtureLine] = Line(number)
        store = stores.get(said.get("store", "").casefold())
        if store is None:
            known = ", ".join(each.code for each in list(stores.values())[:_NAMED]) or "none yet"
            message = f"You have no store {said.get('store', '')[:40]}. Known: {known}."
            line.refuse("UNKNOWN_STORE", columns.name_of("store"), message, said.get("store", ""))
        name = _fixture_name(said, line, columns)
        kind = _fixture_kind(said, line, columns)
        if store and name and not line.is_error:
            line.value = FixtureLine(store, name, kind)
            _heed_first(line, first.setdefault((store.id, name), line), columns)
        lines.append(line)
    return lines


def _fixture_name(said: Mapping[str, str], line: Line[FixtureLine], columns: FeedColumns) -> str:
    column = columns.name_of("name")
    try:
        name = clean_line(said.get("name", ""), 80)
    except ValueError as error:
        line.refuse("TOO_LONG", column, str(error), said["name"])
        return ""
    if not name:
        message = "A place needs a name that staff will recognise, such as Shoe wall."
        line.refuse("REQUIRED", column, message)
    return name


def _fixture_kind(said: Mapping[str, str], line: Line[FixtureLine], columns: FeedColumns) -> FixtureKind | None:
    text = said.get("kind", "")
    if not text:
        return None
    kind = _KIND_WORDS.get(" ".join(re.sub(r"[\W_]+", " ", text.casefold()).split()))
    if kind is None:
        line.refuse(
            "ENUM",
            columns.name_of("kind"),
            f"{text[:40]} is no kind of place. Write one of {', '.join(FixtureKind)}.",
            text,
        )
    return kind


def _heed_first(line: Line[FixtureLine], first: Line[FixtureLine], columns: FeedColumns) -> None:
    if first is line or first.value is None or line.value is None:
        return
    if line.value.kind in (None, first.value.kind):
        line.is_repeat = True
        return
    message = f"Row {first.number} says that this place is a {first.value.kind}. Keep one of them."
    line.refuse("DUPLICATE_KEY", columns.name_of("kind"), message, line.value.kind or "")


def judge_fixtures(db: Session, retailer: Retailer, lines: Sequence[Line[FixtureLine]]) -> list[Judged]:
    """What each good line would do."""
    known = _known_fixtures(db, retailer)
    return [_judge_fixture(line.value, known) for line in lines if line.value]


def _known_fixtures(db: Session, retailer: Retailer) -> dict[tuple[str, str], Fixture]:
    return {(each.store_id, each.name): each for each in list_fixtures(db, retailer.id)}


def _judge_fixture(value: FixtureLine, known: Mapping[tuple[str, str], Fixture]) -> Judged:
    there = known.get((value.store.id, value.name))
    if there is None:
        return Judged("created")
    if value.kind in (None, there.kind):
        return Judged("unchanged")
    title = f"{value.name}, {value.store.short_name}"
    return Judged("updated", (Difference(title, "Kind", there.kind.value, str(value.kind)),))


def write_fixtures(
    db: Session, retailer: Retailer, lines: Sequence[Line[FixtureLine]], reading: FeedReading, *, at: datetime
) -> list[str]:
    """Take good lines in; the outcome of each."""
    known = _known_fixtures(db, retailer)
    outcomes = []
    for line in lines:
        value = line.value
        if value is None:
            continue
        outcome = _judge_fixture(value, known).outcome
        there = known.get((value.store.id, value.name))
        try:
            if there is None:
                service.add_fixture(db, value.store, name=value.name, kind=value.kind or FixtureKind.SHELF)
            elif outcome == "updated" and value.kind:
                service.change_fixture(db, there, name=value.name, kind=value.kind, at=at, tells_pages=False)
        except FormError:
            outcome = "left_out"
        outcomes.append(outcome)
    if "updated" in outcomes:
        service.changed(db, retailer.id, at=at)
    return outcomes
