"""Where addresses elsewhere lead in the end: followed by a job, which reads nothing there, and kept by address.

In: https addresses in vendors' words and in links of GS1 numbers. Out: what is known of each: nothing yet, where it
ends after all redirects, or why it cannot be opened. Every function leaves the commit to its caller.
"""

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from qrmerch import ids, jobs
from qrmerch.db import lock_for_chain
from qrmerch.parties.models import LinkCheck, LinkState

FOLLOW: Final = "parties.follow"
# What is known of a good link holds so long; a bad one is asked again much sooner, for it may be mended.
GOOD_FOR: Final = timedelta(hours=24)
_BAD_FOR: Final = timedelta(minutes=1)
# Where nobody has followed a link for so long, its job is lost.
_WAITED_FOR: Final = timedelta(minutes=5)
KEPT_FOR: Final = timedelta(days=30)
_MAX_URL_CHARS: Final = 2000


def follow(db: Session, urls: Iterable[str], *, at: datetime) -> None:
    """Let a job follow these addresses, those of which nothing fresh is known."""
    wanted = list(dict.fromkeys(urls))
    known = find_checks(db, wanted)
    if len(known) < len(wanted):
        # Two who ask for the same at once would both add it.
        lock_for_chain(db, "links")
        known = find_checks(db, wanted)
    for url in wanted:
        check = known.get(url)
        if check is not None and is_fresh(check, at):
            continue
        if check is None:
            check = LinkCheck(id=ids.new(), digest=_digest(url), url=url[:_MAX_URL_CHARS], state=LinkState.WAITING)
            db.add(check)
        elif check.state == LinkState.GOOD:
            check.state = LinkState.WAITING
        # One that is bad is said to be until somebody saw it mended.
        check.asked_at = at
        jobs.enqueue(db, FOLLOW, job_id(check), {"link_id": check.id})
    db.flush()


def job_id(check: LinkCheck) -> str:
    """The name of one asking: another asking of the same link is another job."""
    return f"{check.id}:{int(check.asked_at.timestamp())}"


def find_checks(db: Session, urls: Collection[str]) -> dict[str, LinkCheck]:
    """What is known of these addresses; one that nobody asked for is left out."""
    digests = {_digest(each): each for each in urls}
    if not digests:
        return {}
    found = db.scalars(select(LinkCheck).where(LinkCheck.digest.in_(list(digests))))
    return {digests[each.digest]: each for each in found}


def is_fresh(check: LinkCheck, at: datetime) -> bool:
    """Whether what is known still holds, or is being asked for."""
    since = max(check.checked_at or check.asked_at, check.asked_at)
    return at - since < {LinkState.GOOD: GOOD_FOR, LinkState.BAD: _BAD_FOR}.get(check.state, _WAITED_FOR)


def record(check: LinkCheck, *, end: str, reason: str, at: datetime) -> None:
    """Keep what following a link came to.

    :param end: the address at the end of all redirects; empty where it could not be opened.
    :param reason: why it could not, as a sentence.
    """
    check.state = LinkState.GOOD if end else LinkState.BAD
    check.end, check.reason, check.checked_at = end[:_MAX_URL_CHARS], reason[:300], at


def forget_old(db: Session, *, at: datetime) -> None:
    """Delete what was found of links so long ago that nobody asks for it."""
    db.execute(delete(LinkCheck).where(LinkCheck.asked_at < at - KEPT_FOR))


def host_of(url: str) -> str:
    """The host of an address elsewhere, small letters, without the dot of the root; empty for a path or for none."""
    try:
        return (urlsplit(url).hostname or "").lower().rstrip(".") if not url.startswith("/") else ""
    except ValueError:
        return ""


def may_lead(url: str, hosts: Collection[str], check: LinkCheck | None) -> bool:
    """Whether an address elsewhere leads to one of these hosts, as it is written and in the end.

    One that nobody follows (`Settings.follows_links`) counts as written; one that was not followed yet, or cannot be
    opened, leads nowhere.

    :param hosts: small letters.
    """
    return host_of(url) in hosts and (check is None or host_of(check.end) in hosts)


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
