"""Two at once: the same wish, the same button, the same wave, an erasure; and a process that is killed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Variant
from qrmerch.clock import now
from qrmerch.db import Database
from qrmerch.messages.links import find_link
from qrmerch.messages.models import LinkKind, MailLink, Purpose, Subscription, SubscriptionState
from qrmerch.messages.service import Wish, ask, confirm, erase, erase_address, stop
from qrmerch.messages.telling import HELD_FOR, tell
from qrmerch.outbox import OutboxMessage
from qrmerch.parties.models import Retailer, Store
from qrmerch.visitors.models import ConsentEvent, Contact, Suppression
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import TILL_KEYS
from tests.messages.shop import ANN, NEWS, SENDING, mails, make_shop, say_yes, secret_in, stock, wish
from tests.threads import at_once

THREADS = 6
DUE = NOON + timedelta(days=1) + HELD_FOR


def count(database: Database, table: type[object]) -> int:
    with database.read() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def test_one_address_asking_many_times_at_once_is_one_subscription_and_one_mail(database: Database) -> None:
    with database.write() as db:
        shop = make_shop(db)
        db.commit()
    retailer_id, variant_id, store_id = shop.retailer.id, shop.variants[0].id, shop.riverside.id

    def send(db: Session, _: int) -> None:
        wanted = Wish(Purpose.BACK_IN_STOCK, db.get_one(Variant, variant_id), db.get_one(Store, store_id))
        retailer = db.get_one(Retailer, retailer_id)
        ask(db, retailer, ANN, wanted, shown_text="Tell me.", locale="en", sending=SENDING, at=NOON)

    at_once(database, THREADS, send)

    assert (count(database, Contact), count(database, Subscription), count(database, OutboxMessage)) == (1, 1, 1)


def test_two_presses_at_once_confirm_once(database: Database) -> None:
    with database.write() as db:
        shop = make_shop(db)
        wish(db, shop)
        secret = secret_in(mails(db)[0].body, LinkKind.CONFIRM)
        db.commit()

    def press(db: Session, _: int) -> int:
        link = find_link(db, secret, LinkKind.CONFIRM, retailer_id=None, at=NOON)
        return confirm(db, link, at=NOON) if link else 0

    assert sorted(at_once(database, THREADS, press)) == [0] * (THREADS - 1) + [1]
    assert count(database, ConsentEvent) == 1


def test_confirming_stopping_and_erasing_at_once_leave_no_half(database: Database) -> None:
    with database.write() as db:
        shop = make_shop(db)
        say_yes(db, shop, NEWS)
        wish(db, shop, shop.back())
        confirming, stopping = (secret_in(mails(db)[-1].body, kind) for kind in (LinkKind.CONFIRM, LinkKind.STOP))
        db.commit()

    def act(db: Session, place: int) -> None:
        kind = LinkKind.CONFIRM if place % 3 == 0 else LinkKind.STOP
        link = find_link(db, confirming if place % 3 == 0 else stopping, kind, retailer_id=None, at=NOON)
        if link is None:
            return
        if place % 3 == 0:
            confirm(db, link, at=NOON)
        elif place % 3 == 1:
            stop(db, link, everything=True, shown_text="All", locale="en", at=NOON)
        else:
            contact = db.get(Contact, link.contact_id)
            if contact is not None:
                erase(db, contact, shown_text="Delete", locale="en", keys=TILL_KEYS, at=NOON)

    at_once(database, THREADS, act)

    assert (count(database, Subscription), count(database, MailLink), count(database, OutboxMessage)) == (0, 0, 0)
    with database.read() as db:
        assert list(db.scalars(select(Contact.email))) == [None]


def wait_for_a_lock(database: Database) -> None:
    """Until another transaction waits for one; SQLite's writers wait for each other anyway."""
    if database.is_sqlite:
        return
    for _ in range(1_000):
        with database.read() as db:
            if db.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
    raise AssertionError("nobody waits")


def test_who_is_erased_while_somebody_asks_is_not_written_to(database: Database) -> None:
    with database.write() as db:
        shop = make_shop(db)
        contact_id = say_yes(db, shop, NEWS).contact_id
        db.commit()

    def send() -> None:
        with database.write() as db:
            wish(db, shop, at=NOON + timedelta(days=1))
            db.commit()

    with database.write() as db, ThreadPoolExecutor(1) as pool:
        erase(db, db.get_one(Contact, contact_id), shown_text="Delete", locale="en", keys=TILL_KEYS, at=NOON)
        db.flush()
        sending = pool.submit(send)
        wait_for_a_lock(database)
        db.commit()
        sending.result(60)

    assert (count(database, Subscription), count(database, MailLink), count(database, OutboxMessage)) == (0, 0, 0)
    with database.read() as db:
        assert list(db.scalars(select(Contact.email))) == [None]


@pytest.mark.parametrize("kind", LinkKind)
def test_a_button_pressed_while_the_address_is_erased_finds_nothing(
    kind: LinkKind, database: Database, browser: Browser
) -> None:
    with database.write() as db:
        wish(db, make_shop(db), at=now())
        secret = secret_in(mails(db)[0].body, kind)
        contact_id = db.scalars(select(Contact.id)).one()
        db.commit()
    path = f"/confirm/{secret}" if kind == LinkKind.CONFIRM else f"/u/{secret}"

    with database.write() as db, ThreadPoolExecutor(1) as pool:
        erase(db, db.get_one(Contact, contact_id), shown_text="Delete", locale="en", keys=TILL_KEYS, at=now())
        db.flush()
        pressing = pool.submit(browser.post, path)
        wait_for_a_lock(database)
        db.commit()
        answer = pressing.result(60)

    assert answer.status_code == (404 if kind == LinkKind.CONFIRM else 200), answer.text
    assert "Nothing more comes" in answer.text or "This link has ended" in answer.text


def test_an_address_that_is_not_kept_is_erased_twice_at_once(database: Database) -> None:
    with database.write() as db:
        retailer_id = make_shop(db).retailer.id
        db.commit()

    at_once(
        database,
        THREADS,
        lambda db, _: erase_address(db, retailer_id, ANN, shown_text="Asked", keys=TILL_KEYS, at=NOON),
    )

    assert (count(database, Suppression), count(database, Contact)) == (1, 0)


def test_two_workers_tell_each_once(database: Database) -> None:
    with database.write() as db:
        shop = make_shop(db)
        for number in range(12):
            say_yes(db, shop, shop.back(), f"a{number}@example.com")
        stock(db, shop, 2, at=NOON + timedelta(days=1))
        db.commit()
    variant_id = shop.variants[0].id

    told = at_once(database, 4, lambda db, _: tell(db, variant_id, sending=SENDING, at=DUE))

    assert sum(told) == 10
    assert count(database, OutboxMessage) == 12 + 10


def test_a_killed_job_leaves_neither_a_mail_without_its_mark_nor_a_mark_without_its_mail(database: Database) -> None:
    with database.write() as db:
        shop = make_shop(db)
        say_yes(db, shop, shop.back())
        stock(db, shop, 2, at=NOON + timedelta(days=1))
        db.commit()
    variant_id = shop.variants[0].id

    with database.write() as db:
        assert tell(db, variant_id, sending=SENDING, at=DUE) == 1
        # The process ends here: nothing was committed.
    before = count(database, OutboxMessage)
    with database.write() as db:
        again = tell(db, variant_id, sending=SENDING, at=DUE)
        db.commit()
    with database.write() as db:
        after = tell(db, variant_id, sending=SENDING, at=DUE)

    assert (before, again, after) == (1, 1, 0)
    assert count(database, OutboxMessage) == 2
    with database.read() as db:
        assert list(db.scalars(select(Subscription.state))) == [SubscriptionState.FIRED]
