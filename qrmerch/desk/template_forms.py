"""What the builder's form says of one section: names, titles, and everything about its slots."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from qrmerch.content.library import LIMITS
from qrmerch.content.slots import Kind, Lock
from qrmerch.errors import FormError
from qrmerch.text import whole_number

_MOST: Final = 2**31
_BREAK: Final = "\\n"
_NUMBERS: Final = (
    "min_chars",
    "max_chars",
    "min_count",
    "max_count",
    "min_rows",
    "min_width",
    "min_height",
    "max_seconds",
)


@dataclass(frozen=True, slots=True)
class BuilderForm:
    """A pressed button and the section that was open; `edit` is how often the draft had been saved by then.

    `action` is `save`, `release`, `add` (a section), `up`, `down` or `remove` (the section `key`), `add_slot`, or
    `slot_up`, `slot_down` or `slot_remove` (the slot `key` of the open section).
    """

    edit: int
    section: str
    action: str
    key: str
    add: str
    add_slot: str


def read_builder_form(form: Mapping[str, str]) -> BuilderForm:
    """:raises FormError: it does not say which state of the draft it was typed into."""
    edit = whole_number(form.get("edit", ""), most=_MOST)
    if edit is None or edit == _MOST:
        raise FormError({"": "This form does not say which draft it belongs to. Open the template again."})
    action, _, key = form.get("do", "save").partition(":")
    return BuilderForm(edit, form.get("section", ""), action, key, form.get("add", ""), form.get("add_slot", ""))


def read_section(section: Mapping[str, Any], form: MultiDict[str, str], locales: Sequence[str]) -> dict[str, Any]:
    """A section as its form leaves it; what the form does not speak of stays.

    :param locales: the retailer's languages, its first one first.
    """
    found = deepcopy(dict(section))
    name = str(section["key"])
    if f"{name}.label" in form:
        found["label"] = form[f"{name}.label"]
    if isinstance(section.get("title"), Mapping):
        found["title"] = _by_locale(form, f"{name}.title", section["title"], locales)
    found["slots"] = [read_slot(each, f"{name}.{each['key']}", form, locales) for each in section["slots"]]
    return found


def read_slot(slot: Mapping[str, Any], name: str, form: MultiDict[str, str], locales: Sequence[str]) -> dict[str, Any]:
    """A slot as its part of the form leaves it; as it was where the form has no part of it."""
    found = deepcopy(dict(slot))
    if f"{name}.label" not in form:
        return found
    for field in ("label", "help", "lock"):
        found[field] = form.get(f"{name}.{field}", found.get(field, ""))
    if form.get(f"{name}.kind") in set(Kind):
        found["kind"] = form[f"{name}.kind"]
    needed = form.get(f"{name}.needed", "")
    found["is_required"] = needed in ("first", "all")
    found.pop("needed_in", None)
    if needed == "all":
        found["needed_in"] = "all"
    for field in ("audience", "when_missing"):
        if f"{name}.{field}" in form:
            found[field] = form[f"{name}.{field}"]
    if f"{name}.asks_locales" in form:
        chosen = [each for each in locales if each in form.getlist(f"{name}.locales")]
        found["locales"] = chosen if len(chosen) < len(locales) else []
    if isinstance(slot.get("title"), Mapping):
        found["title"] = _by_locale(form, f"{name}.title", slot["title"], locales)
    _read_limits(found, name, form, locales)
    return found


def _read_limits(slot: dict[str, Any], name: str, form: MultiDict[str, str], locales: Sequence[str]) -> None:
    for each in _NUMBERS:
        if each not in LIMITS[Kind(slot["kind"])]:
            slot.pop(each, None)
        elif f"{name}.{each}" in form:
            slot[each] = form[f"{name}.{each}"].strip()
    if f"{name}.ratio" in form:
        slot["ratio"] = [each for each in form[f"{name}.ratio"].replace(",", " ").split() if each]
    is_chosen = slot["kind"] == Kind.CHOICE or slot["lock"] == Lock.CHOOSE
    if is_chosen and f"{name}.options" in form:
        known = slot.get("options") or ()
        slot["options"] = read_options(form[f"{name}.options"], known, locales, is_links=slot["kind"] == Kind.LINK)
    elif not is_chosen:
        slot.pop("options", None)


def read_options(
    text: str, known: Sequence[Mapping[str, Any]], locales: Sequence[str], *, is_links: bool = False
) -> list[dict[str, Any]]:
    """Options as they are typed, one a line: a value, then its words in each language, between `|`.

    :param known: those of before: their words in languages that are not typed stay, and so does what they stand for.
    :param is_links: whether each stands for a link, whose address comes last.
    """
    before = {str(each["value"]): each for each in known}
    found = []
    for line in text.splitlines():
        value, *words = [each.strip() for each in line.split("|")]
        if not line.strip():
            continue
        address = words.pop() if is_links and words else ""
        old = before.get(value, {})
        label = dict(old.get("label") or {})
        for number, locale in enumerate(locales):
            said = words[number].replace(_BREAK, "\n") if number < len(words) else ""
            label.pop(locale, None)
            if said:
                label[locale] = said
        content = {"content": {"url": address, "words": dict(label)}} if is_links else {}
        found.append({**old, "value": value, "label": label, **content})
    return found


def write_options(options: Sequence[Mapping[str, Any]], locales: Sequence[str]) -> str:
    """Options as they are typed."""
    lines = []
    for each in options:
        words = [str(each["label"].get(locale, "")).replace("\n", _BREAK) for locale in locales]
        content = each.get("content")
        if isinstance(content, Mapping) and "url" in content:
            lines.append(" | ".join([str(each["value"]), *words, str(content["url"])]))
        else:
            lines.append(" | ".join([str(each["value"]), *words]).rstrip(" |"))
    return "\n".join(lines)


def _by_locale(form: Mapping[str, str], name: str, before: Mapping[str, str], locales: Sequence[str]) -> dict[str, str]:
    typed = {each: form.get(f"{name}.{each}", before.get(each, "")) for each in locales}
    return {**before, **typed}
