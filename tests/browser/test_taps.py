"""What the script tells of a page without being asked: seen, stayed, played; and an answer given in its place."""

from urllib.parse import parse_qs

import pytest
from flask import Flask
from playwright.sync_api import Page, Request, Route, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.reviews.models import Answer
from qrmerch.scans.line import ENGAGED, SCAN, VIEW
from tests.browser.conftest import OpenPhone, stand_still
from tests.chromium import Watched, wait_until
from tests.landing.aisle import Aisle, hear, lines, make_aisle

QUESTION = """<form data-tap="Thank you." method="post" action="/i/asked/answer">
  <div>
    <button name="answer" value="yes">Surely</button>
    <button name="answer" value="no" formaction="/i/asked/no">Hardly</button>
  </div>
  <p id="said" role="status"></p>
</form>"""
# As wide as the phone, and with the way from page to page that ours have.
TAKEN = """<!doctype html><meta name="viewport" content="width=device-width, initial-scale=1">
<style>@view-transition { navigation: auto }</style><body>taken"""
ASKED = "form[action='/i/asked/answer']"
# Sent behind all that the page has told, so that this is heard when it is answered.
MARK = "() => fetch('/p', { method: 'POST', body: 'mark=1' }).then((answer) => answer.json())"
FILM = """() => {
  const film = document.createElement('video');
  film.controls = true;
  let at = 0;
  Object.defineProperties(film, { duration: { value: 40 }, currentTime: { get: () => at } });
  document.querySelector('main').append(film);
  window.play = (kind, seconds) => { at = seconds; film.dispatchEvent(new Event(kind)); };
}"""


class Told:
    """What a page posted, by address, in order; nothing of it reaches the server."""

    def __init__(self, page: Page) -> None:
        self.said: list[tuple[str, dict[str, str]]] = []
        self._page = page
        page.route("**/v", self._hear)
        page.route("**/p", self._hear)

    def _hear(self, route: Route, request: Request) -> None:
        fields = {name: value[0] for name, value in parse_qs(request.post_data or "").items()}
        if "mark" not in fields:
            self.said.append((request.url.rpartition("/")[2], fields))
        route.fulfill(status=200, json={"v": "0123"})

    def steps(self, address: str) -> list[str]:
        """What was told there by now, heard and answered."""
        self._page.evaluate(MARK)
        return [fields.get("s", "") for where, fields in self.said if where == address]


@pytest.fixture
def aisle(app: Flask, db: Session) -> Aisle:
    made = make_aisle(db)
    hear(app)
    return made


@pytest.fixture
def phone(open_phone: OpenPhone) -> Watched:
    return open_phone()


@pytest.fixture
def page(phone: Watched, aisle: Aisle) -> Page:
    """A phone whose clock stands still until it is set forward."""
    page = phone.page
    page.route("**/media/**", lambda route: route.fulfill(status=200, body=""))
    stand_still(page)
    return page


@pytest.fixture
def told(page: Page) -> Told:
    return Told(page)


def test_a_page_is_seen_after_one_second_and_stayed_on_after_ten(page: Page, told: Told, aisle: Aisle) -> None:
    page.goto(aisle.printed)
    page.clock.run_for(900)
    assert told.steps("v") == []

    page.clock.run_for(200)
    assert told.steps("v") == [""]
    page.clock.run_for(8_800)
    assert told.steps("v") == [""]
    page.clock.run_for(200)
    assert told.steps("v") == ["", "10"]
    page.clock.run_for(60_000)
    assert told.steps("v") == ["", "10"]
    (_, seen), (_, stayed) = told.said
    assert stayed["v"] == "0123"
    assert seen["page"] == stayed["page"] == f"{aisle.page}&lang=en"


def test_ten_seconds_reach_the_log_in_the_same_visit(page: Page, app: Flask, aisle: Aisle) -> None:
    page.goto(aisle.printed)
    page.clock.run_for(1_100)
    expect(page.locator("input[name=v]")).not_to_have_value("")

    page.clock.run_for(9_500)

    wait_until(page, lambda: len(lines(app)) == 3, lambda: f"only {[line.kind for line in lines(app)]}")
    scan, seen, stayed = lines(app)
    assert (scan.kind, seen.kind, stayed.kind) == (SCAN, VIEW, ENGAGED)
    assert stayed.visit == seen.visit != ""


def test_a_page_behind_another_is_not_stayed_on(page: Page, told: Told, aisle: Aisle) -> None:
    page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => window.isBehind === true })")
    page.goto(aisle.printed)
    page.clock.run_for(1_100)

    page.evaluate("window.isBehind = true; document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.run_for(60_000)

    assert told.steps("v") == [""]


def test_a_film_tells_its_quarters_each_once_and_no_visit(page: Page, told: Told, aisle: Aisle) -> None:
    page.goto(aisle.printed)
    page.evaluate(FILM)

    for kind, seconds in (("play", 0), ("timeupdate", 9), ("timeupdate", 11), ("play", 5), ("timeupdate", 12)):
        page.evaluate("([kind, at]) => play(kind, at)", [kind, seconds])
    assert told.steps("p") == ["0", "25"]
    page.evaluate("play('timeupdate', 31); play('ended', 40); play('play', 0); play('ended', 40)")

    assert told.steps("p") == ["0", "25", "50", "75", "100"]
    assert {frozenset(fields) for where, fields in told.said if where == "p"} == {frozenset(("page", "s"))}


def ask(page: Page, aisle: Aisle) -> list[str]:
    """The page with a question on it; what was answered, with each answer's address."""
    answered: list[str] = []

    def put(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</main>", f"{QUESTION}</main>"))

    page.route(f"**{aisle.page}*", put)
    page.on(
        "request",
        lambda request: (
            answered.append(f"{request.url.rpartition('/')[2]} {request.post_data}")
            if "/i/asked/" in request.url
            else None
        ),
    )
    page.goto(aisle.page)
    return answered


@pytest.mark.parametrize("status", [200, 303])
def test_an_answer_is_thanked_for_where_the_question_was(status: int, page: Page, aisle: Aisle) -> None:
    answered = ask(page, aisle)
    page.route("**/i/asked/**", lambda route: route.fulfill(status=status, headers={"Location": "/i/asked"}))

    page.locator(ASKED).get_by_role("button", name="Surely").click()

    expect(page.locator("#said")).to_have_text("Thank you.")
    expect(page.locator(ASKED).locator("button")).to_have_count(0)
    assert answered == ["answer answer=yes"]
    assert page.url.endswith(aisle.page) or page.url.endswith(f"{aisle.page}&lang=en")


def test_an_answer_that_does_not_come_through_is_sent_as_a_form(phone: Watched, page: Page, aisle: Aisle) -> None:
    answered = ask(page, aisle)
    page.route(
        "**/i/asked/**",
        lambda route: (
            route.abort()
            if route.request.resource_type == "fetch"
            else route.fulfill(status=200, content_type="text/html", body=TAKEN)
        ),
    )

    page.locator(ASKED).get_by_role("button", name="Hardly").click()

    expect(page.locator("body")).to_have_text("taken")
    assert answered == ["no answer=no", "no answer=no"]
    phone.expect_complaint("ERR_FAILED")


def test_the_pages_own_question_is_answered_in_its_place(page: Page, aisle: Aisle, db: Session) -> None:
    page.goto(aisle.printed)
    before = page.url

    page.get_by_role("button", name="Partly").click()

    expect(page.locator(".tap [role=status]")).to_have_text("Thank you. Riverside reads these.")
    expect(page.locator(".tap button")).to_have_count(0)
    assert page.url == before
    assert [each.answer for each in db.scalars(select(Answer))] == ["partly"]
