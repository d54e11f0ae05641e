"""What changes a day's total after everybody has read it is told beside the number, never in silence."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from qrmerch import ids
from qrmerch.scans.models import Correction
from qrmerch.scans.places import Places
from qrmerch.scans.totals import DayKey

# A rule that was found wrong was withdrawn; a line or an action was counted when its day was closed.
RULE: Final = "rule"
LATE: Final = "late"
# A place's day is closed so long after its end: what is counted until then is in time.
CLOSED_AFTER: Final = timedelta(hours=72)
LATE_WHY: Final = "Counted more than 72 hours after the end of the day."


def list_corrections(
    days: Mapping[DayKey, int], places: Places, *, cause: str, why: str, at: datetime
) -> Iterator[Correction]:
    """By how much each total by day has changed, where it has.

    What names a retailer that is not there is in the totals, where nobody sees it, and is no correction.
    """
    for (retailer_id, on, kind, store_id, _, item_id, code_id), difference in sorted(days.items()):
        if difference and places.has_retailer(retailer_id):
            yield Correction(
                id=ids.new(),
                retailer_id=retailer_id,
                on=date.fromisoformat(on),
                kind=kind,
                store_id=store_id,
                item_id=item_id,
                code_id=code_id,
                difference=difference,
                cause=cause,
                why=why,
                at=at,
            )
