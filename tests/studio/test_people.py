"""A vendor's own people: admins invite and remove; editors and other vendors see nothing of it."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch.access import Role
from qrmerch.outbox import OutboxMessage
from qrmerch.users.models import Invitation, Membership, StaffSession
from tests.browsing import Browser
from tests.factories import Person, make_person
from tests.studio.people import Studio, kept, make_studio, rows, with_settings


@pytest.fixture
def studio(db: Session) -> Studio:
    made = make_studio(db)
    db.commit()
    return made


def invitations(browser: Browser) -> list[Invitation]:
    return kept(browser, select(Invitation).order_by(Invitation.created_at))


def works(browser: Browser, person: Person) -> bool:
    """Whether somebody still has their role."""
    return kept(browser, select(Membership).where(Membership.id == person.membership.id)) != []


def invite(browser: Browser, email: str, role: str = "vendor_editor", **fields: str) -> TestResponse:
    return browser.post("/studio/people", {"email": email, "role": role, **fields})


def test_an_admin_sees_who_works_here_and_nobody_else(browser: Browser, db: Session, studio: Studio) -> None:
    make_person(db, Role.VENDOR_EDITOR, name="Edda", vendor=studio.vendor)
    make_person(db, Role.OWNER, name="Otto", retailer=studio.retailer)
    db.commit()

    page = browser.sign_in(*studio.vera).get("/studio/people").text

    assert "2 people work here." in page
    assert ("Edda" in page, "Otto" in page, "Olga" in page) == (True, False, False)
    assert "This is you" in page
    assert page.count("/remove") == 1


def test_without_mail_the_link_is_shown_once(browser: Browser, db: Session, studio: Studio) -> None:
    browser.sign_in(*studio.vera)

    page = invite(browser, "Sam@Sunny.example ", "vendor_admin").text
    later = browser.get("/studio/people").text

    link = page.partition('class="linkout">')[2].partition("</code>")[0]
    assert link.startswith("http://localhost/invitation/")
    assert browser.another().get(link.removeprefix("http://localhost")).status_code == 200
    assert ("/invitation/" in later, "sam@sunny.example" in later) == (False, True)
    made = invitations(browser)[0]
    assert (made.email, made.role, made.vendor_id, made.retailer_id) == (
        "sam@sunny.example", Role.VENDOR_ADMIN, studio.vendor.id, None,
    )  # fmt: skip


def test_with_mail_the_link_is_shown_to_nobody(browser: Browser, studio: Studio) -> None:
    with_settings(browser, smtp_url="smtp://mail.example:25")
    browser.sign_in(*studio.vera)

    page = browser.follow(invite(browser, "sam@sunny.example")).text

    assert "sam@sunny.example is asked in by mail." in page
    assert "/invitation/" not in page
    assert kept(browser, select(OutboxMessage))[0].recipient == "sam@sunny.example"


@pytest.mark.parametrize("role", ["owner", "operator", "associate", "", "VENDOR_ADMIN"])
def test_sec_c03_nobody_is_invited_to_what_is_not_a_vendors(
    browser: Browser, db: Session, studio: Studio, role: str
) -> None:
    browser.sign_in(*studio.vera)

    response = invite(
        browser, "sam@sunny.example", role, vendor_id=studio.other.id, retailer_id=studio.retailer.id, store_ids="x"
    )

    assert response.status_code == 422
    assert invitations(browser) == []


def test_an_invitation_is_to_ones_own_vendor_whatever_the_form_says(
    browser: Browser, db: Session, studio: Studio
) -> None:
    invite(browser.sign_in(*studio.vera), "sam@sunny.example", vendor_id=studio.other.id, vendor=studio.other.id)

    assert [each.vendor_id for each in invitations(browser)] == [studio.vendor.id]


@pytest.mark.parametrize("email", ["", "sam", "a@b", "x@y.z\r\nBcc: all@example.com"])
def test_what_is_no_address_is_not_invited(browser: Browser, db: Session, studio: Studio, email: str) -> None:
    response = invite(browser.sign_in(*studio.vera), email)

    assert response.status_code == 422
    assert "This is not an e-mail address" in response.text
    assert invitations(browser) == []


def test_a_second_invitation_makes_the_first_link_lead_nowhere(browser: Browser, db: Session, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    first = invite(browser, "sam@sunny.example").text.partition('class="linkout">')[2].partition("</code>")[0]

    page = invite(browser, "sam@sunny.example").text

    assert "One invitation is open." in page
    assert browser.another().get(first.removeprefix("http://localhost")).status_code == 410


def test_who_works_here_already_is_not_invited_again(browser: Browser, db: Session, studio: Studio) -> None:
    browser.sign_in(*studio.vera)

    response = invite(browser, studio.vera.user.email, "vendor_admin")

    assert response.status_code == 409
    assert "has this role already" in response.text
    assert invitations(browser) == []


def test_nobody_is_flooded_with_invitations(browser: Browser, db: Session, studio: Studio) -> None:
    browser.sign_in(*studio.vera)

    answers = [invite(browser, f"p{number}@x.example") for number in range(31)]

    assert [each.status_code for each in answers] == [200] * 30 + [429]
    assert len(invitations(browser)) == 30


def test_an_invitation_can_be_cancelled(browser: Browser, db: Session, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    link = invite(browser, "sam@sunny.example").text.partition('class="linkout">')[2].partition("</code>")[0]

    page = browser.follow(browser.send(browser.get("/studio/people"), action="/cancel"))
    again = browser.post(f"/studio/people/invitations/{invitations(browser)[0].id}/cancel")

    assert "The link for sam@sunny.example no longer works." in page.text
    assert browser.another().get(link.removeprefix("http://localhost")).status_code == 410
    assert again.status_code == 404


def test_who_is_removed_is_signed_out_at_once(browser: Browser, db: Session, studio: Studio) -> None:
    edda = make_person(db, Role.VENDOR_EDITOR, name="Edda", vendor=studio.vendor)
    db.commit()
    her = browser.another().sign_in(*edda)
    assert her.get("/studio").status_code == 200
    browser.sign_in(*studio.vera)

    page = browser.follow(browser.send(browser.get("/studio/people"), action="/remove"))

    assert "Edda no longer works here." in page.text
    assert her.get("/studio").status_code == 303
    assert not works(browser, edda)


def test_an_admin_cannot_remove_themselves(browser: Browser, db: Session, studio: Studio) -> None:
    response = browser.sign_in(*studio.vera).post(f"/studio/people/{studio.vera.membership.id}/remove")

    assert response.status_code == 409
    assert "You cannot remove yourself. Another admin can." in response.text
    assert works(browser, studio.vera)


def test_an_editor_finds_no_people_here(browser: Browser, db: Session, studio: Studio) -> None:
    edda = make_person(db, Role.VENDOR_EDITOR, name="Edda", vendor=studio.vendor)
    db.commit()
    browser.sign_in(*edda)

    answers = [
        browser.get("/studio/people"),
        browser.post("/studio/people", {"email": "a@b.example", "role": "vendor_admin"}),
        browser.post(f"/studio/people/{studio.vera.membership.id}/remove"),
        browser.post("/studio/people/invitations/x/cancel"),
    ]

    assert [each.status_code for each in answers] == [404] * 4
    assert "/studio/people" not in browser.get("/studio").text
    assert invitations(browser) == []


def test_sec_c02_olga_cannot_remove_veras_people_or_cancel_her_invitations(
    browser: Browser, db: Session, studio: Studio
) -> None:
    invite(browser.sign_in(*studio.vera), "sam@sunny.example")
    before = rows(browser, Membership, Invitation)
    olga = browser.another().sign_in(*studio.olga)

    answers = [
        olga.post(f"/studio/people/{studio.vera.membership.id}/remove"),
        olga.post(f"/studio/people/invitations/{invitations(browser)[0].id}/cancel"),
    ]

    assert [each.status_code for each in answers] == [404, 404]
    assert rows(browser, Membership, Invitation) == before
    assert "sam@sunny.example" not in olga.get("/studio/people").text
    assert len(kept(browser, select(StaffSession))) == 2


def test_a_retailers_person_is_not_removed_by_a_vendor(browser: Browser, db: Session, studio: Studio) -> None:
    otto = make_person(db, Role.OWNER, name="Otto", retailer=studio.retailer)
    db.commit()

    response = browser.sign_in(*studio.vera).post(f"/studio/people/{otto.membership.id}/remove")

    assert response.status_code == 404
    assert works(browser, otto)
