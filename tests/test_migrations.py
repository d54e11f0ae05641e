"""Migrations: from nothing and back, with rows in the tables, and no difference from the models at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, inspect, select

from qrmerch import migrate
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.migrate import list_revisions, metadata
from tests.postgres import Postgres
from tests.world import make_house


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/empty.db", create=True)
        yield database
        database.close()
        return
    server: Postgres = request.getfixturevalue("postgresql")
    with server.database(is_empty=True) as url:
        database = Database(url)
        yield database
        database.close()


def move(database: Database, to: str) -> None:
    with database.engine.connect() as connection:
        migrate.move(connection, to)
        connection.commit()


def test_all_migrations_give_the_tables_of_the_models(empty: Database) -> None:
    move(empty, "head")

    with empty.engine.connect() as connection:
        assert migrate.find_drift(connection) == []
        assert migrate.is_current(connection)


def test_each_migration_goes_up_down_and_up_again(empty: Database) -> None:
    for before, revision in zip(["base", *list_revisions()], list_revisions(), strict=False):
        move(empty, revision)
        move(empty, before)
        move(empty, revision)

    with empty.engine.connect() as connection:
        assert migrate.find_drift(connection) == []


def test_the_last_migration_keeps_what_is_in_the_tables(empty: Database, tmp_path: Path) -> None:
    settings = Settings(mode="demo", data_dir=tmp_path / "var", uploads_dir=tmp_path / "uploads").ready()
    revisions = list_revisions()
    move(empty, "head")
    with empty.write() as db:
        make_house(db, "Fashiontown", settings=settings)
        db.commit()
    before = count_rows(empty)

    if len(revisions) > 1:
        move(empty, revisions[-2])
        move(empty, "head")

    assert count_rows(empty) == before
    assert sum(before.values()) > len(before) // 2


def test_going_down_to_nothing_leaves_nothing(empty: Database, tmp_path: Path) -> None:
    settings = Settings(mode="demo", data_dir=tmp_path / "var", uploads_dir=tmp_path / "uploads").ready()
    move(empty, "head")
    with empty.write() as db:
        make_house(db, "Fashiontown", settings=settings)
        db.commit()

    move(empty, "base")

    assert set(inspect(empty.engine).get_table_names()) <= {"alembic_version"}


def test_revisions_are_named_by_number_verb_and_noun() -> None:
    names = [path.stem for path in (Path(__file__).parents[1] / "migrations" / "versions").glob("*.py")]

    assert sorted(name[:4] for name in names) == list_revisions()
    assert all(len(name.split("_")) >= 3 for name in names)


def count_rows(database: Database) -> dict[str, int]:
    with database.read() as db:
        return {
            table.name: db.scalar(select(func.count()).select_from(table)) or 0 for table in metadata().sorted_tables
        }
