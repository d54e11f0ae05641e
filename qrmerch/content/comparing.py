"""What a revision changes against another one: by slot and by language, word by word.

In: two bodies as `Revision.body` keeps them. Out: pieces of text that stayed, went and came.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Final, Literal

from qrmerch.content.slots import Kind, Slot, asset_ids_in, has_shape
from qrmerch.content.tables import join_rows

_TOKEN: Final = re.compile(r"\s+|\w+|[^\w\s]")
_WORD: Final = re.compile(r"\w+")
# Where less than this of the shorter text is in the other one, word by word would be a riddle.
_ALIKE: Final = 0.6
# So would be more changes than this with less than so many words between them.
_CLOSE_CHANGES, _WORDS_BETWEEN = 3, 3
# Comparing word by word takes the product of both lengths.
_MAX_STEPS: Final = 4_000_000

# What of words may come and go, in how many slots, for a change to be looked at at a glance.
SMALL_CHARS: Final = 80
SMALL_SLOTS: Final = 2
_SMALL_KINDS: Final = (Kind.LINE, Kind.TEXT, Kind.RICH_TEXT, Kind.FACTS)

Change = Literal["same", "gone", "new"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text and what became of it."""

    change: Change
    text: str


@dataclass(frozen=True, slots=True)
class SlotChange:
    """What changed in a slot in one language (empty: in all), or in what comes from the catalogue (`slot` empty)."""

    slot: str
    label: str
    locale: str
    pieces: tuple[Piece, ...]
    # How many characters there are now, and how many fit; 0 where nothing is counted.
    count: int = 0
    max_count: int = 0
    # Asset ids, for a picture slot.
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def is_pictures(self) -> bool:
        return bool(self.before or self.after)


def compare(
    slots: Mapping[str, Slot], before: Mapping[str, Any] | None, after: Mapping[str, Any], locales: Sequence[str]
) -> list[SlotChange]:
    """The changes from one body to another, in the template's order and the languages' order.

    :param before: None where nothing was there.
    """
    old, new = (before or {}).get("slots") or {}, after.get("slots") or {}
    found: list[SlotChange] = []
    for name, slot in slots.items():
        if not slot.is_fixed:
            told = replace(slot, label=f"{slot.label}, for associates") if slot.is_for_staff else slot
            # In an older version of the template it may have held something else.
            was, said = (each.get(name) if has_shape(slot, each.get(name)) else None for each in (old, new))
            found += _compare_slot(told, was, said, locales)
    found += _compare_alts(asset_ids_in(slots, new, (Kind.PICTURES,)), before or {}, after, locales)
    found += _compare_recordings(slots, before or {}, after, locales)
    found += _compare_product((before or {}).get("product") or {}, after.get("product") or {})
    return found


@dataclass(frozen=True, slots=True)
class Size:
    """How much a revision changes against what shows.

    `chars` counts characters of words that went and that came; `slots` and `locales` are where. `is_words` says that
    nothing but words of slots changed, each of which had words before and has words now.
    """

    chars: int
    slots: frozenset[str]
    locales: frozenset[str]
    is_words: bool

    @property
    def is_small(self) -> bool:
        """Whether it can be approved together with others, its words in sight."""
        return self.is_words and self.chars <= SMALL_CHARS and len(self.slots) <= SMALL_SLOTS


def size_of(slots: Mapping[str, Slot], changes: Sequence[SlotChange], *, is_comparable: bool) -> Size:
    """How much these changes are.

    :param is_comparable: whether they are against something that shows, in the same version of the template.
    """
    is_words = is_comparable and bool(changes)
    chars = 0
    for each in changes:
        texts = {"gone": "", "new": "", "same": ""}
        for piece in each.pieces:
            texts[piece.change] += piece.text
        chars += len(texts["gone"]) + len(texts["new"])
        had_words, has_words = (bool((texts["same"] + texts[each]).strip()) for each in ("gone", "new"))
        slot = slots.get(each.slot)
        is_words = is_words and slot is not None and slot.kind in _SMALL_KINDS and had_words and has_words
    return Size(
        chars,
        frozenset(each.slot or each.label for each in changes),
        frozenset(each.locale for each in changes if each.locale),
        is_words,
    )


def changed_words(before: str, after: str) -> tuple[Piece, ...]:
    """Two texts as one: what stayed, what went, what came; a text that is all new is one piece after the old one."""
    if before == after:
        return (Piece("same", after),) if after else ()
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    matcher = SequenceMatcher(a=old, b=new, autojunk=False)
    if len(old) * len(new) > _MAX_STEPS or _share_of_words(matcher, old, new) < _ALIKE:
        return tuple(piece for piece in (Piece("gone", before), Piece("new", after)) if piece.text)
    pieces = []
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            pieces.append(Piece("same", "".join(new[c:d])))
            continue
        pieces += [Piece("gone", "".join(old[a:b])), Piece("new", "".join(new[c:d]))]
    return tuple(piece for piece in pieces if piece.text)


def in_stretches(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """The same for somebody who reads it: many changes close together are one stretch that went and one that came."""
    stretches: list[tuple[str, str]] = []
    for piece in pieces:
        gone, new = (piece.text if piece.change in (each, "same") else "" for each in ("gone", "new"))
        if stretches and piece.change != "same" and stretches[-1][0] != stretches[-1][1]:
            gone, new = stretches[-1][0] + gone, stretches[-1][1] + new
            stretches.pop()
        stretches.append((gone, new))
    if sum(gone != new for gone, new in stretches) > _CLOSE_CHANGES:
        stretches = _without_islands(stretches)
    told = [
        (Piece("same", new),) if gone == new else (Piece("gone", gone), Piece("new", new)) for gone, new in stretches
    ]
    return tuple(piece for both in told for piece in both if piece.text)


def _without_islands(stretches: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What went and what came, with the few words that stayed between two changes in both."""
    found: list[tuple[str, str]] = []
    for number, (gone, new) in enumerate(stretches):
        is_last = number == len(stretches) - 1
        is_island = gone == new and number > 0 and not is_last and len(_WORD.findall(new)) < _WORDS_BETWEEN
        if found and (is_island or (gone != new and found[-1][0] != found[-1][1])):
            before = found.pop()
            gone, new = before[0] + gone, before[1] + new
        found.append((gone, new))
    return found


def _share_of_words(matcher: SequenceMatcher[str], old: Sequence[str], new: Sequence[str]) -> float:
    """How much of the shorter text's words and marks is in the other one, in order."""
    kept = sum(not token.isspace() for a, _, size in matcher.get_matching_blocks() for token in old[a : a + size])
    shorter = min(sum(not token.isspace() for token in text) for text in (old, new))
    return kept / shorter if shorter else 0.0


def list_unchanged(slots: Mapping[str, Slot], changes: Sequence[SlotChange]) -> list[Slot]:
    """The vendor's slots in which nothing changed, in order."""
    changed = {each.slot for each in changes}
    return [slot for name, slot in slots.items() if name not in changed and not slot.is_fixed]


def _compare_slot(slot: Slot, old: Any, new: Any, locales: Sequence[str]) -> Iterator[SlotChange]:
    if slot.is_choice:
        if (old or "") != (new or ""):
            words = {option.value: option.words for option in slot.options}
            pieces = changed_words(words.get(str(old), str(old or "")), words.get(str(new), str(new or "")))
            yield SlotChange(slot.name, slot.label, "", pieces)
    elif slot.is_words:
        yield from _compare_words(slot, old or {}, new or {}, locales)
    elif slot.is_assets:
        if (old or []) != (new or []):
            yield SlotChange(slot.name, slot.label, "", (), before=tuple(old or ()), after=tuple(new or ()))
    else:
        as_text = _AS_TEXT[slot.kind]
        for locale in _all_locales(locales, _spoken_in(old), _spoken_in(new)):
            before, after = (as_text(value, locale) if value else "" for value in (old, new))
            if before != after:
                yield SlotChange(slot.name, slot.label, locale, changed_words(before, after))


def _compare_words(
    slot: Slot, old: Mapping[str, str], new: Mapping[str, str], locales: Sequence[str]
) -> Iterator[SlotChange]:
    for locale in _all_locales(locales, old, new):
        before, after = old.get(locale, ""), new.get(locale, "")
        if before != after:
            pieces = changed_words(before, after)
            yield SlotChange(slot.name, slot.label, locale, pieces, count=len(after), max_count=slot.max_chars)


def _all_locales(locales: Sequence[str], *texts: Mapping[str, str]) -> list[str]:
    """The retailer's languages first, then those that only the texts have."""
    others = sorted({locale for text in texts for locale in text} - set(locales))
    return [*locales, *others]


def _spoken_in(value: Any) -> dict[str, str]:
    """The languages that something in a value is written in, as keys."""
    if isinstance(value, list):
        return {locale: "" for each in value for locale in _spoken_in(each)}
    if not isinstance(value, Mapping):
        return {}
    parts = [each for name, each in value.items() if name in ("name", "value", "words")]
    if "url" in value or parts:
        return {locale: "" for part in parts if isinstance(part, Mapping) for locale in part}
    return dict.fromkeys(value, "")


def _table_as_text(value: Mapping[str, Any], locale: str) -> str:
    return join_rows(value.get(locale) or ())


def _link_as_text(value: Mapping[str, Any], locale: str) -> str:
    """The words and the address; in a language without words of its own nothing."""
    words = value["words"].get(locale, "")
    return f"{words}: {value['url']}" if words else ""


def _files_as_text(rows: Any, locale: str) -> str:
    said = [(row["name"].get(locale, ""), row["url"]) for row in rows]
    return "\n".join(f"{name}: {url}" for name, url in said if name)


def _rows_as_text(rows: Any, locale: str) -> str:
    lines = [(row["name"].get(locale, ""), row["value"].get(locale, "")) for row in rows or ()]
    return "\n".join(f"{name}: {value}" for name, value in lines if name or value)


_AS_TEXT: Final[Mapping[Kind, Callable[[Any, str], str]]] = {
    Kind.FACTS: _rows_as_text,
    Kind.TABLE: _table_as_text,
    Kind.FILES: _files_as_text,
    Kind.LINK: _link_as_text,
}


def _compare_alts(
    asset_ids: Sequence[str], before: Mapping[str, Any], after: Mapping[str, Any], locales: Sequence[str]
) -> Iterator[SlotChange]:
    """What pictures that are on the page are said to show, where that is new or another."""
    old, new = before.get("pictures") or {}, after.get("pictures") or {}
    for number, asset_id in enumerate(asset_ids, 1):
        said, was = ((one.get(asset_id) or {}).get("alt") or {} for one in (new, old))
        for locale in _all_locales(locales, said, was):
            if said.get(locale, "") != was.get(locale, ""):
                label = f"What picture {number} shows"
                yield SlotChange("", label, locale, changed_words(was.get(locale, ""), said.get(locale, "")))


def _compare_recordings(
    slots: Mapping[str, Slot], before: Mapping[str, Any], after: Mapping[str, Any], locales: Sequence[str]
) -> Iterator[SlotChange]:
    """What stands in front of films on the page, and what is said in them and in sounds, where that is another."""
    for slot in slots.values():
        if not slot.is_recording:
            continue
        fronts = [_front_of(slot, body) for body in (before, after)]
        if fronts[0] != fronts[1]:
            yield SlotChange("", f"{slot.label}: picture in front", "", (), before=fronts[0], after=fronts[1])
        was, said = (_words_in(slot, body) for body in (before, after))
        for part in ("captions", "transcript"):
            for locale in _all_locales(locales, was.get(part, {}), said.get(part, {})):
                old, new = was.get(part, {}).get(locale, ""), said.get(part, {}).get(locale, "")
                if old != new:
                    yield SlotChange("", f"{slot.label}: {part}", locale, changed_words(old, new))


def _front_of(slot: Slot, body: Mapping[str, Any]) -> tuple[str, ...]:
    """The picture that was chosen to stand in front of the film of a slot; none for a frame of its own."""
    chosen = _sealed_in(slot, body).get("poster_id")
    return (str(chosen),) if chosen else ()


def _sealed_in(slot: Slot, body: Mapping[str, Any]) -> Mapping[str, Any]:
    value = (body.get("slots") or {}).get(slot.name)
    asset_id = value[0] if value and has_shape(slot, value) else ""
    return (body.get("recordings") or {}).get(asset_id) or {}


def _words_in(slot: Slot, body: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What is said in the film or sound of a slot, by locale: as captions and as transcript."""
    sealed = _sealed_in(slot, body)
    captions = {locale: str(each["words"]) for locale, each in (sealed.get("captions") or {}).items()}
    return {"captions": captions, "transcript": sealed.get("transcript") or {}}


def _compare_product(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[SlotChange]:
    for name, label in (("maker", "Maker"), ("title", "Name in the catalogue")):
        if str(old.get(name) or "") != str(new.get(name) or ""):
            yield SlotChange("", label, "", changed_words(str(old.get(name) or ""), str(new.get(name) or "")))
    before, after = _facts_as_text(old.get("facts")), _facts_as_text(new.get("facts"))
    if before != after:
        yield SlotChange("", "Facts of the catalogue", "", changed_words(before, after))


def _facts_as_text(facts: Any) -> str:
    return "\n".join(f"{each['name']}: {each['value']}" for each in facts or ())
