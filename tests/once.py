"""Work that every test would do anew with the same outcome, done once in a test process.

Each test makes an application and opens databases of its own. Left alone, most of the time goes into compiling the
same address rules, templates and statements again.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Rule

from qrmerch import db

_builders: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}
_engines: dict[str, Engine] = {}


def remember() -> None:
    """Rules and statements, from now on, in this process."""
    Rule._compile_builder = _compile_builder  # type: ignore[method-assign]
    db.create_engine = _create_engine  # type: ignore[assignment]


class Templates(BytecodeCache):
    """Templates that any application of this process has compiled, by name and content."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        known = self._compiled.get((bucket.key, bucket.checksum))
        if known is not None:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


TEMPLATES = Templates()


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
    first = _engines.get(engine.name)
    if first is None or first.dialect.server_version_info is None:
        # Nobody has connected with it yet: it does not know the server.
        _engines[engine.name] = engine
        return engine
    engine.dialect = engine.pool._dialect = first.dialect  # type: ignore[assignment]
    engine._compiled_cache = first._compiled_cache
    return engine
