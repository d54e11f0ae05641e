"""A shop with a host of its own behind a real nginx; one database is enough, for files are the same from either."""

import http.client
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from qrmerch.config import Settings
from qrmerch.edge.following import Publisher
from qrmerch.parties.models import RetailerHost
from tests.browsing import PHONE
from tests.conftest import NOON
from tests.landing.aisle import Aisle, hear, make_aisle
from tests.live import serving
from tests.nginx import Nginx, find_nginx, running

HOST = "qr.fashiontown.example"
_LINES_WAIT_S = 60.0


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "qrmerch.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """As behind one proxy."""
    find_nginx()
    return Settings(
        mode="demo",
        data_dir=tmp_path / "var",
        uploads_dir=tmp_path / "uploads",
        database_url=database_url,
        base_url="http://localhost",
        proxies=1,
    ).ready()


@pytest.fixture
def behind(app: Flask) -> Iterator[str]:
    """The application behind nginx; its address."""
    with serving(app) as address:
        yield address


@pytest.fixture
def aisle(app: Flask, db: Session) -> Aisle:
    """A shop that has proven a host."""
    made = make_aisle(db)
    db.add(RetailerHost(retailer_id=made.retailer.id, host=HOST, is_primary=True, proven_at=NOON))
    db.commit()
    hear(app)
    return made


@pytest.fixture
def publisher(settings: Settings, aisle: Aisle, behind: str, tmp_path: Path) -> Iterator[Publisher]:
    """What keeps the files; everything is published once."""
    made = Publisher(settings, tmp_path / "published", behind=behind)
    made.publish()
    yield made
    made.close()


@pytest.fixture
def nginx(publisher: Publisher, tmp_path: Path) -> Iterator[Nginx]:
    with running(tmp_path / "nginx", tmp_path / "published") as started:
        yield started
        quiet = ("[notice]", "exited on signal 9")
        assert [each for each in started.errors.splitlines() if not any(word in each for word in quiet)] == []


def ask(port: int, address: str, *, method: str = "GET", body: str | None = None, **headers: str) -> Answer:
    """One request, as a phone sends it unless said otherwise."""
    said = {"Host": HOST, "User-Agent": PHONE, "Accept-Language": "en-US,en;q=0.9"}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    line.request(method, address, body=body, headers={name: value for name, value in said.items() if value != "-"})
    answer = line.getresponse()
    got = Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    line.close()
    return got


Ask = Callable[..., Answer]


@pytest.fixture
def phone(nginx: Nginx) -> Ask:
    """Asks nginx."""
    return lambda address, **more: ask(nginx.port, address, **more)


def logged(settings: Settings, count: int) -> list[dict[str, Any]]:
    """The lines that nginx wrote, once there are so many: it writes a line when its answer is out."""
    until_s = time.monotonic() + _LINES_WAIT_S
    while True:
        files = sorted(settings.log_dir.glob("scan-*-nginx-*.jsonl"))
        lines = [json.loads(line) for file in files for line in file.read_bytes().splitlines()]
        if len(lines) >= count or time.monotonic() > until_s:
            assert len(lines) == count
            return lines
