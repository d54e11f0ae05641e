"""Recorded actions into the totals: each at the place where its visit began, once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from qrmerch.scans import kinds
from qrmerch.scans.models import Event, OpenVisit
from qrmerch.scans.places import QUARTER_MS, Place, Places
from qrmerch.scans.totals import Tally
from qrmerch.scans.visits import VISIT_IDLES, VISIT_LASTS


def fold_events(db: Session, events: Sequence[Event], places: Places, tally: Tally) -> int:
    """Count events at the place where their visit began, and mark them counted; how many.

    Their visits' lines must have been loaded before.
    """
    if not events:
        return 0
    wanted = sorted({event.visit for event in events if event.visit})
    visits = {row.visit: row for row in db.scalars(select(OpenVisit).where(OpenVisit.visit.in_(wanted)))}
    for event in events:
        visit = visits.get(event.visit or "")
        if visit is not None and visit.retailer_id != event.retailer_id:
            visit = None
        quarter = int(event.at.timestamp()) // (QUARTER_MS // 1000)
        if event.kind in kinds.TILL_ACTIONS:
            tally.add(event.kind, _place_at_till(event, visit, places), quarter)
            continue
        linked = visit if visit is not None and _is_open(visit, event.at) else None
        place = _place_of(event, linked, places)
        tally.add(event.kind, place, quarter)
        if linked is None:
            tally.add(f"{event.kind}{kinds.LOOSE}", place, quarter)
            continue
        linked.seen_at = max(linked.seen_at, event.at)
        if not linked.is_engaged:
            linked.is_engaged = True
            tally.add(kinds.ENGAGED, Place.of_row(linked), quarter)
    db.execute(update(Event).where(Event.id.in_([event.id for event in events])).values(is_counted=True))
    return len(events)


def _is_open(visit: OpenVisit, at: datetime) -> bool:
    return at - visit.began_at <= VISIT_LASTS and at - visit.seen_at <= VISIT_IDLES


def _place_of(event: Event, visit: OpenVisit | None, places: Places) -> Place:
    if visit is None:
        return places.of_store(event.retailer_id, event.store_id or "", item_id=event.item_id)
    place = places.of_store(event.retailer_id, visit.store_id or event.store_id or "", item_id=event.item_id)
    # The code is that of the item scanned first; a further item of the visit has none.
    code_id = visit.code_id if visit.item_id == event.item_id else ""
    return place._replace(code_id=code_id, fixture_id=visit.fixture_id)


def _place_at_till(event: Event, visit: OpenVisit | None, places: Places) -> Place:
    """The till's store; the fixture only where the visit began in the same store."""
    place = places.of_store(event.retailer_id, event.store_id or "", item_id=event.item_id)
    if visit is None or visit.store_id != place.store_id:
        return place
    code_id = visit.code_id if visit.item_id == event.item_id else ""
    return place._replace(code_id=code_id, fixture_id=visit.fixture_id)
