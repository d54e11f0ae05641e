"""The tables of what shoppers asked to be told, and of the one-time links in the mails about it."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.outbox import Channel
from qrmerch.tables import Base, Id, RetailerScoped, one_of, reference, word


class Purpose(enum.StrEnum):
    """What somebody asked to be written to about."""

    NEWSLETTER = "newsletter"
    BACK_IN_STOCK = "back_in_stock"


class SubscriptionState(enum.StrEnum):
    """Nothing is sent for a pending one but the question whether the address is theirs."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    FIRED = "fired"
    UNSUBSCRIBED = "unsubscribed"
    EXPIRED = "expired"


class LinkKind(enum.StrEnum):
    """What the page behind a link in a mail lets its reader do."""

    CONFIRM = "confirm"
    STOP = "stop"


class Subscription(RetailerScoped, Base):
    """What one address asked for; asked for once more, it is the same row."""

    __table_args__ = (
        one_of("channel", Channel),
        one_of("purpose", Purpose),
        one_of("state", SubscriptionState),
        CheckConstraint("(purpose = 'back_in_stock') = (variant_id IS NOT NULL)", name="variant_where_it_belongs"),
        UniqueConstraint("contact_id", "channel", "purpose", "about"),
        Index("ix_subscription_state_until", "state", "until"),
        Index("ix_subscription_variant_state", "variant_id", "state"),
        Index("ix_subscription_retailer_state", "retailer_id", "purpose", "state"),
    )

    id: Mapped[Id]
    contact_id: Mapped[str] = reference("contact.id", index=False)
    channel: Mapped[Channel] = word(Channel)
    purpose: Mapped[Purpose] = word(Purpose)
    variant_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("variant.id"))
    # Where it is to be back; None for whichever store.
    store_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("store.id"), index=True)
    # Variant and store as one text, for two empty fields are not equal to the database.
    about: Mapped[str] = mapped_column(String(80), default="")
    state: Mapped[SubscriptionState] = word(SubscriptionState)
    # What stood beside the button, and the language of the page; goes into the ledger with the confirmation.
    shown_text: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(String(12))
    asked_at: Mapped[datetime]
    # When it ends by itself; None for what lasts until somebody stops it.
    until: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    fired_at: Mapped[datetime | None]
    # The store whose pieces the message was about.
    fired_store_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("store.id"), index=True)
    # When it was told, stopped or ran out.
    ended_at: Mapped[datetime | None]

    @property
    def is_live(self) -> bool:
        return self.state in (SubscriptionState.PENDING, SubscriptionState.CONFIRMED)


class MailLink(RetailerScoped, Base):
    """A link in a mail; its secret is kept hashed. What it leads to changes nothing before a button is pressed."""

    __table_args__ = (one_of("kind", LinkKind), one_of("purpose", Purpose))

    id: Mapped[Id]
    kind: Mapped[LinkKind] = word(LinkKind)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    contact_id: Mapped[str] = reference("contact.id")
    # All pending subscriptions of this purpose are confirmed at once, one is stopped alone.
    purpose: Mapped[Purpose] = word(Purpose)
    subscription_id: Mapped[str] = reference("subscription.id")
    created_at: Mapped[datetime]
    # A link to confirm ends; one to stop never does.
    until: Mapped[datetime | None]
