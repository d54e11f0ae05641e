"""Recorded actions into the totals: each at the place where its visit began, once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from qrmerch.scans import kinds
from qrmerch.scans.models import Event, OpenVisit, ScanPlace
from qrmerch.scans.places import QUARTER_MS, Place, Places
from qrmerch.scans.totals import Tally
from qrmerch.scans.visits import VISIT_IDLES, VISIT_LASTS


def fold_events(db: Session, events: Sequence[Event], places: Places, tally: Tally) -> int:
    """Count events at the place where their visit began, and mark them counted; how many.

    Their visits' lines must have been loaded before.
    """
    if not events:
        return 0
    visits = _find_visits(db, {event.visit for event in events if event.visit})
    for event in events:
        found = visits.get(event.visit or "")
        if found and found.began.retailer_id != event.retailer_id:
            found = None
        quarter = int(event.at.timestamp()) // (QUARTER_MS // 1000)
        if event.kind in kinds.TILL_ACTIONS:
            tally.add(event.kind, _place_at_till(event, found and found.began, places), quarter)
            continue
        linked = found if found and _is_open(found.visit, event.at) else None
        place = _place_of(event, linked and linked.began, places)
        tally.add(event.kind, place, quarter)
        if linked is None:
            tally.add(f"{event.kind}{kinds.LOOSE}", place, quarter)
            continue
        visit = linked.visit
        visit.seen_at = max(visit.seen_at, event.at)
        if not visit.is_engaged:
            visit.is_engaged = True
            tally.add(kinds.ENGAGED, linked.began, quarter)
    db.execute(update(Event).where(Event.id.in_([event.id for event in events])).values(is_counted=True))
    return len(events)


class _Found(NamedTuple):
    """A visit, and where it began."""

    visit: OpenVisit
    began: Place


def _find_visits(db: Session, visits: Collection[str]) -> dict[str, _Found]:
    wanted = select(OpenVisit, ScanPlace).join(ScanPlace, ScanPlace.number == OpenVisit.place_number)
    rows = db.execute(wanted.where(OpenVisit.visit.in_(sorted(visits))))
    return {visit.visit: _Found(visit, Place.of_row(began)) for visit, began in rows}


def _is_open(visit: OpenVisit, at: datetime) -> bool:
    return at - visit.began_at <= VISIT_LASTS and at - visit.seen_at <= VISIT_IDLES


def _place_of(event: Event, began: Place | None, places: Places) -> Place:
    if began is None:
        return places.of_store(event.retailer_id, event.store_id or "", item_id=event.item_id)
    place = places.of_store(event.retailer_id, began.store_id or event.store_id or "", item_id=event.item_id)
    # The code is that of the item scanned first; a further item of the visit has none.
    code_id = began.code_id if began.item_id == event.item_id else ""
    return place._replace(code_id=code_id, fixture_id=began.fixture_id)


def _place_at_till(event: Event, began: Place | None, places: Places) -> Place:
    """The till's store; the fixture only where the visit began in the same store."""
    place = places.of_store(event.retailer_id, event.store_id or "", item_id=event.item_id)
    if began is None or began.store_id != place.store_id:
        return place
    code_id = began.code_id if began.item_id == event.item_id else ""
    return place._replace(code_id=code_id, fixture_id=began.fixture_id)
