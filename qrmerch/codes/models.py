"""The table of printed codes."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, Json, RetailerScoped, one_of, word


class Carrier(enum.StrEnum):
    """What carries the code."""

    PRINT = "print"
    # A chip that a phone is held to.
    NFC = "nfc"
    SCREEN = "screen"


class Subject(enum.StrEnum):
    """What a code leads to."""

    ITEM = "item"
    # The item's page, opened with that variant chosen.
    VARIANT = "variant"
    # A store's own page.
    STORE = "store"


class CodeState(enum.StrEnum):
    """A code lives for ever; only what it leads to changes."""

    ACTIVE = "active"
    REPLACED = "replaced"
    RETIRED = "retired"


def _item_of(context: DefaultExecutionContext) -> str | None:
    """A code leads to its item unless something else is said."""
    said: str | None = context.get_current_parameters()["item_id"]  # type: ignore[no-untyped-call]
    return said


class Code(RetailerScoped, Base):
    """One printed address: what it leads to, at a place. Its token is never used again."""

    __table_args__ = (
        one_of("carrier", Carrier),
        one_of("state", CodeState),
        one_of("subject_kind", Subject),
        CheckConstraint("item_id IS NOT NULL OR subject_kind = 'store'", name="item_or_store"),
        Index("ix_code_retailer_item", "retailer_id", "item_id"),
        Index("ix_code_retailer_host", "retailer_id", "host"),
    )

    id: Mapped[Id]
    token: Mapped[str] = mapped_column(String(9), unique=True)
    # What it leads to, as kind and id without a foreign key: kinds to come are rows of other rooms.
    subject_kind: Mapped[Subject] = word(Subject, default=Subject.ITEM)
    subject_id: Mapped[str] = mapped_column(String(36), index=True, default=_item_of)
    # The item it is about; null for a store's page.
    item_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("item.id"), index=True)
    # Null for a magazine, a catalogue, a billboard.
    store_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("store.id"), index=True)
    fixture_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("fixture.id"), index=True)
    # The host in its address, for as long as it is printed; empty for the installation's own.
    host: Mapped[str] = mapped_column(String(253), default="")
    carrier: Mapped[Carrier] = word(Carrier, default=Carrier.PRINT)
    state: Mapped[CodeState] = word(CodeState, default=CodeState.ACTIVE)
    # What old prints lead to once this code is replaced.
    replaced_by_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("code.id"), index=True)
    batch: Mapped[str] = mapped_column(String(60), default="")
    campaign: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime]
    printed_at: Mapped[datetime | None]


class RunState(enum.StrEnum):
    """From the order to the end."""

    MAKING = "making"
    DONE = "done"
    CANCELLED = "cancelled"


class CodeRun(RetailerScoped, Base):
    """Many codes asked for at once: each thing they lead to, at each place. They appear together or not at all."""

    __table_args__ = (one_of("carrier", Carrier), one_of("state", RunState))

    id: Mapped[Id]
    state: Mapped[RunState] = word(RunState, default=RunState.MAKING)
    # What they lead to: [["item", subject id, item id or null]], and where: [[store id or null, fixture id or null]].
    leads: Mapped[Json]
    places: Mapped[Json]
    # How many of `leads` x `places` are gone through; a run that was cut off goes on from here.
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int]
    made: Mapped[int] = mapped_column(default=0)
    # Also where an active code hangs already.
    again: Mapped[bool] = mapped_column(default=False)
    batch: Mapped[str] = mapped_column(String(60), default="")
    campaign: Mapped[str] = mapped_column(String(60), default="")
    carrier: Mapped[Carrier] = word(Carrier, default=Carrier.PRINT)
    user_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class CodeDraft(RetailerScoped, Base):
    """A code of a run that is not at its end; nobody sees it, and a cancelled run leaves none."""

    # The code's own id later.
    id: Mapped[Id]
    run_id: Mapped[str] = mapped_column(String(36), ForeignKey("code_run.id"), index=True)
    token: Mapped[str] = mapped_column(String(9), index=True)
    subject_kind: Mapped[Subject] = word(Subject)
    subject_id: Mapped[str] = mapped_column(String(36))
    item_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("item.id"), index=True)
    store_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("store.id"), index=True)
    fixture_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("fixture.id"), index=True)
