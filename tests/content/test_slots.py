"""What may stand in a slot, and the sentence where something else does."""

import pytest

from qrmerch.content.models import Style
from qrmerch.content.shipped import sections_of
from qrmerch.content.slots import (
    Bounds,
    Kind,
    Lock,
    Slot,
    SlotLocked,
    clean,
    clean_words,
    is_file_name,
    list_missing,
    list_untranslated,
    read_slots,
)
from qrmerch.errors import FormError
from qrmerch.media.models import Asset, AssetKind, AssetState

HOSTS = ("fashiontown.example",)
STORY = Slot("story.text", "Story", Kind.RICH_TEXT, Lock.EDIT, "Story", max_chars=600)
LEDE = Slot("story.lede", "Story", Kind.LINE, Lock.EDIT, "One line", is_required=True, max_chars=80)


def make_picture(asset_id: str = "a", **more: object) -> Asset:
    values: dict[str, object] = {
        "id": asset_id,
        "kind": AssetKind.PICTURE,
        "state": AssetState.READY,
        "width": 800,
        "height": 1000,
        "alt": {"en": "Yellow knit top on a hanger"},
        "is_decorative": False,
    }
    return Asset(**{**values, **more})


def bounds(*assets: Asset, locales: tuple[str, ...] = ("en", "ar")) -> Bounds:
    return Bounds(locales, HOSTS, {each.id: each for each in assets})


EVERYDAY = read_slots(sections_of(Style.EVERYDAY))


def problem_of(name: str, value: object, *assets: Asset) -> str:
    with pytest.raises(FormError) as caught:
        clean(EVERYDAY, {name: value}, bounds(*assets))
    return caught.value.problems[name]


def test_words_as_long_as_allowed_are_taken() -> None:
    kept = clean(EVERYDAY, {"story.text": {"en": "x" * 600}}, bounds())

    assert kept == {"story.text": {"en": "x" * 600}}


def test_an_overfilled_slot_says_how_much_there_is() -> None:
    assert problem_of("story.text", {"en": "x" * 655}) == "Story: 600 characters at most; this has 655."


def test_an_overfilled_slot_says_in_which_language() -> None:
    said = problem_of("story.lede", {"en": "Short.", "ar": "ا" * 95})

    assert said == "One line: in Arabic, 80 characters at most; this has 95."


def test_characters_are_counted_after_cleaning() -> None:
    kept = clean(EVERYDAY, {"story.lede": {"en": "  a\u202e  b\x00 "}}, bounds())

    assert kept == {"story.lede": {"en": "a b"}}


def test_a_bare_text_is_in_the_first_language() -> None:
    assert clean(EVERYDAY, {"story.lede": "Hello"}, bounds()) == {"story.lede": {"en": "Hello"}}


def test_a_language_the_retailer_does_not_speak_is_refused() -> None:
    assert "not a language" in problem_of("story.lede", {"de": "Hallo"})


def test_what_is_empty_is_left_out() -> None:
    values = {"story.lede": {"en": " "}, "gallery.pictures": [], "facts.rows": [{"name": "", "value": ""}]}

    assert clean(EVERYDAY, {**values, "facts.fit": ""}, bounds()) == {}


@pytest.mark.parametrize("name", ["delivery.text", "legal.text"])
def test_a_fixed_slot_is_refused_and_not_ignored(name: str) -> None:
    with pytest.raises(SlotLocked) as caught:
        clean(EVERYDAY, {"story.lede": {"en": "Fine"}, name: {"en": "Mine"}}, bounds())

    assert (caught.value.status, caught.value.slug) == (422, "slot_locked")


def test_a_slot_the_template_does_not_have_is_refused() -> None:
    assert "no slot price.now" in problem_of("price.now", "0.01")


def test_one_of_the_listed_values_is_taken() -> None:
    assert clean(EVERYDAY, {"facts.fit": "runs_small"}, bounds()) == {"facts.fit": "runs_small"}


@pytest.mark.parametrize("value", ["gigantic", ["runs_small"], {"en": "runs_small"}, "<b>"])
def test_a_value_outside_the_list_is_refused(value: object) -> None:
    assert problem_of("facts.fit", value) == (
        "Fit: choose one of the retailer’s list: Runs small, True to size, Runs large."
    )


@pytest.mark.parametrize(
    "link",
    [
        "https://fashiontown.example/returns",
        "https://fashiontown.example/returns?a=1",
        "mailto:help@fashiontown.example",
        "mailto:help@fashiontown.example?subject=Marigold%20Top",
    ],
)
def test_links_to_the_retailer_and_to_its_people_are_taken(link: str) -> None:
    assert clean_words(STORY, f"[Read]({link})", HOSTS)


@pytest.mark.parametrize(
    "link",
    [
        "https://sunnyside.example/",
        "https://vendor.fashiontown.example/",
        "https://fashiontown.example:8443/",
        "mailto:sales@sunnyside.example",
        "mailto:help@fashiontown.example,sales@sunnyside.example",
        "mailto:help@fashiontown.example?cc=sales@sunnyside.example",
        "mailto:help@fashiontown.example?%63c=sales@sunnyside.example",
        "mailto:help@fashiontown.example%2Csales@sunnyside.example",
        "mailto:help@sub.fashiontown.example",
        "mailto:",
        "tel:+15550100",
        "https://fashiontown.example.evil.test/",
        "https://evilfashiontown.example/",
        "https://fashiontown.example@evil.test/",
        "https://evil.test\\@fashiontown.example/",
        "https://evil.test#fashiontown.example",
        "http://fashiontown.example/",
        "//evil.test",
        "/local",
        "ftp://fashiontown.example",
        "HTTPS://fashiontown.example/",
        "https:/evil.test",
        "https://xn--fashiontown-.evil.test",
    ],
)
def test_links_away_from_the_retailer_are_refused(link: str) -> None:
    with pytest.raises(ValueError, match="the link"):
        clean_words(STORY, f"[Read]({link})", HOSTS)


def test_a_link_in_a_list_in_a_quote_is_found_too() -> None:
    with pytest.raises(ValueError, match=r"evil\.test"):
        clean_words(STORY, "> * one\n> * [two](https://evil.test)", HOSTS)


def test_the_retailer_links_wherever_it_wants() -> None:
    assert clean_words(STORY, "[Law](https://law.example/)", None)


def test_pictures_are_the_vendors_own() -> None:
    said = problem_of("gallery.pictures", ["a", "somebody-elses"], make_picture("a"))

    assert "not among yours" in said


def test_a_picture_chosen_twice_stands_once() -> None:
    kept = clean(EVERYDAY, {"gallery.pictures": ["a", "b", "a"]}, bounds(make_picture("a"), make_picture("b")))

    assert kept == {"gallery.pictures": ["a", "b"]}


def test_there_are_at_most_six_pictures() -> None:
    assets = [make_picture(str(number)) for number in range(7)]

    said = problem_of("gallery.pictures", [each.id for each in assets], *assets)

    assert said == "Pictures: 6 pictures at most; this has 7."


@pytest.mark.parametrize("value", ["a", {"a": 1}, [1], [["a"]], None])
def test_pictures_in_another_shape_are_refused(value: object) -> None:
    assert "list of pictures" in problem_of("gallery.pictures", value, make_picture("a"))


def test_rows_are_kept_by_language() -> None:
    rows = [
        {"name": "Material", "value": "Cotton"},
        {"name": {"en": "Made in", "ar": "صنع في"}, "value": {"en": "Porto", "ar": "بورتو"}},
    ]

    kept = clean(EVERYDAY, {"facts.rows": rows}, bounds())

    assert kept["facts.rows"][0] == {"name": {"en": "Material"}, "value": {"en": "Cotton"}}
    assert kept["facts.rows"][1]["value"]["ar"] == "بورتو"


def test_half_a_row_is_refused() -> None:
    assert "row 2 has only one half" in problem_of(
        "facts.rows", [{"name": "A", "value": "b"}, {"name": "Made in", "value": ""}]
    )


def test_a_row_that_is_too_long_says_which() -> None:
    assert "row 1 has 121 characters where 120 fit" in problem_of("facts.rows", [{"name": "A", "value": "x" * 121}])


def test_there_are_at_most_twelve_rows() -> None:
    rows = [{"name": f"N{number}", "value": "v"} for number in range(13)]

    assert "12 rows at most; this has 13" in problem_of("facts.rows", rows)


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(FormError) as caught:
        clean(EVERYDAY, {"story.lede": "x" * 81, "facts.fit": "no"}, bounds())

    assert set(caught.value.problems) == {"story.lede", "facts.fit"}


# --- what is missing -------------------------------------------------------------------------------


def test_a_page_with_all_it_needs_lacks_nothing() -> None:
    values = {"gallery.pictures": ["a"], "story.lede": {"en": "Hello"}}

    assert list_missing(EVERYDAY, values, bounds(make_picture("a"))) == {}


def test_an_empty_page_lacks_a_picture_and_a_line() -> None:
    assert list_missing(EVERYDAY, {}, bounds()) == {
        "gallery.pictures": "Pictures: choose a picture.",
        "story.lede": "One line: nothing is written yet.",
    }


def test_words_are_needed_in_the_first_language_only() -> None:
    missing = list_missing({"story.lede": LEDE}, {"story.lede": {"ar": "مرحبا"}}, bounds())

    assert missing == {"story.lede": "One line: nothing is written yet."}


def test_words_may_be_needed_in_every_language() -> None:
    slot = Slot("legal.text", "Legal", Kind.TEXT, Lock.EDIT, "Legal", is_required=True, is_needed_in_all=True)

    assert list_missing({"legal.text": slot}, {"legal.text": {"en": "Hello"}}, bounds()) == {
        "legal.text": "Legal: Arabic is missing."
    }


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        ({"alt": {}}, "picture 1 has no words for shoppers who cannot see it. Say what it shows."),
        ({"alt": {"ar": "قميص"}}, "picture 1 has no words for shoppers who cannot see it. Say what it shows."),
        (
            {"alt": {"en": "IMG_2041"}},
            "picture 1 is described as “IMG_2041”, which is a file’s name. Say what can be seen.",
        ),
        ({"width": 300}, "picture 1 is 300 × 1000 pixels; 390 × 390 is the least. Send a larger one."),
        ({"state": AssetState.CHECKING}, "picture 1 is still being made ready. Wait a moment."),
        ({"state": AssetState.REFUSED}, "picture 1 cannot be shown. Choose another."),
    ],
)
def test_a_picture_says_what_is_wrong_with_it(picture: dict[str, object], sentence: str) -> None:
    values = {"gallery.pictures": ["a"], "story.lede": {"en": "Hello"}}

    missing = list_missing(EVERYDAY, values, bounds(make_picture("a", **picture)))

    assert missing == {"gallery.pictures": f"Pictures: {sentence}"}


def test_a_decorative_picture_needs_no_words() -> None:
    values = {"gallery.pictures": ["a"], "story.lede": {"en": "Hello"}}

    assert list_missing(EVERYDAY, values, bounds(make_picture("a", alt={}, is_decorative=True))) == {}


@pytest.mark.parametrize("words", ["IMG_2041", "dsc 0001", "marigold-front.jpg", "photo1", "PXL_2024.JPEG"])
def test_file_names_are_told_from_descriptions(words: str) -> None:
    assert is_file_name(words)


@pytest.mark.parametrize("words", ["Worn with the denim capri", "Photo of a hat", "Image", "Model 3 running shoe"])
def test_descriptions_are_not_file_names(words: str) -> None:
    assert not is_file_name(words)


def test_a_slot_without_a_translation_is_told() -> None:
    values = {"story.lede": {"en": "Hello"}, "story.text": {"en": "More", "ar": "المزيد"}}

    assert [each.name for each in list_untranslated(EVERYDAY, values, "ar", "en")] == ["story.lede"]


# --- the shipped templates -------------------------------------------------------------------------


@pytest.mark.parametrize("style", list(Style))
def test_a_shipped_template_can_be_read_and_names_each_slot_once(style: Style) -> None:
    sections = sections_of(style)
    names = [f"{section['key']}.{slot['key']}" for section in sections for slot in section["slots"]]

    assert list(read_slots(sections)) == names
    assert len({section["key"] for section in sections}) == len(sections)


@pytest.mark.parametrize("style", list(Style))
def test_a_shipped_template_has_all_three_locks(style: Style) -> None:
    locks = {slot.lock for slot in read_slots(sections_of(style)).values()}

    assert locks == set(Lock) - ({Lock.CHOOSE} if style == Style.EDITORIAL else set())


@pytest.mark.parametrize("style", list(Style))
def test_every_slot_of_a_shipped_template_says_what_it_is_for(style: Style) -> None:
    for slot in read_slots(sections_of(style)).values():
        assert slot.label and slot.help
        assert slot.max_chars or slot.max_count or slot.options
        assert slot.kind not in (Kind.LINE, Kind.TEXT, Kind.RICH_TEXT) or slot.max_chars <= 10_000
        assert (slot.lock == Lock.CHOOSE) == (slot.kind == Kind.CHOICE)


def test_sections_are_new_at_each_call() -> None:
    sections_of(Style.QUIET)[0]["label"] = "Changed"

    assert sections_of(Style.QUIET)[0]["label"] == "Pictures"
