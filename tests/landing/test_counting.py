"""What a line says of a phone beyond its agent: the language it reads, and how it came."""

import time

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.parties.models import Measurement
from qrmerch.parties.service import changed
from qrmerch.scans.day_hashes import KEY_LASTS_S
from qrmerch.scans.line import PAGE, SCAN, SHARE
from qrmerch.scans.models import Event
from tests.browsing import PHONE, Browser
from tests.landing.aisle import hear, lines, make_aisle


def test_a_scan_says_language_system_and_where_a_posted_address_was_pressed(
    app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)

    browser.get(aisle.printed, Accept_Language="ar-AE,ar;q=0.9,en;q=0.8", Referer="https://t.co/abc?secret=1")
    browser.get(aisle.printed, Accept_Language="ar-AE,ar;q=0.9,en;q=0.8", Referer="https://t.co/abc?secret=1")

    first, second = lines(app)
    assert first.kind == second.kind == SCAN
    for line in (first, second):
        assert (line.language, line.referrer, line.entry) == ("ar", "t.co", "")
        assert line.agent.split()[4:] == ["phone", "ios"]


@pytest.mark.parametrize("is_kept", [False, True])
@pytest.mark.parametrize(
    ("referrer", "host", "entry"),
    [
        ("", "", "direct"),
        ("https://www.google.com/search?q=x", "www.google.com", "search"),
        ("https://blog.example/post", "blog.example", "link"),
        ("http://localhost/i/0000000000000000?v=1", "", ""),
    ],
)
def test_a_page_says_how_somebody_came(
    is_kept: bool, referrer: str, host: str, entry: str, app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    if is_kept:
        hear(app)
        browser.get(aisle.page)

    browser.get(aisle.page, **({"Referer": referrer} if referrer else {}))

    line = lines(app)[-1]
    assert (line.kind, line.referrer, line.entry) == (PAGE, host, entry)


def test_a_further_page_of_a_visit_has_no_entry_and_a_friend_came_by_a_share(
    app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    link = browser.post(f"/i/{aisle.top.public_id}/share", {"at": ""}, Accept="application/json").json["url"]
    browser.get(aisle.page)
    (first,) = lines(app)

    browser.get(f"{aisle.page}&v={first.visit}")
    browser.get("/s/" + link.rsplit("/", 1)[1])

    _, page, friend = lines(app)
    assert (page.entry, friend.entry, friend.kind) == ("", "share", SHARE)


@pytest.mark.parametrize("cookie", ["qs", "__Host-qs", "qt", "__Host-qt"])
def test_somebody_of_the_house_is_marked_on_every_page(
    cookie: str, app: Flask, browser: Browser, db: Session, database: Database
) -> None:
    aisle = make_aisle(db)
    for name in ("another", cookie):
        browser._client.set_cookie(name, "x", domain="localhost")

    for _ in range(2):
        browser.get(aisle.printed)
    browser.get(aisle.page)
    browser.post("/v", {"page": aisle.page})
    browser.post(aisle.keep, {"keep": "yes"})

    assert {line.manner for line in lines(app)} == {"internal"}
    assert len(lines(app)) == 4
    with database.read() as reading:
        assert not reading.scalars(select(Event)).all()


@pytest.mark.parametrize(
    ("cookie", "manner"), [("qs", ""), ("qt", ""), ("__Host-qs", "internal"), ("__Host-qt", "internal")]
)
@pytest.mark.parametrize("is_kept", [False, True])
def test_over_https_only_a_name_that_no_other_host_can_set_makes_one_of_the_house(
    cookie: str, manner: str, is_kept: bool, app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    if is_kept:
        browser.get(aisle.page)

    for address in (aisle.printed, aisle.page):
        client = app.test_client(use_cookies=False)
        client.get(address, base_url="https://localhost", headers={"Cookie": f"a=b; {cookie}=x", "User-Agent": PHONE})

    assert {line.manner for line in lines(app)[is_kept:]} == {manner}


@pytest.mark.parametrize(
    ("wanted", "manner"), [("image", "prefetch"), ("iframe", "prefetch"), ("document", ""), ("empty", "")]
)
@pytest.mark.parametrize("is_kept", [False, True])
def test_what_is_put_into_somebody_elses_page_is_no_scan(
    wanted: str, manner: str, is_kept: bool, app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    if is_kept:
        browser.get(aisle.printed)

    browser.get(aisle.printed, Sec_Fetch_Dest=wanted, Sec_Fetch_Site="cross-site", Referer="https://rival.example/")

    assert lines(app)[-1].manner == manner


@pytest.mark.parametrize("cookie", ["qm", "xqs", "qsx", "QS"])
def test_another_cookie_makes_nobody_one_of_the_house(cookie: str, app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    browser._client.set_cookie(cookie, "qs", domain="localhost")

    browser.get(aisle.printed)

    (line,) = lines(app)
    assert line.manner == ""


@pytest.mark.parametrize(
    ("mode", "headers", "is_told_apart"),
    [
        (Measurement.ESTIMATE, {}, True),
        (Measurement.ESTIMATE, {"Sec_GPC": "1"}, False),
        (Measurement.VISITS, {}, False),
        (Measurement.COUNTS, {}, False),
    ],
)
def test_phones_are_told_apart_only_where_a_retailer_estimates(
    mode: Measurement, headers: dict[str, str], is_told_apart: bool, app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    aisle.retailer.measurement = mode
    db.commit()
    hear(app)

    for _ in range(2):
        browser.get(aisle.printed, **headers)

    first, second = lines(app)
    assert first.day_hash == second.day_hash
    assert bool(first.day_hash) is is_told_apart
    assert bool(first.visit) is (mode is not Measurement.COUNTS and not headers)


@pytest.mark.parametrize("how", ["cookie", "signal", ""])
def test_what_somebody_does_after_they_objected_belongs_to_no_visit(
    how: str, app: Flask, browser: Browser, db: Session, database: Database
) -> None:
    aisle = make_aisle(db)
    browser.get(aisle.page)
    (page,) = lines(app)
    if how == "cookie":
        browser._client.set_cookie("qo", "1", domain="localhost")

    signal = {"Sec_GPC": "1"} if how == "signal" else {}
    browser.post(aisle.keep, {"at": aisle.store.public_id, "keep": "yes", "v": page.visit}, **signal)

    with database.read() as reading:
        (event,) = reading.scalars(select(Event))
    assert event.visit == (None if how else page.visit)


def test_who_objects_is_a_mark_on_a_tally_until_they_take_it_back(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    aisle.retailer.measurement = Measurement.ESTIMATE
    db.commit()
    hear(app)

    answer = browser.send(browser.get("/privacy?of=fashiontown&lang=en"), action="/my/objection", count="no")
    browser.get(aisle.printed)
    browser.get(aisle.page)
    page = browser.follow(answer)
    browser.send(page, action="/my/objection", count="yes")
    browser.get(aisle.printed)

    scan, visit, again = lines(app)
    for line in (scan, visit):
        assert (line.has_gpc, line.visit, line.near, line.day_hash) == (True, "", "", "")
    assert "You asked that this phone is not told apart" in page.text
    assert not again.has_gpc and again.visit and again.day_hash
    assert "qo" not in browser.cookies()


def test_keys_of_phones_are_gone_in_time_where_nobody_scans_any_more(
    app: Flask, browser: Browser, db: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    aisle = make_aisle(db)
    aisle.retailer.measurement = Measurement.ESTIMATE
    changed(db, aisle.retailer.id, at=now())
    db.commit()
    hear(app)
    browser.get(aisle.printed)
    assert [len(list(settings.keys_dir.glob(f"{kind}-*"))) for kind in ("day", "near")] == [1, 1]

    two_days_later_s = time.time() + KEY_LASTS_S + 60
    monkeypatch.setattr("qrmerch.landing.scanning.time", lambda: two_days_later_s)
    hear(app)

    assert [*settings.keys_dir.glob("day-*"), *settings.keys_dir.glob("near-*")] == []
