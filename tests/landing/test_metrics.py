"""How a node is doing: told to who may know, and true."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.config import Settings, SettingsError
from qrmerch.landing.scanning import get_scan_path
from qrmerch.scans.lag import Lag, measure_lag
from qrmerch.scans.loader import load_all
from qrmerch.scans.log import ScanLog
from qrmerch.web import Services
from tests.browsing import Browser
from tests.landing.aisle import hear, lines, make_aisle, scan_path

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TOKEN = "a token that is long enough"
LINE = b'{"t":%.3f,"k":"q","q":"7K3M9QW4T","a":"human safari 61 1 phone"}\n'


def at(app: Flask, address: str) -> Browser:
    """Somebody who asks from an address."""
    door = app.wsgi_app

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return door({**environ, "REMOTE_ADDR": address}, start_response)

    browser = Browser(app)
    browser._client.application = answer
    return browser


def figures(browser: Browser, **headers: str) -> dict[str, float]:
    """What is told, by name."""
    response = browser.get("/metrics", **headers)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    told = [line.split(" ") for line in response.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in told}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_know(address: str, app: Flask) -> None:
    assert figures(at(app, address))["qrmerch_database_up"] == 1


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.1", {}),
        ("", {}),
        # A proxy on this machine, asked by somebody else, whether or not the settings know of it.
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.1"}),
        ("192.0.2.1", {"Authorization": "Bearer "}),
        ("192.0.2.1", {"Authorization": f"Bearer {TOKEN}"}),
    ],
)
def test_sec_i06_nobody_else_does_without_a_token(address: str, headers: dict[str, str], app: Flask) -> None:
    response = at(app, address).get("/metrics", **headers)

    assert response.status_code == 404
    assert "qrmerch_" not in response.text


@pytest.mark.parametrize(("sent", "status"), [(TOKEN, 200), (f"{TOKEN}x", 404), (TOKEN[:-1], 404), ("é", 404)])
def test_sec_i06_the_token_opens_from_anywhere(
    sent: str, status: int, app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    object.__setattr__(services.settings, "metrics_token", TOKEN)

    answer = at(app, "192.0.2.1").get("/metrics", Authorization=f"Bearer {sent}")

    assert answer.status_code == status


def test_a_token_that_can_be_guessed_stops_the_start(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="QRMERCH_METRICS_TOKEN"):
        Settings(mode="demo", metrics_token="short", data_dir=settings.data_dir).ready()


def test_lag_and_loss_are_those_of_the_log_and_its_loader(app: Flask, db: Session, services: Services) -> None:
    aisle = make_aisle(db)
    hear(app)
    browser = at(app, "127.0.0.1")
    written_s = now().timestamp()
    browser.get(aisle.printed)
    scan_path(app).counting.log._untold = 3
    scan_path(app).counting.log._until_s = 0.0
    browser.get(aisle.printed)

    before = figures(browser)
    load_all(services.database, services.settings.log_dir)
    after = figures(browser)

    assert before["qrmerch_scan_log_unread_bytes"] == before["qrmerch_scan_log_bytes"] > 0
    assert 0 < before["qrmerch_scan_log_lag_seconds"] <= now().timestamp() - written_s + 1
    assert (after["qrmerch_scan_log_unread_bytes"], after["qrmerch_scan_log_lag_seconds"]) == (0, 0)
    assert (before["qrmerch_scan_lines_lost"], after["qrmerch_scan_lines_lost"]) == (0, 3)
    assert after["qrmerch_kept_pages"] == 1 and after["qrmerch_kept_pages_bytes"] > 4000
    assert len(lines(app)) == 3
    with app.test_request_context():
        assert get_scan_path().pages.size == after["qrmerch_kept_pages_bytes"]


def test_a_torn_end_is_not_waited_for(settings: Settings) -> None:
    log = ScanLog(settings.log_dir)
    log.append(LINE % 1_790_000_000, 1_790_000_000)
    log.append(LINE % 1_790_000_005, 1_790_000_005)
    (path,) = settings.log_dir.iterdir()
    whole = path.stat().st_size
    with path.open("ab") as file:
        file.write(LINE[:20])

    assert measure_lag(settings.log_dir, {}) == Lag(whole + 20, 1_790_000_000)
    assert measure_lag(settings.log_dir, {path.name: whole // 2}) == Lag(whole // 2 + 20, 1_790_000_005)
    assert measure_lag(settings.log_dir, {path.name: whole}) == Lag(0, None)
    log.close()
