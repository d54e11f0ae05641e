"""Mail that the server does not take: tried again by itself, given up for a reason, never sent twice."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import Client, TestResponse

from qrmerch import jobs, outbox
from qrmerch.clock import now
from qrmerch.jobs import Work
from qrmerch.outbox import PAUSES_MIN, STUCK_TRIES, Channel, MessageState, OutboxMessage, find_stuck
from tests.browsing import Browser
from tests.desk.house import House, again, make_house
from tests.mailing import mail_server

SECRET = "k3J_x-9QmW4tYb7Lr2Vn8Zs5Pd6Fh1GcAeUiOoTy0qX"
# Nobody listens on this port.
NOBODY = "smtp://127.0.0.1:1"


class Clock:
    """The outbox's clock, which a test moves."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def house(db: Session) -> House:
    return make_house(db)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    held = Clock(now())
    monkeypatch.setattr(outbox, "now", held)
    return held


def post(db: Session, house: House, *, at: datetime) -> OutboxMessage:
    message = outbox.post(
        db,
        retailer_id=house.retailer.id,
        channel=Channel.MAIL,
        to="vera@example.com",
        subject="Fashiontown asks you in",
        body=f"Come in.\n\nhttp://localhost/invitation/{SECRET}\n",
        at=at,
    )
    db.commit()
    return message


def through(work: Work, url: str) -> Work:
    return replace(work, settings=replace(work.settings, smtp_url=url))


def at_this_machine(app: Flask) -> str:
    """What is told to programs here."""
    answer: TestResponse = Client(app.wsgi_app).get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"})
    return answer.text


def due(work: Work) -> list[str]:
    """The jobs that the sweep would ask for."""
    with work.database.read() as reading:
        return [name for name, _ in outbox.waiting(reading)]


def test_a_mail_waits_for_a_server_that_is_away_for_a_day_and_leaves_once(
    work: Work, db: Session, house: House, clock: Clock
) -> None:
    began_at = clock.at
    message = post(db, house, at=began_at)
    pauses, ids = [], list[str]()

    while clock.at < began_at + timedelta(hours=26):
        ids += due(work)
        jobs.run_all(through(work, NOBODY))
        assert not due(work)
        due_at = again(db, message).due_at
        assert due_at is not None
        pauses.append(due_at - clock.at)
        clock.at = due_at
    with mail_server() as server:
        jobs.run_all(through(work, server.url))
        jobs.run_all(through(work, server.url))

    assert pauses[:6] == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16, 32)]
    assert pauses == sorted(pauses) and max(pauses) == timedelta(hours=1)
    assert len(set(ids)) == len(ids) == len(pauses)
    assert len(server.taken) == 1 and SECRET in server.taken[0]
    assert again(db, message).state == MessageState.SENT and SECRET not in message.body and not message.told


def test_a_mail_that_nobody_took_for_two_days_is_given_up_and_told(
    work: Work, db: Session, house: House, clock: Clock
) -> None:
    began_at = clock.at
    message = post(db, house, at=began_at)
    tries = 0

    while tries <= len(PAUSES_MIN):
        jobs.run_all(through(work, NOBODY))
        tries += 1
        clock.at = again(db, message).due_at or clock.at

    assert clock.at - began_at > timedelta(hours=24)
    assert message.state == MessageState.FAILED and message.told == "ConnectionRefusedError"
    assert SECRET not in message.body and not due(work)
    assert find_stuck(db, at=clock.at).failed == 1


@pytest.mark.parametrize("answers", [{"rcpt": b"550 5.1.1 unknown"}, {"data_end": b"554 5.7.1 no"}])
def test_what_is_refused_for_good_ends_at_once(
    work: Work, db: Session, house: House, clock: Clock, answers: dict[str, bytes]
) -> None:
    message = post(db, house, at=clock.at)

    with mail_server(**answers) as server:
        jobs.run_all(through(work, server.url))

    assert again(db, message).state == MessageState.FAILED
    assert not due(work) and SECRET not in message.body


@pytest.mark.parametrize(
    "answers",
    [
        {"rcpt": b"451 4.7.1 greylisted"},
        {"data_end": b"452 full"},
        {"ehlo": b""},
        # About the installation, which somebody may put right.
        {"mail": b"550 sender unknown"},
    ],
)
def test_what_is_refused_for_now_is_tried_again(
    work: Work, db: Session, house: House, clock: Clock, answers: dict[str, bytes]
) -> None:
    message = post(db, house, at=clock.at)

    with mail_server(**answers) as server:
        jobs.run_all(through(work, server.url))
        server.said, server.data = {}, b"250 taken"
        nothing_yet = not server.taken
        clock.at += timedelta(minutes=1)
        jobs.run_all(through(work, server.url))

    assert nothing_yet and len(server.taken) == 1
    assert again(db, message).state == MessageState.SENT


def test_a_password_that_is_refused_costs_no_mail(work: Work, db: Session, house: House, clock: Clock) -> None:
    message = post(db, house, at=clock.at)

    with mail_server(auth=b"535 5.7.8 wrong password") as server:
        jobs.run_all(through(work, server.url.replace("//", "//me:secret@")))

    assert again(db, message).state == MessageState.QUEUED
    assert message.told == "SMTPAuthenticationError 535" and SECRET in message.body


def test_a_mail_that_was_taken_is_not_sent_again_because_of_a_bad_goodbye(
    work: Work, db: Session, house: House, clock: Clock
) -> None:
    message = post(db, house, at=clock.at)

    with mail_server(quit=b"421 going down") as server:
        jobs.run_all(through(work, server.url))
        clock.at += timedelta(days=1)
        jobs.run_all(through(work, server.url))

    assert len(server.taken) == 1 and again(db, message).state == MessageState.SENT


def test_two_jobs_for_one_try_send_once_and_a_process_that_died_in_it_is_followed_later(
    work: Work, db: Session, house: House, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = post(db, house, at=clock.at)

    def die(_address: str, _mail: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "_send_mail", die)
        with pytest.raises(KeyboardInterrupt):
            outbox.send(through(work, NOBODY), message_id=message.id)
    with mail_server() as server:
        # The same job, which the queue begins anew.
        outbox.send(through(work, server.url), message_id=message.id)
        soon = due(work)
        clock.at += timedelta(minutes=31)
        later = due(work)
        jobs.run_all(through(work, server.url))

    assert soon == [] and later == [f"{message.id}:1"]
    assert len(server.taken) == 1 and again(db, message).state == MessageState.SENT


def test_the_desk_and_the_metrics_say_that_mail_is_stuck(
    browser: Browser, work: Work, db: Session, house: House, clock: Clock
) -> None:
    message = post(db, house, at=clock.at - timedelta(hours=3))
    with mail_server(rcpt=b"550 unknown") as server:
        outbox.send(through(work, server.url), message_id=post(db, house, at=clock.at).id)
    for _ in range(STUCK_TRIES):
        outbox.send(through(work, NOBODY), message_id=message.id, tries=again(db, message).tries)
    db.commit()

    browser.sign_in(*house.olive)
    page, today = browser.get("/desk/outbox").text, browser.get("/desk").text
    told = at_this_machine(browser.app)
    merchandiser = browser.sign_in(*house.mia).get("/desk").text

    assert "Mail is stuck." in page and "1 mail waits" in page and "ConnectionRefusedError" in page
    assert "within seconds" not in page and "SMTPRecipientsRefused 550" in page and "Not sent" in page
    assert "Mail does not go out" in today and "A mail was not sent" in today
    assert "Mail does not go out" not in merchandiser
    assert "qrmerch_mail_stuck 1.0" in told and "qrmerch_mail_failed 1.0" in told
