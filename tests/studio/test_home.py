"""The vendor's first page: what waits, in order; how items stand; own scans and nobody else's."""

from datetime import timedelta

from sqlalchemy import event
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.content.watching import tell_blocked
from qrmerch.imports import service as imports
from qrmerch.imports.models import RunState
from qrmerch.jobs import Work
from qrmerch.media.models import AssetState
from qrmerch.media.rights import Rights, set_rights
from qrmerch.web import Services
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import (
    make_asset,
    make_item,
    make_person,
    make_product,
    make_retailer,
    make_revision,
    make_vendor,
    publish_page,
)
from tests.imports.sheets import csv_of, top
from tests.imports.taking_in import send
from tests.studio.people import end_supply, make_studio, scan


def row_of(page: str, title: str) -> str:
    """The table row of an item."""
    table = page.partition("Your items at")[2]
    return next(row for row in table.split("<tr") if f">{title}</a>" in row)


def test_a_page_that_lost_its_pictures_is_told_first(browser: Browser, db: Session) -> None:
    studio = make_studio(db)
    item = make_item(db, studio.retailer, vendor=studio.vendor, title="Top")
    picture = make_asset(db, studio.vendor)
    publish_page(db, item, slots={"gallery.pictures": [picture.id]})
    set_rights(picture, Rights(None, NOON - timedelta(days=300)))
    tell_blocked(db, [item], at=NOON)
    db.commit()

    page = browser.sign_in(*studio.vera).get("/studio").text

    assert "Top: pictures may not be shown any more" in page.split("<h3>")[1]
    assert "The page shows without; nothing from before can stand in." in page


def test_somebody_new_is_led_to_the_first_file(browser: Browser, db: Session) -> None:
    nora = make_person(db, Role.VENDOR_EDITOR, name="Nora Day", vendor=make_vendor(db))
    db.commit()

    page = browser.sign_in(*nora).get("/studio").text

    assert ", Nora</h1>" in page
    assert "One file with your items is enough to begin." in page
    assert 'href="/studio/import"' in page
    assert "No retailer works with you yet" in page


def test_what_waits_stands_most_pressing_first(browser: Browser, db: Session) -> None:
    studio = make_studio(db)
    items = {
        name: make_item(db, studio.retailer, vendor=studio.vendor, title=name) for name in ("Top", "Cap", "Bag", "Belt")
    }
    make_product(db, studio.vendor, title="Loose")
    make_revision(db, items["Top"], state="returned")
    make_revision(db, items["Cap"])
    make_asset(db, studio.vendor, alt={})
    refused = make_asset(db, studio.vendor, state=AssetState.REFUSED, file_name="broken.jpg")
    refused.problem = "It cannot be read to its end."
    db.commit()

    page = browser.sign_in(*studio.vera).get("/studio").text

    page = page.partition('id="next"')[2].partition("</section>")[0]
    titles = [part.partition("</a>")[0].rpartition(">")[2] for part in page.split("<h3>")[1:]]
    assert titles == [
        "Answer 1 comment on Top",
        "Send broken.jpg again",
        "Say what 1 picture shows",
        "Finish Cap",
        "Fill in the page of Bag",
        "Offer 1 product to a retailer",
    ]
    assert "It cannot be read to its end." in page
    assert "and 1 more after it" in page


def test_items_stand_with_their_state_and_what_is_next(browser: Browser, db: Session) -> None:
    studio = make_studio(db)
    live = make_item(db, studio.retailer, vendor=studio.vendor, title="Live Top")
    publish_page(db, live)
    again = make_item(db, studio.retailer, vendor=studio.vendor, title="Cap again")
    publish_page(db, again)
    make_revision(db, again, state="returned")
    make_revision(db, make_item(db, studio.retailer, vendor=studio.vendor, title="Sent Bag"), state="submitted")
    make_item(db, studio.retailer, vendor=studio.vendor, title="Bare Belt")
    db.commit()

    page = browser.sign_in(*studio.vera).get("/studio").text

    assert "4 items at retailers: 1 live, 1 in review, 1 returned, 1 not begun." in page
    assert "2 of 4 live." in page
    assert ">Live</span>" in row_of(page, "Live Top")
    assert "an earlier one is live" in row_of(page, "Cap again")
    assert ">In review</span>" in row_of(page, "Sent Bag")
    assert "Fill in the page" in row_of(page, "Bare Belt")


def test_scans_of_28_days_are_told_from_five_on(browser: Browser, db: Session) -> None:
    studio = make_studio(db)
    often, five, four, old = (
        make_item(db, studio.retailer, vendor=studio.vendor, title=title) for title in ("Often", "Five", "Four", "Old")
    )
    scan(db, often, 1200)
    scan(db, often, 34, days_ago=27)
    scan(db, five, 5, days_ago=3)
    scan(db, four, 4)
    scan(db, four, 90, kind="bot")
    scan(db, old, 500, days_ago=28)
    db.commit()

    page = browser.sign_in(*studio.vera).get("/studio").text

    assert "Often was scanned most in the last 28 days: 1,234 times." in page
    assert ">1,234</td>" in row_of(page, "Often")
    assert ">5</td>" in row_of(page, "Five")
    assert ">fewer than 5</td>" in row_of(page, "Four")
    assert ">fewer than 5</td>" in row_of(page, "Old")


def test_sec_c07_another_vendors_scans_are_told_to_nobody_else(browser: Browser, db: Session) -> None:
    studio = make_studio(db)
    make_item(db, studio.retailer, vendor=studio.vendor, title="Vera's Top")
    scan(db, make_item(db, studio.retailer, vendor=studio.other, title="Olga's Sandal"), 7777)
    db.commit()

    page = browser.sign_in(*studio.vera).get("/studio").text

    assert "7,777" not in page
    assert "Olga" not in page
    assert "No item was scanned 5 times in the last 28 days." in page


def test_a_file_under_way_is_shown_and_the_page_looks_again(browser: Browser, db: Session, work: Work) -> None:
    studio = make_studio(db)
    make_product(db, studio.vendor)
    run = send(db, studio.vendor, csv_of(top()), work.settings)
    imports.start(db, run, at=NOON)
    db.commit()

    page = browser.sign_in(*studio.vera).get("/studio").text

    assert run.state == RunState.COMMITTING
    assert "0 of 1 item so far" in page
    assert 'data-again="5"' in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page


def test_a_retailer_one_no_longer_supplies_is_gone_with_its_items(browser: Browser, db: Session) -> None:
    studio = make_studio(db)
    scan(db, make_item(db, studio.retailer, vendor=studio.vendor, title="Marigold Top"), 50)
    end_supply(db, studio)
    db.commit()

    page = browser.sign_in(*studio.vera).get("/studio").text

    assert "Fashiontown" not in page
    assert "Your items at" not in page
    assert "Offer 1 product to a retailer" in page


def test_the_studio_is_for_vendors(browser: Browser, db: Session) -> None:
    retailer = make_retailer(db)
    mia = make_person(db, Role.MERCHANDISER, name="Mia", retailer=retailer)
    db.commit()

    assert browser.get("/studio").status_code == 303
    assert browser.sign_in(*mia).get("/studio").status_code == 404


def test_many_items_cost_no_more_statements_than_few(browser: Browser, db: Session) -> None:
    studio = make_studio(db)
    services: Services = browser.app.extensions["qrmerch"]
    sent: list[str] = []
    event.listen(services.database.engine, "before_cursor_execute", lambda *said: sent.append(said[2]))
    db.commit()
    browser.sign_in(*studio.vera)
    counts = []
    for size in (2, 12):
        for number in range(size):
            make_revision(db, make_item(db, studio.retailer, vendor=studio.vendor, title=f"Top {size}-{number}"))
        db.commit()
        sent.clear()
        browser.get("/studio")
        counts.append(len(sent))

    assert counts[0] == counts[1]
