"""Two people at one draft: what becomes of it, by the plain rule that nobody's change of something else is lost."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qrmerch.content.merging import Base, Merged, known_between, merge_three, parts_of, values_of
from qrmerch.content.slots import Kind, Lock, Slot

SLOTS = {
    name: Slot(name, "Section", kind, Lock.EDIT, name)
    for name, kind in {
        "a.line": Kind.LINE,
        "a.text": Kind.TEXT,
        "b.rich": Kind.RICH_TEXT,
        "c.pictures": Kind.PICTURES,
        "c.film": Kind.VIDEO,
        "d.rows": Kind.FACTS,
        "d.fit": Kind.CHOICE,
        "e.table": Kind.TABLE,
        "e.files": Kind.FILES,
        "e.link": Kind.LINK,
    }.items()
}
SLOTS["f.chosen"] = Slot("f.chosen", "Section", Kind.TEXT, Lock.CHOOSE, "f.chosen")
LOCALES = ("en", "ar")

words = st.sampled_from(["one", "two", "three"])
texts = st.fixed_dictionaries({}, optional=dict.fromkeys(LOCALES, words))
rows = st.lists(
    st.builds(lambda name, value: {"name": name, "value": value}, texts.filter(bool), texts.filter(bool)), max_size=4
)
ids = st.sampled_from([[], ["p1"], ["p2"], ["p1", "p2"], ["p2", "p1"], ["p1", "p2", "p3"]])
tables = st.fixed_dictionaries({}, optional=dict.fromkeys(LOCALES, st.sampled_from([[["a", "b"]], [["c", "d"]]])))
files = st.lists(st.builds(lambda name, url: {"name": name, "url": url}, texts.filter(bool), words), max_size=3)
links = st.one_of(st.just({}), st.builds(lambda text, url: {"words": text, "url": url}, texts.filter(bool), words))
options = st.sampled_from(["", "small", "large"])
by_kind = {
    Kind.LINE: texts, Kind.TEXT: texts, Kind.RICH_TEXT: texts, Kind.PICTURES: ids, Kind.VIDEO: ids, Kind.FACTS: rows,
    Kind.CHOICE: options, Kind.TABLE: tables, Kind.FILES: files, Kind.LINK: links,
}  # fmt: skip
drafts = st.fixed_dictionaries(
    {name: options if slot.is_choice else by_kind[slot.kind] for name, slot in SLOTS.items()}
).map(lambda values: {name: value for name, value in values.items() if value})

# Drawing three whole drafts takes a while on a busy machine.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def merge(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any], **more: Any) -> Merged:
    """Merge two whole drafts: what is not in mine was emptied."""
    named = [part for part in parts_of(SLOTS, base) if part not in parts_of(SLOTS, mine)]
    named += [(name, "") for name in base if name not in mine]
    return merge_three(SLOTS, Base(base), mine, theirs, cleared=named, **more)


def changed_slots(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name in SLOTS if before.get(name) != after.get(name)}


@calm
@given(base=drafts, mine=drafts, theirs=drafts)
def test_any_two_edits_of_different_slots_lose_nothing(base: Any, mine: Any, theirs: Any) -> None:
    ours = changed_slots(base, mine)
    theirs = {name: (base if name in ours else theirs).get(name) for name in SLOTS}
    theirs = {name: value for name, value in theirs.items() if value}

    merged = merge(base, mine, theirs)

    wanted = {name: (mine if name in ours else theirs).get(name) for name in SLOTS}
    assert merged.conflicts == ()
    assert merged.slots == {name: value for name, value in wanted.items() if value}


@calm
@given(base=drafts, mine=drafts, theirs=drafts)
def test_each_part_is_ones_or_the_others_and_what_both_changed_is_asked(base: Any, mine: Any, theirs: Any) -> None:
    merged = merge(base, mine, theirs)

    was, ours, there = (parts_of(SLOTS, each) for each in (base, mine, theirs))
    asked = {each.part for each in merged.conflicts}
    for part in {*was, *ours, *there}:
        versions = was.get(part), ours.get(part), there.get(part)
        is_asked = versions[1] != versions[2] and versions[0] not in versions[1:]
        assert (part in asked) == is_asked, part
        expected = versions[1] if versions[1] != versions[0] else versions[2]
        assert merged.parts.get(part) == expected, part
    for each in merged.conflicts:
        assert (each.base, each.mine, each.theirs) == (was.get(each.part), ours.get(each.part), there.get(each.part))


@calm
@given(base=drafts, mine=drafts, theirs=drafts)
def test_who_yields_everything_changes_nothing(base: Any, mine: Any, theirs: Any) -> None:
    parts = {part for each in (base, mine, theirs) for part in parts_of(SLOTS, each)}

    merged = merge(base, mine, theirs, yielded=parts)

    assert (merged.slots, merged.conflicts, merged.changed) == (theirs, (), frozenset())


@calm
@given(base=drafts, mine=drafts)
def test_alone_everything_typed_is_taken(base: Any, mine: Any) -> None:
    merged = merge(base, mine, base)

    assert (merged.slots, merged.conflicts, merged.taken) == (mine, (), frozenset())


@calm
@given(mine=drafts, theirs=drafts)
def test_without_anything_remembered_every_difference_is_asked(mine: Any, theirs: Any) -> None:
    merged = merge_three(SLOTS, Base({}, is_unknown=True), mine, theirs)

    ours, there = parts_of(SLOTS, mine), parts_of(SLOTS, theirs)
    differing = {part for part in ours if ours[part] != there.get(part)}
    differing |= {part for part in there if part[0] in mine and not SLOTS[part[0]].is_by_locale and part not in ours}
    assert {each.part for each in merged.conflicts} == differing


@calm
@given(older=drafts, newer=drafts, mine=drafts, theirs=drafts)
def test_what_is_only_half_remembered_never_passes_for_untouched(
    older: Any, newer: Any, mine: Any, theirs: Any
) -> None:
    base = known_between(SLOTS, older, newer)

    merged = merge_three(SLOTS, base, mine, theirs)

    before, after = parts_of(SLOTS, older), parts_of(SLOTS, newer)
    ours, there = parts_of(SLOTS, mine), parts_of(SLOTS, theirs)
    for part in ours:
        if before.get(part) != after.get(part) and ours[part] != there.get(part):
            assert part in {each.part for each in merged.conflicts}
    for each in merged.conflicts:
        assert each.base is None or before.get(each.part) == after.get(each.part) == each.base


@calm
@given(values=drafts)
def test_parts_are_put_together_again(values: Any) -> None:
    kept = deepcopy(values)

    assert values_of(SLOTS, parts_of(SLOTS, values)) == values == kept


def row(name: str, value: str) -> dict[str, dict[str, str]]:
    return {"name": {"en": name}, "value": {"en": value}}


@pytest.mark.parametrize(
    ("mine", "theirs", "merged"),
    [
        ("ABX", "AB", "ABX"),
        ("B", "AB", "B"),
        ("AY", "XB", "XY"),
        ("ABX", "A", "AX"),
        ("A", "XB", "X"),
    ],
)
def test_rows_are_merged_by_their_place(mine: str, theirs: str, merged: str) -> None:
    def rows_of(letters: str) -> dict[str, Any]:
        return {"d.rows": [row(letter, letter) for letter in letters]}

    done = merge(rows_of("AB"), rows_of(mine), rows_of(theirs))

    assert done.conflicts == ()
    assert done.slots == rows_of(merged)


def test_a_row_that_one_deletes_and_another_writes_is_asked() -> None:
    base = {"d.rows": [row("A", "1"), row("B", "2")]}

    done = merge(base, {"d.rows": [row("A", "1")]}, {"d.rows": [row("A", "1"), row("B", "3")]})

    (conflict,) = done.conflicts
    assert (conflict.part, conflict.mine, conflict.theirs) == (("d.rows", "1"), None, row("B", "3"))


def test_two_languages_of_one_slot_are_two_things() -> None:
    done = merge_three(
        SLOTS, Base({"a.line": {"en": "One"}}), {"a.line": {"ar": "واحد"}}, {"a.line": {"en": "One more"}}
    )

    assert done.conflicts == ()
    assert done.slots == {"a.line": {"en": "One more", "ar": "واحد"}}
