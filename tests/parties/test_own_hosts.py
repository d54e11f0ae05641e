"""A retailer's own hosts: claimed by anybody, proven by one, printed for ever."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qrmerch.audit import AuditEntry
from qrmerch.db import scope
from qrmerch.errors import FormError
from qrmerch.parties.models import PageChange, Proof, RetailerHost
from qrmerch.parties.own_hosts import (
    MAX_HOSTS,
    HostPrinted,
    HostTaken,
    HostUnproven,
    LookedJustNow,
    begin_look,
    claim_host,
    make_default,
    note_look,
    read_host,
    remove_host,
)
from qrmerch.parties.proving import WELL_KNOWN, Look, Outside, look_for_proof, record_name, record_text
from qrmerch.parties.queries import find_printed_host, printed_base
from tests.conftest import NOON
from tests.factories import make_retailer
from tests.https import PUBLIC, World, open_site
from tests.nameserver import NameServer, open_nameserver

HOST, SECRET = "qr.fashiontown.example", "0123456789abcdef0123456789abcdef"
PROVEN = Look(Proof.DNS)


def claim(db: Session, *, host: str = HOST, retailer: object = None) -> RetailerHost:
    found = retailer or make_retailer(db)
    return claim_host(db, found, host, shared_host="shared.example", at=NOON, actor=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        (" QR.Fashiontown.Example ", HOST),
        ("https://qr.fashiontown.example/q/7K3M", HOST),
        ("qr.fashiontown.example.", HOST),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_host_is_read_however_it_is_written(typed: str, host: str) -> None:
    assert read_host(typed) == host


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            " ",
            "localhost",
            "shop",
            "shop.local",
            "a.internal",
            "127.0.0.1",
            "[::1]",
            "::1",
            "10.0.0.1",
            "1.2.3.4.5",
        ),
        *("qr.shop.example:8443", "a@b.example", "-a.example", "a_b.example", "a..example", "a b.example", "a" * 300),
        *("qr.shop.example\nHost: x", "qr.shop.exam\u202eple\u0000", "*.shop.example", "https://"),
    ],
)
def test_what_no_phone_could_reach_is_refused_with_a_reason(typed: str) -> None:
    with pytest.raises(FormError) as refused:
        read_host(typed)

    assert len(refused.value.problems["host"]) > 20


def test_a_claimed_host_is_neither_printed_nor_taken_before_it_is_proven(db: Session) -> None:
    row, other = claim(db), claim(db)

    assert find_printed_host(db, row.retailer_id) is None
    assert row.secret != other.secret and len(row.secret) == 32
    with pytest.raises(HostUnproven):
        make_default(db, row, at=NOON, actor=None)


def test_the_first_proven_host_is_the_default_and_the_second_waits_to_be_chosen(db: Session) -> None:
    retailer = make_retailer(db)
    first, second = claim(db, retailer=retailer), claim(db, retailer=retailer, host="go.fashiontown.example")

    assert note_look(db, first, PROVEN, at=NOON, actor=None)
    assert note_look(db, second, Look(Proof.FILE), at=NOON, actor=None)
    assert printed_base(db, retailer.id, base_url="https://shared.example") == f"https://{HOST}"
    make_default(db, second, at=NOON, actor=None)

    assert find_printed_host(db, retailer.id) == "go.fashiontown.example"
    assert (first.is_primary, second.is_primary, first.proof, second.proof) == (False, True, Proof.DNS, Proof.FILE)
    assert db.scalars(select(PageChange.item_id).where(PageChange.retailer_id == retailer.id, PageChange.at == NOON))
    actions = db.scalars(select(AuditEntry.action).where(AuditEntry.chain == retailer.id).order_by(AuditEntry.number))
    assert list(actions) == ["host.add", "host.add", "host.prove", "host.default", "host.prove", "host.default"]


def test_a_host_that_one_house_has_proven_is_no_other_houses(db: Session) -> None:
    first, second = claim(db), claim(db)
    note_look(db, first, PROVEN, at=NOON, actor=None)
    # As on a request: the other house's row is out of sight, and still in the way.
    scope(db, retailer_ids=(second.retailer_id,), vendor_id=None)

    with pytest.raises(HostTaken):
        note_look(db, second, PROVEN, at=NOON, actor=None)
    with pytest.raises(HostTaken):
        claim(db)
    assert second.proven_at is None


def test_the_database_itself_keeps_a_proven_host_to_one_house(db: Session) -> None:
    for retailer in (make_retailer(db), make_retailer(db)):
        db.add(RetailerHost(retailer_id=retailer.id, host=HOST, proven_at=NOON))

    with pytest.raises(IntegrityError):
        db.flush()


@pytest.mark.parametrize("host", [HOST, "SHARED.example"])
def test_a_host_twice_and_the_installations_own_are_refused(db: Session, host: str) -> None:
    retailer = make_retailer(db)
    claim(db, retailer=retailer)

    with pytest.raises(FormError):
        claim(db, retailer=retailer, host=host)


def test_twenty_hosts_are_the_most(db: Session) -> None:
    retailer = make_retailer(db)
    for number in range(MAX_HOSTS):
        claim(db, retailer=retailer, host=f"qr{number}.example.com")

    with pytest.raises(FormError, match="20 hosts"):
        claim(db, retailer=retailer)


def test_a_host_that_codes_carry_stays_and_any_other_goes(db: Session) -> None:
    row = claim(db)
    note_look(db, row, PROVEN, at=NOON, actor=None)

    with pytest.raises(HostPrinted, match=r"1,284 codes carry qr\.fashiontown\.example"):
        remove_host(db, row, codes=1_284, numbers=0, at=NOON, actor=None)
    with pytest.raises(HostPrinted, match=r"12 numbers have a GS1 address, and qr\.fashiontown\.example was the host"):
        remove_host(db, row, codes=0, numbers=12, at=NOON, actor=None)
    remove_host(db, row, codes=0, numbers=0, at=NOON, actor=None)

    assert db.scalars(select(RetailerHost)).all() == []


def test_looking_again_and_again_is_refused(db: Session) -> None:
    row = claim(db)
    note_look(db, row, Look(None, "Nothing there."), at=NOON, actor=None)

    with pytest.raises(LookedJustNow):
        begin_look(db, row, at=NOON + timedelta(seconds=9))
    begin_look(db, row, at=NOON + timedelta(seconds=10))
    # Another begins before the first has come to an end.
    with pytest.raises(LookedJustNow):
        begin_look(db, row, at=NOON + timedelta(seconds=11))
    assert (row.proven_at, row.check_said) == (None, "Nothing there.")


# --- the proof itself -------------------------------------------------------------------------------


@pytest.fixture
def names() -> Iterator[NameServer]:
    with open_nameserver() as opened:
        yield opened


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_site(tmp_path, HOST, "evil.example") as site:
        world = World(site)
        world.leads(HOST, PUBLIC)
        world.leads("evil.example", PUBLIC)
        yield world


@pytest.fixture
def outside(names: NameServer, world: World) -> Outside:
    return Outside(world.network(), names.servers)


def test_the_record_proves_a_host_and_the_web_is_not_asked(names: NameServer, world: World, outside: Outside) -> None:
    names.records[record_name(HOST)] = ["something else", f" {record_text(SECRET)} "]

    assert look_for_proof(HOST, SECRET, outside=outside) == Look(Proof.DNS)
    assert world.connected == []


def test_the_file_proves_a_host_with_other_lines_around(world: World, outside: Outside) -> None:
    world.site.serve(WELL_KNOWN, f"\ufeffother\r\n{record_text(SECRET)}\r\n".encode())

    assert look_for_proof(HOST, SECRET, outside=outside) == Look(Proof.FILE)


def test_another_houses_secret_proves_nothing(names: NameServer, world: World, outside: Outside) -> None:
    names.records[record_name(HOST)] = [record_text("f" * 32)]
    world.site.serve(WELL_KNOWN, record_text("f" * 32).encode())

    found = look_for_proof(HOST, SECRET, outside=outside)

    assert found.proof is None
    assert "says something else" in found.said


def test_a_file_that_another_host_gives_proves_nothing(world: World, outside: Outside) -> None:
    world.site.redirect(WELL_KNOWN, "https://evil.example/proof.txt")
    world.site.serve("/proof.txt", record_text(SECRET).encode())

    found = look_for_proof(HOST, SECRET, outside=outside)

    assert found.proof is None and "another host" in found.said


def test_a_file_inside_a_private_network_is_not_looked_for(world: World, outside: Outside) -> None:
    world.leads(HOST, "10.0.0.7")
    world.site.serve(WELL_KNOWN, record_text(SECRET).encode())

    found = look_for_proof(HOST, SECRET, outside=outside)

    assert found.proof is None and "private network" in found.said
    assert world.connected == []


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe" * 100, b"x" * 5_000, b"<html>" + record_text(SECRET).encode() + b"</html>"]
)
def test_a_file_that_is_something_else_proves_nothing(world: World, outside: Outside, body: bytes) -> None:
    world.site.serve(WELL_KNOWN, body)

    found = look_for_proof(HOST, SECRET, outside=outside)

    assert found.proof is None and WELL_KNOWN in found.said and "no TXT record" in found.said
