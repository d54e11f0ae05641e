"""A retailer's logo and font: ours after they came, small, of one kind; what is no such thing is told so."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from qrmerch.files import FileStore
from qrmerch.jobs import Work
from qrmerch.media import fonts, images
from qrmerch.media.images import Unusable
from qrmerch.media.marks import find_font, find_mark, receive_font, receive_mark
from tests.browsing import Browser
from tests.media.pictures import SCRIPT, camera_data, picture
from tests.media.webfonts import tables, woff2


def logo(width: int = 900, height: int = 300, *, kind: str = "PNG", colour: str = "#7a1f4f", **saved: object) -> bytes:
    """A disc on a transparent ground, with room around it."""
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((100, 50, width - 100, height - 50), fill=colour)
    kept = io.BytesIO()
    image.save(kept, kind, lossless=True, **saved)  # type: ignore[arg-type]
    return kept.getvalue()


def receive(work: Work, data: bytes) -> tuple[Image.Image, int, int]:
    """What is kept of a logo: the picture, its bytes, its ratio."""
    mark = receive_mark(io.BytesIO(data), store=work.files, settings=work.settings)
    with work.files.open(mark.key) as file:
        kept = file.read()
    image = Image.open(io.BytesIO(kept), formats=["WEBP"])
    image.load()
    return image, len(kept), mark.ratio


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_logo_is_cut_to_what_is_seen_and_stays_transparent(work: Work, kind: str) -> None:
    image, size, ratio = receive(work, logo(kind=kind))

    assert size <= images.MARK_MAX_BYTES
    assert abs(image.width / image.height - 700 / 200) < 0.05 and abs(ratio - 3500) < 50
    assert image.mode == "RGBA" and image.getpixel((0, 0))[3] == 0  # type: ignore[index]
    middle = image.getpixel((image.width // 2, image.height // 2))
    assert middle == (0x7A, 0x1F, 0x4F, 255)


def test_a_photograph_as_a_logo_is_made_lighter_until_it_fits(work: Work) -> None:
    noise = Image.effect_noise((1000, 500), 90).convert("RGB")
    kept = io.BytesIO()
    noise.save(kept, "JPEG", quality=95)

    _, size, ratio = receive(work, kept.getvalue())

    assert size <= images.MARK_MAX_BYTES and ratio == 2000


def test_nothing_of_the_file_that_came_is_left(work: Work) -> None:
    mark = receive_mark(
        io.BytesIO(picture(400, 200, exif=camera_data(), comment=SCRIPT)), store=work.files, settings=work.settings
    )

    with work.files.open(mark.key) as file:
        kept = file.read()
    assert b"script" not in kept and b"Exif" not in kept


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "This file is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "This is an SVG drawing. Export it as PNG"),
        (b"<?xml version='1.0'?><!DOCTYPE svg SYSTEM 'file:///etc/passwd'><svg/>", "This is an SVG drawing"),
        (b"%PDF-1.7", "This is a PDF"),
        (b"MZ" + bytes(2000), "This is not a picture"),
        (logo()[:400], "cannot be read to its end"),
        (picture(39, 300), "it needs 40 each way"),
        (picture(2000, 200), "It may be at most 8 times as wide as high"),
        (picture(100, 300), "It may be at most 8 times as wide as high"),
        (picture(200, 100, kind="PNG", mode="RGBA", colour=(1, 2, 3, 0)), "Nothing can be seen in this logo"),
        (bytes(4_000_001), "A logo may have 4 MB"),
    ],
)
def test_what_is_no_logo_is_told_and_nothing_is_kept(work: Work, data: bytes, said: str) -> None:
    with pytest.raises(Unusable, match=said):
        receive_mark(io.BytesIO(data), store=work.files, settings=work.settings)

    assert list(work.files.list_files("brands")) == []


def test_a_key_of_something_else_is_no_logo_and_no_font(work: Work) -> None:
    store: FileStore = work.files
    mark = receive_mark(io.BytesIO(logo()), store=store, settings=work.settings)
    font = receive_font(io.BytesIO(woff2()), store=store)
    picture_key = store.put(io.BytesIO(logo(kind="WEBP")), "incoming")

    assert find_mark(store, mark.key) == mark and find_font(store, font.key) == font
    for key in (font.key, picture_key, "", "brands/../../etc/passwd", "brands/" + "0" * 64, mark.key + "/x"):
        assert find_mark(store, key) is None
    for key in (mark.key, picture_key, "brands/" + "0" * 64):
        assert find_font(store, key) is None


def test_logo_and_font_are_served_under_their_one_type_for_ever(browser: Browser, work: Work) -> None:
    mark = receive_mark(io.BytesIO(logo()), store=work.files, settings=work.settings)
    font = receive_font(io.BytesIO(woff2()), store=work.files)
    names = {mark.key: ("webp", "image/webp"), font.key: ("woff2", "font/woff2")}

    for key, (ending, kind) in names.items():
        digest = key.removeprefix("brands/")
        with browser.get(f"/media/{digest}.{ending}") as answer:
            assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        for other in {"webp", "woff2", "jpeg", "svg"} - {ending}:
            assert browser.get(f"/media/{digest}.{other}").status_code == 404


# --- fonts -------------------------------------------------------------------------------------------


def test_a_font_says_its_name_and_its_letters() -> None:
    latin, arabic = fonts.read_font(woff2()), fonts.read_font(woff2(tables("ا", "ي", "Kufi \u202eé")))

    assert (latin.name, latin.scripts) == ("Maison Grotesk", ("latin",))
    assert (arabic.name, arabic.scripts) == ("Kufi é", ("arabic",))
    assert fonts.unicode_range(arabic.scripts).startswith("U+600-6FF")


def test_what_stands_behind_a_font_is_cut_off_and_it_stays_whole() -> None:
    remarks = b"<metadata>licensed to somebody</metadata>"

    found = fonts.read_font(woff2(behind=remarks))

    assert remarks not in found.data and fonts.read_font(found.data).data == found.data
    assert struct.unpack_from(">I", found.data, 8)[0] == len(found.data)


def without(tag: str) -> dict[str, bytes]:
    return {name: data for name, data in tables().items() if name != tag}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a WOFF2 font"),
        (b"wOFF" + woff2()[4:], "not a WOFF2 font"),
        (b"\0\1\0\0" + bytes(400), "not a WOFF2 font"),
        (b"<html>wOF2", "not a WOFF2 font"),
        (b"wOF2" + bytes(200), "a collection of fonts"),
        (woff2(flavour=0x74746366), "a collection of fonts"),
        (woff2(length_off=1), "damaged"),
        (woff2()[:-8], "damaged"),
        (woff2() + b"PK\x03\x04", "damaged"),
        (woff2(claims=1), "damaged"),
        (woff2(claims=900_000_000), "damaged"),
        (woff2(without("cmap")), "lacks parts"),
        (woff2(without("glyf")), "lacks parts"),
        (woff2({**tables(), "head": bytes(54)}), "damaged"),
        (woff2(more={"SVG ": b"<svg onload=alert(1)>"}), "SVG drawings"),
        (woff2(tables("\u2190", "\u21ff")), "no letters"),
        (bytes(fonts.MAX_BYTES + 1), "A font may have 30 KB"),
    ],
)
def test_what_is_no_font_is_told(data: bytes, said: str) -> None:
    with pytest.raises(fonts.BadFont, match=said):
        fonts.read_font(data)


def test_a_font_that_unpacks_to_very_much_is_not_unpacked() -> None:
    bomb = woff2({**tables(), "loca": bytes(30_000_000)})
    assert len(bomb) < fonts.MAX_BYTES

    with pytest.raises(fonts.BadFont, match="damaged"):
        fonts.read_font(bomb)


@given(st.data())
def test_whatever_byte_is_another_it_is_a_font_or_told(data: st.DataObject) -> None:
    whole = bytearray(woff2())
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=6)):
        whole[place] = data.draw(st.integers(0, 255))
    try:
        found = fonts.read_font(bytes(whole))
    except fonts.BadFont:
        return
    assert found.scripts and len(found.data) <= fonts.MAX_BYTES


@given(st.binary(max_size=400))
def test_tables_of_any_bytes_are_a_font_or_told(noise: bytes) -> None:
    for tag in ("cmap", "name", "head"):
        try:
            fonts.read_font(woff2({**tables(), tag: noise}))
        except fonts.BadFont:
            continue
