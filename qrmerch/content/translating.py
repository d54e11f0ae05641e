"""How far the languages of a page are: what one misses, and what was written before the first language changed.

A revision's body says under "since" when each text was last written: {"story.text": {"en": instant, "ar": instant},
"alt:<asset id>": …}. What is not in there was written before anybody noted it, and is as old as can be. What pictures
are said to show is kept with the pictures; a draft's "alts" are how it was at the last save.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.content.models import Revision
from qrmerch.content.slots import Kind, Slot, alt_for, asset_ids_in
from qrmerch.media.models import Asset

ALT: Final = "alt:"

Since = Mapping[str, Mapping[str, str]]
Alts = Mapping[str, Mapping[str, str]]


def since_of(revision: Revision) -> Since:
    """When each text of a revision was last written, as far as it was noted."""
    since: Since = (revision.body or {}).get("since") or {}
    return since


def alts_of(revision: Revision) -> Alts:
    """What a revision's pictures were said to show when it was sent or last saved, by asset id."""
    body = revision.body or {}
    sealed = {asset_id: each["alt"] for asset_id, each in (body.get("pictures") or {}).items()}
    return sealed or body.get("alts") or {}


def list_alts(
    db: Session, vendor_id: str, slots: Mapping[str, Slot], values: Mapping[str, Any]
) -> dict[str, dict[str, str]]:
    """What the pictures among these values are said to show by now, by asset id; decoration is left out."""
    wanted = select(Asset).where(
        Asset.vendor_id == vendor_id, Asset.id.in_(asset_ids_in(slots, values, (Kind.PICTURES,)))
    )
    return {each.id: dict(each.alt) for each in db.scalars(wanted) if not each.is_decorative}


def mark_since(
    slots: Mapping[str, Slot], since: Since, before: Mapping[str, Any], after: Mapping[str, Any], at: datetime
) -> dict[str, dict[str, str]]:
    """`since` after a change of values: what is not what it was was written now."""
    found = {name: dict(told) for name, told in since.items() if name.startswith(ALT) or name in after}
    for name, slot in slots.items():
        _mark(found, name, words_by_locale(slot, before.get(name)), words_by_locale(slot, after.get(name)), at)
    return {name: told for name, told in found.items() if told}


def mark_alts(since: Since, before: Alts, after: Alts, at: datetime) -> dict[str, dict[str, str]]:
    """`since` after pictures were described, chosen or left out."""
    found = {name: dict(told) for name, told in since.items() if not name.startswith(ALT)}
    found |= {ALT + each: dict(since[ALT + each]) for each in after if ALT + each in since}
    for asset_id, alt in after.items():
        # One that has just been chosen comes with its words, however old they are.
        if asset_id in before:
            _mark(found, ALT + asset_id, before[asset_id], alt, at)
    return {name: told for name, told in found.items() if told}


def _mark(
    found: dict[str, dict[str, str]], name: str, was: Mapping[str, Any], said: Mapping[str, Any], at: datetime
) -> None:
    for locale in {*was, *said}:
        if was.get(locale) == said.get(locale):
            continue
        if said.get(locale):
            found.setdefault(name, {})[locale] = at.astimezone(UTC).isoformat()
        else:
            found.get(name, {}).pop(locale, None)


def words_by_locale(slot: Slot, value: Any) -> dict[str, Any]:
    """A slot's words in each language: a text, a table, the halves of its rows; nothing where it holds no words."""
    if slot.kind == Kind.LINK and not slot.is_choice:
        value = (value or {}).get("words")
    elif not slot.is_by_locale and not slot.is_rows:
        return {}
    if not slot.is_rows:
        return {locale: words for locale, words in (value or {}).items() if words}
    # The address of a file is no half: it is the same in every language.
    rows = [[row.get(half) or {} for half in ("name", "value")] for row in value or ()]
    locales = {locale for halves in rows for half in halves for locale, words in half.items() if words}
    return {locale: [[half.get(locale, "") for half in halves] for halves in rows] for locale in locales}


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that a language misses, or that says what the first language no longer says."""

    # The slot's name, or that of the picture's slot.
    slot: str
    # What it is, for a person; and what it is called in "since".
    label: str
    name: str
    is_stale: bool


def list_gaps(
    slots: Mapping[str, Slot], values: Mapping[str, Any], alts: Alts, since: Since, *, locale: str, first: str
) -> list[Gap]:
    """What one language lacks against the first one, in the template's order: words, rows, words of pictures."""
    if locale == first:
        return []
    found = []
    for name, slot in slots.items():
        if slot.is_fixed or not slot.languages((locale,)):
            continue
        if slot.kind == Kind.PICTURES and slot.is_assets:
            found += _gaps_in_pictures(slot, values.get(name) or (), alts, since, locale, first)
            continue
        words = words_by_locale(slot, values.get(name))
        if not words.get(first):
            continue
        if not words.get(locale) or (slot.is_rows and _lacks_a_row(words, locale, first)):
            found.append(Gap(name, slot.label, name, False))
        elif is_stale(since, name, locale=locale, first=first):
            found.append(Gap(name, slot.label, name, True))
    return found


def is_stale(since: Since, name: str, *, locale: str, first: str) -> bool:
    """Whether a text's original was written after it; not where nobody noted when the original was."""
    told = since.get(name) or {}
    return first in told and locale != first and told.get(locale, "") < told[first]


def _lacks_a_row(words: Mapping[str, Any], locale: str, first: str) -> bool:
    return any(any(own) and not any(other) for own, other in zip(words[first], words[locale], strict=True))


def _gaps_in_pictures(slot: Slot, ids: Sequence[str], alts: Alts, since: Since, locale: str, first: str) -> list[Gap]:
    found = []
    for number, asset_id in enumerate(ids, 1):
        alt, name = alts.get(asset_id) or {}, ALT + asset_id
        if not alt_for(alt, first):
            continue
        label = f"{slot.label}: what picture {number} shows"
        if not alt_for(alt, locale):
            found.append(Gap(slot.name, label, name, False))
        elif is_stale(since, name, locale=locale if locale in alt else locale.split("-")[0], first=first):
            found.append(Gap(slot.name, label, name, True))
    return found
