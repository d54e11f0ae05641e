"""What a shopper does on an item's page: keep, let go, share, be counted as having seen it."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.parties.models import RetailerHost
from qrmerch.rendering.kept import PageKey
from qrmerch.scans.line import PAGE, SHARE
from qrmerch.scans.models import Event
from qrmerch.visitors.models import ConsentAction, ConsentEvent, Visitor
from qrmerch.wishlists import service as wishlists
from qrmerch.wishlists.models import ShareLink, WishlistItem
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_item, make_retailer, make_store
from tests.landing.aisle import Aisle, carry, lines, make_aisle, scan_path

SCRIPT = {"Accept": "application/json"}


def count(database: Database, *tables: Any) -> list[int]:
    """How many rows tables have, as others see them."""
    with database.read() as db:
        return [db.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def press(browser: Browser, aisle: Aisle, keep: str = "yes", **headers: str) -> Any:
    """Press the heart on the top's own page."""
    form = {"at": aisle.store.public_id, "back": aisle.top.public_id, "lang": "en", "keep": keep}
    return browser.post(aisle.keep, form, **headers)


def heart_of(html: str, public_id: str) -> str:
    """Whether the heart of an item is pressed on a page."""
    found = re.search(rf'aria-pressed="(\w+)"[^>]*data-keep="{public_id}"', html)
    assert found, "no heart"
    return found[1]


def test_a_heart_keeps_the_item_and_leads_back_to_its_page(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    answer = press(browser, aisle)

    assert answer.headers["Location"] == f"{aisle.page}&lang=en"
    page = browser.follow(answer)
    assert heart_of(page.text, aisle.top.public_id) == "true"
    assert heart_of(page.text, aisle.sandal.public_id) == "false"
    assert 'aria-label="My list, 1"' in page.text


def test_the_form_on_the_page_is_the_one_that_keeps(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    answer = browser.send(browser.get(aisle.page), action="/keep", keep="yes")

    assert heart_of(browser.follow(answer).text, aisle.top.public_id) == "true"


def test_a_second_press_lets_it_go(browser: Browser, db: Session, database: Database) -> None:
    aisle = make_aisle(db)
    press(browser, aisle)

    page = browser.follow(press(browser, aisle, keep="no"))

    assert heart_of(page.text, aisle.top.public_id) == "false"
    assert count(database, WishlistItem) == [1]


def test_keeping_twice_is_keeping_once(browser: Browser, db: Session, database: Database) -> None:
    aisle = make_aisle(db)

    for _ in range(2):
        press(browser, aisle)

    assert count(database, WishlistItem, Visitor, Event) == [1, 1, 1]


def test_letting_go_what_was_never_kept_does_nothing(browser: Browser, db: Session, database: Database) -> None:
    aisle = make_aisle(db)

    answer = press(browser, aisle, keep="no")

    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers
    assert count(database, WishlistItem, Visitor, Event) == [0, 0, 0]


def test_a_heart_in_the_look_leads_back_to_the_page_it_was_pressed_on(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    form = {"at": aisle.store.public_id, "back": aisle.top.public_id, "lang": "ar", "keep": "yes"}

    answer = browser.post(f"/i/{aisle.sandal.public_id}/keep", form)

    assert answer.headers["Location"] == f"{aisle.page}&lang=ar"


def test_sec_b05_the_cookie_comes_with_the_first_heart_and_holds_a_random_number(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    cookie = press(browser, aisle).headers["Set-Cookie"]

    assert re.match(r"qm=[\w-]{43};", cookie)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age=15552000" in cookie
    assert browser.cookies() == ["qm"]


def test_one_cookie_serves_all_shops_of_a_host_and_each_knows_another_number(
    browser: Browser, db: Session, database: Database
) -> None:
    aisle = make_aisle(db)
    other = make_item(db, make_retailer(db, name="Corvane"))
    db.commit()
    first = press(browser, aisle).headers["Set-Cookie"].split(";")[0]

    second = browser.post(f"/i/{other.public_id}/keep", {"keep": "yes"}).headers["Set-Cookie"].split(";")[0]

    assert first == second
    with database.read() as reading:
        hashes = list(reading.scalars(select(Visitor.secret_hash)))
    assert len(set(hashes)) == 2
    assert first.removeprefix("qm=") not in hashes


@pytest.mark.parametrize("forged", ["short", "a" * 42 + "!", "x" * 500, "../../etc", "å" * 43])
def test_a_cookie_that_is_not_of_our_making_is_not_used(forged: str, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    answer = press(carry(browser, forged), aisle)

    assert answer.status_code == 303
    assert forged not in answer.headers["Set-Cookie"]
    assert re.match(r"qm=[\w-]{43};", answer.headers["Set-Cookie"])


def test_sec_h01_what_the_page_said_is_kept_with_the_consent(browser: Browser, db: Session, database: Database) -> None:
    aisle = make_aisle(db)
    page = browser.get(aisle.page).text

    press(browser, aisle)

    with database.read() as reading:
        (consent,) = reading.scalars(select(ConsentEvent))
    assert consent.action == ConsentAction.GRANT
    assert consent.locale == "en"
    label, notice = consent.shown_text.split(". ", 1)
    assert label in page
    assert notice in page


def test_the_script_gets_the_whole_list(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    press(browser, aisle)

    answer = browser.post(f"/i/{aisle.sandal.public_id}/keep", {"keep": "yes"}, **SCRIPT)

    assert answer.json == {"kept": [aisle.sandal.public_id, aisle.top.public_id]}


def test_an_action_is_counted_where_the_page_was(browser: Browser, db: Session, database: Database) -> None:
    aisle = make_aisle(db)
    visit = re.search('desc="(.*)"', browser.get(aisle.printed).headers["Server-Timing"])
    assert visit
    form = {"at": aisle.store.public_id, "v": visit[1]}

    browser.post(aisle.keep, {**form, "keep": "yes"})
    browser.post(aisle.keep, {**form, "keep": "no"})
    browser.post(f"/i/{aisle.top.public_id}/share", form)

    with database.read() as reading:
        events = list(reading.scalars(select(Event).order_by(Event.at, Event.id)))
    assert [event.kind for event in events] == ["keep", "unkeep", "share"]
    assert {event.visit for event in events} == {visit[1]}
    assert {event.store_id for event in events} == {aisle.store.id}


@pytest.mark.parametrize("said", ["", "nonsense", "0" * 28, "f" * 28])
def test_a_visit_that_cannot_be_one_counts_unlinked(
    said: str, browser: Browser, db: Session, database: Database
) -> None:
    aisle = make_aisle(db)

    browser.post(aisle.keep, {"keep": "yes", "v": said})

    with database.read() as reading:
        assert reading.scalars(select(Event.visit)).one() is None


def test_a_list_that_is_full_says_so(
    browser: Browser, db: Session, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    aisle = make_aisle(db)
    monkeypatch.setattr(wishlists, "MAX_KEPT", 1)
    press(browser, aisle)

    told = browser.post(f"/i/{aisle.sandal.public_id}/keep", {"keep": "yes", "lang": "ar"}, **SCRIPT)
    shown = browser.post(f"/i/{aisle.sandal.public_id}/keep", {"keep": "yes", "lang": "en"})

    assert told.status_code == 409
    assert told.json["detail"] == "القائمة ممتلئة. أزل منتجًا لتحفظ غيره."
    assert "The list is full." in browser.follow(shown).text
    assert count(database, WishlistItem) == [1]


# --- from elsewhere ---------------------------------------------------------------------------------

FOREIGN = [
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Sec_Fetch_Site": "none"},
    {"Sec_Fetch_Site": "cross-site", "Origin": "http://localhost"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("action", ["keep", "share"])
def test_sec_d01_a_foreign_page_changes_nothing(
    headers: dict[str, str], action: str, browser: Browser, db: Session, database: Database
) -> None:
    aisle = make_aisle(db)
    press(browser, aisle)
    before = count(database, WishlistItem, ShareLink, Event, Visitor)

    answer = browser.post(f"/i/{aisle.sandal.public_id}/{action}", {"keep": "yes"}, **headers)

    assert answer.status_code == 400
    assert count(database, WishlistItem, ShareLink, Event, Visitor) == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Origin": "https://evil.example"}, 400),
        ({"Origin": "null"}, 400),
        ({"Referer": "https://evil.example/localhost"}, 400),
        ({"Origin": "http://[x"}, 400),
        ({"Referer": "http://[x"}, 400),
        ({"Origin": "http://localhost"}, 303),
        ({"Referer": "http://localhost/i/x"}, 303),
    ],
    ids=str,
)
def test_sec_d01_a_browser_that_says_no_site_is_judged_by_its_origin(
    headers: dict[str, str], status: int, app: Flask, db: Session
) -> None:
    aisle = make_aisle(db)
    client = app.test_client()

    answer = client.post(aisle.keep, data={"keep": "yes"}, headers=headers)

    assert answer.status_code == status


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "\t//evil.example",
        "%2F%2Fevil.example",
        "my/../..//evil.example",
        "evil.example\r\nSet-Cookie: x=1",
        "0000000000000000@evil.example",
    ],
)
def test_sec_d05_a_form_leads_to_this_host_only(target: str, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    fields = {"keep": "yes", "back": target, "lang": target, "at": target, "of": target}

    kept = browser.post(aisle.keep, fields)
    let_go = browser.post(aisle.keep, {**fields, "keep": "no", "back": "my"})
    shared = browser.post(f"/i/{aisle.top.public_id}/share", fields)
    found = browser.get(f"/q/?code={quote(target)}")

    for answer, beginning in ((kept, "/i/"), (let_go, "/my"), (shared, "/i/"), (found, ("/q/", "/help"))):
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith(beginning)
        assert not answer.headers["Location"].startswith("//")
        assert "\n" not in answer.headers["Location"]


@pytest.mark.parametrize("action", ["keep", "share"])
def test_a_get_does_nothing(action: str, browser: Browser, db: Session, database: Database) -> None:
    aisle = make_aisle(db)

    answer = browser.get(f"/i/{aisle.top.public_id}/{action}?keep=yes")

    assert answer.status_code == 405
    assert count(database, WishlistItem, ShareLink, Event) == [0, 0, 0]


@pytest.mark.parametrize("public_id", ["0" * 16, "short", "x" * 200, "..", "UPPERCASEUPPERCA"])
def test_an_item_that_is_none_is_answered_with_help(public_id: str, browser: Browser, db: Session) -> None:
    make_aisle(db)

    shown = browser.get(f"/i/{public_id}?of=fashiontown")
    pressed = browser.post(f"/i/{public_id}/keep", {"keep": "yes"})

    assert shown.status_code == pressed.status_code == 404
    assert "The code on the tag always does" in shown.text or public_id == ".."


def test_another_shops_item_is_not_on_a_shops_own_host(browser: Browser, db: Session, database: Database) -> None:
    aisle = make_aisle(db)
    other = make_retailer(db, name="Corvane")
    db.add(RetailerHost(retailer_id=other.id, host="corvane.example", is_primary=True, proven_at=NOON))
    db.commit()

    shown = browser.get(aisle.page, Host="corvane.example")
    pressed = browser.post(aisle.keep, {"keep": "yes"}, Host="corvane.example")
    seen = browser.post("/v", {"page": aisle.page}, Host="corvane.example", **SCRIPT)

    assert (shown.status_code, pressed.status_code, seen.status_code) == (404, 404, 404)
    assert count(database, WishlistItem) == [0]


def test_another_shops_store_is_nowhere(browser: Browser, db: Session, database: Database) -> None:
    aisle = make_aisle(db)
    far = make_store(db, make_retailer(db), short_name="Farville")
    db.commit()

    page = browser.get(f"/i/{aisle.top.public_id}?at={far.public_id}")
    browser.post(aisle.keep, {"keep": "yes", "at": far.public_id})

    assert "Farville" not in page.text
    with database.read() as reading:
        assert reading.scalars(select(WishlistItem.store_id)).one() is None


# --- sharing ----------------------------------------------------------------------------------------


def test_without_script_sharing_leads_to_a_page_with_the_link(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    page = browser.follow(browser.post(f"/i/{aisle.top.public_id}/share", {"at": aisle.store.public_id, "lang": "en"}))

    link = re.search(r'value="(http://localhost/s/[0-9a-z]{16})"', page.text)
    assert link
    assert f"mailto:?subject=Marigold%20Slouch%20Top&amp;body={link[1].replace(':', '%3A')}" in page.text
    assert f'href="{aisle.page.replace("&", "&amp;")}&amp;lang=en"' in page.text


def test_a_friend_sees_the_page_and_is_no_scan(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    link = browser.post(f"/i/{aisle.top.public_id}/share", {"at": aisle.store.public_id}, **SCRIPT).json["url"]

    page = browser.another().get(link)

    assert page.status_code == 200
    assert f'data-here="{aisle.page}&amp;lang=en"' in page.text
    # Nobody knows where the friend stands.
    assert "In stock at Riverside" in page.text
    assert "In stock here" not in page.text
    assert "Where to see it" in page.text
    assert f'formaction="/i/{aisle.top.public_id}/keep?at={aisle.store.public_id}"' in page.text
    assert [line.kind for line in lines(app)] == [SHARE]


def test_a_link_is_shown_with_its_own_item_only(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    link = browser.post(f"/i/{aisle.top.public_id}/share", {}, **SCRIPT).json["page"].split("/")[4].split("?")[0]

    assert browser.get(f"/i/{aisle.top.public_id}/share/{link}").status_code == 200
    assert browser.get(f"/i/{aisle.sandal.public_id}/share/{link}").status_code == 404
    assert browser.get(f"/i/{aisle.top.public_id}/share/{'0' * 16}").status_code == 404
    assert browser.get(f"/s/{'0' * 16}").status_code == 404


def test_a_further_page_continues_the_visit_that_its_address_says(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    first = re.search('desc="(.*)"', browser.get(aisle.page).headers["Server-Timing"])
    assert first

    second = browser.get(f"/i/{aisle.sandal.public_id}?v={first[1]}")

    assert [(line.kind, line.is_new_visit) for line in lines(app)] == [(PAGE, True), (PAGE, False)]
    assert first[1] in second.headers["Server-Timing"]


# --- what is personal -------------------------------------------------------------------------------


def test_a_page_with_hearts_is_for_that_phone_alone(app: Flask, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    press(browser, aisle)

    mine = browser.get(aisle.page)
    theirs = browser.another().get(aisle.page)

    assert mine.headers["Cache-Control"] == "private, no-cache"
    assert heart_of(theirs.text, aisle.top.public_id) == "false"
    kept = scan_path(app).pages.find_old(PageKey(aisle.top.id, aisle.store.id, "en"))
    assert kept is not None
    assert heart_of(kept.variants[0].body[0].decode(), aisle.top.public_id) == "false"


def test_the_printed_address_is_the_same_for_a_phone_that_keeps_things(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    before = browser.get(aisle.printed)
    press(browser, aisle)

    after = browser.get(aisle.printed)

    assert after.data == before.data


def test_a_language_that_was_chosen_stays_along_every_link(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    page = browser.get(f"{aisle.page}&lang=ar").text

    addresses = re.findall(r'href="(/(?:i/|my|help|privacy|\?)[^"]*)"', page)
    assert len(addresses) >= 6
    assert all("lang=ar" in each or "lang=en" in each for each in addresses)
    assert [each for each in addresses if "lang=en" in each] == [f"{aisle.page}&lang=en".replace("&", "&amp;")]
    assert f'data-here="{aisle.page}&amp;lang=ar"' in page


def test_a_shop_with_one_language_says_none_in_its_addresses(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db, locales=["en"])

    page = browser.get(aisle.page).text

    assert "lang=" not in "".join(re.findall(r'(?:href|data-here)="([^"]*)"', page))


def test_a_language_that_is_not_offered_is_not_spoken(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    page = browser.get(f"{aisle.page}&lang=de")

    assert page.headers["Content-Language"] == "en"
