"""Another picture in the place of one: nothing that was sent changes, and what was finished goes through review."""

import pytest
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.content import drafts, replacing
from qrmerch.content.holding import find_shown
from qrmerch.content.models import Revision, RevisionState
from qrmerch.content.queries import find_latest, slots_of
from qrmerch.content.replacing import Replaced, replace_picture
from qrmerch.media.models import Asset, AssetState
from qrmerch.parties.models import Retailer, Vendor
from tests.conftest import NOON
from tests.factories import (
    Person,
    make_asset,
    make_item,
    make_person,
    make_retailer,
    make_revision,
    make_template,
    make_vendor,
    publish_page,
)


class Shelf:
    """A vendor with two pictures, and items to put them on."""

    def __init__(self, db: Session, *, is_trusted: bool = False) -> None:
        self.db = db
        self.retailer: Retailer = make_retailer(db)
        self.vendor: Vendor = make_vendor(db, self.retailer, is_trusted=is_trusted)
        make_template(db, self.retailer)
        self.vera: Person = make_person(db, Role.VENDOR_EDITOR, vendor=self.vendor)
        self.old, self.new = make_asset(db, self.vendor), make_asset(db, self.vendor)

    def item(self, title: str) -> Item:
        return make_item(self.db, self.retailer, vendor=self.vendor, title=title)

    def slots(self, *more: Asset) -> dict[str, object]:
        return {"gallery.pictures": [self.old.id, *(each.id for each in more)]}

    def replace(self) -> Replaced:
        return replace_picture(self.db, self.old, self.new, author_id=self.vera.user.id, at=NOON)


@pytest.fixture
def shelf(db: Session) -> Shelf:
    return Shelf(db)


def gallery(revision: Revision | None) -> list[str]:
    assert revision is not None
    return list(slots_of(revision)["gallery.pictures"])


def test_what_is_live_stays_and_its_next_version_waits_for_review(db: Session, shelf: Shelf) -> None:
    live = publish_page(db, shelf.item("Top"), slots=shelf.slots())
    before = db.get_one(Revision, live.revision_id)
    body = dict(before.body)

    done = shelf.replace()

    shown = find_shown(db, live.item_id, at=NOON)
    latest = find_latest(db, before.content_id)
    assert shown is not None and shown.revision_id == before.id
    assert before.body == body
    assert latest is not None and latest.state == RevisionState.SUBMITTED
    assert gallery(latest) == [shelf.new.id]
    assert {**slots_of(latest), "gallery.pictures": 0} == {**slots_of(before), "gallery.pictures": 0}
    assert (done.sent, done.drafts, done.left) == (["Top"], [], [])


def test_a_trusted_vendors_page_shows_it_by_rule(db: Session) -> None:
    shelf = Shelf(db, is_trusted=True)
    live = publish_page(db, shelf.item("Top"), slots=shelf.slots())

    shelf.replace()

    shown = find_shown(db, live.item_id, at=NOON)
    assert shown is not None
    assert gallery(db.get_one(Revision, shown.revision_id)) == [shelf.new.id]


def test_a_draft_is_changed_and_not_sent(db: Session, shelf: Shelf) -> None:
    draft = make_revision(db, shelf.item("Top"), slots=shelf.slots())

    done = shelf.replace()

    assert (draft.state, gallery(draft)) == (RevisionState.DRAFT, [shelf.new.id])
    assert (done.sent, done.drafts) == ([], ["Top"])


def test_a_returned_page_gets_a_draft_that_is_not_sent(db: Session, shelf: Shelf) -> None:
    returned = make_revision(db, shelf.item("Top"), slots=shelf.slots(), state="returned")

    done = shelf.replace()

    latest = find_latest(db, returned.content_id)
    assert latest is not None and latest.id != returned.id
    assert (latest.state, gallery(latest), gallery(returned)) == (
        RevisionState.DRAFT,
        [shelf.new.id],
        [shelf.old.id],
    )
    assert done.drafts == ["Top"]


def test_what_waits_for_an_answer_is_left_and_said(db: Session, shelf: Shelf) -> None:
    waiting = make_revision(db, shelf.item("Top"), slots=shelf.slots(), state="submitted")

    done = shelf.replace()

    assert gallery(waiting) == [shelf.old.id]
    assert done.left == [("Top", "waits for the retailer’s answer; withdraw it first")]


def test_a_picture_that_is_there_already_stands_once(db: Session, shelf: Shelf) -> None:
    draft = make_revision(db, shelf.item("Top"), slots=shelf.slots(shelf.new))

    shelf.replace()

    assert gallery(draft) == [shelf.new.id]


def test_what_could_not_be_sent_stays_a_draft(db: Session, shelf: Shelf) -> None:
    live = publish_page(db, shelf.item("Top"), slots=shelf.slots())
    shelf.new.alt, shelf.new.alt_text = {}, ""
    db.flush()

    done = shelf.replace()

    latest = find_latest(db, db.get_one(Revision, live.revision_id).content_id)
    assert latest is not None and latest.state == RevisionState.DRAFT
    assert (done.sent, done.drafts) == ([], ["Top"])


def test_a_picture_that_is_still_made_ready_goes_into_drafts(db: Session, shelf: Shelf) -> None:
    publish_page(db, shelf.item("Top"), slots=shelf.slots())
    shelf.new.state = AssetState.CHECKING
    db.flush()

    assert shelf.replace().drafts == ["Top"]


def test_an_earlier_version_is_left_alone(db: Session, shelf: Shelf) -> None:
    item = shelf.item("Top")
    publish_page(db, item, slots=shelf.slots())
    newer = publish_page(db, item, slots={"gallery.pictures": [shelf.new.id]})

    done = shelf.replace()

    latest = find_latest(db, db.get_one(Revision, newer.revision_id).content_id)
    assert latest is not None and latest.id == newer.revision_id
    assert (done.sent, done.drafts, done.left) == ([], [], [])


def test_items_no_longer_sold_and_other_vendors_pages_are_left_alone(db: Session, shelf: Shelf) -> None:
    retired = shelf.item("Cap")
    retired.is_retired = True
    draft = make_revision(db, retired, slots=shelf.slots())
    other = make_revision(db, make_item(db, shelf.retailer))

    done = shelf.replace()

    assert gallery(draft) == [shelf.old.id]
    assert shelf.new.id not in gallery(other)
    assert (done.sent, done.drafts, done.left) == ([], [], [])


def test_all_pages_are_held_before_the_log_is(db: Session, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    for title in ("Second Top", "First Top"):
        publish_page(db, shelf.item(title), slots=shelf.slots())
    taken: list[str] = []
    for module in (audit, drafts, replacing):
        monkeypatch.setattr(module, "lock_for_chain", lambda _, name: taken.append(name))

    shelf.replace()

    # Whoever saves and sends one of them holds it first and then asks for the log's lock.
    before = taken[: next(place for place, name in enumerate(taken) if name.startswith("audit"))]
    assert {name for name in taken if name.startswith("content")} <= set(before)
    assert before[:2] == sorted(before[:2])
