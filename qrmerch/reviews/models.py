"""The table of shoppers' reviews."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, RetailerScoped, one_of, reference, word


class ReviewState(enum.StrEnum):
    """Only published ones are shown."""

    PENDING = "pending"
    PUBLISHED = "published"
    REMOVED = "removed"


class Review(RetailerScoped, Base):
    """One shopper's words and stars."""

    __table_args__ = (
        one_of("state", ReviewState),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars_range"),
        Index("ix_review_item_state", "item_id", "state"),
    )

    id: Mapped[Id]
    item_id: Mapped[str] = reference("item.id", index=False)
    stars: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    alias: Mapped[str] = mapped_column(String(60))
    locale: Mapped[str] = mapped_column(String(12))
    state: Mapped[ReviewState] = word(ReviewState, default=ReviewState.PENDING)
    written_at: Mapped[datetime]
