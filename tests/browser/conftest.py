"""A real browser and a real server for tests of what scripts do.

One database is enough: which one it is makes no difference to a browser.
"""

import io
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from PIL import Image
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.media.service import receive_upload
from qrmerch.parties.models import Vendor
from qrmerch.web import Services
from tests import once
from tests.chromium import PATIENCE_MS, Watched, watch
from tests.live import serving

_PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "locale": "en-US"}


OpenPhone = Callable[..., Watched]
Draw = Callable[[Vendor, str], str]


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


@pytest.fixture
def live_server(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The whole application behind a real HTTP server; its address."""
    name = "landing_worker.give_worker"
    monkeypatch.setitem(app.view_functions, name, _make_patient(app.view_functions[name]))
    with serving(app) as address:
        yield address


def _make_patient(give_worker: Callable[[], Any]) -> Callable[[], Any]:
    """A worker that waits for an answer as long as it takes: after three seconds others show a page from the phone."""

    @wraps(give_worker)
    def give_patient() -> Response:
        answer: Response = give_worker()
        patient = answer.data.replace(b"PATIENCE_MS = 3000;", b"PATIENCE_MS = %d;" % PATIENCE_MS)
        assert patient != answer.data
        answer.data = patient
        return answer

    return give_patient


@pytest.fixture
def open_phone(chromium: Chromium, live_server: str) -> Iterator[OpenPhone]:
    """A function that gives a phone of its own; options are those of a browser context. No page may complain."""
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def open_one(**options: Any) -> Watched:
        context = chromium.new_context(**{**_PHONE, "base_url": live_server, **options})
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        watched.append(watch(context.new_page(), live_server))
        return watched[-1]

    yield open_one
    for context in contexts:
        context.close()
    for each in watched:
        assert each.complaints == []
        assert each.foreign == []


def stand_still(page: Page) -> None:
    """Let the clock of a page stand still until `page.clock` sets it forward: before that it is not seen by anybody."""
    at = now()
    page.clock.install(time=at)
    page.clock.pause_at(at + timedelta(seconds=1))


@pytest.fixture
def page(open_phone: OpenPhone) -> Page:
    """One phone's page."""
    return open_phone().page


@pytest.fixture
def draw(services: Services, db: Session) -> Draw:
    """Makes a picture of a vendor's through the ordinary pipeline; the id of its asset."""

    def made(vendor: Vendor, name: str) -> str:
        file = io.BytesIO()
        colour = sum(name.encode()) % 200
        Image.new("RGB", (800, 1000), (240, colour, 60)).save(file, "JPEG")
        file.seek(0)
        asset = receive_upload(
            db,
            vendor_id=vendor.id,
            stream=file,
            file_name=f"{name}.jpg",
            store=services.files,
            settings=services.settings,
            at=now(),
            alt={"en": name},
        )
        return once.render_asset(db, asset, store=services.files, settings=services.settings).id

    return made
