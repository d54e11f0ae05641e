"""The hand-over to counting: one line for each answer, on the local disk before the answer leaves.

One file for each process and hour, under a name never used before, so that a line torn by a kill or
a full disk stays at the end of its file and spoils no other. What the disk refuses is counted, and
the count is written down as a line of its own as soon as the disk takes one again.
Never: an error that costs the shopper the page.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock

from qrmerch.scans.line import lost_line

PATTERN = "scan-*.jsonl"
_HOUR_S = 3600


class ScanLog:
    """Appends lines to this process's file of this hour."""

    def __init__(self, folder: Path) -> None:
        """:param folder: of this node, shared by its workers and read by its loader."""
        self.lost = 0
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
            self._write(line)
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

    def _write(self, line: bytes) -> None:
        written = os.write(self._file, line)
        self._is_empty, self._is_torn = False, written != len(line)
        if self._is_torn:
            raise OSError("short write")

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
