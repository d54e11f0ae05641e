"""How often a vendor's own items were scanned lately: all that a vendor sees of a retailer's numbers.

In: items of one vendor. Out: scans of the last 28 days of the retailer's own calendar, and never a figure so small
that it could be told who scanned.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.parties.models import Retailer
from qrmerch.scans.kinds import SCAN
from qrmerch.scans.queries import Span, count_by_item

DAYS: Final = 28
FEWEST_SAID: Final = 5


def count_scans(
    db: Session, retailers: Collection[Retailer], items: Collection[Item], *, at: datetime
) -> dict[str, int]:
    """Scans of each of these items in the last 28 days, today included, by item id.

    Items of other vendors are never among them, whatever the retailer's totals hold.
    """
    found: dict[str, int] = {}
    for retailer in retailers:
        own = {each.id for each in items if each.retailer_id == retailer.id}
        if not own:
            continue
        today = at.astimezone(ZoneInfo(retailer.time_zone)).date()
        span = Span(retailer.id, today - timedelta(days=DAYS - 1), today + timedelta(days=1))
        counts = count_by_item(db, span)
        found.update({item_id: counts.get(item_id, {}).get(SCAN, 0) for item_id in own})
    return found


def said_scans(scans: int) -> str:
    """The figure, or that it is too small to be told."""
    return f"{scans:,}" if scans >= FEWEST_SAID else f"fewer than {FEWEST_SAID}"


def most_scanned(titles: dict[str, str], scans: dict[str, int]) -> str:
    """Which of these items (title by id) was scanned most, in a sentence."""
    item_id = max(titles, key=lambda each: scans.get(each, 0), default="")
    most = scans.get(item_id, 0)
    if most < FEWEST_SAID:
        return f"No item was scanned {FEWEST_SAID} times in the last {DAYS} days."
    return f"{titles[item_id]} was scanned most in the last {DAYS} days: {most:,} times."
