"""Taking back a rule that was found wrong: what it left out comes back, and the numbers say so.

Each is taken away where it was counted, by the time zone of then (`ScanPlace.zone`), and comes back there. Raw scans
stay as they are. Only openings of printed addresses come back, each as one scan: `near` is kept nowhere, so none of
them can be tried for repeats. What is older than the raw scans that are kept stays left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.db import lock_for_chain
from qrmerch.errors import Conflict, NotFound
from qrmerch.scans import kinds
from qrmerch.scans.agents import KINDS, VERSION
from qrmerch.scans.correcting import RULE, list_corrections
from qrmerch.scans.models import Scan, ScanPlace, WithdrawnRule
from qrmerch.scans.places import QUARTER_MS, LocalHours, Place, Places
from qrmerch.scans.storing import add_totals, settle
from qrmerch.scans.totals import Tally

_BY_RULE: Final = tuple(kinds.BY_AGENT.values())
_READ_AT_ONCE: Final = 2_000
_CLASS_OF: Final = {rule: cls for rule, cls, _, _ in KINDS}


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """How many openings came back; raw scans reach back to `since`, None where there are none."""

    hits: int
    since: datetime | None


def withdraw_rule(db: Session, rule: int, *, why: str, by: str, at: datetime) -> Withdrawn:
    """Count from now on as people whom a rule of `agents.KINDS` left out, and count what it left out until now.

    The caller commits; until then no loader goes on.

    :raises NotFound: there is no such rule, and never was.
    :raises Conflict: it says who is a person, or was withdrawn before.
    """
    lock_for_chain(db, "scans.loader")
    agents = [agent for agent in db.scalars(_left_out_agents()) if agent.split(" ")[2:3] == [str(rule)]]
    if rule not in _CLASS_OF and not agents:
        raise NotFound(f"There is no rule {rule}. See `qrmerch scans rules`.")
    if _CLASS_OF.get(rule) == "human":
        raise Conflict(f"Rule {rule} says who is a person. It leaves nobody out.")
    if db.get(WithdrawnRule, rule) is not None:
        raise Conflict(f"Rule {rule} was withdrawn before.")
    db.add(WithdrawnRule(rule=rule, version=VERSION, at=at, by=by, why=why))
    places, tally = Places(db, []), Tally(LocalHours())
    hits = _count_again(db, agents, tally)
    add_totals(db, tally)
    db.add_all(list_corrections(tally.total().days, places, cause=RULE, why=why, at=at))
    return Withdrawn(hits, db.scalar(select(Scan.at).order_by(Scan.at).limit(1)))


def list_withdrawn(db: Session) -> frozenset[str]:
    """The numbers of rules that were withdrawn, as they stand in an agent."""
    return frozenset(map(str, db.scalars(select(WithdrawnRule.rule))))


def _left_out_agents() -> Any:
    return select(Scan.agent).where(Scan.outcome.in_(_BY_RULE)).distinct()


def _count_again(db: Session, agents: list[str], tally: Tally) -> int:
    hits, waiting = 0, []
    for row in _rows_of(db, agents):
        place, quarter = Place.of_row(row.ScanPlace), int(row.at.timestamp()) // (QUARTER_MS // 1000)
        tally.add(row.outcome, place, quarter, -1)
        tally.add(kinds.SCAN, place, quarter)
        hits += 1
        if row.visit and row.outcome in kinds.WAITING:
            waiting.append(row.visit)
    # A view that is still to come must not make a scan of it once more.
    settle(db, waiting)
    return hits


def _rows_of(db: Session, agents: list[str]) -> Iterator[Any]:
    seen = select(Scan.visit).where(Scan.outcome == kinds.VIEW, Scan.visit != "")
    columns = (ScanPlace, Scan.at, Scan.visit, Scan.outcome)
    wanted = select(*columns).join(ScanPlace, ScanPlace.number == Scan.place_number)
    wanted = wanted.where(Scan.agent.in_(agents), Scan.outcome.in_(_BY_RULE))
    # What was fetched ahead and seen afterwards is a scan already.
    wanted = wanted.where(Scan.outcome.not_in(kinds.WAITING) | Scan.visit.not_in(seen))
    yield from db.execute(wanted.execution_options(yield_per=_READ_AT_ONCE))
