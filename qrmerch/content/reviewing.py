"""Answers to what was submitted: each holds for one digest of one revision.

Every function leaves the commit to its caller.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.catalog.models import Item
from qrmerch.content.models import (
    Approval,
    Revision,
    RevisionState,
    Verdict,
)
from qrmerch.content.publishing import follow
from qrmerch.content.queries import get_version
from qrmerch.content.revisions import check_digest, move, note
from qrmerch.content.slots import (
    Slot,
    read_slots,
)
from qrmerch.errors import Conflict, FormError
from qrmerch.text import clean_block

MAX_COMMENT_CHARS: Final = 1_000


class OwnWork(Conflict):
    """Whoever sent a page does not approve it."""

    slug = "own_work"


def approve(db: Session, revision: Revision, *, digest: str, reviewer: audit.Actor, at: datetime) -> Approval:
    """Let exactly this content through.

    :param digest: of what the reviewer looked at.
    :raises OwnWork: the reviewer sent it.
    :raises DigestDiffers: it is not what waits.
    :raises NotOpen: it does not wait for an answer.
    """
    if reviewer.user_id == revision.author_id:
        raise OwnWork("You sent this page yourself, so somebody else has to approve it.")
    check_digest(revision, digest)
    return _answer(db, revision, Verdict.APPROVED, [], reviewer, at)


def send_back(
    db: Session,
    revision: Revision,
    *,
    digest: str,
    comments: Sequence[Mapping[str, str]],
    reviewer: audit.Actor,
    at: datetime,
) -> Approval:
    """Return a revision with comments.

    :param comments: {"slot": "story.text", "text": …}; an empty slot for the page as a whole.
    :raises FormError: not one comment, one that is too long, or on a slot that is not there.
    :raises DigestDiffers: it is not what waits.
    :raises NotOpen: it does not wait for an answer.
    """
    slots = read_slots(get_version(db, revision.template_version_id).sections)
    kept = _clean_comments(comments, slots)
    check_digest(revision, digest)
    return _answer(db, revision, Verdict.RETURNED, kept, reviewer, at)


def approve_by_rule(db: Session, revision: Revision, item: Item, at: datetime) -> None:
    """Let a trusted vendor's page through, and show it wherever shoppers see an earlier one of it now."""
    _answer(db, revision, Verdict.APPROVED, [], None, at)
    follow(db, revision, item, at=at)


def _answer(
    db: Session,
    revision: Revision,
    verdict: Verdict,
    comments: list[dict[str, str]],
    reviewer: audit.Actor | None,
    at: datetime,
) -> Approval:
    is_approved = verdict == Verdict.APPROVED
    move(db, revision, RevisionState.SUBMITTED, RevisionState.APPROVED if is_approved else RevisionState.RETURNED)
    row = Approval(
        id=ids.new(),
        retailer_id=revision.retailer_id,
        revision_id=revision.id,
        digest=revision.digest or "",
        verdict=verdict,
        reviewer_id=reviewer.user_id if reviewer else None,
        comments=comments,
        at=at,
    )
    db.add(row)
    db.flush()
    note(db, reviewer, "content.approve" if is_approved else "content.return", revision, at=at)
    return row


def _clean_comments(comments: Sequence[Mapping[str, str]], slots: Mapping[str, Slot]) -> list[dict[str, str]]:
    kept, problems = [], {}
    for each in comments:
        slot, text = str(each.get("slot", "")), str(each.get("text", ""))
        text = clean_block(text, max(len(text) * 4, 1)).strip()
        if not text:
            continue
        if slot and slot not in slots:
            problems[f"comment.{slot}"] = f"There is no slot {slot[:60]} in this template."
        elif len(text) > MAX_COMMENT_CHARS:
            problems[f"comment.{slot}"] = f"{MAX_COMMENT_CHARS:,} characters at most; this has {len(text):,}."
        else:
            kept.append({"slot": slot, "text": text})
    if not kept and not problems:
        problems["comment."] = "Write at least one comment: the vendor needs to know what to change."
    if problems:
        raise FormError(problems)
    return kept
