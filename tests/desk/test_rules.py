"""The rules for approving, the terms for vendors, and messages at the desk, through HTTP."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.content.models import Notice, Reader
from qrmerch.content.notices import tell
from qrmerch.parties.models import Retailer, Supply
from qrmerch.parties.queries import find_supply
from tests.browsing import Browser
from tests.conftest import NOON
from tests.desk.house import House, again, seen
from tests.factories import make_template


def details(db: Session, action: str) -> list[dict[str, object]]:
    return seen(db, select(AuditEntry.detail).where(AuditEntry.action == action).order_by(AuditEntry.number))


def supply_of(db: Session, house: House) -> Supply:
    supply = find_supply(db, house.retailer.id, house.vendor.id)
    assert supply is not None
    return again(db, supply)


def test_an_owner_lets_people_approve_their_own_and_the_log_says_so(
    browser: Browser, db: Session, house: House
) -> None:
    browser.sign_in(*house.olive)

    page = browser.get("/desk/rules")
    answer = browser.send(page, action="/desk/rules/own")
    browser.post("/desk/rules/own", {"own": "1"})

    assert answer.status_code == 303 and again(db, house.retailer).allows_own_approval
    assert details(db, "review.own") == [{"before": {"own approval": False}, "after": {"own approval": True}}]
    assert browser.another().sign_in(*house.mia).post("/desk/rules/own", {"own": "0"}).status_code == 404
    assert again(db, house.retailer).allows_own_approval


@pytest.mark.parametrize(("typed", "hours"), [("24", 24), ("", 0), ("0", 0)])
def test_how_soon_is_answered_is_said_in_hours(
    browser: Browser, db: Session, house: House, typed: str, hours: int
) -> None:
    assert browser.sign_in(*house.mia).post("/desk/rules/answer", {"answer_hours": typed}).status_code == 303

    assert again(db, house.retailer).answer_hours == hours


@pytest.mark.parametrize("typed", ["soon", "-1", "1.5", "99999"])
def test_other_words_for_hours_come_back(browser: Browser, db: Session, house: House, typed: str) -> None:
    page = browser.sign_in(*house.mia).post("/desk/rules/answer", {"answer_hours": typed})

    assert page.status_code == 422 and f'value="{typed}"' in page.text
    assert again(db, house.retailer).answer_hours == 0


def test_terms_are_written_by_language_and_count_up(browser: Browser, db: Session, house: House) -> None:
    house.retailer.locales = ["en", "ar"]
    db.commit()
    browser.sign_in(*house.mia)

    first = browser.post("/desk/rules/terms", {"terms.en": "Be honest.", "terms.ar": "كن صادقا"})
    browser.post("/desk/rules/terms", {"terms.en": "Be honest. ", "terms.ar": "كن صادقا"})
    assert first.status_code == 303
    assert again(db, house.retailer).terms_number == 1
    browser.post("/desk/rules/terms", {"terms.en": "Be honest and quick."})

    kept = again(db, house.retailer)
    assert (kept.terms_number, kept.vendor_terms) == (2, {"en": "Be honest and quick."})
    assert details(db, "terms.set")[1]["before"] == {"en": "Be honest.", "ar": "كن صادقا"}
    missing = browser.post("/desk/rules/terms", {"terms.ar": "كن صادقا"})
    assert missing.status_code == 422 and "Write them in English too" in missing.text and "كن صادقا" in missing.text
    assert browser.post("/desk/rules/terms", {"terms.en": "x" * 8001}).status_code == 422


def test_small_changes_are_let_through_by_vendor_and_slot(browser: Browser, db: Session, house: House) -> None:
    make_template(db, house.retailer)
    db.commit()
    browser.sign_in(*house.mia)
    address = f"/desk/vendors/{house.vendor.id}/rules"

    wrong = browser.post(address, {"small": "1", "max_chars": "200", "slots": ["gallery.pictures"]})
    assert (
        wrong.status_code == 422 and "A whole number from 1 to 80" in wrong.text and "Choose at least one" in wrong.text
    )
    assert supply_of(db, house).rules == {}
    form = {"small": "1", "max_chars": "40", "slots": ["story.lede", "care.text"]}
    assert browser.post(address, form).status_code == 303
    assert supply_of(db, house).rules == {"small": True, "max_chars": 40, "slots": ["story.lede", "care.text"]}
    assert "Words up to 40 characters" in browser.get("/desk/rules").text
    browser.post(address, {"max_chars": "40"})
    assert supply_of(db, house).rules == {}
    assert len(details(db, "vendor.rules")) == 2


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ANALYST, Role.ASSOCIATE, Role.VENDOR_ADMIN])
def test_nobody_else_makes_rules(browser: Browser, db: Session, house: House, role: Role) -> None:
    browser.sign_in(*house.people[role])

    assert browser.get("/desk/rules").status_code == 404
    for address in ("own", "answer", "terms"):
        assert browser.post(f"/desk/rules/{address}", {"own": "1", "terms.en": "x"}).status_code == 404
    assert browser.post(f"/desk/vendors/{house.vendor.id}/rules", {"small": "1"}).status_code == 404
    assert not again(db, house.retailer).allows_own_approval


def test_the_house_next_door_changes_its_own_only(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.otto)

    browser.post("/desk/rules/own", {"own": "1"})
    assert browser.post(f"/desk/vendors/{house.vendor.id}/rules", {"small": "1"}).status_code == 404

    assert not again(db, house.retailer).allows_own_approval
    assert again(db, db.get_one(Retailer, house.other.id)).allows_own_approval


def test_messages_are_unread_until_opened_or_marked(browser: Browser, db: Session, house: House) -> None:
    one = tell(db, "sent", house.item, reader=Reader.RETAILER, at=NOON)
    tell(db, "blocked", house.item, reader=Reader.RETAILER, at=NOON, detail={"slot": "Pictures"})
    tell(db, "down", house.item, reader=Reader.VENDOR, at=NOON)
    db.commit()
    browser.sign_in(*house.people[Role.REVIEWER])

    page = browser.get("/desk/messages")
    assert "2 are unread" in page.text and "Sunny Side sent Marigold Slouch Top" in page.text
    assert "took" not in page.text, "the vendor’s message is the vendor’s"
    assert browser.get("/desk/messages").text.count("Unread: ") == 2, "looking marks nothing"
    assert browser.post(f"/desk/messages/{one.id}/open").headers["Location"].startswith("/desk/items/")
    assert "One is unread" in browser.get("/desk/messages").text
    browser.send(browser.get("/desk/messages"), action="/desk/messages/read")
    assert "All are read" in browser.get("/desk/messages").text
    assert len(seen(db, select(Notice.id).where(Notice.read_at.is_(None)))) == 1


def test_a_message_of_another_house_is_not_there(browser: Browser, db: Session, house: House) -> None:
    one = tell(db, "sent", house.item, reader=Reader.RETAILER, at=NOON)
    vendors = tell(db, "down", house.item, reader=Reader.VENDOR, at=NOON)
    db.commit()

    assert browser.sign_in(*house.otto).post(f"/desk/messages/{one.id}/open").status_code == 404
    own = browser.another().sign_in(*house.mia)
    assert own.post(f"/desk/messages/{vendors.id}/open").status_code == 404
    theirs = browser.another().sign_in(*house.people[Role.VENDOR_ADMIN])
    assert theirs.post(f"/studio/messages/{one.id}/open").status_code == 404
    assert theirs.post(f"/studio/messages/{vendors.id}/open").status_code == 303
    assert theirs.get("/desk/messages").status_code == 404
