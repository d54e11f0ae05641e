"""Drafts, review, approval and publication, by their rules (W1 to W9)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.audit import AuditEntry, find_break
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import get_product
from qrmerch.catalog.service import NotSupplied
from qrmerch.content import drafts, publishing, reviewing, templates
from qrmerch.content.drafts import ChangedElsewhere, begin_draft
from qrmerch.content.holding import find_publication, find_shown
from qrmerch.content.models import Approval, Publication, Revision, RevisionState, Style
from qrmerch.content.publishing import NotApproved
from qrmerch.content.queries import (
    count_waiting,
    find_approval,
    find_last_return,
    find_template_of,
    fixed_values,
    get_newest_version,
    list_approved,
    list_templates,
    list_waiting,
    slots_of,
)
from qrmerch.content.reviewing import OwnWork
from qrmerch.content.revisions import DigestDiffers, NotOpen, digest_of
from qrmerch.content.shipped import sections_of
from qrmerch.content.slots import SlotLocked
from qrmerch.db import Database
from qrmerch.errors import Conflict, FormError
from qrmerch.parties.models import PageChange, Retailer, Vendor
from qrmerch.parties.queries import find_supply
from qrmerch.parties.service import add_host, end_supply
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

HOUR = timedelta(hours=1)


def make_shop(db: Session) -> tuple[Retailer, Item, Person, Person]:
    """A retailer with a template, an item there, the vendor's Vera and the retailer's Rob."""
    retailer = make_retailer(db, locales=["en", "ar"])
    vendor = make_vendor(db, retailer)
    item = make_item(db, retailer, vendor=vendor)
    make_template(db, retailer)
    vera = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=vendor)
    rob = make_person(db, Role.REVIEWER, name="Rob", retailer=retailer)
    return retailer, item, vera, rob


def count_entries(db: Session, action: str) -> int:
    return db.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action)) or 0


def count_changes(db: Session, item: Item) -> int:
    return db.scalar(select(func.count()).select_from(PageChange).where(PageChange.item_id == item.id)) or 0


# --- drafts ----------------------------------------------------------------------------------------


def test_a_first_draft_begins_with_what_the_catalogue_says(db: Session) -> None:
    _, item, vera, _ = make_shop(db)

    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)

    assert slots_of(draft) == {
        "story.lede": {"en": "The loose knit."},
        "story.text": {"en": "Open-stitch cotton."},
        "care.text": {"en": "Wash cool."},
    }
    product = draft.body["product"]
    assert (product["title"], product["category"]) == ("Marigold Top", "Tops")
    assert product["facts"] == [{"name": "Material", "value": "Cotton"}]
    assert (draft.number, draft.edit, draft.state) == (1, 0, RevisionState.DRAFT)


def test_a_text_of_the_catalogue_that_does_not_fit_is_left_out_whole(db: Session) -> None:
    _retailer, item, vera, _ = make_shop(db)
    product = get_product(db, item.product_id)
    product.texts = {"blurb": "b" * 81, "story": "[Us](https://sunnyside.example)", "care": ""}

    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)

    assert slots_of(draft) == {}


def test_markup_of_the_catalogue_does_not_reach_a_plain_line(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    get_product(db, item.product_id).texts = {"blurb": "The **loose** knit"}

    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)

    assert slots_of(draft)["story.lede"] == {"en": "The loose knit"}


def test_an_open_draft_is_opened_again_and_not_made_twice(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    first = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)

    again = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON + HOUR)

    assert again.id == first.id


def test_looking_at_what_a_draft_would_be_writes_nothing(db: Session) -> None:
    _, item, _, _ = make_shop(db)
    template = find_template_of(db, item)
    assert template is not None

    begin_draft(db, item, template, at=NOON)
    db.commit()

    assert db.scalar(select(func.count()).select_from(Revision)) == 0


def test_the_next_revision_begins_with_what_the_last_one_said(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    last = make_revision(db, item, state="approved", author=vera, slots={"story.lede": {"en": "Said before."}})

    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)

    assert draft.number == 2
    assert slots_of(draft) == slots_of(last)


def test_the_next_revision_leaves_out_what_the_template_no_longer_takes(db: Session) -> None:
    retailer, item, vera, _ = make_shop(db)
    make_revision(db, item, state="approved", author=vera, slots={"story.lede": {"en": "x" * 80}})
    (template,) = list_templates(db, retailer.id)
    sections = sections_of(Style.EVERYDAY)
    story = next(each for each in sections if each["key"] == "story")
    story["slots"][0]["max_chars"] = 40
    care = next(each for each in sections if each["key"] == "care")
    care["slots"][0]["lock"] = "fixed"
    templates.release_version(db, template, sections, at=NOON)

    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)

    assert "story.lede" not in slots_of(draft)
    assert "care.text" not in slots_of(draft)
    assert "story.text" in slots_of(draft)


def test_a_retailer_without_a_template_is_said_so(db: Session) -> None:
    retailer = make_retailer(db)
    item = make_item(db, retailer)

    with pytest.raises(Conflict, match="no page template"):
        drafts.open_draft(db, item, author_id=None, at=NOON)


def test_an_items_own_template_comes_before_the_default(db: Session) -> None:
    retailer, item, vera, _ = make_shop(db)
    quiet = make_template(db, retailer, style=Style.QUIET, is_default=False)
    item.template_id = quiet.id

    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)

    assert draft.template_version_id == get_newest_version(db, quiet.id).id


def test_saving_counts_and_keeps_what_is_not_named(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)

    drafts.save_draft(db, draft, {"story.lede": {"en": "New", "ar": "جديد"}}, edit=0, at=NOON + HOUR)

    assert (draft.edit, draft.saved_at) == (1, NOON + HOUR)
    assert slots_of(draft)["story.lede"] == {"en": "New", "ar": "جديد"}
    assert slots_of(draft)["care.text"] == {"en": "Wash cool."}


def test_an_empty_value_clears_its_slot(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)

    drafts.save_draft(db, draft, {"care.text": {"en": ""}}, edit=0, at=NOON)

    assert "care.text" not in slots_of(draft)


def test_the_second_of_two_tabs_is_told_and_overwrites_nothing(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)
    drafts.save_draft(db, draft, {"story.lede": "From the first tab"}, edit=0, at=NOON)

    with pytest.raises(ChangedElsewhere) as caught:
        drafts.save_draft(db, draft, {"story.lede": "From the second tab"}, edit=0, at=NOON)

    db.refresh(draft)
    assert caught.value.status == 409
    assert slots_of(draft)["story.lede"] == {"en": "From the first tab"}


def test_two_tabs_that_save_in_one_instant_cannot_both_win(db: Session, database: Database) -> None:
    _, item, vera, _ = make_shop(db)
    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)
    db.commit()
    with database.read() as second_tab:
        seen = second_tab.get_one(Revision, draft.id)
    drafts.save_draft(db, draft, {"story.lede": "First"}, edit=0, at=NOON)
    db.commit()

    with database.write() as late, pytest.raises(ChangedElsewhere):
        late.add(seen)
        drafts.save_draft(late, seen, {"story.lede": "Second"}, edit=0, at=NOON)


def test_a_refused_slot_saves_none(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)
    before = dict(slots_of(draft))

    with pytest.raises(FormError):
        drafts.save_draft(db, draft, {"care.text": "Fine", "story.lede": "x" * 81}, edit=0, at=NOON)
    with pytest.raises(SlotLocked):
        drafts.save_draft(db, draft, {"care.text": "Fine", "legal.text": "Mine"}, edit=0, at=NOON)

    db.refresh(draft)
    assert (slots_of(draft), draft.edit) == (before, 0)


def test_another_vendors_picture_is_refused(db: Session) -> None:
    retailer, item, vera, _ = make_shop(db)
    foreign = make_asset(db, make_vendor(db, retailer))
    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)

    with pytest.raises(FormError, match="not among yours"):
        drafts.save_draft(db, draft, {"gallery.pictures": [foreign.id]}, edit=0, at=NOON)


def test_links_may_lead_to_the_retailers_hosts_only(db: Session) -> None:
    retailer, item, vera, _ = make_shop(db)
    add_host(db, retailer, "fashiontown.example", is_primary=True, proven_at=NOON)
    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)

    drafts.save_draft(db, draft, {"story.text": "[Care](https://fashiontown.example/care)"}, edit=0, at=NOON)
    with pytest.raises(FormError, match="away from the retailer"):
        drafts.save_draft(db, draft, {"story.text": "[Buy](https://sunnyside.example)"}, edit=1, at=NOON)


@pytest.mark.parametrize("state", ["submitted", "approved", "returned", "withdrawn"])
def test_what_was_sent_does_not_change(db: Session, state: str) -> None:
    _, item, vera, _ = make_shop(db)
    revision = make_revision(db, item, state=state, author=vera)

    with pytest.raises(NotOpen):
        drafts.save_draft(db, revision, {"story.lede": "Later"}, edit=revision.edit, at=NOON)


def test_a_vendor_whose_supply_ended_writes_and_sends_nothing(db: Session) -> None:
    retailer, item, vera, _ = make_shop(db)
    draft = make_revision(db, item, author=vera)
    supply = find_supply(db, retailer.id, item.vendor_id)
    assert supply is not None
    end_supply(db, supply, at=NOON)

    with pytest.raises(NotSupplied):
        drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)
    with pytest.raises(NotSupplied):
        drafts.submit(db, draft, author_id=vera.user.id, at=NOON)


# --- sending and taking back -----------------------------------------------------------------------


def test_sending_seals_the_page_with_the_products_values(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    draft = make_revision(db, item, author=vera)
    get_product(db, item.product_id).maker = "Sunny Side"

    drafts.submit(db, draft, author_id=vera.user.id, at=NOON)

    assert (draft.state, draft.submitted_at, draft.author_id) == (RevisionState.SUBMITTED, NOON, vera.user.id)
    assert draft.body["product"]["maker"] == "Sunny Side"
    assert draft.digest == digest_of(draft.body)
    assert count_entries(db, "content.submit") == 1


def test_the_seal_is_the_same_after_reading_back(db: Session, database: Database) -> None:
    _, item, vera, _ = make_shop(db)
    sent = make_revision(db, item, state="submitted", author=vera, slots={"story.lede": {"en": "Größe", "ar": "مقاس"}})
    db.commit()

    with database.read() as again:
        kept = again.get_one(Revision, sent.id)

        assert digest_of(kept.body) == kept.digest


def test_an_unfinished_page_is_not_sent(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)
    drafts.save_draft(db, draft, {"story.lede": ""}, edit=0, at=NOON)

    with pytest.raises(FormError) as caught:
        drafts.submit(db, draft, author_id=vera.user.id, at=NOON)

    assert set(caught.value.problems) == {"gallery.pictures", "story.lede"}
    assert draft.state == RevisionState.DRAFT


def test_the_words_of_pictures_are_sealed_too(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    asset = make_asset(db, db.get_one(Vendor, item.vendor_id), alt={"en": "Front"})
    sent = make_revision(db, item, state="submitted", author=vera, slots={"gallery.pictures": [asset.id]})

    asset.alt = {"en": "Something else"}

    assert sent.body["pictures"][asset.id]["alt"] == {"en": "Front"}


def test_there_is_at_most_one_open_review(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    make_revision(db, item, state="submitted", author=vera)

    with pytest.raises(NotOpen, match="waits"):
        drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)


def test_a_withdrawn_page_can_be_written_again(db: Session) -> None:
    retailer, item, vera, _ = make_shop(db)
    sent = make_revision(db, item, state="submitted", author=vera)

    drafts.withdraw(db, sent, at=NOON, actor=Doer(vera.user.id))
    draft = drafts.open_draft(db, item, author_id=vera.user.id, at=NOON)

    assert (sent.state, draft.number, slots_of(draft)) == (RevisionState.WITHDRAWN, 2, slots_of(sent))
    assert count_waiting(db, retailer.id) == 0


@pytest.mark.parametrize("state", ["draft", "approved", "returned", "withdrawn"])
def test_only_what_waits_is_withdrawn(db: Session, state: str) -> None:
    _, item, vera, _ = make_shop(db)
    revision = make_revision(db, item, state=state, author=vera)

    with pytest.raises(NotOpen):
        drafts.withdraw(db, revision, at=NOON)


# --- answering -------------------------------------------------------------------------------------


def test_an_approval_is_kept_with_its_digest(db: Session) -> None:
    _, item, vera, rob = make_shop(db)
    sent = make_revision(db, item, state="submitted", author=vera)

    approval = reviewing.approve(db, sent, digest=sent.digest or "", reviewer=Doer(rob.user.id), at=NOON)

    assert (approval.digest, approval.reviewer_id, sent.state) == (sent.digest, rob.user.id, RevisionState.APPROVED)
    assert count_entries(db, "content.approve") == 1


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_an_approval_of_another_digest_is_refused(db: Session, digest: str) -> None:
    _, item, vera, rob = make_shop(db)
    sent = make_revision(db, item, state="submitted", author=vera)

    with pytest.raises(DigestDiffers) as caught:
        reviewing.approve(db, sent, digest=digest, reviewer=Doer(rob.user.id), at=NOON)

    assert caught.value.status == 409
    assert sent.state == RevisionState.SUBMITTED


def test_a_page_changed_behind_the_seal_is_not_approved(db: Session) -> None:
    _, item, vera, rob = make_shop(db)
    sent = make_revision(db, item, state="submitted", author=vera)
    sent.body = {**sent.body, "slots": {**sent.body["slots"], "story.lede": {"en": "Swapped"}}}
    db.flush()

    with pytest.raises(DigestDiffers):
        reviewing.approve(db, sent, digest=sent.digest or "", reviewer=Doer(rob.user.id), at=NOON)


def test_whoever_sent_a_page_does_not_approve_it(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    sent = make_revision(db, item, state="submitted", author=vera)

    with pytest.raises(OwnWork):
        reviewing.approve(db, sent, digest=sent.digest or "", reviewer=Doer(vera.user.id), at=NOON)


def test_a_page_goes_back_with_comments_on_its_slots(db: Session) -> None:
    _, item, vera, rob = make_shop(db)
    sent = make_revision(db, item, state="submitted", author=vera)
    comments = [
        {"slot": "story.lede", "text": " Name the cotton. "},
        {"slot": "care.text", "text": " "},
        {"slot": "", "text": "Nearly there."},
    ]

    answer = reviewing.send_back(
        db, sent, digest=sent.digest or "", comments=comments, reviewer=Doer(rob.user.id), at=NOON
    )

    assert answer.comments == [
        {"slot": "story.lede", "text": "Name the cotton."},
        {"slot": "", "text": "Nearly there."},
    ]
    assert sent.state == RevisionState.RETURNED
    assert count_entries(db, "content.return") == 1


@pytest.mark.parametrize(
    "comments",
    [[], [{"slot": "story.lede", "text": ""}], [{"slot": "no.slot", "text": "Hm"}], [{"slot": "", "text": "x" * 1001}]],
)
def test_a_page_does_not_go_back_without_a_comment_that_can_be_pinned(
    db: Session, comments: list[dict[str, str]]
) -> None:
    _, item, vera, rob = make_shop(db)
    sent = make_revision(db, item, state="submitted", author=vera)

    with pytest.raises(FormError):
        reviewing.send_back(db, sent, digest=sent.digest or "", comments=comments, reviewer=Doer(rob.user.id), at=NOON)

    assert sent.state == RevisionState.SUBMITTED


@pytest.mark.parametrize("state", ["draft", "approved", "returned", "withdrawn"])
def test_only_what_waits_is_answered(db: Session, state: str) -> None:
    _, item, vera, rob = make_shop(db)
    revision = make_revision(db, item, state=state, author=vera)
    digest = revision.digest or digest_of(revision.body)
    said = [{"slot": "", "text": "No"}]

    with pytest.raises(Conflict):
        reviewing.approve(db, revision, digest=digest, reviewer=Doer(rob.user.id), at=NOON)
    with pytest.raises(Conflict):
        reviewing.send_back(db, revision, digest=digest, comments=said, reviewer=Doer(rob.user.id), at=NOON)


def test_of_two_reviewers_one_is_too_late(db: Session, database: Database) -> None:
    _, item, vera, rob = make_shop(db)
    sent = make_revision(db, item, state="submitted", author=vera)
    db.commit()
    with database.read() as other:
        seen = other.get_one(Revision, sent.id)
    reviewing.approve(db, sent, digest=sent.digest or "", reviewer=Doer(rob.user.id), at=NOON)
    db.commit()

    with database.write() as late, pytest.raises(NotOpen):
        late.add(seen)
        said = [{"slot": "", "text": "No"}]
        reviewing.send_back(late, seen, digest=seen.digest or "", comments=said, reviewer=Doer(rob.user.id), at=NOON)


def test_the_comments_stay_until_a_later_revision_is_approved(db: Session) -> None:
    _, item, vera, rob = make_shop(db)
    make_revision(db, item, state="returned", author=vera)
    second = make_revision(db, item, state="submitted", author=vera)

    open_comments = find_last_return(db, second.content_id, before=second.number)
    reviewing.approve(db, second, digest=second.digest or "", reviewer=Doer(rob.user.id), at=NOON)

    assert open_comments is not None
    assert open_comments.comments == [{"slot": "story.lede", "text": "Could it name the cotton?"}]
    assert find_last_return(db, second.content_id, before=3) is None


def test_the_queue_is_oldest_first_and_knows_what_was_returned_before(db: Session) -> None:
    retailer, item, vera, _ = make_shop(db)
    vendor = db.get_one(Vendor, item.vendor_id)
    make_revision(db, item, state="returned", author=vera, at=NOON - 3 * HOUR)
    again = make_revision(db, item, state="submitted", author=vera, at=NOON - HOUR)
    older_item = make_item(db, retailer, vendor=vendor)
    older = make_revision(db, older_item, state="submitted", author=vera, at=NOON - 2 * HOUR)
    make_revision(db, make_item(db, make_retailer(db), vendor=vendor), state="submitted")

    waiting, total = list_waiting(db, retailer.id)

    assert [(each.revision.id, each.is_again) for each in waiting] == [(older.id, False), (again.id, True)]
    assert total == 2


# --- publishing ------------------------------------------------------------------------------------


def test_an_approved_page_shows_from_now_on_everywhere(db: Session) -> None:
    retailer, item, vera, rob = make_shop(db)
    store = make_store(db, retailer)
    revision = make_revision(db, item, state="approved", author=vera)
    before = count_changes(db, item)

    row = publishing.publish(db, revision, actor=Doer(rob.user.id), at=NOON)

    for store_id in (None, store.id):
        assert find_publication(db, item.id, store_id=store_id, at=NOON) is row
        assert find_publication(db, item.id, store_id=store_id, at=NOON - HOUR) is None
    assert count_changes(db, item) == before + 1
    assert count_entries(db, "content.publish") == 1
    assert row.created_by == rob.user.id


@pytest.mark.parametrize("state", ["draft", "submitted", "returned", "withdrawn"])
def test_what_is_not_approved_is_not_published(db: Session, state: str) -> None:
    _, item, vera, rob = make_shop(db)
    revision = make_revision(db, item, state=state, author=vera)

    with pytest.raises(NotApproved):
        publishing.publish(db, revision, actor=Doer(rob.user.id), at=NOON)

    assert db.scalar(select(func.count()).select_from(Publication)) == 0


def test_a_word_instead_of_an_approval_is_not_enough(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    revision = make_revision(db, item, state="submitted", author=vera)
    revision.state = RevisionState.APPROVED
    db.flush()

    with pytest.raises(NotApproved):
        publishing.publish(db, revision, actor=None, at=NOON)


def test_an_approval_of_another_digest_does_not_publish(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    revision = make_revision(db, item, state="approved", author=vera)
    approval = find_approval(db, revision.id)
    assert approval is not None
    approval.digest = "0" * 64
    db.flush()

    with pytest.raises(NotApproved):
        publishing.publish(db, revision, actor=None, at=NOON)


def test_a_page_changed_behind_the_seal_is_not_published(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    revision = make_revision(db, item, state="approved", author=vera)
    revision.body = {**revision.body, "slots": {"story.lede": {"en": "Swapped"}}}
    db.flush()

    with pytest.raises(NotApproved):
        publishing.publish(db, revision, actor=None, at=NOON)


def test_a_publication_ends_when_it_says_and_what_held_before_holds_again(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    base = publish_page(db, item)
    revision = make_revision(db, item, state="approved", author=vera)

    sale = publishing.publish(db, revision, actor=None, at=NOON, from_at=NOON + HOUR, until_at=NOON + 2 * HOUR)

    held = [
        find_publication(db, item.id, store_id=None, at=NOON + minutes * HOUR / 60) for minutes in (59, 60, 119, 120)
    ]
    assert held == [base, sale, sale, base]


def test_a_publication_for_some_stores_leaves_the_others_alone(db: Session) -> None:
    retailer, item, vera, _ = make_shop(db)
    here, there = make_store(db, retailer), make_store(db, retailer)
    base = publish_page(db, item)
    revision = make_revision(db, item, state="approved", author=vera)

    only = publishing.publish(db, revision, actor=None, at=NOON, store_ids=[here.id])

    held = [find_publication(db, item.id, store_id=each, at=NOON) for each in (here.id, there.id, None)]
    assert held == [only, base, base]


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"from_at": NOON - HOUR}, "from_at"),
        ({"until_at": NOON}, "until_at"),
        ({"from_at": NOON + HOUR, "until_at": NOON + HOUR}, "until_at"),
        ({"store_ids": []}, "store_ids"),
        ({"store_ids": ["nowhere"]}, "store_ids"),
    ],
)
def test_terms_that_cannot_be_are_refused(db: Session, terms: dict[str, object], field: str) -> None:
    _, item, vera, _ = make_shop(db)
    revision = make_revision(db, item, state="approved", author=vera)

    with pytest.raises(FormError) as caught:
        publishing.publish(db, revision, actor=None, at=NOON, **terms)  # type: ignore[arg-type]

    assert set(caught.value.problems) == {field}


def test_a_store_of_another_retailer_is_refused(db: Session) -> None:
    _, item, vera, _ = make_shop(db)
    foreign = make_store(db, make_retailer(db))
    revision = make_revision(db, item, state="approved", author=vera)

    with pytest.raises(FormError, match="not yours"):
        publishing.publish(db, revision, actor=None, at=NOON, store_ids=[foreign.id])


def test_rolling_back_is_publishing_the_older_one_again(db: Session) -> None:
    _, item, _vera, _ = make_shop(db)
    old = publish_page(db, item, at=NOON - 3 * HOUR)
    publish_page(db, item, at=NOON - 2 * HOUR)
    older = next(each.revision for each in list_approved(db, item.id) if each.revision.id == old.revision_id)

    back = publishing.publish(db, older, actor=None, at=NOON)

    assert find_publication(db, item.id, store_id=None, at=NOON) is back
    assert back.revision_id == old.revision_id


def test_a_take_down_hides_the_page_everywhere_at_once_and_what_was_planned(db: Session) -> None:
    retailer, item, vera, rob = make_shop(db)
    store = make_store(db, retailer)
    publish_page(db, item)
    publishing.publish(
        db,
        make_revision(db, item, state="approved", author=vera),
        actor=None,
        at=NOON - HOUR,
        from_at=NOON + HOUR,
        store_ids=[store.id],
    )

    down = publishing.take_down(db, item, reason="Recall 4711", actor=Doer(rob.user.id), at=NOON)

    for store_id in (None, store.id):
        for at in (NOON, NOON + 2 * HOUR):
            assert find_publication(db, item.id, store_id=store_id, at=at) is down
    assert find_shown(db, item.id, at=NOON) is None
    assert count_entries(db, "content.take_down") == 1


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_a_take_down_needs_a_reason_that_fits(db: Session, reason: str) -> None:
    _, item, _, _ = make_shop(db)
    publish_page(db, item)

    with pytest.raises(FormError):
        publishing.take_down(db, item, reason=reason, actor=None, at=NOON)


def test_a_take_down_holds_although_a_clock_was_set_back(db: Session) -> None:
    _, item, _, _ = make_shop(db)
    publish_page(db, item, at=NOON)

    down = publishing.take_down(db, item, reason="Recall", actor=None, at=NOON - HOUR)

    assert find_publication(db, item.id, store_id=None, at=NOON + HOUR) is down


def test_publishing_again_ends_a_take_down(db: Session) -> None:
    _, item, _, _ = make_shop(db)
    page = publish_page(db, item)
    publishing.take_down(db, item, reason="Recall", actor=None, at=NOON)

    again = publishing.publish(db, db.get_one(Revision, page.revision_id), actor=None, at=NOON + HOUR)

    assert find_publication(db, item.id, store_id=None, at=NOON + HOUR) is again


# --- trusted vendors -------------------------------------------------------------------------------


def make_trusted_shop(db: Session) -> tuple[Retailer, Item]:
    retailer = make_retailer(db)
    item = make_item(db, retailer, vendor=make_vendor(db, retailer, is_trusted=True))
    make_template(db, retailer)
    return retailer, item


def test_a_trusted_vendors_page_is_approved_by_rule(db: Session) -> None:
    _retailer, item = make_trusted_shop(db)

    revision = make_revision(db, item, state="submitted")

    approval = find_approval(db, revision.id)
    assert approval is not None
    assert (revision.state, approval.reviewer_id, approval.digest) == (RevisionState.APPROVED, None, revision.digest)
    entry = db.scalars(select(AuditEntry).where(AuditEntry.action == "content.approve")).one()
    assert entry.actor == "system"


def test_a_trusted_vendors_first_page_waits_for_a_person_to_publish(db: Session) -> None:
    _, item = make_trusted_shop(db)

    make_revision(db, item, state="submitted")

    assert find_shown(db, item.id, at=NOON) is None


def test_a_trusted_vendors_next_page_follows_the_live_one_in_its_stores_and_time(db: Session) -> None:
    retailer, item = make_trusted_shop(db)
    store = make_store(db, retailer)
    publish_page(db, item, at=NOON - 2 * HOUR, stores=(store,), until_at=NOON + HOUR)

    revision = make_revision(db, item, state="submitted", at=NOON - HOUR)

    now = find_publication(db, item.id, store_id=store.id, at=NOON)
    assert now is not None
    assert (now.revision_id, now.store_ids, now.until_at) == (revision.id, [store.id], NOON + HOUR)
    assert find_publication(db, item.id, store_id=None, at=NOON) is None


def test_a_trusted_vendors_page_does_not_undo_a_take_down(db: Session) -> None:
    _, item = make_trusted_shop(db)
    publish_page(db, item, at=NOON - 2 * HOUR)
    publishing.take_down(db, item, reason="Recall", actor=None, at=NOON - HOUR)

    make_revision(db, item, state="submitted", at=NOON)

    assert find_shown(db, item.id, at=NOON) is None


def test_a_trusted_vendors_page_does_not_follow_one_that_has_ended(db: Session) -> None:
    _, item = make_trusted_shop(db)
    publish_page(db, item, at=NOON - 3 * HOUR, until_at=NOON - HOUR)

    make_revision(db, item, state="submitted", at=NOON)

    assert find_shown(db, item.id, at=NOON) is None


# --- templates -------------------------------------------------------------------------------------


def test_the_first_template_is_the_default_and_another_can_take_its_place(db: Session) -> None:
    retailer = make_retailer(db)
    first = templates.add_template(db, retailer.id, name="Everyday", style=Style.EVERYDAY, at=NOON)
    second = templates.add_template(db, retailer.id, name="Quiet", style=Style.QUIET, at=NOON)
    assert (first.is_default, second.is_default) == (True, False)

    templates.make_default(db, second, at=NOON, actor=None)

    assert [each.is_default for each in (first, second)] == [False, True]
    assert list_templates(db, retailer.id)[0] is second


def test_another_retailers_default_stays(db: Session) -> None:
    ours, theirs = make_retailer(db), make_retailer(db)
    template = make_template(db, theirs)

    make_template(db, ours)

    db.refresh(template)
    assert template.is_default


@pytest.mark.parametrize("name", ["", "x" * 81, "everyday"])
def test_a_template_needs_a_name_of_its_own(db: Session, name: str) -> None:
    retailer = make_retailer(db)
    templates.add_template(db, retailer.id, name="Everyday", style=Style.EVERYDAY, at=NOON)

    with pytest.raises(FormError):
        templates.add_template(db, retailer.id, name=name, style=Style.QUIET, at=NOON)


def test_a_fixed_value_holds_from_its_instant_on_in_every_version(db: Session) -> None:
    retailer, _item, _, rob = make_shop(db)
    (template,) = list_templates(db, retailer.id)
    templates.set_fixed(db, template, "legal.text", {"en": "Old"}, at=NOON, actor=Doer(rob.user.id))

    templates.set_fixed(db, template, "legal.text", {"en": "New", "ar": ""}, at=NOON + HOUR, actor=Doer(rob.user.id))

    assert fixed_values(db, template.id, at=NOON + HOUR / 2) == {"legal.text": {"en": "Old"}}
    assert fixed_values(db, template.id, at=NOON + HOUR) == {"legal.text": {"en": "New"}}
    assert count_entries(db, "template.fix") == 2
    whole = select(func.count()).select_from(PageChange).where(PageChange.item_id.is_(None), PageChange.at >= NOON)
    assert db.scalar(whole) == 2


@pytest.mark.parametrize(
    ("slot", "value"),
    [
        ("story.text", {"en": "Not fixed"}),
        ("no.slot", {"en": "Not there"}),
        ("legal.text", {"en": "x" * 601}),
        ("legal.text", {"de": "Nicht unsere Sprache"}),
        ("delivery.text", {"en": "[Here](http://fashiontown.example)"}),
    ],
)
def test_a_fixed_value_that_does_not_fit_is_refused(db: Session, slot: str, value: dict[str, str]) -> None:
    retailer, _, _, _ = make_shop(db)
    (template,) = list_templates(db, retailer.id)

    with pytest.raises(FormError):
        templates.set_fixed(db, template, slot, value, at=NOON, actor=None)


def test_what_was_done_is_in_an_unbroken_chain(db: Session) -> None:
    retailer, item, _vera, rob = make_shop(db)
    publish_page(db, item)
    publishing.take_down(db, item, reason="Recall", actor=Doer(rob.user.id), at=NOON)

    assert find_break(db, retailer.id) is None
    actions = list(
        db.scalars(select(AuditEntry.action).where(AuditEntry.chain == retailer.id).order_by(AuditEntry.number))
    )
    assert actions[-4:] == ["content.submit", "content.approve", "content.publish", "content.take_down"]
    assert db.scalar(select(func.count()).select_from(Approval)) == 1


def test_nothing_of_a_suspended_vendor_shows(db: Session) -> None:
    retailer, item, _, _ = make_shop(db)
    publish_page(db, item)
    supply = find_supply(db, retailer.id, item.vendor_id)
    assert supply is not None

    end_supply(db, supply, at=NOON)

    assert find_shown(db, item.id, at=NOON) is None
