"""A vendor comes with a spreadsheet of their own and a folder of pictures: from that to clean items with good media."""

import csv
import io
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from qrmerch.access import Role
from qrmerch.clock import now
from qrmerch.users.service import Wanted, add_membership, add_user
from tests.drills.shop import Shop
from tests.factories import make_retailer, make_vendor
from tests.figures import when_full
from tests.flows.conftest import OpenWindow
from tests.media.films import film

pytestmark = [pytest.mark.shared_data, pytest.mark.timeout(600)]
_EMAIL, _PASSWORD = "vera@sunnyside.example", "buttercup at the quay"
_HEADER = ("Shelf label", "Naming", "Hue", "Extent", "Net")
_CHOSEN = ("key", "title", "colour", "size", "price")
# Items that are taken in at once; photos at the end whose names say nothing.
_GOOD, _STRAY = 300, 10
_CAPTIONS = "WEBVTT\n\n00:00.200 --> 00:01.500\nKnitted by hand, at the quay.\n"
# Where somebody wants to look at the pages: a folder for pictures of them.
_SHOTS = os.environ.get("SHOTS", "")


@when_full
def test_from_a_vendors_own_files_to_items_with_pictures_and_a_film(
    served: Shop,
    open_window: OpenWindow,
    shared_data: Path,
    tmp_path: Path,
    at_scale: Callable[[int, int], int],
) -> None:
    _set_up(served)
    photos = sorted((shared_data / "images" / "products").glob("*.*"))
    photos = [each for each in photos if each.suffix in (".jpg", ".png")][: at_scale(24, 90)]
    vera = open_window("desk").page
    _sign_in(vera)

    _take_in_unknown_sheet(vera, [each.stem for each in photos[:-_STRAY]], tmp_path)
    _drop_archive(vera, photos, tmp_path)
    _move_focus(vera)
    _send_film(vera, tmp_path)


def _set_up(served: Shop) -> None:
    with served.database.write() as db:
        vendor = make_vendor(db, make_retailer(db), name="Sunny Side")
        user = add_user(db, email=_EMAIL, name="Vera", password=_PASSWORD, at=now())
        wanted = Wanted(_EMAIL, Role.VENDOR_EDITOR, retailer_id=None, vendor_id=vendor.id, store_ids=())
        add_membership(db, user, wanted, at=now())
        db.commit()


def _sign_in(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(_EMAIL)
    page.get_by_label("Password").fill(_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/studio$"))


def _take_in_unknown_sheet(page: Page, photo_names: list[str], folder: Path) -> None:
    """Say what unknown columns are, take 300 items in, then the two rows that were wrong."""
    names = [*photo_names, *(f"AUT-{number:03}" for number in range(_GOOD + 2 - len(photo_names)))]
    rows = [[name, f"Item {n}", ("Marigold", "Navy")[n % 2], "M", "28,50"] for n, name in enumerate(names)]
    rows[100][4], rows[200][1] = "on request", ""
    sheet = folder / "herbst.csv"
    sheet.write_text(_csv([list(_HEADER), *rows], ";"), encoding="cp1252")

    _send_sheet(page, sheet)
    expect(page.get_by_text("No row can be read yet.")).to_be_visible()
    _look(page, "import-unknown")
    _open_unused(page)
    for name, field in zip(_HEADER, _CHOSEN, strict=True):
        page.get_by_label(f"What {name} is", exact=True).select_option(field)
    page.get_by_role("button", name="Read it again").click()
    expect(page.get_by_text("300 of 302 rows")).to_be_visible()
    expect(page.get_by_text("This is not an amount we can read")).to_be_visible()
    _look(page, "import-checked")

    with page.expect_download() as waited:
        page.get_by_role("link", name="Download the 2 rows to fix").click()
    wrong = list(csv.reader(io.StringIO(Path(waited.value.path()).read_text("utf-8-sig"), newline=""), delimiter=";"))
    page.get_by_role("button", name="Take in 300 rows").click()
    expect(page.get_by_text(re.compile(r"300 new, 0 changed, 0 as before; 2 rows left out"))).to_be_visible()
    _look(page, "import-done")

    assert [row[5] for row in wrong[1:]] == ["102", "202"]
    wrong[1][4], wrong[2][1] = "31,00", "Item 200"
    fixed = folder / "fixed.csv"
    fixed.write_text(_csv(wrong, ";"), encoding="utf-8")
    _send_sheet(page, fixed)
    expect(page.get_by_text("2 of 2 rows")).to_be_visible()
    page.get_by_role("button", name="Take in 2 rows").click()
    expect(page.get_by_text(re.compile("2 new, 0 changed, 0 as before"))).to_be_visible()


def _drop_archive(page: Page, photos: list[Path], folder: Path) -> None:
    """Send a ZIP, and see which pictures found their item."""
    path = folder / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, each in enumerate(photos):
            name = each.name if number < len(photos) - _STRAY else f"nobody-{number}{each.suffix}"
            archive.write(each, f"autumn/{name}")
    page.goto("/studio/assets")
    page.locator("form[data-pictures] input[name=files]").first.set_input_files(path)
    page.get_by_role("link", name="photos.zip").first.click()
    page.wait_for_url(re.compile("/studio/assets/archives/"))
    expect(page.get_by_role("link", name=re.compile(rf"nothing\s+{_STRAY}"))).to_be_visible()
    expect(page.get_by_role("link", name=re.compile(rf"All\s+{len(photos)}"))).to_be_visible()
    _look(page, "archive")


def _move_focus(page: Page) -> None:
    """Move what must stay in a picture by keyboard, and say what it shows."""
    page.goto("/studio/assets?state=ready")
    for _ in range(60):
        if page.locator("tbody th a").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    page.locator("tbody th a").first.click()
    mark = page.locator(".focal")
    mark.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    expect(page.get_by_label(re.compile("^Across"))).to_have_value("53")
    expect(page.get_by_label(re.compile("^Down"))).to_have_value("40")
    page.get_by_label(re.compile("What it shows, English")).fill("A knit top on a hanger")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("is saved")).to_be_visible()
    expect(page.get_by_label(re.compile("^Across"))).to_have_value("53")
    _look(page, "picture")


def _send_film(page: Page, folder: Path) -> None:
    """Send a film, choose what stands in front of it, and give it captions."""
    film_file, captions = folder / "knitting.mp4", folder / "knitting.vtt"
    film_file.write_bytes(film(seconds=2))
    captions.write_text(_CAPTIONS)
    page.goto("/studio/assets")
    page.locator("input[name=recording]").set_input_files(film_file)
    page.get_by_role("button", name="Send it").click()
    page.wait_for_url(re.compile(r"/studio/assets\?id="))
    for _ in range(120):
        if page.locator("video").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    page.locator(".fronts input[type=radio]").nth(1).check()
    page.locator("input[name='captions.en']").set_input_files(captions)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("knitting.mp4 is saved")).to_be_visible()
    expect(page.locator("video track[kind=captions]")).to_have_count(1)
    _look(page, "film")


def _send_sheet(page: Page, sheet: Path) -> None:
    page.goto("/studio/import")
    page.locator("input[type=file]").set_input_files(sheet)
    page.get_by_role("button", name="Check the file").click()
    page.wait_for_url(re.compile("/studio/import/"))


def _open_unused(page: Page) -> None:
    closed = page.locator("details:not([open]) summary", has_text="not used")
    if closed.count():
        closed.first.click()


def _csv(rows: list[list[str]], delimiter: str) -> str:
    kept = io.StringIO(newline="")
    csv.writer(kept, delimiter=delimiter).writerows(rows)
    return kept.getvalue()


def _look(page: Page, name: str) -> None:
    """Nothing stands over the edge, on a desk and on a phone; a picture of each for who wants to see."""
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than {width}"
        if _SHOTS:
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=f"{_SHOTS}/{name}-{width}-{scheme}.png", full_page=True)
            page.emulate_media(color_scheme="light")
