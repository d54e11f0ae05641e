"""Shoppers' reviews in the studio: one's own items' only, answered by way of the retailer."""

from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.reviews.models import ReviewState
from tests.browsing import Browser
from tests.factories import make_item, make_person, make_review, make_vendor
from tests.studio.desks import make_desk


def test_a_vendor_reads_what_shows_of_its_own_items_only(browser: Browser, db: Session) -> None:
    desk = make_desk(db)
    other = make_item(db, desk.retailer, vendor=make_vendor(db, desk.retailer))
    make_review(db, desk.item, text="Mine, shown.", state=ReviewState.PUBLISHED)
    make_review(db, desk.item, text="Mine, unread.")
    make_review(db, other, text="Of another vendor.", state=ReviewState.PUBLISHED)
    db.commit()
    browser.sign_in(*desk.vera)

    page = browser.get("/studio/reviews").text

    assert "Mine, shown." in page
    assert "Mine, unread." not in page
    assert "Of another vendor." not in page


def test_another_vendor_cannot_answer(browser: Browser, db: Session) -> None:
    desk = make_desk(db)
    review = make_review(db, desk.item, state=ReviewState.PUBLISHED)
    stranger = make_person(db, Role.VENDOR_ADMIN, vendor=make_vendor(db, desk.retailer))
    db.commit()
    browser.sign_in(*stranger)

    answer = browser.post(f"/studio/reviews/{review.id}/reply", {"reply": "Ours is better."})

    db.refresh(review)
    assert answer.status_code == 404
    assert review.reply == ""


def test_an_answer_that_is_too_long_keeps_what_was_typed(browser: Browser, db: Session) -> None:
    desk = make_desk(db)
    review = make_review(db, desk.item, state=ReviewState.PUBLISHED)
    db.commit()
    browser.sign_in(*desk.vera)

    answer = browser.post(f"/studio/reviews/{review.id}/reply", {"reply": "long " * 300})

    assert answer.status_code == 422
    assert "long long" in answer.text
    assert "At most 1000 characters" in answer.text
