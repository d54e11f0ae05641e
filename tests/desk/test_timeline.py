"""The timeline at the desk through HTTP: lanes, a moment, taking down, and what nobody else may see."""

import csv
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.clock import now
from qrmerch.content import publishing
from qrmerch.content.models import Publication, Revision
from qrmerch.content.weekly import read_weekly
from qrmerch.db import Database
from qrmerch.media.models import Asset
from qrmerch.media.rights import Rights, set_rights
from qrmerch.parties.queries import find_supply
from qrmerch.parties.service import end_supply
from qrmerch.web import Services
from tests.browsing import Browser
from tests.desk.house import House
from tests.factories import make_asset, make_item, make_person, make_retailer, make_revision, make_store, publish_page

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# A Sunday in December, one in the afternoon in New York.
SUNDAY = "day=2026-12-06&time=13:00"


@pytest.fixture
def live(db: Session, house: House) -> Publication:
    """The house's item with a page everywhere for long."""
    row = publish_page(db, house.item, slots={"story.lede": {"en": "The usual words."}})
    db.commit()
    return row


def on_sundays(db: Session, house: House) -> Revision:
    """A second revision that shows on Sunday afternoons in the house's store."""
    slots: dict[str, object] = {"story.lede": {"en": "The Sunday words."}}
    revision = make_revision(db, house.item, state="approved", slots=slots, at=now() - HOUR)
    weekly = read_weekly("Sun 12:00-18:00").weekly
    publishing.publish(db, revision, actor=None, at=now() - HOUR, store_ids=[house.store.id], weekly=weekly)
    db.commit()
    return revision


def test_each_scope_has_a_lane_with_its_stores_and_hours(
    browser: Browser, db: Session, house: House, live: Publication
) -> None:
    on_sundays(db, house)

    page = browser.sign_in(*house.people[Role.REVIEWER]).get("/desk/timeline").text

    assert page.count('class="lane"') == 2
    assert f"{house.store.short_name}, Sun 12:00-18:00" in page
    assert "All stores" in page and "Revision 1, no end" in page
    assert "1 item is live here" in page


def test_what_was_called_off_is_on_no_lane_and_what_was_ended_is_over(
    browser: Browser, db: Session, house: House, live: Publication
) -> None:
    planned = make_item(db, house.retailer, title="Winter Coat")
    coming = publish_page(db, planned, slots={"story.lede": {"en": "Soon."}}, from_at=now() + DAY)
    publishing.end(db, coming, actor=None, at=now())
    publishing.end(db, live, actor=None, at=now())
    db.commit()

    page = browser.sign_in(*house.mia).get("/desk/timeline").text

    assert "Winter Coat" not in page.partition('id="moment"')[0]
    assert page.count('class="lane"') == 1
    assert "1 of 1 item" in page
    assert "no end" not in page


def test_a_store_and_a_language_are_asked_for(browser: Browser, db: Session, house: House, live: Publication) -> None:
    on_sundays(db, house)
    other = make_store(db, house.retailer, short_name="Galleria")
    db.commit()

    page = browser.sign_in(*house.mia).get(f"/desk/timeline?store={other.id}").text

    assert page.count('class="lane"') == 1
    assert "Sun 12:00-18:00" not in page


def test_what_was_taken_down_is_told_with_its_reason(
    browser: Browser, db: Session, house: House, live: Publication
) -> None:
    publishing.take_down(db, house.item, reason="Recall of the blue stones", actor=None, at=now() - DAY)
    db.commit()

    page = browser.sign_in(*house.mia).get("/desk/timeline").text

    assert "is taken down in every store" in page
    assert "Taken down: Recall of the blue stones" in page


@pytest.mark.parametrize("first", ["", "soon", "0001-01-01", "9999-12-31", "2026-11-25"])
def test_any_first_day_makes_a_page(browser: Browser, house: House, live: Publication, first: str) -> None:
    assert browser.sign_in(*house.mia).get(f"/desk/timeline?from={first}").status_code == 200


def test_a_moment_to_come_is_said_and_shown(browser: Browser, db: Session, house: House, live: Publication) -> None:
    on_sundays(db, house)
    browser.sign_in(*house.mia)

    page = browser.get(f"/desk/timeline?item={house.item.id}&in={house.store.id}&{SUNDAY}").text
    elsewhere = browser.get(f"/desk/timeline?item={house.item.id}&in=&{SUNDAY}").text

    assert "<b>Revision 2.</b>" in page and "Sun 12:00-18:00" in page
    assert "at 18:00: revision 1." in page
    assert "<b>Revision 1.</b>" in elsewhere
    at = datetime(2026, 12, 6, 18, 0, tzinfo=UTC).isoformat().replace("+", "%2B")
    here = browser.get(f"/desk/timeline/page?item={house.item.id}&store={house.store.id}&at={at}")
    there = browser.get(f"/desk/timeline/page?item={house.item.id}&store=&at={at}")
    assert "The Sunday words." in here.text and "The usual words." in there.text
    assert "noindex" in here.headers["X-Robots-Tag"]


def test_what_was_published_within_a_minute_shows_in_it(browser: Browser, db: Session, house: House) -> None:
    published = datetime(2026, 11, 18, 17, 20, 40, tzinfo=UTC)
    publish_page(db, house.item, at=published)
    db.commit()
    browser.sign_in(*house.mia)

    before = browser.get(f"/desk/timeline?item={house.item.id}&in=&day=2026-11-18&time=12:19").text
    within = browser.get(f"/desk/timeline?item={house.item.id}&in=&day=2026-11-18&time=12:20").text

    assert "<b>The plain page.</b>" in before
    assert "<b>Revision 1.</b>" in within


def test_a_moment_says_what_is_blocked_and_why_nothing_shows(
    browser: Browser, db: Session, house: House, live: Publication
) -> None:
    picture: Asset = make_asset(db, house.vendor)
    revision = make_revision(db, house.item, state="approved", slots={"gallery.pictures": [picture.id]})
    publishing.publish(db, revision, actor=None, at=now() - HOUR)
    set_rights(picture, Rights(None, datetime(2026, 12, 1, tzinfo=UTC)))
    db.commit()
    browser.sign_in(*house.mia)
    address = f"/desk/timeline?item={house.item.id}&{SUNDAY}"

    blocked = browser.get(address).text
    supply = find_supply(db, house.retailer.id, house.vendor.id)
    assert supply is not None
    end_supply(db, supply, at=now())
    db.commit()
    suspended = browser.get(address).text

    assert "may not be shown then: what was approved before stands in." in blocked
    assert "<b>The plain page.</b> The vendor is suspended" in suspended


@pytest.mark.parametrize("asked", ["day=soon&time=13:00", "day=2026-12-06&time=noon", "day=9999-01-01&time=13:00"])
def test_a_moment_that_is_none_is_refused_in_a_sentence(
    browser: Browser, house: House, live: Publication, asked: str
) -> None:
    answer = browser.sign_in(*house.mia).get(f"/desk/timeline?item={house.item.id}&{asked}")

    assert answer.status_code == 422
    assert "This is no day and time." in answer.text


def test_a_page_comes_down_from_the_timeline_in_one_click(
    browser: Browser, database: Database, house: House, live: Publication
) -> None:
    browser.sign_in(*house.people[Role.REVIEWER])
    page = browser.get(f"/desk/timeline?item={house.item.id}&{SUNDAY}")

    answer = browser.send(page, action="/take-down", why="legal")

    assert answer.status_code == 303
    with database.read() as db:
        newest = db.scalars(select(Publication).order_by(Publication.created_at.desc()).limit(1)).one()
    assert (newest.revision_id, newest.reason) == (None, "Legal reason")


@pytest.mark.parametrize("place", ["/desk/items/{item}", "/desk/review/{revision}", "/desk/items/{item}/publications"])
def test_a_page_comes_down_from_wherever_it_is_looked_at(
    browser: Browser, database: Database, house: House, live: Publication, place: str
) -> None:
    browser.sign_in(*house.mia)
    page = browser.get(place.format(item=house.item.id, revision=live.revision_id))

    after = browser.follow(browser.send(page, action="/take-down", why="recall", reason="blue stones")).text

    assert "Recall: blue stones" in after
    assert 'name="why"' not in after


def test_the_lanes_are_a_file_too(browser: Browser, db: Session, house: House, live: Publication) -> None:
    on_sundays(db, house)

    answer = browser.sign_in(*house.mia).get("/desk/timeline.csv")

    rows = list(csv.reader(answer.text.lstrip("\ufeff").splitlines()))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert [row[1] for row in rows[-2:]] == ["All stores", f"{house.store.short_name}, Sun 12:00-18:00"]


def test_an_empty_timeline_says_what_to_do(browser: Browser, house: House) -> None:
    browser.sign_in(*house.mia)

    assert "Nothing is published in these weeks" in browser.get("/desk/timeline").text
    assert "Nothing like this in these weeks" in browser.get("/desk/timeline?find=sandal").text


def test_another_houses_items_and_stores_are_not_there(
    browser: Browser, db: Session, house: House, live: Publication
) -> None:
    foreign = make_retailer(db, name="Corvane")
    item, store = make_item(db, foreign), make_store(db, foreign)
    publish_page(db, item)
    otto = make_person(db, Role.OWNER, name="Otto", retailer=foreign)
    db.commit()

    browser.sign_in(*house.mia)
    at = now().isoformat().replace("+", "%2B")
    assert browser.get(f"/desk/timeline?item={item.id}").status_code == 404
    assert browser.get(f"/desk/timeline/page?item={item.id}&at={at}").status_code == 404
    assert store.short_name not in browser.get(f"/desk/timeline?store={store.id}").text
    assert browser.get("/desk/timeline/page?item={house.item.id}&at=tomorrow").status_code == 404
    assert house.item.title not in browser.another().sign_in(*otto).get("/desk/timeline").text


@pytest.mark.parametrize("role", [Role.ANALYST, Role.ASSOCIATE, Role.VENDOR_ADMIN])
def test_who_does_not_review_has_no_timeline(browser: Browser, house: House, role: Role) -> None:
    assert browser.sign_in(*house.people[role]).get("/desk/timeline").status_code == 404


def test_more_items_take_no_more_statements(
    browser: Browser, db: Session, services: Services, house: House, live: Publication
) -> None:
    sent: list[str] = []
    event.listen(services.database.engine, "before_cursor_execute", lambda *said: sent.append(said[2]))
    browser.sign_in(*house.mia)
    browser.get("/desk/timeline")
    counts = []
    for more in (0, 4):
        for _ in range(more):
            publish_page(db, make_item(db, house.retailer, vendor=house.vendor))
        db.commit()
        sent.clear()
        browser.get("/desk/timeline")
        counts.append(len(sent))

    assert counts[0] == counts[1]
