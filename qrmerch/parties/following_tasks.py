"""The job that follows addresses elsewhere, one at a time, and forgets what was found long ago."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.fetch import FetchFailed, find_end
from qrmerch.jobs import Work, chore, job, sweep
from qrmerch.parties import following
from qrmerch.parties.models import LinkCheck, LinkState

TIMEOUT_S: Final = 10


@job(following.FOLLOW)
def follow_link(work: Work, *, link_id: str) -> None:
    """Follow one link to its end, and keep where that is or why there is none."""
    with work.database.read() as db:
        check = db.get(LinkCheck, link_id)
        if check is None or not work.settings.follows_links:
            return
        url = check.url
    end = reason = ""
    try:
        end = find_end(url, timeout_s=TIMEOUT_S)
    except FetchFailed as failed:
        reason = failed.detail
    with work.database.write() as db:
        check = db.get(LinkCheck, link_id)
        if check is not None:
            following.record(check, end=end, reason=reason, at=now())
            db.commit()


@sweep(following.FOLLOW)
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Links that nobody has followed yet."""
    for check in db.scalars(select(LinkCheck).where(LinkCheck.state == LinkState.WAITING)):
        yield following.job_id(check), {"link_id": check.id}


@chore
def forget(work: Work) -> None:
    """Forget what was found of links that nobody asks for any more."""
    with work.database.write() as db:
        following.forget_old(db, at=now())
        db.commit()
