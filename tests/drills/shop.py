"""A real shop for the drills: its database and files, its server processes, and phones that scan it."""

import asyncio
import http.client
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from sqlalchemy import func, select

from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.scans.models import DayTotal, Event, HourTotal, LogFile, Scan
from qrmerch.serving import environment_of
from tests.browsing import PHONE
from tests.factories import make_code, make_fixture, make_item, make_retailer, make_store, publish_page
from tests.ports import free_port

_START_S, _SETTLE_S = 150, 150


@dataclass
class Counted:
    """What the phones were told: visits of whole answers, and how many requests were cut off."""

    answered: list[str] = field(default_factory=list)
    # How long each of them waited, in the same order.
    waited_ms: list[float] = field(default_factory=list)
    cut_off: int = 0


class Shop:
    """One installation in a test's folder."""

    def __init__(self, settings: Settings) -> None:
        port = free_port()
        self.settings = replace(settings, port=port, base_url=f"http://127.0.0.1:{port}", workers=2)
        self.database = Database(settings.database_url)
        self.tokens: list[str] = []
        self.public_id = ""
        self._servers: list[subprocess.Popen[bytes]] = []

    def stock(self, codes: int) -> None:
        """One item with a live page, and so many codes for it."""
        with self.database.write() as db:
            retailer = make_retailer(db)
            store = make_store(db, retailer)
            item = make_item(db, retailer)
            publish_page(db, item)
            shelf = make_fixture(db, store)
            self.tokens = [make_code(db, item, fixture=shelf).token for _ in range(codes)]
            self.public_id = item.public_id
            db.commit()

    def serve(self, **more: str) -> subprocess.Popen[bytes]:
        """Start everything, as `qrmerch serve` does, and wait for the first answer.

        :param more: variables of its environment.
        """
        server = self.start([sys.executable, "-m", "qrmerch.cli", "serve"], **more)
        self._await(lambda: self.fetch("/healthz")[0] == 200, _START_S, "no answer")
        return server

    def start(self, command: list[str], **more: str) -> subprocess.Popen[bytes]:
        """Start one process of the installation; it is ended with the shop."""
        environment = {**os.environ, **environment_of(self.settings), **more}
        output = (self.settings.data_dir / "output.txt").open("ab")
        server = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
        output.close()
        self._servers.append(server)
        return server

    def start_worker(self, **more: str) -> subprocess.Popen[bytes]:
        """Start a job worker alone."""
        return self.start([sys.executable, "-m", "qrmerch.serving", "worker", "--parent", str(os.getpid())], **more)

    def fetch(
        self, path: str, *, agent: str = PHONE, data: bytes | None = None, **headers: str
    ) -> tuple[int, str, bytes]:
        """Status, visit id and body of one request on a connection of its own; status 0 where nobody answers whole."""
        told = {"User-Agent": agent, "Accept": "text/html", **{k.replace("_", "-"): v for k, v in headers.items()}}
        request = urllib.request.Request(self.settings.base_url + path, data=data, headers=told)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, visit_in(answer.headers.get("Server-Timing", "")), answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, "", refused.read()
        # A process that is killed in mid-answer leaves half of one.
        except (OSError, http.client.HTTPException):
            return 0, "", b""

    def warm_up(self) -> None:
        """Let every worker render and keep its pages; done as a robot, so that nothing of it is a scan."""
        for token in self.tokens * 4:
            assert self.fetch(f"/q/{token}", agent="Googlebot/2.1 (+http://www.google.com/bot.html)")[0] == 200

    async def storm(self, phones: int, counted: Counted, is_over: asyncio.Event) -> None:
        """So many phones scan on and on, each on its connection, and dial again when cut off."""
        await asyncio.gather(*(self._phone(counted, is_over) for _ in range(phones)))

    async def _phone(self, counted: Counted, is_over: asyncio.Event) -> None:
        port = urlsplit(self.settings.base_url).port
        while not is_over.is_set():
            writer = None
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                while not is_over.is_set():
                    await self._scan(reader, writer, counted)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                await asyncio.sleep(0.02)
            finally:
                if writer:
                    writer.close()

    async def _scan(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counted: Counted) -> None:
        host = urlsplit(self.settings.base_url).netloc
        head = [f"GET /q/{random.choice(self.tokens)} HTTP/1.1", f"Host: {host}", f"User-Agent: {PHONE}"]
        began = time.monotonic()
        writer.write("\r\n".join([*head, "Accept-Encoding: br", "", ""]).encode())
        counted.cut_off += 1
        told = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode().lower()
        length = int(told.partition("content-length: ")[2].partition("\r")[0])
        await asyncio.wait_for(reader.readexactly(length), 10)
        counted.cut_off -= 1
        assert told.startswith("http/1.1 200"), told
        counted.waited_ms.append((time.monotonic() - began) * 1000)
        counted.answered.append(visit_in(told.partition("server-timing: ")[2].partition("\r")[0]))

    # --- what was counted ------------------------------------------------------------------------

    def settle(self) -> None:
        """Wait until the loader has read every whole line that was written, and counted all that was done."""
        self.wait_for(self._is_settled, "the loader does not come to the end of the files")

    def _is_settled(self) -> bool:
        lines = sum(path.read_bytes().count(b"\n") for path in self.settings.log_dir.glob("scan-*.jsonl"))
        with self.database.read() as db:
            rows = db.scalar(select(func.count()).select_from(Scan)) or 0
            bad = db.scalar(select(func.coalesce(func.sum(LogFile.bad_lines + LogFile.lost_lines), 0))) or 0
            waiting = db.scalar(select(func.count()).select_from(Event).where(Event.is_counted.is_(False)))
        return rows + bad >= lines and not waiting

    def count(self, kind: str) -> int:
        """The day totals of one kind."""
        with self.database.read() as db:
            return int(db.scalar(select(func.coalesce(func.sum(DayTotal.count), 0)).where(DayTotal.kind == kind)) or 0)

    def count_hours(self, kind: str) -> int:
        """The hour totals of one kind."""
        with self.database.read() as db:
            found = select(func.coalesce(func.sum(HourTotal.count), 0)).where(HourTotal.kind == kind)
            return int(db.scalar(found) or 0)

    def visits(self, *outcomes: str) -> list[str]:
        """The visit of every raw line with one of these outcomes."""
        with self.database.read() as db:
            found = db.scalars(select(Scan.visit).where(Scan.outcome.in_(outcomes), Scan.visit.is_not(None)))
            return [visit for visit in found if visit]

    def bad_lines(self) -> int:
        with self.database.read() as db:
            return int(db.scalar(select(func.coalesce(func.sum(LogFile.bad_lines), 0))) or 0)

    # --- ending ----------------------------------------------------------------------------------

    def end(self) -> None:
        """End every process that was started here, and theirs."""
        everything = [process for server in self._servers for process in family(server.pid)]
        signal_all(everything, signal.SIGTERM)
        _, late = psutil.wait_procs(everything, timeout=10)
        signal_all(late, signal.SIGKILL)
        for server in self._servers:
            server.wait(10)
        self.database.close()

    def wait_for(self, holds: Callable[[], bool], else_say: str) -> None:
        """Wait until something holds; the test fails with `else_say` if it never does."""
        self._await(holds, _SETTLE_S, else_say)

    def _await(self, holds: Callable[[], bool], seconds: float, else_say: str) -> None:
        until = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > until:
                said = (self.settings.data_dir / "output.txt").read_text()[-3000:]
                raise AssertionError(f"{else_say}\n{said}")
            time.sleep(0.05)


def family(pid: int) -> list[psutil.Process]:
    """A process and all that it started, as far as they still run."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def children_called(pid: int, word: str) -> list[psutil.Process]:
    """The processes under `pid` whose command has a word in it, oldest first."""
    found = []
    for process in family(pid)[1:]:
        try:
            if word in process.cmdline():
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return sorted(found, key=lambda process: process.create_time())


def web_workers(pid: int) -> list[psutil.Process]:
    """Granian's workers under `pid`, oldest first."""
    # A supervisor's web server may end by itself between two looks at it.
    return [each for parent in children_called(pid, "web") for each in family(parent.pid)[1:]]


def kill(processes: Iterable[psutil.Process]) -> None:
    """End processes at once, without a word."""
    signal_all(processes, signal.SIGKILL)


def signal_all(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to each that still runs."""
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def visit_in(timing: str) -> str:
    """The visit's id in a Server-Timing header."""
    return timing.partition('"')[2].rstrip('"')


def copy_package(source: Path, folder: Path) -> Path:
    """A copy of the package's code, to be changed: another release."""
    shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("templates", "static", "migrations"):
        (folder / name).symlink_to(source.parent / name)
    return folder / source.name
