"""Pictures out of a ZIP: taken once each, put beside their items, and whatever is wrong said for each file."""

import io
from typing import Any

import pytest
from sqlalchemy import func, select

from qrmerch import jobs
from qrmerch.catalog.models import ProductPicture, VendorProduct
from qrmerch.catalog.pictures import list_picture_ids
from qrmerch.clock import now
from qrmerch.errors import Conflict
from qrmerch.imports import archives, tasks
from qrmerch.imports.archives import count_lines, list_lines
from qrmerch.imports.models import ArchiveLine, Outcome
from qrmerch.jobs import Work
from qrmerch.media.archives import get_archive, receive_archive, stop
from qrmerch.media.models import Archive, ArchiveState, Asset, AssetState
from tests.factories import make_product, make_vendor
from tests.imports.archives import locked, shot, zip_of
from tests.media.pictures import png_header


def send(work: Work, data: bytes, *, vendor_id: str = "", keys: tuple[str, ...] = ("marigold-top",)) -> Archive:
    """An archive of a vendor's, of a new one with these products unless given."""
    with work.database.write() as db:
        if not vendor_id:
            vendor = make_vendor(db)
            for key in keys:
                make_product(db, vendor, key=key, title=key.title())
            vendor_id = vendor.id
        archive = receive_archive(
            db, vendor_id=vendor_id, user_id=None, stream=io.BytesIO(data), file_name="photos.zip",
            store=work.files, settings=work.settings, at=now(),
        )  # fmt: skip
        db.commit()
        return archive


def lines_of(work: Work, archive: Archive) -> list[ArchiveLine]:
    with work.database.read() as db:
        return list_lines(db, archive.id)[0]


def present(work: Work, archive: Archive) -> Archive:
    with work.database.read() as db:
        return get_archive(db, archive.id)


def run(work: Work, archive: Archive) -> None:
    tasks.take_archive(work, archive_id=archive.id)


def test_each_file_is_taken_matched_and_made_ready(work: Work) -> None:
    archive = send(
        work, zip_of(("marigold-top-1.jpg", shot(1)), ("marigold-top-2.jpg", shot(2)), ("other.jpg", shot(3)))
    )

    run(work, archive)
    jobs.run_all(work)

    lines = lines_of(work, archive)
    assert [(each.name, each.outcome, each.matched_by) for each in lines] == [
        ("marigold-top-1.jpg", Outcome.TAKEN, "key"),
        ("marigold-top-2.jpg", Outcome.TAKEN, "key"),
        ("other.jpg", Outcome.TAKEN, ""),
    ]
    with work.database.read() as db:
        product = db.scalars(select(VendorProduct)).one()
        assert list_picture_ids(db, product.id) == [lines[0].asset_id, lines[1].asset_id]
        assert {each.state for each in db.scalars(select(Asset))} == {AssetState.READY}
        counts = count_lines(db, [archive.id])[archive.id]
    assert (counts.files, counts.matched, counts.unmatched, counts.again, counts.refused) == (3, 2, 1, 0, 0)
    assert "No item is called so" in lines[2].reason
    assert present(work, archive).state == ArchiveState.DONE
    assert not work.files.exists(archive.file_key)


def test_what_cannot_be_taken_is_said_and_the_others_stay(work: Work) -> None:
    data = zip_of(
        ("a.jpg", shot(1)), ("bomb.png", png_header(50_000, 50_000)), ("inner.zip", zip_of(("x.jpg", shot(2)))),
        ("page.jpg", b"<html>"), ("phone.heic", b"\x00\x00\x00\x18ftypheic" + bytes(8)), ("z.txt", b"hello"),
    )  # fmt: skip
    archive = send(work, data)

    run(work, archive)

    said = {each.name: each.reason for each in lines_of(work, archive) if each.outcome == Outcome.REFUSED}
    assert set(said) == {"bomb.png", "inner.zip", "page.jpg", "phone.heic", "z.txt"}
    assert "50,000 × 50,000 pixels" in said["bomb.png"]
    assert "ZIP archive" in said["inner.zip"]
    assert "Export it as JPEG" in said["phone.heic"]
    with work.database.read() as db:
        assert db.scalar(select(func.count()).select_from(Asset)) == 1
    kept = [each for each in work.settings.uploads_dir.rglob("*") if each.is_file()]
    assert len(kept) == 1


def test_a_locked_file_is_refused_alone(work: Work) -> None:
    archive = send(work, locked(zip_of(("a.jpg", shot(1)), ("b.jpg", shot(2)))))

    run(work, archive)

    assert [each.outcome for each in lines_of(work, archive)] == [Outcome.REFUSED, Outcome.TAKEN]
    assert "password" in lines_of(work, archive)[0].reason


def test_a_name_that_fits_two_items_is_said_and_put_beside_none(work: Work) -> None:
    archive = send(work, zip_of(("tw-9.jpg", shot(1))), keys=("tw-9", "tw 9"))

    run(work, archive)

    [line] = lines_of(work, archive)
    assert (line.product_ids, line.outcome) == ([], Outcome.TAKEN)
    assert line.reason == "Its name fits 2 items: Tw 9, Tw-9. Choose one yourself."
    with work.database.read() as db:
        assert db.scalar(select(func.count()).select_from(ProductPicture)) == 0


def test_the_same_archive_again_adds_nothing(work: Work) -> None:
    data = zip_of(("marigold-top.jpg", shot(1)), ("x.jpg", shot(2)))
    first = send(work, data)
    run(work, first)
    second = send(work, data, vendor_id=first.vendor_id)

    run(work, second)

    assert [each.outcome for each in lines_of(work, second)] == [Outcome.AGAIN, Outcome.AGAIN]
    assert [each.matched_by for each in lines_of(work, second)] == ["key", ""]
    with work.database.read() as db:
        assert db.scalar(select(func.count()).select_from(Asset)) == 2
        assert db.scalar(select(func.count()).select_from(ProductPicture)) == 1


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_job_that_is_cut_goes_on_where_it_was(work: Work, monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    archive = send(work, zip_of(*((f"marigold-top-{number}.jpg", shot(number)) for number in range(3))))
    real, calls = archives.take_file, []

    def dies(*given: object, **named: object) -> ArchiveLine:
        calls.append(given)
        line = real(*given, **named)  # type: ignore[arg-type]
        if len(calls) == cut:
            raise OSError("the power is gone")
        return line

    with monkeypatch.context() as broken:
        broken.setattr(archives, "take_file", dies)
        with pytest.raises(OSError, match="power"):
            run(work, archive)
    assert present(work, archive).done_entries == cut - 1

    run(work, archive)

    assert [each.place for each in lines_of(work, archive)] == [0, 1, 2]
    assert {each.outcome for each in lines_of(work, archive)} == {Outcome.TAKEN}
    with work.database.read() as db:
        assert db.scalar(select(func.count()).select_from(ProductPicture)) == 3


def test_an_archive_is_found_by_the_sweep_until_its_end(work: Work) -> None:
    archive = send(work, zip_of(("a.jpg", shot(1))))
    with work.database.read() as db:
        waiting = [values["archive_id"] for _, values in tasks.waiting_archives(db)]

    run(work, archive)

    with work.database.read() as db:
        assert list(tasks.waiting_archives(db)) == []
    assert waiting == [archive.id]


def test_a_stopped_archive_takes_no_more_and_keeps_what_is_in(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = send(work, zip_of(*((f"{number}.jpg", shot(number)) for number in range(3))))
    real = archives.take_file

    def take_and_stop(db: object, row: Archive, *given: object, **named: object) -> ArchiveLine:
        line = real(db, row, *given, **named)  # type: ignore[arg-type]
        stop(row, at=now())
        return line

    monkeypatch.setattr(archives, "take_file", take_and_stop)

    run(work, archive)

    assert present(work, archive).state == ArchiveState.CANCELLED
    assert len(lines_of(work, archive)) == 1
    assert not work.files.exists(archive.file_key)
    with work.database.write() as db, pytest.raises(Conflict):
        stop(get_archive(db, archive.id), at=now())


def test_a_file_that_is_gone_is_said(work: Work) -> None:
    archive = send(work, zip_of(("a.jpg", shot(1))))
    work.files.delete(archive.file_key)

    run(work, archive)

    assert present(work, archive).state == ArchiveState.FAILED
    assert "gone from the store" in (present(work, archive).problem or "")


def test_a_file_that_another_archive_still_needs_stays(work: Work) -> None:
    data = zip_of(("a.jpg", shot(1)))
    first, second = send(work, data), send(work, data)

    run(work, first)
    assert work.files.exists(second.file_key)
    run(work, second)

    assert not work.files.exists(second.file_key)
    assert [each.outcome for each in lines_of(work, second)] == [Outcome.TAKEN]


def test_a_file_that_is_sent_again_while_it_is_taken_in_stays(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    data = zip_of(("a.jpg", shot(1)))
    archive = send(work, data)
    end = archives.end

    def end_and_come_again(*said: Any, **named: Any) -> None:
        end(*said, **named)
        # Its row is not committed yet.
        work.files.put(io.BytesIO(data), "archives")

    monkeypatch.setattr(archives, "end", end_and_come_again)

    run(work, archive)

    assert present(work, archive).state == ArchiveState.DONE
    assert work.files.exists(archive.file_key)


def test_lines_are_picked_by_what_came_of_them(work: Work) -> None:
    archive = send(work, zip_of(("marigold-top.jpg", shot(1)), ("x.jpg", shot(2)), ("y.jpg", b"no")))
    run(work, archive)

    with work.database.read() as db:
        picked = {
            only: [each.name for each in list_lines(db, archive.id, only=only)[0]]
            for only in ("", "matched", "unmatched", "refused", "taken", "again", "nonsense")
        }

    assert picked == {
        "": ["marigold-top.jpg", "x.jpg", "y.jpg"], "matched": ["marigold-top.jpg"], "unmatched": ["x.jpg"],
        "refused": ["y.jpg"], "taken": ["marigold-top.jpg", "x.jpg"], "again": [],
        "nonsense": ["marigold-top.jpg", "x.jpg", "y.jpg"],
    }  # fmt: skip
