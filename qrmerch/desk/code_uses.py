"""What codes were scanned lately: each in the list, and those of a filtered list by campaign and by carrier.

The days are the last 28 of the retailer's own calendar, today among them, as the numbers show them first.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from qrmerch.codes.models import Carrier
from qrmerch.codes.queries import Wanted, select_ids
from qrmerch.desk.code_pages import UseRow, Uses, address, count_of, say_wanted
from qrmerch.i18n import format_date
from qrmerch.parties.models import Retailer
from qrmerch.scans.queries import Span, UseTotal, count_scans_by_use

DAYS: Final = 28
CARRIERS: Final = {Carrier.PRINT: "Print", Carrier.NFC: "NFC chip", Carrier.SCREEN: "Screen"}
_SHOWN: Final = 12


def lately(retailer: Retailer, *, at: datetime) -> Span:
    """The last 28 days of a retailer, today among them."""
    today = at.astimezone(ZoneInfo(retailer.time_zone)).date()
    return Span(retailer.id, today - timedelta(days=DAYS - 1), today + timedelta(days=1))


def read_uses(db: Session, wanted: Wanted, span: Span) -> Uses | None:
    """The totals above a filtered list; none where nothing is filtered, or no code fits."""
    found = count_scans_by_use(db, span, select_ids(wanted)) if wanted.is_filtered else []
    if not found:
        return None
    fields = say_wanted(wanted)
    campaigns = _add_up(found, lambda each: each.campaign)
    named = [name for name, _, _ in campaigns if name]
    return Uses(
        say=_say(found, span),
        campaigns=tuple(_campaign_rows(campaigns, fields)) if named else (),
        carriers=tuple(
            _row(CARRIERS[Carrier(carrier)], codes, scans, "" if wanted.carrier else _narrowed(fields, carrier=carrier))
            for carrier, codes, scans in _add_up(found, lambda each: each.carrier)
        ),
    )


def _add_up(found: Sequence[UseTotal], by: Callable[[UseTotal], str]) -> list[tuple[str, int, int]]:
    """(word, codes, scans), the most scanned first, then by word."""
    sums: dict[str, tuple[int, int]] = {}
    for each in found:
        codes, scans = sums.get(by(each), (0, 0))
        sums[by(each)] = codes + each.codes, scans + each.scans
    return sorted(((word, *both) for word, both in sums.items()), key=lambda each: (-each[2], each[0]))


def _campaign_rows(campaigns: Sequence[tuple[str, int, int]], fields: dict[str, str]) -> list[UseRow]:
    """The most scanned campaigns, and all others in one line."""
    shown, others = campaigns[:_SHOWN], campaigns[_SHOWN:]
    is_narrowed = "campaign" in fields
    rows = [
        _row(name or "No campaign", codes, scans, "" if is_narrowed or not name else _narrowed(fields, campaign=name))
        for name, codes, scans in shown
    ]
    if others:
        codes, scans = sum(each[1] for each in others), sum(each[2] for each in others)
        rows.append(_row(f"{len(others):,} others", codes, scans, ""))
    return rows


def _row(name: str, codes: int, scans: int, href: str) -> UseRow:
    return UseRow(name, href, f"{codes:,}", f"{scans:,}", f"{scans / codes:,.1f}")


def _narrowed(fields: dict[str, str], **more: str) -> str:
    return address("/desk/codes", {**fields, **more})


def _say(found: Sequence[UseTotal], span: Span) -> str:
    codes, scans = sum(each.codes for each in found), sum(each.scans for each in found)
    first, last = (format_date(day, "en") for day in (span.since, span.until - timedelta(days=1)))
    return f"{count_of(codes, 'code')}, {count_of(scans, 'scan')} from {first} to {last}, today included."
