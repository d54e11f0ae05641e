"""A thousand pages: re-branded by one fixed line at the next scan; moved to a newer version by a job that is killed."""

import copy
import time
from collections.abc import Callable
from datetime import timedelta

import psutil
import pytest
from sqlalchemy import func, select

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.clock import now
from qrmerch.content import moving, templates
from qrmerch.content.models import Approval, Migration, MigrationState, PageTemplate, Publication, Revision
from qrmerch.content.queries import get_newest_version
from qrmerch.content.revisions import digest_of
from qrmerch.content.upgrading import classify
from qrmerch.parties.models import Retailer
from tests.drills.shop import Shop, kill
from tests.factories import (
    Doer,
    make_code,
    make_fixture,
    make_item,
    make_person,
    make_retailer,
    make_store,
    make_template,
    make_vendor,
    publish_page,
)
from tests.figures import IS_FULL, on_both_when_full, when_full

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1200)]
_WAIT_S = 600 if IS_FULL else 120
# So many scans that show the new line one after the other: no worker shows the old one any more.
_IN_A_ROW = 24
_ROBOT = "Googlebot/2.1 (+http://www.google.com/bot.html)"


@on_both_when_full
def test_a_fixed_line_re_brands_every_live_page_at_the_next_scan(
    shop: Shop, at_scale: Callable[[int, int], int], note_result: Callable[..., None]
) -> None:
    pages = at_scale(8, 1000)
    template_id, tokens = _stock(shop, pages)
    shop.serve()
    took_old = [_scan(shop, token, "Printed on Monday.") for token in tokens]
    kept = [_scan(shop, token, "Printed on Monday.") for token in tokens[:100]]

    began = time.monotonic()
    with shop.database.write() as db:
        template = db.get_one(PageTemplate, template_id)
        templates.set_fixed(db, template, "legal.text", {"en": "Printed on Tuesday."}, at=now(), actor=None)
        db.commit()
    written_s = time.monotonic() - began
    # Each worker hears of a change twice a second; the first that has not heard would show Monday's line.
    while "Printed on Tuesday." not in shop.fetch(f"/q/{tokens[0]}", agent=_ROBOT)[2].decode():
        assert time.monotonic() - began < _WAIT_S
    heard_s = time.monotonic() - began
    row = 0
    while row < _IN_A_ROW:
        is_new = "Printed on Tuesday." in shop.fetch(f"/q/{tokens[0]}", agent=_ROBOT)[2].decode()
        row = row + 1 if is_new else 0
        assert time.monotonic() - began < _WAIT_S
    all_heard_s = time.monotonic() - began
    took_new = [_scan(shop, token, "Printed on Tuesday.") for token in tokens]
    all_s = time.monotonic() - began

    note_result(
        pages=pages,
        seconds_to_write=round(written_s, 4),
        seconds_until_the_first_scan_shows_it=round(heard_s, 3),
        seconds_until_no_worker_shows_the_old_one=round(all_heard_s, 3),
        seconds_until_every_page_was_scanned_with_it=round(all_s, 2),
        ms_for_a_kept_page=_median_ms(kept),
        ms_for_a_first_scan_before=_median_ms(took_old),
        ms_for_a_first_scan_after=_median_ms(took_new),
        ms_for_the_slowest_scan_after=round(max(took_new) * 1000, 1),
    )


@when_full
def test_moving_pages_survives_the_death_of_its_workers(
    shop: Shop, at_scale: Callable[[int, int], int], note_result: Callable[..., None]
) -> None:
    pages, kills = at_scale(55, 1000), at_scale(1, 5)
    template_id, _ = _stock(shop, pages)
    migration_id, judged_s = _start(shop, template_id)

    seen: list[int] = []
    for _ in range(kills):
        worker = shop.start_worker()
        _await(shop, lambda: _migration(shop, migration_id).done > (seen[-1] if seen else 0))
        kill([psutil.Process(worker.pid)])
        worker.wait()
        seen.append(_migration(shop, migration_id).done)
    was_cut = _migration(shop, migration_id).state == MigrationState.RUNNING
    left, began = pages - seen[-1], time.monotonic()
    shop.start_worker()
    _await(shop, lambda: _migration(shop, migration_id).done > seen[-1] or not was_cut)
    from_s, from_done = time.monotonic(), _migration(shop, migration_id).done
    _await(shop, lambda: _migration(shop, migration_id).state != MigrationState.RUNNING)

    migration, ended = _migration(shop, migration_id), time.monotonic()
    rate = (pages - from_done) / (ended - from_s) if ended > from_s else 0
    note_result(
        pages=pages,
        kills=kills,
        killed_after_pages=seen,
        counts=migration.counts,
        seconds_to_judge_all=round(judged_s, 2),
        pages_a_second=round(rate, 1),
        seconds_for_the_last=[left, round(ended - began, 2)],
    )
    assert was_cut, "too quick to be killed in the middle"
    assert (migration.state, migration.done, migration.counts) == (MigrationState.DONE, pages, {"moved": pages})
    _check_one_effect(shop, template_id, pages)


def _stock(shop: Shop, pages: int) -> tuple[str, list[str]]:
    """A house with so many live pages in one template, each with a code; the template's id and the tokens."""
    with shop.database.write() as db:
        retailer = make_retailer(db)
        vendor, shelf = make_vendor(db, retailer), make_fixture(db, make_store(db, retailer))
        template = make_template(db, retailer)
        at = now() - timedelta(days=2)
        templates.set_fixed(db, template, "legal.text", {"en": "Printed on Monday."}, at=at, actor=None)
        tokens = []
        for number in range(pages):
            item = make_item(db, retailer, vendor=vendor, key=f"TOP-{number}", title=f"Marigold Top {number}")
            publish_page(db, item, template=template)
            tokens.append(make_code(db, item, fixture=shelf).token)
        db.commit()
        return template.id, tokens


def _start(shop: Shop, template_id: str) -> tuple[str, float]:
    """Release a version with a section more, and let the job begin; how long judging every page took, too."""
    jobs.attach(shop.database, shop.settings)
    with shop.database.write() as db:
        template = db.get_one(PageTemplate, template_id)
        sections = copy.deepcopy(get_newest_version(db, template.id).sections)
        sections.reverse()
        began = time.monotonic()
        fates = classify(db, template, sections, at=now())
        judged_s = time.monotonic() - began
        assert {fate.outcome for fate in fates} == {"auto"}
        templates.release_version(db, template, sections, at=now())
        retailer = db.get_one(Retailer, template.retailer_id)
        mia = make_person(db, Role.MERCHANDISER, name="Mia", retailer=retailer)
        migration = moving.start_migration(db, template, actor=Doer(mia.user.id), at=now())
        db.commit()
        migration_id = migration.id
    jobs.detach(shop.database)
    return migration_id, judged_s


def _check_one_effect(shop: Shop, template_id: str, pages: int) -> None:
    """Each page has one successor, one publication more, and a seal that is its own."""
    with shop.database.read() as db:
        version = get_newest_version(db, template_id)
        moved = list(db.scalars(select(Revision).where(Revision.moved_from_id.is_not(None))))
        approvals = dict(db.execute(select(Approval.revision_id, Approval.digest)).all())
        shown = select(Publication.item_id, func.count()).group_by(Publication.item_id)
        counts = {count for _, count in db.execute(shown)}
    assert len(moved) == len({each.moved_from_id for each in moved}) == pages
    assert counts == {2}
    for each in moved:
        assert each.template_version_id == version.id
        assert approvals[each.id] == each.digest == digest_of(each.body)


def _scan(shop: Shop, token: str, line: str) -> float:
    """Scan a code as a robot, so that nothing of it counts, and find a line on its page; how long it took."""
    began = time.monotonic()
    status, _, body = shop.fetch(f"/q/{token}", agent=_ROBOT)
    took = time.monotonic() - began
    assert status == 200
    assert line in body.decode()
    return took


def _median_ms(times: list[float]) -> float:
    return round(sorted(times)[len(times) // 2] * 1000, 1)


def _migration(shop: Shop, migration_id: str) -> Migration:
    with shop.database.read() as db:
        return db.get_one(Migration, migration_id)


def _await(shop: Shop, holds: Callable[[], bool]) -> None:
    until = time.monotonic() + _WAIT_S
    while not holds():
        assert time.monotonic() < until, (shop.settings.data_dir / "output.txt").read_text()[-3000:]
        time.sleep(0.01)
