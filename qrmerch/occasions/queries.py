"""Reads about occasions: one, a retailer's, where they take place, and what comes next."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.db import get_one
from qrmerch.occasions.models import Occasion, OccasionStore
from qrmerch.parties.models import Store

# Wherever a store is, its clock is at most this far from UTC.
_CLOCKS_APART: Final = timedelta(hours=15)


@dataclass(frozen=True, slots=True)
class Held:
    """An occasion in one of its stores, with the instants at which it begins and ends there."""

    occasion: Occasion
    store: Store
    begins_at: datetime
    ends_at: datetime

    def is_over(self, at: datetime) -> bool:
        return self.ends_at <= at


def instant_of(clock: str, zone: str) -> datetime:
    """When a clock in a time zone shows this; of an hour that comes twice the first one.

    :param clock: as `Occasion.begins` has it.
    """
    return datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def hold_in(occasion: Occasion, store: Store) -> Held:
    """An occasion as a store's own clock has it."""
    return Held(
        occasion, store, instant_of(occasion.begins, store.time_zone), instant_of(occasion.ends, store.time_zone)
    )


def get_occasion(db: Session, occasion_id: str) -> Occasion:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, Occasion, occasion_id, "This event is not here.")


def find_occasion(db: Session, public_id: str) -> Occasion | None:
    """The occasion of a shopper's address, published or not."""
    return db.scalars(select(Occasion).where(Occasion.public_id == public_id)).one_or_none()


def list_occasions(db: Session, retailer_id: str) -> list[Occasion]:
    """A retailer's occasions, the one that begins last first."""
    mine = select(Occasion).where(Occasion.retailer_id == retailer_id)
    return list(db.scalars(mine.order_by(Occasion.begins.desc(), Occasion.id.desc())))


def list_stores_of(db: Session, occasion_id: str) -> list[Store]:
    """Its stores, by name."""
    inside = select(Store).join(OccasionStore, OccasionStore.store_id == Store.id)
    return list(db.scalars(inside.where(OccasionStore.occasion_id == occasion_id).order_by(Store.name, Store.id)))


def list_coming(
    db: Session, retailer_id: str, *, store_id: str | None, at: datetime, limit: int, but: Collection[str] = ()
) -> list[Held]:
    """Published occasions that are not over, each in a store, the next one first.

    :param store_id: only there; None for each in the first of its open stores.
    :param but: ids of those that are left out.
    """
    # By their clocks first, generously; then exactly.
    earliest = (at - _CLOCKS_APART).astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    rows = (
        select(Occasion, Store)
        .join(OccasionStore, OccasionStore.occasion_id == Occasion.id)
        .join(Store, Store.id == OccasionStore.store_id)
        .where(
            Occasion.retailer_id == retailer_id,
            Occasion.is_published,
            Occasion.ends > earliest,
            Occasion.id.not_in(list(but)),
            Store.is_open,
        )
        .order_by(Occasion.begins, Occasion.id, Store.name, Store.id)
    )
    if store_id is not None:
        rows = rows.where(Store.id == store_id)
    found: dict[str, Held] = {}
    for occasion, store in db.execute(rows):
        held = hold_in(occasion, store)
        if occasion.id not in found and not held.is_over(at):
            found[occasion.id] = held
            if len(found) == limit:
                break
    return list(found.values())


def list_names_with(db: Session, asset_id: str) -> list[str]:
    """The names of the occasions that a picture stands for."""
    wanted = select(Occasion.name).where(Occasion.picture_id == asset_id)
    return list(db.scalars(wanted.order_by(Occasion.name)))
