"""ZIPs of pictures: what is refused as a whole, what for one file alone, and that no name reaches the disk."""

import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.config import Settings
from qrmerch.errors import TooLarge
from qrmerch.files import FileStore
from qrmerch.media import archives
from qrmerch.media.archives import (
    ArchiveRejected,
    EntryRejected,
    OpenArchive,
    is_archive,
    open_archive,
    receive_archive,
)
from qrmerch.media.models import Archive, ArchiveState
from tests.conftest import NOON
from tests.factories import make_vendor
from tests.imports.archives import locked, said_larger, shot, with_long_list, zip_of
from tests.media.pictures import written
from tests.media.test_service import HOSTILE_NAMES

MAX_BYTES = 10_000_000


def names_in(path: Path) -> list[str]:
    with open_archive(path) as opened:
        return [each.name for each in opened.from_place(0)]


def problem_in(path: Path) -> str:
    with open_archive(path) as opened, pytest.raises(EntryRejected) as refused:
        opened.read(first_of(opened), max_bytes=MAX_BYTES)
    return str(refused.value)


def first_of(opened: OpenArchive) -> archives.Entry:
    return next(opened.from_place(0))


def refusal(path: Path) -> str:
    with pytest.raises(ArchiveRejected) as refused, open_archive(path):
        pass
    return refused.value.detail


def test_files_stand_in_the_order_of_their_numbers_and_come_whole(tmp_path: Path) -> None:
    path = written(tmp_path, zip_of(("b.jpg", b"3"), ("a-10.jpg", b"2"), ("A-9.jpg", b"1"), kind=zipfile.ZIP_DEFLATED))

    with open_archive(path) as opened:
        read = [(each.place, each.name, opened.read(each, max_bytes=9)) for each in opened.from_place(0)]
        rest = [each.name for each in opened.from_place(2)]

    assert read == [(0, "A-9.jpg", b"1"), (1, "a-10.jpg", b"2"), (2, "b.jpg", b"3")]
    assert rest == ["b.jpg"]


def test_what_systems_put_in_by_themselves_is_left_out(tmp_path: Path) -> None:
    own = [
        "__MACOSX/._a.jpg",
        "photos/.DS_Store",
        ".hidden.jpg",
        "Thumbs.db",
        "photos/thumbs.DB",
        "desktop.ini",
        "photos/",
    ]

    assert names_in(written(tmp_path, zip_of(("a.jpg", b"x"), *((name, b"") for name in own)))) == ["a.jpg"]


@pytest.mark.parametrize("name", [each for each in HOSTILE_NAMES if each])
def test_sec_f07_a_hostile_name_is_only_shown(tmp_path: Path, name: str) -> None:
    shown = names_in(written(tmp_path, zip_of(("x.jpg", b"x"), (name, b"y"))))

    assert sorted(each.name for each in tmp_path.rglob("*")) == ["picture"]
    for each in shown:
        assert len(each) <= 300
        assert each.isprintable()
        assert not each.startswith("/")
        assert ".." not in each.split("/")


def test_utf_8_that_is_not_said_to_be_is_read(tmp_path: Path) -> None:
    data = zip_of(("xx.jpg", b"x")).replace(b"xx.jpg", "é.jpg".encode())

    assert names_in(written(tmp_path, data)) == ["é.jpg"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "damaged"),
        (b"PK\x03\x04 and no more", "damaged"),
        (zip_of(("a.jpg", shot(1)))[:-30], "damaged"),
        (zip_of(), "no file in this archive"),
        (zip_of(("photos/", b""), (".DS_Store", b"")), "no file in this archive"),
        (zip_of(*((f"{number}.jpg", b"") for number in range(2001))), "2,001 files; at most 2,000"),
        (with_long_list(100_000), "too many files"),
        (said_larger(zip_of(("a.jpg", b"x")), 1_000_000_001), "has 1,000 MB; at most 1,000"),
    ],
)
def test_sec_f07_an_archive_that_is_too_much_is_refused_whole(tmp_path: Path, data: bytes, said: str) -> None:
    assert said in refusal(written(tmp_path, data))


def test_as_many_files_as_are_taken_are_taken(tmp_path: Path) -> None:
    assert len(names_in(written(tmp_path, zip_of(*((f"{number}.jpg", b"") for number in range(2000)))))) == 2000


def test_a_list_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, with_long_list(1_000_000))
    tracemalloc.start()
    try:
        refusal(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert path.stat().st_size > 50_000_000
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (locked(zip_of(("a.jpg", b"x"))), "password"),
        (zip_of(("a.jpg", shot(1)), kind=zipfile.ZIP_LZMA), "not read here"),
        (zip_of(("a.jpg", shot(1)), kind=zipfile.ZIP_BZIP2), "not read here"),
        (zip_of(("a.jpg", bytes(9_000_000)), kind=zipfile.ZIP_DEFLATED), "hundred times"),
        (zip_of(("a.jpg", bytes(10_000_001)), kind=zipfile.ZIP_DEFLATED), "larger than the 10 MB"),
        (zip_of(("a.jpg", shot(1))).replace(shot(1)[200:210], b"0123456789", 1), "damaged in this archive"),
    ],
)
def test_sec_f07_a_file_that_cannot_be_read_is_refused_alone(tmp_path: Path, data: bytes, said: str) -> None:
    assert said in problem_in(written(tmp_path, data))


def test_a_file_that_unpacks_to_more_than_it_says_gives_no_more(tmp_path: Path) -> None:
    data = said_larger(zip_of(("a.jpg", bytes(range(256)) * 40), kind=zipfile.ZIP_DEFLATED), 100)

    assert "damaged" in problem_in(written(tmp_path, data))


@pytest.mark.parametrize(
    ("first", "expected"), [(b"PK\x03\x04", True), (b"PK\x05\x06", True), (b"\xff\xd8\xff\xe0", False)]
)
def test_an_archive_is_known_by_its_first_bytes(first: bytes, expected: bool) -> None:
    assert is_archive(first) is expected


def receive(db: Session, data: bytes, settings: Settings) -> Archive:
    return receive_archive(
        db, vendor_id=make_vendor(db).id, user_id=None, stream=io.BytesIO(data), file_name="../photos.zip",
        store=FileStore(settings.uploads_dir), settings=settings, at=NOON,
    )  # fmt: skip


def test_an_archive_is_kept_under_its_digest_and_waits(db: Session, settings: Settings) -> None:
    archive = receive(db, zip_of(("a.jpg", shot(1)), ("b.jpg", shot(2))), settings)

    assert (archive.state, archive.entries, archive.done_entries) == (ArchiveState.TAKING, 2, 0)
    assert archive.file_name == "photos.zip"
    assert [each.relative_to(settings.uploads_dir).parts[0] for each in files_in(settings)] == ["archives"]


def test_a_refused_archive_leaves_nothing(db: Session, settings: Settings) -> None:
    with pytest.raises(ArchiveRejected):
        receive(db, zip_of(("photos/", b"")), settings)

    assert files_in(settings) == []
    assert db.scalar(select(func.count()).select_from(Archive)) == 0


def test_an_archive_over_the_limit_is_refused(db: Session, settings: Settings) -> None:
    import dataclasses

    small = dataclasses.replace(settings, max_archive_bytes=100)

    with pytest.raises(TooLarge):
        receive(db, zip_of(("a.jpg", shot(1))), small)

    assert files_in(settings) == []


def files_in(settings: Settings) -> list[Path]:
    return [each for each in settings.uploads_dir.rglob("*") if each.is_file()]
