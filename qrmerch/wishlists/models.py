"""Tables of wish lists, of lists that friends may see, and of share links."""

import enum
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, PublicId, RetailerScoped, one_of, reference, word

# As long as the cookie: what nobody could stop any more ends by itself.
SHARE_LASTS: Final = timedelta(days=180)


class ShareMode(enum.StrEnum):
    """What friends may do with a shared list: look at it, or mark what they bring."""

    VIEW = "view"
    GIFT = "gift"


class WishlistItem(RetailerScoped, Base):
    """An item a visitor keeps; removed ones stay as tombstones."""

    __table_args__ = (UniqueConstraint("visitor_id", "item_id"),)

    id: Mapped[Id]
    visitor_id: Mapped[str] = reference("visitor.id", index=False)
    item_id: Mapped[str] = reference("item.id")
    # Where it was kept, as the page said.
    store_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("store.id"), index=True)
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class ShareLink(RetailerScoped, Base):
    """A link to an item's page for a friend: a visit, never a scan."""

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    item_id: Mapped[str] = reference("item.id")
    store_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("store.id"), index=True)
    created_at: Mapped[datetime]


class ListShare(RetailerScoped, Base):
    """A visitor's list as friends may see it; one that has ended is nobody's, and of its address a digest stays."""

    __table_args__ = (
        one_of("mode", ShareMode),
        CheckConstraint("(ended_at IS NULL) = (visitor_id IS NOT NULL)", name="owned_while_shared"),
        CheckConstraint("(ended_at IS NULL) = (secret IS NOT NULL)", name="known_while_shared"),
    )

    id: Mapped[Id]
    # What the scan log calls it; opens nothing.
    public_id: Mapped[PublicId]
    # What stands in the address that friends have: `ids.secret`.
    secret: Mapped[str | None] = mapped_column(String(32))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    visitor_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("visitor.id"), unique=True)
    mode: Mapped[ShareMode] = word(ShareMode)
    # When the address was asked for last.
    given_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def until_at(self) -> datetime:
        """When it ends by itself."""
        return self.given_at + SHARE_LASTS

    def holds(self, at: datetime) -> bool:
        """Whether friends may see the list at an instant."""
        return self.ended_at is None and at < self.until_at


class Bringing(RetailerScoped, Base):
    """A friend's word that they bring an item of a shared list: one friend for each item."""

    __table_args__ = (UniqueConstraint("share_id", "item_id"),)

    id: Mapped[Id]
    share_id: Mapped[str] = reference("list_share.id", index=False)
    item_id: Mapped[str] = reference("item.id")
    # The friend's phone.
    visitor_id: Mapped[str] = reference("visitor.id")
    at: Mapped[datetime]
