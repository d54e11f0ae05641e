"""What a newer version means for each page, and moving pages: what shoppers see stays what was approved."""

import copy
import itertools
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.content import drafts, moving, publishing, templates
from qrmerch.content.holding import Place, find_holding, list_publications
from qrmerch.content.models import (
    Approval,
    DraftSave,
    Migration,
    MigrationState,
    PageTemplate,
    Publication,
    Revision,
    RevisionState,
    Style,
    TemplateVersion,
)
from qrmerch.content.queries import (
    find_content,
    find_last_return,
    find_latest,
    get_newest_version,
    list_revisions,
    slots_of,
)
from qrmerch.content.revisions import NotOpen, digest_of
from qrmerch.content.upgrading import Fate, classify
from qrmerch.parties.models import PageChange, Retailer, Store
from tests.conftest import NOON
from tests.factories import (
    Doer,
    make_item,
    make_person,
    make_retailer,
    make_revision,
    make_store,
    make_template,
    publish_page,
)

Sections = list[dict[str, Any]]
Change = Callable[[Sections], None]
FILLED: dict[str, object] = {
    "making.text": {"en": "Woven by hand in Porto."},
    "facts.rows": [{"name": {"en": "Weight"}, "value": {"en": "210 g"}}],
}
OPTIONS = [{"value": "hand", "label": {"en": "By hand"}}, {"value": "loom", "label": {"en": "On a loom"}}]


def slot_in(sections: Sections, name: str) -> dict[str, Any]:
    section_key, _, key = name.partition(".")
    section = next(each for each in sections if each["key"] == section_key)
    found: dict[str, Any] = next(each for each in section["slots"] if each["key"] == key)
    return found


def setting(name: str, **values: Any) -> Change:
    return lambda sections: slot_in(sections, name).update(values)


def adding(section_key: str, **slot: Any) -> Change:
    def change(sections: Sections) -> None:
        next(each for each in sections if each["key"] == section_key)["slots"].append(slot)

    return change


def removing(section_key: str) -> Change:
    def change(sections: Sections) -> None:
        sections[:] = [each for each in sections if each["key"] != section_key]

    return change


def reordering(sections: Sections) -> None:
    sections.reverse()


def becoming(section_key: str, kind: str) -> Change:
    return lambda sections: next(each for each in sections if each["key"] == section_key).update(kind=kind)


def nothing(sections: Sections) -> None:
    pass


@pytest.fixture
def template(db: Session) -> PageTemplate:
    retailer = make_retailer(db, name="Fashiontown", locales=["en", "ar"])
    return make_template(db, retailer, name="Editorial", style=Style.EDITORIAL)


def make_page_item(db: Session, template: PageTemplate, **more: Any) -> Item:
    return make_item(db, _retailer(db, template), **more)


def changed_sections(db: Session, template: PageTemplate, *changes: Change) -> Sections:
    sections: Sections = copy.deepcopy(get_newest_version(db, template.id).sections)
    for change in changes:
        change(sections)
    return sections


def release(db: Session, template: PageTemplate, *changes: Change, at: datetime = NOON) -> TemplateVersion:
    return templates.release_version(db, template, changed_sections(db, template, *changes), at=at)


def fate_of(db: Session, template: PageTemplate, *changes: Change) -> Fate:
    (fate,) = classify(db, template, changed_sections(db, template, *changes), at=NOON)
    return fate


@pytest.mark.parametrize(
    ("changes", "outcome", "reason"),
    [
        ([nothing], "auto", ""),
        ([reordering], "auto", ""),
        ([adding("story", key="more", kind="text", label="More", max_chars=90)], "auto", ""),
        (
            [adding("story", key="more", kind="text", label="More", max_chars=90, is_required=True)],
            "needs_work",
            "More: nothing is written yet.",
        ),
        ([setting("story.lede", max_chars=20)], "needs_work", "20 characters at most; this has 49."),
        ([setting("story.lede", max_chars=49)], "auto", ""),
        ([setting("gallery.pictures", min_count=2)], "needs_work", "2 pictures at least; this has 1."),
        ([setting("gallery.pictures", min_width=9000)], "needs_work", "9000 × "),
        ([setting("story.lede", is_required=True, needed_in="all")], "needs_work", "Arabic is missing."),
        ([removing("making")], "broken", "How it is made is gone, and this page uses it."),
        ([removing("legal")], "auto", ""),
        ([removing("store")], "auto", ""),
        ([setting("story.lede", kind="facts", max_count=3)], "broken", "holds something else now."),
        ([becoming("making", "care")], "broken", "holds something else now."),
        ([setting("making.text", kind="text")], "auto", ""),
        ([setting("story.text", kind="text")], "needs_work", "is set differently now"),
        ([setting("making.text", lock="fixed")], "auto", "is yours now"),
        ([setting("making.text", lock="choose", options=OPTIONS)], "needs_work", "has to be chosen from your list now"),
        ([setting("legal.text", lock="edit")], "auto", ""),
        ([setting("legal.text", lock="edit", is_required=True)], "needs_work", "nothing is written yet."),
    ],
)
def test_a_change_decides_what_becomes_of_a_page(
    db: Session, template: PageTemplate, changes: list[Change], outcome: str, reason: str
) -> None:
    publish_page(db, make_page_item(db, template), template=template, slots=FILLED)

    fate = fate_of(db, template, *changes)

    assert fate.outcome == outcome
    assert reason in " ".join(fate.reasons)
    assert bool(fate.reasons) == bool(reason)


def test_a_choice_that_is_no_longer_listed_needs_work(db: Session) -> None:
    template = make_template(db, make_retailer(db))
    item = make_page_item(db, template)
    publish_page(db, item, template=template, slots={"facts.fit": "runs_small"})
    fit = slot_in(changed_sections(db, template), "facts.fit")
    others = [each for each in fit["options"] if each["value"] != "runs_small"]
    renamed = [{**each, "label": {"en": "Comes up small"}} for each in fit["options"] if each["value"] == "runs_small"]

    gone = fate_of(db, template, setting("facts.fit", options=others))
    other_words = fate_of(db, template, setting("facts.fit", options=[*others, *renamed]))

    assert (gone.outcome, other_words.outcome) == ("needs_work", "auto")
    assert "choose one of the retailer’s list" in gone.reasons[0]
    assert "reads “Comes up small” where it read “Runs small”" in other_words.reasons[0]


def test_what_was_for_staff_never_reaches_shoppers_by_a_move(db: Session, template: PageTemplate) -> None:
    release(db, template, setting("making.text", audience="staff"), at=NOON - timedelta(days=70))
    item = make_page_item(db, template)
    publish_page(db, item, template=template, slots=FILLED)

    shown = fate_of(db, template, setting("making.text", audience="shopper"))
    version = release(db, template, setting("making.text", audience="shopper"))
    counted = moving.move_contents(db, [_content(db, item, template)], version.id, actor=None, at=NOON)

    assert shown.outcome == "needs_work"
    assert dict(counted) == {"needs_work": 1}
    assert all(each.moved_from_id is None for each in list_revisions(db, _content(db, item, template).id))


def test_what_was_changed_behind_the_seal_does_not_move(db: Session, template: PageTemplate) -> None:
    item = make_page_item(db, template)
    publication = publish_page(db, item, template=template)
    revision = db.get_one(Revision, publication.revision_id)
    revision.body = {**revision.body, "slots": {**slots_of(revision), "story.lede": {"en": "Nobody approved this."}}}
    db.flush()
    version = release(db, template, nothing)

    counted = moving.move_contents(db, [_content(db, item, template)], version.id, actor=None, at=NOON)

    assert dict(counted) == {"broken": 1}
    assert len(list_publications(db, item.id)) == 1


def test_a_moved_page_says_the_same_under_a_seal_of_its_own(db: Session, template: PageTemplate) -> None:
    item = make_page_item(db, template)
    publication = publish_page(db, item, template=template, slots=FILLED)
    source = db.get_one(Revision, publication.revision_id)
    version = release(db, template, setting("making.text", lock="fixed"))

    mia = _mia(db, template)

    moving.move_contents(db, [_content(db, item, template)], version.id, actor=mia, at=NOON)

    newest = list_publications(db, item.id)[0]
    moved = db.get_one(Revision, newest.revision_id)
    approval = db.scalars(select(Approval).where(Approval.revision_id == moved.id)).one()
    assert (moved.moved_from_id, moved.template_version_id, moved.state) == (source.id, version.id, "approved")
    assert slots_of(moved) == {name: each for name, each in slots_of(source).items() if name != "making.text"}
    assert (moved.body["pictures"], moved.body["product"]) == (source.body["pictures"], source.body["product"])
    assert (approval.rule, approval.reviewer_id) == ("migration", None)
    assert approval.digest == moved.digest == digest_of(moved.body) != source.digest
    (entry,) = [
        each
        for each in audit.list_entries(db, item.retailer_id, audit.Wanted(action="content.migrate"))[0]
        if each.subject_id == moved.id
    ]
    assert (entry.actor, entry.detail["approved"]) == (f"user:{mia.user_id}", source.digest)
    assert db.scalars(select(PageChange).where(PageChange.item_id == item.id, PageChange.at == NOON)).all()


@pytest.mark.parametrize("seed", range(6))
def test_at_every_instant_the_same_page_shows_as_without_the_move(
    db: Session, template: PageTemplate, seed: int
) -> None:
    chance = random.Random(seed)
    item = make_page_item(db, template)
    first = make_revision(db, item, template=template, state="approved")
    second = make_revision(db, item, template=template, state="approved", slots={"story.lede": {"en": "Second"}})
    stores = [make_store(db, _retailer(db, template)), make_store(db, _retailer(db, template))]
    _play(db, item, [first, second], stores, chance)
    before = list_publications(db, item.id)
    version = release(db, template, reordering)

    moving.move_contents(db, [_content(db, item, template)], version.id, actor=None, at=NOON)

    after = list_publications(db, item.id)
    hours = range(-24 * 6, 24 * 12, 5)
    for place, hour in itertools.product([None, *(store.id for store in stores)], hours):
        at = NOON + timedelta(hours=hour)
        was, now = (find_holding(rows, Place(place, "UTC", "en"), at=at) for rows in (before, after))
        assert _said(db, was) == _said(db, now), (place, hour)
        if was is not None and was.revision_id and hour >= 0:
            assert now is not None
            assert db.get_one(Revision, now.revision_id).template_version_id == version.id
        elif hour < 0:
            assert now is was
    again = moving.move_contents(db, [_content(db, item, template)], version.id, actor=None, at=NOON + timedelta(1))
    assert dict(again) == {}
    assert list_publications(db, item.id) == after


def test_hours_and_languages_of_a_publication_go_along(db: Session, template: PageTemplate) -> None:
    item = make_page_item(db, template)
    row = publish_page(db, item, template=template)
    row.weekly, row.locales = [[[540, 660]], [], [], [], [], [], []], ["ar"]
    db.flush()
    version = release(db, template, nothing)

    moving.move_contents(db, [_content(db, item, template)], version.id, actor=None, at=NOON)

    newest = list_publications(db, item.id)[0]
    assert (newest.weekly, newest.locales) == ([[[540, 660]], [], [], [], [], [], []], ["ar"])


def test_a_page_that_was_taken_down_stays_down(db: Session, template: PageTemplate) -> None:
    item = make_page_item(db, template)
    publish_page(db, item, template=template)
    publishing.take_down(db, item, reason="Recall", actor=None, at=NOON - timedelta(days=1))
    version = release(db, template, nothing)

    moving.move_contents(db, [_content(db, item, template)], version.id, actor=None, at=NOON)

    assert list_publications(db, item.id)[0].revision_id is None


def test_a_page_that_waits_for_an_answer_is_left_alone(db: Session, template: PageTemplate) -> None:
    item = make_page_item(db, template)
    publish_page(db, item, template=template)
    waiting = make_revision(db, item, template=template, state="submitted", slots={"story.lede": {"en": "Next"}})
    version = release(db, template, nothing)

    counted = moving.move_contents(db, [_content(db, item, template)], version.id, actor=None, at=NOON)

    db.refresh(waiting)
    assert dict(counted) == {"moved": 1}
    assert waiting.state == RevisionState.SUBMITTED
    assert waiting.template_version_id != version.id
    assert find_latest(db, waiting.content_id) is waiting
    assert moving.move_contents(db, [_content(db, item, template)], version.id, actor=None, at=NOON) == {}


def test_a_first_page_that_waits_is_listed_and_left_alone(db: Session, template: PageTemplate) -> None:
    make_revision(db, make_page_item(db, template), template=template, state="submitted")

    fate = fate_of(db, template, nothing)

    assert (fate.outcome, fate.revision_ids) == ("needs_work", ())
    assert "waits for an answer" in fate.reasons[0]


def test_a_move_hides_no_answer_and_no_work_of_the_vendors(db: Session, template: PageTemplate) -> None:
    item = make_page_item(db, template)
    publish_page(db, item, template=template)
    returned = make_revision(db, item, template=template, state="returned", slots={"story.lede": {"en": "Mine"}})
    version = release(db, template, nothing)

    moving.move_contents(db, [_content(db, item, template)], version.id, actor=None, at=NOON)
    draft = drafts.open_draft(db, item, author_id=None, at=NOON, template=template)

    assert slots_of(draft)["story.lede"] == {"en": "Mine"}
    answer = find_last_return(db, draft.content_id, before=draft.number)
    assert answer is not None
    assert answer.revision_id == returned.id


def test_a_draft_goes_along_where_all_it_says_has_a_place(db: Session, template: PageTemplate) -> None:
    item, other = make_page_item(db, template), make_page_item(db, template)
    draft = make_revision(db, item, template=template, slots={"story.lede": {"en": "Half a thought"}})
    lost = make_revision(db, other, template=template, slots=FILLED)
    version = release(db, template, removing("making"))
    contents = [_content(db, each, template) for each in (item, other)]

    counted = moving.move_contents(db, contents, version.id, actor=None, at=NOON)

    assert dict(counted) == {"drafts": 1, "broken": 1}
    assert (draft.template_version_id, slots_of(draft)["story.lede"]) == (version.id, {"en": "Half a thought"})
    assert slots_of(lost)["making.text"] == FILLED["making.text"]
    assert lost.template_version_id != version.id


def test_a_vendor_takes_a_newer_version_over_and_loses_nothing(db: Session, template: PageTemplate) -> None:
    draft = make_revision(db, make_page_item(db, template), template=template, slots=FILLED)
    edit = draft.edit
    version = release(db, template, removing("making"))

    newer = moving.find_newer(db, draft)
    left = moving.take_over(db, draft, edit=edit, at=NOON)

    assert newer is not None
    assert (newer.id, left) == (version.id, ["making.text"])
    assert "making.text" not in slots_of(draft)
    assert moving.find_newer(db, draft) is None
    kept = db.scalars(select(DraftSave).where(DraftSave.revision_id == draft.id, DraftSave.edit == edit)).one()
    assert kept.slots["making.text"] == FILLED["making.text"]
    with pytest.raises(NotOpen):
        moving.take_over(db, draft, edit=draft.edit, at=NOON)


def test_a_draft_that_was_saved_meanwhile_is_not_taken_over(db: Session, template: PageTemplate) -> None:
    draft = make_revision(db, make_page_item(db, template), template=template)
    release(db, template, nothing)

    with pytest.raises(NotOpen):
        moving.take_over(db, draft, edit=draft.edit - 1, at=NOON)


def test_moving_twice_has_one_effect(db: Session, template: PageTemplate) -> None:
    items = [make_page_item(db, template) for _ in range(3)]
    for item in items:
        publish_page(db, item, template=template)
    version = release(db, template, nothing)
    contents = [_content(db, item, template) for item in items]

    first = moving.move_contents(db, contents, version.id, actor=None, at=NOON)
    again = moving.move_contents(db, contents, version.id, actor=None, at=NOON + timedelta(minutes=1))

    assert (dict(first), dict(again)) == ({"moved": 3}, {})
    assert [len(list_publications(db, item.id)) for item in items] == [2, 2, 2]


def test_an_approved_page_that_nobody_published_yet_moves_too(db: Session, template: PageTemplate) -> None:
    item = make_page_item(db, template)
    source = make_revision(db, item, template=template, state="approved")
    version = release(db, template, nothing)

    moving.move_contents(db, [_content(db, item, template)], version.id, actor=None, at=NOON)

    moved = db.scalars(select(Revision).where(Revision.moved_from_id == source.id)).one()
    assert list_publications(db, item.id) == []
    publishing.publish(db, moved, actor=None, at=NOON)
    assert list_publications(db, item.id)[0].revision_id == moved.id


def test_pages_go_in_chunks_and_can_be_stopped(db: Session, template: PageTemplate, monkeypatch: Any) -> None:
    monkeypatch.setattr(moving, "CHUNK", 2)
    for _ in range(5):
        publish_page(db, make_page_item(db, template), template=template)
    release(db, template, nothing)
    mia = _mia(db, template)
    migration = moving.start_migration(db, template, actor=mia, at=NOON)

    with pytest.raises(moving.AlreadyMoving):
        moving.start_migration(db, template, actor=mia, at=NOON)
    assert moving.move_chunk(db, migration.id, at=NOON)
    moving.stop_migration(db, migration, actor=mia, at=NOON)
    assert not moving.move_chunk(db, migration.id, at=NOON)

    assert (migration.state, migration.done, migration.counts) == (MigrationState.STOPPED, 2, {"moved": 2})
    with pytest.raises(NotOpen):
        moving.stop_migration(db, migration, actor=mia, at=NOON)
    later = moving.start_migration(db, template, actor=mia, at=NOON + timedelta(minutes=1))
    while moving.move_chunk(db, later.id, at=NOON + timedelta(minutes=1)):
        pass
    assert (later.state, later.done, later.counts) == (MigrationState.DONE, 5, {"moved": 3})
    assert db.scalars(select(Migration.state)).all()


def _mia(db: Session, template: PageTemplate) -> Doer:
    return Doer(make_person(db, Role.MERCHANDISER, name="Mia", retailer=_retailer(db, template)).user.id)


def _content(db: Session, item: Item, template: PageTemplate) -> Any:
    found = find_content(db, item.id, template.id)
    assert found is not None
    return found


def _retailer(db: Session, template: PageTemplate) -> Retailer:
    return db.get_one(Retailer, template.retailer_id)


def _play(db: Session, item: Item, revisions: list[Revision], stores: list[Store], chance: random.Random) -> None:
    """Publish here and there, now and later, and take down."""
    for number in range(7):
        at = NOON - timedelta(days=5) + timedelta(hours=number * 15)
        if chance.random() < 0.15:
            publishing.take_down(db, item, reason="Recall", actor=None, at=at)
            continue
        begins = at + timedelta(hours=chance.choice([0, 30, 150]))
        ends = begins + timedelta(hours=chance.choice([20, 100, 200])) if chance.random() < 0.6 else None
        places = [chance.choice(stores).id] if chance.random() < 0.5 else None
        publishing.publish(
            db, chance.choice(revisions), actor=None, at=at, from_at=begins, until_at=ends, store_ids=places
        )


def _said(db: Session, row: Publication | None) -> Any:
    if row is None or row.revision_id is None:
        return None if row is None else row.reason
    return slots_of(db.get_one(Revision, row.revision_id))


def test_a_page_that_was_rolled_back_moves_again(db: Session, template: PageTemplate) -> None:
    item = make_page_item(db, template)
    source = publish_page(db, item, template=template)
    version = release(db, template, nothing)
    contents = [_content(db, item, template)]
    moving.move_contents(db, contents, version.id, actor=None, at=NOON)
    moved = list_publications(db, item.id)[0]
    old = db.get_one(Revision, source.revision_id)
    publishing.publish(db, old, actor=None, at=NOON + timedelta(hours=1))

    again = moving.move_contents(db, contents, version.id, actor=None, at=NOON + timedelta(hours=2))

    assert dict(again) == {"moved": 1}
    assert list_publications(db, item.id)[0].revision_id == moved.revision_id
    assert len(list_revisions(db, contents[0].id)) == 2


def test_what_became_of_a_move_is_not_shown_again_once_it_was_changed_behind_its_seal(
    db: Session, template: PageTemplate
) -> None:
    item = make_page_item(db, template)
    source = publish_page(db, item, template=template)
    version = release(db, template, nothing)
    contents = [_content(db, item, template)]
    moving.move_contents(db, contents, version.id, actor=None, at=NOON)
    moved = db.scalars(select(Revision).where(Revision.moved_from_id == source.revision_id)).one()
    old = db.get_one(Revision, source.revision_id)
    publishing.publish(db, old, actor=None, at=NOON + timedelta(hours=1))
    moved.body = {**moved.body, "slots": {"story.lede": {"en": "Never approved"}}}
    db.flush()

    moving.move_contents(db, contents, version.id, actor=None, at=NOON + timedelta(hours=2))

    assert list_publications(db, item.id)[0].revision_id == old.id


@pytest.mark.parametrize(("was", "now"), [("choose", "edit"), ("edit", "choose")])
def test_a_draft_goes_on_where_a_slot_is_chosen_now_or_no_longer(
    db: Session, template: PageTemplate, was: str, now: str
) -> None:
    values: dict[str, object] = {"choose": "hand", "edit": {"en": "Woven by hand in Porto."}}
    release(db, template, setting("making.text", lock=was, options=OPTIONS if was == "choose" else []))
    item = make_page_item(db, template)
    draft = make_revision(db, item, template=template, slots={"making.text": values[was]}, at=NOON)
    release(db, template, setting("making.text", lock=now, options=OPTIONS if now == "choose" else []))

    left = moving.take_over(db, draft, edit=draft.edit, at=NOON)
    drafts.save_draft(db, draft, {"making.text": values[now]}, edit=draft.edit, at=NOON)

    assert left == ["making.text"]
    assert slots_of(draft)["making.text"] == values[now]


def test_pages_move_under_the_locks_in_everybodys_order(
    db: Session, template: PageTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = make_page_item(db, template)
    publish_page(db, item, template=template)
    version = release(db, template, nothing)
    taken: list[str] = []
    for module in (audit, moving):
        monkeypatch.setattr(module, "lock_for_chain", lambda _, name: taken.append(name.partition(" ")[0]))

    moving.move_contents(db, [_content(db, item, template)], version.id, actor=None, at=NOON)

    # Whoever publishes holds the log's lock and then asks for the item's; a save holds the page's before the log's.
    assert list(dict.fromkeys(taken)) == ["content", "audit", "publications"]


def test_the_name_of_an_option_is_no_text_to_begin_with(db: Session, template: PageTemplate) -> None:
    release(db, template, setting("making.text", lock="choose", options=OPTIONS))
    item = make_page_item(db, template)
    publish_page(db, item, template=template, slots={"making.text": "hand"})
    release(db, template, setting("making.text", lock="edit"))

    begun = drafts.begin_draft(db, item, template, at=NOON)

    assert "making.text" not in slots_of(begun)
    assert "story.text" in slots_of(begun)
