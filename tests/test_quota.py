"""A vendor's files take so much room and no more."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch import jobs, quota
from qrmerch.clock import now
from qrmerch.jobs import Work
from qrmerch.media import service
from qrmerch.media.models import Asset, AssetState
from qrmerch.quota import QuotaFull, in_words, refuse_when_full, used_bytes
from tests.browsing import Browser
from tests.factories import make_asset, make_vendor
from tests.imports.sheets import csv_of, top
from tests.imports.taking_in import send
from tests.media.pictures import picture
from tests.studio.people import Studio, kept, make_studio, with_settings


@pytest.fixture
def studio(db: Session) -> Studio:
    made = make_studio(db)
    db.commit()
    return made


def receive(db: Session, work: Work, vendor_id: str, data: bytes) -> Asset:
    return service.receive_upload(
        db,
        vendor_id=vendor_id,
        stream=io.BytesIO(data),
        file_name="top.jpg",
        store=work.files,
        settings=work.settings,
        at=now(),
    )


def test_what_was_sent_and_what_was_made_of_it_counts_for_its_vendor_only(db: Session, work: Work) -> None:
    vendor, other = make_vendor(db), make_vendor(db)
    make_asset(db, vendor)
    make_asset(db, other)
    make_asset(db, vendor, state=AssetState.REFUSED)
    text = csv_of(top())
    send(db, vendor, text, work.settings)
    made = 10 * 100

    # The row of a refused picture has no bytes any more; its renditions in this factory do.
    assert used_bytes(db, vendor.id, work.files) == 1000 + made + made + len(text.encode())
    assert used_bytes(db, other.id, work.files) == 1000 + made


def test_every_kind_of_file_is_refused_when_the_room_is_full(db: Session, work: Work) -> None:
    vendor, other = make_vendor(db), make_vendor(db)
    make_asset(db, vendor)
    full = Work(settings_with(work, vendor_quota_bytes=2000), work.database, work.files)

    with pytest.raises(QuotaFull, match="Delete pictures that no page needs"):
        receive(db, full, vendor.id, picture(300, 200))
    with pytest.raises(QuotaFull):
        send(db, vendor, csv_of(top()), full.settings)

    assert list(work.files.list_files("incoming")) == []
    assert list(work.files.list_files("sheets")) == []
    assert receive(db, full, other.id, picture(300, 200)).state == AssetState.CHECKING


def settings_with(work: Work, **changed: object):  # type: ignore[no-untyped-def]
    import dataclasses

    return dataclasses.replace(work.settings, **changed)  # type: ignore[arg-type]


def test_a_file_of_known_size_is_refused_before_it_comes(db: Session, work: Work) -> None:
    vendor = make_vendor(db)
    make_asset(db, vendor)
    settings = settings_with(work, vendor_quota_bytes=3000)

    refuse_when_full(db, vendor.id, store=work.files, settings=settings, more_bytes=1000)
    with pytest.raises(QuotaFull, match="and this one has 1 kB"):
        refuse_when_full(db, vendor.id, store=work.files, settings=settings, more_bytes=1001)


def test_sec_f12_many_uploads_at_once_pass_the_limit_by_one_file_at_most(work: Work) -> None:
    with work.database.write() as db:
        vendor_id = make_vendor(db).id
        db.commit()
    sources = [picture(200 + number, 200, kind="PNG") for number in range(8)]
    limited = Work(settings_with(work, vendor_quota_bytes=len(sources[0]) + 1), work.database, work.files)

    def upload(data: bytes) -> bool:
        try:
            with work.database.write() as db:
                receive(db, limited, vendor_id, data)
                db.commit()
        except QuotaFull:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(upload, sources))

    with work.database.read() as db:
        assert db.scalar(select(func.count()).select_from(Asset)) == sum(taken)
    assert 1 <= sum(taken) <= 2
    assert len(list(work.files.list_files("incoming"))) == sum(taken)


def test_the_studio_says_how_much_is_used_and_why_a_file_is_not_taken(
    browser: Browser, db: Session, work: Work, studio: Studio
) -> None:
    make_asset(db, studio.vendor)
    db.commit()
    browser.sign_in(*studio.vera)
    shown = browser.get("/studio/assets").text
    with_settings(browser, vendor_quota_bytes=2000)

    page = browser.get("/studio/assets")
    refused = browser.send(page, action="/studio/assets", files=[(io.BytesIO(picture(300, 200)), "top.jpg")])
    sheet = browser.send(
        browser.get("/studio/import"), action="/studio/import", file=(io.BytesIO(csv_of(top()).encode()), "a.csv")
    )

    assert "2 kB of 2 GB used" in shown
    assert refused.status_code == 422
    assert "1 file was not taken" in refused.text
    assert "Your files take 2 kB of 2 kB." in refused.text
    assert sheet.status_code == 413
    assert "Delete pictures that no page needs, under Pictures" in sheet.text
    assert len(kept(browser, select(Asset))) == 1


def test_a_sheet_is_refused_when_the_room_filled_up_while_it_was_read(
    browser: Browser, work: Work, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.sign_in(*studio.vera)
    asked = []

    def full_the_second_time(db: Session, vendor_id: str, *, waits: bool = True, **_more: object) -> None:
        asked.append(waits)
        if waits:
            raise QuotaFull("Your files take it all.")

    monkeypatch.setattr(quota, "refuse_when_full", full_the_second_time)
    data = io.BytesIO(csv_of(top()).encode())
    answer = browser.send(browser.get("/studio/import"), action="/studio/import", file=(data, "a.csv"))

    assert asked == [False, True]
    assert answer.status_code == 413
    assert list(work.files.list_files("sheets")) == []


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 kB"),
        (12_900, "12 kB"),
        (1_234_567, "1.2 MB"),
        (31_000_000, "31 MB"),
        (999_999_999, "999 MB"),
        (2_000_000_000, "2 GB"),
        (1_449_000_000, "1.4 GB"),
    ],
)
def test_sizes_are_said_as_people_say_them(size_bytes: int, words: str) -> None:
    assert in_words(size_bytes) == words


def test_made_pictures_count_too(work: Work) -> None:
    with work.database.write() as db:
        vendor_id = make_vendor(db).id
        data = picture(300, 200)
        receive(db, work, vendor_id, data)
        db.commit()
    jobs.run_all(work)

    with work.database.read() as db:
        used = used_bytes(db, vendor_id, work.files)
    on_disk = sum(each.size_bytes for area in ("incoming", "renditions") for each in work.files.list_files(area))
    assert used >= on_disk > len(data)
