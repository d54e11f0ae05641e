"""A batch of thousands of labels whose worker is killed again and again: it goes on, and ends as the same file."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from qrmerch.codes.service import make_codes
from qrmerch.config import Settings
from qrmerch.files import FileStore
from qrmerch.jobs import Work
from qrmerch.printing import tasks
from qrmerch.printing.labels import Wording
from qrmerch.printing.models import BatchState, PrintBatch
from qrmerch.printing.queries import each_line
from qrmerch.printing.readback import read_pages
from qrmerch.printing.reading import open_pages
from qrmerch.printing.service import Order, ask_batch, run_of
from qrmerch.printing.sheets import Run
from qrmerch.printing.stocks import get_stock
from tests.conftest import NOON
from tests.factories import make_fixture, make_item, make_retailer, make_store

_WORKER = """
import sys
from pathlib import Path
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.files import FileStore
from qrmerch.jobs import Work
from qrmerch.printing import tasks
data, uploads, url, batch_id, every = sys.argv[1:]
tasks._TELL_EVERY_S = float(every)
settings = Settings(mode="demo", data_dir=Path(data), uploads_dir=Path(uploads), database_url=url).ready()
tasks.draw(Work(settings, Database(url), FileStore(settings.uploads_dir)), batch_id=batch_id)
"""
_GIVE_UP_S = 600


@pytest.mark.drill
@pytest.mark.timeout(900)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_batch_survives_kill_9_and_is_whole(
    db: Session,
    settings: Settings,
    work: Work,
    at_scale: Callable[[int, int], int],
    note_result: Callable[..., None],
) -> None:
    items, places, kills = at_scale(6, 100), at_scale(50, 100), at_scale(2, 5)
    retailer = make_retailer(db, name="Fashiontown")
    store = make_store(db, retailer, short_name="Riverside")
    made = [make_item(db, retailer, title=f"Marigold Top {number}", sizes=("M",)) for number in range(items)]
    fixtures = [make_fixture(db, store, name=f"Bay {number}") for number in range(places)]
    # Codes are made 5,000 at once.
    codes = [code for at in range(0, places, 50) for code in make_codes(db, made, fixtures[at : at + 50], at=NOON)]
    wording = Wording(call="Scan: sizes here", notice="Counts a look, not you.")
    order = Order(
        name="All", code_ids=[code.id for code in codes], run=Run(stock=get_stock("zweckform-3474")), wording=wording,
        base_url="https://fashiontown.example",
    )  # fmt: skip
    batch, other = (ask_batch(db, retailer, order, at=NOON, actor=None) for _ in range(2))
    db.commit()

    seen = [_kill_in_the_middle(settings, work, batch.id) for _ in range(kills)]
    begun_s = time.process_time()
    tasks.draw(work, batch_id=batch.id)
    tasks.draw(work, batch_id=other.id)

    db.refresh(batch)
    db.refresh(other)
    db.commit()
    assert (batch.state, batch.labels, batch.read) == (BatchState.CHECKED, len(codes), len(codes))
    assert seen == sorted(seen)
    assert seen[-1] > 0, "it was never killed in the middle"
    assert batch.file_key == other.file_key, "another file than one that was never cut off"
    with open_pages(work.files.path(batch.file_key)) as pages:
        lines = each_line(db, batch.id, base_url=batch.base_url)
        assert max(read_pages(pages, run_of(batch), (line.address for line in lines))) == len(codes)
    note_result(
        labels=len(codes), kills=kills, seen=seen, cpu_s=round(time.process_time() - begun_s), bytes=batch.file_bytes
    )


def _kill_in_the_middle(settings: Settings, work: Work, batch_id: str) -> int:
    """Start a worker, kill it as soon as it has come further than the last one; how far that was."""
    before = _progress(work, batch_id)
    command = [sys.executable, "-c", _WORKER, str(settings.data_dir), str(settings.uploads_dir)]
    process = subprocess.Popen([*command, settings.database_url, batch_id, "0.05"], env={**os.environ})
    deadline_s = time.monotonic() + _GIVE_UP_S
    while process.poll() is None and time.monotonic() < deadline_s:
        if _progress(work, batch_id) > before:
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    return _progress(work, batch_id)


def _progress(work: Work, batch_id: str) -> int:
    with work.database.read() as db:
        batch = db.get_one(PrintBatch, batch_id)
        return batch.drawn + batch.read


@pytest.fixture
def work(settings: Settings, db: Session) -> Work:
    database = db.info["database"]
    return Work(settings, database, FileStore(settings.uploads_dir))
