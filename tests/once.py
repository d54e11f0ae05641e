"""Work that every test would do anew with the same outcome, done once in a test process.

Each test makes an application and opens databases of its own. Left alone, most of the time goes into registering the
same addresses, reading the same templates and compiling the same statements again; and where pages have pictures,
into these.
"""

from typing import Any

import sqlalchemy
from flask import Blueprint, Flask
from jinja2 import Environment
from sqlalchemy.orm import Session

from qrmerch import application, db
from qrmerch.config import Settings
from qrmerch.files import FileStore
from qrmerch.media.models import Asset
from qrmerch.media.service import Prepared, find_ground, prepare, record_renditions

# What a blueprint adds to an application, by its name; under None stands what the application says itself.
_OF_BLUEPRINTS = (
    "before_request_funcs",
    "after_request_funcs",
    "teardown_request_funcs",
    "template_context_processors",
    "error_handler_spec",
)
_engines: dict[str, sqlalchemy.Engine] = {}
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
