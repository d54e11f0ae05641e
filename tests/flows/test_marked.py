"""A whole run with a marked address, agent, referrer and language: none of them is written anywhere.

A real server, as `qrmerch serve` starts it. Looked through afterwards: every row of the database, every file of the
installation (log, kept pages, keys, the database's own files) and what its processes printed.
"""

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import select

from qrmerch import jobs
from qrmerch.config import Settings
from qrmerch.migrate import metadata
from qrmerch.parties.models import Measurement, Retailer
from qrmerch.scans.models import AgreedDay, Event, Scan
from tests.drills.shop import Shop
from tests.figures import on_both_when_full

pytestmark = [pytest.mark.drill, pytest.mark.timeout(600)]
# The peer's own address, and the one that a proxy nobody trusts says.
ADDRESS, PASSED_ON = "127.0.0.77", "198.51.100.77"
HEADERS = {
    "User-Agent": "Mozilla/5.0 (Linux; Android 10; Marked7731) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
    "Mobile Safari/537.36",
    "Referer": "https://told.example/marked/path?marked=query",
    "Accept-Language": "en-x-marked77,en;q=0.5",
    "X-Forwarded-For": PASSED_ON,
    "Sec-Fetch-Site": "same-origin",
}
# It is kept where it was left for, in the database, and nowhere else.
MAIL = "marked.ann@told.example"
MARKS = (ADDRESS, "127.0.0.0/24", PASSED_ON, "198.51.100", "Marked7731", "AppleWebKit", "marked/path", "x-marked77")


class Phone:
    """A phone with that address and those words, on connections of its own."""

    def __init__(self, shop: Shop) -> None:
        told = urlsplit(shop.settings.base_url)
        self._host, self._port, self.cookie = str(told.hostname), int(told.port or 0), ""

    def ask(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> bytes:
        """One request; its body, and the cookie kept if one came."""
        link = http.client.HTTPConnection(self._host, self._port, timeout=30, source_address=(ADDRESS, 0))
        told = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.cookie:
            told["Cookie"] = self.cookie
        if form is not None:
            told["Content-Type"] = "application/x-www-form-urlencoded"
        link.request(method, path, urlencode(form) if form is not None else None, told)
        answer = link.getresponse()
        body = answer.read()
        self.cookie = (answer.headers.get("Set-Cookie") or self.cookie).partition(";")[0]
        link.close()
        assert answer.status < 500, (path, answer.status)
        return body


def do_everything(phone: Phone, shop: Shop) -> str:
    """What a shopper, and a program, can do at a shop's pages; the number by which the phone is recognised."""
    page, item = {"page": f"/i/{shop.public_id}"}, f"/i/{shop.public_id}"
    for token in shop.tokens:
        for method, more in (("GET", {}), ("GET", {}), ("HEAD", {}), ("GET", {"Sec_Purpose": "prefetch"})):
            phone.ask(method, f"/q/{token}", **more)
    phone.ask("GET", f"/q/{shop.tokens[0]}", User_Agent="Marked7731Bot/1.0 (+http://marked/path)")
    for path in ("/q/7K3M9QXR8", "/01/09506000134352", "/help", item, f"{item}?lang=en", "/privacy", "/nothing/here"):
        phone.ask("GET", path)
    seen = json.loads(phone.ask("POST", "/v", page))
    phone.ask("POST", "/v", {**page, "v": seen["v"], "s": "10"})
    phone.ask("POST", "/p", {**page, "s": "25"})
    phone.ask("POST", f"{item}/keep", {"keep": "yes"})
    phone.ask("POST", f"{item}/share", {})
    for path in (item, "/my", "/my/kept", "/my/data"):
        phone.ask("GET", path)
    # Somebody who leaves an address, and somebody who tries links.
    form = phone.ask("GET", f"{item}/tell")
    pick = re.search(rb'<option value="([^"]+)"', form)
    assert pick is not None
    phone.ask("POST", f"{item}/tell", {"pick": pick[1].decode(), "email": MAIL})
    for path in ("/sign-up", "/confirm/none", "/u/none"):
        phone.ask("GET", path)
    phone.ask("POST", "/u/none", {"List-Unsubscribe": "One-Click"})
    # Somebody who says yes to being recognised, and scans again.
    asked = phone.ask("GET", "/privacy?of=marked&lang=en")
    assert b"Recognise this phone" in asked
    phone.ask("POST", "/my/recognise?of=marked", {"answer": "yes"})
    number = phone.cookie.partition("=")[2]
    phone.ask("GET", f"/q/{shop.tokens[0]}")
    phone.ask("GET", "/my?of=marked")
    # Somebody who guesses at the staff's door.
    phone.ask("GET", "/sign-in")
    phone.ask("POST", "/sign-in", {"email": "nobody@told.example", "password": "not the one"})
    return number


def rows_of(shop: Shop) -> str:
    """Every value of every row."""
    with shop.database.read() as db:
        return "\n".join(repr(tuple(row)) for table in metadata().sorted_tables for row in db.execute(select(table)))


def files_of(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


@on_both_when_full
def test_no_address_agent_referrer_or_language_tag_is_written_anywhere(settings: Settings, tmp_path: Path) -> None:
    jobs.prepare(settings)
    shop = Shop(settings)
    try:
        shop.stock(codes=2)
        with shop.database.write() as changing:
            retailer = changing.scalars(select(Retailer)).one()
            retailer.measurement, retailer.slug = Measurement.CONSENTED, "marked"
            changing.commit()
        shop.serve()
        number = do_everything(Phone(shop), shop)
        shop.settle()
    finally:
        shop.end()

    with shop.database.read() as db:
        outcomes = set(db.scalars(select(Scan.outcome)))
        said = set(db.scalars(select(Scan.referrer)))
        kinds = set(db.scalars(select(Event.kind)))
        agreed = db.scalars(select(AgreedDay)).all()
    marks = (*MARKS, number)
    rows = rows_of(shop)
    found = [mark for mark in marks if mark in rows]
    for path in files_of(tmp_path, settings.uploads_dir):
        written = path.read_bytes()
        found += [f"{mark} in {path.name}" for mark in marks if mark.encode() in written]
        if MAIL.encode() in written and ".db" not in path.name:
            found.append(f"{MAIL} in {path.name}")
    assert {"scan", "repeat", "head", "prefetch", "bot", "orphan", "view", "engaged", "play_25"} <= outcomes
    assert {"keep", "share"} <= kinds
    assert "told.example" in said and "told.example" in rows, "what is looked through is what was written"
    assert MAIL in rows
    assert len(number) == 32 and len(agreed) == 1, "a key of it is kept, never the number itself"
    assert found == []
