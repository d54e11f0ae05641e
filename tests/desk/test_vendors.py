"""Vendors at the desk: added with their first admin, trusted, suspended, taken back; by whom, and of whom."""

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.outbox import OutboxMessage
from qrmerch.parties.models import Supply, Vendor
from qrmerch.parties.queries import find_supply
from qrmerch.parties.service import add_supply
from qrmerch.users.models import Invitation, Membership
from tests.browsing import Browser
from tests.desk.house import House, again, count_entries, seen
from tests.factories import make_person, make_vendor, publish_page


def supply_of(db: Session, house: House) -> Supply:
    found = find_supply(db, house.retailer.id, house.vendor.id)
    db.commit()
    assert found
    return found


def house_vendor(db: Session, house: House) -> Vendor:
    (vendor,) = seen(
        db,
        select(Vendor)
        .join(Supply, Supply.vendor_id == Vendor.id)
        .where(Vendor.is_house, Supply.retailer_id == house.retailer.id),
    )
    assert isinstance(vendor, Vendor)
    return vendor


def test_a_vendor_is_added_and_its_admin_comes_in(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)
    form = browser.get("/desk/vendors/new")

    page = browser.send(form, action="/desk/vendors", name="Halyard", email="Hal@Halyard.example", trusted="1")

    # Nothing is mailed in a demo: the link is shown this once.
    link = re.search(r"http://localhost(/invitation/[\w-]{43})", page.text)
    assert page.status_code == 200 and link
    (vendor,) = seen(db, select(Vendor).where(Vendor.name == "Halyard"))
    supply = find_supply(db, house.retailer.id, vendor.id)
    db.commit()
    assert supply and supply.is_trusted
    hal = browser.another()
    answered = hal.post(link[1], {"name": "Hal", "password": "quince marmalade"})
    assert answered.headers["Location"] == "/studio"
    (membership,) = seen(db, select(Membership).where(Membership.vendor_id == vendor.id))
    assert membership.role == Role.VENDOR_ADMIN
    assert count_entries(db, "vendor.add") == 1
    # The retailer that asked finds the mail and the entry among its own.
    assert [each.retailer_id for each in seen(db, select(OutboxMessage))] == [house.retailer.id]


@pytest.mark.parametrize(
    ("name", "email", "said"),
    [
        ("", "hal@halyard.example", "A vendor needs a name."),
        ("sunny side", "hal@halyard.example", "There is a vendor sunny side already."),
        ("Halyard", "hal", "This is not an e-mail address"),
        ("Halyard", "hal@halyard.example\r\nBcc: all@halyard.example", "This is not an e-mail address"),
        ("x" * 81, "hal@halyard.example", "At most 80 characters"),
    ],
)
def test_a_vendor_that_cannot_be_added_leaves_nothing(
    browser: Browser, db: Session, house: House, name: str, email: str, said: str
) -> None:
    browser.sign_in(*house.mia)
    before = len(seen(db, select(Vendor)))

    response = browser.post("/desk/vendors", {"name": name, "email": email})

    assert response.status_code == 422 and said in response.text
    assert len(seen(db, select(Vendor))) == before and not seen(db, select(Invitation))


def test_both_wrong_fields_are_named_at_once(browser: Browser, house: House) -> None:
    browser.sign_in(*house.mia)

    response = browser.post("/desk/vendors", {"name": "", "email": "hal"})

    assert "A vendor needs a name." in response.text and "This is not an e-mail address" in response.text


def test_trust_is_given_and_taken(browser: Browser, db: Session, house: House) -> None:
    supply = supply_of(db, house)
    browser.sign_in(*house.mia)
    page = browser.get(f"/desk/vendors/{house.vendor.id}")

    browser.send(page, action="/trust")
    assert again(db, supply).is_trusted
    browser.send(browser.get(f"/desk/vendors/{house.vendor.id}"), action="/trust")

    assert not again(db, supply).is_trusted
    assert count_entries(db, "vendor.trust") == count_entries(db, "vendor.review") == 1


def test_a_suspended_vendors_page_is_plain_at_the_next_scan_and_back_as_it_was(
    browser: Browser, db: Session, house: House
) -> None:
    publish_page(db, house.item)
    db.commit()
    shopper, address = browser.another(), f"/i/{house.item.public_id}"
    browser.sign_in(*house.mia)
    lede = "The loose knit that makes jeans look like a plan."
    assert lede in shopper.get(address).text

    browser.post(f"/desk/vendors/{house.vendor.id}/suspend")

    assert "Suspended" in browser.get("/desk/vendors").text
    _look_again(browser)
    assert lede not in shopper.get(address).text
    browser.post(f"/desk/vendors/{house.vendor.id}/resume")
    _look_again(browser)
    assert lede in shopper.get(address).text
    assert count_entries(db, "vendor.suspend") == count_entries(db, "vendor.resume") == 1


def test_a_suspended_vendors_people_no_longer_see_the_retailer(browser: Browser, db: Session, house: House) -> None:
    vera = browser.another().sign_in(*house.people[Role.VENDOR_ADMIN])
    assert "Fashiontown" in vera.get("/studio").text

    browser.sign_in(*house.mia).post(f"/desk/vendors/{house.vendor.id}/suspend")

    assert house.item.title not in vera.get("/studio").text


def test_suspending_twice_is_once(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)

    for _ in range(2):
        assert browser.post(f"/desk/vendors/{house.vendor.id}/suspend").status_code == 303

    assert count_entries(db, "vendor.suspend") == 1


def test_ones_own_range_is_not_suspended(browser: Browser, db: Session, house: House) -> None:
    own = house_vendor(db, house)
    browser.sign_in(*house.mia)

    response = browser.post(f"/desk/vendors/{own.id}/suspend")

    assert response.status_code == 409 and "your own range" in response.text
    supply = find_supply(db, house.retailer.id, own.id)
    assert supply and supply.ended_at is None


def test_who_writes_ones_own_range_is_asked_in_by_the_retailer(browser: Browser, db: Session, house: House) -> None:
    own = house_vendor(db, house)
    browser.sign_in(*house.mia)

    response = browser.post(f"/desk/vendors/{own.id}/invite", {"email": "writer@example.com"})

    assert response.status_code == 200
    assert [each.vendor_id for each in seen(db, select(Invitation))] == [own.id]


def test_a_vendor_with_people_asks_its_own_in(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)

    response = browser.post(f"/desk/vendors/{house.vendor.id}/invite", {"email": "mole@example.com"})

    assert response.status_code == 409
    assert not seen(db, select(Invitation))
    assert "/invite" not in browser.get(f"/desk/vendors/{house.vendor.id}").text


def test_nobody_is_made_admin_of_a_vendor_that_others_depend_on(browser: Browser, db: Session, house: House) -> None:
    shared = make_vendor(db, house.retailer, name="Shared Knits")
    add_supply(db, house.other, shared)
    db.commit()
    browser.sign_in(*house.mia)

    response = browser.post(f"/desk/vendors/{shared.id}/invite", {"email": "mole@example.com"})

    assert response.status_code == 409 and not seen(db, select(Invitation))


def test_the_newest_link_works_and_the_one_before_no_more(browser: Browser, db: Session, house: House) -> None:
    alone = make_vendor(db, house.retailer, name="Alone Knits")
    db.commit()
    browser.sign_in(*house.mia)

    links = []
    for _ in range(2):
        page = browser.post(f"/desk/vendors/{alone.id}/invite", {"email": "al@example.com"})
        found = re.search(r"http://localhost(/invitation/[\w-]{43})", page.text)
        assert found
        links.append(found[1])

    shopper = browser.another()
    assert shopper.get(links[0]).status_code == 410
    assert shopper.get(links[1]).status_code == 200


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ANALYST, Role.ASSOCIATE, Role.VENDOR_ADMIN])
def test_who_does_not_look_after_vendors_does_not_see_them(browser: Browser, house: House, role: Role) -> None:
    browser.sign_in(*house.people[role])

    assert browser.get("/desk/vendors").status_code == 404
    assert browser.post(f"/desk/vendors/{house.vendor.id}/suspend").status_code == 404


def test_otto_finds_none_of_our_vendors_and_changes_none(browser: Browser, db: Session, house: House) -> None:
    supply = supply_of(db, house)
    browser.sign_in(*house.otto)

    assert house.vendor.name not in browser.get("/desk/vendors").text
    assert browser.get(f"/desk/vendors/{house.vendor.id}").status_code == 404
    for action in ("invite", "trust", "suspend", "resume"):
        said = {"email": "mole@example.com", "trusted": "1"}
        assert browser.post(f"/desk/vendors/{house.vendor.id}/{action}", said).status_code == 404
    assert not again(db, supply).is_trusted and supply.ended_at is None
    assert not seen(db, select(Invitation))


def test_another_retailers_people_do_not_stand_on_our_vendors_page(browser: Browser, db: Session, house: House) -> None:
    make_person(db, Role.OWNER, name="Ivan", retailer=house.other)
    db.commit()

    page = browser.sign_in(*house.mia).get(f"/desk/vendors/{house.vendor.id}").text

    assert "Vera" in page and "Ivan" not in page


def _look_again(browser: Browser) -> None:
    """Let the kept pages hear of what changed, as they do twice a second."""
    from qrmerch.clock import now
    from qrmerch.landing.scanning import get_scan_path

    with browser.app.app_context():
        get_scan_path().changes.look(now())
