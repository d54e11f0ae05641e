"""What all tests share: both databases, a made shop on disk, the application, people who are signed in.

A test that takes `db`, `database`, `app` or `client` is there twice, for SQLite and for PostgreSQL; of the latter some
wait for `make drills`. Each gets a database of its own, copied from one that was migrated once.
"""

import gc
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

import pytest
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as bounds
from sqlalchemy.orm import Session

from qrmerch import create_app, jobs, migrate
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.jobs import Work
from qrmerch.landing.scanning import close_scan_path
from qrmerch.web import Services
from tests import once
from tests.browsing import Browser
from tests.chromium import chromium
from tests.figures import IS_FULL, at_scale, note_result
from tests.postgres import Postgres

__all__ = ["at_scale", "chromium", "note_result"]
SHARED = Path(__file__).parents[2] / "shared"
# A Wednesday noon in New York, away from every change of the clocks.
NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
# What pages ask, the services' tests ask on both; what lies in files is the same from either; drills are heavy.
_ON_ONE_DATABASE = ("account", "associates", "desk", "drills", "insights", "landing", "media", "studio")
# Where two at once decide, every test runs on both; elsewhere one in three does, always the same ones. Of the tests
# beside this file that is so but for those that open all pages.
_ON_BOTH, _ONE_IN = ("calls", "offers", "scans", "tests"), 3
_OF_ALL_PAGES = ("test_access.py", "test_naughty_text.py")
_RACES = "test_races.py"

once.remember()
# However slow the machine; an ordinary run asks what the one before it asked, and `make drills` something new.
bounds.register_profile("ours", deadline=None, derandomize=not IS_FULL, suppress_health_check=[HealthCheck.too_slow])
bounds.load_profile("ours")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Say loudly what cannot run here; in CI it must run. Leave twins that say little to `make drills`."""
    twins = [item for item in items if _is_spare_twin(item)]
    for item in twins:
        item.add_marker(pytest.mark.both)
    later = {*twins, *(item for item in items if item.get_closest_marker("full"))}
    if later and not IS_FULL:
        config.hook.pytest_deselected(items=sorted(later, key=lambda item: item.nodeid))
        items[:] = [item for item in items if item not in later]
    # What may take longest begins first: at the end no process waits for another's long test.
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)
    for item in items:
        if item.get_closest_marker("shared_data") and not SHARED.is_dir():
            item.add_marker(pytest.mark.skip(reason=f"the shared data folder is not at {SHARED}"))


def _is_spare_twin(item: pytest.Item) -> bool:
    """Whether it runs on PostgreSQL what has run on SQLite, and may wait for `make drills`."""
    params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    room = item.path.parent.name
    file = item.path.name
    if params.get("database_url") != "postgresql" or file == _RACES or (room in _ON_BOTH and file not in _OF_ALL_PAGES):
        return False
    return room in _ON_ONE_DATABASE or crc32(item.nodeid.encode()) % _ONE_IN > 0


def pytest_collection_finish() -> None:
    """All that was imported and collected stays: it is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real catalogues and photos that are not part of this repository."""
    return SHARED / "data"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgres]:
    """A PostgreSQL server of this test process."""
    with Postgres.started() as server:
        server.make_template()
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}", create=True)
    with database.engine.connect() as connection:
        migrate.move(connection, "head")
        connection.commit()
    database.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty, migrated database of this test."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        path = tmp_path / "qrmerch.db"
        shutil.copyfile(template, path)
        yield f"sqlite:///{path}"
        return
    server: Postgres = request.getfixturevalue("postgresql")
    with server.database() as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a demo in this test's folder."""
    return Settings(
        mode="demo",
        data_dir=tmp_path / "var",
        uploads_dir=tmp_path / "uploads",
        database_url=database_url,
        base_url="http://localhost",
    ).ready()


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = Database(settings.database_url)
    yield opened
    opened.close()


@pytest.fixture
def db(database: Database) -> Iterator[Session]:
    """A session that writes; the test commits what others shall see."""
    with database.write() as session:
        yield session


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application. Its jobs wait for `run_jobs`."""
    made = create_app(settings)
    made.testing = True
    services: Services = made.extensions["qrmerch"]
    jobs.detach(services.database)
    yield made
    close_scan_path(services.parts)
    services.database.close()


@pytest.fixture
def services(app: Flask) -> Services:
    found: Services = app.extensions["qrmerch"]
    return found


@pytest.fixture
def browser(app: Flask) -> Browser:
    """A browser without script: it keeps cookies, sends what browsers send, and fills forms."""
    return Browser(app)


@pytest.fixture
def work(services: Services) -> Work:
    """What job bodies work with; `jobs.run_all(work)` does all that waits."""
    return Work(services.settings, services.database, services.files)
