"""Writes of calls: letting a store be called, calling, and what associates and shoppers do with a call.

Each verb is one transaction of its caller's, who commits. A state moves by conditional updates only, whose row count
is the decision: of two who take a call, one has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.calls.models import Call, CallRule, CallState, Staffed, Why
from qrmerch.calls.queries import OPEN, find_coming, find_rule, is_open
from qrmerch.catalog.models import Item, Variant
from qrmerch.content.holding import list_down_ids
from qrmerch.db import lock_for_chain, reread
from qrmerch.errors import Conflict, DomainError, FormError
from qrmerch.parties.models import Fixture, Store
from qrmerch.parties.opening import opening_at, week_of
from qrmerch.parties.service import changed
from qrmerch.scans.service import record_event
from qrmerch.users.models import User

# So long a call waits for somebody, and so long somebody who took it is waited for.
LASTS: Final = timedelta(minutes=20)
KEPT_FOR: Final = timedelta(days=30)
MOST_OPEN: Final = 5
_MOST_ALLOWED: Final = 50
_NOTED: Final = ("is_on", "staffed", "most_open", "says_name")
_AS_IT_IS: Final = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class CallTerms:
    """What the desk says of calls in a store."""

    is_on: bool
    staffed: Staffed
    most_open: int
    says_name: bool


class Refusal(StrEnum):
    """Why nobody comes."""

    NOBODY = "nobody_comes"
    ALL_BUSY = "all_busy"
    OPEN_ALREADY = "open_already"
    ITEM_RETIRED = "item_retired"
    ITEM_DOWN = "item_down"


_SENTENCES: Final = {
    Refusal.NOBODY: "Nobody can come at the moment. Ask at the till.",
    Refusal.ALL_BUSY: "Everybody is with somebody. Try again in a few minutes, or ask at the till.",
    Refusal.OPEN_ALREADY: "A phone like this one has called from here already. Somebody comes for that call first.",
    Refusal.ITEM_RETIRED: "This item is no longer sold.",
    Refusal.ITEM_DOWN: "This item is not available at the moment.",
}


class CallRefused(DomainError):
    """Nobody is called; nothing was written."""

    def __init__(self, refusal: Refusal, *, held: Call | None = None) -> None:
        """:param held: the call that is open already, where that is why."""
        super().__init__(_SENTENCES[refusal])
        self.refusal, self.held = refusal, held
        self.status, self.slug = 410 if refusal == Refusal.ITEM_RETIRED else 409, refusal.value


class CallGone(Conflict):
    """Somebody was faster, or the call is over."""

    slug = "call_gone"


# --- setting up ------------------------------------------------------------------------------------


def set_rule(db: Session, store: Store, terms: CallTerms, *, actor: audit.Actor | None, at: datetime) -> bool:
    """Say whether and when shoppers may call in a store; pages say it at their next scan. Whether anything changed.

    :raises FormError: fewer than one open call, or more than 50 (`most_open`).
    """
    if not 1 <= terms.most_open <= _MOST_ALLOWED:
        raise FormError({"most_open": f"From 1 to {_MOST_ALLOWED} calls can be open at once."})
    rule = _get_rule(db, store)
    before = audit.state_of(rule, *_NOTED)
    rule.is_on, rule.staffed = terms.is_on, terms.staffed
    rule.most_open, rule.says_name = terms.most_open, terms.says_name
    detail = audit.changes(before, audit.state_of(rule, *_NOTED))
    if not detail:
        return False
    changed(db, store.retailer_id, at=at)
    _note(db, actor, "store.calls", store, at=at, **detail)
    return True


def come(db: Session, store: Store, *, actor: audit.Actor | None, at: datetime) -> datetime:
    """Associates can come from now on; until when: the store closes, or where its hours say nothing, the day ends.

    :raises Conflict: the desk lets nobody call here, or the store's hours say when somebody comes.
    """
    rule = find_rule(db, store.id)
    if rule is None or not rule.is_on or rule.staffed != Staffed.SWITCH:
        raise Conflict(
            "In this store there is nothing to switch. The desk says on the store’s page when you are called."
        )
    rule.come_until = _find_end(store, at)
    changed(db, store.retailer_id, at=at)
    _note(db, actor, "store.calls_come", store, at=at)
    return rule.come_until


def stop_coming(db: Session, store: Store, *, actor: audit.Actor | None, at: datetime) -> None:
    """Associates cannot come any more; calls that are open stay so."""
    rule = find_rule(db, store.id)
    if rule is None or rule.come_until is None or rule.come_until <= at:
        return
    rule.come_until = None
    changed(db, store.retailer_id, at=at)
    _note(db, actor, "store.calls_stop", store, at=at)


def _get_rule(db: Session, store: Store) -> CallRule:
    lock_for_chain(db, f"calls {store.id}")
    rule = find_rule(db, store.id)
    if rule is None:
        rule = CallRule(
            id=ids.new(), retailer_id=store.retailer_id, store_id=store.id, is_on=False, staffed=Staffed.HOURS,
            most_open=MOST_OPEN, says_name=False,
        )  # fmt: skip
        db.add(rule)
    return rule


def _find_end(store: Store, at: datetime) -> datetime:
    zone = ZoneInfo(store.time_zone)
    day_ends_at = datetime.combine(at.astimezone(zone).date() + timedelta(days=1), time(), zone)
    week = week_of(store.weekly)
    if week is None:
        return day_ends_at
    opening = opening_at(week, store.time_zone, at)
    if not opening.is_open and opening.changes_at is not None and opening.changes_at < day_ends_at:
        # Said in the morning, before the doors open.
        opening = opening_at(week, store.time_zone, opening.changes_at)
    return opening.changes_at if opening.is_open and opening.changes_at is not None else day_ends_at


# --- calling ---------------------------------------------------------------------------------------


def call(
    db: Session,
    store: Store,
    item: Item,
    *,
    variant: Variant | None,
    fixture: Fixture | None,
    caller: str,
    visit: str | None,
    at: datetime,
    is_counted: bool = True,
) -> Call:
    """Call an associate to an item; nothing is kept of who calls but `caller`, until the call is over.

    :param caller: tells one visit or phone from others, as a keyed hash.
    :param visit: the visit it is counted in.
    :param is_counted: whether it is a shopper's; somebody of the house counts for nothing.
    :raises CallRefused: the item is no longer sold or is taken down, nobody comes, all are busy, or this caller's last
        call is open yet.
    """
    if item.is_retired or item.retailer_id != store.retailer_id:
        raise CallRefused(Refusal.ITEM_RETIRED)
    if list_down_ids(db, [item], store_ids={item.id: store.id}, locale=None, at=at):
        raise CallRefused(Refusal.ITEM_DOWN)
    # Who calls in this store now waits here for the one before: numbers, and how many are open, are what they are.
    lock_for_chain(db, f"calls {store.id}")
    if not find_coming(db, store, at=at).is_possible:
        raise CallRefused(Refusal.NOBODY)
    lapse(db, at=at, store_id=store.id)
    held = db.scalars(select(Call).where(Call.store_id == store.id, Call.caller == caller, is_open(at))).one_or_none()
    if held is not None:
        raise CallRefused(Refusal.OPEN_ALREADY, held=held)
    rule = find_rule(db, store.id)
    waiting = db.scalar(select(func.count(Call.id)).where(Call.store_id == store.id, is_open(at))) or 0
    if rule is None or waiting >= rule.most_open:
        raise CallRefused(Refusal.ALL_BUSY)
    made = _add(db, store, item, variant, fixture, caller, at)
    if is_counted:
        record_event(
            db, kind="call", retailer_id=item.retailer_id, item_id=item.id, store_id=store.id, visit=visit, at=at
        )
    return made


def _add(
    db: Session, store: Store, item: Item, variant: Variant | None, fixture: Fixture | None, caller: str, at: datetime
) -> Call:
    on = at.astimezone(ZoneInfo(store.time_zone)).date()
    last = db.scalar(select(func.max(Call.number)).where(Call.store_id == store.id, Call.on == on)) or 0
    made = Call(
        id=ids.new(),
        public_id=ids.public(),
        retailer_id=store.retailer_id,
        store_id=store.id,
        on=on,
        number=last + 1,
        item_id=item.id,
        variant_id=variant.id if variant else None,
        fixture_id=fixture.id if fixture else None,
        caller=caller,
        state=CallState.ASKED,
        asked_at=at,
        lapses_at=at + LASTS,
    )
    db.add(made)
    db.flush()
    return made


def say_place(db: Session, made: Call, fixture: Fixture, *, at: datetime) -> None:
    """Who calls says where in the store they stand.

    :raises CallGone: the call is over.
    """
    _move(db, made, OPEN, {"fixture_id": fixture.id}, at=at)


def withdraw(db: Session, made: Call, *, at: datetime) -> None:
    """Who calls does so no more; one that is over stays as it is."""
    if not _has_moved(db, made, OPEN, {"state": CallState.WITHDRAWN, **_ended(at)}, at=at):
        reread(db, made)


# --- coming ----------------------------------------------------------------------------------------


def take(db: Session, made: Call, associate_id: str, *, at: datetime) -> None:
    """An associate goes; of two at once, one has it.

    :raises CallGone: somebody has taken it, or it is over; the sentence says which.
    """
    values: dict[str, object] = {
        "state": CallState.TAKEN,
        "taken_at": at,
        "taken_by": associate_id,
        "lapses_at": at + LASTS,
    }
    _move(db, made, (CallState.ASKED,), values, at=at, associate_id=associate_id)


def finish(db: Session, made: Call, *, at: datetime) -> None:
    """Somebody was there, or brought it.

    :raises CallGone: nobody has taken it, or it is over.
    """
    _move(db, made, (CallState.TAKEN,), {"state": CallState.DONE, **_ended(at)}, at=at)


def give_up(db: Session, made: Call, why: Why, associate_id: str, *, at: datetime) -> None:
    """It is not possible; the shopper reads why.

    :raises CallGone: it is over.
    """
    values = {
        "state": CallState.IMPOSSIBLE,
        "why": why,
        "taken_at": func.coalesce(Call.taken_at, at),
        "taken_by": func.coalesce(Call.taken_by, associate_id),
    }
    _move(db, made, OPEN, {**values, **_ended(at)}, at=at)


def _move(
    db: Session,
    made: Call,
    states: Sequence[CallState],
    values: Mapping[str, object],
    *,
    at: datetime,
    associate_id: str = "",
) -> None:
    if _has_moved(db, made, states, values, at=at):
        return
    reread(db, made)
    if associate_id and made.taken_by == associate_id and made.state_at(at) == CallState.TAKEN:
        # The second press of the one who has it.
        return
    raise CallGone(_word_gone(db, made, at=at))


def _has_moved(
    db: Session, made: Call, states: Sequence[CallState], values: Mapping[str, object], *, at: datetime
) -> bool:
    wanted = update(Call).where(Call.id == made.id, Call.state.in_(states), Call.lapses_at > at)
    moved = db.scalars(wanted.values(**values).returning(Call.id), execution_options=_AS_IT_IS).one_or_none()
    if moved is not None:
        reread(db, made)
    return moved is not None


def _ended(at: datetime) -> dict[str, object]:
    return {"ended_at": at, "caller": None}


def _word_gone(db: Session, made: Call, *, at: datetime) -> str:
    user = db.get(User, made.taken_by) if made.taken_by else None
    who = user.name if user else "A colleague"
    said = {
        CallState.ASKED: f"Take number {made.number} first.",
        CallState.TAKEN: f"{who} has taken number {made.number} already.",
        CallState.DONE: f"Number {made.number} is done: {who} was there.",
        CallState.IMPOSSIBLE: f"{who} has said already that number {made.number} is not possible.",
        CallState.WITHDRAWN: f"Number {made.number} was withdrawn: the shopper needs nobody any more.",
    }
    return said.get(made.state_at(at), f"Number {made.number} waited for too long, and is over.")


# --- what the clock does ---------------------------------------------------------------------------


def lapse(db: Session, *, at: datetime, store_id: str | None = None) -> None:
    """End the calls that nobody did anything about, as of when they ended.

    :param store_id: of this store only.
    """
    wanted = update(Call).where(Call.state.in_(OPEN), Call.lapses_at <= at)
    if store_id is not None:
        wanted = wanted.where(Call.store_id == store_id)
    values = {"state": CallState.LAPSED, "ended_at": Call.lapses_at, "caller": None}
    db.execute(wanted.values(**values), execution_options=_AS_IT_IS)


def forget(db: Session, *, at: datetime) -> None:
    """Delete the calls of 30 days ago and before; what was counted of them stays."""
    db.execute(delete(Call).where(Call.asked_at < at - KEPT_FOR), execution_options=_AS_IT_IS)


def _note(db: Session, actor: audit.Actor | None, action: str, store: Store, *, at: datetime, **detail: object) -> None:
    audit.record(db, actor, action, ("store", store.id), at=at, retailer_id=store.retailer_id, detail=detail)
