"""The cells of a sheet that fills pages: what a slot's value looks like in one, and back.

Words stand as they are, in a column for each language. Whatever has rows (facts, tables, files) has a line for each,
with `|` between its cells; pictures, films and sounds are called by their files' names, a line for each; a choice by
the value or the words of its option. An empty cell leaves a slot as it is, a single dash empties it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.content.slots import ASSET_KINDS, Kind, Slot
from qrmerch.content.tables import join_rows, split_rows
from qrmerch.media.models import Asset, AssetKind, AssetState

EMPTY: Final = "-"
_MOST_NAMES: Final = 3


class CellProblem(Exception):
    """A cell that cannot be understood; the message says what would be."""


@dataclass(frozen=True, slots=True)
class Library:
    """What a vendor may name in a cell: its pictures, films and sounds, by id and by the names of their files."""

    assets: Mapping[str, tuple[AssetKind, str]]
    by_name: Mapping[tuple[AssetKind, str], Sequence[str]]


def load_library(db: Session, vendor_id: str) -> Library:
    """All of a vendor's pictures, films and sounds that are not refused."""
    wanted = select(Asset.id, Asset.kind, Asset.file_name).where(
        Asset.vendor_id == vendor_id, Asset.state != AssetState.REFUSED
    )
    assets = {asset_id: (kind, name) for asset_id, kind, name in db.execute(wanted)}
    by_name: dict[tuple[AssetKind, str], list[str]] = defaultdict(list)
    for asset_id, (kind, name) in assets.items():
        by_name[kind, name.casefold()].append(asset_id)
    return Library(assets, by_name)


def has_languages(slot: Slot) -> bool:
    """Whether a slot has a column for each language."""
    return slot.is_by_locale or slot.is_rows or (slot.kind == Kind.LINK and not slot.is_choice)


def cell_of(slot: Slot, value: Any, locale: str, library: Library) -> str:
    """What stands in a slot, in one language where it has several, as a cell; empty where nothing does."""
    if not value:
        return ""
    if slot.is_choice:
        return str(value)
    if slot.is_assets:
        return "\n".join(_named(library, str(each)) for each in value)
    if slot.is_words:
        return str(value.get(locale, ""))
    if slot.kind == Kind.TABLE:
        return join_rows(value.get(locale) or [])
    if slot.kind == Kind.FILES:
        return join_rows([[row["name"].get(locale, ""), row["url"]] for row in value])
    if slot.kind == Kind.LINK:
        return join_rows([[str(value["words"].get(locale, "")), str(value["url"])]])
    return join_rows([[row["name"].get(locale, ""), row["value"].get(locale, "")] for row in value])


def value_of(slot: Slot, cells: Mapping[str, str], standing: Any, library: Library, *, first: str) -> Any:
    """What cells say of a slot, in the languages that they name; what others say of it stays.

    :param cells: by language, the first of the slot's for one that has no languages; none of them empty.
    :param standing: what stands in the slot.
    :param first: the slot's first language, which says how many rows there are.
    :raises CellProblem: by the sentence, what cannot be understood.
    """
    said = {locale: "" if text == EMPTY else text for locale, text in cells.items()}
    if slot.is_choice:
        return _option(slot, next(iter(said.values())))
    if slot.is_assets:
        return _assets(ASSET_KINDS[slot.kind], next(iter(said.values())), library)
    if slot.is_by_locale:
        return said
    if slot.kind == Kind.LINK:
        return _link(said, standing or {})
    return _rows(("name", "url") if slot.kind == Kind.FILES else ("name", "value"), said, standing or [], first)


def _named(library: Library, asset_id: str) -> str:
    """A file's name where it is the only one of that name, else its id."""
    kind, name = library.assets.get(asset_id, (AssetKind.PICTURE, ""))
    is_alone = len(library.by_name.get((kind, name.casefold()), ())) == 1
    return name if is_alone and "\n" not in name else asset_id


def _option(slot: Slot, text: str) -> str:
    wanted = text.strip().casefold()
    for option in slot.options:
        if wanted in (option.value.casefold(), *(str(each).casefold() for each in option.label.values())):
            return option.value
    return text


def _assets(kind: AssetKind, text: str, library: Library) -> list[str]:
    found = []
    for line in (each.strip() for each in text.splitlines()):
        if not line:
            continue
        if library.assets.get(line, (None, ""))[0] == kind:
            found.append(line)
            continue
        ids = library.by_name.get((kind, line.casefold()), ())
        if not ids:
            raise CellProblem(f"there is no {kind.noun} called {line[:60]} among yours. Send it first, under Pictures.")
        if len(ids) > 1:
            more = " or ".join(ids[:_MOST_NAMES])
            raise CellProblem(f"{len(ids)} of yours are called {line[:60]}. Write which one instead: {more}.")
        found.append(ids[0])
    return found


def _link(said: Mapping[str, str], standing: Mapping[str, Any]) -> dict[str, Any]:
    words, url = dict(standing.get("words") or {}), str(standing.get("url", ""))
    for locale, text in said.items():
        rows = split_rows(text)
        if len(rows) > 1:
            raise CellProblem("it takes one link: its words, then | and its address.")
        words[locale] = " ".join(rows[0][:-1]) if rows else ""
        url = rows[0][-1] if rows else url
    return {"words": words, "url": url} if any(words.values()) else {}


def _rows(
    parts: tuple[str, str], said: Mapping[str, str], standing: Sequence[Mapping[str, Any]], first: str
) -> list[Any]:
    """Rows from lines of two cells; each language's line tells the row at its place."""
    lines = {locale: split_rows(text) for locale, text in said.items()}
    name, other = parts
    count = len(lines[first]) if first in lines else len(standing)
    rows: list[dict[str, Any]] = [dict(each) for each in standing[:count]]
    rows += [{name: {}, other: {}} for _ in range(count - len(rows))]
    for locale, cells in lines.items():
        if not cells and locale != first:
            for row in rows:
                row.update({part: _without(row[part], locale) for part in parts})
        if len(cells) > len(rows):
            raise CellProblem(f"there are {len(cells)} lines where the first language has {len(rows)}.")
        for row, line in zip(rows, cells, strict=False):
            if len(line) < 2:
                raise CellProblem(f"the line “{line[0][:40]}” needs two cells with | between them.")
            row[name] = {**_by_locale(row[name]), locale: " ".join(line[:-1])}
            row[other] = line[-1] if other == "url" else {**_by_locale(row[other]), locale: line[-1]}
    return rows


def _without(value: Any, locale: str) -> Any:
    return {each: text for each, text in value.items() if each != locale} if isinstance(value, Mapping) else value


def _by_locale(value: Any) -> dict[str, str]:
    return dict(value) if isinstance(value, Mapping) else {}


def told(slot: Slot, value: Any, locales: Iterable[str], library: Library) -> str:
    """A value in a few words, for a list of what would change: its first language that says something."""
    return next((said for locale in locales if (said := cell_of(slot, value, locale, library))), "")
