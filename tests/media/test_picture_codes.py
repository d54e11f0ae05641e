"""Codes in pictures: what is found in real ones, what is kept, and which address a phone would open."""

from pathlib import Path

import pytest
from PIL import Image, ImageOps

from qrmerch import jobs
from qrmerch.jobs import Work
from qrmerch.media import images
from qrmerch.media.images import Code
from qrmerch.media.models import Asset, AssetState
from qrmerch.media.picture_codes import address_in, host_in, is_on, kept, list_addresses, said_end
from tests.factories import make_asset, make_film, make_retailer, make_vendor
from tests.media.pictures import code_of, photo, receive, stripes, with_codes, written

AWAY = "https://example.com/summer"
QR = Code("QRCode", AWAY)


def codes_in(folder: Path, data: bytes) -> tuple[Code, ...]:
    return images.render(written(folder, data), folder, max_pixels=50_000_000).codes


def kept_of(work: Work, asset_id: str) -> object:
    with work.database.read() as db:
        return db.get_one(Asset, asset_id).codes


# --- what is found ---------------------------------------------------------------------------------


def turned(text: str, side: int, degrees: int) -> Image.Image:
    return code_of(text, side).rotate(degrees, expand=True, fillcolor="white")


@pytest.mark.parametrize(
    ("code", "place"),
    [
        pytest.param(code_of(AWAY, 400), (500, 700), id="in the middle"),
        pytest.param(turned(AWAY, 400, 27), (500, 700), id="turned"),
        pytest.param(code_of(AWAY, 100), (1470, 1870), id="small in a corner"),
        pytest.param(ImageOps.invert(code_of(AWAY, 400)), (500, 700), id="light on dark"),
    ],
)
def test_a_code_that_a_phone_would_read_is_found(tmp_path: Path, code: Image.Image, place: tuple[int, int]) -> None:
    assert codes_in(tmp_path, with_codes((code, place))) == (QR,)


def test_each_of_several_codes_is_found_once(tmp_path: Path) -> None:
    other = code_of("https://other.example/", 300)

    found = codes_in(
        tmp_path, with_codes((code_of(AWAY, 300), (100, 100)), (code_of(AWAY, 300), (900, 100)), (other, (500, 1200)))
    )

    assert set(found) == {QR, Code("QRCode", "https://other.example/")}
    assert len(found) == 2


@pytest.mark.parametrize("kind", ["DataMatrix", "Aztec"])
def test_other_kinds_with_an_address_are_found(tmp_path: Path, kind: str) -> None:
    assert codes_in(tmp_path, with_codes((code_of(AWAY, 300, kind=kind), (400, 400)))) == (Code(kind, AWAY),)


def test_the_number_on_a_label_is_found_and_is_no_address(tmp_path: Path) -> None:
    (found,) = codes_in(tmp_path, with_codes((code_of("4012345678901", 500, kind="EAN13"), (400, 400))))

    assert (found.kind, found.text) == ("EAN13", "4012345678901")
    assert address_in(found.text) == ""


@pytest.mark.parametrize("drawn", [photo(), stripes()], ids=["photograph", "stripes"])
def test_where_no_code_is_none_with_an_address_is_found(tmp_path: Path, drawn: Image.Image) -> None:
    found = codes_in(tmp_path, with_codes(on=drawn))

    assert [each for each in found if address_in(each.text)] == []


def test_of_a_long_text_its_beginning_is_kept_or_the_address_that_stands_later(tmp_path: Path) -> None:
    long, late = f"{AWAY}?{'a' * 400}", f"{'Size and care. ' * 25}{AWAY}"

    found = codes_in(tmp_path, with_codes((code_of(long, 800), (40, 40)), (code_of(late, 800), (700, 1100))))

    assert {each.text for each in found} == {long[:300], AWAY}


# --- what is kept ----------------------------------------------------------------------------------


def test_what_was_found_is_kept_with_the_picture(work: Work) -> None:
    here = f"{work.settings.base_url}/q/7K3M9WX2C"
    asset_id = receive(work, with_codes((code_of(AWAY, 400), (200, 200)), (code_of(here, 400), (900, 1200))))

    jobs.run_all(work)

    assert sorted(kept_of(work, asset_id), key=lambda each: each["is_here"]) == [  # type: ignore[call-overload]
        {"kind": "QRCode", "text": AWAY, "is_here": False},
        {"kind": "QRCode", "text": here, "is_here": True},
    ]


def test_a_picture_without_codes_was_looked_at(work: Work) -> None:
    asset_id = receive(work, with_codes())

    jobs.run_all(work)

    assert kept_of(work, asset_id) == []


def test_pictures_of_before_are_looked_at_once(work: Work) -> None:
    asset_id = receive(work, with_codes((code_of(AWAY, 200), (1300, 1700))))
    jobs.run_all(work)
    with work.database.write() as db:
        db.get_one(Asset, asset_id).codes = None
        db.commit()

    first, second = jobs.run_all(work), jobs.run_all(work)

    assert (first, second) == (1, 0)
    assert kept_of(work, asset_id) == [{"kind": "QRCode", "text": AWAY, "is_here": False}]


def test_films_and_what_is_gone_from_the_store_are_not_looked_at_again(work: Work) -> None:
    with work.database.write() as db:
        vendor = make_vendor(db, make_retailer(db))
        film, gone = make_film(db, vendor).id, make_asset(db, vendor, codes=None).id
        db.get_one(Asset, film).codes = None
        refused = make_asset(db, vendor, codes=None, state=AssetState.REFUSED).id
        db.commit()

    assert (jobs.run_all(work), jobs.run_all(work)) == (1, 0)

    assert [kept_of(work, each) for each in (film, gone, refused)] == [None, [], None]


# --- which address a phone would open --------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" https://example.com/a ", "https://example.com/a"),
        ("HTTP://EXAMPLE.COM", "HTTP://EXAMPLE.COM"),
        ("www.example.com", "http://www.example.com"),
        ("example.com/a?b=c", "http://example.com/a?b=c"),
        ("BEGIN:VCARD\nURL:https://example.com\nEND:VCARD", "https://example.com"),
        ("mailto:a@example.com", "mailto:a@example.com"),
        ("tel:+441234", "tel:+441234"),
        ("market://details?id=a", "market://details?id=a"),
        ("4012345678901", ""),
        ("Size: M, 100 % cotton", ""),
        ("FT-TOP-01", ""),
        ("3.5", ""),
        ("", ""),
    ],
)
def test_the_address_in_what_a_code_says(text: str, address: str) -> None:
    assert address_in(text) == address


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.example@evil.example/",
        "https://shop.example.evil.example/",
        "https://evil.example/shop.example",
        "https://evil.example\\@shop.example/",
        "https://shop.example:8443/",
        "https://sh\u043ep.example/",
        "ftp://shop.example/",
        "mailto:a@shop.example",
        "https://[shop.example/",
    ],
)
def test_what_only_looks_like_an_own_host_is_none(address: str) -> None:
    assert not is_on(address, ["shop.example"])


@pytest.mark.parametrize(
    "address", ["https://shop.example/a", "HTTPS://SHOP.EXAMPLE", "https://shop.example:443/", "http://shop.example/"]
)
def test_an_own_host_is_one_however_it_is_written(address: str) -> None:
    assert is_on(address, ["shop.example"])


def test_no_word_of_an_address_is_taken_for_its_host() -> None:
    assert host_in("https://shop.example@evil.example/") == ""
    assert said_end("https://shop.example@evil.example/") == "evil.example"
    assert said_end("https://evil.example\\@shop.example/") == "evil.example"
    assert said_end("https://[shop.example/") == "https://[shop.example/"
    assert said_end("tel:+441234") == "tel:+441234"


def test_only_codes_with_an_address_are_listed() -> None:
    codes = kept([QR, Code("EAN13", "4012345678901")], base_url="https://here.example")

    assert list_addresses(codes) == [("QRCode", AWAY, False)]
    assert list_addresses(None) == []
