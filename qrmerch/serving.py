"""Serving: the web workers, the loader and the job worker, and the process that keeps them alive.

`serve` starts three children and starts again whichever ends: granian watches its own workers, but gives up
when one dies twice within seconds, so it is watched as well. A child whose parent is gone ends itself, so
that a killed server leaves nothing behind that holds the port.

SIGUSR2 brings a new release in: other web workers are started beside those that run, both listen on the port, and the
old ones end when the new ones are ready, finishing what they answer; then the loader and the job worker start anew. A
call that has reached an old one and is still unread in that moment is cut off, and answered when it is made again.

In a child: `python -m qrmerch.serving web|loader|worker --parent PID`, with the settings in its environment. Each
imports what it needs where it needs it, for all of them start at once; the web workers are forked from a process
that has imported everything.
"""

import argparse
import http.client
import logging
import multiprocessing
import os
import resource
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from qrmerch import logs
from qrmerch.config import PREFIX, Settings, SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from granian.server.common import AbstractServer

ROLES: Final = ("web", "loader", "worker")
# What granian says of more threads than twice the processors: ours wait far more than they run.
_MANY_THREADS: Final = "spawning up to"
# Lines that a worker holds at once. They wait in front of it beyond that, so nobody may keep one for nothing.
_CONNECTIONS: Final = 4096
_HEADER_WAIT_MS: Final = 10_000
_MAX_HEADER_BYTES: Final = 65_536
_OTHER_FILES: Final = 512
_RESPAWN_AFTER_S: Final = 0.1
_LOOK_EVERY_S: Final = 0.1
_PORT_WAIT_S: Final = 3.0
# What is being answered when the server is told to stop may take so long.
_FINISH_S: Final = 25
_STOP_WAIT_S: Final = _FINISH_S + 5.0
# From ready to listening it takes a worker milliseconds.
_TAKE_OVER_AFTER_S: Final = 0.5
# A release that has not come up by then waits for something that does not come.
_READY_WAIT_S: Final = 300.0
# Named so since no setting is: the file where a web worker leaves a mark when it is ready.
_READY: Final = "WORKERS_READY"
_HEALTHY_AFTER_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 5.0
log = logging.getLogger("qrmerch.serving")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files of a certificate and its key, for https without anything in front."""

    certificate: Path
    key: Path


@dataclass(slots=True)
class Child:
    """One child: how it is started, and how its last start went."""

    role: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    next_start_s: float = 0.0
    pause_s: float = field(default=0.0)
    # It ends because it was told to, to be started anew.
    is_renewed: bool = False


@dataclass(slots=True)
class Successor:
    """A web server that is to take over, once all of its workers are ready."""

    process: subprocess.Popen[bytes]
    marks: Path
    workers: int
    started_s: float
    ready_s: float | None = None

    @classmethod
    def start(cls, command: list[str], environment: Mapping[str, str], settings: Settings) -> "Successor":
        """Start it beside the one that runs.

        :raises OSError: the system starts nothing: no memory, no room on the disk, no interpreter where it was.
        """
        marks = settings.data_dir / f"ready-{uuid4().hex}"
        marks.touch()
        try:
            process = subprocess.Popen(command, env={**environment, _READY: str(marks)}, start_new_session=True)
        except OSError:
            marks.unlink()
            raise
        return cls(process, marks, settings.workers, time.monotonic())

    def has_failed(self) -> bool:
        """Whether it has ended, or takes longer than any start does."""
        return self.process.poll() is not None or time.monotonic() - self.started_s > _READY_WAIT_S

    def is_ready(self) -> bool:
        """Whether all of its workers listen."""
        with suppress(FileNotFoundError):
            if self.ready_s is None and self.marks.stat().st_size >= self.workers:
                self.ready_s = time.monotonic()
        return self.ready_s is not None and time.monotonic() - self.ready_s > _TAKE_OVER_AFTER_S


class Supervisor:
    """Keeps the children running until it is told to stop."""

    def __init__(self, settings: Settings, *, certificate: Certificate | None = None) -> None:
        self._environment = {**_without_settings(os.environ), **environment_of(settings)}
        self._children = [Child(role, _command(role, certificate)) for role in ROLES]
        self._settings = settings
        self._ended, self._is_asked_to_renew = Event(), Event()
        self._successor: Successor | None = None
        # Web servers that finish what they answer, with the last instant that they are given.
        self._leaving: list[tuple[subprocess.Popen[bytes], float]] = []

    def run(self, *, on_look: Callable[[], None] | None = None) -> None:
        """Start the children and watch them; returns when all have ended after `stop`.

        :param on_look: called at each look, some ten times a second.
        """
        try:
            while not self._ended.is_set():
                for child in self._children:
                    self._watch(child)
                self._renew()
                if on_look:
                    on_look()
                self._ended.wait(_LOOK_EVERY_S)
        finally:
            self._stop_children()

    def stop(self, *_signal: object) -> None:
        """Let `run` end."""
        self._ended.set()

    def renew(self, *_signal: object) -> None:
        """Let new processes take over from those that run, without refusing anybody."""
        self._is_asked_to_renew.set()

    def _renew(self) -> None:
        if self._is_asked_to_renew.is_set() and self._successor is None:
            self._is_asked_to_renew.clear()
            web = self._children[ROLES.index("web")]
            try:
                self._successor = Successor.start(web.command, self._environment, self._settings)
            except OSError as error:
                log.error("no new web server can be started, the old one stays: %s", error)
        now_s = time.monotonic()
        if self._successor is not None and self._successor.is_ready():
            self._hand_over(self._successor.process)
            self._forget_successor()
        elif self._successor is not None and self._successor.has_failed():
            log.error("the new web server ended or waits for ever before it is ready, the old one stays")
            self._successor.process.terminate()
            self._leaving.append((self._successor.process, now_s + _STOP_WAIT_S))
            self._forget_successor()
        for process, until_s in self._leaving:
            if process.poll() is None and now_s > until_s:
                process.kill()
        self._leaving = [each for each in self._leaving if each[0].poll() is None]

    def _forget_successor(self) -> None:
        if self._successor is not None:
            self._successor.marks.unlink(missing_ok=True)
            self._successor = None

    def _hand_over(self, process: subprocess.Popen[bytes]) -> None:
        """Let a web server be the one; the others of this release end and are started anew."""
        now_s = time.monotonic()
        for child in self._children:
            old = child.process
            if old is not None:
                old.terminate()
            if child.role == "web":
                self._leaving += [(old, now_s + _STOP_WAIT_S)] if old is not None else []
                child.process, child.started_s = process, now_s
            elif old is not None:
                child.is_renewed = True

    def _watch(self, child: Child) -> None:
        if child.process is not None and child.process.poll() is None:
            return
        now_s = time.monotonic()
        if child.is_renewed:
            child.is_renewed, child.process, child.next_start_s = False, None, now_s
        if child.process is not None:
            log.error("%s ended with %s, starting it again", child.role, child.process.returncode)
            # At once after a long life; after a short one, a little later each time.
            was_healthy = now_s - child.started_s > _HEALTHY_AFTER_S
            child.pause_s = 0.0 if was_healthy else _longer(child.pause_s)
            child.next_start_s, child.process = now_s + child.pause_s, None
        if now_s >= child.next_start_s:
            try:
                # A session of its own: Ctrl-C reaches the supervisor alone, which ends its children in order.
                child.process = subprocess.Popen(child.command, env=self._environment, start_new_session=True)
                child.started_s = now_s
            except OSError as error:
                log.error("%s cannot be started, trying again: %s", child.role, error)
                child.pause_s = _longer(child.pause_s)
                child.next_start_s = now_s + child.pause_s

    def _stop_children(self) -> None:
        started = [*(child.process for child in self._children), *(process for process, _ in self._leaving)]
        if self._successor is not None:
            started.append(self._successor.process)
        self._forget_successor()
        running = [process for process in started if process and process.poll() is None]
        for process in running:
            process.terminate()
        deadline_s = time.monotonic() + _STOP_WAIT_S
        for process in running:
            try:
                process.wait(max(0.0, deadline_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def serve(
    settings: Settings, *, certificate: Certificate | None = None, on_ready: Callable[[], None] | None = None
) -> None:
    """Serve until SIGTERM or Ctrl-C, then end cleanly.

    :param on_ready: called once, when the first page has been answered.
    :raises SettingsError: something else listens on the port.
    """
    logs.set_up()
    _await_port(settings.host, settings.port)
    supervisor = Supervisor(settings, certificate=certificate)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.stop)
    signal.signal(signal.SIGUSR2, supervisor.renew)
    is_told = False

    def look() -> None:
        nonlocal is_told
        if on_ready and not is_told and is_answering(settings, is_tls=certificate is not None):
            is_told = True
            on_ready()

    supervisor.run(on_look=look)


def is_answering(settings: Settings, *, is_tls: bool = False) -> bool:
    """Whether the server on the settings' port answers `/healthz`."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 — asked at home
    context = ssl._create_unverified_context() if is_tls else None  # noqa: S323 — our own certificate, our own port
    connection: http.client.HTTPConnection = (
        http.client.HTTPSConnection(host, settings.port, timeout=2, context=context)
        if is_tls
        else http.client.HTTPConnection(host, settings.port, timeout=2)
    )
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment that `Settings.read` makes these settings from."""
    found = {}
    for each in fields(settings):
        value: Any = getattr(settings, each.name)
        if isinstance(value, bool):
            value = int(value)
        found[f"{PREFIX}{each.name.upper()}"] = ",".join(value) if isinstance(value, tuple) else str(value)
    return found


def make_application() -> "WSGIApplication":
    """The application of one web worker; granian calls this in each."""
    from qrmerch import create_app
    from qrmerch.processors import stay_on_one

    parent = multiprocessing.parent_process()
    end_with_parent(parent.pid if parent and parent.pid else os.getppid())
    settings = Settings.read(os.environ)
    # Granian lays the environment under that of every request: thirty settings fewer to copy, and no secret among them.
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    app = create_app(settings)
    # Its own threads work in the background and stay free; granian's, which answer, are started after this.
    if settings.one_processor:
        stay_on_one()
    if marks := os.environ.pop(_READY, ""):
        _leave_mark(Path(marks))
    return app.wsgi_app


def _leave_mark(marks: Path) -> None:
    """Say that this worker is ready; where the file is gone nobody asks any more."""
    with suppress(FileNotFoundError):
        file = os.open(marks, os.O_WRONLY | os.O_APPEND)
        os.write(file, b".")
        os.close(file)


def end_with_parent(parent_pid: int) -> None:
    """From now on, end this process as soon as its parent is no longer that one."""

    def watch() -> None:
        while os.getppid() == parent_pid:
            time.sleep(0.2)
        os._exit(1)

    Thread(target=watch, daemon=True, name="end-with-parent").start()


def run_web(settings: Settings, certificate: Certificate | None) -> None:
    """Granian with its workers, until SIGTERM."""
    _raise_file_limit(_CONNECTIONS + _OTHER_FILES)
    make_server(settings, certificate=certificate).serve()


def make_server(
    settings: Settings,
    *,
    application: str = "qrmerch.serving:make_application",
    certificate: Certificate | None = None,
    **changed: Any,
) -> "AbstractServer[Any]":
    """Granian as these settings have it.

    :param application: where each worker gets its application from.
    :param changed: arguments of granian's that a measurement wants otherwise.
    """
    from granian import Granian
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    # Before the workers are forked, so that none of them imports anything.
    from qrmerch import application as _rooms  # noqa: F401
    from qrmerch.landing.shedding import threads_for

    logging.getLogger("_granian").addFilter(lambda record: _MANY_THREADS not in str(record.msg))
    threads = threads_for(settings.flask_threads, waits_for_disk=settings.has_durable_log)
    wanted: dict[str, Any] = {
        "address": settings.host,
        "port": settings.port,
        "interface": Interfaces.WSGI,
        "workers": settings.workers,
        "blocking_threads": threads,
        "websockets": False,
        # Each connection counts, whether or not anything is asked on it.
        "backpressure": _CONNECTIONS,
        "http1_settings": HTTP1Settings(header_read_timeout=_HEADER_WAIT_MS, max_buffer_size=_MAX_HEADER_BYTES),
        "log_level": LogLevels.warning,
        "log_dictconfig": {"formatters": {each: {"()": logs.OneLine} for each in ("generic", "access")}},
        "respawn_failed_workers": True,
        "respawn_interval": _RESPAWN_AFTER_S,
        "workers_kill_timeout": _FINISH_S,
        "ssl_cert": certificate.certificate if certificate else None,
        "ssl_key": certificate.key if certificate else None,
    }
    return Granian(application, factory=True, **(wanted | changed))


def _raise_file_limit(wanted: int) -> None:
    """Let this process and its children have so many files and lines open, as far as the system allows."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, most), most))


def run_loader(settings: Settings) -> None:
    """The loader of this node, until SIGTERM."""
    from qrmerch.db import Database
    from qrmerch.scans.loader import follow

    ended = Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    retention = timedelta(days=settings.scan_retention_days)
    follow(Database(settings.database_url), settings.log_dir, retention=retention, keys=settings.keys_dir, ended=ended)


def run_jobs(settings: Settings) -> None:
    """The job worker of this node, until SIGTERM."""
    from qrmerch import application  # noqa: F401 - brings every room that has jobs
    from qrmerch.jobs import run_worker

    run_worker(settings)


def _await_port(host: str, port: int) -> None:
    """Granian shares a port with whoever shares it too; two servers on one would be a riddle."""
    deadline_s = time.monotonic() + _PORT_WAIT_S
    while True:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                # The children of a killed server are gone within half a second.
                if time.monotonic() > deadline_s:
                    raise SettingsError(f"Port {port} of {host} cannot be used: {error.strerror}.") from None
            else:
                return
        time.sleep(_LOOK_EVERY_S)


def _longer(pause_s: float) -> float:
    return min(max(pause_s * 2, 0.2), _LONGEST_PAUSE_S)


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(PREFIX)}


def _command(role: str, certificate: Certificate | None) -> list[str]:
    command = [sys.executable, "-m", "qrmerch.serving", role, "--parent", str(os.getpid())]
    if role == "web" and certificate:
        command += ["--certificate", str(certificate.certificate), "--key", str(certificate.key)]
    return command


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m qrmerch.serving")
    parser.add_argument("role", choices=ROLES)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    asked = parser.parse_args()
    end_with_parent(asked.parent)
    logs.set_up()
    settings = Settings.read(os.environ)
    if asked.role == "web":
        run_web(settings, Certificate(asked.certificate, asked.key) if asked.certificate else None)
    elif asked.role == "loader":
        run_loader(settings)
    else:
        run_jobs(settings)


if __name__ == "__main__":
    _main()
