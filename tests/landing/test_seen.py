"""What a page's script reports: seen for a second, on the screen for ten, played so far."""

import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from qrmerch.scans.line import ENGAGED, PLAY, SCAN, VIEW
from tests.browsing import Browser
from tests.landing.aisle import hear, lines, make_aisle
from tests.landing.test_item import SCRIPT, press


def test_a_page_seen_for_a_second_continues_its_scan(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    hear(app)
    visit = re.search('desc="(.*)"', browser.get(aisle.printed).headers["Server-Timing"])
    assert visit

    seen = browser.post("/v", {"v": visit[1], "page": aisle.page, "code": aisle.code.token}, **SCRIPT)

    scan, view = lines(app)
    assert seen.json == {"v": visit[1]}
    assert (scan.kind, view.kind) == (SCAN, VIEW)
    assert scan.visit == view.visit == visit[1]
    assert (view.subject, view.token, view.store_id) == (aisle.top.public_id, aisle.code.token, aisle.store.id)
    assert not view.is_new_visit


def test_a_view_without_a_visit_begins_one(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    seen = browser.post("/v", {"v": "", "page": aisle.page}, **SCRIPT)

    (view,) = lines(app)
    assert view.is_new_visit
    assert seen.json == {"v": view.visit}


def test_a_code_that_does_not_exist_is_not_written_with_a_view(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    browser.post("/v", {"page": aisle.page, "code": "7K3M9QXR8"}, **SCRIPT)

    (view,) = lines(app)
    assert view.token == ""


@pytest.mark.parametrize("page", ["", "/i/", "/my", "/i/0000000000000000", "//[", "http://evil.example/i/x"])
def test_a_view_of_no_page_counts_nothing(page: str, app: Flask, browser: Browser, db: Session) -> None:
    make_aisle(db)

    answer = browser.post("/v", {"page": page}, **SCRIPT)

    assert answer.status_code == 404
    assert lines(app) == []


def test_a_view_brings_the_hearts_of_a_phone_that_keeps_things(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    press(browser, aisle)

    seen = browser.post("/v", {"page": aisle.page}, **SCRIPT)

    assert seen.json["kept"] == [aisle.top.public_id]


# --- ten seconds, and plays -------------------------------------------------------------------------


def test_ten_seconds_belong_to_the_visit_that_the_phone_says(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    hear(app)
    visit = browser.post("/v", {"page": aisle.page}, **SCRIPT).json["v"]

    answer = browser.post("/v", {"v": visit, "page": aisle.page, "s": "10"})

    _, engaged = lines(app)
    assert (answer.status_code, answer.data) == (204, b"")
    assert (engaged.kind, engaged.visit, engaged.subject) == (ENGAGED, visit, aisle.top.public_id)
    assert engaged.store_id == aisle.store.id and not engaged.is_new_visit


@pytest.mark.parametrize("said", ["", "f" * 28, "nonsense"])
def test_ten_seconds_of_what_nobody_saw_count_nothing(said: str, app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    assert browser.post("/v", {"v": said, "page": aisle.page, "s": "10"}).status_code == 204

    assert lines(app) == []


def test_ten_seconds_of_a_phone_that_is_not_told_apart_count_without_a_visit(
    app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)

    browser.post("/v", {"v": "", "page": aisle.page, "s": "10"}, Sec_GPC="1")

    (engaged,) = lines(app)
    assert (engaged.kind, engaged.visit, engaged.has_gpc) == (ENGAGED, "", True)


@pytest.mark.parametrize("step", [0, 25, 50, 75, 100])
def test_a_play_says_how_far_it_came_and_nothing_of_who_played(
    step: int, app: Flask, browser: Browser, db: Session
) -> None:
    aisle = make_aisle(db)
    visit = browser.post("/v", {"page": aisle.page}, **SCRIPT).json["v"]

    answer = browser.post("/p", {"page": aisle.page, "s": str(step), "v": visit})

    _, play = lines(app)
    assert answer.status_code == 204
    assert (play.kind, play.step, play.subject, play.visit, play.near) == (PLAY, step, aisle.top.public_id, "", "")


@pytest.mark.parametrize("step", ["", "10", "-25", "\u0662\u0665", "100.0", "101"])
def test_a_play_that_came_to_no_quarter_counts_nothing(step: str, app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    answer = browser.post("/p", {"page": aisle.page, "s": step})

    assert answer.status_code == 422
    assert lines(app) == []


@pytest.mark.parametrize("address", ["/v", "/p"])
def test_a_report_of_no_page_counts_nothing(address: str, app: Flask, browser: Browser, db: Session) -> None:
    make_aisle(db)

    assert browser.post(address, {"page": "/i/0000000000000000", "s": "10"}).status_code == 404
    assert browser.raw_post(address, {"Sec-Fetch-Site": "cross-site"}) == 400
    assert lines(app) == []
