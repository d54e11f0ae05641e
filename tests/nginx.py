"""A real nginx, with the parts of a configuration that we write. Where there is none, its tests are skipped aloud."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qrmerch.edge.nginx import MAPS, SERVERS
from tests.ports import free_port

_START_WAIT_S = 60.0


def find_nginx() -> str:
    """Where nginx is; the test is skipped where it is not, and fails where it must be (`NEED_NGINX=1`)."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None and os.environ.get("NEED_NGINX") == "1":
        pytest.fail("NEED_NGINX=1, and there is no nginx. On Debian: apt install nginx")
    if program is None:
        pytest.skip("no nginx here: the plain web server in front is not tested. On Debian: apt install nginx")
    return program


class Nginx:
    """One nginx in front, with its own folder; takes in what was published into another."""

    def __init__(self, program: str, folder: Path, published: Path, *, workers: int = 1) -> None:
        self.port = free_port()
        self.published, self._folder, self._program = published, folder, program
        self._workers = workers
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._write()
        self._process = subprocess.Popen([*self._command(), "-g", "daemon off;"])
        until_s = time.monotonic() + _START_WAIT_S
        while time.monotonic() < until_s:
            assert self._process.poll() is None, self.errors
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
        raise AssertionError(self.errors)

    def reload(self) -> None:
        """Have it read its configuration anew, and wait until no old worker is left."""
        self._write()
        before = self.workers()
        subprocess.run([*self._command(), "-s", "reload"], check=True)
        until_s = time.monotonic() + _START_WAIT_S
        while set(self.workers()) & set(before):
            assert time.monotonic() < until_s, "the old workers stay"

    def workers(self) -> list[int]:
        """The ids of its worker processes."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(each) for each in children.split()]

    def stop(self) -> None:
        """End it; nothing is left of it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(_START_WAIT_S)

    @property
    def errors(self) -> str:
        """What it has complained of."""
        path = self._folder / "error.log"
        return path.read_text() if path.is_file() else ""

    @property
    def accesses(self) -> str:
        """What stands in the log that it keeps unless told otherwise."""
        return (self._folder / "access.log").read_text()

    def _command(self) -> list[str]:
        return [self._program, "-p", str(self._folder), "-c", str(self._folder / "nginx.conf"), "-e", "error.log"]

    def _write(self) -> None:
        """Servers as an operator's own are, at another port, between what a Debian's nginx has around them."""
        self._folder.mkdir(exist_ok=True)
        servers = (self.published / SERVERS).read_text().replace("listen 80;", f"listen 127.0.0.1:{self.port};")
        servers = servers.replace("    access_log off;\n", "")
        areas = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "\n".join(f"{each}_temp_path {self._folder}/{each};" for each in areas)
        around = f"""
{"user root;" if os.getuid() == 0 else ""}
worker_processes {self._workers};
pid {self._folder}/pid;
error_log {self._folder}/error.log warn;
pcre_jit on;
events {{ worker_connections 512; }}
http {{
access_log {self._folder}/access.log;
keepalive_requests 100000;
{temporary}
include {self.published}/{MAPS};
{servers}
}}
"""
        (self._folder / "nginx.conf").write_text(around)


@contextmanager
def running(folder: Path, published: Path, *, workers: int = 1) -> Iterator[Nginx]:
    """An nginx as long as the block."""
    nginx = Nginx(find_nginx(), folder, published, workers=workers)
    nginx.start()
    try:
        yield nginx
    finally:
        nginx.stop()
