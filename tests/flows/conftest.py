"""What the flows share: a real server with all its processes, and people in real browsers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext

from qrmerch import jobs
from qrmerch.config import Settings
from tests.browsing import PHONE
from tests.chromium import PATIENCE_MS, Watched, watch
from tests.drills.shop import Shop

_SCREENS = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}

OpenWindow = Callable[..., Watched]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder needs the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def served(settings: Settings) -> Iterator[Shop]:
    """An installation with its web workers, loader and job worker; nothing is in it yet."""
    jobs.prepare(settings)
    shop = Shop(settings)
    shop.serve()
    yield shop
    shop.end()


@pytest.fixture
def open_window(chromium: Chromium, served: Shop) -> Iterator[OpenWindow]:
    """A function that gives somebody a browser of their own, `phone` or `desk`. No page may complain."""
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def open_one(screen: str = "desk", **options: Any) -> Watched:
        told = {"viewport": _SCREENS[screen], "locale": "en-US", "base_url": served.settings.base_url, **options}
        if screen == "phone":
            # By its own name this browser is a robot, whose scans are none.
            told |= {"is_mobile": True, "has_touch": True, "user_agent": PHONE}
        context = chromium.new_context(**told)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        watched.append(watch(context.new_page(), served.settings.base_url))
        return watched[-1]

    yield open_one
    for context in contexts:
        context.close()
    for each in watched:
        assert each.complaints == []
        assert each.foreign == []
