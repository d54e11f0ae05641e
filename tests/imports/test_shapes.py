"""Files of other systems and programs: workbooks, JSON, XML, strange letters, no header, parents and their sizes."""

import json
from pathlib import Path
from typing import Any

import pytest

from qrmerch.catalog.drafts import ProductDraft
from qrmerch.config import Settings
from qrmerch.imports.checking import Parsed, Reading, parse
from qrmerch.imports.problems import SheetRejected
from tests.imports.workbooks import workbook

TOPS = [
    ["Style", "SKU", "Title", "Size", "Price", "Barcode"],
    ["FT-1", "FT-1-S", "Marigold Top", "S", 28.5, 9506000136011.0],
    ["FT-1", "FT-1-M", "Marigold Top", "M", 28.5, 9506000136028.0],
]


@pytest.fixture
def settings() -> Settings:
    """The limits of a file; nothing here needs a database."""
    return Settings(mode="demo")


def parsed(data: bytes | str, settings: Settings, **reading: Any) -> Parsed:
    source = data.encode() if isinstance(data, str) else data
    return parse(source, Reading(reading.pop("currency", "USD"), may_lack_columns=True, **reading), settings=settings)


def drafts(data: bytes | str, settings: Settings, **reading: Any) -> list[ProductDraft]:
    return [group.draft for group in parsed(data, settings, **reading).groups]


def codes(found: Parsed) -> set[str]:
    problems = [each for group in found.groups for row in group.problems.values() for each in row]
    return {each.code for each in (*problems, *found.header_problems)} - {"HEADER_UNKNOWN"}


# --- workbooks ---------------------------------------------------------------------------------------


def test_a_workbook_is_read_with_numbers_as_they_were_meant(settings: Settings) -> None:
    found = parsed(workbook(TOPS), settings)

    (top,) = (group.draft for group in found.groups)
    assert found.sheet.kind == "Excel"
    assert [(each.gtin, each.price_minor) for each in top.variants] == [
        ("09506000136011", 2850), ("09506000136028", 2850),
    ]  # fmt: skip
    assert [row.number for row in found.sheet.rows] == [2, 3]


def test_rows_of_a_workbook_keep_their_numbers_below_a_title_and_blank_lines(settings: Settings) -> None:
    found = parsed(workbook([["Autumn 2026"], [""], *TOPS[:2], [""], TOPS[2]]), settings)

    assert found.sheet.header == tuple(map(str, TOPS[0]))
    assert [row.number for row in found.sheet.rows] == [4, 6]


def test_of_several_sheets_the_first_with_rows_is_read_and_that_is_said(settings: Settings) -> None:
    found = parsed(workbook(TOPS, others={"Old": TOPS}), settings)

    (remark,) = (each for each in found.header_problems if each.code == "SHEET_CHOSEN")
    assert "“List” is read; Old is not" in remark.message


def test_no_text_of_a_workbook_stays_behind(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    assert len(drafts(workbook(TOPS), settings)) == 1

    assert not list(tmp_path.iterdir())


# --- JSON --------------------------------------------------------------------------------------------

TOP = {"sku": "A-1", "name": "Top", "price": 19.99, "categories": ["Women", "Tops"], "image": ["a.jpg", "b.jpg"]}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([TOP]),
        json.dumps({"count": 1, "data": {"products": [TOP]}}),
        f"{json.dumps(TOP)}\n{json.dumps({**TOP, 'sku': 'A-2'})}\n",
        "\ufeff" + json.dumps([TOP]),
    ],
)
def test_a_list_of_objects_is_a_catalogue_wherever_it_stands(settings: Settings, text: str) -> None:
    top = drafts(text, settings)[0]

    assert (top.key, top.title, top.category, top.image_urls) == ("A-1", "Top", "Tops", ("a.jpg", "b.jpg"))
    assert top.variants[0].price_minor == 1999


def test_variants_inside_an_item_are_its_rows(settings: Settings) -> None:
    item = {
        "handle": "top",
        "title": "Top",
        "price": {"amount": 28, "currency": "EUR"},
        "variants": [{"sku": "T-S", "size": "S"}, {"sku": "T-M", "size": "M"}],
    }

    (top,) = drafts(json.dumps([item, {"handle": "cap", "title": "Cap"}]), settings)[:1]

    assert [each.sku for each in top.variants] == ["T-S", "T-M"]
    assert {(each.price_minor, each.currency) for each in top.variants} == {(2800, "EUR")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"sku": 1, "name": "x"}, {"sku": 2', "is not well written"),
        ('[{"sku": 1, "name": "x"}, 7]', "Entry 2 of this JSON list is not an object"),
        ('{"sku": 1}', "no list of items in this JSON"),
        ('[{"a":' + "[" * 50_000, "nests more than 40 lists"),
    ],
)
def test_json_that_is_no_list_says_why(settings: Settings, text: str, said: str) -> None:
    with pytest.raises(SheetRejected, match=said):
        parsed(text, settings)


def test_numbers_without_end_are_no_prices(settings: Settings) -> None:
    found = parsed('[{"sku": "A", "name": "x", "price": 1e999999999}]', settings)

    assert codes(found) == {"GROUP_MISSING", "MONEY"}


# --- XML ---------------------------------------------------------------------------------------------

FEED = """<?xml version="1.0"?><rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>
<item><g:id>T-S</g:id><g:title>Top</g:title><g:price>28.00 EUR</g:price><g:sale_price>21.00 EUR</g:sale_price>
<g:size>S</g:size><g:item_group_id>T</g:item_group_id><g:image_link>https://x.example/a.jpg</g:image_link>
<g:additional_image_link>https://x.example/b.jpg</g:additional_image_link>
<g:additional_image_link>https://x.example/c,d.jpg</g:additional_image_link>
<g:product_type>Women &gt; Tops</g:product_type></item>
<item><g:id>T-M</g:id><g:title>Top</g:title><g:size>M</g:size><g:item_group_id>T</g:item_group_id></item>
<item><g:id>C</g:id><g:title>Cap &amp; scarf</g:title></item></channel></rss>"""


def test_a_merchant_feed_is_grouped_with_its_pictures_and_reduced_prices(settings: Settings) -> None:
    found = parsed(FEED, settings)
    top, cap = (group.draft for group in found.groups)

    assert found.columns.format == "Google Merchant"
    assert (top.key, top.category, [each.sku for each in top.variants]) == ("T", "Tops", ["T-S", "T-M"])
    assert (top.variants[0].price_minor, top.variants[0].was_price_minor) == (2100, 2800)
    assert [each.rpartition("/")[2] for each in top.image_urls] == ["a.jpg", "b.jpg", "c,d.jpg"]
    assert (cap.key, cap.title) == ("C", "Cap & scarf")


def test_a_feed_that_is_not_well_formed_is_read_and_says_where(settings: Settings) -> None:
    broken = FEED.replace("Cap &amp; scarf", "Cap & scarf &eacute; \x01 Co&")

    found = parsed(broken, settings)

    assert [group.draft.title for group in found.groups] == ["Top", "Cap & scarf é Co&"]
    (remark,) = (each for each in found.header_problems if each.code == "XML_REPAIRED")
    assert "line 8 has a bare “&”" in remark.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FEED.replace("<rss", '<!DOCTYPE rss [<!ENTITY a "aaaa">]><rss'), "declares a document type"),
        (FEED[:700], "cannot be read on after line"),
        ("<feed>" + "<a>" * 100, "nests more than 40"),
        ('<?xml version="1.0"?><shop><name>x</name></shop>', "no list of items"),
    ],
)
def test_xml_that_cannot_be_trusted_is_refused(settings: Settings, text: str, said: str) -> None:
    with pytest.raises(SheetRejected, match=said):
        parsed(text, settings)


def test_any_list_of_like_elements_is_a_feed_attributes_too(settings: Settings) -> None:
    text = '<offers><info><made>now</made></info><o sku="1"><name>A</name><price currency="EUR">9</price></o>'
    text += '<o sku="2"><name>B</name><price currency="EUR">8</price></o></offers>'

    found = drafts(text, settings)

    assert [(each.key, each.variants[0].currency, each.variants[0].price_minor) for each in found] == [
        ("1", "EUR", 900), ("2", "EUR", 800),
    ]  # fmt: skip


def test_a_feed_in_an_old_encoding_is_read_by_its_own_word_and_without_one(settings: Settings) -> None:
    words = FEED.replace("Cap &amp; scarf", "Écharpe")

    said = words.replace('version="1.0"?>', 'version="1.0" encoding="iso-8859-1"?>', 1).encode("latin-1")

    assert [each.title for each in drafts(said, settings)][1] == "Écharpe"
    assert [each.title for each in drafts(words.encode("latin-1"), settings)][1] == "Écharpe"


# --- letters -----------------------------------------------------------------------------------------

CYRILLIC = "sku;title\n1;Женская футболка жёлтая\n2;Брюки укороченные\n3;Сандалии серебристые\n"


def test_what_is_neither_utf8_nor_utf16_is_guessed_and_the_guess_is_marked(settings: Settings) -> None:
    found = parsed(CYRILLIC.encode("cp1251"), settings)

    assert (found.sheet.encoding, found.sheet.is_guessed_encoding) == ("Windows-1251 (Cyrillic)", True)
    assert next(group.draft.title for group in found.groups) == "Женская футболка жёлтая"


def test_what_a_person_says_of_the_letters_goes_before_any_guess(settings: Settings) -> None:
    data = "sku;title\n1;Κίτρινη μπλούζα\n".encode("cp1253")

    (top,) = drafts(data, settings, encoding="Windows-1253 (Greek)")

    assert top.title == "Κίτρινη μπλούζα"
    with pytest.raises(SheetRejected, match="Near line 2 there are characters that are not UTF-8"):
        parsed(data, settings, encoding="UTF-8")


def test_a_slip_in_a_file_of_utf8_is_read_and_its_line_is_said(settings: Settings) -> None:
    data = ("sku,title\n" + "1,Größe äöü é\n" * 30).encode() + "2,Café\n".encode("cp1252")

    found = parsed(data, settings)

    assert [group.draft.title for group in found.groups][-1] == "Café"
    assert [each.message for each in found.header_problems if each.code == "ENCODING_MIXED"] == [
        "This file is UTF-8, but line 32 is not quite: what did not fit was read as Windows-1252. Look at the"
        " names there."
    ]


# --- headers -----------------------------------------------------------------------------------------


def test_a_sheet_without_a_header_is_read_by_what_a_person_says(settings: Settings) -> None:
    text = "9780261103573;The Hobbit;12.50\n9780261102385;The Two Towers;14.00\n"

    found = parsed(text, settings)
    assert (found.sheet.has_header, found.sheet.header, found.is_lacking) == (
        False, ("Column 1", "Column 2", "Column 3"), True,
    )  # fmt: skip

    chosen = {"Column 1": "sku_gtin", "Column 2": "title", "Column 3": "price"}
    books = drafts(text, settings, chosen=chosen, has_header=False)
    assert [(each.title, each.variants[0].gtin, each.variants[0].price_minor) for each in books] == [
        ("The Hobbit", "09780261103573", 1250), ("The Two Towers", "09780261102385", 1400),
    ]  # fmt: skip


def test_a_header_below_a_title_is_found_and_rows_keep_their_numbers(settings: Settings) -> None:
    found = parsed("Autumn catalogue 2026,,\n\nSKU,Name,Price\nA,Top,1\n", settings)

    assert found.sheet.header == ("SKU", "Name", "Price")
    assert [row.number for row in found.sheet.rows] == [4]


def test_columns_of_ones_own_become_choices_and_facts(settings: Settings) -> None:
    text = "style,title,Inseam,Fabric weight\nT,Capri,30,11 oz\nT,Capri,32,11 oz\n"

    (capri,) = drafts(text, settings, chosen={"Inseam": "choice:", "Fabric weight": "fact:"})

    assert [each.options for each in capri.variants] == [(("Inseam", "30"),), (("Inseam", "32"),)]
    assert capri.facts == (("Fabric weight", "11 oz"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Artikelnummer;Bezeichnung;Farbe;Größe;Preis\nA;Hose;Blau;M;1.299,00\n", (129900, "Blau / M")),
        ("Référence;Désignation;Couleur;Taille;Prix\nA;Pantalon;Bleu;M;12,50 €\n", (1250, "Bleu / M")),
        ("Referencia;Nombre;Color;Talla;Precio\nA;Pantalón;Azul;M;€ 12,5\n", (1250, "Azul / M")),
    ],
)
def test_other_languages_names_are_known(settings: Settings, text: str, said: tuple[int, str]) -> None:
    (draft,) = drafts(text, settings, currency="EUR")

    (variant,) = draft.variants
    assert (variant.price_minor, " / ".join(value for _, value in variant.options)) == said


def test_a_sign_of_another_currency_is_an_error_that_says_so(settings: Settings) -> None:
    found = parsed("sku,title,price\nA,Top,€12.50\n", settings, currency="USD")

    assert codes(found) == {"GROUP_MISSING", "MONEY_CURRENCY"}


# --- parents and their sizes -------------------------------------------------------------------------

WOO = """ID,Type,SKU,Name,Published,Description,Sale price,Regular price,Categories,Images,Parent,\
Attribute 1 name,Attribute 1 value(s),Attribute 2 name,Attribute 2 value(s)
10,variable,woo-tee,V-Neck Tee,1,Soft,,,"Clothing > Tshirts, Clothing > Sale","https://x.example/1.jpg, https://x.example/2.jpg",,\
Color,"Blue, Red",Size,"S, M"
11,simple,cap,Cap,1,Warm,,18,Hats,,,Material,Wool,,
12,variation,woo-tee-blue,V-Neck Tee - Blue,1,,,20,,,woo-tee,Color,Blue,Size,S
13,variable,,Hoodie,1,Thick,,,Clothing,,,Color,"Blue, Red",,
14,variation,woo-tee-red,V-Neck Tee - Red,1,,15,20,,,woo-tee,Color,Red,Size,M
15,variation,,Hoodie - Blue,1,,,40,,,id:13,Color,Blue,,
"""


def test_woocommerces_variations_find_their_parent_by_sku_and_by_id(settings: Settings) -> None:
    found = parsed(WOO, settings)
    by_title = {group.draft.title: group.draft for group in found.groups}

    tee, cap, hoodie = by_title["V-Neck Tee"], by_title["Cap"], by_title["Hoodie"]
    assert found.columns.format == "WooCommerce"
    assert (tee.key, tee.category, len(tee.image_urls)) == ("woo-tee", "Tshirts", 2)
    assert [(each.options, each.price_minor, each.was_price_minor) for each in tee.variants] == [
        ((("Color", "Blue"), ("Size", "S")), 2000, None),
        ((("Color", "Red"), ("Size", "M")), 1500, 2000),
    ]
    assert (cap.facts, [each.options for each in cap.variants]) == ((("Material", "Wool"),), [()])
    assert [each.options for each in hoodie.variants] == [(("Color", "Blue"),)]
    assert len(by_title) == 3


def test_a_parent_without_choice_and_price_is_no_size(settings: Settings) -> None:
    text = "slug,name,sku,price,option1_name,option1_value\n"
    text += "tote,Tote,T-0,0,,\ntote,,T-1,15.99,Colour,Red\ntote,,T-2,15.99,Colour,Blue\nmug,Mug,M,9,,\n"

    tote, mug = drafts(text, settings)

    assert [(each.sku, each.options) for each in tote.variants] == [
        ("T-1", (("Colour", "Red"),)), ("T-2", (("Colour", "Blue"),)),
    ]  # fmt: skip
    assert [each.sku for each in mug.variants] == ["M"]
