"""Where else an item is: in stores that have it today, and where its code hangs for somebody who is in no store."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.codes.models import Code, CodeState
from qrmerch.parties.models import Fixture, FixtureKind, Store
from qrmerch.rendering.opening import opening_edges, word_opening
from qrmerch.rendering.pages import Elsewhere, HangingAt
from qrmerch.rendering.wording import Shelf, word_none_here

_NAMED: Final = 3
# What stands where its code hangs; a window, a poster or a wall shows what is elsewhere.
_HOLDERS: Final = (FixtureKind.SHELF, FixtureKind.HANGTAG)
Address = Callable[[Store], str]


def sort_nearest(stores: Sequence[Store], store: Store | None) -> list[Store]:
    """Stores by how near they are to one: its town, then its region, then its country, by postcode within.

    Nobody has told us where on the map they stand; towns and regions are what an address says.
    """
    if store is None:
        return list(stores)
    return sorted(stores, key=lambda other: _distance(store, other))


def _distance(here: Store, there: Store) -> tuple[bool, bool, bool, int]:
    is_abroad = here.country != there.country
    is_other_region = not here.region or here.region.casefold() != there.region.casefold()
    is_other_town = here.city.casefold() != there.city.casefold()
    # Within one town the region is the same, whether it was written down or not.
    return is_abroad, is_other_town and is_other_region, is_other_town, -_shared(here.postcode, there.postcode)


def _shared(one: str, other: str) -> int:
    """With how many characters both begin."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def find_elsewhere(shelf: Shelf, store: Store | None, locale: str, address: Address) -> Elsewhere | None:
    """The nearest stores that have an item which is not in this one today; None where it is here, or nobody knows."""
    if store is None:
        return None
    words = word_none_here(shelf, store, locale)
    there = [
        other
        for other in shelf.stores
        if other.id != store.id and shelf.state_at(other.id, shelf.variant_ids) in ("in_stock", "few")
    ]
    if not words or not there:
        return None
    return Elsewhere(words, tuple((each.short_name, address(each)) for each in there[:_NAMED]))


def list_spots(db: Session, item_id: str, store: Store) -> list[str]:
    """Where in a store an item is to be found: the shelves and rails on which its codes hang, by name."""
    wanted = (
        select(Fixture.name)
        .join(Code, Code.fixture_id == Fixture.id)
        .where(Code.item_id == item_id, Code.state == CodeState.ACTIVE)
        .where(Fixture.store_id == store.id, Fixture.kind.in_(_HOLDERS))
    )
    return list(db.scalars(wanted.distinct().order_by(Fixture.name)))


def list_hanging(
    db: Session,
    item_id: str,
    stores: Sequence[Store],
    *,
    first: Store | None,
    locale: str,
    at: datetime,
    address: Address,
) -> tuple[tuple[HangingAt, ...], list[datetime]]:
    """The open stores where an item's codes hang, for somebody elsewhere, and when their opening says something else.

    :param first: the store that the page was shared from, which is told of first.
    """
    hung = select(Code.store_id).where(Code.item_id == item_id, Code.state == CodeState.ACTIVE).distinct()
    ids = set(db.scalars(hung))
    found = sorted((each for each in stores if each.id in ids), key=lambda each: first is None or each.id != first.id)
    edges = [edge for each in found[:_NAMED] for edge in opening_edges(each, at)]
    return tuple(_hanging_at(each, locale, at, address) for each in found[:_NAMED]), edges


def _hanging_at(store: Store, locale: str, at: datetime, address: Address) -> HangingAt:
    lines = (store.address, store.town, word_opening(store, locale, at))
    return HangingAt(store.short_name, tuple(line for line in lines if line), address(store), store.public_id)
