"""Reads about kept items and share links."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.wishlists.models import ShareLink, WishlistItem


def list_kept(db: Session, visitor_id: str) -> list[WishlistItem]:
    """What a visitor keeps, newest first."""
    wanted = select(WishlistItem).where(WishlistItem.visitor_id == visitor_id, WishlistItem.removed_at.is_(None))
    return list(db.scalars(wanted.order_by(WishlistItem.added_at.desc(), WishlistItem.id.desc())))


def list_ever_kept(db: Session, visitor_id: str) -> list[WishlistItem]:
    """What a visitor keeps or took off the list again, newest first."""
    wanted = select(WishlistItem).where(WishlistItem.visitor_id == visitor_id)
    return list(db.scalars(wanted.order_by(WishlistItem.added_at.desc(), WishlistItem.id.desc())))


def list_kept_public_ids(db: Session, visitor_id: str) -> list[str]:
    """The public ids of the items a visitor keeps, newest first."""
    wanted = (
        select(Item.public_id)
        .join(WishlistItem, WishlistItem.item_id == Item.id)
        .where(WishlistItem.visitor_id == visitor_id, WishlistItem.removed_at.is_(None))
    )
    return list(db.scalars(wanted.order_by(WishlistItem.added_at.desc(), WishlistItem.id.desc())))


def find_share_link(db: Session, public_id: str) -> ShareLink | None:
    """The link that was given to a friend."""
    return db.scalars(select(ShareLink).where(ShareLink.public_id == public_id)).one_or_none()
