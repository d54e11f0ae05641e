"""Being known again: asked where nobody is in the way, answered and taken back in one place, and heeded at once."""

import json
import re
import time
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch.clock import now
from qrmerch.db import Database
from qrmerch.landing import counting
from qrmerch.parties.models import Measurement
from qrmerch.parties.service import changed
from qrmerch.scans import kinds
from qrmerch.scans.agreed import KEPT_FOR
from qrmerch.scans.loader import load_all
from qrmerch.scans.models import AgreedDay, DayTotal
from qrmerch.visitors.agreed import AGREEMENT_LASTS, ANALYTICS_ID, cookie_mark, phone_key
from qrmerch.visitors.models import AgreedPhone, ConsentAction, ConsentEvent
from qrmerch.web import Services
from tests.browsing import PHONE, Browser
from tests.factories import make_retailer
from tests.landing.aisle import Aisle, hear, lines, make_aisle

QUESTION = "Recognise this phone when it comes back?"
HERE = "/privacy?of=fashiontown&lang=en"
DAY_S = 86_400


@pytest.fixture
def aisle(app: Flask, db: Session) -> Aisle:
    """A shop that asks phones, and that the server has heard of."""
    made = make_aisle(db)
    made.retailer.measurement = Measurement.CONSENTED
    db.commit()
    hear(app)
    return made


def cookie_of(aisle: Aisle) -> str:
    return f"qi-{cookie_mark(aisle.retailer.id)}"


def number_of(browser: Browser, aisle: Aisle) -> str:
    cookie = browser._client.get_cookie(cookie_of(aisle), domain="localhost")
    assert cookie
    return cookie.value


def answer(browser: Browser, said: str, *, page: str = HERE, **headers: str) -> TestResponse:
    """Press one of the buttons; the page that comes then."""
    return browser.follow(browser.send(browser.get(page, **headers), action="/my/recognise", answer=said))


def load(app: Flask) -> None:
    services: Services = app.extensions["qrmerch"]
    load_all(services.database, services.settings.log_dir)


def total(database: Database, kind: str) -> int:
    with database.read() as db:
        return db.scalar(select(func.coalesce(func.sum(DayTotal.count), 0)).where(DayTotal.kind == kind)) or 0


def events(database: Database) -> list[tuple[ConsentAction, str, str]]:
    with database.read() as db:
        rows = db.scalars(select(ConsentEvent).order_by(ConsentEvent.at, ConsentEvent.id))
        return [(row.action, row.purpose, row.shown_text) for row in rows]


@pytest.mark.parametrize("page", [HERE, "/my?of=fashiontown&lang=en"])
def test_a_yes_brings_one_cookie_and_is_kept_with_its_words(
    page: str, browser: Browser, database: Database, aisle: Aisle
) -> None:
    asked = browser.get(page)
    assert QUESTION in asked.text and "checkbox" not in asked.text
    assert browser.cookies() == []

    sent = browser.send(asked, action="/my/recognise", answer="yes")
    after = browser.follow(sent)

    set_cookie = sent.headers["Set-Cookie"]
    assert re.match(rf"{cookie_of(aisle)}=[0-9a-f]{{32}};", set_cookie)
    assert "HttpOnly" in set_cookie and "SameSite=Lax" in set_cookie
    assert f"Max-Age={AGREEMENT_LASTS.days * DAY_S}" in set_cookie and timedelta(days=395) > AGREEMENT_LASTS
    assert "You said yes on" in after.text and "Do not recognise it any more" in after.text
    ((action, purpose, words),) = events(database)
    assert (action, purpose) == (ConsentAction.GRANT, ANALYTICS_ID)
    shown = re.sub(r"<[^>]+>|\s+", " ", asked.text)
    assert words.startswith(QUESTION) and words.removeprefix(QUESTION).strip() in shown
    with database.read() as db:
        assert db.scalars(select(AgreedPhone.key)).all() == [phone_key(number_of(browser, aisle), aisle.retailer.id)]


def test_over_https_the_cookie_has_the_name_that_no_other_host_can_set(app: Flask, aisle: Aisle) -> None:
    client = app.test_client()
    told = {"Sec-Fetch-Site": "same-origin", "User-Agent": PHONE}

    sent = client.post(
        "/my/recognise?of=fashiontown", base_url="https://localhost", data={"answer": "yes"}, headers=told
    )
    value = sent.headers["Set-Cookie"].partition(";")[0]
    for cookie in (value, value.removeprefix("__Host-")):
        client = app.test_client(use_cookies=False)
        client.get(
            aisle.printed, base_url="https://localhost", headers={"User-Agent": PHONE, "Cookie": f"a=b; {cookie}"}
        )

    assert value.startswith("__Host-qi-") and "Secure" in sent.headers["Set-Cookie"]
    assert [bool(line.phone) for line in lines(app)] == [True, False]


def test_a_no_is_kept_of_nobody_and_brings_no_cookie(browser: Browser, database: Database, aisle: Aisle) -> None:
    after = answer(browser, "no")

    assert "You said no: there is no cookie for it" in after.text and QUESTION in after.text
    assert browser.cookies() == []
    assert [action for action, _, _ in events(database)] == [ConsentAction.REFUSE]
    with database.read() as db:
        assert db.scalars(select(AgreedPhone.key)).all() == [None]


@pytest.mark.parametrize("mode", [Measurement.COUNTS, Measurement.VISITS, Measurement.ESTIMATE])
def test_only_who_measures_so_asks(
    mode: Measurement, browser: Browser, db: Session, database: Database, aisle: Aisle
) -> None:
    aisle.retailer.measurement = mode
    db.commit()

    pages = [browser.get(page).text for page in (HERE, "/my?of=fashiontown", "/privacy", "/my")]
    browser.post("/my/recognise?of=fashiontown", {"answer": "yes"})

    assert all(QUESTION not in page for page in pages)
    assert browser.cookies() == [] and events(database) == []


def test_a_shared_host_asks_for_no_shop_in_particular(browser: Browser, aisle: Aisle) -> None:
    assert QUESTION not in browser.get("/privacy").text
    assert browser.post("/my/recognise", {"answer": "yes"}).status_code == 404
    assert browser.cookies() == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_page_says_yes_for_nobody(site: str, browser: Browser, database: Database, aisle: Aisle) -> None:
    sent = browser.post("/my/recognise?of=fashiontown", {"answer": "yes"}, **{"Sec-Fetch-Site": site})

    assert sent.status_code == 400
    assert events(database) == []


def test_what_is_no_answer_changes_nothing(browser: Browser, database: Database, aisle: Aisle) -> None:
    assert browser.post("/my/recognise?of=fashiontown", {"answer": "always"}).status_code == 422
    assert browser.post("/my/recognise?of=fashiontown", {}).status_code == 422
    assert events(database) == [] and browser.cookies() == []


def test_pages_are_the_same_bytes_for_a_phone_that_agreed(browser: Browser, aisle: Aisle) -> None:
    answer(browser, "yes")
    other = browser.another()

    for address in (aisle.printed, aisle.page):
        assert browser.get(address).data == other.get(address).data


def test_scans_and_openings_say_the_key_and_nothing_else_does(app: Flask, browser: Browser, aisle: Aisle) -> None:
    browser.get(aisle.printed)
    answer(browser, "yes")
    key = phone_key(number_of(browser, aisle), aisle.retailer.id)

    browser.get(aisle.printed)
    browser.get(aisle.page)
    browser.post("/v", {"page": aisle.page})

    assert [(line.kind, line.phone) for line in lines(app)] == [("q", ""), ("q", key), ("i", key), ("v", "")]
    services: Services = app.extensions["qrmerch"]
    logs = b"".join(path.read_bytes() for path in services.settings.log_dir.glob("*.jsonl"))
    assert number_of(browser, aisle).encode() not in logs


@pytest.mark.parametrize("how", ["signal", "objection"])
def test_the_number_of_who_objects_is_not_read(how: str, app: Flask, browser: Browser, aisle: Aisle) -> None:
    answer(browser, "yes")
    signal = {"Sec_GPC": "1"} if how == "signal" else {}
    if how == "objection":
        browser._client.set_cookie("qo", "1", domain="localhost")

    browser.get(aisle.printed, **signal)
    browser.get(aisle.page, **signal)

    assert [line.phone for line in lines(app)] == ["", ""]


@pytest.mark.parametrize(
    "value", ["", "x", "0" * 31, "0" * 33, "G" * 32, "../" * 11, '"' + "0" * 32 + '"', "0" * 4_000]
)
def test_a_number_of_another_form_is_none(value: str, app: Flask, browser: Browser, aisle: Aisle) -> None:
    browser._client.set_cookie(cookie_of(aisle), value, domain="localhost")

    browser.get(aisle.printed)
    page = browser.get(HERE)

    assert [line.phone for line in lines(app)] == [""]
    assert QUESTION in page.text and "You said yes" not in page.text


def test_a_number_that_nobody_gave_is_in_no_row_and_is_not_taken_over(
    app: Flask, browser: Browser, database: Database, aisle: Aisle
) -> None:
    forged = "0123456789abcdef" * 2
    browser._client.set_cookie(cookie_of(aisle), forged, domain="localhost")

    browser.get(aisle.printed)
    load(app)
    assert "You said yes" not in browser.get(HERE).text
    answer(browser, "yes")

    assert number_of(browser, aisle) != forged
    with database.read() as db:
        assert db.scalars(select(AgreedDay)).all() == []
    assert total(database, kinds.AGREED_HOUSE) == 0 and total(database, kinds.SCAN) == 1


def test_another_houses_cookie_is_not_read(
    app: Flask, browser: Browser, db: Session, database: Database, aisle: Aisle
) -> None:
    other = make_retailer(db, slug="other")
    other.measurement = Measurement.CONSENTED
    db.commit()
    answer(browser, "yes", page="/privacy?of=other&lang=en")

    browser.get(aisle.printed)

    assert browser.cookies() == [f"qi-{cookie_mark(other.id)}"]
    assert [line.phone for line in lines(app)] == [""]
    answer(browser, "yes")
    answer(browser, "withdraw", page="/privacy?of=other&lang=en")
    assert browser.cookies() == [cookie_of(aisle)], "each house's yes is its own"
    with database.read() as reading:
        live = reading.scalars(select(AgreedPhone.retailer_id).where(AgreedPhone.key.is_not(None))).all()
    assert live == [aisle.retailer.id]


def come_twice(app: Flask, browser: Browser, aisle: Aisle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two scans on two business dates, loaded."""
    with monkeypatch.context() as patch:
        for module in ("front_door", "scanning"):
            # A day may have 25 hours.
            patch.setattr(f"qrmerch.landing.{module}.time", lambda: time.time() - 1.5 * DAY_S)
        browser.get(aisle.printed)
    browser.get(aisle.printed)
    load(app)


@pytest.mark.parametrize("how", ["withdraw", "forget", "objection"])
def test_who_came_back_is_counted_and_forgotten_when_they_say_so(
    how: str, app: Flask, browser: Browser, database: Database, aisle: Aisle, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(browser, "yes")
    come_twice(app, browser, aisle, monkeypatch)
    assert (total(database, kinds.AGREED_HOUSE), total(database, kinds.RETURNED_HOUSE)) == (2, 1)
    browser.get(aisle.printed)

    if how == "withdraw":
        after = answer(browser, "withdraw").text
    elif how == "forget":
        after = browser.follow(browser.post("/my/forget", {})).text
        assert "Nothing of this phone is kept here any more." in after
    else:
        after = browser.follow(browser.send(browser.get(HERE), action="/my/objection", count="no")).text
    load(app)

    assert "You said yes" not in after and cookie_of(aisle) not in browser.cookies()
    assert (QUESTION in after) is (how == "withdraw")
    with database.read() as db:
        assert db.scalars(select(AgreedDay)).all() == []
        assert db.scalars(select(AgreedPhone.key)).all() == [None]
    assert (total(database, kinds.AGREED_HOUSE), total(database, kinds.RETURNED_HOUSE)) == (2, 1), "totals stay"
    assert total(database, kinds.AGREED_VISIT) == 2, "what was written before and loaded later is of nobody"
    assert [action for action, _, _ in events(database)] == [ConsentAction.GRANT, ConsentAction.WITHDRAW]


def test_a_browsers_objection_is_heeded_and_said_and_erases_nothing_by_itself(
    app: Flask, browser: Browser, database: Database, aisle: Aisle, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(browser, "yes")
    come_twice(app, browser, aisle, monkeypatch)

    page = browser.get(HERE, Sec_GPC="1").text

    assert "Your browser objects: this phone is not recognised" in page and QUESTION not in page
    with database.read() as db:
        assert len(db.scalars(select(AgreedDay)).all()) == 2, "a look changes nothing"
    answer(browser, "withdraw")
    with database.read() as db:
        assert db.scalars(select(AgreedDay)).all() == []


def test_a_phone_sees_and_takes_along_what_is_kept_of_it(
    app: Flask, browser: Browser, aisle: Aisle, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert json.loads(browser.get("/my/data").text)["known_again"] == []
    answer(browser, "yes")
    come_twice(app, browser, aisle, monkeypatch)

    page, (kept,) = browser.get("/my").text, json.loads(browser.get("/my/data").text)["known_again"]

    assert re.search(r"<dt>Recognised by Fashiontown</dt><dd>Since [^<]+: a random number in a cookie", page)
    assert "<dt>Days on which it was seen</dt><dd>2</dd>" in page
    assert "<dt>Stores in which it was seen</dt><dd>1</dd>" in page
    assert kept["retailer"] == "Fashiontown" and kept["agreed"]["words"].startswith(QUESTION)
    assert [each["store"] for each in kept["seen"]] == [aisle.store.name] * 2


def test_the_privacy_page_says_it(browser: Browser, db: Session, aisle: Aisle) -> None:
    asks = browser.get(HERE).text
    aisle.retailer.measurement = Measurement.VISITS
    db.commit()
    asks_not = browser.get(HERE).text

    assert f"Only of one whose owner says yes below: on which days, in which store, for {KEPT_FOR.days} days" in asks
    assert "say yes to being recognised" in asks
    assert '<th scope="row">Whether a phone comes back</th><td>No</td>' in asks_not


def test_the_scan_path_looks_for_a_number_once_and_only_where_it_may(
    app: Flask, browser: Browser, db: Session, aisle: Aisle, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    class Watched:
        def findall(self, text: str) -> list[tuple[str, str]]:
            looked.append(text)
            return []

    monkeypatch.setattr(counting, "_AGREED", {"http": Watched(), "https": Watched()})
    browser._client.set_cookie(cookie_of(aisle), "0" * 32, domain="localhost")
    browser.get(aisle.printed)
    assert len(looked) == 1

    browser.get(aisle.printed, Sec_GPC="1")
    aisle.retailer.measurement = Measurement.VISITS
    changed(db, aisle.retailer.id, at=now())
    db.commit()
    hear(app)
    browser.get(aisle.printed)

    assert len(looked) == 1


def test_the_name_of_the_cookie_tells_neither_the_retailer_nor_since_when_it_is_here(aisle: Aisle) -> None:
    mark = cookie_mark(aisle.retailer.id)

    assert len(mark) == 16 and mark != cookie_mark(aisle.retailer.id[:-1] + "x")
    assert mark[:8] not in aisle.retailer.id.replace("-", "")
