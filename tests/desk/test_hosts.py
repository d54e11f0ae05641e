"""The owner's page of hosts: what to put where, what came of it, and what the world sees of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.catalog.queries import list_variants
from qrmerch.clock import now
from qrmerch.codes import service
from qrmerch.codes.models import Code
from qrmerch.desk.hosts import OUTSIDE
from qrmerch.outbox import OutboxMessage
from qrmerch.parties.models import RetailerHost
from qrmerch.parties.proving import Outside, record_name, record_text
from qrmerch.web import Services
from tests.browsing import Browser
from tests.desk.house import House, make_house, seen
from tests.https import World, open_site
from tests.landing.aisle import hear
from tests.nameserver import NameServer, open_nameserver

HOST = "qr.fashiontown.example"


@pytest.fixture
def house(db: Session) -> House:
    return make_house(db)


@pytest.fixture
def olive(browser: Browser, house: House) -> Browser:
    return browser.sign_in(*house.olive)


@pytest.fixture
def names(app: Flask, tmp_path: Path) -> Iterator[NameServer]:
    """A name server that the application asks; no web server answers anywhere."""
    services: Services = app.extensions["qrmerch"]
    with open_nameserver() as server, open_site(tmp_path) as site:
        services.parts[OUTSIDE] = Outside(World(site).network(), server.servers)
        yield server


def host_of(db: Session, house: House, host: str = HOST) -> RetailerHost:
    wanted = select(RetailerHost).where(RetailerHost.retailer_id == house.retailer.id, RetailerHost.host == host)
    (row,) = seen(db, wanted)
    return cast(RetailerHost, row)


def prove(olive: Browser, names: NameServer, db: Session, house: House, host: str = HOST) -> RetailerHost:
    olive.post("/desk/hosts", {"host": host})
    row = host_of(db, house, host)
    names.records[record_name(host)] = [record_text(row.secret)]
    olive.post(f"/desk/hosts/{row.id}/check")
    return host_of(db, house, host)


def test_a_host_is_added_looked_for_and_answers_once_it_is_proven(
    app: Flask, olive: Browser, names: NameServer, house: House, db: Session
) -> None:
    empty = olive.get("/desk/hosts").text
    added = olive.follow(olive.post("/desk/hosts", {"host": f"https://{HOST}/"})).text
    row = host_of(db, house)
    hear(app)
    strange = olive.get("/help", Host=HOST).status_code
    missed = olive.follow(olive.post(f"/desk/hosts/{row.id}/check")).text
    names.records[record_name(HOST)] = [record_text(row.secret)]
    early = olive.follow(olive.post(f"/desk/hosts/{row.id}/check")).text
    db.execute(update(RetailerHost).values(checked_at=None))
    db.commit()

    proven = olive.follow(olive.post(f"/desk/hosts/{row.id}/check")).text
    hear(app)

    assert "localhost, which is not your own" in empty
    assert record_name(HOST) in added and record_text(row.secret) in added
    assert f"https://{HOST}/.well-known/qrmerch.txt" in added
    assert strange == 421
    assert "is not proven yet" in missed and "There is no TXT record" in missed
    assert "We looked a few seconds ago" in early
    assert f"{HOST} is proven and answers. New codes carry it." in proven
    assert olive.get("/help", Host=HOST).status_code == 200
    assert "Proven by its TXT record today" in proven


def test_codes_carry_the_default_of_their_day_and_every_host_goes_on_answering(
    app: Flask, olive: Browser, names: NameServer, house: House, db: Session
) -> None:
    printed = service.make_code(db, house.item, at=now())
    service.mark_printed(db, [printed], at=now(), actor=None)
    unprinted = service.make_code(db, house.item, at=now())
    db.commit()
    prove(olive, names, db, house)
    first = service.make_code(db, house.item, at=now())
    db.commit()
    other = prove(olive, names, db, house, "go.fashiontown.example")
    olive.post(f"/desk/hosts/{other.id}/default")
    second = service.make_code(db, house.item, at=now())
    db.commit()
    hear(app)

    tokens = [code.token for code in (printed, unprinted, first, second)]
    hosts = {code.token: code.host for code in seen(db, select(Code))}
    carried = [hosts[token] for token in tokens]

    assert carried == ["", HOST, HOST, "go.fashiontown.example"]
    for host in ("localhost", HOST, "go.fashiontown.example"):
        assert [olive.get(f"/q/{token}", Host=host).status_code for token in tokens] == [200] * 4
    assert f"https://{HOST}/q/{tokens[2]}" in olive.get(f"/desk/codes/{first.id}").text
    assert f"http://localhost/q/{tokens[0]}" in olive.get(f"/desk/codes/{printed.id}").text


def test_a_host_on_codes_cannot_be_taken_away_and_says_how_many_carry_it(
    olive: Browser, names: NameServer, house: House, db: Session
) -> None:
    row = prove(olive, names, db, house)
    for _ in range(2):
        service.retire_code(db, service.make_code(db, house.item, at=now()), at=now(), actor=None)
    db.commit()

    page = olive.get("/desk/hosts").text
    refused = olive.post(f"/desk/hosts/{row.id}/remove")

    assert "2 codes" in page and f"/desk/hosts/{row.id}/remove" not in page
    assert refused.status_code == 409
    assert f"2 codes carry {HOST}" in refused.text
    spare = prove(olive, names, db, house, "go.fashiontown.example")
    assert "is taken away" in olive.follow(olive.post(f"/desk/hosts/{spare.id}/remove")).text


def test_a_host_that_was_once_in_gs1_addresses_stays_as_long_as_there_are_numbers(
    olive: Browser, names: NameServer, house: House, db: Session
) -> None:
    """Their tags are printed without a record of ours."""
    row = prove(olive, names, db, house)
    variant = list_variants(db, house.item.id)[0]
    variant.gtin = "09506000134352"
    db.commit()
    other = prove(olive, names, db, house, "go.fashiontown.example")
    olive.post(f"/desk/hosts/{other.id}/default")

    page = olive.get("/desk/hosts").text
    refused = olive.post(f"/desk/hosts/{row.id}/remove")

    assert f"/desk/hosts/{row.id}/remove" not in page
    assert refused.status_code == 409 and f"1 number has a GS1 address, and {HOST} was the host in it" in refused.text
    list_variants(db, house.item.id)[0].gtin = None
    db.commit()
    assert "is taken away" in olive.follow(olive.post(f"/desk/hosts/{row.id}/remove")).text


def test_a_host_of_the_house_next_door_cannot_be_proven(
    browser: Browser, olive: Browser, names: NameServer, house: House, db: Session
) -> None:
    otto = browser.another().sign_in(*house.otto)
    otto.post("/desk/hosts", {"host": HOST})
    mine = prove(olive, names, db, house)
    (theirs,) = seen(db, select(RetailerHost).where(RetailerHost.retailer_id == house.other.id))
    names.records[record_name(HOST)].append(record_text(theirs.secret))

    told = otto.follow(otto.post(f"/desk/hosts/{theirs.id}/check")).text
    again = browser.another().sign_in(*house.otto).post("/desk/hosts", {"host": HOST})

    assert "proven by another house" in told
    assert again.status_code == 422
    assert mine.proven_at is not None
    assert otto.post(f"/desk/hosts/{mine.id}/check").status_code == 404


@pytest.mark.parametrize("role", [Role.MERCHANDISER, Role.REVIEWER, Role.ANALYST, Role.ASSOCIATE, Role.VENDOR_ADMIN])
def test_hosts_are_the_owners_alone(browser: Browser, house: House, role: Role) -> None:
    visitor = browser.sign_in(*house.people[role])

    assert visitor.get("/desk/hosts").status_code == visitor.post("/desk/hosts", {"host": HOST}).status_code == 404


def test_a_wrong_host_comes_back_with_what_was_typed_and_a_reason(olive: Browser) -> None:
    answer = olive.post("/desk/hosts", {"host": '"><b>127.0.0.1'})

    assert answer.status_code == 422
    assert "&#34;&gt;&lt;b&gt;127.0.0.1" in answer.text


def test_links_in_mail_and_json_begin_with_the_proven_host_whatever_a_request_says(
    app: Flask, olive: Browser, names: NameServer, house: House, db: Session
) -> None:
    prove(olive, names, db, house)
    olive.post("/desk/people/invite", {"email": "new@example.com", "role": "analyst"}, X_Forwarded_Host="evil.example")
    olive.post("/desk/hosts", {"host": "pending.example.com"})

    shared = olive.another().post(
        f"/i/{house.item.public_id}/share", {}, Accept="application/json", Sec_Fetch_Site="same-origin"
    )

    body = seen(db, select(OutboxMessage.body).order_by(OutboxMessage.id.desc()))[0]
    assert f"https://{HOST}/invitation/" in str(body)
    assert shared.json["url"].startswith(f"https://{HOST}/s/")
    assert f'"url":"https://{HOST}/' in olive.get(f"/i/{house.item.public_id}").text.replace(" ", "")
    assert olive.get("/help", Host="pending.example.com").status_code == 421


def test_hosts_that_wait_are_looked_for_each_hour_by_themselves(
    olive: Browser, house: House, db: Session, work: jobs.Work
) -> None:
    olive.post("/desk/hosts", {"host": HOST})

    ran = jobs.run_all(work), jobs.run_all(work)

    assert ran == (1, 0)
    assert "This is the demo" in host_of(db, house).check_said
