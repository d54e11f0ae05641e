"""What the drills share: a real shop with real server processes, and where their figures are written.

Small in the ordinary run; with `QRMERCH_DRILLS=full` (`make drills`) at the figures that are promised, and the
results go to `bench/results/`.
"""

import json
import os
import platform
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from qrmerch import jobs
from qrmerch.config import Settings
from tests.drills.shop import Shop

IS_FULL = os.environ.get("QRMERCH_DRILLS") == "full"
_RESULTS = Path(__file__).parents[2] / "bench" / "results"


@pytest.fixture
def shop(settings: Settings) -> Iterator[Shop]:
    """A shop whose database is ready; nothing serves it yet, and all that served it is ended afterwards."""
    jobs.prepare(settings)
    made = Shop(settings)
    yield made
    made.end()


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
