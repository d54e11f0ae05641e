"""The desk's page about shoppers who asked to be told: numbers for merchandisers, addresses for owners, each logged."""

import csv
import io
import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.catalog.queries import list_variants
from qrmerch.clock import now
from qrmerch.messages.models import LinkKind, Purpose, Subscription
from qrmerch.messages.service import Sending, Wish, ask, confirm, find_pending
from qrmerch.visitors.models import Contact, Suppression
from tests.browsing import Browser
from tests.desk.house import House, count_entries, seen
from tests.factories import TILL_KEYS, make_subscription
from tests.messages.shop import link_in, mails

NEWS = "/desk/alerts/newsletter"
PERSON = "/desk/alerts/person"


def read_news(db: Session, house: House, email: str) -> None:
    """Sign up, and press the button in the mail."""
    sending = Sending("http://localhost", TILL_KEYS)
    at = now()
    ask(
        db, house.retailer, email, Wish(Purpose.NEWSLETTER),
        shown_text="News.", locale="en", sending=sending, at=at,
    )  # fmt: skip
    db.flush()
    link = link_in(db, mails(db, email)[-1], LinkKind.CONFIRM, at=at)
    assert len(find_pending(db, link)) == 1
    confirm(db, link, at=at)
    db.commit()


def test_it_says_how_many_wait_for_what_and_where(browser: Browser, db: Session, house: House) -> None:
    for number in range(12):
        make_subscription(db, house.item, email=f"a{number}@example.com", store=house.store)
    make_subscription(db, house.item, email="anywhere@example.com")
    variant = list_variants(db, house.item.id)[0]
    size = str(next(iter(variant.options.values())))
    db.commit()

    page = browser.sign_in(*house.mia).get("/desk/alerts").text

    assert "Marigold Slouch Top" in page
    assert "Riverside" in page and "Any store" in page
    assert ">12<" in page and ">1<" in page
    assert size in page
    assert "anywhere@example.com" not in page and "a0@example.com" not in page


def test_who_has_not_said_yes_is_not_counted(browser: Browser, db: Session, house: House) -> None:
    sending = Sending("http://localhost", TILL_KEYS)
    ask(
        db, house.retailer, "ann@example.com", Wish(Purpose.NEWSLETTER),
        shown_text="News.", locale="en", sending=sending, at=now(),
    )  # fmt: skip
    db.commit()

    page = browser.sign_in(*house.olive).get("/desk/alerts").text

    assert browser.get("/sign-up?of=" + house.retailer.slug).status_code == 200
    assert f'href="/sign-up?of={house.retailer.slug}"' in page
    assert "Nobody waits" in page
    assert "0 addresses confirmed" in page


def test_the_owner_takes_the_list_and_the_log_says_so(browser: Browser, db: Session, house: House) -> None:
    read_news(db, house, "=cmd@example.com")
    read_news(db, house, "bob@example.com")

    answer = browser.sign_in(*house.olive).post(NEWS)

    lines = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [line[0] for line in lines if line and "@" in line[0]] == ["'=cmd@example.com", "bob@example.com"]
    assert count_entries(db, "newsletter.export") == 1
    assert "example.com" not in repr([entry.detail for entry in seen(db, select(AuditEntry))])


@pytest.mark.parametrize("role", [Role.MERCHANDISER, Role.REVIEWER, Role.ANALYST, Role.ASSOCIATE, Role.VENDOR_ADMIN])
def test_nobody_else_gets_an_address(role: Role, browser: Browser, db: Session, house: House) -> None:
    read_news(db, house, "ann@example.com")
    visitor = browser.sign_in(*house.people[role])

    assert visitor.post(NEWS).status_code == 404
    assert visitor.post(PERSON, {"email": "ann@example.com", "do": "export"}).status_code == 404


def test_otto_sees_and_takes_nothing_of_the_shop_next_door(browser: Browser, db: Session, house: House) -> None:
    read_news(db, house, "ann@example.com")
    make_subscription(db, house.item, email="bob@example.com", store=house.store)
    db.commit()
    otto = browser.sign_in(*house.otto)

    assert "Marigold" not in otto.get("/desk/alerts").text
    assert "ann@example.com" not in otto.post(NEWS).text
    assert "Nothing is kept of this address." in otto.post(PERSON, {"email": "ann@example.com"}).text
    otto.post(PERSON, {"email": "ann@example.com", "do": "erase"})
    assert len(seen(db, select(Contact.id).where(Contact.email == "ann@example.com"))) == 1


def test_sec_h04_a_person_who_asks_gets_what_is_kept_and_is_erased(browser: Browser, db: Session, house: House) -> None:
    read_news(db, house, "ann@example.com")
    olive = browser.sign_in(*house.olive)

    data = json.loads(olive.post(PERSON, {"email": " Ann@Example.com ", "do": "export"}).text)
    erased = olive.post(PERSON, {"email": "ann@example.com", "do": "erase"})
    kept = (len(seen(db, select(Subscription))), len(seen(db, select(Suppression))))
    released = olive.post(PERSON, {"email": "ann@example.com", "do": "release"})

    assert data["asked"][0]["what"] == "newsletter"
    assert erased.status_code == released.status_code == 303
    assert kept == (0, 1)
    assert seen(db, select(Suppression)) == []
    actions = ("contact.export", "contact.erase", "contact.release")
    assert [count_entries(db, action) for action in actions] == [1, 1, 1]
    assert "ann@" not in repr([entry.detail for entry in seen(db, select(AuditEntry))]).lower()


def test_an_address_that_is_none_is_said_so(browser: Browser, house: House) -> None:
    answer = browser.sign_in(*house.olive).post(PERSON, {"email": "ann", "do": "erase"})

    assert answer.status_code == 422
    assert "This is not an e-mail address" in answer.text
