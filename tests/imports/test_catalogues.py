"""Real catalogues, as they are: read with every skipped row named, or refused with what to do."""

import csv
import html
import io
import json
import re
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import ProductVariant, VendorProduct
from qrmerch.catalog.queries import products_by_key
from qrmerch.config import Settings
from qrmerch.imports.reader import SheetRejected
from qrmerch.text import clean_line
from tests.factories import make_vendor
from tests.imports.taking_in import dry_run, report_of, take_in

pytestmark = pytest.mark.shared_data


@pytest.mark.parametrize(
    ("name", "shape", "rows", "products", "variants", "odd"),
    [
        ("catalogues/shopify_apparel.csv", "Shopify", 22, 20, 22, {}),
        ("catalogues/vendure_mixed_shop.csv", "CSV", 88, 54, 88, {}),
        ("catalogues/magento_women.csv", "Magento", 108, 9, 99, {}),
        ("catalogues/gmc_sample_variants.xml", "Google Merchant", 2, 1, 2, {}),
        ("catalogues/bestbuy_upc_33.json", "CSV", 33, 33, 33, {}),
        ("catalogues/bestbuy_popular_408.json", "CSV", 408, 408, 408, {}),
        ("catalogues/openfoodfacts_300.tsv", "CSV", 300, 300, 300, {"GTIN_CHECK": 1, "GTIN_LENGTH": 7, "TOO_LONG": 14}),
        ("catalogues/openfoodfacts_scripts.tsv", "CSV", 125, 125, 125, {"GTIN_CHECK": 2, "TOO_LONG": 11}),
        ("fashiontown/products.csv", "CSV", 46, 12, 46, {}),
    ],
)
def test_a_whole_catalogue_is_taken_in_and_the_second_time_nothing_changes(
    db: Session,
    settings: Settings,
    shared_data: Path,
    name: str,
    shape: str,
    rows: int,
    products: int,
    variants: int,
    odd: dict[str, int],
) -> None:
    vendor, data = make_vendor(db), (shared_data / name).read_bytes()

    first = take_in(db, vendor, data, settings)
    again = take_in(db, vendor, data, settings)

    assert (first.format, first.counts["rows"], first.counts["created"]) == (shape, rows, rows)
    assert first.counts["errors"] == again.counts["errors"] == 0
    assert first.counts["codes"] == odd
    assert first.written["created"] == products
    assert (again.counts["unchanged"], again.written["unchanged"]) == (rows, products)
    assert again.changes == []
    assert db.scalar(select(func.count()).select_from(VendorProduct)) == products
    assert db.scalar(select(func.count()).select_from(ProductVariant)) == variants


_DEAR = "dear"


def _with_wrong_prices(name: str, data: bytes) -> bytes:
    """The catalogue with two prices (or one, where it has no more) that nobody can read."""
    text = data.decode("utf-8")
    if name.endswith(".xml"):
        return re.sub(r"(?<=<g:price>)[\d.]+", _DEAR, text, count=1).encode()
    if name.endswith(".json"):
        items = json.loads(text)
        for item in items[3:5]:
            item["price" if "price" in item else "salePrice"] = _DEAR
        return json.dumps(items).encode()
    mark = "\t" if name.endswith(".tsv") else ","
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    place = next(n for n, cell in enumerate(rows[0]) if cell.strip().lower() in ("price", "variant price"))
    for row in [each for each in rows[1:] if each[place].strip()][3:5]:
        row[place] = _DEAR
    kept = io.StringIO(newline="")
    csv.writer(kept, delimiter=mark).writerows(rows)
    return kept.getvalue().encode()


@pytest.mark.parametrize(
    "name",
    [
        "catalogues/shopify_apparel.csv",
        "catalogues/vendure_mixed_shop.csv",
        "catalogues/magento_women.csv",
        "catalogues/gmc_sample_variants.xml",
        "catalogues/bestbuy_upc_33.json",
        "catalogues/bestbuy_popular_408.json",
        "fashiontown/products.csv",
    ],
)
def test_rows_to_fix_are_sent_again_once_fixed_and_nothing_is_left(
    db: Session, settings: Settings, shared_data: Path, name: str
) -> None:
    vendor, whole = make_vendor(db), (shared_data / name).read_bytes()
    broken = take_in(db, vendor, _with_wrong_prices(name, whole), settings)
    wrong = broken.counts["errors"]
    assert wrong == (1 if name.endswith(".xml") else 2)
    assert set(broken.counts["codes"]) == {"MONEY"}

    fixed = take_in(db, vendor, report_of(broken, db, settings).replace(_DEAR, "9.00"), settings)

    # Magento's articles travel with the row that names them.
    travelling = 1 if "magento" in name else 0
    assert (fixed.counts["rows"], fixed.counts["errors"]) == (wrong + travelling, 0)
    again = take_in(db, vendor, whole, settings)
    # Nothing differs but those prices, and no item came to be twice.
    assert (again.counts["created"], again.counts["updated"]) == (0, wrong)
    assert {each["field"] for each in again.changes} == {"price_minor"}


def test_shopifys_sizes_on_further_rows_belong_to_their_top(db: Session, settings: Settings, shared_data: Path) -> None:
    vendor = make_vendor(db)

    take_in(db, vendor, (shared_data / "catalogues/shopify_apparel.csv").read_bytes(), settings)

    top = products_by_key(db, vendor.id, ["classic-varsity-top"])["classic-varsity-top"]
    assert [each.options for each in top.variants] == [{"Size": "Small"}, {"Size": "Medium"}, {"Size": "Large"}]
    assert {each.price_minor for each in top.variants} == {6000}


def test_the_demo_shops_own_list_keeps_gtins_was_prices_and_texts(
    db: Session, settings: Settings, shared_data: Path
) -> None:
    vendor = make_vendor(db)

    take_in(db, vendor, (shared_data / "fashiontown/products.csv").read_bytes(), settings)

    cardigan = products_by_key(db, vendor.id, ["FT-TOP-02"])["FT-TOP-02"]
    assert cardigan.product.title == "Buttercup Cardigan"
    assert set(cardigan.product.texts) == {"blurb", "story", "care"}
    assert list(cardigan.variants[0].options.items()) == [("Colour", "Buttercup"), ("Size", "XS")]
    assert {(each.price_minor, each.was_price_minor, each.currency) for each in cardigan.variants} == {
        (3600, 4500, "USD")
    }
    assert cardigan.variants[0].gtin == "09506000136059"


def test_magentos_words_are_free_of_html_and_named_by_the_parent(
    db: Session, settings: Settings, shared_data: Path
) -> None:
    vendor = make_vendor(db)

    take_in(db, vendor, (shared_data / "catalogues/magento_women.csv").read_bytes(), settings)

    tee = products_by_key(db, vendor.id, ["WS10"])["WS10"]
    assert (tee.product.title, tee.product.category) == ("Karissa V-Neck Tee", "Tees")
    assert "<" not in tee.product.description
    assert "&bull;" not in tee.product.description
    assert {tuple(each.options) for each in tee.variants} == {("Size", "Colour")}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("catalogues/magento_reviews.csv", "These are reviews of items, not items"),
        ("stores/bestbuy_stores_150.json", "These are stores, not items"),
        ("sales/supermarket_sales.csv", "which rows belong to one item.*the item's name"),
        ("fashiontown/placements.csv", "No column has the item's name"),
        ("logs/apache_access_first_5000.log", "which rows belong|not a text"),
        ("images/products/tee-red-sport.jpg", "picture or a video"),
        ("csv/simple.csv", "It reads: a, b, c"),
    ],
)
def test_what_is_no_catalogue_is_refused_with_what_to_do(
    db: Session, settings: Settings, shared_data: Path, name: str, said: str
) -> None:
    with pytest.raises(SheetRejected, match=said):
        dry_run(db, make_vendor(db), (shared_data / name).read_bytes(), settings)


def test_names_in_every_script_survive(db: Session, settings: Settings, shared_data: Path) -> None:
    vendor = make_vendor(db)
    text = (shared_data / "catalogues/openfoodfacts_scripts.tsv").read_text(encoding="utf-8")
    titles = [line.split("\t")[2] for line in text.splitlines()[1:]]

    run = take_in(db, vendor, text.encode("utf-16"), settings)

    kept = set(db.scalars(select(VendorProduct.title)))
    assert run.counts["errors"] == 0
    assert run.encoding == "UTF-16"
    assert {_words(each) for each in titles} == {_words(each) for each in kept}


def _words(title: str) -> str:
    """A name without what no page shows: entities, marks of direction, doubled spaces."""
    return clean_line(html.unescape(title), 500)


def test_every_naughty_string_is_kept_or_refused_and_never_breaks(
    db: Session, settings: Settings, shared_data: Path
) -> None:
    strings = [each for each in json.loads((shared_data / "text/blns.json").read_text()) if each.strip()]
    kept = io.StringIO(newline="")
    writer = csv.writer(kept)
    writer.writerow(["style", "title", "size", "price", "gtin", "description", "material", "image"])
    # A sheet that begins with a handful of control characters is taken for no text at all.
    writer.writerow(["N", "Top", "S", "1", "", "A loose knit. " * 500, "", ""])
    for number, each in enumerate(strings):
        writer.writerow([f"N-{number}", each, each, "1", each, each, each, each])

    run = take_in(db, make_vendor(db), kept.getvalue(), settings)

    assert run.counts["created"] + run.counts["errors"] == len(strings) + 1
    wrong = {each["code"] for entry in run.problems for each in entry["problems"] if each["is_error"]}
    assert wrong == {"TOO_LONG", "REQUIRED"}
    assert run.counts["created"] > 400
