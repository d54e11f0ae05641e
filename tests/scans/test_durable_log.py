"""A durable log: what was answered lies on the disk, whatever cuts the power, and many wait for one flush."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock, Thread

import pytest

from qrmerch.scans.line import lost_line, read_line
from qrmerch.scans.log import PATTERN, ScanLog

HOUR = 1_795_626_000.0


def a_line(n: int) -> bytes:
    return f'{{"t":{HOUR:.3f},"k":"q","q":"{n:09}","a":"human safari 61 1 phone"}}\n'.encode()


class Disk:
    """What would be left after a power cut: names that were flushed, and of each file what was flushed."""

    def __init__(self) -> None:
        self.left: dict[str, bytes] = {}
        self.flushes = 0
        self.is_refusing = False
        self.holds: Callable[[], object] = lambda: None
        self._changing = Lock()

    def fsync(self, folder: int) -> None:
        with self._changing:
            for name in os.listdir(folder):
                self.left.setdefault(name, b"")

    def fdatasync(self, file: int) -> None:
        path = Path(f"/proc/self/fd/{file}").readlink()
        # Only what stood there when the flush was asked for.
        data = path.read_bytes()
        self.holds()
        if self.is_refusing:
            raise OSError(errno.EIO, "Input/output error")
        with self._changing:
            self.flushes += 1
            if path.name in self.left:
                self.left[path.name] = data

    def lines(self) -> set[bytes]:
        with self._changing:
            return {line for data in self.left.values() for line in data.splitlines(keepends=True)}


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()
    monkeypatch.setattr("qrmerch.scans.log.os.fsync", made.fsync)
    monkeypatch.setattr("qrmerch.scans.log.os.fdatasync", made.fdatasync)
    return made


def test_what_was_taken_is_there_after_a_power_cut_at_any_moment(tmp_path: Path, disk: Disk) -> None:
    log = ScanLog(tmp_path, is_durable=True)
    missing: list[bytes] = []

    def write(thread: int) -> None:
        for n in range(60):
            # Three files: the hour turns twice.
            line, at_s = a_line(thread * 1000 + n), HOUR + n * 120
            if log.append(line, at_s) and line not in disk.lines():
                missing.append(line)

    threads = [Thread(target=write, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not missing
    assert len(disk.lines()) == 480
    assert log.lost == 0


def test_a_fast_log_waits_for_no_disk(tmp_path: Path, disk: Disk) -> None:
    log = ScanLog(tmp_path)

    assert log.append(a_line(1), HOUR)

    assert (disk.flushes, disk.left) == (0, {})


def test_who_comes_during_a_flush_shares_the_next_one(tmp_path: Path, disk: Disk) -> None:
    log = ScanLog(tmp_path, is_durable=True)
    is_begun, may_end = Event(), Event()

    def hold() -> None:
        is_begun.set()
        assert may_end.wait(20)

    disk.holds = hold
    first = Thread(target=log.append, args=(a_line(0), HOUR))
    first.start()
    assert is_begun.wait(20)
    others = [Thread(target=log.append, args=(a_line(n), HOUR)) for n in range(1, 7)]
    for each in others:
        each.start()
    # All seven have written and wait, the first for its own flush, the rest for the next.
    flush = log._flush
    assert flush is not None
    while flush._waiting != {1: 1, 2: 6}:
        pass
    assert not disk.lines()
    may_end.set()
    for each in (first, *others):
        each.join()

    assert disk.flushes == 2
    assert disk.lines() == {a_line(n) for n in range(7)}


def test_a_flush_that_fails_costs_no_page_and_is_told_as_a_loss(tmp_path: Path, disk: Disk) -> None:
    log = ScanLog(tmp_path, is_durable=True)
    assert log.append(a_line(0), HOUR)
    disk.is_refusing = True

    assert not log.append(a_line(1), HOUR)
    assert log.lost == 1
    disk.is_refusing = False
    assert log.append(a_line(2), HOUR)

    # In a file of its own: of the other nobody knows what the disk has kept.
    assert len(list(tmp_path.glob(PATTERN))) == 2
    said = [read_line(line) for line in disk.lines()]
    assert sorted((line.traits.kind, line.subject, line.traits.lost) for line in said) == [
        ("l", "", 1),
        ("q", f"{0:09}", 0),
        ("q", f"{2:09}", 0),
    ]
    assert lost_line(HOUR, 1) in disk.lines()


def test_a_folder_that_cannot_be_flushed_is_a_loss_as_well(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    log = ScanLog(tmp_path, is_durable=True)
    monkeypatch.setattr("qrmerch.scans.log.os.fsync", refuse)

    assert not log.append(a_line(0), HOUR)

    monkeypatch.setattr("qrmerch.scans.log.os.fsync", disk.fsync)
    assert log.append(a_line(1), HOUR)
    assert a_line(1) in disk.lines()
