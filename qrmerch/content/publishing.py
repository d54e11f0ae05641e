"""What shows from when on and where: publications and take-downs.

A publication shows only what a reviewer let through. Which one holds at an instant is a question (`queries`),
not a job. Every function leaves the commit to its caller.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import get_item
from qrmerch.content.models import (
    Publication,
    Reader,
    Revision,
    RevisionState,
    Verdict,
)
from qrmerch.content.notices import tell
from qrmerch.content.queries import (
    find_approval,
    get_content,
    list_publications,
)
from qrmerch.content.revisions import digest_of, note
from qrmerch.db import lock_for_chain
from qrmerch.errors import Conflict, FormError
from qrmerch.parties.models import Store
from qrmerch.parties.service import changed
from qrmerch.text import clean_line

MAX_REASON_CHARS: Final = 300


class NotApproved(Conflict):
    """Only what a reviewer let through is published."""

    slug = "not_approved"


def publish(
    db: Session,
    revision: Revision,
    *,
    actor: audit.Actor | None,
    at: datetime,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    store_ids: Sequence[str] | None = None,
) -> Publication:
    """Let an approved revision show; an older one again to roll back.

    :param from_at: first instant; now where left out.
    :param until_at: first instant no longer; what held before then holds again.
    :param store_ids: everywhere where left out.
    :raises NotApproved: no reviewer let exactly this through.
    :raises FormError: the period ends before it begins or lies in the past; a store is not the retailer's.
    """
    _refuse_unapproved(db, revision)
    problems = {}
    if from_at is not None and from_at < at:
        problems["from_at"] = "It cannot begin in the past. Leave the beginning empty for now."
    begins = from_at or at
    if until_at is not None and until_at <= begins:
        problems["until_at"] = "It would end before it begins. Choose a later end, or none."
    if store_ids is not None and (problem := _store_problem(db, revision.retailer_id, store_ids)):
        problems["store_ids"] = problem
    if problems:
        raise FormError(problems)
    item = get_item(db, get_content(db, revision.content_id).item_id)
    row = _add_publication(
        db, item, revision, actor, at, from_at=begins, until_at=until_at, store_ids=store_ids, reason=""
    )
    note(db, actor, "content.publish", revision, at=at, publication=row.id)
    begins_later = {"from_at": begins.isoformat()} if begins > at else {}
    tell(db, "live", item, reader=Reader.VENDOR, at=at, revision=revision, detail=begins_later)
    return row


def take_down(db: Session, item: Item, *, reason: str, actor: audit.Actor | None, at: datetime) -> Publication:
    """Show the neutral page of an item everywhere, at once, until somebody publishes again.

    :raises FormError: no reason.
    """
    reason = clean_line(reason, max(len(reason), 1))
    if not reason:
        raise FormError({"reason": "Say why it comes down: the vendor and your colleagues read it."})
    if len(reason) > MAX_REASON_CHARS:
        raise FormError({"reason": f"{MAX_REASON_CHARS} characters at most; this has {len(reason)}."})
    row = _add_publication(db, item, None, actor, at, from_at=at, until_at=None, store_ids=None, reason=reason)
    detail: dict[str, object] = {"reason": reason, "publication": row.id}
    audit.record(db, actor, "content.take_down", ("item", item.id), at=at, retailer_id=item.retailer_id, detail=detail)
    tell(db, "down", item, reader=Reader.VENDOR, at=at, detail={"reason": reason})
    return row


def _refuse_unapproved(db: Session, revision: Revision) -> None:
    approval = find_approval(db, revision.id)
    is_let_through = (
        revision.state == RevisionState.APPROVED
        and approval is not None
        and approval.verdict == Verdict.APPROVED
        and approval.digest == revision.digest == digest_of(revision.body)
    )
    if not is_let_through:
        raise NotApproved("This revision is not approved as it is. Send it through review first.")


def _store_problem(db: Session, retailer_id: str, store_ids: Sequence[str]) -> str:
    if not store_ids:
        return "Choose at least one store, or all."
    there = set(db.scalars(select(Store.id).where(Store.retailer_id == retailer_id, Store.id.in_(store_ids))))
    return "" if there == set(store_ids) else "One of the stores is not yours. Choose again."


def _add_publication(
    db: Session,
    item: Item,
    revision: Revision | None,
    actor: audit.Actor | None,
    at: datetime,
    *,
    from_at: datetime,
    until_at: datetime | None,
    store_ids: Sequence[str] | None,
    reason: str,
) -> Publication:
    # The log's lock comes first here as everywhere, or two people could wait for each other.
    audit.lock(db, item.retailer_id)
    lock_for_chain(db, f"publications {item.id}")
    newest = next(iter(list_publications(db, item.id)), None)
    # The newest holds, also where two come in one instant or a clock was set back.
    created_at = max(at, newest.created_at + timedelta(microseconds=1)) if newest else at
    row = Publication(
        id=ids.new(),
        retailer_id=item.retailer_id,
        vendor_id=item.vendor_id,
        item_id=item.id,
        revision_id=revision.id if revision else None,
        store_ids=sorted(set(store_ids)) if store_ids is not None else None,
        from_at=from_at,
        until_at=until_at,
        created_by=actor.user_id if actor else None,
        created_at=created_at,
        reason=reason,
    )
    db.add(row)
    changed(db, item.retailer_id, item.id, at=at)
    db.flush()
    return row
