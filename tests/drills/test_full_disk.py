"""The disk of the scan log is full: pages go out, what is lost is counted, and nothing half-written is read back."""

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qrmerch.edge.publishing import Shelf
from qrmerch.files import replace_file
from qrmerch.rendering.kept import RenderedPage
from qrmerch.scans.line import read_line, scan_line
from qrmerch.scans.log import PATTERN, ScanLog

pytestmark = pytest.mark.drill
AT_S = 1_795_626_000.0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small disk of its own needs the right to mount one")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("is_durable", [False, True])
def test_sec_j04_a_full_disk_costs_no_page_and_every_loss_is_told(is_durable: bool, small_disk: Path) -> None:
    log = ScanLog(small_disk, is_durable=is_durable)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 32_768)

    taken = [log.append(_line(number), AT_S) for number in range(500)]
    ballast.unlink()
    more = [log.append(_line(number), AT_S) for number in range(500, 520)]
    log.close()

    assert True in taken and False in taken
    assert all(more)
    assert log.lost == taken.count(False)
    read = [read_line(line) for path in small_disk.glob(PATTERN) for line in _whole_lines(path)]
    told = {line.subject for line in read if line.traits.kind == "q"}
    # Every line that was taken is there whole, and each that is not was told.
    assert told == {f"{number:09}" for number, was_taken in enumerate([*taken, *more]) if was_taken}
    assert sum(line.traits.lost for line in read if line.traits.kind == "l") == log.lost


def test_a_full_disk_takes_no_half_of_a_file_again_and_again(small_disk: Path) -> None:
    whole = small_disk / "published.json"
    replace_file(whole, b"{}")

    for _ in range(20):
        with pytest.raises(OSError, match="space"):
            replace_file(whole, b"x" * 100_000)

    assert [path.name for path in small_disk.iterdir()] == ["published.json"]
    assert whole.read_bytes() == b"{}"


def test_a_full_disk_takes_no_half_of_a_published_page(small_disk: Path) -> None:
    html = b'<meta charset="utf-8">' + os.urandom(100_000)
    page = RenderedPage(
        html, (("Content-Security-Policy", "default-src 'none'"),), datetime.max.replace(tzinfo=UTC), "top"
    )

    with pytest.raises(OSError, match="space"):
        Shelf(small_disk).put(page)

    assert not [path for path in small_disk.rglob("*") if path.is_file()]


def _line(number: int) -> bytes:
    return scan_line(
        f"{number:09}",
        AT_S,
        agent="human safari 61 1 phone ios",
        is_own_network=False,
        visit="0" * 28,
        near="",
        manner="",
        has_gpc=False,
    )


def _whole_lines(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\n")[:-1]
