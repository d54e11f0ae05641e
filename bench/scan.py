"""What a scan costs under the server: step by step, against nginx with the same page, with and without the log.

    .venv/bin/python -m bench.scan [rounds] [seconds of each turn] [names of rows]

Starts one granian with one worker for each row, with all that `serve` tells it, and nginx (`gzip_static`, no log) where
the machine has it: without nginx the ratios to it are missing and everything else is measured. All are loaded in turns,
in a new order each round; what counts is answers for each CPU-second of the server's processes. A ratio is formed
within a round, between turns seconds apart, and the median of the rounds is told with the quarters around it: on a
machine with other work, medians of different rows are of different minutes. Real pages of the product, compressed as
small as they get, in gzip, since that is what nginx sends from files. Prints and writes `bench/results/scan.json`,
unless only some rows were asked for.
"""

import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from time import time
from typing import Any, Final

from granian.constants import Interfaces

from bench.common import Load, Server, client_name, in_rounds, per_cpu_second
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.jobs import prepare
from qrmerch.landing.front_door import ScanPath
from qrmerch.landing.scanning import open_scan_path
from qrmerch.migrate import upgrade
from qrmerch.parties.hosts import Hosts
from qrmerch.scans.line import scan_line
from qrmerch.serving import environment_of, make_server
from qrmerch.serving import make_application as make_whole
from tests.factories import make_code, make_fixture, make_item, make_retailer, make_store, publish_page
from tests.ports import free_port

_SERVE: Final = "serve"
_RESULTS: Final = Path(__file__).parent / "results" / "scan.json"
_PAGES, _AGENTS = 200, 800
_MODELS = ("SM-S918B", "Pixel 8", "SM-A546B", "2201117TG", "moto g54 5G", "CPH2579", "SM-G991B", "Redmi Note 12")
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: what is served, by how many threads (0: as many as `serve` takes), with which log."""

    name: str
    is_rsgi: bool = False
    threads: int = 1
    scan_log: str = "fast"
    one_processor: bool = True


# The steps of a scan, each with all before it.
_STEPS: Final = ("constant", "lookup", "visit", "agent", "near", "line", "write")
_ROWS: Final = (
    *(Row(step) for step in _STEPS),
    # As `qrmerch serve` has it: the row that counts.
    Row("front_door", threads=0),
    Row("front_door_free", threads=0, one_processor=False),
    Row("front_door_1_thread"),
    Row("front_door_1_thread_free", one_processor=False),
    Row("front_door_no_log", threads=0),
    Row("front_door_durable_log", threads=0, scan_log="durable"),
    Row("front_door_streamed", threads=0),
    Row("rsgi_constant", is_rsgi=True),
    Row("rsgi_front_door", is_rsgi=True),
)


# --- what is served ------------------------------------------------------------------------------


def make_application() -> Any:
    """The application of the row that the environment names; granian calls this in its worker."""
    name = os.environ.pop("BENCH_ROW")
    if name == "constant":
        return _constant
    if name == "rsgi_constant":
        return _rsgi_constant
    whole: Any = make_whole()
    path: ScanPath = whole._path
    if name == "front_door_no_log":
        path.counting.log.append = lambda line, at_s: True  # type: ignore[method-assign]
    elif name == "front_door_streamed":
        return _streamed(whole)
    elif name == "rsgi_front_door":
        return _rsgi(whole)
    elif name in _STEPS:
        return _step(path, _STEPS.index(name))
    return whole


_BODY: Final = b"x" * 8000
_HEADERS: Final = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "8000")]


def _constant(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", _HEADERS)
    return [_BODY]


async def _rsgi_constant(scope: Any, proto: Any) -> None:
    proto.response_bytes(200, _HEADERS, _BODY)


def _streamed(application: Any) -> Application:
    """The same answer as something that is gone through piece by piece."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return tuple(application(environ, start_response))

    return answer


def _rsgi(application: Any) -> Callable[[Any, Any], Awaitable[None]]:
    """The front door behind the smallest bridge there can be: what RSGI could save at the most."""
    passed = {
        "accept-encoding": "HTTP_ACCEPT_ENCODING",
        "accept-language": "HTTP_ACCEPT_LANGUAGE",
        "user-agent": "HTTP_USER_AGENT",
        "sec-gpc": "HTTP_SEC_GPC",
        "sec-purpose": "HTTP_SEC_PURPOSE",
        "purpose": "HTTP_PURPOSE",
        "x-purpose": "HTTP_X_PURPOSE",
        "x-moz": "HTTP_X_MOZ",
        "if-none-match": "HTTP_IF_NONE_MATCH",
        "cookie": "HTTP_COOKIE",
    }

    async def answer(scope: Any, proto: Any) -> None:
        get = scope.headers.get
        environ = {
            "REQUEST_METHOD": scope.method,
            "PATH_INFO": scope.path,
            "QUERY_STRING": scope.query_string,
            "REMOTE_ADDR": scope.client.rpartition(":")[0],
            "HTTP_HOST": get("host") or scope.authority or "",
        }
        for name, key in passed.items():
            value = get(name)
            if value is not None:
                environ[key] = value
        said: list[Any] = []
        body = application(environ, lambda status, headers: said.extend((status, headers)))
        proto.response_bytes(int(said[0][:3]), said[1], b"".join(body))

    return answer


def _step(path: ScanPath, last: int) -> Application:
    """The steps of a scan up to one of them, as the front door and `Counting` take them."""
    codes, pages, counting = path.codes, path.pages, path.counting

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        at_s = time()
        code = codes.by_path[environ["PATH_INFO"]]
        page = pages.find(path.key_of(code, environ.get("HTTP_ACCEPT_LANGUAGE", "")), at_s)
        assert page
        variant = page.variants[1]
        headers = variant.headers
        visit = agent = near = ""
        if last >= 2:
            visit = counting._visits.draw(at_s)
            headers = [*headers, ("Server-Timing", f'v;desc="{visit}"')]
        if last >= 3:
            said = environ.get("HTTP_USER_AGENT", "")
            agent = counting._agents[said]
        if last >= 4:
            near = counting._near.of(int(at_s) // 3600, code.store_id, environ["REMOTE_ADDR"], said)
        if last >= 5:
            more: dict[str, Any] = {"manner": "", "has_gpc": False, "is_own_network": False}
            line = scan_line(code.token, at_s, agent=agent, visit=visit, near=near, **more)
        if last >= 6:
            counting.log.append(line, at_s)
        start_response("200 OK", headers)
        return variant.body

    return answer


# --- the servers ---------------------------------------------------------------------------------


def _stock(settings: Settings) -> list[str]:
    """So many items with live pages; the address of each one's printed code."""
    database = Database(settings.database_url)
    with database.write() as db:
        retailer = make_retailer(db)
        store = make_store(db, retailer)
        shelf = make_fixture(db, store)
        paths = []
        for _ in range(_PAGES):
            item = make_item(db, retailer)
            publish_page(db, item)
            paths.append(f"/q/{make_code(db, item, fixture=shelf).token}")
        db.commit()
    database.close()
    return paths


def _agents() -> list[str]:
    """Phones as they introduce themselves, no two alike."""
    return [
        f"Mozilla/5.0 (Linux; Android {10 + n % 5}; {_MODELS[n % len(_MODELS)]}) AppleWebKit/537.36 (KHTML, like Gecko)"
        f" Chrome/{100 + n // 40}.0.{n}.{n % 97} Mobile Safari/537.36"
        for n in range(_AGENTS)
    ]


def _start_granian(row: Row, settings: Settings) -> Server:
    port = free_port()
    said = environment_of(replace(settings, scan_log=row.scan_log, one_processor=row.one_processor, port=port))
    command = [sys.executable, "-m", "bench.scan", _SERVE, row.name]
    return Server(row.name, f"http://127.0.0.1:{port}", subprocess.Popen(command, env={**os.environ, **said}))


def _serve(name: str) -> None:
    """Be the server of a row, until SIGTERM."""
    row = next(each for each in _ROWS if each.name == name)
    os.environ["BENCH_ROW"] = name
    changed: dict[str, Any] = {"blocking_threads": row.threads} if row.threads else {}
    if row.is_rsgi:
        changed["interface"] = Interfaces.RSGI
    make_server(Settings.read(os.environ), application="bench.scan:make_application", **changed).serve()


def _start_nginx(folder: Path, pages: dict[str, tuple[bytes, bytes]]) -> Server | None:
    """nginx with the same pages as files, plain and in gzip, without a log; None where there is no nginx."""
    program = shutil.which("nginx")
    if program is None:
        print("\n*** nginx is not installed: every row but the ratios to it is measured. ***\n", file=sys.stderr)
        return None
    port = free_port()
    (folder / "root" / "q").mkdir(parents=True)
    for path, (plain, packed) in pages.items():
        (folder / "root" / path[1:]).write_bytes(plain)
        (folder / "root" / f"{path[1:]}.gz").write_bytes(packed)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; master_process on; worker_processes 1; pid {folder}/nginx.pid; error_log stderr crit;\n"
        f"{'user root;' if os.geteuid() == 0 else ''}\n"
        "events { worker_connections 512; }\n"
        f"http {{ access_log off; default_type text/html; charset utf-8; sendfile on; tcp_nopush on;\n"
        "keepalive_requests 100000000; open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s;\n"
        f"client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;\n"
        f"uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n"
        f"server {{ listen 127.0.0.1:{port} backlog=1024; root {folder}/root; gzip_static on; }} }}\n"
    )
    process = subprocess.Popen([program, "-c", str(configuration), "-p", str(folder)])
    return Server("nginx", f"http://127.0.0.1:{port}", process)


def _fetch(server: Server, path: str) -> tuple[bytes, bytes]:
    """A page as it is, and in gzip."""
    bodies = []
    for coding in ("identity", "gzip"):
        asked = urllib.request.Request(server.base_url + path, headers={"Accept-Encoding": coding})
        with urllib.request.urlopen(asked) as answer:
            bodies.append(answer.read())
    return bodies[0], bodies[1]


def _tighten(settings: Settings) -> None:
    """What a worker does in its first minutes, so that none of them does it beside what is measured."""
    database = Database(settings.database_url)
    pages = open_scan_path(settings, Hosts(settings, database)).pages
    while pages.tighten(before_s=time() + 1):
        pass
    database.close()


def measure(rounds: int, seconds: float, wanted: Sequence[str] = ()) -> dict[str, Any]:
    """The table.

    :param wanted: names of rows; empty for all.
    """
    rows = [row for row in _ROWS if not wanted or row.name in (*wanted, "front_door")]
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        settings = Settings(mode="demo", data_dir=folder / "var", uploads_dir=folder / "up", workers=1).ready()
        upgrade(settings)
        prepare(settings)
        paths = _stock(settings)
        whole = _start_granian(Row("front_door", threads=0), settings)
        whole.await_answer("/healthz")
        pages = {path: _fetch(whole, path) for path in paths}
        whole.end()
        _tighten(settings)
        servers: dict[str, Server] = {}
        nginx = _start_nginx(folder, pages)
        if nginx is not None:
            stack.callback(nginx.end)
            servers["nginx"] = nginx
        for row in rows:
            servers[row.name] = _start_granian(row, settings)
            stack.callback(servers[row.name].end)
        for server in servers.values():
            server.await_answer(paths[0])
        agents = _agents()
        asked = [(paths[n % len(paths)], agents[n % len(agents)]) for n in range(len(agents) * 5)]
        random.shuffle(asked)
        found = {}
        for is_kept_alive in (True, False):
            load = Load(asked, is_kept_alive=is_kept_alive)
            rates: dict[str, list[float]] = {name: [] for name in servers}
            for server in servers.values():
                load.run(server, 1, folder)
            for each in in_rounds(list(servers), rounds, random.shuffle):
                rates[each].append(per_cpu_second(load, servers[each], seconds, folder))
            found["keep_alive" if is_kept_alive else "one_request_each"] = _told(rates)
    sizes = [len(packed) for _, packed in pages.values()]
    return {
        "client": client_name(),
        "granian": version("granian"),
        "python": platform.python_version(),
        "page_gzip_bytes": round(statistics.mean(sizes)),
        "rounds": rounds,
        "seconds": seconds,
        **found,
    }


def _told(rates: dict[str, list[float]]) -> dict[str, Any]:
    """Microseconds of processor time for one answer, in the middle and at the least; ratios within each round."""
    told: dict[str, Any] = {}
    for name, each in rates.items():
        told[name] = {"us": round(1e6 / statistics.median(each), 1), "from_us": round(1e6 / max(each), 1)}
        if "nginx" in rates:
            ratios = [this / that for this, that in zip(each, rates["nginx"], strict=True)]
            told[name] |= {"of_nginx": _median(ratios), "half_of_the_rounds": _quarters(ratios)}
    if "front_door_no_log" in rates:
        both = zip(rates["front_door"], rates["front_door_no_log"], strict=True)
        told["log_on_of_off"] = _median([this / that for this, that in both])
    return told


def _median(ratios: list[float]) -> float:
    return round(statistics.median(ratios), 2)


def _quarters(ratios: list[float]) -> list[float]:
    """Between which two values the half of the rounds around the median lies; all of them, where they are few."""
    low, _, high = statistics.quantiles(ratios) if len(ratios) > 3 else (min(ratios), 0.0, max(ratios))
    return [round(low, 2), round(high, 2)]


def main() -> None:
    """Measure, print and keep; or be the server of a row."""
    if sys.argv[1:2] == [_SERVE]:
        _serve(sys.argv[2])
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    wanted = sys.argv[3:]
    found = measure(rounds, seconds, wanted)
    print(json.dumps(found, indent=2))
    if not wanted:
        _RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
