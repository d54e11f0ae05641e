"""How a retailer's items stand: what shoppers see of each, and what waits; as conditions and as words."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, Variant
from qrmerch.content.models import Content, Publication, Revision, RevisionState
from qrmerch.parties.models import Supply

# The word in an address, and what it is called.
STATES: Final = (
    ("", "In the range"),
    ("live", "Live"),
    ("plain", "Plain page"),
    ("waiting", "In review"),
    ("proposed", "With new choices"),
    ("retired", "Retired"),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What shoppers see of an item, as a word for `ui/status.html`, and whether a revision of it waits."""

    state: str
    label: str
    is_waiting: bool


def is_live(*, at: datetime) -> ColumnElement[bool]:
    """Whether a page of an item shows somewhere: its newest publication has a revision, its vendor supplies.

    A take-down holds everywhere, so the newest publication that covers an instant says it all.
    """
    newest = (
        select(
            Publication.item_id,
            Publication.revision_id,
            func.row_number()
            .over(partition_by=Publication.item_id, order_by=(Publication.created_at.desc(), Publication.id.desc()))
            .label("place"),
        )
        .where(Publication.from_at <= at, or_(Publication.until_at.is_(None), Publication.until_at > at))
        .subquery()
    )
    published = select(newest.c.item_id).where(newest.c.place == 1, newest.c.revision_id.is_not(None))
    suspended = select(Supply.id).where(
        Supply.retailer_id == Item.retailer_id, Supply.vendor_id == Item.vendor_id, Supply.ended_at.is_not(None)
    )
    return and_(Item.id.in_(published), not_(suspended.exists()))


def is_waiting() -> ColumnElement[bool]:
    """Whether a revision of an item waits for an answer."""
    waiting = select(Content.item_id).join(Revision, Revision.content_id == Content.id)
    return Item.id.in_(waiting.where(Revision.state == RevisionState.SUBMITTED))


def has_proposals() -> ColumnElement[bool]:
    """Whether a vendor has added variants to an item that nobody here has looked at."""
    return Item.id.in_(select(Variant.item_id).where(Variant.is_proposed))


def conditions_of(state: str, *, at: datetime) -> tuple[tuple[ColumnElement[bool], ...], bool | None]:
    """What a word of `STATES` asks of items: conditions, and whether they are retired (None: either)."""
    if state == "retired":
        return (), True
    if state == "live":
        return (is_live(at=at),), False
    if state == "plain":
        return (not_(is_live(at=at)),), False
    if state == "proposed":
        return (has_proposals(),), False
    return ((is_waiting(),), False) if state == "waiting" else ((), False)


def standings_of(db: Session, items: Collection[Item], *, at: datetime) -> dict[str, Standing]:
    """How these items stand, by id."""
    these = Item.id.in_([item.id for item in items])
    live = set(db.scalars(select(Item.id).where(these, is_live(at=at))))
    waiting = set(db.scalars(select(Item.id).where(these, is_waiting())))
    return {item.id: _standing(item, item.id in live, item.id in waiting) for item in items}


def _standing(item: Item, is_shown: bool, waits: bool) -> Standing:
    if item.is_retired:
        return Standing("retired", "Retired", waits)
    return Standing("live", "Live", waits) if is_shown else Standing("draft", "Plain page", waits)
