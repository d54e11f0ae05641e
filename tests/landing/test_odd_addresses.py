"""The resolver and the hosts under addresses and headers that no honest phone sends, and while the database is away."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.codes.gs1_models import Gs1Link
from qrmerch.db import Database
from qrmerch.gs1 import negotiate
from qrmerch.gs1.negotiate import read_wishes
from qrmerch.landing.front_door import GS1_HEADERS
from qrmerch.landing.misses import LIMIT
from qrmerch.parties.service import changed
from qrmerch.web import Services
from tests.landing.aisle import Aisle, hear, make_aisle, variants_of

GTIN, OTHER, GLN = "09506000134352", "09506000134369", "9506000134376"
ITEM, STORE = f"/01/{GTIN}", f"/414/{GLN}"
PAGE, DATA = "text/html,*/*;q=0.8", "application/json"
Ask = Callable[..., TestResponse]


@pytest.fixture
def aisle(app: Flask, db: Session) -> Aisle:
    """The top has a number and nothing else, the sandal a number with a link; the store has one as well."""
    made = make_aisle(db)
    variants_of(db, made.top)[0].gtin = GTIN
    variants_of(db, made.sandal)[0].gtin = OTHER
    made.store.gln = GLN
    # The application may have read the shop before it had numbers.
    changed(db, made.retailer.id, at=now())
    link(db, made.sandal)
    hear(app)
    return made


def link(db: Session, item: Item, **values: Any) -> None:
    said = {"link_type": "instructions", "title": "How to wash it", "href": "/help", **values}
    db.add(Gs1Link(retailer_id=item.retailer_id, item_id=item.id, created_at=now(), **said))
    changed(db, item.retailer_id, item.id, at=now())
    db.commit()


@pytest.fixture
def ask(app: Flask) -> Ask:
    """Asks as a server hands it on: the path as it was sent, and decoded; the query byte for byte."""

    def asks(path: str, query: str = "", *, method: str = "GET", **headers: str) -> TestResponse:
        said = {name.replace("_", "-"): value for name, value in {"Accept": PAGE, **headers}.items()}
        environ = EnvironBuilder(path="/", method=method, headers=said).get_environ()
        environ["PATH_INFO"] = unquote_to_bytes(path.removeprefix("http://localhost")).decode("latin-1")
        environ["RAW_URI"] = environ["REQUEST_URI"] = f"{path}?{query}"
        environ["QUERY_STRING"] = query
        return TestResponse(*run_wsgi_app(app.wsgi_app, environ), EnvironBuilder(path="/").get_request())

    return asks


@pytest.fixture
def without_database(app: Flask, aisle: Aisle, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after `aisle`, with a database that no longer answers."""

    def refuse(_: Database) -> Session:
        raise OperationalError("connect", {}, Exception("nobody there"))

    monkeypatch.setattr(Database, "read", refuse)


# --- addresses --------------------------------------------------------------------------------------


def test_a_query_that_is_no_text_is_refused_and_no_bug(ask: Ask, aisle: Aisle) -> None:
    assert [ask(path, "x=\xff").status_code for path in (ITEM, "/help", aisle.page.partition("?")[0])] == [400] * 3


def test_r36_what_goes_on_stays_ascii_so_that_no_server_garbles_it(ask: Ask, aisle: Aisle) -> None:
    query = "a=%2B;b&c=日本".encode().decode("latin-1")

    location = ask(ITEM, query).headers["Location"]

    assert location.isascii() and location.endswith("&a=%2B;b&c=%E6%97%A5%E6%9C%AC")


def test_a_number_inside_a_batch_is_not_the_number_that_is_asked_for(ask: Ask, aisle: Aisle) -> None:
    assert ask(f"{ITEM}/10/a://shop.example/01/{OTHER}").status_code == 400
    # Absolute addresses, as proxies send them, are what they say.
    assert ask(f"http://localhost{ITEM}/10/A%2FB").status_code == 307


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (f"{ITEM}/10/%2541", "", 307),
        (f"{ITEM}/10/..", "", 307),
        (f"{ITEM}/10/{'A' * 10_000}", "", 400),
        (ITEM, "x=" + "A" * 10_000, 400),
        (ITEM, "linkType=%00", 400),
        (ITEM, "linkType=gs1:pip%0d%0aX:1", 404),
        (f"/01//{GTIN}", "", 400),
        (f"//01/{GTIN}", "", 400),
        (f"{ITEM}%2F10%2FA", "", 400),
        (f"{ITEM};a=b", "", 400),
    ],
)
def test_odd_addresses_are_read_as_they_stand_and_never_a_bug(
    ask: Ask, aisle: Aisle, path: str, query: str, status: int
) -> None:
    for accept in (PAGE, DATA):
        answer = ask(path, query, Accept=accept)
        assert answer.status_code == (200 if status == 307 and accept == DATA else status), accept
        assert "X" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("address", [ITEM, "/.well-known/gs1resolver", "/01/1", f"{ITEM}?linkType=%00"])
def test_r21_refusals_and_the_description_may_be_read_by_any_page_as_well(
    ask: Ask, aisle: Aisle, method: str, address: str
) -> None:
    path, _, query = address.partition("?")

    answer = ask(path, query, method=method, Origin="https://app.example")

    assert {name: answer.headers.get(name) for name, _ in GS1_HEADERS} == dict(GS1_HEADERS)


def test_r21_so_may_a_refusal_to_go_on_guessing(ask: Ask, aisle: Aisle) -> None:
    answers = [ask("/01/09506000134376", Accept=DATA) for _ in range(LIMIT + 1)]

    assert answers[-1].status_code == 429
    assert answers[-1].headers["Access-Control-Allow-Origin"] == "*"


# --- headers ----------------------------------------------------------------------------------------


def test_an_endless_header_costs_no_more_than_a_long_one(
    ask: Ask, aisle: Aisle, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is compared is counted: each comparison of a tag grew with the tag, and so did their number."""
    compared: list[set[str]] = []
    real = negotiate._speaks
    monkeypatch.setattr(
        negotiate, "_speaks", lambda languages, wanted: compared.append(wanted) or real(languages, wanted)
    )
    endless = "a" + "-a" * 50_000

    answer = ask(STORE, "linkType=gs1:locationInfo", Accept_Language=endless, Accept=PAGE)

    assert answer.status_code == 307
    assert 0 < len(compared) <= 20 and max(len(text) for wanted in compared for text in wanted) < 100
    assert sum(len(wish.what) for wish in read_wishes(endless)) <= 2_000


@pytest.mark.parametrize(
    "language", ["*;q=0", "en;q=nan", "en;q=1e400", "en;;;q=1;q=0", "-", "--;q=1", "en-", "é", ",," * 9]
)
def test_r22_no_language_however_it_is_said_is_an_error(ask: Ask, aisle: Aisle, language: str) -> None:
    assert ask(f"/01/{OTHER}", "x", Accept_Language=language).status_code == 307
    assert ask(ITEM, "linkType=linkset", Accept_Language=language).status_code == 200


@pytest.mark.parametrize("host", ["localhost.", "LOCALHOST", "localhost:8000", "[::1]", "[::1]:8000", "127.0.0.1"])
def test_a_host_is_the_same_with_a_dot_a_port_or_in_capitals(ask: Ask, aisle: Aisle, host: str) -> None:
    assert [ask(ITEM, query, Host=host).status_code for query in ("", "x")] == [307, 307]


@pytest.mark.parametrize(
    "host",
    ["", "localhost/x", "localhost#x", "localhost?x", "localhost:abc", "localhost:", "localhost..", "a@localhost",
     "localhost\\x", "localhost " + "x" * 9_000, "[::1", "evil.example"],
)  # fmt: skip
def test_sec_d06_what_is_no_host_is_refused_by_the_front_door_too(
    app: Flask, ask: Ask, aisle: Aisle, host: str
) -> None:
    services: Services = app.extensions["qrmerch"]

    assert [ask(path, Host=host).status_code for path in (ITEM, aisle.printed)] == [421, 421]
    assert host not in services.parts["hosts"]._whose, "nothing that a stranger sends is remembered"


# --- without a database -----------------------------------------------------------------------------


def test_sec_j03_a_number_with_links_leads_to_its_page_while_the_database_is_away(
    ask: Ask, aisle: Aisle, without_database: None
) -> None:
    for number, item in ((GTIN, aisle.top), (OTHER, aisle.sandal)):
        for path, query in ((f"/01/{number}", ""), (f"/01/{number}", "x"), (f"/01/{number}/10/L1/21/S1", "")):
            answer = ask(path, query)
            assert answer.status_code == 307 and answer.headers["Location"].startswith(f"/i/{item.public_id}")


def test_r25_what_is_wrong_or_unknown_is_no_bug_while_the_database_is_away(
    ask: Ask, aisle: Aisle, without_database: None
) -> None:
    assert [ask(path).status_code for path in ("/01/123", f"{ITEM}/foo", "/00/106141412345678908")] == [400, 400, 404]
    assert ask("/q/7K3M9QXRA").status_code in (404, 503)


def test_sec_j05_what_needs_the_database_says_when_to_come_back(ask: Ask, aisle: Aisle, without_database: None) -> None:
    for path, query in ((ITEM, "linkType=linkset"), (f"/01/{OTHER}", "linkType=gs1:instructions"), (STORE, "")):
        for accept in (PAGE, DATA):
            answer = ask(path, query, Accept=accept)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
