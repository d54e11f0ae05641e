"""Files and rows agree: what nothing names goes after a day, what something names or will name stays."""

import io
import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import jobs, leftovers
from qrmerch.clock import now
from qrmerch.files import FileStore
from qrmerch.imports.models import ImportRun, RunState
from qrmerch.imports.queries import SHEETS_KEPT_FOR
from qrmerch.jobs import Work
from qrmerch.leftovers import SPARED_FOR, look, names_files, sweep
from qrmerch.media import service
from qrmerch.media.models import Asset, AssetState, Rendition
from qrmerch.media.queries import list_rendition_keys, list_source_keys
from tests.factories import make_vendor
from tests.imports.sheets import csv_of, top
from tests.imports.taking_in import send
from tests.media.pictures import picture

LONG_AGO = timedelta(days=3)


def receive(work: Work, data: bytes, *, name: str = "top.jpg") -> str:
    with work.database.write() as db:
        asset = service.receive_upload(
            db,
            vendor_id=make_vendor(db).id,
            stream=io.BytesIO(data),
            file_name=name,
            store=work.files,
            settings=work.settings,
            at=now(),
        )
        db.commit()
        return asset.id


def age(store: FileStore, by: timedelta = LONG_AGO) -> None:
    """Let everything in the store be older."""
    for path in store.root.rglob("*"):
        if path.is_file():
            then = path.stat().st_mtime - by.total_seconds()
            os.utime(path, (then, then))


def keys_on_disk(store: FileStore) -> set[str]:
    return {each.key for area in ("incoming", "renditions", "sheets") for each in store.list_files(area)}


def keys_in_rows(work: Work) -> set[str]:
    with work.database.read() as db:
        sheets = db.scalars(select(ImportRun.file_key))
        return {*list_source_keys(db), *list_rendition_keys(db), *sheets}


def swept(work: Work, *, at: datetime | None = None) -> int:
    return sweep(work.database, work.files, at=at or now())


def test_sec_f12_the_disk_equals_the_database_after_a_sweep(work: Work) -> None:
    kept, gone = receive(work, picture(300, 200)), receive(work, picture(200, 300))
    with work.database.write() as db:
        send(db, make_vendor(db), csv_of(top()), work.settings)
        db.commit()
    jobs.run_all(work)
    for area in ("incoming", "renditions", "sheets"):
        work.files.put(io.BytesIO(f"nobody's {area}".encode()), area)
    with work.database.write() as db:
        # The process dies between the commit and the deletion of what was freed.
        service.delete_asset(db, db.get_one(Asset, gone), used_in=())
        db.commit()
    before = keys_on_disk(work.files)
    age(work.files)

    deleted = swept(work)

    assert keys_on_disk(work.files) == keys_in_rows(work)
    assert deleted == len(before - keys_in_rows(work)) > 3
    found = look(work.database, work.files, at=now())
    assert (found.files, found.orphans, found.missing) == (len(keys_in_rows(work)), (), ())
    with work.database.read() as db:
        assert db.get_one(Asset, kept).state == AssetState.READY


def test_sec_f12_deleting_a_picture_leaves_none_of_its_files(work: Work) -> None:
    asset_id = receive(work, picture(300, 200))
    jobs.run_all(work)

    with work.database.write() as db:
        freed = service.delete_asset(db, db.get_one(Asset, asset_id), used_in=())
        db.commit()
    for key in freed:
        work.files.delete(key)

    assert keys_on_disk(work.files) == set()


def test_what_came_today_is_spared_though_nothing_names_it_yet(work: Work) -> None:
    key = work.files.put(io.BytesIO(b"the row is about to be committed"), "incoming")

    assert swept(work) == 0
    assert swept(work, at=now() + SPARED_FOR - timedelta(minutes=1)) == 0
    assert work.files.exists(key)
    assert swept(work, at=now() + SPARED_FOR + timedelta(minutes=1)) == 1
    assert not work.files.exists(key)


def test_sec_f12_a_file_put_again_while_a_sweep_looks_at_it_stays(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    data = picture(300, 200)
    key = work.files.put(io.BytesIO(data), "incoming")
    age(work.files)
    came: list[str] = []

    def upload_meanwhile(db: Session, at: datetime) -> list[str]:
        # The sweep has listed the old file, and does not see the row, which is not committed yet.
        came.append(work.files.put(io.BytesIO(data), "incoming"))
        return []

    monkeypatch.setattr(leftovers, "_named", {"incoming": [upload_meanwhile]})

    assert swept(work) == 0
    assert came == [key]
    assert work.files.exists(key)


def test_a_row_committed_while_a_sweep_looks_at_the_files_is_seen(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    data = picture(300, 200)
    work.files.put(io.BytesIO(data), "incoming")
    age(work.files)
    listed = work.files.list_files
    is_first = True

    def list_then_commit(area: str) -> list[object]:
        nonlocal is_first
        found = list(listed(area))
        if is_first and area == "incoming":
            is_first = False
            receive(work, data)
            age(work.files)
        return found  # type: ignore[return-value]

    monkeypatch.setattr(FileStore, "list_files", lambda _store, area: list_then_commit(area))

    assert swept(work) == 0
    assert len(keys_in_rows(work)) == 1


def test_half_written_files_of_a_killed_process_go_after_a_day(work: Work) -> None:
    """kill -9 once while a file is written, once between writing it and the commit."""
    program = """
import io, os, signal, sys
from pathlib import Path
from qrmerch.files import FileStore
store = FileStore(Path(sys.argv[1]))
store.put(io.BytesIO(b"whole, and never committed"), "incoming")
class Endless(io.RawIOBase):
    def read(self, size=-1):
        os.kill(os.getpid(), signal.SIGKILL)
first = [b"half"]
class Half:
    def read(self, size):
        return first.pop() if first else Endless().read()
store.put(Half(), "incoming")
"""
    died = subprocess.run([sys.executable, "-c", program, str(work.files.root)], check=False, timeout=60)
    folder = work.files.root / "incoming"

    assert died.returncode == -signal.SIGKILL
    assert (len(list(folder.glob(".part-*"))), len(keys_on_disk(work.files))) == (1, 1)
    assert swept(work) == 0

    age(work.files)

    assert swept(work) == 2
    assert [path.name for path in folder.rglob("*") if path.is_file()] == []


def test_an_area_that_no_room_speaks_for_is_never_touched(work: Work) -> None:
    key = work.files.put(io.BytesIO(b"of a later release"), "arrivals")
    odd = work.files.root / "incoming" / "ab" / "README"
    odd.parent.mkdir(parents=True)
    odd.write_text("not one of the store's names")
    age(work.files)

    assert swept(work) == 0
    assert work.files.exists(key)
    assert odd.exists()


def test_two_rooms_may_name_files_of_one_area(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "_named", {})
    mine, theirs, nobodys = (work.files.put(io.BytesIO(each), "shared") for each in (b"1", b"2", b"3"))
    names_files("shared")(lambda _db, _at: [mine])
    names_files("shared")(lambda _db, _at: [theirs])
    age(work.files)

    assert swept(work) == 1
    assert [work.files.exists(each) for each in (mine, theirs, nobodys)] == [True, True, False]


def test_a_row_whose_file_is_gone_is_told_and_not_mended_away(work: Work, caplog: pytest.LogCaptureFixture) -> None:
    receive(work, picture(300, 200))
    jobs.run_all(work)
    with work.database.read() as db:
        key = db.scalars(select(Rendition.key).limit(1)).one()
    work.files.delete(key)

    leftovers.sweep_now_and_then(work)

    assert look(work.database, work.files, at=now()).missing == (key,)
    assert f"such as {key}" in caplog.text
    with work.database.read() as db:
        assert key in list_rendition_keys(db)


def test_the_chore_sweeps_some_times_a_day(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(leftovers, "sweep", lambda *_given, at: asked.append(at) or 0)

    leftovers.sweep_now_and_then(work)
    leftovers.sweep_now_and_then(work)
    later = now() + leftovers.SWEEP_EVERY + timedelta(minutes=1)
    monkeypatch.setattr(leftovers, "now", lambda: later)
    leftovers.sweep_now_and_then(work)

    assert len(asked) == 2


def test_a_refused_picture_keeps_no_bytes(work: Work) -> None:
    asset_id = receive(work, picture(800, 600)[:2000])

    jobs.run_all(work)

    with work.database.read() as db:
        asset = db.get_one(Asset, asset_id)
    assert asset.state == AssetState.REFUSED
    assert not work.files.exists(asset.source_key)
    assert look(work.database, work.files, at=now()).missing == ()


def test_a_refused_picture_sent_again_is_tried_again(work: Work) -> None:
    data = picture(800, 600)[:2000]
    with work.database.write() as db:
        vendor_id = make_vendor(db).id
        db.commit()
    for _ in range(2):
        with work.database.write() as db:
            asset = service.receive_upload(
                db,
                vendor_id=vendor_id,
                stream=io.BytesIO(data),
                file_name="half.jpg",
                store=work.files,
                settings=work.settings,
                at=now(),
            )
            db.commit()
        assert (asset.state, work.files.exists(asset.source_key)) == (AssetState.CHECKING, True)
        jobs.run_all(work)
        assert not work.files.exists(asset.source_key)


def test_a_sheet_goes_ninety_days_after_its_import_and_not_before(work: Work) -> None:
    with work.database.write() as db:
        vendor = make_vendor(db)
        runs = [send(db, vendor, csv_of(top(sku=each)), work.settings) for each in ("old", "young", "open")]
        for run, days in zip(runs, (SHEETS_KEPT_FOR.days + 1, SHEETS_KEPT_FOR.days - 1), strict=False):
            run.state, run.ended_at = RunState.CANCELLED, now() - timedelta(days=days)
        keys = [run.file_key for run in runs]
        db.commit()
    age(work.files)

    assert swept(work) == 1
    assert [work.files.exists(key) for key in keys] == [False, True, True]


def test_a_sheet_that_two_imports_name_stays_for_the_younger(work: Work) -> None:
    with work.database.write() as db:
        runs = [send(db, make_vendor(db), csv_of(top()), work.settings) for _ in range(2)]
        runs[0].state, runs[0].ended_at = RunState.DONE, now() - SHEETS_KEPT_FOR * 2
        key = runs[0].file_key
        db.commit()
    age(work.files)

    assert swept(work) == 0
    assert work.files.exists(key)


def test_putting_a_file_again_makes_it_new(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    key = store.put(io.BytesIO(b"a"), "incoming")
    age(store)

    store.put(io.BytesIO(b"a"), "incoming")

    assert not store.delete_old(key, before=now() - SPARED_FOR)
    assert store.size(key) == 1
