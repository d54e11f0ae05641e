"""Answers besides plain approval: rejecting, assigning, one's own work, small changes together and by rule."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.catalog.models import Item
from qrmerch.content import drafts, reviewing
from qrmerch.content.holding import find_shown
from qrmerch.content.models import Approval, Revision, RevisionState, Verdict
from qrmerch.content.queries import find_last_return, slots_of
from qrmerch.content.reviewing import MAX_AT_ONCE, OwnWork, Seen, approve_small, measure
from qrmerch.content.revisions import NotOpen
from qrmerch.db import Database
from qrmerch.errors import FormError
from qrmerch.parties.models import Retailer, RetailerHost, Supply, Vendor
from qrmerch.parties.queries import find_supply
from tests.conftest import NOON
from tests.factories import (
    Doer,
    Person,
    make_asset,
    make_item,
    make_person,
    make_retailer,
    make_revision,
    make_store,
    make_template,
    make_vendor,
    publish_page,
)

OTHER = "Something else altogether: a page for people who read to the very end."
LEDE = "The loose knit that makes jeans look like a plan."


@pytest.fixture
def retailer(db: Session) -> Retailer:
    retailer = make_retailer(db, name="Fashiontown", locales=["en", "ar"])
    make_template(db, retailer)
    return retailer


@pytest.fixture
def item(db: Session, retailer: Retailer) -> Item:
    return make_item(db, retailer, vendor=make_vendor(db, retailer, name="Sunny Side"), title="Marigold Top")


@pytest.fixture
def rob(db: Session, retailer: Retailer) -> Person:
    return make_person(db, Role.REVIEWER, name="Rob", retailer=retailer)


def next_of(db: Session, item: Item, state: str = "submitted", author: Person | None = None, **slots: Any) -> Revision:
    """What follows the page that is live: the same but for these slots, written `story_lede`."""
    shown = find_shown(db, item.id, at=NOON)
    base = slots_of(db.get_one(Revision, shown.revision_id)) if shown else {}
    changed = {name.replace("_", ".", 1): value for name, value in slots.items()}
    return make_revision(db, item, state=state, author=author, slots={**base, **changed}, at=NOON)


def seen(revision: Revision) -> Seen:
    return Seen(revision.id, revision.digest or "")


# --- rejecting and comments ------------------------------------------------------------------------


def test_a_rejected_page_keeps_its_reason_and_can_be_written_anew(db: Session, item: Item, rob: Person) -> None:
    revision = make_revision(db, item, state="submitted")
    pinned = [{"slot": "story.lede", "locale": "ar", "text": "Too long"}]

    answer = reviewing.reject(
        db,
        revision,
        digest=str(revision.digest),
        reason="Not in our range",
        comments=pinned,
        reviewer=Doer(rob.user.id),
        at=NOON,
    )

    assert (revision.state, answer.verdict) == (RevisionState.REJECTED, Verdict.REJECTED)
    assert answer.comments == [{"slot": "", "text": "Not in our range"}, {**pinned[0]}]
    following = make_revision(db, item, state="submitted", at=NOON)
    assert following.number == revision.number + 1
    back = find_last_return(db, following.content_id, before=following.number)
    assert back is not None and back.id == answer.id


@pytest.mark.parametrize("reason", ["", "  \u200b ", "x" * 1001])
def test_a_rejection_needs_a_reason_that_fits(db: Session, item: Item, rob: Person, reason: str) -> None:
    revision = make_revision(db, item, state="submitted")

    with pytest.raises(FormError) as refused:
        reviewing.reject(db, revision, digest=str(revision.digest), reason=reason, reviewer=Doer(rob.user.id), at=NOON)

    assert list(refused.value.problems) == ["comment."]
    assert revision.state == RevisionState.SUBMITTED


def test_what_was_answered_is_not_rejected(db: Session, item: Item, rob: Person) -> None:
    revision = make_revision(db, item, state="approved")

    with pytest.raises(NotOpen):
        reviewing.reject(db, revision, digest=str(revision.digest), reason="Late", reviewer=Doer(rob.user.id), at=NOON)


def test_a_comment_is_about_a_language_of_the_house(db: Session, item: Item, rob: Person) -> None:
    revision = make_revision(db, item, state="submitted")

    def send_back(locale: str) -> None:
        comments = [{"slot": "story.lede", "locale": locale, "text": "Shorter"}]
        reviewing.send_back(
            db, revision, digest=str(revision.digest), comments=comments, reviewer=Doer(rob.user.id), at=NOON
        )

    with pytest.raises(FormError) as refused:
        send_back("fr")
    assert list(refused.value.problems) == ["comment.story.lede@fr"]
    send_back("ar")
    assert revision.state == RevisionState.RETURNED


# --- who answers -----------------------------------------------------------------------------------


def test_who_answers_and_by_when_is_noted_with_both_sides(db: Session, item: Item, rob: Person) -> None:
    revision = make_revision(db, item, state="submitted")
    due_at, olive = NOON + timedelta(hours=3), Doer("olive")

    reviewing.assign(db, revision, assignee_id=rob.user.id, due_at=due_at, actor=olive, at=NOON)
    reviewing.assign(db, revision, assignee_id=rob.user.id, due_at=due_at, actor=olive, at=NOON)
    reviewing.assign(db, revision, assignee_id=None, due_at=due_at, actor=olive, at=NOON + timedelta(days=1))

    entries = list(db.scalars(select(AuditEntry).where(AuditEntry.action == "review.assign")))
    assert [each.detail["after"] for each in entries] == [
        {"assignee": rob.user.id, "due": due_at.isoformat()},
        {"assignee": None},
    ]
    assert entries[1].detail["before"] == {"assignee": rob.user.id}


def test_only_who_reviews_here_is_assigned_and_only_in_time(db: Session, item: Item) -> None:
    revision = make_revision(db, item, state="submitted")
    other = make_person(db, Role.REVIEWER, retailer=make_retailer(db))
    analyst = make_person(db, Role.ANALYST, retailer=db.get_one(Retailer, item.retailer_id))

    for person in (other, analyst):
        with pytest.raises(FormError) as refused:
            reviewing.assign(
                db, revision, assignee_id=person.user.id, due_at=NOON, actor=Doer("o"), at=NOON + timedelta(hours=1)
            )
        assert sorted(refused.value.problems) == ["assignee", "due"]
    assert revision.assignee_id is None and revision.due_at is None


def test_what_is_answered_is_nobodys_any_more(db: Session, item: Item, rob: Person) -> None:
    revision = make_revision(db, item, state="returned")

    with pytest.raises(NotOpen):
        reviewing.assign(db, revision, assignee_id=rob.user.id, due_at=None, actor=Doer("o"), at=NOON)


def test_a_house_that_says_how_soon_gives_each_page_its_time(db: Session, retailer: Retailer, item: Item) -> None:
    retailer.answer_hours = 24

    revision = make_revision(db, item, state="submitted", at=NOON)

    assert revision.due_at == NOON + timedelta(hours=24)


# --- one's own -------------------------------------------------------------------------------------


def test_ones_own_page_is_approved_only_where_the_house_allows_it(db: Session, retailer: Retailer, item: Item) -> None:
    vera = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=db.get_one(Vendor, item.vendor_id))
    revision = make_revision(db, item, state="submitted", author=vera)
    actor = Doer(vera.user.id)

    with pytest.raises(OwnWork):
        reviewing.approve(db, revision, digest=str(revision.digest), reviewer=actor, at=NOON)
    retailer.allows_own_approval = True
    answer = reviewing.approve(db, revision, digest=str(revision.digest), reviewer=actor, at=NOON)

    assert answer.is_own
    assert db.scalar(select(AuditEntry.actor).where(AuditEntry.action == "content.approve_own")) == (
        f"user:{vera.user.id}"
    )


def test_somebody_elses_is_not_marked_as_ones_own(db: Session, retailer: Retailer, item: Item) -> None:
    retailer.allows_own_approval = True

    revision = make_revision(db, item, state="approved")

    assert not db.scalars(select(Approval).where(Approval.revision_id == revision.id)).one().is_own


# --- small changes together ------------------------------------------------------------------------


def test_small_is_a_few_words_in_few_slots_of_a_live_page(db: Session, item: Item) -> None:
    assert not measure(db, make_revision(db, item, state="approved"), at=NOON).is_small, "a new page is not small"
    publish_page(db, item, slots={"story.lede": {"en": LEDE, "ar": "حياكة"}})
    few, vendor = LEDE.replace("loose", "soft"), db.get_one(Vendor, item.vendor_id)

    def is_small(**slots: Any) -> bool:
        revision = next_of(db, item, "withdrawn", **slots)
        return measure(db, revision, at=NOON).is_small

    assert is_small(story_lede={"en": few, "ar": "حياكة"})
    assert not is_small(story_lede={"en": OTHER, "ar": "حياكة"}), "too many words"
    assert not is_small(story_lede={"en": LEDE}), "words that go altogether"
    assert not is_small(care_text={"en": "Wash cool."}), "words where none were"
    assert not is_small(gallery_pictures=[make_asset(db, vendor).id]), "another picture"
    assert not is_small(), "nothing at all changes"


def test_small_changes_are_approved_each_for_its_own_digest(db: Session, retailer: Retailer, rob: Person) -> None:
    small, large, stale = [
        make_item(db, retailer, vendor=make_vendor(db, retailer), title=title) for title in ("Small", "Large", "Stale")
    ]
    for each in (small, large, stale):
        publish_page(db, each, slots={"story.lede": {"en": LEDE}})
    sent = [
        next_of(db, small, story_lede={"en": LEDE.replace("loose", "soft")}),
        next_of(db, large, story_lede={"en": OTHER}),
        next_of(db, stale, story_lede={"en": LEDE.replace("loose", "wide")}),
    ]
    shown = [seen(sent[0]), seen(sent[1]), Seen(sent[2].id, "0" * 64)]

    answered = approve_small(db, shown, reviewer=Doer(rob.user.id), at=NOON)

    assert [each.id for each in answered.approved] == [sent[0].id]
    assert "more than a small change" in answered.left[sent[1].id]
    assert "not what waits" in answered.left[sent[2].id]
    assert [each.state for each in sent] == ["approved", "submitted", "submitted"]


def test_what_follows_a_live_page_shows_at_once_if_asked(db: Session, item: Item, rob: Person) -> None:
    publish_page(db, item, slots={"story.lede": {"en": LEDE}})
    revision = next_of(db, item, story_lede={"en": LEDE.replace("loose", "soft")})

    approve_small(db, [seen(revision)], reviewer=Doer(rob.user.id), at=NOON, follows=True)

    shown = find_shown(db, item.id, at=NOON)
    assert shown is not None and shown.revision_id == revision.id


def test_the_same_twice_is_answered_once(db: Session, item: Item, rob: Person) -> None:
    publish_page(db, item, slots={"story.lede": {"en": LEDE}})
    revision = next_of(db, item, story_lede={"en": LEDE.replace("loose", "soft")})
    both = [seen(revision), seen(revision)]

    first = approve_small(db, both, reviewer=Doer(rob.user.id), at=NOON)
    second = approve_small(db, both, reviewer=Doer(rob.user.id), at=NOON)

    assert len(first.approved) == 1 and not first.left
    assert not second.approved and "answered in the meantime" in second.left[revision.id]


def test_more_than_anybody_looks_at_is_refused(db: Session, item: Item) -> None:
    with pytest.raises(FormError):
        approve_small(db, [Seen(str(n), "") for n in range(MAX_AT_ONCE + 1)], reviewer=Doer("rob"), at=NOON)


def test_two_reviewers_at_once_answer_each_revision_once(database: Database, db: Session, retailer: Retailer) -> None:
    revisions = []
    for number in range(6):
        item = make_item(db, retailer, vendor=make_vendor(db, retailer), title=f"Top {number}")
        publish_page(db, item, slots={"story.lede": {"en": LEDE}})
        revisions.append(next_of(db, item, story_lede={"en": LEDE.replace("loose", "soft")}))
    reviewers = [make_person(db, Role.REVIEWER, retailer=retailer) for _ in range(4)]
    shown = [seen(each) for each in revisions]
    db.commit()

    def answer(number: int) -> int:
        with database.write() as own:
            # Each begins somewhere else.
            mine = [*shown[number:], *shown[:number]]
            done = approve_small(own, mine, reviewer=Doer(reviewers[number].user.id), at=NOON)
            own.commit()
            return len(done.approved)

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(answer, range(4)))

    assert sum(counts) == 6
    answers = (
        select(func.count()).select_from(Approval).where(Approval.revision_id.in_([each.id for each in revisions]))
    )
    assert db.scalar(answers) == 6


# --- by rule ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "word", "is_through"),
    [
        ({"small": True, "max_chars": 10, "slots": ["story.lede"]}, "soft", True),
        ({"small": True, "max_chars": 8, "slots": ["story.lede"]}, "soft", False),
        ({"small": True, "max_chars": 10, "slots": ["story.text"]}, "soft", False),
        ({}, "soft", False),
    ],
)
def test_a_rule_lets_through_what_fits_it_and_shows_it(
    db: Session, item: Item, rules: dict[str, Any], word: str, is_through: bool
) -> None:
    publish_page(db, item, slots={"story.lede": {"en": LEDE}})
    supply = find_supply(db, item.retailer_id, item.vendor_id)
    assert supply is not None
    supply.rules = rules

    revision = next_of(db, item, story_lede={"en": LEDE.replace("loose", word)})

    assert (revision.state == RevisionState.APPROVED) == is_through
    shown = find_shown(db, item.id, at=NOON)
    assert shown is not None and (shown.revision_id == revision.id) == is_through
    if is_through:
        answer = db.scalars(select(Approval).where(Approval.revision_id == revision.id)).one()
        assert (answer.rule, answer.reviewer_id) == ("small", None)


def test_no_rule_lets_a_first_page_or_a_picture_through(db: Session, item: Item) -> None:
    supply = find_supply(db, item.retailer_id, item.vendor_id)
    assert supply is not None
    supply.rules = {"small": True, "max_chars": 80, "slots": ["story.lede", "gallery.pictures"]}

    first = make_revision(db, item, state="submitted")
    assert first.state == RevisionState.SUBMITTED
    drafts.withdraw(db, first, at=NOON)
    publish_page(db, item)
    pictures = [make_asset(db, db.get_one(Vendor, item.vendor_id)).id]
    assert next_of(db, item, gallery_pictures=pictures).state == RevisionState.SUBMITTED


def test_small_changes_are_shown_only_while_their_links_stay_at_the_retailers(db: Session) -> None:
    retailer = make_retailer(db, name="Fashiontown")
    host = RetailerHost(retailer_id=retailer.id, host="shop.fashiontown.example", proven_at=NOON)
    db.add(host)
    words = {"en": "Look [here](https://shop.fashiontown.example/care) for the loose knit that makes jeans a plan."}
    soft = {"en": words["en"].replace("loose", "soft")}
    rob = make_person(db, Role.MERCHANDISER, name="Rob", retailer=retailer)
    item = make_item(db, retailer)
    live = publish_page(db, item, slots={"story.text": words})
    base = slots_of(db.get_one(Revision, live.revision_id))
    revision = make_revision(db, item, state="submitted", slots={**base, "story.text": soft}, at=NOON)
    seen = [Seen(revision.id, revision.digest or "")]

    unfollowed = approve_small(db, seen, reviewer=Doer(rob.user.id), at=NOON, follows=True, follows_links=True)
    host.proven_at = None
    db.flush()
    away = approve_small(db, seen, reviewer=Doer(rob.user.id), at=NOON, follows=True)

    assert "is being checked" in unfollowed.left[revision.id]
    assert "away from the retailer" in away.left[revision.id]
    shown = find_shown(db, item.id, at=NOON)
    assert revision.state == RevisionState.SUBMITTED and shown is not None and shown.id == live.id


def test_a_trusted_page_is_sent_though_what_is_planned_could_not_be_published_anew(db: Session) -> None:
    retailer = make_retailer(db, name="Fashiontown")
    vendor = make_vendor(db, retailer, name="Sunny Side")
    host = RetailerHost(retailer_id=retailer.id, host="shop.fashiontown.example", proven_at=NOON)
    db.add(host)
    item = make_item(db, retailer, vendor=vendor)
    live = publish_page(db, item)
    linked = {"story.text": {"en": "Look [here](https://shop.fashiontown.example/care)."}}
    publish_page(db, item, slots=linked, at=NOON - timedelta(days=2), from_at=NOON + timedelta(days=4))
    host.proven_at = None
    _supply(db, retailer, vendor).is_trusted = True
    db.flush()

    plain: dict[str, object] = {"story.text": {"en": "No link at all."}}
    sent = make_revision(db, item, state="submitted", slots=plain, at=NOON)

    shown = find_shown(db, item.id, at=NOON)
    assert sent.state == RevisionState.APPROVED and shown is not None and shown.id == live.id


def _supply(db: Session, retailer: Retailer, vendor: Vendor) -> Supply:
    found = find_supply(db, retailer.id, vendor.id)
    assert found is not None
    return found


def test_many_small_changes_are_a_large_one_until_somebody_looks(
    db: Session, retailer: Retailer, item: Item, rob: Person
) -> None:
    _supply(db, retailer, db.get_one(Vendor, item.vendor_id)).rules = {
        "small": True,
        "max_chars": 12,
        "slots": ["story.lede"],
    }
    lede = "The loose knit that makes jeans look like a plan."
    publish_page(db, item, slots={"story.lede": {"en": lede}})

    states = []
    for before, after in (("loose", "soft"), ("knit", "wool"), ("jeans", "shirts")):
        lede = lede.replace(before, after)
        sent = next_of(db, item, story_lede={"en": lede})
        states.append(sent.state)
        if sent.state == RevisionState.SUBMITTED:
            reviewing.approve(db, sent, digest=sent.digest or "", reviewer=Doer(rob.user.id), at=NOON)
            reviewing.follow(db, sent, item, at=NOON)

    assert states == [RevisionState.APPROVED, RevisionState.SUBMITTED, RevisionState.APPROVED]


def test_a_change_that_is_small_in_one_store_only_waits(db: Session, retailer: Retailer, item: Item) -> None:
    _supply(db, retailer, db.get_one(Vendor, item.vendor_id)).rules = {
        "small": True,
        "max_chars": 12,
        "slots": ["story.lede"],
    }
    publish_page(db, item, slots={"story.lede": {"en": "Something quite different for everybody else."}})
    lede = "The loose knit that makes jeans look like a plan."
    at = NOON - timedelta(days=1)
    publish_page(db, item, slots={"story.lede": {"en": lede}}, at=at, stores=(make_store(db, retailer),))

    sent = next_of(db, item, story_lede={"en": lede.replace("loose", "soft")})

    assert sent.state == RevisionState.SUBMITTED
