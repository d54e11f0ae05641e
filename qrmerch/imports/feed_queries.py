"""Reads about feed runs."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.db import get_one
from qrmerch.imports.feed_models import FeedKind, FeedRun


def get_feed(db: Session, run_id: str) -> FeedRun:
    """:raises NotFound: there is none that the session may see."""
    return get_one(db, FeedRun, run_id, "This file is not here.")


def list_feeds(db: Session, retailer_id: str, kinds: Collection[FeedKind], *, limit: int = 30) -> list[FeedRun]:
    """A retailer's latest files of these kinds, newest first."""
    wanted = select(FeedRun).where(FeedRun.retailer_id == retailer_id, FeedRun.kind.in_(kinds))
    return list(db.scalars(wanted.order_by(FeedRun.created_at.desc(), FeedRun.id.desc()).limit(limit)))
