"""How a retailer's items stand: what shoppers see of each, and what waits; as conditions and as words."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, not_, select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, Variant
from qrmerch.content.holding import list_shown_ids, shows_somewhere
from qrmerch.content.models import Content, Revision, RevisionState

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


def is_waiting() -> ColumnElement[bool]:
    """Whether a revision of an item waits for an answer."""
    waiting = select(Content.item_id).join(Revision, Revision.content_id == Content.id)
    return Item.id.in_(waiting.where(Revision.state == RevisionState.SUBMITTED))


def has_proposals() -> ColumnElement[bool]:
    """Whether a vendor has added variants to an item that nobody here has looked at."""
    return Item.id.in_(select(Variant.item_id).where(Variant.is_proposed))


def conditions_of(db: Session, state: str, *, at: datetime) -> tuple[tuple[ColumnElement[bool], ...], bool | None]:
    """What a word of `STATES` asks of items: conditions, and whether they are retired (None: either)."""
    if state == "retired":
        return (), True
    if state == "live":
        return (shows_somewhere(db, at=at),), False
    if state == "plain":
        return (not_(shows_somewhere(db, at=at)),), False
    if state == "proposed":
        return (has_proposals(),), False
    return ((is_waiting(),), False) if state == "waiting" else ((), False)


def standings_of(db: Session, items: Collection[Item], *, at: datetime) -> dict[str, Standing]:
    """How these items stand, by id."""
    these = Item.id.in_([item.id for item in items])
    live = list_shown_ids(db, [item.id for item in items], at=at)
    waiting = set(db.scalars(select(Item.id).where(these, is_waiting())))
    return {item.id: _standing(item, item.id in live, item.id in waiting) for item in items}


def _standing(item: Item, is_shown: bool, waits: bool) -> Standing:
    if item.is_retired:
        return Standing("retired", "Retired", waits)
    return Standing("live", "Live", waits) if is_shown else Standing("draft", "Plain page", waits)
