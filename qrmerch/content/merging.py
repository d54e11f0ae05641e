"""From the fields of an editor's form, which shows one language, to the values of a draft, which has several; and
what becomes of a draft that two people write at once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qrmerch.content.forms import DraftForm
from qrmerch.content.slots import Kind, Slot, is_empty
from qrmerch.text import whole_number

# A slot's name, and what of it: a language of its words, the place of a row, or empty for all of it.
Part = tuple[str, str]

# Beside a typed row's name and value: which kept row it is.
PLACE: Final = "place"
_MAX_PLACE: Final = 10_000


def merge(slots: Mapping[str, Slot], kept: Mapping[str, Any], form: DraftForm, *, first: str) -> dict[str, Any]:
    """The values of the slots that a form speaks of: words in its language, rows with what they say in others.

    A name that is no slot, or a locked one, is handed on: `slots.clean` refuses it.

    :param kept: the draft's values when the form was drawn.
    :param first: the retailer's first language; a row that is emptied in it is gone.
    """
    found: dict[str, Any] = {}
    for name, sent in form.fields.items():
        slot = slots.get(name) or slots.get(name.rpartition(".")[0])
        if slot is None:
            found[name] = sent[0]
        elif slot.is_fixed:
            found[slot.name] = sent[0]
        elif slot.is_rows:
            found[slot.name] = _merge_rows(slot, kept.get(slot.name) or [], form, first)
        elif slot.is_assets:
            found[name] = [each for each in sent if each]
        elif slot.is_by_locale:
            found[name] = {form.locale: sent[0]}
        elif slot.kind == Kind.LINK and not slot.is_choice:
            found[slot.name] = _merge_link(slot, kept.get(slot.name), form)
        else:
            found[name] = sent[0]
    _act(slots, found, kept, form)
    return found


def _by_locale(value: Any) -> dict[str, str]:
    return dict(value) if isinstance(value, Mapping) else {}


def _merge_rows(slot: Slot, kept: Sequence[Mapping[str, Any]], form: DraftForm, first: str) -> list[dict[str, Any]]:
    """Rows as they stand in the form; each knows which kept one it was, by its place, for the other languages."""
    names, values = form.fields.get(f"{slot.name}.name", ()), form.fields.get(f"{slot.name}.value", ())
    places = form.fields.get(f"{slot.name}.row", ())
    rows, is_fact = [], slot.kind == Kind.FACTS
    for number, (name, value) in enumerate(zip(names, values, strict=False)):
        place = whole_number(places[number], most=len(kept)) if number < len(places) else None
        before = kept[place] if place is not None and place < len(kept) else {}
        if form.locale == first and not name.strip() and not value.strip():
            continue
        row: dict[str, Any] = {"name": {**_by_locale(before.get("name")), form.locale: name}}
        row |= {"value": {**_by_locale(before.get("value")), form.locale: value}} if is_fact else {"url": value}
        # So that a form that comes back to its writer still knows; nobody keeps it.
        rows.append({**row, PLACE: places[number] if before else ""})
    return rows


def _merge_link(slot: Slot, kept: Any, form: DraftForm) -> dict[str, Any]:
    """A link as it stands in the form; emptied in all it says, it is gone."""
    words, urls = (form.fields.get(f"{slot.name}.{part}", ("",)) for part in ("words", "url"))
    before = _by_locale(kept.get("words")) if isinstance(kept, Mapping) else {}
    return {"url": urls[0], "words": {**before, form.locale: words[0]} if urls[0].strip() or words[0].strip() else {}}


def _act(slots: Mapping[str, Slot], found: dict[str, Any], kept: Mapping[str, Any], form: DraftForm) -> None:
    """Do with a picture, film or sound what the pressed button says."""
    slot = slots.get(form.slot)
    if form.action not in ("add", "up", "down", "drop") or slot is None or not slot.is_assets:
        return
    ids = list(found.get(slot.name, kept.get(slot.name) or []))
    if form.action == "add":
        # There is one film or sound at most: another takes its place.
        found[slot.name] = [form.subject] if slot.is_recording else [*ids, form.subject]
        return
    if form.subject not in ids:
        return
    at = ids.index(form.subject)
    ids.remove(form.subject)
    if form.action != "drop":
        ids.insert(max(at - 1, 0) if form.action == "up" else at + 1, form.subject)
    found[slot.name] = ids


# --- two people at one draft -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Base:
    """A draft's values as they stood when something was typed upon them.

    `unsure` are the parts of which nobody remembers the value: what differs in them counts as changed by both.
    """

    slots: Mapping[str, Any]
    unsure: Collection[Part] = frozenset()
    # Nothing is remembered at all.
    is_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """A part that two people changed differently. A value is text, a row, a list of ids, or None for nothing."""

    part: Part
    base: Any
    mine: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """What becomes of a draft: all its values, the slots that stand otherwise than typed, and what needs a choice.

    While there are `conflicts`, `slots` holds the typer's side of them.
    """

    slots: dict[str, Any]
    # The same by part; rows that were taken away are None.
    parts: Mapping[Part, Any]
    changed: frozenset[Part]
    taken: frozenset[Part]
    conflicts: tuple[Difference, ...]


def merge_three(
    slots: Mapping[str, Slot],
    base: Base,
    mine: Mapping[str, Any],
    theirs: Mapping[str, Any],
    *,
    cleared: Collection[Part] = (),
    yielded: Collection[Part] = (),
) -> Merged:
    """Put what one person changed into what stands by now.

    A part that was not changed against `base` stays as it stands; one that only `mine` changes is taken; one that both
    changed differently is a conflict.

    :param mine: clean values of the slots that were typed; words in the languages that were.
    :param theirs: all values that stand by now.
    :param cleared: parts that were typed and are empty.
    :param yielded: parts in which what stands is kept, whatever was typed.
    """
    named = {name for name, _ in cleared} | set(mine)
    typed, standing, before = parts_of(slots, mine), parts_of(slots, theirs), parts_of(slots, base.slots)
    wanted = [*typed, *cleared]
    # What stands in a row or a list that was typed without it was taken away.
    wanted += [part for part in (*standing, *before) if part[0] in named and not slots[part[0]].is_by_locale]
    result, changed, taken, conflicts = dict(standing), set(), set(), []
    for part in dict.fromkeys(wanted):
        ours, there, was = typed.get(part), standing.get(part), before.get(part)
        is_sure = not base.is_unknown and part not in base.unsure
        if ours == there:
            continue
        if part in yielded or (is_sure and ours == was):
            taken.add(part)
            continue
        if not (is_sure and there == was):
            conflicts.append(Difference(part, was if is_sure else None, ours, there))
        changed.add(part)
        result[part] = ours
    return Merged(values_of(slots, result), result, frozenset(changed), frozenset(taken), tuple(conflicts))


def parts_of(slots: Mapping[str, Slot], values: Mapping[str, Any]) -> dict[Part, Any]:
    """Values by the parts that are merged one by one: words and tables by language, rows by place, others whole."""
    found: dict[Part, Any] = {}
    for name, value in values.items():
        slot = slots.get(name)
        if slot is not None and slot.is_by_locale and isinstance(value, Mapping):
            found |= {(name, locale): words for locale, words in value.items() if words}
        elif slot is not None and slot.is_rows and isinstance(value, list):
            found |= {(name, str(place)): row for place, row in enumerate(value)}
        elif not is_empty(value):
            found[(name, "")] = value
    return found


def values_of(slots: Mapping[str, Slot], parts: Mapping[Part, Any]) -> dict[str, Any]:
    """Values by slot, from their parts; rows that are gone close up."""
    found: dict[str, Any] = {}
    for name, key in sorted((part for part in parts if parts[part] is not None), key=_order):
        value = parts[(name, key)]
        if key and slots[name].is_by_locale:
            found.setdefault(name, {})[key] = value
        elif key:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def rows_or_value(slot: Slot, merged: Merged) -> Any:
    """A slot's merged value as a form shows it: each row knows which one of those that stand by now it is."""
    value = merged.slots.get(slot.name)
    if not slot.is_rows or not value:
        return value
    places = [key for name, key in sorted(merged.parts, key=_order) if name == slot.name and merged.parts[name, key]]
    return [{**row, PLACE: place} for row, place in zip(value, places, strict=True)]


def known_between(slots: Mapping[str, Slot], older: Mapping[str, Any], newer: Mapping[str, Any]) -> Base:
    """What stood between two saves, where the saves in between are not kept any more."""
    before, after = parts_of(slots, older), parts_of(slots, newer)
    unsure = {part for part in (*before, *after) if before.get(part) != after.get(part)}
    return Base(older, frozenset(unsure))


def _order(part: Part) -> tuple[str, int, str]:
    name, key = part
    return name, whole_number(key, most=_MAX_PLACE) or 0, key
