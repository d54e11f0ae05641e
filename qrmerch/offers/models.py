"""Tables of offers, their counters, claims and redemptions."""

import enum
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, Json, PublicId, RetailerScoped, one_of, reference, word


class OfferKind(enum.StrEnum):
    """What is promised; the first two are money off."""

    PERCENT = "percent"
    AMOUNT = "amount"
    GIFT = "gift"
    EXPERIENCE = "experience"

    @property
    def is_discount(self) -> bool:
        return self in (OfferKind.PERCENT, OfferKind.AMOUNT)


class ClaimState(enum.StrEnum):
    """Expiry is read from the clock, not kept as a state."""

    ISSUED = "issued"
    REDEEMED = "redeemed"
    VOID = "void"


class Outcome(enum.StrEnum):
    """What came of a try at the till."""

    REDEEMED = "redeemed"
    REVERSED = "reversed"
    REFUSED = "refused"


class Offer(RetailerScoped, Base):
    """A promise for some items, between two instants (the end not counted)."""

    __table_args__ = (
        one_of("kind", OfferKind),
        CheckConstraint("until_at > from_at", name="period_forward"),
        CheckConstraint("kind NOT IN ('percent', 'amount') OR value > 0", name="discount_has_value"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    kind: Mapped[OfferKind] = word(OfferKind)
    # Percent, or minor units; 0 for gifts and experiences.
    value: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    # By locale: what it is, and its terms.
    headline: Mapped[Json]
    terms: Mapped[Json]
    # Stores where it holds; null means all.
    store_ids: Mapped[Json | None]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    limit_total: Mapped[int]
    limit_per_visitor: Mapped[int] = mapped_column(default=1)
    # Claims stay good this long after they were made, never past the end.
    claim_hours: Mapped[int] = mapped_column(default=24)
    is_paused: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]


class OfferItem(RetailerScoped, Base):
    """An offer holds for an item."""

    __table_args__ = (UniqueConstraint("offer_id", "item_id"),)

    id: Mapped[Id]
    offer_id: Mapped[str] = reference("offer.id")
    item_id: Mapped[str] = reference("item.id")


class OfferCounter(RetailerScoped, Base):
    """How much of an offer is taken; moved only by one conditional update."""

    __table_args__ = (
        CheckConstraint("used >= 0 AND reserved >= 0 AND used + reserved <= lim", name="within_limit"),
        UniqueConstraint("offer_id"),
    )

    id: Mapped[Id]
    offer_id: Mapped[str] = reference("offer.id", index=False)
    lim: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)


class OfferSubjectUse(RetailerScoped, Base):
    """One permitted use by one subject; the unique place is the limit per person. A claim not used gives it back."""

    __table_args__ = (UniqueConstraint("offer_id", "subject_key", "place"), UniqueConstraint("claim_id"))

    id: Mapped[Id]
    offer_id: Mapped[str] = reference("offer.id", index=False)
    subject_key: Mapped[str] = mapped_column(String(70))
    place: Mapped[int]
    claim_id: Mapped[str] = reference("claim.id", index=False)


_HOLDS_BUDGET = text("state = 'issued' AND freed_at IS NULL")


class Claim(RetailerScoped, Base):
    """An offer taken by a visitor; the code is kept as a keyed hash."""

    __table_args__ = (
        one_of("state", ClaimState),
        Index("ix_claim_visitor", "visitor_id"),
        Index("ix_claim_holding", "offer_id", "expires_at", sqlite_where=_HOLDS_BUDGET, postgresql_where=_HOLDS_BUDGET),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    offer_id: Mapped[str] = reference("offer.id")
    item_id: Mapped[str] = reference("item.id")
    visitor_id: Mapped[str] = mapped_column(String(36), ForeignKey("visitor.id"))
    # Where the page said the shopper stood.
    store_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("store.id"), index=True)
    visit: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[ClaimState] = word(ClaimState, default=ClaimState.ISSUED)
    # The promise as it was when claimed; a later change of the offer does not touch it.
    terms: Mapped[Json]
    code_lookup: Mapped[str] = mapped_column(String(64), unique=True)
    code_tail: Mapped[str] = mapped_column(String(4))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    redeemed_at: Mapped[datetime | None]
    # When what it held of the offer was given back, unused; set once and for good.
    freed_at: Mapped[datetime | None]


_STANDS = text("outcome = 'redeemed' AND undone_at IS NULL")


class Redemption(RetailerScoped, Base):
    """One try at a till: honoured, refused or taken back."""

    __table_args__ = (
        one_of("outcome", Outcome),
        UniqueConstraint("retailer_id", "idempotency_key"),
        UniqueConstraint("reverses_id"),
        # At most one use of a claim stands.
        Index("uq_redemption_standing", "claim_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
        Index("ix_redemption_store_at", "store_id", "at"),
    )

    id: Mapped[Id]
    claim_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("claim.id"), index=True)
    outcome: Mapped[Outcome] = word(Outcome)
    reason: Mapped[str] = mapped_column(String(40), default="")
    # Of the caller and their key, hashed together.
    idempotency_key: Mapped[str] = mapped_column(String(80))
    store_id: Mapped[str] = reference("store.id", index=False)
    associate_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    reverses_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("redemption.id"))
    at: Mapped[datetime]
    # Of a use that was taken back: when.
    undone_at: Mapped[datetime | None]
