"""Reads about templates, contents, revisions, approvals and publications."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qrmerch.content.models import Revision, RevisionState


def count_waiting(db: Session, retailer_id: str) -> int:
    """How many revisions wait for an answer at a retailer."""
    wanted = select(func.count()).select_from(Revision).where(Revision.retailer_id == retailer_id)
    return db.scalar(wanted.where(Revision.state == RevisionState.SUBMITTED)) or 0
