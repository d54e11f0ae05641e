"""Shoppers' reviews at the desk: read before they show, answered, taken off for a reason that is none about stars."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.desk.reviews import REASONS
from qrmerch.parties.models import PageChange
from qrmerch.reviews.models import Helped, Reason, Review, ReviewState
from tests.browsing import Browser
from tests.conftest import NOON
from tests.desk.house import House, again, count_entries, seen
from tests.factories import make_answer, make_review


def waiting(db: Session, house: House, **more: object) -> Review:
    review = make_review(db, house.item, **more)  # type: ignore[arg-type]
    db.commit()
    return review


def changes_of(db: Session, item: Item) -> int:
    return len(seen(db, select(PageChange.id).where(PageChange.item_id == item.id)))


def test_a_reviewer_reads_it_and_it_shows(browser: Browser, db: Session, house: House) -> None:
    review = waiting(db, house, stars=1, text="Came apart.")
    before = changes_of(db, house.item)
    browser.sign_in(*house.people[Role.REVIEWER])

    page = browser.get("/desk/reviews")
    browser.send(page, action=f"{review.id}/publish")

    review = again(db, review)
    assert "Came apart." in page.text
    assert (review.state, review.reason) == (ReviewState.PUBLISHED, None)
    assert review.decided_at is not None
    assert changes_of(db, house.item) == before + 1
    assert count_entries(db, "said.publish") == 1
    assert "Came apart." in browser.get("/desk/reviews?state=published").text


def test_what_waits_is_told_on_the_first_page_and_at_the_side(browser: Browser, db: Session, house: House) -> None:
    waiting(db, house)
    browser.sign_in(*house.mia)

    page = browser.get("/desk").text

    assert "A shopper’s review to read" in page
    assert '/desk/reviews"' in page


def test_one_that_is_not_shown_says_why_and_can_come_back(browser: Browser, db: Session, house: House) -> None:
    review = waiting(db, house, state=ReviewState.PUBLISHED)
    browser.sign_in(*house.mia)

    browser.send(browser.get("/desk/reviews?state=published"), action=f"{review.id}/remove", reason="advert")
    removed = again(db, review)
    state, reason = removed.state, removed.reason
    page = browser.get("/desk/reviews?state=removed")
    browser.send(page, action=f"{review.id}/publish")

    assert (state, reason) == (ReviewState.REMOVED, Reason.ADVERT)
    assert "It advertises something else" in page.text
    assert again(db, review).state == ReviewState.PUBLISHED


@pytest.mark.parametrize("said", ["", "too few stars", "OFF_TOPIC"])
def test_without_one_of_the_reasons_it_stays(said: str, browser: Browser, db: Session, house: House) -> None:
    review = waiting(db, house)
    browser.sign_in(*house.mia)

    answer = browser.post(f"/desk/reviews/{review.id}/remove", {"reason": said})

    assert answer.status_code == 422
    assert 'id="f-reason-err"' in answer.text
    assert again(db, review).state == ReviewState.PENDING


def test_no_reason_is_about_stars() -> None:
    assert set(REASONS) == set(Reason)
    assert not [words for words in REASONS.values() if "star" in words.lower() or "bad" in words.lower()]


def test_what_names_somebody_is_deleted_at_once(browser: Browser, db: Session, house: House) -> None:
    review = waiting(db, house, text="Ask for Ana Smith, 555 0100.", alias="Ana Smith")
    browser.sign_in(*house.mia)

    browser.post(f"/desk/reviews/{review.id}/remove", {"reason": "personal"})
    back = browser.post(f"/desk/reviews/{review.id}/publish")

    review = again(db, review)
    assert (review.text, review.title, review.alias) == ("", "", "")
    assert back.status_code == 409
    assert review.state == ReviewState.REMOVED


def test_the_house_answers_under_its_name(browser: Browser, db: Session, house: House) -> None:
    review = waiting(db, house, state=ReviewState.PUBLISHED)
    browser.sign_in(*house.mia)

    browser.send(browser.get("/desk/reviews?state=published"), action=f"{review.id}/reply", reply="Bring it in.")

    review = again(db, review)
    assert (review.reply, review.reply_by, review.is_reply_shown) == ("Bring it in.", "Fashiontown", True)


@pytest.mark.parametrize("typed", ["", " ", "a" * 1001])
def test_an_answer_that_is_none_is_refused_beside_the_field(
    typed: str, browser: Browser, db: Session, house: House
) -> None:
    review = waiting(db, house, state=ReviewState.PUBLISHED)
    browser.sign_in(*house.mia)

    answer = browser.post(f"/desk/reviews/{review.id}/reply", {"reply": typed})

    assert answer.status_code == 422
    assert 'id="f-reply-err"' in answer.text
    assert again(db, review).reply == ""


def test_what_nobody_sees_cannot_be_answered(browser: Browser, db: Session, house: House) -> None:
    review = waiting(db, house)
    browser.sign_in(*house.mia)

    assert browser.post(f"/desk/reviews/{review.id}/reply", {"reply": "Bring it in."}).status_code == 422


def test_a_vendors_answer_waits_until_it_is_read(browser: Browser, db: Session, house: House) -> None:
    review = waiting(db, house, state=ReviewState.PUBLISHED)
    browser.sign_in(*house.people[Role.VENDOR_ADMIN])
    browser.send(browser.get("/studio/reviews"), action="/reply", reply="We mend it.")
    sent = again(db, review)
    assert (sent.reply_by, sent.is_reply_shown) == ("Sunny Side", False)

    browser.sign_in(*house.mia)
    page = browser.get("/desk/reviews")
    browser.send(page, action="/reply/show")

    assert "We mend it." in page.text
    assert again(db, review).is_reply_shown is True
    assert "Nothing waits." in browser.get("/desk/reviews").text


def test_an_answer_written_anew_while_it_was_read_does_not_show(browser: Browser, db: Session, house: House) -> None:
    review = waiting(db, house, state=ReviewState.PUBLISHED)
    vera = browser.another()
    vera.sign_in(*house.people[Role.VENDOR_ADMIN])
    vera.post(f"/studio/reviews/{review.id}/reply", {"reply": "We mend it."})
    browser.sign_in(*house.mia)
    read = browser.get("/desk/reviews")

    vera.post(f"/studio/reviews/{review.id}/reply", {"reply": "Buy it at our own shop."})
    answer = browser.send(read, action="/reply/show")

    assert answer.status_code == 409
    assert again(db, review).is_reply_shown is False
    browser.send(browser.get("/desk/reviews"), action="/reply/show")
    assert again(db, review).is_reply_shown is True


def test_a_vendor_does_not_take_the_houses_answer_away(browser: Browser, db: Session, house: House) -> None:
    review = waiting(
        db,
        house,
        state=ReviewState.PUBLISHED,
        reply="Bring it in.",
        reply_by="Fashiontown",
        replied_at=NOON,
        is_reply_shown=True,
    )
    browser.sign_in(*house.people[Role.VENDOR_ADMIN])

    page = browser.get("/studio/reviews").text
    answer = browser.post(f"/studio/reviews/{review.id}/reply", {"reply": "Nothing to see."})

    review = again(db, review)
    assert "Answer it anew" not in page
    assert answer.status_code == 422
    assert "Fashiontown has answered this review." in answer.text
    assert (review.reply, review.is_reply_shown) == ("Bring it in.", True)


def test_an_answer_can_be_taken_away(browser: Browser, db: Session, house: House) -> None:
    review = waiting(
        db, house, state=ReviewState.PUBLISHED, reply="We mend it.", reply_by="Sunny Side", replied_at=NOON
    )
    read = review.reply_digest
    browser.sign_in(*house.mia)

    browser.post(f"/desk/reviews/{review.id}/reply/drop")

    assert again(db, review).reply == ""
    assert browser.post(f"/desk/reviews/{review.id}/reply/show", {"read": read}).status_code == 409


def test_reviews_of_one_item_are_found_from_it(browser: Browser, db: Session, house: House) -> None:
    waiting(db, house, state=ReviewState.PUBLISHED, text="Of the top.")
    browser.sign_in(*house.mia)

    page = browser.get(f"/desk/reviews?state=published&item={house.item.id}").text

    assert "Of the top." in page
    assert f"/desk/reviews?state=published&amp;item={house.item.id}" in browser.get(f"/desk/items/{house.item.id}").text


def test_what_one_tap_said_is_summed_by_item(browser: Browser, db: Session, house: House) -> None:
    for helped in (Helped.YES, Helped.YES, Helped.YES, Helped.NO):
        make_answer(db, house.item, helped)
    db.commit()
    browser.sign_in(*house.people[Role.ANALYST])

    page = browser.get("/desk/reviews/answers").text

    assert "4 answers in 90 days" in page
    assert "75 %" in page


def test_otto_finds_nothing_of_it(browser: Browser, db: Session, house: House) -> None:
    review = waiting(db, house, text="Came apart.")
    make_answer(db, house.item)
    db.commit()
    browser.sign_in(*house.otto)

    assert "Came apart." not in browser.get("/desk/reviews").text
    assert "None yet." in browser.get("/desk/reviews/answers").text
    assert browser.get(f"/desk/reviews?item={house.item.id}").status_code == 404
    assert browser.post(f"/desk/reviews/{review.id}/publish").status_code == 404
    assert again(db, review).state == ReviewState.PENDING
