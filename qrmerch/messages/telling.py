"""Telling who waits that something is back.

A variant is back in a store when its pieces have been there for a quarter of an hour without a break, by a figure that
still counts. Who waited longest is told first, in waves of at most five for each piece; each once.
Never: a word about an item that no shopper may see, or a price from another moment than this one.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from qrmerch import outbox
from qrmerch.catalog.models import Item, Stock, Variant
from qrmerch.content.holding import hold
from qrmerch.db import lock_for_chain
from qrmerch.messages import wording
from qrmerch.messages.models import Purpose, Subscription, SubscriptionState
from qrmerch.messages.queries import list_asked
from qrmerch.messages.service import ENDED_KEPT_FOR, WATCH_LASTS, Sending, lock_contact, send, stop_address
from qrmerch.money import format_money
from qrmerch.outbox import OutboxMessage
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer, Store, Supply
from qrmerch.parties.queries import printed_base
from qrmerch.visitors.models import Contact

# Feeds that flap are over by then.
HELD_FOR: Final = timedelta(minutes=15)
# The mail that says that something is back, in the outbox.
ALERT: Final = "alert"
PER_PIECE: Final = 5
# Who was told comes, or does not, within a day; then those behind them are told.
WAVE_LASTS: Final = timedelta(hours=24)
# So many in one transaction.
_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Due:
    """Who is to be told of pieces in which store."""

    subscription: Subscription
    store: Store


def list_due_variants(db: Session, *, at: datetime) -> list[str]:
    """The ids of variants about whose return somebody is to be told now."""
    back = select(Stock.id).where(
        Stock.variant_id == Subscription.variant_id, Stock.pieces > 0, Stock.came_at <= at - HELD_FOR
    )
    waited = select(Subscription.variant_id).where(*_waits(at), back.exists()).distinct()
    found = sorted(each for each in db.scalars(waited) if each)
    return [variant_id for variant_id in found if list_due(db, variant_id, at=at)]


def list_due(db: Session, variant_id: str, *, at: datetime) -> list[Due]:
    """Who is to be told now that a variant is back, who waited longest first."""
    variant = db.get(Variant, variant_id)
    item = db.get(Item, variant.item_id) if variant else None
    if variant is None or item is None or variant.is_hidden or not is_sold(db, item):
        return []
    retailer = db.get_one(Retailer, item.retailer_id)
    room, stores = _room(db, variant, retailer, at=at)
    if not any(room.values()):
        return []
    wanted = select(Subscription).where(*_waits(at), Subscription.variant_id == variant_id)
    due = []
    for subscription in db.scalars(wanted.order_by(Subscription.asked_at, Subscription.id)):
        store_id = subscription.store_id or max(room, key=lambda each: (room[each], each))
        if room.get(store_id, 0) > 0:
            room[store_id] -= 1
            due.append(Due(subscription, stores[store_id]))
    return _without_taken_down(db, item, due, at=at)


def tell(db: Session, variant_id: str, *, sending: Sending, at: datetime) -> int:
    """Tell the next of those who wait for a variant; the caller commits, and asks again until it is none.

    What becomes of a subscription and its mail are one transaction, so that each is told once.

    :return: how many.
    """
    # Two workers do not tell the same people.
    lock_for_chain(db, f"messages {variant_id}")
    told = 0
    for due in list_due(db, variant_id, at=at)[:_AT_ONCE]:
        # Whoever is being changed is told with the next job; waiting for several in a row could go round in a circle.
        wanted = select(Contact).where(Contact.id == due.subscription.contact_id).with_for_update(skip_locked=True)
        contact = db.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
        if contact is None or contact.email is None:
            continue
        db.refresh(due.subscription)
        if due.subscription.state != SubscriptionState.CONFIRMED:
            # Stopped in this moment.
            continue
        _tell_one(db, contact, due, sending=sending, at=at)
        told += 1
    return told


def _tell_one(db: Session, contact: Contact, due: Due, *, sending: Sending, at: datetime) -> None:
    subscription, retailer = due.subscription, db.get_one(Retailer, contact.retailer_id)
    (asked,) = list_asked(db, contact.id, subscription_id=subscription.id)
    base = printed_base(db, retailer.id, base_url=sending.base_url)
    stop = stop_address(db, retailer, subscription, base=base, at=at)
    said = {
        "at": due.store.public_id,
        "lang": subscription.locale if len(locales_of(retailer)) > 1 else "",
        "pick": asked.variant.key if asked.variant else "",
    }
    query = urlencode({name: value for name, value in said.items() if value})
    page = f"{base}/i/{asked.item.public_id}?{query}" if asked.item else base
    days = ENDED_KEPT_FOR.days
    locale = subscription.locale
    mail = wording.back(
        asked, retailer.name, locale, store=due.store, page=page, stop=stop, zone=retailer.time_zone, days=days
    )
    subscription.state, subscription.fired_at, subscription.ended_at = SubscriptionState.FIRED, at, at
    subscription.fired_store_id, subscription.until = due.store.id, None
    send(db, contact, mail, stop=stop, at=at, kind=ALERT, about_id=subscription.id)
    db.flush()


@outbox.holds(ALERT)
def is_still_back(db: Session, message: OutboxMessage, at: datetime) -> bool:
    """Whether an alert is still true when it can leave; if not, whoever it was for waits again, and is told anew when
    it is back and in the words of that day.

    "It costs … today" is of one day and one price.
    """
    subscription = db.get(Subscription, message.about_id)
    contact = lock_contact(db, subscription.contact_id) if subscription is not None else None
    if subscription is None or contact is None:
        return False
    db.refresh(subscription)
    if subscription.state != SubscriptionState.FIRED:
        return False
    if _is_true(db, subscription, message, at=at):
        return True
    confirmed_at = subscription.confirmed_at or at
    subscription.state, subscription.until = SubscriptionState.CONFIRMED, confirmed_at + WATCH_LASTS
    subscription.fired_at = subscription.fired_store_id = subscription.ended_at = None
    return False


def _is_true(db: Session, subscription: Subscription, message: OutboxMessage, *, at: datetime) -> bool:
    variant = db.get(Variant, subscription.variant_id) if subscription.variant_id else None
    item = db.get(Item, variant.item_id) if variant else None
    store = db.get(Store, subscription.fired_store_id) if subscription.fired_store_id else None
    if variant is None or item is None or store is None:
        return False
    if variant.is_hidden or not store.is_open or not is_sold(db, item):
        return False
    retailer = db.get_one(Retailer, item.retailer_id)
    zone = ZoneInfo(retailer.time_zone)
    if message.created_at.astimezone(zone).date() != at.astimezone(zone).date():
        return False
    price = variant.price_minor
    if price is not None and format_money(price, variant.currency, subscription.locale) not in message.body:
        return False
    there = select(Stock.id).where(
        Stock.variant_id == variant.id,
        Stock.store_id == store.id,
        Stock.pieces > 0,
        Stock.as_of > at - timedelta(hours=retailer.stock_limit_hours),
    )
    return db.scalar(there) is not None and bool(_without_taken_down(db, item, [Due(subscription, store)], at=at))


def _waits(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Subscription.purpose == Purpose.BACK_IN_STOCK,
        Subscription.state == SubscriptionState.CONFIRMED,
        Subscription.until > at,
    )


def is_sold(db: Session, item: Item) -> bool:
    """Whether an item is sold, by a vendor that is not suspended."""
    ended = select(Supply.id).where(
        Supply.retailer_id == item.retailer_id, Supply.vendor_id == item.vendor_id, Supply.ended_at.is_not(None)
    )
    return not item.is_retired and db.scalar(ended.limit(1)) is None


def _room(
    db: Session, variant: Variant, retailer: Retailer, *, at: datetime
) -> tuple[dict[str, int], Mapping[str, Store]]:
    """How many may still be told of the pieces in each open store where the variant is back, and those stores."""
    limit = timedelta(hours=retailer.stock_limit_hours)
    wanted = (
        select(Store, Stock.pieces)
        .join(Stock, Stock.store_id == Store.id)
        .where(
            Stock.variant_id == variant.id,
            Stock.pieces > 0,
            Stock.came_at <= at - HELD_FOR,
            Stock.as_of > at - limit,
            Store.is_open,
        )
    )
    found = db.execute(wanted).all()
    wave = (
        select(Subscription.fired_store_id, func.count(Subscription.id))
        .where(Subscription.variant_id == variant.id, Subscription.fired_at > at - WAVE_LASTS)
        .group_by(Subscription.fired_store_id)
    )
    told = dict(db.execute(wave).all())
    room = {store.id: max(0, PER_PIECE * pieces - told.get(store.id, 0)) for store, pieces in found}
    return room, {store.id: store for store, _ in found}


def _without_taken_down(db: Session, item: Item, due: Sequence[Due], *, at: datetime) -> list[Due]:
    """Those whose page of the item, in that store and language, was not taken down."""
    places: dict[tuple[str, str], bool] = {}
    groups: dict[tuple[str, str], list[Due]] = defaultdict(list)
    for each in due:
        groups[each.store.id, each.subscription.locale].append(each)
    for store_id, locale in groups:
        held = hold(db, [item], store_ids={item.id: store_id}, locale=locale, at=at)[item.id]
        places[store_id, locale] = held.publication is None or held.revision is not None
    return [each for each in due if places[each.store.id, each.subscription.locale]]
