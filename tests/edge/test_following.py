"""Publishing that goes on by itself: a change is there a moment later, a kill loses no counted scan."""

import dataclasses
import http.client
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.edge import following
from qrmerch.edge.following import STATE, Publisher
from qrmerch.edge.publishing import Shelf
from qrmerch.parties.models import RetailerHost
from qrmerch.parties.service import changed
from qrmerch.rendering.kept import PageKey, RenderedPage
from qrmerch.scans.loader import load_all
from qrmerch.scans.models import LogFile, Scan
from qrmerch.serving import environment_of
from qrmerch.web import Services
from tests.browsing import PHONE
from tests.conftest import NOON
from tests.edge.conftest import HOST, Ask, ask, logged
from tests.landing.aisle import Aisle, hear
from tests.nginx import Nginx, running

_WAIT_S = 60.0


def wait_for(publisher_folder: Path, words: bytes) -> None:
    """Wait until the published pages say so."""
    until_s = time.monotonic() + _WAIT_S
    while not any(words in _read(page) for page in publisher_folder.glob("codes/*/*/en/page")):
        assert time.monotonic() < until_s, f"{words!r} is not published"
        time.sleep(0.02)


def _read(page: Path) -> bytes:
    """What a published page says; nothing where another took its place between two looks."""
    try:
        return page.read_bytes()
    except FileNotFoundError:
        return b""


def rename(db: Session, aisle: Aisle, title: str) -> None:
    db.merge(aisle.top).title = title
    changed(db, aisle.retailer.id, aisle.top.id, at=now())
    db.commit()


def test_a_publisher_that_follows_keeps_up(
    publisher: Publisher, phone: Ask, aisle: Aisle, db: Session, tmp_path: Path
) -> None:
    ended = threading.Event()
    thread = threading.Thread(target=publisher.follow, args=(ended,), kwargs={"every_s": 0.05})
    thread.start()

    for title in ("Ochre Slouch Top", "Amber Slouch Top"):
        rename(db, aisle, title)
        wait_for(tmp_path / "published", title.encode())
        assert title.encode() in phone(aisle.printed).body

    ended.set()
    thread.join(_WAIT_S)
    assert not thread.is_alive()


def test_the_command_publishes_follows_and_ends(settings: Settings, aisle: Aisle, db: Session, tmp_path: Path) -> None:
    published, told = tmp_path / "there", tmp_path / "told"
    command = [sys.executable, "-m", "qrmerch.cli", "publish", "--to", str(published), "--follow"]
    command += ["--reload", f"touch {told}", "--json"]
    process = subprocess.Popen(command, env={**os.environ, **environment_of(settings)}, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b'{"codes": 1, "pages": 2}\n'
        rename(db, aisle, "Ochre Slouch Top")
        wait_for(published, b"Ochre Slouch Top")
        assert told.is_file()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(_WAIT_S) == 0
        process.stdout.close()
    assert (published / STATE).is_file()
    assert {path.name for path in published.glob("*.conf")} == {"maps.conf", "servers.conf", "house-fashiontown.conf"}


def test_without_a_host_of_its_own_a_house_is_not_published(
    settings: Settings, aisle: Aisle, db: Session, tmp_path: Path
) -> None:
    db.query(RetailerHost).delete()
    db.commit()

    publisher = Publisher(settings, tmp_path / "none", behind="http://127.0.0.1:1")
    done = publisher.publish()
    publisher.close()

    assert (done.codes, done.pages) == (0, 0)


def test_while_the_database_is_away_what_stands_goes_on_standing(
    publisher: Publisher,
    phone: Ask,
    aisle: Aisle,
    db: Session,
    settings: Settings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    database = Path(settings.database_url.removeprefix("sqlite:///"))
    publisher.close()
    away = database.rename(tmp_path / "away.db")
    ended = threading.Event()
    thread = threading.Thread(target=publisher.follow, args=(ended,), kwargs={"every_s": 0.01})
    thread.start()

    until_s = time.monotonic() + _WAIT_S
    while "the database is away" not in caplog.text:
        assert time.monotonic() < until_s
        time.sleep(0.01)
    assert b"Marigold Slouch Top" in phone(aisle.printed).body
    away.rename(database)
    rename(db, aisle, "Ochre Slouch Top")
    wait_for(tmp_path / "published", b"Ochre Slouch Top")

    ended.set()
    thread.join(_WAIT_S)
    assert not thread.is_alive()
    assert "the database is back" in caplog.text


@pytest.mark.parametrize("fails", ["hear", "want"])
def test_a_change_that_was_heard_of_in_a_look_that_failed_is_not_forgotten(
    fails: str,
    publisher: Publisher,
    aisle: Aisle,
    db: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (page,) = tmp_path.glob("published/codes/*/*/en/page")
    rename(db, aisle, "Ochre Slouch Top")
    with monkeypatch.context() as broken:
        broken.setattr(*((publisher._codes, "hear") if fails == "hear" else (publisher, "_want")), _fail)
        with pytest.raises(OSError, match="full"):
            publisher.look(now())

    publisher.publish()

    assert b"Ochre Slouch Top" in page.read_bytes()


def _fail(*_: object) -> None:
    raise OSError("the disk is full")


def test_a_page_that_cannot_be_rendered_takes_no_other_with_it(
    publisher: Publisher, aisle: Aisle, db: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = following.render_key

    def render(db: Session, key: PageKey, **more: Any) -> RenderedPage:
        if key.locale == "en":
            raise ZeroDivisionError
        return real(db, key, **more)

    rename(db, aisle, "Ochre Slouch Top")
    monkeypatch.setattr(following, "render_key", render)
    publisher.look(now())

    assert [path.parent.name for path in tmp_path.glob("published/codes/*/*/*/page")] == ["ar"]
    assert all(b"Ochre" in path.read_bytes() for path in tmp_path.glob("published/codes/*/*/*/page"))


@pytest.mark.parametrize("is_everything", [False, True], ids=["an item", "a house"])
def test_what_has_changed_is_answered_from_behind_until_its_turn_comes(
    publisher: Publisher,
    phone: Ask,
    app: Flask,
    aisle: Aisle,
    db: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_everything: bool,
) -> None:
    monkeypatch.setattr(following, "_AT_ONCE", 1)
    db.merge(aisle.top).title = "Ochre Slouch Top"
    changed(db, aisle.retailer.id, None if is_everything else aisle.top.id, at=now())
    db.commit()
    hear(app)

    done = publisher.look(now())

    assert (done.pages, done.waiting) == (1, 1)
    for language in ("en", "ar"):
        assert b"Ochre Slouch Top" in phone(aisle.printed, Accept_Language=language).body
    # What changes again meanwhile does not bring the old page back.
    rename(db, aisle, "Amber Slouch Top")
    publisher.look(now())
    assert all(b"Amber" in page.read_bytes() for page in tmp_path.glob("published/codes/*/*/*/page"))
    assert publisher.publish().pages == 2


def test_whoever_is_killed_removing_a_page_leaves_no_half_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = RenderedPage(b'<meta charset="utf-8">', (("Content-Security-Policy", "default-src 'none'"),), NOON, "top")
    shelf = Shelf(tmp_path)
    digest = shelf.put(page)

    def half(folder: Path, **_: Any) -> None:
        (folder / "page.br").unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(shutil, "rmtree", half)
        shelf.remove([digest])
    after = Shelf(tmp_path)
    left = after.digests()
    assert after.put(page) == digest
    after.remove(left)

    assert [path.name for path in (tmp_path / "pages").iterdir()] == [digest]
    assert {path.name for path in (tmp_path / "pages" / digest).iterdir()} == {"page", "page.gz", "page.br"}


def test_a_server_that_did_not_read_its_configuration_is_asked_again(
    settings: Settings, aisle: Aisle, db: Session, behind: str, tmp_path: Path
) -> None:
    ready, told = tmp_path / "ready", tmp_path / "told"
    command = f"sh -c 'test -e {ready} && touch {told}'"
    publisher = Publisher(settings, tmp_path / "published", behind=behind, reload_command=command)
    publisher.publish()
    ready.touch()

    publisher.look(now())
    assert not told.exists(), "not each second"
    publisher.look(now() + timedelta(minutes=2))
    publisher.close()

    assert told.exists()


def test_who_comes_after_asks_the_server_to_read_what_was_written_before(
    publisher: Publisher, settings: Settings, behind: str, tmp_path: Path
) -> None:
    told = tmp_path / "told"

    again = Publisher(settings, tmp_path / "published", behind=behind, reload_command=f"touch {told}")
    again.publish()
    assert told.exists()
    told.unlink()
    again.look(now() + timedelta(minutes=2))
    again.close()

    assert not told.exists(), "once is enough"


def test_a_killed_nginx_counts_what_it_answered(nginx: Nginx, app: Flask, aisle: Aisle, settings: Settings) -> None:
    answered = cut = 0
    for _ in range(4):
        line = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=10)
        for number in range(50):
            if number == 45:
                for pid in nginx.workers():
                    os.kill(pid, signal.SIGKILL)
            try:
                line.request("GET", aisle.printed, headers={"Host": HOST, "User-Agent": PHONE})
                answer = line.getresponse()
                answer.read()
                answered += answer.status == 200
            except (OSError, http.client.HTTPException):
                cut += 1
                line.close()
        line.close()
    # The line of the last answer is written when it is out.
    nginx.stop()
    services: Services = app.extensions["qrmerch"]

    load_all(services.database, settings.log_dir)

    with services.database.read() as db:
        counted = db.scalar(select(func.count()).select_from(Scan)) or 0
        visits = db.scalar(select(func.count(func.distinct(Scan.visit)))) or 0
        bad = db.scalar(select(func.sum(LogFile.bad_lines))) or 0
    # One line is written when its answer is out: of each kill at most the one under way can be missing.
    assert answered - 4 <= counted <= answered + cut
    assert answered >= 180
    assert visits == counted
    assert bad == 0


def test_two_in_front_on_machines_of_one_name_write_files_of_two_names(
    nginx: Nginx, phone: Ask, behind: str, app: Flask, aisle: Aisle, settings: Settings, tmp_path: Path
) -> None:
    there = dataclasses.replace(settings, data_dir=tmp_path / "there").ready()
    publisher = Publisher(there, tmp_path / "published-there", behind=behind)
    publisher.publish()
    publisher.close()
    phone(aisle.printed)
    with running(tmp_path / "nginx-there", tmp_path / "published-there") as other:
        ask(other.port, aisle.printed)
        logged(there, 1)
    logged(settings, 1)
    services: Services = app.extensions["qrmerch"]

    for folder in (settings.log_dir, there.log_dir):
        load_all(services.database, folder)

    with services.database.read() as db:
        assert db.scalar(select(func.count(func.distinct(Scan.id)))) == 2


def test_two_in_front_of_one_database_are_counted_together(
    publisher: Publisher, nginx: Nginx, app: Flask, aisle: Aisle, settings: Settings, tmp_path: Path
) -> None:
    other = Nginx(nginx._program, tmp_path / "second", tmp_path / "published")
    other.start()
    for port in (nginx.port, other.port, nginx.port):
        assert ask(port, aisle.printed).status == 200
    other.stop()
    logged(settings, 3)
    services: Services = app.extensions["qrmerch"]

    load_all(services.database, settings.log_dir)

    with services.database.read() as db:
        assert db.scalar(select(func.count(func.distinct(Scan.id)))) == 3


@pytest.mark.parametrize("slug", ["fashiontown", "fashion-town"])
def test_a_house_may_be_called_as_it_likes(
    slug: str, settings: Settings, aisle: Aisle, db: Session, behind: str, tmp_path: Path
) -> None:
    db.merge(aisle.retailer).slug = slug
    db.add(RetailerHost(retailer_id=aisle.retailer.id, host="other.example", proven_at=NOON))
    db.commit()
    publisher = Publisher(settings, tmp_path / "published", behind=behind)
    publisher.publish()
    publisher.close()

    with running(tmp_path / "nginx", tmp_path / "published") as nginx:
        assert ask(nginx.port, aisle.printed, Host="other.example").status == 200
        assert "server-timing" in ask(nginx.port, aisle.printed, Host="other.example").headers


def test_a_server_starts_with_no_house_taken_in(publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / "published" / "servers.conf").write_text("server { listen 80; return 204; }")

    with running(tmp_path / "nginx", tmp_path / "published") as nginx:
        assert ask(nginx.port, "/").status == 204
