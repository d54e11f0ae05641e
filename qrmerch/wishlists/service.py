"""Keeping items, letting them go, sharing them."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.catalog.models import Item
from qrmerch.errors import Conflict
from qrmerch.visitors.models import Visitor
from qrmerch.wishlists.models import ShareLink, WishlistItem

# A list is for a person's eyes; beyond this it is a script's.
MAX_KEPT = 200


class ListFull(Conflict):
    """A list holds no more."""

    slug = "list_full"


def keep(db: Session, visitor: Visitor, item: Item, *, store_id: str | None, at: datetime) -> bool:
    """Put an item on a visitor's list; whether it was not there before. The caller commits.

    :raises ListFull: it holds `MAX_KEPT` items already.
    """
    row = _find(db, visitor, item)
    if row is not None and row.removed_at is None:
        return False
    if _is_full(db, visitor):
        raise ListFull(f"The list holds {MAX_KEPT} items. Let one go to keep another.")
    if row is not None:
        row.added_at, row.removed_at, row.store_id = at, None, store_id
        return True
    return _add(db, visitor, item, store_id=store_id, at=at)


def let_go(db: Session, visitor: Visitor, item: Item, *, at: datetime) -> bool:
    """Take an item off a visitor's list; whether it was on it. The caller commits."""
    row = _find(db, visitor, item)
    if row is None or row.removed_at is not None:
        return False
    row.removed_at = at
    return True


def erase_list(db: Session, visitor: Visitor) -> None:
    """Delete all that a visitor keeps or ever kept; the caller commits."""
    db.execute(delete(WishlistItem).where(WishlistItem.visitor_id == visitor.id))


def share(db: Session, item: Item, *, store_id: str | None, at: datetime) -> ShareLink:
    """A link to an item for a friend, tied to nobody; the caller commits."""
    link = ShareLink(
        id=ids.new(),
        public_id=ids.public(),
        retailer_id=item.retailer_id,
        item_id=item.id,
        store_id=store_id,
        created_at=at,
    )
    db.add(link)
    db.flush()
    return link


def _find(db: Session, visitor: Visitor, item: Item) -> WishlistItem | None:
    wanted = select(WishlistItem).where(WishlistItem.visitor_id == visitor.id, WishlistItem.item_id == item.id)
    return db.scalars(wanted).one_or_none()


def _is_full(db: Session, visitor: Visitor) -> bool:
    kept = select(WishlistItem.id).where(WishlistItem.visitor_id == visitor.id, WishlistItem.removed_at.is_(None))
    return len(db.scalars(kept.limit(MAX_KEPT)).all()) == MAX_KEPT


def _add(db: Session, visitor: Visitor, item: Item, *, store_id: str | None, at: datetime) -> bool:
    row = WishlistItem(
        retailer_id=item.retailer_id, visitor_id=visitor.id, item_id=item.id, store_id=store_id, added_at=at
    )
    try:
        with db.begin_nested():
            db.add(row)
    except IntegrityError:
        # The same press came twice at once; the other one kept it.
        return False
    return True
