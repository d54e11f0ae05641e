"""What happens without anybody asking: the sweep finds who is due, the outbox forgets secrets, addresses run out."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import jobs, outbox
from qrmerch.clock import now
from qrmerch.jobs import Work
from qrmerch.messages import tasks, telling
from qrmerch.messages.models import LinkKind, SubscriptionState
from qrmerch.messages.service import PENDING_LASTS, erase
from qrmerch.outbox import MessageState, OutboxMessage
from qrmerch.visitors.models import Contact
from tests.factories import TILL_KEYS
from tests.mailing import mail_server
from tests.messages.shop import (
    ANN,
    NEWS,
    SENDING,
    Shop,
    link_in,
    mails,
    make_shop,
    say_yes,
    secret_in,
    stock,
    subscriptions,
    wish,
)


def ago(**more: float) -> datetime:
    return now() - timedelta(**more)


def test_the_sweep_asks_for_a_variant_once_and_finds_nobody_afterwards(db: Session, work: Work) -> None:
    shop = make_shop(db)
    for number in range(3):
        say_yes(db, shop, shop.back(), f"a{number}@example.com", at=ago(days=1))
    stock(db, shop, 2, at=ago(minutes=20))
    db.commit()

    with work.database.read() as reading:
        due = list(tasks.due(reading))
    jobs.run_all(work)
    with work.database.read() as reading:
        left = list(tasks.due(reading))

    assert [values for _, values in due] == [{"variant_id": shop.variants[0].id}]
    assert left == []
    assert {each.state for each in subscriptions(db)} == {SubscriptionState.FIRED}


def test_a_job_for_a_variant_that_is_gone_again_does_nothing(db: Session, work: Work) -> None:
    shop = make_shop(db)
    say_yes(db, shop, shop.back(), at=ago(days=1))
    db.commit()

    tasks.tell(work, variant_id=shop.variants[0].id)
    tasks.tell(work, variant_id="no-such-variant")

    assert len(mails(db)) == 1


# A worker that dies at its eighth mail, with two transactions behind it and one under way.
KILLED = """
import os, signal, sys
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.files import FileStore
from qrmerch.jobs import Work
from qrmerch.messages import tasks, telling
settings = Settings.read(os.environ)
telling._AT_ONCE = 3
send, sent = telling.send, []
def dying(*args, **more):
    send(*args, **more)
    sent.append(1)
    if len(sent) == 8:
        args[0].flush()
        os.kill(os.getpid(), signal.SIGKILL)
telling.send = dying
tasks.tell(Work(settings, Database(settings.database_url), FileStore(settings.uploads_dir)), variant_id=sys.argv[1])
"""


def test_a_worker_killed_in_the_middle_has_told_each_once_in_the_end(db: Session, work: Work) -> None:
    shop = make_shop(db)
    for number in range(10):
        say_yes(db, shop, shop.back(), f"a{number}@example.com", at=ago(days=1))
    stock(db, shop, 9, at=ago(minutes=20))
    db.commit()
    told = {
        "QRMERCH_MODE": "demo",
        "QRMERCH_DATA_DIR": str(work.settings.data_dir),
        "QRMERCH_UPLOADS_DIR": str(work.settings.uploads_dir),
        "QRMERCH_DATABASE_URL": work.settings.database_url,
    }
    environ = {name: value for name, value in os.environ.items() if not name.startswith("QRMERCH_")}

    worker = subprocess.run(
        [sys.executable, "-c", KILLED, shop.variants[0].id], env={**environ, **told}, check=False, timeout=60
    )
    fired = [each.state for each in subscriptions(db)].count(SubscriptionState.FIRED)
    backs = sum(len(mails(db, f"a{number}@example.com")) - 1 for number in range(10))
    db.commit()
    jobs.run_all(work)

    assert worker.returncode == -signal.SIGKILL
    assert fired == backs == 6
    assert [len(mails(db, f"a{number}@example.com")) for number in range(10)] == [2] * 10
    assert {each.state for each in subscriptions(db)} == {SubscriptionState.FIRED}


def test_a_mail_that_was_sent_holds_no_secret_any_more(
    db: Session, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_shop(db)
    wish(db, shop, at=ago(minutes=1))
    message_id, secret = mails(db)[0].id, secret_in(mails(db)[0].body, LinkKind.STOP)
    db.commit()
    sent: list[str] = []
    monkeypatch.setattr(outbox, "_send_mail", lambda address, mail: sent.append(mail.as_string()))

    outbox.send(replace(work, settings=replace(work.settings, smtp_url="smtp://mail.example")), message_id=message_id)

    db.commit()
    (kept,) = db.scalars(select(OutboxMessage).execution_options(populate_existing=True))
    assert len(sent) == 1
    assert f"/u/{secret}" in sent[0]
    assert (kept.state, kept.headers) == (MessageState.SENT, {})
    assert secret not in kept.body


def test_who_is_erased_while_a_mail_goes_out_leaves_nothing(
    db: Session, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_shop(db)
    wish(db, shop, at=ago(minutes=1))
    message_id, contact_id = mails(db)[0].id, mails(db)[0].contact_id
    db.commit()

    def vanish(_address: str, _mail: object) -> None:
        contact = db.get_one(Contact, contact_id)
        erase(db, contact, shown_text="Delete my address", locale="en", keys=TILL_KEYS, at=now())
        db.commit()

    monkeypatch.setattr(outbox, "_send_mail", vanish)
    outbox.send(replace(work, settings=replace(work.settings, smtp_url="smtp://mail.example")), message_id=message_id)

    assert mails(db) == []


def through(work: Work, url: str) -> Work:
    return replace(work, settings=replace(work.settings, smtp_url=url))


def test_sec_h03_a_refused_mail_fails_without_a_word_of_whose_it_was(
    db: Session, work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    wish(db, make_shop(db), at=ago(minutes=1))
    message_id = mails(db)[0].id
    db.commit()
    with mail_server(rcpt=f"550 5.1.1 <{ANN}>: unknown".encode()) as server:
        outbox.send(through(work, server.url), message_id=message_id)

    db.expire_all()
    (kept,) = mails(db)
    assert (kept.state, kept.told) == (MessageState.FAILED, "SMTPRecipientsRefused 550")
    assert kept.told in caplog.text and ANN not in caplog.text


def told_of(db: Session, work: Work, *, hours_ago: float = 0) -> tuple[Shop, OutboxMessage]:
    """A shop with somebody who was told some time ago that something is back, by a mail that has not left."""
    shop = make_shop(db)
    say_yes(db, shop, shop.back(), at=ago(days=2))
    stock(db, shop, 2, at=ago(hours=hours_ago, minutes=20))
    telling.tell(db, shop.variants[0].id, sending=SENDING, at=ago(hours=hours_ago))
    alert = mails(db)[-1]
    db.commit()
    return shop, alert


def sold_out(db: Session, shop: Shop) -> None:
    stock(db, shop, 0, at=now())


def dearer(db: Session, shop: Shop) -> None:
    shop.variants[0].price_minor = (shop.variants[0].price_minor or 0) + 100


def retired(db: Session, shop: Shop) -> None:
    shop.top.is_retired = True


@pytest.mark.parametrize("change", [sold_out, dearer, retired])
def test_an_alert_that_is_not_true_any_more_is_dropped_and_its_reader_waits_again(
    db: Session, work: Work, change: Callable[[Session, Shop], None]
) -> None:
    shop, alert = told_of(db, work)
    message_id = alert.id
    change(db, shop)
    db.commit()

    with mail_server() as server:
        outbox.send(through(work, server.url), message_id=message_id)

    db.expire_all()
    (waiting,) = subscriptions(db)
    assert server.taken == [] and alert.state == MessageState.DROPPED
    assert secret_gone(alert)
    assert (waiting.state, waiting.fired_at, waiting.fired_store_id) == (SubscriptionState.CONFIRMED, None, None)
    assert waiting.until is not None and waiting.until > now()


def secret_gone(message: OutboxMessage) -> bool:
    return outbox.without_secrets(message.body) == message.body and not message.headers


def test_an_alert_of_another_day_is_written_anew_with_the_price_of_today(db: Session, work: Work) -> None:
    shop, alert = told_of(db, work, hours_ago=25)
    message_id = alert.id
    stock(db, shop, 2, at=ago(minutes=1))
    db.commit()

    with mail_server() as server:
        outbox.send(through(work, server.url), message_id=message_id)
        stopped = len(server.taken)
        jobs.run_all(through(work, server.url))
        jobs.run_all(through(work, server.url))

    db.expire_all()
    assert stopped == 0 and alert.state == MessageState.DROPPED
    assert [mail.count("is back at Riverside") for mail in server.taken if "is back" in mail] == [1]
    assert {each.state for each in subscriptions(db)} == {SubscriptionState.FIRED}


def test_an_alert_that_is_still_true_leaves_late(db: Session, work: Work) -> None:
    _, alert = told_of(db, work)
    message_id = alert.id
    db.commit()
    outbox.send(through(work, "smtp://127.0.0.1:1"), message_id=message_id)

    with mail_server() as server:
        outbox.send(through(work, server.url), message_id=message_id, tries=1)

    db.expire_all()
    assert len(server.taken) == 1 and alert.state == MessageState.SENT


@pytest.mark.parametrize("hours", [1, PENDING_LASTS.days * 24 + 1])
def test_a_question_leaves_late_only_while_its_link_works(db: Session, work: Work, hours: int) -> None:
    wish(db, make_shop(db), at=ago(hours=hours))
    message_id = mails(db)[0].id
    db.commit()

    with mail_server() as server:
        outbox.send(through(work, server.url), message_id=message_id)

    assert len(server.taken) == (1 if hours == 1 else 0)


def test_a_question_that_was_answered_meanwhile_is_not_asked(db: Session, work: Work) -> None:
    say_yes(db, make_shop(db), NEWS, at=ago(hours=1))
    message_id = mails(db)[0].id
    db.commit()

    with mail_server() as server:
        outbox.send(through(work, server.url), message_id=message_id)

    assert server.taken == []


def test_the_chore_erases_what_ran_out_however_much_it_is(
    db: Session, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qrmerch.messages.service._AT_ONCE", 2)
    shop = make_shop(db)
    for number in range(5):
        wish(db, shop, email=f"a{number}@example.com", at=ago(days=PENDING_LASTS.days, minutes=1))
    say_yes(db, shop, NEWS, at=ago(days=30))
    db.commit()

    tasks.forget_ended(work)

    assert list(db.scalars(select(Contact.email))) == [ANN]
    assert link_in(db, mails(db)[0], LinkKind.STOP, at=now())


def test_sec_h04_no_file_holds_an_address_that_was_erased(db: Session, work: Work) -> None:
    shop = make_shop(db)
    made = say_yes(db, shop, NEWS, at=ago(minutes=1))
    secret = secret_in(mails(db)[0].body, LinkKind.STOP)
    db.commit()
    erase(db, db.get_one(Contact, made.contact_id), shown_text="Delete", locale="en", keys=TILL_KEYS, at=now())
    db.commit()

    tasks.empty_log(work)

    files = [path for path in work.settings.data_dir.parent.rglob("*") if path.is_file()]
    assert files
    assert [path.name for path in files for said in (ANN, secret) if said.encode() in path.read_bytes()] == []
