"""How a retailer measures: an owner says it, the log keeps it, and a phone of the house counts for nothing."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.audit import AuditEntry
from qrmerch.db import Database
from qrmerch.parties.models import Measurement, Retailer
from tests.browsing import Browser
from tests.desk.house import House
from tests.landing.aisle import hear, scan_path


def mode_of(database: Database, house: House) -> Measurement:
    with database.read() as db:
        return db.scalars(select(Retailer.measurement).where(Retailer.id == house.retailer.id)).one()


@pytest.mark.parametrize("mode", [Measurement.COUNTS, Measurement.ESTIMATE, Measurement.CONSENTED])
def test_an_owner_says_what_scans_keep_and_every_worker_hears_it(
    app: Flask, browser: Browser, house: House, database: Database, mode: Measurement
) -> None:
    hear(app)
    browser.sign_in(*house.olive)

    answer = browser.send(browser.get("/desk/measuring"), action="/desk/measuring", mode=mode.value)
    hear(app)

    assert answer.status_code == 303 and mode_of(database, house) is mode
    known = scan_path(app).codes.retailers[house.retailer.id]
    assert (known.has_visits, known.is_estimated) == (mode is not Measurement.COUNTS, mode is Measurement.ESTIMATE)
    assert known.is_consented is (mode is Measurement.CONSENTED)
    with database.read() as db:
        entry = db.scalars(select(AuditEntry).where(AuditEntry.action == "measuring.mode")).one()
    assert mode.value in str(entry.detail) and "visits" in str(entry.detail)


def test_the_same_again_changes_nothing(browser: Browser, house: House, database: Database) -> None:
    browser.sign_in(*house.olive)

    browser.post("/desk/measuring", {"mode": "visits"})

    with database.read() as db:
        assert not db.scalars(select(AuditEntry).where(AuditEntry.action == "measuring.mode")).all()


@pytest.mark.parametrize("mode", ["", "everything", "consent", "COUNTS"])
def test_what_is_no_way_of_measuring_is_refused(browser: Browser, house: House, database: Database, mode: str) -> None:
    browser.sign_in(*house.olive)

    answer = browser.post("/desk/measuring", {"mode": mode})

    assert answer.status_code == 422 and "Choose one of the four." in answer.text
    assert mode_of(database, house) is Measurement.VISITS


def test_who_is_no_owner_reads_it_and_cannot_change_it(browser: Browser, house: House, database: Database) -> None:
    browser.sign_in(*house.mia)

    page = browser.get("/desk/measuring").text

    assert "An owner changes this." in page and 'name="mode"' not in page
    assert browser.post("/desk/measuring", {"mode": "counts"}).status_code == 404
    assert mode_of(database, house) is Measurement.VISITS


def test_a_phone_is_marked_and_counts_again(browser: Browser, house: House, db: Session) -> None:
    browser.sign_in(*house.mia)

    marked = browser.follow(browser.send(browser.get("/desk/measuring"), action="/desk/measuring/phone", test="1"))
    is_marked = "qt" in browser.cookies()
    browser.send(marked, action="/desk/measuring/phone", test="0")

    assert is_marked and "It counts for nothing, signed in or not." in marked.text
    assert "qt" not in browser.cookies()
