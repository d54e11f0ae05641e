"""The tables of what shoppers say: reviews, and one tap to a question."""

import enum
import hashlib
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, RetailerScoped, one_of, reference, word

MAX_TITLE_CHARS, MAX_TEXT_CHARS, MAX_ALIAS_CHARS, MAX_REPLY_CHARS = 120, 2_000, 60, 1_000


class ReviewState(enum.StrEnum):
    """Only published ones are shown."""

    PENDING = "pending"
    PUBLISHED = "published"
    REMOVED = "removed"


class Reason(enum.StrEnum):
    """Why a review is not shown. None of them is about how many stars it gives."""

    OFF_TOPIC = "off_topic"
    PERSONAL = "personal"
    ABUSE = "abuse"
    ADVERT = "advert"
    TWICE = "twice"
    OWN = "own"


class Review(RetailerScoped, Base):
    """One shopper's words and stars. Nothing in it says who wrote it but the name they chose."""

    __table_args__ = (
        one_of("state", ReviewState),
        one_of("reason", Reason),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars_range"),
        Index("ix_review_item_state", "item_id", "state"),
        Index("ix_review_retailer_state", "retailer_id", "state", "written_at"),
    )

    id: Mapped[Id]
    item_id: Mapped[str] = reference("item.id", index=False)
    stars: Mapped[int]
    title: Mapped[str] = mapped_column(String(MAX_TITLE_CHARS))
    text: Mapped[str] = mapped_column(Text)
    # Empty for somebody who gave none.
    alias: Mapped[str] = mapped_column(String(MAX_ALIAS_CHARS))
    locale: Mapped[str] = mapped_column(String(12))
    state: Mapped[ReviewState] = word(ReviewState, default=ReviewState.PENDING)
    reason: Mapped[Reason | None] = word(Reason)
    written_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    # The store at whose till this phone used a code for the item; None where nobody knows.
    bought_store_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("store.id"), index=True)
    # What the maker or the house answers, and under which name; empty for nothing.
    reply: Mapped[str] = mapped_column(Text, default="")
    reply_by: Mapped[str] = mapped_column(String(80), default="")
    replied_at: Mapped[datetime | None]
    # A vendor's answer waits until somebody at the retailer has read it.
    is_reply_shown: Mapped[bool] = mapped_column(default=False)

    @property
    def reply_digest(self) -> str:
        """What tells one answer from another: whoever lets it show says which one they read."""
        return hashlib.sha256(f"{self.reply_by}\n{self.reply}".encode()).hexdigest()


class Helped(enum.StrEnum):
    """An answer to "Did this page help you decide?"."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class Answer(RetailerScoped, Base):
    """One tap on an item's page; it holds nothing of who tapped."""

    __table_args__ = (one_of("answer", Helped), Index("ix_answer_item_at", "item_id", "at"))

    id: Mapped[Id]
    item_id: Mapped[str] = reference("item.id", index=False)
    # Where the page said the shopper stood.
    store_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("store.id"), index=True)
    answer: Mapped[Helped] = word(Helped)
    at: Mapped[datetime]
