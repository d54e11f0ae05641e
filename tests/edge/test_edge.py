"""Printed codes answered by nginx from files: the same page, the same line, and everything else from behind."""

import gzip
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import brotli
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.edge.following import Publisher, key_of
from qrmerch.edge.nginx import Around, House, Unwritable, locale_rules, write_configuration
from qrmerch.i18n import negotiate
from qrmerch.parties.models import Measurement, RetailerHost, StoreNetwork
from qrmerch.parties.service import changed
from qrmerch.scans.agents import describe
from qrmerch.scans.line import PAGE, SCAN, Line, read_line
from qrmerch.scans.loader import load_all
from qrmerch.scans.models import DayTotal
from qrmerch.visitors.agreed import cookie_mark, phone_key
from qrmerch.web import Services
from tests.conftest import NOON
from tests.edge.conftest import HOST, Ask, logged
from tests.factories import make_code, make_item, make_retailer, make_store
from tests.landing.aisle import Aisle, scan_path
from tests.nginx import Nginx

POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')


def total(settings: Settings, app: Flask, kind: str) -> int:
    services: Services = app.extensions["qrmerch"]
    load_all(services.database, settings.log_dir)
    with services.database.read() as db:
        return sum(db.scalars(select(DayTotal.count).where(DayTotal.kind == kind)))


# --- the page ---------------------------------------------------------------------------------------


def test_the_page_is_the_one_that_flask_sends(phone: Ask, app: Flask, aisle: Aisle) -> None:
    answer = phone(aisle.printed)

    direct = app.test_client().get(aisle.printed, headers={"Host": HOST, "X-Forwarded-Host": HOST})
    policy = POLICY.search(answer.body)
    assert answer.status == 200
    assert policy is not None
    assert POLICY.sub(b"", answer.body) == direct.data
    whole = direct.headers["Content-Security-Policy"]
    assert f"{policy[1].decode()}; {answer.headers['content-security-policy']}" == whole
    same = ("Content-Type", "Cache-Control", "Vary", "Content-Language", "X-Content-Type-Options", "Permissions-Policy")
    for name in (*same, "Referrer-Policy", "Cross-Origin-Opener-Policy"):
        assert answer.headers[name.lower()] == direct.headers[name], name
    assert "set-cookie" not in answer.headers
    assert "last-modified" not in answer.headers


@pytest.mark.parametrize(
    ("accepts", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("br", "br"),
        ("gzip", "gzip"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("br;q=0.5,gzip;q=0", "br"),
        ("identity", ""),
        ("-", ""),
    ],
)
def test_a_phone_gets_the_page_as_it_can_unpack_it(accepts: str, coding: str, phone: Ask, aisle: Aisle) -> None:
    answer = phone(aisle.printed, Accept_Encoding=accepts)

    unpack: dict[str, Any] = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}
    assert answer.headers.get("content-encoding", "") == coding
    assert b"Marigold Slouch Top" in unpack[coding](answer.body)


@pytest.mark.parametrize(
    "accepts", ["ar", "ar-EG,ar;q=0.9,en;q=0.8", "fr-FR,fr;q=0.9,ar;q=0.8,en;q=0.5", "fr", "", "-", "EN-GB", "*"]
)
def test_a_page_speaks_what_the_phone_puts_first(accepts: str, phone: Ask, aisle: Aisle) -> None:
    answer = phone(aisle.printed, Accept_Language=accepts)

    assert answer.headers["content-language"] == negotiate(accepts.removeprefix("-"), ["en", "ar"])


def test_a_phone_that_has_the_page_is_told_so_and_counted(phone: Ask, aisle: Aisle, settings: Settings) -> None:
    etag = phone(aisle.printed).headers["etag"]

    again = phone(aisle.printed, If_None_Match=etag)

    assert (again.status, again.body) == (304, b"")
    assert [line["k"] for line in logged(settings, 2)] == [SCAN, SCAN]
    assert phone(aisle.printed, Accept_Language="ar", If_None_Match=etag).status == 200


def test_everything_else_comes_from_behind(phone: Ask, app: Flask, aisle: Aisle, settings: Settings) -> None:
    missing = phone("/q/AAAAAAAAA")
    typed = phone(aisle.printed.lower())
    assert phone(f"/q/%{ord(aisle.code.token[0]):02x}{aisle.code.token[1:]}").status == 200
    page = phone(aisle.page)
    form = f"keep=yes&at={aisle.store.public_id}"
    kept = phone(
        aisle.keep, method="POST", body=form, Content_Type="application/x-www-form-urlencoded", Origin=f"http://{HOST}"
    )

    assert missing.status == 404
    assert (typed.status, page.status, kept.status) == (200, 200, 303)
    assert logged(settings, 0) == []
    assert [line.traits.kind for line in _lines(settings)] == ["o", "q", "q", "i"]


def test_sec_h03_no_address_is_in_the_log_of_a_server_of_ones_own(phone: Ask, nginx: Nginx, aisle: Aisle) -> None:
    asked = (aisle.printed, "/q/AAAAAAAAA", aisle.page, f"/u/{'x' * 43}", f"/confirm/{'x' * 43}", "/my")

    assert [phone(each).status for each in asked] == [200, 404, 200, 404, 404, 200]

    assert nginx.accesses == ""


def _lines(settings: Settings) -> list[Line]:
    """What the whole log says, ours and nginx's."""
    files = sorted(settings.log_dir.glob("*.jsonl"))
    return [read_line(line) for file in files for line in file.read_bytes().splitlines()]


# --- the line ---------------------------------------------------------------------------------------


def test_the_line_is_ours_and_its_visit_goes_on(phone: Ask, app: Flask, aisle: Aisle, settings: Settings) -> None:
    answer = phone(aisle.printed)

    (line,) = logged(settings, 1)
    said = read_line(json.dumps(line).encode())
    visit = re.fullmatch(r'v;desc="([0-9]{10}[0-9a-f]{20})"', answer.headers["server-timing"])
    assert visit is not None
    assert (said.traits.kind, said.subject, said.visit) == (SCAN, aisle.code.token, visit[1])
    assert said.traits.is_new_visit and not said.near
    seen = phone(
        "/v",
        method="POST",
        body=f"page={aisle.page}&v={visit[1]}",
        Content_Type="application/x-www-form-urlencoded",
        Origin=f"http://{HOST}",
    )
    assert json.loads(seen.body)["v"] == visit[1]
    assert abs(int(visit[1][:10]) - said.at_ms / 1000) < 2
    assert (total(settings, app, "scan"), total(settings, app, "view")) == (1, 1)


def test_a_page_that_stayed_open_for_more_than_a_day_goes_on_in_a_visit_of_its_own(
    phone: Ask, app: Flask, aisle: Aisle, settings: Settings
) -> None:
    answer = phone(aisle.printed)
    visit = answer.headers["server-timing"].partition('"')[2].rstrip('"')
    old = f"{int(visit[:10]) - 25 * 3600}{visit[10:]}"

    phone(f"{aisle.page}&v={old}")

    page = next(line for line in _lines(settings) if line.traits.kind == PAGE)
    assert page.traits.is_new_visit and page.visit not in ("", old)
    assert (total(settings, app, "scan"), total(settings, app, "visit")) == (1, 1)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec_Purpose": "prefetch;prerender"},
        {"X_Purpose": "Preview"},
        {"X_Moz": "prefetch"},
        {"Sec_GPC": "1"},
        {"Sec_GPC": "0"},
        {"Cookie": "qo=1"},
        {"Cookie": "qm=abc; __Host-qo=1"},
        {"Cookie": "qm=abc; xqo=1; qo2=1"},
        {"Cookie": "__Host-qt=1"},
        {"Cookie": "qm=abc; qs=def"},
        {"Cookie": "aqs=1; m=qt=1"},
        {"Cookie": "qt=1"},
        {"Cookie": "a=__Host-qs=1; __Host-qsx=2"},
        {"Cookie": "a=b;  __Host-qs=1"},
        {"Sec_Fetch_Dest": "image"},
        {"Sec_Fetch_Dest": "iframe", "Cookie": "qt=1"},
        {"Sec_Fetch_Dest": "document"},
        {"Sec_Fetch_Dest": "empty"},
        {"Accept_Language": "zh-Hant-TW,zh;q=0.9"},
        {"Accept_Language": "*"},
        {"Referer": "https://www.instagram.com/p/abc"},
        {"Referer": "android-app://com.google.android.gm/"},
        {"Referer": f"http://{HOST}/i/abc"},
        {"Referer": 'https://evil.example"},{"t":1/'},
        {"User_Agent": "-"},
        {"User_Agent": "   "},
        {"User_Agent": 'x"\\y\tz'},
        {"User_Agent": "Mozilla/5.0 " + "a" * 600 + " Googlebot"},
        {"X_Forwarded_For": "10.9.8.7"},
    ],
)
def test_nginx_says_of_a_request_what_we_say(
    headers: dict[str, str], phone: Ask, app: Flask, aisle: Aisle, settings: Settings
) -> None:
    phone(aisle.printed, **headers)
    # The same from behind, by an address that only we understand.
    phone(aisle.printed.lower().replace("/q/", "/q/-"), **headers)

    (nginx,) = [read_line(json.dumps(line).encode()) for line in logged(settings, 1)]
    (ours,) = [line for line in _lines(settings) if line != nginx]
    given = {"at_ms": 0, "near": "", "visit": ""}
    assert nginx._replace(**given) == ours._replace(**given)
    assert bool(nginx.visit) == bool(ours.visit)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_head_request_is_no_scan(method: str, phone: Ask, app: Flask, aisle: Aisle, settings: Settings) -> None:
    answer = phone(aisle.printed, method=method)

    assert answer.status == 200
    assert logged(settings, 1)[0]["m"] == ("" if method == "GET" else "head")
    assert total(settings, app, "scan") == (1 if method == "GET" else 0)
    assert total(settings, app, "head") == (0 if method == "GET" else 1)


def test_a_house_that_only_counts_gives_no_visit(
    publisher: Publisher, nginx: Nginx, phone: Ask, aisle: Aisle, db: Session, settings: Settings, app: Flask
) -> None:
    db.merge(aisle.retailer).measurement = Measurement.COUNTS
    changed(db, aisle.retailer.id, at=now())
    db.commit()
    publisher.publish()
    nginx.reload()

    answer = phone(aisle.printed)

    assert "server-timing" not in answer.headers
    assert [line["v"] for line in logged(settings, 1)] == [""]


def test_a_phone_that_agreed_is_answered_from_behind_where_its_key_can_be_made(
    publisher: Publisher, nginx: Nginx, phone: Ask, aisle: Aisle, db: Session, settings: Settings, app: Flask
) -> None:
    cookie = f"qi-{cookie_mark(aisle.retailer.id)}={'0' * 32}"
    phone(aisle.printed, Cookie=cookie)
    assert len(logged(settings, 1)) == 1, "a house that does not measure so knows no such phone"
    db.merge(aisle.retailer).measurement = Measurement.CONSENTED
    changed(db, aisle.retailer.id, at=now())
    db.commit()
    publisher.publish()
    nginx.reload()
    assert scan_path(app).changes.look(now())

    answers = [phone(aisle.printed, Cookie=said) for said in (f"a=b; {cookie}", "qi-another=0")]
    phone(aisle.printed, Cookie=cookie, Sec_GPC="1")

    assert [each.status for each in answers] == [200, 200]
    assert len(logged(settings, 2)) == 2, "without such a cookie nginx answers"
    ours = [line for line in _lines(settings) if line.near or line.traits.has_gpc]
    assert [line.phone for line in ours] == [phone_key("0" * 32, aisle.retailer.id), ""]


def test_a_stores_own_network_is_known(
    publisher: Publisher, nginx: Nginx, phone: Ask, aisle: Aisle, db: Session, settings: Settings
) -> None:
    phone(aisle.printed)
    db.add(StoreNetwork(retailer_id=aisle.retailer.id, store_id=aisle.store.id, cidr="127.0.0.0/8"))
    changed(db, aisle.retailer.id, at=now())
    db.commit()
    publisher.publish()
    nginx.reload()

    phone(aisle.printed)

    assert [line["o"] for line in logged(settings, 2)] == [0, 1]


@pytest.mark.shared_data
def test_nginx_says_of_every_agent_what_we_say(phone: Ask, aisle: Aisle, settings: Settings, shared_data: Path) -> None:
    agents = _agents(shared_data)
    assert len(agents) > 400

    for agent in agents:
        phone(aisle.printed, User_Agent=agent)

    said = [line["a"] for line in logged(settings, len(agents))]
    wrong = [(agent, a, describe(agent)) for agent, a in zip(agents, said, strict=True) if a != describe(agent)]
    assert wrong == []


def _agents(shared_data: Path) -> list[str]:
    """Robots, phones and what came to a real server, as many of each."""
    logs = shared_data / "logs"
    entries = json.loads((logs / "crawler-user-agents.json").read_text())
    robots = [each for entry in entries for each in entry["instances"]]
    phones = re.findall(r"user_agent: ['\"]?(.+?)['\"]?$", (logs / "matomo_mobile_apps.yml").read_text(), re.MULTILINE)
    visitors = {line.rsplit('"', 2)[1] for line in (logs / "apache_access_first_5000.log").read_text().splitlines()}
    mixed = [*robots[::5], *phones[::3], *sorted(visitors)[::5]]
    return [each for each in mixed if each.isascii() and each.isprintable()]


# --- keeping up -------------------------------------------------------------------------------------


def test_a_change_shows_at_the_next_scan(publisher: Publisher, phone: Ask, aisle: Aisle, db: Session) -> None:
    before = phone(aisle.printed)
    db.merge(aisle.top).title = "Marigold Slouch Tap"
    changed(db, aisle.retailer.id, aisle.top.id, at=now())
    db.commit()

    publisher.publish()

    after = phone(aisle.printed, If_None_Match=before.headers["etag"])
    assert after.status == 200
    assert b"Marigold Slouch Tap" in after.body


def test_a_new_code_is_answered_without_a_reload(
    publisher: Publisher, phone: Ask, aisle: Aisle, db: Session, settings: Settings
) -> None:
    code = make_code(db, aisle.sandal, store=aisle.store)
    changed(db, aisle.retailer.id, at=now())
    db.commit()

    publisher.publish()

    assert b"Silver Cross Sandal" in phone(f"/q/{code.token}").body
    assert [line["q"] for line in logged(settings, 1)] == [code.token]


def test_a_page_that_ends_by_itself_is_made_anew(
    publisher: Publisher, aisle: Aisle, tmp_path: Path, db: Session
) -> None:
    key, standing = next(iter(publisher._standing.items()))

    publisher.look(standing.until - timedelta(seconds=1))
    assert publisher._standing[key] is standing
    publisher.look(standing.until)

    assert publisher._standing[key] is not standing


def test_a_host_that_is_given_up_is_published_no_more(
    publisher: Publisher, aisle: Aisle, db: Session, tmp_path: Path
) -> None:
    published = tmp_path / "published"
    assert list(published.glob("codes/*/*/en"))
    db.query(RetailerHost).delete()
    db.commit()

    done = publisher.publish()

    assert (done.codes, done.pages) == (0, 0)
    assert not list(published.glob("codes/*/*/en"))
    assert not list(published.glob("house-*.conf"))


def test_another_houses_code_is_answered_from_behind(
    publisher: Publisher, phone: Ask, aisle: Aisle, db: Session, settings: Settings
) -> None:
    other = make_retailer(db, slug="otherville", name="Otherville")
    db.add(RetailerHost(retailer_id=other.id, host="qr.otherville.example", is_primary=True, proven_at=NOON))
    code = make_code(db, make_item(db, other), store=make_store(db, other))
    changed(db, other.id, at=now())
    db.commit()
    publisher.publish()

    assert phone(f"/q/{code.token}").status == 404
    assert logged(settings, 0) == []


def test_a_name_that_nobody_proved_gets_no_published_page(phone: Ask, aisle: Aisle, settings: Settings) -> None:
    assert phone(f"/q/{aisle.code.token}", Host="QR.fashiontown.example:80").status == 200
    [line] = logged(settings, 1)

    strange = phone(f"/q/{aisle.code.token}", Host="qr.elsewhere.example")

    assert strange.status in (400, 404, 421)
    assert b"Indigo" not in strange.body
    assert logged(settings, 1) == [line]


def test_who_comes_after_finds_what_was_published(
    publisher: Publisher, settings: Settings, aisle: Aisle, behind: str, tmp_path: Path, db: Session
) -> None:
    published = tmp_path / "published"
    before = {path: path.readlink() for path in published.glob("codes/*/*/*")}
    stale = published / "codes" / aisle.retailer.id / "AAAAAAAAA" / "en"
    stale.parent.mkdir()
    stale.symlink_to("../../../pages/none")

    again = Publisher(settings, published, behind=behind)
    again.publish()
    again.close()

    assert {path: path.readlink() for path in published.glob("codes/*/*/*")} == before


def test_a_code_shows_the_page_that_the_front_door_shows(app: Flask, aisle: Aisle) -> None:
    path = scan_path(app)

    for code in path.codes.by_path.values():
        for locale in ("en", "ar"):
            assert key_of(path.codes, code, locale) == path.key_of(code, locale)


def test_nothing_that_a_configuration_cannot_hold_gets_into_one(tmp_path: Path) -> None:
    around = Around(tmp_path, tmp_path, "http://127.0.0.1:8000", ())
    good = {"retailer_id": "r", "slug": "s", "hosts": ("a.example",), "locales": ("en",), "has_visits": True}
    assert write_configuration(around, [House(**good)])

    for bad in ({"slug": "a;b"}, {"hosts": ("a.example; }",)}, {"locales": ('e"n',)}):
        with pytest.raises(Unwritable):
            write_configuration(around, [House(**{**good, **bad})])
    with pytest.raises(Unwritable):
        write_configuration(Around(tmp_path, tmp_path, "http://x/;", ()), [])
    with pytest.raises(Unwritable):
        write_configuration(Around(Path("/a b"), tmp_path, "http://x", ()), [House(**good)])


@pytest.mark.parametrize(
    "offered", [["en", "ar"], ["ar", "en"], ["de", "de-CH", "en"], ["en-GB", "fr"], ["zh-Hant", "en"]]
)
@pytest.mark.parametrize(
    "accepts",
    ["ar", "de-CH,de;q=0.9", "en-US,en;q=0.5", "fr, en", "zh-TW,zh;q=0.9,en;q=0.8", "xx,yy", "", "arc,ar", "*", "EN"],
)
def test_the_patterns_of_languages_are_python_as_well(offered: list[str], accepts: str) -> None:
    fitting = (locale for pattern, locale in locale_rules(offered) if re.search(f"(?i){pattern[2:]}", accepts))

    assert next(fitting, offered[0]) == negotiate(accepts, offered)
