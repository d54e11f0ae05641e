"""Tables of wish lists and share links."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, PublicId, RetailerScoped, reference


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
