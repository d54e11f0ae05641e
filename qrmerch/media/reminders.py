"""Telling a vendor that the rights in its pictures come to an end: 30, 7 and 1 days before, once each."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import outbox
from qrmerch.access import Role
from qrmerch.i18n import format_date
from qrmerch.media.models import Asset
from qrmerch.media.rights import WARNED_DAYS, days_left, last_day
from qrmerch.outbox import Channel
from qrmerch.parties.queries import list_supplied
from qrmerch.users.queries import list_members

_NAMED = 50


def write_reminders(db: Session, *, at: datetime, base_url: str) -> int:
    """Write to every vendor whose pictures' rights have come so near to their end; the caller commits.

    :return: how many mails.
    """
    soon = select(Asset).where(Asset.rights_until > at, Asset.rights_until <= at + timedelta(days=WARNED_DAYS[0]))
    due: dict[str, list[Asset]] = defaultdict(list)
    for asset in db.scalars(soon.order_by(Asset.rights_until, Asset.id)):
        step = min(each for each in WARNED_DAYS if days_left(asset, at=at) <= each)
        if asset.rights_warned_days is None or step < asset.rights_warned_days:
            asset.rights_warned_days = step
            due[asset.vendor_id].append(asset)
    return sum(_write_to(db, vendor_id, assets, at=at, base_url=base_url) for vendor_id, assets in due.items())


def _write_to(db: Session, vendor_id: str, assets: Sequence[Asset], *, at: datetime, base_url: str) -> int:
    admins = [each for each in list_members(db, vendor_id=vendor_id) if each.membership.role == Role.VENDOR_ADMIN]
    retailers = list_supplied(db, vendor_id)
    zone = retailers[0].time_zone if retailers else "UTC"
    lines = [_line(each, at=at, zone=zone) for each in assets[:_NAMED]]
    if len(assets) > _NAMED:
        lines.append(f"and {len(assets) - _NAMED} more")
    body = "\n".join(
        [
            "After their last day no page shows these pictures. Replace them before, or write down the longer rights:",
            "",
            *lines,
            "",
            f"{base_url}/studio/assets?rights=ending",
        ]
    )
    for each in admins:
        outbox.post(
            db,
            retailer_id=None,
            channel=Channel.MAIL,
            to=each.user.email,
            subject="The rights of 1 picture end soon"
            if len(assets) == 1
            else f"The rights of {len(assets)} pictures end soon",
            body=body,
            at=at,
        )
    return len(admins)


def _line(asset: Asset, *, at: datetime, zone: str) -> str:
    days, last = days_left(asset, at=at), last_day(asset, zone=zone)
    said = format_date(last, "en") if last else ""
    return f"- {asset.file_name}: last day {said}, in {days} {'day' if days == 1 else 'days'}"
