"""What a header means: other people's names, two for one thing, none for what is needed, and what a person says."""

import pytest

from qrmerch.imports import columns
from qrmerch.imports.columns import CHOOSABLE, choices, read_header
from tests.imports.sheets import columns_of


def fields(*names: str, **chosen: str) -> dict[str, str]:
    columns, _ = columns_of(*names, **chosen)
    return dict(zip(names, columns.fields, strict=True))


def codes(*names: str) -> list[tuple[str, str]]:
    return [(each.code, each.column) for each in columns_of(*names)[1]]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("Style Number", "key"),
        ("URL_handle", "key"),
        ("Item Group ID", "key"),
        ("EAN-13", "gtin"),
        ("EAN13", "gtin"),
        ("Barcode", "gtin"),
        ("g:image_link", "image"),
        ("Attribute 2 value(s)", "option2.value"),
        ("salePrice", "price"),
        ("Größe", "size"),
        ("Product Name", "title"),
        ("Brand", "maker"),
        ("COLOR", "colour"),
        ("RRP", "price"),
        ("Compare at", "was_price"),
        ("Body (HTML)", "description"),
        ("short_description", "blurb"),
        ("Fabric", "fact:Material"),
        ("Made in", "fact:Origin"),
        ("Kilometres", ""),
    ],
)
def test_a_vendors_word_for_a_thing_is_understood(name: str, field: str) -> None:
    assert fields(name, "Item number")[name] == field


def test_of_two_columns_for_one_thing_the_more_exact_is_read_wherever_it_stands() -> None:
    assert fields("id", "sku", "style", "title") == {"id": "", "sku": "sku", "style": "key", "title": "title"}
    assert fields("sku", "id", "style", "title") == {"sku": "sku", "id": "", "style": "key", "title": "title"}


def test_what_is_left_out_for_another_says_for_which() -> None:
    _, problems = columns_of("id", "sku", "style", "title")

    assert [each.message for each in problems] == ["sku is read for this already; id is left out."]


def test_columns_are_not_compared_with_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    class Field(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

    meaning = columns._meaning

    def counted(word: str, shape: str, words: set[str]) -> tuple[str, int]:
        field, rank = meaning(word, shape, words)
        return Field(field), rank

    monkeypatch.setattr(columns, "_meaning", counted)

    read_header(("style", "title", *(["price"] * 250), *([""] * 250)))

    assert compared < 502 * 10


def test_a_column_that_is_there_twice_is_an_error() -> None:
    assert ("HEADER_DUPLICATE", "Price") in codes("style", "title", "price", "Price")


def test_a_fact_may_stand_in_several_columns() -> None:
    assert codes("style", "title", "Material", "Fabric") == []


def test_an_unknown_column_is_a_warning_with_what_it_may_be() -> None:
    _, problems = columns_of("style", "tittle")

    unknown = next(each for each in problems if each.code == "HEADER_UNKNOWN")
    assert (unknown.column, unknown.value, unknown.is_error) == ("tittle", "title", False)
    assert "call it “title”" in unknown.message


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (("title", "price"), ["style"]),
        (("style", "price"), ["title"]),
        (("a", "b"), ["style", "title"]),
        (("sku", "title"), []),
        (("handle", "name"), []),
    ],
)
def test_a_name_and_what_belongs_together_are_needed(names: tuple[str, ...], missing: list[str]) -> None:
    _, problems = columns_of(*names)

    assert [each.column for each in problems if each.code == "HEADER_MISSING"] == missing
    assert all(each.is_error for each in problems if each.code == "HEADER_MISSING")


def test_a_sheet_without_styles_is_warned_that_each_row_becomes_an_item() -> None:
    assert codes("sku", "title") == [("GROUP_MISSING", "sku")]


def test_a_report_of_ours_is_read_without_its_own_columns() -> None:
    assert codes("style", "title", "_row", "_status", "_errors") == []


def test_shopifys_own_columns_are_left_out_without_a_word() -> None:
    columns, problems = columns_of(
        "Handle", "Title", "Type", "Variant Price", "Variant Grams", "SEO Title", "Option1 Value"
    )

    assert columns.format == "Shopify"
    assert problems == []
    assert columns.fields == ("key", "title", "category", "price", "", "", "option1.value")


def test_magentos_kind_of_product_is_no_category() -> None:
    names = ("sku", "name", "product_type", "configurable_variations")

    assert fields(*names)["product_type"] == "kind"
    assert codes(*names) == []


def test_what_a_person_says_of_a_column_goes_before_any_guess() -> None:
    said = fields("style", "title", "price", "net", net="price")

    assert said == {"style": "key", "title": "title", "price": "", "net": "price"}


def test_a_person_can_leave_a_column_out_and_is_not_told_about_it() -> None:
    columns, problems = columns_of("style", "title", "kilometres", kilometres="")

    assert columns.fields == ("key", "title", "")
    assert problems == []


def test_only_what_differs_from_the_guess_counts_as_chosen() -> None:
    header = ("style", "title", "net", "weight")
    said = {"style": "key", "title": "title", "net": "price", "weight": ""}

    assert choices(header, said) == {"net": "price", "weight": ""}


def test_everything_that_can_be_chosen_is_a_field_a_row_is_asked_for() -> None:
    known = {"key", "sku", "gtin", "title", "maker", "category", "colour", "size", "price", "currency", "was_price"}
    known |= {"description", "blurb", "story", "care", "image", "parent", "sale_price", "sku_gtin", "choice:"}

    assert {each for each in CHOOSABLE if not each.startswith("fact:")} == known
