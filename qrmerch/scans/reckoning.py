"""What a batch of lines comes to: a row for each line, totals, and the visits that are open.

Nothing here reads a file. Lines are taken in the order of their time, whatever file they stood in.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from qrmerch.scans import kinds, line, storing
from qrmerch.scans.agreed import Agreed
from qrmerch.scans.line import Line, Traits
from qrmerch.scans.months import make_months
from qrmerch.scans.places import QUARTER_MS, Place, Places, number_of
from qrmerch.scans.repeats import Repeats
from qrmerch.scans.storing import Instants
from qrmerch.scans.totals import Counts, Tally
from qrmerch.scans.visiting import Visit

# A line with its time, in milliseconds since 1970, and the id of its row: sorted by time.
Identified = tuple[int, int, Line]
_MANNERS: Final = (kinds.HEAD, kinds.PREFETCH, kinds.LOOKUP, kinds.INTERNAL)


class _Spot(NamedTuple):
    """What lines that name the same thing have in common."""

    is_known: bool
    place: Place
    place_number: int
    counts: Counts
    carrier: str


class _Manner(NamedTuple):
    """What lines with the same traits come to, for as much as these say."""

    outcome: str
    agent: str
    language: str
    entry: str
    referrer: str
    # Of all lines of the same kind, retailer and store: by subject, or by subject and token.
    spots: dict[Any, _Spot]


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
        self._manners: dict[Traits, _Manner] = {}
        self._spots: defaultdict[tuple[str, str, str], dict[Any, _Spot]] = defaultdict(dict)
        self._numbers: dict[Place, int] = {}
        # When each phone that is told apart first scanned in this batch: instant, and where.
        self._phones: dict[tuple[str, str, str], tuple[int, Place]] = {}

    def store(self, repeats: Repeats) -> None:
        """Rows, visits and totals of all lines, the totals into the tally."""
        named = {said.visit for _, _, said in self._lines} - {""}
        visits = {row[0]: Visit.of(row) for row in storing.list_visits(self._db, named)}
        instants, rows = Instants(self._db), list[tuple[Any, ...]]()
        manners, say_instant = self._manners, instants.of
        for at_ms, identity, said in self._lines:
            _, subject, token, visit, near, day_hash, phone, traits = said
            outcome, agent, language, entry, referrer, spots = manners.get(traits) or self._find_manner(traits)
            spot = spots.get((subject, token) if token else subject) or self._find_spot(spots, said)
            is_known, place, place_number, counts, carrier = spot
            if not is_known:
                outcome = kinds.ORPHAN
            elif outcome == kinds.SCAN and near:
                outcome = _tried(said, repeats)
            elif outcome == kinds.VISIT and not visit:
                # Of a phone that is not to be told apart nobody knows which of its pages begins a visit.
                outcome = kinds.PAGE
            at, quarter = say_instant(at_ms), at_ms // QUARTER_MS
            if visit and outcome not in _NO_VISIT:
                known = visits.get(visit)
                if known is None:
                    waiting = outcome if outcome in kinds.WAITING else ""
                    known = visits[visit] = Visit(visit, place, place_number, at_ms, at_ms, at, at, waiting)
                elif not known.see(at_ms, at) and outcome == kinds.PAGE:
                    outcome = kinds.VISIT
                    known = visits[visit] = Visit(visit, place, place_number, at_ms, at_ms, at, at)
                if outcome == kinds.ENGAGED:
                    self._engage(known, quarter)
                elif known.waiting and outcome == kinds.VIEW and not traits.is_new_visit:
                    self._upgrade(known)
            if not entry and carrier:
                entry = self._places.entry_of(referrer, carrier)
            rows.append((identity, at, place_number, visit, agent, language, entry, referrer, outcome))
            if outcome in _PLAIN:
                counts[outcome, quarter] += 1
            elif outcome in kinds.MAYBE:
                counts[outcome, quarter] += 1
                counts[kinds.SCAN, quarter] += 1
            elif outcome == kinds.ENGAGED and not visit:
                counts[outcome, quarter] += 1
            if day_hash and outcome in _OF_PEOPLE:
                self._tell_apart(said, spot, quarter)
            if phone:
                self._agreed.see(said, outcome, place, quarter, self._tally)
        make_months(self._db, instants.months)
        storing.keep_places(self._db, self._numbers)
        storing.add_scans(self._db, rows)
        storing.keep_visits(self._db, visits.values())
        self._estimate()
        self._agreed.store(self._places, self._tally)

    def _find_manner(self, traits: Traits) -> _Manner:
        outcome = _outcome(traits, traits.is_human(self._withdrawn))
        spots = self._spots[traits.kind, traits.retailer_id, traits.store_id]
        found = _Manner(outcome, traits.agent, traits.language, traits.entry, traits.referrer, spots)
        self._manners[traits] = found
        return found

    def _find_spot(self, spots: dict[Any, _Spot], said: Line) -> _Spot:
        found = self._places.of(said)
        place = found or self._places.of_store(said.traits.retailer_id, "")
        carrier = self._places.carrier_of(said)
        number = self._numbers.setdefault(place, number_of(place))
        spot = _Spot(found is not None, place, number, self._tally.of(place), carrier)
        spots[(said.subject, said.token) if said.token else said.subject] = spot
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
        if said.traits.is_own_network:
            spot.counts[kinds.OWN_NETWORK, quarter] += 1

    def _estimate(self) -> None:
        for phone in storing.add_phones(self._db, self._phones):
            quarter, place = self._phones[phone]
            self._tally.add(kinds.ESTIMATED, self._places.of_store(place.retailer_id, place.store_id), quarter)


def _tried(said: Line, repeats: Repeats) -> str:
    """What a person's opening comes to when others of the same phone are looked at."""
    if repeats.is_repeat(said):
        return kinds.MAYBE_REPEAT if said.traits.is_own_network else kinds.REPEAT
    if repeats.is_burst(said):
        return kinds.MAYBE_BURST if said.traits.is_own_network else kinds.BURST
    return kinds.SCAN


def _outcome(traits: Traits, is_human: bool) -> str:
    """What a line comes to by itself, before others are looked at."""
    if traits.kind == line.ORPHAN:
        return kinds.ORPHAN
    if traits.kind not in line.PRINTED:
        return _page_outcome(traits, is_human)
    if traits.manner:
        return traits.manner if traits.manner in _MANNERS else kinds.PREFETCH
    if not is_human:
        return kinds.BY_AGENT.get(traits.agent.partition(" ")[0], kinds.BY_AGENT["bot"])
    return kinds.SCAN


def _page_outcome(traits: Traits, is_human: bool) -> str:
    if traits.manner or not is_human:
        return kinds.UNSEEN
    if traits.kind == line.VIEW:
        return kinds.VIEW
    if traits.kind == line.ENGAGED:
        return kinds.ENGAGED
    if traits.kind == line.PLAY:
        return kinds.PLAYS[traits.step]
    if traits.kind == line.SHARE:
        return kinds.FRIEND
    return kinds.VISIT if traits.is_new_visit else kinds.PAGE


# Counted as they are, with nothing else to think of.
_PLAIN: Final = frozenset(
    (kinds.SCAN, kinds.VISIT, kinds.PAGE, kinds.FRIEND, kinds.VIEW, *kinds.PLAYS.values(), *kinds.LEFT_OUT)
)
_OF_PEOPLE: Final = frozenset((kinds.SCAN, *kinds.MAYBE))
# Programs that open no visit: nobody looks. What `kinds.WAITING` names may be followed by somebody who does.
_NO_VISIT: Final = frozenset((kinds.UNSEEN, *kinds.BY_AGENT.values(), kinds.INTERNAL, kinds.ORPHAN)) - frozenset(
    kinds.WAITING
)
