"""The power is cut in the middle of a storm: nothing that was answered is lost by a durable log."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.drills.shop import Counted, Shop, family, kill

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]
# Laid into every process of the server: a copy of what the disk would have if the power went off at once, which is
# what was written before a flush was asked for, in files whose names were flushed before.
_SHIM = """
import os

_left, _flush, _flush_names = os.environ["LEFT"], os.fdatasync, os.fsync

def _fsync(file):
    path = os.readlink(f"/proc/self/fd/{file}")
    _flush_names(file)
    if path == os.environ["LOG"]:
        for name in os.listdir(path):
            open(f"{_left}/{name}", "ab").close()

def _fdatasync(file):
    path = os.readlink(f"/proc/self/fd/{file}")
    size = os.fstat(file).st_size
    _flush(file)
    copy = f"{_left}/{os.path.basename(path)}"
    if os.path.dirname(path) == os.environ["LOG"] and os.path.exists(copy):
        with open(path, "rb") as source, open(copy, "ab") as target:
            source.seek(target.tell())
            target.write(source.read(size - target.tell()))

os.fdatasync, os.fsync = _fdatasync, _fsync
"""


@pytest.mark.parametrize("scan_log", ["durable", "fast"])
def test_a_power_cut_loses_nothing_of_a_durable_log(
    scan_log: str, shop: Shop, tmp_path: Path, at_scale: Callable[[int, int], int], note_result: Callable[..., None]
) -> None:
    phones, wanted = at_scale(8, 64), at_scale(200, 20_000)
    left, shim = tmp_path / "left", tmp_path / "shim"
    left.mkdir()
    shim.mkdir()
    (shim / "sitecustomize.py").write_text(_SHIM)
    shop.settings = replace(shop.settings, scan_log=scan_log)
    shop.stock(codes=20)
    path = os.pathsep.join([str(shim), *filter(None, [os.environ.get("PYTHONPATH")])])
    server = shop.serve(PYTHONPATH=path, LEFT=str(left), LOG=str(shop.settings.log_dir))
    shop.warm_up()
    counted = Counted()

    async def storm() -> None:
        is_over = asyncio.Event()
        scanning = asyncio.create_task(shop.storm(phones, counted, is_over))
        while len(counted.answered) < wanted:
            await asyncio.sleep(0.05)
        kill(family(server.pid))
        is_over.set()
        await scanning

    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, storm()).result()
    server.wait()
    answered = set(counted.answered)
    kept = {line for each in left.iterdir() for line in each.read_bytes().splitlines()}
    lost = answered - {_visit_of(line) for line in kept}
    note_result(answered=len(answered), cut_off=counted.cut_off, on_the_disk=len(kept), lost=len(lost))
    assert len(answered) >= wanted
    # A fast log has asked for no flush: all that a cut could cost it is told, and not asserted.
    assert not lost or scan_log == "fast"


def _visit_of(line: bytes) -> str:
    return line.partition(b'"v":"')[2].partition(b'"')[0].decode()
