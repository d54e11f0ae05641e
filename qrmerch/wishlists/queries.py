"""Reads about kept items, lists that friends may see, and share links."""

import hashlib

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.wishlists.models import Bringing, ListShare, ShareLink, WishlistItem


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


def hash_list_secret(secret: str) -> str:
    """What a shared list is looked up by; all that is kept of its address once it has ended."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find_list_share(db: Session, secret: str, *, to_change: bool = False) -> ListShare | None:
    """The shared list with this secret in its address, also one that has ended.

    :param to_change: nobody else ends or changes it before the commit.
    """
    wanted = select(ListShare).where(ListShare.secret_hash == hash_list_secret(secret))
    return _one(db, wanted, to_change=to_change)


def find_share_of(db: Session, visitor_id: str, *, to_change: bool = False) -> ListShare | None:
    """How a visitor's list is shared; perhaps with a time that is over, where nobody has ended it yet.

    :param to_change: nobody else ends or changes it before the commit.
    """
    return _one(db, select(ListShare).where(ListShare.visitor_id == visitor_id), to_change=to_change)


def list_bringings(db: Session, share_id: str) -> list[Bringing]:
    """What friends said they bring of a shared list, in the order in which they said so."""
    wanted = select(Bringing).where(Bringing.share_id == share_id)
    return list(db.scalars(wanted.order_by(Bringing.at, Bringing.id)))


def list_brought_by(db: Session, visitor_id: str) -> list[Bringing]:
    """What a visitor said they bring, of whichever lists, in the order in which they said so."""
    wanted = select(Bringing).where(Bringing.visitor_id == visitor_id)
    return list(db.scalars(wanted.order_by(Bringing.at, Bringing.id)))


def _one(db: Session, wanted: Select[ListShare], *, to_change: bool) -> ListShare | None:
    if to_change:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    return db.scalars(wanted).one_or_none()
