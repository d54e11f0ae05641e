"""The hand-over to counting: one line for each answer, on the local disk before the answer leaves.

One file for each process and hour, under a name never used before, so that a line torn by a kill or
a full disk stays at the end of its file and spoils no other. What the disk refuses is counted, and
the count is written down as a line of its own as soon as the disk takes one again.
Killing the process loses nothing of either log; a power cut loses of a fast one what the system had not
flushed, and of a durable one nothing that was answered.
Never: an error that costs the shopper the page.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from threading import Condition, Lock

from qrmerch.files import make_once
from qrmerch.scans.line import lost_line

PATTERN = "scan-*.jsonl"
_HOUR_S = 3600


class ScanLog:
    """Appends lines to this process's file of this hour."""

    def __init__(self, folder: Path, *, is_durable: bool = False) -> None:
        """:param folder: of this node, shared by its workers and read by its loader.
        :param is_durable: a line counts as taken when it lies on the disk itself; else when the system has it.
        """
        self.lost = 0
        self._flush = _Flush() if is_durable else None
        self._untold = 0
        self._folder, self._file, self._until_s = folder, -1, 0.0
        self._before, self._is_empty, self._is_torn = -1, False, False
        self._turning = Lock()

    def append(self, line: bytes, at_s: float) -> bool:
        """Write one whole line, newline included, in one system call; whether the disk took it.

        :param at_s: now, in seconds since 1970; chooses the hour's file.
        """
        try:
            if at_s >= self._until_s:
                self._turn(at_s)
            file = self._write(line)
            if self._flush:
                self._flush.wait(file)
        except OSError:
            with self._turning:
                self.lost += 1
                self._untold += 1
                # The next line, if any, must begin in a file of its own.
                self._until_s = 0.0
            return False
        return True

    def close(self) -> None:
        """Say what was lost, if the disk takes that, and let go of the files; a later line begins a new one."""
        with self._turning:
            if self._file >= 0:
                with suppress(OSError):
                    if self._untold and self._is_torn:
                        self._open(int(time.time()) // _HOUR_S)
                    self._tell_lost(time.time())
            for file in (self._file, self._before):
                if file >= 0:
                    os.close(file)
            self._file, self._before, self._until_s = -1, -1, 0.0
            self._is_empty = False

    def _write(self, line: bytes) -> int:
        """The file it was written to."""
        file = self._file
        written = os.write(file, line)
        self._is_empty, self._is_torn = False, written != len(line)
        if self._is_torn:
            raise OSError("short write")
        return file

    def _turn(self, at_s: float) -> None:
        with self._turning:
            if at_s < self._until_s:
                return
            hour = int(at_s) // _HOUR_S
            # A file in which nothing stands serves again: a full disk would else get one for each line it refuses.
            if not self._is_empty:
                self._open(hour)
            self._tell_lost(at_s)
            self._until_s = (hour + 1) * _HOUR_S

    def _open(self, hour: int) -> None:
        stamp = time.strftime("%Y%m%dT%H", time.gmtime(hour * _HOUR_S))
        path = self._folder / f"scan-{stamp}-{os.getpid()}-{os.urandom(4).hex()}.jsonl"
        fresh = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o640)
        if self._flush:
            try:
                _flush_names(self._folder)
            except OSError:
                os.close(fresh)
                path.unlink(missing_ok=True)
                raise
        # Closed one turn later: another thread may be about to write, and a number that is free again would be
        # whatever file is opened next.
        gone, self._before, self._file = self._before, self._file, fresh
        self._is_empty, self._is_torn = True, False
        if gone >= 0:
            os.close(gone)

    def _tell_lost(self, at_s: float) -> None:
        if self._untold:
            self._write(lost_line(at_s, self._untold))
            self._untold = 0


def node_of(folder: Path) -> str:
    """The name that a folder of logs got when it was first read, shared by its workers and loaders.

    Empty while the disk takes no name: counting goes on without.
    """
    path = folder / "node"
    with suppress(OSError):
        made = path.read_bytes() if path.exists() else make_once(path, os.urandom(8).hex().encode(), mode=0o644)
        return made.decode()[:16]
    return ""


class _Flush:
    """Waiting until lines lie on the disk, together: who comes while a flush is under way shares the next one.

    Nobody waits for company; a line waits for the flush under way, if there is one, and for its own.
    """

    def __init__(self) -> None:
        self._state = Condition()
        self._written: set[int] = set()
        self._is_flushing = False
        # The flush that is under way or ended last, and how each one went that somebody still asks for.
        self._turn = 0
        self._waiting: dict[int, int] = {}
        self._failed: set[int] = set()

    def wait(self, file: int) -> None:
        """Wait until what was written to a file before this call lies on the disk.

        :raises OSError: the disk did not take it.
        """
        with self._state:
            self._written.add(file)
            mine = self._turn + 1
            self._waiting[mine] = self._waiting.get(mine, 0) + 1
            while self._turn < mine or (self._turn == mine and self._is_flushing):
                if self._is_flushing:
                    self._state.wait()
                else:
                    self._run()
            has_failed = mine in self._failed
            self._waiting[mine] -= 1
            if not self._waiting[mine]:
                del self._waiting[mine]
                self._failed.discard(mine)
        if has_failed:
            raise OSError("not flushed")

    def _run(self) -> None:
        """One flush of all files written to so far, without holding up who writes meanwhile."""
        files, self._written = self._written, set()
        self._is_flushing, self._turn = True, self._turn + 1
        turn = self._turn
        self._state.release()
        try:
            # Each of them, also after one that failed.
            went = [_flush_file(file) for file in files]
        finally:
            self._state.acquire()
            self._is_flushing = False
            self._state.notify_all()
        if not all(went):
            self._failed.add(turn)


def _flush_file(file: int) -> bool:
    try:
        os.fdatasync(file)
    except OSError:
        return False
    return True


def _flush_names(folder: Path) -> None:
    """Let the name of a new file lie on the disk as well: without it, what stands in the file is gone."""
    names = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(names)
    finally:
        os.close(names)
