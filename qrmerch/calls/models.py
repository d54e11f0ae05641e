"""Tables of calls: in which stores somebody comes, and who is waited for."""

import enum
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, PublicId, RetailerScoped, one_of, reference, word


class Staffed(enum.StrEnum):
    """When somebody comes: while the store is open by its hours, or while its associates have said that they can."""

    HOURS = "hours"
    SWITCH = "switch"


class CallState(enum.StrEnum):
    """That nobody did anything for too long is read from the clock; a chore writes it down later."""

    ASKED = "asked"
    TAKEN = "taken"
    DONE = "done"
    IMPOSSIBLE = "impossible"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Why(enum.StrEnum):
    """Why a call came to nothing."""

    NONE_HERE = "none_here"
    ALL_BUSY = "all_busy"
    NOT_FOUND = "not_found"


class CallRule(RetailerScoped, Base):
    """Whether shoppers may call in a store; without a row they may not."""

    __table_args__ = (
        one_of("staffed", Staffed),
        CheckConstraint("most_open BETWEEN 1 AND 50", name="most_open_in_range"),
        UniqueConstraint("store_id"),
    )

    id: Mapped[Id]
    store_id: Mapped[str] = reference("store.id", index=False)
    is_on: Mapped[bool]
    staffed: Mapped[Staffed] = word(Staffed)
    # So many calls are open at once at the most; who comes then is told that all are busy.
    most_open: Mapped[int]
    # Whether the shopper reads the first name of who comes.
    says_name: Mapped[bool]
    # Until when the associates have said that they can come; counts for `SWITCH` alone.
    come_until: Mapped[datetime | None]


_OPEN = text("state IN ('asked', 'taken')")


class Call(RetailerScoped, Base):
    """One call. Who holds its public id is who made it; nothing else is known of them."""

    __table_args__ = (
        one_of("state", CallState),
        one_of("why", Why),
        UniqueConstraint("store_id", "on", "number"),
        # One open call of a visit, or of a phone that has none, in a store.
        Index("uq_call_open", "store_id", "caller", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_call_asked_at", "asked_at"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    store_id: Mapped[str] = reference("store.id", index=False)
    # The store's own day, on which numbers begin at 1.
    on: Mapped[date]
    number: Mapped[int]
    item_id: Mapped[str] = reference("item.id")
    variant_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("variant.id"), index=True)
    # Where they stand, as their code or they themselves say.
    fixture_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("fixture.id"), index=True)
    # A keyed hash of the visit or the phone's address; gone with the end of the call.
    caller: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[CallState] = word(CallState)
    why: Mapped[Why | None] = word(Why, nullable=True)
    asked_at: Mapped[datetime]
    # When it ends by itself, unless something is done.
    lapses_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    taken_by: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    ended_at: Mapped[datetime | None]

    def state_at(self, at: datetime) -> CallState:
        """Its state at an instant: one that nobody did anything about has lapsed."""
        is_open = self.state in (CallState.ASKED, CallState.TAKEN)
        return CallState.LAPSED if is_open and at >= self.lapses_at else self.state
