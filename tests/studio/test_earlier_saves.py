"""A draft's earlier saves: kept within bounds, looked at, brought back."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.content import drafts
from qrmerch.content.earlier import MAX_SAVES, find_base, list_saves
from qrmerch.content.models import DraftSave, Revision
from qrmerch.content.queries import get_version, slots_of
from qrmerch.content.slots import read_slots
from qrmerch.db import Database
from qrmerch.media.models import Asset
from qrmerch.media.service import delete_asset
from tests.browsing import Browser, find_form
from tests.conftest import NOON
from tests.factories import make_person, make_revision, make_vendor
from tests.studio.desks import Desk, begin, latest, make_desk


@pytest.fixture
def desk(db: Session) -> Desk:
    return make_desk(db)


def test_what_a_save_overwrote_is_shown_and_brought_back(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"story.lede": "The first words", "care.text": "Wash cool."})
    browser.send(
        browser.get(address), action=address, do="save", **{"story.lede": "Overwritten", "care.text": "Wash warm."}
    )

    page = browser.get(f"{address}/saves?save=1")
    done = browser.send(page, action="/saves", part=["story.lede:en"])

    assert "Vera" in page.text
    assert "One line, Care" in page.text
    assert "The first words" in page.text
    assert done.status_code == 303
    values = slots_of(latest(database, desk.item))
    assert (values["story.lede"], values["care.text"]) == ({"en": "The first words"}, {"en": "Wash warm."})
    assert "brought back from an earlier save: One line" in browser.get(f"{address}/saves").text


def test_a_slot_that_was_empty_then_is_emptied(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"care.text": ""})
    browser.send(browser.get(address), action=address, do="save", **{"care.text": "Wash warm."})
    browser.send(browser.get(address), action=address, do=f"add:gallery.pictures:{desk.asset.id}")

    browser.send(browser.get(f"{address}/saves?save=1"), action="/saves", part=["care.text:en", "gallery.pictures:"])

    values = slots_of(latest(database, desk.item))
    assert "care.text" not in values
    assert "gallery.pictures" not in values


def test_bringing_back_overwrites_nothing_that_was_saved_meanwhile(
    desk: Desk, browser: Browser, database: Database
) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"story.lede": "The first words"})
    browser.send(browser.get(address), action=address, do="save", **{"story.lede": "The second"})
    page = browser.get(f"{address}/saves?save=1")
    browser.send(browser.get(address), action=address, do="save", **{"story.lede": "A colleague’s"})

    answer = browser.send(page, action="/saves", part=["story.lede:en"])

    assert answer.status_code == 409
    assert "was changed meanwhile" in answer.text
    assert slots_of(latest(database, desk.item))["story.lede"] == {"en": "A colleague’s"}


def test_a_picture_that_is_gone_cannot_come_back(desk: Desk, browser: Browser, database: Database) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, do=f"add:gallery.pictures:{desk.asset.id}")
    browser.send(browser.get(address), action=address, do=f"drop:gallery.pictures:{desk.asset.id}")
    with database.write() as db:
        delete_asset(db, db.get_one(Asset, desk.asset.id), used_in=())
        db.commit()

    answer = browser.send(browser.get(f"{address}/saves?save=1"), action="/saves", part=["gallery.pictures:"])

    assert answer.status_code == 422
    assert "not among yours any more" in answer.text


@pytest.mark.parametrize("save", ["", "x", "-1", "999", "9" * 30])
def test_a_save_that_is_not_kept_is_not_brought_back(desk: Desk, browser: Browser, save: str) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"story.lede": "The first words"})
    fields = find_form(browser.get(f"{address}/saves").text, "/saves").fields

    answer = browser.post(f"{address}/saves", {**fields, "save": save, "part": "story.lede:en"})

    assert browser.get(f"{address}/saves?save={save}").status_code == 200
    assert answer.status_code == 404


@pytest.mark.parametrize("part", ["", "legal.text:en", "no.slot:", "story.lede:xx", "x" * 5000])
def test_a_part_that_nobody_writes_changes_nothing(desk: Desk, browser: Browser, database: Database, part: str) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"story.lede": "The first words"})
    fields = find_form(browser.get(f"{address}/saves?save=0").text, "/saves").fields
    before = slots_of(latest(database, desk.item))

    answer = browser.post(f"{address}/saves", {**fields, "part": part})

    assert answer.status_code in (303, 422)
    assert slots_of(latest(database, desk.item)) == before


def test_others_find_no_saves_and_one_that_was_sent_has_none(desk: Desk, browser: Browser, db: Session) -> None:
    sent = make_revision(db, desk.item, state="submitted", author=desk.vera)
    otto = make_person(db, Role.VENDOR_EDITOR, name="Otto", vendor=make_vendor(db, desk.retailer))
    db.commit()
    address = f"/studio/content/{sent.content_id}/saves"

    assert browser.another().sign_in(*otto).get(address).status_code == 404
    assert browser.sign_in(*desk.vera).get(address).status_code == 303
    assert browser.post(address, {"number": "1", "edit": "1", "save": "0", "part": "story.lede:en"}).status_code == 409


def _write(db: Session, desk: Desk, count: int) -> Revision:
    """A draft saved once a minute, each time with another line."""
    for number in range(count):
        saved = drafts.write_slots(
            db,
            desk.item,
            {"story.lede": {"en": f"Line {number}"}},
            edit=None,
            author_id=None,
            at=NOON + timedelta(minutes=number),
            path="form",
        )
    return saved.revision


def test_only_so_many_saves_are_kept_the_newest_and_some_of_each_time(desk: Desk, db: Session) -> None:
    draft = _write(db, desk, MAX_SAVES * 3)

    saves = [each.edit for each in list_saves(db, draft)]

    assert len(saves) == MAX_SAVES
    assert saves[:20] == list(range(draft.edit, draft.edit - 20, -1))
    assert saves[-1] == 0
    assert max(newer - older for newer, older in pairwise(saves)) < 12


def test_what_was_typed_upon_a_save_that_is_gone_overwrites_nothing(desk: Desk, db: Session) -> None:
    draft = _write(db, desk, MAX_SAVES * 3)
    kept = {each.edit for each in list_saves(db, draft)}
    gone = next(edit for edit in range(draft.edit) if edit not in kept)
    slots = read_slots(get_version(db, draft.template_version_id).sections)
    typed = {"story.lede": {"en": "Typed by hand"}, "care.text": {"en": "Dry flat."}}

    base = find_base(db, draft.content_id, slots, number=draft.number, edit=gone)
    with pytest.raises(drafts.ChangedElsewhere) as caught:
        drafts.save_draft(db, draft, typed, edit=gone, at=NOON)
    drafts.save_draft(db, draft, {"care.text": {"en": "Dry flat."}}, edit=gone, at=NOON)

    assert ("story.lede", "en") in base.unsure
    assert [each.part for each in caught.value.conflicts] == [("story.lede", "en")]
    assert slots_of(draft)["care.text"] == {"en": "Dry flat."}


def test_what_was_kept_when_a_slot_was_of_another_kind_harms_nothing(
    desk: Desk, browser: Browser, database: Database
) -> None:
    browser.sign_in(*desk.vera)
    address = begin(browser, desk, **{"care.text": "Wash cool."})
    browser.send(browser.get(address), action=address, do="save", **{"care.text": "Wash warm."})
    with database.write() as db:
        kept = db.scalars(select(DraftSave).where(DraftSave.edit == 1)).one()
        kept.slots = {**kept.slots, "care.text": "hand", "facts.rows": {"en": "Words"}, "gallery.pictures": "x"}
        db.commit()

    page = browser.get(f"{address}/saves?save=1")
    answer = browser.send(page, action="/saves", part=["care.text:en", "facts.rows:", "gallery.pictures:"])

    assert page.status_code == 200
    assert answer.status_code == 422 and "held something else in an older version" in answer.text
    assert slots_of(latest(database, desk.item))["care.text"] == {"en": "Wash warm."}
