"""A real browser, one for each test process, and what a person would not see of its pages.

Chromium is Debian's, driven by Playwright. Where it is missing the tests fail; `NO_BROWSER=1` says that this
machine has none, and they are skipped.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ConsoleMessage, Page, Request, expect, sync_playwright

# The first is Chromium without windows: the same pages for a quarter of the work, which else goes into the frame of
# each window.
_PROGRAMS = tuple(
    f"/usr/bin/{name}" for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# How long anything that is to come is waited for, on whatever machine.
PATIENCE_MS = 60_000
_LOOK_EVERY_MS = 20
expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Watched:
    """A page, and what a person would not see of it: complaints in the console, requests to other hosts."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    _forgiven: list[str] = field(default_factory=list)

    def complain(self, text: str) -> None:
        """Note a complaint, unless it is forgiven."""
        if not any(part in text for part in self._forgiven):
            self.complaints.append(text)

    def expect_complaint(self, part: str) -> None:
        """Wait for a complaint that the test is about and take it back, as often as it comes; without one it fails."""
        wait_until(
            self.page,
            lambda: any(part in each for each in self.complaints),
            lambda: f"nobody complained of {part!r}; said was {self.complaints}",
        )
        self.forgive(part)

    def forgive(self, part: str = "") -> None:
        """Take back what a page may complain of or not, by now or later; whatever it is where no part of it is named.

        A picture was there before the line was cut, or was on its way.
        """
        self._forgiven.append(part)
        self.complaints = [each for each in self.complaints if part not in each]


def wait_until(page: Page, holds: Callable[[], bool], else_say: Callable[[], str]) -> None:
    """Wait until something holds, while a page, or where it is closed another one of its browser, goes on.

    :param else_say: what is said where it never does.
    """
    until_s = time.monotonic() + PATIENCE_MS / 1000
    while not holds():
        assert time.monotonic() < until_s, else_say()
        (page if not page.is_closed() else page.context.pages[-1]).wait_for_timeout(_LOOK_EVERY_MS)


def find_chromium() -> str:
    """Where Chromium is; a test fails where it is not."""
    program = next((each for each in _PROGRAMS if Path(each).is_file()), None)
    if program is None:
        pytest.fail(f"No Chromium at {', '.join(_PROGRAMS)}. Install it, or set NO_BROWSER=1 to do without.")
    return program


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """Chromium, started once."""
    if os.environ.get("NO_BROWSER") == "1":
        pytest.skip("NO_BROWSER=1: no browser here, nothing of what scripts do is tested")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


def watch(page: Page, own: str) -> Watched:
    """Note what a page complains of and which other hosts it asks."""
    watched = Watched(page)

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            watched.complain(message.text)

    def see(request: Request) -> None:
        if not request.url.startswith((own, "data:", "blob:", "about:")):
            watched.foreign.append(request.url)

    page.on("console", hear)
    page.on("pageerror", lambda error: watched.complain(str(error)))
    page.on("request", see)
    return watched
