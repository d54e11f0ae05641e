"""The kinds of sections there are, and what makes a list of them a template."""

import json
from typing import Any

import pytest

from qrmerch.content.library import HEAD_KINDS, LIBRARY, MAX_SECTIONS, check_sections
from qrmerch.content.models import Style
from qrmerch.content.shipped import sections_of
from qrmerch.content.slots import Audience, Kind, read_slots
from qrmerch.errors import FormError


def words(**more: Any) -> dict[str, Any]:
    """A slot for a line, as a builder sends it."""
    return {"key": "line", "kind": "line", "lock": "edit", "label": "One line", "max_chars": 80, **more}


def section(*slots: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"key": "one", "kind": "words", "label": "One", "slots": list(slots), **more}


def problems_of(*sections: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(FormError) as caught:
        check_sections(sections)
    return caught.value.problems


@pytest.mark.parametrize("style", list(Style))
def test_the_finished_templates_pass_as_they_are(style: Style) -> None:
    assert check_sections(sections_of(style)) == sections_of(style)


def test_every_kind_begins_as_a_section_that_passes() -> None:
    begun = [each.begin(each.kind) for each in LIBRARY.values()]

    assert check_sections(begun) == begun
    assert json.loads(json.dumps(begun)) == begun


def test_a_section_that_is_begun_twice_shares_nothing() -> None:
    one, other = LIBRARY["words"].begin("a"), LIBRARY["words"].begin("b")
    one["slots"][0]["label"] = "Changed"

    assert other["slots"][0]["label"] == "Words"


def test_each_kind_says_what_it_is_and_helps_with_each_slot() -> None:
    for kind in LIBRARY.values():
        assert kind.name and kind.sentence.endswith(".")
        assert all(each["help"].endswith(".") for each in kind.slots)
        assert bool(kind.slots) == bool(kind.takes)
    assert {"gallery", "headline", "price", "variants", "story"} <= HEAD_KINDS


def test_every_slot_of_a_staff_section_is_for_staff_whatever_it_says() -> None:
    begun = LIBRARY["staff"].begin("floor")
    begun["slots"][0]["audience"] = "shopper"

    kept = check_sections([begun])

    assert all(slot.audience == Audience.STAFF for slot in read_slots(kept).values())
    assert all(slot.audience == Audience.STAFF for slot in read_slots([begun]).values())


def test_what_is_not_known_is_left_out_and_figures_become_figures() -> None:
    kept = check_sections([section(words(max_chars="40", sneaky="x"), also="y")])

    assert kept == [
        {
            "key": "one",
            "kind": "words",
            "label": "One",
            "slots": [
                {
                    "key": "line",
                    "kind": "line",
                    "lock": "edit",
                    "label": "One line",
                    "help": "",
                    "is_required": False,
                    "max_chars": 40,
                }
            ],
        }
    ]


BAD_SLOTS: list[tuple[dict[str, Any], str, str]] = [
    ({"key": "Line"}, "key", "small letters"),
    ({"key": "a-b"}, "key", "small letters"),
    ({"key": "x" * 41}, "key", "small letters"),
    ({"kind": "spreadsheet"}, "kind", "one of"),
    ({"kind": "pictures", "max_chars": 0}, "kind", "no place for pictures"),
    ({"lock": "open"}, "lock", "one of"),
    ({"label": ""}, "label", "what the vendor reads"),
    ({"label": "x" * 61}, "label", "60 characters"),
    ({"help": "x" * 241}, "help", "240 characters"),
    ({"audience": "everybody"}, "audience", "one of"),
    ({"when_missing": "guess"}, "when_missing", "one of"),
    ({"needed_in": "some"}, "needed_in", "first language"),
    ({"max_chars": 10_001}, "max_chars", "10,000 at most"),
    ({"max_chars": -1}, "max_chars", "whole number"),
    ({"max_chars": "many"}, "max_chars", "whole number"),
    ({"max_chars": True}, "max_chars", "whole number"),
    ({"max_chars": 0}, "max_chars", "how long"),
    ({"min_chars": 81}, "min_chars", "more than the most"),
    ({"min_rows": 2}, "min_rows", "says nothing about line"),
    ({"min_width": 100}, "min_width", "says nothing about line"),
    ({"ratio": ["4:5"]}, "ratio", "Only pictures"),
    ({"locales": ["xx-nowhere"]}, "locales", "not a language"),
    ({"locales": "en"}, "locales", "List the languages"),
    ({"lock": "choose"}, "options", "List what can be chosen"),
    ({"lock": "choose", "options": [{"value": "a", "label": {"en": "A"}}]}, "options", "2 to 24"),
    ({"title": "Bare"}, "title", "by language"),
]


@pytest.mark.parametrize(("more", "field", "said"), BAD_SLOTS)
def test_a_slot_that_cannot_be_says_so_by_its_field(more: dict[str, Any], field: str, said: str) -> None:
    key = str(more.get("key", "line"))

    assert said in problems_of(section(words(**more)))[f"one.{key[:60]}.{field}"]


@pytest.mark.parametrize("ratio", ["4x5", "0:5", "4:", "٤:٥", "100:1"])
def test_a_shape_is_two_numbers(ratio: str) -> None:
    gallery = LIBRARY["gallery"].begin("gallery")
    gallery["slots"][0]["ratio"] = [ratio]

    assert "such as 4:5" in problems_of(gallery)["gallery.pictures.ratio"]


def test_a_shape_is_kept_once() -> None:
    gallery = LIBRARY["gallery"].begin("gallery")
    gallery["slots"][0]["ratio"] = ["4:5", " 4:5", "1:1"]

    (slot,) = read_slots(check_sections([gallery])).values()

    assert slot.ratios == ((4, 5), (1, 1))


def test_two_keys_of_one_name_are_told() -> None:
    problems = problems_of(section(words(), words()), section(words()))

    assert "two called line" in problems["one.line.key"]
    assert "two called one" in problems["one.key"]


def test_a_section_of_no_known_kind_is_told_by_its_number_where_it_has_no_key() -> None:
    assert "no section of the kind poem" in problems_of({"kind": "poem"})["1.kind"]


def test_what_stands_once_stands_once() -> None:
    assert "once" in problems_of(LIBRARY["price"].begin("price"), LIBRARY["price"].begin("again"))["again.kind"]
    check_sections([LIBRARY["words"].begin("a"), LIBRARY["words"].begin("b")])


def test_a_template_has_a_section_and_not_too_many() -> None:
    assert "needs a section" in problems_of()[""]
    many = [LIBRARY["words"].begin(f"w{number}") for number in range(MAX_SECTIONS + 1)]
    assert "40 sections at most" in problems_of(*many)[""]


def test_a_section_that_is_filled_needs_a_slot_and_one_that_is_not_takes_none() -> None:
    assert "needs a slot" in problems_of(section())["one.slots"]
    assert "nothing can be filled in" in problems_of({**section(words()), "kind": "price"})["one.line.kind"]


def test_pictures_are_never_for_associates_only() -> None:
    gallery = LIBRARY["gallery"].begin("gallery")
    gallery["slots"][0]["audience"] = "staff"

    assert "cannot be for them only" in problems_of(gallery)["gallery.pictures.kind"]


def test_words_for_associates_may_stand_in_any_section() -> None:
    gallery = LIBRARY["gallery"].begin("gallery")
    gallery["slots"].append(words(audience="staff"))

    assert read_slots(check_sections([gallery]))["gallery.line"].is_for_staff


def test_pictures_cannot_be_chosen_from_a_list() -> None:
    gallery = LIBRARY["gallery"].begin("gallery")
    gallery["slots"][0] |= {"lock": "choose"}

    assert "the vendor’s own" in problems_of(gallery)["gallery.pictures.lock"]


OPTIONS = [{"value": "a", "label": {"en": "A"}}, {"value": "b", "label": {"en": "B", "ar": "ب"}}]


def test_options_are_words_by_language_under_a_value() -> None:
    kept = check_sections([section(words(lock="choose", options=OPTIONS))])

    assert kept[0]["slots"][0]["options"] == OPTIONS


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([OPTIONS[0], OPTIONS[0]], "two options called a"),
        ([OPTIONS[0], {"value": "B!", "label": {"en": "B"}}], "Option 2 needs a value"),
        ([OPTIONS[0], {"value": "b", "label": {}}], "Option 2 has no words"),
        ([OPTIONS[0], {"value": "b", "label": {"en": "x" * 81}}], "80 characters at most"),
        ([OPTIONS[0], "b"], "Option 2 needs a value"),
    ],
)
def test_an_option_that_cannot_be_says_so(options: list[Any], said: str) -> None:
    assert said in problems_of(section(words(lock="choose", options=options)))["one.line.options"]


def test_rows_to_choose_from_are_checked_as_rows() -> None:
    rows = [{"name": {"en": "Material"}, "value": {"en": "Cotton"}}]
    options = [{**OPTIONS[0], "content": rows}, {**OPTIONS[1], "content": rows}]
    slot = {"key": "rows", "kind": "facts", "lock": "choose", "label": "Facts", "options": options}
    facts = {"key": "facts", "kind": "facts", "label": "Facts", "slots": [slot]}

    assert check_sections([facts])[0]["slots"][0]["options"] == options
    options[1]["content"] = [{"name": {"en": "Half"}, "value": {}}]
    assert "Option 2: row 1 has only one half" in problems_of(facts)["facts.rows.options"]
    del options[1]["content"]
    assert "Option 2" in problems_of(facts)["facts.rows.options"]


def test_a_choice_is_not_for_the_vendor_to_make_up() -> None:
    slot = words(kind="choice", options=OPTIONS, max_chars=0)
    facts = {"key": "facts", "kind": "facts", "label": "Facts", "slots": [slot]}

    assert "from your list" in problems_of(facts)["facts.line.lock"]


def test_every_kind_of_slot_can_be_had_somewhere() -> None:
    assert set().union(*(each.takes for each in LIBRARY.values())) == set(Kind)
