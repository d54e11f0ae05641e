"""What a revision changes, by slot and language."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrmerch.content.comparing import Piece, changed_words, compare, in_stretches, list_unchanged, size_of
from qrmerch.content.models import Style
from qrmerch.content.shipped import sections_of
from qrmerch.content.slots import Kind, Lock, read_slots

SLOTS = read_slots(sections_of(Style.EVERYDAY))
LOCALES = ("en", "ar")


def body(**slots: Any) -> dict[str, Any]:
    return {"slots": {name.replace("__", "."): value for name, value in slots.items()}}


def test_added_words_are_marked_in_their_place() -> None:
    pieces = changed_words("A scooped neck.", "A scooped neck and a dropped shoulder.")

    assert pieces == (
        Piece("same", "A scooped neck"),
        Piece("new", " and a dropped shoulder"),
        Piece("same", "."),
    )


def test_a_word_in_place_of_another_is_marked() -> None:
    assert changed_words("Wash warm, dry flat.", "Wash cool, dry flat.") == (
        Piece("same", "Wash "),
        Piece("gone", "warm"),
        Piece("new", "cool"),
        Piece("same", ", dry flat."),
    )


def test_a_text_that_is_all_new_stands_whole_after_the_old_one() -> None:
    pieces = changed_words("A loose cotton knit for summer.", "The loose knit that makes jeans look like a plan.")

    assert [each.change for each in pieces] == ["gone", "new"]


def test_arabic_words_are_words() -> None:
    pieces = changed_words("قميص قطني فضفاض", "قميص قطني فضفاض للصيف")

    assert pieces == (Piece("same", "قميص قطني فضفاض"), Piece("new", " للصيف"))


@given(st.text(max_size=60), st.text(max_size=60))
def test_both_texts_can_be_read_off_the_pieces(before: str, after: str) -> None:
    pieces = changed_words(before, after)

    for told in (pieces, in_stretches(pieces)):
        assert "".join(each.text for each in told if each.change != "new") == before
        assert "".join(each.text for each in told if each.change != "gone") == after


def test_many_changes_close_together_are_read_as_one() -> None:
    before = "Our yellow, with buttons: wear it open, or as a top. Made in Porto by hand."
    after = "Our yellow with eleven buttons: open over a shirt, or closed as the top itself. Made in Porto by hand."

    assert in_stretches(changed_words(before, after)) == (
        Piece("same", "Our yellow"),
        Piece("gone", ", with buttons: wear it open, or as a top"),
        Piece("new", " with eleven buttons: open over a shirt, or closed as the top itself"),
        Piece("same", ". Made in Porto by hand."),
    )


def test_a_few_changes_stay_in_their_places() -> None:
    pieces = changed_words("Wash warm, dry flat, iron hot.", "Wash cool, dry hung, iron cold.")

    assert in_stretches(pieces) == pieces
    assert sum(each.change == "new" for each in pieces) == 3


def test_a_page_of_very_many_words_is_not_compared_word_by_word() -> None:
    old, new = "word " * 5000, "other word " * 5000

    assert changed_words(old, new) == (Piece("gone", old), Piece("new", new))


def test_changes_come_by_slot_and_then_by_language() -> None:
    before = body(story__lede={"en": "Old", "ar": "قديم"}, care__text={"en": "Same"})
    after = body(story__lede={"en": "New", "ar": "جديد"}, story__text={"en": "More"}, care__text={"en": "Same"})

    changes = compare(SLOTS, before, after, LOCALES)

    assert [(each.slot, each.locale) for each in changes] == [
        ("story.lede", "en"),
        ("story.lede", "ar"),
        ("story.text", "en"),
    ]
    assert (changes[0].count, changes[0].max_count) == (3, 80)
    assert [slot.name for slot in list_unchanged(SLOTS, changes)] == [
        "gallery.pictures",
        "film.video",
        "film.words",
        "facts.rows",
        "facts.fit",
        "size_guide.table",
        "size_guide.words",
        "care.text",
        "downloads.files",
        "staff.selling",
        "staff.fit",
        "staff.ask",
    ]


def test_a_new_page_is_new_in_every_slot_it_fills() -> None:
    changes = compare(SLOTS, None, body(story__lede={"en": "Hello"}, facts__fit="runs_small"), LOCALES)

    assert [(each.slot, each.pieces) for each in changes] == [
        ("story.lede", (Piece("new", "Hello"),)),
        ("facts.fit", (Piece("new", "Runs small"),)),
    ]


def test_the_same_page_changes_nothing() -> None:
    page = body(story__lede={"en": "Hello"}, gallery__pictures=["a"], facts__fit="runs_small")

    assert compare(SLOTS, page, page, LOCALES) == []


def test_pictures_are_compared_in_their_order() -> None:
    (change,) = compare(SLOTS, body(gallery__pictures=["a", "b"]), body(gallery__pictures=["b", "a", "c"]), LOCALES)

    assert (change.before, change.after, change.is_pictures) == (("a", "b"), ("b", "a", "c"), True)


def test_rows_are_compared_in_each_language() -> None:
    row = {"name": {"en": "Made in", "ar": "صنع في"}, "value": {"en": "Porto", "ar": "بورتو"}}
    other = {**row, "value": {"en": "Braga", "ar": "بورتو"}}

    (change,) = compare(SLOTS, body(facts__rows=[row]), body(facts__rows=[other]), LOCALES)

    assert change.locale == "en"
    assert Piece("new", "Braga") in change.pieces


def test_what_a_picture_shows_is_a_change_of_its_own() -> None:
    before = {**body(gallery__pictures=["a"]), "pictures": {"a": {"alt": {"en": "IMG_2041"}}}}
    after = {**body(gallery__pictures=["a"]), "pictures": {"a": {"alt": {"en": "Worn with the capri"}}}}

    (change,) = compare(SLOTS, before, after, LOCALES)

    assert (change.label, change.locale) == ("What picture 1 shows", "en")


@pytest.mark.parametrize(
    ("product", "label"),
    [
        ({"maker": "Moon Side"}, "Maker"),
        ({"facts": [{"name": "Material", "value": "Wool"}]}, "Facts of the catalogue"),
    ],
)
def test_what_came_from_the_catalogue_is_compared_too(product: dict[str, Any], label: str) -> None:
    kept = {"maker": "Sunny Side", "title": "Top", "facts": [{"name": "Material", "value": "Cotton"}]}

    (change,) = compare(SLOTS, {"slots": {}, "product": kept}, {"slots": {}, "product": {**kept, **product}}, LOCALES)

    assert change.label == label


def test_a_value_from_when_the_slot_was_of_another_kind_counts_as_none() -> None:
    sections = sections_of(Style.EDITORIAL)
    slots = read_slots(sections)
    rows = [{"name": {"en": "Weight"}, "value": {"en": "210 g"}}]
    strangers: list[Any] = [
        "hand",
        ["an-asset"],
        rows,
        {"en": "Words"},
        {"en": [["a", "b"]]},
        {"url": "x", "words": {}},
    ]
    every = [each for each in slots.values() if not each.is_fixed]
    kinds = [replace(slots["making.text"], kind=each, lock=Lock.EDIT) for each in Kind]
    kinds.append(replace(slots["making.text"], lock=Lock.CHOOSE))

    for slot in [*every, *kinds]:
        for value in strangers:
            for before, after in (({slot.name: value}, {}), ({}, {slot.name: value})):
                compare({slot.name: slot}, {"slots": before}, {"slots": after}, ("en",))


def test_another_picture_in_front_of_a_film_is_a_change_and_none_of_words() -> None:
    slots = read_slots(sections_of(Style.EDITORIAL))
    said = {"film.video": ["f"], "story.lede": {"en": "A loose knit."}}
    front = {"digest": "d", "poster_id": "calm", "captions": {}, "transcript": {}}
    before = {"slots": said, "recordings": {"f": front}}
    after = {
        "slots": {**said, "story.lede": {"en": "A soft knit."}},
        "recordings": {"f": {**front, "poster_id": "shouting"}},
    }

    changes = compare(slots, before, after, ("en",))

    (shown,) = [each for each in changes if each.is_pictures]
    assert (shown.before, shown.after) == (("calm",), ("shouting",))
    assert not size_of(slots, changes, is_comparable=True).is_small
