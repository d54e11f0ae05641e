"""Who guesses printed addresses is slowed; who stands in a store with a tag in hand never is."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from qrmerch.codes.tokens import make_token
from qrmerch.landing import guessing
from qrmerch.landing.misses import LIMIT, Misses
from qrmerch.parties.models import RetailerHost
from qrmerch.parties.service import set_networks
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_code, make_retailer, make_store
from tests.landing.aisle import hear, make_aisle, scan_path

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HERE, GLN = "192.0.2.7", "9506000134369"


@pytest.fixture(autouse=True)
def _held_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """All within one second, however slow the machine is."""
    monkeypatch.setattr(guessing, "time", NOON.timestamp)


@pytest.fixture
def browser(app: Flask) -> Browser:
    """A phone at one address."""
    door = app.wsgi_app

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return door({**environ, "REMOTE_ADDR": HERE}, start_response)

    app.wsgi_app = answer  # type: ignore[method-assign]
    return Browser(app)


def hear_of_networks(app: Flask) -> None:
    """What every worker does each half minute."""
    scan_path(app).codes._parties_s = float("-inf")
    hear(app)


def guess(browser: Browser, times: int = LIMIT, **headers: str) -> int:
    """The last of so many answers for codes that do not exist."""
    return [browser.get(f"/q/{make_token()}", **headers).status_code for _ in range(times)][-1]


def test_a_code_made_a_moment_ago_opens_for_a_network_that_has_guessed(
    app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    hear(app)
    guess(browser)
    # No worker has heard of it yet.
    fresh = make_code(db, aisle.top, store=aisle.store)
    db.commit()

    assert guess(browser, 1) == 429
    assert browser.get(f"/q/{fresh.token}").status_code == 200


def test_a_number_that_only_the_database_knows_opens_for_a_network_that_has_guessed(
    app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    aisle.store.gln = GLN
    db.commit()
    hear(app)
    for _ in range(LIMIT):
        browser.get("/01/09506000134376", Accept="application/json")

    assert browser.get("/01/09506000134376", Accept="application/json").status_code == 429
    assert browser.get(f"/414/{GLN}").status_code == 307


def test_a_stores_own_network_is_never_made_to_wait(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    set_networks(db, aisle.store, [HERE])
    db.commit()
    hear_of_networks(app)
    guess(browser)

    answer = browser.get(f"/q/{make_token()}")

    assert answer.status_code == 404
    assert "That code is not one of ours" in answer.text


def test_the_network_of_another_houses_store_is_no_excuse_on_a_houses_own_host(
    app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    other = make_retailer(db, slug="corvane", name="Corvane")
    set_networks(db, make_store(db, other), [HERE])
    db.add(RetailerHost(retailer_id=aisle.retailer.id, host="fashiontown.example", is_primary=True, proven_at=NOON))
    db.commit()
    hear_of_networks(app)
    guess(browser, Host="fashiontown.example")

    assert guess(browser, 1, Host="fashiontown.example") == 429
    assert guess(browser, 1) == 404


@pytest.mark.parametrize(
    ("one", "other", "is_one_network"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        # The same /64, written short.
        ("2001:db8::5", "2001:db8::6", True),
        ("2001:db8::5", "2001:db8:0:0:1::", True),
        ("2001:db8::5", "2001:db8:0:1::5", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("not:an:address", "not:an:address:either", False),
    ],
)
def test_a_household_is_one_network_however_its_address_is_written(one: str, other: str, is_one_network: bool) -> None:
    misses = Misses(limit=1)
    misses.take(one, 1000.0)

    assert bool(misses.wait_s(other, 1000.0)) is is_one_network
