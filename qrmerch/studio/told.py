"""Values of slots in words: what a part of a draft says, for somebody who compares two of them."""

from collections.abc import Mapping
from typing import Any

from qrmerch.content.comparing import changed_words, in_stretches
from qrmerch.content.merging import Difference
from qrmerch.content.slots import ASSET_KINDS, Kind, Slot
from qrmerch.content.tables import join_rows
from qrmerch.content.translating import ALT
from qrmerch.i18n import direction, language_name
from qrmerch.media.models import Asset
from qrmerch.media.queries import Picture
from qrmerch.studio.content_pages import Twice


def tell(slot: Slot | None, value: Any, assets: Mapping[str, Asset]) -> str:
    """A part's value as text: words as they are, a row in each language, files by their names; empty for nothing.

    :param slot: None for what a picture is said to show.
    """
    if value in (None, "", []):
        return ""
    if isinstance(value, Mapping):
        halves = [value.get("name") or value.get("words") or {}, value.get("value") or {}]
        locales = dict.fromkeys(locale for half in halves for locale in half)
        lines = [": ".join(str(half[locale]) for half in halves if half.get(locale)) for locale in locales]
        return "\n".join([*lines, *([str(value["url"])] if value.get("url") else [])])
    if slot is not None and slot.kind == Kind.TABLE and isinstance(value, list):
        return join_rows(value)
    if isinstance(value, list):
        names = [assets[each].file_name if each in assets else "one that is gone" for each in map(str, value)]
        return "\n".join(f"{number} {name}" for number, name in enumerate(names, 1))
    words = {option.value: option.words for option in slot.options} if slot else {}
    return words.get(str(value), str(value))


def tell_twice(
    slot: Slot, difference: Difference, number: int, assets: Mapping[str, Asset], pictures: Mapping[str, Picture]
) -> Twice:
    """What two people made of a part of a slot, each against what stood there before.

    :param number: of the picture whose words it is, from 1; else 0.
    """
    name, key = difference.part
    is_alt = name.startswith(ALT)
    own = None if is_alt else slot
    before, mine, theirs = (tell(own, each, assets) for each in (difference.base, difference.mine, difference.theirs))
    locale = key if is_alt or slot.is_by_locale else ""
    label = f"what picture {number} shows, {language_name(locale, 'en')}" if is_alt else _label(slot, key)
    is_seen = slot.kind == Kind.PICTURES and slot.is_assets and not is_alt
    return Twice(
        field=f"choose:{name}:{key}",
        label=label,
        locale=locale,
        direction=direction(locale) if locale else "auto",
        mine=in_stretches(changed_words(before, mine)),
        theirs=in_stretches(changed_words(before, theirs)),
        my_images=_images(difference.mine, pictures) if is_seen else (),
        their_images=_images(difference.theirs, pictures) if is_seen else (),
    )


def _label(slot: Slot, key: str) -> str:
    if slot.is_by_locale:
        return language_name(key, "en")
    if key:
        return f"row {int(key) + 1}"
    return f"all {ASSET_KINDS[slot.kind].noun}s" if slot.is_assets and not slot.is_recording else "all of it"


def _images(value: Any, pictures: Mapping[str, Picture]) -> tuple[str, ...]:
    return tuple(pictures[each].card_url for each in value or () if each in pictures)
