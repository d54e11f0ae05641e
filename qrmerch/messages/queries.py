"""Reads about what shoppers asked to be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, Variant
from qrmerch.messages.models import Purpose, Subscription, SubscriptionState
from qrmerch.outbox import OutboxMessage
from qrmerch.parties.models import Retailer, Store
from qrmerch.visitors.models import Contact
from qrmerch.visitors.queries import list_contact_consents


@dataclass(frozen=True, slots=True)
class Asked:
    """A subscription with what it is about: of the newsletter neither item nor variant, of any store no store."""

    subscription: Subscription
    item: Item | None
    variant: Variant | None
    store: Store | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait for a variant in a store (None: whichever), and since when the first of them does."""

    item: Item
    variant: Variant
    store: Store | None
    count: int
    since: datetime


def list_asked(db: Session, contact_id: str, *, subscription_id: str = "") -> list[Asked]:
    """All that an address asked for, newest first; or one of it."""
    wanted = (
        select(Subscription, Item, Variant, Store)
        .outerjoin(Variant, Variant.id == Subscription.variant_id)
        .outerjoin(Item, Item.id == Variant.item_id)
        .outerjoin(Store, Store.id == Subscription.store_id)
        .where(Subscription.contact_id == contact_id)
    )
    if subscription_id:
        wanted = wanted.where(Subscription.id == subscription_id)
    newest_first = wanted.order_by(Subscription.asked_at.desc(), Subscription.id)
    # As they are now: whoever changes them has locked the contact since they may have been read.
    rows = db.execute(newest_first.execution_options(populate_existing=True))
    return [Asked(*row) for row in rows]


def list_waiting(db: Session, retailer_id: str, *, limit: int, offset: int = 0) -> tuple[list[Waiting], int]:
    """How many shoppers wait for which variant where, most first, and how many such lines there are."""
    count, since = func.count(Subscription.id), func.min(Subscription.confirmed_at)
    counted = (
        select(
            Subscription.variant_id,
            Subscription.store_id,
            Subscription.about,
            count.label("count"),
            since.label("since"),
        )
        .where(
            Subscription.retailer_id == retailer_id,
            Subscription.purpose == Purpose.BACK_IN_STOCK,
            Subscription.state == SubscriptionState.CONFIRMED,
        )
        .group_by(Subscription.variant_id, Subscription.store_id, Subscription.about)
    ).subquery()
    wanted = (
        select(Item, Variant, Store, counted.c.count, counted.c.since)
        .select_from(counted)
        .join(Variant, Variant.id == counted.c.variant_id)
        .join(Item, Item.id == Variant.item_id)
        .outerjoin(Store, Store.id == counted.c.store_id)
        .order_by(counted.c.count.desc(), Item.title, counted.c.about)
    )
    total = db.scalar(select(func.count()).select_from(counted)) or 0
    return [Waiting(*row) for row in db.execute(wanted.limit(limit).offset(offset))], total


def count_newsletter(db: Session, retailer_id: str) -> int:
    """How many addresses confirmed that they want a retailer's news."""
    wanted = select(func.count(Subscription.id)).where(*_reads_news(retailer_id))
    return db.scalar(wanted) or 0


def list_newsletter(db: Session, retailer_id: str) -> list[tuple[str, str, datetime]]:
    """Who confirmed that they want a retailer's news: address, language, since when; first ones first."""
    wanted = select(Contact.email, Subscription.locale, Subscription.confirmed_at).join(
        Contact, Contact.id == Subscription.contact_id
    )
    rows = db.execute(wanted.where(*_reads_news(retailer_id)).order_by(Subscription.confirmed_at, Subscription.id))
    return [(email, locale, since) for email, locale, since in rows if email and since]


def _reads_news(retailer_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Subscription.retailer_id == retailer_id,
        Subscription.purpose == Purpose.NEWSLETTER,
        Subscription.state == SubscriptionState.CONFIRMED,
    )


def count_live(db: Session, contact_id: str) -> int:
    """How many subscriptions of an address are pending or confirmed."""
    live = (SubscriptionState.PENDING, SubscriptionState.CONFIRMED)
    wanted = select(func.count(Subscription.id)).where(Subscription.contact_id == contact_id)
    return db.scalar(wanted.where(Subscription.state.in_(live))) or 0


def describe_contact(db: Session, contact: Contact) -> dict[str, object]:
    """All that is kept of an address, for whoever it belongs to; times as ISO 8601."""
    messages = select(OutboxMessage).where(OutboxMessage.contact_id == contact.id).order_by(OutboxMessage.created_at)
    return {
        "retailer": db.get_one(Retailer, contact.retailer_id).name,
        "address": contact.email,
        "since": contact.created_at.isoformat(),
        "asked": [_asked_data(each) for each in list_asked(db, contact.id)],
        "agreed": [
            {
                "to": each.purpose,
                "action": str(each.action),
                "words": each.shown_text,
                "language": each.locale,
                "at": each.at.isoformat(),
            }
            for each in list_contact_consents(db, contact.id)
        ],
        "messages": [
            {"subject": each.subject, "state": str(each.state), "at": each.created_at.isoformat()}
            for each in db.scalars(messages)
        ],
    }


def _asked_data(asked: Asked) -> dict[str, object]:
    subscription = asked.subscription
    instants = ("asked_at", "confirmed_at", "fired_at", "ended_at", "until")
    return {
        "what": str(subscription.purpose),
        "item": asked.item.title if asked.item else None,
        "variant": variant_name(asked.variant) if asked.variant else None,
        "store": asked.store.name if asked.store else None,
        "state": str(subscription.state),
        "words": subscription.shown_text,
        "language": subscription.locale,
        **{name: each.isoformat() if (each := getattr(subscription, name)) else None for name in instants},
    }


def variant_name(variant: Variant, joint: str = ", ") -> str:
    """What sets a variant apart: `Marigold, M`."""
    values: Sequence[str] = [str(value) for value in variant.options.values() if value]
    return joint.join(values) or variant.sku or variant.key
