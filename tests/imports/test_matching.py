"""Which item a picture shows, by what its file is called."""

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.catalog.drafts import ProductDraft, VariantDraft
from qrmerch.catalog.service import put_product
from qrmerch.imports import service
from qrmerch.imports.matching import Names, find_product, image_name, load_names
from qrmerch.jobs import Work
from qrmerch.parties.models import Vendor
from tests.conftest import NOON
from tests.factories import make_vendor
from tests.imports.taking_in import send


def add(
    db: Session,
    vendor: Vendor,
    key: str,
    *skus: str,
    gtin: str | None = None,
    images: tuple[str, ...] = (),
    colour: str = "Marigold",
) -> None:
    variants = tuple(
        VariantDraft(f"{colour}-{number}", (("Colour", colour), ("Size", str(number))), "USD", sku=sku, gtin=gtin)
        for number, sku in enumerate(skus or ("",))
    )
    draft = ProductDraft(
        key=key,
        title=key.title(),
        maker="",
        category="",
        description="",
        texts={},
        facts=(),
        variants=variants,
        image_urls=images,
    )
    put_product(db, vendor.id, draft, at=NOON)


@pytest.fixture
def names(db: Session) -> Names:
    vendor = make_vendor(db)
    add(
        db,
        vendor,
        "marigold-top",
        "AB-1234-S",
        "AB-1234-M",
        images=("https://cdn.example/p/DSC_0042_1024x1024.jpg?v=1",),
    )
    add(db, vendor, "marigold-top-long", "AB-12345", colour="Petrol blue")
    add(db, vendor, "café-chair", "CH 7/70", gtin="04006381333931")
    add(db, vendor, "shirt")
    add(db, vendor, "twin-a", "TW-900")
    add(db, vendor, "twin-b", "TW 900")
    add(db, vendor, "shared-1", images=("/media/both.png",))
    add(db, vendor, "shared-2", images=("/media/both.png",))
    return load_names(db, vendor.id)


@pytest.mark.parametrize(
    ("name", "key", "by"),
    [
        ("marigold-top.jpg", "marigold-top", "key"),
        ("Marigold_Top (2).JPG", "marigold-top", "key"),
        ("marigold-top-1.png", "marigold-top", "key"),
        ("marigold-top_front.jpg", "marigold-top", "key"),
        ("marigold-top-navy.jpg", "marigold-top", "key"),
        ("marigold top marigold back 3.jpg", "marigold-top", "key"),
        ("marigold-top-long-petrol.jpg", "marigold-top-long", "key"),
        ("AB-1234-M.jpg", "marigold-top", "sku"),
        ("ab1234m_detail.jpg", "marigold-top", "sku"),
        ("ab-12345_whatever it is.jpg", "marigold-top-long", "sku"),
        ("4006381333931.jpg", "café-chair", "gtin"),
        ("04006381333931-2.jpg", "café-chair", "gtin"),
        ("CAFÉ CHAIR.webp", "café-chair", "key"),
        ("cafe-chair-side.webp", "café-chair", "key"),
        ("ch770.jpg", "café-chair", "sku"),
        ("DSC_0042.jpg", "marigold-top", "image"),
        ("photos/dsc-0042_1024x1024.jpg", "marigold-top", "image"),
        ("marigold-top/IMG_1.jpg", "marigold-top", "key"),
        ("spring/AB-12345/front.jpg", "marigold-top-long", "sku"),
        ("shirt-2.jpg", "shirt", "key"),
        ("shirt-red-check.jpg", "", ""),
        ("IMG_0001.jpg", "", ""),
        ("", "", ""),
        (".jpg", "", ""),
    ],
)
def test_a_file_is_found_by_what_it_is_called(names: Names, name: str, key: str, by: str) -> None:
    found = names.match(name)

    assert ([each.key for each in found.products], found.by) == ([key] if key else [], by)


def test_a_name_of_two_items_is_no_answer(names: Names) -> None:
    found = names.match("TW-900-front.jpg")

    assert sorted(each.key for each in found.products) == ["twin-a", "twin-b"]
    assert not found.is_clear


def test_a_picture_that_two_items_name_belongs_to_both(names: Names) -> None:
    found = names.match("both.png")

    assert [each.key for each in found.products] == ["shared-1", "shared-2"]
    assert found.is_clear


def test_another_vendors_items_are_not_looked_at(db: Session) -> None:
    add(db, make_vendor(db), "marigold-top", "AB-1")

    assert load_names(db, make_vendor(db).id).match("AB-1.jpg").products == ()


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://cdn.example/a/Yellow%20Top_1200x.jpg?v=3", "yellowtop"),
        ("/media/catalog/product/w/p/wp07-black_main.jpg", "wp07blackmain"),
        ("top.jpg", "top"),
        ("https://example.com/", ""),
        ("1200x800.jpg", "1200x800"),
    ],
)
def test_a_feeds_picture_is_known_by_the_end_of_its_address(address: str, name: str) -> None:
    assert image_name(address) == name


def test_an_item_is_named_by_key_sku_or_gtin(db: Session) -> None:
    vendor = make_vendor(db)
    add(db, vendor, "café-chair", "CH 7/70", gtin="04006381333931")

    for typed in ("Café chair", "ch-7-70", "4006381333931", "04006381333931"):
        assert [each.key for each in find_product(db, vendor.id, typed).products] == ["café-chair"], typed
    assert find_product(db, vendor.id, "cafe").products == ()


@pytest.mark.shared_data
def test_a_folder_of_photos_finds_the_items_whose_file_names_them(work: Work, shared_data: Path) -> None:
    text = (shared_data / "fashiontown/products.csv").read_text()
    named = {row["image"] for row in csv.DictReader(io.StringIO(text)) if row["image"]}
    photos = {each.name for each in (shared_data / "images/products").glob("*.*p*g")}
    with work.database.write() as db:
        vendor = make_vendor(db)
        run = send(db, vendor, text, work.settings)
        service.start(db, run, at=NOON)
        db.commit()
    jobs.run_all(work)

    with work.database.read() as db:
        names = load_names(db, vendor.id)
    found = {each for each in photos if names.match(f"photos/{each.upper()}").is_clear}

    assert named & photos
    assert found == named & photos
