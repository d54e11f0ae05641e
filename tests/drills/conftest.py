"""What the drills share: a real shop with real server processes."""

from collections.abc import Iterator

import pytest

from qrmerch import jobs
from qrmerch.config import Settings
from tests.drills.shop import Shop


@pytest.fixture
def shop(settings: Settings) -> Iterator[Shop]:
    """A shop whose database is ready; nothing serves it yet, and all that served it is ended afterwards."""
    jobs.prepare(settings)
    made = Shop(settings)
    yield made
    made.end()
