"""The same request twice has one effect, and the same answer.

Same key and body from the same caller: the stored answer. Another body: refused. Kept for a day by
default, for ever for redemptions.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from qrmerch.errors import DomainError
from qrmerch.tables import Base, Json

KEPT_FOR = timedelta(hours=24)


class IdempotencyKey(Base):
    """One answered request; caller and key are hashed together."""

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    body_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[Json]
    until: Mapped[datetime | None] = mapped_column(index=True)


class KeyUsedDifferently(DomainError):
    """The key came before with another body."""

    status = 422
    slug = "idempotency_mismatch"


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer given the first time."""

    status: int
    answer: dict[str, object]


def replay(db: Session, *, caller: str, key: str, body: dict[str, object]) -> Stored | None:
    """The answer to this very request if it was answered before.

    Call it in the writing transaction, before any effect.

    :raises KeyUsedDifferently: the caller used the key for another request.
    """
    found = db.scalars(select(IdempotencyKey).where(IdempotencyKey.id == _name(caller, key))).one_or_none()
    if found is None:
        return None
    if found.body_digest != _digest(body):
        raise KeyUsedDifferently("This key was used for a different request. Send a new key with a new request.")
    return Stored(found.status, found.answer)


def remember(
    db: Session,
    *,
    caller: str,
    key: str,
    body: dict[str, object],
    status: int,
    answer: dict[str, object],
    at: datetime,
    for_ever: bool = False,
) -> None:
    """Keep the answer in the transaction of its effect; two at once collide on the primary key."""
    until = None if for_ever else at + KEPT_FOR
    row = IdempotencyKey(id=_name(caller, key), body_digest=_digest(body), status=status, answer=answer, until=until)
    db.add(row)
    db.flush()


def forget_old(db: Session, *, at: datetime) -> None:
    """Delete answers whose time is over."""
    db.execute(delete(IdempotencyKey).where(IdempotencyKey.until <= at))


def _name(caller: str, key: str) -> str:
    return hashlib.sha256(f"{caller}\0{key}".encode()).hexdigest()


def _digest(body: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
