"""Taking a page down, wherever it can be done: one button for each ready reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.content.holding import list_publications
from qrmerch.content.publishing import REASONS


@dataclass(frozen=True, slots=True)
class TakeDown:
    """What `desk/_take_down.html` shows: the ready reasons as (value, words), and words as they were typed."""

    address: str
    title: str
    reasons: tuple[tuple[str, str], ...]
    reason: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)


def offer_take_down(
    db: Session, item: Item, *, at: datetime, reason: str = "", problems: Mapping[str, str] | None = None
) -> TakeDown | None:
    """How an item's page can be taken down; None where nothing of it shows or is going to."""
    rows = [row for row in list_publications(db, item.id) if row.until_at is None or row.until_at > at]
    # A take-down has no end and lies on top of all that was said before it.
    if not rows or rows[0].revision_id is None:
        return None
    address = f"/desk/items/{item.id}/take-down"
    return TakeDown(address, item.title, tuple(REASONS.items()), reason, problems or {})
