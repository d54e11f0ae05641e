"""Writes of what shoppers say: a review written, read by a person, shown or not, answered; one tap."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.catalog.models import Item
from qrmerch.errors import Conflict, FormError
from qrmerch.parties.service import changed
from qrmerch.reviews.models import MAX_REPLY_CHARS, Answer, Helped, Reason, Review, ReviewState
from qrmerch.text import clean_block

# The desk sums them over as long.
ANSWERS_KEPT_FOR: Final = timedelta(days=90)
_SUBJECT: Final = "review"


class ReplyChanged(Conflict):
    """Another answer than the one that was read."""

    slug = "reply_changed"


class NothingToShow(Conflict):
    """A review whose words were deleted, or a reply that is none."""

    slug = "nothing_to_show"


@dataclass(frozen=True, slots=True)
class Written:
    """What a shopper typed, clean: 1 to 5 stars, a title or none, a text, a name or none."""

    stars: int
    title: str
    text: str
    alias: str


def write_review(
    db: Session, item: Item, written: Written, *, locale: str, bought_store_id: str | None, at: datetime
) -> Review:
    """Take a review in; nobody sees it before a person has read it. The caller commits.

    The same words of an item sent once more, by a second press, are the review that is there already.

    :param locale: the language of the page it was written on.
    :param bought_store_id: the store at whose till this phone used a code for the item, where that is known.
    """
    same = select(Review).where(
        Review.item_id == item.id,
        Review.state == ReviewState.PENDING,
        Review.stars == written.stars,
        Review.text == written.text,
        Review.alias == written.alias,
    )
    known = db.scalars(same.limit(1)).one_or_none()
    if known is not None:
        return known
    review = Review(
        retailer_id=item.retailer_id,
        item_id=item.id,
        stars=written.stars,
        title=written.title,
        text=written.text,
        alias=written.alias,
        locale=locale,
        state=ReviewState.PENDING,
        bought_store_id=bought_store_id,
        written_at=at,
    )
    db.add(review)
    return review


def publish(db: Session, review: Review, *, actor: audit.Actor, at: datetime) -> None:
    """Show a review on its item's page; one that was taken off comes back. The caller commits.

    :raises NothingToShow: its words were deleted.
    """
    if not review.text:
        raise NothingToShow("Its words were deleted, because they named somebody. There is nothing to show.")
    if review.state == ReviewState.PUBLISHED:
        return
    review.state, review.reason, review.decided_at = ReviewState.PUBLISHED, None, at
    _note(db, review, "publish", actor=actor, at=at)
    changed(db, review.retailer_id, review.item_id, at=at)


def remove(db: Session, review: Review, reason: Reason, *, actor: audit.Actor, at: datetime) -> None:
    """Do not show a review, or show it no more; what names a person is deleted at once. The caller commits."""
    was_shown = review.state == ReviewState.PUBLISHED
    if review.state == ReviewState.REMOVED and review.reason == reason:
        return
    review.state, review.reason, review.decided_at = ReviewState.REMOVED, reason, at
    if reason == Reason.PERSONAL:
        review.title = review.text = review.alias = ""
        review.reply, review.reply_by, review.is_reply_shown, review.replied_at = "", "", False, None
    _note(db, review, "remove", actor=actor, at=at, reason=str(reason))
    if was_shown:
        changed(db, review.retailer_id, review.item_id, at=at)


def reply(db: Session, review: Review, text: str, *, by: str, actor: audit.Actor, at: datetime, is_shown: bool) -> None:
    """Answer a review that shows, in the place of an earlier answer; the caller commits.

    :param by: the name that stands under it.
    :param is_shown: whether it shows at once: the house's own words do, a vendor's wait to be read.
    :raises FormError: by "reply": it is empty or too long; the review does not show; somebody else has answered it,
        and what would take the place of their words waits to be read.
    """
    # Whoever lets an answer show at this moment, and this one, come one after the other.
    db.refresh(review, with_for_update=True)
    if review.state != ReviewState.PUBLISHED:
        raise FormError({"reply": "This review does not show, so there is nothing to answer."})
    if not is_shown and review.reply and review.reply_by != by:
        raise FormError({"reply": f"{review.reply_by} has answered this review. One answer stands under it."})
    try:
        words = clean_block(text, MAX_REPLY_CHARS)
    except ValueError as error:
        raise FormError({"reply": str(error)}) from error
    if not words:
        raise FormError({"reply": "Write an answer."})
    showed = review.is_reply_shown
    review.reply, review.reply_by, review.replied_at, review.is_reply_shown = words, by, at, is_shown
    _note(db, review, "reply", actor=actor, at=at)
    if is_shown or showed:
        changed(db, review.retailer_id, review.item_id, at=at)


def show_reply(db: Session, review: Review, *, read: str, actor: audit.Actor, at: datetime) -> None:
    """Show a vendor's answer that waited; the caller commits.

    :param read: the digest of the answer that was read.
    :raises NothingToShow: there is none.
    :raises ReplyChanged: it was written anew since.
    """
    db.refresh(review, with_for_update=True)
    if not review.reply:
        raise NothingToShow("There is no answer any more.")
    if read != review.reply_digest:
        raise ReplyChanged("The answer was written anew while you read it. Read it again; then it can show.")
    if review.is_reply_shown:
        return
    review.is_reply_shown = True
    _note(db, review, "show_reply", actor=actor, at=at)
    changed(db, review.retailer_id, review.item_id, at=at)


def drop_reply(db: Session, review: Review, *, actor: audit.Actor, at: datetime) -> None:
    """Delete an answer, shown or waiting; the caller commits."""
    if not review.reply:
        return
    showed = review.is_reply_shown
    review.reply, review.reply_by, review.replied_at, review.is_reply_shown = "", "", None, False
    _note(db, review, "drop_reply", actor=actor, at=at)
    if showed:
        changed(db, review.retailer_id, review.item_id, at=at)


def _note(db: Session, review: Review, action: str, *, actor: audit.Actor, at: datetime, **detail: object) -> None:
    subject = (_SUBJECT, review.id)
    audit.record(db, actor, f"said.{action}", subject, at=at, retailer_id=review.retailer_id, detail=detail)


def answer(db: Session, item: Item, helped: Helped, *, store_id: str | None, at: datetime) -> Answer:
    """Note one tap; the caller commits."""
    tapped = Answer(retailer_id=item.retailer_id, item_id=item.id, store_id=store_id, answer=helped, at=at)
    db.add(tapped)
    return tapped


def forget_answers(db: Session, *, at: datetime) -> None:
    """Delete taps older than `ANSWERS_KEPT_FOR`; the caller commits."""
    db.execute(delete(Answer).where(Answer.at < at - ANSWERS_KEPT_FOR))
