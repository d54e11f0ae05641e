"""Scanning the next item inside the page: a camera that draws, and a reader that says what the test wants read."""

import re

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from qrmerch.codes.models import Code
from qrmerch.scans.line import SCAN
from tests.axe import list_problems
from tests.browser.conftest import OpenPhone
from tests.factories import make_code
from tests.landing.aisle import Aisle, hear, lines, make_aisle

AGAIN = "Scan another item"
# A moving picture as from a camera; what the reader reads stands in `window.read`.
CAMERA = """
    window.read = '';
    window.tracks = [];
    window.BarcodeDetector = class {
      constructor({ formats }) { if (String(formats) !== 'qr_code') throw new TypeError(formats); }
      async detect(video) {
        if (!video.videoWidth) throw new DOMException('', 'InvalidStateError');
        return window.read ? [{ rawValue: window.read }] : [];
      }
    };
    navigator.mediaDevices.getUserMedia = async ({ video }) => {
      if (window.isRefused) throw new DOMException('', 'NotAllowedError');
      const canvas = document.createElement('canvas');
      canvas.getContext('2d').fillRect(0, 0, 10, 10);
      setInterval(() => canvas.getContext('2d').fillRect(0, 0, Math.random() * 300, 10), 30);
      const stream = canvas.captureStream(30);
      window.facing = video.facingMode;
      window.tracks.push(...stream.getTracks());
      return stream;
    };
"""
IS_OFF = "() => tracks.length > 0 && tracks.every((each) => each.readyState === 'ended')"


@pytest.fixture
def aisle(app: Flask, db: Session) -> Aisle:
    return make_aisle(db, locales=["en", "ar"])


@pytest.fixture
def next_code(app: Flask, db: Session, aisle: Aisle) -> Code:
    """The tag of the sandal."""
    made = make_code(db, aisle.sandal, store=aisle.store)
    db.commit()
    hear(app)
    return made


@pytest.fixture
def page(open_phone: OpenPhone, aisle: Aisle, next_code: Code) -> Page:
    """A phone with a camera, before the top."""
    watched = open_phone()
    watched.page.add_init_script(CAMERA)
    # The aisle's pictures are rows without files.
    watched.page.route("**/media/**", lambda route: route.fulfill(status=200, body=""))
    watched.page.goto(aisle.printed)
    return watched.page


def show(page: Page, text: str) -> None:
    """Open the camera and hold a code in front of it."""
    page.get_by_role("button", name=AGAIN).click()
    expect(page.locator("#scan video")).to_be_visible()
    page.evaluate("(text) => { window.read = text; }", text)


@pytest.mark.parametrize(
    "form", ["http://localhost/q/{token}", "HTTPS://SOME.HOST/Q/{token}", "https://a.example/q/{token}?x=1"]
)
def test_the_next_tag_is_a_scan_at_this_host_in_the_same_visit(
    form: str, app: Flask, page: Page, aisle: Aisle, next_code: Code
) -> None:
    first = lines(app)[0]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    show(page, form.format(token=next_code.token))

    expect(page.get_by_role("heading", name="Silver Cross Sandal")).to_be_visible()
    assert [line.subject for line in lines(app) if line.kind == SCAN] == [aisle.code.token, next_code.token]
    (opened,) = [url for url in asked if re.search("/q/", url, re.IGNORECASE)]
    assert opened.endswith(f"?v={first.visit}")


@pytest.mark.parametrize(
    "text", ["https://evil.example/", "WIFI:S:shop;;", "javascript:alert(1)", "//evil.example/q/x/y", "/q/../desk"]
)
def test_what_is_none_of_our_codes_leads_nowhere(text: str, page: Page) -> None:
    before = page.url

    show(page, text)

    expect(page.locator("#scan [role=status]")).to_have_text("That is none of our codes.")
    assert page.url == before


def test_a_gs1_code_is_asked_for_here_and_as_it_is_printed(page: Page) -> None:
    # An answer without a page leaves this one standing.
    page.route("**/01/**", lambda route: route.fulfill(status=204))

    with page.expect_request("**/01/**") as asked:
        show(page, "https://id.gs1.org/01/09506000134352/10/ABC?17=271231")

    assert asked.value.url.partition("/01/")[2] == "09506000134352/10/ABC"


def test_the_camera_goes_off_with_its_sheet(page: Page) -> None:
    page.get_by_role("button", name=AGAIN).click()
    page.wait_for_function("() => document.querySelector('#scan video')?.videoWidth")
    assert page.evaluate("facing") == "environment"
    assert not page.evaluate(IS_OFF)
    page.locator("#scan video").evaluate("(video) => video.getBoundingClientRect().width > 200 || fail()")

    page.get_by_role("button", name="Close").last.click()

    expect(page.locator("#scan")).to_be_hidden()
    page.wait_for_function(IS_OFF)


def test_a_camera_that_may_not_be_used_says_what_else_helps(page: Page) -> None:
    page.evaluate("() => { window.isRefused = true; }")

    page.get_by_role("button", name=AGAIN).click()

    expect(page.locator("#scan [role=status]")).to_contain_text("Scan with the phone’s own camera")
    assert list_problems(page) == []


def test_the_script_of_the_camera_comes_with_the_touch(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "scan." in url]

    page.get_by_role("button", name=AGAIN).click()

    page.wait_for_function("() => document.querySelector('#scan video')")
    assert len([url for url in asked if "/js/scan." in url]) == 1


def test_a_browser_that_reads_no_codes_offers_no_camera(open_phone: OpenPhone, aisle: Aisle, next_code: Code) -> None:
    page = open_phone().page
    page.route("**/media/**", lambda route: route.fulfill(status=200, body=""))
    page.add_init_script("delete window.BarcodeDetector")

    page.goto(aisle.printed)

    expect(page.get_by_role("button", name=AGAIN)).to_be_hidden()
