"""A phone whose owner says yes and comes back, and says no more: with script and without."""

import time
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.parties.models import Measurement
from qrmerch.scans import kinds
from qrmerch.scans.loader import load_all
from qrmerch.scans.models import AgreedDay, DayTotal
from qrmerch.visitors.agreed import cookie_mark
from qrmerch.web import Services
from tests.axe import list_problems
from tests.browser.conftest import Draw, OpenPhone
from tests.browsing import PHONE
from tests.landing.aisle import Aisle, hear, make_aisle

# On a day before, which may have 25 hours.
_EARLIER_S = 36 * 3600


@pytest.fixture
def aisle(app: Flask, db: Session, draw: Draw) -> Aisle:
    """A shop that asks phones, and that the server has heard of."""
    made = make_aisle(db, draw=draw)
    made.retailer.measurement = Measurement.CONSENTED
    db.commit()
    hear(app)
    return made


def cookies(page: Page) -> list[str]:
    return sorted(str(each.get("name")) for each in page.context.cookies())


def total(database: Database, kind: str) -> int:
    with database.read() as db:
        return db.scalar(select(func.coalesce(func.sum(DayTotal.count), 0)).where(DayTotal.kind == kind)) or 0


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["script", "plain"])
def test_a_yes_is_one_cookie_a_return_one_more_and_no_more_leaves_nothing(
    options: dict[str, Any],
    app: Flask,
    database: Database,
    aisle: Aisle,
    open_phone: OpenPhone,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = open_phone(user_agent=PHONE, **options).page
    services: Services = app.extensions["qrmerch"]
    page.goto(aisle.printed)
    page.goto("/privacy?of=fashiontown&lang=en")
    assert cookies(page) == []
    assert "java_script_enabled" in options or list_problems(page) == []
    page.get_by_role("button", name="No, do not").click()
    page.get_by_text("You said no").wait_for()
    assert cookies(page) == []

    page.get_by_role("button", name="Yes, recognise it").click()
    page.get_by_text("You said yes on").wait_for()
    assert cookies(page) == [f"qi-{cookie_mark(aisle.retailer.id)}"]
    with monkeypatch.context() as patch:
        for module in ("front_door", "scanning"):
            patch.setattr(f"qrmerch.landing.{module}.time", lambda: time.time() - _EARLIER_S)
        page.goto(aisle.printed)
    page.goto(aisle.printed)
    load_all(database, services.settings.log_dir)
    told = (total(database, kinds.AGREED_HOUSE), total(database, kinds.RETURNED_HOUSE))
    page.goto("/my?of=fashiontown&lang=en")
    assert page.get_by_text("Recognised by Fashiontown").is_visible()
    page.get_by_role("button", name="Do not recognise it any more").click()
    page.get_by_role("button", name="Yes, recognise it").wait_for()

    assert told == (2, 1)
    assert cookies(page) == []
    with database.read() as db:
        assert db.scalars(select(AgreedDay)).all() == []
