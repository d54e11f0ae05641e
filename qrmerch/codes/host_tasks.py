"""Looking by itself for the proof of hosts that wait for it, each hour for two weeks."""

from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.codes.carrying import settle
from qrmerch.jobs import FETCHES, Work, job, sweep
from qrmerch.parties.models import RetailerHost
from qrmerch.parties.own_hosts import LOOKED_FOR, LOOKED_FOR_EVERY, HostTaken
from qrmerch.parties.proving import IN_DEMO, Look, look_for_proof

LOOK = "codes.prove_host"


@job(LOOK, lane=FETCHES)
def look(work: Work, *, host_id: str) -> None:
    """Look once for the proof of one host."""
    with work.database.read() as db:
        row = db.get(RetailerHost, host_id)
        if row is None or row.proven_at is not None:
            return
        host, secret = row.host, row.secret
    found = Look(None, IN_DEMO) if work.settings.is_demo else look_for_proof(host, secret)
    with work.database.write() as db:
        row = db.get(RetailerHost, host_id)
        if row is None:
            return
        try:
            settle(db, row, found, at=now(), actor=None)
        except HostTaken as taken:
            db.rollback()
            row = db.get_one(RetailerHost, host_id)
            row.checked_at, row.check_said = now(), taken.detail
        db.commit()


@sweep(LOOK)
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Hosts added in the last two weeks, not proven, and not looked at within the hour."""
    at = now()
    wanted = select(RetailerHost.id).where(
        RetailerHost.proven_at.is_(None),
        RetailerHost.added_at > at - LOOKED_FOR,
        or_(RetailerHost.checked_at.is_(None), RetailerHost.checked_at <= at - LOOKED_FOR_EVERY),
    )
    for host_id in db.scalars(wanted):
        yield f"{host_id}:{at:%Y%m%d%H}", {"host_id": host_id}
