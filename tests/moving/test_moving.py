"""Moving away with every printed code, and back: onto an empty installation, and onto a plain web server."""

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch import create_app, jobs
from qrmerch.catalog.models import Item, Variant
from qrmerch.catalog.service import retire_item
from qrmerch.clock import now
from qrmerch.codes import service
from qrmerch.codes.models import Carrier, Code, CodeState
from qrmerch.codes.queries import Wanted, each_code
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.errors import Conflict
from qrmerch.files import FileStore
from qrmerch.landing.scanning import close_scan_path
from qrmerch.moving import coming, going, records, servers
from qrmerch.moving.coming import Arrived, NoExport, TokenTaken
from qrmerch.parties.models import Retailer, RetailerHost, Store
from qrmerch.parties.service import add_host
from qrmerch.web import Services
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_fixture, make_item, make_retailer, make_store, make_vendor, publish_page
from tests.figures import on_both_when_full

HOST, OLD_HOST = "qr.fashiontown.example", "old.fashiontown.example"
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Printed:
    """What a shop has printed, by what it leads to."""

    retailer: Retailer
    codes: dict[str, Code]
    top: Item
    store: Store


@pytest.fixture
def printed(db: Session) -> Printed:
    """A shop with codes of every kind, in every state, on every carrier; committed."""
    retailer = make_retailer(db, slug="fashiontown", name="=Fashiontown & Söhne", locales=["en", "ar"])
    store = make_store(db, retailer, code="FT-1", short_name="Riverside")
    closed = make_store(db, retailer, code="FT-2")
    closed.is_open = False
    wall = make_fixture(db, store, name='Tops "wall", bay 3')
    vendor = make_vendor(db, retailer, name="Sunny Side")
    top = make_item(db, retailer, vendor=vendor, title="Marigold <Top>")
    old = make_item(db, retailer, vendor=vendor, title="Ferry Jumper")
    publish_page(db, top, slots={"story.lede": {"en": "The loose knit."}})
    size = db.scalars(select(Variant).where(Variant.item_id == top.id).order_by(Variant.place)).all()[1]
    early = service.make_code(db, top, at=NOON)
    add_host(db, retailer, OLD_HOST, is_primary=False, proven_at=NOON)
    add_host(db, retailer, HOST, is_primary=True, proven_at=NOON)
    add_host(db, retailer, "pending.example", is_primary=False, proven_at=None)
    codes = {
        "early": early,
        "item": service.make_code(db, top, at=NOON, fixture_id=wall.id, batch="Winter", campaign="yellow"),
        "nowhere": service.make_code(db, top, at=NOON, carrier=Carrier.NFC),
        "variant": service.make_code(db, size, at=NOON, store_id=store.id, carrier=Carrier.SCREEN),
        "store": service.make_code(db, store, at=NOON, store_id=store.id),
        "closed": service.make_code(db, closed, at=NOON),
        "old item": service.make_code(db, old, at=NOON, store_id=closed.id),
        "first": service.make_code(db, old, at=NOON),
        "second": service.make_code(db, old, at=NOON),
    }
    service.mark_printed(db, [codes["item"]], at=NOON + timedelta(hours=1), actor=None)
    service.retire_code(db, codes["old item"], at=NOON, actor=None)
    service.replace_code(db, codes["first"], codes["second"], at=NOON, actor=None)
    service.replace_code(db, codes["second"], codes["item"], at=NOON, actor=None)
    retire_item(db, old, at=NOON, actor=None)
    db.commit()
    return Printed(retailer, codes, top, store)


def export(settings: Settings, database: Database, folder: Path) -> going.Written:
    with database.read() as db:
        retailer = db.scalars(select(Retailer).where(Retailer.slug == "fashiontown")).one()
        return going.write_folder(
            db, retailer, folder, store=FileStore(settings.uploads_dir), base_url="https://shared.example", at=now()
        )


@dataclass
class Elsewhere:
    """An empty installation, with its application."""

    database: Database
    app: Flask

    def take_in(self, folder: Path) -> Arrived:
        return coming.read_folder(self.database, folder, at=now())


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[Elsewhere]:
    """Another machine: a database of its own kind, made empty."""
    if settings.database_url.startswith("sqlite"):
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "elsewhere.db")
        yield from _open_elsewhere(settings, f"sqlite:///{tmp_path / 'elsewhere.db'}", tmp_path)
        return
    with request.getfixturevalue("postgresql").database() as url:
        yield from _open_elsewhere(settings, url, tmp_path)


def _open_elsewhere(settings: Settings, url: str, tmp_path: Path) -> Iterator[Elsewhere]:
    database = Database(url)
    folders = {"data_dir": tmp_path / "elsewhere", "uploads_dir": tmp_path / "elsewhere-files"}
    app = create_app(replace(settings, database_url=url, base_url="https://new.example", **folders).ready())
    services: Services = app.extensions["qrmerch"]
    jobs.detach(services.database)
    yield Elsewhere(database, app)
    close_scan_path(services.parts)
    services.database.close()
    database.close()


@on_both_when_full
def test_every_old_token_answers_on_an_empty_installation(
    printed: Printed, settings: Settings, database: Database, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    export(settings, database, tmp_path / "away")

    arrived = elsewhere.take_in(tmp_path / "away")

    phone = Browser(elsewhere.app)
    answers = {name: phone.get(f"/q/{code.token}", Host=HOST) for name, code in printed.codes.items()}
    assert (arrived.codes, arrived.items, arrived.stores, arrived.known) == (9, 2, 2, 0)
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(printed.codes, 200)
    for name in ("early", "item", "nowhere", "variant", "first", "second"):
        assert "Marigold &lt;Top&gt;" in answers[name].text, name
    assert 'value="m" checked' in answers["variant"].text
    assert "No longer sold" in answers["old item"].text and "Ferry Jumper" in answers["old item"].text
    assert "Fashiontown &amp; Söhne Riverside" in answers["store"].text
    assert "This store is closed" in answers["closed"].text
    for host in (HOST, OLD_HOST, "new.example"):
        assert phone.get(f"/q/{printed.codes['early'].token}", Host=host).status_code == 200
    assert phone.get(f"/i/{printed.top.public_id}?at={printed.store.public_id}", Host=HOST).status_code == 200
    assert phone.get(f"/q/{printed.codes['early'].token}", Host="pending.example").status_code == 421
    assert (arrived.shared_host, arrived.shared_codes) == ("shared.example", 1)


@on_both_when_full
def test_what_is_brought_back_says_the_same_of_every_code(
    printed: Printed, settings: Settings, database: Database, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    export(settings, database, tmp_path / "away")
    elsewhere.take_in(tmp_path / "away")

    again = export(settings, elsewhere.database, tmp_path / "again")

    def said(folder: str) -> list[records.Record]:
        lines = (tmp_path / folder / records.FILE).read_text().splitlines()
        found = [json.loads(line) for line in lines]
        return sorted((each for each in found if each["kind"] != "retailer"), key=json.dumps)

    def plain(each: records.Record) -> records.Record:
        return {name: value for name, value in each.items() if name != "created_at"}

    assert again.codes == 9
    assert [plain(each) for each in said("again")] == [plain(each) for each in said("away")]


@ON_SQLITE
def test_an_import_that_is_done_again_brings_nothing_twice(
    printed: Printed, settings: Settings, database: Database, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    export(settings, database, tmp_path / "away")
    elsewhere.take_in(tmp_path / "away")
    with elsewhere.database.write() as db:
        old = db.scalars(select(Code).where(Code.token == printed.codes["first"].token)).one()
        service.bring_back(db, old, at=now(), actor=None)
        db.commit()

    again = elsewhere.take_in(tmp_path / "away")

    assert (again.codes, again.known, again.items, again.stores) == (0, 9, 0, 0)
    with elsewhere.database.read() as db:
        assert db.scalar(select(func.count(Code.id))) == 9
        assert db.get_one(Code, old.id).state == CodeState.ACTIVE, "what was decided here since stays"


@ON_SQLITE
def test_an_import_that_was_cut_off_anywhere_is_finished_by_the_next(
    printed: Printed,
    settings: Settings,
    database: Database,
    elsewhere: Elsewhere,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    export(settings, database, tmp_path / "away")
    monkeypatch.setattr(coming, "_CHUNK", 2)
    left = iter(range(10))

    def die(_: int) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        coming.read_folder(elsewhere.database, tmp_path / "away", at=now(), progress=die)
    elsewhere.take_in(tmp_path / "away")

    phone = Browser(elsewhere.app)
    for name, code in printed.codes.items():
        assert phone.get(f"/q/{code.token}", Host=HOST).status_code == 200, name
    assert "Marigold" in phone.get(f"/q/{printed.codes['first'].token}", Host=HOST).text


@ON_SQLITE
def test_a_token_or_a_host_of_another_house_is_never_taken_over(
    printed: Printed, settings: Settings, database: Database, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    export(settings, database, tmp_path / "away")
    with elsewhere.database.write() as db:
        other = service.make_code(db, make_item(db, make_retailer(db)), at=NOON)
        other.token = printed.codes["item"].token
        db.commit()

    with pytest.raises(TokenTaken):
        elsewhere.take_in(tmp_path / "away")
    with elsewhere.database.write() as db:
        db.delete(db.get_one(Code, other.id))
        for row in db.scalars(select(RetailerHost)):
            db.delete(row)
        add_host(db, db.get_one(Retailer, other.retailer_id), HOST, is_primary=True, proven_at=NOON)
        db.commit()
    with pytest.raises(Conflict, match="proven by another house"):
        elsewhere.take_in(tmp_path / "away")


CHANGES: list[Callable[[str], str]] = [
    lambda text: "",
    lambda text: "nonsense\n" + text,
    lambda text: text[: len(text) // 2],
    lambda text: "[1]\n" + text,
    lambda text: "\n".join(text.splitlines()[1:]),
    lambda text: text.replace('"version": 1', '"version": 99'),
    lambda text: text.replace('"kind": "item"', '"kind": "thing"'),
    lambda text: text.replace('"leads_to": "store"', '"leads_to": "moon"'),
    lambda text: text.replace('"store": "FT-1"', '"store": "FT-9"'),
    lambda text: re.sub(r'"token": ".', '"token": "U', text),
    lambda text: re.sub(r'("token": "\w+", "host": ")[^"]*', r"\1evil.example", text),
]


@ON_SQLITE
def test_a_folder_that_is_none_or_was_changed_is_refused_with_a_reason(
    printed: Printed, settings: Settings, database: Database, sqlite_template: Path, tmp_path: Path
) -> None:
    export(settings, database, tmp_path / "away")
    path = tmp_path / "away" / records.FILE
    whole = path.read_text()

    for number, change in enumerate(CHANGES):
        path.write_text(change(whole))
        shutil.copyfile(sqlite_template, tmp_path / f"{number}.db")
        empty = Database(f"sqlite:///{tmp_path / f'{number}.db'}")
        with pytest.raises(NoExport) as refused:
            coming.read_folder(empty, tmp_path / "away", at=now())
        empty.close()
        assert len(refused.value.detail) > 30, number


# --- the folder, without qrmerch --------------------------------------------------------------------


def pages_of(text: str) -> dict[str, str]:
    """The map as nginx or Apache reads it: address and page."""
    return dict(line.rstrip(";").split(" ") for line in text.splitlines())


@ON_SQLITE
def test_a_plain_server_answers_every_address_with_a_page_that_is_there(
    printed: Printed, settings: Settings, database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "away"
    written = export(settings, database, folder)

    nginx = pages_of((folder / servers.NGINX_MAP).read_text())
    apache = pages_of((folder / servers.APACHE_MAP).read_text())

    assert written.codes == 9
    assert {each for each in nginx if each.startswith("/q/")} == {f"/q/{c.token}" for c in printed.codes.values()}
    assert apache == {asked.upper(): page for asked, page in nginx.items()}
    assert all((folder / page.lstrip("/")).is_file() for page in nginx.values())
    for name in ("item", "first", "second", "variant"):
        assert "Marigold &lt;Top&gt;" in (folder / nginx[f"/q/{printed.codes[name].token}"].lstrip("/")).read_text()
    top = (folder / f"pages/{printed.top.public_id}.html").read_text()
    assert "The loose knit." in top and "=Fashiontown &amp; Söhne" in top
    assert "<script" not in top and "http" not in top and "$" not in top, "no script, no other host, no price"
    assert "No longer sold" in (folder / nginx[f"/q/{printed.codes['old item'].token}"].lstrip("/")).read_text()
    assert nginx["/privacy"] == "/pages/privacy.html"
    conf = (folder / servers.NGINX).read_text()
    assert re.search(r"server_name .*qr\.fashiontown\.example", conf) and "shared.example" in conf
    assert conf.count("{") == conf.count("}")


@ON_SQLITE
def test_the_table_has_a_line_for_each_code_with_what_is_printed(
    printed: Printed, settings: Settings, database: Database, tmp_path: Path
) -> None:
    export(settings, database, tmp_path / "away")

    with (tmp_path / "away" / "codes.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["Token"]: row for row in csv.DictReader(file)}

    first, item = rows[printed.codes["first"].token], rows[printed.codes["item"].token]
    assert len(rows) == 9
    assert rows[printed.codes["early"].token]["Address"].startswith("https://shared.example/q/")
    assert item["Address"] == f"https://{HOST}/q/{printed.codes['item'].token}"
    assert (item["Store"], item["Place"], item["Batch"]) == ("FT-1", 'Tops "wall", bay 3', "Winter")
    assert (first["State"], first["Replaced by"]) == ("replaced", printed.codes["second"].token)
    assert first["Page"] == f"pages/{printed.top.public_id}.html"
    with database.read() as db:
        assert sum(1 for _ in each_code(db, Wanted(printed.retailer.id))) == 9


@ON_SQLITE
def test_a_folder_in_use_is_never_written_over(
    printed: Printed, settings: Settings, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")

    with pytest.raises(Conflict, match="not empty"):
        export(settings, database, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]
