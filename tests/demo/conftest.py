"""The sample shops for tests: their pictures are plain, and made once for all."""

import csv
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import make_url

from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.demo import service
from qrmerch.demo.facts import StyleFacts, list_styles
from qrmerch.demo.pictures import Shot, make_pictures
from qrmerch.files import FileStore
from tests.conftest import NOON
from tests.figures import IS_FULL
from tests.postgres import Postgres

Seed = Callable[[datetime], None]


@dataclass(frozen=True)
class Album:
    """What was made of a few plain photographs, for every style."""

    uploads: Path
    shots: dict[str, list[Shot]]


def make_photos(folder: Path, styles: Sequence[StyleFacts]) -> tuple[Path, Path]:
    """A plain photograph of each style, no two alike, and the map that says which shows what."""
    photos, photo_map = folder / "photos", folder / "map.csv"
    photos.mkdir()
    with photo_map.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["style", "image"])
        for number, style in enumerate(styles):
            Image.new("RGB", (800, 1000), (200, 10 * number, 90)).save(photos / f"{style.key}.png")
            lines.writerow([style.key, f"{style.key}.png"])
    return photos, photo_map


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory) -> Album:
    """The same few pictures for every vendor; one vendor has no picture twice."""
    folder = tmp_path_factory.mktemp("album")
    by_vendor: dict[tuple[str, str], list[StyleFacts]] = defaultdict(list)
    for style in list_styles():
        by_vendor[style.retailer, style.vendor].append(style)
    pictured = max(by_vendor.values(), key=len)
    photos, photo_map = make_photos(folder, pictured)
    settings = Settings(mode="demo", data_dir=folder / "var", uploads_dir=folder / "uploads").ready()
    made = make_pictures(
        pictured, store=FileStore(settings.uploads_dir), settings=settings, photos=photos, photo_map=photo_map
    )
    shots = {
        style.key: [replace(shot, style=style.key) for shot in made[pictured[place].key]]
        for styles in by_vendor.values()
        for place, style in enumerate(styles)
    }
    return Album(settings.uploads_dir, shots)


def set_up(url: str, settings: Settings, album: Album, at: datetime) -> None:
    """Set the sample shops up in an empty database, with the pictures that were made before."""
    shutil.copytree(album.uploads, settings.uploads_dir, dirs_exist_ok=True)
    database = Database(url)
    with closing(database), pytest.MonkeyPatch.context() as patched:
        patched.setattr(service, "make_pictures", lambda *_, **__: album.shots)
        service.seed(database, FileStore(settings.uploads_dir), settings, at=at)


@pytest.fixture
def seed(settings: Settings, album: Album) -> Seed:
    """Set the sample shops up in this test's database."""
    return lambda at: set_up(settings.database_url, settings, album, at)


@pytest.fixture(scope="session")
def sqlite_shops(sqlite_template: Path, album: Album, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the sample shops as of NOON, to be copied."""
    folder = tmp_path_factory.mktemp("sqlite-shops")
    path = folder / "shops.db"
    shutil.copyfile(sqlite_template, path)
    settings = Settings(mode="demo", data_dir=folder / "var", uploads_dir=folder / "uploads").ready()
    set_up(f"sqlite:///{path}", settings, album, NOON)
    return path


@pytest.fixture(scope="session")
def postgresql_shops(postgresql: Postgres, album: Album, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL database with the sample shops as of NOON, to be copied."""
    folder = tmp_path_factory.mktemp("postgresql-shops")
    settings = Settings(mode="demo", data_dir=folder / "var", uploads_dir=folder / "uploads").ready()
    with postgresql.database() as url:
        set_up(url, settings, album, NOON)
        yield url


@pytest.fixture
def seeded(database: Database, settings: Settings, album: Album, request: pytest.FixtureRequest) -> Database:
    """The sample shops as of NOON, set up once for all tests and copied for this one."""
    shutil.copytree(album.uploads, settings.uploads_dir, dirs_exist_ok=True)
    if database.is_sqlite:
        shutil.copyfile(request.getfixturevalue("sqlite_shops"), make_url(database.url).database or "")
        return database
    server: Postgres = request.getfixturevalue("postgresql")
    server.copy(request.getfixturevalue("postgresql_shops"), database.url)
    return database


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The sample shops are seeded anew for many tests, seconds each: on PostgreSQL too only with `make drills`."""
    left = []
    for item in items:
        is_here = Path(__file__).parent in item.path.parents
        database = getattr(getattr(item, "callspec", None), "params", {}).get("database_url")
        if is_here and database is not None:
            item.add_marker(pytest.mark.both)
        if IS_FULL or not is_here or database != "postgresql":
            left.append(item)
    items[:] = left
