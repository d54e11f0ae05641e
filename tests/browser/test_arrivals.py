"""A film sent from a real browser: over a line that is lost, and gone on with in another tab."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.db import Database
from qrmerch.media import arrivals
from qrmerch.media.models import Asset
from qrmerch.users.service import open_session
from tests.browser.conftest import OpenPhone
from tests.chromium import Watched, wait_until
from tests.media import films
from tests.studio.people import Studio, make_studio

_PIECE = 20_000


@pytest.fixture
def studio(db: Session) -> Studio:
    made = make_studio(db)
    db.commit()
    return made


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A film of several pieces."""
    monkeypatch.setattr(arrivals, "PIECE_BYTES", _PIECE)
    path = tmp_path / "drop.mp4"
    path.write_bytes(films.film(640, 360, seconds=4))
    assert path.stat().st_size > 3 * _PIECE
    return path


@pytest.fixture
def watched(studio: Studio, database: Database, open_phone: OpenPhone, live_server: str) -> Watched:
    """The vendor's library, open in Vera's browser."""
    found = open_phone()
    with database.write() as db:
        secret = open_session(db, studio.vera.user, studio.vera.membership, at=now()).secret
        db.commit()
    found.page.context.add_cookies([{"name": "qs", "value": secret, "url": live_server}])
    found.page.goto("/studio/assets")
    return found


def send(page: Page, film: Path) -> None:
    page.locator("#f-recording").set_input_files(film)
    page.locator("[data-send]").click()


def is_piece(url: str) -> bool:
    return "offset=" in url


def test_a_lost_line_costs_a_piece_and_the_film_arrives(watched: Watched, database: Database, film: Path) -> None:
    page = watched.page
    seen: list[str] = []

    def lose_two(route: Route) -> None:
        seen.append(route.request.url)
        if len(seen) in (2, 3):
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(is_piece, lose_two)

    send(page, film)

    expect(page.get_by_role("heading", name="The film is being made ready")).to_be_visible()
    with database.read() as db:
        asset = db.scalars(select(Asset)).one()
    assert (asset.file_name, asset.source_bytes) == ("drop.mp4", film.stat().st_size)
    watched.expect_complaint("ERR_CONNECTION_RESET")


def test_a_closed_tab_goes_on_when_the_same_file_is_chosen_again(
    watched: Watched, database: Database, film: Path
) -> None:
    page = watched.page
    seen: list[str] = []

    def stop_after_two(route: Route) -> None:
        seen.append(route.request.url)
        if len(seen) <= 2:
            route.continue_()

    page.route(is_piece, stop_after_two)
    send(page, film)
    expect(page.locator("[data-said]")).to_contain_text("Keep this page open; closed, it goes on")
    wait_until(page, lambda: len(seen) == 3, lambda: f"only {seen}")

    page.goto("/studio/assets")
    page.unroute(is_piece)
    page.locator("#f-recording").set_input_files(film)
    percent = 2 * _PIECE * 100 // film.stat().st_size
    expect(page.locator("[data-send]")).to_have_text(f"Go on with drop.mp4, {percent} % is here")
    page.locator("[data-send]").click()

    expect(page.get_by_role("heading", name="The film is being made ready")).to_be_visible()


def test_what_is_no_film_is_refused_with_the_sentence_in_place(watched: Watched, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"#EXTM3U\nhttp://127.0.0.1/\n")

    send(watched.page, path)

    expect(watched.page.locator("[data-said]")).to_contain_text("This is a playlist (M3U)")
    watched.expect_complaint("422")
