"""Reads about what shoppers say of items."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.db import get_one
from qrmerch.reviews.models import Answer, Helped, Review, ReviewState

# An average of fewer says more about chance than about the item.
MIN_FOR_AVERAGE = 3
# More unread reviews of one item than this come from no shoppers.
MOST_WAITING = 200


@dataclass(frozen=True, slots=True)
class ReviewSummary:
    """How many published reviews gave 1, 2, 3, 4 and 5 stars."""

    counts: tuple[int, int, int, int, int]

    @property
    def count(self) -> int:
        return sum(self.counts)

    @property
    def average(self) -> float | None:
        """The mean of the stars; None below three reviews."""
        if self.count < MIN_FOR_AVERAGE:
            return None
        return sum(stars * count for stars, count in enumerate(self.counts, start=1)) / self.count


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A review with the item it is of, and how staff read its stars and the name under it."""

    review: Review
    item: Item

    @property
    def drawn(self) -> str:
        return "★" * self.review.stars + "☆" * (5 - self.review.stars)

    @property
    def stars_said(self) -> str:
        return f"{self.review.stars} of 5 stars"

    @property
    def who(self) -> str:
        """In quotation marks: where the name ends, what we know of the purchase begins."""
        return f"“{self.review.alias}”" if self.review.alias else "No name"


@dataclass(frozen=True, slots=True)
class ItemAnswers:
    """How many taps an item's page got: yes, partly, no."""

    item: Item
    yes: int
    partly: int
    no: int

    @property
    def total(self) -> int:
        return self.yes + self.partly + self.no


def summarise_reviews(db: Session, item_id: str) -> ReviewSummary:
    """The stars of an item's published reviews."""
    wanted = select(Review.stars, func.count()).where(_is_shown_of(item_id))
    counts = dict(db.execute(wanted.group_by(Review.stars)).all())
    return ReviewSummary((counts.get(1, 0), counts.get(2, 0), counts.get(3, 0), counts.get(4, 0), counts.get(5, 0)))


def pick_reviews(db: Session, item_id: str, *, limit: int = 3) -> Sequence[Review]:
    """The newest published reviews, best first, the last place given to the least pleased of all."""
    published = select(Review).where(_is_shown_of(item_id))
    newest = list(db.scalars(published.order_by(Review.written_at.desc(), Review.id.desc()).limit(limit)))
    if len(newest) == limit:
        worst = db.scalars(published.order_by(Review.stars, Review.written_at.desc(), Review.id).limit(1)).one()
        if worst.stars < min(review.stars for review in newest):
            newest[-1] = worst
    return sorted(newest, key=lambda review: -review.stars)


def list_shown(db: Session, item_id: str, *, page: int, per_page: int) -> list[Review]:
    """One page of an item's published reviews, newest first."""
    shown = select(Review).where(_is_shown_of(item_id)).order_by(Review.written_at.desc(), Review.id.desc())
    return list(db.scalars(shown.offset((page - 1) * per_page).limit(per_page)))


def _is_shown_of(item_id: str) -> ColumnElement[bool]:
    return (Review.item_id == item_id) & (Review.state == ReviewState.PUBLISHED)


def get_review(db: Session, review_id: str) -> Review:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, Review, review_id, "This review is not here any more.")


def _waits() -> ColumnElement[bool]:
    """A review nobody has read, or a shown one with a vendor's answer that nobody has read."""
    unread = (Review.state == ReviewState.PUBLISHED) & (Review.reply != "") & Review.is_reply_shown.is_(False)
    return or_(Review.state == ReviewState.PENDING, unread)


def is_heap(db: Session, item_id: str) -> bool:
    """Whether as many reviews of an item wait to be read as may."""
    waiting = select(func.count(Review.id)).where(Review.item_id == item_id, Review.state == ReviewState.PENDING)
    return (db.scalar(waiting) or 0) >= MOST_WAITING


def count_waiting_reviews(db: Session, retailer_id: str) -> int:
    """How many reviews, and answers to them, wait to be read."""
    return db.scalar(select(func.count(Review.id)).where(Review.retailer_id == retailer_id, _waits())) or 0


def list_reviews(
    db: Session, retailer_id: str, state: ReviewState, *, item_id: str = "", page: int, per_page: int
) -> tuple[list[ReviewLine], int]:
    """One page of a retailer's reviews in a state, with their number: what waits oldest first, the rest newest first.

    :param state: `pending` stands for all that waits, answers to shown reviews too.
    :param item_id: only this item's.
    """
    is_waiting = state == ReviewState.PENDING
    wanted = [Review.retailer_id == retailer_id, _waits() if is_waiting else Review.state == state]
    if item_id:
        wanted.append(Review.item_id == item_id)
    total = db.scalar(select(func.count(Review.id)).where(*wanted)) or 0
    rows = select(Review, Item).join(Item, Item.id == Review.item_id).where(*wanted)
    order = Review.written_at if is_waiting else Review.written_at.desc()
    rows = rows.order_by(order, Review.id).offset((page - 1) * per_page).limit(per_page)
    return [ReviewLine(review, item) for review, item in db.execute(rows)], total


def list_reviews_of_vendor(
    db: Session, vendor_id: str, retailer_ids: Sequence[str], *, page: int, per_page: int
) -> tuple[list[ReviewLine], int]:
    """One page of the shown reviews of a vendor's items at these retailers, newest first, and how many there are."""
    wanted = [
        Item.vendor_id == vendor_id,
        Item.retailer_id.in_(retailer_ids),
        Review.state == ReviewState.PUBLISHED,
    ]
    rows = select(Review, Item).join(Item, Item.id == Review.item_id).where(*wanted)
    total = db.scalar(select(func.count(Review.id)).join(Item, Item.id == Review.item_id).where(*wanted)) or 0
    rows = rows.order_by(Review.written_at.desc(), Review.id).offset((page - 1) * per_page).limit(per_page)
    return [ReviewLine(review, item) for review, item in db.execute(rows)], total


def list_answers(db: Session, retailer_id: str, *, since: datetime, limit: int) -> list[ItemAnswers]:
    """What one tap said of each item's page since an instant; most "no" and "partly" first.

    :param limit: so many items at most.
    """
    yes, partly, no = (func.sum(case((Answer.answer == each, 1), else_=0)) for each in Helped)
    counted = (
        select(Answer.item_id, yes.label("yes"), partly.label("partly"), no.label("no"))
        .where(Answer.retailer_id == retailer_id, Answer.at >= since)
        .group_by(Answer.item_id)
        .subquery()
    )
    rows = select(Item, counted.c.yes, counted.c.partly, counted.c.no).join(counted, counted.c.item_id == Item.id)
    rows = rows.order_by((counted.c.no + counted.c.partly).desc(), counted.c.yes.desc(), Item.id).limit(limit)
    return [ItemAnswers(item, int(one), int(two), int(three)) for item, one, two, three in db.execute(rows)]
