"""What a draft means for what is kept: which size it is, and what it would change."""

from qrmerch.catalog.drafts import Known, ProductDraft, VariantDraft, list_changes, product_values
from qrmerch.catalog.models import ProductVariant, VendorProduct


def known(*variants: ProductVariant, **values: object) -> Known:
    filled = {"title": "Top", "texts": {}, "facts": [], "image_urls": [], **values}
    return Known(VendorProduct(key="T", **filled), variants)


def kept(key: str, sku: str = "", **values: object) -> ProductVariant:
    return ProductVariant(key=key, sku=sku, options={"Size": key.upper()}, **values)


def draft(key: str, sku: str | None = None) -> VariantDraft:
    return VariantDraft(key, (("Size", key.upper()),), "USD", sku=sku)


def meant(product: Known, *drafts: VariantDraft) -> list[str | None]:
    return [variant.key if variant else None for _, variant in product.matches(drafts)]


def test_a_size_is_found_by_its_options() -> None:
    assert meant(known(kept("s", "A"), kept("m", "B")), draft("m", "X")) == ["m"]


def test_a_size_that_was_renamed_is_found_by_its_sku() -> None:
    assert meant(known(kept("s", "A"), kept("m", "B")), draft("small", "A")) == ["s"]


def test_a_sku_that_several_have_says_nothing() -> None:
    assert meant(known(kept("s", "A"), kept("m", "A")), draft("l", "A")) == [None]
    assert meant(known(kept("s", "A")), draft("m", "A"), draft("l", "A")) == [None, None]


def test_a_size_that_is_there_under_its_own_options_is_not_taken_by_a_sku() -> None:
    assert meant(known(kept("s", "A")), draft("s", "A"), draft("m", "A")) == ["s", None]


def test_sizes_without_a_sku_are_never_mixed_up() -> None:
    assert meant(known(kept("s"), kept("m")), draft("l"), draft("xl", "")) == [None, None]


def test_only_what_is_said_changes() -> None:
    product = known(title="Top", description="Loose", texts={"story": "Old", "care": "Cool"}, facts=[])

    changes = list_changes(ProductDraft("T", title="Top", texts={"story": "New"}), product)

    assert [(each.field, each.now, each.after) for each in changes] == [("text:story", "Old", "New")]


def test_a_new_size_is_one_change() -> None:
    changes = list_changes(ProductDraft("T", variants=(draft("l"),)), known(kept("s")))

    assert [(each.variant_key, each.field, each.after) for each in changes] == [("l", "new", "L")]


def test_facts_are_merged_by_name_and_told_one_by_one() -> None:
    product = known(facts=[{"name": "Material", "value": "Cotton"}, {"name": "Fit", "value": "Loose"}])
    said = ProductDraft("T", facts=(("Material", "Wool"), ("Origin", "Portugal")))

    assert product_values(said, product)["facts"] == [
        {"name": "Material", "value": "Wool"},
        {"name": "Fit", "value": "Loose"},
        {"name": "Origin", "value": "Portugal"},
    ]
    assert [(each.field, each.now, each.after) for each in list_changes(said, product)] == [
        ("fact:Material", "Cotton", "Wool"),
        ("fact:Origin", "", "Portugal"),
    ]


def test_a_file_that_names_the_item_speaks_of_all_its_pictures_and_a_single_row_adds_one() -> None:
    product = known(image_urls=["a.jpg"])

    assert product_values(ProductDraft("T", title="Top", image_urls=("b.jpg",)), product)["image_urls"] == ["b.jpg"]
    assert product_values(ProductDraft("T", image_urls=("b.jpg",)), product)["image_urls"] == ["a.jpg", "b.jpg"]


def test_pictures_are_told_by_the_last_part_of_their_address() -> None:
    changes = list_changes(ProductDraft("T", image_urls=("https://cdn.example/x/b.jpg",)), known())

    assert [(each.field, each.after) for each in changes] == [("image_urls", "b.jpg")]


def test_a_barcode_that_became_a_gtin_is_no_longer_an_own_code() -> None:
    variant = kept("s", vendor_code="123", gtin=None)
    said = VariantDraft("s", (("Size", "S"),), "USD", gtin="09506000136011")

    changes = {each.field: each.after for each in list_changes(ProductDraft("T", variants=(said,)), known(variant))}

    assert changes == {"gtin": "09506000136011", "vendor_code": ""}
