"""The job that follows the links in vendors' words, one address at a time, and forgets what was found long ago."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.clock import now
from qrmerch.content import links
from qrmerch.content.models import LinkCheck, LinkState
from qrmerch.fetch import FetchFailed, find_end
from qrmerch.jobs import Work, chore, job, sweep

TIMEOUT_S: Final = 10


@job(links.CHECK)
def check_links(work: Work, *, link_id: str) -> None:
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
            links.record(check, end=end, reason=reason, at=now())
            db.commit()


@sweep(links.CHECK)
def waiting(db: Session) -> Iterable[tuple[str, dict[str, object]]]:
    """Links that nobody has followed yet."""
    for check in db.scalars(select(LinkCheck).where(LinkCheck.state == LinkState.WAITING)):
        yield links.job_id(check), {"link_id": check.id}


@chore
def forget(work: Work) -> None:
    """Forget what was found of links that nobody asks for any more."""
    with work.database.write() as db:
        links.forget_old(db, at=now())
        db.commit()
