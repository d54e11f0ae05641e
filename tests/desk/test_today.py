"""The desk's first page: what waits for whom, and yesterday's numbers."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.queries import list_variants
from qrmerch.catalog.service import set_stock
from qrmerch.clock import now
from qrmerch.content import publishing
from qrmerch.content.watching import tell_blocked
from qrmerch.media.rights import Rights, set_rights
from qrmerch.scans.models import DayTotal
from tests.browsing import Browser
from tests.desk.house import House
from tests.factories import (
    make_asset,
    make_code,
    make_fixture,
    make_item,
    make_offer,
    make_revision,
    make_store,
    publish_page,
)

QUIET = "Nothing waits for you. Everything runs."


@pytest.fixture
def calm(db: Session, house: House) -> House:
    """The house with a page for its item, so that nothing waits."""
    publish_page(db, house.item)
    db.commit()
    return house


def count(db: Session, house: House, days_ago: int, kind: str, number: int, *, code_id: str = "") -> None:
    today = now().astimezone(ZoneInfo(house.retailer.time_zone)).date()
    db.add(
        DayTotal(
            retailer_id=house.retailer.id,
            on=today - timedelta(days=days_ago),
            kind=kind,
            store_id=house.store.id,
            fixture_id="",
            item_id=house.item.id,
            code_id=code_id,
            count=number,
        )
    )


def test_a_calm_day_says_so(browser: Browser, calm: House) -> None:
    page = browser.sign_in(*calm.mia).get("/desk").text

    assert QUIET in page and "Nothing waits." in page
    assert "Mia" in page


def test_revisions_wait_with_their_age(browser: Browser, db: Session, calm: House) -> None:
    late = make_item(db, calm.retailer, vendor=calm.vendor, title="Meridian 4 Running Shoe")
    make_revision(db, late, state="submitted", at=now() - timedelta(hours=5))
    make_revision(db, calm.item, state="submitted", at=now() - timedelta(minutes=5))
    db.commit()

    page = browser.sign_in(*calm.people[Role.REVIEWER]).get("/desk").text

    assert "Review 2 revisions" in page and "The oldest waits 5 h: Meridian 4 Running Shoe, Sunny Side." in page
    assert "About 5 min" in page and "One thing waits" in page


def test_one_revision_is_named_and_opened_at_once(browser: Browser, db: Session, calm: House) -> None:
    revision = make_revision(db, calm.item, state="submitted", at=now() - timedelta(days=3))
    db.commit()

    page = browser.sign_in(*calm.mia).get("/desk").text

    assert "Review Marigold Slouch Top" in page and "3 days ago" in page
    assert f'href="/desk/review/{revision.id}"' in page


def test_a_printed_code_nobody_scanned_waits(browser: Browser, db: Session, calm: House) -> None:
    code = make_code(db, calm.item, fixture=make_fixture(db, calm.store, name="Till queue"))
    code.printed_at = now() - timedelta(days=16)
    fresh = make_code(db, calm.item)
    fresh.printed_at = now() - timedelta(days=1)
    make_code(db, calm.item)
    db.commit()
    browser.sign_in(*calm.mia)

    page = browser.get("/desk").text

    assert "A code nobody has scanned" in page
    assert "Till queue, Riverside: Marigold Slouch Top, printed 16 days ago" in page
    count(db, calm, 2, "prefetch", 3, code_id=code.id)
    db.commit()
    assert "A code nobody has scanned" in browser.get("/desk").text, "a robot's look is no scan"
    count(db, calm, 2, "scan", 1, code_id=code.id)
    db.commit()
    assert QUIET in browser.get("/desk").text


def test_an_offer_that_ends_within_two_days_waits(browser: Browser, db: Session, calm: House) -> None:
    offer = make_offer(db, calm.item)
    offer.from_at, offer.until_at = now() - timedelta(days=1), now() + timedelta(hours=47)
    db.commit()
    browser.sign_in(*calm.mia)

    page = browser.get("/desk").text

    assert "ends soon" in page and 'href="/desk/offers"' in page
    for change in ({"until_at": now() + timedelta(days=3)}, {"is_paused": True, "until_at": now() + timedelta(1)}):
        for name, value in change.items():
            setattr(offer, name, value)
        db.commit()
        assert QUIET in browser.get("/desk").text


def test_items_without_a_page_wait_but_not_those_in_review(browser: Browser, db: Session, calm: House) -> None:
    make_item(db, calm.retailer, vendor=calm.vendor, title="Field Jacket")
    retired = make_item(db, calm.retailer, vendor=calm.vendor, title="Old Belt")
    retired.is_retired = True
    db.commit()
    browser.sign_in(*calm.mia)

    page = browser.get("/desk").text

    assert "Field Jacket has no page" in page and "Old Belt" not in page
    for title in ("Courier Bag", "Wool Scarf"):
        make_item(db, calm.retailer, vendor=calm.vendor, title=title)
    db.commit()
    page = browser.get("/desk").text
    assert "3 items without a page" in page and "Courier Bag, Field Jacket and 1 more show name" in page


def test_stock_older_than_its_limit_waits(browser: Browser, db: Session, calm: House) -> None:
    variant = list_variants(db, calm.item.id)[0]
    set_stock(db, variant, calm.store, 3, as_of=now() - timedelta(days=4))
    db.commit()
    browser.sign_in(*calm.mia)

    assert "Stock of Riverside is 4 days old" in browser.get("/desk").text
    set_stock(db, variant, calm.store, 3, as_of=now() - timedelta(hours=20))
    db.commit()
    assert QUIET in browser.get("/desk").text


def test_the_old_stock_of_many_stores_is_one_thing_that_waits(browser: Browser, db: Session, calm: House) -> None:
    variant = list_variants(db, calm.item.id)[0]
    for days in range(2, 6):
        set_stock(db, variant, make_store(db, calm.retailer), 3, as_of=now() - timedelta(days=days))
    db.commit()

    page = browser.sign_in(*calm.mia).get("/desk").text

    assert "Stock of 4 stores is up to 5 days old" in page
    assert "Shoppers are told to ask. The feed may have stopped." in page


def test_yesterday_stands_beside_the_same_day_a_week_before(browser: Browser, db: Session, calm: House) -> None:
    count(db, calm, 1, "scan", 231)
    count(db, calm, 8, "scan", 200)
    count(db, calm, 0, "scan", 42)
    count(db, calm, 1, "view", 3)
    db.commit()

    page = browser.sign_in(*calm.people[Role.ANALYST]).get("/desk").text

    assert "231" in page and "16 % more than a week before (200)." in page and "42 today" in page
    assert "None a week before." in page and "None a week before either." in page


def test_each_role_sees_what_it_can_act_on(browser: Browser, db: Session, house: House) -> None:
    make_revision(db, house.item, state="submitted")
    make_item(db, house.retailer, vendor=house.vendor, title="Field Jacket")
    count(db, house, 1, "scan", 12_345)
    db.commit()

    def page_of(role: Role) -> str:
        return browser.another().sign_in(*house.people[role]).get("/desk").text

    reviewer, analyst, owner = page_of(Role.REVIEWER), page_of(Role.ANALYST), page_of(Role.OWNER)
    assert "Review Marigold" in reviewer and "Field Jacket" not in reviewer and "12,345" not in reviewer
    assert QUIET in analyst and "12,345" in analyst
    assert "Review Marigold" in owner and "Field Jacket" in owner and "12,345" in owner


def test_a_page_that_lost_its_pictures_is_told_until_it_has_others(browser: Browser, db: Session, calm: House) -> None:
    picture = make_asset(db, calm.vendor)
    revision = make_revision(db, calm.item, state="approved", slots={"gallery.pictures": [picture.id]})
    publishing.publish(db, revision, actor=None, at=now() - timedelta(days=1))
    set_rights(picture, Rights(None, now() - timedelta(hours=1)))
    tell_blocked(db, [calm.item], at=now())
    db.commit()
    browser.sign_in(*calm.people[Role.REVIEWER])

    told = browser.get("/desk").text
    set_rights(picture, Rights(None, None))
    db.commit()

    assert "Marigold Slouch Top: pictures may not be shown any more" in told
    assert "What was approved before stands in." in told
    assert QUIET in browser.get("/desk").text
    assert QUIET in browser.another().sign_in(*calm.otto).get("/desk").text


def test_nobody_elses_house_waits_on_our_desk(browser: Browser, db: Session, house: House) -> None:
    make_revision(db, house.item, state="submitted")
    code = make_code(db, house.item)
    code.printed_at = now() - timedelta(days=9)
    count(db, house, 1, "scan", 12_345)
    db.commit()

    page = browser.sign_in(*house.otto).get("/desk").text

    assert QUIET in page and "12,345" not in page and house.item.title not in page


@pytest.mark.parametrize("role", [Role.ASSOCIATE, Role.VENDOR_ADMIN])
def test_who_does_not_work_at_the_desk_does_not_see_it(browser: Browser, house: House, role: Role) -> None:
    assert browser.sign_in(*house.people[role]).get("/desk").status_code == 404
