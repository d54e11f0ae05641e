"""Serving pictures: renditions only, each under its one type, for ever; an original never."""

import io

import pytest
from PIL import Image
from sqlalchemy import select

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.jobs import Work
from qrmerch.media import service
from qrmerch.media.models import Asset, Rendition
from qrmerch.media.queries import media_url
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_person, make_vendor
from tests.media.pictures import picture


@pytest.fixture
def asset(work: Work) -> Asset:
    """A picture that is ready."""
    with work.database.write() as db:
        asset = service.receive_upload(
            db, vendor_id=make_vendor(db).id, stream=io.BytesIO(picture()), file_name="<b>top.jpg", store=work.files,
            settings=work.settings, at=NOON,
        )  # fmt: skip
        db.commit()
    jobs.run_all(work)
    return asset


def renditions(work: Work) -> list[Rendition]:
    with work.database.read() as db:
        return list(db.scalars(select(Rendition)))


@pytest.mark.usefixtures("asset")
def test_sec_f08_each_rendition_has_a_fixed_type_and_can_do_nothing(browser: Browser, work: Work) -> None:
    for each in renditions(work):
        with browser.get(media_url(each.key, each.format)) as response:
            data = response.data

        assert response.status_code == 200
        assert response.headers["Content-Type"] == f"image/{each.format}"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Set-Cookie" not in response.headers
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == (each.width, each.height)


@pytest.mark.usefixtures("asset")
def test_a_rendition_is_not_served_under_another_type(browser: Browser, work: Work) -> None:
    for each in renditions(work):
        other = "jpeg" if each.format == "avif" else "avif"

        assert browser.get(media_url(each.key, other)).status_code == 404


def test_sec_f05_an_original_is_never_served(browser: Browser, work: Work, asset: Asset) -> None:
    assert work.files.exists(asset.source_key)

    for suffix in ("jpeg", "avif", "jpg", "png", "html", ""):
        assert browser.get(f"/media/{asset.digest}.{suffix}").status_code == 404
    for address in (f"/media/{asset.digest}", f"/media/{asset.source_key}", f"/media/incoming/{asset.digest}.jpeg"):
        assert browser.get(address).status_code == 404


@pytest.mark.parametrize(
    "name",
    ["../secret.jpeg", "..%2F..%2Fsecret.jpeg", "x" * 64 + ".jpeg", "A" * 64 + ".jpeg", "0" * 63 + ".jpeg", ".jpeg"],
)
def test_what_is_no_digest_is_not_found(browser: Browser, name: str) -> None:
    assert browser.get(f"/media/{name}").status_code == 404


def test_a_digest_of_nothing_is_not_found_and_not_kept_for_ever(browser: Browser) -> None:
    response = browser.get(f"/media/{'0' * 64}.jpeg")

    assert response.status_code == 404
    assert "immutable" not in response.headers["Cache-Control"]


@pytest.mark.usefixtures("asset")
def test_a_phone_that_has_it_is_told_so(browser: Browser, work: Work) -> None:
    address = media_url(renditions(work)[0].key, renditions(work)[0].format)
    with browser.get(address) as first, browser.get(address, If_None_Match=first.headers["ETag"]) as again:
        assert (again.status_code, again.data) == (304, b"")
    with browser.head(address) as head:
        assert (head.status_code, head.data) == (200, b"")


@pytest.mark.usefixtures("asset")
def test_it_may_be_kept_also_by_who_is_signed_in(browser: Browser, work: Work) -> None:
    with work.database.write() as db:
        vera = make_person(db, Role.VENDOR_ADMIN, vendor=make_vendor(db))
        db.commit()
    address = media_url(renditions(work)[0].key, renditions(work)[0].format)

    with browser.sign_in(*vera).get(address) as response:
        assert "immutable" in response.headers["Cache-Control"]
