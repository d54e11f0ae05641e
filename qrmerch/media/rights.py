"""When a picture may be shown: from an instant on, until another that is no longer counted.

A vendor says days; they begin and end where the vendor's house has midnight. Outside its time a picture is on no page.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from qrmerch.errors import FormError
from qrmerch.i18n import format_date
from qrmerch.media.models import Asset

# So many days before the end its vendor is told.
WARNED_DAYS: Final = (30, 7, 1)


@dataclass(frozen=True, slots=True)
class Rights:
    """A time in which a picture may be shown; None for no limit."""

    since: datetime | None
    until: datetime | None


def read_rights(form: Mapping[str, str], *, zone: str) -> Rights:
    """The time in a form with `rights_from` and `rights_to`, its first and its last day, each may be empty.

    :raises FormError: no day, or the last before the first.
    """
    problems: dict[str, str] = {}
    days: dict[str, date | None] = {}
    for name in ("rights_from", "rights_to"):
        text = form.get(name, "").strip()
        try:
            days[name] = date.fromisoformat(text) if text else None
        except ValueError:
            problems[name] = "Write the day as year, month and day, like 2027-03-31."
    first, last = days.get("rights_from"), days.get("rights_to")
    if first and last and last < first:
        problems["rights_to"] = "The last day lies before the first. Choose a later one, or none."
    if any(each is not None and not 2000 <= each.year < 2200 for each in (first, last)):
        problems.setdefault("rights_to", "These rights lie in another century. Look at the year.")
    if problems:
        raise FormError(problems)
    return Rights(
        _midnight(first, zone) if first else None, _midnight(last + timedelta(days=1), zone) if last else None
    )


def set_rights(asset: Asset, rights: Rights) -> bool:
    """Let a picture be shown in this time and no other; whether that is another time than before."""
    if (asset.rights_from, asset.rights_until) == (rights.since, rights.until):
        return False
    if asset.rights_until != rights.until:
        asset.rights_warned_days = None
    asset.rights_from, asset.rights_until = rights.since, rights.until
    return True


def may_show(asset: Asset, *, at: datetime) -> bool:
    """Whether a picture may be shown at an instant."""
    return (asset.rights_from is None or asset.rights_from <= at) and (
        asset.rights_until is None or at < asset.rights_until
    )


def is_allowed(at: datetime) -> ColumnElement[bool]:
    """`may_show`, for a query."""
    return and_(
        or_(Asset.rights_from.is_(None), Asset.rights_from <= at),
        or_(Asset.rights_until.is_(None), Asset.rights_until > at),
    )


def rights_condition(word: str, *, at: datetime) -> ColumnElement[bool] | None:
    """Pictures whose rights end within 30 days (`ending`), are over (`over`), or have no limit (`none`)."""
    if word == "ending":
        return and_(Asset.rights_until > at, Asset.rights_until <= at + timedelta(days=WARNED_DAYS[0]))
    if word == "over":
        return Asset.rights_until <= at
    return and_(Asset.rights_from.is_(None), Asset.rights_until.is_(None)) if word == "none" else None


def list_rights_edges(db: Session, asset_ids: Collection[str], *, at: datetime) -> list[datetime]:
    """The instants after this one at which one of these pictures may be shown, or no more."""
    if not asset_ids:
        return []
    wanted = select(Asset.rights_from, Asset.rights_until).where(
        Asset.id.in_(set(asset_ids)), or_(Asset.rights_from > at, Asset.rights_until > at)
    )
    return sorted(edge for row in db.execute(wanted) for edge in row if edge is not None and edge > at)


def list_edges_of(db: Session, asset_ids: Collection[str], *, at: datetime) -> dict[str, list[datetime]]:
    """`list_rights_edges` of each of these pictures, by its id; those without an edge to come are left out."""
    if not asset_ids:
        return {}
    wanted = select(Asset.id, Asset.rights_from, Asset.rights_until).where(
        Asset.id.in_(set(asset_ids)), or_(Asset.rights_from > at, Asset.rights_until > at)
    )
    return {
        asset_id: [edge for edge in edges if edge is not None and edge > at] for asset_id, *edges in db.execute(wanted)
    }


def list_ending(db: Session, vendor_id: str, *, at: datetime) -> list[Asset]:
    """A vendor's pictures whose rights end within the time in which it is told, the first to end first."""
    wanted = select(Asset).where(
        Asset.vendor_id == vendor_id,
        Asset.rights_until > at,
        Asset.rights_until <= at + timedelta(days=WARNED_DAYS[0]),
    )
    return list(db.scalars(wanted.order_by(Asset.rights_until, Asset.id)))


def first_day(asset: Asset, *, zone: str) -> date | None:
    """The first day on which a picture may be shown."""
    return asset.rights_from.astimezone(ZoneInfo(zone)).date() if asset.rights_from else None


def last_day(asset: Asset, *, zone: str) -> date | None:
    """The last day on which a picture may be shown."""
    if asset.rights_until is None:
        return None
    return (asset.rights_until - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date()


def days_left(asset: Asset, *, at: datetime) -> int:
    """The days until the end, begun ones counted whole; 0 for one that is over or has none."""
    if asset.rights_until is None or asset.rights_until <= at:
        return 0
    return -((at - asset.rights_until) // timedelta(days=1))


def said_rights(asset: Asset, *, at: datetime, zone: str) -> str:
    """ "No end", "Until Mar 31, 2027", "End in 7 days, Dec 9, 2026", "Over since Dec 9, 2026", "From Jan 2, 2027"."""
    first, last = first_day(asset, zone=zone), last_day(asset, zone=zone)
    if asset.rights_until is not None and asset.rights_until <= at and last:
        return f"Ended on {format_date(last, 'en')}"
    if asset.rights_from is not None and asset.rights_from > at and first:
        return f"Begin on {format_date(first, 'en')}"
    if last is None:
        return "No end"
    days = days_left(asset, at=at)
    if days > WARNED_DAYS[0]:
        return f"Until {format_date(last, 'en')}"
    return f"End in {days} {'day' if days == 1 else 'days'}, {format_date(last, 'en')}"


def rights_problem(asset: Asset, *, at: datetime, zone: str) -> str:
    """Why a picture may not be shown now, as the end of a sentence that begins with it; empty when it may."""
    first, last = first_day(asset, zone=zone), last_day(asset, zone=zone)
    if asset.rights_until is not None and asset.rights_until <= at and last:
        return f"may not be shown any more: its rights ended on {format_date(last, 'en')}. Choose another."
    if asset.rights_from is not None and asset.rights_from > at and first:
        return f"may be shown from {format_date(first, 'en')} on. Send the page then, or choose another."
    return ""


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
