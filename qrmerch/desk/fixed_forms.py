"""A retailer's fixed values as they are typed, in the shape of their slot's kind."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from qrmerch.content.slots import Kind, Slot
from qrmerch.content.tables import join_rows, split_rows
from qrmerch.desk.review_pages import FixedField
from qrmerch.i18n import direction, language_name

_HELP: Final = {
    Kind.FACTS: "One a line: name | value.",
    Kind.TABLE: "One row a line, | between its cells; the first row names the columns.",
    Kind.FILES: "One a line: name | address, which begins with https://.",
    Kind.LINK: "What the link says | where it leads: https://, mailto: or tel:, the same in each language.",
}


def read_fixed(slot: Slot, form: MultiDict[str, str], locales: Sequence[str]) -> Any:
    """What a form says stands in a fixed slot, in the shape of its kind."""
    typed = {each: form.get(f"{slot.name}.{each}", "") for each in locales}
    if slot.is_choice:
        return form.get(slot.name, "")
    if slot.is_by_locale:
        return typed
    rows = {each: split_rows(text) for each, text in typed.items()}
    if slot.kind == Kind.LINK:
        return _read_link(rows)
    part = "url" if slot.kind == Kind.FILES else "value"
    return _read_rows(rows, part)


def fixed_fields(
    slot: Slot, value: Any, locales: Sequence[str], typed: Mapping[str, str], problems: Mapping[str, str]
) -> tuple[FixedField, ...]:
    """The fields of a fixed slot, with what was typed or else what stands in it."""
    if slot.is_choice:
        options = (("", "Nothing"), *((option.value, option.words) for option in slot.options))
        chosen = typed.get(slot.name, value if isinstance(value, str) else "")
        return (FixedField(slot.name, "", "", "", chosen, problems.get(slot.name, ""), options=options),)
    found = []
    for number, locale in enumerate(locales):
        name = f"{slot.name}.{locale}"
        whole = problems.get(slot.name, "") if number == 0 else ""
        words = typed.get(name, write_fixed(slot, value, locale))
        language = language_name(locale, "en")
        field = FixedField(
            name, language, locale, direction(locale), words, problems.get(name, whole), _HELP.get(slot.kind, "")
        )
        found.append(field)
    return tuple(found)


def write_fixed(slot: Slot, value: Any, locale: str) -> str:
    """A fixed value in one language, as it is typed."""
    if not value:
        return ""
    if slot.is_choice:
        return next((option.words for option in slot.options if option.value == value), str(value))
    if slot.kind == Kind.TABLE:
        return join_rows(value.get(locale) or ())
    if slot.is_by_locale:
        return str(value.get(locale, ""))
    if slot.kind == Kind.LINK:
        words = str((value.get("words") or {}).get(locale, ""))
        return f"{words} | {value.get('url', '')}" if words else ""
    part = "url" if slot.kind == Kind.FILES else "value"
    rows = (
        (each["name"].get(locale, ""), each[part] if part == "url" else each[part].get(locale, "")) for each in value
    )
    return join_rows([row for row in rows if row[0]])


def _read_link(rows: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, Any]:
    first = {locale: lines[0] for locale, lines in rows.items() if lines}
    url = next((line[-1] for line in first.values() if len(line) > 1), "")
    words = {locale: line[0] if len(line) > 1 or line[0] != url else "" for locale, line in first.items()}
    return {"words": words, "url": url} if first else {}


def _read_rows(rows: Mapping[str, Sequence[Sequence[str]]], part: str) -> list[dict[str, Any]]:
    """Rows of all languages, the same line of each being the same row."""
    found: list[dict[str, Any]] = []
    for number in range(max((len(lines) for lines in rows.values()), default=0)):
        row: dict[str, Any] = {"name": {}, part: "" if part == "url" else {}}
        for locale, lines in rows.items():
            if number >= len(lines):
                continue
            name, value = lines[number][0], " ".join(lines[number][1:])
            row["name"][locale] = name
            if part != "url":
                row[part][locale] = value
            elif value and not row[part]:
                row[part] = value
        found.append(row)
    return found
