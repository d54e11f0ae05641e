"""The tables of occasions."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, Json, PublicId, RetailerScoped, reference


class Occasion(RetailerScoped, Base):
    """Something that happens in one or more of the retailer's stores; shoppers see it while it is published."""

    __table_args__ = (CheckConstraint("ends > begins", name="ends_after_it_begins"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    # The title in the first of the retailer's languages that has one: what staff, lists and labels call it.
    name: Mapped[str] = mapped_column(String(80))
    # By locale: a title, what it is, and where in the store.
    title: Mapped[Json]
    words: Mapped[Json] = mapped_column(default=dict)
    spot: Mapped[Json] = mapped_column(default=dict)
    # What the clock on the store's wall shows, in each of its stores: `2026-12-10T18:00`.
    begins: Mapped[str] = mapped_column(String(16))
    ends: Mapped[str] = mapped_column(String(16))
    # Of the house's own pictures.
    picture_id: Mapped[str | None] = reference("asset.id", nullable=True)
    is_published: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class OccasionStore(RetailerScoped, Base):
    """A store in which an occasion takes place."""

    __table_args__ = (UniqueConstraint("occasion_id", "store_id"),)

    id: Mapped[Id]
    occasion_id: Mapped[str] = reference("occasion.id")
    store_id: Mapped[str] = reference("store.id")
