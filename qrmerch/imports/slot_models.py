"""The table of files that fill pages: a row for each item, a column for each slot."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from qrmerch.tables import Base, Id, Json, RetailerScoped, VendorScoped, one_of, word


class FillState(enum.StrEnum):
    """From arrival to the end."""

    CHECKED = "checked"
    COMMITTING = "committing"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class FillRun(RetailerScoped, VendorScoped, Base):
    """One file of a vendor's that fills its pages at a retailer."""

    __table_args__ = (one_of("state", FillState),)

    id: Mapped[Id]
    state: Mapped[FillState] = word(FillState)
    file_name: Mapped[str] = mapped_column(String(200))
    file_key: Mapped[str] = mapped_column(String(100), index=True)
    # {"rows": …, "created": …, "changed": …, "unchanged": …, "errors": …} pages
    counts: Mapped[Json]
    # [{"row": 7, "problems": [{"code": …, "column": …, "message": …, "value": …}]}], at most 1,000
    problems: Mapped[Json]
    # What would change: [{"row": …, "title": …, "field": …, "now": …, "after": …}], at most 300
    changes: Mapped[Json]
    # By an item's key, how its page stood when the file was checked: "v3s12" for revision 3, saved 12 times.
    marks: Mapped[Json]
    # What taking it in did so far: {"created": …, "changed": …, "unchanged": …, "left_out": …} pages.
    written: Mapped[Json]
    # Rows gone through so far; a run that was cut off goes on from here.
    done_rows: Mapped[int] = mapped_column(default=0)
    user_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
