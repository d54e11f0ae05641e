"""Reads about calls: whether somebody comes, who waits, and how long it took."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from qrmerch.calls.models import Call, CallRule, CallState, Staffed
from qrmerch.catalog.models import Item, Variant
from qrmerch.db import get_one
from qrmerch.errors import NotFound
from qrmerch.parties.models import Fixture, Store
from qrmerch.parties.opening import opening_at, week_of
from qrmerch.users.models import User

OPEN: Final = (CallState.ASKED, CallState.TAKEN)


@dataclass(frozen=True, slots=True)
class Coming:
    """Whether somebody comes at an instant, and when that changes by itself; None where it does not."""

    is_possible: bool
    changes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call with what an associate has to know; empty or None where nobody said."""

    call: Call
    item: Item
    variant: Variant | None
    fixture: str
    # Who took it.
    associate: str

    @property
    def is_taken(self) -> bool:
        return self.call.state == CallState.TAKEN


@dataclass(frozen=True, slots=True)
class CallDay:
    """The calls of one business day: all, those that somebody took, and half of these waited no longer than this."""

    on: date
    calls: int
    taken: int
    median_wait: timedelta | None


def find_rule(db: Session, store_id: str) -> CallRule | None:
    """What was said of calls in a store."""
    return db.scalars(select(CallRule).where(CallRule.store_id == store_id)).one_or_none()


def find_coming(db: Session, store: Store, *, at: datetime) -> Coming:
    """Whether somebody comes to who calls in a store."""
    rule = find_rule(db, store.id)
    if rule is None or not rule.is_on or not store.is_open:
        return Coming(False)
    if rule.staffed == Staffed.SWITCH:
        is_said = rule.come_until is not None and at < rule.come_until
        return Coming(is_said, rule.come_until if is_said else None)
    week = week_of(store.weekly)
    if week is None:
        return Coming(False)
    opening = opening_at(week, store.time_zone, at)
    return Coming(opening.is_open, opening.changes_at)


def find_call(db: Session, public_id: str) -> Call | None:
    """The call whose page this is."""
    return db.scalars(select(Call).where(Call.public_id == public_id)).one_or_none()


def get_call(db: Session, call_id: str, *, store_ids: Collection[str]) -> Call:
    """A call in one of these stores.

    :raises NotFound: there is none, or it is in another store.
    """
    found = get_one(db, Call, call_id)
    if found.store_id not in store_ids:
        raise NotFound()
    return found


def is_open(at: datetime) -> ColumnElement[bool]:
    """Whether a call waits for somebody at an instant."""
    return Call.state.in_(OPEN) & (Call.lapses_at > at)


def count_asked(db: Session, store_ids: Collection[str], *, at: datetime) -> int:
    """How many calls in these stores nobody has taken yet."""
    wanted = select(func.count(Call.id)).where(Call.store_id.in_(store_ids), Call.state == CallState.ASKED)
    return db.scalar(wanted.where(Call.lapses_at > at)) or 0


def list_waiting(db: Session, store_id: str, *, at: datetime) -> list[Waiting]:
    """The open calls of a store, who waits longest first."""
    wanted = (
        select(Call, Item, Variant, Fixture.name, User.name)
        .join(Item, Item.id == Call.item_id)
        .outerjoin(Variant, Variant.id == Call.variant_id)
        .outerjoin(Fixture, Fixture.id == Call.fixture_id)
        .outerjoin(User, User.id == Call.taken_by)
        .where(Call.store_id == store_id, is_open(at))
        .order_by(Call.asked_at, Call.id)
    )
    return [
        Waiting(call, item, variant, fixture or "", associate or "")
        for call, item, variant, fixture, associate in db.execute(wanted)
    ]


def list_days(db: Session, store_id: str, *, since: date) -> list[CallDay]:
    """What came of a store's calls, by business day, the newest first; days without one are left out."""
    wanted = select(Call.on, Call.asked_at, Call.taken_at).where(Call.store_id == store_id, Call.on >= since)
    waits: dict[date, list[timedelta]] = {}
    calls: dict[date, int] = {}
    for on, asked_at, taken_at in db.execute(wanted.order_by(Call.on.desc())):
        calls[on] = calls.get(on, 0) + 1
        if taken_at is not None:
            waits.setdefault(on, []).append(taken_at - asked_at)
    return [CallDay(on, count, len(waits.get(on, ())), _middle(waits.get(on, []))) for on, count in calls.items()]


def _middle(waits: list[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(each.total_seconds() for each in waits)) if waits else None
