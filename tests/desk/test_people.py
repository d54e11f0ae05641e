"""People at the desk: asked in, moved between stores, removed; by the owner, and of one's own house."""

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.users.models import Invitation, Membership
from tests.browsing import Browser
from tests.desk.house import House, again, count_entries, seen
from tests.factories import make_person, make_store

KEPT_OUT = (Role.MERCHANDISER, Role.REVIEWER, Role.ANALYST, Role.ASSOCIATE, Role.VENDOR_ADMIN)


def members(db: Session, house: House) -> list[Membership]:
    return seen(db, select(Membership).where(Membership.retailer_id == house.retailer.id))


def test_the_owner_sees_everybody_by_role(browser: Browser, house: House) -> None:
    page = browser.sign_in(*house.olive).get("/desk/people").text

    for name in ("Olive, you", "Mia", "Rob", "Ana", "Ada"):
        assert name in page
    assert "Vera" not in page and "Otto" not in page


def test_somebody_is_asked_in_and_comes_in_the_role(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)

    page = browser.send(browser.get("/desk/people"), action="/invite", email="New@Example.com", role="analyst")

    link = re.search(r"http://localhost(/invitation/[\w-]{43})", page.text)
    assert page.status_code == 200 and link
    assert "new@example.com" in page.text, "asked in, not come yet"
    newcomer = browser.another()
    assert newcomer.post(link[1], {"name": "Nora", "password": "quince marmalade"}).headers["Location"] == "/desk"
    assert Role.ANALYST in {each.role for each in members(db, house)}
    assert "not come in yet" not in browser.get("/desk/people").text


@pytest.mark.parametrize("role", ["operator", "vendor_admin", "vendor_editor", "", "king"])
def test_a_role_that_no_retailer_gives_is_refused(browser: Browser, db: Session, house: House, role: str) -> None:
    browser.sign_in(*house.olive)

    response = browser.post("/desk/people/invite", {"email": "new@example.com", "role": role})

    assert response.status_code == 422 and "Choose what this person will do." in response.text
    assert not seen(db, select(Invitation))


def test_an_associate_needs_a_store_of_this_house(browser: Browser, db: Session, house: House) -> None:
    foreign = make_store(db, house.other)
    db.commit()
    browser.sign_in(*house.olive)
    said = {"email": "new@example.com", "role": "associate"}

    none = browser.post("/desk/people/invite", said)
    other = browser.post("/desk/people/invite", {**said, "stores": [foreign.id]})
    good = browser.post("/desk/people/invite", {**said, "stores": [house.store.id]})

    assert none.status_code == 422 and "at least one store" in none.text
    assert other.status_code == 404
    assert good.status_code == 200
    assert [each.store_ids for each in seen(db, select(Invitation))] == [[house.store.id]]


def test_stores_say_nothing_for_other_roles(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)

    browser.post("/desk/people/invite", {"email": "new@example.com", "role": "analyst", "stores": [house.store.id]})

    assert [each.store_ids for each in seen(db, select(Invitation))] == [[]]


def test_who_has_the_role_already_is_not_asked_again(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)
    email = house.mia.user.email

    response = browser.post("/desk/people/invite", {"email": email, "role": "merchandiser"})

    assert response.status_code == 422 and "has this role already" in response.text
    assert not seen(db, select(Invitation))


def test_a_cancelled_invitation_leads_nowhere(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)
    page = browser.post("/desk/people/invite", {"email": "new@example.com", "role": "analyst"})
    link = re.search(r"/invitation/[\w-]{43}", page.text)
    assert link

    browser.send(page, action="/cancel")

    assert browser.another().get(link[0]).status_code == 410
    (invitation,) = seen(db, select(Invitation))
    assert browser.post(f"/desk/people/invitations/{invitation.id}/cancel").status_code == 404
    assert count_entries(db, "user.uninvite") == 1


def test_who_is_removed_is_signed_out_at_once(browser: Browser, db: Session, house: House) -> None:
    mia = browser.another().sign_in(*house.mia)
    assert mia.get("/desk").status_code == 200
    browser.sign_in(*house.olive)

    response = browser.post(f"/desk/people/{house.mia.membership.id}/remove")

    assert "Mia is no longer merchandiser here." in browser.follow(response).text
    assert mia.get("/desk", Accept="application/json").status_code == 401
    assert mia.get("/desk").headers["Location"] == "/sign-in?next=/desk"
    assert count_entries(db, "user.remove") == 1


def test_the_last_owner_stays(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)

    response = browser.post(f"/desk/people/{house.olive.membership.id}/remove")

    assert response.status_code == 409 and "A retailer needs an owner" in response.text
    assert Role.OWNER in {each.role for each in members(db, house)}


def test_an_owner_may_leave_to_another(browser: Browser, db: Session, house: House) -> None:
    make_person(db, Role.OWNER, name="Oscar", retailer=house.retailer)
    db.commit()
    browser.sign_in(*house.olive)

    browser.post(f"/desk/people/{house.olive.membership.id}/remove")

    assert browser.get("/desk/people").status_code == 303
    assert [each.role for each in members(db, house)].count(Role.OWNER) == 1


def test_an_associate_is_moved_to_another_store(browser: Browser, db: Session, house: House) -> None:
    galleria = make_store(db, house.retailer, short_name="Galleria")
    db.commit()
    ada = house.people[Role.ASSOCIATE]
    browser.sign_in(*house.olive)
    page = browser.get(f"/desk/people/{ada.membership.id}")

    response = browser.post(f"/desk/people/{ada.membership.id}", {"stores": [galleria.id]})

    assert house.store.name in page.text
    assert "Ada works in Galleria now." in browser.follow(response).text
    assert again(db, ada.membership).store_ids == [galleria.id]
    assert browser.post(f"/desk/people/{ada.membership.id}").status_code == 422
    assert again(db, ada.membership).store_ids == [galleria.id]


def test_only_an_associate_works_in_particular_stores(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive)
    address = f"/desk/people/{house.mia.membership.id}"

    assert browser.get(address).status_code == 404
    assert browser.post(address, {"stores": [house.store.id]}).status_code == 404
    assert again(db, house.mia.membership).store_ids == []


@pytest.mark.parametrize("role", KEPT_OUT)
def test_only_an_owner_looks_after_people(browser: Browser, db: Session, house: House, role: Role) -> None:
    browser.sign_in(*house.people[role])

    assert browser.get("/desk/people").status_code == 404
    response = browser.post("/desk/people/invite", {"email": "mole@example.com", "role": "owner"})
    assert response.status_code == 404
    assert browser.post(f"/desk/people/{house.olive.membership.id}/remove").status_code == 404
    assert not seen(db, select(Invitation))


def test_otto_sees_and_removes_none_of_our_people(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.olive).post("/desk/people/invite", {"email": "new@example.com", "role": "analyst"})
    (invitation,) = seen(db, select(Invitation))
    ada = house.people[Role.ASSOCIATE].membership
    before = len(members(db, house))
    otto = browser.another().sign_in(*house.otto)

    assert "Mia" not in otto.get("/desk/people").text and "new@example.com" not in otto.get("/desk/people").text
    assert otto.post(f"/desk/people/{house.mia.membership.id}/remove").status_code == 404
    assert otto.post(f"/desk/people/invitations/{invitation.id}/cancel").status_code == 404
    assert otto.get(f"/desk/people/{ada.id}").status_code == 404
    assert otto.post(f"/desk/people/{ada.id}", {"stores": [house.store.id]}).status_code == 404
    assert len(members(db, house)) == before
    # A vendor's person has no place among a retailer's either.
    vera = house.people[Role.VENDOR_ADMIN].membership
    assert browser.post(f"/desk/people/{vera.id}/remove").status_code == 404
