"""From rows to products: which rows belong together, what each cell means, and what is said of those that cannot be."""

import pytest

from qrmerch.imports.columns import read_header
from qrmerch.imports.reader import read_sheet
from qrmerch.imports.rows import Understood
from tests.imports.sheets import HEADER, codes, csv_of, only_group, read, top


def test_rows_of_a_style_are_one_product_with_its_sizes() -> None:
    group = only_group(csv_of(top(size="S", sku="A-S"), top(size="M", sku="A-M")))

    assert group.draft.key == "FT-TOP-01"
    assert [(each.key, each.sku, each.options) for each in group.draft.variants] == [
        ("s", "A-S", (("Size", "S"),)),
        ("m", "A-M", (("Size", "M"),)),
    ]
    assert group.problems == {}


def test_rows_of_a_style_need_not_stand_together() -> None:
    understood = read(csv_of(top(size="S"), top(style="FT-TOP-02", title="Cardigan"), top(size="M")))

    assert [(each.draft.key, each.rows) for each in understood.groups] == [("FT-TOP-02", (3,)), ("FT-TOP-01", (2, 4))]


def test_colour_stands_before_size() -> None:
    group = only_group(csv_of(top(colour="Marigold", size="S")))

    assert group.draft.variants[0].options == (("Colour", "Marigold"), ("Size", "S"))
    assert group.draft.variants[0].key == "marigold/s"


def test_a_row_that_names_neither_style_nor_title_continues_the_one_above() -> None:
    group = only_group(csv_of(top(size="S"), {"size": "M", "price": "29.00"}))

    assert [each.price_minor for each in group.draft.variants] == [2800, 2900]


def test_a_row_with_a_title_but_no_style_belongs_nowhere() -> None:
    understood = read(csv_of(top(), top(style="")))

    assert codes(understood.stray) == {3: ["VARIANT_ORPHAN"]}


def test_the_first_row_cannot_continue_anything() -> None:
    assert codes(read(csv_of({"size": "M"}, top())).stray) == {2: ["VARIANT_ORPHAN"]}


def test_an_article_without_googles_group_is_an_item_of_its_own() -> None:
    text = csv_of(
        ["A-1", "Top", "GRP", "S"],
        ["A-2", "Top", "GRP", "M"],
        ["B-1", "Cap", "", ""],
        header=["id", "title", "item_group_id", "size"],
    )

    assert [(each.draft.key, len(each.draft.variants)) for each in read(text).groups] == [("GRP", 2), ("B-1", 1)]


def test_rows_without_any_size_are_told_apart_by_sku_in_whatever_order() -> None:
    first = only_group(csv_of(top(size="", sku="A"), top(size="", sku="B")))
    second = only_group(csv_of(top(size="", sku="B"), top(size="", sku="A")))

    assert {each.key for each in first.draft.variants} == {each.key for each in second.draft.variants} == {"a", "b"}


def test_the_same_size_twice_is_an_error_of_the_later_row() -> None:
    group = only_group(csv_of(top(colour="Red", size="S"), top(colour="red", size="s")))

    assert codes(group.problems) == {3: ["DUPLICATE_KEY"]}
    assert "Row 2 is this item in red / s already" in group.problems[3][0].message
    assert len(group.draft.variants) == 1


def test_very_long_options_make_a_key_that_fits() -> None:
    colours = ["ŉ" * 60, "ŉ" * 59 + "o"]
    text = csv_of(*(top(colour=colour, size="S" * 60) for colour in colours))

    keys = [each.key for each in only_group(text).draft.variants]

    assert len(set(keys)) == 2
    assert all(len(key) <= 200 for key in keys)


def test_a_row_with_more_cells_than_heads_is_not_believed_at_all() -> None:
    shifted = ["FT-TOP-01", "B", "", "Marigold Top", "Yellow", "M", "28", "00 $", "", "Loose knit"]

    understood = read(csv_of(top(description="Right"), shifted))

    assert codes(understood.stray) == {3: ["ROW_WIDTH"]}
    assert next(understood.groups).draft.description == "Right"
    assert len(next(understood.groups).draft.variants) == 1


def test_a_row_with_fewer_cells_reads_the_rest_as_empty() -> None:
    assert only_group(csv_of(["FT-1", "A", "", "Top"])).draft.title == "Top"


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("28", "USD", 2800),
        ("28.5", "USD", 2850),
        ("45,06", "EUR", 4506),
        ("1,234.50", "USD", 123450),
        ("1 234,50", "EUR", 123450),
        ("1'234.50", "CHF", 123450),
        ("USD 28.00", "USD", 2800),
        ("999 UAH", "UAH", 99900),
        ("120", "JPY", 120),
        ("9999999999.99", "USD", 999999999999),
        ("1.500", "KWD", 1500),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, currency: str, minor: int) -> None:
    group = only_group(csv_of(top(price=text)), currency=currency)

    assert group.draft.variants[0].price_minor == minor


@pytest.mark.parametrize(
    "text", ["28,00 zz", "free", "-5", "1e6", "28.005", "99999999999999", "1" + " " * 100_000 + "x"]
)
def test_what_is_no_amount_is_an_error_with_what_would_be_one(text: str) -> None:
    group = only_group(csv_of(top(price=text)))

    assert codes(group.problems) == {2: ["MONEY"]}
    assert group.problems[2][0].column == "price"
    assert group.draft.variants == ()


def test_a_price_names_its_currency_and_the_file_the_others() -> None:
    group = only_group(csv_of(top(price="EUR 28.00"), top(size="M", price="29")), currency="USD")

    assert [each.currency for each in group.draft.variants] == ["EUR", "USD"]


def test_two_currencies_in_one_row_are_an_error() -> None:
    group = only_group(csv_of(top(price="EUR 28.00", was_price="USD 30.00")))

    assert codes(group.problems) == {2: ["MONEY_CURRENCY"]}


def test_letters_that_are_no_currency_are_an_error() -> None:
    assert codes(only_group(csv_of(top(price="ABC 28.00"))).problems) == {2: ["MONEY_CURRENCY", "MONEY_CURRENCY"]}


@pytest.mark.parametrize(("price", "was", "kept"), [("28", "45", 4500), ("28", "28", None), ("28", "0", None)])
def test_a_was_price_is_kept_where_it_is_higher(price: str, was: str, kept: int | None) -> None:
    group = only_group(csv_of(top(price=price, was_price=was)))

    assert group.draft.variants[0].was_price_minor == kept
    assert group.problems == {}


def test_a_was_price_below_the_price_is_left_out_with_a_warning() -> None:
    group = only_group(csv_of(top(price="28", was_price="20")))

    assert codes(group.problems) == {2: ["SALE_NOT_LOWER"]}
    assert group.draft.variants[0].was_price_minor is None
    assert len(group.draft.variants) == 1


@pytest.mark.parametrize(
    ("text", "gtin", "code", "problem"),
    [
        ("09506000136011", "09506000136011", None, []),
        ("9506000136011", "09506000136011", None, []),
        ("950600 013601-1", "09506000136011", None, []),
        ("96385074", "00000096385074", None, []),
        ("9506000136012", None, "9506000136012", ["GTIN_CHECK"]),
        ("12345", None, "12345", ["GTIN_LENGTH"]),
        ("AB-17", None, "AB-17", ["GTIN_LENGTH"]),
        ("36000291452", None, "36000291452", ["GTIN_LEADING_ZERO"]),
        ("9.506E+12", None, None, ["GTIN_SCIENTIFIC"]),
    ],
)
def test_a_barcode_is_a_gtin_or_the_vendors_own_code(
    text: str, gtin: str | None, code: str | None, problem: list[str]
) -> None:
    group = only_group(csv_of(top(gtin=text)))

    assert (group.draft.variants[0].gtin, group.draft.variants[0].vendor_code) == (gtin, code)
    assert [each.code for each in group.problems.get(2, [])] == problem


def test_a_wrong_check_digit_says_which_would_be_right() -> None:
    group = only_group(csv_of(top(gtin="9506000136012")))

    assert "should be 1" in group.problems[2][0].message


def test_html_becomes_plain_words_and_entities_letters() -> None:
    group = only_group(
        csv_of(top(title="Tea &quot;Assam&quot;", description="<p>Loose <b>knit</b></p><script>x</script>"))
    )

    assert group.draft.title == 'Tea "Assam"'
    assert group.draft.description == "Loose **knit**"


def test_a_text_that_is_too_long_is_an_error_with_both_lengths() -> None:
    group = only_group(csv_of(top(description="knit " * 20_000)))

    assert codes(group.problems) == {2: ["TOO_LONG"]}
    assert "At most 8000 characters; this has 99999" in group.problems[2][0].message


def test_a_cell_far_too_long_is_not_read_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qrmerch.imports.cells.to_text", lambda _: pytest.fail("it was read"))

    group = only_group(csv_of(top(description="<p>" * 30_000, Material="<a " * 30_000), header=[*HEADER, "Material"]))

    assert codes(group.problems) == {2: ["TOO_LONG", "TOO_LONG"]}
    assert [each.message for each in group.problems[2]] == [
        "At most 8000 characters; this has 90000.",
        "At most 300 characters; this has 89999. It is left out.",
    ]


def test_what_is_refused_in_one_row_is_not_read_anew_in_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def read(source: str) -> str:
        asked.append(source)
        return source

    monkeypatch.setattr("qrmerch.imports.cells.to_text", read)

    group = only_group(csv_of(*(top(size=str(number), description="<i>wool " * 2_000) for number in range(30))))

    assert len(asked) == 1
    assert codes(group.problems) == {row: ["TOO_LONG"] for row in range(2, 32)}


def test_a_number_of_thousands_of_digits_is_no_character() -> None:
    group = only_group(csv_of(top(title=f"Top &#{'9' * 5000};")))

    assert group.draft.title == "Top \ufffd"


def test_an_item_has_no_more_variants_than_a_person_can_look_after() -> None:
    group = only_group(csv_of(*(top(size=f"{number} cm") for number in range(302))))

    assert len(group.draft.variants) == 300
    assert codes(group.problems) == {302: ["TOO_MANY"], 303: ["TOO_MANY"]}
    assert group.problems[302][0].is_error
    assert "at most 300 sizes and colours" in group.problems[302][0].message


def test_direction_marks_and_control_characters_leave_names() -> None:
    assert only_group(csv_of(top(title="Slouch\u202eTop\x07"))).draft.title == "Slouch Top"


def test_direction_marks_leave_what_groups_and_what_is_chosen_too() -> None:
    text = "sku,title,parent,Length\nA,Top,,\nB,Top,A\u202e,3\u202e2\n"
    sheet = read_sheet(text.encode(), max_rows=10)
    columns, _ = read_header(sheet.header, {"Length": "choice:"})

    [group] = Understood(sheet, columns, currency="EUR").groups

    assert group.draft.key == "A"
    assert ("Length", "3 2") in group.draft.variants[-1].options


def test_a_nul_in_json_never_reaches_a_database() -> None:
    data = b'[{"sku": "A\\u0000", "title": "Top", "image": "https://example.com/\\u0000.jpg"}]'

    assert not [cell for row in read_sheet(data, max_rows=10).rows for cell in row.cells if "\0" in cell]


def test_a_formula_is_kept_as_the_text_it_is() -> None:
    group = only_group(csv_of(top(title="=cmd|' /C calc'!A0", sku="'=1+1")))

    assert group.draft.title == "=cmd|' /C calc'!A0"
    assert group.draft.variants[0].sku == "=1+1"


def test_pictures_are_listed_once_and_not_without_end() -> None:
    header = [*HEADER, "image"]
    many = "|".join(f"{number}.jpg" for number in range(90))

    group = only_group(csv_of(top(image="a.jpg; b.jpg"), top(size="M", image="b.jpg"), header=header))
    crowded = only_group(csv_of(top(image=many), header=header))

    assert group.draft.image_urls == ("a.jpg", "b.jpg")
    assert len(crowded.draft.image_urls) == 60
    assert codes(crowded.problems) == {2: ["TOO_MANY"]}


def test_facts_come_from_columns_and_a_bare_number_is_no_weight() -> None:
    header = [*HEADER, "Material", "Weight", "Season"]

    group = only_group(csv_of(top(Material="Cotton &amp; wool", Weight="1.5", Season="2026"), header=header))

    assert group.draft.facts == (("Material", "Cotton & wool"), ("Season", "2026"))


def test_shopifys_further_rows_bring_sizes_and_pictures() -> None:
    header = ["Handle", "Title", "Option1 Name", "Option1 Value", "Variant Price", "Image Src"]
    text = csv_of(
        ["top", "Top", "Size", "S", "28", "a.jpg"],
        ["top", "", "", "M", "29", ""],
        ["top", "", "", "", "", "b.jpg"],
        header=header,
    )

    group = only_group(text)

    assert [each.options for each in group.draft.variants] == [(("Size", "S"),), (("Size", "M"),)]
    assert group.draft.image_urls == ("a.jpg", "b.jpg")
    assert group.row_keys == {2: "s", 3: "m", 4: ""}


def test_shopifys_word_for_nothing_to_choose_is_no_option() -> None:
    header = ["Handle", "Title", "Option1 Name", "Option1 Value", "Variant Price"]

    group = only_group(csv_of(["cap", "Cap", "Title", "Default Title", "18"], header=header))

    assert [(each.key, each.options) for each in group.draft.variants] == [("one", ())]


def test_vendures_options_stand_in_one_cell() -> None:
    header = ["name", "slug", "optionGroups", "optionValues", "sku", "price"]
    text = csv_of(
        ["Laptop", "laptop", "screen size|RAM", "13 inch|8GB", "L-1", "1299"],
        ["", "", "", "15 inch|16GB", "L-2", "1499"],
        header=header,
    )

    group = only_group(text)

    assert group.draft.title == "Laptop"
    assert [each.options for each in group.draft.variants] == [
        (("Screen size", "13 inch"), ("Ram", "8GB")),
        (("Screen size", "15 inch"), ("Ram", "16GB")),
    ]


def test_magentos_parent_may_follow_its_sizes() -> None:
    header = ["sku", "name", "product_type", "categories", "price", "configurable_variations"]
    text = csv_of(
        ["WS-S", "Tee-S", "simple", "Shop/Women/Tees,Shop/Sale", "32", ""],
        ["WS-M", "Tee-M", "simple", "Shop/Women/Tees", "33", ""],
        ["WS", "Tee", "configurable", "Shop/Women/Tees", "32", "sku=WS-S,size=S,color=Red|sku=WS-M,size=M,color=Red"],
        ["CAP", "Cap", "simple", "Shop/Caps", "12", ""],
        header=header,
    )

    tee, cap = read(text).groups

    assert (tee.draft.key, tee.draft.title, tee.draft.category) == ("WS", "Tee", "Tees")
    assert [(each.sku, each.options, each.price_minor) for each in tee.draft.variants] == [
        ("WS-S", (("Size", "S"), ("Colour", "Red")), 3200),
        ("WS-M", (("Size", "M"), ("Colour", "Red")), 3300),
    ]
    assert (cap.draft.key, len(cap.draft.variants)) == ("CAP", 1)
