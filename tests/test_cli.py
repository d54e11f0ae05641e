"""The commands: each does what it says, and says what is wrong in a sentence."""

import io
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, select

from qrmerch import cli
from qrmerch.audit import AuditEntry, AuditHead
from qrmerch.catalog.models import Item, Stock, Variant
from qrmerch.clock import now
from qrmerch.codes import artwork
from qrmerch.codes.service import make_code as make_printed_code
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.files import FileStore
from qrmerch.media.models import Rendition
from qrmerch.parties.models import Fixture, Store
from qrmerch.scans.line import scan_line
from qrmerch.serving import environment_of
from tests.factories import make_asset, make_code, make_item, make_retailer, make_store, make_vendor
from tests.tampering import allow_tampering


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Run the command with this test's settings."""
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(cli.main, arguments)

    return call


def walk(command: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [path]
    for name, below in getattr(command, "commands", {}).items():
        found += walk(below, (*path, name))
    return found


@pytest.mark.parametrize("path", walk(cli.main), ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli.main, [*path, "--help"])

    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_a_retailer_is_added_with_its_templates_and_its_owner_invited(run, database: Database) -> None:  # type: ignore[no-untyped-def]
    added = run("retailer", "add", "fashiontown", "Fashiontown", "--currency", "usd", "--locale", "en", "--json")
    invited = run("user", "invite", "olive@example.com", "--retailer", "fashiontown")

    assert json.loads(added.output)["slug"] == "fashiontown"
    assert invited.output.startswith("http://localhost/invitation/")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("user", "invite", "a@example.com", "--retailer", "nobody"), "There is no retailer nobody"),
        (("user", "invite", "no-address", "--role", "operator"), "not an e-mail address"),
        (("user", "invite", "a@example.com", "--role", "king"), "king is not a role"),
        (("retailer", "add", "A B", "X", "--currency", "USD"), "lower-case"),
        (("import", "catalog", __file__, "--vendor", "Nobody"), "There is no vendor Nobody"),
        (("import", "stock", __file__, "--retailer", "nobody"), "There is no retailer nobody"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(run, arguments: tuple[str, ...], says: str) -> None:  # type: ignore[no-untyped-def]
    result = run(*arguments)

    assert result.exit_code != 0
    assert says in result.output
    assert "Traceback" not in result.output


def test_a_catalogue_is_tried_then_taken_in(run, database: Database, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with database.write() as db:
        shop = make_retailer(db, slug="fashiontown")
        make_store(db, shop)
        make_vendor(db, shop, name="Sunny Side")
        db.commit()
    sheet, report = tmp_path / "tops.csv", tmp_path / "fix.csv"
    sheet.write_text("style,title,price\nA,Marigold Top,28.00\nB,Buttercup Cardigan,thirty\n")
    wanted = ("import", "catalog", str(sheet), "--vendor", "sunny side", "--list-at", "fashiontown")

    tried = run(*wanted, "--dry-run", "--report", str(report))
    with database.read() as db:
        assert not db.scalars(select(Item)).all()
    taken = run(*wanted, "--json")

    assert tried.exit_code == 1 and "Nothing was written" in tried.output
    assert "thirty" in report.read_text()
    assert json.loads(taken.output.splitlines()[-1])["written"]["created"] == 1
    with database.read() as db:
        assert [item.title for item in db.scalars(select(Item))] == ["Marigold Top"]


def test_the_audit_chains_are_compared_with_what_was_kept(run, database: Database, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run("retailer", "add", "fashiontown", "Fashiontown", "--currency", "USD")
    run("user", "invite", "olive@example.com", "--retailer", "fashiontown")

    first = run("audit", "verify", "--json")

    told = json.loads(first.output)
    assert (told["chains"], told["broken"]) == (1, {})
    kept = tmp_path / "heads.json"
    kept.write_text(first.output)
    assert run("audit", "verify", "--kept", str(kept)).exit_code == 0
    with database.write() as db:
        allow_tampering(db)
        last = max(each["number"] for each in told["heads"].values())
        db.execute(delete(AuditEntry).where(AuditEntry.number == last))
        db.execute(delete(AuditHead))
        db.commit()
    result = run("audit", "verify", "--kept", str(kept))
    assert result.exit_code == 1 and f"breaks at entry {last}" in result.output


def test_old_tables_are_not_served(run, settings: Settings, database: Database) -> None:  # type: ignore[no-untyped-def]
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")

    result = run("retailer", "add", "x", "X", "--currency", "USD")

    assert result.exit_code == 1
    assert "qrmerch db upgrade" in result.output


def test_files_are_compared_with_rows_and_orphans_deleted_on_demand(  # type: ignore[no-untyped-def]
    run, settings: Settings, database: Database
) -> None:
    store = FileStore(settings.uploads_dir)
    kept = store.put(io.BytesIO(b"kept"), "incoming")
    orphan = store.put(io.BytesIO(b"nobody's"), "renditions")
    young = store.put(io.BytesIO(b"just came"), "renditions")
    for key in (kept, orphan):
        os.utime(store.path(key), (1_600_000_000, 1_600_000_000))
    with database.write() as db:
        for key in (kept, "incoming/" + "0" * 64):
            asset = make_asset(db, make_vendor(db))
            asset.source_key = key
            db.execute(delete(Rendition).where(Rendition.asset_id == asset.id))
        db.commit()

    looked = run("files", "check", "--json")
    still = store.exists(orphan)
    repaired = run("files", "check", "--repair")

    found = json.loads(looked.output)
    assert looked.exit_code == 1, "a file is missing"
    assert (found["files"], found["bytes"], found["orphans"], found["orphan_bytes"]) == (3, 21, 1, 8)
    assert found["missing_keys"] == ["incoming/" + "0" * 64]
    assert still
    assert "2 files, 13 bytes; 0 named by nothing (0 bytes); 1 missing; 1 deleted." in repaired.output
    assert [store.exists(key) for key in (kept, orphan, young)] == [True, False, True]


def test_a_nightly_file_of_stock_is_tried_then_taken_in(run, database: Database, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with database.write() as db:
        shop = make_retailer(db, slug="fashiontown")
        make_store(db, shop, code="FT-1")
        make_item(db, shop, key="TOP")
        db.commit()
    feed, report = tmp_path / "stock.csv", tmp_path / "fix.csv"
    feed.write_text("sku,store,qty\nTOP-S,FT-1,7\nTOP-X,FT-1,7\n")
    wanted = ("import", "stock", str(feed), "--retailer", "fashiontown")

    tried = run(*wanted, "--dry-run", "--report", str(report))
    with database.read() as db:
        assert not db.scalars(select(Stock)).all()
    taken = run(*wanted, "--json")
    older = run(*wanted, "--as-of", "2026-01-01T06:00", "--json")
    ahead = run(*wanted, "--as-of", "2090-01-01")
    odd = run(*wanted, "--as-of", "soon")

    assert tried.exit_code == 1 and "Nothing was written" in tried.output
    assert "TOP-X" in report.read_text()
    assert json.loads(taken.output.splitlines()[-1])["written"]["created"] == 1
    assert json.loads(older.output.splitlines()[-1])["written"]["older"] == 1
    assert "has not come yet" in ahead.output and "no date and time" in odd.output
    with database.read() as db:
        assert db.scalars(select(Stock.pieces)).all() == [7]


def test_stores_places_and_prices_are_taken_in(run, database: Database, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with database.write() as db:
        make_item(db, make_retailer(db, slug="fashiontown"), key="TOP")
        db.commit()
    files = {
        "stores": "code,name\nB1,Berlin\n",
        "places": "store,place\nB1,Shoe wall\n",
        "prices": "sku,price\nTOP-S,24.00\n",
    }

    for kind, text in files.items():
        (tmp_path / kind).write_text(text)
        result = run("import", kind, str(tmp_path / kind), "--retailer", "fashiontown", "--country", "de")
        assert result.exit_code == 0, result.output
        assert "Taken in." in result.output

    with database.read() as db:
        assert [(each.code, each.time_zone) for each in db.scalars(select(Store))] == [("B1", "Europe/Berlin")]
        assert [each.name for each in db.scalars(select(Fixture))] == ["Shoe wall"]
        assert sorted(db.scalars(select(Variant.price_minor))) == [2400, 2800]


def test_artwork_is_checked_with_its_records(run, database: Database, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with database.write() as db:
        shop = make_retailer(db)
        code = make_printed_code(db, make_item(db, shop, title="Marigold Top"), at=now())
        token, slug = code.token, shop.slug
        db.commit()
    proof, other = tmp_path / "tag.png", tmp_path / "other.png"
    proof.write_bytes(artwork.png(f"http://localhost/q/{token}"))
    other.write_bytes(artwork.png("https://elsewhere.example/"))

    ours = run("codes", "check", str(proof), "--retailer", slug, "--json")
    theirs = run("codes", "check", str(other), "--retailer", slug)
    at_till = run("codes", "check", str(proof), "--use", "till", "--width-mm", "9")

    (found,) = json.loads(ours.output)[str(proof)]["codes"]
    assert (found["whose"], found["item"], found["verdict"]) == ("ours", "Marigold Top", "pass")
    assert (ours.exit_code, theirs.exit_code, at_till.exit_code) == (0, 0, 1)
    assert "leads elsewhere" in theirs.output
    assert "a till’s scanner wants" in at_till.output


def test_a_rule_is_withdrawn_by_its_number_once(run, settings: Settings, database: Database) -> None:  # type: ignore[no-untyped-def]
    with database.write() as session:
        token = make_code(session, make_item(session, make_retailer(session))).token
        session.commit()
    settings.log_dir.mkdir(parents=True, exist_ok=True)
    said = {"agent": "bot word 37 2 desktop windows", "visit": "", "near": "", "manner": "", "has_gpc": False}
    line = scan_line(token, now().timestamp(), is_own_network=False, **said)
    (settings.log_dir / "scan-a.jsonl").write_bytes(line)
    run("scans", "load")

    done = run("scans", "withdraw", "37", "--why", "The kiosk's browser", "--json")
    again = run("scans", "withdraw", "37", "--why", "The kiosk's browser")

    assert json.loads(done.output)["hits"] == 1
    assert again.exit_code == 1 and "was withdrawn before" in again.output
    assert "37  bot      word" in run("scans", "rules").output
