"""A shared list in real browsers: its owner's phone with and without a signal, a friend's with and without script."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.visitors.models import Visitor
from qrmerch.wishlists.models import Bringing, ListShare
from tests.axe import list_problems
from tests.browser.conftest import Draw, OpenPhone
from tests.browser.test_offline import AS_OF, KEPT, cut, hold, mend
from tests.browser.test_widths import OUT, SMALL
from tests.browsing import PHONE
from tests.chromium import Watched, wait_until
from tests.landing.aisle import Aisle, hear, make_aisle

SHEET = "navigator.share = async (what) => { window.name = JSON.stringify(what); }"
MINE = "/my/shared/fashiontown?of=fashiontown&lang=en"
LIST = "/my?of=fashiontown&lang=en"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/l/[0-9a-f]{32}")

# The addresses of the kept pages that hold a text.
SAYS = """async (text) => {
  // What is dropped while it is read says nothing.
  const said = async (cache, key) => (await (await cache.match(key))?.text())?.includes(text) && key.url;
  const pages = await Promise.all((await caches.keys()).map(async (name) => {
    const cache = await caches.open(name);
    return Promise.all((await cache.keys()).map((key) => said(cache, key)));
  }));
  return pages.flat().filter(Boolean);
}"""


def await_saying(page: Page, text: str, holds: Callable[[list[str]], bool]) -> None:
    """Wait until what the worker keeps with a text in it is as it should be."""

    def kept() -> list[str]:
        found: list[str] = page.evaluate(f"({SAYS})('{text}')")
        return found

    wait_until(page, lambda: holds(kept()), lambda: f"{text} stands at {kept()}")


@pytest.fixture
def aisle(app: Flask, db: Session, draw: Draw) -> Aisle:
    made = make_aisle(db, draw=draw)
    hear(app)
    return made


@pytest.fixture
def owner(open_phone: OpenPhone, aisle: Aisle) -> Watched:
    """A phone on which the top is kept."""
    phone = open_phone()
    phone.page.goto(aisle.page)
    phone.page.locator(".bar [data-keep]").click()
    expect(phone.page.locator(".count")).to_have_text("1")
    return phone


def share(page: Page, *, is_gift: bool = False) -> str:
    """Share the list from its owner's page; the address that friends get."""
    page.goto(MINE)
    page.get_by_role("button", name="Share the list").click()
    address = page.get_by_label("The link for friends").input_value()
    if is_gift:
        page.get_by_role("button", name="Let friends mark it").click()
        expect(page.get_by_role("link", name="Tell me what they bring")).to_be_visible()
    return address


def brought(database: Database) -> list[str]:
    with database.read() as db:
        return list(db.scalars(select(Bringing.item_id)))


def test_the_phones_own_sheet_gets_the_address_and_the_page_follows(owner: Watched) -> None:
    page = owner.page
    page.add_init_script(SHEET)
    page.goto(LIST)

    page.get_by_role("button", name="Share the list").click()

    expect(page.get_by_role("heading", name="Your list is shared")).to_be_visible()
    shared = page.evaluate("JSON.parse(window.name)")
    assert ADDRESS.fullmatch(shared["url"])
    assert shared["title"] == "A list at Fashiontown"
    expect(page.get_by_label("The link for friends")).to_have_value(shared["url"])


@pytest.mark.parametrize("error", ["AbortError", "NotAllowedError"])
def test_a_sheet_that_is_closed_or_will_not_open_gives_way_to_the_page(owner: Watched, error: str) -> None:
    page = owner.page
    page.add_init_script(f"navigator.share = () => Promise.reject(new DOMException('', '{error}'))")
    page.goto(LIST)

    page.get_by_role("button", name="Share the list").click()

    expect(page.get_by_label("The link for friends")).to_have_value(ADDRESS)


def test_where_there_is_no_sheet_the_address_can_be_copied(open_phone: OpenPhone, aisle: Aisle) -> None:
    page = open_phone(permissions=["clipboard-read", "clipboard-write"]).page
    page.add_init_script("delete Navigator.prototype.share")
    page.goto(aisle.page)
    page.locator(".bar [data-keep]").click()
    expect(page.locator(".count")).to_have_text("1")
    page.goto(LIST)
    page.get_by_role("button", name="Share the list").click()
    address = page.get_by_label("The link for friends").input_value()

    page.get_by_role("button", name="Copy the link").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == address


def test_sec_d08_a_list_is_shared_marked_and_stopped_without_script(
    open_phone: OpenPhone, aisle: Aisle, database: Database
) -> None:
    mine, theirs = (open_phone(java_script_enabled=False).page for _ in range(2))
    mine.goto(aisle.page)
    mine.locator(".bar [data-keep]").click()
    mine.goto(LIST)
    mine.get_by_role("button", name="Share the list").click()
    address = mine.get_by_label("The link for friends").input_value()
    mine.get_by_role("button", name="Let friends mark it").click()

    theirs.goto(address)
    assert theirs.context.cookies() == []
    theirs.get_by_label("Which store are you in?").select_option("Riverside")
    theirs.get_by_role("button", name="Show").click()
    expect(theirs.get_by_text("In stock at Riverside")).to_be_visible()
    theirs.get_by_role("button", name="Keep Marigold Slouch Top").click()
    expect(theirs.get_by_role("button", name="Keep Marigold Slouch Top")).to_have_attribute("aria-pressed", "true")
    theirs.get_by_role("button", name="I bring Marigold Slouch Top").click()
    expect(theirs.get_by_text("You bring this")).to_be_visible()
    assert brought(database) == [aisle.top.id]
    theirs.get_by_role("button", name="Do not bring Marigold Slouch Top").click()
    expect(theirs.get_by_role("button", name="I bring Marigold Slouch Top")).to_be_visible()
    mine.get_by_role("button", name="Stop sharing").click()
    expect(mine.get_by_role("heading", name="Your list is not shared")).to_be_visible()
    assert theirs.request.get(address).status == 410


def test_a_friend_whose_first_answer_was_lost_can_still_take_it_back(
    owner: Watched, open_phone: OpenPhone, aisle: Aisle, database: Database
) -> None:
    address = share(owner.page, is_gift=True)
    page = open_phone(java_script_enabled=False).page
    page.goto(address)
    bring = page.get_by_role("button", name="I bring Marigold Slouch Top")

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort("aborted")

    page.route("**/bring", lose, times=1)
    with page.expect_event("requestfailed"):
        bring.click(no_wait_after=True)
    page.context.clear_cookies()
    assert brought(database) == [aisle.top.id]
    bring.click()

    expect(page.get_by_text("You bring this")).to_be_visible()
    page.get_by_role("button", name="Do not bring Marigold Slouch Top").click()
    expect(bring).to_be_visible()
    assert brought(database) == []
    with database.read() as db:
        assert len(db.scalars(select(Visitor)).all()) == 2


def test_sec_h03_no_request_from_a_friends_page_says_its_address(
    owner: Watched, open_phone: OpenPhone, aisle: Aisle
) -> None:
    address = share(owner.page)
    page = open_phone().page
    said: list[tuple[str, str]] = []
    page.on("request", lambda request: said.append((request.url, request.headers.get("referer", ""))))

    page.goto(address)
    page.get_by_role("button", name="Keep Marigold Slouch Top").click()
    expect(page.locator(".count")).to_have_text("1")
    page.locator(".kept h2 a").click()
    expect(page.get_by_role("heading", name="Marigold Slouch Top")).to_be_visible()

    origin, _, secret = address.partition("/l/")
    assert [each for path, each in said if path.startswith(f"{origin}/i/") and "/keep" not in path] == [f"{origin}/"]
    assert not [each for _, each in said if secret in each]


# --- without a signal ---------------------------------------------------------------------------------------------


def test_its_owner_has_the_address_without_a_signal(owner: Watched) -> None:
    page = owner.page
    address = share(page)
    page.add_init_script(SHEET)
    for each in (MINE, LIST):
        page.goto(each)
        await_saying(page, address, lambda kept, path=each: any(key.endswith(path) for key in kept))
    cut(owner)

    page.goto(MINE)
    expect(page.locator("main > [role=status]")).to_have_text(AS_OF)
    expect(page.get_by_label("The link for friends")).to_have_value(address)
    page.goto(LIST)
    page.get_by_role("button", name="Share the list").click()

    page.wait_for_function("window.name")
    assert page.evaluate("JSON.parse(window.name).url") == address
    mend(owner)


def test_sharing_anew_without_a_signal_says_that_nothing_was_changed(owner: Watched, database: Database) -> None:
    page = owner.page
    page.add_init_script(SHEET)
    page.goto(LIST)
    hold(page, LIST)
    cut(owner)
    page.goto(LIST)

    page.get_by_role("button", name="Share the list").click()

    expect(page.locator(".toast")).to_have_text("Still as it was: no connection. Try again.")
    with database.read() as db:
        assert db.scalars(select(ListShare)).all() == []
    mend(owner)


def test_a_stopped_address_is_on_no_page_that_the_worker_keeps(owner: Watched) -> None:
    page = owner.page
    address = share(page)
    for language in ("ar", "en"):
        page.goto(MINE.replace("lang=en", f"lang={language}"))
        hold(page, MINE.replace("lang=en", f"lang={language}"))

    page.get_by_role("button", name="Stop sharing").click()
    expect(page.get_by_role("heading", name="Your list is not shared")).to_be_visible()

    await_saying(page, address, lambda kept: not kept)
    cut(owner)
    page.goto(MINE.replace("lang=en", "lang=ar"))
    expect(page.get_by_role("heading", name="Your list is not shared")).to_be_visible()
    mend(owner)


def test_the_worker_keeps_no_friends_page_and_not_what_is_brought(owner: Watched, open_phone: OpenPhone) -> None:
    page = owner.page
    address = share(page, is_gift=True)
    hold(page, MINE)
    page.get_by_role("link", name="Tell me what they bring").click()
    expect(page.get_by_role("heading", name="What friends bring")).to_be_visible()
    page.goto(address)
    expect(page.get_by_text("Your own list, as friends see it")).to_be_visible()
    # The script has the worker keep pages once they are loaded; this one it is asked for again, and answers.
    page.evaluate("""async () => {
      const { hold } = await import(document.body.dataset.holder);
      return hold({ page: location.pathname + location.search });
    }""")

    kept = page.evaluate(KEPT)

    assert any("/my/shared/" in each for each in kept)
    assert not [each for each in kept if "/l/" in each or "/my/gifts" in each]


# --- looks --------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(390, "dark", "en"), (320, "light", "ar"), (1280, "light", "en")]
)
def test_no_page_of_a_shared_list_is_against_the_rules(
    owner: Watched, open_phone: OpenPhone, width: int, scheme: str, language: str
) -> None:
    address = share(owner.page, is_gift=True)
    friend, looks = open_phone(), {"viewport": {"width": width, "height": 844}, "color_scheme": scheme}
    friend.page.goto(address)
    friend.page.get_by_role("button", name="I bring Marigold Slouch Top").click()
    expect(friend.page.get_by_text("You bring this")).to_be_visible()
    cookies = {"owner": owner.page.context.cookies(), "friend": friend.page.context.cookies(), "other": []}
    asked = [
        *(("owner", each) for each in ("/my", "/my/shared/fashiontown", "/my/gifts/fashiontown", address)),
        *(("friend", address), ("other", address)),
    ]

    found = {}
    for who, path in asked:
        watched = open_phone(user_agent=PHONE, is_mobile=width < 1000, has_touch=width < 1000, **looks)
        watched.page.context.add_cookies(cookies[who])
        found[who, path] = problems_of(watched.page, f"{path}?lang={language}")
    owner.page.goto(MINE)
    owner.page.get_by_role("button", name="Stop sharing").click()
    expect(owner.page.get_by_role("heading", name="Your list is not shared")).to_be_visible()
    for who, path in (("owner", "/my/shared/fashiontown"), ("other", address)):
        watched = open_phone(user_agent=PHONE, is_mobile=width < 1000, has_touch=width < 1000, **looks)
        watched.page.context.add_cookies(cookies[who])
        # A browser complains of a page that says 410; what it looks like is the same.
        watched.page.route("**/l/*", lambda route: route.fulfill(response=route.fetch(), status=200))
        found[f"{who} after", path] = problems_of(watched.page, f"{path}?lang={language}")

    assert len(found) == 8
    assert {name: problems for name, problems in found.items() if problems} == {}


def problems_of(page: Page, path: str) -> list[object]:
    """What axe says, what sticks out, and what is smaller than a fingertip."""
    page.goto(path)
    page.wait_for_load_state("load")
    return [*list_problems(page), *page.evaluate(OUT), *page.evaluate(SMALL)]
