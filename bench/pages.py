"""What a phone on slow 4G gets of the three templates, filled with the same real item.

    .venv/bin/python -m bench.pages [runs]

Starts a whole installation for each template and opens its page with an empty cache, on a line of 1.6 Mbit/s with
150 ms and a processor four times slower, as applied by Chromium. Prints and writes `bench/results/pages.json`: bytes,
requests, script, and the median of when the largest part was painted. Needs the shared data and Chromium.

With `MEASURE_MODULES=FOLDER`, where `npm install lighthouse@12 axe-core@4` was run, `measure_page.mjs` measures
each page as well: Lighthouse for a phone (best of five), axe in four views with every sheet open, and the page without
script. It then fails where a bound of the issue does not hold.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

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
# What a page has to hold, as options of `measure_page.mjs`. Paint and score vary with the machine: the best of five.
_RUNS = ("--runs", "5", "--pick", "best", "--stop-at", "100")
_BOUNDS = {
    "max-lcp": 1_500,
    "max-bytes": 110_000,
    "max-requests": 8,
    "max-js": 4_096,
    "max-blocking": 0,
    "max-redirects": 0,
    "max-cls": 0.01,
    "max-axe": 0,
    "min-perf": 95,
    "min-a11y": 100,
    "min-bp": 100,
    "min-seo": 100,
}


def _measure(style: Style, runs: int) -> dict[str, Any]:
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
        lighthouse = _measure_by_lighthouse(f"{shop.settings.base_url}/q/{token}")
        shop.end()
    return {
        "bytes": max(each.total_bytes for each in views),
        "requests": max(len(each.requests) for each in views),
        "script_bytes": max(each.by_kind.get("Script", 0) for each in views),
        "lcp_ms": round(statistics.median(each.lcp_ms for each in views)),
        "lcp_ms_all": [round(each.lcp_ms) for each in views],
        "shift": max(each.shift for each in views),
        **({"lighthouse": lighthouse} if lighthouse else {}),
    }


def _measure_by_lighthouse(address: str) -> dict[str, Any]:
    """What the shared tool says of a page, the parts that are compared; empty where its modules are not named."""
    if not os.environ.get("MEASURE_MODULES"):
        return {}
    bounds = [part for name, bound in _BOUNDS.items() for part in (f"--{name}", str(bound))]
    command = ["node", str(SHARED / "tools" / "measure_page.mjs"), address, *_RUNS, *bounds, "--nojs-ok"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode < 2, done.stderr
    said = json.loads(done.stdout)
    sheets = {view: [each["id"] for each in found.get("sheets", ())] for view, found in said["axe"].items()}
    return {
        "scores": said["scores"],
        "metrics": said["metrics"],
        "bytes": said["bytes"]["total"],
        "requests": said["requests"]["total"],
        "script_bytes": said["js_bytes"]["transfer"],
        "render_blocking": said["render_blocking"]["count"],
        "redirects": said["redirects"],
        "axe": {view: found["wcag_nodes"] for view, found in said["axe"].items()},
        "sheets": sheets,
        "without_script": said["nojs"]["works"],
        "failed_bounds": said["failed"],
        "failed_audits": {
            name: [each["id"] for each in found] for name, found in said["failed_audits"].items() if found
        },
    }


def main() -> None:
    """Measure the three."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    found = {style.value: _measure(style, runs) for style in Style}
    print(json.dumps(found, indent=2))
    _RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    if any(each.get("lighthouse", {}).get("failed_bounds") for each in found.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
