"""A real browser, one for each test process, and what a person would not see of its pages.

Chromium is Debian's, driven by Playwright. Where it is missing the tests fail; `NO_BROWSER=1` says that this
machine has none, and they are skipped.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ConsoleMessage, Page, Request, sync_playwright

# The first is Chromium without windows: the same pages for a quarter of the work, which else goes into the frame of
# each window.
_PROGRAMS = tuple(
    f"/usr/bin/{name}" for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


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
        self.forgive(part)

    def forgive(self, part: str) -> None:
        """Take back what a page may complain of or not: a picture was there before the line was cut, or was not."""
        self.complaints = [each for each in self.complaints if part not in each]


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
            watched.complaints.append(message.text)

    def see(request: Request) -> None:
        if not request.url.startswith((own, "data:", "blob:", "about:")):
            watched.foreign.append(request.url)

    page.on("console", hear)
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on("request", see)
    return watched
