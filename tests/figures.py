"""The figures of the drills: small in the ordinary run, with `DRILLS=full` (`make drills`) as promised.

What a full run saw goes to `bench/results/`.
"""

import json
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

IS_FULL = os.environ.get("DRILLS") == "full"
# What a heavy test runs on.
DATABASES = ["sqlite", "postgresql"] if IS_FULL else ["sqlite"]
Test = TypeVar("Test", bound=Callable[..., None])
_RESULTS = Path(__file__).parents[1] / "bench" / "results"


def on_both_when_full(test: Test) -> Test:
    """A heavy test that is run on SQLite, and on PostgreSQL as well by `make drills`."""
    return pytest.mark.both(pytest.mark.parametrize("database_url", DATABASES, indirect=True)(test))


def when_full(test: Test) -> Test:
    """A test that only `make drills` runs: `make test` has to end within a quarter of an hour."""
    return pytest.mark.full(on_both_when_full(test))


@pytest.fixture
def at_scale() -> Callable[[int, int], int]:
    """A figure: small in the ordinary run, as promised in the full one."""
    return lambda small, full: full if IS_FULL else small


@pytest.fixture
def note_result(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Write what a drill saw; only a full run is kept."""

    def note(**figures: Any) -> None:
        print(json.dumps(figures))
        if not IS_FULL:
            return
        _RESULTS.mkdir(parents=True, exist_ok=True)
        name = request.node.name.removeprefix("test_").replace("[", "-").rstrip("]")
        told = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "python": platform.python_version(), **figures}
        (_RESULTS / f"{name}.json").write_text(json.dumps(told, indent=2) + "\n")

    return note
