"""An event's page, from a scan to the calendar; before, while and after it is."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.codes import service as codes
from qrmerch.codes.models import Code
from qrmerch.db import Database
from qrmerch.occasions import service
from qrmerch.occasions.models import Occasion
from qrmerch.parties.models import Store
from qrmerch.parties.service import add_host
from qrmerch.rendering.occasion_page import render_occasion_page
from qrmerch.scans.line import SCAN
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_asset, make_occasion, make_retailer, make_store
from tests.landing.aisle import Aisle, hear, lines, make_aisle
from tests.occasions.test_calendar import lines_of

BEGINS, ENDS = "2030-05-01T18:00", "2030-05-01T21:00"


@pytest.fixture
def aisle(db: Session) -> Aisle:
    return make_aisle(db)


@pytest.fixture
def occasion(db: Session, aisle: Aisle) -> Occasion:
    """An event at Riverside, years from now."""
    made = make_occasion(db, aisle.store, begins=BEGINS, ends=ENDS)
    made.words = {"en": "Try it on.\nSomething cold to drink.", "ar": "تعال."}
    made.spot = {"en": "Upstairs"}
    db.commit()
    return made


@pytest.fixture
def code(db: Session, aisle: Aisle, occasion: Occasion) -> Code:
    made = codes.make_code(db, occasion, at=now(), store_id=aisle.store.id)
    db.commit()
    return made


def local(store: Store, clock: str) -> datetime:
    return datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(store.time_zone))


def html_at(db: Session, occasion: Occasion, store: Store | None, at: datetime) -> str:
    store_id = store.id if store else None
    return render_occasion_page(db, occasion_id=occasion.id, store_id=store_id, locale="en", at=at).html.decode()


def test_a_scan_says_what_when_and_where_and_is_counted_once(
    app: Flask, browser: Browser, aisle: Aisle, code: Code
) -> None:
    first, kept = browser.get(f"/q/{code.token}"), browser.get(f"/q/{code.token}")

    page = first.text
    assert first.data == kept.data and "Late night" in page
    assert "Wednesday, May 1, 6:00\u202fPM to 9:00\u202fPM" in page
    assert "Something cold to drink." in page and "Upstairs" in page
    assert f'href="/store/{aisle.store.public_id}?lang=en"' in page
    assert "Add to the calendar" in page and "This is over." not in page
    assert [(line.kind, line.subject) for line in lines(app)] == [(SCAN, code.token)] * 2


def test_the_calendar_has_the_hour_of_the_store(browser: Browser, aisle: Aisle, occasion: Occasion) -> None:
    answer = browser.get(f"/event/{occasion.public_id}/calendar.ics?at={aisle.store.public_id}&lang=en")

    told = lines_of(answer.data)
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="event.ics"'
    assert f"DTSTART;TZID={aisle.store.time_zone}:20300501T180000" in told
    assert "SUMMARY:Late night" in told and "DESCRIPTION:Try it on.\\nSomething cold to drink." in told
    assert any(line.startswith("LOCATION:") and line.endswith("Upstairs") for line in told)
    assert f"URL:http://localhost/event/{occasion.public_id}?at={aisle.store.public_id}&lang=en" in told


def test_before_while_and_after_by_the_clock_of_the_store(db: Session, aisle: Aisle, occasion: Occasion) -> None:
    begins, ends = local(aisle.store, BEGINS), local(aisle.store, ENDS)

    before = html_at(db, occasion, aisle.store, begins - timedelta(seconds=1))
    during = html_at(db, occasion, aisle.store, begins)
    after = html_at(db, occasion, aisle.store, ends)

    assert "An invitation" in before and "It is on now" not in before
    assert "It is on now" in during and "Add to the calendar" in during
    assert "This is over." in after and "Add to the calendar" not in after and "Upstairs" not in after
    assert "Here now" in after and "Marigold Slouch Top" in after


def test_the_kept_page_ends_when_the_event_begins_and_ends(db: Session, aisle: Aisle, occasion: Occasion) -> None:
    begins, ends = local(aisle.store, BEGINS), local(aisle.store, ENDS)

    def until(at: datetime) -> datetime:
        found = render_occasion_page(db, occasion_id=occasion.id, store_id=aisle.store.id, locale="en", at=at)
        return found.until

    assert until(begins - timedelta(minutes=5)) == begins
    assert until(begins) == ends


def test_one_that_is_over_says_what_comes_next(db: Session, aisle: Aisle, occasion: Occasion) -> None:
    harbor = make_store(db, aisle.retailer, short_name="Harbor")
    make_occasion(db, aisle.store, title="Next here", begins="2030-06-01T18:00", ends="2030-06-01T20:00")
    make_occasion(db, harbor, title="Elsewhere", begins="2030-06-01T18:00", ends="2030-06-01T20:00")
    over = local(aisle.store, ENDS)

    here, anywhere = html_at(db, occasion, aisle.store, over), html_at(db, occasion, None, over)

    assert "What comes next" in here and "Next here" in here and "Elsewhere" not in here
    assert "Next here" in anywhere and "Elsewhere" in anywhere and "Harbor" in anywhere


def test_in_several_stores_each_has_its_own_hour_and_file(
    browser: Browser, db: Session, aisle: Aisle, occasion: Occasion
) -> None:
    far = make_store(db, aisle.retailer, short_name="Far", time_zone="Asia/Riyadh")
    both = make_occasion(db, aisle.store, far, title="In both", begins=BEGINS, ends=ENDS)
    db.commit()

    page = browser.get(f"/event/{both.public_id}?lang=en").text
    file = browser.get(f"/event/{both.public_id}/calendar.ics?at={far.public_id}")

    assert page.count("calendar.ics?at=") == 2 and far.name in page
    assert "DTSTART;TZID=Asia/Riyadh:20300501T180000" in lines_of(file.data)
    elsewhere = make_store(db, aisle.retailer, short_name="Elsewhere")
    db.commit()
    assert browser.get(f"/event/{both.public_id}/calendar.ics?at={elsewhere.public_id}").status_code == 404
    assert far.name in browser.get(f"/event/{both.public_id}?at={elsewhere.public_id}").text


def test_changes_show_at_the_next_scan_and_what_is_taken_back_helps(
    app: Flask, browser: Browser, db: Session, aisle: Aisle, occasion: Occasion, code: Code
) -> None:
    browser.get(f"/q/{code.token}")
    said = service.Said(title={"en": "Later night"}, begins=BEGINS, ends="2030-05-02T01:00", store_ids=[aisle.store.id])

    service.change_occasion(db, aisle.retailer, occasion, said, at=now(), actor=None)
    db.commit()
    hear(app)
    changed = browser.get(f"/q/{code.token}").text
    service.take_back(db, occasion, at=now(), actor=None)
    db.commit()
    hear(app)
    gone = browser.get(f"/q/{code.token}")

    assert "Later night" in changed and "to Thursday, May 2" in changed
    assert gone.status_code == 200 and "This event is no longer here" in gone.text
    assert "Later night" not in gone.text and "Marigold Slouch Top" in gone.text
    assert browser.get(f"/event/{occasion.public_id}/calendar.ics").status_code == 404


def test_a_retired_code_says_so_and_shows_what_comes_next(
    app: Flask, browser: Browser, db: Session, aisle: Aisle, occasion: Occasion, code: Code
) -> None:
    make_occasion(db, aisle.store, title="Another night", begins="2031-05-01T18:00", ends="2031-05-01T20:00")
    codes.retire_code(db, code, at=now(), actor=None)
    db.commit()
    hear(app)

    page = browser.get(f"/q/{code.token}").text

    assert "Your code is still good: here is what comes next." in page and "Another night" in page
    assert "Late night" not in page


def test_a_picture_stands_above_it_and_another_language_has_its_words(
    browser: Browser, db: Session, aisle: Aisle, occasion: Occasion, code: Code
) -> None:
    service.set_picture(db, occasion, make_asset(db, aisle.vendor).id, at=now(), actor=None)
    db.commit()

    page = browser.get(f"/q/{code.token}", Accept_Language="ar").text

    assert '<div class="plate">' in page and 'dir="rtl"' in page and "تعال." in page and "أضف إلى التقويم" in page


def test_a_picture_that_is_still_being_made_is_looked_for_again_soon(
    database: Database, db: Session, aisle: Aisle, occasion: Occasion
) -> None:
    asset = make_asset(db, aisle.vendor)
    asset.state = type(asset.state)("checking")
    occasion.picture_id = asset.id
    db.flush()
    at = now()

    page = render_occasion_page(db, occasion_id=occasion.id, store_id=None, locale="en", at=at)

    assert page.until <= at + timedelta(seconds=1) and b'class="plate"' not in page.html


def test_another_houses_host_does_not_know_it(app: Flask, browser: Browser, db: Session, occasion: Occasion) -> None:
    other = make_retailer(db, slug="next-door")
    add_host(db, other, "nextdoor.example", is_primary=True, proven_at=NOON)
    db.commit()
    hear(app)

    assert browser.get(f"/event/{occasion.public_id}", Host="nextdoor.example").status_code == 404
    assert browser.get(f"/event/{occasion.public_id}/calendar.ics", Host="nextdoor.example").status_code == 404
    assert browser.get("/event/0000000000000000").status_code == 404
    assert browser.get("/event/0000000000000000/calendar.ics").status_code == 404
