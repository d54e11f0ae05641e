"""Tables of visitors, of the addresses that shoppers left, and of what they agreed to."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, RetailerScoped, one_of, word


class ConsentAction(enum.StrEnum):
    """What was done about a purpose."""

    GRANT = "grant"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class Visitor(RetailerScoped, Base):
    """A phone that asked to be remembered at one retailer; the cookie's secret is kept hashed."""

    id: Mapped[Id]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    forgotten_at: Mapped[datetime | None]


class Contact(RetailerScoped, Base):
    """A mail address that a shopper left at one retailer, as `addresses.clean_address` writes it.

    Of one that was erased the row stays without it, for what was agreed to points there.
    """

    __table_args__ = (UniqueConstraint("retailer_id", "email"),)

    id: Mapped[Id]
    email: Mapped[str | None] = mapped_column(String(254))
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class Suppression(RetailerScoped, Base):
    """An address that is not written to any more; only a keyed digest of it is kept (`addresses.address_hash`)."""

    __table_args__ = (UniqueConstraint("retailer_id", "address_hash"),)

    id: Mapped[Id]
    address_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class AgreedPhone(RetailerScoped, Base):
    """A phone whose owner was asked whether it may be known again; `key` is what the scan log calls it.

    Without a key: the owner said no, took the yes back, or gave it longer ago than it holds (`agreed.AGREEMENT_LASTS`).
    """

    __table_args__ = (UniqueConstraint("key", "retailer_id"),)

    id: Mapped[Id]
    key: Mapped[str | None] = mapped_column(String(16))
    answered_at: Mapped[datetime]


class ConsentEvent(RetailerScoped, Base):
    """One answer of a phone's or an address's owner, with the words that were shown; rows are only added."""

    __table_args__ = (
        one_of("action", ConsentAction),
        CheckConstraint(
            "CASE WHEN phone_id IS NULL THEN (visitor_id IS NULL) <> (contact_id IS NULL)"
            " ELSE visitor_id IS NULL AND contact_id IS NULL END",
            name="one_subject",
        ),
    )

    id: Mapped[Id]
    visitor_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("visitor.id"), index=True)
    contact_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("contact.id"), index=True)
    phone_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("agreed_phone.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(40))
    action: Mapped[ConsentAction] = word(ConsentAction)
    shown_text: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime]
