"""What a phone on slow 4G gets of the three templates, filled with the same real item.

    .venv/bin/python -m bench.pages [runs]

Starts a whole installation for each template and opens its page with an empty cache, on a line of 1.6 Mbit/s with
150 ms and a processor four times slower, as applied by Chromium. Prints and writes `bench/results/pages.json`: bytes,
requests, script, and the median of when the largest part was painted. Needs the shared data and Chromium.
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from qrmerch.config import Settings
from qrmerch.content.models import Style
from qrmerch.jobs import prepare
from qrmerch.migrate import upgrade
from tests.browsing import PHONE
from tests.chromium import ARGUMENTS, find_chromium
from tests.conftest import SHARED
from tests.drills.shop import Shop
from tests.firstview import open_first
from tests.flows.filled import fill_shop

_RESULTS = Path(__file__).parent / "results" / "pages.json"
_SCREEN = {"width": 390, "height": 844}


def _measure(style: Style, runs: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = Settings(mode="demo", data_dir=Path(folder, "var"), uploads_dir=Path(folder, "uploads")).ready()
        upgrade(settings)
        prepare(settings)
        shop = Shop(settings)
        token = fill_shop(shop, SHARED / "data" / "images" / "products", style)
        shop.serve()
        shop.tokens = [token]
        shop.warm_up()
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        views = []
        for _ in range(runs):
            context = browser.new_context(
                viewport=_SCREEN,
                device_scale_factor=2,
                is_mobile=True,
                user_agent=PHONE,
                base_url=shop.settings.base_url,
            )
            views.append(open_first(context.new_page(), f"/q/{token}", is_slow=True))
            context.close()
        browser.close()
        shop.end()
    return {
        "bytes": max(each.total_bytes for each in views),
        "requests": max(len(each.requests) for each in views),
        "script_bytes": max(each.by_kind.get("Script", 0) for each in views),
        "lcp_ms": round(statistics.median(each.lcp_ms for each in views)),
        "lcp_ms_all": [round(each.lcp_ms) for each in views],
        "shift": max(each.shift for each in views),
    }


def main() -> None:
    """Measure the three."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    found = {style.value: _measure(style, runs) for style in Style}
    print(json.dumps(found, indent=2))
    _RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
