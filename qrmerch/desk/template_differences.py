"""What the next version of a template changes, in words: section by section."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

Json = Mapping[str, Any]

_SAID: Final = {
    "label": "is called",
    "help": "has other help for the vendor",
    "kind": "holds",
    "lock": "is filled",
    "is_required": "is needed",
    "needed_in": "is needed in",
    "min_chars": "has characters, at least",
    "max_chars": "has characters, at most",
    "min_count": "has pictures, at least",
    "max_count": "has entries, at most",
    "min_rows": "has rows, at least",
    "min_width": "has pixels across, at least",
    "min_height": "has pixels down, at least",
    "max_seconds": "lasts seconds, at most",
    "ratio": "has the shape",
    "locales": "is written in",
    "when_missing": "does without a language by",
    "audience": "is read by",
    "options": "has other options",
    "title": "has another title",
}
_WORDS: Final = {
    "edit": "by the vendor",
    "choose": "by the vendor from your list",
    "fixed": "by you",
    "shopper": "shoppers",
    "staff": "associates only",
    "fallback": "showing the next one",
    "hidden": "showing nothing",
    "required": "not being published",
}
_DEFAULTS: Final = {"audience": "shopper", "when_missing": "fallback", "needed_in": "first", "is_required": False}
# What is named but not quoted.
_UNQUOTED: Final = ("help", "options", "title")


def tell_differences(before: Sequence[Json], after: Sequence[Json]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each section that changes, by its name, with a sentence for each change; sections that stay are left out."""
    old, new = ({each["key"]: each for each in sections} for sections in (before, after))
    found: list[tuple[str, tuple[str, ...]]] = []
    moved = _moved([each for each in old if each in new], [each for each in new if each in old])
    for key, section in new.items():
        sentences = _section(old.get(key), section)
        if key in moved:
            sentences.append("Stands in another place.")
        if sentences:
            found.append((_label(section), tuple(sentences)))
    found += [(_label(each), ("Is gone, with all that stands in it.",)) for key, each in old.items() if key not in new]
    return tuple(found)


def _moved(old: list[str], new: list[str]) -> set[str]:
    """The keys that stand in another place among those that are in both."""
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return set(new) - {key for block in blocks for key in old[block.a : block.a + block.size]}


def _section(before: Json | None, after: Json) -> list[str]:
    if before is None:
        return ["Is new."]
    found = []
    if before["kind"] != after["kind"]:
        found.append("Is a section of another kind.")
    if _label(before) != _label(after):
        found.append(f"Was called {_label(before)}.")
    if before.get("title") != after.get("title"):
        found.append("Has another title for shoppers.")
    old, new = ({each["key"]: each for each in section["slots"]} for section in (before, after))
    for key, slot in new.items():
        name = _label(slot)
        if key not in old:
            found.append(f"{name} is new.")
        else:
            found += [f"{name} {change}." for change in _slot(old[key], slot)]
    found += [f"{_label(slot)} is gone." for key, slot in old.items() if key not in new]
    if [key for key in old if key in new] != [key for key in new if key in old]:
        found.append("Its slots stand in another order.")
    return found


def _slot(before: Json, after: Json) -> list[str]:
    found = []
    for field, said in _SAID.items():
        was, now = (each.get(field) or _DEFAULTS.get(field) or 0 for each in (before, after))
        if was == now:
            continue
        found.append(said if field in _UNQUOTED else f"{said} {_say(now)} (was {_say(was)})")
    return found


def _say(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    if value == 0:
        return "any" if value is not False else "no"
    return _WORDS.get(str(value), str(value).replace("_", " "))


def _label(each: Json) -> str:
    return str(each.get("label") or each["key"])
