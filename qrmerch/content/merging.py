"""From the fields of an editor's form, which shows one language, to the values of a draft, which has several."""

from collections.abc import Mapping, Sequence
from typing import Any

from qrmerch.content.forms import DraftForm
from qrmerch.content.slots import Bounds, Kind, Slot, clean_value
from qrmerch.text import whole_number


def merge(slots: Mapping[str, Slot], kept: Mapping[str, Any], form: DraftForm, *, first: str) -> dict[str, Any]:
    """The values of the slots that a form speaks of, with what is kept of them in other languages.

    A name that is no slot, or a locked one, is handed on: `slots.clean` refuses it.

    :param kept: the draft's values.
    :param first: the retailer's first language; a row that is emptied in it is gone.
    """
    found: dict[str, Any] = {}
    for name, sent in form.fields.items():
        slot = slots.get(name) or slots.get(name.rpartition(".")[0])
        if slot is None or slot.is_fixed:
            found[name] = sent[0]
        elif slot.is_rows:
            found[slot.name] = _merge_rows(slot, kept.get(slot.name) or [], form, first)
        elif slot.is_assets:
            found[name] = [each for each in sent if each]
        elif slot.is_by_locale:
            found[name] = {**_by_locale(kept.get(name)), form.locale: sent[0]}
        elif slot.kind == Kind.LINK and not slot.is_choice:
            found[slot.name] = _merge_link(slot, kept.get(slot.name), form)
        else:
            found[name] = sent[0]
    _act(slots, found, kept, form)
    return found


def differing(
    slots: Mapping[str, Slot], values: Mapping[str, Any], others: Mapping[str, Any], bounds: Bounds
) -> list[str]:
    """The slots whose typed values, once cleaned, are not what is kept."""
    return [
        name
        for name, slot in slots.items()
        if name in values and (_cleaned(slot, values[name], bounds) or None) != (others.get(name) or None)
    ]


def _cleaned(slot: Slot, value: Any, bounds: Bounds) -> Any:
    try:
        return clean_value(slot, value, bounds)
    except ValueError:
        return value


def _by_locale(value: Any) -> dict[str, str]:
    return dict(value) if isinstance(value, Mapping) else {}


def _merge_rows(slot: Slot, kept: Sequence[Mapping[str, Any]], form: DraftForm, first: str) -> list[dict[str, Any]]:
    """Rows as they stand in the form; each knows which kept one it was, by its place, for the other languages."""
    names, values = form.fields.get(f"{slot.name}.name", ()), form.fields.get(f"{slot.name}.value", ())
    places = form.fields.get(f"{slot.name}.row", ())
    rows = []
    for number, (name, value) in enumerate(zip(names, values, strict=False)):
        place = whole_number(places[number], most=len(kept)) if number < len(places) else None
        before = kept[place] if place is not None and place < len(kept) else {}
        if form.locale == first and not name.strip() and not value.strip():
            continue
        names_of = {**_by_locale(before.get("name")), form.locale: name}
        if slot.kind == Kind.FILES:
            rows.append({"name": names_of, "url": value})
        else:
            rows.append({"name": names_of, "value": {**_by_locale(before.get("value")), form.locale: value}})
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
