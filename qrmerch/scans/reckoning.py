"""What a batch of lines comes to: a row for each line, totals, and the visits that are open.

Nothing here reads a file. Lines are taken in the order of their time, whatever file they stood in.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from qrmerch.scans import kinds, line, storing
from qrmerch.scans.line import Line
from qrmerch.scans.months import make_months
from qrmerch.scans.places import QUARTER_MS, Place, Places
from qrmerch.scans.repeats import Repeats
from qrmerch.scans.storing import Instants
from qrmerch.scans.totals import Counts, Tally

# A line with its time, in milliseconds since 1970, and the id of its row: sorted by these two.
Identified = tuple[int, int, Line]
_MANNERS: Final = (kinds.HEAD, kinds.PREFETCH, kinds.LOOKUP, kinds.INTERNAL)
# Where the columns of an open visit stand that a later line of the batch changes.
_SEEN_AT: Final = 7


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
        self, db: Session, lines: Sequence[Identified], places: Places, tally: Tally, *, withdrawn: Collection[str] = ()
    ) -> None:
        """:param withdrawn: numbers of rules that were found wrong and leave nobody out any more."""
        self._db, self._lines, self._places, self._tally = db, lines, places, tally
        self._withdrawn = withdrawn
        self._spots: dict[Any, _Spot] = {}
        self._rows: list[tuple[Any, ...]] = []
        self._visits: dict[str, list[Any]] = {}
        self._seen: set[str] = set()
        # When each visit was first engaged in this batch, in quarters of an hour.
        self._engaged: dict[str, int] = {}
        # When each phone that is told apart first scanned in this batch: instant, and where.
        self._phones: dict[tuple[str, str, str], tuple[int, Place]] = {}

    def store(self, repeats: Repeats) -> None:
        """Rows, visits and totals of all lines, the totals into the tally."""
        instants, outcomes = Instants(self._db), _Outcomes(repeats, self._withdrawn)
        say_instant = instants.of
        for at_ms, identity, said in self._lines:
            key = said.subject if said.kind == line.SCAN else (said.kind, *said[2:6])
            spot = self._spots.get(key) or self._find_spot(key, said)
            outcome = outcomes.of(said) if spot.is_known else kinds.ORPHAN
            at, quarter = say_instant(at_ms), at_ms // QUARTER_MS
            entry = said.entry or (spot.carrier and self._places.entry_of(said, spot.carrier))
            row = (identity, at, *spot.ids, said.visit, said.agent, said.language, entry, said.referrer, outcome)
            self._rows.append(row)
            if outcome in _PLAIN:
                spot.counts[outcome, quarter] += 1
            else:
                self._count(spot, said, outcome, quarter)
            if said.day_hash and outcome in _OF_PEOPLE:
                self._tell_apart(said, spot, quarter)
            if said.visit and spot.is_known and outcome not in _NO_VISIT:
                self._see(said, spot, at, outcome)
        make_months(self._db, instants.months)
        storing.add_scans(self._db, self._rows)
        storing.open_visits(self._db, self._visits.values())
        self._upgrade()
        self._engage()
        self._estimate()

    def _find_spot(self, key: Any, said: Line) -> _Spot:
        found = self._places.of(said)
        place = found or self._places.of_store(said.retailer_id, "")
        carrier = self._places.carrier_of(said)
        spot = _Spot(found is not None, place, tuple(place[:5]), self._tally.of(place), carrier)
        self._spots[key] = spot
        return spot

    def _count(self, spot: _Spot, said: Line, outcome: str, quarter: int) -> None:
        if outcome == kinds.UNSEEN:
            return
        if outcome in kinds.MAYBE:
            spot.counts[kinds.SCAN, quarter] += 1
        if outcome == kinds.ENGAGED and said.visit:
            # Once for each visit, where it began.
            self._engaged.setdefault(said.visit, quarter)
            return
        if outcome == kinds.VIEW and said.visit and not said.is_new_visit:
            self._seen.add(said.visit)
        spot.counts[outcome, quarter] += 1

    def _see(self, said: Line, spot: _Spot, at: str, outcome: str) -> None:
        known = self._visits.get(said.visit)
        if known is not None:
            known[_SEEN_AT] = at
            return
        waiting = outcome if outcome in kinds.WAITING else ""
        self._visits[said.visit] = [said.visit, *spot.ids, at, at, waiting, False]

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

    def _upgrade(self) -> None:
        """An opening by a program, ahead of its owner, is a scan once its page was seen."""
        rows = storing.list_waiting(self._db, self._seen)
        for row in rows:
            quarter, place = int(row.began_at.timestamp()) // (QUARTER_MS // 1000), self._places.of_visit(row)
            self._tally.add(row.waiting, place, quarter, -1)
            self._tally.add(kinds.SCAN, place, quarter)
        storing.settle(self._db, [row.visit for row in rows])

    def _engage(self) -> None:
        rows = storing.list_unengaged(self._db, self._engaged)
        for row in rows:
            self._tally.add(kinds.ENGAGED, self._places.of_visit(row), self._engaged[row.visit])
        storing.engage(self._db, [row.visit for row in rows])


class _Outcomes:
    """What a line comes to; for most only by its kind, manner and agent, which is remembered."""

    def __init__(self, repeats: Repeats, withdrawn: Collection[str]) -> None:
        self._repeats, self._withdrawn = repeats, withdrawn
        self._known: dict[tuple[str, str, str, bool, int], str] = {}

    def of(self, said: Line) -> str:
        key = (said.kind, said.manner, said.agent, said.is_new_visit, said.step)
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
    return kinds.VISIT if said.is_new_visit else kinds.PAGE


# Counted as they are, with nothing else to think of.
_PLAIN: Final = frozenset((kinds.SCAN, kinds.VISIT, kinds.PAGE, kinds.FRIEND, *kinds.PLAYS.values(), *kinds.LEFT_OUT))
_OF_PEOPLE: Final = frozenset((kinds.SCAN, *kinds.MAYBE))
# Programs that open no visit: nobody looks. What `kinds.WAITING` names may be followed by somebody who does.
_NO_VISIT: Final = frozenset((kinds.UNSEEN, *kinds.BY_AGENT.values(), kinds.INTERNAL)) - frozenset(kinds.WAITING)
