"""Reads about looks: one, a retailer's, what is in them, and which an item is in."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.db import get_one
from qrmerch.looks.models import Look, LookItem


def get_look(db: Session, look_id: str) -> Look:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, Look, look_id, "This look is not here.")


def find_look(db: Session, public_id: str) -> Look | None:
    """The look of a shopper's address, published or not."""
    return db.scalars(select(Look).where(Look.public_id == public_id)).one_or_none()


def list_looks(db: Session, retailer_id: str) -> list[Look]:
    """A retailer's looks, newest first."""
    mine = select(Look).where(Look.retailer_id == retailer_id)
    return list(db.scalars(mine.order_by(Look.created_at.desc(), Look.id.desc())))


def list_items(db: Session, look_id: str) -> list[Item]:
    """The items of a look in their order, also those that are no longer sold."""
    inside = select(Item).join(LookItem, LookItem.item_id == Item.id).where(LookItem.look_id == look_id)
    return list(db.scalars(inside.order_by(LookItem.place, LookItem.id)))


def count_items(db: Session, look_ids: Collection[str]) -> dict[str, int]:
    """How many items each of these looks has; empty ones are left out."""
    rows = select(LookItem.look_id, func.count()).where(LookItem.look_id.in_(list(look_ids)))
    return dict(db.execute(rows.group_by(LookItem.look_id)).all())


def find_look_with(db: Session, item_id: str) -> Look | None:
    """The newest published look that an item is in."""
    mine = select(Look).join(LookItem, LookItem.look_id == Look.id)
    mine = mine.where(LookItem.item_id == item_id, Look.is_published)
    return db.scalars(mine.order_by(Look.created_at.desc(), Look.id.desc()).limit(1)).one_or_none()


def list_names_with(db: Session, asset_id: str) -> list[str]:
    """The names of the looks that a picture stands for."""
    return list(db.scalars(select(Look.name).where(Look.picture_id == asset_id).order_by(Look.name)))
