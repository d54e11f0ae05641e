"""The table of signs: posters, talkers, tents, clings, walls and cards that were asked for."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, Json, RetailerScoped, one_of, word


class SignState(enum.StrEnum):
    """From asking to the end."""

    DRAWING = "drawing"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SignRun(RetailerScoped, Base):
    """One sign: all that it shows, as it was when it was asked for, and what came of it."""

    __table_args__ = (
        one_of("state", SignState),
        CheckConstraint("done_items <= items", name="done_within"),
    )

    id: Mapped[Id]
    state: Mapped[SignState] = word(SignState, default=SignState.DRAWING)
    format: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    # `printing.signs.Sign` as plain values.
    sign: Mapped[Json]
    # The codes on it, noted as printed when its file is fetched for the first time.
    code_ids: Mapped[Json]
    items: Mapped[int]
    done_items: Mapped[int] = mapped_column(default=0)
    pages: Mapped[int] = mapped_column(default=0)
    # [{"name": …, "verdict": "warn", "said": …}]
    findings: Mapped[Json] = mapped_column(default=list)
    # How often it was tried again after it had failed; each try is a job of its own.
    tries: Mapped[int] = mapped_column(default=0)
    # Why there is none, in a sentence; empty while there is no reason.
    problem: Mapped[str] = mapped_column(String(400), default="")
    file_key: Mapped[str] = mapped_column(String(100), default="")
    file_bytes: Mapped[int] = mapped_column(default=0)
    preview_keys: Mapped[Json] = mapped_column(default=list)
    user_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]

    @property
    def job_id(self) -> str:
        """What the job of its present try is called."""
        return f"{self.id}-{self.tries}" if self.tries else self.id
