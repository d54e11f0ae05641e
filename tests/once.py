"""Work that every test would do anew with the same outcome, done once in a test process.

Each test makes an application and opens databases of its own. Left alone, more time goes into compiling the same
address rules and the same statements again than into what the tests look at.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy
from sqlalchemy import Engine
from werkzeug.routing import Rule

from qrmerch import db

_builders: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}
_engines: dict[str, Engine] = {}


def remember() -> None:
    """From now on, in this process."""
    Rule._compile_builder = _compile_builder  # type: ignore[method-assign]
    db.create_engine = _create_engine  # type: ignore[assignment]


_really_compile = Rule._compile_builder


def _compile_builder(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    # What is compiled finds the converters through the rule it is bound to.
    key = (rule.rule, repr(rule.defaults), append_unknown)
    if key not in _builders:
        _builders[key] = _really_compile(rule, append_unknown)
    return _builders[key]


def _create_engine(url: str, **options: Any) -> Engine:
    """An engine with the dialect of the first of its kind, and with what that one has compiled."""
    engine = sqlalchemy.create_engine(url, **options)
    first = _engines.setdefault(engine.name, engine)
    engine.dialect = engine.pool._dialect = first.dialect  # type: ignore[assignment]
    engine._compiled_cache = first._compiled_cache
    return engine
