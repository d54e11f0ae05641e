"""How many lines of the scan log the loader takes in for each CPU-second, rows, visits and totals included.

    .venv/bin/python -m bench.loader [lines]

A shop of 5,000 codes in 25 stores; a day of scans, views, further pages, robots and repeats, in two workers' files. On
SQLite and on PostgreSQL by turns, three rounds each, the median told. `process` counts the processor of the loader's
process; of PostgreSQL `with_server` counts that of its own process for this connection as well. Prints and writes
`bench/results/loader.json`.
"""

import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
from sqlalchemy import func, select, text

from qrmerch import ids, migrate
from qrmerch.clock import now
from qrmerch.codes.models import Code
from qrmerch.codes.tokens import make_token
from qrmerch.db import Database
from qrmerch.scans import line
from qrmerch.scans.line import make_line, scan_line
from qrmerch.scans.loader import load_all
from qrmerch.scans.models import DayTotal, Scan
from qrmerch.scans.visits import VisitIds
from tests.conftest import NOON
from tests.factories import make_fixture, make_item, make_retailer, make_store
from tests.postgres import Postgres

_RESULTS = Path(__file__).parent / "results" / "loader.json"
_CODES, _STORES, _ITEMS, _ROUNDS = 5_000, 25, 100, 3
_FLOOR = 30_000
_PHONES = ("human safari 61 2 phone ios", "human chrome 62 2 phone android", "human instagram 2 2 phone ios")
_ROBOT = "bot generic 32 2 other other"


def _stock(database: Database) -> tuple[list[str], list[str]]:
    """A shop; its tokens, and its items' public ids."""
    with database.write() as db:
        retailer = make_retailer(db)
        places = [make_fixture(db, make_store(db, retailer), name="Wall") for _ in range(_STORES)]
        items = [make_item(db, retailer) for _ in range(_ITEMS)]
        codes = [
            Code(
                id=ids.new(),
                retailer_id=retailer.id,
                token=make_token(),
                item_id=items[n % _ITEMS].id,
                store_id=places[n % _STORES].store_id,
                fixture_id=places[n % _STORES].id,
                created_at=NOON,
            )
            for n in range(_CODES)
        ]
        db.add_all(codes)
        db.commit()
        return [code.token for code in codes], [item.public_id for item in items]


def _lines(tokens: list[str], items: list[str], count: int) -> Iterator[bytes]:
    """Lines as a day brings them: of ten, five scans, three views, a further page, a robot."""
    dice, visits, at_s, open_visits = random.Random(7), VisitIds(), now().timestamp() - 43_200, [""]
    for _ in range(count):
        at_s += dice.random() * 43_200 / count * 2
        agent, what = dice.choice(_PHONES), dice.random()
        if what < 0.6:
            is_robot = what < 0.1
            visit = visits.draw(at_s)
            open_visits[dice.randrange(len(open_visits))] = visit
            if len(open_visits) < 200:
                open_visits.append(visit)
            yield scan_line(
                dice.choice(tokens),
                at_s,
                agent=_ROBOT if is_robot else agent,
                is_own_network=False,
                visit=visit,
                near=f"{dice.getrandbits(32):08x}",
                manner="",
                has_gpc=False,
                language="en",
            )
        else:
            kind = line.VIEW if what < 0.9 else line.PAGE
            yield make_line(kind, dice.choice(items), at_s, agent=agent, visit=dice.choice(open_visits), language="en")


def _spent_s(server: psutil.Process | None) -> float:
    times = server.cpu_times() if server else None
    return times.user + times.system if times else 0.0


def _load(database: Database, folder: Path, count: int) -> dict[str, float]:
    """Load all of it once; lines for each CPU-second."""
    server = None
    if not database.is_sqlite:
        with database.read() as db:
            server = psutil.Process(db.execute(text("SELECT pg_backend_pid()")).scalar_one())
    before_s, began_s = _spent_s(server), time.process_time()
    assert load_all(database, folder) == count
    spent_s, server_s = time.process_time() - began_s, _spent_s(server) - before_s
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Scan)) == count
        assert db.scalar(select(func.sum(DayTotal.count))) == count, "every line is in the totals, as what it is"
    found = {"process": count / spent_s}
    if server:
        found["with_server"] = count / (spent_s + server_s)
    return found


@contextmanager
def _databases(folder: Path, server: Postgres, number: int) -> Iterator[list[tuple[str, Database]]]:
    """An empty database of each kind."""
    with ExitStack() as stack:
        sqlite = Database(f"sqlite:///{folder}/{number}.db", create=True)
        with sqlite.engine.connect() as connection:
            migrate.move(connection, "head")
            connection.commit()
        postgresql = Database(stack.enter_context(server.database()), pool_size=1)
        yield [("sqlite", sqlite), ("postgresql", postgresql)]
        sqlite.close()
        postgresql.close()


def measure(count: int) -> dict[str, float]:
    """Lines for each CPU-second on both databases."""
    found: dict[str, list[float]] = {}
    with Postgres.started() as server, tempfile.TemporaryDirectory() as name:
        server.make_template()
        for number in range(_ROUNDS):
            folder = Path(name)
            with _databases(folder, server, number) as databases:
                for kind, database in databases:
                    log = folder / f"log-{kind}-{number}"
                    log.mkdir()
                    lines = list(_lines(*_stock(database), count))
                    for worker in (0, 1):
                        (log / f"scan-{worker}.jsonl").write_bytes(b"".join(lines[worker::2]))
                    for what, rate in _load(database, log, count).items():
                        found.setdefault(f"{kind}_{what}", []).append(rate)
    return {name: round(statistics.median(rates)) for name, rates in found.items()}


def main() -> None:
    """Measure, print, and keep."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    found = {"lines": count, "cpus": os.cpu_count(), **measure(count)}
    print(json.dumps(found, indent=2))
    _RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    slow = [name for name in ("sqlite_process", "postgresql_process") if found[name] < _FLOOR]
    assert not slow, f"slower than {_FLOOR} lines: {slow}"


if __name__ == "__main__":
    main()
