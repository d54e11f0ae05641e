"""A vendor's first hour: from the terms to the first approved page, step by step, and then never again."""

import re
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.content import drafts, reviewing
from qrmerch.content.models import Revision, RevisionState
from qrmerch.parties.models import Retailer, SupplyTerms, Vendor
from qrmerch.parties.terms import TermsNotAgreed, set_terms
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import (
    Doer,
    Person,
    make_item,
    make_person,
    make_retailer,
    make_revision,
    make_template,
    make_vendor,
)


@dataclass
class First:
    """A vendor that was asked in by a retailer with terms."""

    retailer: Retailer
    vendor: Vendor
    anna: Person


@pytest.fixture
def first(db: Session) -> First:
    retailer = make_retailer(db, name="Fashiontown", locales=["en", "ar"])
    make_template(db, retailer)
    set_terms(db, retailer, {"en": "Be honest.", "ar": "كن صادقا"}, actor=Doer("olive"), at=NOON)
    vendor = make_vendor(db, retailer, name="Sunny Side")
    anna = make_person(db, Role.VENDOR_ADMIN, name="Anna", vendor=vendor)
    db.commit()
    return First(retailer, vendor, anna)


def steps(browser: Browser) -> tuple[list[str], list[str]]:
    """Titles of the steps that are done, and of those that are not."""
    page = browser.get("/studio").text
    part = page.partition("Begin with Fashiontown")[2].partition("</section>")[0]
    titles = [re.sub("<[^>]+>", "", each.partition("</h3>")[0]) for each in part.split("<h3>")[1:]]
    done = [each.removeprefix("Done: ") for each in titles if each.startswith("Done: ")]
    return done, [each for each in titles if not each.startswith("Done: ")]


def test_the_steps_are_done_one_after_another_and_go_away(first: First, db: Session, browser: Browser) -> None:
    browser.sign_in(*first.anna)
    rest = ["Agree to the terms", "Look at the brand", "Import your items", "Send the first page", "Have it approved"]
    assert steps(browser) == (["Come in"], rest)

    page = browser.get(f"/studio/retailers/{first.retailer.id}")
    assert "Be honest." in page.text and "كن صادقا" in page.text and 'dir="rtl"' in page.text
    assert browser.send(page, action="/begin", agree="1").status_code == 303
    assert steps(browser)[1] == rest[2:]

    item = make_item(db, first.retailer, vendor=first.vendor)
    db.commit()
    assert steps(browser)[1] == rest[3:]

    revision = make_revision(db, item, state="submitted", author=first.anna)
    db.commit()
    assert steps(browser)[1] == rest[4:]

    rob = make_person(db, Role.REVIEWER, retailer=first.retailer)
    reviewing.approve(db, revision, digest=str(revision.digest), reviewer=Doer(rob.user.id), at=NOON)
    db.commit()
    assert "Begin with Fashiontown" not in browser.get("/studio").text


def test_no_page_is_sent_before_the_terms_are_agreed_and_the_draft_stays(
    first: First, db: Session, browser: Browser
) -> None:
    item = make_item(db, first.retailer, vendor=first.vendor)
    draft = make_revision(db, item, author=first.anna)
    db.commit()
    browser.sign_in(*first.anna)
    address, begin = f"/studio/content/{draft.content_id}", f"/studio/retailers/{first.retailer.id}/begin"

    page = browser.send(browser.get(address), action=address, do="submit")

    assert page.status_code == 422 and "Agree to the terms of Fashiontown first" in page.text
    with pytest.raises(TermsNotAgreed):
        drafts.submit(db, db.get_one(Revision, draft.id, populate_existing=True), author_id=first.anna.user.id, at=NOON)
    db.rollback()
    assert db.get_one(Revision, draft.id, populate_existing=True).state == RevisionState.DRAFT
    db.commit()
    browser.post(begin, {"agree": "1", "terms": "1"})
    assert browser.send(browser.get(address), action=address, do="submit").status_code == 303


def test_agreeing_takes_the_tick_and_the_terms_that_were_read(first: First, db: Session, browser: Browser) -> None:
    browser.sign_in(*first.anna)
    address = f"/studio/retailers/{first.retailer.id}/begin"

    assert browser.post(address, {"terms": "1"}).status_code == 422
    assert browser.post(address, {"terms": "x", "agree": "1"}).status_code == 422
    set_terms(db, first.retailer, {"en": "Be quick."}, actor=Doer("olive"), at=NOON)
    db.commit()
    assert "Read them again" in browser.post(address, {"terms": "1", "agree": "1"}).text
    assert db.scalar(select(func.count()).select_from(SupplyTerms)) == 0
    db.commit()
    assert browser.post(address, {"terms": "2", "agree": "1"}).status_code == 303
    assert browser.post(address, {"terms": "2", "agree": "1"}).status_code == 303
    rows = list(db.scalars(select(SupplyTerms)))
    assert [(each.number, each.accepted_by) for each in rows] == [(2, first.anna.user.id)]
    agreed = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "terms.agree")
    assert db.scalar(agreed) == 1


def test_new_terms_are_asked_of_those_who_are_through(first: First, db: Session, browser: Browser) -> None:
    browser.sign_in(*first.anna)
    browser.post(f"/studio/retailers/{first.retailer.id}/begin", {"agree": "1", "terms": "1"})
    make_revision(db, make_item(db, first.retailer, vendor=first.vendor), state="approved", author=first.anna)
    set_terms(db, first.retailer, {"en": "Be quick."}, actor=Doer("olive"), at=NOON)
    db.commit()

    assert "Agree to the terms of Fashiontown" in browser.get("/studio").text


def test_what_a_page_asks_for_is_said_in_its_own_units(first: First, browser: Browser) -> None:
    browser.sign_in(first.anna.user, first.anna.membership)

    page = browser.get(f"/studio/retailers/{first.retailer.id}").text

    asked = dict(re.findall("<dt>([^<]+)</dt><dd>([^<]+)</dd>", page))
    assert asked["Pictures"] == "needed, 1 to 6 pictures, at least 390 × 390 pixels"
    assert asked["One line"] == "needed, at most 80 characters"
    assert asked["Film"] == "if you like, one film, at most 3:00 long"
    assert asked["More facts"] == "if you like, at most 12 rows"
    assert asked["Fit"] == "if you like, one of their list: Runs small, True to size, Runs large"
    assert asked["Files"] == "if you like, at most 6 rows, on their own pages"
    assert asked["Selling points"] == "if you like, at most 400 characters, only associates read it"


def test_a_retailer_one_does_not_supply_is_not_there(first: First, db: Session, browser: Browser) -> None:
    other = make_retailer(db, name="Next Door")
    db.commit()
    browser.sign_in(*first.anna)

    assert browser.get(f"/studio/retailers/{other.id}").status_code == 404
    assert browser.post(f"/studio/retailers/{other.id}/begin", {"agree": "1", "terms": "0"}).status_code == 404
    owner = make_person(db, Role.OWNER, retailer=first.retailer)
    db.commit()
    desk = browser.another().sign_in(*owner)
    assert desk.get(f"/studio/retailers/{first.retailer.id}").status_code == 404


def test_a_rejected_page_is_to_be_written_anew(first: First, db: Session, browser: Browser) -> None:
    browser.sign_in(*first.anna)
    browser.post(f"/studio/retailers/{first.retailer.id}/begin", {"agree": "1", "terms": "1"})
    item = make_item(db, first.retailer, vendor=first.vendor, title="Marigold Top")
    revision = make_revision(db, item, state="submitted", author=first.anna)
    rob = make_person(db, Role.REVIEWER, retailer=first.retailer)
    reviewing.reject(db, revision, digest=str(revision.digest), reason="Not ours", reviewer=Doer(rob.user.id), at=NOON)
    db.commit()

    page = browser.get("/studio").text

    assert "Write another page of Marigold Top" in page and "1 rejected" in page
    assert "Fashiontown rejected the page of Marigold Top" in page and "One message is unread" in page
    assert "Not ours" in browser.get(f"/studio/content/{revision.content_id}").text


def test_a_shops_own_range_agrees_to_nothing(first: First, db: Session) -> None:
    house = db.scalars(select(Vendor).where(Vendor.is_house)).first()
    assert house is not None

    revision = make_revision(db, make_item(db, first.retailer, vendor=house), state="submitted")

    assert revision.state == RevisionState.SUBMITTED
