"""Serving pictures: renditions only, each under its one type, for ever; an original never."""

import io

import pytest
from PIL import Image
from sqlalchemy import select

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.jobs import Work
from qrmerch.media import films, service
from qrmerch.media.models import Asset, Rendition
from qrmerch.media.queries import media_url
from tests import once
from tests.browsing import Browser
from tests.conftest import NOON
from tests.factories import make_person, make_vendor
from tests.media import films as sources
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


# --- films, sounds and captions ----------------------------------------------------------------------

_TYPES = {"mp4": "video/mp4", "mp3": "audio/mpeg", "m4a": "audio/mp4", "vtt": "text/vtt; charset=utf-8"}


@pytest.fixture
def played(work: Work) -> dict[str, str]:
    """The address of a film, of two sounds and of captions, by format."""
    made = once.set_up(
        "a film and two sounds", lambda: _make_recordings(work), database=work.database, settings=work.settings
    )
    return {form: made[form] for form in _TYPES}


def _make_recordings(work: Work) -> dict[str, str]:
    vtt = b"WEBVTT\n\n00:00.100 --> 00:00.900\nHello\n"
    for data in (sources.film(seconds=1), sources.tone(1), sources.tone(1, kind="ipod", codec="aac")):
        accepted = films.accept(work.database, work.files, io.BytesIO(data), settings=work.settings)
        with work.database.write() as db:
            asset = films.keep(db, accepted, vendor_id=make_vendor(db).id, file_name="film.mp4", at=NOON)
            films.set_captions(db, asset, "en", vtt, file_name="a.vtt", store=work.files)
            db.commit()
    jobs.run_all(work)
    return {each.format: media_url(each.key, each.format) for each in renditions(work)}


def whole(browser: Browser, address: str) -> bytes:
    with browser.get(address) as response:
        return response.data


def test_sec_f08_what_plays_has_a_fixed_type_and_can_do_nothing(browser: Browser, played: dict[str, str]) -> None:
    for form, address in played.items():
        with browser.get(address) as response:
            assert response.headers["Content-Type"] == _TYPES[form]
            assert response.headers["Accept-Ranges"] == "bytes"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        for other in {"avif", "jpeg", *_TYPES} - {form}:
            assert browser.get(address.replace(f".{form}", f".{other}")).status_code == 404


def test_a_part_is_answered_with_that_part(browser: Browser, played: dict[str, str]) -> None:
    address = played["mp4"]
    data = whole(browser, address)
    parts = {
        "bytes=0-": data,
        "bytes=0-0": data[:1],
        "bytes=100-199": data[100:200],
        "bytes=-500": data[-500:],
        f"bytes={len(data) - 1}-": data[-1:],
        f"bytes=10-{len(data) * 9}": data[10:],
    }

    for asked, part in parts.items():
        with browser.get(address, Range=asked) as response:
            assert (response.status_code, response.data) == (206, part), asked
            begin = data.index(part) if len(part) > 1 else (0 if asked == "bytes=0-0" else len(data) - 1)
            assert response.headers["Content-Range"] == f"bytes {begin}-{begin + len(part) - 1}/{len(data)}"
            assert response.headers["Content-Length"] == str(len(part))


def test_a_part_that_is_not_there_is_refused_with_the_size(browser: Browser, played: dict[str, str]) -> None:
    size = len(whole(browser, played["mp4"]))

    with browser.get(played["mp4"], Range=f"bytes={size}-") as response:
        assert response.status_code == 416
        assert response.headers["Content-Range"] == f"bytes */{size}"
        assert "immutable" not in response.headers["Cache-Control"]


def test_several_parts_at_once_are_answered_with_the_whole(browser: Browser, played: dict[str, str]) -> None:
    data = whole(browser, played["mp4"])

    with browser.get(played["mp4"], Range="bytes=0-1,5-9") as response:
        assert (response.status_code, response.data) == (200, data)


def test_a_part_of_what_changed_meanwhile_is_the_whole(browser: Browser, played: dict[str, str]) -> None:
    data = whole(browser, played["mp4"])
    with browser.get(played["mp4"]) as response:
        etag = response.headers["ETag"]

    with browser.get(played["mp4"], Range="bytes=0-9", If_Range=etag) as same:
        assert (same.status_code, same.data) == (206, data[:10])
    with browser.get(played["mp4"], Range="bytes=0-9", If_Range='"another"') as other:
        assert (other.status_code, other.data) == (200, data)


def test_a_player_that_only_asks_gets_the_head(browser: Browser, played: dict[str, str]) -> None:
    size = len(whole(browser, played["mp4"]))

    with browser.head(played["mp4"]) as head:
        assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(size))


def test_sec_f05_an_original_film_is_never_served(browser: Browser, work: Work, played: dict[str, str]) -> None:
    with work.database.read() as db:
        originals = [each.digest for each in db.scalars(select(Asset))]

    assert len(originals) == 3
    for digest in originals:
        assert {browser.get(f"/media/{digest}.{form}").status_code for form in _TYPES} == {404}
