"""The associate's queue: who waits in their own store, the longest first; taken by one, done, or not possible."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.calls import service
from qrmerch.calls.models import Call, CallRule, CallState, Staffed, Why
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import list_variants
from qrmerch.catalog.service import set_stock
from qrmerch.clock import now
from qrmerch.parties.models import Retailer, Store
from tests.browsing import Browser
from tests.factories import Person, let_call, make_call, make_fixture, make_item, make_person, make_retailer, make_store

MINUTE = timedelta(minutes=1)


@dataclass
class Floor:
    """Two stores of a house; Ada works in the first, Bea in both."""

    retailer: Retailer
    riverside: Store
    galleria: Store
    item: Item
    ada: Person
    bea: Person


@pytest.fixture
def floor(db: Session) -> Floor:
    shop = make_retailer(db, name="Fashiontown")
    riverside, galleria = (make_store(db, shop, code=name, short_name=name) for name in ("Riverside", "Galleria"))
    item = make_item(db, shop, title="Marigold Slouch Top")
    ada = make_person(db, Role.ASSOCIATE, name="Ada", retailer=shop, stores=(riverside,))
    bea = make_person(db, Role.ASSOCIATE, name="Bea", retailer=shop, stores=(riverside, galleria))
    for store in (riverside, galleria):
        let_call(db, store)
    db.commit()
    return Floor(shop, riverside, galleria, item, ada, bea)


def make(db: Session, store: Store, item: Item, *, minutes: int = 0, fixture: str = "") -> str:
    """The id of a call that was made so many minutes ago."""
    made = make_call(db, store, item, fixture=make_fixture(db, store, name=fixture) if fixture else None)
    made.asked_at -= minutes * MINUTE
    db.commit()
    return made.id


def state_of(db: Session, call_id: str) -> CallState:
    found = db.scalars(select(Call.state).where(Call.id == call_id)).one()
    db.commit()
    return found  # type: ignore[no-any-return]


def queue(browser: Browser, store: Store) -> TestResponse:
    return browser.get(f"/associate/calls?store={store.id}")


def test_who_waits_stands_there_the_longest_first(browser: Browser, floor: Floor, db: Session) -> None:
    set_stock(db, list_variants(db, floor.item.id)[0], floor.riverside, 4, as_of=now())
    make(db, floor.riverside, floor.item)
    make(db, floor.riverside, floor.item, minutes=7, fixture="Shoe wall")

    page = queue(browser.sign_in(*floor.ada), floor.riverside).text

    assert re.findall(r"<b>(\d)</b>", page) == ["2", "1"]
    assert "Shoe wall, 7 min" in page
    assert "S, 4 here by the count" in page
    assert re.search(r'Calls <span class="n">2<', page)


def test_a_call_is_taken_and_done(browser: Browser, floor: Floor, db: Session) -> None:
    call_id = make(db, floor.riverside, floor.item)
    browser.sign_in(*floor.ada)

    taken = browser.follow(browser.send(queue(browser, floor.riverside), action="/take"))
    assert "Number 1 is yours." in taken.text
    assert "You are going" in taken.text
    assert state_of(db, call_id) == CallState.TAKEN

    done = browser.follow(browser.send(taken, action="/done"))
    assert "Nobody waits" in done.text
    assert state_of(db, call_id) == CallState.DONE


def test_who_is_second_is_told_plainly(browser: Browser, floor: Floor, db: Session) -> None:
    call_id = make(db, floor.riverside, floor.item)
    ada, bea = browser.sign_in(*floor.ada), browser.another().sign_in(*floor.bea)
    both = queue(ada, floor.riverside), queue(bea, floor.riverside)
    ada.send(both[0], action="/take")

    late = bea.follow(bea.send(both[1], action="/take"))

    assert "Ada has taken number 1 already." in late.text
    assert "Ada is going" in late.text
    assert db.scalars(select(Call.taken_by).where(Call.id == call_id)).one() == floor.ada.user.id


@pytest.mark.parametrize("why", list(Why))
def test_what_is_not_possible_has_a_reason(browser: Browser, floor: Floor, db: Session, why: Why) -> None:
    call_id = make(db, floor.riverside, floor.item)
    browser.sign_in(*floor.ada)
    page = browser.get(f"/associate/calls/{call_id}")
    assert "Not possible?" in page.text

    browser.send(page, action="/refuse", why=why.value)

    assert db.scalars(select(Call.why).where(Call.id == call_id)).one() == why


def test_a_reason_that_is_none_is_refused(browser: Browser, floor: Floor, db: Session) -> None:
    call_id = make(db, floor.riverside, floor.item)
    browser.sign_in(*floor.ada)

    assert browser.post(f"/associate/calls/{call_id}/refuse", {"why": "no mood"}).status_code == 422
    assert state_of(db, call_id) == CallState.ASKED


def test_another_stores_call_is_neither_seen_nor_taken(browser: Browser, floor: Floor, db: Session) -> None:
    call_id = make(db, floor.galleria, floor.item)
    browser.sign_in(*floor.ada)

    assert queue(browser, floor.galleria).status_code == 404
    assert "Nobody waits" in browser.get("/associate/calls").text
    assert browser.get(f"/associate/calls/{call_id}").status_code == 404
    for action in ("take", "done", "refuse"):
        assert browser.post(f"/associate/calls/{call_id}/{action}", {"why": "all_busy"}).status_code == 404
    assert state_of(db, call_id) == CallState.ASKED


def test_another_stores_switch_is_not_theirs(browser: Browser, floor: Floor, db: Session) -> None:
    browser.sign_in(*floor.ada)

    for action in ("come", "stop"):
        assert browser.post(f"/associate/calls/{action}", {"store": floor.galleria.id}).status_code == 404


def test_otto_of_another_house_finds_nothing(browser: Browser, floor: Floor, db: Session) -> None:
    call_id = make(db, floor.riverside, floor.item)
    other = make_retailer(db)
    otto = make_person(db, Role.ASSOCIATE, name="Otto", retailer=other, stores=(make_store(db, other),))
    db.commit()
    browser.sign_in(*otto)

    assert browser.get(f"/associate/calls/{call_id}").status_code == 404
    assert browser.post(f"/associate/calls/{call_id}/take").status_code == 404


def test_associates_switch_it_off_and_on_and_the_log_knows(browser: Browser, floor: Floor, db: Session) -> None:
    browser.sign_in(*floor.ada)

    off = browser.follow(browser.send(queue(browser, floor.riverside), action="/stop"))
    assert "nobody has said that you can come" in off.text
    rule = db.scalars(select(CallRule).where(CallRule.store_id == floor.riverside.id)).one()
    assert rule.come_until is None
    db.commit()

    on = browser.follow(browser.send(off, action="/come"))
    assert "Shoppers can call you until" in on.text
    actions = db.scalars(select(AuditEntry.action).order_by(AuditEntry.number)).all()
    assert actions[-2:] == ["store.calls_stop", "store.calls_come"]


def test_where_the_desk_said_the_hours_there_is_nothing_to_switch(browser: Browser, floor: Floor, db: Session) -> None:
    let_call(db, floor.riverside, staffed=Staffed.HOURS)
    db.commit()
    browser.sign_in(*floor.ada)

    page = queue(browser, floor.riverside).text

    assert "We can come now" not in page
    assert "by its hours the store is closed" in page
    assert browser.post("/associate/calls/come", {"store": floor.riverside.id}).status_code == 409


def test_what_is_over_leads_back_to_the_queue(browser: Browser, floor: Floor, db: Session) -> None:
    call_id = make(db, floor.riverside, floor.item)
    service.withdraw(db, db.get_one(Call, call_id), at=now())
    db.commit()
    browser.sign_in(*floor.ada)

    assert "Number 1 is over." in browser.follow(browser.get(f"/associate/calls/{call_id}")).text
