"""Totals against the raw rows after whatever can happen to them, thrown by dice: counted once more, in another way.

Files of several workers, loaders that end in the middle, visits that are seen and engaged, odd agents, rules withdrawn,
and the lines of a future version of ours.
"""

import contextlib
import random
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.scans import kinds
from qrmerch.scans.line import ENGAGED, make_line
from qrmerch.scans.loader import Loader
from qrmerch.scans.models import CodeHour, Correction, DayTotal, OpenVisit, Scan, WithdrawnRule
from qrmerch.scans.withdrawing import withdraw_rule
from tests.conftest import NOON
from tests.scans.shop import PHONE, ROBOT, Shop, totals
from tests.scans.test_loader import load

TILL = "bot word 37 2 desktop windows"
FETCHER = "fetcher library 40 2 other other"
AGENTS = (PHONE, PHONE, PHONE, ROBOT, TILL, FETCHER, FETCHER, FETCHER, "", "bot", "none no_agent 1 2 other other")
FUTURE = (b'{"t":1795000000.000,"k":"z","q":"x"}\n', b'{"t":1795000000,"k":"q","q":"x","s":5}\n')
_LINES = 240


def throw(dice: random.Random, shop: Shop, number: int) -> tuple[bytes, bytes]:
    """One line, and what follows it sooner or later."""
    visit = dice.choice(["", *[f"{number:032x}"] * 3])
    at = NOON + timedelta(seconds=20 * number + dice.randrange(40))
    near = dice.choice(["", "", f"{dice.randrange(4):08x}"]) if visit else ""
    said = {"agent": dice.choice(AGENTS), "visit": visit, "near": near, "is_own_network": dice.random() < 0.3}
    manner = dice.choice(["", "", "", "", "head", "prefetch", "internal"])
    line = shop.scan(at, code=dice.choice([shop.code, shop.berlin_code]), manner=manner, **said)
    later, follow = b"", at + timedelta(seconds=dice.choice([0, 2, 400]))
    if dice.random() < 0.7:
        later += shop.view(follow, visit=visit)
    for _ in range(dice.choice([0, 0, 1, 3])):
        later += make_line(ENGAGED, shop.top.public_id, follow.timestamp(), agent=PHONE, visit=visit)
    return line + dice.choice([b"", b"", b"", *FUTURE]), later


def recount(db: Session) -> Counter[str]:
    """What the rows come to, each read by itself."""
    rows = db.scalars(select(Scan)).all()
    withdrawn = {str(rule) for rule in db.scalars(select(WithdrawnRule.rule))}
    settled = {row.visit for row in db.scalars(select(OpenVisit)) if not row.waiting}
    found: Counter[str] = Counter()
    engaged: set[str] = set()
    for row in rows:
        outcome = row.outcome
        is_back = outcome in kinds.BY_AGENT.values() and not withdrawn.isdisjoint(row.agent.split(" ")[2:3])
        if is_back or (outcome in kinds.WAITING and row.visit in settled):
            outcome = kinds.SCAN
        if outcome in kinds.MAYBE:
            found[kinds.SCAN] += 1
        if outcome == kinds.ENGAGED and row.visit:
            engaged.add(row.visit)
        elif outcome != kinds.UNSEEN:
            found[outcome] += 1
    found[kinds.ENGAGED] += len(engaged)
    return +found


@pytest.mark.parametrize("seed", range(4))
def test_totals_are_what_the_rows_come_to(
    seed: int, database: Database, db: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice, commits = random.Random(seed), Session.commit

    def die(session: Session) -> None:
        when = dice.random()
        if when > 0.4:
            commits(session)
        if when < 0.7:
            raise KeyboardInterrupt

    waiting: list[tuple[str, bytes]] = []
    for number in range(_LINES):
        name = f"scan-{dice.choice('abc')}.jsonl"
        line, later = throw(dice, shop, number)
        shop.write(line, name=name)
        waiting.append((name, later))
        while waiting and dice.random() < (0.4 if number < _LINES - 1 else 1.0):
            name, later = waiting.pop(dice.randrange(len(waiting)))
            shop.write(later, name=name)
        if dice.random() < 0.2:
            with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
                patch.setattr(Session, "commit", die)
                Loader(database, shop.folder, max_bytes=dice.choice([2_000, 40_000])).load(NOON)
        if number in (_LINES // 2, _LINES * 2 // 3):
            with database.write() as changing:
                withdraw_rule(changing, 40 if number == _LINES // 2 else 37, why="wrong", by="test", at=NOON)
                if dice.random() < 0.8:
                    changing.commit()
    load(database, shop)

    told = totals(db)
    assert {kind: count for kind, count in told.items() if count} == dict(recount(db))
    scans = db.scalars(select(DayTotal).where(DayTotal.kind == kinds.SCAN, DayTotal.code_id != "")).all()
    assert sum(row.count for row in scans) == sum(row.count for row in db.scalars(select(CodeHour)))
    assert sum(row.difference for row in db.scalars(select(Correction))) == 0, "what came to one word left another"
