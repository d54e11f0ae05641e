"""Vendors' files in a bucket, against a real S3 server: two machines, a server that is away, and the pages."""

import dataclasses
import io
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import obstore
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import jobs, leftovers
from qrmerch.buckets import BucketAway, BucketStore, open_store
from qrmerch.clock import now
from qrmerch.config import Settings, SettingsError
from qrmerch.errors import NotFound, TooLarge
from qrmerch.files import FileStore
from qrmerch.imports.models import ImportRun, RunState
from qrmerch.jobs import Work
from qrmerch.leftovers import SPARED_FOR
from qrmerch.media.models import Asset, AssetKind, AssetState, Rendition
from tests.browsing import Browser
from tests.factories import make_template
from tests.imports.sheets import csv_of, top
from tests.media import films
from tests.media.pictures import picture
from tests.s3 import BUCKET, KEY, S3, SECRET, serve_s3
from tests.studio.people import Studio, kept, make_studio
from tests.studio.test_arrivals import announce, put, said

FILM = films.film(seconds=1)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with serve_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path) -> str:
    """What a bucket does is the same with every database."""
    path = tmp_path / "qrmerch.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def settings(database_url: str, tmp_path: Path, s3: S3, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A machine whose files lie in a part of the bucket that is this test's own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return Settings(
        mode="demo",
        data_dir=tmp_path / "var",
        uploads_dir=tmp_path / "uploads",
        database_url=database_url,
        base_url="http://localhost",
        bucket=f"s3://{BUCKET}/{tmp_path.name}",
        bucket_endpoint=s3.endpoint,
    ).ready()


def machine(settings: Settings, name: str, **other: object) -> FileStore:
    """The store of another machine, whose folder is empty at first."""
    folder = settings.uploads_dir.parent / name
    return open_store(dataclasses.replace(settings, uploads_dir=folder, **other).ready())  # type: ignore[arg-type]


def in_bucket(s3: S3, settings: Settings) -> set[str]:
    return s3.keys(settings.bucket.rpartition("/")[2])


def on_disk(store: FileStore) -> set[str]:
    return {each.key for area in ("incoming", "renditions") for each in FileStore(store.root).list_files(area)}


# --- the store -------------------------------------------------------------------------------------


def test_what_one_machine_puts_another_reads(settings: Settings, s3: S3) -> None:
    here, there = open_store(settings), machine(settings, "second")
    data = os.urandom(12_000_000)

    key = here.put(io.BytesIO(data), "incoming")

    assert in_bucket(s3, settings) == {key}
    assert there.exists(key)
    assert there.size(key) == len(data)
    assert there.path(key).read_bytes() == data
    with there.open(key) as file:
        assert file.read(10) == data[:10]
    assert [each.key for each in there.list_files("incoming")] == [key]
    assert list(there.list_files("renditions")) == []


def test_a_file_that_is_nowhere_is_not_found(settings: Settings) -> None:
    store, key = open_store(settings), "incoming/" + "0" * 64

    assert not store.exists(key)
    assert store.size(key) == 0
    assert not store.path(key).exists()
    with pytest.raises(NotFound):
        store.open(key)
    for odd in ("../../etc/passwd", "incoming/../x", ""):
        with pytest.raises(NotFound):
            store.path(odd)
    assert [path for path in store.root.rglob("*") if path.is_file()] == []


def test_a_file_that_is_too_large_reaches_neither_disk_nor_bucket(settings: Settings, s3: S3) -> None:
    store = open_store(settings)

    with pytest.raises(TooLarge):
        store.put(io.BytesIO(b"x" * 1001), "incoming", max_bytes=1000)

    assert in_bucket(s3, settings) == set()
    assert [path for path in store.root.rglob("*") if path.is_file()] == []


def test_a_deleted_file_is_gone_everywhere_but_in_copies(settings: Settings, s3: S3) -> None:
    here, there = open_store(settings), machine(settings, "second")
    key = here.put(io.BytesIO(b"a"), "incoming")
    there.path(key)

    here.delete(key)
    here.delete(key)

    assert in_bucket(s3, settings) == set()
    assert not here.exists(key)


def test_what_was_put_again_is_not_old(settings: Settings) -> None:
    store = open_store(settings)
    key = store.put(io.BytesIO(b"a"), "incoming")
    first = next(iter(store.list_files("incoming"))).put_at

    assert not store.delete_old(key, before=first)
    store.put(io.BytesIO(b"a"), "incoming")
    assert not store.delete_old(key, before=first)
    assert store.delete_old(key, before=now() + timedelta(minutes=1))
    assert not store.delete_old(key, before=now() + timedelta(minutes=1))
    assert not store.exists(key)


def test_a_copy_heals_a_bucket_that_lost_its_file(settings: Settings, s3: S3) -> None:
    here, there = open_store(settings), machine(settings, "second")
    key = here.put(io.BytesIO(b"a"), "incoming")
    there.delete(key)

    assert here.exists(key)
    assert in_bucket(s3, settings) == {key}


def test_a_file_that_was_changed_in_the_bucket_is_not_believed(settings: Settings, s3: S3) -> None:
    here, there = open_store(settings), machine(settings, "second")
    key = here.put(io.BytesIO(b"a picture"), "incoming")
    obstore.put(here._bucket, key, b"another")  # type: ignore[attr-defined]

    with pytest.raises(BucketAway, match="is not what was put there"):
        there.path(key)

    assert [path for path in there.root.rglob("*") if path.is_file()] == []


def test_copies_used_longest_ago_go_first_and_only_what_the_bucket_has(settings: Settings, s3: S3) -> None:
    store = machine(settings, "small", bucket_copies_bytes=250)
    keys = [store.put(io.BytesIO(bytes([number]) * 100), "renditions") for number in range(4)]
    for age, key in enumerate(reversed(keys)):
        then = now().timestamp() - 10_000 - age
        os.utime(store.path(key), (then, then))
    obstore.delete(store._bucket, keys[0])  # type: ignore[attr-defined]

    removed = store.trim()

    assert removed == 2
    assert on_disk(store) == set(keys[2:])
    assert in_bucket(s3, settings) == set(keys)
    assert store.path(keys[0]).read_bytes() == bytes([0]) * 100


def test_young_copies_and_folders_of_originals_are_never_trimmed(settings: Settings, tmp_path: Path) -> None:
    copies, originals = machine(settings, "tiny", bucket_copies_bytes=0), FileStore(tmp_path / "originals")
    key = copies.put(io.BytesIO(b"a"), "renditions")
    originals.put(io.BytesIO(b"a"), "renditions")

    assert copies.trim() == originals.trim() == 0
    assert on_disk(copies) == on_disk(originals) == {key}


def test_a_folder_of_originals_becomes_one_of_copies(settings: Settings, s3: S3) -> None:
    folder = FileStore(settings.uploads_dir)
    key = folder.put(io.BytesIO(b"from before there was a bucket"), "incoming")

    assert open_store(settings).exists(key)
    assert in_bucket(s3, settings) == {key}


# --- away ------------------------------------------------------------------------------------------


def test_a_bucket_that_is_away_is_said_and_nothing_is_kept_by_halves(settings: Settings) -> None:
    store = machine(settings, "cut-off", bucket_endpoint="http://127.0.0.1:9")

    with pytest.raises(BucketAway, match="could not be used"):
        store.put(io.BytesIO(b"a"), "incoming")
    with pytest.raises(BucketAway):
        store.path("incoming/" + "0" * 64)

    assert [path for path in store.root.rglob("*") if path.is_file()] == []


def test_a_bucket_that_does_not_know_us_is_said(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not the secret")

    with pytest.raises(BucketAway):
        open_store(settings).put(io.BytesIO(b"a"), "incoming")


@pytest.mark.parametrize(
    ("values", "said_of_it"),
    [
        ({"bucket": "vendors"}, "QRMERCH_BUCKET must be s3://"),
        ({"bucket": "s3://"}, "QRMERCH_BUCKET must be s3://"),
        ({"bucket": "s3://b", "bucket_endpoint": "files.example"}, "must be an http or https address"),
        (
            {"bucket": "s3://b", "bucket_endpoint": "http://files.example", "mode": "production"},
            "must begin with https://",
        ),
    ],
)
def test_wrong_settings_stop_the_start(tmp_path: Path, values: dict[str, str], said_of_it: str) -> None:
    made = Settings(
        **{"mode": "demo", **values},  # type: ignore[arg-type]
        data_dir=tmp_path / "var",
        uploads_dir=tmp_path / "uploads",
        secret_key="s" * 32,
        base_url="https://shop.example",
    )

    with pytest.raises(SettingsError, match=said_of_it):
        made.ready()


# --- the pages -------------------------------------------------------------------------------------


@pytest.fixture
def studio(db: Session) -> Studio:
    made = make_studio(db)
    make_template(db, made.retailer)
    db.commit()
    return made


def send_file(browser: Browser, address: str, field: str, data: bytes, name: str) -> None:
    response = browser.send(browser.get(address), action=address, **{field: [(io.BytesIO(data), name)]})
    assert response.status_code == 303, response.text


def empty_folder(store: FileStore) -> None:
    """Let this machine be one that has no copy yet."""
    for path in store.root.rglob("*"):
        if path.is_file():
            path.unlink()


def test_a_picture_sent_to_one_machine_is_made_and_served_by_others(
    browser: Browser, work: Work, studio: Studio, s3: S3
) -> None:
    assert isinstance(work.files, BucketStore)
    browser.sign_in(*studio.vera)
    send_file(browser, "/studio/assets", "files", picture(400, 300), "top.jpg")
    empty_folder(work.files)

    jobs.run_all(work)
    empty_folder(work.files)

    [asset] = kept(browser, select(Asset))
    made = kept(browser, select(Rendition))
    assert asset.state == AssetState.READY
    assert in_bucket(s3, work.settings) == {asset.source_key, *(each.key for each in made)}
    for each in made:
        served = browser.get(f"/media/{each.key.partition('/')[2]}.{each.format}")
        assert (served.status_code, len(served.data)) == (200, each.size_bytes)
        served.close()


def test_a_film_is_served_in_ranges_by_a_machine_that_has_none_of_it(
    browser: Browser, work: Work, studio: Studio
) -> None:
    browser.sign_in(*studio.vera)
    put(browser, said(announce(browser, len(FILM)))["address"], FILM, 0)
    empty_folder(work.files)
    jobs.run_all(work)
    empty_folder(work.files)

    film = next(each for each in kept(browser, select(Rendition)) if each.format == "mp4")
    [asset] = kept(browser, select(Asset))
    part = browser.get(f"/media/{film.key.partition('/')[2]}.mp4", Range="bytes=4-7")

    assert (asset.kind, asset.state) == (AssetKind.FILM, AssetState.READY)
    assert (part.status_code, part.data) == (206, b"ftyp")
    part.close()


def test_a_catalogue_sent_to_one_machine_is_taken_in_by_another(browser: Browser, work: Work, studio: Studio) -> None:
    browser.sign_in(*studio.vera)
    send_file(browser, "/studio/import", "file", csv_of(top(), top(sku="B-2", title="Skirt")).encode(), "tops.csv")
    empty_folder(work.files)
    [run] = kept(browser, select(ImportRun))

    browser.send(browser.get(f"/studio/import/{run.id}"), action="/take-in")
    empty_folder(work.files)
    jobs.run_all(work)

    [run] = kept(browser, select(ImportRun))
    assert run.state == RunState.DONE


def test_sec_f12_the_bucket_equals_the_database_after_a_sweep(
    browser: Browser, work: Work, studio: Studio, s3: S3
) -> None:
    browser.sign_in(*studio.vera)
    send_file(browser, "/studio/assets", "files", picture(300, 200), "top.jpg")
    jobs.run_all(work)
    needed = in_bucket(s3, work.settings)
    orphan = work.files.put(io.BytesIO(b"nobody's"), "renditions")

    spared = leftovers.sweep(work.database, work.files, at=now())
    deleted = leftovers.sweep(work.database, work.files, at=now() + SPARED_FOR + timedelta(minutes=1))

    assert (spared, deleted) == (0, 1)
    assert in_bucket(s3, work.settings) == needed
    assert not work.files.exists(orphan)
    assert leftovers.look(work.database, work.files, at=now()).missing == ()


def test_a_page_says_that_files_are_away(browser: Browser, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off = machine(work.settings, "cut-off", bucket_endpoint="http://127.0.0.1:9")
    monkeypatch.setattr(BucketStore, "_bucket", cut_off._bucket)  # type: ignore[attr-defined]

    response = browser.get(f"/media/{'0' * 64}.jpeg")

    assert response.status_code == 503
    assert "Files cannot be reached at the moment." in response.text
    assert response.headers["Retry-After"] == "60"
