"""What was done by whom: append-only, each entry sealed with the one before it, the last one remembered apart.

Actor and object are kind and id as text, without foreign keys, so that an entry outlives both.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from sqlalchemy import ColumnElement, Connection, String, UniqueConstraint, func, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

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


def lock(db: Session, retailer_id: str | None) -> None:
    """Be the only transaction that appends to this chain, until it ends."""
    lock_for_chain(db, f"audit {retailer_id or ''}")


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
    :param detail: plain JSON; never a password, token, address or code. Of a change, `changes` says both sides.
    """
    chain = retailer_id or ""
    lock(db, retailer_id)
    head = _head(db, chain)
    entry = AuditEntry(
        chain=chain,
        number=head.number + 1,
        at=at,
        actor=f"user:{actor.user_id}" if actor else NOBODY,
        action=action,
        subject_kind=subject[0],
        subject_id=subject[1],
        detail=detail or {},
    )
    entry.seal = _seal(entry, head.seal)
    head.number, head.seal = entry.number, entry.seal
    db.add_all((entry, head))
    db.flush()
    return entry


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, object]:
    """What differs, as a detail of an entry: {"before": {…}, "after": {…}}; empty where nothing does."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if not names:
        return {}
    return {
        "before": {name: before.get(name) for name in names},
        "after": {name: after.get(name) for name in names},
    }


def state_of(row: Base, *names: str) -> dict[str, object]:
    """What a row says in these columns, as plain JSON, to be compared by `changes` with what it says later."""
    said = {name: getattr(row, name) for name in names}
    return {name: each.isoformat() if isinstance(each, datetime) else each for name, each in said.items()}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries of a chain: empty means all of them. `since` and `until` are instants, the second not counted."""

    action: str = ""
    # As an entry keeps it: "user:<id>" or "system".
    actor: str = ""
    kind: str = ""
    subject_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


def list_entries(
    db: Session, chain: str, wanted: Wanted = Wanted(), *, page: int = 1, per_page: int = 50
) -> tuple[list[AuditEntry], int]:
    """One page of a chain's entries, newest first, and how many there are in all pages."""
    conditions = [AuditEntry.chain == chain, *_conditions(wanted)]
    total = db.scalar(select(func.count()).select_from(AuditEntry).where(*conditions)) or 0
    rows = select(AuditEntry).where(*conditions).order_by(AuditEntry.number.desc())
    return list(db.scalars(rows.limit(per_page).offset((page - 1) * per_page))), total


def list_actions(db: Session, chain: str) -> list[str]:
    """The kinds of entries that a chain has."""
    return _distinct(db, chain, AuditEntry.action)


def list_actors(db: Session, chain: str) -> list[str]:
    """Who did something, as entries keep them."""
    return _distinct(db, chain, AuditEntry.actor)


def list_kinds(db: Session, chain: str) -> list[str]:
    """The kinds of subjects that something was done to."""
    return _distinct(db, chain, AuditEntry.subject_kind)


def list_heads(db: Session) -> dict[str, tuple[int, str]]:
    """The newest number and its seal, by chain: worth a copy that lies elsewhere."""
    return {each.chain: (each.number, each.seal) for each in db.scalars(select(AuditHead).order_by(AuditHead.chain))}


def find_missing(db: Session, kept: Mapping[str, tuple[int, str]]) -> dict[str, int]:
    """Of heads that were kept elsewhere, by chain, those that are no entry with that seal any more."""
    found = {}
    for chain, (number, seal) in kept.items():
        wanted = select(AuditEntry.seal).where(AuditEntry.chain == chain, AuditEntry.number == number)
        if number and db.scalars(wanted).one_or_none() != seal:
            found[chain] = number
    return found


def list_chains(db: Session) -> list[str]:
    """Every chain that has entries or is known to have had some."""
    return sorted({*db.scalars(select(AuditEntry.chain).distinct()), *db.scalars(select(AuditHead.chain))})


def find_break(db: Session, chain: str, *, first: int = 1) -> int | None:
    """The number of the first entry that does not fit, or is missing; None when the chain is whole to its head.

    :param first: the number to begin with; the entry before it is taken as it is.
    """
    before = select(AuditEntry.seal).where(AuditEntry.chain == chain, AuditEntry.number == first - 1)
    seal = db.scalars(before).one_or_none() or ""
    wanted = select(AuditEntry).where(AuditEntry.chain == chain, AuditEntry.number >= first)
    last = first - 1
    with db.scalars(wanted.order_by(AuditEntry.number).execution_options(yield_per=1000)) as entries:
        for entry in entries:
            if entry.number != last + 1 or entry.seal != _seal(entry, seal):
                return last + 1
            last, seal = entry.number, entry.seal
    head = db.scalars(select(AuditHead).where(AuditHead.chain == chain)).one_or_none()
    if head is None:
        return None if last == 0 else last + 1
    if head.number != last:
        return min(head.number, last) + 1
    return None if head.seal == seal else last


def _head(db: Session, chain: str) -> AuditHead:
    """The end of a chain; what is appended follows it, whatever was done to the entries."""
    head = db.scalars(
        select(AuditHead).where(AuditHead.chain == chain).execution_options(populate_existing=True)
    ).one_or_none()
    if head is not None:
        return head
    newest = select(AuditEntry).where(AuditEntry.chain == chain).order_by(AuditEntry.number.desc()).limit(1)
    last = db.scalars(newest).one_or_none()
    return AuditHead(chain=chain, number=last.number if last else 0, seal=last.seal if last else "")


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    asked = {
        AuditEntry.action: wanted.action,
        AuditEntry.actor: wanted.actor,
        AuditEntry.subject_kind: wanted.kind,
        AuditEntry.subject_id: wanted.subject_id,
    }
    found = [column == value for column, value in asked.items() if value]
    if wanted.since is not None:
        found.append(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        found.append(AuditEntry.at < wanted.until)
    return found


def _distinct(db: Session, chain: str, column: InstrumentedAttribute[str]) -> list[str]:
    return list(db.scalars(select(column).where(AuditEntry.chain == chain).distinct().order_by(column)))


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


# What the database itself refuses; whoever goes around it breaks the chain.
_PROTECTED: Final = {
    "sqlite": (
        "CREATE TRIGGER IF NOT EXISTS audit_entry_stays BEFORE UPDATE ON audit_entry"
        " BEGIN SELECT RAISE(ABORT, 'the log is only appended to'); END",
        "CREATE TRIGGER IF NOT EXISTS audit_entry_is_kept BEFORE DELETE ON audit_entry"
        " BEGIN SELECT RAISE(ABORT, 'the log is only appended to'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION audit_entry_stays() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the log is only appended to'; END $$",
        "CREATE OR REPLACE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE ON audit_entry"
        " FOR EACH ROW EXECUTE FUNCTION audit_entry_stays()",
    ),
}


def protect(connection: Connection) -> None:
    """Have the database refuse every change of an entry and every removal; done again without harm."""
    for statement in _PROTECTED[connection.dialect.name]:
        connection.exec_driver_sql(statement)
