"""Reads about shoppers' reviews."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.reviews.models import Review, ReviewState

# An average of fewer says more about chance than about the item.
MIN_FOR_AVERAGE = 3


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


def summarise_reviews(db: Session, item_id: str) -> ReviewSummary:
    """The stars of an item's published reviews."""
    wanted = select(Review.stars, func.count()).where(Review.item_id == item_id, Review.state == ReviewState.PUBLISHED)
    counts = dict(db.execute(wanted.group_by(Review.stars)).all())
    return ReviewSummary((counts.get(1, 0), counts.get(2, 0), counts.get(3, 0), counts.get(4, 0), counts.get(5, 0)))


def pick_reviews(db: Session, item_id: str, *, limit: int = 3) -> Sequence[Review]:
    """The newest published reviews, best first, the last place given to the least pleased of all."""
    published = select(Review).where(Review.item_id == item_id, Review.state == ReviewState.PUBLISHED)
    newest = list(db.scalars(published.order_by(Review.written_at.desc(), Review.id.desc()).limit(limit)))
    if len(newest) == limit:
        worst = db.scalars(published.order_by(Review.stars, Review.written_at.desc(), Review.id).limit(1)).one()
        if worst.stars < min(review.stars for review in newest):
            newest[-1] = worst
    return sorted(newest, key=lambda review: -review.stars)
