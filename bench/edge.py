"""What a scan costs when nginx answers it from published files and writes our line, beside nginx that does neither.

    .venv/bin/python -m bench.edge [rounds] [seconds of each turn]

Starts one nginx with one worker for each row: plain (`gzip_static`, the same pages, no log), ours with its log written
at once, and ours with a buffer, which a kill may lose. `wrk` loads them in turns, in a new order each round; what
counts is answers for each CPU-second of nginx, the median of the rounds. The lines are loaded afterwards, and their
cost is added: answers for each CPU-second of nginx and the loader together. Needs nginx and wrk (Debian: apt install
nginx wrk). Prints and writes `bench/results/edge.json`.
"""

import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.edge.following import Publisher
from qrmerch.jobs import prepare
from qrmerch.migrate import upgrade
from qrmerch.parties.models import RetailerHost
from qrmerch.scans.loader import load_all
from tests.factories import make_code, make_fixture, make_item, make_retailer, make_store, publish_page
from tests.nginx import Nginx, find_nginx

_RESULTS: Final = Path(__file__).parent / "results" / "edge.json"
_HOST: Final = "qr.fashiontown.example"
_ITEMS, _CONNECTIONS = 50, 32
_MODELS: Final = ("SM-S918B", "Pixel 8", "SM-A546B", "2201117TG", "moto g54 5G", "CPH2579", "SM-G991B", "Redmi Note 12")
_WANTED: Final = {"floor": 0.40, "aim": 0.60}
# As phones ask: mostly browsers, some apps that people read in, a robot now and then.
_SCRIPT: Final = """
local tokens, agents = {TOKENS}, {AGENTS}
local heads = {["Host"] = "HOST", ["Accept-Encoding"] = "gzip", ["Accept-Language"] = "en-US,en;q=0.9"CLOSE}
function request()
  heads["User-Agent"] = agents[math.random(#agents)]
  return wrk.format("GET", "/q/" .. tokens[math.random(#tokens)], heads)
end
"""


@dataclass(frozen=True)
class Row:
    """One nginx: its name, and what is changed in what we write for it."""

    name: str
    is_plain: bool = False
    is_buffered: bool = False


_ROWS: Final = (Row("plain", is_plain=True), Row("ours"), Row("ours_buffered", is_buffered=True))


def _stock(settings: Settings) -> list[str]:
    """A shop with pages and a host of its own; the tokens of its codes."""
    database = Database(settings.database_url)
    with database.write() as db:
        retailer = make_retailer(db, slug="fashiontown", locales=["en", "ar"])
        db.add(RetailerHost(retailer_id=retailer.id, host=_HOST, is_primary=True, proven_at=now()))
        shelf = make_fixture(db, make_store(db, retailer))
        items = [make_item(db, retailer) for _ in range(_ITEMS)]
        for item in items:
            publish_page(db, item)
        tokens = [make_code(db, item, fixture=shelf).token for item in items]
        db.commit()
    database.close()
    return tokens


def _change(row: Row, folder: Path) -> None:
    """Make of our configuration what a row is about."""
    (part,) = folder.glob("house-*.conf")
    text = part.read_text()
    if row.is_plain:
        retailer = next((folder / "codes").iterdir())
        text = (
            f'location ~ "^/q/(?<token>.+)$" {{ root {retailer}; try_files /$token/en/page =404; gzip_static on;'
            ' types { } default_type "text/html; charset=utf-8"; add_header Cache-Control no-cache; }\n'
        )
    elif row.is_buffered:
        log = re.search(r"access_log (\S+) (\S+) if=\S+;", text)
        assert log is not None
        path = Path(log[1]).parent / "scan-buffered-nginx.jsonl"
        text = text.replace(log[0], f"access_log {path} {log[2]} buffer=64k flush=1s;")
    part.write_text(text)


def _agents() -> list[str]:
    """800 phones, 80 readers in an app, 8 robots."""
    begin, end = "Mozilla/5.0 (Linux; Android", "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/"
    phones = [
        f"{begin} {10 + n % 6}; {_MODELS[n % 8]}) {end}{100 + n // 8 % 40}.0.0.0 Mobile Safari/537.36"
        for n in range(800)
    ]
    apps = [f"{phones[n]} Instagram 3{n:02}.0.0.0" for n in range(80)]
    return [*phones, *apps, *["Googlebot/2.1 (+http://www.google.com/bot.html)"] * 8]


def _load(port: int, script: Path, seconds: int) -> int:
    """Answers that wrk got; a failed one ends the measurement."""
    command = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"(\d+) requests in", said)
    assert found is not None and "Non-2xx" not in said, said
    return int(found[1])


def _cpu_s(nginx: Nginx) -> float:
    spent = [psutil.Process(pid).cpu_times() for pid in nginx.workers()]
    return sum(each.user + each.system for each in spent)


def _measure(servers: dict[str, Nginx], script: Path, rounds: int, seconds: int) -> dict[str, float]:
    """Answers for each CPU-second of each row, the median of the rounds."""
    found: dict[str, list[float]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name in random.sample(sorted(servers), len(servers)):
            before = _cpu_s(servers[name])
            answered = _load(servers[name].port, script, seconds)
            found[name].append(answered / (_cpu_s(servers[name]) - before))
    return {name: round(statistics.median(figures)) for name, figures in found.items()}


def _loaded(settings: Settings) -> tuple[int, float]:
    """Lines that were loaded, and how many for each CPU-second of ours."""
    database, before = Database(settings.database_url), time.process_time()
    lines = load_all(database, settings.log_dir)
    spent = time.process_time() - before
    database.close()
    return lines, lines / spent


def _table(rows: dict[str, float], loader: float) -> dict[str, float]:
    """Ratios to plain nginx, with the loader's share and without."""
    ratios = {}
    for name in ("ours", "ours_buffered"):
        ratios[name] = round(rows[name] / rows["plain"], 2)
        ratios[f"{name}_and_loaded"] = round(1 / (1 / rows[name] + 1 / loader) / rows["plain"], 2)
    return ratios


def _run(rounds: int, seconds: int, folder: Path) -> dict[str, object]:
    settings = Settings(mode="demo", data_dir=folder / "var", uploads_dir=folder / "uploads", proxies=1).ready()
    upgrade(settings)
    prepare(settings)
    tokens = _stock(settings)
    lua = _SCRIPT.replace("HOST", _HOST)
    lua = lua.replace("{TOKENS}", json.dumps(tokens).replace("[", "{").replace("]", "}"))
    lua = lua.replace("{AGENTS}", json.dumps(_agents()).replace("[", "{").replace("]", "}"))
    with ExitStack() as stack:
        servers = {}
        for row in _ROWS:
            published = folder / row.name
            publisher = Publisher(settings, published, behind="http://127.0.0.1:9")
            publisher.publish()
            publisher.close()
            _change(row, published)
            servers[row.name] = Nginx(find_nginx(), folder / f"nginx-{row.name}", published)
            servers[row.name].start()
            stack.callback(servers[row.name].stop)
        figures: dict[str, object] = {}
        for name, close in (("keep_alive", ""), ("close", ', ["Connection"] = "close"')):
            script = folder / f"{name}.lua"
            script.write_text(lua.replace("CLOSE", close))
            figures[name] = _measure(servers, script, rounds, seconds)
        lines, loader = _loaded(settings)
        ratios = {name: _table(rows, loader) for name, rows in figures.items() if isinstance(rows, dict)}
    nginx = subprocess.run([find_nginx(), "-v"], check=True, capture_output=True, text=True).stderr.strip()
    return {
        "answers_for_each_cpu_second": figures,
        "ratio_to_plain": ratios,
        "lines_loaded": lines,
        "lines_for_each_cpu_second_of_the_loader": round(loader),
        "wanted": _WANTED,
        "rounds": rounds,
        "seconds": seconds,
        "nginx": nginx,
        "cores": os.cpu_count(),
    }


def main() -> None:
    """Measure, print and keep."""
    rounds, seconds = (int(sys.argv[n]) if len(sys.argv) > n else usual for n, usual in ((1, 5), (2, 3)))
    if shutil.which("wrk") is None:
        sys.exit("wrk is not here. On Debian: apt install wrk")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        found = _run(rounds, seconds, Path(folder))
    print(json.dumps(found, indent=2))
    _RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
