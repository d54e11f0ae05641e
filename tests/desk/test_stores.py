"""Stores and places at the desk: added, changed, closed; which Wi-Fi is their own; by whom, and of whom."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.parties.models import Fixture, FixtureKind, PageChange, Store, StoreNetwork
from tests.browsing import Browser
from tests.desk.house import House, again, count_entries, seen
from tests.factories import make_code, make_fixture

NEW = {
    "code": "FT-009",
    "name": "Fashiontown Harbor",
    "short_name": "Harbor",
    "address": "7 Dock Road",
    "city": "Harbor Point",
    "country": "us",
    "time_zone": "America/Los_Angeles",
    "gln": "9520000001032",
    "hours": "Daily 10:00-18:00",
}


def find_store(db: Session, code: str) -> Store | None:
    found = seen(db, select(Store).where(Store.code == code))
    return found[0] if found else None


def test_a_store_is_added_and_listed(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)

    response = browser.send(browser.get("/desk/stores/new"), action="/desk/stores", **NEW)

    assert "Fashiontown Harbor is added" in browser.follow(response).text
    store = find_store(db, "FT-009")
    assert store and (store.country, store.gln, store.retailer_id) == ("US", "9520000001032", house.retailer.id)
    assert "Harbor Point" in browser.get("/desk/stores").text
    assert count_entries(db, "store.add") == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("gln", "9520000001033", "The check digit of 9520000001033 should be 2."),
        ("gln", "952000000103", "A location number (GLN) has 13 digits."),
        ("gln", "٩٥٢٠٠٠٠٠٠١٠٣٢", "A location number (GLN) has 13 digits."),
        ("time_zone", "Mars/Olympus", "Mars/Olympus is not a time zone"),
        ("time_zone", "../../etc/passwd", "is not a time zone"),
        ("country", "USA", "A country is its two letters"),
        ("code", "FT-001", "There is a store FT-001 already."),
        ("code", "   ", "A store needs a code of your own"),
        ("name", "", "A store needs a name."),
        ("name", "x" * 81, "At most 80 characters"),
        ("address", "x" * 201, "At most 200 characters"),
        ("hours", "x" * 201, "At most 200 characters"),
    ],
)
def test_what_a_store_cannot_be_is_named_at_its_field(
    browser: Browser, db: Session, house: House, field: str, value: str, said: str
) -> None:
    browser.sign_in(*house.mia)

    response = browser.post("/desk/stores", {**NEW, field: value})

    assert response.status_code == 422
    assert said in response.text and f'id="f-{field}-err"' in response.text
    assert 'value="7 Dock Road"' in response.text or field == "address", "what was typed is kept"
    assert len(seen(db, select(Store))) == 1


def test_a_store_may_speak_another_of_the_houses_languages(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)
    one = browser.get(f"/desk/stores/{house.store.id}").text
    house.retailer.locales = ["en", "ar"]
    db.commit()

    page = browser.get(f"/desk/stores/{house.store.id}")
    browser.post(f"/desk/stores/{house.store.id}", {**NEW, "code": "FT-001", "locale": "ar"})
    wrong = browser.post(f"/desk/stores/{house.store.id}", {**NEW, "code": "FT-001", "locale": "fr"})

    assert 'name="locale"' not in one
    assert 'name="locale"' in page.text and "English, your first" in page.text
    assert again(db, house.store).locale == "ar"
    assert wrong.status_code == 422 and "It is not one of your languages." in wrong.text


def test_a_language_that_was_given_up_is_no_mistake_of_whoever_changes_the_hours(
    browser: Browser, db: Session, house: House
) -> None:
    house.store.locale = "ar"
    db.commit()
    browser.sign_in(*house.mia)

    answer = browser.post(f"/desk/stores/{house.store.id}", {**NEW, "code": "FT-001", "locale": "ar"})

    assert answer.status_code == 303
    assert again(db, house.store).locale == ""


def test_a_location_number_may_be_typed_with_spaces(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)

    browser.post("/desk/stores", {**NEW, "gln": " 9520000 00103 2 "})

    store = find_store(db, "FT-009")
    assert store and store.gln == "9520000001032"


def test_a_store_is_changed_and_keeps_its_own_code(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)

    response = browser.post(f"/desk/stores/{house.store.id}", {**NEW, "code": "FT-001", "city": "Northgate"})

    assert response.status_code == 303
    assert again(db, house.store).city == "Northgate"
    assert seen(db, select(PageChange).where(PageChange.retailer_id == house.retailer.id))


def test_a_wrong_value_of_an_old_store_comes_back_with_the_page(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)

    response = browser.post(f"/desk/stores/{house.store.id}", {**NEW, "country": "USA"})

    assert response.status_code == 422
    assert 'value="USA"' in response.text and "Shoe wall" in response.text
    assert again(db, house.store).country == "US"


def test_a_store_is_closed_for_shoppers_and_opened_again(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)

    browser.post(f"/desk/stores/{house.store.id}/close")
    assert not again(db, house.store).is_open
    assert "1 store, 1 closed." in browser.get("/desk/stores").text
    browser.post(f"/desk/stores/{house.store.id}/open")

    assert again(db, house.store).is_open
    assert count_entries(db, "store.close") == count_entries(db, "store.open") == 1


def test_addresses_of_the_stores_own_wifi_are_kept_as_ranges(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)
    said = "203.0.113.7\n203.0.113.0/28, 203.0.113.1/28\n2001:db8::/48\n\n"

    browser.post(f"/desk/stores/{house.store.id}/networks", {"networks": said})

    kept = seen(db, select(StoreNetwork.cidr).order_by(StoreNetwork.cidr))
    assert kept == ["2001:db8::/48", "203.0.113.0/28", "203.0.113.7/32"]
    browser.post(f"/desk/stores/{house.store.id}/networks", {"networks": ""})
    assert not seen(db, select(StoreNetwork))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the router", "does not appear to be an IPv4 or IPv6 network"),
        ("0.0.0.0/0", "wider than /16"),
        ("::/0", "wider than /32"),
        ("10.0.0.0/8", "wider than /16"),
        ("203.0.113.0/33", "does not appear to be"),
        ("\n".join(f"203.0.113.{n}" for n in range(51)), "50 ranges at most; these are 51."),
    ],
)
def test_a_range_that_is_none_or_holds_strangers_is_refused(
    browser: Browser, db: Session, house: House, text: str, said: str
) -> None:
    browser.sign_in(*house.mia)

    response = browser.post(f"/desk/stores/{house.store.id}/networks", {"networks": text})

    assert response.status_code == 422 and said in response.text
    assert not seen(db, select(StoreNetwork))


def test_places_are_added_and_called_something_else_and_keep_their_codes(
    browser: Browser, db: Session, house: House
) -> None:
    browser.sign_in(*house.mia)
    page = browser.get(f"/desk/stores/{house.store.id}")

    browser.send(page, action="/places", name="Shoe wall", kind="wall")
    (place,) = seen(db, select(Fixture))
    make_code(db, house.item, fixture=place)
    db.commit()
    browser.post(f"/desk/places/{place.id}", {"name": "Shoe wall, left", "kind": "shelf"})

    assert (again(db, place).name, place.kind) == ("Shoe wall, left", FixtureKind.SHELF)
    page = browser.get(f"/desk/stores/{house.store.id}")
    assert f'href="/desk/codes?place={place.id}">1</a>' in page.text


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "A place needs a name"), ("Window 1", "a place called Window 1 already"), ("x" * 81, "At most 80")],
)
def test_a_place_needs_a_name_of_its_own(browser: Browser, db: Session, house: House, name: str, said: str) -> None:
    make_fixture(db, house.store, name="Window 1")
    other = make_fixture(db, house.store, name="Window 2")
    db.commit()
    browser.sign_in(*house.mia)

    added = browser.post(f"/desk/stores/{house.store.id}/places", {"name": name, "kind": "window"})
    changed = browser.post(f"/desk/places/{other.id}", {"name": name, "kind": "window"})

    assert added.status_code == changed.status_code == 422
    assert said in added.text and said in changed.text
    assert again(db, other).name == "Window 2"


def test_a_kind_nobody_knows_is_a_shelf(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)

    browser.post(f"/desk/stores/{house.store.id}/places", {"name": "Moon", "kind": "rocket"})

    assert [place.kind for place in seen(db, select(Fixture))] == [FixtureKind.SHELF]


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ANALYST, Role.ASSOCIATE, Role.VENDOR_ADMIN])
def test_who_does_not_look_after_stores_does_not_see_them(browser: Browser, house: House, role: Role) -> None:
    browser.sign_in(*house.people[role])

    for address in ("/desk/stores", "/desk/stores/new", f"/desk/stores/{house.store.id}"):
        assert browser.get(address).status_code == 404
    assert browser.post("/desk/stores", NEW).status_code == 404


def test_otto_finds_none_of_our_stores_and_changes_none(browser: Browser, db: Session, house: House) -> None:
    place = make_fixture(db, house.store, name="Window 1")
    db.commit()
    browser.sign_in(*house.otto)

    assert house.store.name not in browser.get("/desk/stores").text
    assert browser.get(f"/desk/stores/{house.store.id}").status_code == 404
    for action in ("", "/networks", "/places", "/close", "/open"):
        said = {**NEW, "networks": "203.0.113.7"}
        assert browser.post(f"/desk/stores/{house.store.id}{action}", said).status_code == 404
    assert browser.post(f"/desk/places/{place.id}", {"name": "Mine"}).status_code == 404
    assert again(db, place).name == "Window 1" and again(db, house.store).is_open
    assert not seen(db, select(StoreNetwork)) and len(seen(db, select(Fixture))) == 1
