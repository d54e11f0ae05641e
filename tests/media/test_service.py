"""Taking pictures in: once each, under names of our own, with a sentence where they are refused."""

import dataclasses
import io
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.config import Settings
from qrmerch.errors import TooLarge
from qrmerch.files import FileStore
from qrmerch.media import service
from qrmerch.media.forms import Description
from qrmerch.media.models import Asset, AssetState, Rendition
from qrmerch.media.queries import pictures_of
from qrmerch.media.service import AssetInUse, ImageRejected
from qrmerch.parties.models import Vendor
from tests.conftest import NOON
from tests.factories import make_vendor
from tests.media.pictures import picture, png_header

HOSTILE_NAMES = [
    "../../../etc/passwd",
    "..\\..\\windows\\system32\\config",
    "/etc/shadow.jpg",
    "C:\\boot.ini",
    "photo.jpg\x00.exe",
    "photo\r\nX-Header: 1.jpg",
    "\u202egpj.exe",
    "<img src=x onerror=alert(1)>.jpg",
    "a" * 5000 + ".jpg",
    "",
    ".",
    "..",
    "CON",
    "photo.jpg; rm -rf /",
    "$(touch x).jpg",
    "%2e%2e%2fpasswd",
    "снимок.jpg",
    "صورة.jpg",
    "写真🙂.jpg",
    " \t ",
]


@pytest.fixture
def store(settings: Settings) -> FileStore:
    return FileStore(settings.uploads_dir)


def receive(
    db: Session, vendor: Vendor, data: bytes, settings: Settings, *, name: str = "top.jpg", **more: object
) -> Asset:
    return service.receive_upload(
        db,
        vendor_id=vendor.id,
        stream=io.BytesIO(data),
        file_name=name,
        store=FileStore(settings.uploads_dir),
        settings=settings,
        at=NOON,
        **more,  # type: ignore[arg-type]
    )


def files_in(settings: Settings) -> list[Path]:
    return sorted(path for path in settings.uploads_dir.rglob("*") if path.is_file())


def orders(db: Session) -> list[str]:
    return [each.id for each in db.info.get("orders", [])]


def test_a_picture_is_kept_and_its_renditions_are_asked_for(db: Session, settings: Settings) -> None:
    data = picture(160, 120)

    asset = receive(db, make_vendor(db), data, settings, alt={"en": " A yellow  top ", "ar": ""})

    assert (asset.state, asset.width, asset.height, asset.source_bytes) == (AssetState.CHECKING, 160, 120, len(data))
    assert (asset.alt, asset.alt_text, asset.file_name) == ({"en": "A yellow top"}, "A yellow top", "top.jpg")
    assert orders(db) == [service.order_id(asset)]


def test_the_same_file_twice_is_one_asset(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)

    first = receive(db, vendor, picture(), settings, name="a.jpg")
    again = receive(db, vendor, picture(), settings, name="b.jpg")

    assert again.id == first.id
    assert db.scalar(select(func.count()).select_from(Asset)) == 1
    assert len(files_in(settings)) == 1
    assert len(orders(db)) == 1


def test_the_same_file_of_two_vendors_is_an_asset_of_each(db: Session, settings: Settings) -> None:
    assets = [receive(db, make_vendor(db), picture(), settings) for _ in range(2)]

    assert assets[0].id != assets[1].id
    assert assets[0].source_key == assets[1].source_key


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_sec_f07_a_name_from_outside_never_reaches_the_disk(settings: Settings, tmp_path: Path, name: str) -> None:
    key = FileStore(settings.uploads_dir).put(io.BytesIO(name.encode()), "incoming")

    assert key.partition("/")[0] == "incoming"
    for path in tmp_path.rglob("*"):
        assert "passwd" not in path.name
        assert path.resolve().is_relative_to(tmp_path)
    shown = service.shown_name(name)
    assert 0 < len(shown) <= 200
    assert not set(shown) & set("/\\\r\n\x00\u202e")


def test_sec_f07_files_are_called_by_their_digest_whatever_they_were_called(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)

    for number, name in enumerate(HOSTILE_NAMES):
        receive(db, vendor, picture(160 + number), settings, name=name)

    found = files_in(settings)
    assert len(found) == len(HOSTILE_NAMES)
    for path in found:
        relative = path.relative_to(settings.uploads_dir)
        assert relative.parts[0] == "incoming"
        assert len(path.name) == 64
        assert relative.parts[1] == path.name[:2]


@pytest.mark.parametrize(
    "data",
    [b"<html>", b"", png_header(50_000, 50_000), b"\xff\xd8\xff rest"],
    ids=["html", "empty", "bomb", "damaged"],
)
def test_what_is_refused_leaves_nothing_behind(db: Session, settings: Settings, data: bytes) -> None:
    with pytest.raises(ImageRejected):
        receive(db, make_vendor(db), data, settings)

    assert files_in(settings) == []
    assert db.scalar(select(func.count()).select_from(Asset)) == 0
    assert orders(db) == []


def test_more_bytes_than_are_taken_are_refused(db: Session, settings: Settings) -> None:
    small = dataclasses.replace(settings, max_image_bytes=500)

    with pytest.raises(TooLarge):
        receive(db, make_vendor(db), picture(), small)

    assert files_in(settings) == []


def test_a_refused_picture_that_comes_again_is_tried_again(db: Session, settings: Settings) -> None:
    vendor = make_vendor(db)
    asset = receive(db, vendor, picture(), settings)
    asset.state, asset.problem = AssetState.REFUSED, "It took too long."
    asset.received_at = NOON.replace(year=2020)
    db.info["orders"] = []

    again = receive(db, vendor, picture(), settings)

    assert again.id == asset.id
    assert (asset.state, asset.problem) == (AssetState.CHECKING, None)
    assert orders(db) == [service.order_id(asset)]


def test_rendering_makes_the_asset_ready_and_running_again_gives_the_same(db: Session, settings: Settings) -> None:
    store = FileStore(settings.uploads_dir)
    asset = receive(db, make_vendor(db), picture(), settings)

    service.render_asset(db, asset, store=store, settings=settings)
    first = {each.key for each in db.scalars(select(Rendition))}
    service.render_asset(db, asset, store=store, settings=settings)

    assert asset.state == AssetState.READY
    assert asset.colour is not None
    assert {each.key for each in db.scalars(select(Rendition))} == first
    assert all(store.exists(key) for key in first)


def test_an_original_that_is_gone_is_a_problem_with_a_sentence(
    db: Session, settings: Settings, store: FileStore
) -> None:
    asset = receive(db, make_vendor(db), picture(), settings)
    store.delete(asset.source_key)

    service.render_asset(db, asset, store=store, settings=settings)

    assert (asset.state, asset.problem) == (
        AssetState.REFUSED,
        "This file is gone from the store. Send it again.",
    )


def test_a_new_focus_asks_for_new_renditions_and_the_same_one_does_not(db: Session, settings: Settings) -> None:
    asset = receive(db, make_vendor(db), picture(), settings)
    asset.state = AssetState.READY
    db.info["orders"] = []

    service.describe(db, asset, Description({"en": "Top"}, False, 0.5, 0.5))
    same = len(orders(db))
    service.describe(db, asset, Description({"en": "Top"}, False, 0.4, 0.5))
    service.describe(db, asset, Description({"en": "Top"}, False, 0.5, 0.5))

    assert same == 0
    assert len(set(orders(db))) == 2


def test_deleting_frees_what_nothing_else_needs(db: Session, settings: Settings, store: FileStore) -> None:
    vera, olga = make_vendor(db), make_vendor(db)
    shared, other = receive(db, vera, picture(), settings), receive(db, olga, picture(), settings)
    own = receive(db, vera, picture(200), settings)
    for asset in (shared, other, own):
        service.render_asset(db, asset, store=store, settings=settings)

    freed_of_shared = service.delete_asset(db, shared, used_in=())
    freed_of_own = service.delete_asset(db, own, used_in=())
    for key in (*freed_of_shared, *freed_of_own):
        store.delete(key)

    assert freed_of_shared == []
    assert own.source_key in freed_of_own
    assert len(files_in(settings)) == 1 + len(list(db.scalars(select(Rendition.key).distinct())))
    assert pictures_of(db, [other.id]).keys() == {other.id}


def test_a_picture_on_a_page_is_not_deleted(db: Session, settings: Settings) -> None:
    asset = receive(db, make_vendor(db), picture(), settings)

    with pytest.raises(AssetInUse, match=r"used in Top, Cap, Bag and others\. Replace it there first"):
        service.delete_asset(db, asset, used_in=["Top", "Cap", "Bag", "Belt"])

    assert db.get(Asset, asset.id) is not None
