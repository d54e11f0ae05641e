"""Notices: who is told what, in the app and by mail, in the transaction that causes it."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.content import publishing, reviewing
from qrmerch.content.models import Notice, Reader
from qrmerch.content.notices import (
    QUIET_FOR,
    count_unread,
    list_notices,
    mark_all_read,
    open_notice,
    tell,
)
from qrmerch.db import scope
from qrmerch.errors import NotFound
from qrmerch.outbox import OutboxMessage
from qrmerch.parties.models import Retailer, Vendor
from tests.conftest import NOON
from tests.factories import (
    Doer,
    Person,
    make_item,
    make_person,
    make_retailer,
    make_revision,
    make_template,
    make_vendor,
)


def people_of(db: Session, item: Item) -> dict[str, Person]:
    retailer, vendor = db.get_one(Retailer, item.retailer_id), db.get_one(Vendor, item.vendor_id)
    return {
        "rob": make_person(db, Role.REVIEWER, name="Rob", retailer=retailer),
        "olive": make_person(db, Role.OWNER, name="Olive", retailer=retailer),
        "anna": make_person(db, Role.VENDOR_ADMIN, name="Anna", vendor=vendor),
        "vera": make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=vendor),
        "victor": make_person(db, Role.VENDOR_EDITOR, name="Victor", vendor=vendor),
    }


@pytest.fixture
def item(db: Session) -> Item:
    retailer = make_retailer(db, name="Fashiontown", locales=["en", "ar"])
    make_template(db, retailer)
    return make_item(db, retailer, vendor=make_vendor(db, retailer, name="Sunny Side"), title="Marigold Top")


def mails(db: Session) -> list[tuple[str, str]]:
    """Recipient's name and subject, in order."""
    rows = db.scalars(select(OutboxMessage).order_by(OutboxMessage.created_at, OutboxMessage.recipient))
    return [(re.split(r"[0-9]", each.recipient)[0], each.subject) for each in rows]


def told(db: Session, reader: Reader) -> list[tuple[str, str, str]]:
    return [(each.title, each.next, each.href) for each in list_notices(db, reader)[0]]


def test_a_page_that_is_sent_is_told_to_the_reviewers(db: Session, item: Item) -> None:
    people = people_of(db, item)

    revision = make_revision(db, item, state="submitted", author=people["vera"], reviewer=people["rob"], at=NOON)

    title = "Sunny Side sent Marigold Top"
    assert told(db, Reader.RETAILER) == [
        (title, "Look at what changed, then approve, return or reject it.", f"/desk/review/{revision.id}")
    ]
    assert [(name, subject) for name, subject in mails(db)] == [("rob", title)]


def test_each_answer_tells_the_vendor_what_to_do_next(db: Session, item: Item) -> None:
    people = people_of(db, item)
    rob = Doer(people["rob"].user.id)

    returned = make_revision(db, item, state="returned", author=people["vera"], reviewer=people["rob"], at=NOON)
    rejected = make_revision(db, item, state="submitted", author=people["vera"], at=NOON)
    reviewing.reject(db, rejected, digest=str(rejected.digest), reason="Not ours", reviewer=rob, at=NOON)
    approved = make_revision(db, item, state="approved", author=people["vera"], reviewer=people["rob"], at=NOON)
    publishing.publish(db, approved, actor=rob, at=NOON)
    publishing.publish(db, approved, actor=rob, at=NOON, from_at=NOON + timedelta(days=3))
    publishing.take_down(db, item, reason="Recalled.", actor=rob, at=NOON)

    found = told(db, Reader.VENDOR)
    href = f"/studio/content/{returned.content_id}"
    assert {each[2] for each in found} == {href}
    assert {each[0]: each[1] for each in found} == {
        "Fashiontown returned Marigold Top": ("Open the page, answer the comment beside the slots, and send it again."),
        "Fashiontown rejected the page of Marigold Top": (
            "Not ours. Write another page that answers this, or ask them before you go on."
        ),
        "Fashiontown approved Marigold Top": "They choose when shoppers see it. There is nothing for you to do.",
        "Marigold Top is live at Fashiontown": "Shoppers see it now. Look at it on a phone.",
        "Marigold Top goes live at Fashiontown on Nov 21, 2026": "There is nothing for you to do until then.",
        "Fashiontown took Marigold Top down": (
            "Recalled. Shoppers see a plain page. Send a changed page, or ask them what is needed."
        ),
    }


@pytest.mark.parametrize("reader", list(Reader))
@pytest.mark.parametrize("kind", ["template", "blocked", "of another version"])
def test_what_other_parts_tell_is_said_whatever_its_detail(db: Session, item: Item, kind: str, reader: Reader) -> None:
    tell(db, kind[:20], item, reader=reader, at=NOON)
    tell(db, kind[:20], item, reader=reader, at=NOON, detail={"slot": "Pictures", "reason": "Their rights are over"})

    rows = list_notices(db, reader)[0]
    assert all("Marigold Top" in each.title and each.next.endswith(".") for each in rows)
    assert any("Their rights are over. " in each.next for each in rows)


def test_at_a_vendor_the_admins_and_the_author_are_written_to(db: Session, item: Item) -> None:
    people = people_of(db, item)

    make_revision(db, item, state="approved", author=people["vera"], reviewer=people["rob"], at=NOON)

    written = [name for name, subject in mails(db) if "approved" in subject or "messages" in subject]
    assert written == ["anna", "vera"]


def test_an_assigned_page_is_told_to_whom_it_is_assigned(db: Session, item: Item) -> None:
    people = people_of(db, item)
    revision = make_revision(db, item, state="submitted", author=people["vera"], reviewer=people["rob"], at=NOON)
    revision.assignee_id = people["olive"].user.id
    db.commit()

    tell(db, "sent", item, reader=Reader.RETAILER, at=NOON + QUIET_FOR * 2, revision=revision)

    assert mails(db)[-1][0] == "olive"


def test_what_one_transaction_causes_is_one_mail(db: Session, item: Item) -> None:
    people = people_of(db, item)
    revision = make_revision(db, item, state="submitted", author=people["vera"], reviewer=people["rob"], at=NOON)
    db.commit()
    rob = Doer(people["rob"].user.id)

    later = NOON + timedelta(hours=1)
    reviewing.approve(db, revision, digest=str(revision.digest), reviewer=rob, at=later)
    publishing.publish(db, revision, actor=rob, at=later)
    db.commit()

    rows = list(db.scalars(select(OutboxMessage).where(OutboxMessage.created_at == later)))
    assert len(rows) == 2, "one to the admin, one to the author"
    for each in rows:
        assert each.subject == "2 messages about pages at Fashiontown"
        assert "Fashiontown approved Marigold Top" in each.body and "Marigold Top is live" in each.body
    publishing.take_down(db, item, reason="Recall", actor=rob, at=later)
    db.commit()
    assert len(list(db.scalars(select(OutboxMessage).where(OutboxMessage.created_at == later)))) == 3


def test_pages_sent_one_after_another_are_one_mail_until_somebody_looked(db: Session, item: Item) -> None:
    people = people_of(db, item)
    revision = make_revision(db, item, author=people["vera"])

    def send(minutes: int) -> int:
        at = NOON + timedelta(minutes=minutes)
        tell(db, "sent", item, reader=Reader.RETAILER, at=at, revision=revision)
        db.commit()
        return len(mails(db))

    assert send(0) == 1
    assert send(5) == 1
    assert send(29) == 1
    mark_all_read(db, Reader.RETAILER, until=NOON + timedelta(minutes=29), at=NOON, retailer_id=item.retailer_id)
    assert send(30) == 2
    assert send(61) == 3, "half an hour later it is told again"
    assert count_unread(db, Reader.RETAILER, retailer_id=item.retailer_id) == 2


def test_a_mail_of_what_was_rolled_back_is_not_there(db: Session, item: Item) -> None:
    people_of(db, item)
    db.commit()
    with pytest.raises(RuntimeError), db.begin_nested():
        tell(db, "down", item, reader=Reader.VENDOR, at=NOON)
        raise RuntimeError

    tell(db, "down", item, reader=Reader.VENDOR, at=NOON)
    db.commit()

    assert [subject for _, subject in mails(db)] == ["Fashiontown took Marigold Top down"]


def test_no_title_and_no_reason_reaches_a_header(db: Session, item: Item) -> None:
    people_of(db, item)
    item.title = "Top\r\nBcc: everybody@example.com" + "x" * 160
    db.flush()

    tell(db, "down", item, reader=Reader.VENDOR, at=NOON, detail={"reason": "a\r\nBcc: b@example.com"})

    (subject,) = {subject for _, subject in mails(db)}
    assert "\r" not in subject and "\n" not in subject and len(subject) <= 200


def test_a_house_reads_its_own_only(db: Session, item: Item) -> None:
    other = make_retailer(db, name="Next Door")
    theirs = make_item(db, other, vendor=make_vendor(db, other))
    mine = tell(db, "sent", item, reader=Reader.RETAILER, at=NOON)
    foreign = tell(db, "sent", theirs, reader=Reader.RETAILER, at=NOON)
    vendors = tell(db, "down", item, reader=Reader.VENDOR, at=NOON)
    db.commit()
    db.expunge_all()
    scope(db, retailer_ids=(item.retailer_id,), vendor_id=None)

    assert [each.id for each in list_notices(db, Reader.RETAILER, retailer_id=item.retailer_id)[0]] == [mine.id]
    for each in (foreign, vendors):
        with pytest.raises(NotFound):
            open_notice(db, each.id, Reader.RETAILER, at=NOON)
    mark_all_read(db, Reader.RETAILER, until=NOON, at=NOON, retailer_id=item.retailer_id)
    db.info.pop("scope")
    unread = set(db.scalars(select(Notice.id).where(Notice.read_at.is_(None))))
    assert unread == {foreign.id, vendors.id}


def test_what_comes_after_the_list_was_seen_stays_unread(db: Session, item: Item) -> None:
    tell(db, "sent", item, reader=Reader.RETAILER, at=NOON)
    tell(db, "sent", item, reader=Reader.RETAILER, at=NOON + timedelta(seconds=1))

    mark_all_read(db, Reader.RETAILER, until=NOON, at=NOON, retailer_id=item.retailer_id)

    assert count_unread(db, Reader.RETAILER, retailer_id=item.retailer_id) == 1


def test_what_a_rule_lets_through_waits_for_nobody(db: Session) -> None:
    retailer = make_retailer(db)
    make_template(db, retailer)
    item = make_item(db, retailer, vendor=make_vendor(db, retailer, is_trusted=True))

    revision = make_revision(db, item, state="submitted")

    assert revision.state == "approved"
    assert told(db, Reader.RETAILER) == []
    assert len(told(db, Reader.VENDOR)) == 1
