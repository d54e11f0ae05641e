"""Which host names this installation answers for, and whose they are."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.parties.hosts import Hosts
from qrmerch.parties.service import add_host
from tests.conftest import NOON
from tests.factories import make_retailer


class Clock:
    """Seconds that pass when told."""

    at_s = 0.0

    def __call__(self) -> float:
        return self.at_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hosts(settings: Settings, database: Database, clock: Clock) -> Hosts:
    real = replace(settings, mode="production", base_url="https://qr.example")
    return Hosts(real, database, clock=clock)


def test_a_host_is_known_with_any_port_and_case_and_belongs_to_its_house(db: Session, hosts: Hosts) -> None:
    retailer = make_retailer(db)
    add_host(db, retailer, "Fashiontown.Example", is_primary=True, proven_at=NOON)
    db.commit()

    assert hosts.find_retailer_id("FASHIONTOWN.example:8443") == retailer.id
    assert hosts.is_known("fashiontown.example") and hosts.is_known("qr.example:443")
    assert hosts.find_retailer_id("qr.example") is None


def test_hosts_are_known_after_a_start_without_the_database(
    settings: Settings, db: Session, hosts: Hosts, database: Database
) -> None:
    retailer = make_retailer(db)
    add_host(db, retailer, "fashiontown.example", is_primary=True, proven_at=NOON)
    db.commit()
    with database.read() as reading:
        hosts.refresh(reading)

    assert Hosts(settings, database).whose("fashiontown.example:443") == retailer.id


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "fashiontown.example.evil.example",
        "localhost",
        "127.0.0.1",
        "192.168.0.7",
        "",
        "[::1]",
        "a@b",
        "[",
    ],
)
def test_a_strange_host_is_not_ours(hosts: Hosts, host: str) -> None:
    assert not hosts.is_known(host)


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "192.168.0.7:8000", "[::1]:8000", "10.1.2.3"])
def test_the_demo_answers_for_this_machines_own_addresses_too(
    settings: Settings, database: Database, host: str
) -> None:
    assert Hosts(settings, database).is_known(host)
    assert not Hosts(settings, database).is_known("93.184.216.34")


def test_a_new_host_is_known_within_seconds(db: Session, hosts: Hosts, clock: Clock) -> None:
    assert not hosts.is_known("fashiontown.example")
    add_host(db, make_retailer(db), "fashiontown.example", is_primary=True, proven_at=NOON)
    db.commit()

    assert not hosts.is_known("fashiontown.example"), "remembered for a moment"
    clock.at_s = 5.0

    assert hosts.is_known("fashiontown.example")


def test_while_the_database_is_away_what_was_known_holds(
    db: Session, database: Database, hosts: Hosts, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_host(db, make_retailer(db), "fashiontown.example", is_primary=True, proven_at=NOON)
    db.commit()
    assert hosts.is_known("fashiontown.example")

    def away() -> Session:
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(database, "read", away)
    clock.at_s = 60.0

    assert hosts.is_known("fashiontown.example")
