"""From a template's sections and a revision's values to the sections of a page."""

from typing import Any

import pytest
from markupsafe import Markup

from qrmerch.rendering.pages import Details, Fact, Fold, Picture, Plates, Words
from qrmerch.rendering.sections import (
    Extras,
    Source,
    asset_ids,
    build_sections,
    pick_figures,
    read_facts,
    read_gallery,
    read_story,
)

NOTHING = Extras(look=None, reviews=None, invitation=None, pictures={}, stores=())


def section(key: str, kind: str, *slots: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": kind, "slots": list(slots), **more}


def slot(key: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": kind, **more}


def source(*sections: dict[str, Any], locale: str = "en", facts: tuple[Any, ...] = (), **slots: Any) -> Source:
    values = {name.replace("__", "."): value for name, value in slots.items()}
    return Source(sections, values, facts, locale, ("en",))


def test_the_gallery_is_in_the_vendors_order() -> None:
    made = source(section("gallery", "gallery", slot("pictures", "pictures")), gallery__pictures=["b", "a"])

    assert read_gallery(made) == ["b", "a"]


@pytest.mark.parametrize(
    ("value", "ids"),
    [("a", ["a"]), (["a", "b"], ["a", "b"]), ([{"asset": "a"}, {"asset_id": "b"}, {}], ["a", "b"]), ([None, ""], [])],
)
def test_a_picture_slot_may_hold_one_or_several(value: Any, ids: list[str]) -> None:
    assert asset_ids(value) == ids


def test_the_story_has_a_line_and_a_text() -> None:
    made = source(
        section("story", "story", slot("lede", "line"), slot("text", "rich_text")),
        story__lede={"en": "A plan."},
        story__text={"en": "Open *stitch*."},
    )

    story = read_story(made)

    assert story.lede == "A plan."
    assert "<em>stitch</em>" in story.text


def test_words_missing_in_the_language_are_said_in_the_houses_first() -> None:
    made = source(
        section("story", "story", slot("lede", "line")), locale="ar", story__lede={"fr": "Un plan.", "en": "A plan."}
    )

    assert read_story(made).lede == "A plan."


def test_words_of_another_language_say_which() -> None:
    slots = (slot("lede", "line"), slot("text", "rich_text"))
    made = source(
        section("story", "story", *slots), locale="ar", story__lede={"en": "A plan."}, story__text={"en": "Open."}
    )
    own = source(
        section("story", "story", *slots), locale="en", story__lede={"en": "A plan."}, story__text={"en": "Open."}
    )

    story = read_story(made)

    assert story.language == "en"
    assert story.text == '<div lang="en" dir="auto"><p>Open.</p>\n</div>'
    assert read_story(own).language == ""
    assert "lang=" not in read_story(own).text


def test_a_fact_of_the_page_takes_the_place_of_the_products() -> None:
    made = source(
        section("facts", "facts", slot("rows", "facts")),
        facts=({"name": "Material", "value": "Cotton"}, {"name": "Fit", "value": "Loose"}),
        facts__rows=[{"name": {"en": "Material"}, "value": {"en": "Organic cotton"}}],
    )

    assert read_facts(made) == (Fact("Material", "Organic cotton"), Fact("Fit", "Loose"))


def test_a_fact_is_the_same_in_every_language() -> None:
    made = source(
        section("facts", "facts", slot("rows", "facts")),
        locale="ar",
        facts=({"name": "Material", "value": "Cotton"},),
        facts__rows=[{"name": {"en": "Material", "ar": "الخامة"}, "value": {"en": "Cotton", "ar": "قطن"}}],
    )

    assert read_facts(made) == (Fact("الخامة", "قطن"),)


def test_common_names_of_facts_are_translated() -> None:
    made = source(locale="ar", facts=({"name": "Colour", "value": "Marigold"}, {"name": "Zip", "value": "YKK"}))

    assert [fact.name for fact in read_facts(made)] == ["اللون", "Zip"]


def test_a_chosen_option_is_a_fact_in_words() -> None:
    fit = slot(
        "fit",
        "choice",
        title={"en": "Fit", "ar": "القَصّة"},
        options=[{"value": "runs_large", "label": {"en": "Runs large", "ar": "أكبر من المعتاد"}}],
    )
    made = source(section("facts", "facts", fit), locale="ar", facts__fit="runs_large")
    gone = source(section("facts", "facts", fit), facts__fit="no_longer_an_option")

    assert read_facts(made) == (Fact("القَصّة", "أكبر من المعتاد"),)
    assert read_facts(gone) == ()


@pytest.mark.parametrize("row", [{"name": "", "value": "x"}, {"name": "x", "value": ""}, {}])
def test_half_a_fact_is_none(row: dict[str, str]) -> None:
    assert read_facts(source(facts=(row,))) == ()


def test_three_short_facts_stand_on_the_strip() -> None:
    short = [Fact("Weight", "8.5 oz"), Fact("Drop", "8 mm"), Fact("Foam", "Two")]
    long = Fact("Care", "Air dry only; no machine wash")

    assert pick_figures([long, *short]) == tuple(short)
    assert pick_figures([long, *short[:2]]) == ()


def test_what_folds_and_stands_together_is_one_group() -> None:
    made = source(
        section("facts", "facts"),
        section("care", "care", slot("text", "rich_text")),
        section("making", "words", slot("text", "rich_text"), title="How it is made"),
        section("legal", "legal", slot("text", "text")),
        care__text={"en": "Wash cool."},
        making__text={"en": "By hand."},
        legal__text={"en": "No warranty."},
    )

    built = build_sections(made, NOTHING, (Fact("Material", "Cotton"),))

    assert [type(each) for each in built] == [Details, Words, Details]
    first, words, last = built
    assert isinstance(first, Details)
    assert isinstance(words, Words)
    assert isinstance(last, Details)
    assert [fold.title for fold in first.folds] == ["Facts", "Care"]
    assert words.title == "How it is made"
    assert [fold.title for fold in last.folds] == ["Small print"]


def test_a_section_without_anything_in_it_is_not_there() -> None:
    made = source(
        section("facts", "facts", slot("rows", "facts")),
        section("care", "care", slot("text", "rich_text")),
        section("words", "words", slot("text", "rich_text")),
        section("plate", "plates", slot("picture", "pictures")),
        section("look", "look"),
        section("reviews", "reviews"),
        section("invitation", "invitation"),
        section("store", "store"),
        plate__picture=["not ready"],
    )

    assert build_sections(made, NOTHING, ()) == ()


def test_a_plate_has_the_words_after_it() -> None:
    picture = Picture("A sole", "/a.jpeg", 780, 600)
    made = source(
        section(
            "plate", "plates", slot("picture", "pictures"), slot("words", "line"), label="First large picture", title=""
        ),
        plate__picture=["a"],
        plate__words={"en": "Soft where you land."},
    )
    extras = Extras(look=None, reviews=None, invitation=None, pictures={"a": picture}, stores=())

    (plates,) = build_sections(made, extras, ())

    assert isinstance(plates, Plates)
    assert plates.title == ""
    assert [(each.picture, each.words) for each in plates.plates] == [(picture, "Soft where you land.")]


def test_the_stores_fold_where_the_template_puts_them() -> None:
    fold = Fold("Riverside", text=Markup("<p>12 Quay Street</p>"))
    extras = Extras(look=None, reviews=None, invitation=None, pictures={}, stores=(fold,))

    (details,) = build_sections(source(section("store", "store")), extras, ())

    assert isinstance(details, Details)
    assert details.folds == (fold,)


def test_what_stands_in_the_head_is_not_said_again_below() -> None:
    kinds = ("gallery", "headline", "price", "stock", "variants", "offer", "privacy")

    assert build_sections(source(*(section(kind, kind) for kind in kinds)), NOTHING, ()) == ()


def test_small_print_keeps_its_lines() -> None:
    made = source(
        section("legal", "legal", slot("text", "text")), legal__text={"en": "One & only.\nTwo.\n\nThree <b>."}
    )

    (details,) = build_sections(made, NOTHING, ())

    assert isinstance(details, Details)
    assert details.folds[0].text == "<p>One &amp; only.<br>Two.</p><p>Three &lt;b&gt;.</p>"


@pytest.mark.parametrize(
    "words",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](//evil.example)",
        "![x](https://evil.example/x.png)",
        "<img src=x onerror=alert(1)>",
        "{{ 7*7 }}",
    ],
)
def test_sec_e01_a_vendors_words_are_words(words: str) -> None:
    made = source(section("story", "story", slot("text", "rich_text")), story__text={"en": words})

    text = read_story(made).text

    assert "<script" not in text
    assert "<img" not in text
    assert "javascript:" not in text or "href" not in text
    assert "49" not in text
