"""The outbox at the desk: what was sent, to whom, without secrets that are not the reader's."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import outbox
from qrmerch.access import Role
from qrmerch.jobs import Work, run_all
from qrmerch.outbox import Channel, MessageState, OutboxMessage, without_secrets
from qrmerch.web import Services
from tests.browsing import Browser
from tests.conftest import NOON
from tests.desk.house import House, again, seen

SECRET = "k3J_x-9QmW4tYb7Lr2Vn8Zs5Pd6Fh1GcAeUiOoTy0qX"
LINK = f"http://localhost/invitation/{SECRET}"
BODY = f"Come in.\n\n{LINK}\n"


def post(db: Session, house: House, *, body: str = BODY, to: str = "vera@example.com") -> OutboxMessage:
    message = outbox.post(
        db,
        retailer_id=house.retailer.id,
        channel=Channel.MAIL,
        to=to,
        subject="Fashiontown asks you in",
        body=body,
        at=NOON,
    )
    db.commit()
    return message


def test_the_demo_shows_every_message_with_links_to_follow(browser: Browser, db: Session, house: House) -> None:
    post(db, house)

    page = browser.sign_in(*house.olive).get("/desk/outbox").text

    assert "Fashiontown asks you in" in page and "vera@example.com" in page
    assert f'<a href="{LINK}">{LINK}</a>' in page
    assert "Nothing leaves this installation" in page


def test_outside_the_demo_a_link_is_for_whom_it_was_sent_to(
    browser: Browser, services: Services, db: Session, house: House
) -> None:
    post(db, house)
    browser.sign_in(*house.olive)
    real = replace(services, settings=replace(services.settings, mode="production"))
    browser.app.extensions["qrmerch"] = real
    # The safer cookie's name goes with production.
    secret = browser._client.get_cookie("qs", domain="localhost")
    assert secret
    browser._client.set_cookie("__Host-qs", secret.value, domain="localhost")

    page = browser.get("/desk/outbox")

    assert page.status_code == 200 and "Fashiontown asks you in" in page.text
    assert SECRET not in page.text and "/invitation/…" in page.text


def test_what_was_sent_keeps_no_secret(work: Work, db: Session, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    message, sent = post(db, house), []
    monkeypatch.setattr(outbox, "_send_mail", lambda address, mail: sent.append(mail.get_content()))
    real = replace(work, settings=replace(work.settings, smtp_url="smtp://localhost"))

    run_all(real)

    assert again(db, message).state == MessageState.SENT
    assert SECRET in sent[0] and SECRET not in message.body and "Come in." in message.body


def test_only_secrets_are_left_out() -> None:
    digest = "5133f7d6214b100cb3924bf03647e19443cf40a5a942883fac82eeef03828f57"

    assert without_secrets(f"{LINK}.") == "http://localhost/invitation/…."
    assert without_secrets(digest) == digest
    assert without_secrets("A long-winded-but-harmless-word stays") == "A long-winded-but-harmless-word stays"


def test_a_message_is_text_and_never_markup(browser: Browser, db: Session, house: House) -> None:
    post(db, house, body="<script>alert(1)</script> https://example.com/?a=1&b=<b>2 javascript:alert(1)")

    page = browser.sign_in(*house.olive).get("/desk/outbox").text

    assert "<script>alert" not in page and "&lt;script&gt;" in page
    assert 'href="https://example.com/?a=1&amp;b="' in page
    assert 'href="javascript' not in page


def test_many_messages_come_page_by_page_newest_first(browser: Browser, db: Session, house: House) -> None:
    for number in range(30):
        post(db, house, to=f"person-{number:02}@example.com")
    browser.sign_in(*house.olive)

    first, second = browser.get("/desk/outbox").text, browser.get("/desk/outbox?page=2").text

    assert "25 of 30 messages" in first and "person-29@" in first and "person-04@" not in first
    assert "person-00@" in second and "5 of 30 messages" in second


@pytest.mark.parametrize("line_break", ["\r\nBcc: all@example.com", "\nX: y", "\0"])
def test_no_line_break_reaches_a_header(db: Session, house: House, line_break: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        post(db, house, to=f"vera@example.com{line_break}")

    assert not seen(db, select(OutboxMessage))


@pytest.mark.parametrize("role", [Role.MERCHANDISER, Role.REVIEWER, Role.ANALYST, Role.ASSOCIATE, Role.VENDOR_ADMIN])
def test_only_the_owner_reads_the_outbox(browser: Browser, house: House, role: Role) -> None:
    assert browser.sign_in(*house.people[role]).get("/desk/outbox").status_code == 404


def test_otto_reads_his_own_outbox_only(browser: Browser, db: Session, house: House) -> None:
    post(db, house)
    outbox.post(db, retailer_id=None, channel=Channel.MAIL, to="nobody@example.com", subject="x", body="y", at=NOON)
    db.commit()

    page = browser.sign_in(*house.otto).get("/desk/outbox").text

    assert "vera@example.com" not in page and "nobody@example.com" not in page
    assert "Nothing was sent yet" in page
