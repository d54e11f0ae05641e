"""Work that every test would do anew with the same outcome, done once in a test process.

Each test makes an application and opens databases of its own. Left alone, most of the time goes into registering the
same addresses, reading the same templates and compiling the same statements again; and where pages have pictures,
into these.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeVar

import sqlalchemy
from flask import Blueprint, Flask
from jinja2 import Environment
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from qrmerch import application, db
from qrmerch.config import Settings
from qrmerch.files import FileStore
from qrmerch.media.models import Asset
from qrmerch.media.service import Prepared, find_ground, prepare, record_renditions

# All that a blueprint adds to an application (Flask's Scaffold), by its name; under None stands what the application
# says itself.
_OF_BLUEPRINTS = (
    "before_request_funcs",
    "after_request_funcs",
    "teardown_request_funcs",
    "url_value_preprocessors",
    "url_default_functions",
    "template_context_processors",
    "error_handler_spec",
)
Made = TypeVar("Made")
_engines: dict[str, sqlalchemy.Engine] = {}
# By name: what was set up, its database in memory, and its uploads by their place.
_installations: dict[str, tuple[Any, sqlite3.Connection, dict[str, bytes]]] = {}
# What was made of a picture on a ground, and its files by their keys.
_pictures: dict[tuple[str, str], tuple[Prepared, dict[str, bytes]]] = {}


def remember() -> None:
    """Addresses, templates and statements, from now on, in this process."""
    application.Flask = App  # type: ignore[misc]
    application.build = _build
    db.create_engine = _create_engine  # type: ignore[assignment]


class App(Flask):
    """An application with the addresses and templates of the first one that was built in this process."""

    first: "App | None" = None

    def __init__(self, *names: Any, **options: Any) -> None:
        super().__init__(*names, **options)
        if self.first is None:
            return
        self.url_map, self.view_functions = self.first.url_map, dict(self.first.view_functions)
        self.blueprints = dict(self.first.blueprints)
        for name in _OF_BLUEPRINTS:
            known = getattr(self.first, name)
            getattr(self, name).update({blueprint: known[blueprint] for blueprint in known if blueprint is not None})

    def register_blueprint(self, blueprint: Blueprint, **options: Any) -> None:
        if self.blueprints.get(blueprint.name) is None:
            super().register_blueprint(blueprint, **options)

    def create_jinja_environment(self) -> Environment:
        return self.first.jinja_env if self.first else super().create_jinja_environment()


_really_build = application.build


def _build(settings: Settings) -> Flask:
    built = _really_build(settings)
    App.first = App.first or built
    return built


def _create_engine(url: str, **options: Any) -> sqlalchemy.Engine:
    """An engine with the dialect of the first of its kind, and with what that one has compiled."""
    engine = sqlalchemy.create_engine(url, **options)
    first = _engines.get(engine.name)
    if first is None or first.dialect.server_version_info is None:
        # Nobody has connected with it yet: it does not know the server.
        _engines[engine.name] = engine
        return engine
    engine.dialect = engine.pool._dialect = first.dialect  # type: ignore[assignment]
    engine._compiled_cache = first._compiled_cache
    return engine


def render_asset(db: Session, asset: Asset, *, store: FileStore, settings: Settings) -> Asset:
    """What `media.service.render_asset` does; the same picture is decoded and packed once."""
    made_of = (asset.source_key, find_ground(db, asset.vendor_id, at=asset.received_at))
    if made_of not in _pictures:
        focus = (asset.focus_x, asset.focus_y)
        prepared = prepare(store, asset.source_key, focus=focus, ground=made_of[1], settings=settings)
        _pictures[made_of] = prepared, {each.key: store.path(each.key).read_bytes() for each in prepared.files}
    prepared, files = _pictures[made_of]
    for key, data in files.items():
        store.path(key).parent.mkdir(parents=True, exist_ok=True)
        store.path(key).write_bytes(data)
    record_renditions(db, asset, prepared)
    return asset


def set_up(name: str, make: Callable[[], Made], *, database: db.Database, settings: Settings) -> Made:
    """What `make` gives back, with the rows and uploads that it commits to an empty installation.

    In SQLite it is called once for each name; later installations are copies. Rows among what it gives back belong to
    no session then: they can be read.
    """
    if not database.is_sqlite:
        return make()
    path, uploads = make_url(database.url).database or "", settings.uploads_dir
    with closing(sqlite3.connect(path)) as here:
        if name not in _installations:
            made, kept = make(), sqlite3.connect(":memory:")
            here.backup(kept)
            files = [each for each in uploads.rglob("*") if each.is_file()]
            _installations[name] = made, kept, {str(each.relative_to(uploads)): each.read_bytes() for each in files}
            return made
        made, kept, uploaded = _installations[name]
        kept.backup(here)
    for place, data in uploaded.items():
        (uploads / place).parent.mkdir(parents=True, exist_ok=True)
        (uploads / place).write_bytes(data)
    return made
