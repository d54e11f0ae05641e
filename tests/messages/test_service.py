"""Asking, saying yes, stopping and being erased: what is kept, what is sent, and what a stranger can cause."""

import re
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.errors import TooMany
from qrmerch.messages import service
from qrmerch.messages.links import find_link
from qrmerch.messages.models import LinkKind, MailLink, Purpose, Subscription, SubscriptionState
from qrmerch.messages.queries import describe_contact, list_newsletter
from qrmerch.messages.service import PENDING_LASTS, WATCH_LASTS, Wish, confirm, erase, forget_ended, stop
from qrmerch.outbox import OutboxMessage, mail_of, without_secrets
from qrmerch.visitors.models import ConsentAction, ConsentEvent, Contact, Suppression
from qrmerch.visitors.queries import find_contact, list_contact_consents
from qrmerch.visitors.service import release
from tests.conftest import NOON
from tests.factories import TILL_KEYS, make_retailer
from tests.messages.shop import (
    ANN,
    NEWS,
    link_in,
    mails,
    make_shop,
    say_yes,
    secret_in,
    subscriptions,
    wish,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def count(db: Session, table: type[object]) -> int:
    return db.scalar(select(func.count()).select_from(table)) or 0


def test_sec_h07_nothing_holds_before_the_button_in_the_mail(db: Session) -> None:
    shop = make_shop(db)

    wish(db, shop)
    (before,) = subscriptions(db)
    state, consents = before.state, count(db, ConsentEvent)
    link = link_in(db, mails(db)[0], LinkKind.CONFIRM)
    confirmed = confirm(db, link, at=NOON + HOUR)

    assert (state, consents) == (SubscriptionState.PENDING, 0)
    assert confirmed == 1
    assert (before.state, before.confirmed_at, before.until) == (SubscriptionState.CONFIRMED, NOON + HOUR, None)
    (consent,) = list_contact_consents(db, before.contact_id)
    assert (consent.purpose, consent.action, consent.shown_text) == ("newsletter", ConsentAction.GRANT, "Tell me.")


def test_the_mail_asks_and_does_nothing_else(db: Session) -> None:
    shop = make_shop(db)

    wish(db, shop, shop.back())

    (mail,) = mails(db)
    assert mail.subject == "Fashiontown: is this your address?"
    assert "One message when it is back at Riverside: Marigold Top" in mail.body
    assert "deleted after 7 days" in mail.body
    assert len(re.findall(r"https://", mail.body)) == 2


def test_a_mail_carries_the_one_click_that_stops_it(db: Session) -> None:
    shop = make_shop(db, locales=["en", "ar"])

    wish(db, shop, locale="ar")

    (message,) = mails(db)
    sent = mail_of(message, sender="shop@example.com")
    raw = sent.as_bytes().decode()
    stop_link = f"https://shop.example/u/{secret_in(message.body, LinkKind.STOP)}?lang=ar"
    assert sent.get_all("List-Unsubscribe") == [f"<{stop_link}>"]
    assert sent.get_all("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
    # As it goes over the line: in one piece, in plain letters.
    assert f"\r\nList-Unsubscribe: <{stop_link}>\r\n" in raw
    assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_a_mail_says_when_it_was_written_and_is_the_same_when_it_is_sent_again(db: Session) -> None:
    wish(db, make_shop(db))
    (message,) = mails(db)

    first, again = (mail_of(message, sender="Fashiontown <shop@mail.example>") for _ in range(2))

    assert parsedate_to_datetime(first["Date"]) == NOON
    assert first["Message-ID"] == again["Message-ID"] == f"<{message.id}@mail.example>"


def test_secrets_of_links_are_kept_hashed(db: Session) -> None:
    shop = make_shop(db)

    wish(db, shop)

    (mail,) = mails(db)
    for kind in LinkKind:
        secret = secret_in(mail.body, kind)
        assert find_link(db, secret, kind, retailer_id=None, at=NOON) is not None
        other = next(each for each in LinkKind if each != kind)
        assert find_link(db, secret, other, retailer_id=None, at=NOON) is None
        assert secret not in " ".join(db.scalars(select(MailLink.secret_hash)))
        assert secret not in without_secrets(mail.body)


def test_another_retailers_host_does_not_know_the_link(db: Session) -> None:
    shop, other = make_shop(db), make_retailer(db)
    wish(db, shop)
    secret = secret_in(mails(db)[0].body, LinkKind.STOP)

    assert find_link(db, secret, LinkKind.STOP, retailer_id=other.id, at=NOON) is None
    assert find_link(db, secret, LinkKind.STOP, retailer_id=shop.retailer.id, at=NOON) is not None


@pytest.mark.parametrize("secret", ["", "x", "å" * 43, "a" * 42, "a" * 44, "a" * 43, "../" * 14 + "a"])
def test_what_is_no_link_finds_none(secret: str, db: Session) -> None:
    assert find_link(db, secret, LinkKind.STOP, retailer_id=None, at=NOON) is None


def test_a_link_to_confirm_ends_after_a_week_and_one_to_stop_never(db: Session) -> None:
    shop = make_shop(db)
    wish(db, shop)
    body, late = mails(db)[0].body, NOON + PENDING_LASTS

    assert find_link(db, secret_in(body, LinkKind.CONFIRM), LinkKind.CONFIRM, retailer_id=None, at=late) is None
    assert find_link(db, secret_in(body, LinkKind.STOP), LinkKind.STOP, retailer_id=None, at=late) is not None


def test_the_button_pressed_twice_confirms_once(db: Session) -> None:
    shop = make_shop(db)
    wish(db, shop)
    link = link_in(db, mails(db)[0], LinkKind.CONFIRM)

    assert (confirm(db, link, at=NOON), confirm(db, link, at=NOON + HOUR)) == (1, 0)
    assert count(db, ConsentEvent) == 1


def test_one_mail_counts_for_all_that_was_asked_within_the_hour(db: Session) -> None:
    shop = make_shop(db)
    wish(db, shop, shop.back(0))
    wish(db, shop, shop.back(1), at=NOON + timedelta(minutes=5))

    assert len(mails(db)) == 1
    assert confirm(db, link_in(db, mails(db)[0], LinkKind.CONFIRM), at=NOON + HOUR) == 2
    assert {each.until for each in subscriptions(db)} == {NOON + HOUR + WATCH_LASTS}


def test_what_was_asked_of_another_purpose_is_not_confirmed_along(db: Session) -> None:
    shop = make_shop(db)
    wish(db, shop, shop.back())
    wish(db, shop, NEWS)

    confirm(db, link_in(db, mails(db)[0], LinkKind.CONFIRM), at=NOON)

    states = {each.purpose: each.state for each in subscriptions(db)}
    assert states == {
        Purpose.BACK_IN_STOCK: SubscriptionState.CONFIRMED,
        Purpose.NEWSLETTER: SubscriptionState.PENDING,
    }


def test_asking_again_says_that_it_is_noted_and_changes_nothing(db: Session) -> None:
    shop = make_shop(db)
    made = say_yes(db, shop, NEWS)

    wish(db, shop, at=NOON + 2 * HOUR)

    assert len(subscriptions(db)) == 1
    assert (made.state, made.confirmed_at) == (SubscriptionState.CONFIRMED, NOON)
    assert mails(db)[-1].subject == "Fashiontown: it is noted already"
    assert mails(db)[-1].headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_sec_h07_no_mailbox_is_flooded(db: Session) -> None:
    """A script that types an address, in all its spellings, at two shops, each minute for two days."""
    shops = [make_shop(db), make_shop(db)]
    spellings = ["victim@gmail.com", "v.ictim@gmail.com", "victim+{}@gmail.com", "vic.tim+{}@gmail.com"]
    sent: list[float] = []

    for minute in range(0, 48 * 60, 7):
        shop, at = shops[minute % 2], NOON + timedelta(minutes=minute)
        wanted = (NEWS, shop.back(0), shop.back(1))[minute % 3]
        before = count(db, OutboxMessage)
        wish(db, shop, wanted, spellings[minute % 4].format(minute), at=at)
        sent += [minute / 60] * (count(db, OutboxMessage) - before)

    assert 3 <= len(sent) <= 8
    assert max(sum(begin <= each < begin + 24 for each in sent) for begin in sent) <= 5


def test_of_one_purpose_there_is_one_mail_an_hour(db: Session) -> None:
    shop = make_shop(db)

    for minutes in (0, 1, 30, 59, 61):
        wish(db, shop, at=NOON + timedelta(minutes=minutes))

    assert [mail.created_at for mail in mails(db)] == [NOON, NOON + timedelta(minutes=61)]


def test_a_retailers_forms_have_an_end(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop(db)
    monkeypatch.setattr(service, "_MOST_OF_RETAILER", 3)
    for number in range(3):
        wish(db, shop, email=f"a{number}@example.com")

    with pytest.raises(TooMany):
        wish(db, shop, email="a4@example.com")


def test_nobody_asks_for_more_than_a_person_does(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop(db)
    monkeypatch.setattr(service, "MOST_LIVE", 1)

    wish(db, shop, shop.back(0))
    wish(db, shop, shop.back(1))

    assert len(subscriptions(db)) == 1


def test_stopping_one_leaves_the_others(db: Session) -> None:
    shop = make_shop(db)
    news, back = say_yes(db, shop, NEWS), say_yes(db, shop, shop.back())
    link = link_in(db, mails(db)[0], LinkKind.STOP)

    ended = [stop(db, link, everything=False, shown_text="Stop this", locale="en", at=NOON + HOUR) for _ in range(2)]

    assert ended == [1, 0]
    assert (news.state, back.state) == (SubscriptionState.UNSUBSCRIBED, SubscriptionState.CONFIRMED)
    last = list_contact_consents(db, news.contact_id)[-1]
    assert (last.purpose, last.action, last.shown_text) == ("newsletter", ConsentAction.WITHDRAW, "Stop this")
    assert list_newsletter(db, shop.retailer.id) == []


def test_stopping_everything_stops_what_is_pending_too(db: Session) -> None:
    shop = make_shop(db)
    say_yes(db, shop, NEWS)
    wish(db, shop, shop.back())

    stop(db, link_in(db, mails(db)[0], LinkKind.STOP), everything=True, shown_text="All", locale="en", at=NOON)

    assert {each.state for each in subscriptions(db)} == {SubscriptionState.UNSUBSCRIBED}


def test_an_old_link_to_confirm_does_not_bring_back_what_was_stopped(db: Session) -> None:
    shop = make_shop(db)
    made = say_yes(db, shop, NEWS)
    confirming, stopping = (link_in(db, mails(db)[0], kind) for kind in (LinkKind.CONFIRM, LinkKind.STOP))
    stop(db, stopping, everything=False, shown_text="Stop", locale="en", at=NOON)

    assert confirm(db, confirming, at=NOON + HOUR) == 0
    assert made.state == SubscriptionState.UNSUBSCRIBED


def test_who_stops_the_question_itself_is_not_asked_again(db: Session) -> None:
    shop = make_shop(db)
    wish(db, shop)
    stop(db, link_in(db, mails(db)[0], LinkKind.STOP), everything=False, shown_text="Stop", locale="en", at=NOON)

    for days in (1, 8, 29):
        forget_ended(db, at=NOON + timedelta(days=days))
        wish(db, shop, at=NOON + timedelta(days=days))
    silent = len(mails(db))
    forget_ended(db, at=NOON + timedelta(days=31))
    wish(db, shop, at=NOON + timedelta(days=31))

    assert silent == 1
    assert len(mails(db)) == 1, "the first message went with the address, and a new one came"
    assert mails(db)[0].created_at == NOON + timedelta(days=31)


def test_after_it_was_stopped_it_can_be_asked_for_again(db: Session) -> None:
    shop = make_shop(db)
    made = say_yes(db, shop, NEWS)
    stop(db, link_in(db, mails(db)[0], LinkKind.STOP), everything=False, shown_text="Stop", locale="en", at=NOON)

    wish(db, shop, at=NOON + DAY)
    confirm(db, link_in(db, mails(db)[-1], LinkKind.CONFIRM, at=NOON + DAY), at=NOON + DAY)

    assert made.state == SubscriptionState.CONFIRMED
    assert len(list_contact_consents(db, made.contact_id)) == 3


def test_sec_h04_nothing_of_an_erased_address_is_left_but_a_digest_and_the_proof(db: Session) -> None:
    shop = make_shop(db)
    made = say_yes(db, shop, NEWS)
    contact = db.get_one(Contact, made.contact_id)

    erase(db, contact, shown_text="Delete my address", locale="en", keys=TILL_KEYS, at=NOON + DAY)
    db.flush()
    wish(db, shop, at=NOON + 3 * DAY)

    assert (count(db, Subscription), count(db, MailLink), count(db, OutboxMessage)) == (0, 0, 0)
    assert find_contact(db, shop.retailer.id, ANN) is None
    actions = [each.action for each in list_contact_consents(db, contact.id)]
    assert actions == [ConsentAction.GRANT, ConsentAction.WITHDRAW]
    (kept,) = db.scalars(select(Suppression))
    assert len(kept.address_hash) == 64


def test_an_erased_address_can_be_let_in_again_under_an_older_key_too(db: Session) -> None:
    shop = make_shop(db)
    made = say_yes(db, shop, NEWS)
    erase(db, db.get_one(Contact, made.contact_id), shown_text="x", locale="en", keys=["old-key"], at=NOON)
    db.flush()

    assert not release(db, shop.retailer.id, ANN, keys=["new-key"])
    assert release(db, shop.retailer.id, ANN, keys=["new-key", "old-key"])
    db.flush()
    wish(db, shop, at=NOON + DAY)
    assert len(mails(db)) == 1


def test_what_nobody_confirms_is_gone_after_a_week(db: Session) -> None:
    shop = make_shop(db)
    wish(db, shop)
    say_yes(db, shop, NEWS, "bob@example.com")

    forget_ended(db, at=NOON + PENDING_LASTS - timedelta(seconds=1))
    before = find_contact(db, shop.retailer.id, ANN)
    forget_ended(db, at=NOON + PENDING_LASTS)

    assert before is not None
    assert find_contact(db, shop.retailer.id, ANN) is None
    assert mails(db) == []
    assert [each.email for each in db.scalars(select(Contact))] == ["bob@example.com"]


def test_who_waits_too_long_waits_no_more_and_is_forgotten(db: Session) -> None:
    shop = make_shop(db)
    made = say_yes(db, shop, shop.back())

    forget_ended(db, at=NOON + WATCH_LASTS)
    state = made.state
    forget_ended(db, at=NOON + WATCH_LASTS + service.ENDED_KEPT_FOR)

    assert state == SubscriptionState.EXPIRED
    assert count(db, Subscription) == 0
    assert [each.email for each in db.scalars(select(Contact))] == [None]


def test_all_that_is_kept_can_be_taken_along(db: Session) -> None:
    shop = make_shop(db)
    made = say_yes(db, shop, shop.back())

    data = describe_contact(db, db.get_one(Contact, made.contact_id))

    assert data["address"] == ANN
    assert data["asked"][0]["item"] == "Marigold Top"  # type: ignore[index]
    assert data["asked"][0]["store"] == "Fashiontown Riverside"  # type: ignore[index]
    assert data["agreed"][0]["words"] == "Tell me."  # type: ignore[index]
    assert data["messages"][0]["subject"].startswith("Fashiontown:")  # type: ignore[index]


def test_two_retailers_keep_two_contacts(db: Session) -> None:
    shop, other = make_shop(db), make_shop(db)
    say_yes(db, shop, NEWS)

    wish(db, other, at=NOON + 2 * HOUR)

    assert count(db, Contact) == 2
    assert list_newsletter(db, other.retailer.id) == []
    assert [each[0] for each in list_newsletter(db, shop.retailer.id)] == [ANN]


@pytest.mark.parametrize("name", ["A\nBcc: eve@example.com", "x" * 400])
def test_sec_e06_a_long_or_broken_name_makes_no_header(name: str, db: Session) -> None:
    shop = make_shop(db)
    shop.top.title = " ".join(name.split())[:200]
    shop.retailer.name = " ".join(name.split())[:80]

    wish(db, shop, Wish(Purpose.BACK_IN_STOCK, shop.variants[0], None))

    (message,) = mails(db)
    sent = mail_of(message, sender="shop@example.com")
    assert sent.get_all("Bcc") is None
    assert len(sent["Subject"]) <= 200
