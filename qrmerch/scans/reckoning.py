"""What a batch of lines comes to: a row for each line, totals, and the visits that are open.

Nothing here reads a file. Lines are taken in the order of their time, whatever file they stood in.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from qrmerch.scans import kinds, line, storing
from qrmerch.scans.agreed import Agreed
from qrmerch.scans.line import Line
from qrmerch.scans.months import make_months
from qrmerch.scans.places import QUARTER_MS, Place, Places
from qrmerch.scans.repeats import Repeats
from qrmerch.scans.storing import Instants
from qrmerch.scans.totals import Counts, Tally
from qrmerch.scans.visiting import Visit

# A line with its time, in milliseconds since 1970, and the id of its row: sorted by these two.
Identified = tuple[int, int, Line]
_MANNERS: Final = (kinds.HEAD, kinds.PREFETCH, kinds.LOOKUP, kinds.INTERNAL)


class _Spot(NamedTuple):
    """What lines that name the same thing have in common."""

    is_known: bool
    place: Place
    # The first five columns of a row after its instant.
    ids: tuple[str, ...]
    counts: Counts
    carrier: str


class Reckoning:
    """Takes in the lines of one batch, in one transaction."""

    def __init__(
        self,
        db: Session,
        lines: Sequence[Identified],
        places: Places,
        tally: Tally,
        *,
        agreed: Agreed,
        withdrawn: Collection[str] = (),
    ) -> None:
        """:param withdrawn: numbers of rules that were found wrong and leave nobody out any more."""
        self._db, self._lines, self._places, self._tally = db, lines, places, tally
        self._agreed, self._withdrawn = agreed, withdrawn
        self._spots: dict[Any, _Spot] = {}
        # When each phone that is told apart first scanned in this batch: instant, and where.
        self._phones: dict[tuple[str, str, str], tuple[int, Place]] = {}

    def store(self, repeats: Repeats) -> None:
        """Rows, visits and totals of all lines, the totals into the tally."""
        named = {said.visit for _, _, said in self._lines} - {""}
        visits = {row[0]: Visit.of(row) for row in storing.list_visits(self._db, named)}
        instants, outcomes, rows = Instants(self._db), _Outcomes(repeats, self._withdrawn), list[tuple[Any, ...]]()
        spots, say_instant, outcome_of = self._spots, instants.of, outcomes.of
        for at_ms, identity, said in self._lines:
            key = said.subject if said.kind == line.SCAN else said[1:6]
            spot = spots.get(key) or self._find_spot(key, said)
            outcome = outcome_of(said) if spot.is_known else kinds.ORPHAN
            at, quarter, visit = say_instant(at_ms), at_ms // QUARTER_MS, said.visit
            if visit and outcome not in _NO_VISIT:
                known = visits.get(visit)
                if known is None:
                    waiting = outcome if outcome in kinds.WAITING else ""
                    known = visits[visit] = Visit(visit, spot.place, at_ms, at_ms, at, at, waiting)
                elif not known.see(at_ms, at) and outcome == kinds.PAGE:
                    outcome = kinds.VISIT
                    known = visits[visit] = Visit(visit, spot.place, at_ms, at_ms, at, at)
                if outcome == kinds.ENGAGED:
                    self._engage(known, quarter)
                elif known.waiting and outcome == kinds.VIEW and not said.is_new_visit:
                    self._upgrade(known)
            entry = said.entry or (spot.carrier and self._places.entry_of(said, spot.carrier))
            zone = spot.place.zone if outcome in _BY_RULE else ""
            who = visit, said.agent, said.language
            rows.append((identity, at, *spot.ids, *who, entry, said.referrer, outcome, zone))
            if outcome in _PLAIN:
                spot.counts[outcome, quarter] += 1
            elif outcome in kinds.MAYBE:
                spot.counts[outcome, quarter] += 1
                spot.counts[kinds.SCAN, quarter] += 1
            elif outcome == kinds.ENGAGED and not visit:
                spot.counts[outcome, quarter] += 1
            if said.day_hash and outcome in _OF_PEOPLE:
                self._tell_apart(said, spot, quarter)
            if said.phone:
                self._agreed.see(said, outcome, spot.place, quarter, self._tally)
        make_months(self._db, instants.months)
        storing.add_scans(self._db, rows)
        storing.keep_visits(self._db, visits.values())
        self._estimate()
        self._agreed.store(self._places, self._tally)

    def _find_spot(self, key: Any, said: Line) -> _Spot:
        found = self._places.of(said)
        place = found or self._places.of_store(said.retailer_id, "")
        carrier = self._places.carrier_of(said)
        spot = _Spot(found is not None, place, tuple(place[:5]), self._tally.of(place), carrier)
        self._spots[key] = spot
        return spot

    def _upgrade(self, visit: Visit) -> None:
        """An opening by a program, ahead of its owner, is a scan once its page was seen."""
        quarter = visit.began_ms // QUARTER_MS
        self._tally.add(visit.waiting, visit.place, quarter, -1)
        self._tally.add(kinds.SCAN, visit.place, quarter)
        visit.waiting = ""

    def _engage(self, visit: Visit, quarter: int) -> None:
        """Once for each visit, where it began."""
        if not visit.is_engaged:
            self._tally.add(kinds.ENGAGED, visit.place, quarter)
            visit.is_engaged = True

    def _tell_apart(self, said: Line, spot: _Spot, quarter: int) -> None:
        place = spot.place
        if not place.store_id:
            return
        on, _ = self._tally.local(place.zone, quarter)
        self._phones.setdefault((on.isoformat(), place.store_id, said.day_hash), (quarter, place))
        if said.is_own_network:
            spot.counts[kinds.OWN_NETWORK, quarter] += 1

    def _estimate(self) -> None:
        for phone in storing.add_phones(self._db, self._phones):
            quarter, place = self._phones[phone]
            self._tally.add(kinds.ESTIMATED, self._places.of_store(place.retailer_id, place.store_id), quarter)


class _Outcomes:
    """What a line comes to; for most only by its kind, manner and agent, which is remembered."""

    def __init__(self, repeats: Repeats, withdrawn: Collection[str]) -> None:
        self._repeats, self._withdrawn = repeats, withdrawn
        self._known: dict[tuple[str, str, str, bool, int, bool], str] = {}

    def of(self, said: Line) -> str:
        key = (said.kind, said.manner, said.agent, said.is_new_visit, said.step, said.visit == "")
        outcome = self._known.get(key)
        if outcome is None:
            outcome = self._known[key] = _outcome(said, said.is_human(self._withdrawn))
        if outcome != kinds.SCAN or not said.near:
            return outcome
        if self._repeats.is_repeat(said):
            return kinds.MAYBE_REPEAT if said.is_own_network else kinds.REPEAT
        if self._repeats.is_burst(said):
            return kinds.MAYBE_BURST if said.is_own_network else kinds.BURST
        return kinds.SCAN


def _outcome(said: Line, is_human: bool) -> str:
    """What a line comes to by itself, before others are looked at."""
    if said.kind == line.ORPHAN:
        return kinds.ORPHAN
    if said.kind not in line.PRINTED:
        return _page_outcome(said, is_human)
    if said.manner:
        return said.manner if said.manner in _MANNERS else kinds.PREFETCH
    if not is_human:
        return kinds.BY_AGENT.get(said.agent.partition(" ")[0], kinds.BY_AGENT["bot"])
    return kinds.SCAN


def _page_outcome(said: Line, is_human: bool) -> str:
    if said.manner or not is_human:
        return kinds.UNSEEN
    if said.kind == line.VIEW:
        return kinds.VIEW
    if said.kind == line.ENGAGED:
        return kinds.ENGAGED
    if said.kind == line.PLAY:
        return kinds.PLAYS[said.step]
    if said.kind == line.SHARE:
        return kinds.FRIEND
    # Of a phone that is not to be told apart nobody knows which of its pages begins a visit.
    return kinds.VISIT if said.is_new_visit and said.visit else kinds.PAGE


# Counted as they are, with nothing else to think of.
_PLAIN: Final = frozenset(
    (kinds.SCAN, kinds.VISIT, kinds.PAGE, kinds.FRIEND, kinds.VIEW, *kinds.PLAYS.values(), *kinds.LEFT_OUT)
)
# What a rule about agents left out, and gives back where it is withdrawn.
_BY_RULE: Final = frozenset(kinds.BY_AGENT.values())
_OF_PEOPLE: Final = frozenset((kinds.SCAN, *kinds.MAYBE))
# Programs that open no visit: nobody looks. What `kinds.WAITING` names may be followed by somebody who does.
_NO_VISIT: Final = frozenset((kinds.UNSEEN, *kinds.BY_AGENT.values(), kinds.INTERNAL, kinds.ORPHAN)) - frozenset(
    kinds.WAITING
)
