"""Hearing of changes: nothing committed is missed, in whatever order; what cannot be vouched for is rendered anew."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.parties.models import Retailer
from qrmerch.parties.service import changed
from qrmerch.rendering.changes import COMMITTED_WITHIN, READ_BACK, ROWS_KEPT_FOR, Change, Changes
from qrmerch.rendering.kept import PageKey, Pages, RenderedPage
from tests.conftest import NOON
from tests.factories import make_retailer

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@dataclass
class Worker:
    """What one worker has: its pages, and what it heard."""

    url: str
    folder: Path
    retailer_of: dict[str, str] = field(default_factory=dict)
    heard: list[list[str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pages = Pages(self.folder, max_bytes=10_000_000, build="one")
        self.changes = Changes(self.url, self.pages, retailer_of=self.retailer_of.get, hear=self._hear)

    def _hear(self, db: Session, news: object) -> None:
        self.heard.append([change.item_id for change in news if isinstance(change, Change)])  # type: ignore[attr-defined]

    def keep(self, item_id: str, *, at: datetime, others: tuple[str, ...] = (), as_of: int | None = None) -> bool:
        rendered = RenderedPage(b"<p>page", (), at + timedelta(days=9000), item_id, others)
        page = self.pages.make(PageKey(item_id, "", "en"), rendered, at_s=at.timestamp())
        return self.pages.keep(page, as_of=self.pages.epoch if as_of is None else as_of)

    def kept(self, *names: str) -> list[str]:
        """Those of these items whose page would be sent, with the database at hand."""
        at_s = self.pages.read_s
        return [name for name in names if self.pages.find(PageKey(name, "", "en"), at_s)]


@pytest.fixture
def retailer(db: Session) -> Retailer:
    made = make_retailer(db)
    db.commit()
    return made


@pytest.fixture
def worker(database: Database, tmp_path: Path) -> Iterator[Worker]:
    folder = tmp_path / "pages"
    folder.mkdir()
    made = Worker(database.url, folder)
    made.changes.look(NOON)
    yield made
    made.changes.stop()


def say(db: Session, retailer: Retailer, item_id: str | None = None, *, at: datetime = NOON) -> None:
    changed(db, retailer.id, item_id, at=at)
    db.commit()


def test_a_change_drops_the_pages_it_stands_on_once(db: Session, retailer: Retailer, worker: Worker) -> None:
    worker.keep("top", at=NOON, others=("sandal",))
    worker.keep("sandal", at=NOON)
    worker.keep("hat", at=NOON)

    say(db, retailer, "sandal", at=NOON + SECOND)
    worker.changes.look(NOON + SECOND)

    assert worker.kept("top", "sandal", "hat") == ["hat"]
    # Rendered after it was heard of: it is not dropped a second time.
    worker.keep("sandal", at=NOON + 2 * SECOND)
    worker.changes.look(NOON + 2 * SECOND)
    assert worker.kept("sandal") == ["sandal"]
    assert worker.heard == [[], ["sandal"], []]


def test_a_change_of_a_retailer_drops_its_pages_and_those_of_nobody_known(
    db: Session, retailer: Retailer, worker: Worker
) -> None:
    other = make_retailer(db, slug="corvane", name="Corvane")
    worker.retailer_of |= {"top": retailer.id, "coat": other.id}
    for name in ("top", "coat", "stray"):
        worker.keep(name, at=NOON)
    worker.keep("index", at=NOON, others=(other.id,))
    worker.retailer_of["index"] = other.id

    say(db, retailer, at=NOON + SECOND)
    worker.changes.look(NOON + SECOND)

    assert worker.kept("top", "coat", "stray", "index") == ["coat", "index"]


def test_a_page_that_lists_a_retailers_items_changes_with_each_of_them(
    db: Session, retailer: Retailer, worker: Worker
) -> None:
    worker.keep("store page", at=NOON, others=(retailer.id,))

    say(db, retailer, "sandal", at=NOON + SECOND)
    worker.changes.look(NOON + SECOND)

    assert worker.kept("store page") == []


def test_a_change_that_was_committed_late_is_heard_although_later_ones_were_heard_before(
    database: Database, db: Session, retailer: Retailer, worker: Worker
) -> None:
    for name in ("top", "hat"):
        worker.keep(name, at=NOON)
    # Written down first, committed last.
    if not database.is_sqlite:
        slow = database.write()
        changed(slow, retailer.id, "top", at=NOON + SECOND)
        slow.flush()
    say(db, retailer, "hat", at=NOON + 4 * MINUTE)
    worker.changes.look(NOON + 4 * MINUTE)
    assert worker.kept("top", "hat") == ["top"]
    # Rendered after the instant that the late change has, and before it could be seen.
    worker.keep("top", at=NOON + 4 * MINUTE)

    if not database.is_sqlite:
        slow.commit()
        slow.close()
    else:
        say(db, retailer, "top", at=NOON + SECOND)
    worker.changes.look(NOON + COMMITTED_WITHIN)

    assert worker.kept("top") == []


def test_a_page_begun_before_a_change_was_heard_is_not_kept_after(
    db: Session, retailer: Retailer, worker: Worker
) -> None:
    begun = worker.pages.epoch
    say(db, retailer, "top", at=NOON + SECOND)
    worker.changes.look(NOON + SECOND)

    assert not worker.keep("top", at=NOON + SECOND, as_of=begun)
    assert not worker.keep("store page", at=NOON, others=(retailer.id,), as_of=begun)
    assert worker.keep("hat", at=NOON, as_of=begun)


def test_a_restart_reads_back_to_the_oldest_page_on_the_disk(db: Session, retailer: Retailer, worker: Worker) -> None:
    worker.keep("old", at=NOON)
    worker.keep("older", at=NOON - timedelta(hours=5))
    say(db, retailer, "older", at=NOON - timedelta(hours=5) + MINUTE)

    after = Worker(worker.url, worker.folder)
    after.changes.look(NOON + timedelta(hours=3))

    assert after.kept("old", "older") == ["old"]
    after.changes.stop()


def test_pages_from_before_the_rows_that_are_kept_are_rendered_anew(
    db: Session, retailer: Retailer, worker: Worker
) -> None:
    worker.keep("yesterday", at=NOON - ROWS_KEPT_FOR - timedelta(hours=2))
    worker.keep("this morning", at=NOON - timedelta(hours=3))

    after = Worker(worker.url, worker.folder)
    after.changes.look(NOON)

    assert after.kept("yesterday", "this morning") == ["this morning"]
    assert after.pages.find_old(PageKey("yesterday", "", "en")) is not None
    after.changes.stop()


def test_a_worker_that_could_not_read_for_longer_than_rows_are_kept_renders_everything_anew(worker: Worker) -> None:
    worker.keep("top", at=NOON)

    worker.changes.look(NOON + ROWS_KEPT_FOR + timedelta(hours=1))

    assert worker.kept("top") == []


def test_a_short_absence_costs_no_page_that_has_not_changed(db: Session, retailer: Retailer, worker: Worker) -> None:
    for name in ("top", "hat"):
        worker.keep(name, at=NOON)
    say(db, retailer, "hat", at=NOON + MINUTE)

    worker.changes.look(NOON + timedelta(hours=20))

    assert worker.kept("top", "hat") == ["top"]


def test_a_clock_that_is_set_back_misses_nothing(db: Session, retailer: Retailer, worker: Worker) -> None:
    worker.changes.look(NOON + timedelta(hours=1))
    worker.keep("top", at=NOON + timedelta(hours=1))

    # An hour back: other processes write down the same earlier time.
    say(db, retailer, "top", at=NOON)
    worker.changes.look(NOON + SECOND)

    assert worker.kept("top") == []


def test_a_start_after_the_clock_was_set_back_misses_nothing(db: Session, retailer: Retailer, worker: Worker) -> None:
    """Not even when it comes much later, and the pages on the disk are still from the future."""
    worker.keep("top", at=NOON + timedelta(hours=1))
    worker.keep("hat", at=NOON + timedelta(hours=1))
    say(db, retailer, "top", at=NOON)

    after = Worker(worker.url, worker.folder)
    for minutes in (30, 70):
        after.changes.look(NOON + timedelta(minutes=minutes))

    assert after.kept("top", "hat") == ["hat"]
    after.changes.stop()


def test_what_was_heard_within_the_window_is_known_by_its_id(db: Session, retailer: Retailer, worker: Worker) -> None:
    say(db, retailer, "top", at=NOON)
    for minutes in range(1, 25, 3):
        worker.changes.look(NOON + timedelta(minutes=minutes))

    assert sum(heard.count("top") for heard in worker.heard) == 1
    assert timedelta(minutes=24) > 2 * READ_BACK


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_missing_file_is_missed_and_its_return_heard(
    database: Database, db: Session, retailer: Retailer, worker: Worker
) -> None:
    worker.keep("top", at=NOON)
    say(db, retailer, "top", at=NOON + SECOND)
    path = Path(str(database.engine.url.database or worker.url.removeprefix("sqlite:///")))
    db.close()
    database.close()
    files = [each for each in path.parent.iterdir() if each.name.startswith(path.name)]
    for each in files:
        each.rename(each.with_name(f"away {each.name}"))
    read_s = worker.pages.read_s

    assert not worker.changes.look(NOON + 2 * SECOND)
    assert worker.pages.read_s == read_s
    assert not path.exists()
    assert worker.kept("top") == ["top"]
    for each in files:
        each.with_name(f"away {each.name}").rename(each)
    assert worker.changes.look(NOON + 3 * SECOND)
    assert worker.kept("top") == []


def test_the_instant_of_the_last_look_is_that_of_the_clock(worker: Worker) -> None:
    worker.changes.look(NOON + SECOND)

    # Not the instant of the test's look: what is too old is asked by the clock of requests.
    assert not worker.pages.is_stale(datetime.now(UTC).timestamp())
