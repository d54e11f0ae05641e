"""The tables of looks."""

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, Json, PublicId, RetailerScoped, reference


class Look(RetailerScoped, Base):
    """Items that go together, put together by the retailer; shoppers see it while it is published."""

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    # The title in the first of the retailer's languages that has one: what staff, lists and labels call it.
    name: Mapped[str] = mapped_column(String(80))
    # By locale: a title, and one sentence.
    title: Mapped[Json]
    words: Mapped[Json] = mapped_column(default=dict)
    # One picture of all of it, of the house's own; without one its items' pictures are set together.
    picture_id: Mapped[str | None] = reference("asset.id", nullable=True)
    is_published: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class LookItem(RetailerScoped, Base):
    """An item's place in a look."""

    __table_args__ = (UniqueConstraint("look_id", "item_id"),)

    id: Mapped[Id]
    look_id: Mapped[str] = reference("look.id")
    item_id: Mapped[str] = reference("item.id")
    place: Mapped[int]
