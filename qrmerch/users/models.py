"""Tables of users, what they may do where, their sessions and invitations."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.access import Role
from qrmerch.tables import Base, Id, Json, one_of, reference, word


class User(Base):
    """A person who can sign in."""

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    is_disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Membership(Base):
    """What a user does, and for which retailer or vendor (an operator for neither)."""

    __table_args__ = (one_of("role", Role), UniqueConstraint("user_id", "retailer_id", "vendor_id", "role"))

    id: Mapped[Id]
    user_id: Mapped[str] = reference("user.id")
    role: Mapped[Role] = word(Role)
    retailer_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("retailer.id"), index=True)
    vendor_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("vendor.id"), index=True)
    # An associate's own stores; empty for everybody else.
    store_ids: Mapped[Json]
    created_at: Mapped[datetime]


class StaffSession(Base):
    """One sign-in on one browser; the cookie's secret is kept hashed."""

    id: Mapped[Id]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[str] = reference("user.id")
    membership_id: Mapped[str] = mapped_column(String(36), ForeignKey("membership.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    until: Mapped[datetime]
    # Lines to show on the next page: [{"kind": …, "text": …}].
    notices: Mapped[Json]


class Invitation(Base):
    """A one-time link that makes an account, or adds a role to one; the secret is kept hashed."""

    __table_args__ = (one_of("role", Role),)

    id: Mapped[Id]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[Role] = word(Role)
    retailer_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("retailer.id"), index=True)
    vendor_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("vendor.id"), index=True)
    store_ids: Mapped[Json]
    created_at: Mapped[datetime]
    until: Mapped[datetime]
    used_at: Mapped[datetime | None]
