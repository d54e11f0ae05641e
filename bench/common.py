"""What the benches of servers share: server processes whose processor time is counted, and a client that loads them.

The client is `wrk` where the machine has it, which costs little beside a server; elsewhere one of our own. Wall-clock
on a shared machine says nothing: what is compared is requests for each CPU-second of the server's whole process tree.
"""

import asyncio
import http.client
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tests.drills.shop import family, kill, signal_all

_START_S = 300.0
_LUA = """
local requests = {{}}
local at = 0
for line in io.lines("{path}") do
  local address, agent = line:match("^(%S+) (.*)$")
  requests[#requests + 1] = wrk.format("GET", address, {{
    ["Host"] = "{host}", ["User-Agent"] = agent, ["Accept"] = "text/html", ["Accept-Encoding"] = "gzip",
    ["Accept-Language"] = "en-US,en;q=0.9", {more} }})
end
function request()
  at = at % #requests + 1
  return requests[at]
end
"""


@dataclass
class Server:
    """One server under load; what it has answered, and what that cost its processes, CPU-seconds."""

    name: str
    base_url: str
    process: "subprocess.Popen[bytes]"

    def cpu_s(self) -> float:
        """What all its processes have spent so far, in user and kernel mode."""
        spent = 0.0
        for process in family(self.process.pid):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            spent += times.user + times.system
        return spent

    def await_answer(self, path: str) -> None:
        """Wait until it answers this address with 200."""
        until = time.monotonic() + _START_S
        address = urlsplit(self.base_url)
        while True:
            try:
                connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
                connection.request("GET", path, headers={"Host": address.netloc})
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            finally:
                connection.close()
            assert time.monotonic() < until, f"{self.name} does not answer"
            assert self.process.poll() is None, f"{self.name} has ended"
            time.sleep(0.1)

    def end(self) -> None:
        """End it and all that it started."""
        running = family(self.process.pid)
        signal_all(running, signal.SIGTERM)
        kill(psutil.wait_procs(running, timeout=10)[1])
        self.process.wait(10)


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked for: (address, agent) in turns, on so many connections."""

    asked: Sequence[tuple[str, str]]
    connections: int = 32
    is_kept_alive: bool = True

    def run(self, server: Server, seconds: float, folder: Path) -> int:
        """Load a server; how many whole answers it gave, all of them 200."""
        client = _run_wrk if shutil.which("wrk") else _run_own
        return client(self, server, seconds, folder)


def per_cpu_second(load: Load, server: Server, seconds: float, folder: Path) -> float:
    """How many answers a server gives for one CPU-second of its processes."""
    before_s = server.cpu_s()
    answers = load.run(server, seconds, folder)
    return answers / (server.cpu_s() - before_s)


def client_name() -> str:
    """Which client loads the servers."""
    return "wrk" if shutil.which("wrk") else "our own: wrk is not installed"


def _run_wrk(load: Load, server: Server, seconds: float, folder: Path) -> int:
    asked, script = folder / "asked.txt", folder / "asked.lua"
    asked.write_text("".join(f"{address} {agent}\n" for address, agent in load.asked))
    more = "" if load.is_kept_alive else '["Connection"] = "close"'
    script.write_text(_LUA.format(path=asked, host=urlsplit(server.base_url).netloc, more=more))
    command = ["wrk", "-t1", f"-c{load.connections}", f"-d{max(1, round(seconds))}s", "-s", str(script)]
    said = subprocess.run([*command, server.base_url], capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, f"{server.name}: {said}"
    found = re.search(r"(\d+) requests in", said)
    assert found, said
    return int(found.group(1))


def _run_own(load: Load, server: Server, seconds: float, folder: Path) -> int:
    """:param folder: not needed."""
    return asyncio.run(_storm(load, server, seconds))


async def _storm(load: Load, server: Server, seconds: float) -> int:
    address = urlsplit(server.base_url)
    until, turn, answers = time.monotonic() + seconds, 0, 0

    def ask() -> bytes:
        nonlocal turn
        path, agent = load.asked[turn % len(load.asked)]
        turn += 1
        connection = "" if load.is_kept_alive else "Connection: close\r\n"
        return (
            f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nUser-Agent: {agent}\r\nAccept: text/html\r\n"
            f"Accept-Encoding: gzip\r\nAccept-Language: en-US,en;q=0.9\r\n{connection}\r\n"
        ).encode()

    async def phone() -> None:
        nonlocal answers
        while time.monotonic() < until:
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            while time.monotonic() < until:
                writer.write(ask())
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                assert head.startswith(b"http/1.1 200"), head
                await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r")[0]))
                answers += 1
                if not load.is_kept_alive:
                    break
            writer.close()

    await asyncio.gather(*(phone() for _ in range(load.connections)))
    return answers


def in_rounds(kinds: Sequence[str], rounds: int, shuffle: Callable[[list[str]], None]) -> list[str]:
    """Every kind once a round, each round in an order of its own: all see the same machine."""
    order = []
    for _ in range(rounds):
        turn = list(kinds)
        shuffle(turn)
        order += turn
    return order
