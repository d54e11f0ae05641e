"""The hand-over to counting: one write for each line, nothing an error, every refusal of the disk counted."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from qrmerch.scans.line import read_line, scan_line
from qrmerch.scans.log import PATTERN, ScanLog

HOUR = 1_795_626_000.0


def a_line(at_s: float = HOUR) -> bytes:
    return scan_line(
        "7K3M9QW4T",
        at_s,
        agent="human safari 61 1 phone",
        is_own_network=False,
        visit="",
        near="",
        manner="",
        has_gpc=False,
    )


def files(folder: Path) -> list[bytes]:
    """What stands in each file, by the instant of its first line."""
    return sorted(path.read_bytes() for path in folder.glob(PATTERN))


class Disk:
    """`os.write` that refuses, or takes a part, while `trouble` says so."""

    def __init__(self) -> None:
        self.trouble: str = ""
        self._write: Callable[[int, bytes], int] = os.write

    def write(self, file: int, data: bytes) -> int:
        if self.trouble == "full":
            raise OSError(errno.ENOSPC, "No space left on device")
        if self.trouble == "nearly full":
            return self._write(file, data[: len(data) // 2])
        return self._write(file, data)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()
    monkeypatch.setattr("qrmerch.scans.log.os.write", made.write)
    return made


def test_lines_of_one_hour_stand_in_one_file_whole_and_in_order(tmp_path: Path) -> None:
    log = ScanLog(tmp_path)
    lines = [a_line(HOUR + n) for n in range(50)]

    assert all(log.append(each, HOUR + n) for n, each in enumerate(lines))

    assert files(tmp_path) == [b"".join(lines)]
    assert log.lost == 0


def test_each_hour_and_each_process_has_a_file_of_its_own(tmp_path: Path) -> None:
    first, second = ScanLog(tmp_path), ScanLog(tmp_path)

    first.append(a_line(), HOUR)
    first.append(a_line(), HOUR + 3600)
    second.append(a_line(), HOUR)

    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 3 and len(set(names)) == 3
    assert all(name.startswith("scan-2026112") and name.endswith(".jsonl") for name in names)


def test_a_clock_set_back_goes_on_in_the_same_file(tmp_path: Path) -> None:
    log = ScanLog(tmp_path)

    log.append(a_line(), HOUR)
    assert log.append(a_line(), HOUR - 86_400)

    assert len(files(tmp_path)) == 1


def test_a_full_disk_costs_no_error_and_is_counted_and_told(tmp_path: Path, disk: Disk) -> None:
    log = ScanLog(tmp_path)
    log.append(a_line(), HOUR)

    disk.trouble = "full"
    assert [log.append(a_line(), HOUR + 1) for _ in range(200)] == [False] * 200
    disk.trouble = ""
    assert log.append(a_line(HOUR + 2), HOUR + 2)

    assert log.lost == 200
    before, after = files(tmp_path)
    assert before == a_line(), "one more file at most, however many lines were refused"
    told, line = after.splitlines(keepends=True)
    assert read_line(told).traits.lost == 200 and line == a_line(HOUR + 2)


def test_losses_are_told_once(tmp_path: Path, disk: Disk) -> None:
    log = ScanLog(tmp_path)
    for trouble in ("", "full", "", "", "full", "full", ""):
        disk.trouble = trouble
        log.append(a_line(), HOUR)

    said = [read_line(raw) for content in files(tmp_path) for raw in content.splitlines()]
    assert [each.traits.lost for each in said if each.traits.kind == "l"] == [1, 2]
    assert len(said) == 6 and log.lost == 3


def test_a_line_cut_short_ends_its_file_and_spoils_no_other(tmp_path: Path, disk: Disk) -> None:
    log = ScanLog(tmp_path)
    log.append(a_line(), HOUR)

    disk.trouble = "nearly full"
    assert not log.append(a_line(), HOUR)
    disk.trouble = ""
    assert log.append(a_line(), HOUR + 1)

    torn, fresh = files(tmp_path)
    assert torn == a_line() + a_line()[: len(a_line()) // 2]
    assert [read_line(raw).traits.kind for raw in fresh.splitlines()] == ["l", "q"]


def test_without_its_folder_nothing_fails_and_everything_is_counted(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    log = ScanLog(folder)

    assert not log.append(a_line(), HOUR)
    folder.mkdir()

    assert log.append(a_line(), HOUR) and log.lost == 1
    assert [read_line(raw).traits.kind for raw in files(folder)[0].splitlines()] == ["l", "q"]


@pytest.mark.parametrize("trouble", ["full", "nearly full"])
def test_what_was_lost_is_told_at_the_end_too(tmp_path: Path, disk: Disk, trouble: str) -> None:
    log = ScanLog(tmp_path)
    log.append(a_line(), HOUR)
    disk.trouble = trouble
    log.append(a_line(), HOUR)
    disk.trouble = ""

    log.close()

    told = [raw for content in files(tmp_path) for raw in content.splitlines() if raw.endswith(b'"k":"l","x":1}')]
    assert [read_line(raw).traits.lost for raw in told] == [1]
    assert log.append(a_line(), HOUR), "a later line begins a new file"
    log.close()
    log.close()


def test_a_thread_that_was_about_to_write_at_the_turn_of_the_hour_writes_into_its_file(tmp_path: Path) -> None:
    log = ScanLog(tmp_path)
    log.append(a_line(), HOUR)
    number = log._file

    log.append(a_line(), HOUR + 3600)

    # The number stays taken, so that nothing else can be opened under it meanwhile.
    assert os.write(number, a_line(HOUR + 1)) == len(a_line())
    assert sorted(map(len, files(tmp_path))) == [len(a_line()), 2 * len(a_line())]


def test_many_threads_lose_no_line(tmp_path: Path) -> None:
    log = ScanLog(tmp_path)

    def write(thread: int) -> None:
        for number in range(200):
            log.append(a_line(HOUR + number), HOUR + number * 36)

    threads = [Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    raws = [raw for content in files(tmp_path) for raw in content.splitlines()]
    assert len(raws) == 1600 and log.lost == 0
    assert {read_line(raw).traits.kind for raw in raws} == {"q"}
