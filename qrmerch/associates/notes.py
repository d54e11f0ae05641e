"""What an item's page tells associates and nobody else: the slots for staff of what shows in their store."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from qrmerch.associates.pages import Note, NoteSection
from qrmerch.catalog.models import Item
from qrmerch.content.holding import hold
from qrmerch.content.queries import fixed_values, get_version
from qrmerch.content.slots import Kind, Slot, WhenMissing, has_shape, is_empty, read_slots
from qrmerch.i18n import direction
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer, Store
from qrmerch.rendering.frame import pick_language, pick_text
from qrmerch.text import rich_text


def list_notes(db: Session, item: Item, retailer: Retailer, store: Store, *, at: datetime) -> tuple[NoteSection, ...]:
    """What associates of a store may read of an item now, in the template's order; nothing of a suspended vendor's,
    of what is taken down, or of what is not approved for this store."""
    held = hold(db, [item], store_ids={item.id: store.id}, locale=None, at=at)[item.id]
    if held.revision is None:
        return ()
    version = get_version(db, held.revision.template_version_id)
    slots = read_slots(version.sections)
    fixed = fixed_values(db, version.template_id, at=at)
    # A value from when the slot was of another kind is none.
    ours = {name for name in fixed if name in slots and slots[name].is_fixed and has_shape(slots[name], fixed[name])}
    values = {**held.slots, **{name: fixed[name] for name in ours}}
    found = []
    for section in version.sections:
        names = (f"{section['key']}.{each['key']}" for each in section.get("slots", ()))
        notes = [_note(slots[name], values.get(name), locales_of(retailer)) for name in names]
        kept = tuple(each for each in notes if each is not None)
        if kept:
            label = str(section.get("label") or section["key"])
            found.append(NoteSection("" if section["kind"] == "staff" else label, kept))
    return tuple(found)


def _note(slot: Slot, value: Any, locales: Sequence[str]) -> Note | None:
    """A slot as associates read it, in the retailer's first language or the next best; None where it says nothing."""
    if not slot.is_for_staff:
        return None
    kind = slot.kind
    if slot.is_choice:
        option = next((each for each in slot.options if each.value == value), None)
        value = (option.content or option.label) if option else None
    if is_empty(value):
        return None
    spoken = _language_of(slot, value, locales)
    if slot.when_missing == WhenMissing.HIDDEN and spoken != locales[0]:
        return None
    note = Note(slot.label, locale=spoken, direction=direction(spoken or locales[0]))
    if kind == Kind.FACTS:
        return note.with_rows(tuple((_said(row["name"], locales), _said(row["value"], locales)) for row in value))
    if kind == Kind.TABLE:
        return note.with_table(tuple(tuple(row) for row in value.get(spoken, ())))
    words = value.get(spoken, "") if isinstance(value, Mapping) else str(value)
    return note.with_html(rich_text(words) if kind == Kind.RICH_TEXT else _as_lines(words))


def _language_of(slot: Slot, value: Any, locales: Sequence[str]) -> str:
    said = value[0]["name"] if slot.kind == Kind.FACTS and isinstance(value, list) else value
    return pick_language(said, locales[0], tuple(locales)) if isinstance(said, Mapping) else locales[0]


def _said(words: Any, locales: Sequence[str]) -> str:
    return pick_text(words, locales[0], tuple(locales)) if isinstance(words, Mapping) else str(words)


def _as_lines(words: str) -> Markup:
    """Plain words: one line as a paragraph, several as a list."""
    lines = [line.strip(" -•") for line in words.splitlines() if line.strip(" -•")]
    if len(lines) < 2:
        return Markup("<p>{}</p>").format(words.strip())
    return Markup("<ul>{}</ul>").format(Markup().join(Markup("<li>{}</li>").format(line) for line in lines))
