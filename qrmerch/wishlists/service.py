"""Keeping items, letting them go, sharing them and whole lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.catalog.models import Item
from qrmerch.errors import Conflict
from qrmerch.visitors.models import Visitor
from qrmerch.wishlists.models import SHARE_LASTS, Bringing, ListShare, ShareLink, ShareMode, WishlistItem
from qrmerch.wishlists.queries import find_share_of, hash_list_secret

# A list is for a person's eyes; beyond this it is a script's.
MAX_KEPT = 200
# How long an address that was stopped says so.
ENDED_KEPT = timedelta(days=180)
_ENDED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Copied:
    """What came of copying a friend's list: what is new on one's own, newest first, and whether there was no room."""

    items: tuple[Item, ...]
    is_full: bool


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


def erase_list(db: Session, visitor: Visitor, *, at: datetime) -> None:
    """Delete all that a visitor keeps or ever kept, what they bring of others' lists, and the way to theirs.

    The caller commits.
    """
    share = find_share_of(db, visitor.id, to_change=True)
    if share is not None:
        end_share(db, share, at=at)
    db.execute(delete(Bringing).where(Bringing.visitor_id == visitor.id))
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


def share_list(db: Session, visitor: Visitor, *, at: datetime) -> ListShare:
    """The address under which friends see a visitor's list, made where there is none. The caller commits.

    Pressed twice it is the same address, which lasts anew; after `end_share` it is another one.
    """
    known = find_share_of(db, visitor.id, to_change=True)
    if known is not None and known.holds(at):
        known.given_at = at
        return known
    if known is not None:
        end_share(db, known, at=at)
    secret = ids.secret()
    share = ListShare(
        id=ids.new(),
        public_id=ids.public(),
        retailer_id=visitor.retailer_id,
        secret=secret,
        secret_hash=hash_list_secret(secret),
        visitor_id=visitor.id,
        mode=ShareMode.VIEW,
        given_at=at,
    )
    try:
        with db.begin_nested():
            db.add(share)
    except IntegrityError:
        # Two presses came at once; the other one was first.
        known = find_share_of(db, visitor.id)
        if known is None:
            raise
        return known
    return share


def end_share(db: Session, share: ListShare, *, at: datetime) -> None:
    """Let nobody see a list by this address any more; what friends bring of it is forgotten. The caller commits."""
    db.execute(delete(Bringing).where(Bringing.share_id == share.id))
    share.secret, share.visitor_id, share.ended_at = None, None, at
    db.flush()


def bring(db: Session, share: ListShare, visitor: Visitor, item: Item, *, at: datetime) -> bool:
    """Note that a friend brings an item of a list; whether nobody else does. The caller commits.

    :param share: locked by `find_list_share`, so that nobody ends it meanwhile.
    """
    said = _find_bringing(db, share, item)
    if said is not None:
        return said.visitor_id == visitor.id
    row = Bringing(
        id=ids.new(), retailer_id=share.retailer_id, share_id=share.id, item_id=item.id, visitor_id=visitor.id, at=at
    )
    db.add(row)
    db.flush()
    return True


def take_back(db: Session, share: ListShare, visitor: Visitor, item: Item) -> bool:
    """Undo `bring`, by whoever said it; whether it was said by them. The caller commits."""
    said = _find_bringing(db, share, item)
    if said is None or said.visitor_id != visitor.id:
        return False
    db.delete(said)
    db.flush()
    return True


def is_brought(db: Session, share: ListShare, item: Item) -> bool:
    """Whether somebody said that they bring an item of a list."""
    return _find_bringing(db, share, item) is not None


def copy_list(db: Session, items: Sequence[Item], visitor: Visitor, *, store_id: str | None, at: datetime) -> Copied:
    """Put items of a friend's list on a visitor's own, as far as there is room; the caller commits.

    What is there already stays as it was, so that copying twice is copying once.

    :param items: in the order in which they shall stand, the first on top.
    """
    rows = {row.item_id: row for row in db.scalars(select(WishlistItem).where(WishlistItem.visitor_id == visitor.id))}
    room = MAX_KEPT - sum(row.removed_at is None for row in rows.values())
    wanted = [item for item in items if item.id not in rows or rows[item.id].removed_at is not None]
    new = []
    for item in reversed(wanted[: max(room, 0)]):
        row = rows.get(item.id)
        if row is not None:
            row.added_at, row.removed_at, row.store_id = at, None, store_id
        elif not _add(db, visitor, item, store_id=store_id, at=at):
            continue
        new.append(item)
    return Copied(tuple(reversed(new)), is_full=len(wanted) > max(room, 0))


def end_lapsed(db: Session, *, at: datetime) -> int:
    """End what was shared too long ago, and forget addresses that ended long ago; a few hundred, how many were ended.

    The caller commits.
    """
    over = select(ListShare).where(ListShare.ended_at.is_(None), ListShare.given_at <= at - SHARE_LASTS)
    lapsed = db.scalars(over.order_by(ListShare.id).limit(_ENDED_AT_ONCE).with_for_update(skip_locked=True)).all()
    for share in lapsed:
        end_share(db, share, at=at)
    db.execute(delete(ListShare).where(ListShare.ended_at <= at - ENDED_KEPT))
    return len(lapsed)


def _find_bringing(db: Session, share: ListShare, item: Item) -> Bringing | None:
    wanted = select(Bringing).where(Bringing.share_id == share.id, Bringing.item_id == item.id)
    return db.scalars(wanted).one_or_none()


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
