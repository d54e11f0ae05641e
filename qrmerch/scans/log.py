"""The hand-over to counting: one line for each answer, on the local disk before the answer leaves.

One file for each process and hour, under a name never used before, so that a line torn by a kill or
a full disk stays at the end of its file and spoils no other. What the disk refuses is counted, and
the count is written down as a line of its own as soon as the disk takes one again.
Never: an error that costs the shopper the page.
"""

import os
import time
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
        self._turning = Lock()

    def append(self, line: bytes, at_s: float) -> bool:
        """Write one whole line, newline included, in one system call; whether the disk took it.

        :param at_s: now, in seconds since 1970; chooses the hour's file.
        """
        try:
            if at_s >= self._until_s:
                self._turn(at_s)
            if os.write(self._file, line) != len(line):
                raise OSError("short write")
        except OSError:
            self.lost += 1
            self._untold += 1
            # The next line, if any, must begin in a file of its own.
            self._until_s = 0.0
            return False
        return True

    def close(self) -> None:
        """Let go of the file; a later line begins a new one."""
        with self._turning:
            if self._file >= 0:
                os.close(self._file)
            self._file, self._until_s = -1, 0.0

    def _turn(self, at_s: float) -> None:
        with self._turning:
            if at_s < self._until_s:
                return
            hour = int(at_s) // _HOUR_S
            stamp = time.strftime("%Y%m%dT%H", time.gmtime(hour * _HOUR_S))
            path = self._folder / f"scan-{stamp}-{os.getpid()}-{os.urandom(4).hex()}.jsonl"
            old, self._file = self._file, os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o640)
            if old >= 0:
                os.close(old)
            self._tell_lost(at_s)
            self._until_s = (hour + 1) * _HOUR_S

    def _tell_lost(self, at_s: float) -> None:
        if not self._untold:
            return
        line = lost_line(at_s, self._untold)
        if os.write(self._file, line) != len(line):
            raise OSError("short write")
        self._untold = 0
