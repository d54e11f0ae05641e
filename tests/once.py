"""Work that every test would do anew with the same outcome, done once in a test process.

Each test makes an application and opens databases of its own. Left alone, most of the time goes into compiling the
same address rules, templates and statements again.
"""

from typing import Any

import sqlalchemy
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Rule

from qrmerch import db

# What a rule knows once it is compiled; the converters among it know nothing of their application.
_RULE_STATE = ("_parts", "_trace", "_converters", "arguments", "_build", "_build_unknown")
_rules: dict[tuple[object, ...], dict[str, Any]] = {}
_engines: dict[str, Engine] = {}


def remember() -> None:
    """Rules and statements, from now on, in this process."""
    Rule.compile = _compile  # type: ignore[method-assign]
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


_really_compile = Rule.compile


def _compile(rule: Rule) -> None:
    key = (rule.rule, rule.subdomain, repr(rule.defaults), rule.merge_slashes, rule.is_leaf)
    known = _rules.get(key)
    if known is None:
        _really_compile(rule)
        known = {name: getattr(rule, name) for name in _RULE_STATE}
        _rules[key] = {**known, "arguments": frozenset(rule.arguments)}
        return
    rule.__dict__.update(known, arguments=set(known["arguments"]))
    # Bound to the rule they are called on.
    rule._build = known["_build"].__func__.__get__(rule, None)
    rule._build_unknown = known["_build_unknown"].__func__.__get__(rule, None)


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
