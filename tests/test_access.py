"""The access matrix: every address × every role × own and another's ids, made from the application's own map.

It grows with every route by itself. Nobody learns that another house's thing exists: the answer is 404, and not a
row of anybody's has changed.
"""

import hashlib
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from qrmerch import create_app, jobs
from qrmerch.access import Access, Role, declared
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.landing.scanning import close_scan_path
from qrmerch.migrate import metadata
from tests import once
from tests.browsing import Browser
from tests.figures import IS_FULL, on_both_when_full
from tests.world import House, make_house

# Written by being signed in at all.
_MOVING = {"staff_session", "rate_bucket"}
# Names of form fields that hold an id of some kind; the matrix fills them with the other house's.
_FIELDS = [
    "item",
    "item_id",
    "items",
    "retailer",
    "retailer_id",
    "store",
    "store_id",
    "stores",
    "store_ids",
    "vendor",
    "vendor_id",
    "fixture",
    "fixture_id",
    "places",
    "variant",
    "variant_id",
    "template",
    "template_id",
    "revision",
    "revision_id",
    "publication",
    "code",
    "code_id",
    "codes",
    "offer",
    "offer_id",
    "asset",
    "asset_id",
    "id",
    "look",
    "event",
    "pick",
    "by",
    "replace_by",
    "membership",
    "membership_id",
]


@dataclass(frozen=True)
class Case:
    """One route and one method."""

    rule: str
    method: str
    endpoint: str
    access: Access | None
    arguments: frozenset[str]

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


def list_cases() -> list[Case]:
    """Every route, read from an application that serves nobody."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(mode="demo", data_dir=Path(folder), uploads_dir=Path(folder)).ready()
        app = create_app(settings)
        jobs.detach(app.extensions["qrmerch"].database)
        close_scan_path(app.extensions["qrmerch"].parts)
    return [case for rule in app.url_map.iter_rules() for case in _cases_of(app, rule)]


def _cases_of(app: Flask, rule: Rule) -> Iterator[Case]:
    access = declared(app.view_functions[rule.endpoint])
    for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
        pattern = re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule.rule)
        yield Case(pattern, method, rule.endpoint, access, frozenset(rule.arguments))


CASES = list_cases()
PRIVATE = [case for case in CASES if case.access and not case.access.is_public]
WITH_IDS = [case for case in PRIVATE if case.arguments - {"table"}]


@pytest.fixture
def houses(database: Database, settings: Settings) -> tuple[House, House]:
    """Ours, and the other one."""

    def make() -> tuple[House, House]:
        with database.write() as db:
            made = make_house(db, "Fashiontown", settings=settings), make_house(db, "Otherville", settings=settings)
            db.commit()
            return made

    return once.set_up("two houses", make, database=database, settings=settings)


def send(browser: Browser, case: Case, address: str, **fields: str) -> int:
    response = browser.get(address) if case.method == "GET" else browser.post(address, fields)
    # Files are read from the disk as they go out.
    response.close()
    return response.status_code


def rows_of(database: Database) -> dict[str, str]:
    """A digest of each table that nobody's mere presence changes."""
    with database.read() as db:
        return {
            table.name: hashlib.sha256(repr(sorted(map(repr, db.execute(select(table))))).encode()).hexdigest()
            for table in metadata().sorted_tables
            if table.name not in _MOVING
        }


def test_every_route_declares_who_may_call_it() -> None:
    undeclared = [str(case) for case in CASES if case.access is None]

    assert not undeclared
    assert len(CASES) > 30


def test_every_name_in_an_address_is_known_to_the_matrix(db: Session, settings: Settings) -> None:
    house = make_house(db, "Fashiontown", settings=settings)
    unknown = {name for case in PRIVATE for name in case.arguments} - set(house.ids)

    assert not unknown, f"say in tests/world.py what {unknown} stand for"


def test_sec_c02_a_stranger_is_sent_to_the_door(
    browser: Browser, houses: tuple[House, House], database: Database
) -> None:
    before = rows_of(database)

    answers = {str(case): send(browser, case, houses[0].address(case.rule)) for case in PRIVATE}

    assert {name: status for name, status in answers.items() if status != 303} == {}
    assert rows_of(database) == before


@pytest.mark.parametrize("role", Role)
def test_sec_c01_a_role_that_may_not_finds_nothing(
    role: Role, browser: Browser, houses: tuple[House, House], database: Database
) -> None:
    visitor = browser.sign_in(*houses[0].people[role])
    closed = [case for case in PRIVATE if case.access and role not in case.access.roles]
    before = rows_of(database)

    answers = {str(case): send(visitor, case, houses[0].address(case.rule)) for case in closed}

    assert {name: status for name, status in answers.items() if status != 404} == {}
    assert rows_of(database) == before


@pytest.mark.parametrize("role", Role)
def test_sec_c02_another_houses_ids_lead_nowhere(
    role: Role, browser: Browser, houses: tuple[House, House], database: Database
) -> None:
    ours, theirs = houses
    visitor = browser.sign_in(*ours.people[role])
    before = rows_of(database)

    answers = {str(case): send(visitor, case, theirs.address(case.rule)) for case in WITH_IDS if opens(case, role)}

    assert {name: status for name, status in answers.items() if status != 404} == {}
    assert rows_of(database) == before


def test_ones_own_ids_lead_somewhere(browser: Browser, houses: tuple[House, House]) -> None:
    """Without this, the 404 of the other house's ids would prove nothing."""
    people = {role: browser.another().sign_in(*person) for role, person in houses[0].people.items()}

    answers = {
        f"{case} as {role}": send(people[role], case, houses[0].address(case.rule))
        for case in WITH_IDS
        for role in Role
        if case.method == "GET" and opens(case, role) and not _belongs_to_another_room(case, role)
    }

    assert {name: status for name, status in answers.items() if status not in (200, 303)} == {}


@pytest.mark.timeout(300)
@on_both_when_full
def test_sec_c03_another_houses_ids_in_a_form_change_nothing_there(
    browser: Browser, houses: tuple[House, House], database: Database
) -> None:
    ours, theirs = houses
    foreign = {value for value in theirs.ids.values() if len(value) == 36}
    people = {role: browser.another().sign_in(*person) for role, person in ours.people.items()}
    before = _foreign_rows(database, foreign)

    for number, case in enumerate(PRIVATE):
        role = next(role for role in Role if opens(case, role))
        if case.method == "GET" or "sign-out" in case.rule or "/account/" in case.rule:
            continue
        # Every id in every form with `make drills`; else each form gets a third of them, in turn.
        for value in sorted(foreign) if IS_FULL else sorted(foreign)[number % 3 :: 3]:
            send(people[role], case, ours.address(case.rule), **dict.fromkeys(_FIELDS, value))
        assert _foreign_rows(database, foreign) == before, case


def test_sec_d01_a_change_without_its_token_is_refused(
    browser: Browser, houses: tuple[House, House], database: Database
) -> None:
    people = {role: browser.another().sign_in(*person) for role, person in houses[0].people.items()}
    changing = [case for case in PRIVATE if case.method != "GET"]
    before = rows_of(database)

    for token in ("", "0" * 64):
        for person in people.values():
            person.token = token
        answers = {
            str(case): send(people[role], case, houses[0].address(case.rule))
            for case in changing
            for role in [next(role for role in Role if opens(case, role))]
        }
        assert {name: status for name, status in answers.items() if status != 400} == {}

    assert rows_of(database) == before


def test_sec_d01_a_foreign_site_changes_nothing(
    browser: Browser, houses: tuple[House, House], database: Database
) -> None:
    changing = [case for case in CASES if case.access and case.access.is_public and case.method != "GET"]
    # What only the owner of a mail knows stands in its address; that it changes nothing else has tests of its own.
    changing = [case for case in changing if not case.access or not case.access.has_secret]
    before = rows_of(database)

    for told in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {},
    ):
        answers = {
            str(case): browser.raw_post(re.sub(r"{[a-z_]+}", "0123456789abcdef", case.rule), told) for case in changing
        }
        assert {name: status for name, status in answers.items() if status != 400} == {}

    assert changing
    assert rows_of(database) == before


def test_sec_d01_one_address_alone_is_opened_by_its_own_secret(
    browser: Browser, houses: tuple[House, House], database: Database
) -> None:
    by_secret = [case for case in CASES if case.access and case.access.has_secret]
    before = rows_of(database)

    for case in by_secret:
        browser.raw_post(case.rule.replace("{secret}", "a" * 43), {})

    assert {case.rule for case in by_secret} == {"/u/{secret}", "/u/{secret}/data"}
    assert [str(case) for case in by_secret if case.method != "GET"] == ["POST /u/{secret}"]
    assert rows_of(database) == before


def opens(case: Case, role: Role) -> bool:
    return case.access is not None and role in case.access.roles


def _belongs_to_another_room(case: Case, role: Role) -> bool:
    """A page for everybody who is signed in has rows of one house only for those who are in it."""
    return role == Role.OPERATOR and bool(case.arguments)


def _foreign_rows(database: Database, foreign: set[str]) -> set[str]:
    """Every row anywhere that holds one of these ids."""
    with database.read() as db:
        return {
            f"{table.name} {row!r}"
            for table in metadata().sorted_tables
            if table.name not in _MOVING
            for row in map(repr, db.execute(select(table)))
            if any(value in row for value in foreign)
        }
