"""The process that keeps the servers alive, where a new release does not come up: what runs goes on running."""

import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from qrmerch import serving
from qrmerch.config import Settings
from qrmerch.serving import ROLES, Supervisor

_WAIT_S = 60


class Watched:
    """A supervisor at work, whose children do nothing but live."""

    def __init__(self, settings: Settings, interpreter: Path) -> None:
        self.supervisor = Supervisor(settings)
        self.folder, self.interpreter = settings.data_dir, interpreter
        self._looked = Event()
        self._thread = Thread(target=self.supervisor.run, kwargs={"on_look": self._looked.set})

    def start(self) -> None:
        self._thread.start()
        self.look()

    def look(self) -> None:
        """Return when it has looked once more, from beginning to end."""
        for _ in range(2):
            self._looked.clear()
            assert self._looked.wait(_WAIT_S)

    def stop(self) -> None:
        self.supervisor.stop()
        self._thread.join(_WAIT_S)
        assert not self._thread.is_alive()

    @property
    def pids(self) -> list[int]:
        return [child.process.pid for child in self.supervisor._children if child.process]

    @property
    def marks(self) -> list[Path]:
        return list(self.folder.glob("ready-*"))


@pytest.fixture
def watched(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    interpreter = tmp_path / "python"
    interpreter.symlink_to(sys.executable)
    command = [str(interpreter), "-c", "import signal; signal.pause()"]
    monkeypatch.setattr(serving, "_command", lambda *_: command)
    made = Watched(settings, interpreter)
    made.start()
    yield made
    made.stop()


def test_a_release_without_its_interpreter_leaves_the_old_one_running(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    before = watched.pids
    watched.interpreter.unlink()

    watched.supervisor.renew()
    watched.look()

    assert watched.pids == before
    assert len(before) == len(ROLES)
    assert watched.marks == []
    assert "no new web server can be started" in caplog.text


def test_a_release_that_never_gets_ready_ends_and_the_old_one_stays(
    watched: Watched, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = watched.pids
    monkeypatch.setattr(serving, "_READY_WAIT_S", 0.0)

    watched.supervisor.renew()
    watched.look()
    watched.look()

    assert watched.pids == before
    assert watched.marks == []
    assert "the old one stays" in caplog.text


def test_a_mark_that_somebody_deleted_stops_nothing(watched: Watched) -> None:
    before = watched.pids
    watched.supervisor.renew()
    watched.look()

    (mark,) = watched.marks
    mark.unlink()
    watched.look()

    assert watched.pids == before


def test_a_child_that_cannot_be_started_is_tried_again(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    watched.interpreter.unlink()
    (child, *_) = watched.supervisor._children
    assert child.process
    child.process.kill()
    child.process.wait()
    while f"{child.role} cannot be started" not in caplog.text:
        watched.look()

    watched.interpreter.symlink_to(sys.executable)
    while len(watched.pids) < len(ROLES):
        watched.look()
