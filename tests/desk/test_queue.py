"""The queue at the desk through HTTP: filters, order, small changes together, who answers, and who may not."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.audit import AuditEntry
from qrmerch.catalog.queries import get_item
from qrmerch.clock import now
from qrmerch.content.holding import find_shown
from qrmerch.content.models import Approval, Revision, RevisionState
from qrmerch.content.queries import get_content, slots_of
from qrmerch.db import Database
from qrmerch.parties.models import Retailer, Vendor
from tests.browsing import Browser
from tests.factories import (
    Person,
    make_item,
    make_person,
    make_retailer,
    make_revision,
    make_template,
    make_vendor,
    publish_page,
)

LEDE = "The loose knit that makes jeans look like a plan."


@dataclass
class House:
    """Fashiontown: a small change, a large one in Arabic, and a new page wait."""

    retailer: Retailer
    vendor: Vendor
    small: Revision
    large: Revision
    new: Revision
    rob: Person
    mia: Person


@pytest.fixture
def house(db: Session) -> House:
    retailer = make_retailer(db, name="Fashiontown", locales=["en", "ar"])
    make_template(db, retailer)
    vendor, other = (make_vendor(db, retailer, name=name) for name in ("Sunny Side", "Larkfoot"))
    rob = make_person(db, Role.REVIEWER, name="Rob", retailer=retailer)
    mia = make_person(db, Role.MERCHANDISER, name="Mia", retailer=retailer)
    sent = []
    for hours, title, who, lede in (
        (3, "Small Top", vendor, {"en": LEDE.replace("loose", "soft")}),
        (2, "Large Top", other, {"en": LEDE, "ar": "حياكة واسعة"}),
    ):
        item = make_item(db, retailer, vendor=who, title=title)
        live = publish_page(db, item, slots={"story.lede": {"en": LEDE}})
        base = slots_of(db.get_one(Revision, live.revision_id))
        at = now() - timedelta(hours=hours)
        sent.append(make_revision(db, item, state="submitted", slots={**base, "story.lede": lede}, at=at))
    item = make_item(db, retailer, vendor=vendor, title="New Top")
    sent.append(make_revision(db, item, state="submitted", at=now() - timedelta(hours=1)))
    db.commit()
    return House(retailer, vendor, *sent, rob=rob, mia=mia)


def titles(browser: Browser, query: str = "") -> list[str]:
    """What the queue shows, in order."""
    page = browser.get(f"/desk/review?{query}").text
    rows = page.partition("<tbody")[2].partition("</tbody>")[0] if "Waiting for review" in page else ""
    return [name for part in rows.split("<a href=")[1:] for name in [part.partition(">")[2].partition("<")[0]]]


def pick(*revisions: Revision) -> list[str]:
    return [f"{each.id}:{each.digest}" for each in revisions]


def state_of(database: Database, revision: Revision) -> RevisionState:
    with database.read() as db:
        return db.get_one(Revision, revision.id).state


def test_the_queue_is_filtered(house: House, db: Session, browser: Browser) -> None:
    house.large.assignee_id = house.rob.user.id
    house.new.due_at = now() - timedelta(minutes=5)
    db.commit()
    browser.sign_in(*house.rob)

    assert titles(browser) == ["Small Top", "Large Top", "New Top"]
    assert titles(browser, f"vendor={house.vendor.id}") == ["Small Top", "New Top"]
    assert titles(browser, "with=me") == ["Large Top"]
    assert titles(browser, "with=nobody") == ["Small Top", "New Top"]
    assert titles(browser, "due=late") == ["New Top"]
    assert titles(browser, "change=small") == ["Small Top"]
    assert titles(browser, "change=new") == ["New Top"]
    assert titles(browser, "change=again") == []
    assert titles(browser, "language=ar") == ["Large Top"]
    assert titles(browser, "order=due") == ["New Top", "Small Top", "Large Top"]
    assert titles(browser, "change=strange&order=none&page=-1") == ["Small Top", "Large Top", "New Top"]
    assert "1 is late" in browser.get("/desk/review").text and "5 min late" in browser.get("/desk/review").text


def test_what_was_rejected_before_is_sent_again(house: House, db: Session, browser: Browser) -> None:
    browser.sign_in(*house.rob)
    form = {"digest": house.new.digest, "comment.": "Not in our range"}
    answer = browser.post(f"/desk/review/{house.new.id}/reject", form)
    assert answer.status_code == 303
    db.refresh(house.new)
    item = get_item(db, get_content(db, house.new.content_id).item_id)
    make_revision(db, item, state="submitted", at=now())
    db.commit()

    assert titles(browser, "change=again") == ["New Top"]


def test_a_rejection_without_a_reason_says_so_and_keeps_the_comments(house: House, browser: Browser) -> None:
    browser.sign_in(*house.rob)

    page = browser.post(
        f"/desk/review/{house.large.id}/reject",
        {"digest": house.large.digest, "comment.": " ", "comment.story.lede@ar": "قصير"},
    )

    assert page.status_code == 422 and "Say why it is rejected" in page.text and "قصير" in page.text


def test_a_small_change_shows_its_words_and_is_approved_from_the_list(
    house: House, database: Database, browser: Browser
) -> None:
    page = browser.sign_in(*house.rob).get("/desk/review")
    assert "<del>loose</del>" in page.text and "<ins>soft</ins>" in page.text

    said = browser.follow(browser.post("/desk/review", {"do": "approve", "pick": pick(house.small)}))

    assert "1 approved." in said.text and titles(browser) == ["Large Top", "New Top"]
    assert state_of(database, house.small) == RevisionState.APPROVED


def test_what_is_not_small_or_not_what_was_shown_is_left(house: House, database: Database, browser: Browser) -> None:
    browser.sign_in(*house.rob)
    chosen = [*pick(house.large, house.new), f"{house.small.id}:{'0' * 64}"]

    said = browser.follow(browser.post("/desk/review", {"do": "approve", "pick": chosen})).text

    assert "None approved" in said and "Large Top: It is more than a small change" in said
    assert "Small Top: This is not what waits" in said
    assert {state_of(database, each) for each in (house.small, house.large, house.new)} == {RevisionState.SUBMITTED}


def test_a_double_tap_approves_once(house: House, database: Database, browser: Browser) -> None:
    browser.sign_in(*house.rob)
    form = {"do": "approve", "pick": pick(house.small)}

    first, second = browser.post("/desk/review", form), browser.post("/desk/review", form)

    assert (first.status_code, second.status_code) == (303, 303)
    assert "answered in the meantime" in browser.follow(second).text
    with database.read() as db:
        answers = select(func.count()).select_from(Approval).where(Approval.revision_id == house.small.id)
        assert db.scalar(answers) == 1


def test_who_publishes_shows_them_at_once_and_a_reviewer_does_not(
    house: House, database: Database, browser: Browser
) -> None:
    form = {"do": "publish", "pick": pick(house.small)}
    assert browser.sign_in(*house.rob).post("/desk/review", form).status_code == 404
    assert state_of(database, house.small) == RevisionState.SUBMITTED

    said = browser.another().sign_in(*house.mia)
    assert "1 approved, and live" in said.follow(said.post("/desk/review", form)).text
    with database.read() as db:
        shown = find_shown(db, get_content(db, house.small.content_id).item_id, at=now())
        assert shown is not None and shown.revision_id == house.small.id


def test_the_chosen_are_taken_by_whoever_presses(house: House, browser: Browser) -> None:
    browser.sign_in(*house.rob)

    browser.post("/desk/review", {"do": "take", "pick": pick(house.large, house.new)})

    assert titles(browser, "with=me") == ["Large Top", "New Top"]
    assert "Choose at least one" in browser.follow(browser.post("/desk/review", {"do": "take"})).text
    assert browser.post("/desk/review", {"do": "burn", "pick": pick(house.new)}).status_code == 404


def test_who_answers_is_set_on_the_revision_itself(house: House, db: Session, browser: Browser) -> None:
    browser.sign_in(*house.mia)
    address = f"/desk/review/{house.new.id}/assign"
    form = {"assignee": house.rob.user.id, "due": "2199-01-02T10:00"}

    assert browser.post(address, form).status_code == 303
    page = browser.get(f"/desk/review/{house.new.id}").text
    assert f'value="{house.rob.user.id}" selected' in page and 'value="2199-01-02T10:00"' in page
    assert browser.post(address, {**form, "due": "yesterday"}).status_code == 422
    assert browser.post(address, {**form, "due": "2001-01-02T10:00"}).status_code == 422
    assert browser.post(address, {**form, "assignee": "somebody"}).status_code == 422
    db.refresh(house.new)
    assert house.new.assignee_id == house.rob.user.id


def test_a_late_page_can_be_given_to_somebody_as_it_is(house: House, db: Session, browser: Browser) -> None:
    house.new.due_at = now() - timedelta(hours=1)
    db.commit()
    browser.sign_in(*house.mia)

    page = browser.get(f"/desk/review/{house.new.id}")
    answer = browser.send(page, action="/assign", assignee=house.mia.user.id)

    assert answer.status_code == 303


def test_nobody_else_answers(house: House, db: Session, database: Database, browser: Browser) -> None:
    other = make_retailer(db)
    strangers = [
        make_person(db, Role.REVIEWER, retailer=other),
        make_person(db, Role.OWNER, retailer=other),
        make_person(db, Role.VENDOR_ADMIN, vendor=house.vendor),
        make_person(db, Role.ANALYST, retailer=house.retailer),
    ]
    db.commit()

    for each in strangers:
        theirs = browser.another().sign_in(*each)
        for do in ("approve", "publish", "take"):
            assert theirs.post("/desk/review", {"do": do, "pick": pick(house.small)}).status_code == 404
        for step in ("reject", "assign"):
            form = {"digest": house.small.digest, "comment.": "No", "assignee": each.user.id}
            assert theirs.post(f"/desk/review/{house.small.id}/{step}", form).status_code == 404

    assert state_of(database, house.small) == RevisionState.SUBMITTED


def test_a_comment_is_pinned_to_a_slot_in_a_language_and_comes_back_there(
    house: House, db: Session, browser: Browser
) -> None:
    page = browser.sign_in(*house.rob).get(f"/desk/review/{house.large.id}").text
    assert 'name="comment.story.lede@ar"' in page

    form = {"digest": house.large.digest, "comment.story.lede@ar": "Shorter, please"}
    assert browser.post(f"/desk/review/{house.large.id}/return", form).status_code == 303

    said = db.scalars(select(Approval.comments).where(Approval.revision_id == house.large.id)).one()
    assert said == [{"slot": "story.lede", "locale": "ar", "text": "Shorter, please"}]
    olga = make_person(db, Role.VENDOR_EDITOR, vendor=db.get_one(Vendor, house.large.vendor_id))
    content_id = house.large.content_id
    db.commit()
    editor = browser.another().sign_in(*olga).get(f"/studio/content/{content_id}").text
    assert "Shorter, please" in editor and "Arabic, " in editor


def test_how_long_vendors_wait_stands_under_the_queue(house: House, browser: Browser) -> None:
    browser.sign_in(*house.rob)
    browser.post(f"/desk/review/{house.new.id}/approve", {"digest": house.new.digest})

    page = browser.get("/desk/review").text

    assert "Half are through within" in page and "How long answers take" in page and "Sunny Side" in page


def test_everything_that_was_done_is_in_the_log(house: House, database: Database, browser: Browser) -> None:
    browser.sign_in(*house.mia)
    browser.post("/desk/review", {"do": "take", "pick": pick(house.small)})
    browser.post("/desk/review", {"do": "publish", "pick": pick(house.small)})
    browser.post(f"/desk/review/{house.new.id}/reject", {"digest": house.new.digest, "comment.": "No"})

    with database.read() as db:
        ours = select(AuditEntry.action).where(AuditEntry.actor == f"user:{house.mia.user.id}")
        done = list(db.scalars(ours.order_by(AuditEntry.number)))
    assert done == ["review.assign", "content.approve", "content.publish", "content.reject"]
