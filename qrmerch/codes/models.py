"""The table of printed codes."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, RetailerScoped, one_of, reference, word


class Carrier(enum.StrEnum):
    """What carries the code."""

    PRINT = "print"
    SCREEN = "screen"


class CodeState(enum.StrEnum):
    """A code lives for ever; only what it leads to changes."""

    ACTIVE = "active"
    REPLACED = "replaced"
    RETIRED = "retired"


class Code(RetailerScoped, Base):
    """One printed address: an item at a place. Its token is never used again."""

    __table_args__ = (
        one_of("carrier", Carrier),
        one_of("state", CodeState),
        Index("ix_code_retailer_item", "retailer_id", "item_id"),
    )

    id: Mapped[Id]
    token: Mapped[str] = mapped_column(String(9), unique=True)
    item_id: Mapped[str] = reference("item.id")
    # Null for a magazine, a catalogue, a billboard.
    store_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("store.id"), index=True)
    fixture_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("fixture.id"), index=True)
    carrier: Mapped[Carrier] = word(Carrier, default=Carrier.PRINT)
    state: Mapped[CodeState] = word(CodeState, default=CodeState.ACTIVE)
    # What old prints lead to once this code is replaced.
    replaced_by_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("code.id"), index=True)
    batch: Mapped[str] = mapped_column(String(60), default="")
    campaign: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime]
    printed_at: Mapped[datetime | None]
