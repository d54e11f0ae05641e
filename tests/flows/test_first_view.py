"""The three templates filled with the same real item: three pages of different character, each within the floors."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from qrmerch.content.models import Style
from tests.drills.shop import Shop
from tests.figures import IS_FULL
from tests.firstview import FirstView, open_first
from tests.flows.conftest import OpenWindow
from tests.flows.filled import fill_shop

# What a phone gets is the same from every database.
pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.shared_data,
    pytest.mark.timeout(300),
]
# DESIGN, "How fast, against what".
_MAX_BYTES, _MAX_REQUESTS, _MAX_SCRIPT_BYTES = 110 * 1024, 8, 4 * 1024


# One of them in every run.
@pytest.mark.both
@pytest.mark.parametrize("style", list(Style) if IS_FULL else [Style.EVERYDAY])
def test_a_first_view_is_within_the_floors(
    served: Shop, open_window: OpenWindow, shared_data: Path, style: Style
) -> None:
    token = fill_shop(served, shared_data / "images" / "products", style)
    served.tokens = [token]
    served.warm_up()
    page = open_window("phone", device_scale_factor=2).page

    view = open_first(page, f"/q/{token}")

    _keep_picture(page.screenshot(full_page=True), style, view)
    told = json.dumps(asdict(view), indent=1)
    assert view.total_bytes <= _MAX_BYTES, told
    assert len(view.requests) <= _MAX_REQUESTS, told
    assert view.by_kind.get("Script", 0) <= _MAX_SCRIPT_BYTES, told
    assert view.shift == 0, told


def _keep_picture(picture: bytes, style: Style, view: FirstView) -> None:
    """With SHOTS=folder, the page as a picture and what it weighed."""
    folder = os.environ.get("SHOTS")
    if folder:
        Path(folder, f"first-view-{style}.png").write_bytes(picture)
        Path(folder, f"first-view-{style}.json").write_text(json.dumps(asdict(view), indent=1))
