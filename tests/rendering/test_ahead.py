"""Pages rendered before a phone asks for them: the same bytes as at that moment, never an old one, and no busy loop."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import list_variants
from qrmerch.catalog.service import set_price, set_stock
from qrmerch.db import Database
from qrmerch.media.models import Asset
from qrmerch.media.rights import Rights, set_rights
from qrmerch.parties.models import Retailer, Store, Vendor
from qrmerch.parties.service import _weekly, changed
from qrmerch.rendering import ahead
from qrmerch.rendering.ahead import Ahead
from qrmerch.rendering.changes import Changes
from qrmerch.rendering.kept import AHEAD_S, KeptPage, PageKey, Pages, RenderedPage, Wanted
from qrmerch.rendering.keys import render_key
from tests.conftest import NOON
from tests.factories import make_asset, make_item, make_offer, make_retailer, make_store, make_vendor, publish_page

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
BASE = "https://shop.example"


@dataclass
class Worker:
    """One worker: what phones get of it, which of them waited, and what it does meanwhile."""

    database: Database
    pages: Pages
    changes: Changes
    ahead: Ahead
    waited: int = 0

    def scan(self, key: PageKey, at: datetime) -> bytes:
        """What a phone gets at an instant."""
        page = self.pages.find(key, at.timestamp())
        if page is None:
            self.waited += 1
            as_of = self.pages.epoch
            page = self.pages.make(key, self.render(key, at), at_s=at.timestamp())
            self.pages.keep(page, as_of=as_of)
        return page.variants[0].body[0]

    def render(self, key: PageKey, at: datetime) -> RenderedPage:
        with self.database.read() as db:
            return render_key(db, key, at=at, base_url=BASE)

    def go_on(self, at: datetime) -> int:
        """Hear of changes, and render what is wanted; how many pages that was."""
        self.changes.look(at)
        # As if no time passed between both; the clock of the machine is another one.
        self.pages.read_s = at.timestamp()
        count = 0
        while self.ahead.work(at):
            count += 1
            assert count < 200, "it does not come to an end"
        return count


@pytest.fixture
def worker(database: Database, tmp_path: Path) -> Iterator[Worker]:
    folder = tmp_path / "pages"
    folder.mkdir()
    pages = Pages(folder, max_bytes=10_000_000, build="one")
    changes = Changes(database.url, pages, retailer_of=lambda _: None, hear=lambda *_: None)
    made = Worker(database, pages, changes, Ahead(pages, database.url, base_url=BASE))
    made.changes.look(NOON)
    yield made
    made.ahead.stop()
    made.changes.stop()


@dataclass
class Shelf:
    """Items with pages in a store, and their keys."""

    retailer: Retailer
    store: Store
    vendor: Vendor
    items: list[Item]
    assets: list[Asset]

    @property
    def keys(self) -> list[PageKey]:
        places = ["", self.store.id]
        return [PageKey(item.id, place, locale) for item in self.items for place in places for locale in ("en", "ar")]


def make_shelf(db: Session, *, items: int = 2) -> Shelf:
    retailer = make_retailer(db, locales=["en", "ar"])
    store = make_store(db, retailer)
    vendor = make_vendor(db, retailer)
    made, assets = [], []
    for _ in range(items):
        item = make_item(db, retailer, vendor=vendor)
        pictures = [make_asset(db, vendor) for _ in range(2)]
        publish_page(db, item, slots={"gallery.pictures": [each.id for each in pictures]})
        made.append(item)
        assets += pictures
    db.commit()
    return Shelf(retailer, store, vendor, made, assets)


def test_a_page_that_was_asked_for_is_there_again_before_it_is_asked_for_after_a_change(
    db: Session, worker: Worker
) -> None:
    shelf = make_shelf(db)
    top, hat = (PageKey(item.id, "", "en") for item in shelf.items)
    never = PageKey(shelf.items[0].id, shelf.store.id, "en")
    worker.scan(top, NOON)
    # Kept, as after a start from the disk, and asked for by nobody.
    worker.pages.keep(
        worker.pages.make(never, worker.render(never, NOON), at_s=NOON.timestamp()), as_of=0, is_asked=False
    )
    before = worker.scan(hat, NOON)
    set_price(db, list_variants(db, shelf.items[1].id)[0], 4321, at=NOON + SECOND)
    set_price(db, list_variants(db, shelf.items[0].id)[0], 1234, at=NOON + SECOND)
    db.commit()

    rendered = worker.go_on(NOON + 2 * SECOND)
    waited = worker.waited
    after = worker.scan(hat, NOON + 3 * SECOND)

    assert rendered == 2
    assert worker.waited == waited
    assert after != before
    assert after == worker.render(hat, NOON + 3 * SECOND).html
    assert worker.pages.find(never, NOON.timestamp()) is None


def test_what_is_asked_for_most_comes_first(worker: Worker) -> None:
    pages, at_s = worker.pages, NOON.timestamp()
    for name, times in (("seldom", 1), ("often", 9), ("sometimes", 4)):
        keep(pages, name)
        for _ in range(times):
            pages.find(PageKey(name, "", "en"), at_s)
    pages.drop(lambda page: True, item_ids=None)

    order = []
    while wanted := pages.find_wanted(at_s):
        order.append(wanted.key.item_id)
        keep(pages, wanted.key.item_id)

    assert order == ["often", "sometimes", "seldom"]


def keep(pages: Pages, name: str, *, lasts: timedelta = HOUR, from_at: datetime | None = None, size: int = 100) -> bool:
    """A page of so many letters, rendered at noon; with `from_at`, ahead."""
    until = (from_at or NOON) + lasts
    text = random.Random(name).randbytes(size // 2).hex().encode()
    page = pages.make(
        PageKey(name, "", "en"),
        RenderedPage(text, (), until, name),
        at_s=NOON.timestamp(),
        from_s=from_at.timestamp() if from_at else 0.0,
    )
    return pages.keep(page, as_of=pages.epoch)


def find(pages: Pages, name: str, at: datetime) -> KeptPage | None:
    pages.read_s = at.timestamp()
    return pages.find(PageKey(name, "", "en"), at.timestamp())


def test_a_page_for_later_shows_from_its_instant_on_and_not_when_the_clock_is_set_back(worker: Worker) -> None:
    pages, edge = worker.pages, NOON + MINUTE
    keep(pages, "top", lasts=MINUTE)
    wanted = pages.find_wanted(NOON.timestamp())
    keep(pages, "top", from_at=edge)

    before, after = find(pages, "top", edge - SECOND), find(pages, "top", edge)
    pages.turn(edge.timestamp())
    turned, back = find(pages, "top", edge), find(pages, "top", edge - SECOND)

    assert wanted == Wanted(PageKey("top", "", "en"), edge.timestamp())
    assert before and after
    assert (before.from_s, after.from_s) == (NOON.timestamp(), edge.timestamp())
    assert turned is after
    assert back is None


def test_a_page_for_later_outlives_a_start_once_it_has_begun(worker: Worker, tmp_path: Path) -> None:
    keep(worker.pages, "top", lasts=MINUTE)
    keep(worker.pages, "top", from_at=NOON + MINUTE)
    worker.pages.turn((NOON + MINUTE).timestamp())

    fresh = Pages(tmp_path / "pages", max_bytes=10_000_000, build="one")

    assert find(fresh, "top", NOON + MINUTE)
    assert find(fresh, "top", NOON) is None


def test_a_change_drops_what_was_rendered_for_later_and_refuses_what_was_begun_before(
    db: Session, worker: Worker
) -> None:
    shelf = make_shelf(db, items=1)
    key, edge = shelf.keys[0], NOON + 5 * MINUTE
    make_offer(db, *shelf.items, from_at=edge, at=NOON)
    db.commit()
    worker.go_on(NOON + SECOND)
    worker.scan(key, NOON + SECOND)
    assert worker.go_on(NOON + 2 * SECOND) == 1
    begun = worker.pages.epoch
    slow = worker.pages.make(key, worker.render(key, edge), at_s=NOON.timestamp(), from_s=edge.timestamp())

    set_price(db, list_variants(db, key.item_id)[0], 4321, at=NOON + 3 * SECOND)
    db.commit()
    worker.changes.look(NOON + 3 * SECOND)

    assert worker.pages.find(key, edge.timestamp()) is None
    assert not worker.pages.keep(slow, as_of=begun)
    worker.go_on(NOON + 4 * SECOND)
    assert worker.scan(key, edge) == worker.render(key, edge).html
    assert worker.waited == 1


def test_memory_is_bounded_with_pages_for_later(worker: Worker) -> None:
    pages = Pages(worker.pages._folder, max_bytes=400_000, build="one")
    names = [str(n) for n in range(20)]
    for name in names:
        keep(pages, name, lasts=MINUTE, size=5_000)

    count = 0
    while wanted := pages.find_wanted(NOON.timestamp()):
        assert keep(pages, wanted.key.item_id, from_at=NOON + MINUTE, size=5_000)
        count += 1
        assert count <= len(names)

    assert 0 < count < len(names)
    assert pages.size <= 400_000


def test_dropped_pages_are_remembered_up_to_a_number_and_those_asked_for_long_ago_are_forgotten(
    worker: Worker,
) -> None:
    pages = worker.pages
    for n in range(600):
        keep(pages, str(n))
    pages.drop(lambda page: True, item_ids=None)

    assert len(pages._dropped) == 500
    assert pages.find_wanted(NOON.timestamp())
    pages.find_wanted((NOON + 7 * HOUR).timestamp())
    assert not pages._asked


def test_what_cannot_be_rendered_is_given_up_until_it_is_asked_for_again(db: Session, worker: Worker) -> None:
    keep(worker.pages, "gone", lasts=MINUTE)

    assert worker.go_on(NOON + SECOND) == 1
    assert worker.pages.find_wanted(NOON.timestamp()) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_asked_of_a_database_that_is_away(db: Session, worker: Worker, tmp_path: Path) -> None:
    shelf = make_shelf(db, items=1)
    worker.scan(shelf.keys[0], NOON)
    path = Path(str(db.get_bind().engine.pool._creator().execute("PRAGMA database_list").fetchone()[2]))  # type: ignore[attr-defined]
    db.close()
    worker.database.close()
    there = [each for each in path.parent.iterdir() if each.name.startswith(path.name)]
    for each in there:
        each.rename(each.with_name(f"away {each.name}"))
    at = NOON + 24 * HOUR - MINUTE
    worker.pages.read_s = at.timestamp()

    first = worker.ahead.work(at)
    later = worker.ahead.work(at + MINUTE)
    wanted = worker.pages.find_wanted(at.timestamp())
    shown = worker.pages.find(shelf.keys[0], (at + HOUR).timestamp())
    for each in there:
        each.with_name(f"away {each.name}").rename(each)

    assert (first, later) == (False, False)
    assert wanted
    assert shown
    worker.pages.read_s = at.timestamp()
    assert worker.ahead.work(at)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(3))
def test_what_shows_is_what_would_be_rendered_at_that_moment(db: Session, worker: Worker, seed: int) -> None:
    """Over a random time line of offers, publications, rights, hours, prices and stock, and of a clock that jumps."""
    dice = random.Random(seed)
    shelf = make_shelf(db)
    opens = (NOON + MINUTE * dice.randrange(1, 200)).astimezone(UTC)
    shelf.store.time_zone = "UTC"
    hours = f"Mon-Sun {opens:%H:%M}-{opens + MINUTE * dice.randrange(1, 90):%H:%M}"
    shelf.store.hours, shelf.store.weekly = hours, _weekly(hours)
    db.commit()

    def soon(at: datetime) -> datetime:
        return at + dice.choice((SECOND, MINUTE)) * dice.randrange(1, 60)

    def change(at: datetime) -> None:
        item = dice.choice(shelf.items)
        what = dice.randrange(5)
        if what == 0:
            begins = soon(at)
            make_offer(db, item, from_at=begins, until_at=soon(begins) + MINUTE, at=at, value=dice.randrange(5, 60))
        elif what == 1:
            begins = soon(at)
            lede = {"en": f"Words {dice.random()}", "ar": "كلمات"}
            publish_page(db, item, slots={"story.lede": lede}, at=at, from_at=begins, until_at=soon(begins))
        elif what == 2:
            set_rights(dice.choice(shelf.assets), Rights(None, soon(at)))
            changed(db, shelf.retailer.id, at=at)
        elif what == 3:
            set_price(db, dice.choice(list_variants(db, item.id)), dice.randrange(100, 9999), at=at)
        else:
            set_stock(db, dice.choice(list_variants(db, item.id)), shelf.store, dice.randrange(9), as_of=at)
        db.commit()

    at, latest, ahead = NOON, NOON, 0
    for key in shelf.keys:
        worker.scan(key, at)
    for _ in range(25):
        at += (soon(at) - at) * dice.choice((1, 0.1, 1, 0.1, 1, -1))
        latest = max(latest, at)
        if dice.random() < 0.3:
            change(latest)
        ahead += worker.go_on(at)
        for key in dice.sample(shelf.keys, 3):
            assert worker.scan(key, at) == worker.render(key, at).html

    assert ahead > 0


def test_changes_and_edges_cost_nobody_a_wait(db: Session, worker: Worker) -> None:
    """Without what is rendered ahead a phone waits for each page after each of three changes, and of four edges."""
    shelf = make_shelf(db, items=1)
    for n in (1, 3):
        make_offer(db, *shelf.items, from_at=NOON + n * HOUR, until_at=NOON + (n + 1) * HOUR, at=NOON, value=5 * n)
    db.commit()
    worker.go_on(NOON)
    waits = {}
    for is_ahead in (False, True):
        worker.pages.drop(lambda page: True, item_ids=None)
        for key in shelf.keys[:2]:
            worker.scan(key, NOON)
        waits[is_ahead] = [_waits_after_changes(db, worker, shelf, is_ahead), _waits_at_edges(worker, shelf, is_ahead)]

    assert waits == {False: [3 * 2, 4 * 2], True: [0, 0]}


def _waits_after_changes(db: Session, worker: Worker, shelf: Shelf, is_ahead: bool) -> int:
    worker.waited = 0
    for n in range(1, 4):
        at = NOON + n * MINUTE
        set_price(db, list_variants(db, shelf.items[0].id)[0], 1000 * n + is_ahead, at=at)
        db.commit()
        worker.changes.look(at)
        worker.pages.read_s = at.timestamp()
        if is_ahead:
            worker.go_on(at)
        for key in shelf.keys[:2]:
            worker.scan(key, at + SECOND)
    return worker.waited


def _waits_at_edges(worker: Worker, shelf: Shelf, is_ahead: bool) -> int:
    worker.waited = 0
    for n in range(1, 5):
        edge = NOON + n * HOUR
        worker.pages.read_s = edge.timestamp()
        if is_ahead:
            worker.go_on(edge - SECOND * AHEAD_S)
            worker.go_on(edge)
        for key in shelf.keys[:2]:
            worker.scan(key, edge)
    return worker.waited


def test_a_page_whose_rendering_fails_holds_up_no_other_and_is_told_once(
    db: Session, worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = make_shelf(db)
    bad, good = (PageKey(item.id, "", "en") for item in shelf.items)
    # The bad one is asked for most, and so would be the first each time.
    for key in (bad, bad, bad, good):
        worker.scan(key, NOON)
    tried: list[PageKey] = []

    def render(session: Session, key: PageKey, **more: Any) -> RenderedPage:
        tried.append(key)
        if key == bad:
            raise RuntimeError("a template is broken")
        return render_key(session, key, **more)

    monkeypatch.setattr(ahead, "render_key", render)
    changed(db, shelf.retailer.id, at=NOON + SECOND)
    db.commit()

    worker.go_on(NOON + SECOND)
    first = list(tried)
    worker.go_on(NOON + SECOND * 59)
    worker.go_on(NOON + MINUTE + SECOND)
    worker.go_on(NOON + MINUTE * 2)
    paused_longer = len(tried)
    worker.go_on(NOON + MINUTE * 3 + SECOND)
    told = [each for each in caplog.records if each.name == "qrmerch.ahead"]
    failing = worker.pages.aside
    monkeypatch.setattr(ahead, "render_key", render_key)
    worker.go_on(NOON + MINUTE * 10)

    assert first == [bad, good]
    assert tried[2:paused_longer] == [bad] and tried[paused_longer:] == [bad]
    assert len(told) == 1 and failing == 1
    assert worker.pages.aside == 0 and worker.pages.find(bad, (NOON + MINUTE * 10).timestamp())


def test_a_change_lets_a_page_that_was_set_aside_be_tried_at_once(
    db: Session, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = make_shelf(db)
    item = shelf.items[0]
    key = PageKey(item.id, "", "en")
    worker.scan(key, NOON)

    def fail(*_: Any, **__: Any) -> RenderedPage:
        raise RuntimeError("a template is broken")

    with monkeypatch.context() as patched:
        patched.setattr(ahead, "render_key", fail)
        set_price(db, list_variants(db, item.id)[0], 4_900, at=NOON + SECOND)
        db.commit()
        worker.go_on(NOON + SECOND)
    set_price(db, list_variants(db, item.id)[0], 5_900, at=NOON + SECOND * 2)
    db.commit()

    assert worker.go_on(NOON + SECOND * 2) == 1
    assert worker.pages.find(key, (NOON + SECOND * 2).timestamp())
