"""Asking to be told by mail, through HTTP: the forms, the mails' links, one click, and what a stranger learns."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.catalog.models import Stock
from qrmerch.catalog.service import retire_item
from qrmerch.clock import now
from qrmerch.content.models import Style
from qrmerch.jobs import Work
from qrmerch.landing import asking
from qrmerch.messages.models import LinkKind, Subscription, SubscriptionState
from qrmerch.migrate import metadata
from qrmerch.outbox import MessageState, OutboxMessage
from qrmerch.parties.models import RetailerHost
from qrmerch.parties.queries import find_supply
from qrmerch.parties.service import end_supply
from qrmerch.visitors.models import ConsentEvent, Contact
from tests.browsing import Browser, find_form
from tests.factories import make_item, make_retailer, publish_page
from tests.landing.aisle import Aisle, make_aisle, stock, variants_of
from tests.messages.shop import secret_in

ANN = "ann@example.com"


def gone(db: Session, aisle: Aisle) -> str:
    """The key of the top's second size, of which there is none here."""
    key = variants_of(db, aisle.top)[1].key
    db.commit()
    return key


def tell_address(aisle: Aisle) -> str:
    return f"/i/{aisle.top.public_id}/tell"


def ask(browser: Browser, db: Session, aisle: Aisle, email: str = ANN, **more: str) -> str:
    """Leave an address for the size that is gone; where the answer leads."""
    said = {"at": aisle.store.public_id, "lang": "en", "pick": gone(db, aisle), "email": email, **more}
    answer = browser.post(tell_address(aisle), said)
    assert answer.status_code == 303, answer.text[:500]
    return answer.headers["Location"]


def found(db: Session, wanted: object) -> list:  # type: ignore[type-arg]
    rows = list(db.scalars(wanted.execution_options(populate_existing=True)))  # type: ignore[attr-defined]
    db.commit()
    return rows


def bodies(db: Session) -> list[str]:
    """What was written to shoppers, first one first."""
    wanted = select(OutboxMessage.body).where(OutboxMessage.contact_id.is_not(None))
    return found(db, wanted.order_by(OutboxMessage.created_at, OutboxMessage.id))


def rows_of(db: Session) -> dict[str, list[str]]:
    """Everything in the database but what counts tries."""
    tables = [each for each in metadata().sorted_tables if each.name != "rate_bucket"]
    read = {table.name: sorted(map(repr, db.execute(select(table)))) for table in tables}
    db.commit()
    return read


def say_yes(browser: Browser, db: Session, aisle: Aisle) -> str:
    """Ask and press the button; the path of the page that stops it."""
    ask(browser, db, aisle)
    body = bodies(db)[-1]
    pressed = browser.post(f"/confirm/{secret_in(body, LinkKind.CONFIRM)}")
    assert pressed.status_code == 200
    return f"/u/{secret_in(body, LinkKind.STOP)}"


def test_a_size_that_is_gone_here_offers_to_tell(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    page = browser.get(aisle.page).text
    links = re.findall(r'href="(/i/\w+/tell\?[^"]+)"', page)
    form = browser.get(links[0].replace("&amp;", "&"))

    assert len(links) == 1, "what is here offers nothing"
    assert form.status_code == 200
    assert "Tell me when it is back at Riverside" in form.text
    assert find_form(form.text, "/tell").fields["pick"] == gone(db, aisle)
    assert "deleted after 7 days" in form.text


def test_in_no_store_what_none_has_offers_to_tell(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    page = browser.get(f"/i/{aisle.top.public_id}?at=none").text

    assert page.count(f"/i/{aisle.top.public_id}/tell?at=none") == 1
    assert "In no store today" in page
    assert "none here" not in page


@pytest.mark.parametrize("style", Style)
def test_one_variant_that_is_gone_offers_it_beside_the_stock(style: Style, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db, style=style)
    one = make_item(db, aisle.retailer, vendor=aisle.vendor, sizes=("One",))
    publish_page(db, one)
    stock(db, one, aisle.store, 0)
    db.commit()

    page = browser.get(f"/i/{one.public_id}?at={aisle.store.public_id}").text
    form = browser.get(f"/i/{one.public_id}/tell?at={aisle.store.public_id}").text

    assert f'data-style="{style}"' in page
    assert page.count(f"/i/{one.public_id}/tell?at={aisle.store.public_id}") == 1
    assert "None here today, at Riverside" in page
    assert "Which one?" not in form


def test_the_whole_way_from_asking_to_the_end(browser: Browser, db: Session, work: Work) -> None:
    aisle = make_aisle(db)

    asked = browser.get(ask(browser, db, aisle))
    jobs.run_all(work)
    (first,) = bodies(db)
    link = f"/confirm/{secret_in(first, LinkKind.CONFIRM)}?lang=en"
    before = browser.get(link)
    after = browser.post(find_form(before.text, "/confirm").action)
    again = browser.post(link)
    db.add_all(_back_for_a_while(db, aisle))
    db.commit()
    jobs.run_all(work)
    told = bodies(db)[-1]
    page = re.search(r"http://localhost(/i/\S+)", told)
    stop_page = browser.get(f"/u/{secret_in(told, LinkKind.STOP)}")

    assert "Check your e-mail" in asked.text
    assert "Is this what you asked for?" in before.text
    assert "a…@example.com" in before.text and ANN not in before.text
    assert "It is noted" in after.text and "It is noted" in again.text
    assert "is back at Riverside." in told
    assert page and browser.get(page[1]).status_code == 200
    assert "Stop this?" in stop_page.text
    assert browser.cookies() == []
    jobs.run_all(work)
    states = found(db, select(OutboxMessage.state).where(OutboxMessage.contact_id.is_not(None)))
    assert set(states) == {MessageState.KEPT}
    assert "This is over" in browser.get(f"/u/{secret_in(told, LinkKind.STOP)}").text


def _back_for_a_while(db: Session, aisle: Aisle) -> list[Stock]:
    """The gone size's row, as if its pieces had come twenty minutes ago."""
    (row,) = db.scalars(select(Stock).where(Stock.variant_id == variants_of(db, aisle.top)[1].id))
    row.pieces, row.came_at = 4, now() - timedelta(minutes=20)
    return [row]


def test_a_second_run_of_the_jobs_tells_nobody_again(browser: Browser, db: Session, work: Work) -> None:
    aisle = make_aisle(db)
    say_yes(browser, db, aisle)
    db.add_all(_back_for_a_while(db, aisle))
    db.commit()

    for _ in range(3):
        jobs.run_all(work)

    assert len(bodies(db)) == 2


def test_scanners_that_open_every_link_change_nothing(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    ask(browser, db, aisle)
    (body,) = bodies(db)
    before = rows_of(db)

    for link in re.findall(r"http://localhost(/\S+)", body):
        for method in (browser.get, browser.head):
            for agent in ("", "Mozilla/5.0 Barracuda Sentinel (EE)"):
                assert method(link, User_Agent=agent).status_code == 200
        assert browser.get(link).headers["Cache-Control"] == "private, no-store"
        assert browser.get(link).headers["Referrer-Policy"] == "same-origin"

    assert rows_of(db) == before


def test_one_click_comes_without_page_cookie_or_origin(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    stop_path = say_yes(browser, db, aisle)

    for headers in ({}, {"Origin": "https://mail.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = browser._client.post(stop_path, data={"List-Unsubscribe": "One-Click"}, headers=headers)
        assert (answer.status_code, answer.headers.get("Location")) == (200, None)
    multipart = browser._client.post(
        stop_path, data={"List-Unsubscribe": "One-Click"}, content_type="multipart/form-data"
    )

    assert multipart.status_code == 200
    assert found(db, select(Subscription.state)) == [SubscriptionState.UNSUBSCRIBED]
    assert len(found(db, select(ConsentEvent.id))) == 2


@pytest.mark.parametrize("secret", ["a" * 43, "short", "%2e%2e", "å" * 43])
def test_a_link_that_is_none_stops_nothing_and_is_told_the_same(secret: str, browser: Browser, db: Session) -> None:
    make_aisle(db)

    answer = browser.raw_post(f"/u/{secret}", {})
    page = browser.get(f"/u/{secret}")
    confirm_page = browser.get(f"/confirm/{secret}")

    assert answer == 200
    assert page.status_code == confirm_page.status_code == 404
    assert "Nothing more comes by this link" in page.text
    assert "This link has ended" in confirm_page.text
    assert browser.post(f"/confirm/{secret}").status_code == 404
    assert browser.get(f"/u/{secret}/data").status_code == 404


def test_confirming_needs_a_page_of_ours(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    ask(browser, db, aisle)
    path = f"/confirm/{secret_in(bodies(db)[0], LinkKind.CONFIRM)}"

    assert browser.raw_post(path, {"Origin": "https://evil.example"}) == 400
    assert found(db, select(Subscription.state)) == [SubscriptionState.PENDING]


def answers_to(browser: Browser, aisle: Aisle, key: str, email: str) -> list[tuple[int, str, str, str]]:
    """What somebody sees who types an address into both forms."""
    told = []
    said = {"at": aisle.store.public_id, "lang": "en", "pick": key, "of": "fashiontown", "email": email}
    for address in (tell_address(aisle), "/sign-up"):
        answer = browser.post(address, said)
        page = browser.get(answer.headers["Location"])
        told.append((answer.status_code, answer.headers["Location"], answer.text, page.text))
    return told


def test_sec_a08_nobody_learns_whose_address_is_known(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    key = gone(db, aisle)
    stop_path = say_yes(browser, db, aisle)
    unknown = answers_to(browser, aisle, key, "nobody@example.com")

    known = answers_to(browser, aisle, key, ANN)
    flooded = answers_to(browser, aisle, key, ANN)
    browser.post(stop_path, {"what": "erase"})
    erased = answers_to(browser, aisle, key, ANN)

    assert unknown == known == flooded == erased


def test_sec_a08_nor_by_how_long_the_answer_takes(
    browser: Browser, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    aisle = make_aisle(db)
    key = gone(db, aisle)
    # Each answer is worked on for longer than the one before.
    works_s, clock_s, told_s = iter((0.001, 0.006, 0.02, 0.15)), [0.0], []

    def pass_by(for_s: float) -> None:
        clock_s[0] += for_s

    def commit_slowly(_db: Session) -> None:
        pass_by(next(works_s))

    monkeypatch.setattr(asking, "monotonic", lambda: clock_s[0])
    monkeypatch.setattr(asking, "sleep", pass_by)
    for email in (ANN, ANN):
        for address in (tell_address(aisle), "/sign-up"):
            came_s = clock_s[0]
            event.listen(Session, "after_commit", commit_slowly, once=True)
            said = {"at": aisle.store.public_id, "lang": "en", "pick": key, "of": "fashiontown", "email": email}
            assert browser.post(address, said).status_code == 303
            told_s.append(round(clock_s[0] - came_s, 6))

    assert len(told_s) == 4
    assert len(set(told_s)) == 1


@pytest.mark.parametrize(
    "typed",
    [
        *("", "ann", "ann@example.com\r\nBcc: eve@example.com", "ann@example.com,eve@example.com"),
        *("<b>x</b>@example.com", "x" * 9999),
    ],
)
def test_sec_e06_what_is_no_address_is_refused_with_a_sentence(typed: str, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    said = {"at": aisle.store.public_id, "pick": gone(db, aisle), "of": "fashiontown", "email": typed}
    db.commit()

    for address in (tell_address(aisle), "/sign-up"):
        answer = browser.post(address, said)
        assert answer.status_code == 422
        assert "This is not an e-mail address." in answer.text
        assert "<b>x</b>" not in answer.text

    assert found(db, select(Contact)) == []
    assert bodies(db) == []


def test_which_size_must_be_said(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    form = browser.get(f"{tell_address(aisle)}?at={aisle.store.public_id}")
    answer = browser.post(tell_address(aisle), {"at": aisle.store.public_id, "email": ANN})
    typed = browser.post(tell_address(aisle), {"at": aisle.store.public_id, "email": ANN, "pick": "<i>"})

    assert "Which one?" in form.text
    assert answer.status_code == typed.status_code == 422
    assert f'value="{ANN}"' in answer.text


def test_what_is_here_is_not_waited_for(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    here = variants_of(db, aisle.top)[0].key
    db.commit()

    answer = browser.post(tell_address(aisle), {"at": aisle.store.public_id, "pick": here, "email": ANN})

    assert "In stock here, at Riverside" in answer.text
    assert found(db, select(Contact)) == []


@pytest.mark.parametrize("what", ["retired", "suspended"])
def test_what_is_not_sold_is_not_waited_for(what: str, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    key = gone(db, aisle)
    if what == "retired":
        retire_item(db, aisle.top, at=now())
    else:
        supply = find_supply(db, aisle.retailer.id, aisle.vendor.id)
        assert supply
        end_supply(db, supply, at=now())
    db.commit()

    assert browser.get(tell_address(aisle)).status_code == 404
    assert browser.post(tell_address(aisle), {"pick": key, "email": ANN}).status_code == 404


def test_the_news_of_a_retailer(browser: Browser, db: Session) -> None:
    make_aisle(db)

    form = browser.get("/sign-up?of=fashiontown")
    answer = browser.send(form, action="/sign-up", email=ANN)
    asked = browser.follow(answer)
    (body,) = bodies(db)

    assert "News of Fashiontown" in form.text
    assert "Check your e-mail" in asked.text
    assert "News of Fashiontown" in body
    (subscription,) = found(db, select(Subscription))
    assert "News of Fashiontown" in subscription.shown_text
    assert "deleted after 7 days" in subscription.shown_text


def test_without_a_retailer_there_are_no_news(browser: Browser, db: Session) -> None:
    make_aisle(db)

    assert browser.get("/sign-up").status_code == 404
    assert browser.post("/sign-up", {"email": ANN}).status_code == 404


def test_one_network_cannot_ask_without_end(browser: Browser, db: Session) -> None:
    make_aisle(db)

    answers = [
        browser.post("/sign-up", {"of": "fashiontown", "email": f"a{number}@example.com"}).status_code
        for number in range(25)
    ]

    assert answers == [303] * 20 + [429] * 5


def test_everything_of_a_shop_stops_at_once(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    stop_path = say_yes(browser, db, aisle)
    browser.post("/sign-up", {"of": "fashiontown", "email": ANN})

    page = browser.get(stop_path)
    answer = browser.post(stop_path, {"what": "all"})

    assert "Stop everything from Fashiontown" in page.text
    assert "It is stopped" in answer.text
    assert set(found(db, select(Subscription.state))) == {SubscriptionState.UNSUBSCRIBED}


def test_sec_h04_a_person_takes_along_what_is_kept_and_deletes_it(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    stop_path = say_yes(browser, db, aisle)

    data = json.loads(browser.get(f"{stop_path}/data").text)
    answer = browser.post(stop_path, {"what": "erase"})
    afterwards = browser.get(stop_path)

    assert data["address"] == ANN
    assert "Your address is deleted" in answer.text
    assert afterwards.status_code == 404
    assert ANN not in repr(rows_of(db))


def test_a_link_leads_nowhere_on_another_retailers_host(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    other = make_retailer(db, name="Next Door")
    for retailer, host in ((aisle.retailer, "qr.fashiontown.example"), (other, "qr.next.example")):
        db.add(RetailerHost(retailer_id=retailer.id, host=host, is_primary=True, proven_at=now()))
    db.commit()
    ask(browser, db, aisle)
    (body,) = bodies(db)
    secret = secret_in(body, LinkKind.STOP)

    assert "https://qr.fashiontown.example/u/" in body
    assert browser._client.get(f"/u/{secret}", base_url="http://qr.next.example").status_code == 404
    assert browser._client.post(f"/u/{secret}", base_url="http://qr.next.example").status_code == 200
    assert found(db, select(Subscription.state)) == [SubscriptionState.PENDING]
    assert browser._client.get(f"/u/{secret}", base_url="http://qr.fashiontown.example").status_code == 200


@pytest.mark.parametrize("gpc", ["", "1"])
def test_sec_h06_nothing_is_stored_on_the_phone(gpc: str, browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    key = gone(db, aisle)
    said = {"at": aisle.store.public_id, "pick": key, "of": "fashiontown", "email": ANN}
    headers = {"Sec_GPC": gpc} if gpc else {}

    for address in (tell_address(aisle), "/sign-up"):
        form = browser.get(f"{address}?of=fashiontown", **headers)
        sent = browser.post(address, said, **headers)
        assert form.headers.get("Set-Cookie") is None
        assert (sent.status_code, sent.headers.get("Set-Cookie")) == (303, None)


def test_it_speaks_arabic(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)

    ask(browser, db, aisle, lang="ar")
    (body,) = bodies(db)
    page = browser.get(re.search(r"http://localhost(/confirm/\S+)", body)[1])  # type: ignore[index]

    assert "أهذا ما طلبته؟" in page.text
    assert 'dir="rtl"' in page.text
    assert "افتح هذه الصفحة" in body


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    caplog.set_level("DEBUG")
    yield caplog


def test_sec_h03_no_address_and_no_secret_is_in_a_log(
    app: Flask, browser: Browser, db: Session, work: Work, logs: pytest.LogCaptureFixture
) -> None:
    aisle = make_aisle(db)
    stop_path = say_yes(browser, db, aisle)
    db.add_all(_back_for_a_while(db, aisle))
    db.commit()
    jobs.run_all(work)
    browser.get(stop_path)
    browser.post(stop_path, {"what": "erase"})

    assert app
    said = "\n".join(record.getMessage() for record in logs.records if not record.name.startswith("sqlalchemy"))
    assert ANN not in said
    assert stop_path.removeprefix("/u/") not in said
    files = [
        path for path in work.settings.data_dir.rglob("*") if path.is_file() and path.suffix in (".jsonl", ".json")
    ]
    assert not [path for path in files if ANN.encode() in path.read_bytes()]


def test_a_forgotten_phone_and_an_address_are_two_things(browser: Browser, db: Session) -> None:
    aisle = make_aisle(db)
    browser.post(aisle.keep, {"keep": "yes", "back": aisle.top.public_id})
    ask(browser, db, aisle)

    data = json.loads(browser.get("/my/data?of=fashiontown").text)

    assert ANN not in repr(data)
    assert db.scalar(select(func.count()).select_from(ConsentEvent)) == 1
