"""Calls on a store's page of the desk: switched on and off, by whom; how long shoppers waited."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.calls import service
from qrmerch.calls.models import CallRule, Staffed
from qrmerch.clock import now
from tests.browsing import Browser
from tests.desk.house import House, count_entries, seen
from tests.factories import let_call, make_call, make_item


def test_a_store_is_switched_on_and_the_log_knows(browser: Browser, db: Session, house: House) -> None:
    browser.sign_in(*house.mia)
    address = f"/desk/stores/{house.store.id}"
    page = browser.get(address)
    assert "Nobody comes now" in page.text

    sent = browser.send(page, action="/calls", is_on="1", staffed="switch", most_open="3", says_name="1")

    assert "Saved. Shoppers’ pages say it at their next scan." in browser.follow(sent).text
    (rule,) = seen(db, select(CallRule))
    said = rule.store_id, rule.is_on, rule.staffed, rule.most_open, rule.says_name
    assert said == (house.store.id, True, Staffed.SWITCH, 3, True)
    assert count_entries(db, "store.calls") == 1


@pytest.mark.parametrize("most", ["0", "51", "many", ""])
def test_a_limit_that_is_none_comes_back_with_its_reason(
    browser: Browser, db: Session, house: House, most: str
) -> None:
    browser.sign_in(*house.mia)

    page = browser.get(f"/desk/stores/{house.store.id}")
    answer = browser.send(page, action="/calls", is_on="1", staffed="hours", most_open=most)

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert seen(db, select(CallRule)) == []


def test_hours_that_are_not_understood_are_told(browser: Browser, db: Session, house: House) -> None:
    house.store.weekly = []
    let_call(db, house.store, staffed=Staffed.HOURS)
    db.commit()
    browser.sign_in(*house.mia)

    assert "Its hours are not understood" in browser.get(f"/desk/stores/{house.store.id}").text


def test_the_median_wait_of_each_day_stands_there(browser: Browser, db: Session, house: House) -> None:
    item = make_item(db, house.retailer)
    let_call(db, house.store)
    for seconds in (60, 90, 600):
        made = make_call(db, house.store, item)
        service.take(db, made, house.mia.user.id, at=now())
        made.asked_at = made.taken_at - timedelta(seconds=seconds)
    db.commit()
    browser.sign_in(*house.mia)

    page = browser.get(f"/desk/stores/{house.store.id}").text

    assert "Median wait" in page
    assert "1 min 30 s" in page
