"""What shoppers get while the database is away, or nobody gets a connection to it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from qrmerch import create_app, jobs
from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.db import AWAY, CONNECT_TIMEOUT_S, POOL_TIMEOUT_S, Database
from qrmerch.landing.scanning import close_scan_path
from qrmerch.scans.line import ORPHAN, SCAN
from qrmerch.web import Services
from tests.browsing import Browser
from tests.landing.aisle import hear, lines, make_aisle, scan_path

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@contextmanager
def away(settings: Settings, *databases: Database) -> Iterator[None]:
    """The database's file is somewhere else for a while."""
    path = Path(make_url(settings.database_url).database or "")
    for each in databases:
        each.close()
    there = [each for each in path.parent.iterdir() if each.name.startswith(path.name)]
    for each in there:
        each.rename(each.with_name(f"away {each.name}"))
    yield
    for each in there:
        each.with_name(f"away {each.name}").rename(each)


@on_sqlite
def test_sec_j03_a_code_opens_and_counts_while_the_database_is_away(
    app: Flask, browser: Browser, db: Session, database: Database, settings: Settings, services: Services
) -> None:
    aisle = make_aisle(db)
    hear(app)
    assert browser.get(aisle.printed).status_code == 200
    db.close()

    with away(settings, database, services.database):
        assert not scan_path(app).changes.look(now())
        scan_path(app).pages.read_s = 0.0
        answer = browser.get(aisle.printed)
        helped = browser.get("/q/AAAAAAAAA", Accept="application/json")
        kept = browser.post(aisle.keep, {"keep": "yes"})

    assert answer.status_code == 200
    assert "X-Page-Checked" in answer.headers
    assert [line.kind for line in lines(app)] == [SCAN, SCAN, ORPHAN]
    assert helped.status_code == 404
    # What only the database knows is for later, and says so; it is nobody's mistake.
    assert kept.status_code == 503
    assert int(kept.headers["Retry-After"]) > 0


@on_sqlite
def test_sec_j03_a_worker_that_starts_meanwhile_opens_it_as_well(
    app: Flask, browser: Browser, db: Session, database: Database, settings: Settings, services: Services
) -> None:
    aisle = make_aisle(db)
    hear(app)
    assert browser.get(aisle.printed).status_code == 200
    scan_path(app).codes.save()
    db.close()

    with away(settings, database, services.database):
        fresh = create_app(settings)
        parts: Services = fresh.extensions["qrmerch"]
        answer = Browser(fresh).get(aisle.printed)
        close_scan_path(parts.parts)
        jobs.detach(parts.database)
        parts.database.close()

    assert answer.status_code == 200
    assert answer.headers["X-Page-Checked"] == "not since the start"


@on_sqlite
def test_an_old_page_is_better_than_waiting_when_every_connection_is_in_use(
    app: Flask, browser: Browser, db: Session, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    aisle = make_aisle(db)
    hear(app)
    assert browser.get(aisle.printed).status_code == 200
    scan_path(app).pages.expire(before_s=now().timestamp() + 60)
    monkeypatch.setattr(services.database.engine.pool, "_timeout", 0.01)
    taken = []
    with pytest.raises(AWAY):
        while True:
            taken.append(services.database.engine.connect())

    answer = browser.get(aisle.printed)
    kept = browser.post(aisle.keep, {"keep": "yes"})

    for each in taken:
        each.close()
    assert (answer.status_code, kept.status_code) == (200, 503)
    assert browser.get("/readyz").status_code == 200


def test_a_database_that_takes_the_call_and_says_nothing_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = Database(f"postgresql+psycopg://nobody@127.0.0.1:{silent.getsockname()[1]}/none")

        with pytest.raises(AWAY), database.read() as db:
            db.execute(text("SELECT 1"))
        database.close()


def test_nobody_waits_longer_for_a_connection_than_for_a_page() -> None:
    # The line that a phone waits for a page is 10 s (J06).
    assert POOL_TIMEOUT_S + CONNECT_TIMEOUT_S < 10
