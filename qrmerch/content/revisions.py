"""What all steps of a revision share: its seal, its states, and who may not do what."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from qrmerch import audit
from qrmerch.content.models import (
    Revision,
    RevisionState,
)
from qrmerch.errors import Conflict


class NotOpen(Conflict):
    """The revision is not, or no longer, in the state in which this can be done."""

    slug = "not_open"


class DigestDiffers(Conflict):
    """What was looked at is not what waits."""

    slug = "digest_differs"


def digest_of(body: Mapping[str, Any]) -> str:
    """What seals a body: SHA-256 over its canonical JSON."""
    told = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def check_digest(revision: Revision, digest: str) -> None:
    if digest != revision.digest or digest != digest_of(revision.body):
        raise DigestDiffers("This is not what waits for an answer any more. Open the revision again and look at it.")


def move(db: Session, revision: Revision, before: RevisionState, after: RevisionState) -> None:
    """Take a revision from one state to the next, unless somebody was faster.

    :raises NotOpen: it is not in that state any more.
    """
    # Every step ends in the log: taking its lock first, two people who answer several at once never wait in a circle.
    audit.lock(db, revision.retailer_id)
    ours = update(Revision).where(Revision.id == revision.id, Revision.state == before, Revision.edit == revision.edit)
    done = db.execute(ours.values(state=after).execution_options(synchronize_session=False))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        db.refresh(revision)
        raise NotOpen(f"This revision is {_WORDS[revision.state]} in the meantime. Open it again.")
    db.refresh(revision, ["state"])


_WORDS: Final = {
    RevisionState.DRAFT: "being written",
    RevisionState.SUBMITTED: "sent",
    RevisionState.RETURNED: "returned",
    RevisionState.REJECTED: "rejected",
    RevisionState.APPROVED: "approved",
    RevisionState.WITHDRAWN: "withdrawn",
}


def note(
    db: Session, actor: audit.Actor | None, action: str, revision: Revision, *, at: datetime, **more: object
) -> None:
    detail: dict[str, object] = {"number": revision.number, "digest": revision.digest, **more}
    audit.record(db, actor, action, ("revision", revision.id), at=at, retailer_id=revision.retailer_id, detail=detail)
