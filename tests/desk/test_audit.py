"""The log at the desk: who did what, filtered, and whether it was changed afterwards."""

import csv
import io
import re
from datetime import timedelta

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
from tests.tampering import allow_tampering


def record(db: Session, house: House, action: str = "item.retire", **more: object) -> None:
    doer = Doer(house.mia.user.id)
    subject = ("item", house.item.id)
    audit.record(db, doer, action, subject, at=NOON, retailer_id=house.retailer.id, detail=more or None)
    db.commit()


def test_the_rule_that_let_a_page_through_is_said_in_words(browser: Browser, db: Session, house: House) -> None:
    record(db, house, "content.approve", rule="trusted")

    page = browser.sign_in(*house.olive).get("/desk/audit").text

    assert "as the vendor is trusted" in page
    assert "rule trusted" not in page


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

    allow_tampering(db)
    db.execute(update(AuditEntry).where(AuditEntry.number == 2).values(action="item.unretire"))
    db.commit()

    assert "Entry 2 does not fit the one before it" in browser.get("/desk/audit").text


def test_an_entry_taken_out_is_noticed(browser: Browser, db: Session, house: House) -> None:
    for _ in range(3):
        record(db, house)
    allow_tampering(db)
    db.execute(delete(AuditEntry).where(AuditEntry.number == 2))
    db.commit()

    page = browser.sign_in(*house.olive).get("/desk/audit").text

    assert "Entry 2 does not fit" in page


def test_entries_cut_off_the_end_are_noticed(browser: Browser, db: Session, house: House) -> None:
    for _ in range(3):
        record(db, house)
    allow_tampering(db)
    db.execute(delete(AuditEntry).where(AuditEntry.number == 3))
    db.commit()

    assert "Entries are missing at the end, from 3 on" in browser.sign_in(*house.olive).get("/desk/audit").text


def test_entries_are_filtered_by_person_thing_and_day(browser: Browser, db: Session, house: House) -> None:
    record(db, house, reason="Recalled")
    other = Doer(house.people[Role.REVIEWER].user.id)
    later = NOON + timedelta(days=2)
    audit.record(db, other, "store.close", ("store", house.store.id), at=later, retailer_id=house.retailer.id)
    db.commit()
    browser.sign_in(*house.olive)

    def said(query: str) -> str:
        found = re.search(r"\d+ of \d+ entr\w+", browser.get(f"/desk/audit?{query}").text)
        return found[0] if found else "Nothing fits"

    assert said("") == "2 of 2 entries"
    assert said(f"person=user:{house.mia.user.id}") == "1 of 1 entry"
    assert said("kind=store") == "1 of 1 entry"
    assert said(f"kind=item&subject={house.item.id}") == "1 of 1 entry"
    assert said("since=2026-11-19") == "1 of 1 entry"
    assert said("until=2026-11-18") == "1 of 1 entry"
    assert said("since=2026-11-19&until=2026-11-19") == "Nothing fits"
    assert "It ends before it begins" in browser.get("/desk/audit?since=2026-11-20&until=2026-11-19").text
    assert "is no day" in browser.get("/desk/audit?since=tomorrow").text


def test_what_is_filtered_is_handed_out_as_csv_with_both_sides(browser: Browser, db: Session, house: House) -> None:
    record(db, house, **audit.changes({"name": "=1+1"}, {"name": "Marigold"}))
    record(db, house, "store.close")
    browser.sign_in(*house.olive)

    page = browser.get("/desk/audit?action=item.retire")
    answer = browser.get("/desk/audit/export?action=item.retire")

    assert "/desk/audit/export?action=item.retire" in page.text and "name from =1+1 to Marigold" in page.text
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert answer.mimetype == "text/csv" and len(rows) == 4
    line = dict(zip(rows[2], rows[3], strict=True))
    assert (line["Who"], line["What"], line["Of what"]) == ("Mia", "Retired an item", "Marigold Slouch Top")
    assert line["Before"] == '{"name": "=1+1"}' and line["After"] == '{"name": "Marigold"}'
    assert browser.another().sign_in(*house.mia).get("/desk/audit/export").status_code == 404


def test_a_long_chain_is_checked_at_its_end_and_whole_when_asked(
    browser: Browser, db: Session, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qrmerch.desk.audit._CHECKED", 2)
    for _ in range(4):
        record(db, house)
    allow_tampering(db)
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
