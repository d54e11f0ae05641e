"""Lines into rows and totals: each once, however often and by whomever they are loaded."""

import contextlib
import os
import random
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.codes.models import Carrier, Code
from qrmerch.db import Database
from qrmerch.insights.figures import REASONS
from qrmerch.scans import kinds, loader
from qrmerch.scans.line import ENGAGED, GS1, LOST, ORPHAN, PLAY, SHARE, lost_line, make_line
from qrmerch.scans.loader import FILES_KEPT_FOR, Loader, keep_house, load_all
from qrmerch.scans.models import CodeHour, DayHash, DayTotal, HourTotal, LogFile, OpenVisit, Scan, ScanPlace
from qrmerch.scans.queries import Span, count_by_hour_of_item, read_state
from tests.conftest import NOON
from tests.factories import make_code
from tests.scans.shop import PHONE, ROBOT, Shop, totals


def load(database: Database, shop: Shop, *, max_bytes: int = 2_000_000) -> Loader:
    """A loader that has loaded all there is."""
    made = Loader(database, shop.folder, max_bytes=max_bytes)
    while made.load(NOON):
        pass
    return made


def outcomes(db: Session) -> list[str]:
    found = list(db.scalars(select(Scan.outcome).order_by(Scan.id)))
    db.commit()
    return found


def places(db: Session) -> list[ScanPlace]:
    """Where each raw scan was."""
    wanted = select(ScanPlace).join(Scan, Scan.place_number == ScanPlace.number)
    return list(db.scalars(wanted.order_by(Scan.id)))


# --- what is counted -------------------------------------------------------------------------------


def test_a_scan_is_a_row_and_counts_at_its_place_on_its_day(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan(visit="a" * 28))

    load(database, shop)

    row, [place] = db.scalars(select(Scan)).one(), places(db)
    assert (row.outcome, row.at, place.code_id, row.visit) == ("scan", NOON, shop.code.id, "a" * 28)
    day, hour = db.scalars(select(DayTotal)).one(), db.scalars(select(HourTotal)).one()
    assert (day.on, day.kind, day.store_id, day.fixture_id, day.item_id, day.code_id, day.count) == (
        date(2026, 11, 18),
        "scan",
        shop.riverside.id,
        shop.wall.id,
        shop.top.id,
        shop.code.id,
        1,
    )
    assert (hour.on, hour.hour, hour.store_id, hour.fixture_id) == (
        date(2026, 11, 18),
        12,
        shop.riverside.id,
        shop.wall.id,
    )
    visit = db.scalars(select(OpenVisit)).one()
    assert (visit.began_at, visit.place_number) == (NOON, place.number)
    assert (place.item_id, place.store_id, place.fixture_id) == (shop.top.id, shop.riverside.id, shop.wall.id)


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({}, "scan"),
        ({"manner": "head"}, "head"),
        ({"manner": "prefetch"}, "prefetch"),
        ({"agent": ROBOT}, "bot"),
        ({"agent": "preview whatsapp 101 2 other other"}, "preview"),
        ({"agent": "fetcher library 40 2 other other"}, "fetcher"),
        ({"agent": "none no_agent 1 2 other other"}, "no_ua"),
        ({"agent": "something new"}, "bot"),
        ({"has_gpc": True}, "scan"),
    ],
    ids=str,
)
def test_what_is_no_scan_is_counted_by_its_reason(
    database: Database, db: Session, shop: Shop, more: dict[str, Any], outcome: str
) -> None:
    shop.write(shop.scan(**more))

    load(database, shop)

    assert totals(db) == {outcome: 1}


def test_pages_views_friends_and_visits_count_for_themselves(database: Database, db: Session, shop: Shop) -> None:
    visit = "b" * 28
    shop.write(
        shop.page(visit=visit, is_new_visit=True),
        shop.page(visit=visit, item=shop.cap),
        shop.view(visit=visit),
        make_line(SHARE, "x" * 16, NOON.timestamp(), agent=PHONE, retailer_id=shop.retailer.id, is_new_visit=True),
        shop.page(agent=ROBOT),
        shop.view(manner="prefetch"),
    )

    load(database, shop)

    assert totals(db) == {"visit": 1, "page": 1, "view": 1, "friend": 1}
    assert sorted(outcomes(db)) == ["friend", "page", "unseen", "unseen", "view", "visit"]


def test_the_view_of_a_codes_own_page_counts_for_its_code(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.view(token=shop.code.token), shop.view(), shop.view(item=shop.cap, token=shop.code.token))

    load(database, shop)

    counted = sorted((row.item_id == shop.top.id, row.code_id, row.count) for row in db.scalars(select(DayTotal)))
    assert counted == sorted([(True, shop.code.id, 1), (True, "", 1), (False, "", 1)])


def test_an_address_that_no_code_has_is_an_orphan_of_its_house(database: Database, db: Session, shop: Shop) -> None:
    shop.write(
        make_line(ORPHAN, "7K3M9QW4T", NOON.timestamp(), agent=PHONE, retailer_id=shop.retailer.id),
        make_line(ORPHAN, "", NOON.timestamp(), agent=PHONE),
        shop.scan().replace(shop.code.token.encode(), b"ZZZZZZZZZ"),
    )

    load(database, shop)

    assert totals(db) == {"orphan": 3}
    assert sorted(place.retailer_id for place in places(db)) == ["", "", shop.retailer.id]


def test_repeats_are_left_out_and_on_the_stores_own_wifi_only_noted(
    database: Database, db: Session, shop: Shop
) -> None:
    def after(seconds: float, **more: Any) -> bytes:
        return shop.scan(NOON + timedelta(seconds=seconds), near="89abcdef", **more)

    shop.write(after(0), after(10), after(39), after(80), after(85, is_own_network=True))

    load(database, shop)

    assert totals(db) == {"scan": 3, "repeat": 2, "maybe_repeat": 1}
    assert outcomes(db) == ["scan", "repeat", "repeat", "scan", "maybe_repeat"]


def test_a_burst_is_left_out_and_on_the_stores_own_wifi_only_noted(database: Database, db: Session, shop: Shop) -> None:
    codes = [make_code(db, shop.top, fixture=shop.wall) for _ in range(40)]
    db.commit()

    def walk(near: str, **more: Any) -> list[bytes]:
        hits = enumerate(codes)
        return [shop.scan(NOON + timedelta(seconds=n), code=code, near=near, **more) for n, code in hits]

    shop.write(*walk("89abcdef"))
    shop.write(*walk("01234567", is_own_network=True), name="scan-b.jsonl")

    load(database, shop)

    assert totals(db) == {"scan": 30 + 40, "burst": 10, "maybe_burst": 10}


@pytest.mark.parametrize(
    ("opened", "outcome"),
    [({"manner": "prefetch"}, "prefetch"), ({"agent": "fetcher library 40 2 other other"}, "fetcher")],
    ids=str,
)
@pytest.mark.parametrize("is_later", [False, True])
def test_an_opening_ahead_of_its_owner_is_a_scan_once_its_page_was_seen(
    database: Database, db: Session, shop: Shop, opened: dict[str, Any], outcome: str, is_later: bool
) -> None:
    seen = NOON + timedelta(minutes=20)
    shop.write(shop.scan(visit="a" * 28, **opened), shop.scan(visit="b" * 28, **opened))
    if is_later:
        load(database, shop)
        assert totals(db) == {outcome: 2}
    shop.write(*[shop.view(seen, visit="a" * 28), shop.view(seen, visit="a" * 28)], name="scan-b.jsonl")

    load(database, shop)
    load(database, shop)

    assert totals(db) == {"scan": 1, outcome: 1, "view": 2}
    upgraded = db.scalars(select(HourTotal).where(HourTotal.kind == "scan")).one()
    assert (upgraded.hour, upgraded.fixture_id) == (12, shop.wall.id), "where and when it was opened"


def test_a_code_that_was_hung_elsewhere_within_the_hour_counts_at_both_places(
    database: Database, db: Session, shop: Shop
) -> None:
    """The opening that waited counts where it was, another in the same batch where the code hangs now."""
    shop.write(shop.scan(visit="a" * 28, manner="prefetch"))
    load(database, shop)
    db.get_one(Code, shop.code.id).item_id = shop.cap.id
    db.commit()

    minute = NOON + timedelta(minutes=1)
    shop.write(shop.view(minute, visit="a" * 28), shop.scan(minute, visit="b" * 28))
    load(database, shop)

    assert totals(db) == {"prefetch": 0, "scan": 2, "view": 1}
    hours = db.scalars(select(CodeHour)).all()
    assert {row.item_id: (row.code_id, row.count) for row in hours} == {
        shop.top.id: (shop.code.id, 1),
        shop.cap.id: (shop.code.id, 1),
    }


@pytest.mark.parametrize("agent", [ROBOT, "preview whatsapp 101 2 other other", "none no_agent 1 2 other other"])
def test_a_view_makes_no_scan_of_a_robot(database: Database, db: Session, shop: Shop, agent: str) -> None:
    shop.write(shop.scan(visit="a" * 28, agent=agent), shop.view(visit="a" * 28))

    load(database, shop)

    assert "scan" not in totals(db)


def test_ten_seconds_engage_a_visit_once_where_it_began(database: Database, db: Session, shop: Shop) -> None:
    def engaged(**more: Any) -> bytes:
        return make_line(ENGAGED, shop.cap.public_id, NOON.timestamp() + 60, **{"agent": PHONE, **more})

    shop.write(shop.scan(visit="a" * 28), engaged(visit="a" * 28), engaged(visit="a" * 28))
    load(database, shop)
    shop.write(engaged(visit="a" * 28), engaged(), engaged(), engaged(agent=ROBOT), name="scan-b.jsonl")

    load(database, shop)

    assert totals(db) == {"scan": 1, "engaged": 3}
    rows = {(row.item_id, row.code_id): row.count for row in db.scalars(select(DayTotal)) if row.kind == "engaged"}
    assert rows == {(shop.top.id, shop.code.id): 1, (shop.cap.id, ""): 2}, "two of whom no visit is known"


def test_somebody_of_the_house_counts_for_nothing(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan(manner="internal", visit="a" * 28), shop.view(manner="internal", visit="a" * 28))

    load(database, shop)

    assert totals(db) == {"internal": 1}
    assert not db.scalars(select(OpenVisit)).all()


def test_phones_are_counted_once_a_day_and_store_and_their_bits_go(database: Database, db: Session, shop: Shop) -> None:
    one, two = "0" * 16, "f" * 16
    tomorrow = NOON + timedelta(days=1)
    shop.write(shop.scan(day_hash=one), shop.scan(day_hash=one), shop.scan(day_hash=two, is_own_network=True))
    shop.write(shop.scan(day_hash=one, agent=ROBOT), shop.scan(day_hash=one, code=shop.berlin_code), shop.scan())
    load(database, shop)
    shop.write(shop.scan(day_hash=two), shop.scan(tomorrow, day_hash=one), name="scan-b.jsonl")
    load(database, shop)
    load(database, shop)

    keep_house(database, shop.folder, retention=timedelta(days=396), at=NOON + timedelta(days=2))

    assert totals(db) == {"scan": 7, "bot": 1, "estimated": 4, "own_network": 1}
    counted = {
        (row.on.day, row.store_id): (row.count, row.item_id, row.code_id)
        for row in db.scalars(select(DayTotal))
        if row.kind == "estimated"
    }
    assert counted == {
        (18, shop.riverside.id): (2, "", ""),
        (18, shop.berlin.id): (1, "", ""),
        (19, shop.riverside.id): (1, "", ""),
    }
    assert db.scalars(select(DayHash.on)).all() == [date(2026, 11, 19)]


def test_repeats_are_a_matter_of_time_whatever_file_they_stand_in(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan(NOON + timedelta(seconds=10), near="89abcdef"), name="scan-a.jsonl")
    shop.write(shop.scan(NOON, near="89abcdef"), name="scan-b.jsonl")

    load(database, shop)

    assert totals(db) == {"scan": 1, "repeat": 1}
    assert outcomes(db) == ["repeat", "scan"]


@pytest.mark.parametrize(
    ("carrier", "referrer", "entry"),
    [
        (Carrier.PRINT, "", "print"),
        (Carrier.NFC, "", "nfc"),
        (Carrier.SCREEN, "", "screen"),
        (Carrier.PRINT, "t.co", "social"),
    ],
)
def test_a_scan_came_by_what_carries_its_code_unless_its_address_was_posted(
    database: Database, db: Session, shop: Shop, carrier: Carrier, referrer: str, entry: str
) -> None:
    shop.code.carrier = carrier
    db.commit()
    shop.write(shop.scan(language="ar", referrer=referrer))

    load(database, shop)

    row = db.scalars(select(Scan)).one()
    assert (row.language, row.entry, row.referrer) == ("ar", entry, referrer)


def test_plays_count_by_how_far_they_came(database: Database, db: Session, shop: Shop) -> None:
    for step in (0, 0, 25, 50, 75, 100):
        shop.write(make_line(PLAY, shop.top.public_id, NOON.timestamp(), agent=PHONE, step=step))
    shop.write(make_line(PLAY, shop.top.public_id, NOON.timestamp(), agent=ROBOT, step=100))

    load(database, shop)

    assert totals(db) == {"play": 2, "play_25": 1, "play_50": 1, "play_75": 1, "play_100": 1}


# --- each once -------------------------------------------------------------------------------------


def test_loading_again_changes_nothing(database: Database, db: Session, shop: Shop) -> None:
    shop.write(*(shop.scan(NOON + timedelta(minutes=n)) for n in range(20)))
    again = load(database, shop)

    assert not again.load(NOON)
    assert load_all(database, shop.folder) == 0

    assert totals(db) == {"scan": 20}


def test_a_file_is_read_on_where_it_was_left_and_its_torn_end_waits(
    database: Database, db: Session, shop: Shop
) -> None:
    whole, next_ = shop.scan(), shop.scan(NOON + timedelta(minutes=1))
    for length in (1, 5, len(next_) // 2, len(next_) - 1):
        shop.folder.joinpath("scan-a.jsonl").write_bytes(whole + next_[:length])
        reader = load(database, shop)
        assert totals(db) == {"scan": 1}, f"torn after {length} bytes"
        assert not reader.load(NOON), "a torn end is no news"

    shop.folder.joinpath("scan-a.jsonl").write_bytes(whole + next_)
    reader.load(NOON)

    assert totals(db) == {"scan": 2}
    assert db.scalars(select(LogFile.bad_lines)).one() == 0


def test_torn_lines_between_whole_ones_are_counted_as_such(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan(), shop.scan()[:40] + b"\n", b"\n", b"\0" * 300 + b"\n", b"{}\r\n", shop.scan())

    load(database, shop)

    assert totals(db) == {"scan": 2}
    assert db.scalars(select(LogFile.bad_lines)).one() == 4


@pytest.mark.parametrize("max_bytes", [1, 200, 1000])
def test_batches_of_any_size_count_the_same(database: Database, db: Session, shop: Shop, max_bytes: int) -> None:
    for name in ("scan-a.jsonl", "scan-b.jsonl"):
        shop.write(*(shop.scan(NOON + timedelta(minutes=n)) for n in range(9)), name=name)

    load(database, shop, max_bytes=max_bytes)

    assert totals(db) == {"scan": 18}


def test_what_is_longer_than_any_line_is_passed_over(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan(), b"x" * 20_000 + b"\n", shop.scan(NOON + timedelta(minutes=1)))

    load(database, shop, max_bytes=2_000)

    assert totals(db) == {"scan": 2}


def test_a_long_end_without_a_line_break_holds_nothing_up(database: Database, db: Session, shop: Shop) -> None:
    """As a power cut may leave it: zeros where the file system had promised room."""
    shop.write(shop.scan(), b"\0" * 100_000)
    shop.write(shop.scan(NOON + timedelta(minutes=1)), name="scan-b.jsonl")

    reader = load(database, shop)

    assert totals(db) == {"scan": 2}
    assert not reader.load(NOON)


def test_what_was_lost_is_told_by_the_file_itself(database: Database, db: Session, shop: Shop) -> None:
    shop.write(lost_line(NOON.timestamp(), 5), shop.scan(), lost_line(NOON.timestamp(), 2))

    load(database, shop)

    assert db.scalars(select(LogFile.lost_lines)).one() == 7
    assert totals(db) == {"scan": 1}
    assert LOST not in outcomes(db)


@pytest.mark.parametrize("place", ["_store", "_read_files"])
def test_a_load_that_fails_in_the_middle_leaves_nothing_and_is_done_again(
    database: Database, db: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    shop.write(*(shop.scan(NOON + timedelta(seconds=n), near="89abcdef") for n in range(3)))
    reader = Loader(database, shop.folder)
    done = getattr(reader, place)

    def fail(*args: Any) -> None:
        done(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(reader, place, fail)
    with pytest.raises(KeyboardInterrupt):
        reader.load(NOON)
    assert totals(db) == {} and not db.scalars(select(LogFile)).all()
    db.commit()
    monkeypatch.setattr(reader, place, done)

    reader.load(NOON)

    assert totals(db) == {"scan": 1, "repeat": 2}, "what was remembered of repeats was forgotten too"


def test_a_loader_killed_at_any_time_counts_each_line_once(
    database: Database, db: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(7)
    lines = [shop.scan(NOON + timedelta(minutes=n)) for n in range(60)]
    commits = Session.commit

    def die(session: Session) -> None:
        before = dice.random()
        if before < 0.3:
            raise KeyboardInterrupt
        commits(session)
        if before > 0.7:
            raise KeyboardInterrupt

    for line in lines:
        shop.write(line, name=f"scan-{dice.choice('abc')}.jsonl")
        if dice.random() < 0.4:
            with monkeypatch.context() as patch:
                patch.setattr(Session, "commit", die)
                with contextlib.suppress(KeyboardInterrupt):
                    Loader(database, shop.folder, max_bytes=600).load(NOON)

    load(database, shop)

    assert totals(db) == {"scan": 60}
    assert db.scalar(select(func.count()).select_from(Scan)) == 60


def test_two_loaders_at_once_count_each_line_once(database: Database, db: Session, shop: Shop) -> None:
    for number in range(4):
        shop.write(*(shop.scan(NOON + timedelta(minutes=n)) for n in range(40)), name=f"scan-{number}.jsonl")
    failed: list[BaseException] = []

    def run() -> None:
        try:
            reader = Loader(database, shop.folder, max_bytes=900)
            while reader.load(NOON):
                pass
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failed
    assert totals(db) == {"scan": 160}


def test_what_one_loader_took_in_another_remembers(database: Database, db: Session, shop: Shop) -> None:
    """After a restart, and while two run at once: a repeat is seen though the first hit was somebody else's."""
    at = now()
    first, second = Loader(database, shop.folder), Loader(database, shop.folder)
    shop.write(shop.scan(at - timedelta(hours=1)))
    first.load(at)
    second.load(at)

    shop.write(shop.scan(at - timedelta(seconds=20), near="89abcdef"))
    first.load(at)
    shop.write(shop.scan(at - timedelta(seconds=10), near="89abcdef"))
    second.load(at)
    shop.write(shop.scan(at, near="89abcdef"))
    Loader(database, shop.folder).load(at)

    assert totals(db) == {"scan": 2, "repeat": 2}


def test_a_file_that_goes_away_meanwhile_is_no_error(
    database: Database, db: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shop.write(shop.scan())
    reader = Loader(database, shop.folder)
    stats = type(path).stat

    def stat(self: Any, **more: Any) -> Any:
        if self.name == path.name:
            raise FileNotFoundError(self)
        return stats(self, **more)

    monkeypatch.setattr(type(path), "stat", stat)

    assert not reader.load(NOON)


def test_a_clock_set_back_loses_and_doubles_nothing(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan(NOON))
    reader = Loader(database, shop.folder)
    reader.load(NOON)

    shop.write(shop.scan(NOON - timedelta(hours=3)))
    reader.load(NOON - timedelta(hours=3))

    assert totals(db) == {"scan": 2}


def test_following_goes_on_though_the_log_cannot_be_read_for_a_while(
    database: Database, db: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write(shop.scan())
    ended, tried = threading.Event(), []
    load_once = Loader.load

    def load_or_fail(self: Loader, at: datetime) -> Any:
        tried.append(at)
        if len(tried) == 1:
            raise OSError("the disk does not answer")
        if len(tried) == 3:
            ended.set()
        return load_once(self, at)

    monkeypatch.setattr(Loader, "load", load_or_fail)

    loader.follow(database, shop.folder, retention=timedelta(days=396), ended=ended, every_s=0.01)

    assert totals(db) == {"scan": 1}


# --- days and hours ----------------------------------------------------------------------------------


def test_a_day_is_the_places_own(database: Database, db: Session, shop: Shop) -> None:
    late = datetime(2026, 11, 19, 0, 30, tzinfo=UTC)
    shop.write(shop.scan(late), shop.scan(late, code=shop.berlin_code))

    load(database, shop)

    counted = {row.store_id: (row.on, row.hour) for row in db.scalars(select(HourTotal))}
    assert counted == {
        shop.riverside.id: (date(2026, 11, 18), 19),
        shop.berlin.id: (date(2026, 11, 19), 1),
    }


def test_an_hour_that_comes_twice_holds_both_and_one_that_is_left_out_none(
    database: Database, db: Session, shop: Shop
) -> None:
    # Berlin, 25 October 2026: 02:30 comes twice. 29 March 2026: 02:30 does not come.
    autumn = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    spring = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    shop.write(
        *(shop.scan(start + timedelta(hours=n), code=shop.berlin_code) for start in (autumn, spring) for n in range(3))
    )

    load(database, shop)

    counted = {(row.on, row.hour): row.count for row in db.scalars(select(HourTotal))}
    assert counted == {
        (date(2026, 10, 25), 2): 2,
        (date(2026, 10, 25), 3): 1,
        (date(2026, 3, 29), 1): 1,
        (date(2026, 3, 29), 3): 1,
        (date(2026, 3, 29), 4): 1,
    }


def test_a_codes_hours_are_kept_for_two_weeks(database: Database, db: Session, shop: Shop) -> None:
    old = NOON - timedelta(days=15)
    shop.write(shop.scan(old), shop.scan(), shop.scan(), shop.scan(NOON + timedelta(hours=1)), shop.scan(agent=ROBOT))
    shop.write(shop.scan(code=shop.berlin_code), shop.view(token=shop.code.token))
    load(database, shop)

    keep_house(database, shop.folder, retention=timedelta(days=396), at=NOON)

    span = Span(shop.retailer.id, date(2026, 11, 1), date(2026, 11, 19), item_id=shop.top.id)
    today = date(2026, 11, 18)
    assert count_by_hour_of_item(db, span) == {(today, 12): 2, (today, 13): 1, (today, 18): 1}
    assert count_by_hour_of_item(db, replace(span, store_id=shop.berlin.id)) == {(today, 18): 1}
    assert count_by_hour_of_item(db, replace(span, item_id=shop.cap.id)) == {}
    assert totals(db)["scan"] == 5, "totals by day and place stay"


def test_each_folder_of_logs_is_a_node_whoever_reads_it(
    database: Database, db: Session, shop: Shop, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for name in ("scan-a.jsonl", "scan-b.jsonl"):
        shop.write(shop.scan(), name=name)
        Loader(database, shop.folder).load(NOON)
    other.joinpath("scan-c.jsonl").write_bytes(shop.scan())

    Loader(database, other).load(NOON)

    nodes = dict(db.execute(select(LogFile.name, LogFile.node)).all())
    assert nodes["scan-a.jsonl"] == nodes["scan-b.jsonl"] != nodes["scan-c.jsonl"]
    week = {"since": NOON - timedelta(days=7), "until": NOON + timedelta(days=1)}
    assert read_state(db, shop.retailer.id, **week).nodes == 2


# --- housekeeping --------------------------------------------------------------------------------------


def test_raw_scans_go_after_their_time_and_their_totals_stay(database: Database, db: Session, shop: Shop) -> None:
    old = shop.write(shop.scan(), name="scan-old.jsonl")
    os.utime(old, times=((NOON - timedelta(days=400)).timestamp(),) * 2)
    Loader(database, shop.folder).load(NOON - timedelta(days=400))
    shop.write(shop.scan(NOON + timedelta(minutes=1)), name="scan-new.jsonl")
    Loader(database, shop.folder).load(NOON)

    keep_house(database, shop.folder, retention=timedelta(days=396), at=NOON)

    assert db.scalar(select(func.count()).select_from(Scan)) == 1
    assert db.scalars(select(LogFile.name)).all() == ["scan-new.jsonl"]
    assert totals(db) == {"scan": 2}


def test_a_loaded_file_is_deleted_after_seven_days_and_one_not_loaded_never(
    database: Database, db: Session, shop: Shop
) -> None:
    old = (NOON - FILES_KEPT_FOR - timedelta(hours=1)).timestamp()
    loaded = shop.write(shop.scan(), name="scan-loaded.jsonl")
    torn = shop.write(shop.scan(), shop.scan()[:9], name="scan-torn.jsonl")
    load(database, shop)
    waiting = shop.write(shop.scan(), name="scan-waiting.jsonl")
    grown = shop.write(shop.scan(), name="scan-loaded-too.jsonl")
    for path in (loaded, torn, waiting, grown):
        os.utime(path, (old, old))
    fresh = shop.write(shop.scan(), name="scan-fresh.jsonl")

    keep_house(database, shop.folder, retention=timedelta(days=396), at=NOON)

    assert not loaded.exists() and not torn.exists()
    assert waiting.exists() and grown.exists() and fresh.exists()


def test_a_short_retention_never_forgets_a_file_that_may_still_be_there(
    database: Database, db: Session, shop: Shop
) -> None:
    shop.write(shop.scan())
    Loader(database, shop.folder).load(NOON - timedelta(days=7))

    keep_house(database, shop.folder, retention=timedelta(days=1), at=NOON)
    load(database, shop)

    assert totals(db) == {"scan": 1}


@pytest.mark.parametrize("days", [1, 396])
def test_a_node_that_stood_still_for_longer_than_scans_are_kept_counts_nothing_twice(
    database: Database, db: Session, shop: Shop, tmp_path: Path, days: int
) -> None:
    stopped = NOON - timedelta(days=days + 9)
    path = shop.write(shop.scan(), name="scan-b.jsonl")
    os.utime(path, times=(stopped.timestamp(),) * 2)
    Loader(database, shop.folder).load(stopped)
    other = tmp_path / "another"
    other.mkdir()

    for folder in (other, shop.folder):
        keep_house(database, folder, retention=timedelta(days=days), at=NOON)
        assert db.scalar(select(func.count()).select_from(Scan)) == 0, "whoever keeps house"
        db.commit()
        load(database, shop)
        assert totals(db) == {"scan": 1}

    assert not path.exists()
    assert not db.scalars(select(LogFile)).all()


def test_a_restart_does_not_say_that_something_was_just_read(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan())
    Loader(database, shop.folder).load(NOON)

    Loader(database, shop.folder).load(NOON + timedelta(hours=5))

    assert db.scalars(select(LogFile.read_at)).one() == NOON


def test_ended_visits_are_forgotten(database: Database, db: Session, shop: Shop) -> None:
    shop.write(shop.scan(visit="a" * 28), shop.scan(NOON + timedelta(hours=20), visit="b" * 28))
    load(database, shop)

    keep_house(database, shop.folder, retention=timedelta(days=396), at=NOON + timedelta(hours=25))

    assert db.scalars(select(OpenVisit.visit)).all() == ["b" * 28]


def test_a_thousand_lines_take_a_handful_of_statements(database: Database, db: Session, shop: Shop) -> None:
    shop.write(*(shop.scan(NOON + timedelta(seconds=n), visit=f"{n:028x}") for n in range(1000)))
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: said.append(args[2]))

    Loader(database, shop.folder).load(NOON)

    assert totals(db) == {"scan": 1000}
    assert len(said) < 30, said


def test_every_kind_that_is_left_out_has_its_words() -> None:
    assert set(REASONS) == set(kinds.LEFT_OUT)


def test_a_scan_by_a_gs1_address_counts_for_its_item_or_store_and_for_no_code(
    database: Database, db: Session, shop: Shop
) -> None:
    def asked(after_s: float, subject: str = "", **more: Any) -> bytes:
        return make_line(GS1, subject, NOON.timestamp() + after_s, agent=PHONE, **more)

    item = {"retailer_id": shop.top.retailer_id, "near": "0badcafe"}
    shop.write(asked(0, shop.top.public_id, **item, visit="a" * 28, is_new_visit=True))
    shop.write(asked(9, shop.top.public_id, **item))
    shop.write(asked(10, shop.top.public_id, retailer_id=shop.top.retailer_id, manner="lookup"))
    shop.write(asked(11, store_id=shop.riverside.id, **item))
    shop.write(asked(12, "nobodys0nobodys0"))

    load(database, shop)

    assert outcomes(db) == ["scan", kinds.REPEAT, kinds.LOOKUP, "scan", "orphan"]
    assert [(place.item_id, place.store_id, place.code_id) for place in places(db)[:4]] == [
        *[(shop.top.id, "", "")] * 3,
        ("", shop.riverside.id, ""),
    ]
    assert db.scalars(select(OpenVisit.place_number)).one() == places(db)[0].number
