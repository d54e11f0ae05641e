"""One tap: noted without anything of who tapped, thanked for where it was tapped."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.service import retire_item
from qrmerch.clock import now
from qrmerch.content.models import Style
from qrmerch.reviews.models import Answer
from tests.browsing import Browser
from tests.factories import make_item, make_retailer, make_template, publish_page
from tests.landing.aisle import Aisle, lines, make_aisle


def answers(db: Session) -> list[Answer]:
    found = list(db.scalars(select(Answer).execution_options(populate_existing=True)))
    db.commit()
    return found


def tap(aisle: Aisle) -> str:
    return f"/i/{aisle.top.public_id}/answer"


def test_a_tap_is_noted_and_thanked_without_script(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    page = browser.get(aisle.printed)
    answer = browser.send(page, action="/answer", helped="partly")

    (noted,) = answers(db)
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("#tapped")
    assert (noted.answer, noted.item_id, noted.store_id) == ("partly", aisle.top.id, aisle.store.id)
    assert browser.cookies() == []
    assert 'id="tapped">Thank you. Riverside reads these.' in page.text
    assert 'data-tap="Thank you. Riverside reads these."' in page.text


def test_a_script_is_told_that_it_arrived(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    answer = browser.post(tap(aisle), {"helped": "yes"}, Accept="application/json")

    assert answer.status_code == 200
    assert answer.json == {"thanks": True}
    assert [each.answer for each in answers(db)] == ["yes"]


def test_a_tap_is_no_scan(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    browser.get(aisle.printed)
    before = len(lines(browser.app))

    browser.post(tap(aisle), {"helped": "no"})

    assert len(lines(browser.app)) == before


@pytest.mark.parametrize("said", ["", "maybe", "yes' OR 1", "YES"])
def test_another_answer_than_the_three_is_none(said: str, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    assert browser.post(tap(aisle), {"helped": said}).status_code == 404
    assert answers(db) == []


def test_a_page_that_does_not_ask_takes_no_answer(browser: Browser, db: Session) -> None:
    retailer = make_retailer(db)
    item = make_item(db, retailer)
    publish_page(db, item, template=make_template(db, retailer, style=Style.QUIET))
    db.commit()

    assert browser.post(f"/i/{item.public_id}/answer", {"helped": "yes"}).status_code == 404
    assert answers(db) == []


def test_an_item_that_is_no_longer_sold_takes_no_answer(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    retire_item(db, aisle.top, at=now())
    db.commit()

    assert browser.post(tap(aisle), {"helped": "yes"}).status_code == 404
    assert answers(db) == []


def test_a_network_that_taps_without_end_is_slowed(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    said = [browser.post(tap(aisle), {"helped": "no"}).status_code for _ in range(125)]

    assert said[0] == 303
    assert said[-1] == 429
    assert len(answers(db)) < 125
