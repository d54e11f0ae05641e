"""Pictures from outside become pictures of our own: what is refused, before what, and what is left of the rest."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat

from qrmerch.media import images
from qrmerch.media.images import Rendered, Unusable, examine, render
from tests.media.pictures import SCRIPT, camera_data, flag, picture, png_header, with_png_text, written

MAX_PIXELS = 50_000_000
# What no rendition may carry of an original. Two or three bytes may come about by chance; these may not.
FOREIGN = (b"Exif\x00\x00", b"http://ns.adobe", b"ICC_PROFILE", b"<script", b"PK\x03\x04", b"%PDF", b"Photoshop")


def rendered(source: Path, folder: Path, **limits: Any) -> Rendered:
    folder.mkdir(exist_ok=True)
    return render(source, folder, **{"max_pixels": MAX_PIXELS, **limits})


def opened(made: Rendered, folder: Path, purpose: str = "page", kind: str = "jpeg") -> Image.Image:
    """The smallest of these renditions, as pixels."""
    file = min((each for each in made.files if (each.purpose, each.format) == (purpose, kind)), key=lambda f: f.width)
    with Image.open(folder / file.name) as image:
        return image.convert("RGB")


def refusal(path: Path, **limits: int) -> str:
    with pytest.raises(Unusable) as refused:
        examine(path, **{"max_pixels": MAX_PIXELS, **limits})
    return str(refused.value)


@pytest.fixture
def no_child(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever starts a process fails the test: nothing may be decoded."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "run", refuse)
    yield


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><body>x", "web page"),
        (b"<html><script>x</script>", "web page"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG drawing"),
        (b"<svg onload=alert(1)>", "SVG drawing"),
        (b"  \n<!-- c --><svg/>", "SVG drawing"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "EPS"),
        (b"\xc5\xd0\xd3\xc6rest", "EPS"),
        (b"%PDF-1.7", "PDF"),
        (b"BM" + bytes(60), "BMP"),
        (b"II*\x00" + bytes(60), "TIFF"),
        (b"MM\x00*" + bytes(60), "TIFF"),
        (b"\x00\x00\x01\x00" + bytes(60), "icon"),
        (b"8BPS" + bytes(60), "Photoshop"),
        (b"PK\x03\x04" + bytes(60), "ZIP"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2", "a video"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "not a picture"),
        (b"hello, this is text", "not a picture"),
        (b"\xff\xd8\xff", "beginning of this picture is damaged"),
        (b"\x89PNG\r\n\x1a\nrest", "beginning of this picture is damaged"),
        (b"GIF89a", "beginning of this picture is damaged"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "beginning of this picture is damaged"),
        (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00avifmif1", "beginning of this picture is damaged"),
    ],
)
@pytest.mark.usefixtures("no_child")
def test_sec_f02_what_is_no_picture_is_refused_whatever_it_is_called(tmp_path: Path, data: bytes, said: str) -> None:
    assert said in refusal(written(tmp_path, data, "photo.jpg"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_the_five_kinds_are_taken_whatever_they_are_called(tmp_path: Path, kind: str) -> None:
    header = examine(written(tmp_path, picture(kind=kind), "photo.exe"), max_pixels=MAX_PIXELS)

    assert (header.format, header.width, header.height) == (kind, 160, 120)


@pytest.mark.usefixtures("no_child")
def test_sec_f03_a_bomb_is_refused_by_its_header_and_nothing_is_decoded(tmp_path: Path) -> None:
    bomb = written(tmp_path, png_header(50_000, 50_000))

    with pytest.raises(Unusable, match="50,000 × 50,000 pixels; at most 50 million"):
        render(bomb, tmp_path, max_pixels=MAX_PIXELS)


@pytest.mark.usefixtures("no_child")
def test_as_many_pixels_as_are_taken_are_taken(tmp_path: Path) -> None:
    path = written(tmp_path, picture(160, 120))

    assert examine(path, max_pixels=160 * 120).width == 160
    assert "160 × 120" in refusal(path, max_pixels=160 * 120 - 1)


@pytest.mark.usefixtures("no_child")
@pytest.mark.parametrize(
    ("width", "height", "said"),
    [(99, 400, "needs 100 each way"), (400, 99, "needs 100 each way"), (20_001, 120, "20,001 pixels long")],
)
def test_a_picture_too_small_or_too_long_is_refused(tmp_path: Path, width: int, height: int, said: str) -> None:
    assert said in refusal(written(tmp_path, png_header(width, height)))


def test_every_width_comes_as_avif_and_jpeg_none_larger_than_the_picture(tmp_path: Path) -> None:
    made = rendered(written(tmp_path, picture(500, 400)), tmp_path / "out")

    assert sorted((each.purpose, each.format, each.width, each.height) for each in made.files) == [
        ("card", "avif", 469, 375),
        ("card", "jpeg", 469, 375),
        ("page", "avif", 390, 312),
        ("page", "avif", 500, 400),
        ("page", "jpeg", 390, 312),
        ("page", "jpeg", 500, 400),
        ("preview", "jpeg", 500, 262),
    ]
    assert (made.width, made.height) == (500, 400)
    for each in made.files:
        with Image.open(tmp_path / "out" / each.name) as image:
            assert (image.format, image.size) == (each.format.upper(), (each.width, each.height))


def test_a_photograph_of_12_megapixels_comes_in_all_sizes(tmp_path: Path) -> None:
    source = written(tmp_path, picture(4000, 3000, quality=85))

    made = rendered(source, tmp_path / "out")

    sizes = {(each.purpose, each.format): each.width for each in sorted(made.files, key=lambda each: each.width)}
    pages = sorted({each.width for each in made.files if each.purpose == "page"})
    assert pages == [390, 780, 1170]
    assert sizes == {
        ("page", "avif"): 1170, ("page", "jpeg"): 1170, ("card", "avif"): 500, ("card", "jpeg"): 500,
        ("preview", "jpeg"): 1200,
    }  # fmt: skip
    assert next(each for each in made.files if each.purpose == "preview").height == 630
    assert (made.width, made.height) == (4000, 3000)
    assert made.placeholder is not None
    assert len(made.placeholder) <= 500


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright_however_the_camera_was_held(tmp_path: Path, kind: str, orientation: int) -> None:
    made = rendered(written(tmp_path, flag(orientation, kind=kind)), tmp_path / "out")

    image = opened(made, tmp_path / "out")
    assert (made.width, made.height) == image.size == (120, 160)
    colours = [_name(image.getpixel(at)) for at in ((30, 50), (90, 50), (30, 145), (90, 145))]
    assert colours == ["red", "blue", "green", "green"]


def _name(pixel: Any) -> str:
    strongest = max(pixel)
    return {0: "red", 1: "green", 2: "blue"}[list(pixel).index(strongest)]


@pytest.mark.parametrize(
    "source",
    [
        picture(kind="PNG", mode="RGBA", colour=(255, 0, 0, 0)),
        picture(kind="PNG", mode="LA", colour=(0, 0)),
        picture(kind="WEBP", mode="RGBA", colour=(0, 0, 0, 0), lossless=True),
        picture(kind="GIF", mode="P", colour=0, transparency=0),
        picture(kind="PNG", mode="P", colour=0, transparency=0),
    ],
    ids=["rgba", "la", "webp", "gif", "palette"],
)
def test_what_is_transparent_lies_on_white(tmp_path: Path, source: bytes) -> None:
    image = opened(rendered(written(tmp_path, source), tmp_path / "out"), tmp_path / "out")

    assert min(channel[0] for channel in image.getextrema()) >= 250


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("CMYK", (0, 0, 255, 0), (255, 255, 0)),
        ("L", 128, (128, 128, 128)),
        ("1", 1, (255, 255, 255)),
        ("I;16", 0xFFFF, (255, 255, 255)),
        ("P", 0, (0, 0, 0)),
    ],
)
def test_every_way_to_store_a_colour_is_read(tmp_path: Path, mode: str, colour: Any, expected: tuple[int, ...]) -> None:
    kind = "JPEG" if mode in ("CMYK", "L") else "PNG"

    made = rendered(written(tmp_path, picture(kind=kind, mode=mode, colour=colour)), tmp_path / "out")

    pixel = opened(made, tmp_path / "out").getpixel((50, 50))
    assert all(abs(is_ - wanted) <= 12 for is_, wanted in zip(pixel, expected, strict=True)), pixel


def test_what_is_transparent_lies_on_the_ground_that_is_asked_for(tmp_path: Path) -> None:
    half = written(tmp_path, picture(kind="PNG", mode="RGBA", colour=(0, 0, 0, 128)))
    solid = written(tmp_path, picture(kind="PNG", mode="RGBA", colour=(10, 20, 30, 255)), "solid")
    pale = written(tmp_path, picture(kind="PNG", colour=(9, 9, 9), transparency=(9, 9, 9)), "pale")

    made = [rendered(each, tmp_path / f"out-{each.name}", ground="#f0e0d0") for each in (half, solid, pale)]

    mixed, kept, ground = (
        opened(each, tmp_path / f"out-{name}").getpixel((50, 50))
        for each, name in zip(made, ("picture", "solid", "pale"), strict=True)
    )
    assert [each.is_see_through for each in made] == [True, False, True]
    assert all(abs(is_ - wanted) <= 4 for is_, wanted in zip(mixed, (120, 112, 104), strict=True)), mixed
    assert all(abs(is_ - wanted) <= 4 for is_, wanted in zip(kept, (10, 20, 30), strict=True)), kept
    assert all(abs(is_ - wanted) <= 4 for is_, wanted in zip(ground, (240, 224, 208), strict=True)), ground


def test_a_large_cut_out_made_smaller_strip_by_strip_has_no_seams(tmp_path: Path) -> None:
    large = Image.linear_gradient("L").resize((5001, 3003)).convert("RGBA")
    large.putalpha(Image.linear_gradient("L").rotate(90).resize((5001, 3003)))
    large.save(tmp_path / "large.png", compress_level=1)
    white = Image.new("RGBA", large.size, "white")
    expected = Image.alpha_composite(white, large).convert("RGB").resize((390, 234), Image.Resampling.LANCZOS)

    image = opened(rendered(tmp_path / "large.png", tmp_path / "out"), tmp_path / "out")

    assert image.size == (390, 234)
    assert max(ImageStat.Stat(ImageChops.difference(image, expected)).mean) < 2
    assert max(each[1] for each in ImageChops.difference(image, expected).getextrema()) < 16


def test_a_wide_colour_profile_is_taken_out_of_the_colours(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Red and green change places in this profile: who ignores it shows the wrong one.
    swapped = _with_swapped_primaries(profile)

    plain = opened(
        rendered(written(tmp_path, picture(colour=(200, 30, 30), icc_profile=profile), "a"), tmp_path / "o1"),
        tmp_path / "o1",
    )
    turned = opened(
        rendered(written(tmp_path, picture(colour=(200, 30, 30), icc_profile=swapped), "b"), tmp_path / "o2"),
        tmp_path / "o2",
    )

    assert _name(plain.getpixel((50, 50))) == "red"
    assert _name(turned.getpixel((50, 50))) == "green"


def _with_swapped_primaries(profile: bytes) -> bytes:
    return profile.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")


def test_an_animation_shows_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (160, 120), colour) for colour in ("red", "blue", "green")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:], duration=100)

    image = opened(rendered(tmp_path / "moving.gif", tmp_path / "out"), tmp_path / "out")

    assert _name(image.getpixel((80, 60))) == "red"


def test_a_focus_stays_in_the_preview(tmp_path: Path) -> None:
    tall = Image.new("RGB", (400, 1200), "white")
    tall.paste("red", (0, 1000, 400, 1200))
    tall.save(tmp_path / "tall.png")

    low = opened(rendered(tmp_path / "tall.png", tmp_path / "low", focus=(0.5, 1.0)), tmp_path / "low", "preview")
    high = opened(rendered(tmp_path / "tall.png", tmp_path / "high", focus=(0.5, 0.0)), tmp_path / "high", "preview")

    assert low.size == high.size == (952, 500), "as high as five fourths of its width, and as wide as a preview"
    assert _name(low.getpixel((476, 450))) == "red"
    assert low.getpixel((476, 450))[1] < 60 < high.getpixel((476, 450))[1]


@pytest.mark.parametrize("size", [(400, 800), (600, 600), (480, 600)])
def test_what_stands_is_shown_standing_in_the_preview_on_its_own_edges(tmp_path: Path, size: tuple[int, int]) -> None:
    width, height = size
    image = Image.new("RGB", size, "#bcd0c0")
    image.paste("red", (width // 4, height // 4, width * 3 // 4, height * 3 // 4))
    image.save(tmp_path / "standing.png")

    preview = opened(rendered(tmp_path / "standing.png", tmp_path / "out"), tmp_path / "out", "preview")

    assert abs(preview.width / preview.height - 1200 / 630) < 0.01
    row = [_name(preview.getpixel((x, preview.height // 2))) for x in range(0, preview.width, 10)]
    assert abs(row.count("red") * 10 / preview.height - width / 2 / min(height, width / 0.8)) < 0.06, "not squeezed"
    left, right = (preview.getpixel((x, 20)) for x in (3, preview.width - 4))
    assert all(abs(a - b) < 6 for side in (left, right) for a, b in zip(side, (0xBC, 0xD0, 0xC0), strict=True))


def _with_subject(path: Path, size: tuple[int, int], box: tuple[int, int, int, int]) -> Path:
    image = Image.new("RGB", size, "#e8e6e0")
    image.paste("#22406a", box)
    image.save(path)
    return path


@pytest.mark.parametrize(
    ("size", "box", "expected"),
    [
        ((400, 800), (100, 20, 300, 220), (0.5, 0.0)),
        ((400, 800), (100, 560, 300, 800), (0.5, 1.0)),
        ((400, 800), (100, 300, 300, 500), (0.5, 0.5)),
        # Longer than what is shown of it: its head stays.
        ((400, 800), (100, 40, 300, 800), (0.5, 0.2)),
        ((900, 400), (20, 100, 220, 300), (0.0, 0.5)),
        ((900, 400), (680, 100, 880, 300), (1.0, 0.5)),
        # All of it, or nothing: nobody can tell.
        ((400, 800), (0, 0, 400, 800), (0.5, 0.5)),
    ],
)
def test_what_a_picture_is_of_is_guessed_where_nobody_has_said(
    tmp_path: Path, size: tuple[int, int], box: tuple[int, int, int, int], expected: tuple[float, float]
) -> None:
    made = rendered(_with_subject(tmp_path / "picture.png", size, box), tmp_path / "out", focus=None)

    assert made.focus == pytest.approx(expected, abs=0.06)


def test_a_focus_that_was_said_is_kept(tmp_path: Path) -> None:
    source = _with_subject(tmp_path / "picture.png", (400, 800), (100, 20, 300, 220))

    assert rendered(source, tmp_path / "out", focus=(0.5, 0.8)).focus == (0.5, 0.8)


@pytest.mark.parametrize(
    ("ground", "at_the_top", "expected"),
    [("#f4f4f2", "#f4f4f2", True), ("#f4f4f2", "#8a1c1c", False), ("#26282c", "#26282c", False)],
)
def test_dark_words_stand_only_on_a_top_that_is_light_and_plain(
    tmp_path: Path, ground: str, at_the_top: str, expected: bool
) -> None:
    image = Image.new("RGB", (600, 800), ground)
    image.paste(at_the_top, (0, 60, 250, 160))
    image.paste("#1a3c70", (150, 400, 450, 700))
    image.save(tmp_path / "cover.png")

    assert rendered(tmp_path / "cover.png", tmp_path / "out").is_light_above is expected


POLYGLOTS = {
    "jpeg-zip": picture() + b"PK\x03\x04" + bytes(30) + b"evil.html" + SCRIPT,
    "jpeg-comment": picture(comment=SCRIPT),
    "jpeg-html": picture()[:2] + b"\xff\xfe\x00\x2f" + b"<html>" + SCRIPT + picture()[2:],
    "gif-js": picture(kind="GIF") + b"/*" + SCRIPT + b"*/=1;",
    "png-pdf": with_png_text(picture(kind="PNG"), b"Comment", b"%PDF-1.4 " + SCRIPT),
    "png-tail": picture(kind="PNG") + b"%PDF-1.4" + SCRIPT,
    "webp-xmp": picture(kind="WEBP", xmp=b"<x:xmpmeta>http://ns.adobe.com/" + SCRIPT),
    "avif-exif": picture(kind="AVIF", exif=camera_data()),
    "jpeg-icc": picture(icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()),
    "jpeg-bad-icc": picture(icc_profile=b"not a profile " + SCRIPT),
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_sec_f04_f05_nothing_of_the_original_but_its_pixels_is_left(tmp_path: Path, name: str) -> None:
    made = rendered(written(tmp_path, POLYGLOTS[name]), tmp_path / "out")

    assert_clean(made, tmp_path / "out")


def assert_clean(made: Rendered, folder: Path) -> None:
    """No rendition carries metadata, a profile or a piece of another kind of file."""
    assert made.files
    for each in made.files:
        data = (folder / each.name).read_bytes()
        assert not [mark for mark in FOREIGN if mark in data], each.name
        with Image.open(folder / each.name) as image:
            assert not image.getexif()
            assert not {"icc_profile", "exif", "xmp", "comment"} & set(image.info), each.name


@pytest.mark.shared_data
def test_real_hostile_files_are_refused_with_a_sentence_or_come_out_clean(tmp_path: Path, shared_data: Path) -> None:
    said = {}
    for number, file in enumerate(sorted((shared_data / "images/hostile").iterdir())):
        folder = tmp_path / str(number)
        try:
            assert_clean(rendered(file, folder), folder)
            said[file.name] = ""
        except Unusable as refused:
            said[file.name] = str(refused)

    assert len(said) == 20
    assert {name for name, sentence in said.items() if not sentence} == {
        "broken_exif_dpi.jpg", "dispose_bgnd.gif", "exif_gps_typeerror.jpg", "flower.webp", "hopper_bad_exif.jpg",
        "hopper_orientation_6.jpg", "hopper_orientation_8.webp", "pil_sample_cmyk.jpg", "transparent.webp",
    }  # fmt: skip
    assert all(sentence.endswith(".") and " " in sentence for sentence in said.values() if sentence)
    assert "65,535 × 66,601 pixels" in said["decompression_bomb.gif"]
    assert "cannot be read to its end" in said["truncated_jpeg.jpg"]


@pytest.mark.shared_data
def test_hostile_files_cost_little(tmp_path: Path, shared_data: Path) -> None:
    _, rest_kb = _cost(written(tmp_path, picture(100, 100)), tmp_path)
    _, large_kb = _cost(written(tmp_path, picture(6000, 6000), "large"), tmp_path)
    # The measure does tell: a large picture weighs.
    assert large_kb - rest_kb > 20 * 1024

    for file in sorted((shared_data / "images/hostile").iterdir()):
        cpu_s, peak_kb = _cost(file, tmp_path)
        assert cpu_s < 1, file.name
        assert peak_kb - rest_kb < 128 * 1024, file.name


_COST = """
import re, sys, time
from pathlib import Path
from qrmerch.media import images
source, folder = map(Path, sys.argv[1:])
try:
    name = images.examine(source, max_pixels=50_000_000).format
    images._render_here(name, source, folder, max_pixels=50_000_000, focus=(0.5, 0.5), ground="#ffffff")
except Exception:
    pass
print(time.process_time(), re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def _cost(source: Path, folder: Path) -> tuple[float, int]:
    """CPU seconds and largest memory (KiB) of a process that looks at a picture and renders it, its start included."""
    order = [sys.executable, "-W", "ignore", "-c", _COST, str(source), str(folder)]
    cpu_s, peak_kb = subprocess.run(order, capture_output=True, check=True, text=True).stdout.split()
    return float(cpu_s), int(peak_kb)


@pytest.mark.shared_data
def test_every_photo_with_camera_data_comes_out_clean(tmp_path: Path, shared_data: Path) -> None:
    files = sorted((shared_data / "images/exif").iterdir())
    assert len(files) == 17

    for file in files:
        assert_clean(rendered(file, tmp_path / file.name), tmp_path / file.name)


@pytest.mark.shared_data
def test_eight_ways_to_hold_a_camera_give_one_picture(tmp_path: Path, shared_data: Path) -> None:
    seen = []
    for turn in range(1, 9):
        folder = tmp_path / str(turn)
        made = rendered(shared_data / f"images/exif/landscape_{turn}.jpg", folder)
        assert_clean(made, folder)
        seen.append(opened(made, folder).resize((96, 96)))

    for one in seen:
        for other in seen:
            assert max(ImageStat.Stat(ImageChops.difference(one, other)).mean) < 6
    # A picture on its head is another picture: the measure does tell.
    assert max(ImageStat.Stat(ImageChops.difference(seen[0], seen[0].rotate(180))).mean) > 20


@pytest.mark.shared_data
def test_the_place_where_a_photo_was_taken_does_not_survive(tmp_path: Path, shared_data: Path) -> None:
    source = shared_data / "images/exif/gps_DSCN0010.jpg"
    with Image.open(source) as image:
        assert image.getexif().get_ifd(0x8825)

    made = rendered(source, tmp_path / "out")

    assert_clean(made, tmp_path / "out")


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["alpha_white-hoodie.png", "alpha_blue-plimsolls-1.png"])
def test_a_cut_out_product_stands_on_white(tmp_path: Path, shared_data: Path, name: str) -> None:
    made = rendered(shared_data / "images/products" / name, tmp_path / "out")

    image = opened(made, tmp_path / "out", "card")
    assert made.colour == "#ffffff"
    for corner in ((0, 0), (299, 0), (0, 299), (299, 299)):
        assert min(image.getpixel(corner)) >= 250


def test_a_child_that_takes_too_long_is_ended(tmp_path: Path, program: Any) -> None:
    program("import time; time.sleep(60)")

    with pytest.raises(Unusable, match="took too long"):
        rendered(written(tmp_path, picture()), tmp_path / "out", timeout_s=0.5)


def test_a_child_that_has_used_up_its_time_on_the_processor_took_too_long(tmp_path: Path, program: Any) -> None:
    program("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")

    with pytest.raises(Unusable, match="took too long"):
        rendered(written(tmp_path, picture()), tmp_path / "out")


def test_pages_go_before_the_child(tmp_path: Path, program: Any) -> None:
    told = tmp_path / "niceness.txt"
    program(
        "import atexit, os, pathlib, runpy\n"
        f"atexit.register(lambda: pathlib.Path({str(told)!r}).write_text(str(os.nice(0))))\n"
        f"runpy.run_path({images.__file__!r}, run_name='__main__')\n"
    )

    rendered(written(tmp_path, picture()), tmp_path / "out")

    assert int(told.read_text()) > os.nice(0)


@pytest.mark.parametrize("body", ["import os; os.abort()", "raise SystemExit(3)", "import ctypes; ctypes.string_at(0)"])
def test_a_child_that_dies_makes_the_picture_unusable(tmp_path: Path, program: Any, body: str) -> None:
    program(body)

    with pytest.raises(Unusable, match="cannot be read to its end"):
        rendered(written(tmp_path, picture()), tmp_path / "out")


def test_a_picture_that_needs_more_memory_than_there_is_makes_no_files(tmp_path: Path) -> None:
    large = written(tmp_path, picture(6000, 6000, kind="PNG", mode="RGBA", colour=(200, 100, 0, 128)))

    with pytest.raises(Unusable, match=r"too much memory|cannot be read to its end"):
        rendered(large, tmp_path / "out", max_memory_bytes=250_000_000)

    assert not list((tmp_path / "out").iterdir())


def test_the_largest_pictures_that_are_taken_fit_into_the_limit(tmp_path: Path) -> None:
    # A lossless WebP with transparency takes the most for each pixel.
    layer = Image.new("RGBA", (7000, 7000), (200, 30, 30, 128))
    layer.save(tmp_path / "large.webp", lossless=True, method=0)

    made = rendered(tmp_path / "large.webp", tmp_path / "out")

    assert (made.width, made.height, made.is_see_through) == (7000, 7000, True)


def test_the_child_knows_no_secret(tmp_path: Path, program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QRMERCH_SECRET_KEY", "hush")
    program("import os, json; print(json.dumps({'problem': os.environ.get('QRMERCH_SECRET_KEY', 'nothing')}))")

    with pytest.raises(Unusable, match="nothing"):
        rendered(written(tmp_path, picture()), tmp_path / "out")


def test_the_child_decodes_no_more_pixels_than_it_is_told(tmp_path: Path) -> None:
    source = written(tmp_path, picture(400, 400))
    order = ["JPEG", str(source), str(tmp_path), "1000", "0.5 0.5", images.WHITE, str(images.RENDER_MEMORY_BYTES)]

    answer = subprocess.run([sys.executable, "-I", images.__file__, *order], capture_output=True, check=True).stdout

    assert "too many pixels" in json.loads(answer)["problem"]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the child run something else."""

    def put(body: str) -> None:
        monkeypatch.setattr(images, "_PROGRAM", str(written(tmp_path, body.encode(), "program.py")))

    return put
