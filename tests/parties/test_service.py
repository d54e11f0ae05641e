"""Retailers, their brand and places, vendors and supply: what may be said of them, and who hears of it."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.errors import Conflict, FormError
from qrmerch.parties import service
from qrmerch.parties.models import (
    BrandKit,
    Corners,
    Display,
    Fixture,
    FixtureKind,
    PageChange,
    Retailer,
    Store,
    Supply,
    Tone,
    Vendor,
)
from qrmerch.parties.queries import (
    find_printed_host,
    find_supply,
    find_vendor_by_name,
    get_brand,
    list_stores,
    list_supplied,
    list_vendors,
    printed_base,
)
from qrmerch.parties.service import Brand, StoreDetails
from tests.conftest import NOON
from tests.factories import make_fixture, make_retailer, make_store, make_vendor

DETAILS = StoreDetails("004", "Fashiontown Riverside", "", "12 Quay Street", "Riverside", "us", "America/New_York")
PLUM = Brand("#7A1F4F", Display.SERIF, Corners.ROUND, Tone.LUXURY, " Maison  Plum ", {"en": " Returns. ", "ar": "  "})


def add(db: Session, **more: object) -> Retailer:
    said = {"slug": "fashiontown", "name": "Fashiontown", "currency": "USD", "locales": ["en", "ar"]}
    return service.add_retailer(db, **{**said, "time_zone": "America/New_York", "at": NOON, **more})  # type: ignore[arg-type]


def changes(db: Session, retailer: Retailer) -> int:
    wanted = select(func.count()).select_from(PageChange).where(PageChange.retailer_id == retailer.id)
    return db.scalar(wanted) or 0


# --- retailers and brand -----------------------------------------------------------------------------


def test_a_retailer_begins_with_a_plain_brand_and_a_house_vendor(db: Session) -> None:
    retailer = add(db)

    brand = get_brand(db, retailer.id, at=NOON)
    assert (brand.wordmark, retailer.default_locale, retailer.locales) == ("Fashiontown", "en", ["en", "ar"])
    (supplied,) = list_vendors(db, retailer.id)
    assert supplied.vendor.is_house and supplied.vendor.name == "Fashiontown house range"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "Fashion Town"),
        ("slug", "-town"),
        ("slug", "x" * 41),
        ("currency", "usd"),
        ("currency", "DOLLAR"),
        ("locales", []),
        ("locales", ["en", "klingon"]),
        ("time_zone", "Mars/Olympus"),
        ("name", "  "),
        ("name", "x" * 81),
    ],
)
def test_what_a_retailer_cannot_be_is_named(db: Session, field: str, value: object) -> None:
    with pytest.raises(FormError) as refused:
        add(db, **{field: value})

    assert list(refused.value.problems) == [field]
    assert not db.scalars(select(Retailer)).all()


def test_two_houses_of_one_name_are_two_houses(db: Session) -> None:
    add(db)

    second = add(db, slug="fashiontown-2")

    with pytest.raises(FormError):
        add(db, slug="fashiontown-2")
    assert [each.vendor.name for each in list_vendors(db, second.id)] == ["fashiontown-2 house range"]


def test_the_newest_brand_that_has_begun_holds(db: Session) -> None:
    retailer = add(db)

    kit = service.set_brand(db, retailer, PLUM, at=NOON + timedelta(days=1))

    assert (kit.colour, kit.wordmark, kit.legal) == ("#7a1f4f", "Maison Plum", {"en": "Returns."})
    assert get_brand(db, retailer.id, at=NOON + timedelta(hours=23)).colour == "#1f3fbf"
    assert get_brand(db, retailer.id, at=NOON + timedelta(days=1)).colour == "#7a1f4f"
    assert get_brand(db, retailer.id, at=NOON - timedelta(days=9)).colour == "#1f3fbf", "before the first, the first"
    assert changes(db, retailer) == 2


@pytest.mark.parametrize(
    ("brand", "field"),
    [
        (Brand("#7a1f4", Display.SANS, Corners.SOFT, Tone.PLAIN, "Plum", {}), "colour"),
        (Brand("url(x)", Display.SANS, Corners.SOFT, Tone.PLAIN, "Plum", {}), "colour"),
        (Brand("#７a1f4f", Display.SANS, Corners.SOFT, Tone.PLAIN, "Plum", {}), "colour"),
        (Brand("#7a1f4f", Display.SANS, Corners.SOFT, Tone.PLAIN, "\u200e \u202e", {}), "wordmark"),
        (Brand("#7a1f4f", Display.SANS, Corners.SOFT, Tone.PLAIN, "P" * 41, {}), "wordmark"),
        (Brand("#7a1f4f", Display.SANS, Corners.SOFT, Tone.PLAIN, "Plum", {"ar": "x" * 401}), "legal-ar"),
    ],
)
def test_what_a_brand_cannot_be_is_named(db: Session, brand: Brand, field: str) -> None:
    retailer = add(db)

    with pytest.raises(FormError) as refused:
        service.set_brand(db, retailer, brand, at=NOON + timedelta(days=1))

    assert list(refused.value.problems) == [field]
    assert db.scalar(select(func.count()).select_from(BrandKit)) == 1


def test_codes_are_printed_with_the_houses_own_primary_host(db: Session) -> None:
    retailer = add(db)
    first = service.add_host(db, retailer, "Fashiontown.Example", is_primary=True, proven_at=NOON)
    second = service.add_host(db, retailer, "ft.example", is_primary=False, proven_at=NOON)

    assert printed_base(db, retailer.id, base_url="http://x") == "https://fashiontown.example"
    service.make_primary(db, second)
    db.flush()

    assert find_printed_host(db, retailer.id) == "ft.example" and not first.is_primary
    assert printed_base(db, make_retailer(db).id, base_url="http://x") == "http://x"


# --- stores and places -------------------------------------------------------------------------------


def test_a_store_takes_its_short_name_from_its_name(db: Session) -> None:
    retailer = make_retailer(db)

    store = service.add_store(db, retailer, DETAILS, at=NOON)

    assert (store.short_name, store.country, store.is_open) == ("Fashiontown Riverside", "US", True)
    assert changes(db, retailer) == 2


def test_the_same_code_is_free_in_another_house(db: Session) -> None:
    first, second = make_retailer(db), make_retailer(db)

    service.add_store(db, first, DETAILS, at=NOON)
    service.add_store(db, second, DETAILS, at=NOON)
    with pytest.raises(FormError):
        service.add_store(db, second, DETAILS, at=NOON)

    assert [len(list_stores(db, each.id)) for each in (first, second)] == [1, 1]


def test_all_that_is_wrong_is_named_at_once(db: Session) -> None:
    wrong = StoreDetails("", "", "x" * 41, "x" * 201, "x" * 81, "USA", "", gln="123", hours="x" * 201)

    with pytest.raises(FormError) as refused:
        service.add_store(db, make_retailer(db), wrong, at=NOON)

    assert set(refused.value.problems) == {
        "code",
        "name",
        "short_name",
        "address",
        "city",
        "country",
        "time_zone",
        "gln",
        "hours",
    }


def test_two_who_add_the_same_store_at_once_add_one(database: Database, db: Session) -> None:
    """A double tap: the second waits, and is told that the code is taken."""
    retailer = make_retailer(db)
    db.commit()
    outcomes: list[str] = []

    def run() -> None:
        with database.write() as session:
            mine = session.get_one(Retailer, retailer.id)
            try:
                service.add_store(session, mine, DETAILS, at=NOON)
                session.commit()
                outcomes.append("added")
            except FormError as error:
                outcomes.append(*error.problems)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["added", "code", "code"]
    assert len(db.scalars(select(Store)).all()) == 1


def test_a_closed_store_is_told_once(db: Session) -> None:
    retailer = make_retailer(db)
    store = make_store(db, retailer)
    before = changes(db, retailer)

    service.set_open(db, store, False, at=NOON)
    service.set_open(db, store, False, at=NOON)
    db.flush()

    assert not store.is_open and changes(db, retailer) == before + 1


def test_a_place_has_a_name_of_its_own_in_its_store(db: Session) -> None:
    retailer = make_retailer(db)
    store, other = make_store(db, retailer), make_store(db, retailer)
    place = make_fixture(db, store, name="Shoe wall")

    service.add_fixture(db, other, name="Shoe wall", kind=FixtureKind.WALL)
    with pytest.raises(FormError):
        service.add_fixture(db, store, name="  Shoe   wall ", kind=FixtureKind.WALL)
    service.change_fixture(db, place, name="Shoe wall", kind=FixtureKind.WALL, at=NOON)

    assert place.kind == FixtureKind.WALL and len(db.scalars(select(Fixture)).all()) == 2


def test_a_place_that_is_called_something_else_changes_pages_once(db: Session) -> None:
    retailer = make_retailer(db)
    place = make_fixture(db, make_store(db, retailer), name="Shoe wall")
    before = changes(db, retailer)

    for _ in range(2):
        service.change_fixture(db, place, name="Shoes, ground floor", kind=place.kind, at=NOON)

    assert changes(db, retailer) == before + 1


# --- vendors and supply ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "typed"),
    [("Sunny Side", "sunny SIDE"), ("Ökologie", "Ökologie"), ("Ökologie", "ökologie"), ("Мода", "МОДА")],
)
def test_a_vendor_is_found_whatever_case_its_name_is_written_in(name: str, typed: str, db: Session) -> None:
    vendor = make_vendor(db, name=name)

    assert find_vendor_by_name(db, f" {typed} ") == vendor
    with pytest.raises(FormError):
        service.add_vendor(db, name=typed, at=NOON)


def test_a_vendor_supplies_a_house_once(db: Session) -> None:
    retailer = make_retailer(db)
    vendor = make_vendor(db, retailer)

    with pytest.raises(Conflict):
        service.add_supply(db, retailer, vendor)

    assert db.scalar(select(func.count()).select_from(Supply).where(Supply.vendor_id == vendor.id)) == 1


def test_supply_ends_and_is_taken_up_again_and_shoppers_pages_hear_of_both(db: Session) -> None:
    retailer = make_retailer(db)
    vendor = make_vendor(db, retailer)
    supply, before = find_supply(db, retailer.id, vendor.id), changes(db, retailer)
    assert supply

    service.end_supply(db, supply, at=NOON)
    assert list_supplied(db, vendor.id) == [] and len(list_vendors(db, retailer.id)) == 2
    service.resume_supply(db, supply, at=NOON)

    assert list_supplied(db, vendor.id) == [retailer]
    db.flush()
    assert changes(db, retailer) == before + 2


def test_trust_is_the_houses_own(db: Session) -> None:
    first, second = make_retailer(db), make_retailer(db)
    vendor = make_vendor(db, first, second)
    supply = find_supply(db, first.id, vendor.id)
    assert supply

    service.set_trusted(supply, True)
    db.flush()

    other = find_supply(db, second.id, vendor.id)
    assert supply.is_trusted and other and not other.is_trusted
    assert isinstance(db.get_one(Vendor, vendor.id), Vendor)


def test_changes_are_forgotten_after_a_week(db: Session) -> None:
    retailer = make_retailer(db)
    service.changed(db, retailer.id, at=NOON - timedelta(days=8))
    service.changed(db, retailer.id, at=NOON - timedelta(days=6))
    db.flush()

    service.forget_old_changes(db, at=NOON)

    kept = db.scalars(select(PageChange.at).order_by(PageChange.at)).all()
    assert kept == [NOON - timedelta(days=6)]
