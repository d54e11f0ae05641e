"""The log at the desk: who did what, filtered, and whether it was changed afterwards."""

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from tests.browsing import Browser
from tests.conftest import NOON
from tests.desk.house import House, count_entries
from tests.factories import Doer


def record(db: Session, house: House, action: str = "item.retire", **more: object) -> None:
    doer = Doer(house.mia.user.id)
    subject = ("item", house.item.id)
    audit.record(db, doer, action, subject, at=NOON, retailer_id=house.retailer.id, detail=more or None)
    db.commit()


def test_an_entry_says_who_did_what_to_what(browser: Browser, db: Session, house: House) -> None:
    record(db, house, reason="Recalled", secret_id=house.item.id, digest="5133f7d6214b100cb")

    page = browser.sign_in(*house.olive).get("/desk/audit").text

    assert "Mia" in page and "Retired an item" in page and "reason Recalled" in page
    assert f'<a href="/desk/items/{house.item.id}">Marigold Slouch Top</a>' in page
    assert "5133f7d6214b100cb" not in page and f"secret id {house.item.id}" not in page


def test_entries_are_filtered_by_what_was_done(browser: Browser, db: Session, house: House) -> None:
    record(db, house)
    record(db, house, "store.close")
    browser.sign_in(*house.olive)

    page = browser.get("/desk/audit?action=store.close").text

    assert "1 of 1 entry" in page and ">Closed a store</span>" in page and ">Retired an item</span>" not in page
    assert "2 of 2 entries" in browser.get("/desk/audit?action=of.nothing").text


def test_many_entries_come_page_by_page_newest_first(browser: Browser, db: Session, house: House) -> None:
    for _ in range(52):
        record(db, house)
    browser.sign_in(*house.olive)

    first, second = browser.get("/desk/audit").text, browser.get("/desk/audit?page=2").text

    assert "50 of 52 entries" in first and "All 52 entries were checked" in first
    assert "2 of 52 entries" in second


def test_a_changed_entry_is_noticed(browser: Browser, db: Session, house: House) -> None:
    for _ in range(3):
        record(db, house)
    browser.sign_in(*house.olive)
    assert "All 3 entries were checked" in browser.get("/desk/audit").text

    db.execute(update(AuditEntry).where(AuditEntry.number == 2).values(action="item.unretire"))
    db.commit()

    assert "Entry 2 does not fit the one before it" in browser.get("/desk/audit").text


def test_an_entry_taken_out_is_noticed(browser: Browser, db: Session, house: House) -> None:
    for _ in range(3):
        record(db, house)
    db.execute(delete(AuditEntry).where(AuditEntry.number == 2))
    db.commit()

    page = browser.sign_in(*house.olive).get("/desk/audit").text

    assert "Entry 3 does not fit" in page or "Entry 2 does not fit" in page


def test_a_long_chain_is_checked_at_its_end_and_whole_when_asked(
    browser: Browser, db: Session, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qrmerch.desk.audit._CHECKED", 2)
    for _ in range(4):
        record(db, house)
    db.execute(update(AuditEntry).where(AuditEntry.number == 1).values(action="item.unretire"))
    db.commit()
    browser.sign_in(*house.olive)

    page = browser.get("/desk/audit").text

    assert "The newest 2 of 4 entries were checked" in page and "check=all" in page
    assert "Entry 1 does not fit" in browser.get("/desk/audit?check=all").text


def test_looking_changes_nothing(browser: Browser, db: Session, house: House) -> None:
    record(db, house)

    browser.sign_in(*house.olive).get("/desk/audit")

    assert count_entries(db, "item.retire") == 1


@pytest.mark.parametrize("role", [Role.MERCHANDISER, Role.REVIEWER, Role.ANALYST, Role.ASSOCIATE, Role.VENDOR_ADMIN])
def test_only_the_owner_reads_the_log(browser: Browser, house: House, role: Role) -> None:
    assert browser.sign_in(*house.people[role]).get("/desk/audit").status_code == 404


def test_otto_reads_his_own_log_only(browser: Browser, db: Session, house: House) -> None:
    record(db, house)

    page = browser.sign_in(*house.otto).get("/desk/audit").text

    assert "Nothing was done yet" in page and house.item.title not in page
