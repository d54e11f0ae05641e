"""Review at the desk through HTTP: the queue, one revision, the answers, publication, rolling back, taking down."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.catalog.models import Item
from qrmerch.clock import now
from qrmerch.content import publishing
from qrmerch.content.holding import find_publication, list_places_of, list_publications
from qrmerch.content.models import Approval, PageTemplate, Publication, Revision, RevisionState
from qrmerch.content.queries import slots_of
from qrmerch.content.weekly import read_weekly
from qrmerch.db import Database
from qrmerch.desk.publications import state_of
from qrmerch.media.models import Asset
from qrmerch.parties.models import Retailer, Store, Vendor
from qrmerch.web import Services
from tests.browsing import Browser, find_form
from tests.conftest import NOON
from tests.factories import (
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
AWAY = {"kind": "QRCode", "text": "https://example.com/summer", "is_here": False}


@dataclass
class House:
    """Fashiontown with a live page of an item, the next revision of it waiting, and its people."""

    retailer: Retailer
    store: Store
    vendor: Vendor
    template: PageTemplate
    item: Item
    live: Publication
    waiting: Revision
    vera: Person
    mia: Person
    rob: Person

    @property
    def address(self) -> str:
        return f"/desk/review/{self.waiting.id}"


@pytest.fixture
def house(db: Session) -> House:
    retailer = make_retailer(db, name="Fashiontown", locales=["en", "ar"])
    store = make_store(db, retailer, short_name="Riverside")
    make_store(db, retailer, short_name="Galleria")
    vendor = make_vendor(db, retailer, name="Sunny Side")
    template = make_template(db, retailer)
    item = make_item(db, retailer, vendor=vendor, title="Marigold Slouch Top")
    live = publish_page(db, item, slots={"story.lede": {"en": "A loose knit."}})
    vera = make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=vendor)
    pictures = slots_of(db.get_one(Revision, live.revision_id))["gallery.pictures"]
    words = {"story.lede": {"en": "A loose cotton knit.", "ar": "حياكة"}, "gallery.pictures": pictures}
    waiting = make_revision(db, item, state="submitted", author=vera, slots=words, at=now() - 5 * HOUR)
    mia = make_person(db, Role.MERCHANDISER, name="Mia", retailer=retailer)
    rob = make_person(db, Role.REVIEWER, name="Rob", retailer=retailer)
    db.commit()
    return House(retailer, store, vendor, template, item, live, waiting, vera, mia, rob)


def revision_of(database: Database, revision: Revision) -> Revision:
    with database.read() as db:
        return db.get_one(Revision, revision.id)


def shown_now(database: Database, item: Item, store: Store | None = None) -> str | None:
    """The id of the revision that shows now."""
    with database.read() as db:
        row = find_publication(db, item.id, store_id=store.id if store else None, at=now())
        return row.revision_id if row else None


def count(database: Database, table: type) -> int:
    with database.read() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


# --- the queue -------------------------------------------------------------------------------------


def test_the_queue_says_what_waits_and_for_how_long(house: House, browser: Browser) -> None:
    page = browser.sign_in(*house.rob).get("/desk/review")

    assert "1 revision waits, the oldest for 5 h." in page.text
    assert f'href="{house.address}"' in page.text
    assert "One line; Arabic" in page.text


def test_the_oldest_stands_first(house: House, browser: Browser, db: Session) -> None:
    older = make_revision(
        db,
        make_item(db, house.retailer, vendor=house.vendor, title="Older Capri"),
        state="submitted",
        at=now() - 30 * HOUR,
    )
    db.commit()

    page = browser.sign_in(*house.rob).get("/desk/review")

    assert page.text.index(older.id) < page.text.index(house.waiting.id)
    assert "New page in English" in page.text


def test_the_queue_of_one_vendor(house: House, browser: Browser, db: Session) -> None:
    other = make_vendor(db, house.retailer, name="Halyard")
    theirs = make_revision(db, make_item(db, house.retailer, vendor=other), state="submitted", at=now() - HOUR)
    db.commit()

    page = browser.sign_in(*house.rob).get(f"/desk/review?vendor={other.id}")

    assert theirs.id in page.text
    assert house.waiting.id not in page.text


def test_a_long_queue_asks_no_more_than_a_short_one(
    house: House, browser: Browser, db: Session, services: Services
) -> None:
    statements: list[str] = []
    event.listen(
        services.database.engine, "before_cursor_execute", lambda *told: statements.append(told[2]), named=False
    )
    browser.sign_in(*house.rob)
    browser.get("/desk/review")
    statements.clear()
    browser.get("/desk/review")
    short = len(statements)
    for number in range(4):
        item = make_item(db, house.retailer, vendor=house.vendor)
        publish_page(db, item)
        make_revision(db, item, state="submitted", at=now() - (number + 1) * HOUR)
    db.commit()
    statements.clear()

    page = browser.get("/desk/review")

    assert "5 revisions wait" in page.text
    assert len(statements) == short


def test_an_empty_queue_says_what_to_do(browser: Browser, db: Session) -> None:
    retailer = make_retailer(db)
    rob = make_person(db, Role.REVIEWER, name="Rob", retailer=retailer)
    db.commit()

    page = browser.sign_in(*rob).get("/desk/review")

    assert "Nothing waits" in page.text
    assert page.status_code == 200


# --- one revision ----------------------------------------------------------------------------------


def test_a_revision_shows_what_changed_by_slot_and_language(house: House, browser: Browser) -> None:
    page = browser.sign_in(*house.rob).get(house.address)

    assert "A loose <ins>cotton </ins>knit." in page.text
    assert '<p class="asis" lang="ar" dir="rtl"><ins>حياكة</ins></p>' in page.text
    assert "One slot changed" in page.text
    assert "Sent by Vera" in page.text


def test_the_changes_of_one_language(house: House, browser: Browser) -> None:
    page = browser.sign_in(*house.rob).get(f"{house.address}?locale=ar")

    assert "<ins>حياكة</ins>" in page.text
    assert "<ins>cotton </ins>" not in page.text


def test_before_and_after_stand_side_by_side(house: House, browser: Browser) -> None:
    browser.sign_in(*house.rob)

    before, after = browser.get(f"{house.address}/live"), browser.get(f"{house.address}/page?locale=en&scheme=dark")

    assert "A loose knit." in before.text
    assert "A loose cotton knit." in after.text
    assert ":root{color-scheme:dark}" in after.text
    for page in (before, after):
        assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
        assert "script-src 'none'" in page.headers["Content-Security-Policy"]


def test_a_draft_is_the_vendors_own(house: House, browser: Browser, db: Session) -> None:
    draft = make_revision(db, make_item(db, house.retailer, vendor=house.vendor), author=house.vera)
    db.commit()
    browser.sign_in(*house.mia)

    for part in ("", "/page", "/live"):
        assert browser.get(f"/desk/review/{draft.id}{part}").status_code == 404
    assert browser.post(f"/desk/review/{draft.id}/approve", {"digest": ""}).status_code == 404


# --- answering -------------------------------------------------------------------------------------


def test_a_reviewer_approves_what_was_looked_at(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.rob)

    answer = browser.send(browser.get(house.address), action="/approve", do="approve")

    assert "Approved." in browser.follow(answer).text
    assert revision_of(database, house.waiting).state == RevisionState.APPROVED
    assert shown_now(database, house.item) == house.live.revision_id
    with database.read() as db:
        approval = db.scalars(select(Approval).where(Approval.revision_id == house.waiting.id)).one()
    assert (approval.digest, approval.reviewer_id) == (house.waiting.digest, house.rob.user.id)


def test_a_merchandiser_approves_and_publishes_in_one_go(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)

    browser.send(browser.get(house.address), action="/approve", do="publish")

    assert shown_now(database, house.item) == house.waiting.id
    assert "A loose cotton knit." in browser.another().get(f"/i/{house.item.public_id}").text


@pytest.mark.parametrize("about", ["story.lede@en", "care.text", ""])
@pytest.mark.parametrize("do", ["approve", "publish"])
def test_approving_does_not_drop_a_comment_unread(
    house: House, browser: Browser, database: Database, about: str, do: str
) -> None:
    browser.sign_in(house.mia.user, house.mia.membership)
    typed = {f"comment.{about}": "Could it name the silk?", "digest": house.waiting.digest, "do": do}

    response = browser.post(f"{house.address}/approve", typed)

    assert response.status_code == 422
    assert "Could it name the silk?</textarea>" in response.text
    assert "Return the page with it, or empty this to approve." in response.text
    assert revision_of(database, house.waiting).state == RevisionState.SUBMITTED


def test_a_code_in_a_picture_is_shown_beside_it_and_asks_for_a_word(
    house: House, browser: Browser, database: Database, db: Session
) -> None:
    asset = make_asset(db, house.vendor, codes=[AWAY])
    words = slots_of(house.waiting)
    item = make_item(db, house.retailer, vendor=house.vendor, title="Coded Top")
    waiting = make_revision(db, item, state="submitted", slots={**words, "gallery.pictures": [asset.id]})
    db.commit()
    browser.sign_in(*house.mia)
    page = browser.get(f"/desk/review/{waiting.id}")
    approve = f"/desk/review/{waiting.id}/approve"

    refused = browser.send(page, action=approve, do="publish")
    unread = revision_of(database, waiting).state
    done = browser.send(refused, action=approve, do="publish", codes="1")

    assert "Picture 1 holds a QR code that leads to example.com: shoppers would be sent away." in page.text
    assert refused.status_code == 422
    assert "Say that it may stay, or return the page." in refused.text
    assert (unread, done.status_code) == (RevisionState.SUBMITTED, 303)
    assert shown_now(database, item) == waiting.id


def test_a_code_in_a_picture_that_stays_is_shown_too(house: House, browser: Browser, db: Session) -> None:
    (picture,) = slots_of(house.waiting)["gallery.pictures"]
    db.get_one(Asset, picture).codes = [AWAY]
    db.commit()
    browser.sign_in(*house.rob)

    page, queue = browser.get(house.address).text, browser.get("/desk/review").text

    assert "Pictures: picture 1 holds a QR code that leads to example.com" in page
    assert 'name="codes"' in page
    assert "Code in a picture" in queue


def test_a_code_that_leads_nowhere_asks_nothing(house: House, browser: Browser, db: Session) -> None:
    (picture,) = slots_of(house.waiting)["gallery.pictures"]
    db.get_one(Asset, picture).codes = [{"kind": "EAN13", "text": "4012345678901", "is_here": False}]
    db.commit()

    page = browser.sign_in(*house.rob).get(house.address).text

    assert "code that leads" not in page
    assert 'name="codes"' not in page


def test_a_reviewer_does_not_publish(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.rob)
    page = browser.get(house.address)

    answer = browser.send(page, action="/approve", do="publish")

    assert "Approve and publish" not in page.text
    assert answer.status_code == 404
    assert revision_of(database, house.waiting).state == RevisionState.SUBMITTED
    assert browser.post(f"{house.address}/publish").status_code == 404


def test_sec_C05_approving_another_digest_is_refused(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)

    for digest in ("", "0" * 64, (house.waiting.digest or "").upper()):
        answer = browser.post(f"{house.address}/approve", {"digest": digest, "do": "publish"})
        assert answer.status_code == 409

    assert revision_of(database, house.waiting).state == RevisionState.SUBMITTED
    assert shown_now(database, house.item) == house.live.revision_id


def test_sec_C05_a_vendor_approves_publishes_and_takes_down_nothing(
    house: House, browser: Browser, database: Database
) -> None:
    browser.sign_in(*house.vera)
    admin = {"digest": house.waiting.digest, "do": "publish", "revision": house.waiting.id, "reason": "Mine"}
    before = count(database, Publication)

    for address in (
        f"{house.address}/approve",
        f"{house.address}/return",
        f"{house.address}/publish",
        f"/desk/items/{house.item.id}/publications",
        f"/desk/items/{house.item.id}/take-down",
    ):
        assert browser.post(address, admin).status_code == 404

    assert revision_of(database, house.waiting).state == RevisionState.SUBMITTED
    assert count(database, Publication) == before


def test_sec_C05_an_edit_after_approval_goes_back_to_review(
    house: House, browser: Browser, database: Database, db: Session
) -> None:
    browser.sign_in(*house.mia)
    browser.send(browser.get(house.address), action="/approve", do="publish")
    vera = browser.another().sign_in(*house.vera)
    editor = f"/studio/content/{house.waiting.content_id}"

    vera.send(vera.get(editor), action=editor, do="save", **{"story.lede": "Swapped afterwards"})

    with database.read() as again:
        draft = again.scalars(select(Revision).where(Revision.state == RevisionState.DRAFT)).one()
        assert slots_of(draft)["story.lede"]["en"] == "Swapped afterwards"
    assert browser.post(f"/desk/review/{draft.id}/publish").status_code == 404
    assert "Swapped afterwards" not in browser.another().get(f"/i/{house.item.public_id}").text


def test_whoever_sent_a_page_is_told_so_and_cannot_approve_it(
    house: House, browser: Browser, database: Database, db: Session
) -> None:
    db.get_one(Revision, house.waiting.id).author_id = house.mia.user.id
    db.commit()
    browser.sign_in(*house.mia)

    page = browser.get(house.address)
    answer = browser.send(page, action="/approve", do="approve")

    assert "You sent this page yourself" in page.text
    assert answer.status_code == 409
    assert revision_of(database, house.waiting).state == RevisionState.SUBMITTED


def test_a_page_goes_back_with_comments_at_its_slots(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.rob)
    digest = find_form(browser.get(house.address).text, "/approve").fields["digest"]

    answer = browser.post(
        f"{house.address}/return",
        {
            "digest": digest,
            "comment.story.lede": "Name the cotton.",
            "comment.": "Nearly there.",
            "comment.care.text": "",
        },
    )

    assert answer.status_code == 303
    assert revision_of(database, house.waiting).state == RevisionState.RETURNED
    vera = browser.another().sign_in(*house.vera)
    seen = vera.get(f"/studio/content/{house.waiting.content_id}").text
    assert "Name the cotton." in seen
    assert "Nearly there." in seen
    assert "2 comments from Fashiontown" in seen


def test_a_page_does_not_go_back_without_a_word(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.rob)

    answer = browser.post(f"{house.address}/return", {"digest": house.waiting.digest, "comment.story.lede": " "})

    assert answer.status_code == 422
    assert "Write at least one comment" in answer.text
    assert revision_of(database, house.waiting).state == RevisionState.SUBMITTED


def test_a_comment_that_is_too_long_stays_in_its_field(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.rob)
    comments = {"digest": house.waiting.digest, "comment.story.lede": "x" * 1001, "comment.": "Short one"}

    answer = browser.post(f"{house.address}/return", comments)

    assert answer.status_code == 422
    assert "1,000 characters at most; this has 1,001." in answer.text
    assert "x" * 1001 in answer.text
    assert "Short one" in answer.text


def test_an_answer_leads_on_to_what_waits_next(house: House, browser: Browser, db: Session) -> None:
    following = make_revision(db, make_item(db, house.retailer, vendor=house.vendor), state="submitted", at=now())
    db.commit()
    browser.sign_in(*house.rob)

    answer = browser.send(browser.get(house.address), action="/approve", do="approve")

    assert answer.headers["Location"] == f"/desk/review/{following.id}"


def test_an_answer_given_twice_counts_once(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)
    page = browser.get(house.address)
    browser.send(page, action="/approve", do="publish")
    before = count(database, Publication)

    again = browser.send(page, action="/approve", do="publish")

    assert again.status_code == 409
    assert count(database, Publication) == before


def test_a_publication_is_ended_or_called_off(house: House, browser: Browser, database: Database, db: Session) -> None:
    browser.sign_in(*house.mia)
    list_address = f"/desk/items/{house.item.id}/publications"
    revision = db.get_one(Revision, house.live.revision_id)
    planned = publishing.publish(db, revision, actor=None, at=now(), from_at=now() + timedelta(days=3))
    db.commit()
    page = browser.get(list_address).text
    assert page.count("End it now") == 1
    assert page.count("Call it off") == 1

    called_off = browser.post(f"{list_address}/{planned.id}/end")
    ended = browser.post(f"{list_address}/{house.live.id}/end")
    again = browser.post(f"{list_address}/{house.live.id}/end")

    assert called_off.status_code == ended.status_code == 303
    assert again.status_code == 409
    assert "This is over already." in again.text
    assert shown_now(database, house.item) is None
    page = browser.get(list_address).text
    assert "Called off" in page
    assert "Nothing shows now." in page
    assert "End it now" not in page
    with database.read() as read:
        later = find_publication(read, house.item.id, store_id=None, at=now() + timedelta(days=4))
        assert later is None
        entries = read.scalars(select(AuditEntry).where(AuditEntry.action == "content.end")).all()
        assert [each.detail["publication"] for each in entries] == [planned.id, house.live.id]


def test_a_take_down_is_not_ended_but_published_over(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)
    list_address = f"/desk/items/{house.item.id}/publications"
    browser.post(f"/desk/items/{house.item.id}/take-down", {"why": "recall"})
    with database.read() as db:
        down = list_publications(db, house.item.id)[0]

    refused = browser.post(f"{list_address}/{down.id}/end")

    assert refused.status_code == 409
    assert "Show a revision, and it is up again." in refused.text


def test_a_reviewer_ends_nothing(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.rob)
    list_address = f"/desk/items/{house.item.id}/publications"

    assert "End it now" not in browser.get(list_address).text
    assert browser.post(f"{list_address}/{house.live.id}/end").status_code == 404
    assert shown_now(database, house.item) == house.live.revision_id


# --- publication -----------------------------------------------------------------------------------


def approved(house: House, browser: Browser) -> str:
    """The waiting revision, approved; the address of its page."""
    browser.sign_in(*house.mia)
    browser.send(browser.get(house.address), action="/approve", do="approve")
    return house.address


def test_an_approved_page_is_published_from_and_until_in_some_stores(
    house: House, browser: Browser, database: Database
) -> None:
    address = approved(house, browser)
    terms = {
        "from_at": "2099-12-24T18:00",
        "until_at": "2099-12-27T00:00",
        "where": "some",
        "stores": [house.store.id],
    }

    answer = browser.post(f"{address}/publish", terms)

    assert answer.headers["Location"] == f"/desk/items/{house.item.id}/publications"
    with database.read() as db:
        row = list_publications(db, house.item.id)[0]
    # Six in the evening in New York.
    assert (row.from_at.isoformat(), row.store_ids) == ("2099-12-24T23:00:00+00:00", [house.store.id])
    assert row.created_by == house.mia.user.id
    assert shown_now(database, house.item, house.store) == house.live.revision_id


def test_an_approved_page_is_published_in_a_language_at_some_hours(
    house: House, browser: Browser, database: Database
) -> None:
    address = approved(house, browser)
    terms = {"which": "some", "locales": ["ar"], "hours": "mon-fri 9-12 noon", "where": "all"}

    after = browser.follow(browser.send(browser.get(address), action="/publish", **terms)).text

    with database.read() as db:
        row = list_publications(db, house.item.id)[0]
    assert (row.locales, row.weekly[0], row.weekly[6]) == (["ar"], [[540, 720]], [])
    assert "All stores, in Arabic, Mon-Fri 09:00-12:00" in after
    assert shown_now(database, house.item) == house.live.revision_id


def test_a_page_without_a_required_language_is_neither_approved_nor_published_in_one_go(
    house: House, browser: Browser, db: Session, database: Database
) -> None:
    house.retailer.locale_rules = {"ar": "required"}
    db.commit()
    browser.sign_in(*house.mia)

    answer = browser.send(browser.get(house.address), action="/approve", do="publish")

    assert answer.status_code == 422
    assert "Arabic is required, and nothing is said in it under" in answer.text
    assert revision_of(database, house.waiting).state == RevisionState.SUBMITTED
    assert shown_now(database, house.item) == house.live.revision_id


def test_what_was_planned_before_and_would_lie_underneath_is_named(house: House, browser: Browser, db: Session) -> None:
    revision = db.get_one(Revision, house.live.revision_id)
    publishing.publish(db, revision, actor=None, at=now(), weekly=read_weekly("Sun 12:00-18:00").weekly)
    db.commit()

    assert "Revision 1: All stores, Sun 12:00-18:00" in browser.get(approved(house, browser)).text


def test_an_approved_page_is_published_now(house: House, browser: Browser, database: Database) -> None:
    address = approved(house, browser)

    browser.send(browser.get(address), action="/publish", where="all")

    assert shown_now(database, house.item) == house.waiting.id


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"from_at": "2001-01-01T00:00"}, "It cannot begin in the past."),
        ({"until_at": "2001-01-01T00:00"}, "It would end before it begins."),
        ({"from_at": "tomorrow"}, "tomorrow is no date and time."),
        ({"from_at": "9999-12-31T23:59"}, "9999-12-31T23:59 is no date and time."),
        ({"where": "some"}, "Choose at least one store, or all."),
        ({"which": "some"}, "Choose at least one language, or all."),
        ({"which": "some", "locales": ["fr"]}, "One of the languages is not yours."),
        ({"hours": "at lunch"}, "is no day and no time."),
        ({"hours": "Mon-Sun closed"}, "These hours never come."),
        ({"where": "some", "stores": ["nowhere"]}, "One of the stores is not yours."),
    ],
)
def test_terms_that_cannot_be_come_back_with_the_reason(
    house: House, browser: Browser, database: Database, terms: dict[str, object], sentence: str
) -> None:
    address = approved(house, browser)

    answer = browser.post(f"{address}/publish", {"from_at": "", "until_at": "", "where": "all", **terms})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert shown_now(database, house.item) == house.live.revision_id


def test_what_only_waits_is_not_published(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.mia)

    answer = browser.post(f"{house.address}/publish", {"where": "all"})

    assert answer.status_code == 409
    assert shown_now(database, house.item) == house.live.revision_id


def test_an_older_revision_is_shown_again(house: House, browser: Browser, database: Database) -> None:
    address = approved(house, browser)
    browser.send(browser.get(address), action="/publish", where="all")
    page = browser.get(f"/desk/items/{house.item.id}/publications")

    back = browser.post(f"/desk/items/{house.item.id}/publications", {"revision": house.live.revision_id})

    assert "Shoppers see revision 2" in page.text
    assert "Shoppers see revision 1" in browser.follow(back).text
    assert shown_now(database, house.item) == house.live.revision_id


def test_a_revision_of_another_item_is_not_shown(
    house: House, browser: Browser, database: Database, db: Session
) -> None:
    other = publish_page(db, make_item(db, house.retailer, vendor=house.vendor))
    db.commit()
    browser.sign_in(*house.mia)

    answer = browser.post(f"/desk/items/{house.item.id}/publications", {"revision": other.revision_id})

    assert answer.status_code == 404
    assert shown_now(database, house.item) == house.live.revision_id


def test_a_reviewer_takes_a_page_down_at_once(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.rob)
    page = browser.get(f"/desk/items/{house.item.id}/publications")

    answer = browser.send(page, action="/take-down", reason="Recall 4711")

    after = browser.follow(answer).text
    assert "Taken down since today" in after
    assert "Recall 4711" in after
    assert shown_now(database, house.item) is None
    assert "Not available at the moment" in browser.another().get(f"/i/{house.item.public_id}").text
    with database.read() as db:
        entry = db.scalars(select(AuditEntry).where(AuditEntry.action == "content.take_down")).one()
    assert entry.actor == f"user:{house.rob.user.id}"


def test_a_take_down_needs_a_reason(house: House, browser: Browser, database: Database) -> None:
    browser.sign_in(*house.rob)

    answer = browser.post(f"/desk/items/{house.item.id}/take-down", {"reason": " "})

    assert answer.status_code == 422
    assert "Say why it comes down" in answer.text
    assert shown_now(database, house.item) == house.live.revision_id


def test_each_publication_says_how_it_stands(house: House, db: Session) -> None:
    revision = db.get_one(Revision, house.live.revision_id)
    store_ids = [house.store.id]
    at = NOON
    ended = publishing.publish(db, revision, actor=None, at=at - 3 * HOUR, until_at=at - HOUR)
    only = publishing.publish(db, revision, actor=None, at=at - 2 * HOUR, store_ids=store_ids)
    soon = publishing.publish(db, revision, actor=None, at=at - HOUR, from_at=at + HOUR)
    rows = list_publications(db, house.item.id)
    ((_, places),) = list_places_of(db, [house.item], at=at).values()

    states = {each.id: state_of(each, rows, places, at=at) for each in rows}
    down = publishing.take_down(db, house.item, reason="Recall", actor=None, at=at)
    rows = list_publications(db, house.item.id)
    afterwards = {each.id: state_of(each, rows, places, at=at) for each in rows}

    assert states == {house.live.id: "live", ended.id: "ended", only.id: "live", soon.id: "scheduled"}
    assert afterwards == {
        house.live.id: "replaced",
        ended.id: "ended",
        only.id: "replaced",
        soon.id: "replaced",
        down.id: "down",
    }


# --- who may ---------------------------------------------------------------------------------------


def test_another_retailer_finds_nothing(house: House, browser: Browser, database: Database, db: Session) -> None:
    otto = make_person(db, Role.OWNER, name="Otto", retailer=make_retailer(db))
    db.commit()
    browser.sign_in(*otto)
    sent = {
        "digest": house.waiting.digest,
        "do": "publish",
        "reason": "Not yours",
        "revision": house.live.revision_id,
        "comment.": "No",
    }
    before = count(database, Publication)

    for part in ("", "/page", "/live"):
        assert browser.get(f"{house.address}{part}").status_code == 404
    for part in ("approve", "return", "publish"):
        assert browser.post(f"{house.address}/{part}", sent).status_code == 404
    for part in ("publications", "publications/page"):
        assert browser.get(f"/desk/items/{house.item.id}/{part}").status_code == 404
    for part in ("publications", "take-down"):
        assert browser.post(f"/desk/items/{house.item.id}/{part}", sent).status_code == 404

    assert house.waiting.id not in browser.get("/desk/review").text
    assert revision_of(database, house.waiting).state == RevisionState.SUBMITTED
    assert count(database, Publication) == before


@pytest.mark.parametrize("role", [Role.ANALYST, Role.ASSOCIATE])
def test_who_only_reads_or_redeems_does_not_review(house: House, browser: Browser, db: Session, role: Role) -> None:
    person = make_person(db, role, retailer=house.retailer, stores=(house.store,))
    db.commit()
    browser.sign_in(*person)

    assert browser.get("/desk/review").status_code == 404
    assert browser.get(house.address).status_code == 404
    assert browser.post(f"{house.address}/approve", {"digest": house.waiting.digest}).status_code == 404


def test_markup_in_a_vendors_words_stays_text_at_the_desk(house: House, browser: Browser, db: Session) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    item = make_item(db, house.retailer, vendor=house.vendor, title="Odd Cap")
    sent = make_revision(
        db,
        item,
        state="submitted",
        slots={"story.text": {"en": evil}, "facts.rows": [{"name": "N", "value": evil}], "care.text": {"en": evil}},
    )
    db.commit()
    browser.sign_in(*house.rob)

    for address in ("/desk/review", f"/desk/review/{sent.id}", f"/desk/review/{sent.id}/page"):
        page = browser.get(address)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
