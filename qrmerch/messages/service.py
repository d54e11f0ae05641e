"""Asking to be told, saying yes by mail, stopping, and being erased.

What comes of an address is the same to whoever types it, known or not: everything else is said in the mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select
from sqlalchemy.orm import Session

from qrmerch import ids, limits, outbox
from qrmerch.catalog.models import Variant
from qrmerch.errors import TooMany
from qrmerch.messages import wording
from qrmerch.messages.links import make_link
from qrmerch.messages.models import LinkKind, MailLink, Purpose, Subscription, SubscriptionState
from qrmerch.messages.queries import Asked, count_live, list_asked
from qrmerch.outbox import Channel, OutboxMessage
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer, Store
from qrmerch.parties.queries import printed_base
from qrmerch.visitors import ledger
from qrmerch.visitors import service as visitors
from qrmerch.visitors.addresses import address_hash, mailbox
from qrmerch.visitors.models import ConsentAction, Contact
from qrmerch.visitors.queries import list_suppressions

# An address that nobody confirmed is erased after so long.
PENDING_LASTS: Final = timedelta(days=7)
# Who waits for something longer than this has forgotten it.
WATCH_LASTS: Final = timedelta(days=180)
# An address that is told, stopped or ran out stays so long, for the links in its mails to say what they were.
ENDED_KEPT_FOR: Final = timedelta(days=7)
# Who stopped the very question, and never said yes, is not asked again for so long.
REFUSED_FOR: Final = timedelta(days=30)
# The mail that asks whether an address is theirs, in the outbox.
ASKED: Final = "question"
# More than this nobody asks for; the rest of a flood is dropped.
MOST_LIVE: Final = 50
# Mails that anybody can cause by typing an address: to one mailbox, of all retailers together, one of each purpose an
# hour, and never more than 3 + 24 h × 3/36 h = 5 in any day.
_MOST_HOURLY, _HOUR = 1, timedelta(hours=1)
_MOST_AT_ONCE, _REFILLED_IN = 3, timedelta(hours=36)
# What one retailer's forms may cause in an hour, however many networks send them.
_MOST_OF_RETAILER: Final = 1_000
_AT_ONCE: Final = 200
_LIVE: Final = (SubscriptionState.PENDING, SubscriptionState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: the newsletter (no variant), or that a variant is back in a store (None: whichever)."""

    purpose: Purpose
    variant: Variant | None = None
    store: Store | None = None

    @property
    def about(self) -> str:
        parts = (self.variant.id if self.variant else "", self.store.id if self.store else "")
        return ":".join(parts) if any(parts) else ""


@dataclass(frozen=True, slots=True)
class Sending:
    """What mails need of the installation: where its pages are, and its secret keys, the present one first."""

    base_url: str
    keys: Sequence[str]


def ask(
    db: Session,
    retailer: Retailer,
    email: str,
    wish: Wish,
    *,
    shown_text: str,
    locale: str,
    sending: Sending,
    at: datetime,
) -> None:
    """Note what a clean address asks for, and write to it, unless it was written to just now. The caller commits.

    :param shown_text: the words that stood beside the button.
    :raises TooMany: this retailer's forms were sent more often in the last hour than people send them.
    """
    limits.take(db, f"asked {retailer.id}", limit=_MOST_OF_RETAILER, per=_HOUR, at=at)
    contact = visitors.keep_contact(db, retailer.id, email, at=at)
    # Behind the contact's lock: it may be erased in this moment.
    if list_suppressions(db, retailer.id, email, keys=sending.keys):
        _forget(db, contact, at=at)
        return
    if db.scalar(select(Subscription.id).where(Subscription.contact_id == contact.id, _is_refusal(at)).limit(1)):
        return
    subscription = _find(db, contact, wish)
    if subscription is None or not subscription.is_live:
        if count_live(db, contact.id) >= MOST_LIVE:
            return
        subscription = subscription or _new(db, contact, wish)
        subscription.confirmed_at = subscription.fired_at = subscription.fired_store_id = subscription.ended_at = None
        subscription.state = SubscriptionState.PENDING
    if subscription.state == SubscriptionState.PENDING:
        subscription.shown_text, subscription.locale = shown_text, locale
        subscription.asked_at, subscription.until = at, at + PENDING_LASTS
    db.flush()
    if _may_write(db, email, wish.purpose, key=sending.keys[0], at=at):
        _write_about(db, retailer, contact, subscription, sending=sending, at=at)


def _find(db: Session, contact: Contact, wish: Wish) -> Subscription | None:
    wanted = select(Subscription).where(Subscription.contact_id == contact.id, Subscription.channel == Channel.MAIL)
    wanted = wanted.where(Subscription.purpose == wish.purpose, Subscription.about == wish.about)
    return db.scalars(wanted).one_or_none()


def _is_refusal(at: datetime) -> ColumnElement[bool]:
    return and_(
        Subscription.state == SubscriptionState.UNSUBSCRIBED,
        Subscription.confirmed_at.is_(None),
        Subscription.ended_at > at - REFUSED_FOR,
    )


def _new(db: Session, contact: Contact, wish: Wish) -> Subscription:
    made = Subscription(
        id=ids.new(),
        retailer_id=contact.retailer_id,
        contact_id=contact.id,
        channel=Channel.MAIL,
        purpose=wish.purpose,
        variant_id=wish.variant.id if wish.variant else None,
        store_id=wish.store.id if wish.store else None,
        about=wish.about,
    )
    db.add(made)
    return made


def _may_write(db: Session, email: str, purpose: Purpose, *, key: str, at: datetime) -> bool:
    """Whether a mailbox may get one more mail that anybody can cause; if so, it is counted."""
    # Names of buckets are digests of digests: whoever reads the table cannot try addresses.
    name = address_hash(mailbox(email), "mailbox", key)
    hourly, daily = f"asked {purpose} {name}", f"asked {name}"
    try:
        limits.check(db, hourly, limit=_MOST_HOURLY, per=_HOUR, at=at)
        limits.check(db, daily, limit=_MOST_AT_ONCE, per=_REFILLED_IN, at=at)
    except TooMany:
        return False
    limits.take(db, hourly, limit=_MOST_HOURLY, per=_HOUR, at=at)
    limits.take(db, daily, limit=_MOST_AT_ONCE, per=_REFILLED_IN, at=at)
    return True


def _write_about(
    db: Session, retailer: Retailer, contact: Contact, subscription: Subscription, *, sending: Sending, at: datetime
) -> None:
    """Ask whether the address is theirs; who said so before reads that it is noted."""
    (asked,) = list_asked(db, contact.id, subscription_id=subscription.id)
    base = printed_base(db, retailer.id, base_url=sending.base_url)
    stop = stop_address(db, retailer, subscription, base=base, at=at)
    if subscription.state == SubscriptionState.CONFIRMED:
        mail = wording.already(asked, retailer.name, subscription.locale, stop=stop)
        kind = ""
    else:
        secret = make_link(db, subscription, LinkKind.CONFIRM, at=at, until=at + PENDING_LASTS)
        link = f"{base}/confirm/{secret}{_said(retailer, subscription)}"
        days = PENDING_LASTS.days
        mail = wording.confirmation(asked, retailer.name, subscription.locale, link=link, stop=stop, days=days)
        kind = ASKED
    send(db, contact, mail, stop=stop, at=at, kind=kind, about_id=subscription.id)


def stop_address(db: Session, retailer: Retailer, subscription: Subscription, *, base: str, at: datetime) -> str:
    """The address of a new page that stops a subscription, in its language; the caller commits.

    :param base: scheme and host.
    """
    secret = make_link(db, subscription, LinkKind.STOP, at=at, until=None)
    return f"{base}/u/{secret}{_said(retailer, subscription)}"


def _said(retailer: Retailer, subscription: Subscription) -> str:
    return f"?lang={subscription.locale}" if len(locales_of(retailer)) > 1 else ""


def send(
    db: Session, contact: Contact, mail: wording.Mail, *, stop: str, at: datetime, kind: str = "", about_id: str = ""
) -> None:
    """Put a mail to a shopper into the outbox, with the way to stop it by one click (RFC 8058); the caller commits.

    :param kind: as `outbox.post` takes it, and `about_id` too.
    """
    if contact.email is None:
        return
    outbox.post(
        db,
        retailer_id=contact.retailer_id,
        channel=Channel.MAIL,
        to=contact.email,
        subject=mail.subject,
        body=mail.body,
        at=at,
        headers={"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        contact_id=contact.id,
        kind=kind,
        about_id=about_id,
    )


@outbox.holds(ASKED)
def is_unanswered(db: Session, message: OutboxMessage, at: datetime) -> bool:
    """Whether the question whether an address is theirs is still open, and its link good, when it can leave."""
    asked = db.get(Subscription, message.about_id)
    if asked is None:
        return False
    pending = select(Subscription.id).where(
        Subscription.contact_id == asked.contact_id,
        Subscription.purpose == asked.purpose,
        Subscription.state == SubscriptionState.PENDING,
        Subscription.until > at,
    )
    return message.created_at + PENDING_LASTS > at and db.scalar(pending.limit(1)) is not None


def find_pending(db: Session, link: MailLink) -> list[Asked]:
    """What the button behind a link confirms: all that its address asked for of that purpose and has not confirmed."""
    return [
        each
        for each in list_asked(db, link.contact_id)
        if each.subscription.state == SubscriptionState.PENDING and each.subscription.purpose == link.purpose
    ]


def confirm(db: Session, link: MailLink, *, at: datetime) -> int:
    """Let what is pending behind a link hold, and note the consent; the caller commits.

    :return: how many; none where the button was pressed before.
    """
    contact = lock_contact(db, link.contact_id)
    if contact is None:
        return 0
    pending = find_pending(db, link)
    for asked in pending:
        subscription = asked.subscription
        subscription.state, subscription.confirmed_at = SubscriptionState.CONFIRMED, at
        subscription.until = at + WATCH_LASTS if subscription.purpose == Purpose.BACK_IN_STOCK else None
        ledger.note(
            db,
            contact,
            subscription.purpose,
            ConsentAction.GRANT,
            shown_text=subscription.shown_text,
            locale=subscription.locale,
            at=at,
        )
    return len(pending)


def stop(db: Session, link: MailLink, *, everything: bool, shown_text: str, locale: str, at: datetime) -> int:
    """Stop the subscription that a link is about, or all of its address; the caller commits.

    :param shown_text: the words on the button.
    :return: how many ended; none where they had ended before.
    """
    contact = lock_contact(db, link.contact_id)
    if contact is None:
        return 0
    live = select(Subscription).where(Subscription.contact_id == contact.id, Subscription.state.in_(_LIVE))
    if not everything:
        live = live.where(Subscription.id == link.subscription_id)
    ended = list(db.scalars(live.execution_options(populate_existing=True)))
    for subscription in ended:
        if subscription.state == SubscriptionState.CONFIRMED:
            ledger.note(
                db,
                contact,
                subscription.purpose,
                ConsentAction.WITHDRAW,
                shown_text=shown_text,
                locale=locale,
                at=at,
            )
        subscription.state, subscription.ended_at, subscription.until = SubscriptionState.UNSUBSCRIBED, at, None
    return len(ended)


def erase(db: Session, contact: Contact, *, shown_text: str, locale: str, keys: Sequence[str], at: datetime) -> None:
    """Delete an address with all that hangs on it, and let nobody have us write to it again; the caller commits.

    :param shown_text: the words on the button, or why it is done.
    :param keys: the installation's secret keys, the present one first.
    """
    locked = lock_contact(db, contact.id)
    if locked is None or locked.email is None:
        return
    contact = locked
    for each in list_asked(db, contact.id):
        if each.subscription.state == SubscriptionState.CONFIRMED:
            purpose = each.subscription.purpose
            ledger.note(db, contact, purpose, ConsentAction.WITHDRAW, shown_text=shown_text, locale=locale, at=at)
    visitors.suppress(db, contact.retailer_id, locked.email, keys=keys, at=at)
    _forget(db, contact, at=at)


def erase_address(
    db: Session, retailer_id: str, email: str, *, shown_text: str, keys: Sequence[str], at: datetime
) -> None:
    """As `erase`, of a clean address that may not be kept at all; who asks for it meanwhile waits."""
    contact = visitors.keep_contact(db, retailer_id, email, at=at)
    erase(db, contact, shown_text=shown_text, locale="en", keys=keys, at=at)


def forget_ended(db: Session, *, at: datetime) -> int:
    """End what has run out, and erase addresses that nothing holds any more; the caller commits.

    :return: of how many addresses something was changed; some more may be left where it is as many as are done at once.
    """
    over = select(Subscription.contact_id).where(_ran_out(at)).distinct().limit(_AT_ONCE)
    idle = select(Contact.id).where(Contact.email.is_not(None), ~_holds(at).exists()).limit(_AT_ONCE)
    changed = 0
    # In one order, so that two who do this at once do not wait for each other in a circle.
    for contact_id in sorted({*db.scalars(over), *db.scalars(idle)}):
        contact = lock_contact(db, contact_id)
        if contact is not None and _end(db, contact, at=at):
            changed += 1
    return changed


def _end(db: Session, contact: Contact, *, at: datetime) -> bool:
    """End what has run out of an address whose row is locked, and erase it if nothing holds it; whether any was."""
    own = select(Subscription).where(Subscription.contact_id == contact.id, _ran_out(at))
    over = list(db.scalars(own.execution_options(populate_existing=True)))
    for subscription in over:
        subscription.state, subscription.ended_at = SubscriptionState.EXPIRED, at
    db.flush()
    is_held = db.scalar(select(Contact.id).where(Contact.id == contact.id, _holds(at).exists())) is not None
    if not is_held:
        _forget(db, contact, at=at)
    return bool(over) or not is_held


def _ran_out(at: datetime) -> ColumnElement[bool]:
    return and_(Subscription.state.in_(_LIVE), Subscription.until <= at)


def _holds(at: datetime) -> Select[str]:
    """What an address is still kept for."""
    return select(Subscription.id).where(
        Subscription.contact_id == Contact.id,
        or_(
            Subscription.state.in_(_LIVE),
            _is_refusal(at),
            # Who never said that the address is theirs need not read what became of it.
            and_(Subscription.confirmed_at.is_not(None), Subscription.ended_at > at - ENDED_KEPT_FOR),
        ),
    )


def _forget(db: Session, contact: Contact, *, at: datetime) -> None:
    """Delete what hangs on an address, then the address; its row is locked."""
    for table in (MailLink, Subscription, OutboxMessage):
        db.execute(delete(table).where(table.contact_id == contact.id))
    visitors.erase_contact(db, contact, at=at)


def lock_contact(db: Session, contact_id: str) -> Contact | None:
    """The contact, to be changed with all that hangs on it by nobody else meanwhile; None if it was erased.

    What was read of it before may be old.
    """
    wanted = select(Contact).where(Contact.id == contact_id).with_for_update()
    contact = db.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    return contact if contact is not None and contact.email is not None else None
