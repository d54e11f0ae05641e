"""Moving away with every printed code, and back: onto an empty installation, and onto a plain web server."""

import csv
import http.client
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch import create_app, jobs
from qrmerch.catalog.drafts import ProductDraft, VariantDraft
from qrmerch.catalog.models import Item, ProductVariant, Variant, VendorProduct
from qrmerch.catalog.service import put_product, retire_item
from qrmerch.clock import now
from qrmerch.codes import service
from qrmerch.codes.gs1_models import Gs1Link, GtinAnswer, LinkHost
from qrmerch.codes.models import Carrier, Code, CodeState
from qrmerch.codes.queries import Wanted, each_code
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.errors import Conflict
from qrmerch.files import FileStore
from qrmerch.landing.scanning import close_scan_path
from qrmerch.looks.models import Look
from qrmerch.moving import coming, going, records, servers
from qrmerch.moving.checking import NoExport
from qrmerch.moving.coming import Arrived, HouseKnown, TokenTaken
from qrmerch.occasions.models import Occasion
from qrmerch.parties.models import Retailer, RetailerHost, Store
from qrmerch.parties.service import add_host
from qrmerch.web import Services
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import (
    make_fixture,
    make_item,
    make_look,
    make_occasion,
    make_retailer,
    make_store,
    make_vendor,
    publish_page,
)
from tests.figures import on_both_when_full
from tests.landing.aisle import hear
from tests.ports import free_port

HOST, OLD_HOST = "qr.fashiontown.example", "old.fashiontown.example"
GTIN, OTHER_GTIN, GTIN_OF_PLAIN, GLN = "09506000134352", "09506000134369", "09506000134376", "9506000134376"
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
    plain = make_item(db, retailer, vendor=vendor, title="Plain Sock")
    publish_page(db, top, slots={"story.lede": {"en": "The loose knit."}})
    sizes = db.scalars(select(Variant).where(Variant.item_id == top.id).order_by(Variant.place)).all()
    sizes[0].gtin = GTIN
    db.scalars(select(Variant).where(Variant.item_id == plain.id)).all()[0].gtin = GTIN_OF_PLAIN
    store.gln = GLN
    db.add(LinkHost(retailer_id=retailer.id, host="help.example.com", added_at=NOON))
    db.add(GtinAnswer(retailer_id=retailer.id, gtin=GTIN, variant_id=sizes[0].id))
    for level, href, is_default in (("/10/L%2F1", "/help", True), ("", "https://help.example.com/wash", False)):
        db.add(
            Gs1Link(
                retailer_id=retailer.id, item_id=top.id, qualifiers=level, link_type="instructions", title="How to",
                href=href, is_default=is_default, context="" if is_default else "staff", created_at=NOON,
            )
        )  # fmt: skip
    size = db.scalars(select(Variant).where(Variant.item_id == top.id).order_by(Variant.place)).all()[1]
    early = service.make_code(db, top, at=NOON)
    add_host(db, retailer, OLD_HOST, is_primary=False, proven_at=NOON)
    add_host(db, retailer, HOST, is_primary=True, proven_at=NOON)
    add_host(db, retailer, "pending.example", is_primary=False, proven_at=None)
    look = make_look(db, plain, top, title="Socks <with> it")
    occasion = make_occasion(db, store, title="Late night")
    codes = {
        "early": early,
        "look": service.make_code(db, look, at=NOON, fixture_id=wall.id),
        "occasion": service.make_code(db, occasion, at=NOON),
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
        arrived = coming.read_folder(self.database, folder, at=now())
        # What it looked up while an earlier import was under way is read anew.
        hear(self.app)
        return arrived


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
    assert (arrived.codes, arrived.items, arrived.stores, arrived.known) == (11, 3, 2, 0)
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(printed.codes, 200)
    for name in ("early", "item", "nowhere", "variant", "first", "second"):
        assert "Marigold &lt;Top&gt;" in answers[name].text, name
    assert 'value="m" checked' in answers["variant"].text
    assert "No longer sold" in answers["old item"].text and "Ferry Jumper" in answers["old item"].text
    assert "Fashiontown &amp; Söhne Riverside" in answers["store"].text
    assert "This store is closed" in answers["closed"].text
    assert "This look is no longer here" in answers["look"].text, "until its items' pages are published here"
    assert "Late night" in answers["occasion"].text and "May 1" in answers["occasion"].text
    for host in (HOST, OLD_HOST, "new.example"):
        assert phone.get(f"/q/{printed.codes['early'].token}", Host=host).status_code == 200
    assert phone.get(f"/i/{printed.top.public_id}?at={printed.store.public_id}", Host=HOST).status_code == 200
    assert phone.get(f"/q/{printed.codes['early'].token}", Host="pending.example").status_code == 421
    number = f"/01/{GTIN}"
    assert phone.get(number, Host=HOST).headers["Location"].startswith(f"/i/{printed.top.public_id}?pick=s")
    assert phone.get(f"{number}/10/L%2F1", Host=HOST).headers["Location"] == "/help"
    staff = phone.get(f"{number}?linkType=gs1:instructions&context=staff", Host=HOST).headers["Location"]
    assert staff.startswith("https://help.example.com/wash?")
    assert phone.get(f"/414/{GLN}", Host=HOST).headers["Location"].startswith("/store/")
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

    assert again.codes == 11
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

    assert (again.codes, again.known, again.items, again.stores) == (0, 11, 0, 0)
    with elsewhere.database.read() as db:
        assert [db.scalar(select(func.count(table.id))) for table in (Gs1Link, GtinAnswer, LinkHost)] == [2, 1, 1]
    with elsewhere.database.read() as db:
        assert db.scalar(select(func.count(Code.id))) == 11
        assert [db.scalar(select(func.count(table.id))) for table in (Look, Occasion)] == [1, 1]
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
    hear(elsewhere.app)
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


@ON_SQLITE
def test_a_host_that_another_house_has_proven_is_never_taken_over(
    printed: Printed, settings: Settings, database: Database, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    export(settings, database, tmp_path / "away")
    with elsewhere.database.write() as db:
        add_host(db, make_retailer(db), HOST, is_primary=True, proven_at=NOON)
        db.commit()

    with pytest.raises(Conflict, match="proven by another house"):
        elsewhere.take_in(tmp_path / "away")


@ON_SQLITE
def test_a_file_gives_a_house_that_is_here_already_no_new_host(
    printed: Printed, settings: Settings, database: Database, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    """Or whoever writes one would answer in that house's name, and vendors could link there."""
    export(settings, database, tmp_path / "away")
    with elsewhere.database.write() as db:
        there = make_retailer(db, slug="fashiontown", name="Another Fashiontown")
        db.commit()

    with pytest.raises(HouseKnown, match="is not known to be its own"):
        elsewhere.take_in(tmp_path / "away")
    with elsewhere.database.write() as db:
        assert db.scalars(select(RetailerHost)).all() == []
        for host in (HOST, OLD_HOST):
            add_host(db, db.get_one(Retailer, there.id), host, is_primary=False, proven_at=NOON)
        db.add(LinkHost(retailer_id=there.id, host="help.example.com", added_at=NOON))
        db.commit()

    assert elsewhere.take_in(tmp_path / "away").codes == 11


@ON_SQLITE
def test_what_a_vendor_has_here_already_stays_as_it_is(
    printed: Printed, settings: Settings, database: Database, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    """A product that others sell as well: the vendor's own words and numbers are no file's to change."""
    export(settings, database, tmp_path / "away")
    with database.read() as db:
        key = db.scalars(select(VendorProduct.key).join(Item).where(Item.id == printed.top.id)).one()
    with elsewhere.database.write() as db:
        sunny = make_vendor(db, make_retailer(db), name="Sunny Side")
        draft = ProductDraft(key, title="Ours", variants=(VariantDraft("s", (("Size", "S"),), "USD", gtin=OTHER_GTIN),))
        put_product(db, sunny.id, draft, at=NOON)
        db.commit()

    elsewhere.take_in(tmp_path / "away")

    with elsewhere.database.read() as db:
        product = db.scalars(select(VendorProduct).where(VendorProduct.key == key)).one()
        kept = db.scalars(select(ProductVariant).where(ProductVariant.product_id == product.id)).all()
        assert product.title == "Ours"
        assert {each.key: each.gtin for each in kept}["s"] == OTHER_GTIN
        mine = db.scalars(select(Variant).join(Item).where(Item.public_id == printed.top.public_id)).all()
        assert {each.key: each.gtin for each in mine}["s"] == GTIN, "what the house printed is what it means"


CHANGES: list[Callable[[str], str]] = [
    lambda text: "",
    lambda text: "nonsense\n" + text,
    # Within a line: a file that ends with a whole one is shorter, and none that was cut off.
    lambda text: text[:-40],
    lambda text: "[1]\n" + text,
    lambda text: "\n".join(text.splitlines()[1:]),
    lambda text: text.replace('"version": 3', '"version": 99'),
    lambda text: text.replace('"kind": "item"', '"kind": "thing"'),
    lambda text: text.replace('"leads_to": "store"', '"leads_to": "moon"'),
    lambda text: text.replace('"store": "FT-1"', '"store": "FT-9"'),
    lambda text: re.sub(r'"token": ".', '"token": "U', text),
    lambda text: re.sub(r'("token": "\w+", "host": ")[^"]*', r"\1evil.example", text),
]


def as_json(**values: object) -> Callable[[str], str]:
    """A change of each value of these names, wherever it stands."""

    def change(text: str) -> str:
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            line.update({name: value for name, value in values.items() if line.get(name) is not None})
        return "".join(f"{json.dumps(line)}\n" for line in lines)

    return change


def of_kind(kind: str, change: Callable[[dict[str, Any]], Any], *, again: bool = False) -> Callable[[str], str]:
    """A change of the first record of a kind, or (again) one more that is the same but for the change."""

    def apply(text: str) -> str:
        lines = [json.loads(line) for line in text.splitlines()]
        place = next(at for at, line in enumerate(lines) if line["kind"] == kind)
        if again:
            lines.insert(place, json.loads(json.dumps(lines[place])))
        change(lines[place])
        return "".join(f"{json.dumps(line)}\n" for line in lines)

    return apply


def replaced_by_each_other(text: str) -> str:
    lines = [json.loads(line) for line in text.splitlines()]
    first, second = (line for line in lines if line["kind"] == "code" and line["state"] == "replaced")
    second["replaced_by"] = first["token"]
    return "".join(f"{json.dumps(line)}\n" for line in lines)


TAMPERED: dict[str, Callable[[str], str]] = {
    "an id that climbs out of the folder": as_json(public_id="../../../../etc/x"),
    "an id that ends a line of a map": as_json(public_id="a /x;\n/q/1 /etc/x;"),
    "an id twice": of_kind("item", lambda item: None, again=True),
    "a look twice": of_kind("look", lambda look: None, again=True),
    "a look of an item that is not there": of_kind("look", lambda look: look["items"].append("0" * 16)),
    "a look with one item twice": of_kind("look", lambda look: look["items"].append(look["items"][0])),
    "a look of one item that is shown": of_kind("look", lambda look: look["items"].pop()),
    "a look without a title": of_kind("look", lambda look: look.update(title={})),
    "a look with an endless title": of_kind("look", lambda look: look.update(title={"en": "x" * 81})),
    "an event that ends before it begins": of_kind("occasion", lambda each: each.update(ends="2029-01-01T10:00")),
    "an event on no day": of_kind("occasion", lambda each: each.update(begins="2029-13-01T10:00")),
    "an event in a store that is not there": of_kind("occasion", lambda each: each.update(stores=["FT-9"])),
    "a code of a look that is not there": as_json(look="0" * 16),
    "a code of a look that is a list": as_json(look=[]),
    "a token twice": of_kind("code", lambda code: None, again=True),
    "a token with another check character": of_kind("code", lambda code: code.update(token="7K3M9QXR0")),
    "a circle of successors": replaced_by_each_other,
    "a successor that is not there": as_json(replaced_by="000000000"),
    "a replaced code without a successor": of_kind("code", lambda code: code.update(state="replaced")),
    "a name longer than its column": as_json(batch="x" * 61),
    "a line break in a name": as_json(title="Top\nX-Evil: 1"),
    "a control character": as_json(campaign="a\u0000b"),
    "an instant of no zone": as_json(made_at="2026-11-18T17:00:00"),
    "a price below nothing": of_kind("item", lambda item: item["variants"][0].update(price_minor=-1)),
    "a price that no column holds": of_kind("item", lambda item: item["variants"][0].update(price_minor=1 << 70)),
    "a price that is true": of_kind("item", lambda item: item["variants"][0].update(price_minor=True)),
    "options inside options": of_kind("item", lambda item: item["variants"][0].update(options={"a": {"b": 1}})),
    "a variant twice": of_kind("item", lambda item: item["variants"].append(item["variants"][0])),
    "an endless line": lambda text: text + " " * 2_000_000,
    "a line of brackets": lambda text: text + "[" * 500_000,
    "bytes that are no text": lambda text: text.replace("Ferry", "\udcff"),
    "a host in capitals": lambda text: text.replace(HOST, HOST.upper()),
    "a host that is an address": lambda text: text.replace(OLD_HOST, "127.0.0.1"),
    "a link to a host that nobody allowed": as_json(href="https://evil.example/"),
    "a link that runs": as_json(href="javascript:alert(1)"),
    "a link of a batch that is none": as_json(level="/10/A%ZZ"),
    "a link above its number": as_json(level="/../x"),
    "a kind of link that there is not": as_json(link_type="eifu"),
    "two ways for one scan": of_kind("link", lambda link: link.update(title="Another"), again=True),
    "a number that means nothing": of_kind("answer", lambda answer: answer.update(variant="none")),
    "another retailer in the middle": lambda text: text + text.splitlines()[0],
}


@ON_SQLITE
@pytest.mark.parametrize("name", TAMPERED)
def test_nothing_of_a_tampered_folder_is_taken_in(
    printed: Printed, settings: Settings, database: Database, elsewhere: Elsewhere, tmp_path: Path, name: str
) -> None:
    export(settings, database, tmp_path / "away")
    path = tmp_path / "away" / records.FILE
    path.write_bytes(TAMPERED[name](path.read_text()).encode(errors="surrogateescape"))

    with pytest.raises(NoExport) as refused:
        elsewhere.take_in(tmp_path / "away")

    assert len(refused.value.detail) > 30
    with elsewhere.database.read() as db:
        assert db.scalar(select(func.count(Retailer.id))) == 0


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

    assert written.codes == 11
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
    for number, title in ((GTIN, "Marigold &lt;Top&gt;"), (GTIN_OF_PLAIN, "Plain Sock")):
        assert title in (folder / nginx[f"/01/{number}"].lstrip("/")).read_text()
    assert nginx[f"/414/{GLN}"].startswith("/pages/store-")
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
    assert len(rows) == 11
    assert rows[printed.codes["early"].token]["Address"].startswith("https://shared.example/q/")
    assert item["Address"] == f"https://{HOST}/q/{printed.codes['item'].token}"
    assert (item["Store"], item["Place"], item["Batch"]) == ("FT-1", 'Tops "wall", bay 3', "Winter")
    assert (first["State"], first["Replaced by"]) == ("replaced", printed.codes["second"].token)
    assert first["Page"] == f"pages/{printed.top.public_id}.html"
    look = rows[printed.codes["look"].token]
    assert (look["Leads to"], look["Item"], look["Place"]) == ("look", "Socks <with> it", 'Tops "wall", bay 3')
    page = (tmp_path / "away" / look["Page"]).read_text()
    assert "Socks &lt;with&gt; it" in page and "Plain Sock" in page
    event = rows[printed.codes["occasion"].token]
    assert "Late night" in (tmp_path / "away" / event["Page"]).read_text()
    with database.read() as db:
        assert sum(1 for _ in each_code(db, Wanted(printed.retailer.id))) == 11


@ON_SQLITE
def test_a_folder_in_use_is_never_written_over(
    printed: Printed, settings: Settings, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")

    with pytest.raises(Conflict, match="not empty"):
        export(settings, database, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


# --- a real server ----------------------------------------------------------------------------------


@pytest.fixture
def nginx(printed: Printed, settings: Settings, database: Database, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Where nginx sends a phone, served from the folder as its README says."""
    binary = shutil.which("nginx")
    if binary is None:
        pytest.skip("there is no nginx here")
    folder = tmp_path / "away"
    export(settings, database, folder)
    port = free_port()
    conf = (folder / servers.NGINX).read_text().replace("/srv/qrmerch", str(folder))
    (tmp_path / "qrmerch.conf").write_text(conf.replace("listen 80;", f"listen 127.0.0.1:{port};"))
    shutil.copy(folder / servers.NGINX_MAP, tmp_path)
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p;\n"
        f"fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;\n"
        f"include {tmp_path}/qrmerch.conf; }}\n"
    )
    with subprocess.Popen([binary, "-p", tmp_path, "-c", tmp_path / "nginx.conf"], stderr=subprocess.PIPE) as server:
        try:
            yield lambda path: _location(port, path, server)
        finally:
            server.terminate()


def _location(port: int, path: str, server: "subprocess.Popen[bytes]") -> str:
    """Where an address leads, as soon as the server is there."""
    while server.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.putrequest("GET", path, skip_host=True)
            connection.putheader("Host", HOST)
            connection.endheaders()
            return urlsplit(connection.getresponse().getheader("Location", "")).path
        except ConnectionRefusedError:
            continue
        finally:
            connection.close()
    raise AssertionError(server.stderr.read() if server.stderr else "nginx ended")


@ON_SQLITE
def test_nginx_answers_codes_and_numbers_from_the_folder(printed: Printed, nginx: Callable[[str], str]) -> None:
    top = f"/pages/{printed.top.public_id}.html"

    for path in (
        f"/q/{printed.codes['item'].token}",
        f"/q/{printed.codes['item'].token.lower()}",
        f"/01/{GTIN}",
        f"/01/{GTIN}/",
        f"/01/{GTIN}/10/L%2F1/21/S1?17=271231",
        f"/i/{printed.top.public_id}?at=x",
    ):
        assert nginx(path) == top, path
    assert nginx(f"/414/{GLN}/254/SHELF-7").startswith("/pages/store-")
    for path in ("/01/09506000134383", f"/01/{GTIN}x", "/q/7K3M9QXRA", f"/x/01/{GTIN}"):
        assert nginx(path) == "/pages/unknown.html", path
