"""Reads about signs."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from qrmerch.db import get_one
from qrmerch.printing.sign_models import SignRun, SignState

# A file that can be made again from its row is not kept for ever.
FILES_KEPT_FOR: Final = timedelta(days=30)


def get_sign(db: Session, sign_id: str) -> SignRun:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, SignRun, sign_id, "This sign is not here.")


def list_signs(db: Session, retailer_id: str, *, limit: int = 50) -> list[SignRun]:
    """A retailer's signs, newest first."""
    wanted = select(SignRun).where(SignRun.retailer_id == retailer_id)
    return list(db.scalars(wanted.order_by(SignRun.created_at.desc(), SignRun.id.desc()).limit(limit)))


def list_waiting(db: Session) -> Iterable[SignRun]:
    """Signs that are asked for and not at their end."""
    return db.scalars(select(SignRun).where(SignRun.state == SignState.DRAWING))


def list_file_keys(db: Session, *, at: datetime) -> Iterable[str]:
    """Keys of the files of signs that are still kept."""
    wanted = select(SignRun.file_key, SignRun.preview_keys)
    wanted = wanted.where(or_(SignRun.ended_at.is_(None), SignRun.ended_at > at - FILES_KEPT_FOR))
    for file_key, preview_keys in db.execute(wanted):
        yield from (key for key in (file_key, *preview_keys) if key)
