"""What was done by whom: append-only, each entry sealed with the one before it.

Actor and object are kind and id as text, without foreign keys, so that an entry outlives both.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from qrmerch.db import lock_for_chain
from qrmerch.tables import Base, Id, Json

NOBODY = "system"


class Actor(Protocol):
    """As much of a signed-in person as an entry keeps."""

    @property
    def user_id(self) -> str: ...


class AuditEntry(Base):
    """One thing done. Chained per retailer (empty: the installation)."""

    __table_args__ = (UniqueConstraint("chain", "number"),)

    id: Mapped[Id]
    chain: Mapped[str] = mapped_column(String(36))
    number: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(60))
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(60))
    detail: Mapped[Json]
    seal: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The newest entry of a chain, so that entries cut off its end are missed."""

    __table_args__ = (UniqueConstraint("chain"),)

    id: Mapped[Id]
    chain: Mapped[str] = mapped_column(String(36))
    number: Mapped[int]
    seal: Mapped[str] = mapped_column(String(64))


def record(
    db: Session,
    actor: Actor | None,
    action: str,
    subject: tuple[str, str],
    *,
    at: datetime,
    retailer_id: str | None,
    detail: dict[str, object] | None = None,
) -> AuditEntry:
    """Append an entry in this transaction.

    :param subject: kind and id of what it was done to.
    :param detail: plain JSON; never a password, token, address or code.
    """
    chain = retailer_id or ""
    lock_for_chain(db, f"audit {chain}")
    last = db.scalars(
        select(AuditEntry).where(AuditEntry.chain == chain).order_by(AuditEntry.number.desc()).limit(1)
    ).one_or_none()
    entry = AuditEntry(
        chain=chain,
        number=last.number + 1 if last else 1,
        at=at,
        actor=f"user:{actor.user_id}" if actor else NOBODY,
        action=action,
        subject_kind=subject[0],
        subject_id=subject[1],
        detail=detail or {},
    )
    entry.seal = _seal(entry, last.seal if last else "")
    db.add(entry)
    db.flush()
    return entry


def list_entries(
    db: Session, chain: str, *, action: str = "", page: int = 1, per_page: int = 50
) -> tuple[list[AuditEntry], int]:
    """One page of a chain's entries, newest first, and how many there are in all pages.

    :param action: only entries of this kind; empty for all.
    """
    conditions = [AuditEntry.chain == chain, *([AuditEntry.action == action] if action else [])]
    total = db.scalar(select(func.count()).select_from(AuditEntry).where(*conditions)) or 0
    rows = select(AuditEntry).where(*conditions).order_by(AuditEntry.number.desc())
    return list(db.scalars(rows.limit(per_page).offset((page - 1) * per_page))), total


def list_actions(db: Session, chain: str) -> list[str]:
    """The kinds of entries that a chain has."""
    return list(
        db.scalars(select(AuditEntry.action).where(AuditEntry.chain == chain).distinct().order_by(AuditEntry.action))
    )


def find_break(db: Session, chain: str, *, first: int = 1) -> int | None:
    """The number of the first entry that does not fit the one before it; None when the chain is whole.

    :param first: the number to begin with; the entry before it is taken as it is.
    """
    before = select(AuditEntry.seal).where(AuditEntry.chain == chain, AuditEntry.number == first - 1)
    seal = db.scalars(before).one_or_none() or ""
    wanted = select(AuditEntry).where(AuditEntry.chain == chain, AuditEntry.number >= first)
    for number, entry in enumerate(db.scalars(wanted.order_by(AuditEntry.number)), start=first):
        if entry.number != number or entry.seal != _seal(entry, seal):
            return number
        seal = entry.seal
    return None


def _seal(entry: AuditEntry, before: str) -> str:
    told = [
        before,
        entry.chain,
        entry.number,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor,
        entry.action,
        entry.subject_kind,
        entry.subject_id,
        entry.detail,
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
