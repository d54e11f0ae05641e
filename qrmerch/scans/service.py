"""Writes of counting: what a room records when something happens on a page."""

from datetime import datetime

from sqlalchemy.orm import Session

from qrmerch.scans.kinds import ACTIONS
from qrmerch.scans.models import Event


def record_event(
    db: Session,
    *,
    kind: str,
    retailer_id: str,
    item_id: str,
    at: datetime,
    visit: str | None = None,
    store_id: str | None = None,
    detail: str = "",
) -> Event:
    """Record one action in the transaction that does it; the loader counts it within seconds of the commit.

    :param kind: one of `kinds.ACTIONS`.
    :param visit: the visit it happened in, checked by `visits.find_visit`; None counts it unlinked.
    :param store_id: where the page said it was; the visit's own place, where known, counts instead. For what
        happens at a till: the till's store, which always counts.
    :param detail: the id of the claim or list it is about, at most 60 characters.
    """
    if kind not in ACTIONS:
        raise ValueError(f"{kind} is not an action")
    event = Event(
        kind=kind, retailer_id=retailer_id, item_id=item_id, at=at, visit=visit or None, store_id=store_id or None
    )
    event.detail = detail
    db.add(event)
    return event
