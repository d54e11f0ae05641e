"""How often something may be tried: buckets in the database, so that all workers share them."""

import hashlib
import math
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Float, String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from qrmerch.errors import TooMany
from qrmerch.tables import Base


class RateBucket(Base):
    """Tries left of one bucket; its name is hashed, for it may hold an address."""

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    tokens: Mapped[float] = mapped_column(Float)
    filled_at: Mapped[datetime]
    full_at: Mapped[datetime] = mapped_column(index=True)


def take(db: Session, bucket: str, *, limit: int, per: timedelta, at: datetime) -> None:
    """Take one try; the bucket refills evenly, `limit` tries in `per`. The caller commits.

    :raises TooMany: none is left.
    """
    row = _row(db, bucket, limit=limit, per=per, at=at)
    if row.tokens < 1:
        wait = timedelta(seconds=math.ceil((1 - row.tokens) * per.total_seconds() / limit))
        raise TooMany("That was tried too often. Wait a moment and try again.", retry_after=wait)
    row.tokens -= 1
    row.full_at = at + (limit - row.tokens) * per / limit


def check(db: Session, bucket: str, *, limit: int, per: timedelta, at: datetime) -> None:
    """As `take`, without taking.

    :raises TooMany: none is left.
    """
    row = _row(db, bucket, limit=limit, per=per, at=at)
    if row.tokens < 1:
        wait = timedelta(seconds=math.ceil((1 - row.tokens) * per.total_seconds() / limit))
        raise TooMany("That was tried too often. Wait a moment and try again.", retry_after=wait)


def _row(db: Session, bucket: str, *, limit: int, per: timedelta, at: datetime) -> RateBucket:
    name = hashlib.sha256(bucket.encode()).hexdigest()
    wanted = select(RateBucket).where(RateBucket.id == name).with_for_update()
    row = db.scalars(wanted).one_or_none()
    if row is None:
        # Two may come first at once: one makes the row, the other waits for it.
        fresh = _insert(db).values(id=name, tokens=float(limit), filled_at=at, full_at=at)
        db.execute(fresh.on_conflict_do_nothing(index_elements=["id"]))
        row = db.scalars(wanted).one()
    passed = max((at - row.filled_at).total_seconds(), 0.0)
    row.tokens = min(float(limit), row.tokens + passed * limit / per.total_seconds())
    row.filled_at = at
    return row


def _insert(db: Session) -> Any:
    dialect = sqlite if db.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(RateBucket)


def forget_full(db: Session, *, at: datetime) -> None:
    """Delete the buckets that are full again: they say nothing."""
    db.execute(delete(RateBucket).where(RateBucket.full_at <= at))
