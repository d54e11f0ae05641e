"""Tables, links, files, shapes, lists to choose from, and languages of a slot: what is taken, and what is said."""

from dataclasses import replace
from typing import Any

import pytest

from qrmerch.content.forms import DraftForm
from qrmerch.content.merging import merge
from qrmerch.content.slots import (
    Audience,
    Bounds,
    Kind,
    Lock,
    Option,
    Slot,
    WhenMissing,
    clean,
    for_shoppers,
    is_empty,
    list_missing,
    list_untranslated,
)
from qrmerch.errors import FormError
from qrmerch.media.models import Asset, AssetKind, AssetState

BOUNDS = Bounds(("en", "ar"), ("fashiontown.example",), {})
OPTIONS = (Option("a", {"en": "A"}), Option("b", {"en": "B"}))


def slot(kind: Kind, **more: Any) -> Slot:
    return Slot("one.it", "One", kind, more.pop("lock", Lock.EDIT), "It", **more)


TABLE = slot(Kind.TABLE, max_count=3, max_chars=12)
FILES = slot(Kind.FILES, max_count=2, max_chars=40)
LINK = slot(Kind.LINK, max_chars=20)


def taken(one: Slot, value: Any, bounds: Bounds = BOUNDS) -> Any:
    return clean({one.name: one}, {one.name: value}, bounds).get(one.name)


def refused(one: Slot, value: Any, bounds: Bounds = BOUNDS) -> str:
    with pytest.raises(FormError) as caught:
        clean({one.name: one}, {one.name: value}, bounds)
    return caught.value.problems[one.name]


def missing(one: Slot, value: Any, bounds: Bounds = BOUNDS) -> str:
    return list_missing({one.name: one}, {} if value is None else {one.name: value}, bounds).get(one.name, "")


# --- tables ------------------------------------------------------------------------------------------


def test_a_table_is_taken_as_a_sheet_gives_it_and_as_it_is_typed() -> None:
    rows = [["Size", "Chest"], ["S", "90"], ["M", "96"]]

    assert taken(TABLE, "Size\tChest\r\nS\t90\r\n\r\nM\t96\n") == {"en": rows}
    assert taken(TABLE, {"en": "| Size | Chest |\n| S|90\nM | 96"}) == {"en": rows}
    assert taken(TABLE, {"en": rows, "ar": ""}) == {"en": rows}


def test_short_rows_are_filled_up_and_hidden_characters_go() -> None:
    assert taken(TABLE, "Size | Chest | Hip\nS\u202e | 90\x00") == {"en": [["Size", "Chest", "Hip"], ["S", "90", ""]]}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Size\nS", "two columns at least"),
        ("a|b|c|d|e|f|g|h|i", "8 columns at most"),
        ("a|b\n" * 5, "3 rows at most"),
        ("a|b\n" + "x" * 13 + "|1", "row 2 has a cell of 13 characters where 12 fit"),
        ({"de": "a|b"}, "de is not a language"),
        (7, "rows of cells"),
        ({"en": ["a"]}, "rows of cells"),
    ],
)
def test_a_table_that_does_not_fit_says_why(value: Any, said: str) -> None:
    assert said in refused(TABLE, value)


def test_a_table_has_enough_rows_and_is_in_the_first_language() -> None:
    one = replace(TABLE, min_rows=2, is_required=True)

    assert missing(one, None) == "It: nothing is written yet."
    assert missing(one, {"en": [["a", "b"], ["1", "2"]]}) == "It: 2 rows at least below the first; this has 1."
    assert missing(one, {"ar": [["a", "b"]] * 3}) == "It: nothing is written yet."
    assert missing(one, {"en": [["a", "b"]] * 3}) == ""
    assert missing(replace(one, is_required=False), None) == ""


# --- links and files ---------------------------------------------------------------------------------


def test_a_link_leads_to_the_retailer_and_has_words() -> None:
    kept = taken(LINK, {"url": " https://fashiontown.example/list ", "words": {"en": "Join", "ar": "اشترك"}})

    assert kept == {"url": "https://fashiontown.example/list", "words": {"en": "Join", "ar": "اشترك"}}
    assert taken(LINK, "Join | https://fashiontown.example/") == {
        "url": "https://fashiontown.example/",
        "words": {"en": "Join"},
    }
    assert taken(LINK, {"url": "", "words": {"en": ""}}) is None


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://evil.test/", "away from the retailer"),
        ("https://fashiontown.example.evil.test/", "away from the retailer"),
        ("https://fashiontown.example@evil.test/", "away from the retailer"),
        ("http://fashiontown.example/", "cannot be taken"),
        ("javascript:alert(1)", "cannot be taken"),
        ("data:text/html,x", "cannot be taken"),
        ("//fashiontown.example/", "cannot be taken"),
        ('https://fashiontown.example/"onmouseover=x', "cannot be taken"),
        ("https://fashiontown.example/ x", "cannot be taken"),
        ("https://fashiontown.example\\@evil.test", "cannot be taken"),
        ("https://fashiontown.example/" + "x" * 500, "500 characters"),
        ("", "only one half"),
    ],
)
def test_a_link_that_leads_elsewhere_is_refused(url: str, said: str) -> None:
    assert said in refused(LINK, {"url": url, "words": {"en": "Here"}})
    assert said in refused(FILES, [{"url": url, "name": {"en": "Here"}}])


def test_a_link_without_words_is_refused_and_so_are_too_many() -> None:
    address = "https://fashiontown.example/"

    assert "only one half" in refused(LINK, address)
    assert taken(LINK, {"url": address, "words": {"ar": "هنا"}}) == {"url": address, "words": {"ar": "هنا"}}
    assert "21 characters where 20 fit" in refused(LINK, {"url": address, "words": {"en": "x" * 21}})
    assert "an address and its words" in refused(LINK, [address])


def test_the_retailers_own_link_may_lead_anywhere_safe() -> None:
    free = Bounds(("en",), None, {})

    assert taken(LINK, {"url": "https://wa.me/123", "words": {"en": "Chat"}}, free)["url"] == "https://wa.me/123"
    assert taken(LINK, {"url": "tel:+4412345", "words": {"en": "Call"}}, free)["url"] == "tel:+4412345"
    assert "cannot be taken" in refused(LINK, {"url": "javascript:x", "words": {"en": "Chat"}}, free)


def test_files_are_rows_of_a_name_and_an_address() -> None:
    rows = [{"name": {"en": "Manual"}, "url": "https://fashiontown.example/m.pdf"}]

    assert taken(FILES, "Manual | https://fashiontown.example/m.pdf\n") == rows
    assert taken(FILES, [*rows, {"name": "", "url": ""}]) == rows
    assert "2 files at most; this has 3." in refused(FILES, rows * 3)
    assert "begins with https://" in refused(FILES, [{"name": "Mail", "url": "mailto:a@fashiontown.example"}])
    assert "rows of a name" in refused(FILES, {"name": "x"})


# --- lists to choose from ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(Kind))
def test_only_what_is_listed_can_be_chosen_whatever_the_slot_holds(kind: Kind) -> None:
    one = slot(kind, lock=Lock.CHOOSE, options=OPTIONS)
    others: list[Any] = ["c", "A", {"en": "A"}, ["a"], [{"name": "a", "value": "b"}], {"url": "a", "words": "b"}, 1]

    assert taken(one, "a") == "a"
    assert taken(one, "") is None
    for other in others:
        assert "choose one of the retailer’s list: A, B." in refused(one, other)


@pytest.mark.parametrize("kind", list(Kind))
def test_something_that_has_to_be_chosen_is_missed(kind: Kind) -> None:
    one = slot(kind, lock=Lock.CHOOSE, options=OPTIONS, is_required=True)

    assert missing(one, None) == "It: nothing is chosen yet."
    assert missing(one, "a") == ""


# --- shapes, least lengths, languages ------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height", "fits"), [(800, 1000, True), (801, 1000, True), (1000, 1000, False)])
def test_a_picture_has_the_shape_that_is_asked_for(width: int, height: int, fits: bool) -> None:
    asset = Asset(
        id="a",
        kind=AssetKind.PICTURE,
        state=AssetState.READY,
        width=width,
        height=height,
        alt={"en": "A top"},
        is_decorative=False,
    )
    said = missing(slot(Kind.PICTURES, ratios=((4, 5), (2, 3))), ["a"], replace(BOUNDS, assets={"a": asset}))

    assert (said == "") == fits
    if not fits:
        assert "1000 × 1000 pixels; its shape has to be 4:5 or 2:3" in said


def test_words_may_be_too_few_in_each_language() -> None:
    one = slot(Kind.TEXT, min_chars=10, max_chars=99)

    assert missing(one, {"en": "Too short"}) == "It: 10 characters at least; this has 9."
    assert missing(one, {"en": "Long enough", "ar": "قصير"}) == "It: in Arabic, 10 characters at least; this has 4."
    assert missing(one, None) == ""


def test_rows_may_be_too_few() -> None:
    row = {"name": {"en": "Material"}, "value": {"en": "Cotton"}}
    one = slot(Kind.FACTS, min_rows=2)

    assert missing(one, [row]) == "It: 2 rows at least; this has 1."
    assert missing(one, [row, row]) == ""
    assert missing(one, None) == ""


def test_a_slot_for_some_languages_is_refused_in_others_and_not_missed_there() -> None:
    one = slot(Kind.LINE, locales=("ar",), is_required=True, max_chars=40)

    assert taken(one, "بالعربية") == {"ar": "بالعربية"}
    assert "it is written in Arabic only" in refused(one, {"en": "In English"})
    assert missing(one, {"ar": "نعم"}) == ""
    assert missing(one, None) == "It: nothing is written yet."
    assert list_untranslated({one.name: replace(one, locales=("en",))}, {one.name: {"en": "x"}}, "ar", "en") == []
    assert "Arabic only" in refused(replace(TABLE, locales=("ar",)), {"en": "a|b"})
    assert "Arabic only" in refused(replace(LINK, locales=("ar",)), {"url": "", "words": {"en": "x"}})


def test_what_must_not_fall_back_is_needed_in_every_language_once_it_is_begun() -> None:
    one = slot(Kind.LINE, when_missing=WhenMissing.REQUIRED, max_chars=40)

    assert missing(one, None) == ""
    assert missing(one, {"en": "Only English"}) == "It: Arabic is missing."
    assert missing(one, {"en": "Both", "ar": "كلاهما"}) == ""
    files = [{"name": {"en": "Manual"}, "url": "https://fashiontown.example/m.pdf"}]
    assert missing(replace(FILES, when_missing=WhenMissing.REQUIRED), files) == "It: Arabic is missing."
    link = {"url": "https://fashiontown.example/", "words": {"en": "Join"}}
    assert missing(replace(LINK, when_missing=WhenMissing.REQUIRED), link) == "It: Arabic is missing."


@pytest.mark.parametrize("value", ["", "  ", None, [], {}, {"en": ""}, {"url": "", "words": {"en": ""}}, {"en": []}])
def test_nothing_is_nothing_in_any_shape(value: Any) -> None:
    assert is_empty(value)


# --- the editor's form ---------------------------------------------------------------------------------


def test_a_table_in_one_language_leaves_the_other_alone() -> None:
    kept = {"one.it": {"en": [["Size", "Chest"], ["S", "90"]]}}
    form = DraftForm(1, 0, "ar", fields={"one.it": ("المقاس | الصدر\nS | 90",)})

    values = merge({"one.it": TABLE}, kept, form, first="en")

    # What was not typed is not spoken of; the save leaves it as it stands.
    assert clean({"one.it": TABLE}, values, BOUNDS)["one.it"] == {"ar": [["المقاس", "الصدر"], ["S", "90"]]}


def test_the_words_of_a_link_in_one_language_leave_the_other_alone() -> None:
    kept = {"one.it": {"url": "https://fashiontown.example/", "words": {"en": "Join"}}}
    fields = {"one.it.words": ("اشترك",), "one.it.url": ("https://fashiontown.example/new",)}

    values = merge({"one.it": LINK}, kept, DraftForm(1, 0, "ar", fields=fields), first="en")

    assert taken(LINK, values["one.it"]) == {
        "url": "https://fashiontown.example/new",
        "words": {"en": "Join", "ar": "اشترك"},
    }
    gone = merge({"one.it": LINK}, kept, DraftForm(1, 0, "en", fields={"one.it.words": ("",)}), first="en")
    assert taken(LINK, gone["one.it"]) is None


def test_files_keep_their_names_in_other_languages() -> None:
    kept = {"one.it": [{"name": {"en": "Manual"}, "url": "https://fashiontown.example/m.pdf"}]}
    fields = {
        "one.it.row": ("0", ""),
        "one.it.name": ("الدليل", ""),
        "one.it.value": ("https://fashiontown.example/m.pdf", ""),
    }

    values = merge({"one.it": FILES}, kept, DraftForm(1, 0, "ar", fields=fields), first="en")

    assert taken(FILES, values["one.it"]) == [
        {"name": {"en": "Manual", "ar": "الدليل"}, "url": "https://fashiontown.example/m.pdf"}
    ]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_choice_in_the_form_is_its_value(kind: Kind) -> None:
    one = slot(kind, lock=Lock.CHOOSE, options=OPTIONS)

    assert merge({one.name: one}, {}, DraftForm(1, 0, "en", fields={one.name: ("b",)}), first="en") == {one.name: "b"}


# --- who reads it ---------------------------------------------------------------------------------------


def test_shoppers_get_neither_a_staff_slot_nor_its_value_nor_what_no_slot_names() -> None:
    sections = [
        {"key": "care", "kind": "care", "slots": [{"key": "text"}, {"key": "hint", "audience": Audience.STAFF}]},
        {"key": "floor", "kind": "staff", "slots": [{"key": "fit", "audience": "shopper"}]},
    ]
    values = {"care.text": 1, "care.hint": 2, "floor.fit": 3, "gone.slot": 4}

    kept_sections, kept = for_shoppers(sections, values)

    assert kept_sections == [{"key": "care", "kind": "care", "slots": [{"key": "text"}]}]
    assert kept == {"care.text": 1}


SHAPES: list[Any] = [
    "a",
    "a | b",
    7,
    None,
    True,
    [],
    ["a"],
    [["a", "b"]],
    [{}],
    [{"name": "a", "value": "b"}],
    [{"name": {"en": "a"}, "url": ["x"]}],
    {},
    {"en": "a"},
    {"en": ["a"]},
    {"en": [["a", "b"]]},
    {"url": {"en": "a"}, "words": ["b"]},
    {"words": {"xx": "a"}},
    {7: 8},
]


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_a_value_in_the_shape_of_another_kind_is_cleaned_or_refused(kind: Kind, shape: int) -> None:
    one = slot(kind, options=OPTIONS)

    try:
        kept = clean({one.name: one}, {one.name: SHAPES[shape]}, BOUNDS)
    except FormError:
        return

    assert clean({one.name: one}, kept, BOUNDS) == kept
    assert isinstance(list_missing({one.name: one}, kept, BOUNDS), dict)
