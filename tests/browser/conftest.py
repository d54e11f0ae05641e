"""A real browser and a real server for tests of what scripts do.

Chromium is Debian's, driven by Playwright. Where it is missing the tests fail; `QRMERCH_NO_BROWSER=1` says that this
machine has none, and they are skipped. One database is enough: which one it is makes no difference to a browser.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

_PROGRAMS = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "locale": "en-US"}


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        return


@dataclass
class Watched:
    """A page, and what a person would not see of it: complaints in the console, requests to other hosts."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def expect_complaint(self, part: str) -> None:
        """Take back a complaint that the test is about; without one the test fails."""
        found = [each for each in self.complaints if part in each]
        assert found, f"nobody complained of {part!r}; said was {self.complaints}"
        self.complaints = [each for each in self.complaints if part not in each]


OpenPhone = Callable[..., Watched]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder needs the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """An empty, migrated database of this test: SQLite."""
    path = tmp_path / "qrmerch.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """Chromium, started once."""
    if os.environ.get("QRMERCH_NO_BROWSER") == "1":
        pytest.skip("QRMERCH_NO_BROWSER=1: no browser here, nothing of what scripts do is tested")
    program = next((each for each in _PROGRAMS if Path(each).is_file()), None)
    if program is None:
        pytest.fail(f"No Chromium at {', '.join(_PROGRAMS)}. Install it, or set QRMERCH_NO_BROWSER=1 to do without.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def live_server(app: Flask) -> Iterator[str]:
    """The whole application behind a real HTTP server; its address."""
    server = make_server("127.0.0.1", 0, app.wsgi_app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_phone(chromium: Chromium, live_server: str) -> Iterator[OpenPhone]:
    """A function that gives a phone of its own; options are those of a browser context. No page may complain."""
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def open_one(**options: Any) -> Watched:
        context = chromium.new_context(**{**_PHONE, "base_url": live_server, **options})
        context.set_default_timeout(30_000)
        contexts.append(context)
        watched.append(watch(context.new_page(), live_server))
        return watched[-1]

    yield open_one
    for context in contexts:
        context.close()
    for each in watched:
        assert each.complaints == []
        assert each.foreign == []


@pytest.fixture
def page(open_phone: OpenPhone) -> Page:
    """One phone's page."""
    return open_phone().page


def watch(page: Page, own: str) -> Watched:
    """Note what a page complains of and which other hosts it asks."""
    watched = Watched(page)

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            watched.complaints.append(message.text)

    def see(request: Request) -> None:
        if not request.url.startswith((own, "data:", "blob:", "about:")):
            watched.foreign.append(request.url)

    page.on("console", hear)
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on("request", see)
    return watched
