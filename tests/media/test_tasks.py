"""The job that decodes: outside of any transaction, again after a death, and never at the cost of a page."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from qrmerch import jobs
from qrmerch.jobs import Work
from qrmerch.media import images, service, tasks
from qrmerch.media.forms import Description
from qrmerch.media.models import Asset, AssetState, Rendition
from qrmerch.parties.models import PageChange, Tone
from qrmerch.parties.queries import get_brand
from tests.conftest import NOON
from tests.factories import make_retailer, make_vendor
from tests.media.pictures import picture, receive, written


def asset_of(work: Work, asset_id: str) -> Asset:
    with work.database.read() as db:
        return db.get_one(Asset, asset_id)


def test_what_came_in_is_found_and_made_ready_once(work: Work) -> None:
    asset_id = receive(work, picture())

    first, second = jobs.run_all(work), jobs.run_all(work)

    assert (first, second) == (1, 0)
    assert asset_of(work, asset_id).state == AssetState.READY


@pytest.mark.parametrize("body", ["import os; os.abort()", "raise MemoryError"])
def test_a_child_that_dies_leaves_a_refused_asset_with_a_sentence(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setattr(images, "_PROGRAM", str(written(tmp_path, body.encode(), "program.py")))
    asset_id = receive(work, picture())

    jobs.run_all(work)

    asset = asset_of(work, asset_id)
    assert asset.state == AssetState.REFUSED
    assert asset.problem == "This picture cannot be read to its end. Open it, export it as JPEG again, and send that."


def test_a_picture_that_is_damaged_further_down_is_refused(work: Work) -> None:
    asset_id = receive(work, picture(800, 600)[:2000])

    jobs.run_all(work)

    assert asset_of(work, asset_id).state == AssetState.REFUSED


def test_a_refused_picture_leaves_nothing_on_disk(work: Work) -> None:
    asset_id = receive(work, picture(800, 600)[:2000])
    assert files_in(work)

    jobs.run_all(work)

    assert files_in(work) == []
    assert asset_of(work, asset_id).source_bytes == 0


def test_what_is_sent_again_while_it_is_refused_stays(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    data = picture(800, 600)[:2000]
    asset_id = receive(work, data)
    prepare = service.prepare

    def prepare_and_come_again(*said: Any, **named: Any) -> service.Prepared:
        prepared = prepare(*said, **named)
        # Its row is not committed yet.
        work.files.put(io.BytesIO(data), "incoming")
        return prepared

    monkeypatch.setattr(service, "prepare", prepare_and_come_again)

    tasks.render(work, asset_id=asset_id)

    asset = asset_of(work, asset_id)
    assert asset.state == AssetState.REFUSED
    assert work.files.exists(asset.source_key)


def test_a_refused_picture_may_come_again(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = picture()
    with monkeypatch.context() as broken:
        broken.setattr(images, "_PROGRAM", str(written(tmp_path, b"raise SystemExit(1)", "program.py")))
        asset_id = receive(work, data)
        jobs.run_all(work)
    vendor_id = asset_of(work, asset_id).vendor_id

    with work.database.write() as db:
        again = service.receive_upload(
            db, vendor_id=vendor_id, stream=io.BytesIO(data), file_name="top.jpg", store=work.files,
            settings=work.settings, at=NOON + timedelta(hours=1),
        )  # fmt: skip
        db.commit()
    jobs.run_all(work)

    assert again.id == asset_id
    assert (asset_of(work, asset_id).state, asset_of(work, asset_id).source_bytes) == (AssetState.READY, len(data))


def test_what_another_vendor_sent_too_stays(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = picture()
    kept = receive(work, data)
    jobs.run_all(work)
    monkeypatch.setattr(images, "_PROGRAM", str(written(tmp_path, b"raise SystemExit(1)", "program.py")))
    refused = receive(work, data)

    jobs.run_all(work)

    assert asset_of(work, refused).state == AssetState.REFUSED
    assert work.files.exists(asset_of(work, kept).source_key)


@pytest.mark.parametrize(
    ("tones", "ground"), [((), "#ffffff"), ((Tone.WARM,), "#fbfaf8"), ((Tone.WARM, Tone.PLAIN), "#ffffff")]
)
def test_a_cut_out_lies_on_the_ground_that_all_its_retailers_share(
    work: Work, tones: tuple[Tone, ...], ground: str
) -> None:
    with work.database.write() as db:
        retailers = [make_retailer(db) for _ in tones]
        for retailer, tone in zip(retailers, tones, strict=True):
            get_brand(db, retailer.id, at=NOON).tone = tone
        vendor = make_vendor(db, *retailers)
        found = service.find_ground(db, vendor.id, at=NOON)

    assert found == ground


def test_a_new_tone_lays_cut_outs_anew(work: Work) -> None:
    with work.database.write() as db:
        retailer = make_retailer(db)
        vendor = make_vendor(db, retailer)
        asset = service.receive_upload(
            db, vendor_id=vendor.id, stream=io.BytesIO(picture(kind="PNG", mode="RGBA", colour=(0, 0, 0, 0))),
            file_name="cap.png", store=work.files, settings=work.settings, at=NOON,
        )  # fmt: skip
        db.commit()
    jobs.run_all(work)
    assert asset_of(work, asset.id).ground == "#ffffff"
    before = previews(work)
    with work.database.write() as db:
        get_brand(db, retailer.id, at=NOON).tone = Tone.WARM
        db.commit()

    with work.database.write() as db:
        asked = tasks.list_outdated_grounds(db, at=NOON)
    tasks.render(work, asset_id=asset.id)

    assert [order["asset_id"] for _, order in asked] == [asset.id]
    assert asset_of(work, asset.id).ground == "#fbfaf8"
    assert before != previews(work)


def files_in(work: Work) -> list[Path]:
    return [each for each in work.settings.uploads_dir.rglob("*") if each.is_file()]


def test_a_new_focus_makes_another_preview_and_tells_the_pages(work: Work) -> None:
    asset_id = receive(work, picture(300, 900))
    jobs.run_all(work)
    before, told = previews(work), count_told(work)
    with work.database.write() as db:
        service.describe(db, db.get_one(Asset, asset_id), Description({"en": "Top"}, False, 0.5, 1.0))
        db.commit()

    tasks.render(work, asset_id=asset_id)

    assert count_told(work) == told + 1
    assert len(before) == len(previews(work)) == 1
    assert before != previews(work)


def test_a_ready_picture_stays_when_making_it_again_fails(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = receive(work, picture())
    jobs.run_all(work)
    before = previews(work)
    monkeypatch.setattr(images, "_PROGRAM", str(written(tmp_path, b"raise SystemExit(1)", "program.py")))

    tasks.render(work, asset_id=asset_id)

    assert asset_of(work, asset_id).state == AssetState.READY
    assert previews(work) == before


def test_a_focus_said_while_it_is_made_is_the_one_that_is_made(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    asset_id = receive(work, picture(300, 900))
    real, asked = service.prepare, []

    def prepare(*given: object, focus: tuple[float, float] | None, **named: object) -> service.Prepared:
        asked.append(focus)
        if len(asked) == 1:
            with work.database.write() as db:
                service.describe(db, db.get_one(Asset, asset_id), Description({"en": "Top"}, False, 0.5, 1.0))
                db.commit()
        return real(*given, focus=focus, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(service, "prepare", prepare)

    jobs.run_all(work)

    assert asked == [None, (0.5, 1.0)], "nobody had said, and then somebody had"
    assert asset_of(work, asset_id).state == AssetState.READY


def test_a_picture_deleted_meanwhile_ends_the_job(work: Work) -> None:
    tasks.render(work, asset_id="nobody")

    with work.database.read() as db:
        assert list(db.scalars(select(Rendition))) == []


def count_told(work: Work) -> int:
    with work.database.read() as db:
        return len(list(db.scalars(select(PageChange))))


def previews(work: Work) -> set[str]:
    with work.database.read() as db:
        return set(db.scalars(select(Rendition.key).where(Rendition.purpose == "preview")))
