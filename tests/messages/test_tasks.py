"""What happens without anybody asking: the sweep finds who is due, the outbox forgets secrets, addresses run out."""

import os
import signal
import socketserver
import subprocess
import sys
import traceback
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import jobs, outbox
from qrmerch.clock import now
from qrmerch.jobs import Work
from qrmerch.messages import tasks
from qrmerch.messages.models import LinkKind, SubscriptionState
from qrmerch.messages.service import PENDING_LASTS, erase
from qrmerch.outbox import MessageState, OutboxMessage
from qrmerch.visitors.models import Contact
from tests.factories import TILL_KEYS
from tests.messages.shop import ANN, NEWS, link_in, mails, make_shop, say_yes, secret_in, stock, subscriptions, wish


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
    made = say_yes(db, shop, NEWS, at=ago(minutes=1))
    message_id = mails(db)[0].id
    db.commit()

    def vanish(_address: str, _mail: object) -> None:
        contact = db.get_one(Contact, made.contact_id)
        erase(db, contact, shown_text="Delete my address", locale="en", keys=TILL_KEYS, at=now())
        db.commit()

    monkeypatch.setattr(outbox, "_send_mail", vanish)
    outbox.send(replace(work, settings=replace(work.settings, smtp_url="smtp://mail.example")), message_id=message_id)

    assert mails(db) == []


class Refusing(socketserver.StreamRequestHandler):
    """A mail server that knows nobody here, and says whom it does not know."""

    def handle(self) -> None:
        self.wfile.write(b"220 mail.example\r\n")
        said = {b"RCPT": b"550 5.1.1 <ann@example.com>: unknown", b"QUIT": b"221 bye"}
        for line in self.rfile:
            self.wfile.write(said.get(line[:4].upper(), b"250 ok") + b"\r\n")


def test_sec_h03_a_refused_mail_fails_without_a_word_of_whose_it_was(db: Session, work: Work) -> None:
    wish(db, make_shop(db), at=ago(minutes=1))
    message_id = mails(db)[0].id
    db.commit()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        real = replace(work, settings=replace(work.settings, smtp_url=f"smtp://127.0.0.1:{server.server_address[1]}"))
        with pytest.raises(outbox.MailRefused) as refused:
            outbox.send(real, message_id=message_id)
        server.shutdown()

    said = "".join(traceback.format_exception(refused.value))
    assert str(refused.value) == "SMTPRecipientsRefused 550"
    assert ANN not in said
    assert mails(db)[0].state == MessageState.QUEUED


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
