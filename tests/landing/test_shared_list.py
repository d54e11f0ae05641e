"""A shared list through HTTP: its owner's button and page, what friends see and do, and what strangers do not."""

import json
import re

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qrmerch.clock import now
from qrmerch.content.publishing import take_down
from qrmerch.db import Database
from qrmerch.landing import guessing, shared_list, shopper
from qrmerch.landing.misses import LIMIT
from qrmerch.parties.models import RetailerHost
from qrmerch.scans.line import PAGE, SHARE
from qrmerch.scans.models import Event
from qrmerch.visitors.models import ConsentEvent, Visitor
from qrmerch.web import Services
from qrmerch.wishlists import service as wishlists
from qrmerch.wishlists.models import SHARE_LASTS, Bringing, ListShare, WishlistItem
from tests.browsing import Browser, find_form
from tests.conftest import NOON
from tests.factories import make_item, make_retailer
from tests.landing.aisle import Aisle, add_offer, carry, lines, make_aisle, stock, variants_of

SCRIPT = {"Accept": "application/json"}
BOT = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"
MINE = "/my/shared/fashiontown"


@pytest.fixture
def aisle(db: Session) -> Aisle:
    return make_aisle(db)


def keep(browser: Browser, aisle: Aisle, *, of_sandal: bool = False) -> None:
    item = aisle.sandal if of_sandal else aisle.top
    assert browser.post(f"/i/{item.public_id}/keep", {"keep": "yes", "at": aisle.store.public_id}).status_code == 303


def share(browser: Browser, *, what: str = "") -> str:
    """Press the button; the path of the address that friends get."""
    page = browser.follow(browser.post(MINE, {"what": what, "lang": "en"}))
    found = re.search(r'value="http://localhost(/l/[0-9a-f]{32})"', page.text)
    assert found, page.text
    return found[1]


def shared(browser: Browser, aisle: Aisle, *, what: str = "") -> str:
    """Keep both things and share the list."""
    keep(browser, aisle)
    keep(browser, aisle, of_sandal=True)
    return share(browser, what=what)


def press(friend: Browser, page: TestResponse, address: str, **values: str) -> TestResponse:
    """Press a button of a friend's page, which sends the fields of its form to an address of its own."""
    fields = find_form(page.text, "/copy").fields
    return friend.post(f"{address}", {**fields, **values})


def rows(database: Database) -> dict[str, int]:
    """How many rows a look or a refused press might have made."""
    with database.read() as db:
        tables = (WishlistItem, Visitor, ConsentEvent, Event, ListShare, Bringing)
        return {table.__tablename__: db.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def set_cookies(answer: TestResponse) -> list[str]:
    return answer.headers.getlist("Set-Cookie")


# --- its owner --------------------------------------------------------------------------------------


def test_one_button_gives_an_address_that_names_nobody(browser: Browser, aisle: Aisle, db: Session) -> None:
    keep(browser, aisle)
    assert f'formaction="{MINE}"' in browser.get("/my?of=fashiontown").text

    address = share(browser)

    visitor = db.scalars(select(Visitor)).one()
    cookie = browser._client.get_cookie("qm", domain="localhost")
    assert cookie
    for told in (visitor.id, visitor.secret_hash, cookie.value, aisle.retailer.slug):
        assert told not in address


def test_the_script_gets_the_address_and_a_second_tap_the_same(browser: Browser, aisle: Aisle) -> None:
    keep(browser, aisle)

    first, second = (browser.post(MINE, {"lang": "en"}, **SCRIPT).json for _ in range(2))

    assert first == second
    assert re.fullmatch("http://localhost/l/[0-9a-f]{32}", first["url"])
    assert first["page"] == f"{MINE}?of=fashiontown&lang=en"


def test_without_script_the_address_can_be_copied_sent_and_stopped(browser: Browser, aisle: Aisle) -> None:
    address = shared(browser, aisle)

    page = browser.get(MINE).text
    listed = browser.get("/my").text

    assert f"body=http%3A//localhost{address}" in page
    assert 'href="mailto:?subject=A%20list%20at%20Fashiontown' in page
    assert 'name="what" value="stop"' in page
    assert f'data-url="http://localhost{address}"' in listed
    assert f'href="{MINE}?lang=en"' in listed


def test_nothing_is_shared_of_a_phone_that_keeps_nothing(browser: Browser, aisle: Aisle, database: Database) -> None:
    before = rows(database)

    page = browser.follow(browser.post(MINE))

    assert "Your list is not shared" in page.text
    assert rows(database) == before
    assert browser.cookies() == []
    assert browser.post(MINE, **SCRIPT).json["url"] == ""


@pytest.mark.parametrize("name", ["nobody", "x" * 500, "..", "Fashiontown"])
def test_an_unknown_retailers_list_is_nowhere(name: str, browser: Browser, aisle: Aisle) -> None:
    keep(browser, aisle)

    assert browser.get(f"/my/shared/{name}").status_code == 404
    assert browser.post(f"/my/shared/{name}").status_code == 404
    assert browser.get(f"/my/gifts/{name}").status_code == 404


def test_a_list_is_shared_on_its_own_host_and_opens_on_no_other_houses(
    browser: Browser, aisle: Aisle, db: Session
) -> None:
    corvane = make_retailer(db, slug="corvane", name="Corvane")
    db.add(RetailerHost(retailer_id=corvane.id, host="corvane.example", is_primary=True, proven_at=NOON))
    db.add(RetailerHost(retailer_id=aisle.retailer.id, host="ours.example", is_primary=True, proven_at=NOON))
    db.commit()
    keep(browser, aisle)

    url = browser.post(MINE, **SCRIPT).json["url"]
    path = url.removeprefix("https://ours.example")

    assert path.startswith("/l/")
    friend = browser.another()
    assert friend.get(path).status_code == 200
    assert friend.get(path, Host="ours.example").status_code == 200
    for ask in (friend.get(path, Host="corvane.example"), friend.post(f"{path}/copy", Host="corvane.example")):
        assert ask.status_code == 404
    assert friend.get(MINE, Host="corvane.example").status_code == 404


def test_a_stopped_address_says_so_kindly_and_the_next_is_another(browser: Browser, aisle: Aisle) -> None:
    address = shared(browser, aisle, what="gift")
    friend = browser.another()
    page = friend.get(address)

    told = browser.follow(browser.post(MINE, {"what": "stop"}))
    again = share(browser)

    assert "Your list is not shared" in told.text
    assert address not in told.text
    gone = friend.get(address)
    assert gone.status_code == 410
    assert "This list is shared no more" in gone.text
    assert "Fashiontown" in gone.text
    assert "Marigold Slouch Top" not in gone.text
    for ask in ("/copy", "/bring"):
        assert press(friend, page, address + ask, bring=aisle.top.public_id).status_code == 410
    assert friend.cookies() == []
    assert again != address
    assert friend.get(again).status_code == 200


def test_a_list_that_was_emptied_can_still_be_stopped(browser: Browser, aisle: Aisle) -> None:
    keep(browser, aisle)
    address = share(browser)
    browser.post(aisle.keep, {"keep": "no"})

    listed = browser.get("/my?of=fashiontown").text
    seen = browser.another().get(address).text
    browser.post(MINE, {"what": "stop"})

    assert f'href="{MINE}?of=fashiontown&amp;lang=en"' in listed
    assert "Nothing is on it at the moment." in seen
    assert browser.another().get(address).status_code == 410
    assert "See or stop it" not in browser.get("/my?of=fashiontown").text


def test_an_address_whose_time_is_over_is_ended(
    browser: Browser, aisle: Aisle, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = shared(browser, aisle)
    monkeypatch.setattr(shared_list, "now", lambda: now() + SHARE_LASTS)

    assert browser.another().get(address).status_code == 410


def test_sec_h04_being_forgotten_ends_the_list_for_friends(browser: Browser, aisle: Aisle, database: Database) -> None:
    address = shared(browser, aisle, what="gift")
    friend = browser.another()
    press(friend, friend.get(address), f"{address}/bring", bring=aisle.top.public_id)

    browser.post("/my/forget")

    assert friend.get(address).status_code == 410
    with database.read() as db:
        (ended,) = db.scalars(select(ListShare))
        assert (ended.secret, ended.visitor_id) == (None, None)
        assert db.scalars(select(Bringing)).all() == []


def test_sec_h04_being_forgotten_takes_a_friends_marks_back(browser: Browser, aisle: Aisle) -> None:
    address = shared(browser, aisle, what="gift")
    friend, other = browser.another(), browser.another()
    press(friend, friend.get(address), f"{address}/bring", bring=aisle.top.public_id)

    friend.post("/my/forget")

    assert "Somebody brings this" not in other.get(address).text


def test_sec_h04_a_person_can_take_along_how_they_share_and_what_they_bring(browser: Browser, aisle: Aisle) -> None:
    address = shared(browser, aisle, what="gift")
    friend = browser.another()
    press(friend, friend.get(address), f"{address}/bring", bring=aisle.top.public_id)

    (mine,) = json.loads(browser.get("/my/data").text)["kept_of_this_phone"]
    (theirs,) = json.loads(friend.get("/my/data").text)["kept_of_this_phone"]

    assert mine["shared"]["address"] == f"http://localhost{address}"
    assert mine["brings"] == []
    assert theirs["shared"] is None
    assert [each["item"] for each in theirs["brings"]] == ["Marigold Slouch Top"]
    assert "<dt>Marked on friends’ lists</dt><dd>1</dd>" in friend.get("/my").text
    assert "<dt>Your list is shared</dt>" in browser.get("/my").text


# --- what friends see -------------------------------------------------------------------------------


def test_friends_see_what_is_on_the_list_now(browser: Browser, aisle: Aisle, db: Session) -> None:
    address = shared(browser, aisle)
    friend = browser.another()
    before = friend.get(address).text
    stock(db, aisle.top, aisle.store, 0, 0)
    aisle.sandal.is_retired = True
    for variant in variants_of(db, aisle.top):
        variant.price_minor = 3000
    db.commit()

    after = friend.get(f"{address}?at={aisle.store.public_id}").text

    assert before.index("Silver Cross Sandal") < before.index("Marigold Slouch Top")
    assert "$28.00" in before
    assert "No longer sold" not in before
    assert "$30.00" in after
    assert "No longer sold" in after
    assert "None at Riverside today" in after


def test_what_its_owner_lets_go_is_gone_for_friends(browser: Browser, aisle: Aisle) -> None:
    address = shared(browser, aisle)

    browser.post(aisle.keep, {"keep": "no"})

    seen = browser.another().get(address).text
    assert "Marigold Slouch Top" not in seen
    assert "Silver Cross Sandal" in seen


def test_stock_is_said_for_the_friends_store_and_never_for_the_owners(browser: Browser, aisle: Aisle) -> None:
    address = shared(browser, aisle)
    friend = browser.another()

    nowhere, there = friend.get(f"{address}?at=none").text, friend.get(f"{address}?at={aisle.store.public_id}").text
    unasked = friend.get(address).text

    assert f"/i/{aisle.top.public_id}?at=none" in nowhere
    assert "In stock at Riverside" in there
    assert f'<option value="{aisle.store.public_id}" selected>Riverside</option>' in there
    assert "selected" not in unasked
    assert f"/i/{aisle.top.public_id}?at=" not in unasked


def test_looking_sets_no_cookie_makes_nothing_and_is_for_no_search_engine(
    browser: Browser, aisle: Aisle, database: Database
) -> None:
    address = shared(browser, aisle, what="gift")
    before = rows(database)
    friend = browser.another()

    answer = friend.get(address)
    friend.get(address + f"?at={aisle.store.public_id}&lang=ar")

    assert rows(database) == before
    assert friend.cookies() == []
    assert set_cookies(answer) == []
    assert '<meta name="robots" content="noindex">' in answer.text
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Referrer-Policy"] == "strict-origin"


@pytest.mark.parametrize("ending", ["ended", "never"])
def test_sec_h03_an_address_that_leads_nowhere_is_told_to_nobody_either(
    ending: str, browser: Browser, aisle: Aisle
) -> None:
    address = shared(browser, aisle)
    browser.post(MINE, {"what": "stop"})

    answer = browser.another().get(address if ending == "ended" else f"/l/{'0' * 32}")

    assert answer.status_code == {"ended": 410, "never": 404}[ending]
    assert answer.headers["Referrer-Policy"] == "strict-origin"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert 'content="noindex"' in answer.text


def test_sec_b05_a_page_of_friends_tells_nothing_of_its_owner(browser: Browser, aisle: Aisle, db: Session) -> None:
    add_offer(db, aisle.top)
    db.commit()
    address = shared(browser, aisle)
    owner = db.scalars(select(Visitor)).one()
    cookie = browser._client.get_cookie("qm", domain="localhost")
    assert cookie

    seen = browser.another().get(address).text

    assert not [told for told in (owner.id, owner.secret_hash, cookie.value) if told in seen]
    # Nor of the store in which it was kept.
    assert f"/i/{aisle.top.public_id}?at={aisle.store.public_id}" not in seen


def test_a_chats_preview_makes_nothing_and_shows_nothing_of_the_list(
    app: Flask, browser: Browser, aisle: Aisle, database: Database
) -> None:
    address = shared(browser, aisle, what="gift")
    before = rows(database)
    bot = browser.another(agent=BOT)

    page = bot.get(address)
    bot.head(address)

    card = re.findall(r'<meta property="og:(\w+)" content="([^"]*)"', page.text)
    assert dict(card) == {"type": "website", "site_name": "Fashiontown", "title": "A friend’s list"}
    assert rows(database) == before
    assert [line.traits.is_human() for line in lines(app)[-2:]] == [False, False]
    assert lines(app)[-1].manner == "head"


def test_a_friend_reads_their_own_language_and_every_link_stays_in_it(browser: Browser, aisle: Aisle) -> None:
    address = shared(browser, aisle, what="gift")

    page = browser.another().get(address, Accept_Language="ar").text

    assert 'dir="rtl"' in page
    assert "سأحضر هذا" in page
    assert f"/i/{aisle.top.public_id}?lang=ar&amp;v=" in page
    assert re.search(rf'href="{address}\?lang=en&amp;v=[0-9a-f]+"', page)


def test_the_statements_of_a_friends_page_do_not_grow_with_the_list(
    browser: Browser, aisle: Aisle, db: Session, services: Services
) -> None:
    address = shared(browser, aisle, what="gift")
    friend = browser.another()
    short = count_statements(friend, services, address)
    more = [make_item(db, aisle.retailer, vendor=aisle.vendor) for _ in range(20)]
    db.commit()
    for item in more:
        browser.post(f"/i/{item.public_id}/keep", {"keep": "yes"})

    assert count_statements(friend, services, address) == short


def count_statements(browser: Browser, services: Services, address: str) -> int:
    said: list[str] = []

    def hear(_c: object, _k: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            said.append(statement)

    event.listen(services.database.engine, "before_cursor_execute", hear)
    assert browser.get(address).status_code == 200
    event.remove(services.database.engine, "before_cursor_execute", hear)
    return len(said)


# --- counting ---------------------------------------------------------------------------------------


def test_opening_it_is_a_friends_visit_and_no_scan_and_its_links_go_on_in_it(
    app: Flask, browser: Browser, aisle: Aisle
) -> None:
    address = shared(browser, aisle)
    friend = browser.another()

    page = friend.get(address).text
    link = re.search(rf'href="(/i/{aisle.top.public_id}\?[^"]*)"', page)
    assert link
    friend.get(link[1].replace("&amp;", "&"))

    opened, followed = lines(app)[-2:]
    assert (opened.kind, opened.entry, opened.is_new_visit) == (SHARE, "share", True)
    assert (followed.kind, followed.visit, followed.is_new_visit) == (PAGE, opened.visit, False)


def test_sec_h03_the_log_does_not_hold_the_address(
    app: Flask, browser: Browser, aisle: Aisle, services: Services
) -> None:
    address = shared(browser, aisle)
    friend = browser.another()
    friend.get(address)
    friend.get(aisle.page, Referer=f"http://localhost{address}")

    written = b"".join(file.read_bytes() for file in services.settings.log_dir.glob("*"))
    assert written
    assert address.removeprefix("/l/").encode() not in written
    assert friend.get(f"/l/{lines(app)[-2].subject}").status_code == 404


def test_a_list_that_is_open_already_is_not_opened_again(app: Flask, browser: Browser, aisle: Aisle) -> None:
    address = shared(browser, aisle, what="gift")
    friend = browser.another()
    page = friend.get(address)
    before = len(lines(app))
    visit = lines(app)[-1].visit

    friend.follow(press(friend, page, f"{address}/bring", bring=aisle.top.public_id))
    friend.get(f"{address}?at={aisle.store.public_id}&v={visit}")
    kept = press(friend, page, f"/i/{aisle.sandal.public_id}/keep", keep="yes")

    assert len(lines(app)) == before
    assert kept.headers["Location"].startswith(f"{address}?")
    assert kept.headers["Location"].endswith(f"v={visit}#i-{aisle.sandal.public_id}")


@pytest.mark.parametrize("visit", ["0" * 28, "nonsense", "f" * 28])
def test_one_that_was_put_aside_with_an_old_visit_is_opened_anew(
    visit: str, app: Flask, browser: Browser, aisle: Aisle
) -> None:
    address = shared(browser, aisle)

    browser.another().get(f"{address}?v={visit}")

    assert (lines(app)[-1].kind, lines(app)[-1].visit != visit) == (SHARE, True)


def test_sec_h06_a_phone_that_objects_gets_no_visit(app: Flask, browser: Browser, aisle: Aisle) -> None:
    address = shared(browser, aisle)
    friend = browser.another()

    page = friend.get(address, Sec_GPC="1")
    friend.get(f"{address}?v=&at=none", Sec_GPC="1")

    (opened,) = [line for line in lines(app) if line.kind == SHARE]
    assert opened.visit == ""
    assert 'name="v" value=""' in page.text
    assert "v=" not in (re.search(rf'href="(/i/{aisle.top.public_id}[^"]*)"', page.text) or [""])[1]


def test_what_is_kept_from_a_friends_list_counts_as_kept_in_that_visit(
    app: Flask, browser: Browser, aisle: Aisle, database: Database
) -> None:
    address = shared(browser, aisle)
    friend = browser.another()
    page = friend.get(address)
    before = rows(database)["event"]

    press(friend, page, f"{address}/copy")

    visit = lines(app)[-1].visit
    with database.read() as db:
        kept = list(db.scalars(select(Event).order_by(Event.at, Event.id)))[before:]
    assert {(each.kind, each.item_id, each.visit) for each in kept} == {
        ("keep", aisle.top.id, visit),
        ("keep", aisle.sandal.id, visit),
    }


# --- what friends do --------------------------------------------------------------------------------


def test_hearts_on_a_friends_list_are_the_friends_own(browser: Browser, aisle: Aisle, db: Session) -> None:
    address = shared(browser, aisle)
    friend = browser.another()
    page = friend.get(address)

    back = friend.follow(press(friend, page, f"/i/{aisle.top.public_id}/keep", keep="yes"))
    press(friend, back, f"/i/{aisle.top.public_id}/keep", keep="no")
    press(friend, back, f"/i/{aisle.sandal.public_id}/keep", keep="no")

    assert 'aria-label="My list, 1"' in back.text
    assert re.search(rf'aria-pressed="true"\s+aria-label="[^"]*"\s+data-keep="{aisle.top.public_id}"', back.text)
    seen = browser.get("/my").text
    assert "Marigold Slouch Top" in seen
    assert "Silver Cross Sandal" in seen


def test_a_friend_copies_what_is_sold_once_and_keeps_their_own(browser: Browser, aisle: Aisle, db: Session) -> None:
    camera = make_item(db, aisle.retailer, title="Press Camera")
    db.commit()
    address = shared(browser, aisle)
    browser.post(f"/i/{camera.public_id}/keep", {"keep": "yes"})
    camera.is_retired = True
    db.commit()
    friend = browser.another()
    keep(friend, aisle)
    page = friend.get(address)

    told = [friend.follow(press(friend, page, f"{address}/copy")).text for _ in range(2)]

    assert all("It is on your own list now." in each for each in told)
    mine = friend.get("/my").text
    assert 'aria-label="My list, 2"' in mine
    assert "Press Camera" not in mine


def test_a_list_that_is_full_says_so_on_the_friends_page(
    browser: Browser, aisle: Aisle, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = shared(browser, aisle)
    friend = browser.another()
    page = friend.get(address)
    monkeypatch.setattr(wishlists, "MAX_KEPT", 1)

    copied = friend.follow(press(friend, page, f"{address}/copy"))
    heart = friend.follow(press(friend, page, f"/i/{aisle.top.public_id}/keep", keep="yes"))

    assert "Your own list is full." in copied.text
    assert "Your own list is full." in heart.text


def test_an_owner_copies_nothing_and_sees_no_marks(browser: Browser, aisle: Aisle, database: Database) -> None:
    address = shared(browser, aisle, what="gift")
    friend = browser.another()
    press(friend, friend.get(address), f"{address}/bring", bring=aisle.top.public_id)
    before = rows(database)

    page = browser.get(address)
    browser.post(f"{address}/copy")
    browser.post(f"{address}/bring", {"bring": aisle.sandal.public_id})
    browser.post(f"{address}/bring", {"leave": aisle.top.public_id})

    assert rows(database) == before
    assert "Your own list, as friends see it" in page.text
    assert "brings this" not in page.text
    assert "I bring" not in page.text
    assert "/copy" not in page.text.partition("<form id")[0]


# --- what friends bring -----------------------------------------------------------------------------


def test_marks_are_for_lists_whose_owner_lets_friends_mark(browser: Browser, aisle: Aisle, database: Database) -> None:
    address = shared(browser, aisle)
    friend = browser.another()
    page = friend.get(address)
    before = rows(database)

    press(friend, page, f"{address}/bring", bring=aisle.top.public_id)
    told = browser.follow(browser.post(MINE, {"what": "gift"}))

    assert "I bring this" not in page.text
    assert rows(database) == before
    assert "Tell me what they bring" in told.text
    assert "I bring this" in friend.get(address).text


def test_a_friend_marks_an_item_once_and_takes_it_back(browser: Browser, aisle: Aisle) -> None:
    address = shared(browser, aisle, what="gift")
    friend, other = browser.another(), browser.another()
    friends_page, others_page = friend.get(address), other.get(address)

    mine = friend.follow(press(friend, friends_page, f"{address}/bring", bring=aisle.top.public_id))
    late = other.follow(press(other, others_page, f"{address}/bring", bring=aisle.top.public_id))
    press(other, others_page, f"{address}/bring", leave=aisle.top.public_id)
    still = other.get(address).text
    back = friend.follow(press(friend, mine, f"{address}/bring", leave=aisle.top.public_id))

    assert friend.cookies() == ["qm"]
    assert "You bring this" in mine.text
    assert "Somebody was faster" in late.text
    assert other.cookies() == []
    assert "Somebody brings this" in still
    assert "You bring this" not in back.text
    assert "Somebody brings this" not in other.get(address).text


def test_two_taps_before_the_first_answer_are_one_phone(browser: Browser, aisle: Aisle, database: Database) -> None:
    address = shared(browser, aisle, what="gift")
    page = browser.another().get(address)
    taps = [browser.another() for _ in range(2)]

    told = [press(tap, page, f"{address}/bring", bring=aisle.top.public_id) for tap in taps]

    assert [answer.status_code for answer in told] == [303, 303]
    assert set_cookies(told[0])[0].split(";")[0] == set_cookies(told[1])[0].split(";")[0]
    assert "You bring this" in taps[1].follow(told[1]).text
    assert rows(database)["bringing"] == 1
    assert rows(database)["visitor"] == 2


def test_each_page_gives_a_phone_another_number_and_one_with_a_cookie_none(browser: Browser, aisle: Aisle) -> None:
    address = shared(browser, aisle, what="gift")
    friend = browser.another()

    numbers = {find_form(friend.get(address).text, "/copy").fields["phone"] for _ in range(3)}
    keep(friend, aisle)

    assert len(numbers) == 3
    assert "phone" not in find_form(friend.get(address).text, "/copy").fields


def test_its_owner_is_told_what_is_brought_on_asking_and_never_who(browser: Browser, aisle: Aisle, db: Session) -> None:
    address = shared(browser, aisle, what="gift")
    friend = browser.another()
    press(friend, friend.get(address), f"{address}/bring", bring=aisle.top.public_id)
    giver = db.scalars(select(Bringing)).one().visitor_id

    unasked = [browser.get(page).text for page in ("/my", MINE, address)]
    asked = browser.get("/my/gifts/fashiontown")

    assert not [page for page in unasked if "brings this" in page or "You bring" in page]
    assert "Marigold Slouch Top" in asked.text
    assert "Silver Cross Sandal" not in asked.text
    assert giver not in asked.text
    assert asked.headers["Cache-Control"] == "private, no-store"
    assert friend.get("/my/gifts/fashiontown").status_code == 303


def test_without_marks_there_is_nothing_to_tell(browser: Browser, aisle: Aisle) -> None:
    shared(browser, aisle, what="gift")
    nothing = browser.get("/my/gifts/fashiontown").text
    browser.post(MINE, {"what": "view"})

    assert "Nothing on your list has been marked yet." in nothing
    assert browser.get("/my/gifts/fashiontown").headers["Location"] == f"{MINE}?of=fashiontown&lang=en"


def test_another_lists_item_and_one_that_is_gone_cannot_be_marked(
    browser: Browser, aisle: Aisle, db: Session, database: Database
) -> None:
    camera = make_item(db, make_retailer(db, slug="corvane", name="Corvane"), title="Press Camera")
    cap = make_item(db, aisle.retailer, title="Corner Cap")
    db.commit()
    address = shared(browser, aisle, what="gift")
    other = browser.another()
    other.post(f"/i/{cap.public_id}/keep", {"keep": "yes"})
    browser.post(f"/i/{aisle.sandal.public_id}/keep", {"keep": "no"})
    aisle.top.is_retired = True
    db.commit()
    friend = browser.another()
    page = friend.get(address)
    before = rows(database)

    for item in (camera.public_id, cap.public_id, cap.id, aisle.sandal.public_id, aisle.top.public_id, "", "x" * 99):
        assert press(friend, page, f"{address}/bring", bring=item).status_code == 303

    assert rows(database) == before
    assert friend.cookies() == []
    assert "I bring this" not in page.text


def test_what_is_taken_down_is_named_and_neither_marked_nor_copied(
    browser: Browser, aisle: Aisle, db: Session, database: Database
) -> None:
    address = shared(browser, aisle, what="gift")
    friend = browser.another()
    page = friend.get(address)
    take_down(db, aisle.top, reason="Recalled", actor=None, at=now())
    db.commit()
    before = rows(database)

    told = friend.follow(press(friend, page, f"{address}/bring", bring=aisle.top.public_id)).text
    after = rows(database)
    press(friend, page, f"{address}/copy")

    assert '<p class="num"><bdi>Not available at the moment</bdi></p>' in told
    assert "I bring Marigold Slouch Top" not in told
    assert "I bring Silver Cross Sandal" in told
    assert after == before
    assert "Marigold Slouch Top" not in friend.get("/my").text
    assert "Silver Cross Sandal" in friend.get("/my").text
    assert "Copy to my list" not in friend.get(address).text


# --- strangers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["", "/copy", "/bring"])
@pytest.mark.parametrize("secret", ["0" * 32, "x", "0" * 31, "0" * 33, "A" * 32, "%00" * 32, "٠" * 32])
def test_a_made_up_address_is_nowhere(secret: str, address: str, browser: Browser, aisle: Aisle) -> None:
    shared(browser, aisle)
    stranger = browser.another()
    ask = stranger.post if address else stranger.get

    assert ask(f"/l/{secret}{address}").status_code == 404


def test_sec_g01_guessing_addresses_is_slowed_and_a_real_one_opens(
    browser: Browser, aisle: Aisle, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All within one second, however slow the machine is.
    monkeypatch.setattr(guessing, "time", NOON.timestamp)
    address = shared(browser, aisle)
    stranger = browser.another()

    told = [stranger.get(f"/l/{number:032x}").status_code for number in range(LIMIT + 1)]

    assert told == [404] * LIMIT + [429]
    assert stranger.get(address).status_code == 200


def test_a_list_cannot_be_shared_or_stopped_by_its_friends(browser: Browser, aisle: Aisle) -> None:
    address = shared(browser, aisle)
    friend = browser.another()
    keep(friend, aisle)

    friend.post(MINE, {"what": "stop"})
    theirs = share(friend)

    assert theirs != address
    assert browser.another().get(address).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_sec_d01_another_site_shares_stops_and_marks_nothing(
    site: str, browser: Browser, aisle: Aisle, database: Database
) -> None:
    address = shared(browser, aisle, what="gift")
    before = rows(database)

    for ask in (MINE, f"{address}/copy", f"{address}/bring"):
        fields = {"what": "stop", "bring": aisle.top.public_id}
        assert browser.another().post(ask, fields, Sec_Fetch_Site=site).status_code == 400

    assert rows(database) == before
    assert browser.another().get(address).status_code == 200


def test_a_script_that_shares_copies_or_marks_is_slowed(
    browser: Browser, aisle: Aisle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shopper, "_MOST_ANEW", 2)
    keep(browser, aisle)
    share(browser)
    browser.post(MINE, {"what": "stop"})
    address = share(browser, what="gift")
    friend = browser.another()
    keep(friend, aisle)
    item = aisle.top.public_id

    renewed = [browser.post(MINE).status_code for _ in range(3)]
    copied = [friend.post(f"{address}/copy").status_code for _ in range(3)]
    marked = []
    for _ in range(3):
        marked.append(friend.post(f"{address}/bring", {"bring": item}).status_code)
        friend.post(f"{address}/bring", {"leave": item})

    assert renewed == [303, 303, 303]
    assert copied == marked == [303, 303, 429]
    assert friend.post(MINE).status_code == 429
    assert browser.another().post(f"{address}/bring", {"bring": item}).status_code == 429


def test_a_foreign_cookie_shows_and_changes_nothing(browser: Browser, aisle: Aisle) -> None:
    address = shared(browser, aisle, what="gift")
    stranger = carry(browser.another(), "a" * 43)

    page = stranger.get(address)

    assert "Your own list" not in page.text
    assert "You bring this" not in page.text
    assert "Your list is not shared" in stranger.get(MINE).text
